//! Sixteen numbers at a time, on whatever the processor has: AVX-512, AVX2 with FMA, NEON, or plain Rust.
//!
//! The one inner loop of all convolutions is written once over `Lanes` and compiled once per instruction set; which
//! one runs is decided when the program starts. The types are in `isa`.

use super::isa::{BLOCK, Lanes, for_each_isa};

/// A row of output pixels of one channel block, from one block of input channels.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// From the input pixel under the first output pixel on: `taps` reach to both sides of it.
    pub input: *const f32,
    /// Offsets of the kernel's taps, in numbers.
    pub taps: &'a [isize],
    /// Input channels that count, of sixteen.
    pub channels: usize,
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

for_each_isa! {
    /// Computes a row on the given instruction set.
    ///
    /// # Safety
    /// `isa` must be one of `Isa::available()`; every pixel, tap and weight the row speaks of must lie in live
    /// memory, and nobody else may touch the output meanwhile.
    pub unsafe fn compute(Row) = row
}

/// Cuts a row into tiles of nearly equal width.
///
/// # Safety
/// As for `compute`.
#[inline(always)]
pub unsafe fn row<L: Lanes>(args: Row) {
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
            for channel in 0..args.channels {
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
