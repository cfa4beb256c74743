//! What every label of a layer covers, in one pass over the bricks that hold paint: voxels, volume, place, and the
//! picture's values under it. For tables of many regions; one region alone is measured by `measure`.

use crate::brick::{Brick, offset_in};
use crate::label_map::Layer;
use limner_imaging::{Volume, Voxel, VoxelBox, World, with_samples};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Figures of one label. Values are after rescale; what is no number is left out of them.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionStatistics {
    pub label: u16,
    pub voxels: u64,
    pub volume_mm3: f64,
    pub bounds: VoxelBox,
    /// The mean place of its voxels, in the patient.
    pub centre: World,
    /// `None` where no finite value lies under it.
    pub values: Option<ValueStatistics>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueStatistics {
    pub mean: f64,
    pub standard_deviation: f64,
    pub minimum: f64,
    pub maximum: f64,
}

/// The figures of all labels of a layer, by label. The layer must be of the volume's grid; what lies beyond it is left out.
#[must_use]
pub fn of_layer(layer: &Layer, volume: &Volume) -> Vec<RegionStatistics> {
    let bricks: Vec<(u32, &Brick)> = layer.painted_bricks().collect();
    let tallies = bricks
        .into_par_iter()
        .map(|(number, brick)| of_brick(layer.grid().brick_box(number), brick, volume))
        .reduce(BTreeMap::new, merged);
    tallies.into_iter().map(|(label, tally)| tally.finish(label, volume)).collect()
}

#[derive(Clone, Copy, Debug)]
struct Tally {
    voxels: u64,
    bounds: VoxelBox,
    places: [u64; 3],
    /// Finite values, their mean, and the sum of squared deviations from it.
    count: f64,
    mean: f64,
    squares: f64,
    low: f64,
    high: f64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            voxels: 0,
            bounds: VoxelBox::default(),
            places: [0; 3],
            count: 0.0,
            mean: 0.0,
            squares: 0.0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        }
    }
}

impl Tally {
    /// A run of voxels of a row, with the stored samples under it.
    #[inline]
    fn add_run(&mut self, [i, j, k]: [usize; 3], stored: impl ExactSizeIterator<Item = f64> + Clone) {
        let n = stored.len();
        self.voxels += n as u64;
        self.bounds = self.bounds.union(&VoxelBox::new([i, j, k], [i + n, j + 1, k + 1]));
        self.places[0] += (n * i + n * (n - 1) / 2) as u64;
        self.places[1] += (n * j) as u64;
        self.places[2] += (n * k) as u64;
        let (mut count, mut sum, mut low, mut high) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
        for value in stored.clone().filter(|value| value.is_finite()) {
            count += 1.0;
            sum += value;
            low = low.min(value);
            high = high.max(value);
        }
        if count == 0.0 {
            return;
        }
        let mean = sum / count;
        let squares = stored.filter(|value| value.is_finite()).map(|value| (value - mean) * (value - mean)).sum();
        self.join(count, mean, squares);
        self.low = self.low.min(low);
        self.high = self.high.max(high);
    }

    /// Exact also far from zero: means and deviations are joined, never sums of squares.
    fn join(&mut self, count: f64, mean: f64, squares: f64) {
        let all = self.count + count;
        let step = mean - self.mean;
        self.squares += squares + step * step * self.count * count / all;
        self.mean += step * count / all;
        self.count = all;
    }

    fn merge(&mut self, other: &Self) {
        self.voxels += other.voxels;
        self.bounds = self.bounds.union(&other.bounds);
        (0..3).for_each(|a| self.places[a] += other.places[a]);
        if other.count > 0.0 {
            self.join(other.count, other.mean, other.squares);
        }
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    fn finish(self, label: u16, volume: &Volume) -> RegionStatistics {
        let map = &volume.value_map;
        let place = std::array::from_fn(|a| self.places[a] as f64 / self.voxels as f64);
        let ends = [map.value(self.low), map.value(self.high)];
        let values = (self.count > 0.0).then(|| ValueStatistics {
            mean: map.value(self.mean),
            standard_deviation: (self.squares / self.count).sqrt() * map.slope.abs(),
            minimum: ends[0].min(ends[1]),
            maximum: ends[0].max(ends[1]),
        });
        RegionStatistics {
            label,
            voxels: self.voxels,
            volume_mm3: self.voxels as f64 * volume.geometry.voxel_volume_mm3(),
            bounds: self.bounds,
            centre: volume.geometry.world(Voxel(glam::DVec3::from_array(place))),
            values,
        }
    }
}

fn merged(mut all: BTreeMap<u16, Tally>, more: BTreeMap<u16, Tally>) -> BTreeMap<u16, Tally> {
    for (label, tally) in more {
        all.entry(label).or_default().merge(&tally);
    }
    all
}

fn of_brick(brick_box: VoxelBox, brick: &Brick, volume: &Volume) -> BTreeMap<u16, Tally> {
    let mut tallies = BTreeMap::new();
    let part = brick_box.intersection(&VoxelBox::whole(volume.size()));
    // A brick holds few labels: the last one met is mostly the next one.
    let mut last = (0_u16, Tally::default());
    let width = part.size()[0];
    let uniform = if let Brick::Uniform(value) = brick { vec![*value; width] } else { Vec::new() };
    for k in part.min[2]..part.max[2] {
        for j in part.min[1]..part.max[1] {
            let mut i = part.min[0];
            let row = match brick {
                Brick::Uniform(_) => uniform.as_slice(),
                Brick::Dense(values) => &values[offset_in(&brick_box, [i, j, k])..][..width],
            };
            for run in row.chunk_by(|a, b| a == b) {
                let label = run[0];
                if label != 0 {
                    if last.0 != label {
                        put_back(&mut tallies, last);
                        last = (label, tallies.remove(&label).unwrap_or_default());
                    }
                    add_samples(&mut last.1, volume, [i, j, k], run.len());
                }
                i += run.len();
            }
        }
    }
    put_back(&mut tallies, last);
    tallies
}

fn put_back(tallies: &mut BTreeMap<u16, Tally>, (label, tally): (u16, Tally)) {
    if label != 0 {
        tallies.insert(label, tally);
    }
}

#[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
fn add_samples(tally: &mut Tally, volume: &Volume, at: [usize; 3], count: usize) {
    let start = volume.geometry.linear_index(at);
    if volume.channels() == 1 {
        with_samples!(volume.samples(), v => tally.add_run(at, v[start..start + count].iter().map(|x| *x as f64)));
    } else {
        let first = |n: usize| volume.samples().get((start + n) * volume.channels());
        tally.add_run(at, (0..count).map(first));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label_map::LabelMap;
    use crate::measure::{self, Kind};
    use crate::packed::Patch;
    use glam::DVec3;
    use limner_imaging::{Geometry, Samples, ValueMap};

    #[test]
    fn the_table_says_what_each_region_says_alone() {
        let size = [70, 45, 40];
        let directions = [DVec3::new(0.0, 1.0, 0.0), DVec3::new(-0.6, 0.0, 0.8), DVec3::new(0.8, 0.0, 0.6)];
        let g = Geometry::from_parts(size, World::new(5.0, 6.0, 7.0), [0.5, 2.0, 3.0], directions).unwrap();
        let samples: Vec<i16> = (0..g.voxel_count()).map(|n| ((n * 7919) % 4001) as i16 - 1000).collect();
        let mut volume = Volume::new(g, Samples::I16(samples), 1).unwrap();
        volume.value_map = ValueMap { slope: -0.5, intercept: 20.0, unit: Some("HU".into()) };
        let image = crate::image_entry::ImageEntry::of_volume(&volume, "a", "a");
        let whole = VoxelBox::whole(size);
        let values = (0..whole.len()).map(|n| Some(if n % 5 == 0 { 0 } else { ((n / 97) % 4) as u16 }));
        let patch = Patch::from_values(whole, values.collect::<Vec<_>>().into_iter()).unwrap();
        let mut map = LabelMap::new(size);
        map.layer_mut(0).unwrap().write(patch.wishes(), |_| true);
        let table = of_layer(&map.layers()[0], &volume);
        assert_eq!(table.iter().map(|row| row.label).collect::<Vec<_>>(), [1, 2, 3]);
        for row in table {
            let mask = map.mask_of(row.label);
            assert_eq!((row.voxels, row.bounds), (mask.count() as u64, mask.tight_box()));
            assert!((row.volume_mm3 - measure::painted(&mask, &image).value).abs() < 1e-6);
            let alone = measure::statistics(&volume, &mask);
            let value = |kind| alone.iter().find(|m| m.kind == kind).unwrap().value;
            let values = row.values.unwrap();
            for (found, kind) in [
                (values.mean, Kind::Mean),
                (values.standard_deviation, Kind::StandardDeviation),
                (values.minimum, Kind::Minimum),
                (values.maximum, Kind::Maximum),
            ] {
                assert!((found - value(kind)).abs() < 1e-9, "{kind:?}");
            }
            let sum = mask.indices().map(|index| g.world(Voxel::centre(index)).0).sum::<DVec3>();
            assert!(row.centre.0.distance(sum / mask.count() as f64) < 1e-9);
        }
    }
}
