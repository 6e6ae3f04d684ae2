//! Trials of expressions, but for connection tracking and what stands upon it.

use super::Trial;
use crate::{
    expr::{
        Bitwise, BitwiseOp, Byteorder, Cmp, Counter, Data, Dup, Dynset, DynsetOp, Exthdr, ExthdrOp, Fib,
        FibFlags, FibResult, Fwd, Hash, IcmpxCode, Immediate, Inner, Last, Limit, LimitUnit, Log, LogLevel,
        Lookup, Meta, MetaKey, Numgen, NumgenKind, ObjectKind, Objref, Osf, Payload, PayloadBase, Queue,
        Quota, Range, Register, Reject, Rt, RtKey, Socket, SocketKey, Tunnel, TunnelKey, Xfrm, XfrmDirection,
        XfrmKey, XtMatch, XtTarget,
    },
    object::Family,
    probe::{Bench, Feature},
};

const R1: Register = Register::R1;
const R2: Register = Register::R2;

pub(super) fn trial(feature: Feature, bench: &mut Bench) -> Option<Trial> {
    let word = || Data::host_u32(1);
    let meta = |key| Meta::load(key, R1);
    let trial = match feature {
        Feature::Bitwise => bench.inet(Bitwise::mask_xor(R1, word(), Data::zero(4))),
        Feature::BitwiseShift => bench.inet(Bitwise::new(R1, R1, 4u32).op(BitwiseOp::Lshift).data(word())),
        Feature::BitwiseRegisters => bench.inet(Bitwise::new(R1, R1, 4u32).op(BitwiseOp::And).sreg2(R2)),
        Feature::Byteorder => bench.inet(Byteorder::ntoh(R1, 4)),
        Feature::Cmp => bench.inet(Cmp::eq(R1, word())),
        Feature::Counter => bench.inet(Counter::new()),
        Feature::Dup => bench.expression(Family::Ip, Dup::to_address(R1)),
        Feature::DupNetdev => bench.expression(Family::Netdev, Dup::to_device(R1)),
        Feature::Dynset => learning(bench, DynsetOp::Add, |dynset| dynset),
        Feature::DynsetDelete => learning(bench, DynsetOp::Delete, |dynset| dynset),
        Feature::DynsetExpressions => learning(bench, DynsetOp::Add, |dynset| {
            dynset.expression(Counter::new()).expression(Limit::packets(1, LimitUnit::Second))
        }),
        Feature::Exthdr => bench.inet(Exthdr::load(ExthdrOp::Ipv6, 0, 0, 1, R1)),
        Feature::ExthdrIpv4 => bench.inet(Exthdr::load(ExthdrOp::Ipv4, 7, 0, 1, R1)),
        Feature::ExthdrTcp => bench.inet(Exthdr::load(ExthdrOp::Tcp, 2, 2, 2, R1)),
        Feature::ExthdrTcpWrite => bench.inet(Exthdr::store(2, 2, 2, R1)),
        Feature::ExthdrTcpStrip => bench.inet(Exthdr::strip(2)),
        Feature::ExthdrSctp => bench.inet(Exthdr::present(ExthdrOp::Sctp, 1, R1)),
        Feature::ExthdrDccp => bench.inet(Exthdr::present(ExthdrOp::Dccp, 1, R1)),
        Feature::Fib => bench.inet(Fib::new(R1, FibResult::Oif, FibFlags::SADDR)),
        Feature::FibType => bench.inet(Fib::new(R1, FibResult::AddrType, FibFlags::DADDR)),
        Feature::FibNetdev => bench.expression(Family::Netdev, Fib::new(R1, FibResult::Oif, FibFlags::SADDR)),
        Feature::Fwd => bench.expression(Family::Netdev, Fwd::to_device(R1)),
        Feature::FwdNeighbour => {
            let family = crate::expr::AddressFamily::Ipv4;
            bench.expression(Family::Netdev, Fwd::to_neighbour(R1, R2, family))
        }
        Feature::Hash => bench.inet(Hash::jenkins(R1, 4, R2, 2)),
        Feature::SymHash => bench.inet(Hash::symmetric(R1, 2)),
        Feature::Immediate => bench.inet(Immediate::data(R1, word())),
        Feature::Inner => bench.inet(Inner::vxlan(Payload::load(PayloadBase::Network, 0, 4, R1))),
        Feature::Last => bench.inet(Last::new()),
        Feature::Limit => bench.inet(Limit::packets(1, LimitUnit::Second)),
        Feature::LogKernel => bench.inet(Log::kernel(LogLevel::Debug)),
        Feature::LogGroup => bench.inet(Log::to_group(0)),
        Feature::LogAudit => bench.inet(Log::audit()),
        Feature::Lookup => {
            let (set, needs) = bench.known_set();
            bench.inet(Lookup::new(set, R1)).also(needs)
        }
        Feature::Meta => bench.inet(meta(MetaKey::Mark)),
        Feature::MetaTime => bench.inet(meta(MetaKey::TimeHour)),
        Feature::MetaSdif => bench.inet(meta(MetaKey::SdifName)),
        Feature::MetaKind => bench.inet(meta(MetaKey::IifKind)),
        Feature::MetaCgroup => bench.inet(meta(MetaKey::Cgroup)),
        Feature::MetaSecMark => bench.inet(meta(MetaKey::SecMark)),
        Feature::MetaSecPath => bench.inet(meta(MetaKey::SecPath)),
        Feature::MetaRtClassId => bench.inet(meta(MetaKey::RtClassId)),
        Feature::MetaBridge => bench.expression(Family::Bridge, meta(MetaKey::BriIifName)),
        Feature::MetaBridgeVlan => bench.expression(Family::Bridge, meta(MetaKey::BriIifPvid)),
        Feature::MetaBroute => bench.expression(Family::Bridge, Meta::store(MetaKey::BriBroute, R1)),
        Feature::MetaBridgeHwAddr => bench.expression(Family::Bridge, meta(MetaKey::BriIifHwAddr)),
        Feature::Numgen => bench.inet(Numgen::new(R1, 2u32, NumgenKind::Incremental)),
        Feature::Objref => {
            let (counter, needs) = bench.counter();
            bench.inet(Objref::named(ObjectKind::Counter, counter)).also(needs)
        }
        Feature::ObjrefMap => {
            let (map, needs) = bench.object_map();
            bench.inet(Objref::map(R1, map)).also(needs)
        }
        Feature::Osf => bench.inet(Osf::new(R1)),
        Feature::Payload => bench.inet(Payload::load(PayloadBase::Network, 0, 4, R1)),
        Feature::PayloadWrite => bench.inet(Payload::store(PayloadBase::Network, 0, 4, R1)),
        Feature::PayloadInner => bench.inet(Payload::load(PayloadBase::Inner, 0, 4, R1)),
        Feature::Queue => bench.inet(Queue::to(0)),
        Feature::QueueRegister => bench.inet(Queue::from_register(R1)),
        Feature::Quota => bench.inet(Quota::over(1)),
        Feature::Range => bench.inet(Range::inside(R1, Data::network_u32(1), Data::network_u32(2))),
        Feature::Reject => bench.expression(Family::Ip, Reject::tcp_reset()),
        Feature::RejectInet => bench.inet(Reject::icmpx(IcmpxCode::AdminProhibited)),
        Feature::RejectBridge => bench.expression(Family::Bridge, Reject::icmpx(IcmpxCode::AdminProhibited)),
        Feature::RejectNetdev => bench.expression(Family::Netdev, Reject::icmpx(IcmpxCode::AdminProhibited)),
        Feature::Rt => bench.inet(Rt::new(RtKey::TcpMss, R1)),
        Feature::RtXfrm => bench.inet(Rt::new(RtKey::Xfrm, R1)),
        Feature::Socket => bench.inet(Socket::new(SocketKey::Transparent, R1)),
        Feature::SocketWildcard => bench.inet(Socket::new(SocketKey::Wildcard, R1)),
        Feature::SocketCgroup => bench.inet(Socket::new(SocketKey::CgroupV2, R1).level(1u32)),
        // The only family that has it.
        Feature::Tunnel => bench.expression(Family::Netdev, Tunnel::new(TunnelKey::Id, R1)),
        Feature::Xfrm => bench.inet(Xfrm::new(R1, XfrmKey::ReqId, XfrmDirection::In)),
        // A match and a target that every kernel with some of iptables has.
        Feature::XtMatch => bench.expression(Family::Ip, XtMatch::new("comment", 0u32, vec![0; 256])),
        Feature::XtTarget => bench.expression(Family::Ip, XtTarget::new("MARK", 2u32, vec![0; 8])),
        _ => return None,
    };
    Some(trial)
}

/// A rule that changes the set for that.
fn learning(bench: &mut Bench, op: DynsetOp, how: impl FnOnce(Dynset) -> Dynset) -> Trial {
    let (set, needs) = bench.learning_set();
    bench.inet(how(Dynset::new(op, set, R1))).also(needs)
}
