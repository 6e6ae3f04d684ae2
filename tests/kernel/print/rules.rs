//! Rules that nft loaded, read, printed, and loaded again from what was printed.
//!
//! The sentences are in `sentences/`: a line `[family] chain` begins a table with one chain `c`, lines that begin with
//! `+` are what else the table has, and every other line is a rule. Each goes three ways: from our text, from nft's own
//! listing, and our text beside nft's.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
};

use portcullis::{
    Chain, Family, Rule, Set, Table, TableRef,
    expr::{ChainTarget, Expr, Load, ObjectChoice, Verdict},
};
use portcullis_world::{Host, need_namespaces, skip};

use crate::support::open;

/// A table's worth of sentences.
struct Group {
    family: Family,
    chain: String,
    beside: String,
    sentences: Vec<String>,
}

impl Group {
    /// All that a file holds.
    fn all(text: &str) -> Vec<Self> {
        let mut groups = Vec::<Self>::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((family, chain)) = line.strip_prefix('[').and_then(|line| line.split_once("] ")) {
                let (family, chain) = (family_of(family), chain.to_owned());
                groups.push(Self { family, chain, beside: String::new(), sentences: Vec::new() });
                continue;
            }
            let group = groups.last_mut().expect("a file begins with a chain");
            match line.strip_prefix("+ ") {
                Some(beside) => group.beside += &format!("{beside}\n"),
                None => group.sentences.push(line.to_owned()),
            }
        }
        groups
    }

    /// A host with the table, and the chain still empty.
    fn host(&self) -> Host {
        let host = Host::new("print");
        let Self { family, chain, beside, .. } = self;
        let script = format!("table {family} t {{\n{beside}chain other {{ }}\nchain c {{ {chain}; }}\n}}\n");
        nft(&host, &script).unwrap_or_else(|errors| panic!("{script}{errors}"));
        host
    }

    /// Adds rules: for each, whether nft and the kernel take it. All at once, or each half by itself where something is
    /// refused, for it takes long to start nft for each.
    fn add<'a>(&self, host: &Host, rules: impl IntoIterator<Item = &'a str>) -> Vec<Result<(), String>> {
        self.add_some(host, &rules.into_iter().collect::<Vec<_>>())
    }

    fn add_some(&self, host: &Host, rules: &[&str]) -> Vec<Result<(), String>> {
        let script: String =
            rules.iter().map(|rule| format!("add rule {} t c {rule}\n", self.family)).collect();
        match (nft(host, &script), rules) {
            (Ok(()), _) => rules.iter().map(|_| Ok(())).collect(),
            (Err(error), [_]) => vec![Err(error)],
            (Err(_), _) => {
                let (first, second) = rules.split_at(rules.len() / 2);
                [self.add_some(host, first), self.add_some(host, second)].concat()
            }
        }
    }

    fn table(&self, host: &Host) -> Table {
        let place = TableRef::new(self.family, "t");
        open(host).table(place).expect("the table is read").expect("a table")
    }

    /// The chain's rules as nft lists them.
    fn listed(&self, host: &Host) -> Vec<String> {
        let family = self.family.to_string();
        let list = ["list", "chain", family.as_str(), "t", "c"];
        let output = host.output(Command::new("nft").args(list).env("TZ", "UTC"));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rules = text.lines().skip_while(|line| line.trim() != "chain c {").skip(2);
        let rules: Vec<_> = rules.take_while(|line| *line != "\t}").collect();
        // The rules of a chain that belongs to a rule, and the elements of large sets, go over several lines.
        let mut joined = Vec::<String>::new();
        let mut open = 0;
        for line in rules {
            match joined.last_mut() {
                Some(last) if open > 0 => *last += &format!("\n{line}"),
                _ => joined.push(line.trim().to_owned()),
            }
            open += line.matches('{').count();
            open -= line.matches('}').count();
        }
        joined
    }
}

fn family_of(word: &str) -> Family {
    match word {
        "ip" => Family::Ip,
        "ip6" => Family::Ip6,
        "inet" => Family::Inet,
        "arp" => Family::Arp,
        "bridge" => Family::Bridge,
        "netdev" => Family::Netdev,
        other => panic!("{other:?} is no family"),
    }
}

fn nft(host: &Host, script: &str) -> Result<(), String> {
    let mut command = Command::new("nft");
    command.args(["-f", "-"]).env("TZ", "UTC");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = host.spawn(&mut command);
    child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("nft reads");
    let output = child.wait_with_output().expect("nft ends");
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned())
}

/// A rule with its sets and chains in place of their names, which the kernel chooses.
fn resolved(rule: &Rule, table: &Table) -> Vec<(Expr, Option<String>)> {
    let Table { sets, chains, .. } = table;
    let resolve = |expression: &Expr| {
        let mut expression = expression.clone();
        if let Expr::Immediate(immediate) = &mut expression {
            if let Load::Verdict(Verdict::Jump(target) | Verdict::Goto(target)) = &mut immediate.load {
                if let Some(block) = chains.iter().find(|chain| is_block(chain, target)) {
                    let rules: Vec<_> = block.rules.iter().map(|rule| resolved(rule, table)).collect();
                    *target = ChainTarget::Id(0);
                    return (expression, Some(format!("{rules:?}")));
                }
            }
        }
        let name = match &mut expression {
            Expr::Lookup(lookup) => Some(&mut lookup.set),
            Expr::Dynset(dynset) => Some(&mut dynset.set),
            Expr::Objref(objref) => match &mut objref.object {
                ObjectChoice::Map { set, .. } => Some(set),
                _ => None,
            },
            _ => None,
        };
        let set = name.filter(|name| name.starts_with("__")).map(|name| {
            let set = sets.iter().find(|set| set.name == *name).expect("the rule's set");
            name.clear();
            content(set)
        });
        (expression, set)
    };
    rule.expressions().map(resolve).collect()
}

/// Whether a jump goes to this chain, which belongs to the rule.
fn is_block(chain: &Chain, target: &ChainTarget) -> bool {
    chain.name.starts_with("__chain") && *target == ChainTarget::Name(chain.name.clone())
}

/// A set without its name, its handle, and its elements' order.
fn content(set: &Set) -> String {
    let mut elements: Vec<_> = set.elements.iter().map(|element| format!("{element:?}")).collect();
    elements.sort_unstable();
    // How many elements are to be expected is said before nft merges intervals.
    let Set { flags, key_type, key_len, data, desc, userdata, .. } = set;
    format!("{flags:?} {key_type} {key_len} {data:?} {:?} {userdata:?} {elements:?}", desc.fields)
}

/// What became of the sentences.
#[derive(Default)]
struct Outcome {
    /// What was loaded.
    sentences: Vec<String>,
    /// Sentences that this kernel or nft refuses.
    refused: Vec<String>,
    /// By sentence: our text, and what is wrong with it.
    ours: BTreeMap<String, String>,
    nfts: BTreeMap<String, String>,
    texts: BTreeMap<String, String>,
}

impl Outcome {
    fn try_group(&mut self, group: &Group) {
        let host = group.host();
        let taken = group.add(&host, group.sentences.iter().map(String::as_str));
        let label = |sentence: &String| format!("{} | {sentence}", group.family);
        let mut sentences = Vec::new();
        for (sentence, taken) in group.sentences.iter().zip(taken) {
            match taken {
                Ok(()) => sentences.push(label(sentence)),
                Err(error) => self.refused.push(format!("{}: {error}", label(sentence))),
            }
        }
        let table = group.table(&host);
        let rules = rules(&table);
        assert_eq!(rules.len(), sentences.len());
        self.sentences.extend(sentences.iter().cloned());
        let interfaces = [(1, "lo".to_owned())];
        let said = |rule: &Rule| rule.nft(group.family).within(&table).interfaces(&interfaces).to_string();
        let texts: Vec<_> = rules.iter().map(said).collect();
        for (sentence, rule) in sentences.iter().zip(rules) {
            let lost = rule.nft(group.family).within(&table).losses();
            assert!(lost.is_empty() || sentence.contains("cgroupv2"), "{sentence}: {lost:?}");
        }
        let listed = group.listed(&host);
        assert_eq!(listed.len(), rules.len(), "{listed:#?}");
        for ((sentence, ours), nfts) in sentences.iter().zip(&texts).zip(&listed) {
            if ours != nfts {
                self.texts.insert(sentence.clone(), format!("\n   nft: {nfts}\n  ours: {ours}"));
            }
        }
        refeed(group, &table, &sentences, &texts, &mut self.ours);
        refeed(group, &table, &sentences, &listed, &mut self.nfts);
    }

    fn report(&self, name: &str) {
        let Self { sentences, refused, ours, nfts, texts } = self;
        println!("== {name}: {} rules loaded, {} refused", sentences.len(), refused.len());
        refused.iter().for_each(|line| println!("refused {line}"));
        println!("-- the text is not nft's: {}", texts.len());
        texts.iter().for_each(|(sentence, what)| println!("text {sentence}{what}"));
        println!("-- nft's own listing gives another rule: {}", nfts.len());
        nfts.iter().for_each(|(sentence, what)| println!("nfts {sentence}{what}"));
        println!("-- our text gives another rule: {}", ours.len());
        ours.iter().for_each(|(sentence, what)| println!("rule {sentence}{what}"));
    }
}

fn rules(table: &Table) -> &[Rule] {
    &table.chains.iter().find(|chain| chain.name == "c").expect("the chain").rules
}

/// Loads texts into an empty chain and notes what did not become the rule that it was made from.
fn refeed(
    group: &Group,
    table: &Table,
    sentences: &[String],
    texts: &[String],
    wrong: &mut BTreeMap<String, String>,
) {
    let host = group.host();
    let taken = group.add(&host, texts.iter().map(String::as_str));
    let again = group.table(&host);
    let mut found = rules(&again).iter();
    let before = rules(table).iter().zip(sentences).zip(texts).zip(taken);
    for (((rule, sentence), text), taken) in before {
        let problem = match taken {
            Err(error) => error,
            Ok(()) => {
                let wanted = resolved(rule, table);
                let found = resolved(found.next().expect("a rule for each text"), &again);
                if wanted == found {
                    continue;
                }
                format!("\n   read {wanted:?}\n  again {found:?}")
            }
        };
        wrong.insert(sentence.clone(), format!("\n   text: {text}\n{problem}"));
    }
}

macro_rules! need_nft {
    () => {
        need_namespaces!();
        if Command::new("nft").arg("--version").output().is_err() {
            skip!("nft is not installed");
        }
    };
}

/// What is known to differ, and why: in `sentences/differences.txt`, a line `text REASON` or `rule REASON`, and below it
/// `FAMILY | SENTENCE`.
fn known(kind: &str) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    let mut reason = None;
    for line in include_str!("sentences/differences.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        match line.strip_prefix("= ") {
            Some(heading) => reason = heading.strip_prefix(kind),
            None => known.extend(reason.map(|reason| (line.to_owned(), reason.trim().to_owned()))),
        }
    }
    known
}

/// Says what differs and is not known, and what is known and does not differ.
fn unexpected(kind: &str, found: &BTreeMap<String, String>, sentences: &[String]) -> Vec<String> {
    let known = known(kind);
    let new = found.iter().filter(|(sentence, _)| !known.contains_key(*sentence));
    let new = new.map(|(sentence, what)| format!("{kind} {sentence}{what}"));
    let stale =
        sentences.iter().filter(|sentence| known.contains_key(*sentence) && !found.contains_key(*sentence));
    let stale = stale.map(|sentence| format!("{kind} {sentence}: does not differ any more"));
    new.chain(stale).collect()
}

fn try_all(name: &str, text: &str) {
    let mut outcome = Outcome::default();
    Group::all(text).iter().for_each(|group| outcome.try_group(group));
    outcome.report(name);
    let mut problems = unexpected("text", &outcome.texts, &outcome.sentences);
    problems.extend(unexpected("rule", &outcome.ours, &outcome.sentences));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn matches_come_back() {
    need_nft!();
    try_all("matches", include_str!("sentences/matches.txt"));
}

#[test]
fn statements_come_back() {
    need_nft!();
    try_all("statements", include_str!("sentences/statements.txt"));
}

#[test]
fn sentences_of_the_words_come_back() {
    need_nft!();
    try_all("words", include_str!("sentences/words.txt"));
}
