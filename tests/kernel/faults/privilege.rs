//! Without `CAP_NET_ADMIN`.

use std::os::unix::process::CommandExt;

use portcullis::{Error, Netfilter, Transaction};
use portcullis_world::{Host, need_namespaces, skip};

use super::{INPUT, again, filled, is_child, tell, told};
use crate::support::open;

/// Tries everything, and tells how it ended: only what is permission's fault is told.
fn try_everything() {
    let mut firewall = match Netfilter::open() {
        Ok(firewall) => firewall,
        Err(error) => return tell(&format!("open: {error}")),
    };
    let mut transaction = Transaction::new();
    transaction.replace_table(filled(3, "mine"));
    let results = [
        ("commit", firewall.commit(&transaction).map(drop)),
        ("check", firewall.check(&transaction)),
        ("read the generation", firewall.generation().map(drop)),
        ("list tables", firewall.tables(None).map(drop)),
        ("list rules", firewall.rules(INPUT).map(drop)),
    ];
    let expected = "permission denied: programming the packet filter needs CAP_NET_ADMIN in this network namespace \
                    (run as root, or try in a namespace of your own: unshare -Urn)";
    for (operation, result) in results {
        match result {
            Err(error @ Error::Permission { .. })
                if error.to_string() == format!("{operation}: {expected}") => {}
            other => return tell(&format!("{operation}: {other:?}")),
        }
    }
    tell("denied");
}

/// The host's ruleset is as it was.
fn nothing_happened(host: &Host) {
    assert_eq!(open(host).tables(None).unwrap(), []);
}

#[test]
fn an_ordinary_user_is_told_what_is_missing() {
    if is_child() {
        return try_everything();
    }
    need_namespaces!();
    let host = Host::new("server");
    let mut command = again(&[], "faults::privilege::an_ordinary_user_is_told_what_is_missing");
    match told(host.run(|| command.uid(65534).gid(65534).output())) {
        Ok(result) => assert_eq!(result, "denied"),
        Err(text) if !text.contains("panicked") => skip!("this program does not run as user 65534: {text}"),
        Err(text) => panic!("{text}"),
    }
    nothing_happened(&host);
}

#[test]
fn root_of_another_user_namespace_is_told_what_is_missing() {
    if is_child() {
        return try_everything();
    }
    need_namespaces!();
    let host = Host::new("server");
    let name = "faults::privilege::root_of_another_user_namespace_is_told_what_is_missing";
    match told(host.run(|| again(&["unshare", "-Ur"], name).output())) {
        Ok(result) => assert_eq!(result, "denied"),
        Err(text) if !text.contains("panicked") => skip!("no user namespace: {text}"),
        Err(text) => panic!("{text}"),
    }
    nothing_happened(&host);
}
