//! What a rule has tested of the packet's protocols so far, and by that, what its bytes are called.

use super::{
    protocol::{Field, IcmpNeed, Protocol},
    value::Bits,
};
use crate::{
    expr::{MetaKey, PayloadBase},
    object::Family,
};

/// The protocols of each layer, as far as they are known at a point of a rule.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    family: Family,
    /// From the lowest header up: Ethernet, then VLAN tags.
    link: Vec<Protocol>,
    network: Option<Protocol>,
    transport: Option<Protocol>,
    icmp_type: Option<u8>,
}

/// The Ethernet type of interfaces, `ARPHRD_ETHER`.
pub(super) const ARPHRD_ETHER: u16 = 1;

impl Layers {
    /// What the table's family says.
    pub(super) fn new(family: Family) -> Self {
        let (link, network) = match family {
            Family::Ip => (None, Some(Protocol::Ip)),
            Family::Ip6 => (None, Some(Protocol::Ip6)),
            Family::Arp => (None, Some(Protocol::Arp)),
            Family::Inet => (Some(Protocol::Inet), None),
            Family::Bridge => (Some(Protocol::Ether), None),
            Family::Netdev => (Some(Protocol::Netdev), None),
            _ => (None, None),
        };
        Self { family, link: link.into_iter().collect(), network, transport: None, icmp_type: None }
    }

    /// The protocol of a layer; of several link headers, the last.
    pub(super) fn at(&self, base: PayloadBase) -> Option<Protocol> {
        match base {
            PayloadBase::Link => self.link.last().copied(),
            PayloadBase::Network => self.network,
            PayloadBase::Transport => self.transport,
            _ => None,
        }
    }

    /// The header that bits lie in, and where in it.
    fn locate(&self, bits: Bits) -> Option<(Protocol, Bits)> {
        if bits.base != PayloadBase::Link {
            return Some((self.at(bits.base)?, bits));
        }
        let mut rest = bits;
        for protocol in &self.link {
            match protocol.stacked_len() {
                Some(len) if rest.offset >= len => rest.offset -= len,
                _ => return Some((*protocol, rest)),
            }
        }
        None
    }

    /// The field of exactly these bits.
    pub(super) fn field(&self, bits: Bits) -> Option<(Protocol, Field)> {
        let (protocol, place) = self.locate(bits)?;
        Some((protocol, protocol.field(place, self.icmp_type)?))
    }

    /// The first field at these bits, however long it is.
    pub(super) fn field_at(&self, bits: Bits) -> Option<(Protocol, Field)> {
        let (protocol, place) = self.locate(bits)?;
        Some((protocol, protocol.field_at(place.offset, self.icmp_type)?))
    }

    /// A meta key was found equal to a value.
    pub(super) fn learn_meta(&mut self, key: MetaKey, value: &[u8]) {
        match (key, value) {
            (MetaKey::NfProto, [family]) if self.family == Family::Inet => {
                self.network = Some(match family {
                    2 => Protocol::Ip,
                    10 => Protocol::Ip6,
                    _ => Protocol::Unknown,
                });
            }
            (MetaKey::L4Proto, [number]) => self.transport = Some(Protocol::by_number(*number)),
            (MetaKey::Protocol, [high, low]) if matches!(self.family, Family::Bridge | Family::Netdev) => {
                self.network = Some(Protocol::by_ether_type(u16::from_be_bytes([*high, *low])));
            }
            (MetaKey::IifType, [first, second]) if self.family != Family::Bridge => {
                let ether = u16::from_ne_bytes([*first, *second]) == ARPHRD_ETHER;
                self.link = vec![if ether { Protocol::Ether } else { Protocol::Unknown }];
            }
            _ => {}
        }
    }

    /// A field was found equal to a value.
    pub(super) fn learn_field(&mut self, protocol: Protocol, field: &Field, value: &[u8]) {
        if !field.announces {
            return;
        }
        match (protocol, value) {
            // An answer to an echo has the same fields.
            (Protocol::Icmp, [kind]) => self.icmp_type = Some(if *kind == 0 { 8 } else { *kind }),
            (Protocol::Icmp6, [kind]) => self.icmp_type = Some(if *kind == 129 { 128 } else { *kind }),
            _ => {
                let next = protocol.next(value);
                match next.base() {
                    _ if next == Protocol::Unknown => {}
                    PayloadBase::Link => self.link.push(next),
                    PayloadBase::Network => self.network = Some(next),
                    _ => self.transport = Some(next),
                }
            }
        }
    }

    /// What nft tests of itself, in order, where a rule uses a field of a protocol, as far as the family does not say
    /// it.
    pub(super) fn implied(&self, protocol: Protocol, need: IcmpNeed) -> Vec<Implied> {
        let mut implied = Vec::new();
        match protocol {
            Protocol::Ether | Protocol::Vlan => {
                if self.family != Family::Bridge {
                    let by = By::Meta(MetaKey::IifType);
                    implied.push(Implied::new(Protocol::Ether, by, &ARPHRD_ETHER.to_ne_bytes()));
                }
                if protocol == Protocol::Vlan {
                    implied.extend(announced(protocol, By::Field("type")));
                }
            }
            Protocol::Ip | Protocol::Ip6 | Protocol::Arp => match self.at(PayloadBase::Link) {
                Some(Protocol::Inet) => {
                    let family = protocol.family();
                    let by = By::Meta(MetaKey::NfProto);
                    implied.extend(family.map(|family| Implied::new(protocol, by, &[family])));
                }
                // A bridge asks the packet for IP, and the frame for the rest.
                Some(Protocol::Ether) if self.family == Family::Bridge && protocol != Protocol::Arp => {
                    implied.extend(announced(protocol, By::Meta(MetaKey::Protocol)));
                }
                Some(Protocol::Netdev) => implied.extend(announced(protocol, By::Meta(MetaKey::Protocol))),
                Some(Protocol::Ether | Protocol::Vlan) => {
                    implied.extend(announced(protocol, By::Field("type")));
                }
                _ => {}
            },
            _ => {
                match protocol {
                    Protocol::Icmp => implied.extend(self.below_icmp(Protocol::Ip)),
                    Protocol::Icmp6 => implied.extend(self.below_icmp(Protocol::Ip6)),
                    // nft tests this, but lists it, too.
                    Protocol::Igmp => {
                        let below = self.implied(Protocol::Ip, IcmpNeed::Any);
                        implied.extend(below.into_iter().map(|implied| Implied { said: true, ..implied }));
                    }
                    _ => {}
                }
                // An ARP packet has no transport header: nft wants that said.
                let number = protocol.number().filter(|_| self.family != Family::Arp);
                let by = By::Meta(MetaKey::L4Proto);
                implied.extend(number.map(|number| Implied::new(protocol, by, &[number])));
                // Echoes are tested for both types, which is no announcement.
                match need {
                    IcmpNeed::Type(kind) if !matches!(kind, 8 | 128) => {
                        implied.push(Implied::new(protocol, By::Field("type"), &[kind]));
                    }
                    _ => {}
                }
            }
        }
        implied
    }
}

impl Layers {
    fn below_icmp(&self, protocol: Protocol) -> Vec<Implied> {
        if self.family == Family::Bridge && self.at(PayloadBase::Link) == Some(Protocol::Ether) {
            return announced(protocol, By::Field("type")).into_iter().collect();
        }
        self.implied(protocol, IcmpNeed::Any)
    }
}

/// A link header's word for what it carries.
fn announced(protocol: Protocol, by: By) -> Option<Implied> {
    protocol.ether_type().map(|kind| Implied::new(protocol, by, &kind.to_be_bytes()))
}

/// How a protocol is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Meta(MetaKey),
    /// A field of the header below.
    Field(&'static str),
}

/// A test that makes a protocol known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Implied {
    /// What is known then.
    pub(super) protocol: Protocol,
    pub(super) by: By,
    pub(super) value: Vec<u8>,
    /// Whether it is said all the same.
    pub(super) said: bool,
}

impl Implied {
    fn new(protocol: Protocol, by: By, value: &[u8]) -> Self {
        Self { protocol, by, value: value.to_vec(), said: false }
    }
}
