//! From cells back to voxels: what the lattice is sure of is kept, and GrowCut decides the rim on the picture's own
//! voxels.

use super::evidence::Evidence;
use super::features::Features;
use super::growcut::{self, Cell};
use super::lattice::Lattice;
use super::seeds;
use crate::engine::Request;
use crate::error::Result;
use limner_imaging::{Mask, Task, VoxelBox};

/// Beyond this many voxels the rim keeps the lattice's steps: the memory of a competition must stay bounded.
const MOST_VOXELS: usize = 48 << 20;

/// Differences between neighbours count this often against plain length, in units of the usual difference.
const EDGE: f32 = 3.0;

/// How far the rim of a mask may move when it is fitted, in voxels.
const FIT_REACH: usize = 3;

/// A mask and the probability (0 to 255) of each voxel of its bounds.
#[derive(Clone, Debug)]
pub struct Soft {
    pub mask: Mask,
    pub probability: Vec<u8>,
}

impl Soft {
    pub fn nothing() -> Self {
        Self::certain(Mask::empty(VoxelBox::default()))
    }

    pub fn certain(mask: Mask) -> Self {
        let probability = mask.voxels().iter().map(|&v| if v { 255 } else { 0 }).collect();
        Self { mask, probability }
    }

    fn from_fn(bounds: VoxelBox, probability: impl Fn([usize; 3]) -> u8) -> Self {
        let mut values = Vec::with_capacity(bounds.len());
        let mask = Mask::from_fn(bounds, |voxel| {
            let p = probability(voxel);
            values.push(p);
            p >= 128
        });
        Self { mask, probability: values }
    }

    fn byte_at(&self, voxel: [usize; 3]) -> u8 {
        let bounds = self.mask.bounds();
        if !bounds.contains(voxel) {
            return 0;
        }
        let size = bounds.size();
        let [i, j, k]: [usize; 3] = std::array::from_fn(|a| voxel[a] - bounds.min[a]);
        self.probability[(k * size[1] + j) * size[0] + i]
    }

    pub fn probability_at(&self, voxel: [usize; 3]) -> f32 {
        f32::from(self.byte_at(voxel)) / 255.0
    }

    /// Both: the higher probability in each voxel.
    pub fn joined(self, other: Self) -> Self {
        if self.mask.bounds().is_empty() {
            return other;
        }
        if other.mask.bounds().is_empty() {
            return self;
        }
        let bounds = self.mask.bounds().union(&other.mask.bounds());
        Self::from_fn(bounds, |voxel| self.byte_at(voxel).max(other.byte_at(voxel)))
    }

    pub fn without(self, away: &Mask) -> Self {
        Self::from_fn(self.mask.bounds(), |voxel| if away.get(voxel) { 0 } else { self.byte_at(voxel) })
    }

    pub fn without_forbidden(self, request: &Request) -> Self {
        if request.forbidden.is_none() {
            return self;
        }
        Self::from_fn(self.mask.bounds(), |voxel| if request.is_forbidden(voxel) { 0 } else { self.byte_at(voxel) })
    }
}

/// The object in voxels, in a box just large enough.
pub fn to_voxels<const N: usize>(
    request: &Request,
    lattice: &Lattice,
    probability: &[f32],
    evidence: &Evidence,
    task: &Task,
) -> Result<Soft> {
    let Some(bounds) = voxels_of_interest(lattice, probability) else { return Ok(Soft::nothing()) };
    let cell_byte = |voxel| lattice.cell_of(voxel).map_or(0, |cell| byte(probability[lattice.offset(cell)]));
    if lattice.is_full_resolution() || bounds.len() > MOST_VOXELS {
        return Ok(Soft::from_fn(bounds, cell_byte).without_forbidden(request));
    }
    let voxels = Lattice::covering(bounds, request.image.geometry.spacing_mm(), 1.0);
    let sure = rim_freed(lattice, |n| probability[n] >= 0.5);
    let claimed = seeds::paint(&voxels, &Evidence { regions: Vec::new(), ..evidence.clone() }, request);
    let mut cells: Vec<Cell> = voxels
        .cells()
        .map(|cell| match claimed[voxels.offset(cell)] {
            Cell::Free => {
                lattice.cell_of(voxels.centre_of(cell)).map_or(Cell::Outside, |cell| sure[lattice.offset(cell)])
            }
            fixed => fixed,
        })
        .collect();
    let features = Features::<N>::read(request.image, &voxels, task)?;
    settle_rim(&voxels, features, &mut cells, task)?;
    let decided = |voxel| voxels.cell_of(voxel).map_or(Cell::Outside, |cell| cells[voxels.offset(cell)]);
    let soft = Soft::from_fn(bounds, |voxel| match decided(voxel) {
        Cell::Inside => cell_byte(voxel).max(128),
        _ => cell_byte(voxel).min(127),
    });
    Ok(soft.without_forbidden(request))
}

/// A mask laid on the picture: its rim moves to the strongest edges within a few voxels. A flat mask stays on its slice.
pub fn fitted<const N: usize>(request: &Request, mask: &Mask, task: &Task) -> Result<Soft> {
    let tight = mask.tight_box();
    let reach = tight.size().map(|length| if length > 1 { FIT_REACH + 2 } else { 0 });
    let bounds = tight.grown(reach, request.image.size());
    if tight.is_empty() || bounds.len() > MOST_VOXELS {
        return Ok(Soft::certain(mask.clone()));
    }
    let voxels = Lattice::covering(bounds, request.image.geometry.spacing_mm(), 1.0);
    let inside: Vec<bool> = voxels.cells().map(|cell| mask.get(voxels.centre_of(cell))).collect();
    let mut cells = rim_freed(&voxels, |n| inside[n]);
    let features = Features::<N>::read(request.image, &voxels, task)?;
    let far = seeds::lengths(&voxels, &features, |n| cells[n] == Cell::Free, task)?;
    for (cell, &far) in cells.iter_mut().zip(&far) {
        if far <= FIT_REACH as f32 {
            *cell = Cell::Free;
        }
    }
    if !cells.contains(&Cell::Inside) {
        return Ok(Soft::certain(mask.clone()));
    }
    settle_rim(&voxels, features, &mut cells, task)?;
    let decided = |voxel| voxels.cell_of(voxel).is_some_and(|cell| cells[voxels.offset(cell)] == Cell::Inside);
    Ok(Soft::from_fn(bounds, |voxel| if decided(voxel) { 255 } else { 0 }))
}

fn settle_rim<const N: usize>(
    voxels: &Lattice,
    mut features: Features<N>,
    cells: &mut Vec<Cell>,
    task: &Task,
) -> Result<()> {
    let usual = usual_difference(voxels, &features);
    features.normalise([0.0; N], usual, f32::MAX);
    growcut::compete(voxels, &features, cells, EDGE, task)?;
    Ok(())
}

fn byte(probability: f32) -> u8 {
    // A half is in: 0.5 becomes 128.
    (probability * 255.0).round().clamp(0.0, 255.0) as u8
}

/// The box of all cells that may belong, with one cell to spare; `None` where none may.
fn voxels_of_interest(lattice: &Lattice, probability: &[f32]) -> Option<VoxelBox> {
    let mut cells = VoxelBox::default();
    for (n, cell) in lattice.cells().enumerate() {
        if probability[n] >= 0.5 {
            cells = cells.union(&VoxelBox::new(cell, cell.map(|x| x + 1)));
        }
    }
    if cells.is_empty() {
        return None;
    }
    let cells = cells.grown([1; 3], lattice.size);
    let min = std::array::from_fn(|a| lattice.bounds.min[a] + cells.min[a] * lattice.stride[a]);
    let max =
        std::array::from_fn(|a| (lattice.bounds.min[a] + cells.max[a] * lattice.stride[a]).min(lattice.bounds.max[a]));
    Some(VoxelBox::new(min, max))
}

/// Cells with a neighbour that is decided otherwise are free; the others are sure.
fn rim_freed(lattice: &Lattice, inside: impl Fn(usize) -> bool) -> Vec<Cell> {
    let strides = [1, lattice.size[0], lattice.size[0] * lattice.size[1]];
    let differs = |n: usize, cell: [usize; 3]| {
        (0..3).any(|axis| {
            cell[axis] > 0 && inside(n - strides[axis]) != inside(n)
                || cell[axis] + 1 < lattice.size[axis] && inside(n + strides[axis]) != inside(n)
        })
    };
    let decide = |(n, cell)| match (differs(n, cell), inside(n)) {
        (true, _) => Cell::Free,
        (false, true) => Cell::Inside,
        (false, false) => Cell::Outside,
    };
    lattice.cells().enumerate().map(decide).collect()
}

fn usual_difference<const N: usize>(lattice: &Lattice, features: &Features<N>) -> f32 {
    let width = lattice.size[0];
    let pairs = features.cells.len().saturating_sub(1);
    let every = (pairs / 20_000).max(1);
    let mut steps: Vec<f32> = (0..pairs)
        .step_by(every)
        .filter(|n| n % width + 1 < width)
        .map(|n| super::features::distance(&features.cells[n], &features.cells[n + 1]))
        .collect();
    let mean = steps.iter().sum::<f32>() / steps.len().max(1) as f32;
    let usual = super::features::median(&mut steps).max(0.5 * mean);
    if usual > 0.0 && usual.is_finite() { usual } else { 1.0 }
}
