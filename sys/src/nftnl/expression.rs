//! Bytes of an expression as an expression of the `nftnl` crate.

use std::alloc::{Layout, handle_alloc_error};
use std::ptr::NonNull;

use nftnl::expr::Expression;
use nftnl::nftnl_sys::nftnl_expr;

use super::attribute::{attributes, find};
use super::message::Message;
use super::object::{Object, Rule};

/// `NFTA_RULE_EXPRESSIONS`.
const EXPRESSIONS: u16 = 4;

/// One expression in bytes, which the `nftnl` crate takes for one of its own.
///
/// libnftnl makes its object of the bytes, so there is no second table of expressions to keep in step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedExpression {
    /// A rule with this expression only, which libnftnl has parsed once.
    rule: Message,
}

impl EncodedExpression {
    /// Takes the message of a rule (`NFT_MSG_NEWRULE`) that has exactly one expression and need have nothing else.
    ///
    /// `None` if there is not one, or if this version of libnftnl does not know it with all its attributes.
    #[must_use]
    pub fn new(message: &[u8]) -> Option<Self> {
        let rule = Rule::message(message)?;
        let all = rule.attributes();
        let count = attributes(find(&attributes(&all)?, EXPRESSIONS)?)?.len();
        // Parsed, and freed, to know that it can be.
        (count == 1 && Rule::parse(&rule).is_some()).then_some(Self { rule })
    }
}

impl Expression for EncodedExpression {
    fn to_expr(&self, _rule: &nftnl::Rule<'_>) -> NonNull<nftnl_expr> {
        // What was parsed once fails again only for want of memory; the `nftnl` crate aborts then, too.
        Rule::parse(&self.rule)
            .and_then(Rule::into_first_expression)
            .unwrap_or_else(|| handle_alloc_error(Layout::new::<[u64; 8]>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nftnl::encode;
    use crate::nftnl::example::{self, attribute};
    use crate::nftnl::nftnl::{MsgType, Rule as Target};
    use crate::testing::message;

    fn one(expression: &[u8]) -> Vec<u8> {
        let kind = (libc::NFNL_SUBSYS_NFTABLES << 8 | libc::NFT_MSG_NEWRULE) as u16;
        message(kind, 0, 0, &attribute(4 | 0x8000, &attribute(1 | 0x8000, expression)))
    }

    fn numgen() -> Vec<u8> {
        let data = [
            attribute(1, &1_u32.to_be_bytes()),
            attribute(2, &3_u32.to_be_bytes()),
            attribute(3, &0_u32.to_be_bytes()),
            attribute(4, &0_u32.to_be_bytes()),
        ]
        .concat();
        [attribute(1, b"numgen\0"), attribute(2 | 0x8000, &data)].concat()
    }

    #[test]
    fn the_crate_gains_an_expression_that_it_lacks() {
        let expression = EncodedExpression::new(&one(&numgen())).unwrap();
        let table = example::table();
        let chain = example::chain(&table);
        let mut rule = Target::new(&chain);
        rule.add_expr(&expression);
        rule.add_expr(&nftnl::expr::Counter);
        rule.add_expr(&expression.clone());
        let bytes = encode(&rule, MsgType::Add, 1);
        let wanted = numgen();
        assert_eq!(bytes.windows(wanted.len()).filter(|part| *part == wanted).count(), 2);
        let text = crate::nftnl::rule_text(&bytes).unwrap();
        assert_eq!(text.matches("[ numgen reg 1 = inc mod 3 ]").count(), 2, "{text}");
    }

    #[test]
    fn exactly_one_that_libnftnl_knows() {
        assert!(EncodedExpression::new(&one(&attribute(1, b"nonsense\0"))).is_none());
        assert!(EncodedExpression::new(&one(&[])).is_none());
        assert!(EncodedExpression::new(&example::rule()).is_none());
        assert!(EncodedExpression::new(&message(0x0a06, 0, 0, &[])).is_none());
    }
}
