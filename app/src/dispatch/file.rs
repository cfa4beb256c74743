//! Requests that read or write files. The work runs as jobs; only its result touches the application.

use super::companions::may_be_companion;
use super::hang::first_study;
use super::loaded::{Loaded, is_lossy};
use crate::app::App;
use crate::case::Page;
use crate::companions::{Companions, likely_masks};
use crate::gpu::Part;
use crate::jobs::Apply;
use crate::outbox::CompanionAct;
use crate::overlay;
use crate::picture::preset_for;
use crate::sample;
use crate::thumbnails::Thumbnails;
use crate::times::Times;
use crate::view_state::{Arrangement, Pane, Stage, Viewport, ViewportId};
use crate::work::Work;
use crate::workspace::OpenPicture;
use anyhow::Context as _;
use limner_annotation::{Command, ImageEntry, ImageId, LabelId, Project, SeriesFacts};
use limner_imaging::study::{self, Patient};
use limner_imaging::{Series, Task, Warning, formats};
use limner_render::GpuContext;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Pictures of a project that are listed when it opens.
const MOST_LISTED: usize = 200;
/// How long a project that another process holds is waited for.
const PATIENCE_FOR_LOCK: Duration = Duration::from_secs(3);
/// Only one picture is being opened at a time: a newer wish replaces it.
pub(super) const OPENING: &str = "open";

impl App {
    pub(super) fn open_sample(&mut self) {
        // It has no place among a user's own patients.
        let is_theirs =
            |project: &Project| !project.path().starts_with(&self.paths.data) && project.document().images().len() > 0;
        if self.workspace.project.as_ref().is_some_and(is_theirs) {
            self.new_project();
            self.notices.done("The sample study is in a project of its own; yours is closed and saved");
        }
        let folder = self.paths.data.join("sample");
        self.note_opened(folder.clone());
        self.jobs.start_latest(OPENING, "Unpacking the sample study", move |task| {
            sample::unpack(&folder)?;
            let mut found = formats::scan(&folder, task)?;
            found.series = sample::without_masks(found.series, &folder);
            let patients = study::patients(&found.series, task)?;
            let apply: Apply = Box::new(move |app| app.list_found(found, &patients, &folder));
            Ok(apply)
        });
    }

    pub fn open_path(&mut self, path: PathBuf) {
        if path.extension().is_some_and(|e| e == "limner") {
            self.open_project(path);
            return;
        }
        self.told.clear();
        self.note_opened(path.clone());
        self.jobs.start_telling(OPENING, "Looking for series", move |task, teller| {
            let mut tell = |series: &[Series]| {
                let series = series.to_vec();
                teller.tell(Box::new(move |app: &mut Self| app.list_told(series)));
            };
            let found = formats::scan_telling(&path, task, &mut tell)?;
            let patients = study::patients(&found.series, task)?;
            let apply: Apply = Box::new(move |app| app.list_found(found, &patients, &path));
            Ok(apply)
        });
    }

    /// What is dropped while versions are looked at are more of them; else it is pictures or a project.
    pub(crate) fn take_dropped(&mut self, path: PathBuf) {
        let is_project = path.extension().is_some_and(|e| e == "limner");
        let reviews = self.case.page == Page::Review && self.settings.look.inspector;
        if reviews && !is_project && self.workspace.open().is_some() {
            self.open_predictions(path);
        } else {
            self.open_path(path);
        }
    }

    /// Series of a folder that was read while the scan goes on. They are sorted into studies when it ends.
    fn list_told(&mut self, series: Vec<Series>) {
        for one in series {
            let line = self.workspace.add_found(vec![one]);
            self.told.extend(line);
        }
    }

    /// Lists again what was opened beside the project's own pictures when it was last worked on.
    fn list_again(&mut self) {
        let Some(project) = &self.workspace.project else { return };
        let folders = self.settings.opened.get(project.path()).cloned().unwrap_or_default();
        let (sample, age) = (self.paths.data.join("sample"), self.workspace.list_age);
        self.jobs.start_quiet("list again", move |task| {
            let there = folders.iter().filter(|folder| folder.exists());
            let found = there.filter_map(|folder| formats::scan(folder, task).ok()).flat_map(|found| found.series);
            let found = sample::without_masks(found.collect(), &sample);
            let apply: Apply = Box::new(move |app| {
                if app.workspace.list_age == age {
                    app.workspace.add_found(found);
                    app.file_series();
                }
            });
            Ok(apply)
        });
    }

    /// Sorts what was found into patients and studies.
    pub(super) fn file_series(&mut self) {
        let (series, age) = (self.workspace.found.clone(), self.workspace.list_age);
        self.jobs.start_quiet("studies", move |task| {
            let (patients, masks) = (study::patients(&series, task)?, likely_masks(&series));
            let apply: Apply = Box::new(move |app| {
                if app.workspace.list_age == age {
                    (app.workspace.patients, app.workspace.masks) = (patients, masks);
                }
            });
            Ok(apply)
        });
    }

    /// Another project's list begins empty: patients of two projects under each other belong nowhere.
    fn forget_list(&mut self) {
        self.workspace.forget_list();
        self.thumbnails = Thumbnails::default();
        self.companions = Companions::default();
        self.told.clear();
        self.opened_before.clear();
    }

    /// Now, and not only at the end: a session that is killed must find what it had opened.
    fn note_opened(&mut self, path: PathBuf) {
        match &self.workspace.project {
            Some(project) => {
                self.settings.note_opened(project.path(), path);
                self.save_settings();
            }
            None => self.opened_before.push(path),
        }
    }

    /// Shows the series before or after the active one in the list.
    pub(super) fn open_neighbour(&mut self, by: isize) {
        let found = &self.workspace.found;
        let now = self.workspace.open().and_then(|open| open.series);
        let is_picture = |n: &usize| !may_be_companion(&found[*n]);
        let next = match now {
            Some(now) if by < 0 => (0..now).rfind(is_picture),
            Some(now) => (now + 1..found.len()).find(is_picture),
            None => (0..found.len()).find(is_picture),
        };
        if let Some(next) = next {
            self.open_series(next, None);
        }
    }

    fn list_found(&mut self, found: formats::Found, patients: &[Patient], path: &Path) {
        const TOLD: usize = 3;
        let mut causes: Vec<String> = found.failed.iter().take(TOLD).map(|f| f.error.to_string()).collect();
        if found.failed.len() > TOLD {
            causes.push(format!("and {} more", found.failed.len() - TOLD));
        }
        let study = first_study(&found.series, patients);
        let told = std::mem::take(&mut self.told);
        let count = found.series.len();
        let studied: Vec<Series> = study.iter().map(|&n| found.series[n].clone()).collect();
        let listed = self.workspace.settle_found(&told, found.series);
        let study: Vec<usize> = studied.into_iter().filter_map(|one| self.workspace.add_found(vec![one])).collect();
        self.file_series();
        match (listed, found.failed.len()) {
            (Some(first), failed) => {
                if failed > 0 {
                    let files = if failed == 1 { "file" } else { "files" };
                    self.notices.warning(format!("{failed} {files} could not be read"), causes);
                }
                // Who has opened something out of the list meanwhile goes on with that.
                let opened = self.workspace.pictures.values().filter_map(|open| open.series);
                let taken = opened.into_iter().any(|n| told.contains(&n));
                // A single picture goes into the view in front, among what is there.
                let joins = count == 1 && self.workspace.open().is_some();
                match study.as_slice() {
                    _ if taken => {}
                    [] => self.open_series(first, None),
                    [one, ..] if joins => self.open_series(*one, None),
                    _ => self.hang(&study),
                }
            }
            (None, 0) => {
                let error = anyhow::Error::from(limner_imaging::Error::NoPicture { path: path.into() });
                self.notices.error("Nothing to open", &error);
            }
            (None, _) => self.notices.error("Nothing to open", &anyhow::anyhow!(causes.join("\n"))),
        }
    }

    /// Shows a series in a viewport, or in the active one.
    pub(super) fn open_series(&mut self, n: usize, viewport: Option<ViewportId>) {
        let Some(series) = self.workspace.found.get(n).cloned() else { return };
        if self.companions.get(n).is_some() {
            return self.act_on_companion(n, CompanionAct::Show);
        }
        let place = Place::of(viewport);
        if let Some(known) = self.workspace.pictures.values().find(|p| p.series == Some(n)) {
            let image = known.image;
            self.put_picture(image, place);
            return;
        }
        if let Some(loaded) = self.take_ahead(n) {
            return self.show_loaded(loaded, place);
        }
        let gpu = self.gpu.context().clone();
        self.jobs.start_latest(OPENING, "Reading the series", move |task| {
            let loaded = Loaded::read(series, &gpu, task);
            let apply: Apply = Box::new(move |app| match loaded {
                Ok(loaded) => app.show_loaded(loaded, place),
                Err(error) => app.mark_unreadable(n, &error),
            });
            Ok(apply)
        });
    }

    /// Says so now, and in the list for as long as it is listed.
    pub(super) fn mark_unreadable(&mut self, n: usize, error: &anyhow::Error) {
        self.notices.error("The series could not be read", error);
        if let Some(series) = self.workspace.found.get_mut(n) {
            series.warnings = vec![Warning { code: "unreadable".into(), text: format!("cannot be read: {error}") }];
        }
    }

    /// Puts a picture in its place and, if it is new, into the project.
    pub(super) fn show_loaded(&mut self, loaded: Loaded, place: Place) {
        if let Err(error) = self.try_show(loaded, place) {
            self.notices.error("The picture could not be shown", &error);
        }
    }

    fn try_show(&mut self, loaded: Loaded, place: Place) -> anyhow::Result<()> {
        self.end_stroke();
        self.drop_offer();
        if self.workspace.project.is_none() {
            self.use_project(Project::create(&self.paths.new_project()?, "Untitled", &self.author())?);
            std::mem::take(&mut self.opened_before).into_iter().for_each(|path| self.note_opened(path));
        }
        let series = self.workspace.add_found(vec![loaded.series.clone()]);
        let project = self.workspace.project.as_mut().context("no project is open")?;
        let image = image_of(project, &loaded).context("the picture could not be added to the project")?;
        let part = Part::of(&loaded.volume);
        self.gpu.add_picture(image, loaded.prepared, part, preset_for(loaded.is_ct))?;
        // What stands in the list already need not be said twice.
        let timed = loaded.times.is_some();
        let is_old = |w: &Warning| loaded.series.warnings.contains(w) || timed && w.code == "first_time_only";
        for warning in loaded.volume.warnings.iter().filter(|w| !is_old(w)) {
            self.notices.warning("About this picture", vec![warning.text.clone()]);
        }
        let lossy = is_lossy(&loaded.series);
        let (volume, drawn, title, space) = (loaded.volume, loaded.drawn, loaded.series.title, loaded.space);
        let (stored_window, is_ct) = (loaded.stored_window, loaded.is_ct);
        let (clock, times) = (loaded.clock, loaded.times.map(|sequence| Times::new(sequence, self.ctx.clone())));
        let open = OpenPicture {
            image,
            volume,
            drawn,
            title,
            series,
            stored_window,
            is_ct,
            lossy,
            space,
            registered: None,
            clock,
            times,
        };
        self.gpu.show_drawings(image, &open.drawn)?;
        let marks = overlay::Marks::of(self.label, &self.workspace.stage);
        overlay::show_all(&mut self.gpu, project.document(), &open, marks);
        self.work.measures.add_picture(project.document(), image, &open.volume);
        self.workspace.pictures.insert(image, open);
        self.workspace.missing.remove(&image);
        self.put_picture(image, place);
        self.follow_registrations();
        self.lay_companions_over(image);
        self.keep_label_alive();
        Ok(())
    }

    /// Shows a picture in memory: where it was asked for, in all four panes where they show one picture, and nowhere
    /// new where the stage waits for it.
    pub(super) fn put_picture(&mut self, image: ImageId, place: Place) {
        // What is half drawn belongs to the picture it was begun on.
        if self.work.draft.as_ref().is_some_and(|draft| draft.image != image) {
            self.drop_draft();
        }
        let Some(picture) = self.workspace.pictures.get(&image) else { return };
        let (volume, has_planes) = (picture.volume.clone(), picture.has_planes());
        let first_look = Viewport {
            neurological: self.settings.look.neurological,
            ..Viewport::first_look(image, &volume, picture.stored_window)
        };
        let stage = &mut self.workspace.stage;
        let target = match place {
            Place::Waiting => return self.follow_talk(),
            Place::Active => stage.active_id(),
            Place::In(id) => id,
        };
        self.workspace.remember_look(target);
        let stage = &mut self.workspace.stage;
        stage.activate(target);
        let look = self.workspace.looks.get(&image).unwrap_or(&first_look).clone();
        if place == Place::Active && stage.shows_planes() && stage.active().image.is_some() && has_planes {
            for (id, pane) in stage.own_layout().ids().into_iter().zip(Pane::ALL) {
                stage.put(id, look.of_pane(pane));
            }
        } else {
            if place == Place::Active && stage.shows_planes() {
                stage.arrange(Arrangement::ONE);
            }
            let pane = if has_planes { look.pane } else { first_look.pane };
            stage.put(stage.active_id(), if pane == look.pane { look } else { look.of_pane(pane) });
        }
        self.drop_unseen();
    }

    /// Makes a project the open one; the last one is let go when its steps are written.
    fn use_project(&mut self, project: Project) {
        self.commit_typing();
        self.workspace.pictures.clear();
        self.workspace.looks.clear();
        self.workspace.missing.clear();
        self.workspace.stage.clear();
        self.gpu.drop_all_pictures();
        self.companions.start_over();
        self.work = Work::default();
        self.case.begin_project();
        self.begin_review(project.path());
        self.settings.remember_project(project.path());
        let notices: Vec<String> = project.notices().iter().map(|n| n.text.clone()).collect();
        if !notices.is_empty() {
            self.notices.warning("About this project", notices);
        }
        let labels = project.document().labels();
        let known = |id: &LabelId| labels.iter().any(|label| label.id == *id);
        self.label = self.settings.label.filter(known).or_else(|| labels.first().map(|label| label.id));
        // Digits lie in the order of the list until the hand has its own.
        labels.iter().take(9).for_each(|label| self.work.recent.used(label.id));
        self.workspace.project = Some(project);
        self.begin_talks();
        self.fault_told = false;
        self.save_settings();
    }

    /// Now, and not only at the end: a session that is killed must find its project again.
    pub(super) fn save_settings(&mut self) {
        if let Err(error) = self.settings.save(&self.paths.config) {
            self.notices.error("The settings could not be saved", &error);
        }
    }

    pub fn open_project(&mut self, path: PathBuf) {
        let stage = self.settings.stage.clone().filter(Stage::is_sound);
        let wanted: Vec<ImageId> = stage.iter().flat_map(Stage::images).collect();
        let gpu = self.gpu.context().clone();
        self.jobs.start_latest(OPENING, "Opening the project", move |task| {
            let project = open_or_look(&path, task)?;
            let (loaded, place) = pictures_of(&project, &wanted, &gpu, task);
            let series = series_of(&project, task);
            let apply: Apply = Box::new(move |app| {
                if project.is_read_only() {
                    let why = "another window has it open, so nothing you do here is kept; close it there to work here";
                    app.notices.warning("This project is open for reading only", vec![why.into()]);
                }
                app.use_project(project);
                app.forget_list();
                app.workspace.add_found(series);
                app.file_series();
                app.list_again();
                if let Some(stage) = stage.filter(|_| place == Place::Waiting) {
                    app.workspace.stage = stage;
                }
                app.take_pictures(loaded, place);
            });
            Ok(apply)
        });
    }

    pub(super) fn new_project(&mut self) {
        let made = self.paths.new_project().and_then(|path| Ok(Project::create(&path, "Untitled", &self.author())?));
        match made {
            Ok(project) => {
                self.use_project(project);
                self.forget_list();
            }
            Err(error) => self.notices.error("A new project could not be made", &error),
        }
    }

    fn author(&self) -> String {
        self.settings.author.clone().unwrap_or_else(|| "annotator".into())
    }
}

/// Where a picture is to be seen once it is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Active,
    In(ViewportId),
    /// Wherever the stage waits for it already.
    Waiting,
}

impl Place {
    const fn of(viewport: Option<ViewportId>) -> Self {
        match viewport {
            Some(id) => Self::In(id),
            None => Self::Active,
        }
    }
}

/// The image's id in the project: known by its samples and place, else added as a step.
fn image_of(project: &mut Project, loaded: &Loaded) -> anyhow::Result<ImageId> {
    let same =
        |entry: &&ImageEntry| entry.sha256 == loaded.sha256 && entry.geometry.matches(&loaded.volume.geometry, 1e-3);
    if let Some(known) = project.document().images().find(same) {
        return Ok(known.id);
    }
    let path = project.path_for(&loaded.series.path);
    let image = ImageEntry {
        sha256: loaded.sha256.clone(),
        series_uid: loaded.series.uid.clone(),
        facts: SeriesFacts::of_file(loaded.series.kind),
        ..ImageEntry::of_volume(&loaded.volume, path, &loaded.series.title)
    };
    let id = image.id;
    // To open a picture is no work on it: undo passes over it.
    project.document_mut().apply_quietly("Add image", vec![Command::AddImage { image }])?;
    Ok(id)
}

/// A series as a project describes it, read for its hash.
pub(super) fn entry_of(series: &Series, path: String, task: &Task) -> anyhow::Result<ImageEntry> {
    Ok(limner_annotation::sources::entry_of(series, path, task)?)
}

/// Opens a project to work on, or to look at where somebody else works on it. A window that was killed a moment ago, or is
/// just being closed, may hold it still: that is waited for.
fn open_or_look(path: &Path, task: &Task) -> anyhow::Result<Project> {
    let start = Instant::now();
    loop {
        task.cancel.check()?;
        match Project::open(path) {
            Err(limner_annotation::Error::InUse { .. }) if start.elapsed() < PATIENCE_FOR_LOCK => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(limner_annotation::Error::InUse { .. }) => return Ok(Project::open_read_only(path)?),
            opened => return Ok(opened?),
        }
    }
}

/// The series of a project's pictures, for the list. One that has moved is simply not listed.
pub(super) fn series_of(project: &Project, task: &Task) -> Vec<Series> {
    let paths: BTreeSet<PathBuf> = project.document().images().map(|i| project.file_of(i)).take(MOST_LISTED).collect();
    paths.iter().filter_map(|path| formats::scan(path, task).ok()).flat_map(|found| found.series).collect()
}

/// The pictures a stage waits for if the project has them, else the project's first for the viewport in front.
pub(super) fn pictures_of(
    project: &Project,
    wanted: &[ImageId],
    gpu: &GpuContext,
    task: &Task,
) -> (Vec<(ImageId, anyhow::Result<Loaded>)>, Place) {
    let images: Vec<&ImageEntry> = project.document().images().collect();
    let waiting: Vec<&ImageEntry> = images.iter().copied().filter(|e| wanted.contains(&e.id)).collect();
    let all_there = !wanted.is_empty() && waiting.len() == wanted.len();
    let (entries, place) =
        if all_there { (waiting, Place::Waiting) } else { (images.into_iter().take(1).collect(), Place::Active) };
    (entries.into_iter().map(|entry| (entry.id, reopen(project, entry, gpu, task))).collect(), place)
}

/// Reads an image of a project, known again by its samples, with the series it comes from.
fn reopen(project: &Project, entry: &ImageEntry, gpu: &GpuContext, task: &Task) -> anyhow::Result<Loaded> {
    match project.find_image(entry, task)? {
        (series, Some(volume)) => Loaded::new(series, volume, entry.sha256.clone(), gpu),
        (series, None) => Loaded::film(series, entry.sha256.clone(), gpu, task),
    }
}
