//! Golden texts: what nft 1.0.6 printed for elements of sets of each type (`nft add set … { type T; elements = … }`,
//! `nft list ruleset`).

use super::*;
use crate::render::nft::names::Names;

fn value(kind: Datatype, bytes: &[u8]) -> String {
    kind.value(bytes, Names::default())
}

fn host(kind: Datatype, number: u32) -> String {
    value(kind, &number.to_ne_bytes())
}

#[test]
fn numbers_and_types_are_inverse() {
    for kind in Datatype::ALL {
        assert_eq!(Datatype::by_number(kind.number()), *kind);
    }
    assert_eq!(Datatype::ALL.len(), 46);
    assert_eq!(Datatype::by_number(60), Datatype::Other(60));
}

#[test]
fn concatenations_have_their_parts_in_order() {
    assert_eq!(parts(7 << 6 | 13), [Datatype::Ipv4Addr, Datatype::InetService]);
    assert_eq!(parts(7 << 12 | 13 << 6 | 41), [Datatype::Ipv4Addr, Datatype::InetService, Datatype::IfName]);
    assert_eq!(parts(19), [Datatype::Mark]);
    assert_eq!(parts(0), []);
}

#[test]
fn packet_fields_are_said() {
    for (kind, bytes, expected) in [
        (Datatype::Ipv4Addr, &[10, 0, 0, 1][..], "10.0.0.1"),
        (Datatype::Ipv6Addr, &[0; 16], "::"),
        (Datatype::Ipv6Addr, &[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "fe80::1"),
        (Datatype::Ipv6Addr, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], "::1.2.3.4"),
        (Datatype::Ipv6Addr, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4], "::ffff:1.2.3.4"),
        (Datatype::EtherAddr, &[0, 0x11, 0x22, 0x33, 0x44, 0x55], "00:11:22:33:44:55"),
        (Datatype::EtherType, &[8, 0], "ip"),
        (Datatype::EtherType, &[0x81, 0], "8021q"),
        (Datatype::EtherType, &[0x12, 0x34], "0x1234"),
        (Datatype::ArpOp, &[0, 1], "request"),
        (Datatype::ArpOp, &[0, 99], "99"),
        (Datatype::InetProto, &[6], "tcp"),
        (Datatype::InetProto, &[99], "99"),
        (Datatype::InetService, &[0, 22], "22"),
        (Datatype::IcmpType, &[8], "echo-request"),
        (Datatype::Icmpv6Type, &[135], "nd-neighbor-solicit"),
        (Datatype::TcpFlag, &[0x12], "syn | ack"),
        (Datatype::TcpFlag, &[0], "0x0"),
        (Datatype::MhType, &[3], "home-test"),
        (Datatype::MhType, &[77], "77"),
        (Datatype::Dscp, &[8], "cs1"),
        (Datatype::Dscp, &[0x3f], "0x3f"),
        (Datatype::Ecn, &[3], "ce"),
        (Datatype::IgmpType, &[17], "membership-query"),
        (Datatype::Integer, &[1, 0], "256"),
        (Datatype::Hex, &[0, 0, 0, 0x14], "0x14"),
        (Datatype::Other(60), &[0, 1, 2], "0x102"),
    ] {
        assert_eq!(value(kind, bytes), expected, "{kind:?}");
    }
}

#[test]
fn what_the_kernel_knows_is_said() {
    for (kind, number, expected) in [
        (Datatype::Mark, 0x100, "0x00000100"),
        (Datatype::IfIndex, 17, "17"),
        (Datatype::Realm, 0, "\"cosmos\""),
        (Datatype::Realm, 2, "2"),
        (Datatype::DevGroup, 0, "\"default\""),
        (Datatype::DevGroup, 2, "2"),
        (Datatype::ClassId, 0, "none"),
        (Datatype::ClassId, 0x10_0010, "10:10"),
        (Datatype::ClassId, u32::MAX, "root"),
        (Datatype::Uid, 99, "99"),
        (Datatype::CtState, 8, "new"),
        (Datatype::CtState, 6, "established | related"),
        (Datatype::CtState, 0x10, "0x10"),
        (Datatype::CtStatus, 0x14, "assured | snat"),
        (Datatype::FibAddrType, 2, "local"),
        (Datatype::FibAddrType, 77, "77"),
        (Datatype::Time, 100, "100ms"),
        (Datatype::Time, 90_061_001, "1d1h1m1s1ms"),
        (Datatype::TimeHour, 3 * 3_600 + 4 * 60, "\"03:04\""),
        (Datatype::TimeHour, 3 * 3_600 + 5, "\"03:00:05\""),
        (Datatype::HostInteger, 70_000, "70000"),
    ] {
        assert_eq!(host(kind, number), expected, "{kind:?}");
    }
    assert_eq!(value(Datatype::ArpHrd, &772u16.to_ne_bytes()), "loopback");
    assert_eq!(value(Datatype::PacketType, &[3]), "other");
    assert_eq!(value(Datatype::TimeDay, &[1]), "\"Monday\"");
    assert_eq!(value(Datatype::Boolean, &[1]), "exists");
    // 2020-01-02 03:04:05 and a leap day.
    let date = |seconds: u64| value(Datatype::TimeDate, &(seconds * 1_000_000_000).to_ne_bytes());
    assert_eq!(date(1_577_934_245), "\"2020-01-02 03:04:05\"");
    assert_eq!(date(951_782_400), "\"2000-02-29 00:00:00\"");
    assert_eq!(date(0), "\"1970-01-01 00:00:00\"");
    let mut label = [0; 16];
    let at = if cfg!(target_endian = "little") { 12 } else { 3 };
    label[at] = 0x10;
    assert_eq!(value(Datatype::CtLabel, &label), "100");
}

#[test]
fn interfaces_have_names_and_beginnings() {
    let name = |text: &str| crate::object::InterfaceName::from(text).data();
    assert_eq!(value(Datatype::IfName, name("lo").as_bytes()), "\"lo\"");
    assert_eq!(value(Datatype::IfName, name("eth*").as_bytes()), "\"eth*\"");
    let star = crate::object::InterfaceName::exact("veth*").data();
    assert_eq!(value(Datatype::IfName, star.as_bytes()), "\"veth\\*\"");
    let interfaces = [(17, "eth0".to_owned())];
    let names = Names { interfaces: &interfaces, ..Names::default() };
    assert_eq!(Datatype::IfIndex.value(&17u32.to_ne_bytes(), names), "\"eth0\"");
}

#[test]
fn lists_have_commas() {
    let state = 6u32.to_ne_bytes();
    assert_eq!(Datatype::CtState.list(&state, Names::default()), "established,related");
    assert_eq!(Datatype::Ipv4Addr.list(&[1, 2, 3, 4], Names::default()), "1.2.3.4");
}

#[test]
fn clocks_may_be_ahead() {
    let names = Names { utc_offset: 3_600, ..Names::default() };
    assert_eq!(Datatype::TimeHour.value(&(23 * 3_600u32).to_ne_bytes(), names), "\"00:00\"");
    let names = Names { utc_offset: -3_600, ..Names::default() };
    assert_eq!(Datatype::TimeHour.value(&0u32.to_ne_bytes(), names), "\"23:00\"");
}

#[test]
fn ranges_are_prefixes_where_nft_prefers_that() {
    let range = |kind: Datatype, first: &[u8], last: &[u8]| kind.range(first, last, Names::default());
    let mark = |number: u32| number.to_ne_bytes();
    for (kind, first, last, expected) in [
        (Datatype::Ipv4Addr, &[10, 0, 0, 0][..], &[10, 255, 255, 255][..], "10.0.0.0/8"),
        (Datatype::Ipv4Addr, &[1, 2, 3, 4], &[1, 2, 3, 9], "1.2.3.4-1.2.3.9"),
        (Datatype::Ipv4Addr, &[1, 2, 3, 4], &[1, 2, 3, 4], "1.2.3.4"),
        (Datatype::Ipv4Addr, &[0; 4], &[255; 4], "0.0.0.0/0"),
        (Datatype::Mark, &mark(0x100), &mark(0x1ff), "0x00000100/24"),
        (Datatype::Mark, &mark(1), &mark(5), "0x00000001-0x00000005"),
        (Datatype::InetService, &[0, 80], &[0, 95], "80-95"),
        (Datatype::EtherType, &[8, 0], &[8, 6], "0x0800-0x0806"),
    ] {
        assert_eq!(range(kind, first, last), expected);
    }
}
