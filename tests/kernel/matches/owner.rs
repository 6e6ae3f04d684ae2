//! The program that a packet comes from: its user, its group, its control group.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, unshare};
use portcullis::{CgroupV2, Chain, Family, Hook, Rule, not};
use portcullis_world::{Host, PATIENT, Packet, TcpFlags, need_namespaces};

use super::Gauge;

const SEND: &str = "PORTCULLIS_TEST_SEND";
const JOIN: &str = "PORTCULLIS_TEST_JOIN";

/// Not a test: what [`sends`] runs in a process of its own.
#[test]
#[ignore = "run by other tests"]
fn sender() {
    let Ok(target) = std::env::var(SEND) else { return };
    if let Ok(group) = std::env::var(JOIN) {
        fs::write(Path::new(&group).join("cgroup.procs"), "0").expect("join the control group");
    }
    let any = if target.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
    let socket = std::net::UdpSocket::bind(any).expect("a socket");
    socket.send_to(b"hello", target).expect("send");
}

/// Sends a datagram from another process: of this test program, in `host`, changed by `change`.
fn sends(host: &Host, target: &str, change: impl FnOnce(&mut Command)) {
    let mut command = Command::new("/proc/self/exe");
    command.args(["--exact", "matches::owner::sender", "--ignored"]).env(SEND, target);
    change(&mut command);
    let output = host.output(&mut command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
}

/// Whether processes can be started as this user here.
fn may_become(uid: u32, gid: u32) -> bool {
    let mut command = Command::new("/proc/self/exe");
    command.arg("--help").uid(uid).gid(gid);
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn packets_are_matched_by_user_and_group() {
    need_namespaces!();
    let host = Host::new("host");
    let rules = [
        ("root", Rule::new().skuid(0)),
        ("not root", Rule::new().skuid(not(0))),
        ("1200 to 1300", Rule::new().skuid(1200..=1300)),
        ("0 or 1234", Rule::new().skuid([0, 1234])),
        ("neither", Rule::new().skuid(not([0, 1234]))),
        ("root's group", Rule::new().skgid(0)),
        ("not root's group", Rule::new().skgid(not(0))),
        ("4321", Rule::new().skgid(4321)),
    ];
    let chain = Chain::filter("output", Hook::Output);
    let chain = chain.rule(Rule::new().icmp().accept()).rule(Rule::new().icmpv6().accept());
    let mut gauge = Gauge::new(&host, Family::Inet, chain, rules);
    for target in ["127.0.0.1:9", "[::1]:9"] {
        let send = || sends(&host, target, |_| {});
        gauge.expect("root's packet", send, &["root", "0 or 1234", "root's group"]);
    }
    // An answer of the kernel itself has no owner, so it is not even "not root".
    let unanswered = Packet::tcp("127.0.0.1:4000", "127.0.0.1:9").flags(TcpFlags::SYN);
    gauge.expect("root's SYN", || unanswered.send(&host), &["root", "0 or 1234", "root's group"]);
    gauge.expect("the reset that answers it", || {}, &[]);
    if !may_become(1234, 4321) {
        portcullis_world::skip!("no other user here: this user namespace maps root only");
    }
    for target in ["127.0.0.1:9", "[::1]:9"] {
        let send = || {
            sends(&host, target, |command| {
                command.uid(1234).gid(4321);
            });
        };
        let expected = ["not root", "1200 to 1300", "0 or 1234", "not root's group", "4321"];
        gauge.expect("another user's packet", send, &expected);
    }
}

/// A control group that is removed at the end.
struct Group(PathBuf);

impl Group {
    fn new(parent: &Path, name: &str) -> std::io::Result<Self> {
        let path = parent.join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn packets_are_matched_by_control_group_and_those_below_it() {
    need_namespaces!();
    let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(Path::new);
    let Some(root) = mounts.into_iter().find(|mount| mount.join("cgroup.controllers").exists()) else {
        portcullis_world::skip!("no control groups of version 2 at /sys/fs/cgroup");
    };
    let name = format!("portcullis-test-{}", std::process::id());
    let (other, outer) = match (Group::new(root, &format!("{name}-other")), Group::new(root, &name)) {
        (Ok(other), Ok(outer)) => (other, outer),
        (Err(error), _) | (_, Err(error)) => {
            portcullis_world::skip!("no control group can be made in {}: {error}", root.display());
        }
    };
    let inner = Group::new(&outer.0, "inner").expect("a group below");
    if let Err(error) = may_join(&inner.0) {
        portcullis_world::skip!("no process can join {}: {error}", inner.0.display());
    }

    let host = Host::new("host");
    let group = |path: &str| CgroupV2::of(path).unwrap();
    let (outer_id, other_id) = (group(&name), group(&format!("{name}-other")));
    let rules = [
        ("outer", Rule::new().cgroup_v2(outer_id)),
        ("not outer", Rule::new().cgroup_v2(not(outer_id))),
        ("inner", Rule::new().cgroup_v2(group(&format!("/{name}/inner")))),
        ("one of two", Rule::new().cgroup_v2([outer_id, other_id])),
        ("none of two", Rule::new().cgroup_v2(not([outer_id, other_id]))),
        ("class 0 of version 1", Rule::new().cgroup(0)),
        ("another class", Rule::new().cgroup(0x10_0001)),
        ("not another class", Rule::new().cgroup(not([0x10_0001, 0x10_0002]))),
    ];
    let chain = Chain::filter("output", Hook::Output);
    let chain = chain.rule(Rule::new().icmp().accept()).rule(Rule::new().icmpv6().accept());
    let mut gauge = match Gauge::try_new(&host, Family::Inet, chain, rules) {
        Ok(gauge) => gauge,
        Err(error) => portcullis_world::skip!("this kernel does not know them (5.13): {error}"),
    };
    let cases: [(&Group, &[&str]); 3] = [
        (&outer, &["outer", "one of two"]),
        (&inner, &["outer", "inner", "one of two"]),
        (&other, &["not outer", "one of two"]),
    ];
    for target in ["127.0.0.1:9", "[::1]:9"] {
        for (group, expected) in cases {
            let send = || {
                sends(&host, target, |command| {
                    command.env(JOIN, &group.0);
                });
            };
            let expected = [expected, &["class 0 of version 1", "not another class"]].concat();
            gauge.expect(&format!("a packet of {}", group.0.display()), send, &expected);
        }
    }
}

fn may_join(group: &Path) -> std::io::Result<()> {
    fs::OpenOptions::new().write(true).open(group.join("cgroup.procs")).map(drop)
}

/// The hierarchy that gives packets a class, mounted for the calling thread and what it starts alone.
struct Classes<'a>(&'a Path);

impl<'a> Classes<'a> {
    fn mount(at: &'a Path) -> nix::Result<Self> {
        unshare(CloneFlags::CLONE_NEWNS)?;
        let nothing = None::<&str>;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)?;
        mount(Some("none"), at, Some("cgroup"), MsFlags::empty(), Some("net_cls"))?;
        Ok(Self(at))
    }
}

impl Drop for Classes<'_> {
    fn drop(&mut self) {
        // The kernel is not done with a group when its directory is gone; a hierarchy that is no longer mounted, but has
        // groups, stays. Others' groups may be there as well.
        let deadline = Instant::now() + PATIENT;
        while groups_with_a_class() > 1 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        let _ = umount(self.0);
    }
}

/// How many control groups of the hierarchy there are, its root included.
fn groups_with_a_class() -> usize {
    let hierarchies = fs::read_to_string("/proc/cgroups").unwrap_or_default();
    let line = hierarchies.lines().find(|line| line.starts_with("net_cls"));
    line.and_then(|line| line.split_whitespace().nth(2)?.parse().ok()).unwrap_or(0)
}

/// The class that a process has by its control group is that of its packets. `Err` says why that cannot be tried.
fn try_classes(host: &Host, at: &Path) -> Result<(), String> {
    let _classes = Classes::mount(at)
        .map_err(|error| format!("control groups of version 1, net_cls, cannot be mounted: {error}"))?;
    let name = format!("portcullis-test-{}", std::process::id());
    let [one, other] = ["one", "other"].map(|which| Group::new(at, &format!("{name}-{which}")));
    let (one, other) =
        one.and_then(|one| Ok((one, other?))).map_err(|error| format!("no control group: {error}"))?;
    for (group, class) in [(&one, "0x100001"), (&other, "0x100003")] {
        fs::write(group.0.join("net_cls.classid"), class).expect("give the group its class");
    }
    let rules = [
        ("none", Rule::new().cgroup(0)),
        ("10:1", Rule::new().cgroup(0x10_0001)),
        ("not 10:1", Rule::new().cgroup(not(0x10_0001))),
        ("10:1 or 10:2", Rule::new().cgroup([0x10_0001, 0x10_0002])),
        ("neither", Rule::new().cgroup(not([0x10_0001, 0x10_0002]))),
        ("10:2 to 10:5", Rule::new().cgroup(0x10_0002..=0x10_0005)),
    ];
    let chain = Chain::filter("output", Hook::Output);
    let chain = chain.rule(Rule::new().icmp().accept()).rule(Rule::new().icmpv6().accept());
    let mut gauge = Gauge::new(host, Family::Inet, chain, rules);
    for target in ["127.0.0.1:9", "[::1]:9"] {
        let cases: [(&Path, &[&str]); 3] = [
            (&one.0, &["10:1", "10:1 or 10:2"]),
            (&other.0, &["not 10:1", "neither", "10:2 to 10:5"]),
            (at, &["none", "not 10:1", "neither"]),
        ];
        for (group, expected) in cases {
            let send = || {
                sends(host, target, |command| {
                    command.env(JOIN, group);
                });
            };
            gauge.expect(&format!("a packet of {}", group.display()), send, expected);
        }
    }
    Ok(())
}

#[test]
fn packets_are_matched_by_the_class_of_a_control_group() {
    need_namespaces!();
    let host = Host::new("host");
    let at = std::env::temp_dir().join(format!("portcullis-classes-{}", std::process::id()));
    fs::create_dir(&at).expect("a place for the mount");
    // Of the thread alone: nobody else sees the mount, which goes with it.
    let result = thread::scope(|scope| scope.spawn(|| try_classes(&host, &at)).join());
    fs::remove_dir(&at).expect("remove the place");
    match result {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => portcullis_world::skip!("{reason}"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
