//! How much memory loading elements takes, beside the bytes that are sent: `cargo bench --bench set_memory`.
//!
//! ```text
//!   peak     resident memory at most of a process that does nothing else (VmHWM), program and libraries included
//!   own      what of it no file holds: the heap and the stack, when everything was sent (RssAnon)
//!   floor    the same of a process that has opened its socket, and sent nothing
//! ```
//!
//! With shared libraries 100,000 map entries take more than twice the bytes, by pages of libc; a static program is not (benches/README.md).
//!
//! A program of its own, because what is measured is a program that loads, not one that makes worlds to load into:
//! each case runs in a process that `unshare` starts in a new network namespace. A name as argument measures the
//! cases that have it in theirs.

use std::{
    env, fs,
    process::{Command, Stdio},
};

use portcullis::Netfilter;

#[path = "set_load/cases.rs"]
#[expect(dead_code, reason = "nft's words are for `set_load`")]
mod cases;

use cases::{CASES, start};

/// What the peak is to stay below, with the bytes sent as 1.
const BUDGET: f64 = 2.0;

/// A line of `/proc/self/status`, in bytes.
fn status(key: &str) -> usize {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().find_map(|word| word.parse::<usize>().ok()).unwrap_or_default() * 1024
}

/// In a process of its own: loads one case, or none, and says what that took.
fn child(index: usize) {
    let mut firewall = Netfilter::open().expect("a netlink socket");
    let transaction = CASES.get(index).map(|case| (case.encode)(case.count));
    let sent = transaction.as_ref().map_or(0, |transaction| {
        firewall.commit(transaction).expect("the elements are loaded");
        transaction.byte_len()
    });
    println!("{sent} {} {}", status("VmHWM:"), status("RssAnon:"));
    if transaction.is_some() {
        let mut transaction = start();
        transaction.delete_table(cases::TABLE);
        firewall.commit(&transaction).expect("the table is deleted");
    }
}

/// Bytes sent, peak, and own memory of a process that loads.
fn measure(index: usize) -> Result<[usize; 3], String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    // Only root may send more at once than net.core.wmem_max says.
    let root = status("Uid:") == 0;
    let output = Command::new("unshare")
        .args(if root { &["--net"][..] } else { &["--user", "--map-root-user", "--net"] })
        .arg(program)
        .args(["--child", &index.to_string()])
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("unshare: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<usize> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, index] = arguments.as_slice() {
        if flag == "--child" {
            return child(index.parse().unwrap_or(usize::MAX));
        }
    }
    let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    match measure(CASES.len()) {
        Ok([_, peak, own]) => println!("{:>17}  peak {:>5.2} MiB, own {:.2}", "floor", mib(peak), mib(own)),
        Err(reason) => return eprintln!("\nSKIP set_memory: nothing was measured: {reason}\n"),
    }
    for (index, case) in CASES.iter().enumerate() {
        if !arguments.iter().all(|argument| case.name.contains(argument.as_str())) {
            continue;
        }
        match measure(index) {
            Ok([sent, peak, own]) => {
                let ratio = peak as f64 / sent as f64;
                // A small list is dominated by the program.
                let over =
                    if case.count >= 100_000 && ratio >= BUDGET { "  OVER THE BUDGET OF 2" } else { "" };
                println!(
                    "{:>9} {:<9} sends {:>5.2} MiB: peak {:>5.2} MiB, own {:>5.2}; peak / sent {ratio:.2}{over}",
                    case.count,
                    case.name,
                    mib(sent),
                    mib(peak),
                    mib(own),
                );
            }
            Err(reason) => {
                eprintln!("\nSKIP set_memory: {} {} were NOT measured: {reason}\n", case.count, case.name);
            }
        }
    }
}
