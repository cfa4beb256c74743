//! Exports from the window: what would be written is looked at first, off the frame, then written as a job.

use crate::app::App;
use crate::jobs::Apply;
use crate::outbox::ExportAct;
use crate::panels::dialog::{Dialog, Purpose, format_title};
use crate::panels::export::{ExportPage, Found, Looked, PREVIEWED, Wish};
use limner_annotation::exchange::{self, CaseSource, Lossy, Options, Receipt};
use limner_annotation::{Project, counted};
use std::path::{Path, PathBuf};

/// A newer wish replaces the one that is being looked at.
const LOOKING: &str = "export-look";
/// Cases that are named when an export is done; more are nothing to read in passing.
const NAMED: usize = 3;

impl App {
    pub(super) fn open_export(&mut self) {
        let last = self.exporting.as_ref().map_or("coco-instances", |wish| wish.format);
        self.dialog = Some(Dialog::Export(Box::new(ExportPage::new(last))));
        self.look_at_export();
    }

    pub(super) fn act_on_export(&mut self, act: ExportAct) {
        match act {
            ExportAct::Look => self.look_at_export(),
            ExportAct::ChooseFolder(wish) => self.pick_export(wish),
            ExportAct::Write { format, out } => self.export(format, out),
        }
    }

    /// Finds out what the export that is asked for would write and lose.
    fn look_at_export(&mut self) {
        let Some(Dialog::Export(page)) = &self.dialog else { return };
        let wish = page.wish.clone();
        self.foresee(wish);
    }

    /// The same where only the folder is still asked for.
    pub(super) fn look_before_export(&mut self, format: &'static str) {
        let wish = self.exporting.clone().filter(|wish| wish.format == format);
        self.foresee(wish.unwrap_or_else(|| Wish::new(format)));
    }

    fn foresee(&mut self, wish: Wish) {
        let Some(path) = self.synced_project() else { return };
        self.jobs.start_latest(LOOKING, "Looking at the export", move |_| {
            let found = look(&path, &wish).map_err(|error| format!("{error:#}"));
            let apply: Apply = Box::new(move |app| app.take_look(Looked { wish, found }));
            Ok(apply)
        });
    }

    fn take_look(&mut self, looked: Looked) {
        match &mut self.dialog {
            Some(Dialog::Export(page)) => page.looked = Some(looked),
            Some(Dialog::Path(page)) if page.purpose == Purpose::Export(looked.wish.format) => {
                page.run = looked.found.ok().map(|found| found.run);
            }
            _ => {}
        }
    }

    pub(super) fn export(&mut self, format: &'static str, out: PathBuf) {
        let Some(path) = self.synced_project() else { return };
        let wish = self.exporting.clone().filter(|wish| wish.format == format);
        let options = match wish.map_or_else(|| Ok(Options::default()), |wish| wish.options()) {
            Ok(options) => options,
            Err(error) => return self.notices.error("The export could not start", &error.into()),
        };
        self.jobs.start("Exporting", move |task| {
            let receipt = crate::cli::export_project(&path, format, &out, &options, task)?;
            let apply: Apply = Box::new(move |app| app.tell_exported(&receipt, &out));
            Ok(apply)
        });
    }

    fn tell_exported(&mut self, receipt: &Receipt, out: &Path) {
        let files = counted(receipt.files.len(), "file");
        let cases = self.cases_in_words(receipt);
        self.notices.done(format!("{files} exported and checked: {}{cases}", out.display()));
        let lost: Vec<String> = receipt.dry_run.lossy.iter().map(Lossy::in_words).collect();
        if !lost.is_empty() {
            self.notices.warning(format!("{} could not keep everything", format_title(&receipt.format)), lost);
        }
        let doubts: Vec<String> = receipt
            .judges
            .iter()
            .filter(|judge| !judge.is_content())
            .map(|judge| format!("{}: {}", judge.name, judge.verdict))
            .collect();
        if !doubts.is_empty() {
            self.notices.warning("A tool on this machine found fault with the export", doubts);
        }
    }

    /// "; case_00001 is ct.nii.gz": names of files are numbers, and only here may it be read whose they are.
    fn cases_in_words(&self, receipt: &Receipt) -> String {
        let cases = receipt.written_cases();
        let name = |one: &CaseSource| Some(format!("{} is {}", one.case, self.picture_name(one.image)?));
        let named: Vec<String> = cases.iter().copied().take(NAMED).filter_map(name).collect();
        let more = if cases.len() > NAMED { ", and so on; the export window lists them" } else { "" };
        if named.is_empty() { String::new() } else { format!("; {}{more}", named.join(", ")) }
    }

    /// The file of the project with all that was done until now in it.
    pub(super) fn synced_project(&mut self) -> Option<PathBuf> {
        self.end_stroke();
        self.commit_typing();
        let project = self.workspace.project.as_mut()?;
        match project.wait_until_synced() {
            Ok(()) => Some(project.path().to_path_buf()),
            Err(error) => {
                self.notices.error("The last steps could not be written", &error.into());
                None
            }
        }
    }
}

fn look(path: &Path, wish: &Wish) -> anyhow::Result<Found> {
    let format = exchange::by_name(wish.format).ok_or_else(|| anyhow::anyhow!("there is no such format"))?;
    let options = wish.options()?;
    let project = Project::open_read_only(path)?;
    let run = exchange::dry_run(format, project.document(), &options);
    let preview = exchange::preview(format, project.document(), &options, PREVIEWED)?;
    Ok(Found { run, preview })
}
