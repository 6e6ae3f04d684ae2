//! To a local socket, without changing the packet: iptables' `-j TPROXY`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{
    nat::check_family,
    nat_ports::{Loaded, load, registers},
};
use crate::{
    Invalid, Rule,
    expr::{AddressFamily, Data, Expr, Tproxy},
    language::{Layer3, Lift, Lifting, Lower, Lowering, matches::Protocol},
};

/// The local socket that takes the packets: an address, a port, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct TproxyTo {
    /// The socket's address; the incoming interface's if absent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub address: Option<IpAddr>,
    /// The socket's port; the packet's own if absent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub port: Option<u16>,
}

impl From<u16> for TproxyTo {
    fn from(port: u16) -> Self {
        Self { address: None, port: Some(port) }
    }
}

impl From<IpAddr> for TproxyTo {
    fn from(address: IpAddr) -> Self {
        Self { address: Some(address), port: None }
    }
}

impl From<Ipv4Addr> for TproxyTo {
    fn from(address: Ipv4Addr) -> Self {
        IpAddr::from(address).into()
    }
}

impl From<Ipv6Addr> for TproxyTo {
    fn from(address: Ipv6Addr) -> Self {
        IpAddr::from(address).into()
    }
}

impl From<SocketAddr> for TproxyTo {
    fn from(socket: SocketAddr) -> Self {
        Self { address: Some(socket.ip()), port: Some(socket.port()) }
    }
}

impl Rule {
    /// Hands packets to a local socket that has `IP_TRANSPARENT` set, without changing them; the rule goes on.
    ///
    /// In chains at the hook prerouting. A mark and a route by it must keep the packets on this machine.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().tcp().dport(80).tproxy(50080).set_mark(1).accept();
    /// ```
    #[doc(alias = "TPROXY")]
    #[must_use]
    pub fn tproxy(self, to: impl Into<TproxyTo>) -> Self {
        self.word(|| to.into())
    }
}

impl Lower for TproxyTo {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let what = "tproxy";
        check_family(what, to.family())?;
        to.need_ports(what)?;
        if let Some(known) = to.layer4() {
            let protocol = Protocol(known);
            if !matches!(protocol, Protocol::TCP | Protocol::UDP) {
                let (wanted, said) = ("tcp and udp".to_owned(), protocol.to_string());
                return Err(Invalid::OtherProtocol { what, wanted, said });
            }
        }
        if self.port == Some(0) {
            let range = "1 to 65535".to_owned();
            return Err(Invalid::OutOfRange { what: "a port", value: "0".to_owned(), range });
        }
        let version = match self.address {
            Some(IpAddr::V4(_)) => Some(Layer3::V4),
            Some(IpAddr::V6(_)) => Some(Layer3::V6),
            None => to.layer3(),
        };
        // The kernel breaks off the rule for the other version (nft_tproxy_eval), so nft adds no test.
        let family = match version {
            Some(Layer3::V4) => AddressFamily::Ipv4,
            Some(Layer3::V6) => AddressFamily::Ipv6,
            None => AddressFamily::Unspecified,
        };
        if let Some(version) = version {
            to.check_layer3("tproxy to this address", version)?;
        }
        if self.address.is_none() && self.port.is_none() {
            let problem = "tproxy needs an address or a port of the local socket".to_owned();
            return Err(Invalid::Combination { problem });
        }
        let mut registers = registers();
        let mut tproxy = Tproxy::new(family);
        tproxy.addr = self.address.and_then(|address| load(Data::address(address), &mut registers, to));
        tproxy.port = self.port.and_then(|port| load(Data::network_u16(port), &mut registers, to));
        to.push(tproxy);
        Ok(())
    }
}

impl Lift for TproxyTo {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (loaded, rest) = Loaded::before(from);
        let [Expr::Tproxy(tproxy), ..] = rest else { return None };
        Some(Self { address: loaded.address(tproxy.addr), port: loaded.port(tproxy.port) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden;

        const TCP: [&str; 2] = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];
        // meta l4proto tcp tproxy to :8080
        for (family, tproxy) in [
            (Family::Ip, "tproxy ip port reg 1"),
            (Family::Ip6, "tproxy ip6 port reg 1"),
            (Family::Inet, "tproxy port reg 1"),
        ] {
            let rule = Rule::new().tcp().tproxy(8080);
            golden(family, &rule, &[TCP[0], TCP[1], "immediate reg 1 0x0000901f", tproxy]);
        }
        // meta l4proto tcp tproxy ip to 127.0.0.1:8080
        let socket: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        for family in [Family::Ip, Family::Inet] {
            golden(
                family,
                &Rule::new().tcp().tproxy(socket),
                &[
                    TCP[0],
                    TCP[1],
                    "immediate reg 1 0x0100007f",
                    "immediate reg 2 0x0000901f",
                    "tproxy ip addr reg 1 port reg 2",
                ],
            );
            // meta l4proto tcp tproxy ip to 127.0.0.1
            golden(
                family,
                &Rule::new().tcp().tproxy(Ipv4Addr::LOCALHOST),
                &[TCP[0], TCP[1], "immediate reg 1 0x0100007f", "tproxy ip addr reg 1"],
            );
        }
    }

    #[test]
    fn errors_say_what_to_do() {
        assert!(refusal(Family::Ip, &Rule::new().tproxy(8080)).contains("add .tcp() or .udp()"));
        assert!(refusal(Family::Ip, &Rule::new().tcp().tproxy(0)).contains("possible: 1 to 65535"));
        let rule = Rule::new().tcp().tproxy(Ipv6Addr::LOCALHOST);
        assert!(refusal(Family::Ip, &rule).contains("it belongs to IPv6"));
        assert!(
            refusal(Family::Ip, &Rule::new().protocol(132).tproxy(8080)).contains("belongs to tcp and udp")
        );
        assert!(refusal(Family::Bridge, &Rule::new().tcp().tproxy(8080)).contains("family inet, ip or ip6"));
    }
}
