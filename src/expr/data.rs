//! Register contents: what packets are compared with and rules load.

use std::{fmt, net::IpAddr};

use super::short_bytes::ShortBytes;
use crate::wire::{Attribute, Buffer, DecodeError, Nested, Value, Writer};

/// `NFTA_DATA_VALUE`
pub(crate) const NFTA_DATA_VALUE: u16 = 1;
/// `NFTA_DATA_VERDICT`
pub(crate) const NFTA_DATA_VERDICT: u16 = 2;

/// Bytes of a register, in the order in which the register holds them: packet fields in network byte order,
/// everything that the kernel computes (marks, interface indexes, conntrack state) in the host's.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Data(ShortBytes);

impl Data {
    /// Bytes as they are.
    #[inline]
    pub fn new(bytes: &[u8]) -> Self {
        Self(ShortBytes::new(bytes))
    }

    /// One byte.
    pub fn byte(value: u8) -> Self {
        Self::new(&[value])
    }

    /// A number of a packet field.
    pub fn network_u16(value: u16) -> Self {
        Self::new(&value.to_be_bytes())
    }

    /// A number of a packet field.
    pub fn network_u32(value: u32) -> Self {
        Self::new(&value.to_be_bytes())
    }

    /// A number that the kernel computed.
    pub fn host_u16(value: u16) -> Self {
        Self::new(&value.to_ne_bytes())
    }

    /// A number that the kernel computed.
    pub fn host_u32(value: u32) -> Self {
        Self::new(&value.to_ne_bytes())
    }

    /// A number that the kernel computed.
    pub fn host_u64(value: u64) -> Self {
        Self::new(&value.to_ne_bytes())
    }

    /// An address, 4 or 16 bytes.
    pub fn address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::new(&address.octets()),
            IpAddr::V6(address) => Self::new(&address.octets()),
        }
    }

    /// A name in a field of fixed size, filled up with NUL (interface names: 16).
    #[inline]
    pub fn padded(name: &[u8], size: usize) -> Self {
        Self(ShortBytes::padded(name, size))
    }

    /// `length` bytes of zero.
    #[inline]
    pub fn zero(length: usize) -> Self {
        Self::padded(&[], length)
    }

    /// The bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Appends bytes, as in the key of a concatenation.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.0 = ShortBytes::new(&[self.as_bytes(), bytes].concat());
    }
}

/// Hexadecimal, as in `0x0a000200`.
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data({self})")
    }
}

/// A value inside `NFTA_DATA_VALUE`.
impl Value for Data {
    #[inline]
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        self.0.put_nested(kind, NFTA_DATA_VALUE, writer);
    }

    #[inline]
    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        let mut attributes = attribute.attributes();
        match (attributes.next().transpose()?, attributes.next()) {
            (Some(value), None) if value.kind() == NFTA_DATA_VALUE => Ok(Self::new(value.payload)),
            _ => Err(DecodeError::Content { kind: attribute.kind(), problem: "not one data value" }),
        }
    }
}

/// What becomes of a packet, or where its way goes on (`enum nft_verdicts`, `enum nf_…` in `netfilter.h`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Verdict {
    /// `NF_ACCEPT`: this base chain is done; later ones still see the packet.
    Accept,
    /// `NF_DROP`: the packet is gone.
    Drop,
    /// `NFT_CONTINUE`: the next rule.
    Continue,
    /// `NFT_BREAK`: the rule does not match. Internal to the kernel.
    Break,
    /// `NFT_RETURN`: back to the calling chain; in a base chain, its policy.
    Return,
    /// `NFT_JUMP`: to another chain, and back at its end.
    Jump(ChainTarget),
    /// `NFT_GOTO`: to another chain, without coming back.
    Goto(ChainTarget),
    /// Any other code, such as `NF_QUEUE` with its number; kept as it is.
    Other(i32),
}

/// The chain that a jump leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChainTarget {
    /// By name, as the kernel always reports it.
    Name(String),
    /// By the number that a chain of the same transaction was given (`NFTA_CHAIN_ID`).
    Id(u32),
}

const NFTA_VERDICT_CODE: u16 = 1;
const NFTA_VERDICT_CHAIN: u16 = 2;
const NFTA_VERDICT_CHAIN_ID: u16 = 3;

const NFT_CONTINUE: i32 = -1;
const NFT_BREAK: i32 = -2;
const NFT_JUMP: i32 = -3;
const NFT_GOTO: i32 = -4;
const NFT_RETURN: i32 = -5;

impl Verdict {
    /// Through the chain of this name, and back.
    pub fn jump(chain: impl Into<String>) -> Self {
        Self::Jump(ChainTarget::Name(chain.into()))
    }

    /// Into the chain of this name, for good.
    pub fn goto(chain: impl Into<String>) -> Self {
        Self::Goto(ChainTarget::Name(chain.into()))
    }

    /// The kernel's number.
    #[inline]
    pub fn code(&self) -> i32 {
        match self {
            Self::Drop => 0,
            Self::Accept => 1,
            Self::Continue => NFT_CONTINUE,
            Self::Break => NFT_BREAK,
            Self::Jump(_) => NFT_JUMP,
            Self::Goto(_) => NFT_GOTO,
            Self::Return => NFT_RETURN,
            Self::Other(code) => *code,
        }
    }
}

impl Nested for Verdict {
    #[inline]
    fn encode(&self, writer: &mut Writer<'_, impl Buffer>) {
        writer.put(NFTA_VERDICT_CODE, &self.code());
        match self {
            Self::Jump(ChainTarget::Name(name)) | Self::Goto(ChainTarget::Name(name)) => {
                writer.put(NFTA_VERDICT_CHAIN, name);
            }
            Self::Jump(ChainTarget::Id(id)) | Self::Goto(ChainTarget::Id(id)) => {
                writer.put(NFTA_VERDICT_CHAIN_ID, id);
            }
            Self::Accept | Self::Drop | Self::Continue | Self::Break | Self::Return | Self::Other(_) => {}
        }
    }

    fn decode(attributes: crate::wire::Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut code, mut chain) = (None, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_VERDICT_CODE => code = Some(attribute.get()?),
                NFTA_VERDICT_CHAIN => chain = Some(ChainTarget::Name(attribute.get()?)),
                NFTA_VERDICT_CHAIN_ID => chain = Some(ChainTarget::Id(attribute.get()?)),
                kind => return Err(DecodeError::Content { kind, problem: "unknown in a verdict" }),
            }
        }
        match (code.ok_or(DecodeError::Missing { name: "NFTA_VERDICT_CODE" })?, chain) {
            (NFT_JUMP, Some(chain)) => Ok(Self::Jump(chain)),
            (NFT_GOTO, Some(chain)) => Ok(Self::Goto(chain)),
            (NFT_JUMP | NFT_GOTO, None) => Err(DecodeError::Missing { name: "NFTA_VERDICT_CHAIN" }),
            (_, Some(_)) => {
                Err(DecodeError::Content { kind: NFTA_VERDICT_CHAIN, problem: "chain without a jump" })
            }
            (0, None) => Ok(Self::Drop),
            (1, None) => Ok(Self::Accept),
            (NFT_CONTINUE, None) => Ok(Self::Continue),
            (NFT_BREAK, None) => Ok(Self::Break),
            (NFT_RETURN, None) => Ok(Self::Return),
            (code, None) => Ok(Self::Other(code)),
        }
    }
}

/// As `nft --debug=netlink` prints it: `accept`, `jump -> blocked`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Drop => f.write_str("drop"),
            Self::Continue => f.write_str("continue"),
            Self::Break => f.write_str("break"),
            Self::Return => f.write_str("return"),
            Self::Jump(chain) => write!(f, "jump -> {chain}"),
            Self::Goto(chain) => write!(f, "goto -> {chain}"),
            Self::Other(code) => write!(f, "verdict {code}"),
        }
    }
}

impl fmt::Display for ChainTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Id(id) => write!(f, "chain #{id} of this transaction"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_survives_the_wire() {
        let chain = || ChainTarget::Name("blocked".to_owned());
        for verdict in [
            Verdict::Accept,
            Verdict::Drop,
            Verdict::Continue,
            Verdict::Break,
            Verdict::Return,
            Verdict::Jump(chain()),
            Verdict::Goto(chain()),
            Verdict::Jump(ChainTarget::Id(4)),
            Verdict::Other(3 | 7 << 16),
        ] {
            let mut bytes = Vec::new();
            Writer::new(&mut bytes).put(2, &verdict);
            let read = crate::wire::Attributes::new(&bytes).next().unwrap().unwrap().get::<Verdict>();
            assert_eq!(read, Ok(verdict));
        }
    }

    #[test]
    fn byte_orders_are_what_the_constructors_say() {
        assert_eq!(Data::network_u16(80).as_bytes(), [0, 80]);
        assert_eq!(Data::host_u32(1).as_bytes(), 1u32.to_ne_bytes());
        assert_eq!(Data::padded(b"lo", 16).len(), 16);
        assert_eq!(Data::network_u16(80).to_string(), "0x0050");
    }
}
