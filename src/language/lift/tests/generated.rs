//! Rules of arbitrary words, and arbitrary expressions.

use std::{net::Ipv4Addr, time::Duration};

use proptest::{prelude::*, sample::select};

use super::*;
use crate::{
    CtDirection, CtStatus, Log, Masquerade, NfLog, Queue, Quota, Redirect, Synproxy,
    expr::{AddressType, LogFlags, LogLevel},
    language::{
        Item, Matching,
        matches::{
            Dscp, Ecn, IcmpType, Icmpv6Type, Ipv6Header, MacAddr, PacketType, Rate, ReversePath, TcpFlags,
            TimeOfDay, Weekday, masked,
        },
        targets::{Duplicate, MarkOf, MergeMark},
    },
};

/// Numbers to make a word of.
pub(super) type Seed = (u8, u8, u32, u32, bool);

/// What a match compares with: one value, a range, a list, or the negation of one.
fn values<N: Copy + Ord, T>(
    (_, shape, a, b, negated): Seed,
    number: impl Fn(u32) -> N,
    make: impl Fn(N) -> T,
) -> Matching<T> {
    let (low, high) = (number(a.min(b)), number(a.max(b)));
    let (low, high) = if low < high { (low, high) } else { (high, low) };
    let one = |number| Item::One(make(number));
    let all = match shape % 4 {
        0 => Matching::any_of([one(low)]),
        1 if low < high => Matching::any_of([Item::Range(make(low), make(high))]),
        2 => Matching::any_of([one(low), one(high)]),
        _ => Matching::any_of([one(low), Item::Range(make(low), make(high))]),
    };
    if negated { not(all).into() } else { all }
}

/// How many words, or groups of them, there are.
pub(super) const WORDS: u8 = 67;

/// One word, or a few that go together.
pub(super) fn said(rule: Rule, seed: Seed) -> Rule {
    let (word, shape, a, b, negated) = seed;
    let narrow = |number: u32| u16::try_from(number % 65_535 + 1).unwrap();
    let byte = |number: u32| u8::try_from(number % 256).unwrap();
    let v4 = Ipv4Addr::from(a);
    let v6 = std::net::Ipv6Addr::from(u128::from(a) << 96 | u128::from(b));
    let net4 = format!("{v4}/{}", shape % 33);
    let net6 = format!("{v6}/{}", u32::from(shape) % 129);
    let day = |number: u32| Weekday::ALL[number as usize % 7];
    let second = |number: u32| number % 86_400;
    let time = |number: u32| TimeOfDay::new(byte(number / 3600), byte(number / 60 % 60), byte(number % 60));
    let op = [
        MarkOp::Set(a),
        MarkOp::And(a),
        MarkOp::Or(a),
        MarkOp::Xor(a),
        MarkOp::Masked { value: a, mask: b },
        MarkOp::Xmark { value: a, mask: b },
    ][usize::from(shape) % 6];
    match word % WORDS {
        0 => rule.iif(if negated { "eth+" } else { "lo" }),
        1 => rule.oif(not(["wan0", if negated { "ppp*" } else { "lo" }])),
        2 => rule.iif(a),
        3 => rule.saddr(net4.as_str()),
        4 => rule.daddr(not(net6.as_str())),
        5 => rule.saddr([net4.as_str(), "10.0.0.1", "10.9.0.0-10.9.0.7"]),
        6 => rule.daddr(values(seed, |a| a, |a| Ipv4Addr::from(a).into())),
        7 => rule.tcp().dport(values(seed, narrow, crate::language::matches::Port)),
        8 if shape % 2 == 0 => rule.tcp().sport(values(seed, narrow, crate::language::matches::Port)),
        8 => rule.udp().sport(values(seed, narrow, crate::language::matches::Port)),
        9 => rule.protocol([6, 17]).dport(narrow(a)),
        10 => rule.tcp(),
        11 => rule.ipv4(),
        12 => rule.ipv6(),
        13 => rule.icmp_type(IcmpType(byte(a))),
        14 => rule.icmpv6_type(values(seed, byte, Icmpv6Type)),
        15 if negated => rule.icmp_code(byte(a)),
        15 => rule.icmp().icmp_type(8).icmp_code(byte(a)),
        16 => rule.mark(values(seed, |a| a, crate::language::matches::Mark)),
        17 => rule.ct_mark(masked(a & b, b)),
        18 => rule.ct_state(CtState::from_bits_retain(a)),
        19 if negated => rule.ct_state_is(CtState::from_bits_retain(1 << (a % 32))),
        19 => rule.ct_status(not(CtStatus::from_bits_retain(b))),
        20 => rule.ct_direction(if negated { CtDirection::Original } else { CtDirection::Reply }),
        21 => rule.ct_original_daddr(net4.as_str()),
        22 => rule.ct_reply_saddr(not(net6.as_str())),
        23 => rule.ct_original_dport(narrow(a)),
        24 => rule.ct_bytes(values(seed, u64::from, crate::language::matches::Traffic)),
        25 => rule.ct_zone(narrow(a)),
        26 => rule.ct_expiration(values(seed, |a| a, |a| Duration::from_millis(a.into()))),
        27 => rule.ct_helper("ftp"),
        28 => rule.date(DateTime(a.into())..=DateTime(u64::from(a) + u64::from(b))),
        29 => rule.date(..=DateTime(a.into())),
        30 => rule.weekday(day(a)..=day(b)),
        31 => rule.time_of_day(values(seed, second, time)),
        32 => rule.time_of_day(time(second(a))..=time(second(b))),
        33 => rule.dscp(Dscp(byte(a) % 64)),
        34 => rule.ecn([Ecn::Ce, Ecn::Ect0]),
        35 => rule.tos(masked(byte(a & b), byte(b))),
        36 => rule.ether_saddr(MacAddr([byte(a), 2, 3, 4, 5, byte(b)])),
        37 => rule.fragment(),
        38 => rule.ipv6_header(not(Ipv6Header(byte(a)))),
        39 => rule.length(values(seed, |a| a, crate::language::matches::Length)),
        40 => rule.limit(Rate::per_minute(a.into()).burst(b)),
        41 => rule.nth(a, b),
        42 => rule.random(f64::from(byte(a)) / 255.0),
        43 => rule.skuid(values(seed, |a| a, crate::language::matches::Uid)),
        44 => rule.pkttype(not([PacketType::Multicast, PacketType::Broadcast])),
        45 => rule.say(ReversePath::new().loose()),
        46 => rule.socket_wildcard(negated),
        47 => rule.tcp_flags(TcpFlags::from_bits_retain(byte(a)), TcpFlags::from_bits_retain(byte(a & b))),
        48 => rule.tcp_option_mss(values(seed, narrow, crate::language::matches::MaxSegment)).tcp_option(8),
        49 => rule.ttl(byte(a)),
        50 => rule.hop_limit(not(byte(a)..=byte(a | b))),
        51 => rule.daddr_type([AddressType::Local, AddressType::Multicast]),
        52 => rule.connlimit_over(a).counter_from(a.into(), b.into()),
        53 => rule.set_mark(op).set_ct_mark(op),
        54 => rule.save_mark().say(MergeMark { of: MarkOf::Packet, clear: a, take: b }),
        55 => rule.set_dscp(byte(a) % 64).set_tos(byte(a), byte(b)).set_ttl(byte(b)),
        56 => rule.set_hop_limit(byte(a)).set_priority(narrow(a), narrow(b)).trace().notrack(),
        57 => {
            rule.log(Log::new().prefix("x").level(LogLevel::Info).flags(LogFlags::UID)).nflog(NfLog::group(3))
        }
        58 => rule.tcp().dnat(NatTo::from(v4).port(narrow(a)).random()),
        59 => rule.snat(net6.as_str()).duplicate(Duplicate::to(v4)),
        60 => rule.udp().masquerade_with(Masquerade::new().ports(1..=narrow(b)).random()).masquerade(),
        61 => {
            rule.tcp().redirect_to(Redirect::to(narrow(a))).tproxy(narrow(b)).synproxy(Synproxy::new().mss(9))
        }
        62 => {
            rule.clamp_mss(narrow(a)).queue(Queue::range(0..=narrow(b))).quota(Quota::over(a.into()).used(5))
        }
        63 => rule.tcp().dport(narrow(b)).sport(narrow(a)),
        64 => rule.ether_daddr(MacAddr([byte(b), 2, 3, 4, 5, byte(a)])),
        65 => rule.icmpv6_code(byte(b)).icmpv6_type(byte(a)),
        _ => match shape % 6 {
            0 => rule.reject(),
            1 => rule.reject_with(RejectWith::TcpReset),
            2 => rule.reject_with(RejectWith::Icmp(crate::expr::IcmpCode::from_number(byte(a)))),
            3 => rule.reject_with(RejectWith::Icmpv6(crate::expr::Icmp6Code::from_number(byte(a)))),
            4 => rule.clamp_mss_to_pmtu().save_secmark().last_used(),
            _ => rule.jump("other"),
        },
    }
}

fn families() -> impl Strategy<Value = Family> {
    select(vec![Family::Inet, Family::Ip, Family::Ip6, Family::Bridge, Family::Netdev])
}

/// Words that can stand behind each other.
fn rules() -> impl Strategy<Value = (Family, Rule)> {
    (families(), prop::collection::vec(any::<Seed>(), 1..8)).prop_map(|(family, seeds)| {
        let rule = seeds.into_iter().fold(Rule::new(), |rule, seed| {
            let longer = said(rule.clone(), seed);
            if longer.check(family).is_ok() { longer } else { rule }
        });
        (family, rule)
    })
}

/// Expressions of rules, in any order, some with other data.
fn expressions() -> impl Strategy<Value = (Family, Lowered)> {
    let places = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20);
    (rules(), places, any::<bool>()).prop_map(|((family, rule), places, keep)| {
        let mut lowered = rule.lower(family).unwrap();
        let all = lowered.expressions.clone();
        if !keep {
            lowered.expressions.clear();
        }
        for (place, change) in places.into_iter().filter(|_| !all.is_empty()) {
            let mut expression = all[place.index(all.len())].clone();
            match &mut expression {
                Expr::Cmp(cmp) if change % 2 == 0 => cmp.data = Data::new(&vec![change; cmp.data.len() % 5]),
                Expr::Meta(meta) if change % 3 == 0 => {
                    meta.key = MetaKey::from_number(u32::from(change) % 40);
                }
                Expr::Lookup(lookup) if change % 2 == 0 => lookup.set_id = Some(change.into()),
                Expr::Bitwise(bitwise) if change % 3 == 0 => bitwise.mask = Some(Data::new(&[change, 0])),
                _ => {}
            }
            let at = place.index(lowered.expressions.len() + 1);
            lowered.expressions.insert(at, expression);
        }
        for (set, element) in lowered.sets.iter_mut().zip([1u8, 7, 9]) {
            if keep {
                let count = set.elements.len().max(1);
                set.elements.rotate_left(usize::from(element) % count);
            }
        }
        (family, lowered)
    })
}

proptest! {
    #![proptest_config(crate::cases::cases(2000))]

    #[cfg(feature = "serde")]
    #[test]
    fn generated_words_survive_as_json((_, rule) in rules()) {
        crate::json::tests::survives(&rule);
    }

    #[test]
    fn generated_words_are_lifted((family, rule) in rules()) {
        all_words(&rule, family);
    }

    #[test]
    fn what_was_lifted_is_what_is_lifted((family, rule) in rules()) {
        let canonical = all_words(&rule, family);
        prop_assert_eq!(all_words(&canonical, family).body, canonical.body);
    }

    #[test]
    fn any_expressions_are_kept((family, lowered) in expressions()) {
        let read = as_expressions(&lowered);
        let again = read.lift(family, &lowered.sets).lower(family).unwrap();
        prop_assert!(same::but_for_sets(&again.expressions, &lowered.expressions));
        // What words look up is what the expressions did. (If there are such words, no expression has a number.)
        let sets = Sets { left: &again.sets, right: &lowered.sets };
        for (ours, theirs) in again.expressions.iter().zip(&lowered.expressions) {
            let by_word = matches!(ours, Expr::Lookup(lookup) if lookup.set_id.is_some());
            if by_word && !again.sets.is_empty() {
                prop_assert!(sets.same(std::slice::from_ref(ours), std::slice::from_ref(theirs)));
            }
        }
    }
}
