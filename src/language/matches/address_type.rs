//! What kind of address a packet has, as the routing table knows: iptables' `-m addrtype`, nft's `fib … type`.

use super::{Side, Way};
use crate::{
    Invalid, Rule,
    expr::{AddressType, Data, Expr, Fib, FibFlags, FibResult, Register},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::host_u32, matching_from,
    },
};

impl Operand for AddressType {
    const WHAT: &'static str = "address type";
    const DATATYPE: Datatype = Datatype::FIB_ADDRTYPE;

    fn data(&self) -> Data {
        Data::host_u32(self.number())
    }

    fn from_data(data: &Data) -> Option<Self> {
        host_u32(data).map(Self::from_number)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

matching_from! {
    AddressType:
    { AddressType } => |kind| Self::one(Item::One(kind)),
}

/// The packet's source or destination is an address of such a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct AddressTypeMatch {
    /// Whose address.
    pub side: Side,
    /// Only addresses of this interface of the packet count as local (`--limit-iface-in`, `--limit-iface-out`).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub interface: Option<Way>,
    /// Which.
    pub types: Matching<AddressType>,
}

impl Rule {
    /// Only packets from addresses of these kinds.
    ///
    /// ```
    /// use portcullis::{Rule, not};
    /// use portcullis::expr::AddressType;
    ///
    /// // nobody has such a source
    /// Rule::new().saddr_type([AddressType::Broadcast, AddressType::Multicast]).drop();
    /// ```
    #[doc(alias = "src-type")]
    #[doc(alias = "addrtype")]
    #[must_use]
    pub fn saddr_type(self, types: impl Into<Matching<AddressType>>) -> Self {
        self.word(|| AddressTypeMatch { side: Side::Source, interface: None, types: types.into() })
    }

    /// Only packets to addresses of these kinds.
    ///
    /// ```
    /// use portcullis::{Rule, not};
    /// use portcullis::expr::AddressType;
    ///
    /// // as container engines do: what is for this machine itself
    /// Rule::new().daddr_type(AddressType::Local).jump("published");
    /// Rule::new().daddr_type(not(AddressType::Local)).drop();
    /// ```
    #[doc(alias = "dst-type")]
    #[doc(alias = "addrtype")]
    #[must_use]
    pub fn daddr_type(self, types: impl Into<Matching<AddressType>>) -> Self {
        self.word(|| AddressTypeMatch { side: Side::Destination, interface: None, types: types.into() })
    }
}

impl Lower for AddressTypeMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let side = match self.side {
            Side::Source => FibFlags::SADDR,
            Side::Destination => FibFlags::DADDR,
        };
        let interface = match self.interface {
            None => FibFlags::empty(),
            Some(Way::In) => FibFlags::IIF,
            Some(Way::Out) => FibFlags::OIF,
        };
        to.matching(Fib::new(Register::R1, FibResult::AddrType, side | interface), &self.types)
    }
}

impl Lift for AddressTypeMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Fib(Fib { result: FibResult::AddrType, flags, .. }), ..] = from.expressions() else {
            return None;
        };
        let side = if flags.contains(FibFlags::SADDR) { Side::Source } else { Side::Destination };
        let interface = if flags.contains(FibFlags::IIF) {
            Some(Way::In)
        } else {
            flags.contains(FibFlags::OIF).then_some(Way::Out)
        };
        Some(Self { side, interface, types: from.compared(1)? })
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
        use AddressType::{Broadcast, Local};

        let on_interface =
            AddressTypeMatch { side: Side::Destination, interface: Some(Way::In), types: not(Local).into() };
        same_as_nft([
            (IP, "fib daddr type local", Rule::new().daddr_type(Local)),
            (IP, "fib saddr type != local", Rule::new().saddr_type(not(Local))),
            (IP, "fib daddr type { local, broadcast }", Rule::new().daddr_type([Local, Broadcast])),
            (IP, "fib daddr type != { local, broadcast }", Rule::new().daddr_type(not([Local, Broadcast]))),
            (IP, "fib daddr . iif type != local", Rule::new().say(on_interface)),
        ]);
    }
}
