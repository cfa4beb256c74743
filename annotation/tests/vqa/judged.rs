//! Every profile's files before a judge in Python that knows the formats from their descriptions alone.

use crate::samples;
use limner_annotation::exchange::vqa::profile::{PROFILES, ProfileOptions, dry_run};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn judge(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges").join(name)
}

#[test]
fn every_profile_is_written_as_its_format_is_described() {
    let records = samples::records();
    let folder = tempfile::tempdir().unwrap();
    let (mut sizes, mut boxes) = (Map::new(), Map::new());
    for asked in &records.asked {
        for (n, picture) in asked.scene.pictures.iter().enumerate() {
            sizes.insert(picture.path.clone(), json!(picture.size.unwrap()));
            let list = boxes.entry(picture.path.clone()).or_insert_with(|| json!([]));
            let here = asked.scene.places.iter().filter(|(_, place)| place.picture == n);
            list.as_array_mut().unwrap().extend(here.map(|(_, place)| json!(place.rect)));
        }
    }
    std::fs::write(folder.path().join("boxes.json"), json!({"sizes": sizes, "boxes": boxes}).to_string()).unwrap();
    for profile in PROFILES.iter().filter(|profile| profile.name() != "vqa:medspot") {
        let mut fitting = records.clone();
        if profile.name() == "vqa:dpo" {
            for asked in &mut fitting.asked {
                let answer = "a wrong draft".into();
                asked.question.draft = Some(limner_annotation::question::Draft { answer, ..Default::default() });
            }
        }
        let run = dry_run(*profile, &fitting);
        assert!(run.records > 0, "{} refuses all: {:?}", profile.name(), run.blocked);
        assert!(run.lossy.iter().all(|loss| profile.lossy().contains(&loss.field.as_str())), "{}", profile.name());
        for (path, bytes) in profile.write(&fitting, &ProfileOptions::default()).unwrap() {
            let path = folder.path().join(&profile.name()["vqa:".len()..]).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
    let output = Command::new("python3").arg(judge("vqa_profiles.py")).arg(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.ends_with("good")).count(), PROFILES.len() - 1);
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let records = samples::records();
    for profile in PROFILES {
        let write = || profile.write(&records, &ProfileOptions::default()).unwrap();
        assert_eq!(write(), write(), "{}", profile.name());
    }
}

#[test]
fn what_has_no_place_is_said_and_not_written() {
    let records = samples::records();
    for profile in PROFILES {
        let run = dry_run(*profile, &records);
        assert_eq!(run.records + run.blocked.len(), records.asked.len(), "{}", profile.name());
        assert!(run.blocked.iter().all(|blocked| !blocked.why.is_empty()));
    }
}
