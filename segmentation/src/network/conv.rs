//! Convolutions, plain and transposed, on blocked tensors.
//!
//! Work is cut into slabs of the output, one block of channels and one slice each, so every thread owns what it
//! writes. A slab also hands back the sums that instance norm needs, while its numbers are still in the cache.

use super::lanes::{self, BLOCK, Isa, Row};
use super::tensor::Tensor;
use rayon::prelude::*;

/// Weights in the order the inner loop reads them: output block, input block, tap, input channel, output channel.
#[derive(Debug)]
pub struct Packed {
    pub outputs: usize,
    pub inputs: usize,
    pub kernel: [usize; 3],
    weights: Vec<f32>,
    bias: Vec<[f32; BLOCK]>,
}

impl Packed {
    /// From PyTorch's order: output, input, then the kernel; for a transposed convolution input comes first.
    pub fn new(
        weights: &[f32],
        bias: Option<&[f32]>,
        [outputs, inputs]: [usize; 2],
        kernel: [usize; 3],
        transposed: bool,
    ) -> Self {
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
        let value = |o: usize| bias.and_then(|b| b.get(o)).copied().unwrap_or(0.0);
        let bias = (0..output_blocks).map(|ob| std::array::from_fn(|o| value(ob * BLOCK + o))).collect();
        Self { outputs, inputs, kernel, weights: packed, bias }
    }

    pub const fn output_blocks(&self) -> usize {
        self.outputs.div_ceil(BLOCK)
    }

    const fn input_blocks(&self) -> usize {
        self.inputs.div_ceil(BLOCK)
    }

    fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// The weights between two blocks, from one tap on.
    fn between(&self, output: usize, input: usize, tap: usize) -> &[f32] {
        let pair = (output * self.input_blocks() + input) * self.taps() + tap;
        &self.weights[pair * BLOCK * BLOCK..]
    }
}

/// Sums and sums of squares of the sixteen channels of one slab.
pub type Sums = [[f64; BLOCK]; 2];

/// Convolves with zero padding of half the kernel. Returns the sums of every slab of the output, rim slabs empty.
pub fn convolve(isa: Isa, input: &Tensor, packed: &Packed, stride: [usize; 3], output: &mut Tensor) -> Vec<Sums> {
    let (from, to) = (input.shape, output.shape);
    assert!(from.blocks >= packed.input_blocks() && to.blocks >= packed.output_blocks(), "channels do not fit");
    let reaches = |axis: usize| packed.kernel[axis] / 2 <= from.rim[axis];
    let covers = |axis: usize| (to.size[axis] - 1) * stride[axis] < from.size[axis];
    assert!((0..3).all(reaches), "the kernel is wider than the rim");
    assert!((0..3).all(covers), "the output is larger than the input allows");
    let taps = tap_offsets(input, packed.kernel);
    output
        .data
        .par_chunks_mut(to.slab())
        .enumerate()
        .map(|(n, slab)| {
            let Some((block, z)) = to.slice_of_slab(n).filter(|s| s.0 < packed.output_blocks()) else {
                return [[0.0; BLOCK]; 2];
            };
            for ib in 0..packed.input_blocks() {
                let weights = packed.between(block, ib, 0);
                for y in 0..to.size[1] {
                    let start = from.row_start(ib, z * stride[0], y * stride[1]);
                    let args = Row {
                        input: input.data[start..].as_ptr(),
                        taps: &taps,
                        input_step: stride[2] * BLOCK,
                        weights: weights.as_ptr(),
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
    output.data.par_chunks_mut(to.slab()).enumerate().for_each(|(n, slab)| {
        let Some((block, z)) = to.slice_of_slab(n).filter(|s| s.0 < packed.output_blocks()) else { return };
        for ib in 0..packed.input_blocks() {
            for y in 0..to.size[1] {
                let start = from.row_start(ib, z / step[0], y / step[1]);
                for x in 0..step[2] {
                    let tap = ((z % step[0]) * step[1] + y % step[1]) * step[2] + x;
                    let args = Row {
                        input: input.data[start..].as_ptr(),
                        taps: &[0],
                        input_step: BLOCK,
                        weights: packed.between(block, ib, tap).as_ptr(),
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

fn tap_offsets(input: &Tensor, kernel: [usize; 3]) -> Vec<isize> {
    let steps = [input.shape.slab(), input.shape.row(), BLOCK].map(|s| s as isize);
    let around = |axis: usize| {
        let half = (kernel[axis] / 2) as isize;
        (-half..=half).map(move |d| d * steps[axis])
    };
    around(0).flat_map(|z| around(1).flat_map(move |y| around(2).map(move |x| z + y + x))).collect()
}

fn output_rows(shape: &super::tensor::Shape) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
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
