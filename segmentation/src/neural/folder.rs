//! A model as a folder, laid out as nnU-Net lays it out: plans.json, dataset.json, inference_info.json, perhaps a
//! LICENSE whose first line names the licence, and fold_*/checkpoint_final.safetensors or .pth with the weights.

use super::Neural;
use super::contract::Contract;
use crate::error::{Error, Result};
use crate::gpu::{self, Wish};
use crate::network::{Plan, Weights};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Text files beside weights are small; anything larger is something else.
const LARGEST_TEXT_BYTES: u64 = 64 << 20;

const WEIGHTS: &str = "checkpoint_final.safetensors";
const PYTORCH: &str = "checkpoint_final.pth";

#[derive(Deserialize)]
struct Dataset {
    channel_names: Option<BTreeMap<String, serde_json::Value>>,
    /// What older files call them.
    modality: Option<BTreeMap<String, serde_json::Value>>,
}

/// Whether a folder looks like a network.
pub fn is_network(folder: &Path) -> bool {
    folder.join("plans.json").is_file() && folder.join("dataset.json").is_file()
}

impl Neural {
    /// Opens a model folder under its own name, on the processor.
    pub fn open(folder: &Path, name: &str) -> Result<Self> {
        Self::open_on(folder, name, Wish::Cpu)
    }

    /// Opens a model folder where it is wished to run.
    pub fn open_on(folder: &Path, name: &str, wish: Wish) -> Result<Self> {
        let broken = |path: &Path, reason: String| Error::Model { path: path.into(), reason };
        if !is_network(folder) {
            return Err(broken(folder, "a model folder holds plans.json and dataset.json; this one does not".into()));
        }
        let contract = Contract::read(folder)?;
        let path = folder.join("dataset.json");
        let dataset: Dataset = serde_json::from_str(&text(&path)?).map_err(|e| broken(&path, e.to_string()))?;
        let pictures = dataset.channel_names.or(dataset.modality).map_or(0, |channels| channels.len());
        if pictures == 0 {
            return Err(broken(&path, "the data set names no channels".into()));
        }
        let weights = Weights::read(&weights_of(folder)?)?;
        let path = folder.join("plans.json");
        let configuration = weights.configuration();
        let inputs = pictures + contract.beside_picture();
        let plan = Plan::parse(&text(&path)?, &path, configuration.as_deref(), inputs, 2)?;
        Self::new(name.into(), license(folder), contract, gpu::runner(plan, weights, wish)?)
    }
}

fn text(path: &Path) -> Result<String> {
    let unreadable = |source| Error::ReadModel { path: path.into(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST_TEXT_BYTES {
        return Err(Error::Model { path: path.into(), reason: "the file is too large to describe a model".into() });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// The weights of the only fold there is.
fn weights_of(folder: &Path) -> Result<PathBuf> {
    let broken = |reason: String| Error::Model { path: folder.into(), reason };
    let entries = std::fs::read_dir(folder).map_err(|source| Error::ReadModel { path: folder.into(), source })?;
    let is_fold = |path: &PathBuf| {
        path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("fold_"))
    };
    let mut folds: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).filter(is_fold).collect();
    folds.sort();
    let [fold] = &folds[..] else {
        return Err(broken(format!("the model folder holds {} folders fold_*; it needs one", folds.len())));
    };
    let found = [WEIGHTS, PYTORCH].map(|name| fold.join(name)).into_iter().find(|weights| weights.is_file());
    found.ok_or_else(|| broken(format!("it has neither {WEIGHTS} nor {PYTORCH}")))
}

/// The data set nnInteractive's own weights were trained on; their first release came without a LICENSE.
const OFFICIAL: &str = "Dataset225_nnInteractiveV2";
const OFFICIAL_LICENSE: &str = "CC BY-NC-SA 4.0";

/// The first line of LICENSE that says anything.
pub fn license(folder: &Path) -> Option<String> {
    if let Ok(text) = text(&folder.join("LICENSE")) {
        return text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
    }
    let plans: serde_json::Value = serde_json::from_str(&text(&folder.join("plans.json")).ok()?).ok()?;
    (plans["dataset_name"] == OFFICIAL).then(|| OFFICIAL_LICENSE.into())
}

/// What a network folder holds, in words for people.
pub fn about(folder: &Path) -> String {
    let path = folder.join("plans.json");
    let plan = text(&path).and_then(|text| Plan::parse(&text, &path, None, 1, 2));
    let is_flat = plan.is_ok_and(|plan| plan.patch[0] == 1);
    let sees = if is_flat { "one slice at a time" } else { "volumes" };
    format!("A network of its own folder, for {sees}")
}
