//! What is printed in nft's language, given back to nft.

mod compat;
mod objects;
mod rules;
