//! Consensus and records from files as people have them.

use limner_annotation::exchange::vqa::boxes;
use limner_annotation::review::agree::{Method, consense};
use limner_annotation::review::records::{self, Reading};
use limner_imaging::{Geometry, Samples, Task, Volume, World, formats};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn map(path: &Path, voxels: &[u8]) {
    let geometry = Geometry::axis_aligned([voxels.len(), 1, 1], World::new(5.0, 6.0, 7.0), [1.0, 2.0, 3.0]).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    formats::write(&Volume::new(geometry, Samples::U8(voxels.to_vec()), 1).unwrap(), path).unwrap();
}

#[test]
fn a_consensus_stands_beside_its_inputs() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    for (rater, one, two) in [
        ("r1", [0, 1, 1, 2, 2], [1, 1, 0, 0, 0]),
        ("r2", [0, 1, 1, 2, 0], [0, 0, 0, 1, 1]),
        ("r3", [0, 1, 0, 2, 2], [1, 1, 0, 0, 0]),
    ] {
        map(&path(rater).join("easy.nii.gz"), &one);
        map(&path(rater).join("hard.nrrd"), &two);
    }
    map(&path("r1").join("alone.nii"), &[1, 1]);
    let before = std::fs::read(path("r1").join("easy.nii.gz")).unwrap();
    let raters: Vec<(String, PathBuf)> = ["r1", "r2", "r3"].map(|name| (name.to_owned(), path(name))).to_vec();
    let task = Task::default();
    for (name, method) in Method::ALL {
        let out = path(name);
        let done = consense(&raters, method, &out, &task).unwrap();
        // The most disagreed case first.
        assert_eq!(done.cases.iter().map(|case| case.case.as_str()).collect::<Vec<_>>(), ["hard", "easy"]);
        assert_eq!((done.unmatched.len(), done.failed.len()), (1, 0));
        if method != Method::SoftMean {
            let map = formats::open_single(&out.join("easy.nii.gz"), &task).unwrap();
            assert_eq!((0..5).map(|n| map.value([n, 0, 0])).collect::<Vec<_>>(), [0.0, 1.0, 1.0, 2.0, 2.0], "{name}");
            assert_eq!(map.geometry.spacing_mm(), [1.0, 2.0, 3.0]);
        }
        assert!(consense(&raters, method, &out, &task).is_err(), "a folder with files is not written to");
    }
    let soft = formats::open_single(&path("soft-mean").join("easy_label_1.nii.gz"), &task).unwrap();
    assert!((soft.value([2, 0, 0]) - 2.0 / 3.0).abs() < 1e-6);
    for inside in [path("r1"), path("r2").join("consensus")] {
        assert!(consense(&raters, Method::Majority, &inside, &task).is_err());
    }
    assert_eq!(std::fs::read(path("r1").join("easy.nii.gz")).unwrap(), before);
}

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn figures(report: &records::RecordReport, model: &str, part: &str) -> BTreeMap<String, f64> {
    report.rows.iter().find(|row| row.model == model && row.part == part).unwrap().figures.clone()
}

#[test]
fn answers_are_read_matched_and_scored() {
    let home = tempfile::tempdir().unwrap();
    let truth = [
        r#"{"id":"q1","type":"organ","image":"a/1.png","keys":["A"],"choices":{"A":"liver","B":"spleen"}}"#,
        r#"{"id":"q2","type":"size","sha256":"ffee","value":20,"tolerance":2}"#,
        r#"{"id":"q3","type":"where","box":[20,20,100,60],"size":[200,100],"picture":1,"pictures":2}"#,
        r#"{"id":"q4","type":"where","box":[20,20,100,60],"size":[200,100],"picture":0,"pictures":2}"#,
        r#"{"id":"q5","type":"finding","text":"small effusion on the left"}"#,
    ];
    let boxed = "<|object_ref_start|>x<|object_ref_end|><|box_start|>(100,200),(500,600)<|box_end|>";
    let said = [
        // By path, by hash, by id.
        r#"{"image":"a/1.png","output":"The answer is A."}"#.to_owned(),
        r#"{"sha256":"ffee","output":"about 21 mm"}"#.to_owned(),
        format!(r#"{{"id":"q3","output":"In the second image: {boxed}"}}"#),
        format!(r#"{{"id":"q4","output":"In the second image: {boxed}"}}"#),
        r#"{"id":"q5","output":"A small effusion on the left."}"#.to_owned(),
        r#"{"id":"q9","output":"?"}"#.to_owned(),
    ];
    let reference = file(home.path(), "truth.jsonl", &truth.join("\n"));
    let good = file(home.path(), "good.jsonl", &said.join("\n"));
    let bad = file(home.path(), "bad.jsonl", r#"{"id":"q1","output":"A or B"}"#);
    let models = [("good".to_owned(), good), ("bad".to_owned(), bad)];
    let how = Reading { convention: boxes::by_name("qwen2-vl") };
    let report = records::compare(&reference, &models, how, &Task::default()).unwrap();
    let all = figures(&report, "good", "");
    // Right box, wrong picture in q4; one word more in q5.
    assert_eq!((all["accuracy"], all["parse_rate"]), (0.6, 1.0));
    assert_eq!((all["mean_iou"], all["right_box_wrong_picture"]), (0.5, 1.0));
    assert!((all["median_relative_error"] - 0.05).abs() < 1e-12 && all["token_f1"] > 0.9);
    let bad = figures(&report, "bad", "");
    assert_eq!((bad["accuracy"], bad["parse_rate"]), (0.0, 0.0));
    assert_eq!(report.parse_errors.len(), 1);
    assert_eq!(report.parse_errors[0].output, "A or B");
    assert_eq!(
        report.unmatched.iter().filter(|one| one.model == "good").map(|one| one.key.as_str()).collect::<Vec<_>>(),
        ["q9"]
    );
    assert_eq!(report.unmatched.iter().filter(|one| one.model == "bad").count(), 4);
    let html = records::html(&report, "Answers");
    assert!(html.contains("several choices are named") && !html.contains("NaN"));
}

#[test]
fn boxes_classes_and_landmarks_are_scored_from_their_files() {
    let home = tempfile::tempdir().unwrap();
    let task = Task::default();
    let coco = r#"{"images":[{"id":1,"file_name":"x/one.png"},{"id":2,"file_name":"x/two.png"}],
        "categories":[{"id":7,"name":"nodule"}],
        "annotations":[{"id":1,"image_id":1,"category_id":7,"bbox":[10,10,40,40]},{"id":2,"image_id":2,"category_id":7,"bbox":[5,5,50,50]}]}"#;
    let reference = file(home.path(), "truth.json", coco);
    let results = file(
        home.path(),
        "coco.json",
        r#"[{"image_id":1,"category_id":7,"bbox":[10,10,40,40],"score":0.9},{"image_id":9,"category_id":7,"bbox":[0,0,1,1],"score":0.9}]"#,
    );
    let table = file(
        home.path(),
        "table.csv",
        "image,category,x1,y1,x2,y2,score\nx/one.png,nodule,10,10,50,50,0.9\ntwo,7,5,5,55,55,0.8\ntwo,cyst,5,5,55,55,0.8\n",
    );
    let models = [("coco".to_owned(), results), ("table".to_owned(), table)];
    let report = records::compare(&reference, &models, Reading::default(), &task).unwrap();
    assert!((figures(&report, "coco", "")["ap"] - 51.0 / 101.0).abs() < 1e-9);
    assert_eq!((figures(&report, "table", "")["ap"], figures(&report, "table", "")["froc_score"]), (1.0, 1.0));
    assert_eq!(report.unmatched.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["9", "cyst"]);

    let reference = file(home.path(), "truth.csv", "case,label\na,ill\nb,well\nc,ill\nd,well\n");
    let shares =
        file(home.path(), "shares.csv", "case,p_ill,p_well\na,0.9,0.1\nb,0.2,0.8\nc,0.4,0.6\nd,0.3,0.7\ne,1,0\n");
    let report = records::compare(&reference, &[("shares".to_owned(), shares)], Reading::default(), &task).unwrap();
    let all = figures(&report, "shares", "");
    assert_eq!((all["accuracy"], all["macro_auc"]), (0.75, 1.0));
    assert_eq!((report.plots.len(), report.unmatched.len()), (2, 1));

    let reference = file(home.path(), "points.csv", "case,name,x,y,z\na,apex,0,0,0\na,base,10,0,0\n");
    let points = file(home.path(), "found.csv", "case,name,x,y,z\na,apex,0,3,0\n");
    let report = records::compare(&reference, &[("found".to_owned(), points)], Reading::default(), &task).unwrap();
    let all = figures(&report, "found", "");
    assert_eq!((all["mean_error_mm"], all["missing"], all["within_3_mm"]), (3.0, 1.0, 0.5));

    let broken = file(home.path(), "broken.csv", "case,name,x,y\na,apex,zero,0\n");
    let error = records::compare(&reference, &[("b".to_owned(), broken)], Reading::default(), &task).err().unwrap();
    assert!(error.to_string().contains("line 2") && error.to_string().contains("zero"), "{error}");
}
