//! Sets: what nft loads is read, and what was read is sent back, and is the same again.

use std::time::Duration;

use portcullis::{
    DataType, Element, Error, Family, Netfilter, Set, SetFlags, Table, Transaction,
    expr::{Counter, Data, Verdict},
    object::MapData,
};
use portcullis_world::{Host, need_namespaces, this_function};

use crate::support::{fitting, nft_listing, nft_load, open, without_expiry};

const TABLE: (Family, &str) = (Family::Inet, "edge");

/// One of everything that a set can be.
const SETS: &str = r#"
table inet edge {
    set addresses { type ipv4_addr; comment "bad ones"; elements = { 192.0.2.1, 192.0.2.7 comment "worst" }; }
    set six { type ipv6_addr; flags interval; elements = { 2001:db8::/32, ::1 }; }
    set networks {
        type ipv4_addr; flags interval; auto-merge;
        elements = { 10.0.0.0/8, 192.0.2.0-192.0.2.9 comment "odd", 255.255.255.0/24 };
    }
    set flows { type ipv4_addr . inet_service . ifname; elements = { 192.0.2.1 . 80 . "lo" }; }
    set ranges {
        type ipv4_addr . inet_service; flags interval;
        elements = { 10.0.0.0/8 . 80-90 comment "web", 192.0.2.1 . 0-65535 };
    }
    set timed {
        type ipv4_addr; flags timeout; timeout 1h; gc-interval 7s;
        elements = { 192.0.2.1 timeout 2h expires 90m, 192.0.2.2 };
    }
    set learned { type ipv4_addr; size 128; flags dynamic,timeout; timeout 60s; }
    set counting {
        type inet_service; counter;
        elements = { 80 counter packets 7 bytes 700, 443 };
    }
    set fixed { type mark; flags constant; size 16; policy memory; elements = { 0x1, 0xff }; }
    set rest { type ipv4_addr; elements = { 192.0.2.1, * }; } # needs SetCatchAll
    set letters { typeof iifname; elements = { "lo", "eth*" }; flags interval; }
    map ports { type inet_service : ipv4_addr . inet_service; elements = { 80 : 192.0.2.1 . 8080 }; }
    map networks_to { type ipv4_addr : mark; flags interval; elements = { 10.0.0.0/8 : 0x7, * : 0x9 }; } # needs SetCatchAll
    map verdicts { type ifname : verdict; elements = { "lo" : accept, "eth0" : drop, "eth1" : continue }; }
    map jumps { type inet_service : verdict; elements = { 22 : jump there, 23 : goto there, 24 : return }; }
    chain there { }
}
"#;

fn copy(firewall: &mut Netfilter) -> Vec<Set> {
    let mut sets = firewall.sets(TABLE).unwrap();
    for set in &mut sets {
        assert!(set.elements.is_empty());
        set.elements = firewall.elements((TABLE, &*set)).unwrap();
        let alone = firewall.set((TABLE, &*set)).unwrap().expect("the set");
        assert_eq!(lasting(vec![alone]), lasting(vec![set.clone()]));
    }
    sets
}

/// What two dumps share: handles and the time left differ.
fn lasting(mut sets: Vec<Set>) -> Vec<Set> {
    for set in &mut sets {
        set.handle = None;
        set.elements.iter_mut().for_each(|element| element.expiration = None);
        set.elements.sort_by(|a, b| (&a.key, a.flags.bits()).cmp(&(&b.key, b.flags.bits())));
    }
    sets
}

#[test]
fn every_set_that_nft_loads_comes_back_the_same() {
    need_namespaces!();
    let (from, to) = (Host::new("from"), Host::new("to"));
    let ruleset = fitting(&from, this_function!(), SETS);
    if !nft_load(&from, &ruleset) {
        portcullis_world::skip!("nft is not installed");
    }
    let sets = copy(&mut open(&from));
    assert_eq!(sets.len(), ruleset.matches(" type").count());
    for set in &sets {
        assert!(set.unknown.is_empty(), "{set:?}");
        assert!(set.elements.iter().all(|element| element.unknown.is_empty()), "{set:?}");
        assert_eq!(set.elements.is_empty(), set.name == "learned", "{set:?}");
    }

    let mut firewall = open(&to);
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge"));
    transaction.add_chain(TABLE, portcullis::Chain::new("there"));
    for set in &sets {
        transaction.add_set(TABLE, set);
    }
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(lasting(copy(&mut firewall)), lasting(sets));
    let (before, after) = (nft_listing(&from).unwrap(), nft_listing(&to).unwrap());
    assert_eq!(without_expiry(&after), without_expiry(&before));
}

#[test]
fn what_nft_loads_is_read_as_it_is_said_here() {
    need_namespaces!();
    let host = Host::new("server");
    if !nft_load(&host, &fitting(&host, this_function!(), SETS)) {
        portcullis_world::skip!("nft is not installed");
    }
    let mut firewall = open(&host);
    let mut read = |name| firewall.set((TABLE.0, TABLE.1, name)).unwrap().unwrap();
    let addresses = read("addresses");
    assert_eq!(addresses.comment_text().as_deref(), Some("bad ones"));
    let comments: Vec<_> = addresses.elements.iter().filter_map(Element::comment_text).collect();
    assert_eq!(comments, ["worst"]);
    let timed = read("timed");
    assert_eq!(
        (timed.timeout, timed.gc_interval.map(|time| time.as_secs())),
        (Some(Duration::from_secs(3600)), Some(7))
    );
    let key = Data::address("192.0.2.1".parse().unwrap());
    let element = timed.elements.iter().find(|element| element.key == key).unwrap();
    assert_eq!(element.timeout, Some(Duration::from_secs(7200)));
    assert!(element.expiration.is_some_and(|left| left <= Duration::from_secs(5400)), "{element:?}");
    let ranges = read("ranges");
    assert_eq!(ranges.desc.fields, [4, 2]);
    assert!(ranges.elements.iter().all(|element| element.key_end.is_some()));
    assert_eq!(read("jumps").data, Some(MapData::Verdict));
    let counter = Counter::new().packets(7u64).bytes(700u64);
    let counting = read("counting");
    assert!(counting.elements.iter().any(|element| element.expressions == [counter.clone().into()]));
    assert_eq!(firewall.set((TABLE.0, TABLE.1, "missing")).unwrap(), None);
}

#[test]
fn sets_said_here_are_listed_by_nft() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let address = |text: &str| Data::address(text.parse().unwrap());
    let table = Table::inet("edge")
        .set(
            Set::new("blocked", DataType::IPV4_ADDR)
                .timeout(Duration::from_secs(3600))
                .comment("kept by the watcher")
                .element(Element::new(address("192.0.2.7")).comment("rude").timeout(Duration::from_secs(60))),
        )
        .set(
            Set::new("decide", DataType::IFNAME)
                .map_to_verdicts()
                .element(Element::new(Data::padded(b"lo", 16)).verdict(Verdict::Accept)),
        )
        .set(
            Set::new("forward", DataType::INET_SERVICE)
                .map_to(DataType::IPV4_ADDR)
                .element(Element::new(Data::network_u16(80)).value(address("192.0.2.1"))),
        );
    let mut transaction = Transaction::new();
    transaction.add_table(&table);
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    let Some(listing) = nft_listing(&host) else {
        portcullis_world::skip!("nft is not installed");
    };
    assert_eq!(
        without_expiry(&listing),
        "table inet edge {\n\
         \tset blocked {\n\
         \t\ttype ipv4_addr\n\
         \t\ttimeout 1h\n\
         \t\tcomment \"kept by the watcher\"\n\
         \t\telements = { 192.0.2.7 timeout 1m comment \"rude\" }\n\
         \t}\n\
         \n\
         \tmap decide {\n\
         \t\ttype ifname : verdict\n\
         \t\telements = { \"lo\" : accept }\n\
         \t}\n\
         \n\
         \tmap forward {\n\
         \t\ttype inet_service : ipv4_addr\n\
         \t\telements = { 80 : 192.0.2.1 }\n\
         \t}\n\
         }\n"
    );
}

#[test]
fn elements_come_and_go() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let place = (Family::Inet, "edge", "marks");
    let element = |mark: u32| Element::new(Data::host_u32(mark));
    let mut marks = |change: &dyn Fn(&mut Transaction)| {
        let mut transaction = Transaction::new();
        change(&mut transaction);
        firewall.commit(&transaction)?;
        let read = firewall.elements(place)?;
        let mut marks: Vec<_> = read.iter().map(|element| element.key.as_bytes().to_vec()).collect();
        marks.sort();
        Ok::<_, Error>(marks.into_iter().map(|key| key[0]).collect::<Vec<_>>())
    };
    let added = marks(&|transaction| {
        transaction.add_table(Table::inet("edge"));
        transaction.create_set(TABLE, Set::new("marks", DataType::MARK).element(element(1)));
        transaction.add_elements(place, [element(1), element(2), element(3)]);
    });
    assert_eq!(added.unwrap(), [1, 2, 3]);
    assert_eq!(marks(&|transaction| _ = transaction.delete_elements(place, [element(2)])).unwrap(), [1, 3]);
    for refused in [
        marks(&|transaction| _ = transaction.delete_elements(place, [element(2)])),
        marks(&|transaction| _ = transaction.create_elements(place, [element(1)])),
        marks(&|transaction| _ = transaction.create_set(TABLE, Set::new("marks", DataType::MARK))),
        marks(&|transaction| _ = transaction.delete_set((TABLE, "missing"))),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{error}");
        println!("{error}");
    }
    assert_eq!(marks(&|transaction| _ = transaction.flush_set(place)).unwrap(), [0; 0]);
    assert!(marks(&|transaction| _ = transaction.delete_set(place)).is_err());
    assert_eq!(open(&host).sets(TABLE).unwrap(), []);
}

#[test]
fn a_hundred_thousand_elements_are_read_whole() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let elements = (0..100_000u32).map(|key| Element::new(Data::network_u32(key)));
    let set = Set::new("many", DataType::IPV4_ADDR).flags(SetFlags::empty()).size(100_000).elements(elements);
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge").set(set.clone()));
    firewall.commit(&transaction).unwrap();
    let read = firewall.set((TABLE, &set)).unwrap().unwrap();
    assert_eq!(lasting(vec![read]), lasting(vec![set]));
}
