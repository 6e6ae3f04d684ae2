//! What goes wrong, and what must be true all the same: all or nothing, and an error that can be acted upon.
//!
//! ```text
//!   scripted    answers that no healthy kernel gives, from a script; no kernel needed
//!   texts       what the errors say, word for word; no kernel needed
//!   size        50,000 rules; more than the socket holds, on the way out and on the way back
//!   replaced    packets come in while a table is replaced
//!   interrupted signals come all the time
//!   killed      the process dies in the middle of a commit
//!   writers     two programs change the ruleset at once; tables with an owner
//!   privilege   without CAP_NET_ADMIN
//! ```

mod interrupted;
mod killed;
mod privilege;
mod replaced;
mod scripted;
mod size;
mod texts;
mod writers;

use std::{
    env, io,
    process::{Command, Output},
};

use portcullis::{
    Chain, CtState, Family, Hook, Rule, Table, Transaction,
    netlink::{KernelSocket, Room, Transport},
};

const EDGE: (Family, &str) = (Family::Inet, "edge");
const INPUT: (Family, &str, &str) = (Family::Inet, "edge", "input");

/// A table of this many rules, all of which carry the comment.
fn filled(rules: usize, comment: &str) -> Table {
    let rule = Rule::new().tcp().dport(22).counter().accept().comment(comment);
    let chain = Chain::filter("input", Hook::Input);
    Table::inet("edge").chain((0..rules).fold(chain, |chain, _| chain.rule(rule.clone())))
}

/// A rule as firewalls have them by the thousand.
fn usual(index: usize) -> Rule {
    let [.., high, low] = index.to_be_bytes();
    Rule::new()
        .tcp()
        .saddr(std::net::Ipv4Addr::new(10, 1, high, low))
        .dport(443)
        .ct_state(CtState::NEW)
        .counter()
        .accept()
}

/// The table `edge` with this many usual rules in its chain `input`.
fn usual_transaction(rules: usize, mut transaction: Transaction) -> Transaction {
    transaction.add_table(Table::inet("edge").chain(Chain::filter("input", Hook::Input)));
    for index in 0..rules {
        transaction.add_rule(INPUT, usual(index));
    }
    transaction
}

/// Tells a test that it is the child that [`again`] started.
const CHILD: &str = "PORTCULLIS_FAULTS_CHILD";

pub(crate) fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// This program, to run one test as a child; `before` are programs that start it, such as `unshare`.
pub(crate) fn again(before: &[&str], test: &str) -> Command {
    let this = env::current_exe().expect("a path to this program");
    let mut command = match before {
        [] => Command::new(this),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(this);
            command
        }
    };
    command.args(["--exact", test, "--nocapture"]).env(CHILD, "1");
    command
}

/// What a child says to its parent, among what the test harness prints.
pub(crate) fn tell(result: &str) {
    println!("\nRESULT {result}");
}

/// What the child told; `Err` with everything that it printed if it did not.
pub(crate) fn told(output: io::Result<Output>) -> Result<String, String> {
    let output = output.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = text.lines().find_map(|line| line.strip_prefix("RESULT "));
    result.map(str::to_owned).ok_or_else(|| format!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// The kernel's socket with a receive buffer that nobody enlarges.
struct Cramped(KernelSocket);

impl Transport for Cramped {
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        self.0.send(parts)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.receive(buffer)
    }

    fn make_room(&mut self, send: usize, _: usize) -> io::Result<Room> {
        self.0.make_room(send, 0)
    }
}
