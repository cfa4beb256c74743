//! The few controls everything is built from, each with a name, a tooltip with its key, and a reason where it is grey.

use crate::action::Action;
use crate::app::App;
use crate::outbox::Outbox;
use crate::theme::{self, colours, icon_font, radius, size, space, strong};
use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{
    Align, Align2, Button, Color32, FontId, Frame, IntoAtoms, Label, Layout, Margin, Rect, Response, RichText, Role,
    Sense, Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, vec2,
};

/// What a control is called and what it does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    pub name: &'a str,
    pub hint: &'a str,
    pub keys: &'a str,
    /// Why it cannot be used now.
    pub reason: Option<&'a str>,
}

/// A field of one line, its text in the middle of its height.
pub fn line_edit(text: &mut String) -> TextEdit<'_> {
    TextEdit::singleline(text).align(Align2::LEFT_CENTER)
}

/// Takes the keyboard with all of the text marked: what is typed replaces it, who wants to mend it presses an arrow first.
pub fn focus_whole(field: &Response, text: &str, ui: &Ui) {
    field.request_focus();
    let mut state = TextEditState::load(ui.ctx(), field.id).unwrap_or_default();
    let all = CCursorRange::two(CCursor::default(), CCursor::new(text.chars().count()));
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), field.id);
}

/// A square button that holds an icon.
pub fn icon_button(ui: &mut Ui, icon: &str, words: Words<'_>, on: bool) -> Response {
    icon_button_sized(ui, icon, words, on, size::ICON_BUTTON)
}

/// One for rows of a list.
pub fn small_icon_button(ui: &mut Ui, icon: &str, words: Words<'_>, on: bool) -> Response {
    icon_button_sized(ui, icon, words, on, 20.0)
}

/// How much of its ink is left to what cannot be used now.
pub const UNAVAILABLE: f32 = 0.4;

fn icon_button_sized(ui: &mut Ui, icon: &str, words: Words<'_>, on: bool, side: f32) -> Response {
    let enabled = words.reason.is_none();
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), sense);
    response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, on, words.name));
    let c = colours(ui.ctx());
    let ground = match (on, enabled && response.hovered(), response.is_pointer_button_down_on()) {
        (true, ..) | (_, _, true) => c.accent_ground,
        (_, true, _) => c.hovered,
        _ => Color32::TRANSPARENT,
    };
    let ink = match (enabled, on, response.hovered()) {
        (false, ..) => c.weak.gamma_multiply(UNAVAILABLE),
        (_, true, _) => c.accent,
        (_, _, true) => c.text,
        _ => c.weak,
    };
    ui.painter().rect_filled(rect, radius::M, ground);
    focus_ring(ui, &response, rect, f32::from(radius::M));
    let points = if side > 24.0 { size::ICON } else { size::SMALL_ICON };
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, icon, icon_font(points), ink);
    explained(response, words)
}

/// Around what the keys go to now; what is chosen has a ground and no ring.
pub fn focus_ring(ui: &Ui, response: &Response, rect: Rect, corner: f32) {
    if response.has_focus() {
        ui.painter().rect_stroke(rect, corner, theme::focus(ui.ctx()), StrokeKind::Inside);
    }
}

/// Name, key, what it does, and why not now.
pub fn explained(response: Response, words: Words<'_>) -> Response {
    response.on_hover_ui(|ui| {
        let c = colours(ui.ctx());
        ui.horizontal(|ui| {
            ui.label(RichText::new(words.name).font(strong(size::BODY)).color(c.text));
            if !words.keys.is_empty() {
                key_cap(ui, words.keys);
            }
        });
        if !words.hint.is_empty() && words.hint != words.name {
            ui.label(RichText::new(words.hint).color(c.weak));
        }
        if let Some(reason) = words.reason {
            ui.label(RichText::new(reason).color(c.warning));
        }
    })
}

/// A key as it stands on the keyboard.
pub fn key_cap(ui: &mut Ui, keys: &str) {
    let c = colours(ui.ctx());
    Frame::new()
        .fill(c.raised)
        .stroke(Stroke::new(1.0, c.edge))
        .corner_radius(radius::S)
        .inner_margin(Margin::symmetric(5, 1))
        .show(ui, |ui| ui.label(RichText::new(keys).size(size::SMALL).color(c.text)));
}

/// The icon of an action as a button that does it.
pub fn action_button(app: &App, action: Action, ui: &mut Ui, out: &mut Outbox) -> Response {
    let keys = app.keys_of(action);
    let words = Words { name: action.title(), hint: action.hint(), keys: &keys, reason: app.why_not(action) };
    let response = icon_button(ui, action.icon().unwrap_or(theme::icon::DOT), words, app.is_on(action));
    if response.clicked() {
        out.act(action);
    }
    response
}

/// A button with words that does an action.
pub fn word_button(app: &App, action: Action, title: &str, ui: &mut Ui, out: &mut Outbox) -> Response {
    let keys = app.keys_of(action);
    let reason = app.why_not(action);
    let response = ui.add_enabled(reason.is_none(), Button::new(title).selected(app.is_on(action)));
    if response.clicked() {
        out.act(action);
    }
    let words = Words { name: action.title(), hint: action.hint(), keys: &keys, reason };
    if reason.is_some() {
        response.on_disabled_hover_text(reason.unwrap_or_default())
    } else {
        explained(response, words)
    }
}

/// The head of a panel: what it is, and what can be done with all of it at the right.
pub fn panel_head(ui: &mut Ui, title: &str, buttons: impl FnOnce(&mut Ui)) {
    let c = colours(ui.ctx());
    ui.horizontal(|ui| {
        ui.set_min_height(size::ICON_BUTTON);
        ui.add(Label::new(RichText::new(title).font(strong(size::HEADING)).color(c.text)).selectable(false));
        ui.with_layout(Layout::right_to_left(Align::Center), buttons);
    });
}

/// What stands where nothing is yet: what it is for, and what to do next.
pub fn empty_state(ui: &mut Ui, icon: &str, headline: &str, text: &str) {
    let c = colours(ui.ctx());
    ui.add_space(space::XXL);
    ui.vertical_centered(|ui| {
        ui.label(RichText::new(icon).font(icon_font(26.0)).color(c.edge));
        ui.add_space(space::S);
        ui.label(RichText::new(headline).font(strong(size::BODY)).color(c.text));
        // Lines of a readable length, whatever the width of what they stand in.
        ui.set_max_width(ui.available_width().min(320.0));
        ui.label(RichText::new(text).size(size::SMALL).color(c.weak));
    });
}

/// The ink that says "this" or "not this" on a panel.
pub fn sign_ink(ui: &Ui, positive: bool) -> Color32 {
    let c = colours(ui.ctx());
    if positive { c.good } else { c.error }
}

/// A word on a ground of its own: a modality, a count.
pub fn chip(ui: &mut Ui, text: &str, ink: Color32) -> Response {
    let c = colours(ui.ctx());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::proportional(size::TINY), ink);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(8.0, 3.0), Sense::hover());
    ui.painter().rect_filled(rect, radius::S, c.raised);
    ui.painter().galley(Rect::from_center_size(rect.center(), galley.size()).min, galley, ink);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response
}

/// What is called in lower case inside of sentences, where it stands by itself.
pub fn sentence_case(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What stands by itself with a capital, inside of a sentence; the names of people keep theirs.
pub fn in_sentence(title: &str) -> String {
    let mut letters = title.chars();
    match letters.next() {
        Some(first) if !title.starts_with("Cobb") => first.to_lowercase().chain(letters).collect(),
        _ => title.to_owned(),
    }
}

/// A box to tick, with an edge that is seen also where it is empty.
pub fn tick<'a>(ui: &mut Ui, on: &'a mut bool, text: impl IntoAtoms<'a>) -> Response {
    let edge = Stroke::new(1.0, colours(ui.ctx()).edge);
    let before = std::mem::replace(&mut ui.visuals_mut().widgets.inactive.bg_stroke, edge);
    let response = ui.checkbox(on, text);
    ui.visuals_mut().widgets.inactive.bg_stroke = before;
    response
}

/// A choice among others, as a pill; with the digit that picks it while keys do.
pub fn pill(ui: &mut Ui, text: &str, digit: Option<usize>, on: bool) -> Response {
    let c = colours(ui.ctx());
    let ink = if on { c.text } else { c.weak };
    let words = digit.map_or_else(|| text.to_owned(), |digit| format!("{digit}  {text}"));
    let galley = ui.painter().layout_no_wrap(words, FontId::proportional(size::SMALL), ink);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 14.0, 22.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, text));
    let fill = match (on, response.hovered()) {
        (true, _) => c.accent_ground,
        (false, true) => c.hovered,
        (false, false) => c.raised,
    };
    ui.painter().rect_filled(rect, 11.0, fill);
    // Where the theme draws the edges of buttons, pills are buttons.
    let edge = ui.visuals().widgets.inactive.bg_stroke;
    let edge = if on { Stroke::new(1.0, c.accent) } else { edge };
    ui.painter().rect_stroke(rect, 11.0, edge, StrokeKind::Inside);
    focus_ring(ui, &response, rect, 11.0);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, ink);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_go_into_sentences() {
        assert_eq!(in_sentence("Ruler"), "ruler");
        assert_eq!(in_sentence("Cobb angle"), "Cobb angle");
        assert_eq!(in_sentence("3D box"), "3D box");
    }
}
