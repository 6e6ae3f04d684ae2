//! What the transport layer's headers say.

use super::connection::words;
use crate::{
    language::matches::{Port, Protocol, TcpFlags},
    set::field::{FieldType, fields, numbers},
};

fields! {
    Port: "port" = FieldType::network("inet_service", 13, 2), network u16,
        |port| port.0, |number| Some(Self(number)), |port| port.0.to_string();
    Protocol: "protocol" = FieldType::byte("inet_proto", 12), network u8,
        |protocol| protocol.0, |number| Some(Self(number)), |protocol| protocol.to_string();
    TcpFlags: "TCP flags" = FieldType::network("tcp_flag", 15, 1), network u8,
        |flags| flags.bits(), |bits| Some(Self::from_bits_retain(bits)), |flags| words(flags.iter_names(), flags.bits());
}

numbers! {
    /// What a DCCP packet is (RFC 4340, section 5.1): 0 is a request.
    DccpPacketType(u8): "DCCP packet type" = FieldType::byte("dccp_pkttype", 16), network;
    /// What a mobility header is (RFC 6275, section 6.1): 5 is a binding update.
    MobilityType(u8): "mobility header type" = FieldType::network("mh_type", 17, 1), network;
}
