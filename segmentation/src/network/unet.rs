//! The residual-encoder U-Net itself: layers named as `dynamic-network-architectures` names them, run one by one.

use super::arena::{Arena, Steps};
use super::conv::{self, Motion, Packed, Sums};
use super::isa::{BLOCK, Isa};
use super::norm::{self, Norm};
use super::plan::Plan;
use super::tensor::{Shape, Source, Tensor};
use super::weights::Weights;
use crate::error::{Error, Result};
use limner_imaging::Task;
use std::sync::{Mutex, PoisonError};

/// What leaky ReLU leaves of a negative number.
const SLOPE: f32 = 0.01;

/// A network ready to run; runs on one thread at a time, each on all cores.
pub struct Network {
    plan: Plan,
    isa: Isa,
    stem: Layer,
    encoder: Vec<Vec<Residual>>,
    decoder: Vec<Decode>,
    head: Packed,
    arena: Mutex<Arena>,
}

/// A convolution and the norm after it.
struct Layer {
    packed: Packed,
    norm: Norm,
    stride: [usize; 3],
}

/// Two convolutions and what is carried past them.
struct Residual {
    first: Layer,
    second: Layer,
    projection: Option<Layer>,
    stride: [usize; 3],
}

/// One step up: the transposed convolution and the convolutions after the skip has joined.
struct Decode {
    up: Packed,
    layers: Vec<Layer>,
}

/// Reads layers by name.
struct Loader<'a> {
    weights: &'a Weights,
    plan: &'a Plan,
    /// Kernels are stored without the axes a flat network does not have.
    axes: usize,
}

/// What a convolution is between, and where.
#[derive(Clone, Copy)]
struct Form {
    channels: [usize; 2],
    kernel: [usize; 3],
    stride: [usize; 3],
    stage: usize,
}

/// Stages of fewer voxels spend their time on reading weights, of which Winograd's are more.
const LEAST_VOXELS: usize = 512;

impl Loader<'_> {
    fn kernel_shape(&self, [o, i]: [usize; 2], kernel: [usize; 3]) -> Vec<usize> {
        [o, i].into_iter().chain(kernel[3 - self.axes..].iter().copied()).collect()
    }

    fn layer(&self, name: &str, form: Form) -> Result<Layer> {
        let Form { channels: [inputs, outputs], kernel, stride, stage } = form;
        let weights =
            self.weights.tensor(&format!("{name}.conv.weight"), &self.kernel_shape([outputs, inputs], kernel))?;
        // A projection is the one that has no bias.
        let bias = (!name.contains(".skip."))
            .then(|| self.weights.tensor(&format!("{name}.conv.bias"), &[outputs]))
            .transpose()?;
        let norm = Norm {
            scale: self.weights.tensor(&format!("{name}.norm.weight"), &[outputs])?,
            shift: self.weights.tensor(&format!("{name}.norm.bias"), &[outputs])?,
            epsilon: self.plan.epsilon,
        };
        let still = stride == [1; 3] && self.voxels(stage) >= LEAST_VOXELS;
        let motion = if still { Motion::Still } else { Motion::Any };
        Ok(Layer { packed: Packed::new(&weights, bias.as_deref(), [outputs, inputs], kernel, motion), norm, stride })
    }

    /// The voxels of a stage of the patch.
    fn voxels(&self, stage: usize) -> usize {
        let steps = self.plan.strides[..=stage].iter();
        let divisor: usize = steps.flatten().product();
        self.plan.patch.iter().product::<usize>() / divisor
    }

    fn residual(&self, name: &str, form: Form) -> Result<Residual> {
        let Form { channels: [inputs, outputs], stride, .. } = form;
        let pooled = stride != [1; 3];
        let projection = (inputs != outputs).then(|| {
            // The pooling before it takes a number of its own.
            let name = format!("{name}.skip.{}", usize::from(pooled));
            self.layer(&name, Form { kernel: [1; 3], stride: [1; 3], ..form })
        });
        Ok(Residual {
            first: self.layer(&format!("{name}.conv1"), form)?,
            second: self.layer(&format!("{name}.conv2"), Form { channels: [outputs; 2], stride: [1; 3], ..form })?,
            projection: projection.transpose()?,
            stride,
        })
    }

    fn encoder(&self) -> Result<Vec<Vec<Residual>>> {
        let plan = self.plan;
        let mut inputs = plan.features[0];
        let mut stages = Vec::with_capacity(plan.features.len());
        for (s, &outputs) in plan.features.iter().enumerate() {
            let mut blocks = Vec::with_capacity(plan.encoder_blocks[s]);
            for b in 0..plan.encoder_blocks[s] {
                let stride = if b == 0 { plan.strides[s] } else { [1; 3] };
                let form = Form { channels: [inputs, outputs], kernel: plan.kernels[s], stride, stage: s };
                blocks.push(self.residual(&format!("encoder.stages.{s}.blocks.{b}"), form)?);
                inputs = outputs;
            }
            stages.push(blocks);
        }
        Ok(stages)
    }

    fn decoder(&self) -> Result<Vec<Decode>> {
        let plan = self.plan;
        let last = plan.features.len() - 1;
        (0..last)
            .map(|s| {
                let (below, skip) = (plan.features[last - s], plan.features[last - s - 1]);
                let step = plan.strides[last - s];
                let name = format!("decoder.transpconvs.{s}");
                let weights =
                    self.weights.tensor(&format!("{name}.weight"), &self.kernel_shape([below, skip], step))?;
                let bias = self.weights.tensor(&format!("{name}.bias"), &[skip])?;
                let layers = (0..plan.decoder_convolutions[s]).map(|c| {
                    let inputs = if c == 0 { 2 * skip } else { skip };
                    let stage = last - s - 1;
                    let form = Form { channels: [inputs, skip], kernel: plan.kernels[stage], stride: [1; 3], stage };
                    self.layer(&format!("decoder.stages.{s}.convs.{c}"), form)
                });
                let up = Packed::new(&weights, Some(&bias), [skip, below], step, Motion::Transposed);
                Ok(Decode { up, layers: layers.collect::<Result<_>>()? })
            })
            .collect()
    }
}

impl Network {
    pub fn new(plan: Plan, weights: &Weights) -> Result<Self> {
        Self::on(plan, weights, Isa::best())
    }

    /// On a chosen instruction set, for comparisons.
    pub fn on(plan: Plan, weights: &Weights, isa: Isa) -> Result<Self> {
        let flat = plan.patch[0] == 1 && plan.kernels.iter().chain(&plan.strides).all(|k| k[0] == 1);
        let loader = Loader { weights, plan: &plan, axes: if flat { 2 } else { 3 } };
        let channels = [plan.inputs, plan.features[0]];
        let form = Form { channels, kernel: plan.kernels[0], stride: [1; 3], stage: 0 };
        let stem = loader.layer("encoder.stem.convs.0", form)?;
        let (encoder, decoder) = (loader.encoder()?, loader.decoder()?);
        let name = format!("decoder.seg_layers.{}", plan.features.len() - 2);
        let shape = loader.kernel_shape([plan.outputs, plan.features[0]], [1; 3]);
        let (head, bias) = (
            weights.tensor(&format!("{name}.weight"), &shape)?,
            weights.tensor(&format!("{name}.bias"), &[plan.outputs])?,
        );
        let head = Packed::new(&head, Some(&bias), [plan.outputs, plan.features[0]], [1; 3], Motion::Any);
        Ok(Self { plan, isa, stem, encoder, decoder, head, arena: Mutex::default() })
    }

    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs on channels of plain volumes of `size` (slices, rows, columns), one after another. Returns one plain
    /// volume per output channel. The size must divide by the strides as the patch does.
    pub fn run(&self, input: &[f32], size: [usize; 3], task: &Task) -> Result<Vec<Vec<f32>>> {
        let fits =
            (0..3).all(|a| size[a] > 0 && size[a].is_multiple_of(self.plan.strides.iter().map(|s| s[a]).product()));
        if !fits || input.len() != self.plan.inputs * size.iter().product::<usize>() {
            return Err(Error::session(format!("the network cannot run on {} channels of {size:?}", self.plan.inputs)));
        }
        let mut arena = self.arena.lock().unwrap_or_else(PoisonError::into_inner);
        let mut run = Run { network: self, steps: arena.begin(size), task };
        let mut image = run.take(self.plan.inputs, size);
        image.fill(input);
        let mut current = run.layer(&self.stem, (&image).into(), None, Some(SLOPE))?;
        run.steps.give(image);
        let mut skips = Vec::with_capacity(self.encoder.len());
        for (s, stage) in self.encoder.iter().enumerate() {
            for (b, block) in stage.iter().enumerate() {
                let next = run.residual(block, &current)?;
                let before = std::mem::replace(&mut current, next);
                if s > 0 && b == 0 { skips.push(before) } else { run.steps.give(before) }
            }
        }
        for decode in &self.decoder {
            let Some(skip) = skips.pop() else { break };
            current = run.decode(decode, current, skip)?;
        }
        let mut out = run.take(self.plan.outputs, size);
        conv::convolve(self.isa, (&current).into(), &self.head, [1; 3], &mut out);
        run.steps.give(current);
        let channels = (0..self.plan.outputs).map(|c| out.channel(c)).collect();
        run.steps.give(out);
        run.steps.finish();
        Ok(channels)
    }

    /// What the packed weights take.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        let blocks = self.encoder.iter().flatten();
        let inner = blocks.flat_map(|b| [Some(&b.first), Some(&b.second), b.projection.as_ref()]).flatten();
        let outer = self.decoder.iter().flat_map(|d| &d.layers).chain([&self.stem]);
        let plain = self.decoder.iter().map(|d| &d.up).chain([&self.head]);
        inner.chain(outer).map(|layer| &layer.packed).chain(plain).map(Packed::bytes).sum()
    }

    /// What the network keeps for its next run.
    #[must_use]
    pub fn working_bytes(&self) -> usize {
        self.arena.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }
}

/// One run under way.
struct Run<'a> {
    network: &'a Network,
    steps: Steps<'a>,
    task: &'a Task,
}

impl Run<'_> {
    fn take(&mut self, channels: usize, size: [usize; 3]) -> Tensor {
        self.steps.take(Shape { blocks: channels.div_ceil(BLOCK), size, rim: self.network.plan.rim() })
    }

    fn convolve(&mut self, layer: &Layer, input: Source) -> Result<(Tensor, Vec<Sums>)> {
        self.task.cancel.check()?;
        let size = std::array::from_fn(|a| input.shape().size[a] / layer.stride[a]);
        let mut out = self.take(layer.packed.outputs, size);
        let sums = conv::convolve(self.network.isa, input, &layer.packed, layer.stride, &mut out);
        Ok((out, sums))
    }

    fn layer(&mut self, layer: &Layer, input: Source, residual: Option<&Tensor>, slope: Option<f32>) -> Result<Tensor> {
        let (mut out, sums) = self.convolve(layer, input)?;
        layer.norm.apply(&mut out, &sums, residual, slope);
        Ok(out)
    }

    fn residual(&mut self, block: &Residual, input: &Tensor) -> Result<Tensor> {
        let mut carried: Option<Tensor> = None;
        if block.stride != [1; 3] {
            let size = std::array::from_fn(|a| input.shape.size[a] / block.stride[a]);
            let mut pooled = self.steps.take(Shape { size, ..input.shape });
            norm::average(input, block.stride, &mut pooled);
            carried = Some(pooled);
        }
        if let Some(projection) = &block.projection {
            let projected = self.layer(projection, carried.as_ref().unwrap_or(input).into(), None, None)?;
            if let Some(pooled) = carried.replace(projected) {
                self.steps.give(pooled);
            }
        }
        let middle = self.layer(&block.first, input.into(), None, Some(SLOPE))?;
        let out = self.layer(&block.second, (&middle).into(), Some(carried.as_ref().unwrap_or(input)), Some(SLOPE))?;
        self.steps.give(middle);
        if let Some(carried) = carried {
            self.steps.give(carried);
        }
        Ok(out)
    }

    fn decode(&mut self, decode: &Decode, below: Tensor, skip: Tensor) -> Result<Tensor> {
        let channels = decode.up.outputs;
        // The skip joins after the channels from below: as it is where those fill their blocks, else copied.
        let apart = channels.is_multiple_of(BLOCK) && !decode.layers.is_empty();
        let mut current = self.take(if apart { channels } else { 2 * channels }, skip.shape.size);
        if !apart {
            current.data.fill(0.0);
        }
        conv::convolve_transposed(self.network.isa, &below, &decode.up, &mut current);
        self.steps.give(below);
        let mut skip = if apart {
            Some(skip)
        } else {
            join(&mut current, &skip, channels);
            self.steps.give(skip);
            None
        };
        for layer in &decode.layers {
            let source = skip.as_ref().map_or_else(|| (&current).into(), |skip| Source::joined(&current, skip));
            let next = self.layer(layer, source, None, Some(SLOPE))?;
            self.steps.give(std::mem::replace(&mut current, next));
            if let Some(skip) = skip.take() {
                self.steps.give(skip);
            }
        }
        Ok(current)
    }
}

/// Puts the channels of `skip` behind the first `channels` of `joined`.
fn join(joined: &mut Tensor, skip: &Tensor, channels: usize) {
    let [depth, height, width] = joined.shape.size;
    for c in 0..channels {
        for z in 0..depth {
            for y in 0..height {
                let from = skip.shape.row_start(c / BLOCK, z, y) + c % BLOCK;
                let to = joined.shape.row_start((channels + c) / BLOCK, z, y) + (channels + c) % BLOCK;
                for x in 0..width {
                    joined.data[to + x * BLOCK] = skip.data[from + x * BLOCK];
                }
            }
        }
    }
}
