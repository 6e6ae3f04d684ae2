//! Everything that the kernel tells of the rulesets is understood, and encoded as it was.

use portcullis::{
    object::Report,
    wire::{Unknown, Writer, nft},
};
use portcullis_world::need_namespaces;

use super::{
    dump::{Dump, Message},
    for_every_ruleset,
    tree::Tree,
};

#[test]
fn nothing_is_unknown() {
    need_namespaces!();
    let empty = format!("{:?}", Unknown::new());
    for_every_ruleset(|_, dump| {
        let texts = dump.messages.iter().map(|message| format!("{:?}", report(message)));
        texts.filter_map(|text| strange(&text, &empty).map(str::to_owned)).collect()
    });
}

#[test]
fn what_is_decoded_is_encoded_as_the_kernel_told_it() {
    need_namespaces!();
    for_every_ruleset(|_, dump: &Dump| {
        let mut problems = Vec::new();
        for message in &dump.messages {
            let mut again = Vec::new();
            let mut writer = Writer::new(&mut again);
            report(message).encode(&mut writer);
            writer.finish().expect("what the kernel sent in one message");
            let (mut told, mut again) = (Tree::of(&message.attributes), Tree::of(&again));
            leave_out(message, &mut told, &mut again);
            told.sorted().differences(
                &again.sorted(),
                &format!("message {}", message.kind & 0xff),
                &mut problems,
            );
        }
        problems
    });
}

fn report(message: &Message) -> Report {
    Report::decode(message.as_wire()).expect("the kernel's message").expect("an object")
}

/// What a value's text says of anything that has no name: from there on.
fn strange<'a>(text: &'a str, empty: &str) -> Option<&'a str> {
    let unnamed = |rest: &str| {
        let attribute = rest.strip_prefix("unknown: ").is_some_and(|kept| !kept.starts_with(empty));
        // Flags are shown as Name(A | B), none of them as Name(0x0), and bytes as Data(0x…).
        let flag =
            rest.starts_with(" | 0x") || rest.starts_with("Flags(0x") && !rest.starts_with("Flags(0x0)");
        attribute || flag || ["Unknown(", "Other(", "Other {"].iter().any(|word| rest.starts_with(word))
    };
    let places = text.char_indices().map(|(at, _)| &text[at..]);
    places.into_iter().find(|rest| unnamed(rest)).map(|rest| rest.get(..200).unwrap_or(rest))
}

/// Takes out what is the kernel's to say, and what the two say in different ways.
fn leave_out(message: &Message, told: &mut Tree, again: &mut Tree) {
    let (kernels, ours): (&[&[u16]], &[&[u16]]) = match message.kind {
        // NFTA_TABLE_USE, NFTA_TABLE_HANDLE
        nft::NEWTABLE => (&[&[3], &[4]], &[]),
        // NFTA_CHAIN_HANDLE, NFTA_CHAIN_USE
        nft::NEWCHAIN => (&[&[2], &[6]], &[]),
        // NFTA_RULE_HANDLE, NFTA_RULE_POSITION
        nft::NEWRULE => (&[&[3], &[6]], &[]),
        // NFTA_SET_HANDLE, NFTA_SET_TYPE, NFTA_SET_COUNT; NFTA_SET_ID
        nft::NEWSET => (&[&[16], &[19], &[20]], &[&[10]]),
        // NFTA_OBJ_USE, NFTA_OBJ_HANDLE
        nft::NEWOBJ => (&[&[5], &[6]], &[]),
        // NFTA_FLOWTABLE_USE, NFTA_FLOWTABLE_HANDLE
        nft::NEWFLOWTABLE => (&[&[4], &[5]], &[]),
        _ => (&[], &[]),
    };
    kernels.iter().for_each(|path| told.remove(path));
    ours.iter().for_each(|path| again.remove(path));
    if message.kind == nft::NEWCHAIN {
        // NFTA_CHAIN_FLAGS: that it is a base chain.
        if told.child(10) == Some(&Tree::Leaf(1u32.to_be_bytes().to_vec())) {
            told.remove(&[10]);
        }
        // NFTA_HOOK_DEV says the same as NFTA_HOOK_DEVS.
        if told.child(4).is_some_and(|hook| hook.child(3).is_some()) {
            told.remove(&[4, 4]);
        }
    }
    // NFTA_SET_FLAGS: none.
    if message.kind == nft::NEWSET && again.child(3) == Some(&Tree::Leaf(vec![0; 4])) {
        again.remove(&[3]);
    }
    // NFTA_SET_DESC: nothing said.
    if message.kind == nft::NEWSET && told.child(9) == Some(&Tree::Leaf(Vec::new())) {
        told.remove(&[9]);
    }
    // NFTA_SET_DATA_TYPE: verdicts; NFTA_SET_DATA_LEN is known then.
    if message.kind == nft::NEWSET
        && told.child(6) == Some(&Tree::Leaf(0xffff_ff00u32.to_be_bytes().to_vec()))
    {
        told.remove(&[7]);
    }
}
