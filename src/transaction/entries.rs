//! Typed sets and their elements in a transaction.

use std::borrow::Borrow;

use super::{OperationId, Sent, Transaction, Verb, bulk::Head};
use crate::{
    object::{Origin, SetRef, TableRef},
    set::{
        Difference, Entry, Form, IntoEntry, Key, MapValue, Runs, SetOf, check, encode_entry, encode_key,
        encode_span, is_runs, leading_end, span_key,
    },
    wire::{Writer, flags, nft},
};

impl Transaction {
    /// Adds a typed set or map with its elements, which are encoded as they come from the iterator. A set that
    /// exists is kept, and added to.
    ///
    /// A [constant](SetOf::constant) set of single keys is declared to hold as many elements as there are, so
    /// that the kernel takes its faster hash.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Family, Table, Transaction, set::SetOf};
    ///
    /// let table = Table::new(Family::Inet, "edge");
    /// let mut transaction = Transaction::new();
    /// transaction.add_table(&table);
    /// let blocked = SetOf::<Ipv4Addr>::new("blocked").constant();
    /// let sent = transaction.add_set_with(&table, &blocked, (0..1000).map(Ipv4Addr::from));
    /// assert_eq!(sent.elements, 1000);
    /// ```
    #[track_caller]
    pub fn add_set_with<K: Key, V: MapValue, I>(
        &mut self,
        table: impl Into<TableRef>,
        set: &SetOf<K, V>,
        entries: I,
    ) -> Sent
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        self.whole_set(Verb::Add, flags::CREATE, &table.into(), set, entries)
    }

    /// Creates a typed set or map with its elements; refused if it exists.
    #[track_caller]
    pub fn create_set_with<K: Key, V: MapValue, I>(
        &mut self,
        table: impl Into<TableRef>,
        set: &SetOf<K, V>,
        entries: I,
    ) -> Sent
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        self.whole_set(Verb::Create, flags::CREATE | flags::EXCL, &table.into(), set, entries)
    }

    /// The elements of a typed set or map that exists, or is added before: to add, delete, replace some.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Family, Transaction, set::SetOf};
    ///
    /// let blocked = SetOf::<Ipv4Addr>::new("blocked");
    /// let mut transaction = Transaction::new();
    /// let mut entries = transaction.entries((Family::Inet, "edge"), &blocked);
    /// entries.add([Ipv4Addr::new(192, 0, 2, 7)]);
    /// entries.delete([Ipv4Addr::new(192, 0, 2, 9)]);
    /// assert_eq!(transaction.len(), 2);
    /// ```
    pub fn entries<'t, K: Key, V: MapValue>(
        &'t mut self,
        table: impl Into<TableRef>,
        set: &'t SetOf<K, V>,
    ) -> Entries<'t, K, V> {
        let place = SetRef::from((table, set));
        Entries { transaction: self, place, set }
    }

    #[track_caller]
    fn whole_set<K: Key, V: MapValue, I>(
        &mut self,
        verb: Verb,
        how: u16,
        table: &TableRef,
        set: &SetOf<K, V>,
        entries: I,
    ) -> Sent
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        let (origin, label) = (Origin::here(), self.label.clone());
        let sized = set.is_sized_by_content();
        let declared;
        let by_value = if sized {
            // Any number: the right one is known, and written, when the iterator has ended.
            declared = set.as_set().clone().size(u32::MAX);
            &declared
        } else {
            set.as_set()
        };
        let (operation, id) = self.batch.set_alone(verb, how, table, by_value, origin, label.clone());
        let place = SetRef::from((table, set));
        let kind = nft::NEWSETELEM;
        let head = head::<K>(verb, kind, flags::CREATE, &place, Some(id), origin, label);
        let sent = self.put(&head, set, entries, true);
        if sized {
            // An empty constant set stays without limit: a size of 0 says nothing.
            self.batch.resize(operation, u32::try_from(sent.elements).unwrap_or(u32::MAX));
        }
        Sent { first: Some(operation), ..sent }
    }

    /// `fresh`: the set has no elements yet.
    fn put<K: Key, V: MapValue, I>(
        &mut self,
        head: &Head<'_>,
        set: &SetOf<K, V>,
        entries: I,
        fresh: bool,
    ) -> Sent
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        let entries = set.admit(entries);
        if !is_runs::<K>() {
            return self.batch.bulk(head, entries, |writer, index, entry| {
                encode_entry(&entry, writer);
                check(index, &entry)
            });
        }
        let mut runs = match Runs::collect(set.name(), set.overlaps(), entries) {
            Ok(runs) => runs,
            Err(problem) => return self.batch.bulk_problem(head, problem),
        };
        let mut leading = fresh && runs.first().is_some_and(|first| first != 0);
        let catch_all = runs.catch_all.take();
        let mut sent = self.batch.bulk(head, runs.into_spans(), |writer, _, span| {
            if std::mem::take(&mut leading) {
                leading_end::<K>(writer);
            }
            encode_span::<K, V>(&span, writer);
            Ok(())
        });
        let rest = self.batch.bulk(head, catch_all, |writer, _, entry: Entry<K, V>| {
            encode_entry(&entry, writer);
            Ok(())
        });
        sent.first = sent.first.or(rest.first);
        sent.elements += rest.elements;
        sent
    }
}

/// The elements of one typed set, in a transaction: see [`Transaction::entries`].
#[derive(Debug)]
pub struct Entries<'t, K, V> {
    transaction: &'t mut Transaction,
    place: SetRef,
    set: &'t SetOf<K, V>,
}

impl<K: Key, V: MapValue> Entries<'_, K, V> {
    /// Adds entries. Those that exist are kept; refused where one leads elsewhere, or a run overlaps one that is
    /// there.
    #[track_caller]
    pub fn add<I>(&mut self, entries: I) -> Sent
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        self.put(Verb::Add, flags::CREATE, entries, false)
    }

    /// Adds entries; refused if one of them exists.
    #[track_caller]
    pub fn create<I>(&mut self, entries: I) -> Sent
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        self.put(Verb::Create, flags::CREATE | flags::EXCL, entries, false)
    }

    /// Deletes keys, and what they lead to; refused if one of them does not exist. A run of keys must be deleted
    /// as it was added; in a set that [joins](SetOf::auto_merge) runs, as it was joined.
    #[track_caller]
    pub fn delete<I>(&mut self, keys: I) -> Sent
    where
        I: IntoIterator,
        I::Item: Borrow<K>,
    {
        self.remove(Verb::Delete, nft::DELSETELEM, keys)
    }

    /// Deletes those keys that exist. On [every kernel](Transaction::destroy_table).
    #[track_caller]
    pub fn destroy<I>(&mut self, keys: I) -> Sent
    where
        I: IntoIterator,
        I::Item: Borrow<K>,
    {
        self.remove(Verb::Destroy, nft::DESTROYSETELEM, keys)
    }

    /// Deletes the entry for every key that has none of its own; refused if there is none.
    #[track_caller]
    pub fn delete_catch_all(&mut self) -> Sent {
        let label = self.transaction.label.clone();
        let head = head::<K>(Verb::Delete, nft::DELSETELEM, 0, &self.place, None, Origin::here(), label);
        self.transaction.batch.bulk(&head, [()], |writer, _, ()| {
            encode_key::<K>(None, writer);
            Ok(())
        })
    }

    /// Deletes every entry.
    #[track_caller]
    pub fn flush(&mut self) -> OperationId {
        self.transaction.flush_set(&self.place)
    }

    /// Puts these entries in the place of all that there are. Packets see the old ones or the new ones, never
    /// neither, and never some of both.
    ///
    /// But for runs of keys before Linux 6.18: 5.10, 6.1 and 6.12 look them up in a tree into which others are already
    /// being put, and single packets were seen to find neither meanwhile. Where that matters, have a second set and a
    /// second rule, put the new entries there, then replace, then empty it, in three transactions:
    /// `examples/blocklist/spare.rs` does so.
    ///
    /// Counters and timeouts begin anew; [`Netfilter::update_entries`](crate::Netfilter::update_entries) sends
    /// the difference only.
    #[track_caller]
    pub fn replace<I>(&mut self, entries: I) -> Sent
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        let flushed = self.flush();
        Sent { first: Some(flushed), ..self.put(Verb::Add, flags::CREATE, entries, true) }
    }

    /// Deletes and adds what a [`Difference`] says. Nothing may have changed since it was made:
    /// [`Netfilter::update_entries`](crate::Netfilter::update_entries) takes care of that.
    #[track_caller]
    pub fn change(&mut self, difference: &Difference<K, V>) -> Sent {
        let label = self.transaction.label.clone();
        let origin = Origin::here();
        let delete = head::<K>(Verb::Delete, nft::DELSETELEM, 0, &self.place, None, origin, label.clone());
        let add = head::<K>(Verb::Add, nft::NEWSETELEM, flags::CREATE, &self.place, None, origin, label);
        let batch = &mut self.transaction.batch;
        let put_key = |writer: &mut Writer<'_>, _: usize, entry: &Entry<K, V>| {
            encode_key(entry.key.as_ref(), writer);
            Ok(())
        };
        let put_entry = |writer: &mut Writer<'_>, _: usize, entry: &Entry<K, V>| {
            encode_entry(entry, writer);
            Ok(())
        };
        let mut sent = Sent::default();
        let mut count = |more: Sent| {
            sent.first = sent.first.or(more.first);
            sent.elements += more.elements;
        };
        match &difference.delete.0 {
            Form::Single(entries) => count(batch.bulk(&delete, entries, put_key)),
            Form::Runs { spans, catch_all } => {
                count(batch.bulk(&delete, spans, |writer, _, span| {
                    span_key::<K, V>(span, writer);
                    Ok(())
                }));
                count(batch.bulk(&delete, catch_all, put_key));
            }
        }
        match &difference.add.0 {
            Form::Single(entries) => count(batch.bulk(&add, entries, put_entry)),
            Form::Runs { spans, catch_all } => {
                count(batch.bulk(&add, spans, |writer, _, span| {
                    encode_span::<K, V>(span, writer);
                    Ok(())
                }));
                count(batch.bulk(&add, catch_all, put_entry));
            }
        }
        sent
    }

    #[track_caller]
    fn put<I>(&mut self, verb: Verb, how: u16, entries: I, fresh: bool) -> Sent
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        let label = self.transaction.label.clone();
        let head = head::<K>(verb, nft::NEWSETELEM, how, &self.place, None, Origin::here(), label);
        self.transaction.put(&head, self.set, entries, fresh)
    }

    #[track_caller]
    fn remove<I>(&mut self, verb: Verb, kind: u16, keys: I) -> Sent
    where
        I: IntoIterator,
        I::Item: Borrow<K>,
    {
        let label = self.transaction.label.clone();
        let head = head::<K>(verb, kind, 0, &self.place, None, Origin::here(), label);
        if !is_runs::<K>() {
            return self.transaction.batch.bulk(&head, keys, |writer, index, key| {
                let key = key.borrow();
                encode_key(Some(key), writer);
                check(index, &Entry::new(key.clone()))
            });
        }
        let entries = keys.into_iter().map(|key| Entry::new(key.borrow().clone()));
        match Runs::<K, ()>::collect(self.set.name(), self.set.overlaps(), entries) {
            Ok(runs) => self.transaction.batch.bulk(&head, runs.into_spans(), |writer, _, span| {
                span_key::<K, ()>(&span, writer);
                Ok(())
            }),
            Err(problem) => self.transaction.batch.bulk_problem(&head, problem),
        }
    }
}

/// What the messages of a call share.
fn head<K: Key>(
    verb: Verb,
    kind: u16,
    how: u16,
    set: &SetRef,
    id: Option<u32>,
    origin: Origin,
    label: Option<Box<str>>,
) -> Head<'_> {
    Head { verb, kind, how, set, id, origin, label, runs: is_runs::<K>(), text: K::text_of }
}
