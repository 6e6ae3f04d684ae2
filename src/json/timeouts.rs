//! The timeouts of connection tracking: state and seconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::wire::NLA_TYPE_MASK;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Timeout {
    state: u16,
    seconds: u32,
}

pub(crate) fn serialize<S: Serializer>(timeouts: &[(u16, u32)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(timeouts.iter().map(|(state, seconds)| Timeout { state: *state, seconds: *seconds }))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(u16, u32)>, D::Error> {
    let read = |Timeout { state, seconds }| match state & !NLA_TYPE_MASK {
        0 => Ok((state, seconds)),
        _ => {
            let state = de::Unexpected::Unsigned(state.into());
            Err(de::Error::invalid_value(state, &"the number of a protocol's state, at most 16383"))
        }
    };
    Vec::deserialize(from)?.into_iter().map(read).collect()
}
