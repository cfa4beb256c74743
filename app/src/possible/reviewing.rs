//! What can be done in a review now, and what of it is on.

use crate::app::App;
use crate::review::{Act, How};

const NO_PICTURE: &str = "Open a picture first";
const NO_PREDICTIONS: &str = "Open predictions first";

impl App {
    pub(super) fn why_not_review(&self, act: Act) -> Option<&'static str> {
        let review = &self.review;
        let nothing = || review.is_empty().then_some(NO_PREDICTIONS);
        match act {
            _ if self.workspace.open().is_none() => Some(NO_PICTURE),
            Act::OpenFolder | Act::OpenFile => None,
            Act::SideBySide if self.is_side_by_side() => None,
            Act::SideBySide => {
                nothing().or_else(|| (review.compared_now().len() < 2).then_some("There are no two versions to show"))
            }
            Act::How(how) => nothing().or_else(|| self.why_not_how(how)),
            Act::Flip => nothing().or_else(|| {
                (review.how != How::Flicker)
                    .then_some("Let A and B flicker first")
                    .or_else(|| self.why_not_how(How::Flicker))
            }),
            Act::NextPlace | Act::PreviousPlace => nothing()
                .or_else(|| (review.compared_now().len() < 2).then_some("There are no two versions to compare")),
            Act::CompareAll => nothing().or_else(|| review.reference.is_none().then_some("Choose the reference first")),
            Act::NextWorst => review.compared.is_none().then_some("Compare all cases of the list first"),
            Act::NextHow | Act::NextSource | Act::PreviousSource | Act::CloseAll => nothing(),
        }
    }

    pub(super) fn is_reviewed(&self, act: Act) -> bool {
        match act {
            Act::SideBySide => self.is_side_by_side(),
            Act::How(how) => self.review.how == how && !self.review.is_empty() && !self.is_side_by_side(),
            _ => false,
        }
    }
}
