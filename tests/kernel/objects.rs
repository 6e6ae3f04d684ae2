//! Stateful objects, and whole rulesets: what nft loads is read, sent elsewhere, and is the same again.

use std::{net::Ipv6Addr, time::Duration};

use portcullis::{
    Chain, Error, Family, Netfilter, Port, Rule, Ruleset, Table, Transaction,
    expr::{Counter, Limit, LimitUnit, ObjectKind, Quota},
    object::{
        CtExpect, CtHelper, CtTimeout, GeneveOption, Object, ObjectData, TimeoutPolicy, Tunnel, TunnelFlags,
        TunnelOptions,
    },
    probe::{Feature, Support},
    select::{Dport, mapped},
    set::{CounterName, MapOf},
};
use portcullis_world::{Host, need_namespaces, this_function};

use crate::support::{fitting, nft_listing, nft_load, open, without_expiry};

const TABLE: (Family, &str) = (Family::Inet, "edge");

/// One of everything that this project's kernel has.
pub(crate) const OBJECTS: &str = r#"
table inet edge {
    counter hits { packets 7 bytes 700; comment "since the start"; }
    quota daily { over 1000 mbytes used 5 kbytes; }
    quota spent { 1 kbytes used 1 kbytes; }
    limit slow { rate 5/minute burst 7 packets; }
    limit wide { rate over 10 kbytes/second; }
    ct helper files { type "ftp" protocol tcp;
        l3proto ip;
    }
    ct timeout quick { protocol tcp; l3proto ip; policy = { established : 100, close : 4 }; }
    ct expectation second { protocol udp; dport 9876; timeout 2m; size 12; l3proto ip; }
    synproxy guard { mss 1460; wscale 7; timestamp sack-perm; }
    map by_port { type inet_service : counter; elements = { 80 : "hits" }; }
    chain input {
        type filter hook input priority 0;
        counter name "hits"
        quota name "daily" drop
        tcp dport 21 ct helper set "files"
        counter name tcp dport map @by_port
        limit name "slow" accept
    }
}
"#;

/// Rules that hold on to what is around them.
pub(crate) const RULES: &str = r#"
table inet edge {
    comment "by the gateway";
    set seen { type ipv4_addr; flags dynamic,timeout; timeout 5m; }
    set learned { type ipv4_addr; }
    set metered { type ipv4_addr; flags dynamic; }
    set blocked { type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 203.0.113.7 }; }
    map ways { type inet_service : verdict; elements = { 22 : jump admin, 80 : goto web }; }
    chain admin { ip saddr 10.0.0.0/8 accept comment "home"; }
    chain web { counter packets 3 bytes 300 accept; }
    chain input {
        type filter hook input priority filter + 5; policy drop;
        comment "what comes in";
        ct state vmap { established : accept, related : accept, invalid : drop }
        tcp dport { 22, 80, 443, 8000-8080 } accept
        ip saddr @blocked log prefix "blocked " drop
        tcp dport vmap @ways
        add @learned { ip saddr }
        update @seen { ip saddr timeout 10m limit rate 5/second }
        update @metered { ip saddr counter limit rate 10/minute } # needs DynsetExpressions
        iifname { "lo", "eth0" } ip daddr . tcp dport { 192.0.2.1 . 80, 192.0.2.2 . 443 } accept
        tcp flags syn tcp option maxseg size set 1400
        udp dport 53 jump { ip saddr 10.0.0.1 accept; counter drop; }
        quota over 1 kbytes used 1 kbytes drop
        meta mark set 0x7 ct mark set mark
        reject with icmpx admin-prohibited
    }
    chain post { type nat hook postrouting priority srcnat; ip saddr 10.0.0.0/8 masquerade; }
}
table ip6 other {
    chain c { ip6 saddr ::1 accept; }
}
table netdev early {
    chain in { type filter hook ingress device "lo" priority 0; ip saddr 192.0.2.1 drop; }
}
"#;

/// Loads a ruleset with nft in one namespace, copies it to another, and compares both there.
#[track_caller]
fn copy(ruleset: &str) -> Option<Ruleset> {
    let (from, to) = (Host::new("from"), Host::new("to"));
    if !nft_load(&from, ruleset) {
        return None;
    }
    let read = open(&from).ruleset(None).unwrap_or_else(|error| panic!("{error}"));
    let mut firewall = open(&to);
    // Twice is as once.
    for _ in 0..2 {
        firewall.apply(&read).unwrap_or_else(|error| panic!("{error}"));
    }
    let (before, after) = (nft_listing(&from)?, nft_listing(&to)?);
    assert_eq!(without_expiry(&after), without_expiry(&before));
    // The text does not show everything.
    let again = firewall.ruleset(None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(lasting(again), lasting(read.clone()));
    Some(read)
}

/// What two dumps share: handles and the time left differ.
pub(crate) fn lasting(mut ruleset: Ruleset) -> Ruleset {
    for table in &mut ruleset.tables {
        table.handle = None;
        table.objects.iter_mut().for_each(|object| object.handle = None);
        for set in &mut table.sets {
            set.handle = None;
            set.elements.iter_mut().for_each(|element| element.expiration = None);
            set.elements.sort_by(|a, b| (&a.key, a.flags.bits()).cmp(&(&b.key, b.flags.bits())));
        }
        for chain in &mut table.chains {
            chain.handle = None;
            chain.rules.iter_mut().for_each(|rule| rule.handle = None);
        }
    }
    ruleset
}

#[test]
fn every_object_that_nft_loads_comes_back_the_same() {
    need_namespaces!();
    let Some(read) = copy(OBJECTS) else {
        portcullis_world::skip!("nft is not installed");
    };
    let table = read.tables.first().unwrap();
    assert_eq!(table.objects.len(), 9);
    for object in &table.objects {
        assert!(object.unknown.is_empty() && !matches!(object.data, ObjectData::Other { .. }), "{object:?}");
    }
    let hits = table.objects.iter().find(|object| object.name == "hits").unwrap();
    assert_eq!(hits.data, Counter::new().packets(7u64).bytes(700u64).into());
    assert_eq!(hits.comment_text().as_deref(), Some("since the start"));
    assert_eq!(hits.uses, Some(2));
}

#[test]
fn whole_rulesets_come_back_the_same() {
    need_namespaces!();
    let Some(read) = copy(&fitting(&Host::new("asked"), this_function!(), RULES)) else {
        portcullis_world::skip!("nft is not installed");
    };
    let mut names: Vec<_> = read.tables.iter().map(|table| &*table.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["early", "edge", "other"]);
}

#[test]
fn one_table_is_read_whole_or_not_at_all() {
    need_namespaces!();
    let host = Host::new("server");
    if !nft_load(&host, &fitting(&host, this_function!(), RULES)) {
        portcullis_world::skip!("nft is not installed");
    }
    let mut firewall = open(&host);
    let table = firewall.table(TABLE).unwrap().unwrap();
    assert_eq!(table.comment_text().as_deref(), Some("by the gateway"));
    assert!(table.sets.iter().any(portcullis::Set::is_anonymous));
    assert_eq!(firewall.table((Family::Ip, "edge")).unwrap(), None);
    let inet = firewall.ruleset(Some(Family::Inet)).unwrap();
    assert_eq!(inet.tables, [table]);
}

#[test]
fn objects_said_here_are_read_back_and_listed() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let policy = TimeoutPolicy::new().state(TimeoutPolicy::TCP_ESTABLISHED, 100);
    let expect = CtExpect::new(17, 9876u16, Duration::from_secs(120), 12).l3proto(2u16);
    let table = Table::inet("edge")
        .object(Object::new("hits", Counter::new().packets(7u64).bytes(700u64)).comment("mine"))
        .object(Object::new("day", Quota::over(1 << 30).consumed(0u64)))
        .object(Object::new("slow", Limit::packets(5, LimitUnit::Minute).burst(7u32)))
        .object(Object::new("files", CtHelper::new("ftp", 6).l3proto(2u16)))
        .object(Object::new("quick", CtTimeout::new(6, policy).l3proto(2u16)))
        .object(Object::new("second", expect));
    firewall.apply(Ruleset::new().table(table.clone())).unwrap_or_else(|error| panic!("{error}"));
    let read = firewall.objects(TABLE).unwrap();
    assert_eq!(read.len(), 6);
    for said in &table.objects {
        let found = read.iter().find(|object| object.name == said.name).unwrap();
        if !matches!(said.data, ObjectData::CtTimeout(_) | ObjectData::Limit(_)) {
            assert_eq!(found.data, said.data);
        }
    }
    if let Some(listing) = nft_listing(&host) {
        for part in
            ["counter hits {\n\t\tcomment \"mine\"", "established : 100", "type \"ftp\"", "dport 9876"]
        {
            assert!(listing.contains(part), "{part}: {listing}");
        }
    }
}

#[test]
fn objects_come_and_go_and_start_anew() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let hits = Object::new("hits", Counter::new().packets(7u64).bytes(700u64));
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge"));
    transaction.create_object(TABLE, &hits);
    firewall.commit(&transaction).unwrap();

    assert_eq!(firewall.reset_objects(TABLE).unwrap().first().unwrap().data, hits.data);
    let zero = Counter::new().packets(0u64).bytes(0u64);
    assert_eq!(firewall.objects(TABLE).unwrap().first().unwrap().data, zero.into());

    let mut transaction = Transaction::new();
    transaction.create_object(TABLE, &hits);
    let error = firewall.commit(&transaction).unwrap_err();
    assert!(error.to_string().contains("create object inet edge hits"), "{error}");
    let mut transaction = Transaction::new();
    transaction.delete_object((TABLE, ObjectKind::Quota, "hits"));
    let error = firewall.commit(&transaction).unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    let mut transaction = Transaction::new();
    transaction.delete_object((TABLE, &hits));
    firewall.commit(&transaction).unwrap();
    assert_eq!(firewall.objects(TABLE).unwrap(), []);
    assert_eq!(firewall.flowtables(TABLE).unwrap(), []);
}

#[test]
fn what_is_in_use_says_who_uses_it() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let by_port = MapOf::<Port, CounterName>::new("by_port");
    let own = || mapped(Dport, [(Port(53), CounterName::from("hits"))]);
    let web = |port: u16| Rule::new().tcp().dport(port);
    let input = Chain::new("input").rules([
        web(80).use_counter("hits").comment("web"),
        web(81).use_quota("hits"),
        web(82).use_counter("other"),
        Rule::new().udp().use_counter(own()),
    ]);
    let many = (1..=7).fold(Chain::new("many"), |chain, port| chain.rule(web(port).use_counter("crowded")));
    let table = Table::inet("edge")
        .object(Object::new("hits", Counter::new()))
        .object(Object::new("hits", Quota::over(1 << 30)))
        .object(Object::new("other", Counter::new()))
        .object(Object::new("crowded", Counter::new()))
        .set(by_port.with([80, 81].map(|port| (Port(port), CounterName::from("hits")))))
        .chain(input)
        .chain(many)
        .chain(Chain::new("mapped").rule(Rule::new().tcp().use_counter(mapped(Dport, &by_port))));
    firewall.apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    let rules = firewall.rules((TABLE.0, TABLE.1, "input")).unwrap();
    let handle = |index: usize| rules[index].handle.unwrap();
    let refused = |firewall: &mut Netfilter, what: &dyn Fn(&mut Transaction)| {
        let mut transaction = Transaction::new();
        what(&mut transaction);
        let error = firewall.commit(&transaction).unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{error}");
        error.to_string()
    };
    let object = |kind, name: &'static str| {
        move |transaction: &mut Transaction| _ = transaction.delete_object((TABLE, kind, name))
    };
    let text = refused(&mut firewall, &object(ObjectKind::Counter, "hits"));
    let (first, last) = (handle(0), handle(3));
    let users = format!(
        "it is still in use; used by rule {first} of chain input (\"web\"), rule {last} of chain input, 2 elements of \
         map by_port"
    );
    assert!(text.contains("EBUSY") && text.ends_with(&users), "{text}");
    let text = refused(&mut firewall, &object(ObjectKind::Quota, "hits"));
    assert!(text.ends_with(&format!("used by rule {} of chain input", handle(1))), "{text}");
    let text = refused(&mut firewall, &object(ObjectKind::Counter, "crowded"));
    assert!(text.ends_with(" and 3 more"), "{text}");
    let text = refused(&mut firewall, &|transaction| _ = transaction.delete_set((TABLE, &by_port)));
    let last = text.lines().last().unwrap_or_default();
    assert!(last.contains("set by_port is still in use") && last.ends_with("of chain mapped"), "{text}");
    // Several in one transaction, each with its own.
    let text = refused(&mut firewall, &|transaction| {
        transaction.delete_object((TABLE, ObjectKind::Quota, "hits"));
        transaction.destroy_object((TABLE, ObjectKind::Counter, "other"));
    });
    let users: Vec<_> = text.lines().filter(|line| line.contains("used by rule")).collect();
    assert_eq!(users.len(), 2, "{text}");
    // With its user it goes.
    let mut transaction = Transaction::new();
    transaction.delete_rule((TABLE.0, TABLE.1, "input"), handle(2));
    transaction.delete_object((TABLE, ObjectKind::Counter, "other"));
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn tunnels_come_back_as_they_were_said() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    if firewall.supports(Feature::TunnelObject).unwrap() != Support::Works {
        portcullis_world::skip!("this kernel has no tunnels: {}", Feature::TunnelObject.explain());
    }
    let v4 = |options| {
        let tunnel = Tunnel::v4(42, [192, 0, 2, 1], [198, 51, 100, 7]).sport(1u16).dport(4789u16);
        tunnel.flags(TunnelFlags::KNOWN).tos(8).ttl(64).options(options)
    };
    let option = |data: &[u8]| GeneveOption { class: 0x102, kind: 3, data: data.to_vec() };
    let v6 = Tunnel::v6(7, Ipv6Addr::LOCALHOST, [0xfe80, 0, 0, 0, 0, 0, 0, 1]);
    let said = [
        ("vxlan", v4(TunnelOptions::Vxlan { gbp: 200 })),
        ("erspan1", v4(TunnelOptions::Erspan1 { index: 5 })),
        ("erspan2", v4(TunnelOptions::Erspan2 { hardware: 3, direction: 1 })),
        (
            "geneve",
            v4(TunnelOptions::Geneve(vec![option(&[1, 2, 3, 4]), option(&[5, 6, 7, 8, 9, 10, 11, 12])])),
        ),
        ("six", v6),
    ];
    let mut table = Table::new(Family::Netdev, "edge");
    for (name, tunnel) in &said {
        table = table.object(Object::new(*name, tunnel.clone()));
    }
    firewall.apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    let read = firewall.objects((Family::Netdev, "edge")).unwrap();
    for (name, tunnel) in said {
        let found = read.iter().find(|object| object.name == name).unwrap();
        if name == "six" {
            // The kernel says what it made of what was left out, and keeps no flow label of 0 apart from none.
            let ObjectData::Tunnel(six) = &found.data else { panic!("{found:?}") };
            assert_eq!((six.id, six.ttl, six.options.clone()), (7, Some(255), None));
            let (ends, wanted) = (six.ipv6.as_ref().unwrap(), tunnel.ipv6.as_ref().unwrap());
            assert_eq!((ends.src, ends.dst), (wanted.src, wanted.dst));
        } else {
            assert_eq!(found.data, tunnel.into(), "{name}");
        }
    }
    // What was read is taken again.
    let table = firewall.table((Family::Netdev, "edge")).unwrap().unwrap();
    firewall.apply(Ruleset::new().table(table.clone())).unwrap_or_else(|error| panic!("{error}"));
    let again = firewall.objects((Family::Netdev, "edge")).unwrap();
    let data = |objects: &[Object]| objects.iter().map(|object| object.data.clone()).collect::<Vec<_>>();
    assert_eq!(data(&again), data(&table.objects));
}
