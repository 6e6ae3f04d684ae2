//! Chains: lists of rules, called by other chains or, with a base, by the kernel.

use super::{
    Family, Hook, InterfaceName, Origin, Priority, Rule, check_name,
    interface::{decode_devices, encode_devices},
    userdata,
};
use crate::{
    Invalid,
    wire::{Attribute, Attributes, DecodeError, Unknown, Writer, flag_set, kernel_enum},
};

kernel_enum! {
    /// What becomes of packets at the end of a base chain.
    pub enum Policy: u32 {
        /// They are gone.
        #[doc(alias = "NF_DROP")]
        Drop = 0 "drop",
        /// They go on.
        #[doc(alias = "NF_ACCEPT")]
        Accept = 1 "accept",
    }
}

flag_set! {
    /// `enum nft_chain_flags`
    pub struct ChainFlags: u32 {
        /// The chain has a base. Set by the kernel.
        #[doc(alias = "NFT_CHAIN_BASE")]
        BASE = 1,
        /// Its rules are given to the network card.
        #[doc(alias = "NFT_CHAIN_HW_OFFLOAD")]
        HW_OFFLOAD = 2,
        /// The chain belongs to the rule that jumps to it and has no name of its own. Kernel 5.9.
        #[doc(alias = "NFT_CHAIN_BINDING")]
        BINDING = 4,
    }
}

/// What a base chain is for (`struct nft_chain_type`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChainKind {
    /// Decide about packets.
    Filter,
    /// Translate addresses: sees the first packet of a connection.
    Nat,
    /// As filter at the output hook, and a changed packet is routed anew.
    Route,
    /// A kind that this library does not know.
    Other(String),
}

impl ChainKind {
    /// The kernel's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Filter => "filter",
            Self::Nat => "nat",
            Self::Route => "route",
            Self::Other(word) => word,
        }
    }

    /// The kind that the kernel calls so.
    pub(crate) fn from_word(word: String) -> Self {
        match word.as_str() {
            "filter" => Self::Filter,
            "nat" => Self::Nat,
            "route" => Self::Route,
            _ => Self::Other(word),
        }
    }

    /// The hooks at which such a chain can sit in a family (`nft(8)`, "Supported chain types").
    pub fn allows(&self, family: Family, hook: Hook) -> bool {
        let ip = matches!(family, Family::Ip | Family::Ip6 | Family::Inet);
        match self {
            Self::Filter => hook.number(family).is_some(),
            Self::Nat => {
                ip && matches!(hook, Hook::Prerouting | Hook::Input | Hook::Output | Hook::Postrouting)
            }
            Self::Route => ip && hook == Hook::Output,
            Self::Other(_) => true,
        }
    }
}

/// What makes a chain a base chain: the kernel sends packets through it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Base {
    /// What it is for.
    pub kind: ChainKind,
    /// Where it sits.
    pub hook: Hook,
    /// When, among the chains of the same hook.
    pub priority: Priority,
    /// What becomes of packets at its end; the kernel's default is to accept.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub policy: Option<Policy>,
    /// The network devices that it watches, for [`Hook::Ingress`] and [`Hook::Egress`].
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub devices: Vec<InterfaceName>,
    /// Packets and bytes that its policy decided about, where counted.
    #[cfg_attr(
        feature = "serde",
        serde(default, with = "crate::json::counters", skip_serializing_if = "Option::is_none")
    )]
    pub counters: Option<(u64, u64)>,
    /// Attributes of its hook that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

/// A chain with its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Chain {
    /// Its name, unique in its table.
    pub name: String,
    /// For a base chain: where it sits.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub base: Option<Base>,
    /// See [`ChainFlags`].
    #[cfg_attr(
        feature = "serde",
        serde(default = "ChainFlags::empty", skip_serializing_if = "ChainFlags::is_empty")
    )]
    pub flags: ChainFlags,
    /// Bytes kept beside it; nft keeps the comment there.
    #[cfg_attr(
        feature = "serde",
        serde(default, with = "crate::json::userdata", skip_serializing_if = "Option::is_none")
    )]
    pub userdata: Option<Vec<u8>>,
    /// The kernel's number, when read.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub handle: Option<u64>,
    /// Its rules, in order.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub rules: Vec<Rule>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
    /// The caller's line.
    #[cfg_attr(feature = "serde", serde(skip, default = "crate::json::origin"))]
    pub origin: Origin,
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            skip_deserializing,
            skip_serializing_if = "Option::is_none",
            serialize_with = "crate::json::broken"
        )
    )]
    pub(crate) problem: Option<Invalid>,
}

pub(crate) const NFTA_CHAIN_TABLE: u16 = 1;
pub(crate) const NFTA_CHAIN_HANDLE: u16 = 2;
pub(crate) const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
pub(crate) const NFTA_CHAIN_POLICY: u16 = 5;
const NFTA_CHAIN_USE: u16 = 6;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_CHAIN_COUNTERS: u16 = 8;
const NFTA_CHAIN_PAD: u16 = 9;
const NFTA_CHAIN_FLAGS: u16 = 10;
pub(crate) const NFTA_CHAIN_ID: u16 = 11;
const NFTA_CHAIN_USERDATA: u16 = 12;

const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;
const NFTA_HOOK_DEV: u16 = 3;
const NFTA_HOOK_DEVS: u16 = 4;

const NFTA_COUNTER_BYTES: u16 = 1;
const NFTA_COUNTER_PACKETS: u16 = 2;

pub(crate) const CHAIN_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_CHAIN_TABLE", NFTA_CHAIN_TABLE),
    ("NFTA_CHAIN_HANDLE", NFTA_CHAIN_HANDLE),
    ("NFTA_CHAIN_NAME", NFTA_CHAIN_NAME),
    ("NFTA_CHAIN_HOOK", NFTA_CHAIN_HOOK),
    ("NFTA_CHAIN_POLICY", NFTA_CHAIN_POLICY),
    ("NFTA_CHAIN_USE", NFTA_CHAIN_USE),
    ("NFTA_CHAIN_TYPE", NFTA_CHAIN_TYPE),
    ("NFTA_CHAIN_COUNTERS", NFTA_CHAIN_COUNTERS),
    ("NFTA_CHAIN_PAD", NFTA_CHAIN_PAD),
    ("NFTA_CHAIN_FLAGS", NFTA_CHAIN_FLAGS),
    ("NFTA_CHAIN_ID", NFTA_CHAIN_ID),
    ("NFTA_CHAIN_USERDATA", NFTA_CHAIN_USERDATA),
];

impl Chain {
    /// A regular chain, to which rules jump.
    #[track_caller]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            base: None,
            flags: ChainFlags::empty(),
            userdata: None,
            handle: None,
            rules: Vec::new(),
            unknown: Unknown::new(),
            origin: Origin::here(),
            problem: None,
        }
    }

    /// A base chain that decides about packets, with priority [`Priority::FILTER`].
    #[track_caller]
    pub fn filter(name: impl Into<String>, hook: Hook) -> Self {
        Self::new(name).with_base(ChainKind::Filter, hook, Priority::FILTER)
    }

    /// A base chain that translates addresses, with priority [`Priority::DSTNAT`] before routing and
    /// [`Priority::SRCNAT`] after.
    #[track_caller]
    pub fn nat(name: impl Into<String>, hook: Hook) -> Self {
        let priority = match hook {
            Hook::Input | Hook::Postrouting => Priority::SRCNAT,
            _ => Priority::DSTNAT,
        };
        Self::new(name).with_base(ChainKind::Nat, hook, priority)
    }

    /// A base chain at the output hook whose changes make the kernel route the packet anew, with priority
    /// [`Priority::MANGLE`].
    #[track_caller]
    pub fn route(name: impl Into<String>) -> Self {
        Self::new(name).with_base(ChainKind::Route, Hook::Output, Priority::MANGLE)
    }

    fn with_base(mut self, kind: ChainKind, hook: Hook, priority: Priority) -> Self {
        self.base = Some(Base {
            kind,
            hook,
            priority,
            policy: None,
            devices: Vec::new(),
            counters: None,
            unknown: Unknown::new(),
        });
        self
    }

    /// What becomes of packets at its end. Only for base chains.
    #[must_use]
    pub fn policy(self, policy: Policy) -> Self {
        self.change_base("policy", |base| base.policy = Some(policy))
    }

    /// Its place among the chains of the same hook. Only for base chains.
    #[must_use]
    pub fn priority(self, priority: impl Into<Priority>) -> Self {
        self.change_base("priority", |base| base.priority = priority.into())
    }

    /// Watches one more network device. Only for base chains at ingress or egress; several devices need
    /// kernel 5.5.
    #[must_use]
    pub fn device(self, name: impl Into<InterfaceName>) -> Self {
        self.change_base("device", |base| base.devices.push(name.into()))
    }

    /// Watches more network devices.
    #[must_use]
    pub fn devices<N: Into<InterfaceName>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.change_base("device", |base| base.devices.extend(names.into_iter().map(Into::into)))
    }

    fn change_base(mut self, what: &'static str, change: impl FnOnce(&mut Base)) -> Self {
        match &mut self.base {
            Some(base) => change(base),
            None => {
                let problem = Invalid::NotBaseChain { chain: self.name.clone(), what };
                self.problem.get_or_insert(problem);
            }
        }
        self
    }

    /// A comment of at most 127 bytes, shown by `nft list`. Kernel 5.10.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        match userdata::comment(userdata::COMMENT, comment) {
            Ok(bytes) => self.userdata = Some(bytes),
            Err(problem) => self.problem = self.problem.or(Some(problem)),
        }
        self
    }

    /// The comment, where the user data is one.
    pub fn comment_text(&self) -> Option<String> {
        userdata::only_comment(userdata::COMMENT, self.userdata.as_deref()?)
    }

    /// Adds a rule at the end.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds rules at the end.
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Whether the kernel can take the chain itself in a table of this family (rules are checked on their own).
    ///
    /// # Errors
    /// [`Invalid::NotBaseChain`] for a policy, priority or device of a regular chain; a name that the kernel does not take;
    /// [`Invalid::Hook`] for a hook that the family or the kind does not have; [`Invalid::Devices`] for a device too many or
    /// too few; a device that no interface can be; a comment that is too long.
    pub fn check(&self, family: Family) -> Result<(), Invalid> {
        self.check_as(family, self.handle.is_some())
    }

    /// As [`Chain::check`]. Of a chain that was read the devices may be gone, as Linux 6.12 leaves it; kernels since 6.4
    /// take it back without.
    pub(crate) fn check_as(&self, family: Family, was_read: bool) -> Result<(), Invalid> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        check_name("chain", &self.name)?;
        let Some(base) = &self.base else {
            return Ok(());
        };
        if !base.kind.allows(family, base.hook) {
            return Err(Invalid::Hook {
                chain: self.name.clone(),
                kind: base.kind.word().to_owned(),
                hook: base.hook,
                family,
            });
        }
        let has_devices = !base.devices.is_empty();
        if base.hook.needs_device() != has_devices && (has_devices || !was_read) {
            return Err(Invalid::Devices { chain: self.name.clone(), hook: base.hook });
        }
        base.devices.iter().try_for_each(InterfaceName::check)
    }

    /// The chain without its rules.
    pub(crate) fn alone(&self) -> Self {
        Self {
            name: self.name.clone(),
            base: self.base.clone(),
            flags: self.flags,
            userdata: self.userdata.clone(),
            handle: self.handle,
            rules: Vec::new(),
            unknown: self.unknown.clone(),
            origin: self.origin,
            problem: self.problem.clone(),
        }
    }

    /// Appends the attributes of the chain itself. With a number within the transaction it has that in the place
    /// of its name, and the kernel gives it one: only chains that belong to a rule can do without.
    pub(crate) fn encode(&self, family: Family, table: &str, id: Option<u32>, writer: &mut Writer<'_>) {
        let Self { name, base, flags, userdata, handle: _, rules: _, unknown, origin: _, problem: _ } = self;
        writer.text(NFTA_CHAIN_TABLE, table);
        match id {
            None => writer.put(NFTA_CHAIN_NAME, name),
            Some(id) => writer.put(NFTA_CHAIN_ID, &id),
        }
        let flags = *flags - ChainFlags::BASE;
        if let Some(base) = base {
            base.encode(family, writer);
        }
        if !flags.is_empty() {
            writer.put(NFTA_CHAIN_FLAGS, &flags);
        }
        writer.put_option(NFTA_CHAIN_USERDATA, userdata);
        unknown.encode(writer);
    }

    /// A chain as the kernel reports it, without its rules, and the name of its table.
    #[track_caller]
    pub(crate) fn decode(family: Family, attributes: Attributes<'_>) -> Result<(String, Self), DecodeError> {
        let mut chain = Self::new(String::new());
        let (mut table, mut name) = (None, None);
        let (mut hook, mut policy, mut kind, mut counters) = (None, None, None, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_CHAIN_TABLE => table = Some(attribute.get()?),
                NFTA_CHAIN_NAME => name = Some(attribute.get()?),
                NFTA_CHAIN_HANDLE => chain.handle = Some(attribute.get()?),
                NFTA_CHAIN_HOOK => hook = Some(attribute),
                NFTA_CHAIN_POLICY => policy = Some(attribute.get()?),
                NFTA_CHAIN_TYPE => kind = Some(attribute.get::<String>()?),
                NFTA_CHAIN_COUNTERS => counters = Some(decode_counters(attribute)?),
                NFTA_CHAIN_FLAGS => chain.flags = attribute.get()?,
                NFTA_CHAIN_USERDATA => chain.userdata = Some(attribute.get()?),
                // See `uses`; a number of its own transaction.
                NFTA_CHAIN_USE | NFTA_CHAIN_PAD | NFTA_CHAIN_ID => {}
                _ => chain.unknown.keep(attribute),
            }
        }
        if let Some(hook) = hook {
            let mut base = Base::decode(family, hook.attributes())?;
            base.kind = kind.map_or(ChainKind::Filter, ChainKind::from_word);
            base.policy = policy;
            base.counters = counters;
            chain.base = Some(base);
        }
        chain.flags -= ChainFlags::BASE;
        chain.name = name.ok_or(DecodeError::Missing { name: "NFTA_CHAIN_NAME" })?;
        Ok((table.ok_or(DecodeError::Missing { name: "NFTA_CHAIN_TABLE" })?, chain))
    }

    /// How often a chain as the kernel reports it is used: its rules, and what jumps to it. 0 where it is not said.
    pub(crate) fn uses(attributes: Attributes<'_>) -> u32 {
        let mut said = attributes.flatten().filter(|attribute| attribute.kind() == NFTA_CHAIN_USE);
        said.next().and_then(|attribute| attribute.get().ok()).unwrap_or_default()
    }
}

impl Base {
    fn encode(&self, family: Family, writer: &mut Writer<'_>) {
        let Self { kind, hook, priority, policy, devices, counters, unknown } = self;
        writer.nest(NFTA_CHAIN_HOOK, |inner| {
            inner.put_option(NFTA_HOOK_HOOKNUM, &hook.number(family));
            inner.put(NFTA_HOOK_PRIORITY, &priority.number(family));
            match devices.as_slice() {
                [] => {}
                [device] if !device.is_prefix() => inner.text(NFTA_HOOK_DEV, device.text()),
                devices => inner.nest(NFTA_HOOK_DEVS, |list| encode_devices(devices, list)),
            }
            unknown.encode(inner);
        });
        writer.put_option(NFTA_CHAIN_POLICY, policy);
        writer.text(NFTA_CHAIN_TYPE, kind.word());
        if let Some((packets, bytes)) = counters {
            writer.nest(NFTA_CHAIN_COUNTERS, |inner| {
                inner.put(NFTA_COUNTER_BYTES, bytes);
                inner.put(NFTA_COUNTER_PACKETS, packets);
            });
        }
    }

    fn decode(family: Family, attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut hook, mut priority, mut device, mut devices) = (None, None, None, Vec::new());
        let mut unknown = Unknown::new();
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_HOOK_HOOKNUM => hook = Some(Hook::from_number(family, attribute.get()?)),
                NFTA_HOOK_PRIORITY => priority = Some(attribute.get::<i32>()?),
                NFTA_HOOK_DEV => device = Some(InterfaceName::exact(attribute.get::<String>()?)),
                NFTA_HOOK_DEVS => match decode_devices(attribute.attributes())? {
                    Some(named) => devices = named,
                    None => unknown.keep(attribute),
                },
                _ => unknown.keep(attribute),
            }
        }
        // A single device is reported both ways; before kernel 5.5 only this one.
        if devices.is_empty() && unknown.is_empty() {
            devices.extend(device);
        }
        Ok(Self {
            kind: ChainKind::Filter,
            hook: hook.ok_or(DecodeError::Missing { name: "NFTA_HOOK_HOOKNUM" })?,
            priority: priority.ok_or(DecodeError::Missing { name: "NFTA_HOOK_PRIORITY" })?.into(),
            policy: None,
            devices,
            counters: None,
            unknown,
        })
    }
}

fn decode_counters(attribute: Attribute<'_>) -> Result<(u64, u64), DecodeError> {
    let (mut packets, mut bytes) = (0, 0);
    for counter in attribute.attributes() {
        let counter = counter?;
        match counter.kind() {
            NFTA_COUNTER_PACKETS => packets = counter.get()?,
            NFTA_COUNTER_BYTES => bytes = counter.get()?,
            _ => {}
        }
    }
    Ok((packets, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(family: Family, chain: &Chain) -> Chain {
        let mut bytes = Vec::new();
        chain.encode(family, "edge", None, &mut Writer::new(&mut bytes));
        let (table, read) = Chain::decode(family, Attributes::new(&bytes)).unwrap();
        assert_eq!(table, "edge");
        read
    }

    #[test]
    fn chains_survive_the_wire() {
        let regular = Chain::new("blocked").comment("bad ones");
        assert_eq!(round_trip(Family::Ip, &regular), regular);
        let base = Chain::filter("input", Hook::Input).policy(Policy::Drop).priority(-7);
        assert_eq!(round_trip(Family::Inet, &base), base);
        let devices = Chain::filter("in", Hook::Ingress).priority(0).devices(["eth0", "eth1"]);
        assert_eq!(round_trip(Family::Netdev, &devices), devices);
        let mut later = devices.clone();
        if let Some(base) = &mut later.base {
            base.unknown.keep(Attribute::new(99, b"more"));
        }
        assert_eq!(round_trip(Family::Netdev, &later), later);
        for device in ["eth0", "eth*"] {
            let one = Chain::filter("in", Hook::Ingress).priority(0).device(device);
            assert_eq!(round_trip(Family::Netdev, &one), one);
        }
    }

    #[test]
    fn impossible_chains_are_explained() {
        let text = |chain: Chain, family| chain.check(family).unwrap_err().to_string();
        assert_eq!(
            text(Chain::nat("n", Hook::Forward), Family::Ip),
            "chain \"n\": a nat chain cannot sit at hook forward in an ip table; \
             possible: prerouting, input, output, postrouting"
        );
        assert!(text(Chain::nat("n", Hook::Input), Family::Bridge).contains("no nat chain"));
        assert!(text(Chain::filter("n", Hook::Ingress), Family::Netdev).contains("needs a device"));
        assert!(text(Chain::filter("n", Hook::Input).device("lo"), Family::Ip).contains("takes no device"));
        assert_eq!(
            text(Chain::new("blocked").policy(Policy::Drop), Family::Ip),
            "chain \"blocked\" is a regular chain: only base chains (Chain::filter, nat, route) have a policy"
        );
    }
}
