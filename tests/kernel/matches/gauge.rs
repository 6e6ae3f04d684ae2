//! A chain whose rules only count, read packet by packet.

use portcullis::{Chain, ChainRef, Family, Icmpv6Type, Netfilter, Rule, Ruleset, Table};
use portcullis_world::{Host, NflogListener, PATIENT, SHORT};

use crate::support::{counts, open};

/// A host's chain of rules, each of which counts the packets that it matches and says nothing about them.
///
/// A last rule logs every packet to a netlink group: that is how the gauge knows that a packet has passed all the
/// rules before it. Only one packet is on its way at any time.
pub struct Gauge {
    firewall: Netfilter,
    chain: ChainRef,
    seen: NflogListener,
    before: Vec<(String, u64)>,
}

impl Gauge {
    /// Puts the rules, each under its name, behind those that the chain has.
    ///
    /// The table takes nothing else; packets of the neighbour discovery of IPv6 are not looked at.
    pub fn new<N: Into<String>>(
        host: &Host,
        family: Family,
        chain: Chain,
        rules: impl IntoIterator<Item = (N, Rule)>,
    ) -> Self {
        // Of many gauges in one host each has a name and a group.
        let group = 1 + open(host).tables(None).unwrap().len() as u16;
        let table = format!("gauge{group}");
        let name = chain.name.clone();
        let mut all = Vec::new();
        if matches!(family, Family::Inet | Family::Ip6) {
            let neighbours = Icmpv6Type::MLD_LISTENER_QUERY.0..=Icmpv6Type::REDIRECT.0;
            all.push(Rule::new().icmpv6_type(neighbours).accept());
            all.push(Rule::new().icmpv6_type(Icmpv6Type::MLD2_LISTENER_REPORT).accept());
        }
        all.extend(chain.rules.iter().cloned());
        all.extend(rules.into_iter().map(|(name, rule)| rule.counter().comment(&name.into())));
        all.push(Rule::new().nflog(group));
        let mut chain = chain;
        chain.rules = all;
        let seen = host.nflog(group);
        let mut firewall = open(host);
        let ruleset = Ruleset::new().table(Table::new(family, &*table).chain(chain));
        firewall.apply(&ruleset).unwrap_or_else(|error| panic!("host {host}: {error}"));
        let chain = ChainRef::from((family, table, name));
        let before = counts(&mut firewall, &chain);
        Self { firewall, chain, seen, before }
    }

    /// The names of the rules that match the packet which `send` sends, in order.
    #[track_caller]
    pub fn matching(&mut self, send: impl FnOnce()) -> Vec<String> {
        send();
        if self.seen.next(PATIENT).is_none() {
            panic!("the packet did not arrive in chain {:?}", self.chain);
        }
        self.change()
    }

    /// The packet which `send` sends is matched by these rules and no other.
    #[track_caller]
    pub fn expect(&mut self, packet: &str, send: impl FnOnce(), expected: &[&str]) {
        let matching = self.matching(send);
        assert_eq!(matching, expected, "the rules that match {packet} (left: seen, right: expected)");
    }

    /// Nothing comes to the chain's end of what `send` sends.
    #[track_caller]
    pub fn expect_silence(&mut self, packet: &str, send: impl FnOnce()) {
        send();
        let seen = self.seen.next(SHORT);
        assert_eq!(seen, None, "{packet} must not come here");
    }

    /// The packets that each rule counted since it was asked the last time.
    pub fn since(&mut self) -> Vec<(String, u64)> {
        let now = counts(&mut self.firewall, &self.chain);
        let since = now.iter().zip(&self.before).map(|((name, now), (_, before))| (name.clone(), now - before));
        let since = since.collect();
        self.before = now;
        since
    }

    fn change(&mut self) -> Vec<String> {
        let named = |(name, packets)| match packets {
            0 => None,
            1 => Some(name),
            more => Some(format!("{name} ({more} times)")),
        };
        self.since().into_iter().filter_map(named).collect()
    }
}
