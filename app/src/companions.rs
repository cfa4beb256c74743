//! What a study brings along beside its pictures: its own segmentations, structure sets, reports and presentation
//! states. They are looked at without being part of the project; importing one makes annotations of it.

use limner_annotation::Contents;
use limner_annotation::exchange::Exchange;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
