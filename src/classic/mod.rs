//! iptables' world as values: its five tables, their default chains and policies, its targets, its commands.
//!
//! ```text
//!   Builtin        filter  nat  mangle  raw  security          what iptables-nft creates, number by number
//!   BuiltinChain   PREROUTING  INPUT  FORWARD  OUTPUT  POSTROUTING
//!   Target         where iptables admits ACCEPT, DNAT, TTL … : refused before the kernel is asked
//!   Table          commands in order: -P -A -I -R -D -F -N -X
//!     │
//!     ├─ build, ruleset ─► Netfilter::apply     the table becomes this: as iptables-restore
//!     └─ amend           ─► Netfilter::amend    on top of what is there: as the commands themselves
//! ```
//!
//! Both ways are one transaction, for any number of commands and tables.
//!
//! ```no_run
//! use portcullis::classic::{self, BuiltinChain::*, Policy, Version};
//! use portcullis::{CtState, Netfilter, Rule};
//!
//! // iptables -t filter -F; iptables -A INPUT …; iptables -P INPUT DROP …
//! let filter = classic::Table::filter(Version::V4)
//!     .flush_all()
//!     .append(Input, Rule::new().iif("lo").accept())
//!     .append(Input, Rule::new().tcp().dport(22).accept())
//!     .append(Input, Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept())
//!     .policy(Input, Policy::Reject)
//!     .policy(Forward, Policy::Drop)
//!     .policy(Output, Policy::Accept);
//!
//! Netfilter::open()?.amend([filter])?;
//! # Ok::<(), portcullis::Error>(())
//! ```
//!
//! # iptables' own view
//! The tables are those of `iptables-nft`, so its commands and ours work on the same chains. What it lists
//! of them is another matter (1.8.9): it has words for one address or prefix, one interface, one port or
//! range of ports, marks, limits, comments, `ACCEPT`, `DROP`, `RETURN`, `NFLOG`, `TRACE` and jumps. It calls
//! a table "incompatible" that holds an expression which it does not expect, such as nf_tables' own `ct`,
//! `log`, `reject` and `nat`, in whose places it has modules of the older iptables. And some it shows as
//! less than they are, without a complaint: lists (`dport([80, 443])`), ranges of addresses, and the targets
//! that change a header. `nft list` and [`Netfilter::classic`](crate::Netfilter::classic) show all of it.

mod amend;
mod builtin;
mod chain_name;
mod command;
mod plan;
mod planned;
mod reach;
mod spoken;
mod table;
mod target;
mod transact;

pub use builtin::{Builtin, BuiltinChain, Policy, Version};
pub use chain_name::ChainName;
pub use command::{Action, Command, Which};
pub use table::{Table, both, ruleset};
pub use target::Target;
