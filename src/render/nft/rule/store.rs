//! Statements that change the packet, its connection, or what the kernel knows about it.

use super::{
    Reader, bytes, extension, keys,
    protocol::Protocol,
    value::{Bits, Extension, Value},
    words::raw,
};
use crate::{
    expr::{ChecksumKind, CtDirection, CtKey, MetaKey, PayloadBase, Register},
    render::nft::datatype::Datatype,
};

impl Reader<'_> {
    /// The words of a value that is stored as a type.
    pub(super) fn stored(&mut self, sreg: Register, len: u32, kind: Datatype) -> Option<String> {
        let value = self.registers.get(sreg, len)?;
        let said = self.speaker().say(&value, kind)?;
        self.sentence.forget_implied(&said.uses, &self.layers);
        Some(said.text)
    }

    pub(super) fn store_meta(&mut self, key: MetaKey, sreg: Register) -> Option<()> {
        let target = keys::meta(key)?;
        // nft says `meta` here before every key.
        let words = target.text.strip_prefix("meta ").unwrap_or(&target.text).to_owned();
        let value = self.stored(sreg, 4, target.kind)?;
        self.push(format!("meta {words} set {value}"))
    }

    pub(super) fn store_ct(
        &mut self,
        key: CtKey,
        direction: Option<CtDirection>,
        sreg: Register,
    ) -> Option<()> {
        let target = self.speaker().say(&Value::Ct(key, direction), Datatype::Hex)?;
        let len = if key == CtKey::Labels { 16 } else { 4 };
        let value = match (key, self.registers.get(sreg, len)?) {
            (CtKey::EventMask, Value::Constant(bytes)) => target.kind.list(&bytes, self.around.names),
            _ => self.stored(sreg, len, target.kind)?,
        };
        self.push(format!("{} set {value}", target.text))
    }

    pub(super) fn store_option(&mut self, option: Extension, sreg: Register) -> Option<()> {
        let named = extension::named(option)?;
        let value = match self.registers.get(sreg, option.len.div_ceil(8))? {
            // The kernel's numbers are turned to network order to be written.
            Value::Swapped { of, .. } => self.speaker().say(&of, named.kind)?.text,
            _ => self.stored(sreg, option.len.div_ceil(8), named.kind)?,
        };
        self.push(format!("{} set {value}", named.words))
    }

    pub(super) fn store_payload(
        &mut self,
        bits: Bits,
        sreg: Register,
        checksum: Option<ChecksumKind>,
    ) -> Option<()> {
        // nft has the checksum mended wherever it knows one, and has no word to leave it alone.
        if let Some(expected) = self.layers.at(bits.base).and_then(Protocol::checksum) {
            self.lossless &= checksum == Some(expected);
        }
        let value = self.registers.get(sreg, bits.len.div_ceil(8))?;
        if let Some((protocol, field)) = self.layers.field(bits) {
            let value = match &value {
                Value::Constant(bytes) => self.written(field.kind, bytes),
                _ => self.stored(sreg, bits.len.div_ceil(8), field.kind)?,
            };
            self.sentence.forget_implied(&[(protocol, field.icmp)], &self.layers);
            return self.push(format!("{} {} set {value}", protocol.word(), field.name));
        }
        if let Value::Bitwise { of, mask, xor } = &value {
            if **of == Value::Payload(bits) {
                return self.store_part(bits, mask, xor);
            }
        }
        let target = raw(bits)?;
        let value = self.stored(sreg, bits.len.div_ceil(8), target.kind)?;
        self.push(format!("{} set {value}", target.text))
    }

    /// A constant that a field is set to.
    fn written(&self, kind: Datatype, value: &[u8]) -> String {
        match kind {
            // nft reads a protocol's name here as the beginning of a match.
            Datatype::InetProto => kind.numeric(value),
            kind => self.speaker().constant(kind, value),
        }
    }

    /// Bits within bytes that are loaded, changed, and written back.
    fn store_part(&mut self, bits: Bits, mask: &[u8], xor: &[u8]) -> Option<()> {
        let written = bytes::invert(mask);
        let spills = bytes::zip(xor, mask, |xor, mask| xor & mask);
        if !bytes::is_zero(&spills) {
            return None;
        }
        let (first, len) = bytes::run(&written)?;
        let part = Bits { offset: bits.offset.checked_add(first)?, len, ..bits };
        let value = bytes::extract(xor, first, len);
        if let Some((protocol, field)) = self.layers.field(part) {
            let value = self.written(field.kind, &value);
            self.sentence.forget_implied(&[(protocol, field.icmp)], &self.layers);
            return self.push(format!("{} {} set {value}", protocol.word(), field.name));
        }
        if part.base == PayloadBase::Inner {
            return None;
        }
        let target = raw(part)?;
        let value = self.speaker().constant(target.kind, &value);
        self.push(format!("{} set {value}", target.text))
    }
}
