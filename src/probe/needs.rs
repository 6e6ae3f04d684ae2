//! Which features an operation needs, read from its message.

use super::Feature;
use crate::{
    expr::{
        BitwiseOp, CtKey, DynsetOp, Expr, Exthdr, ExthdrAccess, ExthdrOp, FibResult, HashKind, MetaKey,
        NatFlags, ObjectChoice, ObjectKind as Kind, PayloadAccess, PayloadBase, RtKey, SocketKey,
        decode_list,
    },
    object::{
        Base, Chain, ChainFlags, ChainKind, ElementFlags, Family, Flowtable, FlowtableFlags, Hook, MapData,
        NFTA_RULE_EXPRESSIONS, Object, Set, SetFlags, Table, TableFlags, decode_elements,
    },
    wire::{GenMessage, nft},
};

/// What an operation needs of the kernel, what is general first. `expression`: only this one of a rule's.
///
/// What cannot be read, or is not known to this library, needs nothing.
pub(crate) fn needs(message: &GenMessage<'_>, expression: Option<usize>) -> Vec<Feature> {
    let family = Family::from_number(message.family());
    let attributes = message.attributes();
    match message.header.kind {
        nft::DESTROYTABLE
        | nft::DESTROYCHAIN
        | nft::DESTROYRULE
        | nft::DESTROYSET
        | nft::DESTROYSETELEM
        | nft::DESTROYOBJ
        | nft::DESTROYFLOWTABLE => vec![Feature::Destroy],
        nft::NEWTABLE => Table::decode(family, attributes).map(|table| of_table(&table)).unwrap_or_default(),
        nft::NEWCHAIN => {
            Chain::decode(family, attributes).map(|(_, chain)| of_chain(family, &chain)).unwrap_or_default()
        }
        nft::NEWRULE => of_rule(family, message, expression),
        nft::NEWSET => Set::decode(attributes).map(|(_, set)| of_set(family, &set)).unwrap_or_default(),
        nft::NEWSETELEM => of_elements(message),
        nft::NEWOBJ => {
            Object::decode(attributes).map(|(_, object)| of_object(object.kind())).unwrap_or_default()
        }
        nft::NEWFLOWTABLE => Flowtable::decode(attributes)
            .map(|(_, flowtable)| {
                let counts = flowtable.flags.contains(FlowtableFlags::COUNTER);
                let counter = counts.then_some(Feature::FlowtableCounter);
                [Feature::Flowtable].into_iter().chain(counter).collect()
            })
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn of_table(table: &Table) -> Vec<Feature> {
    let mut needs = Vec::new();
    let mut need = |needed: bool, feature| needs.extend(needed.then_some(feature));
    need(table.flags.contains(TableFlags::OWNER), Feature::TableOwner);
    need(table.flags.contains(TableFlags::PERSIST), Feature::TablePersist);
    needs
}

fn of_chain(family: Family, chain: &Chain) -> Vec<Feature> {
    let mut needs = Vec::new();
    needs.extend(chain.flags.contains(ChainFlags::BINDING).then_some(Feature::ChainBinding));
    let Some(base) = &chain.base else {
        return needs;
    };
    let Base { kind, hook, devices, .. } = base;
    needs.extend(match (kind, family, hook) {
        (ChainKind::Filter, Family::Inet, Hook::Ingress) => Some(Feature::IngressInet),
        (ChainKind::Filter, Family::Netdev, Hook::Ingress) => Some(Feature::IngressNetdev),
        (ChainKind::Filter, Family::Netdev, Hook::Egress) => Some(Feature::EgressNetdev),
        (ChainKind::Filter, Family::Ip, _) => Some(Feature::FilterIp),
        (ChainKind::Filter, Family::Ip6, _) => Some(Feature::FilterIp6),
        (ChainKind::Filter, Family::Inet, _) => Some(Feature::FilterInet),
        (ChainKind::Filter, Family::Arp, _) => Some(Feature::FilterArp),
        (ChainKind::Filter, Family::Bridge, _) => Some(Feature::FilterBridge),
        (ChainKind::Nat, Family::Ip, _) => Some(Feature::NatIp),
        (ChainKind::Nat, Family::Ip6, _) => Some(Feature::NatIp6),
        (ChainKind::Nat, Family::Inet, _) => Some(Feature::NatInetChain),
        (ChainKind::Route, Family::Ip, _) => Some(Feature::RouteIp),
        (ChainKind::Route, Family::Ip6, _) => Some(Feature::RouteIp6),
        (ChainKind::Route, Family::Inet, _) => Some(Feature::RouteInet),
        _ => None,
    });
    needs.extend((devices.len() > 1).then_some(Feature::ManyDevices));
    needs.extend(devices.iter().any(|device| device.is_prefix()).then_some(Feature::DevicePrefix));
    needs
}

fn of_rule(family: Family, message: &GenMessage<'_>, index: Option<usize>) -> Vec<Feature> {
    let expressions: Vec<Expr> = message
        .attributes()
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == NFTA_RULE_EXPRESSIONS)
        .and_then(|list| decode_list(list).ok())
        .unwrap_or_default();
    match index.and_then(|index| expressions.get(index)) {
        Some(expression) => of_expression(family, expression),
        None => expressions.iter().flat_map(|expression| of_expression(family, expression)).collect(),
    }
}

fn of_set(family: Family, set: &Set) -> Vec<Feature> {
    let ranges = set.flags.contains(SetFlags::INTERVAL);
    let mut needs = Vec::new();
    let mut need = |needed: bool, feature| needs.extend(needed.then_some(feature));
    need(ranges, Feature::SetInterval);
    need(ranges && set.desc.fields.len() > 1, Feature::SetConcatRanges);
    need(set.flags.contains(SetFlags::TIMEOUT), Feature::SetTimeout);
    need(set.flags.contains(SetFlags::EVAL), Feature::SetDynamic);
    need(!set.expressions.is_empty(), Feature::SetExpression);
    need(set.expressions.len() > 1, Feature::SetExpressions);
    need(matches!(set.data, Some(MapData::Verdict)), Feature::VerdictMap);
    need(matches!(set.data, Some(MapData::Object(_))), Feature::ObjectMap);
    if let Some(MapData::Object(kind)) = set.data {
        needs.extend(of_object(kind));
    }
    needs.extend(set.expressions.iter().flat_map(|expression| of_expression(family, expression)));
    needs
}

fn of_elements(message: &GenMessage<'_>) -> Vec<Feature> {
    let mut elements = Vec::new();
    let read = decode_elements(message.attributes(), &mut elements);
    let catch_all = elements.iter().any(|element| element.flags.contains(ElementFlags::CATCHALL));
    if read.is_ok() && catch_all { vec![Feature::SetCatchAll] } else { Vec::new() }
}

fn of_object(kind: Kind) -> Vec<Feature> {
    vec![match kind {
        Kind::Counter => Feature::CounterObject,
        Kind::Quota => Feature::QuotaObject,
        // Another helper or context than the trial's may be missing where that one is there; then nothing is blamed.
        Kind::CtHelper => return vec![Feature::Ct, Feature::CtHelperObject],
        Kind::SecMark => return vec![Feature::MetaSecMark, Feature::SecMarkObject],
        Kind::Limit => Feature::LimitObject,
        Kind::Connlimit => Feature::ConnlimitObject,
        Kind::Tunnel => Feature::TunnelObject,
        Kind::CtTimeout => Feature::CtTimeoutObject,
        Kind::CtExpect => Feature::CtExpectObject,
        Kind::Synproxy => Feature::SynproxyObject,
        Kind::Other(_) => return Vec::new(),
    }]
}

fn of_expression(family: Family, expression: &Expr) -> Vec<Feature> {
    use Feature as F;

    let of_family = |netdev, inet, other| match family {
        Family::Netdev => netdev,
        Family::Inet => inet,
        _ => other,
    };
    let one = |feature| vec![feature];
    match expression {
        Expr::Bitwise(bitwise) => {
            let form = match bitwise.op {
                _ if bitwise.sreg2.is_some() => Some(F::BitwiseRegisters),
                Some(BitwiseOp::Lshift | BitwiseOp::Rshift) => Some(F::BitwiseShift),
                _ => None,
            };
            [F::Bitwise].into_iter().chain(form).collect()
        }
        Expr::Byteorder(_) => one(F::Byteorder),
        Expr::Cmp(_) => one(F::Cmp),
        Expr::Connlimit(_) => one(F::Connlimit),
        Expr::Counter(_) => one(F::Counter),
        Expr::Ct(ct) => [F::Ct].into_iter().chain(of_ct(ct.key)).collect(),
        Expr::Dup(_) => one(of_family(F::DupNetdev, F::Dup, F::Dup)),
        Expr::Dynset(dynset) => {
            let delete = (dynset.op == DynsetOp::Delete).then_some(F::DynsetDelete);
            let several = (dynset.expressions.len() > 1).then_some(F::DynsetExpressions);
            let inside = dynset.expressions.iter().flat_map(|inside| of_expression(family, inside));
            [F::Dynset].into_iter().chain(delete).chain(several).chain(inside).collect()
        }
        Expr::Exthdr(exthdr) => [F::Exthdr].into_iter().chain(of_exthdr(exthdr)).collect(),
        Expr::Fib(fib) if fib.result == FibResult::AddrType && family != Family::Netdev => {
            vec![F::Fib, F::FibType]
        }
        Expr::Fib(_) => one(of_family(F::FibNetdev, F::Fib, F::Fib)),
        Expr::FlowOffload(_) => vec![F::Flowtable, F::FlowOffload],
        Expr::Fwd(fwd) => [F::Fwd].into_iter().chain(fwd.sreg_addr.map(|_| F::FwdNeighbour)).collect(),
        Expr::Hash(hash) if hash.kind == Some(HashKind::Symmetric) => one(F::SymHash),
        Expr::Hash(_) => one(F::Hash),
        Expr::Immediate(_) => one(F::Immediate),
        Expr::Inner(_) => one(F::Inner),
        Expr::Last(_) => one(F::Last),
        Expr::Limit(_) => one(F::Limit),
        Expr::Log(log) if log.group.is_some() => one(F::LogGroup),
        Expr::Log(log) if log.level == Some(crate::expr::LogLevel::Audit) => one(F::LogAudit),
        Expr::Log(_) => one(F::LogKernel),
        Expr::Lookup(_) => one(F::Lookup),
        Expr::Masq(_) => one(of_family(F::Masq, F::MasqInet, F::Masq)),
        Expr::Meta(meta) => [F::Meta].into_iter().chain(of_meta(meta.key)).collect(),
        Expr::Nat(nat) => {
            let netmap = nat.flags.is_some_and(|flags| flags.contains(NatFlags::NETMAP));
            let first = of_family(F::Nat, F::NatInet, F::Nat);
            [first].into_iter().chain(netmap.then_some(F::NatNetmap)).collect()
        }
        Expr::Notrack(_) => one(F::Notrack),
        Expr::Numgen(_) => one(F::Numgen),
        // Whether there is such an object is another question; the operation that adds it tells of the kind.
        Expr::Objref(objref) if matches!(objref.object, ObjectChoice::Map { .. }) => {
            vec![F::Objref, F::ObjrefMap]
        }
        Expr::Objref(_) => one(F::Objref),
        Expr::Osf(_) => one(F::Osf),
        Expr::Payload(payload) => {
            let inner = (payload.base == PayloadBase::Inner).then_some(F::PayloadInner);
            let write = matches!(payload.access, PayloadAccess::Store { .. }).then_some(F::PayloadWrite);
            [F::Payload].into_iter().chain(inner).chain(write).collect()
        }
        Expr::Queue(queue) => [F::Queue].into_iter().chain(queue.sreg.map(|_| F::QueueRegister)).collect(),
        Expr::Quota(_) => one(F::Quota),
        Expr::Range(_) => one(F::Range),
        Expr::Redir(_) => one(of_family(F::Redir, F::RedirInet, F::Redir)),
        Expr::Reject(_) if family == Family::Bridge => one(F::RejectBridge),
        Expr::Reject(_) => one(of_family(F::RejectNetdev, F::RejectInet, F::Reject)),
        Expr::Rt(rt) => [F::Rt].into_iter().chain((rt.key == RtKey::Xfrm).then_some(F::RtXfrm)).collect(),
        Expr::Socket(socket) => {
            let key = match socket.key {
                SocketKey::Wildcard => Some(F::SocketWildcard),
                SocketKey::CgroupV2 => Some(F::SocketCgroup),
                _ => None,
            };
            [F::Socket].into_iter().chain(key).collect()
        }
        Expr::Synproxy(_) => one(F::Synproxy),
        Expr::Tproxy(_) => one(F::Tproxy),
        Expr::Tunnel(_) => one(F::Tunnel),
        Expr::Xfrm(_) => one(F::Xfrm),
        Expr::XtMatch(_) => one(F::XtMatch),
        Expr::XtTarget(_) => one(F::XtTarget),
        Expr::Unknown(_) => Vec::new(),
    }
}

fn of_ct(key: CtKey) -> Option<Feature> {
    Some(match key {
        CtKey::Mark => Feature::CtMark,
        CtKey::SecMark => Feature::CtSecMark,
        CtKey::Labels => Feature::CtLabels,
        CtKey::Zone => Feature::CtZone,
        CtKey::EventMask => Feature::CtEvents,
        CtKey::Id => Feature::CtId,
        _ => return None,
    })
}

fn of_meta(key: MetaKey) -> Option<Feature> {
    Some(match key {
        MetaKey::TimeNs | MetaKey::TimeDay | MetaKey::TimeHour => Feature::MetaTime,
        MetaKey::Sdif | MetaKey::SdifName => Feature::MetaSdif,
        MetaKey::IifKind | MetaKey::OifKind => Feature::MetaKind,
        MetaKey::Cgroup => Feature::MetaCgroup,
        MetaKey::SecMark => Feature::MetaSecMark,
        MetaKey::SecPath => Feature::MetaSecPath,
        MetaKey::RtClassId => Feature::MetaRtClassId,
        MetaKey::BriIifName | MetaKey::BriOifName => Feature::MetaBridge,
        MetaKey::BriIifPvid | MetaKey::BriIifVproto => Feature::MetaBridgeVlan,
        MetaKey::BriBroute => Feature::MetaBroute,
        MetaKey::BriIifHwAddr => Feature::MetaBridgeHwAddr,
        _ => return None,
    })
}

fn of_exthdr(exthdr: &Exthdr) -> Option<Feature> {
    Some(match (exthdr.op, exthdr.access) {
        (_, ExthdrAccess::Store(_)) => Feature::ExthdrTcpWrite,
        (_, ExthdrAccess::Strip) => Feature::ExthdrTcpStrip,
        (ExthdrOp::Tcp, _) => Feature::ExthdrTcp,
        (ExthdrOp::Ipv4, _) => Feature::ExthdrIpv4,
        (ExthdrOp::Sctp, _) => Feature::ExthdrSctp,
        (ExthdrOp::Dccp, _) => Feature::ExthdrDccp,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Bench, Trial};

    #[test]
    fn what_tries_a_feature_needs_it() {
        // What every kernel has and no message shows, or what is no reason to refuse: a comment is not looked at.
        let silent =
            [Feature::SetHash, Feature::SetSize, Feature::Map, Feature::ChainComment, Feature::TableComment];
        let mut bench = Bench::default();
        for feature in Feature::ALL {
            let Some(trial) = Trial::of(*feature, &mut bench) else { continue };
            let message = bench.transaction.batch.message_of(trial.target).unwrap();
            let needed = needs(&message, None);
            assert_eq!(needed.contains(feature), !silent.contains(feature), "{feature:?}: {needed:?}");
        }
    }

    #[test]
    fn only_the_expression_at_fault_counts() {
        let mut bench = Bench::default();
        let trial = Trial::of(Feature::Queue, &mut bench).unwrap();
        let message = bench.transaction.batch.message_of(trial.target).unwrap();
        assert_eq!(needs(&message, Some(2)), [Feature::Queue]);
        assert_eq!(needs(&message, None), [Feature::Immediate, Feature::Immediate, Feature::Queue]);
    }
}
