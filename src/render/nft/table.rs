//! Tables in nft's language.

use super::{
    around::{Around, Index},
    chain, flowtable,
    names::Names,
    object, set,
    set::Wanted,
};
use crate::object::{ChainFlags, Table, TableFlags};

/// A table with what it holds, in nft's order: whatever a rule refers to stands before the chains.
pub(super) fn declaration(table: &Table, names: Names<'_>, wanted: Wanted) -> String {
    let index = Index::of(Some(table));
    let around = Around::new(table.family, &index, names);
    let mut text = format!("table {} {} {{", table.family, table.name);
    text += &super::handle(table.handle, wanted.handle);
    text += "\n";
    let flags: Vec<_> = [(TableFlags::DORMANT, "dormant"), (TableFlags::OWNER, "owner")]
        .into_iter()
        .filter_map(|(flag, word)| table.flags.contains(flag).then_some(word))
        .collect();
    if !flags.is_empty() {
        text += &format!("\tflags {}\n", flags.join(","));
    }
    if let Some(comment) = table.comment_text() {
        text += &format!("\tcomment \"{comment}\"\n");
    }
    let objects = table.objects.iter().filter_map(|each| object::declaration(each, names, wanted));
    let sets = table.sets.iter().filter(|set| !set.is_anonymous());
    let sets = sets.map(|each| set::declaration(each, names, wanted));
    let flowtables = table.flowtables.iter().map(|each| flowtable::declaration(each, wanted));
    let chains = table.chains.iter().filter(|chain| !chain.flags.contains(ChainFlags::BINDING));
    let chains = chains.map(|each| chain::declaration(each, around, wanted));
    let parts: Vec<_> = objects.chain(sets).chain(flowtables).chain(chains).collect();
    if !flags.is_empty() && !parts.is_empty() {
        text += "\n";
    }
    text + &parts.join("\n") + "}\n"
}
