//! Questions made from what is painted and drawn: every answer has its unit, its tolerance, its definition and the regions
//! it was measured on. A generator is one entry in `GENERATORS`.
//!
//! What must hold: the same project, seed and templates give the same questions with the same ids; what is made waits for
//! review; nothing is asked about a structure that was not looked for (absent is not the same as not assessed).

mod body;
mod change;
mod clinic;
mod criteria;
pub mod facts;
mod lesions;
mod maker;
mod names;
mod organs;
mod presence;
mod quality;
mod relations;
mod shapes;
mod single;
mod staging;
mod teeth;

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
    /// Once, for what was recorded of all images.
    Project(fn(&Generator, &mut Maker<'_>) -> Result<()>),
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
use Make::{Image, Pair, Project};

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
    "presence", "lesion existence", "recognition", "finding", YesNo, EXACT, ["segment"], false, Image(presence::presence);
        "Is there a {organ} anywhere on this image?" ""
    "burden", "tumor burden percentage", "measurement", "size", Numeric, within(0.05), ["segment", "measure"], false, Image(lesions::burden);
        "What percentage of the {other} does the {organ} take up?" ""
    "largest-diameter", "largest lesion diameter", "measurement", "size", Numeric, within(0.05), ["segment", "count", "measure"], false, Image(lesions::largest_diameter);
        "What is the longest diameter of the largest {organ} on one slice, in {unit}?" ""
    "largest-slice", "largest lesion slice", "measurement", "location", Numeric, Tolerance::Absolute(2.0), ["segment", "count", "measure"], false, Image(lesions::largest_slice);
        "On which slice, counted from 1, is the cross-section of the largest {organ} greatest?" ""
    "contrast", "tumor organ HU difference", "measurement", "intensity", Numeric, Tolerance::Absolute(5.0), ["segment", "measure", "compare"], true, Image(lesions::contrast);
        "By how many HU does the mean of the {organ} differ from that of the {other} outside of it? Less is negative." ""
    "attenuation", "largest lesion attenuation", "visual reasoning", "intensity", Single, EXACT, ["segment", "measure", "compare"], true, Image(lesions::attenuation);
        "How does the largest {organ} attenuate beside the {other}, where under 10 HU of difference in the mean counts as alike?" ""
    "count-in", "lesion count by location", "measurement", "finding", Numeric, EXACT, ["segment", "count", "localise"], false, Image(lesions::count_in);
        "How many separate parts of {organ} lie in the {other}?" ""
    "largest-location", "largest lesion location", "visual reasoning", "location", Single, EXACT, ["segment", "count", "localise"], false, Image(lesions::largest_location);
        "Where does the largest {organ} lie?" ""
    "lesion-outlier", "lesion outlier", "visual reasoning", "size", YesNo, EXACT, ["segment", "count", "measure", "compare"], false, Image(lesions::outlier);
        "Is one {organ} an outlier, with more than 3 times the median volume of the others?" ""
    "clustering", "lesion clustering", "visual reasoning", "location", Single, EXACT, ["segment", "count", "localise"], false, Image(lesions::clustering);
        "Over how many of these places are the separate parts of {organ} spread: {places}?" ""
    "burden-most", "multi-organ lesion burden comparison", "visual reasoning", "size", Single, EXACT, ["segment", "measure", "compare"], false, Image(lesions::burden_most);
        "Which of these has the largest share of its volume taken up by findings?" ""
    "hu-ratio", "organ HU ratio", "measurement", "intensity", Numeric, within(0.05), ["segment", "measure", "compare"], true, Image(organs::hu_ratio);
        "What is the ratio of the mean HU of the {organ} to that of the {other}?" ""
    "total", "organ aggregation", "measurement", "size", Numeric, within(0.05), ["segment", "measure"], false, Image(organs::total);
        "What is the volume of {organ} in all in {unit}, summed over: {parts}?" ""
    "larger-side", "side comparison", "visual reasoning", "size", Single, EXACT, ["segment", "measure", "compare"], false, Image(organs::larger_side);
        "Which {organ} has the larger volume? Alike means within 5 %." ""
    "asymmetry", "bilateral asymmetry", "medical reasoning", "severity", Single, EXACT, ["segment", "measure", "compare", "knowledge"], false, Image(organs::asymmetry);
        "Is one {organ} shorter by more than 15 mm, which calls for a reason (ACC/AHA 2005)?" ""
    "largest-segment", "inter-segment comparison", "visual reasoning", "size", Single, EXACT, ["segment", "measure", "compare"], false, Image(organs::largest_segment);
        "Which of these parts of the {organ} has the largest volume?" ""
    "nearest", "adjacent organ", "visual reasoning", "location", Single, EXACT, ["segment", "localise", "measure"], false, Image(organs::nearest);
        "Which of these lies nearest to the {organ}, from surface to surface?" ""
    "enlargement", "organ enlargement", "medical reasoning", "severity", YesNo, EXACT, ["segment", "measure", "knowledge"], false, Image(clinic::enlargement);
        "Is the {organ} enlarged: {criterion}?" "Criterion: {criterion}."
    "spleen-grade", "splenomegaly grading", "medical reasoning", "severity", Single, EXACT, ["segment", "measure", "knowledge"], false, Image(clinic::spleen_grade);
        "Of what grade is splenomegaly by the longest extent of the {organ}: up to 11 cm, to 20 cm, more (Poulin 1998)?" ""
    "portal-hypertension", "portal hypertension assessment", "medical reasoning", "severity", YesNo, EXACT, ["segment", "measure", "knowledge"], false, Image(clinic::portal_hypertension);
        "Do the {organ} and the spleen both show signs of portal hypertension: a calibre of more than 13 mm (Weinreb 1982) and a volume of more than 314.5 mL (Bezerra 2005)?" ""
    "fatty-liver", "fatty liver", "medical reasoning", "severity", Single, EXACT, ["segment", "measure", "compare", "knowledge"], true, Image(clinic::fatty_liver);
        "On unenhanced CT, is this a fatty {organ}: a mean HU under that of the spleen (Chinese guideline for fatty liver, 2010)?" ""
    "steatosis-grade", "hepatic steatosis grading", "medical reasoning", "severity", Single, EXACT, ["segment", "measure", "compare", "knowledge"], true, Image(clinic::steatosis_grade);
        "On unenhanced CT, of what grade is steatosis of the {organ} by the ratio of its mean HU to that of the spleen: mild to 1.0, moderate to 0.7, severe to 0.5 (Chinese guideline for fatty liver, 2010)?" ""
    "pancreas-fat", "pancreatic steatosis", "medical reasoning", "severity", YesNo, EXACT, ["segment", "measure", "compare", "knowledge"], true, Image(clinic::pancreas_fat);
        "On unenhanced CT, does the {organ} show steatosis: a mean HU of under 0.7 of that of the spleen (Koç 2020)?" ""
    "cyst-surgery", "pancreatic cyst resectability", "medical reasoning", "severity", YesNo, EXACT, ["segment", "measure", "knowledge"], false, Image(clinic::cyst_surgery);
        "By its size alone, shall removal of the {organ} be considered: 30 mm and more, a worrisome feature (IAP 2017)?" ""
    "pseudocyst", "pseudocyst determination", "medical reasoning", "finding", YesNo, EXACT, ["segment", "measure", "knowledge"], true, Image(clinic::pseudocyst);
        "By attenuation alone, can the {organ} be a pseudocyst, which is fluid without solid parts (revised Atlanta 2012): a mean of -10 to 20 HU?" ""
    "renal-mass", "renal mass characterization", "medical reasoning", "finding", Single, EXACT, ["segment", "measure", "knowledge"], true, Image(clinic::renal_mass);
        "On unenhanced CT, what is the {organ} by its mean: under -10 HU fat, to 20 HU simple fluid, over 70 HU hyperattenuating (Bosniak 2019)?" ""
    "t-stage", "tumor staging", "medical reasoning", "severity", Single, EXACT, ["segment", "measure", "knowledge"], false, Image(staging::t_stage);
        "Which T stage has the {organ}, as a tumour of the {place}, by its largest extent alone (AJCC, 8th edition)?" ""
    "resectability", "pancreatic lesion resectability", "medical reasoning", "severity", Single, EXACT, ["segment", "localise", "measure", "knowledge"], false, Image(staging::resectability);
        "By contact with {vessels} alone, how resectable is the {organ} (NCCN: an artery touched, or a vein around more than 180 degrees, is borderline; an artery around more than 180 degrees is locally advanced)?" ""
    "lesion-type", "lesion type classification", "medical reasoning", "finding", Single, EXACT, ["segment", "knowledge"], false, Image(staging::lesion_type);
        "Of what type is the finding with its middle at column {column}, row {row} of this slice?" ""
    "tooth-number", "tooth number", "recognition", "finding", Single, EXACT, ["localise", "knowledge"], false, Image(teeth::number);
        "Which tooth, by its FDI number, has its middle at column {column}, row {row}?" ""
    "tooth-quadrant", "tooth quadrant", "recognition", "location", Single, EXACT, ["localise", "knowledge"], false, Image(teeth::quadrant);
        "In which quadrant is the tooth with its middle at column {column}, row {row}?" ""
    "tooth-neighbour", "neighbour of a tooth", "visual reasoning", "location", Single, EXACT, ["localise", "knowledge"], false, Image(teeth::neighbour);
        "Which tooth, by its FDI number, stands beside the one with its middle at column {column}, row {row}, towards the midline?" ""
    "tooth-finding", "teeth with a finding", "recognition", "finding", Multi, EXACT, ["localise", "knowledge"], false, Image(teeth::with_finding);
        "Which of these teeth, by their FDI numbers, show: {organ}?" ""
    "tooth-count", "count of teeth with a finding", "recognition", "finding", Numeric, EXACT, ["localise", "count"], false, Image(teeth::count_with);
        "How many teeth show: {organ}?" ""
    "quality-grade", "image quality", "recognition", "quality", Single, EXACT, ["knowledge"], false, Image(quality::severity);
        "How is the quality of this image graded: {question}?" ""
    "quality-gradable", "gradability", "recognition", "quality", YesNo, EXACT, ["knowledge"], false, Image(quality::gradable);
        "Is this true of the quality of the image: {question}?" ""
    "quality-better", "paired image quality", "visual reasoning", "quality", ImageChoice, EXACT, ["compare"], false, Project(quality::compare);
        "Which image is of better quality: {question}?" ""
}

/// Whether a name is that of a finding rather than of a part of the body.
#[must_use]
pub fn is_lesion(name: &str) -> bool {
    names::is_lesion(name)
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
        if let Project(make) = generator.make {
            make(generator, &mut maker)?;
        }
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
