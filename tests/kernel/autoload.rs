//! Modules that the kernel loads in the middle of a batch: it takes the batch back, loads, and begins it anew, as often
//! as there are modules to be loaded. What it has said by then is repeated or forgotten.
//!
//! Only where modules may be unloaded before, and where they are unused: in the guests of `cargo xtask kernels`.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use portcullis::{
    AddressType, Chain, Committed, CtState, Error, Family, Hook, Netfilter, NfLog, OperationId, Position,
    Quota, Rule, Table, Transaction,
    expr::{Expr, Hash, Numgen, NumgenKind, Register, UnknownExpression},
    object::{CtHelper, Object},
};
use portcullis_world::{Host, need_namespaces, skip};

use crate::{
    faults::{again, is_child, tell, told},
    support::open,
};

/// Says that modules may be unloaded here.
const OWN_KERNEL: &str = "PORTCULLIS_OWN_KERNEL";
/// A batch that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(240);
const CHAIN: (Family, &str, &str) = (Family::Inet, "t", "input");

/// Modules, and a rule that needs each. They are of use to no other.
fn wanted() -> Vec<(&'static str, Rule)> {
    let rule = Rule::new;
    vec![
        ("nft_log", rule().nflog(NfLog::group(9))),
        ("nft_quota", rule().quota(Quota::over(1 << 40))),
        ("nft_numgen", rule().say(Numgen::new(Register::R1, 3u32, NumgenKind::Incremental))),
        ("nft_hash", rule().say(Hash::symmetric(Register::R1, 3))),
        ("nft_fib_inet", rule().daddr_type(AddressType::Local)),
        ("nft_connlimit", rule().connlimit_over(20)),
    ]
}

/// Tests of this file come one after another.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The names of the modules that are loaded.
fn loaded() -> BTreeSet<String> {
    let modules = std::fs::read_to_string("/proc/modules").unwrap_or_default();
    modules.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// Unloads the modules that are wanted; those that are not loaded then. The rules of earlier tests are in their way
/// until their namespaces are gone.
fn unload() -> Result<Vec<&'static str>, String> {
    if std::env::var_os(OWN_KERNEL).is_none() {
        return Err(format!("modules are unloaded only where {OWN_KERNEL} says so: cargo xtask kernels"));
    }
    let names: Vec<&str> = wanted().into_iter().map(|(name, _)| name).collect();
    let deadline = Instant::now() + LIMIT;
    loop {
        let output = Command::new("modprobe").args(["-q", "-r"]).args(&names).output();
        output.map_err(|error| format!("no modprobe: {error}"))?;
        let loaded = loaded();
        let absent: Vec<_> = names.iter().copied().filter(|name| !loaded.contains(*name)).collect();
        if absent.len() == names.len() {
            return Ok(absent);
        }
        if Instant::now() > deadline {
            // Tests that run beside this one hold the others.
            let held = || names.iter().filter(|name| loaded.contains(**name)).collect::<Vec<_>>();
            return if absent.len() >= 3 { Ok(absent) } else { Err(format!("in use: {:?}", held())) };
        }
    }
}

/// The table and a rule for each module, each between two that need none; the operations of the rules.
fn batch() -> (Transaction, Vec<OperationId>) {
    let mut transaction = Transaction::new().with_handles();
    transaction.add_table(Table::new(Family::Inet, "t").chain(Chain::filter("input", Hook::Input)));
    let mut rules = Vec::new();
    for (name, rule) in wanted() {
        rules.push(transaction.add_rule(CHAIN, Rule::new().counter().comment(&format!("before {name}"))));
        rules.push(transaction.add_rule(CHAIN, rule.comment(name)));
        rules.push(transaction.add_rule(CHAIN, Rule::new().counter().comment(&format!("behind {name}"))));
    }
    (transaction, rules)
}

/// What comes of an operation, if it ends.
fn in_time<T: Send + 'static>(host: &Host, work: impl FnOnce(&mut Netfilter) -> T + Send + 'static) -> T {
    let mut firewall = open(host);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work(&mut firewall)));
    let answer = receiver.recv_timeout(LIMIT);
    answer.unwrap_or_else(|_| panic!("no answer in {LIMIT:?}; loaded by then: {:?}", loaded()))
}

fn commit(host: &Host, transaction: Transaction) -> Result<Committed, Error> {
    in_time(host, move |firewall| firewall.commit(&transaction))
}

#[test]
fn a_batch_that_needs_modules_is_committed_once() {
    need_namespaces!();
    let _alone = alone();
    let absent = match unload() {
        Ok(absent) => absent,
        Err(reason) => skip!("{reason}"),
    };
    let host = Host::new("server");
    let (transaction, rules) = batch();
    let committed = commit(&host, transaction).expect("a batch whose modules can be loaded");
    let now = loaded();
    let missing: Vec<_> = absent.iter().filter(|name| !now.contains(**name)).collect();
    assert!(missing.is_empty(), "the batch has had its modules loaded, but for {missing:?}");

    let listed = open(&host).rules(CHAIN).expect("the rules");
    let comments: Vec<_> = listed.iter().map(|rule| rule.comment_text().unwrap_or_default()).collect();
    let expected: Vec<_> = wanted()
        .into_iter()
        .flat_map(|(name, _)| [format!("before {name}"), name.to_owned(), format!("behind {name}")])
        .collect();
    assert_eq!(comments, expected, "each rule is there once, in its place");
    let handles: Vec<_> = rules.into_iter().map(|rule| committed.handle(rule)).collect();
    let kernels: Vec<_> = listed.iter().map(|rule| rule.handle).collect();
    assert_eq!(handles, kernels, "the handles that the commit tells are those of the last time");
}

#[test]
fn a_dry_run_loads_modules_and_leaves_nothing() {
    need_namespaces!();
    let _alone = alone();
    if let Err(reason) = unload() {
        skip!("{reason}");
    }
    let host = Host::new("server");
    let (transaction, _) = batch();
    in_time(&host, move |firewall| firewall.check(&transaction)).expect("a batch that could be committed");
    assert_eq!(open(&host).tables(None).expect("the tables"), []);
}

#[test]
fn what_is_refused_among_modules_is_named_once() {
    need_namespaces!();
    let _alone = alone();
    if let Err(reason) = unload() {
        skip!("{reason}");
    }
    let host = Host::new("server");
    let (mut transaction, _) = batch();
    let mut wrong = vec![transaction.insert_rule(CHAIN, Position::Head, Rule::new().jump("nowhere"))];
    // The kernel looks for its module, which is nowhere, and begins anew for it, too.
    let unheard = UnknownExpression::from_bytes("unheard_of", &[]);
    wrong.push(transaction.add_rule(CHAIN, Rule::new().say(Expr::Unknown(unheard))));
    wrong.push(transaction.add_rule(CHAIN, Rule::new().goto("nowhere")));
    let error = commit(&host, transaction).expect_err("three wrong rules");
    let Error::Refused(refused) = &error else { panic!("{error}") };
    let named: Vec<_> = refused.refusals.iter().map(|refusal| refusal.operation).collect();
    assert_eq!(named, wrong, "each refused operation is named once, and no other: {error}");
    let texts: Vec<_> = refused.refusals.iter().map(ToString::to_string).collect();
    for (text, said) in std::iter::zip(
        &texts,
        ["no chain nowhere", "this kernel has no expression \"unheard_of\"", "no chain nowhere"],
    ) {
        assert!(text.contains(said) && text.contains("autoload.rs"), "{said:?} in {text}");
    }
    assert_eq!(open(&host).tables(None).expect("the tables"), [], "nothing is left");
}

/// The kernel loads modules for whoever may program a namespace's filter, and for nobody else.
#[test]
fn modules_are_loaded_for_those_who_may_program_the_filter() {
    const NAME: &str = "autoload::modules_are_loaded_for_those_who_may_program_the_filter";

    if is_child() {
        let (transaction, rules) = batch();
        let result = Netfilter::open().and_then(|mut firewall| {
            let committed = firewall.commit(&transaction)?;
            let listed = firewall.rules(CHAIN)?;
            let handles: Vec<_> = rules.iter().map(|rule| committed.handle(*rule)).collect();
            Ok(handles == listed.iter().map(|rule| rule.handle).collect::<Vec<_>>())
        });
        return match result {
            Ok(same) => tell(&format!("committed, handles as listed: {same}")),
            Err(Error::Permission { .. }) => tell("denied"),
            Err(error) => tell(&error.to_string()),
        };
    }
    need_namespaces!();
    let _alone = alone();
    let absent = match unload() {
        Ok(absent) => absent,
        Err(reason) => skip!("{reason}"),
    };
    // The user "nobody" is nobody in the initial user namespace, and may do nothing here.
    let host = Host::new("server");
    let mut nobody = again(&[], NAME);
    assert_eq!(told(host.run(|| nobody.uid(65534).gid(65534).output())), Ok("denied".to_owned()));
    let now = loaded();
    let still: Vec<_> = absent.iter().filter(|name| !now.contains(**name)).collect();
    assert_eq!(still.len(), absent.len(), "for an ordinary user nothing is loaded");

    let told = told(again(&["unshare", "-Urn"], NAME).output());
    assert_eq!(told, Ok("committed, handles as listed: true".to_owned()), "root of a user namespace");
    let now = loaded();
    assert!(absent.iter().all(|name| now.contains(*name)), "has modules loaded");
}

#[test]
fn a_helper_is_loaded_for_its_object() {
    need_namespaces!();
    let _alone = alone();
    if let Err(reason) = unload() {
        skip!("{reason}");
    }
    let _ = Command::new("modprobe").args(["-q", "-r", "nf_conntrack_ftp"]).output();
    let host = Host::new("server");
    let mut transaction = Transaction::new().with_handles();
    let helper = Object::new("ftp", CtHelper::new("ftp", 6));
    let (early, late) =
        (Rule::new().ct_state(CtState::NEW), Rule::new().tcp().dport(21).use_ct_helper("ftp"));
    let chain = Chain::filter("input", Hook::Input).rules([early, late]);
    transaction.add_table(Table::new(Family::Inet, "t").object(helper).chain(chain));
    commit(&host, transaction).expect("a helper that can be loaded");
    assert!(loaded().contains("nf_conntrack_ftp"), "{:?}", loaded());
    assert_eq!(open(&host).rules(CHAIN).expect("the rules").len(), 2);
}
