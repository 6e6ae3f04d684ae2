//! Tables of the family bridge and what only frames have, held against real frames.

mod ether_type;
mod meta;
mod reject;
mod vlan;
