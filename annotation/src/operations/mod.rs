//! What can be done to a painted label as a whole. Sizes are in millimetres of the patient; frames in time or order are
//! worked on one by one. The result is always commands that carry the voxels, so locks, rules and undo hold as for paint.

use crate::command::{Command, PaintMode, PaintRule};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use crate::label_map::LabelMap;
use crate::operations::region::PaintOver;
use crate::packed::PackedMask;
use limner_imaging::field::{self, Connectivity};
use limner_imaging::{Mask, StackAxis, Volume};
use serde::{Deserialize, Serialize};

pub mod interpolate;
pub mod median;
pub mod outlines;
pub mod region;
pub mod sections;
pub mod smooth;
pub mod split;
pub mod transfer;

/// One label on one layer of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub image: ImageId,
    pub layer: usize,
    pub label: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    Grow {
        mm: f64,
    },
    Shrink {
        mm: f64,
    },
    /// Leaves a shell of this thickness, nowhere thinner than a voxel.
    Hollow {
        mm: f64,
    },
    /// Takes away what is thinner than twice the radius.
    Open {
        mm: f64,
    },
    /// Closes gaps narrower than twice the radius.
    Close {
        mm: f64,
    },
    Gaussian {
        sigma_mm: f64,
    },
    /// A voxel belongs where most of the ball around it does.
    Median {
        mm: f64,
    },
    FillHoles {
        slice_by_slice: bool,
    },
    /// Adds what the outlines of the label enclose.
    FillOutlines,
    KeepLargest,
    /// Takes away islands smaller than this.
    RemoveIslands {
        below_mm3: f64,
    },
    /// Adds, takes away or keeps only what another label has on the same layer's image.
    Unite {
        with: u16,
    },
    Subtract {
        other: u16,
    },
    Intersect {
        with: u16,
    },
    /// Fills the slices between painted ones along a voxel axis.
    Interpolate {
        axis: usize,
    },
    /// Adds a slice's area to another slice.
    CopySlice {
        axis: usize,
        from: usize,
        to: usize,
    },
}

/// What a label would be after an operation.
pub fn preview(contents: &Contents, target: Target, operation: Operation) -> Result<Mask> {
    let (image, map) = find(contents, target)?;
    let mask = map.mask_on(target.layer, target.label);
    let grid = image.size();
    let spacing = working_spacing_mm(image);
    let size = |mm: f64| -> Result<f64> {
        let usable = mm.is_finite() && mm > 0.0;
        usable.then_some(mm).ok_or_else(|| Error::refused("the size must be a positive number of millimetres"))
    };
    // What is empty stays empty under all but uniting.
    Ok(match operation {
        Operation::Grow { mm } => field::dilate(&mask, size(mm)?, spacing, grid),
        Operation::Shrink { mm } => field::erode(&mask, size(mm)?, spacing, grid),
        Operation::Hollow { mm } => shell(&mask, size(mm)?, spacing, grid),
        Operation::Open { mm } => field::open(&mask, size(mm)?, spacing, grid),
        Operation::Close { mm } => field::close(&mask, size(mm)?, spacing, grid),
        Operation::Gaussian { sigma_mm } => smooth::gaussian(&mask, size(sigma_mm)?, spacing, grid),
        Operation::Median { mm } => median::median(&mask, size(mm)?, spacing, grid),
        Operation::FillHoles { slice_by_slice } => {
            let flat = slice_by_slice || image.stack_axis != StackAxis::Space || grid[2] == 1;
            field::fill_holes(&mask, if flat { Connectivity::Slice4 } else { Connectivity::Face6 }, grid)
        }
        Operation::FillOutlines => {
            let label = contents.label_of_value(target.label).map(|label| label.id);
            label.map_or_else(|| mask.clone(), |id| union(&mask, &outlines::enclosed_by(contents, target.image, id)))
        }
        Operation::KeepLargest => {
            let parts = field::components(&mask, islands_hang_together(image));
            parts.largest().map_or(mask, |largest| parts.mask(largest))
        }
        Operation::RemoveIslands { below_mm3 } => {
            let voxels = size(below_mm3)? / image.geometry.voxel_volume_mm3();
            field::components(&mask, islands_hang_together(image)).keep(|_, part| part.voxels as f64 >= voxels)
        }
        Operation::Unite { with } => union(&mask, &map.mask_of(with)),
        Operation::Subtract { other } => without(&mask, &map.mask_of(other)),
        Operation::Intersect { with } => intersection(&mask, &map.mask_of(with)),
        Operation::Interpolate { axis } => interpolate::between_slices(&mask, axis, image.geometry.spacing_mm())?,
        Operation::CopySlice { axis, from, to } => {
            union(&mask, &interpolate::moved_slice(&mask, axis, from, to, grid)?)
        }
    })
}

/// The commands that make a label what an operation makes of it.
pub fn commands(contents: &Contents, target: Target, operation: Operation, rule: PaintRule) -> Result<Vec<Command>> {
    replacing(contents, target, &preview(contents, target, operation)?, rule)
}

/// The commands that make a label this mask and nothing else: voxels it loses are erased, those it gains are painted
/// under the rule.
pub fn replacing(contents: &Contents, target: Target, new: &Mask, rule: PaintRule) -> Result<Vec<Command>> {
    let (_, map) = find(contents, target)?;
    let old = map.mask_on(target.layer, target.label);
    let paint = |mask: Mask, mode: PaintMode, rule: PaintRule| Command::Paint {
        image: target.image,
        layer: target.layer,
        label: target.label,
        mask: PackedMask::pack(&mask),
        mode,
        rule,
    };
    let changes =
        [paint(without(&old, new), PaintMode::Erase, PaintRule::All), paint(without(new, &old), PaintMode::Set, rule)];
    let real = |command: &Command| !matches!(command, Command::Paint { mask, .. } if mask.bounds().is_empty());
    Ok(changes.into_iter().filter(real).collect())
}

/// As `replacing`, under a rule as a user chooses it: what is gained must be allowed, what is lost always goes.
pub fn replacing_over(
    contents: &Contents,
    target: Target,
    new: &Mask,
    over: PaintOver,
    volume: Option<&Volume>,
) -> Result<Vec<Command>> {
    let (_, map) = find(contents, target)?;
    let old = map.mask_on(target.layer, target.label);
    let gained = without(new, &old);
    let (allowed, rule) = over.applied(&gained, volume);
    replacing(contents, target, &union(&intersection(&old, new), &allowed), rule)
}

fn find(contents: &Contents, target: Target) -> Result<(&ImageEntry, &LabelMap)> {
    let missing = || Error::Missing { key: target.image.into() };
    let image = contents.image(target.image).ok_or_else(missing)?;
    Ok((image, contents.label_map(target.image).ok_or_else(missing)?))
}

/// Millimetres per voxel; frames in time or order are infinitely far apart, so that each is worked on for itself.
fn working_spacing_mm(image: &ImageEntry) -> [f64; 3] {
    let mut spacing = image.geometry.spacing_mm();
    if image.stack_axis != StackAxis::Space {
        spacing[2] = f64::INFINITY;
    }
    spacing
}

fn islands_hang_together(image: &ImageEntry) -> Connectivity {
    if image.stack_axis == StackAxis::Space { Connectivity::Corner26 } else { Connectivity::Slice8 }
}

fn shell(mask: &Mask, mm: f64, spacing_mm: [f64; 3], grid: [usize; 3]) -> Mask {
    let deeper_than_mm = field::erode(mask, mm, spacing_mm, grid);
    // Thick slices must not leave the shell open above and below.
    let one_voxel = spacing_mm.map(|spacing| if spacing.is_finite() { 1.0 } else { spacing });
    let deeper_than_a_voxel = field::erode(mask, 1.0, one_voxel, grid);
    without(mask, &intersection(&deeper_than_mm, &deeper_than_a_voxel))
}

fn intersection(a: &Mask, b: &Mask) -> Mask {
    Mask::from_fn(a.bounds(), |index| a.get(index) && b.get(index))
}

fn union(a: &Mask, b: &Mask) -> Mask {
    let mut union = a.within(a.bounds().union(&b.bounds()));
    b.indices().for_each(|index| union.set(index, true));
    union
}

fn without(a: &Mask, b: &Mask) -> Mask {
    let mut rest = a.clone();
    b.indices().for_each(|index| rest.set(index, false));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::labels::Label;
    use limner_imaging::{Geometry, Samples, Volume, VoxelBox, World};

    const GRID: [usize; 3] = [40, 30, 12];

    fn project(axis: StackAxis) -> (Document, Target) {
        let geometry = Geometry::axis_aligned(GRID, World::new(5.0, 6.0, 7.0), [1.0, 1.0, 2.5]).unwrap();
        let mut volume = Volume::new(geometry, Samples::U8(vec![0; GRID.iter().product()]), 1).unwrap();
        volume.stack_axis = axis;
        let image = ImageEntry::of_volume(&volume, "a.nii", "a");
        let target = Target { image: image.id, layer: 0, label: 1 };
        let mut document = Document::new("reader");
        let labels = (1..=3).map(|value| Command::AddLabel { label: Label::new(value, format!("l{value}")) });
        document.apply("Start", std::iter::once(Command::AddImage { image }).chain(labels).collect()).unwrap();
        (document, target)
    }

    fn paint(document: &mut Document, target: Target, inside: impl Fn([usize; 3]) -> bool) {
        let mask = Mask::from_fn(VoxelBox::whole(GRID), inside);
        let commands = replacing(document, target, &mask, PaintRule::All).unwrap();
        document.apply("Paint", commands).unwrap();
    }

    fn run(document: &mut Document, target: Target, operation: Operation) -> Mask {
        let expected = preview(document, target, operation).unwrap();
        let before = document.contents().clone();
        document.apply("Work", commands(document, target, operation, PaintRule::All).unwrap()).unwrap();
        let now = document.label_map(target.image).unwrap().mask_on(target.layer, target.label);
        assert_eq!(now.within(VoxelBox::whole(GRID)), expected.within(VoxelBox::whole(GRID)), "{operation:?}");
        let after = document.contents().clone();
        if after != before {
            document.undo().unwrap();
            assert_eq!(document.contents(), &before);
            document.redo().unwrap();
        }
        assert_eq!(document.contents(), &after);
        now
    }

    fn block([i, j, k]: [usize; 3]) -> bool {
        (10..30).contains(&i) && (8..22).contains(&j) && (3..9).contains(&k)
    }

    #[test]
    fn every_operation_is_commands_that_undo() {
        let (mut document, target) = project(StackAxis::Space);
        paint(&mut document, target, |v| block(v) && v != [20, 15, 6] || v == [2, 2, 2]);
        let other = Target { label: 2, ..target };
        paint(&mut document, other, |[i, j, k]| i < 9 && j == k);
        for operation in [
            Operation::FillHoles { slice_by_slice: false },
            Operation::KeepLargest,
            Operation::Grow { mm: 2.5 },
            Operation::Open { mm: 1.5 },
            Operation::Close { mm: 1.5 },
            Operation::Gaussian { sigma_mm: 1.2 },
            Operation::Median { mm: 2.0 },
            Operation::Hollow { mm: 2.0 },
            Operation::Subtract { other: 2 },
            Operation::RemoveIslands { below_mm3: 100.0 },
            Operation::CopySlice { axis: 2, from: 6, to: 10 },
            Operation::Interpolate { axis: 2 },
            Operation::Unite { with: 2 },
            Operation::Shrink { mm: 1.0 },
            Operation::Intersect { with: 2 },
        ] {
            run(&mut document, target, operation);
        }
    }

    #[test]
    fn islands_holes_and_shells_come_out_as_named() {
        let (mut document, target) = project(StackAxis::Space);
        paint(&mut document, target, |v| block(v) && v != [20, 15, 6] || v == [2, 2, 2] || v == [3, 3, 3]);
        assert!(run(&mut document, target, Operation::FillHoles { slice_by_slice: false }).get([20, 15, 6]));
        // Two voxels that touch at a corner are one island of 5 mm3.
        assert!(run(&mut document, target, Operation::RemoveIslands { below_mm3: 5.0 }).get([3, 3, 3]));
        let kept = run(&mut document, target, Operation::RemoveIslands { below_mm3: 5.1 });
        assert!(!kept.get([3, 3, 3]) && kept.get([10, 8, 3]));
        let shell = run(&mut document, target, Operation::Hollow { mm: 1.0 });
        assert!(shell.get([10, 15, 6]) && !shell.get([11, 15, 6]) && shell.get([20, 15, 3]));
    }

    #[test]
    fn a_segment_splits_into_its_islands_and_at_a_plane() {
        let (mut document, target) = project(StackAxis::Space);
        paint(&mut document, target, |v| block(v) || v == [2, 2, 2] || v == [35, 3, 3]);
        document.apply("Split", split::islands(&document, target).unwrap()).unwrap();
        let labels = document.labels();
        let parts: Vec<_> = labels.iter().filter(|label| label.instance_of.is_some()).collect();
        let map = document.label_map(target.image).unwrap();
        assert_eq!(parts.iter().map(|part| map.count(part.value)).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(map.count(1), 20 * 14 * 6);
        assert!(split::islands(&document, target).is_err());
        let image = document.image(target.image).unwrap();
        let middle = image.geometry.world(limner_imaging::Voxel::new(19.5, 15.0, 6.0));
        let plane = limner_imaging::Plane::oblique(middle, glam::DVec3::X).unwrap();
        document.apply("Split", split::by_plane(&document, target, &plane).unwrap()).unwrap();
        assert_eq!(document.label_map(target.image).unwrap().count(1), 10 * 14 * 6);
        document.undo().unwrap();
        document.undo().unwrap();
        assert_eq!(document.label_map(target.image).unwrap().count(1), 20 * 14 * 6 + 2);
        let far = limner_imaging::Plane::oblique(limner_imaging::World::new(999.0, 0.0, 0.0), glam::DVec3::X).unwrap();
        assert!(split::by_plane(&document, target, &far).is_err());
    }

    #[test]
    fn what_grows_stays_in_the_range_it_may_paint_over() {
        let (mut document, target) = project(StackAxis::Space);
        paint(&mut document, target, block);
        let geometry = document.image(target.image).unwrap().geometry;
        let bright = |n: usize| n % GRID[0] >= 30;
        let samples = (0..geometry.voxel_count()).map(|n| if bright(n) { 200 } else { 50 }).collect();
        let volume = Volume::new(geometry, Samples::U8(samples), 1).unwrap();
        let grown = preview(&document, target, Operation::Grow { mm: 2.0 }).unwrap();
        let over = PaintOver::Range { low: 150.0, high: 255.0 };
        let commands = replacing_over(&document, target, &grown, over, Some(&volume)).unwrap();
        document.apply("Grow", commands).unwrap();
        let now = document.label_map(target.image).unwrap().mask_on(target.layer, target.label);
        let whole = VoxelBox::whole(GRID);
        assert_eq!(now.within(whole), Mask::from_fn(whole, |v| block(v) || v[0] >= 30 && grown.get(v)));
        // What is taken away goes, whatever its value.
        let shrunk = preview(&document, target, Operation::Shrink { mm: 1.0 }).unwrap();
        let commands = replacing_over(&document, target, &shrunk, over, Some(&volume)).unwrap();
        document.apply("Shrink", commands).unwrap();
        assert_eq!(document.label_map(target.image).unwrap().count(1), shrunk.count() as u64);
    }

    #[test]
    fn smoothing_together_opens_no_gap_and_moves_no_other() {
        let (mut document, target) = project(StackAxis::Space);
        // Two halves with a ragged border between them, and a third label in a corner.
        let ragged = |v: [usize; 3]| v[0] < 20 + (v[1] * 7 + v[2] * 5) % 4;
        paint(&mut document, target, |v| block(v) && ragged(v));
        paint(&mut document, Target { label: 2, ..target }, |v| block(v) && !ragged(v));
        paint(&mut document, Target { label: 3, ..target }, |v| v[0] < 3 && v[1] < 3);
        let before = document.contents().clone();
        let values = |document: &Document| document.label_map(target.image).unwrap().copy_box(0, VoxelBox::whole(GRID));
        let border =
            |values: &[u16]| values.windows(2).filter(|pair| [[1, 2], [2, 1]].contains(&[pair[0], pair[1]])).count();
        let old = values(&document);
        let command = smooth::joint(&document, target.image, 0, &[1, 2], 1.5).unwrap();
        document.apply("Smooth", vec![command]).unwrap();
        let new = values(&document);
        assert_eq!(document.label_map(target.image).unwrap().count(3), 3 * 3 * 12);
        // Well inside the block every voxel still has one of the two.
        let inner = Mask::from_fn(VoxelBox::new([13, 11, 5], [27, 19, 7]), |_| true);
        let at = |[i, j, k]: [usize; 3]| (k * GRID[1] + j) * GRID[0] + i;
        assert!(inner.indices().all(|v| [1, 2].contains(&new[at(v)])), "a gap opened");
        assert!(new != old && border(&new) <= border(&old), "the border became no straighter");
        document.undo().unwrap();
        assert_eq!(document.contents(), &before);
        assert!(smooth::joint(&document, target.image, 0, &[1, 2], 0.0).is_err());
    }

    #[test]
    fn frames_do_not_grow_into_each_other() {
        let (mut document, target) = project(StackAxis::Time);
        paint(&mut document, target, |v| v == [20, 15, 6]);
        let grown = run(&mut document, target, Operation::Grow { mm: 3.0 });
        assert_eq!(grown.tight_box(), VoxelBox::new([17, 12, 6], [24, 19, 7]));
    }

    #[test]
    fn locked_labels_stay_and_bad_sizes_are_refused() {
        let (mut document, target) = project(StackAxis::Space);
        paint(&mut document, target, block);
        let other = Target { label: 2, ..target };
        paint(&mut document, other, |[i, j, k]| i == 31 && (8..22).contains(&j) && k == 5);
        let label = document.label_of_value(2).unwrap().clone();
        document.apply("Lock", vec![Command::EditLabel { label: Label { locked: true, ..label } }]).unwrap();
        document
            .apply("Grow", commands(&document, target, Operation::Grow { mm: 3.0 }, PaintRule::All).unwrap())
            .unwrap();
        assert_eq!(document.label_map(target.image).unwrap().count(2), 14);
        for mm in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(preview(&document, target, Operation::Grow { mm }).is_err());
        }
        assert!(preview(&document, target, Operation::Interpolate { axis: 3 }).is_err());
        assert!(preview(&document, target, Operation::CopySlice { axis: 2, from: 1, to: 99 }).is_err());
    }
}
