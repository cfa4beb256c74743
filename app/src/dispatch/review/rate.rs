//! Blinded rating: who made what is hidden and told again, answers are judgements in the project, the time has no idle in it.

use crate::app::App;
use crate::case::{Errand, Page};
use crate::dispatch::case::own_rater;
use crate::review::{Act, SourceId};
use limner_annotation::entity::{PredictionId, RaterId};
use limner_annotation::records::{Blinding, Protocol, Rater};
use limner_annotation::review::decide;
use limner_annotation::review::rating::{self, About, Line, Rating};
use limner_annotation::{Command, ImageId, StepInfo};
use std::path::Path;
use std::time::Instant;

/// What decides who is which number.
#[derive(Clone, Debug, PartialEq)]
pub struct HiddenBy {
    seed: Option<(u64, bool)>,
    reader: String,
    image: Option<ImageId>,
    sources: usize,
    reference: Option<SourceId>,
}

impl App {
    pub fn review_protocol(&self) -> Option<&Protocol> {
        rating::in_use(self.document()?.contents())
    }

    /// Names are hidden as the project's protocol says, whenever it says so.
    pub(super) fn follow_blinding(&mut self) {
        let blinding = self.review_protocol().map(|protocol| protocol.blinding.clone());
        let seed = blinding.filter(|b| b.source_hidden).map(|b| (b.seed, b.order_random));
        let by = HiddenBy {
            seed,
            reader: self.document().map(|document| document.author().to_owned()).unwrap_or_default(),
            image: self.review.image,
            sources: self.review.sources.len(),
            reference: self.review.reference,
        };
        if self.review.hidden_by.as_ref() != Some(&by) {
            let was = self.review.is_blind();
            self.review.hide(by.seed, &by.reader, by.image);
            self.review.hidden_by = Some(by);
            if was != self.review.is_blind() || was {
                (self.review.pair, self.review.in_hand) = ([None; 2], None);
                self.review.seats.clear();
            }
        }
    }

    pub(super) fn blind(&mut self) {
        let done = self.change("Hiding who made what", |document| {
            let known = rating::in_use(document.contents()).cloned();
            let protocol = known.unwrap_or_else(|| rating::protocol(uuid::Uuid::new_v4().as_u64_pair().0));
            let blinding = Blinding { source_hidden: true, ..protocol.blinding.clone() };
            let step = StepInfo::named("Hide who made what").with_tool("review");
            document.apply_step(step, vec![Command::put(Protocol { blinding, ..protocol })]).map(|_| ())
        });
        if done.is_some() {
            self.act(crate::action::Action::Case(Errand::Page(Page::Review)));
        }
    }

    /// A step of the project: who told it, and when, is in its log.
    pub(super) fn unblind(&mut self) {
        let Some(protocol) = self.review_protocol().cloned() else { return };
        let blinding = Blinding { source_hidden: false, ..protocol.blinding.clone() };
        self.change("Telling who made what", |document| {
            let step =
                StepInfo::named("Tell who made what").with_tool("review").with_summary("Tell who made what: unblinded");
            document.apply_step(step, vec![Command::put(Protocol { blinding, ..protocol })]).map(|_| ())
        });
    }

    pub(super) fn load_protocol(&mut self, path: &Path) {
        match rating::read(path) {
            Ok(protocol) => {
                let name = protocol.name.clone();
                let step = StepInfo::named("Load a review protocol").with_tool("review");
                let put = vec![Command::put(protocol)];
                if self.change("The protocol", |document| document.apply_step(step, put).map(|_| ())).is_some() {
                    self.notices.done(format!("Versions are rated by {name}"));
                }
            }
            Err(error) => self.notices.error("The protocol was not loaded", &error.into()),
        }
    }

    /// The models that are rated on the picture in front, in the order they are shown in.
    pub fn rated_models(&self) -> Vec<SourceId> {
        let models = self.review.models();
        models.into_iter().filter(|id| self.review.labels_of(*id).is_some()).collect()
    }

    pub fn rating_lines(&self) -> Vec<Line> {
        self.review_protocol().map(|protocol| rating::lines(protocol, self.rated_models().len())).unwrap_or_default()
    }

    /// How many answers a line has, and their words.
    pub fn rating_words(&self, line: Line) -> Vec<String> {
        let options = self.review_protocol().and_then(|protocol| protocol.form.get(line.scale)).map(|s| &s.options);
        let models = self.rated_models();
        let name = |n: usize| models.get(n).map_or_else(String::new, |id| self.shown_name(*id));
        match line.about {
            About::Pair(a, b) => vec![name(a), "Equal".into(), name(b)],
            About::One(_) => options.cloned().unwrap_or_default(),
        }
    }

    /// What was answered to a line before.
    pub fn rated(&self, line: Line) -> Option<usize> {
        let document = self.document()?;
        let rater = document.all::<Rater>().find(|rater| rater.pseudonym == document.author())?.id;
        let image = self.review.image?;
        let rating = Rating { contents: document.contents(), protocol: self.review_protocol()?, rater, image };
        let predictions = self.predictions_rated(&mut Vec::new());
        rating.answered(line, &predictions)
    }

    fn predictions_rated(&self, commands: &mut Vec<Command>) -> Vec<PredictionId> {
        let (Some(document), Some(image)) = (self.document(), self.review.image) else { return Vec::new() };
        let of = |id: SourceId| {
            let source = self.review.get(id)?;
            let sha256 = source.ready()?.version.sha256.as_deref();
            Some(decide::prediction(document, image, &source.name, sha256, commands))
        };
        self.rated_models().into_iter().filter_map(of).collect()
    }

    pub(super) fn start_rating(&mut self) {
        if self.review.rating.take().is_some() {
            return;
        }
        if self.review_protocol().is_none() {
            self.act(crate::action::Action::Review(Act::Blind));
        }
        self.act(crate::action::Action::Case(Errand::Page(Page::Review)));
        let lines = self.rating_lines();
        let open = lines.iter().position(|line| self.rated(*line).is_none());
        self.review.rating = Some(open.unwrap_or(0));
    }

    pub(super) fn rate(&mut self, row: usize, choice: usize) {
        let lines = self.rating_lines();
        let (Some(line), Some(image)) = (lines.get(row).copied(), self.review.image) else { return };
        if choice >= self.rating_words(line).len() {
            return;
        }
        let mut commands = Vec::new();
        let predictions = self.predictions_rated(&mut commands);
        let time = self.review.clock.pending(image);
        let Some(protocol) = self.review_protocol().cloned() else { return };
        let done = self.change("The rating", |document| {
            let (own, rater): (Vec<Command>, RaterId) = own_rater(document);
            commands.extend(own);
            let rating = Rating { contents: document.contents(), protocol: &protocol, rater, image };
            commands.extend(rating.answer(line, &predictions, choice, time.as_millis() as u64));
            document.apply_step(StepInfo::named("Rate versions").with_tool("review"), commands).map(|_| ())
        });
        if done.is_some() {
            self.review.clock.take(image);
            let last = lines.len().saturating_sub(1);
            if self.review.rating.is_some() {
                self.review.rating = Some((row + 1).min(last));
            }
            if lines.iter().all(|line| self.rated(*line).is_some()) {
                self.notices.done("Every question about this picture is answered");
            }
        }
    }

    /// Every frame: counts the time with a hand on a picture that is rated.
    pub(crate) fn tick_review(&mut self, moved: bool) {
        let image = self.review.image.filter(|_| self.review_protocol().is_some() && !self.review.is_empty());
        self.review.clock.tick(image, moved, Instant::now());
    }
}
