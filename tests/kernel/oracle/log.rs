//! Logs, queues, traces: telling others.

use portcullis::{
    CtState, Family, Hook,
    expr::{LogFlags, LogLevel},
    language::targets::{Log, NfLog, Queue},
};

use super::{Bench, IP, need_nft, rule};

#[test]
fn the_kernels_log() {
    need_nft!();
    let each = [
        (LogFlags::TCP_SEQUENCE, "tcp sequence"),
        (LogFlags::TCP_OPTIONS, "tcp options"),
        (LogFlags::TCP_SEQUENCE | LogFlags::TCP_OPTIONS, "tcp sequence,options"),
        (LogFlags::IP_OPTIONS, "ip options"),
        (LogFlags::UID, "skuid"),
        (LogFlags::MAC, "ether"),
    ];
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold(rule().log(Log::new()), "log");
        bench.hold(rule().log("x: "), "log prefix \"x: \"");
        let longest = "y".repeat(127);
        bench.hold(rule().log(longest.as_str()), &format!("log prefix \"{longest}\""));
        for level in LogLevel::ALL {
            bench.hold(rule().log(Log::new().level(*level)), &format!("log level {level}"));
        }
        for (flags, words) in each {
            bench.hold(rule().log(Log::new().flags(flags)), &format!("log flags {words}"));
        }
        bench.hold_all([
            (rule().log(Log::new().flags(LogFlags::all())), "log flags all"),
            (
                rule().log(Log::new().flags(LogFlags::IP_OPTIONS | LogFlags::UID)),
                "log flags ip options flags skuid",
            ),
            (
                rule().log(Log::from("in: ").level(LogLevel::Debug).flags(LogFlags::all())).drop(),
                "log prefix \"in: \" level debug flags all drop",
            ),
            (
                rule()
                    .tcp()
                    .dport(22)
                    .ct_state(CtState::NEW)
                    .log(Log::from("ssh ").level(LogLevel::Info))
                    .accept(),
                "tcp dport 22 ct state new log prefix \"ssh \" level info accept",
            ),
        ]);
    }
}

#[test]
fn log_groups() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold_all([
            (rule().nflog(5), "log group 5"),
            (rule().nflog(0), "log group 0"),
            (rule().nflog(u16::MAX), "log group 65535"),
            (rule().nflog(NfLog::group(5).prefix("p")), "log prefix \"p\" group 5"),
            (rule().nflog(NfLog::group(5).snaplen(64)), "log group 5 snaplen 64"),
            (rule().nflog(NfLog::group(5).threshold(10)), "log group 5 queue-threshold 10"),
            (
                rule().nflog(NfLog::group(5).prefix("p").snaplen(64).threshold(10)).drop(),
                "log prefix \"p\" group 5 snaplen 64 queue-threshold 10 drop",
            ),
        ]);
    }
}

#[test]
fn queues() {
    need_nft!();
    for bench in Bench::filters(IP) {
        bench.hold_all([
            (rule().queue(3), "queue to 3"),
            (rule().queue(0), "queue to 0"),
            (rule().queue(u16::MAX), "queue to 65535"),
            (rule().queue(Queue::number(2).bypass()), "queue flags bypass to 2"),
            (rule().queue(0..=3), "queue to 0-3"),
            (rule().queue(Queue::range(0..=3).fanout()), "queue flags fanout to 0-3"),
            (rule().queue(Queue::range(0..=3).bypass().fanout()), "queue flags bypass,fanout to 0-3"),
            (rule().tcp().dport(80).queue(1), "tcp dport 80 queue to 1"),
        ]);
    }
}

#[test]
fn traces() {
    need_nft!();
    for family in IP {
        for hook in [Hook::Prerouting, Hook::Output] {
            let bench = Bench::raw(family, hook);
            bench.hold(rule().trace(), "meta nftrace set 1");
            bench.hold(rule().tcp().dport(22).trace(), "tcp dport 22 meta nftrace set 1");
        }
    }
}
