//! Values in nft's words.

use super::{
    bytes, extension, keys,
    layers::Layers,
    protocol::{IcmpNeed, Protocol},
    value::{Bits, Value},
};
use crate::{
    expr::{CtDirection, CtKey, Data, Hash, HashKind, PayloadBase},
    object::{ElementFlags, MapData, Set, SetFlags},
    render::nft::{
        around::Around,
        datatype::{Datatype, Order, parts},
        set,
    },
};

/// A value's words.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) text: String,
    /// The type of what it is compared with.
    pub(super) kind: Datatype,
    /// The protocols that its words imply.
    pub(super) uses: Vec<(Protocol, IcmpNeed)>,
    /// Whether it is a calculation: then nft wants `==`.
    pub(super) calculated: bool,
}

impl Said {
    pub(super) fn new(text: impl Into<String>, kind: Datatype) -> Self {
        Self { text: text.into(), kind, uses: Vec::new(), calculated: false }
    }
}

/// What names depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speaker<'a> {
    pub(super) around: Around<'a>,
    pub(super) layers: &'a Layers,
}

impl Speaker<'_> {
    /// A constant of a type.
    pub(super) fn constant(self, kind: Datatype, bytes: &[u8]) -> String {
        kind.value(bytes, self.around.names)
    }

    /// A value in words; `None` where nft has none. `kind` is the type of a constant.
    pub(super) fn say(self, value: &Value, kind: Datatype) -> Option<Said> {
        Some(match value {
            Value::Meta(key) => keys::meta(*key)?,
            Value::Payload(bits) => self.payload(*bits)?,
            Value::Ct(key, direction) => self.ct(*key, *direction)?,
            Value::Route(key) => keys::route(*key)?,
            Value::Socket(key, level) => keys::socket(*key, *level)?,
            Value::Extension(extension) => {
                let named = extension::named(*extension)?;
                let uses = extension_uses(&named.words);
                Said { uses, ..Said::new(named.words, named.kind) }
            }
            Value::Fib(flags, result) => keys::fib(*flags, *result)?,
            Value::Osf(osf) => keys::fingerprint(osf)?,
            Value::Xfrm(xfrm) => keys::ipsec(xfrm)?,
            // nft 1.0.6 has no words for tunnels' metadata.
            Value::Tunnel(_) => return None,
            Value::Hash(hash, of) => self.hash(hash, of.as_deref())?,
            Value::Numgen(numgen) => keys::numbers(numgen)?,
            Value::Constant(bytes) => Said::new(self.constant(kind, bytes), kind),
            Value::Concat(values) => self.concat(values)?,
            Value::Bitwise { of, mask, xor } => self.bitwise(of, mask, xor, kind)?,
            Value::Shift { of, left, by } => self.shift(of, *left, *by, kind)?,
            Value::Swapped { of, .. } => self.say(of, kind)?,
            Value::Map { key, set, set_id } => self.map(key, set, *set_id)?,
        })
    }

    fn payload(self, bits: Bits) -> Option<Said> {
        if let Some((protocol, field)) = self.layers.field(bits) {
            let text = format!("{} {}", protocol.word(), field.name);
            return Some(Said { uses: vec![(protocol, field.icmp)], ..Said::new(text, field.kind) });
        }
        raw(bits)
    }

    fn ct(self, key: CtKey, direction: Option<CtDirection>) -> Option<Said> {
        let (word, kind) = match key {
            CtKey::State => ("state", Datatype::CtState),
            CtKey::Direction => ("direction", Datatype::CtDir),
            CtKey::Status => ("status", Datatype::CtStatus),
            CtKey::Mark => ("mark", Datatype::Mark),
            CtKey::SecMark => ("secmark", Datatype::HostInteger),
            CtKey::Expiration => ("expiration", Datatype::Time),
            CtKey::Helper => ("helper", Datatype::String),
            CtKey::L3Protocol => ("l3proto", Datatype::NfProto),
            CtKey::Src => ("saddr", self.ct_address()?),
            CtKey::Dst => ("daddr", self.ct_address()?),
            CtKey::Protocol => ("protocol", Datatype::InetProto),
            CtKey::ProtoSrc => ("proto-src", Datatype::InetService),
            CtKey::ProtoDst => ("proto-dst", Datatype::InetService),
            CtKey::Labels => ("label", Datatype::CtLabel),
            CtKey::Packets => ("packets", Datatype::HostInteger),
            CtKey::Bytes => ("bytes", Datatype::HostInteger),
            CtKey::AvgPkt => ("avgpkt", Datatype::HostInteger),
            CtKey::Zone => ("zone", Datatype::HostInteger),
            CtKey::EventMask => ("event", Datatype::CtEvent),
            CtKey::SrcIp => ("ip saddr", Datatype::Ipv4Addr),
            CtKey::DstIp => ("ip daddr", Datatype::Ipv4Addr),
            CtKey::SrcIp6 => ("ip6 saddr", Datatype::Ipv6Addr),
            CtKey::DstIp6 => ("ip6 daddr", Datatype::Ipv6Addr),
            CtKey::Id => ("id", Datatype::Integer),
            CtKey::Other(_) => return None,
        };
        let text = match direction {
            None => format!("ct {word}"),
            Some(direction) => format!("ct {} {word}", direction.word()?),
        };
        Some(Said::new(text, kind))
    }

    fn ct_address(self) -> Option<Datatype> {
        match self.layers.at(PayloadBase::Network)? {
            Protocol::Ip => Some(Datatype::Ipv4Addr),
            Protocol::Ip6 => Some(Datatype::Ipv6Addr),
            _ => None,
        }
    }

    fn hash(self, hash: &Hash, of: Option<&Value>) -> Option<Said> {
        let (mut text, uses) = match (hash.kind.unwrap_or(HashKind::Jenkins), of) {
            (HashKind::Jenkins, Some(of)) => {
                let of = self.say(of, Datatype::Hex)?;
                (format!("jhash {}", of.text), of.uses)
            }
            (HashKind::Symmetric, _) => ("symhash".to_owned(), Vec::new()),
            _ => return None,
        };
        text += &format!(" mod {}", hash.modulus);
        if let Some(seed) = hash.seed {
            text += &format!(" seed {seed:#x}");
        }
        text += &keys::offset(hash.offset);
        Some(Said { uses, ..Said::new(text, Datatype::HostInteger) })
    }

    fn concat(self, values: &[Value]) -> Option<Said> {
        let said = values.iter().map(|value| self.say(value, Datatype::Hex)).collect::<Option<Vec<_>>>()?;
        let texts: Vec<_> = said.iter().map(|said| said.text.as_str()).collect();
        let uses = said.iter().flat_map(|said| said.uses.iter().copied()).collect();
        Some(Said { uses, ..Said::new(texts.join(" . "), Datatype::Hex) })
    }

    /// `(of & mask) ^ xor` as `of & … ^ … | …`, leaving out what changes nothing.
    fn bitwise(self, of: &Value, mask: &[u8], xor: &[u8], kind: Datatype) -> Option<Said> {
        if let (Some(part), true) = (self.subfield(of, mask), bytes::is_zero(xor)) {
            return Some(part.said);
        }
        let of = self.say(of, kind)?;
        let or = bytes::zip(mask, xor, |mask, xor| !mask & xor);
        let flip = bytes::zip(mask, xor, |mask, xor| mask & xor);
        let keep = bytes::zip(mask, &or, |mask, or| mask | or);
        let mut text = of.text.clone();
        for (sign, operand, idle) in [
            ("&", &keep, bytes::is_full(&keep)),
            ("^", &flip, bytes::is_zero(&flip)),
            ("|", &or, bytes::is_zero(&or)),
        ] {
            if !idle {
                let operand = self.constant(of.kind, operand);
                let operand = if operand.contains(" | ") { format!("({operand})") } else { operand };
                text += &format!(" {sign} {operand}");
            }
        }
        Some(Said { text, calculated: true, ..of })
    }

    /// `of << by`, or the field that is brought to the end of its bytes.
    fn shift(self, of: &Value, left: bool, by: u32, kind: Datatype) -> Option<Said> {
        if let (Value::Bitwise { of, mask, xor }, false) = (of, left) {
            let behind = u32::try_from(mask.len()).ok()?.saturating_mul(8);
            let part = self.subfield(of, mask).filter(|_| bytes::is_zero(xor));
            if let Some(part) = part.filter(|part| part.first + part.len + by == behind) {
                return Some(part.said);
            }
        }
        if let Some(said) = self.across(of, left, by) {
            return Some(said);
        }
        let of = self.say(of, kind)?;
        let sign = if left { "<<" } else { ">>" };
        // A shift binds tighter than `&` does.
        let inner = if of.calculated { format!("({})", of.text) } else { of.text };
        Some(Said { text: format!("{inner} {sign} {by}"), calculated: true, ..of })
    }

    /// The field of one byte's bits that lies across two (`ip6 dscp`), brought to the first byte: as the machine orders
    /// them, they are turned and shifted to the end, or shifted to the first byte's end.
    pub(super) fn across(self, of: &Value, left: bool, by: u32) -> Option<Said> {
        let (masked, by) = match of {
            Value::Swapped { of, size: 2 } if !left && cfg!(target_endian = "little") => (&**of, by),
            masked if left && cfg!(target_endian = "big") => (masked, 8u32.checked_sub(by)?),
            _ => return None,
        };
        let Value::Bitwise { of, mask, xor } = masked else { return None };
        let part = self.subfield(of, mask).filter(|_| mask.len() == 2 && bytes::is_zero(xor))?;
        (part.len <= 8 && part.first + part.len + by == 16).then_some(part.said)
    }

    /// The field that a mask cuts out of loaded bytes.
    pub(super) fn subfield(self, of: &Value, mask: &[u8]) -> Option<Subfield> {
        let (first, len) = bytes::run(mask)?;
        let said = match of {
            Value::Payload(bits) => {
                let bits = Bits { offset: bits.offset.checked_add(first)?, len, ..*bits };
                let (protocol, field) = self.layers.field(bits)?;
                if len == u32::try_from(mask.len()).ok()?.saturating_mul(8) {
                    return None;
                }
                let text = format!("{} {}", protocol.word(), field.name);
                Said { uses: vec![(protocol, field.icmp)], ..Said::new(text, field.kind) }
            }
            Value::Extension(extension) => {
                let mut inner = *extension;
                inner.offset = inner.offset.checked_add(first)?;
                inner.len = len;
                let named = extension::named(inner).filter(|named| !named.words.contains('@'))?;
                let uses = extension_uses(&named.words);
                Said { uses, ..Said::new(named.words, named.kind) }
            }
            _ => return None,
        };
        Some(Subfield { said, first, len })
    }

    fn map(self, key: &Value, set: &str, set_id: Option<u32>) -> Option<Said> {
        let found = self.around.find(set, set_id)?;
        let kind = match &found.data {
            Some(MapData::Value { kind, .. }) => match parts(*kind).as_slice() {
                [one] => *one,
                _ => Datatype::Hex,
            },
            _ => Datatype::Hex,
        };
        let (key, set) = self.keyed(key, set, set_id)?;
        let word = if matches!(found.data, Some(MapData::Verdict)) { "vmap" } else { "map" };
        Some(Said { uses: key.uses, ..Said::new(format!("{} {word} {set}", key.text), kind) })
    }

    /// The words for a key and for the set that it is looked up in.
    pub(super) fn keyed(self, key: &Value, name: &str, set_id: Option<u32>) -> Option<(Said, String)> {
        let found = self.around.find(name, set_id)?;
        let kind = match parts(found.key_type).as_slice() {
            [one] => *one,
            _ => Datatype::Hex,
        };
        let said = self.say(key, kind)?;
        let text = if !found.flags.contains(SetFlags::ANONYMOUS) {
            format!("@{}", found.name)
        } else {
            match key {
                Value::Bitwise { of, mask, xor } if bytes::is_zero(xor) => match self.subfield(of, mask) {
                    Some(part) => set::anonymous(&part.shifted(found), self.around),
                    None => set::anonymous(found, self.around),
                },
                _ => set::anonymous(found, self.around),
            }
        };
        Some((said, text))
    }
}

/// A field within loaded bytes.
#[derive(Clone, Debug)]
pub(super) struct Subfield {
    pub(super) said: Said,
    first: u32,
    len: u32,
}

impl Subfield {
    /// Its value in bytes that were compared with the masked ones.
    pub(super) fn value(&self, loaded: &[u8]) -> Vec<u8> {
        bytes::extract(loaded, self.first, self.len)
    }

    /// The set with the field's values as keys.
    fn shifted(&self, set: &Set) -> Set {
        let mut set = set.clone();
        for element in &mut set.elements {
            let key = element.key.as_bytes();
            let value = if element.flags.contains(ElementFlags::INTERVAL_END) {
                // The first key behind an interval: that after its last one.
                match bytes::before(key) {
                    Some(last) => bytes::after(&self.value(&last)),
                    None => self.value(key),
                }
            } else {
                self.value(key)
            };
            element.key = Data::new(&value);
            element.key_end = element.key_end.take().map(|end| Data::new(&self.value(end.as_bytes())));
        }
        set
    }
}

/// Bytes of the packet that have no name here.
pub(super) fn raw(bits: Bits) -> Option<Said> {
    // Ports lie alike in the headers of all protocols that have some.
    match (bits.base, bits.offset, bits.len) {
        (PayloadBase::Transport, 0, 16) => Some(Said::new("th sport", Datatype::InetService)),
        (PayloadBase::Transport, 16, 16) => Some(Said::new("th dport", Datatype::InetService)),
        _ => Some(Said::new(place(bits)?, Datatype::Hex)),
    }
}

/// Bytes of the packet by nothing but their place: `@nh,96,32`.
pub(super) fn place(Bits { base, offset, len }: Bits) -> Option<String> {
    let base = match base {
        PayloadBase::Link => "ll",
        PayloadBase::Network => "nh",
        PayloadBase::Transport => "th",
        PayloadBase::Inner => "ih",
        _ => return None,
    };
    Some(format!("@{base},{offset},{len}"))
}

/// The protocol that an extension belongs to.
fn extension_uses(words: &str) -> Vec<(Protocol, IcmpNeed)> {
    match words.split(' ').next() {
        Some("tcp" | "sctp" | "dccp") => Vec::new(),
        Some("ip") => vec![(Protocol::Ip, IcmpNeed::Any)],
        _ => vec![(Protocol::Ip6, IcmpNeed::Any)],
    }
}

/// The bytes of a value of this type, most significant first.
pub(super) fn significant_first(kind: Datatype, bytes: &[u8]) -> Vec<u8> {
    match kind.order() {
        Order::Network => bytes.to_vec(),
        Order::Host => bytes::host_to_network(bytes),
    }
}
