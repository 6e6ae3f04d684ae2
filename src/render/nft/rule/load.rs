//! Expressions that fill registers.

use super::{
    Reader,
    value::{Bits, Extension, Value},
};
use crate::expr::{
    Access, Bitwise, BitwiseOp, Byteorder, Expr, ExthdrAccess, ExthdrOp, Hash, PayloadAccess, Register,
};

/// Bytes of a register that only one value can be in.
const WIDE: u32 = 16;

impl Reader<'_> {
    pub(super) fn load_or_store(&mut self, expression: &Expr) -> Option<()> {
        let (register, value) = match expression {
            Expr::Meta(meta) => match meta.access {
                Access::Load(dreg) => (dreg, Value::Meta(meta.key)),
                Access::Store(sreg) => return self.store_meta(meta.key, sreg),
            },
            Expr::Ct(ct) => match ct.access {
                Access::Load(dreg) => (dreg, Value::Ct(ct.key, ct.direction)),
                Access::Store(sreg) => return self.store_ct(ct.key, ct.direction, sreg),
            },
            Expr::Payload(payload) => match payload.access {
                PayloadAccess::Load(dreg) => (dreg, Value::Payload(Bits::from(payload))),
                PayloadAccess::Store { sreg, checksum, .. } => {
                    return self.store_payload(payload.into(), sreg, checksum);
                }
            },
            Expr::Exthdr(exthdr) => match exthdr.access {
                ExthdrAccess::Load(dreg) => (dreg, Value::Extension(exthdr.into())),
                ExthdrAccess::Store(sreg) => return self.store_option(exthdr.into(), sreg),
                ExthdrAccess::Strip => return self.strip_option(exthdr.into()),
            },
            Expr::Rt(rt) => (rt.dreg, Value::Route(rt.key)),
            Expr::Socket(socket) => (socket.dreg, Value::Socket(socket.key, socket.level)),
            Expr::Fib(fib) => (fib.dreg, Value::Fib(fib.flags, fib.result)),
            Expr::Osf(osf) => (osf.dreg, Value::Osf(osf.clone())),
            Expr::Xfrm(xfrm) => (xfrm.dreg, Value::Xfrm(xfrm.clone())),
            Expr::Tunnel(tunnel) => (tunnel.dreg, Value::Tunnel(tunnel.clone())),
            Expr::Numgen(numgen) => (numgen.dreg, Value::Numgen(numgen.clone())),
            Expr::Hash(hash) => return self.hash(hash),
            Expr::Bitwise(bitwise) => return self.bitwise(bitwise),
            Expr::Byteorder(byteorder) => return self.byteorder(byteorder),
            _ => return None,
        };
        self.load(register, value);
        Some(())
    }

    fn load(&mut self, register: Register, value: Value) {
        let len = self.value_len(&value).unwrap_or(WIDE);
        self.registers.set(register, value, len);
    }

    fn hash(&mut self, hash: &Hash) -> Option<()> {
        let of = match (hash.sreg, hash.len) {
            (Some(sreg), Some(len)) => Some(Box::new(self.registers.get(sreg, len)?)),
            _ => None,
        };
        self.registers.set(hash.dreg, Value::Hash(hash.clone(), of), 4);
        Some(())
    }

    fn bitwise(&mut self, bitwise: &Bitwise) -> Option<()> {
        let of = Box::new(self.registers.get(bitwise.sreg, bitwise.len)?);
        let value = match (bitwise.op.unwrap_or(BitwiseOp::MaskXor), &bitwise.mask, &bitwise.xor) {
            (BitwiseOp::MaskXor, Some(mask), Some(xor)) => {
                Value::Bitwise { of, mask: mask.as_bytes().to_vec(), xor: xor.as_bytes().to_vec() }
            }
            (op @ (BitwiseOp::Lshift | BitwiseOp::Rshift), ..) => {
                let by = bitwise.data.as_ref()?.as_bytes();
                let by = u32::from_ne_bytes(by.try_into().ok()?);
                let left = op == BitwiseOp::Lshift;
                self.newer |= self.speaker().across(&of, left, by).is_some();
                Value::Shift { of, left, by }
            }
            // Operations between two registers: nft 1.0.6 has no words for them.
            _ => return None,
        };
        self.registers.set(bitwise.dreg, value, bitwise.len);
        Some(())
    }

    fn byteorder(&mut self, byteorder: &Byteorder) -> Option<()> {
        let of = Box::new(self.registers.get(byteorder.sreg, byteorder.len)?);
        // Turned twice, it is as it was.
        let value = match *of {
            Value::Swapped { of, size } if size == byteorder.size => *of,
            of => Value::Swapped { of: Box::new(of), size: byteorder.size },
        };
        self.registers.set(byteorder.dreg, value, byteorder.len);
        Some(())
    }

    fn strip_option(&mut self, mut option: Extension) -> Option<()> {
        if option.op != ExthdrOp::Tcp {
            return None;
        }
        option.present = true;
        let named = super::extension::named(option)?;
        self.push(format!("reset {}", named.words))
    }
}
