//! The demo: a small world of network namespaces, the use cases one after another, real traffic, and what became of
//! it. Run it with `cargo xtask demo`.
//!
//! The machine's own network is never touched, and nothing is left behind. Exit code 0: all was as expected.

mod common;
#[path = "common/names.rs"]
mod names;

use std::{
    env,
    io::{IsTerminal, stdout},
    net::IpAddr,
    path::PathBuf,
    process::{Command, ExitCode, Output},
    time::{Duration, Instant},
};

use Expected::{Allowed, Blocked, Refused};
use common::{Failure, listing};
use portcullis::Forwarding;
use portcullis_world::{Errno, Host, Outcome, Service, link};

const HELP: &str = "\
Builds a small world of network namespaces, runs the other examples in it, sends traffic, and shows
what happened. Needs root, or `unshare --user --map-root-user --net`; `cargo xtask demo` sees to that.

Usage: demo

Exit status: 0 everything was as expected, 1 something was not, 2 the command line is wrong.";

const PICTURE: &str = "
  laptop   10.0.2.15     ─────┐             ┌───── vm2  192.168.1.2
           fd00:2::15         │             │           fd00:192::2
                              ├──── vm1 ────┤
  internet 203.0.113.80  ─────┘             └───── vm3  192.168.1.3
           2001:db8::80     the machine                 fd00:192::3
           (example.com)    in question

  vm1 is 10.0.2.1 to the laptop, 203.0.113.1 to the internet, 192.168.1.1 to vm2 and vm3; likewise
  fd00:2::1, 2001:db8::1, fd00:192::1. Each host is a network namespace; a cable is a veth pair.
  The services are small TCP servers that tell their host's name and whom they see.";

/// What only the demo's programs have in their `/etc/hosts`.
const HOSTS: &str = "203.0.113.80 example.com\n2001:db8::80 example.com\n127.0.0.1 localhost";

fn main() -> ExitCode {
    common::run("demo", HELP, |mut arguments| {
        if let Some(argument) = arguments.next()? {
            common::Mode::default().take(argument)?;
            return Err(Failure::Usage("the demo takes no options".to_owned()));
        }
        portcullis_world::require_namespaces().map_err(Failure::Failed)?;
        let examples = ["service_firewall", "ip_firewall", "load_balancer", "lockdown"];
        if let Some(missing) = examples.map(sibling).iter().find(|path| !path.is_file()) {
            let problem = format!("{} is missing: run `cargo build --examples`", missing.display());
            return Err(Failure::Failed(problem));
        }
        let start = Instant::now();
        let mut demo = Demo::new();
        demo.say("", PICTURE);
        let world = World::new();
        before(&mut demo, &world);
        service_firewall(&mut demo, &world);
        ip_firewall(&mut demo, &world);
        load_balancer(&mut demo, &world);
        lockdown(&mut demo, &world);
        after(&mut demo, &world);
        drop(world);
        demo.verdict(start.elapsed())
    })
}

fn before(demo: &mut Demo, world: &World) {
    demo.title("Before: vm1 has no rules");
    demo.table();
    demo.tries(&world.laptop, "SSH to vm1", Allowed, || world.laptop.tcp_try("10.0.2.1:22"));
    demo.tries(&world.laptop, "SSH to vm1, port 2222", Allowed, || world.laptop.tcp_try("10.0.2.1:2222"));
    demo.tries(&world.internet, "SSH to vm1", Allowed, || world.internet.tcp_try("203.0.113.1:22"));
}

fn service_firewall(demo: &mut Demo, world: &World) {
    let World { laptop, vm1, .. } = world;
    demo.title("1. Firewalling at the service level");
    demo.explain("Others may reach vm1's SSH, and nothing else. vm1 may go anywhere, and talk to itself.");
    let mut session = laptop.tcp_open("10.0.2.1:22");
    demo.program(vm1, "service_firewall", &["--port", "22"]);
    demo.table();
    demo.tries(laptop, "SSH to vm1", Allowed, || laptop.tcp_try("10.0.2.1:22"));
    demo.tries(laptop, "SSH to vm1, over IPv6", Allowed, || laptop.tcp_try("[fd00:2::1]:22"));
    demo.tries(laptop, "SSH to vm1, port 2222", Blocked, || laptop.tcp_try("10.0.2.1:2222"));
    demo.tries(laptop, "SSH to vm1, port 2222, over IPv6", Blocked, || laptop.tcp_try("[fd00:2::1]:2222"));
    demo.tries(laptop, "ping vm1", Blocked, || laptop.ping("10.0.2.1"));
    let alive = session.echo("still there?", Duration::from_secs(1)).is_ok();
    demo.row(laptop, "go on in an SSH session from before", "works", if alive { "works" } else { "hangs" });
    demo.browses(world);
    demo.talks_to_itself(world);
    demo.ruleset(vm1);

    demo.explain("The same, but telling others that they are refused:");
    demo.program(vm1, "service_firewall", &["--port", "22", "--reject"]);
    demo.table();
    demo.tries(laptop, "SSH to vm1", Allowed, || laptop.tcp_try("10.0.2.1:22"));
    demo.tries(laptop, "SSH to vm1, port 2222", Refused, || laptop.tcp_try("10.0.2.1:2222"));
    demo.tries(laptop, "SSH to vm1, port 2222, over IPv6", Refused, || laptop.tcp_try("[fd00:2::1]:2222"));
    demo.program(vm1, "service_firewall", &["--revert"]);
}

fn ip_firewall(demo: &mut Demo, world: &World) {
    let World { laptop, internet, vm1, .. } = world;
    demo.title("2. Firewalling at the IP level");
    demo.explain("Only the laptop's network is trusted. vm1 may go anywhere, and talk to itself.");
    demo.program(vm1, "ip_firewall", &["--trust", "10.0.2.0/24", "--trust", "fd00:2::/64"]);
    demo.table();
    demo.tries(laptop, "SSH to vm1 (from 10.0.2.15)", Allowed, || laptop.tcp_try("10.0.2.1:22"));
    demo.tries(laptop, "SSH to vm1 (from fd00:2::15)", Allowed, || laptop.tcp_try("[fd00:2::1]:22"));
    demo.tries(internet, "SSH to vm1 (from 203.0.113.80)", Blocked, || internet.tcp_try("203.0.113.1:22"));
    demo.tries(internet, "SSH to vm1 (from 2001:db8::80)", Blocked, || internet.tcp_try("[2001:db8::1]:22"));
    demo.browses(world);
    demo.talks_to_itself(world);
    demo.ruleset(vm1);
    demo.program(vm1, "ip_firewall", &["--revert"]);
}

fn load_balancer(demo: &mut Demo, world: &World) {
    let World { laptop, internet, vm1, vm2, .. } = world;
    demo.title("3. Load balancing a service");
    demo.explain(
        "vm2 and vm3 offer the same service on port 8080. Others reach it on vm1's port 80, in turn.",
    );
    let forwarding = || if vm1.run(|| Forwarding::V4.is_on()).unwrap_or(false) { "on" } else { "off" };
    demo.table();
    demo.row(vm1, "IP forwarding, before", "off", forwarding());
    demo.program(
        vm1,
        "load_balancer",
        &[
            ["--listen", "80"],
            ["--backend", "192.168.1.2:8080"],
            ["--backend", "192.168.1.3:8080"],
            ["--backend", "[fd00:192::2]:8080"],
            ["--backend", "[fd00:192::3]:8080"],
        ]
        .concat(),
    );
    demo.table();
    demo.row(vm1, "IP forwarding", "on", forwarding());
    let names = |host: &Host, target: &str, count| -> Vec<String> {
        (0..count).map(|_| answer(&host.tcp_try(target))).collect()
    };
    let (in_turn, alternating) = ("vm2 vm3 vm2 vm3", "http://vm1, 4 times: who answers");
    demo.row(laptop, alternating, in_turn, &names(laptop, "10.0.2.1:80", 4).join(" "));
    demo.row(laptop, "the same over IPv6", in_turn, &names(laptop, "[fd00:2::1]:80", 4).join(" "));
    let hundred = names(internet, "203.0.113.1:80", 100);
    let share = |name: &str| hundred.iter().filter(|answer| *answer == name).count();
    let shares = format!("{} vm2, {} vm3", share("vm2"), share("vm3"));
    demo.row(internet, "http://vm1, 100 times", "50 vm2, 50 vm3", &shares);
    let visits = world.backend.visits();
    let mut seen: Vec<IpAddr> = visits.iter().map(|visit| visit.peer.ip()).filter(IpAddr::is_ipv4).collect();
    seen.dedup();
    let seen: Vec<String> = seen.iter().map(IpAddr::to_string).collect();
    demo.row(vm2, "sees connections come from", "192.168.1.1", &seen.join(" "));
    demo.tries(vm1, "http://localhost (*)", Refused, || vm1.tcp_try("127.0.0.1:80"));
    println!("  (*) is not balanced: vm1's own packets do not come in, so they do not pass prerouting");
    demo.ruleset(vm1);
    demo.program(vm1, "load_balancer", &["--revert"]);
}

fn lockdown(demo: &mut Demo, world: &World) {
    let World { laptop, internet, vm1, .. } = world;
    let name = if vm1.run(names::can_be_given) { "example.com" } else { "203.0.113.80,2001:db8::80" };
    let allow: Vec<&str> = name.split(',').flat_map(|name| ["--allow", name]).collect();
    demo.title("4. A whitelist in both directions");
    demo.explain("vm1 talks with example.com and with itself, and with nobody else; and back again.");
    demo.program(vm1, "lockdown", &allow);
    demo.table();
    demo.browses(world);
    demo.tries(vm1, "ping example.com", Allowed, || vm1.ping("203.0.113.80"));
    demo.tries(internet, "SSH to vm1 (as example.com)", Allowed, || internet.tcp_try("203.0.113.1:22"));
    demo.tries(vm1, "the laptop's web server", Blocked, || vm1.tcp_try("10.0.2.15:80"));
    demo.tries(vm1, "the laptop's web server, over IPv6", Blocked, || vm1.tcp_try("[fd00:2::15]:80"));
    demo.tries(vm1, "ping the laptop", Blocked, || vm1.ping("10.0.2.15"));
    demo.tries(laptop, "SSH to vm1", Blocked, || laptop.tcp_try("10.0.2.1:22"));
    demo.tries(laptop, "ping vm1", Blocked, || laptop.ping("10.0.2.1"));
    demo.talks_to_itself(world);
    demo.ruleset(vm1);

    demo.explain("A name that does not resolve is named, and changes nothing:");
    let output = demo.start(vm1, "lockdown", &["--allow", "no-such-host.invalid"]);
    let error = String::from_utf8_lossy(&output.stderr);
    println!("  {}", error.trim().replace(": ", ":\n    "));
    demo.table();
    let names = if error.contains("no-such-host.invalid") { "named, exit 1" } else { "not named" };
    let code = output.status.code();
    demo.row(
        vm1,
        "lock down to a host that does not exist",
        "named, exit 1",
        if code == Some(1) { names } else { "?" },
    );
    demo.tries(vm1, "ping the laptop", Blocked, || vm1.ping("10.0.2.15"));

    demo.program(vm1, "lockdown", &["--revert"]);
    demo.table();
    demo.tries(laptop, "SSH to vm1", Allowed, || laptop.tcp_try("10.0.2.1:22"));
    demo.tries(vm1, "ping the laptop", Allowed, || vm1.ping("10.0.2.15"));
}

fn after(demo: &mut Demo, world: &World) {
    demo.title("After");
    let tables = world.vm1.run(listing::read);
    let left = tables.map_or_else(|error| error.to_string(), |tables| format!("{} tables", tables.len()));
    demo.table();
    demo.row(&world.vm1, "rules left behind", "0 tables", &left);
}

/// The hosts and their services, as [`PICTURE`] shows them.
struct World {
    laptop: Host,
    internet: Host,
    vm1: Host,
    vm2: Host,
    /// vm2's service on port 8080.
    backend: Service,
    _services: Vec<Service>,
}

impl World {
    fn new() -> Self {
        let [laptop, internet, vm1, vm2, vm3] = ["laptop", "internet", "vm1", "vm2", "vm3"].map(Host::new);
        link(&laptop, "eth0", &vm1, "eth0");
        link(&internet, "eth0", &vm1, "eth1");
        link(&vm2, "eth0", &vm1, "lan2");
        link(&vm3, "eth0", &vm1, "lan3");
        vm1.bridge("lan", &["lan2", "lan3"]);
        // Inherited from the machine, where it may be on.
        vm1.sysctl("net/ipv4/ip_forward", "0");
        vm1.sysctl("net/ipv6/conf/all/forwarding", "0");
        for (host, interface, addresses) in [
            (&laptop, "eth0", ["10.0.2.15/24", "fd00:2::15/64"]),
            (&internet, "eth0", ["203.0.113.80/24", "2001:db8::80/64"]),
            (&vm1, "eth0", ["10.0.2.1/24", "fd00:2::1/64"]),
            (&vm1, "eth1", ["203.0.113.1/24", "2001:db8::1/64"]),
            (&vm1, "lan", ["192.168.1.1/24", "fd00:192::1/64"]),
            (&vm2, "eth0", ["192.168.1.2/24", "fd00:192::2/64"]),
            (&vm3, "eth0", ["192.168.1.3/24", "fd00:192::3/64"]),
        ] {
            addresses.iter().for_each(|address| host.address(interface, address));
        }
        // vm2 and vm3 know no way to the others: what comes must seem to come from vm1.
        let services = vec![
            vm1.tcp_service("[::]:22", "vm1"),
            vm1.tcp_service("[::]:2222", "vm1"),
            laptop.tcp_service("[::]:80", "laptop"),
            internet.tcp_service("[::]:80", "example.com"),
            vm3.tcp_service("[::]:8080", "vm3"),
        ];
        let backend = vm2.tcp_service("[::]:8080", "vm2");
        Self { laptop, internet, vm1, vm2, backend, _services: services }
    }
}

/// What is to become of a try.
#[derive(Clone, Copy)]
enum Expected {
    Allowed,
    Blocked,
    Refused,
}

impl Expected {
    fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Refused => "refused",
        }
    }
}

/// What became of it: the word that is expected, and a remark.
fn happened(outcome: &Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Connected { .. } => ("allowed", ""),
        Outcome::TimedOut => ("blocked", " (no answer)"),
        Outcome::Refused { .. } => ("refused", " (at once)"),
        Outcome::Unreachable { errno: Errno::EPERM, .. } => ("blocked", " (not sent)"),
        Outcome::Unreachable { .. } => ("unreachable", ""),
        Outcome::Silent { .. } => ("cut off", ""),
    }
}

/// Who answered.
fn answer(outcome: &Outcome) -> String {
    if outcome.is_connected() { outcome.banner().to_owned() } else { happened(outcome).0.to_owned() }
}

/// Shows, compares, counts.
struct Demo {
    colours: bool,
    tries: usize,
    surprises: usize,
}

impl Demo {
    fn new() -> Self {
        let colours = stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { colours, tries: 0, surprises: 0 }
    }

    /// The text, in a colour (an ANSI code) where colours are wanted.
    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colours && !colour.is_empty() {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn say(&self, colour: &str, text: &str) {
        println!("{}", self.paint(colour, text));
    }

    fn title(&self, title: &str) {
        println!();
        self.say("1", title);
        self.say("1", &"═".repeat(title.chars().count()));
    }

    fn explain(&self, text: &str) {
        println!("\n{text}");
    }

    /// Shows a command, and starts an example in a host.
    fn start(&mut self, host: &Host, example: &str, arguments: &[&str]) -> Output {
        println!();
        self.say("36", &wrapped(&format!("  {host}# {example}"), arguments));
        let mut command = Command::new(sibling(example));
        command.args(arguments);
        if arguments.contains(&"--allow") && host.run(names::can_be_given) {
            command = names::given(HOSTS, &command);
        }
        host.output(&mut command)
    }

    /// Runs an example in a host; it is expected to succeed.
    fn program(&mut self, host: &Host, example: &str, arguments: &[&str]) {
        let output = self.start(host, example, arguments);
        if !output.status.success() {
            self.surprises += 1;
            let error = String::from_utf8_lossy(&output.stderr);
            self.say("31", &format!("  ✗ {} ({})", error.trim(), output.status));
        }
    }

    fn table(&self) {
        println!();
        self.say("2", &format!("  {:<10}{:<42}{:<18}happened", "who", "tries", "expected"));
    }

    fn tries(&mut self, who: &Host, what: &str, expected: Expected, attempt: impl Fn() -> Outcome) {
        let (word, remark) = happened(&attempt());
        self.line(who, what, expected.word(), word, remark);
    }

    fn row(&mut self, who: &Host, what: &str, expected: &str, happened: &str) {
        self.line(who, what, expected, happened, "");
    }

    fn line(&mut self, who: &Host, what: &str, expected: &str, happened: &str, remark: &str) {
        self.tries += 1;
        let good = expected == happened;
        self.surprises += usize::from(!good);
        let mark = if good { self.paint("32", "✓") } else { self.paint("1;31", "✗ not as expected") };
        let happened = format!("{happened}{remark}");
        // `Host` has no padding of its own.
        println!("  {:<10}{what:<42}{expected:<18}{happened:<22}{mark}", who.name());
    }

    /// Issue 1 of the documents: answers to what vm1 itself asks for come in.
    fn browses(&mut self, world: &World) {
        let vm1 = &world.vm1;
        self.tries(vm1, "browse example.com", Allowed, || vm1.tcp_try("203.0.113.80:80"));
        self.tries(vm1, "browse example.com, over IPv6", Allowed, || vm1.tcp_try("[2001:db8::80]:80"));
    }

    /// Issue 2 of the documents: the loopback.
    fn talks_to_itself(&mut self, world: &World) {
        let vm1 = &world.vm1;
        self.tries(vm1, "its own service: 127.0.0.1:2222", Allowed, || vm1.tcp_try("127.0.0.1:2222"));
        self.tries(vm1, "its own service: [::1]:2222", Allowed, || vm1.tcp_try("[::1]:2222"));
    }

    /// The rules in a host, as the kernel tells them.
    fn ruleset(&mut self, host: &Host) {
        println!("\n  The rules in {host}, and what they have counted:\n");
        match host.run(listing::read) {
            Ok(tables) => {
                for table in &tables {
                    listing::listing(table).lines().for_each(|line| println!("    {line}"));
                }
            }
            Err(error) => {
                self.surprises += 1;
                self.say("31", &format!("  ✗ {error}"));
            }
        }
    }

    fn verdict(&self, took: Duration) -> common::Result {
        let Self { tries, surprises, .. } = self;
        let seconds = took.as_secs_f64();
        println!();
        if *surprises == 0 {
            self.say(
                "1;32",
                &format!("All {tries} tries went as expected, in {seconds:.1} s. Nothing is left behind."),
            );
            return Ok(());
        }
        Err(Failure::Failed(format!(
            "{surprises} of {tries} tries did not go as expected (marked ✗), in {seconds:.1} s"
        )))
    }
}

/// A command with its options, broken where it gets too long for a terminal.
fn wrapped(command: &str, arguments: &[&str]) -> String {
    let mut lines = vec![command.to_owned()];
    for option in arguments.chunk_by(|_, next| !next.starts_with("--")) {
        let option = option.join(" ");
        match lines.last_mut() {
            Some(line) if line.len() + option.len() < 94 => *line = format!("{line} {option}"),
            _ => lines.push(format!("        {option}")),
        }
    }
    lines.join(" \\\n")
}

/// The example of that name, built beside this program.
fn sibling(example: &str) -> PathBuf {
    let own = env::current_exe().unwrap_or_default();
    own.with_file_name(example)
}
