//! A decision about one row of records: what a model put out is kept with its raw output, and what is accepted becomes a shape
//! of the project that points back to it.

use super::said::{Cell, Kind, Row};
use crate::command::Command;
use crate::contents::Contents;
use crate::entity::{ImageId, LabelId, PredictionId, ShapeId};
use crate::labels::Label;
use crate::records::{Prediction, PredictionModel};
use crate::shapes::Shape;
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

/// The record of it: the one there is, else a new one among the commands. Where it is accepted and has a place, a shape is
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
    let shape = (accepted && !drawn).then(|| shape_of(contents, line, commands)).flatten();
    if let Some(shape) = &shape {
        prediction.content = vec![shape.id.into()];
        commands.push(Command::AddShape { shape: shape.clone() });
    }
    let id = prediction.id;
    if is_new || shape.is_some() {
        commands.push(Command::put(prediction));
    }
    id
}

/// As the project's own: with the label its class is called by, a landmark with its name.
fn shape_of(contents: &Contents, line: Line<'_>, commands: &mut Vec<Command>) -> Option<Shape> {
    let (form, image) = (line.cell.form.clone()?, line.image);
    let id = ShapeId::new();
    let shape = |label, text| Some(Shape { id, image, form, label, text, tags: Default::default() });
    match line.row.kind {
        Kind::Box => shape(Some(label_called(contents, &line.row.part, commands)), None),
        Kind::Landmark => shape(None, Some(line.row.title.clone())),
        Kind::Answer | Kind::Text | Kind::Class => shape(None, None),
    }
}

fn label_called(contents: &Contents, name: &str, commands: &mut Vec<Command>) -> LabelId {
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
