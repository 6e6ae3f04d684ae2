//! Lookups, recognised.

use super::{Loads, Lookup, MapKey, UsedSet, key::FIRST, lookup::hash_kind};
use crate::{
    expr::{self, Expr, Hash, HashKind, Numgen, NumgenKind},
    language::{Lifting, lift::sorted},
    object::Set,
};

impl<'a> Lifting<'a> {
    /// What the next expressions load to look it up, whether its numbers are turned, and what comes behind.
    pub(crate) fn map_key(&self) -> Option<(MapKey, bool, &'a [Expr])> {
        let expressions = self.expressions();
        match expressions {
            [Expr::Numgen(Numgen { modulus, kind, offset, .. }), rest @ ..] => {
                let (modulus, offset) = (*modulus, offset.unwrap_or(0));
                let key = match kind {
                    NumgenKind::Incremental => MapKey::Turns { modulus, offset },
                    _ => MapKey::Random { modulus, offset },
                };
                return Some((key, false, rest));
            }
            [Expr::Hash(hash), rest @ ..] if hash_kind(hash) == HashKind::Symmetric => {
                let Hash { modulus, offset, .. } = hash;
                let key = MapKey::Symmetric { modulus: *modulus, offset: offset.unwrap_or(0) };
                return Some((key, false, rest));
            }
            _ => {}
        }
        if let Some(hashed) = Loads::find(self, expressions, FIRST + 4, None) {
            let [Expr::Hash(hash), rest @ ..] = hashed.rest else { return None };
            let (modulus, seed, offset) = (hash.modulus, hash.seed, hash.offset.unwrap_or(0));
            return Some((MapKey::Hash { fields: hashed.key, modulus, seed, offset }, false, rest));
        }
        let Loads { key, runs, rest } = Loads::find(self, expressions, FIRST, None)?;
        Some((MapKey::Fields(key), runs, rest))
    }

    /// A lookup in a map, and what comes behind.
    pub(crate) fn map_lookup(&self) -> Option<(Lookup, &'a expr::Lookup, &'a [Expr])> {
        let (key, runs, rest) = self.map_key()?;
        let [Expr::Lookup(lookup), rest @ ..] = rest else { return None };
        let map = self.used_set(&lookup.set, lookup.set_id, runs)?;
        Some((Lookup { key, map }, lookup, rest))
    }

    /// The set that an expression names.
    pub(crate) fn used_set(&self, name: &str, id: Option<u32>, runs: bool) -> Option<UsedSet> {
        if let Some(set) = self.find_set(name, id) {
            return Some(UsedSet::Own(Box::new(as_made(set))));
        }
        // The kernel's names of anonymous sets, of which this one is not known.
        let unknown = id.is_some() || name.starts_with("__");
        (!unknown).then(|| UsedSet::Named { name: name.to_owned(), runs })
    }
}

/// A set as it was before the kernel gave it a name.
fn as_made(set: &Set) -> Set {
    let kind = set.name.trim_end_matches(|end: char| end.is_ascii_digit()).trim_end_matches("%d");
    let elements = sorted(&set.elements).into_iter().cloned().collect();
    Set { name: format!("{kind}%d"), handle: None, elements, ..set.clone() }
}
