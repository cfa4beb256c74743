//! Is an adapter to be trusted, and is it worth it? The same small patch on the adapter and on the processor.

use super::network::GpuNetwork;
use crate::error::Result;
use crate::network::{Network, Plan};
use limner_imaging::Task;
use serde::Serialize;
use std::time::Instant;

/// How far apart the answers may lie, as a share of the largest number among them.
const TOLERANCE: f32 = 1e-3;
/// The same where numbers of 16 bits are stored and multiplied.
const HALF_TOLERANCE: f32 = 3e-2;

/// The patch is about so wide, where the network allows.
const SIDE: usize = 32;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    pub adapter: String,
    pub half: bool,
    /// How far the answers lie apart, and how far they may.
    pub off: f32,
    pub allowed: f32,
    pub seconds: f64,
    pub processor_seconds: f64,
}

impl Checked {
    /// Runs the patch on both, each once before the clock runs.
    pub fn of(gpu: &GpuNetwork, cpu: &Network) -> Result<Self> {
        let plan = cpu.plan();
        let (size, task) = (patch(plan), Task::default());
        let input = noise(plan.inputs * size.iter().product::<usize>(), 0);
        let (found, expected) = (gpu.run(&input, size, &task)?.concat(), cpu.run(&input, size, &task)?.concat());
        let largest = expected.iter().fold(f32::MIN_POSITIVE, |m, v| m.max(v.abs()));
        // A number that is none counts as far off.
        let apart = |(a, b): (&f32, &f32)| if a.is_finite() { (a - b).abs() } else { f32::INFINITY };
        let off = found.iter().zip(&expected).map(apart).fold(0.0, f32::max) / largest;
        // What comes before is making pipelines.
        gpu.device().pace.lock().forget_longest();
        let start = Instant::now();
        gpu.run(&input, size, &task)?;
        let seconds = start.elapsed().as_secs_f64();
        let start = Instant::now();
        cpu.run(&input, size, &task)?;
        let processor_seconds = start.elapsed().as_secs_f64();
        let (half, adapter) = (gpu.is_half(), gpu.device().name().to_owned());
        let allowed = if half { HALF_TOLERANCE } else { TOLERANCE };
        Ok(Self { adapter, half, off, allowed, seconds, processor_seconds })
    }

    #[must_use]
    pub fn is_right(&self) -> bool {
        self.off <= self.allowed
    }

    #[must_use]
    pub fn is_faster(&self) -> bool {
        self.seconds < self.processor_seconds
    }

    #[must_use]
    pub const fn bits(&self) -> u32 {
        if self.half { 16 } else { 32 }
    }

    /// The figures, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { off, allowed, seconds, processor_seconds, .. } = self;
        format!(
            "{} bits, off by {off:.1e} where {allowed:.0e} is allowed, a small patch in {:.1} ms (processor {:.1} ms)",
            self.bits(),
            seconds * 1e3,
            processor_seconds * 1e3
        )
    }
}

/// A small patch the network can run on that is at least two voxels wide everywhere within.
fn patch(plan: &Plan) -> [usize; 3] {
    std::array::from_fn(|axis| {
        let steps = plan.strides.iter().map(|stride| stride[axis]).product::<usize>();
        SIDE.max(2 * steps).next_multiple_of(steps).min(plan.patch[axis])
    })
}

/// Numbers around zero that are the same on every machine.
pub(super) fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}
