//! Questions made from what is painted and drawn: every answer has its unit, its tolerance, its definition and the regions
//! it was measured on. A generator is one entry in `GENERATORS`.
//!
//! What must hold: the same project, seed and templates give the same questions with the same ids; what is made waits for
//! review; nothing is asked about a structure that was not looked for (absent is not the same as not assessed).

mod change;
mod criteria;
pub mod facts;
mod maker;
mod relations;
mod shapes;
mod single;

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::Images;
use crate::id::ImageId;
use crate::question::{AnswerType, Book, Template, TemplateId, Tolerance};
use facts::ImageFacts;
use limner_imaging::Task;
pub use maker::Maker;
use maker::within;

/// What to make.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub seed: u64,
    /// Names of generators; all where empty.
    pub only: Vec<String>,
    /// Of each generator at most this many; no limit where 0.
    pub most_of_each: usize,
    /// Wordings of the project; a generator without one has its own.
    pub templates: Vec<Template>,
    /// Images of the same subject, the earlier one first.
    pub pairs: Vec<[ImageId; 2]>,
}

/// One way of asking.
pub struct Generator {
    pub name: &'static str,
    pub title: &'static str,
    /// Super-type, type.
    pub path: [&'static str; 2],
    pub content: &'static str,
    pub primitives: &'static [&'static str],
    pub tolerance: Tolerance,
    stem: &'static str,
    reason: &'static str,
    answer_type: AnswerType,
    /// Needs the values of the picture.
    needs_values: bool,
    make: Make,
}

enum Make {
    /// For each image by itself.
    Image(fn(&Generator, &ImageFacts<'_>, &mut Maker<'_>) -> Result<()>),
    /// For two images of a subject.
    Pair(fn(&Generator, [&ImageFacts<'_>; 2], &mut Maker<'_>) -> Result<()>),
}

impl Generator {
    /// Its own wording, to start an edited one from.
    #[must_use]
    pub fn template(&self) -> Template {
        Template {
            id: TemplateId::new(),
            name: self.title.into(),
            generator: Some(self.name.into()),
            stem: self.stem.into(),
            answer: String::new(),
            reason: self.reason.into(),
            answer_type: self.answer_type,
            choices: Vec::new(),
            language: "en".into(),
        }
    }
}

macro_rules! generators {
    ($($name:literal, $title:literal, $super:literal, $content:literal, $kind:ident, $tolerance:expr, $primitives:expr, $values:literal, $make:expr;
       $stem:literal $reason:literal)*) => {
        pub const GENERATORS: &[Generator] = &[$(Generator {
            name: $name,
            title: $title,
            path: [$super, $title],
            content: $content,
            primitives: &$primitives,
            tolerance: $tolerance,
            stem: $stem,
            reason: $reason,
            answer_type: AnswerType::$kind,
            needs_values: $values,
            make: $make,
        },)*];
    };
}

const EXACT: Tolerance = Tolerance::Absolute(0.0);
use Make::{Image, Pair};

generators! {
    "existence", "existence on a slice", "recognition", "finding", YesNo, EXACT, ["segment"], false, Image(single::existence);
        "Is the {organ} visible on this slice?" ""
    "count", "lesion counting", "recognition", "finding", Numeric, EXACT, ["segment", "count"], false, Image(single::count);
        "How many separate parts of {organ} are there?" ""
    "recognition", "structure recognition", "recognition", "finding", Single, EXACT, ["segment"], false, Image(single::recognition);
        "Which structure has its centre at column {column}, row {row} of this slice?" ""
    "location", "location by box", "recognition", "location", Box, EXACT, ["segment"], false, Image(single::location);
        "Where is the {organ}? Answer with one bounding box." ""
    "volume", "volume measurement", "measurement", "size", Numeric, within(0.05), ["segment", "measure"], false, Image(single::volume);
        "What is the volume of the {organ} in {unit}?" ""
    "area", "area measurement", "measurement", "size", Numeric, within(0.05), ["segment", "measure"], false, Image(single::area);
        "What is the area of the {organ} on this slice in {unit}?" ""
    "box-size", "width and height", "measurement", "size", Numeric, within(0.05), ["segment", "measure"], false, Image(single::box_size);
        "How wide and how high is the {organ} on this slice, in {unit}?" ""
    "axes", "major and minor axis", "measurement", "size", Numeric, within(0.05), ["segment", "measure"], false, Image(single::axes);
        "What are the major and the minor axis of the {organ} on this slice, in {unit}?" ""
    "diameter", "largest diameter", "measurement", "size", Numeric, within(0.05), ["segment", "measure"], false, Image(single::diameter);
        "What is the largest diameter of the {organ} on this slice in {unit}?" ""
    "intensity", "mean intensity", "measurement", "intensity", Numeric, Tolerance::Absolute(5.0), ["segment", "measure"], true, Image(single::intensity);
        "What is the mean intensity of the {organ} in {unit}?" ""
    "largest-part", "largest lesion", "measurement", "size", Numeric, within(0.05), ["segment", "count", "measure"], false, Image(single::largest_part);
        "What is the volume of the largest separate part of {organ} in {unit}?" ""
    "distance", "distance of two structures", "measurement", "size", Numeric, within(0.05), ["segment", "measure"], false, Image(relations::distance);
        "How far apart are the centres of the {organ} and the {other} in mm?" ""
    "ratio", "volume ratio", "visual reasoning", "size", Numeric, within(0.08), ["segment", "measure", "compare"], false, Image(relations::ratio);
        "How many times as large as the {other} is the {organ} by volume?" ""
    "larger", "larger structure", "visual reasoning", "size", YesNo, EXACT, ["segment", "measure", "compare"], false, Image(relations::larger);
        "Is the {organ} larger than the {other}?" ""
    "denser", "denser structure", "visual reasoning", "intensity", YesNo, EXACT, ["segment", "measure", "compare"], true, Image(relations::denser);
        "Is the mean intensity of the {organ} higher than that of the {other}?" ""
    "closer", "closer structure", "visual reasoning", "location", Single, EXACT, ["segment", "measure", "compare"], false, Image(relations::closer);
        "Which of these lies closest to the {organ}, from centre to centre?" ""
    "laterality", "side of the patient", "visual reasoning", "location", Single, EXACT, ["segment", "localise", "compare"], false, Image(relations::laterality);
        "On which side of the {other} does the {organ} lie, as seen by the patient?" ""
    "adjacency", "adjacent structures", "visual reasoning", "location", YesNo, EXACT, ["segment", "localise"], false, Image(relations::adjacency);
        "Do the {organ} and the {other} touch?" ""
    "outlier", "largest of several", "visual reasoning", "size", Single, EXACT, ["segment", "measure", "compare"], false, Image(relations::outlier);
        "Which of these structures has the largest volume?" ""
    "volume-above", "volume above a limit", "visual reasoning", "size", YesNo, EXACT, ["segment", "measure", "compare"], false, Image(criteria::volume_above);
        "Is the volume of the {organ} more than {limit}?" ""
    "criterion", "clinical threshold", "medical reasoning", "severity", YesNo, EXACT, ["segment", "measure", "knowledge"], true, Image(criteria::criterion);
        "Does the {organ} meet this criterion: {criterion}?" "Criterion: {criterion}."
    "landmark-distance", "distance of landmarks", "measurement", "size", Numeric, within(0.05), ["localise", "measure"], false, Image(shapes::landmark_distance);
        "What is the distance between {organ} and {other} in {unit}?" ""
    "angle", "angle measurement", "measurement", "size", Numeric, Tolerance::Absolute(2.0), ["localise", "measure"], false, Image(shapes::angle);
        "What is the marked angle of the {organ} in degrees?" ""
    "length", "length measurement", "measurement", "size", Numeric, within(0.05), ["localise", "measure"], false, Image(shapes::length);
        "What is the marked length of the {organ} in {unit}?" ""
    "change", "change of volume", "visual reasoning", "size", Numeric, Tolerance::Absolute(5.0), ["segment", "measure", "compare"], false, Pair(change::volume_change);
        "By how many percent has the volume of the {organ} changed from the prior to the current image?" ""
    "grown", "growth", "medical reasoning", "severity", YesNo, EXACT, ["segment", "measure", "compare"], false, Pair(change::grown);
        "Has the volume of the {organ} grown by more than {limit} % since the prior image?" ""
    "appeared", "new or gone", "visual reasoning", "finding", YesNo, EXACT, ["segment", "compare"], false, Pair(change::more_parts);
        "Are there more separate parts of {organ} on the current image than on the prior one?" ""
}

#[must_use]
pub fn by_name(name: &str) -> Option<&'static Generator> {
    GENERATORS.iter().find(|generator| generator.name == name)
}

/// Makes the questions of a plan. `images` is asked only where a generator needs values; without it those are left out.
pub fn generate(contents: &Contents, images: Option<&dyn Images>, plan: &Plan, task: &Task) -> Result<Book> {
    if let Some(unknown) = plan.only.iter().find(|name| by_name(name).is_none()) {
        let names: Vec<_> = GENERATORS.iter().map(|generator| generator.name).collect();
        return Err(Error::refused(format!("there is no generator \"{unknown}\"; there are: {}", names.join(", "))));
    }
    let wanted = |generator: &&Generator| plan.only.is_empty() || plan.only.iter().any(|name| name == generator.name);
    let chosen: Vec<&Generator> = GENERATORS.iter().filter(wanted).collect();
    let images = images.filter(|_| chosen.iter().any(|generator| generator.needs_values));
    let mut maker = Maker::new(contents, plan);
    task.progress.begin("making questions", contents.images().len() as u64 + plan.pairs.len() as u64);
    for image in contents.images() {
        let facts = ImageFacts::of(contents, image, images, task)?;
        for generator in &chosen {
            task.cancel.check()?;
            if let Image(make) = generator.make {
                make(generator, &facts, &mut maker)?;
            }
        }
        task.progress.advance(1);
    }
    for pair in &plan.pairs {
        let image = |id: ImageId| contents.image(id).ok_or(Error::Missing { key: id.into() });
        let prior = ImageFacts::of(contents, image(pair[0])?, None, task)?;
        let current = ImageFacts::of(contents, image(pair[1])?, None, task)?;
        for generator in &chosen {
            if let Pair(make) = generator.make {
                make(generator, [&prior, &current], &mut maker)?;
            }
        }
        task.progress.advance(1);
    }
    for generator in &chosen {
        maker.balance(generator);
    }
    let mut book = maker.book;
    keep_some(&mut book, plan);
    Ok(book)
}

/// Of each generator's questions a few, drawn by seed; image sets that nothing asks about any more go.
fn keep_some(book: &mut Book, plan: &Plan) {
    use crate::question::{Origin, QuestionId};
    let mut by_generator: std::collections::BTreeMap<String, Vec<QuestionId>> = Default::default();
    for question in book.questions.values() {
        if let Origin::Generated { generator, .. } = &question.origin {
            by_generator.entry(generator.clone()).or_default().push(question.id);
        }
    }
    for (generator, mut ids) in by_generator {
        if plan.most_of_each > 0 && ids.len() > plan.most_of_each {
            crate::audit::Random::of_text(plan.seed, &generator).shuffle(&mut ids);
            for id in &ids[plan.most_of_each..] {
                book.questions.remove(id);
            }
        }
    }
    let used: std::collections::BTreeSet<_> = book.questions.values().map(|question| question.image_set).collect();
    book.image_sets.retain(|id, _| used.contains(id));
}
