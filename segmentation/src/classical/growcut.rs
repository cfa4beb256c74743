//! Fast GrowCut: two labels grow from their seeds by shortest path and meet where the going is hardest.
//!
//! Dijkstra with whole-number costs and a ring of buckets, so a cell costs the same however many wait. Only cells
//! marked `Free` are decided; the fixed ones are the seeds.

use super::features::{Features, distance};
use super::lattice::{Lattice, Rimmed};
use limner_imaging::{Result, Task};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Inside,
    Outside,
    Free,
    /// Neither grows nor is grown into.
    Blocked,
}

/// Cost steps per unit, and the most one step may cost: the ring of buckets is that long.
const PRECISION: f32 = 32.0;
const DEAREST: usize = 2047;
const RING: usize = DEAREST + 1;

/// Decides every free cell that a seed reaches; the others stay free.
pub fn compete<const N: usize>(
    lattice: &Lattice,
    features: &Features<N>,
    cells: &mut Vec<Cell>,
    edge: f32,
    task: &Task,
) -> Result<()> {
    let rimmed = Rimmed::of(lattice.size);
    let values = rimmed.spread(&features.cells, [0.0; N]);
    let mut labels = rimmed.spread(cells, Cell::Blocked);
    let neighbours = neighbours(&rimmed, lattice.step);
    let mut best = vec![u32::MAX; rimmed.len()];
    let mut queue = Buckets::new();
    for at in 0..labels.len() {
        if matches!(labels[at], Cell::Inside | Cell::Outside) {
            best[at] = 0;
            if neighbours.iter().any(|&(offset, _)| labels[at.wrapping_add_signed(offset)] == Cell::Free) {
                queue.push(0, at);
            }
        }
    }
    let mut settled = 0_usize;
    while let Some((cost, at)) = queue.pop() {
        if best[at] != cost {
            continue;
        }
        settled += 1;
        if settled.is_multiple_of(1 << 16) {
            task.cancel.check()?;
        }
        for &(offset, length) in &neighbours {
            let to = at.wrapping_add_signed(offset);
            if best[to] == 0 || labels[to] == Cell::Blocked {
                continue;
            }
            let step = PRECISION * length * (1.0 + edge * distance(&values[at], &values[to]));
            let reached = cost + (step.round() as u32).clamp(1, DEAREST as u32);
            if reached < best[to] {
                best[to] = reached;
                labels[to] = labels[at];
                queue.push(reached, to);
            }
        }
    }
    *cells = rimmed.gather(&labels);
    Ok(())
}

fn neighbours(rimmed: &Rimmed, step: [f32; 3]) -> Vec<(isize, f32)> {
    let offsets = [1, rimmed.row as isize, rimmed.slab as isize];
    offsets.into_iter().zip(step).flat_map(|(o, s)| [(o, s), (-o, s)]).collect()
}

/// A priority queue for costs that never lie further apart than the ring is long.
struct Buckets {
    ring: Vec<Vec<usize>>,
    now: u32,
    waiting: usize,
}

impl Buckets {
    fn new() -> Self {
        Self { ring: vec![Vec::new(); RING], now: 0, waiting: 0 }
    }

    fn push(&mut self, cost: u32, at: usize) {
        self.ring[cost as usize % RING].push(at);
        self.waiting += 1;
    }

    fn pop(&mut self) -> Option<(u32, usize)> {
        if self.waiting == 0 {
            return None;
        }
        loop {
            if let Some(at) = self.ring[self.now as usize % RING].pop() {
                self.waiting -= 1;
                return Some((self.now, at));
            }
            self.now += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::VoxelBox;

    fn run(values: &[f32], fixed: &[(usize, Cell)]) -> Vec<Cell> {
        let lattice = Lattice::covering(VoxelBox::whole([values.len(), 1, 1]), [1.0; 3], 1.0);
        let features = Features { cells: values.iter().map(|&v| [v]).collect() };
        let mut cells = vec![Cell::Free; values.len()];
        for &(at, cell) in fixed {
            cells[at] = cell;
        }
        compete(&lattice, &features, &mut cells, 10.0, &Task::default()).unwrap();
        cells
    }

    #[test]
    fn labels_meet_at_the_edge_not_halfway() {
        let cells = run(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0], &[(0, Cell::Inside), (7, Cell::Outside)]);
        let inside = cells.iter().filter(|&&c| c == Cell::Inside).count();
        assert_eq!(inside, 6);
        assert!(!cells.contains(&Cell::Free));
    }

    #[test]
    fn nothing_grows_through_a_block() {
        let cells = run(&[0.0; 5], &[(0, Cell::Inside), (2, Cell::Blocked)]);
        assert_eq!(cells, [Cell::Inside, Cell::Inside, Cell::Blocked, Cell::Free, Cell::Free]);
    }
}
