//! Limner's own bundle: everything a project says, exactly, as JSON with a schema beside it. What is read back is what
//! was written. Without `--keep-identity` titles, paths and series of the sources are replaced by numbers.

use super::import::{Import, Reading};
use super::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder, names, voxels::grid};
use crate::ImageId;
use crate::command::Command;
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use crate::labels::Label;
use crate::packed::Patch;
use crate::shapes::Shape;
use limner_imaging::VoxelBox;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) struct Native;

const FILE: &str = "bundle.json";
const SCHEMA: &str = "limner.bundle/1";
const IDENTITY: &str = "titles, paths and series of the sources";

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    schema: String,
    images: Vec<ImageEntry>,
    labels: Vec<Label>,
    shapes: Vec<Shape>,
    maps: Vec<MapFile>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    image: ImageId,
    layer: usize,
    /// The changes that paint the layer, as an edit script writes them.
    file: String,
}

impl Exchange for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn title(&self) -> &'static str {
        "Limner bundle"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![IDENTITY]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            let layers = contents.label_map(case.image.id).map(grid::painted_layers).unwrap_or_default();
            run.records += layers.len() + contents.shapes_on(case.image.id).count();
            if !options.keep_identity {
                run.lose(IDENTITY, || format!("{} has a number only", case.name));
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let mut bundle = Bundle {
            schema: SCHEMA.into(),
            images: Vec::new(),
            labels: job.contents.labels().into_iter().cloned().collect(),
            shapes: Vec::new(),
            maps: Vec::new(),
        };
        job.task.progress.begin("writing the bundle", cases.len() as u64);
        let mut pass = true;
        for case in &cases {
            job.task.cancel.check()?;
            let mut image = case.image.clone();
            if !job.options.keep_identity {
                image.title.clone_from(&case.name);
                image.path = format!("sources/{}", case.name);
                image.series_uid = None;
            }
            bundle.images.push(image);
            bundle.shapes.extend(job.contents.shapes_on(case.image.id).cloned());
            let Some(map) = job.contents.label_map(case.image.id) else { continue };
            for layer in grid::painted_layers(map) {
                let file = format!("maps/{}_layer_{}.json", case.name, layer + 1);
                let patch = patch_of(map, layer);
                folder::write(&out.join(&file), &serde_json::to_vec(&patch).map_err(Error::json("no JSON"))?)?;
                pass &= folder::read_json::<Patch>(&out.join(&file))? == patch;
                bundle.maps.push(MapFile { image: case.image.id, layer, file });
            }
            job.task.progress.advance(1);
        }
        folder::write_json(&out.join(FILE), &bundle)?;
        folder::write_json(&out.join("bundle.schema.json"), &schema())?;
        pass &= folder::read_json::<Bundle>(&out.join(FILE))? == bundle;
        Ok(SelfCheck { pass, max_mm: if pass { 0.0 } else { f64::INFINITY } })
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        let file = if reading.path.is_dir() { reading.path.join(FILE) } else { reading.path.to_path_buf() };
        let root = file.parent().unwrap_or(reading.path);
        let bundle: Bundle = folder::read_json(&file)?;
        if bundle.schema != SCHEMA {
            return Err(Error::export(&file, format!("the bundle is {}, this Limner reads {SCHEMA}", bundle.schema)));
        }
        let known = reading.contents;
        let mut import = Import::default();
        let new_images = bundle.images.into_iter().filter(|image| known.image(image.id).is_none());
        import.commands.extend(new_images.map(|image| Command::AddImage { image }));
        // Parents come before their children.
        let mut labels: Vec<Label> =
            bundle.labels.into_iter().filter(|label| known.label(label.id).is_none()).collect();
        while !labels.is_empty() {
            let waiting: Vec<_> = labels.iter().map(|label| label.id).collect();
            let (ready, rest): (Vec<_>, Vec<_>) =
                labels.into_iter().partition(|label| label.parent.is_none_or(|parent| !waiting.contains(&parent)));
            if ready.is_empty() {
                return Err(Error::export(&file, "labels are each other's ancestors"));
            }
            import.commands.extend(ready.into_iter().map(|label| Command::AddLabel { label }));
            labels = rest;
        }
        for map in bundle.maps {
            reading.task.cancel.check()?;
            let outside = || Error::export(&file, "a file outside of the bundle is named");
            let patch: Patch = folder::read_json(&names::inside(root, &map.file).ok_or_else(outside)?)?;
            import.records += 1;
            import.commands.push(Command::SetVoxels { image: map.image, layer: map.layer, patch });
        }
        for shape in bundle.shapes.into_iter().filter(|shape| known.shape(shape.id).is_none()) {
            import.records += 1;
            import.commands.push(Command::AddShape { shape });
        }
        Ok(import)
    }
}

fn patch_of(map: &crate::LabelMap, layer: usize) -> Patch {
    let tight = map.layers()[layer]
        .values()
        .fold(VoxelBox::default(), |all, value| all.union(&map.layers()[layer].box_of(value)));
    let values = map.copy_box(layer, tight);
    let set = values.iter().map(|value| (*value != 0).then_some(*value));
    Patch::from_values(tight, set).unwrap_or_else(|| unreachable!("there is a value for each voxel of the box"))
}

/// What a bundle looks like, for programs that check before they read.
fn schema() -> Value {
    let id = json!({"type": "string", "format": "uuid"});
    let numbers =
        |count: usize| json!({"type": "array", "items": {"type": "number"}, "minItems": count, "maxItems": count});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA, "type": "object",
        "required": ["schema", "images", "labels", "shapes", "maps"],
        "properties": {
            "schema": {"const": SCHEMA},
            "images": {"type": "array", "items": {
                "type": "object", "required": ["id", "path", "sha256", "geometry", "title"],
                "properties": {
                    "id": id, "path": {"type": "string"}, "title": {"type": "string"},
                    "sha256": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"},
                    "geometry": {
                        "type": "object", "required": ["size", "world_from_voxel"],
                        "properties": {"size": numbers(3), "world_from_voxel": numbers(12)},
                        "description": "world_from_voxel: the columns of the matrix to LPS millimetres, then the origin",
                    },
                },
            }},
            "labels": {"type": "array", "items": {
                "type": "object", "required": ["id", "value", "name"],
                "properties": {"id": id, "value": {"type": "integer", "minimum": 1, "maximum": 65535}, "name": {"type": "string"}},
            }},
            "shapes": {"type": "array", "items": {
                "type": "object", "required": ["id", "image", "form"],
                "properties": {"id": id, "image": id, "form": {"type": "object", "required": ["type"]}},
            }},
            "maps": {"type": "array", "items": {
                "type": "object", "required": ["image", "layer", "file"],
                "properties": {"image": id, "layer": {"type": "integer", "minimum": 0}, "file": {"type": "string"}},
                "description": "each file: min and max of a half-open voxel box and runs of [count, value or null], columns fastest",
            }},
        },
    })
}
