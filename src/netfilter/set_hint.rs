//! What an error number usually means for a set and its elements.

use nix::errno::Errno;

use crate::{
    object::{Element, NFTA_SET_ELEM_LIST_ELEMENTS},
    transaction::{Subject, Verb},
    wire::GenMessage,
};

/// Of a set itself. `attribute` is the path that the kernel objects to.
pub(super) fn set(errno: Errno, verb: Verb, subject: &Subject, attribute: &str) -> Option<String> {
    let (table, name) = names(subject);
    Some(match (errno, verb) {
        (Errno::ENOENT, _) if attribute.starts_with("NFTA_SET_TABLE") => {
            format!("there is no {table}: add it first, in the same transaction")
        }
        (Errno::ENOENT, Verb::Delete) if attribute.starts_with("NFTA_SET_NAME") => {
            format!("there is no set {name} in {table}")
        }
        (Errno::EBUSY, Verb::Delete) => {
            format!(
                "set {name} is still in use: delete the rules that use it before it, in the same transaction"
            )
        }
        (Errno::EEXIST, Verb::Add) => format!(
            "set {name} exists already, and is another one (its type, flags or what its elements do): delete it \
             before, in the same transaction, with the rules that use it, or add to it as it is (SetOf::of)"
        ),
        _ => return None,
    })
}

/// Of elements. `attribute` is the path that the kernel objects to.
pub(super) fn elements(
    errno: Errno,
    verb: Verb,
    message: &GenMessage<'_>,
    subject: &Subject,
    attribute: &str,
) -> Option<String> {
    let (table, name) = names(subject);
    let about_one = attribute.starts_with("NFTA_SET_ELEM_LIST_ELEMENTS");
    Some(match (errno, verb) {
        (Errno::ENOENT, _) if attribute.starts_with("NFTA_SET_ELEM_LIST_TABLE") => {
            format!("there is no {table}: add it first, in the same transaction")
        }
        (Errno::ENOENT, _) if attribute.starts_with("NFTA_SET_ELEM_LIST_SET") => {
            format!("there is no set {name} in {table}: add it first, in the same transaction")
        }
        (Errno::ENOENT, Verb::Delete) if about_one => format!(
            "it is not in set {name} (a run of keys only as it was added, or joined); destroy deletes what \
             exists, from kernel 6.3 on"
        ),
        (Errno::ENOENT, Verb::Add | Verb::Create) if about_one => {
            format!(
                "{table} has no chain or object of the name that it leads to: add that first, in the same \
                 transaction"
            )
        }
        (Errno::ENOENT, _) => format!(
            "there is no set {name} in {table}, no such element, or nothing of the name that one leads to"
        ),
        (Errno::EEXIST | Errno::ENOTEMPTY, Verb::Create) => {
            format!("it is in set {name} already, or overlaps a run of keys that is; add keeps what exists")
        }
        (Errno::EBUSY, _) if !about_one => format!(
            "set {name} is constant and in use: replace it with the rules that use it, in one transaction, or \
             make it without SetOf::constant"
        ),
        (Errno::EEXIST | Errno::ENOTEMPTY | Errno::EBUSY, _) => format!(
            "it overlaps a run of keys that set {name} has, or it is there and leads elsewhere: delete what is \
             there before, in the same transaction, or send the whole content (Entries::replace)"
        ),
        (Errno::ENFILE, _) => format!(
            "the set is full: the capacity of {name} was declared when it was made; make it with a larger one \
             (SetOf::capacity)"
        ),
        (Errno::EINVAL, Verb::Add | Verb::Create | Verb::Delete) => {
            let timeouts = if has_timeouts(message) {
                "; or it takes no timeouts: make it with SetOf::with_timeouts"
            } else {
                ""
            };
            format!(
                "set {name} has keys or values of another type, or none that can be so (Netfilter::set_header \
                 tells its type){timeouts}"
            )
        }
        (Errno::EOVERFLOW, _) => {
            format!(
                "a key or value is too long: those of set {name} are as long as it declares, and none has \
                 more than 64 bytes"
            )
        }
        (Errno::EOPNOTSUPP, _) => {
            format!("set {name}, or this kernel, has no elements that do such a thing")
        }
        _ => return None,
    })
}

/// `table inet edge`, and the set's name.
fn names(subject: &Subject) -> (String, &str) {
    let table = format!("table {} {}", subject.family, subject.table.as_deref().unwrap_or_default());
    (table, subject.name.as_deref().unwrap_or_default())
}

/// Whether an element says how long it stays.
fn has_timeouts(message: &GenMessage<'_>) -> bool {
    let lists = message.attributes().map_while(Result::ok);
    let lists = lists.filter(|found| found.kind() == NFTA_SET_ELEM_LIST_ELEMENTS);
    let mut elements = lists.flat_map(|list| {
        list.attributes().map_while(Result::ok).map_while(|element| element.get::<Element>().ok())
    });
    elements.any(|element| element.timeout.is_some())
}
