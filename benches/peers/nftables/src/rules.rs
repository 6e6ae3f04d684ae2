//! Chains and rules, in `nftables`' values.

use nftables::expr::{CT, Expression, Meta, MetaKey, NamedExpression, NgMode, Numgen, Payload, PayloadField};
use nftables::schema::{Chain, Rule};
use nftables::stmt::{Counter, Match, NAT, Operator, Statement};
use nftables::types::{NfChainPolicy, NfChainType, NfFamily, NfHook};
use portcullis_peers_common::{CHAIN, NAT_CHAIN, NAT_PORT, Shape, TABLE, address, port};

fn name(shape: Shape) -> &'static str {
    if shape == Shape::Nat { NAT_CHAIN } else { CHAIN }
}

pub(crate) fn chain(shape: Shape) -> Chain<'static> {
    let (kind, hook, priority) = match shape {
        Shape::Nat => (NfChainType::NAT, NfHook::Prerouting, -100),
        Shape::Facts | Shape::Port => (NfChainType::Filter, NfHook::Input, 0),
    };
    Chain {
        family: NfFamily::IP,
        table: TABLE.into(),
        name: name(shape).into(),
        _type: Some(kind),
        hook: Some(hook),
        prio: Some(priority),
        policy: Some(NfChainPolicy::Accept),
        ..Chain::default()
    }
}

pub(crate) fn rule(shape: Shape, index: u32) -> Rule<'static> {
    let statements = match shape {
        Shape::Facts => vec![
            equal(NamedExpression::Meta(Meta { key: MetaKey::L4proto }), Expression::String("tcp".into())),
            equal(field("ip", "saddr"), Expression::String(address(index).to_string().into())),
            by_port(index),
            has_state(&["new", "established"]),
            Statement::Counter(Counter::Anonymous(None)),
            Statement::Accept(None),
        ],
        Shape::Port => vec![by_port(index), Statement::Accept(None)],
        Shape::Nat => vec![
            by_port(index),
            equal(
                NamedExpression::Numgen(Numgen { mode: NgMode::Inc, ng_mod: 2, offset: None }),
                Expression::Number(0),
            ),
            Statement::DNAT(Some(NAT {
                addr: Some(Expression::String(address(index).to_string().into())),
                family: None,
                port: Some(Expression::Number(NAT_PORT.into())),
                flags: None,
            })),
        ],
    };
    Rule {
        family: NfFamily::IP,
        table: TABLE.into(),
        chain: name(shape).into(),
        expr: statements.into(),
        ..Rule::default()
    }
}

fn by_port(index: u32) -> Statement<'static> {
    equal(field("tcp", "dport"), Expression::Number(port(index).into()))
}

fn field(protocol: &'static str, field: &'static str) -> NamedExpression<'static> {
    NamedExpression::Payload(Payload::PayloadField(PayloadField {
        protocol: protocol.into(),
        field: field.into(),
    }))
}

fn equal(left: NamedExpression<'static>, right: Expression<'static>) -> Statement<'static> {
    Statement::Match(Match { left: Expression::Named(left), right, op: Operator::EQ })
}

fn has_state(states: &[&'static str]) -> Statement<'static> {
    let state = CT { key: "state".into(), family: None, dir: None };
    Statement::Match(Match {
        left: Expression::Named(NamedExpression::CT(state)),
        right: Expression::List(states.iter().map(|&state| Expression::String(state.into())).collect()),
        op: Operator::IN,
    })
}
