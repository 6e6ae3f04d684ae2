//! Keys in registers: loaded for a lookup, and recognised.

use super::{
    Selector,
    selector::{grouped, prefix_of},
};
use crate::{
    Invalid,
    expr::{Byteorder, ByteorderOp, Expr, Register},
    language::{Lifting, Lowering, lift::same_as_kept},
};

/// Where the fields of a key begin: pieces of four bytes, sixteen of which are registers.
pub(crate) const FIRST: u32 = 0;

/// The register that begins at a piece: the kernel calls every fourth by the number of sixteen bytes.
pub(crate) fn register(piece: u32) -> Result<Register, Invalid> {
    if piece % 4 == 0 && piece < 16 {
        return Ok(Register::from_number(1 + piece / 4));
    }
    Register::word(piece).ok_or_else(|| Invalid::Combination {
        problem: "the fields are longer than the kernel's registers, 64 bytes; take fewer".to_owned(),
    })
}

/// The pieces that a field takes.
fn pieces(selector: &Selector) -> u32 {
    u32::try_from(selector.field_type().padded() / 4).unwrap_or(u32::MAX)
}

/// The bytes of a key, each field filled up.
pub(crate) fn length(key: &[Selector]) -> u32 {
    key.iter().map(pieces).sum::<u32>().saturating_mul(4)
}

/// Where a value goes that is loaded beside a key: as nft has it, into the next sixteen bytes.
pub(crate) fn behind(key: &[Selector]) -> u32 {
    FIRST + length(key).div_ceil(16) * 4
}

/// The piece at which a register begins.
pub(crate) fn piece_of(register: Register) -> Option<u32> {
    match register.number() {
        number @ 1..=4 => Some((number - 1) * 4),
        number => number.checked_sub(8),
    }
}

/// As nft writes it: `ip saddr . th dport`.
pub(crate) fn describe(key: &[Selector]) -> String {
    key.iter().map(Selector::to_string).collect::<Vec<_>>().join(" . ")
}

impl Lowering<'_> {
    /// Adds the tests that the fields of a key depend on.
    pub(crate) fn need_key(&mut self, key: &[Selector]) -> Result<(), Invalid> {
        if key.is_empty() {
            return Err(Invalid::ListEmpty { what: "selector" });
        }
        key.iter().try_for_each(|selector| selector.require(self))
    }

    /// Loads a key into the registers from a piece on. Sets of `runs` compare byte by byte: numbers of the machine's
    /// order are turned for them.
    pub(crate) fn load_key(&mut self, key: &[Selector], from: u32, runs: bool) -> Result<Register, Invalid> {
        let mut piece = from;
        for selector in key {
            let place = register(piece)?;
            piece += pieces(selector);
            // Its last piece must exist, too.
            register(piece - 1)?;
            for expression in &selector.load(place) {
                self.push_any(expression);
            }
            if runs && selector.is_turned() {
                let size = u32::try_from(selector.field_type().len).unwrap_or(u32::MAX);
                self.push(Byteorder::new(place, place, ByteorderOp::Hton, size, size));
            }
        }
        register(from)
    }
}

/// Fields that were found in registers, and what comes behind their loads.
pub(crate) struct Loads<'a> {
    pub(crate) key: Vec<Selector>,
    pub(crate) runs: bool,
    pub(crate) rest: &'a [Expr],
}

impl<'a> Loads<'a> {
    /// The fields that expressions load into the registers from a piece on, but none into `other`.
    pub(crate) fn find(
        from: &Lifting<'_>,
        expressions: &'a [Expr],
        first: u32,
        other: Option<Register>,
    ) -> Option<Self> {
        if !are_used(expressions) {
            return None;
        }
        let (mut piece, mut rest) = (first, expressions);
        let mut found = Self { key: Vec::new(), runs: false, rest };
        while let [load, ..] = rest {
            let Ok(place) = register(piece) else { break };
            let candidates = Selector::ALL.iter().filter(|selector| selector.may_begin(load));
            let mut candidates =
                candidates.filter(|selector| selector.may_follow(from.layer3(), from.layer4()));
            let named = candidates
                .find_map(|selector| Some((selector.clone(), behind_load(rest, &selector.load(place))?)));
            let loaded = named.or_else(|| Some((grouped(load, place)?, rest.get(1..)?)));
            let Some((mut selector, behind)) = loaded.filter(|_| piece == first || Some(place) != other)
            else {
                break;
            };
            rest = behind;
            if let [mask, behind @ ..] = rest {
                if let Some(len) = prefix_of(&selector, mask, place) {
                    (selector, rest) = (selector.prefix(len), behind);
                }
            }
            if let ([Expr::Byteorder(_), behind @ ..], true) = (rest, selector.is_turned()) {
                found.runs = true;
                rest = behind;
            }
            piece += pieces(&selector);
            found.key.push(selector);
        }
        found.rest = rest;
        Some(found).filter(|found| !found.key.is_empty())
    }
}

/// Whether what comes behind loads can use a key of them: mostly it is a comparison, which is told at once.
fn are_used(expressions: &[Expr]) -> bool {
    let loads = |expression: &&Expr| {
        matches!(
            expression,
            Expr::Payload(_)
                | Expr::Meta(_)
                | Expr::Ct(_)
                | Expr::Fib(_)
                | Expr::Exthdr(_)
                | Expr::Rt(_)
                | Expr::Socket(_)
                | Expr::Xfrm(_)
                | Expr::Osf(_)
                | Expr::Bitwise(_)
                | Expr::Byteorder(_)
        )
    };
    let behind = expressions.iter().find(|expression| !loads(expression));
    !matches!(behind, None | Some(Expr::Cmp(_) | Expr::Range(_)))
}

/// What comes behind the expressions of a load, where these are its expressions as the kernel gives them back.
fn behind_load<'a>(expressions: &'a [Expr], load: &[Expr]) -> Option<&'a [Expr]> {
    let (found, behind) = expressions.split_at_checked(load.len())?;
    found.iter().zip(load).all(|(found, load)| same_as_kept(found, load)).then_some(behind)
}
