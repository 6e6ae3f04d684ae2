//! Links: veth pairs between hosts, bridges, and what is asked of an interface.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use netlink_packet_core::{Emitable, Parseable};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::link::{
    InfoBridge, InfoData, InfoKind, InfoVeth, InfoVlan, InfoVxlan, LinkAttribute, LinkFlags, LinkInfo,
    LinkMessage, State,
};
use nix::sys::socket::SockProtocol;

use crate::Host;
use crate::mac::Mac;
use crate::netlink::Netlink;
use crate::wait::{self, PATIENT};

const CREATE: u16 = (libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16;
const LINK_EVENTS: u32 = 1 << (libc::RTNLGRP_LINK - 1);
/// When to look again where no event comes.
const AGAIN: Duration = Duration::from_secs(1);

/// Joins two hosts (or one with itself) by a veth pair; returns when both ends carry packets.
///
/// # Panics
/// If the kernel refuses, for instance because a host already has an interface of that name.
pub fn link(a: &Host, a_name: &str, b: &Host, b_name: &str) {
    try_link(a, a_name, b, b_name)
        .unwrap_or_else(|error| panic!("cannot link {a_name} of host {a} to {b_name} of host {b}: {error}"));
    a.up(a_name);
    b.up(b_name);
    a.wait_for_carrier(a_name);
    b.wait_for_carrier(b_name);
}

pub(crate) fn try_link(a: &Host, a_name: &str, b: &Host, b_name: &str) -> io::Result<()> {
    let mut peer = LinkMessage::default();
    peer.attributes.push(LinkAttribute::IfName(b_name.to_owned()));
    peer.attributes.push(LinkAttribute::NetNsFd(b.as_fd().as_raw_fd()));
    a.try_create(a_name, InfoKind::Veth, Some(InfoData::Veth(InfoVeth::Peer(peer))), None)
}

impl Host {
    /// Makes a bridge of this host's `ports` and brings it up. It forwards at once, without spanning tree and
    /// multicast snooping.
    ///
    /// # Panics
    /// If the kernel refuses.
    pub fn bridge(&self, name: &str, ports: &[&str]) {
        self.make_bridge(name, ports, Vec::new())
            .unwrap_or_else(|error| panic!("host {self} cannot create {name}: {error}"));
    }

    /// The same, which keeps VLANs apart; its ports are members of VLAN `pvid`, without tags.
    ///
    /// # Errors
    /// The kernel's refusal, since not every kernel can.
    pub fn vlan_bridge(&self, name: &str, ports: &[&str], pvid: u16) -> io::Result<()> {
        self.make_bridge(
            name,
            ports,
            vec![InfoBridge::VlanFiltering(true), InfoBridge::VlanDefaultPvid(pvid)],
        )
    }

    fn make_bridge(&self, name: &str, ports: &[&str], mut options: Vec<InfoBridge>) -> io::Result<()> {
        options.push(InfoBridge::MulticastSnooping(false));
        self.try_create(name, InfoKind::Bridge, Some(InfoData::Bridge(options)), None)?;
        let bridge = self.ifindex(name);
        for port in ports {
            let mut message = LinkMessage::default();
            message.header.index = self.ifindex(port);
            message.attributes.push(LinkAttribute::Controller(bridge));
            self.change(&message, &format!("put {port} into bridge {name}"));
        }
        self.up(name);
        if !ports.is_empty() {
            self.wait_for_carrier(name);
        }
        Ok(())
    }

    /// Makes an interface for the frames of `parent` that are tagged with VLAN `id`, and brings it up.
    ///
    /// # Errors
    /// The kernel's refusal, since not every kernel has VLANs.
    pub fn vlan(&self, name: &str, parent: &str, id: u16) -> io::Result<()> {
        let data = InfoData::Vlan(vec![InfoVlan::Id(id)]);
        self.try_create(name, InfoKind::Vlan, Some(data), Some(parent))?;
        self.up(name);
        self.wait_for_carrier(name);
        Ok(())
    }

    /// Makes a VXLAN interface that wraps each packet as the packet's metadata say (`external`), and brings it up.
    ///
    /// # Errors
    /// The kernel's refusal, since not every kernel has VXLAN.
    pub fn external_vxlan(&self, name: &str) -> io::Result<()> {
        const IANA: u16 = 4789;
        let data = InfoData::Vxlan(vec![InfoVxlan::CollectMetadata(true), InfoVxlan::Port(IANA)]);
        self.try_create(name, InfoKind::Vxlan, Some(data), None)?;
        self.up(name);
        Ok(())
    }

    /// Makes an interface of the given kind without parameters, e.g. `device("d0", "dummy")`, and brings it up.
    ///
    /// # Errors
    /// The kernel's refusal, since not every kernel has every kind.
    pub fn device(&self, name: &str, kind: &str) -> io::Result<()> {
        self.try_create(name, InfoKind::Other(kind.to_owned()), None, None)?;
        self.up(name);
        Ok(())
    }

    /// Brings an interface up.
    pub fn up(&self, name: &str) {
        self.set_flags(name, LinkFlags::Up, "bring up");
    }

    /// Takes an interface down.
    pub fn down(&self, name: &str) {
        self.set_flags(name, LinkFlags::empty(), "take down");
    }

    /// Deletes an interface; a veth's other end goes with it.
    pub fn remove(&self, name: &str) {
        let mut message = LinkMessage::default();
        message.header.index = self.ifindex(name);
        self.route_request(libc::RTM_DELLINK, 0, &message, &format!("delete {name}"));
    }

    /// The interface's index in this host.
    pub fn ifindex(&self, name: &str) -> u32 {
        self.find(name).header.index
    }

    /// The interface's hardware address.
    pub fn mac(&self, name: &str) -> Mac {
        let address = self.find(name).attributes.into_iter().find_map(|attribute| match attribute {
            LinkAttribute::Address(bytes) => <[u8; 6]>::try_from(bytes).ok(),
            _ => None,
        });
        Mac(address.unwrap_or_else(|| panic!("{name} of host {self} has no Ethernet address")))
    }

    fn try_create(
        &self,
        name: &str,
        kind: InfoKind,
        data: Option<InfoData>,
        parent: Option<&str>,
    ) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.attributes.push(LinkAttribute::IfName(name.to_owned()));
        message.attributes.extend(parent.map(|parent| LinkAttribute::Link(self.ifindex(parent))));
        let mut info = vec![LinkInfo::Kind(kind)];
        info.extend(data.map(LinkInfo::Data));
        message.attributes.push(LinkAttribute::LinkInfo(info));
        self.try_route_request(libc::RTM_NEWLINK, CREATE, &message)
    }

    fn set_flags(&self, name: &str, flags: LinkFlags, what: &str) {
        let mut message = LinkMessage::default();
        message.header.index = self.ifindex(name);
        message.header.flags = flags;
        message.header.change_mask = LinkFlags::Up;
        self.change(&message, &format!("{what} {name}"));
    }

    fn change(&self, message: &LinkMessage, what: &str) {
        self.route_request(libc::RTM_NEWLINK, 0, message, what);
    }

    fn find(&self, name: &str) -> LinkMessage {
        let mut message = LinkMessage::default();
        message.header.interface_family = AddressFamily::Unspec;
        message.attributes.push(LinkAttribute::IfName(name.to_owned()));
        let answers = self.run(|| {
            let mut socket = Netlink::open(SockProtocol::NetlinkRoute, 0)?;
            socket.request(libc::RTM_GETLINK, 0, &body(&message))
        });
        let answers = answers.unwrap_or_else(|error| panic!("host {self} has no interface {name}: {error}"));
        LinkMessage::parse(&answers[0].body).unwrap_or_else(|error| panic!("{name} of host {self}: {error}"))
    }

    /// Waits until the kernel's deferred work after "carrier on" is done: before that, packets are dropped.
    fn wait_for_carrier(&self, name: &str) {
        let operates = || {
            let up = LinkAttribute::OperState(State::Up);
            self.find(name).attributes.contains(&up)
        };
        self.await_event(LINK_EVENTS, operates, &format!("{name} did not get a carrier"));
    }

    /// Waits until `check` holds, looking again after each routing event of `groups`; and now and then without one, for
    /// an event may come before what it tells of is seen everywhere.
    pub(crate) fn await_event(&self, groups: u32, check: impl Fn() -> bool, failure: &str) {
        let open = || Netlink::open(SockProtocol::NetlinkRoute, groups);
        let events = self.run(open).unwrap_or_else(|error| panic!("host {self}: no routing events: {error}"));
        let deadline = wait::deadline(PATIENT);
        while !check() {
            let soon = deadline.min(Instant::now() + AGAIN);
            match events.receive(soon) {
                Ok(None) if soon == deadline => panic!("host {self}: {failure}"),
                Ok(_) => {}
                Err(error) => panic!("host {self}: {failure}: {error}"),
            }
        }
    }

    pub(crate) fn route_request(&self, kind: u16, flags: u16, message: &(impl Emitable + Sync), what: &str) {
        self.try_route_request(kind, flags, message)
            .unwrap_or_else(|error| panic!("host {self} cannot {what}: {error}"));
    }

    fn try_route_request(&self, kind: u16, flags: u16, message: &(impl Emitable + Sync)) -> io::Result<()> {
        self.run(|| {
            let mut socket = Netlink::open(SockProtocol::NetlinkRoute, 0)?;
            socket.request(kind, flags, &body(message)).map(drop)
        })
    }
}

pub(crate) fn body(message: &impl Emitable) -> Vec<u8> {
    let mut bytes = vec![0; message.buffer_len()];
    message.emit(&mut bytes);
    bytes
}
