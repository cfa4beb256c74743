//! Sixteen numbers at a time, on whatever the processor has: AVX-512, AVX2 with FMA, or plain Rust.
//!
//! The one inner loop of all convolutions is written once over `Lanes` and compiled once per instruction set; which
//! one runs is decided when the program starts.

/// Channels in a block: what one `Lanes` holds.
pub const BLOCK: usize = 16;

/// Instruction sets the inner loop is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The best this machine has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().pop().unwrap_or(Self::Portable)
    }

    /// All this machine has, slowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "only x86-64 adds to it"))]
        let mut all = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
            if is_x86_feature_detected!("avx512f") {
                all.push(Self::Avx512);
            }
        }
        all
    }
}

/// A row of output pixels of one channel block, from one block of input channels.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// From the input pixel under the first output pixel on: `taps` reach to both sides of it.
    pub input: *const f32,
    /// Offsets of the kernel's taps, in numbers.
    pub taps: &'a [isize],
    /// Numbers between input pixels of neighbouring output pixels.
    pub input_step: usize,
    /// For each tap sixteen input channels of sixteen output channels.
    pub weights: *const f32,
    pub output: *mut f32,
    pub output_step: usize,
    pub width: usize,
    /// What a pixel starts from; without it the row is added to what is there.
    pub bias: Option<&'a [f32; BLOCK]>,
}

/// Sixteen numbers.
///
/// # Safety
/// Methods may only run where the instruction set of the type is available, and pointers must be good for sixteen.
trait Lanes: Copy {
    /// Pixels worked on at once: as many accumulators as there are registers to spare.
    const TILE: usize;
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// self + a * b
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
}

impl Lanes for [f32; BLOCK] {
    const TILE: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        [value; BLOCK]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's pointer is good for sixteen numbers.
        unsafe { from.cast::<Self>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as above.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        std::array::from_fn(|n| self[n] + a[n] * b[n])
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Lanes, Row, row};
    use std::arch::x86_64::*;

    impl Lanes for __m512 {
        const TILE: usize = 24;

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            // SAFETY: the caller has AVX-512.
            unsafe { _mm512_set1_ps(value) }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the caller has AVX-512 and a pointer good for sixteen numbers.
            unsafe { _mm512_loadu_ps(from) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(to, self) }
        }

        #[inline(always)]
        unsafe fn add_product(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller has AVX-512.
            unsafe { _mm512_fmadd_ps(a, b, self) }
        }
    }

    #[derive(Clone, Copy)]
    pub struct Pair(__m256, __m256);

    impl Lanes for Pair {
        const TILE: usize = 6;

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            // SAFETY: the caller has AVX2.
            unsafe { Self(_mm256_set1_ps(value), _mm256_set1_ps(value)) }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the caller has AVX2 and a pointer good for sixteen numbers.
            unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: as above.
            unsafe {
                _mm256_storeu_ps(to, self.0);
                _mm256_storeu_ps(to.add(8), self.1);
            }
        }

        #[inline(always)]
        unsafe fn add_product(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller has AVX2 and FMA.
            unsafe { Self(_mm256_fmadd_ps(a.0, b.0, self.0), _mm256_fmadd_ps(a.1, b.1, self.1)) }
        }
    }

    #[target_feature(enable = "avx512f")]
    pub unsafe fn row_avx512(args: Row) {
        // SAFETY: handed on from the caller.
        unsafe { row::<__m512>(args) }
    }

    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn row_avx2(args: Row) {
        // SAFETY: handed on from the caller.
        unsafe { row::<Pair>(args) }
    }
}

/// Computes a row on the given instruction set.
///
/// # Safety
/// `isa` must be one of `Isa::available()`; every pixel, tap and weight the row speaks of must lie in live memory,
/// and nobody else may touch the output meanwhile.
pub unsafe fn compute(isa: Isa, args: Row) {
    // SAFETY: the caller vouches for the pointers and the instruction set.
    unsafe {
        match isa {
            Isa::Portable => row::<[f32; BLOCK]>(args),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => x86::row_avx2(args),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => x86::row_avx512(args),
        }
    }
}

/// Cuts a row into tiles of nearly equal width.
#[inline(always)]
unsafe fn row<L: Lanes>(args: Row) {
    let tiles = args.width.div_ceil(L::TILE);
    let (each, wider) = (args.width / tiles, args.width % tiles);
    let mut from = 0;
    for n in 0..tiles {
        let width = each + usize::from(n < wider);
        // SAFETY: handed on from the caller; the tile lies in the row.
        unsafe {
            let input = args.input.add(from * args.input_step);
            let output = args.output.add(from * args.output_step);
            tile_of_width::<L>(Row { input, output, width, ..args });
        }
        from += width;
    }
}

macro_rules! one_of_widths {
    ($lanes:ty, $args:expr, $($width:literal)*) => {
        match $args.width {
            $($width if $width <= <$lanes>::TILE => tile::<$lanes, $width>($args),)*
            _ => {}
        }
    };
}

#[inline(always)]
unsafe fn tile_of_width<L: Lanes>(args: Row) {
    // SAFETY: handed on from the caller. No width is above the widest tile of any instruction set.
    unsafe { one_of_widths!(L, args, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24) }
}

/// The inner loop: `W` pixels stay in registers while all taps and channels pass.
#[inline(always)]
unsafe fn tile<L: Lanes, const W: usize>(args: Row) {
    // SAFETY: handed on from the caller: all offsets stay within what it vouched for.
    unsafe {
        let mut sums = [L::splat(0.0); W];
        for (n, sum) in sums.iter_mut().enumerate() {
            *sum = match args.bias {
                Some(bias) => L::load(bias.as_ptr()),
                None => L::load(args.output.add(n * args.output_step)),
            };
        }
        let mut weights = args.weights;
        for &tap in args.taps {
            let pixel = args.input.offset(tap);
            for channel in 0..BLOCK {
                let weight = L::load(weights.add(channel * BLOCK));
                for (n, sum) in sums.iter_mut().enumerate() {
                    let value = L::splat(*pixel.add(n * args.input_step + channel));
                    *sum = sum.add_product(value, weight);
                }
            }
            weights = weights.add(BLOCK * BLOCK);
        }
        for (n, sum) in sums.into_iter().enumerate() {
            sum.store(args.output.add(n * args.output_step));
        }
    }
}
