//! Geodesic distance by raster sweeps: how far a cell is from the seeds when every step costs its length times what
//! lies in the way.
//!
//! A row is relaxed against its twelve earlier neighbours at once (which compilers turn into vector code) and then
//! along itself. One forward and one backward sweep over all rows is a round; two rounds come close to exact.

use super::features::{Features, distance};
use super::lattice::{Lattice, Rimmed};
use limner_imaging::{Result, Task};

/// What a step costs: `length * (smooth + unary of the cell entered + edge * difference beyond noise)`.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    pub smooth: f32,
    pub edge: f32,
    pub noise: f32,
}

/// The cells as the sweeps want them, made once and shared by several distance maps.
pub struct Terrain<const N: usize> {
    rimmed: Rimmed,
    step: [f32; 3],
    values: Vec<[f32; N]>,
    /// Cells that no path may enter.
    blocked: Vec<bool>,
}

impl<const N: usize> Terrain<N> {
    pub fn new(lattice: &Lattice, features: &Features<N>, blocked: &[bool]) -> Self {
        let rimmed = Rimmed::of(lattice.size);
        Self {
            rimmed,
            step: lattice.step,
            values: rimmed.spread(&features.cells, [0.0; N]),
            blocked: rimmed.spread(blocked, true),
        }
    }

    /// The distance of every cell from those where `is_seed`; infinite where no path leads.
    pub fn distances(
        &self,
        is_seed: impl Fn(usize) -> bool,
        unary: &[f32],
        costs: Costs,
        rounds: usize,
        task: &Task,
    ) -> Result<Vec<f32>> {
        let cells = self.rimmed.size.iter().product();
        let start: Vec<f32> = (0..cells).map(|n| if is_seed(n) { 0.0 } else { f32::INFINITY }).collect();
        let mut sweep = Sweep {
            terrain: self,
            unary: self.rimmed.spread(unary, 0.0).iter().zip(&self.blocked).map(dearer_if_blocked).collect(),
            distance: self.rimmed.spread(&start, f32::INFINITY),
            costs,
            row: vec![0.0; self.rimmed.size[0]],
            earlier: self.earlier_neighbours(),
        };
        for _ in 0..rounds {
            sweep.forward(task)?;
            sweep.backward(task)?;
        }
        Ok(self.rimmed.gather(&sweep.distance))
    }

    /// Offsets and lengths of the twelve neighbours in rows before this one.
    fn earlier_neighbours(&self) -> Vec<(isize, f32)> {
        let mut all = Vec::with_capacity(12);
        for dk in -1..=0_isize {
            for dj in -1..=1_isize {
                if dk == 0 && dj >= 0 || dk == -1 && self.rimmed.size[2] == 1 {
                    continue;
                }
                for di in -1..=1_isize {
                    let offset = dk * self.rimmed.slab as isize + dj * self.rimmed.row as isize + di;
                    let [x, y, z] = [di as f32, dj as f32, dk as f32];
                    let length = [x * self.step[0], y * self.step[1], z * self.step[2]];
                    all.push((offset, length.iter().map(|l| l * l).sum::<f32>().sqrt()));
                }
            }
        }
        all
    }
}

struct Sweep<'a, const N: usize> {
    terrain: &'a Terrain<N>,
    unary: Vec<f32>,
    distance: Vec<f32>,
    costs: Costs,
    row: Vec<f32>,
    earlier: Vec<(isize, f32)>,
}

impl<const N: usize> Sweep<'_, N> {
    fn forward(&mut self, task: &Task) -> Result<()> {
        let [_, height, depth] = self.terrain.rimmed.size;
        for k in 0..depth {
            task.cancel.check()?;
            for j in 0..height {
                let start = self.terrain.rimmed.row_start(j, k);
                self.relax_from_rows(start, 1);
                for i in 1..self.row.len() {
                    self.relax_along(start, i, i - 1);
                }
                self.store(start);
            }
        }
        Ok(())
    }

    fn backward(&mut self, task: &Task) -> Result<()> {
        let [_, height, depth] = self.terrain.rimmed.size;
        for k in (0..depth).rev() {
            task.cancel.check()?;
            for j in (0..height).rev() {
                let start = self.terrain.rimmed.row_start(j, k);
                self.relax_from_rows(start, -1);
                for i in (0..self.row.len().saturating_sub(1)).rev() {
                    self.relax_along(start, i, i + 1);
                }
                self.store(start);
            }
        }
        Ok(())
    }

    /// `side` is 1 for the rows before this one and -1 for those after.
    fn relax_from_rows(&mut self, start: usize, side: isize) {
        let width = self.row.len();
        self.row.copy_from_slice(&self.distance[start..start + width]);
        let values = &self.terrain.values[start..start + width];
        let unary = &self.unary[start..start + width];
        let Costs { smooth, edge, noise } = self.costs;
        for &(offset, length) in &self.earlier {
            let from = start.wrapping_add_signed(offset * side);
            let others = &self.distance[from..from + width];
            let other_values = &self.terrain.values[from..from + width];
            for i in 0..width {
                let difference = (distance(&values[i], &other_values[i]) - noise).max(0.0);
                let reached = others[i] + length * (smooth + unary[i] + edge * difference);
                self.row[i] = self.row[i].min(reached);
            }
        }
    }

    fn relax_along(&mut self, start: usize, i: usize, from: usize) {
        let values = &self.terrain.values;
        let difference = (distance(&values[start + i], &values[start + from]) - self.costs.noise).max(0.0);
        let cost = self.costs.smooth + self.unary[start + i] + self.costs.edge * difference;
        self.row[i] = self.row[i].min(self.row[from] + self.terrain.step[0] * cost);
    }

    fn store(&mut self, start: usize) {
        self.distance[start..start + self.row.len()].copy_from_slice(&self.row);
    }
}

/// A cell no path may enter costs without end.
fn dearer_if_blocked((&unary, &blocked): (&f32, &bool)) -> f32 {
    if blocked { f32::INFINITY } else { unary }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::VoxelBox;

    const PLAIN: Costs = Costs { smooth: 1.0, edge: 0.0, noise: 0.0 };

    fn terrain(size: [usize; 3], spacing: [f64; 3], value: impl Fn([usize; 3]) -> f32) -> (Lattice, Terrain<1>) {
        let lattice = Lattice::covering(VoxelBox::whole(size), spacing, 1.0);
        let features = Features { cells: lattice.cells().map(|c| [value(c)]).collect() };
        let blocked = vec![false; lattice.len()];
        (lattice, Terrain::new(&lattice, &features, &blocked))
    }

    #[test]
    fn on_flat_ground_it_is_length_with_each_axis_in_its_own_step() {
        let (lattice, ground) = terrain([9, 7, 5], [1.0, 1.0, 3.0], |_| 0.0);
        let seed = lattice.offset([4, 3, 2]);
        let d = ground.distances(|n| n == seed, &vec![0.0; lattice.len()], PLAIN, 1, &Task::default()).unwrap();
        assert!((d[lattice.offset([8, 3, 2])] - 4.0).abs() < 1e-5);
        assert!((d[lattice.offset([4, 3, 4])] - 6.0).abs() < 1e-5);
        assert!((d[lattice.offset([1, 0, 2])] - 3.0 * 2.0_f32.sqrt()).abs() < 1e-5);
    }

    #[test]
    fn a_wall_is_walked_around_or_paid_for() {
        // A wall at column 4 with a gap at the last row.
        let wall = |[i, j, _]: [usize; 3]| f32::from(u8::from(i == 4 && j < 6));
        let (lattice, ground) = terrain([9, 7, 1], [1.0; 3], wall);
        let seed = lattice.offset([0, 0, 0]);
        let costs = Costs { edge: 100.0, ..PLAIN };
        let d = ground.distances(|n| n == seed, &vec![0.0; lattice.len()], costs, 2, &Task::default()).unwrap();
        let across = d[lattice.offset([8, 0, 0])];
        assert!(across > 13.0 && across < 20.0, "{across}");
    }

    #[test]
    fn blocked_cells_are_never_entered() {
        let lattice = Lattice::covering(VoxelBox::whole([5, 1, 1]), [1.0; 3], 1.0);
        let features = Features { cells: vec![[0.0]; 5] };
        let blocked: Vec<bool> = (0..5).map(|n| n == 2).collect();
        let ground = Terrain::new(&lattice, &features, &blocked);
        let d = ground.distances(|n| n == 0, &[0.0; 5], PLAIN, 2, &Task::default()).unwrap();
        assert_eq!(d[1], 1.0);
        assert!(d[2].is_infinite() && d[3].is_infinite());
    }

    #[test]
    fn cancel_is_heard() {
        let (lattice, ground) = terrain([4, 4, 4], [1.0; 3], |_| 0.0);
        let task = Task::default();
        task.cancel.cancel();
        assert!(ground.distances(|n| n == 0, &vec![0.0; lattice.len()], PLAIN, 1, &task).is_err());
    }
}
