//! What the keys of a typed map lead to.

use super::{Field, FieldType, Interval, Key, Part, encode, key::KEY_LIMIT};
use crate::{
    Invalid,
    expr::{NFTA_DATA_VALUE, ObjectKind, Verdict},
    object::{
        DataType, ElementData, NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_OBJREF, Set, check_name, check_verdict,
        userdata,
    },
    wire::Writer,
};

/// What a set's keys lead to: nothing (`()`, a plain set), a [`Field`], a tuple of two to sixteen fields, a
/// [`Verdict`], or the name of a stateful object ([`CounterName`] and its like). As with keys, a value has at most 64
/// bytes.
pub trait MapValue: Clone {
    /// Whether there is nothing.
    const NOTHING: bool = false;

    /// The types of its parts; none where it is no bytes for registers.
    const PARTS: &'static [FieldType] = &[];

    /// Whether it is a run: its parts lie there twice, the first of each before the last of each.
    const RUNS: bool = false;

    /// Makes a set a map to such values.
    fn describe(set: Set) -> Set;

    /// Appends the element's attribute.
    fn encode(&self, writer: &mut Writer<'_>);

    /// The value that an element has.
    fn read(data: Option<&ElementData>) -> Option<Self>;

    /// As nft writes it, for error texts; empty for nothing.
    fn text(&self) -> String;

    /// Whether another value is the same for the kernel.
    fn is_same(&self, other: &Self) -> bool;

    /// Whether the kernel can take it.
    ///
    /// # Errors
    /// What is wrong with its fields, as [`Field::check`]; a chain's or an object's name that the kernel does not take.
    fn check(&self) -> Result<(), Invalid>;
}

/// A plain set.
impl MapValue for () {
    const NOTHING: bool = true;

    fn describe(set: Set) -> Set {
        set
    }

    #[inline]
    fn encode(&self, _: &mut Writer<'_>) {}

    fn read(data: Option<&ElementData>) -> Option<Self> {
        data.is_none().then_some(())
    }

    fn text(&self) -> String {
        String::new()
    }

    #[inline]
    fn is_same(&self, (): &Self) -> bool {
        true
    }

    #[inline]
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl<F: Field> MapValue for F {
    const PARTS: &'static [FieldType] = &[F::TYPE];

    fn describe(set: Set) -> Set {
        set.map_to(F::TYPE.data_type())
    }

    #[inline]
    fn encode(&self, writer: &mut Writer<'_>) {
        encode::value(NFTA_SET_ELEM_DATA, F::TYPE.len, |to| self.write(to), writer);
    }

    fn read(data: Option<&ElementData>) -> Option<Self> {
        match data {
            Some(ElementData::Value(data)) if data.len() == F::TYPE.len => F::read(data.as_bytes()),
            _ => None,
        }
    }

    fn text(&self) -> String {
        Field::text(self)
    }

    #[inline]
    fn is_same(&self, other: &Self) -> bool {
        self == other
    }

    #[inline]
    fn check(&self) -> Result<(), Invalid> {
        Field::check(self, false)
    }
}

/// Implements values for tuples of fields; they lie as keys do.
macro_rules! tuples {
    ($( ($($part:ident),+); )+) => {$(
        impl<$($part: Field),+> MapValue for ($($part,)+) {
            const PARTS: &'static [FieldType] = <Self as Key>::PARTS;

            fn describe(set: Set) -> Set {
                set.map_to(<Self as Key>::data_type())
            }

            #[inline]
            fn encode(&self, writer: &mut Writer<'_>) {
                encode::value(NFTA_SET_ELEM_DATA, <Self as Key>::LEN, |to| self.write_first(to), writer);
            }

            fn read(data: Option<&ElementData>) -> Option<Self> {
                match data {
                    Some(ElementData::Value(data)) => <Self as Key>::read(data.as_bytes(), data.as_bytes()),
                    _ => None,
                }
            }

            fn text(&self) -> String {
                Key::text(self)
            }

            // Tuples of more than twelve cannot be compared by themselves.
            fn is_same(&self, other: &Self) -> bool {
                let [one, two] = [self, other].map(|key| {
                    let mut bytes = [0; KEY_LIMIT];
                    key.write_first(bytes.get_mut(..<Self as Key>::LEN).unwrap_or_default());
                    bytes
                });
                one == two
            }

            fn check(&self) -> Result<(), Invalid> {
                Key::check(self)
            }
        }
    )+};
}

tuples! {
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, F);
    (A, B, C, D, E, F, G);
    (A, B, C, D, E, F, G, H);
    (A, B, C, D, E, F, G, H, I);
    (A, B, C, D, E, F, G, H, I, J);
    (A, B, C, D, E, F, G, H, I, J, K);
    (A, B, C, D, E, F, G, H, I, J, K, L);
    (A, B, C, D, E, F, G, H, I, J, K, L, M);
    (A, B, C, D, E, F, G, H, I, J, K, L, M, N);
    (A, B, C, D, E, F, G, H, I, J, K, L, M, N, O);
    (A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P);
}

/// nft's user data: the expression whose type the values have (`NFTNL_UDATA_SET_DATA_TYPEOF`).
pub(super) const DATA_TYPEOF: u8 = 4;
/// nft's user data: the values are runs (`NFTNL_UDATA_SET_DATA_INTERVAL`).
const DATA_INTERVAL: u8 = 6;

/// Makes a set a map to runs of values: twice the bytes, the first values before the last ones.
fn map_to_runs(set: Set, mut value: DataType) -> Set {
    value.len = value.len.next_multiple_of(4) * 2;
    let mut set = set.map_to(value);
    userdata::push(set.userdata.get_or_insert_default(), DATA_INTERVAL, &1u32.to_ne_bytes());
    set
}

/// Appends two values, one behind the other, each filled up.
fn put_both<K: Key>(ends: [&K; 2], writer: &mut Writer<'_>) {
    let len = K::LEN.next_multiple_of(4);
    let mut bytes = [0; 2 * KEY_LIMIT];
    for (place, end) in bytes.chunks_exact_mut(len).zip(ends) {
        end.write_first(place.get_mut(..K::LEN).unwrap_or_default());
    }
    if let Some(bytes) = bytes.get(..2 * len) {
        writer.nest(NFTA_SET_ELEM_DATA, |inner| inner.bytes(NFTA_DATA_VALUE, bytes));
    }
}

/// A run of values of which one is chosen, where addresses are translated: nft's `interval ipv4_addr`.
impl<F: Field> MapValue for Interval<F> {
    const PARTS: &'static [FieldType] = &[F::TYPE];
    const RUNS: bool = true;

    fn describe(set: Set) -> Set {
        map_to_runs(set, F::TYPE.data_type())
    }

    fn encode(&self, writer: &mut Writer<'_>) {
        put_both([&self.first, &self.last], writer);
    }

    fn read(data: Option<&ElementData>) -> Option<Self> {
        let Some(ElementData::Value(data)) = data else { return None };
        let (first, last) = data.as_bytes().split_at_checked(F::TYPE.padded())?;
        Some(Self { first: F::read(first.get(..F::TYPE.len)?)?, last: F::read(last.get(..F::TYPE.len)?)? })
    }

    fn text(&self) -> String {
        Part::text(self)
    }

    fn is_same(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), Invalid> {
        Part::check(self, false)
    }
}

/// A run of values and a run of others, such as addresses and ports: nft's `interval ipv4_addr . inet_service`.
impl<A: Field, B: Field> MapValue for (Interval<A>, Interval<B>) {
    const PARTS: &'static [FieldType] = &[A::TYPE, B::TYPE];
    const RUNS: bool = true;

    fn describe(mut set: Set) -> Set {
        set = map_to_runs(set, <(A, B)>::data_type());
        // As nft: `typeof` a concatenation (13), of which it says no more.
        let mut bytes = Vec::new();
        userdata::push(&mut bytes, 0, &13u32.to_ne_bytes());
        userdata::push(&mut bytes, 1, &[]);
        userdata::put(set.userdata.get_or_insert_default(), DATA_TYPEOF, &bytes);
        set
    }

    fn encode(&self, writer: &mut Writer<'_>) {
        let [first, last] = [(&self.0.first, &self.1.first), (&self.0.last, &self.1.last)]
            .map(|(one, other)| (one.clone(), other.clone()));
        put_both([&first, &last], writer);
    }

    fn read(data: Option<&ElementData>) -> Option<Self> {
        let Some(ElementData::Value(data)) = data else { return None };
        let (first, last) = data.as_bytes().split_at_checked(<(A, B)>::LEN)?;
        let first = <(A, B) as Key>::read(first, first)?;
        let last = <(A, B) as Key>::read(last, last)?;
        Some((Interval::new(first.0, last.0), Interval::new(first.1, last.1)))
    }

    fn text(&self) -> String {
        format!("{} . {}", self.0, self.1)
    }

    fn is_same(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), Invalid> {
        Part::check(&self.0, false)?;
        Part::check(&self.1, false)
    }
}

/// A verdict map.
impl MapValue for Verdict {
    fn describe(set: Set) -> Set {
        let mut set = set.map_to_verdicts();
        // As nft: verdicts have no byte order (NFTNL_UDATA_SET_DATABYTEORDER).
        userdata::push(set.userdata.get_or_insert_default(), 1, &[0; 4]);
        set
    }

    fn encode(&self, writer: &mut Writer<'_>) {
        writer.put(NFTA_SET_ELEM_DATA, &ElementData::Verdict(self.clone()));
    }

    fn read(data: Option<&ElementData>) -> Option<Self> {
        match data {
            Some(ElementData::Verdict(verdict)) => Some(verdict.clone()),
            _ => None,
        }
    }

    fn text(&self) -> String {
        self.to_string().replace("->", "").replace("  ", " ")
    }

    fn is_same(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), Invalid> {
        check_verdict(self)
    }
}

/// Declares the names of stateful objects.
macro_rules! objects {
    ($( $(#[$meta:meta])* $name:ident = $kind:ident; )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub String);

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.to_owned())
            }
        }

        impl MapValue for $name {
            fn describe(set: Set) -> Set {
                set.map_to_objects(ObjectKind::$kind)
            }

            fn encode(&self, writer: &mut Writer<'_>) {
                writer.text(NFTA_SET_ELEM_OBJREF, &self.0);
            }

            fn read(data: Option<&ElementData>) -> Option<Self> {
                match data {
                    Some(ElementData::Object(name)) => Some(Self(name.clone())),
                    _ => None,
                }
            }

            fn text(&self) -> String {
                format!("\"{}\"", self.0)
            }

            fn is_same(&self, other: &Self) -> bool {
                self == other
            }

            fn check(&self) -> Result<(), Invalid> {
                check_name("object", &self.0)
            }
        }
    )+};
}

objects! {
    /// The name of a counter of the map's table.
    CounterName = Counter;
    /// The name of a quota of the map's table.
    QuotaName = Quota;
    /// The name of a limit of the map's table.
    LimitName = Limit;
    /// The name of a limit of connections of the map's table.
    ConnlimitName = Connlimit;
    /// The name of a tunnel of the map's table.
    TunnelName = Tunnel;
    /// The name of a connection tracking helper of the map's table.
    CtHelperName = CtHelper;
    /// The name of a connection tracking timeout policy of the map's table.
    CtTimeoutName = CtTimeout;
    /// The name of an expectation of the map's table.
    CtExpectName = CtExpect;
    /// The name of a synproxy of the map's table.
    SynproxyName = Synproxy;
    /// The name of a security mark of the map's table.
    SecMarkName = SecMark;
}
