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
use eframe::egui::{Align, Align2, Button, Context, Frame, Id, Key, Label, Layout, Modal, RichText, Ui, vec2};
use limner_annotation::exchange::{self, DryRun, EXCHANGES};
use std::path::{Path, PathBuf};

/// What is being asked, with what was typed so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    Path(Box<PathPage>),
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

    fn width(&self) -> f32 {
        match self {
            Self::Settings(_) => 620.0,
            Self::Export(_) => 900.0,
            Self::Keys { .. } => 1020.0,
            Self::Path(page) if matches!(page.purpose, Purpose::Export(_)) => 640.0,
            Self::Path(_) | Self::Palette { .. } | Self::About => 520.0,
        }
    }
}

/// A path that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPage {
    pub purpose: Purpose,
    pub text: String,
    /// What was refused, and why: told for as long as it stands in the field.
    refused: Option<(String, &'static str)>,
    /// What an export would write and lose, once that is known.
    pub run: Option<DryRun>,
}

impl PathPage {
    pub const fn new(purpose: Purpose, text: String) -> Self {
        Self { purpose, text, refused: None, run: None }
    }

    fn refusal(&self) -> Option<&'static str> {
        self.refused.as_ref().filter(|(text, _)| *text == self.text).map(|(_, why)| *why)
    }

    /// Passes on what was typed. What the disk refuses stays in the field, to be mended.
    fn take(&mut self, out: &mut Outbox) {
        let path = PathBuf::from(self.text.trim());
        if let Some(why) = self.purpose.refuses(&path) {
            self.refused = Some((self.text.clone(), why));
            return;
        }
        out.ask(Request::Chosen(path.clone()));
        out.ask(self.purpose.request(path));
        out.ask(Request::CloseDialog);
    }
}

/// Where it is kept what was typed last for a purpose, for as long as the window lives.
pub fn typed_id(purpose: Purpose) -> Id {
    Id::unique(("typed path", purpose))
}

/// The file that a project gets which is to be saved under a name: one without an ending gets ours.
pub fn project_file(path: PathBuf) -> PathBuf {
    if path.extension().is_some() { path } else { path.with_extension(limner_annotation::project::EXTENSION) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

    /// Whether something new comes of it, which must not take the place of what is there.
    pub const fn makes_new(self) -> bool {
        match self {
            Self::SaveProject
            | Self::SaveView
            | Self::SaveClip
            | Self::Export(_)
            | Self::Audit
            | Self::Report
            | Self::Plot(_) => true,
            Self::Open
            | Self::Import
            | Self::Relink
            | Self::OpenProject
            | Self::LoadForm
            | Self::LoadTemplate
            | Self::Predictions
            | Self::Protocol => false,
        }
    }

    /// Whether a folder comes of it.
    pub const fn is_of_folder(self) -> bool {
        matches!(self, Self::Export(_) | Self::Audit)
    }

    /// Why a path cannot be taken, as far as a look at the disk tells.
    fn refuses(self, path: &Path) -> Option<&'static str> {
        match self {
            Self::Export(_) => (!exchange::is_free(path))
                .then_some("Something is there already, and an export gets a folder of its own: name a new one"),
            Self::SaveProject => {
                project_file(path.into()).exists().then_some("A file of this name is there already: name a new one")
            }
            Self::Audit => None,
            written if written.makes_new() => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                folder.is_some_and(|folder| !folder.is_dir()).then_some("The folder to put it into is not there")
            }
            _ => (!path.exists()).then_some("There is no file or folder of this name"),
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
            Dialog::Path(page) => path_ui(page, ui, out),
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

fn path_ui(page: &mut PathPage, ui: &mut Ui, out: &mut Outbox) {
    title_ui(ui, &page.purpose.title(), None);
    let c = colours(ui.ctx());
    let why = "This desktop offers no file dialogs: type a path, or drop the file onto the window";
    ui.label(RichText::new(why).size(size::SMALL).color(c.weak));
    ui.add_space(space::S);
    let label = ui.label("Path");
    let field = ui.add(line_edit(&mut page.text).desired_width(f32::INFINITY)).labelled_by(label.id);
    if field.changed() {
        let (id, typed) = (typed_id(page.purpose), page.text.clone());
        ui.data_mut(|data| data.insert_temp(id, typed));
    }
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if !field.has_focus() && !entered {
        // What was refused is mended, not typed anew.
        if page.refused.is_some() { field.request_focus() } else { focus_whole(&field, &page.text, ui) }
    }
    if let Some(why) = page.refusal() {
        ui.add(Label::new(RichText::new(why).color(c.error)).wrap());
    }
    if let Some(run) = &page.run {
        export::losses_ui(run, ui);
    }
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        let is_typed = !page.text.trim().is_empty();
        let go = ui.add_enabled(is_typed, Button::new(page.purpose.verb())).clicked();
        if (go || entered) && is_typed {
            page.take(out);
        }
        if ui.button("Cancel").clicked() {
            out.ask(Request::CloseDialog);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_refuses_stays_in_the_field_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let (full, fresh) = (folder.path().join("full"), folder.path().join("fresh"));
        std::fs::create_dir(&full).unwrap();
        std::fs::write(full.join("study.limner"), "").unwrap();
        for (purpose, refused, taken) in [
            (Purpose::Export("nifti"), full.clone(), fresh.clone()),
            (Purpose::SaveProject, full.join("study"), full.join("other")),
            (Purpose::Open, fresh.clone(), full.clone()),
            (Purpose::SaveView, fresh.join("view.png"), full.join("view.png")),
        ] {
            let mut page = PathPage::new(purpose, refused.to_string_lossy().into_owned());
            let mut out = Outbox::default();
            page.take(&mut out);
            assert!(page.refusal().is_some() && out.drain().is_empty(), "{purpose:?}");
            page.text = taken.to_string_lossy().into_owned();
            assert_eq!(page.refusal(), None, "the reason is that of what was typed before");
            page.take(&mut out);
            assert!(!out.drain().is_empty(), "{purpose:?}");
        }
    }
}
