//! What is asked before an export: which format, what is kept, and what will be lost, seen before anything is written.

use super::dialog::{format_title, room_for_body, row_below, title_ui};
use crate::app::App;
use crate::outbox::{ExportAct, Outbox, Request};
use crate::theme::{colours, size, space, strong};
use crate::widgets::{line_edit, tick};
use eframe::egui::style::ScrollAnimation;
use eframe::egui::{
    Align, Button, Color32, Grid, Label, RichText, Role, ScrollArea, Spinner, TextEdit, Ui, WidgetInfo, vec2,
};
use limner_annotation::exchange::{
    Blackened, Crop, DryRun, EXCHANGES, Exchange, Holds, Options, Preview, Split, picture_size,
};
use limner_annotation::{ImageId, Result, counted};
use std::path::Path;

/// Records that are shown before they are written.
pub const PREVIEWED: usize = 10;
pub const WIDTH: f32 = 900.0;
const LIST_WIDTH: f32 = 210.0;
const FIELD_WIDTH: f32 = 170.0;
const HEIGHT: f32 = 470.0;
/// Two fields with their names fit side by side from here on.
const ROOM_FOR_TWO: f32 = 580.0;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPage {
    pub wish: Wish,
    /// Narrows the list of formats.
    filter: String,
    /// The chosen format is still to be brought into view.
    is_hidden: bool,
    /// The rectangle that is being typed for a picture that is held back.
    corners: String,
    pub looked: Option<Looked>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub format: &'static str,
    pub keep_identity: bool,
    /// As on the command line: train=0.8,val=0.2.
    pub split: String,
    pub resume: bool,
    /// As on the command line: 10,20,300,200 or around=16.
    pub crop: String,
    /// As on the command line: 512x512.
    pub size: String,
    /// Pictures that somebody has looked at for names.
    pub cleared: Vec<ImageId>,
    /// Parts that are made black, as 0,0,200,40.
    pub blackened: Vec<(ImageId, String)>,
}

/// What came of looking at a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    pub wish: Wish,
    pub found: std::result::Result<Found, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub run: DryRun,
    pub preview: Vec<Preview>,
}

impl Wish {
    /// Nothing kept that was not asked for.
    pub const fn new(format: &'static str) -> Self {
        Self {
            format,
            keep_identity: false,
            split: String::new(),
            resume: false,
            crop: String::new(),
            size: String::new(),
            cleared: Vec::new(),
            blackened: Vec::new(),
        }
    }

    fn holds(&self) -> Option<Holds> {
        EXCHANGES.iter().find(|exchange| exchange.name() == self.format).map(|exchange| exchange.holds())
    }

    pub fn options(&self) -> Result<Options> {
        let split = self.split.trim();
        let split = if split.is_empty() { None } else { Some(Split::parse(split, 0)?) };
        let (crop, size) =
            if self.holds() == Some(Holds::Flat) { (self.crop.trim(), self.size.trim()) } else { ("", "") };
        Ok(Options {
            keep_identity: self.keep_identity,
            split,
            resume: self.resume,
            crop: (!crop.is_empty()).then(|| Crop::parse(crop)).transpose()?,
            resize: (!size.is_empty()).then(|| picture_size(size)).transpose()?,
            cleared: self.cleared.clone(),
            blackened: self
                .blackened
                .iter()
                .map(|(id, corners)| Blackened::parse(*id, corners))
                .collect::<Result<_>>()?,
            ..Options::default()
        })
    }
}

impl ExportPage {
    pub const fn new(format: &'static str) -> Self {
        Self { wish: Wish::new(format), filter: String::new(), is_hidden: true, corners: String::new(), looked: None }
    }

    /// The formats of a kind that the filter leaves, in the order of the list.
    fn listed(&self, kind: Holds) -> Vec<&'static dyn Exchange> {
        let words = self.filter.to_lowercase();
        let of_kind = EXCHANGES.iter().copied().filter(|exchange| exchange.holds() == kind);
        let fits = of_kind.filter(|exchange| {
            let title = exchange.title().to_lowercase();
            words.split_whitespace().all(|word| title.contains(word) || exchange.name().contains(word))
        });
        fits.collect()
    }

    /// What the filter leaves out is chosen no longer, where it leaves anything.
    fn follow_filter(&mut self) {
        let listed: Vec<_> = KINDS.into_iter().flat_map(|(kind, _)| self.listed(kind)).collect();
        let is_listed = listed.iter().any(|exchange| exchange.name() == self.wish.format);
        if let Some(first) = listed.first().filter(|_| !is_listed) {
            self.wish.format = first.name();
        }
        self.is_hidden = true;
    }

    /// What was found, where that is what is asked for now.
    fn found(&self) -> Option<&std::result::Result<Found, String>> {
        self.looked.as_ref().filter(|looked| looked.wish == self.wish).map(|looked| &looked.found)
    }
}

pub fn ui(app: &App, page: &mut ExportPage, ui: &mut Ui, out: &mut Outbox) {
    title_ui(ui, "Export", Some(out));
    let before = page.wish.clone();
    let height = HEIGHT.min(room_for_body(ui, row_below(ui)));
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(LIST_WIDTH);
            formats_ui(page, height, ui);
        });
        ui.add_space(space::M);
        ui.vertical(|ui| {
            head(ui, &format!("As {}", format_title(page.wish.format)), colours(ui.ctx()).text);
            ui.add_space(space::S);
            scrolled("wish", true, height - used(ui)).show(ui, |ui| {
                wish_ui(&mut page.wish, ui);
                ui.add_space(space::M);
                held_back_ui(app, page, ui);
                found_ui(app, page, ui);
            });
        });
    });
    if page.wish != before {
        out.ask(Request::Export(ExportAct::Look));
    }
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        let ready = page
            .found()
            .is_some_and(|found| found.as_ref().is_ok_and(|f| f.run.blocked.is_empty() && f.run.records > 0));
        if ui.add_enabled(ready, Button::new("Choose a folder…")).clicked() {
            out.ask(Request::CloseDialog);
            out.ask(Request::Export(ExportAct::ChooseFolder(page.wish.clone())));
        }
        if ui.button("Cancel").clicked() {
            out.ask(Request::CloseDialog);
        }
    });
}

const KINDS: [(Holds, &str); 3] =
    [(Holds::Flat, "Pictures"), (Holds::Volumes, "Volumes, surfaces, numbers"), (Holds::Questions, "Questions")];

/// What of its height a column has used.
fn used(ui: &Ui) -> f32 {
    ui.cursor().top() - ui.min_rect().top()
}

/// The rest of a column, which scrolls across too where it is asked to.
fn scrolled(name: &'static str, across: bool, height: f32) -> ScrollArea {
    let area = ScrollArea::new([across, true]).id_salt(name);
    area.max_height(height).min_scrolled_height(height).auto_shrink([false, false])
}

fn formats_ui(page: &mut ExportPage, height: f32, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let label = ui.label(RichText::new("Format").color(c.weak));
    let field = TextEdit::singleline(&mut page.filter).hint_text("Find a format").desired_width(LIST_WIDTH);
    if ui.add(field).labelled_by(label.id).changed() {
        page.follow_filter();
    }
    ui.add_space(space::S);
    scrolled("formats", false, height - used(ui)).show(ui, |ui| {
        for (kind, title) in KINDS {
            let listed = page.listed(kind);
            if listed.is_empty() {
                continue;
            }
            ui.add_space(space::S);
            ui.label(RichText::new(title).font(strong(size::BODY)).color(c.weak));
            for exchange in listed {
                format_ui(page, exchange, ui);
            }
        }
    });
}

fn format_ui(page: &mut ExportPage, exchange: &dyn Exchange, ui: &mut Ui) {
    let is_chosen = exchange.name() == page.wish.format;
    let button = Button::selectable(is_chosen, exchange.title()).min_size(vec2(LIST_WIDTH - 16.0, 0.0));
    let response = ui.add(button.truncate());
    if response.clicked() {
        page.wish.format = exchange.name();
    }
    if is_chosen && page.is_hidden && !ui.is_sizing_pass() {
        page.is_hidden = false;
        response.scroll_to_me_animation(Some(Align::Center), ScrollAnimation::none());
    }
}

fn wish_ui(wish: &mut Wish, ui: &mut Ui) {
    tick(ui, &mut wish.keep_identity, "Keep titles, paths and identifiers of the sources, which may name a patient");
    tick(
        ui,
        &mut wish.resume,
        "Keep what is done when interrupted: the next export into the same folder goes on from it",
    );
    let is_flat = wish.holds() == Some(Holds::Flat);
    let side_by_side = ui.available_width() >= ROOM_FOR_TWO;
    Grid::new("wish").num_columns(4).spacing([space::M, space::S]).show(ui, |ui| {
        field_ui(ui, "Parts by subject", &mut wish.split, "train=0.8,val=0.2");
        if is_flat {
            if !side_by_side {
                ui.end_row();
            }
            field_ui(ui, "Size of pictures", &mut wish.size, "512x512");
            ui.end_row();
            field_ui(ui, "Part of pictures", &mut wish.crop, "around=16 or 10,20,300,200");
        }
        ui.end_row();
    });
}

fn field_ui(ui: &mut Ui, name: &str, text: &mut String, hint: &str) {
    let label = ui.label(name);
    // A grid offers a field as little as its column had before.
    let size = vec2(FIELD_WIDTH, ui.spacing().interact_size.y);
    ui.add_sized(size, line_edit(text).hint_text(hint)).labelled_by(label.id);
}

/// What may show a name is looked at by a person: it is cleared, or the part with the name is made black.
fn held_back_ui(app: &App, page: &mut ExportPage, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let Some(Ok(found)) = page.found().cloned() else { return };
    for blocked in &found.run.blocked {
        // What it is called in the files says nothing to whoever has to look at it.
        let name = blocked.image.and_then(|image| app.picture_name(image)).unwrap_or_else(|| blocked.item.clone());
        let text = RichText::new(format!("Held back: {name}: {}", blocked.why)).color(c.error);
        ui.add(Label::new(text).wrap()).on_hover_text(&blocked.item);
        let Some(image) = blocked.image else { continue };
        ui.horizontal(|ui| {
            if ui.button("No name in it").on_hover_text("I have looked at every slice or frame of it").clicked() {
                page.wish.cleared.push(image);
            }
            let field = line_edit(&mut page.corners).hint_text("0,0,200,40").desired_width(110.0);
            let field =
                ui.add(field).on_hover_text("Columns and rows from, to: what lies there is black in all pictures");
            field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Part to make black"));
            let fits = Blackened::parse(image, page.corners.trim()).is_ok();
            if ui.add_enabled(fits, Button::new("Make this part black")).clicked() {
                page.wish.blackened.push((image, page.corners.trim().to_owned()));
            }
        });
        ui.add_space(space::S);
    }
    let (cleared, blackened) = (page.wish.cleared.len(), page.wish.blackened.len());
    if cleared + blackened > 0 {
        ui.horizontal(|ui| {
            let text = format!("{} without a name, {} made black in part", counted(cleared, "picture"), blackened);
            ui.label(RichText::new(text).color(c.weak));
            if ui.button("Take back").clicked() {
                page.wish.cleared.clear();
                page.wish.blackened.clear();
            }
        });
    }
}

impl App {
    /// Title and file of a picture of the project: for the window alone, never written.
    pub fn picture_name(&self, image: ImageId) -> Option<String> {
        let entry = self.workspace.project.as_ref()?.document().image(image)?;
        let file = Path::new(&entry.path).file_name().map(|name| name.to_string_lossy().into_owned());
        Some(match file.filter(|file| *file != entry.title) {
            Some(file) => format!("{} ({file})", entry.title),
            None => entry.title.clone(),
        })
    }
}

fn found_ui(app: &App, page: &ExportPage, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let found = match page.found() {
        None => {
            ui.horizontal(|ui| {
                ui.add(Spinner::new().size(14.0));
                ui.label(RichText::new("Looking at what would be written").color(c.weak));
            });
            return;
        }
        Some(Err(why)) => {
            ui.label(RichText::new(why).color(c.error));
            return;
        }
        Some(Ok(found)) => found,
    };
    let Found { run, preview } = found;
    head(ui, &format!("{} would be written", counted(run.records, "record")), c.text);
    losses_ui(run, ui);
    if preview.is_empty() {
        return;
    }
    head(ui, if run.records > preview.len() { "The first records" } else { "The records" }, c.text);
    Grid::new("preview").num_columns(3).spacing([16.0, 4.0]).show(ui, |ui| {
        for record in preview {
            ui.label(&record.name);
            ui.label(RichText::new(&record.says).color(c.weak));
            // Which picture it is stands in none of the files.
            let picture = record.image.and_then(|image| app.picture_name(image)).unwrap_or_default();
            ui.label(RichText::new(picture).color(c.weak));
            ui.end_row();
        }
    });
}

/// What a format has no room for, or keeps as something else, before anything is written.
pub fn losses_ui(run: &DryRun, ui: &mut Ui) {
    let c = colours(ui.ctx());
    if run.lossy.is_empty() {
        return head(ui, "Nothing would be lost", c.text);
    }
    head(ui, "What would be lost", c.warning);
    Grid::new("lossy").num_columns(3).spacing([16.0, 4.0]).show(ui, |ui| {
        for lossy in &run.lossy {
            ui.label(&lossy.field);
            ui.label(lossy.amount());
            ui.label(RichText::new(&lossy.example).color(c.weak));
            ui.end_row();
        }
    });
}

fn head(ui: &mut Ui, text: &str, ink: Color32) {
    ui.add_space(space::S);
    ui.label(RichText::new(text).font(strong(size::BODY)).color(ink));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_leaves_the_chosen_format_out_chooses_the_first_it_leaves() {
        let mut page = ExportPage::new("coco-instances");
        let mut type_in = |filter: &str| {
            page.filter = filter.into();
            page.follow_filter();
            page.wish.format
        };
        assert_eq!(type_in("coco"), "coco-instances", "what is listed stays chosen");
        let chosen = type_in("yolo");
        assert!(chosen.contains("yolo"), "{chosen}");
        assert_eq!(type_in("no format is called so"), chosen, "there is no other to choose");
        assert_eq!(type_in(""), chosen);
    }
}
