//! A folder that appears whole or not at all: filled beside its target, synced, then renamed.

use crate::error::{Error, Result};
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Of letters of a target's name in the name it is filled under: four bytes each, and 255 bytes are a name.
const LONGEST_STEM: usize = 48;

/// A folder being filled. Dropped before it is kept, it is taken away again, unless it is to be gone on with.
pub(super) struct Fresh {
    path: PathBuf,
    kept: bool,
    lasts: bool,
}

impl Fresh {
    /// Starts beside the target, so that the rename stays on one disk. A target that holds something is refused.
    pub(super) fn beside(target: &Path) -> Result<Self> {
        let path = Self::place(target, &format!("partial-{}", uuid::Uuid::now_v7().simple()))?;
        std::fs::create_dir(&path).map_err(Error::io(&path, "could not make the folder"))?;
        Ok(Self { path, kept: false, lasts: false })
    }

    /// The same under a name that is found again; what lies there already is left as it is.
    pub(super) fn lasting(target: &Path) -> Result<Self> {
        let path = Self::place(target, "unfinished")?;
        make(&path)?;
        Ok(Self { path, kept: false, lasts: true })
    }

    fn place(target: &Path, ending: &str) -> Result<PathBuf> {
        if !is_free(target) {
            return Err(Error::export(target, "the target is there already and holds something; name a new folder"));
        }
        let target = std::path::absolute(target).map_err(Error::io(target, "could not find the target"))?;
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(Error::export(&target, "this is no place for a new folder; name one"));
        };
        std::fs::create_dir_all(parent).map_err(Error::io(parent, "could not make the folder"))?;
        // A name as long as the disk allows leaves no room for what is put around it.
        let name: String = name.to_string_lossy().chars().take(LONGEST_STEM).collect();
        Ok(parent.join(format!(".{name}.{ending}")))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs everything and gives the folder its name.
    pub(super) fn keep_as(mut self, target: &Path) -> Result<()> {
        for file in files_under(&self.path)? {
            let sync = File::open(&file).and_then(|f| f.sync_all());
            sync.map_err(Error::io(&file, "could not bring the file to the disk"))?;
        }
        if is_empty_folder(target) {
            std::fs::remove_dir(target).map_err(Error::io(target, "could not replace the empty folder"))?;
        }
        std::fs::rename(&self.path, target).map_err(Error::io(target, "could not give the folder its name"))?;
        self.kept = true;
        // Where folders cannot be synced the rename is as safe as the system makes it.
        if let Some(parent) = target.parent() {
            let _ = File::open(parent).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.kept && !self.lasts {
            // What cannot be removed has a name that says it is partial.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Whether an export may get this name: nothing bears it, or a folder with nothing in it.
#[must_use]
pub fn is_free(target: &Path) -> bool {
    std::fs::symlink_metadata(target).is_err() || is_empty_folder(target)
}

fn is_empty_folder(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// The `npz` files at a path, and the list of this name that lies beside them or above: a part of an export lies below it.
pub(super) fn arrays_and_list(root: &Path, list: &str) -> Result<(Vec<PathBuf>, Option<PathBuf>)> {
    let all = if root.is_dir() { files_under(root)? } else { vec![root.to_path_buf()] };
    let files: Vec<PathBuf> =
        all.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "npz")).collect();
    if files.is_empty() {
        return Err(Error::export(root, "no npz file lies here"));
    }
    let list = root.ancestors().take(3).map(|folder| folder.join(list)).find(|list| list.is_file());
    Ok((files, list))
}

/// All files, sorted by path.
pub(super) fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let listing = || Error::io(&folder, "could not list the folder");
        for entry in std::fs::read_dir(&folder).map_err(listing())? {
            let path = entry.map_err(listing())?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

pub(super) fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::io(folder, "could not make the folder"))
}

/// JSON with a final new line, the same bytes for the same value.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value).map_err(Error::json("could not write JSON"))?;
    text.push(b'\n');
    write(path, &text)
}

/// One JSON value a line.
pub(super) fn write_json_lines(path: &Path, values: impl Iterator<Item = serde_json::Value>) -> Result<()> {
    let text: String = values.map(|value| format!("{value}\n")).collect();
    write(path, text.as_bytes())
}

/// A new file; the folders it lies in are made.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        make(folder)?;
    }
    let written = File::create_new(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(Error::io(path, "could not write the file"))
}

/// A whole text file; more than `MOST_BYTES` is no annotation file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    const MOST_BYTES: u64 = 4 << 30;
    let size = std::fs::metadata(path).map_err(Error::io(path, "could not find the file"))?.len();
    if size > MOST_BYTES {
        return Err(Error::export(path, format!("the file has {size} bytes; more than any annotation file")));
    }
    std::fs::read(path).map_err(Error::io(path, "could not read the file"))
}

pub(crate) fn read_text(path: &Path) -> Result<String> {
    let bytes = read(path)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::export(path, "the file is not UTF-8 text"))
}

pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = read(path)?;
    serde_json::from_slice(&bytes).map_err(|error| Error::export(path, format!("this JSON cannot be read: {error}")))
}
