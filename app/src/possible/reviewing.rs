//! What can be done in a review now, and what of it is on.

use crate::app::App;
use crate::review::{Act, Combine, How};

const NO_PICTURE: &str = "Open a picture first";
const HIDDEN: &str = "Figures are hidden as long as it is hidden who made what";
const NO_PAIR: &str = "This needs two versions of the picture in front";
const NO_PREDICTIONS: &str = "Open predictions first";

impl App {
    pub(crate) fn why_not_review(&self, act: Act) -> Option<&'static str> {
        let review = &self.review;
        let nothing = || review.is_empty().then_some(NO_PREDICTIONS);
        match act {
            _ if self.workspace.open().is_none() => Some(NO_PICTURE),
            Act::OpenFolder | Act::OpenFile | Act::Comment | Act::LoadProtocol | Act::Charts => None,
            Act::SideBySide if self.is_side_by_side() => None,
            Act::SideBySide => nothing()
                .or_else(|| (self.side_by_side_order().len() < 2).then_some("There are no two versions to show")),
            Act::How(how) => nothing().or_else(|| self.why_not_how(how)),
            Act::Flip => nothing().or_else(|| {
                (review.how != How::Flicker)
                    .then_some("Let A and B flicker first")
                    .or_else(|| self.why_not_how(How::Flicker))
            }),
            Act::NextPlace | Act::PreviousPlace => nothing().or_else(|| {
                let alone = review.compared_now().len() < 2 && review.disputed_rows().is_empty();
                alone.then_some("There are no two versions to compare")
            }),
            Act::CompareAll | Act::NextWorst | Act::Report if review.is_blind() => Some(HIDDEN),
            Act::CompareAll => nothing().or_else(|| review.reference.is_none().then_some("Choose the reference first")),
            Act::NextWorst => {
                let none = review.compared.is_none() && review.said.queue.is_empty();
                none.then_some("Compare all cases of the list first")
            }
            Act::Decide(_) => nothing().or_else(|| {
                if self.row_in_hand().is_some() {
                    return None;
                }
                let in_hand = review.in_hand.and_then(|id| review.get(id)).filter(|source| source.is_file());
                in_hand
                    .and_then(|source| source.ready())
                    .is_none()
                    .then_some("Choose a model's version in the list first")
            }),
            Act::Blind => self.is_hidden().then_some("It is hidden already"),
            Act::Unblind => (!self.is_hidden()).then_some("Nothing is hidden"),
            Act::Rate if review.rating.is_some() => None,
            Act::Rate => {
                nothing().or_else(|| self.rated_models().is_empty().then_some("No model speaks of this picture"))
            }
            Act::Combine(Combine::Boxes) => nothing().or_else(|| {
                (self.box_inputs().len() < 2)
                    .then_some("At least two versions with boxes on this picture have to be shown")
            }),
            Act::Combine(_) => nothing()
                .or_else(|| (self.consensus_inputs().len() < 2).then_some("At least two versions have to be shown")),
            Act::TakeLabel(_) if review.only.is_none() => Some("Look at one label alone first"),
            Act::TakePart(_) | Act::TakeLabel(_) => review.pair().is_none().then_some(NO_PAIR),
            Act::Report => nothing().or_else(|| review.reference.is_none().then_some("Choose the reference first")),
            Act::NextHow | Act::NextSource | Act::PreviousSource | Act::CloseAll => nothing(),
        }
    }

    /// Whether the protocol hides who made what.
    pub fn is_hidden(&self) -> bool {
        self.review_protocol().is_some_and(|protocol| protocol.blinding.source_hidden)
    }

    pub(super) fn is_reviewed(&self, act: Act) -> bool {
        match act {
            Act::SideBySide => self.is_side_by_side(),
            Act::Charts => self.review.charts.is_open,
            Act::Rate => self.review.rating.is_some(),
            Act::Blind => self.is_hidden(),
            Act::How(how) => self.review.how == how && !self.review.is_empty() && !self.is_side_by_side(),
            _ => false,
        }
    }
}
