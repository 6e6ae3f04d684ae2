//! ICMP and ICMPv6.

use portcullis::{
    CtState, Family,
    expr::{Icmp6Code, IcmpCode},
    language::matches::{IcmpType, Icmpv6Type},
    not,
};

use super::{Bench, need_nft, rule};

const V4: [Family; 4] = [Family::Ip, Family::Inet, Family::Bridge, Family::Netdev];
const V6: [Family; 4] = [Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev];

/// In a bridge table nft tests the type in the Ethernet header, which is not IP's behind a VLAN tag, except for
/// addresses; ours is always the packet's protocol.
fn with_version(family: Family, version: &str, sentence: &str) -> String {
    if family == Family::Bridge && sentence.starts_with("icmp") {
        return format!("meta protocol {version} {sentence}");
    }
    sentence.to_owned()
}

#[test]
fn types_by_name() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    for kind in [
        IcmpType::ECHO_REPLY,
        IcmpType::DESTINATION_UNREACHABLE,
        IcmpType::SOURCE_QUENCH,
        IcmpType::REDIRECT,
        IcmpType::ECHO_REQUEST,
        IcmpType::ROUTER_ADVERTISEMENT,
        IcmpType::ROUTER_SOLICITATION,
        IcmpType::TIME_EXCEEDED,
        IcmpType::PARAMETER_PROBLEM,
        IcmpType::TIMESTAMP_REQUEST,
        IcmpType::TIMESTAMP_REPLY,
        IcmpType::INFO_REQUEST,
        IcmpType::INFO_REPLY,
        IcmpType::ADDRESS_MASK_REQUEST,
        IcmpType::ADDRESS_MASK_REPLY,
    ] {
        bench.hold(rule().icmp_type(kind), &format!("icmp type {kind}"));
    }
    for kind in [
        Icmpv6Type::DESTINATION_UNREACHABLE,
        Icmpv6Type::PACKET_TOO_BIG,
        Icmpv6Type::TIME_EXCEEDED,
        Icmpv6Type::PARAMETER_PROBLEM,
        Icmpv6Type::ECHO_REQUEST,
        Icmpv6Type::ECHO_REPLY,
        Icmpv6Type::MLD_LISTENER_QUERY,
        Icmpv6Type::MLD_LISTENER_REPORT,
        Icmpv6Type::MLD_LISTENER_DONE,
        Icmpv6Type::ROUTER_SOLICITATION,
        Icmpv6Type::ROUTER_ADVERTISEMENT,
        Icmpv6Type::NEIGHBOUR_SOLICITATION,
        Icmpv6Type::NEIGHBOUR_ADVERTISEMENT,
        Icmpv6Type::REDIRECT,
        Icmpv6Type::ROUTER_RENUMBERING,
        Icmpv6Type::MLD2_LISTENER_REPORT,
    ] {
        bench.hold(rule().icmpv6_type(kind), &format!("icmpv6 type {kind}"));
    }
}

#[test]
fn codes_by_name() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    for code in IcmpCode::ALL {
        bench.hold(rule().icmp_code(*code), &format!("icmp code {code}"));
    }
    for code in Icmp6Code::ALL {
        bench.hold(rule().icmpv6_code(*code), &format!("icmpv6 code {code}"));
    }
}

#[test]
fn icmp() {
    need_nft!();
    for family in V4 {
        let bench = Bench::filter(family);
        let hold = |rule, sentence: &str| bench.hold(rule, &with_version(family, "ip", sentence));
        for (rule, sentence) in [
            (rule().icmp(), "meta l4proto icmp"),
            (rule().icmp_type(IcmpType::ECHO_REQUEST).accept(), "icmp type echo-request accept"),
            (rule().icmp_type(not(8)), "icmp type != 8"),
            (rule().icmp_type(5..=9), "icmp type 5-9"),
            (rule().icmp_type(not(5..=9)), "icmp type != 5-9"),
            (rule().icmp_type([0, 8]), "icmp type { 0, 8 }"),
            (rule().icmp_type(not([1..=1, 5..=9])), "icmp type != { 1, 5-9 }"),
            (rule().icmp_code(not(1..=3)), "icmp code != 1-3"),
            (rule().icmp_code([1, 13]), "icmp code { 1, 13 }"),
            (rule().icmp_type(3..=4).icmp_code([1, 2]), "icmp type 3-4 icmp code { 1, 2 }"),
            (rule().icmp_type(not(3)).icmp_code(3), "icmp type != 3 icmp code 3"),
            (rule().icmp().icmp_type(8), "meta l4proto icmp icmp type 8"),
            (rule().saddr("10.0.0.1").icmp_type(8), "ip saddr 10.0.0.1 icmp type 8"),
            (rule().icmp_type(8).saddr("10.0.0.1"), "icmp type 8 ip saddr 10.0.0.1"),
            (rule().icmp().saddr("10.0.0.1").icmp_type(8), "meta l4proto icmp ip saddr 10.0.0.1 icmp type 8"),
            (rule().icmp().icmp_type(8).saddr("10.0.0.1"), "meta l4proto icmp icmp type 8 ip saddr 10.0.0.1"),
        ] {
            hold(rule, sentence);
        }
    }
    let bench = Bench::filter(Family::Inet);
    bench.hold_all([
        (rule().ipv4().icmp().icmp_type(8), "meta nfproto ipv4 meta l4proto icmp icmp type 8"),
        (rule().ipv4().icmp_type(8), "meta nfproto ipv4 icmp type 8"),
        (rule().ct_state(CtState::NEW).icmp_type(8).accept(), "ct state new icmp type 8 accept"),
    ]);
}

#[test]
fn icmpv6() {
    need_nft!();
    for family in V6 {
        let bench = Bench::filter(family);
        let hold = |rule, sentence: &str| bench.hold(rule, &with_version(family, "ip6", sentence));
        for (rule, sentence) in [
            (rule().icmpv6(), "meta l4proto ipv6-icmp"),
            (rule().icmpv6_type(Icmpv6Type::ECHO_REQUEST).accept(), "icmpv6 type echo-request accept"),
            (rule().icmpv6_type(not(128)), "icmpv6 type != 128"),
            (rule().icmpv6_type(133..=137), "icmpv6 type 133-137"),
            (rule().icmpv6_type(not(133..=137)), "icmpv6 type != 133-137"),
            (
                rule().icmpv6_type([Icmpv6Type::NEIGHBOUR_SOLICITATION, Icmpv6Type::NEIGHBOUR_ADVERTISEMENT]),
                "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }",
            ),
            (rule().icmpv6_type(not([1..=1, 5..=9])), "icmpv6 type != { 1, 5-9 }"),
            (rule().icmpv6_code(not(1..=3)), "icmpv6 code != 1-3"),
            (rule().icmpv6_code([1, 4]), "icmpv6 code { 1, 4 }"),
            (rule().icmpv6_type(3..=4).icmpv6_code([1, 2]), "icmpv6 type 3-4 icmpv6 code { 1, 2 }"),
            (rule().icmpv6().icmpv6_type(128), "meta l4proto ipv6-icmp icmpv6 type 128"),
            (rule().saddr("fe80::/10").icmpv6_type(135), "ip6 saddr fe80::/10 icmpv6 type 135"),
            (rule().icmpv6_type(135).saddr("fe80::/10"), "icmpv6 type 135 ip6 saddr fe80::/10"),
            (rule().icmpv6_type(135).hop_limit(not(255)).drop(), "icmpv6 type 135 ip6 hoplimit != 255 drop"),
        ] {
            hold(rule, sentence);
        }
    }
    let bench = Bench::filter(Family::Inet);
    bench.hold(rule().ipv6().icmpv6_type(128), "meta nfproto ipv6 icmpv6 type 128");
}
