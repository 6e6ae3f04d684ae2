//! `immediate`: load a constant, or decide (`net/netfilter/nft_immediate.c`).

use super::{Data, Expression, NFTA_DATA_VALUE, NFTA_DATA_VERDICT, Register, Verdict};
use crate::wire::{Attribute, Attributes, Buffer, DecodeError, Nested, Unknown, Value, Writer};

/// Loads data into a register, or a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Immediate {
    /// Written; [`Register::VERDICT`] for a verdict.
    pub dreg: Register,
    /// What is loaded.
    pub load: Load,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

/// What an [`Immediate`] loads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Load {
    /// Bytes.
    Data(Data),
    /// A verdict, for [`Register::VERDICT`].
    Verdict(Verdict),
}

const NFTA_IMMEDIATE_DREG: u16 = 1;
const NFTA_IMMEDIATE_DATA: u16 = 2;

impl Immediate {
    /// Loads bytes.
    pub fn data(dreg: Register, data: Data) -> Self {
        Self { dreg, load: Load::Data(data), unknown: Unknown::new() }
    }

    /// Decides.
    pub fn verdict(verdict: Verdict) -> Self {
        Self { dreg: Register::VERDICT, load: Load::Verdict(verdict), unknown: Unknown::new() }
    }
}

impl Expression for Immediate {
    const NAME: &'static str = "immediate";
    const ATTRIBUTES: &'static [(&'static str, u16)] =
        &[("NFTA_IMMEDIATE_DREG", NFTA_IMMEDIATE_DREG), ("NFTA_IMMEDIATE_DATA", NFTA_IMMEDIATE_DATA)];

    #[inline(always)]
    fn encode_known(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { dreg, load, unknown: _ } = self;
        writer.put(NFTA_IMMEDIATE_DREG, dreg);
        writer.put(NFTA_IMMEDIATE_DATA, load);
    }

    #[inline]
    fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    #[inline]
    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut dreg, mut load, mut unknown) = (None, None, Unknown::new());
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_IMMEDIATE_DREG => dreg = Some(attribute.get()?),
                NFTA_IMMEDIATE_DATA => load = Some(attribute.get()?),
                _ => unknown.keep(attribute),
            }
        }
        Ok(Self {
            dreg: dreg.ok_or(DecodeError::Missing { name: "NFTA_IMMEDIATE_DREG" })?,
            load: load.ok_or(DecodeError::Missing { name: "NFTA_IMMEDIATE_DATA" })?,
            unknown,
        })
    }
}

impl Value for Load {
    #[inline(always)]
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        match self {
            Self::Data(data) => data.put(kind, writer),
            Self::Verdict(verdict) => writer.nest(kind, |inner| inner.put(NFTA_DATA_VERDICT, verdict)),
        }
    }

    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        let wrong = DecodeError::Content { kind: attribute.kind(), problem: "neither value nor verdict" };
        let mut attributes = attribute.attributes();
        match (attributes.next().transpose()?, attributes.next()) {
            (Some(value), None) if value.kind() == NFTA_DATA_VALUE => {
                Ok(Self::Data(Data::new(value.payload)))
            }
            (Some(verdict), None) if verdict.kind() == NFTA_DATA_VERDICT => {
                Verdict::decode(verdict.attributes()).map(Self::Verdict)
            }
            _ => Err(wrong),
        }
    }
}
