//! A blinded preference between two models, one of which was made the better: the lead finds it after unblinding, and the
//! readers' files do not say who is who.

use limner_annotation::entity::{AssignmentId, JudgementId, PredictionId};
use limner_annotation::records::{
    Assignment, AssignmentStatus, Blinding, Judgement, Payload, Prediction, PredictionModel, Protocol, ProtocolKind,
    Rater, RaterRole, Winner,
};
use limner_annotation::review::judged;
use limner_annotation::{Command, ImageEntry, Key, Project, share};
use limner_imaging::{Geometry, Samples, Task, Volume, World};
use std::path::Path;

const IMAGES: usize = 12;
const MODELS: [&str; 2] = ["GoodNet", "WeakNet"];

fn rater(pseudonym: &str) -> Rater {
    Rater { consent: true, ..Rater::new(pseudonym, RaterRole::Reader) }
}

fn prediction(image: &ImageEntry, model: &str, answer: &str) -> Prediction {
    Prediction {
        id: PredictionId::new(),
        model: PredictionModel { name: model.into(), version: None, sha256: None },
        run: Some(format!("MysteryRun {model}")),
        target: image.id.into(),
        raw_output: format!("{model} says {answer}"),
        keys: Vec::new(),
        answer: Some(answer.into()),
        content: Vec::new(),
        scores: Default::default(),
        parse_error: None,
    }
}

/// A project with two predictions an image, both given to both readers.
fn study(path: &Path) -> (Protocol, Vec<Rater>) {
    let mut project = Project::create(path, "study", "study-leader").unwrap();
    let geometry = Geometry::axis_aligned([4, 4, 1], World::default(), [1.0; 3]).unwrap();
    let protocol = Protocol {
        blinding: Blinding { source_hidden: true, order_random: true, seed: 42, shown_labels: Vec::new() },
        raters_per_item: 2,
        ..Protocol::new("which is better", ProtocolKind::Preference)
    };
    let raters = vec![rater("reader-a"), rater("reader-b")];
    let mut commands: Vec<Command> = raters.iter().cloned().map(Command::put).collect();
    commands.push(Command::put(protocol.clone()));
    for n in 0..IMAGES {
        let volume = Volume::new(geometry, Samples::U8(vec![n as u8; 16]), 1).unwrap();
        let image = ImageEntry::of_volume(&volume, format!("scan {n}.nii"), format!("scan {n}"));
        commands.push(Command::put(image.clone()));
        for (model, answer) in MODELS.into_iter().zip(["a clear outline", "a ragged outline"]) {
            let prediction = prediction(&image, model, answer);
            commands.push(Command::put(prediction.clone()));
            commands.extend(raters.iter().map(|rater| {
                Command::put(Assignment {
                    id: AssignmentId::new(),
                    protocol: protocol.id,
                    rater: rater.id,
                    item: prediction.id.into(),
                    order: n as u32,
                    status: AssignmentStatus::Open,
                    started: None,
                    ended: None,
                    active_ms: 0,
                })
            }));
        }
    }
    project.document_mut().apply("Plan the study", commands).unwrap();
    project.close().unwrap();
    (protocol, raters)
}

/// A reader who looks at the two sides and mostly likes the clearer one. How often the first of a pair stood left.
fn read(handout: &Path, protocol: &Protocol, rater: &Rater) -> usize {
    let mut project = Project::open(handout).unwrap();
    let contents = project.document().contents();
    let mut predictions: Vec<Prediction> = contents.all::<Prediction>().cloned().collect();
    assert_eq!(predictions.len(), 2 * IMAGES);
    assert!(predictions.iter().all(|one| one.model.name == "hidden" && one.raw_output.is_empty() && one.run.is_none()));
    predictions.sort_by_key(|one| (one.target, one.id));
    let assignments: Vec<Assignment> = contents.all::<Assignment>().cloned().collect();
    let mut commands = Vec::new();
    let mut left_first = 0;
    for (n, pair) in predictions.chunks(2).enumerate() {
        let (a, b): (Key, Key) = (pair[0].id.into(), pair[1].id.into());
        let first_left = judged::first_is_left(protocol, rater.id, a, b);
        assert_eq!(first_left, !judged::first_is_left(protocol, rater.id, b, a));
        left_first += usize::from(first_left);
        let (left, right) = if first_left { (0, 1) } else { (1, 0) };
        let clear = |side: usize| pair[side].answer.as_deref() == Some("a clear outline");
        let likes_left = clear(left) != (n == IMAGES - 1);
        let winner = if n % 6 == 4 {
            Winner::Tie
        } else if likes_left {
            Winner::A
        } else {
            Winner::B
        };
        let of = |key: Key| assignments.iter().find(|one| one.item == key).unwrap();
        let payload = Payload::Preference {
            a: pair[left].id.into(),
            b: pair[right].id.into(),
            winner,
            criterion: "overall".into(),
            granularity: None,
            reason: String::new(),
        };
        commands.push(Command::put(Judgement { id: JudgementId::new(), assignment: of(a).id, payload }));
    }
    project.document_mut().apply("Judge", commands).unwrap();
    project.close().unwrap();
    left_first
}

#[test]
fn a_blinded_preference_finds_the_better_model() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("study.limner");
    let (protocol, raters) = study(&path);
    let mut files = Vec::new();
    let mut left_first = 0;
    for rater in &raters {
        let file = home.path().join(format!("{}.limner", rater.pseudonym));
        let project = Project::open_read_only(&path).unwrap();
        share::handout(&project, &rater.pseudonym, &file, false, &Task::default()).unwrap();
        let bytes = std::fs::read(&file).unwrap();
        for secret in MODELS.into_iter().chain(["MysteryRun", "scan ", "study-leader"]) {
            assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret} is in the handout");
        }
        left_first += read(&file, &protocol, rater);
        files.push(file);
    }
    // Sides are dealt out by the seed, not all to one.
    assert!((3..=21).contains(&left_first), "{left_first}");
    let mut project = Project::open(&path).unwrap();
    for file in &files {
        let collected = share::collect(&mut project, file).unwrap();
        assert_eq!((collected.added, collected.conflicts.len()), (IMAGES, 0));
    }
    let judged = judged::judged(project.document().contents());
    let of = |name: &str| judged.preferences.iter().find(|one| one.source == name).unwrap();
    let (good, weak) = (of("GoodNet"), of("WeakNet"));
    assert_eq!((good.wins, good.ties, good.losses), (18, 4, 2));
    assert_eq!((weak.wins, weak.ties, weak.losses), (2, 4, 18));
    let rate = good.rate.unwrap();
    assert!(rate.value == 20.0 / 24.0 && rate.low > 0.5, "{rate:?}");
    assert_eq!(judged.raters.iter().map(|one| one.judgements).collect::<Vec<_>>(), [IMAGES, IMAGES]);
}
