//! Every type of nft's that a set's key can have, by what it is about.

mod address;
mod connection;
mod icmp;
mod interface;
mod mark;
mod network;
mod time;
mod transport;
mod vlan;

pub use connection::CtLabels;
pub use interface::{DeviceGroup, InterfaceIndex, LinkType};
pub use mark::{CgroupId, Realm, TcClass};
pub use network::{ArpOperation, EtherType, NfProto};
pub use transport::{DccpPacketType, MobilityType};

pub use icmp::IgmpType;
