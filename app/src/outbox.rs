//! What views and panels ask for while they are drawn. They ask, they never change: the list is carried out after.

mod ask;

use crate::action::Action;
use crate::keymap::Profile;
use crate::model_choice::{Choice, ModelSettings};
use crate::panels::dialog::Purpose;
use crate::panels::export::Wish;
use crate::settings::{Look, NamedWindow};
use crate::view_state::viewport::Over;
use crate::view_state::{Links, SolidView, ViewportId};
use eframe::egui::Modifiers;
use glam::{DAffine3, DVec3};
use limner_annotation::operations::Operation;
use limner_annotation::operations::region::PaintOver;
use limner_annotation::records::Progress;
use limner_annotation::tools::Settings;
use limner_annotation::{ImageId, LabelId, ShapeId};
use limner_imaging::Window;
use limner_imaging::reslice::{Raster, Slab};
use std::path::PathBuf;

pub use ask::AskAct;

#[derive(Clone, Debug)]
pub enum Request {
    Act(Action),
    /// Called by its name in the palette, which remembers it.
    ByName(Action),
    Ask(AskAct),
    Gesture(Gesture),
    /// Wheel over a picture, in steps; positive is onwards.
    Scroll {
        viewport: ViewportId,
        steps: isize,
    },
    /// Zoom about a raster pixel.
    Zoom {
        viewport: ViewportId,
        pixel: [f64; 2],
        factor: f64,
    },
    /// The pointer is over a viewport, in its pixels.
    Hover(ViewportId, Option<[f64; 2]>),
    ViewResized(ViewportId, [usize; 2]),
    /// Fills the space with a viewport, or shows all again.
    Maximise(ViewportId),
    /// Turns the volume, by a drag in pixels.
    Turn(ViewportId, [f64; 2]),
    /// Moves the volume, by a drag in pixels.
    Pan(ViewportId, [f64; 2]),
    /// Turns a viewport's plane about an axis through its point.
    Tilt {
        viewport: ViewportId,
        axis: DVec3,
        radians: f64,
    },
    Activate(ViewportId),
    /// Moves the line after a part of a split by a share of it.
    MoveSeam {
        /// In the second window.
        beside: bool,
        path: Vec<usize>,
        after: usize,
        by: f32,
    },
    Link(Links),
    /// Which values are shown from black to white.
    Window(ViewportId, Window),
    /// A thick slice in place of a thin one, or the thin one again.
    Slab(ViewportId, Option<Slab>),
    /// How values become colour in 3D.
    Solid(ViewportId, SolidView),
    SetLook(Look),
    SetWindows(Vec<NamedWindow>),
    /// Who signs the work, as it is typed.
    SetReader(String),
    /// A file or folder was chosen: the next dialog begins there.
    Chosen(PathBuf),
    SetProfile(Profile),
    /// Gives an action a chord of the user's own, in words; `None` gives it back what the profile has.
    SetKey(Action, Option<String>),
    /// A frame, a time or a slice of what a viewport shows.
    Frame(ViewportId, usize),
    /// How many times as fast as they were taken frames go on.
    Speed(f64),
    /// Moves one picture to another by hand; a step where the hand let go.
    AdjustRegistration {
        fixed: ImageId,
        moving: ImageId,
        to: DAffine3,
        is_done: bool,
    },
    RemoveRegistration,
    /// Lays another picture over what a viewport shows, or takes it away.
    LayOver(ViewportId, Option<Over>),
    /// Puts the hanging rules where they can be edited.
    EditHanging,
    RereadHanging,
    /// Shows a series in a viewport, or in the active one.
    OpenSeries(usize, Option<ViewportId>),
    OpenPath(PathBuf),
    OpenProject(PathBuf),
    SaveProjectAs(PathBuf),
    SaveView(PathBuf),
    SaveClip(PathBuf),
    Export(ExportAct),
    /// What a study brings along and every other line of the series list, by its number.
    Companion(usize, CompanionAct),
    Label(LabelId, LabelAct),
    NewLabelNamed(String),
    Shape(ShapeId, ShapeAct),
    CopyMeasurements,
    ToolSettings(Settings),
    PaintOver(PaintOver),
    Model(ModelAct),
    CollectPrompts(bool),
    RemovePrompt(usize),
    /// Cuts through the label in hand as it is seen in 3D, along a line in the viewport's pixels.
    Cut {
        viewport: ViewportId,
        line: Vec<[f64; 2]>,
        keep_inside: bool,
    },
    /// Shows what an operation would make of the label in hand.
    Preview(Operation),
    /// On to the next step of the tour, or its end.
    Tour(bool),
    LabelOpacity(f32),
    /// By wheel travel in points; positive is larger.
    ResizeBrush(f64),
    /// About the case as a whole.
    Case(crate::case::Ask),
    /// About versions side by side.
    Review(crate::review::Ask),
    /// Asks for a file in a dialog.
    AskPath(Purpose),
    /// Labels of another program.
    Import(PathBuf),
    /// A folder to look for moved pictures in.
    Relink(PathBuf),
    CancelJob(u64),
    DismissNotice(usize),
    CloseDialog,
}

/// What is asked about models.
#[derive(Clone, Debug)]
pub enum ModelAct {
    Use(Choice),
    /// Asks the server what it is.
    Test,
    /// What was typed.
    Keep(ModelSettings),
    PickFolder,
    /// The page where they are chosen.
    Show,
}

/// What is asked about one label.
#[derive(Clone, Debug)]
pub enum LabelAct {
    Select,
    Rename(String),
    Show(bool),
    ShowOnly,
    /// Without its fill.
    OutlineAlone(bool),
    Lock(bool),
    Colour([u8; 3]),
    /// Puts it under another one, or on the top level.
    Under(Option<LabelId>),
    Delete,
    Duplicate,
    MergeInto(LabelId),
    /// Every island becomes a label.
    Split,
    JumpTo,
    /// Goes on with the prompts it came from.
    Refine,
    /// How far the work on it is, on the picture in view.
    Progress(Progress),
}

/// What is asked about a line of the series list.
#[derive(Clone, Copy, Debug)]
pub enum CompanionAct {
    /// Lays what a study brings along over its picture, or takes it away again.
    Show,
    /// Makes it part of the project.
    Import,
    /// Takes its picture out of the project. What goes with it is told first, unless it has been.
    TakeOut { is_told: bool },
    /// Takes off the list what is in no project.
    TakeOff,
}

/// What is asked about one shape.
#[derive(Clone, Debug)]
pub enum ShapeAct {
    JumpTo,
    Delete,
    Name(String),
    Label(Option<LabelId>),
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
    pub viewport: ViewportId,
    /// The picture it was made on.
    pub image: ImageId,
    pub phase: Phase,
    /// Where on the raster, in its pixels from the top left corner.
    pub pixel: [f64; 2],
    /// What the viewport showed when the step was made: its plane may lie any way.
    pub raster: Raster,
    pub modifiers: Modifiers,
    /// How hard a pen or finger presses, from 0 to 1; a mouse does not say.
    pub pressure: Option<f32>,
}

#[derive(Default)]
pub struct Outbox(Vec<Request>);

impl Outbox {
    pub fn ask(&mut self, request: Request) {
        self.0.push(request);
    }

    pub fn about_questions(&mut self, act: AskAct) {
        self.0.push(Request::Ask(act));
    }

    pub fn act(&mut self, action: Action) {
        self.0.push(Request::Act(action));
    }

    pub fn drain(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportAct {
    /// What is asked for has changed.
    Look,
    ChooseFolder(Wish),
    Write {
        format: &'static str,
        out: PathBuf,
    },
}
