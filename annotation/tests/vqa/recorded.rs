//! Questions from what people have recorded: teeth with their findings, grades of quality.

use glam::DVec3;
use limner_annotation::command::Command;
use limner_annotation::question::generate::{Plan, generate};
use limner_annotation::question::{AnswerType, Book, Origin, Question};
use limner_annotation::records::{CaseForm, Finding, FormEntry};
use limner_annotation::tags::Attribute;
use limner_annotation::{Document, Form, ImageEntry, ImageId, Key, Label, Shape, Slice};
use limner_imaging::{Geometry, Samples, Task, Volume, World};
use serde_json::json;
use std::collections::BTreeMap;

fn picture(name: &str) -> ImageEntry {
    let directions = [DVec3::X, DVec3::Y, DVec3::Z];
    let g = Geometry::from_parts([400, 200, 1], World::new(0.0, 0.0, 0.0), [1.0; 3], directions).unwrap();
    ImageEntry::of_volume(&Volume::new(g, Samples::U8(vec![0; 80_000]), 1).unwrap(), name, name)
}

fn made(document: &Document, only: &[&str]) -> Book {
    let only = only.iter().map(|name| (*name).to_owned()).collect();
    let book = generate(document, None, &Plan { seed: 2, only, ..Plan::default() }, &Task::default()).unwrap();
    for question in book.questions.values() {
        question.validate(document, &book).unwrap();
        assert_eq!(question.missing(&book), [], "{}", question.stem);
    }
    book
}

fn of<'b>(book: &'b Book, name: &str) -> Vec<&'b Question> {
    let is = |q: &&Question| matches!(&q.origin, Origin::Generated { generator, .. } if generator == name);
    book.questions.values().filter(is).collect()
}

fn texts(question: &Question) -> Vec<&str> {
    question.correct_texts()
}

/// Four teeth: named by label, by an attribute, by a code, and as DENTEX stacks its labels.
fn mouth() -> Document {
    let mut document = Document::new("reader");
    let image = picture("mouth.png");
    let by_name = Label::new(1, "Tooth 36");
    let coded = Label { codes: vec![code("ISO 3950", "37")], ..Label::new(2, "second molar") };
    let caries = Label::new(3, "Caries");
    let quadrant = Label::new(4, "quadrant 3");
    let fifth = Label { parent: Some(quadrant.id), ..Label::new(5, "tooth 5") };
    let deep = Label { parent: Some(fifth.id), ..Label::new(6, "Impacted") };
    let block = |x: f64, label: &Label| {
        let form = Form::Box2d { slice: Slice::stored(0), min: [x, 100.0], max: [x + 20.0, 140.0] };
        Shape::new(image.id, form, Some(label.id))
    };
    let mut tagged = block(100.0, &caries);
    tagged.tags.attributes = BTreeMap::from([("tooth".to_owned(), Attribute::Number(36.0))]);
    let shapes = [block(100.0, &by_name), tagged, block(140.0, &coded), block(60.0, &deep)];
    let labels = [by_name, coded, caries, quadrant, fifth, deep];
    let mut commands = vec![Command::AddImage { image }];
    commands.extend(labels.map(|label| Command::AddLabel { label }));
    commands.extend(shapes.map(|shape| Command::AddShape { shape }));
    document.apply("Make", commands).unwrap();
    document
}

fn code(scheme: &str, value: &str) -> limner_annotation::labels::Code {
    limner_annotation::labels::Code { scheme: scheme.into(), value: value.into(), meaning: String::new() }
}

#[test]
fn teeth_are_told_by_place_and_findings_by_tooth() {
    let document = mouth();
    let book = made(&document, &["tooth-number", "tooth-quadrant", "tooth-neighbour", "tooth-finding", "tooth-count"]);
    let at = |name: &str, column: &str| {
        let all = of(&book, name);
        let found = all.iter().find(|q| q.stem.contains(column)).unwrap_or_else(|| panic!("{name} {column}"));
        texts(found).join(" ")
    };
    assert_eq!(at("tooth-number", "column 110,"), "36");
    assert_eq!(at("tooth-number", "column 150,"), "37");
    assert_eq!(at("tooth-number", "column 70,"), "35");
    assert_eq!(at("tooth-quadrant", "column 70,"), "Quadrant 3, lower left");
    assert_eq!(at("tooth-neighbour", "column 150,"), "36");
    assert_eq!(at("tooth-neighbour", "column 110,"), "35");
    // Tooth 34 is nowhere drawn.
    assert_eq!(of(&book, "tooth-neighbour").len(), 2);
    assert_eq!(at("tooth-finding", "Caries"), "36");
    assert_eq!(at("tooth-finding", "Impacted"), "35");
    for question in of(&book, "tooth-count") {
        assert_eq!(question.answer.numbers[0].value, 1.0, "{}", question.stem);
    }
    assert_eq!(of(&book, "tooth-count").len(), 2);
    for question in of(&book, "tooth-number") {
        // What is shown with the question must not say the answer; ids are no words.
        let shown: Vec<&str> = question.grounding.iter().map(|evidence| evidence.name.as_str()).collect();
        assert!(!format!("{shown:?}{:?}", question.facets).contains("36"), "{question:?}");
        assert!(question.choices.len() == 4, "{:?}", question.choices);
    }
}

#[test]
fn what_was_not_looked_for_on_every_tooth_is_not_asked() {
    let mut document = mouth();
    let molar = document.labels().into_iter().find(|label| label.name == "second molar").unwrap().id;
    let mut shape = document.shapes().find(|shape| shape.label == Some(molar)).unwrap().clone();
    shape.tags.looked_for = vec!["Impacted".into()];
    document.apply("Narrow", vec![Command::put(shape)]).unwrap();
    let asked = |document: &Document| {
        let book = made(document, &["tooth-finding", "tooth-count"]);
        let all: Vec<String> = book.questions.values().map(|q| q.facets.anatomy[0].clone()).collect();
        all
    };
    let left = asked(&document);
    assert!(left.len() < asked(&mouth()).len() && left.contains(&"Impacted".to_owned()), "{left:?}");
}

fn graded() -> (Document, Vec<ImageId>) {
    let mut document = Document::new("reader");
    let form = CaseForm::from_json(
        r#"{"name": "Fundus", "fields": [
            {"key": "quality", "question": "Quality of the picture?", "kind": "one", "options":
             [{"key": "g", "name": "Good"}, {"key": "u", "name": "Usable"}, {"key": "r", "name": "Reject"}]},
            {"key": "gradable", "question": "The fovea can be graded (gradable)", "kind": "yes"},
            {"key": "sharpness", "question": "Sharpness", "kind": "scale", "range": [1, 5], "hint": "1 is poor"},
            {"key": "noise", "question": "Noise", "kind": "scale", "range": [1, 5]},
            {"key": "age", "question": "Age of the reader", "kind": "number"}]}"#,
    )
    .unwrap();
    let motion = Label::new(1, "Motion artefact");
    let mut images = Vec::new();
    let mut commands = vec![Command::AddLabel { label: motion.clone() }, Command::put(form.clone())];
    for (n, (quality, sharp)) in [("g", 5.0), ("r", 1.0), ("u", 1.0)].into_iter().enumerate() {
        let image = picture(&format!("{n}.png"));
        let id = image.id;
        images.push(id);
        let values = BTreeMap::from([
            ("quality".to_owned(), Attribute::Text(quality.into())),
            ("gradable".to_owned(), Attribute::Yes(n != 1)),
            ("sharpness".to_owned(), Attribute::Number(sharp)),
            ("noise".to_owned(), Attribute::Number(n as f64 + 1.0)),
            ("age".to_owned(), Attribute::Number(40.0)),
        ]);
        let entry: FormEntry =
            serde_json::from_value(json!({"form": form.id, "target": Key::from(id), "values": values})).unwrap();
        commands.extend([Command::AddImage { image }, Command::put(entry)]);
    }
    let severe = json!({"images": [images[0]], "label": motion.id, "status": "present", "severity": "severe"});
    let none = json!({"images": [images[2]], "label": motion.id, "status": "absent"});
    let open = json!({"images": [images[1]], "label": motion.id, "status": "not_assessed"});
    for finding in [severe, none, open] {
        commands.push(Command::put(serde_json::from_value::<Finding>(finding).unwrap()));
    }
    document.apply("Make", commands).unwrap();
    (document, images)
}

#[test]
fn quality_is_asked_by_grade_by_yes_and_by_pairs() {
    let (document, images) = graded();
    let book = made(&document, &["quality-grade", "quality-gradable", "quality-better"]);
    let about = |question: &Question, n: usize| book.image_sets[&question.image_set].items[n].frame.image;
    let grade = |words: &str, image: ImageId| {
        let all = of(&book, "quality-grade");
        let found = all.iter().find(|q| q.stem.contains(words) && about(q, 0) == image);
        found.map(|question| texts(question).join(" "))
    };
    assert_eq!(grade("Quality of the picture?", images[1]).as_deref(), Some("Reject"));
    assert_eq!(grade("Sharpness", images[0]).as_deref(), Some("5"));
    assert_eq!(grade("Motion artefact", images[0]).as_deref(), Some("Severe"));
    assert_eq!(grade("Motion artefact", images[2]).as_deref(), Some("None"));
    assert_eq!(grade("Motion artefact", images[1]), None, "nobody assessed it");
    assert!(!book.questions.values().any(|q| q.stem.contains("Age")));
    for question in of(&book, "quality-gradable") {
        let yes = about(question, 0) != images[1];
        assert_eq!(question.answer.keys[0] == "yes", yes, "{}", question.stem);
    }
    let mut scales = Vec::new();
    for question in of(&book, "quality-better") {
        assert_eq!(question.answer_type, AnswerType::ImageChoice);
        let right = question.answer.image_index.unwrap();
        let (better, worse) = (about(question, right), about(question, 1 - right));
        let place = |image: ImageId| images.iter().position(|known| *known == image).unwrap();
        let is_better = match question.stem.as_str() {
            stem if stem.contains("Quality") => [2, 0, 1][place(better)] > [2, 0, 1][place(worse)],
            stem if stem.contains("Sharpness") => place(better) == 0,
            stem if stem.contains("Motion") => place(better) == 2 && place(worse) == 0,
            stem => panic!("nobody said which end of a scale is the better one: {stem}"),
        };
        assert!(is_better, "{}", question.stem);
        scales.push(question.stem.clone());
    }
    assert_eq!(scales.len(), 3, "{scales:?}");
}
