//! Ports of a translation.

use std::net::IpAddr;

use crate::{
    Invalid,
    expr::{Data, Expr, Immediate, Load, NatFlags, Register},
    language::{Item, Lifting, Lowering, lift::network_u16},
};

/// Whether connections can be translated to these ports, and the rule can say so.
pub(super) fn check_ports(
    ports: &Item<u16>,
    what: &'static str,
    to: &mut Lowering<'_>,
) -> Result<(), Invalid> {
    let (first, last) = match *ports {
        Item::One(port) => (port, port),
        Item::Range(first, last) => (first, last),
        Item::Prefix(..) | Item::Masked(..) => {
            let problem = format!("{what}: ports are one port or a range");
            return Err(Invalid::Combination { problem });
        }
    };
    if first == 0 || last == 0 {
        let range = "1 to 65535".to_owned();
        return Err(Invalid::OutOfRange { what: "a port", value: "0".to_owned(), range });
    }
    if first > last {
        let (from, to) = (first.to_string(), last.to_string());
        return Err(Invalid::RangeReversed { what: "port", from, to });
    }
    to.need_ports(what)
}

/// Loads the ports into the next registers.
pub(super) fn load_ports(
    ports: &Item<u16>,
    registers: &mut impl Iterator<Item = Register>,
    to: &mut Lowering<'_>,
) -> (Option<Register>, Option<Register>) {
    match *ports {
        Item::One(port) => (load(Data::network_u16(port), registers, to), None),
        Item::Range(first, last) | Item::Masked(first, last) => {
            let first = load(Data::network_u16(first), registers, to);
            (first, load(Data::network_u16(last), registers, to))
        }
        Item::Prefix(port, _) => (load(Data::network_u16(port), registers, to), None),
    }
}

/// Loads data into the next register.
pub(super) fn load(
    data: Data,
    registers: &mut impl Iterator<Item = Register>,
    to: &mut Lowering<'_>,
) -> Option<Register> {
    let register = registers.next()?;
    to.push(Immediate::data(register, data));
    Some(register)
}

/// The registers, in the order in which nft takes them.
pub(super) fn registers() -> impl Iterator<Item = Register> {
    [Register::R1, Register::R2, Register::R3, Register::R4].into_iter()
}

/// What is loaded into registers before a translation.
pub(super) struct Loaded<'a>(Vec<(Register, &'a Data)>);

impl<'a> Loaded<'a> {
    /// With the expressions behind.
    pub(super) fn before(from: &Lifting<'a>) -> (Self, &'a [Expr]) {
        let (mut loaded, mut rest) = (Vec::new(), from.expressions());
        while let [Expr::Immediate(Immediate { dreg, load: Load::Data(data), .. }), others @ ..] = rest {
            loaded.push((*dreg, data));
            rest = others;
        }
        (Self(loaded), rest)
    }

    /// A register's content.
    pub(super) fn get(&self, register: Option<Register>) -> Option<&'a Data> {
        self.0.iter().find(|(loaded, _)| Some(*loaded) == register).map(|(_, data)| *data)
    }

    pub(super) fn address(&self, register: Option<Register>) -> Option<IpAddr> {
        let bytes = self.get(register)?.as_bytes();
        let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
        v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
    }

    pub(super) fn port(&self, register: Option<Register>) -> Option<u16> {
        self.get(register).and_then(network_u16)
    }

    pub(super) fn ports(&self, first: Option<Register>, last: Option<Register>) -> Option<Item<u16>> {
        let last = last.filter(|last| Some(*last) != first);
        let first = self.port(first)?;
        Some(self.port(last).map_or(Item::One(first), |last| Item::Range(first, last)))
    }
}

/// The flags without those that addresses and ports bring.
pub(super) fn said_flags(flags: Option<NatFlags>, ports: Option<&Item<u16>>) -> NatFlags {
    let flags = flags.unwrap_or(NatFlags::empty()) - NatFlags::MAP_IPS;
    if ports.is_some() { flags - NatFlags::PROTO_SPECIFIED } else { flags }
}
