//! Statements that add to sets, change them, or remove from them.

use super::{Reader, value::Value, words::Said};
use crate::{
    expr::{Dynset, DynsetFlags, DynsetOp},
    object::{MapData, SetFlags},
    render::nft::{
        datatype::{Datatype, duration, parts},
        stateful::stateless,
    },
};

impl Reader<'_> {
    pub(super) fn update(&mut self, dynset: &Dynset) -> Option<()> {
        let found = self.around.find(&dynset.set, dynset.set_id)?;
        // Going on only where the element was there already has no word.
        self.lossless &= !dynset.flags.is_some_and(|flags| flags.contains(DynsetFlags::INV));
        let kind = match parts(found.key_type).as_slice() {
            [one] => *one,
            _ => Datatype::Hex,
        };
        let key = self.registers.get(dynset.sreg_key, found.key_len)?;
        let said = self.speaker().say(&key, kind)?;
        let mut uses = said.uses;
        let mut content = said.text;
        if let Some(timeout) = dynset.timeout.filter(|timeout| *timeout != 0) {
            content += &format!(" timeout {}", duration(timeout));
        }
        for expression in &dynset.expressions {
            content += &format!(" {}", stateless(expression)?);
        }
        if let Some(data) = dynset.sreg_data {
            let Some(MapData::Value { kind, len }) = &found.data else { return None };
            let value = self.registers.get(data, *len)?;
            let said = self.mapped(&value, &parts(*kind))?;
            content += &format!(" : {}", said.text);
            uses.extend(said.uses);
        }
        self.sentence.forget_implied(&uses, &self.layers);
        let text = match dynset.op {
            // A meter without a name.
            _ if found.flags.contains(SetFlags::ANONYMOUS) && !dynset.expressions.is_empty() => {
                format!("meter {} size {} {{ {content} }}", found.name, found.desc.size.unwrap_or(0))
            }
            DynsetOp::Add => format!("add @{} {{ {content} }}", found.name),
            DynsetOp::Update => format!("update @{} {{ {content} }}", found.name),
            DynsetOp::Delete => format!("delete @{} {{ {content} }}", found.name),
            DynsetOp::Other(_) => return None,
        };
        self.push(text)
    }

    /// What a key is to lead to, of parts of these types.
    fn mapped(&mut self, value: &Value, kinds: &[Datatype]) -> Option<Said> {
        let values = match value {
            Value::Concat(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        let runs = values.len() == 2 * kinds.len();
        if kinds.is_empty() || !(runs || values.len() == kinds.len()) {
            return self.speaker().say(value, Datatype::Hex);
        }
        let said = values.iter().zip(kinds.iter().cycle());
        let said: Vec<Said> =
            said.map(|(value, kind)| self.speaker().say(value, *kind)).collect::<Option<_>>()?;
        let texts: Vec<&str> = said.iter().map(|said| said.text.as_str()).collect();
        let text = if runs {
            // nft takes them as elements of maps, and not from rules.
            self.lossless = false;
            let (first, last) = texts.split_at(kinds.len());
            first
                .iter()
                .zip(last)
                .map(|(first, last)| format!("{first}-{last}"))
                .collect::<Vec<_>>()
                .join(" . ")
        } else {
            texts.join(" . ")
        };
        let uses = said.iter().flat_map(|said| said.uses.clone()).collect();
        Some(Said { uses, ..Said::new(text, Datatype::Hex) })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use crate::{
        Chain, Family, Port, Rule, Table,
        language::targets::ChangeSet,
        select::{Dport, Saddr},
        set::{Interval, MapOf},
    };

    #[test]
    fn values_of_several_parts_and_runs_are_said() {
        let v4 = |last| Ipv4Addr::new(192, 0, 2, last);
        let pairs = MapOf::<Ipv4Addr, (Ipv4Addr, Port)>::new("pairs").dynamic();
        let homes = MapOf::<Ipv4Addr, Interval<Ipv4Addr>>::new("homes").dynamic();
        let places = MapOf::<Ipv4Addr, (Interval<Ipv4Addr>, Interval<Port>)>::new("places").dynamic();
        let run = Interval::new(v4(1), v4(3));
        let table = |rule: Rule| {
            let sets = [pairs.as_set(), homes.as_set(), places.as_set()];
            let table =
                sets.into_iter().fold(Table::new(Family::Ip, "t"), |table, set| table.set(set.clone()));
            table.chain(Chain::new("c").rule(rule))
        };
        for (change, text, losses) in [
            (
                ChangeSet::add_value(Saddr, (v4(1), Port(80)), &pairs),
                "add @pairs { ip saddr : 192.0.2.1 . 80 }",
                0,
            ),
            (
                ChangeSet::add_mapping(Saddr, (Saddr, Dport), &pairs),
                "add @pairs { ip saddr : ip saddr . udp dport }",
                0,
            ),
            (ChangeSet::add_value(Saddr, run, &homes), "add @homes { ip saddr : 192.0.2.1-192.0.2.3 }", 1),
            (
                ChangeSet::add_value(Saddr, (run, Interval::new(Port(80), Port(81))), &places),
                "add @places { ip saddr : 192.0.2.1-192.0.2.3 . 80-81 }",
                1,
            ),
        ] {
            let rule = if text.contains("dport") { Rule::new().udp() } else { Rule::new() };
            let table = table(rule.change_set(change));
            let nft = table.nft();
            let listing = nft.to_string();
            assert!(listing.contains(&format!("\t\t{text}\n")), "{text}: {listing}");
            assert_eq!(nft.losses().len(), losses, "{text}: {:?}", nft.losses());
        }
    }
}
