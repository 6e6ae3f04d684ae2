//! Statements that keep a state, in rules and beside elements: counter, limit, quota, connlimit, last.

use super::datatype::duration;
use crate::expr::{Connlimit, ConnlimitFlags, Expr, Last, Limit, LimitFlags, LimitKind, Quota, QuotaFlags};

/// The statement in nft's words, with its state; `None` for an expression that is none of these.
pub(super) fn stateful(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Counter(counter) => Some(format!(
            "counter packets {} bytes {}",
            counter.packets.unwrap_or(0),
            counter.bytes.unwrap_or(0)
        )),
        Expr::Quota(quota) => {
            let used = match quota.consumed {
                None | Some(0) => String::new(),
                Some(consumed) => format!(" used {}", amount(consumed)),
            };
            Some(quota_text(quota) + &used)
        }
        Expr::Last(last) => Some(last_text(last)),
        other => stateless(other),
    }
}

/// The statement as it stands for elements that are still to come: without a state.
pub(super) fn stateless(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Counter(_) => Some("counter".to_owned()),
        Expr::Quota(quota) => Some(quota_text(quota)),
        Expr::Last(_) => Some("last".to_owned()),
        Expr::Limit(limit) => limit_text(limit),
        Expr::Connlimit(connlimit) => Some(connlimit_text(connlimit)),
        _ => None,
    }
}

fn connlimit_text(connlimit: &Connlimit) -> String {
    let over = connlimit.flags.is_some_and(|flags| flags.contains(ConnlimitFlags::INV));
    format!("ct count {}{}", if over { "over " } else { "" }, connlimit.count)
}

fn quota_text(quota: &Quota) -> String {
    let over = quota.flags.is_some_and(|flags| flags.contains(QuotaFlags::INV));
    format!("quota {}{}", if over { "over " } else { "" }, amount(quota.bytes))
}

fn limit_text(limit: &Limit) -> Option<String> {
    let over = limit.flags.is_some_and(|flags| flags.contains(LimitFlags::INV));
    let over = if over { "over " } else { "" };
    let (rate, unit) = (limit.rate, limit.unit.word()?);
    let burst = limit.burst.unwrap_or(0);
    match limit.kind.unwrap_or(LimitKind::Packets) {
        // Five is what nft gives where nothing is said.
        LimitKind::Packets if matches!(burst, 0 | 5) => Some(format!("limit rate {over}{rate}/{unit}")),
        LimitKind::Packets => Some(format!("limit rate {over}{rate}/{unit} burst {burst} packets")),
        LimitKind::Bytes => {
            let burst = if burst == 0 { String::new() } else { format!(" burst {}", amount(burst.into())) };
            Some(format!("limit rate {over}{}/{unit}{burst}", amount(rate)))
        }
        LimitKind::Other(_) => None,
    }
}

fn last_text(last: &Last) -> String {
    match (last.set, last.msecs) {
        (Some(1..), Some(msecs)) => format!("last used {}", duration(msecs)),
        _ => "last used never".to_owned(),
    }
}

/// An amount of data in the largest unit of which it is a whole number.
fn amount(bytes: u64) -> String {
    const KILO: u64 = 1024;
    const MEGA: u64 = KILO * KILO;
    match bytes {
        0 => "0 bytes".to_owned(),
        bytes if bytes % MEGA == 0 => format!("{} mbytes", bytes / MEGA),
        bytes if bytes % KILO == 0 => format!("{} kbytes", bytes / KILO),
        bytes => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Counter, LimitUnit};

    #[test]
    fn statements_with_a_state_say_it_only_in_rules() {
        for (expression, with, without) in [
            (Counter::new().packets(3u64).bytes(180u64).into(), "counter packets 3 bytes 180", "counter"),
            (
                Quota::over(2048).consumed(5u64).into(),
                "quota over 2 kbytes used 5 bytes",
                "quota over 2 kbytes",
            ),
            (
                Limit::packets(3, LimitUnit::Second).burst(5u32).into(),
                "limit rate 3/second",
                "limit rate 3/second",
            ),
            (
                Limit::bytes(1 << 20, LimitUnit::Minute).over().burst(1500u32).into(),
                "limit rate over 1 mbytes/minute burst 1500 bytes",
                "limit rate over 1 mbytes/minute burst 1500 bytes",
            ),
            (Connlimit::over(4).into(), "ct count over 4", "ct count over 4"),
        ] {
            let expression: Expr = expression;
            assert_eq!(stateful(&expression).as_deref(), Some(with));
            assert_eq!(stateless(&expression).as_deref(), Some(without));
        }
        assert_eq!(stateful(&crate::expr::Notrack::new().into()), None);
    }
}
