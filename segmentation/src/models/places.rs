//! Where models lie: where the user says, beside the program, or in the tree it was built from.

use crate::neural::is_model;
use std::path::{Path, PathBuf};

/// A folder of model folders that comes before all others.
const VARIABLE: &str = "LIMNER_MODELS";

/// How far up from the program to look: target/release lies two below the tree.
const LEVELS: usize = 4;

/// The model folders that can be found, each name once.
pub fn folders() -> Vec<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let beside = std::env::current_exe().ok();
    let mut found: Vec<PathBuf> = Vec::new();
    for home in named.into_iter().chain(beside.iter().flat_map(|program| homes(program))) {
        for folder in models_in(&home) {
            if !found.iter().any(|known| known.file_name() == folder.file_name()) {
                found.push(folder);
            }
        }
    }
    found
}

fn homes(program: &Path) -> Vec<PathBuf> {
    let above = program.ancestors().skip(1).take(LEVELS);
    above.flat_map(|folder| ["models", "assets/models", "share/limner/models"].map(|home| folder.join(home))).collect()
}

fn models_in(home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(home) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| is_model(p)).collect();
    folders.sort();
    folders
}
