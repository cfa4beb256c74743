//! The picture formats behind one list. A new one is a file here and a line in `FORMATS`.

mod ahead;
mod at_place;
pub(crate) mod beside;
mod described;
pub mod dicom;
mod gather;
mod gzip;
pub mod metaimage;
pub mod nifti;
pub mod nrrd;
pub mod raster;
mod reader;
mod stored;
pub mod video;
mod walk;

pub use gather::scan_telling;
pub use reader::Reader;
pub(crate) use walk::files_under;

use crate::error::{Error, Result};
use crate::series::Series;
use crate::task::Task;
use crate::volume::Volume;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Order matters where two formats could claim a file: the one with the surer sign comes first.
pub const FORMATS: &[&dyn Format] =
    &[&dicom::Dicom, &nrrd::Nrrd, &metaimage::MetaImage, &nifti::Nifti, &raster::Raster, &video::Video];

/// Whether a format knows a file. "Not mine" is an answer, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    Mine,
    NotMine,
}

/// How much of a file `probe` is shown.
pub const HEAD_BYTES: usize = 512;

pub trait Format: Sync {
    /// The word in `limner info`: dicom, nifti, ...
    fn name(&self) -> &'static str;

    /// For people, in the open dialog.
    fn title(&self) -> &'static str;

    /// Endings without the leading dot, lower case. For dialogs and writing; reading goes by content.
    fn extensions(&self) -> &'static [&'static str];

    /// Decides by the first bytes (and the name, where the format has no sign of its own).
    fn probe(&self, path: &Path, head: &[u8]) -> Probe;

    /// Reads headers only. All files are this format's; the answer groups them into series, stack order inside.
    /// A file that fails goes into `failed` and does not stop the others.
    fn scan(&self, files: &[PathBuf], task: &Task, failed: &mut Vec<Failure>) -> Result<Vec<Series>>;

    /// Opens a series this format found.
    fn open(&self, series: &Series) -> Result<Box<dyn Reader>>;

    /// The endings `write` takes, none where it does not work.
    fn written(&self) -> &'static [&'static str] {
        &[]
    }

    fn write(&self, volume: &Volume, path: &Path, task: &Task) -> Result<()> {
        let _ = (volume, task);
        Err(Error::unsupported(path, format!("writing {}", self.title()), "choose NIfTI, NRRD, MetaImage, PNG or TIFF"))
    }
}

#[derive(Debug)]
pub struct Failure {
    pub path: PathBuf,
    pub error: Error,
}

/// What is under a path: series found, and what could not be read: files that looked like pictures, and folders.
#[derive(Debug, Default)]
pub struct Found {
    pub series: Vec<Series>,
    pub failed: Vec<Failure>,
}

/// Scans a file or a folder (and its folders) for everything any format knows.
pub fn scan(path: &Path, task: &Task) -> Result<Found> {
    let mut found = Found::default();
    let files = files_under(path, task, &mut found.failed)?;
    let single = path.is_file();
    let mut claimed: Vec<Vec<PathBuf>> = vec![Vec::new(); FORMATS.len()];
    for file in files {
        task.cancel.check()?;
        match head(&file, HEAD_BYTES as u64) {
            Ok(head) => match FORMATS.iter().position(|f| f.probe(&file, &head) == Probe::Mine) {
                Some(n) => claimed[n].push(file),
                None if single => {
                    found.failed.push(Failure { error: Error::NotAnImage { path: file.clone() }, path: file });
                }
                None => {}
            },
            Err(error) => found.failed.push(Failure { path: file, error }),
        }
    }
    for (format, files) in FORMATS.iter().zip(claimed) {
        if !files.is_empty() {
            found.series.extend(format.scan(&files, task, &mut found.failed)?);
        }
    }
    Ok(found)
}

/// At most the first `limit` bytes of a file.
fn head(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = std::fs::File::open(path).map_err(Error::io(path, "could not open the file"))?;
    let mut head = Vec::new();
    file.take(limit).read_to_end(&mut head).map_err(Error::io(path, "could not read the file"))?;
    Ok(head)
}

/// The files a header names: one a line, or a pattern with first, last and step (`slice_%03d.raw 1 20 1`).
fn listed_files(folder: &Path, names: &str) -> Vec<PathBuf> {
    const MOST: usize = 1 << 16;
    let words: Vec<&str> = names.split_whitespace().collect();
    if let [pattern, numbers @ ..] = words.as_slice()
        && let Some((before, rest)) = pattern.split_once('%')
        && let Some((width, after)) = rest.split_once('d')
        && let [first, last, step, ..] = numbers.iter().filter_map(|n| n.parse().ok()).collect::<Vec<usize>>()[..]
    {
        let width: usize = width.trim_start_matches('0').parse().unwrap_or(1);
        let name = |n: usize| folder.join(format!("{before}{n:0width$}{after}"));
        return (first..=last).step_by(step.max(1)).take(MOST).map(name).collect();
    }
    names.lines().map(str::trim).filter(|l| !l.is_empty()).take(MOST).map(|l| folder.join(l)).collect()
}

/// Opens the one series under a path; more than one is an error that says so.
pub fn open_single(path: &Path, task: &Task) -> Result<Volume> {
    let mut found = scan(path, task)?;
    match found.series.len() {
        1 => found.series.remove(0).load(task),
        0 => Err(found.failed.pop().map_or_else(|| Error::NoPicture { path: path.into() }, |f| f.error)),
        n => Err(Error::malformed(path, format!("{n} series found where one was expected; name one of them"))),
    }
}

/// The formats as a Markdown table, for the documentation.
#[must_use]
pub fn markdown_table() -> String {
    let listed = |endings: &[&str]| endings.iter().map(|e| format!("`.{e}`")).collect::<Vec<_>>().join(" ");
    let mut out = String::from("| Name | Format | Endings | Reads | Writes |\n|---|---|---|---|---|\n");
    for format in FORMATS {
        let written = match format.written() {
            [] => "no".to_owned(),
            all if all == format.extensions() => "yes".to_owned(),
            some => listed(some),
        };
        let (name, title, endings) = (format.name(), format.title(), listed(format.extensions()));
        out.push_str(&format!("| {name} | {title} | {endings} | yes | {written} |\n"));
    }
    out
}

/// Writes a volume in the format its file name asks for.
pub fn write(volume: &Volume, path: &Path) -> Result<()> {
    write_with(volume, path, &Task::default())
}

/// The same, saying how far it is. Cancelled, it leaves what was there before.
pub fn write_with(volume: &Volume, path: &Path, task: &Task) -> Result<()> {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let format = FORMATS
        .iter()
        .filter(|f| !f.written().is_empty())
        .find(|f| f.extensions().iter().any(|e| name.ends_with(&format!(".{e}"))))
        .ok_or_else(|| Error::unsupported(path, "this file ending", "end the name in .nii.gz, .nrrd, .mha or .png"))?;
    task.cancel.check()?;
    let outcome = format.write(volume, path, task);
    if outcome.is_err() {
        task.cancel.check()?;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_format_and_what_it_really_writes() {
        let table = markdown_table();
        assert_eq!(table.lines().count(), FORMATS.len() + 2);
        assert!(table.lines().all(|l| l.matches('|').count() == 6), "{table}");
        assert!(table.contains("| dicom | DICOM | `.dcm` `.dicom` `.ima` | yes | no |"), "{table}");
        let rasters = table.lines().find(|l| l.starts_with("| raster ")).unwrap();
        assert!(rasters.ends_with("| yes | `.png` `.tif` `.tiff` |"), "{rasters}");
        let volume = crate::testing::phantoms().remove(1);
        let folder = tempfile::tempdir().unwrap();
        for format in FORMATS.iter().filter(|f| f.name() != "raster") {
            for ending in format.written() {
                let path = folder.path().join(format!("a.{ending}"));
                assert!(format.write(&volume, &path, &Task::default()).is_ok(), "{} as .{ending}", format.name());
            }
        }
    }
}
