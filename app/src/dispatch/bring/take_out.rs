//! A picture on its way out of the project, and a series off the list.
//!
//! All that is painted, drawn and said on a picture goes with it, as one step. That is told first, and undo brings all of
//! it back. The files stay where they are.

use crate::action::Action;
use crate::app::App;
use crate::case::list::Standing;
use crate::companions::State;
use crate::panels::dialog::{Dialog, TakeOutPage};
use crate::view_state::Viewport;
use limner_annotation::{ImageId, Kind, counted};
use limner_imaging::study::straight;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What else somebody may have said of a picture.
const OTHERS: [Kind; 13] = [
    Kind::Track,
    Kind::Measurement,
    Kind::Finding,
    Kind::Lesion,
    Kind::Caption,
    Kind::FormEntry,
    Kind::Dialogue,
    Kind::Judgement,
    Kind::Annotation,
    Kind::Consensus,
    Kind::Decision,
    Kind::Prediction,
    Kind::Registration,
];

impl App {
    /// Takes a picture out of the project; where work goes with it, only once that `is_told`.
    pub(in crate::dispatch) fn take_out(&mut self, line: usize, is_told: bool) {
        let Standing::Inside(image) = self.standing_of(line) else { return };
        self.end_stroke();
        self.drop_draft();
        self.drop_offer();
        self.commit_typing();
        self.keep_report();
        let (Some(name), Some(document)) = (self.picture_name(image), self.document()) else { return };
        let leaving = match document.leaving(image) {
            Ok(leaving) => leaving,
            Err(error) => return self.notices.error("The picture stays in the project", &error.into()),
        };
        let painted = document.label_map(image).map_or(0, |map| map.values().len());
        let goes = what_goes(painted, |kind| leaving.count(kind));
        if let Some(goes) = goes.filter(|_| !is_told) {
            self.dialog = Some(Dialog::TakeOut(TakeOutPage { line, name, goes }));
            return;
        }
        // What it is called may name a patient, and the log goes out with the project.
        let step = "Take out a picture";
        let done = self.change("Taking the picture out", |document| document.apply(step, leaving.commands));
        if done.is_some() {
            self.empty_views_of(image);
            let undo = self.keys_of(Action::Undo);
            self.notices.done(format!("{name} is out of the project and still in the list; {undo} brings it back"));
        }
    }

    /// Once a frame: what is no longer part of the project leaves the views, also where a step was done again.
    pub(in crate::dispatch) fn follow_removed(&mut self) {
        let Some(document) = self.document() else { return };
        let open = self.workspace.pictures.keys().copied();
        let gone: Vec<ImageId> = open.filter(|image| document.image(*image).is_none()).collect();
        for image in gone {
            self.empty_views_of(image);
        }
    }

    fn empty_views_of(&mut self, image: ImageId) {
        let workspace = &mut self.workspace;
        for id in workspace.stage.showing(image) {
            workspace.stage.put(id, Viewport::empty());
        }
        for (_, viewport) in workspace.stage.iter_mut() {
            viewport.over = viewport.over.filter(|over| over.image != image);
        }
        workspace.looks.remove(&image);
        workspace.missing.remove(&image);
        // What was laid over it waits until it is there again.
        let laid = self.companions.iter().filter_map(|(line, known)| match &known.state {
            State::Shown(contents) if contents.image(image).is_some() => Some(line),
            _ => None,
        });
        for line in laid.collect::<Vec<_>>() {
            self.companions.set(line, State::Waiting);
        }
        self.drop_unseen();
    }

    /// Takes a series off the list, which is no part of the project.
    pub(in crate::dispatch) fn take_off_list(&mut self, line: usize) {
        let Some(title) = self.workspace.found.get(line).map(|series| series.title.clone()) else { return };
        if self.standing_of(line) != Standing::Outside {
            return;
        }
        self.workspace.take_off(line);
        self.forget_opened(line);
        self.notices.done(format!("{title} is off the list; opening its file or folder lists it again"));
    }

    /// What was opened only for the sake of a line is not listed again with the project.
    fn forget_opened(&mut self, line: usize) {
        let workspace = &self.workspace;
        let images = workspace.project.iter().flat_map(|project| {
            let files = project.document().images().map(|image| straight(&project.file_of(image)));
            files.collect::<Vec<_>>()
        });
        // Pictures of the project are listed with it wherever they lie.
        let own: BTreeSet<PathBuf> = images.collect();
        let listed = workspace.found.iter().enumerate().filter(|(n, _)| !workspace.superseded.contains(n));
        let listed = listed.map(|(_, series)| straight(&series.path));
        let needed: Vec<PathBuf> = listed.filter(|path| !own.contains(path)).collect();
        let path = straight(&workspace.found[line].path);
        let is_needed = |opened: &PathBuf| {
            let opened = straight(opened);
            !path.starts_with(&opened) || needed.iter().any(|other| other.starts_with(&opened))
        };
        let opened = match &workspace.project {
            Some(project) => self.settings.opened.get_mut(project.path()),
            None => Some(&mut self.opened_before),
        };
        if let Some(opened) = opened {
            opened.retain(is_needed);
        }
        self.save_settings();
    }
}

/// "3 painted labels, 2 shapes and 1 question"; `None` where nobody has said anything of the picture.
fn what_goes(painted: usize, count: impl Fn(Kind) -> usize) -> Option<String> {
    let others: usize = OTHERS.into_iter().map(&count).sum();
    let parts = [
        (painted, "painted label"),
        (count(Kind::Shape), "shape"),
        (count(Kind::Question), "question"),
        (others, "other record"),
    ];
    let words: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, thing)| counted(count, thing)).collect();
    let (last, before) = words.split_last()?;
    Some(if before.is_empty() { last.clone() } else { format!("{} and {last}", before.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_a_picture_is_counted_in_words() {
        let count = |shapes, questions, captions| {
            move |kind| match kind {
                Kind::Shape => shapes,
                Kind::Question => questions,
                Kind::Caption => captions,
                // Kept by the program itself: nobody would miss them.
                Kind::Assignment | Kind::SegmentState => 9,
                _ => 0,
            }
        };
        assert_eq!(what_goes(0, count(0, 0, 0)), None);
        assert_eq!(what_goes(1, count(0, 0, 0)).unwrap(), "1 painted label");
        assert_eq!(what_goes(3, count(2, 1, 0)).unwrap(), "3 painted labels, 2 shapes and 1 question");
        assert_eq!(what_goes(0, count(0, 1, 1)).unwrap(), "1 question and 1 other record");
    }
}
