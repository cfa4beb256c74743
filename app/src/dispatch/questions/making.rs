//! Questions made from masks and shapes: made off the frame on what is on disk, shown, and sent to review as one step.

use crate::app::App;
use crate::cli::vqa;
use crate::jobs::Apply;
use crate::work::asking::Page;
use limner_annotation::audit::{self, Plan as AuditPlan};
use limner_annotation::exchange::vqa::collect::{Selection, collect};
use limner_annotation::{Project, Revision};
use std::path::Path;
use std::sync::Arc;

/// One at a time: a newer wish replaces the one before.
const MAKING: &str = "questions";
const AUDITING: &str = "audit";

impl App {
    /// The project's file once every step is in it.
    fn file_as_it_is(&mut self) -> Option<std::path::PathBuf> {
        self.commit_typing();
        let project = self.workspace.project.as_mut()?;
        if let Err(error) = project.wait_until_synced() {
            self.notices.error("The last steps could not be written", &error.into());
            return None;
        }
        Some(project.path().to_path_buf())
    }

    pub(super) fn make_questions(&mut self) {
        let plan = self.work.asking.plan.clone();
        let Some(path) = self.file_as_it_is() else { return };
        self.work.asking.made = None;
        self.jobs.start_latest(MAKING, "Making questions", move |task| {
            let project = Project::open_read_only(&path)?;
            let mut book = vqa::generate(&project, &plan, task)?;
            // What is in the project already, as its reviewer left it, is not made anew.
            book.questions
                .retain(|id, _| project.document().get::<limner_annotation::question::Question>(*id).is_none());
            let apply: Apply = Box::new(move |app| {
                if app.workspace.project.as_ref().is_some_and(|project| project.path() == path) {
                    app.work.asking.made = Some(book);
                }
            });
            Ok(apply)
        });
        self.work.asking.page = Page::Make;
        self.open_questions();
    }

    pub(super) fn keep_made(&mut self) {
        let Some(book) = self.work.asking.made.take() else { return };
        let Some(project) = &mut self.workspace.project else { return };
        let count = book.questions.len();
        match vqa::store(project, &book) {
            Ok(()) => {
                self.show_changes();
                self.notices.done(format!("{} to review", limner_annotation::counted(count, "question")));
                self.turn_to(Page::Review);
            }
            Err(error) => self.notices.error("The questions could not be kept", &error),
        }
    }

    pub(super) fn audit_questions(&mut self) {
        let Some(revision) = self.document().map(limner_annotation::Document::revision) else { return };
        let Some(path) = self.file_as_it_is() else { return };
        self.jobs.start_latest(AUDITING, "Auditing questions", move |task| {
            let project = Project::open_read_only(&path)?;
            let document = project.document();
            let collected = collect(document.contents(), document.contents(), &Selection::default(), task)?;
            let report = Arc::new(audit::run(&collected.records, AuditPlan::default(), None, task)?);
            let apply: Apply = Box::new(move |app| app.keep_audit(&path, report, revision));
            Ok(apply)
        });
        self.work.asking.page = Page::Audit;
        self.open_questions();
    }

    /// Shows the report, and keeps it in the project, so that it can be shown later that the audit was made.
    fn keep_audit(&mut self, path: &Path, report: Arc<audit::Report>, revision: Revision) {
        let Some(project) = self.workspace.project.as_mut().filter(|project| project.path() == path) else { return };
        let document = project.document_mut();
        let is_current = document.revision() == revision;
        let may_keep = !document.is_read_only() && !document.is_step_open();
        if let Some(Err(error)) = may_keep.then(|| audit::record(document, &report, revision)) {
            self.notices.error("The audit could not be kept in the project", &error.into());
        }
        let Some(document) = self.document() else { return };
        // Keeping it changed nothing that it is about.
        self.work.asking.audited = Some(if is_current { document.revision() } else { revision });
        self.work.asking.audit = Some(report);
    }

    /// The report as JSON, list of scores and page.
    pub(super) fn write_audit(&mut self, folder: &Path) {
        let Some(report) = self.work.asking.audit.clone() else { return };
        match report.write(folder) {
            Ok(()) => self.notices.done(format!("The audit is in {}", folder.display())),
            Err(error) => self.notices.error("The audit could not be written", &error.into()),
        }
    }
}
