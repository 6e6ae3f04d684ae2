//! A verdict for each of many keys: nft's `tcp dport vmap { 22 : accept, 80 : jump web }`.

use crate::{
    Invalid, Rule,
    expr::{Register, Verdict},
    language::{
        Lift, Lifting, Lower, Lowering,
        select::{Lookup, Mapped, Mapping, Select, UsedSet, check_verdicts, mapped},
    },
};

/// Ends the rule with the verdict that a map holds; without one, the rule goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct VerdictMap(pub Box<Lookup>);

impl Rule {
    /// The verdict that the map holds for these fields; packets for whose fields it holds none go to the next rule.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Port, Rule, expr::Verdict, select::{Dport, Saddr}, set::VerdictMap};
    ///
    /// let customers = VerdictMap::<Ipv4Addr>::new("customers");
    /// Rule::new().verdict_map(Saddr, &customers);
    /// let services = [(Port(22), Verdict::Accept), (Port(80), Verdict::jump("web"))];
    /// Rule::new().tcp().verdict_map(Dport, services);
    /// ```
    #[doc(alias = "vmap")]
    #[must_use]
    pub fn verdict_map<F>(self, key: impl Select<F>, map: impl Mapping<F, Verdict>) -> Self {
        self.decide_by(mapped(key, map))
    }

    /// The verdict that a lookup gives: of a map, or by turns or by chance.
    ///
    /// ```
    /// use portcullis::{Rule, expr::Verdict, select::Balance};
    ///
    /// Rule::new().decide_by(Balance::round_robin([Verdict::jump("left"), Verdict::jump("right")]));
    /// ```
    #[must_use]
    pub fn decide_by(mut self, verdict: Mapped<Verdict>) -> Self {
        self.note(verdict.problem);
        self.word(|| VerdictMap(Box::new(verdict.lookup)))
    }
}

impl Lower for VerdictMap {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        if let UsedSet::Own(set) = &self.0.map {
            check_verdicts(set)?;
        }
        to.map_lookup(&self.0, Register::VERDICT)
    }
}

impl Lift for VerdictMap {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (lookup, found, _) = from.map_lookup()?;
        (found.dreg == Some(Register::VERDICT)).then(|| Self(Box::new(lookup)))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{
        Family, Mark, Port,
        language::targets::golden::refusal,
        select::{self, Balance, Dport, Saddr, Selector},
        set::{Interval, VerdictMap},
    };

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::{golden, golden_everywhere};

        const TCP: [&str; 2] = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];
        // meta l4proto tcp tcp dport vmap { 22 : accept, 80 : jump web }
        let services = [(Port(22), Verdict::Accept), (Port(80), Verdict::jump("web"))];
        golden_everywhere(
            &Rule::new().tcp().verdict_map(Dport, services),
            &[
                TCP[0],
                TCP[1],
                "payload load 2b @ transport header + 2 => reg 1",
                "lookup reg 1 set __map%d dreg 0",
            ],
        );
        // meta l4proto tcp ip saddr . tcp dport vmap @m
        golden(
            Family::Ip,
            &Rule::new().tcp().verdict_map((Saddr, Dport), &VerdictMap::<(Ipv4Addr, Port)>::new("m")),
            &[
                TCP[0],
                TCP[1],
                "payload load 4b @ network header + 12 => reg 1",
                "payload load 2b @ transport header + 2 => reg 9",
                "lookup reg 1 set m dreg 0",
            ],
        );
        // meta mark vmap { 1-5 : accept, 7 : drop }
        let marks = [(Interval::new(Mark(1), Mark(5)), Verdict::Accept), (Mark(7).into(), Verdict::Drop)];
        golden_everywhere(
            &Rule::new().verdict_map(select::Mark, marks),
            &[
                "meta load mark => reg 1",
                "byteorder reg 1 = hton(reg 1, 4, 4)",
                "lookup reg 1 set __map%d dreg 0",
            ],
        );
        // numgen inc mod 2 vmap { 0 : accept, 1 : drop }
        golden_everywhere(
            &Rule::new().decide_by(Balance::round_robin([Verdict::Accept, Verdict::Drop])),
            &["numgen reg 1 = inc mod 2", "lookup reg 1 set __map%d dreg 0"],
        );
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let map = [(Port(22), Verdict::jump(""))];
        let text = refusal(Family::Inet, &Rule::new().tcp().verdict_map(Dport, map));
        assert_eq!(text, "element 0 (22 : jump ): a chain needs a name of at least one byte");
        let set = crate::Set::new("ports", crate::DataType::INET_SERVICE);
        let text = refusal(Family::Inet, &Rule::new().tcp().verdict_map(Selector::Dport, &set));
        assert!(text.starts_with("set \"ports\" is of another type: wanted inet_service, map to Verdict"));
        let none: [Verdict; 0] = [];
        assert!(refusal(Family::Inet, &Rule::new().decide_by(Balance::random(none))).contains("backend"));
    }
}
