//! Logs: of the kernel, and for programs that listen.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

use portcullis::expr::Expr;
use portcullis::netlink::{KernelSocket, Transport};
use portcullis::{Chain, Family, Hook, Log, LogFlags, LogLevel, NfLog, Rule};
use portcullis_world::{Host, PATIENT, Packet, World, need_namespaces};

use super::program;
use crate::support::{counts, open};

const CHAIN: (Family, &str, &str) = (Family::Inet, "t", "output");

#[test]
fn a_listener_gets_the_packet_its_prefix_and_as_much_as_said() {
    need_namespaces!();
    let world = World::routed();
    let router = &world.router;
    let longest = "p".repeat(127);
    // The port says which rule it is for: group, prefix, and how much of the datagram of 100 bytes comes.
    let cases = [
        (NfLog::group(5), 5, "", 100),
        (NfLog::group(0), 0, "", 100),
        (NfLog::group(65535).prefix("last: "), 65535, "last: ", 100),
        (NfLog::group(5).prefix(&*longest), 5, &*longest, 100),
        (NfLog::group(5).snaplen(40), 5, "", 40),
        (NfLog::group(5).snaplen(1000), 5, "", 100),
        (NfLog::group(5).prefix("all: ").snaplen(64).threshold(1), 5, "all: ", 64),
    ];
    let rule = |(port, (to, ..)): (u16, &(NfLog, u16, &str, usize))| {
        Rule::new().udp().dport(port).set_mark(u32::from(port)).nflog(to.clone()).counter().comment("behind")
    };
    let forward = Chain::filter("forward", Hook::Forward).rules((1000..).zip(&cases).map(rule));
    program(router, Family::Inet, [forward]);
    let mut groups = [0, 5, 65535].map(|group| (group, router.nflog(group)));
    let (eth0, lan) = (router.ifindex("eth0"), router.ifindex("lan"));
    for (client, backend, header) in [("10.0.1.1", "192.168.1.2", 28), ("fd00:1::1", "fd00:192::2", 48)] {
        for (port, (_, group, prefix, length)) in (1000..).zip(&cases) {
            let name = format!("to {backend}, group {group}, prefix {prefix:?}");
            let packet = Packet::udp((client, 4000), (backend, port)).payload(vec![7; 100 - header]);
            packet.send(&world.client);
            let listener = groups.iter_mut().find(|(number, _)| number == group);
            let seen = listener.and_then(|(_, listener)| listener.next(PATIENT));
            let seen = seen.unwrap_or_else(|| panic!("{name}: nothing logged"));
            assert_eq!(seen.prefix, *prefix, "{name}");
            assert_eq!(seen.payload.len(), *length, "{name}: bytes");
            assert_eq!(seen.mark, u32::from(port), "{name}: the mark");
            assert_eq!((seen.indev, seen.outdev), (Some(eth0), Some(lan)), "{name}: interfaces");
            // As it was sent, but for the lifetime and the header's checksum.
            let sent = packet.bytes();
            assert_eq!(seen.payload[12..], sent[12..*length], "{name}: the packet from its source on");
        }
    }
    let silent = groups.iter_mut().find_map(|(_, listener)| listener.next(std::time::Duration::ZERO));
    assert_eq!(silent, None, "each packet is logged once");
    let counts = counts(&mut open(router), (Family::Inet, "t", "forward"));
    assert!(counts.iter().all(|(_, count)| *count == 2), "the rules go on: {counts:?}");
}

/// A listener to a log group that passes packets on in large heaps, so that the rule's threshold decides.
struct Heaps(KernelSocket);

impl Heaps {
    fn new(host: &Host, group: u16) -> Self {
        let mut socket = host.run(|| KernelSocket::open().expect("a netlink socket"));
        // Bind; whole packets; heaps of 1,000, and none before an hour is over.
        let configuration: [(u16, &[u8]); 4] = [
            (1, &[1]),
            (2, &[0xff, 0xff, 0xff, 0xff, 2, 0]),
            (5, &1000u32.to_be_bytes()),
            (4, &360_000u32.to_be_bytes()),
        ];
        for (kind, value) in configuration {
            let mut message = vec![0; 16];
            message[4..6].copy_from_slice(&(4 << 8 | 1u16).to_ne_bytes());
            // A request that wants an answer.
            message[6..8].copy_from_slice(&5u16.to_ne_bytes());
            message.extend([0, 0]);
            message.extend(group.to_be_bytes());
            message.extend((4 + value.len() as u16).to_ne_bytes());
            message.extend(kind.to_ne_bytes());
            message.extend(value);
            message.resize(message.len().next_multiple_of(4), 0);
            let length = message.len() as u32;
            message[..4].copy_from_slice(&length.to_ne_bytes());
            socket.send(&[&message]).expect("send");
            let mut answer = [0; 256];
            let length = socket.receive(&mut answer).expect("an answer");
            assert_eq!(answer[16..length][..4], [0; 4], "log group {group}, attribute {kind}");
        }
        Self(socket)
    }

    /// How many packets are in the next heap; none if there is no heap.
    fn next(&mut self) -> Option<usize> {
        let mut buffer = vec![0; 1 << 16];
        let length = match self.0.receive(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(error) => panic!("log listener: {error}"),
        };
        let (mut bytes, mut packets) = (&buffer[..length], 0);
        while let [a, b, c, d, kind, subsystem, ..] = *bytes {
            packets += usize::from(u16::from_ne_bytes([kind, subsystem]) == 4 << 8);
            let length = u32::from_ne_bytes([a, b, c, d]).next_multiple_of(4) as usize;
            bytes = bytes.get(length..).unwrap_or_default();
        }
        Some(packets)
    }
}

#[test]
fn a_threshold_collects_packets() {
    need_namespaces!();
    let host = Host::new("host");
    let chain = Chain::filter("output", Hook::Output)
        .rule(Rule::new().mark(1).nflog(NfLog::group(1)))
        .rule(Rule::new().mark(2).nflog(NfLog::group(2).threshold(3)));
    program(&host, Family::Inet, [chain]);
    let (mut at_once, mut three) = (Heaps::new(&host, 1), Heaps::new(&host, 2));
    // The hook works in the sender's own call: nothing need be waited for.
    let send = |mark| Packet::icmp("127.0.0.1", "127.0.0.1", 3, 1).mark(mark).send(&host);
    for time in 1..=2 {
        for packet in 1..=2 {
            send(2);
            assert_eq!(three.next(), None, "heap {time}: packet {packet} of 3 is kept");
        }
        send(2);
        assert_eq!(three.next(), Some(3), "heap {time} is passed on with the third packet");
        assert_eq!(three.next(), None, "heap {time} is all");
    }
    // Without a threshold the listener's own decides.
    (0..5).for_each(|_| send(1));
    assert_eq!(at_once.next(), None, "no threshold: kept until the listener's own is reached");
}

/// What the kernel logs from now on; none where its log cannot be read.
struct KernelLog(File);

impl KernelLog {
    fn open() -> io::Result<Self> {
        const NONBLOCK: i32 = 0o4000;
        let mut file = OpenOptions::new().read(true).custom_flags(NONBLOCK).open("/dev/kmsg")?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self(file))
    }

    /// The next line with this text: priority and message.
    fn find(&mut self, text: &str) -> Option<(u32, String)> {
        let mut bytes = [0; 8192];
        loop {
            let length = match self.0.read(&mut bytes) {
                Ok(length) => length,
                // Overwritten by others before it was read.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => continue,
                Err(_) => return None,
            };
            let line = String::from_utf8_lossy(&bytes[..length]);
            let (head, message) = line.split_once(';')?;
            if message.contains(text) {
                return Some((head.split(',').next()?.parse().ok()?, message.to_owned()));
            }
        }
    }
}

/// The kernel's log as far as it could be opened, before anything was logged.
struct Opened(io::Result<KernelLog>);

impl Opened {
    /// The log, if lines of network namespaces are in it; otherwise why they are not.
    fn lines(self) -> Result<KernelLog, String> {
        // Only the initial namespace has the setting.
        let setting = fs::read_to_string("/proc/sys/net/netfilter/nf_log_all_netns").unwrap_or_default();
        if setting.trim() != "1" {
            return Err("the lines themselves: net.netfilter.nf_log_all_netns is off, so the kernel writes none for a \
                        network namespace"
                .to_owned());
        }
        self.0.map_err(|error| format!("the lines themselves: /dev/kmsg: {error}"))
    }
}

/// A rule's name, what it logs, and the line's level, what it has, and what it has not.
struct Line {
    name: &'static str,
    log: Log,
    level: u32,
    has: &'static [&'static str],
    has_not: &'static [&'static str],
}

#[test]
fn a_log_line_has_what_was_said() {
    need_namespaces!();
    let host = Host::new("host");
    let id = std::process::id();
    let prefix = |name: &str| format!("portcullis {id} {name}: ");
    let all = LogFlags::TCP_SEQUENCE | LogFlags::TCP_OPTIONS | LogFlags::IP_OPTIONS | LogFlags::UID;
    let cases = [
        Line {
            name: "plain",
            log: Log::new(),
            level: 4,
            has: &["OUT=lo", "DPT=9"],
            has_not: &["SEQ=", "UID="],
        },
        Line {
            name: "debug",
            log: Log::new().level(LogLevel::Debug),
            level: 7,
            has: &["PROTO=TCP"],
            has_not: &["OPT"],
        },
        Line {
            name: "critical",
            log: Log::new().level(LogLevel::Critical),
            level: 2,
            has: &["SYN"],
            has_not: &[],
        },
        Line {
            name: "flags",
            log: Log::new().flags(all),
            level: 4,
            has: &["SEQ=77", "OPT (020405B4)", "UID=0"],
            has_not: &[],
        },
    ];
    let chain = cases.iter().fold(Chain::filter("output", Hook::Output), |chain, Line { name, log, .. }| {
        let log = log.clone().prefix(prefix(name));
        chain.rule(Rule::new().tcp().tcp_syn().log(log).counter().comment(name))
    });
    program(&host, Family::Inet, [chain]);
    let log = Opened(KernelLog::open());
    let packet =
        |a, b| Packet::tcp((a, 4000), (b, 9)).flags(portcullis_world::TcpFlags::SYN).numbers(77, 0).mss(1460);
    for loopback in ["127.0.0.1", "::1"] {
        packet(loopback, loopback).send(&host);
    }

    let mut firewall = open(&host);
    for (name, count) in counts(&mut firewall, CHAIN) {
        assert_eq!(count, 2, "{name}: the rule goes on");
    }
    for (rule, Line { name, log: said, .. }) in firewall.rules(CHAIN).unwrap().iter().zip(&cases) {
        let listed = rule.expressions().find_map(|expression| match expression {
            Expr::Log(log) => Some(log.clone()),
            _ => None,
        });
        let listed = listed.unwrap_or_else(|| panic!("{name} is not listed"));
        assert_eq!(listed.prefix.as_deref(), Some(&*prefix(name)), "{name}: the prefix as listed");
        assert_eq!(
            listed.level.unwrap_or(LogLevel::Warning),
            said.level.unwrap_or(LogLevel::Warning),
            "{name}"
        );
        let flags = |flags: Option<LogFlags>| flags.unwrap_or(LogFlags::empty());
        assert_eq!(flags(listed.flags), flags(said.flags), "{name}: the flags as listed");
    }

    let mut log = match log.lines() {
        Ok(log) => log,
        Err(reason) => portcullis_world::skip!("{reason}; the rules are listed and go on"),
    };
    for loopback in ["127.0.0.1", "0000:0000:0000:0000:0000:0000:0000:0001"] {
        for Line { name, level, has, has_not, .. } in &cases {
            let line = log.find(&prefix(name)).unwrap_or_else(|| panic!("no line for {name}"));
            assert_eq!(line.0 & 7, *level, "{name}: the level of {line:?}");
            assert!(line.1.contains(&format!("SRC={loopback}")), "{name}: the source of {line:?}");
            assert!(has.iter().all(|text| line.1.contains(text)), "{name}: {has:?} in {line:?}");
            assert!(!has_not.iter().any(|text| line.1.contains(text)), "{name}: no {has_not:?} in {line:?}");
        }
    }
}

#[test]
fn a_log_line_has_the_hardware_addresses_in_words_where_that_was_said() {
    need_namespaces!();
    let world = World::pair();
    let id = std::process::id();
    let prefix = |name: &str| format!("portcullis {id} {name}: ");
    let cases = [("in words", LogFlags::MAC), ("in bytes", LogFlags::empty())];
    let chain = cases.iter().fold(Chain::filter("input", Hook::Input), |chain, (name, flags)| {
        let log = Log::new().flags(*flags).prefix(prefix(name));
        chain.rule(Rule::new().udp().log(log).counter().comment(name))
    });
    program(&world.server, Family::Inet, [chain.rule(Rule::new().udp().nflog(1))]);
    let log = Opened(KernelLog::open());
    let mut arrived = world.server.nflog(1);
    let ends = [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")];
    for (client, server) in ends {
        Packet::udp((client, 4000), (server, 9)).send(&world.client);
        assert!(arrived.next(PATIENT).is_some(), "{server}: the packet arrives behind the rules that log");
    }
    let rules = open(&world.server).rules((Family::Inet, "t", "input")).unwrap();
    let listed = rules[0].expressions().find_map(|expression| match expression {
        Expr::Log(log) => log.flags,
        _ => None,
    });
    assert_eq!(listed, Some(LogFlags::MAC), "the flags as listed");

    let mut log = match log.lines() {
        Ok(log) => log,
        Err(reason) => portcullis_world::skip!("{reason}; the rules are listed and go on"),
    };
    let [client, server] = [&world.client, &world.server].map(|host| host.mac("eth0").to_string());
    for ethertype in ["0800", "86dd"] {
        let words = format!("MACSRC={client} MACDST={server} MACPROTO={ethertype} ");
        let bytes = format!("MAC={server}:{client}:{}:{} ", &ethertype[..2], &ethertype[2..]);
        for ((name, _), (has, has_not)) in cases.iter().zip([(&words, &bytes), (&bytes, &words)]) {
            let (_, line) = log.find(&prefix(name)).unwrap_or_else(|| panic!("no line for {name}"));
            assert!(line.contains(has), "{name}: {has:?} in {line:?}");
            assert!(!line.contains(has_not), "{name}: no {has_not:?} in {line:?}");
        }
    }
}
