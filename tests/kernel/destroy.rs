//! Destroy is the same on every kernel: on those before 6.3, which do not know it, and on newer ones.
//!
//! Each test runs twice: with this kernel as it is, and with what a kernel without destroy would answer.

use std::{collections::BTreeSet, io, net::Ipv4Addr, ops::Range};

use portcullis::{
    Chain, ChainRef, DataType, Error, Family, Netfilter, Port, Rule, Set, Table, Transaction,
    expr::{Counter, ObjectKind},
    netlink::{KernelSocket, Room, Transport},
    object::{Flowtable, FlowtableRef, Object, ObjectRef},
    probe::{Feature, Support},
    set::{Interval, SetOf},
};
use portcullis_world::{Host, need_namespaces};

const TABLE: (Family, &str) = (Family::Inet, "edge");

/// A socket to this kernel, or to one that knows no destroy: those messages go with a number that nobody knows.
struct Kernel {
    socket: KernelSocket,
    hides_destroy: bool,
}

/// `NFT_MSG_DESTROYTABLE` to `NFT_MSG_DESTROYFLOWTABLE`, with the subsystem.
const DESTROYS: std::ops::RangeInclusive<u16> = 0xa1a..=0xa20;
const UNKNOWN: u16 = 0xaf0;

impl Transport for Kernel {
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let mut bytes = parts.concat();
        let mut start = 0;
        while let Some(head) = bytes.get_mut(start..start + 16) {
            let length = u32::from_ne_bytes(head[..4].try_into().expect("four bytes")) as usize;
            if self.hides_destroy && DESTROYS.contains(&u16::from_ne_bytes([head[4], head[5]])) {
                head[4..6].copy_from_slice(&UNKNOWN.to_ne_bytes());
            }
            start += length.next_multiple_of(4);
        }
        self.socket.send(&[&bytes])
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.receive(buffer)
    }

    fn make_room(&mut self, send: usize, receive: usize) -> io::Result<Room> {
        self.socket.make_room(send, receive)
    }
}

/// Runs a test with this kernel, then with one that has no destroy.
fn on_both(test: impl Fn(&mut Firewall)) {
    for hides_destroy in [false, true] {
        let host = Host::new("server");
        let socket = host.run(|| KernelSocket::open().expect("a netlink socket"));
        let mut firewall = Netfilter::with_transport(Kernel { socket, hides_destroy });
        println!("destroy hidden: {hides_destroy}");
        test(&mut firewall);
        if hides_destroy {
            assert_eq!(firewall.supports(Feature::Destroy).unwrap(), Support::Missing);
        }
    }
}

type Firewall = Netfilter<Kernel>;

fn commit(firewall: &mut Firewall, fill: impl FnOnce(&mut Transaction)) -> Result<(), Error> {
    let mut transaction = Transaction::new();
    fill(&mut transaction);
    firewall.commit(&transaction).map(drop)
}

#[test]
fn what_is_there_goes_and_what_is_not_is_no_error() {
    need_namespaces!();
    on_both(|firewall| {
        let flowtables = firewall.supports(Feature::Flowtable).unwrap() == Support::Works;
        let mut table = Table::new(TABLE.0, TABLE.1)
            .chain(Chain::new("first").rule(Rule::new().accept()).rule(Rule::new().drop()))
            .chain(Chain::new("second"))
            .set(Set::new("known", DataType::IPV4_ADDR))
            .object(Object::new("hits", Counter::new()));
        if flowtables {
            table = table.flowtable(Flowtable::new("fast", [""; 0]));
        }
        commit(firewall, |t| _ = t.create_table(&table)).unwrap();
        let first = ChainRef::new(TABLE, "first");
        let handle = firewall.rules(&first).unwrap()[0].handle.unwrap();
        let destroy = |t: &mut Transaction| {
            t.destroy_rule(&first, handle);
            t.destroy_chain((TABLE, "second"));
            t.destroy_set((TABLE, "known"));
            t.destroy_object(ObjectRef::new(TABLE, ObjectKind::Counter, "hits"));
            if flowtables {
                t.destroy_flowtable(FlowtableRef { table: TABLE.into(), name: "fast".into() });
            }
        };
        // The first time all is there, then nothing, then something of it.
        for time in 0..3 {
            if time == 2 {
                commit(firewall, |t| _ = t.add_chain(TABLE, Chain::new("second"))).unwrap();
            }
            commit(firewall, destroy).unwrap_or_else(|error| panic!("time {time}: {error}"));
            let left = firewall.table(TABLE).unwrap().unwrap();
            assert_eq!(left.chains.len(), 1, "time {time}");
            assert_eq!(left.chains[0].rules.len(), 1);
            assert!(left.sets.is_empty() && left.objects.is_empty() && left.flowtables.is_empty());
        }
        // A rule in a chain that is not there is not there either.
        commit(firewall, |t| _ = t.destroy_rule((TABLE, "nobody"), 1)).unwrap();
        for _ in 0..2 {
            commit(firewall, |t| _ = t.destroy_table(TABLE)).unwrap();
            assert_eq!(firewall.tables(None).unwrap(), []);
        }
    });
}

#[test]
fn a_destroy_in_the_middle_sees_what_was_done_before_it() {
    need_namespaces!();
    on_both(|firewall| {
        commit(firewall, |t| {
            t.destroy_table(TABLE);
            t.create_table(Table::inet("edge").chain(Chain::new("a").rule(Rule::new().accept())));
            t.destroy_chain((TABLE, "b"));
            t.create_chain(TABLE, Chain::new("b"));
            t.destroy_chain((TABLE, "b"));
            t.create_chain(TABLE, Chain::new("b").rule(Rule::new().drop()));
            t.destroy_chain((TABLE, "c"));
        })
        .unwrap();
        let chains = firewall.chains(TABLE).unwrap();
        assert_eq!(chains.iter().map(|chain| chain.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(firewall.rules((TABLE, "b")).unwrap().len(), 1);
    });
}

#[test]
fn only_those_elements_go_that_are_there() {
    need_namespaces!();
    on_both(|firewall| {
        let set = SetOf::<Ipv4Addr>::new("known");
        let addresses = |numbers: Range<u32>| numbers.map(Ipv4Addr::from_bits);
        let seventh = |address: &Ipv4Addr| address.to_bits() % 7 == 0;
        commit(firewall, |t| {
            t.add_table(Table::inet("edge"));
            t.add_set_with(TABLE, &set, addresses(0..5_000).filter(|address| !seventh(address)));
            t.entries(TABLE, &set).destroy(addresses(0..2));
        })
        .unwrap();
        assert_eq!(firewall.contents(TABLE, &set).unwrap().len(), 4_285 - 1);
        commit(firewall, |t| {
            t.entries(TABLE, &set).destroy(addresses(0..4_000));
            t.entries(TABLE, &set).add(addresses(7..8));
            t.entries(TABLE, &set).destroy(addresses(6_000..6_001));
        })
        .unwrap();
        let left = firewall.contents(TABLE, &set).unwrap().entries().unwrap();
        let left: BTreeSet<_> = left.into_iter().map(|entry| entry.key).collect();
        let wanted = addresses(4_000..5_000).filter(|address| !seventh(address)).chain(addresses(7..8));
        assert_eq!(left, wanted.map(Some).collect());
    });
}

#[test]
fn runs_of_keys_go_as_they_were_added() {
    need_namespaces!();
    on_both(|firewall| {
        let set = SetOf::<Interval<Port>>::new("ports");
        let run = |first| Interval::new(Port(first), Port(first + 5));
        commit(firewall, |t| {
            t.add_table(Table::inet("edge"));
            t.add_set_with(TABLE, &set, [run(10), run(30), run(50)]);
        })
        .unwrap();
        commit(firewall, |t| _ = t.entries(TABLE, &set).destroy([run(20), run(30), run(40)])).unwrap();
        let texts: Vec<_> = firewall.contents(TABLE, &set).unwrap().texts().collect();
        assert_eq!(texts, ["10-15", "50-55"]);
    });
}

#[test]
fn what_is_refused_otherwise_is_refused_as_ever_and_nothing_is_changed() {
    need_namespaces!();
    on_both(|firewall| {
        let set = SetOf::<Ipv4Addr>::new("nobody");
        let called = Table::inet("edge")
            .chain(Chain::new("caller").rule(Rule::new().jump("called")))
            .chain(Chain::new("called"));
        commit(firewall, |t| _ = t.create_table(&called)).unwrap();
        let generation = firewall.generation().unwrap().id;
        type Fill<'a> = &'a dyn Fn(&mut Transaction);
        let cases: [(Fill<'_>, &str, &str); 5] = [
            // The table, and the set, must be there.
            (&|t| _ = t.destroy_chain((Family::Inet, "nobody", "a")), "operation 1", "ENOENT"),
            (&|t| _ = t.destroy_set((Family::Inet, "nobody", "a")), "operation 1", "ENOENT"),
            (&|t| _ = t.entries(TABLE, &set).destroy([Ipv4Addr::LOCALHOST]), "operation 1", "ENOENT"),
            (&|t| _ = t.destroy_chain((TABLE, "called")), "destroy chain inet edge called", "EBUSY"),
            (
                &|t| {
                    t.destroy_chain((TABLE, "third"));
                    t.create_chain(TABLE, Chain::new("caller"));
                },
                "operation 2",
                "EEXIST",
            ),
        ];
        for (fill, place, errno) in cases {
            let mut transaction = Transaction::new();
            // Not there, and no error: the numbers that errors name are those of the caller's operations.
            transaction.destroy_chain((TABLE, "second"));
            fill(&mut transaction);
            for error in
                [firewall.commit(&transaction).unwrap_err(), firewall.check(&transaction).unwrap_err()]
            {
                let text = error.to_string();
                assert!(text.starts_with("1 operation refused") && text.contains(place), "{place}: {text}");
                assert!(text.contains(errno), "{errno}: {text}");
                assert_eq!(error.missing().count(), 0);
            }
        }
        assert_eq!(firewall.generation().unwrap().id, generation);
        // A dry run of what is well changes nothing, either.
        let mut transaction = Transaction::new();
        transaction.destroy_chain((TABLE, "caller"));
        transaction.destroy_chain((TABLE, "third"));
        firewall.check(&transaction).unwrap();
        assert_eq!(firewall.generation().unwrap().id, generation);
        assert_eq!(firewall.chains(TABLE).unwrap().len(), 2);
    });
}

#[test]
fn handles_and_generations_are_those_of_the_whole() {
    need_namespaces!();
    on_both(|firewall| {
        commit(firewall, |t| _ = t.add_table(Table::inet("edge").chain(Chain::new("a")))).unwrap();
        let mut transaction = Transaction::new().with_handles();
        transaction.destroy_chain((TABLE, "b"));
        let first = transaction.add_rule((TABLE, "a"), Rule::new().accept());
        transaction.destroy_set((TABLE, "c"));
        let second = transaction.add_rule((TABLE, "a"), Rule::new().drop());
        let seen = firewall.generation().unwrap();
        let committed = firewall.commit_if(&transaction, seen.clone()).unwrap();
        let handles: Vec<_> =
            firewall.rules((TABLE, "a")).unwrap().iter().map(|rule| rule.handle.unwrap()).collect();
        assert_eq!(handles, [first, second].map(|id| committed.handle(id).unwrap()));
        let again = firewall.commit_if(&transaction, seen.clone());
        assert!(matches!(again, Err(Error::Changed { expected }) if expected == seen.id), "{again:?}");
    });
}
