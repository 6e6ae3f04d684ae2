//! The line that begins an object in a snapshot: what it is, where it belongs, and its name.

use std::fmt::{self, Display, Write};

use crate::object::{ChainRef, Family, SetRef, TableRef};

/// What stands in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    Object,
    Flowtable,
    Set,
    Elements,
    Chain,
    Rule,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Table, Self::Object, Self::Flowtable, Self::Set, Self::Elements, Self::Chain, Self::Rule];

    const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Object => "object",
            Self::Flowtable => "flowtable",
            Self::Set => "set",
            Self::Elements => "elements",
            Self::Chain => "chain",
            Self::Rule => "rule",
        }
    }

    /// The kind whose word a line begins with.
    pub(super) fn of(line: &str) -> Option<Self> {
        let word = line.split(' ').next();
        Self::ALL.into_iter().find(|kind| Some(kind.word()) == word)
    }
}

/// `table inet edge`
pub(super) fn table(table: &TableRef) -> String {
    line(Kind::Table, table, &[])
}

/// `object inet edge hits`, for an object, flowtable, set or chain.
pub(super) fn named(kind: Kind, table: &TableRef, name: &str) -> String {
    line(kind, table, &[&Name(name)])
}

/// `elements inet edge blocked 3`, with how many there are.
pub(super) fn elements(set: &SetRef, count: usize) -> String {
    line(Kind::Elements, &set.table, &[&Name(&set.name), &count])
}

/// `rule inet edge input 1`, with its place in the chain, counted from 1.
pub(super) fn rule(chain: &ChainRef, place: usize) -> String {
    line(Kind::Rule, &chain.table, &[&Name(&chain.name), &place])
}

fn line(kind: Kind, table: &TableRef, rest: &[&dyn Display]) -> String {
    let mut line = format!("{} {} {}", kind.word(), table.family, Name(&table.name));
    for part in rest {
        // Writing to a String cannot fail.
        let _ = write!(line, " {part}");
    }
    line
}

/// The family that a heading says.
pub(super) fn family(line: &str) -> Option<Family> {
    let word = line.split(' ').nth(1)?;
    let known = Family::ALL.iter().copied().find(|family| family.word() == Some(word));
    known.or_else(|| word.parse().ok().map(Family::from_number))
}

/// A number behind a heading's name.
pub(super) fn last_number(line: &str) -> Option<usize> {
    line.rsplit(' ').next()?.parse().ok()
}

/// A name as it is where it is plain, and otherwise between quotes, in ASCII, without `#`.
pub(super) struct Name<'a>(pub(super) &'a str);

impl Name<'_> {
    /// Whether it is written as it is.
    pub(super) fn is_plain(&self) -> bool {
        let plain = |character: char| character.is_ascii_alphanumeric() || "_-.:/%+*@".contains(character);
        !self.0.is_empty() && self.0.chars().all(plain)
    }
}

impl Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            return f.write_str(self.0);
        }
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '#' => f.write_str("\\u{23}")?,
                other => write!(f, "{}", other.escape_default())?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_say_what_and_where() {
        let edge = TableRef::new(Family::Inet, "edge");
        assert_eq!(table(&edge), "table inet edge");
        assert_eq!(named(Kind::Chain, &edge, "my #1 \"chain\"\né"), CHAIN);
        assert_eq!(elements(&edge.set("blocked"), 3), "elements inet edge blocked 3");
        let odd = TableRef::new(Family::Other(77), "");
        assert_eq!(rule(&odd.chain("c"), 9), "rule 77 \"\" c 9");
        assert_eq!(family("rule 77 \"\" c 9"), Some(Family::Other(77)));
        assert_eq!(family("table inet edge"), Some(Family::Inet));
        assert_eq!(family("table inette edge"), None);
        assert_eq!(Kind::of("elements inet edge blocked 3"), Some(Kind::Elements));
        assert_eq!(Kind::of("element"), None);
    }

    const CHAIN: &str = r#"chain inet edge "my \u{23}1 \"chain\"\n\u{e9}""#;
}
