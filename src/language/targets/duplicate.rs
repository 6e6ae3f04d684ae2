//! A copy for somebody else: iptables' `-j TEE`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::nat_ports::{Loaded, load, registers};
use crate::{
    Family, Invalid, Rule,
    expr::{Data, Dup, Expr},
    language::{Layer3, Lift, Lifting, Lower, Lowering, lift::host_u32},
};

/// Where a copy of the packet goes. Made from the address of a next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Duplicate {
    /// To the next hop that has this address. In tables of family ip and ip6.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub gateway: Option<IpAddr>,
    /// Out of the interface that has this number.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub device: Option<u32>,
}

impl Duplicate {
    /// To the next hop that has this address, by whatever way the routes lead there.
    pub fn to(gateway: impl Into<IpAddr>) -> Self {
        Self { gateway: Some(gateway.into()), device: None }
    }

    /// Out of the interface that has this number. In tables of family netdev.
    pub fn to_device(index: u32) -> Self {
        Self { gateway: None, device: Some(index) }
    }

    /// By the interface that has this number.
    #[must_use]
    pub fn device(mut self, index: u32) -> Self {
        self.device = Some(index);
        self
    }
}

impl From<IpAddr> for Duplicate {
    fn from(gateway: IpAddr) -> Self {
        Self::to(gateway)
    }
}

impl From<Ipv4Addr> for Duplicate {
    fn from(gateway: Ipv4Addr) -> Self {
        Self::to(gateway)
    }
}

impl From<Ipv6Addr> for Duplicate {
    fn from(gateway: Ipv6Addr) -> Self {
        Self::to(gateway)
    }
}

impl Rule {
    /// Sends a copy of the packet elsewhere; the rule goes on with the packet itself.
    ///
    /// In tables of family ip and ip6 to a next hop, in tables of family netdev to an interface.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use portcullis::Rule;
    ///
    /// Rule::new().tcp().dport(80).duplicate(Ipv4Addr::new(192, 168, 1, 200));
    /// ```
    #[doc(alias = "TEE")]
    #[doc(alias = "dup")]
    #[must_use]
    pub fn duplicate(self, to: impl Into<Duplicate>) -> Self {
        self.word(|| to.into())
    }
}

impl Lower for Duplicate {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let Self { gateway, device } = *self;
        match (to.family(), gateway, device) {
            (Family::Ip | Family::Ip6, Some(gateway), _) => {
                let version = if gateway.is_ipv4() { Layer3::V4 } else { Layer3::V6 };
                to.check_layer3("a copy to this address", version)?;
            }
            (Family::Netdev, None, Some(_)) => {}
            (family @ (Family::Ip | Family::Ip6), None, _) => {
                let hint = "say the next hop's address: Duplicate::to";
                return Err(Invalid::Family { what: "a copy to an interface alone", family, hint });
            }
            (family @ Family::Netdev, ..) => {
                let hint = "say the interface alone: Duplicate::to_device";
                return Err(Invalid::Family { what: "a copy to an address", family, hint });
            }
            (family, ..) => {
                let hint = "use a table of family ip or ip6, or netdev for a copy to an interface";
                return Err(Invalid::Family { what: "a copy", family, hint });
            }
        }
        let mut registers = registers();
        let mut dup = Dup::new();
        dup.sreg_addr = gateway.and_then(|gateway| load(Data::address(gateway), &mut registers, to));
        dup.sreg_dev = device.and_then(|index| load(Data::host_u32(index), &mut registers, to));
        to.push(dup);
        Ok(())
    }
}

impl Lift for Duplicate {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (loaded, rest) = Loaded::before(from);
        let [Expr::Dup(dup), ..] = rest else { return None };
        Some(Self {
            gateway: loaded.address(dup.sreg_addr),
            device: loaded.get(dup.sreg_dev).and_then(host_u32),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::targets::golden::refusal;

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden;

        let gateway = Ipv4Addr::new(10, 0, 0, 1);
        // dup to 10.0.0.1
        golden(
            Family::Ip,
            &Rule::new().duplicate(gateway),
            &["immediate reg 1 0x0100000a", "dup sreg_addr 1"],
        );
        // dup to 10.0.0.1 device lo
        golden(
            Family::Ip,
            &Rule::new().duplicate(Duplicate::to(gateway).device(1)),
            &["immediate reg 1 0x0100000a", "immediate reg 2 0x00000001", "dup sreg_addr 1 sreg_dev 2"],
        );
        // dup to lo
        golden(
            Family::Netdev,
            &Rule::new().duplicate(Duplicate::to_device(1)),
            &["immediate reg 1 0x00000001", "dup sreg_dev 1"],
        );
    }

    #[test]
    fn errors_say_what_to_do() {
        let v4 = Ipv4Addr::new(10, 0, 0, 1);
        assert!(
            refusal(Family::Inet, &Rule::new().duplicate(v4)).contains("use a table of family ip or ip6")
        );
        assert!(refusal(Family::Ip6, &Rule::new().duplicate(v4)).contains("it belongs to IPv4"));
        assert!(refusal(Family::Netdev, &Rule::new().duplicate(v4)).contains("Duplicate::to_device"));
        let device = Rule::new().duplicate(Duplicate::to_device(1));
        assert!(refusal(Family::Ip, &device).contains("Duplicate::to"));
    }
}
