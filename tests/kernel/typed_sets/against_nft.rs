//! Every kind of key and value, given to nft in its words and to the kernel in ours: the same attributes, and the
//! same listing.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use portcullis::{
    AddressType, CtDirection, CtState, CtStatus, Dscp, Icmp6Code, IcmpCode, IcmpType, Icmpv6Type, IcmpxCode,
    InterfaceName, MacAddr, Netfilter, PacketType, Port, Protocol, Quota, Rate, Set, Synproxy, TcpFlags,
    Transaction,
    expr::{Counter, Limit, LimitUnit, Verdict},
    language::matches::{
        ClassId, DateTime, Ecn, Gid, HelperName, HopLimit, Length, Mark, TimeOfDay, Traffic, Ttl, Uid,
        VlanId, VlanPcp, Weekday, Zone,
    },
    object::{Object, SetPolicy, userdata},
    probe::Feature,
    set::{
        ArpOperation, CgroupId, ConnectionId, CounterName, Cpu, CtLabels, DccpPacketType, DeviceGroup, Entry,
        EtherType, Field, FieldType, FragmentId, IgmpType, InterfaceIndex, Interval, IntoEntry, IpId,
        IpLength, Key, LimitName, LinkType, MapOf, MapValue, MobilityType, NfProto, OsName, PortVlan,
        QuotaName, Realm, RequestId, RouteMtu, SecMarkName, SegmentSize, SetOf, Spi, SynproxyName, TcClass,
        TypeOf, VerdictMap,
    },
};
use portcullis_world::{Host, need_namespaces, this_function};

use super::{TABLE, edge, read};
use crate::support::{nft_listing, nft_load, open, part_can_run, without_expiry};

/// Sets in our words and in nft's.
#[derive(Default)]
struct Pairs {
    ours: Transaction,
    nfts: String,
    names: Vec<String>,
}

impl Pairs {
    fn new() -> Self {
        let mut ours = edge();
        ours.add_chain(TABLE, portcullis::Chain::new("there"));
        for counter in ["hits", "others"] {
            let object = Object::new(counter, Counter::new());
            ours.add_object(TABLE, &object);
        }
        Self { ours, ..Self::default() }
    }

    /// The next set's name.
    fn name(&mut self) -> String {
        let name = format!("s{}", self.names.len());
        self.names.push(name.clone());
        name
    }

    fn add<K: Key, V: MapValue, const N: usize>(
        &mut self,
        make: impl FnOnce(String) -> SetOf<K, V>,
        entries: [impl IntoEntry<K, V>; N],
        kind: &str,
        nft: &str,
        elements: &str,
    ) {
        let name = self.name();
        let set = make(name.clone());
        self.ours.add_set_with(TABLE, &set, entries);
        let elements =
            if elements.is_empty() { String::new() } else { format!("elements = {{ {elements} }};") };
        self.nfts += &format!("{kind} {name} {{ {nft}; {elements} }}\n");
    }

    /// A plain set of a type with a name.
    fn set<K: Key, const N: usize>(
        &mut self,
        entries: [impl IntoEntry<K, ()>; N],
        nft: &str,
        elements: &str,
    ) {
        self.add(SetOf::<K>::new, entries, "set", &format!("type {nft}"), elements);
    }

    /// A set of a type that an expression says.
    fn type_of<K: Key, const N: usize>(
        &mut self,
        entries: [impl IntoEntry<K, ()>; N],
        nft: &str,
        elements: &str,
    ) {
        self.add(SetOf::<K>::new, entries, "set", &format!("typeof {nft}"), elements);
    }

    /// A map of types that expressions say.
    fn map_of<K: Key, V: MapValue>(&mut self, key: K, value: V, nft: &str, element: &str) {
        self.add(MapOf::<K, V>::new, [(key, value)], "map", &format!("typeof {nft}"), element);
    }

    /// A set of intervals.
    fn runs<K: Key, const N: usize>(
        &mut self,
        entries: [impl IntoEntry<K, ()>; N],
        nft: &str,
        elements: &str,
    ) {
        self.add(SetOf::<K>::new, entries, "set", &format!("type {nft}; flags interval"), elements);
    }

    fn compare(self) {
        let (ours, nfts) = (Host::new("ours"), Host::new("nfts"));
        let Self { ours: transaction, nfts: sets, names } = self;
        let script = format!(
            "table inet edge {{ counter hits {{ }}\ncounter others {{ }}\nchain there {{ }}\n{sets} }}"
        );
        if !nft_load(&nfts, &script) {
            portcullis_world::skip!("nft is not installed: nothing to compare with");
        }
        let (mut firewall, mut other) = (open(&ours), open(&nfts));
        firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
        for name in names {
            let (ours, nfts) = (alike(&mut firewall, &name), alike(&mut other, &name));
            assert_eq!(
                ours,
                nfts,
                "{}",
                sets.lines().find(|line| line.contains(&format!(" {name} "))).unwrap()
            );
        }
        let (ours, nfts) = (nft_listing(&ours).unwrap(), nft_listing(&nfts).unwrap());
        assert_eq!(sorted(&ours), sorted(&nfts));
    }
}

/// The set, less what nft writes for itself and does without: that a type with a name is a concatenation, and the
/// expression of values that have a name beside keys that have.
fn alike(firewall: &mut Netfilter, name: &str) -> Set {
    // The number of a concatenation, and nothing behind it.
    let unsaid: &[u8] = &[&[0, 4], &13u32.to_ne_bytes()[..], &[1, 0]].concat();
    let mut set = read(firewall, name);
    let bytes = set.userdata.clone().unwrap_or_default();
    let declared = userdata::entries(&bytes).any(|(kind, value)| kind == 3 && value != unsaid);
    let kept = userdata::entries(&bytes).filter(|(kind, value)| match kind {
        3 => *value != unsaid,
        4 => declared && *value != unsaid,
        6 => value != &[0; 4],
        _ => true,
    });
    set.userdata =
        Some(kept.flat_map(|(kind, value)| [&[kind, value.len() as u8], value].concat()).collect());
    set
}

/// The listing's lines with elements in one order: the kernel's hashes are seeded.
fn sorted(listing: &str) -> Vec<String> {
    let listing = without_expiry(&listing.replace(",\n\t\t\t     ", ", "));
    let elements = |line: &str| {
        let inner = line.trim().strip_prefix("elements = { ")?.strip_suffix(" }")?;
        let mut elements: Vec<_> = inner.split(", ").collect();
        elements.sort_unstable();
        Some(elements.join(", "))
    };
    listing.lines().map(|line| elements(line).unwrap_or_else(|| line.to_owned())).collect()
}

fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

#[test]
fn every_kind_of_key_is_nfts() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    pairs.set([v4("192.0.2.1"), v4("192.0.2.7")], "ipv4_addr", "192.0.2.1, 192.0.2.7");
    pairs.set([v6("2001:db8::1"), v6("::1")], "ipv6_addr", "2001:db8::1, ::1");
    pairs.set(["aa:bb:cc:dd:ee:ff".parse::<MacAddr>().unwrap()], "ether_addr", "aa:bb:cc:dd:ee:ff");
    pairs.set([EtherType::IPV4, EtherType::VLAN], "ether_type", "ip, vlan");
    pairs.set([ArpOperation(1), ArpOperation(2)], "arp_op", "request, reply");
    pairs.set([Protocol::TCP, Protocol(99)], "inet_proto", "tcp, 99");
    pairs.set([Port(22), Port(8080)], "inet_service", "22, 8080");
    pairs.set([IcmpType(8), IcmpType(0)], "icmp_type", "echo-request, echo-reply");
    pairs.set([Icmpv6Type(135)], "icmpv6_type", "nd-neighbor-solicit");
    pairs.set([IcmpCode::from_number(1)], "icmp_code", "host-unreachable");
    pairs.set([Icmp6Code::from_number(4)], "icmpv6_code", "port-unreachable");
    pairs.set([IcmpxCode::from_number(3)], "icmpx_code", "admin-prohibited");
    pairs.set([IgmpType(0x16)], "igmp_type", "membership-report-v2");
    pairs.set([TcpFlags::SYN, TcpFlags::SYN | TcpFlags::ACK], "tcp_flag", "syn, syn | ack");
    pairs.set([DccpPacketType(0)], "dccp_pkttype", "request");
    pairs.set([MobilityType(5)], "mh_type", "binding-update");
    pairs.set([Mark(0x10), Mark(0xff00_0000)], "mark", "0x10, 0xff000000");
    pairs.set([InterfaceIndex(1)], "iface_index", "lo");
    pairs.set([LinkType(1)], "iface_type", "ether");
    pairs.set([InterfaceName::exact("lo"), InterfaceName::exact("eth0")], "ifname", "lo, eth0");
    pairs.set([DeviceGroup(7)], "devgroup", "7");
    pairs.set([Realm(5)], "realm", "5");
    pairs.set([TcClass(0x10002)], "classid", "1:2");
    pairs.set([Uid(1000)], "uid", "1000");
    pairs.set([Gid(1000)], "gid", "1000");
    pairs.set([CtState::NEW, CtState::ESTABLISHED], "ct_state", "new, established");
    pairs.set([CtDirection::Original], "ct_dir", "original");
    pairs.set([CtStatus::SNAT], "ct_status", "snat");
    pairs.set([PacketType::from_number(1)], "pkt_type", "broadcast");
    pairs.set([Dscp::CS1, Dscp(1)], "dscp", "cs1, 0x01");
    pairs.set([Ecn::Ce], "ecn", "ce");
    pairs.set([AddressType::from_number(2)], "fib_addrtype", "local");
    pairs.set([true], "boolean", "exists");
    pairs.set([NfProto::IPV6], "nf_proto", "ipv6");
    pairs.set([Duration::from_secs(90)], "time", "90s");
    // These have no name in nft.
    pairs.add(SetOf::new, [HelperName("ftp".into())], "set", "typeof ct helper", "\"ftp\"");
    pairs.add(SetOf::new, [Weekday::Monday], "set", "typeof meta day", "\"Monday\"");
    pairs.add(SetOf::new, [Length(1500)], "set", "typeof meta length", "1500");
    pairs.add(SetOf::new, [ClassId(0x10001)], "set", "typeof meta cgroup", "65537");
    pairs.add(SetOf::new, [Ttl(1), Ttl(64)], "set", "typeof ip ttl", "1, 64");
    pairs.add(SetOf::new, [HopLimit(255)], "set", "typeof ip6 hoplimit", "255");
    pairs.add(SetOf::new, [Zone(7)], "set", "typeof ct zone", "7");
    let noon = TimeOfDay { hour: 12, minute: 30, second: 0 };
    pairs.add(SetOf::new, [noon], "set", "typeof meta hour", "45000");
    pairs.type_of([IpLength(1500)], "ip length", "1500");
    pairs.type_of([IpId(7)], "ip id", "7");
    pairs.type_of([FragmentId(7)], "frag id", "7");
    pairs.type_of([Spi(0x100)], "esp spi", "256");
    pairs.type_of([SegmentSize(1400)], "tcp option maxseg size", "1400");
    pairs.type_of([Cpu(1)], "meta cpu", "1");
    pairs.type_of([PortVlan(5)], "meta ibrpvid", "5");
    pairs.type_of([RouteMtu(1400)], "rt mtu", "1400");
    pairs.type_of([RequestId(7)], "ipsec in reqid", "7");
    pairs.type_of([OsName::from("Linux")], "osf name", "\"Linux\"");
    pairs.type_of([Traffic(1 << 40)], "ct bytes", "1099511627776");
    pairs.type_of([ConnectionId(7)], "ct id", "7");
    let eve = DateTime::from_unix(1_798_135_200);
    pairs.add(SetOf::new, [eve, DateTime(0)], "set", "typeof meta time", "1798135200, 0");
    pairs.compare();
}

/// nft looks the number's path up: any directory below `/sys/fs/cgroup` has one.
#[test]
fn control_groups_are_nfts() {
    use std::os::unix::fs::{DirEntryExt, MetadataExt};

    need_namespaces!();
    let Ok(root) = std::fs::read_dir("/sys/fs/cgroup") else {
        portcullis_world::skip!("no /sys/fs/cgroup");
    };
    let directories = root.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let Some(directory) = directories.min_by_key(DirEntryExt::ino) else {
        portcullis_world::skip!("no control group below /sys/fs/cgroup");
    };
    let group = CgroupId(std::fs::metadata(directory.path()).expect("a directory").ino());
    let path = format!("\"{}\"", directory.file_name().into_string().expect("UTF-8"));
    let mut pairs = Pairs::new();
    pairs.set([group], "cgroupsv2", &path);
    pairs.set([(group, Port(80))], "cgroupsv2 . inet_service", &format!("{path} . 80"));
    pairs.type_of([(group, Ttl(9))], "socket cgroupv2 level 1 . ip ttl", &format!("{path} . 9"));
    // Eight bytes of the host's byte order, turned.
    pairs.runs([Interval::from(group)], "cgroupsv2", &path);
    pairs.runs([(Interval::from(group), Port(80))], "cgroupsv2 . inet_service", &format!("{path} . 80"));
    pairs.compare();
}

/// nft 1.0.6 makes sets of labels, and then lists nothing of a table that has one: the attributes alone are compared.
#[test]
fn labels_of_connections_are_nfts_and_it_does_not_list_them() {
    need_namespaces!();
    let (ours, nfts) = (Host::new("ours"), Host::new("nfts"));
    if !nft_load(&nfts, "table inet edge {\nset s { typeof ct label; elements = { 1, 70, 127 }; }\n}") {
        portcullis_world::skip!("nft is not installed: nothing to compare with");
    }
    let mut transaction = edge();
    let labels = [1, 70, 127].map(|bit| CtLabels(1 << bit));
    transaction.add_set_with(TABLE, &SetOf::<CtLabels>::new("s"), labels);
    let mut firewall = open(&ours);
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(alike(&mut firewall, "s"), alike(&mut open(&nfts), "s"));
    let read = firewall.contents(TABLE, &SetOf::<CtLabels>::new("s")).unwrap();
    let mut read: Vec<_> = read.texts().collect();
    read.sort();
    assert_eq!(read, ["0x2", "0x400000000000000000", "0x80000000000000000000000000000000"]);
}

#[test]
fn every_kind_of_run_is_nfts() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    let network = |text: &str| text.parse::<ipnet::Ipv4Net>().unwrap();
    pairs.runs([network("10.0.0.0/8"), network("255.0.0.0/8")], "ipv4_addr", "10.0.0.0/8, 255.0.0.0/8");
    pairs.runs([network("0.0.0.0/0")], "ipv4_addr", "0.0.0.0/0");
    pairs.runs(
        [v4("192.0.2.1")..=v4("192.0.2.9"), v4("192.0.2.10")..=v4("192.0.2.12")],
        "ipv4_addr",
        "192.0.2.10-192.0.2.12, 192.0.2.1-192.0.2.9",
    );
    pairs.runs::<Interval<Ipv4Addr>, 2>(
        [Interval::from(v4("192.0.2.1")), network("10.0.0.0/8").into()],
        "ipv4_addr",
        "192.0.2.1, 10.0.0.0/8",
    );
    let network = |text: &str| text.parse::<ipnet::Ipv6Net>().unwrap();
    pairs.runs([network("2001:db8::/32"), network("ffff::/16")], "ipv6_addr", "2001:db8::/32, ffff::/16");
    pairs.runs([Port(1)..=Port(1023), Port(65535)..=Port(65535)], "inet_service", "1-1023, 65535");
    // Numbers of the host's byte order are held in the network's.
    pairs.runs([Mark(0x1ff)..=Mark(0x300)], "mark", "0x1ff-0x300");
    let mac = |last| MacAddr([0, 1, 2, 3, 4, last]);
    pairs.runs([mac(1)..=mac(9)], "ether_addr", "00:01:02:03:04:01-00:01:02:03:04:09");
    pairs.runs::<Interval<InterfaceName>, 2>(
        ["eth*", "lo"].map(|name| Interval::from(InterfaceName::from(name))),
        "ifname",
        "\"eth*\", \"lo\"",
    );
    let merging = [Interval::new(Port(1), Port(5)), Interval::new(Port(4), Port(9)), Port(10).into()];
    pairs.add(
        |name| SetOf::<Interval<Port>>::new(name).auto_merge(),
        merging,
        "set",
        "type inet_service; flags interval; auto-merge",
        "1-10",
    );
    pairs.compare();
}

/// Numbers of the host's byte order, of one to eight bytes, are held in the network's; nft lists the same runs.
#[test]
fn runs_of_numbers_are_nfts() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    let time = |hour, minute| TimeOfDay { hour, minute, second: 0 };
    let seconds = Duration::from_secs;
    let day = DateTime::from_unix;
    let one = "flags interval";
    pairs.type_of(
        [Zone(5)..=Zone(0x300), Zone(0xff00)..=Zone(0xffff)],
        &format!("ct zone; {one}"),
        "5-768, 65280-65535",
    );
    pairs.type_of(
        [day(1_798_135_200)..=day(1_798_221_600)],
        &format!("meta time; {one}"),
        "1798135200-1798221600",
    );
    pairs.type_of([time(9, 0)..=time(17, 30)], &format!("meta hour; {one}"), "32400-63000");
    pairs.type_of([Length(100)..=Length(1500)], &format!("meta length; {one}"), "100-1500");
    pairs.type_of([ClassId(0xff)..=ClassId(0x10001)], &format!("meta cgroup; {one}"), "255-65537");
    pairs.type_of([Ttl(1)..=Ttl(64)], &format!("ip ttl; {one}"), "1-64");
    pairs.type_of([HopLimit(200)..=HopLimit(255)], &format!("ip6 hoplimit; {one}"), "200-255");
    // Not to 4095: nft leaves a run open that goes to the last of 12 bits, and lists its own as 5-65535, which it
    // does not take. Ours has an end.
    pairs.type_of([VlanId(5)..=VlanId(4094)], &format!("vlan id; {one}"), "5-4094");
    pairs.type_of([Weekday::Monday..=Weekday::Friday], &format!("meta day; {one}"), "\"Monday\"-\"Friday\"");
    pairs.runs([LinkType(0xff)..=LinkType(0x200)], "iface_type", "255-512");
    pairs.runs([Uid(1000)..=Uid(0x1_0000)], "uid", "1000-65536");
    pairs.runs([Gid(0)..=Gid(99), Gid(u32::MAX)..=Gid(u32::MAX)], "gid", "0-99, 4294967295");
    pairs.runs([Realm(5)..=Realm(900)], "realm", "5-900");
    pairs.runs([TcClass(0x10002)..=TcClass(0x10fff)], "classid", "1:2-1:fff");
    pairs.runs([DeviceGroup(7)..=DeviceGroup(900)], "devgroup", "7-900");
    pairs.runs([InterfaceIndex(2)..=InterfaceIndex(900)], "iface_index", "2-900");
    pairs.runs([seconds(90)..=seconds(300)], "time", "90s-5m");
    pairs.runs([Protocol(1)..=Protocol(17)], "inet_proto", "1-17");
    pairs.runs([IcmpType(3)..=IcmpType(8)], "icmp_type", "3-8");
    pairs.runs([EtherType(0x800)..=EtherType(0x8100)], "ether_type", "2048-33024");
    // Beside others, every part is turned.
    pairs.type_of(
        [(Zone(5)..=Zone(0x300), DateTime::from_unix(1_798_135_200), Uid(1000))],
        "ct zone . meta time . meta skuid; flags interval",
        "5-768 . 1798135200 . 1000",
    );
    pairs.runs([(LinkType(1)..=LinkType(0x200), Gid(7))], "iface_type . gid", "1-512 . 7");
    pairs.compare();
}

#[test]
fn every_kind_of_concatenation_is_nfts() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    pairs.set([(v4("192.0.2.1"), Port(80))], "ipv4_addr . inet_service", "192.0.2.1 . 80");
    pairs.set(
        [(InterfaceName::exact("lo"), Protocol::TCP, v6("::1"), Port(80), Mark(7))],
        "ifname . inet_proto . ipv6_addr . inet_service . mark",
        "lo . tcp . ::1 . 80 . 7",
    );
    pairs.set(
        [(MacAddr([1, 2, 3, 4, 5, 6]), PacketType::from_number(0), Dscp::CS1)],
        "ether_addr . pkt_type . dscp",
        "01:02:03:04:05:06 . unicast . cs1",
    );
    let network = |text: &str| text.parse::<ipnet::Ipv4Net>().unwrap();
    pairs.runs(
        [(network("10.0.0.0/8"), Port(80)..=Port(90)), (network("192.0.2.1/32"), Port(1)..=Port(65535))],
        "ipv4_addr . inet_service",
        "10.0.0.0/8 . 80-90, 192.0.2.1 . 1-65535",
    );
    // One run makes every part one of a run, numbers of the host's byte order turned.
    pairs.runs(
        [(network("10.0.0.0/8"), Mark(5), Protocol::UDP)],
        "ipv4_addr . mark . inet_proto",
        "10.0.0.0/8 . 5 . udp",
    );
    pairs.runs(
        [(InterfaceName::prefix("eth"), network("10.0.0.0/8"))],
        "ifname . ipv4_addr",
        "\"eth*\" . 10.0.0.0/8",
    );
    pairs.compare();
}

#[test]
fn concatenations_of_what_has_no_name_are_nfts() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    let mac = MacAddr([1, 2, 3, 4, 5, 6]);
    let lo = InterfaceName::exact("lo");
    let noon = TimeOfDay { hour: 12, minute: 30, second: 0 };
    let network: ipnet::Ipv4Net = "10.0.0.0/8".parse().unwrap();
    pairs.type_of(
        [(VlanId(5), mac), (VlanId(4094), mac)],
        "vlan id . ether saddr",
        "5 . 01:02:03:04:05:06, 4094 . 01:02:03:04:05:06",
    );
    pairs.type_of([(VlanPcp(7), VlanId(5))], "vlan pcp . vlan id", "7 . 5");
    // A part that has a name is said as most would say it.
    pairs.type_of([(v4("192.0.2.1"), Length(1500))], "ip saddr . meta length", "192.0.2.1 . 1500");
    pairs.type_of([(Dscp::CS1, Ttl(64))], "ip dscp . ip ttl", "cs1 . 64");
    pairs.type_of(
        [(v6("::1"), HopLimit(255), Port(80))],
        "ip6 saddr . ip6 hoplimit . th dport",
        "::1 . 255 . 80",
    );
    pairs.type_of(
        [(lo.clone(), Weekday::Monday, Protocol::TCP, noon)],
        "iifname . meta day . meta l4proto . meta hour",
        "\"lo\" . \"Monday\" . tcp . \"12:30\"",
    );
    pairs.type_of(
        [(Zone(7), HelperName("ftp".into()), Mark(7), CtState::NEW)],
        "ct zone . ct helper . meta mark . ct state",
        "7 . \"ftp\" . 7 . new",
    );
    pairs.type_of(
        [(ClassId(0x10001), Uid(1000), Gid(1000), EtherType::ARP)],
        "meta cgroup . meta skuid . meta skgid . ether type",
        "65537 . 1000 . 1000 . arp",
    );
    // One run makes every part one of a run, numbers of the host's byte order turned.
    pairs.type_of(
        [(network, Interval::new(Length(100), Length(1500)), Zone(7), Ttl(1))],
        "ip saddr . meta length . ct zone . ip ttl; flags interval",
        "10.0.0.0/8 . 100-1500 . 7 . 1",
    );
    pairs.type_of(
        [(VlanId(5)..=VlanId(9), mac)],
        "vlan id . ether saddr; flags interval",
        "5-9 . 01:02:03:04:05:06",
    );
    pairs.compare();
}

/// A field that the program declares after one of nft's expressions.
#[derive(Clone, Debug, PartialEq)]
struct FlowLabel(u32);

impl Field for FlowLabel {
    const WHAT: &'static str = "flow label";
    const TYPE: FieldType =
        FieldType::network("integer", 4, 3).type_of(TypeOf::Number { header: 13, field: 4, bits: 20 });

    fn write(&self, to: &mut [u8]) {
        to.copy_from_slice(&self.0.to_be_bytes()[1..]);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c] = bytes.try_into().ok()?;
        Some(Self(u32::from_be_bytes([0, a, b, c])))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

#[test]
fn fields_of_the_programs_own_are_declared() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    pairs.type_of([FlowLabel(70000)], "ip6 flowlabel", "70000");
    pairs.type_of([(FlowLabel(70000), HopLimit(9))], "ip6 flowlabel . ip6 hoplimit", "70000 . 9");
    pairs.compare();
}

#[test]
fn every_type_has_an_expression_beside_one_that_has_no_name() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    fn pair<A: Field>(pairs: &mut Pairs, value: A, words: &str, text: &str) {
        let declared = format!("{words} . ip ttl");
        pairs.type_of([(value, Ttl(9))], &declared, &format!("{text} . 9"));
    }
    let each = &mut pairs;
    pair(each, v4("192.0.2.1"), "ip saddr", "192.0.2.1");
    pair(each, v6("::1"), "ip6 saddr", "::1");
    pair(each, MacAddr([1, 2, 3, 4, 5, 6]), "ether saddr", "01:02:03:04:05:06");
    pair(each, EtherType::IPV4, "ether type", "ip");
    pair(each, ArpOperation(1), "arp operation", "request");
    pair(each, Protocol::TCP, "meta l4proto", "tcp");
    pair(each, Port(22), "th dport", "22");
    pair(each, IcmpType(8), "icmp type", "echo-request");
    pair(each, Icmpv6Type(135), "icmpv6 type", "nd-neighbor-solicit");
    pair(each, IcmpCode::from_number(1), "icmp code", "host-unreachable");
    pair(each, Icmp6Code::from_number(4), "icmpv6 code", "port-unreachable");
    pair(each, IgmpType(0x16), "igmp type", "membership-report-v2");
    pair(each, TcpFlags::SYN, "tcp flags", "syn");
    pair(each, DccpPacketType(0), "dccp type", "request");
    pair(each, MobilityType(5), "mh type", "binding-update");
    pair(each, Mark(0x10), "meta mark", "0x10");
    pair(each, InterfaceIndex(1), "iif", "lo");
    pair(each, LinkType(1), "meta iiftype", "ether");
    pair(each, InterfaceName::exact("eth0"), "iifname", "eth0");
    pair(each, DeviceGroup(7), "iifgroup", "7");
    pair(each, Realm(5), "rtclassid", "5");
    pair(each, TcClass(0x10002), "meta priority", "1:2");
    pair(each, Uid(1000), "meta skuid", "1000");
    pair(each, Gid(1000), "meta skgid", "1000");
    pair(each, CtState::NEW, "ct state", "new");
    pair(each, CtDirection::Original, "ct direction", "original");
    pair(each, CtStatus::SNAT, "ct status", "snat");
    pair(each, PacketType::from_number(1), "meta pkttype", "broadcast");
    pair(each, Dscp::CS1, "ip dscp", "cs1");
    pair(each, Ecn::Ce, "ip ecn", "ce");
    pair(each, AddressType::from_number(2), "fib saddr type", "local");
    pair(each, NfProto::IPV6, "meta nfproto", "ipv6");
    pair(each, Duration::from_secs(90), "ct expiration", "90s");
    // nft looks the number's path up.
    let none: [(CgroupId, Ttl); 0] = [];
    pairs.type_of(none, "socket cgroupv2 level 1 . ip ttl", "");
    pairs.compare();
}

#[test]
fn maps_of_what_has_no_name_are_nfts() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    let key = (v4("192.0.2.1"), Length(1500));
    let network: ipnet::Ipv4Net = "10.0.0.0/8".parse().unwrap();
    // Where the keys have no name, the values are expressions, too, and the other way round.
    pairs.map_of(key, Mark(7), "ip saddr . meta length : meta mark", "192.0.2.1 . 1500 : 7");
    pairs.map_of(Length(9), Port(7), "meta length : th dport", "9 : 7");
    pairs.map_of(Port(7), Ttl(7), "th dport : ip ttl", "7 : 7");
    pairs.map_of(key, Verdict::Accept, "ip saddr . meta length : verdict", "192.0.2.1 . 1500 : accept");
    // nft 1.0.6 takes no number as one of several values: 64 "exceeds valid range 0-0", and of 0 it dies.
    let none: [((Ipv4Addr, Length), (Ipv4Addr, Ttl)); 0] = [];
    pairs.add(
        MapOf::<(Ipv4Addr, Length), (Ipv4Addr, Ttl)>::new,
        none,
        "map",
        "typeof ip saddr . meta length : ip saddr . ip ttl",
        "",
    );
    pairs.map_of(
        (network, Length(1500)),
        Mark(7),
        "ip saddr . meta length : meta mark; flags interval",
        "10.0.0.0/8 . 1500 : 7",
    );
    pairs.compare();
}

#[test]
fn every_kind_of_value_is_nfts() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    pairs.add(
        MapOf::<Port, Ipv4Addr>::new,
        [(Port(80), v4("10.0.0.1")), (Port(81), v4("10.0.0.2"))],
        "map",
        "type inet_service : ipv4_addr",
        "80 : 10.0.0.1, 81 : 10.0.0.2",
    );
    pairs.add(
        MapOf::<Ipv4Addr, Mark>::new,
        [(v4("10.0.0.1"), Mark(7))],
        "map",
        "type ipv4_addr : mark",
        "10.0.0.1 : 7",
    );
    pairs.add(
        MapOf::<Port, (Ipv4Addr, Port)>::new,
        [(Port(80), (v4("10.0.0.1"), Port(8080)))],
        "map",
        "type inet_service : ipv4_addr . inet_service",
        "80 : 10.0.0.1 . 8080",
    );
    let jump = Verdict::Jump(portcullis::expr::ChainTarget::Name("there".to_owned()));
    pairs.add(
        VerdictMap::<InterfaceName>::new,
        [(InterfaceName::exact("lo"), Verdict::Accept), (InterfaceName::exact("eth0"), jump.clone())],
        "map",
        "type ifname : verdict",
        "\"lo\" : accept, \"eth0\" : jump there",
    );
    pairs.add(
        MapOf::<Ipv4Addr, CounterName>::new,
        [(v4("10.0.0.1"), "hits".into()), (v4("10.0.0.2"), CounterName::from("others"))],
        "map",
        "type ipv4_addr : counter",
        "10.0.0.1 : \"hits\", 10.0.0.2 : \"others\"",
    );
    let network = |text: &str| text.parse::<ipnet::Ipv4Net>().unwrap();
    if part_can_run(&Host::new("asked"), this_function!(), Feature::SetCatchAll) {
        pairs.add(
            MapOf::<ipnet::Ipv4Net, Mark>::new,
            [
                Entry::mapping(network("10.0.0.0/8"), Mark(7)),
                Entry::mapping(network("192.0.2.0/24"), Mark(8)).comment("documented"),
                Entry::otherwise(Mark(9)),
            ],
            "map",
            "type ipv4_addr : mark; flags interval",
            "10.0.0.0/8 : 7, 192.0.2.0/24 comment \"documented\" : 8, * : 9",
        );
    }
    pairs.add(
        VerdictMap::<(ipnet::Ipv4Net, Port)>::new,
        [((network("10.0.0.0/8"), Port(22)), Verdict::Drop)],
        "map",
        "type ipv4_addr . inet_service : verdict; flags interval",
        "10.0.0.0/8 . 22 : drop",
    );
    pairs.compare();
}

#[test]
fn every_property_is_nfts() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    let seconds = Duration::from_secs;
    pairs.add(
        |name| SetOf::new(name).timeout(seconds(3600)).gc_interval(seconds(7)).comment("bad ones"),
        [Entry::new(v4("192.0.2.1")).timeout(seconds(7200)).comment("worst"), Entry::new(v4("192.0.2.2"))],
        "set",
        "type ipv4_addr; timeout 1h; gc-interval 7s; comment \"bad ones\"",
        "192.0.2.1 timeout 2h comment \"worst\", 192.0.2.2",
    );
    pairs.add(
        |name| SetOf::new(name).with_timeouts(),
        [Entry::new(Port(1)).timeout(seconds(60)), Entry::new(Port(2))],
        "set",
        "type inet_service; flags timeout",
        "1 timeout 1m, 2",
    );
    pairs.add(
        |name| SetOf::<Ipv4Addr>::new(name).dynamic().timeout(seconds(60)).capacity(128),
        [] as [Ipv4Addr; 0],
        "set",
        "type ipv4_addr; size 128; flags dynamic,timeout; timeout 60s",
        "",
    );
    pairs.add(
        |name| SetOf::new(name).capacity(16).policy(SetPolicy::Memory),
        [Mark(1)],
        "set",
        "type mark; size 16; policy memory",
        "1",
    );
    pairs.add(
        // As many as there are.
        |name| SetOf::new(name).constant(),
        [Port(1), Port(2), Port(3)],
        "set",
        "type inet_service; flags constant; size 3",
        "1, 2, 3",
    );
    pairs.add(
        |name| SetOf::new(name).expression(Counter::new()),
        [Entry::new(Port(80)).expression(Counter::new().packets(7u64).bytes(700u64)), Entry::new(Port(443))],
        "set",
        "type inet_service; counter",
        "80 counter packets 7 bytes 700, 443",
    );
    pairs.add(
        // nft says what it does anyway, and so nothing of it.
        |name| SetOf::new(name).policy(SetPolicy::Performance),
        [Port(1)],
        "set",
        "type inet_service; policy performance",
        "1",
    );
    pairs.add(
        |name| SetOf::new(name).limit(Rate::per_second(5)),
        [Entry::new(Port(80)).limit(Rate::per_minute(3).burst(7)), Entry::new(Port(443))],
        "set",
        "type inet_service; limit rate 5/second",
        "80 limit rate 3/minute burst 7 packets, 443",
    );
    pairs.add(
        |name| SetOf::new(name).limit(Rate::bytes_per_second(1 << 20).over()),
        [Port(80)],
        "set",
        "type inet_service; limit rate over 1 mbytes/second",
        "80",
    );
    // nft 1.0.6 has no words for an element's own quota.
    pairs.add(
        |name| SetOf::new(name).quota(Quota::until(5000)),
        [Port(80), Port(443)],
        "set",
        "type inet_service; quota 5000 bytes",
        "80, 443",
    );
    pairs.add(
        |name| SetOf::new(name).quota(Quota::over(5 << 10)),
        [Port(80)],
        "set",
        "type inet_service; quota over 5 kbytes",
        "80",
    );
    pairs.add(
        |name| SetOf::new(name).connlimit(5),
        [Entry::new(Port(80)).connlimit(7), Entry::new(Port(443))],
        "set",
        "type inet_service; ct count 5",
        "80 ct count 7, 443",
    );
    pairs.add(
        |name| SetOf::new(name).connlimit_over(5),
        [Entry::new(Port(80)).connlimit_over(7), Entry::new(Port(443))],
        "set",
        "type inet_service; ct count over 5",
        "80 ct count over 7, 443",
    );
    if part_can_run(&Host::new("asked"), this_function!(), Feature::SetExpressions) {
        pairs.add(
            |name| SetOf::new(name).counter().quota(Quota::over(5 << 10)),
            [Port(80)],
            "set",
            "type inet_service; counter quota over 5 kbytes",
            "80",
        );
        pairs.add(
            |name| SetOf::new(name).limit(Rate::per_second(5)).counter(),
            [Entry::new(Port(80)).limit(Rate::per_minute(3)).counter(), Entry::new(Port(443))],
            "set",
            "type inet_service; limit rate 5/second counter",
            "80 limit rate 3/minute counter, 443",
        );
    }
    if part_can_run(&Host::new("asked"), this_function!(), Feature::SetCatchAll) {
        pairs.add(
            SetOf::new,
            [Entry::new(Port(80)), Entry::catch_all()],
            "set",
            "type inet_service",
            "80, *",
        );
    }
    let network = |text: &str| text.parse::<ipnet::Ipv4Net>().unwrap();
    pairs.add(
        |name| SetOf::new(name).timeout(seconds(3600)),
        [
            Entry::new(network("10.0.0.0/8")).timeout(seconds(300)).comment("ten"),
            Entry::new(network("255.0.0.0/8")),
        ],
        "set",
        "type ipv4_addr; flags interval,timeout; timeout 1h",
        "10.0.0.0/8 timeout 5m comment \"ten\", 255.0.0.0/8",
    );
    pairs.compare();
}

#[test]
fn maps_to_runs_are_nfts() {
    need_namespaces!();
    let mut pairs = Pairs::new();
    let run = |first: &str, last: &str| Interval::new(v4(first), v4(last));
    pairs.add(
        MapOf::<Ipv4Addr, Interval<Ipv4Addr>>::new,
        [(v4("10.1.0.1"), run("10.0.0.1", "10.0.0.5")), (v4("10.1.0.2"), run("10.0.0.0", "10.0.0.255"))],
        "map",
        "type ipv4_addr : interval ipv4_addr",
        "10.1.0.1 : 10.0.0.1-10.0.0.5, 10.1.0.2 : 10.0.0.0/24",
    );
    let network: ipnet::Ipv4Net = "10.1.0.0/24".parse().unwrap();
    pairs.add(
        MapOf::<ipnet::Ipv4Net, Interval<Ipv4Addr>>::new,
        [(network, run("10.0.0.1", "10.0.0.5"))],
        "map",
        "type ipv4_addr : interval ipv4_addr; flags interval",
        "10.1.0.0/24 : 10.0.0.1-10.0.0.5",
    );
    pairs.add(
        MapOf::<ipnet::Ipv4Net, (Interval<Ipv4Addr>, Interval<Port>)>::new,
        [(network, (run("10.0.0.1", "10.0.0.5"), Interval::new(Port(80), Port(90))))],
        "map",
        "type ipv4_addr : interval ipv4_addr . inet_service; flags interval",
        "10.1.0.0/24 : 10.0.0.1-10.0.0.5 . 80-90",
    );
    pairs.add(
        MapOf::<Ipv6Addr, Interval<Ipv6Addr>>::new,
        [(v6("fd00::1"), Interval::new(v6("fd00::2"), v6("fd00::9")))],
        "map",
        "type ipv6_addr : interval ipv6_addr",
        "fd00::1 : fd00::2-fd00::9",
    );
    pairs.compare();
}

/// nft 1.0.6 has no words for maps to helpers, timeouts, expectations, tunnels and limits of connections.
#[test]
fn maps_to_objects_are_nfts() {
    need_namespaces!();
    let asked = Host::new("asked");
    let mut pairs = Pairs::new();
    let objects: [(Object, &str); 3] = [
        (Object::new("month", portcullis::expr::Quota::over(100 << 20)), "quota month { over 100 mbytes; }"),
        (
            Object::new("slow", Limit::packets(5, LimitUnit::Second).burst(5u32)),
            "limit slow { rate 5/second; }",
        ),
        (
            Object::new("fast", Limit::bytes(1 << 20, LimitUnit::Second).over()),
            "limit fast { rate over 1 mbytes/second; }",
        ),
    ];
    for (object, words) in &objects {
        pairs.ours.add_object(TABLE, object);
        pairs.nfts += &format!("{words}\n");
    }
    pairs.add(
        MapOf::<Ipv4Addr, QuotaName>::new,
        [(v4("10.0.0.1"), "month".into())],
        "map",
        "type ipv4_addr : quota",
        "10.0.0.1 : \"month\"",
    );
    pairs.add(
        MapOf::<Port, LimitName>::new,
        [(Port(80), "slow".into()), (Port(443), "fast".into())],
        "map",
        "type inet_service : limit",
        "80 : \"slow\", 443 : \"fast\"",
    );
    let network: ipnet::Ipv4Net = "10.0.0.0/8".parse().unwrap();
    pairs.add(
        MapOf::<(ipnet::Ipv4Net, Port), QuotaName>::new,
        [((network, Port(80)), "month".into())],
        "map",
        "type ipv4_addr . inet_service : quota; flags interval",
        "10.0.0.0/8 . 80 : \"month\"",
    );
    if part_can_run(&asked, this_function!(), Feature::SynproxyObject) {
        let proxy = Synproxy::new().mss(1460).wscale(7).timestamp().sack_perm();
        pairs.ours.add_object(TABLE, Object::new("guard", proxy));
        pairs.nfts += "synproxy guard { mss 1460\nwscale 7\ntimestamp sack-perm\n}\n";
        pairs.add(
            MapOf::<Ipv4Addr, SynproxyName>::new,
            [(v4("10.0.0.1"), "guard".into())],
            "map",
            "type ipv4_addr : synproxy",
            "10.0.0.1 : \"guard\"",
        );
    }
    // Security marks want a security module, which this machine may not have; a map to none of them does not.
    pairs.add(
        MapOf::<Port, SecMarkName>::new,
        [] as [(Port, SecMarkName); 0],
        "map",
        "type inet_service : secmark",
        "",
    );
    pairs.compare();
}

/// nft has no words for keys of more than five parts, or of more than four where one has no name: it lists ours as it
/// lists its own, wrong. This library reads them, and says those for which there is room.
#[test]
fn long_concatenations_are_listed_as_nft_lists_its_own() {
    need_namespaces!();
    type Six = (Port, Port, Port, Port, Port, Port);
    type Five = (Port, Port, Port, Port, Length);
    type Sixteen =
        (Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark);
    let (ours, nfts) = (Host::new("ours"), Host::new("nfts"));
    let same = |word: &str, times: usize| vec![word; times].join(" . ");
    let script = format!(
        "table inet edge {{\nset six {{ typeof {}; elements = {{ 1 . 2 . 3 . 4 . 5 . 6 }}; }}\n\
         set five {{ typeof {} . meta length; elements = {{ 1 . 2 . 3 . 4 . 5 }}; }}\n\
         set sixteen {{ typeof {}; elements = {{ {} }}; }}\n}}",
        same("th dport", 6),
        same("th dport", 4),
        same("meta mark", 16),
        same("7", 16),
    );
    if !nft_load(&nfts, &script) {
        portcullis_world::skip!("nft is not installed: nothing to compare with");
    }
    let [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6].map(Port);
    let m = Mark(7);
    let (six, five, sixteen) =
        (SetOf::<Six>::new("six"), SetOf::<Five>::new("five"), SetOf::<Sixteen>::new("sixteen"));
    let mut transaction = edge();
    transaction.add_set_with(TABLE, &six, [(a, b, c, d, e, f)]);
    transaction.add_set_with(TABLE, &five, [(a, b, c, d, Length(5))]);
    transaction.add_set_with(TABLE, &sixteen, [(m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m)]);
    let mut firewall = open(&ours);
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(nft_listing(&ours).unwrap(), nft_listing(&nfts).unwrap());
    // Less what nft keeps for itself, they are the same sets.
    let mut other = open(&nfts);
    for name in ["six", "five", "sixteen"] {
        let [ours, nfts] = [&mut firewall, &mut other].map(|firewall| {
            let mut set = read(firewall, name);
            set.userdata = None;
            set
        });
        assert_eq!(ours, nfts, "{name}");
    }
    // Ours are said as they are, and read by nft as the same.
    let say = |firewall: &mut Netfilter, name| read(firewall, name).nft().to_string();
    let words = format!("typeof {}\n", same("th dport", 6));
    let text = say(&mut firewall, "six");
    assert!(text.contains(&words) && text.contains("{ 1 . 2 . 3 . 4 . 5 . 6 }"), "{text}");
    let words = format!("typeof {} . meta length\n", same("th dport", 4));
    let text = say(&mut firewall, "five");
    assert!(text.contains(&words) && text.contains("{ 1 . 2 . 3 . 4 . 5 }"), "{text}");
    // There is no room for sixteen expressions, and the set says so.
    let losses = read(&mut firewall, "sixteen").nft().losses();
    assert_eq!(losses.len(), 1, "{losses:?}");
}
