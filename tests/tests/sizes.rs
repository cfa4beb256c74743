//! Files stay small enough to be read in one go: under 500 lines, the tests at their end left out. Functions are held
//! to 60 lines by clippy (`too_many_lines` in clippy.toml).

use std::path::{Path, PathBuf};

const MOST_LINES: usize = 500;
const FOLDERS: &[&str] = &["app", "imaging", "render", "segmentation", "annotation", "tests", "xtask"];

#[expect(clippy::unwrap_used, reason = "a folder of ours that cannot be listed is a failed test")]
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs" || e == "wgsl") {
            found.push(path);
        }
    }
}

/// Lines before the tests at the end of a file.
fn own_lines(text: &str) -> usize {
    text.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let mut files = Vec::new();
    for folder in FOLDERS {
        sources(&limner_tests::root().join(folder).join("src"), &mut files);
    }
    assert!(files.len() > 100, "only {} files were found", files.len());
    let long: Vec<_> = files
        .iter()
        .filter_map(|path| {
            let lines = own_lines(&std::fs::read_to_string(path).ok()?);
            (lines > MOST_LINES).then(|| format!("{} has {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_file_says_at_its_head_why_it_is_there() {
    let mut files = Vec::new();
    for folder in FOLDERS {
        sources(&limner_tests::root().join(folder).join("src"), &mut files);
    }
    let silent: Vec<_> = files
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .filter(|path| std::fs::read_to_string(path).is_ok_and(|text| !text.starts_with("//!")))
        .collect();
    assert!(silent.is_empty(), "without a head comment: {silent:#?}");
}
