//! Trials of chains, tables, flowtables and operations.

use nix::errno::Errno;

use super::{Expected, Trial};
use crate::{
    object::{Chain, ChainFlags, Family, Flowtable, FlowtableFlags, Hook, InterfaceName, Table, TableFlags},
    probe::{Bench, Feature},
};

/// Longer than the kernel takes user data (`NFT_USERDATA_MAXLEN`).
const TOO_LONG: usize = 300;
/// A device that every network namespace has.
const LOOPBACK: &str = "lo";

pub(super) fn trial(feature: Feature, bench: &mut Bench) -> Option<Trial> {
    let name = bench.name();
    let filter = |hook| Chain::filter(name.clone(), hook);
    let ingress = || filter(Hook::Ingress);
    let nat = || Chain::nat(name.clone(), Hook::Prerouting);
    let route = || Chain::route(name.clone());
    let (family, chain) = match feature {
        Feature::FilterIp => (Family::Ip, filter(Hook::Input)),
        Feature::FilterIp6 => (Family::Ip6, filter(Hook::Input)),
        Feature::FilterInet => (Family::Inet, filter(Hook::Input)),
        Feature::FilterArp => (Family::Arp, filter(Hook::Input)),
        Feature::FilterBridge => (Family::Bridge, filter(Hook::Input)),
        Feature::IngressNetdev => return Some(live(bench, Family::Netdev, ingress().device(LOOPBACK))),
        Feature::EgressNetdev => {
            return Some(live(bench, Family::Netdev, filter(Hook::Egress).device(LOOPBACK)));
        }
        Feature::IngressInet => return Some(live(bench, Family::Inet, ingress().device(LOOPBACK))),
        Feature::NatIp => (Family::Ip, nat()),
        Feature::NatIp6 => (Family::Ip6, nat()),
        Feature::NatInetChain => (Family::Inet, nat()),
        Feature::RouteIp => (Family::Ip, route()),
        Feature::RouteIp6 => (Family::Ip6, route()),
        Feature::RouteInet => (Family::Inet, route()),
        Feature::ManyDevices => {
            // One device twice is refused by whoever reads the list.
            let trial = chain(bench, Family::Netdev, ingress().devices([LOOPBACK, LOOPBACK]));
            return Some(trial.expect(Expected::Errno(Errno::EEXIST as i32)));
        }
        Feature::DevicePrefix => (Family::Netdev, ingress().device(InterfaceName::prefix("portcullis"))),
        Feature::ChainBinding => {
            let mut bound = Chain::new(name.clone());
            bound.flags |= ChainFlags::BINDING;
            (Family::Inet, bound)
        }
        Feature::ChainComment => {
            let mut commented = Chain::new(name.clone());
            commented.userdata = Some(vec![0; TOO_LONG]);
            return Some(chain(bench, Family::Inet, commented).expect(Expected::Refused));
        }
        _ => return not_a_chain(feature, bench, name),
    };
    Some(self::chain(bench, family, chain))
}

fn not_a_chain(feature: Feature, bench: &mut Bench, name: String) -> Option<Trial> {
    let mut table = Table::new(Family::Inet, name.clone());
    match feature {
        Feature::TableOwner => table.flags = TableFlags::OWNER,
        Feature::TablePersist => table.flags = TableFlags::OWNER | TableFlags::PERSIST,
        Feature::TableComment => {
            table.userdata = Some(vec![0; TOO_LONG]);
            let target = bench.transaction.add_table(table);
            return Some(Trial::new(target, Vec::new()).expect(Expected::Refused));
        }
        Feature::Flowtable | Feature::FlowtableCounter => {
            let (table, needs) = bench.table(Family::Inet);
            let mut flowtable = Flowtable::new(name, [""; 0]);
            if feature == Feature::FlowtableCounter {
                flowtable.flags = FlowtableFlags::COUNTER;
            }
            return Some(Trial::new(bench.transaction.add_flowtable(table, flowtable), needs));
        }
        Feature::Destroy => {
            let (nobody, needs) = bench.no_object();
            return Some(Trial::new(bench.transaction.destroy_object(nobody), needs));
        }
        _ => return None,
    }
    Some(Trial::new(bench.transaction.add_table(table), Vec::new()))
}

/// A chain that sees no packets.
fn chain(bench: &mut Bench, family: Family, chain: Chain) -> Trial {
    let (table, needs) = bench.table(family);
    Trial::new(bench.transaction.add_chain(table, chain), needs)
}

/// A chain that is put at its hook: only that shows whether there is one.
fn live(bench: &mut Bench, family: Family, chain: Chain) -> Trial {
    let name = bench.name();
    let needs = vec![bench.transaction.add_table(Table::new(family, name.clone()))];
    Trial::new(bench.transaction.add_chain((family, name.as_str()), chain), needs)
}
