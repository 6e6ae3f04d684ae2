//! Statements that change the packet, its connection, or what the kernel knows about it.

use super::{
    Reader, bytes, extension, keys,
    value::{Bits, Extension, Value},
    words::{place, raw},
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
        let value = self.registers.get(sreg, bits.len.div_ceil(8))?;
        let mended = checksum.filter(|kind| *kind != ChecksumKind::None);
        if let Some((protocol, field)) = self.layers.field(bits) {
            // nft has the checksum mended wherever it knows one; bytes without a name, it just writes.
            let stays = mended.is_none() && protocol.checksum().is_some();
            if let (true, Value::Constant(bytes)) = (stays, &value) {
                let value = self.speaker().constant(Datatype::Hex, bytes);
                return self.push(format!("{} set {value}", place(bits)?));
            }
            self.lossless &= mended == protocol.checksum();
            let value = match &value {
                Value::Constant(bytes) => self.written(field.kind, bytes),
                _ => self.stored(sreg, bits.len.div_ceil(8), field.kind)?,
            };
            self.sentence.forget_implied(&[(protocol, field.icmp)], &self.layers);
            return self.push(format!("{} {} set {value}", protocol.word(), field.name));
        }
        if let Value::Bitwise { of, mask, xor } = &value {
            if **of == Value::Payload(bits) {
                return self.store_part(bits, mask, xor, mended);
            }
        }
        self.lossless &= mended.is_none();
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
    fn store_part(
        &mut self,
        bits: Bits,
        mask: &[u8],
        xor: &[u8],
        mended: Option<ChecksumKind>,
    ) -> Option<()> {
        let written = bytes::invert(mask);
        let spills = bytes::zip(xor, mask, |xor, mask| xor & mask);
        if !bytes::is_zero(&spills) {
            return None;
        }
        let (first, len) = bytes::run(&written)?;
        let part = Bits { offset: bits.offset.checked_add(first)?, len, ..bits };
        let value = bytes::extract(xor, first, len);
        if let Some((protocol, field)) = self.layers.field(part) {
            self.lossless &= mended == protocol.checksum();
            let value = self.written(field.kind, &value);
            self.sentence.forget_implied(&[(protocol, field.icmp)], &self.layers);
            return self.push(format!("{} {} set {value}", protocol.word(), field.name));
        }
        if part.base == PayloadBase::Inner {
            return None;
        }
        self.lossless &= mended.is_none();
        let target = raw(part)?;
        let value = self.speaker().constant(target.kind, &value);
        self.push(format!("{} set {value}", target.text))
    }
}
