//! What a listing cannot be asked to bring back, taken out of a dump before it is compared.

use portcullis::{
    object::{ChainFlags, SetFlags},
    wire::{Attributes, Writer, nft},
};

use super::dump::{Dump, Message};

/// NFTA_CHAIN_NAME, NFTA_CHAIN_COUNTERS, NFTA_CHAIN_FLAGS
const CHAIN_NAME: u16 = 3;
const CHAIN_COUNTERS: u16 = 8;
const CHAIN_FLAGS: u16 = 10;
/// NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS
const RULE: [u16; 3] = [1, 2, 4];
/// NFTA_SET_FLAGS, NFTA_SET_USERDATA
const SET_FLAGS: u16 = 3;
const SET_USERDATA: u16 = 13;
/// NFTA_SET_ELEM_LIST_SET
const ELEMENTS_SET: u16 = 2;

/// A dump without
///
/// - the counters of base chains, and that they count: nft does not list them, and iptables-nft's base chains always
///   count;
/// - the user data of sets that belong to a rule: what nft notes there helps its next listing, and iptables-nft and this
///   library note other things, or nothing. nft's own notes there have bytes that it never gave a value;
/// - the numbers in the names of chains that belong to a rule: the kernel counts them over all namespaces.
pub(super) fn leniently(dump: &Dump) -> Dump {
    let mut dump = dump.clone();
    let number = |message: &Message, kind| message.attribute(kind).and_then(|flags| flags.get::<u32>().ok());
    let bound = ChainFlags::BINDING.bits();
    for message in &dump.messages {
        let name = message.attribute(CHAIN_NAME).map(|name| name.payload.to_vec());
        let is_bound = message.kind == nft::NEWCHAIN
            && number(message, CHAIN_FLAGS).is_some_and(|flags| flags & bound != 0);
        if let Some(name) = name.filter(|_| is_bound) {
            let number = dump.renamed.len();
            dump.renamed.insert(name, format!("the rules' chain {number}\0").into_bytes());
        }
    }
    for message in &mut dump.messages {
        let anonymous =
            number(message, SET_FLAGS).is_some_and(|flags| flags & SetFlags::ANONYMOUS.bits() != 0);
        match message.kind {
            nft::NEWCHAIN => keep(message, |kind| ![CHAIN_COUNTERS, CHAIN_FLAGS].contains(&kind)),
            nft::NEWSET if anonymous => keep(message, |kind| kind != SET_USERDATA),
            _ => {}
        }
    }
    dump
}

/// The rules' expressions and what the rules' own sets hold, and nothing else.
pub(super) fn bytecode(dump: &Dump) -> Dump {
    let mut dump = leniently(dump);
    dump.messages.retain(|message| match message.kind {
        nft::NEWRULE => true,
        nft::NEWSETELEM => message
            .attribute(ELEMENTS_SET)
            .and_then(|name| name.get::<String>().ok())
            .is_some_and(|name| name.starts_with("__")),
        _ => false,
    });
    let rules = dump.messages.iter_mut().filter(|message| message.kind == nft::NEWRULE);
    rules.for_each(|message| keep(message, |kind| RULE.contains(&kind)));
    dump
}

/// Takes attributes out of a message.
fn keep(message: &mut Message, wanted: impl Fn(u16) -> bool) {
    let mut attributes = Vec::new();
    let mut writer = Writer::new(&mut attributes);
    Attributes::new(&message.attributes)
        .map(|attribute| attribute.expect("an attribute"))
        .filter(|attribute| wanted(attribute.kind()))
        .for_each(|attribute| writer.bytes(attribute.raw_kind(), attribute.payload));
    message.attributes = attributes;
}
