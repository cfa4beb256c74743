//! What a machine can do at most: multiplications and additions on numbers that never leave the registers. A measure
//! for how much of it a network gets.

use super::isa::{BLOCK, Isa, Lanes, for_each_isa};
use rayon::prelude::*;
use std::time::Instant;

/// A few milliseconds, tried often: the best of them is what the machine can do when nothing else runs.
const ROUNDS: usize = 8_000_000;
const TRIES: usize = 40;
const MOST_LANES: usize = 24;

/// Floating-point operations a second of so many threads at once, on the best instruction set.
#[must_use]
pub fn peak_flops(threads: usize) -> f64 {
    let isa = Isa::best();
    let once = || {
        let start = Instant::now();
        // SAFETY: `best` is available.
        let done: f64 = (0..threads).into_par_iter().map(|_| unsafe { multiply(isa, ROUNDS) }).sum();
        done / start.elapsed().as_secs_f64()
    };
    (0..TRIES).map(|_| once()).fold(0.0, f64::max)
}

for_each_isa! {
    /// Multiplies and adds, and says how many operations that were.
    ///
    /// # Safety
    /// `isa` must be one of `Isa::available()`.
    unsafe fn multiply(usize) -> f64 = work
}

#[inline(always)]
unsafe fn work<L: Lanes>(rounds: usize) -> f64 {
    // SAFETY: the caller has the instruction set; the store is into an array of sixteen.
    unsafe {
        let factor = L::splat(std::hint::black_box(0.5));
        let mut sums = [L::splat(1.0); MOST_LANES];
        for _ in 0..rounds / L::TILE {
            for sum in &mut sums[..L::TILE] {
                *sum = factor.add_product(*sum, factor);
            }
        }
        let mut out = [0.0_f32; BLOCK];
        for sum in sums {
            sum.store(out.as_mut_ptr());
            std::hint::black_box(&out);
        }
        (rounds / L::TILE * L::TILE * BLOCK * 2) as f64
    }
}
