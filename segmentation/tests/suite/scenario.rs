//! Sessions written down for two programs: ours, and nnInteractive's own, which a Python script drives
//! (tests/judges/full/nninteractive.py).

use crate::common::{bright, mm_from, noise, volume};
use limner_imaging::{Mask, Samples, Volume, Voxel, VoxelBox, with_samples};
use limner_segmentation::evaluate::robot::Dice;
use limner_segmentation::{Prompt, Shape};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One picture, and rounds of prompts on it.
pub struct Played {
    pub name: String,
    pub image: Arc<Volume>,
    pub steps: Vec<Vec<Prompt>>,
    /// Places and distances to compare what the network is shown from.
    pub looks: Vec<([i64; 3], f64)>,
}

/// Where prompts fall: in the object, around it, and so on, from a seed.
pub struct Hand<'a> {
    pub reference: &'a Mask,
    pub size: [usize; 3],
    pub dice: Dice,
}

impl Hand<'_> {
    fn inside(&mut self) -> [usize; 3] {
        let n = self.dice.below(self.reference.count());
        self.reference.indices().nth(n).unwrap()
    }

    fn beside(&mut self) -> [usize; 3] {
        let near = self.reference.tight_box().grown([6; 3], self.size);
        loop {
            let at: [usize; 3] = std::array::from_fn(|a| near.min[a] + self.dice.below(near.size()[a]));
            if !self.reference.get(at) {
                return at;
            }
        }
    }

    pub fn point(&mut self, positive: bool) -> Prompt {
        Prompt::point(if positive { self.inside() } else { self.beside() }, positive)
    }

    /// The box of the object on a slice across an axis, a little loose.
    pub fn flat_box(&mut self, axis: usize) -> Prompt {
        let at = self.inside();
        let tight = self.reference.within(self.reference.bounds().slice(axis, at[axis])).tight_box();
        let mut margin = [2, 3, 1];
        margin[axis] = 0;
        Prompt::positive(Shape::Box { bounds: tight.grown(margin, self.size) })
    }

    fn on_slice(&mut self, axis: usize, corners: &[[f64; 2]], positive: bool) -> Vec<Voxel> {
        let at = if positive { self.inside() } else { self.beside() };
        let (u, v) = [(1, 2), (0, 2), (0, 1)][axis];
        let place = |&[a, b]: &[f64; 2]| {
            let mut p = at.map(|x| x as f64);
            p[u] = (p[u] + a).clamp(0.0, self.size[u] as f64 - 1.0);
            p[v] = (p[v] + b).clamp(0.0, self.size[v] as f64 - 1.0);
            Voxel::new(p[0], p[1], p[2])
        };
        corners.iter().map(place).collect()
    }

    pub fn scribble(&mut self, axis: usize, positive: bool) -> Prompt {
        let points = self.on_slice(axis, &[[-6.0, -1.5], [0.25, 0.0], [5.0, 3.5]], positive);
        Prompt { shape: Shape::Scribble { axis, points }, positive }
    }

    pub fn lasso(&mut self, axis: usize, positive: bool) -> Prompt {
        let points = self.on_slice(axis, &[[-7.0, -4.5], [1.0, -6.0], [8.5, 0.0], [3.0, 7.0], [-5.0, 4.0]], positive);
        Prompt { shape: Shape::Lasso { axis, points }, positive }
    }

    pub fn start(&self, refine: bool) -> Prompt {
        let reference = self.reference;
        let bounds = reference.tight_box();
        let mask = Mask::from_fn(bounds, |at| reference.get(at) && at[0] + at[2] > bounds.min[0] + bounds.min[2] + 4);
        Prompt::positive(Shape::Mask { mask, refine })
    }

    /// Every kind of prompt, alone and in batches.
    pub fn rounds(&mut self) -> Vec<Vec<Prompt>> {
        vec![
            vec![self.point(true)],
            vec![self.flat_box(2)],
            vec![self.scribble(2, true)],
            vec![self.point(false)],
            vec![self.lasso(1, true)],
            vec![self.scribble(0, false), self.point(true)],
            vec![self.flat_box(0)],
            vec![self.start(true)],
            vec![self.lasso(2, false)],
            vec![self.scribble(1, true)],
            vec![self.start(false)],
            vec![self.flat_box(1), self.point(true)],
        ]
    }
}

/// Whether a voxel belongs to the object that is drawn.
type Inside<'a> = &'a (dyn Fn([usize; 3]) -> bool + Sync);

/// Pictures that are made, so that answers on them may be kept: one where the object fits the patch, and one where it
/// is long, lies across and leaves the image.
pub fn made() -> Vec<Played> {
    let ball = |at: [usize; 3]| mm_from(at, [40.0, 33.0, 27.0], [1.0, 1.1, 1.2]) <= 17.0;
    let bar = |[i, j, k]: [usize; 3]| {
        let (y, z) = (j as f64 - 30.0 - 9.0 * (i as f64 / 25.0).sin(), k as f64 - 20.0 - i as f64 / 12.0);
        y * y + z * z <= 90.0
    };
    let mut played = Vec::new();
    let shapes: [(&str, [usize; 3], Inside); 2] = [("ball", [80, 70, 54], &ball), ("bar", [150, 62, 48], &bar)];
    for (n, (name, size, inside)) in shapes.into_iter().enumerate() {
        let image =
            volume(size, [1.0, 1.1, 1.2], |at| bright(inside(at), 130.0, 40.0) + 12.0 * noise(at) + at[1] as f64 / 4.0);
        let reference = Mask::from_fn(VoxelBox::whole(size), inside);
        let mut hand = Hand { reference: &reference, size, dice: Dice(n as u64) };
        let looks = vec![
            ([40, 33, 27], 1.0),
            ([3, 60, 20], 1.0),
            ([40, 33, 27], 1.5),
            ([50, 10, 30], 1.37),
            ([40, 33, 27], 2.25),
            ([60, 33, 27], 4.0),
        ];
        played.push(Played { name: name.into(), image: Arc::new(image), steps: hand.rounds(), looks });
    }
    played
}

/// Writes the sessions where the script finds them.
pub fn write(played: &[Played], model: &Path, folder: &Path) {
    let sessions: Vec<Value> = played
        .iter()
        .map(|one| {
            let file = format!("{}.f32", one.name);
            let map = &one.image.value_map;
            let values: Vec<u8> = floats(one.image.samples(), map.slope, map.intercept);
            std::fs::write(folder.join(&file), values).unwrap();
            let steps: Vec<Vec<Value>> = one.steps.iter().map(|step| step.iter().map(written).collect()).collect();
            let looks: Vec<Value> =
                one.looks.iter().map(|(centre, zoom)| json!({"centre": centre, "zoom": zoom})).collect();
            json!({"image": file, "size": one.image.size(), "steps": steps, "looks": looks})
        })
        .collect();
    let text = json!({"model": model, "sessions": sessions}).to_string();
    std::fs::write(folder.join("scenario.json"), text).unwrap();
}

#[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
fn floats(samples: &Samples, slope: f64, intercept: f64) -> Vec<u8> {
    with_samples!(samples, v => v.iter().flat_map(|&x| ((slope * x as f64 + intercept) as f32).to_le_bytes()).collect())
}

fn written(prompt: &Prompt) -> Value {
    let list = |points: &[Voxel]| points.iter().map(|p| p.0.to_array()).collect::<Vec<_>>();
    let positive = prompt.positive;
    match &prompt.shape {
        Shape::Point { at } => json!({"type": "point", "positive": positive, "at": at.0.to_array()}),
        Shape::Box { bounds } => json!({"type": "box", "positive": positive, "min": bounds.min, "max": bounds.max}),
        Shape::Scribble { axis, points } => {
            json!({"type": "scribble", "positive": positive, "axis": axis, "points": list(points)})
        }
        Shape::Lasso { axis, points } => {
            json!({"type": "lasso", "positive": positive, "axis": axis, "points": list(points)})
        }
        Shape::Marks { .. } => json!(null),
        Shape::Mask { refine, .. } => {
            let packed = serde_json::to_value(&prompt.shape).unwrap()["mask"]["mask"].clone();
            json!({"type": "mask", "refine": refine, "mask": packed})
        }
    }
}

/// The Python of a judge's environment, made by tests/judges/prepare.sh.
pub fn judge_python(environment: &str) -> Option<PathBuf> {
    let home = std::env::var_os("LIMNER_JUDGES").map(PathBuf::from).or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
        Some(cache?.join("limner/judges"))
    })?;
    Some(home.join(environment).join("bin/python")).filter(|python| python.is_file())
}
