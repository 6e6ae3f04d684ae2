//! What the contenders of `cargo xtask bench` share, so that each of them is only what its library asks for.
//!
//! A contender implements [`Contender`] and calls [`run`]. The protocol (arguments, output, exit statuses, what is
//! timed) is in `benches/peers/README.md`.
#![forbid(unsafe_code)]

mod contender;
mod failure;
mod numbers;
mod prepare;
mod run;
mod workload;

pub use contender::Contender;
pub use failure::{Failure, Result};
pub use numbers::{CHAIN, NAT_CHAIN, NAT_PORT, REPLACEMENT, SET, TABLE, address, port, prefix};
pub use run::run;
pub use workload::{Members, Shape, Workload};
