//! What the routing table says of a packet's addresses.

use portcullis::{
    Family, Hook,
    expr::AddressType,
    language::matches::{AddressTypeMatch, ReversePath, Side, Way},
    not,
};

use super::{Bench, IP, need_nft, rule};

#[test]
fn kinds_of_addresses() {
    need_nft!();
    use AddressType::{Broadcast, Local, Multicast};
    for bench in Bench::filters(IP) {
        for kind in AddressType::ALL {
            // nft has no words for what the kernel never answers.
            if !matches!(kind, AddressType::Throw | AddressType::Nat | AddressType::Xresolve) {
                bench.hold(rule().daddr_type(*kind), &format!("fib daddr type {kind}"));
            }
        }
        bench.hold_all([
            (rule().saddr_type(Local), "fib saddr type local"),
            (rule().saddr_type(not(Local)), "fib saddr type != local"),
            (
                rule().saddr_type([Broadcast, Multicast]).drop(),
                "fib saddr type { broadcast, multicast } drop",
            ),
            (rule().daddr_type([Local, Broadcast]), "fib daddr type { local, broadcast }"),
            (rule().daddr_type(not([Local, Broadcast])), "fib daddr type != { local, broadcast }"),
        ]);
    }
}

#[test]
fn kinds_on_an_interface() {
    need_nft!();
    let on = |side, way, types: portcullis::Matching<AddressType>| {
        rule().say(AddressTypeMatch { side, interface: Some(way), types })
    };
    let local = || AddressType::Local.into();
    let not_local = || not(AddressType::Local).into();
    for family in IP {
        let bench = Bench::filter_at(family, Hook::Prerouting);
        bench.hold(on(Side::Destination, Way::In, not_local()), "fib daddr . iif type != local");
        bench.hold(on(Side::Source, Way::In, local()), "fib saddr . iif type local");
        bench.hold(rule().daddr_type(AddressType::Local).jump("other"), "fib daddr type local jump other");
        let bench = Bench::filter_at(family, Hook::Postrouting);
        bench.hold(on(Side::Source, Way::Out, local()), "fib saddr . oif type local");
        bench.hold(on(Side::Destination, Way::Out, not_local()), "fib daddr . oif type != local");
    }
}

#[test]
fn reverse_paths() {
    need_nft!();
    let path = ReversePath::new;
    for family in IP {
        let bench = Bench::raw(family, Hook::Prerouting);
        bench.hold_all([
            (rule().reverse_path().accept(), "fib saddr . iif oif != 0 accept"),
            (rule().not_reverse_path().drop(), "fib saddr . iif oif 0 drop"),
            (rule().say(path().loose()), "fib saddr oif != 0"),
            (rule().say(path().loose().negated()), "fib saddr oif 0"),
            (rule().say(path().by_mark()), "fib saddr . mark . iif oif != 0"),
            (rule().say(path().by_mark().negated()), "fib saddr . mark . iif oif 0"),
            (rule().say(path().loose().by_mark()), "fib saddr . mark oif != 0"),
            (rule().iif("eth0").not_reverse_path().drop(), "iifname \"eth0\" fib saddr . iif oif 0 drop"),
        ]);
    }
}

#[test]
fn at_ingress() {
    need_nft!();
    let bench = Bench::filter(Family::Netdev);
    bench.hold(rule().daddr_type(AddressType::Local), "fib daddr type local");
    bench.hold(rule().not_reverse_path().drop(), "fib saddr . iif oif 0 drop");
}
