//! Claims painted onto the cells of a lattice, and seeds found where a region was given and nothing else.

use super::evidence::{Area, Evidence};
use super::features::Features;
use super::geodesic::{Costs, Terrain};
use super::growcut::Cell;
use super::lattice::Lattice;
use crate::engine::Request;
use limner_imaging::{Result, Task, VoxelBox};

/// Of the way from the rim of a region to its middle, how much is not yet believed to be the object.
const UNSURE_SHARE: f32 = 0.6;

const LENGTH: Costs = Costs { smooth: 1.0, edge: 0.0, noise: 0.0 };

/// What is known of each cell before solving.
pub fn paint(lattice: &Lattice, evidence: &Evidence, request: &Request) -> Vec<Cell> {
    let start = if evidence.regions.is_empty() { Cell::Free } else { Cell::Outside };
    let mut cells = vec![start; lattice.len()];
    for region in &evidence.regions {
        fill(lattice, &region.area, |n| cells[n] = Cell::Free);
    }
    for claim in &evidence.claims {
        let cell = if claim.inside { Cell::Inside } else { Cell::Outside };
        fill(lattice, &claim.area, |n| cells[n] = cell);
    }
    if request.forbidden.is_some() {
        for cell in lattice.cells() {
            if request.is_forbidden(lattice.centre_of(cell)) {
                cells[lattice.offset(cell)] = Cell::Blocked;
            }
        }
    }
    cells
}

/// Calls back with every cell an area touches (a list) or whose middle it holds (a solid).
fn fill(lattice: &Lattice, area: &Area, mut set: impl FnMut(usize)) {
    match area {
        Area::Voxels(voxels) => {
            for &voxel in voxels {
                if let Some(cell) = lattice.cell_of(voxel) {
                    set(lattice.offset(cell));
                }
            }
        }
        Area::Solid(bounds) => fill_where(lattice, *bounds, |_| true, set),
        Area::Mask(mask) => fill_where(lattice, mask.bounds(), |voxel| mask.get(voxel), set),
        Area::Cells(other, cells) => {
            let holds = |voxel| other.cell_of(voxel).is_some_and(|cell| cells[other.offset(cell)]);
            fill_where(lattice, other.bounds, holds, set);
        }
    }
}

fn fill_where(lattice: &Lattice, bounds: VoxelBox, inside: impl Fn([usize; 3]) -> bool, mut set: impl FnMut(usize)) {
    let shared = bounds.intersection(&lattice.bounds);
    if shared.is_empty() {
        return;
    }
    let low: [usize; 3] = std::array::from_fn(|a| (shared.min[a] - lattice.bounds.min[a]) / lattice.stride[a]);
    let high: [usize; 3] = std::array::from_fn(|a| (shared.max[a] - 1 - lattice.bounds.min[a]) / lattice.stride[a] + 1);
    for k in low[2]..high[2] {
        for j in low[1]..high[1] {
            for i in low[0]..high[0] {
                let centre = lattice.centre_of([i, j, k]);
                // A flat area may miss the middle of every cell it crosses.
                let nearest = std::array::from_fn(|a| centre[a].clamp(shared.min[a], shared.max[a] - 1));
                if inside(nearest) {
                    set(lattice.offset([i, j, k]));
                }
            }
        }
    }
}

/// Where a region was drawn and no inside was claimed, its middle is taken for the object.
pub fn seed_regions<const N: usize>(
    lattice: &Lattice,
    features: &Features<N>,
    cells: &mut [Cell],
    task: &Task,
) -> Result<()> {
    let depth = lengths(lattice, features, |n| cells[n] == Cell::Outside, task)?;
    let free = |n: &usize| cells[*n] == Cell::Free && depth[*n].is_finite();
    let deepest = (0..cells.len()).filter(free).map(|n| depth[n]).fold(0.0, f32::max);
    let core: Vec<usize> = (0..cells.len()).filter(free).filter(|&n| depth[n] >= UNSURE_SHARE * deepest).collect();
    for n in core {
        cells[n] = Cell::Inside;
    }
    Ok(())
}

/// Plain distance from the cells where `from` holds.
pub fn lengths<const N: usize>(
    lattice: &Lattice,
    features: &Features<N>,
    from: impl Fn(usize) -> bool,
    task: &Task,
) -> Result<Vec<f32>> {
    let terrain = Terrain::new(lattice, features, &vec![false; lattice.len()]);
    terrain.distances(from, &vec![0.0; lattice.len()], LENGTH, 1, task)
}
