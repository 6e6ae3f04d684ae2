//! Stateful objects that change how connections are tracked (`net/netfilter/nft_ct.c`), and security marks
//! (`nft_meta.c`).

use std::time::Duration;

use crate::{
    expr::expression,
    wire::{Attribute, Attributes, Buffer, DecodeError, Nested, Unknown, Value, Writer},
};

expression! {
    /// `ct helper`: connections get a helper that understands their protocol, such as "ftp".
    pub struct CtHelper = "ct helper" {
        /// The helper's name in the kernel.
        name: String = NFTA_CT_HELPER_NAME(1),
        /// The transport protocol's number.
        l4proto: u8 = NFTA_CT_HELPER_L4PROTO(3),
        ;;
        /// The network protocol (`NFPROTO_…`: 2 is IPv4, 10 is IPv6); the table's if absent.
        l3proto: u16 = NFTA_CT_HELPER_L3PROTO(2),
    }
}

expression! {
    /// `ct timeout`: connections get timeouts of their own.
    pub struct CtTimeout = "ct timeout" {
        /// The transport protocol's number.
        l4proto: u8 = NFTA_CT_TIMEOUT_L4PROTO(2),
        /// The timeouts.
        policy: TimeoutPolicy = NFTA_CT_TIMEOUT_DATA(3),
        ;;
        /// The network protocol (`NFPROTO_…`: 2 is IPv4, 10 is IPv6); the table's if absent.
        l3proto: u16 = NFTA_CT_TIMEOUT_L3PROTO(1),
    }
}

expression! {
    /// `ct expectation`: a connection that comes together with the one that the rule sees.
    pub struct CtExpect = "ct expectation" {
        /// The transport protocol's number.
        l4proto: u8 = NFTA_CT_EXPECT_L4PROTO(2),
        /// The port that it comes to.
        dport: u16 = NFTA_CT_EXPECT_DPORT(3),
        /// How long it is waited for.
        #[cfg_attr(feature = "serde", serde(rename = "timeout_ms"))]
        timeout: HostMilliseconds = NFTA_CT_EXPECT_TIMEOUT(4),
        /// How many are waited for at a time.
        size: u8 = NFTA_CT_EXPECT_SIZE(5),
        ;;
        /// The network protocol (`NFPROTO_…`: 2 is IPv4, 10 is IPv6); the table's if absent.
        l3proto: u16 = NFTA_CT_EXPECT_L3PROTO(1),
    }
}

expression! {
    /// `secmark`: packets get a security context.
    pub struct SecMark = "secmark" {
        /// The context, as SELinux writes it.
        context: String = NFTA_SECMARK_CTX(1),
        ;;
    }
}

/// The timeouts of a protocol's states, in seconds. What a state's number means is the protocol's to say
/// (`enum ctattr_timeout_tcp` and its like in `linux/netfilter/nfnetlink_cttimeout.h`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct TimeoutPolicy {
    /// State and seconds.
    #[cfg_attr(feature = "serde", serde(with = "crate::json::timeouts"))]
    pub timeouts: Vec<(u16, u32)>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

impl TimeoutPolicy {
    /// `CTA_TIMEOUT_TCP_ESTABLISHED`
    pub const TCP_ESTABLISHED: u16 = 3;
    /// `CTA_TIMEOUT_TCP_CLOSE`
    pub const TCP_CLOSE: u16 = 8;
    /// `CTA_TIMEOUT_UDP_UNREPLIED`
    pub const UDP_UNREPLIED: u16 = 1;
    /// `CTA_TIMEOUT_UDP_REPLIED`
    pub const UDP_REPLIED: u16 = 2;

    /// The kernel's own timeouts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a state so many seconds.
    #[must_use]
    pub fn state(mut self, state: u16, seconds: u32) -> Self {
        self.timeouts.push((state, seconds));
        self
    }
}

impl Nested for TimeoutPolicy {
    fn encode(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { timeouts, unknown } = self;
        timeouts.iter().for_each(|(state, seconds)| writer.put(*state, seconds));
        unknown.encode(writer);
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let mut policy = Self::new();
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.get() {
                Ok(seconds) if attribute.raw_kind() == attribute.kind() => {
                    policy.timeouts.push((attribute.kind(), seconds));
                }
                _ => policy.unknown.keep(attribute),
            }
        }
        Ok(policy)
    }
}

/// Milliseconds in the machine's byte order, unlike nearly all else in nf_tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct HostMilliseconds(pub u32);

impl From<Duration> for HostMilliseconds {
    fn from(duration: Duration) -> Self {
        Self(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX))
    }
}

impl From<HostMilliseconds> for Duration {
    fn from(time: HostMilliseconds) -> Self {
        Self::from_millis(time.0.into())
    }
}

impl Value for HostMilliseconds {
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        writer.bytes(kind, &self.0.to_ne_bytes());
    }

    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        let length =
            DecodeError::Length { kind: attribute.kind(), expected: 4, actual: attribute.payload.len() };
        attribute.payload.try_into().map(|bytes| Self(u32::from_ne_bytes(bytes))).map_err(|_| length)
    }
}
