//! Trials of connection tracking and of the expressions that stand upon it.

use super::Trial;
use crate::{
    expr::{
        AddressFamily, Connlimit, Ct, CtKey, FlowOffload, Masq, Nat, NatFlags, Notrack, Redir, Register,
        Synproxy, Tproxy,
    },
    object::Family,
    probe::{Bench, Feature},
};

const R1: Register = Register::R1;
const R2: Register = Register::R2;

pub(super) fn trial(feature: Feature, bench: &mut Bench) -> Option<Trial> {
    let ct = |key| Ct::load(key, R1);
    let trial = match feature {
        Feature::Connlimit => bench.inet(Connlimit::over(1)),
        Feature::Ct => bench.inet(ct(CtKey::State)),
        Feature::CtMark => bench.inet(ct(CtKey::Mark)),
        Feature::CtSecMark => bench.inet(ct(CtKey::SecMark)),
        Feature::CtLabels => bench.inet(ct(CtKey::Labels)),
        Feature::CtId => bench.inet(ct(CtKey::Id)),
        Feature::CtZone => bench.inet(Ct::store(CtKey::Zone, R1)),
        Feature::CtEvents => bench.inet(Ct::store(CtKey::EventMask, R1)),
        Feature::FlowOffload => {
            let (flowtable, needs) = bench.flowtable();
            bench.inet(FlowOffload::new(flowtable)).also(needs)
        }
        Feature::Masq => bench.expression(Family::Ip, Masq::new()),
        Feature::MasqInet => bench.inet(Masq::new()),
        Feature::Nat => bench.expression(Family::Ip, Nat::source(AddressFamily::Ipv4).addr_min(R1)),
        Feature::NatInet => bench.inet(Nat::source(AddressFamily::Ipv4).addr_min(R1)),
        Feature::NatNetmap => {
            let nat = Nat::source(AddressFamily::Ipv4).addr_min(R1).addr_max(R2).flags(NatFlags::NETMAP);
            bench.expression(Family::Ip, nat)
        }
        Feature::Notrack => bench.inet(Notrack::new()),
        Feature::Redir => bench.expression(Family::Ip, Redir::new()),
        Feature::RedirInet => bench.inet(Redir::new()),
        Feature::Synproxy => bench.expression(Family::Ip, Synproxy::new().mss(1460u16).wscale(7)),
        Feature::Tproxy => bench.expression(Family::Ip, Tproxy::new(AddressFamily::Ipv4).port(R1)),
        _ => return None,
    };
    Some(trial)
}
