//! Bytes of the objects of the `nftnl` crate.

use nftnl::{MsgType, NlMsg, nft_nlmsg_maxsize};

use super::message::Room;

/// The netlink message of any object of the `nftnl` crate: table, chain, rule, set, elements of a set.
///
/// It carries the flags that the crate sets, `NLM_F_ACK` among them.
///
/// A `nftnl::set::SetElemsMsg` (0.9.4) points into the `SetElemsIter` that made it without borrowing it, and moves it
/// on when it is written: encode each once, before the iterator is asked for the next or dropped.
#[must_use]
pub fn encode<T: NlMsg>(object: &T, kind: MsgType, sequence: u32) -> Vec<u8> {
    let mut room = Room::new(nft_nlmsg_maxsize() as usize);
    // SAFETY: the room is aligned, and as large as `NlMsg::write` asks for. Whoever implements that trait (it is
    // unsafe to implement) promises to write no more.
    unsafe { object.write(room.start(), sequence, kind) };
    room.into_message()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nftnl::example;

    #[test]
    fn is_as_long_as_it_says_and_carries_the_sequence() {
        let message = encode(&example::table(), MsgType::Add, 0x0102_0304);
        assert_eq!(message[..4], (message.len() as u32).to_ne_bytes());
        assert_eq!(message[8..12], 0x0102_0304_u32.to_ne_bytes());
        assert_eq!(message[16], libc::NFPROTO_INET as u8);
    }
}
