//! Small worlds of network namespaces, with real traffic, for the tests, the demo and the benchmarks of `portcullis`.
//!
//! ```text
//!   Host        a network namespace: run, enter, output, sysctl, address, route
//!   link        joins two hosts by a veth pair; Host::bridge joins links
//!   World       ready hosts: pair, switched, routed
//!   Attempt     one try over TCP, UDP or ICMP -> Outcome; Host::tcp_try, udp_try, ping for short
//!   Service     answers with its banner and the address that it sees; Host::tcp_service, udp_service
//!   Packet      made by hand and sent      Sniffer, IcmpErrors, NflogListener, TraceListener, conntrack   what really happened
//!   QueueListener   decides about packets in a program's place
//!   skip!       says aloud that a test did not run; need_namespaces! where no world can be made
//! ```
//!
//! Everything works as root and inside `unshare -Urn`, needs no `ip` program, never touches the machine's own network,
//! and leaves nothing behind. It panics where something fails that a test takes for granted, and says in which host.
//!
//! Environment: `PORTCULLIS_PATIENCE` (a whole number) multiplies every timeout, for slow machines; `PORTCULLIS_SKIPS`
//! names the file that collects the skips.
//!
//! ```no_run
//! use portcullis_world::{Attempt, World};
//!
//! let world = World::routed();
//! let _web = world.backend1.tcp_service("192.168.1.2:8080", "one");
//!
//! // Program the router's packet filter on this thread ...
//! {
//!     let _router = world.router.enter();
//!     // Netfilter::open()?.apply(..)?;
//! }
//! // ... or with `world.router.run(|| ..)`, and see what passes.
//! assert_eq!(world.client.tcp_try("192.168.1.2:8080").banner(), "one");
//! assert!(Attempt::tcp("192.168.1.2:8080").source_port(4000).from(&world.stranger).is_connected());
//! ```
#![forbid(unsafe_code)]

mod address;
mod attempt;
mod conntrack;
mod frame;
mod host;
mod icmp;
mod icmp_error;
mod link;
mod mac;
mod netlink;
mod nflog;
mod nfqueue;
mod nftrace;
mod packet;
mod processor;
mod service;
mod skip;
mod sniff;
mod sysctl;
mod tcp;
mod udp;
mod wait;
mod world;

pub use address::ToIp;
pub use attempt::{Attempt, Outcome};
pub use conntrack::{ConntrackEntry, Tuple};
pub use frame::Frame;
pub use host::{Entered, Host};
pub use icmp_error::{IcmpError, IcmpErrors};
pub use link::link;
pub use mac::Mac;
pub use nflog::{NflogListener, NflogPacket};
pub use nfqueue::{QueueListener, QueuedPacket, Verdict};
pub use nftrace::{TraceListener, TraceStep};
pub use nix::errno::Errno;
pub use packet::{Packet, TcpFlags};
pub use processor::{on_processor, processors};
pub use service::{Service, Visit};
pub use skip::{report_skip, require_namespaces};
pub use sniff::Sniffer;
pub use tcp::Connection;
pub use wait::{PATIENT, SHORT, patience};
pub use world::{Pair, Routed, Switched, World};
