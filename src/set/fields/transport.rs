//! What the transport layer's headers say.

use super::connection::{read_text, words, write_text};
use crate::{
    Invalid,
    language::matches::{Port, Protocol, TcpFlags},
    set::{
        TypeOf,
        field::{Field, FieldType, fields, numbers},
    },
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
    /// The index of a security association; nft knows it as `typeof esp spi` only.
    Spi(u32): "security association" = FieldType::network("integer", 4, 4).type_of(TypeOf::Number { header: 2, field: 1, bits: 32 }), network;
    /// The longest segment that TCP asks for; nft knows it as `typeof tcp option maxseg size` only.
    SegmentSize(u16): "segment size" = FieldType::network("integer", 4, 2).type_of(TypeOf::TcpOption { option: 2, field: 2 }), network;
    /// What a DCCP packet is (RFC 4340, section 5.1): 0 is a request.
    DccpPacketType(u8): "DCCP packet type" = FieldType::byte("dccp_pkttype", 16), network;
    /// What a mobility header is (RFC 6275, section 6.1): 5 is a binding update.
    MobilityType(u8): "mobility header type" = FieldType::network("mh_type", 17, 1), network;
}

/// The name of a system that senders run, as in the list of fingerprints: `Linux`. At most 15 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OsName(pub String);

impl From<&str> for OsName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// nft knows the type as `typeof osf name` only.
impl Field for OsName {
    const WHAT: &'static str = "system's name";
    const TYPE: FieldType = FieldType::text("string", 5, 16).type_of(TypeOf::System);

    fn write(&self, to: &mut [u8]) {
        write_text(&self.0, to);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        read_text(bytes).map(Self)
    }

    fn text(&self) -> String {
        format!("\"{}\"", self.0)
    }

    fn check(&self, _: bool) -> Result<(), Invalid> {
        let length = self.0.len();
        if (1..=15).contains(&length) && !self.0.contains('\0') {
            return Ok(());
        }
        let range = "1 to 15 bytes without NUL".to_owned();
        Err(Invalid::OutOfRange { what: Self::WHAT, value: self.text(), range })
    }
}
