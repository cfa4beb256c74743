//! What was decided in the whole project: counted by reader, label, version, state or day, each decision that fits the
//! filter, and how far readers agreed from day to day.

use super::decide::sign_of;
use super::part_head;
use super::table::note;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::review::queue::fits;
use crate::review::{Ask, CaseKey};
use crate::theme::{colours, icon_font, radius, size, space};
use crate::widgets::{pill, sentence_case};
use eframe::egui::{Align2, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use limner_annotation::review::dashboard::{Agreed, By, Told, VERDICTS, counted, state};

const ROW: f32 = 20.0;
const COLUMN: f32 = 34.0;
/// Decisions that are listed.
const MOST_LISTED: usize = 100;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let decided = &app.review.decided;
    let all: Vec<Told> = decided.all.iter().map(|one| as_shown(app, one)).collect();
    let agreed = &decided.agreed;
    if all.is_empty() && agreed.is_empty() {
        return;
    }
    part_head(ui, "Decisions in this project");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        for by in By::ALL {
            if pill(ui, by.title(), None, app.review.count_by == by).clicked() {
                out.ask(Request::Review(Ask::CountBy(by)));
            }
        }
    });
    ui.spacing_mut().item_spacing.y = 0.0;
    heads_ui(ui);
    for (name, counts) in counted(&all, app.review.count_by) {
        count_ui(app, &name, counts, ui, out);
    }
    if !app.review.filter.trim().is_empty() {
        list_ui(app, &all, ui, out);
    }
    agreed_ui(agreed, ui);
}

/// Models by the names they have while it is hidden who they are.
fn as_shown(app: &App, told: &Told) -> Told {
    Told { about: app.source_named(&told.about), ..told.clone() }
}

fn columns(rect: Rect) -> impl Iterator<Item = f32> {
    (0..VERDICTS.len()).map(move |n| rect.right() - space::M - (VERDICTS.len() - 1 - n) as f32 * COLUMN)
}

fn heads_ui(ui: &mut Ui) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    for (verdict, at) in VERDICTS.into_iter().zip(columns(rect)) {
        let (sign, ink) = sign_of(verdict, false, c);
        let at = pos2(at - 4.0, rect.center().y);
        ui.painter().text(at, Align2::CENTER_CENTER, sign, icon_font(size::SMALL), ink);
    }
    let words: Vec<String> = VERDICTS.into_iter().map(|verdict| sentence_case(state(verdict))).collect();
    response.on_hover_text(words.join(", "));
}

fn count_ui(app: &App, name: &str, counts: [usize; VERDICTS.len()], ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let on = app.review.filter == name;
    let given = VERDICTS.into_iter().zip(counts).filter(|(_, count)| *count > 0);
    let words: Vec<String> = given.map(|(verdict, count)| format!("{count} {}", state(verdict))).collect();
    let spoken = format!("{}: {}", sentence_case(name), words.join(", "));
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, &spoken));
    if on || response.hovered() {
        ui.painter().rect_filled(rect, radius::S, if on { c.accent_ground } else { c.hovered });
    }
    let font = FontId::proportional(size::SMALL);
    let room = Rect::from_min_max(rect.min, pos2(rect.right() - VERDICTS.len() as f32 * COLUMN, rect.bottom()));
    let at = room.left_center() + vec2(space::S + 2.0, 0.0);
    ui.painter().with_clip_rect(room).text(at, Align2::LEFT_CENTER, sentence_case(name), font.clone(), c.text);
    for (count, at) in counts.into_iter().zip(columns(rect)) {
        let (text, ink) = if count == 0 { ("–".to_owned(), c.weak) } else { (count.to_string(), c.text) };
        ui.painter().text(pos2(at, rect.center().y), Align2::RIGHT_CENTER, text, font.clone(), ink);
    }
    if response.on_hover_text(format!("{spoken}\nClick to see these alone")).clicked() {
        let filter = if on { String::new() } else { name.to_owned() };
        out.ask(Request::Review(Ask::Filter(filter)));
    }
}

/// Every decision that fits the filter; a click opens its case.
fn list_ui(app: &App, all: &[Told], ui: &mut Ui, out: &mut Outbox) {
    let one = |told: &&Told| {
        let label = if told.label.is_empty() { "All labels" } else { &told.label };
        fits(&app.review.filter, &[&told.reader, label, &told.about, state(told.verdict), &told.day, &told.why])
    };
    ui.add_space(space::S);
    for told in all.iter().filter(one).take(MOST_LISTED) {
        let c = colours(ui.ctx());
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
        if response.hovered() {
            ui.painter().rect_filled(rect, radius::S, c.hovered);
        }
        let (sign, ink) = sign_of(told.verdict, told.about == "Place", c);
        let at = rect.left_center() + vec2(10.0, 0.0);
        ui.painter().text(at, Align2::CENTER_CENTER, sign, icon_font(size::SMALL), ink);
        let parts = [told.about.as_str(), &told.label, &told.why, &told.reader, &told.day];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let line = parts.join(", ");
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Button, true, format!("{}: {line}", sentence_case(state(told.verdict))))
        });
        let clip = ui.painter().with_clip_rect(rect.shrink2(vec2(space::S, 0.0)));
        clip.text(at + vec2(12.0, 0.0), Align2::LEFT_CENTER, &line, FontId::proportional(size::SMALL), c.text);
        if response.on_hover_text(line).clicked()
            && let Some(image) = told.image
        {
            out.ask(Request::Review(Ask::Case(CaseKey { series: None, image: Some(image) })));
        }
    }
}

fn agreed_ui(agreed: &[Agreed], ui: &mut Ui) {
    if agreed.is_empty() {
        return;
    }
    ui.add_space(space::S);
    note(ui, "Two readers said the same of the same thing");
    for one in agreed {
        let share = 100.0 * one.same as f64 / one.pairs.max(1) as f64;
        note(ui, &format!("{}: {} of {} ({share:.0} %)", one.day, one.same, one.pairs));
    }
}
