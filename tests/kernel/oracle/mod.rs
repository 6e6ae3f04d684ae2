//! Every word against nft: the same sentence, the same bytecode, the same listing, and libnftnl's bytes.
//!
//! nft is the judge here and nowhere else: the library runs no program. The sentences are those of nft 1.0.6.

mod addresses;
mod bytes;
mod conntrack;
mod edges;
mod ether_type_and_vlan;
mod every_word;
mod fib;
mod header_fields;
mod icmp;
mod limits;
mod log;
mod marks;
mod misc;
mod nat;
mod neighbours;
mod owner_and_link;
mod priorities;
mod reject;
mod rewriting;
mod sets;
mod socket;
mod statistic;
mod targets_by_map;
mod tcp;
mod time;
mod verdicts;

use std::{
    cell::RefCell,
    io::Write,
    process::{Command, Stdio},
};

use portcullis::{
    Chain, ChainRef, Error, Family, Hook, Netfilter, Priority, Rule, Table, TableRef, Transaction,
    expr::{Expr, Payload, PayloadAccess},
};
use portcullis_world::Host;

use crate::support::{nft_listing, open};

/// The families of most words.
pub(crate) const IP: [Family; 3] = [Family::Ip, Family::Ip6, Family::Inet];

/// A rule to be filled.
pub(crate) fn rule() -> Rule {
    Rule::new()
}

/// A table of a family with one chain, in which sentences are tried.
///
/// What is held is compared when the bench is dropped: all differences are reported together.
pub(crate) struct Bench {
    family: Family,
    chain: Chain,
    /// nft's words for the chain's base.
    base: String,
    ours: Host,
    nfts: Host,
    firewall: RefCell<Netfilter>,
    /// What is still to be tried: starting nft for each would take most of the tests' time.
    waiting: RefCell<Vec<Case>>,
    /// The sentences that both chains have, in order.
    held: RefCell<Vec<String>>,
    /// What was sent for each.
    rules: RefCell<Vec<Rule>>,
    problems: RefCell<Vec<String>>,
}

/// A rule and the sentence that it is held against.
struct Case {
    rule: Rule,
    sentence: String,
    /// Otherwise it is known to differ.
    same_bytecode: bool,
}

impl Bench {
    /// A filter chain at the input hook (of a netdev table: ingress).
    pub(crate) fn filter(family: Family) -> Self {
        let hook = if family == Family::Netdev { Hook::Ingress } else { Hook::Input };
        Self::filter_at(family, hook)
    }

    /// Filter chains, one in a table of each family.
    pub(crate) fn filters(families: impl IntoIterator<Item = Family>) -> impl Iterator<Item = Self> {
        families.into_iter().map(Self::filter)
    }

    /// A filter chain at another hook.
    pub(crate) fn filter_at(family: Family, hook: Hook) -> Self {
        Self::new(family, Chain::filter("c", hook))
    }

    /// A filter chain before connection tracking.
    pub(crate) fn raw(family: Family, hook: Hook) -> Self {
        Self::new(family, Chain::filter("c", hook).priority(Priority::RAW))
    }

    /// A filter chain where packets are changed.
    pub(crate) fn mangle(family: Family, hook: Hook) -> Self {
        Self::new(family, Chain::filter("c", hook).priority(Priority::MANGLE))
    }

    /// A chain whose changes have the packet routed anew.
    pub(crate) fn route(family: Family) -> Self {
        Self::new(family, Chain::route("c"))
    }

    /// A NAT chain.
    pub(crate) fn nat(family: Family, hook: Hook) -> Self {
        Self::new(family, Chain::nat("c", hook))
    }

    fn new(family: Family, chain: Chain) -> Self {
        let base = chain.base.as_ref().expect("a base chain");
        let (kind, hook, priority) = (base.kind.word(), base.hook, base.priority.number(family));
        let device = if hook.needs_device() { " device lo" } else { "" };
        let base = format!("type {kind} hook {hook}{device} priority {priority}");
        let chain = if device.is_empty() { chain } else { chain.device("lo") };
        let (ours, nfts) = (Host::new("ours"), Host::new("nfts"));
        let bench = Self {
            family,
            chain,
            base,
            firewall: RefCell::new(open(&ours)),
            waiting: RefCell::default(),
            ours,
            nfts,
            held: RefCell::default(),
            rules: RefCell::default(),
            problems: RefCell::default(),
        };
        let (_, errors) = bench.nft(&[], &bench.tables());
        assert!(errors.is_empty(), "nft does not take the chain: {errors}");
        let mut transaction = Transaction::new();
        transaction.add_table(bench.table());
        bench.firewall.borrow_mut().commit(&transaction).expect("the kernel takes the chain");
        bench
    }

    /// Declares sets, maps and objects in both tables, in nft's words behind `add`, `%` for the table.
    pub(crate) fn declare<const N: usize>(&self, declarations: [&str; N]) {
        self.try_waiting();
        let table = format!("{} t", self.family);
        let script: String =
            declarations.iter().map(|words| format!("add {}\n", words.replace('%', &table))).collect();
        for host in [&self.nfts, &self.ours] {
            let (_, errors) = nft_on(host, &[], &script);
            assert!(errors.is_empty(), "nft does not take the sets: {errors}");
        }
    }

    /// The table in nft's words, with a chain to jump to.
    fn tables(&self) -> String {
        let (family, base) = (self.family, &self.base);
        format!("table {family} t {{\nchain other {{ }}\nchain c {{ {base}; }}\n}}\n")
    }

    /// The same in ours.
    fn table(&self) -> Table {
        Table::new(self.family, "t").chain(Chain::new("other")).chain(self.chain.clone())
    }

    /// Runs nft on a script; its output and its error output.
    fn nft(&self, arguments: &[&str], script: &str) -> (String, String) {
        nft_on(&self.nfts, arguments, script)
    }

    fn problem(&self, sentence: &str, problem: impl std::fmt::Display) {
        self.problems.borrow_mut().push(format!("{} | {sentence} | {problem}", self.family));
    }

    /// Holds our rule against nft's sentence.
    pub(crate) fn hold(&self, rule: Rule, sentence: &str) {
        self.wait(rule, sentence, true);
    }

    /// Holds several.
    pub(crate) fn hold_all<const N: usize>(&self, cases: [(Rule, &str); N]) {
        for (rule, sentence) in cases {
            self.hold(rule, sentence);
        }
    }

    /// Holds only what nft lists against the listing of nft's own sentence, for the bytecode differs on purpose: say
    /// why beside it.
    pub(crate) fn hold_listing(&self, rule: Rule, sentence: &str) {
        self.wait(rule, sentence, false);
    }

    /// Holds the bytecode and libnftnl's bytes only, for the two are listed otherwise: say why beside it.
    pub(crate) fn hold_bytecode(&self, rule: Rule, sentence: &str) {
        let script = format!("add rule {} t c {sentence}\n", self.family);
        let (debug, errors) = self.nft(&["--debug=netlink", "--check"], &script);
        let same = self.same_bytecode(&rule, &debug, &errors);
        if let Err(problem) = same.and_then(|()| self.libnftnl_agrees(&rule)) {
            self.problem(sentence, problem);
        }
    }

    /// The kernel takes the rule, gives it back as it was, and nft lists it so, though nft does not read that, or makes
    /// something else of it: say why beside it. libnftnl has the same bytes.
    pub(crate) fn shown_as(&self, rule: Rule, sentence: &str) {
        let shown = self.alone(&rule, || {
            let listing = nft_listing(&self.ours).expect("nft is there");
            let shown = listing.lines().any(|line| line.trim() == sentence);
            if shown { Ok(()) } else { Err(format!("nft lists it otherwise:\n{listing}")) }
        });
        if let Err(problem) = shown.and_then(|()| self.libnftnl_agrees(&rule)) {
            self.problem(sentence, problem);
        }
    }

    /// The kernel takes the rule and gives it back as it was, and libnftnl has the same bytes; nft has no word for it:
    /// say why beside it.
    pub(crate) fn kernel_and_libnftnl(&self, rule: Rule) {
        let same = self.alone(&rule, || Ok(())).and_then(|()| self.libnftnl_agrees(&rule));
        if let Err(problem) = same {
            self.problem(&format!("{:?}", rule.body), problem);
        }
    }

    /// The kernel takes the rule and gives it back as it was; libnftnl does not know all of it: say what beside it.
    pub(crate) fn kernel_only(&self, rule: Rule) {
        if let Err(problem) = self.alone(&rule, || Ok(())) {
            self.problem(&format!("{:?}", rule.body), problem);
        }
    }

    /// Sends the rule in a table of its own, looks, reads it back, and removes the table.
    fn alone(&self, rule: &Rule, look: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        self.try_waiting();
        let table = Table::new(self.family, "alone").chain(self.chain.clone().rule(rule.clone()));
        let mut transaction = Transaction::new();
        transaction.add_table(&table);
        self.firewall.borrow_mut().commit(&transaction).map_err(|error| error.to_string())?;
        let looked = look();
        let found = self.rules_of("alone");
        let mut transaction = Transaction::new();
        transaction.delete_table(&table);
        self.firewall.borrow_mut().commit(&transaction).map_err(|error| error.to_string())?;
        looked?;
        let sent = rule.lower(self.family).map_err(|problem| problem.to_string())?.expressions;
        let mut found: Vec<_> = found.into_iter().flatten().collect();
        found.iter_mut().for_each(forget_unsaid);
        // The kernel gives a set its name, and tells when a rule was used last.
        let filled = ["lookup", "last"];
        let same = |(sent, found): (&Expr, &Expr)| {
            sent == found || (sent.name() == found.name() && filled.contains(&found.name()))
        };
        if sent.len() == found.len() && sent.iter().zip(&found).all(same) {
            return Ok(());
        }
        Err(format!("sent\n   {sent:?}\n  read\n   {found:?}"))
    }

    fn wait(&self, rule: Rule, sentence: &str, same_bytecode: bool) {
        self.waiting.borrow_mut().push(Case { rule, sentence: sentence.to_owned(), same_bytecode });
    }

    /// Tries what waits: all at once, or one by one where not all of it is taken.
    fn try_waiting(&self) {
        let cases = self.waiting.take();
        if cases.is_empty() || self.try_at_once(&cases) {
            return;
        }
        for case in cases {
            self.try_both(case);
        }
    }

    /// Whether both take all cases.
    fn try_at_once(&self, cases: &[Case]) -> bool {
        let mut transaction = Transaction::new();
        for case in cases {
            transaction.add_rule(self.chain_ref("t"), &case.rule);
        }
        if self.firewall.borrow_mut().check(&transaction).is_err() {
            return false;
        }
        let script: String = cases.iter().map(|case| self.add_rule(&case.sentence)).collect();
        let (debug, errors) = self.nft(&["--debug=netlink"], &script);
        // Each rule's expressions stand below its chain.
        let chain = format!("{} t c", self.family);
        let (mut bytecodes, mut lines) = (Vec::new(), debug.lines().chain(errors.lines()).peekable());
        while let Some(line) = lines.next() {
            if line.trim_end() == chain {
                let mut bytecode = Vec::new();
                while let Some(line) = lines.next_if(|line| line.starts_with("  [ ")) {
                    bytecode.push(line.trim());
                }
                bytecodes.push(bytecode);
            }
        }
        if errors.contains("Error:") {
            return false;
        }
        self.firewall.borrow_mut().commit(&transaction).expect("what was checked is taken");
        assert_eq!(bytecodes.len(), cases.len(), "{debug}{errors}");
        for (case, bytecode) in cases.iter().zip(bytecodes) {
            self.same_for_all(case, self.is_bytecode(&case.rule, &bytecode));
            self.hold_taken(case);
        }
        true
    }

    fn try_both(&self, case: Case) {
        match self.add_both(&case) {
            Ok(true) => self.hold_taken(&case),
            Ok(false) => {}
            Err(problem) => self.problem(&case.sentence, problem),
        }
    }

    fn hold_taken(&self, case: &Case) {
        self.held.borrow_mut().push(case.sentence.clone());
        self.rules.borrow_mut().push(case.rule.clone());
    }

    /// nft's command for a sentence.
    fn add_rule(&self, sentence: &str) -> String {
        format!("add rule {} t c {sentence}\n", self.family)
    }

    /// Adds both; whether the kernel takes them.
    fn add_both(&self, case: &Case) -> Result<bool, String> {
        let (debug, errors) = self.nft(&["--debug=netlink"], &self.add_rule(&case.sentence));
        let refused = errors.lines().find(|line| line.contains("Error:"));
        let same = self.same_bytecode(&case.rule, &debug, &errors);
        let mut transaction = Transaction::new();
        transaction.add_rule(self.chain_ref("t"), &case.rule);
        let taken = self.firewall.borrow_mut().commit(&transaction);
        match (&taken, refused) {
            (Ok(_), None) => {}
            // What this kernel lacks, it lacks for both.
            (Err(error), Some(refused)) => same_reason(error, refused)?,
            (Ok(_), Some(refused)) => {
                return Err(format!("the kernel takes ours, and nft: {refused}; {same:?}"));
            }
            (Err(error), None) => return Err(format!("the kernel takes nft's, and ours: {error}; {same:?}")),
        }
        self.same_for_all(case, same);
        Ok(taken.is_ok())
    }

    /// Reports a bytecode that is not nft's though it should be, or the other way about, and one that is not libnftnl's.
    fn same_for_all(&self, case: &Case, same: Result<(), String>) {
        let checked = match (same, case.same_bytecode) {
            (Ok(()), false) => Err("the bytecode is nft's: hold it".to_owned()),
            (Err(_), false) => Ok(()),
            (same, true) => same,
        };
        if let Err(problem) = checked.and_then(|()| self.libnftnl_agrees(&case.rule)) {
            self.problem(&case.sentence, problem);
        }
    }

    fn same_bytecode(&self, rule: &Rule, debug: &str, errors: &str) -> Result<(), String> {
        let lines = debug.lines().chain(errors.lines()).map(str::trim);
        let theirs: Vec<_> = lines.filter(|line| line.starts_with("[ ")).collect();
        if theirs.is_empty() {
            return Err(format!("nft says {errors}"));
        }
        self.is_bytecode(rule, &theirs)
    }

    fn is_bytecode(&self, rule: &Rule, theirs: &[&str]) -> Result<(), String> {
        let ours = rule.bytecode(self.family).map_err(|problem| problem.to_string())?;
        let ours: Vec<_> = ours.lines().collect();
        if ours == theirs {
            return Ok(());
        }
        Err(format!("bytecode\n   nft: {}\n  ours: {}", theirs.join(" "), ours.join(" ")))
    }

    fn libnftnl_agrees(&self, rule: &Rule) -> Result<(), String> {
        bytes::libnftnl_agrees(&Table::new(self.family, "t").chain(self.chain.clone().rule(rule.clone())))
    }

    fn chain_ref(&self, table: &str) -> ChainRef {
        TableRef::new(self.family, table).chain("c")
    }

    /// The expressions that the kernel of our host has.
    fn rules_of(&self, table: &str) -> Vec<Vec<Expr>> {
        expressions(&mut self.firewall.borrow_mut(), self.chain_ref(table))
    }

    /// What the kernel gives back is lifted to words, and to those that were sent.
    fn lift(&self) {
        let place = TableRef::new(self.family, "t");
        let table = self.firewall.borrow_mut().table(place).expect("the table is read").expect("a table");
        let chain = table.chains.iter().find(|chain| chain.name == "c").expect("a chain");
        let (held, rules) = (self.held.borrow(), self.rules.borrow());
        assert_eq!(chain.rules.len(), rules.len());
        for ((sentence, sent), read) in held.iter().zip(rules.iter()).zip(&chain.rules) {
            let lifted = read.lift(self.family, &table.sets);
            if lifted.expressions().next().is_some() {
                self.problem(sentence, format!("not lifted: {:?}\n  sent {:?}", lifted.body, sent.body));
                continue;
            }
            // Sent as words again, it is the same rule.
            // (A log's level is a warning where nothing is said.)
            let said = |rule: &Rule| rule.bytecode(self.family).map(|text| text.replace("level 4 ]", "]"));
            let (lifted, sent) = (said(&lifted), said(sent));
            if lifted != sent {
                self.problem(sentence, format!("lifted to\n   {lifted:?}\n  sent\n   {sent:?}"));
            }
        }
    }

    /// The listings and what the kernel gives back, ours and nft's.
    fn compare(&self) {
        let ours = nft_listing(&self.ours).expect("nft is there");
        let nfts = nft_listing(&self.nfts).expect("nft is there");
        let held = self.held.borrow();
        let dumps = (self.rules_of("t"), expressions(&mut open(&self.nfts), self.chain_ref("t")));
        for (index, sentence) in held.iter().enumerate() {
            let (ours, nfts) = (dumps.0.get(index), dumps.1.get(index));
            // The bytecode says the rest; of what libnftnl does not print, this is the only test.
            if ours.map(Vec::len) == nfts.map(Vec::len) && ours != nfts && !differs(&self.problems, sentence)
            {
                self.problem(sentence, format!("read back\n   nft: {nfts:?}\n  ours: {ours:?}"));
            }
        }
        if ours == nfts {
            return;
        }
        let rules = |listing: &str| -> Vec<String> {
            let chain = listing.lines().skip_while(|line| line.trim() != "chain c {").skip(2);
            chain.take_while(|line| line.trim() != "}").map(|line| line.trim().to_owned()).collect()
        };
        let (ours, nfts) = (rules(&ours), rules(&nfts));
        if ours.len() != held.len() || nfts.len() != held.len() {
            self.problem("", format!("listing\n   nft: {nfts:#?}\n  ours: {ours:#?}"));
            return;
        }
        for ((sentence, ours), nfts) in held.iter().zip(ours).zip(nfts) {
            if ours != nfts {
                self.problem(sentence, format!("listing\n   nft: {nfts}\n  ours: {ours}"));
            }
        }
    }
}

/// Runs nft in a host on a script; its output and its error output.
fn nft_on(host: &Host, arguments: &[&str], script: &str) -> (String, String) {
    let mut command = Command::new("nft");
    // Where it reads and prints times of day, nft means the local ones.
    command.args(arguments).args(["-f", "-"]).env("TZ", "UTC");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = host.spawn(&mut command);
    child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("nft reads");
    let output = child.wait_with_output().expect("nft ends");
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Of a changed header, the kernel tells what was not said: no flags, and where the checksum is that there is not.
fn forget_unsaid(found: &mut Expr) {
    let Expr::Payload(Payload {
        access: PayloadAccess::Store { checksum_flags, checksum_offset, .. }, ..
    }) = found
    else {
        return;
    };
    checksum_flags.take_if(|flags| flags.is_empty());
    checksum_offset.take_if(|offset| *offset == 0);
}

/// Whether a sentence was found different already.
fn differs(problems: &RefCell<Vec<String>>, sentence: &str) -> bool {
    let sentence = format!(" | {sentence} | ");
    problems.borrow().iter().any(|problem| problem.contains(&sentence))
}

fn expressions(firewall: &mut Netfilter, chain: ChainRef) -> Vec<Vec<Expr>> {
    let rules = firewall.rules(chain).expect("the rules are read");
    rules.iter().map(|rule| rule.expressions().cloned().collect()).collect()
}

/// Ours is refused with the error that nft tells of.
fn same_reason(error: &Error, refused: &str) -> Result<(), String> {
    let different = || format!("refused for different reasons\n   nft: {refused}\n  ours: {error}");
    let Some(reasons) = error.refused() else { return Err(different()) };
    let texts = reasons.refusals.iter().map(|refusal| std::io::Error::from_raw_os_error(refusal.errno));
    let same = texts.map(|text| text.to_string()).any(|text| {
        let text = text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text);
        refused.contains(text)
    });
    if same { Ok(()) } else { Err(different()) }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.try_waiting();
        self.compare();
        self.lift();
        let problems = self.problems.take();
        assert!(
            problems.is_empty(),
            "{}: {} differences\n{}",
            self.base,
            problems.len(),
            problems.join("\n")
        );
    }
}

/// Whether nft can be asked; says so loudly if not.
macro_rules! need_nft {
    () => {
        portcullis_world::need_namespaces!();
        if std::process::Command::new("nft").arg("--version").output().is_err() {
            portcullis_world::skip!("nft is not installed: nothing to compare with");
        }
    };
}
pub(crate) use need_nft;
