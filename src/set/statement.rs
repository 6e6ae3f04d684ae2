//! What elements do for packets, compared without what they have counted.

use crate::expr::{ConnlimitFlags, Expr, LimitFlags, LimitKind, QuotaFlags};

/// What a limit of packets lets through at once where nothing is said (`NFT_LIMIT_PKT_BURST_DEFAULT`).
const BURST: u32 = 5;

/// Whether both do the same: kinds, rates, amounts and directions, in this order. What they have counted differs from
/// packet to packet.
pub(super) fn same(current: &[Expr], wanted: &[Expr]) -> bool {
    current.len() == wanted.len()
        && current.iter().zip(wanted).all(|(current, wanted)| said(current) == said(wanted))
}

/// The statement as it was said, and as the kernel fills in what was not.
fn said(statement: &Expr) -> Expr {
    let mut statement = statement.clone();
    match &mut statement {
        Expr::Counter(counter) => (counter.packets, counter.bytes) = (None, None),
        Expr::Quota(quota) => {
            quota.consumed = None;
            quota.flags = Some(quota.flags.unwrap_or(QuotaFlags::empty()) - QuotaFlags::DEPLETED);
        }
        Expr::Last(last) => (last.set, last.msecs) = (None, None),
        Expr::Limit(limit) => {
            let kind = *limit.kind.get_or_insert(LimitKind::Packets);
            let burst = limit.burst.unwrap_or(0);
            limit.burst = Some(if burst == 0 && kind == LimitKind::Packets { BURST } else { burst });
            limit.flags.get_or_insert(LimitFlags::empty());
        }
        Expr::Connlimit(limit) => {
            limit.flags.get_or_insert(ConnlimitFlags::empty());
        }
        _ => {}
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Connlimit, Counter, Last, Limit, LimitUnit, Quota};

    fn alike(current: impl Into<Expr>, wanted: impl Into<Expr>) -> bool {
        same(&[current.into()], &[wanted.into()])
    }

    #[test]
    fn what_was_counted_is_not_compared() {
        assert!(alike(Counter::new().packets(7u64).bytes(70u64), Counter::new()));
        let depleted = QuotaFlags::INV | QuotaFlags::DEPLETED;
        assert!(alike(Quota::new(9u64).consumed(9u64).flags(depleted), Quota::over(9)));
        assert!(alike(Quota::new(9u64).consumed(0u64).flags(QuotaFlags::empty()), Quota::until(9)));
        assert!(alike(Last::new().set(1u32).msecs(70u64), Last::new()));
    }

    #[test]
    fn what_the_kernel_fills_in_is_the_same() {
        let filled = Limit::packets(3, LimitUnit::Hour).burst(5u32).flags(LimitFlags::empty());
        assert!(alike(filled, Limit::new(3u64, LimitUnit::Hour)));
        let filled = Limit::bytes(3, LimitUnit::Hour).burst(0u32).flags(LimitFlags::empty());
        assert!(alike(filled, Limit::bytes(3, LimitUnit::Hour)));
        assert!(alike(Connlimit::until(3).flags(ConnlimitFlags::empty()), Connlimit::until(3)));
    }

    #[test]
    fn what_was_said_is_compared() {
        let hourly = || Limit::packets(3, LimitUnit::Hour).burst(3u32);
        for other in [
            Limit::packets(4, LimitUnit::Hour).burst(3u32),
            Limit::packets(3, LimitUnit::Day).burst(3u32),
            Limit::packets(3, LimitUnit::Hour).burst(4u32),
            Limit::bytes(3, LimitUnit::Hour).burst(3u32),
            hourly().over(),
        ] {
            assert!(!alike(hourly(), other.clone()), "{other:?}");
        }
        assert!(!alike(Quota::over(9), Quota::over(10)));
        assert!(!alike(Quota::over(9), Quota::until(9)));
        assert!(!alike(Connlimit::over(9), Connlimit::over(10)));
        assert!(!alike(Connlimit::over(9), Connlimit::until(9)));
        assert!(!alike(Counter::new(), Last::new()));
        let (counter, quota) = (Expr::from(Counter::new()), Expr::from(Quota::over(9)));
        assert!(!same(std::slice::from_ref(&counter), &[counter.clone(), quota.clone()]));
        assert!(!same(&[quota.clone(), counter.clone()], &[counter, quota]));
    }
}
