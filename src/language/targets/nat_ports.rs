//! Ports of a translation.

use crate::{
    Invalid,
    expr::{Data, Immediate, Register},
    language::{Item, Lowering},
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
