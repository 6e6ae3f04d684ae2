//! Comparing a register with a value, a range, a mask or a list.

use super::{
    Datatype, Item, Lowering, Matching, Operand, Order,
    elements::{intervals, singles},
};
use crate::{
    Invalid,
    expr::{
        Bitwise, Byteorder, ByteorderOp, Cmp, CmpOp, Data, Expr, Expression, Lookup, LookupFlags, Payload,
        PayloadBase, Range, RangeOp, Register,
    },
    object::Set,
};

impl Lowering<'_> {
    /// Compares a field of the packet with what is accepted. Fields beside which words read others are for
    /// [`Lowering::field_beside_others`].
    pub(crate) fn field<T: Operand>(
        &mut self,
        base: PayloadBase,
        offset: u32,
        matching: &Matching<T>,
    ) -> Result<(), Invalid> {
        let len = T::DATATYPE.len;
        // A prefix of whole bytes is a comparison of fewer bytes.
        match matching.items.as_slice() {
            [Item::Prefix(value, bits)] if *bits > 0 && bits % 8 == 0 && u32::from(*bits) < len * 8 => {
                self.check_items(matching)?;
                let data = value.data();
                let prefix = data.as_bytes().get(..usize::from(bits / 8)).unwrap_or_default();
                self.push(Payload::load(base, offset, u32::from(bits / 8), Register::R1));
                self.push(Cmp::new(Register::R1, CmpOp::equality(matching.negated), Data::new(prefix)));
                Ok(())
            }
            _ => self.matching(Payload::load(base, offset, len, Register::R1), matching),
        }
    }

    /// Loads a value into register 1 by `load` and compares it with what is accepted.
    pub(crate) fn matching<L, T>(&mut self, load: L, matching: &Matching<T>) -> Result<(), Invalid>
    where
        L: Expression + Into<Expr>,
        T: Operand,
    {
        self.push(load);
        self.compare(matching)
    }

    /// Compares register 1 with what is accepted.
    pub(crate) fn compare<T: Operand>(&mut self, matching: &Matching<T>) -> Result<(), Invalid> {
        // What most rules say, before anything else is looked at.
        let (None, [Item::One(value)]) = (&matching.problem, matching.items.as_slice()) else {
            return self.compare_several(matching);
        };
        value.check()?;
        self.push(Cmp::new(Register::R1, CmpOp::equality(matching.negated), value.data()));
        Ok(())
    }

    fn compare_several<T: Operand>(&mut self, matching: &Matching<T>) -> Result<(), Invalid> {
        self.check_items(matching)?;
        let (register, equal) = (Register::R1, CmpOp::equality(matching.negated));
        match matching.items.as_slice() {
            [Item::Range(from, to)] => {
                self.turn_to_network_order(T::DATATYPE);
                let (from, to) = (in_network_order::<T>(from), in_network_order::<T>(to));
                if matching.negated {
                    self.push(Range::new(register, RangeOp::Neq, from, to));
                } else {
                    self.push(Cmp::new(register, CmpOp::Gte, from));
                    self.push(Cmp::new(register, CmpOp::Lte, to));
                }
                Ok(())
            }
            [Item::Prefix(value, bits)] => {
                let mask = prefix_mask(T::DATATYPE, *bits);
                let value = masked(&value.data(), &mask);
                self.push(Bitwise::and(register, mask));
                self.push(Cmp::new(register, equal, value));
                Ok(())
            }
            [Item::Masked(value, mask)] => {
                let mask = mask.data();
                let value = masked(&value.data(), &mask);
                self.push(Bitwise::and(register, mask));
                self.push(Cmp::new(register, equal, value));
                Ok(())
            }
            items => self.look_up(items, matching.negated),
        }
    }

    fn look_up<T: Operand>(&mut self, items: &[Item<T>], negated: bool) -> Result<(), Invalid> {
        let interval = !items.iter().all(|item| matches!(item, Item::One(_)));
        if interval {
            self.turn_to_network_order(T::DATATYPE);
        }
        let elements = if interval { intervals(items)? } else { singles(items) };
        let host_order = T::DATATYPE.order != Order::Network;
        let set = Set::anonymous(T::DATATYPE.number, T::DATATYPE.len, host_order, interval, elements);
        let lookup = Lookup::new(set.name.clone(), Register::R1);
        let id = self.sets.take(set);
        let lookup = lookup.set_id(id);
        self.push(if negated { lookup.flags(LookupFlags::INV) } else { lookup });
        Ok(())
    }

    /// Order comparisons are by bytes, so numbers of the host's order are turned first, as nft does.
    fn turn_to_network_order(&mut self, datatype: Datatype) {
        if datatype.order == Order::Host && datatype.len > 1 {
            let size = datatype.len;
            self.push(Byteorder::new(Register::R1, Register::R1, ByteorderOp::Hton, size, size));
        }
    }

    fn check_items<T: Operand>(&self, matching: &Matching<T>) -> Result<(), Invalid> {
        if let Some(problem) = &matching.problem {
            return Err(Invalid::clone(problem));
        }
        if matching.items.is_empty() {
            return Err(Invalid::ListEmpty { what: T::WHAT });
        }
        matching.items.iter().try_for_each(check_item)
    }
}

fn check_item<T: Operand>(item: &Item<T>) -> Result<(), Invalid> {
    match item {
        Item::One(value) => value.check(),
        Item::Range(from, to) => {
            if in_network_order::<T>(from) > in_network_order::<T>(to) {
                return Err(Invalid::RangeReversed { what: T::WHAT, from: from.text(), to: to.text() });
            }
            // A range may begin with what is no value alone (port 0), but not consist of it.
            if from.data() == to.data() { from.check() } else { Ok(()) }
        }
        Item::Prefix(value, bits) => {
            let limit = u8::try_from(T::DATATYPE.len * 8).unwrap_or(u8::MAX);
            if *bits > limit {
                return Err(Invalid::PrefixTooLong {
                    what: T::WHAT,
                    value: value.text(),
                    length: *bits,
                    limit,
                });
            }
            Ok(())
        }
        Item::Masked(..) => Ok(()),
    }
}

/// The value as bytes whose order is that of the numbers.
pub(super) fn in_network_order<T: Operand>(value: &T) -> Data {
    let data = value.data();
    if T::DATATYPE.order != Order::Host || cfg!(target_endian = "big") { data } else { reversed(&data) }
}

fn reversed(data: &Data) -> Data {
    let mut bytes = data.as_bytes().to_vec();
    bytes.reverse();
    Data::new(&bytes)
}

/// The mask of a prefix in the order of the register.
fn prefix_mask(datatype: Datatype, bits: u8) -> Data {
    let len = usize::try_from(datatype.len).unwrap_or(0);
    let mut mask: Vec<u8> = network_mask(bits).take(len).collect();
    if datatype.order == Order::Host && cfg!(target_endian = "little") {
        mask.reverse();
    }
    Data::new(&mask)
}

/// The bytes of a mask of so many bits, the highest first; without end.
pub(super) fn network_mask(bits: u8) -> impl Iterator<Item = u8> {
    (0..).map(move |index: usize| {
        let left = usize::from(bits).saturating_sub(index.saturating_mul(8)).min(8);
        !u8::MAX.checked_shr(u32::try_from(left).unwrap_or(8)).unwrap_or(0)
    })
}

fn masked(value: &Data, mask: &Data) -> Data {
    let bytes: Vec<u8> =
        value.as_bytes().iter().zip(mask.as_bytes()).map(|(value, mask)| value & mask).collect();
    Data::new(&bytes)
}
