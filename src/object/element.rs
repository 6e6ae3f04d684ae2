//! Elements of sets.

use std::{borrow::Borrow, time::Duration};

use super::{
    check_name, check_verdict,
    set::{encode_expressions, milliseconds},
    userdata,
};
use crate::{
    Invalid,
    expr::{Data, Expr, NFTA_DATA_VERDICT, NFTA_LIST_ELEM, Verdict, decode_list},
    wire::{Attribute, Attributes, Buffer, DecodeError, Nested, Unknown, Value, Writer, flag_set},
};

flag_set! {
    /// `enum nft_set_elem_flags`
    pub struct ElementFlags: u32 {
        /// The key is the first one *behind* a range.
        #[doc(alias = "NFT_SET_ELEM_INTERVAL_END")]
        INTERVAL_END = 1,
        /// Every key that has no element of its own.
        #[doc(alias = "NFT_SET_ELEM_CATCHALL")]
        CATCHALL = 2,
    }
}

pub(crate) const NFTA_SET_ELEM_LIST_TABLE: u16 = 1;
pub(crate) const NFTA_SET_ELEM_LIST_SET: u16 = 2;
pub(crate) const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
pub(crate) const NFTA_SET_ELEM_LIST_SET_ID: u16 = 4;

/// Attributes of a message about elements.
pub(crate) const ELEMENT_LIST_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_SET_ELEM_LIST_TABLE", NFTA_SET_ELEM_LIST_TABLE),
    ("NFTA_SET_ELEM_LIST_SET", NFTA_SET_ELEM_LIST_SET),
    ("NFTA_SET_ELEM_LIST_ELEMENTS", NFTA_SET_ELEM_LIST_ELEMENTS),
    ("NFTA_SET_ELEM_LIST_SET_ID", NFTA_SET_ELEM_LIST_SET_ID),
];

/// What a map holds for a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ElementData {
    /// Bytes for a register.
    Value(Data),
    /// A verdict.
    Verdict(Verdict),
    /// The name of a stateful object.
    Object(String),
}

/// One element.
///
/// In a set of intervals, a range is two elements, its first key and the [end](Element::end) behind it; in a
/// concatenation of intervals, it is one with [`Element::key_end`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Element {
    /// The key; empty for [`ElementFlags::CATCHALL`].
    pub key: Data,
    /// The last key of a range, in a concatenation of intervals.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub key_end: Option<Data>,
    /// In a map: what it holds for the key.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub data: Option<ElementData>,
    /// See [`ElementFlags`].
    #[cfg_attr(
        feature = "serde",
        serde(default = "ElementFlags::empty", skip_serializing_if = "ElementFlags::is_empty")
    )]
    pub flags: ElementFlags,
    /// How long it stays; the set's timeout if absent. Whole milliseconds.
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
    /// How much of that is left. Whole milliseconds.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "expiration_ms",
            default,
            with = "crate::json::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub expiration: Option<Duration>,
    /// What it does for the packets that it matches; in a set with expressions, with their state.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub expressions: Vec<Expr>,
    /// Bytes kept beside it; nft keeps the comment there ([`userdata`]).
    #[cfg_attr(
        feature = "serde",
        serde(default, with = "crate::json::userdata", skip_serializing_if = "Option::is_none")
    )]
    pub userdata: Option<Vec<u8>>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            skip_deserializing,
            skip_serializing_if = "Option::is_none",
            serialize_with = "crate::json::broken"
        )
    )]
    pub(crate) problem: Option<Box<Invalid>>,
}

pub(crate) const NFTA_SET_ELEM_KEY: u16 = 1;
pub(crate) const NFTA_SET_ELEM_DATA: u16 = 2;
pub(crate) const NFTA_SET_ELEM_FLAGS: u16 = 3;
pub(crate) const NFTA_SET_ELEM_TIMEOUT: u16 = 4;
pub(crate) const NFTA_SET_ELEM_EXPIRATION: u16 = 5;
pub(crate) const NFTA_SET_ELEM_USERDATA: u16 = 6;
pub(crate) const NFTA_SET_ELEM_EXPR: u16 = 7;
const NFTA_SET_ELEM_PAD: u16 = 8;
pub(crate) const NFTA_SET_ELEM_OBJREF: u16 = 9;
pub(crate) const NFTA_SET_ELEM_KEY_END: u16 = 10;
pub(crate) const NFTA_SET_ELEM_EXPRESSIONS: u16 = 11;

/// Attributes of `NFTA_SET_ELEM_LIST_ELEMENTS`' members.
pub(crate) const ELEMENT_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_SET_ELEM_KEY", NFTA_SET_ELEM_KEY),
    ("NFTA_SET_ELEM_DATA", NFTA_SET_ELEM_DATA),
    ("NFTA_SET_ELEM_FLAGS", NFTA_SET_ELEM_FLAGS),
    ("NFTA_SET_ELEM_TIMEOUT", NFTA_SET_ELEM_TIMEOUT),
    ("NFTA_SET_ELEM_EXPIRATION", NFTA_SET_ELEM_EXPIRATION),
    ("NFTA_SET_ELEM_USERDATA", NFTA_SET_ELEM_USERDATA),
    ("NFTA_SET_ELEM_EXPR", NFTA_SET_ELEM_EXPR),
    ("NFTA_SET_ELEM_PAD", NFTA_SET_ELEM_PAD),
    ("NFTA_SET_ELEM_OBJREF", NFTA_SET_ELEM_OBJREF),
    ("NFTA_SET_ELEM_KEY_END", NFTA_SET_ELEM_KEY_END),
    ("NFTA_SET_ELEM_EXPRESSIONS", NFTA_SET_ELEM_EXPRESSIONS),
];

impl Element {
    /// An element with this key.
    pub fn new(key: Data) -> Self {
        Self {
            key,
            key_end: None,
            data: None,
            flags: ElementFlags::empty(),
            timeout: None,
            expiration: None,
            expressions: Vec::new(),
            userdata: None,
            unknown: Unknown::new(),
            problem: None,
        }
    }

    /// The end of a range: the first key behind it.
    pub fn end(key: Data) -> Self {
        Self { flags: ElementFlags::INTERVAL_END, ..Self::new(key) }
    }

    /// Every key that has no element of its own. Kernel 5.13.
    pub fn catch_all() -> Self {
        Self { flags: ElementFlags::CATCHALL, ..Self::new(Data::default()) }
    }

    /// The last key of a range, in a concatenation of intervals.
    #[must_use]
    pub fn key_end(mut self, key: Data) -> Self {
        self.key_end = Some(key);
        self
    }

    /// The value of the key, in a map.
    #[must_use]
    pub fn value(mut self, value: Data) -> Self {
        self.data = Some(ElementData::Value(value));
        self
    }

    /// The verdict of the key, in a map to verdicts.
    #[must_use]
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.data = Some(ElementData::Verdict(verdict));
        self
    }

    /// The stateful object of the key, in a map to objects.
    #[must_use]
    pub fn object(mut self, name: impl Into<String>) -> Self {
        self.data = Some(ElementData::Object(name.into()));
        self
    }

    /// How long it stays. The set needs [`SetFlags::TIMEOUT`](super::SetFlags::TIMEOUT).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How much of its time is left. Kernel 5.3.
    #[must_use]
    pub fn expiration(mut self, expiration: Duration) -> Self {
        self.expiration = Some(expiration);
        self
    }

    /// One more thing that it does for the packets that it matches.
    #[must_use]
    pub fn expression(mut self, expression: impl Into<Expr>) -> Self {
        self.expressions.push(expression.into());
        self
    }

    /// A comment of at most 127 bytes, shown by `nft list`.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        match userdata::with_comment(userdata::COMMENT, self.userdata.as_deref(), comment) {
            Ok(bytes) => self.userdata = Some(bytes),
            Err(problem) => self.problem = self.problem.or(Some(Box::new(problem))),
        }
        self
    }

    /// The comment, where the user data has one.
    pub fn comment_text(&self) -> Option<String> {
        userdata::find_comment(userdata::COMMENT, self.userdata.as_deref()?)
    }

    /// Whether the kernel can take the element.
    ///
    /// # Errors
    /// [`Invalid::Combination`] for a key that is missing, or too much; a chain's or an object's name that the kernel does
    /// not take; otherwise what was kept while the element was made, such as a comment that is too long.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.key.is_empty() != self.flags.contains(ElementFlags::CATCHALL) {
            let problem = "an element has a key, and Element::catch_all has none".to_owned();
            return Err(Invalid::Combination { problem });
        }
        if let Some(data) = &self.data {
            data.check()?;
        }
        match &self.problem {
            Some(problem) => Err(Invalid::clone(problem)),
            None => Ok(()),
        }
    }
}

impl ElementData {
    /// Apart from the element, which mostly has no data: a million of them are checked.
    #[inline(never)]
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Verdict(verdict) => check_verdict(verdict),
            Self::Object(name) => check_name("object", name),
            Self::Value(_) => Ok(()),
        }
    }
}

impl Value for ElementData {
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        match self {
            Self::Value(value) => writer.put(kind, value),
            Self::Verdict(verdict) => writer.nest(kind, |inner| inner.put(NFTA_DATA_VERDICT, verdict)),
            Self::Object(name) => writer.put(NFTA_SET_ELEM_OBJREF, name),
        }
    }

    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        if attribute.kind() == NFTA_SET_ELEM_OBJREF {
            return attribute.get().map(Self::Object);
        }
        match attribute.attributes().next() {
            Some(Ok(verdict)) if verdict.kind() == NFTA_DATA_VERDICT => verdict.get().map(Self::Verdict),
            _ => attribute.get().map(Self::Value),
        }
    }
}

impl Nested for Element {
    #[inline]
    fn encode(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self {
            key,
            key_end,
            data,
            flags,
            timeout,
            expiration,
            expressions,
            userdata,
            unknown,
            problem: _,
        } = self;
        if !key.is_empty() {
            writer.put(NFTA_SET_ELEM_KEY, key);
        }
        if !flags.is_empty() {
            writer.put(NFTA_SET_ELEM_FLAGS, flags);
        }
        writer.put_option(NFTA_SET_ELEM_KEY_END, key_end);
        writer.put_option(NFTA_SET_ELEM_DATA, data);
        writer.put_option(NFTA_SET_ELEM_TIMEOUT, &timeout.map(milliseconds));
        writer.put_option(NFTA_SET_ELEM_EXPIRATION, &expiration.map(milliseconds));
        encode_expressions((NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS), expressions, writer);
        writer.put_option(NFTA_SET_ELEM_USERDATA, userdata);
        unknown.encode(writer);
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let mut element = Self::new(Data::default());
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_SET_ELEM_KEY => element.key = attribute.get()?,
                NFTA_SET_ELEM_KEY_END => element.key_end = Some(attribute.get()?),
                NFTA_SET_ELEM_DATA | NFTA_SET_ELEM_OBJREF if element.data.is_none() => {
                    match attribute.get() {
                        Ok(data) => element.data = Some(data),
                        // A verdict that a later kernel says more of.
                        Err(_) => element.unknown.keep(attribute),
                    }
                }
                NFTA_SET_ELEM_FLAGS => element.flags = attribute.get()?,
                NFTA_SET_ELEM_TIMEOUT => element.timeout = Some(Duration::from_millis(attribute.get()?)),
                NFTA_SET_ELEM_EXPIRATION => {
                    element.expiration = Some(Duration::from_millis(attribute.get()?));
                }
                NFTA_SET_ELEM_USERDATA => element.userdata = Some(attribute.get()?),
                NFTA_SET_ELEM_EXPR => element.expressions = vec![attribute.get()?],
                NFTA_SET_ELEM_EXPRESSIONS => element.expressions = decode_list(attribute)?,
                NFTA_SET_ELEM_PAD => {}
                _ => element.unknown.keep(attribute),
            }
        }
        if element.key.is_empty() && !element.flags.contains(ElementFlags::CATCHALL) {
            return Err(DecodeError::Missing { name: "NFTA_SET_ELEM_KEY" });
        }
        Ok(element)
    }
}

/// The elements in a message of the kernel's, and the name of their table and set.
pub(crate) fn decode_elements(
    attributes: Attributes<'_>,
    elements: &mut Vec<Element>,
) -> Result<(), DecodeError> {
    for attribute in attributes {
        let attribute = attribute?;
        if attribute.kind() == NFTA_SET_ELEM_LIST_ELEMENTS {
            for element in attribute.attributes() {
                elements.push(element?.get()?);
            }
        }
    }
    Ok(())
}

/// Room that one message's list of elements may take: netlink's 65535, less the largest element.
pub(crate) const LIST_LIMIT: usize = 60_000;

/// Appends one message's worth of `elements` and returns how many were written; the caller calls again with
/// the rest.
pub(crate) fn encode_elements<E: Borrow<Element>>(
    table: &str,
    set: &str,
    id: Option<u32>,
    elements: &[E],
    writer: &mut Writer<'_>,
) -> usize {
    writer.text(NFTA_SET_ELEM_LIST_TABLE, table);
    writer.text(NFTA_SET_ELEM_LIST_SET, set);
    writer.put_option(NFTA_SET_ELEM_LIST_SET_ID, &id);
    let mut written = 0;
    writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
        let start = list.position();
        for element in elements {
            if list.position() - start > LIST_LIMIT {
                break;
            }
            list.put(NFTA_LIST_ELEM, element.borrow());
            written += 1;
        }
    });
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{ChainTarget, Counter, Limit, LimitUnit};

    #[test]
    fn elements_survive_the_wire() {
        let key = || Data::network_u32(7);
        let mut odd = Element::new(key());
        odd.unknown.keep(Attribute::new(99, b"abc"));
        for element in [
            Element::new(Data::network_u16(80)),
            Element::end(key()),
            Element::catch_all().verdict(Verdict::Drop),
            Element::new(key()).verdict(Verdict::Jump(ChainTarget::Name("there".to_owned()))),
            Element::new(key()).value(Data::network_u16(80)).comment("web"),
            Element::new(key()).object("hits"),
            Element::new(key()).key_end(Data::network_u32(9)).timeout(Duration::from_secs(60)),
            Element::new(key())
                .expiration(Duration::from_millis(17))
                .expression(Counter::new().packets(3u64)),
            Element::new(key()).expression(Counter::new()).expression(Limit::packets(5, LimitUnit::Second)),
            odd,
        ] {
            assert_eq!(element.check(), Ok(()));
            let mut bytes = Vec::new();
            Writer::new(&mut bytes).put(1, &element);
            let read = Attributes::new(&bytes).next().unwrap().unwrap();
            assert_eq!(Element::get(read), Ok(element));
        }
    }

    #[test]
    fn impossible_elements_are_explained() {
        let text = |element: Element| element.check().unwrap_err().to_string();
        assert!(text(Element::new(Data::default())).contains("has a key"));
        assert!(text(Element::new(Data::byte(1)).comment(&"x".repeat(200))).contains("at most 127"));
    }

    #[test]
    fn a_long_list_is_split_below_netlinks_limit() {
        let elements: Vec<_> = (0..10_000u32).map(|key| Element::new(Data::network_u32(key))).collect();
        let (mut rest, mut messages) = (elements.as_slice(), 0);
        while !rest.is_empty() {
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes);
            let written = encode_elements("t", "s", Some(1), rest, &mut writer);
            writer.finish().unwrap();
            rest = &rest[written..];
            messages += 1;
        }
        assert!((2..10).contains(&messages), "{messages}");
    }
}
