//! A network on an adapter: the same answers as `network::Network` gives, within what another order of sums changes.

use super::convolution::{BLOCK, Convolution};
use super::device::GpuDevice;
use super::feed;
use super::kernels::Scalar;
use super::program::{Program, Tensor};
use super::recipe::Recipe;
use crate::error::{Error, Result};
use crate::network::{Layers, Plan, Weights};
use limner_imaging::Task;
use parking_lot::Mutex;
use rayon::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;

/// Runs are planned for so many sizes at most; the memory of others is given back.
const MOST_PROGRAMS: usize = 2;

/// A network whose weights are on an adapter.
pub struct GpuNetwork {
    inner: Arc<Inner>,
}

struct Inner {
    gpu: Arc<GpuDevice>,
    plan: Plan,
    layers: Layers<Convolution>,
    scalar: Scalar,
    programs: Mutex<VecDeque<Arc<Ready>>>,
}

/// A run on one size, ready to be repeated.
struct Ready {
    size: [usize; 3],
    program: Program,
    input: Tensor,
    logits: Tensor,
    shares: Tensor,
}

#[derive(Clone, Copy)]
enum Wanted {
    Logits,
    Shares,
}

impl GpuNetwork {
    /// Puts the weights on the adapter; `half` stores and multiplies 16-bit numbers where the adapter can.
    pub fn new(gpu: Arc<GpuDevice>, plan: Plan, weights: &Weights, half: bool) -> Result<Self> {
        let scalar = if half && gpu.abilities.half { Scalar::Half } else { Scalar::Single };
        gpu.check()?;
        let layers = Layers::read(&plan, weights, &|raw| Convolution::new(&gpu, &raw, scalar))?;
        Ok(Self { inner: Arc::new(Inner { gpu, plan, layers, scalar, programs: Mutex::default() }) })
    }

    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.inner.plan
    }

    #[must_use]
    pub fn device(&self) -> &Arc<GpuDevice> {
        &self.inner.gpu
    }

    #[must_use]
    pub fn is_half(&self) -> bool {
        self.inner.scalar == Scalar::Half
    }

    /// As `Network::run`: one plain volume per output channel.
    pub fn run(&self, input: &[f32], size: [usize; 3], task: &Task) -> Result<Vec<Vec<f32>>> {
        let bytes = self.answer(input, size, task, Wanted::Logits)?;
        let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
        let voxels: usize = size.iter().product();
        let channel = |c: usize| numbers[c / BLOCK * voxels * BLOCK + c % BLOCK..].iter().step_by(BLOCK).take(voxels);
        Ok((0..self.plan().outputs).map(|c| channel(c).copied().collect()).collect())
    }

    /// How sure the network is of each voxel; at least 128 where it belongs.
    pub fn shares(&self, input: &[f32], size: [usize; 3], task: &Task) -> Result<Vec<u8>> {
        if self.plan().outputs != 2 {
            let classes = self.plan().outputs;
            return Err(Error::session(format!("the network answers with {classes} classes instead of 2")));
        }
        let mut shares = self.answer(input, size, task, Wanted::Shares)?;
        shares.truncate(size.iter().product());
        Ok(shares)
    }

    fn answer(&self, input: &[f32], size: [usize; 3], task: &Task, wanted: Wanted) -> Result<Vec<u8>> {
        self.plan().accept(input.len(), size)?;
        let (inner, task, packed) = (self.inner.clone(), task.clone(), packed(input, self.plan().inputs));
        self.inner.gpu.on_thread(move || inner.answer(&packed, size, &task, wanted))
    }

    /// What the weights take on the adapter.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.inner.layers.convolutions().map(|convolution| convolution.bytes).sum()
    }

    /// What the network keeps on the adapter for its next runs.
    #[must_use]
    pub fn working_bytes(&self) -> u64 {
        self.inner.programs.lock().iter().map(|ready| ready.program.bytes()).sum()
    }
}

/// Plain channels as blocks of four.
pub fn packed(input: &[f32], channels: usize) -> Vec<f32> {
    let voxels = input.len() / channels;
    let mut packed = vec![0.0; channels.div_ceil(BLOCK) * BLOCK * voxels];
    packed.par_chunks_mut(BLOCK * voxels).enumerate().for_each(|(block, out)| {
        for (c, channel) in input.chunks_exact(voxels).skip(block * BLOCK).take(BLOCK).enumerate() {
            for (out, &value) in out[c..].iter_mut().step_by(BLOCK).zip(channel) {
                *out = value;
            }
        }
    });
    packed
}

impl Inner {
    fn ready(&self, size: [usize; 3]) -> Result<Arc<Ready>> {
        let mut programs = self.programs.lock();
        if let Some(at) = programs.iter().position(|ready| ready.size == size)
            && let Some(found) = programs.remove(at)
        {
            programs.push_front(found.clone());
            return Ok(found);
        }
        programs.truncate(MOST_PROGRAMS - 1);
        let recipe = Recipe::new(&self.gpu, &self.plan, &self.layers, self.scalar, size)?;
        let Recipe { planner, input, logits, shares } = recipe;
        let products = self.gpu.pace.lock().products();
        let program = Program::new(&self.gpu, planner, products)?;
        let ready = Arc::new(Ready { size, program, input, logits, shares });
        programs.push_front(ready.clone());
        Ok(ready)
    }

    /// On the thread of the device.
    fn answer(&self, packed: &[f32], size: [usize; 3], task: &Task, wanted: Wanted) -> Result<Vec<u8>> {
        self.gpu.check()?;
        let scope = self.gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let found = self.answer_within(packed, size, task, wanted);
        match pollster::block_on(scope.pop()) {
            Some(error) => Err(Error::session(format!("{} refused the network: {error}", self.gpu.name()))),
            None => found,
        }
    }

    fn answer_within(&self, packed: &[f32], size: [usize; 3], task: &Task, wanted: Wanted) -> Result<Vec<u8>> {
        let ready = self.ready(size)?;
        let (gpu, program) = (&*self.gpu, &ready.program);
        feed::upload(gpu, program.buffer(ready.input), packed, task)?;
        feed::work_through(gpu, program, task)?;
        let voxels: usize = size.iter().product();
        match wanted {
            Wanted::Logits => {
                feed::download(gpu, program.buffer(ready.logits), 4 * BLOCK * voxels * ready.logits.blocks)
            }
            Wanted::Shares => feed::download(gpu, program.buffer(ready.shares), voxels.next_multiple_of(4)),
        }
    }
}
