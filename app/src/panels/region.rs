//! The region in hand: the selected shape with its numbers, labels, certainty and attributes; else the label in hand as it
//! is painted on the picture in view. Below, templates of landmarks.

use crate::action::{Action, Tool};
use crate::app::App;
use crate::case::ask::{Ask, RegionAsk};
use crate::dispatch::case::attribute_of;
use crate::outbox::{LabelAct, Outbox, Request, ShapeAct};
use crate::panels::dialog::Purpose;
use crate::theme::{colours, icon, over, radius, size, space};
use crate::widgets::{
    Words, empty_state, icon_button, line_edit, panel_head, pill, sentence_case, small_icon_button, tick,
};
use crate::work::measures::{may_show_a_signal, name_of};
use eframe::egui::{
    Align2, Button, Color32, ComboBox, DragValue, FontId, Grid, Rect, RichText, Role, ScrollArea, Sense, Shape as Mark,
    Stroke, Ui, WidgetInfo, pos2, vec2,
};
use limner_annotation::landmarks::Template;
use limner_annotation::records::SegmentState;
use limner_annotation::tags::Attribute;
use limner_annotation::tools::ToolId;
use limner_annotation::{Document, Form, Label, Shape, Tags, counted};
use std::collections::BTreeMap;

/// More numbers than this are pulled, not typed.
const MOST_NUMBERS: usize = 40;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Region in hand", |_| {});
    let (Some(project), Some(open)) = (&app.workspace.project, app.workspace.open()) else {
        return empty_state(ui, icon::SHAPES, "No picture", "Open one, then draw or paint");
    };
    let document = project.document();
    ScrollArea::vertical().id_salt("region").auto_shrink([false, false]).show(ui, |ui| {
        let shape = app.work.selected.and_then(|id| document.shape(id)).filter(|shape| shape.image == open.image);
        match (shape, app.label.and_then(|id| document.label(id))) {
            (Some(shape), _) => shape_ui(app, document, shape, ui, out),
            (None, Some(label)) => segment_ui(app, document, label, ui, out),
            (None, None) => {
                let text = "Click a shape on the picture or pick a label";
                empty_state(ui, icon::SHAPES, "Nothing is selected", text);
            }
        }
        ui.add_space(space::M);
        ui.separator();
        landmarks_ui(app, ui, out);
    });
}

fn head(ui: &mut Ui, text: &str) {
    ui.add_space(space::S);
    ui.label(RichText::new(text).size(size::SMALL).color(colours(ui.ctx()).weak));
}

fn shape_ui(app: &App, document: &Document, shape: &Shape, ui: &mut Ui, out: &mut Outbox) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(sentence_case(name_of(&shape.form))).strong());
        let words = Words { name: "Jump to", ..Words::default() };
        if small_icon_button(ui, icon::LOCATE, words, false).clicked() {
            out.ask(Request::Shape(shape.id, ShapeAct::JumpTo));
        }
        let words = Words { name: "Delete shape", ..Words::default() };
        if small_icon_button(ui, icon::TRASH_2, words, false).clicked() {
            out.ask(Request::Shape(shape.id, ShapeAct::Delete));
        }
    });
    if let Some(readout) = app.work.measures.get(shape.id) {
        ui.label(RichText::new(readout.summary()).size(size::SMALL).color(colours(ui.ctx()).weak));
    }
    let before = shape.text.clone().unwrap_or_default();
    if let Some(name) = kept_text(("shape name", shape.id), "Name", &before, ui) {
        out.ask(Request::Shape(shape.id, ShapeAct::Name(name)));
    }
    numbers_ui(shape, ui, out);
    time_ui(document, shape, ui, out);
    labels_ui(document, shape, ui, out);
    let tags = &shape.tags;
    let mut put = |tags: Tags| out.ask(Request::Case(Ask::Region(RegionAsk::Tags(shape.id, Box::new(tags)))));
    head(ui, "Certainty");
    if let Some(certainty) = certainty_ui(tags.certainty, ui) {
        put(Tags { certainty, ..tags.clone() });
    }
    let mut occluded = tags.occluded;
    if tick(ui, &mut occluded, "Partly hidden").changed() {
        put(Tags { occluded, ..tags.clone() });
    }
    if let Some((name, value)) = attributes_ui(("shape", shape.id), &tags.attributes, ui) {
        let mut attributes = tags.attributes.clone();
        match value {
            Some(value) => drop(attributes.insert(name, value)),
            None => drop(attributes.remove(&name)),
        }
        put(Tags { attributes, ..tags.clone() });
    }
}

/// Places typed as numbers; a step each time the hand leaves one.
fn numbers_ui(shape: &Shape, ui: &mut Ui, out: &mut Outbox) {
    let id = ui.scope_id().with(("numbers", shape.id));
    let mut form = ui.data(|d| d.get_temp::<Form>(id)).unwrap_or_else(|| shape.form.clone());
    let mut numbers = form.numbers();
    if numbers.is_empty() || numbers.len() > MOST_NUMBERS {
        return;
    }
    head(ui, "Numbers, in pixels of the slice and voxels in space");
    let (mut held, mut done) = (false, false);
    Grid::new("numbers").num_columns(2).spacing(vec2(space::M, space::XS)).show(ui, |ui| {
        for (name, number) in &mut numbers {
            ui.label(RichText::new(name.as_str()).size(size::SMALL));
            let label = name.clone();
            let response = ui.add(DragValue::new(*number).speed(0.5).max_decimals(2));
            response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::SpinButton, true, &label));
            held |= response.has_focus() || response.dragged();
            done |= response.lost_focus() || response.drag_stopped();
            ui.end_row();
        }
    });
    drop(numbers);
    if done && form != shape.form {
        out.ask(Request::Case(Ask::Region(RegionAsk::Form(shape.id, form))));
        ui.data_mut(|d| d.remove::<Form>(id));
    } else if held {
        ui.data_mut(|d| d.insert_temp(id, form));
    } else {
        ui.data_mut(|d| d.remove::<Form>(id));
    }
}

/// How long a ruler lasts, on a picture of a signal.
fn time_ui(document: &Document, shape: &Shape, ui: &mut Ui, out: &mut Outbox) {
    let Form::Ruler { slice, .. } = shape.form else { return };
    let Some(image) = document.image(shape.image).filter(|image| slice.axis == 2 && may_show_a_signal(image)) else {
        return;
    };
    head(ui, "Time, on a picture of a signal");
    let hint = "Seconds this ruler lasts";
    if let Some(text) = kept_text(("lasts", shape.id), hint, "", ui)
        && let Ok(seconds) = text.trim().replace(',', ".").parse::<f64>()
    {
        out.ask(Request::Case(Ask::Region(RegionAsk::TimeScale(shape.id, seconds))));
    }
    if let Some(signal) = image.signal {
        let words = format!("{:.4} s a column; intervals can be drawn", signal.seconds_per_column);
        ui.label(RichText::new(words).size(size::SMALL).color(colours(ui.ctx()).good));
    }
}

/// Its own label and those it has beside it.
fn labels_ui(document: &Document, shape: &Shape, ui: &mut Ui, out: &mut Outbox) {
    head(ui, "Labels: its own first, then others it has too");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        for label in document.labels() {
            let own = shape.label == Some(label.id);
            let also = shape.tags.also.contains(&label.id);
            if !pill(ui, &label.name, None, own || also).clicked() {
                continue;
            }
            let mut tags = shape.tags.clone();
            match (own, also) {
                (true, _) => out.ask(Request::Shape(shape.id, ShapeAct::Label(None))),
                (false, false) if shape.label.is_none() => {
                    out.ask(Request::Shape(shape.id, ShapeAct::Label(Some(label.id))));
                }
                (false, false) => {
                    tags.also.push(label.id);
                    out.ask(Request::Case(Ask::Region(RegionAsk::Tags(shape.id, Box::new(tags)))));
                }
                (false, true) => {
                    tags.also.retain(|other| *other != label.id);
                    out.ask(Request::Case(Ask::Region(RegionAsk::Tags(shape.id, Box::new(tags)))));
                }
            }
        }
    });
}

fn segment_ui(app: &App, document: &Document, label: &Label, ui: &mut Ui, out: &mut Outbox) {
    let Some(open) = app.workspace.open() else { return };
    ui.horizontal(|ui| {
        ui.label(RichText::new(&label.name).strong());
        let words = Words { name: "Jump to", ..Words::default() };
        if small_icon_button(ui, icon::LOCATE, words, false).clicked() {
            out.ask(Request::Label(label.id, LabelAct::JumpTo));
        }
    });
    let voxels = document.label_map(open.image).map_or(0, |map| map.count(label.value));
    let c = colours(ui.ctx());
    if voxels == 0 {
        ui.label(RichText::new("Not painted on this picture").size(size::SMALL).color(c.weak));
    } else {
        let amount = super::labels::amount(open, voxels);
        let words = format!("{}, {amount}", counted(voxels as usize, "voxel"));
        ui.label(RichText::new(words).size(size::SMALL).color(c.weak));
    }
    let state = document.on::<SegmentState>(open.image).find(|state| state.label == label.id);
    let certainty = state.and_then(|state| state.certainty);
    let note = state.and_then(|state| state.note.clone());
    let mut ask = |ask| out.ask(Request::Case(Ask::Region(ask)));
    head(ui, "Certainty on this picture");
    if let Some(certainty) = certainty_ui(certainty, ui) {
        ask(RegionAsk::Segment { label: label.id, certainty, note: note.clone() });
    }
    if let Some(text) = kept_text(("note", label.id), "Note", &note.clone().unwrap_or_default(), ui) {
        let note = Some(text).filter(|text| !text.trim().is_empty());
        ask(RegionAsk::Segment { label: label.id, certainty, note });
    }
    let none = BTreeMap::new();
    let attributes = state.map_or(&none, |state| &state.attributes);
    if let Some((name, value)) = attributes_ui(("segment", label.id), attributes, ui) {
        ask(RegionAsk::SegmentAttribute { label: label.id, name, value });
    }
    if voxels > 0 {
        head(ui, "The same region is also");
        ui.horizontal_wrapped(|ui| {
            for other in document.labels().into_iter().filter(|other| other.id != label.id) {
                let hint = "Both labels lie on it from now on, on layers of their own";
                if pill(ui, &other.name, None, false).on_hover_text(hint).clicked() {
                    ask(RegionAsk::AlsoLabel { label: label.id, also: other.id });
                }
            }
        });
    }
}

const CERTAINTIES: [(f64, &str); 5] = [(0.25, "25%"), (0.5, "50%"), (0.75, "75%"), (0.9, "90%"), (1.0, "100%")];

fn is_near(now: f64, share: f64) -> bool {
    (now - share).abs() < 0.01
}

/// How sure the author is, in percent; unset until somebody says it.
pub(super) fn certainty_ui(now: Option<f64>, ui: &mut Ui) -> Option<Option<f64>> {
    let mut answer = None;
    ui.horizontal_wrapped(|ui| {
        // All five fit beside each other in the narrow panel.
        ui.spacing_mut().item_spacing.x = 3.0;
        for (share, word) in CERTAINTIES {
            let on = now.is_some_and(|now| is_near(now, share));
            if pill(ui, word, None, on).clicked() {
                answer = Some((!on).then_some(share));
            }
        }
        if let Some(other) = now.filter(|now| CERTAINTIES.iter().all(|(share, _)| !is_near(*now, *share))) {
            ui.label(RichText::new(format!("{:.0}%", other * 100.0)).size(size::SMALL));
        }
    });
    answer
}

/// A line of text that is kept when the hand leaves it.
fn kept_text(salt: impl std::hash::Hash + std::fmt::Debug, hint: &str, before: &str, ui: &mut Ui) -> Option<String> {
    let id = ui.scope_id().with(salt);
    let mut text = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_else(|| before.to_owned());
    let response = ui.add(line_edit(&mut text).hint_text(hint).desired_width(f32::INFINITY));
    response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::TextInput, true, hint));
    if response.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, text));
        return None;
    }
    ui.data_mut(|d| d.remove_temp::<String>(id)).map(|_| text).filter(|text| text != before)
}

/// Names and values; the answer is the one that was added, changed or taken away.
fn attributes_ui(
    salt: impl std::hash::Hash + std::fmt::Debug + Copy,
    attributes: &BTreeMap<String, Attribute>,
    ui: &mut Ui,
) -> Option<(String, Option<Attribute>)> {
    head(ui, "Attributes");
    let mut answer = None;
    for (name, value) in attributes {
        ui.horizontal(|ui| {
            ui.label(format!("{name}: {}", words(value)));
            let words = Words { name: "Remove attribute", ..Words::default() };
            if small_icon_button(ui, icon::X, words, false).clicked() {
                answer = Some((name.clone(), None));
            }
        });
    }
    let id = ui.scope_id().with(("attribute", salt));
    let mut text = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_default();
    let response = ui.add(line_edit(&mut text).hint_text("name = value").desired_width(f32::INFINITY));
    response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::TextInput, true, "New attribute"));
    if response.lost_focus() && ui.input(|i| i.key_pressed(eframe::egui::Key::Enter)) {
        let (name, value) = text.split_once('=').unwrap_or((&text, "yes"));
        if !name.trim().is_empty() && !value.trim().is_empty() {
            answer = Some((name.trim().to_owned(), Some(attribute_of(value))));
            text.clear();
        }
    }
    ui.data_mut(|d| d.insert_temp(id, text));
    answer
}

fn words(value: &Attribute) -> String {
    match value {
        Attribute::Yes(yes) => if *yes { "yes" } else { "no" }.into(),
        Attribute::Number(n) => n.to_string(),
        Attribute::Text(text) => text.clone(),
        Attribute::Several(all) => all.join(", "),
    }
}

/// The template in use with its sketch: which point comes next, and where it goes.
fn landmarks_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let now = app.case.template.and_then(|n| app.case.templates.get(n));
    ui.horizontal(|ui| {
        ui.label(RichText::new("Landmarks").strong());
        if let Some(tool) = ToolId::named("landmarks") {
            let action = Action::Tool(Tool::Use(tool));
            let reason = app.why_not(action);
            let words = Words { name: action.title(), hint: "Click the points in their order", keys: "", reason };
            if icon_button(ui, icon::WAYPOINTS, words, app.hand.tool == Tool::Use(tool)).clicked() {
                out.act(action);
            }
        }
    });
    let choice = ComboBox::from_id_salt("template")
        .selected_text(now.map_or("No template", |t| t.name.as_str()))
        .show_ui(ui, |ui| {
            for (n, template) in app.case.templates.iter().enumerate() {
                let response = ui.selectable_label(app.case.template == Some(n), &template.name);
                if response.on_hover_text(&template.description).clicked() {
                    out.ask(Request::Case(Ask::UseTemplate(Some(n))));
                }
            }
            ui.separator();
            if ui.add(Button::new("Load a template…").frame(false)).clicked() {
                out.ask(Request::AskPath(Purpose::LoadTemplate));
            }
        });
    choice.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "Landmark template"));
    if let Some(template) = now {
        sketch_ui(app, template, ui);
    }
}

fn sketch_ui(app: &App, template: &Template, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let placed = app.landmarks_in_hand();
    let has = |name: &str| placed.as_ref().is_some_and(|points| points.contains_key(name));
    let next = template.points.iter().position(|place| !has(&place.name));
    let side = ui.available_width().min(220.0);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let name = format!("Sketch of {}", template.name);
    response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Image, true, &name));
    ui.painter().rect_filled(rect, radius::M, c.ground);
    let inner: Rect = rect.shrink(8.0);
    let at = |[x, y]: [f64; 2]| pos2(inner.left() + inner.width() * x as f32, inner.top() + inner.height() * y as f32);
    for line in &template.outline {
        let points = line.iter().map(|point| at(*point)).collect();
        ui.painter().add(Mark::line(points, Stroke::new(1.5, c.edge)));
    }
    for (n, place) in template.points.iter().enumerate() {
        let (radius, ink): (f32, Color32) = match (has(&place.name), next == Some(n)) {
            (true, _) => (3.5, c.good),
            (false, true) => (5.5, over::MEASURE),
            (false, false) => (3.0, c.weak),
        };
        ui.painter().circle_filled(at(place.at), radius, ink);
    }
    if let Some(place) = next.map(|n| &template.points[n]) {
        let below = at(place.at) + vec2(0.0, 8.0);
        let font = FontId::proportional(size::SMALL);
        ui.painter().with_clip_rect(rect).text(below, Align2::CENTER_TOP, &place.name, font, c.text);
        let done = template.points.iter().filter(|place| has(&place.name)).count();
        let words = format!("{} of {}: {}", done + 1, template.points.len(), place.name);
        ui.label(RichText::new(words).strong());
        ui.label(RichText::new(&place.hint).size(size::SMALL).color(c.weak));
    } else {
        ui.label(RichText::new("All points are placed").color(c.good));
    }
}
