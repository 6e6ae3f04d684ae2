//! The packet's mark and its connection's: iptables' `-j MARK` and `-j CONNMARK`.

use crate::{
    Invalid, Rule,
    expr::{Bitwise, BitwiseOp, Ct, CtKey, Data, Expr, Immediate, Load, Meta, MetaKey, Register},
    language::{Lift, Lifting, Lower, Lowering, lift::host_u32},
};

/// Which of the two marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum MarkOf {
    /// The packet's: gone when the packet is.
    Packet,
    /// The connection's: kept by connection tracking.
    Connection,
}

/// What becomes of a mark. A number alone is [`MarkOp::Set`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum MarkOp {
    /// It becomes this number.
    Set(u32),
    /// It stays; for copies from one mark to the other.
    Keep,
    /// Of its bits, only these stay.
    #[doc(alias = "and-mark")]
    And(u32),
    /// These bits are set.
    #[doc(alias = "or-mark")]
    Or(u32),
    /// These bits are flipped.
    #[doc(alias = "xor-mark")]
    Xor(u32),
    /// The bits of `mask` and `value` are cleared, then those of `value` set: iptables' `--set-mark VALUE/MASK`.
    #[doc(alias = "set-mark")]
    Masked {
        /// What is set.
        value: u32,
        /// What is cleared before.
        mask: u32,
    },
    /// The bits of `mask` are cleared, then those of `value` flipped: iptables' `--set-xmark VALUE/MASK`.
    #[doc(alias = "set-xmark")]
    Xmark {
        /// What is flipped.
        value: u32,
        /// What is cleared before.
        mask: u32,
    },
}

impl From<u32> for MarkOp {
    fn from(mark: u32) -> Self {
        Self::Set(mark)
    }
}

impl MarkOp {
    /// Which bits stay, and which are flipped then. All operations but [`MarkOp::Set`] are of this form.
    fn keep_and_flip(self) -> (u32, u32) {
        match self {
            Self::Set(mark) => (0, mark),
            Self::Keep => (u32::MAX, 0),
            Self::And(bits) => (bits, 0),
            Self::Or(bits) => (!bits, bits),
            Self::Xor(bits) => (u32::MAX, bits),
            Self::Masked { value, mask } => (!(mask | value), value),
            Self::Xmark { value, mask } => (!mask, value),
        }
    }

    /// The plainest operation of which these bits stay, and those are flipped then.
    fn of(keep: u32, flip: u32) -> Self {
        match (keep, flip) {
            (keep, 0) => Self::And(keep),
            (u32::MAX, flip) => Self::Xor(flip),
            (keep, flip) if keep == !flip => Self::Or(flip),
            (keep, flip) if keep & flip == 0 => Self::Masked { value: flip, mask: !keep },
            (keep, flip) => Self::Xmark { value: flip, mask: !keep },
        }
    }
}

/// Computes a mark from itself, or from the other one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SetMark {
    /// Which is written.
    pub of: MarkOf,
    /// Which is read. Without meaning for [`MarkOp::Set`].
    pub from: MarkOf,
    /// What is done with what was read.
    pub op: MarkOp,
}

/// Puts some bits of one mark into the other, whose other bits stay. Kernel 6.13.
///
/// What iptables' CONNMARK does for `--save-mark` and `--restore-mark` with a mask. It takes an operation on two
/// registers, which nft learnt late: nft 1.0.6 cannot say it, and aborts when it lists any table while a rule with it
/// exists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct MergeMark {
    /// Which is written; the other one is read.
    pub of: MarkOf,
    /// Which bits of the mark written are cleared.
    pub clear: u32,
    /// Which bits of the mark read are flipped in it.
    pub take: u32,
}

impl Rule {
    /// Gives the packet a mark, or changes it by a [`MarkOp`].
    ///
    /// ```
    /// use portcullis::{MarkOp, Rule};
    ///
    /// Rule::new().tcp().dport(22).set_mark(0x10);
    /// Rule::new().set_mark(MarkOp::Xmark { value: 0x12, mask: 0xff });
    /// ```
    #[doc(alias = "MARK")]
    #[must_use]
    pub fn set_mark(self, op: impl Into<MarkOp>) -> Self {
        self.change(MarkOf::Packet, MarkOf::Packet, op.into())
    }

    /// Of the packet's mark, only the bits of `mask` become those of `value`.
    #[doc(alias = "set-mark")]
    #[must_use]
    pub fn set_mark_masked(self, value: u32, mask: u32) -> Self {
        self.set_mark(MarkOp::Masked { value, mask })
    }

    /// Of the bits of the packet's mark, only these stay.
    #[doc(alias = "and-mark")]
    #[must_use]
    pub fn mark_and(self, bits: u32) -> Self {
        self.set_mark(MarkOp::And(bits))
    }

    /// Sets bits of the packet's mark.
    #[doc(alias = "or-mark")]
    #[must_use]
    pub fn mark_or(self, bits: u32) -> Self {
        self.set_mark(MarkOp::Or(bits))
    }

    /// Flips bits of the packet's mark.
    #[doc(alias = "xor-mark")]
    #[must_use]
    pub fn mark_xor(self, bits: u32) -> Self {
        self.set_mark(MarkOp::Xor(bits))
    }

    /// Gives the connection a mark, or changes it by a [`MarkOp`].
    ///
    /// ```
    /// use portcullis::{CtState, MarkOp, Rule};
    ///
    /// Rule::new().iif("wan0").ct_state(CtState::NEW).set_ct_mark(1);
    /// Rule::new().set_ct_mark(MarkOp::Or(0x100));
    /// ```
    #[doc(alias = "CONNMARK")]
    #[must_use]
    pub fn set_ct_mark(self, op: impl Into<MarkOp>) -> Self {
        self.change(MarkOf::Connection, MarkOf::Connection, op.into())
    }

    /// Of the connection's mark, only the bits of `mask` become those of `value`.
    #[must_use]
    pub fn set_ct_mark_masked(self, value: u32, mask: u32) -> Self {
        self.set_ct_mark(MarkOp::Masked { value, mask })
    }

    /// The connection's mark becomes the packet's: for the packets to come.
    #[doc(alias = "save-mark")]
    #[must_use]
    pub fn save_mark(self) -> Self {
        self.change(MarkOf::Connection, MarkOf::Packet, MarkOp::Keep)
    }

    /// The connection's mark becomes these bits of the packet's; its other bits become 0.
    ///
    /// This is what iptables-translate makes of `--save-mark --mask`. iptables itself leaves the other bits as they
    /// are: [`Rule::save_mark_bits`].
    #[must_use]
    pub fn save_mark_masked(self, mask: u32) -> Self {
        self.change(MarkOf::Connection, MarkOf::Packet, MarkOp::And(mask))
    }

    /// These bits of the connection's mark become those of the packet's; its other bits stay. Kernel 6.13; older
    /// versions of nft cannot list it.
    ///
    /// With two masks: [`MergeMark`].
    #[must_use]
    pub fn save_mark_bits(self, mask: u32) -> Self {
        self.word(|| MergeMark { of: MarkOf::Connection, clear: mask, take: mask })
    }

    /// The packet's mark becomes its connection's.
    #[doc(alias = "restore-mark")]
    #[must_use]
    pub fn restore_mark(self) -> Self {
        self.change(MarkOf::Packet, MarkOf::Connection, MarkOp::Keep)
    }

    /// The packet's mark becomes these bits of its connection's; its other bits become 0.
    #[must_use]
    pub fn restore_mark_masked(self, mask: u32) -> Self {
        self.change(MarkOf::Packet, MarkOf::Connection, MarkOp::And(mask))
    }

    /// These bits of the packet's mark become those of its connection's; its other bits stay. Kernel 6.13; older
    /// versions of nft cannot list it.
    ///
    /// With two masks: [`MergeMark`].
    #[must_use]
    pub fn restore_mark_bits(self, mask: u32) -> Self {
        self.word(|| MergeMark { of: MarkOf::Packet, clear: mask, take: mask })
    }

    fn change(self, of: MarkOf, from: MarkOf, op: MarkOp) -> Self {
        self.word(|| SetMark { of, from, op })
    }
}

impl MarkOf {
    const ALL: [Self; 2] = [Self::Packet, Self::Connection];

    fn loaded(self, register: Register) -> Expr {
        match self {
            Self::Packet => Meta::load(MetaKey::Mark, register).into(),
            Self::Connection => Ct::load(CtKey::Mark, register).into(),
        }
    }

    fn stored(self, register: Register) -> Expr {
        match self {
            Self::Packet => Meta::store(MetaKey::Mark, register).into(),
            Self::Connection => Ct::store(CtKey::Mark, register).into(),
        }
    }

    fn load(self, register: Register, to: &mut Lowering<'_>) {
        match self {
            Self::Packet => to.push(Meta::load(MetaKey::Mark, register)),
            Self::Connection => to.push(Ct::load(CtKey::Mark, register)),
        }
    }

    fn store(self, register: Register, to: &mut Lowering<'_>) {
        match self {
            Self::Packet => to.push(Meta::store(MetaKey::Mark, register)),
            Self::Connection => to.push(Ct::store(CtKey::Mark, register)),
        }
    }
}

impl Lower for SetMark {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let register = Register::R1;
        match self.op {
            MarkOp::Set(mark) => to.push(Immediate::data(register, Data::host_u32(mark))),
            MarkOp::Keep => self.from.load(register, to),
            op => {
                let (keep, flip) = op.keep_and_flip();
                self.from.load(register, to);
                to.push(Bitwise::mask_xor(register, Data::host_u32(keep), Data::host_u32(flip)));
            }
        }
        self.of.store(register, to);
        Ok(())
    }
}

impl Lower for MergeMark {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let other = match self.of {
            MarkOf::Packet => MarkOf::Connection,
            MarkOf::Connection => MarkOf::Packet,
        };
        let (own, taken) = (Register::R1, Register::R2);
        self.of.load(own, to);
        to.push(Bitwise::and(own, Data::host_u32(!self.clear)));
        other.load(taken, to);
        to.push(Bitwise::and(taken, Data::host_u32(self.take)));
        to.push(Bitwise::new(own, own, 4u32).op(BitwiseOp::Xor).sreg2(taken));
        self.of.store(own, to);
        Ok(())
    }
}

impl Lift for SetMark {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let loaded =
            |expression: &Expr| MarkOf::ALL.into_iter().find(|mark| *expression == mark.loaded(Register::R1));
        let stored =
            |expression: &Expr| MarkOf::ALL.into_iter().find(|mark| *expression == mark.stored(Register::R1));
        match from.expressions() {
            [Expr::Immediate(Immediate { load: Load::Data(data), .. }), store, ..] => {
                let of = stored(store)?;
                Some(Self { of, from: of, op: MarkOp::Set(host_u32(data)?) })
            }
            [load, Expr::Bitwise(bitwise), store, ..] => {
                let (keep, flip) = (bitwise.mask.as_ref()?, bitwise.xor.as_ref()?);
                let op = MarkOp::of(host_u32(keep)?, host_u32(flip)?);
                Some(Self { of: stored(store)?, from: loaded(load)?, op })
            }
            [load, store, ..] => Some(Self { of: stored(store)?, from: loaded(load)?, op: MarkOp::Keep }),
            _ => None,
        }
    }
}

impl Lift for MergeMark {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [load, Expr::Bitwise(keep), _, Expr::Bitwise(take), ..] = from.expressions() else {
            return None;
        };
        let (keep, take) = (keep.mask.as_ref()?, take.mask.as_ref()?);
        let of = MarkOf::ALL.into_iter().find(|mark| *load == mark.loaded(Register::R1))?;
        Some(Self { of, clear: !host_u32(keep)?, take: host_u32(take)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden_everywhere as golden;

        // meta mark set 5
        golden(&Rule::new().set_mark(5), &["immediate reg 1 0x00000005", "meta set mark with reg 1"]);
        // ct mark set 5
        golden(&Rule::new().set_ct_mark(5), &["immediate reg 1 0x00000005", "ct set mark with reg 1"]);
        for (op, bitwise) in [
            // meta mark set mark and 0xff
            (MarkOp::And(0xff), "bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000"),
            // meta mark set mark or 0x10
            (MarkOp::Or(0x10), "bitwise reg 1 = ( reg 1 & 0xffffffef ) ^ 0x00000010"),
            // meta mark set mark xor 0x10
            (MarkOp::Xor(0x10), "bitwise reg 1 = ( reg 1 & 0xffffffff ) ^ 0x00000010"),
            // meta mark set mark and 0xffffff00 xor 0x12; iptables-translate: MARK --set-xmark 0x12/0xff
            (
                MarkOp::Xmark { value: 0x12, mask: 0xff },
                "bitwise reg 1 = ( reg 1 & 0xffffff00 ) ^ 0x00000012",
            ),
            // meta mark set mark and 0xffffffc0 xor 0x12; iptables-translate: MARK --set-mark 0x12/0x3f
            (
                MarkOp::Masked { value: 0x12, mask: 0x3f },
                "bitwise reg 1 = ( reg 1 & 0xffffffc0 ) ^ 0x00000012",
            ),
        ] {
            golden(
                &Rule::new().set_mark(op),
                &["meta load mark => reg 1", bitwise, "meta set mark with reg 1"],
            );
            golden(
                &Rule::new().set_ct_mark(op),
                &["ct load mark => reg 1", bitwise, "ct set mark with reg 1"],
            );
        }
        // ct mark set meta mark
        golden(&Rule::new().save_mark(), &["meta load mark => reg 1", "ct set mark with reg 1"]);
        // meta mark set ct mark
        golden(&Rule::new().restore_mark(), &["ct load mark => reg 1", "meta set mark with reg 1"]);
        let masked = "bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000";
        // ct mark set meta mark and 0xff
        golden(
            &Rule::new().save_mark_masked(0xff),
            &["meta load mark => reg 1", masked, "ct set mark with reg 1"],
        );
        // meta mark set ct mark and 0xff
        golden(
            &Rule::new().restore_mark_masked(0xff),
            &["ct load mark => reg 1", masked, "meta set mark with reg 1"],
        );
    }

    /// nft 1.0.6 has no sentence for it, libnftnl 1.2.4 no text: these are the expressions of the later
    /// `ct mark set ct mark & 0xffffff00 | meta mark & 0xff`, with `^` for `|`, as iptables computes.
    #[test]
    fn bits_are_merged_through_two_registers() {
        let lowered = Rule::new().save_mark_bits(0xff).lower(crate::Family::Inet).unwrap();
        let (own, taken) = (Register::R1, Register::R2);
        assert_eq!(
            lowered.expressions,
            [
                Ct::load(CtKey::Mark, own).into(),
                Bitwise::and(own, Data::host_u32(0xffff_ff00)).into(),
                Meta::load(MetaKey::Mark, taken).into(),
                Bitwise::and(taken, Data::host_u32(0xff)).into(),
                Bitwise::new(own, own, 4u32).op(BitwiseOp::Xor).sreg2(taken).into(),
                Ct::store(CtKey::Mark, own).into(),
            ]
        );
    }

    #[test]
    fn the_operations_compute_what_iptables_computes() {
        let after = |op: MarkOp, mark: u32| {
            let (keep, flip) = op.keep_and_flip();
            (mark & keep) ^ flip
        };
        for mark in [0, 0x1234_5678, u32::MAX] {
            assert_eq!(after(MarkOp::Set(7), mark), 7);
            assert_eq!(after(MarkOp::Keep, mark), mark);
            assert_eq!(after(MarkOp::And(0xff), mark), mark & 0xff);
            assert_eq!(after(MarkOp::Or(0xff), mark), mark | 0xff);
            assert_eq!(after(MarkOp::Xor(0xff), mark), mark ^ 0xff);
            let (value, mask) = (0x112, 0xff);
            assert_eq!(after(MarkOp::Masked { value, mask }, mark), (mark & !mask) | value);
            assert_eq!(after(MarkOp::Xmark { value, mask }, mark), (mark & !mask) ^ value);
        }
    }
}
