//! What libnftnl reads: for each nest, the kind of each attribute by its number.
//!
//! Taken from the `*_cb` and `*_parse` functions of libnftnl 1.2.4 and 1.3.1, numbers as in `linux/netfilter/nf_tables.h`.

use Kind::{Bytes, Data, Devices, Expression, Fields, List, Nest, Refused, Text, U8, U16, U32, U64, Value};

/// What the payload of an attribute must be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Not read by (every supported version of) libnftnl.
    Refused,
    U8,
    U16,
    U32,
    U64,
    /// Ends with its only NUL.
    Text,
    /// Anything, also nothing.
    Bytes,
    Nest(&'static Schema),
    /// A nest of one value.
    Value,
    /// A nest of one value or one verdict.
    Data,
    /// A nest of a name and the data of that name.
    Expression,
    /// A nest of attributes that are all `NFTA_LIST_ELEM`, each of the given kind.
    List(&'static Kind),
    /// A nest of `NFTA_DEVICE_NAME`.
    Devices,
    /// `NFTA_SET_DESC_CONCAT`. libnftnl's array holds 16 lengths and it does not count.
    Fields,
}

/// The attributes of a nest.
pub(super) struct Schema {
    /// By number; beyond the end all are [`Refused`].
    pub(super) kinds: &'static [Kind],
    /// Numbers of those that libnftnl prints or follows without asking whether they are there.
    pub(super) required: &'static [u16],
}

const fn optional(kinds: &'static [Kind]) -> Schema {
    Schema { kinds, required: &[] }
}

/// `NFTA_TABLE_*`. `use` and `owner` are among them.
pub(super) static TABLE: Schema =
    Schema { kinds: &[Refused, Text, U32, U32, U64, Bytes, Bytes, U32], required: &[1] };

/// `NFTA_CHAIN_*`.
pub(super) static CHAIN: Schema = Schema {
    kinds: &[Refused, Text, U64, Text, Nest(&HOOK), U32, U32, Text, Nest(&COUNTER), Bytes, U32, U32, Bytes],
    required: &[1, 3],
};

static HOOK: Schema = optional(&[Refused, U32, U32, Text, Devices]);
static COUNTER: Schema = optional(&[Refused, U64, U64, Bytes]);

/// `NFTA_RULE_*`. `NFTA_RULE_CHAIN_ID` (11) is not read.
pub(super) static RULE: Schema =
    optional(&[Refused, Text, Text, U64, List(&Expression), Nest(&COMPAT), U64, Bytes, Bytes, U32, U32]);

static COMPAT: Schema = optional(&[Refused, U32, U32]);

/// `NFTA_SET_*`. The last two, the name of the set's backend and its count, only inform.
pub(super) static SET: Schema = Schema {
    kinds: &[
        Refused,
        Text,
        Text,
        U32,
        U32,
        U32,
        U32,
        U32,
        U32,
        Nest(&DESCRIPTION),
        U32,
        U64,
        U32,
        Bytes,
        Bytes,
        U32,
        U64,
        Expression,
        List(&Expression),
        Text,
        U32,
    ],
    required: &[1, 2],
};

static DESCRIPTION: Schema = optional(&[Refused, U32, Fields]);

/// `NFTA_SET_ELEM_LIST_*`.
pub(super) static ELEMENTS: Schema =
    Schema { kinds: &[Refused, Text, Text, List(&Nest(&ELEMENT)), U32], required: &[1, 2] };

/// libnftnl 1.2.4 writes past its array for an attribute above 11.
static ELEMENT: Schema = optional(&[
    Refused,
    Value,
    Data,
    U32,
    U64,
    U64,
    Bytes,
    Expression,
    Bytes,
    Text,
    Value,
    List(&Expression),
]);

/// The data of an expression by its name.
pub(super) fn expression(name: &[u8]) -> Option<Schema> {
    Some(match name {
        // Not SREG2 (8): versions before 1.2.9 drop it.
        b"bitwise" => optional(&[Refused, U32, U32, U32, Value, Value, U32, Value]),
        b"byteorder" => optional(&[Refused, U32, U32, U32, U32, U32]),
        b"cmp" => optional(&[Refused, U32, U32, Value]),
        b"connlimit" => optional(&[Refused, U32, U32]),
        b"counter" => optional(&[Refused, U64, U64, Bytes]),
        b"ct" => optional(&[Refused, U32, U32, U8, U32]),
        b"dup" => optional(&[Refused, U32, U32]),
        b"dynset" => Schema {
            kinds: &[Refused, Text, U32, U32, U32, U32, U64, Expression, Bytes, U32, List(&Expression)],
            required: &[1],
        },
        b"exthdr" => optional(&[Refused, U32, U8, U32, U32, U32, U32, U32]),
        b"fib" => optional(&[Refused, U32, U32, U32]),
        b"flow_offload" => Schema { kinds: &[Refused, Text], required: &[1] },
        b"fwd" => optional(&[Refused, U32, U32, U32]),
        b"hash" => optional(&[Refused, U32, U32, U32, U32, U32, U32, U32]),
        b"immediate" => optional(&[Refused, U32, Data]),
        b"inner" => Schema { kinds: &[Refused, U32, U32, U32, U32, Expression], required: &[5] },
        b"last" => optional(&[Refused, U32, U64, Bytes]),
        b"limit" => optional(&[Refused, U64, U64, U32, U32, U32, Bytes]),
        b"log" => optional(&[Refused, U16, Text, U32, U16, U32, U32]),
        b"lookup" => Schema { kinds: &[Refused, Text, U32, U32, U32, U32], required: &[1] },
        b"masq" => optional(&[Refused, U32, U32, U32]),
        b"match" | b"target" => optional(&[Refused, Text, U32, Bytes]),
        b"meta" => optional(&[Refused, U32, U32, U32]),
        b"nat" => optional(&[Refused, U32, U32, U32, U32, U32, U32, U32]),
        b"notrack" => optional(&[]),
        b"numgen" => optional(&[Refused, U32, U32, U32, U32]),
        b"objref" => optional(&[Refused, U32, Text, U32, Text, U32]),
        b"osf" => optional(&[Refused, U32, U8, U32]),
        b"payload" => optional(&[Refused, U32, U32, U32, U32, U32, U32, U32, U32]),
        b"queue" => optional(&[Refused, U16, U16, U16, U32]),
        b"quota" => optional(&[Refused, U64, U32, Bytes, U64]),
        b"range" => optional(&[Refused, U32, U32, Value, Value]),
        b"redir" => optional(&[Refused, U32, U32, U32]),
        b"reject" => optional(&[Refused, U32, U8]),
        b"rt" => optional(&[Refused, U32, U32]),
        b"socket" => optional(&[Refused, U32, U32, U32]),
        b"synproxy" => optional(&[Refused, U16, U8, U32]),
        b"tproxy" => optional(&[Refused, U32, U32, U32]),
        b"tunnel" => optional(&[Refused, U32, U32]),
        b"xfrm" => optional(&[Refused, U32, U32, U8, U32]),
        _ => return None,
    })
}
