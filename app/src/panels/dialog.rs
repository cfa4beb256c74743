//! The small questions asked in the window itself: a path to type, the command palette, the key sheet, the settings.

use super::export::{self, ExportPage};
use super::settings::{self, SettingsPage};
use super::{about, keys, palette};
use crate::app::App;
use crate::case::Ask;
use crate::outbox::{AskAct, ExportAct, Outbox, Request};
use crate::review;
use crate::theme::{colours, icon, size, space, strong};
use crate::widgets::{Words, focus_whole, icon_button, line_edit};
use eframe::egui::{Align, Align2, Button, Context, Frame, Id, Key, Layout, Modal, RichText, Ui, vec2};
use limner_annotation::exchange::EXCHANGES;
use std::path::PathBuf;

/// What is being asked, with what was typed so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    Path { purpose: Purpose, text: String },
    Palette { text: String, chosen: usize },
    Keys { text: String },
    Settings(SettingsPage),
    Export(Box<ExportPage>),
    About,
}

impl Dialog {
    pub fn palette() -> Self {
        Self::Palette { text: String::new(), chosen: 0 }
    }

    pub const fn keys() -> Self {
        Self::Keys { text: String::new() }
    }

    const fn width(&self) -> f32 {
        match self {
            Self::Settings(_) => 620.0,
            Self::Export(_) => 900.0,
            Self::Keys { .. } => 1020.0,
            Self::Path { .. } | Self::Palette { .. } | Self::About => 520.0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Open,
    Import,
    Relink,
    OpenProject,
    SaveProject,
    SaveView,
    SaveClip,
    LoadForm,
    LoadTemplate,
    Export(&'static str),
    Audit,
    Predictions,
    Protocol,
    Report,
    /// By the ending of its file.
    Plot(&'static str),
}

impl Purpose {
    pub fn title(self) -> String {
        match self {
            Self::Open => "Open a file, a folder or a project".into(),
            Self::Import => "Import labels: a label map, a DICOM object, a data set of another program".into(),
            Self::Relink => "Look for moved pictures in a folder".into(),
            Self::OpenProject => "Open a project".into(),
            Self::SaveProject => "Save the project as".into(),
            Self::SaveView => "Save the view as PNG".into(),
            Self::SaveClip => "Save a clip as GIF".into(),
            Self::LoadForm => "Load a case form".into(),
            Self::LoadTemplate => "Load a landmark template".into(),
            Self::Export(format) => format!("Export {} into a new folder", format_title(format)),
            Self::Audit => "Write the audit into a folder".into(),
            Self::Protocol => "Load a review protocol".into(),
            Self::Plot(ending) => format!("Save the plot as .{ending}"),
            Self::Report => "Write the report as HTML".into(),
            Self::Predictions => {
                "Open predictions: a label map, a file of records, or a folder of them or of models".into()
            }
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Open
            | Self::OpenProject
            | Self::LoadForm
            | Self::LoadTemplate
            | Self::Predictions
            | Self::Protocol => "Open",
            Self::Import => "Import",
            Self::Relink => "Look",
            Self::SaveProject | Self::SaveView | Self::SaveClip | Self::Audit | Self::Report | Self::Plot(_) => "Save",
            Self::Export(_) => "Export",
        }
    }

    fn request(self, path: PathBuf) -> Request {
        match self {
            Self::Open => Request::OpenPath(path),
            Self::Import => Request::Import(path),
            Self::Relink => Request::Relink(path),
            Self::OpenProject => Request::OpenProject(path),
            Self::SaveProject => Request::SaveProjectAs(path),
            Self::SaveView => Request::SaveView(path),
            Self::SaveClip => Request::SaveClip(path),
            Self::LoadForm => Request::Case(Ask::LoadForm(path)),
            Self::LoadTemplate => Request::Case(Ask::LoadTemplate(path)),
            Self::Export(format) => Request::Export(ExportAct::Write { format, out: path }),
            Self::Audit => Request::Ask(AskAct::WriteAudit(path)),
            Self::Protocol => Request::Review(review::Ask::LoadProtocol(path)),
            Self::Report => Request::Review(review::Ask::Write(path)),
            Self::Plot(ending) => {
                let path = if path.extension().is_some() { path } else { path.with_extension(ending) };
                Request::Review(review::Ask::Chart(review::ChartAsk::Write(path)))
            }
            Self::Predictions => Request::Review(review::Ask::Open(path)),
        }
    }
}

/// How far down the window the palette begins, as a share of its height.
const PALETTE_TOP: f32 = 0.12;

/// What an exchange format is called for people.
pub fn format_title(format: &str) -> &str {
    EXCHANGES.iter().find(|exchange| exchange.name() == format).map_or(format, |exchange| exchange.title())
}

pub fn ui(app: &App, dialog: &mut Dialog, ctx: &Context, out: &mut Outbox) {
    let width = dialog.width().min(ctx.content_rect().width() - 64.0);
    // The palette grows downwards from where it is; what else is asked stands in the middle.
    let id = Id::unique("dialog");
    let area = match dialog {
        Dialog::Palette { .. } => {
            let down = ctx.content_rect().height() * PALETTE_TOP;
            Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, down))
        }
        _ => Modal::default_area(id),
    };
    let frame = Frame::window(&ctx.global_style());
    let modal = Modal::new(id).area(area).frame(frame).show(ctx, |ui| {
        ui.set_width(width);
        match dialog {
            Dialog::Path { purpose, text } => path_ui(*purpose, text, ui, out),
            Dialog::Palette { text, chosen } => palette::ui(app, text, chosen, ui, out),
            Dialog::Keys { text } => keys::ui(app, text, ui, out),
            Dialog::Settings(page) => settings::ui(app, page, ui, out),
            Dialog::Export(page) => export::ui(app, page, ui, out),
            Dialog::About => about::ui(app, ui, out),
        }
    });
    if modal.should_close() {
        out.ask(Request::CloseDialog);
    }
}

/// With a cross at the right where nothing but closing ends the dialog.
pub fn title_ui(ui: &mut Ui, text: &str, closes: Option<&mut Outbox>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(text).font(strong(size::TITLE)).color(colours(ui.ctx()).text));
        let Some(out) = closes else { return };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let words = Words { name: "Close", keys: "Esc", ..Words::default() };
            if icon_button(ui, icon::X, words, false).clicked() {
                out.ask(Request::CloseDialog);
            }
        });
    });
    ui.add_space(space::M);
}

fn path_ui(purpose: Purpose, text: &mut String, ui: &mut Ui, out: &mut Outbox) {
    title_ui(ui, &purpose.title(), None);
    let why = "This desktop offers no file dialogs: type a path, or drop the file onto the window";
    ui.label(RichText::new(why).size(size::SMALL).color(colours(ui.ctx()).weak));
    ui.add_space(space::S);
    let label = ui.label("Path");
    let field = ui.add(line_edit(text).desired_width(f32::INFINITY)).labelled_by(label.id);
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if !field.has_focus() && !entered {
        focus_whole(&field, text, ui);
    }
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        let go = ui.add_enabled(!text.trim().is_empty(), Button::new(purpose.verb())).clicked();
        if (go || entered) && !text.trim().is_empty() {
            let path = PathBuf::from(text.trim());
            out.ask(Request::Chosen(path.clone()));
            out.ask(purpose.request(path));
            out.ask(Request::CloseDialog);
        }
        if ui.button("Cancel").clicked() {
            out.ask(Request::CloseDialog);
        }
    });
}
