//! Everything a user can ask for, once. The menus, the keys, the palette and the key sheet read this list.

mod annotate;
mod ask;
mod groups;
mod used;

use crate::case::{Errand, errand};
use crate::keymap::{Chord, When};
use crate::review::{Act, act};
use crate::theme::icon;
use crate::view_state::{Along, Arrangement};
use crate::work::operation::Work;
use eframe::egui::{Key, KeyboardShortcut, Modifiers};
use limner_annotation::tools::{Makes, TOOLS, ToolId};
use limner_imaging::View;

pub use ask::Ask;
pub use used::Used;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    OpenSample,
    OpenFile,
    OpenFolder,
    Import,
    Relink,
    OpenPath,
    OpenProject,
    NewProject,
    Save,
    SaveProjectAs,
    Export,
    ExportNifti,
    ExportCoco,
    Quit,
    Undo,
    Redo,
    Accept,
    AcceptNext,
    Reject,
    RunModel,
    /// Takes what the pointer is over away, or the last corner of the path in hand.
    DeleteThing,
    NewLabel,
    /// By its digit key, from 0.
    PickLabel(usize),
    Work(Work),
    /// About the case as a whole.
    Case(Errand),
    /// About versions side by side.
    Review(Act),
    Tour,
    Tool(Tool),
    FlipSign,
    BrushLarger,
    BrushSmaller,
    Show(View),
    ShowSolid,
    FourUp,
    Arrange(Arrangement),
    Split(Along),
    CloseView,
    NextView,
    SecondWindow,
    Maximise,
    LinkPlace,
    LinkCamera,
    LinkWindow,
    NextSlice,
    PreviousSlice,
    FirstSlice,
    LastSlice,
    ZoomIn,
    ZoomOut,
    ResetView,
    WindowAsStored,
    /// Line of the table of windows in the settings.
    WindowPreset(usize),
    InvertWindow,
    ToggleLabels,
    ToggleText,
    TurnClockwise,
    MirrorView,
    PlayCine,
    NextTime,
    PreviousTime,
    Hang,
    ComparePrior,
    ToggleReferenceLines,
    NextSeries,
    PreviousSeries,
    CopyView,
    SaveView,
    SaveClip,
    Register,
    Ask(Ask),
    AdjustRegistration,
    ToggleBrowser,
    ToggleInspector,
    Palette,
    KeySheet,
    Settings,
    About,
}

/// What the left button does on a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    Window,
    Crosshair,
    /// One of the tools that say something about the picture.
    Use(ToolId),
}

impl Tool {
    /// In the order of the tool bar.
    pub const ALL: [Self; 2 + TOOLS.len()] = {
        let mut all = [Self::Window; 2 + TOOLS.len()];
        all[1] = Self::Crosshair;
        let mut n = 0;
        while n < TOOLS.len() {
            all[2 + n] = Self::Use(ToolId::at(n));
            n += 1;
        }
        all
    };

    pub const fn hint(self) -> &'static str {
        match self {
            Self::Window => "Drag to change contrast (across) and brightness (up and down)",
            Self::Crosshair => "Drag to move the point that all planes go through",
            Self::Use(tool) => tool.info().hint,
        }
    }

    /// The tool of the list that is in the hand.
    pub const fn used(self) -> Option<ToolId> {
        if let Self::Use(tool) = self { Some(tool) } else { None }
    }

    /// Whether it cuts what is seen in 3D.
    pub const fn cuts(self) -> bool {
        matches!(self, Self::Use(tool) if matches!(tool.info().makes, Makes::Scissors))
    }

    /// Whether it has a round tip of a size.
    pub const fn has_tip(self) -> bool {
        matches!(self, Self::Use(tool) if matches!(tool.info().makes, Makes::Dab { .. }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    File,
    Edit,
    Tools,
    Prompt,
    Paint,
    Label,
    Measure,
    Questions,
    Case,
    Review,
    View,
    Window,
    Help,
}

impl Menu {
    pub const ALL: [Self; 13] = [
        Self::File,
        Self::Edit,
        Self::Tools,
        Self::Prompt,
        Self::Paint,
        Self::Label,
        Self::Measure,
        Self::Questions,
        Self::Case,
        Self::Review,
        Self::View,
        Self::Window,
        Self::Help,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::Tools => "Tools",
            Self::Prompt => "Prompt",
            Self::Paint => "Paint",
            Self::Label => "Label",
            Self::Measure => "Measure",
            Self::Questions => "Questions",
            Self::Case => "Case",
            Self::Review => "Review",
            Self::View => "View",
            Self::Window => "Window",
            Self::Help => "Help",
        }
    }
}

#[derive(Clone, Copy)]
pub struct Entry {
    pub action: Action,
    pub menu: Menu,
    /// Ends in … where more is asked before anything happens.
    pub title: &'static str,
    /// In the OHIF profile; others differ by `keymap::PROFILES`.
    pub keys: &'static [Chord],
}

const fn chord(modifiers: Modifiers, key: Key, when: When) -> Chord {
    Chord { keys: KeyboardShortcut::new(modifiers, key), when }
}

const fn plain(key: Key) -> Chord {
    chord(Modifiers::NONE, key, When::Always)
}

/// Only while no annotation tool is in hand.
const fn reading(key: Key) -> Chord {
    chord(Modifiers::NONE, key, When::Reading)
}

const fn command(key: Key) -> Chord {
    chord(Modifiers::COMMAND, key, When::Always)
}

const fn shift(key: Key) -> Chord {
    chord(Modifiers::SHIFT, key, When::Always)
}

const fn command_shift(key: Key) -> Chord {
    chord(Modifiers::COMMAND.plus(Modifiers::SHIFT), key, When::Always)
}

const fn entry(action: Action, menu: Menu, title: &'static str, keys: &'static [Chord]) -> Entry {
    Entry { action, menu, title, keys }
}

/// In menu order: what is written here, then what the lists of tools, operations and errands bring.
pub const ACTIONS: &[Entry] = &{
    let (annotate, ask) = (annotate::entries(), ask::entries());
    const TOOLS_END: usize = FIXED.len() + annotate::COUNT;
    const ASK_END: usize = TOOLS_END + ask::COUNT;
    const CASE_END: usize = ASK_END + errand::ENTRIES.len();
    let mut all = [FIXED[0]; CASE_END + act::ENTRIES.len()];
    let mut n = 0;
    while n < all.len() {
        all[n] = if n < FIXED.len() {
            FIXED[n]
        } else if n < TOOLS_END {
            annotate[n - FIXED.len()]
        } else if n < ASK_END {
            ask[n - TOOLS_END]
        } else if n < CASE_END {
            errand::ENTRIES[n - ASK_END]
        } else {
            act::ENTRIES[n - CASE_END]
        };
        n += 1;
    }
    all
};

const FIXED: &[Entry] = &[
    entry(Action::OpenSample, Menu::File, "Open sample study", &[]),
    entry(Action::OpenFile, Menu::File, "Open file…", &[command(Key::O)]),
    entry(Action::OpenFolder, Menu::File, "Open folder…", &[command_shift(Key::O)]),
    entry(Action::OpenPath, Menu::File, "Open path…", &[command(Key::L)]),
    entry(Action::Import, Menu::File, "Import labels…", &[command_shift(Key::I)]),
    entry(Action::Relink, Menu::File, "Find moved pictures…", &[]),
    entry(Action::NewProject, Menu::File, "New project", &[command(Key::N)]),
    entry(Action::OpenProject, Menu::File, "Open project…", &[]),
    entry(Action::Save, Menu::File, "Save", &[command(Key::S)]),
    entry(Action::SaveProjectAs, Menu::File, "Save project as…", &[command_shift(Key::S)]),
    entry(
        Action::Export,
        Menu::File,
        "Export…",
        &[chord(Modifiers::COMMAND.plus(Modifiers::ALT), Key::E, When::Always)],
    ),
    entry(Action::ExportNifti, Menu::File, "Export label maps as NIfTI…", &[command(Key::E)]),
    entry(Action::ExportCoco, Menu::File, "Export instances as COCO…", &[command_shift(Key::E)]),
    entry(Action::Quit, Menu::File, "Quit", &[command(Key::Q)]),
    entry(Action::Undo, Menu::Edit, "Undo", &[command(Key::Z)]),
    entry(Action::Redo, Menu::Edit, "Redo", &[command(Key::Y), command_shift(Key::Z)]),
    entry(Action::DeleteThing, Menu::Edit, "Delete shape or prompt", &[plain(Key::Delete), plain(Key::Backspace)]),
    entry(Action::NewLabel, Menu::Label, "New label", &[command_shift(Key::N)]),
    entry(Action::Tool(Tool::Window), Menu::Tools, "Window and level", &[plain(Key::L)]),
    entry(Action::Tool(Tool::Crosshair), Menu::Tools, "Crosshair", &[plain(Key::C)]),
    entry(Action::FlipSign, Menu::Prompt, "Positive or negative prompt", &[plain(Key::W)]),
    entry(Action::RunModel, Menu::Prompt, "Run the model", &[command(Key::Enter)]),
    entry(Action::Accept, Menu::Prompt, "Accept proposal", &[plain(Key::Enter)]),
    entry(Action::AcceptNext, Menu::Prompt, "Accept and begin the next object", &[plain(Key::N)]),
    entry(Action::Reject, Menu::Prompt, "Reject proposal", &[plain(Key::Escape)]),
    entry(Action::BrushLarger, Menu::Paint, "Larger brush", &[plain(Key::CloseBracket)]),
    entry(Action::BrushSmaller, Menu::Paint, "Smaller brush", &[plain(Key::OpenBracket)]),
    entry(Action::Show(View::Axial), Menu::View, "Axial view", &[command(Key::Num1)]),
    entry(Action::Show(View::Coronal), Menu::View, "Coronal view", &[command(Key::Num2)]),
    entry(Action::Show(View::Sagittal), Menu::View, "Sagittal view", &[command(Key::Num3)]),
    entry(Action::ShowSolid, Menu::View, "3D view", &[command(Key::Num4)]),
    entry(Action::FourUp, Menu::View, "Three planes and 3D", &[plain(Key::M)]),
    entry(Action::Arrange(Arrangement::ONE), Menu::View, "One view", &[]),
    entry(Action::Arrange(Arrangement::grid(1, 2)), Menu::View, "Two views side by side", &[]),
    entry(Action::Arrange(Arrangement::grid(2, 1)), Menu::View, "Two views, one above the other", &[]),
    entry(Action::Arrange(Arrangement::grid(2, 2)), Menu::View, "Grid of 2 × 2 views", &[]),
    entry(Action::Arrange(Arrangement::grid(2, 3)), Menu::View, "Grid of 2 × 3 views", &[]),
    entry(Action::Arrange(Arrangement::grid(3, 3)), Menu::View, "Grid of 3 × 3 views", &[]),
    entry(Action::Arrange(Arrangement::grid(4, 4)), Menu::View, "Grid of 4 × 4 views", &[]),
    entry(Action::Split(Along::Across), Menu::View, "Split view to the right", &[command(Key::Backslash)]),
    entry(Action::Split(Along::Down), Menu::View, "Split view downwards", &[command_shift(Key::Backslash)]),
    entry(Action::CloseView, Menu::View, "Close view", &[command(Key::W)]),
    entry(Action::NextView, Menu::View, "Next view", &[command(Key::Tab)]),
    entry(Action::SecondWindow, Menu::Window, "Second window", &[command_shift(Key::M)]),
    entry(Action::Maximise, Menu::View, "Maximise view", &[command(Key::M)]),
    entry(Action::LinkPlace, Menu::View, "Link slices and crosshair", &[]),
    entry(Action::LinkCamera, Menu::View, "Link zoom and pan", &[]),
    entry(Action::LinkWindow, Menu::View, "Link windows", &[]),
    entry(Action::NextSlice, Menu::View, "Next slice", &[plain(Key::ArrowDown), plain(Key::ArrowRight)]),
    entry(Action::PreviousSlice, Menu::View, "Previous slice", &[plain(Key::ArrowUp), plain(Key::ArrowLeft)]),
    entry(Action::FirstSlice, Menu::View, "First slice", &[plain(Key::Home)]),
    entry(Action::LastSlice, Menu::View, "Last slice", &[plain(Key::End)]),
    entry(Action::ZoomIn, Menu::View, "Zoom in", &[plain(Key::Plus), plain(Key::Equals)]),
    entry(Action::ZoomOut, Menu::View, "Zoom out", &[plain(Key::Minus)]),
    entry(Action::ResetView, Menu::View, "Fit to view", &[plain(Key::Space)]),
    entry(Action::WindowAsStored, Menu::View, "Window as stored", &[reading(Key::Num0), plain(Key::Backtick)]),
    entry(Action::WindowPreset(0), Menu::View, "Window 1", &[plain(Key::F1), reading(Key::Num1)]),
    entry(Action::WindowPreset(1), Menu::View, "Window 2", &[plain(Key::F2), reading(Key::Num2)]),
    entry(Action::WindowPreset(2), Menu::View, "Window 3", &[plain(Key::F3), reading(Key::Num3)]),
    entry(Action::WindowPreset(3), Menu::View, "Window 4", &[plain(Key::F4), reading(Key::Num4)]),
    entry(Action::WindowPreset(4), Menu::View, "Window 5", &[plain(Key::F5), reading(Key::Num5)]),
    entry(Action::WindowPreset(5), Menu::View, "Window 6", &[plain(Key::F6), reading(Key::Num6)]),
    entry(Action::WindowPreset(6), Menu::View, "Window 7", &[plain(Key::F7), reading(Key::Num7)]),
    entry(Action::WindowPreset(7), Menu::View, "Window 8", &[plain(Key::F8), reading(Key::Num8)]),
    entry(Action::WindowPreset(8), Menu::View, "Window 9", &[plain(Key::F9), reading(Key::Num9)]),
    entry(Action::InvertWindow, Menu::View, "Invert grey", &[plain(Key::I)]),
    entry(Action::TurnClockwise, Menu::View, "Turn a quarter clockwise", &[reading(Key::R)]),
    entry(Action::MirrorView, Menu::View, "Mirror left and right", &[reading(Key::H)]),
    entry(Action::PlayCine, Menu::View, "Play or stop", &[command(Key::Space)]),
    entry(Action::NextTime, Menu::View, "Next time or frame", &[shift(Key::ArrowRight)]),
    entry(Action::PreviousTime, Menu::View, "Previous time or frame", &[shift(Key::ArrowLeft)]),
    entry(Action::Hang, Menu::View, "Hang the study by the rules", &[command(Key::H)]),
    entry(Action::ComparePrior, Menu::View, "Compare with the prior study", &[command(Key::D)]),
    entry(Action::ToggleReferenceLines, Menu::View, "Show reference lines", &[command(Key::R)]),
    entry(Action::NextSeries, Menu::View, "Next series", &[plain(Key::PageDown)]),
    entry(Action::PreviousSeries, Menu::View, "Previous series", &[plain(Key::PageUp)]),
    entry(Action::ToggleLabels, Menu::View, "Show labels", &[plain(Key::T)]),
    entry(Action::ToggleText, Menu::View, "Show text on pictures", &[command(Key::T)]),
    entry(Action::CopyView, Menu::View, "Copy view as picture", &[command_shift(Key::C)]),
    entry(Action::SaveView, Menu::View, "Save view as PNG…", &[command_shift(Key::P)]),
    entry(Action::SaveClip, Menu::View, "Save clip as GIF…", &[]),
    entry(Action::Register, Menu::View, "Register the other view to this one", &[]),
    entry(Action::AdjustRegistration, Menu::View, "Adjust registration by hand…", &[]),
    entry(Action::ToggleBrowser, Menu::Window, "Show series list", &[command(Key::B)]),
    entry(Action::ToggleInspector, Menu::Window, "Show labels panel", &[command(Key::I)]),
    entry(Action::Settings, Menu::Window, "Settings…", &[command(Key::Comma)]),
    entry(Action::Palette, Menu::Help, "Command palette…", &[command(Key::K)]),
    entry(Action::Tour, Menu::Help, "Tour of the sample study", &[]),
    entry(Action::KeySheet, Menu::Help, "Keys", &[plain(Key::Questionmark)]),
    entry(Action::About, Menu::Help, "About Limner", &[]),
];

impl Action {
    pub fn entry(self) -> Option<&'static Entry> {
        ACTIONS.iter().find(|e| e.action == self)
    }

    /// Tools and views act on the open picture; everything else can be asked for without one.
    pub fn needs_picture(self) -> bool {
        let on_view = self.entry().is_some_and(|e| {
            use Menu::{Case, Edit, File, Help, Questions, Review, Window};
            !matches!(e.menu, File | Edit | Questions | Case | Review | Window | Help)
        });
        on_view && !matches!(self, Self::ToggleText | Self::NextSeries | Self::PreviousSeries)
    }

    /// Reached by its key alone: a menu of nine digits helps nobody.
    pub const fn is_only_a_key(self) -> bool {
        match self {
            Self::PickLabel(_) => true,
            Self::Ask(ask) => ask.is_hidden(),
            _ => false,
        }
    }

    pub fn title(self) -> &'static str {
        self.entry().map_or("", |e| e.title)
    }

    /// More than the title says, where there is more to say.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Tool(tool) => tool.hint(),
            Self::Ask(ask) => ask.hint(),
            Self::Case(errand) => errand.hint(),
            Self::Review(act) => act.hint(),
            Self::Undo => "Take back the last step",
            Self::Redo => "Do the step again",
            Self::FourUp => "Axial, sagittal and coronal plane with the volume, all through one point",
            Self::LinkPlace => "Views go through the same point of the patient",
            Self::LinkCamera => "Planes that lie the same way are zoomed and moved together",
            Self::LinkWindow => "Pictures of one kind share their grey window",
            Self::Hang => "Series into views as the hanging rules want it; Settings, Hanging says how to change them",
            Self::SecondWindow => {
                "Views in a window of their own, for a second monitor; it comes back at the next start"
            }
            Self::ComparePrior => {
                "This picture at the left, the one like it from the patient's study before at the right"
            }
            Self::ToggleReferenceLines => "Where the planes of other pictures cut this one",
            Self::FlipSign => "Whether the next prompt says \"this\" or \"not this\"",
            Self::Accept => "Paint the proposed mask, as far as its outline, with the label in hand",
            Self::AcceptNext => "Paint the proposed mask, where there is one, and take a new label for the next object",
            Self::RunModel => "Ask the model with all prompts so far",
            Self::Reject => "Drop the proposed mask and its prompts",
            _ => "",
        }
    }

    pub fn icon(self) -> Option<&'static str> {
        Some(match self {
            Self::Tool(tool) => tool.icon(),
            Self::Ask(ask) => return ask.icon(),
            Self::Case(errand) => return errand.icon(),
            Self::Review(act) => return act.icon(),
            Self::OpenSample => icon::GRADUATION_CAP,
            Self::OpenFile => icon::FILE,
            Self::OpenFolder => icon::FOLDER_OPEN,
            Self::OpenProject => icon::PACKAGE,
            Self::Undo => icon::UNDO_2,
            Self::Redo => icon::REDO_2,
            Self::Accept => icon::CHECK,
            Self::AcceptNext => icon::LIST_CHECKS,
            Self::DeleteThing => icon::TRASH_2,
            Self::Tour => icon::LIGHTBULB,
            Self::Reject | Self::CloseView => icon::X,
            Self::NewLabel => icon::PLUS,
            Self::FourUp => icon::GRID_2X2,
            Self::Maximise => icon::MAXIMIZE_2,
            Self::PlayCine | Self::RunModel => icon::PLAY,
            Self::NextTime => icon::STEP_FORWARD,
            Self::PreviousTime => icon::STEP_BACK,
            Self::SecondWindow => icon::APP_WINDOW,
            Self::Hang => icon::LAYOUT_DASHBOARD,
            Self::ComparePrior => icon::HISTORY,
            Self::ToggleBrowser => icon::PANEL_LEFT,
            Self::ToggleInspector => icon::PANEL_RIGHT,
            Self::Settings => icon::SETTINGS,
            Self::KeySheet => icon::KEYBOARD,
            Self::Palette => icon::SEARCH,
            Self::CopyView => icon::COPY,
            Self::SaveView => icon::CAMERA,
            _ => return None,
        })
    }
}

impl Tool {
    pub fn icon(self) -> &'static str {
        match self {
            Self::Window => icon::CONTRAST,
            Self::Crosshair => icon::CROSSHAIR,
            Self::Use(tool) => annotate::icon_of(tool),
        }
    }

    /// Whether it says something about the picture: digits are then labels and not windows.
    pub const fn annotates(self) -> bool {
        matches!(self, Self::Use(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_action_stands_twice() {
        let mut actions = HashSet::new();
        for entry in ACTIONS {
            assert!(actions.insert(entry.action), "{} stands twice", entry.title);
        }
    }

    #[test]
    fn every_window_of_the_table_has_its_action() {
        for n in 0..crate::settings::WINDOWS {
            assert!(Action::WindowPreset(n).entry().is_some());
        }
    }
}
