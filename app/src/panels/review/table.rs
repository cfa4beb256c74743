//! Figures: each version against the reference label by label, or all cases of the list with the worst first.

use super::decide::sign_of;
use super::part_head;
use crate::action::Action;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::review::queue::{Standing, fits};
use crate::review::{Act, Ask, Compared, SourceId};
use crate::theme::{Colours, colours, icon_font, radius, size, space, strong};
use crate::widgets::{action_button, line_edit, pill, word_button};
use eframe::egui::{Align2, Color32, ComboBox, FontId, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use limner_annotation::ImageId;
use limner_annotation::records::Verdict;
use limner_annotation::review::dashboard::state;
use limner_annotation::review::soft;
use limner_annotation::review::summary::Doubtful;
use limner_annotation::review::{Figure, ModelSummary, Row};

const ROW: f32 = 20.0;
/// Of the columns of figures, from the right.
const COLUMN: f32 = 45.0;
const HEADS: [&str; 5] = ["Dice", "NSD", "HD95", "Volume", "Parts"];
/// Worse than this is worth a look, worse than the other is wrong.
const GOOD_DICE: f64 = 0.9;
const POOR_DICE: f64 = 0.7;
/// Lines of the queue that are listed.
const MOST_LISTED: usize = 200;

/// Which cases figures and records are of, and what is listed of them.
pub fn filter_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    part_head(ui, "Figures and records");
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        for (all, word) in [(false, "This case"), (true, "All cases")] {
            if pill(ui, word, None, app.review.all_cases == all).clicked() {
                out.ask(Request::Review(Ask::AllCases(all)));
            }
        }
        action_button(app, Action::Review(Act::Charts), ui, out);
    });
    let mut filter = app.review.filter.clone();
    let field = ui.add(
        line_edit(&mut filter)
            .hint_text("Filter by model, label, question, verdict or case")
            .desired_width(f32::INFINITY),
    );
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Filter figures"));
    if filter != app.review.filter {
        out.ask(Request::Review(Ask::Filter(filter)));
    }
    if app.review.all_cases {
        standing_ui(app, ui, out);
    }
}

/// Which rows of the queue are listed and gone to, by what was decided about them last.
fn standing_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let now = app.review.standing;
    let combo = ComboBox::from_id_salt("state").selected_text(now.title()).width(ui.available_width() - space::M);
    let shown = combo.show_ui(ui, |ui| {
        for standing in Standing::all() {
            if ui.selectable_label(standing == now, standing.title()).clicked() {
                out.ask(Request::Review(Ask::Standing(standing)));
            }
        }
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "What was decided"));
}

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    if app.review.has_records() {
        part_head(ui, "Label maps");
    }
    if app.review.all_cases {
        return all_ui(app, ui, out);
    }
    this_ui(app, ui, out);
}

pub(super) fn note(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).size(size::SMALL).color(colours(ui.ctx()).weak));
}

fn this_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let review = &app.review;
    if review.reference.is_none() {
        return note(ui, "Choose the reference in the list of versions: what all others are compared with");
    }
    if review.reference.is_some_and(|id| app.says_nothing(id)) {
        return note(ui, "The reference says nothing about this picture");
    }
    reference_ui(app, review.image, ui);
    if review.figures.rows.is_empty() {
        let busy = review.ready().count() > 1;
        return note(ui, if busy { "Comparing…" } else { "No version speaks of this picture" });
    }
    heads_ui(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    for source in &review.sources {
        let Some(rows) = review.figures.rows.get(&source.id) else { continue };
        let name = app.shown_name(source.id);
        let fits = |row: &&Row| fits(&review.filter, &[&name, &app.label_name(row.label)]);
        let rows: Vec<&Row> =
            rows.iter().filter(fits).filter(|row| review.only.is_none_or(|only| only == row.label)).collect();
        if rows.is_empty() {
            continue;
        }
        let is_soft = source.ready().is_some_and(|ready| ready.version.soft.is_some());
        let title = if is_soft { cut(&name) } else { name.clone() };
        model_ui(&title, source.shown_colour(), ui);
        for row in rows {
            row_ui(app, source.id, (&name, row), ui, out);
        }
    }
}

/// What was accepted is measured against itself where it became the reference.
fn reference_ui(app: &App, image: Option<ImageId>, ui: &mut Ui) {
    let models: Vec<String> = app.accepted_into_reference(image).into_iter().collect();
    if !models.is_empty() {
        let words = format!("The reference is this project, with what was accepted of {}", models.join(", "));
        ui.label(RichText::new(words).size(size::SMALL).color(colours(ui.ctx()).warning));
    }
}

/// What figures of a probability map are of.
fn cut(name: &str) -> String {
    format!("{name}, probability map cut at {:.2}", soft::THRESHOLD)
}

fn columns(rect: Rect) -> impl Iterator<Item = f32> {
    let count = HEADS.len();
    (0..count).map(move |n| rect.right() - 4.0 - (count - 1 - n) as f32 * COLUMN)
}

fn heads_ui(ui: &mut Ui) {
    let c = colours(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    for (head, right) in HEADS.iter().zip(columns(rect)) {
        let at = pos2(right, rect.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, head, FontId::proportional(size::TINY), c.weak);
    }
}

fn model_ui(name: &str, [r, g, b]: [u8; 3], ui: &mut Ui) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW + 2.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    ui.painter().circle_filled(rect.left_center() + vec2(7.0, 0.0), 4.0, Color32::from_rgb(r, g, b));
    let at = rect.left_center() + vec2(16.0, 0.0);
    ui.painter().with_clip_rect(rect).text(at, Align2::LEFT_CENTER, name, strong(size::SMALL), c.text);
}

/// By how well it overlaps.
fn ink_of(dice: f64, c: &Colours) -> Color32 {
    if dice >= GOOD_DICE {
        c.good
    } else if dice >= POOR_DICE {
        c.warning
    } else {
        c.error
    }
}

fn row_ui(app: &App, id: SourceId, (name, row): (&str, &Row), ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let label = app.label_name(row.label);
    let here = app.review.only == Some(row.label) && app.review.in_hand == Some(id);
    let spoken = format!("{name}, {label}: Dice {:.3}, NSD {:.3}", row.dice, row.nsd);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, here, &spoken));
    if here || response.hovered() {
        ui.painter().rect_filled(rect, radius::S, if here { c.accent_ground } else { c.hovered });
    }
    let ink = ink_of(row.dice, c);
    let bar = Rect::from_min_size(rect.left_top() + vec2(5.0, 3.0), vec2(3.0, ROW - 6.0));
    ui.painter().rect_filled(bar, 1.0, ink);
    let font = FontId::proportional(size::SMALL);
    let left = rect.left() + 16.0;
    let room =
        Rect::from_min_max(pos2(left, rect.top()), pos2(rect.right() - HEADS.len() as f32 * COLUMN, rect.bottom()));
    let at = room.left_center();
    ui.painter().with_clip_rect(room).text(at, Align2::LEFT_CENTER, &label, font.clone(), c.text);
    for ((n, text), right) in cells(row).into_iter().enumerate().zip(columns(rect)) {
        let at = pos2(right, rect.center().y);
        let ink = if n == 0 { ink } else { c.text };
        ui.painter().text(at, Align2::RIGHT_CENTER, text, font.clone(), ink);
    }
    if response.on_hover_text(in_full(&label, row)).clicked() {
        out.ask(Request::Review(Ask::Select(id)));
        out.ask(Request::Review(Ask::Only(Some(row.label))));
    }
}

fn cells(row: &Row) -> [String; 5] {
    let dash = || "–".to_owned();
    let volume = Figure::VolumeDifference.of(row).map_or_else(dash, |share| {
        if share.abs() < 0.005 { "0 %".to_owned() } else { format!("{:+.0} %", share * 100.0) }
    });
    let lesions = row.lesions.as_ref();
    [
        format!("{:.3}", row.dice),
        format!("{:.3}", row.nsd),
        row.hd95_mm.map_or_else(dash, |mm| format!("{mm:.1}")),
        volume,
        lesions.map_or_else(dash, |lesions| format!("{}/{}", lesions.found, lesions.found + lesions.missed)),
    ]
}

/// What the columns have no room for.
fn in_full(label: &str, row: &Row) -> String {
    let mut lines = vec![format!("{label}: IoU {:.3}, NSD at {} mm", row.iou, row.tolerance_mm)];
    lines.extend(row.assd_mm.map(|mm| format!("Mean distance of surfaces {mm:.2} mm")));
    let volume = row.volume_mm3;
    lines.push(format!("Volume {:.2} ml, reference {:.2} ml", volume.pred / 1000.0, volume.reference / 1000.0));
    if let Some(lesions) = &row.lesions {
        let words = "Parts that hang together";
        lines.push(format!(
            "{words}: {} found, {} missed, {} invented",
            lesions.found, lesions.missed, lesions.invented
        ));
    }
    lines.join("\n")
}

fn all_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.horizontal(|ui| {
        word_button(app, Action::Review(Act::CompareAll), "Compare all cases", ui, out);
        word_button(app, Action::Review(Act::NextWorst), "Next worst", ui, out);
    });
    let Some(compared) = &app.review.compared else {
        return note(ui, "Every case of the work list that has predictions and a reference, worst first");
    };
    reference_ui(app, None, ui);
    for model in &compared.summary.models {
        let name = app.source_named(&model.model);
        let is_soft = compared.soft.contains(&model.model);
        summary_ui(&if is_soft { cut(&name) } else { name }, model, ui);
    }
    super::strip::ui(app, compared, ui, out);
    if !compared.left_out.is_empty() {
        let words = format!("{} not compared", limner_annotation::counted(compared.left_out.len(), "map"));
        let causes = compared.left_out.iter().take(20).map(|one| {
            let file = one.path.file_name().unwrap_or_default().to_string_lossy();
            format!("{file}: {}", one.why)
        });
        let text = RichText::new(words).size(size::SMALL).color(colours(ui.ctx()).warning);
        ui.label(text).on_hover_text(causes.collect::<Vec<_>>().join("\n"));
    }
    ui.add_space(space::S);
    ui.spacing_mut().item_spacing.y = 0.0;
    let opened = app.opened_cases();
    let listed = compared.summary.queue.iter().enumerate().filter(|(_, one)| app.doubtful_fits(one, &opened));
    let mut none = true;
    for (n, one) in listed.take(MOST_LISTED) {
        none = false;
        doubtful_ui(app, compared, (n, one), app.verdict_on(one, &opened), ui, out);
    }
    if none {
        note(ui, "Nothing in the queue fits the filter");
    }
}

/// A model over all cases.
fn summary_ui(name: &str, model: &ModelSummary, ui: &mut Ui) {
    let figure = |figure: Figure| {
        model.overall.get(&figure).map_or_else(
            || "–".to_owned(),
            |mean| format!("{} {:.3} [{:.3}, {:.3}]", figure.title(), mean.value, mean.low, mean.high),
        )
    };
    let cases = limner_annotation::counted(model.cases, "case");
    ui.label(RichText::new(format!("{name}, {cases}")).font(strong(size::SMALL)));
    note(ui, &format!("{}, {}", figure(Figure::Dice), figure(Figure::Nsd)));
}

fn doubtful_ui(
    app: &App,
    compared: &Compared,
    (n, one): (usize, &Doubtful),
    last: Option<Verdict>,
    ui: &mut Ui,
    out: &mut Outbox,
) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 2.0 * ROW - 4.0), Sense::click());
    let here = app.review.at_worst == Some(n);
    let (model, label) = (app.source_named(&one.model), app.label_name(one.label));
    let title = format!("{}: {model}, {label}", one.case);
    let decided = last.map_or_else(String::new, |verdict| format!(", {}", state(verdict)));
    let spoken = format!("{title}, Dice {:.3}{decided}", one.dice);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, here, &spoken));
    if here || response.hovered() {
        ui.painter().rect_filled(rect, radius::S, if here { c.accent_ground } else { c.hovered });
    }
    let ink = ink_of(one.dice, c);
    ui.painter().rect_filled(Rect::from_min_size(rect.left_top() + vec2(5.0, 4.0), vec2(3.0, 28.0)), 1.0, ink);
    let clip = ui.painter().with_clip_rect(rect.shrink2(vec2(space::S, 0.0)));
    let left = rect.left_top() + vec2(16.0, 3.0);
    clip.text(left, Align2::LEFT_TOP, &title, FontId::proportional(size::SMALL), c.text);
    let right = rect.right_top() + vec2(-space::S, 3.0);
    clip.text(right, Align2::RIGHT_TOP, format!("{:.3}", one.dice), FontId::proportional(size::SMALL), ink);
    if let Some(verdict) = last {
        let (sign, ink) = sign_of(verdict, false, c);
        clip.text(right + vec2(0.0, 16.0), Align2::RIGHT_TOP, sign, icon_font(size::SMALL), ink);
    }
    let why = one.why.join(", ");
    clip.text(left + vec2(0.0, 16.0), Align2::LEFT_TOP, &why, FontId::proportional(size::TINY), c.weak);
    let clicked = response.clicked();
    response.on_hover_text(format!("{title}{decided}\n{why}"));
    if clicked && let Some(case) = compared.cases.get(&one.case) {
        out.ask(Request::Review(Ask::Only(Some(one.label))));
        out.ask(Request::Review(Ask::Case(*case)));
    }
}
