//! The join from tool to engine and back: what the user says about an object, what engines answer, and what is offered
//! as a proposal until it is accepted.
//!
//! Every prompt added, moved or taken away is a step of its own, and a step keeps its answer: going back shows the mask
//! of that step at once. A proposal belongs to the revision it was made on. Paint under it makes it stale, and a stale
//! proposal is asked for again rather than pasted.

mod question;

pub use question::Question;

use crate::model_choice::Choice;
use crate::work::propagate::Way;
use limner_annotation::operations::Operation;
use limner_annotation::{ImageId, LabelId, Revision};
use limner_imaging::{Mask, StackAxis, Volume};
use limner_segmentation::models::{self, Model};
use limner_segmentation::{Engine, Prediction, Prompt};
use std::sync::Arc;

pub struct Assist {
    engine: Arc<dyn Engine>,
    /// Answers at once while the engine still thinks.
    preview: Arc<dyn Engine>,
    talk: Option<Talk>,
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

/// What is being said about one object.
pub struct Talk {
    pub image: ImageId,
    pub label: LabelId,
    /// What the label held when it was taken up again; the result replaces it.
    pub former: Mask,
    /// The first one says nothing; never empty.
    steps: Vec<Step>,
    at: usize,
    awaited: Option<Awaited>,
}

#[derive(Clone, Default)]
struct Step {
    prompts: Vec<Prompt>,
    answer: Option<Arc<Answer>>,
}

/// A mask an engine suggests.
pub struct Answer {
    pub prediction: Prediction,
    pub made_on: Revision,
    pub engine: String,
    /// Of the model's weights, where it has any.
    pub license: Option<String>,
    /// From the preview engine: another one is still to come.
    pub is_preview: bool,
    /// It was worked out for one slice alone.
    pub is_part: bool,
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
        let preview = models::open("classical")?;
        let (talk, operation, last, tried) = (None, None, None, None);
        Ok(Self { engine, preview, talk, operation, last, collects: false, models: models::all(), tried })
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
        if let Some(talk) = &mut self.talk {
            talk.steps.iter_mut().for_each(|step| step.answer = None);
        }
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

    /// Adds a prompt about a label of a picture; one about another object begins anew.
    pub fn add(&mut self, image: ImageId, label: LabelId, prompt: Prompt) {
        self.operation = None;
        let talk = self.talk.take().filter(|talk| (talk.image, talk.label) == (image, label));
        let mut talk = talk.unwrap_or_else(|| Talk::new(image, label));
        talk.change(|prompts| prompts.push(prompt));
        self.talk = Some(talk);
    }

    /// Goes on from prompts of earlier; `former` is what the label holds of them.
    pub fn reopen(&mut self, image: ImageId, label: LabelId, prompts: Vec<Prompt>, former: Mask) {
        self.operation = None;
        let mut talk = Talk { former, ..Talk::new(image, label) };
        talk.steps[0].prompts = prompts;
        self.talk = Some(talk);
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
        self.talk.as_ref().is_some_and(|talk| talk.at + 1 < talk.steps.len())
    }

    pub fn undo(&mut self) {
        if let Some(talk) = self.talk.as_mut().filter(|talk| talk.at > 0) {
            talk.at -= 1;
        }
    }

    pub fn redo(&mut self) {
        if let Some(talk) = self.talk.as_mut().filter(|talk| talk.at + 1 < talk.steps.len()) {
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
        self.talk = None;
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

    /// Drops what was said and offered.
    pub fn finish(&mut self) {
        self.talk = None;
        self.operation = None;
    }
}

impl Talk {
    fn new(image: ImageId, label: LabelId) -> Self {
        let former = Mask::empty(limner_imaging::VoxelBox::default());
        Self { image, label, former, steps: vec![Step::default()], at: 0, awaited: None }
    }

    pub fn prompts(&self) -> &[Prompt] {
        &self.steps[self.at].prompts
    }

    pub fn answer(&self) -> Option<&Arc<Answer>> {
        self.steps[self.at].answer.as_ref()
    }

    /// The answer to look at: while the newest prompts wait for theirs, the one before them.
    pub fn shown(&self) -> Option<&Arc<Answer>> {
        let said = self.prompts().iter().any(|prompt| prompt.positive);
        self.steps[..=self.at].iter().rev().filter(|_| said).find_map(|step| step.answer.as_ref())
    }

    /// Whether prompts are waiting for their engine.
    pub fn needs_answer(&self, now: Revision) -> bool {
        let answered = self.answer().is_some_and(|answer| !answer.is_preview && answer.made_on == now);
        !answered && self.prompts().iter().any(|prompt| prompt.positive)
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<Prompt>)) {
        let mut prompts = self.prompts().to_vec();
        change(&mut prompts);
        self.steps.truncate(self.at + 1);
        self.steps.push(Step { prompts, answer: None });
        self.at += 1;
        self.awaited = None;
    }

    /// What an engine answered before the last prompts were added, and to how many.
    fn previous(&self, engine: &str) -> Option<(Arc<Answer>, usize)> {
        let now = self.prompts();
        let earlier = self.steps[..self.at].iter().rev().filter(|step| now.starts_with(&step.prompts));
        let mut answered = earlier.filter_map(|step| Some((step.answer.clone()?, step.prompts.len())));
        answered.find(|(answer, _)| answer.engine == engine && !answer.is_preview)
    }

    /// The stored slice of a volume that was spoken of last.
    fn slice_in_hand(&self, volume: &Volume) -> Option<usize> {
        let is_volume = volume.stack_axis == StackAxis::Space && volume.size()[2] > 1 && volume.only_slice().is_none();
        let slice_of = |prompt: &Prompt| {
            let bounds = prompt.bounds(volume.size());
            (bounds.size()[2] == 1).then_some(bounds.min[2])
        };
        let slice = slice_of(self.prompts().last().filter(|_| is_volume)?)?;
        let is_asked = |prompt: &Prompt| prompt.positive && slice_of(prompt) == Some(slice);
        self.prompts().iter().any(is_asked).then_some(slice)
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
