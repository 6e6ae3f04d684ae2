//! Flowtables: connections whose packets go from device to device without the rules being asked.

use super::{
    Family, InterfaceName, Origin, Priority, check_name,
    interface::{decode_devices, encode_devices},
};
use crate::{
    Invalid,
    wire::{Attributes, DecodeError, Unknown, Writer, flag_set},
};

flag_set! {
    /// `enum nft_flowtable_flags`
    pub struct FlowtableFlags: u32 {
        /// The network card forwards.
        #[doc(alias = "NFT_FLOWTABLE_HW_OFFLOAD")]
        HW_OFFLOAD = 1,
        /// Packets and bytes are counted in connection tracking. Kernel 5.7.
        #[doc(alias = "NFT_FLOWTABLE_COUNTER")]
        COUNTER = 2,
    }
}

/// A flowtable. It sits at the ingress hook of its devices; rules put connections into it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Flowtable {
    /// Its name, unique in its table.
    pub name: String,
    /// When, among what sits at the same hook.
    pub priority: Priority,
    /// The network devices between which it forwards.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub devices: Vec<InterfaceName>,
    /// See [`FlowtableFlags`].
    #[cfg_attr(
        feature = "serde",
        serde(default = "FlowtableFlags::empty", skip_serializing_if = "FlowtableFlags::is_empty")
    )]
    pub flags: FlowtableFlags,
    /// The kernel's number, when read.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub handle: Option<u64>,
    /// How many rules refer to it, when read.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub uses: Option<u32>,
    /// Attributes of its hook that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub hook_unknown: Unknown,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
    /// The caller's line.
    #[cfg_attr(feature = "serde", serde(skip, default = "crate::json::origin"))]
    pub origin: Origin,
}

pub(crate) const NFTA_FLOWTABLE_TABLE: u16 = 1;
pub(crate) const NFTA_FLOWTABLE_NAME: u16 = 2;
const NFTA_FLOWTABLE_HOOK: u16 = 3;
const NFTA_FLOWTABLE_USE: u16 = 4;
const NFTA_FLOWTABLE_HANDLE: u16 = 5;
const NFTA_FLOWTABLE_PAD: u16 = 6;
const NFTA_FLOWTABLE_FLAGS: u16 = 7;

pub(crate) const FLOWTABLE_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_FLOWTABLE_TABLE", NFTA_FLOWTABLE_TABLE),
    ("NFTA_FLOWTABLE_NAME", NFTA_FLOWTABLE_NAME),
    ("NFTA_FLOWTABLE_HOOK", NFTA_FLOWTABLE_HOOK),
    ("NFTA_FLOWTABLE_USE", NFTA_FLOWTABLE_USE),
    ("NFTA_FLOWTABLE_HANDLE", NFTA_FLOWTABLE_HANDLE),
    ("NFTA_FLOWTABLE_PAD", NFTA_FLOWTABLE_PAD),
    ("NFTA_FLOWTABLE_FLAGS", NFTA_FLOWTABLE_FLAGS),
];

const NFTA_FLOWTABLE_HOOK_NUM: u16 = 1;
const NFTA_FLOWTABLE_HOOK_PRIORITY: u16 = 2;
const NFTA_FLOWTABLE_HOOK_DEVS: u16 = 3;

/// `NF_NETDEV_INGRESS`, the only hook that the kernel takes.
const INGRESS: u32 = 0;

impl Flowtable {
    /// A flowtable between these devices, with priority [`Priority::FILTER`].
    #[track_caller]
    pub fn new<N: Into<InterfaceName>>(
        name: impl Into<String>,
        devices: impl IntoIterator<Item = N>,
    ) -> Self {
        Self {
            name: name.into(),
            priority: Priority::FILTER,
            devices: devices.into_iter().map(Into::into).collect(),
            flags: FlowtableFlags::empty(),
            handle: None,
            uses: None,
            hook_unknown: Unknown::new(),
            unknown: Unknown::new(),
            origin: Origin::here(),
        }
    }

    /// Its place among what sits at the same hook.
    #[must_use]
    pub fn priority(mut self, priority: impl Into<Priority>) -> Self {
        self.priority = priority.into();
        self
    }

    /// Sets flags, beside those set before.
    #[must_use]
    pub fn flags(mut self, flags: FlowtableFlags) -> Self {
        self.flags |= flags;
        self
    }

    /// Whether the kernel can take the flowtable.
    ///
    /// # Errors
    /// A name that the kernel does not take, as [`check_name`]; a device that no interface can be, as
    /// [`InterfaceName::check`].
    pub fn check(&self) -> Result<(), Invalid> {
        check_name("flowtable", &self.name)?;
        self.devices.iter().try_for_each(InterfaceName::check)
    }

    /// Appends the attributes of the flowtable.
    pub(crate) fn encode(&self, family: Family, table: &str, writer: &mut Writer<'_>) {
        let Self { name, priority, devices, flags, handle: _, uses: _, hook_unknown, unknown, origin: _ } =
            self;
        writer.text(NFTA_FLOWTABLE_TABLE, table);
        writer.put(NFTA_FLOWTABLE_NAME, name);
        writer.nest(NFTA_FLOWTABLE_HOOK, |hook| {
            hook.put(NFTA_FLOWTABLE_HOOK_NUM, &INGRESS);
            hook.put(NFTA_FLOWTABLE_HOOK_PRIORITY, &priority.number(family));
            if !devices.is_empty() {
                hook.nest(NFTA_FLOWTABLE_HOOK_DEVS, |list| encode_devices(devices, list));
            }
            hook_unknown.encode(hook);
        });
        if !flags.is_empty() {
            writer.put(NFTA_FLOWTABLE_FLAGS, flags);
        }
        unknown.encode(writer);
    }

    /// A flowtable as the kernel reports it, and the name of its table.
    #[track_caller]
    pub(crate) fn decode(attributes: Attributes<'_>) -> Result<(String, Self), DecodeError> {
        let mut flowtable = Self::new(String::new(), [""; 0]).priority(0);
        let (mut table, mut name) = (None, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_FLOWTABLE_TABLE => table = Some(attribute.get()?),
                NFTA_FLOWTABLE_NAME => name = Some(attribute.get()?),
                NFTA_FLOWTABLE_HOOK => flowtable.decode_hook(attribute.attributes())?,
                NFTA_FLOWTABLE_FLAGS => flowtable.flags = attribute.get()?,
                NFTA_FLOWTABLE_HANDLE => flowtable.handle = Some(attribute.get()?),
                NFTA_FLOWTABLE_USE => flowtable.uses = Some(attribute.get()?),
                NFTA_FLOWTABLE_PAD => {}
                _ => flowtable.unknown.keep(attribute),
            }
        }
        flowtable.name = name.ok_or(DecodeError::Missing { name: "NFTA_FLOWTABLE_NAME" })?;
        Ok((table.ok_or(DecodeError::Missing { name: "NFTA_FLOWTABLE_TABLE" })?, flowtable))
    }

    fn decode_hook(&mut self, attributes: Attributes<'_>) -> Result<(), DecodeError> {
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_FLOWTABLE_HOOK_NUM if attribute.get::<u32>()? == INGRESS => {}
                NFTA_FLOWTABLE_HOOK_PRIORITY => self.priority = attribute.get::<i32>()?.into(),
                NFTA_FLOWTABLE_HOOK_DEVS => match decode_devices(attribute.attributes())? {
                    Some(named) => self.devices = named,
                    None => self.hook_unknown.keep(attribute),
                },
                _ => self.hook_unknown.keep(attribute),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowtables_survive_the_wire() {
        let fast =
            Flowtable::new("fast", ["eth0", "eth1", "wg*"]).priority(-5).flags(FlowtableFlags::COUNTER);
        let mut later = fast.clone();
        later.hook_unknown.keep(crate::wire::Attribute::new(99, b"more"));
        for flowtable in [Flowtable::new("none", [""; 0]).priority(0), fast, later] {
            assert_eq!(flowtable.check(), Ok(()));
            let mut bytes = Vec::new();
            flowtable.encode(Family::Inet, "edge", &mut Writer::new(&mut bytes));
            assert_eq!(Flowtable::decode(Attributes::new(&bytes)), Ok(("edge".to_owned(), flowtable)));
        }
    }

    #[test]
    fn flowtables_are_what_nft_sends() {
        // nft --debug=mnl: flowtable fast { hook ingress priority -5; devices = { lo }; counter; }
        let mut expected = Vec::new();
        let mut writer = Writer::new(&mut expected);
        writer.bytes(1, b"t\0");
        writer.bytes(2, b"fast\0");
        writer.nest(3, |hook| {
            hook.bytes(1, &[0, 0, 0, 0]);
            hook.bytes(2, &[0xff, 0xff, 0xff, 0xfb]);
            hook.nest(3, |devices| devices.bytes(1, b"lo\0"));
        });
        writer.bytes(7, &[0, 0, 0, 2]);
        let mut bytes = Vec::new();
        let flowtable = Flowtable::new("fast", ["lo"]).priority(-5).flags(FlowtableFlags::COUNTER);
        flowtable.encode(Family::Inet, "t", &mut Writer::new(&mut bytes));
        assert_eq!(bytes, expected);
    }

    #[test]
    fn offloading_flowtables_of_several_devices_are_what_nft_sends() {
        // nft --debug=mnl: … { hook ingress priority 10; devices = { lo, eth0 }; flags offload; counter; }
        let mut expected = Vec::new();
        let mut writer = Writer::new(&mut expected);
        writer.bytes(1, b"t\0");
        writer.bytes(2, b"fast\0");
        writer.nest(3, |hook| {
            hook.bytes(1, &[0, 0, 0, 0]);
            hook.bytes(2, &[0, 0, 0, 10]);
            // nft sorts them by name.
            hook.nest(3, |devices| {
                devices.bytes(1, b"eth0\0");
                devices.bytes(1, b"lo\0");
            });
        });
        writer.bytes(7, &[0, 0, 0, 3]);
        let flags = FlowtableFlags::COUNTER | FlowtableFlags::HW_OFFLOAD;
        let flowtable = Flowtable::new("fast", ["eth0", "lo"]).priority(10).flags(flags);
        let mut bytes = Vec::new();
        flowtable.encode(Family::Inet, "t", &mut Writer::new(&mut bytes));
        assert_eq!(bytes, expected);
    }
}
