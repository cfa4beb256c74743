//! Predictions for pictures that are open: which models lie in a folder, which of their maps speak of which picture, and
//! one map laid on a picture's own voxels, its labels in the project's numbers.
//!
//! A map on another grid is refused: it is never resampled, so what is compared is what the model said.

use super::differ::Sheet;
use super::folder::{self, Maps};
use super::records::{Beside, RecordFile, may_be};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use crate::metrics::Labels;
use limner_imaging::{Geometry, Task};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What one model said, as far as files tell.
#[derive(Clone, Debug, Default)]
pub struct ModelFiles {
    pub name: String,
    pub maps: Maps,
    /// What its numbers mean, where a file beside the maps says so.
    pub labels: BTreeMap<u32, String>,
    /// Ids and hashes of the pictures that maps were made for, where a file beside them says so.
    marks: BTreeMap<PathBuf, BTreeSet<String>>,
    /// Boxes, classes, landmarks, answers.
    pub records: Vec<Arc<RecordFile>>,
    /// Files that could not be read, with why.
    pub broken: Vec<(PathBuf, String)>,
}

/// A picture that maps may speak of, and what it may be called in them.
#[derive(Clone, Debug)]
pub struct Picture<K> {
    pub key: K,
    /// Names of files and folders, lower case.
    names: BTreeSet<String>,
    /// Ids and hashes.
    marks: BTreeSet<String>,
}

impl<K> Picture<K> {
    /// By its file or folder.
    #[must_use]
    pub fn at(key: K, path: &Path) -> Self {
        let own = folder::stem(path).to_lowercase();
        let above = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().to_lowercase());
        let mut names = BTreeSet::new();
        // nnU-Net's pictures end in the number of their channel, its maps do not.
        names.extend(own.strip_suffix("_0000").map(str::to_owned));
        names.extend(above.iter().map(|above| format!("{above}/{own}")));
        names.extend(above);
        names.insert(own);
        Self { key, names, marks: BTreeSet::new() }
    }

    /// Of a project: by id and hash too.
    #[must_use]
    pub fn in_project(key: K, image: &ImageEntry, path: &Path) -> Self {
        let marks = [image.id.to_string(), image.sha256.clone()].into_iter().chain(image.series_uid.clone());
        Self { marks: marks.collect(), ..Self::at(key, path) }
    }

    fn is_called(&self, case: &str) -> bool {
        let case = case.to_lowercase();
        // Slicer calls a segmentation case.seg.nrrd.
        let case = case.strip_suffix(".seg").map_or(case.clone(), str::to_owned);
        let short = case.rsplit('/').next().unwrap_or(&case);
        self.names.contains(&case) || self.names.contains(short) || self.marks.contains(&case)
    }
}

/// The picture that one of these names means, the first that does, and the stored slice the name says. A name is an id, a
/// hash, or a path with or without its folders and ending; one that two pictures have is nobody's.
pub(super) fn named<'p, K>(
    pictures: &'p [Picture<K>],
    names: &[&str],
) -> std::result::Result<(&'p Picture<K>, Option<usize>), String> {
    let mut shared = None;
    for name in names.iter().filter(|name| !name.is_empty()) {
        let name = name.replace('\\', "/").to_lowercase();
        if let Some(marked) = pictures.iter().find(|picture| picture.marks.contains(&name)) {
            return Ok((marked, None));
        }
        let (folders, file) = name.rsplit_once('/').map_or(("", name.as_str()), |(folders, file)| (folders, file));
        let bare = folder::stem(Path::new(file));
        let above = folders.rsplit('/').next().unwrap_or_default();
        let (whole, slice) = sliced(&bare);
        let calls = [format!("{above}/{file}"), format!("{above}/{bare}"), file.to_owned(), bare.clone()];
        let calls = calls.iter().map(|call| (call.as_str(), None)).chain(slice.map(|slice| (whole, Some(slice))));
        for (call, slice) in calls {
            let called: Vec<&Picture<K>> = pictures.iter().filter(|picture| picture.names.contains(call)).collect();
            match called.as_slice() {
                [] => {}
                [one] => return Ok((one, slice)),
                several => shared = Some(several.len()),
            }
        }
    }
    Err(shared
        .map_or_else(|| "no picture has this name, id or hash".to_owned(), |n| format!("{n} pictures are called so")))
}

/// As our own exports call a slice: `case_slice_00012`.
fn sliced(name: &str) -> (&str, Option<usize>) {
    let parts = name.rsplit_once("_slice_");
    let number = parts.and_then(|(case, number)| Some((case, number.parse::<usize>().ok()?.checked_sub(1)?)));
    number.map_or((name, None), |(case, slice)| (case, Some(slice)))
}

/// Which map of a model speaks of which picture, and which speak of none.
#[derive(Clone, Debug)]
pub struct Matched<K> {
    pub files: BTreeMap<K, PathBuf>,
    /// The file, and why it belongs to no picture.
    pub alone: Vec<(PathBuf, String)>,
}

impl ModelFiles {
    /// By what a file beside the maps says of id and hash, else by name. A name that two pictures have is nobody's; a single
    /// file is for the picture in front.
    #[must_use]
    pub fn matched<K: Copy + Ord>(&self, pictures: &[Picture<K>], in_front: Option<K>) -> Matched<K> {
        let mut out = Matched { files: BTreeMap::new(), alone: Vec::new() };
        for (case, path) in &self.maps.files {
            let marks = self.marks.get(path);
            let marked = pictures.iter().find(|p| marks.is_some_and(|marks| !p.marks.is_disjoint(marks)));
            let called: Vec<&Picture<K>> = pictures.iter().filter(|p| p.is_called(case)).collect();
            let found = match (marked, called.as_slice()) {
                (Some(one), _) => Ok(one.key),
                (None, [one]) => Ok(one.key),
                (None, _) if self.maps.single && in_front.is_some() => in_front.ok_or_else(String::new),
                (None, []) => Err("no picture has this name, id or hash".to_owned()),
                (None, several) => Err(format!("{} pictures are called so", several.len())),
            };
            match found {
                Ok(key) if !out.files.contains_key(&key) => drop(out.files.insert(key, path.clone())),
                Ok(_) => out.alone.push((path.clone(), "another map of this model is for the same picture".into())),
                Err(why) => out.alone.push((path.clone(), why)),
            }
        }
        out
    }
}

/// The models of a file or folder. A folder without maps of its own whose folders are no cases holds one model a folder;
/// files of records of one kind in one folder are of one model each.
pub fn models_in<K>(path: &Path, pictures: &[Picture<K>], task: &Task) -> Result<Vec<ModelFiles>> {
    if path.is_file() && may_be(path) {
        return record_file(path).map(|model| vec![model]);
    }
    let inner = if path.is_dir() { folders_in(path)? } else { Vec::new() };
    let is_case = |folder: &PathBuf| pictures.iter().any(|picture| picture.is_called(&folder::stem(folder)));
    let of_one = inner.is_empty() || inner.iter().any(is_case) || folder::has_maps_of_its_own(path)?;
    let roots = if of_one { vec![path.to_path_buf()] } else { inner };
    let names = folder::names(&roots);
    let mut models = Vec::new();
    for (root, name) in roots.into_iter().zip(names) {
        let maps = folder::maps_in(&root, task)?;
        let about = About::beside(&root);
        let mut model = ModelFiles { name, labels: about.labels, marks: about.marks, maps, ..ModelFiles::default() };
        let others = add_records(&mut model, &root, task)?;
        if !model.maps.files.is_empty() || !model.records.is_empty() || !model.broken.is_empty() {
            models.push(model);
        }
        models.extend(others);
    }
    if !of_one {
        // Files beside the folders are of models of their own.
        let mut loose = ModelFiles { name: file_name(path), ..ModelFiles::default() };
        let others = add_records(&mut loose, path, task)?;
        models.extend(Some(loose).filter(|loose| !loose.records.is_empty() || !loose.broken.is_empty()));
        models.extend(others);
    }
    if models.is_empty() {
        return Err(Error::export(path, "there are no label maps and no files of records here"));
    }
    Ok(models)
}

/// A file that was named itself.
fn record_file(path: &Path) -> Result<ModelFiles> {
    let file = RecordFile::read(path)?.ok_or_else(|| {
        let known = "COCO results, a CSV of boxes, classes, landmarks or tracks, answers as JSONL, or tracks as npz";
        Error::export(path, format!("this is no file of records ({known})"))
    })?;
    let file = file.named_by(&Beside::of(path.parent().unwrap_or(path)));
    Ok(ModelFiles { name: folder::stem(path), records: vec![Arc::new(file)], ..ModelFiles::default() })
}

/// Files of records in a folder: to the folder's model where there is one of a kind, else one model a file.
fn add_records(model: &mut ModelFiles, root: &Path, task: &Task) -> Result<Vec<ModelFiles>> {
    if !root.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(root).map_err(Error::io(root, "could not list the folder"))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.is_file() && may_be(path));
    paths.sort();
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let beside = Beside::of(root);
    let mut files: Vec<RecordFile> = Vec::new();
    for path in paths {
        task.cancel.check()?;
        match RecordFile::read(&path) {
            Ok(file) => files.extend(file.map(|file| file.named_by(&beside))),
            Err(error) => model.broken.push((path, error.to_string())),
        }
    }
    let alike =
        |file: &RecordFile| files.iter().filter(|other| !other.is_truth && other.kind() == file.kind()).count() > 1;
    let apart: Vec<bool> = files.iter().map(|file| file.is_truth || alike(file) && !file.is_one_of_many()).collect();
    let mut others = Vec::new();
    for (file, apart) in files.into_iter().zip(apart) {
        if apart {
            let name = folder::stem(&file.path);
            others.push(ModelFiles { name, records: vec![Arc::new(file)], ..ModelFiles::default() });
        } else {
            model.records.push(Arc::new(file));
        }
    }
    Ok(others)
}

fn folders_in(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path).map_err(Error::io(path, "could not list the folder"))?;
    let hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut folders: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_dir() && !hidden(p)).collect();
    folders.sort();
    Ok(folders)
}

/// What files beside label maps say of them.
#[derive(Default)]
struct About {
    labels: BTreeMap<u32, String>,
    marks: BTreeMap<PathBuf, BTreeSet<String>>,
}

impl About {
    /// nnU-Net's `dataset.json` and our own `labels.json`, in the folder or the one above it.
    fn beside(root: &Path) -> Self {
        let folder = if root.is_dir() { root } else { root.parent().unwrap_or(root) };
        let mut about = Self::default();
        for folder in folder.parent().into_iter().chain([folder]) {
            if let Some(labels) = json::<DataSet>(&folder.join("dataset.json")).and_then(|set| set.names()) {
                about.labels = labels;
            }
            if let Some(own) = json::<Own>(&folder.join("labels.json")) {
                about.labels = own.labels.into_iter().map(|label| (label.value, label.name)).collect();
                for image in own.images {
                    let marks = BTreeSet::from([image.id, image.sha256_samples]);
                    let files = image.files.iter().map(|file| (folder.join(&file.path), marks.clone()));
                    about.marks.extend(files);
                }
            }
        }
        about
    }
}

/// A file beside the maps that is not what its name says is none of ours.
fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_str(&crate::exchange::folder::read_text(path).ok()?).ok()
}

#[derive(Deserialize)]
struct DataSet {
    labels: BTreeMap<String, serde_json::Value>,
}

impl DataSet {
    /// Version 2 goes from names to numbers, version 1 from numbers to names. Regions of several numbers name none of them.
    fn names(&self) -> Option<BTreeMap<u32, String>> {
        let one = |(key, value): (&String, &serde_json::Value)| match (value.as_u64(), value.as_str(), key.parse()) {
            (Some(number), ..) => Some((u32::try_from(number).ok()?, key.clone())),
            (None, Some(name), Ok(number)) => Some((number, name.to_owned())),
            _ => None,
        };
        let names: BTreeMap<u32, String> = self.labels.iter().filter_map(one).filter(|(n, _)| *n != 0).collect();
        (!names.is_empty()).then_some(names)
    }
}

#[derive(Deserialize)]
struct Own {
    labels: Vec<OwnLabel>,
    #[serde(default)]
    images: Vec<OwnImage>,
}

#[derive(Deserialize)]
struct OwnLabel {
    value: u32,
    name: String,
}

#[derive(Deserialize)]
struct OwnImage {
    id: String,
    #[serde(default)]
    sha256_samples: String,
    files: Vec<OwnFile>,
}

#[derive(Deserialize)]
struct OwnFile {
    path: String,
}

/// A map on the voxels of a picture.
#[derive(Clone, Debug)]
pub struct Version {
    /// In the numbers of the project where both know a label's name.
    pub labels: Labels,
    /// Of a probability map, whose labels are what is above the threshold: the map in steps.
    pub soft: Option<Sheet>,
    /// Names of labels that the project does not know, by number.
    pub names: BTreeMap<u32, String>,
    /// Of the file; none for what is no file.
    pub sha256: Option<String>,
    pub file: Option<String>,
}

/// Reads a map for a picture, and refuses one on another grid. Without a grid it lies on its own.
pub fn read_on(
    path: &Path,
    grid: Option<&Geometry>,
    names: &BTreeMap<u32, String>,
    contents: &Contents,
    task: &Task,
) -> Result<Version> {
    let (mut labels, soft) = folder::read_soft(path, grid, task)?;
    if let Some(grid) = grid.filter(|grid| !labels.geometry.matches(grid, 1e-2)) {
        let rounded = |mm: f64| (mm * 1e3).round() / 1e3;
        return Err(Error::export(
            path,
            format!(
                "it lies on another grid ({:?} voxels of {:?} mm) than the picture ({:?} of {:?}) or elsewhere in space; \
                 export it on the picture's own grid",
                labels.geometry.size(),
                labels.geometry.spacing_mm().map(rounded),
                grid.size(),
                grid.spacing_mm().map(rounded),
            ),
        ));
    }
    let numbers = numbers(&labels.labels(), names, contents);
    labels.renumber(|label| numbers.get(&label).copied().unwrap_or(label));
    let names = names.iter().filter_map(|(old, name)| Some((*numbers.get(old)?, name.clone()))).collect();
    task.cancel.check()?;
    Ok(Version { labels, soft, names, sha256: Some(hash(path)?), file: Some(file_name(path)) })
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn hash(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(Error::io(path, "could not read the file"))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// From a model's numbers to the project's: a label both know by name has the project's number, any other one keeps its own
/// as long as that is free.
fn numbers(used: &[u32], names: &BTreeMap<u32, String>, contents: &Contents) -> BTreeMap<u32, u32> {
    let known = contents.labels();
    let by_name = |name: &str| known.iter().find(|label| label.name.trim().eq_ignore_ascii_case(name.trim()));
    let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
    for label in used {
        if let Some(own) = names.get(label).and_then(|name| by_name(name)) {
            numbers.insert(*label, u32::from(own.value));
        }
    }
    let mut taken: BTreeSet<u32> = numbers.values().copied().collect();
    for label in used {
        if numbers.contains_key(label) {
            continue;
        }
        // A number that means something else in the project is not this label's.
        let other = names.get(label).is_some()
            && u16::try_from(*label).is_ok_and(|value| contents.label_of_value(value).is_some());
        let is_known = |n: u32| u16::try_from(n).is_ok_and(|value| contents.label_of_value(value).is_some());
        let number = if other || taken.contains(label) {
            (1..).find(|n| !taken.contains(n) && !is_known(*n) && !used.contains(n)).unwrap_or(*label)
        } else {
            *label
        };
        taken.insert(number);
        numbers.insert(*label, number);
    }
    numbers
}

/// What is painted on a picture with some of the project's labels, each under the number given with it. Where two lie over
/// each other the later one wins.
#[must_use]
pub fn painted(contents: &Contents, image: ImageId, labels: &[(u16, u32)]) -> Option<Labels> {
    let entry = contents.image(image)?;
    let map = contents.label_map(image);
    let mask = |(value, number): &(u16, u32)| map.map(|map| (*number, map.mask_of(*value)));
    let masks: Vec<_> = labels.iter().filter_map(mask).collect();
    Some(Labels::from_masks(entry.geometry, &masks))
}
