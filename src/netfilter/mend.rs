//! Making what the kernel reports what it accepts.

use crate::object::Table;

/// Mends a table as read, so that it can be sent.
pub(super) fn mend(table: &mut Table) {
    let _ = table;
}
