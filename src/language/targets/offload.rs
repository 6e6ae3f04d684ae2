//! The short way through the machine: nft's `flow add @fast`.

use crate::{
    Invalid, Rule,
    expr::{Expr, FlowOffload},
    language::{Lift, Lifting, Lower, Lowering},
    object::check_name,
};

/// Puts the packet's connection into a flowtable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Offload(pub String);

impl Rule {
    /// Puts the packet's connection into a flowtable of the table: what follows of it passes from device to device
    /// without seeing the rules again. In chains at the hook forward, for connections that are established.
    ///
    /// ```
    /// use portcullis::{CtState, Rule};
    ///
    /// Rule::new().ct_state(CtState::ESTABLISHED).offload("fast").accept();
    /// ```
    #[doc(alias = "flow_add")]
    #[must_use]
    pub fn offload(self, flowtable: impl Into<String>) -> Self {
        self.word(|| Offload(flowtable.into()))
    }
}

impl Lower for Offload {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        check_name("flowtable", &self.0)?;
        to.push(FlowOffload::new(self.0.clone()));
        Ok(())
    }
}

impl Lift for Offload {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::FlowOffload(flow), ..] = from.expressions() else { return None };
        Some(Self(flow.table.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::targets::golden::golden_everywhere;

    #[test]
    fn as_nft_says_it() {
        // flow add @f
        golden_everywhere(&Rule::new().offload("f"), &["flow_offload flowtable f"]);
    }
}
