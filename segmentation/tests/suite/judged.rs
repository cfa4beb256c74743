//! The evaluation against an independent one in Python (tests/judges/evaluate.py): on the same masks it must make the
//! same clicks and give the same scores.

use crate::common::{bright, mm_from, noise, volume};
use crate::scenario::judge_python;
use limner_imaging::{Mask, Task, VoxelBox};
use limner_segmentation::engine::{Capabilities, changed_box};
use limner_segmentation::evaluate::{Case, Options, Protocol, watched};
use limner_segmentation::session::PackedMask;
use limner_segmentation::{Engine, Prediction, Prompt, Request, Result, Shape, models};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

#[derive(Deserialize)]
struct Judged {
    rounds: Vec<JudgedRound>,
    dsc_auc: f64,
    nsd_auc: f64,
}

#[derive(Deserialize)]
struct JudgedRound {
    click: Option<Click>,
    dice: f64,
    nsd: f64,
}

#[derive(Deserialize)]
struct Click {
    at: [usize; 3],
    positive: bool,
}

/// Answers with the truth spoiled in another place each time: errors of all sizes, many of them equally large.
struct Clumsy(Mask);

impl Engine for Clumsy {
    fn name(&self) -> &'static str {
        "clumsy"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    fn predict(&self, request: &Request, _: &Task) -> Result<Prediction> {
        let n = request.prompts.len();
        let mask = Mask::from_fn(VoxelBox::whole(request.image.size()), |[i, j, k]| {
            let spoiled = (i / 5 + 2 * (j / 4) + 3 * k + n).is_multiple_of(5 + n) || i < 3 * n;
            self.0.get([i, j, k]) ^ spoiled
        });
        let changed = changed_box(request.previous.map(|p| &p.mask), &mask);
        Ok(Prediction { mask, probability: None, changed, seconds: 0.5 })
    }
}

fn cases() -> Vec<Case> {
    let shapes: [([usize; 3], [f64; 3]); 3] =
        [([34, 30, 18], [0.8, 0.8, 2.5]), ([41, 27, 22], [1.0; 3]), ([60, 50, 1], [0.6, 0.9, 1.0])];
    let case = |(n, (size, spacing)): (usize, ([usize; 3], [f64; 3]))| {
        let centre = size.map(|x| x as f64 / 2.0 - 0.5);
        let inside = move |at| mm_from(at, centre, spacing) <= 8.0 || at[0] > 28 && at[1] < 9;
        let image = Arc::new(volume(size, spacing, |at| bright(inside(at), 90.0, 30.0) + 6.0 * noise(at)));
        let reference = Mask::from_fn(VoxelBox::whole(size), inside);
        Case { name: format!("case {n}"), label: 1, image, reference, scribbles: Vec::new() }
    };
    shapes.into_iter().enumerate().map(case).collect()
}

#[test]
fn clicks_and_scores_are_those_of_an_independent_evaluation() {
    let Some(python) = judge_python("evaluate") else {
        let _ = writeln!(std::io::stdout(), "the judge \"evaluate\" is not there: tests/judges/prepare.sh");
        assert!(std::env::var("LIMNER_REQUIRE_GPU").is_err(), "tests/run.sh makes the judges");
        return;
    };
    let mut games: Vec<Value> = Vec::new();
    let mut played = Vec::new();
    for case in cases() {
        let engines: [Arc<dyn Engine>; 2] =
            [models::open("classical").unwrap(), Arc::new(Clumsy(case.reference.clone()))];
        for engine in engines {
            for protocol in [Protocol::Cvpr, Protocol::Clicks] {
                let options = Options { protocol, rounds: protocol.usual_rounds(), jitter: false };
                let mut rounds: Vec<(Vec<Prompt>, Mask)> = Vec::new();
                let report = watched(&case, &engine, options, &Task::default(), &mut |prompts, mask| {
                    rounds.push((prompts.to_vec(), mask.clone()));
                })
                .unwrap();
                let answers: Vec<PackedMask> = rounds.iter().map(|(_, mask)| PackedMask(mask.clone())).collect();
                games.push(json!({"size": case.image.size(), "spacing_mm": case.image.geometry.spacing_mm(),
                    "protocol": protocol, "reference": PackedMask(case.reference.clone()), "answers": answers}));
                played.push((report, rounds));
            }
        }
    }
    let judged = ask(&python, &games);
    assert_eq!(judged.len(), played.len());
    for ((report, rounds), judged) in played.iter().zip(&judged) {
        assert_eq!(rounds.len(), judged.rounds.len());
        for ((round, (prompts, _)), judged) in report.rounds.iter().zip(rounds).zip(&judged.rounds) {
            let click = prompts.iter().find(|p| matches!(p.shape, Shape::Point { .. }));
            let wanted = judged.click.as_ref().map(|click| Prompt::point(click.at, click.positive));
            assert_eq!(click, wanted.as_ref(), "{}", report.case);
            assert!((round.dice - judged.dice).abs() < 1e-6, "{}: {} {}", report.case, round.dice, judged.dice);
            assert!((round.nsd - judged.nsd).abs() < 1e-3, "{}: {} {}", report.case, round.nsd, judged.nsd);
        }
        assert!((report.dsc_auc.unwrap() - judged.dsc_auc).abs() < 1e-6);
        assert!((report.nsd_auc.unwrap() - judged.nsd_auc).abs() < 5e-3);
    }
}

fn ask(python: &Path, games: &[Value]) -> Vec<Judged> {
    let folder = tempfile::tempdir().unwrap();
    let (asked, answered) = (folder.path().join("games.json"), folder.path().join("answers.json"));
    std::fs::write(&asked, serde_json::to_string(games).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/evaluate.py");
    let done = Command::new(python).arg(script).args([&asked, &answered]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_str(&std::fs::read_to_string(answered).unwrap()).unwrap()
}
