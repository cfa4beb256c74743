//! The window of plots: which one, of what, the plot itself with a dot to press for each case, and files of it.

use super::table::note;
use crate::action::Action;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::plots::{Inks, paint};
use crate::review::charts::{Chart, Drawn, Measure};
use crate::review::{Act, Ask, ChartAsk, OWN};
use crate::theme::{colours, icon, radius, size, space};
use crate::widgets::{empty_state, pill, word_button};
use eframe::egui::{
    ComboBox, Context, CursorIcon, Id, Pos2, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, Window, pos2, vec2,
};
use limner_annotation::counted;
use limner_annotation::review::plot::Tip;
use std::collections::BTreeSet;

const DEFAULT: [f32; 2] = [620.0, 610.0];
const LEAST: [f32; 2] = [440.0, 340.0];
/// A plot shrinks and grows with the window so far: its letters are to be read.
const SCALES: [f32; 2] = [0.8, 1.6];
/// How far beside a dot a pointer may be.
const REACH: f32 = 2.0;
/// Dots that a keyboard and a screen reader go through one by one; of more the pointer finds the nearest.
const MOST_SPOKEN: usize = 1500;
const ENDINGS: [(&str, &str); 4] = [("svg", "SVG"), ("png", "PNG"), ("csv", "CSV"), ("parquet", "Parquet")];

pub fn ui(app: &App, ctx: &Context, out: &mut Outbox) {
    if !app.review.charts.is_open {
        return;
    }
    let mut is_open = true;
    let window = Window::new("Figures").id(Id::unique("figures")).collapsible(true).open(&mut is_open);
    let window = window.default_pos(pos2(70.0, 96.0)).default_size(DEFAULT).min_size(LEAST);
    window.show(ctx, |ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        kinds_ui(app, ui, out);
        choices_ui(app, ui, out);
        match &app.review.charts.drawn {
            Some(drawn) => {
                let below = size::CONTROL_HEIGHT + 2.0 * space::M;
                let room = vec2(ui.available_width(), (ui.available_height() - below).max(160.0));
                plot_ui(app, drawn, room, ui, out);
                files_ui(app, drawn, ui, out);
            }
            None => nothing_ui(app, ui, out),
        }
    });
    if !is_open {
        out.act(Action::Review(Act::Charts));
    }
}

fn ask(out: &mut Outbox, ask: ChartAsk) {
    out.ask(Request::Review(Ask::Chart(ask)));
}

fn kinds_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        for chart in Chart::ALL {
            if pill(ui, chart.title(), None, app.review.charts.chart == chart).clicked() {
                ask(out, ChartAsk::Show(chart));
            }
        }
    });
}

/// What the plot is of, where there is a choice.
fn choices_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let review = &app.review;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        let (measures, now) = (review.measures(), review.measure());
        if let Some(now) = now.filter(|_| measures.len() > 1) {
            let combo = ComboBox::from_id_salt("measure").selected_text(now.title());
            let shown = combo.show_ui(ui, |ui| {
                for measure in measures {
                    if ui.selectable_label(measure == now, measure.title()).clicked() {
                        ask(out, ChartAsk::Measure(measure));
                    }
                }
            });
            shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "What the plot is of"));
        }
        let of_maps = matches!(now, Some(Measure::Map(_))) || review.charts.chart == Chart::Volumes;
        if of_maps && review.compared.is_some() {
            label_ui(app, ui, out);
        }
        let one = review.charted_one();
        for id in review.charted() {
            if pill(ui, &app.shown_name(id), None, one == Some(id)).clicked() {
                ask(out, ChartAsk::Model(id));
            }
        }
        let wants = chart_of_maps(review.charts.chart) && review.compared.is_none();
        if wants && app.why_not(Action::Review(Act::CompareAll)).is_none() && has_maps(app) {
            word_button(app, Action::Review(Act::CompareAll), "Compare all cases", ui, out);
        }
    });
}

fn has_maps(app: &App) -> bool {
    app.review.sources.iter().any(|source| source.id != OWN && source.has_maps())
}

fn label_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let rows = app.review.compared.iter().flat_map(|compared| &compared.rows);
    let labels: BTreeSet<u32> = rows.map(|row| row.label).collect();
    let name = |label: Option<u32>| label.map_or_else(|| "All labels".to_owned(), |label| app.label_name(label));
    let now = app.review.charts.label;
    let combo = ComboBox::from_id_salt("label of the plot").selected_text(name(now));
    let shown = combo.show_ui(ui, |ui| {
        for choice in std::iter::once(None).chain(labels.into_iter().map(Some)) {
            if ui.selectable_label(choice == now, name(choice)).clicked() {
                ask(out, ChartAsk::Label(choice));
            }
        }
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "Label the plot is of"));
}

/// Why there is no plot, and what to do.
fn nothing_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let review = &app.review;
    let chart = review.charts.chart;
    let can_compare = has_maps(app) && review.compared.is_none();
    let headline = match () {
        () if app.is_hidden() => "Figures are withheld while it is hidden who made what",
        () if review.is_empty() => "No predictions are open",
        () if can_compare && chart_of_maps(chart) => "The cases are not compared yet",
        () => "Nothing to plot here",
    };
    let mut text = chart.needs().to_owned();
    if can_compare && chart_of_maps(chart) {
        let why = app.why_not(Action::Review(Act::CompareAll));
        let next = why.map_or_else(|| "compare all cases of the list".to_owned(), str::to_lowercase);
        text = format!("{text}. Next: {next}");
    }
    if !app.is_hidden() {
        empty_state(ui, icon::CHART_COLUMN, headline, &text);
        ui.add_space(space::M);
        ui.vertical_centered(|ui| {
            word_button(app, Action::Review(Act::OpenFolder), "Open predictions…", ui, out);
        });
    } else {
        empty_state(ui, icon::EYE_CLOSED, headline, "They come back when the lead tells who made what");
    }
}

const fn chart_of_maps(chart: Chart) -> bool {
    matches!(chart, Chart::Spread | Chart::Volumes | Chart::Heat)
}

fn plot_ui(app: &App, drawn: &Drawn, room: eframe::egui::Vec2, ui: &mut Ui, out: &mut Outbox) {
    let [width, height] = drawn.drawing.size.map(|side| side as f32);
    let fitting = ((room.x - space::L) / width).min((room.y - space::L) / height);
    let scale = fitting.clamp(SCALES[0], SCALES[1]);
    let area = ScrollArea::both().id_salt("plot").max_height(room.y).auto_shrink([false, false]);
    area.min_scrolled_height(room.y).show(ui, |ui| {
        let (rect, canvas) = ui.allocate_exact_size(vec2(width, height) * scale, Sense::click());
        let spoken = format!("{}, {}", drawn.drawing.title, counted(drawn.drawing.data.len(), "value"));
        canvas.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
        paint(ui.painter(), rect.min, scale, &drawn.drawing, Inks::Theme(colours(ui.ctx())));
        spots_ui(app, drawn, (rect.min, scale), canvas, ui, out);
    });
}

/// What a spot of the plot covers on the screen, with room for the pointer around a dot.
fn place(corner: Pos2, scale: f32, at: [f64; 2], size: [f64; 2]) -> Rect {
    let [x, y, w, h] = [at[0], at[1], size[0], size[1]].map(|n| n as f32 * scale);
    let rect = Rect::from_min_size(corner + vec2(x, y), vec2(w, h));
    if w < 12.0 { rect.expand(REACH) } else { rect }
}

fn spots_ui(app: &App, drawn: &Drawn, (corner, scale): (Pos2, f32), canvas: Response, ui: &Ui, out: &mut Outbox) {
    let spots: Vec<(&Tip, Rect)> =
        drawn.drawing.spots().map(|(tip, at, size)| (tip, place(corner, scale, at, size))).collect();
    let opened = app.review.charts.opened.as_ref().map(|(to, _)| to);
    if let Some((_, rect)) = spots.iter().find(|(tip, _)| !tip.to.is_empty() && Some(&tip.to) == opened) {
        ui.painter().rect_stroke(*rect, radius::S, Stroke::new(1.5, colours(ui.ctx()).text), StrokeKind::Outside);
    }
    if spots.len() <= MOST_SPOKEN {
        for (n, (tip, rect)) in spots.iter().enumerate() {
            if rect.intersects(ui.clip_rect()) {
                let response = ui.interact(*rect, ui.scope_id().with(("spot", n)), sense(tip));
                spot_ui(tip, opened == Some(&tip.to), response, ui, out);
            }
        }
        return;
    }
    let pointed = canvas.hover_pos().and_then(|at| {
        let near = spots.iter().filter(|(_, rect)| rect.contains(at));
        near.min_by(|a, b| a.1.center().distance(at).total_cmp(&b.1.center().distance(at)))
    });
    if let Some((tip, _)) = pointed {
        pressed(tip, canvas, ui, out);
    }
}

fn sense(tip: &Tip) -> Sense {
    if tip.to.is_empty() { Sense::hover() } else { Sense::click() }
}

fn spot_ui(tip: &Tip, is_opened: bool, response: Response, ui: &Ui, out: &mut Outbox) {
    let here = is_opened && !tip.to.is_empty();
    let role = if tip.to.is_empty() { Role::Label } else { Role::Button };
    response.widget_info(|| WidgetInfo::selected(role, true, here, &tip.text));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(
            response.rect,
            radius::S,
            Stroke::new(1.5, colours(ui.ctx()).accent),
            StrokeKind::Outside,
        );
    }
    pressed(tip, response, ui, out);
}

fn pressed(tip: &Tip, response: Response, ui: &Ui, out: &mut Outbox) {
    let clicked = response.clicked();
    let more = match tip.to.len() {
        0 => String::new(),
        1 => "\nClick to open the case".to_owned(),
        n => format!("\nStands for {n}; click to open them one after the other"),
    };
    if !tip.to.is_empty() && response.hovered() {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    response.on_hover_text(format!("{}{more}", tip.text));
    if clicked && !tip.to.is_empty() {
        ask(out, ChartAsk::GoTo(tip.to.clone()));
    }
}

/// What was opened last, and the plot as files.
fn files_ui(app: &App, drawn: &Drawn, ui: &mut Ui, out: &mut Outbox) {
    ui.horizontal(|ui| {
        note(ui, "Save as");
        for (ending, name) in ENDINGS {
            let button = ui.button(name);
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Save the plot as {name}")));
            if button.clicked() {
                ask(out, ChartAsk::Save(ending));
            }
        }
        if let Some((to, at)) = &app.review.charts.opened
            && let Some(target) = to.get(*at).and_then(|n| drawn.targets.get(*n))
        {
            let words = match to.len() {
                1 => target.title().to_owned(),
                n => format!("{} of {n}: {}", at + 1, target.title()),
            };
            note(ui, &words);
        }
    });
}
