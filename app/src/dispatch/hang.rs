//! Hangs a study: the rule that fits it says which series go into which views, and how each is first seen. The series
//! are read one after the other; each is on screen as soon as it is read.

use super::companions::may_be_companion;
use super::file::{OPENING, Place};
use super::loaded::Loaded;
use crate::app::App;
use crate::cine::Cine;
use crate::companions::likely_masks;
use crate::hanging::{Hung, Rules};
use crate::jobs::Apply;
use crate::view_state::viewport::{How, Over};
use crate::view_state::{Arrangement, Stage, Viewport, ViewportId};
use limner_imaging::Series;
use limner_imaging::study::{Patient, Study};
use std::collections::BTreeMap;

/// A view and how a picture is to be seen in it.
#[derive(Clone)]
struct Hook {
    viewport: ViewportId,
    style: Style,
}

#[derive(Clone)]
enum Style {
    ByRule(Hung),
    /// The same plane and window as another view.
    Like(Box<Viewport>),
}

impl App {
    /// The rules as they lie on disk, or the shipped ones where the user's own have a fault.
    pub(crate) fn load_hanging(&mut self) {
        let config = self.paths.config.clone();
        let loaded = Rules::load(&config).or_else(|error| {
            self.notices.error("Your hanging rules are not used", &error);
            Rules::shipped()
        });
        match loaded {
            Ok(rules) => self.hanging = Some(rules),
            Err(error) => self.notices.error("Studies are hung in one view", &error),
        }
    }

    pub(super) fn edit_hanging(&mut self) {
        match Rules::write_own(&self.paths.config) {
            Ok(path) => self.notices.done(format!("The rules lie in {}", path.display())),
            Err(error) => self.notices.error("The rules could not be written", &error),
        }
    }

    pub(super) fn reread_hanging(&mut self) {
        self.load_hanging();
        if let Some(rules) = &self.hanging {
            self.notices.done(format!("{} hanging rules read", rules.rules.len()));
        }
    }

    /// The study of the active picture, by the rules.
    pub(super) fn hang_again(&mut self) {
        let Some(line) = self.workspace.open().and_then(|open| open.series) else { return };
        let study = self.workspace.study_of(line).map_or_else(|| vec![line], |(_, study)| study.series.clone());
        self.hang(&study);
    }

    /// Shows the series of a study, by their lines in the list.
    pub(super) fn hang(&mut self, study: &[usize]) {
        let found = &self.workspace.found;
        let is_picture = |n: &usize| found.get(*n).is_some_and(|series| !may_be_companion(series));
        let pictures: Vec<usize> = study.iter().copied().filter(is_picture).collect();
        let chosen = self.hanging.as_ref().and_then(|rules| rules.choose(&pictures, found));
        let Some((rule, places)) = chosen else {
            if let Some(&first) = pictures.first().or(study.first()) {
                self.open_series(first, None);
            }
            return;
        };
        let line_of = |name: &String| places.get(name.as_str()).copied();
        let views: Vec<(usize, Hung, Option<usize>)> = rule
            .views
            .iter()
            .filter_map(|view| Some((line_of(&view.of)?, view.clone(), view.over.as_ref().and_then(line_of))))
            .collect();
        let arrangement = Arrangement::grid(rule.rows, rule.columns);
        self.end_stroke();
        for id in self.workspace.stage.visible() {
            self.workspace.remember_look(id);
        }
        let before = self.workspace.stage.clone();
        self.workspace.stage.arrange(arrangement);
        let ids = self.workspace.stage.own_layout().ids();
        for &id in &ids {
            self.workspace.stage.put(id, Viewport::empty());
        }
        let mut hooks: Vec<(usize, Vec<Hook>)> = Vec::new();
        let fused = ids.iter().zip(&views);
        self.fused = fused.filter_map(|(id, (_, _, over))| Some((*id, (*over)?))).collect();
        for (viewport, (line, hung, _)) in ids.into_iter().zip(views) {
            let hook = Hook { viewport, style: Style::ByRule(hung) };
            match hooks.iter_mut().find(|(known, _)| *known == line) {
                Some((_, all)) => all.push(hook),
                None => hooks.push((line, vec![hook])),
            }
        }
        self.hang_up(hooks, Some(before));
    }

    /// Reads series one after the other and puts each where it belongs. Where none can be read, what was there `before` stays.
    fn hang_up(&mut self, hooks: Vec<(usize, Vec<Hook>)>, before: Option<Stage>) {
        let first = hooks.first().and_then(|(_, hooks)| Some(hooks.first()?.viewport));
        self.awaited = hooks.iter().flat_map(|(_, hooks)| hooks.iter().map(|hook| hook.viewport)).collect();
        let mut missing: Vec<(usize, Series, Vec<Hook>)> = Vec::new();
        for (line, hooks) in hooks {
            let Some(series) = self.workspace.found.get(line).cloned() else { continue };
            if self.workspace.pictures.values().any(|open| open.series == Some(line)) {
                self.put_on_hooks(line, &hooks);
            } else {
                missing.push((line, series, hooks));
            }
        }
        let gpu = self.gpu.context().clone();
        self.jobs.start_telling(OPENING, "Reading the series", move |task, teller| {
            for (line, series, hooks) in missing {
                let loaded = Loaded::read(series, &gpu, task);
                if task.cancel.is_cancelled() {
                    break;
                }
                teller.tell(Box::new(move |app: &mut Self| app.receive_hung(line, loaded, &hooks)));
            }
            let apply: Apply = Box::new(move |app| {
                app.awaited.clear();
                if let Some(before) = before.filter(|_| app.workspace.stage.images().is_empty()) {
                    app.workspace.stage = before;
                    return;
                }
                app.lay_hung_over();
                if let Some(first) = first {
                    app.workspace.stage.activate(first);
                }
                app.drop_unseen();
            });
            Ok(apply)
        });
    }

    fn receive_hung(&mut self, line: usize, loaded: anyhow::Result<Loaded>, hooks: &[Hook]) {
        for hook in hooks {
            self.awaited.remove(&hook.viewport);
        }
        match (loaded, hooks.first()) {
            (Ok(loaded), Some(first)) => {
                self.show_loaded(loaded, Place::In(first.viewport));
                self.put_on_hooks(line, hooks);
            }
            (Ok(_), None) => {}
            (Err(error), _) => self.mark_unreadable(line, &error),
        }
    }

    fn put_on_hooks(&mut self, line: usize, hooks: &[Hook]) {
        let Some(open) = self.workspace.pictures.values().find(|open| open.series == Some(line)) else { return };
        let first = Viewport {
            neurological: self.settings.look.neurological,
            ..Viewport::first_look(open.image, &open.volume, open.stored_window)
        };
        for Hook { viewport, style } in hooks {
            let look = match style {
                Style::ByRule(hung) => hung.look(&first, open, &self.settings.windows),
                Style::Like(other) => {
                    let pane = if open.has_planes() { other.pane } else { first.pane };
                    let window = if open.volume.is_colour() { first.window } else { other.window };
                    Viewport { window, inverted: other.inverted, slab: other.slab, ..first.of_pane(pane) }
                }
            };
            self.workspace.stage.put(*viewport, look);
            let plays = matches!(style, Style::ByRule(hung) if hung.play) && open.clock.is_some();
            if plays && self.cine.is_none() {
                self.cine = Some(Cine::new(*viewport));
            }
        }
    }

    /// What the rule lays over others, once all are there.
    fn lay_hung_over(&mut self) {
        for (viewport, line) in std::mem::take(&mut self.fused) {
            let image = self.workspace.pictures.values().find(|open| open.series == Some(line)).map(|open| open.image);
            let over = image.map(|image| Over { image, how: How::Colour });
            self.workspace.stage.lay_over(viewport, over);
        }
    }

    /// The active picture at the left, the same from the patient's study before it at the right.
    pub(super) fn compare_with_prior(&mut self) {
        let Some(prior) = self.prior() else { return };
        let current = self.workspace.stage.active().clone();
        self.arrange(Arrangement::ONE);
        self.arrange(Arrangement::grid(1, 2));
        let Some(&right) = self.workspace.stage.own_layout().ids().get(1) else { return };
        let hook = Hook { viewport: right, style: Style::Like(Box::new(current)) };
        self.hang_up(vec![(prior, vec![hook])], None);
        self.awaited.insert(right);
    }

    /// The series of the study before that of the active picture which is most like it.
    pub fn prior(&self) -> Option<usize> {
        let line = self.workspace.open()?.series?;
        let (patient, study) = self.workspace.study_of(line)?;
        let series = self.workspace.found.get(line)?;
        let date = study.date.reveal();
        let called = |study: &Study, n| study.description_of(n).map(|text| text.reveal().trim().to_lowercase());
        let mine = called(study, line);
        let earlier = patient.studies.iter().filter(|other| !date.is_empty() && other.date.reveal() < date);
        let mut earlier: Vec<_> = earlier.filter(|other| !other.date.reveal().is_empty()).collect();
        earlier.sort_by(|a, b| b.date.reveal().cmp(a.date.reveal()));
        earlier.into_iter().find_map(|study| {
            let candidates = study.series.iter().copied().filter_map(|n| Some((n, self.workspace.found.get(n)?)));
            let same_kind = candidates
                .filter(|(_, other)| other.modality == series.modality && other.kind == series.kind)
                .filter(|(_, other)| !may_be_companion(other));
            same_kind.min_by_key(|(n, other)| (called(study, *n) != mine, unlikeness(series, other))).map(|(n, _)| n)
        })
    }
}

/// Titles say most; then how many slices there are.
fn unlikeness(a: &Series, b: &Series) -> (bool, usize) {
    (!a.title.eq_ignore_ascii_case(&b.title), a.size[2].abs_diff(b.size[2]))
}

/// The series of a listing's first study with a picture, by place in it.
pub(super) fn first_study(found: &[Series], patients: &[Patient]) -> Vec<usize> {
    let is_picture = |n: &usize| found.get(*n).is_some_and(|series| !may_be_companion(series));
    let studies = patients.iter().flat_map(|patient| &patient.studies);
    let with_pictures: BTreeMap<usize, &Vec<usize>> =
        studies.filter_map(|study| Some((study.series.iter().copied().find(is_picture)?, &study.series))).collect();
    let mut study = with_pictures.into_values().next().cloned().unwrap_or_default();
    // A study is opened for its pictures.
    let masks = likely_masks(found);
    study.sort_by_key(|n| masks.contains(n));
    study
}
