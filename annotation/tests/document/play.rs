//! Random work on a document, the same from the same numbers: what laws and crash tests drive.

use crate::records;
use limner_annotation::command::{Command, PaintMode, PaintRule};
use limner_annotation::confidence::ConfidenceMap;
use limner_annotation::{
    Contents, Document, Error, Form, ImageEntry, Label, LabelId, PackedMask, Patch, Shape, ShapeId, Slice,
};
use limner_imaging::{Geometry, Mask, StackAxis, VoxelBox, World};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub fn image(size: [usize; 3], title: &str) -> ImageEntry {
    ImageEntry {
        id: limner_annotation::ImageId::new(),
        path: format!("{title}.nii.gz"),
        series_uid: None,
        sha256: "0".repeat(64),
        geometry: Geometry::axis_aligned(size, World::new(-10.0, 3.0, 7.0), [0.7, 0.9, 2.5]).unwrap(),
        title: title.into(),
        modality: Some("CT".into()),
        stack_axis: StackAxis::Space,
        spacing_known: true,
        calibration_mm_per_px: None,
        signal: None,
        facts: limner_annotation::SeriesFacts::default(),
    }
}

pub fn commands_to_begin_with() -> Vec<Command> {
    let mut commands = vec![
        Command::AddImage { image: image([40, 35, 3], "volume") },
        Command::AddImage { image: image([37, 50, 1], "picture") },
    ];
    commands.extend((1..=3).map(|value| Command::AddLabel { label: Label::new(value, format!("label {value}")) }));
    commands
}

/// What a user may do next.
#[derive(Debug, Clone)]
pub enum Move {
    Step(Vec<Command>),
    Abort(Vec<Command>),
    Undo,
    Redo,
}

pub struct Player {
    rng: StdRng,
}

impl Player {
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed) }
    }

    pub fn next_move(&mut self, contents: &Contents) -> Move {
        match self.rng.random_range(0..10) {
            0 | 1 => Move::Undo,
            2 => Move::Redo,
            3 => Move::Abort(self.commands(contents)),
            _ => Move::Step(self.commands(contents)),
        }
    }

    fn commands(&mut self, contents: &Contents) -> Vec<Command> {
        // Dabs of one stroke come in a row.
        if self.rng.random_bool(0.3) {
            let first = self.paint(contents);
            let more = (0..self.rng.random_range(1..5)).map(|_| self.another_dab(&first)).collect::<Vec<_>>();
            return std::iter::once(first).chain(more).collect();
        }
        (0..self.rng.random_range(1..4)).map(|_| self.command(contents)).collect()
    }

    fn command(&mut self, contents: &Contents) -> Command {
        match self.rng.random_range(0..27) {
            0 => Command::AddImage { image: image([33, 5, 2], "more") },
            1 => match self.pick(contents.images().map(|i| i.id).collect()) {
                Some(id) if contents.images().len() > 1 => Command::RemoveImage { id },
                _ => self.paint(contents),
            },
            2 => {
                let value = contents.free_label_value().unwrap();
                Command::AddLabel { label: Label { parent: self.label(contents), ..Label::new(value, "new") } }
            }
            3 | 4 => match self.label(contents).and_then(|id| contents.label(id)) {
                Some(label) => Command::EditLabel { label: Label { locked: !label.locked, ..label.clone() } },
                None => self.paint(contents),
            },
            5 => self.label(contents).map_or_else(|| self.paint(contents), |id| Command::RemoveLabel { id }),
            6 | 7 => self.shape(contents).map_or_else(|| self.paint(contents), |shape| Command::AddShape { shape }),
            8 => match (self.shape_id(contents), self.shape(contents)) {
                (Some(id), Some(shape)) => {
                    let image = contents.shape(id).unwrap().image;
                    Command::EditShape { shape: Shape { id, image, ..shape } }
                }
                _ => self.paint(contents),
            },
            9 => self.shape_id(contents).map_or_else(|| self.paint(contents), |id| Command::RemoveShape { id }),
            10 | 11 => self.set_voxels(contents),
            20..27 => records::command(&mut self.rng, contents).unwrap_or_else(|| self.paint(contents)),
            _ => self.paint(contents),
        }
    }

    fn pick<T>(&mut self, mut all: Vec<T>) -> Option<T> {
        (!all.is_empty()).then(|| all.swap_remove(self.rng.random_range(0..all.len())))
    }

    fn label(&mut self, contents: &Contents) -> Option<LabelId> {
        self.pick(contents.labels().iter().map(|l| l.id).collect())
    }

    fn shape_id(&mut self, contents: &Contents) -> Option<ShapeId> {
        self.pick(contents.shapes().map(|s| s.id).collect())
    }

    fn value(&mut self, contents: &Contents) -> u16 {
        self.pick(contents.labels().iter().map(|l| l.value).collect()).unwrap_or(1)
    }

    fn shape(&mut self, contents: &Contents) -> Option<Shape> {
        let image = self.pick(contents.images().collect())?;
        let mut x = || self.rng.random_range(0.0..30.0);
        let (a, b) = ([x(), x(), x()], [x(), x(), x()]);
        let slice = Slice::stored(0);
        let (low, high) = ([a[0], a[1]], [a[0] + b[0] + 0.1, a[1] + b[1] + 0.1]);
        let (third, degrees) = ([b[0], b[1]], a[2]);
        let form = match self.rng.random_range(0..16) {
            0 => Form::Box2d { slice, min: low, max: high },
            1 => Form::Point { at: a },
            2 => Form::Polyline { slice, points: vec![low, high] },
            3 => Form::Polygon { slice, rings: vec![vec![low, high, third]] },
            4 => Form::RotatedBox { slice, centre: low, size: high, degrees },
            5 => Form::Ellipse { slice, centre: low, radii: high, degrees },
            6 => Form::Lasso { slice, points: vec![low, high, third] },
            7 => Form::Ruler { slice, ends: [low, high] },
            8 => Form::Bidirectional { slice, long: [low, high], short: [high, third] },
            9 => Form::Angle { slice, points: [low, high, third] },
            10 => Form::Cobb { slice, first: [low, high], second: [high, third] },
            11 => Form::Ruler3d { ends: [a, b] },
            12 => Form::Landmarks { points: [("apex".to_owned(), a), ("base".to_owned(), b)].into() },
            13 => Form::Box3d { min: a, max: a.map(|x| x + 1.0) },
            14 => Form::Interval { slice, seconds: [a[0], a[0] + b[0] + 0.1], lead: Some("II".into()) },
            _ => Form::ConfidenceMap { map: self.confidence(image.size()) },
        };
        let label = self.label(contents);
        Some(Shape::new(image.id, form, label))
    }

    fn confidence(&mut self, size: [usize; 3]) -> ConfidenceMap {
        let bounds = self.some_box(size);
        let mut share = || self.rng.random_bool(0.8).then(|| f64::from(self.rng.random_range(0..5_u8)) / 4.0);
        let shares: Vec<_> = (0..bounds.len()).map(|_| share()).collect();
        ConfidenceMap::of_shares(bounds, &shares).unwrap()
    }

    fn some_box(&mut self, size: [usize; 3]) -> VoxelBox {
        let min: [usize; 3] = std::array::from_fn(|a| self.rng.random_range(0..size[a]));
        VoxelBox::new(min, std::array::from_fn(|a| (min[a] + self.rng.random_range(1..12)).min(size[a])))
    }

    fn paint(&mut self, contents: &Contents) -> Command {
        let Some(image) = self.pick(contents.images().collect()) else {
            return Command::AddImage { image: image([33, 5, 2], "again") };
        };
        let seed: u64 = self.rng.random();
        let bounds = self.some_box(image.size());
        let mask = Mask::from_fn(bounds, |[i, j, k]| (seed >> ((i * 3 + j * 7 + k * 13) % 64)) & 1 == 1);
        let rule = match self.rng.random_range(0..4) {
            0 => PaintRule::UnlabelledOnly,
            1 => PaintRule::Inside(self.value(contents)),
            _ => PaintRule::All,
        };
        let erase = self.rng.random_bool(0.25);
        Command::Paint {
            image: image.id,
            layer: self.rng.random_range(0..3),
            label: if erase && self.rng.random_bool(0.5) { 0 } else { self.value(contents) },
            mask: PackedMask::pack(&mask),
            mode: if erase { PaintMode::Erase } else { PaintMode::Set },
            rule,
        }
    }

    fn another_dab(&mut self, first: &Command) -> Command {
        let Command::Paint { image, layer, label, mask, mode, rule } = first else { return first.clone() };
        // One voxel to the left, as a hand would move on.
        let shifted = mask.unpack();
        let bounds = shifted.bounds();
        let steps = self.rng.random_range(0..=bounds.min[0].min(3));
        let moved = VoxelBox::new(
            [bounds.min[0] - steps, bounds.min[1], bounds.min[2]],
            [bounds.max[0] - steps, bounds.max[1], bounds.max[2]],
        );
        let mask = Mask::from_voxels(moved, shifted.voxels().to_vec()).unwrap();
        let mask = PackedMask::pack(&mask);
        Command::Paint { image: *image, layer: *layer, label: *label, mask, mode: *mode, rule: *rule }
    }

    fn set_voxels(&mut self, contents: &Contents) -> Command {
        let Some(image) = self.pick(contents.images().collect()) else { return self.paint(contents) };
        let bounds = self.some_box(image.size());
        let choices: Vec<_> = (0..3).map(|_| self.value(contents)).collect();
        let values: Vec<_> = (0..bounds.len())
            .map(|_| match self.rng.random_range(0..5) {
                0 => None,
                1 => Some(0),
                n => Some(choices[n - 2]),
            })
            .collect();
        let patch = Patch::from_values(bounds, values.into_iter()).unwrap();
        Command::SetVoxels { image: image.id, layer: 0, patch }
    }
}

/// Stages what is allowed; a refusal must leave everything as it was.
pub fn stage_all(document: &mut Document, commands: Vec<Command>) {
    for command in commands {
        let before = document.contents().clone();
        let locked: Vec<u16> = before.labels().iter().filter(|l| l.locked).map(|l| l.value).collect();
        let paints = matches!(command, Command::Paint { .. } | Command::SetVoxels { .. });
        match document.stage(command) {
            Ok(()) if paints => {
                for image in before.images() {
                    for value in &locked {
                        let now = document.label_map(image.id).unwrap().mask_of(*value);
                        assert_eq!(now, before.label_map(image.id).unwrap().mask_of(*value), "a locked label changed");
                    }
                }
            }
            Ok(()) => {}
            Err(Error::Refused { .. } | Error::Missing { .. }) => assert_eq!(document.contents(), &before),
            Err(other) => panic!("{other}"),
        }
        check_invariants(document.contents());
    }
}

pub fn check_invariants(contents: &Contents) {
    assert_eq!(contents.problems(), Vec::<String>::new());
    for image in contents.images() {
        let map = contents.label_map(image.id).expect("every image has a label map");
        assert_eq!(map.size(), image.size());
        for (n, layer) in map.layers().iter().enumerate() {
            let values = map.copy_box(n, VoxelBox::whole(image.size()));
            let mut counted = std::collections::BTreeMap::<u16, u64>::new();
            values.iter().filter(|v| **v != 0).for_each(|v| *counted.entry(*v).or_default() += 1);
            let kept: std::collections::BTreeMap<_, _> = layer.values().map(|v| (v, layer.count(v))).collect();
            assert_eq!(kept, counted, "counts are kept");
        }
        for value in map.values() {
            assert!(contents.label_of_value(value).is_some(), "every painted value has a label");
        }
    }
    let mut values: Vec<_> = contents.labels().iter().map(|l| l.value).collect();
    values.dedup();
    assert_eq!(values.len(), contents.labels().len(), "values are unique");
    for label in contents.labels() {
        assert!(label.parent.is_none_or(|parent| contents.label(parent).is_some()));
    }
    for shape in contents.shapes() {
        assert!(contents.image(shape.image).is_some(), "every shape has its image");
        assert!(shape.label.is_none_or(|label| contents.label(label).is_some()));
    }
}
