//! Network interfaces.

use super::connection::{read_text, write_text};
use crate::{
    Invalid,
    expr::MetaKey,
    object::InterfaceName,
    set::{
        TypeOf,
        field::{Field, FieldType, numbers},
    },
};

numbers! {
    /// An interface's number in the kernel, 1 and up; `nft list` prints the name that it has at the time.
    InterfaceIndex(u32): "interface index" = FieldType::host("iface_index", 20, 4), host;
    /// What an interface is made of (`ARPHRD_…` in `linux/if_arp.h`): 1 is Ethernet.
    LinkType(u16): "link type" = FieldType::host("iface_type", 21, 2), host;
    /// The group that an interface was put into (`ip link set … group`).
    DeviceGroup(u32): "device group" = FieldType::host("devgroup", 35, 4), host;
    /// The VLAN of a bridge's port; nft knows it as `typeof meta ibrpvid` only.
    PortVlan(u16): "port's VLAN" = FieldType::host("integer", 4, 2).type_of(TypeOf::Meta(MetaKey::BriIifPvid)), host;
}

/// A whole name in every set; the beginning of names (`eth*`) in sets of intervals.
impl Field for InterfaceName {
    const WHAT: &'static str = "interface name";
    const TYPE: FieldType = FieldType::text("ifname", 41, 16);

    fn write(&self, to: &mut [u8]) {
        write_text(self.text(), to);
    }

    fn write_last(&self, to: &mut [u8]) {
        self.write(to);
        if let (true, Some(ending)) = (self.is_prefix(), to.get_mut(self.text().len()..)) {
            ending.fill(u8::MAX);
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        read_text(bytes).map(Self::exact)
    }

    fn read_run(first: &[u8], last: &[u8]) -> Option<Self> {
        if first == last {
            return Self::read(first);
        }
        let beginning = read_text(first)?;
        let ending = last.get(beginning.len()..)?;
        let whole = last.starts_with(beginning.as_bytes()) && ending.iter().all(|byte| *byte == u8::MAX);
        whole.then(|| Self::prefix(beginning))
    }

    fn text(&self) -> String {
        format!("\"{self}\"")
    }

    fn check(&self, intervals: bool) -> Result<(), Invalid> {
        if self.is_prefix() && !intervals {
            let problem = format!(
                "\"{self}\" stands for many names, which needs a set of intervals: SetOf::<Interval<InterfaceName>>"
            );
            return Err(Invalid::Combination { problem });
        }
        InterfaceName::check(self)
    }
}
