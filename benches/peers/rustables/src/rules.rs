//! Chains and rules, in `rustables`' values.

use portcullis_peers_common::{CHAIN, Result, Shape, address, port};
use rustables::expr::{
    Bitwise, Cmp, CmpOp, ConnTrackState, Conntrack, ConntrackKey, Counter, HighLevelPayload, IPv4HeaderField,
    NetworkHeaderField, TCPHeaderField, TransportHeaderField,
};
use rustables::{Chain, ChainPolicy, Hook, HookClass, Protocol, Rule, Table};

pub(crate) fn chain(table: &Table) -> Chain {
    Chain::new(table).with_name(CHAIN).with_hook(Hook::new(HookClass::In, 0)).with_policy(ChainPolicy::Accept)
}

/// A rule of any shape but NAT.
///
/// `saddr` and `dport` would each add their guard, which doubles what is there already; so the long rule is put
/// together from expressions.
pub(crate) fn rule(shape: Shape, chain: &Chain, index: u32) -> Result<Rule> {
    let rule = Rule::new(chain)?;
    if shape == Shape::Port {
        return Ok(rule.dport(port(index), Protocol::TCP).accept());
    }
    let states = ConnTrackState::NEW | ConnTrackState::ESTABLISHED;
    Ok(rule
        .protocol(Protocol::TCP)
        .with_expr(HighLevelPayload::Network(NetworkHeaderField::IPv4(IPv4HeaderField::Saddr)).build())
        .with_expr(Cmp::new(CmpOp::Eq, address(index).octets()))
        .with_expr(HighLevelPayload::Transport(TransportHeaderField::Tcp(TCPHeaderField::Dport)).build())
        .with_expr(Cmp::new(CmpOp::Eq, port(index).to_be_bytes()))
        .with_expr(Conntrack::new(ConntrackKey::State))
        .with_expr(Bitwise::new(states.bits().to_ne_bytes(), 0_u32.to_ne_bytes())?)
        .with_expr(Cmp::new(CmpOp::Neq, 0_u32.to_ne_bytes()))
        .with_expr(Counter::default())
        .accept())
}
