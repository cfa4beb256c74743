//! DICOMDIR: a medium's table of contents. It is opened for the files it lists.

use super::dataset::View;
use super::tags::Tag;
use std::path::{Path, PathBuf};

const RECORDS: Tag = 0x0004_1220;
const FILE_ID: Tag = 0x0004_1500;
const MOST_FILES: usize = 1 << 20;

/// The files a directory lists, each as the folders and the name it stands under; `None` where this is no directory.
pub fn listed(view: &View<'_>) -> Option<Vec<Vec<String>>> {
    view.raw(RECORDS).map(<[u8]>::len).or_else(|| view.first_item(RECORDS).map(|_| 0))?;
    let of_record = |record: View<'_>| -> Option<Vec<String>> {
        let parts: Vec<String> = record.text(FILE_ID)?.split('\\').map(|part| part.trim().to_owned()).collect();
        // A medium's files lie beside it; a name that leads elsewhere is none.
        let inside =
            |part: &String| !part.is_empty() && part != "." && part != ".." && !part.contains(['/', ':', '\0']);
        parts.iter().all(inside).then_some(parts)
    };
    Some(view.items(RECORDS).into_iter().filter_map(of_record).take(MOST_FILES).collect())
}

/// The file on disk, whatever case and version mark it was copied with.
pub fn find(directory: &Path, parts: &[String]) -> Option<PathBuf> {
    let mut at = directory.parent()?.to_path_buf();
    let exact = parts.iter().fold(at.clone(), |path, part| path.join(part));
    if exact.is_file() {
        return Some(exact);
    }
    for part in parts {
        at = std::fs::read_dir(&at).ok()?.flatten().map(|entry| entry.path()).find(|path| {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            name.split(';').next().is_some_and(|n| n.trim_end_matches('.').eq_ignore_ascii_case(part))
        })?;
    }
    at.is_file().then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_any_case() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mr1")).unwrap();
        std::fs::write(folder.path().join("mr1/15820.;1"), b"x").unwrap();
        let directory = folder.path().join("DICOMDIR");
        let found = find(&directory, &["MR1".into(), "15820".into()]);
        assert_eq!(found, Some(folder.path().join("mr1/15820.;1")));
        assert_eq!(find(&directory, &["MR1".into(), "2".into()]), None);
    }
}
