//! Rules and rulesets as text and pictures, without a kernel.

mod bytecode;
pub mod nft;

pub use bytecode::Bytecode;
