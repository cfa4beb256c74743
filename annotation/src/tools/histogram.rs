//! How often each value lies under a mask, for the statistics of an area.

use limner_imaging::{Mask, Volume};

#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    pub low: f64,
    pub high: f64,
    pub counts: Vec<u32>,
    /// Voxels under the mask whose value is a number.
    pub voxels: u32,
    pub median: f64,
}

/// In at most `bins` steps of equal width; whole numbers get steps of whole width. `None` where no value is a number.
#[must_use]
pub fn of(volume: &Volume, mask: &Mask, bins: usize) -> Option<Histogram> {
    let size = volume.size();
    let inside = mask.indices().filter(|index| (0..3).all(|a| index[a] < size[a]));
    let mut values: Vec<f64> = inside.map(|index| volume.value(index)).filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (*values.first()?, *values.last()?);
    let whole = values.iter().all(|value| value.fract() == 0.0);
    let bins = bins.max(1) as f64;
    let width = if whole { ((high - low + 1.0) / bins).ceil() } else { (high - low) / bins };
    let width = if width > 0.0 { width } else { 1.0 };
    let steps = if whole { ((high - low + 1.0) / width).ceil() } else { bins };
    let mut counts = vec![0; steps as usize];
    for value in &values {
        let n = (((value - low) / width) as usize).min(counts.len() - 1);
        counts[n] += 1;
    }
    let high = low + width * steps;
    let median = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
    Some(Histogram { low, high, counts, voxels: values.len() as u32, median })
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, VoxelBox, World};

    #[test]
    fn every_voxel_is_counted_once() {
        let geometry = Geometry::axis_aligned([20, 10, 1], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::I16((0..200).map(|n| n % 50).collect()), 1).unwrap();
        let mask = Mask::from_fn(VoxelBox::whole([20, 10, 1]), |v| v[0] != 3);
        let found = of(&volume, &mask, 16).unwrap();
        assert_eq!(found.counts.iter().sum::<u32>(), 190);
        assert_eq!((found.voxels, found.low, found.counts.len()), (190, 0.0, 13));
        assert_eq!(found.high, 52.0, "steps of four");
        let one = of(&volume, &Mask::from_fn(VoxelBox::new([5, 0, 0], [6, 1, 1]), |_| true), 16).unwrap();
        assert_eq!((one.counts.as_slice(), one.median), ([1].as_slice(), 5.0));
        assert_eq!(of(&volume, &Mask::empty(VoxelBox::default()), 16), None);
    }
}
