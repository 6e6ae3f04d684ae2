//! Typed sets: reading their content, asking for one key, bringing them up to date.

use std::collections::HashSet;

use nix::errno::Errno;

use super::{
    Netfilter,
    list::{decode, names},
    settled,
};
use crate::{
    Error, Invalid, ObjectKind, Transaction, Verb,
    expr::Data,
    netlink::{Query, Transport},
    object::{
        Element, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE, SetFlags, SetRef, TableRef,
        decode_elements,
    },
    set::{Contents, Details, Entry, IntoEntry, Key, MapValue, Reader, SetOf, is_marked_open, is_runs},
    wire::nft,
};

/// How often a difference is made anew when others change the ruleset meanwhile.
const ATTEMPTS: u32 = 10;
const CONTENTS: &str = "list the elements of a typed set";
const UPDATE: &str = "update a set";

/// What an update changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Updated {
    /// How many elements were deleted.
    pub deleted: usize,
    /// How many elements were added.
    pub added: usize,
    /// How many the set had before.
    pub before: usize,
}

impl<T: Transport> Netfilter<T> {
    /// The whole content of a typed set, of one state of the ruleset.
    ///
    /// The kernel takes its time for large sets, for it counts from the start for every 32 KiB that it tells: 21
    /// seconds for 1,000,000 addresses. [`Netfilter::entry`] asks for one key.
    ///
    /// # Errors
    /// [`Invalid::SetType`] as [`Error::Value`] where the set has keys or values of another type, [`Error::Request`] with
    /// `ENOENT` where there is no such set. Otherwise those of [reading](Netfilter#what-reading-can-bring).
    pub fn contents<K: Key, V: MapValue>(
        &mut self,
        table: impl Into<TableRef>,
        set: &SetOf<K, V>,
    ) -> Result<Contents<K, V>, Error> {
        let place = SetRef::from((table, set));
        let attributes = names(CONTENTS, &names_of(&place))?;
        let family = place.table.family.number();
        let moves = settled::moves(set.as_set());
        self.at_one_generation(CONTENTS, |this| {
            for _ in 0..settled::ATTEMPTS {
                let query =
                    Query { operation: CONTENTS, kind: nft::GETSETELEM, family, attributes: &attributes };
                let (contents, repeated) = read_contents(&mut this.transport, query, set, moves)?;
                // Rules that add elements may keep them moving: then it is what is there, once.
                if !repeated || settled::rules_add_to(set.as_set()) {
                    return Ok(Some(contents));
                }
            }
            Err(Error::Interrupted { operation: CONTENTS, attempts: settled::ATTEMPTS })
        })
    }

    /// The entry that a set has for a key; `None` where it has none. The kernel looks it up as it does for packets:
    /// in a set of intervals, the entry whose run has the key in it.
    ///
    /// # Errors
    /// [`Invalid::SetType`] as [`Error::Value`] where the set has keys or values of another type. Otherwise those of
    /// [reading](Netfilter#what-reading-can-bring).
    pub fn entry<K: Key, V: MapValue>(
        &mut self,
        table: impl Into<TableRef>,
        set: &SetOf<K, V>,
        key: &K,
    ) -> Result<Option<Entry<K, V>>, Error> {
        let place = SetRef::from((table, set));
        let mut bytes = [0; 64];
        let bytes = bytes.get_mut(..K::LEN).unwrap_or_default();
        key.write_first(bytes);
        let wanted = Element::new(Data::new(bytes));
        let mut reader = Reader::<K, V>::new();
        let Some(found) = self.read_element(nft::GETSETELEM, &place, wanted)? else {
            return Ok(None);
        };
        reader.take(&found);
        // The run's end is an element of its own. Asked for one that is not there, Linux 6.18.15 says EMFILE.
        if is_runs::<K>() && !is_marked_open(found.userdata.as_deref()) {
            let end = self.read_element(nft::GETSETELEM, &place, Element::end(Data::new(bytes)))?;
            end.iter().for_each(|element| reader.take(element));
        }
        let contents = reader.finish().map_err(|found| other_type(set, found))?;
        Ok(contents.entries()?.into_iter().next())
    }

    /// Brings a set to the wanted content by sending only what changes, in one transaction: what is there and
    /// wanted stays, and packets see the old content or the new one (in sets of runs since Linux 6.18:
    /// [`Entries::replace`](crate::Entries::replace) says what was seen before). An element whose quota, limit or other
    /// statement is to be another one is made anew; its comment and time, only where `details` says so
    /// ([`Contents::changes_to`] has the rules).
    ///
    /// Done anew where somebody changes the ruleset meanwhile, or elements run out of time. To replace everything
    /// without reading, see [`Entries::replace`](crate::Entries::replace): for large sets that is faster, because
    /// reading is what the kernel is slow at ([`Netfilter::contents`]), but all counters and timeouts begin anew.
    /// A program that remembers what it loaded last can make the difference without reading
    /// ([`Contents::changes_to`]).
    ///
    /// # Errors
    /// As [`Netfilter::commit`]; [`Error::Interrupted`] where the ruleset kept changing.
    #[track_caller]
    pub fn update_entries<K: Key, V: MapValue, I>(
        &mut self,
        table: impl Into<TableRef>,
        set: &SetOf<K, V>,
        wanted: I,
        details: Details,
    ) -> Result<Updated, Error>
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        let table = table.into();
        let wanted = set.contents(wanted)?;
        for _ in 0..ATTEMPTS {
            let generation = self.generation()?;
            let there = self.contents(&table, set)?;
            let change = there.changes_to(&wanted, details);
            let updated =
                Updated { deleted: change.deleted().len(), added: change.added().len(), before: there.len() };
            drop(there);
            let mut transaction = Transaction::new();
            transaction.entries(&table, set).change(&change);
            match self.commit_if(&transaction, generation) {
                Ok(_) => return Ok(updated),
                Err(Error::Changed { .. }) => {}
                Err(Error::Refused(refused)) if has_timeouts(set) && all_gone(&refused) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Interrupted { operation: UPDATE, attempts: ATTEMPTS })
    }
}

/// Reads the elements once; tells whether some came twice, which says that others did not come at all.
fn read_contents<K: Key, V: MapValue>(
    transport: &mut impl Transport,
    query: Query<'_>,
    set: &SetOf<K, V>,
    moves: bool,
) -> Result<(Contents<K, V>, bool), Error> {
    let mut elements = Vec::new();
    let start = || (Reader::<K, V>::new(), HashSet::new(), false);
    let forget = |state: &mut _| *state = start();
    let (reader, _, repeated) = query.dump(transport, start(), forget, |state, message| {
        let (reader, seen, repeated) = state;
        elements.clear();
        decode_elements(message.attributes(), &mut elements).map_err(decode(CONTENTS))?;
        for element in &elements {
            if moves && !seen.insert(element.key.clone()) {
                *repeated = true;
            } else {
                reader.take(element);
            }
        }
        Ok(())
    })?;
    let contents = reader.finish().map_err(|found| other_type(set, found))?;
    Ok((contents, repeated))
}

fn has_timeouts<K: Key, V: MapValue>(set: &SetOf<K, V>) -> bool {
    set.as_set().flags.contains(SetFlags::TIMEOUT)
}

/// Whether elements that were to be deleted are not there any more. Old kernels do not say which; where it is the set
/// that has gone, reading it again says so.
fn all_gone(refused: &crate::Refused) -> bool {
    refused.refusals.iter().all(|refusal| {
        let of_elements =
            refusal.subject.as_ref().is_some_and(|subject| subject.kind == ObjectKind::Elements);
        refusal.errno == Errno::ENOENT as i32 && refusal.verb == Verb::Delete && of_elements
    })
}

fn names_of(place: &SetRef) -> [(u16, &str); 2] {
    [(NFTA_SET_ELEM_LIST_TABLE, &place.table.name), (NFTA_SET_ELEM_LIST_SET, &place.name)]
}

fn other_type<K: Key, V: MapValue>(set: &SetOf<K, V>, found: String) -> Error {
    Error::Value(Invalid::SetType { set: set.name().to_owned(), wanted: SetOf::<K, V>::type_text(), found })
}
