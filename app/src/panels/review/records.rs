//! Records: one row for each question, class, box, landmark and track of the picture in front, with what the reference and every
//! version says; or all rows of all cases in which somebody is wrong, the worst first.

use super::part_head;
use super::table::note;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::review::said::RowKey;
use crate::review::{Ask, Source, SourceId};
use crate::theme::{Colours, colours, icon, icon_font, radius, size, space, strong};
use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{
    Align, Align2, CollapsingHeader, Color32, ComboBox, FontId, Frame, Galley, Id, Label, Rect, RichText, Role, Sense,
    Stroke, Ui, WidgetInfo, pos2, vec2,
};
use limner_annotation::counted;
use limner_annotation::exchange::vqa::boxes::CONVENTIONS;
use limner_annotation::review::said::words::Change;
use limner_annotation::review::said::{Cell, Kind, Mark, Row};
use std::sync::Arc;

const TITLE: f32 = 19.0;
const LINE: f32 = 18.0;
/// A narrower cell holds no answer.
const CELL: f32 = 78.0;
/// Rows that are listed of all cases.
const MOST_LISTED: usize = 200;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    if !app.review.has_records() {
        return;
    }
    let all = app.review.all_cases && !app.review.is_blind();
    part_head(ui, if all { "Records of all cases, worst first" } else { "Records of this case" });
    summaries_ui(app, ui);
    if all {
        all_ui(app, ui, out);
    } else {
        this_ui(app, ui, out);
    }
    left_ui(app, ui);
    unreadable_ui(app, ui);
    convention_ui(app, ui, out);
}

/// What is compared with, then every version shown.
fn columns(app: &App) -> Vec<Option<SourceId>> {
    let speaking = app.review.speaking().filter(|source| !is_compared_with(app, source));
    std::iter::once(None).chain(speaking.map(|source| Some(source.id))).collect()
}

/// Whether a source stands in the column of the reference.
fn is_compared_with(app: &App, source: &Source) -> bool {
    source.is_truth() || Some(source.id) == app.review.reference
}

fn name_of(app: &App, column: Option<SourceId>) -> String {
    column.map_or_else(|| "Reference".to_owned(), |id| app.shown_name(id))
}

fn ink_of(app: &App, column: Option<SourceId>, c: &Colours) -> Color32 {
    let source = column.and_then(|id| app.review.get(id));
    source.map_or(c.text, |source| {
        let [r, g, b] = source.shown_colour();
        Color32::from_rgb(r, g, b)
    })
}

/// How much of what each version says is right; hidden while it is hidden who made what.
fn summaries_ui(app: &App, ui: &mut Ui) {
    let review = &app.review;
    let here = review.rows_here().iter();
    let rows: Vec<&Row> =
        if review.all_cases { review.said.cases.iter().flat_map(|case| &case.rows).collect() } else { here.collect() };
    for column in columns(app).into_iter().flatten() {
        let marks: Vec<Mark> = rows.iter().filter_map(|row| row.said.get(&(column.0 as usize))?.mark).collect();
        let right = marks.iter().filter(|mark| **mark == Mark::Right).count();
        let unread = marks.iter().filter(|mark| **mark == Mark::Unreadable).count();
        let words = match (review.is_blind(), marks.len()) {
            (true, _) | (_, 0) => name_of(app, Some(column)),
            (false, total) if unread > 0 => {
                format!("{}: {right} of {total} right, {unread} not readable", name_of(app, Some(column)))
            }
            (false, total) => format!("{}: {right} of {total} right", name_of(app, Some(column))),
        };
        dotted(app, Some(column), &words, ui);
    }
}

/// A line that begins with the colour of a version.
fn dotted(app: &App, column: Option<SourceId>, words: &str, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    ui.painter().circle_filled(rect.left_center() + vec2(7.0, 0.0), 4.0, ink_of(app, column, c));
    let at = rect.left_center() + vec2(16.0, 0.0);
    ui.painter().with_clip_rect(rect).text(at, Align2::LEFT_CENTER, words, FontId::proportional(size::SMALL), c.text);
}

fn this_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let review = &app.review;
    let case = review.said.cases.iter().find(|case| review.image.is_some() && case.key.image == review.image);
    let Some(case) = case.filter(|case| !case.rows.is_empty()) else {
        let waits = review.said.of.is_none();
        return note(ui, if waits { "Comparing…" } else { "No record speaks of this picture" });
    };
    let columns = columns(app);
    let mut kind = None;
    let fits = |row: &&Row| review.row_fits(&case.title, row, |id| app.shown_name(id));
    let listed: Vec<&Row> = case.rows.iter().filter(fits).collect();
    if listed.is_empty() {
        return note(ui, "No row fits the filter");
    }
    ui.spacing_mut().item_spacing.y = 1.0;
    for row in listed {
        if kind != Some(row.kind) {
            kind = Some(row.kind);
            ui.add_space(space::S);
            note(ui, row.kind.title());
        }
        let key = RowKey { case: case.key, kind: row.kind, title: row.title.clone() };
        row_ui(app, (row, &key), &columns, ui, out);
    }
}

fn row_ui(app: &App, (row, key): (&Row, &RowKey), columns: &[Option<SourceId>], ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let open = app.review.row.as_ref() == Some(key);
    let width = ui.available_width() - space::M;
    let across = ((width / CELL) as usize).clamp(1, columns.len().max(1));
    let lines = columns.len().div_ceil(across);
    let height = TITLE + lines as f32 * LINE + 4.0;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, spoken(app, row, columns)));
    if open {
        // Once, also where a key has opened it: after that the list may be scrolled by hand.
        let (memory, now) = (Id::unique("record that was shown"), Some(key.clone()));
        if ui.data(|data| data.get_temp::<Option<RowKey>>(memory)).flatten() != now {
            response.scroll_to_me(Some(Align::Center));
            ui.data_mut(|data| data.insert_temp(memory, now));
        }
    }
    let ground = if open {
        c.accent_ground
    } else if response.hovered() {
        c.hovered
    } else {
        c.raised
    };
    ui.painter().rect_filled(rect, radius::S, ground);
    let clip = ui.painter().with_clip_rect(rect.shrink2(vec2(space::S, 0.0)));
    let at = rect.left_top() + vec2(space::S + 2.0, TITLE / 2.0 + 1.0);
    clip.text(at, Align2::LEFT_CENTER, &row.title, FontId::proportional(size::SMALL), c.text);
    let cell_width = width / across as f32;
    for (n, column) in columns.iter().enumerate() {
        let corner =
            rect.left_top() + vec2(space::S + (n % across) as f32 * cell_width, TITLE + (n / across) as f32 * LINE);
        let place = Rect::from_min_size(corner, vec2(cell_width - space::S, LINE));
        cell_ui(app, row, *column, place, ui);
    }
    let hover = response.hover_pos().and_then(|at| {
        let column = ((at.x - rect.left() - space::S) / cell_width).max(0.0) as usize;
        let line = ((at.y - rect.top() - TITLE) / LINE).floor();
        columns.get((line >= 0.0).then_some(line as usize * across + column)?)
    });
    let clicked = response.clicked();
    match hover {
        Some(column) => drop(response.on_hover_text(in_full(app, row, *column))),
        None => drop(response.on_hover_text(format!("{}\n{}", row.title, row.part))),
    }
    if clicked {
        out.ask(Request::Review(Ask::Row((!open).then(|| key.clone()))));
    }
    if open {
        open_ui(app, row, columns, ui);
    }
}

fn cell_of(row: &Row, column: Option<SourceId>) -> Option<&Cell> {
    match column {
        None => row.reference.as_ref(),
        Some(id) => row.said.get(&(id.0 as usize)),
    }
}

/// What a screen reader says of a row.
fn spoken(app: &App, row: &Row, columns: &[Option<SourceId>]) -> String {
    let mut parts = vec![format!("{}: {}", row.kind.title(), row.title)];
    for column in columns {
        let Some(cell) = cell_of(row, *column) else { continue };
        let mark = cell.mark.filter(|_| !app.review.is_blind()).map_or_else(String::new, |m| format!(", {}", m.word()));
        parts.push(format!("{}: {}{mark}", name_of(app, *column), shown_words(app, row, cell)));
    }
    parts.join("; ")
}

/// A figure would tell what is right; while that is withheld the beginning of the output stands there.
fn shown_words(app: &App, row: &Row, cell: &Cell) -> String {
    let tells = matches!(row.kind, Kind::Box | Kind::Landmark | Kind::Track)
        || cell.words.starts_with("F1")
        || cell.words.starts_with("IoU");
    if app.review.is_blind() && tells && !cell.raw.is_empty() {
        return cell.raw.lines().next().unwrap_or_default().chars().take(40).collect();
    }
    cell.words.clone()
}

fn cell_ui(app: &App, row: &Row, column: Option<SourceId>, place: Rect, ui: &Ui) {
    let c = colours(ui.ctx());
    let clip = ui.painter().with_clip_rect(place);
    let Some(cell) = cell_of(row, column) else {
        clip.text(
            place.left_center() + vec2(2.0, 0.0),
            Align2::LEFT_CENTER,
            "–",
            FontId::proportional(size::SMALL),
            c.weak,
        );
        return;
    };
    let mut left = place.left() + 2.0;
    if column.is_some() {
        clip.circle_filled(pos2(left + 3.0, place.center().y), 3.0, ink_of(app, column, c));
        left += 10.0;
        if let Some(mark) = cell.mark.filter(|_| !app.review.is_blind()) {
            let (sign, ink) = sign_of(mark, c);
            let at = pos2(left + 5.0, place.center().y);
            clip.text(at, Align2::CENTER_CENTER, sign, icon_font(size::SMALL), ink);
            left += 14.0;
        }
    } else {
        clip.text(
            pos2(left + 5.0, place.center().y),
            Align2::CENTER_CENTER,
            icon::TARGET,
            icon_font(size::SMALL),
            c.weak,
        );
        left += 14.0;
    }
    let ink = if cell.mark == Some(Mark::Missing) { c.weak } else { c.text };
    let words = shown_words(app, row, cell);
    clip.text(pos2(left, place.center().y), Align2::LEFT_CENTER, words, FontId::proportional(size::SMALL), ink);
}

/// A sign of its own for each mark, so that nothing hangs on colour.
const fn sign_of(mark: Mark, c: &Colours) -> (&'static str, Color32) {
    match mark {
        Mark::Right => (icon::CHECK, c.good),
        Mark::Wrong => (icon::X, c.error),
        Mark::Differs => (icon::ARROW_LEFT_RIGHT, c.warning),
        Mark::Missing => (icon::CIRCLE_DASHED, c.error),
        Mark::Unreadable => (icon::FILE_QUESTION_MARK, c.warning),
        Mark::Extra => (icon::CIRCLE_PLUS, c.error),
    }
}

/// What a cell has no room for.
fn in_full(app: &App, row: &Row, column: Option<SourceId>) -> String {
    let name = name_of(app, column);
    let Some(cell) = cell_of(row, column) else { return format!("{name} says nothing here") };
    let mut lines = vec![name];
    if !app.review.is_blind() {
        lines.extend(cell.mark.map(|mark| crate::widgets::sentence_case(mark.word())));
        lines.extend(Some(cell.detail.clone()).filter(|detail| !detail.is_empty()));
    }
    lines.extend(cell.why.as_ref().map(|why| format!("It could not be read: {why}")));
    let raw = if cell.raw.is_empty() { &cell.words } else { &cell.raw };
    lines.push(raw.chars().take(600).collect());
    lines.join("\n")
}

/// Everything that everybody says in a row, in full.
fn open_ui(app: &App, row: &Row, columns: &[Option<SourceId>], ui: &mut Ui) {
    let c = colours(ui.ctx());
    Frame::new().fill(c.raised).corner_radius(radius::M).inner_margin(6.0).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = space::S;
        ui.add(Label::new(RichText::new(&row.title).font(strong(size::SMALL)).color(c.text)).wrap());
        for column in columns {
            let Some(cell) = cell_of(row, *column) else { continue };
            full_ui(app, cell, *column, ui);
        }
    });
}

fn full_ui(app: &App, cell: &Cell, column: Option<SourceId>, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let blind = app.review.is_blind();
    let mut head = name_of(app, column);
    if let Some(mark) = cell.mark.filter(|_| !blind) {
        head = format!("{head}: {}", mark.word());
    }
    dotted(app, column, &head, ui);
    if !cell.detail.is_empty() && !blind {
        note(ui, &cell.detail);
    }
    if let Some(why) = &cell.why {
        ui.label(RichText::new(format!("It could not be read: {why}")).size(size::SMALL).color(c.warning));
    }
    let text = if cell.raw.is_empty() { &cell.words } else { &cell.raw };
    let galley = if cell.diff.is_empty() || blind { None } else { Some(changed(&cell.diff, ui)) };
    let told = galley.is_some().then(|| in_words(&cell.diff));
    let response = match galley {
        Some(galley) => ui.label(galley),
        None => ui.add(Label::new(RichText::new(text).size(size::SMALL).color(c.text)).wrap()),
    };
    if let Some(told) = told {
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
    }
}

/// What is new is underlined, what is gone is struck through; colours only repeat it.
fn changed(diff: &[(Change, String)], ui: &Ui) -> Arc<Galley> {
    let c = colours(ui.ctx());
    let mut job = LayoutJob::default();
    job.wrap.max_width = ui.available_width();
    for (n, (change, words)) in diff.iter().enumerate() {
        let plain = TextFormat { font_id: FontId::proportional(size::SMALL), color: c.text, ..TextFormat::default() };
        let format = match change {
            Change::Same => plain,
            Change::New => TextFormat { color: c.good, underline: Stroke::new(1.0, c.good), ..plain },
            Change::Gone => TextFormat { color: c.error, strikethrough: Stroke::new(1.0, c.error), ..plain },
        };
        job.append(words, if n == 0 { 0.0 } else { 4.0 }, format);
    }
    ui.painter().layout_job(job)
}

fn in_words(diff: &[(Change, String)]) -> String {
    let one = |(change, words): &(Change, String)| match change {
        Change::Same => words.clone(),
        Change::New => format!("[new: {words}]"),
        Change::Gone => format!("[gone: {words}]"),
    };
    diff.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Rows of all cases in which somebody is wrong.
fn all_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let said = &app.review.said;
    if said.queue.is_empty() {
        return note(ui, if said.of.is_none() { "Comparing…" } else { "Nothing that is compared is wrong" });
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let opened = app.opened_cases();
    let fits = |place: &&(usize, usize)| app.wrong_row_fits(**place, &opened);
    for place in said.queue.iter().filter(fits).take(MOST_LISTED) {
        let case = &said.cases[place.0];
        let (row, key) = (&case.rows[place.1], said.key_of(*place));
        let open = app.review.row.is_some() && app.review.row == key;
        wrong_ui(app, (&case.title, row), open, ui, || out.ask(Request::Review(Ask::Row(key.clone()))));
    }
}

fn wrong_ui(app: &App, (case, row): (&str, &Row), open: bool, ui: &mut Ui, go: impl FnOnce()) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 2.0 * LINE), Sense::click());
    let who = row.said.iter().filter(|(_, cell)| cell.mark.is_some_and(|mark| mark != Mark::Right));
    let who: Vec<String> = who
        .filter_map(|(version, cell)| {
            let source = app.review.sources.iter().find(|source| source.id.0 as usize == *version)?;
            Some(format!("{}: {} {}", app.shown_name(source.id), cell.mark.map_or("", Mark::word), cell.words))
        })
        .collect();
    let (title, who) = (format!("{case}: {}", row.title), who.join(", "));
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, format!("{title}; {who}")));
    if open || response.hovered() {
        ui.painter().rect_filled(rect, radius::S, if open { c.accent_ground } else { c.hovered });
    }
    let clip = ui.painter().with_clip_rect(rect.shrink2(vec2(space::S, 0.0)));
    let at = rect.left_top() + vec2(space::S + 2.0, LINE / 2.0);
    clip.text(at, Align2::LEFT_CENTER, &title, FontId::proportional(size::SMALL), c.text);
    let below = at + vec2(0.0, LINE - 2.0);
    clip.text(below, Align2::LEFT_CENTER, &who, FontId::proportional(size::TINY), c.weak);
    let clicked = response.clicked();
    response.on_hover_text(format!("{title}\n{who}"));
    if clicked {
        go();
    }
}

/// Lines that belong to no picture or question.
fn left_ui(app: &App, ui: &mut Ui) {
    let left = &app.review.said.left;
    if left.is_empty() {
        return;
    }
    let title = format!("{} without a picture or question", counted(left.len(), "line"));
    folded(&title, "left", ui, |ui| {
        for one in left.iter().take(MOST_LISTED) {
            let name = name_of(app, Some(SourceId(one.version as u32)));
            note(ui, &format!("{name}, {}: {}", one.key, one.why));
        }
    });
}

/// Outputs that could not be read, each as it came.
fn unreadable_ui(app: &App, ui: &mut Ui) {
    let unreadable = &app.review.said.unreadable;
    if unreadable.is_empty() {
        return;
    }
    let title = format!("{} not readable", counted(unreadable.len(), "output"));
    folded(&title, "unreadable", ui, |ui| {
        for one in unreadable.iter().take(MOST_LISTED) {
            let name = name_of(app, Some(SourceId(one.version as u32)));
            note(ui, &format!("{name}, {}: {}", one.id, one.why));
            let raw: String = one.output.chars().take(600).collect();
            ui.add(Label::new(RichText::new(raw).size(size::SMALL).color(colours(ui.ctx()).text)).wrap());
        }
    });
}

fn folded(title: &str, id: &str, ui: &mut Ui, inner: impl FnOnce(&mut Ui)) {
    ui.add_space(space::S);
    let head = RichText::new(title).size(size::SMALL).color(colours(ui.ctx()).warning);
    CollapsingHeader::new(head).id_salt(id).show(ui, inner);
}

/// How answers write boxes: the numbers say nothing without it.
fn convention_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    if !app.review.said.cases.iter().any(|case| case.rows.iter().any(|row| row.kind == Kind::Answer)) {
        return;
    }
    let now = &app.settings.answer_boxes;
    let title = CONVENTIONS.iter().find(|one| one.name == now).map_or("Pixels of the picture", |one| one.title);
    ui.add_space(space::S);
    note(ui, "Answers write boxes as");
    let combo = ComboBox::from_id_salt("boxes of answers").selected_text(title).width(ui.available_width() - space::M);
    combo.show_ui(ui, |ui| {
        for one in CONVENTIONS {
            if ui.selectable_label(one.name == now, one.title).clicked() {
                out.ask(Request::Review(Ask::Boxes(one.name.to_owned())));
            }
        }
    });
}
