//! The work list: every picture that was found and every other one of the project, with how far each is. Masks and what only
//! speaks of pictures are no cases.

use crate::app::App;
use limner_annotation::records::{Assignment, AssignmentStatus, Decision, Rater, Verdict};
use limner_annotation::{ImageEntry, ImageId, Key};
use limner_imaging::study::straight;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

/// One line of the list.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its line in `Workspace::found`.
    pub series: Option<usize>,
    /// Its picture, once it is in the project.
    pub image: Option<ImageId>,
    pub title: String,
    pub status: AssignmentStatus,
    pub flagged: bool,
    pub rejected: bool,
    pub time: Duration,
    order: Option<u32>,
}

/// What a line of the series list is to the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is listed, and not part of it.
    Outside,
    /// It is this picture of it.
    Inside(ImageId),
    /// It may be one of several that only their contents tell apart.
    Unsure,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub text: String,
    pub show: Show,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    All,
    Open,
    Done,
    Flagged,
}

impl Show {
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::All, "All"), (Self::Open, "Open"), (Self::Done, "Done"), (Self::Flagged, "Flagged")];
}

impl Case {
    pub fn is_open(&self) -> bool {
        matches!(self.status, AssignmentStatus::Open | AssignmentStatus::Started)
    }

    pub fn fits(&self, filter: &Filter) -> bool {
        let shown = match filter.show {
            Show::All => true,
            Show::Open => self.is_open(),
            Show::Done => self.status == AssignmentStatus::Submitted,
            Show::Flagged => self.flagged,
        };
        let title = self.title.to_lowercase();
        shown && filter.text.to_lowercase().split_whitespace().all(|word| title.contains(word))
    }
}

impl App {
    /// The whole list, in the order that was handed out, else as it was found.
    pub fn cases(&self) -> Vec<Case> {
        let Some(project) = &self.workspace.project else { return Vec::new() };
        let document = project.document();
        let mut images: HashMap<(PathBuf, Option<String>), &ImageEntry> = document
            .images()
            .map(|image| ((straight(&project.file_of(image)), image.series_uid.clone()), image))
            .collect();
        let rater = document.all::<Rater>().find(|rater| rater.pseudonym == document.author()).map(|rater| rater.id);
        let mine = document.all::<Assignment>().filter(|one| Some(one.rater) == rater);
        let mine: HashMap<Key, &Assignment> = mine.map(|one| (one.item, one)).collect();
        let mut verdicts: HashMap<Key, Verdict> = HashMap::new();
        for decision in document.all::<Decision>() {
            verdicts.insert(decision.target, decision.verdict);
        }
        let case = |series: Option<usize>, image: Option<ImageId>, title: String| {
            let assignment = image.and_then(|image| mine.get(&image.into()));
            let written = assignment.map_or(0, |one| one.active_ms);
            let pending = image.map_or(Duration::ZERO, |image| self.case.clock.pending(image));
            let verdict = image.and_then(|image| verdicts.get(&image.into()));
            Case {
                series,
                image,
                title,
                status: assignment.map_or(AssignmentStatus::Open, |one| one.status),
                flagged: verdict == Some(&Verdict::Flag),
                rejected: verdict == Some(&Verdict::Reject),
                time: Duration::from_millis(written) + pending,
                order: assignment.map(|one| one.order),
            }
        };
        let found = self.workspace.found.iter().enumerate().map(|(n, series)| {
            let image = images.remove(&(straight(&series.path), series.uid.clone()));
            case(Some(n), image.map(|image| image.id), series.title.clone())
        });
        // What was handed out is a case, whatever it is called.
        let is_case = |case: &Case| {
            let handed_out = case.order.is_some_and(|order| order > 0);
            handed_out || case.series.is_none_or(|line| self.is_picture_line(line))
        };
        let mut cases: Vec<Case> = found.filter(is_case).collect();
        let left = document.images().filter(|image| images.values().any(|other| other.id == image.id));
        cases.extend(left.map(|image| case(None, Some(image.id), image.title.clone())));
        if cases.iter().any(|case| case.order.is_some_and(|order| order > 0)) {
            cases.sort_by_key(|case| case.order.unwrap_or(u32::MAX));
        }
        cases
    }

    pub fn standing_of(&self, line: usize) -> Standing {
        let workspace = &self.workspace;
        if let Some(open) = workspace.pictures.values().find(|open| open.series == Some(line)) {
            return Standing::Inside(open.image);
        }
        let (Some(project), Some(series)) = (&workspace.project, workspace.found.get(line)) else {
            return Standing::Outside;
        };
        let path = straight(&series.path);
        let twins = workspace.found.iter().filter(|other| other.uid == series.uid && other.size == series.size);
        let is_alone = twins.filter(|twin| straight(&twin.path) == path).count() == 1;
        let same = project.document().images().filter(|image| {
            image.series_uid == series.uid && image.size() == series.size && straight(&project.file_of(image)) == path
        });
        match same.map(|image| image.id).collect::<Vec<_>>().as_slice() {
            [] => Standing::Outside,
            [image] if is_alone => Standing::Inside(*image),
            _ => Standing::Unsure,
        }
    }

    /// The place in the list of the picture in view.
    pub fn case_in_view(&self, cases: &[Case]) -> Option<usize> {
        let open = self.workspace.open()?;
        cases.iter().position(|case| case.image == Some(open.image))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_shows_what_it_says() {
        let case = |status, flagged| Case {
            series: None,
            image: None,
            title: "CT abdomen".into(),
            status,
            flagged,
            rejected: false,
            time: Duration::ZERO,
            order: None,
        };
        let open = case(AssignmentStatus::Started, true);
        let done = case(AssignmentStatus::Submitted, false);
        let filter = |show, text: &str| Filter { show, text: text.into() };
        assert!(open.fits(&filter(Show::Open, "")) && !done.fits(&filter(Show::Open, "")));
        assert!(done.fits(&filter(Show::Done, "abd ct")) && !done.fits(&filter(Show::All, "mr")));
        assert!(open.fits(&filter(Show::Flagged, "")) && !done.fits(&filter(Show::Flagged, "")));
    }
}
