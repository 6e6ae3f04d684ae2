//! What a rule says, in iptables' terms: its targets, and the chains that it goes to.

use super::{Target, Version};
use crate::{
    Rule,
    expr::{
        Access, Bitwise, ChainTarget, Counter, CtKey, Exthdr, ExthdrAccess, Expr, Load, LogLevel, MetaKey, NatFlags,
        NatKind, ObjectChoice, ObjectKind, Payload, PayloadAccess, PayloadBase, Verdict,
    },
    language::Statement,
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
    /// Read from the rule's expressions, so that an expression counts as the word that stands for it. A rule that
    /// cannot be lowered says nothing: the transaction refuses it.
    pub(super) fn of(rule: &Rule, version: Version) -> Self {
        let mut spoken = Self::default();
        let mut mask = None;
        for expression in expressions(rule, version).unwrap_or_default() {
            spoken.hear(&expression, mask.as_ref(), version);
            mask = match expression {
                Expr::Bitwise(bitwise) => Some(bitwise),
                _ => None,
            };
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
    let writes = matches!(payload.access, PayloadAccess::Store { .. }) && payload.base == PayloadBase::Network;
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

/// A rule's expressions; `None` if it cannot be lowered.
fn expressions(rule: &Rule, version: Version) -> Option<Vec<Expr>> {
    lowered(rule, version).map(|(expressions, _)| expressions)
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

/// Whether two rules say the same: counts aside, comments included. Rules with lists of their own are the same
/// only as values, for the kernel names the lists' sets anew.
pub(super) fn same(one: &Rule, other: &Rule, version: Version) -> bool {
    if one.userdata != other.userdata {
        return false;
    }
    if one.body == other.body {
        return true;
    }
    match (lowered(one, version), lowered(other, version)) {
        (Some((one, false)), Some((other, false))) => one.iter().map(uncounted).eq(other.iter().map(uncounted)),
        _ => false,
    }
}

fn uncounted(expression: &Expr) -> Expr {
    match expression {
        Expr::Counter(_) => Counter::new().bytes(0u64).packets(0u64).into(),
        other => other.clone(),
    }
}
