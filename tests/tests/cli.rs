//! The command line that scripts rely on: exit codes, JSON and nothing else on stdout, and what the commands do.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use limner_tests::{limner, limner_ok, root};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        limner_ok(self.0.path(), arguments)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    fn code(&self, arguments: &[&str]) -> i32 {
        limner(self.0.path(), arguments).status.code().unwrap()
    }
}

fn sample(part: &str) -> String {
    let path: PathBuf = root().join("assets/sample").join(part);
    path.to_str().unwrap().to_owned()
}

#[test]
fn info_names_every_series_and_keeps_stdout_clean() {
    let desk = Desk::new();
    let info = desk.json(&["info", &sample("ct_baseline"), &sample("us/cine.dcm"), "--json", "--stats"]);
    assert_eq!(info["schema"], "limner.info/1");
    assert_eq!(info["failed"], json!([]));
    let ct = &info["series"][0];
    assert_eq!((&ct["format"], &ct["kind"], &ct["modality"]), (&json!("dicom"), &json!("volume"), &json!("CT")));
    assert_eq!(ct["files"].as_array().unwrap().len(), ct["size"][2].as_u64().unwrap() as usize);
    assert_eq!(ct["value_map"]["unit"], "HU");
    assert_eq!(ct["affine_lps"][3], json!([0.0, 0.0, 0.0, 1.0]));
    assert!(ct["stats"]["min"].as_f64().unwrap() < -900.0);
    assert_eq!(ct["sha256_samples"].as_str().unwrap().len(), 64);
    assert_eq!(info["series"][1]["kind"], "cine");
}

#[test]
fn exit_codes_tell_failure_from_wrong_usage() {
    let desk = Desk::new();
    std::fs::write(desk.path("text.txt"), "not a picture").unwrap();
    assert_eq!(desk.code(&["info", &desk.path("text.txt"), "--json"]), 1);
    assert_eq!(desk.code(&["info"]), 2);
    assert_eq!(desk.code(&["render", &sample("mr/mr.nii.gz"), "--view", "sideways", "-o", &desk.path("x.png")]), 2);
    let far = ["render", &sample("mr/mr.nii.gz"), "--at", "9999,0,0", "-o", &desk.path("x.png")];
    assert_eq!(desk.code(&far), 1);
    assert_eq!(desk.code(&["explode"]), 2);
    let output = limner(Path::new(&desk.path("")), &["info", &desk.path("text.txt"), "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["failed"][0]["code"], "not_an_image");
}

#[test]
fn a_volume_keeps_samples_and_place_through_every_writable_format() {
    let desk = Desk::new();
    let facts = |path: &str| {
        let series = desk.json(&["info", path, "--json", "--stats"])["series"][0].clone();
        (series["sha256_samples"].clone(), series["affine_lps"].clone(), series["stats"].clone())
    };
    let original = facts(&sample("mr/mr.nii.gz"));
    for name in ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"] {
        let _ = desk.ok(&["convert", &sample("mr/mr.nii.gz"), &desk.path(name)]);
        let copy = facts(&desk.path(name));
        assert_eq!((&copy.0, &copy.2), (&original.0, &original.2), "{name}");
        for (row, expected) in copy.1.as_array().unwrap().iter().zip(original.1.as_array().unwrap()) {
            for (x, y) in row.as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
                assert!((x.as_f64().unwrap() - y.as_f64().unwrap()).abs() < 1e-4, "{name}: {x} against {y}");
            }
        }
    }
}

#[test]
fn prompts_in_voxels_and_in_millimetres_give_the_same_mask() {
    let desk = Desk::new();
    let series = desk.json(&["info", &sample("ct_baseline"), "--json"])["series"][0].clone();
    let affine = series["affine_lps"].clone();
    let world = |v: [f64; 3]| -> Vec<f64> {
        let row = |r: usize| {
            (0..3).map(|c| affine[r][c].as_f64().unwrap() * v[c]).sum::<f64>() + affine[r][3].as_f64().unwrap()
        };
        (0..3).map(row).collect()
    };
    let points = [[70.0, 110.0, 30.0], [95.0, 150.0, 30.0]];
    let prompts = |space: &str, points: Value| {
        let scribble = json!({"type": "scribble", "positive": true, "axis": 2, "points": points});
        json!({"schema": "limner.prompts/1", "space": space, "objects": [{"label": 7, "rounds": [[scribble]]}]})
    };
    let mut hashes = Vec::new();
    let in_mm = points.map(world);
    for (name, file) in [("voxel", prompts("voxel", json!(points))), ("lps_mm", prompts("lps_mm", json!(in_mm)))] {
        let (input, output) = (desk.path(&format!("{name}.json")), desk.path(&format!("{name}.nii.gz")));
        std::fs::write(&input, file.to_string()).unwrap();
        let report = desk.json(&["segment", &sample("ct_baseline"), "--prompts", &input, "-o", &output, "--json"]);
        assert_eq!(report["schema"], "limner.segment/1");
        assert_eq!(report["objects"][0]["label"], 7);
        assert!(report["objects"][0]["rounds"][0]["voxels"].as_u64().unwrap() > 1000);
        let mask = desk.json(&["info", &output, "--json", "--stats"])["series"][0].clone();
        assert_eq!((&mask["size"], &mask["stats"]["max"]), (&series["size"], &json!(7.0)));
        hashes.push(mask["sha256_samples"].clone());
    }
    assert_eq!(hashes[0], hashes[1]);
}

#[test]
fn a_script_edits_a_project_and_the_log_says_so() {
    let desk = Desk::new();
    let project = desk.path("study.limner");
    let _ = desk.ok(&["project", "new", &project, "--name", "Study", "--author", "reader 1"]);
    let image = desk.ok(&["project", "add", &project, &sample("mr/mr.nii.gz")]);
    let image = image.trim();
    let label = json!({"command": "add_label", "label": {"value": 3, "name": "Cube"}});
    let mask = json!({"min": [10, 20, 5], "max": [13, 22, 6], "counts": [0, 6]});
    let paint = json!({"command": "paint", "image": image, "label": 3, "mask": mask});
    let script = desk.path("steps.jsonl");
    std::fs::write(&script, format!("{label}\n{paint}\n")).unwrap();
    let _ = desk.ok(&["project", "edit", &project, "--script", &script]);
    let info = desk.json(&["project", "info", &project, "--json"]);
    assert_eq!(info["images"][0]["labels"][0]["voxels"], 6);
    let log = desk.json(&["project", "log", &project, "--json"]);
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!(last["by"], "reader 1");
    assert!(last["command"].as_str().unwrap().contains("paint"), "{last}");

    std::fs::write(&script, format!("{paint}\n{{\"command\":\"explode\"}}\n")).unwrap();
    assert_eq!(desk.code(&["project", "edit", &project, "--script", &script]), 1);
    assert_eq!(desk.json(&["project", "info", &project, "--json"])["revision"], info["revision"], "half a script");

    for format in ["nifti", "coco-instances"] {
        let out = desk.path(format);
        let receipt = desk.json(&["export", &project, "--format", format, "--out", &out, "--json"]);
        assert_eq!(receipt["self_check"]["pass"], true);
        assert_eq!(desk.code(&["export", &project, "--format", format, "--out", &out]), 1, "a folder was overwritten");
    }
    let scores = desk.json(&["compare", &sample("masks"), &sample("masks"), "--json"]);
    assert_eq!(scores["schema"], "limner.compare/1");
    assert!(scores["rows"].as_array().unwrap().iter().all(|r| r["dice"] == 1.0 && r["hd95_mm"] == 0.0));
}
