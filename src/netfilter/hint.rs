//! What an error number usually means for an operation.

use nix::errno::Errno;

use crate::{
    expr::{ChainTarget, Expr, Load, Verdict, decode_list},
    object::NFTA_RULE_EXPRESSIONS,
    transaction::{ObjectKind, Subject, Verb},
    wire::GenMessage,
};

/// A sentence that leads on, where there is one.
pub(super) fn hint(errno: i32, verb: Verb, message: Option<&GenMessage<'_>>) -> Option<String> {
    let message = message?;
    let subject = Subject::of(message);
    let table = subject.table.as_deref().unwrap_or_default();
    let name = subject.name.as_deref().unwrap_or_default();
    let family = subject.family;
    let text = match (Errno::from_raw(errno), subject.kind, verb) {
        (Errno::ENOENT, ObjectKind::Table, _) => format!("there is no table {family} {table}"),
        (Errno::ENOENT, ObjectKind::Chain, Verb::Delete | Verb::Flush) => {
            format!("there is no chain {name} in table {family} {table}, or no such table")
        }
        (Errno::ENOENT, ObjectKind::Chain, _) => format!(
            "there is no table {family} {table}: add it before its chains; or the kernel has no such chain type"
        ),
        (Errno::ENOENT, ObjectKind::Rule, Verb::Delete | Verb::Replace) => {
            "there is no such rule, chain or table".to_owned()
        }
        (Errno::ENOENT, ObjectKind::Rule, _) => missing_for_rule(message, &subject),
        (Errno::EEXIST, _, _) => "it exists already; add_… keeps what exists, create_… refuses".to_owned(),
        (Errno::EBUSY, ObjectKind::Chain, Verb::Delete) => {
            "the chain still has rules, or rules that jump to it: flush them in the same transaction".to_owned()
        }
        (Errno::EBUSY, _, Verb::Delete) => "it is still in use".to_owned(),
        (Errno::EPERM, ObjectKind::Table, _) => "the table belongs to another process's socket".to_owned(),
        (Errno::EOPNOTSUPP, ObjectKind::Chain, _) => {
            format!("this kernel has no such chain (type, hook or device) in family {family}, or it may not change")
        }
        (Errno::EOPNOTSUPP, _, _) => "this kernel does not support it here".to_owned(),
        (Errno::ELOOP, _, _) => "the jumps lead round in a circle".to_owned(),
        (Errno::EMLINK, _, _) => "too many jumps one behind the other; the kernel allows 16".to_owned(),
        (Errno::EINVAL, _, Verb::Destroy) => "kernels before 6.3 know no destroy".to_owned(),
        _ => return None,
    };
    Some(text)
}

/// What a new rule may miss: its chain, a chain that it jumps to, a set, an object, or an expression that the
/// kernel was built without.
fn missing_for_rule(message: &GenMessage<'_>, subject: &Subject) -> String {
    let place = format!(
        "chain {} of table {} {}",
        subject.name.as_deref().unwrap_or_default(),
        subject.family,
        subject.table.as_deref().unwrap_or_default()
    );
    let expressions = message
        .attributes()
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == NFTA_RULE_EXPRESSIONS)
        .and_then(|list| decode_list(list).ok())
        .unwrap_or_default();
    let needs: Vec<String> = expressions
        .iter()
        .filter_map(|expression| match expression {
            Expr::Lookup(lookup) if lookup.set_id.is_none() => Some(format!("set {}", lookup.set)),
            Expr::Immediate(immediate) => match &immediate.load {
                Load::Verdict(Verdict::Jump(ChainTarget::Name(name)) | Verdict::Goto(ChainTarget::Name(name))) => {
                    Some(format!("chain {name}"))
                }
                _ => None,
            },
            _ => None,
        })
        .collect();
    if needs.is_empty() {
        let names: Vec<_> = expressions.iter().map(Expr::name).collect();
        return format!(
            "there is no {place}, or this kernel lacks one of the rule's expressions ({})",
            names.join(", ")
        );
    }
    format!("there is no {place}, or what the rule refers to is missing: {}", needs.join(", "))
}
