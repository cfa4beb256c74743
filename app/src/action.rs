//! Everything a user can ask for, once. The menus, the keys, the palette and the key sheet read this list.

use crate::view_state::{Along, Arrangement};
use eframe::egui::{Key, KeyboardShortcut, Modifiers};
use limner_imaging::View;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    OpenSample,
    OpenFile,
    OpenFolder,
    OpenPath,
    OpenProject,
    NewProject,
    SaveProjectAs,
    ExportNifti,
    ExportCoco,
    Quit,
    Undo,
    Redo,
    Accept,
    Reject,
    NewLabel,
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
    /// Index into `limner_imaging::window::CT_PRESETS`.
    WindowPreset(usize),
    InvertWindow,
    ToggleLabels,
    Palette,
    KeySheet,
}

/// What the left button does on a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    Window,
    Crosshair,
    Brush,
    Eraser,
    Scribble,
}

impl Tool {
    pub const ALL: [Self; 5] = [Self::Window, Self::Crosshair, Self::Brush, Self::Eraser, Self::Scribble];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Window => "Window",
            Self::Crosshair => "Crosshair",
            Self::Brush => "Brush",
            Self::Eraser => "Eraser",
            Self::Scribble => "Scribble",
        }
    }

    pub const fn hint(self) -> &'static str {
        match self {
            Self::Window => "Drag to change contrast (across) and brightness (up and down)",
            Self::Crosshair => "Drag to move the point that all planes go through",
            Self::Brush => "Drag to paint the selected label; Shift+wheel or [ ] changes the size",
            Self::Eraser => "Drag to erase the selected label; Shift+wheel or [ ] changes the size",
            Self::Scribble => "Draw through the object, let go, then Enter accepts the mask and Esc rejects it",
        }
    }

    pub const fn paints(self) -> bool {
        matches!(self, Self::Brush | Self::Eraser)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    File,
    Edit,
    Tools,
    View,
    Help,
}

impl Menu {
    pub const ALL: [Self; 5] = [Self::File, Self::Edit, Self::Tools, Self::View, Self::Help];

    pub const fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::Tools => "Tools",
            Self::View => "View",
            Self::Help => "Help",
        }
    }
}

pub struct Entry {
    pub action: Action,
    pub menu: Menu,
    /// Ends in … where more is asked before anything happens.
    pub title: &'static str,
    pub keys: &'static [KeyboardShortcut],
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn command(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn command_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const fn entry(action: Action, menu: Menu, title: &'static str, keys: &'static [KeyboardShortcut]) -> Entry {
    Entry { action, menu, title, keys }
}

/// In menu order.
pub const ACTIONS: &[Entry] = &[
    entry(Action::OpenSample, Menu::File, "Open sample study", &[]),
    entry(Action::OpenFile, Menu::File, "Open file…", &[command(Key::O)]),
    entry(Action::OpenFolder, Menu::File, "Open folder…", &[command_shift(Key::O)]),
    entry(Action::OpenPath, Menu::File, "Open path…", &[command(Key::L)]),
    entry(Action::NewProject, Menu::File, "New project", &[command(Key::N)]),
    entry(Action::OpenProject, Menu::File, "Open project…", &[]),
    entry(Action::SaveProjectAs, Menu::File, "Save project as…", &[command_shift(Key::S)]),
    entry(Action::ExportNifti, Menu::File, "Export label maps as NIfTI…", &[command(Key::E)]),
    entry(Action::ExportCoco, Menu::File, "Export instances as COCO…", &[command_shift(Key::E)]),
    entry(Action::Quit, Menu::File, "Quit", &[command(Key::Q)]),
    entry(Action::Undo, Menu::Edit, "Undo", &[command(Key::Z)]),
    entry(Action::Redo, Menu::Edit, "Redo", &[command(Key::Y), command_shift(Key::Z)]),
    entry(Action::Accept, Menu::Edit, "Accept proposal", &[plain(Key::Enter)]),
    entry(Action::Reject, Menu::Edit, "Reject proposal", &[plain(Key::Escape)]),
    entry(Action::NewLabel, Menu::Edit, "New label", &[command_shift(Key::N)]),
    entry(Action::Tool(Tool::Window), Menu::Tools, "Window", &[plain(Key::L)]),
    entry(Action::Tool(Tool::Crosshair), Menu::Tools, "Crosshair", &[plain(Key::C)]),
    entry(Action::Tool(Tool::Brush), Menu::Tools, "Brush", &[plain(Key::B)]),
    entry(Action::Tool(Tool::Eraser), Menu::Tools, "Eraser", &[plain(Key::E)]),
    entry(Action::Tool(Tool::Scribble), Menu::Tools, "Scribble", &[plain(Key::S)]),
    entry(Action::FlipSign, Menu::Tools, "Positive or negative prompt", &[plain(Key::W)]),
    entry(Action::BrushLarger, Menu::Tools, "Larger brush", &[plain(Key::CloseBracket)]),
    entry(Action::BrushSmaller, Menu::Tools, "Smaller brush", &[plain(Key::OpenBracket)]),
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
    entry(Action::WindowAsStored, Menu::View, "Window as stored", &[plain(Key::Num0)]),
    entry(Action::WindowPreset(0), Menu::View, "Window: soft tissue", &[plain(Key::F1), plain(Key::Num1)]),
    entry(Action::WindowPreset(1), Menu::View, "Window: lung", &[plain(Key::F2), plain(Key::Num2)]),
    entry(Action::WindowPreset(2), Menu::View, "Window: liver", &[plain(Key::F3), plain(Key::Num3)]),
    entry(Action::WindowPreset(3), Menu::View, "Window: bone", &[plain(Key::F4), plain(Key::Num4)]),
    entry(Action::WindowPreset(4), Menu::View, "Window: brain", &[plain(Key::F5), plain(Key::Num5)]),
    entry(Action::InvertWindow, Menu::View, "Invert grey", &[plain(Key::I)]),
    entry(Action::ToggleLabels, Menu::View, "Show labels", &[plain(Key::T)]),
    entry(Action::Palette, Menu::Help, "Command palette…", &[command(Key::K)]),
    entry(Action::KeySheet, Menu::Help, "Keys", &[plain(Key::Questionmark)]),
];

impl Action {
    pub fn entry(self) -> Option<&'static Entry> {
        ACTIONS.iter().find(|e| e.action == self)
    }

    /// Tools and views act on the open picture; everything else can be asked for without one.
    pub fn needs_picture(self) -> bool {
        self.entry().is_some_and(|e| matches!(e.menu, Menu::Tools | Menu::View))
    }

    pub fn title(self) -> &'static str {
        self.entry().map_or("", |e| e.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_chord_reaches_two_actions_and_no_action_stands_twice() {
        let mut chords = HashSet::new();
        let mut actions = HashSet::new();
        for entry in ACTIONS {
            assert!(actions.insert(entry.action), "{} stands twice", entry.title);
            for keys in entry.keys {
                assert!(chords.insert((keys.modifiers, keys.logical_key)), "{} shares a chord", entry.title);
            }
        }
    }

    #[test]
    fn every_preset_has_its_action() {
        for n in 0..limner_imaging::window::CT_PRESETS.len() {
            assert!(Action::WindowPreset(n).entry().is_some());
        }
    }
}
