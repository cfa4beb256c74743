//! The evaluation against itself: scores, areas and prompts that must come out as they are defined.

use crate::common::{bright, mm_from, noise, volume};
use limner_imaging::{Mask, Task, VoxelBox};
use limner_segmentation::engine::{Capabilities, changed_box};
use limner_segmentation::evaluate::robot::{self, Aim, Dice};
use limner_segmentation::evaluate::{Case, Options, Protocol, evaluate, read};
use limner_segmentation::{Engine, Prediction, Request, Result, models};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

const SIZE: [usize; 3] = [40, 36, 20];

fn inside(index: [usize; 3]) -> bool {
    mm_from(index, [18.0, 17.0, 10.0], [1.0; 3]) <= 7.0
}

fn case() -> Case {
    let image = Arc::new(volume(SIZE, [1.0; 3], |index| bright(inside(index), 90.0, 20.0) + 4.0 * noise(index)));
    let whole = VoxelBox::whole(SIZE);
    let drawn =
        |from: usize, to: usize| Mask::from_fn(whole, |[i, j, k]| (from..to).contains(&i) && j == 17 && k == 10);
    Case {
        name: "ball".into(),
        label: 1,
        image,
        reference: Mask::from_fn(whole, inside),
        scribbles: vec![[drawn(14, 22), drawn(30, 36)]],
    }
}

fn options(protocol: Protocol) -> Options {
    Options { protocol, rounds: protocol.usual_rounds(), jitter: false }
}

/// Answers with a larger part of the truth each time it is asked.
struct Learner;

impl Engine for Learner {
    fn name(&self) -> &'static str {
        "learner"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    fn predict(&self, request: &Request, _: &Task) -> Result<Prediction> {
        let known = 4 + 2 * request.prompts.len();
        let mask = Mask::from_fn(VoxelBox::whole(SIZE), |index| inside(index) && index[2] < known);
        let changed = changed_box(request.previous.map(|p| &p.mask), &mask);
        Ok(Prediction { mask, probability: None, changed, seconds: 0.25 })
    }
}

#[test]
fn every_protocol_scores_the_classical_engine_on_an_easy_case() {
    let engine = models::open("classical").unwrap();
    for protocol in Protocol::ALL {
        let report = evaluate(&[case()], &engine, options(protocol), &Task::default()).unwrap();
        let last = report.cases[0].rounds.last().unwrap();
        assert!(last.dice > 0.88 && last.nsd > 0.95, "{protocol:?}: {last:?}");
        assert_eq!(report.summary.to_dice_80.cases, 1);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(
            (json["schema"].as_str(), json["protocol"].as_str()),
            (Some("limner.evaluate/1"), Some(protocol.name()))
        );
        assert_eq!(Protocol::parse(protocol.name()), Some(protocol));
    }
}

#[test]
fn the_area_is_the_trapezoid_over_the_clicks_alone() {
    let engine: Arc<dyn Engine> = Arc::new(Learner);
    let report = evaluate(&[case()], &engine, options(Protocol::Cvpr), &Task::default()).unwrap();
    let row = &report.cases[0];
    assert_eq!(row.rounds.iter().map(|r| r.prompts).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let dice: Vec<f64> = row.rounds.iter().map(|r| r.dice).collect();
    assert!(dice.windows(2).all(|pair| pair[1] > pair[0]) && dice[0] < 0.4);
    let area = (dice[1] + dice[5]) / 2.0 + dice[2] + dice[3] + dice[4];
    assert!((row.dsc_auc.unwrap() - area).abs() < 1e-12);
    assert_eq!(report.summary.median_seconds, Some(0.25));
}

#[test]
fn jitter_moves_the_clicks_but_not_out_of_the_middle() {
    let (reference, nothing) = (case().reference, Mask::empty(VoxelBox::default()));
    let aimed = |aim, seed| robot::click(&reference, &nothing, SIZE, aim, &mut Dice(seed)).unwrap();
    assert_eq!(aimed(Aim::Centre, 1), aimed(Aim::Centre, 2));
    assert_eq!(aimed(Aim::Jittered, 1), aimed(Aim::Jittered, 1));
    let at: Vec<[usize; 3]> = (0..8).map(|seed| aimed(Aim::Jittered, seed).bounds(SIZE).min).collect();
    assert!(at.iter().all(|&at| mm_from(at, [18.0, 17.0, 10.0], [1.0; 3]) <= 4.5) && at.iter().any(|a| *a != at[0]));
}

#[test]
fn cases_are_read_from_folders_of_pairs() {
    let root = std::env::var("LIMNER_TEST_DATA").map_or_else(|_| "../shared/data".into(), std::path::PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(root).join("pairs");
    if !root.is_dir() {
        assert!(std::env::var("LIMNER_REQUIRE_DATA").as_deref() != Ok("1"), "the test data is required");
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stdout(), "real-data suites not run: 1");
        return;
    }
    let task = Task::default();
    let found = read(&root.join("ct_bladder_2609008_image"), &task).unwrap();
    assert!(found.failed.is_empty());
    let case = &found.cases[0];
    assert_eq!((found.cases.len(), case.label, case.reference.count(), case.scribbles.len()), (1, 255, 1181, 3));
    assert_eq!(
        case.scribbles.iter().map(|s| s.each_ref().map(Mask::count)).collect::<Vec<_>>(),
        [[291, 761], [312, 704], [484, 6711]]
    );
    let engine = models::open("classical").unwrap();
    let report = evaluate(&found.cases, &engine, options(Protocol::Human), &task).unwrap();
    assert!(report.summary.dsc_final.unwrap() > 0.9);
    assert!(read(&root.join("nothing here"), &task).is_err());
}
