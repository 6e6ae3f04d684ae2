//! The C side of `portcullis`, and the only place in it where `unsafe` is allowed.
//!
//! Everything public here is safe to call, with any bytes: what C would not survive is refused in Rust first.
//!
//! - [`socket`]: a netlink socket. libmnl opens, binds and names it (feature `mnl`; without it the same system calls are
//!   made from here); what libmnl lacks (one `sendmsg` of many pieces, non-blocking receive, buffer sizes) goes straight
//!   to the socket's file descriptor.
//! - [`memory`]: pages for what is about to be written, many at once.
//! - `nftnl` (feature `nftnl`): libnftnl as a bridge for objects of the `nftnl` crate, and as a judge of bytes.
//! - `interrupt` (feature `testing`): signals that interrupt system calls, for the tests of all crates here.
//!
//! # Licences
//! libmnl is LGPL-2.1-or-later, and is linked with the feature `mnl`. libnftnl is GPL-2.0-or-later, and is linked with the
//! feature `nftnl`.

#![deny(unsafe_op_in_unsafe_fn)]

#[cfg(any(test, feature = "testing"))]
pub mod interrupt;
pub mod memory;
#[cfg(feature = "nftnl")]
pub mod nftnl;
pub mod socket;

#[cfg(test)]
mod testing;

pub use socket::{BufferSize, Bus, NetlinkSocket, Received};
