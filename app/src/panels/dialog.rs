//! The small questions asked in the window itself: a path to type, the command palette, the key sheet, the settings.

use super::export::{self, ExportPage};
use super::settings::{self, SettingsPage};
use super::{about, keys, palette};
use crate::app::App;
use crate::case::Ask;
use crate::outbox::{AskAct, CompanionAct, ExportAct, Outbox, Request};
use crate::review;
use crate::theme::{colours, icon, size, space, strong};
use crate::widgets::{Words, focus_whole, icon_button, line_edit};
use eframe::egui::{
    Align, Align2, Button, Context, Frame, Id, Key, Label, Layout, Modal, RichText, ScrollArea, Ui, vec2,
};
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
    TakeOut(TakeOutPage),
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
            Self::Settings(_) => settings::WIDTH,
            Self::Export(_) => export::WIDTH,
            Self::Keys { .. } => 1020.0,
            Self::Path(page) if matches!(page.purpose, Purpose::Export(_)) => 640.0,
            Self::Path(_) | Self::Palette { .. } | Self::TakeOut(_) | Self::About => 520.0,
        }
    }
}

/// A picture that is to go out of the project with all that was said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeOutPage {
    /// Its line in the list of series.
    pub line: usize,
    pub name: String,
    /// "3 painted labels and 1 question".
    pub goes: String,
}

/// A path that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPage {
    pub purpose: Purpose,
    pub text: String,
    /// What was refused, and why: told for as long as it stands in the field.
    refused: Option<(String, String)>,
    /// What an export would write and lose, once that is known.
    pub run: Option<DryRun>,
}

impl PathPage {
    pub const fn new(purpose: Purpose, text: String) -> Self {
        Self { purpose, text, refused: None, run: None }
    }

    fn refusal(&self) -> Option<&str> {
        self.refused.as_ref().filter(|(text, _)| *text == self.text).map(|(_, why)| why.as_str())
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

/// The first folder that is missing where a file is to be put; where that is only the last one, it is made with the file.
pub fn missing_folder(file: &Path) -> Option<&Path> {
    let folders = file.parent()?.ancestors();
    let missing: Vec<&Path> = folders.take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()).collect();
    missing.last().copied().filter(|_| missing.len() > 1)
}

pub fn no_folder(folder: &Path) -> String {
    format!("There is no folder {}: make it first, or name another one", folder.display())
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
    fn refuses(self, path: &Path) -> Option<String> {
        let said = |is_so: bool, why: &str| is_so.then(|| why.to_owned());
        match self {
            Self::Export(_) => said(
                !exchange::is_free(path),
                "Something is there already, and an export gets a folder of its own: name a new one",
            ),
            Self::SaveProject => {
                let file = project_file(path.into());
                let taken = said(file.exists(), "A file of this name is there already: name a new one");
                taken.or_else(|| missing_folder(&file).map(no_folder))
            }
            Self::Audit => None,
            written if written.makes_new() => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                folder.filter(|folder| !folder.is_dir()).map(no_folder)
            }
            _ => said(!path.exists(), "There is no file or folder of this name"),
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
/// What the frame of a dialog takes of the window, with what stays to be seen around it.
const AROUND: f32 = 64.0;
/// Of what scrolls at least so much is seen, however low the window is.
const LEAST_BODY: f32 = 48.0;

/// What an exchange format is called for people.
pub fn format_title(format: &str) -> &str {
    EXCHANGES.iter().find(|exchange| exchange.name() == format).map_or(format, |exchange| exchange.title())
}

pub fn ui(app: &App, dialog: &mut Dialog, ctx: &Context, out: &mut Outbox) {
    let width = dialog.width().min(ctx.content_rect().width() - AROUND);
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
            Dialog::TakeOut(page) => take_out_ui(page, ui, out),
            Dialog::About => about::ui(app, ui, out),
        }
    });
    if modal.should_close() {
        out.ask(Request::CloseDialog);
    }
}

/// With a cross at the right where nothing but closing ends the dialog.
pub fn title_ui(ui: &mut Ui, text: &str, closes: Option<&mut Outbox>) {
    let title = Label::new(RichText::new(text).font(strong(size::TITLE)).color(colours(ui.ctx()).text));
    match closes {
        // What is asked may be a whole sentence.
        None => drop(ui.add(title.wrap())),
        Some(out) => drop(ui.horizontal(|ui| {
            ui.add(title);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = Words { name: "Close", keys: "Esc", ..Words::default() };
                if icon_button(ui, icon::X, words, false).clicked() {
                    out.ask(Request::CloseDialog);
                }
            });
        })),
    }
    ui.add_space(space::M);
}

/// How high the part of a dialog that scrolls may be where `below` stands under it, so that its title and its buttons are
/// always in the window. To be asked where that part begins, and not from within a row.
pub fn room_for_body(ui: &Ui, below: f32) -> f32 {
    let used = ui.cursor().top() - ui.min_rect().top();
    (ui.ctx().content_rect().height() - AROUND - used - below).max(LEAST_BODY)
}

/// The height of the row of buttons under the body of a dialog.
pub fn row_below(ui: &Ui) -> f32 {
    space::M + 2.0 * ui.spacing().item_spacing.y + ui.spacing().interact_size.y
}

/// A part of a dialog that is as high as what is in it, and scrolls where there is no room for that.
pub fn body_ui(ui: &mut Ui, below: f32, add: impl FnOnce(&mut Ui)) {
    let most = room_for_body(ui, below);
    // A dialog offers what it had of height before, which may have been another one.
    ScrollArea::both().max_height(most).min_scrolled_height(most).auto_shrink([false, true]).show(ui, add);
}

fn take_out_ui(page: &TakeOutPage, ui: &mut Ui, out: &mut Outbox) {
    title_ui(ui, "Take out of the project", None);
    let below = row_below(ui);
    body_ui(ui, below, |ui| {
        let TakeOutPage { name, goes, .. } = page;
        ui.label(format!("With {name} goes what is on it: {goes}. The file stays where it is. Undo brings all back."));
    });
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        if ui.button("Take out").clicked() {
            out.ask(Request::Companion(page.line, CompanionAct::TakeOut { is_told: true }));
            out.ask(Request::CloseDialog);
        }
        if ui.button("Cancel").clicked() {
            out.ask(Request::CloseDialog);
        }
    });
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
        let below = row_below(ui);
        body_ui(ui, below, |ui| export::losses_ui(run, ui));
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

    #[test]
    fn of_a_path_that_lacks_more_than_its_last_folder_the_first_missing_one_is_named() {
        let home = tempfile::tempdir().unwrap();
        let missing = |path: &str| missing_folder(&home.path().join(path)).map(Path::to_path_buf);
        assert_eq!([missing("a.limner"), missing("new/a.limner")], [None, None], "the last one is made");
        assert_eq!(missing("new/newer/a.limner"), Some(home.path().join("new")));
        assert_eq!(missing_folder(Path::new("a.limner")), None);
        let why = Purpose::SaveProject.refuses(&home.path().join("new/newer/a")).unwrap();
        assert!(why.contains(&home.path().join("new").display().to_string()) && !why.contains("newer"), "{why}");
    }
}
