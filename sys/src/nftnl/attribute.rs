//! Netlink attributes, read as libmnl reads them, but strictly: whatever is wrong ends the reading.

/// Length and type.
const HEADER: usize = 4;

/// The type without the bits `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
const TYPE_MASK: u16 = 0x3fff;

/// One attribute.
#[derive(Clone, Copy)]
pub(super) struct Attribute<'a> {
    pub(super) id: u16,
    pub(super) payload: &'a [u8],
}

/// All attributes of a nest, or `None` if its bytes are not attributes from the first to the last.
pub(super) fn attributes(nest: &[u8]) -> Option<Vec<Attribute<'_>>> {
    let mut rest = nest;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (header, _) = rest.split_first_chunk::<HEADER>()?;
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let id = u16::from_ne_bytes([header[2], header[3]]) & TYPE_MASK;
        found.push(Attribute { id, payload: rest.get(HEADER..length)? });
        // The last attribute may lack its padding.
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(found)
}

/// The payload of the first attribute of this type.
pub(super) fn find<'a>(attributes: &[Attribute<'a>], id: u16) -> Option<&'a [u8]> {
    attributes.iter().find(|attribute| attribute.id == id).map(|attribute| attribute.payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_to_the_end_or_not_at_all() {
        let read = attributes(&[5, 0, 1, 0x80, 9, 0, 0, 0, 4, 0, 2, 0]).unwrap();
        assert_eq!(read.iter().map(|a| (a.id, a.payload)).collect::<Vec<_>>(), [(1, &[9][..]), (2, &[])]);
        assert!(attributes(&[5, 0, 1, 0, 9]).is_some_and(|read| read.len() == 1));
        for wrong in [&[4, 0, 1][..], &[3, 0, 1, 0], &[0, 0, 1, 0], &[9, 0, 1, 0, 0], &[4, 0, 1, 0, 7]] {
            assert!(attributes(wrong).is_none(), "{wrong:?}");
        }
    }
}
