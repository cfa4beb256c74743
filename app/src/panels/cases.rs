//! The work list: one line a case, with how far it is and how long it took.

use crate::action::Action;
use crate::app::App;
use crate::case::ask::Ask;
use crate::case::list::{Case, Show};
use crate::case::{Errand, clock, status_word};
use crate::outbox::{Outbox, Request};
use crate::theme::{Colours, colours, icon, icon_font, radius, size, space};
use crate::widgets::{action_button, empty_state, line_edit, panel_head, pill};
use eframe::egui::{Align2, Color32, FontId, Rect, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use limner_annotation::records::AssignmentStatus;
use std::time::Duration;

const ROW: f32 = 26.0;
const STATES: [AssignmentStatus; 4] =
    [AssignmentStatus::Open, AssignmentStatus::Started, AssignmentStatus::Submitted, AssignmentStatus::Skipped];

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Work list", |ui| drop(action_button(app, Action::Case(Errand::Grid), ui, out)));
    let cases = app.cases();
    if cases.is_empty() {
        return empty_state(ui, icon::LIST_CHECKS, "No cases", "Open a folder: every picture in it is a case");
    }
    filter_ui(app, ui, out);
    progress_ui(&cases, ui);
    ui.horizontal(|ui| {
        for errand in [Errand::PreviousCase, Errand::NextCase, Errand::FinishCase, Errand::SkipCase, Errand::FlagCase] {
            action_button(app, Action::Case(errand), ui, out);
        }
    });
    let here = app.case_in_view(&cases);
    let shown: Vec<usize> = (0..cases.len()).filter(|n| cases[*n].fits(&app.case.filter)).collect();
    if shown.is_empty() {
        return empty_state(ui, icon::FUNNEL, "Nothing matches", "Change the filter above");
    }
    ScrollArea::vertical().id_salt("cases").auto_shrink([false, false]).show_rows(ui, ROW, shown.len(), |ui, rows| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for &n in &shown[rows] {
            row_ui((n, &cases[n]), here == Some(n), ui, out);
        }
    });
}

fn filter_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let mut filter = app.case.filter.clone();
    let field = ui.add(line_edit(&mut filter.text).hint_text("Search cases").desired_width(f32::INFINITY));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Search cases"));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        for (show, word) in Show::ALL {
            if pill(ui, word, None, filter.show == show).clicked() {
                filter.show = show;
            }
        }
    });
    if filter != app.case.filter {
        out.ask(Request::Case(Ask::Filter(filter)));
    }
}

/// How many are done, and what one takes.
fn progress_ui(cases: &[Case], ui: &mut Ui) {
    let done: Vec<&Case> = cases.iter().filter(|case| case.status == AssignmentStatus::Submitted).collect();
    let timed: Vec<Duration> = done.iter().map(|case| case.time).filter(|time| !time.is_zero()).collect();
    let mean = timed.iter().sum::<Duration>().checked_div(timed.len() as u32);
    let each = mean.map_or_else(String::new, |mean| format!(", {} a case", clock::words(mean)));
    let words = format!("{} of {} done{each}", done.len(), cases.len());
    let text = RichText::new(words).size(size::SMALL).color(colours(ui.ctx()).weak);
    ui.label(text).on_hover_text("Time with the hands on it; pauses of more than half a minute are left out");
}

fn row_ui((n, case): (usize, &Case), here: bool, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let name = format!("Case {}: {}, {}", n + 1, case.title, status_word(case.status).to_lowercase());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, here, &name));
    if here || response.hovered() {
        ui.painter().rect_filled(rect, radius::S, if here { c.accent_ground } else { c.hovered });
    }
    let (sign, ink) = mark_of(case, c);
    let left = rect.left_center() + vec2(12.0, 0.0);
    ui.painter().text(left, Align2::CENTER_CENTER, sign, icon_font(size::SMALL_ICON), ink);
    let mut right = rect.right() - 4.0;
    if case.time >= Duration::from_secs(1) {
        let at = pos2(right, rect.center().y);
        let text = clock::words(case.time);
        right =
            ui.painter().text(at, Align2::RIGHT_CENTER, text, FontId::proportional(size::SMALL), c.weak).left() - 6.0;
    }
    if case.flagged || case.rejected {
        let at = pos2(right, rect.center().y);
        let sign = if case.flagged { icon::FLAG } else { icon::THUMBS_DOWN };
        right = ui.painter().text(at, Align2::RIGHT_CENTER, sign, icon_font(size::SMALL_ICON), c.warning).left() - 6.0;
    }
    let place = Rect::from_min_max(pos2(left.x + 12.0, rect.top()), pos2(right, rect.bottom()));
    let at = pos2(place.left(), rect.center().y);
    let clip = ui.painter().with_clip_rect(place);
    clip.text(at, Align2::LEFT_CENTER, &case.title, FontId::proportional(size::BODY), c.text);
    if response.clicked() {
        out.ask(Request::Case(Ask::OpenCase(n)));
    }
    response.context_menu(|ui| {
        for status in STATES {
            if ui.selectable_label(case.status == status, status_word(status)).clicked() {
                out.ask(Request::Case(Ask::CaseStatus(n, status)));
                ui.close();
            }
        }
    });
    response.on_hover_text(format!("{}\n{}", case.title, status_word(case.status)));
}

/// The sign of a state, and its colour.
pub fn mark_of(case: &Case, c: &Colours) -> (&'static str, Color32) {
    match case.status {
        AssignmentStatus::Open => (icon::CIRCLE, c.weak),
        AssignmentStatus::Started => (icon::CIRCLE_DOT, c.accent),
        AssignmentStatus::Submitted => (icon::CIRCLE_CHECK, c.good),
        AssignmentStatus::Skipped => (icon::CIRCLE_SLASH, c.weak),
    }
}
