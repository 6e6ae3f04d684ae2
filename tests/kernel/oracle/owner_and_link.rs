//! Who made a packet, and by what link it came.

use portcullis::{
    Family, Hook,
    language::matches::{CgroupV2, MacAddr, PacketType, masked},
    not,
};

use super::{Bench, IP, need_nft, rule};

#[test]
fn users_and_groups() {
    need_nft!();
    for family in IP {
        let bench = Bench::filter_at(family, Hook::Output);
        bench.hold_all([
            (rule().skuid(0), "meta skuid 0"),
            (rule().skuid(not(12345)), "meta skuid != 12345"),
            (rule().skuid(1000..=1999), "meta skuid 1000-1999"),
            (rule().skuid(not(1000..=1999)), "meta skuid != 1000-1999"),
            (rule().skuid([12345, 12346]), "meta skuid { 12345, 12346 }"),
            (rule().skuid(not([12345, 12346])), "meta skuid != { 12345, 12346 }"),
            (rule().skuid([12345..=12345, 20000..=20010]), "meta skuid { 12345, 20000-20010 }"),
            (rule().skgid(12345), "meta skgid 12345"),
            (rule().skgid(not(12345)), "meta skgid != 12345"),
            (rule().skgid(1000..=1999), "meta skgid 1000-1999"),
            (rule().skgid([12345, 12346]), "meta skgid { 12345, 12346 }"),
            (rule().skuid(12345).skgid(12345).reject(), "meta skuid 12345 meta skgid 12345 reject"),
        ]);
    }
}

#[test]
fn control_groups() {
    need_nft!();
    for family in IP {
        let bench = Bench::filter_at(family, Hook::Output);
        bench.hold_all([
            (rule().cgroup(0x10_0001), "meta cgroup 0x100001"),
            (rule().cgroup(not(0x10_0001)), "meta cgroup != 0x100001"),
            (rule().cgroup([1, 2]), "meta cgroup { 1, 2 }"),
            (rule().cgroup(not([1, 2])), "meta cgroup != { 1, 2 }"),
            (rule().cgroup(1..=5), "meta cgroup 1-5"),
            (rule().cgroup(not(1..=5)), "meta cgroup != 1-5"),
        ]);
    }
}

/// nft takes any directory below `/sys/fs/cgroup`, and so does this test: which version it is of makes no difference.
#[test]
fn control_groups_by_path() {
    use std::os::unix::fs::{DirEntryExt, MetadataExt};

    need_nft!();
    let Ok(root) = std::fs::read_dir("/sys/fs/cgroup") else {
        portcullis_world::skip!("no /sys/fs/cgroup");
    };
    let directories = root.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let Some(directory) = directories.min_by_key(DirEntryExt::ino) else {
        portcullis_world::skip!("no control group below /sys/fs/cgroup");
    };
    let id = std::fs::metadata(directory.path()).expect("a directory").ino();
    let name = directory.file_name().into_string().expect("UTF-8");
    let group = CgroupV2 { level: 1, id };
    for family in IP {
        let bench = Bench::filter_at(family, Hook::Output);
        bench.hold(rule().cgroup_v2(group), &format!("socket cgroupv2 level 1 \"{name}\""));
        bench.hold(rule().cgroup_v2(not(group)), &format!("socket cgroupv2 level 1 != \"{name}\""));
    }
}

#[test]
fn packet_types() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        for kind in PacketType::ALL {
            bench.hold(rule().pkttype(*kind), &format!("meta pkttype {kind}"));
        }
        bench.hold(rule().pkttype(not(PacketType::Multicast)), "meta pkttype != multicast");
        bench.hold(rule().pkttype([PacketType::Host, PacketType::OtherHost]), "meta pkttype { host, other }");
        bench.hold(
            rule().pkttype(not([PacketType::Broadcast, PacketType::Multicast])),
            "meta pkttype != { broadcast, multicast }",
        );
    }
}

#[test]
fn ethernet_addresses() {
    need_nft!();
    let address = MacAddr([0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);
    let group = MacAddr([1, 0, 0, 0, 0, 0]);
    for bench in
        Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev, Family::Arp])
    {
        bench.hold_all([
            (rule().ether_saddr("aa:bb:cc:dd:ee:ff").accept(), "ether saddr aa:bb:cc:dd:ee:ff accept"),
            (rule().ether_daddr(address), "ether daddr aa:bb:cc:dd:ee:ff"),
            (rule().ether_saddr(not(address)), "ether saddr != aa:bb:cc:dd:ee:ff"),
            (
                rule().ether_daddr(["aa:bb:cc:dd:ee:ff", "01:00:00:00:00:01"]),
                "ether daddr { aa:bb:cc:dd:ee:ff, 01:00:00:00:00:01 }",
            ),
            (
                rule().ether_saddr(not(["aa:bb:cc:dd:ee:ff", "01:00:00:00:00:01"])),
                "ether saddr != { aa:bb:cc:dd:ee:ff, 01:00:00:00:00:01 }",
            ),
            (
                rule().ether_daddr(MacAddr([0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0])..=address),
                "ether daddr aa:bb:cc:dd:ee:00-aa:bb:cc:dd:ee:ff",
            ),
            (
                rule().ether_daddr(masked(group, group)),
                "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00",
            ),
            (
                rule().ether_saddr(not("aa:bb:cc:dd:ee:ff")).ether_daddr(["01:00:00:00:00:01"]),
                "ether saddr != aa:bb:cc:dd:ee:ff ether daddr 01:00:00:00:00:01",
            ),
        ]);
    }
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge]) {
        bench.hold(
            rule().ether_saddr(address).tcp().dport(22).accept(),
            "ether saddr aa:bb:cc:dd:ee:ff tcp dport 22 accept",
        );
        bench.hold(
            rule().tcp().dport(22).ether_saddr(address).accept(),
            "tcp dport 22 ether saddr aa:bb:cc:dd:ee:ff accept",
        );
    }
    let bench = Bench::filter(Family::Inet);
    // Said alone, nft 1.0.6 tests the Ethernet header's type, which is not IP's behind a VLAN tag.
    bench.hold(
        rule().ether_saddr(address).saddr("10.0.0.1"),
        "ether saddr aa:bb:cc:dd:ee:ff meta nfproto ipv4 ip saddr 10.0.0.1",
    );
    bench.hold(
        rule().saddr("10.0.0.1").ether_saddr(address),
        "ip saddr 10.0.0.1 ether saddr aa:bb:cc:dd:ee:ff",
    );
    let bench = Bench::filter(Family::Bridge);
    bench.hold(
        rule().ether_saddr(address).saddr("10.0.0.1"),
        "ether saddr aa:bb:cc:dd:ee:ff ip saddr 10.0.0.1",
    );
}

#[test]
fn interfaces_at_other_hooks() {
    need_nft!();
    for family in [Family::Ip, Family::Inet, Family::Bridge] {
        let bench = Bench::filter_at(family, Hook::Forward);
        bench.hold_all([
            (rule().iif("eth0").oif("wan0").accept(), "iifname \"eth0\" oifname \"wan0\" accept"),
            (rule().iif(not("eth*")).oif("ppp+"), "iifname != \"eth*\" oifname \"ppp*\""),
            (rule().oif(not(["eth0", "eth1"])), "oifname != { \"eth0\", \"eth1\" }"),
            (rule().oif(["tun*", "wg0"]), "oifname { \"tun*\", \"wg0\" }"),
            (rule().oif(1u32), "oif 1"),
            (rule().iif(not(1u32)), "iif != 1"),
        ]);
    }
    let bench = Bench::filter(Family::Netdev);
    bench.hold(rule().iif("lo").accept(), "iifname \"lo\" accept");
}
