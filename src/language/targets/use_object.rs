//! Stateful objects of the table, used by a rule: by name, or found in a map: nft's `counter name "web"`,
//! `quota name ip saddr map @quotas`, `ct helper set "ftp"`.

use crate::{
    Invalid, Rule,
    expr::{Expr, ObjectChoice, ObjectKind, Objref, Register},
    language::{
        Lift, Lifting, Lower, Lowering,
        select::{Lookup, Mapped},
    },
    object::check_name,
    set::{
        ConnlimitName, CounterName, CtExpectName, CtHelperName, CtTimeoutName, LimitName, QuotaName,
        SynproxyName, TunnelName,
    },
};

/// Uses an object: counts by its counter, goes on while its quota or limit lets the packet pass, gives the connection
/// its helper, its timeouts, its expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct UseObject {
    /// What kind of object.
    pub kind: ObjectKind,
    /// Which.
    pub object: ObjectName,
}

/// How a rule finds an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum ObjectName {
    /// By its name.
    Named(String),
    /// In a map. Packets for which it holds none leave the rule.
    By(Box<Lookup>),
}

/// An object, by name or by map: what words that use objects take. `N` is the type of its name, such as
/// [`CounterName`].
pub trait ObjectSource<N> {
    /// By name, or by map; and what is wrong with it.
    fn source(self) -> (ObjectName, Option<Invalid>);
}

impl<N> ObjectSource<N> for &str {
    fn source(self) -> (ObjectName, Option<Invalid>) {
        (ObjectName::Named(self.to_owned()), None)
    }
}

impl<N> ObjectSource<N> for &String {
    fn source(self) -> (ObjectName, Option<Invalid>) {
        (ObjectName::Named(self.clone()), None)
    }
}

impl<N> ObjectSource<N> for String {
    fn source(self) -> (ObjectName, Option<Invalid>) {
        (ObjectName::Named(self), None)
    }
}

impl<N> ObjectSource<N> for Mapped<N> {
    fn source(self) -> (ObjectName, Option<Invalid>) {
        (ObjectName::By(Box::new(self.lookup)), self.problem)
    }
}

impl Rule {
    /// Counts by a counter of the table, by name or by map.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Rule, select::{Saddr, mapped}, set::{CounterName, MapOf}};
    ///
    /// let customers = MapOf::<Ipv4Addr, CounterName>::new("customers");
    /// Rule::new().tcp().dport(80).use_counter("web");
    /// Rule::new().use_counter(mapped(Saddr, &customers));
    /// ```
    #[must_use]
    pub fn use_counter(self, counter: impl ObjectSource<CounterName>) -> Self {
        self.use_object(ObjectKind::Counter, counter)
    }

    /// Only as a quota of the table says. What other rules use up counts, too.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// // quota month { over 100 gbytes }
    /// Rule::new().oif("lte0").use_quota("month").drop();
    /// ```
    #[must_use]
    pub fn use_quota(self, quota: impl ObjectSource<QuotaName>) -> Self {
        self.use_object(ObjectKind::Quota, quota)
    }

    /// Only as a limit of the table says, which all rules share that use it.
    #[must_use]
    pub fn use_limit(self, limit: impl ObjectSource<LimitName>) -> Self {
        self.use_object(ObjectKind::Limit, limit)
    }

    /// Only as a limit of connections of the table says. The connections of all rules that use it count together:
    /// for a limit of each source, see [`ChangeSet::connlimit`](super::ChangeSet::connlimit).
    ///
    /// ```
    /// use portcullis::{CtState, Rule, Table, expr::Connlimit, object::Object};
    ///
    /// // Web and mail share a hundred connections.
    /// let table = Table::inet("edge").object(Object::new("crowd", Connlimit::over(100)));
    /// Rule::new().tcp().dport([80, 25]).ct_state(CtState::NEW).use_connlimit("crowd").drop();
    /// ```
    #[doc(alias = "ct count")]
    #[must_use]
    pub fn use_connlimit(self, connlimit: impl ObjectSource<ConnlimitName>) -> Self {
        self.use_object(ObjectKind::Connlimit, connlimit)
    }

    /// Gives the packet the metadata of a tunnel of the table: a tunnel device that waits for it (`external`) wraps
    /// it so. In chains of the family `netdev`; the device must be the packet's way out, so this is said where the
    /// packet leaves by it ([`Hook::Egress`](crate::Hook::Egress)), or before it is sent on
    /// ([`Fwd`](crate::expr::Fwd)).
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Rule, select::{Daddr, mapped}, set::TunnelName};
    ///
    /// Rule::new().use_tunnel("site");
    /// let [east, west] = [10, 20].map(|site| Ipv4Addr::new(10, 1, site, 1));
    /// let sites = [(east, TunnelName::from("east")), (west, TunnelName::from("west"))];
    /// Rule::new().use_tunnel(mapped(Daddr, sites));
    /// ```
    #[must_use]
    pub fn use_tunnel(self, tunnel: impl ObjectSource<TunnelName>) -> Self {
        self.use_object(ObjectKind::Tunnel, tunnel)
    }

    /// Gives the connection a helper of the table: iptables' `-j CT --helper`.
    #[must_use]
    pub fn use_ct_helper(self, helper: impl ObjectSource<CtHelperName>) -> Self {
        self.use_object(ObjectKind::CtHelper, helper)
    }

    /// Gives the connection a timeout policy of the table: iptables' `-j CT --timeout`.
    #[must_use]
    pub fn use_ct_timeout(self, timeout: impl ObjectSource<CtTimeoutName>) -> Self {
        self.use_object(ObjectKind::CtTimeout, timeout)
    }

    /// Expects another connection, as an expectation of the table says.
    #[must_use]
    pub fn use_ct_expectation(self, expectation: impl ObjectSource<CtExpectName>) -> Self {
        self.use_object(ObjectKind::CtExpect, expectation)
    }

    /// Answers in the server's place, as a synproxy of the table says. See [`Rule::synproxy`].
    #[must_use]
    pub fn use_synproxy(self, synproxy: impl ObjectSource<SynproxyName>) -> Self {
        self.use_object(ObjectKind::Synproxy, synproxy)
    }

    fn use_object<N>(mut self, kind: ObjectKind, object: impl ObjectSource<N>) -> Self {
        let (object, problem) = object.source();
        self.note(problem);
        self.word(|| UseObject { kind, object })
    }
}

impl Lower for UseObject {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        match &self.object {
            ObjectName::Named(name) => {
                check_name("object", name)?;
                to.push(Objref::named(self.kind, name.clone()));
            }
            ObjectName::By(lookup) => {
                to.load_map_key(&lookup.key, lookup.map.runs())?;
                let (name, id) = to.take_set(&lookup.map)?;
                let mut reference = Objref::map(Register::R1, name);
                if let ObjectChoice::Map { set_id, .. } = &mut reference.object {
                    *set_id = id;
                }
                to.push(reference);
            }
        }
        Ok(())
    }
}

impl Lift for UseObject {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        if let [Expr::Objref(Objref { object: ObjectChoice::Named { kind, name }, .. }), ..] =
            from.expressions()
        {
            // That has a word of its own.
            let own = *kind == ObjectKind::SecMark;
            return (!own).then(|| Self { kind: *kind, object: ObjectName::Named(name.clone()) });
        }
        let (key, runs, rest) = from.map_key()?;
        let [Expr::Objref(Objref { object: ObjectChoice::Map { set, set_id, .. }, .. }), ..] = rest else {
            return None;
        };
        let map = from.used_set(set, *set_id, runs)?;
        // A reference does not say the kind of what a map of the table holds, and is the same for every kind: where
        // the map is not known, the kind is a guess.
        let kind = map.object_kind().or_else(|| from.object_kind(set)).unwrap_or(ObjectKind::Counter);
        Some(Self { kind, object: ObjectName::By(Box::new(Lookup { key, map })) })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{
        Family, Port,
        language::targets::golden::{golden, golden_everywhere},
        object::MapData,
        select::{Dport, Saddr, mapped},
        set::MapOf,
    };

    /// What a rule's own map leads to is the kind that the word is for; of a map of the table the compiler says so.
    #[test]
    fn own_maps_are_of_the_words_kind() {
        let kinds = |rule: Rule| {
            let sets = rule.lower(Family::Ip).unwrap().sets;
            sets.into_iter().map(|set| set.data).collect::<Vec<_>>()
        };
        let own = |kind| vec![Some(MapData::Object(kind))];
        let local = Ipv4Addr::LOCALHOST;
        let connlimit = mapped(Saddr, [(local, ConnlimitName::from("x"))]);
        assert_eq!(kinds(Rule::new().use_connlimit(connlimit)), own(ObjectKind::Connlimit));
        let tunnel = mapped(Saddr, [(local, TunnelName::from("x"))]);
        assert_eq!(kinds(Rule::new().use_tunnel(tunnel)), own(ObjectKind::Tunnel));
    }

    #[test]
    fn as_nft_says_it() {
        // counter name "x", quota name "x", limit name "x", ct helper set "x" … (nft 1.0.6 has no words for 5 and 6)
        for (rule, number) in [
            (Rule::new().use_counter("x"), 1),
            (Rule::new().use_quota("x"), 2),
            (Rule::new().use_ct_helper("x"), 3),
            (Rule::new().use_limit("x"), 4),
            (Rule::new().use_connlimit("x"), 5),
            (Rule::new().use_tunnel("x"), 6),
            (Rule::new().use_ct_timeout("x"), 7),
            (Rule::new().use_ct_expectation("x"), 9),
            (Rule::new().use_synproxy("x"), 10),
        ] {
            golden_everywhere(&rule, &[&format!("objref type {number} name x")]);
        }
        // counter name ip saddr map @m
        golden(
            Family::Ip,
            &Rule::new().use_counter(mapped(Saddr, &MapOf::<Ipv4Addr, CounterName>::new("m"))),
            &["payload load 4b @ network header + 12 => reg 1", "objref sreg 1 set m"],
        );
        let connlimits = MapOf::<Ipv4Addr, ConnlimitName>::new("m");
        let tunnels = MapOf::<Ipv4Addr, TunnelName>::new("m");
        for rule in [
            Rule::new().use_connlimit(mapped(Saddr, &connlimits)),
            Rule::new().use_tunnel(mapped(Saddr, &tunnels)),
        ] {
            let expected = ["payload load 4b @ network header + 12 => reg 1", "objref sreg 1 set m"];
            golden(Family::Ip, &rule, &expected);
        }
        // meta l4proto tcp counter name tcp dport map { 80 : "x" }
        golden(
            Family::Ip,
            &Rule::new().tcp().use_counter(mapped(Dport, [(Port(80), CounterName::from("x"))])),
            &[
                "meta load l4proto => reg 1",
                "cmp eq reg 1 0x00000006",
                "payload load 2b @ transport header + 2 => reg 1",
                "objref sreg 1 set __objmap%d",
            ],
        );
    }
}
