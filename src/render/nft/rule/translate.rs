//! Statements that translate addresses, or hand a packet to a local socket.

use super::{Reader, value::Value};
use crate::{
    expr::{AddressFamily, Masq, Nat, NatFlags, Redir, Register, Tproxy},
    object::Family,
    render::nft::datatype::Datatype,
};

/// The type and length of a family's addresses.
pub(super) fn address_type(family: AddressFamily) -> Option<(Datatype, u32)> {
    match family {
        AddressFamily::Ipv4 => Some((Datatype::Ipv4Addr, 4)),
        AddressFamily::Ipv6 => Some((Datatype::Ipv6Addr, 16)),
        _ => None,
    }
}

impl Reader<'_> {
    pub(super) fn nat(&mut self, nat: &Nat) -> Option<()> {
        let flags = nat.flags.unwrap_or(NatFlags::empty());
        self.lossless &= sayable(flags);
        let mut words = nat.kind.word()?.to_owned();
        let map = nat.addr_min.and_then(|address| self.registers.one(address));
        // A map gives address and port together, or both ends of a range.
        let mapped = matches!(map, Some(Value::Map { .. }));
        let prefix = flags.contains(NatFlags::NETMAP);
        let family_word = match nat.family {
            AddressFamily::Ipv4 => " ip",
            AddressFamily::Ipv6 => " ip6",
            _ => "",
        };
        let address = match nat.addr_min {
            None => None,
            Some(address) if mapped => Some(self.stored(address, 4, Datatype::Hex)?),
            Some(low) => Some(self.addresses(nat, low)?),
        };
        let same_map = mapped && nat.proto_min.is_some_and(|port| self.registers.one(port).is_none());
        let port = match nat.proto_min {
            Some(low) if !same_map => Some(self.ports(low, nat.proto_max)?),
            _ => None,
        };
        if address.is_some() || port.is_some() {
            let both = same_map || nat.addr_max.is_some_and(|high| nat.addr_min != Some(high));
            if self.around.family == Family::Inet || (mapped && both) {
                words += family_word;
            }
            if prefix {
                words += " prefix";
            }
            words += " to";
        }
        if let Some(address) = address {
            words += " ";
            let brackets = port.is_some() && nat.family == AddressFamily::Ipv6 && !mapped;
            words += &if brackets { bracketed(&address) } else { address };
        } else if port.is_some() {
            words += " ";
        }
        if let Some(port) = port {
            words += &format!(":{port}");
        }
        self.push(words + &nat_flags(flags))
    }

    /// One address, a range, or a prefix.
    fn addresses(&mut self, nat: &Nat, low: Register) -> Option<String> {
        let (kind, len) = address_type(nat.family)?;
        let first = self.registers.get(low, len)?;
        let last = match nat.addr_max.filter(|high| *high != low) {
            Some(high) => self.registers.get(high, len)?,
            None => return self.stored(low, len, kind),
        };
        let (Value::Constant(first), Value::Constant(last)) = (first, last) else { return None };
        if let Some(length) = kind.prefix_length(&first, &last) {
            return Some(kind.prefix(&first, length, self.around.names));
        }
        let names = self.around.names;
        Some(format!("{}-{}", kind.value(&first, names), kind.value(&last, names)))
    }

    /// One port or a range.
    ///
    /// nft wants the transport protocol tested before, and does not do it itself.
    fn ports(&self, low: Register, high: Option<Register>) -> Option<String> {
        let port = |register| {
            let value = self.registers.get(register, 2)?;
            Some(self.speaker().say(&value, Datatype::InetService)?.text)
        };
        let first = port(low)?;
        match high.filter(|high| *high != low) {
            Some(high) => {
                let last = port(high)?;
                Some(format!("{first}-{last}"))
            }
            None => Some(first),
        }
    }

    pub(super) fn masquerade(&mut self, masq: &Masq) -> Option<()> {
        self.local("masquerade", masq.proto_min, masq.proto_max, masq.flags)
    }

    pub(super) fn redirect(&mut self, redir: &Redir) -> Option<()> {
        self.local("redirect", redir.proto_min, redir.proto_max, redir.flags)
    }

    fn local(
        &mut self,
        word: &str,
        low: Option<Register>,
        high: Option<Register>,
        flags: Option<NatFlags>,
    ) -> Option<()> {
        self.lossless &= flags.is_none_or(sayable);
        let to = match low {
            Some(low) => format!(" to :{}", self.ports(low, high)?),
            None => String::new(),
        };
        self.push(format!("{word}{to}{}", nat_flags(flags.unwrap_or(NatFlags::empty()))))
    }

    pub(super) fn tproxy(&mut self, tproxy: &Tproxy) -> Option<()> {
        let mut words = "tproxy".to_owned();
        if self.around.family == Family::Inet {
            match tproxy.family {
                AddressFamily::Unspecified => {}
                family => words += &format!(" {}", family.word()?),
            }
        }
        words += " to";
        if let Some(address) = tproxy.addr {
            let (kind, len) = address_type(tproxy.family)?;
            let text = self.stored(address, len, kind)?;
            let one = self.registers.get(address, len).is_some_and(|value| value.is_constant());
            let brackets = one && tproxy.family == AddressFamily::Ipv6;
            words += &if brackets { format!(" [{text}]") } else { format!(" {text}") };
        }
        if let Some(port) = tproxy.port {
            if tproxy.addr.is_none() {
                words += " ";
            }
            words += &format!(":{}", self.ports(port, None)?);
        }
        self.push(words)
    }
}

/// `[first]-[last]`
fn bracketed(addresses: &str) -> String {
    let ends: Vec<_> = addresses.split('-').map(|end| format!("[{end}]")).collect();
    ends.join("-")
}

/// Whether the text has all flags: besides those that it names, nft sets some by what is translated.
fn sayable(flags: NatFlags) -> bool {
    let said = NatFlags::MAP_IPS
        | NatFlags::PROTO_SPECIFIED
        | NatFlags::PROTO_RANDOM
        | NatFlags::PERSISTENT
        | NatFlags::PROTO_RANDOM_FULLY
        | NatFlags::NETMAP;
    (flags - said).is_empty()
}

fn nat_flags(flags: NatFlags) -> String {
    let mut words = Vec::new();
    for (flag, word) in [
        (NatFlags::PROTO_RANDOM, "random"),
        (NatFlags::PROTO_RANDOM_FULLY, "fully-random"),
        (NatFlags::PERSISTENT, "persistent"),
    ] {
        if flags.contains(flag) {
            words.push(word);
        }
    }
    if words.is_empty() { String::new() } else { format!(" {}", words.join(",")) }
}
