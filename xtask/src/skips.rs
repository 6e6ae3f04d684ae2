//! Which tests were skipped, and whether that was to be expected.
//!
//! A test that cannot run on a machine appends `test name: reason` to the file that `PORTCULLIS_SKIPS` names. What is
//! expected stands in `tests/expected-skips.txt`:
//!
//! ```text
//! # A comment.
//! [root]           # the tests below are skipped when root runs them
//! flowtable::*     # one name a line, or a pattern; `*` stands for anything
//! [root userns]    # in both contexts
//! [userns]         # when an ordinary user runs them
//! ```
//!
//! `tests/expected-skips-kernels.txt` is the same for `cargo xtask kernels`, with kernels in place of contexts.

use std::collections::BTreeMap;
use std::path::Path;

use crate::process::{self, Result, doing, failed};

/// The environment variable that names the file to which tests write what they skip.
pub(crate) const VARIABLE: &str = "PORTCULLIS_SKIPS";

/// What an unexpected skip means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The run has failed.
    Strict,
    /// It is reported, no more: other kernels lack other features.
    Lenient,
}

/// The skipped tests and their reasons, each test once.
pub(crate) type Skipped = BTreeMap<String, String>;

/// Reads what a run wrote; nothing written means nothing skipped.
pub(crate) fn read(file: &Path) -> Result<Skipped> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(parse_skipped(&String::from_utf8_lossy(&bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Skipped::new()),
        Err(error) => Err(doing(format!("read {}", file.display()))(error)),
    }
}

/// Reads `test name: reason` lines. The separator is a colon with a space: a test's name has colons of its own.
pub(crate) fn parse_skipped(text: &str) -> Skipped {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let split =
        lines.map(|line| line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "no reason given")));
    split.map(|(name, reason)| (name.trim().to_owned(), reason.trim().to_owned())).collect()
}

/// The committed list of the skips to expect.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Patterns of test names, with the sections in which they stand.
    patterns: Vec<(String, Vec<String>)>,
}

impl Expected {
    /// Reads a list below the root of the repository, whose sections may have these names.
    pub(crate) fn read(file: &str, sections: &[&str]) -> Result<Expected> {
        let path = process::root().join(file);
        let text = std::fs::read_to_string(&path).map_err(doing(format!("read {}", path.display())))?;
        Self::parse(file, &text, sections)
    }

    fn parse(file: &str, text: &str, known: &[&str]) -> Result<Expected> {
        let mut expected = Expected::default();
        let mut sections: Vec<String> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            let wrong = |what: String| failed(format!("{file}, line {number}: {what}"));
            if line.is_empty() {
                continue;
            }
            if let Some(names) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                sections = names.split_whitespace().map(str::to_owned).collect();
                if let Some(name) = sections.iter().find(|name| !known.contains(&name.as_str())) {
                    return wrong(format!("'{name}' is none of {}", known.join(", ")));
                }
            } else if sections.is_empty() {
                return wrong(format!("put a section such as [{}] above this test", known.join(" ")));
            } else {
                expected.patterns.push((line.to_owned(), sections.clone()));
            }
        }
        Ok(expected)
    }

    /// Holds what was skipped in one run against the list's section for it.
    pub(crate) fn compare(&self, section: &str, skipped: &Skipped) -> Comparison {
        let here = self.patterns.iter().filter(|(_, sections)| sections.iter().any(|name| name == section));
        let here: Vec<&str> = here.map(|(pattern, _)| pattern.as_str()).collect();
        let is_expected = |name: &str| here.iter().any(|pattern| matches(pattern, name));
        let has_skipped = |pattern: &str| skipped.keys().any(|name| matches(pattern, name));
        Comparison {
            unexpected: skipped.keys().filter(|name| !is_expected(name)).cloned().collect(),
            not_skipped: here
                .iter()
                .filter(|pattern| !has_skipped(pattern))
                .map(|p| (*p).to_owned())
                .collect(),
        }
    }
}

/// The two ways in which the skips of a run differ from the list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Tests that were skipped though the list does not say so.
    pub(crate) unexpected: Vec<String>,
    /// Patterns of the list that matched no skip: those tests ran, or are no more.
    pub(crate) not_skipped: Vec<String>,
}

/// True if the name is the pattern, in which each `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    rest.is_empty() || ends.any(|at| matches(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(text: &str) -> Skipped {
        parse_skipped(text)
    }

    fn expected(text: &str) -> Expected {
        Expected::parse("list", text, &["root", "userns"]).expect("a good list")
    }

    #[test]
    fn skips_are_read_with_their_reasons_and_once_each() {
        let read = skipped("nat::masq: no `masq`: ENOENT\n\nbare\nbare2:\nnat::masq: again\n");
        let wanted = [("bare", "no reason given"), ("bare2", "no reason given"), ("nat::masq", "again")];
        assert_eq!(read, wanted.map(|(name, reason)| (name.to_owned(), reason.to_owned())).into());
    }

    #[test]
    fn the_list_has_sections_comments_and_patterns() {
        let list = expected("# top\n[root userns] # both\na::* # why\n\n[userns]\nb\n");
        let both = vec!["root".to_owned(), "userns".to_owned()];
        let wanted = vec![("a::*".to_owned(), both), ("b".to_owned(), vec!["userns".to_owned()])];
        assert_eq!(list.patterns, wanted);
    }

    #[test]
    fn a_bad_list_names_its_line() {
        for (text, line, word) in
            [("a", "line 1", "[root userns]"), ("[root]\na\n[user]\n", "line 3", "'user'")]
        {
            let message =
                format!("{:?}", Expected::parse("list", text, &["root", "userns"]).expect_err("a bad list"));
            assert!(message.contains(line) && message.contains(word), "{message}");
        }
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name) in
            [("a", "a"), ("a*", "a"), ("a*", "abc"), ("*c", "abc"), ("a*c*e", "abcde"), ("*", "")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("a*", "ba"), ("*c", "abcd"), ("a*c*e", "abde"), ("", "a")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn each_context_is_compared_with_its_own_sections() {
        let list = expected("[root]\nflow::*\n[userns]\nsecmark\n[root userns]\nqueue\n");
        let run = skipped("flow::offload: none\nqueue: none\n");
        assert_eq!(list.compare("root", &run), Comparison::default());
        let userns = list.compare("userns", &run);
        assert_eq!(userns.unexpected, ["flow::offload"]);
        assert_eq!(userns.not_skipped, ["secmark"]);
    }

    #[test]
    fn the_committed_list_is_readable() {
        assert!(Expected::read("tests/expected-skips.txt", &["root", "userns"]).is_ok());
    }
}
