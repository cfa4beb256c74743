//! The network on an adapter against PyTorch and against the network on the processor. Skipped in words where there is
//! no adapter, unless LIMNER_REQUIRE_GPU=1.

use crate::common::{dice, mm_from, noise, volume};
use crate::nninteractive::wide_model;
use limner_imaging::{Task, Volume, Voxel};
use limner_segmentation::gpu::{Abilities, GpuDevice, GpuNetwork, Wish};
use limner_segmentation::network::{Network, Plan, Weights};
use limner_segmentation::neural::{self, Runner};
use limner_segmentation::{Prompt, Session, Shape};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How far apart outputs of about 1 may lie.
const TOLERANCE: f32 = 1e-3;
/// The same where numbers of 16 bits are stored and multiplied.
const HALF_TOLERANCE: f32 = 2e-2;

/// The device all tests share; a device costs more than a small network.
pub fn device() -> Option<Arc<GpuDevice>> {
    static DEVICE: OnceLock<Option<Arc<GpuDevice>>> = OnceLock::new();
    let make = || match GpuDevice::own() {
        Ok(device) => Some(device),
        Err(error) => {
            assert!(std::env::var_os("LIMNER_REQUIRE_GPU").is_none_or(|v| v != "1"), "{error}");
            eprintln!("skipped: no adapter");
            None
        }
    };
    DEVICE.get_or_init(make).clone()
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// A network of the parity fixtures with its input and what PyTorch made of it.
struct Fixture {
    plan: Plan,
    weights: Weights,
    input: Vec<f32>,
    expected: Vec<f32>,
}

fn fixture(name: &str, inputs: usize, axes: usize) -> Fixture {
    let path = data().join(format!("{name}.json"));
    let plan = Plan::parse(&std::fs::read_to_string(&path).unwrap(), &path, None, inputs, 2).unwrap();
    let weights = Weights::read(&data().join(format!("{name}.safetensors"))).unwrap();
    let shape = |channels| [channels].into_iter().chain(plan.patch[3 - axes..].iter().copied()).collect::<Vec<_>>();
    let input = weights.tensor("input", &shape(inputs)).unwrap();
    let expected = weights.tensor("output", &shape(2)).unwrap();
    Fixture { plan, weights, input, expected }
}

fn furthest(a: &[Vec<f32>], b: &[f32]) -> f32 {
    let a = a.concat();
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn check(device: Arc<GpuDevice>, name: &str, inputs: usize, axes: usize) {
    let Fixture { plan, weights, input, expected } = fixture(name, inputs, axes);
    let network = GpuNetwork::new(device, plan.clone(), &weights, false).unwrap();
    let first = network.run(&input, plan.patch, &Task::default()).unwrap();
    let off = furthest(&first, &expected);
    eprintln!("{name}: off by {off:.1e}");
    assert!(off < TOLERANCE, "{name}: {off}");
    let kept = network.working_bytes();
    assert_eq!(first, network.run(&input, plan.patch, &Task::default()).unwrap(), "{name}");
    assert_eq!(kept, network.working_bytes());
}

#[test]
fn flat_networks_agree_with_pytorch() {
    let Some(device) = device() else { return };
    check(device, "flat", 3, 2);
}

#[test]
fn isotropic_networks_agree_with_pytorch() {
    let Some(device) = device() else { return };
    check(device, "isotropic", 8, 3);
}

#[test]
fn anisotropic_networks_agree_with_pytorch_without_anything_beyond_plain_arithmetic() {
    if device().is_none() {
        return;
    }
    let device = GpuDevice::plain().unwrap();
    assert_eq!(device.abilities, Abilities::default());
    check(device, "anisotropic", 2, 3);
}

#[test]
fn sixteen_bits_stay_near() {
    let Some(device) = device().filter(|device| device.abilities.half) else { return };
    let Fixture { plan, weights, input, expected } = fixture("isotropic", 8, 3);
    let network = GpuNetwork::new(device, plan.clone(), &weights, true).unwrap();
    assert!(network.is_half());
    let off = furthest(&network.run(&input, plan.patch, &Task::default()).unwrap(), &expected);
    eprintln!("16 bits: off by {off:.1e}");
    assert!(off > 1e-6 && off < HALF_TOLERANCE, "{off}");
}

#[test]
fn shares_are_those_of_the_processor() {
    let Some(device) = device() else { return };
    let Fixture { plan, weights, input, .. } = fixture("isotropic", 8, 3);
    let (task, size) = (Task::default(), plan.patch);
    let gpu = GpuNetwork::new(device, plan.clone(), &weights, false).unwrap();
    let found = gpu.shares(&input, size, &task).unwrap();
    let expected = Runner::run(&Network::new(plan, &weights).unwrap(), &input, size, &task).unwrap();
    assert_eq!(found.len(), expected.len());
    let one_apart = found.iter().zip(&expected).filter(|(a, b)| a != b).count();
    assert!(found.iter().zip(&expected).all(|(a, b)| a.abs_diff(*b) <= 1) && one_apart < 4, "{one_apart}");
}

#[test]
fn a_run_stops_where_it_is_told_to_and_sizes_that_do_not_fit_are_refused() {
    let Some(device) = device() else { return };
    let Fixture { plan, weights, input, .. } = fixture("isotropic", 8, 3);
    let network = GpuNetwork::new(device, plan.clone(), &weights, false).unwrap();
    assert!(network.run(&input, [1, 2, 2], &Task::default()).is_err());
    let task = Task::default();
    task.cancel.cancel();
    assert!(network.run(&input, plan.patch, &task).unwrap_err().is_cancelled());
    assert!(network.run(&input, plan.patch, &Task::default()).is_ok());
}

#[test]
fn a_lost_device_is_an_error_and_stays_one() {
    if device().is_none() {
        return;
    }
    let device = GpuDevice::own().unwrap();
    let Fixture { plan, weights, input, .. } = fixture("isotropic", 8, 3);
    let network = GpuNetwork::new(device.clone(), plan.clone(), &weights, false).unwrap();
    network.run(&input, plan.patch, &Task::default()).unwrap();
    device.lose();
    for _ in 0..2 {
        let error = network.run(&input, plan.patch, &Task::default()).unwrap_err();
        assert!(error.to_string().contains("no longer answers"), "{error}");
    }
    assert!(GpuNetwork::new(device, plan, &weights, false).is_err());
}

#[test]
fn a_window_that_loses_its_device_takes_nothing_with_it() {
    if device().is_none() {
        return;
    }
    let host = GpuDevice::own().unwrap();
    let shared = GpuDevice::of_window(host.device.clone(), host.queue.clone(), host.info().clone()).unwrap();
    let Fixture { plan, weights, input, .. } = fixture("isotropic", 8, 3);
    let network = GpuNetwork::new(shared, plan.clone(), &weights, false).unwrap();
    network.run(&input, plan.patch, &Task::default()).unwrap();
    host.device.destroy();
    assert!(network.run(&input, plan.patch, &Task::default()).is_err());
}

/// Blobs of two brightnesses, the one of interest well inside a patch.
fn picture() -> Arc<Volume> {
    let inside = |at, centre, radius| mm_from(at, centre, [1.0; 3]) <= radius;
    Arc::new(volume([36, 30, 20], [1.0; 3], |at| {
        let value = if inside(at, [14.0, 15.0, 10.0], 5.5) {
            90.0
        } else if inside(at, [26.0, 17.0, 9.0], 5.0) {
            60.0
        } else {
            10.0
        };
        value + 4.0 * noise(at)
    }))
}

#[test]
fn sessions_on_an_adapter_give_the_masks_of_the_processor_and_outlive_it() {
    if device().is_none() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let model = wide_model(home.path());
    // A patch that an adapter played by the processor is through with in a second.
    let plans = std::fs::read_to_string(model.join("plans.json")).unwrap();
    std::fs::write(model.join("plans.json"), plans.replace("[80, 96, 96]", "[16, 24, 24]")).unwrap();
    let open = |wish| neural::open_on(&model, "blobs", wish).unwrap();
    let (cpu, gpu) = (open(Wish::Cpu), open(Wish::Gpu));
    assert!(cpu.device() == "cpu" && gpu.device().contains("gpu, 32 bits"), "{}", gpu.device());
    let checked = gpu.computes().checked.unwrap();
    assert!(checked.is_right() && checked.off < 1e-3, "{}", checked.words());
    let task = Task::default();
    let mut sessions = [cpu, gpu.clone()].map(|engine| Session::new(picture(), engine));
    let line = [[12.0, 13.0, 10.0], [16.0, 17.0, 10.0]].map(|[i, j, k]| Voxel::new(i, j, k)).to_vec();
    for prompt in [
        Prompt::point([14, 15, 10], true),
        Prompt::point([24, 17, 9], false),
        Prompt::positive(Shape::Scribble { axis: 2, points: line }),
    ] {
        let [expected, found] =
            sessions.each_mut().map(|session| session.add(prompt.clone(), &task).unwrap().mask.clone());
        assert!(expected.count() > 100 && dice(&expected, &found) >= 0.999, "{} {}", expected.count(), found.count());
    }
    assert!(task.warnings.take().is_empty());
    // The adapter is gone in the middle of a session: the processor answers, says so once, and stays.
    GpuDevice::of_process(true).unwrap().lose();
    for (at, warned) in [([15, 16, 10], 1), ([13, 14, 10], 0)] {
        let [expected, found] =
            sessions.each_mut().map(|session| session.add(Prompt::point(at, true), &task).unwrap().mask.clone());
        assert_eq!(expected, found);
        let warnings = task.warnings.take();
        assert_eq!(warnings.len(), warned, "{warnings:?}");
    }
    let now = gpu.computes();
    assert!(now.on == "cpu" && now.fault && now.reason.as_ref().unwrap().contains("no longer answers"), "{now:?}");
}

#[test]
fn an_adapter_that_the_processor_plays_is_used_only_where_it_is_asked_for() {
    let Some(device) = device().filter(|device| device.is_software()) else { return };
    for wish in [Wish::Fastest, Wish::FastestLater] {
        let engine = neural::open_on(&data().join("blobs"), "blobs", wish).unwrap();
        let (start, reason) = (Instant::now(), || engine.computes().reason.unwrap());
        while reason().contains("being tried") && start.elapsed().as_secs() < 60 {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(reason().contains("no hardware") && reason().contains(device.name()), "{}", reason());
        assert!(engine.device() == "cpu" && !engine.computes().fault);
    }
}
