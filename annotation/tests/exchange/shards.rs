//! An export in shards, joined, is the export made at once.

use crate::sample;
use limner_annotation::exchange::{Options, Shard, Split, by_name, export, merge};
use limner_imaging::Task;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn sharded(name: &str, home: &Path, count: usize) -> Vec<PathBuf> {
    let sample = sample::project();
    let shard = |index: usize| {
        let out = home.join(format!("{name}-{index}"));
        let options = Options { shard: Some(Shard { index, count }), ..Options::default() };
        export(by_name(name).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
        out
    };
    (1..=count).map(shard).collect()
}

#[test]
fn shards_joined_hold_what_one_export_holds() {
    let home = tempfile::tempdir().unwrap();
    for name in ["coco-instances", "nifti", "yolo-detect", "nnunet"] {
        let shards = sharded(name, home.path(), 2);
        let out = home.path().join(name);
        let receipt = merge(&shards, &out, &Task::default()).unwrap();
        let at_once = home.path().join(format!("{name}-whole"));
        let sample = sample::project();
        let whole = export(
            by_name(name).unwrap(),
            &sample.document,
            &sample::load,
            &at_once,
            &Options::default(),
            &Task::default(),
        )
        .unwrap();
        assert_eq!(receipt.dry_run.records, whole.dry_run.records, "{name}");
        // Two projects name their images apart.
        let cases = |r: &limner_annotation::exchange::Receipt| {
            r.cases.iter().map(|case| (case.case.clone(), case.sha256_samples.clone())).collect::<Vec<_>>()
        };
        assert_eq!(cases(&receipt), cases(&whole), "{name}");
        assert_eq!(receipt.files.len(), whole.files.len(), "{name}");
        let paths =
            |r: &limner_annotation::exchange::Receipt| r.files.iter().map(|f| f.path.clone()).collect::<Vec<_>>();
        assert_eq!(paths(&receipt), paths(&whole));
    }
    let file: Value =
        serde_json::from_slice(&std::fs::read(home.path().join("coco-instances/annotations.json")).unwrap()).unwrap();
    let mut ids: Vec<u64> = file["annotations"].as_array().unwrap().iter().map(|a| a["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is there twice");
}

#[test]
fn a_shard_that_is_missing_doubled_or_changed_is_told() {
    let home = tempfile::tempdir().unwrap();
    let shards = sharded("nifti", home.path(), 2);
    let out = home.path().join("out");
    let task = Task::default();
    let told = |shards: &[PathBuf]| merge(shards, &out, &task).unwrap_err().to_string();
    assert!(told(&shards[..1]).contains("missing"));
    assert!(told(&[shards[0].clone(), shards[0].clone()]).contains("twice"));
    std::fs::write(shards[1].join("labels.json"), "{}").unwrap();
    assert!(told(&shards).contains("has changed"));
    assert!(!out.exists());
}

#[test]
fn no_subject_lies_in_two_parts() {
    let sample = sample::project();
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("split");
    let split = Some(Split::parse("train=0.7,val=0.3", 5).unwrap());
    let options = Options { split, ..Options::default() };
    export(by_name("yolo-detect").unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
    // All images of the sample have the same pixels: they count as one subject and stay together.
    let parts: Vec<_> = std::fs::read_dir(out.join("images")).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(parts.len(), 1, "{parts:?}");
}
