//! Work on a case as a whole: what is asked about it, what is written of it, how things go on in time, which case comes
//! next. What is said lies in the document; here is only what the hand is in the middle of.

pub mod ask;
pub mod clock;
pub mod errand;
pub mod focus;
pub mod list;
pub mod report;

pub use ask::Ask;
pub use errand::{Errand, Page};

use clock::Clock;
use limner_annotation::entity::{CaseFormId, LesionId, TrackId};
use limner_annotation::landmarks::Template;
use limner_annotation::records::{AssignmentStatus, CaseForm};
use limner_annotation::{ImageId, ShapeId};
use std::collections::BTreeSet;

#[derive(Default)]
pub struct Desk {
    /// What the panel at the right shows.
    pub page: Page,
    /// The form in use; the project's first where none was chosen.
    pub form: Option<CaseFormId>,
    /// The row of the form that keys speak to, while they do.
    pub focus: Option<usize>,
    pub report: report::Draft,
    pub clock: Clock,
    pub filter: list::Filter,
    /// Whether the work list is in use, so that what comes next is read ahead.
    pub follows_list: bool,
    pub grid: Grid,
    /// Templates of landmarks: those that come along and those that were loaded.
    pub templates: Vec<Template>,
    pub template: Option<usize>,
    pub track: Option<TrackId>,
    pub lesion: Option<LesionId>,
    /// The series that was read ahead of its turn.
    pub(crate) ahead: Option<(usize, crate::dispatch::Ahead)>,
    /// The picture whose next one was asked for.
    pub(crate) ahead_for: Option<ImageId>,
    /// The shape to go to once its picture is open.
    pub(crate) jump: Option<(ImageId, ShapeId)>,
}

/// Many pictures at once, for bulk labelling and quality control.
#[derive(Default)]
pub struct Grid {
    pub open: bool,
    /// Places in the list of cases.
    pub cursor: usize,
    pub chosen: BTreeSet<usize>,
    /// Which row of the form digits answer.
    pub row: usize,
    /// As last laid out.
    pub columns: usize,
}

impl Desk {
    pub fn new() -> Self {
        // A test holds every template to be whole.
        Self { templates: Template::ready().unwrap_or_default(), ..Self::default() }
    }

    /// Lets go of what belonged to another project.
    pub fn begin_project(&mut self) {
        let templates = std::mem::take(&mut self.templates);
        *self = Self { page: self.page, templates, template: self.template, ..Self::default() };
    }
}

/// What a state is called.
pub const fn status_word(status: AssignmentStatus) -> &'static str {
    match status {
        AssignmentStatus::Open => "Not started",
        AssignmentStatus::Started => "In progress",
        AssignmentStatus::Submitted => "Done",
        AssignmentStatus::Skipped => "Skipped",
    }
}

impl crate::app::App {
    /// The form that is filled in.
    pub fn case_form(&self) -> Option<&CaseForm> {
        let document = self.workspace.project.as_ref()?.document();
        let chosen = self.case.form.and_then(|id| document.get::<CaseForm>(id));
        chosen.or_else(|| document.all::<CaseForm>().next())
    }
}
