//! Tools turn where the pointer was into masks, shapes and prompts. They know geometry, nothing of windows, and change
//! nothing themselves: a mask goes into a `Paint` command, a form into a shape, a prompt to an engine.
//!
//! A tool is a `ToolInfo`: how it gathers points from the hand (`path`), and what it makes of them. One file and one
//! line in `TOOLS`.

pub mod brush;
pub mod fill;
pub mod form;
pub mod grow;
pub mod handles;
pub mod histogram;
pub mod island;
pub mod lasso;
pub mod livewire;
pub mod path;
pub mod place;
pub mod polygon;
pub mod prompt;
pub mod range_brush;
pub mod scissors;
mod sheet;
pub mod smart_brush;
pub mod snap;

use crate::command::PaintMode;
use crate::shapes::{Form, Slice};
use limner_imaging::{Mask, Plane, Volume, World};
use path::Gather;

/// A tool as buttons, keys, menus and docs see it, and what it does.
#[derive(Clone, Copy, Debug)]
pub struct ToolInfo {
    /// The word in logs and settings.
    pub name: &'static str,
    pub title: &'static str,
    /// Pressed to choose it, where the tool has a key of its own.
    pub key: Option<char>,
    pub hint: &'static str,
    pub gather: Gather,
    pub makes: Makes,
}

/// What comes of the points.
#[derive(Clone, Copy, Debug)]
pub enum Makes {
    /// A question to an engine.
    Prompt(prompt::Ask),
    /// Paint at every move, from the last point to the new one.
    Dab { mode: PaintMode, mask: fn(&Scene<'_>, World, World) -> Mask },
    /// Paint once the points are complete. Fails with the reason where the place is wrong for it.
    Area { mode: PaintMode, mask: fn(&Scene<'_>, &[World]) -> Result<Mask, &'static str> },
    /// A shape on the slice, from points in its pixels.
    Shape(fn(Slice, &[[f64; 2]]) -> Option<Form>),
    /// A cut through the label as it is seen in 3D.
    Scissors,
}

impl Makes {
    /// Whether a label is needed: what is painted belongs to one.
    #[must_use]
    pub const fn needs_label(&self) -> bool {
        !matches!(self, Self::Shape(_))
    }
}

/// What a tool may look at while it works.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub volume: &'a Volume,
    /// The plane under the hand.
    pub plane: Plane,
    pub settings: &'a Settings,
    /// The label value at a voxel, on the layer that is painted.
    pub painted: &'a dyn Fn([usize; 3]) -> u16,
    /// The value of the label in the hand.
    pub label: u16,
    /// All that has this label on the layer.
    pub label_mask: &'a dyn Fn() -> Mask,
}

/// What the user has set for the tools.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Settings {
    pub radius_mm: f64,
    /// A ball through the slices instead of a disc on one.
    pub sphere: bool,
    /// The values that range tools paint; `None` until the first touch has set it.
    pub range: Option<[f64; 2]>,
    /// How far from what is under the pointer a value may be, in standard deviations around there.
    pub tolerance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { radius_mm: 8.0, sphere: false, range: None, tolerance: 2.5 }
    }
}

/// In the order of menus and the tool bar.
pub const TOOLS: &[ToolInfo] = &[
    prompt::POINT,
    prompt::SCRIBBLE,
    prompt::LASSO,
    prompt::BOX,
    prompt::BOX_3D,
    brush::BRUSH,
    brush::ERASER,
    range_brush::RANGE_BRUSH,
    smart_brush::SMART_BRUSH,
    lasso::LASSO_ADD,
    lasso::LASSO_CUT,
    polygon::POLYGON,
    livewire::LIVE_WIRE,
    fill::FILL,
    grow::GROW,
    island::KEEP_ISLAND,
    island::REMOVE_ISLAND,
    scissors::SCISSORS,
    form::RULER,
    form::BIDIRECTIONAL,
    form::ANGLE,
    form::COBB,
    form::RECTANGLE,
    form::ELLIPSE,
    form::OUTLINE,
    form::POLYLINE,
    form::ROTATED_BOX,
    form::BOX_3D,
    form::PROBE,
    form::LANDMARKS,
    form::INTERVAL,
];

/// Names a tool of the list; written as its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub struct ToolId(usize);

impl std::fmt::Debug for ToolId {
    /// The name, so that what is written down does not depend on the order of the list.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.info().name)
    }
}

impl ToolId {
    /// The tool with a name, as settings and scripts know it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TOOLS.iter().position(|tool| tool.name == name).map(Self)
    }

    /// The tool at a place of the list.
    ///
    /// # Panics
    /// Where the list is shorter; at compile time in a constant.
    #[must_use]
    pub const fn at(place: usize) -> Self {
        assert!(place < TOOLS.len(), "the list has no such tool");
        Self(place)
    }

    pub fn all() -> impl Iterator<Item = Self> {
        (0..TOOLS.len()).map(Self)
    }

    #[must_use]
    pub const fn info(self) -> &'static ToolInfo {
        &TOOLS[self.0]
    }
}

impl From<ToolId> for &'static str {
    fn from(tool: ToolId) -> Self {
        tool.info().name
    }
}

impl TryFrom<String> for ToolId {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::named(&name).ok_or_else(|| format!("there is no tool named {name:?}"))
    }
}

#[cfg(test)]
mod tests;
