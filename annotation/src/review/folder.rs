//! Folders of label maps: which file belongs to which case.
//!
//! A case is called what its file is called without its ending, or its folder where that is a DICOM segmentation. Maps may
//! lie in folders below; two of one name are told apart by these. nnU-Net's own folders are known.

use super::differ::Sheet;
use super::soft;
use crate::error::{Error, Result};
use crate::exchange::dicom::segments_on;
use crate::metrics::Labels;
use limner_imaging::{Geometry, Task, formats};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where each case's map lies.
#[derive(Clone, Debug, Default)]
pub struct Maps {
    pub files: BTreeMap<String, PathBuf>,
    /// A file was named and not a folder.
    pub single: bool,
}

/// Where nnU-Net puts label maps and what it predicted for its validation cases.
const NNUNET: [&str; 4] = ["labelsTr", "labelsTs", "validation", "validation_raw"];

/// Lists the maps of a folder, or takes a single file for one.
pub fn maps_in(path: &Path, task: &Task) -> Result<Maps> {
    if path.is_file() {
        return Ok(Maps { files: BTreeMap::from([(stem(path), path.to_path_buf())]), single: true });
    }
    let root = NNUNET.iter().map(|name| path.join(name)).find(|folder| folder.is_dir());
    let root = root.unwrap_or_else(|| path.to_path_buf());
    let mut found = Vec::new();
    walk(&root, task, &mut found, 0)?;
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    found.iter().for_each(|file| *names.entry(stem(file)).or_default() += 1);
    let mut files = BTreeMap::new();
    for file in found {
        let name = stem(&file);
        let folder = file.parent().and_then(|p| p.strip_prefix(&root).ok()).map(Path::to_path_buf).unwrap_or_default();
        // DICOM files are called by numbers: the folder is the case.
        let dicom = file.extension().is_none_or(|e| e.eq_ignore_ascii_case("dcm"));
        let case = if names[&name] > 1 || dicom && folder.components().next().is_some() {
            let above =
                folder.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            if dicom { above } else { format!("{above}/{name}") }
        } else {
            name
        };
        if let Some(other) = files.insert(case.clone(), file.clone()) {
            let reason = format!("two maps are called {case}: {} and this one", other.display());
            return Err(Error::export(&file, reason));
        }
    }
    Ok(Maps { files, single: false })
}

fn walk(folder: &Path, task: &Task, found: &mut Vec<PathBuf>, depth: usize) -> Result<()> {
    const DEEPEST: usize = 6;
    task.cancel.check()?;
    let entries = std::fs::read_dir(folder).map_err(Error::io(folder, "could not list the folder"))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && depth < DEEPEST {
            walk(&path, task, found, depth + 1)?;
        } else if path.is_file() && is_map(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a folder holds maps itself, or where nnU-Net puts them.
pub fn has_maps_of_its_own(path: &Path) -> Result<bool> {
    let entries = std::fs::read_dir(path).map_err(Error::io(path, "could not list the folder"))?;
    let nnunet = NNUNET.iter().any(|name| path.join(name).is_dir());
    Ok(nnunet || entries.flatten().any(|entry| entry.path().is_file() && is_map(&entry.path())))
}

/// By its ending: what lies beside label maps (plans, summaries, probabilities) is none.
fn is_map(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    const VIDEOS: [&str; 4] = ["mp4", "mov", "m4v", "avi"];
    let endings = formats::FORMATS.iter().flat_map(|format| format.extensions()).filter(|e| !VIDEOS.contains(e));
    !name.starts_with('.') && endings.into_iter().any(|ending| name.ends_with(&format!(".{ending}")))
}

/// `case_1` for `case_1.nii.gz` too.
#[must_use]
pub fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// Two single files are versions of one case, whatever they are called.
#[must_use]
pub fn as_one_case(reference: &Maps, models: Vec<(String, Maps)>) -> Vec<(String, Maps)> {
    let [case] = reference.files.keys().collect::<Vec<_>>()[..] else { return models };
    if !reference.single {
        return models;
    }
    let named = |(model, maps): (String, Maps)| {
        let Maps { files, single } = maps;
        let files = files.into_iter().map(|(own, path)| (if single { case.clone() } else { own }, path)).collect();
        (model, Maps { files, single })
    };
    models.into_iter().map(named).collect()
}

/// What models are called: their folder or file, with the folder above where two have one name.
#[must_use]
pub fn names(paths: &[PathBuf]) -> Vec<String> {
    let last = |path: &PathBuf| if path.is_file() { stem(path) } else { file_name(path) };
    let short: Vec<String> = paths.iter().map(last).collect();
    let name = |(path, name): (&PathBuf, &String)| {
        let alone = short.iter().filter(|other| *other == name).count() == 1;
        let above = path.parent().map(file_name).filter(|above| !above.is_empty());
        if alone { name.clone() } else { above.map_or_else(|| name.clone(), |above| format!("{above}/{name}")) }
    };
    let mut names: Vec<String> = paths.iter().zip(&short).map(name).collect();
    for n in 0..names.len() {
        if names[..n].contains(&names[n]) {
            names[n] = format!("{} ({})", names[n], n + 1);
        }
    }
    names
}

fn file_name(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The subject and the group of each case, from a CSV with the columns case, subject and perhaps group.
pub fn subjects(path: &Path) -> Result<BTreeMap<String, (String, String)>> {
    let rows = crate::exchange::csv::rows(&crate::exchange::folder::read_text(path)?);
    let [head, rows @ ..] = rows.as_slice() else { return Err(Error::export(path, "the table is empty")) };
    let column = |name: &str| head.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    let (Some(case), Some(subject)) = (column("case"), column("subject")) else {
        return Err(Error::export(path, "the first line names no columns case and subject"));
    };
    let cell = |row: &Vec<String>, n: Option<usize>| n.and_then(|n| row.get(n)).cloned().unwrap_or_default();
    let one = |row: &Vec<String>| (cell(row, Some(case)), (cell(row, Some(subject)), cell(row, column("group"))));
    Ok(rows.iter().map(one).collect())
}

/// Reads a label map. A DICOM segmentation is laid on `grid`, its segments' numbers are the labels.
pub fn read(path: &Path, grid: Option<&Geometry>, task: &Task) -> Result<Labels> {
    let dicom = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("dcm"));
    match grid {
        Some(grid) if dicom => Ok(Labels::from_masks(*grid, &segments_on(path, grid, task)?)),
        None if dicom => Err(Error::export(path, "a DICOM segmentation needs a reference whose voxels it lies on")),
        _ => Labels::of(formats::open_single(path, task)?),
    }
}

/// The same, but a probability map is not refused: its labels are what is above the threshold, and it comes along in steps.
pub fn read_soft(path: &Path, grid: Option<&Geometry>, task: &Task) -> Result<(Labels, Option<Sheet>)> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("dcm")) {
        return Ok((read(path, grid, task)?, None));
    }
    let volume = formats::open_single(path, task)?;
    match soft::of(&volume) {
        Some((labels, sheet)) => Ok((labels, Some(sheet))),
        None => Ok((Labels::of(volume)?, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_cases_and_what_lies_beside_them_is_not() {
        let home = tempfile::tempdir().unwrap();
        for file in ["a.nii.gz", "b.nrrd", "plans.json", "a.npz", "deep/c.mha", "one/x.nii", "two/x.nii", "s1/1.dcm"] {
            let path = home.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let maps = maps_in(home.path(), &Task::default()).unwrap();
        assert_eq!(maps.files.keys().collect::<Vec<_>>(), ["a", "b", "c", "one/x", "s1", "two/x"]);
        assert_eq!(stem(Path::new("a/case.1.nii.gz")), "case.1");
        assert_eq!(stem(Path::new("bare")), "bare");
    }
}
