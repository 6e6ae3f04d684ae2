//! Keys and values as long as the kernel takes them: 64 bytes, in up to sixteen parts.

use std::net::{Ipv4Addr, Ipv6Addr};

use portcullis::{
    Chain, CtDirection, CtState, Dscp, Family, Hook, Mark, Netfilter, Port, Protocol, Rule, Transaction,
    expr::Data,
    language::matches::{Ecn, Length, Ttl, Zone},
    select,
    set::{Field, InterfaceIndex, Interval, IntoEntry, Key, MapOf, NfProto, Part, SetOf},
};
use portcullis_world::{Host, Packet, need_namespaces};

use super::{TABLE, edge};
use crate::support::{counted, open};

type Sixteen<T> = (T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T);
type Four<T> = (T, T, T, T);

fn sixteen<T>([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]: [T; 16]) -> Sixteen<T> {
    (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
}

fn four<T>([a, b, c, d]: [T; 4]) -> Four<T> {
    (a, b, c, d)
}

/// A host whose table has a set of these.
fn with<K: Key>(host: &Host, entries: impl IntoIterator<Item = impl IntoEntry<K, ()>>) -> Netfilter {
    let mut firewall = open(host);
    let mut transaction = edge();
    transaction.add_set_with(TABLE, &SetOf::<K>::new("s"), entries);
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    firewall
}

/// Whether the kernel finds the key, as a rule would.
fn has<K: Key>(firewall: &mut Netfilter, key: &K) -> bool {
    let mut bytes = [0; 64];
    key.write_first(&mut bytes);
    firewall.element((TABLE.0, TABLE.1, "s"), &Data::new(&bytes)).unwrap().is_some()
}

/// In a hash: the key is there; another in any part is not. All is read back.
fn single_keys<K: Key, T: Part, const N: usize>(make: fn([T; N]) -> K, part: fn(u32) -> T) {
    let host = Host::new("server");
    let parts = |changed: usize| std::array::from_fn(|at| part(at as u32 + 100 * u32::from(at == changed)));
    let (key, other) = (make(parts(N)), make([0; N].map(|_| part(7))));
    let mut firewall = with::<K>(&host, [key.clone(), other.clone()]);
    assert!(has(&mut firewall, &key) && has(&mut firewall, &other));
    for changed in 0..N {
        let other = make(parts(changed));
        assert!(!has(&mut firewall, &other), "{}", other.text());
    }
    let read = firewall.contents(TABLE, &SetOf::<K>::new("s")).unwrap();
    let mut texts: Vec<_> = read.texts().collect();
    texts.sort();
    let mut wanted = [key.text(), other.text()];
    wanted.sort();
    assert_eq!(texts, wanted);
}

#[test]
fn single_keys_of_64_bytes() {
    need_namespaces!();
    single_keys::<Sixteen<Mark>, _, 16>(sixteen, Mark);
    single_keys::<Sixteen<Ipv4Addr>, _, 16>(sixteen, Ipv4Addr::from);
    single_keys::<Four<Ipv6Addr>, _, 4>(four, |number| Ipv6Addr::from(u128::from(number) << 64));
}

/// In a concatenation of intervals: a key is there if every part is in its run, the ends included.
fn runs<R: Key, T: Field, const N: usize>(make: fn([Interval<T>; N]) -> R, part: fn(u32) -> T) {
    let host = Host::new("server");
    // Each part's run is another.
    let ends = |at: usize| (1000 * at as u32 + 10, 1000 * at as u32 + 300);
    let whole = make(std::array::from_fn(|at| Interval::new(part(ends(at).0), part(ends(at).1))));
    let mut firewall = with::<R>(&host, [whole.clone()]);
    let key = |number: &dyn Fn(usize) -> u32| make(std::array::from_fn(|at| part(number(at)).into()));
    for inside in [key(&|at| ends(at).0), key(&|at| ends(at).1), key(&|at| ends(at).0 + 200)] {
        assert!(has(&mut firewall, &inside), "{}", inside.text());
    }
    for changed in 0..N {
        let below = key(&|at| ends(at).0 - u32::from(at == changed));
        let above = key(&|at| ends(at).1 + u32::from(at == changed));
        for outside in [below, above] {
            assert!(!has(&mut firewall, &outside), "{}", outside.text());
        }
    }
    let read = firewall.contents(TABLE, &SetOf::<R>::new("s")).unwrap();
    assert_eq!(read.texts().collect::<Vec<_>>(), [whole.text()]);
}

#[test]
fn runs_of_64_bytes() {
    need_namespaces!();
    // Turned and as they are.
    runs::<Sixteen<Interval<Mark>>, _, 16>(sixteen, Mark);
    runs::<Sixteen<Interval<Ipv4Addr>>, _, 16>(sixteen, Ipv4Addr::from);
    runs::<Four<Interval<Ipv6Addr>>, _, 4>(four, |number| Ipv6Addr::from(u128::from(number) << 64));
}

#[test]
fn values_of_64_bytes() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let marks = MapOf::<Port, Sixteen<Mark>>::new("marks");
    let addresses = MapOf::<Four<Ipv6Addr>, Four<Ipv6Addr>>::new("addresses");
    let v6 = |from: u128| four(std::array::from_fn(|at| Ipv6Addr::from(from << 64 | at as u128)));
    let numbers = |from: u32| sixteen(std::array::from_fn(|at| Mark(from + at as u32)));
    let mut transaction = edge();
    transaction.add_set_with(TABLE, &marks, [(Port(1), numbers(1)), (Port(2), numbers(100))]);
    transaction.add_set_with(TABLE, &addresses, [(v6(1), v6(2))]);
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    let read = firewall.contents(TABLE, &addresses).unwrap();
    assert_eq!(read.texts().collect::<Vec<_>>(), [format!("{} : {}", Key::text(&v6(1)), Key::text(&v6(2)))]);

    // What leads elsewhere, were it in the last part only, is sent again; what does not is not.
    let mut last = numbers(1);
    last.15 = Mark(0);
    let there = firewall.contents(TABLE, &marks).unwrap();
    for (value, changes) in [(numbers(1), 0), (last, 1)] {
        let wanted = marks.contents([(Port(1), value), (Port(2), numbers(100))]).unwrap();
        let change = there.changes_to(&wanted, Default::default());
        assert_eq!((change.deleted().len(), change.added().len()), (changes, changes));
    }
}

type Flow<A> = (
    A,
    Ipv4Addr,
    Port,
    Port,
    Protocol,
    Mark,
    Length,
    NfProto,
    InterfaceIndex,
    CtState,
    CtDirection,
    Mark,
    Ttl,
    Dscp,
    Ecn,
    Zone,
);

/// What the packet below has; the field of this number is another.
fn flow<A>(changed: usize, saddr: impl Fn(Ipv4Addr) -> A) -> Flow<A> {
    let of = |number: usize| number == changed;
    let by = |number: usize| u8::from(of(number));
    (
        saddr(Ipv4Addr::new(127, 0, 0, 1 + by(0))),
        Ipv4Addr::new(127, 0, 0, 2 + by(1)),
        Port(4000 + u16::from(by(2))),
        Port(53 + u16::from(by(3))),
        if of(4) { Protocol::TCP } else { Protocol::UDP },
        Mark(0x1234_0000 + u32::from(by(5))),
        Length(28 + u32::from(by(6))),
        if of(7) { NfProto::IPV6 } else { NfProto::IPV4 },
        InterfaceIndex(1 + u32::from(by(8))),
        if of(9) { CtState::ESTABLISHED } else { CtState::NEW },
        if of(10) { CtDirection::Reply } else { CtDirection::Original },
        Mark(u32::from(by(11))),
        Ttl(33 + by(12)),
        Dscp(8 + by(13)),
        if of(14) { Ecn::NotEct } else { Ecn::Ce },
        Zone(u16::from(by(15))),
    )
}

/// Sixteen fields are loaded into as many registers, and every one of them is compared.
#[test]
fn packets_are_told_by_sixteen_fields() {
    need_namespaces!();
    let packet = || {
        let packet = Packet::udp("127.0.0.1:4000", "127.0.0.2:53").ttl(33).tos(8 << 2 | 3);
        packet.mark(0x1234_0000)
    };
    let fields = || {
        use select::*;
        (
            Saddr,
            Daddr,
            Sport,
            Dport,
            L4Proto,
            Mark,
            Length,
            NfProto,
            Oif,
            CtState,
            CtDirection,
            CtMark,
            Ttl,
            IpDscp,
            IpEcn,
            CtZone,
        )
    };
    let place = (Family::Inet, "edge", "output");
    let with = |host: &Host, fill: &dyn Fn(&mut Transaction), rules: [Rule; 2]| {
        let mut transaction = edge();
        transaction.add_chain(TABLE, Chain::filter("output", Hook::Output));
        fill(&mut transaction);
        for (rule, name) in rules.into_iter().zip(["is", "is all but one"]) {
            transaction.add_rule(place, rule.counter().comment(name));
        }
        let mut firewall = open(host);
        firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
        firewall
    };
    let counts = |host: &Host, firewall: &mut Netfilter| {
        packet().send(host);
        ["is", "is all but one"].map(|name| counted(firewall, place, name))
    };

    let host = Host::new("server");
    let [is, near] = ["is", "near"].map(SetOf::<Flow<Ipv4Addr>>::new);
    let fill = |transaction: &mut Transaction| {
        transaction.add_set_with(TABLE, &is, [flow(16, |saddr| saddr)]);
        transaction.add_set_with(TABLE, &near, (0..16).map(|changed| flow(changed, |saddr| saddr)));
    };
    let rules = [&is, &near].map(|set| Rule::new().udp().in_set(fields(), set));
    let mut firewall = with(&host, &fill, rules);
    assert_eq!(counts(&host, &mut firewall), [1, 0], "single keys");

    // One run makes it a concatenation of intervals.
    let host = Host::new("server");
    let [is, near] = ["is", "near"].map(SetOf::<Flow<Interval<Ipv4Addr>>>::new);
    let fill = |transaction: &mut Transaction| {
        let run = |saddr: Ipv4Addr| Interval::new(saddr, Ipv4Addr::new(127, 0, 0, 9));
        transaction.add_set_with(TABLE, &is, [flow(16, run)]);
        transaction.add_set_with(TABLE, &near, (0..16).map(|changed| flow(changed, run)));
    };
    let rules = [&is, &near].map(|set| Rule::new().udp().in_set(fields(), set));
    let mut firewall = with(&host, &fill, rules);
    assert_eq!(counts(&host, &mut firewall), [1, 0], "runs");
}
