//! One lattice solved: from painted cells to the probability of each cell.
//!
//! Inside and outside each send out a geodesic front; a cell belongs to the front that reaches it more cheaply. Where
//! nobody said what is outside, the cut of `cut.rs` stands for it.

use super::appearance::Appearance;
use super::cut;
use super::features::{Features, distance, median};
use super::geodesic::{Costs, Terrain};
use super::growcut::Cell;
use super::lattice::Lattice;
use limner_imaging::{Result, Task};

/// What the engine believes about pictures; chosen on the even half of the test pairs.
#[derive(Clone, Copy, Debug)]
pub struct Weights {
    pub smooth: f32,
    pub edge: f32,
    pub unary: f32,
    /// Deviations beyond this many spreads count no more.
    pub most_deviation: f32,
    /// In units of the spread around the seeds; what is further off is flattened.
    pub knee: f32,
    /// How many cells around the seeds are looked at to judge the local contrast.
    pub surroundings: usize,
    pub rounds: usize,
}

impl Default for Weights {
    fn default() -> Self {
        Self { smooth: 0.07, edge: 1.0, unary: 0.5, most_deviation: 6.0, knee: 4.0, surroundings: 10, rounds: 2 }
    }
}

/// The probability of each cell, and whether the outside was known or clearly seen.
pub struct Solved {
    pub probability: Vec<f32>,
    pub bounded: bool,
}

/// The probability of each cell that it belongs to the object. `closed` says that the outside is fully known.
pub fn solve<const N: usize>(
    lattice: &Lattice,
    mut features: Features<N>,
    cells: &[Cell],
    closed: bool,
    weights: Weights,
    task: &Task,
) -> Result<Solved> {
    let noise = normalise(lattice, &mut features, cells, weights);
    let blocked: Vec<bool> = cells.iter().map(|&c| c == Cell::Blocked).collect();
    let terrain = Terrain::new(lattice, &features, &blocked);
    let costs = Costs { smooth: weights.smooth, edge: weights.edge, noise };
    let front = |side: Cell| -> Result<Vec<f32>> {
        let unary = unary(&features, cells, side, noise, weights);
        terrain.distances(|n| cells[n] == side, &unary, costs, weights.rounds, task)
    };
    let (inside, outside) = rayon::join(|| front(Cell::Inside), || front(Cell::Outside));
    let (inside, outside) = (inside?, outside?);
    let cut = cut::best(lattice, &features, &inside, noise);
    let (limit, bounded) = if closed { (f32::INFINITY, true) } else { (cut.distance, cut.believable) };
    let mut probability: Vec<f32> =
        inside.iter().zip(&outside).map(|(&near, &far)| odds_for(near, far.min(limit))).collect();
    smooth(lattice, &mut probability);
    for (p, cell) in probability.iter_mut().zip(cells) {
        match cell {
            Cell::Inside => *p = 1.0,
            Cell::Outside | Cell::Blocked => *p = 0.0,
            Cell::Free => {}
        }
    }
    Ok(Solved { probability, bounded })
}

/// The exponentialised distances against each other: equal distances are even odds, and the scale is the sum.
fn odds_for(inside: f32, outside: f32) -> f32 {
    if inside.is_infinite() {
        return 0.0;
    }
    if outside.is_infinite() {
        return 1.0;
    }
    const SHARPNESS: f32 = 4.0;
    let balance = (outside - inside) / (outside + inside).max(f32::MIN_POSITIVE);
    1.0 / (1.0 + (-SHARPNESS * balance).exp())
}

/// Sets the values against the surroundings of the seeds. Returns the noise: a usual difference between neighbours.
fn normalise<const N: usize>(lattice: &Lattice, features: &mut Features<N>, cells: &[Cell], weights: Weights) -> f32 {
    let near = surroundings(lattice, cells, weights.surroundings);
    let centre = std::array::from_fn(|c| {
        let mut values: Vec<f32> =
            (0..cells.len()).filter(|&n| cells[n] == Cell::Inside).map(|n| features.cells[n][c]).collect();
        median(&mut values)
    });
    let mut off: Vec<f32> = near.iter().map(|&n| distance(&features.cells[n], &centre)).collect();
    let middle = median(&mut off);
    let mean = off.iter().sum::<f32>() / off.len().max(1) as f32;
    let spread = middle.max(0.5 * mean);
    let spread = if spread > 0.0 && spread.is_finite() { spread } else { 1.0 };
    features.normalise(centre, spread, weights.knee);
    let mut steps: Vec<f32> = near
        .iter()
        .filter(|&&n| n % lattice.size[0] + 1 < lattice.size[0])
        .map(|&n| distance(&features.cells[n], &features.cells[n + 1]))
        .collect();
    median(&mut steps)
}

/// Cells in a box around all inside cells, at most some ten thousand of them.
fn surroundings(lattice: &Lattice, cells: &[Cell], margin: usize) -> Vec<usize> {
    let mut bounds = limner_imaging::VoxelBox::default();
    for (n, cell) in lattice.cells().enumerate() {
        if cells[n] == Cell::Inside {
            bounds = bounds.union(&limner_imaging::VoxelBox::new(cell, cell.map(|x| x + 1)));
        }
    }
    let bounds = bounds.grown([margin; 3], lattice.size);
    let every = (bounds.len() / 20_000).max(1);
    let mut near = Vec::new();
    for k in bounds.min[2]..bounds.max[2] {
        for j in bounds.min[1]..bounds.max[1] {
            near.extend((bounds.min[0]..bounds.max[0]).map(|i| lattice.offset([i, j, k])));
        }
    }
    near.into_iter().step_by(every).collect()
}

/// How foreign each cell looks to a side, from the cells known to be on it.
fn unary<const N: usize>(features: &Features<N>, cells: &[Cell], side: Cell, noise: f32, weights: Weights) -> Vec<f32> {
    let samples: Vec<[f32; N]> =
        features.cells.iter().zip(cells).filter(|&(_, &c)| c == side).map(|(f, _)| *f).collect();
    if samples.is_empty() {
        return vec![0.0; cells.len()];
    }
    let look = Appearance::learn(&samples, (1.5 * noise).max(0.15));
    features.cells.iter().map(|f| weights.unary * look.deviation(f).min(weights.most_deviation)).collect()
}

/// One pass of (1 2 1) along each axis: takes the teeth off the rim.
fn smooth(lattice: &Lattice, values: &mut [f32]) {
    let strides = [1, lattice.size[0], lattice.size[0] * lattice.size[1]];
    for (n, stride) in lattice.size.into_iter().zip(strides) {
        if n == 1 {
            continue;
        }
        let before = values.to_vec();
        for (at, value) in values.iter_mut().enumerate() {
            let along = at / stride % n;
            let low = if along > 0 { before[at - stride] } else { before[at] };
            let high = if along + 1 < n { before[at + stride] } else { before[at] };
            *value = 0.25 * low + 0.5 * before[at] + 0.25 * high;
        }
    }
}
