//! Statements that add to sets, change them, or remove from them.

use super::Reader;
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
            let (kind, len) = match &found.data {
                Some(MapData::Value { kind, len }) => match parts(*kind).as_slice() {
                    [one] => (*one, *len),
                    _ => (Datatype::Hex, *len),
                },
                _ => return None,
            };
            let data = self.speaker().say(&self.registers.get(data, len)?, kind)?;
            content += &format!(" : {}", data.text);
            uses.extend(data.uses);
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
}
