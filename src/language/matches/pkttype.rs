//! To whom a packet was addressed on its link: iptables' `-m pkttype`.

use super::number::comparison;
use crate::{
    Rule,
    expr::{Data, Meta, MetaKey, Register},
    language::{Datatype, Item, Matching, Operand, lift::byte, matching_from},
    wire::kernel_enum,
};

kernel_enum! {
    /// To whom a packet was addressed on its link (`PACKET_…` in `linux/if_packet.h`).
    pub enum PacketType: u8 {
        /// This machine.
        #[doc(alias = "PACKET_HOST")]
        #[doc(alias = "unicast")]
        Host = 0 "host",
        /// All.
        #[doc(alias = "PACKET_BROADCAST")]
        Broadcast = 1 "broadcast",
        /// A group.
        #[doc(alias = "PACKET_MULTICAST")]
        Multicast = 2 "multicast",
        /// Another machine.
        #[doc(alias = "PACKET_OTHERHOST")]
        OtherHost = 3 "other",
    }
}

impl Operand for PacketType {
    const WHAT: &'static str = "packet type";
    const DATATYPE: Datatype = Datatype::PKT_TYPE;

    fn data(&self) -> Data {
        Data::byte(self.number())
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(Self::from_number)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

matching_from! {
    PacketType:
    { PacketType } => |kind| Self::one(Item::One(kind)),
}

comparison! {
    /// The packet was addressed so on its link.
    PktTypeMatch(PacketType) = Meta::load(MetaKey::PktType, Register::R1);
}

impl Rule {
    /// Only packets that were addressed so on their link.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::PacketType;
    ///
    /// // noise that is not worth a line in the log
    /// Rule::new().pkttype([PacketType::Broadcast, PacketType::Multicast]).drop();
    /// ```
    #[doc(alias = "pkt-type")]
    #[must_use]
    pub fn pkttype(self, kinds: impl Into<Matching<PacketType>>) -> Self {
        self.word(|| PktTypeMatch(kinds.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        language::matches::golden::{IP, same_as_nft},
        not,
    };

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (IP, "meta pkttype broadcast", Rule::new().pkttype(PacketType::Broadcast)),
            (IP, "meta pkttype != multicast", Rule::new().pkttype(not(PacketType::Multicast))),
            (
                IP,
                "meta pkttype { host, other }",
                Rule::new().pkttype([PacketType::Host, PacketType::OtherHost]),
            ),
        ]);
    }
}
