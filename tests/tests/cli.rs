//! The command line that scripts rely on: exit codes, JSON and nothing else on stdout, and what the commands do.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use limner_imaging::{Geometry, Samples, Volume, World, formats};
use limner_tests::{limner, limner_ok, limner_program, root, with_home};
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
    // A folder without pictures is told beside what was found.
    let empty = desk.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let output = limner(Path::new(&desk.path("")), &["info", &empty, &sample("mr"), "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), said["series"].as_array().map(Vec::len)), (Some(1), Some(1)));
    let failed = &said["failed"][0];
    assert_eq!((&failed["path"], &failed["code"]), (&json!(empty), &json!("not_an_image")));
    assert_eq!(failed["error"], format!("no picture Limner knows is in this folder: {empty}"));
}

/// A bright cube, a point in it, and a small network: the adapter answers as the processor does, and is named.
#[test]
fn networks_run_where_the_command_line_says() {
    let desk = Desk::new();
    let model = root().join("segmentation/tests/data/blobs");
    std::fs::create_dir_all(desk.path("model/fold_0")).unwrap();
    for file in ["dataset.json", "inference_info.json", "fold_0/checkpoint_final.safetensors"] {
        std::fs::copy(model.join(file), desk.path(&format!("model/{file}"))).unwrap();
    }
    let plans = std::fs::read_to_string(model.join("plans.json")).unwrap();
    std::fs::write(desk.path("model/plans.json"), plans.replace("[56, 64, 72]", "[16, 16, 16]")).unwrap();
    let geometry = Geometry::axis_aligned([20, 18, 16], World::default(), [1.0; 3]).unwrap();
    let inside = |n: usize| [n % 20, n / 20 % 18, n / 360].iter().all(|x| (5..11).contains(x));
    let samples = (0..20 * 18 * 16).map(|n| if inside(n) { 200_i16 } else { 20 }).collect();
    let picture = Volume::new(geometry, Samples::I16(samples), 1).unwrap();
    formats::write(&picture, Path::new(&desk.path("cube.nii.gz"))).unwrap();
    let point = json!({"type": "point", "positive": true, "at": [8, 8, 8]});
    let prompts =
        json!({"schema": "limner.prompts/1", "space": "voxel", "objects": [{"label": 1, "rounds": [[point]]}]});
    std::fs::write(desk.path("p.json"), prompts.to_string()).unwrap();
    let (cube, points, folder) = (desk.path("cube.nii.gz"), desk.path("p.json"), desk.path("model"));
    let segment = |device: &str| {
        let out = desk.path(&format!("{device}.nii.gz"));
        let arguments = ["segment", &cube, "--prompts", &points, "-o", &out, "--model", &folder, "--json", "--device"];
        let report = desk.json(&[&arguments[..], &[device]].concat());
        (report["device"].as_str().unwrap().to_owned(), report["objects"][0]["rounds"][0]["voxels"].as_u64().unwrap())
    };
    let (device, voxels) = segment("cpu");
    assert_eq!(device, "cpu");
    if std::env::var("LIMNER_REQUIRE_GPU").as_deref() == Ok("1") {
        let (device, same) = segment("gpu");
        assert!(device.contains("(gpu, ") && same.abs_diff(voxels) <= voxels / 500, "{device}: {same} and {voxels}");
    }
    assert_eq!(desk.code(&["segment", &cube, "--prompts", &points, "-o", &desk.path("x.nii"), "--device", "tpu"]), 2);
    let doctor = limner(Path::new(&desk.path("")), &["doctor", "--json"]);
    let said: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let networks = said["checks"].as_array().unwrap().iter().find(|check| check["name"] == "networks").unwrap();
    assert!(networks["ok"] == true && !networks["found"].as_str().unwrap().is_empty(), "{networks}");
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

#[test]
fn what_cannot_be_added_keeps_nothing_out_and_damage_is_saved_as_far_as_it_goes() {
    let desk = Desk::new();
    let (project, saved) = (desk.path("study.limner"), desk.path("saved.limner"));
    let _ = desk.ok(&["project", "new", &project, "--author", "reader"]);
    assert_eq!(desk.code(&["project", "add", &project]), 2, "nothing was named");
    assert_eq!(desk.code(&["project", "add", &project, &desk.path("none.nii"), &sample("mr/mr.nii.gz")]), 1);
    assert_eq!(desk.json(&["project", "info", &project, "--json"])["images"].as_array().unwrap().len(), 1);
    let script = desk.path("steps.jsonl");
    let line = r#"{"command":"add_label","label":{"value":1,"name":"zebrafish"}}"#;
    std::fs::write(&script, line).unwrap();
    let _ = desk.ok(&["project", "edit", &project, "--script", &script]);
    let _ = desk.ok(&["project", "compact", &project]);
    let mut bytes = std::fs::read(&project).unwrap();
    let at = bytes.windows(9).position(|window| window == b"zebrafish").unwrap();
    bytes[at] = b'Z';
    std::fs::write(&project, bytes).unwrap();
    assert_eq!(desk.code(&["project", "info", &project]), 1);
    // The row is spoiled, the log is not.
    assert!(desk.ok(&["project", "recover", &project, &saved]).contains("step 2"));
    let info = desk.json(&["project", "info", &saved, "--json"]);
    assert_eq!((info["revision"].as_u64(), info["labels"][0]["name"].as_str()), (Some(2), Some("zebrafish")));
}

#[test]
fn a_reader_gets_a_file_of_their_own_and_brings_it_back() {
    let desk = Desk::new();
    let (project, handout) = (desk.path("study.limner"), desk.path("reader.limner"));
    let _ = desk.ok(&["project", "new", &project, "--name", "Secret study", "--author", "leader"]);
    let image = desk.ok(&["project", "add", &project, &sample("mr/mr.nii.gz")]);
    let image = image.trim();
    let ids: Vec<String> = (0..4).map(|n| format!("00000000-0000-7000-8000-00000000000{n}")).collect();
    let lines = [
        json!({"command": "add_label", "label": {"id": ids[0], "value": 1, "name": "Organ"}}),
        json!({"command": "put", "entity": {"rater": {"id": ids[1], "pseudonym": "r1", "role": "reader"}}}),
        json!({"command": "put", "entity": {"protocol": {"id": ids[2], "name": "annotate", "kind": "annotation"}}}),
        json!({"command": "put", "entity": {"assignment": {"id": ids[3], "protocol": ids[2], "rater": ids[1],
            "item": {"kind": "image", "id": image}, "order": 0}}}),
    ];
    let script = desk.path("steps.jsonl");
    let write = |lines: &[Value]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&script, text).unwrap();
    };
    write(&lines);
    let _ = desk.ok(&["project", "edit", &project, "--script", &script]);
    assert_eq!(desk.code(&["project", "handout", &project, "--rater", "nobody", "-o", &desk.path("x.limner")]), 1);
    let _ = desk.ok(&["project", "handout", &project, "--rater", "r1", "-o", &handout]);
    // The picture came along under a neutral name and is the one that was added.
    let _ = desk.ok(&["project", "verify", &handout]);
    let bytes = std::fs::read(&handout).unwrap();
    for secret in ["mr.nii", "Secret study", "leader"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    let mask = json!({"min": [10, 20, 5], "max": [13, 22, 6], "counts": [0, 6]});
    write(&[json!({"command": "paint", "image": image, "label": 1, "mask": mask})]);
    let _ = desk.ok(&["project", "edit", &handout, "--script", &script]);
    let collected = desk.json(&["project", "collect", &project, &handout, "--json"]);
    assert_eq!((&collected["files"][0]["added"], &collected["files"][0]["rater"]), (&json!(1), &json!("r1")));
    let again = desk.json(&["project", "collect", &project, &handout, "--json"]);
    assert_eq!((&again["files"][0]["added"], &again["files"][0]["conflicts"]), (&json!(0), &json!([])));
    let info = desk.json(&["project", "info", &project, "--json"]);
    let painted: Vec<_> = info["images"][0]["labels"].as_array().unwrap().iter().filter(|l| l["voxels"] == 6).collect();
    assert_eq!(painted[0]["name"], "Organ (r1)");
    assert_eq!(desk.code(&["project", "collect", &project, &project]), 1, "a project is no handout");
}

#[test]
fn ontologies_come_ready_and_travel_as_tables() {
    let desk = Desk::new();
    let project = desk.path("study.limner");
    let _ = desk.ok(&["project", "new", &project]);
    assert!(desk.ok(&["project", "ontology", "--list"]).contains("dental-fdi"));
    let _ = desk.ok(&["project", "ontology", &project, "--ready", "dental-fdi"]);
    let table = desk.path("teeth.csv");
    let _ = desk.ok(&["project", "ontology", &project, "--export", "Dental, FDI numbers", "-o", &table]);
    assert!(std::fs::read_to_string(&table).unwrap().contains("Tooth 36"));
    let _ = desk.ok(&["project", "ontology", &project, "--import", &table]);
    assert_eq!(desk.ok(&["project", "ontology", &project]).lines().count(), 2);
    std::fs::write(&table, "name,hat\na,b\n").unwrap();
    assert_eq!(desk.code(&["project", "ontology", &project, "--import", &table]), 1);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_command_without_half_a_file() {
    let desk = Desk::new();
    let (source, target) = (desk.path("noise.nii"), desk.path("noise.nii.gz"));
    // Noise does not pack, so writing it takes long enough to be stopped.
    let mut state = 1u32;
    let noise = (0..48 << 20).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let geometry = Geometry::axis_aligned([512, 512, 192], World::default(), [1.0; 3]).unwrap();
    let volume = Volume::new(geometry, Samples::U8(noise.collect()), 1).unwrap();
    formats::write(&volume, Path::new(&source)).unwrap();
    let mut command = std::process::Command::new(limner_program());
    with_home(&mut command, desk.0.path()).args(["convert", &source, &target]);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let begun =
        || std::fs::read_dir(desk.0.path()).unwrap().any(|e| e.unwrap().path().extension() == Some("part".as_ref()));
    while !begun() {
        assert_eq!(child.try_wait().unwrap(), None, "the file was written before it could be stopped");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!begun() && !Path::new(&target).exists(), "something was left behind");
}

#[test]
fn a_model_folder_is_checked_by_its_path() {
    let desk = Desk::new();
    let folder = root().join("segmentation/tests/data/blobs");
    let folder = folder.to_str().unwrap();
    let checked = desk.json(&["models", "check", folder, "--json"]);
    assert_eq!(checked["schema"], "limner.models.check/1");
    assert_eq!((&checked["model"], &checked["license"]), (&json!("blobs"), &json!("MIT OR Apache-2.0")));
    let can = &checked["capabilities"];
    assert_eq!((&can["box_2d"], &can["box_3d"], &can["box_3d_by_slice"]), (&json!(true), &json!(false), &json!(true)));
    assert!(checked["test"]["voxels"].is_number());
    let said = desk.ok(&["models", "check", folder]);
    assert!(said.contains("licence  MIT OR Apache-2.0") && said.contains("3D boxes by their middle slice"), "{said}");
    assert_eq!(desk.code(&["models", "check", &sample("mr")]), 1);
}

/// A server of the command line, ended with the test.
#[cfg(unix)]
struct Served(std::process::Child);

#[cfg(unix)]
impl Served {
    /// Starts one on a port of its own; what it says of its address comes back.
    fn new(desk: &Desk, arguments: &[&str], key: &str) -> (Self, String) {
        use std::io::BufRead as _;
        let mut command = std::process::Command::new(limner_program());
        with_home(&mut command, desk.0.path()).args(["serve", "--port", "0"]).args(arguments);
        command.env("LIMNER_SERVER_KEY", key).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
        said.read_line(&mut line).unwrap();
        // What it says later must not stop it.
        let drain = move || drop(std::io::copy(&mut said, &mut std::io::sink()));
        std::thread::Builder::new().name("drain".into()).spawn(drain).unwrap();
        let address = line.split(' ').find(|word| word.starts_with("http://")).unwrap_or_else(|| panic!("{line}"));
        (Self(child), address.to_owned())
    }

    fn interrupted(mut self) -> Option<i32> {
        let sent = std::process::Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.0.wait().unwrap().code()
    }
}

#[cfg(unix)]
impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[test]
fn a_server_answers_with_the_masks_this_machine_would_make() {
    let desk = Desk::new();
    let (served, address) = Served::new(&desk, &["--model", "classical", "--max-sessions", "1"], "room 7");
    let refused = limner(desk.0.path(), &["models", "check", &address]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("wants a key"));
    let checked = desk.json(&["models", "check", &address, "--key", "room 7", "--json"]);
    assert_eq!((&checked["license"], &checked["device"]), (&json!("MIT OR Apache-2.0"), &json!("server (cpu)")));
    let prompts = json!({"schema": "limner.prompts/1", "space": "voxel", "objects": [{"label": 3, "rounds": [
        [{"type": "point", "positive": true, "at": [40, 40, 12]}],
        [{"type": "box", "positive": true, "min": [30, 30, 12], "max": [55, 52, 13]}],
        [{"type": "point", "positive": false, "at": [10, 12, 12]}]]}]});
    std::fs::write(desk.path("prompts.json"), prompts.to_string()).unwrap();
    let segmented = |model: &str, out: &str| {
        let mut command = std::process::Command::new(limner_program());
        let (prompts, out) = (desk.path("prompts.json"), desk.path(out));
        with_home(&mut command, desk.0.path())
            .args(["segment", &sample("ct_baseline"), "--prompts", &prompts, "-o", &out, "--model", model, "--json"])
            .env("LIMNER_SERVER_KEY", "room 7");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let labels = formats::open_single(Path::new(&out), &limner_imaging::Task::default()).unwrap();
        (report["device"].clone(), labels.samples().sha256_hex())
    };
    // The only session there is was given back each time.
    for _ in 0..2 {
        assert_eq!(segmented(&address, "there.nii.gz").1, segmented("classical", "here.nii.gz").1);
    }
    assert_eq!(segmented(&address, "there.nii.gz").0, "server (cpu)");
    assert_eq!(served.interrupted(), Some(0));
    let gone = limner(desk.0.path(), &["models", "check", &address]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("cannot be reached"));
    assert_eq!(desk.code(&["serve", "--host", "0.0.0.0", "--port", "0"]), 1, "the room needs a key");
    assert_eq!(desk.code(&["serve", "--max-sessions", "0"]), 2);
}
