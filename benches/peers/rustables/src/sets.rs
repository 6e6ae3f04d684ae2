//! Sets and elements, in `rustables`' values. A capacity cannot be declared.

use portcullis_peers_common::{REPLACEMENT, Result, SET, address};
use rustables::data_type::DataType;
use rustables::set::{SetBuilder, SetElementList};
use rustables::{Batch, MsgType, ProtocolFamily, Set, Table};

/// How many elements go into one message: `rustables` does not divide them, and lets the 16 bits of an attribute's
/// length overflow. An element takes at most 24 bytes.
const TOGETHER: u32 = 2048;

/// A set, and elements of it.
fn built<K: DataType>(table: &Table, keys: impl Iterator<Item = K>) -> Result<(Set, SetElementList)> {
    let mut builder = SetBuilder::new(SET, table)?;
    for key in keys {
        builder.add(&key);
    }
    let (mut set, elements) = builder.finish();
    // The builder leaves out the family, and the number that the kernel wants of every new set.
    set.family = ProtocolFamily::Ipv4;
    Ok((set.with_id(1_u32), elements))
}

/// The set and all its elements.
pub(crate) fn fill<K: DataType>(
    batch: &mut Batch,
    table: &Table,
    count: u32,
    key: impl Fn(u32) -> K,
) -> Result<()> {
    for first in (0..count).step_by(TOGETHER as usize) {
        let (set, elements) = built(table, (first..count.min(first + TOGETHER)).map(&key))?;
        if first == 0 {
            batch.add(&set, MsgType::Add);
        }
        batch.add(&elements, MsgType::Add);
    }
    Ok(())
}

/// The first element goes, another one comes.
pub(crate) fn replace(batch: &mut Batch, table: &Table) -> Result<()> {
    let (_, leaving) = built(table, [address(0)].into_iter())?;
    batch.add(&leaving, MsgType::Del);
    let (_, coming) = built(table, [REPLACEMENT].into_iter())?;
    batch.add(&coming, MsgType::Add);
    Ok(())
}
