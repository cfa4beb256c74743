//! What a profile is: one data set's or trainer's own layout of questions, read and written. A profile is one file in
//! `profiles` and one line in `PROFILES`.

use crate::error::{Error, Result};
use crate::exchange::vqa::boxes::{Convention, named};
use crate::exchange::vqa::profiles;
use crate::exchange::vqa::record::{Asked, Records};
use crate::exchange::vqa::talk::Style;
use crate::exchange::{DryRun, Status};
use crate::question::{AnswerType, Question};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

pub const PROFILES: &[&dyn Profile] = &[
    &profiles::ms_swift::MsSwift,
    &profiles::chat::SHAREGPT,
    &profiles::chat::LLAVA,
    &profiles::chat::MEDREGA,
    &profiles::chat::MEDSG_TRAIN,
    &profiles::preference::Dpo,
    &profiles::preference::Kto,
    &profiles::gemex::Gemex,
    &profiles::gemex::ThinkVg,
    &profiles::medsg::MedSg,
    &profiles::vlmeval::VLMEVALKIT,
    &profiles::vlmeval::ENDOBENCH,
    &profiles::vlmeval::GMAI,
    &profiles::vlmeval::MEDQ,
    &profiles::vlmeval::MEDQ_DESCRIPTION,
    &profiles::vlmeval::MEDQ_PAIRED,
    &profiles::deeptumor::DeepTumor,
    &profiles::medvision::MedVision,
    &profiles::several::MedFrame,
    &profiles::several::TemMed,
    &profiles::chest::CheXbench,
    &profiles::chest::CxReason,
    &profiles::several::MediConfusion,
    &profiles::nova::Nova,
    &profiles::text_sets::K2Sight,
    &profiles::text_sets::M3Cot,
    &profiles::text_sets::MedBook,
    &profiles::medspot::MedSpot,
];

/// Before the name of every profile.
pub const PREFIX: &str = "vqa:";

/// The profile with this name, with or without "vqa:" before it.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Profile> {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    PROFILES.iter().copied().find(|profile| profile.name().strip_prefix(PREFIX) == Some(name))
}

pub trait Profile: Sync {
    /// The word on the command line, with the prefix.
    fn name(&self) -> &'static str;

    fn title(&self) -> &'static str;

    fn status(&self) -> Status;

    /// What it cannot keep, as fields of the dry run.
    fn lossy(&self) -> &'static [&'static str];

    /// Why a question has no place in it.
    fn refuses(&self, asked: &Asked) -> Option<String>;

    /// Whether its records name the whole image, so that the picture of one slice is no more than an illustration.
    fn names_volumes(&self) -> bool {
        false
    }

    /// Which of `lossy` a question would lose.
    fn loses(&self, asked: &Asked) -> Vec<&'static str>;

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files>;

    /// Whether `read` works.
    fn reads(&self) -> bool {
        false
    }

    /// Reads the files that `write` makes, or a published sample of the format.
    fn read(&self, files: &Files) -> Result<Records> {
        let _ = files;
        Err(Error::refused(format!("\"{}\" is written only; there is no published sample to read it by", self.name())))
    }
}

/// Files by their path in the data set's folder.
pub type Files = BTreeMap<String, Vec<u8>>;

#[derive(Clone, Copy)]
pub struct ProfileOptions<'a> {
    /// For profiles that leave it open.
    pub convention: Option<&'static Convention>,
    pub style: Style,
    /// Hands out a picture's bytes by its path, for formats that carry pictures inside.
    pub picture: &'a dyn Fn(&str) -> Result<Vec<u8>>,
    /// Which part this is: train, val, test.
    pub split: &'a str,
}

impl ProfileOptions<'_> {
    #[must_use]
    pub fn convention_or(&self, default: &str) -> &'static Convention {
        self.convention.unwrap_or_else(|| named(default))
    }
}

/// For profiles that carry no pictures.
pub fn no_pictures(path: &str) -> Result<Vec<u8>> {
    Err(Error::refused(format!("the picture {path} is not at hand")))
}

impl Default for ProfileOptions<'static> {
    fn default() -> Self {
        Self { convention: None, style: Style::default(), picture: &no_pictures, split: "train" }
    }
}

/// A question about a volume of which one slice is shown.
pub(super) const OTHER_SLICES: &str = "slices beside the one shown";

fn hides_slices(profile: &dyn Profile, asked: &Asked) -> bool {
    !profile.names_volumes() && asked.scene.pictures.iter().any(|picture| picture.source.is_one_of_many)
}

/// Why a question is left out: for the profile's own reason, or because one slice of a volume cannot answer it.
#[must_use]
pub fn refusal(profile: &dyn Profile, asked: &Asked) -> Option<String> {
    let needs_all = || hides_slices(profile, asked) && is_of_all_slices(&asked.question);
    let why = "it asks for a size or a number in a volume, and one slice of it is written";
    profile.refuses(asked).or_else(|| needs_all().then(|| why.to_owned()))
}

/// Sizes and counts in a volume; where something lies and how bright it is can be seen on the slice that shows it best.
fn is_of_all_slices(question: &Question) -> bool {
    const VOLUMES: [&str; 6] = ["mm3", "cm3", "mL", "L", "voxel", "px3"];
    let steps = question.rationale.iter().filter_map(|step| step.measured.as_ref());
    let mut measured = question.answer.numbers.iter().chain(steps);
    let is_count = |unit: &str| unit == "1" && question.answer_type == AnswerType::Numeric;
    question.facets.content == "size"
        || measured.any(|number| VOLUMES.contains(&number.unit.as_str()) || is_count(&number.unit))
}

/// What an export by a profile would write and lose.
#[must_use]
pub fn dry_run(profile: &dyn Profile, records: &Records) -> DryRun {
    let mut run = DryRun::default();
    for asked in &records.asked {
        if let Some(why) = refusal(profile, asked) {
            run.block(asked.question.stem.clone(), why);
            continue;
        }
        run.records += 1;
        for field in profile.loses(asked).into_iter().chain(hides_slices(profile, asked).then_some(OTHER_SLICES)) {
            run.lose(field, || asked.question.stem.clone());
        }
    }
    run.records += records.talks.len();
    run
}

/// The questions a profile has room for.
pub fn fitting<'a>(profile: &'a dyn Profile, records: &'a Records) -> impl Iterator<Item = &'a Asked> {
    records.asked.iter().filter(|asked| refusal(profile, asked).is_none())
}

/// JSON with a final new line, the same bytes for the same value.
pub fn json_file(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(Error::json("could not write JSON"))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// One JSON value a line.
pub fn json_lines<T: Serialize>(values: impl IntoIterator<Item = T>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for value in values {
        serde_json::to_writer(&mut bytes, &value).map_err(Error::json("could not write JSON"))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// The records of a JSON list or of a file with one JSON value a line.
pub fn read_json<T: DeserializeOwned>(path: &str, bytes: &[u8]) -> Result<Vec<T>> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::refused(format!("{path} is not UTF-8 text")))?;
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|error| Error::refused(format!("{path} cannot be read: {error}")));
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(n, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| Error::refused(format!("{path}, line {}: {error}", n + 1)))
    };
    lines.map(read).collect()
}

/// The only file with one of these endings, or the first in order of path.
pub fn find_file<'a>(files: &'a Files, endings: &[&str]) -> Result<(&'a str, &'a [u8])> {
    let mut fitting = files.iter().filter(|(path, _)| endings.iter().any(|ending| path.ends_with(ending)));
    let found = fitting.next().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
    found.ok_or_else(|| Error::refused(format!("there is no file ending in {}", endings.join(" or "))))
}

/// A text field of a record, or an error that says where it is missing.
pub fn text_of<'a>(record: &'a Value, field: &str) -> Result<&'a str> {
    record[field]
        .as_str()
        .ok_or_else(|| Error::refused(format!("a record has no text \"{field}\": {}", shortened(record))))
}

/// A list of texts; empty where the field is not there.
#[must_use]
pub fn texts_of(record: &Value, field: &str) -> Vec<String> {
    let list = record[field].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Numbers of a list, where all are.
#[must_use]
pub fn numbers_of(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(Value::as_f64).collect()
}

/// A number as JSON: whole where it is.
#[must_use]
pub fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT { (value as i64).into() } else { value.into() }
}

/// Fields of a record that nothing reads: they are kept and go out again.
#[must_use]
pub fn rest_of(record: &Value, known: &[&str]) -> BTreeMap<String, Value> {
    let fields = record.as_object().into_iter().flatten();
    fields.filter(|(key, _)| !known.contains(&key.as_str())).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The start of a record for a message.
#[must_use]
pub fn shortened(record: &Value) -> String {
    record.to_string().chars().take(120).collect()
}
