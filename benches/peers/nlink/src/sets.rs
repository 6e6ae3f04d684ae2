//! Sets and elements, in `nlink`'s values.

use nlink::netlink::nftables::{Family, Set, SetDataType, SetElement, SetKeyType, Transaction};
use portcullis_peers_common::{Members, REPLACEMENT, Result, SET, TABLE, address, port, prefix};

/// How many elements go into one message: `nlink` refuses a message whose nested attribute is longer than 64 KiB,
/// and leaves it to the caller to divide. The elements of a prefix take most, about 40 bytes.
const TOGETHER: usize = 1024;

fn set(members: Members, count: u32) -> Set {
    let set = Set::new(TABLE, SET).family(Family::Ip);
    match members {
        Members::Addresses => set.key_type(SetKeyType::Ipv4Addr).size(count),
        Members::Prefixes => set.key_type(SetKeyType::Ipv4Addr).interval(),
        Members::Marks => {
            set.key_type(SetKeyType::Ipv4Addr).map(SetDataType::Value(SetKeyType::Mark)).size(count)
        }
        Members::Pairs => {
            set.key_type(SetKeyType::Concat(vec![SetKeyType::Ipv4Addr, SetKeyType::InetService])).size(count)
        }
    }
}

fn element(members: Members, index: u32) -> Result<SetElement> {
    Ok(match members {
        Members::Addresses => SetElement::ipv4(address(index)),
        Members::Prefixes => SetElement::ipv4_prefix(prefix(index), 30)?,
        Members::Marks => SetElement::ipv4(address(index)).value(SetElement::mark(index)),
        Members::Pairs => {
            SetElement::concat([SetElement::ipv4(address(index)), SetElement::port(port(index))])
        }
    })
}

/// The set and all its elements.
pub(crate) fn filled(transaction: Transaction, members: Members, count: u32) -> Result<Transaction> {
    let set = set(members, count);
    let elements: Vec<SetElement> = (0..count).map(|index| element(members, index)).collect::<Result<_>>()?;
    let transaction = transaction.add_set(set.clone());
    Ok(elements.chunks(TOGETHER).fold(transaction, |begun, some| begun.add_set_elements(&set, some)))
}

/// The first element goes, another one comes.
pub(crate) fn replaced(transaction: Transaction, count: u32) -> Transaction {
    let set = set(Members::Addresses, count);
    transaction
        .del_set_elements(&set, &[SetElement::ipv4(address(0))])
        .add_set_elements(&set, &[SetElement::ipv4(REPLACEMENT)])
}
