//! What holds for every object: what is read from any bytes is written so that it is read the same again.

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

use super::*;
use crate::cases::cases;
use crate::wire::{Attributes, Nested, Writer};

/// Attributes of plausible and of any lengths and content, `depth` of them inside each other.
fn attributes(depth: u32) -> BoxedStrategy<Vec<u8>> {
    let leaf = prop_oneof![
        Just(b"name\0".to_vec()),
        vec(any::<u8>(), 4),
        vec(any::<u8>(), 8),
        (0u8..32).prop_map(|number| vec![0, 0, 0, number]),
        vec(any::<u8>(), 0..12),
    ];
    let payload = match depth {
        0 => leaf.boxed(),
        depth => prop_oneof![leaf, attributes(depth - 1)].boxed(),
    };
    let run = vec((0u16..22, payload), 0..9).prop_map(|run| {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        run.iter().for_each(|(kind, payload)| writer.bytes(*kind, payload));
        bytes
    });
    run.boxed()
}

/// Required attributes in front, so that many runs can be read.
fn with_head(head: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    head.iter().for_each(|(kind, payload)| writer.bytes(*kind, payload));
    bytes
}

/// As JSON, it is the same too.
#[cfg(feature = "serde")]
use crate::json::tests::survives;

/// There is no other form.
#[cfg(not(feature = "serde"))]
fn survives<T>(_: &T) {}

/// Reads any bytes behind `head`, and writes and reads again whatever could be read.
fn check<T: PartialEq + std::fmt::Debug>(
    head: &[(u16, &[u8])],
    read: impl Fn(&[u8]) -> Option<T>,
    write: impl Fn(&T) -> Vec<u8>,
) {
    let config = cases(400);
    // So few that none need be readable.
    let few = config.cases < 400;
    let readable = std::cell::Cell::new(0);
    let result = TestRunner::new(config).run(&attributes(3), |bytes| {
        let bytes = [with_head(head), bytes].concat();
        if let Some(value) = read(&bytes) {
            readable.set(readable.get() + 1);
            let again = read(&write(&value));
            prop_assert_eq!(again.as_ref(), Some(&value));
        }
        Ok(())
    });
    assert_eq!(result, Ok(()));
    assert!(few || readable.get() > 40, "{} of 400 could be read", readable.get());
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Writer::new(&mut bytes));
    bytes
}

const NAMES: [(u16, &[u8]); 2] = [(1, b"edge\0"), (2, b"thing\0")];

#[test]
fn any_sets_bytes_survive() {
    let head = [NAMES[0], NAMES[1], (5, &[0, 0, 0, 4])];
    let read =
        |bytes: &[u8]| Set::decode(Attributes::new(bytes)).ok().map(|(_, set)| Set { handle: None, ..set });
    check(&head, read, |set| {
        survives(set);
        written(|writer| set.encode("edge", None, writer))
    });
}

#[test]
fn any_elements_bytes_survive() {
    let key = written(|writer| writer.bytes(1, &[0, 80]));
    let read = |bytes: &[u8]| Element::decode(Attributes::new(bytes)).ok();
    check(&[(1, &key)], read, |element| {
        survives(element);
        written(|writer| element.encode(writer))
    });
}

#[test]
fn any_objects_bytes_survive() {
    for kind in 0..12 {
        let head = [NAMES[0], NAMES[1], (3, &[0, 0, 0, kind][..]), (4, &[][..])];
        let read = |bytes: &[u8]| Object::decode(Attributes::new(bytes)).ok();
        // How often it is used is the kernel's to say.
        let read =
            |bytes: &[u8]| read(bytes).map(|(_, object)| Object { uses: None, handle: None, ..object });
        check(&head, read, |object| {
            survives(object);
            written(|writer| object.encode("edge", writer))
        });
    }
}

#[test]
fn any_flowtables_bytes_survive() {
    let read = |bytes: &[u8]| Flowtable::decode(Attributes::new(bytes)).ok();
    let read =
        |bytes: &[u8]| read(bytes).map(|(_, flowtable)| Flowtable { uses: None, handle: None, ..flowtable });
    check(&NAMES, read, |flowtable| {
        survives(flowtable);
        written(|writer| flowtable.encode(Family::Inet, "edge", writer))
    });
}

#[test]
fn any_tables_bytes_survive() {
    let read = |bytes: &[u8]| Table::decode(Family::Inet, Attributes::new(bytes)).ok();
    let read = |bytes: &[u8]| read(bytes).map(|table| Table { handle: None, ..table });
    check(&NAMES[..1], read, |table| written(|writer| table.encode(writer)));
}

#[test]
fn any_chains_bytes_survive() {
    let names = [NAMES[0], (3, &b"thing\0"[..])];
    // Hook and priority, then devices in either form.
    let hook = |more: &[u8]| with_head(&[(1, &[0; 4]), (2, &[0; 4]), (3, b"eth0\0"), (4, more)]);
    let devices = [hook(&[]), hook(&with_head(&[(1, b"eth0\0"), (2, b"wg\0")]))];
    let read = |bytes: &[u8]| Chain::decode(Family::Netdev, Attributes::new(bytes)).ok();
    let read = |bytes: &[u8]| read(bytes).map(|(_, chain)| Chain { handle: None, ..chain });
    let write = |chain: &Chain| written(|writer| chain.encode(Family::Netdev, "edge", None, writer));
    check(&names, read, write);
    for hook in &devices {
        check(&[names[0], names[1], (4, hook)], read, write);
    }
}
