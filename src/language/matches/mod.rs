//! What a rule looks at. One file for each.

mod address;
mod ct_state;
mod interface;
mod nth;
mod port;
mod protocol;

pub use address::{AddressMatch, Addresses, Side};
pub use ct_state::CtStateMatch;
pub use interface::{Interface, InterfaceMatch, Way};
pub use nth::Nth;
pub use port::{Port, PortMatch};
pub use protocol::{Protocol, ProtocolMatch};
