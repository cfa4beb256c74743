//! Whose versions there are: one line each, with what is shown, which is the reference and which two are A and B.

use super::part_head;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::review::{Ask, Side, Source, State};
use crate::theme::{colours, icon, radius, size, space};
use crate::widgets::{Words, line_edit, small_icon_button};
use eframe::egui::{Align, Align2, Color32, FontId, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

const ROW: f32 = 26.0;
/// What the buttons of a line take.
const BUTTONS: f32 = 92.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    part_head(ui, "Versions");
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for source in &app.review.sources {
            source_ui(app, source, ui, out);
        }
    });
}

fn source_ui(app: &App, source: &Source, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let in_hand = app.review.in_hand == Some(source.id);
    let name = app.shown_name(source.id);
    let state = state_words(app, source);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, in_hand, format!("Version {name}, {state}")));
    if in_hand || response.hovered() {
        ui.painter().rect_filled(rect, radius::S, if in_hand { c.accent_ground } else { c.hovered });
    }
    eye_ui(source, &name, rect, ui, out);
    colour_ui(source, &name, rect, ui, out);
    let left = rect.left() + 44.0;
    let place = Rect::from_min_max(pos2(left, rect.top()), pos2(rect.right() - BUTTONS, rect.bottom()));
    let says = source.ready().is_some() && !app.says_nothing(source.id) || app.review.says_in_records(source.id);
    let missing = !says;
    let ink = match source.state {
        State::Failed(_) => c.warning,
        _ if missing => c.weak,
        _ => c.text,
    };
    let painter = ui.painter().with_clip_rect(place);
    painter.text(place.left_center(), Align2::LEFT_CENTER, &name, FontId::proportional(size::BODY), ink);
    buttons_ui(app, source, rect, ui, out);
    let hint = match &source.state {
        State::Failed(why) if source.alias.is_none() => format!("{name}\n{why}"),
        _ => format!("{name}\n{state}"),
    };
    if source.is_file() && source.alias.is_none() {
        response.context_menu(|ui| rename_ui(source, ui, out));
    }
    if response.on_hover_text(hint).clicked() {
        out.ask(Request::Review(Ask::Select(source.id)));
    }
}

/// On a right click: what the model is called here and in the records.
fn rename_ui(source: &Source, ui: &mut Ui, out: &mut Outbox) {
    let mut name = source.name.clone();
    let field = ui.add(line_edit(&mut name).desired_width(180.0));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Name of the model"));
    if name != source.name {
        out.ask(Request::Review(Ask::Rename(source.id, name)));
    }
}

fn state_words(app: &App, source: &Source) -> &'static str {
    match &source.state {
        State::Ready(_) if app.says_nothing(source.id) => "nothing is painted on this picture",
        State::Ready(ready) if ready.version.soft.is_some() => "a probability map, read",
        State::Ready(_) => "read",
        State::Nothing if app.review.says_in_records(source.id) => "says something in records",
        State::Nothing => "says nothing about this picture",
        State::Reading => "is being read",
        State::Failed(_) => "cannot be shown on this picture",
    }
}

fn eye_ui(source: &Source, name: &str, rect: Rect, ui: &mut Ui, out: &mut Outbox) {
    let place = Rect::from_min_size(rect.left_top() + vec2(0.0, 3.0), vec2(20.0, 20.0));
    ui.scope_builder(UiBuilder::new().max_rect(place).id_salt(("eye", source.id)), |ui| {
        let title = format!("{} {name}", if source.visible { "Hide" } else { "Show" });
        let words = Words { name: &title, ..Words::default() };
        let sign = if source.visible { icon::EYE } else { icon::EYE_OFF };
        if small_icon_button(ui, sign, words, false).clicked() {
            out.ask(Request::Review(Ask::Show(source.id, !source.visible)));
        }
    });
}

fn colour_ui(source: &Source, name: &str, rect: Rect, ui: &mut Ui, out: &mut Outbox) {
    let place = Rect::from_min_size(rect.left_top() + vec2(23.0, 6.0), vec2(14.0, 14.0));
    ui.scope_builder(UiBuilder::new().max_rect(place).id_salt(("colour", source.id)), |ui| {
        ui.spacing_mut().interact_size = vec2(14.0, 14.0);
        let mut colour = source.shown_colour();
        let response = ui.color_edit_button_srgb(&mut colour);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Colour of {name}")));
        if response.changed() {
            out.ask(Request::Review(Ask::Colour(source.id, colour)));
        }
    });
}

/// Reference, A, B, close.
fn buttons_ui(app: &App, source: &Source, rect: Rect, ui: &mut Ui, out: &mut Outbox) {
    let place = Rect::from_min_max(pos2(rect.right() - BUTTONS, rect.top() + 3.0), rect.right_bottom());
    let builder =
        UiBuilder::new().max_rect(place).id_salt(("buttons", source.id)).layout(Layout::right_to_left(Align::Min));
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let name = app.shown_name(source.id);
        if source.is_file() {
            let title = format!("Close {name}");
            let words = Words { name: &title, hint: "Its files stay where they are", ..Words::default() };
            if small_icon_button(ui, icon::X, words, false).clicked() {
                out.ask(Request::Review(Ask::Close(source.id)));
            }
        } else {
            ui.add_space(20.0);
        }
        let pair = app.review.pair();
        for side in [Side::B, Side::A] {
            let on = pair.is_some_and(|pair| pair[side.index()] == source.id);
            side_ui(source, &name, side, on, ui, out);
        }
        let on = app.review.reference == Some(source.id);
        let title = format!("{name} is the reference");
        let words = Words { name: &title, hint: "What all other versions are compared with", ..Words::default() };
        if small_icon_button(ui, icon::TARGET, words, on).clicked() {
            out.ask(Request::Review(Ask::Reference((!on).then_some(source.id))));
        }
    });
}

fn side_ui(source: &Source, name: &str, side: Side, on: bool, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::click());
    let title = format!("{name} is {}", side.letter());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, &title));
    let ground = match (on, response.hovered()) {
        (true, _) => c.accent_ground,
        (false, true) => c.raised,
        _ => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, radius::M, ground);
    let ink = if on { c.accent } else { c.weak };
    let font = FontId::proportional(size::BODY);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, side.letter(), font, ink);
    let hint = "The two that swipe, flicker, agreement and distance are of";
    if response.on_hover_text(format!("{title}\n{hint}")).clicked() {
        out.ask(Request::Review(Ask::Pair(side, source.id)));
    }
}
