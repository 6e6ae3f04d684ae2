//! Frames as they pass an interface, and frames put onto one.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvfrom, sendto, socket,
};

use crate::frame::Frame;
use crate::{Host, wait};

/// Captures what an interface sends and receives; see [`Host::sniff`].
#[derive(Debug)]
pub struct Sniffer {
    fd: OwnedFd,
    interface: usize,
}

impl Host {
    /// Captures the frames that pass `interface` from now on, in both directions.
    pub fn sniff(&self, interface: &str) -> Sniffer {
        let interface = self.ifindex(interface) as usize;
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        // Not bound to the interface: nix cannot spell such an address. Others' frames are passed over on reading.
        let fd = self
            .run(|| socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll))
            .unwrap_or_else(|errno| panic!("host {self}: no packet socket: {errno}"));
        Sniffer { fd, interface }
    }

    /// Sends a whole frame out of `interface`, past the output hooks.
    ///
    /// # Panics
    /// If the kernel refuses.
    pub fn send_raw(&self, interface: &str, frame: &[u8]) {
        let sent = self.run(|| {
            let target = getifaddrs()?
                .filter(|found| found.interface_name == interface)
                .find_map(|found| found.address.and_then(|address| address.as_link_addr().copied()))
                .ok_or(nix::Error::ENODEV)?;
            let fd = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
            sendto(fd.as_raw_fd(), frame, &target, MsgFlags::empty())
        });
        sent.unwrap_or_else(|errno| panic!("host {self} cannot send a frame out of {interface}: {errno}"));
    }
}

impl Sniffer {
    /// The next frame, or none in that time.
    pub fn next(&self, timeout: Duration) -> Option<Frame> {
        self.until(|_| true, timeout)
    }

    /// The next frame for which `wanted` holds; those before it are gone.
    pub fn until(&self, wanted: impl Fn(&Frame) -> bool, timeout: Duration) -> Option<Frame> {
        let deadline = wait::deadline(timeout);
        let mut bytes = vec![0; 1 << 17];
        loop {
            if !wait::readable(&self.fd, deadline) {
                return None;
            }
            let Ok((length, Some(address))) = recvfrom::<LinkAddr>(self.fd.as_raw_fd(), &mut bytes) else {
                continue;
            };
            if address.ifindex() != self.interface {
                continue;
            }
            let outgoing = address.as_ref().sll_pkttype == libc::PACKET_OUTGOING;
            let frame = Frame::new(bytes[..length].to_vec(), outgoing);
            if wanted(&frame) {
                return Some(frame);
            }
        }
    }

    /// Everything captured so far and not read yet.
    pub fn pending(&self) -> Vec<Frame> {
        std::iter::from_fn(|| self.next(Duration::ZERO)).collect()
    }
}
