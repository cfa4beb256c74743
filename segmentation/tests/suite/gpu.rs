//! The network on an adapter against PyTorch and against the network on the processor. Skipped in words where there is
//! no adapter, unless LIMNER_REQUIRE_GPU=1.

use limner_imaging::Task;
use limner_segmentation::gpu::{Abilities, GpuDevice, GpuNetwork};
use limner_segmentation::network::{Network, Plan, Weights};
use limner_segmentation::neural::Runner;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

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
