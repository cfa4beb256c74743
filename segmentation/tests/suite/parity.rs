//! Our network against PyTorch: the same weights and input give the same output, on every instruction set.
//!
//! The fixtures come from tests/data/parity.py: random weights, so that no two channels or taps can be mixed up.

use limner_imaging::Task;
use limner_segmentation::network::{Isa, Network, Plan, Weights};
use std::path::Path;

/// How far apart outputs of about 1 may lie: sums in another order, no more.
const TOLERANCE: f32 = 1e-4;

fn check(name: &str, inputs: usize, axes: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let path = folder.join(format!("{name}.json"));
    let plan = Plan::parse(&std::fs::read_to_string(&path).unwrap(), &path, None, inputs, 2).unwrap();
    let weights = Weights::read(&folder.join(format!("{name}.safetensors"))).unwrap();
    let shape = |channels| [channels].into_iter().chain(plan.patch[3 - axes..].iter().copied()).collect::<Vec<_>>();
    let input = weights.tensor("input", &shape(inputs)).unwrap();
    let expected = weights.tensor("output", &shape(2)).unwrap();
    for isa in Isa::available() {
        let network = Network::on(plan.clone(), &weights, isa).unwrap();
        let first = network.run(&input, plan.patch, &Task::default()).unwrap();
        let furthest = first.concat().iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(furthest < TOLERANCE, "{name} on {isa:?}: {furthest}");
        let kept = network.working_bytes();
        assert_eq!(first, network.run(&input, plan.patch, &Task::default()).unwrap(), "{name} on {isa:?}");
        assert_eq!(kept, network.working_bytes());
    }
}

#[test]
fn flat_networks_agree_with_pytorch() {
    check("flat", 3, 2);
}

#[test]
fn isotropic_networks_agree_with_pytorch() {
    check("isotropic", 8, 3);
}

#[test]
fn anisotropic_networks_agree_with_pytorch() {
    check("anisotropic", 2, 3);
}

#[test]
fn plans_and_weights_that_do_not_fit_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let text = std::fs::read_to_string(folder.join("flat.json")).unwrap();
    let path = Path::new("plans.json");
    let weights = Weights::read(&folder.join("isotropic.safetensors")).unwrap();
    let plan = Plan::parse(&text, path, None, 3, 2).unwrap();
    assert!(Network::new(plan.clone(), &weights).is_err());
    for (from, to) in [
        ("[2, 2]", "[3, 3]"),
        ("[3, 3]", "[5, 5]"),
        ("\"patch_size\": [24, 40]", "\"patch_size\": [25, 40]"),
        ("\"patch_size\": [24, 40]", "\"patch_size\": [24000000, 40]"),
        ("[8, 20, 24]", "[8, 20]"),
        ("[8, 20, 24]", "[8, 20, 0]"),
        ("ResidualEncoderUNet", "PlainConvUNet"),
        ("{", "["),
    ] {
        let broken = text.replace(from, to);
        assert_ne!(broken, text, "{from}");
        assert!(Plan::parse(&broken, path, None, 3, 2).is_err(), "{from} -> {to}");
    }
    let right = Weights::read(&folder.join("flat.safetensors")).unwrap();
    let network = Network::new(plan, &right).unwrap();
    assert!(network.run(&[0.0; 12], [1, 2, 2], &Task::default()).is_err());
    let task = Task::default();
    task.cancel.cancel();
    assert!(network.run(&[0.0; 3 * 24 * 40], [1, 24, 40], &task).unwrap_err().is_cancelled());
}
