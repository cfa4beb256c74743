//! Convolutions, plain and transposed, on blocked tensors: direct ones here, and the way to Winograd's.
//!
//! Work is cut into slabs of the output, one block of channels and one slice each, so every thread owns what it
//! writes. A slab also hands back the sums that instance norm needs, while its numbers are still in the cache.

use super::isa::{BLOCK, Isa};
use super::lanes::{self, Row};
use super::tensor::{Shape, Source, Tensor};
use super::winograd::{self, Transformed};
use rayon::prelude::*;

/// Weights in the order the inner loop reads them.
#[derive(Debug)]
pub struct Packed {
    pub outputs: usize,
    pub inputs: usize,
    pub kernel: [usize; 3],
    weights: Order,
    bias: Vec<[f32; BLOCK]>,
}

#[derive(Debug)]
enum Order {
    /// Output block, input block, tap, input channel, output channel.
    Direct(Vec<f32>),
    Winograd(Transformed),
}

/// How a convolution moves over its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Any stride.
    Any,
    /// One step at a time, over so many voxels that more weights pay.
    Still,
    Transposed,
}

impl Packed {
    /// From PyTorch's order: output, input, then the kernel; for a transposed convolution input comes first.
    pub fn new(
        weights: &[f32],
        bias: Option<&[f32]>,
        [outputs, inputs]: [usize; 2],
        kernel: [usize; 3],
        motion: Motion,
    ) -> Self {
        let value = |o: usize| bias.and_then(|b| b.get(o)).copied().unwrap_or(0.0);
        let blocks = outputs.div_ceil(BLOCK);
        let bias = (0..blocks).map(|ob| std::array::from_fn(|o| value(ob * BLOCK + o))).collect();
        let order = if motion == Motion::Still && kernel[1..] == [3, 3] {
            let taps = kernel[0] * 9;
            let weight = |o: usize, i: usize, tap: usize| weights[(o * inputs + i) * taps + tap];
            Order::Winograd(Transformed::new([outputs, inputs], kernel[0], weight))
        } else {
            Order::Direct(direct(weights, [outputs, inputs], kernel, motion == Motion::Transposed))
        };
        Self { outputs, inputs, kernel, weights: order, bias }
    }

    pub const fn output_blocks(&self) -> usize {
        self.outputs.div_ceil(BLOCK)
    }

    const fn input_blocks(&self) -> usize {
        self.inputs.div_ceil(BLOCK)
    }

    /// The channels of an input block that are not there to pad it.
    fn channels_of(&self, block: usize) -> usize {
        (self.inputs - block * BLOCK).min(BLOCK)
    }

    /// What the weights take in memory.
    pub const fn bytes(&self) -> usize {
        match &self.weights {
            Order::Direct(weights) => weights.len() * size_of::<f32>(),
            Order::Winograd(weights) => weights.bytes(),
        }
    }
}

fn direct(weights: &[f32], [outputs, inputs]: [usize; 2], kernel: [usize; 3], transposed: bool) -> Vec<f32> {
    let taps: usize = kernel.iter().product();
    let (output_blocks, input_blocks) = (outputs.div_ceil(BLOCK), inputs.div_ceil(BLOCK));
    let weight = |o: usize, i: usize, tap: usize| {
        if o >= outputs || i >= inputs {
            return 0.0;
        }
        let pair = if transposed { i * outputs + o } else { o * inputs + i };
        weights[pair * taps + tap]
    };
    let mut packed = Vec::with_capacity(output_blocks * input_blocks * taps * BLOCK * BLOCK);
    for ob in 0..output_blocks {
        for ib in 0..input_blocks {
            for tap in 0..taps {
                for i in 0..BLOCK {
                    packed.extend((0..BLOCK).map(|o| weight(ob * BLOCK + o, ib * BLOCK + i, tap)));
                }
            }
        }
    }
    packed
}

/// The weights of a direct convolution between two blocks, from one tap on.
fn between(weights: &[f32], packed: &Packed, output: usize, input: usize, tap: usize) -> *const f32 {
    let taps: usize = packed.kernel.iter().product();
    let pair = (output * packed.input_blocks() + input) * taps + tap;
    weights[pair * BLOCK * BLOCK..].as_ptr()
}

/// Sums and sums of squares of the sixteen channels of a block.
pub type Sums = [[f64; BLOCK]; 2];

/// Convolves with zero padding of half the kernel. Returns the sums of every block of the output.
pub fn convolve(isa: Isa, input: Source, packed: &Packed, stride: [usize; 3], output: &mut Tensor) -> Vec<Sums> {
    match &packed.weights {
        Order::Direct(weights) => {
            let slabs = convolve_directly(isa, input, (packed, weights), stride, output);
            slabs.chunks_exact(output.shape.slabs_per_block()).map(|block| added(block.iter())).collect()
        }
        Order::Winograd(weights) => {
            assert_eq!(stride, [1; 3], "these weights are for convolutions that keep the resolution");
            let tasks = winograd::convolve(isa, input, weights, &packed.bias, output);
            (0..packed.output_blocks()).map(|block| added(tasks.iter().map(|task| &task[block]))).collect()
        }
    }
}

fn added<'a>(parts: impl Iterator<Item = &'a Sums>) -> Sums {
    let mut all = [[0.0; BLOCK]; 2];
    for part in parts {
        for (all, part) in all.as_flattened_mut().iter_mut().zip(part.as_flattened()) {
            *all += part;
        }
    }
    all
}

/// Sums of every slab of the output, rim slabs empty.
fn convolve_directly(
    isa: Isa,
    input: Source,
    (packed, weights): (&Packed, &[f32]),
    stride: [usize; 3],
    output: &mut Tensor,
) -> Vec<Sums> {
    let (from, to) = (input.shape(), output.shape);
    assert!(from.blocks >= packed.input_blocks() && to.blocks >= packed.output_blocks(), "channels do not fit");
    let reaches = |axis: usize| packed.kernel[axis] / 2 <= from.rim[axis];
    let covers = |axis: usize| (to.size[axis] - 1) * stride[axis] < from.size[axis];
    assert!((0..3).all(reaches), "the kernel is wider than the rim");
    assert!((0..3).all(covers), "the output is larger than the input allows");
    let taps = tap_offsets(&from, packed.kernel);
    output.data[..to.len()]
        .par_chunks_mut(to.slab())
        .enumerate()
        .map(|(n, slab)| {
            let Some((block, z)) = to.slice_of_slab(n).filter(|s| s.0 < packed.output_blocks()) else {
                return [[0.0; BLOCK]; 2];
            };
            for ib in 0..packed.input_blocks() {
                let weights = between(weights, packed, block, ib, 0);
                for y in 0..to.size[1] {
                    let args = Row {
                        input: input.row(ib, z * stride[0], y * stride[1]),
                        taps: &taps,
                        channels: packed.channels_of(ib),
                        input_step: stride[2] * BLOCK,
                        weights,
                        output: slab[to.row_in_slab(y)..].as_mut_ptr(),
                        output_step: BLOCK,
                        width: to.size[2],
                        bias: (ib == 0).then_some(&packed.bias[block]),
                    };
                    // SAFETY: the asserts above keep every tap of every pixel of the row within the input and its
                    // rim, the row within this slab, which is ours alone, and `between` holds all taps.
                    unsafe { lanes::compute(isa, args) };
                }
            }
            sums_of(slab, output_rows(&to))
        })
        .collect()
}

/// The transposed convolution whose kernel is its stride: every input pixel becomes a block of output pixels.
pub fn convolve_transposed(isa: Isa, input: &Tensor, packed: &Packed, output: &mut Tensor) {
    let (from, to, step) = (input.shape, output.shape, packed.kernel);
    assert!(from.blocks >= packed.input_blocks() && to.blocks >= packed.output_blocks(), "channels do not fit");
    assert!((0..3).all(|a| to.size[a] == from.size[a] * step[a]), "the output must be the input times the stride");
    let Order::Direct(weights) = &packed.weights else { return };
    output.data[..to.len()].par_chunks_mut(to.slab()).enumerate().for_each(|(n, slab)| {
        let Some((block, z)) = to.slice_of_slab(n).filter(|s| s.0 < packed.output_blocks()) else { return };
        for ib in 0..packed.input_blocks() {
            for y in 0..to.size[1] {
                let start = from.row_start(ib, z / step[0], y / step[1]);
                for x in 0..step[2] {
                    let tap = ((z % step[0]) * step[1] + y % step[1]) * step[2] + x;
                    let args = Row {
                        input: input.data[start..].as_ptr(),
                        taps: &[0],
                        channels: packed.channels_of(ib),
                        input_step: BLOCK,
                        weights: between(weights, packed, block, ib, tap),
                        output: slab[to.row_in_slab(y) + x * BLOCK..].as_mut_ptr(),
                        output_step: step[2] * BLOCK,
                        width: from.size[2],
                        bias: (ib == 0).then_some(&packed.bias[block]),
                    };
                    // SAFETY: the input row has `from.size[2]` pixels, the output row that many times the stride,
                    // both as asserted above; the slab is ours alone.
                    unsafe { lanes::compute(isa, args) };
                }
            }
        }
    });
}

fn tap_offsets(input: &Shape, kernel: [usize; 3]) -> Vec<isize> {
    let steps = [input.slab(), input.row(), BLOCK].map(|s| s as isize);
    let around = |axis: usize| {
        let half = (kernel[axis] / 2) as isize;
        (-half..=half).map(move |d| d * steps[axis])
    };
    around(0).flat_map(|z| around(1).flat_map(move |y| around(2).map(move |x| z + y + x))).collect()
}

fn output_rows(shape: &Shape) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
    let (shape, width) = (*shape, shape.size[2] * BLOCK);
    (0..shape.size[1]).map(move |y| shape.row_in_slab(y)..shape.row_in_slab(y) + width)
}

fn sums_of(slab: &[f32], rows: impl Iterator<Item = std::ops::Range<usize>>) -> Sums {
    let mut sums = [[0.0; BLOCK]; 2];
    for row in rows {
        let (mut sum, mut square) = ([0.0_f32; BLOCK], [0.0_f32; BLOCK]);
        for pixel in slab[row].chunks_exact(BLOCK) {
            for c in 0..BLOCK {
                sum[c] += pixel[c];
                square[c] += pixel[c] * pixel[c];
            }
        }
        for c in 0..BLOCK {
            sums[0][c] += f64::from(sum[c]);
            sums[1][c] += f64::from(square[c]);
        }
    }
    sums
}
