//! Rules as the kernel's bytecode, in the words of libnftnl.

use crate::{
    Invalid, Rule,
    object::{Family, TableRef},
    transaction::{OperationId, Transaction},
};

impl Rule {
    /// The rule as `nft --debug=netlink` would print it: `[ meta load l4proto => reg 1 ]`, one expression a
    /// line.
    ///
    /// Printed by libnftnl; an expression that libnftnl does not know is shown by its name.
    ///
    /// ```
    /// use portcullis::{Family, Rule};
    ///
    /// let text = Rule::new().tcp().accept().bytecode(Family::Inet)?;
    /// assert_eq!(
    ///     text,
    ///     "[ meta load l4proto => reg 1 ]\n[ cmp eq reg 1 0x00000006 ]\n[ immediate reg 0 accept ]"
    /// );
    /// # Ok::<(), portcullis::Invalid>(())
    /// ```
    pub fn bytecode(&self, family: Family) -> Result<String, Invalid> {
        let mut transaction = Transaction::new();
        let chain = TableRef::new(family, "table").chain("chain");
        let id = transaction.add_rule(chain, self);
        if let Some(problem) = transaction.problems().first() {
            return Err(problem.problem.clone());
        }
        Ok(text(&transaction, id).unwrap_or_else(|| self.names(family)))
    }

    fn names(&self, family: Family) -> String {
        let expressions = self.lower(family).map(|lowered| lowered.expressions).unwrap_or_default();
        expressions
            .iter()
            .map(|expression| format!("[ {} ]", expression.name()))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn text(transaction: &Transaction, id: OperationId) -> Option<String> {
    let text = portcullis_sys::nftnl::rule_text(transaction.batch.bytes_of(id)?)?;
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with('['));
    Some(lines.collect::<Vec<_>>().join("\n"))
}
