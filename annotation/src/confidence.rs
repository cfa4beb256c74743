//! How sure somebody is, voxel by voxel, that it belongs: what no hard outline can say of a border that nobody sees.

use crate::error::{Error, Result};
use crate::exchange::outline;
use crate::exchange::rle::Rle;
use crate::packed::{Patch, UNTOUCHED};
use crate::shapes::{Form, Slice};
use limner_imaging::{Mask, VoxelBox};
use serde::{Deserialize, Serialize};

/// The value of a voxel that belongs without doubt.
const SURE: u16 = 255;

/// On paper: the box and runs of `[count, value]` with values from 0 to 255, null where nobody said anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfidenceMap(Patch);

impl ConfidenceMap {
    /// From a share from 0 to 1 a voxel of the box, columns fastest, `None` where nobody said anything. `None` where the
    /// numbers are no shares or not one a voxel.
    #[must_use]
    pub fn of_shares(bounds: VoxelBox, shares: &[Option<f64>]) -> Option<Self> {
        if shares.iter().flatten().any(|share| !(0.0..=1.0).contains(share)) {
            return None;
        }
        let values = shares.iter().map(|share| share.map(|share| (share * f64::from(SURE)).round() as u16));
        Patch::from_values(bounds, values).map(Self)
    }

    #[must_use]
    pub const fn bounds(&self) -> VoxelBox {
        self.0.bounds()
    }

    /// How sure somebody is at each voxel of the box, columns fastest.
    #[must_use]
    pub fn shares(&self) -> Vec<Option<f64>> {
        let mut shares = Vec::with_capacity(self.bounds().len());
        for (value, count) in self.0.runs() {
            let share = (value != UNTOUCHED).then(|| f64::from(value) / f64::from(SURE));
            shares.resize(shares.len() + count, share);
        }
        shares.resize(self.bounds().len(), None);
        shares
    }

    /// Where somebody is at least this sure.
    #[must_use]
    pub fn at_least(&self, share: f64) -> Mask {
        let inside = self.shares().into_iter().map(|found| found.is_some_and(|found| found >= share)).collect();
        Mask::from_voxels(self.bounds(), inside).unwrap_or_else(|| Mask::empty(self.bounds()))
    }

    /// How many voxels belong, each counted as far as somebody is sure of it.
    #[must_use]
    pub fn expected_voxels(&self) -> f64 {
        let sum: u64 =
            self.0.runs().filter(|(value, _)| *value != UNTOUCHED).map(|(value, n)| u64::from(value) * n as u64).sum();
        sum as f64 / f64::from(SURE)
    }

    /// The outline on a slice of what more likely belongs than not; `None` where there is none of it.
    pub(crate) fn outline(&self, slice: Slice) -> Option<Form> {
        let (bounds, [a, b]) = (self.bounds(), slice.axes_in_plane());
        if !(bounds.min[slice.axis]..bounds.max[slice.axis]).contains(&slice.index) {
            return None;
        }
        let [width, height] = [a, b].map(|axis| bounds.size()[axis]);
        let mut values = vec![0; width * height];
        for at in self.likely_on(slice) {
            values[(at[b] - bounds.min[b]) * width + at[a] - bounds.min[a]] = 1;
        }
        let from = [a, b].map(|axis| bounds.min[axis] as f64);
        let likely = Rle::of_values(&values, width, height).remove(&1)?;
        let moved = |ring: Vec<[f64; 2]>| ring.into_iter().map(|[x, y]| [x + from[0], y + from[1]]).collect();
        Some(Form::Polygon { slice, rings: outline::rings(&likely).into_iter().map(moved).collect() })
    }

    /// The voxels of a slice that more likely belong than not. Nothing is unpacked: a reader turns over many slices.
    fn likely_on(&self, slice: Slice) -> impl Iterator<Item = [usize; 3]> + '_ {
        let bounds = self.bounds();
        let [columns, rows, _] = bounds.size();
        let along = slice.index - bounds.min[slice.axis];
        // Slices across the last axis lie together; of others every row or voxel is looked at.
        let part = if slice.axis == 2 { along * columns * rows..(along + 1) * columns * rows } else { 0..bounds.len() };
        let mut start = 0;
        let likely = self.0.runs().filter_map(move |(value, count)| {
            let run = start..start + count;
            start += count;
            (value != UNTOUCHED && 2 * value > u32::from(SURE))
                .then(|| run.start.max(part.start)..run.end.min(part.end))
        });
        let place = move |n: usize| [n % columns, n / columns % rows, n / (columns * rows)];
        let found = likely.flatten().map(place).filter(move |at| at[slice.axis] == along);
        found.map(move |at| std::array::from_fn(|axis| bounds.min[axis] + at[axis]))
    }

    pub(crate) fn check(&self, size: [usize; 3]) -> Result<()> {
        if (0..3).any(|axis| self.bounds().max[axis] > size[axis]) {
            return Err(Error::refused(format!("the confidence map reaches beyond the image's {size:?} voxels")));
        }
        match self.0.values().last() {
            Some(value) if *value > SURE => {
                Err(Error::refused(format!("a confidence is a number from 0 to {SURE}, and {value} is not")))
            }
            _ => Ok(()),
        }
    }

    /// Whether it says anything of any voxel.
    pub(crate) fn says_something(&self) -> bool {
        !self.0.values().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure;
    use crate::shapes::Shape;
    use crate::{Document, ImageEntry};
    use limner_imaging::{Geometry, Samples, Volume, World};

    fn image() -> ImageEntry {
        let geometry = Geometry::axis_aligned([9, 8, 7], World::new(3.0, -2.0, 5.0), [0.5, 2.0, 3.0]).unwrap();
        ImageEntry::of_volume(&Volume::new(geometry, Samples::U8(vec![0; 504]), 1).unwrap(), "a.nii", "a")
    }

    /// Sure in the middle column, half sure beside it on the left, nothing said on the right.
    fn map() -> ConfidenceMap {
        let row = [Some(0.5019), Some(1.0), None];
        ConfidenceMap::of_shares(VoxelBox::new([4, 1, 2], [7, 3, 4]), &row.repeat(4)).unwrap()
    }

    #[test]
    fn shares_come_back_and_are_counted() {
        let map = map();
        assert_eq!(map.at_least(0.9).count(), 4);
        assert_eq!(map.at_least(0.5).tight_box(), VoxelBox::new([4, 1, 2], [6, 3, 4]));
        assert!((map.expected_voxels() - 4.0 * (1.0 + 128.0 / 255.0)).abs() < 1e-12);
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(serde_json::from_str::<ConfidenceMap>(&text).unwrap(), map);
        assert_eq!(ConfidenceMap::of_shares(map.bounds(), &map.shares()), Some(map.clone()));
        assert_eq!(ConfidenceMap::of_shares(map.bounds(), &[Some(1.5); 12]), None);
        assert_eq!(ConfidenceMap::of_shares(map.bounds(), &[Some(0.5); 11]), None);
    }

    #[test]
    fn a_slice_shows_what_likely_belongs_where_it_lies() {
        let map = map();
        let found = |axis, index| match map.outline(Slice { axis, index }) {
            Some(Form::Polygon { rings, .. }) => {
                let [min, max] = [f64::min, f64::max]
                    .map(|pick| [0, 1].map(|n| rings.iter().flatten().map(|p| p[n]).reduce(pick).unwrap_or_default()));
                Some((rings.len(), min, max))
            }
            _ => None,
        };
        assert_eq!(found(2, 3), Some((1, [4.0, 1.0], [6.0, 3.0])));
        assert_eq!(found(1, 2), Some((1, [4.0, 2.0], [6.0, 4.0])));
        assert_eq!(found(0, 5), Some((1, [1.0, 2.0], [3.0, 4.0])));
        assert_eq!((found(0, 6), found(2, 4), found(2, 1)), (None, None, None));
    }

    #[test]
    fn a_map_is_kept_as_a_shape_and_measured_and_one_that_does_not_fit_is_refused() {
        let (image, map) = (image(), map());
        let mut document = Document::new("reader");
        document.apply("Add", vec![crate::Command::put(image.clone())]).unwrap();
        let shape = Shape::new(image.id, Form::ConfidenceMap { map: map.clone() }, None);
        document.apply("Draw", vec![crate::Command::put(shape.clone())]).unwrap();
        let measured = measure::of_shape(&shape, &image);
        let [volume] = measured.as_slice() else { panic!("{measured:?}") };
        assert!((volume.value - map.expected_voxels() * 3.0).abs() < 1e-9 && volume.unit == "mm3", "{volume:?}");
        let too_far = VoxelBox::new([8, 1, 2], [11, 3, 4]);
        let too_sure = r#"{"min":[0,0,0],"max":[2,1,1],"runs":[[2,256]]}"#;
        for map in [
            ConfidenceMap::of_shares(too_far, &[Some(0.5); 12]).unwrap(),
            ConfidenceMap::of_shares(map.bounds(), &[None; 12]).unwrap(),
            serde_json::from_str(too_sure).unwrap(),
        ] {
            let wrong = Shape::new(image.id, Form::ConfidenceMap { map }, None);
            assert!(document.apply("Draw", vec![crate::Command::put(wrong)]).is_err());
        }
    }
}
