//! Which format a file or folder has, by what is in it: nobody should have to know the name of what they were given.

use super::dicom::companions;
use super::{Exchange, Receipt, by_name, folder, mask_picture, receipt};
use crate::error::{Error, Result};
use limner_imaging::Task;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Files that stand for their folder: ours and those of other writers.
const SIGNS: [(&str, &str); 4] = [
    ("raters.json", "multi-rater"),
    ("dataset_description.json", "bids"),
    ("labelsTr", "nnunet"),
    ("bundle.json", "native"),
];

/// A JSON file of more than this is read for its format only where it is asked for by name.
const MOST_JSON: u64 = 512 << 20;

/// The format of a data set; an error where it cannot be told.
pub fn guess(path: &Path, task: &Task) -> Result<&'static dyn Exchange> {
    let found = if path.is_dir() { of_folder(path, task)? } else { of_file(path, task)? };
    // A picture by itself is a mask for one of the project's.
    if found.is_none() && path.is_file() && mask_picture::has_its_ending(path) {
        return Ok(&mask_picture::MaskPicture);
    }
    let reason = "what kind of data set this is could not be told from its name and contents; on the command line --format \
                  says which it has, and limner export --list names them";
    found.as_deref().and_then(by_name).filter(|format| format.reads()).ok_or_else(|| Error::export(path, reason))
}

fn of_folder(root: &Path, task: &Task) -> Result<Option<String>> {
    if Receipt::lies_in(root) {
        let known: Value = folder::read_json(&root.join(receipt::FILE_NAME))?;
        return Ok(known["format"].as_str().map(str::to_owned));
    }
    // nnU-Net's data sets lie in a folder that bears their number.
    let inner = std::fs::read_dir(root).map_err(Error::io(root, "could not list the folder"))?.flatten();
    let folders =
        std::iter::once(root.to_path_buf()).chain(inner.map(|entry| entry.path()).filter(|path| path.is_dir()));
    for folder in folders.take(64) {
        if let Some((_, name)) = SIGNS.iter().find(|(sign, _)| folder.join(sign).exists()) {
            return Ok(Some((*name).to_owned()));
        }
    }
    let files = folder::files_under(root)?;
    if files.iter().any(|file| file.file_name().is_some_and(|name| name == "data.yaml")) {
        return Ok(Some(of_yolo(&files)?.into()));
    }
    // The first file that says something speaks for all.
    for file in files.iter().take(200) {
        task.cancel.check()?;
        if let Some(found) = of_file(file, task)? {
            return Ok(Some(found));
        }
    }
    let is_paired = ["images", "masks"].iter().all(|inner| root.join(inner).is_dir());
    Ok(is_paired.then(|| "paired-png".to_owned()))
}

fn of_file(path: &Path, task: &Task) -> Result<Option<String>> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let plain = |name: &str| Ok(Some(name.to_owned()));
    match () {
        () if ends(&[".nii", ".nii.gz", ".hdr"]) => plain("nifti"),
        () if ends(&[".nrrd"]) => plain("seg-nrrd"),
        () if ends(&[".mha", ".mhd"]) => plain("metaimage"),
        () if ends(&[".stl"]) => plain("mesh-stl"),
        () if ends(&[".ply"]) => plain("mesh-ply"),
        () if ends(&[".glb"]) => plain("mesh-glb"),
        () if ends(&[".npz"]) => plain("medsam-npz"),
        () if ends(&[".json"]) => of_json(path),
        () if ends(&[".xml"]) => {
            let head = head(path)?;
            match () {
                () if head.contains("<annotations") => plain("cvat"),
                () if head.contains("<annotation>") => plain("voc"),
                () => Ok(None),
            }
        }
        () if ends(&[".csv"]) && head(path)?.contains("Bbox") => plain("nih-bbox"),
        () if ends(&[".dcm"]) || !name.contains('.') => {
            Ok(companions(path, task)?.first().map(|found| found.format.name().to_owned()))
        }
        () => Ok(None),
    }
}

fn of_json(path: &Path) -> Result<Option<String>> {
    let size = std::fs::metadata(path).map_err(Error::io(path, "could not read the file"))?.len();
    if size > MOST_JSON {
        return Ok(None);
    }
    let Ok(value) = folder::read_json::<Value>(path) else { return Ok(None) };
    let has = |key: &str| value.get(key).is_some_and(Value::is_array);
    let any = |list: &str, key: &str| {
        value[list].as_array().is_some_and(|all| all.iter().take(100).any(|one| one.get(key).is_some()))
    };
    Ok(Some(
        match () {
            () if has("annotations") && any("annotations", "segments_info") => "coco-panoptic",
            () if has("annotations") && has("categories") && any("categories", "keypoints") => "coco-keypoints",
            () if has("annotations") && has("categories") => "coco-instances",
            () if has("shapes") && value.get("imagePath").is_some() => "labelme",
            () if value.as_array().is_some_and(|all| all.iter().any(|one| one.get("annotations").is_some())) => {
                "label-studio"
            }
            () if has("items") && value.get("categories").is_some() => "datumaro",
            () => return Ok(None),
        }
        .to_owned(),
    ))
}

/// Boxes have four numbers after their class, outlines more.
fn of_yolo(files: &[PathBuf]) -> Result<&'static str> {
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "txt")).take(200) {
        match head(file)?.lines().next().map(|line| line.split_whitespace().count()) {
            Some(5) => return Ok("yolo-detect"),
            Some(6..) => return Ok("yolo-segment"),
            _ => {}
        }
    }
    Ok("yolo-detect")
}

fn head(path: &Path) -> Result<String> {
    use std::io::Read as _;
    let wrong = || Error::io(path, "could not read the file");
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(wrong())?.take(4096).read_to_end(&mut bytes).map_err(wrong())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
