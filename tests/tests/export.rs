//! `limner export` as a curator calls it: wishes that nothing fits are told, a release is made again, and a disk that is full
//! leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use limner_imaging::{Geometry, Samples, Volume, World, formats};
use limner_tests::{limner, limner_ok, limner_program, root, with_home};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A project of the sample's MR with one label painted.
struct Study {
    home: tempfile::TempDir,
    project: String,
}

impl Study {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
        let project = path("study.limner");
        let ok = |arguments: &[&str]| limner_ok(home.path(), arguments);
        let _ = ok(&["project", "new", &project, "--author", "reader 1"]);
        let mr = root().join("assets/sample/mr/mr.nii.gz");
        let image = ok(&["project", "add", &project, mr.to_str().unwrap()]);
        let label = json!({"command": "add_label", "label": {"value": 3, "name": "cube"}});
        let mask = json!({"min": [10, 20, 5], "max": [13, 22, 6], "counts": [0, 6]});
        let paint = json!({"command": "paint", "image": image.trim(), "label": 3, "mask": mask});
        let script = path("steps.jsonl");
        std::fs::write(&script, format!("{label}\n{paint}\n")).unwrap();
        let _ = ok(&["project", "edit", &project, "--script", &script]);
        std::fs::remove_file(&script).unwrap();
        Self { home, project }
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }

    fn export(&self, words: &[&str]) -> Output {
        limner(self.home.path(), &[&["export", self.project.as_str()], words].concat())
    }

    /// What lies in the home beside what was there before.
    fn others(&self) -> Vec<PathBuf> {
        let own = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("study.limner"));
        let all = std::fs::read_dir(self.home.path()).unwrap().flatten().map(|entry| entry.path());
        all.filter(|path| !own(path) && !path.ends_with("config") && !path.ends_with("data")).collect()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wishes_that_nothing_fits_are_told_with_what_there_is() {
    let study = Study::new();
    let dry = |words: &[&str]| study.export(&[&["--format", "coco-instances", "--dry-run"], words].concat());
    let misspelt = dry(&["--with", "Cube"]);
    assert!(!misspelt.status.success() && said(&misspelt).contains("\"cube\""), "{}", said(&misspelt));
    assert!(said(&dry(&["--by", "nobody"])).contains("nobody"));
    assert!(said(&dry(&["--modality", "us"])).contains("--modality"));
    assert!(said(&dry(&["--image", "case_00009"])).contains("case_00009"));
    let records = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap()["records"].clone();
    assert_eq!(records(&dry(&["--with", "cube", "--image", "case_00001"])), 1);
    let outside = dry(&["--crop", "4000,0,5000,9"]);
    assert!(outside.status.code() == Some(1) && String::from_utf8_lossy(&outside.stdout).contains("outside"));
    for wrong in [&["--crop", "1,2"][..], &["--size", "0x9"], &["--blacken", "case_00001"], &["--pin", "test=x"]] {
        assert_eq!(dry(wrong).status.code(), Some(2), "{wrong:?}");
    }
    assert!(study.others().is_empty(), "a dry run writes nothing: {:?}", study.others());
}

#[test]
fn a_release_is_kept_and_made_again() {
    let study = Study::new();
    let (first, again, changed) = (study.path("first"), study.path("again"), study.path("changed"));
    let set = ["--format", "paired-png", "--crop", "around=4", "--size", "64x64"];
    let made = study.export(&[&set[..], &["--release", "1.0.0", "--out", &first]].concat());
    assert!(made.status.success(), "{}", said(&made));
    let same = study.export(&["--again", "1.0.0", "--out", &again]);
    assert!(same.status.success(), "{}", said(&same));
    let label = r#"{"command":"add_label","label":{"value":9,"name":"late"}}"#;
    let script = study.path("steps.jsonl");
    std::fs::write(&script, label).unwrap();
    let _ = limner_ok(study.home.path(), &["project", "edit", &study.project, "--script", &script]);
    let other = study.export(&["--again", "1.0.0", "--out", &changed]);
    assert!(other.status.code() == Some(1) && said(&other).contains("labels.csv"), "{}", said(&other));
    let unknown = study.export(&["--again", "3", "--out", &study.path("none")]);
    assert!(said(&unknown).contains("1.0.0"), "{}", said(&unknown));
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing_that_looks_whole() {
    let study = Study::new();
    // A limit on the size of files fails in the middle of one as a full disk does; the project's own files fit into it.
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$@\"";
    for (format, more) in [("nnunet", &[][..]), ("stacks", &["--resume"])] {
        let out = study.path(format);
        let mut command = Command::new("bash");
        command.args(["-c", script, "limner"]).arg(limner_program());
        command.args(["export", &study.project, "--format", format, "--out", &out]).args(more);
        let output = with_home(&mut command, study.home.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{format}: {}", said(&output));
        assert!(!said(&output).is_empty() && !Path::new(&out).exists());
        let hidden = study.others();
        assert_eq!(hidden.is_empty(), more.is_empty(), "{hidden:?}");
        // With room again the same call ends well, whether it was to be gone on with or not.
        let words = [&["--format", format, "--out", &out], more].concat();
        let done = study.export(&words);
        assert!(done.status.success(), "{}", said(&done));
        let _ = limner_ok(study.home.path(), &["check", &out]);
        std::fs::remove_dir_all(&out).unwrap();
        assert!(study.others().is_empty(), "{:?}", study.others());
    }
}

/// One picture of white pixels on black.
fn mask(path: &str, size: [usize; 2]) {
    let grid = Geometry::axis_aligned([size[0], size[1], 1], World::default(), [1.0; 3]).unwrap();
    let samples = (0..size[0] * size[1]).map(|n| if n % size[0] < 3 { 255 } else { 0 }).collect();
    formats::write(&Volume::new(grid, Samples::U8(samples), 1).unwrap(), Path::new(path)).unwrap();
}

#[test]
fn an_export_ends_with_what_was_lost_and_its_receipt_keeps_it() {
    let study = Study::new();
    let (home, project) = (study.home.path(), study.project.as_str());
    let info: Value = serde_json::from_str(&limner_ok(home, &["project", "info", project, "--json"])).unwrap();
    let slice = json!({"axis": 2, "index": 5});
    let form = json!({"type": "ruler", "slice": slice, "ends": [[10.0, 10.0], [20.0, 10.0]]});
    let ruler = json!({"command": "add_shape", "shape": {"image": info["images"][0]["id"], "form": form}});
    let script = study.path("ruler.jsonl");
    std::fs::write(&script, ruler.to_string()).unwrap();
    let _ = limner_ok(home, &["project", "edit", project, "--script", &script]);
    let dry = study.export(&["--format", "nifti", "--dry-run"]);
    let out = study.path("maps");
    let output = study.export(&["--format", "nifti", "--out", &out]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("lost: shapes: 1, such as a ruler on case_00001"), "{told}");
    let receipt = std::fs::read(Path::new(&out).join("limner-receipt.json")).unwrap();
    let receipt: Value = serde_json::from_slice(&receipt).unwrap();
    let dry: Value = serde_json::from_slice(&dry.stdout).unwrap();
    assert_eq!(receipt["dry_run"]["lossy"], dry["lossy"]);
    let shapes = dry["lossy"].as_array().unwrap().iter().find(|lossy| lossy["field"] == "shapes").unwrap();
    assert_eq!(shapes["kinds"], json!({"ruler": 1}));
    // Which image a file is of, without a name that may be a patient's.
    let case = &receipt["cases"][0];
    assert_eq!((&case["case"], &case["image"]), (&json!("case_00001"), &info["images"][0]["id"]));
    assert!(case["sha256_samples"].is_string() && case.get("title").is_none() && case.get("source").is_none());
}

#[test]
fn a_mask_picture_is_imported_onto_the_slice_that_is_named() {
    let study = Study::new();
    let (home, project) = (study.home.path(), study.project.as_str());
    let look = || -> Value { serde_json::from_str(&limner_ok(home, &["project", "info", project, "--json"])).unwrap() };
    let size: Vec<usize> = serde_json::from_value(look()["images"][0]["size"].clone()).unwrap();
    let (right, wrong) = (study.path("lesion.png"), study.path("small.png"));
    mask(&right, [size[0], size[1]]);
    mask(&wrong, [8, 6]);
    let import = |file: &str, more: &[&str]| {
        limner(home, &[&["import", project, file, "--image", "case_00001"][..], more].concat())
    };
    let refused = import(&wrong, &["--slice", "6"]);
    let both = ["8 x 6".to_owned(), format!("{} x {}", size[0], size[1])];
    assert!(!refused.status.success() && both.iter().all(|one| said(&refused).contains(one)), "{}", said(&refused));
    assert!(said(&import(&right, &[])).contains("slices"), "a stack needs a slice");
    let read = import(&right, &["--slice", "6"]);
    assert!(read.status.success(), "{}", said(&read));
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "1 record read");
    let labels = look()["images"][0]["labels"].clone();
    let lesion = labels.as_array().unwrap().iter().find(|label| label["name"] == "lesion").unwrap().clone();
    assert_eq!(lesion["voxels"], 3 * size[1]);
}
