//! One element of a typed set or map.

use std::time::Duration;

use super::{Key, MapValue};
use crate::{
    Invalid,
    expr::Expr,
    object::{
        NFTA_SET_ELEM_EXPIRATION, NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS, NFTA_SET_ELEM_TIMEOUT,
        NFTA_SET_ELEM_USERDATA, encode_expressions, milliseconds, userdata,
    },
    wire::Writer,
};

/// A key, what it leads to, and what else an element can have.
///
/// Wherever entries are taken, a plain key (or for maps, a pair of key and value) does as well.
///
/// ```
/// use std::{net::Ipv4Addr, time::Duration};
///
/// use portcullis::set::{Entry, SetOf};
///
/// let bad = Entry::new(Ipv4Addr::new(192, 0, 2, 7)).timeout(Duration::from_secs(600)).comment("rude");
/// let set = SetOf::<Ipv4Addr>::new("blocked").with_timeouts().with([bad]);
/// assert_eq!(set.elements[0].comment_text().as_deref(), Some("rude"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry<K, V = ()> {
    /// The key; `None` for the element of every key that has none of its own.
    pub key: Option<K>,
    /// What it leads to.
    pub value: V,
    // Rare, and there may be a million entries.
    extras: Option<Box<Extras>>,
}

/// What most elements do not have.
#[derive(Clone, Debug, Default, PartialEq)]
struct Extras {
    timeout: Option<Duration>,
    expiration: Option<Duration>,
    expressions: Vec<Expr>,
    userdata: Option<Vec<u8>>,
    problem: Option<Invalid>,
}

impl<K> Entry<K> {
    /// An entry of a set.
    #[inline]
    pub const fn new(key: K) -> Self {
        Self { key: Some(key), value: (), extras: None }
    }

    /// Every key that has no entry of its own. Kernel 5.13.
    pub const fn catch_all() -> Self {
        Self { key: None, value: (), extras: None }
    }
}

impl<K, V> Entry<K, V> {
    /// An entry of a map.
    #[inline]
    pub const fn mapping(key: K, value: V) -> Self {
        Self { key: Some(key), value, extras: None }
    }

    /// What every key leads to that has no entry of its own. Kernel 5.13.
    pub const fn otherwise(value: V) -> Self {
        Self { key: None, value, extras: None }
    }

    /// How long it stays, in whole milliseconds. The set needs
    /// [`SetOf::with_timeouts`](super::SetOf::with_timeouts): where it is declared without, the entry is refused
    /// ([`Invalid::NoTimeouts`]) before the kernel is asked.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.rare().timeout = Some(timeout);
        self
    }

    /// How much of its time is left, in whole milliseconds. Kernel 5.3.
    #[must_use]
    pub fn expiration(mut self, expiration: Duration) -> Self {
        self.rare().expiration = Some(expiration);
        self
    }

    /// A comment of at most 127 bytes, shown by `nft list`.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        let extras = self.rare();
        match userdata::with_comment(userdata::COMMENT, extras.userdata.as_deref(), comment) {
            Ok(bytes) => extras.userdata = Some(bytes),
            Err(problem) => extras.problem = extras.problem.take().or(Some(problem)),
        }
        self
    }

    /// One more thing that it does for the packets that it matches: count, limit, quota. Several need kernel
    /// 5.11, and a set that says the same ([`SetOf::expression`](super::SetOf::expression)).
    #[must_use]
    pub fn expression(mut self, expression: impl Into<Expr>) -> Self {
        self.rare().expressions.push(expression.into());
        self
    }

    /// How long it stays, where it says so itself.
    pub fn timeout_set(&self) -> Option<Duration> {
        self.extras.as_ref()?.timeout
    }

    /// How much of its time was left when it was read.
    pub fn time_left(&self) -> Option<Duration> {
        self.extras.as_ref()?.expiration
    }

    /// Its comment.
    pub fn comment_text(&self) -> Option<String> {
        userdata::find_comment(userdata::COMMENT, self.userdata()?)
    }

    /// What it does for the packets that it matches, with its state when it was read.
    pub fn expressions(&self) -> &[Expr] {
        self.extras.as_ref().map_or(&[], |extras| &extras.expressions)
    }

    /// Bytes kept beside it.
    pub fn userdata(&self) -> Option<&[u8]> {
        self.extras.as_ref()?.userdata.as_deref()
    }

    /// Keeps bytes beside it.
    pub(crate) fn set_userdata(&mut self, bytes: Vec<u8>) {
        self.rare().userdata = Some(bytes);
    }

    /// Whether it is a key and a value, and nothing else.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.extras.is_none()
    }

    pub(crate) fn problem(&self) -> Option<&Invalid> {
        self.extras.as_ref()?.problem.as_ref()
    }

    /// The same, for a set without timeouts.
    #[inline]
    pub(crate) fn without_timeout(mut self, set: &str) -> Self {
        if let Some(extras) = self.extras.as_mut().filter(|extras| extras.timeout.is_some()) {
            extras.problem.get_or_insert_with(|| Invalid::NoTimeouts { set: set.to_owned() });
        }
        self
    }

    /// The same with another key.
    pub(crate) fn with_key<L>(self, key: Option<L>) -> Entry<L, V> {
        Entry { key, value: self.value, extras: self.extras }
    }

    fn rare(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// Appends what it has beside key and value; `marks` go behind its user data.
    pub(crate) fn encode_extras(&self, marks: &[u8], writer: &mut Writer<'_>) {
        let Some(extras) = &self.extras else {
            if !marks.is_empty() {
                writer.bytes(NFTA_SET_ELEM_USERDATA, marks);
            }
            return;
        };
        let Extras { timeout, expiration, expressions, userdata, problem: _ } = &**extras;
        writer.put_option(NFTA_SET_ELEM_TIMEOUT, &timeout.map(milliseconds));
        writer.put_option(NFTA_SET_ELEM_EXPIRATION, &expiration.map(milliseconds));
        encode_expressions((NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS), expressions, writer);
        match userdata {
            Some(userdata) => writer.bytes(NFTA_SET_ELEM_USERDATA, &[userdata, marks].concat()),
            None if marks.is_empty() => {}
            None => writer.bytes(NFTA_SET_ELEM_USERDATA, marks),
        }
    }
}

impl<K: Key, V: MapValue> Entry<K, V> {
    /// As nft writes it, for error texts: `192.0.2.7 . 80 : accept`.
    pub fn text(&self) -> String {
        let key = self.key.as_ref().map_or_else(|| "*".to_owned(), Key::text);
        match self.value.text() {
            value if value.is_empty() => key,
            value => format!("{key} : {value}"),
        }
    }

    /// Whether the kernel can take it.
    ///
    /// # Errors
    /// What is wrong with the key (an interface's name that is too long, a beginning of names where single ones are
    /// wanted) or with the value (a chain's or an object's name that the kernel does not take); otherwise what was kept while
    /// the entry was made, such as a comment that is too long.
    #[inline]
    pub fn check(&self) -> Result<(), Invalid> {
        if let Some(key) = &self.key {
            key.check()?;
        }
        self.value.check()?;
        self.problem().map_or(Ok(()), |problem| Err(problem.clone()))
    }
}

/// What can be put into a typed set: a key, or an [`Entry`]; into a map: a pair of key and value, or an entry.
pub trait IntoEntry<K, V> {
    /// As an entry.
    fn into_entry(self) -> Entry<K, V>;
}

impl<K: Key> IntoEntry<K, ()> for K {
    #[inline]
    fn into_entry(self) -> Entry<K> {
        Entry::new(self)
    }
}

impl<K: Key> IntoEntry<K, ()> for &K {
    #[inline]
    fn into_entry(self) -> Entry<K> {
        Entry::new(self.clone())
    }
}

impl<K: Key, V: MapValue> IntoEntry<K, V> for (K, V) {
    #[inline]
    fn into_entry(self) -> Entry<K, V> {
        Entry::mapping(self.0, self.1)
    }
}

impl<K: Key, V: MapValue> IntoEntry<K, V> for &(K, V) {
    #[inline]
    fn into_entry(self) -> Entry<K, V> {
        Entry::mapping(self.0.clone(), self.1.clone())
    }
}

impl<K: Key, V: MapValue> IntoEntry<K, V> for Entry<K, V> {
    #[inline]
    fn into_entry(self) -> Self {
        self
    }
}

impl<K: Key, V: MapValue> IntoEntry<K, V> for &Entry<K, V> {
    #[inline]
    fn into_entry(self) -> Entry<K, V> {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family, Port, Transaction,
        set::{Interval, SetOf},
    };

    #[test]
    fn a_timeout_is_refused_where_the_set_has_none() {
        let hour = Duration::from_secs(3600);
        let text = "element 1 (22): set \"s\" is declared without timeouts: add with_timeouts() or \
                    timeout(..) to it";
        let entries = || [Entry::new(Port(21)), Entry::new(Port(22)).timeout(hour)];
        let set = SetOf::<Port>::new("s");
        assert_eq!(set.contents(entries()).unwrap_err().to_string(), text);
        let mut transaction = Transaction::new();
        transaction.entries((Family::Inet, "t"), &set).add(entries());
        assert!(transaction.problems()[0].to_string().contains(text), "{}", transaction.problems()[0]);
        let runs = SetOf::<Interval<Port>>::new("s");
        let run = [Entry::new(Interval::from(Port(22))).timeout(hour)];
        assert!(runs.contents(run.clone()).unwrap_err().to_string().contains("without timeouts"));
        for able in [runs.clone().with_timeouts(), runs.timeout(hour)] {
            assert!(able.contents(run.clone()).is_ok());
        }
    }
}
