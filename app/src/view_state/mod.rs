//! How pictures are shown: never part of the document, never undone, never able to change stored data.
//!
//! A stage holds viewports; each shows a plane or the volume of one picture with a camera and a window of its own.
//! Links carry a change of one viewport to those that are to follow it.

pub mod layout;
pub mod link;
pub mod stage;
pub mod viewport;

pub use layout::{Along, Arrangement, Node, Seam};
pub use link::Links;
pub use stage::Stage;
pub use viewport::{Pane, Viewport, ViewportId};

use crate::action::Tool;
use serde::{Deserialize, Serialize};

/// What the hand holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hand {
    pub tool: Tool,
    pub brush_radius_mm: f64,
    /// Whether the next prompt says "this" or "not this".
    pub positive: bool,
}

impl Default for Hand {
    fn default() -> Self {
        Self { tool: Tool::Window, brush_radius_mm: 8.0, positive: true }
    }
}

impl Hand {
    pub fn resize_brush(&mut self, factor: f64) {
        self.brush_radius_mm = (self.brush_radius_mm * factor).clamp(0.1, 200.0);
    }
}
