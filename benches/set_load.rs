//! What loading elements costs, and how much of that is ours: `cargo bench --bench set_load`.
//!
//! ```text
//!   encode   values to bytes        Transaction::add_set_with, from an iterator          no kernel
//!   load     values to the kernel   a new Transaction, committed
//!   replay   bytes to the kernel    the same Transaction, encoded in advance: the floor
//!   nft      text to the kernel     `nft -f` of the same list
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

use portcullis::{
    Error, Netfilter,
    set::{Details, SetOf},
};
use portcullis_world::{Host, require_namespaces};

#[path = "set_load/cases.rs"]
mod cases;

use cases::{CASES, Case, TABLE, address, start};

const ROUNDS: usize = 9;
/// What a load of a hash set may cost, with the replay as 1.
const BUDGET: f64 = 1.05;

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

fn measure(firewall: &mut Netfilter, case: &Case) {
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
    println!("{:>20}  {nft}", "");
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
        "{COUNT:>9} update of {CHANGED}: comparing {comparing:.0?}, reading {read} {reading:.1?}, all {updating:.1?}: {updated:?}"
    );
    clear(firewall, COUNT);
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Err(reason) = require_namespaces() {
        return eprintln!("\nSKIP set_load: nothing was measured: {reason}\n");
    }
    let host = Host::new("bench");
    let _entered = host.enter();
    let mut firewall = Netfilter::open().expect("a netlink socket");
    println!("All times for one element, the best of {ROUNDS}.");
    for case in &CASES {
        if arguments.iter().all(|argument| case.name.contains(argument.as_str())) {
            measure(&mut firewall, case);
        }
    }
    if arguments.iter().all(|argument| argument == "update") {
        update(&mut firewall);
    }
}
