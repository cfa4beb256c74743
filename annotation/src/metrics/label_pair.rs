//! Two label maps on one grid, gone through once: what is counted, shared and reached by each label. Twenty labels cost
//! one reading of the voxels, and each label's mask is no larger than its two versions.

use crate::error::{Error, Result};
use limner_imaging::overlap::Overlap;
use limner_imaging::{Geometry, Mask, Volume, VoxelBox, with_samples};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// A label map in two bytes a voxel, whatever its file held.
#[derive(Clone, Debug)]
pub struct Labels {
    pub geometry: Geometry,
    codes: Vec<u16>,
    /// The label of each code; code 0 is the background.
    labels: Vec<u32>,
}

impl Labels {
    /// Refuses what no label map holds: fractions, negative numbers, more than 65,535 labels, colours.
    #[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
    pub fn of(volume: Volume) -> Result<Self> {
        let geometry = volume.geometry;
        if volume.channels() != 1 {
            return Err(Error::refused("a label map has one number a voxel, this picture has colours"));
        }
        let map = volume.value_map.clone();
        let plain = map.slope == 1.0 && map.intercept == 0.0;
        let mut book = Book::default();
        let codes = match volume.into_samples() {
            limner_imaging::Samples::U8(v) if plain => {
                let mut table = [None; 256];
                let code = |x: u8| match table[usize::from(x)] {
                    Some(code) => Ok(code),
                    None => book.code(f64::from(x)).inspect(|&code| table[usize::from(x)] = Some(code)),
                };
                v.into_iter().map(code).collect::<Result<Vec<u16>>>()?
            }
            samples => with_samples!(&samples, v => {
                // Label maps are long stretches of the same.
                let mut last = None;
                let mut out = Vec::with_capacity(v.len());
                for &x in v {
                    let code = match last {
                        Some((before, code)) if before == x => code,
                        _ => book.code(map.value(x as f64))?,
                    };
                    last = Some((x, code));
                    out.push(code);
                }
                out
            }),
        };
        Ok(Self { geometry, codes, labels: book.labels })
    }

    /// From masks that may overlap in nothing: later ones win.
    #[must_use]
    pub fn from_masks(geometry: Geometry, masks: &[(u32, Mask)]) -> Self {
        let mut book = Book::default();
        let mut codes = vec![0; geometry.voxel_count()];
        for (label, mask) in masks {
            let Ok(code) = book.code(f64::from(*label)) else { continue };
            mask.indices().for_each(|index| codes[geometry.linear_index(index)] = code);
        }
        Self { geometry, codes, labels: book.labels }
    }

    /// Every label but the background, ascending.
    #[must_use]
    pub fn labels(&self) -> Vec<u32> {
        let mut labels = self.labels[1..].to_vec();
        labels.sort_unstable();
        labels
    }

    /// Calls labels by other numbers; no two of them by the same.
    pub fn renumber(&mut self, number: impl Fn(u32) -> u32) {
        self.labels.iter_mut().skip(1).for_each(|label| *label = number(*label));
    }

    /// Whether two maps are the same, voxel for voxel.
    #[must_use]
    pub fn says_as(&self, other: &Self) -> bool {
        self.codes == other.codes && self.labels == other.labels
    }

    /// The box around all that is labelled.
    #[must_use]
    pub fn bounds(&self) -> VoxelBox {
        self.bounds_of(|code| code != 0)
    }

    /// The box around some codes.
    fn bounds_of(&self, wanted: impl Fn(u16) -> bool + Sync) -> VoxelBox {
        let [width, height, depth] = self.geometry.size();
        let slice = |k: usize| {
            let mut bounds = VoxelBox::default();
            for j in 0..height {
                let row = &self.codes[(k * height + j) * width..][..width];
                let first = row.iter().position(|&code| wanted(code));
                let last = row.iter().rposition(|&code| wanted(code));
                if let (Some(first), Some(last)) = (first, last) {
                    bounds = bounds.union(&VoxelBox::new([first, j, k], [last + 1, j + 1, k + 1]));
                }
            }
            bounds
        };
        (0..depth).into_par_iter().map(slice).reduce(VoxelBox::default, |a, b| a.union(&b))
    }

    #[must_use]
    pub fn label_at(&self, index: [usize; 3]) -> u32 {
        self.labels[usize::from(self.codes[self.geometry.linear_index(index)])]
    }

    /// One label as numbers beside each other: the code of every voxel, and the label of every code.
    #[must_use]
    pub fn codes(&self) -> (&[u16], &[u32]) {
        (&self.codes, &self.labels)
    }

    /// A label's voxels within a box.
    #[must_use]
    pub fn mask(&self, label: u32, bounds: VoxelBox) -> Mask {
        let Some(code) = self.labels.iter().skip(1).position(|known| *known == label).map(|n| n as u16 + 1) else {
            return Mask::empty(VoxelBox::default());
        };
        let size = bounds.size();
        let mut voxels = vec![false; bounds.len()];
        let rows = voxels.par_chunks_mut(size[0].max(1)).enumerate();
        rows.for_each(|(row, out)| {
            let (j, k) = (bounds.min[1] + row % size[1], bounds.min[2] + row / size[1]);
            let start = self.geometry.linear_index([bounds.min[0], j, k]);
            out.iter_mut().zip(&self.codes[start..]).for_each(|(out, here)| *out = *here == code);
        });
        Mask::from_voxels(bounds, voxels).unwrap_or_else(|| Mask::empty(VoxelBox::default()))
    }

    /// One label alone, as large as it is.
    #[must_use]
    pub fn tight_mask(&self, label: u32) -> Mask {
        let code = self.labels.iter().skip(1).position(|known| *known == label).map(|n| n as u16 + 1);
        code.map_or_else(
            || Mask::empty(VoxelBox::default()),
            |code| self.mask(label, self.bounds_of(|other| other == code)),
        )
    }
}

/// Codes for labels, in the order they are met.
struct Book {
    labels: Vec<u32>,
    codes: HashMap<u32, u16>,
}

impl Default for Book {
    fn default() -> Self {
        Self { labels: vec![0], codes: HashMap::from([(0, 0)]) }
    }
}

impl Book {
    fn code(&mut self, value: f64) -> Result<u16> {
        if value.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&value) {
            return Err(Error::refused(format!("a label map holds whole numbers from 0, this one holds {value}")));
        }
        let label = value as u32;
        if let Some(&code) = self.codes.get(&label) {
            return Ok(code);
        }
        let code = u16::try_from(self.labels.len());
        let code = code.map_err(|_| Error::refused("more than 65,535 labels: this is no label map"))?;
        self.labels.push(label);
        self.codes.insert(label, code);
        Ok(code)
    }
}

/// What one label comes to in both maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    pub overlap: Overlap,
    /// Around both versions.
    pub bounds: VoxelBox,
}

/// A reference and a prediction on the same grid.
#[derive(Debug)]
pub struct LabelPair<'a> {
    pub reference: &'a Labels,
    pub predicted: &'a Labels,
    reach: BTreeMap<u32, Reach>,
    /// Voxels of a reference label that have another label in the prediction.
    mixed: BTreeMap<(u32, u32), usize>,
}

impl<'a> LabelPair<'a> {
    /// Refuses maps on different grids.
    pub fn new(reference: &'a Labels, predicted: &'a Labels) -> Result<Self> {
        if !reference.geometry.matches(&predicted.geometry, 1e-2) {
            return Err(Error::refused(format!(
                "the prediction lies on another grid ({:?} voxels of {:?} mm) than the reference ({:?} of {:?})",
                predicted.geometry.size(),
                rounded(predicted.geometry.spacing_mm()),
                reference.geometry.size(),
                rounded(reference.geometry.spacing_mm()),
            )));
        }
        let (reach, mixed) = count(reference, predicted);
        Ok(Self { reference, predicted, reach, mixed })
    }

    /// Every label of either map.
    #[must_use]
    pub const fn labels(&self) -> &BTreeMap<u32, Reach> {
        &self.reach
    }

    /// The other label that most of a reference label's voxels were given, and how many.
    #[must_use]
    pub fn taken_for(&self, label: u32) -> Option<(u32, usize)> {
        let others = self.mixed.range((label, 0)..=(label, u32::MAX));
        others.map(|((_, other), voxels)| (*other, *voxels)).max_by_key(|(_, voxels)| *voxels)
    }

    /// Both versions of a label in the box around both.
    #[must_use]
    pub fn masks(&self, label: u32) -> (Mask, Mask) {
        let bounds = self.reach.get(&label).map(|reach| reach.bounds).unwrap_or_default();
        (self.reference.mask(label, bounds), self.predicted.mask(label, bounds))
    }
}

fn rounded(spacing: [f64; 3]) -> [f64; 3] {
    spacing.map(|mm| (mm * 1e4).round() / 1e4)
}

/// Counts of one side and what both share, by code; boxes by code.
struct Tally {
    sides: [Vec<(usize, VoxelBox)>; 2],
    both: HashMap<(u16, u16), usize>,
}

impl Tally {
    fn new(codes: [usize; 2]) -> Self {
        Self { sides: codes.map(|n| vec![(0, VoxelBox::default()); n]), both: HashMap::new() }
    }

    /// A stretch of a row in which neither map changes.
    fn add(&mut self, codes: (u16, u16), start: [usize; 3], length: usize) {
        let bounds = VoxelBox::new(start, [start[0] + length, start[1] + 1, start[2] + 1]);
        for (side, code) in self.sides.iter_mut().zip([codes.0, codes.1]) {
            if code != 0 {
                let (count, reach) = &mut side[usize::from(code)];
                *count += length;
                *reach = reach.union(&bounds);
            }
        }
        if codes.0 != 0 && codes.1 != 0 {
            *self.both.entry(codes).or_default() += length;
        }
    }

    fn join(mut self, other: Self) -> Self {
        for (mine, theirs) in self.sides.iter_mut().zip(other.sides) {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine = (mine.0 + theirs.0, mine.1.union(&theirs.1));
            }
        }
        other.both.into_iter().for_each(|(codes, n)| *self.both.entry(codes).or_default() += n);
        self
    }
}

fn count(reference: &Labels, predicted: &Labels) -> (BTreeMap<u32, Reach>, BTreeMap<(u32, u32), usize>) {
    let [width, height, depth] = reference.geometry.size();
    let sizes = [reference.labels.len(), predicted.labels.len()];
    let tally = (0..depth)
        .into_par_iter()
        .fold(
            || Tally::new(sizes),
            |mut tally, k| {
                for j in 0..height {
                    let row = (k * height + j) * width..(k * height + j + 1) * width;
                    stretches(&reference.codes[row.clone()], &predicted.codes[row], |codes, start, length| {
                        tally.add(codes, [start, j, k], length);
                    });
                }
                tally
            },
        )
        .reduce(|| Tally::new(sizes), Tally::join);
    let mut reach: BTreeMap<u32, Reach> = BTreeMap::new();
    for (side, (counts, labels)) in tally.sides.iter().zip([&reference.labels, &predicted.labels]).enumerate() {
        for (&(n, bounds), &label) in counts.iter().zip(labels).skip(1).filter(|((n, _), _)| *n > 0) {
            let none = Overlap { both: 0, reference: 0, predicted: 0 };
            let here = reach.entry(label).or_insert(Reach { overlap: none, bounds: VoxelBox::default() });
            here.bounds = here.bounds.union(&bounds);
            *(if side == 0 { &mut here.overlap.reference } else { &mut here.overlap.predicted }) = n;
        }
    }
    let mut mixed = BTreeMap::new();
    for ((a, b), n) in tally.both {
        let (label, other) = (reference.labels[usize::from(a)], predicted.labels[usize::from(b)]);
        if label != other {
            mixed.insert((label, other), n);
        } else if let Some(reach) = reach.get_mut(&label) {
            reach.overlap.both += n;
        }
    }
    (reach, mixed)
}

/// Calls `each` with every stretch of a row in which neither map changes and one of them is not background.
fn stretches(a: &[u16], b: &[u16], mut each: impl FnMut((u16, u16), usize, usize)) {
    const STEP: usize = 16;
    let mut at = 0;
    while at < a.len() {
        let codes = (a[at], b[at]);
        let mut end = at + 1;
        while end + STEP <= a.len() && same(&a[end..end + STEP], codes.0) && same(&b[end..end + STEP], codes.1) {
            end += STEP;
        }
        while end < a.len() && (a[end], b[end]) == codes {
            end += 1;
        }
        if codes != (0, 0) {
            each(codes, at, end - at);
        }
        at = end;
    }
}

/// Written so that it compiles to wide comparisons.
fn same(values: &[u16], code: u16) -> bool {
    values.iter().fold(0, |all, value| all | (value ^ code)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Random;
    use limner_imaging::{Samples, World};

    fn map(values: Vec<i16>) -> Labels {
        let geometry = Geometry::axis_aligned([37, 9, 5], World::default(), [1.0, 2.0, 3.0]).unwrap();
        Labels::of(Volume::new(geometry, Samples::from(values), 1).unwrap()).unwrap()
    }

    #[test]
    fn one_reading_counts_what_masks_count() {
        let mut random = Random::new(3);
        let mut values = || {
            let mut out = Vec::new();
            while out.len() < 37 * 9 * 5 {
                let value = [0, 0, 7, 300, 2][random.below(5)];
                out.extend(std::iter::repeat_n(value, 1 + random.below(60)));
            }
            out.truncate(37 * 9 * 5);
            out
        };
        let (a, b) = (map(values()), map(values()));
        let pair = LabelPair::new(&a, &b).unwrap();
        assert_eq!(pair.labels().keys().copied().collect::<Vec<_>>(), [2, 7, 300]);
        for (&label, reach) in pair.labels() {
            let (one, other) = (a.tight_mask(label), b.tight_mask(label));
            assert_eq!(reach.overlap, Overlap::of(&one, &other));
            assert_eq!(reach.bounds, one.bounds().union(&other.bounds()));
            let (one_cut, other_cut) = pair.masks(label);
            assert_eq!((one_cut.within(one.bounds()), other_cut.within(other.bounds())), (one, other));
        }
    }

    #[test]
    fn what_is_no_label_map_is_refused() {
        let geometry = Geometry::axis_aligned([2, 1, 1], World::default(), [1.0; 3]).unwrap();
        for samples in [Samples::F32(vec![0.0, 0.5]), Samples::I16(vec![0, -1]), Samples::F64(vec![0.0, f64::NAN])] {
            assert!(Labels::of(Volume::new(geometry, samples, 1).unwrap()).is_err());
        }
        let other = Geometry::axis_aligned([2, 1, 1], World::default(), [1.0, 1.0, 2.0]).unwrap();
        let [a, b] =
            [geometry, other].map(|g| Labels::of(Volume::new(g, Samples::U8(vec![0, 1]), 1).unwrap()).unwrap());
        assert!(LabelPair::new(&a, &a).is_ok());
        assert!(a.geometry.matches(&b.geometry, 1e-2), "one slice has no second to be off");
    }
}
