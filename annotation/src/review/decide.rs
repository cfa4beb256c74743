//! What is decided about a version, as commands: an accepted prediction becomes paint of the project with the record of what it
//! was, a part is taken from one version or the other, and verdicts are kept beside what they are about.

use super::layers::layers;
use super::opened::Version;
use crate::command::{Command, PaintMode, PaintRule};
use crate::contents::Contents;
use crate::entity::{DecisionId, ImageId, PredictionId, RaterId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::label_map::LabelMap;
use crate::labels::Label;
use crate::metrics::Labels;
use crate::packed::PackedMask;
use crate::records::{Decision, Prediction, PredictionModel, Verdict};
use limner_imaging::{Mask, VoxelBox};

/// The record of what a model said of an image: the one there is, else a new one among the commands.
pub fn prediction(
    contents: &Contents,
    image: ImageId,
    model: &str,
    sha256: Option<&str>,
    commands: &mut Vec<Command>,
) -> PredictionId {
    let is_it = |one: &&Prediction| {
        one.target == image.into() && one.model.name == model && one.model.sha256.as_deref() == sha256
    };
    if let Some(known) = contents.all::<Prediction>().find(is_it) {
        return known.id;
    }
    let id = PredictionId::new();
    commands.push(Command::put(Prediction {
        id,
        model: PredictionModel { name: model.into(), version: None, sha256: sha256.map(str::to_owned) },
        run: None,
        target: image.into(),
        raw_output: String::new(),
        keys: Vec::new(),
        answer: None,
        content: Vec::new(),
        scores: std::collections::BTreeMap::new(),
        parse_error: None,
    }));
    id
}

/// A verdict of a reviewer about a thing, in the place of what they said before.
#[must_use]
pub fn decision(
    contents: &Contents,
    target: Key,
    reviewer: RaterId,
    verdict: Verdict,
    reasons: Vec<String>,
    comment: Option<String>,
) -> Command {
    let id = DecisionId::new();
    let mut decision = Decision { id, target, verdict, reasons, comment, before: None, reviewer };
    // What is said of one label stands beside what is said of another.
    let is_it =
        |one: &&Decision| one.target == target && one.reviewer == reviewer && label_of(one).0 == label_of(&decision).0;
    let known = contents.all::<Decision>().find(is_it).map(|known| known.id);
    decision.id = known.unwrap_or(id);
    Command::put(decision)
}

const ABOUT: &str = "About ";

/// The comment of a decision about one label alone.
#[must_use]
pub fn about_label(label: &str, comment: &str) -> String {
    if comment.is_empty() { format!("{ABOUT}{label}") } else { format!("{ABOUT}{label}: {comment}") }
}

/// The label that a decision is about, where it is about one, and the rest of its comment.
#[must_use]
pub fn label_of(decision: &Decision) -> (Option<&str>, Option<&str>) {
    let comment = decision.comment.as_deref();
    match comment.and_then(|comment| comment.strip_prefix(ABOUT)) {
        Some(about) => match about.split_once(": ") {
            Some((label, rest)) => (Some(label), Some(rest)),
            None => (Some(about), None),
        },
        None => (None, comment),
    }
}

/// Paints labels of a version as the project's own, in the place of what is painted with them.
pub fn paint(
    contents: &Contents,
    image: ImageId,
    version: &Version,
    only: Option<u32>,
    name: impl Fn(u32) -> String,
) -> Result<Vec<Command>> {
    let labels = only.map_or_else(|| version.labels.labels(), |only| vec![only]);
    let mut commands = Vec::new();
    for label in labels {
        let value = own_label(contents, label, &name, &mut commands)?;
        let mask = version.labels.tight_mask(label);
        let gone = contents.label_map(image).map(|map| map.mask_of(value));
        let gone = gone.map(|own| Mask::from_fn(own.bounds(), |index| own.get(index) && !mask.get(index)));
        push_paint(contents, (image, value), &gone.unwrap_or_else(nothing), &mask, &mut commands);
    }
    Ok(commands)
}

/// Names of the labels painted on an image of which a version says nothing: they stay as they are when it is accepted. What
/// raters and consensus have there is theirs.
#[must_use]
pub fn unsaid(contents: &Contents, image: ImageId, version: &Version) -> Vec<String> {
    let said = version.labels.labels();
    let (own, _) = layers(contents, image);
    let left = own.labels.into_iter().filter(|(_, label)| !said.contains(label));
    left.filter_map(|(value, _)| contents.label_of_value(value)).map(|label| label.name.clone()).collect()
}

/// Makes the project's label within a part what a version says there.
pub fn take(
    contents: &Contents,
    image: ImageId,
    (label, part): (u32, &Mask),
    from: &Labels,
    name: impl Fn(u32) -> String,
) -> Result<Vec<Command>> {
    let mut commands = Vec::new();
    let value = own_label(contents, label, &name, &mut commands)?;
    let theirs = from.mask(label, part.bounds());
    let put = Mask::from_fn(part.bounds(), |index| part.get(index) && theirs.get(index));
    let gone = Mask::from_fn(part.bounds(), |index| part.get(index) && !theirs.get(index));
    push_paint(contents, (image, value), &gone, &put, &mut commands);
    Ok(commands)
}

fn nothing() -> Mask {
    Mask::empty(VoxelBox::default())
}

/// The value a label is painted with; a label the project does not know is added.
pub(super) fn own_label(
    contents: &Contents,
    label: u32,
    name: impl Fn(u32) -> String,
    commands: &mut Vec<Command>,
) -> Result<u16> {
    let value = u16::try_from(label).ok().filter(|value| *value != 0);
    let value = value.ok_or_else(|| Error::refused(format!("{label} is no value a label can have here")))?;
    if contents.label_of_value(value).is_none() {
        commands.push(Command::AddLabel { label: Label::new(value, name(label)) });
    }
    Ok(value)
}

fn push_paint(
    contents: &Contents,
    (image, label): (ImageId, u16),
    gone: &Mask,
    put: &Mask,
    commands: &mut Vec<Command>,
) {
    let layers = contents.label_map(image).map(LabelMap::layers).unwrap_or_default();
    let layer = layers.iter().position(|layer| layer.count(label) > 0).unwrap_or(0);
    for (mask, mode) in [(gone, PaintMode::Erase), (put, PaintMode::Set)] {
        let (mask, rule) = (PackedMask::pack(mask), PaintRule::All);
        if mask.count() > 0 {
            commands.push(Command::Paint { image, layer, label, mask, mode, rule });
        }
    }
}
