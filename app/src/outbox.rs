//! What views and panels ask for while they are drawn. They ask, they never change: the list is carried out after.

use crate::action::Action;
use crate::view_state::Pane;
use limner_annotation::LabelId;
use limner_imaging::View;
use limner_imaging::reslice::Raster;
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub enum Request {
    Act(Action),
    Gesture(Gesture),
    /// Wheel over a picture, in steps; positive is onwards.
    Scroll {
        pane: Pane,
        steps: isize,
    },
    /// Zoom about a raster pixel.
    Zoom {
        pane: Pane,
        pixel: [f64; 2],
        factor: f64,
    },
    /// The pointer is over a pane, in its pixels.
    Hover(Pane, Option<[f64; 2]>),
    ViewResized(Pane, [usize; 2]),
    /// Shows a pane alone, or all four again.
    Maximise(Pane),
    /// Turns the volume, by a drag in pixels.
    Turn([f64; 2]),
    Activate(Pane),
    OpenSeries(usize),
    OpenPath(PathBuf),
    OpenProject(PathBuf),
    SaveProjectAs(PathBuf),
    Export {
        format: &'static str,
        out: PathBuf,
    },
    SelectLabel(LabelId),
    RenameLabel {
        label: LabelId,
        name: String,
    },
    ShowLabel {
        label: LabelId,
        visible: bool,
    },
    LockLabel {
        label: LabelId,
        locked: bool,
    },
    LabelOpacity(f32),
    BrushRadius(f64),
    /// By wheel travel in points; positive is larger.
    ResizeBrush(f64),
    CancelJob(u64),
    DismissNotice(usize),
    CloseDialog,
}

impl Request {
    /// False for what is reported in every frame whether or not it is news.
    pub const fn changes_panels(&self) -> bool {
        !matches!(self, Self::Hover(..) | Self::ViewResized(..))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    Left,
    Middle,
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Press(Button),
    Move,
    Release(Button),
}

/// One step of a drag on a picture, as the hand made it: a slow frame may bring many.
#[derive(Clone, Copy, Debug)]
pub struct Gesture {
    pub view: View,
    pub phase: Phase,
    /// Where on the raster, in its pixels from the top left corner.
    pub pixel: [f64; 2],
    /// What the view showed when the step was made.
    pub raster: Raster,
}

#[derive(Default)]
pub struct Outbox(Vec<Request>);

impl Outbox {
    pub fn ask(&mut self, request: Request) {
        self.0.push(request);
    }

    pub fn act(&mut self, action: Action) {
        self.0.push(Request::Act(action));
    }

    pub fn drain(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.0)
    }
}
