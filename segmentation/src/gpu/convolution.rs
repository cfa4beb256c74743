//! A convolution's weights on the adapter, in the order its kernel reads them.

use super::device::GpuDevice;
use super::kernels::Scalar;
use crate::error::Result;
use crate::half::narrowed;
use crate::network::{Motion, Norm, Raw};
use wgpu::BufferUsages;

/// Channels that lie together.
pub const BLOCK: usize = 4;

pub struct Convolution {
    pub weights: wgpu::Buffer,
    pub bias: wgpu::Buffer,
    /// Blocks of channels from the tensor before, from a skip, and that come out.
    pub inputs: [usize; 2],
    pub outputs: usize,
    /// Slices, rows, columns.
    pub kernel: [usize; 3],
    pub transposed: bool,
    pub bytes: usize,
}

impl Convolution {
    pub fn new(gpu: &GpuDevice, raw: &Raw, scalar: Scalar) -> Result<Self> {
        let transposed = raw.motion == Motion::Transposed;
        let numbers = bytes_of(&ordered(raw, transposed), scalar);
        let mut bias = raw.bias.clone().unwrap_or_default();
        let outputs = raw.outputs.div_ceil(BLOCK);
        bias.resize(outputs * BLOCK, 0.0);
        Ok(Self {
            weights: filled(gpu, "weights", &numbers)?,
            bias: filled(gpu, "weights", bytemuck::cast_slice(&bias))?,
            inputs: raw.inputs.map(|n| n.div_ceil(BLOCK)),
            outputs,
            kernel: raw.kernel,
            transposed,
            bytes: numbers.len(),
        })
    }

    /// What a transposed convolution's kernel is one product each for, and what is summed over.
    pub fn phases_and_taps(&self) -> (usize, usize) {
        let taps = self.kernel.iter().product();
        if self.transposed { (taps, 1) } else { (1, taps) }
    }
}

/// Tap, input channel, output channel; channels of each input and of the output filled up to whole blocks.
fn ordered(raw: &Raw, transposed: bool) -> Vec<f32> {
    let taps: usize = raw.kernel.iter().product();
    let all: usize = raw.inputs.iter().sum();
    let outputs = raw.outputs.next_multiple_of(BLOCK);
    // Where each channel of the filled-up inputs is in the weights.
    let place =
        |from: usize, count: usize| (0..count.next_multiple_of(BLOCK)).map(move |n| (n < count).then_some(from + n));
    let inputs: Vec<Option<usize>> = place(0, raw.inputs[0]).chain(place(raw.inputs[0], raw.inputs[1])).collect();
    let mut ordered = vec![0.0; taps * inputs.len() * outputs];
    for (row, out) in ordered.chunks_exact_mut(outputs).enumerate() {
        let (tap, Some(input)) = (row / inputs.len(), inputs[row % inputs.len()]) else { continue };
        for (o, out) in out[..raw.outputs].iter_mut().enumerate() {
            let pair = if transposed { input * raw.outputs + o } else { o * all + input };
            *out = raw.weights[pair * taps + tap];
        }
    }
    ordered
}

fn bytes_of(numbers: &[f32], scalar: Scalar) -> Vec<u8> {
    match scalar {
        Scalar::Single => bytemuck::cast_slice(numbers).to_vec(),
        Scalar::Half => numbers.iter().flat_map(|&n| narrowed(n).to_le_bytes()).collect(),
    }
}

/// A norm's learnt scale and shift, block by block; both zero for channels that fill up the last one.
pub fn norm_factors(gpu: &GpuDevice, norm: &Norm) -> Result<wgpu::Buffer> {
    let mut factors = Vec::with_capacity(2 * norm.scale.len().next_multiple_of(BLOCK));
    for (scale, shift) in norm.scale.chunks(BLOCK).zip(norm.shift.chunks(BLOCK)) {
        for part in [scale, shift] {
            factors.extend((0..BLOCK).map(|c| part.get(c).copied().unwrap_or(0.0)));
        }
    }
    filled(gpu, "weights", bytemuck::cast_slice(&factors))
}

const FLUSH_BYTES: usize = 1 << 20;

/// A buffer that holds these bytes.
pub fn filled(gpu: &GpuDevice, what: &str, bytes: &[u8]) -> Result<wgpu::Buffer> {
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
    let buffer = gpu.buffer(what, bytes.len() as u64, usage)?;
    gpu.queue.write_buffer(&buffer, 0, bytes);
    if bytes.len() > FLUSH_BYTES {
        // What is written waits in main memory until something is submitted.
        gpu.queue.submit([]);
    }
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_of_joined_inputs_are_filled_up_each() {
        let raw = Raw {
            weights: (0..6).map(|n| n as f32 + 1.0).collect(),
            bias: None,
            outputs: 2,
            inputs: [1, 2],
            kernel: [1; 3],
            motion: Motion::Any,
        };
        let ordered = ordered(&raw, false);
        assert_eq!(ordered.len(), 8 * 4);
        let row = |n: usize| ordered[n * 4..n * 4 + 4].to_vec();
        assert_eq!(row(0), [1.0, 4.0, 0.0, 0.0]);
        assert_eq!(row(1), [0.0; 4]);
        assert_eq!(row(4), [2.0, 5.0, 0.0, 0.0]);
        assert_eq!(row(5), [3.0, 6.0, 0.0, 0.0]);
    }
}
