//! Trials of stateful objects.

use std::time::Duration;

use super::Trial;
use crate::{
    expr::{Connlimit, Counter, Limit, LimitUnit, Quota, Synproxy},
    object::{CtExpect, CtHelper, CtTimeout, Family, Object, ObjectData, SecMark, TimeoutPolicy, Tunnel},
    probe::{Bench, Feature},
};

// `IPPROTO_TCP`, `NFPROTO_IPV4`
const TCP: u8 = 6;
const IPV4: u16 = 2;

pub(super) fn trial(feature: Feature, bench: &mut Bench) -> Option<Trial> {
    let data: ObjectData = match feature {
        Feature::CounterObject => Counter::new().into(),
        Feature::QuotaObject => Quota::over(1).into(),
        Feature::LimitObject => Limit::packets(1, LimitUnit::Second).into(),
        Feature::ConnlimitObject => Connlimit::over(1).into(),
        Feature::CtHelperObject => CtHelper::new("ftp", TCP).l3proto(IPV4).into(),
        Feature::CtTimeoutObject => {
            let policy = TimeoutPolicy::new().state(TimeoutPolicy::TCP_ESTABLISHED, 100);
            CtTimeout::new(TCP, policy).l3proto(IPV4).into()
        }
        Feature::CtExpectObject => {
            CtExpect::new(TCP, 9876u16, Duration::from_secs(60), 1).l3proto(IPV4).into()
        }
        Feature::SynproxyObject => Synproxy::new().mss(1460u16).wscale(7).into(),
        Feature::SecMarkObject => SecMark::new("system_u:object_r:unlabeled_t:s0").into(),
        Feature::TunnelObject => Tunnel::v4(1, [192, 0, 2, 1], [192, 0, 2, 2]).into(),
        _ => return None,
    };
    // The only family that has tunnels.
    let family = if feature == Feature::TunnelObject { Family::Netdev } else { Family::Inet };
    let (table, needs) = bench.table(family);
    let name = bench.name();
    Some(Trial::new(bench.transaction.add_object(table, Object::new(name, data)), needs))
}
