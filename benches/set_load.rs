//! What loading elements costs, and how much of that is ours: `cargo bench --bench set_load`.
//!
//! ```text
//!   encode   values to bytes        Transaction::add_set_with, from an iterator          no kernel
//!   load     values to the kernel   a new Transaction, committed
//!   replay   bytes to the kernel    the same Transaction, encoded in advance: the floor
//!   nft      text to the kernel     `nft -f` of the same list
//!   peak     of the process that loads, beside the bytes that it sends
//! ```
//!
//! Everything happens in network namespaces; tables are deleted outside the timing. `load` and `replay` take
//! turns, and all times are the best of several: others use the machine, too. A name as argument measures the cases that have it in theirs.

use std::{
    env, fs,
    io::Write,
    net::Ipv4Addr,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use ipnet::Ipv4Net;
use portcullis::{
    Error, Family, Mark, Netfilter, Port, Table, Transaction,
    set::{Details, MapOf, SetOf},
};
use portcullis_world::{Host, require_namespaces};

const TABLE: (Family, &str) = (Family::Ip, "bench");
const ROUNDS: usize = 9;
/// What a load of a hash set may cost, with the replay as 1.
const BUDGET: f64 = 1.05;

/// One list of elements.
struct Case {
    name: &'static str,
    count: u32,
    hash: bool,
    encode: fn(u32) -> Transaction,
    /// The set in nft's words, and one element.
    nft: (&'static str, fn(u32) -> String),
}

const CASES: [Case; 6] = [
    Case { name: "addresses", count: 10_000, hash: true, encode: addresses, nft: ADDRESSES },
    Case { name: "addresses", count: 100_000, hash: true, encode: addresses, nft: ADDRESSES },
    Case { name: "addresses", count: 1_000_000, hash: true, encode: addresses, nft: ADDRESSES },
    Case { name: "networks", count: 200_000, hash: false, encode: networks, nft: NETWORKS },
    Case { name: "pairs", count: 200_000, hash: true, encode: pairs, nft: PAIRS },
    Case { name: "map", count: 100_000, hash: true, encode: map, nft: MAP },
];

/// Spread over the address space, each once.
fn address(index: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(index.wrapping_mul(0x9e37_79b1))
}

fn network(index: u32) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from_bits(index << 12), 21)
}

fn pair(index: u32) -> (Ipv4Addr, Port) {
    (address(index / 2), Port(if index % 2 == 0 { 80 } else { 443 }))
}

const ADDRESSES: (&str, fn(u32) -> String) =
    ("set s { type ipv4_addr; size 1000000;", |index| address(index).to_string());
const NETWORKS: (&str, fn(u32) -> String) =
    ("set s { type ipv4_addr; flags interval;", |index| network(index).to_string());
const PAIRS: (&str, fn(u32) -> String) = ("set s { type ipv4_addr . inet_service; size 200000;", |index| {
    let (address, Port(port)) = pair(index);
    format!("{address} . {port}")
});
const MAP: (&str, fn(u32) -> String) =
    ("map s { type ipv4_addr : mark; size 100000;", |index| format!("{} : {index}", address(index)));

fn start() -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add_table(Table::new(Family::Ip, "bench"));
    transaction
}

fn addresses(count: u32) -> Transaction {
    let mut transaction = start();
    transaction.add_set_with(
        TABLE,
        &SetOf::<Ipv4Addr>::new("s").capacity(1_000_000),
        (0..count).map(address),
    );
    transaction
}

fn networks(count: u32) -> Transaction {
    let mut transaction = start();
    transaction.add_set_with(TABLE, &SetOf::<Ipv4Net>::new("s"), (0..count).map(network));
    transaction
}

fn pairs(count: u32) -> Transaction {
    let mut transaction = start();
    let set = SetOf::<(Ipv4Addr, Port)>::new("s").capacity(count);
    transaction.add_set_with(TABLE, &set, (0..count).map(pair));
    transaction
}

fn map(count: u32) -> Transaction {
    let mut transaction = start();
    let map = MapOf::<Ipv4Addr, Mark>::new("s").capacity(count);
    transaction.add_set_with(TABLE, &map, (0..count).map(|index| (address(index), Mark(index))));
    transaction
}

/// Deletes the table, and lets the kernel free the elements, which it does behind the caller's back.
fn clear(firewall: &mut Netfilter, count: u32) {
    let mut transaction = start();
    transaction.delete_table(TABLE);
    firewall.commit(&transaction).expect("the table is deleted");
    thread::sleep(Duration::from_millis(20) + Duration::from_nanos(600) * count);
}

fn best(times: &[Duration]) -> Duration {
    times.iter().min().copied().unwrap_or_default()
}

fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

/// A line of `/proc/self/status`, in bytes.
fn status(key: &str) -> usize {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().find_map(|word| word.parse::<usize>().ok()).unwrap_or_default() * 1024
}

/// In a process of its own: loads one case, and says how much memory that took at most, over what the process
/// had before.
fn child(index: usize) {
    let Some(case) = CASES.get(index) else { return };
    let host = Host::new("child");
    let _entered = host.enter();
    let mut firewall = Netfilter::open().expect("a netlink socket");
    firewall.commit(&start()).expect("a table");
    let before = status("VmRSS:");
    let transaction = (case.encode)(case.count);
    firewall.commit(&transaction).expect("the elements are loaded");
    println!("{} {} {}", transaction.byte_len(), before, status("VmHWM:"));
}

/// Bytes sent, memory before, and peak memory of a process that loads.
fn peak(index: usize) -> Option<[usize; 3]> {
    let program = env::current_exe().ok()?;
    let output = Command::new(program).args(["--child", &index.to_string()]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let numbers: Vec<usize> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().ok()
}

/// How long `nft -f` takes; `None` where there is no nft.
fn nft(case: &Case) -> Option<Duration> {
    let (head, element) = case.nft;
    let path = env::temp_dir().join(format!("portcullis-set-load-{}.nft", std::process::id()));
    let mut text = format!("table ip bench {{ {head} elements = {{ ");
    for index in 0..case.count {
        text.push_str(&element(index));
        text.push_str(",\n");
    }
    text.push_str("};\n}\n}\n");
    fs::File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).ok()?;
    let host = Host::new("nft");
    let (elapsed, status) = time(|| host.run(|| Command::new("nft").arg("-f").arg(&path).status()));
    let _ = fs::remove_file(&path);
    status.ok().filter(std::process::ExitStatus::success).map(|_| elapsed)
}

fn measure(firewall: &mut Netfilter, index: usize, case: &Case) {
    let Case { name, count, hash, encode, .. } = *case;
    let prepared = encode(count);
    let (mut encodes, mut loads, mut replays) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS * 2 {
        clear(firewall, count);
        let result = if round % 2 == 0 {
            let (whole, (encoding, result)) = time(|| {
                let (encoding, transaction) = time(|| encode(count));
                (encoding, firewall.commit(&transaction))
            });
            encodes.push(encoding);
            loads.push(whole);
            result
        } else {
            let (whole, result) = time(|| firewall.commit(&prepared));
            replays.push(whole);
            result
        };
        match result {
            Ok(_) => {}
            Err(error @ Error::TooLarge { .. }) => {
                return eprintln!("\nSKIP set_load: {count} {name} were NOT measured: {error}\n");
            }
            Err(error) => panic!("{error}"),
        }
    }
    clear(firewall, count);
    let (encode, load, replay) = (best(&encodes), best(&loads), best(&replays));
    let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(count);
    let ratio = load.as_secs_f64() / replay.as_secs_f64();
    let over = if hash && ratio > BUDGET { "  OVER THE BUDGET OF 1.05" } else { "" };
    println!(
        "{count:>9} {name:<9}  encode {:>5.1} ns  load {:>6.0} ns  replay {:>6.0} ns  load/replay {ratio:.3}{over}",
        each(encode),
        each(load),
        each(replay),
    );
    let nft = nft(case).map_or_else(
        || "nft is not there".to_owned(),
        |nft| {
            format!("nft {:>6.0} ns, {:.1} times as long", each(nft), nft.as_secs_f64() / load.as_secs_f64())
        },
    );
    let memory = peak(index).map_or_else(String::new, |[bytes, before, peak]| {
        let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        format!(
            "; sends {:.1} MiB, peak {:.1} MiB of which {:.1} before: {:.2} of the bytes sent",
            mib(bytes),
            mib(peak),
            mib(before),
            peak as f64 / bytes as f64
        )
    });
    println!("{:>20}  {nft}{memory}", "");
}

/// Bringing a set of 1,000,000 up to date of which one in a hundred changes.
fn update(firewall: &mut Netfilter) {
    const COUNT: u32 = 1_000_000;
    const CHANGED: u32 = COUNT / 100;
    clear(firewall, COUNT);
    let set = SetOf::<Ipv4Addr>::new("s").capacity(COUNT);
    let mut transaction = start();
    transaction.add_set_with(TABLE, &set, (0..COUNT).map(address));
    if let Err(error) = firewall.commit(&transaction) {
        return eprintln!("\nSKIP set_load: the update was NOT measured: {error}\n");
    }
    drop(transaction);
    let wanted = || (CHANGED..COUNT + CHANGED).map(address);
    let there = set.contents((0..COUNT).map(address)).expect("addresses are right");
    let (comparing, change) =
        time(|| there.changes_to(&set.contents(wanted()).expect("addresses are right"), Details::Keep));
    assert_eq!(change.deleted().len() + change.added().len(), 2 * CHANGED as usize);
    drop((there, change));
    let (reading, read) = time(|| firewall.contents(TABLE, &set).expect("the set is read").len());
    let (updating, updated) =
        time(|| firewall.update_entries(TABLE, &set, wanted(), Details::Keep).expect("the set is updated"));
    println!(
        "{COUNT:>9} update of {CHANGED}: comparing {comparing:.0?}, reading {read} {reading:.1?}, all {updating:.1?}: {updated:?}; \
         peak {:.0} MiB",
        status("VmHWM:") as f64 / f64::from(1 << 20)
    );
    clear(firewall, COUNT);
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, index] = arguments.as_slice() {
        if flag == "--child" {
            return child(index.parse().unwrap_or(usize::MAX));
        }
    }
    if let Err(reason) = require_namespaces() {
        return eprintln!("\nSKIP set_load: nothing was measured: {reason}\n");
    }
    let host = Host::new("bench");
    let _entered = host.enter();
    let mut firewall = Netfilter::open().expect("a netlink socket");
    println!("All times for one element, the best of {ROUNDS}.");
    for (index, case) in CASES.iter().enumerate() {
        if arguments.iter().all(|argument| case.name.contains(argument.as_str())) {
            measure(&mut firewall, index, case);
        }
    }
    if arguments.iter().all(|argument| argument == "update") {
        update(&mut firewall);
    }
}
