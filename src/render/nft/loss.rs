//! What nft has no words for.

use std::fmt;

use super::{
    Nft, What,
    around::{Around, Index},
    chain,
    element::is_taken_beside_a_key,
    object,
    stateful::stateless,
    verdict,
};
use crate::{
    expr::{Expr, ObjectKind},
    object::{
        Chain, ChainFlags, Element, ElementData, ElementFlags, Hook, MapData, NFTA_RULE_COMPAT, Object,
        ObjectData, Rule, Set, SetFlags, Table, TableFlags, userdata,
    },
    wire::Unknown,
};

const UNKNOWN: &str = "attributes that this library does not know";

/// How much a loss matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossKind {
    /// The text leaves it out: `nft -f` refuses the text, or makes another ruleset of it.
    Unsaid,
    /// `nft -f` makes other bytes of it, which mean the same.
    OtherBytes,
}

/// Something that is not the same again after `nft -f`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// How much it matters.
    pub kind: LossKind,
    /// Where it is: `table inet edge, chain input, rule 3`.
    pub place: String,
    /// What it is.
    pub what: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.what)
        } else {
            write!(f, "{}: {}", self.place, self.what)
        }
    }
}

pub(super) fn losses(nft: &Nft<'_>) -> Vec<Loss> {
    let mut found = Found::default();
    let index = Index::of(nft.table);
    let around = |family| Around::new(family, &index, nft.names);
    match nft.what {
        What::Ruleset(ruleset) => ruleset.tables.iter().for_each(|table| found.table(table, nft)),
        What::Table(table) => found.table(table, nft),
        What::Chain(family, chain) => found.chain(chain, around(family)),
        What::Rule(family, rule) => found.rule(rule, around(family)),
        What::Set(set) => found.set(set),
        What::Object(object) => found.object(object),
        What::Flowtable(flowtable) => {
            found.unknown(&flowtable.unknown);
            found.unknown(&flowtable.hook_unknown);
        }
    }
    found.losses
}

/// What was found so far, and where the search is.
#[derive(Debug, Default)]
struct Found {
    place: Vec<String>,
    losses: Vec<Loss>,
}

impl Found {
    fn say(&mut self, what: impl Into<String>) {
        self.push(LossKind::Unsaid, what.into());
    }

    fn push(&mut self, kind: LossKind, what: String) {
        self.losses.push(Loss { kind, place: self.place.join(", "), what });
    }

    fn within(&mut self, place: String, search: impl FnOnce(&mut Self)) {
        self.place.push(place);
        search(self);
        self.place.pop();
    }

    fn unknown(&mut self, unknown: &Unknown) {
        if !unknown.is_empty() {
            self.say(UNKNOWN);
        }
    }

    /// A name that nft's language cannot spell.
    fn name(&mut self, name: &str) {
        let mut letters = name.chars();
        let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || "_.".contains(first));
        let goes_on = letters.all(|letter| letter.is_ascii_alphanumeric() || "/-_.".contains(letter));
        if !(begins && goes_on) {
            self.say(format!("nft cannot spell the name \"{name}\""));
        }
    }

    /// A comment that does not fit between quotation marks.
    fn comment(&mut self, comment: Option<String>) {
        if comment.is_some_and(|comment| comment.contains('"')) {
            self.say("nft cannot spell the comment");
        }
    }

    /// Bytes beside an object, of which nft reads the comment only.
    fn userdata(&mut self, bytes: Option<&[u8]>, known: &[u8]) {
        let bytes = bytes.unwrap_or_default();
        let read: usize = userdata::entries(bytes).map(|(_, value)| value.len() + 2).sum();
        if read != bytes.len() || userdata::entries(bytes).any(|(kind, _)| !known.contains(&kind)) {
            self.say("user data that is not nft's");
        }
    }

    fn table(&mut self, table: &Table, nft: &Nft<'_>) {
        let index = Index::of(Some(table));
        let around = Around::new(table.family, &index, nft.names);
        self.within(format!("table {} {}", table.family, table.name), |found| {
            found.name(&table.name);
            found.comment(table.comment_text());
            found.unknown(&table.unknown);
            found.userdata(table.userdata.as_deref(), &[userdata::COMMENT]);
            let said = TableFlags::DORMANT | TableFlags::OWNER;
            if !said.contains(table.flags) {
                found.say(format!("flags {:#x}", (table.flags - said).bits()));
            }
            table.objects.iter().for_each(|object| found.object(object));
            for flowtable in &table.flowtables {
                found.within(format!("flowtable {}", flowtable.name), |found| {
                    found.name(&flowtable.name);
                    found.unknown(&flowtable.unknown);
                    found.unknown(&flowtable.hook_unknown);
                });
            }
            for set in &table.sets {
                found.within(format!("set {}", set.name), |found| found.set(set));
            }
            for chain in &table.chains {
                found.within(format!("chain {}", chain.name), |found| found.chain(chain, around));
            }
        });
    }

    fn object(&mut self, object: &Object) {
        self.within(format!("{} {}", object.kind(), object.name), |found| {
            found.name(&object.name);
            found.comment(object.comment_text());
            found.unknown(&object.unknown);
            found.userdata(object.userdata.as_deref(), &[userdata::COMMENT]);
            if object::declaration(object, super::Names::default(), super::Wanted::default()).is_none() {
                found.say("nft has no words for such an object");
            }
            if let ObjectData::CtTimeout(timeout) = &object.data {
                let known = object::states(timeout.l4proto).len();
                if timeout.policy.timeouts.iter().any(|(state, _)| usize::from(*state) > known) {
                    found.say("a timeout of a state that nft has no name for");
                }
            }
        });
    }

    fn chain(&mut self, chain: &Chain, around: Around<'_>) {
        self.name(&chain.name);
        self.comment(chain.comment_text());
        self.unknown(&chain.unknown);
        if let Some(base) = &chain.base {
            self.unknown(&base.unknown);
        }
        self.userdata(chain.userdata.as_deref(), &[userdata::COMMENT]);
        let said = ChainFlags::BASE | ChainFlags::HW_OFFLOAD | ChainFlags::BINDING;
        if !said.contains(chain.flags) {
            self.say(format!("flags {:#x}", (chain.flags - said).bits()));
        }
        if let Some(base) = &chain.base {
            if let Hook::Other(number) = base.hook {
                self.say(format!("hook {number} has no name"));
            }
            if base.counters.is_some_and(|counted| counted != (0, 0)) {
                self.say("what the policy has counted");
            }
        }
        for (rule, number) in chain.rules.iter().zip(1..) {
            self.within(format!("rule {number}"), |found| found.rule(rule, around));
        }
    }

    fn rule(&mut self, rule: &Rule, around: Around<'_>) {
        self.comment(rule.comment_text());
        if rule.unknown.iter().any(|attribute| attribute.kind() == NFTA_RULE_COMPAT) {
            self.say("the protocol that xtables' extensions are told");
        }
        if rule.unknown.iter().any(|attribute| attribute.kind() != NFTA_RULE_COMPAT) {
            self.say(UNKNOWN);
        }
        self.userdata(rule.userdata.as_deref(), &[userdata::COMMENT]);
        let line = chain::line(rule, around);
        if !line.lossless {
            self.say(format!("nft has no words for all of \"{}\"", line.text));
        } else if line.newer {
            self.say(format!("nft before 1.1.0 makes another rule of \"{}\"", line.text));
        } else if line.other_bytes {
            let what = format!("nft makes other bytes of \"{}\", which mean the same", line.text);
            self.push(LossKind::OtherBytes, what);
        }
    }

    fn set(&mut self, set: &Set) {
        // Byte orders, merged ranges, declarations, ranges as values, comment.
        self.userdata(set.userdata.as_deref(), &[0, 1, 2, 3, 4, 6, userdata::SET_COMMENT]);
        if !set.is_anonymous() {
            self.name(&set.name);
        }
        self.comment(set.comment_text());
        self.unknown(&set.unknown);
        self.unknown(&set.desc.unknown);
        let said = [
            SetFlags::ANONYMOUS,
            SetFlags::CONSTANT,
            SetFlags::INTERVAL,
            SetFlags::MAP,
            SetFlags::TIMEOUT,
            SetFlags::EVAL,
            SetFlags::OBJECT,
            SetFlags::CONCAT,
            SetFlags::EXPR,
        ];
        let rest = said.into_iter().fold(set.flags, |flags, said| flags - said);
        if !rest.is_empty() {
            self.say(format!("flags {:#x}", rest.bits()));
        }
        if !set.is_anonymous() && !super::set::is_sayable(set) {
            self.say("no name of a type says what its keys or values are");
        }
        if !set.elements.is_empty() && super::set::has_numbers_among_values(set) {
            self.say("nft 1.0.6 takes no number as one of several values");
        }
        if let Some(MapData::Object(kind)) = &set.data {
            let declared = [
                ObjectKind::Counter,
                ObjectKind::Quota,
                ObjectKind::Limit,
                ObjectKind::SecMark,
                ObjectKind::Synproxy,
            ];
            if !set.is_anonymous() && !declared.contains(kind) {
                self.say(format!("nft cannot declare a map to objects of the kind {kind}"));
            }
        }
        self.statements(&set.expressions);
        set.elements.iter().for_each(|element| self.element(element));
    }

    fn element(&mut self, element: &Element) {
        let strange = element.flags - ElementFlags::INTERVAL_END - ElementFlags::CATCHALL;
        let bytes = element.userdata.as_deref();
        // What nft notes of an element for itself beside the comment (`NFTNL_UDATA_SET_ELEM_FLAGS`).
        let read: usize =
            userdata::entries(bytes.unwrap_or_default()).map(|(_, value)| value.len() + 2).sum();
        let unsaid = !strange.is_empty()
            || !element.unknown.is_empty()
            || read != bytes.map_or(0, <[u8]>::len)
            || matches!(&element.data, Some(ElementData::Verdict(said)) if verdict::verdict(said).is_none())
            || !element.expressions.iter().all(is_taken_beside_a_key)
                && element.expressions.iter().any(has_counted);
        if unsaid {
            self.within(format!("element {}", element.key), |found| {
                found.say("nft has no words for all of it");
            });
        }
    }

    fn statements(&mut self, expressions: &[Expr]) {
        for expression in expressions.iter().filter(|expression| stateless(expression).is_none()) {
            self.say(format!("nft has no words for \"{}\" beside elements", expression.name()));
        }
    }
}

/// Whether a statement has a state that the same statement, made anew, has not.
fn has_counted(expression: &Expr) -> bool {
    match expression {
        Expr::Counter(counter) => counter.packets.unwrap_or(0) > 0 || counter.bytes.unwrap_or(0) > 0,
        Expr::Quota(quota) => quota.consumed.unwrap_or(0) > 0,
        Expr::Last(last) => last.set.unwrap_or(0) > 0,
        Expr::Limit(_) | Expr::Connlimit(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Ruleset,
        expr::XtMatch,
        object::{DataType, KeyOrder},
        wire::Attribute,
    };

    fn said(table: Table) -> Vec<String> {
        Ruleset::new().table(table).nft().losses().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_left_out_is_named() {
        let mut odd = Chain::new("odd");
        odd.unknown.keep(Attribute::new(99, b"abc"));
        let mut xt = Rule::new();
        xt.body.push(crate::Statement::Expr(XtMatch::new("comment", 0u32, [0; 4]).into()));
        let words = Rule::new().tcp().dport(22).accept();
        let number = DataType::new(4, 3, KeyOrder::Network);
        let table = Table::inet("edge")
            .flags(TableFlags::PERSIST)
            .set(Set::new("n", number))
            .set(Set::new("4", DataType::MARK).comment("say \"x\""))
            .chain(odd)
            .chain(Chain::new("c").rule(words).rule(xt));
        let said = said(table);
        let (rule, rest) = said.split_last().unwrap();
        assert_eq!(
            rest,
            [
                "table inet edge: flags 0x4",
                "table inet edge, set n: no name of a type says what its keys or values are",
                "table inet edge, set 4: nft cannot spell the name \"4\"",
                "table inet edge, set 4: nft cannot spell the comment",
                "table inet edge, chain odd: attributes that this library does not know",
            ]
        );
        assert!(rule.starts_with("table inet edge, chain c, rule 2: nft has no words for all of"), "{rule}");
    }

    #[test]
    fn concatenations_that_nft_cannot_take_are_named() {
        use crate::{
            Dscp, Port, Rule,
            language::matches::{Length, Ttl},
            select,
            set::{Interval, MapOf, SetOf},
        };

        type Six = (Port, Port, Port, Port, Port, Port);
        let mut six = SetOf::<Six>::new("six").as_set().clone();
        let keys = SetOf::<(Port, Length)>::new("keys");
        let runs = SetOf::<(Port, Interval<Length>)>::new("runs");
        let one = || (Port(1), Ttl(64));
        let map = MapOf::<Port, (Port, Ttl)>::new("map");
        let sets = |six: Set| {
            let mut undeclared = keys.as_set().clone();
            undeclared.userdata = None;
            // The lengths of the parts are there, and all lie as in the packet.
            let mut alike = runs.as_set().clone();
            alike.userdata = None;
            let table = Table::inet("t").set(six).set(keys.clone().into()).set(undeclared);
            table.set(alike).set(map.with([(Port(7), one())]))
        };
        let told = "no name of a type says what its keys or values are";
        let numbers = "table inet t, set map: nft 1.0.6 takes no number as one of several values";
        let keys_told = format!("table inet t, set keys: {told}");
        assert_eq!(said(sets(six.clone())), [keys_told.as_str(), numbers]);
        assert!(
            six.nft()
                .to_string()
                .contains("typeof th dport . th dport . th dport . th dport . th dport . th dport")
        );
        // nft's number of a type has room for five.
        six.userdata = None;
        let six_told = format!("table inet t, set six: {told}");
        assert_eq!(said(sets(six)), [six_told.as_str(), keys_told.as_str(), numbers]);
        assert!(runs.as_set().nft().to_string().contains("typeof th dport . meta length"));

        let rule = Rule::new().in_set(select::Ip6Dscp, [Dscp::CS1, Dscp::EF]);
        assert_eq!(
            said(Table::inet("t").chain(Chain::new("c").rule(rule))),
            [
                "table inet t, chain c, rule 1: nft before 1.1.0 makes another rule of \"ip6 dscp { cs1, ef }\""
            ]
        );
    }

    #[test]
    fn numbers_that_nobody_declared_are_declared_after_something_alike() {
        for (len, order, words) in
            [(4, KeyOrder::Network, "tcp sequence"), (4, KeyOrder::Host, "meta length")]
        {
            let set = Set::new("n", DataType::new(4, len, order));
            assert_eq!(set.nft().to_string(), format!("set n {{\n\ttypeof {words}\n}}\n"));
            assert_eq!(set.nft().losses(), []);
        }
    }
}
