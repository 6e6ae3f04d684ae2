//! What words depend on is tested once, whatever words a rule has.

use std::collections::HashSet;

use super::{
    generated::{Seed, WORDS, said},
    *,
};
use crate::expr::{Access, Cmp, CmpOp};

/// Seeds of words of every kind, in several forms.
fn seeds(first: u32) -> impl Iterator<Item = Seed> {
    (0..WORDS).flat_map(move |word| {
        [0u8, 1, 3]
            .into_iter()
            .map(move |shape| (word, shape, first + u32::from(shape), first + 100, shape % 2 == 1))
    })
}

/// A load and a comparison for equality, as far as these say what must be so.
fn tests(expressions: &[Expr]) -> impl Iterator<Item = &[Expr]> {
    expressions.windows(2).filter(|pair| match pair {
        [load, Expr::Cmp(Cmp { op: CmpOp::Eq, .. })] => match load {
            Expr::Meta(meta) => matches!(meta.access, Access::Load(_)),
            Expr::Payload(_) | Expr::Ct(_) | Expr::Socket(_) | Expr::Rt(_) | Expr::Fib(_) => true,
            _ => false,
        },
        _ => false,
    })
}

#[test]
fn no_two_words_test_the_same() {
    let mut pairs = 0;
    for family in [Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev, Family::Arp] {
        let fits = |rule: &Rule| rule.check(family).is_ok();
        let seconds: Vec<_> = seeds(5000).collect();
        for first in seeds(1000).map(|seed| said(rule(), seed)).filter(fits) {
            for both in seconds.iter().map(|seed| said(first.clone(), *seed)) {
                let Ok(lowered) = both.lower(family) else { continue };
                pairs += 1;
                let mut seen = HashSet::new();
                let twice = tests(&lowered.expressions).find(|test| !seen.insert(*test));
                // What is said twice may be tested twice.
                let repeated = both.body.iter().enumerate().any(|(at, word)| both.body[..at].contains(word));
                assert!(twice.is_none() || repeated, "{family}: {:?} tests {twice:?} twice", both.body);
            }
        }
    }
    assert!(pairs > 100_000, "{pairs}");
}
