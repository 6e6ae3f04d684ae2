//! Stateful objects: counters, quotas, limits and the like that have a name and that several rules share.

use super::{CtExpect, CtHelper, CtTimeout, Origin, SecMark, Tunnel, check_name, userdata};
use crate::{
    Invalid,
    expr::{Connlimit, Counter, Expression, Limit, ObjectKind, Quota, QuotaFlags, Synproxy},
    wire::{Attributes, DecodeError, Unknown, Writer},
};

/// What a stateful object is, with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum ObjectData {
    /// Counts packets and bytes.
    Counter(Counter),
    /// So many bytes and no more.
    Quota(Quota),
    /// A connection tracking helper.
    CtHelper(CtHelper),
    /// A token bucket.
    Limit(Limit),
    /// So many connections at a time.
    Connlimit(Connlimit),
    /// Connection tracking timeouts.
    CtTimeout(CtTimeout),
    /// A security mark.
    #[cfg_attr(feature = "serde", serde(rename = "secmark"))]
    SecMark(SecMark),
    /// An expected connection.
    #[cfg_attr(feature = "serde", serde(rename = "ct_expectation"))]
    CtExpect(CtExpect),
    /// A SYN proxy.
    Synproxy(Synproxy),
    /// What a tunnel device wraps packets in.
    Tunnel(Tunnel),
    /// A kind that this library has no type for, or a form that it does not know: the attributes as they are.
    Other {
        /// The kind.
        kind: ObjectKind,
        /// The attributes.
        attributes: Unknown,
    },
}

/// A named object that rules and maps refer to.
///
/// ```
/// use portcullis::{
///     Table,
///     expr::{Counter, Quota},
///     object::Object,
/// };
///
/// let table = Table::inet("edge")
///     .object(Object::new("hits", Counter::new()).comment("since the start"))
///     .object(Object::new("day", Quota::over(1 << 30)));
/// assert_eq!(table.objects.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Object {
    /// Its name, unique among the table's objects of its kind.
    pub name: String,
    /// What it is.
    pub data: ObjectData,
    /// Bytes kept beside it; nft keeps the comment there ([`userdata`]).
    #[cfg_attr(
        feature = "serde",
        serde(default, with = "crate::json::userdata", skip_serializing_if = "Option::is_none")
    )]
    pub userdata: Option<Vec<u8>>,
    /// The kernel's number, when read.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub handle: Option<u64>,
    /// How many rules and elements refer to it, when read.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub uses: Option<u32>,
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

pub(crate) const NFTA_OBJ_TABLE: u16 = 1;
pub(crate) const NFTA_OBJ_NAME: u16 = 2;
pub(crate) const NFTA_OBJ_TYPE: u16 = 3;
const NFTA_OBJ_DATA: u16 = 4;
const NFTA_OBJ_USE: u16 = 5;
const NFTA_OBJ_HANDLE: u16 = 6;
const NFTA_OBJ_PAD: u16 = 7;
const NFTA_OBJ_USERDATA: u16 = 8;

pub(crate) const OBJECT_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_OBJ_TABLE", NFTA_OBJ_TABLE),
    ("NFTA_OBJ_NAME", NFTA_OBJ_NAME),
    ("NFTA_OBJ_TYPE", NFTA_OBJ_TYPE),
    ("NFTA_OBJ_DATA", NFTA_OBJ_DATA),
    ("NFTA_OBJ_USE", NFTA_OBJ_USE),
    ("NFTA_OBJ_HANDLE", NFTA_OBJ_HANDLE),
    ("NFTA_OBJ_PAD", NFTA_OBJ_PAD),
    ("NFTA_OBJ_USERDATA", NFTA_OBJ_USERDATA),
];

impl Object {
    /// An object with a name.
    #[track_caller]
    pub fn new(name: impl Into<String>, data: impl Into<ObjectData>) -> Self {
        Self {
            name: name.into(),
            data: data.into(),
            userdata: None,
            handle: None,
            uses: None,
            unknown: Unknown::new(),
            origin: Origin::here(),
            problem: None,
        }
    }

    /// A comment of at most 127 bytes, shown by `nft list`. Kernel 5.10.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        match userdata::with_comment(userdata::COMMENT, self.userdata.as_deref(), comment) {
            Ok(bytes) => self.userdata = Some(bytes),
            Err(problem) => self.problem = self.problem.or(Some(problem)),
        }
        self
    }

    /// The comment, where the user data has one.
    pub fn comment_text(&self) -> Option<String> {
        userdata::find_comment(userdata::COMMENT, self.userdata.as_deref()?)
    }

    /// What it is.
    pub fn kind(&self) -> ObjectKind {
        self.data.kind()
    }

    /// Whether the kernel can take the object.
    ///
    /// # Errors
    /// A name that the kernel does not take, as [`check_name`]; otherwise what was kept while the object was made, such as
    /// a comment that is too long.
    pub fn check(&self) -> Result<(), Invalid> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        check_name("object", &self.name)
    }

    /// Appends the attributes of the object.
    pub(crate) fn encode(&self, table: &str, writer: &mut Writer<'_>) {
        let Self { name, data, userdata, handle: _, uses: _, unknown, origin: _, problem: _ } = self;
        writer.text(NFTA_OBJ_TABLE, table);
        writer.put(NFTA_OBJ_NAME, name);
        writer.put(NFTA_OBJ_TYPE, &data.kind());
        writer.nest(NFTA_OBJ_DATA, |inner| data.encode(inner));
        writer.put_option(NFTA_OBJ_USERDATA, userdata);
        unknown.encode(writer);
    }

    /// An object as the kernel reports it, and the name of its table.
    #[track_caller]
    pub(crate) fn decode(attributes: Attributes<'_>) -> Result<(String, Self), DecodeError> {
        let mut object = Self::new(String::new(), Counter::new());
        let (mut table, mut name, mut kind, mut data) = (None, None, None, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_OBJ_TABLE => table = Some(attribute.get()?),
                NFTA_OBJ_NAME => name = Some(attribute.get()?),
                NFTA_OBJ_TYPE => kind = Some(attribute.get()?),
                NFTA_OBJ_DATA => data = Some(attribute.attributes()),
                NFTA_OBJ_USE => object.uses = Some(attribute.get()?),
                NFTA_OBJ_HANDLE => object.handle = Some(attribute.get()?),
                NFTA_OBJ_USERDATA => object.userdata = Some(attribute.get()?),
                NFTA_OBJ_PAD => {}
                _ => object.unknown.keep(attribute),
            }
        }
        let kind = kind.ok_or(DecodeError::Missing { name: "NFTA_OBJ_TYPE" })?;
        let data = data.ok_or(DecodeError::Missing { name: "NFTA_OBJ_DATA" })?;
        object.data = ObjectData::decode(kind, data)?;
        object.name = name.ok_or(DecodeError::Missing { name: "NFTA_OBJ_NAME" })?;
        Ok((table.ok_or(DecodeError::Missing { name: "NFTA_OBJ_TABLE" })?, object))
    }
}

/// Declares which type is which kind.
macro_rules! kinds {
    ($( $name:ident, )+) => {
        impl ObjectData {
            /// The kernel's number for it.
            pub fn kind(&self) -> ObjectKind {
                match self {
                    $( Self::$name(_) => ObjectKind::$name, )+
                    Self::Other { kind, .. } => *kind,
                }
            }

            fn encode(&self, writer: &mut Writer<'_>) {
                match self {
                    $( Self::$name(data) => data.encode(writer), )+
                    Self::Other { attributes, .. } => attributes.encode(writer),
                }
            }

            fn decode_known(kind: ObjectKind, attributes: Attributes<'_>) -> Option<Self> {
                match kind {
                    $( ObjectKind::$name => $name::decode(attributes).ok().map(Self::$name), )+
                    _ => None,
                }
            }
        }

        $(
            impl From<$name> for ObjectData {
                fn from(data: $name) -> Self {
                    Self::$name(data)
                }
            }
        )+
    };
}

kinds! {
    Counter,
    Quota,
    CtHelper,
    Limit,
    Connlimit,
    CtTimeout,
    SecMark,
    CtExpect,
    Synproxy,
    Tunnel,
}

impl ObjectData {
    fn decode(kind: ObjectKind, attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        match Self::decode_known(kind, attributes) {
            Some(Self::Quota(mut quota)) => {
                // The kernel reports it and refuses it; what has passed says the same.
                quota.flags = quota.flags.map(|flags| flags - QuotaFlags::DEPLETED);
                Ok(Self::Quota(quota))
            }
            Some(Self::Tunnel(mut tunnel)) => {
                tunnel.mend();
                Ok(Self::Tunnel(tunnel))
            }
            Some(known) => Ok(known),
            None => {
                let mut kept = Unknown::new();
                for attribute in attributes {
                    kept.keep(attribute?);
                }
                Ok(Self::Other { kind, attributes: kept })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        expr::{LimitUnit, SynproxyFlags},
        object::TimeoutPolicy,
        wire::Attribute,
    };

    fn round_trip(object: &Object) -> Object {
        let mut bytes = Vec::new();
        object.encode("edge", &mut Writer::new(&mut bytes));
        let (table, read) = Object::decode(Attributes::new(&bytes)).unwrap();
        assert_eq!(table, "edge");
        read
    }

    #[test]
    fn objects_survive_the_wire() {
        let mut attributes = Unknown::new();
        attributes.keep(Attribute::new(1, &[0, 0, 0, 7]));
        let odd = |kind| ObjectData::Other { kind, attributes: attributes.clone() };
        let policy = TimeoutPolicy::new().state(TimeoutPolicy::TCP_ESTABLISHED, 100);
        for data in [
            Counter::new().packets(1u64).bytes(2u64).into(),
            Quota::over(1 << 30).consumed(5u64).into(),
            CtHelper::new("ftp", 6).l3proto(2u16).into(),
            Limit::packets(5, LimitUnit::Minute).burst(7u32).into(),
            Connlimit::over(3).into(),
            CtTimeout::new(6, policy).into(),
            SecMark::new("system_u:object_r:ssh_server_packet_t:s0").into(),
            CtExpect::new(17, 9876u16, Duration::from_secs(120), 12).l3proto(2u16).into(),
            Synproxy::new().mss(1460u16).wscale(7).flags(SynproxyFlags::TIMESTAMP).into(),
            Tunnel::v4(7, [192, 0, 2, 1], [192, 0, 2, 2]).into(),
            odd(ObjectKind::Other(99)),
            // Not what a limit is made of.
            odd(ObjectKind::Limit),
        ] {
            let object = Object::new("thing", data).comment("mine");
            assert_eq!(round_trip(&object), object);
        }
    }

    #[test]
    fn expectations_are_what_nft_sends() {
        // nft --debug=mnl add ct expectation … { protocol udp; dport 9876; timeout 2m; size 12; l3proto ip; }
        let mut bytes = Vec::new();
        let expect = CtExpect::new(17, 9876u16, Duration::from_secs(120), 12).l3proto(2u16);
        expect.encode(&mut Writer::new(&mut bytes));
        let payloads: Vec<_> = Attributes::new(&bytes)
            .map(|attribute| attribute.map(|attribute| (attribute.kind(), attribute.payload)).unwrap())
            .collect();
        let timeout = 120_000u32.to_ne_bytes();
        let expected: [(u16, &[u8]); 5] =
            [(2, &[17]), (3, &[0x26, 0x94]), (4, &timeout), (5, &[12]), (1, &[0, 2])];
        assert_eq!(payloads, expected);
    }
}
