//! Large buffers of zeros.
//!
//! A volume of hundreds of megabytes is touched for the first time where it is read into, and in pages of 4 KiB the
//! system spends as long on handing them out as a fast reader on filling them. On Linux large pages are asked for;
//! where there are none nothing changes.

use bytemuck::Zeroable;

/// Buffers smaller than this are not worth a word to the system.
const LARGE_BYTES: usize = 8 << 20;

/// `count` zeros; memory is taken as they are first written to.
pub fn zeros<T: Zeroable + Copy>(count: usize) -> Vec<T> {
    let buffer = vec![T::zeroed(); count];
    prefer_large_pages(buffer.as_ptr().cast(), count * size_of::<T>());
    buffer
}

/// An empty vector with room for `count`.
pub fn with_room_for<T>(count: usize) -> Vec<T> {
    let buffer: Vec<T> = Vec::with_capacity(count);
    prefer_large_pages(buffer.as_ptr().cast(), count * size_of::<T>());
    buffer
}

#[cfg(target_os = "linux")]
fn prefer_large_pages(start: *const u8, bytes: usize) {
    const PAGE: usize = 4096;
    if bytes < LARGE_BYTES {
        return;
    }
    let before = start.align_offset(PAGE);
    let whole = (bytes - before) / PAGE * PAGE;
    // SAFETY: the range lies within one live allocation, and the advice changes how its pages are backed, not what
    // they hold. An answer that it cannot be followed is of no consequence.
    unsafe { libc::madvise(start.add(before).cast_mut().cast(), whole, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn prefer_large_pages(_start: *const u8, _bytes: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_small_buffers_hold_zeros() {
        for count in [0, 3, LARGE_BYTES / 4 + 1] {
            assert_eq!(zeros::<f32>(count), vec![0.0; count]);
            let mut room = with_room_for::<u16>(count);
            room.resize(count, 7);
            assert!(room.iter().all(|&x| x == 7));
        }
    }
}
