//! All cases at one look: a strip for each model with a dot for each case at its Dice. A click on a dot opens the case.

use super::table::note;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::review::{Ask, Compared};
use crate::theme::{colours, size, space};
use eframe::egui::{Align2, Color32, FontId, Pos2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use std::collections::BTreeMap;

const TITLE: f32 = 18.0;
const STRIP: f32 = 30.0;
const DOT: f32 = 4.0;
/// Lines that dots of a strip stand on, neighbours apart, so that equal ones are told apart. Odd.
const LINES: usize = 5;

pub fn ui(app: &App, compared: &Compared, ui: &mut Ui, out: &mut Outbox) {
    let strips = strips(compared, app.review.only);
    if strips.values().all(BTreeMap::is_empty) {
        return;
    }
    let label = app.review.only.map_or_else(|| "mean over labels".to_owned(), |label| app.label_name(label));
    note(ui, &format!("Dice of each case, {label}"));
    for (model, cases) in &strips {
        strip_ui(app, compared, (model, cases), ui, out);
    }
    axis_ui(ui);
}

type Strip<'a> = BTreeMap<&'a str, f64>;

/// From model to case to Dice: of the label that is looked at, else the mean over all.
fn strips(compared: &Compared, only: Option<u32>) -> BTreeMap<&str, Strip<'_>> {
    let mut sums: BTreeMap<&str, BTreeMap<&str, (f64, usize)>> = BTreeMap::new();
    for row in compared.rows.iter().filter(|row| only.is_none_or(|only| only == row.label)) {
        let (sum, count) = sums.entry(&row.model).or_default().entry(&row.case).or_default();
        *sum += row.dice;
        *count += 1;
    }
    let means = |cases: BTreeMap<_, (f64, usize)>| {
        cases.into_iter().map(|(case, (sum, count))| (case, sum / count as f64)).collect()
    };
    sums.into_iter().map(|(model, cases)| (model, means(cases))).collect()
}

/// Where 0 and 1 are.
fn ends(rect: Rect) -> [f32; 2] {
    [rect.left() + 12.0, rect.right() - 12.0]
}

fn strip_ui(app: &App, compared: &Compared, (model, cases): (&str, &Strip<'_>), ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), TITLE + STRIP), Sense::hover());
    let name = app.source_named(model);
    let source = app.review.sources.iter().find(|source| source.name == model);
    let [r, g, b] = source.map_or([160; 3], crate::review::Source::shown_colour);
    let at = rect.left_top() + vec2(space::S, TITLE / 2.0);
    ui.painter().with_clip_rect(rect).text(at, Align2::LEFT_CENTER, &name, FontId::proportional(size::SMALL), c.text);
    let band = Rect::from_min_max(pos2(rect.left(), rect.top() + TITLE), rect.max);
    ui.painter().rect_filled(band, 3.0, c.raised);
    let [zero, one] = ends(band);
    for share in [0.0, 0.5, 1.0] {
        let x = zero + (one - zero) * share;
        ui.painter().line_segment([pos2(x, band.top()), pos2(x, band.bottom())], Stroke::new(1.0, c.edge));
    }
    for (n, (case, dice)) in cases.iter().enumerate() {
        let x = zero + (one - zero) * dice.clamp(0.0, 1.0) as f32;
        let y = band.top() + band.height() * ((2 * n % LINES) as f32 + 0.5) / LINES as f32;
        let spoken = format!("{name}, {case}: Dice {dice:.3}");
        let here = compared.cases.get(*case).is_some_and(|key| key.image.is_some() && key.image == app.review.image);
        if dot_ui((pos2(x, y), Color32::from_rgb(r, g, b), here), &spoken, ui)
            && let Some(key) = compared.cases.get(*case)
        {
            out.ask(Request::Review(Ask::Case(*key)));
            out.ask(Request::Review(Ask::Select(source.map_or(crate::review::OWN, |source| source.id))));
        }
    }
}

/// True where it was clicked. The case in front has a ring.
fn dot_ui((at, ink, here): (Pos2, Color32, bool), spoken: &str, ui: &Ui) -> bool {
    let c = colours(ui.ctx());
    let place = Rect::from_center_size(at, vec2(2.0 * DOT + 2.0, 2.0 * DOT + 2.0));
    let response = ui.interact(place, ui.scope_id().with(("dot", spoken)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, here, spoken));
    let grown = if response.hovered() || response.has_focus() { 1.5 } else { 0.0 };
    ui.painter().circle_filled(at, DOT + grown, ink);
    let edge = if here { Stroke::new(2.0, c.text) } else { Stroke::new(0.75, c.ground) };
    ui.painter().circle_stroke(at, DOT + grown, edge);
    response.on_hover_text(format!("{spoken}\nClick to open the case")).clicked()
}

fn axis_ui(ui: &mut Ui) {
    let c = colours(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), Sense::hover());
    let [zero, one] = ends(rect);
    for (share, text) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
        let at = pos2(zero + (one - zero) * share, rect.center().y);
        ui.painter().text(at, Align2::CENTER_CENTER, text, FontId::proportional(size::TINY), c.weak);
    }
}
