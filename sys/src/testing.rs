//! What the tests of this crate share.

use std::panic::resume_unwind;
use std::thread;

use nix::sched::{CloneFlags, unshare};

/// Runs the test in a thread with a network namespace of its own; skips it, loudly, where that is not permitted.
pub(crate) fn in_network_namespace(test: impl FnOnce() + Send + 'static) {
    let outcome = thread::spawn(|| match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => test(),
        Err(error) => eprintln!("SKIPPED: no network namespace for this test: {error}"),
    })
    .join();
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
}

/// A request of the kernel's generation: the smallest question nf_tables answers.
pub(crate) fn get_generation(sequence: u32) -> Vec<u8> {
    message(
        (libc::NFNL_SUBSYS_NFTABLES << 8 | libc::NFT_MSG_GETGEN) as u16,
        libc::NLM_F_REQUEST,
        sequence,
        &[],
    )
}

/// A netlink message: header, `nfgenmsg` of the family inet, and the given attributes.
pub(crate) fn message(kind: u16, flags: libc::c_int, sequence: u32, attributes: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    message.extend((20 + attributes.len() as u32).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend((flags as u16).to_ne_bytes());
    message.extend(sequence.to_ne_bytes());
    message.extend([0; 4]);
    message.extend([libc::NFPROTO_INET as u8, 0, 0, 0]);
    message.extend(attributes);
    message
}
