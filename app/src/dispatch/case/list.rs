//! The work list: from case to case, how far each is, how long it took.

use crate::app::App;
use crate::case::clock::Left;
use crate::case::list::Case;
use limner_annotation::entity::{AssignmentId, DecisionId, ProtocolId, RaterId};
use limner_annotation::records::{
    Assignment, AssignmentStatus, Decision, Protocol, ProtocolKind, Rater, RaterRole, Verdict,
};
use limner_annotation::{Command, Document, ImageId};
use std::time::{Duration, Instant};

/// The protocol of work that nobody handed out.
const OWN_PROTOCOL: &str = "Annotation";

impl App {
    /// Every frame: counts the time of the case in front, and notes it when a case is left that something was done to.
    pub(crate) fn tick_case(&mut self, moved: bool) {
        let image = self.workspace.open().map(|open| open.image);
        let Some(document) = self.document() else { return };
        let read_only = document.is_read_only();
        let left = self.case.clock.tick(image, moved, Instant::now());
        if let Some(Left { image, changed: true }) = left
            && !read_only
            && self.document().is_some_and(|document| document.image(image).is_some())
        {
            self.note_work(image);
        }
    }

    fn note_work(&mut self, image: ImageId) {
        let status = |former| if former == AssignmentStatus::Open { AssignmentStatus::Started } else { former };
        let worked = self.worked(&[image]);
        let noted = self.note_from("The time of the case", "Note the time of a case", |document| {
            Ok(assignments(document, &worked, status))
        });
        self.end_of_work(noted, &[image]);
    }

    /// Brings the assignments of some pictures up to date, with the time that was worked on them.
    fn put_assignments(
        &mut self,
        images: &[ImageId],
        step: &str,
        status: impl Fn(AssignmentStatus) -> AssignmentStatus,
    ) -> bool {
        let worked = self.worked(images);
        let done =
            self.change_from("The state of the case", step, |document| Ok(assignments(document, &worked, status)));
        self.end_of_work(done, images);
        done
    }

    fn worked(&self, images: &[ImageId]) -> Vec<(ImageId, Duration)> {
        images.iter().map(|image| (*image, self.case.clock.pending(*image))).collect()
    }

    /// After a step about time, which is no work on the case in front.
    fn end_of_work(&mut self, noted: bool, images: &[ImageId]) {
        self.case.clock.touched = false;
        for image in images.iter().filter(|_| noted) {
            self.case.clock.take(*image);
        }
    }

    /// Puts cases of the list into a state; those not yet in the project are read into it first.
    pub(super) fn set_status(&mut self, cases: &[usize], status: AssignmentStatus) {
        let step = format!("Case: {}", crate::case::status_word(status).to_lowercase());
        self.with_images(cases, move |app, images| {
            app.put_assignments(&images, &step, |_| status);
        });
    }

    pub(super) fn judge(&mut self, cases: &[usize], verdict: Verdict) {
        self.with_images(cases, move |app, images| {
            app.change_from("The verdict", "Judge pictures", |document| {
                let (mut commands, reviewer) = own_rater(document);
                for image in images {
                    let known = document.all::<Decision>().find(|d| d.target == image.into() && d.reviewer == reviewer);
                    match known {
                        // The same again takes it back.
                        Some(known) if known.verdict == verdict => commands.push(Command::remove(known.id)),
                        known => commands.push(Command::put(decision(known, image, verdict, reviewer))),
                    }
                }
                Ok(commands)
            });
        });
    }

    pub(in crate::dispatch) fn open_case(&mut self, n: usize) {
        self.case.follows_list = true;
        let Some(case) = self.cases().into_iter().nth(n) else { return };
        self.case.focus = self.case.focus.map(|_| 0);
        self.show_case(&case);
    }

    fn show_case(&mut self, case: &Case) {
        match (case.series, case.image) {
            (Some(series), _) => self.open_series(series, None),
            (None, Some(image)) => self.open_image(image),
            (None, None) => {}
        }
    }

    /// The next case of those that the filter shows, or the one before.
    pub(super) fn step_case(&mut self, by: isize) {
        let cases = self.cases();
        if cases.is_empty() {
            return;
        }
        let here = self.case_in_view(&cases);
        let fits = |n: &usize| cases[*n].fits(&self.case.filter);
        let next = match (here, by > 0) {
            (Some(here), true) => (here + 1..cases.len()).find(fits),
            (Some(here), false) => (0..here).rev().find(fits),
            (None, true) => (0..cases.len()).find(fits),
            (None, false) => (0..cases.len()).rev().find(fits),
        };
        match next {
            Some(next) => self.open_case(next),
            None => self.notices.done(if by > 0 { "This is the last case" } else { "This is the first case" }),
        }
    }

    pub(super) fn finish_case(&mut self) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        let missing: Vec<String> = self.missing_answers(image).iter().map(|field| field.question.clone()).collect();
        if !missing.is_empty() {
            let cause = format!("Not answered: {}", missing.join(", "));
            return self.notices.warning("The case is not complete", vec![cause]);
        }
        self.end_case(AssignmentStatus::Submitted, "Case done");
    }

    pub(super) fn skip_case(&mut self) {
        self.end_case(AssignmentStatus::Skipped, "Case skipped");
    }

    fn end_case(&mut self, status: AssignmentStatus, step: &str) {
        self.keep_report();
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        if !self.put_assignments(&[image], step, |_| status) {
            return;
        }
        let cases = self.cases();
        let here = self.case_in_view(&cases).unwrap_or(0);
        let order = (here + 1..cases.len()).chain(0..here);
        match order.into_iter().find(|n| cases[*n].is_open()) {
            Some(next) => self.open_case(next),
            None => self.notices.done("Every case of the list is done"),
        }
    }

    pub(super) fn flag_case(&mut self) {
        let cases = self.cases();
        if let Some(here) = self.case_in_view(&cases) {
            self.judge(&[here], Verdict::Flag);
        }
    }

    /// Reads the case after the one in front, so that it is there when it is wanted.
    pub(crate) fn prefetch_case(&mut self) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        if !self.case.follows_list || self.is_reading_ahead() || self.case.ahead_for == Some(image) {
            return;
        }
        // Asked for once, whatever becomes of it.
        self.case.ahead_for = Some(image);
        let cases = self.cases();
        let Some(here) = self.case_in_view(&cases) else { return };
        let next = (here + 1..cases.len()).find(|n| cases[*n].fits(&self.case.filter));
        let Some(next) = next.map(|n| &cases[n]) else { return };
        let shown = next.image.is_some_and(|image| self.workspace.pictures.contains_key(&image));
        if let Some(series) = next.series.filter(|_| !shown) {
            self.read_ahead(series);
        }
    }
}

/// The assignments of some pictures with the time that was worked on them since they were written last.
fn assignments(
    document: &Document,
    worked: &[(ImageId, Duration)],
    status: impl Fn(AssignmentStatus) -> AssignmentStatus,
) -> Vec<Command> {
    let (mut commands, rater) = own_rater(document);
    let mut protocol = None;
    for (image, time) in worked {
        let known = document.all::<Assignment>().find(|one| one.rater == rater && one.item == (*image).into());
        let former = known.cloned().unwrap_or_else(|| {
            let protocol = *protocol.get_or_insert_with(|| own_protocol(document, &mut commands));
            assignment(protocol, rater, *image)
        });
        let status = status(former.status);
        let now = jiff::Timestamp::now();
        let ended = matches!(status, AssignmentStatus::Submitted | AssignmentStatus::Skipped).then_some(now);
        let active_ms = former.active_ms + time.as_millis() as u64;
        let started = former.started.or(Some(now));
        commands.push(Command::put(Assignment { status, ended, active_ms, started, ..former }));
    }
    commands
}

/// The author as one who judges, with the command that makes them where they are new.
pub(in crate::dispatch) fn own_rater(document: &Document) -> (Vec<Command>, RaterId) {
    if let Some(known) = document.all::<Rater>().find(|rater| rater.pseudonym == document.author()) {
        return (Vec::new(), known.id);
    }
    let rater = Rater::new(document.author(), RaterRole::Reader);
    let id = rater.id;
    (vec![Command::put(rater)], id)
}

fn own_protocol(document: &Document, commands: &mut Vec<Command>) -> ProtocolId {
    let known = document.all::<Protocol>().find(|protocol| protocol.kind == ProtocolKind::Annotation);
    known.map_or_else(
        || {
            let protocol = Protocol::new(OWN_PROTOCOL, ProtocolKind::Annotation);
            let id = protocol.id;
            commands.push(Command::put(protocol));
            id
        },
        |known| known.id,
    )
}

fn assignment(protocol: ProtocolId, rater: RaterId, image: ImageId) -> Assignment {
    let (id, item, status) = (AssignmentId::new(), image.into(), AssignmentStatus::Open);
    Assignment { id, protocol, rater, item, order: 0, status, started: None, ended: None, active_ms: 0 }
}

fn decision(known: Option<&Decision>, image: ImageId, verdict: Verdict, reviewer: RaterId) -> Decision {
    let comment = (verdict == Verdict::Reject).then(|| "Rejected in the grid of pictures".to_owned());
    let id = known.map_or_else(DecisionId::new, |known| known.id);
    Decision { id, target: image.into(), verdict, reasons: Vec::new(), comment, before: None, reviewer }
}

impl App {
    /// A step over several pictures of the list. Those not yet in the project are read first, off the frame.
    pub(in crate::dispatch) fn with_images(
        &mut self,
        cases: &[usize],
        then: impl FnOnce(&mut Self, Vec<ImageId>) + Send + 'static,
    ) {
        let all = self.cases();
        let wanted: Vec<&Case> = cases.iter().filter_map(|n| all.get(*n)).collect();
        let missing: Vec<usize> = wanted.iter().filter(|c| c.image.is_none()).filter_map(|c| c.series).collect();
        let known: Vec<ImageId> = wanted.iter().filter_map(|case| case.image).collect();
        if missing.is_empty() {
            return then(self, known);
        }
        let series: Vec<_> = missing.iter().filter_map(|n| self.workspace.found.get(*n).cloned()).collect();
        let Some(project) = &self.workspace.project else { return };
        let paths: Vec<String> = series.iter().map(|one| project.path_for(&one.path)).collect();
        self.jobs.start("Adding pictures", move |task| {
            task.progress.begin("reading", series.len() as u64);
            let mut entries = Vec::new();
            for (one, path) in series.iter().zip(paths) {
                task.cancel.check()?;
                entries.push(crate::dispatch::file::entry_of(one, path, task)?);
                task.progress.advance(1);
            }
            let apply: crate::jobs::Apply = Box::new(move |app| {
                let Some(document) = app.document() else { return };
                let mut images = known;
                let mut commands = Vec::new();
                for entry in entries {
                    // It may have been opened in the meantime.
                    let same = document.images().find(|i| i.sha256 == entry.sha256 && i.path == entry.path);
                    images.push(same.map_or(entry.id, |same| same.id));
                    if same.is_none() {
                        commands.push(Command::AddImage { image: entry });
                    }
                }
                if commands.is_empty() || app.note_from("Adding pictures", "Add pictures", |_| Ok(commands)) {
                    then(app, images);
                }
            });
            Ok(apply)
        });
    }
}
