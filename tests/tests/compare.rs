//! `limner compare`, `consensus` and `report` from end to end: what they write, what they refuse, and how much memory a
//! large study takes.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use limner_imaging::{Geometry, Samples, Volume, World, formats};
use limner_tests::{limner, limner_ok, limner_program, with_home};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Labels in a lattice of balls; `shift` moves them along columns.
fn map(size: [usize; 3], labels: usize, shift: usize) -> Vec<u8> {
    let mut voxels = vec![0; size.iter().product()];
    let across = (labels as f64).sqrt().ceil() as usize;
    let step = [size[0] / across, size[1] / labels.div_ceil(across)];
    for label in 0..labels {
        let middle =
            [step[0] / 2 + label % across * step[0] + shift, step[1] / 2 + label / across * step[1], size[2] / 2];
        let radius = [step[0] * 2 / 5, step[1] * 2 / 5, size[2] * 2 / 5].map(|r| r.max(1) as f64);
        for k in 0..size[2] {
            for j in middle[1].saturating_sub(step[1] / 2)..(middle[1] + step[1] / 2).min(size[1]) {
                for i in middle[0].saturating_sub(step[0] / 2)..(middle[0] + step[0] / 2).min(size[0]) {
                    let far = [i, j, k].into_iter().zip(middle).zip(radius);
                    if far.map(|((x, m), r)| (x.abs_diff(m) as f64 / r).powi(2)).sum::<f64>() < 1.0 {
                        voxels[(k * size[1] + j) * size[0] + i] = label as u8 + 1;
                    }
                }
            }
        }
    }
    voxels
}

fn write(path: &Path, size: [usize; 3], voxels: Vec<u8>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let geometry = Geometry::axis_aligned(size, World::new(1.0, 2.0, 3.0), [0.8, 0.9, 2.5]).unwrap();
    formats::write(&Volume::new(geometry, Samples::U8(voxels), 1).unwrap(), path).unwrap();
}

fn study(home: &Path) {
    let size = [40, 36, 12];
    for case in 0..3 {
        let at = |folder: &str| home.join(folder).join(format!("c{case}.nii.gz"));
        write(&at("reference"), size, map(size, 4, 0));
        write(&at("near"), size, map(size, 4, 1));
        write(&at("far"), size, map(size, 4, 2 + case));
    }
}

#[test]
fn a_comparison_says_in_every_form_what_it_found() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    study(home);
    let [reference, near, far] = ["reference", "near", "far"].map(|name| home.join(name));
    std::fs::write(home.join("people.csv"), "case,subject,group\nc0,s1,adult\nc1,s1,adult\nc2,s2,child\n").unwrap();
    let [html, csv, parquet, svg, people] =
        ["r.html", "r.csv", "r.parquet", "plots", "people.csv"].map(|name| home.join(name));
    let said = limner_ok(
        home,
        &[
            &[
                "compare",
                text(&reference),
                text(&near),
                text(&far),
                "--json",
                "--tolerance",
                "1",
                "--tolerance-of",
                "2=3",
            ][..],
            &["--lesions", "--centreline", "--subjects", text(&people), "--html", text(&html), "--csv", text(&csv)],
            &["--parquet", text(&parquet), "--svg", text(&svg)],
        ]
        .concat(),
    );
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["schema"], "limner.compare/1");
    let rows = said["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2 * 3 * 4);
    for row in rows {
        assert_eq!(row["tolerance_mm"], if row["label"] == 2 { 3.0 } else { 1.0 });
        assert!(row["dice"].as_f64().unwrap() < 1.0 && row["hd95_mm"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["volume_mm3"]["ref"].as_f64().unwrap() > 0.0 && row["centreline_dice"].is_number(), "{row}");
    }
    let of = |model: &str| said["models"].as_array().unwrap().iter().find(|m| m["model"] == model).unwrap().clone();
    assert!(of("near")["overall"]["dice"]["value"].as_f64() > of("far")["overall"]["dice"]["value"].as_f64());
    assert_eq!((&of("near")["subjects"], &said["unmatched"]), (&json!(2), &json!([])));
    assert!(of("far")["by_group"]["child"]["dice"]["value"].is_number());
    assert_eq!(said["worst_first"][0]["model"], "far");
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(
        page.starts_with("<!doctype html>") && page.matches("<svg").count() == 6 && !page.contains("src="),
        "{}",
        page.len()
    );
    assert_eq!(std::fs::read_to_string(&csv).unwrap().lines().count(), 25);
    assert!(std::fs::read(&parquet).unwrap().starts_with(b"PAR1"));
    assert_eq!(std::fs::read_dir(&svg).unwrap().count(), 6);

    // The same page again from what was said.
    let (kept, again) = (home.join("said.json"), home.join("again.html"));
    std::fs::write(&kept, said.to_string()).unwrap();
    let _ = limner_ok(home, &["report", text(&kept), "--html", text(&again)]);
    assert!(std::fs::read_to_string(&again).unwrap().contains("Worst first"));

    let code = |arguments: &[&str]| limner(home, arguments).status.code().unwrap();
    assert_eq!(code(&["compare", text(&reference), text(&near), "--tolerance", "-1"]), 2);
    assert_eq!(code(&["compare", text(&reference), text(&near), "--tolerance-of", "x"]), 2);
    assert_eq!(code(&["report", text(&kept)]), 2);
    assert_eq!(code(&["compare", text(&reference), text(&home.join("nothing"))]), 1);
}

#[test]
fn raters_are_brought_together_beside_their_maps() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    study(home);
    let [a, b, c, out] = ["reference", "near", "far", "consensus"].map(|name| home.join(name));
    let arguments = ["consensus", text(&a), text(&b), text(&c), "--method", "staple", "-o", text(&out), "--json"];
    let said: Value = serde_json::from_str(&limner_ok(home, &arguments)).unwrap();
    assert_eq!((&said["schema"], &said["cases"][0]["case"]), (&json!("limner.consensus/1"), &json!("c2")));
    let quality = said["cases"][0]["quality"].as_array().unwrap();
    assert_eq!(quality.len(), 3 * 4);
    assert!(quality.iter().all(|q| q["sensitivity"].as_f64().unwrap() > 0.0));
    assert!(out.join("c0.nii.gz").is_file());
    assert_eq!(limner(home, &arguments).status.code(), Some(1), "a folder with files is not written to");
    let out = home.join("x");
    let wrong = ["consensus", text(&a), text(&b), "--method", "vote", "-o", text(&out)];
    assert_eq!(limner(home, &wrong).status.code(), Some(2));
}

/// Runs the program and watches how much memory it takes at most, in MiB.
fn peak_mib(home: &Path, arguments: &[&str]) -> (u64, Value) {
    let mut command = Command::new(limner_program());
    let mut child = with_home(&mut command, home).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let watcher = std::thread::Builder::new().name("watch".into()).spawn(move || {
        let mut peak = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let Some(line) = text.lines().find(|line| line.starts_with("VmHWM:")) else { break };
            peak = line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024;
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        peak
    });
    let said = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
    assert!(child.wait().unwrap().success());
    (watcher.unwrap().join().unwrap(), serde_json::from_str(&said).unwrap())
}

/// A study of many cases takes no more memory than one of few. With LIMNER_FULL=1 the cases are as large as real ones;
/// LIMNER_REVIEW_CASES says how many (200 is the size that was asked for).
#[test]
fn a_large_study_takes_bounded_memory() {
    let full = std::env::var("LIMNER_FULL").is_ok_and(|v| v == "1");
    let cases =
        std::env::var("LIMNER_REVIEW_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(if full { 6 } else { 8 });
    let size = if full { [512, 512, 200] } else { [96, 96, 40] };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let models = ["reference", "m1", "m2", "m3", "m4", "m5"];
    for (shift, model) in models.iter().enumerate() {
        let first = home.join(model).join("case_0.nii.gz");
        write(&first, size, map(size, 20, shift));
        // The same voxels under other names: a study needs no more room on disk than its first case.
        (1..cases).for_each(|n| std::fs::hard_link(&first, home.join(model).join(format!("case_{n}.nii.gz"))).unwrap());
    }
    let folders: Vec<std::path::PathBuf> = models.iter().map(|name| home.join(name)).collect();
    let mut arguments = vec!["compare"];
    arguments.extend(folders.iter().map(|folder| text(folder)));
    arguments.push("--json");
    let (peak, said) = peak_mib(home, &arguments);
    assert_eq!(said["rows"].as_array().unwrap().len(), cases * 5 * 20);
    let seconds = said["seconds_per_case"].as_f64().unwrap();
    println!("{cases} cases x 5 models x 20 labels of {size:?}: {seconds:.2} s a case and model, {peak} MiB at most");
    let voxels = size.iter().product::<usize>() as u64;
    // Both maps as read and in two bytes a voxel, and what surfaces need.
    assert!(peak < 200 + voxels * 14 / (1 << 20), "{peak} MiB");
}
