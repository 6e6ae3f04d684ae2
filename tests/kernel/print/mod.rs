//! What is printed in nft's language, given back to nft.

mod objects;
mod rules;
