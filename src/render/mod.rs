//! Rules and rulesets as text and pictures, without a kernel.

mod bytecode;
mod listing;
pub mod nft;

pub use bytecode::Bytecode;
pub use listing::Listing;
