//! What an engine understands, in the words of the protocol: clients grey their tools and size their brushes by it.

use crate::engine::Engine;
use crate::neural::Contract;
use serde_json::{Value, json};

/// The session whose rules are kept.
const VERSION: &str = "2.6.0";
/// What the official programs take for "nobody stated one".
const NO_LICENSE: &str = "!!MISSING!!";
/// Of an engine without weights: it is part of this program.
const OWN_LICENSE: &str = "MIT OR Apache-2.0";

pub fn of(engine: &dyn Engine) -> Value {
    let can = engine.capabilities();
    let training = engine.training();
    let usual = Contract::usual();
    let contract = training.map_or(&usual, |training| training.contract);
    let license = engine.license().unwrap_or(if training.is_some() { NO_LICENSE } else { OWN_LICENSE });
    let flat = contract.box_2d.or(usual.box_2d);
    json!({
        "supported_interactions": {"points": can.point, "bbox2d": can.box_2d, "bbox3d": can.box_3d,
            "lasso": can.lasso, "scribble": can.scribble},
        "channel_mapping": {"prev_seg": contract.previous, "points": contract.point.or(usual.point), "bbox2d": flat,
            "bbox3d": contract.box_3d.or(flat), "lasso": contract.lasso.or(usual.lasso),
            "scribble": contract.scribble.or(usual.scribble)},
        "num_interaction_channels": contract.channels,
        "supports_initial_label": can.mask,
        "supports_zero_shot_label_refinement": can.mask,
        "preferred_scribble_thickness": contract.scribble_thickness,
        "interaction_decay": contract.decay,
        "patch_size": training.map(|training| training.patch),
        "do_autozoom": true,
        "inference_session_version": VERSION,
        "license": license,
        "supports_undo": true,
        "server": concat!("limner ", env!("CARGO_PKG_VERSION")),
        "model": engine.name(),
        "device": engine.device(),
    })
}
