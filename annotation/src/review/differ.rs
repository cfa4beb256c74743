//! Where versions of one picture differ, voxel by voxel: maps to be laid over it, the places to look at first, and the part
//! under a pointer that one version is taken for.
//!
//! `only` restricts everything to one label; without it labels are told apart, so that left taken for right is no agreement.

use crate::metrics::Labels;
use limner_imaging::field::{Connectivity, components, distance_to, signed_distance};
use limner_imaging::{Mask, Task, VoxelBox};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// A number for every voxel of a box, columns fastest; 0 is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    pub bounds: VoxelBox,
    pub codes: Vec<u16>,
}

/// What two versions say of a voxel, as numbers of a sheet.
pub mod said {
    pub const BOTH: u16 = 1;
    pub const ONLY_A: u16 = 2;
    pub const ONLY_B: u16 = 3;
    /// Each has another label.
    pub const OTHERWISE: u16 = 4;
}

/// Steps of a distance map to either side.
pub const STEPS: u16 = 8;

/// Numbers from 1 to 2 × `STEPS`: from so many mm inside the first version's surface to so many outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distances {
    pub sheet: Sheet,
    /// What the last step to either side reaches.
    pub reach_mm: f32,
}

/// A place where versions differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub voxel: [usize; 3],
    /// How far the nearest voxel is that all agree on.
    pub depth_mm: f32,
    /// What each version says there.
    pub said: Vec<u32>,
}

/// One version's labels under the numbers they are kept by.
fn value(labels: &Labels, n: usize, only: Option<u32>) -> u32 {
    let (codes, names) = labels.codes();
    let value = names[usize::from(codes[n])];
    only.map_or(value, |only| if value == only { value } else { 0 })
}

fn reach(versions: &[&Labels], only: Option<u32>) -> VoxelBox {
    let one = |labels: &&Labels| only.map_or_else(|| labels.bounds(), |label| labels.tight_mask(label).bounds());
    versions.iter().map(one).fold(VoxelBox::default(), |all, one| all.union(&one))
}

/// Fills a sheet from the linear index of each voxel, slices side by side.
fn sheet(bounds: VoxelBox, labels: &Labels, code: impl Fn(usize) -> u16 + Sync) -> Sheet {
    let mut codes = vec![0; bounds.len()];
    let size = bounds.size();
    codes.par_chunks_mut(size[0].max(1)).enumerate().for_each(|(row, out)| {
        let at = [bounds.min[0], bounds.min[1] + row % size[1], bounds.min[2] + row / size[1]];
        let start = labels.geometry.linear_index(at);
        out.iter_mut().enumerate().for_each(|(n, out)| *out = code(start + n));
    });
    Sheet { bounds, codes }
}

/// One version as it is: numbers are places in the list of its labels, `Labels::codes`.
#[must_use]
pub fn itself(version: &Labels) -> Sheet {
    let codes = version.codes().0;
    sheet(version.bounds(), version, |n| codes[n])
}

/// Agreed, only the first, only the second, or each another label (`said`).
#[must_use]
pub fn agreement(a: &Labels, b: &Labels, only: Option<u32>) -> Sheet {
    sheet(reach(&[a, b], only), a, |n| match (value(a, n, only), value(b, n, only)) {
        (0, 0) => 0,
        (one, other) if one == other => said::BOTH,
        (_, 0) => said::ONLY_A,
        (0, _) => said::ONLY_B,
        _ => said::OTHERWISE,
    })
}

/// How many versions would have to change to make all say the same: 0 where all do.
#[must_use]
pub fn disputes(versions: &[&Labels], only: Option<u32>) -> Sheet {
    let Some(first) = versions.first() else { return Sheet::default() };
    sheet(reach(versions, only), first, |n| {
        let said = |labels: &&Labels| value(labels, n, only);
        let most = versions.iter().map(said).map(|one| versions.iter().filter(|v| said(v) == one).count()).max();
        (versions.len() - most.unwrap_or(0)) as u16
    })
}

/// How far voxels that only one of two versions has lie from the surface of the first.
pub fn distances(a: &Labels, b: &Labels, only: Option<u32>, task: &Task) -> crate::Result<Distances> {
    let bounds = reach(&[a, b], only);
    let labels: BTreeSet<u32> = match only {
        Some(label) => BTreeSet::from([label]),
        None => a.labels().into_iter().chain(b.labels()).collect(),
    };
    let mut mm = vec![f32::NAN; bounds.len()];
    let size = bounds.size();
    for label in labels {
        task.cancel.check()?;
        let own = a.tight_mask(label).bounds().union(&b.tight_mask(label).bounds());
        let (one, other) = (a.mask(label, own), b.mask(label, own));
        if one.is_empty() || other.is_empty() {
            continue;
        }
        // A voxel more around, so that what fills its box has an outside.
        let wide = own.grown([1; 3], a.geometry.size());
        let field = signed_distance(&one.within(wide), a.geometry.spacing_mm());
        for index in own_indices(own).filter(|index| one.get(*index) != other.get(*index)) {
            let [i, j, k] = std::array::from_fn(|axis| index[axis] - bounds.min[axis]);
            mm[(k * size[1] + j) * size[0] + i] = field.get(index).unwrap_or(f32::NAN);
        }
    }
    let far = mm.iter().filter(|mm| mm.is_finite()).fold(0.0_f32, |far, mm| far.max(mm.abs()));
    let reach_mm = far.ceil().max(1.0);
    let code = |mm: &f32| {
        if !mm.is_finite() {
            return 0;
        }
        let step = (mm.abs() / reach_mm * f32::from(STEPS)).ceil().clamp(1.0, f32::from(STEPS)) as u16;
        if *mm < 0.0 { STEPS + 1 - step } else { STEPS + step }
    };
    let codes = mm.iter().map(code).collect();
    Ok(Distances { sheet: Sheet { bounds, codes }, reach_mm })
}

fn own_indices(bounds: VoxelBox) -> impl Iterator<Item = [usize; 3]> {
    let [i, j, k] = std::array::from_fn(|axis| bounds.min[axis]..bounds.max[axis]);
    k.flat_map(move |k| {
        let i = i.clone();
        j.clone().flat_map(move |j| i.clone().map(move |i| [i, j, k]))
    })
}

/// Where versions differ most, the deepest first: a missing part comes before a rim that is one voxel off.
#[must_use]
pub fn places(versions: &[&Labels], only: Option<u32>) -> Vec<Place> {
    const MOST: usize = 60;
    /// Nearer than this to a deeper one is the same place.
    const APART_MM: f64 = 10.0;
    let Some(first) = versions.first() else { return Vec::new() };
    let differs = |n: usize| versions.iter().any(|v| value(v, n, only) != value(first, n, only));
    let bounds = reach(versions, only).grown([1; 3], first.geometry.size());
    let alike = sheet(bounds, first, |n| u16::from(!differs(n)));
    let agreed = Mask::from_voxels(bounds, alike.codes.iter().map(|code| *code != 0).collect());
    let Some(agreed) = agreed.filter(|mask| !mask.voxels().iter().all(|inside| *inside)) else { return Vec::new() };
    let spacing = first.geometry.spacing_mm();
    let field = distance_to(&agreed, spacing);
    let depth = |index: [usize; 3]| field.get(index).map_or(0.0, |mm| if mm.is_finite() { mm } else { f32::MAX });
    let is_peak = |index: &[usize; 3]| {
        let here = depth(*index);
        let around = (0..6).filter_map(|side| {
            let mut near = *index;
            near[side / 2] = near[side / 2].checked_add_signed(if side % 2 == 0 { 1 } else { -1 })?;
            Some(near)
        });
        here > 0.0 && around.into_iter().all(|near| depth(near) <= here)
    };
    let mut peaks: Vec<[usize; 3]> = own_indices(bounds).filter(is_peak).collect();
    peaks.sort_by(|a, b| depth(*b).total_cmp(&depth(*a)));
    for equal in peaks.chunk_by_mut(|a, b| depth(*a) == depth(*b)) {
        from_the_middle(equal, spacing);
    }
    let mut kept: Vec<Place> = Vec::new();
    for voxel in peaks {
        let mm = |place: &Place| {
            let along = |axis: usize| (place.voxel[axis] as f64 - voxel[axis] as f64) * spacing[axis];
            (0..3).map(|axis| along(axis).powi(2)).sum::<f64>().sqrt()
        };
        if kept.iter().all(|place| mm(place) > APART_MM.max(2.0 * f64::from(place.depth_mm.min(1e6)))) {
            let n = first.geometry.linear_index(voxel);
            let said = versions.iter().map(|labels| value(labels, n, None)).collect();
            kept.push(Place { voxel, depth_mm: depth(voxel), said });
        }
        if kept.len() == MOST {
            break;
        }
    }
    kept
}

/// Of places that lie equally deep the one in their middle comes first: a slab has as many as it has voxels in its middle.
fn from_the_middle(places: &mut [[usize; 3]], spacing: [f64; 3]) {
    let middle: [f64; 3] =
        std::array::from_fn(|axis| places.iter().map(|place| place[axis] as f64).sum::<f64>() / places.len() as f64);
    let off = |place: &[usize; 3]| {
        (0..3).map(|axis| ((place[axis] as f64 - middle[axis]) * spacing[axis]).powi(2)).sum::<f64>()
    };
    places.sort_by(|a, b| off(a).total_cmp(&off(b)));
}

/// What hangs together under a voxel and is taken from one version or the other: where they differ on a label the part they
/// differ on, where they agree the part itself. With the label it is about.
#[must_use]
pub fn part_at(a: &Labels, b: &Labels, only: Option<u32>, voxel: [usize; 3]) -> Option<(u32, Mask)> {
    let said = [a, b].map(|labels| labels.label_at(voxel));
    let label = only.or_else(|| said.into_iter().find(|label| *label != 0))?;
    let bounds = reach(&[a, b], Some(label));
    let (one, other) = (a.mask(label, bounds), b.mask(label, bounds));
    let differ = one.get(voxel) != other.get(voxel);
    if !differ && !one.get(voxel) {
        return None;
    }
    let both = one.voxels().iter().zip(other.voxels());
    let voxels = both.map(|(one, other)| if differ { one != other } else { *one && *other }).collect();
    let parts = components(&Mask::from_voxels(bounds, voxels)?, Connectivity::Face6);
    Some((label, parts.mask(parts.at(voxel)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, Volume, World};

    /// Cubes of labels on a grid of uneven voxels.
    fn labels(cubes: &[(u8, [usize; 3], [usize; 3])]) -> Labels {
        let geometry = Geometry::axis_aligned([20, 16, 12], World::new(5.0, -7.0, 9.0), [1.0, 2.0, 3.0]).unwrap();
        let mut samples = vec![0_u8; 20 * 16 * 12];
        for (label, min, max) in cubes {
            for index in own_indices(VoxelBox::new(*min, *max)) {
                samples[geometry.linear_index(index)] = *label;
            }
        }
        Labels::of(Volume::new(geometry, Samples::U8(samples), 1).unwrap()).unwrap()
    }

    fn code(sheet: &Sheet, index: [usize; 3]) -> u16 {
        let size = sheet.bounds.size();
        let [i, j, k] = std::array::from_fn(|a| index[a] - sheet.bounds.min[a]);
        sheet.codes[(k * size[1] + j) * size[0] + i]
    }

    #[test]
    fn two_versions_agree_differ_and_take_one_label_for_another() {
        let a = labels(&[(1, [2, 2, 2], [8, 8, 8]), (2, [10, 2, 2], [14, 8, 8])]);
        let b = labels(&[(1, [4, 2, 2], [9, 8, 8]), (1, [10, 2, 2], [14, 8, 8])]);
        let map = agreement(&a, &b, None);
        let at = |i| code(&map, [i, 4, 4]);
        assert_eq!([2, 5, 8, 9, 12].map(at), [said::ONLY_A, said::BOTH, said::ONLY_B, 0, said::OTHERWISE]);
        let one = agreement(&a, &b, Some(2));
        assert_eq!((one.bounds.min[0], code(&one, [12, 4, 4])), (10, said::ONLY_A));
        let all = disputes(&[&a, &b, &b], None);
        assert_eq!([2, 5, 12].map(|i| code(&all, [i, 4, 4])), [1, 0, 1]);
    }

    #[test]
    fn a_distance_is_counted_in_mm_from_the_first_surface_to_either_side() {
        let a = labels(&[(1, [5, 4, 4], [9, 8, 8])]);
        let b = labels(&[(1, [3, 4, 4], [7, 8, 8])]);
        let map = distances(&a, &b, None, &Task::default()).unwrap();
        assert_eq!(map.reach_mm, 2.0);
        let at = |i| code(&map.sheet, [i, 5, 5]);
        assert_eq!(at(5), 0, "where both are there is no distance");
        assert_eq!((at(3), at(4)), (2 * STEPS, STEPS + STEPS / 2), "two mm and one mm outside");
        assert!((1..=STEPS).contains(&at(8)) && (1..=STEPS).contains(&at(7)), "inside");
    }

    #[test]
    fn the_deepest_place_comes_first_and_a_rim_last() {
        let a = labels(&[(1, [1, 2, 1], [6, 12, 8]), (2, [10, 2, 1], [18, 12, 9])]);
        // Label 1 has lost a rim, label 2 is gone.
        let b = labels(&[(1, [2, 2, 1], [6, 12, 8])]);
        let found = places(&[&a, &b], None);
        let (first, last) = (found.first().unwrap(), found.last().unwrap());
        assert_eq!((first.said.as_slice(), last.said.as_slice()), ([2, 0].as_slice(), [1, 0].as_slice()));
        assert!(first.depth_mm >= 4.0 && last.depth_mm <= 1.0, "{found:?}");
        assert!(VoxelBox::new([12, 4, 3], [16, 10, 7]).contains(first.voxel), "in the middle of what is gone");
        assert!(places(&[&a, &a], None).is_empty());
        assert_eq!(places(&[&a, &b], Some(1)).first().map(|place| place.voxel[0]), Some(1));
    }

    #[test]
    fn the_part_under_the_pointer_is_what_is_disputed_there() {
        let a = labels(&[(1, [2, 2, 2], [8, 8, 8]), (1, [12, 2, 2], [15, 5, 5])]);
        let b = labels(&[(1, [4, 2, 2], [8, 8, 8])]);
        let (label, part) = part_at(&a, &b, None, [2, 3, 3]).unwrap();
        assert_eq!((label, part.count()), (1, 2 * 36));
        let (_, far) = part_at(&a, &b, None, [13, 3, 3]).unwrap();
        assert_eq!(far.count(), 27, "the other disputed part is another one");
        assert_eq!(part_at(&a, &b, None, [5, 5, 5]).unwrap().1.count(), 4 * 36, "where both agree, what both have");
        assert!(part_at(&a, &b, None, [19, 15, 11]).is_none());
    }
}
