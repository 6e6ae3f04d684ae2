//! Memory that is about to be written.

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use nix::sys::mman::{MmapAdvise, madvise};

/// So many pages are looked at, and asked for, at a time.
const PAGES: usize = 128;

/// Has the kernel give a buffer's pages all at once: each would otherwise be given when it is touched first, by a page
/// fault of its own.
///
/// What the buffer holds stays. What is there already, as malloc may have kept it, is not asked for: to find that out
/// (mincore(2)) costs a tenth of it. Where the kernel cannot (`MADV_POPULATE_WRITE`, madvise(2), Linux 5.14), pages come as they are touched.
pub fn populate(buffer: &mut [MaybeUninit<u8>]) {
    let Some(page) = page_size() else { return };
    for piece in buffer.chunks_mut(PAGES * page) {
        let (start, length) = (piece.as_mut_ptr(), piece.len());
        let before = start.addr() % page;
        let Some(first) = NonNull::new(start.wrapping_sub(before)) else { return };
        let length = before + length;
        // One more, for a piece may begin within a page.
        let mut found = [0_u8; PAGES + 1];
        let Some(found) = found.get_mut(..length.div_ceil(page)) else { return };
        // SAFETY: each page from the first to the last holds some of the buffer, so that it is mapped, and `found` has a
        // byte for each.
        let told = unsafe { libc::mincore(first.as_ptr().cast(), length, found.as_mut_ptr()) };
        if told == 0 && found.iter().all(|page| page & 1 == 1) {
            continue;
        }
        // SAFETY: these pages are this process's, as above, and the advice changes neither what they hold nor whether they
        // can be used, the buffer's or its neighbours'.
        let populated = unsafe { madvise(first.cast(), length, MmapAdvise::MADV_POPULATE_WRITE) };
        // Only advice: without it everything works.
        populated.unwrap_or_default();
    }
}

/// The bytes of a page.
fn page_size() -> Option<usize> {
    // SAFETY: sysconf takes any number, and touches no memory of the caller's.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).ok().filter(|size| size.is_power_of_two())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a buffer's pages are in memory (mincore(2)).
    fn present(buffer: &mut Vec<u8>) -> usize {
        let page = page_size().unwrap();
        let (start, before) = (buffer.as_mut_ptr(), buffer.as_mut_ptr().addr() % page);
        let length = before + buffer.capacity();
        let mut found = vec![0_u8; length.div_ceil(page)];
        // SAFETY: the pages are mapped, for each holds some of the buffer, and `found` has a byte for each.
        let told = unsafe { libc::mincore(start.wrapping_sub(before).cast(), length, found.as_mut_ptr()) };
        assert_eq!(told, 0);
        found.iter().filter(|page| **page & 1 == 1).count()
    }

    /// Whether this kernel knows the advice.
    fn is_known() -> bool {
        // SAFETY: no memory at all is advised about.
        unsafe { libc::madvise(std::ptr::null_mut(), 0, libc::MADV_POPULATE_WRITE) == 0 }
    }

    #[test]
    fn pages_are_there_before_they_are_touched() {
        let page = page_size().unwrap();
        // So much that malloc maps it anew.
        let mut buffer: Vec<u8> = Vec::with_capacity(64 << 20);
        let before = present(&mut buffer);
        populate(&mut buffer.spare_capacity_mut()[..100 * page]);
        let added = present(&mut buffer) - before;
        // malloc's own head of the mapping may have had the first of them.
        let expected = if is_known() { 99..=101 } else { 0..=0 };
        assert!(expected.contains(&added), "{added} pages more");
    }

    #[test]
    fn memory_with_holes_is_made_whole() {
        let page = page_size().unwrap();
        let pages = 3 * PAGES;
        let mut buffer: Vec<u8> = Vec::with_capacity(64 << 20);
        // The first piece is there, the second in part, the third not at all.
        for at in (0..PAGES).chain((PAGES..2 * PAGES).step_by(2)) {
            buffer.spare_capacity_mut()[at * page].write(1);
        }
        let before = present(&mut buffer);
        populate(&mut buffer.spare_capacity_mut()[..pages * page]);
        let added = present(&mut buffer) - before;
        let missing = PAGES / 2 + PAGES;
        // The buffer begins within a page, so that one more at the end may be of the last piece.
        let expected = if is_known() { missing - 1..=missing + 1 } else { 0..=0 };
        assert!(expected.contains(&added), "{added} pages more");
    }

    #[test]
    fn what_a_buffer_holds_stays() {
        for length in [0, 1, 100, 5000, 1 << 20] {
            let mut buffer: Vec<MaybeUninit<u8>> = vec![MaybeUninit::new(7); length];
            populate(&mut buffer);
            // SAFETY: all of it was written above.
            assert!(buffer.iter().all(|byte| unsafe { byte.assume_init() } == 7));
        }
    }
}
