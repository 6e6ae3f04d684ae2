//! What the kernel holds, written as JSON, read again and loaded elsewhere, is the same there.

use std::{
    io::{ErrorKind, Write},
    process::{Command, Stdio},
};

use portcullis::{Family, Rule, Ruleset, Table, expr::Expr, language::Statement};
use portcullis_world::{Host, need_namespaces, skip, this_function};

use crate::{
    objects::{OBJECTS, RULES, lasting},
    support::{fitting, nft_listing, nft_load, open, without_expiry},
};

/// Writes a ruleset as text, and reads it again.
#[track_caller]
fn through_text(ruleset: &Ruleset) -> Ruleset {
    let text = serde_json::to_string_pretty(ruleset).unwrap_or_else(|error| panic!("{error}"));
    let read = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    assert_eq!(*ruleset, read, "{text}");
    read
}

fn statements(ruleset: &Ruleset) -> impl Iterator<Item = &Statement> {
    let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
    chains.flat_map(|chain| &chain.rules).flat_map(|rule| &rule.body)
}

/// Loads a ruleset with nft, and what is read through JSON into fresh namespaces: as expressions, and in words.
#[track_caller]
fn survives(ruleset: &str) {
    let hosts = ["from", "expressions", "words"].map(Host::new);
    let [from, expressions, words] = &hosts;
    if !nft_load(from, ruleset) {
        skip!("nft is not installed");
    }
    let read = open(from).ruleset(None).unwrap_or_else(|error| panic!("{error}"));
    let lifted = read.lift();
    assert!(statements(&read).all(|statement| matches!(statement, Statement::Expr(_))));
    assert!(statements(&lifted).any(|statement| !matches!(statement, Statement::Expr(_))));

    let before = without_expiry(&nft_listing(from).expect("nft is installed"));
    for (host, ruleset) in [(expressions, &read), (words, &lifted)] {
        let mut firewall = open(host);
        firewall.apply(through_text(ruleset)).unwrap_or_else(|error| panic!("{error}"));
        let after = without_expiry(&nft_listing(host).expect("nft is installed"));
        assert_eq!(after, before);
        // The text does not show everything. (Sets that words bring along get new names.)
        let again = firewall.ruleset(None).unwrap_or_else(|error| panic!("{error}"));
        match std::ptr::eq(ruleset, &lifted) {
            false => assert_eq!(lasting(again), lasting(read.clone())),
            true => assert_eq!(lasting(again.lift()), lasting(lifted.clone())),
        }
    }
}

#[test]
fn rules_and_sets_survive_as_json() {
    need_namespaces!();
    survives(&fitting(&Host::new("asked"), this_function!(), RULES));
}

#[test]
fn objects_survive_as_json() {
    need_namespaces!();
    survives(OBJECTS);
}

#[test]
fn a_ruleset_written_by_hand_is_loaded() {
    need_namespaces!();
    let order = if cfg!(target_endian = "little") { "little" } else { "big" };
    let text = format!(
        r#"{{"portcullis": 1, "byte_order": "{order}", "tables": [{{
            "family": "inet",
            "name": "edge",
            "chains": [{{
                "name": "input",
                "base": {{"kind": "filter", "hook": "input", "priority": "filter", "policy": "drop"}},
                "rules": [
                    {{"body": [{{"interface": {{"way": "in", "interfaces": ["lo"]}}}}, {{"verdict": "accept"}}]}},
                    {{"body": [{{"protocol": ["tcp"]}}, {{"port": {{"side": "destination", "ports": [22, 80]}}}},
                              {{"counter": {{}}}}, {{"verdict": "accept"}}]}}
                ]
            }}]
        }}]}}"#
    );
    let host = Host::new("server");
    let mut firewall = open(&host);
    firewall.apply(serde_json::from_str::<Ruleset>(&text).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    let table: Table = firewall.table((Family::Inet, "edge")).unwrap().unwrap().lift();
    let said = [Rule::new().iif("lo").accept(), Rule::new().tcp().dport([22, 80]).counter().accept()];
    let bodies: Vec<_> = table.chains[0].rules.iter().map(|rule| &rule.body).collect();
    assert_eq!(bodies, [&said[0].body, &said[1].body]);
}

/// Rules of another program, with matches and targets that nf_tables only calls.
const IPTABLES: &str = "*filter
:INPUT DROP [3:180]
:other - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m comment --comment \"administration\" -j other
-A INPUT -p udp -m multiport --dports 53,123 -m statistic --mode nth --every 3 --packet 0 -j ACCEPT
-A other -p tcp -j REJECT --reject-with tcp-reset
-A other -m limit --limit 5/min -j LOG --log-prefix \"other: \"
COMMIT
";

#[test]
fn rules_of_iptables_survive_as_json() {
    need_namespaces!();
    let (from, to) = (Host::new("from"), Host::new("to"));
    let restore = || {
        let mut program = Command::new("iptables-nft-restore").stdin(Stdio::piped()).spawn()?;
        program.stdin.take().expect("a pipe").write_all(IPTABLES.as_bytes())?;
        program.wait()
    };
    match from.run(restore) {
        Ok(status) => assert!(status.success()),
        Err(error) if error.kind() == ErrorKind::NotFound => skip!("iptables-nft is not installed"),
        Err(error) => panic!("iptables-nft-restore: {error}"),
    }
    let read = open(&from).ruleset(None).unwrap_or_else(|error| panic!("{error}"));
    let foreign =
        |statement: &Statement| matches!(statement, Statement::Expr(Expr::XtMatch(_) | Expr::XtTarget(_)));
    assert!(statements(&read).filter(|statement| foreign(statement)).count() >= 4);
    let mut firewall = open(&to);
    firewall.apply(through_text(&read)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(lasting(firewall.ruleset(None).unwrap_or_else(|error| panic!("{error}"))), lasting(read));
}
