//! Exports of the sample project, judged by the field's own tools in their own environments.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use limner_tests::{judge_python, limner, limner_ok, root};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// A name that a hospital would not want to see outside.
const PATIENT: &str = "SAMPLE";

fn sample(part: &str) -> String {
    root().join("assets/sample").join(part).to_str().unwrap().to_owned()
}

/// The CT and the MR of the sample study with three labels of which two overlap.
fn project(home: &Path) -> String {
    let path = home.join("study.limner").to_str().unwrap().to_owned();
    let _ = limner_ok(home, &["project", "new", &path, "--author", "reader"]);
    let mut script = String::new();
    for (value, name) in [(3, "liver"), (7, "ves\"sel ../../é"), (40, "lesion")] {
        script.push_str(&json!({"command": "add_label", "label": {"value": value, "name": name}}).to_string());
        script.push('\n');
    }
    for picture in ["ct_baseline", "mr/mr.nii.gz"] {
        let image = limner_ok(home, &["project", "add", &path, &sample(picture)]).trim().to_owned();
        let boxes =
            [(0, 3, [20, 30, 6], [52, 58, 14]), (0, 40, [30, 36, 8], [37, 44, 10]), (1, 7, [40, 40, 3], [47, 71, 9])];
        for (layer, label, min, max) in boxes {
            script.push_str(&ball(&image, layer, label, min, max).to_string());
            script.push('\n');
        }
    }
    let steps = home.join("steps.jsonl");
    std::fs::write(&steps, script).unwrap();
    let _ = limner_ok(home, &["project", "edit", &path, "--script", steps.to_str().unwrap()]);
    path
}

/// An ellipsoid that fills a box, cut off at one corner so that no mirror image is the same.
fn ball(image: &str, layer: usize, label: u16, min: [usize; 3], max: [usize; 3]) -> Value {
    let mut counts: Vec<u64> = vec![0];
    let mut inside = false;
    let half = |a: usize| (max[a] - min[a]) as f64 / 2.0;
    for k in min[2]..max[2] {
        for j in min[1]..max[1] {
            for i in min[0]..max[0] {
                let at = [i, j, k];
                let from_centre = |a: usize| (at[a] as f64 + 0.5 - min[a] as f64 - half(a)) / half(a);
                let belongs =
                    (0..3).map(|a| from_centre(a).powi(2)).sum::<f64>() < 1.0 && from_centre(0) + from_centre(1) < 0.8;
                if belongs != inside {
                    inside = belongs;
                    counts.push(0);
                }
                *counts.last_mut().unwrap() += 1;
            }
        }
    }
    json!({"command": "paint", "image": image, "layer": layer, "label": label, "mask": {"min": min, "max": max, "counts": counts}})
}

fn export(home: &Path, project: &str, format: &str, folder: &str, more: &[&str]) -> Value {
    let out = home.join("exports").join(folder);
    let mut arguments = vec!["export", project, "--format", format, "--out", out.to_str().unwrap(), "--json"];
    arguments.extend(more);
    let receipt: Value = serde_json::from_str(&limner_ok(home, &arguments)).unwrap();
    assert_eq!(receipt["self_check"]["pass"], true, "{folder}");
    receipt
}

fn judge(environment: &str, script: &str, arguments: &[&str]) {
    let Some(python) = judge_python(environment) else {
        let _ = writeln!(std::io::stderr(), "no judges: run tests/judges/prepare.sh");
        return;
    };
    let output = Command::new(python).arg(root().join("tests/judges").join(script)).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}:\n{said}\n{errors}");
}

#[test]
fn the_fields_own_tools_find_the_same_voxels() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let project = project(home);
    let list: Vec<Value> = serde_json::from_str(&limner_ok(home, &["export", "--list", "--json"])).unwrap();
    // Two kinds of pictures are no data set for nnU-Net.
    let refused = limner(home, &["export", &project, "--format", "nnunet", "--out", "x", "--dry-run"]);
    assert_eq!(refused.status.code(), Some(1));
    let info: Value = serde_json::from_str(&limner_ok(home, &["project", "info", &project, "--json"])).unwrap();
    let ct = info["images"][0]["id"].as_str().unwrap().to_owned();
    for format in list.iter().filter_map(|format| format["name"].as_str()).filter(|name| !name.starts_with("vqa:")) {
        let more: &[&str] = if format == "nnunet" { &["--image", &ct] } else { &[] };
        export(home, &project, format, format, more);
        let folder = home.join("exports").join(format);
        let checked: Value =
            serde_json::from_str(&limner_ok(home, &["check", folder.to_str().unwrap(), "--json"])).unwrap();
        assert_eq!(checked["pass"], true, "{format}");
        assert!(names_nobody(&folder), "{format} names the patient");
    }
    for kind in ["fractional", "labelmap"] {
        export(home, &project, "dicom-seg", &format!("dicom-seg-{kind}"), &["--set", &format!("type={kind}")]);
    }
    let exports = home.join("exports");
    judge("formats", "exchange.py", &[exports.to_str().unwrap()]);
    judge("hub", "hub.py", &[exports.to_str().unwrap(), home.join("cache").to_str().unwrap()]);
    dicom_objects_are_valid(&exports);
}

/// The patient's name is in no byte of an export.
fn names_nobody(folder: &Path) -> bool {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if std::fs::read(entry.path()).unwrap().windows(PATIENT.len()).any(|w| w == PATIENT.as_bytes()) {
                return false;
            }
        }
    }
    true
}

/// dciodvfy of Debian's dicom3tools, where it is installed.
fn dicom_objects_are_valid(exports: &Path) {
    for folder in ["dicom-seg", "dicom-seg-fractional", "rtstruct"] {
        for entry in std::fs::read_dir(exports.join(folder)).unwrap().flatten() {
            if entry.path().extension().is_none_or(|e| e != "dcm") {
                continue;
            }
            let Ok(output) = Command::new("dciodvfy").arg("-new").arg(entry.path()).output() else {
                let _ = writeln!(std::io::stderr(), "dciodvfy is not installed: apt-get install dicom3tools");
                return;
            };
            let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
            let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("Error")).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", entry.path().display());
        }
    }
}

#[test]
fn a_data_set_goes_through_another_project_and_back() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let project = project(home);
    export(home, &project, "coco-instances", "coco", &["--split", "train=0.5,val=0.5", "--seed", "1"]);
    let folder = home.join("exports/coco");
    let pictures = |part: &str| -> usize {
        let file: Value =
            serde_json::from_slice(&std::fs::read(folder.join(format!("annotations_{part}.json"))).unwrap()).unwrap();
        file["images"].as_array().unwrap().len()
    };
    assert!(pictures("train") > 0 && pictures("val") > 0);
    let other = home.join("other.limner").to_str().unwrap().to_owned();
    let _ = limner_ok(home, &["project", "new", &other]);
    let import = ["import", &other, "--format", "coco-instances", folder.to_str().unwrap(), "--json"];
    let report: Value = serde_json::from_str(&limner_ok(home, &import)).unwrap();
    assert_eq!(report["records"], pictures_records(&folder));
    let log: Value = serde_json::from_str(&limner_ok(home, &["project", "log", &other, "--json"])).unwrap();
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!(last["tool"], "import");
    std::fs::write(folder.join("extra.txt"), "x").unwrap();
    assert_eq!(limner(home, &["check", folder.to_str().unwrap()]).status.code(), Some(1));
}

fn pictures_records(folder: &Path) -> Value {
    let receipt: Value = serde_json::from_slice(&std::fs::read(folder.join("limner-receipt.json")).unwrap()).unwrap();
    receipt["dry_run"]["records"].clone()
}
