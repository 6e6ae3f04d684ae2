//! A first firewall: nothing comes in but answers, and connections to port 22. With an argument it only says so.
use portcullis::{Chain, CtState, Family, Hook, Netfilter, Policy, Rule, Ruleset, Table};
use std::process::ExitCode;

fn main() -> ExitCode {
    let ruleset = Ruleset::new().table(
        Table::new(Family::Inet, "minimal").chain(
            Chain::filter("input", Hook::Input)
                .policy(Policy::Drop)
                .rule(Rule::new().iif("lo").accept())
                .rule(Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept())
                .rule(Rule::new().icmpv6().accept()) // neighbour discovery: IPv6 does not work without
                .rule(Rule::new().tcp().dport(22).counter().accept()),
        ),
    );
    if std::env::args().len() > 1 {
        println!("would drop whatever comes in, but loopback, answers, ICMPv6 and TCP port 22");
    } else if let Err(error) = Netfilter::open().and_then(|mut firewall| firewall.apply(&ruleset)) {
        eprintln!("minimal: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
