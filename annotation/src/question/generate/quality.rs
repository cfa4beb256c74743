//! Questions about the quality of a picture, from grades that people have recorded: answers to a form of the case, and
//! findings such as motion artefacts with their severity.

use crate::contents::Contents;
use crate::error::Result;
use crate::id::{ImageId, Key};
use crate::image_entry::ImageEntry;
use crate::question::generate::facts::ImageFacts;
use crate::question::generate::maker::Subject;
use crate::question::generate::presence::findings;
use crate::question::generate::{Generator, Maker};
use crate::question::{Frame, Role};
use crate::records::{CaseForm, Field, FieldKind, Finding, FormEntry, Severity, Status};
use crate::tags::Attribute;
use std::collections::BTreeMap;

/// Parts of words that make a field or a finding one of quality.
const QUALITY: [&str; 12] = [
    "quality",
    "gradab",
    "readab",
    "artefact",
    "artifact",
    "motion",
    "noise",
    "noisy",
    "blur",
    "sharpness",
    "exposure",
    "diagnosable",
];
/// Of words for a whole grade, worst first. The first that is part of an option's name counts.
const GRADES: [(&str, u8); 22] = [
    ("not ", 0),
    ("non-", 0),
    ("ungrad", 0),
    ("unread", 0),
    ("unus", 0),
    ("insufficient", 0),
    ("inadequate", 0),
    ("reject", 0),
    ("bad", 0),
    ("poor", 0),
    ("limited", 1),
    ("fair", 1),
    ("usable", 1),
    ("moderate", 1),
    ("acceptable", 1),
    ("adequate", 1),
    ("sufficient", 1),
    ("average", 1),
    ("very good", 3),
    ("excellent", 3),
    ("perfect", 3),
    ("good", 2),
];
const BEST: [&str; 4] = ["best", "excellent", "perfect", "good"];
const WORST: [&str; 5] = ["worst", "poor", "bad", "unreadable", "ungradable"];

/// One grade of one image.
struct Grade {
    /// What was asked: the same key, the same scale.
    key: String,
    asked: String,
    names: Vec<String>,
    place: usize,
    /// Whether later names are better; none where nothing says so.
    rises: Option<bool>,
}

fn is_about_quality(text: &str) -> bool {
    let text = text.to_lowercase();
    QUALITY.iter().any(|word| text.contains(word))
}

/// Without what ends a sentence: it stands inside another.
fn bare(question: &str) -> String {
    question.trim().trim_end_matches(['?', '.', ':']).to_owned()
}

/// What was answered about an image in fields of quality.
fn answers<'c>(contents: &'c Contents, image: ImageId) -> Vec<(&'c CaseForm, &'c Field, &'c Attribute)> {
    let entries = contents.pointing_at_from::<FormEntry>(Key::from(image)).into_iter();
    let of_entry = |entry: &'c FormEntry| {
        let form = contents.get::<CaseForm>(entry.form);
        let values = form.into_iter().flat_map(|form| entry.values.iter().map(move |(key, value)| (form, key, value)));
        values.filter_map(|(form, key, value)| Some((form, form.field(key)?, value))).collect::<Vec<_>>()
    };
    let about = |field: &Field| is_about_quality(&field.key) || is_about_quality(&field.question);
    entries.flat_map(of_entry).filter(|(form, field, _)| about(field) || is_about_quality(&form.name)).collect()
}

fn grade_of_field(form: &CaseForm, field: &Field, value: &Attribute) -> Option<Grade> {
    let (names, place, rises) = match (field.kind, value) {
        (FieldKind::One, Attribute::Text(key)) => {
            let names: Vec<String> = field.options.iter().map(|option| option.name.clone()).collect();
            let place = field.options.iter().position(|option| option.key == *key)?;
            let rises = rises_by_words(&names);
            (names, place, rises)
        }
        (FieldKind::Scale, Attribute::Number(n)) => {
            let steps = field.steps();
            let place = steps.iter().position(|step| *step as f64 == *n)?;
            let text = format!("{} {}", field.question, field.hint.as_deref().unwrap_or_default());
            let rises = rises_by_hint(&text.to_lowercase(), *steps.first()?, *steps.last()?);
            (steps.iter().map(i64::to_string).collect(), place, rises)
        }
        _ => return None,
    };
    let key = format!("{} {}", form.id, field.key);
    (names.len() > 1).then(|| Grade { key, asked: bare(&field.question), names, place, rises })
}

/// By the words of all options, where they go one way.
fn rises_by_words(names: &[String]) -> Option<bool> {
    let rank = |name: &String| {
        let name = name.to_lowercase();
        GRADES.iter().find(|(word, _)| name.contains(word)).map(|(_, rank)| *rank)
    };
    let ranks: Option<Vec<u8>> = names.iter().map(rank).collect();
    let ranks = ranks?;
    let all = |one_way: fn(u8, u8) -> bool| ranks.windows(2).all(|pair| one_way(pair[0], pair[1]));
    if all(|a, b| a < b) { Some(true) } else { all(|a, b| a > b).then_some(false) }
}

/// By what is said of the ends of a scale: "5 is best", "1 = poor", "higher is better".
fn rises_by_hint(text: &str, low: i64, high: i64) -> Option<bool> {
    let says = |step: i64, words: &[&str]| {
        let forms = |word: &&str| [" is ", " = ", "=", ": ", " (", " means "].map(|link| format!("{step}{link}{word}"));
        words.iter().any(|word| forms(word).iter().any(|form| text.contains(form.as_str())))
    };
    let rises = text.contains("higher is better") || says(high, &BEST) || says(low, &WORST);
    let falls = text.contains("lower is better") || says(low, &BEST) || says(high, &WORST);
    (rises != falls).then_some(rises)
}

/// Findings of quality with their severity: less is better.
fn grades_of_findings(contents: &Contents, image: &ImageEntry) -> Vec<Grade> {
    let grade = |finding: &Finding| {
        let label = contents.label(finding.label).filter(|label| is_about_quality(&label.name))?;
        let place = match (finding.status, finding.severity) {
            (Status::Absent, _) => 0,
            (Status::Present, Some(Severity::Mild)) => 1,
            (Status::Present, Some(Severity::Moderate)) => 2,
            (Status::Present, Some(Severity::Severe)) => 3,
            _ => return None,
        };
        let names = ["None", "Mild", "Moderate", "Severe"].map(str::to_owned).to_vec();
        Some(Grade { key: label.id.to_string(), asked: label.name.clone(), names, place, rises: Some(false) })
    };
    findings(contents, image).into_iter().filter_map(grade).collect()
}

fn grades(contents: &Contents, image: &ImageEntry) -> Vec<Grade> {
    let of_forms = answers(contents, image.id);
    let of_forms = of_forms.into_iter().filter_map(|(form, field, value)| grade_of_field(form, field, value));
    of_forms.chain(grades_of_findings(contents, image)).collect()
}

fn about(image: ImageId, asked: &str, key: &str) -> Subject {
    Subject::new(vec![(Frame::whole(image), Role::Main)], "image quality", format!("{image} {key}"))
        .with("question", asked)
}

pub(super) fn severity(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for grade in grades(maker.contents, facts.image) {
        // The nearest other grades: those are the ones that could be mistaken for it.
        let mut others: Vec<usize> = (0..grade.names.len()).filter(|n| *n != grade.place).collect();
        others.sort_by_key(|n| n.abs_diff(grade.place));
        others.truncate(3);
        let others: Vec<(String, &str)> =
            others.into_iter().map(|n| (grade.names[n].clone(), "another grade of the scale")).collect();
        let subject = about(facts.image.id, &grade.asked, &grade.key);
        maker.single(generator, &subject, &grade.names[grade.place], &others, &[])?;
    }
    Ok(())
}

pub(super) fn gradable(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (form, field, value) in answers(maker.contents, facts.image.id) {
        if let (FieldKind::Yes, Attribute::Yes(yes)) = (field.kind, value) {
            let subject = about(facts.image.id, &bare(&field.question), &format!("{} {}", form.id, field.key));
            maker.yes_no(generator, &subject, *yes, &[])?;
        }
    }
    Ok(())
}

/// Two images with other grades on one scale, of which it is known which end is the better one.
pub(super) fn compare(generator: &Generator, maker: &mut Maker<'_>) -> Result<()> {
    let mut by_scale: BTreeMap<String, Vec<(ImageId, Grade)>> = BTreeMap::new();
    for image in maker.contents.images() {
        for grade in grades(maker.contents, image).into_iter().filter(|grade| grade.rises.is_some()) {
            by_scale.entry(grade.key.clone()).or_default().push((image.id, grade));
        }
    }
    for graded in by_scale.values_mut() {
        // The worse half beside the better one, so that every image is used once.
        graded.sort_by_key(|(image, grade)| (grade.place, *image));
        let half = graded.len() / 2;
        let (low, high) = graded.split_at(half);
        for ((low, of_low), (high, of_high)) in low.iter().zip(&high[high.len() - half..]) {
            if of_low.place == of_high.place {
                continue;
            }
            let better = if of_low.rises == Some(true) { *high } else { *low };
            let worse = if better == *high { *low } else { *high };
            let right = usize::from(!maker.wish(generator));
            let order = if right == 0 { [better, worse] } else { [worse, better] };
            let frames = order.map(|image| (Frame::whole(image), Role::Main)).to_vec();
            let subject = Subject::new(frames, "image quality", format!("{low} {high} {}", of_low.key));
            maker.which_image(generator, &subject.with("question", of_low.asked.clone()), right)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_end_is_read_off_words_or_left_open() {
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(rises_by_words(&names(&["Good", "Usable", "Reject"])), Some(false));
        assert_eq!(rises_by_words(&names(&["Not gradable", "Adequate", "Excellent"])), Some(true));
        assert_eq!(rises_by_words(&names(&["Blue", "Good"])), None);
        assert_eq!(rises_by_hint("overall quality, 1 = poor, 5 = excellent", 1, 5), Some(true));
        assert_eq!(rises_by_hint("quality from 1 (best) to 6", 1, 6), Some(false));
        assert_eq!(rises_by_hint("quality", 1, 5), None);
    }
}
