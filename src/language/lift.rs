//! From expressions to words: the way back of [`lowering`](super::lowering).
//!
//! At each place of a rule, every word is asked what the next expressions look like to it; its answer is lowered
//! and held against them. So a word's `lift` only has to guess: what does not lower to the same expressions, and
//! the same sets, stays as expressions. Tests that a word silently depends on are left out where the word itself
//! brings them back.

mod compare;
mod filled;
mod joined;
mod same;
mod whole;

pub(crate) use compare::{prefix_between, said_as_list};
pub(crate) use filled::same as same_as_kept;
pub(crate) use same::sorted;

use super::{
    Layer3, Statement,
    lowering::{Known, LoweredBehind, lower_behind},
    neighbours::Neighbours,
    statement::RECOGNISERS,
};
use crate::{
    Rule,
    expr::{Cmp, CmpOp, Data, Expr, Meta, MetaKey, ObjectKind, Payload, PayloadBase},
    object::{Family, Set},
};
use joined::apart;
use same::Sets;

/// A word that can be recognised.
pub(crate) trait Lift: Sized {
    /// The word that the next expressions look like. It need not be right: it is lowered and compared.
    fn lift(from: &Lifting<'_>) -> Option<Self>;
}

/// A place in a rule, where words are looked for.
pub(crate) struct Lifting<'a> {
    /// What comes.
    expressions: &'a [Expr],
    /// The tests before, on which the word might depend.
    skipped: &'a [Expr],
    sets: &'a [Set],
    layer3: Option<Layer3>,
    layer4: Option<u8>,
}

impl<'a> Lifting<'a> {
    /// What comes.
    pub(crate) fn expressions(&self) -> &'a [Expr] {
        self.expressions
    }

    /// The anonymous set of this name, or of this number in the transaction, if it is one of those that are known.
    pub(crate) fn find_set(&self, name: &str, id: Option<u32>) -> Option<&'a Set> {
        same::find(name, id, self.sets)
    }

    /// The kind of objects that a map of the table leads to, if it is one of those that are known.
    pub(crate) fn object_kind(&self, map: &str) -> Option<ObjectKind> {
        self.sets.iter().find(|set| set.name == map).and_then(Set::object_kind)
    }

    /// The transport protocol, where the rule so far or the tests right before have fixed it.
    pub(crate) fn layer4(&self) -> Option<u8> {
        self.layer4.or_else(|| match self.skipped {
            [.., Expr::Meta(Meta { key: MetaKey::L4Proto, .. }), Expr::Cmp(cmp)] => byte(&cmp.data),
            _ => None,
        })
    }

    /// The IP version, where the table or the rule so far has fixed it.
    pub(crate) fn known_layer3(&self) -> Option<Layer3> {
        self.layer3
    }

    /// The IP version, where the table, the rule so far or the tests right before have fixed it.
    pub(crate) fn layer3(&self) -> Option<Layer3> {
        self.layer3.or_else(|| match self.skipped {
            [Expr::Meta(Meta { key: MetaKey::NfProto | MetaKey::Protocol, .. }), Expr::Cmp(cmp), ..] => {
                version(&cmp.data)
            }
            _ => None,
        })
    }
}

/// The IP version that a test of `meta nfproto` or `meta protocol` compares with.
pub(crate) fn version(data: &Data) -> Option<Layer3> {
    match data.as_bytes() {
        [2] | [0x08, 0x00] => Some(Layer3::V4),
        [10] | [0x86, 0xdd] => Some(Layer3::V6),
        _ => None,
    }
}

/// A register of one byte.
pub(crate) fn byte(data: &Data) -> Option<u8> {
    let [byte] = data.as_bytes() else { return None };
    Some(*byte)
}

/// A number of a packet field.
pub(crate) fn network_u16(data: &Data) -> Option<u16> {
    data.as_bytes().try_into().ok().map(u16::from_be_bytes)
}

/// A number that the kernel computed.
pub(crate) fn host_u32(data: &Data) -> Option<u32> {
    data.as_bytes().try_into().ok().map(u32::from_ne_bytes)
}

/// A number that the kernel computed.
pub(crate) fn host_u64(data: &Data) -> Option<u64> {
    data.as_bytes().try_into().ok().map(u64::from_ne_bytes)
}

/// A name, filled up with NUL.
pub(crate) fn text(data: &Data) -> Option<String> {
    let bytes = data.as_bytes();
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    std::str::from_utf8(bytes.get(..end)?).ok().map(str::to_owned)
}

impl Rule {
    /// The rule in words, as far as there are words for its expressions; what has none stays an expression. All
    /// else of the rule is kept.
    ///
    /// `sets` are the anonymous sets that the rule looks up: by name as the kernel calls them, or in the order of
    /// [`Lowered::sets`](super::Lowered::sets). A lookup of another anonymous set stays an expression; sets of the
    /// table are known by their names.
    ///
    /// In the same family, the result lowers to the same expressions, but for what the kernel itself fills in where
    /// nothing is said, such as a log's level. Where several sentences do, it is the shortest:
    /// `.ipv4().saddr("10.0.2.1")` in an inet table becomes `.saddr("10.0.2.1")`. Fields that are loaded together are
    /// words in the header's order, `.sport(1).dport(2)`; where a program has loaded them one by one, the second
    /// stays an expression.
    ///
    /// ```
    /// use portcullis::{Family, Rule, language::Statement};
    ///
    /// let rule = Rule::new().tcp().dport([80, 443]).saddr("10.0.2.0/24").accept();
    /// let lowered = rule.lower(Family::Inet)?;
    /// let mut read = Rule::new();
    /// read.body = lowered.expressions.into_iter().map(Statement::Expr).collect();
    /// assert_eq!(read.lift(Family::Inet, &lowered.sets), rule);
    /// # Ok::<(), portcullis::Invalid>(())
    /// ```
    #[must_use]
    pub fn lift(&self, family: Family, sets: &[Set]) -> Self {
        let body = lift_body(self, family, sets).or_else(|| lift_body(self, family, &[]));
        self.with_body(body.unwrap_or_else(|| self.body.clone()))
    }

    /// All else of the rule with another body.
    fn with_body(&self, body: Vec<Statement>) -> Self {
        let Self { body: _, userdata, handle, unknown, label, origin, problem } = self;
        Self {
            body,
            userdata: userdata.clone(),
            handle: *handle,
            unknown: unknown.clone(),
            label: label.clone(),
            origin: *origin,
            problem: problem.clone(),
        }
    }
}

/// `None` where the words would not say the same.
fn lift_body(rule: &Rule, family: Family, sets: &[Set]) -> Option<Vec<Statement>> {
    if rule.problem.is_some() {
        return None;
    }
    let plain = walk(rule, &rule.body, family, sets, Vec::new());
    // What a `reject` depends on stands at the beginning of the rule: it may be that nothing else said it.
    let test: Vec<Expr> = rule.body.iter().map_while(expression).take(2).cloned().collect();
    let rejects = rule.expressions().any(|expression| matches!(expression, Expr::Reject(_)));
    if !rejects || dependencies(&test) == 0 {
        return plain;
    }
    let implied = walk(rule, rule.body.get(2..)?, family, sets, test);
    let expressions = |body: &[Statement]| body.iter().filter_map(expression).count();
    let cost = |body: &Vec<Statement>| (expressions(body), body.len());
    [implied, plain].into_iter().flatten().min_by_key(cost)
}

/// Lifts statements of a rule, whose first test, if any, a `reject` among them has put there.
fn walk(
    rule: &Rule,
    statements: &[Statement],
    family: Family,
    sets: &[Set],
    implied: Vec<Expr>,
) -> Option<Vec<Statement>> {
    let (expressions, made, body) = (Vec::new(), Vec::new(), Vec::with_capacity(statements.len()));
    let mut walk = Walk { family, sets, known: Known::of(family), implied, expressions, made, body };
    let mut rest = statements;
    while let [first, others @ ..] = rest {
        if matches!(first, Statement::Expr(_)) {
            let run: Vec<Expr> = rest.iter().map_while(expression).cloned().collect();
            walk.run(&run);
            rest = rest.get(run.len()..).unwrap_or_default();
        } else {
            walk.known = walk.lower(std::slice::from_ref(first), 0).known.ok()?;
            walk.body.push(first.clone());
            rest = others;
        }
    }
    let words = rule.with_body(walk.body);
    let (before, after) = (rule.lower(family).ok()?, words.lower(family).ok()?);
    let faithful = same::but_for_sets(&before.expressions, &after.expressions)
        // The numbers of sets that are still looked up by expressions would be taken by those of words.
        && (after.sets.is_empty() || !words.expressions().any(same::looks_up_by_number));
    faithful.then_some(words.body)
}

fn expression(statement: &Statement) -> Option<&Expr> {
    match statement {
        Statement::Expr(expression) => Some(expression),
        _ => None,
    }
}

/// A rule being lifted.
struct Walk<'a> {
    family: Family,
    /// Those that are looked up.
    sets: &'a [Set],
    /// What the words so far have tested.
    known: Known,
    /// A test before, which no word has brought yet.
    implied: Vec<Expr>,
    /// What the words so far are lowered to, and the sets of that.
    expressions: Vec<Expr>,
    made: Vec<Set>,
    body: Vec<Statement>,
}

impl Walk<'_> {
    /// Lifts a run of expressions.
    fn run(&mut self, run: &[Expr]) {
        let mut rest = run;
        while let [first, others @ ..] = rest {
            if let Some(count) = self.word(rest) {
                rest = rest.get(count..).unwrap_or_default();
            } else {
                self.expressions.push(first.clone());
                self.body.push(Statement::Expr(first.clone()));
                self.known.neighbours = Neighbours::default();
                rest = others;
            }
        }
    }

    /// Finds the word, or the two words, that the next expressions are; how many.
    fn word(&mut self, rest: &[Expr]) -> Option<usize> {
        // A word that brings the tests that it depends on comes before words for these.
        let implied = self.implied.clone();
        for skip in (0..=dependencies(rest)).rev() {
            let (skipped, expressions) = rest.split_at_checked(skip * 2)?;
            let skipped = if skipped.is_empty() { implied.as_slice() } else { skipped };
            let place = Lifting {
                expressions,
                skipped,
                sets: self.sets,
                layer3: self.known.layer3,
                layer4: self.known.layer4,
            };
            for recognise in RECOGNISERS {
                let found = recognise(&place).and_then(|word| self.accept([word], rest));
                if found.is_some() {
                    return found;
                }
            }
            let found = apart(expressions).and_then(|fields| self.two_words(&place, fields, rest));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Finds the words that the tests of two fields are, which the rule loads together.
    fn two_words(&mut self, place: &Lifting<'_>, fields: [[Expr; 2]; 2], rest: &[Expr]) -> Option<usize> {
        let [first, second] = &fields;
        let word =
            |field, recognise: fn(&Lifting<'_>) -> _| recognise(&Lifting { expressions: field, ..*place });
        // Where the second was tested before alone, the first would be joined with that.
        for [one, other] in [[first, second], [second, first]] {
            for one in RECOGNISERS.iter().filter_map(|recognise| word(one, *recognise)) {
                for other in RECOGNISERS.iter().filter_map(|recognise| word(other, *recognise)) {
                    let found = self.accept([one.clone(), other], rest);
                    if found.is_some() {
                        return found;
                    }
                }
            }
        }
        None
    }

    /// Takes words if they are lowered to what comes; how many expressions that is.
    fn accept<const N: usize>(&mut self, words: [Statement; N], rest: &[Expr]) -> Option<usize> {
        let (before, sets) = (self.expressions.len(), self.made.len());
        let LoweredBehind { at_beginning, known } = self.lower(&words, before);
        let found = known.ok().and_then(|known| Some((known, self.emitted(at_beginning, before, rest)?)));
        let Some((known, count)) = found else {
            self.expressions.drain(..at_beginning.min(self.expressions.len()));
            self.expressions.truncate(before);
            self.made.truncate(sets);
            return None;
        };
        if at_beginning > 0 {
            self.implied.clear();
        }
        self.known = known;
        self.body.extend(words);
        Some(count)
    }

    /// Lowers words behind the others, of whose expressions the first `fixed` stay as they are.
    fn lower(&mut self, words: &[Statement], fixed: usize) -> LoweredBehind {
        lower_behind(words, self.family, self.known, (&mut self.expressions, fixed), &mut self.made)
    }

    /// How many of the next expressions a word has been lowered to; `None` if it says something else.
    fn emitted(&self, at_beginning: usize, before: usize, rest: &[Expr]) -> Option<usize> {
        // What the word depends on has gone to the beginning.
        let (moved, others) = self.expressions.split_at_checked(at_beginning)?;
        let emitted = others.get(before..)?;
        let next = rest.get(..emitted.len()).filter(|next| !next.is_empty())?;
        let same = (moved.is_empty() || moved == self.implied)
            && Sets { left: &self.made, right: self.sets }.same(emitted, next);
        same.then_some(next.len())
    }
}

/// How many tests there are at the beginning that words silently depend on, each of two expressions.
fn dependencies(expressions: &[Expr]) -> usize {
    let is_test = |pair: &[Expr]| match pair {
        [Expr::Meta(Meta { key, .. }), Expr::Cmp(_)] => {
            matches!(key, MetaKey::NfProto | MetaKey::Protocol | MetaKey::L4Proto | MetaKey::IifType)
        }
        // The type in an Ethernet header, which says that a VLAN tag follows.
        [
            Expr::Payload(Payload { base: PayloadBase::Link, offset: 12, len: 2, .. }),
            Expr::Cmp(Cmp { op: CmpOp::Eq, .. }),
        ] => true,
        _ => false,
    };
    expressions.chunks(2).take(3).take_while(|pair| is_test(pair)).count()
}

#[cfg(test)]
pub(crate) mod tests;
