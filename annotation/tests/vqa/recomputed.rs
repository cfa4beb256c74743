//! Generated answers before a judge that recomputes them from the masks in Python, on real pairs and on the sample study.

use limner_annotation::command::{Command, PaintMode, PaintRule};
use limner_annotation::exchange::vqa::collect::{Selection, collect};
use limner_annotation::question::generate::{Plan, generate};
use limner_annotation::question::{Book, Origin, Question, Region};
use limner_annotation::{Document, ImageEntry, Label, PackedMask, Result};
use limner_imaging::{Mask, Task, Volume, VoxelBox, formats};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command as Program;

/// The Python of the judges' environment, where it was made.
fn python() -> Option<PathBuf> {
    let home = std::env::var_os("LIMNER_JUDGES").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/limner/judges")));
    home.map(|home| home.join("formats/bin/python")).filter(|python| python.is_file())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An image and what is painted on it by a label file.
fn project(image: &Volume, map: &Volume) -> (Document, Value) {
    let entry = ImageEntry::of_volume(image, "image.nii.gz", "image");
    let (id, whole) = (entry.id, VoxelBox::whole(image.size()));
    let mut values = BTreeSet::new();
    let _ = Mask::from_fn(whole, |index| values.insert(map.value(index) as u16));
    let mut commands = vec![Command::AddImage { image: entry }];
    let mut names = serde_json::Map::new();
    for value in values.into_iter().filter(|value| *value != 0) {
        // Every third is a finding, so that findings' generators have something to ask.
        let name = if value % 3 == 0 { format!("lesion {value}") } else { format!("structure {value}") };
        names.insert(name.clone(), value.into());
        commands.push(Command::AddLabel { label: Label::new(value, name) });
        let mask = PackedMask::pack(&Mask::from_fn(whole, |index| map.value(index) == f64::from(value)));
        let (mode, rule) = (PaintMode::Set, PaintRule::All);
        commands.push(Command::Paint { image: id, layer: 0, label: value, mask, mode, rule });
    }
    let mut document = Document::new("reader");
    document.apply("Make", commands).unwrap();
    (document, names.into())
}

fn described(question: &Question, book: &Book, document: &Document, boxes: Option<[f64; 4]>) -> Value {
    let name = |region: &Region| match region {
        Region::Painted { label, .. } => document.label(*label).map(|label| label.name.clone()),
        _ => None,
    };
    let Origin::Generated { generator, .. } = &question.origin else { panic!("{:?}", question.origin) };
    let evidence = if question.grounding.is_empty() { &question.answer.regions } else { &question.grounding };
    let labels: Vec<_> = evidence.iter().filter_map(|evidence| name(&evidence.region)).collect();
    let numbers = &question.answer.numbers;
    let values = boxes.map_or_else(|| numbers.iter().map(|number| number.value).collect(), |rect| rect.to_vec());
    let limit = question.stem.split("more than ").nth(1).and_then(|rest| rest.split(' ').next());
    json!({
        "generator": generator, "labels": labels, "about": question.facets.anatomy[0], "values": values,
        "slice": book.image_sets[&question.image_set].items[0].frame.slice.map(|slice| slice.index),
        "yes": question.answer.keys.first().is_some_and(|key| key == "yes"), "text": question.correct_texts().first(),
        "tolerance": numbers.first().and_then(|number| number.tolerance).map_or(json!({}), |t| json!(t)),
        "limit": limit.and_then(|limit| limit.parse::<f64>().ok()),
    })
}

/// Makes all questions about a pair and lets the judge answer them.
fn judged(image: &Path, mask: &Path) {
    let Some(python) = python() else {
        println!("judges not run: tests/judges/prepare.sh makes them");
        return;
    };
    let task = Task::default();
    let mut volume = formats::open_single(image, &task).unwrap();
    volume.value_map.unit = Some("HU".into());
    let map = formats::open_single(mask, &task).unwrap();
    let (document, names) = project(&volume, &map);
    let load = |_: &ImageEntry, _: &Task| -> Result<Volume> { Ok(volume.clone()) };
    let book = generate(&document, Some(&load), &Plan { seed: 5, ..Plan::default() }, &task).unwrap();
    let selection = Selection { unreviewed: true, ..Selection::default() };
    let collected = collect(&document, &book, &selection, &task).unwrap();
    assert_eq!((collected.records.asked.len(), collected.left_out.len()), (book.questions.len(), 0));
    let questions: Vec<Value> = collected
        .records
        .asked
        .iter()
        .map(|asked| {
            let place = asked.scene.places_of(&asked.question.answer.regions).next();
            described(&asked.question, &book, &document, place.map(|(_, place)| place.rect))
        })
        .collect();
    assert!(questions.len() > 20, "{}", questions.len());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("questions.json");
    std::fs::write(&file, json!({"labels": names, "questions": questions}).to_string()).unwrap();
    let script = root().join("tests/judges/generated_answers.py");
    let output = Program::new(python).arg(script).args([mask, image, &file]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{}: {said}", mask.display());
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn answers_about_real_pairs_are_those_of_the_masks() {
    let Some(data) = std::env::var_os("LIMNER_TEST_DATA").map(PathBuf::from) else {
        println!("real-data suites not run: 1");
        return;
    };
    for pair in ["ct_abdomen_totalseg", "ct_vertebra_l3"] {
        let folder = data.join("pairs").join(pair);
        judged(&folder.join("image.nii.gz"), &folder.join("mask.nii.gz"));
    }
}

#[test]
fn answers_about_the_sample_study_are_those_of_its_masks() {
    let mask = root().join("assets/sample/masks/ct_baseline.nii.gz");
    // The label file stands for its own values: its CT lies in slices.
    judged(&mask, &mask);
}
