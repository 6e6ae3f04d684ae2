//! Tunnel objects: what packets that a rule sends into a tunnel device are wrapped in (`net/netfilter/nft_tunnel.c`).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{
    expr::expression,
    wire::{Attributes, Buffer, DecodeError, Nested, Unknown, Writer, flag_set},
};

mod options;

pub use options::{GeneveOption, TunnelOptions};

flag_set! {
    /// `enum nft_tunnel_flags`
    pub struct TunnelFlags: u32 {
        /// The outer UDP header has no checksum.
        #[doc(alias = "NFT_TUNNEL_F_ZERO_CSUM_TX")]
        ZERO_CHECKSUM = 1 << 0,
        /// The outer packet is not fragmented.
        #[doc(alias = "NFT_TUNNEL_F_DONT_FRAGMENT")]
        DONT_FRAGMENT = 1 << 1,
        /// Packets are numbered (GRE).
        #[doc(alias = "NFT_TUNNEL_F_SEQ_NUMBER")]
        SEQUENCE_NUMBER = 1 << 2,
    }
}

expression! {
    /// `tunnel`: packets get the metadata by which a tunnel device that waits for it (`external`) wraps them. For
    /// chains of the family `netdev`. Kernel 4.19.
    ///
    /// ```
    /// use portcullis::object::{Object, Tunnel, TunnelFlags, TunnelOptions};
    ///
    /// let tunnel = Tunnel::v4(42, [192, 0, 2, 1], [198, 51, 100, 7])
    ///     .dport(4789u16)
    ///     .ttl(64)
    ///     .flags(TunnelFlags::DONT_FRAGMENT)
    ///     .options(TunnelOptions::Vxlan { gbp: 200 });
    /// let object = Object::new("site", tunnel);
    /// # assert!(object.check().is_ok());
    /// ```
    pub struct Tunnel = "tunnel" {
        /// The tunnel's number: VXLAN's VNI, GRE's key.
        id: u32 = NFTA_TUNNEL_KEY_ID(1),
        ;;
        /// Both ends, of IPv4. The kernel wants these or those of IPv6.
        ipv4: TunnelIpv4 = NFTA_TUNNEL_KEY_IP(2),
        /// Both ends, of IPv6.
        ipv6: TunnelIpv6 = NFTA_TUNNEL_KEY_IP6(3),
        /// The outer source port; 0 lets the device choose.
        sport: u16 = NFTA_TUNNEL_KEY_SPORT(7),
        /// The outer destination port; 0 lets the device choose.
        dport: u16 = NFTA_TUNNEL_KEY_DPORT(8),
        /// See [`TunnelFlags`].
        flags: TunnelFlags = NFTA_TUNNEL_KEY_FLAGS(4),
        /// The outer type of service.
        tos: u8 = NFTA_TUNNEL_KEY_TOS(5),
        /// The outer time to live; 255 if absent.
        ttl: u8 = NFTA_TUNNEL_KEY_TTL(6),
        /// What the tunnel's protocol has beside.
        options: TunnelOptions = NFTA_TUNNEL_KEY_OPTS(9),
    }
}

impl Tunnel {
    /// A tunnel between two addresses of IPv4.
    pub fn v4(id: u32, from: impl Into<Ipv4Addr>, to: impl Into<Ipv4Addr>) -> Self {
        let ends = TunnelIpv4 { src: Some(from.into()), dst: to.into(), unknown: Unknown::new() };
        Self::new(id).ipv4(ends)
    }

    /// A tunnel between two addresses of IPv6.
    pub fn v6(id: u32, from: impl Into<Ipv6Addr>, to: impl Into<Ipv6Addr>) -> Self {
        let (src, dst) = (Some(from.into()), to.into());
        Self::new(id).ipv6(TunnelIpv6 { src, dst, flow_label: None, unknown: Unknown::new() })
    }

    /// As the kernel takes it back: it reports options where there are none, and refuses those.
    pub(super) fn mend(&mut self) {
        if matches!(&self.options, Some(TunnelOptions::Other { attributes }) if attributes.is_empty()) {
            self.options = None;
        }
    }
}

/// The ends of a tunnel over IPv4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct TunnelIpv4 {
    /// This end; the device's choice if absent.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub src: Option<Ipv4Addr>,
    /// The other end.
    pub dst: Ipv4Addr,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

/// The ends of a tunnel over IPv6.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct TunnelIpv6 {
    /// This end; the device's choice if absent.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub src: Option<Ipv6Addr>,
    /// The other end.
    pub dst: Ipv6Addr,
    /// The outer flow label.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub flow_label: Option<u32>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

// NFTA_TUNNEL_KEY_IP_…, NFTA_TUNNEL_KEY_IP6_…
const SRC: u16 = 1;
const DST: u16 = 2;
const NFTA_TUNNEL_KEY_IP6_FLOWLABEL: u16 = 3;

/// The attribute's bytes, where it has as many as an address.
fn octets<const N: usize>(attribute: crate::wire::Attribute<'_>) -> Result<[u8; N], DecodeError> {
    let (kind, actual) = (attribute.kind(), attribute.payload.len());
    attribute.payload.try_into().map_err(|_| DecodeError::Length { kind, expected: N, actual })
}

impl Nested for TunnelIpv4 {
    fn encode(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { src, dst, unknown } = self;
        src.iter().for_each(|src| writer.bytes(SRC, &src.octets()));
        writer.bytes(DST, &dst.octets());
        unknown.encode(writer);
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut src, mut dst, mut unknown) = (None, None, Unknown::new());
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                SRC => src = Some(Ipv4Addr::from(octets::<4>(attribute)?)),
                DST => dst = Some(Ipv4Addr::from(octets::<4>(attribute)?)),
                _ => unknown.keep(attribute),
            }
        }
        let dst = dst.ok_or(DecodeError::Missing { name: "NFTA_TUNNEL_KEY_IP_DST" })?;
        Ok(Self { src, dst, unknown })
    }
}

impl Nested for TunnelIpv6 {
    fn encode(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { src, dst, flow_label, unknown } = self;
        src.iter().for_each(|src| writer.bytes(SRC, &src.octets()));
        writer.bytes(DST, &dst.octets());
        writer.put_option(NFTA_TUNNEL_KEY_IP6_FLOWLABEL, flow_label);
        unknown.encode(writer);
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut src, mut dst, mut flow_label, mut unknown) = (None, None, None, Unknown::new());
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                SRC => src = Some(Ipv6Addr::from(octets::<16>(attribute)?)),
                DST => dst = Some(Ipv6Addr::from(octets::<16>(attribute)?)),
                NFTA_TUNNEL_KEY_IP6_FLOWLABEL => flow_label = Some(attribute.get()?),
                _ => unknown.keep(attribute),
            }
        }
        let dst = dst.ok_or(DecodeError::Missing { name: "NFTA_TUNNEL_KEY_IP6_DST" })?;
        Ok(Self { src, dst, flow_label, unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Expression;

    #[track_caller]
    fn survives(tunnel: &Tunnel) {
        let mut bytes = Vec::new();
        tunnel.encode(&mut Writer::new(&mut bytes));
        assert_eq!(&Tunnel::decode(Attributes::new(&bytes)).unwrap(), tunnel);
    }

    #[test]
    fn tunnels_survive_the_wire() {
        let v4 = Tunnel::v4(7, [192, 0, 2, 1], [192, 0, 2, 2]);
        let v6 = Tunnel::v6(1 << 23, Ipv6Addr::LOCALHOST, [0xfe80, 0, 0, 0, 0, 0, 0, 1]);
        survives(&v6);
        let geneve = |data: &[u8]| GeneveOption { class: 0x102, kind: 3, data: data.to_vec() };
        for options in [
            TunnelOptions::Vxlan { gbp: 200 },
            TunnelOptions::Erspan1 { index: 5 },
            TunnelOptions::Erspan2 { hardware: 3, direction: 1 },
            TunnelOptions::Geneve(vec![geneve(&[1, 2, 3, 4]), geneve(&[5, 6, 7, 8, 9, 10, 11, 12])]),
        ] {
            let flags = TunnelFlags::KNOWN;
            survives(&v4.clone().sport(1u16).dport(4789u16).flags(flags).tos(8).ttl(64).options(options));
        }
    }

    #[test]
    fn tunnels_are_what_the_kernel_reads() {
        // By net/netfilter/nft_tunnel.c: big-endian numbers, the ends and the options nested.
        let mut expected = Vec::new();
        let mut writer = Writer::new(&mut expected);
        writer.bytes(1, &[0, 0, 0, 7]);
        writer.nest(2, |ends| {
            ends.bytes(1, &[192, 0, 2, 1]);
            ends.bytes(2, &[192, 0, 2, 2]);
        });
        writer.bytes(8, &[0x12, 0xb5]);
        writer.bytes(4, &[0, 0, 0, 2]);
        writer.bytes(6, &[64]);
        writer.nest(9, |options| options.nest(1, |vxlan| vxlan.bytes(1, &[0, 0, 0, 200])));
        let tunnel = Tunnel::v4(7, [192, 0, 2, 1], [192, 0, 2, 2])
            .dport(4789u16)
            .flags(TunnelFlags::DONT_FRAGMENT)
            .ttl(64)
            .options(TunnelOptions::Vxlan { gbp: 200 });
        let mut bytes = Vec::new();
        tunnel.encode(&mut Writer::new(&mut bytes));
        assert_eq!(bytes, expected);
    }
}
