//! The sample study, carried inside the program: made by our own generator, unpacked where the user's data lies.

use anyhow::Context as _;
use include_dir::{Dir, include_dir};
use limner_imaging::Series;
use std::path::Path;

static SAMPLE: Dir = include_dir!("$CARGO_MANIFEST_DIR/../assets/sample");

/// Writes every file of the sample that is not there yet in full. The same call twice costs a look at the sizes.
pub fn unpack(folder: &Path) -> anyhow::Result<()> {
    unpack_folder(&SAMPLE, folder)
}

/// The true masks are for tests and comparisons; whoever tries the sample starts with the pictures.
#[must_use]
pub fn without_masks(mut series: Vec<Series>, folder: &Path) -> Vec<Series> {
    series.retain(|series| !series.path.starts_with(folder.join("masks")));
    series
}

fn unpack_folder(dir: &Dir, folder: &Path) -> anyhow::Result<()> {
    let target = folder.join(dir.path());
    std::fs::create_dir_all(&target).with_context(|| format!("could not make {}", target.display()))?;
    for file in dir.files() {
        let path = folder.join(file.path());
        let whole = std::fs::metadata(&path).is_ok_and(|m| m.len() == file.contents().len() as u64);
        if !whole {
            std::fs::write(&path, file.contents()).with_context(|| format!("could not write {}", path.display()))?;
        }
    }
    dir.dirs().try_for_each(|inner| unpack_folder(inner, folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_unpacks_whole_and_mends_what_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        unpack(folder.path()).unwrap();
        let readme = folder.path().join("README.md");
        let length = std::fs::metadata(&readme).unwrap().len();
        assert!(length > 0);
        std::fs::write(&readme, "cut").unwrap();
        unpack(folder.path()).unwrap();
        assert_eq!(std::fs::metadata(&readme).unwrap().len(), length);
    }
}
