//! Elements that the kernel reports, as the content of a typed set.

use super::{
    Contents, Entry, Form, Key, MapValue, Span,
    contents::is_runs,
    encode::OPEN,
    span::{limit, number},
};
use crate::object::{Element, ElementFlags};

/// Takes elements one by one and keeps what is typed of them.
#[derive(Debug)]
pub(crate) struct Reader<K, V> {
    entries: Vec<Entry<K, V>>,
    /// Starts and ends of runs.
    edges: Vec<Edge<V>>,
    /// An element that is of another type.
    foreign: Option<String>,
}

#[derive(Debug)]
struct Edge<V> {
    at: u128,
    /// What belongs to the run that begins here; `None` where one has ended.
    starts: Option<Entry<(), V>>,
}

impl<K: Key, V: MapValue> Reader<K, V> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), edges: Vec::new(), foreign: None }
    }

    /// Keeps an element.
    pub(crate) fn take(&mut self, element: &Element) {
        let key = element.key.as_bytes();
        let catch_all = element.flags.contains(ElementFlags::CATCHALL);
        let end = is_runs::<K>() && element.flags.contains(ElementFlags::INTERVAL_END);
        let kept = (catch_all || key.len() == K::LEN).then(|| {
            if end {
                self.edges.push(Edge { at: number(key), starts: None });
                return Some(());
            }
            let rest = rest(element)?;
            if catch_all {
                self.entries.push(rest.with_key(None));
            } else if is_runs::<K>() {
                self.edges.push(Edge { at: number(key), starts: Some(rest) });
            } else {
                let last = element.key_end.as_ref().map_or(key, |last| last.as_bytes());
                self.entries.push(rest.with_key(Some(K::read(key, last)?)));
            }
            Some(())
        });
        if kept.flatten().is_none() {
            self.foreign.get_or_insert_with(|| format!("the key {}", element.key));
        }
    }

    /// Everything that was taken; or the first element that is of another type.
    pub(crate) fn finish(self) -> Result<Contents<K, V>, String> {
        let Self { mut entries, mut edges, foreign } = self;
        if let Some(foreign) = foreign {
            return Err(foreign);
        }
        if !is_runs::<K>() {
            return Ok(Contents(Form::Single(entries)));
        }
        // Where one run ends and the next begins, the end comes first.
        edges.sort_by_key(|edge| (edge.at, edge.starts.is_some()));
        let mut spans = Vec::with_capacity(edges.len().div_ceil(2));
        let mut edges = edges.into_iter().peekable();
        while let Some(edge) = edges.next() {
            if let Some(rest) = edge.starts {
                // A start without an end goes to the next start, or on for ever.
                let last = edges.peek().and_then(|next| next.at.checked_sub(1));
                spans.push(Span { first: edge.at, last: last.unwrap_or_else(|| limit(K::PARTS)), rest });
            }
        }
        Ok(Contents(Form::Runs { spans, catch_all: entries.pop() }))
    }
}

/// What belongs to an element beside its key.
fn rest<V: MapValue>(element: &Element) -> Option<Entry<(), V>> {
    let mut rest = Entry::otherwise(V::read(element.data.as_ref())?);
    if let Some(timeout) = element.timeout {
        rest = rest.timeout(timeout);
    }
    if let Some(left) = element.expiration {
        rest = rest.expiration(left);
    }
    for expression in &element.expressions {
        rest = rest.expression(expression.clone());
    }
    // nft's mark is no property of the run.
    let userdata = element.userdata.as_deref().map(|bytes| bytes.strip_suffix(&OPEN).unwrap_or(bytes));
    if let Some(bytes) = userdata.filter(|bytes| !bytes.is_empty()) {
        rest.set_userdata(bytes.to_vec());
    }
    Some(rest)
}
