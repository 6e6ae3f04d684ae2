//! iptables' world: held against iptables-nft, and with packets.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    process::{Command, Output},
};

use portcullis::classic::{self, Builtin, BuiltinChain::*, ChainName, Policy, Table, Target, Version};
use portcullis::{CtState, Duplicate, Error, Family, Protocol, Rule, Ruleset, Transaction};
use portcullis_world::{Attempt, Host, PATIENT, World, need_namespaces, report_skip, skip, this_function};

use crate::support::{nft_listing, open};

/// Whether iptables-nft is there; otherwise the test says that it is skipped.
macro_rules! need_iptables {
    () => {
        if Command::new("iptables-nft").arg("--version").output().is_err() {
            skip!("iptables-nft is not installed");
        }
        if Command::new("nft").arg("--version").output().is_err() {
            skip!("nft is not installed");
        }
    };
}

/// `iptables-nft ARGUMENTS` in a host.
fn try_iptables(host: &Host, version: Version, arguments: &str) -> Output {
    let program = match version {
        Version::V4 => "iptables-nft",
        Version::V6 => "ip6tables-nft",
    };
    host.output(Command::new(program).args(arguments.split(' ')))
}

/// The same, which must succeed: its output.
#[track_caller]
fn iptables(host: &Host, version: Version, arguments: &str) -> String {
    let output = try_iptables(host, version, arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "iptables {arguments}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// A listing's chains in alphabetical order, for iptables-nft makes them as they are asked for.
fn sorted(listing: &str) -> Vec<String> {
    let mut chains: Vec<_> =
        listing.split("\tchain ").map(|chain| chain.trim().trim_end_matches("}\n}")).collect();
    chains.sort_unstable();
    chains.into_iter().map(|chain| chain.trim_end_matches(['\n', '}', '\t']).to_owned()).collect()
}

/// The rules of a chain of table filter, as nft lists them.
fn listed(host: &Host, chain: &str) -> Vec<String> {
    let output = host.output(Command::new("nft").args(["list", "chain", "ip", "filter", chain]));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| line.starts_with("\t\t")).map(|line| line.trim().to_owned()).collect()
}

fn named(name: &str) -> Rule {
    Rule::new().accept().comment(name)
}

fn filter() -> Table {
    Table::filter(Version::V4)
}

#[test]
fn the_tables_are_those_that_iptables_makes() {
    need_namespaces!();
    need_iptables!();
    for version in Version::ALL {
        for builtin in Builtin::ALL {
            let (ours, theirs) = (Host::new("ours"), Host::new("theirs"));
            let mut table = Table::new(builtin, version);
            for chain in builtin.chains() {
                iptables(&theirs, version, &format!("-t {builtin} -A {chain} -j ACCEPT"));
                table = table.append(*chain, Rule::new().counter().accept());
            }
            iptables(&theirs, version, &format!("-t {builtin} -N web"));
            table = table.chain("web");

            open(&ours).apply(classic::ruleset([&table]).unwrap()).unwrap();
            let (ours_listed, theirs_listed) = (nft_listing(&ours).unwrap(), nft_listing(&theirs).unwrap());
            assert_eq!(sorted(&ours_listed), sorted(&theirs_listed), "{version:?} {builtin}");
            // iptables reads ours as its own, and works on it.
            let say = format!("-t {builtin} -S");
            assert_eq!(iptables(&ours, version, &say), iptables(&theirs, version, &say));
            iptables(&ours, version, &format!("-t {builtin} -I OUTPUT 1 -j RETURN"));

            // And made by commands, it is the same.
            let amended = Host::new("amended");
            open(&amended).amend([&table]).unwrap();
            assert_eq!(sorted(&nft_listing(&amended).unwrap()), sorted(&theirs_listed));
        }
    }
}

/// A command of iptables with each target; those left out need what this machine may not have. `%` is an address.
const COMMANDS: &[&str] = &[
    "-j ACCEPT",
    "-j DROP",
    "-j REJECT",
    "-j RETURN",
    "-j LOG",
    "-j NFLOG",
    "-j NFQUEUE",
    "-j AUDIT --type accept",
    "-j TEE --gateway %",
    "-j TRACE",
    "-j DNAT --to-destination %",
    "-p tcp -j REDIRECT --to-ports 80",
    "-j SNAT --to-source %",
    "-j MASQUERADE",
    "-j NETMAP --to %/64",
    "-j MARK --set-mark 1",
    "-j CONNMARK --set-mark 1",
    "-j CLASSIFY --set-class 1:1",
    "-j TOS --set-tos 8",
    "-j DSCP --set-dscp 8",
    "-j TTL --ttl-set 8",
    "-j HL --hl-set 8",
    "-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
    "-p tcp -j TCPOPTSTRIP --strip-options mss",
    "-j CHECKSUM --checksum-fill",
    "-p tcp -j TPROXY --on-port 80",
    "-p tcp -j SYNPROXY",
    "-j SECMARK --selctx system_u:object_r:ssh_server_packet_t:s0",
    "-j CONNSECMARK --save",
    "-j NOTRACK",
    "-j CT --notrack",
];

/// Targets of one version: the other's iptables does not have them.
const OF_ONE: [(Target, Version); 2] = [(Target::Ttl, Version::V4), (Target::Hl, Version::V6)];

/// Whether iptables, and the kernel's own check of the target, admit what was said.
fn is_admitted(target: Target, output: &Output) -> bool {
    // Where SELinux has no policy, it does not know the mark: that is said where the target is admitted (ENOENT), and
    // elsewhere that it is not (EINVAL).
    let unknown = target == Target::Secmark && output.stderr.windows(12).any(|text| text == b"No such file");
    output.status.success() || unknown
}

#[test]
fn targets_are_admitted_where_iptables_admits_them() {
    need_namespaces!();
    need_iptables!();
    let mut differences = Vec::new();
    let mut held = BTreeMap::new();
    for version in Version::ALL {
        let host = Host::new("theirs");
        let address = address(version);
        for command in COMMANDS {
            let name = command.split("-j ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
            let target = Target::from_name(name).unwrap_or_else(|| panic!("{name}"));
            let command = match version {
                Version::V4 => command.replace("%/64", "192.0.2.0/24").replace('%', address),
                Version::V6 => command.replace("%/64", "2001:db8::/64").replace('%', address),
            };
            let places = || {
                Builtin::ALL
                    .into_iter()
                    .flat_map(|table| table.chains().iter().map(move |chain| (table, *chain)))
            };
            let theirs: Vec<_> = places()
                .map(|(table, chain)| {
                    try_iptables(&host, version, &format!("-t {table} -A {chain} {command}"))
                })
                .map(|output| is_admitted(target, &output))
                .collect();
            if !theirs.contains(&true) {
                println!("{version:?} {name}: not on this machine");
                continue;
            }
            held.entry(name).or_insert_with(Vec::new).push(version);
            for ((table, chain), theirs) in places().zip(theirs) {
                let ours = target.is_admissible(table, chain);
                if ours != theirs {
                    differences
                        .push(format!("{version:?} {table} {chain} {name}: iptables {theirs}, ours {ours}"));
                }
            }
        }
    }
    assert_eq!(differences, [""; 0]);
    // What the document names, or is of one version, was held, and for both versions.
    for name in DOCUMENT {
        assert_eq!(held.get(name).map(Vec::as_slice), Some(&Version::ALL[..]), "{name}");
    }
    for (target, version) in OF_ONE {
        assert_eq!(held.get(target.name()).map(Vec::as_slice), Some(&[version][..]), "{target}");
    }
}

/// The targets of reference document 000's table, without `TTL`, which only IPv4 has. Every kernel with iptables has
/// these.
const DOCUMENT: [&str; 15] = [
    "ACCEPT",
    "DROP",
    "REJECT",
    "LOG",
    "RETURN",
    "NFLOG",
    "DNAT",
    "SNAT",
    "MASQUERADE",
    "REDIRECT",
    "MARK",
    "TOS",
    "DSCP",
    "CONNMARK",
    "NOTRACK",
];

/// An address of the version.
fn address(version: Version) -> &'static str {
    match version {
        Version::V4 => "192.0.2.1",
        Version::V6 => "2001:db8::1",
    }
}

/// A rule with each of the document's targets, and of others.
fn words(version: Version) -> Vec<(Target, Rule)> {
    let address = address(version);
    let hops = match version {
        Version::V4 => (Target::Ttl, Rule::new().set_ttl(8)),
        Version::V6 => (Target::Hl, Rule::new().set_hop_limit(8)),
    };
    vec![
        hops,
        (Target::Tee, Rule::new().duplicate(Duplicate::to(address.parse::<IpAddr>().unwrap()))),
        (Target::Secmark, Rule::new().set_secmark("ssh")),
        (Target::Accept, Rule::new().accept()),
        (Target::Drop, Rule::new().drop()),
        (Target::Reject, Rule::new().reject()),
        (Target::Return, Rule::new().return_()),
        (Target::Log, Rule::new().log("x")),
        (Target::Nflog, Rule::new().nflog(1)),
        (Target::Nfqueue, Rule::new().queue(1)),
        (Target::Trace, Rule::new().trace()),
        (Target::Dnat, Rule::new().dnat(address)),
        (Target::Redirect, Rule::new().tcp().redirect()),
        (Target::Snat, Rule::new().snat(address)),
        (Target::Masquerade, Rule::new().masquerade()),
        (Target::Mark, Rule::new().set_mark(1)),
        (Target::Connmark, Rule::new().set_ct_mark(1)),
        (Target::Tos, Rule::new().set_tos(8, 0xff)),
        (Target::Dscp, Rule::new().set_dscp(8)),
        (Target::Tcpmss, Rule::new().clamp_mss(1200)),
        (Target::Notrack, Rule::new().notrack()),
        (Target::Connsecmark, Rule::new().save_secmark()),
        (Target::Connsecmark, Rule::new().restore_secmark()),
    ]
}

#[test]
fn every_admitted_word_is_taken_by_the_kernel_and_every_other_refused_before() {
    need_namespaces!();
    let host = Host::new("ours");
    let mut firewall = open(&host);
    let (mut problems, mut missing) = (Vec::new(), BTreeMap::new());
    let places =
        Builtin::ALL.into_iter().flat_map(|table| table.chains().iter().map(move |chain| (table, *chain)));
    let places: Vec<_> = Version::ALL
        .into_iter()
        .flat_map(|version| places.clone().map(move |(builtin, chain)| (version, builtin, chain)))
        .collect();
    for (version, builtin, chain) in places {
        for (target, rule) in words(version) {
            let place = format!("{version:?} {builtin} {chain} {target}");
            let table = Table::new(builtin, version).append(chain, rule);
            match (target.is_admissible(builtin, chain), table.build()) {
                (false, Ok(_)) => problems.push(format!("{place}: not refused")),
                (false, Err(error)) => {
                    let text = error.to_string();
                    let named = text.contains(&format!(
                        "target {target} cannot be used in chain {chain} of table {builtin}"
                    )) && text.contains(&target.admissible())
                        && text.contains("classic.rs");
                    assert!(named, "{text}");
                }
                (true, Err(error)) => problems.push(format!("{place}: {error}")),
                (true, Ok(_)) => {
                    let (transaction, _) = firewall.amendment([table]).unwrap();
                    let Err(error) = firewall.check(&transaction) else { continue };
                    // iptables' tables have no objects: the kernel misses the mark, and nothing else.
                    let text = error.to_string();
                    if target == Target::Secmark && text.contains("there is no secmark object ssh in table") {
                        continue;
                    }
                    match error.missing().next() {
                        Some(feature) => _ = missing.insert(target.to_string(), feature),
                        None => problems.push(format!("{place}: {error}")),
                    }
                }
            }
        }
    }
    for (target, feature) in missing {
        report_skip(&format!("{} {target}", this_function!()), &feature.explain());
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The document's table has `SECMARK` in mangle and security, and so has the kernel (`secmark_tg_check`).
#[test]
fn security_marks_are_refused_where_packets_are_filtered() {
    let text = |builtin, rule| {
        let table = Table::new(builtin, Version::V4).append(Input, rule);
        table.build().map(drop).map_err(|error| error.to_string())
    };
    for (target, rule) in
        [("SECMARK", Rule::new().set_secmark("ssh")), ("CONNSECMARK", Rule::new().save_secmark())]
    {
        let refused = text(Builtin::Filter, rule.clone()).unwrap_err();
        let said = format!(
            "target {target} cannot be used in chain INPUT of table filter; admissible in: \
             mangle (every chain), security (every chain)"
        );
        assert!(refused.ends_with(&said), "{refused}");
        assert_eq!(text(Builtin::Mangle, rule.clone()), Ok(()));
        assert_eq!(text(Builtin::Security, rule), Ok(()));
    }
}

#[test]
fn iptables_lists_our_rules() {
    need_namespaces!();
    need_iptables!();
    let host = Host::new("ours");
    let table = filter()
        .chain("web")
        .append(Input, Rule::new().iif("lo").counter().accept())
        .append(Input, Rule::new().saddr("10.0.2.0/24").accept())
        .append(Input, Rule::new().tcp().dport(22).accept().comment("ssh"))
        .append(Input, Rule::new().tcp().dport(80).jump("web"))
        .append(Output, Rule::new().oif("eth+").daddr("192.0.2.7").drop())
        .append("web", Rule::new().return_())
        .policy(Input, Policy::Drop);
    open(&host).amend([table]).unwrap();
    assert_eq!(
        iptables(&host, Version::V4, "-t filter -S").lines().collect::<Vec<_>>(),
        [
            "-P INPUT DROP",
            "-P FORWARD ACCEPT",
            "-P OUTPUT ACCEPT",
            "-N web",
            "-A INPUT -i lo -j ACCEPT",
            "-A INPUT -s 10.0.2.0/24 -j ACCEPT",
            "-A INPUT -p tcp -m tcp --dport 22 -m comment --comment ssh -j ACCEPT",
            "-A INPUT -p tcp -m tcp --dport 80 -j web",
            "-A OUTPUT -d 192.0.2.7/32 -o eth+ -j DROP",
            "-A web -j RETURN",
        ]
    );
    assert!(iptables(&host, Version::V4, "-t filter -L -n").contains("Chain INPUT (policy DROP)"));
}

#[test]
fn commands_change_what_is_there_and_nothing_else() {
    need_namespaces!();
    need_iptables!();
    let host = Host::new("ours");
    let mut firewall = open(&host);
    iptables(&host, Version::V4, "-A INPUT -s 192.0.2.1 -j ACCEPT");
    iptables(&host, Version::V4, "-A INPUT -s 192.0.2.2 -j ACCEPT");
    iptables(&host, Version::V4, "-P INPUT DROP");
    iptables(&host, Version::V4, "-P FORWARD DROP");

    let rule = |last: u8| Rule::new().saddr(format!("192.0.2.{last}").as_str()).accept();
    let table = filter()
        .append(Input, rule(9))
        .insert(Input, 1, rule(10))
        .insert(Input, 3, rule(11))
        .insert(Input, 3, rule(12))
        .policy(Output, Policy::Drop)
        .append(Input, rule(13))
        .delete(Input, 2);
    firewall.amend([&table]).unwrap();
    let sources = |host: &Host| -> Vec<String> {
        let text = iptables(host, Version::V4, "-S INPUT");
        text.lines()
            .skip(1)
            .map(|line| line.trim_start_matches("-A INPUT -s 192.0.2.").replace("/32 -j ACCEPT", ""))
            .collect()
    };
    assert_eq!(sources(&host), ["10", "12", "11", "2", "9", "13"]);
    let policies = iptables(&host, Version::V4, "-S");
    assert!(policies.starts_with("-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT DROP\n"), "{policies}");

    // By what they say, of ours and of iptables' own.
    firewall
        .amend([filter().delete(Input, rule(12)).delete(Input, rule(2)).replace(Input, 1, rule(20))])
        .unwrap();
    assert_eq!(sources(&host), ["20", "11", "9", "13"]);
    let error = firewall.amend([filter().delete(Input, rule(12))]).unwrap_err();
    assert!(error.to_string().contains("no rule of chain INPUT says the same"), "{error}");

    // Users' chains, in commands of two tables at once; then all of it away.
    let chains = filter().chain("web").append("web", rule(1)).append(Input, Rule::new().jump("web"));
    let mangle = Table::mangle(Version::V4).append(Prerouting, Rule::new().set_mark(1));
    firewall.amend([&chains, &mangle]).unwrap();
    assert!(matches!(firewall.amend([chains]), Err(Error::Invalid(_))));
    firewall.amend([filter().flush_all().delete_chains()]).unwrap();
    assert_eq!(iptables(&host, Version::V4, "-S"), "-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT DROP\n");
}

#[test]
fn rules_in_the_kernel_are_found_by_what_they_say() {
    need_namespaces!();
    let host = Host::new("ours");
    let mut firewall = open(&host);
    let mut missed = Vec::new();
    let filtering =
        words(Version::V4).into_iter().filter(|(target, _)| target.is_admissible(Builtin::Filter, Input));
    let rules = filtering.map(|(_, rule)| rule).chain([
        Rule::new().iif("eth+").saddr("10.0.0.0/24").accept(),
        Rule::new().saddr("10.0.0.1-10.0.0.9").accept(),
        Rule::new().tcp().dport(22).ct_state(CtState::NEW | CtState::ESTABLISHED).counter().accept(),
        Rule::new().udp().sport(1000..=2000).log("seen").drop().comment("late"),
        Rule::new().nth(2, 0).drop(),
        Rule::new().mark(7).limit(portcullis::language::matches::Rate::per_minute(3)).accept(),
    ]);
    for rule in rules {
        let mut run = |table| firewall.amend([table]).map_err(|error| format!("{rule:?}: {error}"));
        if run(filter().append(Input, rule.clone())).is_ok() {
            missed.extend(run(filter().delete(Input, rule.clone())).err());
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_reject_policy_stays_last() {
    need_namespaces!();
    need_iptables!();
    let host = Host::new("ours");
    let mut firewall = open(&host);
    let policy = "reject comment \"policy REJECT\"";
    let rules = || listed(&host, "INPUT");
    let head = |policy: &str| format!("type filter hook input priority filter; policy {policy};");

    firewall.amend([filter().policy(Input, Policy::Reject)]).unwrap();
    assert_eq!(rules(), [head("drop"), policy.to_owned()]);
    firewall.amend([filter().append(Input, named("a"))]).unwrap();
    firewall.amend([filter().append(Input, named("b")).insert(Input, 1, named("first"))]).unwrap();
    let accept = |name: &str| format!("accept comment \"{name}\"");
    assert_eq!(rules(), [head("drop"), accept("first"), accept("a"), accept("b"), policy.to_owned()]);

    // It has no number.
    let error = firewall.amend([filter().delete(Input, 4)]).unwrap_err();
    assert!(error.to_string().contains("1 to 3"), "{error}");
    firewall.amend([filter().insert(Input, 4, named("c"))]).unwrap();
    assert_eq!(rules()[4..], [accept("c"), policy.to_owned()]);

    // Another program puts a rule behind it: it is the last again.
    let foreign = host.output(Command::new("nft").args([
        "add",
        "rule",
        "ip",
        "filter",
        "INPUT",
        "tcp dport 9",
        "drop",
    ]));
    assert!(foreign.status.success());
    assert_eq!(rules().last().unwrap(), "tcp dport 9 drop");
    firewall.amend([filter().append(Input, named("d"))]).unwrap();
    assert_eq!(rules()[5..], ["tcp dport 9 drop".to_owned(), accept("d"), policy.to_owned()]);

    // It is read as what it is, and applied again it is the same.
    let read = firewall.classic(Builtin::Filter, Version::V4).unwrap().unwrap();
    let is_policy = |command: &classic::Command| {
        command.action == classic::Action::Policy { chain: Input, policy: Policy::Reject }
    };
    assert_eq!(read.commands.iter().filter(|command| is_policy(command)).count(), 1);
    let before = nft_listing(&host).unwrap();
    firewall.apply(classic::ruleset([read]).unwrap()).unwrap();
    assert_eq!(nft_listing(&host).unwrap(), before);
    assert_eq!(firewall.classic(Builtin::Filter, Version::V6).unwrap(), None);

    // Flushed, it stays; with another policy, it goes.
    firewall.amend([filter().flush_all()]).unwrap();
    assert_eq!(rules(), [head("drop"), policy.to_owned()]);
    firewall.amend([filter().policy(Input, Policy::Reject).append(Input, named("e"))]).unwrap();
    assert_eq!(rules(), [head("drop"), accept("e"), policy.to_owned()]);
    firewall.amend([filter().policy(Input, Policy::Accept)]).unwrap();
    assert_eq!(rules(), [head("accept"), accept("e")]);
}

#[test]
fn nothing_is_changed_by_a_command_that_is_wrong_or_refused() {
    need_namespaces!();
    let host = Host::new("ours");
    let mut firewall = open(&host);
    let wrong = filter().append(Input, named("a")).append(Input, Rule::new().masquerade());
    let error = firewall.amend([&wrong]).unwrap_err();
    let Error::Invalid(problems) = &error else { panic!("{error}") };
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].origin.location().file(), file!());
    assert_eq!(firewall.tables(None).unwrap().len(), 0);

    // A chain of that name that is not iptables'.
    let mut transaction = Transaction::new();
    transaction
        .add_table(portcullis::Table::new(Family::Ip, "filter").chain(portcullis::Chain::new("INPUT")));
    firewall.commit(&transaction).unwrap();
    let error = firewall.amend([filter().append(Input, named("a"))]).unwrap_err().to_string();
    assert!(error.contains("the chain is not iptables': it is a chain without a hook"), "{error}");
}

#[test]
fn another_programs_chain_in_the_table_is_left_alone() {
    need_namespaces!();
    let host = Host::new("ours");
    let mut firewall = open(&host);
    firewall.amend([filter().append(Input, named("a"))]).unwrap();
    let mut transaction = Transaction::new();
    let mine = portcullis::Chain::filter("mine", portcullis::Hook::Input).rule(named("mine"));
    transaction.add_chain((Family::Ip, "filter"), &mine);
    firewall.commit(&transaction).unwrap();
    firewall.amend([filter().append(Input, named("b"))]).unwrap();
    assert_eq!(firewall.rules((Family::Ip, "filter", "mine")).unwrap().len(), 1);
    let error = firewall.classic(Builtin::Filter, Version::V4).unwrap_err().to_string();
    assert!(error.contains("chain ip filter mine") && error.contains("not iptables'"), "{error}");
}

#[test]
fn amending_does_not_wake_a_sleeping_table_or_make_one_for_nothing() {
    need_namespaces!();
    let host = Host::new("ours");
    let mut firewall = open(&host);
    firewall.amend([filter().flush_all().flush(Input).delete_chains()]).unwrap();
    assert_eq!(firewall.tables(None).unwrap().len(), 0);
    let dormant = filter().build().unwrap().flags(portcullis::TableFlags::DORMANT);
    firewall.apply(Ruleset::new().table(dormant)).unwrap();
    firewall.amend([filter().append(Input, named("a")).policy(Output, Policy::Drop)]).unwrap();
    assert_eq!(firewall.tables(None).unwrap()[0].flags, portcullis::TableFlags::DORMANT);
}

/// The document's service-level firewall, with a policy for what is not wanted.
fn service_level(table: Table, policy: Policy) -> Table {
    table
        .flush_all()
        .append(Input, Rule::new().iif("lo").accept())
        .append(Input, Rule::new().tcp().dport(22).accept())
        .append(Input, Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept())
        .policy(Input, policy)
        .policy(Forward, policy)
        .policy(Output, Policy::Accept)
}

#[test]
fn the_service_level_firewall_lets_one_service_be_reached() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _ssh = server.tcp_service("[::]:22", "ssh");
    let _other = server.tcp_service("[::]:2222", "other");
    let _web = client.tcp_service("[::]:80", "web");
    let try_for = |from: &Host, target: &str| Attempt::tcp(target).timeout(PATIENT).from(from);

    for policy in [Policy::Drop, Policy::Reject] {
        // IPv6 needs its neighbours: not a matter of iptables, but of the document's rules for it.
        let tables = classic::both(Builtin::Filter, |table| {
            let table = service_level(table, policy);
            match table.version {
                Version::V4 => table,
                Version::V6 => table.insert(Input, 1, Rule::new().protocol(Protocol::ICMPV6).accept()),
            }
        });
        open(server).amend(tables).unwrap();
        for (address, back) in [("10.0.1.2", "10.0.1.1:80"), ("[fd00:1::2]", "[fd00:1::1]:80")] {
            assert_eq!(try_for(client, &format!("{address}:22")).banner(), "ssh");
            assert_eq!(try_for(server, back).banner(), "web");
            let refused = format!("{address}:2222");
            match policy {
                Policy::Reject => {
                    let outcome = try_for(client, &refused);
                    assert!(outcome.is_refused() && outcome.icmp().is_some(), "{outcome:?}");
                }
                _ => assert!(client.tcp_try(refused.as_str()).is_timed_out()),
            }
        }
        assert_eq!(try_for(server, "127.0.0.1:2222").banner(), "other");
    }
}

#[test]
fn the_ip_level_firewall_lets_one_network_in() {
    need_namespaces!();
    let world = World::routed();
    let router = &world.router;
    let _service = router.tcp_service("0.0.0.0:22", "ssh");
    let _web = world.client.tcp_service("10.0.1.1:80", "web");
    let table = filter()
        .append(Input, Rule::new().iif("lo").accept())
        .append(Input, Rule::new().saddr("10.0.1.0/24").accept())
        .append(Input, Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept())
        .policy(Input, Policy::Drop)
        .policy(Forward, Policy::Drop)
        .policy(Output, Policy::Accept);
    open(router).apply(classic::ruleset([table]).unwrap()).unwrap();
    assert_eq!(Attempt::tcp("10.0.1.254:22").timeout(PATIENT).from(&world.client).banner(), "ssh");
    assert_eq!(Attempt::tcp("10.0.1.1:80").timeout(PATIENT).from(router).banner(), "web");
    assert_eq!(Attempt::tcp("127.0.0.1:22").timeout(PATIENT).from(router).banner(), "ssh");
    assert!(world.stranger.tcp_try("10.0.2.254:22").is_timed_out());
}

#[test]
fn the_whitelist_script_closes_all_but_one_and_is_reverted() {
    need_namespaces!();
    let world = World::routed();
    let pi = &world.client;
    let _one = world.backend1.tcp_service("192.168.1.2:80", "one");
    let _two = world.backend2.tcp_service("192.168.1.3:80", "two");
    let _local = pi.tcp_service("127.0.0.1:80", "local");
    let mut firewall = open(pi);
    let reach = |target: &str| Attempt::tcp(target).timeout(PATIENT).from(pi);

    let whitelist = filter()
        .insert(Input, 1, Rule::new().saddr("192.168.1.2").accept())
        .insert(Output, 1, Rule::new().daddr("192.168.1.2").accept())
        .insert(Input, 1, Rule::new().saddr("127.0.0.0/24").accept())
        .insert(Output, 1, Rule::new().daddr("127.0.0.0/24").accept())
        .policy(Input, Policy::Drop)
        .policy(Forward, Policy::Drop)
        .policy(Output, Policy::Drop);
    firewall.amend([whitelist]).unwrap();
    assert_eq!(reach("192.168.1.2:80").banner(), "one");
    assert_eq!(reach("127.0.0.1:80").banner(), "local");
    assert!(!pi.tcp_try("192.168.1.3:80").is_connected());

    let revert = filter()
        .policy(Input, Policy::Accept)
        .policy(Forward, Policy::Accept)
        .policy(Output, Policy::Accept)
        .flush_all();
    firewall.amend([revert]).unwrap();
    assert_eq!(reach("192.168.1.3:80").banner(), "two");
    assert_eq!(reach("192.168.1.2:80").banner(), "one");
}

#[test]
fn chains_are_named_by_value_or_by_text() {
    assert_eq!(ChainName::from("OUTPUT"), ChainName::Builtin(Output));
}

/// The document's load balancer.
#[test]
fn the_load_balancer_takes_the_backends_in_turn() {
    need_namespaces!();
    let world = World::routed();
    let backends = ["192.168.1.2:8080", "192.168.1.3:8080"];
    let _one = world.backend1.tcp_service(backends[0], "one");
    let _two = world.backend2.tcp_service(backends[1], "two");
    let new = || Rule::new().tcp().dport(80).ct_state(CtState::NEW);
    let to = |backend: &str| Rule::new().tcp().daddr(backend).dport(8080).masquerade();
    let nat = Table::nat(Version::V4)
        .flush_all()
        .append(Prerouting, new().nth(2, 0).dnat(backends[0]))
        .append(Prerouting, new().dnat(backends[1]))
        .append(Postrouting, to("192.168.1.2"))
        .append(Postrouting, to("192.168.1.3"));
    open(&world.router).amend([nat]).unwrap();
    let answers: Vec<_> = (0..4)
        .map(|_| {
            let outcome = Attempt::tcp("10.0.1.254:80").timeout(PATIENT).from(&world.client);
            assert_eq!(outcome.seen().ip().to_string(), "192.168.1.1");
            outcome.banner().to_owned()
        })
        .collect();
    assert_eq!(answers, ["one", "two", "one", "two"]);
}

#[test]
fn many_at_once_lose_nothing() {
    need_namespaces!();
    let host = Host::new("ours");
    open(&host).amend([filter().policy(Input, Policy::Reject)]).unwrap();
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let host = &host;
            scope.spawn(move || {
                let mut firewall = open(host);
                for rule in 0..10 {
                    let rule = named(&format!("{worker} {rule}"));
                    let table = filter().append(Input, rule);
                    // Optimists among optimists may have to try for long.
                    while let Err(error) = firewall.amend([&table]) {
                        assert!(matches!(error, Error::Interrupted { .. }), "{error}");
                    }
                }
            });
        }
    });
    let rules = open(&host).rules((Family::Ip, "filter", "INPUT")).unwrap();
    let comments: Vec<_> = rules.iter().filter_map(Rule::comment_text).collect();
    assert_eq!((comments.len(), comments.last().unwrap().as_str()), (31, "policy REJECT"));
    for worker in 0..3 {
        let mine = format!("{worker} ");
        let order: Vec<_> = comments.iter().filter_map(|comment| comment.strip_prefix(&mine)).collect();
        assert_eq!(order, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    }
}
