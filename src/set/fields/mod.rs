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

pub use connection::{ConnectionId, CtLabels};
pub use interface::{DeviceGroup, InterfaceIndex, LinkType, PortVlan};
pub use mark::{CgroupId, Cpu, QueueNumber, Realm, RequestId, RouteMtu, TcClass};
pub use network::{ArpOperation, EtherType, FragmentId, IpId, IpLength, NfProto};
pub use transport::{DccpPacketType, MobilityType, OsName, SegmentSize, Spi};

pub use icmp::IgmpType;
