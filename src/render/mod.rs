//! Rules and rulesets as text and pictures, without a kernel.

pub mod nft;
