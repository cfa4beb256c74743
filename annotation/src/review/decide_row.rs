//! A decision about one row of records: what a model put out is kept with its raw output, and what is accepted becomes a shape
//! or a track of the project that it points to.

use super::said::{Cell, Kind, Path, Row};
use crate::command::Command;
use crate::contents::Contents;
use crate::entity::{ImageId, LabelId, PredictionId, ShapeId, TrackId};
use crate::id::Key;
use crate::labels::Label;
use crate::records::{Keyframe, Prediction, PredictionModel, Track};
use crate::shapes::{Shape, Slice};
use std::collections::BTreeMap;

/// What a model says in a row about an image.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub image: ImageId,
    pub model: &'a str,
    pub sha256: Option<&'a str>,
    pub row: &'a Row,
    pub cell: &'a Cell,
}

/// The record of it: the one there is, else a new one among the commands. Where it is accepted and has a place, it is
/// drawn there, once.
pub fn prediction(contents: &Contents, line: Line<'_>, accepted: bool, commands: &mut Vec<Command>) -> PredictionId {
    let read = format!("{}: {}", line.row.title, line.cell.words);
    let is_it = |one: &&Prediction| {
        one.target == line.image.into()
            && one.model.name == line.model
            && one.raw_output == line.cell.raw
            && one.answer.as_deref() == Some(&read)
    };
    let known = contents.all::<Prediction>().find(is_it).cloned();
    let is_new = known.is_none();
    let mut prediction = known.unwrap_or_else(|| Prediction {
        id: PredictionId::new(),
        model: PredictionModel { name: line.model.to_owned(), version: None, sha256: line.sha256.map(str::to_owned) },
        run: None,
        target: line.image.into(),
        raw_output: line.cell.raw.clone(),
        keys: Vec::new(),
        answer: Some(read.clone()),
        content: Vec::new(),
        scores: BTreeMap::new(),
        parse_error: line.cell.why.clone(),
    });
    let drawn = prediction.content.iter().any(|key| contents.entity(*key).is_some());
    let content = (accepted && !drawn).then(|| drawn_of(contents, line, commands)).flatten();
    if let Some(content) = content {
        prediction.content = vec![content];
    }
    let id = prediction.id;
    if is_new || content.is_some() {
        commands.push(Command::put(prediction));
    }
    id
}

/// Adds what becomes the project's own: a track, or a shape.
fn drawn_of(contents: &Contents, line: Line<'_>, commands: &mut Vec<Command>) -> Option<Key> {
    if let Some(path) = &line.cell.path {
        let class = line.row.part.as_str();
        let label = (class != line.row.kind.part()).then(|| label_called(contents, class, commands));
        let track = track_of(line.image, path, label)?;
        let key = track.id.into();
        commands.push(Command::put(track));
        return Some(key);
    }
    let shape = shape_of(contents, line, commands)?;
    let key = shape.id.into();
    commands.push(Command::AddShape { shape });
    Some(key)
}

/// A keyframe on every frame the file has; between two that do not follow each other the thing is out of the picture.
fn track_of(image: ImageId, path: &Path, label: Option<LabelId>) -> Option<Track> {
    let mut keyframes: Vec<Keyframe> = Vec::new();
    for (frame, (form, occluded)) in path {
        if let Some(before) = keyframes.last().filter(|before| before.frame + 1 < *frame) {
            let gone = Keyframe { frame: before.frame + 1, outside: true, ..before.clone() };
            let form = gone.form.on_slice(Slice::stored(gone.frame));
            keyframes.push(Keyframe { form, ..gone });
        }
        let (frame, form, occluded) = (*frame, form.clone(), *occluded);
        keyframes.push(Keyframe { frame, form, occluded, outside: false, interpolated: true });
    }
    let (id, tags) = (TrackId::new(), Default::default());
    (!keyframes.is_empty()).then_some(Track { id, image, label, text: None, keyframes, tags })
}

/// As the project's own: with the label its class is called by, a landmark with its name.
fn shape_of(contents: &Contents, line: Line<'_>, commands: &mut Vec<Command>) -> Option<Shape> {
    let (form, image) = (line.cell.form.clone()?, line.image);
    let id = ShapeId::new();
    let shape = |label, text| Some(Shape { id, image, form, label, text, tags: Default::default() });
    match line.row.kind {
        Kind::Box => shape(Some(label_called(contents, &line.row.part, commands)), None),
        Kind::Landmark => shape(None, Some(line.row.title.clone())),
        Kind::Answer | Kind::Text | Kind::Class | Kind::Track => shape(None, None),
    }
}

pub(super) fn label_called(contents: &Contents, name: &str, commands: &mut Vec<Command>) -> LabelId {
    let labels = contents.labels();
    let known = labels.iter().find(|label| label.name.trim().eq_ignore_ascii_case(name.trim()));
    known.map_or_else(
        || {
            let value = labels.iter().map(|label| label.value).max().unwrap_or(0).saturating_add(1);
            let label = Label::new(value, name);
            let id = label.id;
            commands.push(Command::AddLabel { label });
            id
        },
        |label| label.id,
    )
}
