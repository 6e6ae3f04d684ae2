//! Rules in nft's language: expressions back to statements.
//!
//! A rule loads values into registers and then uses them. [`Registers`] keeps for each register the tree of
//! expressions that filled it; a comparison, a lookup or a statement takes the tree and says it. What bytes of the
//! packet are called depends on the protocols that were tested before ([`Layers`]); tests that nft makes of itself
//! where a field is named are not said ([`Sentence::forget_implied`]).
//!
//! The aim is text from which `nft -f` makes the same expressions; where `nft list` prints something from which it
//! would make others, the exact text is preferred to nft's.

mod bytes;
mod decide;
mod extension;
mod keys;
mod layers;
mod load;
mod matching;
mod neighbours;
mod protocol;
mod registers;
mod sentence;
mod spelling;
mod store;
mod translate;
mod update;
mod value;
mod words;

use self::{layers::Layers, registers::Registers, sentence::Sentence, words::Speaker};
use super::around::Around;
use crate::expr::Expr;

/// A rule's statements in nft's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleText {
    /// The statements, separated by blanks, without the rule's comment.
    pub(super) text: String,
    /// Whether nft has words for all of it. Where it has none, the text names the expression (`xt match string`, as nft
    /// itself does for what iptables put there, or `expression inner`), and `nft -f` refuses the rule.
    pub(super) lossless: bool,
    /// Whether nft makes other expressions of the text that mean the same.
    pub(super) other_bytes: bool,
    /// Whether nft makes these expressions of the text from version 1.1.0 on, and others that mean something else before.
    pub(super) newer: bool,
}

/// The statements of a rule.
pub(super) fn statements(expressions: &[Expr], around: Around<'_>) -> RuleText {
    let mut reader = Reader {
        around,
        layers: Layers::new(around.family),
        registers: Registers::default(),
        sentence: Sentence::default(),
        lossless: true,
        other_bytes: false,
        newer: false,
    };
    expressions.iter().for_each(|expression| reader.read(expression));
    RuleText {
        text: reader.sentence.text(),
        lossless: reader.lossless,
        other_bytes: reader.other_bytes || reader.sentence.is_merged(),
        newer: reader.newer,
    }
}

/// A rule on the way to its text.
struct Reader<'a> {
    around: Around<'a>,
    layers: Layers,
    registers: Registers,
    sentence: Sentence,
    lossless: bool,
    other_bytes: bool,
    newer: bool,
}

impl Reader<'_> {
    fn speaker(&self) -> Speaker<'_> {
        Speaker { around: self.around, layers: &self.layers }
    }

    fn read(&mut self, expression: &Expr) {
        self.lossless &= !spelling::has_unknown_attributes(expression);
        if self.say(expression).is_none() {
            self.lossless = false;
            let text = unsaid(expression);
            self.sentence.push(text);
        }
    }

    /// Says an expression, or keeps what it loads; `None` where nft has no words.
    fn say(&mut self, expression: &Expr) -> Option<()> {
        if let Some(text) = self.around.names.stateful(expression) {
            return self.push(text);
        }
        match expression {
            Expr::Cmp(cmp) => self.compare(cmp),
            Expr::Range(range) => self.range(range),
            Expr::Lookup(lookup) => self.lookup(lookup),
            Expr::Dynset(dynset) => self.update(dynset),
            Expr::Immediate(immediate) => self.immediate(immediate),
            Expr::Objref(objref) => self.object(objref),
            Expr::Log(log) => self.log(log),
            Expr::Reject(reject) => self.reject(reject),
            Expr::Queue(queue) => self.queue(queue),
            Expr::Synproxy(synproxy) => self.synproxy(synproxy),
            Expr::FlowOffload(offload) => self.push(format!("flow add @{}", offload.table)),
            Expr::Notrack(_) => self.push("notrack".to_owned()),
            Expr::Dup(dup) => self.duplicate(dup),
            Expr::Fwd(fwd) => self.forward(fwd),
            Expr::Nat(nat) => self.nat(nat),
            Expr::Masq(masq) => self.masquerade(masq),
            Expr::Redir(redir) => self.redirect(redir),
            Expr::Tproxy(tproxy) => self.tproxy(tproxy),
            other => self.load_or_store(other),
        }
    }

    fn push(&mut self, text: String) -> Option<()> {
        self.sentence.push_action(text);
        Some(())
    }
}

/// What stands for an expression that nft cannot say.
fn unsaid(expression: &Expr) -> String {
    match expression {
        Expr::XtMatch(xt) => format!("xt match {}", xt.name),
        Expr::XtTarget(xt) => format!("xt target {}", xt.name),
        // Not a comment: what comes behind it would be lost in silence, and the rule be another.
        other => format!("expression {}", other.name()),
    }
}

#[cfg(test)]
mod tests;
