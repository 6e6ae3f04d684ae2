//! Tests of the whole module with messages of the kernel, and with the same messages broken in all ways.

use std::io::Write;
use std::process::{Command, Stdio};

use super::example;
use super::*;
use crate::NetlinkSocket;
use crate::testing::{in_network_namespace, message};

/// Prints and re-encodes the message as whatever it may be; returns how many understood it.
fn judge(message: &[u8]) -> usize {
    let texts = [rule_text, table_text, chain_text, set_text, elements_text];
    let reencoders = [reencode_rule, reencode_table, reencode_chain, reencode_set, reencode_elements];
    let understood = texts.iter().filter(|text| text(message).is_some()).count();
    assert_eq!(understood, reencoders.iter().filter(|reencode| reencode(message).is_some()).count());
    let expression = EncodedExpression::new(message);
    if let Some(expression) = expression {
        let table = example::table();
        let chain = example::chain(&table);
        nftnl::Rule::new(&chain).add_expr(&expression);
    }
    understood
}

fn corpus() -> Vec<Vec<u8>> {
    let table = example::table();
    let set = example::set(&table);
    vec![
        example::rule(),
        encode(&table, nftnl::MsgType::Add, 1),
        encode(&example::chain(&table), nftnl::MsgType::Add, 1),
        encode(&set, nftnl::MsgType::Add, 1),
        example::elements(&set, nftnl::MsgType::Add),
    ]
}

/// xorshift64: any sequence will do, as long as a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize % limit
    }
}

fn break_somewhere(message: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(message.len());
    match random.below(5) {
        0 => message[at] = random.below(256) as u8,
        1 => message[at] ^= 1 << random.below(8),
        // A small number at a boundary is often a length or a type.
        2 => message[at & !3] = random.below(24) as u8,
        3 => {
            let from = 20.min(at) & !3;
            let copy = message[from..at & !3].to_vec();
            message.extend(copy);
            let length = message.len() as u32;
            message[..4].copy_from_slice(&length.to_ne_bytes());
        }
        _ => message.truncate(at.max(4)),
    }
}

fn break_and_judge(corpus: &[Vec<u8>], rounds: usize) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds {
        let mut message = corpus[round % corpus.len()].clone();
        for _ in 0..=random.below(3) {
            break_somewhere(&mut message, &mut random);
        }
        judge(&message);
    }
}

/// How many broken messages; `HOSTILE_ROUNDS` for more, or for fewer under valgrind.
fn rounds() -> usize {
    std::env::var("HOSTILE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20_000)
}

#[test]
fn broken_messages_of_libnftnl_do_no_harm() {
    break_and_judge(&corpus(), rounds());
}

#[test]
fn a_set_that_cannot_be_parsed_to_the_end() {
    // Versions that do not know the second expression free the first when they meet it, and must not be let free
    // it again. (Valgrind shows the set that is leaked for that.)
    let counter = example::attribute(1, b"counter\0");
    let inner =
        [example::attribute(1, b"inner\0"), example::attribute(2, &example::attribute(5, &counter))].concat();
    let expressions = [example::attribute(1, &counter), example::attribute(1, &inner)].concat();
    let set =
        [example::attribute(1, b"t\0"), example::attribute(2, b"s\0"), example::attribute(18, &expressions)];
    let kind = (libc::NFNL_SUBSYS_NFTABLES << 8 | libc::NFT_MSG_NEWSET) as u16;
    judge(&message(kind, 0, 0, &set.concat()));
}

#[test]
fn messages_of_the_kernel() {
    in_network_namespace(|| {
        if !nft(OBJECTS) {
            eprintln!("SKIPPED: no nft, or no nf_tables, for messages of the kernel");
            return;
        }
        let refused: Vec<_> = RULES.iter().filter(|rule| !nft(&format!("add rule inet t {rule}"))).collect();
        eprintln!("not loaded here: {refused:#?}");
        assert!(refused.len() * 4 < RULES.len());
        let dumps = [
            (libc::NFT_MSG_GETTABLE, Vec::new()),
            (libc::NFT_MSG_GETCHAIN, Vec::new()),
            (libc::NFT_MSG_GETRULE, Vec::new()),
            (libc::NFT_MSG_GETSET, Vec::new()),
            (libc::NFT_MSG_GETSETELEM, elements_of("addresses")),
            (libc::NFT_MSG_GETSETELEM, elements_of("ports")),
            (libc::NFT_MSG_GETSETELEM, elements_of("verdicts")),
        ];
        let messages: Vec<_> = dumps.iter().flat_map(|(kind, what)| dump(*kind, what)).collect();
        assert!(messages.len() > 35, "{}", messages.len());
        for message in &messages {
            assert_eq!(judge(message), 1, "not understood: {message:02x?}");
        }
        break_and_judge(&messages, rounds());
    });
}

const OBJECTS: &str = r#"table inet t {
    set addresses { type ipv4_addr; size 100; flags timeout; elements = { 127.0.0.1 timeout 1h, 10.0.0.1 } }
    set ports { type ipv4_addr . inet_service; flags interval; counter; elements = { 10.0.0.0/8 . 1-9 comment "x" } }
    set seen { type ipv4_addr; size 100; flags dynamic; }
    map verdicts { type inet_service : verdict; elements = { 1 : accept, 2 : jump other } }
    counter hits { }
    chain other { }
    chain input { type filter hook input priority -5; policy drop; }
    chain prerouting { type filter hook prerouting priority -150; }
    chain dstnat { type nat hook prerouting priority -100; }
    chain srcnat { type nat hook postrouting priority 100; }
}"#;

/// Every expression that this kernel and this nft are likely to have.
const RULES: &[&str] = &[
    "input iifname lo counter accept comment \"a comment\"",
    "input ct state established,related ct mark set 7 meta mark set ct mark",
    "input ip saddr @addresses tcp dport { 22, 80-90 } limit rate 5/second burst 7 packets",
    "input log prefix \"pre fix\" group 2 counter name hits",
    "input tcp dport vmap @verdicts",
    "input add @seen { ip saddr limit rate 1/minute } continue",
    "input add @seen { ip saddr limit rate 1/minute counter } continue",
    "input tcp flags & (syn|ack) == syn tcp option maxseg size set rt mtu",
    "input ip saddr . tcp dport @ports quota over 10 mbytes drop",
    "input meta l4proto { tcp, udp } th dport != 5-7 fib saddr . iif oif missing drop",
    "input jhash ip saddr mod 4 offset 1 vmap { 1 : goto other, 2 : return }",
    "input numgen random mod 2 0 reject with icmpx type port-unreachable",
    "input socket transparent 1 meta mark set 1",
    "input ct count over 5 drop",
    "input meta ipsec exists ipsec in reqid 1 rt classid 2",
    "input osf name \"Linux\" ct original packets > 3",
    "input synproxy mss 1460 wscale 7 timestamp sack-perm",
    "input ip dscp set cs1 ip6 nexthdr 6 exthdr frag exists",
    "input meta mark set meta mark << 3 ct bytes > 100",
    "input queue num 1-3 bypass",
    "prerouting meta l4proto tcp tproxy ip to 127.0.0.1:50 accept",
    "prerouting notrack",
    "srcnat ip saddr 10.0.0.0/8 masquerade random",
    "srcnat ip protocol tcp snat ip to 10.0.0.1-10.0.0.9:5-6 persistent",
    "dstnat tcp dport 8 redirect to :9",
    "dstnat tcp dport 7 dnat ip to 10.0.0.1:8",
];

fn nft(ruleset: &str) -> bool {
    let child = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn();
    child.is_ok_and(|mut child| {
        let written = child.stdin.take().is_some_and(|mut stdin| stdin.write_all(ruleset.as_bytes()).is_ok());
        child.wait().is_ok_and(|status| written && status.success())
    })
}

fn elements_of(set: &str) -> Vec<u8> {
    [example::attribute(1, b"t\0"), example::attribute(2, format!("{set}\0").as_bytes())].concat()
}

/// All messages of a dump.
fn dump(kind: libc::c_int, what: &[u8]) -> Vec<Vec<u8>> {
    let socket = NetlinkSocket::open().unwrap();
    let kind = (libc::NFNL_SUBSYS_NFTABLES << 8 | kind) as u16;
    let request = message(kind, libc::NLM_F_REQUEST | libc::NLM_F_DUMP, 1, what);
    socket.send(&[std::io::IoSlice::new(&request)]).unwrap();
    let (mut messages, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        let received = socket.receive(&mut buffer).unwrap();
        let mut rest = &buffer[..received.length];
        while rest.len() >= 16 {
            let length = u32::from_ne_bytes(rest[..4].try_into().unwrap()) as usize;
            if i32::from(rest[4]) == libc::NLMSG_DONE && rest[5] == 0 {
                return messages;
            }
            messages.push(rest[..length].to_vec());
            rest = &rest[length.next_multiple_of(4).min(rest.len())..];
        }
    }
}
