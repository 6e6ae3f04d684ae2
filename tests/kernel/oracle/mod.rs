//! Every word against nft: the same sentence, the same bytecode, the same listing, and libnftnl's bytes.
//!
//! nft is the judge here and nowhere else: the library runs no program.

mod addresses;

use std::process::{Command, Stdio};

use portcullis::{Chain, Family, Hook, Netfilter, Rule, Table, Transaction, netlink::Recorder, wire::Messages};
use portcullis_world::Host;

use crate::support::{nft_listing, open};

/// A table of a family with one chain, in which sentences are tried.
pub(crate) struct Bench {
    family: Family,
    chain: Chain,
    /// nft's words for the chain's base.
    base: String,
    ours: Host,
    nfts: Host,
}

impl Bench {
    /// A filter chain at the input hook (of a netdev table: ingress).
    pub(crate) fn filter(family: Family) -> Self {
        match family {
            Family::Netdev => Self::new(
                family,
                Chain::filter("c", Hook::Ingress).device("lo"),
                "type filter hook ingress device lo priority 0",
            ),
            _ => Self::new(family, Chain::filter("c", Hook::Input), "type filter hook input priority filter"),
        }
    }

    /// A filter chain at another hook.
    pub(crate) fn filter_at(family: Family, hook: Hook) -> Self {
        let base = format!("type filter hook {hook} priority filter");
        Self::new(family, Chain::filter("c", hook), &base)
    }

    /// A NAT chain.
    pub(crate) fn nat(family: Family, hook: Hook) -> Self {
        let priority = if matches!(hook, Hook::Input | Hook::Postrouting) { "srcnat" } else { "dstnat" };
        Self::new(family, Chain::nat("c", hook), &format!("type nat hook {hook} priority {priority}"))
    }

    fn new(family: Family, chain: Chain, base: &str) -> Self {
        let bench = Self {
            family,
            chain,
            base: base.to_owned(),
            ours: Host::new("ours"),
            nfts: Host::new("nfts"),
        };
        let prepared = bench.nft(&[], &bench.script(""));
        assert!(prepared.1.is_empty(), "nft does not take the chain: {}", prepared.1);
        bench
    }

    /// The table with a chain to jump to, and one rule.
    fn script(&self, sentence: &str) -> String {
        let (family, base) = (self.family, &self.base);
        let rule = if sentence.is_empty() { String::new() } else { format!("add rule {family} t c {sentence}\n") };
        format!(
            "add table {family} t\ndelete table {family} t\nadd table {family} t\nadd chain {family} t other\n\
             add chain {family} t c {{ {base}; }}\n{rule}"
        )
    }

    /// Runs nft on a script; its output and its error output.
    fn nft(&self, arguments: &[&str], script: &str) -> (String, String) {
        let mut command = Command::new("nft");
        command.args(arguments).args(["-f", "-"]).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.nfts.spawn(&mut command);
        std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), script.as_bytes()).expect("nft reads");
        let output = child.wait_with_output().expect("nft ends");
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn table(&self, rule: &Rule) -> Table {
        let chain = self.chain.clone().rule(rule.clone());
        Table::new(self.family, "t").chain(Chain::new("other")).chain(chain)
    }

    /// Holds our rule against nft's sentence.
    #[track_caller]
    pub(crate) fn hold(&self, rule: Rule, sentence: &str) {
        let family = self.family;
        let what = format!("{family}: {sentence}");
        let (debug, errors) = self.nft(&["--debug=netlink"], &self.script(sentence));
        let bytecode = bytecode(&debug, &errors);
        assert!(!bytecode.is_empty(), "{what}: nft says {errors}");
        let ours = rule.bytecode(family).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(ours.lines().collect::<Vec<_>>(), bytecode, "{what}: bytecode, ours and nft's");

        libnftnl_agrees(&self.table(&rule), &what);

        let mut transaction = Transaction::new();
        transaction.replace_table(self.table(&rule));
        let committed = open(&self.ours).commit(&transaction);
        let refused = errors.lines().find(|line| line.contains("Error:"));
        match (committed, refused) {
            (Ok(_), None) => {
                let ours = nft_listing(&self.ours).expect("nft is there");
                let nfts = nft_listing(&self.nfts).expect("nft is there");
                assert_eq!(ours, nfts, "{what}: listing, ours and nft's");
            }
            // What this kernel lacks, it lacks for both.
            (Err(_), Some(_)) => {}
            (Ok(_), Some(error)) => panic!("{what}: the kernel takes ours and refuses nft's: {error}"),
            (Err(error), None) => panic!("{what}: the kernel takes nft's and refuses ours: {error}"),
        }
    }
}

/// The lines of bytecode in nft's debugging output.
fn bytecode<'a>(debug: &'a str, errors: &'a str) -> Vec<&'a str> {
    debug.lines().chain(errors.lines()).map(str::trim).filter(|line| line.starts_with("[ ")).collect()
}

/// libnftnl reads our rules and writes the same attributes.
#[track_caller]
fn libnftnl_agrees(table: &Table, what: &str) {
    let mut transaction = Transaction::new();
    transaction.add_table(table);
    let mut recorder = Netfilter::with_transport(Recorder::new());
    recorder.commit(&transaction).unwrap_or_else(|error| panic!("{what}: {error}"));
    for datagram in recorder.into_transport().sent() {
        let mut rest = datagram.as_slice();
        for message in Messages::new(datagram).map(|message| message.expect("our own messages")) {
            let length = 16 + message.body.len();
            let (bytes, behind) = rest.split_at(length);
            rest = behind;
            // NFT_MSG_NEWRULE
            if message.header.kind == portcullis::wire::nft::NEWRULE {
                let theirs = portcullis_sys::nftnl::reencode_rule(bytes)
                    .unwrap_or_else(|| panic!("{what}: libnftnl does not read our rule"));
                assert_eq!(sorted(&bytes[20..]), sorted(&theirs[20..]), "{what}: bytes, ours and libnftnl's");
            }
        }
    }
}

/// Attributes in the order of their numbers, nested ones too: libnftnl's order is not the kernel's.
fn sorted(attributes: &[u8]) -> Vec<(u16, Vec<u8>, Vec<u8>)> {
    let mut found: Vec<_> = portcullis::wire::Attributes::new(attributes)
        .map(|attribute| attribute.expect("attributes"))
        .map(|attribute| {
            let nested = attribute.is_nested() && attribute.attributes().all(|inner| inner.is_ok());
            let inside = if nested { flat(attribute.payload) } else { attribute.payload.to_vec() };
            (attribute.kind(), inside, Vec::new())
        })
        .collect();
    found.sort();
    found
}

/// A nested attribute's content with its own members sorted, as bytes to compare.
fn flat(attributes: &[u8]) -> Vec<u8> {
    let mut members: Vec<(u16, Vec<u8>)> = portcullis::wire::Attributes::new(attributes)
        .map(|attribute| attribute.expect("attributes"))
        .map(|attribute| {
            let inside =
                if attribute.is_nested() { flat(attribute.payload) } else { attribute.payload.to_vec() };
            (attribute.kind(), inside)
        })
        .collect();
    // The expressions of a rule are a list, all of one number: a stable sort keeps their order.
    members.sort_by_key(|(kind, _)| *kind);
    members.into_iter().flat_map(|(kind, inside)| [kind.to_ne_bytes().to_vec(), inside].concat()).collect()
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
