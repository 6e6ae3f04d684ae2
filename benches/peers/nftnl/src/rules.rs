//! Chains and rules, in `nftnl`'s values.

use nftnl::expr::ct::States;
use nftnl::expr::{Immediate, Nat, NatType, Register};
use nftnl::{Chain, ChainType, Hook, Policy, ProtoFamily, Rule, Table, nft_expr};
use portcullis_peers_common::{CHAIN, NAT_CHAIN, NAT_PORT, Shape, address, port};

use crate::c_string;
use crate::numgen::Numgen;

const TCP: u8 = 6;

pub(crate) fn chain(shape: Shape, table: &Table) -> Chain<'_> {
    match shape {
        Shape::Nat => {
            let mut chain = Chain::new(c_string(NAT_CHAIN), table);
            chain.set_type(ChainType::Nat);
            chain.set_hook(Hook::PreRouting, -100);
            chain.set_policy(Policy::Accept);
            chain
        }
        Shape::Facts | Shape::Port => {
            let mut chain = Chain::new(c_string(CHAIN), table);
            chain.set_hook(Hook::In, 0);
            chain.set_policy(Policy::Accept);
            chain
        }
    }
}

pub(crate) fn rule<'a>(shape: Shape, chain: &'a Chain<'a>, index: u32) -> Rule<'a> {
    let mut rule = Rule::new(chain);
    rule.add_expr(&nft_expr!(meta l4proto));
    rule.add_expr(&nft_expr!(cmp == TCP));
    if shape == Shape::Facts {
        rule.add_expr(&nft_expr!(payload ipv4 saddr));
        rule.add_expr(&nft_expr!(cmp == address(index)));
    }
    rule.add_expr(&nft_expr!(payload tcp dport));
    rule.add_expr(&nft_expr!(cmp == port(index).to_be()));
    match shape {
        Shape::Facts => {
            rule.add_expr(&nft_expr!(ct state));
            let states = (States::NEW | States::ESTABLISHED).bits();
            rule.add_expr(&nft_expr!(bitwise mask states, xor 0_u32));
            rule.add_expr(&nft_expr!(cmp != 0_u32));
            rule.add_expr(&nft_expr!(counter));
            rule.add_expr(&nft_expr!(verdict accept));
        }
        Shape::Port => rule.add_expr(&nft_expr!(verdict accept)),
        Shape::Nat => {
            rule.add_expr(&Numgen { modulus: 2 });
            rule.add_expr(&nft_expr!(cmp == 0_u32));
            rule.add_expr(&Immediate::new(address(index).octets(), Register::Reg1));
            rule.add_expr(&Immediate::new(NAT_PORT.to_be_bytes(), Register::Reg2));
            rule.add_expr(&Nat {
                nat_type: NatType::DNat,
                family: ProtoFamily::Ipv4,
                ip_register: Register::Reg1,
                port_register: Some(Register::Reg2),
            });
        }
    }
    rule
}
