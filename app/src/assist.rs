//! The join from tool to engine and back: what the user says about an object, what engines answer, and what is offered
//! as a proposal until it is accepted.
//!
//! Every prompt added, moved or taken away is a step of its own, and a step keeps its answer: going back shows the mask
//! of that step at once. A proposal belongs to the revision it was made on. Paint under it makes it stale, and a stale
//! proposal is asked for again rather than pasted.

mod question;
mod shelf;
mod talk;

pub use question::Question;
pub use shelf::Kept;
pub use talk::{Answer, Talk};

use crate::model_choice::Choice;
use crate::work::propagate::Way;
use limner_annotation::operations::Operation;
use limner_annotation::{ImageId, LabelId, Revision};
use limner_imaging::{Mask, Volume};
use limner_segmentation::models::{self, Model};
use limner_segmentation::{Engine, Prediction, Prompt};
use shelf::Shelf;
use std::sync::Arc;

pub struct Assist {
    engine: Arc<dyn Engine>,
    /// Answers at once while the engine still thinks.
    preview: Arc<dyn Engine>,
    talk: Option<Talk>,
    /// What was said and is not in the hand.
    shelf: Shelf,
    operation: Option<OperationPreview>,
    /// Who answered last, and in how many seconds.
    last: Option<(String, f64)>,
    /// Gather prompts and ask once, on Run.
    pub collects: bool,
    /// What the user can choose from.
    pub models: Vec<Model>,
    /// The model that was opened or asked last.
    pub tried: Option<Tried>,
}

/// What came of opening a model, or of asking a server; nothing yet while it is under way.
pub struct Tried {
    pub choice: Choice,
    pub outcome: Option<Result<String, String>>,
}

/// What is to be done with an answer as soon as it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    Accept,
    AcceptAndNext,
}

/// What an operation would make of a label, shown before it is done.
pub struct OperationPreview {
    pub image: ImageId,
    pub label: LabelId,
    pub layer: usize,
    pub offer: Offer,
    /// `None` while it is being worked out.
    pub mask: Option<Mask>,
}

/// What is offered to be done to a label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Offer {
    Operation(Operation),
    /// Along a voxel axis, from a slice.
    Propagation {
        way: Way,
        axis: usize,
        slice: usize,
    },
}

impl Assist {
    pub fn new(engine: Arc<dyn Engine>) -> anyhow::Result<Self> {
        Ok(Self {
            engine,
            preview: models::open("classical")?,
            talk: None,
            shelf: Shelf::default(),
            operation: None,
            last: None,
            collects: false,
            models: models::all(),
            tried: None,
        })
    }

    pub fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// For a worker of its own.
    pub fn shared_engine(&self) -> Arc<dyn Engine> {
        self.engine.clone()
    }

    /// Puts a model of the user's own among those that can be chosen.
    pub fn list(&mut self, model: Model) {
        match self.models.iter_mut().find(|known| known.name == model.name) {
            Some(known) => *known = model,
            None => self.models.push(model),
        }
    }

    /// Another engine answers from now on; what has been said so far is asked again.
    pub fn use_engine(&mut self, engine: Arc<dyn Engine>) {
        self.engine = engine;
        self.talk.iter_mut().for_each(Talk::forget_answers);
        self.shelf.forget_answers();
    }

    pub fn last_answer(&self) -> Option<(&str, f64)> {
        self.last.as_ref().map(|(engine, seconds)| (engine.as_str(), *seconds))
    }

    pub const fn talk(&self) -> Option<&Talk> {
        self.talk.as_ref()
    }

    pub fn prompts(&self) -> &[Prompt] {
        self.talk.as_ref().map_or(&[], Talk::prompts)
    }

    pub const fn operation(&self) -> Option<&OperationPreview> {
        self.operation.as_ref()
    }

    /// Whether what is offered is another engine's preview, or one slice only.
    pub fn is_preview(&self) -> bool {
        let shown = self.talk.as_ref().filter(|_| self.operation.is_none()).and_then(Talk::shown);
        shown.is_some_and(|answer| answer.is_preview)
    }

    /// Whether there is something to accept or reject.
    pub const fn is_busy(&self) -> bool {
        self.talk.is_some() || self.operation.is_some()
    }

    /// The picture, the label and the mask that is offered now.
    pub fn proposal(&self) -> Option<(ImageId, LabelId, &Mask)> {
        if let Some(preview) = &self.operation {
            return Some((preview.image, preview.label, preview.mask.as_ref()?));
        }
        let talk = self.talk.as_ref()?;
        Some((talk.image, talk.label, &talk.shown()?.prediction.mask))
    }

    /// How sure the engine is of what is offered, where an engine offers it.
    pub fn certainty(&self) -> Option<&Prediction> {
        let answer = self.talk.as_ref().filter(|_| self.operation.is_none())?.shown()?;
        Some(&answer.prediction).filter(|prediction| prediction.probability.is_some())
    }

    /// Remembers what is wanted of an answer of which only a part is there, or, while the engine is `at_work`, only a preview.
    /// False where it is the answer itself.
    pub fn wait_for_whole(&mut self, awaited: Awaited, at_work: bool) -> bool {
        let is_to_come = |answer: &Arc<Answer>| answer.is_part || answer.is_preview && at_work;
        self.talk.as_mut().filter(|talk| talk.answer().is_some_and(is_to_come)).is_some_and(|talk| {
            talk.awaited = Some(awaited);
            true
        })
    }

    /// What was wanted of the answer that is whole now.
    pub fn take_awaited(&mut self) -> Option<Awaited> {
        let is_whole = |answer: &Arc<Answer>| !answer.is_part && !answer.is_preview;
        self.talk.as_mut().filter(|talk| talk.answer().is_some_and(is_whole))?.awaited.take()
    }

    /// Adds a prompt about a label of a picture. What was said about another object is laid aside.
    pub fn add(&mut self, image: ImageId, label: LabelId, prompt: Prompt) {
        self.operation = None;
        let mut talk = self.take_up(image, label).unwrap_or_else(|| Talk::new(image, label));
        talk.change(|prompts| prompts.push(prompt));
        self.talk = Some(talk);
    }

    /// Goes on from prompts of earlier; `former` is what the label holds of them.
    pub fn reopen(&mut self, image: ImageId, label: LabelId, prompts: Vec<Prompt>, former: Mask) {
        self.operation = None;
        self.put_aside(false);
        self.talk = Some(Talk::of(image, label, prompts, former));
    }

    /// The talk about an object, in the hand or laid aside; one about another is laid aside.
    fn take_up(&mut self, image: ImageId, label: LabelId) -> Option<Talk> {
        match self.talk.take() {
            Some(talk) if (talk.image, talk.label) == (image, label) => Some(talk),
            other => {
                other.into_iter().for_each(|talk| self.shelf.put(talk, false));
                self.shelf.take(image, label)
            }
        }
    }

    /// Lays aside what is being said: with the picture it is about, or to make room for another object.
    pub fn put_aside(&mut self, with_picture: bool) {
        self.talk.take().into_iter().for_each(|talk| self.shelf.put(talk, with_picture));
    }

    /// Goes on with what was said about an object. False where nothing waits.
    pub fn go_on(&mut self, image: ImageId, label: LabelId) -> bool {
        let waits = self.shelf.has(image, label);
        if waits {
            self.operation = None;
            self.talk = self.take_up(image, label);
        }
        waits
    }

    /// Goes on with what went away with a picture: the label it is about, where something waits and the hand is free.
    pub fn go_on_with_picture(&mut self, image: ImageId, is_there: impl Fn(LabelId) -> bool) -> Option<LabelId> {
        if self.is_busy() {
            return None;
        }
        self.talk = self.shelf.take_of_picture(image, is_there);
        self.talk.as_ref().map(|talk| talk.label)
    }

    /// Whether something was said about an object that is not in the hand and not accepted.
    pub fn waits_for(&self, image: ImageId, label: LabelId) -> bool {
        self.shelf.has(image, label)
    }

    /// What is to outlive the session.
    pub fn kept(&self) -> Vec<Kept> {
        let in_hand = self.talk.as_ref().and_then(|talk| Kept::of(talk, true));
        self.shelf.kept().chain(in_hand).collect()
    }

    /// Begins with what an earlier session left of a project; `former` is what a label holds on a picture, `None` where one of
    /// them is gone.
    pub fn begin_project(&mut self, kept: Vec<Kept>, former: impl Fn(ImageId, LabelId) -> Option<Mask>) {
        (self.talk, self.operation, self.shelf) = (None, None, Shelf::default());
        self.shelf.restore(kept, former);
    }

    /// A step has painted what is offered: an undo of it brings back what was said.
    pub fn settle(&mut self, step: Revision) {
        self.talk.take().into_iter().for_each(|talk| self.shelf.accept(step, talk));
    }

    /// A step was taken back: what it was painted from is in the hand again. True where it was painted from prompts.
    pub fn undone(&mut self, step: Revision) -> bool {
        let Some(talk) = self.shelf.undone(step) else { return false };
        self.put_aside(false);
        self.talk = Some(talk);
        true
    }

    /// A step was done again: what it was painted from is accepted again.
    pub fn redone(&mut self, step: Revision) {
        let in_hand = self.talk.take_if(|talk| talk.accepted_as == Some(step));
        if let Some(talk) = in_hand.or_else(|| self.shelf.take_accepted_as(step)) {
            self.shelf.accept(step, talk);
        }
    }

    pub fn edit(&mut self, n: usize, prompt: Prompt) {
        if let Some(talk) = self.talk.as_mut().filter(|talk| n < talk.prompts().len()) {
            talk.change(|prompts| prompts[n] = prompt);
        }
    }

    /// Moves a prompt without a step of its own: the hand has not let go.
    pub fn drag(&mut self, n: usize, prompt: Prompt) {
        if let Some(talk) = &mut self.talk
            && let Some(place) = talk.steps[talk.at].prompts.get_mut(n)
        {
            *place = prompt;
            talk.steps[talk.at].answer = None;
            talk.accepted_as = None;
        }
    }

    pub fn remove(&mut self, n: usize) {
        if let Some(talk) = self.talk.as_mut().filter(|talk| n < talk.prompts().len()) {
            talk.change(|prompts| drop(prompts.remove(n)));
        }
    }

    pub fn can_undo(&self) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.at > 0)
    }

    pub fn can_redo(&self) -> bool {
        self.talk.as_ref().is_some_and(Talk::can_redo)
    }

    pub fn undo(&mut self) {
        if let Some(talk) = self.talk.as_mut().filter(|talk| talk.at > 0) {
            talk.at -= 1;
        }
    }

    pub fn redo(&mut self) {
        if let Some(talk) = self.talk.as_mut().filter(|talk| talk.can_redo()) {
            talk.at += 1;
        }
    }

    /// The questions that all prompts so far come to: one for the preview, of the whole where that is another engine, else of the
    /// slice that was spoken of last; and one for the engine. None where nothing positive has been said, or all is answered.
    pub fn questions(&self, volume: &Arc<Volume>, forbidden: &Mask, made_on: Revision) -> Vec<Question> {
        let Some(talk) = self.talk.as_ref().filter(|talk| talk.needs_answer(made_on)) else { return Vec::new() };
        let question = |engine: &Arc<dyn Engine>, is_preview| Question {
            engine: engine.clone(),
            volume: volume.clone(),
            prompts: talk.prompts().to_vec(),
            previous: talk.previous(engine.name()),
            forbidden: forbidden.clone(),
            made_on,
            is_preview,
            only_slice: None,
        };
        let mut all = Vec::new();
        if self.preview.name() != self.engine.name() {
            all.push(question(&self.preview, true));
        } else if let Some(slice) = talk.slice_in_hand(volume) {
            // What is known of other slices stays in sight.
            let previous = talk.shown().map(|answer| (answer.clone(), 0));
            all.push(Question { only_slice: Some(slice), previous, ..question(&self.preview, true) });
        }
        all.push(question(&self.engine, false));
        all
    }

    /// Keeps an answer where its prompts still stand. False where they do not, or better is known already.
    pub fn receive(&mut self, prompts: &[Prompt], answer: Answer) -> bool {
        if !answer.is_preview {
            self.last = Some((answer.engine.clone(), answer.prediction.seconds));
        }
        let Some(talk) = self.talk.as_mut().filter(|talk| talk.prompts() == prompts) else { return false };
        let known = &mut talk.steps[talk.at].answer;
        let better = answer.is_preview && known.as_ref().is_some_and(|a| !a.is_preview && a.made_on == answer.made_on);
        if !better {
            *known = Some(Arc::new(answer));
        }
        !better
    }

    pub fn preview_operation(&mut self, preview: OperationPreview) {
        self.put_aside(false);
        self.operation = Some(preview);
    }

    /// Takes an offer out of the way while it is being done.
    pub const fn take_operation(&mut self) -> Option<OperationPreview> {
        self.operation.take()
    }

    /// The mask that was worked out, where it is still the one wanted.
    pub fn receive_offer(&mut self, offer: Offer, mask: Mask) -> bool {
        let wanted = self.operation.as_mut().filter(|preview| preview.offer == offer);
        wanted.is_some_and(|preview| {
            preview.mask = Some(mask);
            true
        })
    }

    pub fn drop_operation(&mut self) {
        self.operation = None;
    }

    /// Drops what was said.
    pub fn finish(&mut self) {
        self.talk = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, Task, VoxelBox, World};

    fn assist() -> Assist {
        Assist::new(models::open("classical").unwrap()).unwrap()
    }

    fn point(n: usize, positive: bool) -> Prompt {
        Prompt::point([n, n, n], positive)
    }

    fn answer(size: usize, made_on: Revision, is_preview: bool) -> Answer {
        let mask = Mask::from_fn(VoxelBox::whole([size; 3]), |_| true);
        let prediction = Prediction { changed: mask.bounds(), mask, probability: None, seconds: 0.1 };
        Answer { prediction, made_on, engine: "classical".into(), license: None, is_preview, is_part: false }
    }

    fn voxels(assist: &Assist) -> Option<usize> {
        assist.proposal().map(|(_, _, mask)| mask.count())
    }

    #[test]
    fn every_prompt_is_a_step_that_comes_back_with_its_mask() {
        let (mut assist, image, label) = (assist(), ImageId::new(), LabelId::new());
        for n in 1..=4 {
            assist.add(image, label, point(n, n != 2));
            let asked = assist.prompts().to_vec();
            assert!(assist.receive(&asked, answer(n, Revision(7), false)));
        }
        assist.edit(0, point(9, true));
        assert_eq!(assist.prompts().len(), 4);
        assert!(assist.talk().unwrap().answer().is_none(), "an edited prompt has no answer yet");
        assert_eq!(voxels(&assist), Some(64), "the last mask stays in sight until there is a new one");
        assist.remove(3);
        assert_eq!(assist.prompts(), [point(9, true), point(2, false), point(3, true)]);
        for expected in [Some(64), Some(64), Some(27), Some(8), Some(1)] {
            assist.undo();
            assert_eq!(voxels(&assist), expected);
        }
        assist.undo();
        assert!(!assist.can_undo() && assist.prompts().is_empty() && assist.can_redo());
        (0..3).for_each(|_| assist.redo());
        assert_eq!(voxels(&assist), Some(27));
        assist.add(image, label, point(5, true));
        assert!(!assist.can_redo(), "a new prompt begins a new way");
        assist.add(image, LabelId::new(), point(1, true));
        assert_eq!(assist.prompts().len(), 1, "another object begins anew");
    }

    #[test]
    fn the_slice_that_was_spoken_of_answers_first_and_what_is_known_elsewhere_stays() {
        let geometry = Geometry::axis_aligned([40, 40, 9], World::default(), [1.0; 3]).unwrap();
        let inside = |[i, j, k]: [usize; 3]| (10..30).contains(&i) && (12..28).contains(&j) && (2..7).contains(&k);
        let whole = Mask::from_fn(VoxelBox::whole([40, 40, 9]), |_| true);
        let samples = whole.indices().map(|at| if inside(at) { 200 } else { 20 }).collect();
        let volume = Arc::new(Volume::new(geometry, Samples::U8(samples), 1).unwrap());
        let (mut assist, image, label, none) =
            (assist(), ImageId::new(), LabelId::new(), Mask::empty(VoxelBox::default()));
        let ask = |assist: &mut Assist| {
            let questions = assist.questions(&volume, &none, Revision(1));
            assert_eq!(questions.iter().map(Question::is_preview).collect::<Vec<_>>(), [true, false]);
            let slices = |answer: &Answer| {
                (answer.prediction.mask.tight_box().min[2], answer.prediction.mask.tight_box().max[2])
            };
            let answers = questions.iter().map(|question| question.ask(&Task::default()).unwrap());
            let answers: Vec<Answer> = answers.collect();
            let known = answers.iter().map(slices).collect::<Vec<_>>();
            let prompts = assist.prompts().to_vec();
            for answer in answers {
                let is_part = answer.is_part;
                assert!(assist.receive(&prompts, answer));
                assert_eq!(
                    assist.wait_for_whole(Awaited::Accept, true),
                    is_part,
                    "what is seen of one slice is not all of it"
                );
            }
            assert_eq!(assist.take_awaited(), Some(Awaited::Accept), "and is accepted when it is whole");
            known
        };
        assist.add(image, label, Prompt::point([20, 20, 4], true));
        assert_eq!(ask(&mut assist), [(4, 5), (2, 7)]);
        assist.add(image, label, Prompt::point([2, 2, 4], false));
        assert_eq!(ask(&mut assist), [(2, 7), (2, 7)], "the other slices do not vanish meanwhile");
        assist.add(image, label, Prompt::point([2, 2, 6], false));
        assert_eq!(assist.questions(&volume, &none, Revision(1)).len(), 1, "nothing positive lies on that slice");
    }

    #[test]
    fn late_answers_and_previews_never_win() {
        let (mut assist, image, label) = (assist(), ImageId::new(), LabelId::new());
        assist.add(image, label, point(1, true));
        let first = assist.prompts().to_vec();
        assist.add(image, label, point(2, true));
        assert!(!assist.receive(&first, answer(1, Revision(1), false)), "those prompts stand no longer");
        let now = assist.prompts().to_vec();
        assert!(assist.receive(&now, answer(2, Revision(1), true)));
        assert!(assist.receive(&now, answer(3, Revision(1), false)));
        assert!(!assist.receive(&now, answer(2, Revision(1), true)));
        assert_eq!(voxels(&assist), Some(27));
        let talk = assist.talk().unwrap();
        assert!(!talk.needs_answer(Revision(1)) && talk.needs_answer(Revision(2)), "paint makes it stale");
    }
}
