//! Dumps that others interrupt, and kernels that are too old: from a script, through the recorder.

use portcullis::{
    Error, Family, Netfilter,
    expr::{Data, ObjectKind},
    netlink::{Recorder, Scripted},
    object::{Counts, ObjectRef},
    wire::{Header, Writer, flags, message_type, nft},
};
use portcullis_world::Errno;

const INPUT: (Family, &str, &str) = (Family::Inet, "edge", "input");
const SET: (Family, &str, &str) = (Family::Inet, "edge", "set");
const PART: u16 = flags::MULTI;
const BROKEN: u16 = flags::MULTI | flags::DUMP_INTR;

fn message(kind: u16, flags: u16, sequence: u32, body: impl FnOnce(&mut Vec<u8>)) -> Scripted {
    let mut bytes = Vec::new();
    Header { kind, flags, sequence, port: 0 }.write(&mut bytes, 1, 0, body);
    Scripted::Datagram(bytes)
}

fn object(kind: u16, flags: u16, sequence: u32, attributes: impl FnOnce(&mut Writer<'_>)) -> Scripted {
    message(kind, flags, sequence, |body| attributes(&mut Writer::new(body)))
}

/// A counter with so much in it.
fn counter(writer: &mut Writer<'_>, packets: u64) {
    writer.put(1, &(packets * 100));
    writer.put(2, &packets);
}

/// A rule of a counter behind another rule.
fn rule(flags: u16, sequence: u32, handle: u64, previous: Option<u64>, packets: u64) -> Scripted {
    object(nft::NEWRULE, flags, sequence, |writer| {
        writer.text(1, "edge");
        writer.text(2, "input");
        writer.put(3, &handle);
        writer.put_option(6, &previous);
        writer.nest(4, |list| {
            list.nest(1, |expression| {
                expression.text(1, "counter");
                expression.nest(2, |data| counter(data, packets));
            });
        });
    })
}

fn done(flags: u16, sequence: u32) -> Scripted {
    raw(message_type::DONE, flags, sequence, 0)
}

fn refused(errno: Errno) -> Scripted {
    raw(message_type::ERROR, flags::CAPPED, 1, errno as i32)
}

/// A message of netlink's own: an error number, and the header of what was asked for.
fn raw(kind: u16, flags: u16, sequence: u32, errno: i32) -> Scripted {
    let mut bytes = Vec::new();
    bytes.extend(36u32.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend((-errno).to_ne_bytes());
    bytes.resize(36, 0);
    Scripted::Datagram(bytes)
}

#[test]
fn a_reset_that_is_interrupted_loses_no_count() {
    let recorder = Recorder::new()
        .answer([rule(PART, 1, 4, None, 5), rule(BROKEN, 1, 6, Some(4), 1), done(PART, 1)])
        // Rule 4 comes twice, for one was put before it while the dump went on: the dump is not whole.
        .answer([rule(PART, 2, 4, None, 2), rule(PART, 2, 4, Some(9), 3), done(PART, 2)])
        .answer([rule(PART, 1, 9, None, 8), rule(PART, 1, 4, Some(9), 0), done(PART, 1)]);
    let rules = Netfilter::with_transport(recorder).reset_rules(INPUT).unwrap();
    let counts: Vec<_> = rules.iter().map(|rule| (rule.handle.unwrap(), rule.counted().unwrap())).collect();
    assert_eq!(counts, [(9, Counts::new(8, 800)), (4, Counts::new(10, 1000))]);
}

#[test]
fn a_reset_of_objects_that_is_interrupted_loses_no_count() {
    let hits = |flags, sequence, packets| {
        object(nft::NEWOBJ, flags, sequence, |writer| {
            writer.text(1, "edge");
            writer.text(2, "hits");
            writer.put(3, &ObjectKind::Counter.number());
            writer.nest(4, |data| counter(data, packets));
        })
    };
    let recorder =
        Recorder::new().answer([hits(BROKEN, 1, 5), done(PART, 1)]).answer([hits(PART, 2, 2), done(PART, 2)]);
    let objects = Netfilter::with_transport(recorder).reset_objects((Family::Inet, "edge")).unwrap();
    assert_eq!(objects.len(), 1);
    assert_eq!(objects[0].counted(), Some(Counts::new(7, 700)));
}

#[test]
fn a_reset_of_elements_that_is_interrupted_loses_no_count() {
    let elements = |flags, sequence, packets| {
        object(nft::NEWSETELEM, flags, sequence, |writer| {
            writer.text(1, "edge");
            writer.text(2, "set");
            writer.nest(3, |list| {
                list.nest(1, |element| {
                    element.put(1, &Data::network_u16(80));
                    element.nest(7, |expression| {
                        expression.text(1, "counter");
                        expression.nest(2, |data| counter(data, packets));
                    });
                });
            });
        })
    };
    let recorder = Recorder::new()
        .answer([elements(BROKEN, 1, 5), done(PART, 1)])
        .answer([elements(PART, 2, 2), done(PART, 2)]);
    let elements = Netfilter::with_transport(recorder).reset_elements(SET).unwrap();
    assert_eq!(elements.len(), 1);
    assert_eq!(elements[0].counted(), Some(Counts::new(7, 700)));
}

#[test]
fn kernels_that_cannot_reset_are_named() {
    let old = || Netfilter::with_transport(Recorder::new().answer([refused(Errno::EINVAL)]));
    let key = Data::network_u16(80);
    let rules = "this kernel does not support resetting the counters of rules, which came with Linux 6.2";
    let elements =
        "this kernel does not support resetting the counters of elements, which came with Linux 6.5";
    for (error, text) in [
        (old().reset_rule(INPUT, 7).unwrap_err(), rules),
        (old().reset_rules(INPUT).unwrap_err(), rules),
        (old().reset_element(SET, &key).unwrap_err(), elements),
        (old().reset_elements(SET).unwrap_err(), elements),
    ] {
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn where_reading_is_refused_too_the_kernel_is_not_too_old() {
    let both = || Recorder::new().answer([refused(Errno::EINVAL)]).answer([refused(Errno::EINVAL)]);
    let error = Netfilter::with_transport(both()).reset_rule(INPUT, 7).unwrap_err();
    assert!(matches!(error, Error::Request { .. }), "{error:?}");
    let object = ObjectRef::new((Family::Inet, "edge"), ObjectKind::Counter, "hits");
    let error = Netfilter::with_transport(both()).reset_object(object).unwrap_err();
    assert_eq!(error.to_string(), "read an object: EINVAL (Invalid argument)");
}
