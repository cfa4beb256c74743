//! The prompts of a script: `limner.prompts/1` as CLI.md defines it, read with an eye on every number.

use super::{Prompt, Shape};
use crate::error::{Error, Result};
use glam::DVec3;
use limner_imaging::{Geometry, Mask, Task, Voxel, VoxelBox, World, formats, with_samples};
use serde::Deserialize;
use std::collections::HashSet;
use std::path::Path;

const SCHEMA: &str = "limner.prompts/1";

/// A prompt file lists positions drawn by hand; one this large is something else.
const LARGEST_FILE_BYTES: u64 = 256 << 20;

/// How far a corner may be off a voxel centre and still count as on it: what is lost on the way through millimetres.
const ON_CENTRE: f64 = 1e-4;
/// Positions in millimetres are kept to this share of a voxel.
const HAIR: f64 = 1e6;

/// What a file asks about one object: rounds of prompts, each round predicted once.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectPrompts {
    pub label: u16,
    pub rounds: Vec<Vec<Prompt>>,
}

#[derive(Deserialize)]
struct File {
    schema: String,
    space: Space,
    objects: Vec<Object>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Space {
    Voxel,
    LpsMm,
}

#[derive(Deserialize)]
struct Object {
    label: u16,
    rounds: Vec<Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Entry {
    Point {
        positive: bool,
        at: [f64; 3],
    },
    Box {
        positive: bool,
        min: [f64; 3],
        max: [f64; 3],
    },
    Scribble {
        positive: bool,
        axis: usize,
        points: Vec<[f64; 3]>,
    },
    Lasso {
        positive: bool,
        axis: usize,
        points: Vec<[f64; 3]>,
    },
    Mask {
        #[serde(default = "yes")]
        positive: bool,
        file: String,
        #[serde(default)]
        refine: bool,
    },
}

const fn yes() -> bool {
    true
}

/// Reads a prompt file for an image. Masks it names are looked up beside it.
pub fn read(path: &Path, image: &Geometry, task: &Task) -> Result<Vec<ObjectPrompts>> {
    let unreadable = |source| Error::ReadPrompts { path: path.into(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST_FILE_BYTES {
        return Err(Error::prompt_file(path, "the prompt file is larger than 256 MiB"));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    parse(&text, path, image, task)
}

/// As `read`, from text; `path` is where it came from.
pub fn parse(text: &str, path: &Path, image: &Geometry, task: &Task) -> Result<Vec<ObjectPrompts>> {
    let broken = |reason: String| Error::prompt_file(path, reason);
    let file: File = serde_json::from_str(text).map_err(|e| broken(format!("not a prompt file: {e}")))?;
    if file.schema != SCHEMA {
        return Err(broken(format!("the schema is {:?}; this version reads {SCHEMA:?}", file.schema)));
    }
    if file.objects.is_empty() {
        return Err(broken("the prompt file names no object".into()));
    }
    let mut labels = HashSet::new();
    let mut objects = Vec::with_capacity(file.objects.len());
    for object in file.objects {
        if object.label == 0 || !labels.insert(object.label) {
            return Err(broken(format!(
                "label {} is 0 or named twice; each object needs its own from 1",
                object.label
            )));
        }
        let reader = Reader { space: file.space, image, folder: path.parent().unwrap_or(Path::new(".")), task };
        objects.push(reader.object(object).map_err(|e| in_file(e, path))?);
    }
    Ok(objects)
}

fn in_file(error: Error, path: &Path) -> Error {
    match error {
        Error::Prompt { reason } => Error::prompt_file(path, reason),
        other => other,
    }
}

struct Reader<'a> {
    space: Space,
    image: &'a Geometry,
    folder: &'a Path,
    task: &'a Task,
}

impl Reader<'_> {
    fn object(&self, object: Object) -> Result<ObjectPrompts> {
        let label = object.label;
        let mut rounds = Vec::with_capacity(object.rounds.len());
        for (r, round) in object.rounds.into_iter().enumerate() {
            let prompts = round.into_iter().enumerate().map(|(p, entry)| {
                self.prompt(entry).map_err(|error| match error {
                    Error::Prompt { reason } => {
                        Error::prompt(format!("object {label}, round {}, prompt {}: {reason}", r + 1, p + 1))
                    }
                    other => other,
                })
            });
            rounds.push(prompts.collect::<Result<Vec<_>>>()?);
        }
        if !rounds.iter().flatten().any(|prompt| prompt.positive) {
            return Err(Error::prompt(format!("object {label} has no positive prompt, so nothing to find")));
        }
        if rounds.iter().any(Vec::is_empty) {
            return Err(Error::prompt(format!("object {label} has a round without prompts")));
        }
        Ok(ObjectPrompts { label, rounds })
    }

    fn prompt(&self, entry: Entry) -> Result<Prompt> {
        let (positive, shape) = match entry {
            Entry::Point { positive, at } => (positive, Shape::Point { at: self.voxel(at)? }),
            Entry::Box { positive, min, max } => (positive, Shape::Box { bounds: self.bounds(min, max)? }),
            Entry::Scribble { positive, axis, points } => {
                (positive, Shape::Scribble { axis, points: self.voxels(&points)? })
            }
            Entry::Lasso { positive, axis, points } => (positive, Shape::Lasso { axis, points: self.voxels(&points)? }),
            Entry::Mask { positive, file, refine } => (positive, Shape::Mask { mask: self.mask(&file)?, refine }),
        };
        Prompt { shape, positive }.clamped(self.image.size(), &self.task.warnings)
    }

    fn voxel(&self, at: [f64; 3]) -> Result<Voxel> {
        if at.iter().any(|x| !x.is_finite()) {
            return Err(Error::prompt("a position is not a number"));
        }
        let at = DVec3::from_array(at);
        if self.space == Space::Voxel {
            return Ok(Voxel(at));
        }
        // A point on a voxel comes through the affine a hair beside it: the same prompt must give the same mask.
        let voxel = self.image.voxel(World(at)).0;
        Ok(Voxel((voxel * HAIR).round() / HAIR))
    }

    fn voxels(&self, points: &[[f64; 3]]) -> Result<Vec<Voxel>> {
        points.iter().map(|&p| self.voxel(p)).collect()
    }

    /// The voxels whose centres lie in a half-open box; a box in millimetres may be flat and then keeps one layer.
    fn bounds(&self, min: [f64; 3], max: [f64; 3]) -> Result<VoxelBox> {
        if (0..3).any(|a| min[a] > max[a]) {
            return Err(Error::prompt("the box has a max below its min"));
        }
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for corner in 0..8 {
            let at = self.voxel(std::array::from_fn(|a| if corner >> a & 1 == 1 { max[a] } else { min[a] }))?;
            (low, high) = (low.min(at.0), high.max(at.0));
        }
        let size = self.image.size();
        if (0..3).any(|a| high[a] < -0.5 || low[a] > size[a] as f64 - 0.5) {
            return Err(super::outside("box", size));
        }
        let cut = (0..3).any(|a| low[a] < -0.5 - ON_CENTRE || high[a] > size[a] as f64 + ON_CENTRE);
        super::warn_if_cut("box", cut, &self.task.warnings);
        let mut bounds = VoxelBox::default();
        for a in 0..3 {
            let limit = size[a] as f64;
            let (from, to) = ((low[a] - ON_CENTRE).ceil(), (high[a] - ON_CENTRE).ceil());
            let flat = self.space == Space::LpsMm && to <= from;
            let (from, to) = if flat { (f64::midpoint(low[a], high[a]).round(), 0.0) } else { (from, to) };
            bounds.min[a] = from.clamp(0.0, limit - 1.0) as usize;
            bounds.max[a] = if flat { bounds.min[a] + 1 } else { to.clamp(0.0, limit) as usize };
        }
        Ok(bounds)
    }

    fn mask(&self, file: &str) -> Result<Mask> {
        let path = self.folder.join(file);
        let volume = formats::open_single(&path, self.task)?;
        if !volume.geometry.matches(self.image, 1e-2) {
            return Err(Error::prompt_file(&path, "the mask does not lie on the image's grid"));
        }
        let stride = volume.channels();
        let whole = VoxelBox::whole(volume.size());
        #[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
        let inside: Vec<bool> =
            with_samples!(volume.samples(), v => v.iter().step_by(stride).map(|&x| x as f64 > 0.5).collect());
        let mask = Mask::from_voxels(whole, inside).ok_or_else(|| Error::prompt("the mask does not fill its grid"))?;
        let tight = mask.tight_box();
        Ok(mask.within(tight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry() -> Geometry {
        Geometry::axis_aligned([20, 16, 10], World::new(-5.0, 7.0, 100.0), [0.5, 1.0, 2.0]).unwrap()
    }

    fn parsed(space: &str, prompts: &str) -> (Result<Vec<ObjectPrompts>>, usize) {
        let text = format!(
            r#"{{"schema":"limner.prompts/1","space":"{space}","objects":[{{"label":3,"rounds":[[{prompts}]]}}]}}"#
        );
        let task = Task::default();
        let result = parse(&text, Path::new("p.json"), &geometry(), &task);
        (result, task.warnings.take().len())
    }

    fn one(space: &str, prompts: &str) -> Prompt {
        let (result, warned) = parsed(space, prompts);
        assert_eq!(warned, 0);
        result.unwrap().remove(0).rounds.remove(0).remove(0)
    }

    #[test]
    fn millimetres_and_voxels_name_the_same_place() {
        let voxel = one("voxel", r#"{"type":"point","positive":true,"at":[3,4,5]}"#);
        assert_eq!(voxel, one("lps_mm", r#"{"type":"point","positive":true,"at":[-3.5,11,110]}"#));
        let voxel = one("voxel", r#"{"type":"box","positive":true,"min":[3,4,5],"max":[9,8,6]}"#);
        assert_eq!(voxel.shape, Shape::Box { bounds: VoxelBox::new([3, 4, 5], [9, 8, 6]) });
        assert_eq!(voxel, one("lps_mm", r#"{"type":"box","positive":true,"min":[-3.5,11,110],"max":[-0.5,15,112]}"#));
        // A box drawn on a slice has no thickness in millimetres.
        assert_eq!(voxel, one("lps_mm", r#"{"type":"box","positive":true,"min":[-3.5,11,110],"max":[-0.5,15,110]}"#));
        let line = one("lps_mm", r#"{"type":"scribble","positive":true,"axis":2,"points":[[-5,7,100],[-4,9,100]]}"#);
        let points = vec![Voxel::new(0.0, 0.0, 0.0), Voxel::new(2.0, 2.0, 0.0)];
        assert_eq!(line.shape, Shape::Scribble { axis: 2, points });
    }

    #[test]
    fn a_box_over_the_edge_is_cut_with_a_warning() {
        let (result, warned) = parsed("voxel", r#"{"type":"box","positive":true,"min":[-4,4,5],"max":[9,99,6]}"#);
        let shape = result.unwrap().remove(0).rounds.remove(0).remove(0).shape;
        assert_eq!(shape, Shape::Box { bounds: VoxelBox::new([0, 4, 5], [9, 16, 6]) });
        assert_eq!(warned, 1);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_place_named() {
        for bad in [
            r#"{"type":"point","positive":true,"at":[30,4,5]}"#,
            r#"{"type":"point","positive":true,"at":[1e999,4,5]}"#,
            r#"{"type":"point","positive":true,"at":[null,4,5]}"#,
            r#"{"type":"point","positive":true,"at":[1,4]}"#,
            r#"{"type":"point","positive":false,"at":[3,4,5]}"#,
            r#"{"type":"box","positive":true,"min":[3,4,5],"max":[3,8,6]}"#,
            r#"{"type":"box","positive":true,"min":[9,4,5],"max":[3,8,6]}"#,
            r#"{"type":"box","positive":true,"min":[50,4,5],"max":[60,8,6]}"#,
            r#"{"type":"lasso","positive":true,"axis":2,"points":[[1,1,1],[2,2,1]]}"#,
            r#"{"type":"scribble","positive":true,"axis":7,"points":[[1,1,1],[2,2,1]]}"#,
            r#"{"type":"mask","file":"missing.nii.gz"}"#,
            r#"{"type":"brush","positive":true}"#,
            "",
        ] {
            let error = parsed("voxel", bad).0.unwrap_err().to_string();
            assert!(error.contains("p.json") || error.contains("missing.nii.gz"), "{error}");
        }
        let error = parsed("voxel", r#"{"type":"point","positive":true,"at":[30,4,5]}"#).0.unwrap_err().to_string();
        assert!(error.contains("object 3, round 1, prompt 1"), "{error}");
    }

    #[test]
    fn labels_are_their_own_and_the_schema_is_known() {
        let task = Task::default();
        let point = r#"{"type":"point","positive":true,"at":[1,1,1]}"#;
        for (schema, labels) in [
            ("limner.prompts/2", "[1,2]"),
            ("limner.prompts/1", "[1,1]"),
            ("limner.prompts/1", "[0,1]"),
            ("x", "[1,2]"),
        ] {
            let labels: Vec<u16> = serde_json::from_str(labels).unwrap();
            let objects: Vec<String> =
                labels.iter().map(|l| format!(r#"{{"label":{l},"rounds":[[{point}]]}}"#)).collect();
            let text = format!(r#"{{"schema":"{schema}","space":"voxel","objects":[{}]}}"#, objects.join(","));
            assert!(parse(&text, Path::new("p.json"), &geometry(), &task).is_err(), "{schema} {labels:?}");
        }
    }
}
