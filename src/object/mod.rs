//! What the kernel keeps: tables, chains, rules, sets, as values that need no kernel to be built.

mod address;
mod chain;
mod counts;
mod ct_object;
mod data_type;
mod element;
mod family;
mod flowtable;
mod hook;
mod interface;
mod name;
mod origin;
mod priority;
mod report;
mod rule;
mod set;
mod set_desc;
mod stateful;
mod table;
mod tunnel;
pub mod userdata;

pub use address::{ChainPath, ChainRef, FlowtableRef, ObjectRef, SetRef, TablePath, TableRef};
pub use chain::{Base, Chain, ChainFlags, ChainKind, Policy};
pub use counts::Counts;
pub use ct_object::{CtExpect, CtHelper, CtTimeout, HostMilliseconds, SecMark, TimeoutPolicy};
pub use data_type::{DataType, KeyOrder};
pub use element::{Element, ElementData, ElementFlags};
pub use family::Family;
pub use flowtable::{Flowtable, FlowtableFlags};
pub use hook::Hook;
pub use interface::InterfaceName;
pub use name::check_name;
pub(crate) use name::check_verdict;
pub use origin::Origin;
pub use priority::Priority;
pub use report::Report;
pub use rule::{Position, Rule, RuleAnchor};
pub use set::{MapData, Set, SetFlags, SetPolicy};
pub use set_desc::SetDesc;
pub use stateful::{Object, ObjectData};
pub use table::{Table, TableFlags};
pub use tunnel::{GeneveOption, Tunnel, TunnelFlags, TunnelIpv4, TunnelIpv6, TunnelOptions};

pub(crate) use chain::{
    CHAIN_ATTRIBUTES, NFTA_CHAIN_HANDLE, NFTA_CHAIN_ID, NFTA_CHAIN_NAME, NFTA_CHAIN_POLICY, NFTA_CHAIN_TABLE,
};
pub(crate) use element::{
    ELEMENT_ATTRIBUTES, ELEMENT_LIST_ATTRIBUTES, LIST_LIMIT, NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_EXPIRATION,
    NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS, NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_KEY,
    NFTA_SET_ELEM_KEY_END, NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_SET_ID,
    NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_OBJREF, NFTA_SET_ELEM_TIMEOUT, NFTA_SET_ELEM_USERDATA,
    decode_elements, encode_elements,
};
pub(crate) use flowtable::{FLOWTABLE_ATTRIBUTES, NFTA_FLOWTABLE_NAME, NFTA_FLOWTABLE_TABLE};
pub(crate) use rule::{
    NFTA_RULE_CHAIN, NFTA_RULE_CHAIN_ID, NFTA_RULE_COMPAT, NFTA_RULE_EXPRESSIONS, NFTA_RULE_HANDLE,
    NFTA_RULE_ID, NFTA_RULE_POSITION, NFTA_RULE_POSITION_ID, NFTA_RULE_TABLE, NFTA_RULE_USERDATA,
    RULE_ATTRIBUTES, ReadRule,
};
pub(crate) use set::{
    NFTA_SET_DESC, NFTA_SET_NAME, NFTA_SET_TABLE, SET_ATTRIBUTES, encode_expressions, milliseconds,
};
pub(crate) use set_desc::NFTA_SET_DESC_SIZE;
pub(crate) use stateful::{NFTA_OBJ_NAME, NFTA_OBJ_TABLE, NFTA_OBJ_TYPE, OBJECT_ATTRIBUTES};
pub(crate) use table::{NFTA_TABLE_NAME, TABLE_ATTRIBUTES};

#[cfg(test)]
mod tests;
