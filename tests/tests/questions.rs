//! `limner vqa` from end to end: a painted project, questions about it, an audit, a data set.

use limner_tests::{limner, limner_ok, root};
use serde_json::{Value, json};
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("stdout is one JSON object")
}

/// A project with two painted boxes on the sample's fundus picture.
fn painted(home: &Path) -> std::path::PathBuf {
    let project = home.join("study.limner");
    let _ = limner_ok(home, &["project", "new", text(&project)]);
    let _ = limner_ok(
        home,
        &["project", "add", text(&project), text(&root().join("assets/sample/masks/ct_baseline.nii.gz"))],
    );
    let info = parsed(&limner_ok(home, &["project", "info", text(&project), "--json"]));
    let image = &info["images"][0]["id"];
    let paint = |label: u16, min: [usize; 3], max: [usize; 3]| {
        let count: usize = (0..3).map(|a| max[a] - min[a]).product();
        json!({"command": "paint", "image": image, "label": label, "mask": {"min": min, "max": max, "counts": [0, count]}})
    };
    let lines = [
        json!({"command": "add_label", "label": {"value": 1, "name": "liver"}}),
        json!({"command": "add_label", "label": {"value": 2, "name": "kidney"}}),
        paint(1, [5, 6, 2], [25, 30, 8]),
        paint(2, [40, 8, 3], [50, 16, 6]),
    ];
    let script = home.join("steps.jsonl");
    std::fs::write(&script, lines.map(|line| line.to_string()).join("\n")).expect("the script is written");
    let _ = limner_ok(home, &["project", "edit", text(&project), "--script", text(&script)]);
    project
}

#[test]
fn questions_are_made_checked_audited_and_written() {
    let home = tempfile::tempdir().expect("a folder");
    let project = painted(home.path());
    let run = |arguments: &[&str]| limner_ok(home.path(), arguments);
    let file = home.path().join("questions.json");
    let made = run(&["vqa", "generate", text(&project), "--seed", "7", "--out", text(&file), "--json"]);
    let made = parsed(&made);
    assert!(made["questions"].as_u64().is_some_and(|count| count > 10), "{made}");
    assert_eq!(made["by_generator"]["volume"], 2);

    // The same seed makes the same file.
    let again = home.path().join("again.json");
    let _ = run(&["vqa", "generate", text(&project), "--seed", "7", "--out", text(&again)]);
    assert_eq!(std::fs::read(&file).expect("made"), std::fs::read(&again).expect("made"));

    let from = ["--questions", text(&file), "--unreviewed"];
    let checked = run(&[&["vqa", "check", text(&project), "--json", "--profile", "gemex"][..], &from].concat());
    let checked = parsed(&checked);
    assert_eq!((&checked["problems"], &checked["accepted"]), (&json!([]), &json!(0)), "{checked}");

    let audit = home.path().join("audit");
    let audited =
        limner(home.path(), &[&["vqa", "audit", text(&project), "--json", "--out", text(&audit)][..], &from].concat());
    let report: Value = serde_json::from_slice(&audited.stdout).expect("stdout is one JSON object");
    assert_eq!(report["schema"], "limner.audit/1");
    assert!(audit.join("audit.html").is_file() && audit.join("bias_scores.csv").is_file());

    let audits = || parsed(&run(&["project", "info", text(&project), "--json"]))["entities"]["audit_run"].clone();
    assert_eq!(audits(), 0, "what is asked in a file is not the project's");

    let sheet = run(&[&["vqa", "sheet", text(&project)][..], &from].concat());
    let known = format!("computed from masks and shapes {}", made["questions"]);
    assert!(sheet.contains(&known) && sheet.contains("generator seeds: 7"), "{sheet}");

    // Without a file the questions go into the project, once however often they are made.
    let _ = run(&["vqa", "generate", text(&project), "--seed", "7"]);
    let kept = parsed(&run(&["vqa", "check", text(&project), "--json"]));
    assert_eq!((&kept["questions"], &kept["accepted"]), (&made["questions"], &json!(0)));
    let _ = run(&["vqa", "generate", text(&project), "--seed", "7"]);
    assert_eq!(parsed(&run(&["vqa", "check", text(&project), "--json"])), kept);

    // An audit of the project is kept in it, one entry for each thing looked for, and not twice.
    let audited = |more: &[&str]| {
        drop(limner(home.path(), &[&["vqa", "audit", text(&project), "--unreviewed"][..], more].concat()));
        audits()
    };
    assert_eq!((audited(&["--no-record"]), audited(&[]), audited(&[])), (json!(0), json!(5), json!(5)));

    let out = home.path().join("gemex");
    let _ = run(&[&["vqa", "write", text(&project), "--profile", "gemex", "--out", text(&out)][..], &from].concat());
    assert!(out.join("single_choice_questions.jsonl").is_file() && out.join("images/000001.png").is_file());

    // Nothing that no reviewer has accepted goes out unasked.
    let unasked = home.path().join("unasked");
    let arguments =
        ["vqa", "write", text(&project), "--profile", "gemex", "--out", text(&unasked), "--questions", text(&file)];
    assert!(!limner(home.path(), &arguments).status.success() && !unasked.exists());
}

#[test]
fn the_demo_asks_questions_and_leaves_nothing_beside_its_project() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("demo");
    let said = limner_ok(home.path(), &["demo", text(&out)]);
    assert!(said.contains("question ") && out.join("vqa-ms-swift/limner-receipt.json").is_file(), "{said}");
    let checked = parsed(&limner_ok(home.path(), &["vqa", "check", text(&out.join("demo.limner")), "--json"]));
    assert_eq!((&checked["questions"], &checked["problems"]), (&checked["accepted"], &json!([])));
    let again = home.path().join("again");
    let _ = limner_ok(home.path(), &["demo", text(&again)]);
    let beside = std::fs::read_dir(&again).expect("made").flatten().map(|entry| entry.file_name());
    let beside: Vec<_> = beside.filter(|name| name.to_string_lossy().starts_with("demo.limner")).collect();
    assert_eq!(beside, ["demo.limner"]);
}

#[test]
fn a_wrong_name_is_wrong_usage_and_says_the_right_ones() {
    let home = tempfile::tempdir().expect("a folder");
    let project = painted(home.path());
    let output = limner(home.path(), &["vqa", "generate", text(&project), "--pair", "1:9"]);
    assert_eq!(output.status.code(), Some(2));
    let file = home.path().join("questions.json");
    let _ = limner_ok(home.path(), &["vqa", "generate", text(&project), "--out", text(&file)]);
    let check = ["vqa", "check", text(&project), "--questions", text(&file), "--profile", "hat"];
    let output = limner(home.path(), &check);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("vqa:gemex"));
}
