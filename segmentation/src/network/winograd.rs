//! Winograd's convolution for kernels of 3 x 3 within a slice that keep the resolution: four outputs from sixteen
//! products instead of thirty-six.
//!
//! Input rows become tiles of sixteen values, four by four, of which sixteen independent convolutions along the
//! slices are made; what comes out becomes two by two outputs. A task works its way through the slices of two output
//! rows and keeps the tiles of the three slices the kernel spans, so that each input is turned into tiles once.

use super::conv::Sums;
use super::isa::{BLOCK, Isa, Lanes, for_each_isa};
use super::lanes::{self, Row};
use super::tensor::{Source, Tensor};
use rayon::prelude::*;
use std::cell::RefCell;

/// Values of a tile.
const POINTS: usize = 16;

/// What the tiles of a task may take of the cache nearest to a core but one.
const TILE_BYTES: usize = 256 << 10;

/// A tensor is cut into at least so many tasks if it is deep enough, whatever the number of threads, so that sums are
/// added in the same order everywhere.
const TASKS: usize = 32;
/// Fewer slices than this are not worth the two more that a task must read.
const LEAST_SLICES: usize = 6;

/// Weights as the inner loop reads them: output block, point, input block, slice of the kernel, input channel, output
/// channel.
#[derive(Debug)]
pub struct Transformed {
    outputs: usize,
    inputs: usize,
    /// Input channels that count in every block: all, or fewer where there is only one block.
    channels: usize,
    depth: usize,
    weights: Vec<f32>,
}

impl Transformed {
    /// From the weight of an output, an input and a tap; kernels of `depth` slices.
    pub fn new([outputs, inputs]: [usize; 2], depth: usize, weight: impl Fn(usize, usize, usize) -> f32) -> Self {
        let (output_blocks, input_blocks) = (outputs.div_ceil(BLOCK), inputs.div_ceil(BLOCK));
        let mut weights = vec![0.0; output_blocks * POINTS * input_blocks * depth * BLOCK * BLOCK];
        for o in 0..outputs {
            for i in 0..inputs {
                for z in 0..depth {
                    let kernel = std::array::from_fn(|n| weight(o, i, z * 9 + n));
                    for (point, value) in spread(kernel).into_iter().enumerate() {
                        let pair = ((o / BLOCK * POINTS + point) * input_blocks + i / BLOCK) * depth + z;
                        weights[(pair * BLOCK + i % BLOCK) * BLOCK + o % BLOCK] = value;
                    }
                }
            }
        }
        Self { outputs: output_blocks, inputs: input_blocks, channels: inputs.min(BLOCK), depth, weights }
    }

    pub const fn bytes(&self) -> usize {
        self.weights.len() * size_of::<f32>()
    }
}

/// G k Gᵀ of a 3 x 3 kernel, in 64 bits so that nothing is lost before the first product.
fn spread(kernel: [f32; 9]) -> [f32; POINTS] {
    let four = |k: [f64; 3]| [k[0], (k[0] + k[1] + k[2]) / 2.0, (k[0] - k[1] + k[2]) / 2.0, k[2]];
    let k = kernel.map(f64::from);
    let columns: [[f64; 4]; 3] = std::array::from_fn(|x| four([k[x], k[3 + x], k[6 + x]]));
    let rows: [[f64; 4]; 4] = std::array::from_fn(|y| four([columns[0][y], columns[1][y], columns[2][y]]));
    std::array::from_fn(|n| rows[n / 4][n % 4] as f32)
}

/// Two output rows, some of their tiles and some of their slices.
struct Strip<'a> {
    input: Source<'a>,
    weights: &'a Transformed,
    bias: &'a [[f32; BLOCK]],
    output: Shared,
    shape: super::tensor::Shape,
    row: usize,
    tiles: std::ops::Range<usize>,
    slices: std::ops::Range<usize>,
    sums: &'a mut [Sums],
}

/// An output that many tasks write to, each its own part.
#[derive(Clone, Copy)]
struct Shared(*mut f32);

// SAFETY: every task writes rows and columns of its own only.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Convolves with zero padding. Returns sums of the output for each block: of each task in turn.
pub fn convolve(
    isa: Isa,
    input: Source,
    weights: &Transformed,
    bias: &[[f32; BLOCK]],
    output: &mut Tensor,
) -> Vec<Vec<Sums>> {
    let (from, shape) = (input.shape(), output.shape);
    assert!(from.blocks >= weights.inputs && shape.blocks >= weights.outputs, "channels do not fit");
    assert!(from.size == shape.size && from.rim == shape.rim, "the output is of another size");
    assert!(shape.rim[1] == 1 && shape.rim[2] == 1 && shape.rim[0] >= weights.depth / 2, "the rim is too narrow");
    let [depth, height, width] = shape.size;
    let (pairs, tiles) = (height.div_ceil(2), width.div_ceil(2));
    let most = (TILE_BYTES / (weights.inputs * weights.depth * POINTS * BLOCK * size_of::<f32>())).max(6);
    let columns = tiles.div_ceil(most);
    let layers = TASKS.div_ceil(pairs * columns).min(depth / LEAST_SLICES).max(1);
    let target = Shared(output.data.as_mut_ptr());
    (0..pairs * columns * layers)
        .into_par_iter()
        .map(|n| {
            let (pair, rest) = (n / (columns * layers), n % (columns * layers));
            let (column, layer) = (rest / layers, rest % layers);
            let mut sums = vec![[[0.0; BLOCK]; 2]; weights.outputs];
            let strip = Strip {
                input,
                weights,
                bias,
                output: target,
                shape,
                row: 2 * pair,
                tiles: column * tiles / columns..(column + 1) * tiles / columns,
                slices: layer * depth / layers..(layer + 1) * depth / layers,
                sums: &mut sums,
            };
            // SAFETY: the asserts above keep all reads within the input, its rim and its tail, and tasks differ in
            // rows, columns or slices of what they write.
            unsafe { run(isa, strip) };
            sums
        })
        .collect()
}

thread_local! {
    /// Tiles and products of the task at hand; grows to the largest and stays.
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

for_each_isa! {
    /// Works on a strip.
    ///
    /// # Safety
    /// As for `lanes::compute`; nobody else may write to the strip's part of the output.
    unsafe fn run(Strip) = strip
}

#[inline(always)]
unsafe fn strip<L: Lanes>(mut strip: Strip) {
    let count = strip.tiles.len();
    let plane = POINTS * count * BLOCK;
    let slot = strip.weights.inputs * plane;
    let depth = strip.weights.depth;
    // As many slots as the kernel has slices, one of zeros for beyond the ends, and room for the products.
    let needed = (depth + 1) * slot + plane;
    // Taken out rather than borrowed in a closure: a closure is compiled without the instruction set of this function,
    // and every product in it would be a call.
    let mut scratch = SCRATCH.take();
    if scratch.len() < needed {
        scratch.resize(needed, 0.0);
    }
    let (slots, products) = scratch.split_at_mut((depth + 1) * slot);
    slots[depth * slot..].fill(0.0);
    let half = (depth / 2) as isize;
    let first = strip.slices.start as isize;
    let end = strip.shape.size[0] as isize;
    let inside = move |z: isize| (0..end).contains(&z);
    let slot_of = move |z: isize| z.rem_euclid(depth as isize) as usize;
    for z in first - half..first + half {
        if inside(z) {
            let tiles = &mut slots[slot_of(z) * slot..][..slot];
            // SAFETY: handed on from the caller; the slice is within the input.
            unsafe { tile_slice::<L>(&strip, z as usize, tiles) };
        }
    }
    for z in strip.slices.clone() {
        let next = z as isize + half;
        if inside(next) {
            let tiles = &mut slots[slot_of(next) * slot..][..slot];
            // SAFETY: as above.
            unsafe { tile_slice::<L>(&strip, next as usize, tiles) };
        }
        let mut taps = [0_isize; 3];
        for (n, tap) in taps[..depth].iter_mut().enumerate() {
            let from = z as isize + n as isize - half;
            *tap = (if inside(from) { slot_of(from) } else { depth } * slot) as isize;
        }
        // SAFETY: as above; the slots hold all tiles the taps name.
        unsafe { products_of::<L>(&mut strip, z, slots, &taps[..depth], products) };
    }
    SCRATCH.set(scratch);
}

/// Turns four rows of a slice into tiles: for each input block, point by point, tile after tile.
#[inline(always)]
unsafe fn tile_slice<L: Lanes>(strip: &Strip, z: usize, tiles: &mut [f32]) {
    let step = strip.shape.row();
    let count = strip.tiles.len();
    for (block, tiles) in tiles.chunks_exact_mut(POINTS * count * BLOCK).enumerate() {
        // SAFETY: the caller vouches for the input; a tile reaches two pixels beyond an odd size, which the tensor's
        // tail allows for. The tiles are as long as their index says.
        unsafe {
            let from = strip.input.corner(block, z, [strip.row, 2 * strip.tiles.start]);
            let (mut a, mut b) = (column::<L>(from, step), column::<L>(from.add(BLOCK), step));
            for t in 0..count {
                let next = from.add((2 * t + 2) * BLOCK);
                let (c, d) = (column::<L>(next, step), column::<L>(next.add(BLOCK), step));
                let to = tiles.as_mut_ptr().add(t * BLOCK);
                for y in 0..4 {
                    let point = |x: usize| to.add((4 * y + x) * count * BLOCK);
                    a[y].minus(c[y]).store(point(0));
                    b[y].plus(c[y]).store(point(1));
                    c[y].minus(b[y]).store(point(2));
                    b[y].minus(d[y]).store(point(3));
                }
                (a, b) = (c, d);
            }
        }
    }
}

/// Four pixels below each other, their differences and sums as a tile wants them.
#[inline(always)]
unsafe fn column<L: Lanes>(from: *const f32, step: usize) -> [L; 4] {
    // SAFETY: the caller vouches for four rows.
    unsafe {
        let d = [L::load(from), L::load(from.add(step)), L::load(from.add(2 * step)), L::load(from.add(3 * step))];
        [d[0].minus(d[2]), d[1].plus(d[2]), d[2].minus(d[1]), d[1].minus(d[3])]
    }
}

/// Multiplies the tiles of a slice with the weights, and writes two rows of each output block.
#[inline(always)]
unsafe fn products_of<L: Lanes>(strip: &mut Strip, z: usize, slots: &[f32], taps: &[isize], products: &mut [f32]) {
    const NOTHING: [f32; BLOCK] = [0.0; BLOCK];
    /// A kernel of three slices on sixteen input blocks at a time.
    const MOST_TAPS: usize = 48;
    let (weights, count) = (strip.weights, strip.tiles.len());
    let plane = POINTS * count * BLOCK;
    let at_once = MOST_TAPS / weights.depth;
    for block in 0..weights.outputs {
        for point in 0..POINTS {
            for group in (0..weights.inputs).step_by(at_once) {
                let blocks = at_once.min(weights.inputs - group);
                let mut all = [0_isize; MOST_TAPS];
                for b in 0..blocks {
                    for (n, tap) in taps.iter().enumerate() {
                        all[b * weights.depth + n] = tap + ((group + b) * plane) as isize;
                    }
                }
                let pair = ((block * POINTS + point) * weights.inputs + group) * weights.depth;
                let row = Row {
                    input: slots[point * count * BLOCK..].as_ptr(),
                    taps: &all[..blocks * weights.depth],
                    channels: weights.channels,
                    input_step: BLOCK,
                    weights: weights.weights[pair * BLOCK * BLOCK..].as_ptr(),
                    output: products[point * count * BLOCK..].as_mut_ptr(),
                    output_step: BLOCK,
                    width: count,
                    bias: (group == 0).then_some(&NOTHING),
                };
                // SAFETY: handed on from the caller; taps, tiles and products are as long as their indices say.
                unsafe { lanes::row::<L>(row) };
            }
        }
        // SAFETY: as above; the strip's rows and columns are its own.
        unsafe { outputs_of::<L>(strip, z, block, products) };
    }
}

/// Four products of a column of a tile as two output rows want them.
#[inline(always)]
unsafe fn row_pair<L: Lanes>(from: *const f32, step: usize) -> [L; 2] {
    // SAFETY: the caller vouches for sixteen products, four apart.
    unsafe {
        let m = [L::load(from), L::load(from.add(4 * step)), L::load(from.add(8 * step)), L::load(from.add(12 * step))];
        [m[0].plus(m[1]).plus(m[2]), m[1].minus(m[2]).minus(m[3])]
    }
}

/// Turns the products of a block into its two output rows and adds them to the sums.
#[inline(always)]
unsafe fn outputs_of<L: Lanes>(strip: &mut Strip, z: usize, block: usize, products: &[f32]) {
    let (shape, count) = (strip.shape, strip.tiles.len());
    let [_, height, width] = shape.size;
    let rows = if strip.row + 1 < height { 2 } else { 1 };
    // SAFETY: the caller vouches for the output; rows and columns beyond an odd size are not written.
    unsafe {
        let bias = L::load(strip.bias[block].as_ptr());
        let (mut sum, mut square) = (L::splat(0.0), L::splat(0.0));
        for t in 0..count {
            let (from, step) = (products.as_ptr().add(t * BLOCK), count * BLOCK);
            let [a, b, c, d] = [
                row_pair::<L>(from, step),
                row_pair::<L>(from.add(step), step),
                row_pair::<L>(from.add(2 * step), step),
                row_pair::<L>(from.add(3 * step), step),
            ];
            let halves = [[a[0], b[0], c[0], d[0]], [a[1], b[1], c[1], d[1]]];
            let x = 2 * (strip.tiles.start + t);
            for (y, half) in halves[..rows].iter().enumerate() {
                let to = strip.output.0.add(shape.row_start(block, z, strip.row + y) + x * BLOCK);
                let pixels = [half[0].plus(half[1]).plus(half[2]), half[1].minus(half[2]).minus(half[3])];
                for (n, pixel) in pixels.into_iter().enumerate().take(width - x) {
                    let pixel = pixel.plus(bias);
                    pixel.store(to.add(n * BLOCK));
                    sum = sum.plus(pixel);
                    square = square.add_product(pixel, pixel);
                }
            }
        }
        for (total, part) in strip.sums[block].iter_mut().zip([sum, square]) {
            let mut values = [0.0_f32; BLOCK];
            part.store(values.as_mut_ptr());
            for (total, value) in total.iter_mut().zip(values) {
                *total += f64::from(value);
            }
        }
    }
}
