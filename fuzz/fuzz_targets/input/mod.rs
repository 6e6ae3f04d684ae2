//! What the fuzzer's bytes stand for: a kind of message, a family, and attributes. So the fuzzer need not guess a header.

use portcullis::wire::{GenMessage, Header, flags, nft};

/// The kinds of messages that tell of objects. `tests/kernel/fidelity/seeds.rs` writes seeds by the same list.
const KINDS: [u16; 7] = [
    nft::NEWTABLE,
    nft::NEWCHAIN,
    nft::NEWRULE,
    nft::NEWSET,
    nft::NEWSETELEM,
    nft::NEWOBJ,
    nft::NEWFLOWTABLE,
];

/// Calls `work` with the message; nothing where the bytes are too few.
pub fn with_message<R>(data: &[u8], work: impl FnOnce(GenMessage<'_>) -> R) -> Option<R> {
    let (&kind, rest) = data.split_first()?;
    let (&family, attributes) = rest.split_first()?;
    let kind = KINDS[usize::from(kind) % KINDS.len()];
    let body = [&[family, 0, 0, 0], attributes].concat();
    let header = Header { kind, flags: flags::MULTI, sequence: 1, port: 0 };
    Some(work(GenMessage { header, body: &body }))
}
