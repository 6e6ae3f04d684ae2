//! Comparisons: what a packet must be for a rule to go on.

use super::{
    Reader, bytes,
    layers::By,
    neighbours::{Equality, joins},
    protocol::Protocol,
    value::{Bits, Value},
    words::{Said, raw, significant_first},
};
use crate::{
    expr::{Cmp, CmpOp, Lookup, LookupFlags, MetaKey, Range, RangeOp, Register},
    object::{Element, ElementFlags, SetFlags},
    prefix::prefix_length,
    render::nft::datatype::{Datatype, Order},
};

/// Bytes in one addressable register: parts of a concatenation are filled up to that.
const WORD: usize = 4;
/// Bytes of an interface's name, IFNAMSIZ.
const NAME: usize = 16;

impl Reader<'_> {
    /// `cmp`
    pub(super) fn compare(&mut self, cmp: &Cmp) -> Option<()> {
        let data = cmp.data.as_bytes();
        let len = u32::try_from(data.len()).ok()?;
        let left = self.registers.get(cmp.sreg, len)?;
        match left {
            Value::Payload(bits) if matches!(cmp.op, CmpOp::Eq | CmpOp::Neq) => {
                self.compare_payload(bits, cmp.op, data)
            }
            Value::Bitwise { of, mask, xor } if bytes::is_zero(&xor) => {
                self.compare_masked(&of, &mask, cmp.op, data)
            }
            Value::Concat(parts) => self.compare_concat(&parts, cmp.op, data),
            Value::Swapped { of, size } => self.compare_plain(&of, cmp.op, &swap(data, size)),
            other => self.compare_plain(&other, cmp.op, data),
        }
    }

    /// Bytes of the packet: nft merges comparisons with neighbouring fields, so they are taken apart here.
    fn compare_payload(&mut self, bits: Bits, op: CmpOp, data: &[u8]) -> Option<()> {
        if let Some((_, field)) = self.layers.field(bits) {
            if !field.kind.is_bitmask() {
                return self.compare_alone(bits, op, data);
            }
            return self.compare_plain(&Value::Payload(bits), op, data);
        }
        let (fields, rest) = self.split(bits);
        // Only what nft merges again may be taken apart.
        let merged = fields.len() < 2 || merges(&fields);
        let last_prefix = rest.and_then(|rest| self.shorter_than_field(rest));
        if op == CmpOp::Eq && !fields.is_empty() && merged && (rest.is_none() || last_prefix.is_some()) {
            let mut data = data;
            let whole = self.equality(bits);
            for field in fields {
                let (now, later) = data.split_at_checked(usize::try_from(field.len / 8).ok()?)?;
                self.compare_field(field, op, now, None)?;
                data = later;
            }
            return match rest {
                Some(rest) => self.compare_field(rest, op, data, last_prefix),
                None => {
                    whole.into_iter().for_each(|whole| self.sentence.note_equality(whole, None));
                    Some(())
                }
            };
        }
        if let Some(whole) = self.shorter_than_field(bits) {
            return self.compare_field(bits, op, data, Some(whole));
        }
        self.compare_raw(bits, op, data)
    }

    /// A field that the rule loads alone. nft would load it with its neighbour, but for a prefix as long as the field:
    /// `tcp dport 22/16`.
    fn compare_alone(&mut self, bits: Bits, op: CmpOp, data: &[u8]) -> Option<()> {
        let (protocol, field) = self.layers.field(bits)?;
        self.compare_field(bits, op, data, None)?;
        if op == CmpOp::Eq {
            let value = bare(field.kind, data);
            let apart = format!("{} {} {value}/{}", protocol.word(), field.name, field.len);
            // A prefix does not tell nft which protocol follows.
            let apart = (!field.announces).then_some(apart);
            self.sentence.note_equality(Equality { protocol, bits }, apart);
        }
        Some(())
    }

    fn equality(&self, bits: Bits) -> Option<Equality> {
        let (protocol, _) = self.layers.field_at(bits)?;
        Some(Equality { protocol, bits })
    }

    /// The fields that loaded bits consist of, and what is left at the end.
    fn split(&self, bits: Bits) -> (Vec<Bits>, Option<Bits>) {
        let mut fields = Vec::new();
        let mut rest = bits;
        while rest.len > 0 {
            match self.layers.field_at(rest) {
                Some((_, field)) if field.len <= rest.len && field.len % 8 == 0 => {
                    fields.push(Bits { len: field.len, ..rest });
                    rest.offset = rest.offset.saturating_add(field.len);
                    rest.len -= field.len;
                }
                _ => return (fields, Some(rest)),
            }
        }
        (fields, None)
    }

    /// The whole field that bits are the beginning of, if nft says that as a prefix: `ip saddr 10.0.0.0/8`.
    fn shorter_than_field(&self, bits: Bits) -> Option<Bits> {
        let (_, field) = self.layers.field_at(bits)?;
        let address = matches!(field.kind, Datatype::Ipv4Addr | Datatype::Ipv6Addr | Datatype::EtherAddr);
        (address && bits.len < field.len && bits.len % 8 == 0).then_some(Bits { len: field.len, ..bits })
    }

    /// One field, or its beginning where `whole` says which.
    fn compare_field(&mut self, bits: Bits, op: CmpOp, data: &[u8], whole: Option<Bits>) -> Option<()> {
        let Some((protocol, field)) = self.layers.field(whole.unwrap_or(bits)) else {
            return self.compare_raw(bits, op, data);
        };
        let mut value = data.to_vec();
        let value = if whole.is_some() {
            value.resize(usize::try_from(field.len / 8).ok()?, 0);
            format!("{}/{}", self.speaker().constant(field.kind, &value), bits.len)
        } else {
            self.speaker().constant(field.kind, &value)
        };
        let text = format!("{} {}{}", protocol.word(), field.name, joined(op, &value));
        // What says which protocol follows a tag is not left alone.
        if !(protocol == Protocol::Vlan && field.announces) {
            self.sentence.forget_implied(&[(protocol, field.icmp)], &self.layers);
        }
        let known = op == CmpOp::Eq && whole.is_none();
        if known && field.announces {
            self.sentence.push_announcement(text, By::Field(field.name), data);
        } else {
            self.sentence.push(text);
        }
        if known {
            self.layers.learn_field(protocol, &field, data);
        }
        Some(())
    }

    fn compare_raw(&mut self, bits: Bits, op: CmpOp, data: &[u8]) -> Option<()> {
        let said = raw(bits)?;
        let value = self.speaker().constant(said.kind, data);
        self.sentence.push(format!("{}{}", said.text, joined(op, &value)));
        Some(())
    }

    /// Anything that is not calculated.
    fn compare_plain(&mut self, left: &Value, op: CmpOp, data: &[u8]) -> Option<()> {
        let said = self.speaker().say(left, Datatype::Hex)?;
        // nft reads only paths here, and lists numbers where it finds none.
        self.lossless &= said.kind != Datatype::CgroupV2;
        let flags = has_flags(said.kind);
        // nft fills a name up with zeros, where iptables-nft stops at the first.
        self.other_bytes |= said.kind == Datatype::IfName && data.len() < NAME && data.ends_with(&[0]);
        let value = match self.beginning(said.kind, data) {
            Some(prefix) => prefix,
            // Where several flags are asked for exactly, nft gives header fields as a number.
            None if flags && matches!(left, Value::Payload(_)) && bytes::count_ones(data) > 1 => {
                bytes::hex(&significant_first(said.kind, data))
            }
            None => self.speaker().constant(said.kind, data),
        };
        let exact = op == CmpOp::Eq && (said.calculated || flags);
        let text = if exact {
            format!("{} == {value}", said.text)
        } else {
            format!("{}{}", said.text, joined(op, &value))
        };
        self.sentence.forget_implied(&said.uses, &self.layers);
        // Both ends of a range are written without names.
        let bare = bare(said.kind, data);
        match op {
            CmpOp::Gte => self.sentence.push_lower_end(said.text, text, bare),
            CmpOp::Lte if self.sentence.close_range(&said.text, &bare) => {}
            CmpOp::Eq => match left {
                Value::Meta(key) => {
                    if announces(*key) {
                        self.sentence.push_announcement(text, By::Meta(*key), data);
                    } else {
                        self.sentence.push(text);
                    }
                    self.layers.learn_meta(*key, data);
                }
                _ => self.sentence.push(text),
            },
            _ => self.sentence.push(text),
        }
        Some(())
    }

    /// The first bytes of an address as a prefix.
    fn beginning(&self, kind: Datatype, data: &[u8]) -> Option<String> {
        let whole = kind.bits().filter(|_| matches!(kind, Datatype::Ipv4Addr | Datatype::Ipv6Addr))? / 8;
        let mut address = data.to_vec();
        address.resize(whole, 0);
        (data.len() < whole).then(|| kind.prefix(&address, data.len() * 8, self.around.names))
    }

    fn compare_concat(&mut self, parts: &[Value], op: CmpOp, data: &[u8]) -> Option<()> {
        let mut texts = (Vec::new(), Vec::new());
        let mut uses = Vec::new();
        let mut rest = data;
        for part in parts {
            let said = self.speaker().say(part, Datatype::Hex)?;
            let len = usize::try_from(self.value_len(part)?).ok()?;
            let (now, later) = rest.split_at_checked(len)?;
            let padding = (len.next_multiple_of(WORD) - len).min(later.len());
            rest = later.get(padding..)?;
            texts.1.push(self.speaker().constant(said.kind, now));
            texts.0.push(said.text);
            uses.extend(said.uses);
        }
        self.sentence.forget_implied(&uses, &self.layers);
        self.sentence.push(format!("{}{}", texts.0.join(" . "), joined(op, &texts.1.join(" . "))));
        Some(())
    }

    /// `(of & mask)` against a constant.
    fn compare_masked(&mut self, of: &Value, mask: &[u8], op: CmpOp, data: &[u8]) -> Option<()> {
        if let Some(part) = self.speaker().subfield(of, mask) {
            // Bits outside the field are never found set.
            if bytes::is_zero(&bytes::zip(data, &bytes::invert(mask), |data, outside| data & outside)) {
                let value = part.value(data);
                return self.finish(&part.said, op, &value);
            }
        }
        let (of, mask, data) = match of {
            Value::Swapped { of, size } => (&**of, swap(mask, *size), swap(data, *size)),
            of => (of, mask.to_vec(), data.to_vec()),
        };
        let said = self.speaker().say(of, Datatype::Hex)?;
        let text = self.masked_text(&said, &mask, op, &data);
        self.sentence.forget_implied(&said.uses, &self.layers);
        self.sentence.push(text);
        Some(())
    }

    fn masked_text(&self, said: &Said, mask: &[u8], op: CmpOp, data: &[u8]) -> String {
        let Said { text, kind, .. } = said;
        let names = self.around.names;
        let equality = matches!(op, CmpOp::Eq | CmpOp::Neq);
        if equality && has_flags(*kind) {
            let (flags, wanted) = (kind.list(mask, names), kind.list(data, names));
            return match op {
                CmpOp::Neq if bytes::is_zero(data) => format!("{text} {flags}"),
                _ if bytes::is_zero(data) => format!("{text} ! {flags}"),
                CmpOp::Neq if mask == data && bytes::count_ones(mask) == 1 => {
                    format!("{text} & {flags} != {flags}")
                }
                _ if mask == data && bytes::count_ones(mask) == 1 => format!("{text} & {flags} == {flags}"),
                CmpOp::Neq => format!("{text} != {wanted} / {flags}"),
                _ => format!("{text} {wanted} / {flags}"),
            };
        }
        let ordered = significant_first(*kind, mask);
        let host_bits = bytes::zip(data, &bytes::invert(mask), |data, host| data & host);
        if let (Some(len), true) = (prefix_length(&ordered), equality && kind.prefers_prefixes()) {
            // nft loads only whole bytes of an address where the prefix has no others.
            let shortened = kind.order() == Order::Network && len > 0 && len % 8 == 0;
            if bytes::is_zero(&host_bits) && !shortened {
                let value = format!("{}/{len}", self.speaker().constant(*kind, data));
                return format!("{text}{}", joined(op, &value));
            }
        }
        let (mask, data) = (self.speaker().constant(*kind, mask), self.speaker().constant(*kind, data));
        let sign = if op == CmpOp::Eq { " ==" } else { "" };
        format!("{text} & {mask}{sign}{}", joined(op, &data))
    }

    fn finish(&mut self, said: &Said, op: CmpOp, value: &[u8]) -> Option<()> {
        let text = self.speaker().constant(said.kind, value);
        let whole = format!("{}{}", said.text, joined(op, &text));
        self.sentence.forget_implied(&said.uses, &self.layers);
        match op {
            CmpOp::Gte => {
                self.sentence.push_lower_end(said.text.clone(), whole, bare(said.kind, value));
            }
            CmpOp::Lte if self.sentence.close_range(&said.text, &bare(said.kind, value)) => {}
            _ => self.sentence.push(whole),
        }
        Some(())
    }

    /// `range`
    pub(super) fn range(&mut self, range: &Range) -> Option<()> {
        let len = u32::try_from(range.from.len()).ok()?;
        let left = self.registers.get(range.sreg, len)?;
        let (of, from, to) = match &left {
            Value::Swapped { of, size } => {
                (&**of, swap(range.from.as_bytes(), *size), swap(range.to.as_bytes(), *size))
            }
            Value::Bitwise { of, mask, xor } if bytes::is_zero(xor) => {
                match self.speaker().subfield(of, mask) {
                    Some(part) => {
                        let ends = (part.value(range.from.as_bytes()), part.value(range.to.as_bytes()));
                        return self.finish_range(&part.said, range.op, &ends.0, &ends.1);
                    }
                    None => (&left, range.from.as_bytes().to_vec(), range.to.as_bytes().to_vec()),
                }
            }
            _ => (&left, range.from.as_bytes().to_vec(), range.to.as_bytes().to_vec()),
        };
        let said = self.speaker().say(of, Datatype::Hex)?;
        self.finish_range(&said, range.op, &from, &to)
    }

    fn finish_range(&mut self, said: &Said, op: RangeOp, from: &[u8], to: &[u8]) -> Option<()> {
        let sign = match op {
            RangeOp::Eq => "",
            RangeOp::Neq => " !=",
            RangeOp::Other(_) => return None,
        };
        let (from, to) = (bare(said.kind, from), bare(said.kind, to));
        self.sentence.forget_implied(&said.uses, &self.layers);
        self.sentence.push(format!("{}{sign} {from}-{to}", said.text));
        Some(())
    }

    /// `lookup`
    pub(super) fn lookup(&mut self, lookup: &Lookup) -> Option<()> {
        let Lookup { set: name, set_id, .. } = lookup;
        let found = self.around.find(name, *set_id)?;
        let key = self.registers.get(lookup.sreg, found.key_len)?;
        // Intervals of numbers in host order are kept in network order.
        let key = match key {
            Value::Swapped { of, .. } => *of,
            key => key,
        };
        if let Some(dreg) = lookup.dreg {
            let map = Value::Map { key: Box::new(key), set: name.clone(), set_id: *set_id };
            if dreg == Register::VERDICT {
                let said = self.speaker().say(&map, Datatype::Hex)?;
                self.sentence.forget_implied(&said.uses, &self.layers);
                self.sentence.push(said.text);
            } else {
                let len = match found.data {
                    Some(crate::object::MapData::Value { len, .. }) => len,
                    _ => 4,
                };
                self.registers.set(dreg, map, len);
            }
            return Some(());
        }
        let (left, mut right) = self.speaker().keyed(&key, name, *set_id)?;
        let starts = |element: &&Element| !element.flags.contains(ElementFlags::INTERVAL_END);
        let one = found.elements.iter().filter(starts).count() == 1;
        if one && found.flags.contains(SetFlags::ANONYMOUS) && !matches!(key, Value::Concat(_)) {
            // nft makes a comparison of a list of one, but a set of twice the same.
            if let Some(one) = right.strip_prefix("{ ").and_then(|right| right.strip_suffix(" }")) {
                right = format!("{{ {one}, {one} }}");
                // nft makes room for both.
                self.other_bytes |= found.desc.size == Some(1);
            }
        }
        let inverted = lookup.flags.is_some_and(|flags| flags.contains(LookupFlags::INV));
        let sign = match (inverted, left.calculated) {
            (true, _) => " !=",
            (false, true) => " ==",
            (false, false) => "",
        };
        self.sentence.forget_implied(&left.uses, &self.layers);
        self.sentence.push(format!("{}{sign} {right}", left.text));
        if found.flags.contains(SetFlags::ANONYMOUS) && !inverted {
            self.learn_echo(&key, found);
        }
        Some(())
    }

    /// Where both types of an echo are asked for, its fields are known.
    fn learn_echo(&mut self, key: &Value, set: &crate::object::Set) {
        let Value::Payload(bits) = key else { return };
        let Some((protocol, field)) = self.layers.field(*bits) else { return };
        let echo: &[u8] = match protocol {
            Protocol::Icmp => &[0, 8],
            Protocol::Icmp6 => &[128, 129],
            _ => return,
        };
        let mut keys = set.elements.iter().map(|element| element.key.as_bytes());
        if field.announces && keys.all(|key| matches!(key, [kind] if echo.contains(kind))) {
            self.layers.learn_field(protocol, &field, echo.get(1..).unwrap_or_default());
        }
    }

    /// How many bytes a value has in its register.
    pub(super) fn value_len(&self, value: &Value) -> Option<u32> {
        let said = match value {
            Value::Payload(bits) => return Some(bits.len.div_ceil(8)),
            Value::Extension(extension) => return Some(extension.len.div_ceil(8)),
            Value::Bitwise { mask, .. } => return u32::try_from(mask.len()).ok(),
            Value::Constant(bytes) => return u32::try_from(bytes.len()).ok(),
            Value::Shift { of, .. } | Value::Swapped { of, .. } => return self.value_len(of),
            Value::Meta(MetaKey::BriIifPvid) => return Some(2),
            Value::Meta(MetaKey::NfTrace) => return Some(1),
            other => self.speaker().say(other, Datatype::Hex)?,
        };
        let bits = said.kind.bits().unwrap_or(32);
        u32::try_from(bits.div_ceil(8)).ok()
    }
}

/// The sign of a comparison and its right side, with blanks; equality has no sign.
fn joined(op: CmpOp, value: &str) -> String {
    let sign = match op {
        CmpOp::Neq => " !=",
        CmpOp::Lt => " <",
        CmpOp::Lte => " <=",
        CmpOp::Gt => " >",
        CmpOp::Gte => " >=",
        CmpOp::Eq | CmpOp::Other(_) => "",
    };
    format!("{sign} {value}")
}

/// Whether the bits of a type have names.
fn has_flags(kind: Datatype) -> bool {
    kind.is_bitmask() && kind != Datatype::Bitmask
}

/// An end of a range: without names, and durations in seconds.
fn bare(kind: Datatype, data: &[u8]) -> String {
    let milliseconds = <[u8; 4]>::try_from(data).map(u32::from_ne_bytes);
    match (kind, milliseconds) {
        (Datatype::Time, Ok(milliseconds)) if milliseconds % 1000 == 0 => format!("{}s", milliseconds / 1000),
        _ => kind.numeric(data),
    }
}

/// Whether nft tests this key of itself where a protocol's field is used.
fn announces(key: MetaKey) -> bool {
    matches!(key, MetaKey::NfProto | MetaKey::L4Proto | MetaKey::Protocol | MetaKey::IifType)
}

/// Whether nft loads these neighbours together.
fn merges(fields: &[Bits]) -> bool {
    let mut so_far = 0;
    fields.iter().enumerate().all(|(index, field)| {
        let merges = index == 0 || joins(field.base, so_far, field.len);
        so_far += field.len;
        merges
    })
}

/// The bytes of numbers in network order as they are in host order.
pub(super) fn swap(bytes: &[u8], size: u32) -> Vec<u8> {
    let size = usize::try_from(size).unwrap_or(1).max(1);
    bytes.chunks(size).flat_map(bytes::host_to_network).collect()
}
