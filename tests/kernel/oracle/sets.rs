//! Fields looked up in sets and verdict maps, and changes of sets.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use portcullis::{
    CtState, CtStatus, Dscp, Family, InterfaceName, MacAddr, Mark, Port, Protocol, Quota, Rate,
    expr::{Limit, LimitUnit, Verdict},
    language::{
        matches::{Length, TimeOfDay, Ttl, VlanId, VlanPcp, Zone},
        targets::ChangeSet,
    },
    probe::Feature,
    select::{self, CtMark, Daddr, Dport, EtherSaddr, Iif, IifName, L4Proto, Named, Saddr, Selector, Sport},
    set::{ConnectionId, InterfaceIndex, Interval, MapOf, SetOf, VerdictMap},
};
use portcullis_world::this_function;

use super::{Bench, need_nft, rule};
use crate::support::{need_feature, part_can_run};

#[test]
fn named_sets() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    bench.declare([
        "set % v4 { type ipv4_addr; }",
        "set % v6 { type ipv6_addr; }",
        "set % nets { type ipv4_addr; flags interval; }",
        "set % ports { type inet_service; }",
        "set % protocols { type inet_proto; }",
        "set % marks { type mark; }",
        "set % runs { type mark; flags interval; }",
        "set % names { type ifname; }",
        "set % links { type iface_index; }",
        "set % macs { type ether_addr; }",
        "set % states { type ct_state; }",
        "set % pings { type icmp_type; }",
        "set % pings6 { type icmpv6_type; }",
        "set % flows { type ipv4_addr . inet_service; }",
        "set % flows6 { type ipv6_addr . inet_service . ipv6_addr; }",
        "set % many { type ipv4_addr . mark . inet_service . ifname . mark; }",
        "set % marked { type ipv4_addr . mark; flags interval; }",
        "set % icmps { type icmp_type . ipv4_addr; }",
    ]);
    let v4 = SetOf::<Ipv4Addr>::new("v4");
    let v6 = SetOf::<Ipv6Addr>::new("v6");
    let nets = SetOf::<ipnet::Ipv4Net>::new("nets");
    let ports = SetOf::<Port>::new("ports");
    let marks = SetOf::<Mark>::new("marks");
    let runs = SetOf::<Interval<Mark>>::new("runs");
    let states = SetOf::<CtState>::new("states");
    type Many = (Ipv4Addr, Mark, Port, InterfaceName, Mark);
    let many = SetOf::<Many>::new("many");
    let fields = (Saddr, select::Mark, Dport, IifName, CtMark);
    bench.hold_all([
        (rule().in_set(Saddr, &v4), "ip saddr @v4"),
        (rule().not_in_set(Daddr, &v4), "ip daddr != @v4"),
        (rule().in_set(Saddr, &v6), "ip6 saddr @v6"),
        (rule().in_set(Daddr, &nets), "ip daddr @nets"),
        (rule().tcp().in_set(Dport, &ports), "tcp dport @ports"),
        (rule().udp().not_in_set(Sport, &ports), "udp sport != @ports"),
        (rule().in_set(L4Proto, &SetOf::<Protocol>::new("protocols")), "meta l4proto @protocols"),
        (rule().in_set(select::Mark, &marks), "meta mark @marks"),
        (rule().in_set(select::Mark, &runs), "meta mark @runs"),
        (rule().in_set(Selector::CtMark, Named::of_runs("runs")), "ct mark @runs"),
        (rule().in_set(IifName, &SetOf::<InterfaceName>::new("names")), "iifname @names"),
        (rule().in_set(Iif, &SetOf::<InterfaceIndex>::new("links")), "iif @links"),
        (rule().in_set(EtherSaddr, &SetOf::<MacAddr>::new("macs")), "ether saddr @macs"),
        (rule().in_set(select::CtState, &states), "ct state @states"),
        (rule().in_set(Selector::IcmpType, "pings"), "icmp type @pings"),
        (rule().in_set(Selector::Icmpv6Type, "pings6"), "icmpv6 type @pings6"),
        (
            rule().tcp().in_set((Saddr, Dport), &SetOf::<(Ipv4Addr, Port)>::new("flows")),
            "meta l4proto tcp ip saddr . tcp dport @flows",
        ),
        (
            rule().tcp().in_set((Saddr, Dport, Daddr), &SetOf::<(Ipv6Addr, Port, Ipv6Addr)>::new("flows6")),
            "meta l4proto tcp ip6 saddr . tcp dport . ip6 daddr @flows6",
        ),
        (
            rule().tcp().in_set(fields, &many),
            "meta l4proto tcp ip saddr . meta mark . tcp dport . meta iifname . ct mark @many",
        ),
        (
            rule().in_set((Saddr, select::Mark), &SetOf::<(Ipv4Addr, Interval<Mark>)>::new("marked")),
            "ip saddr . meta mark @marked",
        ),
    ]);
}

#[test]
fn every_other_field() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    // Where nft knows the type, and where it takes an expression for it; and sets of runs. (Not the labels of
    // connections: nft 1.0.6 makes a set of them and lists nothing any more.)
    for (selector, declared, words) in [
        (Selector::Length, "typeof meta length", "meta length"),
        (Selector::NfProto, "type nf_proto", "meta nfproto"),
        (Selector::IifType, "type iface_type", "meta iiftype"),
        (Selector::OifType, "type iface_type", "meta oiftype"),
        (Selector::IifGroup, "type devgroup", "iifgroup"),
        (Selector::OifGroup, "type devgroup", "oifgroup"),
        (Selector::Cgroup, "typeof meta cgroup", "meta cgroup"),
        (Selector::Realm, "type realm", "rtclassid"),
        (Selector::Priority, "type classid", "meta priority"),
        (Selector::Hour, "typeof meta hour", "meta hour"),
        (Selector::Day, "typeof meta day", "meta day"),
        (Selector::Time, "typeof meta time", "meta time"),
        (Selector::IpDscp, "type dscp", "ip dscp"),
        (Selector::IpEcn, "type ecn", "ip ecn"),
        (Selector::Ttl, "typeof ip ttl", "ip ttl"),
        (Selector::HopLimit, "typeof ip6 hoplimit", "ip6 hoplimit"),
        (Selector::TcpFlags, "type tcp_flag", "tcp flags"),
        (Selector::IcmpCode, "type icmp_code", "icmp code"),
        (Selector::Icmpv6Code, "type icmpv6_code", "icmpv6 code"),
        (Selector::SaddrType, "type fib_addrtype", "fib saddr type"),
        (Selector::DaddrType, "type fib_addrtype", "fib daddr type"),
        (Selector::CtStatus, "type ct_status", "ct status"),
        (Selector::CtDirection, "type ct_dir", "ct direction"),
        (Selector::CtHelper, "typeof ct helper", "ct helper"),
        (Selector::CtZone, "typeof ct zone", "ct zone"),
        (Selector::CtExpiration, "type time", "ct expiration"),
        (Selector::CtProtocol, "type inet_proto", "ct protocol"),
        (Selector::CtOriginalIpSaddr, "type ipv4_addr", "ct original ip saddr"),
        (Selector::CtOriginalIpDaddr, "type ipv4_addr", "ct original ip daddr"),
        (Selector::CtReplyIpSaddr, "type ipv4_addr", "ct reply ip saddr"),
        (Selector::CtReplyIpDaddr, "type ipv4_addr", "ct reply ip daddr"),
        (Selector::CtOriginalIp6Saddr, "type ipv6_addr", "ct original ip6 saddr"),
        (Selector::CtOriginalIp6Daddr, "type ipv6_addr", "ct original ip6 daddr"),
        (Selector::CtReplyIp6Saddr, "type ipv6_addr", "ct reply ip6 saddr"),
        (Selector::CtReplyIp6Daddr, "type ipv6_addr", "ct reply ip6 daddr"),
        // Of these nft 1.0.6 knows no type, so its sets of them are of this expression only.
        (Selector::CtOriginalSport, "typeof ct original proto-src", "ct original proto-src"),
        (Selector::CtOriginalDport, "typeof ct original proto-dst", "ct original proto-dst"),
        (Selector::CtReplySport, "typeof ct reply proto-src", "ct reply proto-src"),
        (Selector::CtReplyDport, "typeof ct reply proto-dst", "ct reply proto-dst"),
    ] {
        let name = format!("by_{selector:?}").to_lowercase();
        bench.declare([&format!("set % {name} {{ {declared}; }}")]);
        bench.hold(rule().in_set(selector.clone(), &*name), &format!("{words} @{name}"));
        if selector != Selector::CtHelper && !words.contains("proto-") {
            bench.declare([&format!("set % {name}_runs {{ {declared}; flags interval; }}")]);
            bench.hold(
                rule().in_set(selector, Named::of_runs(format!("{name}_runs"))),
                &format!("{words} @{name}_runs"),
            );
        }
    }
}

/// Fields that rules look up more seldom, in sets of single values and in sets of runs.
#[test]
fn fields_of_other_protocols_and_places() {
    need_nft!();
    hold_each(
        &Bench::filter(Family::Inet),
        vec![
            (Selector::IpProtocol, "type inet_proto", "ip protocol"),
            (Selector::Ip6NextHeader, "type inet_proto", "ip6 nexthdr"),
            (Selector::IpLength, "typeof ip length", "ip length"),
            (Selector::Ip6Length, "typeof ip6 length", "ip6 length"),
            (Selector::IpId, "typeof ip id", "ip id"),
            (Selector::Ip6Ecn, "type ecn", "ip6 ecn"),
            (Selector::FragmentId, "typeof frag id", "frag id"),
            (Selector::MobilityType, "type mh_type", "mh type"),
            (Selector::IgmpType, "type igmp_type", "igmp type"),
            (Selector::DccpType, "type dccp_pkttype", "dccp type"),
            (Selector::EspSpi, "typeof esp spi", "esp spi"),
            (Selector::AhSpi, "typeof ah spi", "ah spi"),
            (Selector::TcpMss, "typeof tcp option maxseg size", "tcp option maxseg size"),
            (Selector::FrameType, "type ether_type", "ether type"),
            (Selector::Cpu, "typeof meta cpu", "meta cpu"),
            (Selector::IifKind, "type ifname", "meta iifkind"),
            (Selector::OifKind, "type ifname", "meta oifkind"),
            (Selector::Sdif, "type iface_index", "meta sdif"),
            (Selector::SdifName, "type ifname", "meta sdifname"),
            (Selector::Ipsec, "type boolean", "meta ipsec"),
            (Selector::SocketMark, "type mark", "socket mark"),
            // nft 1.0.6 calls these numbers, and fib's names strings.
            (Selector::SocketTransparent, "typeof socket transparent", "socket transparent"),
            (Selector::SocketWildcard, "typeof socket wildcard", "socket wildcard"),
            (Selector::SaddrOif, "type iface_index", "fib saddr oif"),
            (Selector::DaddrOif, "type iface_index", "fib daddr oif"),
            (Selector::SaddrOifName, "typeof fib saddr oifname", "fib saddr oifname"),
            (Selector::DaddrOifName, "typeof fib daddr oifname", "fib daddr oifname"),
            (Selector::RouteMtu, "typeof rt mtu", "rt mtu"),
            (Selector::IpNextHop, "type ipv4_addr", "rt ip nexthop"),
            (Selector::Ip6NextHop, "type ipv6_addr", "rt ip6 nexthop"),
            (Selector::RouteIpsec, "type boolean", "rt ipsec"),
            (Selector::IpsecInReqId, "typeof ipsec in reqid", "ipsec in reqid"),
            (Selector::IpsecOutReqId, "typeof ipsec out reqid", "ipsec out reqid"),
            (Selector::IpsecInSpi, "typeof ipsec in spi", "ipsec in spi"),
            (Selector::IpsecOutSpi, "typeof ipsec out spi", "ipsec out spi"),
            (Selector::OsName, "typeof osf name", "osf name"),
            (Selector::CtBytes, "typeof ct bytes", "ct bytes"),
            (Selector::CtPackets, "typeof ct packets", "ct packets"),
            (Selector::CtAvgPacket, "typeof ct avgpkt", "ct avgpkt"),
            (Selector::CtL3Proto, "type nf_proto", "ct l3proto"),
        ],
    );
    let bench = Bench::filter(Family::Inet);
    if part_can_run(&bench.ours, this_function!(), Feature::SocketCgroup) {
        let group = Selector::CgroupV2 { level: 2 };
        hold_each(&bench, vec![(group, "type cgroupsv2", "socket cgroupv2 level 2")]);
    }
    // libnftnl 1.2.4 has no name for it: "ct load unknown".
    bench.kernel_only(rule().in_set(select::CtId, [ConnectionId(7), ConnectionId(0x0102_0304)]));
}

#[test]
fn fields_of_frames() {
    need_nft!();
    let arp = || {
        vec![
            (Selector::ArpOperation, "type arp_op", "arp operation"),
            (Selector::ArpSaddrIp, "type ipv4_addr", "arp saddr ip"),
            (Selector::ArpDaddrIp, "type ipv4_addr", "arp daddr ip"),
            (Selector::ArpSaddrEther, "type ether_addr", "arp saddr ether"),
            (Selector::ArpDaddrEther, "type ether_addr", "arp daddr ether"),
        ]
    };
    hold_each(&Bench::filter(Family::Arp), arp());
    for bench in Bench::filters([Family::Bridge, Family::Netdev]) {
        let frames = [
            (Selector::VlanType, "type ether_type", "vlan type"),
            (Selector::FrameType, "type ether_type", "ether type"),
        ];
        hold_each(&bench, arp().into_iter().chain(frames).collect());
        bench.declare(["set % who { type ipv4_addr . ether_addr; }"]);
        let who = SetOf::<(Ipv4Addr, MacAddr)>::new("who");
        bench.hold_all([
            (
                rule().in_set((select::ArpSaddr, select::ArpSaddr), &who),
                "arp saddr ip . arp saddr ether @who",
            ),
            (
                rule()
                    .ether_type(portcullis::language::matches::EtherType::ARP)
                    .in_set(Selector::ArpSaddrIp, "by_arpsaddrip"),
                "ether type arp arp saddr ip @by_arpsaddrip",
            ),
        ]);
    }
}

/// What bridges say of frames, which this project's own machine has not.
#[test]
fn fields_of_bridges() {
    need_nft!();
    need_feature!(Feature::MetaBridge);
    need_feature!(Feature::MetaBridgeVlan);
    hold_each(
        &Bench::filter(Family::Bridge),
        vec![
            (Selector::IbrName, "type ifname", "meta ibrname"),
            (Selector::ObrName, "type ifname", "meta obrname"),
            (Selector::IbrPvid, "typeof meta ibrpvid", "meta ibrpvid"),
            (Selector::IbrVlanProtocol, "typeof meta ibrvproto", "meta ibrvproto"),
        ],
    );
}

/// Holds each field alone against nft, in a set of single values and in one of runs.
fn hold_each(bench: &Bench, fields: Vec<(Selector, &str, &str)>) {
    for (selector, declared, words) in fields {
        let name: String = format!("by_{selector:?}").to_lowercase();
        let name = name.replace([' ', '{', '}', ':'], "");
        bench.declare([
            &format!("set % {name} {{ {declared}; }}"),
            &format!("set % {name}_runs {{ {declared}; flags interval; }}"),
        ]);
        let runs = format!("{name}_runs");
        for (set, used) in [(&name, Named::new(&*name)), (&runs, Named::of_runs(&*runs))] {
            bench.hold(rule().in_set(selector.clone(), used), &format!("{words} @{set}"));
        }
    }
}

#[test]
fn networks_of_addresses() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    bench.declare([
        "set % nets4 { type ipv4_addr; }",
        "set % nets6 { type ipv6_addr; }",
        "set % runs { type ipv4_addr; flags interval; }",
        "set % services { type ipv4_addr . inet_service; }",
        "set % services6 { type inet_service . ipv6_addr; }",
        "set % seen { type ipv6_addr; size 1000; flags dynamic,timeout; timeout 1m; }",
        "map % marks { type ipv6_addr : mark; }",
        "map % ways { type ipv4_addr : verdict; }",
    ]);
    let nets4 = SetOf::<Ipv4Addr>::new("nets4");
    let nets6 = SetOf::<Ipv6Addr>::new("nets6");
    let seen = SetOf::<Ipv6Addr>::new("seen").dynamic().timeout(Duration::from_secs(60));
    bench.hold_all([
        (rule().in_set(Saddr.prefix(24), &nets4), "ip saddr & 255.255.255.0 @nets4"),
        (rule().not_in_set(Daddr.prefix(19), &nets4), "ip daddr & 255.255.224.0 != @nets4"),
        (rule().in_set(Saddr.prefix(64), &nets6), "ip6 saddr & ffff:ffff:ffff:ffff:: @nets6"),
        (rule().in_set(Daddr.prefix(61), &nets6), "ip6 daddr & ffff:ffff:ffff:fff8:: @nets6"),
        (rule().in_set(Selector::IpSaddr.prefix(8), Named::of_runs("runs")), "ip saddr & 255.0.0.0 @runs"),
        (
            rule().in_set(select::CtOriginalSaddr.prefix(16), &nets4),
            "ct original ip saddr & 255.255.0.0 @nets4",
        ),
        (
            rule().tcp().in_set((Saddr.prefix(24), Dport), &SetOf::<(Ipv4Addr, Port)>::new("services")),
            "meta l4proto tcp ip saddr and 255.255.255.0 . tcp dport @services",
        ),
        (
            rule().tcp().in_set((Dport, Daddr.prefix(48)), &SetOf::<(Port, Ipv6Addr)>::new("services6")),
            "meta l4proto tcp tcp dport . ip6 daddr and ffff:ffff:ffff:: @services6",
        ),
        (
            rule().change_set(ChangeSet::update(Saddr.prefix(64), &seen).limit(Rate::per_minute(10).over())),
            "update @seen { ip6 saddr & ffff:ffff:ffff:ffff:: limit rate over 10/minute burst 5 packets }",
        ),
        (
            rule().set_mark_by(select::mapped(Saddr.prefix(56), &MapOf::<Ipv6Addr, Mark>::new("marks"))),
            "meta mark set ip6 saddr & ffff:ffff:ffff:ff00:: map @marks",
        ),
        (
            rule().verdict_map(Saddr.prefix(24), &VerdictMap::<Ipv4Addr>::new("ways")),
            "ip saddr & 255.255.255.0 vmap @ways",
        ),
    ]);
}

#[test]
fn concatenations_of_them() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    bench.declare([
        "set % classes { type dscp . ipv4_addr; }",
        "set % flows { type ipv4_addr . ipv4_addr . ct_status; }",
        "set % hours { typeof ip saddr . meta hour; flags interval; }",
        "set % sizes { typeof ip saddr . meta length; }",
        "set % limits { typeof ip dscp . ip ttl . tcp dport; }",
        "map % zones { typeof ct zone . meta length : meta mark; }",
    ]);
    type Flow = (Ipv4Addr, Ipv4Addr, CtStatus);
    bench.hold_all([
        (
            rule().in_set((select::IpDscp, Saddr), &SetOf::<(Dscp, Ipv4Addr)>::new("classes")),
            "ip dscp . ip saddr @classes",
        ),
        (
            rule().in_set(
                (select::CtOriginalSaddr, select::CtReplySaddr, select::CtStatus),
                &SetOf::<Flow>::new("flows"),
            ),
            "ct original ip saddr . ct reply ip saddr . ct status @flows",
        ),
        (
            rule().in_set(
                (Saddr, select::Hour),
                &SetOf::<(Interval<Ipv4Addr>, Interval<TimeOfDay>)>::new("hours"),
            ),
            "ip saddr . meta hour @hours",
        ),
        (
            rule().in_set((Saddr, select::Length), &SetOf::<(Ipv4Addr, Length)>::new("sizes")),
            "ip saddr . meta length @sizes",
        ),
        (
            rule()
                .tcp()
                .in_set((select::IpDscp, select::Ttl, Dport), &SetOf::<(Dscp, Ttl, Port)>::new("limits")),
            "meta l4proto tcp ip dscp . ip ttl . tcp dport @limits",
        ),
        (
            rule().set_mark_by(select::mapped(
                (select::CtZone, select::Length),
                &MapOf::<(Zone, Length), Mark>::new("zones"),
            )),
            "meta mark set ct zone . meta length map @zones",
        ),
    ]);
}

#[test]
fn what_a_tag_says() {
    need_nft!();
    // Tags are seen in chains of frames only.
    for bench in Bench::filters([Family::Bridge, Family::Netdev]) {
        bench.declare([
            "set % ids { typeof vlan id; }",
            "set % id_runs { typeof vlan id; flags interval; }",
            "set % priorities { typeof vlan pcp; }",
            "set % members { typeof vlan id . ether saddr; }",
            "set % lanes { typeof vlan pcp . vlan id; }",
            "map % ways { typeof vlan id . ether saddr : verdict; }",
        ]);
        let members = SetOf::<(VlanId, MacAddr)>::new("members");
        let ways = VerdictMap::<(VlanId, MacAddr)>::new("ways");
        let lanes = SetOf::<(VlanPcp, VlanId)>::new("lanes");
        let (member, lane) = ((select::VlanId, EtherSaddr), (select::VlanPcp, select::VlanId));
        bench.hold_all([
            (rule().in_set(select::VlanId, &SetOf::<VlanId>::new("ids")), "vlan id @ids"),
            (rule().in_set(select::VlanId, &SetOf::<Interval<VlanId>>::new("id_runs")), "vlan id @id_runs"),
            (rule().in_set(select::VlanPcp, &SetOf::<VlanPcp>::new("priorities")), "vlan pcp @priorities"),
            (rule().in_set(member, &members), "vlan id . ether saddr @members"),
            (rule().verdict_map(member, &ways), "vlan id . ether saddr vmap @ways"),
            (rule().in_set(lane, &lanes), "vlan pcp . vlan id @lanes"),
        ]);
    }
}

/// `ip6 dscp` lies across two bytes, and the kernel shifts numbers of the machine's order: the bytes are turned first.
/// nft before 1.1.0 turns them where the value becomes a mark, but not where it is looked up, so that nothing is found.
/// Of those, the sentence of the mark is the judge of the load, and that of the lookup is of all else; what is found is
/// held by packets (`sets_in_rules/bits.rs`).
#[test]
fn bits_across_two_bytes() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    bench.declare([
        "set % classes { type dscp; }",
        "set % pairs { type dscp . inet_service; }",
        "set % sources { type ipv6_addr . dscp; }",
        "set % seen { type dscp; size 10; flags dynamic; }",
        "map % ways { type dscp : verdict; }",
        "map % marks { type dscp : mark; }",
    ]);
    let instructions = |sentence: &str| -> Vec<String> {
        let script = format!("add rule inet t c {sentence}\n");
        let (debug, errors) = bench.nft(&["--debug=netlink", "--check"], &script);
        let all = debug.lines().chain(errors.lines()).map(str::trim);
        let all: Vec<_> = all.filter(|line| line.starts_with("[ ")).map(str::to_owned).collect();
        assert!(!all.is_empty(), "{sentence}: {errors}");
        all
    };
    let mark = instructions("meta nfproto ipv6 meta mark set (@nh,0,16 & 0xfc0) >> 6");
    let [.., load, mask, turn, shift, _] = mark.as_slice() else { panic!("{mark:?}") };
    let is_load = |line: &&String| [load, mask, turn, shift].contains(line);

    let classes = SetOf::<Dscp>::new("classes");
    let pairs = SetOf::<(Dscp, Port)>::new("pairs");
    let sources = SetOf::<(Ipv6Addr, Dscp)>::new("sources");
    let seen = SetOf::<Dscp>::new("seen").dynamic();
    let ways = VerdictMap::<Dscp>::new("ways");
    let marks = MapOf::<Dscp, Mark>::new("marks");
    let dscp = select::Ip6Dscp;
    for (rule, sentence) in [
        (rule().in_set(dscp, &classes), "ip6 dscp @classes"),
        (rule().not_in_set(dscp, &classes), "ip6 dscp != @classes"),
        (rule().in_set(Selector::Ip6Dscp, "classes"), "ip6 dscp @classes"),
        (rule().tcp().in_set((dscp, Dport), &pairs), "meta l4proto tcp ip6 dscp . tcp dport @pairs"),
        (rule().in_set((Saddr, dscp), &sources), "ip6 saddr . ip6 dscp @sources"),
        (rule().verdict_map(dscp, &ways), "ip6 dscp vmap @ways"),
        (rule().set_mark_by(select::mapped(dscp, &marks)), "meta mark set ip6 dscp map @marks"),
        (rule().add_to_set(dscp, &seen), "add @seen { ip6 dscp }"),
    ] {
        let theirs = instructions(sentence);
        let ours = rule.bytecode(Family::Inet).unwrap();
        let ours: Vec<_> = ours.lines().map(|line| line.trim().to_owned()).collect();
        if theirs == ours {
            continue;
        }
        // An older nft: the same, but that the bytes are not turned.
        let at = ours.iter().position(|line| line.contains("byteorder")).expect("bytes are turned");
        let (mut same, turned) = (ours.clone(), &ours[at]);
        same.remove(at);
        assert_eq!(same, theirs, "{sentence}");
        // In the second register of a concatenation the load is the same.
        let in_first = |line: &String| line.replace("reg 2", "reg 1");
        assert_eq!(in_first(turned), *turn, "{sentence}");
        let loaded: Vec<_> = ours[at - 2..=at + 1].iter().map(in_first).collect();
        assert!(loaded.iter().all(|line| is_load(&line)), "{sentence}: {loaded:?} {mark:?}");
    }
    // The kernel takes it; and nft lists it so.
    for (rule, sentence) in [
        (
            rule().in_set(dscp, [Dscp::CS1, Dscp::EF]),
            "meta nfproto ipv6 @nh,0,16 & 0xfc0 >> 6 == { cs1, ef }",
        ),
        (
            rule().tcp().in_set((dscp, Dport), [(Dscp::CS1, Port(80))]),
            "ip6 dscp >> 6 . tcp dport { cs1 . 80 }",
        ),
    ] {
        bench.shown_as(rule, sentence);
    }
}

#[test]
fn lists_of_concatenations() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    let [a, b] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(1, 2, 3, 4)];
    bench.hold_all([
        (
            rule().tcp().in_set((Saddr, Dport), [(a, Port(80)), (b, Port(5))]),
            "meta l4proto tcp ip saddr . tcp dport { 10.0.0.1 . 80, 1.2.3.4 . 5 }",
        ),
        (
            rule()
                .tcp()
                .in_set((Saddr, Dport), vec![(a, Interval::new(Port(80), Port(90))), (b, Port(5).into())]),
            "meta l4proto tcp ip saddr . tcp dport { 10.0.0.1 . 80-90, 1.2.3.4 . 5 }",
        ),
    ]);
}

#[test]
fn verdict_maps() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    bench.declare([
        "map % customers { type ipv4_addr . inet_service : verdict; }",
        "map % marks { type mark : verdict; flags interval; }",
    ]);
    let services = [(Port(22), Verdict::Accept), (Port(80), Verdict::jump("other"))];
    let marks = [(Interval::new(Mark(1), Mark(5)), Verdict::Accept), (Mark(7).into(), Verdict::Drop)];
    let turns = select::Balance::round_robin([Verdict::Accept, Verdict::goto("other")]);
    bench.hold_all([
        (rule().tcp().verdict_map(Dport, services), "tcp dport vmap { 22 : accept, 80 : jump other }"),
        (
            rule().tcp().verdict_map((Saddr, Dport), &VerdictMap::<(Ipv4Addr, Port)>::new("customers")),
            "meta l4proto tcp ip saddr . tcp dport vmap @customers",
        ),
        (rule().verdict_map(select::Mark, marks), "meta mark vmap { 1-5 : accept, 7 : drop }"),
        (
            rule().verdict_map(select::Mark, &VerdictMap::<Interval<Mark>>::new("marks")),
            "meta mark vmap @marks",
        ),
        (rule().decide_by(turns), "numgen inc mod 2 vmap { 0 : accept, 1 : goto other }"),
    ]);
}

#[test]
fn changes_of_sets() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    bench.declare([
        "set % seen { type ipv4_addr; size 1000; flags dynamic,timeout; timeout 1m; }",
        "set % flows { type ipv4_addr . inet_service; size 1000; flags dynamic,timeout; }",
        "set % busy { type ipv4_addr; size 1000; flags dynamic; }",
        "map % marks { type ipv4_addr : mark; size 1000; flags dynamic,timeout; }",
        "map % homes { type ipv4_addr : ipv4_addr . inet_service; size 1000; flags dynamic,timeout; }",
    ]);
    let seen = SetOf::<Ipv4Addr>::new("seen").dynamic().timeout(Duration::from_secs(60));
    let flows = SetOf::<(Ipv4Addr, Port)>::new("flows").dynamic().with_timeouts();
    let busy = SetOf::<Ipv4Addr>::new("busy").dynamic();
    let marks = MapOf::<Ipv4Addr, Mark>::new("marks").dynamic().with_timeouts();
    let homes = MapOf::<Ipv4Addr, (Ipv4Addr, Port)>::new("homes").dynamic().with_timeouts();
    let hour = Duration::from_secs(3600);
    let over = Rate::per_minute(10).over();
    let change = |change| rule().change_set(change);
    bench.hold_all([
        (rule().add_to_set(Saddr, &seen), "add @seen { ip saddr }"),
        (rule().delete_from_set(Saddr, &seen), "delete @seen { ip saddr }"),
        (change(ChangeSet::add(Saddr, &seen).timeout(hour)), "add @seen { ip saddr timeout 1h }"),
        (
            change(ChangeSet::update(Saddr, &seen).limit(over)).drop(),
            "update @seen { ip saddr limit rate over 10/minute burst 5 packets } drop",
        ),
        (
            rule().tcp().change_set(ChangeSet::update((Saddr, Dport), &flows).timeout(hour).counter()),
            "meta l4proto tcp update @flows { ip saddr . tcp dport timeout 1h counter }",
        ),
        (
            change(ChangeSet::add(Saddr, &busy).quota(Quota::over(100)).counter()),
            "add @busy { ip saddr quota over 100 bytes counter }",
        ),
        (change(ChangeSet::add(Saddr, &busy).connlimit(5)), "add @busy { ip saddr ct count 5 }"),
        (
            change(ChangeSet::add(Saddr, &busy).connlimit_over(5)).drop(),
            "add @busy { ip saddr ct count over 5 } drop",
        ),
        (
            change(ChangeSet::add(Saddr, &busy).expression(Limit::packets(3, LimitUnit::Second).burst(5u32))),
            "add @busy { ip saddr limit rate 3/second }",
        ),
        (change(ChangeSet::add_mapping(Saddr, CtMark, &marks)), "add @marks { ip saddr : ct mark }"),
        (
            change(ChangeSet::update_value(Saddr, Mark(5), &marks).timeout(hour)),
            "update @marks { ip saddr timeout 1h : 0x5 }",
        ),
        (
            rule().tcp().change_set(ChangeSet::update_mapping(Saddr, (Daddr, Sport), &homes)),
            "meta l4proto tcp update @homes { ip saddr : ip daddr . tcp sport }",
        ),
        (
            change(ChangeSet::add_value(Saddr, (Ipv4Addr::new(1, 2, 3, 4), Port(5)), &homes)),
            "add @homes { ip saddr : 1.2.3.4 . 5 }",
        ),
    ]);
}
