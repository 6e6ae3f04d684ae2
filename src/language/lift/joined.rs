//! Two fields that a rule loads together, taken apart again: the way back of `neighbours`.

use crate::{
    expr::{Cmp, CmpOp, Data, Expr, Payload, PayloadAccess},
    language::neighbours::PAIRS,
};

/// The tests of two neighbouring fields that the next one is, each a load and a comparison.
pub(super) fn apart(expressions: &[Expr]) -> Option<[[Expr; 2]; 2]> {
    let [Expr::Payload(load), Expr::Cmp(cmp @ Cmp { op: CmpOp::Eq, .. }), ..] = expressions else {
        return None;
    };
    let Payload { base, offset, len, access: PayloadAccess::Load(register), .. } = *load else { return None };
    let value = cmp.data.as_bytes();
    let pair = |&&(of, at, half): &&_| (of, at) == (base, offset) && half * 2 == value.len();
    let (first, second) = value.split_at_checked(PAIRS.iter().find(pair)?.2)?;
    let test = |offset, value: &[u8]| {
        let load = Payload::load(base, offset, len / 2, register);
        [load.into(), Cmp::eq(register, Data::new(value)).into()]
    };
    Some([test(offset, first), test(offset + len / 2, second)])
}
