//! The review: whose versions there are, how they are laid over each other, where they differ and by how much.

pub mod charts;
mod dashboard;
mod decide;
mod rate;
mod records;
mod sources;
mod strip;
mod table;
mod together;

use crate::action::Action;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::review::{Act, Ask, How, OWN};
use crate::theme::{colours, icon, size, space, strong};
use crate::widgets::{action_button, empty_state, panel_head, word_button};
use eframe::egui::{ComboBox, Label, Response, RichText, ScrollArea, Ui};
use limner_annotation::review::said::Row;
use std::collections::BTreeSet;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Review", |ui| {
        if !app.review.is_empty() {
            action_button(app, Action::Review(Act::CloseAll), ui, out);
            action_button(app, Action::Review(Act::Report), ui, out);
            action_button(app, Action::Review(Act::OpenFile), ui, out);
            action_button(app, Action::Review(Act::OpenFolder), ui, out);
        }
    });
    if app.review.is_empty() {
        return empty_ui(app, ui, out);
    }
    let has_maps = app.review.sources.iter().any(|source| source.id != OWN && source.has_maps());
    ScrollArea::vertical().id_salt("review").auto_shrink([false, false]).show(ui, |ui| {
        sources::ui(app, ui, out);
        look_ui(app, ui, out);
        places_ui(app, ui, out);
        decide::ui(app, ui, out);
        rate::ui(app, ui, out);
        if !app.is_hidden() {
            table::filter_ui(app, ui, out);
        }
        records::ui(app, ui, out);
        if has_maps && !app.is_hidden() {
            table::ui(app, ui, out);
        }
        together::ui(app, ui, out);
        dashboard::ui(app, ui, out);
        ui.add_space(space::L);
    });
}

fn empty_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let text = "Label maps, boxes, classes, landmarks, answers and reports of models, matched to pictures by name, id or \
                hash. A folder may hold one folder for each model; drop it here, or choose it";
    empty_state(ui, icon::GIT_COMPARE, "No predictions", text);
    ui.add_space(space::M);
    ui.vertical_centered(|ui| {
        word_button(app, Action::Review(Act::OpenFolder), "Open predictions…", ui, out);
        word_button(app, Action::Review(Act::OpenFile), "Open a file…", ui, out);
    });
}

/// A line that begins a part of the panel.
pub(super) fn part_head(ui: &mut Ui, title: &str) -> Response {
    ui.add_space(space::M);
    let text = RichText::new(title).font(strong(size::SMALL)).color(colours(ui.ctx()).weak);
    ui.add(Label::new(text).selectable(false))
}

/// How versions share the views.
fn look_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    part_head(ui, "Show");
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        action_button(app, Action::Review(Act::SideBySide), ui, out);
        ui.separator();
        for how in How::ALL {
            action_button(app, Action::Review(Act::How(how)), ui, out);
        }
        if app.review.how == How::Flicker {
            ui.separator();
            action_button(app, Action::Review(Act::Flip), ui, out);
        }
    });
    only_ui(app, ui, out);
}

/// Which label is looked at: all, or one alone.
fn only_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let labels: BTreeSet<u32> = app.review.ready().flat_map(|(_, ready)| ready.version.labels.labels()).collect();
    let title = app.review.only.map_or_else(|| "All labels".to_owned(), |label| app.label_name(label));
    let combo = ComboBox::from_id_salt("label looked at").selected_text(title).width(ui.available_width() - space::M);
    let shown = combo.show_ui(ui, |ui| {
        let choices = std::iter::once(None).chain(labels.into_iter().map(Some));
        for choice in choices {
            let name = choice.map_or_else(|| "All labels".to_owned(), |label| app.label_name(label));
            if ui.selectable_label(app.review.only == choice, name).clicked() {
                out.ask(Request::Review(Ask::Only(choice)));
            }
        }
    });
    shown.response.on_hover_text("Outlines, maps and places are of this label alone");
}

/// Whether one version alone says something in a row.
fn is_alone(row: &Row) -> bool {
    row.said.len() + usize::from(row.reference.is_some()) < 2
}

/// Where versions differ, and the way from place to place.
fn places_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let places = &app.review.places;
    part_head(ui, "Disagreement");
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        action_button(app, Action::Review(Act::PreviousPlace), ui, out);
        action_button(app, Action::Review(Act::NextPlace), ui, out);
        let words = match (places.at, app.disagreements()) {
            (_, 0) if places.said_by.len() < 2 && app.review.rows_here().iter().all(is_alone) => {
                "Nothing to compare yet".to_owned()
            }
            (_, 0) => "All versions shown agree".to_owned(),
            (None, count) => limner_annotation::counted(count, "place"),
            (Some(at), count) => format!("{} of {count}", at + 1),
        };
        ui.add_space(space::S);
        ui.label(words);
    });
    let Some(place) = places.at.and_then(|at| places.list.get(at)) else { return };
    let c = colours(ui.ctx());
    let deep = format!("{:.1} mm deep", place.depth_mm);
    ui.label(RichText::new(deep).size(size::SMALL).color(c.weak));
    for (id, label) in places.said_by.iter().zip(&place.said) {
        let said = if *label == 0 { "nothing".to_owned() } else { app.label_name(*label) };
        let line = format!("{}: {said}", app.shown_name(*id));
        ui.label(RichText::new(line).size(size::SMALL).color(c.text));
    }
}
