//! Is it in the set? nft's `ip saddr @blocked`, iptables' `-m set`.

use crate::{
    Invalid, Rule,
    expr::{Expr, Lookup, LookupFlags, Register},
    language::{
        Lift, Lifting, Lower, Lowering,
        select::{FIRST, Keyed, Loads, Select, Selector, UsedSet},
    },
};

/// What the packet carries is in a set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SetMatch {
    /// What is looked up; several fields are a concatenation.
    pub key: Vec<Selector>,
    /// Where.
    pub set: UsedSet,
    /// It is not in the set.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub negated: bool,
}

impl Rule {
    /// Only packets for which the set holds these fields, alone or as a concatenation.
    ///
    /// The set is a typed one, so that the compiler checks the fields; a set by value, or a name, with
    /// [`Selector`]s; or a list that belongs to the rule alone.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Port, Rule, select::{Dport, Saddr, Selector}, set::SetOf};
    ///
    /// let guests = SetOf::<(Ipv4Addr, Port)>::new("guests");
    /// Rule::new().tcp().in_set((Saddr, Dport), &guests).accept();
    /// Rule::new().in_set(Selector::IpSaddr, "blocked").drop();
    /// let friend = Ipv4Addr::new(192, 0, 2, 7);
    /// Rule::new().tcp().in_set((Saddr, Dport), [(friend, Port(22)), (friend, Port(443))]).accept();
    /// ```
    #[doc(alias = "match-set")]
    #[must_use]
    pub fn in_set<F>(self, key: impl Select<F>, set: impl Keyed<F>) -> Self {
        self.look_up(key.selectors(), set, false)
    }

    /// Only packets for which the set does not hold these fields. See [`Rule::in_set`].
    ///
    /// A packet that lacks the fields, an IPv6 packet where an IPv4 address is looked up, leaves the rule, too.
    #[must_use]
    pub fn not_in_set<F>(self, key: impl Select<F>, set: impl Keyed<F>) -> Self {
        self.look_up(key.selectors(), set, true)
    }

    fn look_up<F>(mut self, key: Vec<Selector>, set: impl Keyed<F>, negated: bool) -> Self {
        let used = set.used();
        self.note(used.problem(&key, None));
        self.word(|| SetMatch { key, set: used.set, negated })
    }

    /// Keeps what is wrong until the rule is checked.
    pub(crate) fn note(&mut self, problem: Option<Invalid>) {
        if let (None, Some(problem)) = (&self.problem, problem) {
            self.problem = Some(Box::new(problem));
        }
    }
}

impl Lower for SetMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_key(&self.key)?;
        let register = to.load_key(&self.key, FIRST, self.set.runs())?;
        let (name, id) = to.take_set(&self.set)?;
        let mut lookup = Lookup::new(name, register);
        lookup.set_id = id;
        to.push(if self.negated { lookup.flags(LookupFlags::INV) } else { lookup });
        Ok(())
    }
}

impl Lift for SetMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let Loads { key, runs, rest } = Loads::find(from, from.expressions(), FIRST, None)?;
        let [Expr::Lookup(Lookup { set, sreg: Register::R1, dreg: None, set_id, flags, .. }), ..] = rest
        else {
            return None;
        };
        let negated = flags.is_some_and(|flags| flags.contains(LookupFlags::INV));
        Some(Self { key, set: from.used_set(set, *set_id, runs)?, negated })
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::{
        DataType, Family, Mark, Port, Set,
        language::targets::golden::refusal,
        select::{CtMark, Dport, IifName, Named, Saddr},
        set::{Interval, SetOf},
    };

    #[test]
    fn as_nft_says_it() {
        use crate::{InterfaceName, language::targets::golden::golden, select};

        const V4: [&str; 2] = ["meta load nfproto => reg 1", "cmp eq reg 1 0x00000002"];
        const TCP: [&str; 2] = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];
        let addresses = SetOf::<Ipv4Addr>::new("s");
        // ip saddr @s; ip saddr != @s
        let rule = Rule::new().in_set(Saddr, &addresses);
        let load = "payload load 4b @ network header + 12 => reg 1";
        golden(Family::Inet, &rule, &[V4[0], V4[1], load, "lookup reg 1 set s"]);
        let rule = Rule::new().not_in_set(Saddr, &addresses);
        golden(Family::Ip, &rule, &[load, "lookup reg 1 set s 0x1"]);
        // meta l4proto tcp ip saddr . meta mark . tcp dport . meta iifname . ct mark @s
        type Many = (Ipv4Addr, Mark, Port, InterfaceName, Mark);
        let fields = (Saddr, select::Mark, Dport, IifName, CtMark);
        let rule = Rule::new().tcp().in_set(fields, &SetOf::<Many>::new("s"));
        golden(
            Family::Inet,
            &rule,
            &[
                TCP[0],
                TCP[1],
                V4[0],
                V4[1],
                load,
                "meta load mark => reg 9",
                "payload load 2b @ transport header + 2 => reg 10",
                "meta load iifname => reg 11",
                "ct load mark => reg 15",
                "lookup reg 1 set s",
            ],
        );
        // ip6 saddr . tcp dport . ip6 daddr @s
        let rule = Rule::new()
            .tcp()
            .in_set((Saddr, Dport, select::Daddr), &SetOf::<(Ipv6Addr, Port, Ipv6Addr)>::new("s"));
        golden(
            Family::Ip6,
            &rule,
            &[
                TCP[0],
                TCP[1],
                "payload load 16b @ network header + 8 => reg 1",
                "payload load 2b @ transport header + 2 => reg 2",
                "payload load 16b @ network header + 24 => reg 13",
                "lookup reg 1 set s",
            ],
        );
        // ip saddr . meta mark @s, with flags interval
        let expected =
            [load, "meta load mark => reg 9", "byteorder reg 9 = hton(reg 9, 4, 4)", "lookup reg 1 set s"];
        let runs = SetOf::<(Ipv4Addr, Interval<Mark>)>::new("s");
        golden(Family::Ip, &Rule::new().in_set((Saddr, select::Mark), &runs), &expected);
        let key = [Selector::IpSaddr, Selector::Mark];
        golden(Family::Ip, &Rule::new().in_set(key, Named::of_runs("s")), &expected);
    }

    #[test]
    fn a_set_of_another_type_is_refused() {
        let set = Set::new("marks", DataType::MARK);
        assert_eq!(
            refusal(Family::Inet, &Rule::new().in_set(Selector::IpSaddr, &set)),
            "set \"marks\" is of another type: wanted ipv4_addr, no map; it has key type 19 of 4 bytes, no map"
        );
        assert_eq!(Rule::new().in_set(Selector::Mark, &set).check(Family::Inet), Ok(()));
    }

    #[test]
    fn errors_say_what_to_do() {
        let ports = SetOf::<Port>::new("ports");
        assert_eq!(
            refusal(Family::Inet, &Rule::new().in_set(Dport, &ports)),
            "th dport needs the protocol said before it in the same rule: add .tcp() or .udp()"
        );
        assert!(
            refusal(Family::Inet, &Rule::new().in_set(vec![Selector::Ip6Saddr; 5], "s")).contains("64 bytes")
        );
        assert!(refusal(Family::Inet, &Rule::new().in_set([], "s")).contains("selector"));
        let addresses = SetOf::<Ipv4Addr>::new("s");
        assert!(refusal(Family::Ip6, &Rule::new().in_set(Saddr, &addresses)).contains("IPv4"));
    }
}
