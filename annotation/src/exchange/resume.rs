//! Going on with an export that was interrupted. What is finished stays in a hidden folder beside the target with a list of
//! the pieces done; the next export that is called in the same way takes over each piece whose files are still what they
//! were, and makes the rest.

use super::folder::{self, Fresh};
use super::receipt::sha256_of_file;
use super::{Job, Options};
use crate::contents::Contents;
use crate::error::{Error, Result};
use limner_imaging::{Task, VoxelBox};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const LIST: &str = ".limner-pieces.jsonl";

/// A line of the list after the first, which says how the export was called.
#[derive(Serialize, Deserialize)]
struct Piece {
    name: String,
    /// From the folder, with the hash.
    files: BTreeMap<PathBuf, String>,
    said: Value,
}

/// What an interrupted export has done, and where more is noted.
#[derive(Default)]
pub(super) struct Done {
    root: PathBuf,
    said: BTreeMap<String, Value>,
    list: Mutex<Option<File>>,
}

impl Done {
    /// Of an export that is not to be gone on with.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    fn note(&self, name: &str, files: &[PathBuf], said: &impl Serialize) -> Result<()> {
        let mut list = self.list.lock();
        let Some(list) = list.as_mut() else { return Ok(()) };
        let hashed = |file: &PathBuf| {
            File::open(file)
                .and_then(|f| f.sync_all())
                .map_err(Error::io(file, "could not bring the file to the disk"))?;
            Ok((file.strip_prefix(&self.root).unwrap_or(file).to_path_buf(), sha256_of_file(file)?))
        };
        let said = serde_json::to_value(said).map_err(Error::json("could not write JSON"))?;
        let piece = Piece { name: name.into(), files: files.iter().map(hashed).collect::<Result<_>>()?, said };
        let mut line = serde_json::to_vec(&piece).map_err(Error::json("could not write JSON"))?;
        line.push(b'\n');
        list.write_all(&line).map_err(Error::io(&self.root.join(LIST), "could not note what is done"))
    }

    /// The list is no part of a data set.
    pub(super) fn finish(&self) -> Result<()> {
        match self.list.lock().take() {
            Some(_) => {
                let path = self.root.join(LIST);
                std::fs::remove_file(&path).map_err(Error::io(&path, "could not remove the list of what is done"))
            }
            None => Ok(()),
        }
    }
}

impl Job<'_> {
    /// Does a piece of the work with the files it writes, unless an export that was interrupted has done it already.
    pub(crate) fn once<T: Serialize + DeserializeOwned>(
        &self,
        piece: &str,
        work: impl FnOnce() -> Result<(T, Vec<PathBuf>)>,
    ) -> Result<T> {
        let known = self.done.said.get(piece).cloned();
        if let Some(said) = known.and_then(|said| serde_json::from_value(said).ok()) {
            return Ok(said);
        }
        let (said, files) = work()?;
        self.done.note(piece, &files, &said)?;
        Ok(said)
    }
}

/// The same for the same export of the same state of a project.
pub(super) fn call(format: &str, contents: &Contents, options: &Options) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut add = |value: Result<Vec<u8>, serde_json::Error>| -> Result<()> {
        hasher.update(value.map_err(Error::json("could not write JSON"))?);
        Ok(())
    };
    add(serde_json::to_vec(&(env!("CARGO_PKG_VERSION"), format, options)))?;
    for row in contents.rows() {
        add(serde_json::to_vec(&row.entity))?;
    }
    for image in contents.images() {
        let Some(map) = contents.label_map(image.id) else { continue };
        for (n, layer) in map.layers().iter().enumerate() {
            let tight = layer.values().fold(VoxelBox::default(), |all, value| all.union(&layer.box_of(value)));
            add(serde_json::to_vec(&(image.id, n, tight)))?;
            add(Ok(map.copy_box(n, tight).iter().flat_map(|value| value.to_le_bytes()).collect()))?;
        }
    }
    contents.check_readable()?;
    Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// The folder of an interrupted export of this kind, or a new one that stays when it is interrupted.
pub(super) fn go_on(out: &Path, call: &str, task: &Task) -> Result<(Fresh, Done)> {
    let fresh = Fresh::lasting(out)?;
    let root = fresh.path().to_path_buf();
    let path = root.join(LIST);
    let mut pieces = BTreeMap::new();
    if path.is_file() {
        let text = folder::read_text(&path)?;
        let mut lines = text.lines();
        if lines.next() != Some(call) {
            let reason = "an interrupted export of another state of the project, or with other options, lies here; \
                remove it, or export into another folder";
            return Err(Error::export(&root, reason));
        }
        // The line that was being written when it was interrupted may be cut short.
        pieces.extend(lines.filter_map(|line| serde_json::from_str(line).ok()).map(|p: Piece| (p.name.clone(), p)));
    }
    let total = pieces.len() as u64;
    task.progress.begin("looking at what is done", total);
    let is_sound = |piece: &Piece| {
        task.progress.advance(1);
        piece.files.iter().all(|(file, hash)| sha256_of_file(&root.join(file)).is_ok_and(|now| now == *hash))
    };
    pieces.retain(|_, piece| is_sound(piece));
    let kept: BTreeSet<PathBuf> = pieces.values().flat_map(|p| p.files.keys().map(|file| root.join(file))).collect();
    for file in folder::files_under(&root)?.into_iter().filter(|file| !kept.contains(file)) {
        std::fs::remove_file(&file).map_err(Error::io(&file, "could not remove what was half done"))?;
    }
    let mut list = File::create_new(&path).map_err(Error::io(&path, "could not begin the list of what is done"))?;
    let mut text = format!("{call}\n");
    for piece in pieces.values() {
        text.push_str(&serde_json::to_string(piece).map_err(Error::json("could not write JSON"))?);
        text.push('\n');
    }
    list.write_all(text.as_bytes()).map_err(Error::io(&path, "could not write the list of what is done"))?;
    let said = pieces.into_iter().map(|(name, piece)| (name, piece.said)).collect();
    Ok((fresh, Done { root, said, list: Mutex::new(Some(list)) }))
}
