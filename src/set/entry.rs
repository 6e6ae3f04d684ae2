//! One element of a typed set or map.

use std::time::Duration;

use super::{Key, MapValue};
use crate::{
    Invalid, Quota, Rate,
    expr::{Connlimit, ConnlimitFlags, Counter, Expr},
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

impl<V: MapValue> Entry<(), V> {
    /// Whether the same belongs to another key.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.value.is_same(&other.value) && self.extras == other.extras
    }
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

    /// One more thing that it does for the packets that it matches: see [`Entry::counter`], [`Entry::limit`] and
    /// [`Entry::quota`]. Several need kernel 5.11, and a set that says the same ([`SetOf::expression`](super::SetOf::expression)).
    #[must_use]
    pub fn expression(mut self, expression: impl Into<Expr>) -> Self {
        self.rare().expressions.push(expression.into());
        self
    }

    /// It counts its packets and bytes.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Quota, Rate, set::{Entry, SetOf}};
    ///
    /// // What each customer may use up, and how fast.
    /// let customer = |last| Entry::new(Ipv4Addr::new(10, 0, 0, last));
    /// let customers = SetOf::<Ipv4Addr>::new("customers");
    /// let set = customers.with([
    ///     customer(1).quota(Quota::until(50_000_000_000)),
    ///     customer(2).limit(Rate::bytes_per_second(1_000_000)),
    ///     customer(3).counter(),
    /// ]);
    /// # assert!(set.check().is_ok());
    /// ```
    #[must_use]
    pub fn counter(self) -> Self {
        self.expression(Counter::new().bytes(0u64).packets(0u64))
    }

    /// It matches so many packets, or with [`Rate::over`] those beyond.
    #[must_use]
    pub fn limit(self, rate: Rate) -> Self {
        self.checked(rate.expression())
    }

    /// It matches until so many bytes have come, or with [`Quota::over`] from then on.
    #[must_use]
    pub fn quota(self, quota: Quota) -> Self {
        self.checked(quota.expression())
    }

    /// It matches while at most so many of its connections exist. Not in sets with timeouts, nor of keys of two
    /// bytes and less, such as ports.
    ///
    /// A rule must make the kernel track connections, as `ct_state` does: what a set says alone was seen not to (Linux
    /// 6.18), and then connections are forgotten at once.
    #[must_use]
    pub fn connlimit(self, count: u32) -> Self {
        self.expression(Connlimit::until(count).flags(ConnlimitFlags::empty()))
    }

    /// It matches while more than so many of its connections exist. See [`Entry::connlimit`].
    #[must_use]
    pub fn connlimit_over(self, count: u32) -> Self {
        self.expression(Connlimit::over(count))
    }

    fn checked(mut self, expression: Result<impl Into<Expr>, Invalid>) -> Self {
        match expression {
            Ok(expression) => self.expression(expression),
            Err(problem) => {
                self.rare().problem.get_or_insert(problem);
                self
            }
        }
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
    fn what_it_does_is_what_rules_say() {
        use crate::expr::{Limit, LimitFlags, LimitUnit, QuotaFlags};

        let entry = || Entry::new(Port(1));
        let does = |entry: Entry<Port>| entry.expressions().to_vec();
        let quota = |flags| Expr::from(crate::expr::Quota::new(9u64).consumed(0u64).flags(flags));
        let limit = Limit::packets(3, LimitUnit::Hour).burst(2u32).flags(LimitFlags::INV);
        assert_eq!(does(entry().counter()), [Counter::new().packets(0u64).bytes(0u64).into()]);
        assert_eq!(does(entry().limit(Rate::per_hour(3).burst(2).over())), [limit.into()]);
        assert_eq!(does(entry().quota(Quota::until(9))), [quota(QuotaFlags::empty())]);
        assert_eq!(does(entry().quota(Quota::over(9))), [quota(QuotaFlags::INV)]);
        assert_eq!(does(entry().connlimit(3)), [Connlimit::new(3u32).flags(ConnlimitFlags::empty()).into()]);
        assert_eq!(does(entry().connlimit_over(3)), [Connlimit::over(3).into()]);
        let set = SetOf::<Port>::new("s");
        let all = [
            (set.clone().counter(), entry().counter()),
            (set.clone().limit(Rate::per_hour(3)), entry().limit(Rate::per_hour(3))),
            (set.clone().quota(Quota::over(9)), entry().quota(Quota::over(9))),
            (set.clone().connlimit(3), entry().connlimit(3)),
            (set.clone().connlimit_over(3), entry().connlimit_over(3)),
        ];
        for (set, entry) in all {
            assert_eq!(set.as_set().expressions, entry.expressions());
        }
    }

    #[test]
    fn what_it_cannot_do_is_said() {
        let set = SetOf::<Port>::new("s");
        let text = |entry: Entry<Port>| set.contents([entry]).unwrap_err().to_string();
        let never = "element 0 (1): a rate is 0; possible: 1 and more (to let nothing pass, drop)";
        assert_eq!(text(Entry::new(Port(1)).limit(Rate::per_hour(0))), never);
        let used = "element 0 (1): a quota's use is 2; possible: 0 to 1, the quota";
        assert_eq!(text(Entry::new(Port(1)).quota(Quota::over(1).used(2))), used);
        let refused = |set: SetOf<Port>| set.as_set().check().unwrap_err().to_string();
        assert!(refused(set.clone().limit(Rate::per_hour(0))).contains("a rate is 0"));
        assert!(refused(set.clone().quota(Quota::over(1).used(2))).contains("a quota's use is 2"));
    }

    /// Texts of the kernel have sixteen bytes, with the one that ends them.
    #[test]
    fn names_that_are_too_long_are_refused() {
        use crate::{InterfaceName, language::matches::HelperName};

        let long = "sixteen-bytes-ok";
        let interfaces = SetOf::<InterfaceName>::new("s");
        let text = "element 1 (\"sixteen-bytes-ok\"): interface name \"sixteen-bytes-ok\" is 16 bytes long; the kernel \
                    takes at most 15";
        let names = || ["fifteen-bytes-o", long].map(InterfaceName::exact);
        assert_eq!(interfaces.contents(names()).unwrap_err().to_string(), text);
        let runs = SetOf::<Interval<InterfaceName>>::new("s");
        let beginning = Interval::from(InterfaceName::prefix(long));
        assert!(runs.contents([beginning]).unwrap_err().to_string().contains("16 bytes long"));
        let pairs = SetOf::<(InterfaceName, Port)>::new("s");
        let pair = (InterfaceName::exact(long), Port(1));
        assert!(pairs.contents([pair]).unwrap_err().to_string().contains("16 bytes long"));
        let map = crate::set::MapOf::<Port, InterfaceName>::new("m");
        let mapping = (Port(1), InterfaceName::exact(long));
        assert!(map.contents([mapping]).unwrap_err().to_string().contains("16 bytes long"));
        let helpers = SetOf::<HelperName>::new("s");
        let text = "element 0 (\"sixteen-bytes-ok\"): the name of helper \"sixteen-bytes-ok\" is 16 bytes long; the \
                    kernel takes at most 15";
        assert_eq!(helpers.contents([HelperName(long.into())]).unwrap_err().to_string(), text);
    }

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
