//! What a rule says, in iptables' terms: its targets, and the chains that it goes to.

use super::{Target, Version};
use crate::{
    Rule,
    expr::{
        Access, Bitwise, ChainTarget, CtKey, Expr, Exthdr, ExthdrAccess, Load, LogLevel, MetaKey, NatFlags,
        NatKind, ObjectChoice, ObjectKind, Payload, PayloadAccess, PayloadBase, QueueFlags, Verdict,
    },
    language::{Statement, targets::Decide},
};

/// TCP's option of the maximum segment size.
const TCPOPT_MAXSEG: u8 = 2;

/// A rule's targets and jumps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) targets: Vec<Target>,
    pub(super) jumps: Vec<String>,
}

impl Spoken {
    /// A word has its name; expressions count as the words that stand for them.
    pub(super) fn of(rule: &Rule, version: Version) -> Self {
        let mut spoken = Self::default();
        let mut mask = None;
        for statement in &rule.body {
            match statement {
                Statement::Expr(expression) => {
                    spoken.hear(expression, mask, version);
                    mask = match expression {
                        Expr::Bitwise(bitwise) => Some(bitwise),
                        _ => None,
                    };
                }
                Statement::Decide(Decide(verdict)) => spoken.verdict(verdict),
                word => spoken.targets.extend(word.target_name().and_then(Target::from_name)),
            }
        }
        spoken
    }

    fn hear(&mut self, expression: &Expr, before: Option<&Bitwise>, version: Version) {
        let target = match expression {
            Expr::Immediate(immediate) => match &immediate.load {
                Load::Verdict(verdict) => return self.verdict(verdict),
                Load::Data(_) => None,
            },
            Expr::Reject(_) => Some(Target::Reject),
            Expr::Log(log) if log.level == Some(LogLevel::Audit) => Some(Target::Audit),
            Expr::Log(log) if log.group.is_some() => Some(Target::Nflog),
            Expr::Log(_) => Some(Target::Log),
            Expr::Queue(_) => Some(Target::Nfqueue),
            Expr::Dup(_) => Some(Target::Tee),
            Expr::Nat(nat) if nat.flags.is_some_and(|flags| flags.contains(NatFlags::NETMAP)) => {
                Some(Target::Netmap)
            }
            Expr::Nat(nat) => match nat.kind {
                NatKind::Source => Some(Target::Snat),
                NatKind::Destination => Some(Target::Dnat),
                NatKind::Other(_) => None,
            },
            Expr::Masq(_) => Some(Target::Masquerade),
            Expr::Redir(_) => Some(Target::Redirect),
            Expr::Tproxy(_) => Some(Target::Tproxy),
            Expr::Synproxy(_) => Some(Target::Synproxy),
            Expr::Notrack(_) => Some(Target::Notrack),
            Expr::Meta(meta) if matches!(meta.access, Access::Store(_)) => match meta.key {
                MetaKey::Mark => Some(Target::Mark),
                MetaKey::Priority => Some(Target::Classify),
                MetaKey::NfTrace => Some(Target::Trace),
                MetaKey::SecMark => Some(Target::Secmark),
                _ => None,
            },
            Expr::Ct(ct) if matches!(ct.access, Access::Store(_)) => match ct.key {
                CtKey::Mark => Some(Target::Connmark),
                CtKey::SecMark => Some(Target::Connsecmark),
                CtKey::Zone => Some(Target::Ct),
                _ => None,
            },
            Expr::Objref(objref) => match &objref.object {
                ObjectChoice::Named { kind: ObjectKind::SecMark, .. } => Some(Target::Secmark),
                ObjectChoice::Named { kind: ObjectKind::Synproxy, .. } => Some(Target::Synproxy),
                _ => None,
            },
            Expr::Exthdr(exthdr) => of_option(exthdr),
            Expr::Payload(payload) => of_header(payload, before, version),
            Expr::XtTarget(target) => Target::from_name(&target.name),
            _ => None,
        };
        self.targets.extend(target);
    }

    fn verdict(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Accept => self.targets.push(Target::Accept),
            Verdict::Drop => self.targets.push(Target::Drop),
            Verdict::Return => self.targets.push(Target::Return),
            Verdict::Jump(ChainTarget::Name(chain)) | Verdict::Goto(ChainTarget::Name(chain)) => {
                self.jumps.push(chain.clone());
            }
            _ => {}
        }
    }
}

fn of_option(exthdr: &Exthdr) -> Option<Target> {
    match exthdr.access {
        ExthdrAccess::Store(_) if exthdr.kind == TCPOPT_MAXSEG => Some(Target::Tcpmss),
        ExthdrAccess::Strip => Some(Target::Tcpoptstrip),
        _ => None,
    }
}

/// What writing to the IP header is called. `before` has the mask of the bits that stay.
fn of_header(payload: &Payload, before: Option<&Bitwise>, version: Version) -> Option<Target> {
    let writes =
        matches!(payload.access, PayloadAccess::Store { .. }) && payload.base == PayloadBase::Network;
    let covers = |byte: u32| (payload.offset..payload.offset.saturating_add(payload.len)).contains(&byte);
    if !writes {
        return None;
    }
    let stays = before.and_then(|bitwise| bitwise.mask.as_ref()).map(|mask| mask.as_bytes());
    // Both bytes at the header's beginning, or IPv4's second alone.
    let kept = |first: u8, second: u8| match stays {
        Some([a, b, ..]) => a & first != 0 || b & second != 0,
        Some([b]) => b & second != 0,
        _ => false,
    };
    match version {
        Version::V4 if covers(1) && kept(0, 0xfc) => Some(Target::Ecn),
        Version::V4 if covers(1) && kept(0, 0x03) => Some(Target::Dscp),
        Version::V4 if covers(1) => Some(Target::Tos),
        Version::V4 if covers(8) => Some(Target::Ttl),
        Version::V6 if covers(0) && kept(0x0f, 0xc0) => Some(Target::Ecn),
        Version::V6 if covers(0) && kept(0, 0x30) => Some(Target::Dscp),
        Version::V6 if covers(0) => Some(Target::Tos),
        Version::V6 if covers(7) => Some(Target::Hl),
        _ => None,
    }
}

/// A rule's expressions, and whether they look up sets of the rule's own.
fn lowered(rule: &Rule, version: Version) -> Option<(Vec<Expr>, bool)> {
    let expression = |statement: &Statement| match statement {
        Statement::Expr(expression) => Some(expression.clone()),
        _ => None,
    };
    // A rule read from the kernel is nothing else.
    if let Some(expressions) = rule.body.iter().map(expression).collect::<Option<Vec<_>>>() {
        let sets = expressions.iter().any(|expression| matches!(expression, Expr::Lookup(_)));
        return Some((expressions, sets));
    }
    let lowered = rule.lower(version.family()).ok()?;
    let sets = !lowered.sets.is_empty();
    Some((lowered.expressions, sets))
}

/// Whether two rules say the same: counters aside, comments included. Rules with lists of their own are the
/// same only as values, for the kernel names the lists' sets anew.
pub(super) fn same(one: &Rule, other: &Rule, version: Version) -> bool {
    if one.userdata != other.userdata {
        return false;
    }
    if one.body == other.body {
        return true;
    }
    match (lowered(one, version), lowered(other, version)) {
        (Some((one, false)), Some((other, false))) => {
            let one = one.into_iter().filter_map(as_kept);
            one.eq(other.into_iter().filter_map(as_kept))
        }
        _ => false,
    }
}

/// The expression as the kernel keeps it, with the defaults that it fills in; without counters.
fn as_kept(expression: Expr) -> Option<Expr> {
    Some(match expression {
        Expr::Counter(_) => return None,
        Expr::Log(mut log) if log.group.is_none() => {
            log.level = log.level.or(Some(LogLevel::Warning));
            log.into()
        }
        Expr::Numgen(mut numgen) => {
            numgen.offset = numgen.offset.or(Some(0));
            numgen.into()
        }
        Expr::Queue(mut queue) => {
            queue.flags = queue.flags.or(Some(QueueFlags::empty()));
            queue.into()
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{self, Register};

    /// The names of a rule's targets, the same whether it is said in words or in expressions.
    #[track_caller]
    fn names(version: Version, rule: &Rule) -> Vec<&'static str> {
        let of = |rule: &Rule| {
            Spoken::of(rule, version).targets.iter().map(|target| target.name()).collect::<Vec<_>>()
        };
        let words = of(rule);
        let mut raw = Rule::new();
        raw.body =
            rule.lower(version.family()).unwrap().expressions.into_iter().map(Statement::Expr).collect();
        assert_eq!(of(&raw), words, "{rule:?}");
        words
    }

    #[test]
    fn words_and_expressions_are_the_same_targets() {
        use Version::{V4, V6};
        for (version, rule, expected) in [
            (V4, Rule::new().tcp().dport(22).counter().accept(), &["ACCEPT"][..]),
            (V4, Rule::new().log("x").drop(), &["LOG", "DROP"]),
            (V4, Rule::new().nflog(1), &["NFLOG"]),
            (V6, Rule::new().reject(), &["REJECT"]),
            (V4, Rule::new().dnat("192.0.2.1"), &["DNAT"]),
            (V4, Rule::new().snat("192.0.2.1"), &["SNAT"]),
            (V4, Rule::new().masquerade(), &["MASQUERADE"]),
            (V4, Rule::new().tcp().dport(80).redirect(), &["REDIRECT"]),
            (V4, Rule::new().set_mark(1), &["MARK"]),
            (V4, Rule::new().set_ct_mark(1), &["CONNMARK"]),
            (V4, Rule::new().set_dscp(8), &["DSCP"]),
            (V6, Rule::new().set_dscp(8), &["DSCP"]),
            (V4, Rule::new().set_ttl(8), &["TTL"]),
            (V6, Rule::new().set_hop_limit(8), &["HL"]),
            (V4, Rule::new().set_secmark("x"), &["SECMARK"]),
            (V4, Rule::new().notrack(), &["NOTRACK"]),
            (V4, Rule::new().trace(), &["TRACE"]),
            (V4, Rule::new().queue(1), &["NFQUEUE"]),
            (V4, Rule::new().set_priority(1, 2), &["CLASSIFY"]),
            (V4, Rule::new().iif("lo"), &[]),
        ] {
            assert_eq!(names(version, &rule), expected);
        }
    }

    #[test]
    fn a_target_of_iptables_itself_has_its_name() {
        let rule = Rule::new().say(expr::XtTarget::new("MASQUERADE".to_owned(), 0u32, vec![0; 24]));
        assert_eq!(Spoken::of(&rule, Version::V4).targets, [Target::Masquerade]);
        let rule = Rule::new().say(expr::Meta::load(MetaKey::Mark, Register::R1));
        assert_eq!(Spoken::of(&rule, Version::V4).targets, []);
    }

    #[test]
    fn jumps_are_found() {
        let spoken = Spoken::of(&Rule::new().jump("a").goto("b"), Version::V4);
        assert_eq!(spoken.jumps, ["a", "b"]);
    }

    #[test]
    fn rules_that_say_the_same_are_found() {
        let v4 = Version::V4;
        let rule = || Rule::new().tcp().dport(22);
        assert!(same(&rule().counter_from(1, 2).accept(), &rule().counter().accept(), v4));
        assert!(same(&rule().counter().accept(), &rule().accept(), v4));
        assert!(!same(&rule().accept(), &rule().drop(), v4));
        assert!(!same(&rule().accept().comment("a"), &rule().accept(), v4));
        let list = || Rule::new().tcp().dport([22, 80]).accept();
        assert!(same(&list(), &list(), v4));
        assert!(!same(&list(), &Rule::new().tcp().dport([22, 81]).accept(), v4));
    }
}
