//! A chain whose rules only count, read packet by packet.

use portcullis::{Chain, ChainRef, Error, Family, Icmpv6Type, Netfilter, Rule, Ruleset, Table};
use portcullis_world::{Host, NflogListener, PATIENT, SHORT};

use crate::support::{counts, open};

/// A host's chain of rules, each of which counts the packets that it matches and says nothing about them.
///
/// A last rule logs every packet to a netlink group: that is how the gauge knows that a packet has passed all the
/// rules before it. Only one packet is on its way at any time.
pub(crate) struct Gauge {
    firewall: Netfilter,
    chain: ChainRef,
    seen: NflogListener,
    before: Vec<(String, u64)>,
}

impl Gauge {
    /// Puts the rules, each under its name, behind those that the chain has, into a table of their own.
    ///
    /// Packets of IPv6's neighbour discovery are not looked at.
    #[track_caller]
    pub(crate) fn new<N: Into<String>>(
        host: &Host,
        family: Family,
        chain: Chain,
        rules: impl IntoIterator<Item = (N, Rule)>,
    ) -> Self {
        Self::try_new(host, family, chain, rules).unwrap_or_else(|error| panic!("host {host}: {error}"))
    }

    /// The same for what older kernels lack: their refusal.
    pub(crate) fn try_new<N: Into<String>>(
        host: &Host,
        family: Family,
        mut chain: Chain,
        rules: impl IntoIterator<Item = (N, Rule)>,
    ) -> Result<Self, Error> {
        // Of many gauges in one host each has a table and a group.
        let group = 1 + open(host).tables(None)?.len() as u16;
        let table = format!("gauge{group}");
        let name = chain.name.clone();
        let mut all = Vec::new();
        if matches!(family, Family::Inet | Family::Ip6 | Family::Bridge | Family::Netdev) {
            let neighbours = Icmpv6Type::MLD_LISTENER_QUERY.0..=Icmpv6Type::REDIRECT.0;
            all.push(Rule::new().icmpv6_type(neighbours).accept());
            all.push(Rule::new().icmpv6_type(Icmpv6Type::MLD2_LISTENER_REPORT).accept());
        }
        all.append(&mut chain.rules);
        all.extend(rules.into_iter().map(|(name, rule)| rule.counter().comment(&name.into())));
        all.push(Rule::new().nflog(group));
        chain.rules = all;
        let seen = host.nflog(group);
        let mut firewall = open(host);
        firewall.apply(Ruleset::new().table(Table::new(family, &*table).chain(chain)))?;
        let chain = ChainRef::from((family, table, name));
        let before = counts(&mut firewall, &chain);
        Ok(Self { firewall, chain, seen, before })
    }

    /// The names of the rules that match the packet which `send` sends, in order.
    #[track_caller]
    pub(crate) fn matching(&mut self, send: impl FnOnce()) -> Vec<String> {
        send();
        if self.seen.next(PATIENT).is_none() {
            panic!("the packet did not arrive in chain {:?}", self.chain);
        }
        self.change()
    }

    /// The packet which `send` sends is matched by these rules and no other.
    #[track_caller]
    pub(crate) fn expect(&mut self, packet: &str, send: impl FnOnce(), expected: &[&str]) {
        let matching = self.matching(send);
        assert_eq!(matching, expected, "the rules that match {packet} (left: seen, right: expected)");
    }

    /// Nothing comes to the chain's end of what `send` sends.
    #[track_caller]
    pub(crate) fn expect_silence(&mut self, packet: &str, send: impl FnOnce()) {
        send();
        let seen = self.seen.next(SHORT);
        assert_eq!(seen, None, "{packet} must not come here");
    }

    /// The names of the rules that have counted since this was asked the last time.
    fn change(&mut self) -> Vec<String> {
        let now = counts(&mut self.firewall, &self.chain);
        let since = now.iter().zip(&self.before).map(|((name, now), (_, before))| (name, now - before));
        let named = since.filter_map(|(name, packets)| match packets {
            0 => None,
            1 => Some(name.clone()),
            more => Some(format!("{name} ({more} times)")),
        });
        let named = named.collect();
        self.before = now;
        named
    }
}
