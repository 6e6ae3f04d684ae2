//! What a rule does with a packet. One file for each.

mod count;
mod decide;
mod dscp;
mod duplicate;
mod last_used;
mod log;
mod mark;
mod masquerade;
mod mss;
mod name;
mod nat;
mod nat_ports;
mod nat_to;
mod nflog;
mod priority;
mod queue;
mod quota;
mod redirect;
mod reject;
mod secmark;
mod synproxy;
mod tos;
mod trace;
mod transparent;
mod ttl;
mod untrack;

#[cfg(test)]
pub(crate) mod golden;

pub use count::Count;
pub use decide::Decide;
pub use dscp::SetDscp;
pub use duplicate::Duplicate;
pub use last_used::LastUsed;
pub use log::Log;
pub use mark::{MarkOf, MarkOp, MergeMark, SetMark};
pub use masquerade::Masquerade;
pub use mss::ClampMss;
pub use nat::Nat;
pub use nat_to::NatTo;
pub use nflog::NfLog;
pub use priority::SetPriority;
pub use queue::Queue;
pub use quota::Quota;
pub use redirect::Redirect;
pub use reject::{Reject, RejectWith};
pub use secmark::{CopySecmark, SetSecmark};
pub use synproxy::Synproxy;
pub use tos::SetTos;
pub use trace::Trace;
pub use transparent::TproxyTo;
pub use ttl::{SetHopLimit, SetTtl};
pub use untrack::Untrack;
