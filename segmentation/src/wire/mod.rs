//! How nnInteractive's server and its clients talk (version 2.6): which places there are, and arrays in transit.
//!
//! Everything that comes in is somebody else's: sizes are proved before memory is taken, and what does not fit is
//! refused with the reason.

mod array;
mod chunk;
mod pack;

pub use array::{Array, Dtype, Unreadable, unpack};
pub use pack::pack;

/// Which session a request is about.
pub const LEASE_HEADER: &str = "x-lease-token";
/// What is said beside an array, as JSON.
pub const META_HEADER: &str = "x-meta";
pub const OCTETS: &str = "application/octet-stream";
pub const JSON: &str = "application/json";

/// Where the key is looked for when none is named: our own variable, then the one the official programs read.
pub const KEY_VARIABLES: [&str; 2] = ["LIMNER_SERVER_KEY", "NN_INTERACTIVE_API_KEY"];

/// Where a server listens when nothing else is said.
pub const PORT: u16 = 1527;

/// The places of the protocol.
pub mod path {
    pub const HEALTH: &str = "/healthz";
    pub const CAPABILITIES: &str = "/capabilities";
    pub const CLAIM: &str = "/claim";
    pub const RELEASE: &str = "/release";
    pub const HEARTBEAT: &str = "/heartbeat";
    pub const LEASE_STATUS: &str = "/lease_status";
    pub const SET_IMAGE: &str = "/set_image";
    pub const SET_TARGET_BUFFER: &str = "/set_target_buffer";
    pub const SET_DO_AUTOZOOM: &str = "/set_do_autozoom";
    pub const RESET_INTERACTIONS: &str = "/reset_interactions";
    pub const UNDO: &str = "/undo";
    pub const PREDICT: &str = "/predict";
    pub const ADD_POINT: &str = "/add_point_interaction";
    pub const ADD_BOX: &str = "/add_bbox_interaction";
    pub const ADD_SCRIBBLE: &str = "/add_scribble_interaction";
    pub const ADD_LASSO: &str = "/add_lasso_interaction";
    pub const ADD_INITIAL_SEG: &str = "/add_initial_seg_interaction";
}

/// The key of the environment, where there is one.
#[must_use]
pub fn key_of_environment() -> Option<String> {
    KEY_VARIABLES.iter().find_map(|name| std::env::var(name).ok().filter(|key| !key.is_empty()))
}
