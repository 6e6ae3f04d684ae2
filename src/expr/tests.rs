//! What holds for every expression: values survive the wire, bytes of any kind survive this library, and names and
//! numbers are the kernel's.

mod header;
pub(crate) mod values;

use std::net::IpAddr;

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::*;
use crate::wire::NLA_F_NESTED;
use values::{bytes, every};

/// An element as it stands in a rule's list.
fn written(expression: &Expr) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.put(NFTA_LIST_ELEM, expression);
    writer.finish().unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Result<Expr, DecodeError> {
    Attributes::new(bytes).next().unwrap()?.get()
}

/// An element with any bytes for its data.
fn element(name: &str, data: &[u8]) -> Vec<u8> {
    written(&Expr::Unknown(UnknownExpression::from_bytes(name, data)))
}

/// Runs a property with the default number of cases.
fn check<S: Strategy>(what: &str, strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { failure_persistence: None, ..Config::default() };
    if let Err(error) = TestRunner::new(config).run(strategy, property) {
        panic!("{what}: {error}");
    }
}

#[test]
fn every_value_survives_the_wire() {
    let mut seen = Vec::new();
    for strategy in every() {
        let sample = strategy.new_tree(&mut TestRunner::deterministic()).unwrap().current();
        let name = sample.name().to_owned();
        check(&name, &strategy, |expression| {
            let bytes = written(&expression);
            prop_assert_eq!(read(&bytes), Ok(expression));
            Ok(())
        });
        seen.push(name);
    }
    for (name, _) in KNOWN {
        assert!(seen.iter().any(|other| other == name), "no test values for {name}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn every_value_survives_as_json() {
    for strategy in every() {
        check("JSON", &strategy, |expression| {
            crate::json::tests::survives(&expression);
            Ok(())
        });
    }
}

/// Attributes with numbers that the kernel uses and payloads of usual lengths, so that decoding gets far.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![0..4u8, any::<u8>()];
    let plain =
        prop_oneof![Just(0usize), Just(1), Just(2), Just(4), Just(4), Just(4), Just(4), Just(8), 0..70usize]
            .prop_flat_map(move |length| vec(number.clone(), length));
    let value = (1..3u16, bytes(20)).prop_map(|(kind, bytes)| attribute(kind, &bytes));
    let inside = (0..3usize, bytes(20))
        .prop_map(|(index, bytes)| element(["counter", "dynset", "meta"][index], &bytes)[4..].to_vec());
    let list = vec(inside.clone(), 0..3)
        .prop_map(|elements| elements.iter().flat_map(|bytes| attribute(NFTA_LIST_ELEM, bytes)).collect());
    let payload = prop_oneof![6 => plain, 1 => value, 1 => inside, 1 => list];
    vec((0..12u16, any::<bool>(), payload), 0..10).prop_map(|attributes| {
        let one = |(kind, nested, payload): &(u16, bool, Vec<u8>)| {
            attribute(kind | if *nested { NLA_F_NESTED } else { 0 }, payload)
        };
        attributes.iter().flat_map(one).collect()
    })
}

fn attribute(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).bytes(kind, payload);
    bytes
}

#[test]
fn any_bytes_survive_this_library() {
    let any_data = prop_oneof![1 => bytes(256), 3 => plausible()];
    for name in KNOWN.iter().map(|(name, _)| *name).chain(["future"]) {
        check(name, &any_data, |data| {
            let bytes = element(name, &data);
            let expression = read(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let again = written(&expression);
            match expression {
                Expr::Unknown(_) => prop_assert_eq!(again, bytes),
                known => prop_assert_eq!(read(&again), Ok(known)),
            }
            Ok(())
        });
    }
    check("an element", &any_data, |data| {
        if let Ok(expression) = Attribute::new(NFTA_LIST_ELEM, &data).get::<Expr>() {
            prop_assert_eq!(read(&written(&expression)), Ok(expression));
        }
        let _ = decode_list::<Expr>(Attribute::new(0, &data));
        Ok(())
    });
}

#[test]
fn expressions_inside_one_another_do_not_exhaust_the_stack() {
    for (name, kind) in [("inner", 5), ("dynset", 7), ("dynset", 10)] {
        let mut data = Vec::new();
        while data.len() < 60_000 {
            // The element's own header is replaced by that of the attribute that holds it.
            data = attribute(kind | NLA_F_NESTED, &element(name, &data)[4..]);
        }
        let bytes = element(name, &data);
        assert_eq!(written(&read(&bytes).unwrap()), bytes);
    }
}

#[test]
fn names_and_attribute_numbers_are_unique() {
    for (index, (name, attributes)) in KNOWN.iter().enumerate() {
        assert!(KNOWN[..index].iter().all(|(other, _)| other != name), "{name}");
        for (position, (_, number)) in attributes.iter().enumerate() {
            assert!(attributes[..position].iter().all(|(_, other)| other != number), "{name} {number}");
        }
    }
    assert_eq!(attribute_name("ct", 3), Some("NFTA_CT_DIRECTION"));
    assert_eq!(attribute_name("ct", 9), None);
}

#[test]
fn a_list_of_one_comes_back_as_a_list() {
    let head = [attribute(4, &[0, 0, 0, 1]), attribute(3, &[0; 4]), attribute(1, b"s\0")].concat();
    let counter = written(&Counter::new().into());
    for (count, is_known) in [(1, false), (2, true)] {
        let list = attribute(10 | NLA_F_NESTED, &counter.repeat(count));
        let bytes = element("dynset", &[&head[..], &list].concat());
        let expression = read(&bytes).unwrap();
        assert_eq!(matches!(expression, Expr::Dynset(_)), is_known, "{count}");
        assert_eq!(written(&expression), bytes, "{count}");
    }
}

#[test]
fn constructors_say_what_nft_says() {
    // nft --debug=netlink add rule inet t c tcp option maxseg size set rt mtu
    let mss = Exthdr::store(2, 2, 2, Register::R1);
    assert_eq!((mss.op, mss.flags), (ExthdrOp::Tcp, None));
    // nft add rule inet t c reset tcp option sack-perm
    let strip = written(&Exthdr::strip(4).into());
    assert_eq!(
        strip[20..],
        element("exthdr", &[attribute(2, &[4]), attribute(6, &[0, 0, 0, 1])].concat())[20..]
    );
    // nft add rule inet t c update @s { ip saddr limit rate over 1/second counter }
    let limit = Limit::packets(1, LimitUnit::Second).over();
    let set = Dynset::new(DynsetOp::Update, "s", Register::R1).expression(limit);
    assert_eq!(set.flags, None);
    assert_eq!(set.expression(Counter::new()).flags, Some(DynsetFlags::EXPR));
    assert_eq!(Data::from(CtState::ESTABLISHED | CtState::RELATED), Data::host_u32(6));
    assert_eq!(Data::address(IpAddr::from([10, 0, 0, 1])).to_string(), "0x0a000001");
}
