//! How often, how many, how much.

use portcullis::{
    CtState, Family,
    language::{matches::Rate, targets::Quota},
};

use super::{Bench, IP, need_nft, rule};

#[test]
fn rates() {
    need_nft!();
    let limit = |rate| rule().limit(rate);
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold_all([
            (limit(Rate::per_second(5)), "limit rate 5/second"),
            (limit(Rate::per_minute(5)), "limit rate 5/minute"),
            (limit(Rate::per_hour(5)), "limit rate 5/hour"),
            (limit(Rate::per_day(5)), "limit rate 5/day"),
            (limit(Rate::per_week(5)), "limit rate 5/week"),
            (limit(Rate::per_second(5)), "limit rate 5/second burst 5 packets"),
            (limit(Rate::per_second(5).burst(1)), "limit rate 5/second burst 1 packets"),
            (limit(Rate::per_minute(5).burst(10).over()), "limit rate over 5/minute burst 10 packets"),
            (limit(Rate::per_hour(5).over()).drop(), "limit rate over 5/hour drop"),
            (limit(Rate::bytes_per_second(1000)), "limit rate 1000 bytes/second"),
            (limit(Rate::bytes_per_second(5 << 10)), "limit rate 5 kbytes/second"),
            (limit(Rate::bytes_per_minute(5 << 20)), "limit rate 5 mbytes/minute"),
            (limit(Rate::bytes_per_hour(1 << 10)), "limit rate 1 kbytes/hour"),
            (limit(Rate::bytes_per_day(1 << 10)), "limit rate 1 kbytes/day"),
            (limit(Rate::bytes_per_week(1 << 10)), "limit rate 1 kbytes/week"),
            (
                limit(Rate::bytes_per_minute(5 << 20).burst(10 << 10).over()),
                "limit rate over 5 mbytes/minute burst 10 kbytes",
            ),
        ]);
    }
    let bench = Bench::filter(Family::Inet);
    bench.hold(
        rule().icmp_type(8).limit(Rate::per_second(1)).accept(),
        "icmp type echo-request limit rate 1/second accept",
    );
}

#[test]
fn connections() {
    need_nft!();
    for bench in Bench::filters(IP) {
        bench.hold(rule().connlimit(5).accept(), "ct count 5 accept");
        bench.hold(rule().connlimit_over(5).drop(), "ct count over 5 drop");
        bench.hold(
            rule().tcp().dport(22).ct_state(CtState::NEW).connlimit_over(3).reject(),
            "tcp dport 22 ct state new ct count over 3 reject",
        );
    }
}

#[test]
fn quotas() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold(rule().quota(Quota::until(1000)), "quota until 1000 bytes");
        bench.hold(rule().quota(Quota::until(1 << 20)).accept(), "quota 1 mbytes accept");
        bench.hold(rule().quota(Quota::over(25 << 20)).drop(), "quota over 25 mbytes drop");
        bench.hold(rule().quota(Quota::over(1000).used(500)), "quota over 1000 bytes used 500 bytes");
        bench.hold(rule().quota(Quota::until(5 << 10).used(2 << 10)), "quota until 5 kbytes used 2 kbytes");
    }
}

#[test]
fn counters() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold(rule().counter(), "counter");
        bench.hold(rule().counter_from(7, 900).accept(), "counter packets 7 bytes 900 accept");
        bench.hold(rule().counter().tcp().dport(22).counter(), "counter tcp dport 22 counter");
    }
}
