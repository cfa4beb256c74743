//! What happens to a pixel between convolutions: instance norm, the residual added, leaky ReLU, average pooling.

use super::conv::Sums;
use super::isa::BLOCK;
use super::tensor::Tensor;
use rayon::prelude::*;

/// Instance norm with its learnt scale and shift, one per channel.
#[derive(Debug)]
pub struct Norm {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
    pub epsilon: f64,
}

impl Norm {
    /// Normalises in place from the sums of a convolution, adds `residual`, and multiplies what is negative by `slope`.
    pub fn apply(&self, tensor: &mut Tensor, sums: &[Sums], residual: Option<&Tensor>, slope: Option<f32>) {
        let shape = tensor.shape;
        let factors: Vec<[[f32; BLOCK]; 2]> = (0..shape.blocks)
            .map(|block| {
                let count = shape.size.iter().product::<usize>() as f64;
                sums.get(block).map_or([[0.0; BLOCK]; 2], |sums| self.factors(block, sums, count))
            })
            .collect();
        let slope = slope.unwrap_or(1.0);
        tensor.data[..shape.len()].par_chunks_mut(shape.slab()).enumerate().for_each(|(n, slab)| {
            let Some((block, z)) = shape.slice_of_slab(n) else { return };
            let [scale, shift] = factors[block];
            for y in 0..shape.size[1] {
                let start = shape.row_in_slab(y);
                let row = &mut slab[start..start + shape.size[2] * BLOCK];
                match residual {
                    None => {
                        for pixel in row.chunks_exact_mut(BLOCK) {
                            for c in 0..BLOCK {
                                let x = pixel[c] * scale[c] + shift[c];
                                pixel[c] = x.max(x * slope);
                            }
                        }
                    }
                    Some(residual) => {
                        let other = &residual.data[residual.shape.row_start(block, z, y)..];
                        for (pixel, other) in row.chunks_exact_mut(BLOCK).zip(other.chunks_exact(BLOCK)) {
                            for c in 0..BLOCK {
                                let x = pixel[c] * scale[c] + shift[c] + other[c];
                                pixel[c] = x.max(x * slope);
                            }
                        }
                    }
                }
            }
        });
    }

    /// What to multiply by and add for each channel of a block; nothing is left of channels that only pad the block.
    fn factors(&self, block: usize, sums: &Sums, count: f64) -> [[f32; BLOCK]; 2] {
        let mut factors = [[0.0; BLOCK]; 2];
        for c in 0..BLOCK {
            let Some((&scale, &shift)) = self.scale.get(block * BLOCK + c).zip(self.shift.get(block * BLOCK + c))
            else {
                break;
            };
            let mean = sums[0][c] / count;
            let variance = (sums[1][c] / count - mean * mean).max(0.0);
            let factor = f64::from(scale) / (variance + self.epsilon).sqrt();
            factors[0][c] = factor as f32;
            factors[1][c] = (f64::from(shift) - mean * factor) as f32;
        }
        factors
    }
}

/// The mean over boxes of `stride`.
pub fn average(input: &Tensor, stride: [usize; 3], output: &mut Tensor) {
    let (from, to) = (input.shape, output.shape);
    let share = 1.0 / stride.iter().product::<usize>() as f32;
    output.data[..to.len()].par_chunks_mut(to.slab()).enumerate().for_each(|(n, slab)| {
        let Some((block, z)) = to.slice_of_slab(n) else { return };
        for y in 0..to.size[1] {
            let start = to.row_in_slab(y);
            slab[start..start + to.size[2] * BLOCK].fill(0.0);
            for dz in 0..stride[0] {
                for dy in 0..stride[1] {
                    let row = &input.data[from.row_start(block, z * stride[0] + dz, y * stride[1] + dy)..];
                    for x in 0..to.size[2] * stride[2] {
                        let at = start + x / stride[2] * BLOCK;
                        for c in 0..BLOCK {
                            slab[at + c] += share * row[x * BLOCK + c];
                        }
                    }
                }
            }
        }
    });
}
