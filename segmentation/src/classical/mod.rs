//! The classical engine: geodesic distance and GrowCut, no weights. The instant preview, the fallback, and the floor
//! every model must beat.
//!
//! Work happens on a lattice around the prompts that grows until the object fits, so time and memory follow the
//! object and not the image. A flat box or lasso is first solved in its slice; what is found there seeds the volume.
//! Frames of a stack in time are pictures of their own.

mod appearance;
mod cut;
mod evidence;
mod features;
mod geodesic;
mod growcut;
mod hint;
mod lattice;
mod refine;
mod seeds;
mod solve;

use crate::engine::{Capabilities, Engine, Prediction, Request, changed_box};
use crate::error::Result;
use evidence::{Area, Claim, Evidence};
use features::Features;
use growcut::Cell;
pub(crate) use hint::Hint;
use lattice::Lattice;
use limner_imaging::{Mask, StackAxis, Task, VoxelBox};
use refine::Soft;
use solve::Solved;
pub use solve::Weights;
use std::time::Instant;

/// Cells a lattice may have: what is solved within the time of a preview.
const MOST_CELLS: usize = 320_000;

/// How far the first look reaches beyond the prompts, in finest voxels.
const REACH_IN_VOLUME: f64 = 24.0;
const REACH_IN_PICTURE: f64 = 80.0;

/// The share of a face of the lattice the object may touch before it is taken to go on beyond.
const MOST_TOUCHING: f64 = 0.01;

#[derive(Clone, Copy, Debug, Default)]
pub struct Classical {
    pub weights: Weights,
}

impl Engine for Classical {
    fn name(&self) -> &'static str {
        "classical"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    fn predict(&self, request: &Request, task: &Task) -> Result<Prediction> {
        self.answer(request, None, task)
    }
}

impl Classical {
    /// The answer of somebody who has seen what another makes of the object.
    pub(crate) fn answer(&self, request: &Request, hint: Option<&Hint>, task: &Task) -> Result<Prediction> {
        let start = Instant::now();
        let found = if request.image.channels() == 1 {
            Worker::<1> { request, hint, weights: self.weights, task }.run()?
        } else {
            Worker::<3> { request, hint, weights: self.weights, task }.run()?
        };
        let Soft { mask, probability } = found;
        let changed = changed_box(request.previous.map(|p| &p.mask), &mask);
        Ok(Prediction { mask, probability: Some(probability), changed, seconds: start.elapsed().as_secs_f64() })
    }
}

/// One request under way, on pictures of `N` channels.
struct Worker<'a, const N: usize> {
    request: &'a Request<'a>,
    hint: Option<&'a Hint>,
    weights: Weights,
    task: &'a Task,
}

impl<const N: usize> Worker<'_, N> {
    fn run(&self) -> Result<Soft> {
        let size = self.request.image.size();
        let mut evidence = Evidence::of(self.request.prompts, size);
        if let Some(hint) = self.hint {
            evidence = evidence.after(hint);
        }
        let whole = VoxelBox::whole(size);
        if self.request.image.stack_axis == StackAxis::Space || size[2] == 1 {
            return self.answer(&evidence, whole);
        }
        let mut all = Soft::nothing();
        let spoken = evidence.bounds().union(&evidence.base.as_ref().map_or(VoxelBox::default(), |b| b.0.bounds()));
        for frame in spoken.min[2]..spoken.max[2] {
            let limit = whole.slice(2, frame);
            all = all.joined(self.answer(&evidence.within(limit), limit)?);
        }
        Ok(all)
    }

    /// The answer within a box that is a whole image or a frame.
    fn answer(&self, evidence: &Evidence, limit: VoxelBox) -> Result<Soft> {
        let Some((base, fit)) = &evidence.base else { return self.find(evidence, limit) };
        let mut found = Soft::certain(base.clone());
        if *fit {
            found = refine::fitted::<N>(self.request, base, self.task)?;
        }
        if evidence.has(true) || !evidence.regions.is_empty() {
            found = found.joined(self.find(evidence, limit)?);
        }
        if evidence.has(false) {
            let away = self.find(&evidence.inverted(), found.mask.bounds().intersection(&limit))?;
            found = found.without(&away.mask);
        }
        Ok(found.without_forbidden(self.request))
    }

    /// The object that claims and regions speak of.
    fn find(&self, evidence: &Evidence, limit: VoxelBox) -> Result<Soft> {
        let flat = |region: &evidence::Region| region.flat_axis.filter(|&axis| limit.size()[axis] > 1);
        let tubes = evidence.regions.iter().filter_map(|region| Some(tube(region.area.bounds(), flat(region)?, limit)));
        let tubes = tubes.fold(VoxelBox::default(), |all, one| all.union(&one));
        // Who points at something beyond says that the object is larger.
        let is_held = !tubes.is_empty() && evidence.spoken_inside().all(|area| tubes.intersection(&area) == area);
        let mut known = Evidence::default();
        for (n, region) in evidence.regions.iter().enumerate() {
            match flat(region) {
                // What leaks out of the first must not come back anywhere on its slice. Another one adds to what is known.
                Some(axis) => {
                    known.claims.extend(self.solve_slice(evidence, region, (axis, is_held && n == 0), limit)?);
                }
                None => known.regions.push(region.clone()),
            }
        }
        known.claims.extend(evidence.claims.iter().cloned());
        if !known.has(true) && known.regions.is_empty() || limit.is_empty() {
            return Ok(Soft::nothing());
        }
        self.zoom(&known, if is_held { tubes } else { limit })
    }

    /// A flat region solved in its own slice, as claims for the volume: about what lies near it, or about all of the slice.
    fn solve_slice(
        &self,
        evidence: &Evidence,
        region: &evidence::Region,
        (axis, is_all): (usize, bool),
        limit: VoxelBox,
    ) -> Result<Vec<Claim>> {
        let bounds = region.area.bounds();
        let mut slice = limit;
        (slice.min[axis], slice.max[axis]) = (bounds.min[axis], bounds.max[axis]);
        let slice = slice.intersection(&limit);
        let here = Evidence { regions: vec![region.clone()], ..evidence.within(slice) };
        let found = self.zoom(&here, slice)?;
        let near = bounds.grown(bounds.size().map(|n| n / 4 + 2), limit.max).intersection(&slice);
        let ring = if is_all { slice } else { near };
        let outside = Mask::from_fn(ring, |voxel| found.probability_at(voxel) < 0.25);
        let inside = Mask::from_fn(bounds, |voxel| found.probability_at(voxel) > 0.75);
        Ok(vec![Claim { area: Area::Mask(outside), inside: false }, Claim { area: Area::Mask(inside), inside: true }])
    }

    /// Solves around the evidence, wider until the object does not touch the rim.
    fn zoom(&self, evidence: &Evidence, limit: VoxelBox) -> Result<Soft> {
        let spacing = self.request.image.geometry.spacing_mm();
        let finest = spacing.into_iter().fold(f64::INFINITY, f64::min);
        let flat = limit.size().iter().filter(|&&n| n > 1).count() < 3;
        let mut reach = if flat { REACH_IN_PICTURE } else { REACH_IN_VOLUME };
        let core = evidence.bounds().intersection(&limit);
        reach = reach.max(core.size().into_iter().max().unwrap_or(0) as f64 * 0.5);
        loop {
            let margin = spacing.map(|s| (reach * finest / s).ceil() as usize);
            let bounds = core.grown(margin, limit.max).intersection(&limit);
            let lattice = affordable(bounds, spacing);
            let Solved { probability, bounded } = self.solve_on(&lattice, evidence)?;
            if bounds == limit || bounded && !touches_rim(&lattice, &probability, limit) {
                return refine::to_voxels::<N>(self.request, &lattice, &probability, evidence, self.task);
            }
            reach *= 2.0;
        }
    }

    fn solve_on(&self, lattice: &Lattice, evidence: &Evidence) -> Result<Solved> {
        let mut cells = seeds::paint(lattice, evidence, self.request);
        let features = Features::<N>::read(self.request.image, lattice, self.task)?;
        if !evidence.regions.is_empty() {
            seeds::seed_regions(lattice, &features, &mut cells, self.task)?;
        }
        if !cells.contains(&Cell::Inside) {
            return Ok(Solved { probability: vec![0.0; lattice.len()], bounded: true });
        }
        let closed = !evidence.regions.is_empty();
        Ok(solve::solve(lattice, features, &cells, closed, self.weights, self.task)?)
    }
}

/// Where an object may be that was gone around on one slice: on the others it is at most half a region larger to each side.
fn tube(region: VoxelBox, axis: usize, limit: VoxelBox) -> VoxelBox {
    let mut tube = region.grown(region.size().map(|n| n / 2 + 2), limit.max).intersection(&limit);
    (tube.min[axis], tube.max[axis]) = (limit.min[axis], limit.max[axis]);
    tube
}

/// The finest lattice over a box that the budget of cells allows.
fn affordable(bounds: VoxelBox, spacing: [f64; 3]) -> Lattice {
    let mut cell = 1.0;
    loop {
        let lattice = Lattice::covering(bounds, spacing, cell);
        if lattice.len() <= MOST_CELLS {
            return lattice;
        }
        cell *= 1.25;
    }
}

/// Whether the object reaches a face of the lattice beyond which the image goes on.
fn touches_rim(lattice: &Lattice, probability: &[f32], limit: VoxelBox) -> bool {
    let [width, height, depth] = lattice.size;
    let mut touching = [[0_usize; 2]; 3];
    for (n, cell) in lattice.cells().enumerate() {
        if probability[n] >= 0.5 {
            for axis in 0..3 {
                touching[axis][0] += usize::from(cell[axis] == 0);
                touching[axis][1] += usize::from(cell[axis] + 1 == lattice.size[axis]);
            }
        }
    }
    let faces = [height * depth, width * depth, width * height];
    (0..3).any(|axis| {
        let allowed = (faces[axis] as f64 * MOST_TOUCHING) as usize;
        lattice.bounds.min[axis] > limit.min[axis] && touching[axis][0] > allowed
            || lattice.bounds.max[axis] < limit.max[axis] && touching[axis][1] > allowed
    })
}
