//! Addresses, routes and neighbours of a host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::Parseable;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressScope,
};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use nix::sys::socket::SockProtocol;

use crate::Host;
use crate::link::body;
use crate::mac::Mac;
use crate::netlink::Netlink;

const REPLACE: u16 = (libc::NLM_F_CREATE | libc::NLM_F_REPLACE) as u16;
const CREATE: u16 = (libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16;
const IPV6_ROUTE_EVENTS: u32 = 1 << (libc::RTNLGRP_IPV6_ROUTE - 1);

/// Something that is or spells an IP address.
pub trait ToIp {
    /// The address.
    ///
    /// # Panics
    /// If the text is none.
    fn to_ip(&self) -> IpAddr;
}

impl ToIp for &str {
    fn to_ip(&self) -> IpAddr {
        self.parse().unwrap_or_else(|error| panic!("{self:?} is not an IP address: {error}"))
    }
}

impl ToIp for IpAddr {
    fn to_ip(&self) -> IpAddr {
        *self
    }
}

impl ToIp for Ipv4Addr {
    fn to_ip(&self) -> IpAddr {
        (*self).into()
    }
}

impl ToIp for Ipv6Addr {
    fn to_ip(&self) -> IpAddr {
        (*self).into()
    }
}

impl Host {
    /// Gives an interface an address with its prefix, e.g. `address("eth0", "10.0.1.1/24")`; it is usable when
    /// this returns. The interface must be up.
    pub fn address(&self, interface: &str, address: &str) {
        let (ip, prefix) = prefix(address);
        let mut message = AddressMessage::default();
        message.header.family = family(ip);
        message.header.prefix_len = prefix;
        message.header.flags = AddressHeaderFlags::Nodad;
        message.header.scope = AddressScope::Universe;
        message.header.index = self.ifindex(interface);
        message.attributes.push(AddressAttribute::Local(ip));
        message.attributes.push(AddressAttribute::Address(ip));
        message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
        self.route_request(
            libc::RTM_NEWADDR,
            CREATE,
            &message,
            &format!("give {interface} the address {address}"),
        );
        if ip.is_ipv6() {
            // The kernel inserts the local route, and joins the neighbour discovery group, in deferred work.
            let failure = format!("the address {address} did not become usable");
            self.await_event(IPV6_ROUTE_EVENTS, || self.is_local(ip), &failure);
        }
    }

    /// Takes an address from an interface.
    pub fn remove_address(&self, interface: &str, address: &str) {
        let (ip, prefix) = prefix(address);
        let mut message = AddressMessage::default();
        message.header.family = family(ip);
        message.header.prefix_len = prefix;
        message.header.index = self.ifindex(interface);
        message.attributes.push(AddressAttribute::Local(ip));
        self.route_request(libc::RTM_DELADDR, 0, &message, &format!("take {address} from {interface}"));
    }

    /// Sends everything without a better route to `gateway`; one for each family.
    pub fn default_route(&self, gateway: impl ToIp) {
        let gateway = gateway.to_ip();
        let everything = if gateway.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
        self.route(everything, gateway);
    }

    /// Sends what goes to `destination`, e.g. `"192.168.1.0/24"`, to `gateway`.
    pub fn route(&self, destination: &str, gateway: impl ToIp) {
        let gateway = gateway.to_ip();
        let attributes = [RouteAttribute::Gateway(route_address(gateway))];
        self.add_route(destination, RouteType::Unicast, RouteScope::Universe, &attributes);
    }

    /// Sends what goes to `destination` out of an interface, without a gateway.
    pub fn route_on_link(&self, destination: &str, interface: &str) {
        let attributes = [RouteAttribute::Oif(self.ifindex(interface))];
        self.add_route(destination, RouteType::Unicast, RouteScope::Link, &attributes);
    }

    /// Takes what goes to `destination` for this host's own (`ip route add local .. dev lo`), as a transparent
    /// proxy needs.
    pub fn route_local(&self, destination: &str) {
        let attributes = [RouteAttribute::Oif(self.ifindex("lo"))];
        self.add_route(destination, RouteType::Local, RouteScope::Host, &attributes);
    }

    /// Tells the hardware address of a neighbour, for ever, so that nobody need ask for it.
    pub fn neighbour(&self, interface: &str, ip: impl ToIp, mac: Mac) {
        let ip = ip.to_ip();
        let mut message = NeighbourMessage::default();
        message.header.family = family(ip);
        message.header.ifindex = self.ifindex(interface);
        message.header.state = NeighbourState::Permanent;
        message.attributes.push(NeighbourAttribute::Destination(match ip {
            IpAddr::V4(ip) => NeighbourAddress::Inet(ip),
            IpAddr::V6(ip) => NeighbourAddress::Inet6(ip),
        }));
        message.attributes.push(NeighbourAttribute::LinkLayerAddress(mac.0.to_vec()));
        self.route_request(
            libc::RTM_NEWNEIGH,
            REPLACE,
            &message,
            &format!("add the neighbour {ip} at {mac}"),
        );
    }

    fn add_route(
        &self,
        destination: &str,
        kind: RouteType,
        scope: RouteScope,
        attributes: &[RouteAttribute],
    ) {
        let (ip, prefix) = prefix(destination);
        let mut message = RouteMessage::default();
        message.header.address_family = family(ip);
        message.header.destination_prefix_length = prefix;
        message.header.table = RouteHeader::RT_TABLE_MAIN;
        message.header.protocol = RouteProtocol::Static;
        message.header.scope = scope;
        message.header.kind = kind;
        message.attributes.push(RouteAttribute::Destination(route_address(ip)));
        message.attributes.extend_from_slice(attributes);
        self.route_request(libc::RTM_NEWROUTE, CREATE, &message, &format!("add a route to {destination}"));
    }

    fn is_local(&self, ip: IpAddr) -> bool {
        let mut message = RouteMessage::default();
        message.header.address_family = family(ip);
        message.header.destination_prefix_length = 128;
        message.attributes.push(RouteAttribute::Destination(route_address(ip)));
        let answers = self.run(|| {
            let mut socket = Netlink::open(SockProtocol::NetlinkRoute, 0)?;
            socket.request(libc::RTM_GETROUTE, 0, &body(&message))
        });
        let routes = answers.unwrap_or_default();
        let mut routes = routes.iter().filter_map(|answer| RouteMessage::parse(&answer.body[..]).ok());
        routes.any(|route| route.header.kind == RouteType::Local)
    }
}

fn prefix(text: &str) -> (IpAddr, u8) {
    let (ip, length) = text.split_once('/').unwrap_or_else(|| panic!("{text:?} is not an address/prefix"));
    let length = length.parse().unwrap_or_else(|error| panic!("the prefix of {text:?}: {error}"));
    (ip.to_ip(), length)
}

fn family(ip: IpAddr) -> AddressFamily {
    if ip.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 }
}

fn route_address(ip: IpAddr) -> RouteAddress {
    match ip {
        IpAddr::V4(ip) => RouteAddress::Inet(ip),
        IpAddr::V6(ip) => RouteAddress::Inet6(ip),
    }
}
