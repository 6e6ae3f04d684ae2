//! Sets and maps whose keys and values the compiler knows.
//!
//! ```text
//!   Field       one value of a packet: Ipv4Addr, Port, Mark, CtState …      nft's type, its length, its byte order
//!     ▲
//!   Part        a value, or a run of values: Interval<F>, RangeInclusive<F>, Ipv4Net
//!     ▲
//!   Key         a part, or a tuple of parts: a concatenation
//!     ▲
//!   SetOf<K>    the declaration; MapOf<K, V>, VerdictMap<K>
//!     ▲
//!   Entry<K, V> an element, with timeout, comment, counter; or just a key; or a (key, value)
//! ```
//!
//! `portcullis::Set` stays the set by value, with bytes for keys: that is what the kernel gives back, what a
//! program needs that does not know the types, and what a typed set is made of.
//!
//! Elements are sent by [`Transaction::add_set_with`](crate::Transaction::add_set_with) and
//! [`Transaction::entries`](crate::Transaction::entries), from any iterator, without being collected first
//! (runs of keys are: they must be sorted).

mod bounds;
mod contents;
mod declaration;
mod difference;
mod encode;
mod entry;
mod field;
mod fields;
mod key;
mod part;
mod read;
mod runs;
mod span;
mod statement;
mod type_of;
mod value;

pub use contents::Contents;
pub use declaration::{MapOf, SetOf, VerdictMap};
pub use difference::{Details, Difference};
pub use entry::{Entry, IntoEntry};
pub use field::{Field, FieldType};
pub use fields::{
    ArpOperation, CgroupId, ConnectionId, Cpu, CtLabels, DccpPacketType, DeviceGroup, EtherType, FragmentId,
    IgmpType, InterfaceIndex, IpId, IpLength, LinkType, MobilityType, NfProto, OsName, PortVlan, QueueNumber,
    Realm, RequestId, RouteMtu, SegmentSize, Spi, TcClass,
};
pub use key::Key;
pub use part::{Interval, Part};
pub use span::Overlaps;
pub use type_of::TypeOf;
pub use value::{
    ConnlimitName, CounterName, CtExpectName, CtHelperName, CtTimeoutName, LimitName, MapValue, QuotaName,
    SecMarkName, SynproxyName, TunnelName,
};

pub(crate) use contents::{Form, check, is_runs};
pub(crate) use encode::{
    entry as encode_entry, is_marked_open, key as encode_key, leading_end, span as encode_span, span_key,
};
pub(crate) use read::Reader;
pub(crate) use runs::Runs;
pub(crate) use span::Span;
pub(crate) use type_of::kind as type_of_kind;
