//! Figures of versions against the reference: of the picture in front, and of every case of the list.

use crate::app::App;
use crate::jobs::Apply;
use crate::review::{CaseKey, Compared, Figures, OWN, SourceId, Speaker};
use limner_annotation::metrics::Labels;
use limner_annotation::review::opened::{ModelFiles, Picture, painted, read_on};
use limner_annotation::review::study::{Unmatched, rows};
use limner_annotation::review::{Row, Rules, layers, summarise};
use limner_annotation::{Contents, ImageId};
use limner_imaging::Task;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FIGURES: &str = "figures of versions";
const ALL: &str = "figures of all cases";

/// Surfaces this close agree, and any overlap finds a lesion: what `limner compare` takes.
pub(super) fn rules() -> Rules {
    Rules { tolerance_mm: 2.0, lesions: Some(0.0), ..Rules::default() }
}

impl App {
    /// Works out the table anew where what it is of has changed.
    pub(super) fn refresh_figures(&mut self) {
        let review = &mut self.review;
        let of = Some((review.made, review.reference));
        if review.figures.of == of {
            return;
        }
        let reference = review.reference.and_then(|id| Some((id, review.get(id)?.ready()?.clone())));
        let Some((reference_id, reference)) = reference else {
            review.figures = Figures { rows: BTreeMap::new(), of };
            return;
        };
        let others: Vec<_> = review
            .ready()
            .filter(|(source, ready)| source.id != reference_id && says_something(source.id, &ready.version.labels))
            .map(|(source, ready)| (source.id, ready.clone()))
            .collect();
        review.figures.of = of;
        if others.is_empty() {
            review.figures.rows.clear();
            return;
        }
        self.jobs.start_latest(FIGURES, "Comparing versions", move |task| {
            task.progress.begin("comparing", others.len() as u64);
            let mut all = BTreeMap::new();
            for (id, other) in others {
                let who = Row { model: id.0.to_string(), ..Row::default() };
                all.insert(id, rows(&who, &reference.version.labels, &other.version.labels, &rules(), task)?);
                task.progress.advance(1);
            }
            let apply: Apply = Box::new(move |app| {
                // What has changed meanwhile is worked out again.
                if app.review.figures.of == of {
                    app.review.figures.rows = all;
                }
            });
            Ok(apply)
        });
    }

    /// Every case of the list that a model and the reference speak of.
    pub(super) fn compare_all(&mut self) {
        let Some(order) = self.order_of_all() else { return };
        self.jobs.start_latest(ALL, "Comparing all cases", move |task| {
            let compared = order.compare(task)?;
            let apply: Apply = Box::new(move |app| {
                let cases = compared.cases.len();
                app.review.at_worst = None;
                app.review.all_cases = true;
                app.notices.done(format!("Compared {}", limner_annotation::counted(cases, "case")));
                app.review.comparisons += 1;
                app.review.compared = Some(Compared { made: app.review.comparisons, ..compared });
            });
            Ok(apply)
        });
    }

    pub(super) fn order_of_all(&self) -> Option<Order> {
        let document = self.document()?;
        let reference = self.review.get(self.review.reference?)?;
        let files = |source: &crate::review::Source| match &source.from {
            Speaker::Files(model) => Some(model.clone()),
            _ => None,
        };
        let others = self.review.sources.iter().filter(|source| source.id != reference.id && source.has_maps());
        let keys = self.cases().into_iter().map(|case| CaseKey { series: case.series, image: case.image });
        Some(Order {
            contents: document.contents().clone(),
            pictures: self.review_pictures(),
            keys: keys.collect(),
            in_front: self.case_in_front(),
            reference: files(reference),
            models: others.filter_map(|source| Some((source.name.clone(), files(source)?))).collect(),
        })
    }

    pub(super) fn open_compared(&mut self, case: CaseKey) {
        let place = self.cases().iter().position(|one| {
            case.image.is_some() && one.image == case.image || case.series.is_some() && one.series == case.series
        });
        if let Some(n) = place {
            self.open_case(n);
        }
    }

    /// The case with the lowest figures, then the one after it.
    pub(super) fn next_worst(&mut self) {
        let Some(next) = self.next_in_queue(self.review.at_worst) else {
            return self.notices.done("This was the last case of the queue");
        };
        let queue = self.review.compared.as_ref().map_or(&[][..], |compared| &compared.summary.queue);
        let (Some(compared), Some(doubtful)) = (&self.review.compared, queue.get(next)) else {
            // After label maps come records.
            let row = next - queue.len();
            self.review.at_worst = Some(next);
            return self.worst_row(row);
        };
        let (case, label) = (compared.cases.get(&doubtful.case).copied(), doubtful.label);
        let model = self.review.sources.iter().find(|source| source.name == doubtful.model).map(|source| source.id);
        let why = doubtful.why.join(", ");
        self.review.at_worst = Some(next);
        self.review.only = Some(label);
        self.review.in_hand = model.or(self.review.in_hand);
        if let Some(case) = case {
            self.open_compared(case);
        }
        if !why.is_empty() {
            self.notices.done(why);
        }
    }
}

/// Nothing painted is no version.
fn says_something(id: SourceId, labels: &Labels) -> bool {
    id != OWN || !labels.labels().is_empty()
}

/// All that the comparison of a list needs, taken along from the window.
pub(super) struct Order {
    contents: Contents,
    pictures: Vec<Picture<usize>>,
    keys: Vec<CaseKey>,
    in_front: Option<usize>,
    /// None where it is what is painted in the project.
    reference: Option<Arc<ModelFiles>>,
    models: Vec<(String, Arc<ModelFiles>)>,
}

impl Order {
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.iter().map(|(name, _)| name.as_str())
    }

    pub fn compare(self, task: &Task) -> anyhow::Result<Compared> {
        let files = |model: &ModelFiles| model.matched(&self.pictures, self.in_front);
        let reference = self.reference.as_deref().map(|model| (model, files(model)));
        let mut left_out = Vec::new();
        let mut by_case: BTreeMap<usize, Vec<(&str, &ModelFiles, PathBuf)>> = BTreeMap::new();
        for (name, model) in &self.models {
            let matched = files(model);
            let alone = matched.alone.into_iter();
            left_out.extend(alone.map(|(path, why)| Unmatched { model: Some(name.clone()), path, why }));
            for (case, path) in matched.files {
                by_case.entry(case).or_default().push((name, model, path));
            }
        }
        task.progress.begin("comparing cases", by_case.len() as u64);
        let (mut all, mut cases, mut soft) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        for (case, predictions) in by_case {
            task.cancel.check()?;
            let name = unused_name(&cases, &predictions[0].2);
            let file = reference.as_ref().and_then(|(model, matched)| Some((*model, matched.files.get(&case)?)));
            let before = all.len();
            match self.reference_of(case, file, task) {
                Ok(Some(reference)) => {
                    for (model, maps, path) in &predictions {
                        let who = Row {
                            case: name.clone(),
                            subject: name.clone(),
                            model: (*model).to_owned(),
                            ..Row::default()
                        };
                        match self.one(&who, &reference, maps, path, task) {
                            Ok((rows, is_soft)) => {
                                all.extend(rows);
                                soft.extend(is_soft.then(|| (*model).to_owned()));
                            }
                            Err(error) => left_out.push(left(model, path, &error)),
                        }
                    }
                }
                Ok(None) => {
                    let why = "there is no reference of this case".to_owned();
                    let left = |(model, _, path): &(&str, &ModelFiles, PathBuf)| Unmatched {
                        model: Some((*model).to_owned()),
                        path: path.clone(),
                        why: why.clone(),
                    };
                    left_out.extend(predictions.iter().map(left));
                }
                Err(error) => left_out.push(left("reference", &predictions[0].2, &error)),
            }
            if all.len() > before {
                cases.insert(name, self.keys[case]);
            }
            task.progress.advance(1);
        }
        task.cancel.check()?;
        let summary = summarise(&all);
        Ok(Compared { made: 0, rows: all, summary, left_out, cases, soft })
    }

    fn image(&self, case: usize) -> Option<ImageId> {
        self.keys[case].image.filter(|image| self.contents.image(*image).is_some())
    }

    fn reference_of(
        &self,
        case: usize,
        file: Option<(&ModelFiles, &PathBuf)>,
        task: &Task,
    ) -> anyhow::Result<Option<Labels>> {
        let image = self.image(case);
        if let Some((model, path)) = file {
            let grid = image.and_then(|image| self.contents.image(image)).map(|entry| entry.geometry);
            return Ok(Some(read_on(path, grid.as_ref(), &model.labels, &self.contents, task)?.labels));
        }
        let Some(image) = image.filter(|_| self.reference.is_none()) else { return Ok(None) };
        let own = layers::layers(&self.contents, image).0;
        Ok(painted(&self.contents, image, &own.labels).filter(|labels| !labels.labels().is_empty()))
    }

    fn one(
        &self,
        who: &Row,
        reference: &Labels,
        maps: &ModelFiles,
        path: &Path,
        task: &Task,
    ) -> anyhow::Result<(Vec<Row>, bool)> {
        let predicted = read_on(path, Some(&reference.geometry), &maps.labels, &self.contents, task)?;
        Ok((rows(who, reference, &predicted.labels, &rules(), task)?, predicted.soft.is_some()))
    }
}

fn left(model: &str, path: &Path, error: &anyhow::Error) -> Unmatched {
    Unmatched { model: Some(model.to_owned()), path: path.to_path_buf(), why: format!("{error:#}") }
}

/// What the maps of a case are called; two of one name are told apart by a number.
fn unused_name(cases: &BTreeMap<String, CaseKey>, path: &Path) -> String {
    let name = limner_annotation::review::folder::stem(path);
    let numbered = (2..).map(|n| format!("{name} ({n})"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !cases.contains_key(name)).unwrap_or_default()
}
