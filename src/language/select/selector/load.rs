//! What loads a selector's field, and what must be tested before it is there.

use smallvec::smallvec;

use super::{Load, Needs, Selector, Source};
use crate::{
    Invalid,
    expr::{
        Bitwise, BitwiseOp, Byteorder, ByteorderOp, Ct, Data, Expr, Exthdr, Fib, Meta, Osf, OsfTtl, Payload,
        Register, Rt, Socket, SocketKey, Xfrm,
    },
    language::{Layer3, Lowering},
    set::FieldType,
};

use Needs::{Arp, Ethernet, Icmp, Layer4, Nothing, Ports, Vlan};
impl Selector {
    /// The network that an address is in: its first bits, the others 0.
    ///
    /// ```
    /// use portcullis::{Rule, select::Selector};
    ///
    /// Rule::new().in_set(Selector::Ip6Saddr.prefix(64), "networks").drop();
    /// ```
    #[must_use]
    pub fn prefix(self, len: u8) -> Self {
        Self::Prefix { of: Box::new(self), len }
    }

    /// What loads it into a register.
    pub(in crate::language::select) fn load(&self, dreg: Register) -> Load {
        match self {
            Self::Prefix { of, len } => {
                let mut load = of.load(dreg);
                load.push(Bitwise::and(dreg, prefix_mask(of.field_type().len, *len)).into());
                load
            }
            Self::Raw(raw) => raw.load(dreg).collect(),
            _ => self.load_from(dreg),
        }
    }

    fn load_from(&self, dreg: Register) -> Load {
        let len = u32::try_from(self.field_type().len).unwrap_or(u32::MAX);
        match self.source() {
            Source::Payload(base, offset) => smallvec![Payload::load(base, offset, len, dreg).into()],
            Source::Bits(base, offset, mask, shift) => {
                let mut load: Load = smallvec![
                    Payload::load(base, offset, 1, dreg).into(),
                    Bitwise::and(dreg, Data::byte(mask)).into(),
                ];
                if shift != 0 {
                    load.push(shifted(dreg, 1, BitwiseOp::Rshift, shift));
                }
                load
            }
            Source::Across(base, offset, mask, shift) => {
                let mut load: Load = smallvec![
                    Payload::load(base, offset, 2, dreg).into(),
                    Bitwise::and(dreg, Data::network_u16(mask)).into(),
                ];
                // The kernel shifts the register as a number of the machine's, of four bytes; the key is the first one.
                if shift != 0 && cfg!(target_endian = "little") {
                    load.push(Byteorder::new(dreg, dreg, ByteorderOp::Ntoh, 2u32, 2u32).into());
                    load.push(shifted(dreg, 2, BitwiseOp::Rshift, shift));
                } else if shift != 0 {
                    load.push(shifted(dreg, 2, BitwiseOp::Lshift, 8u32.saturating_sub(shift)));
                }
                load
            }
            Source::Meta(key) => smallvec![Meta::load(key, dreg).into()],
            Source::Ct(key) => smallvec![Ct::load(key, dreg).into()],
            Source::Connection(key, direction) => smallvec![Ct::load(key, dreg).direction(direction).into()],
            Source::Fib(result, side) => smallvec![Fib::new(dreg, result, side).into()],
            Source::Extension(op, kind, offset) => {
                smallvec![Exthdr::load(op, kind, offset, len, dreg).into()]
            }
            Source::Route(key) => smallvec![Rt::new(key, dreg).into()],
            Source::Socket(key, level) => {
                let load = Socket::new(key, dreg);
                smallvec![level.map_or(load.clone(), |level| load.level(u32::from(level))).into()]
            }
            // The kernel dumps both attributes, said or not.
            Source::Ipsec(key, direction) => smallvec![Xfrm::new(dreg, key, direction).spnum(0u32).into()],
            Source::System => smallvec![Osf::new(dreg).ttl(OsfTtl::Exact).into()],
            Source::Raw => Load::new(),
        }
    }

    /// Whether the first expression of [`Selector::load`] can be this one, told without making it.
    pub(in crate::language::select) fn may_begin(&self, expression: &Expr) -> bool {
        match (self.source(), expression) {
            (
                Source::Payload(base, offset)
                | Source::Bits(base, offset, ..)
                | Source::Across(base, offset, ..),
                Expr::Payload(load),
            ) => load.base == base && load.offset == offset,
            (Source::Meta(key), Expr::Meta(load)) => load.key == key,
            (Source::Ct(key) | Source::Connection(key, _), Expr::Ct(load)) => load.key == key,
            (Source::Fib(result, side), Expr::Fib(load)) => load.result == result && load.flags == side,
            (Source::Extension(op, kind, _), Expr::Exthdr(load)) => load.op == op && load.kind == kind,
            (Source::Route(key), Expr::Rt(load)) => load.key == key,
            (Source::Socket(key, _), Expr::Socket(load)) => load.key == key,
            (Source::Ipsec(key, direction), Expr::Xfrm(load)) => {
                (load.key, load.direction) == (key, direction)
            }
            (Source::System, Expr::Osf(_)) => true,
            _ => false,
        }
    }

    /// Adds the tests that it silently depends on.
    pub(in crate::language::select) fn require(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        match self {
            Self::Prefix { of, len } => check_prefix(of, *len)?,
            Self::Raw(raw) => raw.check()?,
            _ => {}
        }
        match self.needs() {
            Nothing => Ok(()),
            Ethernet => {
                to.need_ethernet();
                Ok(())
            }
            Vlan => {
                to.need_vlan();
                Ok(())
            }
            Arp => to.need_arp(self.word()),
            Needs::Layer3(version) => to.need_layer3(self.word(), version),
            Ports => to.need_ports(self.word()),
            Layer4(protocol) => to.need_layer4(self.word(), protocol),
            Icmp(version, protocol) => {
                if to.layer3().is_some() || to.layer4().is_none() {
                    to.need_layer3(self.word(), version)?;
                }
                to.need_layer4(self.word(), protocol)
            }
        }
    }

    /// Whether nothing that is known of the protocols speaks against it.
    pub(in crate::language::select) fn may_follow(&self, layer3: Option<Layer3>, layer4: Option<u8>) -> bool {
        match self.needs() {
            Needs::Layer3(version) => layer3.is_none_or(|known| known == version),
            Icmp(_, needed) | Layer4(needed) => layer4 == Some(needed),
            _ => true,
        }
    }

    /// Whether sets of runs have its bytes in another order than registers.
    pub(in crate::language::select) fn is_turned(&self) -> bool {
        let field = self.field_type();
        field.order == crate::object::KeyOrder::Host && !field.text && field.len > 1
    }
}

/// What an expression loads into a register, of the selectors of which more is said than a name.
pub(in crate::language::select) fn grouped(load: &Expr, place: Register) -> Option<Selector> {
    let Expr::Socket(Socket { key: SocketKey::CgroupV2, level: Some(level), .. }) = load else { return None };
    let selector = Selector::CgroupV2 { level: u8::try_from(*level).ok()? };
    (selector.load(place).as_slice() == std::slice::from_ref(load)).then_some(selector)
}

/// How many bits of an address a mask leaves.
pub(in crate::language::select) fn prefix_of(
    selector: &Selector,
    mask: &Expr,
    place: Register,
) -> Option<u8> {
    let len = selector.field_type().prefixes.then_some(selector.field_type().len)?;
    let Expr::Bitwise(bitwise) = mask else { return None };
    let ones = bitwise.mask.as_ref()?.as_bytes().iter().map(|byte| byte.count_ones()).sum::<u32>();
    let ones = u8::try_from(ones).ok()?;
    (*mask == Bitwise::and(place, prefix_mask(len, ones)).into()).then_some(ones)
}

/// A mask of so many bytes whose first bits are 1.
fn prefix_mask(bytes: usize, ones: u8) -> Data {
    let left = (0..u32::MAX).step_by(8).take(bytes).map(|before| u32::from(ones).saturating_sub(before));
    Data::new(&left.map(|left| !u8::MAX.checked_shr(left).unwrap_or(0)).collect::<Vec<_>>())
}

fn check_prefix(of: &Selector, len: u8) -> Result<(), Invalid> {
    let FieldType { prefixes, len: bytes, .. } = of.field_type();
    if !prefixes || matches!(of, Selector::Prefix { .. }) {
        let problem =
            format!("{of} is no IP address, of which a set could hold networks: take the field whole");
        return Err(Invalid::Combination { problem });
    }
    if usize::from(len) > bytes * 8 {
        let range = format!("0 to {}", bytes * 8);
        return Err(Invalid::OutOfRange { what: "the length of a prefix", value: len.to_string(), range });
    }
    Ok(())
}

/// Shifts a register.
fn shifted(register: Register, len: u32, way: BitwiseOp, by: u32) -> Expr {
    Bitwise::new(register, register, len).op(way).data(Data::host_u32(by)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Dscp, Family, Rule,
        language::targets::golden::{golden, golden_everywhere},
        select,
        set::{self, CtLabels, Interval, SetOf},
    };

    #[test]
    fn labels_are_looked_up_whole() {
        // ct label @labels
        let labels = SetOf::<CtLabels>::new("labels");
        golden_everywhere(
            &Rule::new().in_set(select::CtLabels, &labels),
            &["ct load label => reg 1", "lookup reg 1 set labels"],
        );
        let runs = SetOf::<Interval<CtLabels>>::new("runs").contents([Interval::from(CtLabels(1))]);
        let text = runs.unwrap_err().to_string();
        assert!(
            text.ends_with("labels of connections are bits, which have no runs: take a set of single values")
        );
    }

    #[test]
    fn bits_across_two_bytes_are_brought_to_the_first() {
        // As nft 1.1.0 has it: ip6 dscp @classes
        let rule = Rule::new().in_set(select::Ip6Dscp, &SetOf::<Dscp>::new("classes"));
        let load = [
            "payload load 2b @ network header + 0 => reg 1",
            "bitwise reg 1 = ( reg 1 & 0x0000c00f ) ^ 0x00000000",
        ];
        let lift: &[_] = if cfg!(target_endian = "little") {
            &["byteorder reg 1 = ntoh(reg 1, 2, 2)", "bitwise reg 1 = ( reg 1 >> 0x00000006 )"]
        } else {
            // There the two bytes are the upper half of what is shifted, in the right order.
            &["bitwise reg 1 = ( reg 1 << 0x00000002 )"]
        };
        golden(Family::Ip6, &rule, &[&load[..], lift, &["lookup reg 1 set classes"]].concat());
        let problem = rule.check(Family::Ip).unwrap_err().to_string();
        assert!(problem.contains("ip6 dscp"), "{problem}");
    }

    #[test]
    fn the_networks_of_addresses() {
        use crate::select::{Daddr, Dport, Saddr};

        let nets = SetOf::<std::net::Ipv4Addr>::new("s");
        let load = "payload load 4b @ network header + 12 => reg 1";
        for (len, mask) in
            [(0, "00000000"), (1, "00000080"), (8, "000000ff"), (23, "00feffff"), (32, "ffffffff")]
        {
            let mask = format!("bitwise reg 1 = ( reg 1 & 0x{mask} ) ^ 0x00000000");
            let rule = Rule::new().in_set(Saddr.prefix(len), &nets);
            golden(Family::Ip, &rule, &[load, &mask, "lookup reg 1 set s"]);
        }
        let text = |rule: Rule| rule.check(Family::Inet).unwrap_err().to_string();
        assert_eq!(
            text(Rule::new().in_set(Saddr.prefix(33), &nets)),
            "the length of a prefix is 33; possible: 0 to 32"
        );
        let nets6 = SetOf::<std::net::Ipv6Addr>::new("s");
        assert_eq!(
            text(Rule::new().in_set(Daddr.prefix(129), &nets6)),
            "the length of a prefix is 129; possible: 0 to 128"
        );
        assert_eq!(
            text(Rule::new().in_set(Selector::Mark.prefix(8), "s")),
            "meta mark is no IP address, of which a set could hold networks: take the field whole"
        );
        assert_eq!(
            text(Rule::new().in_set(Selector::IpSaddr.prefix(8).prefix(8), "s")),
            "ip saddr/8 is no IP address, of which a set could hold networks: take the field whole"
        );
        let pairs = SetOf::<(std::net::Ipv6Addr, crate::Port)>::new("s");
        let rule = Rule::new().tcp().in_set((Saddr.prefix(64), Dport), &pairs);
        assert_eq!(rule.check(Family::Ip6), Ok(()));
    }

    /// libnftnl 1.2.4 calls it unknown.
    #[test]
    fn connections_are_looked_up_by_their_number() {
        let numbers = SetOf::<Interval<set::ConnectionId>>::new("s");
        golden_everywhere(
            &Rule::new().in_set(select::CtId, &numbers),
            &["ct load id => reg 1", "lookup reg 1 set s"],
        );
    }

    #[test]
    fn control_groups_are_of_a_level() {
        use crate::set::CgroupId;

        let groups = SetOf::<CgroupId>::new("s");
        let rule = Rule::new().in_set(select::CgroupV2(2), &groups);
        golden_everywhere(&rule, &["socket load cgroupv2 => reg 1", "lookup reg 1 set s"]);
        // libnftnl 1.2.4 does not print the level.
        let lowered = rule.lower(Family::Inet).unwrap();
        let load = Socket::new(SocketKey::CgroupV2, Register::R1).level(2u32);
        assert_eq!(lowered.expressions.first(), Some(&load.into()));
        assert_eq!(Selector::CgroupV2 { level: 2 }.to_string(), "socket cgroupv2 level 2");
    }

    #[test]
    fn arp_is_tested_for_where_the_table_leaves_it_open() {
        let operations = SetOf::<set::ArpOperation>::new("s");
        let rule = Rule::new().in_set(select::ArpOperation, &operations);
        let lookup = ["payload load 2b @ network header + 6 => reg 1", "lookup reg 1 set s"];
        golden(Family::Arp, &rule, &lookup);
        let arp = "cmp eq reg 1 0x00000608";
        golden(Family::Netdev, &rule, &[&["meta load protocol => reg 1", arp][..], &lookup].concat());
        let header = "payload load 2b @ link header + 12 => reg 1";
        golden(Family::Bridge, &rule, &[&[header, arp][..], &lookup].concat());
        assert_eq!(
            rule.check(Family::Inet).unwrap_err().to_string(),
            "arp operation cannot be used in a table of family inet: use a table of family arp, bridge or netdev"
        );
    }

    #[test]
    fn what_begins_a_field_is_told_without_making_it() {
        let register = Register::R1;
        for selector in Selector::ALL {
            let load = selector.load(register);
            assert!(selector.may_begin(&load[0]), "{selector}");
            // No two are told apart by nothing but what they need.
            let same = Selector::ALL.iter().filter(|other| other.load(register) == load);
            let same: Vec<_> = same.map(|other| other.word()).collect();
            let known: [&[_]; 3] = [
                &["icmp type", "icmpv6 type", "igmp type"],
                &["icmp code", "icmpv6 code"],
                &["ip6 length", "ip id"],
            ];
            assert!(same.len() == 1 || known.iter().any(|alike| same == *alike), "{same:?}");
        }
    }
}
