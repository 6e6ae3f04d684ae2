//! What a rule does with a packet. One file for each.

mod count;
mod decide;

pub use count::Count;
pub use decide::Decide;
