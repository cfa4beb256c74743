//! Many pictures at once: chosen by mouse or keys, answered for in bulk, judged, opened.

use crate::app::App;
use crate::case::ask::{Ask, GridAsk};
use crate::case::focus::{Row, STATUSES, answer_of, finding_of};
use crate::case::list::{Case, Show};
use crate::outbox::{Outbox, Request};
use crate::panels::cases::mark_of;
use crate::theme::{colours, icon, icon_font, over, radius, size, space};
use crate::widgets::{Words, icon_button, pill};
use eframe::egui::{
    Align2, Color32, ComboBox, FontId, Frame, Margin, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};
use limner_annotation::records::{AssignmentStatus, FieldKind, Verdict};

const TILE: f32 = 148.0;
const CAPTION: f32 = 36.0;
const GAP: f32 = 6.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let cases = app.cases();
    let frame = Frame::new().fill(c.panel).inner_margin(Margin::symmetric(8, 6));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        bar_ui(app, &cases, ui, out);
    });
    let shown: Vec<usize> = (0..cases.len()).filter(|n| cases[*n].fits(&app.case.filter)).collect();
    let columns = ((ui.available_width() - 2.0 * GAP) / (TILE + GAP)).floor().max(1.0) as usize;
    if columns != app.case.grid.columns {
        out.ask(Request::Case(Ask::Grid(GridAsk::Columns(columns))));
    }
    let rows = shown.len().div_ceil(columns);
    let height = TILE + CAPTION;
    ScrollArea::vertical().id_salt("grid").auto_shrink([false, false]).show_rows(ui, height, rows, |ui, visible| {
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        for row in visible {
            ui.horizontal(|ui| {
                ui.add_space(GAP);
                for &n in shown.iter().skip(row * columns).take(columns) {
                    tile_ui(app, n, &cases[n], ui, out);
                }
            });
        }
    });
}

/// What is asked, the answers, the verdicts.
fn bar_ui(app: &App, cases: &[Case], ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let grid = &app.case.grid;
    let rows = app.form_rows();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        let title = rows.get(grid.row).map_or("Nothing is asked: choose a form in the panel", row_title);
        let row = ComboBox::from_id_salt("grid row").selected_text(title).show_ui(ui, |ui| {
            for (n, row) in rows.iter().enumerate() {
                if ui.selectable_label(grid.row == n, row_title(row)).clicked() {
                    out.ask(Request::Case(Ask::Grid(GridAsk::Row(n))));
                }
            }
        });
        row.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "What the grid asks"));
        for (n, word) in choices_of(rows.get(grid.row)).iter().enumerate() {
            if pill(ui, word, (n < 9).then_some(n + 1), false).clicked() {
                out.ask(Request::Case(Ask::Grid(GridAsk::Pick(n))));
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        for (show, word) in Show::ALL {
            if pill(ui, word, None, app.case.filter.show == show).clicked() {
                let filter = crate::case::list::Filter { show, ..app.case.filter.clone() };
                out.ask(Request::Case(Ask::Filter(filter)));
            }
        }
        let mut act = |ui: &mut Ui, sign, name, keys, ask: GridAsk| {
            let words = Words { name, hint: "For all that are chosen", keys, reason: None };
            if icon_button(ui, sign, words, false).clicked() {
                out.ask(Request::Case(Ask::Grid(ask)));
            }
        };
        act(ui, icon::THUMBS_UP, "Good", "G", GridAsk::Verdict(Verdict::Accept));
        act(ui, icon::FLAG, "Flag", "F", GridAsk::Verdict(Verdict::Flag));
        act(ui, icon::THUMBS_DOWN, "Reject", "X", GridAsk::Verdict(Verdict::Reject));
        act(ui, icon::CIRCLE_CHECK, "Done", "D", GridAsk::Status(AssignmentStatus::Submitted));
        act(ui, icon::SQUARE_CHECK, "Choose all", "Ctrl+A", GridAsk::All(true));
        act(ui, icon::X, "Close the grid", "Esc", GridAsk::Close);
        let chosen = grid.chosen.len();
        let words = match chosen {
            0 => format!("{} pictures; Space chooses, Enter opens", cases.len()),
            1 => "1 picture chosen".into(),
            n => format!("{n} pictures chosen"),
        };
        ui.label(RichText::new(words).size(size::SMALL).color(c.weak));
    });
}

fn row_title<'a>(row: &Row<'a>) -> &'a str {
    match row {
        Row::Finding(name) => name,
        Row::Field(field) => &field.question,
    }
}

fn choices_of(row: Option<&Row<'_>>) -> Vec<String> {
    match row {
        Some(Row::Finding(_)) => STATUSES.iter().map(|(_, word, _)| (*word).to_owned()).collect(),
        Some(Row::Field(field)) => match field.kind {
            FieldKind::One | FieldKind::Several => {
                field.choices().iter().map(|(choice, _)| choice.name.clone()).collect()
            }
            FieldKind::Scale => field.steps().iter().map(ToString::to_string).collect(),
            FieldKind::Yes => vec!["Yes".into(), "No".into()],
            FieldKind::Number | FieldKind::Text => Vec::new(),
        },
        None => Vec::new(),
    }
}

fn tile_ui(app: &App, n: usize, case: &Case, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let grid = &app.case.grid;
    let (rect, response) = ui.allocate_exact_size(vec2(TILE, TILE + CAPTION), Sense::click());
    let chosen = grid.chosen.contains(&n);
    let name = format!("Picture {}: {}", n + 1, case.title);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &name));
    let under_cursor = grid.cursor == n;
    if under_cursor {
        response.scroll_to_me(None);
    }
    let fill = if chosen { c.accent_ground } else { c.panel };
    ui.painter().rect_filled(rect, radius::M, fill);
    let picture = Rect::from_min_size(rect.min + vec2(4.0, 4.0), vec2(TILE - 8.0, TILE - 8.0));
    ui.painter().rect_filled(picture, radius::S, over::GROUND);
    match case.series.and_then(|n| app.thumbnails.get(n)) {
        Some(texture) => {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), picture, whole, Color32::WHITE);
        }
        None => {
            let centre = picture.center();
            ui.painter().text(centre, Align2::CENTER_CENTER, icon::IMAGE, icon_font(24.0), over::WEAK);
        }
    }
    if under_cursor {
        ui.painter().rect_stroke(rect, radius::M, Stroke::new(2.0, c.accent), StrokeKind::Inside);
    }
    marks_ui(case, picture, ui);
    let small = FontId::proportional(size::SMALL);
    let clip = ui.painter().with_clip_rect(rect.shrink(4.0));
    let left = rect.left() + 6.0;
    clip.text(pos2(left, picture.bottom() + 3.0), Align2::LEFT_TOP, &case.title, small.clone(), c.text);
    let said = said_of(app, case);
    clip.text(pos2(left, picture.bottom() + 18.0), Align2::LEFT_TOP, said, small, c.accent);
    if response.double_clicked() {
        out.ask(Request::Case(Ask::Grid(GridAsk::Open(n))));
    } else if response.clicked() {
        let (extend, toggle) = ui.input(|i| (i.modifiers.shift, i.modifiers.command));
        out.ask(Request::Case(Ask::Grid(GridAsk::Cursor { to: n, extend, toggle: toggle || !extend })));
    }
}

fn marks_ui(case: &Case, picture: Rect, ui: &Ui) {
    let c = colours(ui.ctx());
    let (sign, ink) = mark_of(case, c);
    let mut right = picture.right() - 12.0;
    let mut mark = |sign: &str, ink: Color32| {
        let at = pos2(right, picture.top() + 12.0);
        ui.painter().circle_filled(at, 9.0, over::PLATE);
        ui.painter().text(at, Align2::CENTER_CENTER, sign, icon_font(size::SMALL_ICON), ink);
        right -= 20.0;
    };
    mark(sign, ink);
    if case.flagged {
        mark(icon::FLAG, over::CAUTION);
    }
    if case.rejected {
        mark(icon::THUMBS_DOWN, over::NEGATIVE);
    }
}

/// What the row in hand was answered about a picture.
fn said_of(app: &App, case: &Case) -> String {
    let (Some(project), Some(image)) = (&app.workspace.project, case.image) else { return String::new() };
    let document = project.document();
    match app.form_rows().get(app.case.grid.row) {
        Some(Row::Finding(name)) => {
            let status = finding_of(document, image, name).map(|finding| finding.status);
            let word = STATUSES.iter().find(|(known, ..)| Some(*known) == status);
            word.map_or_else(String::new, |(_, word, _)| (*word).to_owned())
        }
        Some(Row::Field(field)) => {
            let answer = app.case_form().and_then(|form| answer_of(document, form, image, field));
            answer.map_or_else(String::new, |value| field.words(value))
        }
        None => String::new(),
    }
}
