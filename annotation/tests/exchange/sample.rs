//! A small project whose parts cannot be mistaken for each other, on grids that point every way.

use glam::{DMat3, DVec3};
use limner_annotation::command::{Command, PaintMode, PaintRule};
use limner_annotation::{Document, Form, ImageEntry, ImageId, Label, PackedMask, Result, Shape, Slice};
use limner_imaging::{Geometry, Mask, Samples, Task, Volume, VoxelBox, World};
use std::path::{Path, PathBuf};

pub const SIZE: [usize; 3] = [23, 17, 5];

/// Axis-aligned, left-handed, and turned about an axis that is none of the grid's.
pub fn geometries() -> [Geometry; 3] {
    let turn = DMat3::from_axis_angle(DVec3::new(1.0, 2.0, 0.5).normalize(), 0.6);
    let axes = [DVec3::X, DVec3::Y, DVec3::Z];
    let left = [DVec3::NEG_X, DVec3::Y, DVec3::Z];
    let oblique = [turn * DVec3::Y, turn * DVec3::X, turn * DVec3::Z];
    [axes, left, oblique].map(|directions| {
        Geometry::from_parts(SIZE, World::new(-31.5, 12.25, 140.0), [0.7, 0.9, 2.5], directions).unwrap()
    })
}

pub fn volume(geometry: Geometry) -> Volume {
    let samples = (0..geometry.voxel_count()).map(|n| (n % 4096) as i16 - 1000).collect();
    Volume::new(geometry, Samples::I16(samples), 1).unwrap()
}

/// Where label `value` is painted: unlike its mirror images and every other label.
pub fn belongs(value: u16, [i, j, k]: [usize; 3]) -> bool {
    match value {
        3 => (2..14).contains(&i) && j >= 1 && j < 9 - k && (1..4).contains(&k),
        300 => i + 2 * j < 12 + 3 * k && k >= 3,
        // On the second layer, across the others.
        7 => i >= 8 && j >= 4 && (i + j) % 3 == 0 && k != 0,
        _ => false,
    }
}

pub struct Sample {
    pub document: Document,
    pub images: Vec<ImageId>,
}

/// One image per geometry, with three labels of which one overlaps the others.
pub fn project() -> Sample {
    let mut document = Document::new("reader");
    let mut commands = vec![
        Command::AddLabel { label: Label::new(3, "liver") },
        Command::AddLabel { label: Label::new(300, "tumour \"x\" ../../é") },
        Command::AddLabel { label: Label::new(7, "vessel") },
    ];
    let mut images = Vec::new();
    for (n, geometry) in geometries().into_iter().enumerate() {
        let title = format!("../../DOE^JANE {n}");
        let image = ImageEntry::of_volume(&volume(geometry), format!("../DOE^JANE/{n}.nii"), title);
        images.push(image.id);
        let id = image.id;
        commands.push(Command::AddImage { image });
        // The later label wins where two of one layer meet.
        for (layer, value) in [(0, 3), (0, 300), (1, 7)] {
            let mask = PackedMask::pack(&Mask::from_fn(VoxelBox::whole(SIZE), |v| belongs(value, v)));
            let (mode, rule) = (PaintMode::Set, PaintRule::All);
            commands.push(Command::Paint { image: id, layer, label: value, mask, mode, rule });
        }
    }
    document.apply("Make", commands).unwrap();
    let label = document.label_of_value(7).map(|label| label.id);
    let slice = Slice::stored(2);
    let forms = [
        Form::Box2d { slice, min: [2.5, 3.0], max: [10.0, 9.25] },
        Form::Polygon { slice, rings: vec![vec![[1.0, 1.0], [9.0, 1.0], [5.0, 8.0]]] },
        Form::Polygon {
            slice,
            rings: vec![
                vec![[1.0, 1.0], [9.0, 1.0], [9.0, 9.0], [1.0, 9.0]],
                vec![[3.0, 3.0], [6.0, 3.0], [6.0, 6.0], [3.0, 6.0]],
            ],
        },
        Form::Point { at: [1.0, 2.0, 3.0] },
    ];
    let shapes = forms.map(|form| Command::AddShape { shape: Shape::new(images[0], form, label) });
    document.apply("Draw", shapes.to_vec()).unwrap();
    Sample { document, images }
}

/// The same with paint alone: formats of voxels would add what the outlines enclose.
pub fn painted() -> Sample {
    let mut sample = project();
    let drawn: Vec<_> = sample.document.shapes().map(|shape| Command::RemoveShape { id: shape.id }).collect();
    sample.document.apply("Remove shapes", drawn).unwrap();
    sample
}

pub fn load(image: &ImageEntry, _: &Task) -> Result<Volume> {
    Ok(volume(image.geometry))
}

/// The formats that can hold something of a project.
pub fn formats_for(document: &Document) -> Vec<&'static dyn limner_annotation::exchange::Exchange> {
    use limner_annotation::exchange::{EXCHANGES, Options, dry_run};
    EXCHANGES.iter().copied().filter(|format| dry_run(*format, document, &Options::default()).records > 0).collect()
}

/// Every file under a folder, in order.
pub fn all_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() { folders.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    files.sort();
    files
}
