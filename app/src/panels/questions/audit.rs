//! What the audit found, with its plots, its numbers and what can be done about it in place.

use super::sheet::{press_line, section};
use crate::action::{Action, Ask};
use crate::app::App;
use crate::outbox::{AskAct, Outbox, Request};
use crate::panels::dialog::Purpose;
use crate::theme::{colours, icon, radius, size, space, strong};
use crate::widgets::{empty_state, word_button};
use eframe::egui::{
    Align2, Button, FontFamily, FontId, Frame, Id, Label, Margin, Rect, RichText, Role, ScrollArea, Sense, Ui,
    WidgetInfo, pos2, vec2,
};
use limner_annotation::Document;
use limner_annotation::audit::{Report, mend};
use limner_annotation::question::QuestionId;
use std::sync::Arc;

/// Questions that a finding names are listed up to here.
const MOST_NAMED: usize = 8;
const BAR: f32 = 16.0;

pub fn ui(app: &App, document: &Document, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    ui.horizontal(|ui| {
        let title = if app.work.asking.audit.is_some() { "Audit again" } else { "Audit" };
        word_button(app, Action::Ask(Ask::Audit), title, ui, out);
        if app.jobs.is_busy("audit") {
            ui.spinner();
        }
        if app.work.asking.audit.is_some() && ui.button("Write to a folder…").clicked() {
            out.ask(Request::AskPath(Purpose::Audit));
        }
    });
    let Some(report) = &app.work.asking.audit else {
        let text = "It looks for shortcuts, balance, leaks, copies and identifiers in the accepted questions";
        return empty_state(ui, icon::GAUGE, "No audit yet", text);
    };
    if app.audit_is_stale() {
        ui.add(Label::new(RichText::new("The project has changed since").size(size::SMALL).color(c.warning)).wrap());
    }
    ScrollArea::vertical().id_salt("audit").auto_shrink([false, false]).show(ui, |ui| {
        let text = format!(
            "{} questions, {} with a right option or a number. Seed {}, {} folds.",
            report.questions, report.scored, report.plan.seed, report.plan.folds
        );
        ui.add(Label::new(RichText::new(text).size(size::SMALL).color(c.weak)).wrap());
        findings_ui(app, document, report, ui, out);
        groups_ui(report, ui);
        scores_ui(report, ui);
        balance_ui(report, ui);
        json_ui(report, ui);
        ui.add_space(space::XXL);
    });
}

fn findings_ui(app: &App, document: &Document, report: &Report, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    section(
        ui,
        "What to mend",
        report.findings.len(),
        true,
        |_| {},
        |ui| {
            if report.findings.is_empty() {
                ui.label(RichText::new("Nothing was found").color(c.good));
            }
            for (n, finding) in report.findings.iter().enumerate() {
                let frame = Frame::new().fill(c.raised).corner_radius(radius::M).inner_margin(Margin::symmetric(8, 5));
                frame.show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    ui.spacing_mut().item_spacing.y = 1.0;
                    ui.add(
                        Label::new(RichText::new(finding.doubt.title()).font(strong(size::SMALL)).color(c.warning))
                            .wrap(),
                    );
                    ui.add(Label::new(RichText::new(&finding.text).size(size::SMALL)).wrap());
                    ui.add(Label::new(RichText::new(finding.doubt.remedy()).size(size::SMALL).color(c.weak)).wrap());
                    let ids = finding.questions.iter().filter_map(|id| id.parse().ok()).map(QuestionId);
                    for id in ids.take(MOST_NAMED) {
                        let stem = document.get::<limner_annotation::question::Question>(id).map(|q| q.stem.clone());
                        if press_line(ui, icon::ARROW_RIGHT, &stem.unwrap_or_default(), c.text).clicked() {
                            out.about_questions(AskAct::Page(crate::work::asking::Page::Write));
                            out.about_questions(AskAct::Show(id));
                        }
                    }
                    if finding.questions.len() > MOST_NAMED {
                        let more = format!("and {} more", finding.questions.len() - MOST_NAMED);
                        ui.label(RichText::new(more).size(size::SMALL).color(c.weak));
                    }
                    if let Some(title) = mend::title(finding.doubt) {
                        let busy = app.jobs.is_busy("audit") || app.audit_is_stale();
                        let button = ui.add_enabled(!busy, Button::new(RichText::new(title).size(size::SMALL)));
                        if button.on_disabled_hover_text("Audit again first").clicked() {
                            out.about_questions(AskAct::Mend(n));
                        }
                    }
                });
                ui.add_space(space::XS);
            }
        },
    );
}

fn groups_ui(report: &Report, ui: &mut Ui) {
    section(
        ui,
        "Answered from text alone",
        report.groups.len(),
        true,
        |_| {},
        |ui| {
            let c = colours(ui.ctx());
            if report.groups.is_empty() {
                ui.label(RichText::new("Too few questions to tell").size(size::SMALL).color(c.weak));
                return;
            }
            ui.label(RichText::new("The line is what guessing gets").size(size::TINY).color(c.weak));
            for group in &report.groups {
                let name = format!("{:?}, {}", group.group, group.questions);
                bar_ui(&name, (group.score, 1.0), Some(group.chance.max(group.majority)), ui);
            }
            for group in &report.groups {
                let most = group.importances.iter().map(|i| i.share).fold(0.0, f64::max);
                ui.label(
                    RichText::new(format!("What the forest looked at: {:?}", group.group))
                        .size(size::TINY)
                        .color(c.weak),
                );
                for importance in group.importances.iter().take(6).filter(|i| i.share > 0.0) {
                    bar_ui(&importance.feature, (importance.share, most), None, ui);
                }
            }
        },
    );
}

/// A name, a bar, its value; the mark is what it is to be compared with.
fn bar_ui(name: &str, (value, most): (f64, f64), mark: Option<f64>, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR + 2.0), Sense::hover());
    let text = format!("{name}: {value:.3}");
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
    let split = rect.left() + rect.width() * 0.42;
    let font = FontId::proportional(size::TINY);
    let label = ui.painter().with_clip_rect(Rect::from_min_max(rect.min, pos2(split - 4.0, rect.bottom())));
    label.text(pos2(rect.left(), rect.center().y), Align2::LEFT_CENTER, name, font.clone(), c.text);
    let room = rect.right() - split - 38.0;
    let length = |value: f64| (value / most.max(1e-9)).clamp(0.0, 1.0) as f32 * room;
    let top = rect.top() + 3.0;
    let track = Rect::from_min_size(pos2(split, top), vec2(room, BAR - 6.0));
    ui.painter().rect_filled(track, radius::S, c.raised);
    ui.painter().rect_filled(Rect::from_min_size(track.min, vec2(length(value), track.height())), radius::S, c.accent);
    if let Some(mark) = mark {
        let x = split + length(mark);
        ui.painter().vline(x, (top - 2.0)..=(track.bottom() + 2.0), (2.0, c.warning));
    }
    ui.painter().text(pos2(rect.right(), rect.center().y), Align2::RIGHT_CENTER, format!("{value:.2}"), font, c.weak);
    response.on_hover_text(text);
}

/// How many questions have which bias score.
fn scores_ui(report: &Report, ui: &mut Ui) {
    const BINS: usize = 20;
    if report.scores.is_empty() {
        return;
    }
    section(
        ui,
        "Bias scores",
        report.scores.len(),
        true,
        |_| {},
        |ui| {
            let c = colours(ui.ctx());
            let mut counts = [0_usize; BINS];
            for score in &report.scores {
                counts[((score.bias_score * BINS as f64) as usize).min(BINS - 1)] += 1;
            }
            let most = counts.iter().copied().max().unwrap_or(1).max(1) as f32;
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 64.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "Histogram of bias scores"));
            ui.painter().rect_filled(rect, radius::S, c.raised);
            let step = rect.width() / BINS as f32;
            for (n, count) in counts.iter().enumerate() {
                let height = (rect.height() - 6.0) * *count as f32 / most;
                let left = rect.left() + n as f32 * step + 1.0;
                let bar =
                    Rect::from_min_max(pos2(left, rect.bottom() - height), pos2(left + step - 2.0, rect.bottom()));
                ui.painter().rect_filled(bar, 0.0, c.accent);
            }
            if let Some(at) = response.hover_pos() {
                let n = (((at.x - rect.left()) / step).max(0.0) as usize).min(BINS - 1);
                let from = n as f64 / BINS as f64;
                response.on_hover_text(format!("{from:.2} to {:.2}: {} questions", from + 0.05, counts[n]));
            }
            let text = "How probable the right answer is to who sees no picture: 0 at the left, 1 at the right";
            ui.add(Label::new(RichText::new(text).size(size::TINY).color(c.weak)).wrap());
        },
    );
}

fn balance_ui(report: &Report, ui: &mut Ui) {
    if report.balance.is_empty() {
        return;
    }
    section(
        ui,
        "Balance of the answers",
        report.balance.len(),
        true,
        |_| {},
        |ui| {
            let c = colours(ui.ctx());
            for balance in &report.balance {
                let total: usize = balance.answers.values().sum();
                ui.label(RichText::new(format!("{} ({total})", balance.group)).size(size::TINY).color(c.weak));
                let even = 1.0 / balance.answers.len().max(1) as f64;
                for (answer, count) in &balance.answers {
                    bar_ui(answer, (*count as f64 / total.max(1) as f64, 1.0), Some(even), ui);
                }
            }
        },
    );
}

/// The report as its file has it.
fn json_ui(report: &Arc<Report>, ui: &mut Ui) {
    section(
        ui,
        "JSON",
        0,
        false,
        |_| {},
        |ui| {
            let id = Id::unique("audit as text");
            type Text = (usize, Arc<Vec<String>>);
            let key = Arc::as_ptr(report) as usize;
            let known = ui.data(|data| data.get_temp::<Text>(id)).filter(|(of, _)| *of == key);
            let lines = known.map(|(_, lines)| lines).unwrap_or_else(|| {
                let text = serde_json::to_string_pretty(report.as_ref()).unwrap_or_default();
                let lines = Arc::new(text.lines().map(str::to_owned).collect::<Vec<_>>());
                ui.data_mut(|data| data.insert_temp::<Text>(id, (key, lines.clone())));
                lines
            });
            if ui.small_button("Copy").clicked() {
                ui.ctx().copy_text(lines.join("\n"));
            }
            let font = FontId::new(size::TINY, FontFamily::Monospace);
            let height = ui.fonts_mut(|fonts| fonts.row_height(&font));
            let scroll = ScrollArea::both().id_salt("audit json").max_height(260.0).auto_shrink([false, true]);
            scroll.show_rows(ui, height, lines.len(), |ui, rows| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for line in &lines[rows] {
                    ui.add(Label::new(RichText::new(line).font(font.clone())).extend());
                }
            });
        },
    );
}
