//! Chains and rules, in `nlink`'s values.

use nlink::netlink::nftables::{
    BaseChain, Chain, CmpOp, CtState, Expr, Family, FilterHook, Generated, NatHook, NumgenKind, Policy,
    Priority, Register, Rule,
};
use portcullis_peers_common::{CHAIN, NAT_CHAIN, NAT_PORT, Result, Shape, TABLE, address, port};

const TCP: u8 = 6;

pub(crate) fn chain(shape: Shape) -> Result<Chain> {
    let (name, base) = match shape {
        Shape::Nat => (NAT_CHAIN, BaseChain::nat(NatHook::Prerouting, Priority::DstNat)),
        Shape::Facts | Shape::Port => {
            (CHAIN, BaseChain::filter(FilterHook::Input, Priority::Filter).policy(Policy::Accept))
        }
    };
    Ok(Chain::new(TABLE, name)?.family(Family::Ip).base(base))
}

pub(crate) fn rule(shape: Shape, index: u32) -> Rule {
    match shape {
        Shape::Facts => Rule::new(TABLE, CHAIN)
            .family(Family::Ip)
            .match_l4proto(TCP)
            .match_saddr_v4(address(index), 32)
            .match_tcp_dport(port(index))
            .match_ct_state(CtState::NEW | CtState::ESTABLISHED)
            .counter()
            .accept(),
        Shape::Port => Rule::new(TABLE, CHAIN).family(Family::Ip).match_tcp_dport(port(index)).accept(),
        Shape::Nat => Rule::new(TABLE, NAT_CHAIN)
            .family(Family::Ip)
            .match_tcp_dport(port(index))
            .generate(Generated::Numgen { kind: NumgenKind::Incremental, modulus: 2, offset: 0 })
            .expr(Expr::Cmp { sreg: Register::R0, op: CmpOp::Eq, data: 0_u32.to_ne_bytes().to_vec() })
            .dnat(address(index), Some(NAT_PORT)),
    }
}
