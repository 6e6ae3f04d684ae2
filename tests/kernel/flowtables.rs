//! Connections that take the short way: their packets go from device to device, and the rules do not see them.

use portcullis::{
    Chain, ChainRef, CtState, Error, Family, Hook, Netfilter, Rule, Ruleset, Table, Transaction,
    object::{Flowtable, FlowtableFlags},
    probe::Feature,
};
use portcullis_world::{Attempt, ConntrackEntry, Host, PATIENT, Routed, World, need_namespaces};

use crate::support::{counted, need_feature, open};

/// In the network behind the router's second device.
const SERVERS: [&str; 2] = ["10.0.2.1", "fd00:2::1"];
const ECHOES: u64 = 20;

/// A router whose rules put established connections into a flowtable of its two outer devices, and count all
/// else that is forwarded.
fn offloading(flags: FlowtableFlags) -> (Routed, Netfilter) {
    let world = World::routed();
    let forward = Chain::filter("forward", Hook::Forward).rules([
        Rule::new().ct_state(CtState::ESTABLISHED).offload("fast"),
        Rule::new().counter().accept().comment("seen"),
    ]);
    let table = Table::new(Family::Inet, "t")
        .flowtable(Flowtable::new("fast", ["eth0", "eth1"]).flags(flags))
        .chain(forward);
    let mut firewall = open(&world.router);
    firewall.apply(Ruleset::new().table(table)).expect("the kernel takes a flowtable of two devices");
    (world, firewall)
}

fn forward() -> ChainRef {
    (Family::Inet, "t", "forward").into()
}

/// The connection to a server's port.
#[track_caller]
fn tracked(router: &Host, server: &str, port: u16) -> ConntrackEntry {
    let entries = router.conntrack();
    let found = entries.iter().find(|entry| {
        entry.original.destination.to_string() == server && entry.original.destination_port == port
    });
    found.unwrap_or_else(|| panic!("{server}, port {port} is not among {entries:?}")).clone()
}

#[test]
fn an_established_connection_no_longer_sees_the_rules() {
    need_namespaces!();
    need_feature!(Feature::Flowtable);
    let (world, mut firewall) = offloading(FlowtableFlags::empty());
    for server in SERVERS {
        let _service = world.stranger.tcp_service((server, 80), "web");
        let mut connection = world.client.tcp_open((server, 80));
        connection.echo("both directions", PATIENT).expect("an echo");
        let entry = tracked(&world.router, server, 80);
        assert!(entry.is_offloaded(), "the connection to {server} is in the flowtable: {entry:?}");

        let before = counted(&mut firewall, forward(), "seen");
        assert!(before >= 2, "the first packet and its answer were seen by the rules: {before}");
        for number in 0..ECHOES {
            connection.echo(&format!("the short way, {number}"), PATIENT).expect("an echo");
        }
        let after = counted(&mut firewall, forward(), "seen");
        assert_eq!(after, before, "packets to and from {server} that the rules saw since");

        // Whether its end is seen, too, differs: since Linux 6.14 it is not.
        let another = world.client.tcp_open((server, 80));
        assert!(counted(&mut firewall, forward(), "seen") > after, "another connection is seen by the rules");
        drop((connection, another));
    }
}

#[test]
fn datagrams_take_the_short_way_once_they_are_answered() {
    need_namespaces!();
    need_feature!(Feature::Flowtable);
    let (world, mut firewall) = offloading(FlowtableFlags::empty());
    for server in SERVERS {
        let service = world.stranger.udp_service((server, 9), "echo");
        let attempt = Attempt::udp((server, 9), "hello").source_port(4000).timeout(PATIENT);
        assert_eq!(attempt.from(&world.client).banner(), "echo");
        let entry = tracked(&world.router, server, 9);
        assert!(entry.is_offloaded(), "the answer has put it into the flowtable: {entry:?}");
        let before = counted(&mut firewall, forward(), "seen");
        for _ in 0..ECHOES {
            assert_eq!(attempt.from(&world.client).banner(), "echo");
        }
        assert_eq!(counted(&mut firewall, forward(), "seen"), before, "what the rules saw for {server}");
        assert_eq!(service.visits().len() as u64, 1 + ECHOES);
    }
}

#[test]
fn what_takes_the_short_way_is_counted_where_the_flowtable_says_so() {
    need_namespaces!();
    need_feature!(Feature::FlowtableCounter);
    for (flags, counts) in [(FlowtableFlags::COUNTER, true), (FlowtableFlags::empty(), false)] {
        let (world, mut firewall) = offloading(flags);
        world.router.sysctl("net/netfilter/nf_conntrack_acct", "1");
        let listed = firewall.flowtables((Family::Inet, "t")).expect("the flowtables");
        assert_eq!(listed.iter().map(|flowtable| flowtable.flags).collect::<Vec<_>>(), [flags]);
        for server in SERVERS {
            let _service = world.stranger.tcp_service((server, 80), "web");
            let mut connection = world.client.tcp_open((server, 80));
            connection.echo("both directions", PATIENT).expect("an echo");
            let before = tracked(&world.router, server, 80);
            assert!(before.is_offloaded(), "{before:?}");
            for number in 0..ECHOES {
                connection.echo(&format!("the short way, {number}"), PATIENT).expect("an echo");
            }
            let after = tracked(&world.router, server, 80);
            for (before, after) in std::iter::zip(before.counters, after.counters) {
                let ((before, _), (after, bytes)) = before.zip(after).expect("accounting is on");
                if counts {
                    assert!(after >= before + ECHOES, "{server}: {before} packets before, {after} now");
                    assert!(bytes > after * 40, "{server}: {bytes} bytes in {after} packets");
                } else {
                    assert_eq!(after, before, "{server}: packets counted without the flag");
                }
            }
        }
    }
}

#[test]
fn a_flowtable_in_use_stays() {
    need_namespaces!();
    need_feature!(Feature::Flowtable);
    let (_world, mut firewall) = offloading(FlowtableFlags::empty());
    let listed = firewall.flowtables((Family::Inet, "t")).expect("the flowtables");
    let [flowtable] = listed.as_slice() else { panic!("{listed:?}") };
    let devices: Vec<String> = flowtable.devices.iter().map(ToString::to_string).collect();
    assert_eq!(devices, ["eth0", "eth1"]);
    assert_eq!(flowtable.uses, Some(1), "a rule refers to it");

    let fast = (Family::Inet, "t", "fast");
    let mut transaction = Transaction::new();
    transaction.delete_flowtable(((fast.0, fast.1), fast.2));
    let text = refusal(&mut firewall, &transaction);
    for said in ["delete flowtable inet t fast", "flowtables.rs", "EBUSY", "it is still in use"] {
        assert!(text.contains(said), "{said:?} in {text}");
    }
    assert_eq!(
        firewall.flowtables((Family::Inet, "t")).expect("the flowtables"),
        listed,
        "nothing has changed"
    );

    // Without the rule it goes; in one transaction.
    let mut transaction = Transaction::new();
    transaction.flush_chain(forward());
    transaction.delete_flowtable(((fast.0, fast.1), fast.2));
    firewall.commit(&transaction).expect("nothing refers to it any more");
    assert_eq!(firewall.flowtables((Family::Inet, "t")).expect("the flowtables"), []);
}

#[test]
fn what_is_not_there_or_taken_is_named() {
    need_namespaces!();
    need_feature!(Feature::Flowtable);
    let (_world, mut firewall) = offloading(FlowtableFlags::empty());
    let mut transaction = Transaction::new();
    transaction.add_rule(forward(), Rule::new().ct_state(CtState::ESTABLISHED).offload("slow"));
    let text = refusal(&mut firewall, &transaction);
    for said in ["add rule inet t forward", "flowtables.rs", "ENOENT", "no flowtable slow in table inet t"] {
        assert!(text.contains(said), "{said:?} in {text}");
    }
    let mut transaction = Transaction::new();
    transaction.add_flowtable((Family::Inet, "t"), Flowtable::new("far", ["eth8", "eth9"]));
    match firewall.commit(&transaction) {
        // Since Linux 6.17 a flowtable waits for devices that are not there yet.
        Ok(_) => {
            let listed = firewall.flowtables((Family::Inet, "t")).expect("the flowtables");
            let far = listed.iter().find(|flowtable| flowtable.name == "far").expect("the new one");
            assert_eq!(far.devices.len(), 2, "{far:?}");
        }
        Err(error) => {
            let text = error.to_string();
            for said in ["add flowtable inet t far", "flowtables.rs", "ENOENT", "no device eth8 or eth9"] {
                assert!(text.contains(said), "{said:?} in {text}");
            }
        }
    }
    let mut transaction = Transaction::new();
    transaction.add_flowtable((Family::Inet, "t"), Flowtable::new("second", ["eth1"]));
    let text = refusal(&mut firewall, &transaction);
    for said in ["add flowtable inet t second", "EEXIST", "one of its devices is in another flowtable"] {
        assert!(text.contains(said), "{said:?} in {text}");
    }
}

/// The text of the one refusal.
#[track_caller]
fn refusal(firewall: &mut Netfilter, transaction: &Transaction) -> String {
    match firewall.commit(transaction) {
        Err(Error::Refused(refused)) if refused.refusals.len() == 1 => refused.refusals[0].to_string(),
        other => panic!("{other:?}"),
    }
}
