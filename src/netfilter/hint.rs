//! What an error number usually means for an operation.

use nix::errno::Errno;

use super::set_hint;
use crate::{
    expr::{ChainTarget, Expr, Load, ObjectChoice, Verdict, decode_list},
    object::{Chain, Family, Flowtable, InterfaceName, NFTA_RULE_EXPRESSIONS, Table, TableFlags},
    transaction::{ObjectKind, Subject, Verb},
    wire::GenMessage,
};

/// A sentence that leads on, where there is one. `attribute` is the path that the kernel objects to.
pub(super) fn hint(
    errno: i32,
    verb: Verb,
    message: &GenMessage<'_>,
    subject: &Subject,
    attribute: Option<&str>,
) -> Option<String> {
    let table = subject.table.as_deref().unwrap_or_default();
    let name = subject.name.as_deref().unwrap_or_default();
    let family = subject.family;
    let (number, path) = (Errno::from_raw(errno), attribute.unwrap_or_default());
    let of_sets = match subject.kind {
        ObjectKind::Set => set_hint::set(number, verb, subject, path),
        ObjectKind::Elements => set_hint::elements(number, verb, message, subject, path),
        _ => None,
    };
    if of_sets.is_some() {
        return of_sets;
    }
    let text = match (number, subject.kind, verb) {
        (Errno::ENOENT, ObjectKind::Table, _) => format!("there is no table {family} {table}"),
        (Errno::ENOENT, ObjectKind::Chain, Verb::Delete | Verb::Flush) => {
            format!("there is no chain {name} in table {family} {table}, or no such table")
        }
        (Errno::ENOENT, ObjectKind::Chain, _) => missing_for_chain(message, family, table),
        (Errno::EINVAL | Errno::EOPNOTSUPP, ObjectKind::Table, Verb::Add | Verb::Create)
            if flags_of_table(message).intersects(TableFlags::OWNER | TableFlags::PERSIST) =>
        {
            "this kernel has no owner of tables (5.12), or none whose tables stay (6.9)".to_owned()
        }
        (Errno::ENOENT, ObjectKind::Rule, Verb::Delete | Verb::Replace) => {
            "there is no such rule, chain or table".to_owned()
        }
        (Errno::ENOENT, ObjectKind::Rule, _) => missing_for_rule(message, subject, path),
        (Errno::ENOENT, ObjectKind::Set | ObjectKind::Object | ObjectKind::Flowtable, Verb::Delete) => {
            format!("there is none of that name and kind in table {family} {table}, or no such table")
        }
        (Errno::ENOENT, ObjectKind::Flowtable, _) => missing_for_flowtable(message, family, table, path),
        // One that is the same is kept.
        (Errno::EEXIST, ObjectKind::Flowtable, Verb::Add) => {
            format!("one of its devices is in another flowtable of table {family} {table}")
        }
        (Errno::EEXIST, _, _) => "it exists already; add_… keeps what exists, create_… refuses".to_owned(),
        (Errno::EBUSY, ObjectKind::Chain, Verb::Delete) => {
            "the chain still has rules, or rules that jump to it: flush them in the same transaction"
                .to_owned()
        }
        (Errno::EBUSY, _, Verb::Delete) => "it is still in use".to_owned(),
        (Errno::EPERM, _, _) if !table.is_empty() => {
            format!("table {family} {table} has an owner: only the socket that created it may change it")
        }
        (Errno::EOPNOTSUPP, ObjectKind::Chain, _) => {
            format!(
                "this kernel has no such chain (type, hook or device) in family {family}, or it may not change"
            )
        }
        (Errno::EOPNOTSUPP, _, _) => "this kernel does not support it here".to_owned(),
        (Errno::ELOOP, _, _) => "the jumps lead round in a circle".to_owned(),
        (Errno::EMLINK, _, _) => "too many jumps one behind the other; the kernel allows 16".to_owned(),
        (Errno::EINVAL, _, Verb::Destroy) => "kernels before 6.3 know no destroy".to_owned(),
        _ => return None,
    };
    Some(text)
}

/// What a new chain may miss: its table, its type, or a device. Old kernels do not say which.
fn missing_for_chain(message: &GenMessage<'_>, family: Family, table: &str) -> String {
    let chain = Chain::decode(family, message.attributes()).ok();
    let devices = chain.and_then(|(_, chain)| chain.base).map(|base| base.devices).unwrap_or_default();
    let devices: Vec<&str> = devices.iter().map(InterfaceName::text).collect();
    let device =
        if devices.is_empty() { String::new() } else { format!(", or no device {}", devices.join(" or ")) };
    format!(
        "there is no table {family} {table}: add it before its chains; or the kernel has no such chain type{device}"
    )
}

/// What a new flowtable may miss: its table, or a device. Old kernels do not say which.
fn missing_for_flowtable(message: &GenMessage<'_>, family: Family, table: &str, attribute: &str) -> String {
    let flowtable = Flowtable::decode(message.attributes()).ok();
    let devices = flowtable.map(|(_, flowtable)| flowtable.devices).unwrap_or_default();
    let devices: Vec<&str> = devices.iter().map(InterfaceName::text).collect();
    let (table, devices) =
        (format!("no table {family} {table}"), format!("no device {}", devices.join(" or ")));
    match attribute {
        _ if attribute.starts_with("NFTA_FLOWTABLE_TABLE") => format!("there is {table}: add it first"),
        _ if attribute.starts_with("NFTA_FLOWTABLE_HOOK") => format!("there is {devices}"),
        _ => format!("there is {table}, or {devices}"),
    }
}

/// The flags of a new table.
fn flags_of_table(message: &GenMessage<'_>) -> TableFlags {
    let table = Table::decode(Family::from_number(message.family()), message.attributes());
    table.map_or(TableFlags::empty(), |table| table.flags)
}

/// What a new rule may miss: its table or chain, a chain that it jumps to, a set, or an expression that the
/// kernel was built without.
fn missing_for_rule(message: &GenMessage<'_>, subject: &Subject, attribute: &str) -> String {
    let table = format!("table {} {}", subject.family, subject.table.as_deref().unwrap_or_default());
    let chain = subject.name.as_deref().unwrap_or_default();
    if attribute.starts_with("NFTA_RULE_TABLE") {
        return format!("there is no {table}: add it first, in the same transaction");
    }
    if attribute.starts_with("NFTA_RULE_CHAIN") {
        return format!("there is no chain {chain} in {table}: add it first, in the same transaction");
    }
    let expressions = message
        .attributes()
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == NFTA_RULE_EXPRESSIONS)
        .and_then(|list| decode_list::<Expr>(list).ok())
        .unwrap_or_default();
    let at_fault: Vec<&Expr> = match expression_index(attribute).and_then(|index| expressions.get(index)) {
        Some(expression) => vec![expression],
        None => expressions.iter().collect(),
    };
    let needs: Vec<String> = at_fault.iter().filter_map(|expression| reference(expression)).collect();
    let names: Vec<&str> = at_fault.iter().map(|expression| expression.name()).collect();
    match (needs.is_empty(), expression_index(attribute)) {
        (false, Some(_)) => format!("there is no {} in {table}", needs.join(", no ")),
        (true, Some(_)) => {
            format!("this kernel has no expression \"{}\", or not all of it", names.join("\", \""))
        }
        (false, None) => format!("there is no chain {chain} in {table}, or no {}", needs.join(", no ")),
        (true, None) => {
            format!("there is no chain {chain} in {table}, or this kernel lacks one of: {}", names.join(", "))
        }
    }
}

/// What an expression refers to by name.
fn reference(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lookup(lookup) if lookup.set_id.is_none() => Some(format!("set {}", lookup.set)),
        Expr::Dynset(change) if change.set_id.is_none() => Some(format!("set {}", change.set)),
        Expr::FlowOffload(flow) => Some(format!("flowtable {}", flow.table)),
        Expr::Immediate(immediate) => match &immediate.load {
            Load::Verdict(
                Verdict::Jump(ChainTarget::Name(name)) | Verdict::Goto(ChainTarget::Name(name)),
            ) => Some(format!("chain {name}")),
            _ => None,
        },
        Expr::Objref(objref) => match &objref.object {
            ObjectChoice::Named { kind, name } => Some(format!("{kind} object {name}")),
            ObjectChoice::Map { set, set_id: None, .. } => Some(format!("map {set}")),
            ObjectChoice::Map { .. } => None,
        },
        _ => None,
    }
}

/// The index in `NFTA_RULE_EXPRESSIONS[3].lookup`.
pub(super) fn expression_index(attribute: &str) -> Option<usize> {
    let (_, rest) = attribute.split_once('[')?;
    rest.split_once(']')?.0.parse().ok()
}
