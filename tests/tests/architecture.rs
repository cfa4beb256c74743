//! The house of ARCHITECTURE.md, enforced: which crate may know which, and one graphics stack.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// Every edge between our crates that is allowed. `tests` and `xtask` stand outside the house and may look in.
const EDGES: &[(&str, &[&str])] = &[
    ("limner-imaging", &[]),
    ("limner-annotation", &["limner-imaging"]),
    ("limner-render", &["limner-imaging"]),
    ("limner-segmentation", &["limner-imaging"]),
    ("limner", &["limner-annotation", "limner-imaging", "limner-render", "limner-segmentation"]),
];

/// What only the application may import.
const APP_ONLY: &[&str] = &["egui", "eframe", "egui_kittest", "egui-wgpu", "rfd", "clap", "anyhow"];

#[expect(clippy::unwrap_used, reason = "a test: without metadata there is nothing to check")]
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = limner_tests::root().join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let normal = |kind| matches!(kind, DependencyKind::Normal | DependencyKind::Build);
    metadata
        .packages
        .into_iter()
        .map(|p| {
            let names = p.dependencies.into_iter().filter(|d| normal(d.kind)).map(|d| d.name).collect();
            (p.name.to_string(), names)
        })
        .collect()
}

#[test]
fn crates_know_only_those_below_them() {
    let all = dependencies();
    let ours: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in EDGES {
        let known = &all[*name];
        let edges: BTreeSet<&str> = known.iter().map(String::as_str).filter(|d| ours.contains(d)).collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(edges.is_subset(&allowed), "{name} imports {:?}", edges.difference(&allowed));
    }
}

#[test]
fn only_the_application_knows_the_window() {
    for (name, known) in dependencies() {
        if name == "limner" || !EDGES.iter().any(|(ours, _)| *ours == name) {
            continue;
        }
        let found: Vec<_> = known.iter().filter(|d| APP_ONLY.contains(&d.as_str())).collect();
        assert!(found.is_empty(), "{name} imports {found:?}");
    }
}

#[test]
fn there_is_one_wgpu() {
    let lock = std::fs::read_to_string(limner_tests::root().join("Cargo.lock")).unwrap();
    for name in ["wgpu", "wgpu-core", "naga", "egui"] {
        let count = lock.lines().filter(|line| *line == format!("name = \"{name}\"")).count();
        assert_eq!(count, 1, "Cargo.lock holds {count} versions of {name}");
    }
}
