//! What sources say about the picture in front: read from files and from the project, off the frame.

use crate::app::App;
use crate::case::{Errand, Page};
use crate::gpu::SheetId;
use crate::jobs::Apply;
use crate::review::{How, OWN, Ready, Source, SourceId, Speaker, State};
use anyhow::Context as _;
use limner_annotation::review::differ;
use limner_annotation::review::layers::{self, Layer};
use limner_annotation::review::opened::{self, Matched, ModelFiles, Picture, Version, models_in, read_on};
use limner_annotation::{Contents, ImageId, Revision, counted};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const OPENING: &str = "predictions";
const READING: &str = "versions";
pub(super) const OWN_READING: &str = "own version";
/// Names of files in a notice.
const MOST_NAMED: usize = 6;

impl App {
    /// The cases of the list as files may call them, by their place in it.
    pub(super) fn review_pictures(&self) -> Vec<Picture<usize>> {
        let Some(project) = &self.workspace.project else { return Vec::new() };
        let picture = |(n, case): (usize, crate::case::list::Case)| {
            let series = case.series.and_then(|line| self.workspace.found.get(line));
            let entry = case.image.and_then(|image| project.document().image(image));
            match (entry, series) {
                (Some(entry), _) => Some(Picture::in_project(n, entry, &project.file_of(entry))),
                (None, Some(series)) => Some(Picture::at(n, &series.path)),
                (None, None) => None,
            }
        };
        self.cases().into_iter().enumerate().filter_map(picture).collect()
    }

    /// The place in the list of the picture that versions are about.
    pub(super) fn case_in_front(&self) -> Option<usize> {
        self.case_in_view(&self.cases())
    }

    /// Several may be dropped at once.
    pub(crate) fn open_predictions(&mut self, path: PathBuf) {
        self.review.waiting.push((path, false));
        self.go_on_with_predictions();
    }

    /// One after the other, once there is a picture.
    pub(super) fn go_on_with_predictions(&mut self) {
        if self.review.waiting.is_empty() || self.workspace.open().is_none() || self.jobs.is_busy(OPENING) {
            return;
        }
        let (path, again) = self.review.waiting.remove(0);
        if !again || path.exists() {
            self.look_for_predictions(path, again);
        }
    }

    fn look_for_predictions(&mut self, path: PathBuf, again: bool) {
        let (pictures, in_front) = (self.review_pictures(), self.case_in_front());
        self.jobs.start_latest(OPENING, "Looking for predictions", move |task| {
            let models = models_in(&path, &pictures, task)?;
            let found: Vec<(ModelFiles, Matched<usize>)> = models
                .into_iter()
                .map(|model| {
                    let matched = model.matched(&pictures, in_front);
                    (model, matched)
                })
                .collect();
            let apply: Apply = Box::new(move |app| app.take_models(found, &path, again));
            Ok(apply)
        });
    }

    fn take_models(&mut self, found: Vec<(ModelFiles, Matched<usize>)>, path: &Path, again: bool) {
        let name = |model: &str, file: &Path, why: &str| {
            let file = file.file_name().unwrap_or_default().to_string_lossy();
            format!("{model}, {file}: {why}")
        };
        let alone = found
            .iter()
            .flat_map(|(model, matched)| matched.alone.iter().chain(&model.broken).map(move |one| (model, one)));
        let mut causes: Vec<String> = alone.map(|(model, (file, why))| name(&model.name, file, why)).collect();
        let total = causes.len();
        if causes.len() > MOST_NAMED {
            causes.truncate(MOST_NAMED);
            causes.push(format!("and {} more", total - MOST_NAMED));
        }
        let matched: usize = found.iter().map(|(_, matched)| matched.files.len()).sum();
        let records: usize = found.iter().map(|(model, _)| model.records.len()).sum();
        if matched + records == 0 && again {
            return;
        }
        if matched + records == 0 {
            let error = anyhow::anyhow!(causes.join("\n"));
            return self.notices.error("None of these maps belongs to a picture of the list", &error);
        }
        let speaks =
            |(model, matched): &(ModelFiles, Matched<usize>)| !matched.files.is_empty() || !model.records.is_empty();
        let models: Vec<ModelFiles> = found.into_iter().filter(speaks).map(|(model, _)| model).collect();
        let mut parts = vec![counted(models.len(), "model")];
        parts.extend((matched > 0).then(|| counted(matched, "map")));
        let files = if records == 1 { "1 file".to_owned() } else { format!("{records} files") };
        parts.extend((records > 0).then(|| format!("{files} of records")));
        let words = parts.join(", ");
        let mut added = Vec::new();
        for model in models {
            added.push(self.review.add(&model.name.clone(), Speaker::Files(Arc::new(model))));
        }
        self.guess_reference(&added);
        self.review.in_hand =
            self.review.in_hand.or_else(|| added.into_iter().find(|id| Some(*id) != self.review.reference));
        self.review.made += 1;
        self.review.compared = None;
        self.review.image = self.workspace.open().map(|open| open.image);
        if !again {
            self.remember_predictions(path);
            self.tell_models(&words, total, causes);
            self.act(crate::action::Action::Case(Errand::Page(Page::Review)));
        }
        self.read_versions();
    }

    fn tell_models(&mut self, words: &str, total: usize, causes: Vec<String>) {
        if total > 0 {
            let files = counted(total, "other file");
            self.notices.warning(format!("Opened {words}; {files} could not be used"), causes);
        } else {
            self.notices.done(format!("Opened {words}"));
        }
    }

    fn remember_predictions(&mut self, path: &Path) {
        let Some(project) = self.workspace.project.as_ref().map(|project| project.path().to_path_buf()) else { return };
        let known = self.settings.predictions.entry(project).or_default();
        if !known.iter().any(|other| other == path) {
            known.push(path.to_path_buf());
            if let Err(error) = self.settings.save(&self.paths.config) {
                self.notices.error("The settings could not be saved", &error);
            }
        }
    }

    /// What somebody has painted is the reference, else a folder that says so by its name.
    fn guess_reference(&mut self, added: &[SourceId]) {
        const NAMES: [&str; 6] = ["reference", "truth", "ground", "manual", "labelstr", "masks"];
        if self.review.reference.is_some() {
            return;
        }
        // Records have a reference of each kind without being told.
        let mapped =
            added.iter().copied().filter(|id| self.review.get(*id).is_some_and(crate::review::Source::has_maps));
        let named = mapped.into_iter().find(|id| {
            let name = self.review.get(*id).map(|source| source.name.to_lowercase()).unwrap_or_default();
            NAMES.iter().any(|word| name.contains(word))
        });
        let painted = self.workspace.open().is_some_and(|open| {
            self.document().and_then(|d| d.label_map(open.image)).is_some_and(|map| !map.is_empty())
        });
        self.review.reference = named.or_else(|| painted.then_some(OWN));
    }

    /// Reads what every file source says about the picture in front, as far as that is not known.
    pub(super) fn read_versions(&mut self) {
        let Some(image) = self.review.image else { return };
        let Some(document) = self.document() else { return };
        let Some(grid) = document.image(image).map(|entry| entry.geometry) else { return };
        let contents = document.contents().clone();
        let (pictures, in_front) = (self.review_pictures(), self.case_in_front());
        let wanted: Vec<(SourceId, Arc<ModelFiles>)> = self
            .review
            .sources
            .iter_mut()
            .filter(|source| matches!(source.state, State::Nothing | State::Reading))
            .filter_map(|source| match &source.from {
                Speaker::Files(model) => {
                    source.state = State::Reading;
                    Some((source.id, model.clone()))
                }
                _ => None,
            })
            .collect();
        if wanted.is_empty() {
            return;
        }
        self.jobs.start_telling(READING, "Reading predictions", move |task, teller| {
            task.progress.begin("reading", wanted.len() as u64);
            for (id, model) in wanted {
                task.cancel.check()?;
                let matched = model.matched(&pictures, in_front);
                let file = in_front.and_then(|front| matched.files.get(&front));
                let state = match file.map(|file| read_on(file, Some(&grid), &model.labels, &contents, task)) {
                    None => State::Nothing,
                    Some(Ok(version)) => State::Ready(Arc::new(Ready::of(version))),
                    Some(Err(error)) => {
                        task.cancel.check()?;
                        State::Failed(error.to_string())
                    }
                };
                teller.tell(Box::new(move |app: &mut Self| app.receive_version(image, id, state)));
                task.progress.advance(1);
            }
            let apply: Apply = Box::new(|_| {});
            Ok(apply)
        });
    }

    fn receive_version(&mut self, image: ImageId, id: SourceId, state: State) {
        if self.review.image != Some(image) {
            return;
        }
        let name = self.shown_name(id);
        if let State::Failed(why) = &state {
            // The reason names the file, which may tell whose it is.
            let why = if self.review.is_blind() { "It does not lie on this picture's voxels" } else { why.as_str() };
            self.notices.error(format!("{name} cannot be shown on this picture"), &anyhow::anyhow!(why.to_owned()));
        }
        let is_soft = matches!(&state, State::Ready(ready) if ready.version.soft.is_some());
        if is_soft && self.review.in_hand == Some(id) && self.review.how == How::Outlines {
            self.review.how = How::Probability;
        }
        if let Some(source) = self.review.get_mut(id) {
            source.state = state;
            self.review.made += 1;
            self.gpu.drop_sheet(SheetId::Version(id.0));
        }
    }

    /// Takes over what is painted, once the hand rests.
    pub(super) fn refresh_own(&mut self, image: ImageId) {
        let Some(document) = self.document() else { return };
        let revision = document.content_revision();
        let is_there = document.image(image).is_some();
        if !is_there || self.review.own_revision == Some(revision) || self.jobs.is_busy(OWN_READING) {
            return;
        }
        let contents = document.contents().clone();
        self.jobs.start_quiet(OWN_READING, move |_| {
            let versions = own_versions(&contents, image)?;
            let apply: Apply = Box::new(move |app| app.receive_own(image, revision, versions));
            Ok(apply)
        });
    }

    fn receive_own(&mut self, image: ImageId, revision: Revision, versions: Vec<(Option<Layer>, Ready)>) {
        if self.review.image != Some(image) {
            return;
        }
        self.review.own_revision = Some(revision);
        let mut seen = vec![OWN];
        for (layer, ready) in versions {
            let known = |source: &&mut Source| match (&layer, &source.from) {
                (None, Speaker::Project) => true,
                (Some(layer), Speaker::Layer(known)) => known.name == layer.name,
                _ => false,
            };
            let id = self.review.sources.iter_mut().find(known).map(|source| source.id);
            let id = id.unwrap_or_else(|| {
                let name = layer.as_ref().map_or_else(String::new, |layer| layer.name.clone());
                layer.clone().map_or(OWN, |layer| self.review.add(&name, Speaker::Layer(layer)))
            });
            seen.push(id);
            let Some(source) = self.review.get_mut(id) else { continue };
            let same = source.ready().is_some_and(|known| known.version.labels.says_as(&ready.version.labels));
            if let Some(layer) = layer {
                source.from = Speaker::Layer(layer);
            }
            if !same {
                source.state = State::Ready(Arc::new(ready));
                self.review.made += 1;
                self.gpu.drop_sheet(SheetId::Version(id.0));
            }
        }
        let gone: Vec<SourceId> = self
            .review
            .sources
            .iter()
            .filter(|source| matches!(source.from, Speaker::Layer(_)) && !seen.contains(&source.id))
            .map(|source| source.id)
            .collect();
        gone.into_iter().for_each(|id| self.review.remove(id));
    }

    /// What a source is called here.
    pub fn shown_name(&self, id: SourceId) -> String {
        self.review.get(id).map_or_else(String::new, |source| {
            source.alias.as_ref().map_or_else(|| source.name.clone(), |alias| alias.name.clone())
        })
    }

    /// What a model is called here, by its own name.
    pub fn source_named(&self, name: &str) -> String {
        let source = self.review.sources.iter().find(|source| source.name == name);
        // One that is not open now has no number, and its name would tell.
        let other = || if self.is_hidden() { "Another model".to_owned() } else { name.to_owned() };
        source.map_or_else(other, |source| self.shown_name(source.id))
    }

    /// What a label is called: by the project, by a model, else by its number.
    pub fn label_name(&self, label: u32) -> String {
        let value = u16::try_from(label).ok();
        let own = self.document().and_then(|document| document.label_of_value(value?));
        let by_model = || {
            let names = self.review.ready().find_map(|(_, ready)| ready.version.names.get(&label).cloned());
            names.unwrap_or_else(|| format!("Label {label}"))
        };
        own.map_or_else(by_model, |label| label.name.clone())
    }
}

impl Ready {
    pub fn of(version: Version) -> Self {
        Self { sheet: differ::itself(&version.labels), version }
    }
}

/// The project's own version first, then those of raters and consensus.
fn own_versions(contents: &Contents, image: ImageId) -> anyhow::Result<Vec<(Option<Layer>, Ready)>> {
    let (own, others) = layers::layers(contents, image);
    let read = |layer: &Layer| -> anyhow::Result<Ready> {
        let labels = opened::painted(contents, image, &layer.labels).context("the picture is no longer there")?;
        Ok(Ready::of(Version { labels, soft: None, names: BTreeMap::new(), sha256: None, file: None }))
    };
    let mut all = vec![(None, read(&own)?)];
    for layer in others {
        let ready = read(&layer)?;
        all.push((Some(layer), ready));
    }
    Ok(all)
}
