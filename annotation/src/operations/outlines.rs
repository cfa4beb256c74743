//! Outlines on slices as voxels: one belongs where its centre lies inside an odd number of the rings of an outline.
//!
//! Structure sets bring outlines along, and label maps are what networks are trained on.

use crate::contents::Contents;
use crate::entity::{ImageId, LabelId};
use crate::image_entry::ImageEntry;
use crate::shapes::{Form, Shape, Slice};
use crate::tools::lasso::rows_inside;
use glam::DVec2;
use limner_imaging::{Mask, VoxelBox};
use std::collections::BTreeMap;

/// The slice and the rings of a shape that encloses voxels.
fn outline(shape: &Shape) -> Option<(Slice, &[Vec<[f64; 2]>])> {
    match &shape.form {
        Form::Polygon { slice, rings } => Some((*slice, rings)),
        _ => None,
    }
}

/// Whether a shape is an outline of a label.
#[must_use]
pub fn is_outline(shape: &Shape) -> bool {
    shape.label.is_some() && outline(shape).is_some()
}

/// What the outlines of each label enclose on an image.
#[must_use]
pub fn enclosed(contents: &Contents, image: &ImageEntry) -> BTreeMap<LabelId, Mask> {
    let mut by_label: BTreeMap<LabelId, Vec<[usize; 4]>> = BTreeMap::new();
    for shape in contents.shapes_on(image.id) {
        let (Some(label), Some((slice, rings))) = (shape.label, outline(shape)) else { continue };
        by_label.entry(label).or_default().extend(runs(slice, rings, image.size()));
    }
    let masks = by_label.into_iter().map(|(label, runs)| (label, mask_of(&runs)));
    masks.filter(|(_, mask)| !mask.is_empty()).collect()
}

/// What the outlines of one label enclose.
#[must_use]
pub fn enclosed_by(contents: &Contents, image: ImageId, label: LabelId) -> Mask {
    let size = contents.image(image).map_or([0; 3], ImageEntry::size);
    let own = contents.shapes_on(image).filter(|shape| shape.label == Some(label)).filter_map(outline);
    mask_of(&own.flat_map(|(slice, rings)| runs(slice, rings, size)).collect::<Vec<_>>())
}

/// Voxels one by one along a row of the slice: where they begin, the axis they go on along, how many.
fn runs(slice: Slice, rings: &[Vec<[f64; 2]>], size: [usize; 3]) -> Vec<[usize; 4]> {
    let [x, y] = slice.axes_in_plane();
    if slice.index >= size[slice.axis] {
        return Vec::new();
    }
    let rings: Vec<Vec<DVec2>> = rings.iter().map(|ring| ring.iter().copied().map(DVec2::from).collect()).collect();
    let voxels = rows_inside(&rings, [size[x], size[y]]).flat_map(|(row, columns)| {
        columns.map(move |column| {
            let mut at = [slice.index; 3];
            (at[x], at[y]) = (column, row);
            at
        })
    });
    // A run along the columns of the volume is one entry, whatever plane it was drawn on.
    let mut runs: Vec<[usize; 4]> = Vec::new();
    for [i, j, k] in voxels {
        match runs.last_mut() {
            Some([start, row, plane, count]) if (*row, *plane) == (j, k) && *start + *count == i => *count += 1,
            _ => runs.push([i, j, k, 1]),
        }
    }
    runs
}

fn mask_of(runs: &[[usize; 4]]) -> Mask {
    let boxes = runs.iter().map(|[i, j, k, count]| VoxelBox::new([*i, *j, *k], [i + count, j + 1, k + 1]));
    let mut mask = Mask::empty(boxes.fold(VoxelBox::default(), |all, one| all.union(&one)));
    for [i, j, k, count] in runs {
        (*i..i + count).for_each(|column| mask.set([column, *j, *k], true));
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::document::Document;
    use crate::labels::Label;
    use limner_imaging::{Geometry, Samples, Volume, World};

    #[test]
    fn outlines_enclose_the_voxels_whose_centres_lie_inside_on_every_plane() {
        let grid = [9, 8, 7];
        let geometry = Geometry::axis_aligned(grid, World::new(0.0, 0.0, 0.0), [1.0, 1.0, 2.0]).unwrap();
        let volume = Volume::new(geometry, Samples::U8(vec![0; 9 * 8 * 7]), 1).unwrap();
        let image = ImageEntry::of_volume(&volume, "a.nii", "a");
        let labels = [Label::new(1, "organ"), Label::new(2, "hollow")];
        let square =
            |low: f64, high: f64| vec![[low, low + 0.25], [high, low + 0.25], [high, high + 0.25], [low, high + 0.25]];
        let polygon = |slice, rings, n: usize| Command::AddShape {
            shape: Shape::new(image.id, Form::Polygon { slice, rings }, Some(labels[n].id)),
        };
        let mut document = Document::new("reader");
        let start = vec![
            Command::AddImage { image: image.clone() },
            Command::AddLabel { label: labels[0].clone() },
            Command::AddLabel { label: labels[1].clone() },
            polygon(Slice::stored(3), vec![square(1.0, 4.0)], 0),
            polygon(Slice { axis: 0, index: 8 }, vec![square(2.0, 5.0)], 0),
            polygon(Slice::stored(6), vec![square(1.0, 7.0), square(3.0, 5.0)], 1),
        ];
        document.apply("Start", start).unwrap();
        let found = enclosed(&document, &image);
        let organ: Vec<_> = found[&labels[0].id].indices().collect();
        let expected = |[i, j, k]: [usize; 3]| {
            let on_stored = k == 3 && (1..4).contains(&i) && (1..4).contains(&j);
            on_stored || (i == 8 && (2..5).contains(&j) && (2..5).contains(&k))
        };
        let all = Mask::from_fn(VoxelBox::whole(grid), expected);
        assert_eq!(organ, all.indices().collect::<Vec<_>>());
        let hollow = &found[&labels[1].id];
        assert_eq!(hollow.count(), 36 - 4, "an inner ring is a hole");
        assert!(!hollow.get([3, 4, 6]) && hollow.get([2, 4, 6]));
        assert_eq!(enclosed_by(&document, image.id, labels[1].id), *hollow);
    }
}
