//! Tables whose rules are so many, in so many chains, that each chain is dumped by itself.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use portcullis::{
    Chain, Error, Family, Hook, Netfilter, Rule, Table, Transaction,
    netlink::{KernelSocket, Room, Transport},
    object::ChainFlags,
    wire::nft,
};
use portcullis_world::{Host, need_namespaces};

use crate::support::{nft_load, open};

const MANY: (Family, &str) = (Family::Inet, "many");

/// Counts how often rules are asked for.
struct Counting {
    socket: KernelSocket,
    asked: usize,
}

impl Transport for Counting {
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let kind = parts.first().and_then(|part| part.get(4..6)).map(|kind| [kind[0], kind[1]]);
        // Messages of a batch begin with another.
        self.asked += usize::from(kind.map(u16::from_ne_bytes) == Some(10 << 8 | nft::GETRULE));
        self.socket.send(parts)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.receive(buffer)
    }

    fn make_room(&mut self, send: usize, receive: usize) -> io::Result<Room> {
        self.socket.make_room(send, receive)
    }
}

fn counting(host: &Host) -> Netfilter<Counting> {
    let socket = host.run(|| KernelSocket::open().expect("a netlink socket"));
    Netfilter::with_transport(Counting { socket, asked: 0 })
}

fn rule(comment: String) -> Rule {
    Rule::new().counter().accept().comment(&comment)
}

/// A chain whose rules have comments that tell where they are.
fn chain(name: &str, rules: usize) -> Chain {
    Chain::new(name).rules((0..rules).map(|index| rule(format!("{name} {index}"))))
}

/// Panics unless each chain has so many rules that tell so, in order.
fn check(table: &Table, chains: usize, rules: usize) {
    let named: Vec<_> = table.chains.iter().filter(|chain| chain.name.starts_with('c')).collect();
    assert_eq!(named.len(), chains);
    for (index, chain) in named.into_iter().enumerate() {
        assert_eq!(chain.name, format!("c{index}"));
        let comments: Vec<_> = chain.rules.iter().filter_map(Rule::comment_text).collect();
        let expected: Vec<_> = (0..rules).map(|index| format!("{} {index}", chain.name)).collect();
        assert_eq!(comments, expected);
    }
}

#[test]
fn each_chain_is_asked_for_where_that_is_faster_and_the_table_is_the_same() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let (chains, rules) = (100, 30);
    // In parts, for in a user namespace no more than 212,992 bytes are sent at once.
    for part in (0..chains).step_by(20) {
        let mut transaction = Transaction::new();
        let part = (part..part + 20).map(|index| chain(&format!("c{index}"), rules));
        transaction.add_table(part.fold(Table::new(MANY.0, MANY.1), Table::chain));
        firewall.commit(&transaction).unwrap();
    }
    let jumps = (0..chains).map(|index| Rule::new().mark(index as u32).jump(format!("c{index}")));
    let mut transaction = Transaction::new();
    let base = Chain::filter("input", Hook::Input).rules(jumps);
    transaction.add_table(Table::new(MANY.0, MANY.1).chain(base).chain(Chain::new("empty")));
    // The same names in another table.
    transaction.add_table(Table::new(Family::Ip, "many").chain(chain("c7", 3)));
    firewall.commit(&transaction).unwrap();
    let bound = "table inet many {\nchain bound {\nmeta mark 7 jump {\ncounter\naccept\n}\n}\n}\n";
    let has_bound = nft_load(&host, bound);

    let mut firewall = counting(&host);
    let table = firewall.table(MANY).unwrap().unwrap();
    assert_eq!(firewall.transport().asked, table.chains.len());
    check(&table, chains, rules);
    assert_eq!(table.chains.len(), chains + 2 + 2 * usize::from(has_bound));
    for chain in &table.chains {
        assert_eq!(firewall.rules((MANY, &*chain.name)).unwrap(), chain.rules, "{}", chain.name);
    }
    let input = table.chains.iter().find(|chain| chain.name == "input").unwrap();
    assert_eq!(input.rules.len(), chains);
    let in_bound = |chain: &&Chain| chain.flags.contains(ChainFlags::BINDING);
    assert_eq!(table.chains.iter().find(in_bound).map(|chain| chain.rules.len()), has_bound.then_some(2));

    // Within the whole ruleset it is the same, and the small table is asked for at once.
    let mut firewall = counting(&host);
    let ruleset = firewall.ruleset(None).unwrap();
    assert_eq!(firewall.transport().asked, table.chains.len() + 1);
    assert_eq!(ruleset.tables.iter().find(|found| found.family == MANY.0), Some(&table));
    let twin = ruleset.tables.iter().find(|found| found.family == Family::Ip).unwrap();
    assert_eq!(twin.chains[0].rules.len(), 3);
}

/// Few enough to be sent at once everywhere, and enough to be read chain by chain.
const WRITERS: [(usize, usize); 2] = [(4, 150), (5, 160)];

fn replacing((chains, rules): (usize, usize)) -> Transaction {
    let chains = (0..chains).map(|index| chain(&format!("c{index}"), rules));
    let mut transaction = Transaction::new();
    transaction.replace_table(chains.fold(Table::new(MANY.0, MANY.1), Table::chain));
    transaction
}

#[test]
fn whoever_reads_while_two_write_and_one_is_refused_sees_one_ruleset() {
    need_namespaces!();
    let host = Host::new("server");
    open(&host).commit(&replacing(WRITERS[0])).unwrap();
    let over = &AtomicBool::new(false);
    thread::scope(|scope| {
        let writers = WRITERS.map(|shape| {
            let mut firewall = open(&host);
            scope.spawn(move || {
                let transaction = replacing(shape);
                for _ in 0..25 {
                    firewall.commit(&transaction).unwrap();
                    thread::sleep(std::time::Duration::from_millis(10));
                }
            })
        });
        // As long as this one is at it, the kernel says of chains that they have no rules.
        let mut emptying = open(&host);
        let trying = scope.spawn(move || {
            let mut transaction = Transaction::new();
            for index in 0..4 {
                transaction.flush_chain((MANY, format!("c{index}")));
            }
            while !over.load(Ordering::Relaxed) {
                emptying.check(&transaction).unwrap();
            }
        });
        let mut reader = counting(&host);
        let mut seen = [0; 2];
        while writers.iter().any(|writer| !writer.is_finished()) || seen == [0; 2] {
            let table = match reader.table(MANY) {
                Ok(table) => table.expect("the table is always there"),
                Err(Error::Interrupted { .. }) => continue,
                Err(error) => panic!("{error}"),
            };
            let at = WRITERS.iter().position(|shape| shape.0 == table.chains.len()).expect("one of the two");
            seen[at] += 1;
            check(&table, WRITERS[at].0, WRITERS[at].1);
        }
        over.store(true, Ordering::Relaxed);
        trying.join().unwrap();
        for writer in writers {
            writer.join().unwrap();
        }
        println!("seen: {seen:?}, rules asked for {} times", reader.transport().asked);
    });
}
