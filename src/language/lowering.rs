//! From words to expressions.

use super::{Datatype, Item, Matching, Operand, Order, Statement};
use crate::{
    Invalid, Rule,
    expr::{
        Bitwise, Byteorder, ByteorderOp, Cmp, CmpOp, Data, Expr, Expression, Lookup, LookupFlags, Meta, MetaKey,
        NFTA_LIST_ELEM, Payload, PayloadBase, Range, RangeOp, Register, write_expression,
    },
    object::{Element, Family, Set},
    wire::Writer,
};

/// A word that can be lowered.
pub(crate) trait Lower {
    /// Appends its expressions.
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid>;
}

/// A rule as the kernel's expressions, with the anonymous sets that they look up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lowered {
    /// In order.
    pub expressions: Vec<Expr>,
    /// The `n`th has the number `n + 1` in [`Lookup::set_id`].
    pub sets: Vec<Set>,
}

/// Takes the anonymous sets of a rule.
pub(crate) trait SetSink {
    /// Takes a set and gives its number within the transaction.
    fn take(&mut self, set: Set) -> u32;
}

impl SetSink for Vec<Set> {
    fn take(&mut self, set: Set) -> u32 {
        self.push(set);
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }
}

/// The version of the Internet Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer3 {
    V4,
    V6,
}

/// Where expressions go: to bytes at once, or into a list.
enum Output<'a> {
    Bytes(&'a mut Vec<u8>),
    List(&'a mut Vec<Expr>),
}

impl Output<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::List(list) => list.len(),
        }
    }
}

/// A rule being lowered: what has been emitted, and what is known about the packet by then.
pub(crate) struct Lowering<'a> {
    family: Family,
    output: Output<'a>,
    /// Where in the output the rule begins.
    start: usize,
    sets: &'a mut dyn SetSink,
    layer3: Option<Layer3>,
    /// The transport protocol's number, once tested.
    layer4: Option<u8>,
    /// The rule says several transport protocols, all of which have ports.
    several_with_ports: bool,
    /// The rule has tested that the packet came by Ethernet.
    ethernet: bool,
    error: Option<crate::wire::EncodeError>,
}

impl Rule {
    /// The rule's expressions in a table of the given family.
    ///
    /// ```
    /// use portcullis::{Family, Rule};
    ///
    /// let lowered = Rule::new().tcp().dport(22).accept().lower(Family::Inet)?;
    /// let names: Vec<_> = lowered.expressions.iter().map(|expression| expression.name()).collect();
    /// assert_eq!(names, ["meta", "cmp", "payload", "cmp", "immediate"]);
    /// # Ok::<(), portcullis::Invalid>(())
    /// ```
    pub fn lower(&self, family: Family) -> Result<Lowered, Invalid> {
        let mut lowered = Lowered::default();
        let mut lowering = Lowering::new(family, Output::List(&mut lowered.expressions), &mut lowered.sets);
        lowering.rule(self)?;
        Ok(lowered)
    }

    /// Whether the rule can be right in a table of the given family.
    pub fn check(&self, family: Family) -> Result<(), Invalid> {
        self.lower(family).map(drop)
    }

    /// Appends the rule's expressions, encoded, without building them as values.
    pub(crate) fn lower_into(
        &self,
        family: Family,
        bytes: &mut Vec<u8>,
        sets: &mut dyn SetSink,
    ) -> Result<(), Invalid> {
        Lowering::new(family, Output::Bytes(bytes), sets).rule(self)
    }
}

impl<'a> Lowering<'a> {
    fn new(family: Family, output: Output<'a>, sets: &'a mut dyn SetSink) -> Self {
        let layer3 = match family {
            Family::Ip => Some(Layer3::V4),
            Family::Ip6 => Some(Layer3::V6),
            _ => None,
        };
        let start = output.len();
        Self { family, output, start, sets, layer3, layer4: None, several_with_ports: false, ethernet: false, error: None }
    }

    fn rule(&mut self, rule: &Rule) -> Result<(), Invalid> {
        if let Some(problem) = &rule.problem {
            return Err(problem.clone());
        }
        for statement in &rule.body {
            self.statement(statement)?;
        }
        self.error.take().map_or(Ok(()), |error| Err(error.into()))
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), Invalid> {
        statement.lower(self)
    }

    /// The family of the rule's table.
    pub(crate) fn family(&self) -> Family {
        self.family
    }

    /// The IP version, where the table or the rule so far has fixed it.
    pub(crate) fn layer3(&self) -> Option<Layer3> {
        self.layer3
    }

    /// The transport protocol, where the rule so far has fixed it.
    pub(crate) fn layer4(&self) -> Option<u8> {
        self.layer4
    }

    /// Emits an expression.
    #[inline]
    pub(crate) fn push<E: Expression + Into<Expr>>(&mut self, expression: E) {
        match &mut self.output {
            Output::List(list) => list.push(expression.into()),
            Output::Bytes(bytes) => {
                let mut writer = Writer::new(bytes);
                write_expression(NFTA_LIST_ELEM, &expression, &mut writer);
                if let Err(error) = writer.finish() {
                    self.error.get_or_insert(error);
                }
            }
        }
    }

    /// Emits an expression of any kind.
    pub(crate) fn push_any(&mut self, expression: &Expr) {
        match &mut self.output {
            Output::List(list) => list.push(expression.clone()),
            Output::Bytes(bytes) => {
                let mut writer = Writer::new(bytes);
                writer.put(NFTA_LIST_ELEM, expression);
                if let Err(error) = writer.finish() {
                    self.error.get_or_insert(error);
                }
            }
        }
    }

    /// Puts what `emit` emits before everything else of the rule, as nft does with what `reject` depends on: a
    /// counter in between then counts what is rejected.
    pub(crate) fn at_beginning(
        &mut self,
        emit: impl FnOnce(&mut Self) -> Result<(), Invalid>,
    ) -> Result<(), Invalid> {
        let length = self.output.len() - self.start;
        emit(self)?;
        match &mut self.output {
            Output::Bytes(bytes) => bytes.get_mut(self.start..).unwrap_or_default().rotate_left(length),
            Output::List(list) => list.get_mut(self.start..).unwrap_or_default().rotate_left(length),
        }
        Ok(())
    }

    /// The rule can be about packets of this IP version: neither the table nor the rule so far says the other.
    pub(crate) fn check_layer3(&self, what: &'static str, version: Layer3) -> Result<(), Invalid> {
        if self.layer3.is_some_and(|known| known != version) {
            let (wanted, said) = match version {
                Layer3::V4 => ("IPv4", "IPv6"),
                Layer3::V6 => ("IPv6", "IPv4"),
            };
            let hint = match version {
                Layer3::V4 => "it belongs to IPv4; use a table of family ip or inet",
                Layer3::V6 => "it belongs to IPv6; use a table of family ip6 or inet",
            };
            if matches!(self.family, Family::Ip | Family::Ip6) {
                return Err(Invalid::Family { what, family: self.family, hint });
            }
            return Err(Invalid::OtherProtocol { what, wanted: wanted.to_owned(), said: said.to_owned() });
        }
        Ok(())
    }

    /// Makes sure that the packet is of this IP version, by a test where the table's family leaves it open.
    pub(crate) fn need_layer3(&mut self, what: &'static str, version: Layer3) -> Result<(), Invalid> {
        self.check_layer3(what, version)?;
        if self.layer3.is_some() {
            return Ok(());
        }
        match self.family {
            Family::Inet => {
                let number = if version == Layer3::V4 { Family::Ip.number() } else { Family::Ip6.number() };
                self.push(Meta::load(MetaKey::NfProto, Register::R1));
                self.push(Cmp::eq(Register::R1, Data::byte(number)));
            }
            Family::Bridge | Family::Netdev => {
                let ethertype = if version == Layer3::V4 { 0x0800 } else { 0x86dd };
                self.push(Meta::load(MetaKey::Protocol, Register::R1));
                self.push(Cmp::eq(Register::R1, Data::network_u16(ethertype)));
            }
            family => {
                let hint = "use a table of family inet, ip or ip6";
                return Err(Invalid::Family { what, family, hint });
            }
        }
        self.layer3 = Some(version);
        Ok(())
    }

    /// Makes sure that the packet came with an Ethernet header, by a test unless the table's family says so.
    pub(crate) fn need_ethernet(&mut self) {
        /// `ARPHRD_ETHER`
        const ETHERNET: u16 = 1;
        if self.family != Family::Bridge && !self.ethernet {
            self.push(Meta::load(MetaKey::IifType, Register::R1));
            self.push(Cmp::eq(Register::R1, Data::host_u16(ETHERNET)));
            self.ethernet = true;
        }
    }

    /// Makes sure that the packet is of this transport protocol, by a test unless the rule has one.
    pub(crate) fn need_layer4(&mut self, what: &'static str, protocol: u8) -> Result<(), Invalid> {
        match self.layer4 {
            Some(known) if known == protocol => Ok(()),
            Some(known) => Err(Invalid::OtherProtocol {
                what,
                wanted: super::matches::Protocol(protocol).to_string(),
                said: super::matches::Protocol(known).to_string(),
            }),
            None => {
                self.push(Meta::load(MetaKey::L4Proto, Register::R1));
                self.push(Cmp::eq(Register::R1, Data::byte(protocol)));
                self.layer4 = Some(protocol);
                Ok(())
            }
        }
    }

    /// The rule says one of the protocols that have ports.
    pub(crate) fn need_ports(&mut self, what: &'static str) -> Result<(), Invalid> {
        match self.layer4 {
            Some(known) if super::matches::Protocol(known).has_ports() => Ok(()),
            Some(known) => Err(Invalid::OtherProtocol {
                what,
                wanted: "tcp, udp, udplite, sctp and dccp".to_owned(),
                said: super::matches::Protocol(known).to_string(),
            }),
            None if self.several_with_ports => Ok(()),
            None => Err(Invalid::NeedsProtocol { what, hint: ".tcp() or .udp()" }),
        }
    }

    /// The rule can be about this transport protocol: it says no other so far.
    pub(crate) fn check_layer4(&self, what: &'static str, protocol: u8) -> Result<(), Invalid> {
        match self.layer4 {
            Some(known) if known != protocol => Err(Invalid::OtherProtocol {
                what,
                wanted: super::matches::Protocol(protocol).to_string(),
                said: super::matches::Protocol(known).to_string(),
            }),
            None if self.several_with_ports => Err(Invalid::OtherProtocol {
                what,
                wanted: super::matches::Protocol(protocol).to_string(),
                said: "several protocols".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Notes what a protocol match has tested.
    pub(crate) fn know_layer4(&mut self, protocols: &[u8]) {
        match protocols {
            [one] => self.layer4 = Some(*one),
            several => {
                self.several_with_ports =
                    several.iter().all(|number| super::matches::Protocol(*number).has_ports());
            }
        }
    }

    /// Compares a field of the packet with what is accepted.
    pub(crate) fn field<T: Operand>(
        &mut self,
        base: PayloadBase,
        offset: u32,
        matching: &Matching<T>,
    ) -> Result<(), Invalid> {
        let len = T::DATATYPE.len;
        // A prefix of whole bytes is a comparison of fewer bytes.
        match matching.items.as_slice() {
            [Item::Prefix(value, bits)] if *bits > 0 && bits % 8 == 0 && u32::from(*bits) < len * 8 => {
                self.check_items(matching)?;
                let data = value.data();
                let prefix = data.as_bytes().get(..usize::from(bits / 8)).unwrap_or_default();
                self.push(Payload::load(base, offset, u32::from(bits / 8), Register::R1));
                let op = if matching.negated { CmpOp::Neq } else { CmpOp::Eq };
                self.push(Cmp::new(Register::R1, op, Data::new(prefix)));
                Ok(())
            }
            _ => self.matching(Payload::load(base, offset, len, Register::R1), matching),
        }
    }

    /// Loads a value into register 1 by `load` and compares it with what is accepted.
    pub(crate) fn matching<L, T>(&mut self, load: L, matching: &Matching<T>) -> Result<(), Invalid>
    where
        L: Expression + Into<Expr>,
        T: Operand,
    {
        self.check_items(matching)?;
        self.push(load);
        self.compare(matching)
    }

    /// Compares register 1 with what is accepted.
    pub(crate) fn compare<T: Operand>(&mut self, matching: &Matching<T>) -> Result<(), Invalid> {
        self.check_items(matching)?;
        let register = Register::R1;
        let equal = if matching.negated { CmpOp::Neq } else { CmpOp::Eq };
        match matching.items.as_slice() {
            [] => Err(Invalid::ListEmpty { what: T::WHAT }),
            [Item::One(value)] => {
                self.push(Cmp::new(register, equal, value.data()));
                Ok(())
            }
            [Item::Range(from, to)] => {
                self.turn_to_network_order(T::DATATYPE);
                let (from, to) = (in_network_order::<T>(from), in_network_order::<T>(to));
                if matching.negated {
                    self.push(Range::new(register, RangeOp::Neq, from, to));
                } else {
                    self.push(Cmp::new(register, CmpOp::Gte, from));
                    self.push(Cmp::new(register, CmpOp::Lte, to));
                }
                Ok(())
            }
            [Item::Prefix(value, bits)] => {
                let mask = prefix_mask::<T>(*bits);
                let value = masked(&value.data(), &mask);
                self.push(Bitwise::and(register, mask));
                self.push(Cmp::new(register, equal, value));
                Ok(())
            }
            [Item::Masked(value, mask)] => {
                let mask = mask.data();
                let value = masked(&value.data(), &mask);
                self.push(Bitwise::and(register, mask));
                self.push(Cmp::new(register, equal, value));
                Ok(())
            }
            items => self.look_up(items, matching.negated),
        }
    }

    fn look_up<T: Operand>(&mut self, items: &[Item<T>], negated: bool) -> Result<(), Invalid> {
        let interval = !items.iter().all(|item| matches!(item, Item::One(_)));
        if interval {
            self.turn_to_network_order(T::DATATYPE);
        }
        let elements = if interval { intervals(items)? } else { singles(items) };
        let host_order = T::DATATYPE.order != Order::Network;
        let set =
            Set::anonymous(T::DATATYPE.number, T::DATATYPE.len, host_order, interval, elements);
        let lookup = Lookup::new(set.name.clone(), Register::R1);
        let id = self.sets.take(set);
        let lookup = lookup.set_id(id);
        self.push(if negated { lookup.flags(LookupFlags::INV) } else { lookup });
        Ok(())
    }

    /// Order comparisons are by bytes, so numbers of the host's order are turned first, as nft does.
    fn turn_to_network_order(&mut self, datatype: Datatype) {
        if datatype.order == Order::Host && datatype.len > 1 {
            let size = datatype.len;
            self.push(Byteorder::new(Register::R1, Register::R1, ByteorderOp::Hton, size, size));
        }
    }

    fn check_items<T: Operand>(&self, matching: &Matching<T>) -> Result<(), Invalid> {
        if let Some(problem) = &matching.problem {
            return Err(problem.clone());
        }
        if matching.items.is_empty() {
            return Err(Invalid::ListEmpty { what: T::WHAT });
        }
        matching.items.iter().try_for_each(check_item)
    }
}

fn check_item<T: Operand>(item: &Item<T>) -> Result<(), Invalid> {
    match item {
        Item::One(value) => value.check(),
        Item::Range(from, to) => {
            if in_network_order::<T>(from) > in_network_order::<T>(to) {
                return Err(Invalid::RangeReversed { what: T::WHAT, from: from.text(), to: to.text() });
            }
            Ok(())
        }
        Item::Prefix(value, bits) => {
            let limit = u8::try_from(T::DATATYPE.len * 8).unwrap_or(u8::MAX);
            if *bits > limit {
                return Err(Invalid::PrefixTooLong {
                    what: T::WHAT,
                    value: value.text(),
                    length: *bits,
                    limit,
                });
            }
            Ok(())
        }
        Item::Masked(..) => Ok(()),
    }
}

/// The value as bytes whose order is that of the numbers.
fn in_network_order<T: Operand>(value: &T) -> Data {
    let data = value.data();
    if T::DATATYPE.order != Order::Host || cfg!(target_endian = "big") {
        return data;
    }
    let mut bytes = data.as_bytes().to_vec();
    bytes.reverse();
    Data::new(&bytes)
}

/// The mask of a prefix in the order of the register.
fn prefix_mask<T: Operand>(bits: u8) -> Data {
    let len = usize::try_from(T::DATATYPE.len).unwrap_or(0);
    let mut mask: Vec<u8> = (0..len)
        .map(|index| {
            let left = usize::from(bits).saturating_sub(index * 8).min(8);
            !u8::MAX.checked_shr(u32::try_from(left).unwrap_or(8)).unwrap_or(0)
        })
        .collect();
    if T::DATATYPE.order == Order::Host && cfg!(target_endian = "little") {
        mask.reverse();
    }
    Data::new(&mask)
}

fn masked(value: &Data, mask: &Data) -> Data {
    let bytes: Vec<u8> = value.as_bytes().iter().zip(mask.as_bytes()).map(|(value, mask)| value & mask).collect();
    Data::new(&bytes)
}

/// Elements of a set of single keys, sorted, each once.
fn singles<T: Operand>(items: &[Item<T>]) -> Vec<Element> {
    let mut keys: Vec<Data> = items
        .iter()
        .filter_map(|item| match item {
            Item::One(value) => Some(value.data()),
            _ => None,
        })
        .collect();
    keys.sort();
    keys.dedup();
    keys.into_iter().map(Element::new).collect()
}

/// Elements of a set of ranges: sorted, overlapping and adjacent ones joined, each as its first key and the
/// first key behind it.
fn intervals<T: Operand>(items: &[Item<T>]) -> Result<Vec<Element>, Invalid> {
    let mut ranges: Vec<(Data, Data)> = items.iter().map(bounds).collect::<Result<_, _>>()?;
    ranges.sort();
    let mut joined: Vec<(Data, Data)> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match joined.last_mut() {
            Some((_, end)) if successor(end).is_none_or(|next| from <= next) => {
                if to > *end {
                    *end = to;
                }
            }
            _ => joined.push((from, to)),
        }
    }
    let mut elements = Vec::with_capacity(joined.len() * 2 + 1);
    // As nft does: what lies before the first range is closed by an end of its own.
    match joined.first() {
        Some((first, _)) if first.as_bytes().iter().any(|byte| *byte != 0) => {
            elements.push(Element::end(Data::zero(first.len())));
        }
        _ => {}
    }
    for (from, to) in joined {
        let end = successor(&to);
        elements.push(Element::new(from));
        elements.extend(end.map(Element::end));
    }
    Ok(elements)
}

/// The first and the last key of an item, as bytes in network order.
fn bounds<T: Operand>(item: &Item<T>) -> Result<(Data, Data), Invalid> {
    match item {
        Item::One(value) => Ok((in_network_order::<T>(value), in_network_order::<T>(value))),
        Item::Range(from, to) => Ok((in_network_order::<T>(from), in_network_order::<T>(to))),
        Item::Prefix(value, bits) => {
            let value = in_network_order::<T>(value);
            let (mut first, mut last) = (value.as_bytes().to_vec(), value.as_bytes().to_vec());
            for (index, (low, high)) in first.iter_mut().zip(&mut last).enumerate() {
                let left = usize::from(*bits).saturating_sub(index * 8).min(8);
                let free = u8::MAX.checked_shr(u32::try_from(left).unwrap_or(8)).unwrap_or(0);
                *low &= !free;
                *high |= free;
            }
            Ok((Data::new(&first), Data::new(&last)))
        }
        Item::Masked(value, mask) => Err(Invalid::Combination {
            problem: format!(
                "the {} {} under mask {} cannot be one of a list; make a rule of its own for it",
                T::WHAT,
                value.text(),
                mask.text()
            ),
        }),
    }
}

/// The next key; `None` behind the last.
fn successor(key: &Data) -> Option<Data> {
    let mut bytes = key.as_bytes().to_vec();
    for byte in bytes.iter_mut().rev() {
        let (next, overflow) = byte.overflowing_add(1);
        *byte = next;
        if !overflow {
            return Some(Data::new(&bytes));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_and_adjacent_ranges_are_joined() {
        let items = [Item::Range(20u16, 30), Item::One(31), Item::Range(25, 40), Item::One(80)];
        let items = items.map(|item| match item {
            Item::One(port) => Item::One(super::super::matches::Port(port)),
            Item::Range(a, b) => Item::Range(super::super::matches::Port(a), super::super::matches::Port(b)),
            _ => unreachable!(),
        });
        let keys: Vec<_> = intervals(&items).unwrap().into_iter().map(|e| (e.key, e.flags.bits())).collect();
        let port = Data::network_u16;
        assert_eq!(keys, [(port(0), 1), (port(20), 0), (port(41), 1), (port(80), 0), (port(81), 1)]);
    }

    #[test]
    fn the_last_key_has_no_end_behind_it() {
        let items = [Item::Range(super::super::matches::Port(0), super::super::matches::Port(u16::MAX))];
        let elements = intervals(&items).unwrap();
        assert_eq!(elements.len(), 1);
    }
}
