//! `tproxy`: hand a packet to a local socket without changing it (`net/netfilter/nft_tproxy.c`).

use super::{AddressFamily, Register, expression};

expression! {
    /// Transparent proxy: the packet goes to the socket at this address and port.
    pub struct Tproxy = "tproxy" {
        /// The protocol of the address; [`AddressFamily::Unspecified`] in an `inet` table without address.
        family: AddressFamily = NFTA_TPROXY_FAMILY(1),
        ;;
        /// Holds the address; the incoming interface's if absent.
        addr: Register = NFTA_TPROXY_REG_ADDR(2),
        /// Holds the port, in network byte order; the packet's own if absent.
        port: Register = NFTA_TPROXY_REG_PORT(3),
    }
}
