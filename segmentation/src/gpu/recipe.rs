//! The residual-encoder U-Net as steps of kernels: what `network::unet` does on the processor, planned for an adapter.

use super::convolution::{BLOCK, Convolution, norm_factors};
use super::device::GpuDevice;
use super::kernels::{Kernel, READ, STRETCH, Scalar, THREADS, Tile};
use super::program::{Bound, Params, Planner, Step, Tensor, convolving, turned};
use crate::error::{Error, Result};
use crate::network::{self, Layers, Plan, SLOPE};

type Layer = network::Layer<Convolution>;
type Residual = network::Residual<Convolution>;
type Decode = network::Decode<Convolution>;

/// Work on a voxel's block that is not a convolution, in products: it waits for memory.
const PASSING: f64 = 64.0;

/// Fewer workgroups than this leave a large adapter idle; a sum that is long enough is cut into parts then.
const ENOUGH_GROUPS: u64 = 256;
const MOST_PARTS: u64 = 16;
const LEAST_STEPS: u64 = 16;

/// A planned run: its steps, and where its input and its answers lie.
pub struct Recipe {
    pub planner: Planner,
    pub input: Tensor,
    pub logits: Tensor,
    /// Four voxels a word.
    pub shares: Tensor,
}

struct Cook<'a> {
    gpu: &'a GpuDevice,
    scalar: Scalar,
    planner: Planner,
}

const NOTHING: [Bound; READ] = [const { Bound::Nothing }; READ];

impl Recipe {
    pub fn new(
        gpu: &GpuDevice,
        plan: &Plan,
        layers: &Layers<Convolution>,
        scalar: Scalar,
        size: [usize; 3],
    ) -> Result<Self> {
        if plan.decoder_convolutions.contains(&0) {
            return Err(Error::session("a decoder without convolutions runs on the processor only"));
        }
        let mut cook = Cook { gpu, scalar, planner: Planner::default() };
        let input = cook.planner.take(plan.inputs.div_ceil(BLOCK), size, Scalar::Single);
        let mut current = cook.layer(&layers.stem, [Some(input), None], None, SLOPE)?;
        cook.planner.give(input);
        let mut skips = Vec::with_capacity(layers.encoder.len());
        for (s, stage) in layers.encoder.iter().enumerate() {
            for (b, block) in stage.iter().enumerate() {
                let next = cook.residual(block, current)?;
                let before = std::mem::replace(&mut current, next);
                if s > 0 && b == 0 { skips.push(before) } else { cook.planner.give(before) }
            }
        }
        for decode in &layers.decoder {
            let Some(skip) = skips.pop() else { break };
            current = cook.decode(decode, current, skip)?;
        }
        let logits = cook.convolve(&layers.head, [Some(current), None], [1; 3], size, Scalar::Single);
        cook.planner.give(current);
        let shares = cook.readout(logits);
        Ok(Self { planner: cook.planner, input, logits, shares })
    }
}

impl Cook<'_> {
    fn convolve(
        &mut self,
        convolution: &Convolution,
        [first, second]: [Option<Tensor>; 2],
        stride: [usize; 3],
        size: [usize; 3],
        to: Scalar,
    ) -> Tensor {
        let from = first.map_or(size, |tensor| tensor.size);
        let (phases, taps) = convolution.phases_and_taps();
        let grid: usize = if convolution.transposed { from } else { size }.iter().product();
        let blocks = convolution.outputs as u32;
        let tile = Tile::fitting(blocks, grid as u64);
        let tiles = (grid as u64).div_ceil(u64::from(tile.voxels()));
        let depth = blocks.div_ceil(tile.blocks()) * phases as u32;
        let inputs = convolution.inputs[0] + convolution.inputs[1];
        let parts = parts(tiles * u64::from(depth), (taps * inputs.div_ceil(2)) as u64);
        let params = convolving(convolution, stride, from, size, parts);
        let out = self.planner.take(convolution.outputs, size, to);
        let sums = (parts > 1).then(|| self.planner.take(convolution.outputs * parts as usize, size, Scalar::Single));
        let bound = |tensor: Option<Tensor>| tensor.map_or(Bound::Nothing, Bound::from);
        let (weights, bias) = (Bound::Buffer(convolution.weights.clone()), Bound::Buffer(convolution.bias.clone()));
        let from = first.map_or(self.scalar, |tensor| tensor.scalar);
        let within = self.scalar;
        self.planner.steps.push(Step {
            kernel: Kernel::Convolve { tile, from, within, to: sums.map_or(to, |sums| sums.scalar) },
            read: [bound(first), bound(second), weights, bias.clone()],
            write: sums.unwrap_or(out).into(),
            params,
            tiles,
            depth: depth * parts,
            products: (grid * phases * taps * inputs * convolution.outputs * BLOCK * BLOCK) as f64,
        });
        if let Some(sums) = sums {
            let read = [sums.into(), Bound::Nothing, Bound::Nothing, bias];
            self.each(Kernel::Gather { to }, read, out, params);
            self.planner.give(sums);
        }
        out
    }

    /// A kernel that makes one block of one voxel of `write` a thread.
    fn each(&mut self, kernel: Kernel, read: [Bound; READ], write: Tensor, params: Params) {
        let count = write.blocks * write.voxels();
        let tiles = (count as u64).div_ceil(u64::from(THREADS));
        let products = count as f64 * PASSING;
        self.planner.steps.push(Step { kernel, read, write: write.into(), params, tiles, depth: 1, products });
    }

    fn layer(
        &mut self,
        layer: &Layer,
        inputs: [Option<Tensor>; 2],
        carried: Option<Tensor>,
        slope: f32,
    ) -> Result<Tensor> {
        let from = inputs[0].map_or([1; 3], |tensor| tensor.size);
        let size = std::array::from_fn(|a| from[a] / layer.stride[a]);
        let out = self.convolve(&layer.convolution, inputs, layer.stride, size, self.scalar);
        let factors = self.factors(layer, out)?;
        let params = self.norm_params(layer, out, slope);
        let mut read = NOTHING;
        read[0] = factors.into();
        read[1] = carried.map_or(Bound::Nothing, Bound::from);
        self.each(Kernel::Activate { on: self.scalar, carries: carried.is_some() }, read, out, params);
        self.planner.give(factors);
        Ok(out)
    }

    fn norm_params(&self, layer: &Layer, out: Tensor, slope: f32) -> Params {
        let (grid, blocks) = (turned(out.size), [0, 0, out.blocks as u32, 0]);
        Params { grid, blocks, numbers: [slope, layer.norm.epsilon as f32, 0.0, 0.0], ..Params::default() }
    }

    /// What instance norm multiplies a tensor by and adds.
    fn factors(&mut self, layer: &Layer, of: Tensor) -> Result<Tensor> {
        let params = self.norm_params(layer, of, 1.0);
        let stretches = of.voxels().div_ceil(STRETCH as usize);
        let moments = self.planner.take(2 * of.blocks, [1, 1, stretches], Scalar::Single);
        let factors = self.planner.take(2 * of.blocks, [1; 3], Scalar::Single);
        let mut read = NOTHING;
        read[0] = of.into();
        self.planner.steps.push(Step {
            kernel: Kernel::Moments { of: of.scalar },
            read,
            write: moments.into(),
            params,
            tiles: stretches as u64,
            depth: of.blocks as u32,
            products: (of.blocks * of.voxels()) as f64 * PASSING,
        });
        let mut read = NOTHING;
        read[0] = moments.into();
        read[2] = Bound::Buffer(norm_factors(self.gpu, &layer.norm)?);
        let (write, tiles) = (factors.into(), of.blocks as u64);
        let products = (of.blocks * stretches) as f64 * PASSING;
        self.planner.steps.push(Step { kernel: Kernel::Factors, read, write, params, tiles, depth: 1, products });
        self.planner.give(moments);
        Ok(factors)
    }

    fn pool(&mut self, input: Tensor, stride: [usize; 3]) -> Tensor {
        let size = std::array::from_fn(|a| input.size[a] / stride[a]);
        let out = self.planner.take(input.blocks, size, input.scalar);
        let mut read = NOTHING;
        read[0] = input.into();
        let (from_size, grid, stride) = (turned(input.size), turned(size), turned(stride));
        let blocks = [0, 0, out.blocks as u32, 0];
        self.each(
            Kernel::Pool { on: out.scalar },
            read,
            out,
            Params { from_size, grid, stride, blocks, ..Params::default() },
        );
        out
    }

    fn residual(&mut self, block: &Residual, input: Tensor) -> Result<Tensor> {
        let pooled = (block.stride != [1; 3]).then(|| self.pool(input, block.stride));
        let past = pooled.unwrap_or(input);
        let projected = match &block.projection {
            Some(projection) => Some(self.layer(projection, [Some(past), None], None, 1.0)?),
            None => None,
        };
        let middle = self.layer(&block.first, [Some(input), None], None, SLOPE)?;
        let out = self.layer(&block.second, [Some(middle), None], Some(projected.unwrap_or(past)), SLOPE)?;
        for done in [Some(middle), pooled, projected].into_iter().flatten() {
            self.planner.give(done);
        }
        Ok(out)
    }

    fn decode(&mut self, decode: &Decode, below: Tensor, skip: Tensor) -> Result<Tensor> {
        let mut current = self.convolve(&decode.up, [Some(below), None], [1; 3], skip.size, self.scalar);
        self.planner.give(below);
        let mut skip = Some(skip);
        for layer in &decode.layers {
            // The skip is read beside what comes from below; nothing is copied.
            let next = self.layer(layer, [Some(current), skip], None, SLOPE)?;
            for done in [Some(std::mem::replace(&mut current, next)), skip.take()].into_iter().flatten() {
                self.planner.give(done);
            }
        }
        Ok(current)
    }

    fn readout(&mut self, logits: Tensor) -> Tensor {
        let shares = self.planner.take(1, logits.size, Scalar::Single);
        let mut read = NOTHING;
        read[0] = logits.into();
        let words = logits.voxels().div_ceil(4);
        self.planner.steps.push(Step {
            kernel: Kernel::Readout,
            read,
            write: shares.into(),
            params: Params { grid: turned(logits.size), ..Params::default() },
            tiles: (words as u64).div_ceil(u64::from(THREADS)),
            depth: 1,
            products: logits.voxels() as f64 * PASSING,
        });
        shares
    }
}

/// Into how many parts a sum of so many steps is cut when so many workgroups work at once.
fn parts(groups: u64, steps: u64) -> u32 {
    let wanted = ENOUGH_GROUPS.div_ceil(groups.max(1));
    wanted.min(MOST_PARTS).min(steps / LEAST_STEPS).max(1) as u32
}

#[cfg(test)]
mod tests {
    use super::super::check::noise;
    use super::super::feed;
    use super::super::program::Program;
    use super::*;
    use crate::network::{Motion, Norm, Raw};
    use limner_imaging::Task;
    use std::sync::Arc;

    /// The device of these tests; without an adapter they are skipped in words, unless one is required.
    fn device() -> Option<Arc<GpuDevice>> {
        match GpuDevice::own() {
            Ok(device) => Some(device),
            Err(error) => {
                assert!(std::env::var_os("LIMNER_REQUIRE_GPU").is_none_or(|v| v != "1"), "{error}");
                eprintln!("skipped: no adapter");
                None
            }
        }
    }

    fn cook(gpu: &GpuDevice) -> Cook<'_> {
        Cook { gpu, scalar: Scalar::Single, planner: Planner::default() }
    }

    /// Runs what was cooked on plain channels; returns plain channels.
    fn served(cook: Cook, inputs: &[(Tensor, &[f32])], out: Tensor, channels: usize) -> Vec<f32> {
        let (gpu, task) = (cook.gpu, Task::default());
        let program = Program::new(gpu, cook.planner, 1e5).unwrap();
        for (tensor, plain) in inputs {
            let packed = super::super::network::packed(plain, plain.len() / tensor.voxels());
            feed::upload(gpu, program.buffer(*tensor), &packed, &task).unwrap();
        }
        feed::work_through(gpu, &program, &task).unwrap();
        let bytes = feed::download(gpu, program.buffer(out), 16 * out.blocks * out.voxels()).unwrap();
        let at = |c: usize, n: usize| ((c / BLOCK) * out.voxels() + n) * BLOCK + c % BLOCK;
        let number = |at: usize| f32::from_le_bytes(*bytes[4 * at..].first_chunk().unwrap());
        (0..channels).flat_map(|c| (0..out.voxels()).map(move |n| number(at(c, n)))).collect()
    }

    fn assert_near(found: &[f32], expected: &[f32], what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        let largest = expected.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
        let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off <= 1e-5 * largest, "{what}: {off} of {largest}");
    }

    struct Case {
        inputs: [usize; 2],
        outputs: usize,
        kernel: [usize; 3],
        stride: [usize; 3],
        size: [usize; 3],
        transposed: bool,
    }

    /// The plain loops of a convolution in 64 bits.
    fn convolved(case: &Case, raw: &Raw, input: &[f32]) -> Vec<f32> {
        let (from, kernel, all) = (case.size, case.kernel, case.inputs[0] + case.inputs[1]);
        let to = target(case);
        let taps: usize = kernel.iter().product();
        let mut out = Vec::new();
        for o in 0..case.outputs {
            for n in 0..to.iter().product() {
                let at = [n / (to[1] * to[2]), n / to[2] % to[1], n % to[2]];
                let mut sum = f64::from(raw.bias.as_ref().map_or(0.0, |bias| bias[o]));
                for tap in 0..taps {
                    let k = [tap / (kernel[1] * kernel[2]), tap / kernel[2] % kernel[1], tap % kernel[2]];
                    let place: [isize; 3] = std::array::from_fn(|a| match case.transposed {
                        true if at[a] % kernel[a] == k[a] => (at[a] / kernel[a]) as isize,
                        true => -1,
                        false => (at[a] * case.stride[a] + k[a]) as isize - (kernel[a] / 2) as isize,
                    });
                    if (0..3).any(|a| place[a] < 0 || place[a] >= from[a] as isize) {
                        continue;
                    }
                    let place = place.map(|p| p as usize);
                    let voxel = (place[0] * from[1] + place[1]) * from[2] + place[2];
                    for i in 0..all {
                        let pair = if case.transposed { i * case.outputs + o } else { o * all + i };
                        let value = input[i * from.iter().product::<usize>() + voxel];
                        sum += f64::from(raw.weights[pair * taps + tap]) * f64::from(value);
                    }
                }
                out.push(sum as f32);
            }
        }
        out
    }

    fn target(case: &Case) -> [usize; 3] {
        let scaled = |a: usize| {
            if case.transposed { case.size[a] * case.kernel[a] } else { case.size[a].div_ceil(case.stride[a]) }
        };
        std::array::from_fn(scaled)
    }

    fn raw(case: &Case) -> Raw {
        let all: usize = case.inputs.iter().sum();
        let motion = if case.transposed { Motion::Transposed } else { Motion::Any };
        Raw {
            weights: noise(all * case.outputs * case.kernel.iter().product::<usize>(), 3),
            bias: Some(noise(case.outputs, 5)),
            outputs: case.outputs,
            inputs: case.inputs,
            kernel: case.kernel,
            motion,
        }
    }

    #[test]
    fn convolutions_of_every_kind_agree_with_plain_loops() {
        let Some(gpu) = device() else { return };
        let case =
            |inputs, outputs, kernel, stride, size| Case { inputs, outputs, kernel, stride, size, transposed: false };
        let up = |inputs, outputs, kernel, size| Case {
            inputs: [inputs, 0],
            outputs,
            kernel,
            stride: [1; 3],
            size,
            transposed: true,
        };
        let cases = [
            case([1, 0], 1, [1; 3], [1; 3], [1, 1, 1]),
            case([5, 0], 17, [3; 3], [1; 3], [3, 5, 7]),
            case([8, 0], 70, [3; 3], [2; 3], [5, 7, 9]),
            case([9, 0], 33, [1, 3, 3], [1, 2, 2], [1, 13, 11]),
            case([6, 3], 10, [3; 3], [1; 3], [2, 6, 5]),
            case([4, 4], 3, [3, 1, 1], [2, 1, 1], [4, 3, 6]),
            case([64, 0], 24, [3; 3], [1; 3], [2, 3, 2]),
            up(7, 5, [2; 3], [2, 3, 4]),
            up(12, 40, [1, 2, 2], [3, 5, 3]),
        ];
        for case in &cases {
            let raw = raw(case);
            let convolution = Convolution::new(&gpu, &raw, Scalar::Single).unwrap();
            let mut cook = cook(&gpu);
            let voxels: usize = case.size.iter().product();
            let plain = noise((case.inputs[0] + case.inputs[1]) * voxels, 7);
            let parts =
                case.inputs.map(|n| (n > 0).then(|| cook.planner.take(n.div_ceil(BLOCK), case.size, Scalar::Single)));
            let out = cook.convolve(&convolution, parts, case.stride, target(case), Scalar::Single);
            let (first, second) = plain.split_at(case.inputs[0] * voxels);
            let inputs: Vec<_> = parts.into_iter().zip([first, second]).filter_map(|(t, p)| Some((t?, p))).collect();
            let found = served(cook, &inputs, out, case.outputs);
            let what = format!(
                "{:?} -> {} by {:?} / {:?} on {:?}",
                case.inputs, case.outputs, case.kernel, case.stride, case.size
            );
            assert_near(&found, &convolved(case, &raw, &plain), &what);
        }
    }

    #[test]
    fn norms_are_exact_where_sums_of_squares_would_cancel() {
        let Some(gpu) = device() else { return };
        let (channels, size) = (6, [3, 41, 67]);
        let voxels: usize = size.iter().product();
        // Far from zero, and hardly spread.
        let plain: Vec<f32> = noise(channels * voxels, 11).iter().map(|v| 3000.0 + 0.5 * v).collect();
        let carried = noise(channels * voxels, 12);
        let one = (0..channels * channels).map(|n| f32::from(u8::from(n % (channels + 1) == 0))).collect();
        let case = Raw {
            weights: one,
            bias: None,
            outputs: channels,
            inputs: [channels, 0],
            kernel: [1; 3],
            motion: Motion::Any,
        };
        let norm = Norm { scale: noise(channels, 13), shift: noise(channels, 14), epsilon: 1e-5 };
        let layer = Layer { convolution: Convolution::new(&gpu, &case, Scalar::Single).unwrap(), norm, stride: [1; 3] };
        let mut cook = cook(&gpu);
        let [input, past] = [(); 2].map(|()| cook.planner.take(channels.div_ceil(BLOCK), size, Scalar::Single));
        let out = cook.layer(&layer, [Some(input), None], Some(past), SLOPE).unwrap();
        let found = served(cook, &[(input, &plain), (past, &carried)], out, channels);
        let mut expected = Vec::new();
        for (c, channel) in plain.chunks(voxels).enumerate() {
            let mean = channel.iter().map(|&v| f64::from(v)).sum::<f64>() / voxels as f64;
            let variance = channel.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / voxels as f64;
            let factor = f64::from(layer.norm.scale[c]) / (variance + layer.norm.epsilon).sqrt();
            expected.extend(channel.iter().zip(&carried[c * voxels..]).map(|(&v, &past)| {
                let x = (f64::from(v) - mean) * factor + f64::from(layer.norm.shift[c]) + f64::from(past);
                x.max(x * f64::from(SLOPE)) as f32
            }));
        }
        let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // One step of a 32-bit number near 3000 is 2.4e-4, of which factors make up to 1e-3.
        assert!(off < 3e-3, "{off}");
    }

    #[test]
    fn pooling_takes_the_mean_of_boxes() {
        let Some(gpu) = device() else { return };
        let (size, stride) = ([2, 6, 4], [1, 2, 2]);
        let plain = noise(5 * 48, 21);
        let mut cook = cook(&gpu);
        let input = cook.planner.take(2, size, Scalar::Single);
        let out = cook.pool(input, stride);
        let found = served(cook, &[(input, &plain)], out, 5);
        let at = |c: usize, z: usize, y: usize, x: usize| plain[((c * 2 + z) * 6 + y) * 4 + x];
        let mean =
            |c, z, y, x| (at(c, z, y, x) + at(c, z, y, x + 1) + at(c, z, y + 1, x) + at(c, z, y + 1, x + 1)) / 4.0;
        let expected: Vec<f32> =
            (0..5 * 2 * 3 * 2).map(|n| mean(n / 12, n / 6 % 2, n / 2 % 3 * 2, n % 2 * 2)).collect();
        assert_near(&found, &expected, "means");
    }

    #[test]
    fn long_sums_over_few_voxels_are_cut() {
        assert_eq!((parts(1000, 500), parts(20, 1080), parts(20, 20), parts(1, 3)), (1, 13, 1, 1));
    }
}
