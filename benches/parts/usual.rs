//! The rule that all benchmarks have in common.

use std::net::Ipv4Addr;

use portcullis::{CtState, Rule};

/// FACTS' rule: protocol, source address, destination port, connection state, counter, accept. 11 expressions.
pub(crate) fn rule(index: u32) -> Rule {
    let [_, high, middle, low] = index.to_be_bytes();
    let port = u16::from_be_bytes([middle, low]).max(1);
    Rule::new()
        .tcp()
        .saddr(Ipv4Addr::new(10, high, middle, low))
        .dport(port)
        .ct_state(CtState::NEW | CtState::ESTABLISHED)
        .counter()
        .accept()
}
