//! Captions and reports: a text about the picture in view, and phrases of it bound to what they speak of.

use crate::app::App;
use crate::case::ask::{Ask, ReportAsk};
use crate::case::report::KINDS;
use crate::dispatch::case::Target;
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, radius, size, space};
use crate::widgets::{Words, empty_state, icon_button, panel_head, pill, small_icon_button, tick};
use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{
    Align, Button, Color32, FontId, Frame, Galley, Key, Label, Margin, Modifiers, RichText, ScrollArea, Sense, Stroke,
    TextBuffer, TextEdit, Ui, vec2,
};
use limner_annotation::ImageId;
use limner_annotation::records::{Caption, Grounding, Region};
use std::sync::Arc;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let image = app.workspace.open().map(|open| open.image);
    let caption = image.and_then(|image| app.caption_of(image));
    panel_head(ui, "Caption and report", |ui| {
        let reason = caption.is_none().then_some("There is no text yet");
        let words = Words { name: "Delete text", hint: "The text and what it is bound to", reason, ..Words::default() };
        if icon_button(ui, icon::TRASH_2, words, false).clicked() {
            out.ask(Request::Case(Ask::Report(ReportAsk::Delete)));
        }
    });
    let Some(image) = image else {
        return empty_state(ui, icon::FILE_TEXT, "No picture", "Open one to write about it");
    };
    let mut ask = |ask| out.ask(Request::Case(Ask::Report(ask)));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        for (kind, word) in KINDS {
            if pill(ui, word, None, app.case.report.kind == kind).clicked() {
                ask(ReportAsk::Kind(kind));
            }
        }
    });
    text_ui(app, image, caption, ui, &mut ask);
    match app.case.report.binding {
        Some(span) => binding_ui(app, image, span, ui, &mut ask),
        None => phrases_ui(app, caption, ui, &mut ask),
    }
}

/// The text with its bound phrases underlined; what is selected can be bound.
fn text_ui(app: &App, image: ImageId, caption: Option<&Caption>, ui: &mut Ui, ask: &mut impl FnMut(ReportAsk)) {
    let typed = app.case.report.typed.as_ref().filter(|(about, ..)| *about == image).map(|(_, text, _)| text.clone());
    let kept = caption.map(|caption| caption.text.clone()).unwrap_or_default();
    let mut text = typed.unwrap_or_else(|| kept.clone());
    // The phrases as they lie in what is typed so far.
    let phrases = caption.map(|caption| caption.with_text(&text).phrases).unwrap_or_default();
    let binding = app.case.report.binding;
    let c = colours(ui.ctx());
    let look = Look { text: c.text, accent: c.accent, ground: c.accent_ground };
    let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, width: f32| -> Arc<Galley> {
        let mut job = highlighted(buffer.as_str(), &phrases, binding, &look);
        job.wrap.max_width = width;
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let rows = 9;
    let wanted_bind = ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::B));
    let output = ScrollArea::vertical()
        .id_salt("report text")
        .max_height(ui.available_height() * 0.5)
        .show(ui, |ui| {
            TextEdit::multiline(&mut text)
                .id_salt("report")
                .desired_rows(rows)
                .desired_width(f32::INFINITY)
                .hint_text("Write what is seen. Select words and bind them to a region")
                .layouter(&mut layouter)
                .show(ui)
        })
        .inner;
    let response = &output.response.response;
    response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::MultilineTextInput, true, "Report"));
    if response.changed() {
        ask(ReportAsk::Typed(text.clone()));
    }
    if response.lost_focus() {
        ask(ReportAsk::Keep);
    }
    let selected = output.cursor_range.map(|range| range.as_sorted_char_range());
    let selected = selected.map(|range| [range.start.0, range.end.0]).filter(|[start, end]| start < end);
    let id = ui.scope_id().with("selected");
    if response.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, selected));
    }
    let selected = ui.data(|d| d.get_temp::<Option<[usize; 2]>>(id)).flatten();
    let selected = selected.filter(|[_, end]| *end <= text.chars().count()).map(|span| trimmed(&text, span));
    let reason = selected.is_none();
    ui.horizontal(|ui| {
        let button = ui.add_enabled(!reason && binding.is_none(), Button::new("Bind selected words"));
        let hint = "Then click the regions on the picture, or press their digits   Ctrl+B";
        let bind = button.on_hover_text(hint).on_disabled_hover_text("Select words in the text first").clicked();
        if (bind || wanted_bind && binding.is_none())
            && let Some(span) = selected.filter(|[start, end]| start < end)
        {
            ask(ReportAsk::Bind(Some(span)));
            response.surrender_focus();
        }
    });
}

/// A selection without the blanks at its ends.
fn trimmed(text: &str, [start, end]: [usize; 2]) -> [usize; 2] {
    let letters: Vec<char> = text.chars().collect();
    let blank = |n: &usize| letters[*n].is_whitespace();
    let first = (start..end).find(|n| !blank(n)).unwrap_or(end);
    let last = (first..end).rev().find(|n| !blank(n)).map_or(first, |n| n + 1);
    [first, last]
}

struct Look {
    text: Color32,
    accent: Color32,
    ground: Color32,
}

fn highlighted(text: &str, phrases: &[Grounding], binding: Option<[usize; 2]>, look: &Look) -> LayoutJob {
    let mut job = LayoutJob::default();
    let letters: Vec<char> = text.chars().collect();
    let kind = |n: usize| {
        let inside = |[start, end]: [usize; 2]| (start..end).contains(&n);
        (phrases.iter().any(|phrase| inside(phrase.span)), binding.is_some_and(inside))
    };
    let mut n = 0;
    while n < letters.len() {
        let now = kind(n);
        let end = (n..letters.len()).find(|m| kind(*m) != now).unwrap_or(letters.len());
        let piece: String = letters[n..end].iter().collect();
        let mut format = TextFormat::simple(FontId::proportional(size::BODY), look.text);
        format.valign = Align::Center;
        if now.0 {
            format.underline = Stroke::new(2.0, look.accent);
        }
        if now.1 {
            format.background = look.ground;
        }
        job.append(&piece, 0.0, format);
        n = end;
    }
    if letters.is_empty() {
        job.append("", 0.0, TextFormat::simple(FontId::proportional(size::BODY), look.text));
    }
    job
}

/// The regions that can be bound, while words wait for them.
fn binding_ui(app: &App, image: ImageId, span: [usize; 2], ui: &mut Ui, ask: &mut impl FnMut(ReportAsk)) {
    let Some(caption) = app.caption_of(image) else { return };
    let c = colours(ui.ctx());
    let bare = Grounding { span, shapes: Vec::new(), findings: Vec::new() };
    let phrase = caption.phrase(span).unwrap_or(&bare);
    let frame = Frame::new().fill(c.raised).stroke(Stroke::new(1.0, c.accent)).corner_radius(radius::M);
    frame.inner_margin(Margin::same(8)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.add(Label::new(RichText::new(format!("\"{}\" is", caption.words(phrase))).strong()).wrap());
        let hint = "Click regions on the picture or press a digit, Enter ends";
        ui.label(RichText::new(hint).size(size::SMALL).color(c.weak));
        let regions = app.bindable(image);
        if regions.is_empty() {
            ui.label("Nothing is drawn or painted here yet");
        }
        for (n, (target, name)) in regions.iter().enumerate() {
            let mut on = match target {
                Target::Region(Region::Shape(id)) => phrase.shapes.contains(id),
                Target::Region(Region::Finding(id)) => phrase.findings.contains(id),
                Target::Painted(_) => false,
            };
            let text = if n < 9 { format!("{}  {name}", n + 1) } else { name.clone() };
            if tick(ui, &mut on, text).changed() {
                ask(ReportAsk::ToggleNth(n));
            }
        }
        if ui.button("Done").clicked() {
            ask(ReportAsk::Bind(None));
        }
    });
}

/// What is bound already; pointing at a phrase shows its regions on the picture.
fn phrases_ui(app: &App, caption: Option<&Caption>, ui: &mut Ui, ask: &mut impl FnMut(ReportAsk)) {
    let Some(caption) = caption.filter(|caption| !caption.phrases.is_empty()) else { return };
    let c = colours(ui.ctx());
    ui.add_space(space::S);
    ui.label(RichText::new("Bound phrases").size(size::SMALL).color(c.weak));
    let mut pointed = None;
    for (n, phrase) in caption.phrases.iter().enumerate() {
        let row = ui.horizontal(|ui| {
            let count = phrase.shapes.len() + phrase.findings.len();
            let words = format!("{}  ({count})", caption.words(phrase));
            let shown = ui.add(Label::new(words).truncate().sense(Sense::click()));
            if shown.on_hover_text("Change what it is bound to").clicked() {
                ask(ReportAsk::Bind(Some(phrase.span)));
            }
            let words = Words { name: "Unbind", hint: "The words stay", ..Words::default() };
            if small_icon_button(ui, icon::UNLINK, words, false).clicked() {
                ask(ReportAsk::Unbind(phrase.span));
            }
        });
        if row.response.contains_pointer() {
            pointed = Some(n);
        }
    }
    if pointed != app.case.report.pointed {
        ask(ReportAsk::Point(pointed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_bound_without_its_blanks() {
        assert_eq!(trimmed("a  nodule here", [1, 10]), [3, 9]);
        assert_eq!(trimmed("größe x", [0, 6]), [0, 5]);
        let [start, end] = trimmed("a    b", [1, 4]);
        assert!(start >= end, "blanks alone are nothing");
    }
}
