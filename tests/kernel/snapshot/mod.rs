//! Snapshots: what is restored is what there was, byte for byte.

mod dump;
mod program;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use portcullis::{
    Chain, DataType, Element, Error, Family, Hook, Policy, Restore, Rule, Ruleset, Scope, Set, Snapshot,
    Table, TableFlags, Transaction,
    expr::{Counter, Data},
    netlink::KernelSocket,
    probe::Feature,
};
use portcullis_world::{Host, World, need_namespaces, skip, this_function};

use crate::support::{counted, edge, example, fitting, nft_load, open, part_can_run};

/// A directory that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        // Several tests have one of the same name at a time.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("portcullis-{name}-{process}-{number}"));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs the example.
fn snapshot(host: &Host, verb: &str, file: Option<&Path>, options: &[&str]) -> Output {
    host.output(example("snapshot").arg(verb).args(file).args(options))
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The one sentence that an example which fails says.
#[track_caller]
fn sentence(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    text
}

/// Two dumps are the same, or the first line that differs is said.
#[track_caller]
fn same(before: &[String], after: &[String]) {
    for (before, after) in before.iter().zip(after) {
        assert_eq!(after, before);
    }
    assert_eq!(after.len(), before.len(), "{:?}", before.get(after.len()).or(after.get(before.len())));
}

/// Saves in one host, restores in another, and compares.
#[track_caller]
fn moved(from: &Host, to: &Host) -> Vec<String> {
    let folder = Folder::new(from.name());
    let file = folder.file("rules");
    let before = dump::of(from);
    succeeded(&snapshot(from, "save", Some(&file), &[]));
    succeeded(&snapshot(to, "restore", Some(&file), &[]));
    let after = dump::of(to);
    same(&before, &after);
    after
}

/// As much as nft 1.0.6 can say.
const RULES: &str = r#"
table inet edge {
    comment "mine"
    counter hits { packets 3 bytes 99; comment "since the start"; }
    quota daily { over 100 mbytes used 5 kbytes; }
    limit slow { rate 5/second burst 7 packets; }
    set blocked {
        type ipv4_addr; flags timeout; timeout 1h; gc-interval 7s;
        elements = { 192.0.2.1 timeout 2h expires 90m comment "x", 192.0.2.2 }
    }
    set nets {
        type ipv4_addr; flags interval; counter;
        elements = { 10.0.0.0/8 counter packets 5 bytes 6, 192.168.0.0/16, 255.255.255.0/24 }
    }
    set flows { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 80-90 comment "web" } }
    set learned { type ipv4_addr; size 128; flags dynamic,timeout; timeout 60s; }
    set rest { type ipv4_addr; elements = { 192.0.2.1, * } } # needs SetCatchAll
    map decide { type inet_service : verdict; elements = { 80 : accept, 81 : jump other, 82 : goto other } }
    map objects { type inet_service : counter; elements = { 80 : "hits" } }
    map ports { type inet_service : ipv4_addr . inet_service; elements = { 80 : 192.0.2.1 . 8080 } }
    chain other { comment "called"; counter packets 7 bytes 8 return; }
    chain input {
        type filter hook input priority -7; policy drop;
        iif lo accept
        tcp dport { 22, 80-90 } counter packets 10 bytes 1000 accept comment "web and # more"
        tcp dport 99 jump { ip saddr 1.2.3.4 accept; counter packets 1 bytes 2; drop; }
        tcp dport 98 goto { drop; }
        counter name tcp dport map { 80 : "hits", 81 : "hits" }
        tcp dport vmap @decide
        meter m { ip saddr limit rate 5/second } accept
        add @learned { ip saddr timeout 10s }
        quota over 10 mbytes used 1 mbytes drop
        limit rate over 5/minute burst 3 packets log prefix "much: " group 7
        ip saddr . tcp dport @flows meta mark set 0x7 ct mark set meta mark
        meta mark set jhash ip saddr . ip daddr mod 16 seed 0x1234
        icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
        tcp flags & (syn | ack) == syn reject with tcp reset
        ip daddr 192.0.2.0/24 ip saddr != @nets ct state established,related ct count over 5 drop
    }
}
table ip nat {
    chain pre { type nat hook prerouting priority dstnat; tcp dport 80 dnat to 10.0.0.1-10.0.0.9:8080 random; }
    chain post { type nat hook postrouting priority srcnat; oifname "eth*" masquerade random,persistent; }
}
table ip sleepy { flags dormant; chain c { type filter hook output priority 0; drop; }; }
table ip6 six { chain c { ip6 saddr { fe80::/10, ::1 } ip6 hoplimit 255 accept; }; }
table arp a { chain c { type filter hook input priority 0; arp operation request accept; }; }
table bridge b { chain c { type filter hook forward priority 0; ether type ip counter; }; }
table netdev nd { chain c { type filter hook ingress device lo priority 0; counter; }; }
"#;

#[test]
fn what_nft_loaded_comes_back_byte_for_byte() {
    need_namespaces!();
    let (from, to) = (Host::new("from"), Host::new("to"));
    if !nft_load(&from, &fitting(&from, this_function!(), RULES)) {
        skip!("nft is not installed");
    }
    let times = dump::times(&from);
    assert_eq!(times.len(), 2);
    let after = moved(&from, &to);
    assert!(after.len() > 80, "{}", after.len());
    // Time does not begin anew.
    for (element, left) in dump::times(&to) {
        let before = times[&element];
        assert!(left <= before && left > before - 60_000, "{element}: {left} of {before}");
    }

    // Again, over what is there; and what is there is what was said.
    let (mut source, mut target) = (open(&from), open(&to));
    let snapshot = source.snapshot(Scope::Ruleset).unwrap();
    target.restore(&snapshot, Restore::ReplaceTables).unwrap_or_else(|error| panic!("{error}"));
    same(&dump::of(&from), &dump::of(&to));

    // Added twice to what is there, it is there three times: nothing is taken for something else.
    for _ in 0..2 {
        target.restore(&snapshot, Restore::Add).unwrap_or_else(|error| panic!("{error}"));
    }
    let rules = |lines: &[String]| lines.iter().filter(|line| line.starts_with("rule")).count();
    assert_eq!(rules(&dump::of(&to)), 3 * rules(&after));
    let named = |lines: &[String]| {
        let named = lines.iter().filter(|line| line.starts_with("chain") || line.starts_with("set"));
        named.filter(|line| !line.contains(&hex("__"))).count()
    };
    // The meter "m" belongs to its rule, and gets names of its own.
    assert_eq!(named(&dump::of(&to)), named(&after));
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_iptables_loaded_comes_back_byte_for_byte() {
    need_namespaces!();
    let (from, to) = (Host::new("from"), Host::new("to"));
    let rules = "*filter\n:INPUT DROP [7:420]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [3:180]\n\
                 [5:300] -A INPUT -p tcp -m multiport --dports 22,80 -m comment --comment \"web\" -j ACCEPT\n\
                 [1:60] -A INPUT -s 192.0.2.0/24 -m limit --limit 5/min -j LOG --log-prefix \"odd: \"\n\
                 -A INPUT -j REJECT --reject-with icmp-host-prohibited\nCOMMIT\n";
    let load = || {
        let mut restore =
            Command::new("iptables-nft-restore").args(["--counters"]).stdin(Stdio::piped()).spawn()?;
        restore.stdin.take().expect("a pipe").write_all(rules.as_bytes())?;
        restore.wait()
    };
    match from.run(load) {
        Ok(status) => assert!(status.success()),
        Err(_) => skip!("iptables-nft-restore is not installed"),
    }
    let after = moved(&from, &to);
    // Chains have counters, and they are kept: NFTA_CHAIN_COUNTERS with 420 bytes.
    assert!(
        after.iter().any(|line| line.starts_with("chain") && line.contains("00000000000001a4")),
        "{after:?}"
    );
    let listing = |host: &Host| {
        let output = host.run(|| Command::new("iptables-nft-save").args(["-c"]).output()).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listing(&to), listing(&from));
    assert!(listing(&to).iter().any(|line| line == ":INPUT DROP [7:420]"), "{:?}", listing(&to));

    let mut firewall = open(&to);
    let without = firewall.snapshot((Family::Ip, "filter")).unwrap().without_counters();
    firewall.restore(&without, Restore::Replace).unwrap();
    assert!(listing(&to).iter().any(|line| line == ":INPUT DROP [0:0]"), "{:?}", listing(&to));
    assert!(listing(&to).iter().any(|line| line.starts_with("[0:0] -A INPUT -p tcp")), "{:?}", listing(&to));
}

/// A table that is there with other flags can be replaced: it sleeps, or it was left by its owner.
#[test]
fn tables_with_other_flags_are_replaced() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    for (before, after) in [
        (TableFlags::DORMANT, TableFlags::empty()),
        (TableFlags::empty(), TableFlags::DORMANT),
        (TableFlags::PERSIST, TableFlags::empty()),
        (TableFlags::empty(), TableFlags::PERSIST),
    ] {
        let table = |flags| Ruleset::new().table(edge().flags(flags));
        match firewall.apply(table(before)) {
            Err(Error::Unsupported { .. }) if before == TableFlags::PERSIST => {
                assert!(!part_can_run(&host, this_function!(), Feature::TablePersist));
                continue;
            }
            result => drop(result.unwrap_or_else(|error| panic!("{error}"))),
        }
        match firewall.apply(table(after)) {
            Err(Error::Unsupported { .. }) if after == TableFlags::PERSIST => continue,
            result => drop(result.unwrap_or_else(|error| panic!("{before:?} {after:?}: {error}"))),
        }
        assert_eq!(firewall.tables(None).unwrap()[0].flags, after);
        let mut remove = Transaction::new();
        remove.remove_table((Family::Inet, "edge"));
        firewall.commit(&remove).unwrap_or_else(|error| panic!("{after:?}: {error}"));
    }
}

/// A table whose owner is gone is nobody's; one that has an owner stays his.
#[test]
fn an_owned_table_comes_back_without_its_owner() {
    need_namespaces!();
    let (from, to) = (Host::new("from"), Host::new("to"));
    let mut owner = open(&from);
    let owned = Ruleset::new().table(edge().flags(TableFlags::OWNER));
    if let Err(Error::Unsupported { .. }) = owner.apply(&owned) {
        skip!("this kernel's tables have no owner (5.12)");
    }
    let taken = open(&from).snapshot(Scope::Ruleset).unwrap();
    assert_eq!(taken.tables()[0].flags, TableFlags::OWNER);
    open(&to).restore(&taken, Restore::Replace).unwrap();
    // The connection that restored it is closed, and it is still there.
    let tables = open(&to).tables(None).unwrap();
    assert_eq!((tables.len(), tables[0].flags), (1, TableFlags::empty()));

    let error = open(&from).restore(&taken, Restore::Replace).unwrap_err().to_string();
    assert!(error.contains("table inet edge has an owner"), "{error}");
    owner.restore(&taken, Restore::Replace).unwrap();
    assert_eq!(owner.tables(None).unwrap()[0].flags, TableFlags::empty());
}

/// The reference's "Persist the Changes": the rules are saved, lost, restored, and obeyed; what they counted is kept.
#[test]
fn a_restored_firewall_is_obeyed_and_counts_on() {
    need_namespaces!();
    let folder = Folder::new("obeyed");
    let file = folder.file("rules");
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _services = [server.tcp_service("[::]:22", "ssh"), server.tcp_service("[::]:2222", "other")];
    let output = server.output(example("service_firewall").args(["--port", "22"]));
    assert!(output.status.success(), "{output:?}");
    for _ in 0..3 {
        assert_eq!(client.tcp_try("10.0.1.2:22").banner(), "ssh");
    }
    assert!(client.tcp_try("10.0.1.2:2222").is_timed_out());
    let before = dump::of(server);
    let mut firewall = open(server);
    let table = firewall.tables(None).unwrap().remove(0);
    let rules = firewall.rules((&table, "input")).unwrap();
    let ssh = rules.iter().filter_map(Rule::comment_text).find(|comment| comment.contains("22")).unwrap();
    let place = || (table.family, table.name.as_str(), "input");
    let counts = counted(&mut firewall, place(), &ssh);
    assert!(counts >= 3, "{counts}");

    succeeded(&snapshot(server, "save", Some(&file), &[]));
    let mut lose = Transaction::new();
    lose.flush_ruleset(None);
    firewall.commit(&lose).unwrap();
    assert_eq!(client.tcp_try("10.0.1.2:2222").banner(), "other");
    succeeded(&snapshot(server, "restore", Some(&file), &[]));
    same(&before, &dump::of(server));
    assert!(client.tcp_try("10.0.1.2:2222").is_timed_out());
    assert_eq!(client.tcp_try("10.0.1.2:22").banner(), "ssh");
    assert!(counted(&mut firewall, place(), &ssh) > counts);

    succeeded(&snapshot(server, "restore", Some(&file), &["--without-counters"]));
    assert_eq!(counted(&mut firewall, place(), &ssh), 0);
    assert_eq!(client.tcp_try("10.0.1.2:22").banner(), "ssh");
    assert!(counted(&mut firewall, place(), &ssh) > 0);
}

/// Every example's ruleset, in a network that never saw it.
#[test]
fn the_use_cases_come_back_byte_for_byte() {
    need_namespaces!();
    let commands: [(&str, &[&str]); 4] = [
        ("service_firewall", &["--port", "22", "--reject"]),
        ("ip_firewall", &["--trust", "10.0.2.0/24", "--trust", "fd00:2::/64"]),
        (
            "load_balancer",
            &["--listen", "80", "--backend", "192.168.1.2:8080", "--backend", "192.168.1.3:8080"],
        ),
        ("lockdown", &["--allow", "10.0.1.0/24", "--allow", "fd00:1::1"]),
    ];
    for (name, arguments) in commands {
        let (from, to) = (Host::new(name), Host::new("to"));
        let output = from.output(example(name).args(arguments));
        assert!(output.status.success(), "{name}: {output:?}");
        assert!(moved(&from, &to).len() > 4, "{name}");
    }
}

#[test]
fn time_goes_on_where_it_was() {
    need_namespaces!();
    let (from, to) = (Host::new("from"), Host::new("to"));
    let address = |text: &str| Element::new(Data::address(text.parse().unwrap()));
    let set = Set::new("blocked", DataType::IPV4_ADDR)
        .timeout(Duration::from_secs(3600))
        .element(address("192.0.2.1").expiration(Duration::from_secs(1800)))
        .element(address("192.0.2.2").timeout(Duration::from_secs(7200)))
        .element(address("192.0.2.3").expiration(Duration::from_millis(900)));
    open(&from).apply(Ruleset::new().table(Table::inet("edge").set(set))).unwrap();
    let taken = open(&from).snapshot(Scope::Ruleset).unwrap();
    let mut firewall = open(&to);
    firewall.restore(&taken, Restore::Replace).unwrap();
    let left = |firewall: &mut portcullis::Netfilter| {
        let elements = firewall.elements((Family::Inet, "edge", "blocked")).unwrap();
        let mut left: Vec<_> = elements.iter().map(|each| each.expiration.unwrap().as_millis()).collect();
        left.sort_unstable();
        left
    };
    let now = left(&mut firewall);
    assert!(now[0] <= 900 && (1_700_000..=1_800_000).contains(&now[1]) && now[2] <= 7_200_000, "{now:?}");
    std::thread::sleep(Duration::from_millis(1000));
    let later = left(&mut firewall);
    assert!(later.len() == 2 && later[0] < now[1] && later[1] < now[2], "{later:?}");
}

/// What the kernel refuses is named, with the rule's place in its chain, and nothing is changed.
#[test]
fn what_the_kernel_refuses_is_named() {
    need_namespaces!();
    let (from, to) = (Host::new("from"), Host::new("to"));
    let rule = Rule::new().tcp().dport([1, 2]).drop();
    let table = edge()
        .set(Set::new("s", DataType::MARK))
        .chain(Chain::new("c").rule(Rule::new().counter()).rule(rule));
    open(&from).apply(Ruleset::new().table(table)).unwrap();
    let taken = open(&from).snapshot(Scope::Ruleset).unwrap();

    // A set of that name is there, of another kind.
    let mut firewall = open(&to);
    let other = edge().set(Set::new("s", DataType::IFNAME));
    firewall.apply(Ruleset::new().table(other)).unwrap();
    let before = dump::of(&to);
    let Err(error) = firewall.restore(&taken, Restore::Add) else {
        portcullis_world::skip!("this kernel keeps a set of another kind under the same name");
    };
    let error = error.to_string();
    assert!(error.contains("add set inet edge s (operation 1, tests/kernel/snapshot/mod.rs:"), "{error}");
    same(&before, &dump::of(&to));

    // A rule that would be the 17th jump in a row.
    let mut long = Table::inet("long").chain(Chain::new("c16"));
    for place in (1..16).rev() {
        let next = Rule::new().jump(format!("c{}", place + 1));
        long = long.chain(Chain::new(format!("c{place}")).rule(Rule::new().counter()).rule(next));
    }
    open(&from).apply(Ruleset::new().table(long)).unwrap_or_else(|error| panic!("{error}"));
    let taken = open(&from).snapshot((Family::Inet, "long")).unwrap();
    let begin = Chain::filter("first", Hook::Input).rule(Rule::new().jump("second"));
    let second = Chain::new("second").rule(Rule::new().jump("c1"));
    let before = Table::inet("long").chain(Chain::new("c1")).chain(begin).chain(second);
    firewall.apply(Ruleset::new().table(before)).unwrap();
    let before = dump::of(&to);
    let error = firewall.restore(&taken, Restore::Add).unwrap_err().to_string();
    assert!(error.contains("EMLINK") && error.contains("\"rule 2\")"), "{error}");
    same(&before, &dump::of(&to));
}

/// Kernels before 6.16 refuse a chain whose device is not there, and are asked to say which; later ones wait for it.
#[test]
fn a_device_that_is_not_there_is_named_or_waited_for() {
    need_namespaces!();
    let (from, to, peer) = (Host::new("from"), Host::new("to"), Host::new("peer"));
    portcullis_world::link(&from, "elsewhere0", &peer, "end");
    let chain = Chain::filter("in", Hook::Ingress).priority(0).device("elsewhere0");
    let table = Table::new(Family::Netdev, "dev").chain(chain.rule(Rule::new().drop()));
    open(&from).apply(Ruleset::new().table(table)).unwrap();
    let taken = open(&from).snapshot(Scope::Ruleset).unwrap();
    match open(&to).restore(&taken, Restore::Replace) {
        Ok(_) => same(&dump::of(&from), &dump::of(&to)),
        Err(error) => {
            let error = error.to_string();
            assert!(error.contains("add chain netdev dev in") && error.contains("elsewhere0"), "{error}");
        }
    }
}

/// As Linux 6.12 leaves one whose devices are gone; kernels before 6.4 take none.
#[test]
fn a_chain_without_its_devices_comes_back_without() {
    need_namespaces!();
    let (from, to) = (Host::new("from"), Host::new("to"));
    let mut chain = Chain::filter("in", Hook::Ingress).priority(0);
    let written = Table::new(Family::Netdev, "dev").chain(chain.clone());
    let error = open(&from).apply(Ruleset::new().table(written)).unwrap_err().to_string();
    assert!(error.contains("a chain at hook ingress needs a device to watch: add Chain::device"), "{error}");
    // One that was read has a handle.
    chain.handle = Some(1);
    let read = Table::new(Family::Netdev, "dev").chain(chain.rule(Rule::new().drop()));
    if let Err(error) = open(&from).apply(Ruleset::new().table(read)) {
        assert!(error.to_string().contains("add chain netdev dev in"), "{error}");
        return;
    }
    let taken = open(&from).snapshot(Scope::Ruleset).unwrap();
    open(&to).restore(&taken, Restore::Replace).unwrap();
    same(&dump::of(&from), &dump::of(&to));
}

/// Values are as good as files.
#[test]
fn snapshots_are_values() {
    fn is_value<T: Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static>() {}
    is_value::<Snapshot>();
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall: portcullis::Netfilter<KernelSocket> = open(&host);
    let chain = Chain::filter("input", Hook::Input).policy(Policy::Drop);
    let table = Table::inet("edge").chain(chain.rule(Rule::new().say(Counter::new().packets(7u64)).accept()));
    firewall.apply(Ruleset::new().table(table)).unwrap();
    let before = firewall.snapshot(Scope::Ruleset).unwrap();
    assert_eq!(before.tables().len(), 1);
    assert_eq!(before.tables()[0].handle, None);
    assert!(before.kernel().is_some() && before.taken().elapsed().is_ok());
    let mut again = firewall.snapshot((Family::Inet, "edge")).unwrap();
    assert_eq!(again.tables(), before.tables());
    let error = firewall.snapshot((Family::Ip, "edge")).unwrap_err();
    assert_eq!(error.to_string(), "there is no table ip edge");
    again = again.without_counters();
    assert_ne!(again.tables(), before.tables());
}
