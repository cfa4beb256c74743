//! Connected components by runs: a row is a few stretches of voxels, and only stretches are compared.
//!
//! Components are numbered by their first voxel, columns fastest, so the numbers do not depend on how many threads ran.

use crate::buffer;
use crate::mask::Mask;
use crate::space::VoxelBox;
use rayon::prelude::*;
use std::ops::Range;

/// Which voxels touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connectivity {
    /// Over sides, within a slice; every slice for itself.
    Slice4,
    /// Over sides and corners, within a slice; every slice for itself.
    Slice8,
    /// Over faces.
    Face6,
    /// Over faces and edges.
    Edge18,
    /// Over faces, edges and corners.
    Corner26,
}

/// An earlier row that may hold neighbours: rows back, slices back, and how far beyond its ends a run reaches.
#[derive(Clone, Copy)]
struct Neighbour {
    row: isize,
    slice: usize,
    reach: u32,
}

impl Connectivity {
    const fn neighbours(self) -> &'static [Neighbour] {
        const fn at(row: isize, slice: usize, reach: u32) -> Neighbour {
            Neighbour { row, slice, reach }
        }
        match self {
            Self::Slice4 => const { &[at(-1, 0, 0)] },
            Self::Slice8 => const { &[at(-1, 0, 1)] },
            Self::Face6 => const { &[at(-1, 0, 0), at(0, 1, 0)] },
            Self::Edge18 => const { &[at(-1, 0, 1), at(0, 1, 1), at(-1, 1, 0), at(1, 1, 0)] },
            Self::Corner26 => const { &[at(-1, 0, 1), at(0, 1, 1), at(-1, 1, 1), at(1, 1, 1)] },
        }
    }
}

/// Voxels `start..end` of one row of the bounds.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: u32,
    end: u32,
}

/// One component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    pub voxels: usize,
    pub bounds: VoxelBox,
}

/// The components of a mask, kept as runs: a label volume is made only where it is asked for.
#[derive(Debug)]
pub struct Components {
    bounds: VoxelBox,
    runs: Vec<Run>,
    /// Where each row's runs begin; one more entry than rows.
    row_starts: Vec<usize>,
    /// The component of each run, from 0.
    owner: Vec<u32>,
    parts: Vec<Component>,
}

/// Finds the components of `mask`.
#[must_use]
pub fn components(mask: &Mask, connectivity: Connectivity) -> Components {
    let bounds = mask.bounds();
    let [width, height, depth] = bounds.size();
    let mut all = Components { bounds, runs: Vec::new(), row_starts: vec![0], owner: Vec::new(), parts: Vec::new() };
    if bounds.is_empty() {
        return all;
    }
    let slices: Vec<(Vec<Run>, Vec<usize>)> =
        mask.voxels().par_chunks(width * height).map(|s| runs_of(s, width)).collect();
    all.runs.reserve_exact(slices.iter().map(|(runs, _)| runs.len()).sum());
    let mut slice_starts = vec![0];
    for (runs, row_ends) in slices {
        let before = all.runs.len();
        all.row_starts.extend(row_ends.iter().map(|end| before + end));
        all.runs.extend(runs);
        slice_starts.push(all.runs.len());
    }
    let rows = Rows { runs: &all.runs, starts: &all.row_starts, height };
    let parents = join(&rows, &slice_starts, depth, connectivity.neighbours());
    all.number(parents);
    all
}

fn runs_of(slice: &[bool], width: usize) -> (Vec<Run>, Vec<usize>) {
    let mut runs = Vec::new();
    let mut row_ends = Vec::with_capacity(slice.len() / width);
    for row in slice.chunks_exact(width) {
        let row: &[u8] = bytemuck::cast_slice(row);
        let mut at = 0;
        while let Some(start) = first_not(row, at, 0) {
            let end = first_not(row, start, 1).unwrap_or(width);
            runs.push(Run { start: start as u32, end: end as u32 });
            at = end;
        }
        row_ends.push(runs.len());
    }
    (runs, row_ends)
}

/// The first place from `from` on that is not `value`, eight at a time where possible.
fn first_not(row: &[u8], from: usize, value: u8) -> Option<usize> {
    let mut at = from;
    for eight in row.get(from..)?.as_chunks::<8>().0 {
        if *eight != [value; 8] {
            break;
        }
        at += 8;
    }
    row[at..].iter().position(|&b| b != value).map(|n| at + n)
}

struct Rows<'a> {
    runs: &'a [Run],
    starts: &'a [usize],
    height: usize,
}

impl Rows<'_> {
    fn of(&self, j: usize, k: usize) -> Range<usize> {
        let row = k * self.height + j;
        self.starts[row]..self.starts[row + 1]
    }
}

/// Run forests, a root being its component's first run. Slabs of slices are joined side by side, then to each other.
fn join(rows: &Rows<'_>, slice_starts: &[usize], depth: usize, neighbours: &[Neighbour]) -> Vec<u32> {
    let mut parents: Vec<u32> = (0..rows.runs.len() as u32).collect();
    let slab = depth.div_ceil(rayon::current_num_threads() * 2).max(1);
    let mut pieces = Vec::new();
    let mut rest = parents.as_mut_slice();
    for first in (0..depth).step_by(slab) {
        let last = (first + slab).min(depth);
        let (piece, tail) = rest.split_at_mut(slice_starts[last] - slice_starts[first]);
        pieces.push((first..last, piece));
        rest = tail;
    }
    pieces.into_par_iter().for_each(|(slices, piece)| {
        let mut forest = Forest { base: slice_starts[slices.start], parents: piece };
        for k in slices.clone() {
            let reaches = neighbours.iter().filter(|n| n.slice <= k - slices.start);
            reaches.for_each(|n| forest.join_slice(rows, k, *n));
        }
    });
    let mut forest = Forest { base: 0, parents: &mut parents };
    for k in (slab..depth).step_by(slab) {
        neighbours.iter().filter(|n| n.slice == 1).for_each(|n| forest.join_slice(rows, k, *n));
    }
    parents
}

struct Forest<'a> {
    /// The run the first parent belongs to.
    base: usize,
    parents: &'a mut [u32],
}

impl Forest<'_> {
    fn root(&mut self, run: usize) -> usize {
        let mut at = run - self.base;
        loop {
            let parent = self.parents[at] as usize - self.base;
            if parent == at {
                return at + self.base;
            }
            let grandparent = self.parents[parent];
            self.parents[at] = grandparent;
            at = grandparent as usize - self.base;
        }
    }

    fn join_slice(&mut self, rows: &Rows<'_>, k: usize, n: Neighbour) {
        for j in 0..rows.height {
            if let Some(earlier) = j.checked_add_signed(n.row).filter(|&j| j < rows.height) {
                self.join_rows(rows.runs, rows.of(j, k), rows.of(earlier, k - n.slice), n.reach);
            }
        }
    }

    fn join_rows(&mut self, runs: &[Run], mut a: Range<usize>, mut b: Range<usize>, reach: u32) {
        while !a.is_empty() && !b.is_empty() {
            let (run_a, run_b) = (runs[a.start], runs[b.start]);
            if run_a.start < run_b.end + reach && run_b.start < run_a.end + reach {
                let (x, y) = (self.root(a.start), self.root(b.start));
                self.parents[x.max(y) - self.base] = x.min(y) as u32;
            }
            if run_a.end < run_b.end {
                a.start += 1;
            } else {
                b.start += 1;
            }
        }
    }
}

impl Components {
    /// Gives every run its component's number.
    fn number(&mut self, mut parents: Vec<u32>) {
        let [_, height, _] = self.bounds.size();
        let min = self.bounds.min;
        let mut row = 0;
        for n in 0..parents.len() {
            while self.row_starts[row + 1] <= n {
                row += 1;
            }
            // A root comes before what hangs on it, so a parent already holds its component's number.
            let parent = parents[n] as usize;
            let owner = if parent == n { self.parts.len() as u32 } else { parents[parent] };
            parents[n] = owner;
            let Run { start, end } = self.runs[n];
            let (j, k) = (min[1] + row % height, min[2] + row / height);
            let bounds = VoxelBox::new([min[0] + start as usize, j, k], [min[0] + end as usize, j + 1, k + 1]);
            if parent == n {
                self.parts.push(Component { voxels: 0, bounds });
            }
            let part = &mut self.parts[owner as usize];
            part.voxels += (end - start) as usize;
            part.bounds = part.bounds.union(&bounds);
        }
        self.owner = parents;
    }

    /// All components, numbered from 0 in the order of this list.
    #[must_use]
    pub fn parts(&self) -> &[Component] {
        &self.parts
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The number of the component with the most voxels; of equals the first.
    #[must_use]
    pub fn largest(&self) -> Option<usize> {
        (0..self.parts.len()).max_by_key(|&n| (self.parts[n].voxels, std::cmp::Reverse(n)))
    }

    /// The component a voxel belongs to.
    #[must_use]
    pub fn at(&self, index: [usize; 3]) -> Option<usize> {
        if !self.bounds.contains(index) {
            return None;
        }
        let [i, j, k] = std::array::from_fn(|a| index[a] - self.bounds.min[a]);
        let row = k * self.bounds.size()[1] + j;
        let runs = self.row_starts[row]..self.row_starts[row + 1];
        let after = self.runs[runs.clone()].partition_point(|r| r.end as usize <= i);
        let run = runs.start + after;
        (run < runs.end && self.runs[run].start as usize <= i).then(|| self.owner[run] as usize)
    }

    /// One component alone, in its own bounds.
    #[must_use]
    pub fn mask(&self, component: usize) -> Mask {
        self.parts.get(component).map_or_else(
            || Mask::empty(VoxelBox::default()),
            |part| self.keep(|n, _| n == component).within(part.bounds),
        )
    }

    /// The components `wanted` answers true for, in the bounds of the mask they came from.
    #[must_use]
    pub fn keep(&self, wanted: impl Fn(usize, &Component) -> bool + Sync) -> Mask {
        let chosen: Vec<bool> = self.parts.iter().enumerate().map(|(n, part)| wanted(n, part)).collect();
        let mut mask = Mask::empty(self.bounds);
        self.paint(mask.voxels_mut(), |owner| chosen[owner as usize]);
        mask
    }

    /// One label per voxel of the bounds: 0 outside, component n as n + 1.
    #[must_use]
    pub fn labels(&self) -> Vec<u32> {
        let mut labels = buffer::zeros(self.bounds.len());
        self.paint(&mut labels, |owner| owner + 1);
        labels
    }

    fn paint<T: Copy + Send>(&self, out: &mut [T], value: impl Fn(u32) -> T + Sync) {
        let [width, height, _] = self.bounds.size();
        if width * height == 0 {
            return;
        }
        out.par_chunks_mut(width * height).enumerate().for_each(|(k, slice)| {
            for (j, row) in slice.chunks_exact_mut(width).enumerate() {
                for n in self.row_starts[k * height + j]..self.row_starts[k * height + j + 1] {
                    let Run { start, end } = self.runs[n];
                    row[start as usize..end as usize].fill(value(self.owner[n]));
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Connectivity; 5] =
        [Connectivity::Slice4, Connectivity::Slice8, Connectivity::Face6, Connectivity::Edge18, Connectivity::Corner26];

    fn touches(connectivity: Connectivity, a: [usize; 3], b: [usize; 3]) -> bool {
        let d: [usize; 3] = std::array::from_fn(|n| a[n].abs_diff(b[n]));
        let sum: usize = d.iter().sum();
        d.iter().all(|&x| x <= 1)
            && match connectivity {
                Connectivity::Slice4 => d[2] == 0 && sum <= 1,
                Connectivity::Slice8 => d[2] == 0,
                Connectivity::Face6 => sum <= 1,
                Connectivity::Edge18 => sum <= 2,
                Connectivity::Corner26 => true,
            }
    }

    /// Labels by flooding from every voxel not yet reached.
    fn flooded(mask: &Mask, connectivity: Connectivity) -> Vec<u32> {
        let all: Vec<_> = mask.indices().collect();
        let mut labels = vec![0_u32; all.len()];
        let mut next = 0;
        for seed in 0..all.len() {
            if labels[seed] != 0 {
                continue;
            }
            next += 1;
            labels[seed] = next;
            let mut open = vec![seed];
            while let Some(at) = open.pop() {
                for n in 0..all.len() {
                    if labels[n] == 0 && touches(connectivity, all[at], all[n]) {
                        labels[n] = next;
                        open.push(n);
                    }
                }
            }
        }
        labels
    }

    proptest! {
        #[test]
        fn runs_agree_with_flooding(seed in proptest::collection::vec(0_u8..100, 7 * 5 * 9), share in 5_u8..70) {
            let bounds = VoxelBox::new([3, 1, 2], [10, 6, 11]);
            let mask = Mask::from_voxels(bounds, seed.iter().map(|&x| x < share).collect()).unwrap();
            for connectivity in ALL {
                let found = components(&mask, connectivity);
                let expected = flooded(&mask, connectivity);
                let ours: Vec<u32> = mask.indices().map(|v| found.at(v).unwrap() as u32 + 1).collect();
                prop_assert_eq!(&ours, &expected);
                let painted: Vec<u32> = found.labels().into_iter().filter(|&l| l != 0).collect();
                prop_assert_eq!(&painted, &expected);
                for (n, part) in found.parts().iter().enumerate() {
                    let alone = found.mask(n);
                    prop_assert_eq!(alone.count(), part.voxels);
                    prop_assert_eq!(alone.tight_box(), part.bounds);
                }
            }
        }
    }

    #[test]
    fn the_largest_is_found_and_nothing_has_none() {
        let bounds = VoxelBox::whole([20, 1, 1]);
        let mask = Mask::from_fn(bounds, |[i, ..]| matches!(i, 0 | 3..=9 | 12..=18));
        let found = components(&mask, Connectivity::Face6);
        assert_eq!((found.len(), found.largest()), (3, Some(1)));
        assert_eq!(found.keep(|_, c| c.voxels > 1).count(), 14);
        assert!(components(&Mask::empty(bounds), Connectivity::Face6).largest().is_none());
        assert!(components(&Mask::empty(VoxelBox::default()), Connectivity::Corner26).is_empty());
    }
}
