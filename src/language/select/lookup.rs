//! A value out of a map, chosen by what the packet carries, by turns, or by chance.

use std::{
    marker::PhantomData,
    net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6},
};

use super::{
    Mapping, Select, Selector, Used, UsedSet,
    key::{FIRST, describe, length},
    used::own_map,
};
use crate::{
    Dscp, Invalid, Mark, Port,
    expr::{self, Hash, HashKind, NatFlags, Numgen, NumgenKind, Register, Verdict},
    language::{Lowering, matches},
    object::{DataType, ElementData, KeyOrder, Set},
    set::{self, Field, FieldType, MapValue},
};

/// What a map is looked up by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum MapKey {
    /// Fields of the packet.
    Fields(Vec<Selector>),
    /// `offset`, `offset + 1` … up to `modulus` of them, and from the first again: nft's `numgen inc`.
    Turns {
        /// How many numbers.
        modulus: u32,
        /// The first.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
        offset: u32,
    },
    /// One of the same numbers by chance: nft's `numgen random`.
    Random {
        /// How many numbers.
        modulus: u32,
        /// The first.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
        offset: u32,
    },
    /// One of the same numbers by a hash of fields of the packet: nft's `jhash`.
    Hash {
        /// What is hashed.
        fields: Vec<Selector>,
        /// How many numbers.
        modulus: u32,
        /// Where the hash starts; the kernel's choice if absent, which differs from rule to rule.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        seed: Option<u32>,
        /// The first.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
        offset: u32,
    },
    /// One of the same numbers by a hash of the packet's addresses and ports, which is the same for both directions:
    /// nft's `symhash`.
    Symmetric {
        /// How many numbers.
        modulus: u32,
        /// The first.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
        offset: u32,
    },
}

/// As nft writes it: `ip saddr . th dport`, `numgen inc mod 3`.
impl std::fmt::Display for MapKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (modulus, offset) = match self {
            Self::Fields(fields) => return f.write_str(&describe(fields)),
            Self::Turns { modulus, offset } => {
                write!(f, "numgen inc")?;
                (modulus, offset)
            }
            Self::Random { modulus, offset } => {
                write!(f, "numgen random")?;
                (modulus, offset)
            }
            Self::Hash { fields, modulus, offset, .. } => {
                write!(f, "jhash {}", describe(fields))?;
                (modulus, offset)
            }
            Self::Symmetric { modulus, offset } => {
                write!(f, "symhash")?;
                (modulus, offset)
            }
        };
        write!(f, " mod {modulus}")?;
        if let Self::Hash { seed: Some(seed), .. } = self {
            write!(f, " seed {seed:#x}")?;
        }
        if *offset != 0 { write!(f, " offset {offset}") } else { Ok(()) }
    }
}

/// A lookup in a map.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Lookup {
    /// By what.
    pub key: MapKey,
    /// In which.
    pub map: UsedSet,
}

/// A value of type `V` that each packet finds in a map: what words take in the place of a value.
///
/// Made by [`mapped`] and by [`Balance`].
#[derive(Clone, Debug)]
pub struct Mapped<V> {
    pub(crate) lookup: Lookup,
    pub(crate) problem: Option<Invalid>,
    /// How a translation chooses; of others, none are set.
    pub(crate) flags: NatFlags,
    kind: PhantomData<fn() -> V>,
}

/// What a map holds for these fields of the packet: nft's `ip daddr map @backends`. Packets for whose fields it holds
/// nothing leave the rule.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use portcullis::{Port, Rule, select::{Daddr, Dport, mapped}, set::MapOf};
///
/// let backends = MapOf::<(Ipv4Addr, Port), (Ipv4Addr, Port)>::new("backends");
/// Rule::new().tcp().dnat_by(mapped((Daddr, Dport), &backends));
/// // A map of the rule's own:
/// let inside = [(Port(80), Ipv4Addr::new(10, 0, 0, 1)), (Port(443), Ipv4Addr::new(10, 0, 0, 2))];
/// Rule::new().tcp().dnat_by(mapped(Dport, inside));
/// ```
pub fn mapped<F, V: MapValue>(key: impl Select<F>, map: impl Mapping<F, V>) -> Mapped<V> {
    let fields = key.selectors();
    let used = map.used();
    let problem = used.problem(&fields, V::describe(Set::new("", DataType::MARK)).data);
    let lookup = Lookup { key: MapKey::Fields(fields), map: used.set };
    Mapped { lookup, problem, flags: NatFlags::empty(), kind: PhantomData }
}

/// A number that chooses.
#[derive(Clone, Debug, PartialEq)]
struct Number(u32);

impl Field for Number {
    const WHAT: &'static str = "number";
    /// nft's `integer`.
    const TYPE: FieldType = FieldType::host("integer", 4, 4);

    fn write(&self, to: &mut [u8]) {
        to.copy_from_slice(&self.0.to_ne_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(u32::from_ne_bytes).map(Self)
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

/// A value as an element of a map has it.
pub(crate) fn own_element<V: MapValue>(value: V) -> Option<ElementData> {
    own_map([(Number(0), value)]).elements.pop()?.data
}

/// Shares packets out among any number of values by one rule: load balancing where the values are backends.
///
/// In a nat chain the first packet of a connection decides for all of them.
///
/// ```
/// use std::net::{Ipv4Addr, SocketAddrV4};
///
/// use portcullis::{Rule, select::{Balance, Saddr}};
///
/// let backends = [1, 2, 3].map(|host| SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, host), 8080));
/// Rule::new().tcp().dport(80).dnat_by(Balance::round_robin(backends));
/// // The same client always comes to the same backend:
/// Rule::new().tcp().dport(80).dnat_by(Balance::hash::<Ipv4Addr, _>(Saddr, Some(7), backends));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Balance;

impl Balance {
    /// Each in its turn, exactly: nft's `numgen inc mod N map { 0 : …, 1 : … }`.
    pub fn round_robin<B: Backend>(backends: impl IntoIterator<Item = B>) -> Mapped<B::Value> {
        share(backends, |modulus| MapKey::Turns { modulus, offset: 0 })
    }

    /// By chance, each as often as any other.
    pub fn random<B: Backend>(backends: impl IntoIterator<Item = B>) -> Mapped<B::Value> {
        share(backends, |modulus| MapKey::Random { modulus, offset: 0 })
    }

    /// By a hash of fields of the packet: the same fields lead to the same backend. Without a `seed` the kernel takes
    /// one by chance, and another one when the rule is loaded again.
    pub fn hash<F, B: Backend>(
        fields: impl Select<F>,
        seed: Option<u32>,
        backends: impl IntoIterator<Item = B>,
    ) -> Mapped<B::Value> {
        let fields = fields.selectors();
        share(backends, |modulus| MapKey::Hash { fields, modulus, seed, offset: 0 })
    }

    /// By a hash of the packet's addresses and ports that is the same in both directions.
    pub fn symmetric<B: Backend>(backends: impl IntoIterator<Item = B>) -> Mapped<B::Value> {
        share(backends, |modulus| MapKey::Symmetric { modulus, offset: 0 })
    }
}

fn share<B: Backend>(
    backends: impl IntoIterator<Item = B>,
    key: impl FnOnce(u32) -> MapKey,
) -> Mapped<B::Value> {
    let map = own_map((0..).map(Number).zip(backends.into_iter().map(Backend::value)));
    let modulus = u32::try_from(map.elements.len()).unwrap_or(u32::MAX);
    let empty = (modulus == 0).then_some(Invalid::ListEmpty { what: "backend" });
    // A value that cannot be is no element.
    let problem = map.problem.clone().or(empty);
    let lookup = Lookup { key: key(modulus), map: Used::own(map).set };
    Mapped { lookup, problem, flags: NatFlags::empty(), kind: PhantomData }
}

/// What packets are shared out among: addresses, ports, both, marks, classes, queues, interfaces, verdicts.
pub trait Backend {
    /// As a map holds it.
    type Value: MapValue;

    /// As a map holds it.
    fn value(self) -> Self::Value;
}

/// Declares backends: `TYPE => TYPE IN THE MAP, CONVERSION`.
macro_rules! backends {
    ($( $source:ty => $value:ty, |$from:ident| $make:expr; )+) => {$(
        impl Backend for $source {
            type Value = $value;

            fn value(self) -> $value {
                let $from = self;
                $make
            }
        }
    )+};
}

backends! {
    Ipv4Addr => Ipv4Addr, |address| address;
    Ipv6Addr => Ipv6Addr, |address| address;
    SocketAddrV4 => (Ipv4Addr, Port), |address| (*address.ip(), Port(address.port()));
    SocketAddrV6 => (Ipv6Addr, Port), |address| (*address.ip(), Port(address.port()));
    (Ipv4Addr, Port) => (Ipv4Addr, Port), |pair| pair;
    (Ipv6Addr, Port) => (Ipv6Addr, Port), |pair| pair;
    Mark => Mark, |mark| mark;
    Port => Port, |port| port;
    Dscp => Dscp, |class| class;
    matches::Zone => matches::Zone, |zone| zone;
    set::TcClass => set::TcClass, |class| class;
    set::SegmentSize => set::SegmentSize, |size| size;
    set::QueueNumber => set::QueueNumber, |queue| queue;
    set::InterfaceIndex => set::InterfaceIndex, |interface| interface;
    Verdict => Verdict, |verdict| verdict;
}

impl Lowering<'_> {
    /// Loads what a map is looked up by into register 1.
    pub(crate) fn load_map_key(&mut self, key: &MapKey, runs: bool) -> Result<(), Invalid> {
        let register = Register::R1;
        match key {
            MapKey::Fields(fields) => {
                self.need_key(fields)?;
                self.load_key(fields, FIRST, runs)?;
            }
            MapKey::Turns { modulus, offset } => {
                self.push(numbers(NumgenKind::Incremental, *modulus, *offset)?);
            }
            MapKey::Random { modulus, offset } => {
                self.push(numbers(NumgenKind::Random, *modulus, *offset)?);
            }
            MapKey::Hash { fields, modulus, seed, offset } => {
                check_modulus(*modulus)?;
                self.need_key(fields)?;
                // As nft: the hash goes to the first register, what is hashed to the second.
                let from = self.load_key(fields, FIRST + 4, false)?;
                let mut hash = Hash::jenkins(from, length(fields), register, *modulus);
                hash.seed = *seed;
                hash.offset = Some(*offset).filter(|offset| *offset != 0);
                self.push(hash);
            }
            MapKey::Symmetric { modulus, offset } => {
                check_modulus(*modulus)?;
                let mut hash = Hash::symmetric(register, *modulus);
                hash.offset = Some(*offset).filter(|offset| *offset != 0);
                self.push(hash);
            }
        }
        Ok(())
    }

    /// The name of a set, and for one of the rule's own its number in the transaction.
    pub(crate) fn take_set(&mut self, set: &UsedSet) -> Result<(String, Option<u32>), Invalid> {
        match set {
            UsedSet::Named { name, .. } => {
                crate::object::check_name("set", name)?;
                Ok((name.clone(), None))
            }
            UsedSet::Own(set) => {
                if let Some(problem) = &set.problem {
                    return Err(problem.clone());
                }
                if set.elements.is_empty() {
                    return Err(Invalid::ListEmpty { what: "element" });
                }
                let id = self.sets.take(Set::clone(set));
                Ok((set.name.clone(), Some(id)))
            }
        }
    }

    /// Looks a value up and puts it into `dreg`.
    pub(crate) fn map_lookup(&mut self, lookup: &Lookup, dreg: Register) -> Result<(), Invalid> {
        self.load_map_key(&lookup.key, lookup.map.runs())?;
        let (name, id) = self.take_set(&lookup.map)?;
        let mut found = expr::Lookup::new(name, Register::R1).dreg(dreg);
        found.set_id = id;
        self.push(found);
        Ok(())
    }
}

fn check_modulus(modulus: u32) -> Result<(), Invalid> {
    if modulus == 0 {
        return Err(Invalid::ListEmpty { what: "backend" });
    }
    Ok(())
}

fn numbers(kind: NumgenKind, modulus: u32, offset: u32) -> Result<Numgen, Invalid> {
    check_modulus(modulus)?;
    let numbers = Numgen::new(Register::R1, modulus, kind);
    Ok(if offset == 0 { numbers } else { numbers.offset(offset) })
}

/// The number of [`HashKind`] in a hash that was read: the kernel's choice where nothing is said.
pub(super) fn hash_kind(hash: &Hash) -> HashKind {
    hash.kind.unwrap_or(HashKind::Jenkins)
}

impl Used {
    /// What is wrong with looking these fields up in it.
    pub(crate) fn problem(
        &self,
        fields: &[Selector],
        data: Option<crate::object::MapData>,
    ) -> Option<Invalid> {
        let known = self.known.as_ref()?;
        if let Some(problem) = &known.problem {
            return Some(problem.clone());
        }
        let mut types = fields.iter().map(|selector| selector.field_type().data_type());
        let first = types.next().unwrap_or_else(|| DataType::new(0, 0, KeyOrder::Mixed));
        let wanted = types.fold(first, DataType::and);
        if known.key_type == wanted.number && known.key_len == length_of(fields) && known.data == data {
            return None;
        }
        let words: Vec<_> = fields.iter().map(|selector| selector.field_type().name).collect();
        let data_text = |data: &Option<crate::object::MapData>| {
            data.as_ref().map_or_else(|| "no map".to_owned(), |data| format!("map to {data:?}"))
        };
        Some(Invalid::SetType {
            set: match &self.set {
                UsedSet::Named { name, .. } => name.clone(),
                UsedSet::Own(set) => set.name.clone(),
            },
            wanted: format!("{}, {}", words.join(" . "), data_text(&data)),
            found: format!(
                "key type {} of {} bytes, {}",
                known.key_type,
                known.key_len,
                data_text(&known.data)
            ),
        })
    }
}

/// The bytes of a key: a single field is not filled up.
fn length_of(fields: &[Selector]) -> u32 {
    match fields {
        [one] => u32::try_from(one.field_type().len).unwrap_or(u32::MAX),
        several => length(several),
    }
}
