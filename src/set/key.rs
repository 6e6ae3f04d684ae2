//! What a set is keyed by: one part, or a concatenation of parts.

use super::{Field, FieldType, Interval, Part, bounds::turn, field::FIELD_LIMIT};
use crate::{Invalid, object::DataType};

/// The longest key (`NFT_DATA_VALUE_MAXLEN`).
pub(crate) const KEY_LIMIT: usize = 64;

/// The key of a typed set.
///
/// Implemented for every [`Part`]: a value ([`Field`]), or a run of values, which makes it a set of intervals;
/// and for tuples of two to sixteen parts, which make it a concatenation. A tuple with one run in it is a
/// concatenation of intervals.
///
/// nft knows at most five parts: its number for a type has 32 bits, six for each part, and of the expressions that it
/// keeps beside a set ([`TypeOf`](super::TypeOf)) it reads four. A longer key it takes, and the kernel, too, but
/// `nft list` shows wrong types and values for it, of the sets that nft made itself as of these (1.0.6: `bitmask`,
/// `verdict`). Packets are compared with all parts, and this library reads them all, and says those of which the set
/// still has the expressions ([`Set::nft`](crate::Set::nft)). Rust compares and prints tuples of up to twelve only, so
/// [`Key`] does not ask for it.
///
/// A key longer than the kernel takes, 64 bytes with every part filled up to a multiple of four, does not
/// compile:
///
/// ```
/// use std::net::Ipv6Addr;
///
/// use portcullis::set::SetOf;
///
/// type Four = (Ipv6Addr, Ipv6Addr, Ipv6Addr, Ipv6Addr);
/// assert_eq!(SetOf::<Four>::new("fits").as_set().key_len, 64);
/// ```
///
/// ```compile_fail
/// use std::net::Ipv6Addr;
///
/// use portcullis::set::SetOf;
///
/// type Five = (Ipv6Addr, Ipv6Addr, Ipv6Addr, Ipv6Addr, Ipv6Addr);
/// SetOf::<Five>::new("too_long");
/// ```
pub trait Key: Clone {
    /// What packets are compared by: the [`Field`] of a single key, the tuple of fields of a concatenation.
    ///
    /// Sets of single values and of intervals have the same: a word of a rule that looks a field up takes any
    /// set whose keys are of this field.
    type Fields;

    /// Whether it makes the set one of intervals.
    const INTERVAL: bool;

    /// Whether it is a concatenation.
    const CONCATENATION: bool;

    /// The types of its parts, at least one.
    const PARTS: &'static [FieldType];

    /// Bytes of a key, what parts are filled up with included.
    const LEN: usize;

    /// Fills `to`, which has [`Key::LEN`] bytes, with the first key, as the set holds it.
    fn write_first(&self, to: &mut [u8]);

    /// Fills `to` with the last key, as the set holds it.
    fn write_last(&self, to: &mut [u8]);

    /// The key that stands for what is between `first` and `last` in the set; `None` where nothing of this type
    /// does.
    fn read(first: &[u8], last: &[u8]) -> Option<Self>;

    /// As nft writes it, for error texts: `192.0.2.7 . 80`.
    fn text(&self) -> String;

    /// As nft writes what is between `first` and `last` in the set, whether a key of this type stands for it or
    /// not.
    fn text_of(first: &[u8], last: &[u8]) -> Option<String>;

    /// Whether the kernel can take it.
    ///
    /// # Errors
    /// What is wrong with the first of its fields that cannot be right; [`Invalid::RangeReversed`] for a run whose end is
    /// before its start.
    fn check(&self) -> Result<(), Invalid>;

    /// nft's type.
    fn data_type() -> DataType {
        let mut parts = Self::PARTS.iter().map(|part| part.data_type());
        let first = parts.next().unwrap_or_else(|| DataType::new(0, 0, crate::object::KeyOrder::Mixed));
        parts.fold(first, DataType::and)
    }

    /// nft's words for the type: `ipv4_addr . inet_service`.
    fn type_text() -> String {
        Self::PARTS.iter().map(|part| part.name).collect::<Vec<_>>().join(" . ")
    }
}

impl<P: Part> Key for P {
    type Fields = P::Field;
    const INTERVAL: bool = P::INTERVAL;
    const CONCATENATION: bool = false;
    const PARTS: &'static [FieldType] = &[P::Field::TYPE];
    const LEN: usize = {
        assert!(P::Field::TYPE.len > 0 && P::Field::TYPE.len <= FIELD_LIMIT, "a field has 1 to 16 bytes");
        P::Field::TYPE.len
    };

    #[inline]
    fn write_first(&self, to: &mut [u8]) {
        Part::write_first(self, to);
        if P::INTERVAL {
            turn(P::Field::TYPE, to);
        }
    }

    #[inline]
    fn write_last(&self, to: &mut [u8]) {
        Part::write_last(self, to);
        if P::INTERVAL {
            turn(P::Field::TYPE, to);
        }
    }

    fn read(first: &[u8], last: &[u8]) -> Option<Self> {
        if first.len() != Self::LEN || last.len() != Self::LEN {
            return None;
        }
        read_part(P::INTERVAL, first, last)
    }

    fn text(&self) -> String {
        Part::text(self)
    }

    fn text_of(first: &[u8], last: &[u8]) -> Option<String> {
        read_part::<Interval<P::Field>>(P::INTERVAL, first, last).map(|run| run.to_string())
    }

    #[inline]
    fn check(&self) -> Result<(), Invalid> {
        Part::check(self, P::INTERVAL)
    }
}

/// A part out of the bytes of a set.
fn read_part<P: Part>(intervals: bool, first: &[u8], last: &[u8]) -> Option<P> {
    let (mut low, mut high) = ([0; FIELD_LIMIT], [0; FIELD_LIMIT]);
    let (low, high) = (low.get_mut(..first.len())?, high.get_mut(..last.len())?);
    low.copy_from_slice(first);
    high.copy_from_slice(last);
    if intervals {
        turn(P::Field::TYPE, low);
        turn(P::Field::TYPE, high);
    }
    P::read(low, high)
}

/// Writes a part at the head of `to` and gives the rest, behind what fills the part up.
#[inline]
fn put_part<P: Part>(intervals: bool, to: &mut [u8], write: impl FnOnce(&mut [u8])) -> &mut [u8] {
    let (len, padded) = (P::Field::TYPE.len, P::Field::TYPE.padded());
    let Some((place, rest)) = to.split_at_mut_checked(padded) else {
        return &mut [];
    };
    if let Some((value, filler)) = place.split_at_mut_checked(len) {
        write(value);
        if intervals {
            turn(P::Field::TYPE, value);
        }
        filler.fill(0);
    }
    rest
}

/// Takes a part's bytes off the head of both.
fn take_part<P: Part>(intervals: bool, first: &mut &[u8], last: &mut &[u8]) -> Option<P> {
    let (len, padded) = (P::Field::TYPE.len, P::Field::TYPE.padded());
    let (low, rest) = first.split_at_checked(padded)?;
    *first = rest;
    let (high, rest) = last.split_at_checked(padded)?;
    *last = rest;
    read_part(intervals, low.get(..len)?, high.get(..len)?)
}

/// Implements keys for tuples of parts.
macro_rules! concatenations {
    ($( ($($part:ident $index:tt),+); )+) => {$(
        impl<$($part: Part),+> Key for ($($part,)+) {
            type Fields = ($($part::Field,)+);
            const INTERVAL: bool = $($part::INTERVAL)||+;
            const CONCATENATION: bool = true;
            const PARTS: &'static [FieldType] = &[$($part::Field::TYPE),+];
            const LEN: usize = {
                let len = 0 $( + $part::Field::TYPE.padded() )+;
                assert!(len <= KEY_LIMIT, "the kernel takes keys of at most 64 bytes");
                len
            };

            #[inline]
            fn write_first(&self, to: &mut [u8]) {
                $( let to = put_part::<$part>(Self::INTERVAL, to, |to| self.$index.write_first(to)); )+
                let _ = to;
            }

            #[inline]
            fn write_last(&self, to: &mut [u8]) {
                $( let to = put_part::<$part>(Self::INTERVAL, to, |to| self.$index.write_last(to)); )+
                let _ = to;
            }

            fn read(mut first: &[u8], mut last: &[u8]) -> Option<Self> {
                if first.len() != Self::LEN || last.len() != Self::LEN {
                    return None;
                }
                Some(($( take_part::<$part>(Self::INTERVAL, &mut first, &mut last)?, )+))
            }

            fn text(&self) -> String {
                [$( self.$index.text() ),+].join(" . ")
            }

            fn text_of(mut first: &[u8], mut last: &[u8]) -> Option<String> {
                let (first, last) = (&mut first, &mut last);
                let parts =
                    [$( take_part::<Interval<$part::Field>>(Self::INTERVAL, first, last)?.to_string() ),+];
                Some(parts.join(" . "))
            }

            fn check(&self) -> Result<(), Invalid> {
                $( self.$index.check(Self::INTERVAL)?; )+
                Ok(())
            }
        }
    )+};
}

concatenations! {
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15);
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        InterfaceName, MacAddr, Mark, Port, Protocol,
        set::{SetOf, value},
    };

    fn round_trip<K: Key>(key: &K) -> Option<K> {
        // What fills parts up must be written, too.
        let (mut first, mut last) = (vec![0xaa; K::LEN], vec![0xaa; K::LEN]);
        key.write_first(&mut first);
        key.write_last(&mut last);
        K::read(&first, &last)
    }

    #[test]
    fn concatenations_are_filled_up_and_have_nfts_type() {
        type Flow = (Ipv4Addr, Port, MacAddr);
        let mut bytes = [0xaa; 16];
        assert_eq!(Flow::LEN, 16);
        (Ipv4Addr::new(1, 2, 3, 4), Port(80), MacAddr([1, 2, 3, 4, 5, 6])).write_first(&mut bytes);
        assert_eq!(bytes, [1, 2, 3, 4, 0, 80, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0]);
        assert_eq!(Flow::data_type().number, 7 << 12 | 13 << 6 | 9);
        assert_eq!(Flow::type_text(), "ipv4_addr . inet_service . ether_addr");
        assert_eq!([Flow::INTERVAL, <(Ipv4Addr, Interval<Port>)>::INTERVAL], [false, true]);
    }

    /// As many as the kernel has registers, and each of them is of account.
    #[test]
    fn sixteen_parts_fill_a_key() {
        type Sixteen =
            (Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark, Mark);
        let m = Mark;
        let key: Sixteen = (
            m(0),
            m(1),
            m(2),
            m(3),
            m(4),
            m(5),
            m(6),
            m(7),
            m(8),
            m(9),
            m(10),
            m(11),
            m(12),
            m(13),
            m(14),
            m(15),
        );
        assert_eq!((Sixteen::LEN, Sixteen::PARTS.len()), (64, 16));
        assert_eq!(Sixteen::data_type().fields, [4; 16]);
        let mut bytes = [0xaa; 64];
        key.write_first(&mut bytes);
        assert_eq!(bytes, std::array::from_fn(|at| (at as u32 / 4).to_ne_bytes()[at % 4]));
        let read = Sixteen::read(&bytes, &bytes).unwrap();
        let same = value::MapValue::is_same;
        assert_eq!((read.text(), same(&read, &key)), (key.text(), true));
        assert_eq!(key.text().split(" . ").count(), 16);
        // As values they are compared by all parts.
        for at in 0..64 {
            let mut other = bytes;
            other[at] ^= 0x80;
            assert!(!same(&Sixteen::read(&other, &other).unwrap(), &key), "{at}");
        }
        let set = SetOf::<Sixteen>::new("s");
        assert_eq!((set.clone(), set.as_set().key_len), (set, 64));
        // Numbers that are not turned are written as they are; with a run all are turned.
        type Run = (
            Interval<Mark>,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
            Mark,
        );
        let run: Run = (
            Interval::new(m(1), m(2)),
            key.1,
            key.2,
            key.3,
            key.4,
            key.5,
            key.6,
            key.7,
            key.8,
            key.9,
            key.10,
            key.11,
            key.12,
            key.13,
            key.14,
            key.15,
        );
        let (mut first, mut last) = ([0; 64], [0; 64]);
        run.write_first(&mut first);
        run.write_last(&mut last);
        assert_eq!(
            (first[..8].to_vec(), last[..8].to_vec()),
            (vec![0, 0, 0, 1, 0, 0, 0, 1], vec![0, 0, 0, 2, 0, 0, 0, 1])
        );
        assert_eq!(Run::read(&first, &last).map(|read| read.text()), Some(run.text()));
    }

    #[test]
    fn keys_are_told_as_nft_writes_them() {
        let network: ipnet::Ipv4Net = "10.0.0.0/8".parse().unwrap();
        let run = (network, Interval::new(Port(80), Port(90)), Mark(0x10));
        assert_eq!(run.text(), "10.0.0.0/8 . 80-90 . 0x10");
        let (mut first, mut last) = ([0; 12], [0; 12]);
        run.write_first(&mut first);
        run.write_last(&mut last);
        type Run = (ipnet::Ipv4Net, Interval<Port>, Mark);
        assert_eq!(Run::text_of(&first, &last), Some(run.text()));
        let name = Interval::from(InterfaceName::prefix("eth"));
        assert_eq!((Key::text(&name), round_trip(&name)), ("\"eth*\"".to_owned(), Some(name)));
    }

    #[test]
    fn bytes_of_another_length_are_no_key() {
        assert_eq!(<Port as Key>::read(&[0, 1, 2], &[0, 1, 2]), None);
        assert_eq!(<(Port, Port) as Key>::read(&[0; 7], &[0; 7]), None);
        // A run is no single value, and not every run is a network.
        assert_eq!(<Port as Key>::read(&[0, 1], &[0, 2]), None);
        assert_eq!(<ipnet::Ipv4Net as Key>::read(&[0, 0, 0, 1], &[0, 0, 0, 2]), None);
    }

    proptest! {
        #[test]
        fn keys_survive_the_wire(
            v4: u32, other: u32, v6: u128, port: u16, mark: u32, protocol: u8, mac: [u8; 6], bits in 0u8..=32
        ) {
            let (v4, v6) = (Ipv4Addr::from_bits(v4), Ipv6Addr::from_bits(v6));
            let (mark, port, protocol) = (Mark(mark), Port(port), Protocol(protocol));
            let other = Ipv4Addr::from_bits(other);
            let network = ipnet::Ipv4Net::new(v4, bits).unwrap().trunc();
            prop_assert_eq!(round_trip(&v4), Some(v4));
            prop_assert_eq!(round_trip(&v6), Some(v6));
            prop_assert_eq!(round_trip(&mark), Some(mark));
            prop_assert_eq!(round_trip(&network), Some(network));
            prop_assert_eq!(round_trip(&Interval::from(mark)), Some(mark.into()));
            let run = Interval::new(v4.min(other), v4.max(other));
            prop_assert_eq!(round_trip(&run), Some(run));
            let flow = (v6, port, mark, MacAddr(mac), protocol);
            prop_assert_eq!(round_trip(&flow), Some(flow));
            // One run turns the numbers of the others.
            let runs = (network, mark, Interval::from(port), protocol);
            prop_assert_eq!(round_trip(&runs), Some(runs));
        }
    }
}
