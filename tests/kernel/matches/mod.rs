//! Every match, held against real packets: what it means is counted, what it does not mean is not.

mod address;
mod conntrack;
mod gauge;
mod header;
mod interface;
mod link;
mod mark;
mod neighbours;
mod owner;
mod protocol;
mod rate;
mod route;
mod share;
mod socket;
mod time;

pub(crate) use gauge::Gauge;
