//! Verdicts, as maps hold them.

use crate::expr::{ChainTarget, Verdict};

/// The verdict; `None` where nft has no words.
pub(super) fn verdict(verdict: &Verdict) -> Option<String> {
    Some(match verdict {
        Verdict::Accept => "accept".to_owned(),
        Verdict::Drop => "drop".to_owned(),
        Verdict::Continue => "continue".to_owned(),
        Verdict::Return => "return".to_owned(),
        Verdict::Jump(ChainTarget::Name(name)) => format!("jump {name}"),
        Verdict::Goto(ChainTarget::Name(name)) => format!("goto {name}"),
        _ => return None,
    })
}
