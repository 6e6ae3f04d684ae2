//! Attributes as text: every byte of them, nested as they are.
//!
//! ```text
//! 1"edge" 3:00000002 4{1{1"cmp" 2{1:00000001 3{1:c0a80101}}}}
//! ```
//! An attribute is its number (`NFTA_…`, decimal) and what it holds: `{…}` attributes, marked as nested; `"…"` text
//! that ends with a NUL byte; `:` any bytes, as hexadecimal digits. A number above 32767 has netlink's flag bits in
//! it, and holds bytes.

use crate::wire::{ALIGN, Attribute, Attributes, NLA_F_NESTED, align};

/// How deep attributes may lie inside each other. nf_tables needs nine; what is deeper is written as bytes.
const DEPTH: usize = 16;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends a run of attributes as text; false where the bytes are no such run.
pub(super) fn write(run: &[u8], text: &mut Vec<u8>) -> bool {
    is_run(run) && {
        write_run(run, text, 0);
        true
    }
}

/// Whether bytes are attributes behind each other, filled up with zeros to the last, as they are when read back
/// from text.
fn is_run(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Some(Ok(attribute)) = Attributes::new(bytes).next() else {
            return false;
        };
        let length = 4 + attribute.payload.len();
        let Some((padded, rest)) = bytes.split_at_checked(align(length)) else {
            return false;
        };
        if padded.get(length..).unwrap_or_default().iter().any(|byte| *byte != 0) {
            return false;
        }
        bytes = rest;
    }
    true
}

fn write_run(run: &[u8], text: &mut Vec<u8>, depth: usize) {
    for (index, attribute) in Attributes::new(run).map_while(Result::ok).enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        write_attribute(attribute, text, depth);
    }
}

fn write_attribute(attribute: Attribute<'_>, text: &mut Vec<u8>, depth: usize) {
    let (kind, payload) = (attribute.raw_kind(), attribute.payload);
    if kind & !NLA_F_NESTED == attribute.kind() && attribute.is_nested() && depth < DEPTH && is_run(payload) {
        number(attribute.kind(), text);
        text.push(b'{');
        write_run(payload, text, depth + 1);
        text.push(b'}');
        return;
    }
    number(kind, text);
    match payload.strip_suffix(&[0]) {
        Some(plain) if kind & NLA_F_NESTED == 0 && is_plain(plain) => {
            text.push(b'"');
            text.extend_from_slice(plain);
            text.push(b'"');
        }
        _ => {
            text.push(b':');
            for byte in payload {
                let [high, low] = [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
                text.extend_from_slice(&[high, low]);
            }
        }
    }
}

/// Whether bytes can stand between quotes as they are: neither a quote nor what begins a comment.
fn is_plain(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'#'))
}

fn number(number: u16, text: &mut Vec<u8>) {
    text.extend_from_slice(number.to_string().as_bytes());
}

/// Appends the attributes that a text stands for.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(mut text: &[u8], bytes: &mut Vec<u8>) -> Result<(), String> {
    let whole = text.len();
    let mut open: Vec<usize> = Vec::new();
    let wrong = |rest: &[u8], expected: &str| {
        Err(format!("at character {} of the attributes {expected} was expected", whole - rest.len() + 1))
    };
    // Whether an attribute may begin here: at the start, and behind a blank or a brace.
    let mut separated = true;
    loop {
        match text {
            [b'0'..=b'9', ..] if separated => {
                let Some((kind, rest)) = read_number(text) else {
                    return wrong(text, "a number up to 65535");
                };
                match rest {
                    [b'{', inside @ ..] => {
                        if kind & NLA_F_NESTED != 0 {
                            return wrong(rest, "':'");
                        }
                        if open.len() >= DEPTH {
                            return wrong(rest, "something less deep");
                        }
                        open.push(bytes.len());
                        head(kind | NLA_F_NESTED, bytes);
                        text = inside;
                        continue;
                    }
                    [b'"', inside @ ..] => {
                        let Some(end) = inside.iter().position(|byte| *byte == b'"') else {
                            return wrong(&[], "'\"'");
                        };
                        let start = bytes.len();
                        head(kind, bytes);
                        bytes.extend_from_slice(inside.get(..end).unwrap_or_default());
                        bytes.push(0);
                        close(start, bytes)?;
                        text = inside.get(end + 1..).unwrap_or_default();
                    }
                    [b':', inside @ ..] => {
                        let start = bytes.len();
                        head(kind, bytes);
                        text = read_bytes(inside, bytes);
                        close(start, bytes)?;
                    }
                    _ => return wrong(rest, "'{', '\"' or ':'"),
                }
                separated = false;
            }
            [b'}', rest @ ..] => {
                let Some(start) = open.pop() else {
                    return wrong(text, "no '}'");
                };
                close(start, bytes)?;
                (text, separated) = (rest, false);
            }
            [b' ', rest @ ..] if !separated => (text, separated) = (rest, true),
            [] if open.is_empty() && (!separated || whole == 0) => return Ok(()),
            [] if !open.is_empty() => return wrong(text, "'}'"),
            _ => return wrong(text, if separated { "an attribute's number" } else { "a blank or '}'" }),
        }
    }
}

fn read_number(text: &[u8]) -> Option<(u16, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(length)?;
    let kind = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((kind, rest))
}

/// Appends the bytes of pairs of digits and gives what comes behind them.
fn read_bytes<'t>(mut text: &'t [u8], bytes: &mut Vec<u8>) -> &'t [u8] {
    while let [high, low, rest @ ..] = text {
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
            break;
        };
        bytes.push(high << 4 | low);
        text = rest;
    }
    text
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// `struct nlattr`, with its length to come.
fn head(kind: u16, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&[0; 2]);
    bytes.extend_from_slice(&kind.to_ne_bytes());
}

/// Gives an attribute its length and fills it up.
fn close(start: usize, bytes: &mut Vec<u8>) -> Result<(), String> {
    let length = bytes.len() - start;
    let Ok(short) = u16::try_from(length) else {
        return Err(format!("an attribute is {length} bytes long; netlink's limit is 65535"));
    };
    if let Some(field) = bytes.get_mut(start..start + 2) {
        field.copy_from_slice(&short.to_ne_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::Writer;

    fn text(run: &[u8]) -> String {
        let mut text = Vec::new();
        assert!(write(run, &mut text), "{run:?}");
        String::from_utf8(text).unwrap()
    }

    fn bytes(text: &str) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        read(text.as_bytes(), &mut bytes).map(|()| bytes)
    }

    #[test]
    fn attributes_read_like_what_they_are() {
        let mut run = Vec::new();
        let mut writer = Writer::new(&mut run);
        writer.text(1, "edge");
        writer.bytes(2, &[0xc0, 0xa8, 0, 1]);
        writer.nest(4, |list| {
            list.nest(1, |element| {
                element.text(1, "notrack");
                element.nest(2, |_| ());
            });
            list.bytes(1, b"say \"hi\"\0");
        });
        writer.bytes(3, b"");
        writer.bytes(NLA_F_NESTED | 5, b"abc");
        let expected = "1\"edge\" 2:c0a80001 4{1{1\"notrack\" 2{}} 1:736179202268692200} 3: 32773:616263";
        assert_eq!(text(&run), expected);
        assert_eq!(bytes(expected), Ok(run));
    }

    #[test]
    fn what_is_no_text_of_attributes_is_explained() {
        for (text, expected) in [
            ("x", "at character 1 of the attributes an attribute's number was expected"),
            ("1", "at character 2 of the attributes '{', '\"' or ':' was expected"),
            ("1:0", "at character 3 of the attributes a blank or '}' was expected"),
            ("1:A0", "at character 3 of the attributes a blank or '}' was expected"),
            ("1: ", "at character 4 of the attributes an attribute's number was expected"),
            ("1{1:00", "at character 7 of the attributes '}' was expected"),
            ("1:00}", "at character 5 of the attributes no '}' was expected"),
            ("1\"a", "at character 4 of the attributes '\"' was expected"),
            ("70000:", "at character 1 of the attributes a number up to 65535 was expected"),
            ("32769{}", "at character 6 of the attributes ':' was expected"),
        ] {
            match bytes(text) {
                Err(error) => assert_eq!(error, expected, "{text}"),
                Ok(bytes) => panic!("{text}: {bytes:?}"),
            }
        }
        assert!(bytes(&"1{".repeat(17)).unwrap_err().contains("less deep"));
        let long = format!("1:{}", "00".repeat(65_532));
        assert_eq!(bytes(&long).unwrap_err(), "an attribute is 65536 bytes long; netlink's limit is 65535");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_attributes_survive(list in proptest::collection::vec(
            (any::<u16>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..5,
        ), depth in 0usize..20) {
            let mut run = Vec::new();
            let mut writer = Writer::new(&mut run);
            list.iter().for_each(|(kind, payload)| writer.bytes(*kind, payload));
            for _ in 0..depth {
                let inner = std::mem::take(&mut run);
                Writer::new(&mut run).bytes(NLA_F_NESTED | 7, &inner);
            }
            prop_assert_eq!(bytes(&text(&run)), Ok(run));
        }

        #[test]
        fn any_text_is_an_answer(text in "[0-9a-f:{}\" ]{0,60}") {
            if let Ok(run) = bytes(&text) {
                prop_assert!(is_run(&run));
            }
        }
    }
}
