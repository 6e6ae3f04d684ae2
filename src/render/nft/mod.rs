//! nft's language: what `nft list ruleset` would print, and `nft -f` takes.
//!
//! Every value of a ruleset has a method `nft`, which gives a [`Nft`]: it can be displayed, needs no kernel, and can be
//! told what to leave out. What nft has no words for is listed by [`Nft::losses`].
//!
//! ```
//! use portcullis::{Chain, Family, Hook, Policy, Rule, Ruleset, Table};
//!
//! assert_eq!(Rule::new().tcp().dport(22).accept().nft(Family::Inet).to_string(), "tcp dport 22 accept");
//!
//! let ruleset = Ruleset::new().table(
//!     Table::inet("edge").chain(
//!         Chain::filter("input", Hook::Input).policy(Policy::Drop).rule(Rule::new().tcp().dport([22, 80]).accept()),
//!     ),
//! );
//! let text = "\
//! table inet edge {
//! \tchain input {
//! \t\ttype filter hook input priority filter; policy drop;
//! \t\ttcp dport { 22, 80 } accept
//! \t}
//! }
//! ";
//! assert_eq!(ruleset.nft().to_string(), text);
//! assert!(ruleset.nft().losses().is_empty());
//! ```

mod around;
mod chain;
mod datatype;
mod device;
mod element;
mod flowtable;
mod interval;
mod key;
mod loss;
mod names;
mod object;
mod priority;
mod rule;
mod set;
mod stateful;
mod table;
mod type_of;
mod verdict;

pub use loss::{Loss, LossKind};

use std::fmt;

use self::{
    around::{Around, Index},
    names::Names,
    set::Wanted,
};
use crate::{
    Ruleset,
    object::{Chain, Family, Flowtable, Object, Rule, Set, Table},
};

/// A value in nft's language; see the [module](self).
#[derive(Clone, Debug)]
#[must_use = "this is only what to print; display it"]
pub struct Nft<'a> {
    what: What<'a>,
    table: Option<&'a Table>,
    names: Names<'a>,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug)]
enum What<'a> {
    Ruleset(&'a Ruleset),
    Table(&'a Table),
    Chain(Family, &'a Chain),
    Rule(Family, &'a Rule),
    Set(&'a Set),
    Object(&'a Object),
    Flowtable(&'a Flowtable),
}

impl<'a> Nft<'a> {
    fn new(what: What<'a>) -> Self {
        Self { what, table: None, names: Names::default(), wanted: Wanted::default() }
    }

    /// With the kernel's numbers, as `nft -a` prints them: `# handle 4`.
    pub fn handles(mut self) -> Self {
        self.wanted.handle = true;
        self
    }

    /// Without the elements of named sets, as `nft -t` prints it.
    pub fn terse(mut self) -> Self {
        self.wanted.terse = true;
        self
    }

    /// Without what was counted and without the time that elements have left, as `nft -s` prints it.
    pub fn stateless(mut self) -> Self {
        self.names.stateless = true;
        self
    }

    /// For a chain or a rule: the table that it is part of, whose sets and chains it refers to. Without it, sets that
    /// belong to a rule read from the kernel cannot be said.
    pub fn within(mut self, table: &'a Table) -> Self {
        self.table = Some(table);
        self
    }

    /// Names of network interfaces by their indices, for what compares indices (`iif`). An index without a name is said
    /// as a number, which nft takes, too.
    pub fn interfaces(mut self, interfaces: &'a [(u32, String)]) -> Self {
        self.names.interfaces = interfaces;
        self
    }

    /// How many seconds clocks are ahead of UTC where the text is read: nft says dates and times of day in local time.
    /// None, unless said.
    pub fn utc_offset(mut self, seconds: i32) -> Self {
        self.names.utc_offset = seconds;
        self
    }

    /// What the text does not say, because nft has no words for it, and what comes back in other bytes. Where there is
    /// nothing, `nft -f` makes the same ruleset of the text, but for what a base chain's policy has counted (which is
    /// named where it is not zero) and for what nft notes for itself beside the sets of its rules.
    pub fn losses(&self) -> Vec<Loss> {
        loss::losses(self)
    }
}

impl fmt::Display for Nft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (names, wanted) = (self.names, self.wanted);
        let index = Index::of(self.table);
        let around = |family| Around::new(family, &index, names);
        match self.what {
            What::Ruleset(ruleset) => ruleset
                .tables
                .iter()
                .try_for_each(|table| f.write_str(&table::declaration(table, names, wanted))),
            What::Table(table) => f.write_str(&table::declaration(table, names, wanted)),
            What::Chain(family, chain) => outdented(f, &chain::declaration(chain, around(family), wanted)),
            What::Rule(family, rule) => {
                let line = chain::line(rule, around(family)).text;
                write!(f, "{line}{}", handle(rule.handle, wanted.handle))
            }
            What::Set(set) => outdented(f, &set::declaration(set, names, wanted)),
            What::Object(object) => {
                outdented(f, &object::declaration(object, names, wanted).unwrap_or_default())
            }
            What::Flowtable(flowtable) => outdented(f, &flowtable::declaration(flowtable, wanted)),
        }
    }
}

/// The texts of a table's rules, one by one: what they refer to is looked for once.
pub(crate) struct RuleTexts<'a> {
    family: Family,
    index: Index<'a>,
}

impl<'a> RuleTexts<'a> {
    /// Of a table.
    pub(crate) fn of(table: &'a Table) -> Self {
        Self { family: table.family, index: Index::of(Some(table)) }
    }

    /// A rule of the table.
    pub(crate) fn text(&self, rule: &Rule) -> String {
        chain::line(rule, Around::new(self.family, &self.index, Names::default())).text
    }
}

/// What stands in a table, on its own.
fn outdented(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.lines().try_for_each(|line| writeln!(f, "{}", line.strip_prefix('\t').unwrap_or(line)))
}

/// `# handle 4`
fn handle(handle: Option<u64>, wanted: bool) -> String {
    match handle.filter(|_| wanted) {
        Some(number) => format!(" # handle {number}"),
        None => String::new(),
    }
}

impl Ruleset {
    /// The tables in nft's language.
    pub fn nft(&self) -> Nft<'_> {
        Nft::new(What::Ruleset(self))
    }
}

impl Table {
    /// The table, with what it holds, in nft's language.
    pub fn nft(&self) -> Nft<'_> {
        Nft::new(What::Table(self))
    }
}

impl Chain {
    /// The chain, with its rules, in nft's language, in a table of this family. See [`Nft::within`].
    pub fn nft(&self, family: Family) -> Nft<'_> {
        Nft::new(What::Chain(family, self))
    }
}

impl Rule {
    /// The rule in nft's language, in a table of this family. See [`Nft::within`].
    ///
    /// ```
    /// use portcullis::{CtState, Family, Rule};
    ///
    /// let rule = Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept().comment("answers");
    /// assert_eq!(rule.nft(Family::Inet).to_string(), "ct state established,related accept comment \"answers\"");
    /// ```
    pub fn nft(&self, family: Family) -> Nft<'_> {
        Nft::new(What::Rule(family, self))
    }
}

impl Set {
    /// The set or map, with its elements, in nft's language.
    ///
    /// ```
    /// use portcullis::{DataType, Element, Set, expr::Data};
    ///
    /// let ports = Set::new("ports", DataType::INET_SERVICE).element(Element::new(Data::network_u16(22)));
    /// assert_eq!(ports.nft().to_string(), "set ports {\n\ttype inet_service\n\telements = { 22 }\n}\n");
    /// assert_eq!(ports.nft().terse().to_string(), "set ports {\n\ttype inet_service\n}\n");
    /// ```
    pub fn nft(&self) -> Nft<'_> {
        Nft::new(What::Set(self))
    }
}

impl Object {
    /// The object in nft's language; nothing for a kind that nft has no words for.
    pub fn nft(&self) -> Nft<'_> {
        Nft::new(What::Object(self))
    }
}

impl Flowtable {
    /// The flowtable in nft's language.
    pub fn nft(&self) -> Nft<'_> {
        Nft::new(What::Flowtable(self))
    }
}
