//! A base chain's counters: packets and bytes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counters {
    packets: u64,
    bytes: u64,
}

pub(crate) fn serialize<S: Serializer>(counters: &Option<(u64, u64)>, to: S) -> Result<S::Ok, S::Error> {
    counters.map(|(packets, bytes)| Counters { packets, bytes }).serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<(u64, u64)>, D::Error> {
    let counters = Option::<Counters>::deserialize(from)?;
    Ok(counters.map(|Counters { packets, bytes }| (packets, bytes)))
}
