//! Requests about a case as a whole. One file per kind; this one only sends each to its place.

mod form;
mod grid;
mod keys;
mod lesion;
mod list;
mod region;
mod report;
mod time;
mod visit;

pub(super) use list::own_rater;
pub use region::attribute_of;
pub use report::Target;

use crate::app::App;
use crate::case::{Ask, Errand, Page};
use limner_annotation::landmarks::Template;
use limner_annotation::{Command, Document, Error, ImageId, StepInfo};
use limner_imaging::View;

impl App {
    pub(super) fn ask_case(&mut self, ask: Ask) {
        match ask {
            Ask::ReadyForm(name) => self.use_ready_form(name),
            Ask::LoadForm(path) => self.load_form(&path),
            Ask::UseForm(id) => self.case.form = Some(id),
            Ask::Focus(row) => self.case.focus = row,
            Ask::Finding { name, status } => self.set_findings(&self.images_in_view(), &name, status),
            Ask::FindingDetail { id, severity, certainty } => self.detail_finding(id, severity, certainty),
            Ask::Answer { field, value } => self.answer(&self.images_in_view(), &field, |_| value.clone()),
            Ask::OpenCase(n) => self.open_case(n),
            Ask::CaseStatus(n, status) => self.set_status(&[n], status),
            Ask::Filter(filter) => self.case.filter = filter,
            Ask::Grid(ask) => self.ask_grid(ask),
            Ask::Report(ask) => self.ask_report(ask),
            Ask::Time(ask) => self.ask_time(ask),
            Ask::Lesion(ask) => self.ask_lesion(ask),
            Ask::Region(ask) => self.ask_region(ask),
            Ask::UseTemplate(template) => self.case.template = template,
            Ask::LoadTemplate(path) => match Template::read(&path) {
                Ok(template) => {
                    self.case.template = Some(self.case.templates.len());
                    self.case.templates.push(template);
                }
                Err(error) => self.notices.error("The template was not loaded", &error.into()),
            },
        }
    }

    pub(super) fn run_errand(&mut self, errand: Errand) {
        match errand {
            Errand::Page(page) => self.show_page(page),
            Errand::FillForm if self.case.focus.is_some() => self.case.focus = None,
            Errand::FillForm => {
                self.show_page(Page::Case);
                self.case.focus = Some(0);
            }
            Errand::Grid => self.toggle_grid(),
            Errand::NextCase => self.step_case(1),
            Errand::PreviousCase => self.step_case(-1),
            Errand::FinishCase => self.finish_case(),
            Errand::SkipCase => self.skip_case(),
            Errand::FlagCase => self.flag_case(),
            Errand::NothingHere
            | Errand::Track
            | Errand::Keyframe
            | Errand::Outside
            | Errand::Occluded
            | Errand::NextKeyframe
            | Errand::PreviousKeyframe => self.run_time_errand(errand),
            Errand::NewLesion => self.new_lesion(),
            Errand::NextVisit => self.step_visit(1),
            Errand::PreviousVisit => self.step_visit(-1),
        }
    }

    fn show_page(&mut self, page: Page) {
        self.case.page = page;
        self.case.follows_list |= page == Page::Cases;
        // Where there is no room for both, the page asked for takes the place of the questions.
        let keeps_questions = self.is_wide();
        let look = &self.settings.look;
        if !look.inspector || look.questions && !keeps_questions {
            self.change_look(|look| {
                look.inspector = true;
                look.questions &= keeps_questions;
            });
        }
    }

    fn images_in_view(&self) -> Vec<ImageId> {
        self.workspace.open().map(|open| open.image).into_iter().collect()
    }

    /// One step of several commands that are known already.
    fn change_by(&mut self, what: &str, step: StepInfo, commands: Vec<Command>) -> bool {
        !commands.is_empty() && self.change(what, |document| document.apply_step(step, commands).map(|_| ())).is_some()
    }

    /// One step of what is worked out from the document.
    fn change_from(
        &mut self,
        what: &str,
        step: impl Into<String>,
        commands: impl FnOnce(&Document) -> Result<Vec<Command>, Error>,
    ) -> bool {
        self.step_from(what, commands, |document, commands| document.apply(&step.into(), commands))
    }

    /// The same of what nobody did and nobody takes back.
    fn note_from(
        &mut self,
        what: &str,
        step: &str,
        commands: impl FnOnce(&Document) -> Result<Vec<Command>, Error>,
    ) -> bool {
        self.step_from(what, commands, |document, commands| document.apply_quietly(step, commands))
    }

    fn step_from<T>(
        &mut self,
        what: &str,
        commands: impl FnOnce(&Document) -> Result<Vec<Command>, Error>,
        apply: impl FnOnce(&mut Document, Vec<Command>) -> Result<T, Error>,
    ) -> bool {
        self.change(what, |document| {
            let commands = commands(document)?;
            apply(document, commands)
        })
        .is_some()
    }

    /// The frame in view, where the stored slices are in view.
    pub(super) fn frame_in_view(&self) -> Option<(ImageId, usize)> {
        let (viewport, open) = self.workspace.active()?;
        let geometry = &open.volume.geometry;
        let stored = viewport.view() == View::of_stored_slices(geometry) && !viewport.is_solid();
        (stored && !viewport.is_oblique()).then(|| (open.image, viewport.slice(geometry).0))
    }
}
