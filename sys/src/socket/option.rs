//! Options of the level `SOL_NETLINK`: extended acknowledgements and multicast groups.

use std::io;

use super::NetlinkSocket;

impl NetlinkSocket {
    /// Asks for error messages with a text and the offending attribute (`NETLINK_EXT_ACK`, Linux 4.12), and
    /// without a copy of the request (`NETLINK_CAP_ACK`, Linux 4.3): the attributes follow the header at once.
    ///
    /// # Errors
    /// `ENOPROTOOPT` on kernels that are older than that.
    pub fn enable_extended_acks(&self) -> io::Result<()> {
        self.handle.set_option(libc::NETLINK_EXT_ACK, 1)?;
        self.handle.set_option(libc::NETLINK_CAP_ACK, 1)
    }

    /// Starts to receive what the kernel sends to a multicast group, for example `NFNLGRP_NFTABLES`.
    ///
    /// # Errors
    /// `EPERM` without `CAP_NET_ADMIN` in the user namespace of the network namespace, `EINVAL` where there is no such
    /// group.
    pub fn join_group(&self, group: u32) -> io::Result<()> {
        self.handle.set_option(libc::NETLINK_ADD_MEMBERSHIP, group_number(group)?)
    }

    /// Stops what [`join_group`](Self::join_group) started. What is already queued is still received.
    ///
    /// # Errors
    /// `EINVAL` where there is no such group.
    pub fn leave_group(&self, group: u32) -> io::Result<()> {
        self.handle.set_option(libc::NETLINK_DROP_MEMBERSHIP, group_number(group)?)
    }
}

/// The kernel reads an `unsigned int` here but counts groups from 1 to a few dozen; libmnl's door is an `int`.
fn group_number(group: u32) -> io::Result<libc::c_int> {
    libc::c_int::try_from(group)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "no such netlink multicast group"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::in_network_namespace;

    #[test]
    fn extended_acks() {
        NetlinkSocket::open().unwrap().enable_extended_acks().unwrap();
    }

    #[test]
    fn groups() {
        in_network_namespace(|| {
            let socket = NetlinkSocket::open().unwrap();
            socket.join_group(libc::NFNLGRP_NFTABLES as u32).unwrap();
            socket.leave_group(libc::NFNLGRP_NFTABLES as u32).unwrap();
            assert_eq!(socket.join_group(0).unwrap_err().raw_os_error(), Some(libc::EINVAL));
            assert_eq!(socket.join_group(u32::MAX).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        });
    }
}
