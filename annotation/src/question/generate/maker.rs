//! Turns facts into questions: fills in the wording, draws distractors, balances answers, and says where all came from.

use crate::audit::Random;
use crate::contents::Contents;
use crate::error::Result;
use crate::exchange::vqa::talk::{counting_digits, rounded_text};
use crate::question::generate::{Generator, Plan};
use crate::question::{
    Answer, AnswerType, Book, Choice, ChoiceKind, Evidence, Frame, ImageSet, ImageSetId, Item, Origin, Placement,
    Quantity, Question, QuestionId, RationaleStep, Region, Role, Status, StepKind, Template, Tolerance, fill,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

pub struct Maker<'a> {
    pub contents: &'a Contents,
    plan: &'a Plan,
    pub book: Book,
    sets: BTreeMap<Vec<Frame>, ImageSetId>,
    /// Questions made by each generator so far: the next wish, the next place.
    made: BTreeMap<&'static str, usize>,
}

/// What a question is about, before it has words.
pub struct Subject {
    pub frames: Vec<(Frame, Role)>,
    /// For the wording: organ, other, n and the like.
    pub fields: Vec<(&'static str, String)>,
    pub evidence: Vec<Evidence>,
    /// Tells questions of one generator apart; the same again gives the same id.
    pub key: String,
    pub anatomy: String,
}

impl Subject {
    #[must_use]
    pub fn new(frames: Vec<(Frame, Role)>, anatomy: &str, key: impl Into<String>) -> Self {
        let fields = vec![("organ", anatomy.to_owned())];
        Self { frames, fields, evidence: Vec::new(), key: key.into(), anatomy: anatomy.into() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn pointing(mut self, region: Region, image_index: usize, name: &str) -> Self {
        self.evidence.push(Evidence::new(region, image_index, name));
        self
    }
}

impl<'a> Maker<'a> {
    #[must_use]
    pub fn new(contents: &'a Contents, plan: &'a Plan) -> Self {
        Self { contents, plan, book: Book::default(), sets: BTreeMap::new(), made: BTreeMap::new() }
    }

    fn random(&self, generator: &Generator, key: &str) -> Random {
        Random::of_text(self.plan.seed, &format!("{} {key}", generator.name))
    }

    /// Whether the next yes-or-no question shall be answered with yes: every other one, beginning by seed.
    #[must_use]
    pub fn wish(&self, generator: &Generator) -> bool {
        let start = Random::of_text(self.plan.seed, generator.name).next();
        let made = self.made.get(generator.name).copied().unwrap_or(0);
        start.wrapping_add(made as u64).is_multiple_of(2)
    }

    /// How many a generator has made.
    #[must_use]
    pub fn count(&self, generator: &Generator) -> usize {
        self.made.get(generator.name).copied().unwrap_or(0)
    }

    fn image_set(&mut self, frames: &[(Frame, Role)]) -> ImageSetId {
        let key: Vec<Frame> = frames.iter().map(|(frame, _)| *frame).collect();
        if let Some(id) = self.sets.get(&key) {
            return *id;
        }
        let mut set = ImageSet::new(frames.iter().map(|(frame, role)| Item::new(*frame, *role)).collect());
        set.id = ImageSetId(stable_id(self.plan.seed, "image set", &format!("{key:?}")));
        self.sets.insert(key, set.id);
        let id = set.id;
        self.book.image_sets.insert(id, set);
        id
    }

    fn template(&self, generator: &Generator) -> Template {
        let own = self.plan.templates.iter().find(|template| template.generator.as_deref() == Some(generator.name));
        own.cloned().unwrap_or_else(|| generator.template())
    }

    fn begun(
        &mut self,
        generator: &Generator,
        subject: &Subject,
        answer_type: AnswerType,
    ) -> Result<(Question, Template)> {
        let template = self.template(generator);
        let fields: BTreeMap<&str, String> = subject.fields.iter().cloned().collect();
        let set = self.image_set(&subject.frames);
        let mut question = Question::new(set, answer_type, fill(&template.stem, &fields)?);
        question.id = QuestionId(stable_id(self.plan.seed, generator.name, &subject.key));
        question.grounding.clone_from(&subject.evidence);
        question.status = Status::Proposed;
        question.reason = fill(&template.reason, &fields)?;
        question.facets.content = generator.content.into();
        question.facets.anatomy = vec![subject.anatomy.clone()];
        question.facets.language.clone_from(&template.language);
        let image = subject.frames.first().and_then(|(frame, _)| self.contents.image(frame.image));
        question.facets.modality = image.and_then(|image| image.modality.clone()).into_iter().collect();
        question.placement =
            Some(Placement { taxonomy: None, path: generator.path.iter().map(|p| (*p).into()).collect() });
        question.tools_required = generator.primitives.iter().map(|p| (*p).into()).collect();
        let used = self.plan.templates.iter().any(|own| own.id == template.id).then_some(template.id);
        question.origin = Origin::Generated {
            generator: generator.name.into(),
            template: used,
            seed: self.plan.seed,
            primitives: question.tools_required.clone(),
        };
        Ok((question, template))
    }

    fn keep(&mut self, generator: &Generator, question: Question) {
        *self.made.entry(generator.name).or_insert(0) += 1;
        self.book.questions.insert(question.id, question);
    }

    /// A number, with four choices beside it for data sets that ask so.
    pub fn number(&mut self, generator: &Generator, subject: &Subject, numbers: Vec<Quantity>) -> Result<()> {
        let (mut question, _) = self.begun(generator, subject, AnswerType::Numeric)?;
        let numbers: Vec<Quantity> = numbers
            .into_iter()
            .map(|number| Quantity { tolerance: number.tolerance.or(Some(generator.tolerance)), ..number })
            .collect();
        if let [number] = numbers.as_slice() {
            let mut random = self.random(generator, &subject.key);
            let place = (random.below(4) + self.count(generator)) % 4;
            question.choices = number_choices(number, place, &mut random);
            question.answer.keys = vec!["right".into()];
        }
        question.rationale = measured_steps(subject, &numbers);
        question.answer.numbers = numbers;
        self.keep(generator, question);
        Ok(())
    }

    pub fn yes_no(&mut self, generator: &Generator, subject: &Subject, yes: bool, measured: &[Quantity]) -> Result<()> {
        let (mut question, _) = self.begun(generator, subject, AnswerType::YesNo)?;
        question.choices = vec![Choice::text("yes", "Yes"), Choice::text("no", "No")];
        question.answer.keys = vec![if yes { "yes" } else { "no" }.into()];
        question.rationale = measured_steps(subject, measured);
        self.keep(generator, question);
        Ok(())
    }

    /// One right text among others; the right one stands in each place as often as in any other.
    pub fn single(
        &mut self,
        generator: &Generator,
        subject: &Subject,
        right: &str,
        others: &[(String, &str)],
        measured: &[Quantity],
    ) -> Result<()> {
        let (mut question, _) = self.begun(generator, subject, AnswerType::Single)?;
        let mut random = self.random(generator, &subject.key);
        let mut others = others.to_vec();
        random.shuffle(&mut others);
        others.truncate(3);
        let mut choices: Vec<Choice> = others
            .into_iter()
            .enumerate()
            .map(|(n, (text, source))| Choice {
                kind: ChoiceKind::Distractor,
                source: Some(source.into()),
                ..Choice::text(format!("other-{}", n + 1), text)
            })
            .collect();
        let place = (self.count(generator) + random.below(choices.len() + 1)) % (choices.len() + 1);
        choices.insert(place, Choice::text("right", right));
        question.choices = choices;
        question.answer.keys = vec!["right".into()];
        question.rationale = measured_steps(subject, measured);
        self.keep(generator, question);
        Ok(())
    }

    /// All right texts among others, in the order of the list.
    pub fn several(&mut self, generator: &Generator, subject: &Subject, offered: &[(String, bool)]) -> Result<()> {
        let (mut question, _) = self.begun(generator, subject, AnswerType::Multi)?;
        for (n, (text, is_right)) in offered.iter().enumerate() {
            let key = format!("choice-{}", n + 1);
            if *is_right {
                question.answer.keys.push(key.clone());
            }
            let kind = if *is_right { ChoiceKind::Normal } else { ChoiceKind::Distractor };
            question.choices.push(Choice { kind, ..Choice::text(key, text) });
        }
        question.rationale = measured_steps(subject, &[]);
        self.keep(generator, question);
        Ok(())
    }

    /// Which picture of the set.
    pub fn which_image(&mut self, generator: &Generator, subject: &Subject, right: usize) -> Result<()> {
        let (mut question, _) = self.begun(generator, subject, AnswerType::ImageChoice)?;
        question.choices = (0..subject.frames.len())
            .map(|n| Choice { image_index: Some(n), ..Choice::text(format!("p{}", n + 1), format!("Image {}", n + 1)) })
            .collect();
        question.answer.keys = vec![format!("p{}", right + 1)];
        question.answer.image_index = Some(right);
        self.keep(generator, question);
        Ok(())
    }

    pub fn boxes(&mut self, generator: &Generator, subject: &Subject, regions: Vec<Evidence>) -> Result<()> {
        let kind = if regions.len() == 1 { AnswerType::Box } else { AnswerType::Boxes };
        let (mut question, _) = self.begun(generator, subject, kind)?;
        question.answer = Answer { regions, ..Answer::default() };
        self.keep(generator, question);
        Ok(())
    }

    /// Takes out, by seed, what makes one of yes and no the commoner answer of a generator.
    pub fn balance(&mut self, generator: &Generator) {
        let of_generator = |question: &&Question| {
            matches!(&question.origin, Origin::Generated { generator: name, .. } if name == generator.name)
                && question.answer_type == AnswerType::YesNo
        };
        let mut sides: [Vec<QuestionId>; 2] = Default::default();
        for question in self.book.questions.values().filter(of_generator) {
            sides[usize::from(question.answer.keys == ["yes"])].push(question.id);
        }
        let fewest = sides[0].len().min(sides[1].len()) + 1;
        let mut random = self.random(generator, "balance");
        for side in &mut sides {
            random.shuffle(side);
            for id in side.iter().skip(fewest) {
                self.book.questions.remove(id);
            }
        }
    }
}

/// What was measured, a step each, and the conclusion left to the answer.
fn measured_steps(subject: &Subject, measured: &[Quantity]) -> Vec<RationaleStep> {
    let locate = subject.evidence.iter().map(|evidence| RationaleStep {
        kind: StepKind::Localise,
        text: format!("Find the {}.", evidence.name),
        evidence: vec![evidence.clone()],
        ..RationaleStep::default()
    });
    let measure = measured.iter().map(|number| RationaleStep {
        kind: StepKind::Measurement,
        text: format!("Measure: {}.", number.definition),
        measured: Some(number.clone()),
        ..RationaleStep::default()
    });
    locate.chain(measure).collect()
}

/// How the numbers that stand beside the right one are spaced.
#[derive(Clone, Copy)]
enum Spacing {
    /// Whole numbers one apart.
    Count,
    /// As far apart that none is within the tolerance of another.
    Step(f64),
    Factor,
}

const FACTOR: f64 = 1.4;

fn spacing_of(number: &Quantity) -> Spacing {
    let wide = number.value.abs().max(10.0) * (FACTOR - 1.0);
    match number.tolerance {
        Some(Tolerance::Absolute(0.0)) | None if number.unit == "1" => Spacing::Count,
        Some(Tolerance::Absolute(most)) if number.value.fract() == 0.0 && number.unit == "1" => {
            Spacing::Step(wide.max(3.0 * most).round())
        }
        Some(Tolerance::Absolute(most)) if most > 0.0 => Spacing::Step(wide.max(3.0 * most)),
        _ if number.value > 0.0 => Spacing::Factor,
        _ => Spacing::Step(wide),
    }
}

/// Four numbers apart by a rule, the right one at any rank, in any place.
fn number_choices(number: &Quantity, place: usize, random: &mut Random) -> Vec<Choice> {
    let spacing = spacing_of(number);
    let off = |n: i32| match spacing {
        Spacing::Count => number.value + f64::from(n),
        Spacing::Step(step) => step.mul_add(f64::from(n), number.value),
        Spacing::Factor => number.value * FACTOR.powi(n),
    };
    let mut rank = random.below(4) as i32;
    // A count of one cannot have three smaller ones, nor most of an organ three larger shares.
    let is_whole = number.unit == "1" && !matches!(spacing, Spacing::Factor);
    let least = if matches!(spacing, Spacing::Count) { 0.0 } else { 1.0 };
    while rank > 0 && is_whole && off(-rank) < least {
        rank -= 1;
    }
    while rank < 3 && matches!(spacing, Spacing::Factor) && number.unit == "%" && off(3 - rank) > 100.0 {
        rank += 1;
    }
    // As many digits for each choice: others would point at the right one.
    let digits = if is_whole { 0 } else { counting_digits(number.value) };
    let unit = if number.unit == "1" { String::new() } else { format!(" {}", number.unit) };
    let text = |value: f64| format!("{}{unit}", rounded_text(value, digits));
    let mut others: Vec<f64> = (0..4).filter(|n| *n != rank).map(|n| off(n - rank)).collect();
    random.shuffle(&mut others);
    let source = match spacing {
        Spacing::Count => "one apart",
        Spacing::Step(_) => "a step wider than the tolerance apart",
        Spacing::Factor => "a factor of 1.4 apart",
    };
    let mut choices: Vec<Choice> = others
        .into_iter()
        .enumerate()
        .map(|(n, value)| Choice {
            kind: ChoiceKind::Distractor,
            source: Some(source.into()),
            ..Choice::text(format!("other-{}", n + 1), text(value))
        })
        .collect();
    choices.insert(place.min(3), Choice::text("right", text(number.value)));
    choices
}

/// The same for the same words: questions made again are not made twice.
fn stable_id(seed: u64, kind: &str, key: &str) -> Uuid {
    let digest = Sha256::digest(format!("{seed}\n{kind}\n{key}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    // Version 8: made by a rule of our own.
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    Uuid::from_bytes(bytes)
}

/// How far off an answer may be, for the list of generators.
#[must_use]
pub const fn within(share: f64) -> Tolerance {
    Tolerance::Relative(share)
}
