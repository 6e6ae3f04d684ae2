//! What connection tracking knows of a packet's connection.

use std::time::Duration;

use portcullis::{
    CtDirection, CtState, CtStatus, Family, Hook, Matching, Protocol,
    language::matches::{CtTrafficMatch, TrafficKind, masked},
    not,
};

use super::{Bench, IP, need_nft, rule};

#[test]
fn states() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge]) {
        bench.hold(rule().ct_state(CtState::NEW), "ct state new");
        bench.hold(rule().ct_state(CtState::INVALID).drop(), "ct state invalid drop");
        bench.hold(rule().ct_state(CtState::UNTRACKED), "ct state untracked");
        bench.hold(rule().ct_state([CtState::NEW, CtState::INVALID]), "ct state new,invalid");
        bench.hold(rule().ct_state(not([CtState::NEW, CtState::RELATED])), "ct state ! new,related");
        bench
            .hold(rule().tcp().dport(22).ct_state(CtState::NEW).accept(), "tcp dport 22 ct state new accept");
    }
}

#[test]
fn one_state_without_a_mask() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge]) {
        for (state, word) in [
            (CtState::NEW, "new"),
            (CtState::ESTABLISHED, "established"),
            (CtState::RELATED, "related"),
            (CtState::INVALID, "invalid"),
            (CtState::UNTRACKED, "untracked"),
        ] {
            bench.hold(rule().ct_state_is(state), &format!("ct state == {word}"));
            bench.hold(rule().ct_state_is(not(state)), &format!("ct state != {word}"));
        }
        bench.hold(
            rule().tcp().dport(22).ct_state_is(CtState::NEW).counter().accept(),
            "tcp dport 22 ct state == new counter packets 0 bytes 0 accept",
        );
    }
}

#[test]
fn status() {
    need_nft!();
    for bench in Bench::filters(IP) {
        for (status, word) in [
            (CtStatus::EXPECTED, "expected"),
            (CtStatus::SEEN_REPLY, "seen-reply"),
            (CtStatus::ASSURED, "assured"),
            (CtStatus::CONFIRMED, "confirmed"),
            (CtStatus::SNAT, "snat"),
            (CtStatus::DNAT, "dnat"),
            (CtStatus::DYING, "dying"),
        ] {
            bench.hold(rule().ct_status(status), &format!("ct status {word}"));
        }
        bench.hold(rule().ct_status(CtStatus::SNAT | CtStatus::DNAT), "ct status snat,dnat");
        bench.hold(rule().ct_status([CtStatus::SNAT, CtStatus::DNAT]), "ct status snat,dnat");
        bench.hold(rule().ct_status(not(CtStatus::DNAT)), "ct status ! dnat");
        bench.hold(rule().ct_status(not(CtStatus::SNAT | CtStatus::DNAT)), "ct status ! snat,dnat");
        bench.hold(
            rule().ct_state(CtState::NEW).ct_status(CtStatus::DNAT).accept(),
            "ct state new ct status dnat accept",
        );
    }
}

#[test]
fn directions_and_zones() {
    need_nft!();
    for bench in Bench::filters(IP) {
        bench.hold(rule().ct_direction(CtDirection::Original), "ct direction original");
        bench.hold(rule().ct_direction(CtDirection::Reply), "ct direction reply");
        bench.hold(rule().ct_direction(not(CtDirection::Reply)), "ct direction != reply");
        bench.hold(
            rule().ct_direction([CtDirection::Original, CtDirection::Reply]),
            "ct direction { original, reply }",
        );
        bench.hold(rule().ct_zone(5), "ct zone 5");
        bench.hold(rule().ct_zone(not(5)), "ct zone != 5");
        bench.hold(rule().ct_zone(5..=9), "ct zone 5-9");
        bench.hold(rule().ct_zone(not(5..=9)), "ct zone != 5-9");
        bench.hold(rule().ct_zone([5, 9]), "ct zone { 5, 9 }");
        bench.hold(rule().ct_zone(not([5, 9])), "ct zone != { 5, 9 }");
        bench.hold(rule().ct_zone([5..=9, 300..=400]), "ct zone { 5-9, 300-400 }");
    }
}

#[test]
fn expirations() {
    need_nft!();
    let seconds = Duration::from_secs;
    for bench in Bench::filters(IP) {
        bench.hold(rule().ct_expiration(seconds(30)), "ct expiration 30s");
        bench.hold(rule().ct_expiration(seconds(90_061)), "ct expiration 1d1h1m1s");
        bench.hold(rule().ct_expiration(not(seconds(30))), "ct expiration != 30s");
        bench.hold(rule().ct_expiration(seconds(10)..=seconds(60)), "ct expiration 10s-1m");
        bench.hold(rule().ct_expiration(not(seconds(10)..=seconds(60))), "ct expiration != 10s-1m");
        bench.hold(rule().ct_expiration([seconds(10), seconds(20)]), "ct expiration { 10s, 20s }");
        bench.hold(rule().ct_expiration(not([seconds(10), seconds(20)])), "ct expiration != { 10s, 20s }");
        bench.hold(
            rule().ct_expiration([seconds(10)..=seconds(20), seconds(60)..=seconds(3600)]),
            "ct expiration { 10s-20s, 1m-1h }",
        );
    }
}

#[test]
fn helpers() {
    need_nft!();
    for bench in Bench::filters(IP) {
        bench.hold(rule().ct_helper("ftp"), "ct helper \"ftp\"");
        bench.hold(rule().ct_helper(not("ftp")), "ct helper != \"ftp\"");
        bench.hold(rule().ct_helper("netbios-ns"), "ct helper \"netbios-ns\"");
        bench.hold(rule().ct_helper(["ftp", "sip"]), "ct helper { \"ftp\", \"sip\" }");
        bench.hold(rule().ct_helper(not(["sip", "ftp"])), "ct helper != { \"ftp\", \"sip\" }");
        bench.hold(
            rule().ct_state(CtState::RELATED).ct_helper("ftp").accept(),
            "ct state related ct helper \"ftp\" accept",
        );
    }
}

#[test]
fn marks() {
    need_nft!();
    for bench in Bench::filters(IP) {
        bench.hold(rule().ct_mark(0x10), "ct mark 0x10");
        bench.hold(rule().ct_mark(0), "ct mark 0");
        bench.hold(rule().ct_mark(not(0x10)), "ct mark != 0x10");
        bench.hold(rule().ct_mark(16..=32), "ct mark 16-32");
        bench.hold(rule().ct_mark(not(16..=32)), "ct mark != 16-32");
        bench.hold(rule().ct_mark([1, 2]), "ct mark { 1, 2 }");
        bench.hold(rule().ct_mark(not([1..=1, 5..=9])), "ct mark != { 1, 5-9 }");
        bench.hold(rule().ct_mark(masked(0x10, 0xff)), "ct mark & 0xff == 0x10");
        bench.hold(rule().ct_mark(not(masked(0x10, 0xff))), "ct mark & 0xff != 0x10");
        bench.hold(rule().ct_mark(masked(0, 0xff00)), "ct mark & 0xff00 == 0");
        bench.hold(rule().ct_mark(1).mark(2), "ct mark 1 meta mark 2");
    }
}

#[test]
fn traffic() {
    need_nft!();
    let average =
        |direction| CtTrafficMatch { kind: TrafficKind::AveragePacket, direction, traffic: 5.into() };
    let bytes = |direction| CtTrafficMatch {
        kind: TrafficKind::Bytes,
        direction: Some(direction),
        traffic: (100..=200).into(),
    };
    for bench in Bench::filters(IP) {
        bench.hold(rule().ct_bytes(100), "ct bytes 100");
        bench.hold(rule().ct_bytes(not(100)), "ct bytes != 100");
        bench.hold(rule().ct_bytes(100..=200), "ct bytes 100-200");
        bench.hold(rule().ct_bytes(not(100..=200)), "ct bytes != 100-200");
        bench.hold(rule().ct_bytes(1 << 40), "ct bytes 1099511627776");
        bench.hold(rule().ct_packets([1, 2]), "ct packets { 1, 2 }");
        bench.hold(rule().ct_packets(not([1..=10, 20..=30])), "ct packets != { 1-10, 20-30 }");
        bench.hold(rule().say(average(None)), "ct avgpkt 5");
        bench.hold(rule().say(average(Some(CtDirection::Reply))), "ct reply avgpkt 5");
        bench.hold(rule().say(bytes(CtDirection::Original)), "ct original bytes 100-200");
        bench.hold(rule().say(bytes(CtDirection::Reply)), "ct reply bytes 100-200");
    }
}

#[test]
fn addresses() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Inet]) {
        bench.hold_all([
            (rule().ct_original_saddr("10.0.0.1"), "ct original ip saddr 10.0.0.1"),
            (rule().ct_original_daddr("10.0.0.1"), "ct original ip daddr 10.0.0.1"),
            (rule().ct_reply_saddr("10.0.0.1"), "ct reply ip saddr 10.0.0.1"),
            (rule().ct_reply_daddr("10.0.0.1"), "ct reply ip daddr 10.0.0.1"),
            (rule().ct_original_saddr(not("10.0.0.1")), "ct original ip saddr != 10.0.0.1"),
            (rule().ct_original_saddr(not("10.0.0.0/24")), "ct original ip saddr != 10.0.0.0/24"),
            (rule().ct_original_daddr("10.0.0.0/20"), "ct original ip daddr 10.0.0.0/20"),
            (rule().ct_original_daddr(not("10.0.0.0/20")), "ct original ip daddr != 10.0.0.0/20"),
            (rule().ct_reply_daddr("10.0.0.1-10.0.0.9"), "ct reply ip daddr 10.0.0.1-10.0.0.9"),
            (rule().ct_reply_daddr(not("10.0.0.1-10.0.0.9")), "ct reply ip daddr != 10.0.0.1-10.0.0.9"),
            (rule().ct_reply_saddr(["10.0.0.1", "10.0.0.9"]), "ct reply ip saddr { 10.0.0.1, 10.0.0.9 }"),
            (
                rule().ct_reply_saddr(not(["10.0.0.1", "10.0.0.9"])),
                "ct reply ip saddr != { 10.0.0.1, 10.0.0.9 }",
            ),
            (
                rule().ct_original_saddr(["10.0.0.0/24", "10.1.0.1"]),
                "ct original ip saddr { 10.0.0.0/24, 10.1.0.1 }",
            ),
            (
                rule().saddr("10.0.0.2").ct_original_saddr("10.0.0.1"),
                "ip saddr 10.0.0.2 ct original ip saddr 10.0.0.1",
            ),
            (
                rule().ct_original_saddr("10.0.0.1").saddr("10.0.0.2"),
                "ct original ip saddr 10.0.0.1 ip saddr 10.0.0.2",
            ),
        ]);
    }
    for bench in Bench::filters([Family::Ip6, Family::Inet]) {
        bench.hold_all([
            (rule().ct_original_saddr("fd00::1"), "ct original ip6 saddr fd00::1"),
            (rule().ct_original_daddr(not("fd00::1")), "ct original ip6 daddr != fd00::1"),
            (rule().ct_reply_saddr("fd00::/64"), "ct reply ip6 saddr fd00::/64"),
            (rule().ct_reply_daddr("fd00::/62"), "ct reply ip6 daddr fd00::/62"),
            (rule().ct_reply_daddr("fd00::1-fd00::9"), "ct reply ip6 daddr fd00::1-fd00::9"),
            (rule().ct_reply_daddr(["fd00::1", "fd00::9"]), "ct reply ip6 daddr { fd00::1, fd00::9 }"),
            (
                rule().saddr("fd00::2").ct_original_saddr("fd00::1"),
                "ip6 saddr fd00::2 ct original ip6 saddr fd00::1",
            ),
        ]);
    }
}

#[test]
fn ports() {
    need_nft!();
    let tcp = || rule().tcp();
    for bench in Bench::filters(IP) {
        bench.hold_all([
            (tcp().ct_original_dport(22), "meta l4proto tcp ct original proto-dst 22"),
            (tcp().ct_original_sport(not(22..=25)), "meta l4proto tcp ct original proto-src != 22-25"),
            (tcp().ct_reply_dport(22..=25), "meta l4proto tcp ct reply proto-dst 22-25"),
            (rule().udp().ct_original_dport(not(53)), "meta l4proto udp ct original proto-dst != 53"),
            (tcp().dport(22).ct_original_dport(2222), "tcp dport 22 ct original proto-dst 2222"),
            (
                rule().protocol([Protocol::TCP, Protocol::UDP]).ct_original_dport(53),
                "meta l4proto { tcp, udp } ct original proto-dst 53",
            ),
        ]);
        // The bytecode is the same; nft 1.0.6 does not tell its set that it is one of ports, and so lists its own as
        // `{ 0x16 [invalid type], 0x50 [invalid type] }`.
        for (ports, words) in [
            (Matching::from([22, 80]), "{ 22, 80 }"),
            (not(Matching::from(22).or(80..=90)).into(), "!= { 22, 80-90 }"),
        ] {
            let sentence = format!("meta l4proto tcp ct reply proto-src {words}");
            bench.hold_bytecode(tcp().ct_reply_sport(ports.clone()), &sentence);
            bench.shown_as(tcp().ct_reply_sport(ports), &sentence);
        }
        // nft wants to know the protocol, to print the port.
        bench.shown_as(rule().ct_original_dport(443), "ct original proto-dst 0x1bb [invalid type]");
    }
}

#[test]
fn at_other_hooks() {
    need_nft!();
    for hook in [Hook::Prerouting, Hook::Forward, Hook::Output, Hook::Postrouting] {
        let bench = Bench::filter_at(Family::Inet, hook);
        bench.hold(rule().ct_state(not(CtState::NEW)).accept(), "ct state ! new accept");
        bench.hold(rule().ct_state_is(not(CtState::NEW)).accept(), "ct state != new accept");
        bench.hold(rule().ct_status(CtStatus::DNAT).accept(), "ct status dnat accept");
        bench.hold(
            rule().tcp().ct_original_dport(443).accept(),
            "meta l4proto tcp ct original proto-dst 443 accept",
        );
    }
}
