//! Rules and rulesets as text and pictures, without a kernel.

mod bytecode;
mod listing;
pub mod nft;
mod picture;

pub use bytecode::Bytecode;
pub use listing::Listing;
pub use picture::{Dot, Svg};
