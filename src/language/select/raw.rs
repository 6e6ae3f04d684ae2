//! What is looked up by expressions of the kernel's, where no word loads it.

use super::Selector;
use crate::{
    Invalid,
    expr::{Access, Expr, ExthdrAccess, PayloadAccess, Register},
    object::DataType,
    set::FieldType,
};

/// A field that this library has no word for: what loads it, and its type. Made by [`Selector::raw`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct RawSelector {
    /// What loads it into register 1.
    pub load: Vec<Expr>,
    /// nft's number of its type, its length, and its byte order.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub kind: DataType,
    /// It is a text, which stands as it is in every set.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub text: bool,
}

impl RawSelector {
    pub(super) fn new(load: Vec<Expr>, field: FieldType) -> Self {
        Self { load, kind: field.data_type(), text: field.text }
    }

    /// nft's type of it, and how registers hold it.
    pub(super) fn field_type(&self) -> FieldType {
        let DataType { number, len, order, .. } = self.kind;
        let plain = FieldType::network("raw", number, usize::try_from(len).unwrap_or(usize::MAX));
        FieldType { order, text: self.text, ..plain }
    }

    /// The same expressions for another register in the place of the first.
    pub(super) fn load(&self, to: Register) -> impl Iterator<Item = Expr> + '_ {
        self.load.iter().filter_map(move |expression| placed(expression, to))
    }

    /// Whether the field can be looked up.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let problem = if self.load.is_empty() {
            "a raw selector needs an expression that loads its field".to_owned()
        } else if !(1..=16).contains(&self.kind.len) || !self.kind.fields.is_empty() {
            format!("a raw selector is one field of 1 to 16 bytes, not of {}", self.kind.len)
        } else if let Some(other) = self.load.iter().find(|one| placed(one, Register::R1).is_none()) {
            format!("the raw selector's {} does not load register 1, or not from what it holds", other.name())
        } else {
            return Ok(());
        };
        Err(Invalid::Combination { problem })
    }
}

/// An expression that reads and writes register 1, for another one; `None` for those that do more, or less.
fn placed(expression: &Expr, to: Register) -> Option<Expr> {
    let mut placed = expression.clone();
    let registers: [Option<&mut Register>; 2] = match &mut placed {
        Expr::Payload(load) => match &mut load.access {
            PayloadAccess::Load(dreg) => [Some(dreg), None],
            _ => return None,
        },
        Expr::Exthdr(load) => match &mut load.access {
            ExthdrAccess::Load(dreg) => [Some(dreg), None],
            _ => return None,
        },
        Expr::Meta(load) => match &mut load.access {
            Access::Load(dreg) => [Some(dreg), None],
            Access::Store(_) => return None,
        },
        Expr::Ct(load) => match &mut load.access {
            Access::Load(dreg) => [Some(dreg), None],
            Access::Store(_) => return None,
        },
        Expr::Fib(load) => [Some(&mut load.dreg), None],
        Expr::Rt(load) => [Some(&mut load.dreg), None],
        Expr::Socket(load) => [Some(&mut load.dreg), None],
        Expr::Xfrm(load) => [Some(&mut load.dreg), None],
        Expr::Osf(load) => [Some(&mut load.dreg), None],
        Expr::Tunnel(load) => [Some(&mut load.dreg), None],
        Expr::Numgen(load) => [Some(&mut load.dreg), None],
        Expr::Hash(load) => [Some(&mut load.dreg), load.sreg.as_mut()],
        Expr::Byteorder(turn) => [Some(&mut turn.sreg), Some(&mut turn.dreg)],
        Expr::Bitwise(bits) if bits.sreg2.is_none() => [Some(&mut bits.sreg), Some(&mut bits.dreg)],
        _ => return None,
    };
    for register in registers.into_iter().flatten() {
        if *register != Register::R1 {
            return None;
        }
        *register = to;
    }
    Some(placed)
}

impl Selector {
    /// A field that this library has no word for, by the kernel's expressions that load it into register 1, and its
    /// type. It is looked up, put into sets and concatenated as any other; what must have been tested of the packet
    /// before, the rule must say.
    ///
    /// A rule that is read from the kernel has it as expressions.
    ///
    /// ```
    /// use portcullis::{
    ///     Family, Port, Rule,
    ///     expr::{Payload, PayloadBase, Register},
    ///     select::{Dport, Select, SelectOne, Selector},
    ///     set::{Field, FieldType, SetOf, TypeOf},
    /// };
    ///
    /// #[derive(Clone, Debug, PartialEq)]
    /// struct Window(u16);
    ///
    /// impl Field for Window {
    ///     const WHAT: &'static str = "window";
    ///     // TCP is nft's eighth protocol, and this its eighth field: `typeof tcp window`.
    ///     const TYPE: FieldType = FieldType::network("integer", 4, 2)
    ///         .type_of(TypeOf::Number { header: 8, field: 8, bits: 16 });
    ///
    ///     fn write(&self, to: &mut [u8]) {
    ///         to.copy_from_slice(&self.0.to_be_bytes());
    ///     }
    ///
    ///     fn read(bytes: &[u8]) -> Option<Self> {
    ///         bytes.try_into().ok().map(u16::from_be_bytes).map(Self)
    ///     }
    ///
    ///     fn text(&self) -> String {
    ///         self.0.to_string()
    ///     }
    /// }
    ///
    /// /// `tcp window`
    /// struct TcpWindow;
    ///
    /// impl SelectOne<Window> for TcpWindow {
    ///     fn selector(&self) -> Selector {
    ///         let load = Payload::load(PayloadBase::Transport, 14, 2, Register::R1);
    ///         Selector::raw([load.into()], Window::TYPE)
    ///     }
    /// }
    ///
    /// impl Select<Window> for TcpWindow {
    ///     fn selectors(&self) -> Vec<Selector> {
    ///         vec![self.selector()]
    ///     }
    /// }
    ///
    /// let odd = SetOf::<(Port, Window)>::new("odd").with([(Port(22), Window(1024))]);
    /// let rule = Rule::new().tcp().in_set((Dport, TcpWindow), &odd).drop();
    /// let bytecode = rule.bytecode(Family::Inet)?;
    /// assert!(bytecode.to_string().contains("payload load 2b @ transport header + 14 => reg 9"));
    /// # Ok::<(), portcullis::Invalid>(())
    /// ```
    pub fn raw(load: impl IntoIterator<Item = Expr>, field: FieldType) -> Self {
        Self::Raw(Box::new(RawSelector::new(load.into_iter().collect(), field)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family, Rule,
        expr::{
            Bitwise, Byteorder, ByteorderOp, Cmp, Ct, CtKey, Data, Exthdr, ExthdrOp, Fib, FibFlags,
            FibResult, Hash, Meta, MetaKey, Numgen, NumgenKind, Osf, Payload, PayloadBase, Rt, RtKey, Socket,
            SocketKey, Xfrm, XfrmDirection, XfrmKey,
        },
        language::targets::golden::refusal,
        select::Named,
    };

    const INTEGER: FieldType = FieldType::host("integer", 4, 4);

    fn load() -> Expr {
        Meta::load(MetaKey::Prandom, Register::R1).into()
    }

    #[test]
    fn any_expression_that_loads_can_stand_anywhere() {
        let (first, other) = (Register::R1, Register::from_number(9));
        let all = |register: Register| -> Vec<Expr> {
            vec![
                Payload::load(PayloadBase::Network, 8, 4, register).into(),
                Exthdr::load(ExthdrOp::Tcp, 2, 2, 2, register).into(),
                Meta::load(MetaKey::Mark, register).into(),
                Ct::load(CtKey::Mark, register).into(),
                Fib::new(register, FibResult::Oif, FibFlags::SADDR).into(),
                Rt::new(RtKey::TcpMss, register).into(),
                Socket::new(SocketKey::Mark, register).into(),
                Xfrm::new(register, XfrmKey::Spi, XfrmDirection::In).into(),
                Osf::new(register).into(),
                Numgen::new(register, 2u32, NumgenKind::Random).into(),
                Hash::jenkins(register, 4, register, 2).into(),
                Byteorder::new(register, register, ByteorderOp::Hton, 4u32, 4u32).into(),
                Bitwise::and(register, Data::host_u32(1)).into(),
            ]
        };
        let moved: Vec<_> = all(first).iter().map(|one| placed(one, other)).collect();
        assert_eq!(moved, all(other).into_iter().map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn it_is_looked_up_as_others_are() {
        let masked = [load(), Bitwise::and(Register::R1, Data::host_u32(0xff)).into()];
        let raw = || Selector::raw(masked.clone(), INTEGER);
        let is = |rule: Rule, expected: &[&str]| {
            let text = rule.bytecode(Family::Ip).unwrap().to_string();
            let lines: Vec<_> =
                text.lines().map(|line| line.trim().trim_matches(['[', ']']).trim()).collect();
            assert_eq!(lines, expected);
        };
        // meta random and 0xff @s
        let key = ["meta load prandom => reg 1", "bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000"];
        let lookup = "lookup reg 1 set s";
        is(Rule::new().in_set(raw(), "s"), &[key[0], key[1], lookup]);
        let turned = "byteorder reg 1 = hton(reg 1, 4, 4)";
        is(Rule::new().in_set(raw(), Named::of_runs("s")), &[key[0], key[1], turned, lookup]);
        // meta mark . meta random and 0xff @s
        let second = key.map(|line| line.replace("reg 1", "reg 9"));
        is(
            Rule::new().in_set([Selector::Mark, raw()], "s"),
            &["meta load mark => reg 1", &second[0], &second[1], lookup],
        );
        assert_eq!(raw().to_string(), "raw meta bitwise");
    }

    #[test]
    fn errors_say_what_to_do() {
        let text = |load: &[Expr], field| {
            refusal(Family::Ip, &Rule::new().in_set(Selector::raw(load.to_vec(), field), "s"))
        };
        assert_eq!(text(&[], INTEGER), "a raw selector needs an expression that loads its field");
        assert_eq!(
            text(&[load()], FieldType::host("integer", 4, 17)),
            "a raw selector is one field of 1 to 16 bytes, not of 17"
        );
        let other = Meta::load(MetaKey::Mark, Register::from_number(2)).into();
        let wrong = "does not load register 1, or not from what it holds";
        assert_eq!(text(&[other], INTEGER), format!("the raw selector's meta {wrong}"));
        let compares = Cmp::eq(Register::R1, Data::host_u32(1)).into();
        assert_eq!(text(&[load(), compares], INTEGER), format!("the raw selector's cmp {wrong}"));
        let stores = Meta::store(MetaKey::Mark, Register::R1).into();
        assert_eq!(text(&[stores], INTEGER), format!("the raw selector's meta {wrong}"));
    }
}
