//! What a study brings along beside its pictures: its own segmentations, structure sets, reports and presentation
//! states, and masks of other programs. They are looked at without being part of the project; importing one makes
//! annotations of it.

use crate::app::App;
use limner_annotation::Contents;
use limner_annotation::exchange::Exchange;
use limner_imaging::{Kind, Series};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

/// What the names of masks, or of folders of them, have among their words.
const MASK_WORDS: [&str; 9] =
    ["mask", "masks", "seg", "segmentation", "segmentations", "label", "labels", "labelmap", "labelstr"];

/// By line of the series list.
#[derive(Default)]
pub struct Companions {
    known: BTreeMap<usize, Known>,
    /// Lines whose files were looked into, companion or not.
    pub(crate) looked_at: BTreeSet<usize>,
}

pub struct Known {
    pub format: &'static dyn Exchange,
    /// UIDs of the series it speaks of, as far as it names them.
    pub series: BTreeSet<String>,
    pub state: State,
}

#[derive(Clone, Default)]
pub enum State {
    /// Shown as soon as its picture is, unless somebody has annotated that picture.
    #[default]
    Waiting,
    /// Asked for by hand: shown as soon as its picture is.
    Wanted,
    Reading,
    /// What it says, in a document of its own.
    Shown(Arc<Contents>),
    Hidden,
    /// It is part of the project.
    Imported,
    /// Why it cannot be shown.
    Failed(String),
}

impl Known {
    /// For lists.
    pub fn title(&self) -> &'static str {
        match self.format.name() {
            "dicom-seg" => "Segmentation",
            "rtstruct" => "Structure set",
            "gsps" => "Presentation state",
            "sr-tid1500" => "Measurement report",
            _ => self.format.title(),
        }
    }

    pub const fn is_shown(&self) -> bool {
        matches!(self.state, State::Shown(_))
    }

    /// Whether it speaks of a series; one that names none may speak of any.
    pub fn speaks_of(&self, uid: Option<&str>) -> bool {
        self.series.is_empty() || uid.is_some_and(|uid| self.series.contains(uid))
    }
}

impl Companions {
    pub fn get(&self, line: usize) -> Option<&Known> {
        self.known.get(&line)
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, &Known)> {
        self.known.iter().map(|(line, known)| (*line, known))
    }

    pub(crate) fn add(&mut self, line: usize, known: Known) {
        self.known.insert(line, known);
    }

    pub(crate) fn set(&mut self, line: usize, state: State) {
        if let Some(known) = self.known.get_mut(&line) {
            known.state = state;
        }
    }

    /// What is laid over pictures now, each in a document of its own.
    pub fn shown(&self) -> impl Iterator<Item = &Contents> {
        self.known
            .values()
            .filter_map(|known| if let State::Shown(contents) = &known.state { Some(&**contents) } else { None })
    }

    /// Another project is open: nothing is laid over its pictures yet.
    pub(crate) fn start_over(&mut self) {
        for known in self.known.values_mut().filter(|known| !matches!(known.state, State::Failed(_))) {
            known.state = State::Waiting;
        }
    }
}

/// DICOM objects that are no pictures: without pixels, or with segments for pixels.
pub fn may_be_companion(series: &Series) -> bool {
    // A segmentation of one frame looks like a picture to whoever counts frames.
    let segments = series.modality.as_deref() == Some("SEG");
    series.format == "dicom" && (segments || matches!(series.kind, Kind::Other | Kind::Segmentation))
}

impl App {
    /// Whether a line of the series list is a picture that somebody may be asked to annotate: no mask of another one,
    /// nothing that only speaks of others, and no part of a series that is listed as a whole.
    pub fn is_picture_line(&self, line: usize) -> bool {
        let workspace = &self.workspace;
        let is_picture = workspace.found.get(line).is_some_and(|series| !may_be_companion(series));
        is_picture && !workspace.masks.contains(&line) && !workspace.superseded.contains(&line)
    }

    /// The line of the picture that a mask in the list would become labels of.
    pub fn picture_of_mask(&self, line: usize) -> Option<usize> {
        let in_front = self.workspace.open().and_then(|open| open.series);
        picture_under(line, &self.workspace.found, |n| self.is_picture_line(n), in_front)
    }
}

/// The picture that a mask is most likely of: the one in front where the mask lies on its grid, else the one that lies
/// nearest on the disk and is called most like it. A mask of several files is read by nobody as labels.
fn picture_under(
    mask: usize,
    found: &[Series],
    is_picture: impl Fn(usize) -> bool,
    in_front: Option<usize>,
) -> Option<usize> {
    let of = found.get(mask).filter(|series| series.files.len() == 1)?;
    let name = |series: &Series| series.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let nearness = |n: usize| {
        let folders = shared(of.path.components(), found[n].path.components());
        let letters = shared(name(of).chars(), name(&found[n]).chars());
        (in_front == Some(n), folders, letters, Reverse(n))
    };
    let fits = |n: &usize| *n != mask && is_picture(*n) && found[*n].size == of.size && is_on_grid_of(of, &found[*n]);
    (0..found.len()).filter(fits).max_by_key(|n| nearness(*n))
}

/// How much two begin alike.
fn shared<T: PartialEq>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Lines that look like masks of others: they are called so, or lie in a folder that is, and a picture that is not lies on
/// the same grid. What they hold is not looked at, so the list may say no more than that.
pub fn likely_masks(found: &[Series]) -> BTreeSet<usize> {
    let called: Vec<[bool; 2]> = found.iter().map(called_mask).collect();
    let mut others: BTreeMap<[usize; 3], Vec<usize>> = BTreeMap::new();
    for (n, series) in found.iter().enumerate().filter(|(n, _)| !called[*n][0]) {
        others.entry(series.size).or_default().push(n);
    }
    let is_mask = |n: &usize| {
        let [by_name, by_folder] = called[*n];
        let is_picture = |other: &&usize| by_name || by_folder && !called[**other][1];
        let on_grid = |other: &usize| is_on_grid_of(&found[*n], &found[*other]);
        others.get(&found[*n].size).is_some_and(|others| others.iter().filter(is_picture).any(on_grid))
    };
    (0..found.len()).filter(is_mask).collect()
}

/// Whether its own name says so, and that of its folder. DICOM says of itself what it is.
fn called_mask(series: &Series) -> [bool; 2] {
    let says = |name: Option<&OsStr>| {
        let name = name.unwrap_or_default().to_string_lossy().to_lowercase();
        let mut words = name.split(|c: char| !c.is_alphanumeric());
        words.any(|word| MASK_WORDS.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())))
    };
    let own = [series.path.file_name(), series.path.parent().and_then(Path::file_name)];
    if series.format == "dicom" { [false; 2] } else { own.map(says) }
}

fn is_on_grid_of(one: &Series, other: &Series) -> bool {
    match (&one.geometry, &other.geometry) {
        (Some(one), Some(other)) => one.matches(other, 0.1),
        (None, None) => one.size == other.size,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, Task, Volume, World, formats};

    #[test]
    fn masks_are_known_by_name_or_folder_and_by_a_picture_on_their_grid() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, slices: usize| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let geometry = Geometry::axis_aligned([6, 5, slices], World::default(), [1.0; 3]).unwrap();
            let volume = Volume::new(geometry, Samples::U8(vec![1; 30 * slices]), 1).unwrap();
            formats::write(&volume, &path).unwrap();
        };
        for name in ["ct.nii.gz", "ct_seg.nii.gz", "liver-label2.nii.gz", "unmasked.nii.gz", "masks/a.nii.gz"] {
            write(name, 4);
        }
        // Nothing else lies on their grids.
        write("other_mask.nii.gz", 3);
        write("masks/b.nii.gz", 2);
        let found = formats::scan(folder.path(), &Task::default()).unwrap().series;
        let name = |n: usize| found[n].path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
        let masks: BTreeSet<String> = likely_masks(&found).into_iter().map(name).collect();
        let expected = ["ct_seg.nii.gz", "liver-label2.nii.gz", "masks/a.nii.gz"];
        assert_eq!(masks, BTreeSet::from(expected.map(str::to_owned)));
        // Each becomes labels of the picture it is called like, unless another one on its grid is in front.
        let lines = likely_masks(&found);
        let under = |mask: &str, in_front: Option<&str>| {
            let line = |wanted: &str| (0..found.len()).find(|n| name(*n) == wanted).unwrap();
            picture_under(line(mask), &found, |n| !lines.contains(&n), in_front.map(line)).map(name)
        };
        assert_eq!(under("ct_seg.nii.gz", None).unwrap(), "ct.nii.gz");
        assert_eq!(under("ct_seg.nii.gz", Some("unmasked.nii.gz")).unwrap(), "unmasked.nii.gz");
        assert_eq!(
            under("ct_seg.nii.gz", Some("masks/b.nii.gz")).unwrap(),
            "ct.nii.gz",
            "what is in front has another grid"
        );
        assert_eq!(under("other_mask.nii.gz", None), None);
        // In a folder that is called so, names tell.
        let inner = formats::scan(&folder.path().join("masks"), &Task::default()).unwrap().series;
        assert!(likely_masks(&inner).is_empty());
    }
}
