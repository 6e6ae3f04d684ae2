//! Changing a set from a rule: nft's `add @blocked { ip saddr timeout 1h }`, iptables' `-j SET` and `-m recent`.

use std::time::Duration;

use super::{Quota, set_change::Change};
use crate::{
    Invalid, Rule,
    expr::{Connlimit, ConnlimitFlags, Counter, Data, DynsetOp, Expr},
    language::{
        matches::Rate,
        select::{Keyed, Known, Mapping, Select, Selector, Used, UsedSet},
    },
    object::{ElementData, Set, SetFlags},
    set::MapValue,
};

/// What a rule does with a set for each packet: adds an element, adds it or starts its time anew, or deletes it.
///
/// The element's key is made of fields of the packet. It can have a timeout, and do something for each packet that
/// comes to it: with a limit, a quota or a limit of connections, the rule goes on only for packets that these let
/// pass, so that each key has its own (nft's meters, iptables' `hashlimit` and `connlimit`).
///
/// ```
/// use std::{net::Ipv4Addr, time::Duration};
///
/// use portcullis::{CtState, Rule, language::targets::ChangeSet, select::Saddr, set::SetOf};
/// use portcullis::language::matches::Rate;
///
/// // More than ten new connections a minute from one source: no more for an hour.
/// let meter = SetOf::<Ipv4Addr>::new("meter").dynamic().timeout(Duration::from_secs(120)).capacity(65_536);
/// let blocked = SetOf::<Ipv4Addr>::new("blocked").dynamic().with_timeouts().capacity(65_536);
/// Rule::new()
///     .tcp()
///     .dport(22)
///     .ct_state(CtState::NEW)
///     .change_set(ChangeSet::update(Saddr, &meter).limit(Rate::per_minute(10).over()))
///     .change_set(ChangeSet::update(Saddr, &blocked).timeout(Duration::from_secs(3600)))
///     .drop();
/// ```
///
/// Port knocking: who comes to three ports in order, each within ten seconds of the one before, may come in for an
/// hour. Whoever comes to another one in between begins anew.
///
/// ```
/// use std::{net::Ipv4Addr, time::Duration};
///
/// use portcullis::{Chain, Hook, Rule, Table, language::targets::ChangeSet, select::Saddr, set::SetOf};
///
/// let stage = |name: &str, seconds| {
///     let set = SetOf::<Ipv4Addr>::new(name).dynamic().capacity(65_536);
///     set.timeout(Duration::from_secs(seconds))
/// };
/// let (once, twice, welcome) = (stage("once", 10), stage("twice", 10), stage("welcome", 3600));
/// let at = |port: u16| Rule::new().udp().dport(port);
/// let input = Chain::filter("input", Hook::Input).rules([
///     at(7001).change_set(ChangeSet::update(Saddr, &once)).drop(),
///     at(8002).in_set(Saddr, &once).change_set(ChangeSet::update(Saddr, &twice)).drop(),
///     at(9003).in_set(Saddr, &twice).change_set(ChangeSet::update(Saddr, &welcome)).drop(),
///     // Any other: neither of the first two counts any longer. (A rule ends where there is nothing to delete.)
///     Rule::new().udp().dport(7000..=9999).delete_from_set(Saddr, &once),
///     Rule::new().udp().dport(7000..=9999).delete_from_set(Saddr, &twice),
///     Rule::new().tcp().dport(22).not_in_set(Saddr, &welcome).drop(),
/// ]);
/// let sets = [once, twice, welcome];
/// let table = sets.into_iter().fold(Table::inet("edge"), |table, set| table.set(set.into()));
/// # let mut transaction = portcullis::Transaction::new();
/// # transaction.add_table(table.clone().chain(input.clone()));
/// # assert!(transaction.problems().is_empty(), "{:?}", transaction.problems());
/// let table = table.chain(input);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ChangeSet(pub Box<Change>);

impl Rule {
    /// Changes a set or a map, with all that [`ChangeSet`] can say.
    #[doc(alias = "dynset")]
    #[doc(alias = "meter")]
    #[doc(alias = "hashlimit")]
    #[doc(alias = "recent")]
    #[must_use]
    pub fn change_set(self, change: ChangeSet) -> Self {
        self.say(change)
    }

    /// Adds an element to a set, if it is not there; then the rule goes on.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Rule, select::Saddr, set::SetOf};
    ///
    /// let seen = SetOf::<Ipv4Addr>::new("seen").dynamic().capacity(10_000);
    /// Rule::new().tcp().dport(7777).add_to_set(Saddr, &seen).drop();
    /// ```
    #[must_use]
    pub fn add_to_set<F>(self, key: impl Select<F>, set: impl Keyed<F>) -> Self {
        self.word(|| ChangeSet::add(key, set))
    }

    /// Deletes an element from a set; then the rule goes on. Where there is none, the rule ends.
    #[must_use]
    pub fn delete_from_set<F>(self, key: impl Select<F>, set: impl Keyed<F>) -> Self {
        self.word(|| ChangeSet::delete(key, set))
    }
}

impl ChangeSet {
    /// Adds an element to a set, if it is not there.
    pub fn add<F>(key: impl Select<F>, set: impl Keyed<F>) -> Self {
        Self::of_set(DynsetOp::Add, key.selectors(), set.used())
    }

    /// Adds an element to a set, or starts its time anew. The set needs timeouts.
    pub fn update<F>(key: impl Select<F>, set: impl Keyed<F>) -> Self {
        Self::of_set(DynsetOp::Update, key.selectors(), set.used())
    }

    /// Deletes an element from a set.
    pub fn delete<F>(key: impl Select<F>, set: impl Keyed<F>) -> Self {
        Self::of_set(DynsetOp::Delete, key.selectors(), set.used())
    }

    /// Adds an element to a map that leads to what other fields of the packet carry, if it is not there.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Mark, Rule, language::targets::ChangeSet, select, set::MapOf};
    ///
    /// let marks = MapOf::<Ipv4Addr, Mark>::new("marks").dynamic().capacity(10_000);
    /// Rule::new().change_set(ChangeSet::add_mapping(select::Saddr, select::Mark, &marks));
    /// Rule::new().change_set(ChangeSet::add_value(select::Saddr, Mark(7), &marks));
    /// ```
    pub fn add_mapping<F, V: MapValue>(
        key: impl Select<F>,
        value: impl Select<V>,
        map: impl Mapping<F, V>,
    ) -> Self {
        let value = SetValue::Fields(value.selectors());
        Self::of_map::<V>(DynsetOp::Add, key.selectors(), value, map.used())
    }

    /// The same, but starts the time of an element anew that is there. The map needs timeouts.
    pub fn update_mapping<F, V: MapValue>(
        key: impl Select<F>,
        value: impl Select<V>,
        map: impl Mapping<F, V>,
    ) -> Self {
        let value = SetValue::Fields(value.selectors());
        Self::of_map::<V>(DynsetOp::Update, key.selectors(), value, map.used())
    }

    /// Adds an element to a map that leads to this value, if it is not there.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Rule, language::targets::ChangeSet, select::{Saddr, mapped}};
    /// use portcullis::set::{Interval, MapOf};
    ///
    /// // Who knocks at port 1000 is led to one of four backends from then on.
    /// let homes = MapOf::<Ipv4Addr, Interval<Ipv4Addr>>::new("homes").dynamic().capacity(10_000);
    /// let backends = Interval::new(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 4));
    /// Rule::new().udp().dport(1000).change_set(ChangeSet::add_value(Saddr, backends, &homes)).drop();
    /// Rule::new().dnat_by(mapped(Saddr, &homes).persistent());
    /// ```
    pub fn add_value<F, V: MapValue>(key: impl Select<F>, value: V, map: impl Mapping<F, V>) -> Self {
        Self::of_map::<V>(DynsetOp::Add, key.selectors(), SetValue::of(value), map.used())
    }

    /// The same, but starts the time of an element anew that is there. The map needs timeouts.
    pub fn update_value<F, V: MapValue>(key: impl Select<F>, value: V, map: impl Mapping<F, V>) -> Self {
        Self::of_map::<V>(DynsetOp::Update, key.selectors(), SetValue::of(value), map.used())
    }

    /// How long a new element stays, in whole milliseconds; the set's timeout if unsaid. The set needs timeouts.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = Some(timeout);
        self
    }

    /// The element lets so many packets pass, or with [`Rate::over`] those beyond.
    #[must_use]
    pub fn limit(mut self, rate: Rate) -> Self {
        match rate.expression() {
            Ok(limit) => self.expression(limit),
            Err(problem) => {
                self.0.problem.get_or_insert(problem);
                self
            }
        }
    }

    /// The element counts its packets and bytes.
    #[must_use]
    pub fn counter(self) -> Self {
        self.expression(Counter::new().bytes(0u64).packets(0u64))
    }

    /// The element lets so many bytes pass, or with [`Quota::over`] those beyond.
    #[must_use]
    pub fn quota(mut self, quota: Quota) -> Self {
        match quota.expression() {
            Ok(quota) => self.expression(quota),
            Err(problem) => {
                self.0.problem.get_or_insert(problem);
                self
            }
        }
    }

    /// The element lets packets pass while at most so many of its connections exist. Use [`ChangeSet::add`]: the
    /// kernel knows which connections have ended.
    #[must_use]
    pub fn connlimit(self, count: u32) -> Self {
        self.expression(Connlimit::new(count).flags(ConnlimitFlags::empty()))
    }

    /// The element lets packets pass while more than so many of its connections exist.
    #[must_use]
    pub fn connlimit_over(self, count: u32) -> Self {
        self.expression(Connlimit::new(count).flags(ConnlimitFlags::INV))
    }

    /// One more thing that the element does for each packet. The kernel takes two.
    #[must_use]
    pub fn expression(mut self, expression: impl Into<Expr>) -> Self {
        self.0.expressions.push(expression.into());
        self
    }

    fn of_set(op: DynsetOp, key: Vec<Selector>, used: Used) -> Self {
        Self::new(op, key, None, used, None)
    }

    fn of_map<V: MapValue>(op: DynsetOp, key: Vec<Selector>, value: SetValue, used: Used) -> Self {
        let data = V::describe(Set::new("", crate::DataType::MARK)).data;
        Self::new(op, key, Some(value), used, data)
    }

    fn new(
        op: DynsetOp,
        key: Vec<Selector>,
        value: Option<SetValue>,
        used: Used,
        data: Option<crate::object::MapData>,
    ) -> Self {
        let mut problem = used.problem(&key, data);
        let (set, flags) = match used {
            Used { set: UsedSet::Named { name, .. }, known } => {
                (name, known.map(|Known { flags, .. }| flags))
            }
            Used { set: UsedSet::Own(_), .. } => {
                let text = "a list that belongs to a rule does not change; declare a set and name it";
                problem.get_or_insert(Invalid::Combination { problem: text.to_owned() });
                (String::new(), None)
            }
        };
        let change = Change { op, set, key, value, timeout: None, expressions: Vec::new(), flags, problem };
        Self(Box::new(change))
    }
}

/// What a key of a map is to lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum SetValue {
    /// What the packet carries.
    Fields(Vec<Selector>),
    /// Always the same: the parts of the value, as registers hold them.
    Constant(Vec<Data>),
}

impl SetValue {
    fn of<V: MapValue>(value: V) -> Self {
        let element = crate::select::own_element(value);
        let Some(ElementData::Value(data)) = element else { return Self::Constant(Vec::new()) };
        let mut rest = data.as_bytes();
        let ends = if V::RUNS { 2 } else { 1 };
        let parts = V::PARTS.iter().cycle().take(V::PARTS.len() * ends).map(|part| {
            let bytes = rest.get(..part.len).unwrap_or_default();
            rest = rest.get(part.padded()..).unwrap_or_default();
            Data::new(bytes)
        });
        Self::Constant(parts.collect())
    }
}

/// Whether a set with these flags can take a change.
pub(super) fn check_flags(change: &Change, flags: SetFlags) -> Result<(), Invalid> {
    let lacks = |what: &'static str, flag: &'static str, hint: &'static str| Invalid::SetCannot {
        set: change.set.clone(),
        what,
        flag,
        hint,
    };
    if flags.contains(SetFlags::INTERVAL) {
        return Err(lacks("change from a rule", "no intervals", "keys of single values"));
    }
    if flags.contains(SetFlags::CONSTANT) {
        return Err(lacks("change from a rule", "no constant", "SetOf::dynamic in the place of constant"));
    }
    let timeouts = flags.contains(SetFlags::TIMEOUT);
    if !timeouts && change.timeout.is_some() {
        return Err(lacks(
            "take elements with a timeout",
            "timeout",
            "SetOf::with_timeouts or SetOf::timeout",
        ));
    }
    if !timeouts && change.op == DynsetOp::Update {
        return Err(lacks(
            "start an element's time anew",
            "timeout",
            "SetOf::with_timeouts or SetOf::timeout",
        ));
    }
    if !flags.contains(SetFlags::EVAL) && (!timeouts || !change.expressions.is_empty()) {
        return Err(lacks("change from a rule", "dynamic", "SetOf::dynamic"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{
        Family, Mark, Port,
        language::targets::golden::refusal,
        select::{self, Dport, Saddr},
        set::{MapOf, SetOf},
    };

    fn set() -> SetOf<Ipv4Addr> {
        SetOf::new("s")
    }

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden;

        const LOAD: &str = "payload load 4b @ network header + 12 => reg 1";
        let set = set().dynamic().with_timeouts();
        let is = |change, expected: &[&str]| {
            golden(Family::Ip, &Rule::new().change_set(change), &[&[LOAD], expected].concat());
        };
        // add @s { ip saddr timeout 1h }
        let hour = Duration::from_secs(3600);
        is(ChangeSet::add(Saddr, &set).timeout(hour), &["dynset add reg_key 1 set s timeout 3600000ms"]);
        // update @s { ip saddr limit rate over 10/minute burst 5 packets }
        is(
            ChangeSet::update(Saddr, &set).limit(Rate::per_minute(10).over()),
            &["dynset update reg_key 1 set s expr [ limit rate 10/minute burst 5 type packets flags 0x1 ]"],
        );
        // add @s { ip saddr quota over 100 bytes counter }
        is(
            ChangeSet::add(Saddr, &set).quota(Quota::over(100)).counter(),
            &["dynset add reg_key 1 set s expr [ quota bytes 100 consumed 0 flags 1 ] \
                 expr [ counter pkts 0 bytes 0 ]"],
        );
        // add @m { ip saddr : meta mark }; add @m { ip saddr : 0x5 }
        let map = MapOf::<Ipv4Addr, Mark>::new("m").dynamic();
        is(
            ChangeSet::add_mapping(Saddr, select::Mark, &map),
            &["meta load mark => reg 2", "dynset add reg_key 1 set m sreg_data 2"],
        );
        is(
            ChangeSet::add_value(Saddr, Mark(5), &map),
            &["immediate reg 2 0x00000005", "dynset add reg_key 1 set m sreg_data 2"],
        );
    }

    /// nft 1.0.6 has no sentence for a run as value: its first end goes before its last, as elements have them.
    #[test]
    fn runs_are_put_into_maps_whole() {
        use crate::{language::targets::golden::golden, set::Interval};

        const LOAD: &str = "payload load 4b @ network header + 12 => reg 1";
        let v4 = |last| Ipv4Addr::new(10, 0, 0, last);
        let run = Interval::new(v4(1), v4(4));
        let map = MapOf::<Ipv4Addr, Interval<Ipv4Addr>>::new("m").dynamic().with_timeouts();
        let ends = ["immediate reg 2 0x0100000a", "immediate reg 13 0x0400000a"];
        for (op, change) in [
            ("add", ChangeSet::add_value(Saddr, run, &map)),
            ("update", ChangeSet::update_value(Saddr, run, &map)),
        ] {
            let dynset = format!("dynset {op} reg_key 1 set m sreg_data 2");
            golden(
                Family::Ip,
                &Rule::new().change_set(change),
                &[&[LOAD], &ends[..], &[dynset.as_str()]].concat(),
            );
        }
        let map = MapOf::<Ipv4Addr, (Interval<Ipv4Addr>, Interval<Port>)>::new("m").dynamic();
        let value = (run, Interval::new(Port(80), Port(81)));
        golden(
            Family::Ip,
            &Rule::new().change_set(ChangeSet::add_value(Saddr, value, &map)),
            &[
                LOAD,
                "immediate reg 2 0x0100000a",
                "immediate reg 13 0x00005000",
                "immediate reg 14 0x0400000a",
                "immediate reg 15 0x00005100",
                "dynset add reg_key 1 set m sreg_data 2",
            ],
        );
        let map = MapOf::<Ipv4Addr, Interval<std::net::Ipv6Addr>>::new("m").dynamic();
        let v6 = |last| std::net::Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last);
        golden(
            Family::Ip,
            &Rule::new().change_set(ChangeSet::add_value(Saddr, Interval::new(v6(1), v6(4)), &map)),
            &[
                LOAD,
                "immediate reg 2 0x000000fd 0x00000000 0x00000000 0x01000000",
                "immediate reg 3 0x000000fd 0x00000000 0x00000000 0x04000000",
                "dynset add reg_key 1 set m sreg_data 2",
            ],
        );
    }

    #[test]
    fn a_value_must_fit_behind_its_key() {
        type Long = (std::net::Ipv6Addr, std::net::Ipv6Addr, Port);
        let localhost = std::net::Ipv6Addr::LOCALHOST;
        let text = |change| refusal(Family::Ip6, &Rule::new().tcp().change_set(change));
        let map = MapOf::<Long, (Port, std::net::Ipv6Addr)>::new("m").dynamic();
        let change = ChangeSet::add_value((Saddr, select::Daddr, Dport), (Port(1), localhost), &map);
        assert!(text(change).contains("longer than the kernel's registers, 64 bytes"));
    }

    /// nft 1.0.6 has no bytecode for a longer key with a value (it crashes): the value goes behind the key.
    #[test]
    fn a_long_key_does_not_lie_where_its_value_goes() {
        use crate::{language::targets::golden::golden, select::Saddr};

        let map = MapOf::<(std::net::Ipv6Addr, Port), Mark>::new("m").dynamic();
        golden(
            Family::Ip6,
            &Rule::new().tcp().change_set(ChangeSet::add_mapping((Saddr, Dport), select::Mark, &map)),
            &[
                "meta load l4proto => reg 1",
                "cmp eq reg 1 0x00000006",
                "payload load 16b @ network header + 8 => reg 1",
                "payload load 2b @ transport header + 2 => reg 2",
                "meta load mark => reg 3",
                "dynset add reg_key 1 set m sreg_data 3",
            ],
        );
    }

    #[test]
    fn a_set_must_be_declared_for_it() {
        let text = |change| refusal(Family::Ip, &Rule::new().change_set(change));
        assert_eq!(
            text(ChangeSet::add(Saddr, &set())),
            "set \"s\" cannot change from a rule: that needs dynamic; declare it with SetOf::dynamic"
        );
        let dynamic = set().dynamic();
        assert_eq!(
            text(ChangeSet::add(Saddr, &dynamic).timeout(Duration::from_secs(1))),
            "set \"s\" cannot take elements with a timeout: that needs timeout; \
             declare it with SetOf::with_timeouts or SetOf::timeout"
        );
        assert!(text(ChangeSet::update(Saddr, &dynamic)).contains("start an element's time anew"));
        // Sets with timeouts can be changed without the flag, but their elements do nothing then.
        let timed = set().with_timeouts();
        let plain = Rule::new().change_set(ChangeSet::update(Saddr, &timed));
        assert_eq!(plain.check(Family::Ip), Ok(()));
        assert!(text(ChangeSet::update(Saddr, &timed).counter()).contains("needs dynamic"));
        assert!(text(ChangeSet::add(Saddr, &set().constant())).contains("no constant"));
        let runs = SetOf::<ipnet::Ipv4Net>::new("s").dynamic();
        assert!(text(ChangeSet::add(Saddr, &runs)).contains("no intervals"));
    }

    #[test]
    fn what_the_kernel_cannot_do_is_refused() {
        let text = |change| refusal(Family::Ip, &Rule::new().change_set(change));
        let three = ChangeSet::add(Saddr, &set().dynamic()).counter().connlimit(1).connlimit_over(2);
        assert!(text(three).contains("3; possible: 0 to 2"));
        let own = ChangeSet::add(Saddr, [Ipv4Addr::LOCALHOST]);
        assert!(text(own).contains("declare a set and name it"));
        let none = ChangeSet::add(Saddr, &set().dynamic()).limit(Rate::per_minute(0));
        assert!(text(none).contains("a rate is 0"));
    }
}
