//! Rules that iptables-nft made.

use std::process::Command;

use portcullis::{Family, TableRef, expr::Expr, render::nft::LossKind};
use portcullis_world::{Host, need_namespaces, skip};

use crate::support::{nft_listing, open};

/// What iptables-nft makes of nft's own expressions.
const NATIVE: &[&str] = &[
    "-s 10.0.0.0/9 -i eth+ -j RETURN",
    "-s 10.0.0.0/8 -d 1.2.3.4 -o eth0 -j DROP",
    "-p tcp -j ACCEPT",
    "! -p tcp -j ACCEPT",
    "-p udp --dport 53 -j ACCEPT",
    "-p tcp --sport 1024:65535 ! --dport 22",
    "-p tcp --tcp-flags SYN,RST SYN -j ACCEPT",
    "! -s 1.2.3.4 -j ACCEPT",
    "-i lo",
    "! -i lo -f",
    "-m mark --mark 1/0xff -j DROP",
    "-j NFLOG --nflog-group 3",
];

/// What it leaves to matches and targets of its own, and which.
const FOREIGN: &[(&str, &str)] = &[
    ("-m string --string foo --algo bm -j ACCEPT", "xt match string"),
    ("-m conntrack --ctstate NEW -j ACCEPT", "xt match conntrack"),
    ("-p tcp -m multiport --dports 22,80", "xt match multiport"),
    ("-j REJECT", "xt target REJECT"),
    ("-j LOG --log-prefix hello", "xt target LOG"),
];

fn iptables(host: &Host, rule: &str) {
    let output = host.output(Command::new("iptables-nft").args(["-A", "FORWARD"]).args(rule.split(' ')));
    assert!(output.status.success(), "{rule}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn rules_of_iptables_are_printed_as_nft_prints_them() {
    need_namespaces!();
    for program in ["iptables-nft", "nft"] {
        if Command::new(program).arg("--version").output().is_err() {
            skip!("{program} is not installed");
        }
    }
    let host = Host::new("compat");
    NATIVE.iter().chain(FOREIGN.iter().map(|(rule, _)| rule)).for_each(|rule| iptables(&host, rule));
    let place = TableRef::new(Family::Ip, "filter");
    let table = open(&host).table(place).expect("the table is read").expect("a table");
    let chain = table.chains.iter().find(|chain| chain.name == "FORWARD").expect("the chain");
    assert_eq!(chain.rules.len(), NATIVE.len() + FOREIGN.len());
    let listing = nft_listing(&host).expect("nft is there");
    let listed = listing.lines().skip_while(|line| line.trim() != "chain FORWARD {").skip(2).map(str::trim);
    let is_foreign =
        |expression: &Expr| matches!(expression, Expr::XtMatch(_) | Expr::XtTarget(_) | Expr::Unknown(_));
    let commands = NATIVE.iter().copied().chain(FOREIGN.iter().map(|(rule, _)| *rule));
    let mut foreign = 0;
    for ((rule, listed), command) in chain.rules.iter().zip(listed).zip(commands) {
        let text = rule.nft(Family::Ip).within(&table);
        let lost = text.losses();
        if rule.expressions().any(is_foreign) {
            // nft asks iptables' libraries for words that mean the same; they make another rule.
            foreign += 1;
            let words = FOREIGN.iter().find(|(rule, _)| *rule == command);
            let (_, words) = words.unwrap_or_else(|| panic!("{command}: {text}"));
            assert!(text.to_string().contains(words), "{command}: {text}");
            assert!(!lost.is_empty(), "{command}: {text}");
        } else {
            assert_eq!(text.to_string(), listed, "{command}");
            // It compares a whole name with the zero behind it, and nft with all that would fit.
            let named = ["-i lo", "-o eth0"].iter().any(|name| command.contains(name));
            assert_eq!(lost.len(), usize::from(named), "{command}: {lost:?}");
            let told = lost.iter().all(|loss| loss.kind == LossKind::OtherBytes);
            assert!(told, "{command}: {lost:?}");
        }
    }
    assert_eq!(foreign, FOREIGN.len());
}
