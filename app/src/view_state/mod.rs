//! How pictures are shown: never part of the document, never undone, never able to change stored data.
//!
//! A stage holds viewports; each shows a plane or the volume of one picture with a camera and a window of its own.
//! Links carry a change of one viewport to those that are to follow it.

pub mod layout;
pub mod link;
pub mod solid;
pub mod stage;
pub mod viewport;

pub use layout::{Along, Arrangement, Node, Seam};
pub use link::Links;
pub use solid::{Cut, SolidView};
pub use stage::Stage;
pub use viewport::{Pane, Viewport, ViewportId};

use crate::action::Tool;
use limner_annotation::operations::region::PaintOver;
use limner_annotation::tools::Settings;
use serde::{Deserialize, Serialize};

/// What the hand holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hand {
    pub tool: Tool,
    pub settings: Settings,
    /// Which voxels paint may go over.
    pub rule: PaintOver,
    /// Whether the next prompt says "this" or "not this".
    pub positive: bool,
}

impl Default for Hand {
    fn default() -> Self {
        Self { tool: Tool::Window, settings: Settings::default(), rule: PaintOver::Shown, positive: true }
    }
}

impl Hand {
    pub fn resize_brush(&mut self, factor: f64) {
        self.settings.radius_mm = (self.settings.radius_mm * factor).clamp(0.1, 200.0);
    }
}
