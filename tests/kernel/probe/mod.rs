//! What the kernel can do, as the probe finds it.

mod refused;
mod user;

use std::time::{Duration, Instant};

use portcullis::{
    Netfilter,
    probe::{Feature, Support},
};
use portcullis_world::{Host, need_namespaces, patience};

use crate::support::open;

/// The shortest of a few times: others use the machine, too.
fn shortest(mut probe: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        probe();
        start.elapsed()
    };
    (0..5).map(time).min().unwrap_or_default()
}

#[test]
fn everything_is_known_and_nothing_is_left_behind() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let before = firewall.generation().unwrap();
    let probe = firewall.probe().unwrap_or_else(|error| panic!("{error}"));
    println!("{probe}");
    for feature in Feature::ALL {
        let support = probe.supports(*feature);
        assert!(matches!(support, Support::Works | Support::Missing), "{feature}: {support}");
    }
    assert_eq!(firewall.tables(None).unwrap(), []);
    assert_eq!(firewall.generation().unwrap().id, before.id);
    // Once more, and from another socket: the same.
    assert_eq!(firewall.probe().unwrap(), probe);
    assert_eq!(open(&host).probe().unwrap(), probe);
}

#[test]
fn one_feature_is_asked_for_once() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall: Netfilter = open(&host);
    let all = firewall.probe().unwrap();
    for feature in Feature::ALL {
        let mut alone = open(&host);
        assert_eq!(alone.supports(*feature).unwrap(), all.supports(*feature), "{feature}");
    }
    let mut firewall = open(&host);
    firewall.supports(Feature::Counter).unwrap();
    let remembered = shortest(|| assert_eq!(firewall.supports(Feature::Counter).unwrap(), Support::Works));
    assert!(remembered < Duration::from_millis(1) * patience(), "{remembered:?}");
}
