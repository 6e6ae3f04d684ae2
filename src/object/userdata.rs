//! What nft writes beside an object for itself: the comment, and types for its listing.
//!
//! A run of type, length and value, one byte each for the first two (libnftnl, `struct nftnl_udata`).

use crate::Invalid;

/// The comment's type, the same for tables, chains, rules, set elements (`NFTNL_UDATA_*_COMMENT`).
/// (In a *set's* user data, the comment has [`SET_COMMENT`].)
pub const COMMENT: u8 = 0;
/// A set's comment (`NFTNL_UDATA_SET_COMMENT`).
pub const SET_COMMENT: u8 = 7;

/// The most bytes that the kernel keeps beside an object (`NFT_USERDATA_MAXLEN`).
pub(crate) const LIMIT: usize = 256;

/// The longest comment: nft's own limit (`NFTNL_UDATA_COMMENT_MAXLEN`), without the NUL.
pub const COMMENT_LIMIT: usize = 127;

/// Appends one entry. What is longer than 255 bytes does not fit the format and is cut off by no one: the
/// caller checks.
pub(crate) fn push(buffer: &mut Vec<u8>, kind: u8, value: &[u8]) -> bool {
    let Ok(length) = u8::try_from(value.len()) else {
        return false;
    };
    buffer.extend_from_slice(&[kind, length]);
    buffer.extend_from_slice(value);
    true
}

/// User data with an entry in the place of the one of its kind, or among the others in the order of kinds, as nft has it.
pub(crate) fn put(buffer: &mut Vec<u8>, kind: u8, value: &[u8]) -> bool {
    let mut put = Vec::new();
    let (mut before, mut behind) = (Vec::new(), Vec::new());
    for (found, value) in entries(buffer).filter(|(found, _)| *found != kind) {
        push(if found < kind { &mut before } else { &mut behind }, found, value);
    }
    let fits = push(&mut put, kind, value);
    if fits {
        *buffer = [before, put, behind].concat();
    }
    fits
}

/// A comment as user data.
pub(crate) fn comment(kind: u8, text: &str) -> Result<Vec<u8>, Invalid> {
    if text.len() > COMMENT_LIMIT {
        return Err(Invalid::CommentTooLong { length: text.len(), limit: COMMENT_LIMIT });
    }
    if text.as_bytes().contains(&0) {
        return Err(Invalid::NameNul { what: "comment", name: text.to_owned() });
    }
    let mut value = text.as_bytes().to_vec();
    value.push(0);
    let mut buffer = Vec::with_capacity(value.len() + 2);
    push(&mut buffer, kind, &value);
    Ok(buffer)
}

/// User data with its comment put in, or put in the place of the one that it has; other entries stay.
pub(crate) fn with_comment(kind: u8, bytes: Option<&[u8]>, text: &str) -> Result<Vec<u8>, Invalid> {
    let comment = comment(kind, text)?;
    let mut buffer = Vec::new();
    for (found, value) in entries(bytes.unwrap_or_default()).filter(|(found, _)| *found != kind) {
        push(&mut buffer, found, value);
    }
    buffer.extend(comment);
    Ok(buffer)
}

/// The comment among the entries of user data.
pub(crate) fn find_comment(kind: u8, bytes: &[u8]) -> Option<String> {
    let (_, value) = entries(bytes).find(|(found, _)| *found == kind)?;
    std::str::from_utf8(value.strip_suffix(&[0])?).ok().map(str::to_owned)
}

/// The entries of user data; ends at the first that does not fit.
pub fn entries(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let [kind, length, rest @ ..] = bytes else {
            return None;
        };
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        bytes = rest;
        Some((*kind, value))
    })
}

/// The comment in user data, if the data is this one comment and nothing else, so that nothing is lost.
pub(crate) fn only_comment(kind: u8, bytes: &[u8]) -> Option<String> {
    let (found, value) = entries(bytes).next()?;
    let text = std::str::from_utf8(value.strip_suffix(&[0])?).ok()?;
    (found == kind && comment(kind, text).ok()? == bytes).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_what_nft_writes() {
        // nft --debug=netlink add rule … comment "hi" | userdata = 00 03 68 69 00
        let bytes = comment(COMMENT, "hi").unwrap();
        assert_eq!(bytes, [0, 3, b'h', b'i', 0]);
        assert_eq!(only_comment(COMMENT, &bytes).as_deref(), Some("hi"));
    }

    #[test]
    fn foreign_user_data_is_not_taken_for_a_comment() {
        for bytes in [&[][..], &[0], &[0, 9, 1], &[1, 1, 0], &[0, 1, 0, 1, 1, 1], &[0, 2, 0xff, 0]] {
            assert_eq!(only_comment(COMMENT, bytes), None, "{bytes:?}");
        }
        assert_eq!(entries(&[0, 9, 1]).count(), 0);
    }

    #[test]
    fn a_comment_among_other_entries_is_found_and_changed() {
        let bytes = with_comment(7, Some(&[0, 1, 9, 7, 2, b'a', 0]), "new").unwrap();
        assert_eq!(bytes, [0, 1, 9, 7, 4, b'n', b'e', b'w', 0]);
        assert_eq!(find_comment(7, &bytes).as_deref(), Some("new"));
        assert_eq!(find_comment(6, &bytes), None);
    }

    #[test]
    fn an_entry_is_put_in_its_place() {
        let mut bytes = vec![0, 1, 9, 7, 1, 5];
        assert!(put(&mut bytes, 3, &[1, 2]));
        assert_eq!(bytes, [0, 1, 9, 3, 2, 1, 2, 7, 1, 5]);
        assert!(put(&mut bytes, 3, &[8]));
        assert_eq!(bytes, [0, 1, 9, 3, 1, 8, 7, 1, 5]);
        assert!(!put(&mut bytes, 0, &[0; 256]));
        assert_eq!(bytes, [0, 1, 9, 3, 1, 8, 7, 1, 5]);
    }

    #[test]
    fn the_limit_is_an_error() {
        assert!(comment(COMMENT, &"x".repeat(127)).is_ok());
        let error = comment(COMMENT, &"x".repeat(128)).unwrap_err().to_string();
        assert_eq!(error, "the comment is 128 bytes long; nft reads at most 127");
    }
}
