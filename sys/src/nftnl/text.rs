//! Messages in the words of libnftnl.

use super::object::{Chain, Elements, Object, Rule, Set, Table};

/// Enough for most.
const FIRST_TRY: usize = 1024;

/// A rule (`NFT_MSG_NEWRULE` or `NFT_MSG_DELRULE`) as the kernel's bytecode.
///
/// The first line names family, table, chain and handle, each other line is an expression, such as
/// `  [ meta load l4proto => reg 1 ]`. `None` if the message is malformed, or if there is something in it that
/// libnftnl does not read.
#[must_use]
pub fn rule_text(message: &[u8]) -> Option<String> {
    text::<Rule>(message)
}

/// A table (`NFT_MSG_NEWTABLE` or `NFT_MSG_DELTABLE`), as [`rule_text`].
#[must_use]
pub fn table_text(message: &[u8]) -> Option<String> {
    text::<Table>(message)
}

/// A chain (`NFT_MSG_NEWCHAIN` or `NFT_MSG_DELCHAIN`), as [`rule_text`].
#[must_use]
pub fn chain_text(message: &[u8]) -> Option<String> {
    text::<Chain>(message)
}

/// A set without its elements (`NFT_MSG_NEWSET` or `NFT_MSG_DELSET`), as [`rule_text`].
///
/// If libnftnl refuses a set of several expressions, a little memory is lost: versions before 1.2.7 leave a set that
/// cannot be freed.
#[must_use]
pub fn set_text(message: &[u8]) -> Option<String> {
    text::<Set>(message)
}

/// Elements of a set (`NFT_MSG_NEWSETELEM` or `NFT_MSG_DELSETELEM`), as [`rule_text`].
///
/// `None` also if the elements are not all numbered `NFTA_LIST_ELEM`. The kernel numbers them so; libnftnl itself
/// counts 1, 2, 3, and cannot read what it wrote.
#[must_use]
pub fn elements_text(message: &[u8]) -> Option<String> {
    text::<Elements>(message)
}

/// Whether libnftnl says what is expected, which is in the words of versions before 1.3.
///
/// Those print a value as whole words of a register, numbers in the host's order; later ones print its own bytes.
#[must_use]
pub fn text_says(theirs: &str, expected: &str) -> bool {
    let mut theirs = theirs.split_whitespace();
    let mut expected = expected.split_whitespace();
    loop {
        match (theirs.next(), expected.next()) {
            (None, None) => return true,
            (Some(word), Some(other)) if word == other || is_same_value(word, other) => {}
            _ => return false,
        }
    }
}

/// Whether `0x06` are the bytes of the whole word `0x00000006`.
fn is_same_value(bytes: &str, whole: &str) -> bool {
    let number = |text: &str| u32::from_str_radix(text, 16).ok();
    let (Some(bytes), Some(whole)) = (bytes.strip_prefix("0x"), whole.strip_prefix("0x")) else {
        return false;
    };
    let fits = matches!(bytes.len(), 2 | 4 | 6 | 8) && whole.len() == 8;
    fits && number(&format!("{bytes:0<8}")).map(u32::to_be_bytes) == number(whole).map(u32::to_ne_bytes)
}

fn text<T: Object>(message: &[u8]) -> Option<String> {
    let object = T::parse(&T::message(message)?)?;
    let mut buffer = vec![0; FIRST_TRY];
    let mut length = usize::try_from(object.print(&mut buffer)).ok()?;
    if length >= buffer.len() {
        // Like snprintf, it told what the whole takes, without the NUL.
        buffer = vec![0; length + 1];
        length = usize::try_from(object.print(&mut buffer)).ok()?;
    }
    let text = String::from_utf8_lossy(buffer.get(..length)?);
    // Versions before 1.2.8 end some texts with a newline.
    Some(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nftnl::encode;
    use crate::nftnl::example::{self, long_rule};
    use crate::nftnl::nftnl::MsgType;

    #[test]
    fn a_rule() {
        let text = rule_text(&example::rule()).unwrap();
        let expected = format!(
            "inet edge input\n[ meta load l4proto => reg 1 ]\n[ cmp eq reg 1 0x{:08x} ]\n[ counter pkts 0 bytes 0 ]\n\
             [ immediate reg 0 jump -> other ]",
            u32::from_ne_bytes([6, 0, 0, 0])
        );
        assert!(text_says(&text, &expected), "{text}");
        let mut longer = example::rule();
        longer.extend([1, 2, 3]);
        assert_eq!(rule_text(&longer).unwrap(), text);
    }

    #[test]
    fn a_value_is_whole_words_or_its_own_bytes() {
        let whole = |bytes| format!("[ cmp eq reg 1 0x{:08x} ]", u32::from_ne_bytes(bytes));
        assert!(text_says("[ cmp eq reg 1 0x06 ]", &whole([6, 0, 0, 0])));
        assert!(text_says("[ cmp eq reg 1 0x0102 ]", &whole([1, 2, 0, 0])));
        assert!(text_says(&whole([1, 2, 3, 4]), &whole([1, 2, 3, 4])));
        assert!(!text_says("[ cmp eq reg 1 0x07 ]", &whole([6, 0, 0, 0])));
        assert!(!text_says("[ cmp eq reg 1 0x06 ] [ counter ]", &whole([6, 0, 0, 0])));
        assert!(!text_says("[ limit flags 0x1 ]", "[ limit flags 0x0 ]"));
    }

    #[test]
    fn a_text_longer_than_the_first_try() {
        let text = rule_text(&long_rule(500)).unwrap();
        assert!(text.len() > 10 * FIRST_TRY);
        assert_eq!(text.matches("[ counter").count(), 500);
    }

    #[test]
    fn the_other_objects() {
        let table = example::table();
        let message = encode(&table, MsgType::Add, 1);
        assert!(table_text(&message).unwrap().starts_with("table edge inet"));
        assert!(rule_text(&message).is_none() && chain_text(&message).is_none());
        let message = encode(&example::chain(&table), MsgType::Del, 1);
        assert!(
            chain_text(&message).unwrap().starts_with("inet edge input use 0 type filter hook input prio -5")
        );
        let set = example::set(&table);
        assert!(set_text(&encode(&set, MsgType::Add, 1)).unwrap().starts_with("blocked edge "));
        let text = elements_text(&example::elements(&set, MsgType::Add)).unwrap();
        assert!(text.contains("element"), "{text}");
        assert!(text.contains("0100007f") || text.contains("7f000001"), "{text}");
    }

    #[test]
    fn malformed_messages_are_none() {
        let rule = example::rule();
        for length in 0..rule.len() {
            assert!(rule_text(&rule[..length]).is_none());
            let mut wrong = rule.clone();
            wrong[..4].copy_from_slice(&(length as u32).to_ne_bytes());
            let cut_between_attributes = rule_text(&wrong).is_some();
            assert!(!cut_between_attributes || length >= 20, "nlmsg_len {length}");
        }
        for length in [rule.len() as u32 + 1, u32::MAX] {
            let mut wrong = rule.clone();
            wrong[..4].copy_from_slice(&length.to_ne_bytes());
            assert!(rule_text(&wrong).is_none());
        }
    }
}
