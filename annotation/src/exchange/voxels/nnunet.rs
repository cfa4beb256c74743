//! nnU-Net v2: `imagesTr/case_0000.nii.gz` per channel, `labelsTr/case.nii.gz` and `dataset.json`. Labels count from 0
//! (background) without a gap, whatever their values in the project are.

use super::grid::{self, moved_mm, write_checked};
use super::maps::{TIME, lose_time_and_shapes};
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::case::Case;
use crate::exchange::filled::FILLED;
use crate::exchange::import::{Import, Labels, Painter, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder, names};
use crate::label_map::LabelMap;
use limner_imaging::{StackAxis, Volume, VoxelBox, formats};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub(crate) struct NnUnet;

const OVERLAP: &str = "overlapping labels";
const SHAPES: &str = super::maps::SHAPES;
const DATASET: &str = "dataset.json";

impl Exchange for NnUnet {
    fn name(&self) -> &'static str {
        "nnunet"
    }

    fn title(&self) -> &'static str {
        "nnU-Net v2"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![FILLED, OVERLAP, SHAPES, TIME]
    }

    fn writes_pictures(&self) -> bool {
        true
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in &options.cases(contents) {
            let is_written = grid::is_painted(contents, case);
            lose_time_and_shapes(&mut run, contents, case, usize::from(is_written));
            run.records += usize::from(is_written);
            if is_written && case.image.stack_axis == StackAxis::Time {
                run.block(case.name.clone(), "nnU-Net trains on volumes and pictures, not on films; leave it out");
            }
            if contents.label_map(case.image.id).is_some_and(overlaps) {
                run.lose(OVERLAP, || format!("{}: the upper layer hides the lower one", case.name));
            }
        }
        let cases = painted(contents, options);
        let kinds: BTreeSet<_> = cases.iter().map(|case| case.image.modality.as_deref().unwrap_or("unknown")).collect();
        if kinds.len() > 1 {
            let kinds: Vec<_> = kinds.into_iter().collect();
            let why =
                format!("all cases need the same channels, here are {}; select images of one kind", kinds.join(", "));
            run.block("the data set", why);
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = painted(job.contents, job.options);
        let name = names::plain(job.options.choice("name").unwrap_or("Limner"));
        let number = job.options.choice("number").and_then(|n| n.parse::<u16>().ok()).unwrap_or(1);
        let root = out.join(format!("Dataset{number:03}_{name}"));
        let classes = classes(job.contents, &cases);
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        let mut trained = 0;
        job.task.progress.begin("writing cases", cases.len() as u64);
        for case in &cases {
            job.task.cancel.check()?;
            let test = case.part.as_deref() == Some("test");
            let (images, labels) = if test { ("imagesTs", "labelsTs") } else { ("imagesTr", "labelsTr") };
            trained += usize::from(!test);
            for folder in [images, labels] {
                folder::make(&root.join(folder))?;
            }
            let done = job.once(&case.name, || {
                let mut check = SelfCheck { pass: true, max_mm: 0.0 };
                let volume = job.images.load(case.image, job.task)?;
                let mut files = write_channels(&volume, case, &root.join(images), &mut check, job)?;
                let map = job.contents.label_map(case.image.id).ok_or(Error::Missing { key: case.image.id.into() })?;
                let values = flattened(map).into_iter().map(|v| classes.get(&v).copied().unwrap_or(0)).collect();
                let path = root.join(labels).join(format!("{}.nii.gz", case.name));
                grid::note(&mut check, case.image, write_checked(case.image, values, &path, job.task, "")?);
                files.push(path);
                Ok((check, files))
            })?;
            check.pass &= done.pass;
            check.max_mm = check.max_mm.max(done.max_mm);
            job.task.progress.advance(1);
        }
        folder::write_json(&root.join(DATASET), &dataset(job.contents, &cases, &classes, trained))?;
        folder::write_json(&root.join("sources.json"), &sources(&cases))?;
        if job.options.split.is_some() {
            folder::write_json(&root.join("splits_final.json"), &folds(&cases))?;
        }
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        read(reading)
    }
}

/// The images that have paint.
fn painted<'a>(contents: &'a Contents, options: &Options) -> Vec<Case<'a>> {
    let mut cases = options.cases(contents);
    cases.retain(|case| grid::is_painted(contents, case));
    cases
}

fn overlaps(map: &LabelMap) -> bool {
    let layers = grid::painted_layers(map);
    let whole = VoxelBox::whole(map.size());
    let mut taken = vec![false; whole.len()];
    layers.len() > 1
        && layers.iter().any(|layer| {
            let values = map.copy_box(*layer, whole);
            values.iter().zip(&mut taken).any(|(v, taken)| *v != 0 && std::mem::replace(taken, true))
        })
}

/// One value per voxel: the uppermost layer that has one.
pub(crate) fn flattened(map: &LabelMap) -> Vec<u16> {
    let whole = VoxelBox::whole(map.size());
    let mut values = vec![0; whole.len()];
    for layer in grid::painted_layers(map) {
        for (below, above) in values.iter_mut().zip(map.copy_box(layer, whole)) {
            if above != 0 {
                *below = above;
            }
        }
    }
    values
}

/// Project values to consecutive ones, over the whole project: shards must agree.
fn classes(contents: &Contents, _: &[Case<'_>]) -> BTreeMap<u16, u16> {
    contents.labels().iter().zip(1..).map(|(label, class)| (label.value, class)).collect()
}

fn write_channels(
    volume: &Volume,
    case: &Case<'_>,
    folder: &Path,
    check: &mut SelfCheck,
    job: &Job<'_>,
) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for channel in 0..volume.channels() {
        let path = folder.join(format!("{}_{channel:04}.nii.gz", case.name));
        let single = channel_of(volume, channel)?;
        formats::write(&single, &path)?;
        let back = formats::open_single(&path, job.task)?;
        let moved = moved_mm(&single, &back);
        grid::note(check, case.image, moved);
        files.push(path);
    }
    Ok(files)
}

/// One channel with its values: what a network is trained on.
fn channel_of(volume: &Volume, channel: usize) -> Result<Volume> {
    let channels = volume.channels();
    if channels == 1 {
        return Ok(volume.clone());
    }
    let picked = (channel..volume.samples().len()).step_by(channels).map(|n| volume.samples().get(n) as u8).collect();
    Ok(Volume::new(volume.geometry, limner_imaging::Samples::U8(picked), 1)?)
}

fn dataset(contents: &Contents, cases: &[Case<'_>], classes: &BTreeMap<u16, u16>, trained: usize) -> Value {
    let modality = cases.first().and_then(|case| case.image.modality.clone());
    // The name CT asks for CT normalisation; nothing else may have it by accident.
    let channel = modality.unwrap_or_else(|| "image".into());
    let mut unique = BTreeSet::from(["background".to_owned()]);
    let mut labels = Map::from_iter([("background".to_owned(), json!(0))]);
    for label in contents.labels() {
        let mut name = label.name.clone();
        while !unique.insert(name.clone()) {
            name.push('_');
        }
        labels.insert(name, json!(classes[&label.value]));
    }
    json!({
        "channel_names": {"0": channel}, "labels": labels, "numTraining": trained, "file_ending": ".nii.gz",
        "name": "Exported by Limner",
    })
}

/// Which image each case is, for reading back into the same project.
fn sources(cases: &[Case<'_>]) -> Value {
    let row =
        |case: &Case<'_>| (case.name.clone(), json!({"image": case.image.id, "sha256_samples": case.image.sha256}));
    Value::from(cases.iter().map(row).collect::<Map<_, _>>())
}

/// nnU-Net's own file of folds: the one asked for.
fn folds(cases: &[Case<'_>]) -> Value {
    let of = |wanted: &dyn Fn(Option<&str>) -> bool| {
        cases.iter().filter(|case| wanted(case.part.as_deref())).map(|case| case.name.clone()).collect::<Vec<_>>()
    };
    let train = of(&|part| part != Some("val") && part != Some("test"));
    json!([{"train": train, "val": of(&|part| part == Some("val"))}])
}

#[derive(Deserialize)]
struct Dataset {
    #[serde(default)]
    labels: Map<String, Value>,
    #[serde(default)]
    file_ending: Option<String>,
    channel_names: Option<Map<String, Value>>,
}

fn read(reading: &Reading<'_>) -> Result<Import> {
    let path = reading.path;
    let file = if path.is_file() { path.to_path_buf() } else { find(path)? };
    let root = file.parent().unwrap_or(path).to_path_buf();
    let dataset: Dataset = folder::read_json(&file)?;
    let ending = dataset.file_ending.clone().unwrap_or_else(|| ".nii.gz".into());
    let channels = dataset.channel_names.as_ref().map_or(1, Map::len);
    if channels > 1 {
        let reason = format!("the cases have {channels} channels; add their images first, the labels find them");
        reading.task.warnings.add("channels", reason);
    }
    let names = label_names(&dataset, &file)?;
    let mut import = Import::default();
    let mut labels = Labels::of(reading.contents);
    let mut added = Import::default();
    let mut painter = Painter::new(reading.contents);
    let mut painted = Import::default();
    for (images, maps) in [("imagesTr", "labelsTr"), ("imagesTs", "labelsTs")] {
        let folder = root.join(maps);
        if !folder.is_dir() {
            continue;
        }
        for map in folder::files_under(&folder)? {
            reading.task.cancel.check()?;
            let name = map.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let Some(case) = name.strip_suffix(ending.as_str()) else { continue };
            let rename = |value: u16| (names.get(&value).cloned().unwrap_or_else(|| format!("label {value}")), None);
            let volume = formats::open_single(&map, reading.task)?;
            if grid::image_with(reading, &volume.geometry).is_some() {
                grid::read_map(reading, &map, None, (&mut labels, &mut painter), &rename, &mut painted)?;
                continue;
            }
            let picture = root.join(images).join(format!("{case}_0000{ending}"));
            let entry = reading.pictures.entry_of(&picture, reading.task)?;
            let way = grid::Way::between(&entry.geometry, &volume.geometry);
            let way = way.ok_or_else(|| Error::export(&map, "the labels do not lie on the grid of their image"))?;
            let values = grid::values_on(&entry, &way, &volume, &map)?;
            added.commands.push(crate::Command::AddImage { image: entry.clone() });
            grid::paint_values(&entry, values, (&mut labels, &mut painter), &rename, &mut painted)?;
        }
    }
    import.records = painted.records;
    import.warnings.extend(painted.warnings);
    import.commands.extend(added.commands);
    import.commands.extend(labels.commands());
    import.commands.extend(painted.commands);
    Ok(import)
}

/// The one `dataset.json` in or one level under a folder.
fn find(folder: &Path) -> Result<std::path::PathBuf> {
    let here = folder.join(DATASET);
    if here.is_file() {
        return Ok(here);
    }
    let listing = std::fs::read_dir(folder).map_err(Error::io(folder, "could not list the folder"))?;
    let mut below: Vec<_> = listing.flatten().map(|entry| entry.path().join(DATASET)).filter(|p| p.is_file()).collect();
    below.sort();
    match below.len() {
        1 => Ok(below.remove(0)),
        0 => Err(Error::export(folder, "there is no dataset.json")),
        n => Err(Error::export(folder, format!("{n} data sets lie here; name one"))),
    }
}

/// What each value stands for. Regions name several values; the values themselves keep their numbers then.
fn label_names(dataset: &Dataset, file: &Path) -> Result<BTreeMap<u16, String>> {
    let mut names = BTreeMap::new();
    for (name, value) in &dataset.labels {
        match value {
            Value::Number(number) => {
                let value = number.as_u64().and_then(|n| u16::try_from(n).ok());
                let value =
                    value.ok_or_else(|| Error::export(file, format!("the label {name:?} has no whole value")))?;
                names.insert(value, name.clone());
            }
            Value::Array(_) => {}
            // Data sets of the first version map values to names.
            Value::String(meaning) => {
                if let Ok(value) = name.parse() {
                    names.insert(value, meaning.clone());
                }
            }
            _ => return Err(Error::export(file, format!("the label {name:?} has no value"))),
        }
    }
    Ok(names)
}
