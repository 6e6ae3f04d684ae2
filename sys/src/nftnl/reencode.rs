//! Messages as libnftnl would have written them.

use super::message::Room;
use super::object::{Chain, Elements, Object, Rule, Set, Table};

/// The same rule (`NFT_MSG_NEWRULE` or `NFT_MSG_DELRULE`) in libnftnl's bytes: header and family are kept, the
/// attributes come in libnftnl's order. `None` as for [`rule_text`](super::rule_text).
#[must_use]
pub fn reencode_rule(message: &[u8]) -> Option<Vec<u8>> {
    reencode::<Rule>(message)
}

/// The same table, as [`reencode_rule`].
#[must_use]
pub fn reencode_table(message: &[u8]) -> Option<Vec<u8>> {
    reencode::<Table>(message)
}

/// The same chain, as [`reencode_rule`].
#[must_use]
pub fn reencode_chain(message: &[u8]) -> Option<Vec<u8>> {
    reencode::<Chain>(message)
}

/// The same set, as [`reencode_rule`].
#[must_use]
pub fn reencode_set(message: &[u8]) -> Option<Vec<u8>> {
    reencode::<Set>(message)
}

/// The same elements, as [`reencode_rule`], but numbered 1, 2, 3 where the kernel has `NFTA_LIST_ELEM`.
#[must_use]
pub fn reencode_elements(message: &[u8]) -> Option<Vec<u8>> {
    reencode::<Elements>(message)
}

fn reencode<T: Object>(message: &[u8]) -> Option<Vec<u8>> {
    let message = T::message(message)?;
    let object = T::parse(&message)?;
    // libnftnl writes an attribute only for one that it read, and of the same length. All that it may add are
    // empty nests (4 bytes) around something that took at least 8.
    let mut room = Room::new(2 * message.length + 4096);
    // SAFETY: the room is aligned and has far more than the 20 bytes that this writes.
    let header = unsafe {
        nftnl::nftnl_sys::nftnl_nlmsg_build_hdr(
            room.start().cast(),
            message.kind.into(),
            message.family.into(),
            message.flags,
            message.sequence,
        )
    };
    // SAFETY: `header` is what the call before returned, the start of the room; it holds all, as said above.
    unsafe { object.build(header) };
    Some(room.into_message())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nftnl::encode;
    use crate::nftnl::example;
    use crate::nftnl::nftnl::MsgType;

    #[test]
    fn what_libnftnl_wrote_comes_back_the_same() {
        let rule = example::rule();
        assert_eq!(reencode_rule(&rule).unwrap(), rule);
        let long = example::long_rule(1000);
        assert_eq!(reencode_rule(&long).unwrap(), long);
        let table = example::table();
        for kind in [MsgType::Add, MsgType::Del] {
            let message = encode(&table, kind, 3);
            assert_eq!(reencode_table(&message).unwrap(), message);
            let message = encode(&example::chain(&table), kind, 4);
            assert_eq!(reencode_chain(&message).unwrap(), message);
            let set = example::set(&table);
            let message = encode(&set, kind, 5);
            assert_eq!(reencode_set(&message).unwrap(), message);
            let message = example::elements(&set, kind);
            assert_eq!(reencode_elements(&message).unwrap(), message);
        }
    }

    #[test]
    fn what_libnftnl_would_drop_is_refused() {
        // An attribute of a rule that does not exist, behind the others.
        let mut rule = example::rule();
        rule.extend(example::attribute(99, &[0; 4]));
        let length = rule.len() as u32;
        rule[..4].copy_from_slice(&length.to_ne_bytes());
        assert!(reencode_rule(&rule).is_none());
    }
}
