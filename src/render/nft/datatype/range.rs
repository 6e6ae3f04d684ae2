//! Ranges and prefixes.

use super::{Datatype, Order, number::number};
use crate::render::nft::names::Names;

impl Datatype {
    /// All values from the first to the last, as one value, as a prefix where nft prefers that, or with both ends.
    pub(in crate::render::nft) fn range(self, first: &[u8], last: &[u8], names: Names<'_>) -> String {
        if first == last {
            return self.value(first, names);
        }
        match self.prefix_length(first, last) {
            Some(length) if self.prefers_prefixes() => self.prefix(first, length, names),
            _ => format!("{}-{}", self.numeric(first), self.numeric(last)),
        }
    }

    /// All values that share their first bits.
    pub(in crate::render::nft) fn prefix(self, first: &[u8], length: usize, names: Names<'_>) -> String {
        format!("{}/{length}", self.value(first, names))
    }

    /// Whether nft says a prefix rather than a range.
    pub(in crate::render::nft) fn prefers_prefixes(self) -> bool {
        matches!(self, Self::Ipv4Addr | Self::Ipv6Addr | Self::Mark | Self::Realm | Self::DevGroup)
    }

    /// How many bits the values from the first to the last share, where these are all that do.
    pub(in crate::render::nft) fn prefix_length(self, first: &[u8], last: &[u8]) -> Option<usize> {
        self.prefix_length_in(self.order(), first, last)
    }

    fn prefix_length_in(self, order: Order, first: &[u8], last: &[u8]) -> Option<usize> {
        let (low, high) = (number(first, order)?, number(last, order)?);
        let free = low ^ high;
        // The free bits are the lowest ones, all zero at the beginning and all one at the end.
        let lowest = free & free.wrapping_add(1) == 0 && low & free == 0 && high & free == free;
        let width = self.bits().unwrap_or(first.len().saturating_mul(8));
        width.checked_sub(usize::try_from(free.count_ones()).ok()?).filter(|_| lowest)
    }
}
