//! The pictures a question is asked on: which, in what order, in what part, and what is drawn on them as a visual prompt.

use super::sheet::{Field, Sheet, choose, section};
use crate::action::{Action, Ask};
use crate::app::App;
use crate::outbox::{AskAct, Outbox};
use crate::theme::{colours, icon, size};
use crate::widgets::action_button;
use crate::work::asking::Part;
use eframe::egui::{Align, Label, Layout, RichText, Sense, Ui};
use limner_annotation::question::{Frame, ImageSet, Item, Mark, Question, RenderRecipe, Role};
use limner_annotation::{Document, Slice};

enum Edit {
    Remove(usize),
    Swap(usize, usize),
    /// Another part or slice: of this question, not of others that share the pictures.
    Other,
}

pub fn ui(app: &App, document: &Document, question: &Question, set: &ImageSet, ui: &mut Ui, out: &mut Outbox) {
    // As the hand has it: captions are typed here.
    let set = app.work.asking.live::<ImageSet>(document, set.id).unwrap_or(set);
    let mut changed = set.clone();
    let mut pressed = Outbox::default();
    let mut sheet = Sheet::new(app, document, set.id.0, out);
    let head = |ui: &mut Ui| {
        action_button(app, Action::Ask(Ask::AddPicture), ui, &mut pressed);
    };
    let mut edit = None;
    section(ui, "Pictures", set.items.len(), set.items.len() > 1, head, |ui| {
        for n in 0..changed.items.len() {
            item_ui(&mut sheet, question, &mut changed, n, &mut edit, ui);
        }
    });
    match edit {
        Some(Edit::Remove(n)) => {
            changed.items.remove(n);
            sheet.ask(AskAct::Pictures(changed.items));
        }
        Some(Edit::Swap(a, b)) if b < changed.items.len() => {
            changed.items.swap(a, b);
            sheet.ask(AskAct::Pictures(changed.items));
        }
        Some(Edit::Other) => sheet.ask(AskAct::Pictures(changed.items)),
        _ => sheet.finish(changed),
    }
    pressed.drain().into_iter().for_each(|request| out.ask(request));
}

fn item_ui(
    sheet: &mut Sheet<'_>,
    question: &Question,
    set: &mut ImageSet,
    n: usize,
    edit: &mut Option<Edit>,
    ui: &mut Ui,
) {
    let count = set.items.len();
    let used = question.all_evidence().any(|evidence| evidence.image_index == n);
    let mark = set.items[n].recipe.and_then(|id| sheet.document.get::<RenderRecipe>(id)).and_then(mark_of);
    let Some(item) = set.items.get_mut(n) else { return };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let c = colours(ui.ctx());
        let text = format!("{}  {}", n + 1, title_of(sheet.document, item));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            // What evidence points at cannot be taken from under it.
            if count > 1 && !used && sheet.remove(ui, &format!("Remove picture {}", n + 1)) {
                *edit = Some(Edit::Remove(n));
            }
            if n + 1 < count && sheet.mark(ui, icon::CHEVRON_DOWN, &format!("Move picture {} down", n + 1), "", false) {
                *edit = Some(Edit::Swap(n, n + 1));
            }
            if n > 0 && sheet.mark(ui, icon::CHEVRON_UP, &format!("Move picture {} up", n + 1), "", false) {
                *edit = Some(Edit::Swap(n, n - 1));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let label = Label::new(RichText::new(text).size(size::SMALL).color(c.text)).truncate();
                ui.add(label.sense(Sense::hover()));
            });
        });
    });
    ui.horizontal(|ui| {
        let name = format!("Part of picture {}", n + 1);
        if let Some(role) = choose(ui, &name, 84.0, item.role, &Role::ALL, |role| role.title().to_owned()) {
            item.role = role;
            *edit = Some(Edit::Other);
        }
        if frame_ui(sheet, item, n, ui) {
            *edit = Some(Edit::Other);
        }
        let marks = [None, Some(Mark::Point), Some(Mark::Box), Some(Mark::Contour), Some(Mark::Mask)];
        let name = format!("Visual prompt on picture {}", n + 1);
        if let Some(mark) = choose(ui, &name, 84.0, mark, &marks, mark_title) {
            sheet.ask(AskAct::VisualPrompt(n, mark));
        }
    });
    let mut view = item.name.clone().unwrap_or_default();
    let mut caption = item.caption.clone().unwrap_or_default();
    ui.horizontal(|ui| {
        let name = format!("View of picture {}", n + 1);
        let field = Field { part: Part::View(n), name: &name, hint: "View", rows: 1, step: "Name view" };
        sheet.text_in(ui, field, &mut view, 76.0);
        let name = format!("Caption of picture {}", n + 1);
        let field = Field { part: Part::Caption(n), name: &name, hint: "Caption", rows: 1, step: "Edit caption" };
        sheet.text_in(ui, field, &mut caption, ui.available_width());
    });
    item.name = Some(view).filter(|text| !text.is_empty());
    item.caption = Some(caption).filter(|text| !text.is_empty());
}

/// All of the volume, or the slice in view.
fn frame_ui(sheet: &Sheet<'_>, item: &mut Item, n: usize, ui: &mut Ui) -> bool {
    let Some((viewport, open)) = sheet.app.workspace.active().filter(|(_, open)| open.image == item.frame.image) else {
        return false;
    };
    let geometry = &open.volume.geometry;
    let seen = limner_annotation::tools::place::slice_of(geometry, &viewport.plane(geometry));
    let mut all: Vec<Option<Slice>> = vec![item.frame.slice];
    if open.has_planes() && !all.contains(&None) {
        all.push(None);
    }
    if seen.is_some() && !all.contains(&seen) {
        all.push(seen);
    }
    let title =
        |slice: Option<Slice>| slice.map_or("All slices".to_owned(), |slice| format!("Slice {}", slice.index + 1));
    let name = format!("Slice of picture {}", n + 1);
    let chosen = choose(ui, &name, 84.0, item.frame.slice, &all, title);
    if let Some(slice) = chosen {
        // What was drawn on it was for another frame.
        item.recipe = None;
        item.frame = Frame { slice, ..item.frame };
    }
    chosen.is_some()
}

fn title_of(document: &Document, item: &Item) -> String {
    let image = document.image(item.frame.image);
    let title = image.map_or("missing picture", |image| image.title.as_str());
    item.frame.slice.map_or_else(|| title.to_owned(), |slice| format!("{title}, slice {}", slice.index + 1))
}

fn mark_of(recipe: &RenderRecipe) -> Option<Mark> {
    recipe.overlays.first().map(|overlay| overlay.mark)
}

fn mark_title(mark: Option<Mark>) -> String {
    match mark {
        None => "No prompt",
        Some(Mark::Point) => "Point",
        Some(Mark::Box) => "Box",
        Some(Mark::Contour) => "Contour",
        Some(Mark::Mask) => "Mask",
    }
    .to_owned()
}
