//! Requests of the review. One file per kind; this one sends each to its place and keeps what is read, worked out and drawn
//! in step with the picture in front.

mod charts;
mod decide;
mod figures;
mod look;
mod places;
mod rate;
mod replaced;
mod said;
mod together;
mod versions;

pub use decide::REASONS;
pub use rate::HiddenBy;

use crate::app::App;
use crate::case::Page;
use crate::panels::dialog::Purpose;
use crate::review::{Act, Ask, Combine, How, SourceId};
use limner_annotation::ImageId;
use limner_annotation::review::dashboard;
use std::path::Path;

impl App {
    pub(super) fn act_on_review(&mut self, act: Act) {
        if self.why_not_review(act).is_some() {
            return;
        }
        match act {
            Act::OpenFolder => self.pick_predictions(true),
            Act::OpenFile => self.pick_predictions(false),
            Act::CloseAll => self.close_predictions(),
            Act::SideBySide => self.side_by_side(),
            Act::How(how) => self.lay_over(how),
            Act::NextHow => {
                let at = How::ALL.iter().position(|how| *how == self.review.how).unwrap_or(0);
                let order = (at + 1..at + How::ALL.len()).map(|n| How::ALL[n % How::ALL.len()]);
                let next = order.into_iter().find(|how| self.why_not_how(*how).is_none());
                next.into_iter().for_each(|how| self.lay_over(how));
            }
            Act::Flip => {
                self.review.flickers = false;
                self.review.flipped = !self.review.flipped;
            }
            Act::NextPlace => self.step_place(1),
            Act::PreviousPlace => self.step_place(-1),
            Act::CompareAll => self.compare_all(),
            Act::Charts => self.review.charts.is_open = !self.review.charts.is_open,
            Act::NextWorst => self.next_worst(),
            Act::NextSource => self.step_source(1),
            Act::PreviousSource => self.step_source(-1),
            Act::Decide(verdict) => self.decide(verdict),
            Act::Comment => self.comment_here(),
            Act::Blind => self.blind(),
            Act::Unblind => self.unblind(),
            Act::Rate => self.start_rating(),
            Act::LoadProtocol => self.pick_for_review(Purpose::Protocol, false, |app, path| app.load_protocol(&path)),
            Act::Combine(Combine::Boxes) => self.combine_boxes(),
            Act::Combine(how) => self.combine(how),
            Act::TakePart(side) => self.take_part(side),
            Act::TakeLabel(side) => self.take_label(side),
            Act::Report => self.pick_report(),
        }
    }

    pub(in crate::dispatch) fn ask_review(&mut self, ask: Ask) {
        match ask {
            Ask::Open(path) => self.open_predictions(path),
            Ask::Show(id, visible) => self.change_source(id, |source| source.visible = visible),
            Ask::Colour(id, colour) => self.change_source(id, |source| source.colour = colour),
            Ask::Rename(id, name) => {
                let taken = self.review.sources.iter().any(|other| other.id != id && other.name == name);
                if !taken && !name.trim().is_empty() {
                    self.change_source(id, |source| name.trim().clone_into(&mut source.name));
                }
            }
            Ask::Select(id) => self.review.in_hand = Some(id),
            Ask::Reference(reference) => self.review.reference = reference,
            Ask::Pair(side, id) => self.choose_side(side, id),
            Ask::Close(id) => {
                self.review.remove(id);
                self.gpu.drop_sheet(crate::gpu::SheetId::Version(id.0));
            }
            Ask::Only(only) => self.review.only = only,
            Ask::Swipe(at) => self.review.swipe = at.clamp(0.02, 0.98),
            Ask::Place(n) => self.go_to_place(n),
            Ask::Filter(filter) => self.review.filter = filter,
            Ask::Standing(standing) => self.review.standing = standing,
            Ask::AllCases(all) => self.review.all_cases = all,
            Ask::Case(case) => self.open_compared(case),
            Ask::Row(row) => self.look_at_row(row),
            Ask::CountBy(by) => self.review.count_by = by,
            Ask::Boxes(name) => self.read_boxes_as(name),
            Ask::Reason(reason) => self.toggle_reason(reason),
            Ask::Comment(comment) => self.review.comment = comment,
            Ask::StopAsking => self.review.asking = None,
            Ask::LoadProtocol(path) => self.load_protocol(&path),
            Ask::RateRow(row) => self.review.rating = row,
            Ask::Rate(row, choice) => self.rate(row, choice),
            Ask::Remove(id) => {
                self.change("The removal", |document| {
                    document.apply("Remove decision", vec![limner_annotation::Command::remove(id)]).map(|_| ())
                });
            }
            Ask::JumpTo(key) => self.jump_to_decided(key),
            Ask::Write(path) => self.write_report(path),
            Ask::Chart(ask) => self.ask_chart(ask),
        }
    }

    fn change_source(&mut self, id: SourceId, change: impl FnOnce(&mut crate::review::Source)) {
        if let Some(source) = self.review.get_mut(id) {
            change(source);
        }
    }

    fn step_source(&mut self, by: isize) {
        let files = self.review.models();
        let at = self.review.in_hand.and_then(|id| files.iter().position(|other| *other == id));
        let next = match at {
            Some(at) => files.get((at as isize + by).rem_euclid(files.len().max(1) as isize) as usize),
            None => files.first(),
        };
        self.review.in_hand = next.copied();
    }

    fn close_predictions(&mut self) {
        self.leave_side_by_side();
        self.gpu.drop_sheets();
        let image = self.review.image;
        self.review = crate::review::Review::default();
        self.review.image = image;
        if let Some(project) = &self.workspace.project {
            self.settings.predictions.remove(project.path());
        }
    }

    /// Another project is open: what was opened belongs to the one before.
    pub(super) fn begin_review(&mut self, project: &Path) {
        self.gpu.drop_sheets();
        let waiting = self.settings.predictions.get(project).cloned().unwrap_or_default();
        self.review = crate::review::Review::default();
        self.review.waiting = waiting.into_iter().map(|path| (path, true)).collect();
    }

    /// Every frame: reads, works out and sends what the picture in front needs.
    pub(crate) fn follow_review(&mut self) {
        self.go_on_with_predictions();
        let in_use = !self.review.is_empty() || self.case.page == Page::Review && self.settings.look.inspector;
        let image = self.workspace.open().map(|open| open.image);
        if !in_use {
            return;
        }
        if image != self.review.image {
            self.enter_case(image);
        }
        self.follow_blinding();
        let Some(image) = image else { return };
        self.follow_active_view();
        if !self.stroke.is_held() {
            self.refresh_own(image);
            self.refresh_figures();
            self.refresh_places();
            self.refresh_map();
            self.refresh_records();
            self.refresh_decided();
            self.refresh_charts();
        }
        self.follow_row();
        self.send_sheets(image);
        self.take_turns();
    }

    fn enter_case(&mut self, image: Option<ImageId>) {
        self.gpu.drop_sheets();
        self.review.leave_case();
        self.review.image = image;
        if image.is_some() {
            self.read_versions();
        }
    }

    /// Counts anew what was decided where the project has changed.
    fn refresh_decided(&mut self) {
        let Some(document) = self.document() else { return };
        let revision = document.content_revision();
        if self.review.decided.of != Some(revision) {
            let contents = document.contents();
            let (all, agreed) = (dashboard::told(contents), dashboard::agreed(contents));
            self.review.decided = crate::review::Decided { all, agreed, of: Some(revision) };
        }
    }

    /// A click into a view of one version takes it into the hand.
    fn follow_active_view(&mut self) {
        let active = self.workspace.stage.active_id();
        if self.review.active != Some(active) {
            self.review.active = Some(active);
            let seat = self.review.seats.get(&active).copied();
            let seat = seat.filter(|id| self.review.get(*id).is_some_and(crate::review::Source::is_file));
            self.review.in_hand = seat.or(self.review.in_hand);
        }
    }

    fn pick_predictions(&mut self, folder: bool) {
        if folder {
            self.pick_for_review(Purpose::Predictions, true, Self::open_predictions);
        } else {
            self.pick_prediction_files();
        }
    }
}
