//! What the probe says to other users.

use portcullis::{
    Error, Netfilter,
    probe::{Feature, Probe},
};
use portcullis_world::{Host, need_namespaces, skip};

use crate::{
    faults::{again, is_child, tell, told},
    support::open,
};

#[test]
fn an_ordinary_user_is_refused_and_not_told_that_all_is_missing() {
    if is_child() {
        let mut firewall = Netfilter::open().unwrap();
        return match (firewall.probe(), firewall.supports(Feature::ResetRules)) {
            (Err(Error::Permission { .. }), Err(Error::Permission { .. })) => tell("denied"),
            other => tell(&format!("{other:?}")),
        };
    }
    need_namespaces!();
    let host = Host::new("server");
    let name = "probe::user::an_ordinary_user_is_refused_and_not_told_that_all_is_missing";
    let mut command = again(&["unshare", "-Ur"], name);
    match told(host.run(|| command.output())) {
        Ok(result) => assert_eq!(result, "denied"),
        Err(text) if !text.contains("panicked") => skip!("no user namespace: {text}"),
        Err(text) => panic!("{text}"),
    }
}

#[test]
fn root_of_a_user_namespace_finds_what_root_finds() {
    if is_child() {
        let names = |probe: Probe| probe.missing().map(|feature| format!("{feature:?}")).collect::<Vec<_>>();
        let probe = Netfilter::open().unwrap().probe();
        return tell(&probe.map_or_else(|error| error.to_string(), |probe| names(probe).join(",")));
    }
    need_namespaces!();
    let host = Host::new("server");
    let name = "probe::user::root_of_a_user_namespace_finds_what_root_finds";
    match told(again(&["unshare", "-Urn"], name).output()) {
        Ok(result) => {
            let probe = open(&host).probe().unwrap();
            let missing: Vec<String> = probe.missing().map(|feature| format!("{feature:?}")).collect();
            assert_eq!(result, missing.join(","));
        }
        Err(text) if !text.contains("panicked") => skip!("no user namespace: {text}"),
        Err(text) => panic!("{text}"),
    }
}
