//! Limner's own bundle: everything a project says, exactly, as JSON with a schema beside it. What is read back is what
//! was written. Without `--keep-identity` titles, paths and series of the sources are replaced by numbers.

use super::import::{Import, Reading};
use super::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder, names, voxels::grid};
use crate::ImageId;
use crate::command::Command;
use crate::contents::Contents;
use crate::entity::Entity;
use crate::error::{Error, Result};
use crate::id::Key;
use crate::origin::Origin;
use crate::packed::Patch;
use crate::rows::Row;
use limner_imaging::VoxelBox;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) struct Native;

const FILE: &str = "bundle.json";
const SCHEMA: &str = "limner.bundle/1";
const IDENTITY: &str = "titles, paths and series of the sources";
const ELSEWHERE: &str = "what speaks of images that are not exported";

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    schema: String,
    /// Each after those it mentions.
    entities: Vec<Kept>,
    maps: Vec<MapFile>,
}

/// An entity with who made it, when and from what.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    entity: Entity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
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
        vec![IDENTITY, ELSEWHERE]
    }

    fn keeps_tracks(&self) -> bool {
        true
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            let layers = contents.label_map(case.image.id).map(grid::painted_layers).unwrap_or_default();
            run.records += layers.len();
            if !options.keep_identity {
                run.lose(IDENTITY, || format!("{} has a number only", case.name));
            }
        }
        let (kept, left) = kept(contents, options);
        run.records += kept.len();
        (0..left).for_each(|_| run.lose(ELSEWHERE, || "what speaks of images that stay behind".into()));
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let (entities, _) = kept(job.contents, job.options);
        let mut bundle = Bundle { schema: SCHEMA.into(), entities, maps: Vec::new() };
        job.task.progress.begin("writing the bundle", cases.len() as u64);
        let mut pass = true;
        for case in &cases {
            job.task.cancel.check()?;
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
        // A locked label takes no paint: it is locked when all is painted.
        let mut locked = Vec::new();
        for Kept { mut entity, origin } in bundle.entities {
            if known.entity(entity.key()).is_some() {
                continue;
            }
            if let Entity::Label(label) = &mut entity
                && label.locked
            {
                locked.push(label.clone());
                label.locked = false;
            }
            import.records += 1;
            let parents = origin.as_ref().map(|origin| origin.parents.clone()).unwrap_or_default();
            let ext = origin.as_ref().map(|origin| origin.ext.clone()).unwrap_or_default();
            import.commands.push(Command::Put { entity: Box::new(entity), parents, ext, origin: origin.map(Box::new) });
        }
        for map in bundle.maps {
            reading.task.cancel.check()?;
            let outside = || Error::export(&file, "a file outside of the bundle is named");
            let patch: Patch = folder::read_json(&names::inside(root, &map.file).ok_or_else(outside)?)?;
            import.records += 1;
            import.commands.push(Command::SetVoxels { image: map.image, layer: map.layer, patch });
        }
        import.commands.extend(locked.into_iter().map(|label| Command::EditLabel { label: *label }));
        Ok(import)
    }
}

/// The entities that can leave, each after those it mentions, and how many cannot.
fn kept(contents: &Contents, options: &Options) -> (Vec<Kept>, usize) {
    let cases: BTreeMap<ImageId, String> =
        options.cases(contents).into_iter().map(|case| (case.image.id, case.name)).collect();
    let leaves = |row: &&Row| match &row.entity {
        Entity::Image(image) => cases.contains_key(&image.id),
        entity => entity.rules().image().is_none_or(|image| cases.contains_key(&image)),
    };
    let mut waiting: Vec<&Row> = contents.rows().filter(leaves).collect();
    let mut known: BTreeSet<Key> = BTreeSet::new();
    let mut kept = Vec::new();
    loop {
        let (ready, rest): (Vec<&Row>, Vec<&Row>) =
            waiting.into_iter().partition(|row| row.entity.rules().mentions().iter().all(|key| known.contains(key)));
        if ready.is_empty() {
            return (kept, rest.len());
        }
        for row in ready {
            known.insert(row.entity.key());
            let mut entity = row.entity.clone();
            if let (Entity::Image(image), false) = (&mut entity, options.keep_identity) {
                image.title = cases.get(&image.id).cloned().unwrap_or_default();
                image.path = format!("sources/{}", image.title);
                image.series_uid = None;
                image.facts = std::mem::take(&mut image.facts).without_source();
            }
            kept.push(Kept { entity, origin: row.origin.clone() });
        }
        waiting = rest;
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
    let kinds: Vec<&str> = crate::Kind::ALL.iter().map(|kind| kind.name()).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA, "type": "object",
        "required": ["schema", "entities", "maps"],
        "properties": {
            "schema": {"const": SCHEMA},
            "entities": {"type": "array", "items": {
                "type": "object", "required": ["entity"],
                "properties": {
                    "entity": {
                        "type": "object", "minProperties": 1, "maxProperties": 1, "propertyNames": {"enum": kinds},
                        "additionalProperties": {"type": "object", "required": ["id"]},
                        "description": "one entity under the name of its kind",
                    },
                    "origin": {"type": "object", "description": "who made and changed it, when, with what"},
                },
            }},
            "maps": {"type": "array", "items": {
                "type": "object", "required": ["image", "layer", "file"],
                "properties": {
                    "image": {"type": "string", "format": "uuid"},
                    "layer": {"type": "integer", "minimum": 0}, "file": {"type": "string"},
                },
                "description": "each file: min and max of a half-open voxel box and runs of [count, value or null], columns fastest",
            }},
        },
    })
}
