//! Sets: keys that rules look up in one step.

use std::time::Duration;

use super::{DataType, Element, KeyOrder, Origin, SetDesc, check_name, userdata};
use crate::{
    Invalid,
    expr::{Expr, NFTA_LIST_ELEM, ObjectKind, decode_list},
    wire::{Attributes, Buffer, DecodeError, Unknown, Writer, flag_set, kernel_enum},
};

flag_set! {
    /// `enum nft_set_flags`
    pub struct SetFlags: u32 {
        /// The set belongs to one rule and has no name of its own.
        #[doc(alias = "NFT_SET_ANONYMOUS")]
        ANONYMOUS = 0x1,
        /// The content does not change.
        #[doc(alias = "NFT_SET_CONSTANT")]
        CONSTANT = 0x2,
        /// Elements are ranges.
        #[doc(alias = "NFT_SET_INTERVAL")]
        INTERVAL = 0x4,
        /// Keys lead to values.
        #[doc(alias = "NFT_SET_MAP")]
        MAP = 0x8,
        /// Elements can have a timeout.
        #[doc(alias = "NFT_SET_TIMEOUT")]
        TIMEOUT = 0x10,
        /// Rules add elements.
        #[doc(alias = "NFT_SET_EVAL")]
        EVAL = 0x20,
        /// Keys lead to stateful objects.
        #[doc(alias = "NFT_SET_OBJECT")]
        OBJECT = 0x40,
        /// The key is a concatenation.
        #[doc(alias = "NFT_SET_CONCAT")]
        CONCAT = 0x80,
        /// Elements can have expressions.
        #[doc(alias = "NFT_SET_EXPR")]
        EXPR = 0x100,
    }
}

kernel_enum! {
    /// What the kernel is to choose a set's form by (`enum nft_set_policies`).
    pub enum SetPolicy: u32 {
        /// Fast lookups.
        #[doc(alias = "NFT_SET_POL_PERFORMANCE")]
        Performance = 0 "performance",
        /// Little memory.
        #[doc(alias = "NFT_SET_POL_MEMORY")]
        Memory = 1 "memory",
    }
}

/// What the keys of a map lead to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum MapData {
    /// Bytes for a register.
    Value {
        /// nft's number for their type.
        kind: u32,
        /// How many.
        len: u32,
    },
    /// Verdicts.
    Verdict,
    /// Stateful objects of this kind.
    Object(ObjectKind),
}

/// A set or map with its elements, as the kernel takes it: keys are bytes, and their type is nft's number for
/// it.
///
/// ```
/// use portcullis::{
///     expr::Data,
///     object::{DataType, Element, Set, SetFlags},
/// };
///
/// let blocked = Set::new("blocked", DataType::IPV4_ADDR)
///     .flags(SetFlags::TIMEOUT)
///     .timeout(std::time::Duration::from_secs(3600))
///     .comment("kept by the watcher")
///     .element(Element::new(Data::address("192.0.2.7".parse().unwrap())));
/// assert_eq!(blocked.key_len, 4);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Set {
    /// Its name, unique in its table; `__set%d` for an anonymous one.
    pub name: String,
    /// See [`SetFlags`].
    #[cfg_attr(
        feature = "serde",
        serde(default = "SetFlags::empty", skip_serializing_if = "SetFlags::is_empty")
    )]
    pub flags: SetFlags,
    /// nft's number for the key's type, so that nft can print it (`enum datatypes`). The kernel ignores it.
    pub key_type: u32,
    /// Bytes of a key, 1 to 64.
    pub key_len: u32,
    /// For a map: what keys lead to.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub data: Option<MapData>,
    /// What the kernel chooses its form by; performance if absent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub policy: Option<SetPolicy>,
    /// How much it holds, and what a concatenation consists of.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "SetDesc::is_empty"))]
    pub desc: SetDesc,
    /// How long its elements stay, where they do not say it themselves. Whole milliseconds.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "timeout_ms",
            default,
            with = "crate::json::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub timeout: Option<Duration>,
    /// How often the kernel looks for elements whose time is over. Whole milliseconds.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "gc_interval_ms",
            default,
            with = "crate::json::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub gc_interval: Option<Duration>,
    /// What each element does for the packets that it matches: counter, limit, quota, connlimit, last.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub expressions: Vec<Expr>,
    /// Bytes kept beside it; nft keeps the key's byte order and the comment there ([`userdata`]).
    #[cfg_attr(
        feature = "serde",
        serde(default, with = "crate::json::userdata::of_set", skip_serializing_if = "Option::is_none")
    )]
    pub userdata: Option<Vec<u8>>,
    /// The kernel's number, when read.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub handle: Option<u64>,
    /// Its elements.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub elements: Vec<Element>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
    /// The caller's line.
    #[cfg_attr(feature = "serde", serde(skip, default = "crate::json::origin"))]
    pub origin: Origin,
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            skip_deserializing,
            skip_serializing_if = "Option::is_none",
            serialize_with = "crate::json::broken"
        )
    )]
    pub(crate) problem: Option<Invalid>,
}

pub(crate) const NFTA_SET_TABLE: u16 = 1;
pub(crate) const NFTA_SET_NAME: u16 = 2;
const NFTA_SET_FLAGS: u16 = 3;
const NFTA_SET_KEY_TYPE: u16 = 4;
const NFTA_SET_KEY_LEN: u16 = 5;
const NFTA_SET_DATA_TYPE: u16 = 6;
const NFTA_SET_DATA_LEN: u16 = 7;
const NFTA_SET_POLICY: u16 = 8;
pub(crate) const NFTA_SET_DESC: u16 = 9;
const NFTA_SET_ID: u16 = 10;
const NFTA_SET_TIMEOUT: u16 = 11;
const NFTA_SET_GC_INTERVAL: u16 = 12;
const NFTA_SET_USERDATA: u16 = 13;
const NFTA_SET_PAD: u16 = 14;
const NFTA_SET_OBJ_TYPE: u16 = 15;
const NFTA_SET_HANDLE: u16 = 16;
const NFTA_SET_EXPR: u16 = 17;
const NFTA_SET_EXPRESSIONS: u16 = 18;
const NFTA_SET_TYPE: u16 = 19;
const NFTA_SET_COUNT: u16 = 20;

pub(crate) const SET_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_SET_TABLE", NFTA_SET_TABLE),
    ("NFTA_SET_NAME", NFTA_SET_NAME),
    ("NFTA_SET_FLAGS", NFTA_SET_FLAGS),
    ("NFTA_SET_KEY_TYPE", NFTA_SET_KEY_TYPE),
    ("NFTA_SET_KEY_LEN", NFTA_SET_KEY_LEN),
    ("NFTA_SET_DATA_TYPE", NFTA_SET_DATA_TYPE),
    ("NFTA_SET_DATA_LEN", NFTA_SET_DATA_LEN),
    ("NFTA_SET_POLICY", NFTA_SET_POLICY),
    ("NFTA_SET_DESC", NFTA_SET_DESC),
    ("NFTA_SET_ID", NFTA_SET_ID),
    ("NFTA_SET_TIMEOUT", NFTA_SET_TIMEOUT),
    ("NFTA_SET_GC_INTERVAL", NFTA_SET_GC_INTERVAL),
    ("NFTA_SET_USERDATA", NFTA_SET_USERDATA),
    ("NFTA_SET_PAD", NFTA_SET_PAD),
    ("NFTA_SET_OBJ_TYPE", NFTA_SET_OBJ_TYPE),
    ("NFTA_SET_HANDLE", NFTA_SET_HANDLE),
    ("NFTA_SET_EXPR", NFTA_SET_EXPR),
    ("NFTA_SET_EXPRESSIONS", NFTA_SET_EXPRESSIONS),
    ("NFTA_SET_TYPE", NFTA_SET_TYPE),
    ("NFTA_SET_COUNT", NFTA_SET_COUNT),
];

/// `NFT_DATA_VERDICT`
const VERDICTS: u32 = 0xffff_ff00;

/// nft's user data: the key's byte order (`NFTNL_UDATA_SET_KEYBYTEORDER`).
const KEY_BYTE_ORDER: u8 = 0;
/// nft's user data: the values' byte order (`NFTNL_UDATA_SET_DATABYTEORDER`).
const DATA_BYTE_ORDER: u8 = 1;

impl Set {
    /// An empty set of keys of a type.
    #[track_caller]
    pub fn new(name: impl Into<String>, key: DataType) -> Self {
        let DataType { number, len, order, fields } = key;
        let mut flags = SetFlags::empty();
        flags.set(SetFlags::CONCAT, !fields.is_empty());
        let mut userdata = Vec::new();
        userdata::push(&mut userdata, KEY_BYTE_ORDER, &order.number().to_ne_bytes());
        Self {
            name: name.into(),
            flags,
            key_type: number,
            key_len: len,
            data: None,
            policy: None,
            desc: SetDesc { fields, ..SetDesc::default() },
            timeout: None,
            gc_interval: None,
            expressions: Vec::new(),
            userdata: Some(userdata),
            handle: None,
            elements: Vec::new(),
            unknown: Unknown::new(),
            origin: Origin::here(),
            problem: None,
        }
    }

    /// A set that belongs to one rule: constant, and sized by its elements.
    #[track_caller]
    pub(crate) fn anonymous(
        key_type: u32,
        key_len: u32,
        host_order: bool,
        interval: bool,
        elements: Vec<Element>,
    ) -> Self {
        let order = if host_order { KeyOrder::Host } else { KeyOrder::Network };
        let mut set = Self::new("__set%d", DataType::new(key_type, key_len, order));
        set.flags = SetFlags::ANONYMOUS | SetFlags::CONSTANT;
        set.flags.set(SetFlags::INTERVAL, interval);
        set.desc.size = u32::try_from(elements.len()).ok();
        set.elements = elements;
        set
    }

    /// Makes it a map from keys to values of a type.
    #[must_use]
    pub fn map_to(mut self, data: DataType) -> Self {
        self.flags |= SetFlags::MAP;
        self.data = Some(MapData::Value { kind: data.number, len: data.len });
        let order = data.order.number().to_ne_bytes();
        userdata::push(self.userdata.get_or_insert_default(), DATA_BYTE_ORDER, &order);
        self
    }

    /// Makes it a map from keys to verdicts.
    #[must_use]
    pub fn map_to_verdicts(mut self) -> Self {
        self.flags |= SetFlags::MAP;
        self.data = Some(MapData::Verdict);
        self
    }

    /// Makes it a map from keys to stateful objects.
    #[must_use]
    pub fn map_to_objects(mut self, kind: ObjectKind) -> Self {
        self.flags |= SetFlags::OBJECT;
        self.data = Some(MapData::Object(kind));
        self
    }

    /// Sets flags, beside those set before.
    #[must_use]
    pub fn flags(mut self, flags: SetFlags) -> Self {
        self.flags |= flags;
        self
    }

    /// What the kernel chooses its form by.
    #[must_use]
    pub fn policy(mut self, policy: SetPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// How many elements there can be. The kernel may then choose a faster, fixed-size set, and refuses more.
    #[must_use]
    pub fn size(mut self, size: u32) -> Self {
        self.desc.size = Some(size);
        self
    }

    /// How long its elements stay, where they do not say it themselves. Sets [`SetFlags::TIMEOUT`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.flags |= SetFlags::TIMEOUT;
        self.timeout = Some(timeout);
        self
    }

    /// How often the kernel looks for elements whose time is over.
    #[must_use]
    pub fn gc_interval(mut self, interval: Duration) -> Self {
        self.gc_interval = Some(interval);
        self
    }

    /// One more thing that each element does for the packets that it matches. Several need kernel 5.11.
    #[must_use]
    pub fn expression(mut self, expression: impl Into<Expr>) -> Self {
        self.expressions.push(expression.into());
        self.flags.set(SetFlags::EXPR, self.expressions.len() > 1);
        self
    }

    /// A comment of at most 127 bytes, shown by `nft list`.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        match userdata::with_comment(userdata::SET_COMMENT, self.userdata.as_deref(), comment) {
            Ok(bytes) => self.userdata = Some(bytes),
            Err(problem) => self.problem = self.problem.or(Some(problem)),
        }
        self
    }

    /// The comment, where the user data has one.
    pub fn comment_text(&self) -> Option<String> {
        userdata::find_comment(userdata::SET_COMMENT, self.userdata.as_deref()?)
    }

    /// Adds an element.
    #[must_use]
    pub fn element(mut self, element: Element) -> Self {
        self.elements.push(element);
        self
    }

    /// Adds elements.
    #[must_use]
    pub fn elements(mut self, elements: impl IntoIterator<Item = Element>) -> Self {
        self.elements.extend(elements);
        self
    }

    /// Whether it belongs to one rule and has no name of its own.
    pub fn is_anonymous(&self) -> bool {
        self.flags.contains(SetFlags::ANONYMOUS)
    }

    /// The kind of the objects that a map leads to.
    pub(crate) fn object_kind(&self) -> Option<ObjectKind> {
        match self.data {
            Some(MapData::Object(kind)) => Some(kind),
            _ => None,
        }
    }

    /// Whether the kernel can take the set itself (elements are checked on their own).
    ///
    /// # Errors
    /// A name that the kernel does not take, as [`check_name`]; [`Invalid::Combination`] for flags of a map without values,
    /// or values without the flag; [`Invalid::OutOfRange`] for a key of no bytes or more than 64; otherwise what was kept while
    /// the set was made, such as a comment that is too long.
    pub fn check(&self) -> Result<(), Invalid> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        check_name("set", &self.name)?;
        if self.data.is_some() != self.flags.intersects(SetFlags::MAP | SetFlags::OBJECT) {
            let problem = format!(
                "set \"{}\": the flags MAP and OBJECT belong to maps: use Set::map_to, map_to_verdicts or \
                 map_to_objects",
                self.name
            );
            return Err(Invalid::Combination { problem });
        }
        match self.key_len {
            1..=64 => Ok(()),
            len => Err(Invalid::OutOfRange {
                what: "the length of a set's key",
                value: len.to_string(),
                range: "1 to 64 bytes".to_owned(),
            }),
        }
    }

    /// Appends the attributes of the set itself. `id` is its number within the transaction, if it is for one.
    pub(crate) fn encode(&self, table: &str, id: Option<u32>, writer: &mut Writer<'_>) {
        let Self {
            name,
            flags,
            key_type,
            key_len,
            data,
            policy,
            desc,
            timeout,
            gc_interval,
            expressions,
            userdata,
            handle: _,
            elements: _,
            unknown,
            origin: _,
            problem: _,
        } = self;
        writer.text(NFTA_SET_TABLE, table);
        writer.put(NFTA_SET_NAME, name);
        writer.put(NFTA_SET_FLAGS, flags);
        writer.put(NFTA_SET_KEY_TYPE, key_type);
        writer.put(NFTA_SET_KEY_LEN, key_len);
        match data {
            None => {}
            Some(MapData::Value { kind, len }) => {
                writer.put(NFTA_SET_DATA_TYPE, kind);
                writer.put(NFTA_SET_DATA_LEN, len);
            }
            Some(MapData::Verdict) => writer.put(NFTA_SET_DATA_TYPE, &VERDICTS),
            Some(MapData::Object(kind)) => writer.put(NFTA_SET_OBJ_TYPE, kind),
        }
        writer.put_option(NFTA_SET_ID, &id);
        writer.put_option(NFTA_SET_POLICY, policy);
        if !desc.is_empty() {
            writer.put(NFTA_SET_DESC, desc);
        }
        writer.put_option(NFTA_SET_TIMEOUT, &timeout.map(milliseconds));
        let interval = gc_interval.map(|interval| u32::try_from(milliseconds(interval)).unwrap_or(u32::MAX));
        writer.put_option(NFTA_SET_GC_INTERVAL, &interval);
        encode_expressions((NFTA_SET_EXPR, NFTA_SET_EXPRESSIONS), expressions, writer);
        writer.put_option(NFTA_SET_USERDATA, userdata);
        unknown.encode(writer);
    }

    /// A set as the kernel reports it, without its elements, and the name of its table.
    #[track_caller]
    pub(crate) fn decode(attributes: Attributes<'_>) -> Result<(String, Self), DecodeError> {
        let mut set = Self::new(String::new(), DataType::new(0, 0, KeyOrder::Mixed));
        set.userdata = None;
        let (mut table, mut name, mut key_len) = (None, None, None);
        let (mut data_type, mut data_len, mut object) = (None, 0, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_SET_TABLE => table = Some(attribute.get()?),
                NFTA_SET_NAME => name = Some(attribute.get()?),
                NFTA_SET_FLAGS => set.flags = attribute.get()?,
                NFTA_SET_KEY_TYPE => set.key_type = attribute.get()?,
                NFTA_SET_KEY_LEN => key_len = Some(attribute.get()?),
                NFTA_SET_DATA_TYPE => data_type = Some(attribute.get::<u32>()?),
                NFTA_SET_DATA_LEN => data_len = attribute.get()?,
                NFTA_SET_OBJ_TYPE => object = Some(attribute.get()?),
                NFTA_SET_POLICY => set.policy = Some(attribute.get()?),
                NFTA_SET_DESC => set.desc = attribute.get()?,
                NFTA_SET_TIMEOUT => set.timeout = Some(Duration::from_millis(attribute.get()?)),
                NFTA_SET_GC_INTERVAL => {
                    set.gc_interval = Some(Duration::from_millis(attribute.get::<u32>()?.into()));
                }
                NFTA_SET_USERDATA => set.userdata = Some(attribute.get()?),
                NFTA_SET_HANDLE => set.handle = Some(attribute.get()?),
                NFTA_SET_EXPR => set.expressions = vec![attribute.get()?],
                NFTA_SET_EXPRESSIONS => set.expressions = decode_list(attribute)?,
                // The form that the kernel chose, how much is in it, and a number of its own transaction.
                NFTA_SET_TYPE | NFTA_SET_COUNT | NFTA_SET_ID | NFTA_SET_PAD => {}
                _ => set.unknown.keep(attribute),
            }
        }
        set.data = match (object, data_type) {
            (Some(kind), None) => Some(MapData::Object(kind)),
            (None, Some(VERDICTS)) => Some(MapData::Verdict),
            (None, Some(kind)) => Some(MapData::Value { kind, len: data_len }),
            (None, None) => None,
            (Some(_), Some(_)) => {
                let problem = "a map to objects and to values";
                return Err(DecodeError::Content { kind: NFTA_SET_OBJ_TYPE, problem });
            }
        };
        set.name = name.ok_or(DecodeError::Missing { name: "NFTA_SET_NAME" })?;
        set.key_len = key_len.ok_or(DecodeError::Missing { name: "NFTA_SET_KEY_LEN" })?;
        Ok((table.ok_or(DecodeError::Missing { name: "NFTA_SET_TABLE" })?, set))
    }
}

/// How the kernel counts time.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// One expression has an attribute of its own, several have a list.
pub(crate) fn encode_expressions(
    (one, several): (u16, u16),
    expressions: &[Expr],
    writer: &mut Writer<'_, impl Buffer>,
) {
    match expressions {
        [] => {}
        [expression] => writer.put(one, expression),
        expressions => writer.nest(several, |list| {
            expressions.iter().for_each(|expression| list.put(NFTA_LIST_ELEM, expression));
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        expr::{Counter, Limit, LimitUnit},
        wire::Attribute,
    };

    fn round_trip(set: &Set) -> Set {
        let mut bytes = Vec::new();
        set.encode("edge", Some(7), &mut Writer::new(&mut bytes));
        let (table, read) = Set::decode(Attributes::new(&bytes)).unwrap();
        assert_eq!(table, "edge");
        read
    }

    #[test]
    fn sets_survive_the_wire() {
        let key = || DataType::IPV4_ADDR.and(DataType::INET_SERVICE);
        let mut odd = Set::new("odd", key()).size(9).policy(SetPolicy::Memory).comment("hm");
        odd.unknown.keep(Attribute::new(77, b"abc"));
        for set in [
            Set::new("plain", DataType::INET_SERVICE),
            Set::new("map", DataType::IFNAME).map_to(key()),
            Set::new("verdicts", DataType::MARK).map_to_verdicts(),
            Set::new("objects", DataType::IPV6_ADDR).map_to_objects(ObjectKind::Quota),
            Set::new("timed", DataType::ETHER_ADDR)
                .timeout(Duration::from_secs(60))
                .gc_interval(Duration::from_secs(1)),
            Set::new("counting", key()).flags(SetFlags::INTERVAL).expression(Counter::new()),
            Set::new("both", key())
                .expression(Counter::new())
                .expression(Limit::packets(5, LimitUnit::Second)),
            odd,
        ] {
            assert_eq!(set.check(), Ok(()));
            assert_eq!(round_trip(&set), set);
        }
    }

    #[test]
    fn a_comment_stands_beside_what_nft_keeps() {
        let set = Set::new("s", DataType::MARK).comment("first").comment("second");
        assert_eq!(set.comment_text().as_deref(), Some("second"));
        let userdata = set.userdata.unwrap_or_default();
        let kinds: Vec<_> = userdata::entries(&userdata).map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [KEY_BYTE_ORDER, userdata::SET_COMMENT]);
    }

    #[test]
    fn impossible_sets_are_explained() {
        let text = |set: Set| set.check().unwrap_err().to_string();
        assert!(text(Set::new("m", DataType::MARK).flags(SetFlags::MAP)).contains("Set::map_to"));
        let long = DataType::new(1, 65, KeyOrder::Network);
        assert!(text(Set::new("m", long)).contains("1 to 64 bytes"));
    }
}
