//! TCP's flags and options, and ports beside other words.

use portcullis::{
    CtState, Family, Protocol,
    language::matches::{TcpFlags, TcpOption},
    not,
};

use super::{Bench, IP, need_nft, rule};

const FIN: TcpFlags = TcpFlags::FIN;
const SYN: TcpFlags = TcpFlags::SYN;
const ACK: TcpFlags = TcpFlags::ACK;

#[test]
fn flags() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold_all([
            (rule().tcp_syn(), "tcp flags syn / fin,syn,rst,ack"),
            (rule().not_tcp_syn().drop(), "tcp flags != syn / fin,syn,rst,ack drop"),
            (rule().tcp_flags(SYN | ACK, SYN), "tcp flags & (syn|ack) == syn"),
            (rule().tcp_flags(SYN | ACK, not(SYN)), "tcp flags & (syn|ack) != syn"),
            (rule().tcp_flags(FIN | SYN, FIN | SYN), "tcp flags & (fin|syn) == (fin|syn)"),
            (
                rule().tcp_flags(TcpFlags::SIX, TcpFlags::empty()),
                "tcp flags & (fin|syn|rst|psh|ack|urg) == 0",
            ),
            (
                rule().tcp_flags(TcpFlags::SIX, TcpFlags::SIX),
                "tcp flags & (fin|syn|rst|psh|ack|urg) == fin|syn|rst|psh|ack|urg",
            ),
            (rule().tcp_flags(FIN | SYN | ACK, [SYN, FIN]), "tcp flags & (fin|syn|ack) == { syn, fin }"),
            (rule().tcp_flags(FIN | SYN | ACK, not([SYN, FIN])), "tcp flags & (fin|syn|ack) != { syn, fin }"),
            (
                rule().tcp_flags(TcpFlags::ECE | TcpFlags::CWR, TcpFlags::ECE | TcpFlags::CWR),
                "tcp flags & (ecn|cwr) == (ecn|cwr)",
            ),
        ]);
    }
}

#[test]
fn flags_beside_others() {
    need_nft!();
    for bench in Bench::filters(IP) {
        bench.hold_all([
            (rule().tcp().tcp_syn(), "meta l4proto tcp tcp flags syn / fin,syn,rst,ack"),
            (rule().tcp_syn().dport(22), "tcp flags syn / fin,syn,rst,ack tcp dport 22"),
            (rule().tcp().dport(22).tcp_syn(), "tcp dport 22 tcp flags syn / fin,syn,rst,ack"),
            (rule().tcp_syn().tcp_syn(), "tcp flags syn / fin,syn,rst,ack tcp flags syn / fin,syn,rst,ack"),
            (
                rule().not_tcp_syn().ct_state(CtState::NEW).drop(),
                "tcp flags != syn / fin,syn,rst,ack ct state new drop",
            ),
        ]);
    }
}

#[test]
fn options() {
    need_nft!();
    for bench in Bench::filters(IP) {
        for (option, word) in [
            (TcpOption::MAXSEG, "maxseg"),
            (TcpOption::WINDOW, "window"),
            (TcpOption::SACK_PERMITTED, "sack-perm"),
            (TcpOption::SACK, "sack"),
            (TcpOption::TIMESTAMP, "timestamp"),
            (TcpOption::MD5SIG, "md5sig"),
            (TcpOption::MPTCP, "mptcp"),
            (TcpOption::FASTOPEN, "fastopen"),
            (TcpOption(255), "255"),
        ] {
            bench.hold(rule().tcp_option(option), &format!("tcp option {word} exists"));
        }
        bench.hold_all([
            (rule().tcp_option(not(TcpOption::SACK_PERMITTED)), "tcp option sack-perm missing"),
            (rule().tcp_option(not(77)), "tcp option 77 missing"),
            (rule().tcp_option_mss(1400), "tcp option maxseg size 1400"),
            (rule().tcp_option_mss(not(1400)), "tcp option maxseg size != 1400"),
            (rule().tcp_option_mss(1..=500), "tcp option maxseg size 1-500"),
            (rule().tcp_option_mss(not(1..=500)), "tcp option maxseg size != 1-500"),
            (rule().tcp_option_mss([500, 1000]), "tcp option maxseg size { 500, 1000 }"),
            (rule().tcp_option_mss(not([1..=500, 600..=600])), "tcp option maxseg size != { 1-500, 600 }"),
            (rule().tcp().tcp_option_mss(1400), "meta l4proto tcp tcp option maxseg size 1400"),
            (
                rule().tcp_syn().tcp_option(not(TcpOption::MAXSEG)).drop(),
                "tcp flags syn / fin,syn,rst,ack tcp option maxseg missing drop",
            ),
            (rule().tcp().dport(80).tcp_option_mss(1..=500), "tcp dport 80 tcp option maxseg size 1-500"),
        ]);
    }
}

#[test]
fn ports_beside_others() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold_all([
            (rule().udp().sport(not(1)).dport(2), "udp sport != 1 udp dport 2"),
            (rule().udp().sport([67, 68]).dport([67, 68]), "udp sport { 67, 68 } udp dport { 67, 68 }"),
            (rule().protocol(Protocol::SCTP).dport(5060), "sctp dport 5060"),
            (rule().protocol(Protocol::DCCP).sport(5060), "dccp sport 5060"),
            (rule().protocol(Protocol::UDPLITE).dport(5060), "udplite dport 5060"),
            (rule().protocol(not(Protocol::UDP)).tcp().dport(22), "meta l4proto != udp tcp dport 22"),
            (
                rule().protocol([Protocol::TCP, Protocol::UDP]).sport(not(53)).dport(53),
                "meta l4proto { tcp, udp } th sport != 53 th dport 53",
            ),
            (rule().protocol(Protocol::ESP).accept(), "meta l4proto esp accept"),
            (rule().protocol([Protocol::ESP, Protocol::AH]).accept(), "meta l4proto { esp, ah } accept"),
            (rule().protocol(not([Protocol::GRE, Protocol(99)])), "meta l4proto != { gre, 99 }"),
            (rule().iif("lo").udp().dport(53).accept(), "iifname \"lo\" udp dport 53 accept"),
        ]);
    }
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold_all([
            (rule().saddr("10.0.0.1").tcp().dport(22), "ip saddr 10.0.0.1 tcp dport 22"),
            (rule().tcp().dport(22).saddr("10.0.0.1"), "tcp dport 22 ip saddr 10.0.0.1"),
            (rule().tcp().saddr("10.0.0.1").dport(22), "meta l4proto tcp ip saddr 10.0.0.1 tcp dport 22"),
            (
                rule().saddr("10.0.0.0/8").daddr(not("10.0.0.1")).udp().dport(53).counter().drop(),
                "ip saddr 10.0.0.0/8 ip daddr != 10.0.0.1 udp dport 53 counter drop",
            ),
        ]);
    }
    for bench in Bench::filters([Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold_all([
            (rule().saddr("fd00::1").tcp().dport(22), "ip6 saddr fd00::1 tcp dport 22"),
            (rule().tcp().dport(22).saddr("fd00::/64"), "tcp dport 22 ip6 saddr fd00::/64"),
        ]);
    }
}
