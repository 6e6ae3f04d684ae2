//! Naming who uses what cannot be deleted, where an operation is refused for that.

use nix::errno::Errno;

use super::Netfilter;
use crate::{
    Error, Refusal, Rule,
    expr::{Expr, ObjectChoice, ObjectKind as Kind},
    netlink::Transport,
    object::{ElementData, MapData, NFTA_OBJ_TYPE, Set, Table, TableRef},
    transaction::{Batch, ObjectKind, Verb},
};

/// Refusals that are looked into, and users that are named of each.
const LIMIT: usize = 4;

/// What is to be deleted, and stays because it is used.
enum Used {
    Set(String),
    Object(Kind, String),
    Flowtable(String),
}

impl<T: Transport> Netfilter<T> {
    /// The same error; it names the feature that the kernel lacks, and who uses what cannot be deleted.
    pub(super) fn explain(&mut self, work: &Batch, error: Error) -> Error {
        match self.name_missing(work, error) {
            Error::Refused(mut refused) => {
                refused
                    .refusals
                    .iter_mut()
                    .filter(|refusal| is_use(refusal))
                    .take(LIMIT)
                    .for_each(|refusal| self.name_users(work, refusal));
                Error::Refused(refused)
            }
            other => other,
        }
    }

    /// Adds to the hint who uses it, as the ruleset stands. The table is listed for that, and of its named maps those
    /// that lead to such objects.
    fn name_users(&mut self, work: &Batch, refusal: &mut Refusal) {
        let Some((place, used)) = wanted(work, refusal) else { return };
        // What cannot be read must not hide the refusal.
        let Ok(Some(table)) = self.table_terse(&place) else { return };
        let mut users: Vec<String> = rules(&table, |rule| uses(rule, &used, &table)).collect();
        for map in table.sets.iter().filter(|set| leads_to(set, &used) && !set.is_anonymous()) {
            let elements = self.elements(place.set(&map.name)).unwrap_or_default();
            let count = elements.iter().filter(|element| names(element.data.as_ref(), &used)).count();
            if count > 0 {
                let elements = if count == 1 { "element" } else { "elements" };
                users.push(format!("{count} {elements} of map {}", map.name));
            }
        }
        if users.is_empty() {
            return;
        }
        let more = users.len().saturating_sub(LIMIT);
        users.truncate(LIMIT);
        let mut text = format!("used by {}", users.join(", "));
        if more > 0 {
            text += &format!(" and {more} more");
        }
        refusal.hint = Some(match refusal.hint.take() {
            Some(hint) => format!("{hint}; {text}"),
            None => text,
        });
    }
}

/// Whether it was refused because something uses it.
fn is_use(refusal: &Refusal) -> bool {
    refusal.errno == Errno::EBUSY as i32 && matches!(refusal.verb, Verb::Delete | Verb::Destroy)
}

/// What was to be deleted, and of which table.
fn wanted(work: &Batch, refusal: &Refusal) -> Option<(TableRef, Used)> {
    let subject = refusal.subject.as_ref()?;
    let name = subject.name.clone()?;
    let used = match subject.kind {
        ObjectKind::Set => Used::Set(name),
        ObjectKind::Flowtable => Used::Flowtable(name),
        ObjectKind::Object => {
            let message = work.message_of(refusal.operation)?;
            let mut attributes = message.attributes().map_while(Result::ok);
            let kind = attributes.find(|attribute| attribute.kind() == NFTA_OBJ_TYPE)?;
            Used::Object(kind.get().ok()?, name)
        }
        _ => return None,
    };
    Some((TableRef::new(subject.family, subject.table.clone()?), used))
}

/// The table's rules that do so, as a reader finds them.
fn rules(table: &Table, uses: impl Fn(&Rule) -> bool) -> impl Iterator<Item = String> {
    let rules = table.chains.iter().flat_map(|chain| chain.rules.iter().map(move |rule| (chain, rule)));
    rules.filter(move |(_, rule)| uses(rule)).map(|(chain, rule)| {
        let comment = rule.comment_text().map(|text| format!(" ({text:?})")).unwrap_or_default();
        let handle = rule.handle.map(|handle| format!(" {handle}")).unwrap_or_default();
        format!("rule{handle} of chain {}{comment}", chain.name)
    })
}

/// Whether a rule uses it, by name or by a map of its own.
fn uses(rule: &Rule, used: &Used, table: &Table) -> bool {
    rule.expressions().any(|expression| match (used, expression) {
        (Used::Set(name), Expr::Lookup(lookup)) => lookup.set == *name,
        (Used::Set(name), Expr::Dynset(change)) => change.set == *name,
        (Used::Flowtable(name), Expr::FlowOffload(flow)) => flow.table == *name,
        (used, Expr::Objref(reference)) => match (used, &reference.object) {
            (Used::Set(name), ObjectChoice::Map { set, .. }) => set == name,
            (Used::Object(kind, name), ObjectChoice::Named { kind: found, name: other }) => {
                kind == found && name == other
            }
            (Used::Object(..), ObjectChoice::Map { set, .. }) => {
                let own = table.sets.iter().filter(|map| map.is_anonymous() && map.name == *set);
                let mut own = own.filter(|map| leads_to(map, used));
                own.any(|map| map.elements.iter().any(|element| names(element.data.as_ref(), used)))
            }
            _ => false,
        },
        _ => false,
    })
}

/// Whether a map leads to objects of this kind.
fn leads_to(set: &Set, used: &Used) -> bool {
    matches!((&set.data, used), (Some(MapData::Object(found)), Used::Object(kind, _)) if found == kind)
}

/// Whether an element leads to this object.
fn names(data: Option<&ElementData>, used: &Used) -> bool {
    matches!((data, used), (Some(ElementData::Object(found)), Used::Object(_, name)) if found == name)
}
