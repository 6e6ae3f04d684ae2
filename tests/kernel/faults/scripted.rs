//! Answers that no healthy kernel gives, or not on demand: from a script, through the recorder.

use std::io;

use portcullis::{
    Error, Netfilter, Position, Refused, Rule, Table, Transaction,
    netlink::{Recorder, Room, Scripted, Transport},
    wire::{Header, Writer, flags, message_type, nft},
};
use portcullis_world::Errno;

use super::INPUT;
use crate::support::edge;

/// A message, whatever it is about.
fn message(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend((16 + u32::try_from(body.len()).unwrap()).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend(body);
    bytes
}

/// A refusal without details; with 0, an acknowledgement.
fn answer(sequence: u32, errno: i32) -> Vec<u8> {
    let mut body = errno.saturating_neg().to_ne_bytes().to_vec();
    body.resize(20, 0);
    message(message_type::ERROR, flags::CAPPED, sequence, &body)
}

/// A refusal with the kernel's text and an offset.
fn detailed(sequence: u32, errno: i32, text: &str, offset: u32) -> Vec<u8> {
    let mut body = errno.saturating_neg().to_ne_bytes().to_vec();
    body.resize(20, 0);
    let mut writer = Writer::new(&mut body);
    writer.text(1, text);
    writer.bytes(2, &offset.to_ne_bytes());
    message(message_type::ERROR, flags::CAPPED | flags::ACK_TLVS, sequence, &body)
}

/// The end of a dump.
fn done(sequence: u32, code: i32, more: u16) -> Vec<u8> {
    message(message_type::DONE, flags::MULTI | more, sequence, &code.to_ne_bytes())
}

/// An object of the family inet.
fn object(kind: u16, flags: u16, sequence: u32, attributes: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    Header { kind, flags, sequence, port: 0 }
        .write(&mut bytes, 1, 0, |body| attributes(&mut Writer::new(body)));
    bytes
}

fn table(name: &str, flags: u16, sequence: u32) -> Vec<u8> {
    object(nft::NEWTABLE, flags, sequence, |writer| writer.text(1, name))
}

fn overflow() -> Scripted {
    Scripted::Error(Errno::ENOBUFS as i32)
}

fn datagrams<const N: usize>(datagrams: [Vec<u8>; N]) -> [Scripted; N] {
    datagrams.map(Scripted::Datagram)
}

/// A connection whose next exchange is answered so.
fn scripted(answers: impl IntoIterator<Item = Scripted>) -> Netfilter<Recorder> {
    Netfilter::with_transport(Recorder::new().answer(answers))
}

/// The generation, acknowledged.
fn generation(id: u32) -> [Scripted; 2] {
    datagrams([object(nft::NEWGEN, 0, 1, |writer| writer.bytes(1, &id.to_be_bytes())), answer(1, 0)])
}

/// A connection whose next listing is answered so. Before the dump the generation is read, and an empty
/// transaction finds its commit complete; behind it the recorder says generation 1 by itself.
fn listing() -> Recorder {
    Recorder::new().answer(generation(1)).answer([])
}

/// Operation 0 adds the table, operation 1 the chain: the sequence numbers 1 and 2.
fn two_operations() -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add_table(edge());
    transaction
}

fn commit(answers: impl IntoIterator<Item = Scripted>) -> Result<portcullis::Committed, Error> {
    scripted(answers).commit(&two_operations())
}

fn refused(result: Result<portcullis::Committed, Error>) -> Refused {
    match result {
        Err(Error::Refused(refused)) => refused,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

#[test]
fn only_the_last_operations_acknowledgement_counts() {
    assert!(matches!(commit([]), Err(Error::NoAnswer { operation: "commit" })));
    assert!(matches!(commit(datagrams([answer(1, 0)])), Err(Error::NoAnswer { .. })));
    assert!(matches!(commit(datagrams([answer(3, 0)])), Err(Error::NoAnswer { .. })));
    assert!(matches!(scripted([]).check(&two_operations()), Err(Error::NoAnswer { operation: "check" })));
    commit(datagrams([answer(2, 0)])).unwrap();
}

#[test]
fn lost_answers_are_neither_success_nor_forgotten() {
    let enoent = Errno::ENOENT as i32;
    assert!(matches!(commit([overflow()]), Err(Error::NoAnswer { .. })));
    // The error comes first from the socket, then what fitted.
    let mut answers = vec![overflow()];
    answers.extend(datagrams([answer(1, enoent)]));
    let refused = refused(commit(answers));
    assert_eq!((refused.refusals.len(), refused.incomplete), (1, true));
    // The last acknowledgement is queued behind every refusal, so nothing was lost that matters.
    let mut answers = vec![overflow()];
    answers.extend(datagrams([answer(2, 0)]));
    commit(answers).unwrap();
}

#[test]
fn a_reported_object_proves_the_commit_when_the_acknowledgement_is_lost() {
    let mut transaction = Transaction::new().with_handles();
    let id = transaction.add_table(edge());
    let reported = |sequence| {
        object(nft::NEWTABLE, 0, sequence, |writer| {
            writer.text(1, "edge");
            writer.bytes(4, &7u64.to_be_bytes());
        })
    };
    let committed = scripted([overflow(), Scripted::Datagram(reported(1))]).commit(&transaction).unwrap();
    assert_eq!(committed.handle(id), Some(7));
    // Of another's commit, or with nothing lost, it proves nothing.
    let result = scripted([overflow(), Scripted::Datagram(reported(0))]).commit(&transaction);
    assert!(matches!(result, Err(Error::NoAnswer { .. })), "{result:?}");
    let result = scripted(datagrams([reported(1)])).commit(&transaction);
    assert!(matches!(result, Err(Error::NoAnswer { .. })), "{result:?}");
}

#[test]
fn what_is_said_of_the_batch_is_no_refusal_of_an_operation() {
    let whole = |errno: Errno| commit(datagrams([answer(0, errno as i32)]));
    assert!(matches!(whole(Errno::EPERM), Err(Error::Permission { operation: "commit" })));
    assert!(matches!(whole(Errno::EOPNOTSUPP), Err(Error::Unsupported { .. })));
    let enomem = Errno::ENOMEM as i32;
    assert!(matches!(whole(Errno::ENOMEM), Err(Error::Request { errno, .. }) if errno == enomem));
    // Nobody asked for a generation: not a change that the caller could act upon.
    assert!(matches!(whole(Errno::ERESTART), Err(Error::Request { .. })));

    // The generation is read as 41, and the commit is refused for it. Old kernels that have loaded a module half-way
    // say so of the operation that wanted the module.
    for sequence in [0, 2] {
        let refusal = answer(sequence, Errno::ERESTART as i32);
        let recorder = Recorder::new().answer(generation(41)).answer(datagrams([refusal]));
        let mut firewall = Netfilter::with_transport(recorder);
        let generation = firewall.generation().unwrap();
        let result = firewall.commit_if(&two_operations(), generation);
        assert!(matches!(result, Err(Error::Changed { expected: 41 })), "{result:?}");
    }
}

#[test]
fn a_replayed_batch_repeats_itself_and_is_reported_once() {
    let enoent = Errno::ENOENT as i32;
    let repeated = [answer(2, enoent), answer(1, enoent), answer(2, enoent), answer(1, enoent)];
    let refused = refused(commit(datagrams(repeated)));
    let operations: Vec<_> = refused.refusals.iter().map(|refusal| refusal.operation.index()).collect();
    assert_eq!(operations, [0, 1]);
    assert!(!refused.incomplete);
    // Acknowledged before the replay, refused by it.
    let result = commit(datagrams([answer(2, 0), answer(1, enoent)]));
    assert!(matches!(result, Err(Error::Refused(_))), "{result:?}");
    commit(datagrams([answer(2, 0), answer(2, 0)])).unwrap();
}

#[test]
fn an_error_of_no_known_operation_names_none() {
    for sequence in [3, 99, u32::MAX] {
        let result = commit(datagrams([answer(sequence, Errno::EINVAL as i32 + 1000), answer(2, 0)]));
        assert!(matches!(result, Err(Error::Request { operation: "commit", .. })), "{result:?}");
    }
    // What is known goes first.
    let result = commit(datagrams([answer(99, Errno::ENOMEM as i32), answer(2, Errno::ENOENT as i32)]));
    assert_eq!(refused(result).refusals.len(), 1);
}

#[test]
fn an_error_number_of_any_size_is_kept() {
    for (sent, kept) in [(i32::MIN, i32::MAX), (-4095, 4095), (-i32::MAX, i32::MAX)] {
        let mut bytes = answer(1, 1);
        bytes[16..20].copy_from_slice(&sent.to_ne_bytes());
        assert_eq!(refused(commit(datagrams([bytes]))).refusals[0].errno, kept);
    }
}

#[test]
fn a_cut_answer_is_a_typed_error() {
    for whole in [answer(2, 0), detailed(1, Errno::ENOENT as i32, "no such thing", 20)] {
        for length in 0..whole.len() {
            let cut = whole[..length].to_vec();
            let result = commit([Scripted::Datagram(cut.clone())]);
            match length {
                // An empty datagram says nothing at all.
                0 => assert!(matches!(result, Err(Error::NoAnswer { .. })), "{result:?}"),
                _ => assert!(matches!(result, Err(Error::Message { operation: "commit", .. })), "{result:?}"),
            }
            // The same with a length that admits to it: part of a refusal is still a refusal.
            let mut honest = cut;
            if length >= 16 {
                honest[..4].copy_from_slice(&u32::try_from(length).unwrap().to_ne_bytes());
                let result = commit([Scripted::Datagram(honest)]);
                let expected = match (&result, length) {
                    (Err(Error::NoAnswer { .. }), 16..20) => true,
                    (Ok(_), 20..) => whole.len() == 36,
                    (Err(Error::Refused(_)), 20..) => whole.len() > 36,
                    _ => false,
                };
                assert!(expected, "{length}: {result:?}");
            }
        }
    }
}

#[test]
fn details_that_lie_are_left_out() {
    let bytes = detailed(1, Errno::ENOENT as i32, "no such thing", 20);
    for at in 36..bytes.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut broken = bytes.clone();
            broken[at] = value;
            assert_eq!(refused(commit(datagrams([broken]))).refusals[0].errno, Errno::ENOENT as i32);
        }
    }
    for offset in [0, 4, 15, 16, 19, 35, 36, 1 << 20, u32::MAX] {
        let refused = refused(commit(datagrams([detailed(1, 2, "no", offset)])));
        assert_eq!(refused.refusals[0].message.as_deref(), Some("no"), "{offset}");
    }
}

#[test]
fn an_answer_too_long_for_the_buffer_is_an_error() {
    let result = commit([Scripted::Datagram(vec![0; 1 << 20])]);
    let Err(Error::Io { operation: "commit", source }) = &result else { panic!("{result:?}") };
    assert_eq!(source.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn answers_of_an_earlier_exchange_are_forgotten() {
    // Reading the generation ends with its acknowledgement; the rest waits in the socket for the next exchange.
    let leftovers = || {
        let mut answers = Vec::from(generation(41));
        answers.extend(datagrams([answer(1, Errno::ENOENT as i32), answer(2, 0)]));
        answers.push(Scripted::Datagram(vec![1, 2, 3]));
        answers.push(overflow());
        answers.push(Scripted::Datagram(vec![0; 1 << 20]));
        answers.extend(datagrams([table("stale", 0, 1), done(1, 0, 0)]));
        answers
    };
    // A stale refusal is not this transaction's ...
    let mut firewall = Netfilter::with_transport(Recorder::new().answer(leftovers()));
    assert_eq!(firewall.generation().unwrap().id, 41);
    firewall.commit(&two_operations()).unwrap();
    // ... a stale acknowledgement neither ...
    let mut firewall = Netfilter::with_transport(Recorder::new().answer(leftovers()).answer([]));
    firewall.generation().unwrap();
    assert!(matches!(firewall.commit(&two_operations()), Err(Error::NoAnswer { .. })));
    // ... and a stale object is in no listing.
    let mut firewall = Netfilter::with_transport(Recorder::new().answer(leftovers()));
    firewall.generation().unwrap();
    assert_eq!(firewall.tables(None).unwrap(), []);
}

#[test]
fn a_listing_that_changes_interrupt_is_begun_anew_and_given_up_in_the_end() {
    for interrupted in [
        datagrams([table("old", flags::MULTI | flags::DUMP_INTR, 1), done(1, 0, 0)]),
        datagrams([table("old", flags::MULTI, 1), done(1, 0, flags::DUMP_INTR)]),
    ] {
        let recorder =
            listing().answer(interrupted).answer(datagrams([table("new", flags::MULTI, 2), done(2, 0, 0)]));
        let mut firewall = Netfilter::with_transport(recorder);
        let names: Vec<_> = firewall.tables(None).unwrap().into_iter().map(|table| table.name).collect();
        assert_eq!(names, ["new"]);
        // The generation, the empty transaction, two dumps, the generation.
        assert_eq!(firewall.transport().sent().len(), 5);
    }
    let recorder = (1..=1000).fold(listing(), |recorder, attempt| {
        recorder.answer(datagrams([done(attempt, 0, flags::DUMP_INTR)]))
    });
    let mut firewall = Netfilter::with_transport(recorder);
    let result = firewall.tables(None);
    let Err(Error::Interrupted { operation: "list tables", attempts }) = result else { panic!("{result:?}") };
    assert_eq!(usize::try_from(attempts).unwrap() + 2, firewall.transport().sent().len());
}

#[test]
fn a_listing_of_two_generations_is_begun_anew_and_given_up_in_the_end() {
    let dump = |name| datagrams([table(name, flags::MULTI, 1), done(1, 0, 0)]);
    let changed = || datagrams([answer(0, Errno::ERESTART as i32)]);
    let recorder = Recorder::new()
        // Another commit comes before the dump ...
        .answer(generation(5))
        .answer(changed())
        // ... and while it goes on ...
        .answer(generation(6))
        .answer([])
        .answer(dump("old"))
        .answer(generation(7))
        // ... and none the third time.
        .answer(generation(7))
        .answer([])
        .answer(dump("new"))
        .answer(generation(7));
    let mut firewall = Netfilter::with_transport(recorder);
    let names: Vec<_> = firewall.tables(None).unwrap().into_iter().map(|table| table.name).collect();
    assert_eq!(names, ["new"]);

    let recorder =
        (0..1000).fold(Recorder::new(), |recorder, id| recorder.answer(generation(id)).answer(changed()));
    let result = Netfilter::with_transport(recorder).tables(None);
    assert!(matches!(result, Err(Error::Interrupted { operation: "list tables", .. })), "{result:?}");
}

#[test]
fn a_rule_that_does_not_follow_the_one_before_it_begins_the_listing_anew() {
    let rule = |handle: u64, behind: Option<u64>| {
        object(nft::NEWRULE, flags::MULTI, 1, |writer| {
            writer.text(1, "edge");
            writer.text(2, "input");
            writer.bytes(3, &handle.to_be_bytes());
            behind.into_iter().for_each(|handle| writer.bytes(6, &handle.to_be_bytes()));
        })
    };
    // One is missing between two, the first comes twice, the first is missing.
    for broken in [
        [rule(2, None), rule(4, Some(3))],
        [rule(2, None), rule(2, None)],
        [rule(3, Some(2)), rule(4, Some(3))],
    ] {
        let recorder = listing()
            .answer(broken.into_iter().chain([done(1, 0, 0)]).map(Scripted::Datagram))
            .answer(generation(1))
            .answer([])
            .answer(datagrams([rule(2, None), rule(3, Some(2)), done(1, 0, 0)]));
        let rules = Netfilter::with_transport(recorder).rules(INPUT).unwrap();
        assert_eq!(rules.iter().filter_map(|rule| rule.handle).collect::<Vec<_>>(), [2, 3]);
    }
}

#[test]
fn a_listing_that_fails_is_an_error_not_a_short_listing() {
    let object = || table("edge", flags::MULTI, 1);
    let list = |answers: Vec<Scripted>| Netfilter::with_transport(listing().answer(answers)).tables(None);
    let after_one = |last: Vec<u8>| list(datagrams([object(), last]).into());
    let enomem = Errno::ENOMEM as i32;

    let result = after_one(answer(1, enomem));
    assert!(matches!(result, Err(Error::Request { operation: "list tables", errno, .. }) if errno == enomem));
    let result = after_one(done(1, -enomem, 0));
    assert!(matches!(result, Err(Error::Request { operation: "list tables", errno, .. }) if errno == enomem));
    let result = after_one(answer(1, Errno::EPERM as i32));
    assert!(matches!(result, Err(Error::Permission { operation: "list tables" })));
    // No end, and an end of another request.
    assert!(matches!(list(datagrams([object()]).into()), Err(Error::NoAnswer { .. })));
    assert!(matches!(after_one(done(2, 0, 0)), Err(Error::NoAnswer { .. })));
    let mut cut = object();
    cut.pop();
    assert!(matches!(list(datagrams([cut]).into()), Err(Error::Message { .. })));
    let result = list(vec![Scripted::Datagram(object()), overflow()]);
    assert!(matches!(result, Err(Error::Io { operation: "list tables", .. })), "{result:?}");
    // A table without a name.
    let nameless = self::object(nft::NEWTABLE, flags::MULTI, 1, |_| ());
    assert!(matches!(list(datagrams([nameless, done(1, 0, 0)]).into()), Err(Error::Decode { .. })));
}

#[test]
fn positions_that_never_hold_still_are_given_up() {
    let recorder = (0..1000).fold(Recorder::new(), |recorder, round| {
        recorder
            .answer(generation(2 * round))
            .answer([])
            .answer(datagrams([done(1, 0, 0)]))
            .answer(generation(2 * round + 1))
    });
    let mut transaction = Transaction::new();
    transaction.insert_rule(INPUT, Position::Index(0), Rule::new().accept());
    let result = Netfilter::with_transport(recorder).commit(&transaction);
    assert!(matches!(result, Err(Error::Interrupted { .. })), "{result:?}");
}

#[test]
fn nothing_to_do_is_done_without_a_word() {
    let mut firewall = Netfilter::with_transport(Recorder::new());
    firewall.commit(&Transaction::new()).unwrap();
    firewall.check(&Transaction::new()).unwrap();
    firewall.commit(&Transaction::new().with_handles()).unwrap();
    assert!(firewall.transport().sent().is_empty());
}

#[test]
fn what_cannot_be_right_is_not_sent() {
    let mut transaction = two_operations();
    transaction.add_rule(INPUT, Rule::new().dport(22).accept());
    transaction.add_table(Table::inet(""));
    let mut firewall = Netfilter::with_transport(Recorder::new());
    for result in [firewall.commit(&transaction).map(drop), firewall.check(&transaction)] {
        let Err(Error::Invalid(problems)) = result else { panic!("{result:?}") };
        let operations: Vec<_> = problems.iter().map(|problem| problem.operation.index()).collect();
        assert_eq!(operations, [2, 3]);
    }
    assert!(firewall.transport().sent().is_empty());
}

#[test]
fn what_does_not_fit_is_not_sent() {
    let transaction = two_operations();
    let whole = transaction.byte_len() + 20 + 20;
    let mut firewall = Netfilter::with_transport(Recorder::new().limit(whole - 1));
    let result = firewall.commit(&transaction);
    let expected =
        matches!(result, Err(Error::TooLarge { needed, limit }) if needed == whole && limit == whole - 1);
    assert!(expected, "{result:?}");
    assert!(firewall.transport().sent().is_empty());
    // What is needed is what is sent, to the byte.
    let mut firewall = Netfilter::with_transport(Recorder::new().limit(whole));
    firewall.commit(&transaction).unwrap();
    assert_eq!(firewall.transport().sent()[0].len(), whole);
}

/// A socket whose send buffer shrinks behind our back.
struct Shrunk;

impl Transport for Shrunk {
    fn send(&mut self, _: &[&[u8]]) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(Errno::EMSGSIZE as i32))
    }

    fn receive(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn make_room(&mut self, send: usize, _: usize) -> io::Result<Room> {
        Ok(Room { send })
    }
}

#[test]
fn a_socket_that_takes_less_than_it_promised_is_too_small() {
    let result = Netfilter::with_transport(Shrunk).commit(&two_operations());
    assert!(matches!(result, Err(Error::TooLarge { needed, limit }) if limit < needed), "{result:?}");
}
