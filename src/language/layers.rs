//! What a rule knows about the packet so far, and the tests that a word silently depends on.

use super::{
    Layer3, Lowering,
    matches::{EtherType, Protocol},
};
use crate::{
    Invalid,
    expr::{Cmp, Data, Meta, MetaKey, Payload, PayloadBase, Register},
    object::Family,
};

impl Lowering<'_> {
    /// The rule can be about packets of this IP version: neither the table nor the rule so far says the other.
    pub(crate) fn check_layer3(&self, what: &'static str, version: Layer3) -> Result<(), Invalid> {
        if self.layer3.is_some_and(|known| known != version) {
            let (wanted, said) = match version {
                Layer3::V4 => ("IPv4", "IPv6"),
                Layer3::V6 => ("IPv6", "IPv4"),
            };
            let hint = match version {
                Layer3::V4 => "it belongs to IPv4; use a table of family ip or inet",
                Layer3::V6 => "it belongs to IPv6; use a table of family ip6 or inet",
            };
            if matches!(self.family, Family::Ip | Family::Ip6) {
                return Err(Invalid::Family { what, family: self.family, hint });
            }
            return Err(Invalid::OtherProtocol { what, wanted: wanted.to_owned(), said: said.to_owned() });
        }
        Ok(())
    }

    /// Makes sure that the packet is of this IP version, by a test where the table's family leaves it open.
    pub(crate) fn need_layer3(&mut self, what: &'static str, version: Layer3) -> Result<(), Invalid> {
        self.check_layer3(what, version)?;
        if self.layer3.is_some() {
            return Ok(());
        }
        match self.family {
            Family::Inet => {
                let number = if version == Layer3::V4 { Family::Ip.number() } else { Family::Ip6.number() };
                self.push(Meta::load(MetaKey::NfProto, Register::R1));
                self.push(Cmp::eq(Register::R1, Data::byte(number)));
            }
            // For some words nft loads the Ethernet header's type in bridge tables, which VLAN tags hide.
            Family::Bridge | Family::Netdev => {
                let ethertype = if version == Layer3::V4 { 0x0800 } else { 0x86dd };
                self.push(Meta::load(MetaKey::Protocol, Register::R1));
                self.push(Cmp::eq(Register::R1, Data::network_u16(ethertype)));
            }
            family => {
                let hint = "use a table of family inet, ip or ip6";
                return Err(Invalid::Family { what, family, hint });
            }
        }
        self.layer3 = Some(version);
        Ok(())
    }

    /// Makes sure that the packet came with an Ethernet header, by a test unless the table's family says so.
    pub(crate) fn need_ethernet(&mut self) {
        /// `ARPHRD_ETHER`
        const ETHERNET: u16 = 1;
        if self.family != Family::Bridge && !self.ethernet {
            self.push(Meta::load(MetaKey::IifType, Register::R1));
            self.push(Cmp::eq(Register::R1, Data::host_u16(ETHERNET)));
            self.ethernet = true;
        }
    }

    /// Makes sure that the frame has a VLAN tag (802.1Q), by a test unless the rule has made one.
    pub(crate) fn need_vlan(&mut self) {
        if !self.vlan {
            self.need_ethernet();
            self.push(Payload::load(PayloadBase::Link, 12, 2, Register::R1));
            self.push(Cmp::eq(Register::R1, Data::network_u16(EtherType::VLAN.0)));
            self.vlan = true;
        }
    }

    /// Notes that the rule has tested for a VLAN tag.
    pub(crate) fn know_vlan(&mut self) {
        self.vlan = true;
    }

    /// Makes sure that the packet is one of ARP's, by a test where the table's family leaves it open and the rule has
    /// none.
    pub(crate) fn need_arp(&mut self, what: &'static str) -> Result<(), Invalid> {
        match self.family {
            Family::Arp => return Ok(()),
            _ if self.arp => return Ok(()),
            // As nft: the frame's own header says it. Behind a tag, the kernel does.
            Family::Bridge if !self.vlan => self.push(Payload::load(PayloadBase::Link, 12, 2, Register::R1)),
            Family::Bridge | Family::Netdev => self.push(Meta::load(MetaKey::Protocol, Register::R1)),
            family => {
                let hint = "use a table of family arp, bridge or netdev";
                return Err(Invalid::Family { what, family, hint });
            }
        }
        self.push(Cmp::eq(Register::R1, Data::network_u16(EtherType::ARP.0)));
        self.arp = true;
        Ok(())
    }

    /// Notes that the rule has tested for ARP.
    pub(crate) fn know_arp(&mut self) {
        self.arp = true;
    }

    /// Makes sure that the packet is of this transport protocol, by a test unless the rule has one.
    pub(crate) fn need_layer4(&mut self, what: &'static str, protocol: u8) -> Result<(), Invalid> {
        match self.layer4 {
            Some(known) if known == protocol => Ok(()),
            Some(known) => Err(Invalid::OtherProtocol {
                what,
                wanted: Protocol(protocol).to_string(),
                said: Protocol(known).to_string(),
            }),
            None => {
                self.push(Meta::load(MetaKey::L4Proto, Register::R1));
                self.push(Cmp::eq(Register::R1, Data::byte(protocol)));
                self.layer4 = Some(protocol);
                Ok(())
            }
        }
    }

    /// The rule says one of the protocols that have ports.
    pub(crate) fn need_ports(&mut self, what: &'static str) -> Result<(), Invalid> {
        match self.layer4 {
            Some(known) if Protocol(known).has_ports() => Ok(()),
            Some(known) => Err(Invalid::OtherProtocol {
                what,
                wanted: "tcp, udp, udplite, sctp and dccp".to_owned(),
                said: Protocol(known).to_string(),
            }),
            None if self.several_with_ports => Ok(()),
            None => Err(Invalid::NeedsProtocol { what, hint: ".tcp() or .udp()" }),
        }
    }

    /// The rule can be about this transport protocol: it says no other so far.
    pub(crate) fn check_layer4(&self, what: &'static str, protocol: u8) -> Result<(), Invalid> {
        match self.layer4 {
            Some(known) if known != protocol => Err(Invalid::OtherProtocol {
                what,
                wanted: Protocol(protocol).to_string(),
                said: Protocol(known).to_string(),
            }),
            None if self.several_with_ports => Err(Invalid::OtherProtocol {
                what,
                wanted: Protocol(protocol).to_string(),
                said: "several protocols".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Notes what a protocol match has tested.
    pub(crate) fn know_layer4(&mut self, protocols: &[u8]) {
        match protocols {
            [one] => self.layer4 = Some(*one),
            several => {
                self.several_with_ports = several.iter().all(|number| Protocol(*number).has_ports());
            }
        }
    }
}
