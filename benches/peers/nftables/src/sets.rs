//! Sets and elements, in `nftables`' values.

use std::net::Ipv4Addr;

use nftables::expr::{Expression, NamedExpression, Prefix};
use nftables::schema::{Element, Map, NfListObject, Set, SetFlag, SetType, SetTypeValue};
use nftables::types::NfFamily;
use portcullis_peers_common::{Members, REPLACEMENT, SET, TABLE, address, port, prefix};

pub(crate) fn object(members: Members, count: u32) -> NfListObject<'static> {
    match members {
        Members::Marks => NfListObject::Map(Box::new(Map {
            family: NfFamily::IP,
            table: TABLE.into(),
            name: SET.into(),
            set_type: SetTypeValue::Single(SetType::Ipv4Addr),
            map: SetTypeValue::Single(SetType::Mark),
            size: Some(count),
            ..Map::default()
        })),
        others => NfListObject::Set(Box::new(set(others, count))),
    }
}

fn set(members: Members, count: u32) -> Set<'static> {
    let base = Set { family: NfFamily::IP, table: TABLE.into(), name: SET.into(), ..Set::default() };
    let addresses = SetTypeValue::Single(SetType::Ipv4Addr);
    match members {
        Members::Addresses | Members::Marks => Set { set_type: addresses, size: Some(count), ..base },
        Members::Prefixes => Set { set_type: addresses, flags: Some([SetFlag::Interval].into()), ..base },
        Members::Pairs => Set {
            set_type: SetTypeValue::Concatenated(vec![SetType::Ipv4Addr, SetType::InetService].into()),
            size: Some(count),
            ..base
        },
    }
}

pub(crate) fn element(values: Vec<Expression<'static>>) -> Element<'static> {
    Element { family: NfFamily::IP, table: TABLE.into(), name: SET.into(), elem: values.into() }
}

pub(crate) fn value(members: Members, index: u32) -> Expression<'static> {
    match members {
        Members::Addresses => text(address(index)),
        Members::Prefixes => {
            let prefix = Prefix { addr: Box::new(text(prefix(index))), len: 30 };
            Expression::Named(NamedExpression::Prefix(prefix))
        }
        Members::Marks => Expression::List(vec![text(address(index)), Expression::Number(index)]),
        Members::Pairs => Expression::Named(NamedExpression::Concat(vec![
            text(address(index)),
            Expression::Number(port(index).into()),
        ])),
    }
}

pub(crate) fn replacement() -> Expression<'static> {
    text(REPLACEMENT)
}

fn text(address: Ipv4Addr) -> Expression<'static> {
    Expression::String(address.to_string().into())
}
