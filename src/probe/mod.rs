//! What this kernel, as this user, can do: found by trying, never guessed from a version.
//!
//! ```text
//!   Feature ──► trial: the smallest operation that needs it      trial/
//!                 │  some of them at once, in a batch without an end
//!                 ▼
//!              the kernel validates each, and forgets them       nothing is committed
//!                 │  accepted, or an error number
//!                 ▼
//!   Probe: Feature ──► Support                                   kept by Netfilter::supports
//! ```
//!
//! The batch holds whatever the trials need around them. A kernel without a module loads it, forgets the batch and
//! begins it anew by itself; what is still missing then is tried a second time, as some modules are loaded while
//! nobody waits for them.
//!
//! While a trial of `ct`, NAT or the like lasts, its hooks are there, as with [`Netfilter::check`]: packets are
//! tracked in this network namespace for some milliseconds. The chains of trials have no rules and accept.
//!
//! [`Netfilter::check`]: crate::Netfilter::check

mod bench;
mod feature;
mod group;
mod needs;
mod print;
mod support;
mod trial;

use std::collections::BTreeMap;

pub use feature::Feature;
pub use group::Group;
pub use support::Support;

pub(crate) use bench::{Bench, PROBE};

pub(crate) use needs::needs;
pub(crate) use support::is_missing;
pub(crate) use trial::{Expected, Trial, request};

/// What a kernel can do, as [`Netfilter::probe`](crate::Netfilter::probe) found it.
///
/// ```no_run
/// use portcullis::{
///     Netfilter,
///     probe::{Feature, Support},
/// };
///
/// let probe = Netfilter::open()?.probe()?;
/// print!("{probe}");
/// if probe.supports(Feature::Flowtable) == Support::Works {
///     println!("packets of known connections can take the fast path");
/// }
/// # Ok::<(), portcullis::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Probe {
    found: BTreeMap<Feature, Support>,
}

impl Probe {
    /// Whether the kernel has it; [`Support::Untried`] where it was not asked.
    pub fn supports(&self, feature: Feature) -> Support {
        self.found.get(&feature).copied().unwrap_or(Support::Untried)
    }

    /// Everything that was asked for, with the answer, in [`Feature::ALL`]'s order.
    pub fn iter(&self) -> impl Iterator<Item = (Feature, Support)> {
        self.found.iter().map(|(feature, support)| (*feature, *support))
    }

    /// What the kernel lacks.
    pub fn missing(&self) -> impl Iterator<Item = Feature> {
        self.iter().filter(|(_, support)| *support == Support::Missing).map(|(feature, _)| feature)
    }

    /// Keeps only those features of which this is true.
    pub fn retain(&mut self, mut keep: impl FnMut(Feature, Support) -> bool) {
        self.found.retain(|feature, support| keep(*feature, *support));
    }

    pub(crate) fn note(&mut self, feature: Feature, support: Support) {
        self.found.insert(feature, support);
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;

    #[test]
    fn a_probe_survives_json() {
        let mut probe = Probe::default();
        let unknown = Support::Unknown { errno: 12 };
        for (feature, support) in Feature::ALL.iter().zip([Support::Works, Support::Missing, unknown]) {
            probe.note(*feature, support);
        }
        let text = serde_json::to_string(&probe).unwrap();
        let wanted =
            r#"{"bitwise":"works","bitwise_shift":"missing","bitwise_registers":{"unknown":{"errno":12}}}"#;
        assert_eq!(text, wanted);
        assert_eq!(serde_json::from_str::<Probe>(&text).unwrap(), probe);
    }
}
