//! Lists of network devices.

use crate::object::InterfaceName;

/// `{ eth0, lo }`: sorted, because the kernel's order is no one's choice.
pub(super) fn devices(names: &[InterfaceName]) -> String {
    let mut names: Vec<_> = names.iter().map(ToString::to_string).collect();
    names.sort();
    format!("{{ {} }}", names.join(", "))
}
