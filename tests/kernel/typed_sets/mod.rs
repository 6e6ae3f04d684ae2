//! Sets whose keys the compiler knows: held against nft, against packets, and against what goes wrong.

mod against_nft;
mod bulk;
mod long_keys;
mod packets;
mod refused;
mod update;

use portcullis::{Family, Netfilter, Table, Transaction, object::Set};

const TABLE: (Family, &str) = (Family::Inet, "edge");

/// A transaction that begins with the table `edge`.
fn edge() -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge"));
    transaction
}

/// The set with its elements as the kernel has it, but for handles and the time left.
fn read(firewall: &mut Netfilter, name: &str) -> Set {
    let mut set = firewall.set((TABLE.0, TABLE.1, name)).unwrap().unwrap_or_else(|| panic!("no set {name}"));
    set.handle = None;
    set.elements.iter_mut().for_each(|element| element.expiration = None);
    set.elements.sort_by(|a, b| (&a.key, a.flags.bits()).cmp(&(&b.key, b.flags.bits())));
    set
}
