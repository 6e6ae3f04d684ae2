//! Flowtables in nft's language.

use super::{device::devices, priority::priority, set::Wanted};
use crate::object::{Family, Flowtable, FlowtableFlags, Hook};

/// A flowtable as it stands in its table.
pub(super) fn declaration(flowtable: &Flowtable, wanted: Wanted) -> String {
    let number = flowtable.priority.number(Family::Netdev);
    let mut lines =
        vec![format!("hook ingress priority {}", priority(number, Family::Netdev, Hook::Ingress))];
    if !flowtable.devices.is_empty() {
        lines.push(format!("devices = {}", devices(&flowtable.devices)));
    }
    if flowtable.flags.contains(FlowtableFlags::HW_OFFLOAD) {
        lines.push("flags offload".to_owned());
    }
    if flowtable.flags.contains(FlowtableFlags::COUNTER) {
        lines.push("counter".to_owned());
    }
    let lines: String = lines.iter().map(|line| format!("\t\t{line}\n")).collect();
    format!(
        "\tflowtable {} {{{}\n{lines}\t}}\n",
        flowtable.name,
        super::handle(flowtable.handle, wanted.handle)
    )
}
