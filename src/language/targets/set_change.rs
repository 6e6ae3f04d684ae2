//! The change of a set, lowered and recognised.

use std::time::Duration;

use super::{
    ChangeSet,
    change_set::{SetValue, check_flags},
};
use crate::{
    Invalid,
    expr::{Data, Dynset, DynsetFlags, DynsetOp, Expr, Immediate, Load, Register},
    language::{
        Lift, Lifting, Lower, Lowering,
        select::{FIRST, Loads, Selector, behind, piece_of, register},
    },
    object::{SetFlags, check_name, milliseconds},
};

/// How many expressions the kernel takes for an element (`NFT_SET_EXPR_MAX`).
const EXPRESSIONS: usize = 2;

/// What [`ChangeSet`] says.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Change {
    /// What is done.
    pub op: DynsetOp,
    /// The set's name.
    pub set: String,
    /// Of what the element's key is made; several fields are a concatenation.
    pub key: Vec<Selector>,
    /// For a map: to what the key leads.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub value: Option<SetValue>,
    /// How long a new element stays, in whole milliseconds; the set's timeout if absent.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "timeout_ms",
            default,
            with = "crate::json::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub timeout: Option<Duration>,
    /// What the element does for each packet.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub expressions: Vec<Expr>,
    /// The set's, where the program knows it.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) flags: Option<SetFlags>,
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            skip_deserializing,
            skip_serializing_if = "Option::is_none",
            serialize_with = "crate::json::broken"
        )
    )]
    pub(super) problem: Option<Invalid>,
}

/// What it says is compared, not what is known of the set.
impl PartialEq for Change {
    fn eq(&self, other: &Self) -> bool {
        let said = |change: &Self| {
            let Self { op, set, key, value, timeout, expressions, .. } = change.clone();
            (op, set, key, value, timeout, expressions, change.problem.clone())
        };
        said(self) == said(other)
    }
}

impl Eq for Change {}

impl Lower for ChangeSet {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let change = &*self.0;
        if let Some(problem) = &change.problem {
            return Err(problem.clone());
        }
        check_name("set", &change.set)?;
        if let Some(flags) = change.flags {
            check_flags(change, flags)?;
        }
        if change.expressions.len() > EXPRESSIONS {
            let (value, range) = (change.expressions.len().to_string(), format!("0 to {EXPRESSIONS}"));
            return Err(Invalid::OutOfRange { what: "the number of an element's statements", value, range });
        }
        to.need_key(&change.key)?;
        if let Some(SetValue::Fields(value)) = &change.value {
            to.need_key(value)?;
        }
        let key = to.load_key(&change.key, FIRST, false)?;
        let value =
            change.value.as_ref().map(|value| load_value(value, behind(&change.key), to)).transpose()?;
        let mut dynset = Dynset::new(change.op, change.set.clone(), key);
        dynset.sreg_data = value;
        dynset.timeout = change.timeout.map(milliseconds);
        dynset = change.expressions.iter().cloned().fold(dynset, Dynset::expression);
        to.push(dynset);
        Ok(())
    }
}

fn load_value(value: &SetValue, from: u32, to: &mut Lowering<'_>) -> Result<Register, Invalid> {
    match value {
        SetValue::Fields(fields) => to.load_key(fields, from, false),
        SetValue::Constant(parts) => {
            if parts.is_empty() {
                let problem =
                    "a rule puts values of registers into maps, no verdicts and no objects".to_owned();
                return Err(Invalid::Combination { problem });
            }
            let mut piece = from;
            for part in parts {
                to.push(Immediate::data(register(piece)?, part.clone()));
                piece += u32::try_from(part.len().div_ceil(4)).unwrap_or(u32::MAX);
                // Its last piece must exist, too.
                register(piece - 1)?;
            }
            register(from)
        }
    }
}

impl Lift for ChangeSet {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let expressions = from.expressions();
        let dynset = expressions.iter().find_map(|expression| match expression {
            Expr::Dynset(dynset) => Some(dynset),
            _ => None,
        })?;
        let Loads { key, rest, .. } = Loads::find(from, expressions, FIRST, dynset.sreg_data)?;
        let (value, rest) = match dynset.sreg_data {
            None => (None, rest),
            Some(place) => {
                let (value, rest) = find_value(from, rest, place)?;
                (Some(value), rest)
            }
        };
        let [Expr::Dynset(dynset), ..] = rest else { return None };
        // Negation has no word in nft.
        if dynset.flags.is_some_and(|flags| flags.contains(DynsetFlags::INV)) || dynset.set_id.is_some() {
            return None;
        }
        Some(Self(Box::new(Change {
            op: dynset.op,
            set: dynset.set.clone(),
            key,
            value,
            timeout: dynset.timeout.filter(|timeout| *timeout != 0).map(Duration::from_millis),
            expressions: dynset.expressions.clone(),
            flags: None,
            problem: None,
        })))
    }
}

fn find_value<'a>(from: &Lifting<'_>, rest: &'a [Expr], place: Register) -> Option<(SetValue, &'a [Expr])> {
    let constants = rest.iter().map_while(|expression| match expression {
        Expr::Immediate(Immediate { load: Load::Data(data), .. }) => Some(data.clone()),
        _ => None,
    });
    let constants: Vec<Data> = constants.collect();
    if !constants.is_empty() {
        let rest = rest.get(constants.len()..)?;
        return Some((SetValue::Constant(constants), rest));
    }
    let Loads { key, rest, .. } = Loads::find(from, rest, piece_of(place)?, None)?;
    Some((SetValue::Fields(key), rest))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::{
        Family, Mark, Port, Rule,
        language::targets::golden::{golden, refusal},
        select::{Daddr, Dport, Saddr},
        set::{MapOf, SetOf},
    };

    const SADDR: &str = "payload load 4b @ network header + 12 => reg 1";
    const V4: [&str; 2] = ["meta load nfproto => reg 1", "cmp eq reg 1 0x00000002"];
    const V6: [&str; 2] = ["meta load nfproto => reg 1", "cmp eq reg 1 0x0000000a"];
    const TCP: [&str; 2] = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];

    /// By `nft --debug=netlink add rule FAMILY t c 'SENTENCE'`, with `flags dynamic,timeout` on sets s, six (of type
    /// ipv6_addr), pair (ipv4_addr . inet_service) and map m (ipv4_addr : inet_service). More is in `change_set.rs`.
    #[test]
    fn as_nft_says_it() {
        let set = || SetOf::<Ipv4Addr>::new("s").dynamic().with_timeouts();
        let six = || SetOf::<Ipv6Addr>::new("six").dynamic().with_timeouts();
        let pair = SetOf::<(Ipv4Addr, Port)>::new("pair").dynamic().with_timeouts();
        let map = MapOf::<Ipv4Addr, Port>::new("m").dynamic().with_timeouts();
        // In an inet table the key's protocol is tested first; where the family says it, not.
        let both = |rule: &Rule, before: [&[&str]; 2], expected: &[&str]| {
            golden(Family::Ip, rule, &[before[0], expected].concat());
            golden(Family::Inet, rule, &[before[0], before[1], expected].concat());
        };
        // delete @s { ip saddr }
        let delete = Rule::new().delete_from_set(Saddr, &set());
        both(&delete, [&[], &V4], &[SADDR, "dynset delete reg_key 1 set s"]);
        // update @s { ip daddr timeout 30s ct count over 5 }
        let update = ChangeSet::update(Daddr, &set()).timeout(Duration::from_secs(30)).connlimit_over(5);
        both(
            &Rule::new().change_set(update),
            [&[], &V4],
            &[
                "payload load 4b @ network header + 16 => reg 1",
                "dynset update reg_key 1 set s timeout 30000ms expr [ connlimit count 5 flags 1 ]",
            ],
        );
        // tcp dport 22 add @pair { ip saddr . tcp dport timeout 1500ms counter }
        let add = ChangeSet::add((Saddr, Dport), &pair).timeout(Duration::from_millis(1500)).counter();
        let dport = ["payload load 2b @ transport header + 2 => reg 1", "cmp eq reg 1 0x00001600"];
        both(
            &Rule::new().tcp().dport(22).change_set(add),
            [&[TCP, dport].concat(), &V4],
            &[
                SADDR,
                "payload load 2b @ transport header + 2 => reg 9",
                "dynset add reg_key 1 set pair timeout 1500ms expr [ counter pkts 0 bytes 0 ]",
            ],
        );
        // meta l4proto tcp update @m { ip saddr : tcp dport }
        both(
            &Rule::new().tcp().change_set(ChangeSet::update_mapping(Saddr, Dport, &map)),
            [&TCP, &V4],
            &[
                SADDR,
                "payload load 2b @ transport header + 2 => reg 2",
                "dynset update reg_key 1 set m sreg_data 2",
            ],
        );
        // add @six { ip6 saddr }; delete @six { ip6 daddr }
        let inet = |rule: &Rule, expected: &[&str]| golden(Family::Inet, rule, &[&V6, expected].concat());
        inet(
            &Rule::new().ipv6().add_to_set(Saddr, &six()),
            &["payload load 16b @ network header + 8 => reg 1", "dynset add reg_key 1 set six"],
        );
        inet(
            &Rule::new().ipv6().delete_from_set(Daddr, &six()),
            &["payload load 16b @ network header + 24 => reg 1", "dynset delete reg_key 1 set six"],
        );
    }

    #[test]
    fn a_negated_change_is_no_word() {
        let set = SetOf::<Ipv4Addr>::new("s").dynamic();
        let mut lowered = Rule::new().add_to_set(Saddr, &set).lower(Family::Ip).unwrap().expressions;
        let lift = |expressions: &[Expr]| {
            let rule = expressions.iter().cloned().fold(Rule::new(), Rule::say);
            rule.lift(Family::Ip, &[]).expressions().count()
        };
        assert_eq!(lift(&lowered), 0, "all are words");
        let Some(Expr::Dynset(dynset)) = lowered.last_mut() else { panic!("{lowered:?}") };
        dynset.flags = Some(DynsetFlags::INV);
        assert!(lift(&lowered) > 0, "nft has no word for it, and neither has this library");
    }

    #[test]
    fn a_map_is_not_given_verdicts_by_rules() {
        let verdicts = MapOf::<Ipv4Addr, crate::expr::Verdict>::new("m").dynamic();
        let change = ChangeSet::add_value(Saddr, crate::expr::Verdict::Accept, &verdicts);
        assert_eq!(
            refusal(Family::Ip, &Rule::new().change_set(change)),
            "a rule puts values of registers into maps, no verdicts and no objects"
        );
        let marks = MapOf::<Ipv4Addr, Mark>::new("m").dynamic();
        let change = ChangeSet::add_value(Saddr, Mark(5), &marks);
        assert_eq!(Rule::new().change_set(change).check(Family::Ip), Ok(()));
    }
}
