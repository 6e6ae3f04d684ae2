//! The rules of whole tables and rulesets as words.

use std::collections::{HashMap, HashSet};

use crate::{
    Rule, Ruleset, Table,
    expr::{Expr, ObjectChoice},
    object::{DataType, Set},
};

impl Ruleset {
    /// The ruleset with its rules in words; see [`Table::lift`].
    #[must_use]
    pub fn lift(&self) -> Self {
        self.tables.iter().map(Table::lift).collect()
    }
}

impl Table {
    /// The table with its rules in words, each as [`Rule::lift`] says it. The anonymous sets that words now hold as
    /// lists are left out: sent to the kernel, the rules bring them along.
    ///
    /// ```
    /// use portcullis::{Chain, Rule, Table, language::Statement};
    ///
    /// let rule = Rule::new().tcp().dport(22).accept();
    /// let mut read = rule.clone();
    /// let lowered = rule.lower(portcullis::Family::Inet)?;
    /// read.body = lowered.expressions.into_iter().map(Statement::Expr).collect();
    ///
    /// let table = Table::inet("edge").chain(Chain::new("other").rule(read));
    /// assert_eq!(table.lift(), Table::inet("edge").chain(Chain::new("other").rule(rule)));
    /// # Ok::<(), portcullis::Invalid>(())
    /// ```
    #[must_use]
    pub fn lift(&self) -> Self {
        let mut lifted = self.clone();
        let anonymous: HashMap<&str, &Set> =
            self.sets.iter().filter(|set| set.is_anonymous()).map(|set| (set.name.as_str(), set)).collect();
        // What a rule uses by a map of the table, the map alone knows; its elements are not asked for.
        let of_objects: HashMap<&str, Set> = self
            .sets
            .iter()
            .filter(|set| !set.is_anonymous())
            .filter_map(|set| {
                let known = Set::new(&set.name, DataType::MARK).map_to_objects(set.object_kind()?);
                Some((set.name.as_str(), known))
            })
            .collect();
        let (mut before, mut after) = (HashSet::new(), HashSet::new());
        for rule in lifted.chains.iter_mut().flat_map(|chain| &mut chain.rules) {
            let mut sets = Vec::new();
            for name in rule.expressions().filter_map(set_of) {
                if let Some(set) = anonymous.get(name) {
                    sets.push((*set).clone());
                    before.insert(set.name.as_str());
                } else if let Some(map) = of_objects.get(name) {
                    sets.push(map.clone());
                }
            }
            *rule = rule.lift(self.family, &sets);
            after.extend(still_used(rule, &anonymous));
        }
        lifted.sets.retain(|set| !before.contains(set.name.as_str()) || after.contains(set.name.as_str()));
        lifted
    }
}

/// The anonymous sets that a rule's expressions name.
fn still_used<'a>(rule: &Rule, anonymous: &HashMap<&'a str, &'a Set>) -> Vec<&'a str> {
    let names = rule.expressions().filter_map(set_of);
    names.filter_map(|name| anonymous.get_key_value(name).map(|(name, _)| *name)).collect()
}

/// The set that an expression names.
fn set_of(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Lookup(lookup) => Some(&lookup.set),
        Expr::Dynset(dynset) => Some(&dynset.set),
        Expr::Objref(objref) => match &objref.object {
            ObjectChoice::Map { set, .. } => Some(set),
            ObjectChoice::Named { .. } => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chain, Family, language::lift::tests::as_the_kernel_says};

    #[test]
    fn what_a_map_of_the_table_leads_to_is_known() {
        use crate::{
            select::{Saddr, mapped},
            set::{ConnlimitName, MapOf, SecMarkName},
        };

        let crowds = MapOf::<std::net::Ipv4Addr, ConnlimitName>::new("crowds");
        let marks = MapOf::<std::net::Ipv4Addr, SecMarkName>::new("marks");
        let words = [
            Rule::new().use_connlimit(mapped(Saddr, &crowds)),
            Rule::new().set_secmark(mapped(Saddr, &marks)),
        ];
        let read = words.each_ref().map(|rule| as_the_kernel_says(&rule.lower(Family::Ip).unwrap()).0);
        let local = std::net::Ipv4Addr::LOCALHOST;
        let table = |rules: [Rule; 2]| {
            let table = Table::new(Family::Ip, "t").set(crowds.with([(local, ConnlimitName::from("x"))]));
            table.set(marks.as_set().clone()).chain(Chain::new("c").rules(rules))
        };
        assert_eq!(table(read).lift(), table(words));
    }

    #[test]
    fn sets_of_words_go_and_the_others_stay() {
        let words = Rule::new().tcp().dport([80, 443]).accept();
        let (read, mut sets) = as_the_kernel_says(&words.lower(Family::Inet).unwrap());
        let mut other = sets[0].clone();
        other.name = "__map0".to_owned();
        let verdicts = crate::expr::Lookup::new("__map0", crate::expr::Register::R1)
            .dreg(crate::expr::Register::VERDICT);
        let mapped = Rule::new().say(verdicts);
        let named = Set::new("__set1", DataType::MARK);
        sets.extend([other.clone(), named.clone()]);
        let mut table = Table::inet("edge").chain(Chain::new("c").rules([read, mapped.clone()]));
        table.sets = sets;
        let expected = Table::inet("edge").set(other).set(named);
        assert_eq!(table.lift(), expected.chain(Chain::new("c").rules([words, mapped])));
        assert_eq!(table.lift().lift(), table.lift());
    }
}
