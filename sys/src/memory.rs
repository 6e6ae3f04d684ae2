//! Advice to the kernel about memory.

use std::ptr::NonNull;

use nix::sys::mman::{MmapAdvise, madvise};

/// The smallest page that advice can be about.
const PAGE: usize = 4096;

/// Asks for huge pages behind a large buffer that is about to be filled: its first touch then costs one page
/// fault for 2 MiB in place of 512. Only advice: where the kernel has none, nothing changes.
pub fn prefer_huge_pages(buffer: &mut Vec<u8>) {
    let start = buffer.as_mut_ptr().addr();
    let Some(first) = start.checked_next_multiple_of(PAGE) else {
        return;
    };
    let last = (start + buffer.capacity()) / PAGE * PAGE;
    let Some(length) = last.checked_sub(first).filter(|length| *length > 0) else {
        return;
    };
    let Some(from) = NonNull::new(buffer.as_mut_ptr().wrapping_add(first - start)) else {
        return;
    };
    // SAFETY: the pages from `first` to `last` lie inside the buffer's allocation, which this call borrows
    // mutably, and MADV_HUGEPAGE changes neither their content nor whether they can be used.
    let advised = unsafe { madvise(from.cast(), length, MmapAdvise::MADV_HUGEPAGE) };
    // A kernel without huge pages says EINVAL, and the buffer works all the same.
    advised.unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_stays_and_small_buffers_are_left_alone() {
        for capacity in [0, 1, 100, 5000, 8 << 20] {
            let mut buffer = Vec::with_capacity(capacity);
            buffer.extend(std::iter::repeat_n(7, capacity.min(3)));
            prefer_huge_pages(&mut buffer);
            buffer.resize(capacity, 7);
            assert!(buffer.iter().all(|byte| *byte == 7));
        }
    }
}
