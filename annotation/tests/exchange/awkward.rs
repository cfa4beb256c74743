//! Grids that no scanner makes on purpose: oblique and left-handed, 511 columns, frames in time; three labels that overlap, one
//! of them with a hole. What a format holds comes back at the same place in the patient.

use glam::{DMat3, DVec3};
use limner_annotation::exchange::{Options, Reading, apply, by_name, export, read};
use limner_annotation::{Command, Document, ImageEntry, Label, PackedMask, PaintMode, PaintRule, Result};
use limner_imaging::{Geometry, Mask, Samples, StackAxis, Task, Volume, Voxel, VoxelBox, World};
use std::path::Path;

const WIDE: [usize; 3] = [511, 9, 4];

/// Turned about no axis of the patient, and mirrored: columns, rows and slices are a left hand.
fn oblique_and_left_handed(size: [usize; 3]) -> Geometry {
    let turn = DMat3::from_axis_angle(DVec3::new(0.3, -1.0, 2.0).normalize(), 1.1);
    let directions = [turn * DVec3::X, turn * DVec3::NEG_Y, turn * DVec3::Z];
    Geometry::from_parts(size, World::new(-120.5, 33.0, 7.25), [0.4, 1.1, 3.0], directions).unwrap()
}

fn belongs(value: u16, [i, j, k]: [usize; 3]) -> bool {
    match value {
        // With a hole that no side of it reaches.
        1 => i < 400 && j < 8 && !((100..300).contains(&i) && (3..5).contains(&j)),
        2 => i >= 20 && (2..7).contains(&j) && k != 1,
        3 => (i + 3 * j + 5 * k) % 7 == 0,
        _ => false,
    }
}

fn document(geometry: Geometry, axis: StackAxis) -> (Document, ImageEntry) {
    let mut volume = Volume::new(geometry, Samples::U8(vec![1; geometry.voxel_count()]), 1).unwrap();
    volume.stack_axis = axis;
    let image = ImageEntry::of_volume(&volume, "a.nii", "a");
    let mut document = Document::new("reader");
    let mut commands = vec![Command::AddImage { image: image.clone() }];
    for (layer, value) in (1..4).enumerate() {
        let label = Label::new(value, format!("label {value}"));
        let mask = PackedMask::pack(&Mask::from_fn(VoxelBox::whole(geometry.size()), |at| belongs(value, at)));
        let (mode, rule) = (PaintMode::Set, PaintRule::All);
        commands.push(Command::AddLabel { label });
        commands.push(Command::Paint { image: image.id, layer, label: value, mask, mode, rule });
    }
    document.apply("Make", commands).unwrap();
    (document, image)
}

fn load(image: &ImageEntry, _: &Task) -> Result<Volume> {
    let mut volume = Volume::new(image.geometry, Samples::U8(vec![1; image.geometry.voxel_count()]), 1)?;
    volume.stack_axis = image.stack_axis;
    Ok(volume)
}

/// Out of a project with one grid and into one whose image has the same voxels in another order: what was painted at a place
/// in the patient is there.
fn there_and_back(name: &str, from: (&Document, &ImageEntry), other: Geometry, home: &Path) {
    let (document, image) = from;
    let out = home.join(name);
    let format = by_name(name).unwrap();
    let options = Options { key: "key".into(), ..Options::default() };
    export(format, document, &load, &out, &options, &Task::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let elsewhere = ImageEntry { geometry: other, ..image.clone() };
    let mut into = Document::new("importer");
    into.apply("Add", vec![Command::AddImage { image: elsewhere }]).unwrap();
    let none = |path: &Path, _: &Task| -> Result<ImageEntry> { panic!("{} was asked for", path.display()) };
    let task = Task::default();
    let found = read(format, &Reading { contents: into.contents(), path: &out, pictures: &none, task: &task }).unwrap();
    apply(format, &mut into, found).unwrap();
    let map = into.label_map(image.id).unwrap();
    let [w, h, d] = image.size();
    for value in 1..4 {
        let name_of = format!("label {value}");
        let label = into.labels().into_iter().find(|label| label.name == name_of).unwrap().value;
        let mask = map.mask_of(label).within(VoxelBox::whole(other.size()));
        for at in (0..w * h * d).map(|n| [n % w, n / w % h, n / (w * h)]) {
            let place = image.geometry.world(Voxel::centre(at));
            let there = other.voxel(place).0.round().to_array().map(|n| n as usize);
            assert_eq!(mask.get(there), belongs(value, at), "{name}: {name_of} at {at:?}");
        }
    }
}

const VOLUMES: [&str; 5] = ["nifti", "metaimage", "seg-nrrd", "dicom-seg", "native"];
const PICTURES: [&str; 5] = ["coco-instances", "cvat", "label-studio", "datumaro", "webdataset"];

#[test]
fn oblique_left_handed_and_odd_grids_keep_their_place() {
    let geometry = oblique_and_left_handed(WIDE);
    let (document, image) = document(geometry, StackAxis::Space);
    let home = tempfile::tempdir().unwrap();
    for name in VOLUMES.into_iter().chain(PICTURES).chain(["stacks"]) {
        there_and_back(name, (&document, &image), geometry, home.path());
    }
}

#[test]
fn the_same_voxels_in_another_order_are_painted_at_the_same_place() {
    let geometry = oblique_and_left_handed(WIDE);
    let (document, image) = document(geometry, StackAxis::Space);
    let home = tempfile::tempdir().unwrap();
    // Slices from the other end, rows mirrored: what another program's reader makes of the same files.
    let origin = geometry.world(Voxel::centre([0, WIDE[1] - 1, WIDE[2] - 1]));
    let directions = [geometry.step(0), -geometry.step(1), -geometry.step(2)].map(DVec3::normalize);
    let other = Geometry::from_parts(WIDE, origin, geometry.spacing_mm(), directions).unwrap();
    for name in ["nifti", "metaimage", "seg-nrrd", "dicom-seg"] {
        there_and_back(name, (&document, &image), other, home.path());
    }
}

#[test]
fn frames_in_time_go_out_and_come_back() {
    let size = [64, 48, 6];
    let geometry = Geometry::axis_aligned(size, World::default(), [0.3, 0.3, 1.0]).unwrap();
    let (document, image) = document(geometry, StackAxis::Time);
    let home = tempfile::tempdir().unwrap();
    for name in ["nifti", "native", "stacks"].into_iter().chain(PICTURES) {
        there_and_back(name, (&document, &image), geometry, home.path());
    }
}
