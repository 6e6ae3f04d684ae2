//! Names and numbers are those of the kernel's headers.

use std::{collections::HashMap, fs};

use super::super::*;

/// A number that a header gives a name to.
struct Entry {
    number: u64,
    /// Which enumeration it stands in; 0 for a `#define`.
    home: usize,
}

/// The names that C headers give to numbers, as far as they are plain: enumerators and `#define`s.
fn names_of(headers: &[&str]) -> Option<HashMap<String, Entry>> {
    let (mut names, mut homes) = (HashMap::new(), 0);
    for header in headers {
        let path = format!("/usr/include/linux/{header}");
        let Ok(text) = fs::read_to_string(&path) else {
            println!("SKIP: {path} is not there; install linux-libc-dev to compare names and numbers");
            return None;
        };
        let (mut next, mut inside) = (0, false);
        for line in without_comments(text).lines().map(str::trim) {
            if let Some(define) = line.strip_prefix("#define ") {
                let (name, value) = define.split_once(char::is_whitespace).unwrap_or((define, ""));
                if let Some(number) = number_of(value, &names) {
                    names.insert(name.to_owned(), Entry { number, home: 0 });
                }
            } else if line.starts_with("enum") && line.ends_with('{') {
                (next, inside, homes) = (0, true, homes + 1);
            } else if line.starts_with('}') {
                inside = false;
            } else if inside {
                for row in line.split(',').map(str::trim).filter(|row| !row.is_empty()) {
                    let (name, value) = row.split_once('=').unwrap_or((row, ""));
                    let value = if value.is_empty() { Some(next) } else { number_of(value, &names) };
                    if let Some(number) = value {
                        names.insert(name.trim().to_owned(), Entry { number, home: homes });
                        next = number + 1;
                    }
                }
            }
        }
    }
    Some(names)
}

fn without_comments(mut text: String) -> String {
    while let Some(start) = text.find("/*") {
        let end = text[start..].find("*/").map_or(text.len(), |length| start + length + 2);
        text.replace_range(start..end, "");
    }
    text
}

/// A number, a name that is one, or one shifted left by another.
fn number_of(text: &str, names: &HashMap<String, Entry>) -> Option<u64> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')').trim();
    if let Some((left, right)) = text.split_once("<<") {
        return Some(number_of(left, names)? << number_of(right, names)?);
    }
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok().or_else(|| names.get(text).map(|entry| entry.number)),
    }
}

/// Compares with the headers. Names that they lack are newer than they are: shown, no failure.
fn compare(names: &HashMap<String, Entry>, ours: &[(&str, u64)]) {
    let (known, newer): (Vec<_>, Vec<_>) = ours.iter().partition(|(name, _)| names.contains_key(*name));
    for (name, number) in &known {
        assert_eq!(*number, names[*name].number, "{name}");
    }
    println!("{} names have the kernel's numbers; newer than the headers: {newer:?}", known.len());
    assert!(known.len() > newer.len(), "these headers were not understood");
}

#[test]
fn attributes_have_the_kernels_names_and_numbers() {
    let Some(names) = names_of(&["netfilter/nf_tables.h", "netfilter/nf_tables_compat.h"]) else { return };
    let attributes = KNOWN.iter().flat_map(|(_, attributes)| attributes.iter());
    let ours: Vec<_> = attributes.map(|(name, number)| (*name, u64::from(*number))).collect();
    compare(&names, &ours);
    // Where the header lacks a name but has its number, the name is not newer but misspelt.
    for (_, attributes) in KNOWN {
        let home = attributes.iter().find_map(|(name, _)| names.get(*name)).map(|entry| entry.home);
        for (name, number) in attributes.iter().filter(|(name, _)| !names.contains_key(*name)) {
            let taken = names.iter().find(|(other, entry)| {
                !other.starts_with("__") && Some(entry.home) == home && entry.number == u64::from(*number)
            });
            assert_eq!(taken.map(|(other, _)| other), None, "{name}");
        }
    }
}

#[test]
fn enumerations_have_the_kernels_numbers() {
    let number = |value: u32| u64::from(value);
    let Some(names) = names_of(&[
        "netfilter/nf_tables.h",
        "netfilter/nf_nat.h",
        "netfilter/nf_log.h",
        "netfilter/nf_synproxy.h",
        "netfilter/nf_conntrack_common.h",
        "rtnetlink.h",
        "icmp.h",
        "icmpv6.h",
    ]) else {
        return;
    };
    compare(
        &names,
        &[
            ("NFT_META_LEN", number(MetaKey::Len.number())),
            ("NFT_META_SECPATH", number(MetaKey::SecPath.number())),
            ("NFT_META_SDIFNAME", number(MetaKey::SdifName.number())),
            ("NFT_META_BRI_BROUTE", number(MetaKey::BriBroute.number())),
            ("NFT_CT_STATE", number(CtKey::State.number())),
            ("NFT_CT_LABELS", number(CtKey::Labels.number())),
            ("NFT_CT_EVENTMASK", number(CtKey::EventMask.number())),
            ("NFT_CT_DST_IP6", number(CtKey::DstIp6.number())),
            ("NFT_CT_ID", number(CtKey::Id.number())),
            ("NFT_RT_XFRM", number(RtKey::Xfrm.number())),
            ("NFT_SOCKET_CGROUPV2", number(SocketKey::CgroupV2.number())),
            ("NFT_FIB_RESULT_OIF", number(FibResult::Oif.number())),
            ("NFT_FIB_RESULT_ADDRTYPE", number(FibResult::AddrType.number())),
            ("NFTA_FIB_F_PRESENT", number(FibFlags::PRESENT.bits())),
            ("NFT_EXTHDR_OP_DCCP", number(ExthdrOp::Dccp.number())),
            ("NFT_HASH_SYM", number(HashKind::Symmetric.number())),
            ("NFT_LIMIT_PKT_BYTES", number(LimitKind::Bytes.number())),
            ("NFT_LOGLEVEL_AUDIT", number(LogLevel::Audit.number())),
            ("NFT_REJECT_ICMPX_UNREACH", number(RejectKind::Icmpx.number())),
            ("NFT_REJECT_ICMPX_ADMIN_PROHIBITED", IcmpxCode::AdminProhibited.number().into()),
            ("NFT_NAT_DNAT", number(NatKind::Destination.number())),
            ("NFT_QUEUE_FLAG_CPU_FANOUT", QueueFlags::CPU_FANOUT.bits().into()),
            ("NFT_QUOTA_F_DEPLETED", number(QuotaFlags::DEPLETED.bits())),
            ("NFT_DYNSET_OP_DELETE", number(DynsetOp::Delete.number())),
            ("NFT_DYNSET_F_EXPR", number(DynsetFlags::EXPR.bits())),
            ("NFT_OBJECT_COUNTER", number(ObjectKind::Counter.number())),
            ("NFT_OBJECT_SYNPROXY", number(ObjectKind::Synproxy.number())),
            ("NFT_XFRM_KEY_DADDR_IP4", number(XfrmKey::DaddrIp4.number())),
            ("NFT_XFRM_KEY_SPI", number(XfrmKey::Spi.number())),
            ("NFT_TUNNEL_ID", number(TunnelKey::Id.number())),
            ("NFT_TUNNEL_MODE_TX", number(TunnelMode::Tx.number())),
            ("NFT_INNER_GENEVE", number(InnerKind::Geneve.number())),
            ("NFT_INNER_TH", number(InnerFlags::TRANSPORT.bits())),
            ("NFT_BITWISE_RSHIFT", number(BitwiseOp::Rshift.number())),
            ("NFT_BITWISE_XOR", number(BitwiseOp::Xor.number())),
            ("NFT_CMP_GTE", number(CmpOp::Gte.number())),
            ("NFT_RANGE_NEQ", number(RangeOp::Neq.number())),
            ("NFT_BYTEORDER_HTON", number(ByteorderOp::Hton.number())),
            ("NFT_NG_RANDOM", number(NumgenKind::Random.number())),
            ("NFT_PAYLOAD_INNER_HEADER", number(PayloadBase::Inner.number())),
            ("NFT_PAYLOAD_CSUM_SCTP", number(ChecksumKind::Sctp.number())),
            ("NF_NAT_RANGE_MAP_IPS", number(NatFlags::MAP_IPS.bits())),
            ("NF_NAT_RANGE_PERSISTENT", number(NatFlags::PERSISTENT.bits())),
            ("NF_NAT_RANGE_NETMAP", number(NatFlags::NETMAP.bits())),
            ("NF_LOG_MACDECODE", number(LogFlags::MAC.bits())),
            ("NF_SYNPROXY_OPT_ECN", number(SynproxyFlags::ECN.bits())),
            ("NF_CT_STATE_INVALID_BIT", number(CtState::INVALID.bits())),
            ("NF_CT_STATE_UNTRACKED_BIT", number(CtState::UNTRACKED.bits())),
            ("IPS_SEEN_REPLY", number(CtStatus::SEEN_REPLY.bits())),
            ("IPS_DST_NAT", number(CtStatus::DNAT.bits())),
            ("IPS_DYING", number(CtStatus::DYING.bits())),
            ("IPS_HW_OFFLOAD", number(CtStatus::HW_OFFLOAD.bits())),
            ("RTN_UNSPEC", number(AddressType::Unspecified.number())),
            ("RTN_PROHIBIT", number(AddressType::Prohibit.number())),
            ("RTN_XRESOLVE", number(AddressType::Xresolve.number())),
            ("ICMP_PKT_FILTERED", IcmpCode::AdminProhibited.number().into()),
            ("ICMPV6_REJECT_ROUTE", Icmp6Code::RejectRoute.number().into()),
        ],
    );
    // NF_CT_STATE_BIT(ctinfo) is 1 << (ctinfo + 1); the events are numbered from 0.
    assert_eq!(number(CtState::ESTABLISHED.bits()), 1 << (names["IP_CT_ESTABLISHED"].number + 1));
    assert_eq!(number(CtState::RELATED.bits()), 1 << (names["IP_CT_RELATED"].number + 1));
    assert_eq!(number(CtState::NEW.bits()), 1 << (names["IP_CT_NEW"].number + 1));
    assert_eq!(number(CtEvents::LABEL.bits()), 1 << names["IPCT_LABEL"].number);
    assert_eq!(number(CtEvents::SYNPROXY.bits()), 1 << names["IPCT_SYNPROXY"].number);
}
