//! The residual-encoder U-Net itself, its layers run one by one.

use super::arena::{Arena, Steps};
use super::conv::{self, Packed, Sums};
use super::isa::{BLOCK, Isa};
use super::layers::{self, Layers};
use super::norm;
use super::plan::Plan;
use super::tensor::{Shape, Source, Tensor};
use super::weights::Weights;
use crate::error::Result;
use limner_imaging::Task;
use std::sync::{Mutex, PoisonError};

/// What leaky ReLU leaves of a negative number.
pub const SLOPE: f32 = 0.01;

type Layer = layers::Layer<Packed>;
type Residual = layers::Residual<Packed>;
type Decode = layers::Decode<Packed>;

/// A network ready to run; runs on one thread at a time, each on all cores.
pub struct Network {
    plan: Plan,
    isa: Isa,
    layers: Layers<Packed>,
    arena: Mutex<Arena>,
}

impl Network {
    pub fn new(plan: Plan, weights: &Weights) -> Result<Self> {
        Self::on(plan, weights, Isa::best())
    }

    /// On a chosen instruction set, for comparisons.
    pub fn on(plan: Plan, weights: &Weights, isa: Isa) -> Result<Self> {
        let pack = |raw: layers::Raw| {
            let channels = [raw.outputs, raw.inputs[0] + raw.inputs[1]];
            Ok(Packed::new(&raw.weights, raw.bias.as_deref(), channels, raw.kernel, raw.motion))
        };
        let layers = Layers::read(&plan, weights, &pack)?;
        Ok(Self { plan, isa, layers, arena: Mutex::default() })
    }

    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs on channels of plain volumes of `size` (slices, rows, columns), one after another. Returns one plain
    /// volume per output channel. The size must divide by the strides as the patch does.
    pub fn run(&self, input: &[f32], size: [usize; 3], task: &Task) -> Result<Vec<Vec<f32>>> {
        self.plan.accept(input.len(), size)?;
        let mut arena = self.arena.lock().unwrap_or_else(PoisonError::into_inner);
        let mut run = Run { network: self, steps: arena.begin(size), task };
        let mut image = run.take(self.plan.inputs, size);
        image.fill(input);
        let mut current = run.layer(&self.layers.stem, (&image).into(), None, Some(SLOPE))?;
        run.steps.give(image);
        let mut skips = Vec::with_capacity(self.layers.encoder.len());
        for (s, stage) in self.layers.encoder.iter().enumerate() {
            for (b, block) in stage.iter().enumerate() {
                let next = run.residual(block, &current)?;
                let before = std::mem::replace(&mut current, next);
                if s > 0 && b == 0 { skips.push(before) } else { run.steps.give(before) }
            }
        }
        for decode in &self.layers.decoder {
            let Some(skip) = skips.pop() else { break };
            current = run.decode(decode, current, skip)?;
        }
        let mut out = run.take(self.plan.outputs, size);
        conv::convolve(self.isa, (&current).into(), &self.layers.head, [1; 3], &mut out);
        run.steps.give(current);
        let channels = (0..self.plan.outputs).map(|c| out.channel(c)).collect();
        run.steps.give(out);
        run.steps.finish();
        Ok(channels)
    }

    /// What the packed weights take.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.layers.convolutions().map(Packed::bytes).sum()
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
        let mut out = self.take(layer.convolution.outputs, size);
        let sums = conv::convolve(self.network.isa, input, &layer.convolution, layer.stride, &mut out);
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
