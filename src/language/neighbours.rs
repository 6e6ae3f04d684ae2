//! Fields that lie side by side in a header: where a rule wants a value of each, one load and one comparison do.
//!
//! nft joins such tests (`stmt_reduce` in its `src/rule.c`, `payload_can_merge` in `src/payload.c`) where the kernel
//! then does less for a packet: up to four bytes of an IP or transport header are read without a call, so two IPv4
//! addresses stay two tests; from the Ethernet header any sixteen bytes are joined. What words can say of that are both
//! ports, type and code of an ICMP message, and both Ethernet addresses, in any order, whatever is looked at between.
//! As nft does, the joined test stands where that of the field which is first in the header stood; but both Ethernet
//! addresses right behind the test that there are any, which no word says.
//!
//! What nft 1.0.6 joins and this does not, as it would be another rule, or listed in other words:
//! - two negations: `sport != 1 dport != 2` becomes `not (1 and 2)`, which more packets match;
//! - tests before and behind what does something, or counts (a counter, a limit, `nth`, a set, whose elements may have
//!   counters): other packets would come to it;
//! - ports where several protocols are allowed: nft lists them as `@th,0,32 0x10002`.

use super::{Item, Lowering, Matching, Operand};
use crate::{
    Invalid,
    expr::{Cmp, Data, Payload, PayloadBase, Register},
};

/// The fields that words say neighbours of: the first's header and offset, and the length of each of the two.
pub(super) const PAIRS: [(PayloadBase, u32, usize); 3] =
    [(PayloadBase::Link, 0, 6), (PayloadBase::Transport, 0, 2), (PayloadBase::Transport, 0, 1)];

/// The longest of them.
const LONGEST: usize = 6;

/// A field that must equal a value, and where its test stands in what was emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Equality {
    offset: u32,
    len: usize,
    value: [u8; LONGEST],
    start: usize,
    end: usize,
}

impl Equality {
    fn value(&self) -> &[u8] {
        self.value.get(..self.len).unwrap_or_default()
    }
}

/// The last field of each header that must equal a value, since something was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Neighbours {
    link: Option<Equality>,
    transport: Option<Equality>,
}

impl Neighbours {
    /// Whether there is none.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.link.is_none() && self.transport.is_none()
    }

    fn of(&mut self, base: PayloadBase) -> &mut Option<Equality> {
        if base == PayloadBase::Link { &mut self.link } else { &mut self.transport }
    }

    /// At `start`, as much as `added` has taken the place of as much as `removed`.
    fn displaced(&mut self, start: usize, added: usize, removed: usize) {
        for other in [&mut self.link, &mut self.transport].into_iter().flatten() {
            if other.start > start {
                other.start = (other.start + added).saturating_sub(removed);
                other.end = (other.end + added).saturating_sub(removed);
            }
        }
    }
}

impl Lowering<'_> {
    /// Compares a field of the packet, as [`Lowering::field`] does; with its neighbour in the header, if the rule wants
    /// a value of each.
    pub(crate) fn field_beside_others<T: Operand>(
        &mut self,
        base: PayloadBase,
        offset: u32,
        matching: &Matching<T>,
    ) -> Result<(), Invalid> {
        let (false, None, [Item::One(value)]) =
            (matching.negated, &matching.problem, matching.items.as_slice())
        else {
            return self.field(base, offset, matching);
        };
        value.check()?;
        let data = value.data();
        let (start, len) = (self.position(), data.len());
        let mut field = Equality { offset, len, value: [0; LONGEST], start, end: start };
        field.value.iter_mut().zip(data.as_bytes()).for_each(|(to, from)| *to = *from);
        let before = *self.neighbours.of(base);
        match before.filter(|before| before.len == len && before.offset.abs_diff(offset) as usize == len) {
            Some(before) => self.join(base, before, field),
            None => {
                self.push(Payload::load(base, offset, T::DATATYPE.len, Register::R1));
                self.push(Cmp::eq(Register::R1, data));
                field.end = self.position();
                *self.neighbours.of(base) = Some(field);
                Ok(())
            }
        }
    }

    /// Puts one test in the place of one before and one that comes.
    fn join(&mut self, base: PayloadBase, before: Equality, field: Equality) -> Result<(), Invalid> {
        if before.start < self.fixed {
            let problem = "it would be joined with a test before it".to_owned();
            return Err(Invalid::Combination { problem });
        }
        let ordered = before.offset < field.offset;
        let (first, second) = if ordered { (&before, &field) } else { (&field, &before) };
        let value = Data::new(&[first.value(), second.value()].concat());
        let len = u32::try_from(value.len()).unwrap_or_default();
        self.push(Payload::load(base, first.offset, len, Register::R1));
        self.push(Cmp::eq(Register::R1, value));
        *self.neighbours.of(base) = None;
        let stays = ordered || (base == PayloadBase::Link && self.ethernet);
        let added = if stays { self.position().saturating_sub(field.start) } else { 0 };
        self.displace(before.start..before.end, added);
        self.neighbours.displaced(before.start, added, before.end.saturating_sub(before.start));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use Family::{Arp, Bridge, Inet, Ip, Ip6, Netdev};

    use crate::{
        Family, Rule,
        expr::{Cmp, Counter, Data, Expr, NFTA_LIST_ELEM, Register},
        language::{
            Encoded,
            matches::{Rate, golden::same_as_nft},
        },
        not, select,
        wire::Writer,
    };

    const A: &str = "aa:bb:cc:dd:ee:ff";
    const B: &str = "01:02:03:04:05:06";

    fn tcp() -> Rule {
        Rule::new().tcp()
    }

    #[test]
    fn as_nft_says_it() {
        let both: &[Family] = &[Ip, Inet];
        let rule = Rule::new;
        same_as_nft([
            (&[Ip, Ip6, Inet, Netdev], "tcp sport 1 tcp dport 2", tcp().sport(1).dport(2)),
            (&[Ip, Inet, Bridge], "tcp dport 2 tcp sport 1", tcp().dport(2).sport(1)),
            (both, "tcp sport 1-4 tcp dport 2", tcp().sport(1..=4).dport(2)),
            (both, "tcp sport != 1 tcp dport 2", tcp().sport(not(1)).dport(2)),
            (both, "tcp sport 1 meta mark 5 tcp dport 2", tcp().sport(1).mark(5).dport(2)),
            (both, "tcp dport 2 meta mark 5 tcp sport 1", tcp().dport(2).mark(5).sport(1)),
            (&[Ip, Inet, Netdev], "icmp type 3 icmp code 1", rule().icmp_type(3).icmp_code(1)),
            (&[Ip, Inet, Netdev], "icmp code 1 icmp type 3", rule().icmp_code(1).icmp_type(3)),
            (&[Ip6, Inet, Netdev], "icmpv6 type 1 icmpv6 code 4", rule().icmpv6_type(1).icmpv6_code(4)),
            (&[Ip], "ip saddr 10.0.0.1 ip daddr 10.0.0.2", rule().saddr("10.0.0.1").daddr("10.0.0.2")),
            (&[Ip6], "ip6 saddr fd00::1 ip6 daddr fd00::2", rule().saddr("fd00::1").daddr("fd00::2")),
            (&[Ip6], "ip6 hoplimit 1 ip6 saddr fd00::1", rule().hop_limit(1).saddr("fd00::1")),
        ]);
        let all: &[Family] = &[Ip, Ip6, Inet, Bridge, Netdev, Arp];
        let (source, destination) = (format!("ether saddr {A}"), format!("ether daddr {B}"));
        same_as_nft([
            (all, &*format!("{source} {destination}"), rule().ether_saddr(A).ether_daddr(B)),
            (all, &*format!("{destination} {source}"), rule().ether_daddr(B).ether_saddr(A)),
            (
                &[Bridge],
                &*format!("{source} meta l4proto tcp tcp dport 22 {destination} tcp sport 1"),
                rule().ether_saddr(A).tcp().dport(22).ether_daddr(B).sport(1),
            ),
            (
                &[Inet],
                &*format!("{destination} {source} meta mark 5"),
                rule().ether_saddr(A).mark(5).ether_daddr(B),
            ),
            (
                &[Inet],
                &*format!("{destination} meta l4proto tcp tcp sport 1 {source} tcp dport 22"),
                rule().ether_daddr(B).tcp().sport(1).ether_saddr(A).dport(22),
            ),
        ]);
    }

    fn names(rule: &Rule) -> String {
        let names: Vec<_> = rule
            .lower(Inet)
            .unwrap()
            .expressions
            .iter()
            .map(|expression| expression.name().to_owned())
            .collect();
        names.join(" ")
    }

    #[test]
    fn what_would_be_another_rule_stays_apart() {
        let apart = "meta cmp payload cmp payload cmp";
        assert_eq!(names(&tcp().sport(not(1)).dport(not(2))), apart);
        let joined = "meta cmp payload cmp";
        assert_eq!(names(&tcp().sport(1).dport(2)), joined);
        let behind = |between: Rule| names(&between.sport(1));
        let first = tcp().dport(2);
        for (between, name) in [
            (first.clone().counter(), "counter"),
            (first.clone().say(Counter::new()), "counter"),
            (first.clone().limit(Rate::per_second(1)), "limit"),
            (first.clone().connlimit_over(1), "connlimit"),
            (first.clone().nth(2, 0), "numgen cmp"),
            (first.clone().in_set(select::Selector::Mark, "s"), "meta lookup"),
            (first.clone().set_mark(1), "immediate meta"),
        ] {
            assert_eq!(behind(between), format!("{joined} {name} payload cmp"));
        }
        assert_eq!(behind(first.random(0.5)), "meta cmp numgen byteorder cmp payload cmp");
    }

    #[test]
    fn several_protocols_keep_both_ports() {
        assert_eq!(
            names(&Rule::new().protocol([6, 17]).sport(1).dport(2)),
            "meta lookup payload cmp payload cmp"
        );
    }

    #[test]
    fn a_port_that_cannot_be_is_refused_beside_another() {
        assert!(tcp().sport(1).dport(0).check(Inet).is_err());
    }

    #[test]
    fn bytes_are_those_of_the_list() {
        for rule in [
            tcp().sport(1).mark(5).dport(2).accept(),
            tcp().dport(2).mark(5).sport(1).accept(),
            tcp().sport(1).dport(2).sport(3).dport(4),
            Rule::new().ether_saddr(A).tcp().dport(22).ether_daddr(B).mark(1).sport(1).counter(),
            Rule::new().ether_daddr(B).tcp().dport(22).mark(1).ether_saddr(A).sport(1).reject(),
        ] {
            let (mut ours, mut listed) = (Encoded::default(), Vec::new());
            // As if there were another rule before.
            ours.push(&Cmp::eq(Register::R1, Data::byte(1)));
            listed.extend_from_slice(ours.bytes());
            rule.lower_into(Inet, &mut ours, &mut Vec::new()).unwrap();
            let mut writer = Writer::new(&mut listed);
            for expression in &rule.lower(Inet).unwrap().expressions {
                writer.put::<Expr>(NFTA_LIST_ELEM, expression);
            }
            writer.finish().unwrap();
            assert_eq!(ours.bytes(), listed, "{rule:?}");
        }
    }
}
