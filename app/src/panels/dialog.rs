//! The small questions asked in the window itself: a path to type, the command palette, the key sheet.

use crate::action::{ACTIONS, Action};
use crate::app::App;
use crate::keymap;
use crate::outbox::{Outbox, Request};
use crate::theme::dark;
use eframe::egui::{Button, Context, Grid, Id, Key, Modal, RichText, ScrollArea, TextEdit, Ui};
use std::path::PathBuf;

/// What is being asked, with what was typed so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    Path { purpose: Purpose, text: String },
    Palette { text: String },
    Keys,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Open,
    OpenProject,
    SaveProject,
    Export(&'static str),
}

impl Purpose {
    const fn title(self) -> &'static str {
        match self {
            Self::Open => "Open a file, a folder or a project",
            Self::OpenProject => "Open a project",
            Self::SaveProject => "Save the project as",
            Self::Export(_) => "Export into a new folder",
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Open | Self::OpenProject => "Open",
            Self::SaveProject => "Save",
            Self::Export(_) => "Export",
        }
    }

    fn request(self, path: PathBuf) -> Request {
        match self {
            Self::Open => Request::OpenPath(path),
            Self::OpenProject => Request::OpenProject(path),
            Self::SaveProject => Request::SaveProjectAs(path),
            Self::Export(format) => Request::Export { format, out: path },
        }
    }
}

pub fn ui(app: &App, dialog: &mut Dialog, ctx: &Context, out: &mut Outbox) {
    let modal = Modal::new(Id::unique("dialog")).show(ctx, |ui| {
        ui.set_width(460.0);
        match dialog {
            Dialog::Path { purpose, text } => path_ui(*purpose, text, ui, out),
            Dialog::Palette { text } => palette_ui(app, text, ui, out),
            Dialog::Keys => keys_ui(ui),
        }
    });
    if modal.should_close() {
        out.ask(Request::CloseDialog);
    }
}

fn path_ui(purpose: Purpose, text: &mut String, ui: &mut Ui, out: &mut Outbox) {
    ui.heading(purpose.title());
    let label = ui.label("Path");
    let field = ui.add(TextEdit::singleline(text).desired_width(f32::INFINITY)).labelled_by(label.id);
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if !field.has_focus() && !entered {
        field.request_focus();
    }
    ui.horizontal(|ui| {
        let go = ui.add_enabled(!text.trim().is_empty(), Button::new(purpose.verb())).clicked();
        if (go || entered) && !text.trim().is_empty() {
            out.ask(purpose.request(PathBuf::from(text.trim())));
            out.ask(Request::CloseDialog);
        }
        if ui.button("Cancel").clicked() {
            out.ask(Request::CloseDialog);
        }
    });
}

fn palette_ui(app: &App, text: &mut String, ui: &mut Ui, out: &mut Outbox) {
    let field = ui.add(TextEdit::singleline(text).hint_text("Type a command").desired_width(f32::INFINITY));
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if !field.has_focus() && !entered {
        field.request_focus();
    }
    let wanted = text.to_lowercase();
    let matching =
        ACTIONS.iter().filter(|e| app.why_not(e.action).is_none() && e.title.to_lowercase().contains(&wanted));
    let mut chosen: Option<Action> = None;
    ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
        for (n, entry) in matching.enumerate() {
            let keys = entry.keys.first().map(|k| keymap::name(ui.ctx(), k)).unwrap_or_default();
            let button = Button::selectable(n == 0, entry.title).shortcut_text(keys).min_size([440.0, 0.0].into());
            if ui.add(button).clicked() || (n == 0 && entered) {
                chosen = Some(entry.action);
            }
        }
    });
    if let Some(action) = chosen {
        out.ask(Request::CloseDialog);
        out.act(action);
    }
}

fn keys_ui(ui: &mut Ui) {
    ui.heading("Keys");
    let hand = "Left drag: the tool in hand   Right drag: zoom   Middle drag: pan   Wheel: slices   Ctrl+wheel: zoom";
    ui.label(RichText::new(hand).color(dark::WEAK));
    ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
        Grid::new("keys").num_columns(2).striped(true).show(ui, |ui| {
            for entry in ACTIONS.iter().filter(|e| !e.keys.is_empty()) {
                ui.label(entry.title);
                let keys: Vec<String> = entry.keys.iter().map(|k| keymap::name(ui.ctx(), k)).collect();
                ui.label(RichText::new(keys.join("  or  ")).monospace());
                ui.end_row();
            }
        });
    });
}
