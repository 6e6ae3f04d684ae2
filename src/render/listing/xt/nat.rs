//! Address translation (`linux/netfilter/nf_nat.h`).

use std::net::IpAddr;

use super::info::{Info, range};
use crate::{
    Family,
    expr::NatFlags,
    render::listing::{row::Style, targets::nat_flags},
};

/// Where a translation leads.
struct Range {
    flags: NatFlags,
    from: IpAddr,
    to: IpAddr,
    ports: (u16, u16),
}

impl Range {
    /// `struct nf_nat_range`, `struct nf_nat_range2`
    fn of_any(info: Info<'_>, v6: bool) -> Option<Self> {
        Some(Self {
            flags: NatFlags::from_bits_retain(info.u32(0)?),
            from: info.address(4, v6)?,
            to: info.address(20, v6)?,
            ports: (info.be16(36)?, info.be16(38)?),
        })
    }

    /// `struct nf_nat_ipv4_multi_range_compat`, of one range
    fn of_v4(info: Info<'_>) -> Option<Self> {
        (info.u32(0)? == 1).then_some(())?;
        Some(Self {
            flags: NatFlags::from_bits_retain(info.u32(4)?),
            from: info.address(8, false)?,
            to: info.address(12, false)?,
            ports: (info.be16(16)?, info.be16(18)?),
        })
    }

    fn words(&self) -> String {
        nat_flags(self.flags)
    }

    fn ports(&self) -> Option<String> {
        let ports = self.flags.contains(NatFlags::PROTO_SPECIFIED);
        ports.then(|| range(self.ports.0, "-", self.ports.1))
    }

    /// `to:10.0.0.1-10.0.0.9:80-90 random`
    fn to(&self) -> Option<String> {
        // Ports shifted by an offset would need their base.
        (!self.flags.contains(NatFlags::PROTO_OFFSET)).then_some(())?;
        let ports = self.ports().map(|ports| format!(":{ports}")).unwrap_or_default();
        let text = |address: IpAddr| match address {
            IpAddr::V6(_) if !ports.is_empty() => format!("[{address}]"),
            _ => address.to_string(),
        };
        let addresses = match self.flags.contains(NatFlags::MAP_IPS) {
            true => range(text(self.from), "-", text(self.to)),
            false => String::new(),
        };
        Some(format!("to:{addresses}{ports}{}", self.words()))
    }

    /// `to:10.1.0.0/16`: the bits in which both ends agree.
    fn network(&self) -> String {
        let bits = match (self.from, self.to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => (u32::from(from) ^ u32::from(to)).leading_zeros(),
            (IpAddr::V6(from), IpAddr::V6(to)) => (u128::from(from) ^ u128::from(to)).leading_zeros(),
            _ => 0,
        };
        let whole = if self.from.is_ipv4() { 32 } else { 128 };
        if bits == whole { format!("to:{}", self.from) } else { format!("to:{}/{bits}", self.from) }
    }
}

/// What stands beside the target's name; `None` if it is no translation, or of another form.
pub(super) fn say(name: &str, revision: u32, info: Info<'_>, style: Style) -> Option<String> {
    let v6 = style.family == Family::Ip6;
    let range = match (name, revision, v6) {
        ("DNAT", 1.., _) | ("SNAT", 1.., _) | ("REDIRECT" | "MASQUERADE" | "NETMAP", _, true) => {
            Range::of_any(info, v6)?
        }
        ("SNAT" | "DNAT" | "REDIRECT" | "MASQUERADE" | "NETMAP", 0, false) => Range::of_v4(info)?,
        _ => return None,
    };
    let after = |word: &str| {
        let ports = range.ports().map(|ports| format!("{word} {ports}")).unwrap_or_default();
        format!("{ports}{}", range.words()).trim_start().to_owned()
    };
    match name {
        "REDIRECT" => Some(after("redir ports")),
        "MASQUERADE" => Some(after("masq ports:")),
        "NETMAP" => Some(range.network()),
        _ => range.to(),
    }
}
