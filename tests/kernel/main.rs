//! Tests against the kernel, each in network namespaces of its own: as root, or under `unshare -Urn`.

mod faults;
#[cfg(feature = "serde")]
mod json;
#[cfg(feature = "nftnl")]
mod oracle;
mod support;

mod autoload;
mod blocklist;
mod bridge;
mod chains;
mod classic;
mod created_chains;
mod destroy;
mod fidelity;
mod flowtables;
mod inspect;
mod listing;
mod matches;
mod objects;
mod print;
mod probe;
mod reading;
mod refusals;
mod set_errors;
mod sets;
mod sets_in_rules;
mod snapshot;
mod targets;
mod transactions;
mod typed_sets;
mod use_cases;
