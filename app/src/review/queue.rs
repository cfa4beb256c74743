//! The queue of rows that deserve a look, and which of them are let through: by the words of the filter, and by what was
//! decided about them last.

use super::{CaseKey, SourceId};
use crate::app::App;
use crate::widgets::sentence_case;
use limner_annotation::ImageId;
use limner_annotation::records::Verdict;
use limner_annotation::review::dashboard::{Told, VERDICTS, state};
use limner_annotation::review::said::Mark;
use limner_annotation::review::summary::Doubtful;
use std::collections::BTreeMap;

/// What was decided about a row, as a filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    #[default]
    Any,
    Undecided,
    After(Verdict),
}

impl Standing {
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Any, Self::Undecided].into_iter().chain(VERDICTS.into_iter().map(Self::After))
    }

    pub fn title(self) -> String {
        match self {
            Self::Any => "Any state".to_owned(),
            Self::Undecided => "Undecided".to_owned(),
            Self::After(verdict) => sentence_case(state(verdict)),
        }
    }

    pub fn lets_through(self, last: Option<Verdict>) -> bool {
        match self {
            Self::Any => true,
            Self::Undecided => last.is_none(),
            Self::After(verdict) => last == Some(verdict),
        }
    }
}

/// Every word of a filter is in one of the texts.
pub fn fits(filter: &str, texts: &[&str]) -> bool {
    filter.to_lowercase().split_whitespace().all(|word| texts.iter().any(|text| text.to_lowercase().contains(word)))
}

/// What is looked up for every row: cases by their line in the list, for what was only a line when it was compared may be a
/// picture of the project now; and decisions by picture and version, the last one first.
pub struct Opened<'a> {
    images: BTreeMap<usize, ImageId>,
    told: BTreeMap<(ImageId, &'a str), Vec<&'a Told>>,
}

impl<'a> Opened<'a> {
    fn image(&self, case: &CaseKey) -> Option<ImageId> {
        case.image.or_else(|| self.images.get(&case.series?).copied())
    }

    fn told(&self, case: &CaseKey, version: &'a str) -> impl Iterator<Item = &'a Told> {
        let of = self.image(case).and_then(|image| self.told.get(&(image, version)));
        of.into_iter().flatten().copied()
    }
}

impl App {
    pub fn opened_cases(&self) -> Opened<'_> {
        let images = self.cases().into_iter().filter_map(|case| Some((case.series?, case.image?))).collect();
        let mut told: BTreeMap<(ImageId, &str), Vec<&Told>> = BTreeMap::new();
        for one in self.review.decided.all.iter().rev() {
            if let Some(image) = one.image {
                told.entry((image, one.about.as_str())).or_default().push(one);
            }
        }
        Opened { images, told }
    }

    /// The last verdict about one label of a model's map.
    pub fn verdict_on<'a>(&self, one: &'a Doubtful, opened: &Opened<'a>) -> Option<Verdict> {
        let case = self.review.compared.as_ref()?.cases.get(&one.case)?;
        let label = self.label_name(one.label);
        let is_about = |told: &&Told| told.row.is_none() && (told.label.is_empty() || told.label == label);
        opened.told(case, &one.model).find(is_about).map(|told| told.verdict)
    }

    pub fn doubtful_fits<'a>(&self, one: &'a Doubtful, opened: &Opened<'a>) -> bool {
        let (model, label) = (self.source_named(&one.model), self.label_name(one.label));
        let standing = self.review.standing;
        (standing == Standing::Any || standing.lets_through(self.verdict_on(one, opened)))
            && fits(&self.review.filter, &[&one.case, &model, &label, &one.why.join(" ")])
    }

    /// The last verdicts about what versions say wrongly in a row of records; none for each that nothing was said of.
    pub fn verdicts_on_row<'a>(&'a self, (case, row): (usize, usize), opened: &Opened<'a>) -> Vec<Option<Verdict>> {
        let case = &self.review.said.cases[case];
        let row = &case.rows[row];
        let wrong = row.said.iter().filter(|(_, cell)| cell.mark.is_some_and(|mark| mark != Mark::Right));
        let last = |version: &usize| {
            let source = self.review.get(SourceId(*version as u32))?;
            let begins = format!("{}: ", row.title);
            let is_about = |told: &&Told| told.row.as_ref().is_some_and(|row| row.starts_with(&begins));
            opened.told(&case.key, &source.name).find(is_about).map(|told| told.verdict)
        };
        wrong.map(|(version, _)| last(version)).collect()
    }

    pub fn wrong_row_fits<'a>(&'a self, place: (usize, usize), opened: &Opened<'a>) -> bool {
        let case = &self.review.said.cases[place.0];
        let standing = self.review.standing;
        let lets = standing == Standing::Any
            || self.verdicts_on_row(place, opened).into_iter().any(|last| standing.lets_through(last));
        lets && self.review.row_fits(&case.title, &case.rows[place.1], |id| self.shown_name(id))
    }

    /// The place in the queue after one that is let through: label maps come first, then rows of records.
    pub fn next_in_queue(&self, after: Option<usize>) -> Option<usize> {
        let maps = self.review.compared.as_ref().map_or(&[][..], |compared| &compared.summary.queue);
        let rows = &self.review.said.queue;
        let opened = self.opened_cases();
        let fits = |n: &usize| match n.checked_sub(maps.len()) {
            None => self.doubtful_fits(&maps[*n], &opened),
            Some(row) => self.wrong_row_fits(rows[row], &opened),
        };
        (after.map_or(0, |at| at + 1)..maps.len() + rows.len()).find(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_lets_through_what_was_decided_so_and_nothing_else() {
        let all: Vec<Standing> = Standing::all().collect();
        assert_eq!(all.len(), 2 + VERDICTS.len());
        let through = |last: Option<Verdict>| -> Vec<String> {
            all.iter().filter(|standing| standing.lets_through(last)).map(|standing| standing.title()).collect()
        };
        assert_eq!(through(None), ["Any state", "Undecided"]);
        assert_eq!(through(Some(Verdict::Flag)), ["Any state", "Flagged"]);
        assert!(fits("LIVER half", &["half", "Liver"]) && !fits("spleen", &["half", "Liver"]));
    }
}
