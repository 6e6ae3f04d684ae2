//! What iptables calls the targets.

use super::{MarkOf, SetMark, UseObject};
use crate::{
    expr::{Expr, Immediate, Load, LogLevel, NatFlags, NatKind, ObjectKind, Verdict},
    language::Statement,
};

impl Statement {
    /// The name of iptables' target that does what the statement does, where there is one. Jumps have none: iptables
    /// calls them by the chain. Nor have matches, counters, and what iptables' rules end with if they have no target.
    pub(crate) fn target_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::Decide(decide) => return verdict_name(&decide.0),
            Self::Reject(_) => "REJECT",
            Self::Log(log) if log.level == Some(LogLevel::Audit) => "AUDIT",
            Self::Log(_) => "LOG",
            // The words of the older ULOG; NFLOG took its place.
            Self::NfLog(_) => "ULOG",
            Self::NatBy(nat) => nat_name(nat.kind, nat.flags),
            Self::Nat(nat) => nat_name(nat.kind, nat.to.flags),
            Self::Masquerade(_) => "MASQUERADE",
            Self::Redirect(_) => "REDIRECT",
            Self::SetMark(SetMark { of, from, .. }) => match (of, from) {
                (MarkOf::Packet, MarkOf::Packet) => "MARK",
                // Set, saved, or restored.
                _ => "CONNMARK",
            },
            Self::MergeMark(_) => "CONNMARK",
            Self::SetTos(_) => "TOS",
            Self::SetDscp(_) => "DSCP",
            Self::SetTtl(_) => "TTL",
            Self::SetHopLimit(_) => "HL",
            Self::SetSecmark(_) | Self::UseObject(UseObject { kind: ObjectKind::SecMark, .. }) => "SECMARK",
            Self::CopySecmark(_) => "CONNSECMARK",
            Self::Untrack(_) => "NOTRACK",
            Self::ClampMss(_) => "TCPMSS",
            Self::Queue(_) => "NFQUEUE",
            Self::Trace(_) => "TRACE",
            Self::SetPriority(_) => "CLASSIFY",
            Self::Duplicate(_) => "TEE",
            Self::TproxyTo(_) => "TPROXY",
            Self::Synproxy(_) => "SYNPROXY",
            Self::Expr(expression) => return expression_name(expression),
            _ => return None,
        })
    }
}

fn verdict_name(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Accept => Some("ACCEPT"),
        Verdict::Drop => Some("DROP"),
        Verdict::Return => Some("RETURN"),
        _ => None,
    }
}

fn nat_name(kind: NatKind, flags: NatFlags) -> &'static str {
    match kind {
        _ if flags.contains(NatFlags::NETMAP) => "NETMAP",
        NatKind::Source => "SNAT",
        _ => "DNAT",
    }
}

/// Expressions that are a target by themselves. What takes several (marks, DSCP …) is only known as a word.
fn expression_name(expression: &Expr) -> Option<&'static str> {
    Some(match expression {
        Expr::Immediate(Immediate { load: Load::Verdict(verdict), .. }) => return verdict_name(verdict),
        Expr::Reject(_) => "REJECT",
        Expr::Log(log) if log.group.is_some() => "ULOG",
        Expr::Log(log) if log.level == Some(LogLevel::Audit) => "AUDIT",
        Expr::Log(_) => "LOG",
        Expr::Nat(nat) => nat_name(nat.kind, nat.flags.unwrap_or(NatFlags::empty())),
        Expr::Masq(_) => "MASQUERADE",
        Expr::Redir(_) => "REDIRECT",
        Expr::Notrack(_) => "NOTRACK",
        Expr::Queue(_) => "NFQUEUE",
        Expr::Dup(_) => "TEE",
        Expr::Tproxy(_) => "TPROXY",
        Expr::Synproxy(_) => "SYNPROXY",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        Rule,
        expr::{self, LogLevel},
        language::targets::{Log, NatTo, Synproxy},
    };

    #[test]
    fn each_target_has_iptables_name() {
        let address = std::net::Ipv4Addr::LOCALHOST;
        for (rule, name) in [
            (Rule::new().accept(), Some("ACCEPT")),
            (Rule::new().drop(), Some("DROP")),
            (Rule::new().return_(), Some("RETURN")),
            (Rule::new().jump("x"), None),
            (Rule::new().goto("x"), None),
            (Rule::new().continue_(), None),
            (Rule::new().tcp(), None),
            (Rule::new().counter(), None),
            (Rule::new().reject(), Some("REJECT")),
            (Rule::new().log(""), Some("LOG")),
            (Rule::new().log(Log::new().level(LogLevel::Audit)), Some("AUDIT")),
            (Rule::new().nflog(5), Some("ULOG")),
            (Rule::new().dnat("1.2.3.4"), Some("DNAT")),
            (Rule::new().snat("1.2.3.4"), Some("SNAT")),
            (Rule::new().snat(NatTo::from("1.2.3.0/24").prefix()), Some("NETMAP")),
            (Rule::new().masquerade(), Some("MASQUERADE")),
            (Rule::new().redirect(), Some("REDIRECT")),
            (Rule::new().set_mark(1), Some("MARK")),
            (Rule::new().set_ct_mark(1), Some("CONNMARK")),
            (Rule::new().save_mark(), Some("CONNMARK")),
            (Rule::new().restore_mark(), Some("CONNMARK")),
            (Rule::new().restore_mark_bits(1), Some("CONNMARK")),
            (Rule::new().set_tos(1, 1), Some("TOS")),
            (Rule::new().set_dscp(1), Some("DSCP")),
            (Rule::new().set_ttl(1), Some("TTL")),
            (Rule::new().set_hop_limit(1), Some("HL")),
            (Rule::new().set_secmark("x"), Some("SECMARK")),
            (Rule::new().save_secmark(), Some("CONNSECMARK")),
            (Rule::new().notrack(), Some("NOTRACK")),
            (Rule::new().clamp_mss(1400), Some("TCPMSS")),
            (Rule::new().queue(1), Some("NFQUEUE")),
            (Rule::new().trace(), Some("TRACE")),
            (Rule::new().set_priority(1, 2), Some("CLASSIFY")),
            (Rule::new().duplicate(address), Some("TEE")),
            (Rule::new().tproxy(1), Some("TPROXY")),
            (Rule::new().synproxy(Synproxy::new()), Some("SYNPROXY")),
            (Rule::new().last_used(), None),
            (Rule::new().say(expr::Masq::new()), Some("MASQUERADE")),
            (Rule::new().say(expr::Immediate::verdict(expr::Verdict::Accept)), Some("ACCEPT")),
        ] {
            assert_eq!(rule.body[0].target_name(), name, "{:?}", rule.body);
        }
    }
}
