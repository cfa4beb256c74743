//! SAM-Med3D's trees and BIDS derivatives of any writer onto the images of a project.

use super::grid::{self, Way};
use crate::error::{Error, Result};
use crate::exchange::folder;
use crate::exchange::import::{Import, Labels, Painter, Reading};
use crate::image_entry::ImageEntry;
use limner_imaging::{Geometry, formats};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const NIFTI: [&str; 2] = [".nii.gz", ".nii"];

/// What is read so far.
struct Read<'a> {
    reading: &'a Reading<'a>,
    labels: Labels,
    painter: Painter<'a>,
    painted: Import,
    /// Images that the data set brings along and the project has not.
    added: Vec<ImageEntry>,
}

/// What a label map says of the image it belongs to.
#[derive(Default)]
struct Belongs {
    sha256: Option<String>,
    picture: Option<PathBuf>,
}

type Rename<'a> = dyn Fn(u16) -> (String, Option<[u8; 3]>) + 'a;

impl<'a> Read<'a> {
    fn new(reading: &'a Reading<'a>) -> Self {
        let (labels, painter) = (Labels::of(reading.contents), Painter::new(reading.contents));
        Self { reading, labels, painter, painted: Import::default(), added: Vec::new() }
    }

    fn map(&mut self, path: &Path, belongs: &Belongs, rename: &Rename<'_>) -> Result<()> {
        let volume = formats::open_single(path, self.reading.task)?;
        let (image, way) = self.image_of(path, &volume.geometry, belongs)?;
        let values = grid::values_on(&image, &way, &volume, path)?;
        grid::paint_values(&image, values, (&mut self.labels, &mut self.painter), rename, &mut self.painted)
    }

    /// The image whose voxels these are. Of several the one that is named by its content; one that is not there yet is
    /// added where the data set has it.
    fn image_of(&mut self, path: &Path, geometry: &Geometry, belongs: &Belongs) -> Result<(ImageEntry, Way)> {
        let mut same: Vec<(ImageEntry, Way)> = self
            .reading
            .contents
            .images()
            .chain(&self.added)
            .filter_map(|image| Some((image.clone(), Way::between(&image.geometry, geometry)?)))
            .collect();
        let by_content = |same: &[(ImageEntry, Way)], sha256: &str| same.iter().position(|(i, _)| i.sha256 == sha256);
        if let Some(n) = belongs.sha256.as_deref().and_then(|sha256| by_content(&same, sha256)) {
            return Ok(same.swap_remove(n));
        }
        if same.len() == 1 {
            return Ok(same.swap_remove(0));
        }
        if let Some(picture) = belongs.picture.as_deref().filter(|picture| picture.is_file()) {
            let entry = self.reading.pictures.entry_of(picture, self.reading.task)?;
            if let Some(n) = by_content(&same, &entry.sha256) {
                return Ok(same.swap_remove(n));
            }
            if same.is_empty() {
                let way = Way::between(&entry.geometry, geometry);
                let way = way.ok_or_else(|| Error::export(path, "the labels do not lie on the grid of their image"))?;
                self.added.push(entry.clone());
                return Ok((entry, way));
            }
        }
        Err(Error::export(
            path,
            match same.len() {
                0 => "no image of the project has the voxels of this label map; add the image it was drawn on first"
                    .into(),
                n => format!("{n} images of the project have these voxels; import into a project with one of them"),
            },
        ))
    }

    fn finish(self) -> Import {
        let mut import = Import { records: self.painted.records, ..Import::default() };
        import.commands.extend(self.added.into_iter().map(|image| crate::Command::AddImage { image }));
        import.commands.extend(self.labels.commands());
        import.commands.extend(self.painted.commands);
        import.warnings.extend(self.painted.warnings);
        import
    }
}

/// The name without its ending, where it has one of these.
fn stem<'n>(name: &'n str, endings: &[&str]) -> Option<&'n str> {
    endings.iter().find_map(|ending| name.strip_suffix(ending))
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// `structure/data set/labelsTr/case.nii.gz`: a structure's name is that of its folder.
pub(super) fn sam_med3d(reading: &Reading<'_>) -> Result<Import> {
    let mut read = Read::new(reading);
    let files: Vec<PathBuf> = folder::files_under(reading.path)?
        .into_iter()
        .filter(|path| stem(&name_of(path), &NIFTI).is_some())
        .filter(|path| path.parent().is_some_and(|home| name_of(home).starts_with("labels")))
        .collect();
    if files.is_empty() {
        let reason = "no label map lies here; they are in structure/data set/labelsTr";
        return Err(Error::export(reading.path, reason));
    }
    reading.task.progress.begin("reading label maps", files.len() as u64);
    for path in files {
        reading.task.cancel.check()?;
        let mut above = path.ancestors().skip(1).map(name_of);
        let (labels, structure) = (above.next().unwrap_or_default(), above.nth(1).unwrap_or_default());
        let images = labels.replace("labels", "images");
        let picture = path.ancestors().nth(2).map(|home| home.join(images).join(name_of(&path)));
        read.map(&path, &Belongs { sha256: None, picture }, &|_| (structure.clone(), None))?;
        reading.task.progress.advance(1);
    }
    Ok(read.finish())
}

/// Sidecar of a label map: what it was drawn on, where it says so.
#[derive(Deserialize, Default)]
struct About {
    #[serde(rename = "SourceSamplesSHA256")]
    sha256: Option<String>,
}

/// Values of a label map: name and colour.
type Table = BTreeMap<u16, (String, Option<[u8; 3]>)>;

/// `*_dseg.nii.gz` with a table of its values, and `*_mask.nii.gz` named by their `label` or `desc`.
pub(super) fn bids(reading: &Reading<'_>) -> Result<Import> {
    let mut read = Read::new(reading);
    let root = reading.path;
    let all = if root.is_dir() { folder::files_under(root)? } else { vec![root.to_path_buf()] };
    let maps = all.into_iter().filter_map(|path| {
        let name = name_of(&path);
        let stem = stem(&name, &NIFTI).filter(|stem| stem.ends_with("_dseg") || stem.ends_with("_mask"))?.to_owned();
        Some((path, stem))
    });
    let maps: Vec<(PathBuf, String)> = maps.collect();
    if maps.is_empty() {
        return Err(Error::export(root, "no label map lies here: their names end in _dseg or _mask"));
    }
    reading.task.progress.begin("reading label maps", maps.len() as u64);
    for (path, stem) in maps {
        reading.task.cancel.check()?;
        let about = path.with_file_name(format!("{stem}.json"));
        let about: About = if about.is_file() { folder::read_json(&about)? } else { About::default() };
        let table = if stem.ends_with("_dseg") { table_of(&path, &stem, root)? } else { Table::new() };
        let entity = |key: &str| stem.split('_').find_map(|part| part.strip_prefix(key)?.strip_prefix('-'));
        let mask = entity("label").or_else(|| entity("desc")).unwrap_or("mask");
        let rename = |value: u16| match table.get(&value) {
            Some(found) => found.clone(),
            None if stem.ends_with("_mask") => (mask.to_owned(), None),
            None => (format!("label {value}"), None),
        };
        read.map(&path, &Belongs { sha256: about.sha256, picture: None }, &rename)?;
        reading.task.progress.advance(1);
    }
    Ok(read.finish())
}

/// The table beside a label map, or the one that its folder or one above has for all.
fn table_of(path: &Path, stem: &str, root: &Path) -> Result<Table> {
    let own = path.with_file_name(format!("{stem}.tsv"));
    if own.is_file() {
        return table(&own);
    }
    for home in path.ancestors().skip(1).take_while(|home| home.starts_with(root)) {
        let listing = std::fs::read_dir(home).map_err(Error::io(home, "could not list the folder"))?;
        let mut found = listing.flatten().map(|entry| entry.path()).filter(|path| name_of(path).ends_with("dseg.tsv"));
        if let (Some(one), None) = (found.next(), found.next()) {
            return table(&one);
        }
    }
    Ok(Table::new())
}

fn table(path: &Path) -> Result<Table> {
    let text = String::from_utf8_lossy(&folder::read(path)?).into_owned();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let head: Vec<&str> = lines.next().unwrap_or_default().split('\t').map(str::trim).collect();
    let column = |name: &str| head.iter().position(|cell| *cell == name);
    let (Some(index), Some(name)) = (column("index"), column("name")) else {
        return Err(Error::export(path, "a table of labels has the columns index and name"));
    };
    let colour = column("color");
    let mut table = Table::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let value = cells.get(index).and_then(|cell| cell.trim().parse().ok());
        let value = value.ok_or_else(|| Error::export(path, format!("this line has no whole index: {line}")))?;
        let name = unquoted(cells.get(name).copied().unwrap_or_default());
        let colour = colour.and_then(|n| cells.get(n)).and_then(|cell| hex(cell.trim()));
        table.insert(value, (name, colour));
    }
    Ok(table)
}

fn unquoted(cell: &str) -> String {
    let cell = cell.trim();
    let inner = cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"'));
    inner.map_or_else(|| cell.to_owned(), |inner| inner.replace("\"\"", "\""))
}

fn hex(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let byte = |n: usize| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).ok();
    Some([byte(0)?, byte(1)?, byte(2)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_any_writer_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a_dseg.tsv");
        std::fs::write(&path, "name\tindex\tcolor\r\n\"liver \"\"x\"\"\"\t3\t#ff8000\r\nspleen\t4\tn/a\n").unwrap();
        let table = table(&path).unwrap();
        assert_eq!(table[&3], ("liver \"x\"".into(), Some([255, 128, 0])));
        assert_eq!(table[&4], ("spleen".into(), None));
        for bad in ["index\n1\n", "index\tname\nx\ty\n"] {
            std::fs::write(&path, bad).unwrap();
            assert!(super::table(&path).is_err());
        }
    }
}
