//! Sending only what changes.

use std::{
    net::Ipv4Addr,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use ipnet::Ipv4Net;
use portcullis::{
    InterfaceName, Netfilter, Port, Transaction, Updated,
    expr::{Connlimit, Counter, Expr, Limit, LimitUnit, Quota},
    language::matches::VlanId,
    set::{Details, Entry, Key, MapOf, MapValue, SetOf},
};
use portcullis_world::{Host, PATIENT, need_namespaces};

use super::{TABLE, edge};
use crate::support::{nft_listing, nft_load, open};

/// Loads the first content, updates to the second, and looks whether it is there.
fn update<K: Key, V: MapValue>(
    set: &SetOf<K, V>,
    first: Vec<Entry<K, V>>,
    second: Vec<Entry<K, V>>,
    details: Details,
) -> (usize, usize) {
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = edge();
    transaction.add_set_with(TABLE, set, &first);
    firewall.commit(&transaction).unwrap();
    let before = firewall.generation().unwrap();
    let updated =
        firewall.update_entries(TABLE, set, &second, details).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(updated.before, set.contents(&first).unwrap().len());
    let nothing = updated.deleted + updated.added == 0;
    // What need not be sent is not sent.
    assert_eq!(firewall.generation().unwrap().id == before.id, nothing);
    let wanted = set.contents(&second).unwrap();
    let there = firewall.contents(TABLE, set).unwrap();
    assert!(there.changes_to(&wanted, details).is_empty());
    assert_eq!(there.len(), wanted.len());
    let again = firewall.update_entries(TABLE, set, &second, details).unwrap();
    assert_eq!((again.deleted, again.added), (0, 0));
    (updated.deleted, updated.added)
}

#[test]
fn only_what_changes_is_sent() {
    need_namespaces!();
    let addresses = |range: std::ops::Range<u32>| {
        range.map(|bits| Entry::new(Ipv4Addr::from_bits(bits))).collect::<Vec<_>>()
    };
    let set = SetOf::<Ipv4Addr>::new("s");
    assert_eq!(update(&set, addresses(0..20_000), addresses(100..20_300), Details::Keep), (100, 300));
    // As many as fit, exchanged.
    let full = SetOf::<Ipv4Addr>::new("s").capacity(1000);
    assert_eq!(update(&full, addresses(0..1000), addresses(1000..2000), Details::Keep), (1000, 1000));
    assert_eq!(update(&full, addresses(0..1000), addresses(0..1000), Details::Restate), (0, 0));
    assert_eq!(update(&full, addresses(0..1000), Vec::new(), Details::Keep), (1000, 0));

    let networks = |lengths: &[u8]| {
        let nets = lengths.iter().enumerate().map(|(index, length)| {
            Entry::new(
                Ipv4Net::new(Ipv4Addr::new(10 + u8::try_from(index).unwrap(), 0, 0, 0), *length).unwrap(),
            )
        });
        nets.collect::<Vec<_>>()
    };
    let set = SetOf::<Ipv4Net>::new("s");
    assert_eq!(update(&set, networks(&[8, 9, 24]), networks(&[8, 24, 24, 8]), Details::Keep), (1, 2));
    // 10.0.0.0-11.127.255.255 and 12.0.0.0/24; then one run.
    let merging = SetOf::<Ipv4Net>::new("s").auto_merge();
    assert_eq!(update(&merging, networks(&[8, 9, 24]), networks(&[8, 8, 24]), Details::Keep), (2, 1));

    let pairs = |ports: &[u16]| {
        let names = ports.iter().map(|port| (InterfaceName::from("eth*"), Port(*port)..=Port(port + 9)));
        names.map(Entry::new).collect::<Vec<_>>()
    };
    let set = SetOf::<(InterfaceName, RangeInclusive<Port>)>::new("s");
    assert_eq!(update(&set, pairs(&[10, 20, 30]), pairs(&[20, 31]), Details::Keep), (2, 1));

    let entries = |values: &[(u16, u16)]| {
        values.iter().map(|(key, value)| Entry::mapping(Port(*key), Port(*value))).collect::<Vec<_>>()
    };
    let map = MapOf::<Port, Port>::new("m");
    assert_eq!(
        update(&map, entries(&[(1, 1), (2, 2), (3, 3)]), entries(&[(2, 2), (3, 4)]), Details::Keep),
        (2, 1)
    );
}

#[test]
fn timeouts_stay_or_are_restated() {
    need_namespaces!();
    let entry = |port, seconds| Entry::new(Port(port)).timeout(Duration::from_secs(seconds)).comment("c");
    let set = SetOf::<Port>::new("s").with_timeouts();
    let (first, second) = (vec![entry(1, 600), entry(2, 600)], vec![entry(1, 600), entry(2, 900)]);
    assert_eq!(update(&set, first.clone(), second.clone(), Details::Keep), (0, 0));
    assert_eq!(update(&set, first, second, Details::Restate), (1, 1));
}

#[test]
fn counters_of_what_stays_go_on() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let set = SetOf::<Port>::new("s").expression(Counter::new());
    let counted = Entry::new(Port(1)).expression(Counter::new().packets(7u64).bytes(70u64));
    let mut transaction = edge();
    transaction.add_set_with(TABLE, &set, [counted.clone(), Entry::new(Port(2))]);
    firewall.commit(&transaction).unwrap();
    let updated = firewall.update_entries(TABLE, &set, [Port(1), Port(3)], Details::Keep).unwrap();
    assert_eq!((updated.deleted, updated.added, updated.before), (1, 1, 2));
    assert_eq!(firewall.entry(TABLE, &set, &Port(1)).unwrap(), Some(counted));
}

/// What the kernel gives back is compared: it fills in what was not said, and tells what was counted.
#[test]
fn elements_that_are_to_do_something_else_are_made_anew() {
    need_namespaces!();
    let hourly = |rate| Expr::from(Limit::packets(rate, LimitUnit::Hour));
    let spent = |bytes| Expr::from(Quota::over(bytes).consumed(bytes));
    // Short keys get a set that counts no connections.
    let [one, two] = [1, 2].map(|last| Ipv4Addr::new(192, 0, 2, last));
    for (name, there, same, other) in [
        ("quota", spent(100), Quota::over(100).into(), Expr::from(Quota::over(200))),
        ("quota's direction", spent(100), Quota::over(100).into(), Quota::until(100).into()),
        ("limit", hourly(3), hourly(3), hourly(4)),
        ("limit's burst", hourly(3), hourly(3), Limit::packets(3, LimitUnit::Hour).burst(7u32).into()),
        ("limit's kind", hourly(3), hourly(3), Limit::bytes(3, LimitUnit::Hour).into()),
        ("connections", Connlimit::over(3).into(), Connlimit::over(3).into(), Connlimit::over(4).into()),
        ("direction", Connlimit::until(3).into(), Connlimit::until(3).into(), Connlimit::over(3).into()),
        ("kind", Counter::new().packets(7u64).bytes(70u64).into(), Counter::new().into(), hourly(3)),
    ] {
        let host = Host::new("server");
        let mut firewall = open(&host);
        let set = SetOf::<Ipv4Addr>::new("s");
        let entries = |does: &Expr| [Entry::new(one).expression(does.clone()), Entry::new(two)];
        let mut transaction = edge();
        transaction.add_set_with(TABLE, &set, entries(&there));
        firewall.commit(&transaction).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut update = |does: &Expr, details| {
            let updated = firewall.update_entries(TABLE, &set, entries(does), details);
            let updated = updated.unwrap_or_else(|error| panic!("{name}: {error}"));
            (updated.deleted, updated.added)
        };
        for details in [Details::Keep, Details::Restate] {
            assert_eq!(update(&same, details), (0, 0), "{name}: the same, {details:?}");
            assert_eq!(update(&other, details), (1, 1), "{name}: another, {details:?}");
            assert_eq!(update(&other, details), (0, 0), "{name}: it is there now, {details:?}");
            assert_eq!(update(&same, details), (1, 1), "{name}: back, {details:?}");
        }
        // Who says nothing of it keeps it.
        let kept = firewall.update_entries(TABLE, &set, [one, two], Details::Keep).unwrap();
        assert_eq!((kept.deleted, kept.added), (0, 0), "{name}");
        let entry = firewall.entry(TABLE, &set, &one).unwrap().unwrap();
        assert_eq!(entry.expressions().len(), 1, "{name}");
    }
}

#[test]
fn elements_that_run_out_of_time_meanwhile_do_not_stop_an_update() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let set = SetOf::<Ipv4Addr>::new("s").timeout(Duration::from_millis(40));
    for round in 0..5u32 {
        let mut transaction = edge();
        let addresses = (0..3000).map(|bits| Entry::new(Ipv4Addr::from_bits(bits)));
        transaction.add_set_with(
            TABLE,
            &set,
            addresses.map(|entry| entry.timeout(Duration::from_millis(20 + 10 * u64::from(round)))),
        );
        firewall.commit(&transaction).unwrap();
        let lasting = Entry::new(Ipv4Addr::LOCALHOST).timeout(Duration::from_secs(60));
        firewall
            .update_entries(TABLE, &set, [&lasting], Details::Keep)
            .unwrap_or_else(|error| panic!("{error}"));
        // What the kernel did not list, because it was moving the elements about, runs out of time.
        let deadline = Instant::now() + PATIENT;
        while firewall.contents(TABLE, &set).unwrap().len() != 1 {
            assert!(Instant::now() < deadline, "some are there for good");
        }
    }
}

#[test]
fn an_update_is_made_anew_where_somebody_else_was_faster() {
    need_namespaces!();
    let host = Host::new("server");
    let (mut firewall, mut other) = (open(&host), open(&host));
    let set = SetOf::<Port>::new("s");
    let mut transaction = edge();
    transaction.add_set_with(TABLE, &set, [Port(1)]);
    firewall.commit(&transaction).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let updates = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let mut noise = Transaction::new();
                noise.add_table(portcullis::Table::inet("noise"));
                other.commit(&noise).unwrap();
                std::thread::sleep(Duration::from_micros(300));
            }
        });
        let updates: Vec<Result<Updated, _>> = (0..50)
            .map(|round| {
                firewall.update_entries(
                    TABLE,
                    &set,
                    (0..5).map(|port| Port(round * 10 + port)),
                    Details::Keep,
                )
            })
            .collect();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        updates
    });
    let done = updates.iter().filter(|updated| updated.is_ok()).count();
    assert!(done > 0, "{:?}", updates.first());
    let texts: Vec<_> = firewall.contents(TABLE, &set).unwrap().texts().collect();
    let last = updates.iter().rposition(Result::is_ok).unwrap();
    assert!(texts.contains(&(last * 10).to_string()) && texts.len() == 5, "{texts:?}");
}

/// nft leaves a run open that goes to the last of a field's bits, be these fewer than its bytes have: its own set then
/// lists as 5-65535, which nft does not take. The run is read as the kernel has it, and an update ends it.
#[test]
fn a_run_that_nft_left_open_gets_its_end() {
    need_namespaces!();
    let host = Host::new("server");
    let script =
        "table inet edge {\nset s { typeof vlan id; flags interval; elements = { 1-2, 5-4095 }; }\n}";
    if !nft_load(&host, script) {
        portcullis_world::skip!("nft is not installed");
    }
    let mut firewall = open(&host);
    let set = SetOf::<RangeInclusive<VlanId>>::new("s");
    let texts =
        |firewall: &mut Netfilter| firewall.contents(TABLE, &set).unwrap().texts().collect::<Vec<_>>();
    assert_eq!(texts(&mut firewall), ["1-2", "5-65535"]);
    let wanted = || [VlanId(1)..=VlanId(2), VlanId(5)..=VlanId(4095)];
    let updated = firewall.update_entries(TABLE, &set, wanted(), Details::Keep).unwrap();
    assert_eq!((updated.deleted, updated.added), (1, 1));
    assert_eq!(texts(&mut firewall), ["1-2", "5-4095"]);
    let listing = nft_listing(&host).unwrap();
    assert!(listing.contains("elements = { 1-2, 5-4095 }"), "{listing}");
    let again = firewall.update_entries(TABLE, &set, wanted(), Details::Keep).unwrap();
    assert_eq!((again.deleted, again.added), (0, 0));
}
