//! Generated answers before a judge that recomputes them from the masks in Python, on real pairs and on the sample study.

use limner_annotation::command::{Command, PaintMode, PaintRule};
use limner_annotation::exchange::vqa::collect::{Selection, collect};
use limner_annotation::question::generate::{Plan, generate};
use limner_annotation::question::{Book, Origin, Question, Region};
use limner_annotation::{Document, ImageEntry, Label, PackedMask, Result};
use limner_imaging::{Mask, Samples, Task, Volume, VoxelBox, formats};
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
        "stem": question.stem, "slice": book.image_sets[&question.image_set].items[0].frame.slice.map(|slice| slice.index),
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
    answered(&python, &volume, &document, &names, [mask, image]);
}

/// What of the generators the judge had to answer.
fn answered(python: &Path, volume: &Volume, document: &Document, names: &Value, [mask, image]: [&Path; 2]) -> String {
    let task = Task::default();
    let load = |_: &ImageEntry, _: &Task| -> Result<Volume> { Ok(volume.clone()) };
    let book = generate(document, Some(&load), &Plan { seed: 5, ..Plan::default() }, &task).unwrap();
    let selection = Selection { unreviewed: true, ..Selection::default() };
    let collected = collect(document, &book, &selection, &task).unwrap();
    assert_eq!((collected.records.asked.len(), collected.left_out.len()), (book.questions.len(), 0));
    let questions: Vec<Value> = collected
        .records
        .asked
        .iter()
        .map(|asked| {
            let place = asked.scene.places_of(&asked.question.answer.regions).next();
            described(&asked.question, &book, document, place.map(|(_, place)| place.rect))
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
    said.into_owned()
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

/// The organs of the abdomen as TotalSegmentator numbers them.
const ORGANS: [(&str, u16); 13] = [
    ("spleen", 1),
    ("right kidney", 2),
    ("left kidney", 3),
    ("gallbladder", 4),
    ("liver", 5),
    ("stomach", 6),
    ("pancreas", 7),
    ("aorta", 52),
    ("inferior vena cava", 63),
    ("portal vein", 64),
    ("duodenum", 19),
    ("right adrenal gland", 8),
    ("left adrenal gland", 9),
];
/// Of voxels that a segment shares with a lesion, and of those it shares with its organ.
const SEGMENT: u16 = 200;
const IN_SEGMENT: u16 = 210;

/// What a ball is cut out of, where in the list of its voxels, how large, and what its voxels become.
struct Cut {
    of: std::ops::RangeInclusive<u16>,
    share: f64,
    radius: f64,
    becomes: fn(u16) -> u16,
}

fn carve(carved: &mut [u16], size: [usize; 3], cut: &Cut) {
    let at = |n: usize| [n % size[0], n / size[0] % size[1], n / size[0] / size[1]].map(|n| n as f64);
    let inside: Vec<usize> = (0..carved.len()).filter(|n| cut.of.contains(&carved[*n])).collect();
    let centre = at(inside[(cut.share * inside.len() as f64) as usize]);
    for n in inside {
        let away: f64 = (0..3).map(|axis| (at(n)[axis] - centre[axis]).powi(2)).sum();
        if away <= cut.radius * cut.radius {
            carved[n] = (cut.becomes)(carved[n]);
        }
    }
}

/// Real organs with findings cut out of them: the values of the picture stay what they are.
fn with_findings(map: &Volume) -> (Vec<u16>, Vec<(String, Vec<u16>)>) {
    let size = map.size();
    let mut carved = Vec::new();
    let _ = Mask::from_fn(VoxelBox::whole(size), |index| {
        let value = map.value(index) as u16;
        // The liver in three stretches from right to left.
        carved.push(if value == 5 { SEGMENT + 1 + (index[0] * 3 / size[0]) as u16 } else { value });
        false
    });
    let liver = |share, radius| Cut { of: 201..=203, share, radius, becomes: |value| value % 10 + IN_SEGMENT };
    let organ = |of, share, radius, becomes| Cut { of: of..=of, share, radius, becomes };
    for cut in [
        liver(0.2, 3.2),
        liver(0.5, 1.2),
        liver(0.8, 1.2),
        organ(7, 0.6, 3.0, |_| 230),
        // A vessel in the midst of the tumour.
        organ(230, 0.5, 1.2, |_| 234),
        organ(7, 0.1, 1.5, |_| 231),
        organ(3, 0.5, 2.0, |_| 232),
        organ(2, 0.3, 1.0, |_| 233),
    ] {
        carve(&mut carved, size, &cut);
    }
    let mut names: Vec<(String, Vec<u16>)> =
        ORGANS.iter().map(|(name, value)| ((*name).to_owned(), vec![*value])).collect();
    names[4].1 = (1..4).map(|n| SEGMENT + n).collect();
    names.push(("liver lesion".into(), (1..4).map(|n| IN_SEGMENT + n).collect()));
    names.extend((1..4).map(|n| (format!("liver segment {n}"), vec![SEGMENT + n, IN_SEGMENT + n])));
    let found = ["pancreas PDAC", "pancreatic cyst", "left renal cyst", "right renal tumour"];
    names.extend(found.into_iter().zip(230..).map(|(name, value)| (name.to_owned(), vec![value])));
    names.push(("superior mesenteric artery".into(), vec![234]));
    (carved, names)
}

#[test]
fn answers_about_organs_and_findings_are_those_of_the_masks() {
    let (Some(data), Some(python)) = (std::env::var_os("LIMNER_TEST_DATA").map(PathBuf::from), python()) else {
        println!("real-data suites or judges not run: 1");
        return;
    };
    let pair = data.join("pairs/ct_abdomen_totalseg");
    let (image, task) = (pair.join("image.nii.gz"), Task::default());
    let mut volume = formats::open_single(&image, &task).unwrap();
    volume.value_map.unit = Some("HU".into());
    let map = formats::open_single(&pair.join("mask.nii.gz"), &task).unwrap();
    let (carved, names) = with_findings(&map);
    let (entry, size) = (ImageEntry::of_volume(&volume, "image.nii.gz", "image"), map.size());
    let id = entry.id;
    let mut commands = vec![Command::AddImage { image: entry }];
    for (n, (name, values)) in names.iter().enumerate() {
        let label = n as u16 + 1;
        commands.push(Command::AddLabel { label: Label::new(label, name) });
        let is = |[i, j, k]: [usize; 3]| values.contains(&carved[(k * size[1] + j) * size[0] + i]);
        let mask = PackedMask::pack(&Mask::from_fn(VoxelBox::whole(size), is));
        let (mode, rule) = (PaintMode::Set, PaintRule::All);
        let layer = usize::from(name.contains("segment"));
        commands.push(Command::Paint { image: id, layer, label, mask, mode, rule });
    }
    let mut document = Document::new("reader");
    document.apply("Make", commands).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mask = folder.path().join("mask.nii.gz");
    let mut written = Volume::new(map.geometry, Samples::U16(carved), 1).unwrap();
    written.spacing_known = map.spacing_known;
    formats::write(&written, &mask).unwrap();
    let names: serde_json::Map<String, Value> = names.into_iter().map(|(name, all)| (name, json!(all))).collect();
    let said = answered(&python, &volume, &document, &names.into(), [&mask, &image]);
    for name in [
        "burden",
        "largest-diameter",
        "largest-slice",
        "contrast",
        "count-in",
        "hu-ratio",
        "total",
        "presence",
        "outlier",
        "enlargement",
        "attenuation",
        "largest-location",
        "clustering",
        "larger-side",
        "burden-most",
        "largest-segment",
        "nearest",
        "spleen-grade",
        "cyst-surgery",
        "t-stage",
        "resectability",
    ] {
        assert!(said.contains(name), "{name} was not asked: {said}");
    }
}

#[test]
fn answers_about_the_sample_study_are_those_of_its_masks() {
    let mask = root().join("assets/sample/masks/ct_baseline.nii.gz");
    // The label file stands for its own values: its CT lies in slices.
    judged(&mask, &mask);
}
