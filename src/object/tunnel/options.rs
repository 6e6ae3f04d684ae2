//! What a tunnel's protocol has beside addresses and number.

use crate::wire::{Attribute, Attributes, Buffer, DecodeError, Nested, Unknown, Writer};

/// What a tunnel's protocol has beside addresses and number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum TunnelOptions {
    /// VXLAN with a group policy.
    Vxlan {
        /// The group policy's id and flags, as `VXLAN_GBP_…` has them.
        gbp: u32,
    },
    /// ERSPAN, version 1.
    Erspan1 {
        /// The port's index.
        index: u32,
    },
    /// ERSPAN, version 2.
    Erspan2 {
        /// The hardware's id, 6 bits.
        hardware: u8,
        /// 0: the mirrored packets come in; 1: they go out.
        direction: u8,
    },
    /// GENEVE's options, in order. Kernel 5.7.
    Geneve(Vec<GeneveOption>),
    /// Something that this library does not know.
    Other {
        /// The attributes.
        attributes: Unknown,
    },
}

/// An option of GENEVE.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct GeneveOption {
    /// Whose option it is.
    pub class: u16,
    /// Which of theirs.
    pub kind: u8,
    /// Its content: a multiple of 4 bytes, at most 124.
    #[cfg_attr(feature = "serde", serde(with = "crate::json::hex"))]
    pub data: Vec<u8>,
}

const NFTA_TUNNEL_KEY_OPTS_VXLAN: u16 = 1;
const NFTA_TUNNEL_KEY_OPTS_ERSPAN: u16 = 2;
const NFTA_TUNNEL_KEY_OPTS_GENEVE: u16 = 3;

const NFTA_TUNNEL_KEY_VXLAN_GBP: u16 = 1;

const NFTA_TUNNEL_KEY_ERSPAN_VERSION: u16 = 1;
const NFTA_TUNNEL_KEY_ERSPAN_V1_INDEX: u16 = 2;
const NFTA_TUNNEL_KEY_ERSPAN_V2_HWID: u16 = 3;
const NFTA_TUNNEL_KEY_ERSPAN_V2_DIR: u16 = 4;

const NFTA_TUNNEL_KEY_GENEVE_CLASS: u16 = 1;
const NFTA_TUNNEL_KEY_GENEVE_TYPE: u16 = 2;
const NFTA_TUNNEL_KEY_GENEVE_DATA: u16 = 3;

impl Nested for TunnelOptions {
    fn encode(&self, writer: &mut Writer<'_, impl Buffer>) {
        match self {
            Self::Vxlan { gbp } => {
                writer.nest(NFTA_TUNNEL_KEY_OPTS_VXLAN, |inner| inner.put(NFTA_TUNNEL_KEY_VXLAN_GBP, gbp));
            }
            Self::Erspan1 { index } => writer.nest(NFTA_TUNNEL_KEY_OPTS_ERSPAN, |inner| {
                inner.put(NFTA_TUNNEL_KEY_ERSPAN_VERSION, &1u32);
                inner.put(NFTA_TUNNEL_KEY_ERSPAN_V1_INDEX, index);
            }),
            Self::Erspan2 { hardware, direction } => writer.nest(NFTA_TUNNEL_KEY_OPTS_ERSPAN, |inner| {
                inner.put(NFTA_TUNNEL_KEY_ERSPAN_VERSION, &2u32);
                inner.put(NFTA_TUNNEL_KEY_ERSPAN_V2_HWID, hardware);
                inner.put(NFTA_TUNNEL_KEY_ERSPAN_V2_DIR, direction);
            }),
            Self::Geneve(options) => {
                for GeneveOption { class, kind, data } in options {
                    writer.nest(NFTA_TUNNEL_KEY_OPTS_GENEVE, |inner| {
                        inner.put(NFTA_TUNNEL_KEY_GENEVE_CLASS, class);
                        inner.put(NFTA_TUNNEL_KEY_GENEVE_TYPE, kind);
                        inner.bytes(NFTA_TUNNEL_KEY_GENEVE_DATA, data);
                    });
                }
            }
            Self::Other { attributes } => attributes.encode(writer),
        }
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let mut all = Vec::new();
        for attribute in attributes {
            all.push(attribute?);
        }
        if let Some(known) = nested(&all).or_else(|| flat(&all)) {
            return Ok(known);
        }
        let mut unknown = Unknown::new();
        all.into_iter().for_each(|attribute| unknown.keep(attribute));
        Ok(Self::Other { attributes: unknown })
    }
}

/// As they are sent, and as newer kernels report them.
fn nested(attributes: &[Attribute<'_>]) -> Option<TunnelOptions> {
    let is_geneve = |attribute: &Attribute<'_>| attribute.kind() == NFTA_TUNNEL_KEY_OPTS_GENEVE;
    if !attributes.is_empty() && attributes.iter().all(is_geneve) {
        let options = attributes.iter().map(|attribute| geneve(*attribute)).collect::<Option<Vec<_>>>();
        return options.map(|options| TunnelOptions::Geneve(options.concat()));
    }
    let [only] = attributes else { return None };
    match (only.kind(), whole(only.attributes())?.as_slice()) {
        (NFTA_TUNNEL_KEY_OPTS_VXLAN, [gbp]) if gbp.kind() == NFTA_TUNNEL_KEY_VXLAN_GBP => {
            Some(TunnelOptions::Vxlan { gbp: gbp.get().ok()? })
        }
        (NFTA_TUNNEL_KEY_OPTS_ERSPAN, [version, rest @ ..])
            if version.kind() == NFTA_TUNNEL_KEY_ERSPAN_VERSION =>
        {
            erspan(version.get().ok()?, rest)
        }
        _ => None,
    }
}

/// As older kernels report them: the attributes of the protocol without those around them that say which.
/// Their numbers and lengths tell them apart: a nested attribute is never as short.
fn flat(attributes: &[Attribute<'_>]) -> Option<TunnelOptions> {
    match attributes {
        [one] if one.payload.len() == 4 && one.kind() == NFTA_TUNNEL_KEY_VXLAN_GBP => {
            Some(TunnelOptions::Vxlan { gbp: one.get().ok()? })
        }
        [one] if one.payload.len() == 4 => erspan(1, attributes),
        [first, _] if first.payload.len() == 1 => erspan(2, attributes),
        _ => None,
    }
}

fn erspan(version: u32, attributes: &[Attribute<'_>]) -> Option<TunnelOptions> {
    let find = |kind| attributes.iter().find(|attribute| attribute.kind() == kind);
    match (version, attributes.len()) {
        (1, 1) => Some(TunnelOptions::Erspan1 { index: find(NFTA_TUNNEL_KEY_ERSPAN_V1_INDEX)?.get().ok()? }),
        (2, 2) => Some(TunnelOptions::Erspan2 {
            hardware: find(NFTA_TUNNEL_KEY_ERSPAN_V2_HWID)?.get().ok()?,
            direction: find(NFTA_TUNNEL_KEY_ERSPAN_V2_DIR)?.get().ok()?,
        }),
        _ => None,
    }
}

/// Newer kernels report each option by itself; Linux 5.10 reports all of them in one.
fn geneve(options: Attribute<'_>) -> Option<Vec<GeneveOption>> {
    let parts = whole(options.attributes())?;
    let option = |parts: &[Attribute<'_>]| {
        let find = |kind| parts.iter().find(|attribute| attribute.kind() == kind);
        let option = GeneveOption {
            class: find(NFTA_TUNNEL_KEY_GENEVE_CLASS)?.get().ok()?,
            kind: find(NFTA_TUNNEL_KEY_GENEVE_TYPE)?.get().ok()?,
            data: find(NFTA_TUNNEL_KEY_GENEVE_DATA)?.payload.to_vec(),
        };
        (parts.len() == 3).then_some(option)
    };
    if parts.is_empty() { None } else { parts.chunks(3).map(option).collect() }
}

/// All of them, if all can be read.
fn whole(attributes: Attributes<'_>) -> Option<Vec<Attribute<'_>>> {
    attributes.collect::<Result<_, _>>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_older_kernels_report_is_understood() {
        let read = |write: fn(&mut Writer<'_>)| {
            let mut bytes = Vec::new();
            write(&mut Writer::new(&mut bytes));
            TunnelOptions::decode(Attributes::new(&bytes)).unwrap()
        };
        let vxlan = read(|writer| writer.bytes(1, &[0, 0, 0, 200]));
        assert_eq!(vxlan, TunnelOptions::Vxlan { gbp: 200 });
        assert_eq!(read(|writer| writer.bytes(2, &[0, 0, 0, 5])), TunnelOptions::Erspan1 { index: 5 });
        let second = read(|writer| {
            writer.bytes(3, &[9]);
            writer.bytes(4, &[1]);
        });
        assert_eq!(second, TunnelOptions::Erspan2 { hardware: 9, direction: 1 });
        let odd = read(|writer| writer.bytes(77, &[1, 2]));
        assert!(matches!(&odd, TunnelOptions::Other { attributes } if !attributes.is_empty()), "{odd:?}");
    }
}
