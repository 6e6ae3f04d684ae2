//! Tests against the kernel, each in network namespaces of its own: as root, or under `unshare -Urn`.

mod faults;
#[cfg(feature = "nftnl")]
mod oracle;
mod support;

mod chains;
mod classic;
mod matches;
mod objects;
mod reading;
mod sets;
mod targets;
mod transactions;
mod use_cases;
