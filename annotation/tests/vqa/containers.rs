//! The worked example of FORMATS G.1 through the containers, and published samples in and out unchanged.

use limner_annotation::ShapeId;
use limner_annotation::exchange::vqa::boxes;
use limner_annotation::exchange::vqa::profile::{Files, PROFILES, ProfileOptions, by_name, read_json};
use limner_annotation::exchange::vqa::record::{Asked, Picture, Place, PlaceKind, Records};
use limner_annotation::question::{Answer, AnswerType, Choice, Evidence, Hidden, ImageSetId, Question, Region};
use serde_json::{Value, json};
use std::path::PathBuf;

pub(super) fn worked() -> Asked {
    let picture =
        |n: usize| Picture { path: format!("images/{n:06}.png"), size: Some([512.0, 400.0]), ..Picture::default() };
    let mut question =
        Question::new(ImageSetId::new(), AnswerType::Single, "Which image shows the effusion and where?");
    question.choices = vec![Choice::text("A", "First"), Choice::text("B", "Second")];
    question.answer = Answer { keys: vec!["B".into()], image_index: Some(1), ..Answer::default() };
    question.reason = "New blunting of the left costophrenic angle.".into();
    let region = Region::Shape { shape: ShapeId::new() };
    question.grounding = vec![Evidence::new(region, 1, "left lower lung zone")];
    let place = Place { picture: 1, rect: [100.0, 50.0, 300.0, 250.0], kind: PlaceKind::Box };
    let mut asked = Asked::new(vec![picture(1), picture(2)], question);
    asked.scene.places.push((asked.question.grounding[0].clone(), place));
    asked
}

pub(super) fn written(profile: &str, asked: &Asked) -> Files {
    let records = Records { asked: vec![asked.clone()], ..Records::default() };
    by_name(profile).unwrap().write(&records, &ProfileOptions::default()).unwrap()
}

pub(super) fn first_record(files: &Files) -> Value {
    let (path, bytes) = files.iter().find(|(path, _)| !path.contains("info")).unwrap();
    read_json::<Value>(path, bytes).unwrap().remove(0)
}

#[test]
fn the_worked_example_as_ms_swift() {
    let record = first_record(&written("vqa:ms-swift", &worked()));
    let messages = record["messages"].as_array().unwrap();
    assert_eq!(messages[0]["content"].as_str().unwrap().matches("<image>").count(), 2);
    assert_eq!(messages[1], json!({"role": "assistant", "content": "B. <ref-object> <bbox>"}));
    let wanted = json!({"ref": ["left lower lung zone"], "bbox": [[100, 50, 300, 250]], "image_id": [1]});
    assert_eq!(record["objects"], wanted);
}

#[test]
fn the_worked_example_in_the_words_of_a_model() {
    let records = Records { asked: vec![worked()], ..Records::default() };
    let convention = boxes::by_name("qwen3-vl");
    let options = ProfileOptions { convention, ..ProfileOptions::default() };
    let files = by_name("llava").unwrap().write(&records, &options).unwrap();
    let said = first_record(&files)["conversations"][1]["value"].as_str().unwrap().to_owned();
    assert_eq!(said, r#"B. [{"bbox_2d": [195, 125, 586, 625], "label": "left lower lung zone"}]"#);
    let convention = boxes::by_name("qwen2-vl");
    let options = ProfileOptions { convention, ..ProfileOptions::default() };
    let files = by_name("sharegpt").unwrap().write(&records, &options).unwrap();
    let said = first_record(&files)["conversations"][1]["value"].as_str().unwrap().to_owned();
    let tokens =
        "<|object_ref_start|>left lower lung zone<|object_ref_end|><|box_start|>(195,125),(586,625)<|box_end|>";
    assert_eq!(said, format!("B. {tokens}"));
    assert!(files.contains_key("dataset_info.json"));
}

#[test]
fn what_is_hidden_never_reaches_a_file() {
    let mut asked = worked();
    let secret = "Impression: moderate left effusion";
    asked.question.hidden = Some(Hidden { report: secret.into(), regions: Vec::new() });
    for profile in PROFILES.iter().filter(|profile| profile.refuses(&asked).is_none()) {
        let records = Records { asked: vec![asked.clone()], ..Records::default() };
        let files = profile.write(&records, &ProfileOptions::default()).unwrap();
        for (path, bytes) in files {
            assert!(!String::from_utf8_lossy(&bytes).contains("Impression"), "{} {path}", profile.name());
        }
    }
}

#[test]
fn names_are_unique_and_found() {
    for (n, profile) in PROFILES.iter().enumerate() {
        assert!(PROFILES[..n].iter().all(|other| other.name() != profile.name()));
        assert!(by_name(profile.name()).is_some_and(|p| p.title() == profile.title()));
    }
    assert!(by_name("vqa:hat").is_none());
}

fn samples() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("LIMNER_TEST_DATA")?).join("vqa");
    folder.is_dir().then_some(folder)
}

fn unchanged(profile: &str, path: &str) {
    let Some(folder) = samples() else {
        println!("real-data suites not run: 1");
        return;
    };
    let profile = by_name(profile).unwrap();
    let bytes = std::fs::read(folder.join(path)).unwrap();
    let before: Vec<Value> = read_json(path, &bytes).unwrap();
    let records = profile.read(&Files::from([(path.to_owned(), bytes)])).unwrap();
    assert_eq!(records.talks.len() + records.asked.len(), before.len());
    let files = profile.write(&records, &ProfileOptions::default()).unwrap();
    let (path, bytes) = files.iter().find(|(path, _)| !path.contains("info")).unwrap();
    let after: Vec<Value> = read_json(path, bytes).unwrap();
    for (a, b) in before.iter().zip(&after) {
        assert_eq!(a, b);
    }
    assert_eq!(before.len(), after.len());
}

#[test]
fn a_published_medrega_sample_goes_through_unchanged() {
    unchanged("vqa:medrega", "medrega_demo/records.jsonl");
    let Some(folder) = samples() else { return };
    let bytes = std::fs::read(folder.join("medrega_demo/records.jsonl")).unwrap();
    let records = by_name("medrega").unwrap().read(&Files::from([("a.jsonl".into(), bytes)])).unwrap();
    // It is not only carried along: the boxes were understood.
    let places: Vec<_> = records.talks.iter().map(|talk| talk.scene.places.len()).collect();
    assert_eq!(places, [0, 1, 2]);
    let vessel = &records.talks[2].scene.places[0];
    assert_eq!(vessel.0.name, "carotid vessel wall");
    assert!((vessel.1.rect[0] - 365.0 / 999.0 * 432.0).abs() < 1e-9);
}

#[test]
fn a_published_medsg_sample_goes_through_unchanged() {
    unchanged("vqa:medsg-train", "medsg_bench/Task8_mini.json");
    let Some(folder) = samples() else { return };
    let bytes = std::fs::read(folder.join("medsg_bench/Task8_mini.json")).unwrap();
    let records = by_name("medsg-train").unwrap().read(&Files::from([("a.json".into(), bytes)])).unwrap();
    let first = &records.talks[0].scene;
    assert_eq!(first.places.iter().map(|(_, place)| place.picture).collect::<Vec<_>>(), [2, 1, 0]);
    assert_eq!(first.places[0].1.rect, [92.0, 150.0, 164.0, 224.0]);
}

/// The same but for how whole numbers are written.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

#[test]
fn a_published_medspot_sample_goes_through_unchanged() {
    let Some(folder) = samples() else { return };
    let bytes = std::fs::read(folder.join("medspot/Bluelight_Annotation.json")).unwrap();
    let before: Value = serde_json::from_slice(&bytes).unwrap();
    let profile = by_name("vqa:medspot").unwrap();
    let records = profile.read(&Files::from([("tasks.json".to_owned(), bytes)])).unwrap();
    let files = profile.write(&records, &ProfileOptions::default()).unwrap();
    let after: Value = serde_json::from_slice(&files["train.json"]).unwrap();
    for (a, b) in before["tasks"].as_array().unwrap().iter().zip(after["tasks"].as_array().unwrap()) {
        assert!(same(a, b), "{a}\n{b}");
    }
    assert!(same(&before, &after));
    // Two of its 27 steps have nothing to act on.
    let places: usize = records.asked.iter().map(|asked| asked.scene.places.len()).sum();
    assert_eq!((records.asked.len(), places), (27, 25));
}
