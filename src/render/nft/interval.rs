//! Ranges of a set's keys out of the elements that mark where they begin and end.

use crate::object::{Element, ElementFlags};

/// A range of keys.
#[derive(Clone, Debug)]
pub(super) struct Interval<'a> {
    /// The element of its first key, which holds everything else.
    pub(super) element: &'a Element,
    /// The last key.
    pub(super) last: Vec<u8>,
}

/// The ranges of a set whose keys are no concatenations, in order; the element for all other keys is not among them.
///
/// A range ends before the next element, whether that is an end or the first key of another range. What begins last and
/// does not end holds all keys from there.
pub(super) fn intervals(elements: &[Element]) -> Vec<Interval<'_>> {
    let is_end = |element: &Element| element.flags.contains(ElementFlags::INTERVAL_END);
    let mut sorted: Vec<&Element> =
        elements.iter().filter(|element| !element.flags.contains(ElementFlags::CATCHALL)).collect();
    sorted.sort_by(|a, b| (&a.key, !is_end(a)).cmp(&(&b.key, !is_end(b))));
    let mut intervals = Vec::new();
    let mut begun: Option<&Element> = None;
    for element in sorted {
        if let Some(first) = begun.take() {
            intervals.push(Interval { element: first, last: predecessor(element.key.as_bytes()) });
        }
        if !is_end(element) {
            begun = Some(element);
        }
    }
    if let Some(first) = begun {
        intervals.push(Interval { element: first, last: vec![0xff; first.key.len()] });
    }
    intervals
}

/// The key before this one.
fn predecessor(key: &[u8]) -> Vec<u8> {
    let mut bytes = key.to_vec();
    for byte in bytes.iter_mut().rev() {
        let (before, borrow) = byte.overflowing_sub(1);
        *byte = before;
        if !borrow {
            break;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Data;

    fn ranges(elements: &[Element]) -> Vec<(u8, u8)> {
        let byte = |bytes: &[u8]| bytes.first().copied().unwrap_or_default();
        intervals(elements)
            .iter()
            .map(|interval| (byte(interval.element.key.as_bytes()), byte(&interval.last)))
            .collect()
    }

    #[test]
    fn ranges_end_where_others_begin() {
        let start = |key| Element::new(Data::byte(key));
        let end = |key| Element::end(Data::byte(key));
        // As the kernel lists them: from the last key down.
        let listed = [start(200), end(31), start(22), start(20), end(9), start(9), start(5), end(0)];
        assert_eq!(ranges(&listed), [(5, 8), (9, 19), (20, 21), (22, 30), (200, 255)]);
    }

    #[test]
    fn touching_ranges_are_two() {
        let start = |key| Element::new(Data::byte(key));
        let end = |key| Element::end(Data::byte(key));
        assert_eq!(ranges(&[end(0), start(5), end(9), start(9), end(12)]), [(5, 8), (9, 11)]);
        assert_eq!(ranges(&[start(255), Element::catch_all()]), [(255, 255)]);
        assert_eq!(ranges(&[]), []);
    }
}
