//! Tables and chains: every family, kind, hook, and what can be done with them.

use portcullis::{
    Chain, ChainRef, Error, Family, Hook, Policy, Priority, Rule, Ruleset, Table, TableFlags, Transaction,
    probe::Feature,
};
use portcullis_world::{Host, link, need_namespaces, this_function};

use crate::support::{nft_listing, open, part_can_run};

/// What the kernel reports for chains just added must be what was said.
#[test]
fn every_kind_of_chain_at_every_hook_of_every_family() {
    need_namespaces!();
    let host = Host::new("host");
    let mut firewall = open(&host);
    let mut seen = 0;
    let egress = part_can_run(&host, this_function!(), Feature::EgressNetdev);
    for family in [Family::Ip, Family::Ip6, Family::Inet, Family::Arp, Family::Bridge, Family::Netdev] {
        let mut table = Table::new(family, "t").comment("all of them");
        for (hook, _) in Hook::of(family) {
            if *hook == Hook::Egress && !egress {
                continue;
            }
            let device = |chain: Chain| if hook.needs_device() { chain.device("lo") } else { chain };
            let filter = Chain::filter(format!("filter-{hook}"), *hook).policy(Policy::Accept);
            let nat = Chain::nat(format!("nat-{hook}"), *hook).policy(Policy::Accept);
            let mut chains = vec![device(filter.priority(Priority::FILTER - 5).comment("hello"))];
            if nat.check(family).is_ok() {
                chains.push(nat);
            }
            if *hook == Hook::Output && matches!(family, Family::Ip | Family::Ip6 | Family::Inet) {
                chains.push(Chain::route("route").policy(Policy::Drop));
            }
            table = table.chains(chains);
        }
        table = table.chain(Chain::new("regular").comment("called"));
        let mut transaction = Transaction::new();
        transaction.create_table(&table);
        firewall.commit(&transaction).unwrap_or_else(|error| panic!("{family}: {error}"));

        let read = firewall.chains((family, "t")).unwrap();
        assert_eq!(read.len(), table.chains.len(), "{family}");
        for (said, read) in table.chains.iter().zip(&read) {
            let what = format!("{family} {}", said.name);
            assert_eq!((&said.name, said.comment_text()), (&read.name, read.comment_text()), "{what}");
            assert_eq!(said.base.is_some(), read.base.is_some(), "{what}");
            let (Some(said), Some(read)) = (&said.base, &read.base) else { continue };
            assert_eq!((&said.kind, said.hook, said.policy), (&read.kind, read.hook, read.policy), "{what}");
            assert_eq!(said.priority.number(family), read.priority.number(family), "{what}");
            assert_eq!(said.devices, read.devices, "{what}");
            seen += 1;
        }
    }
    assert_eq!(firewall.tables(None).unwrap().len(), 6);
    assert!(seen > 35, "{seen} base chains");
}

#[test]
fn a_chain_watches_several_devices() {
    need_namespaces!();
    let host = Host::new("host");
    link(&host, "one", &host, "two");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    let chain = Chain::filter("in", Hook::Ingress).priority(0).devices(["one", "two"]);
    transaction.add_table(Table::new(Family::Netdev, "t").chain(chain));
    firewall.commit(&transaction).unwrap();
    let read = firewall.chains((Family::Netdev, "t")).unwrap();
    let mut devices: Vec<_> =
        read[0].base.as_ref().unwrap().devices.iter().map(|device| device.text().to_owned()).collect();
    devices.sort();
    assert_eq!(devices, ["one", "two"]);
    if let Some(listing) = nft_listing(&host) {
        assert!(listing.contains("devices = { one, two }"), "{listing}");
    }
}

#[test]
fn chains_and_tables_are_changed_renamed_flushed_and_deleted() {
    need_namespaces!();
    let host = Host::new("host");
    let mut firewall = open(&host);
    let table = (Family::Inet, "t");
    let input = ChainRef::new(table, "input");
    let commit = |firewall: &mut portcullis::Netfilter, fill: &dyn Fn(&mut Transaction)| {
        let mut transaction = Transaction::new();
        fill(&mut transaction);
        firewall.commit(&transaction)
    };
    let refused = |result: Result<_, Error>, wanted: &str| {
        let error = result.map(|_: portcullis::Committed| ()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted}: {error}");
    };

    refused(commit(&mut firewall, &|t| _ = t.delete_table(table)), "there is no table inet t");
    commit(&mut firewall, &|t| _ = t.remove_table(table)).unwrap();
    let whole = Table::new(Family::Inet, "t")
        .chain(Chain::filter("input", Hook::Input).rule(Rule::new().jump("blocked")))
        .chain(Chain::new("blocked").rule(Rule::new().drop()));
    commit(&mut firewall, &|t| _ = t.create_table(&whole)).unwrap();
    refused(commit(&mut firewall, &|t| _ = t.create_table(&whole)), "EEXIST");
    refused(commit(&mut firewall, &|t| _ = t.delete_chain((table, "blocked"))), "EBUSY");

    commit(&mut firewall, &|t| _ = t.set_policy(&input, Policy::Drop)).unwrap();
    let chains = firewall.chains(table).unwrap();
    assert_eq!(chains[0].base.as_ref().unwrap().policy, Some(Policy::Drop));
    assert_eq!(firewall.rules(&input).unwrap().len(), 1, "the rules stay when the policy changes");

    let blocked = chains[1].handle.unwrap();
    commit(&mut firewall, &|t| _ = t.rename_chain(table, blocked, "refused")).unwrap();
    assert_eq!(firewall.chains(table).unwrap()[1].name, "refused");

    commit(&mut firewall, &|t| {
        t.flush_chain(&input);
        t.flush_chain((table, "refused"));
        t.delete_chain((table, "refused"));
    })
    .unwrap();
    assert_eq!(firewall.chains(table).unwrap().len(), 1);
    commit(&mut firewall, &|t| _ = t.add_rule(&input, Rule::new().accept())).unwrap();
    commit(&mut firewall, &|t| _ = t.flush_table(table)).unwrap();
    assert_eq!(firewall.rules(&input).unwrap().len(), 0);

    // Destroying what is not there is no error.
    for _ in 0..2 {
        commit(&mut firewall, &|t| _ = t.destroy_chain(&input)).unwrap();
    }
    commit(&mut firewall, &|t| _ = t.destroy_table(table)).unwrap();
    commit(&mut firewall, &|t| _ = t.destroy_table(table)).unwrap();
    assert_eq!(firewall.tables(None).unwrap(), []);
}

#[test]
fn a_dormant_table_sees_nothing_until_it_wakes() {
    need_namespaces!();
    let host = Host::new("host");
    let mut firewall = open(&host);
    let table = Table::inet("t").chain(Chain::filter("output", Hook::Output).policy(Policy::Drop));
    let service = host.udp_service("127.0.0.1:7000", "echo");
    let reaches = || host.udp_try(service.address(), "x").is_connected();

    let mut transaction = Transaction::new();
    transaction.add_table(table.clone().flags(TableFlags::DORMANT));
    firewall.commit(&transaction).unwrap();
    assert_eq!(firewall.tables(None).unwrap()[0].flags, TableFlags::DORMANT);
    assert!(reaches());

    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("t"));
    firewall.commit(&transaction).unwrap();
    assert!(!reaches());
}

#[test]
fn the_whole_ruleset_is_flushed_of_one_family_or_all() {
    need_namespaces!();
    let host = Host::new("host");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    for family in [Family::Ip, Family::Ip6, Family::Inet] {
        transaction.add_table(Table::new(family, "t"));
    }
    firewall.commit(&transaction).unwrap();
    let mut transaction = Transaction::new();
    transaction.flush_ruleset(Some(Family::Ip));
    firewall.commit(&transaction).unwrap();
    assert_eq!(firewall.tables(None).unwrap().len(), 2);
    let mut transaction = Transaction::new();
    transaction.flush_ruleset(None);
    firewall.commit(&transaction).unwrap();
    assert_eq!(firewall.tables(None).unwrap(), []);
}

#[test]
fn a_chain_watches_every_device_with_a_beginning() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let chain = Chain::filter("early", Hook::Ingress).policy(Policy::Accept).priority(0).device("wg*");
    let table = Table::new(Family::Netdev, "wire").chain(chain.clone());
    match firewall.apply(Ruleset::new().table(table)) {
        Ok(_) => {}
        Err(Error::Unsupported { .. }) => {
            portcullis_world::skip!("no device prefixes in hooks (kernel 6.17)")
        }
        Err(error) => panic!("{error}"),
    }
    let read = firewall.chains((Family::Netdev, "wire")).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].base, chain.base);
}
