//! Our session against nnInteractive's own, on the same small weights: the same channels bit for bit, and after each
//! prompt the same mask and the same changed box.
//!
//! The channels it made of prompts on made pictures are kept in tests/data (LIMNER_RECORD=1 asks it anew); whole sessions
//! on real pictures are asked for each time, where LIMNER_FULL=1 and its environment is there.

use crate::common::voxels;
use crate::scenario::{Hand, Played, judge_python, made, write};
use limner_imaging::{Geometry, Mask, Task, Volume, VoxelBox, World};
use limner_segmentation::evaluate::{self, robot::Dice};
use limner_segmentation::neural::Neural;
use limner_segmentation::{Engine as _, Prompt, Request, Session, Shape};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Masks of the two programs may differ by sums that were added in another order.
const LEAST_DICE: f64 = 0.999;

#[derive(Deserialize)]
struct Answer {
    runs: Vec<usize>,
    voxels: usize,
    changed: Option<VoxelBox>,
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn model() -> PathBuf {
    data().join("blobs")
}

pub fn full() -> bool {
    std::env::var("LIMNER_FULL").as_deref() == Ok("1")
}

/// The same network with a patch that a real object fits into. With the small one the official session goes over a
/// picture in hundreds of boxes for each prompt, since each answers for little more than what its margin leaves.
pub fn wide_model(home: &Path) -> PathBuf {
    let folder = home.join("blobs");
    std::fs::create_dir_all(folder.join("fold_0")).unwrap();
    for file in ["dataset.json", "inference_info.json", "fold_0/checkpoint_final.safetensors"] {
        std::fs::copy(model().join(file), folder.join(file)).unwrap();
    }
    let plans = std::fs::read_to_string(model().join("plans.json")).unwrap();
    let wide = plans.replace("[56, 64, 72]", "[80, 96, 96]");
    assert_ne!(wide, plans);
    std::fs::write(folder.join("plans.json"), wide).unwrap();
    folder
}

/// What the official package says to a scenario, `None` where it is not there.
fn asked(played: &[Played], model: &Path, what: &str) -> Option<String> {
    let python = judge_python("nninteractive")?;
    let folder = tempfile::tempdir().unwrap();
    write(played, model, folder.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/full/nninteractive.py");
    let answer = folder.path().join("answer.json");
    let done = Command::new(python)
        .arg(script)
        .arg(what)
        .arg(folder.path().join("scenario.json"))
        .arg(&answer)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(std::fs::read_to_string(answer).unwrap())
}

/// The kept answers, asked for anew first where the caller wants it.
fn kept(what: &str) -> String {
    let path = data().join(format!("nninteractive-{what}.json"));
    if std::env::var("LIMNER_RECORD").as_deref() == Ok("1") {
        std::fs::write(&path, asked(&made(), &model(), what).expect("the environment nninteractive is not there"))
            .unwrap();
    }
    std::fs::read_to_string(&path).unwrap()
}

fn whole(runs: &[usize], size: [usize; 3]) -> Mask {
    let voxels = runs.iter().enumerate().flat_map(|(n, &run)| std::iter::repeat_n(n % 2 == 1, run)).collect();
    Mask::from_voxels(VoxelBox::whole(size), voxels).unwrap()
}

/// Plays the sessions here and compares; returns how many prompts were compared.
fn compare(played: &[Played], model: &Path, answers: &str) -> usize {
    let answers: Vec<Vec<Answer>> = serde_json::from_str(answers).unwrap();
    let engine = Arc::new(Neural::open(model, "blobs").unwrap());
    let task = Task::default();
    let mut count = 0;
    for (one, answers) in played.iter().zip(&answers) {
        let engine: Arc<dyn limner_segmentation::Engine> = engine.clone();
        let mut session = Session::new(Arc::clone(&one.image), engine);
        assert_eq!(one.steps.len(), answers.len());
        for (n, (step, answer)) in one.steps.iter().zip(answers).enumerate() {
            let before = session.prediction().map_or(VoxelBox::default(), |p| p.mask.tight_box());
            session.add_all(step.clone(), &task).unwrap();
            let found = session.prediction().unwrap();
            let wanted = whole(&answer.runs, one.image.size());
            let both = found.mask.indices().filter(|&at| wanted.get(at)).count();
            let all = found.mask.count() + wanted.count();
            let dice = if all == 0 { 1.0 } else { 2.0 * both as f64 / all as f64 };
            let place = format!("{} step {n}", one.name);
            assert!(dice >= LEAST_DICE, "{place}: Dice {dice}, {} and {} voxels", found.mask.count(), answer.voxels);
            // A mask to start from changes all it covers and all that was there, which the official box leaves out.
            let mut changed = answer.changed.unwrap_or_default();
            if let Shape::Mask { mask, .. } = &step[step.len() - 1].shape {
                changed = changed.union(&before).union(&mask.tight_box());
            }
            assert_eq!(found.changed, changed, "{place}");
            count += step.len();
        }
    }
    count
}

#[test]
fn the_channels_are_the_official_ones_bit_for_bit() {
    let wanted: Vec<Vec<Vec<String>>> = serde_json::from_str(&kept("encode")).unwrap();
    let engine = Neural::open(&model(), "blobs").unwrap();
    let task = Task::default();
    for (one, looks) in made().iter().zip(&wanted) {
        let prompts: Vec<_> = one.steps.concat();
        let request = Request::new(&one.image, &prompts);
        for (&(centre, zoom), channels) in one.looks.iter().zip(looks) {
            let shown = engine.shown(&request, centre, zoom, &task).unwrap();
            let plane = shown.len() / 8;
            for (channel, wanted) in shown.chunks_exact(plane).skip(1).zip(channels) {
                let bytes: Vec<u8> = channel.iter().flat_map(|&x| half_bits(x).to_le_bytes()).collect();
                let found: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
                assert_eq!(&found, wanted, "{} from {centre:?} at {zoom}", one.name);
            }
        }
    }
}

/// A number that a 16-bit float holds exactly, as its bits; none is negative.
fn half_bits(value: f32) -> u16 {
    if value < 6.103_515_6e-5 {
        return (value * 16_777_216.0) as u16;
    }
    let bits = value.to_bits();
    (((bits >> 23) as i32 - 127 + 15) << 10) as u16 | (bits >> 13 & 0x3ff) as u16
}

/// Six volumes of the test data, from a seed.
fn real() -> Option<Vec<Played>> {
    let root = std::env::var("LIMNER_TEST_DATA").map_or_else(|_| "../shared/data".into(), PathBuf::from);
    let pairs = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(root).join("pairs");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(pairs).ok()?.filter_map(|e| e.ok().map(|e| e.path())).collect();
    folders.sort();
    let mut dice = Dice(2026);
    let mut played = Vec::new();
    while played.len() < 6 && !folders.is_empty() {
        let folder = folders.swap_remove(dice.below(folders.len()));
        let found = evaluate::read(&folder, &Task::default()).unwrap();
        let Some(case) = found.cases.first().filter(|c| c.image.size()[2] > 7 && c.image.channels() == 1) else {
            continue;
        };
        let (image, reference) = cut(&case.image, &case.reference);
        let size = image.size();
        let mut hand = Hand { reference: &reference, size, dice: Dice(played.len() as u64) };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let steps = hand.rounds();
        played.push(Played { name, image: Arc::new(image), steps, looks: Vec::new() });
    }
    Some(played)
}

/// The part of a picture around an object, so that a session takes minutes.
fn cut(image: &Volume, reference: &Mask) -> (Volume, Mask) {
    const LARGEST: [usize; 3] = [112, 112, 60];
    let (size, tight) = (image.size(), reference.tight_box());
    let min = std::array::from_fn(|a| {
        let middle = (tight.min[a] + tight.max[a]) / 2;
        middle.saturating_sub(LARGEST[a] / 2).min(size[a].saturating_sub(LARGEST[a]))
    });
    let part = VoxelBox::new(min, std::array::from_fn(|a| (min[a] + LARGEST[a]).min(size[a])));
    let map = &image.value_map;
    let value = |[i, j, k]: [usize; 3]| {
        let at = image.geometry.linear_index([i + min[0], j + min[1], k + min[2]]);
        (map.slope * image.samples().get(at) + map.intercept) as f32
    };
    let samples: Vec<f32> = voxels(part.size()).map(value).collect();
    let geometry = Geometry::axis_aligned(part.size(), World::default(), image.geometry.spacing_mm()).unwrap();
    let inside = |[i, j, k]: [usize; 3]| reference.get([i + min[0], j + min[1], k + min[2]]);
    (Volume::new(geometry, samples.into(), 1).unwrap(), Mask::from_fn(VoxelBox::whole(part.size()), inside))
}

#[test]
fn sessions_on_real_pictures_answer_as_the_official_ones_do() {
    if !full() {
        return;
    }
    let Some(played) = real() else {
        let _ = writeln!(std::io::stdout(), "real-data suites not run: 1");
        return;
    };
    assert_eq!(played.len(), 6);
    let home = tempfile::tempdir().unwrap();
    let model = wide_model(home.path());
    let answers =
        asked(&played, &model, "replay").expect("the environment nninteractive is not there: tests/judges/prepare.sh");
    assert!(compare(&played, &model, &answers) >= 60);
}

/// Folders that PyTorch writes are opened without it.
#[test]
fn folders_written_by_pytorch_open_and_answer() {
    if !full() {
        return;
    }
    let python = judge_python("nninteractive").expect("tests/judges/prepare.sh makes the environment");
    let home = tempfile::tempdir().unwrap();
    let judge = |arguments: &[&Path]| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/full/nninteractive.py");
        let done = Command::new(&python).arg(script).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let (same, large) = (home.path().join("same"), home.path().join("large"));
    judge(&[Path::new("folder"), &model(), &same]);
    judge(&[Path::new("large"), &large]);
    let image = &made()[0].image;
    let prompts = [Prompt::point([40, 33, 27], true)];
    let answer = |folder: &Path| {
        let engine = Neural::open(folder, "model").unwrap();
        (engine.predict(&Request::new(image, &prompts), &Task::default()).unwrap(), engine.license().map(str::to_owned))
    };
    let ((ours, license), (theirs, same_license)) = (answer(&model()), answer(&same));
    assert!(ours.mask.count() > 1000 && ours.mask == theirs.mask && ours.probability == theirs.probability);
    assert_eq!((license.as_deref(), same_license.as_deref()), (Some("MIT OR Apache-2.0"), license.as_deref()));
    // Random weights answer something; that all 102 million of them were found and used is what counts.
    let (found, license) = answer(&large);
    assert!(found.seconds > 0.0 && license.is_none());
}
