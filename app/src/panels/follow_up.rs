//! Follow-up: the visits of the subject in view, its lesions with their sizes at each, and the way from one to the other.

use crate::action::Action;
use crate::app::App;
use crate::case::Errand;
use crate::case::ask::{Ask, LesionAsk};
use crate::outbox::{Outbox, Request};
use crate::theme::{Colours, colours, icon, size, space};
use crate::widgets::{Words, action_button, empty_state, icon_button, line_edit, panel_head, tick};
use crate::work::measures::name_of;
use eframe::egui::{Button, Color32, DragValue, Grid, RichText, ScrollArea, Ui, vec2};
use limner_annotation::Document;
use limner_annotation::follow_up::{Cell, Course, Row, Size, Table};
use limner_annotation::records::{Lesion, Subject, Trend};

const TRENDS: [(Trend, &str); 8] = [
    (Trend::New, "New"),
    (Trend::Larger, "Larger"),
    (Trend::Same, "Same"),
    (Trend::Smaller, "Smaller"),
    (Trend::Gone, "Gone"),
    (Trend::Split, "Split"),
    (Trend::Merged, "Merged"),
    (Trend::NotAssessed, "Not assessed"),
];

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Follow-up", |ui| {
        let reason = app.subject_in_view().is_none().then_some("The picture in view is no visit yet");
        let words =
            Words { name: "Copy table", hint: "As text, with tabs between columns", reason, ..Words::default() };
        if icon_button(ui, icon::COPY, words, false).clicked() {
            out.ask(Request::Case(Ask::Lesion(LesionAsk::Copy)));
        }
    });
    let (Some(project), Some(_)) = (&app.workspace.project, app.workspace.open()) else {
        return empty_state(ui, icon::CHART_LINE, "No picture", "Open the visits of a subject");
    };
    let document = project.document();
    let Some(table) = app.follow_up() else { return begin_ui(document, ui, out) };
    ui.horizontal(|ui| {
        for errand in [Errand::NewLesion, Errand::PreviousVisit, Errand::NextVisit] {
            action_button(app, Action::Case(errand), ui, out);
        }
    });
    link_ui(app, document, ui, out);
    ScrollArea::both().id_salt("follow-up").auto_shrink([false, false]).show(ui, |ui| {
        table_ui(app, &table, ui, out);
        ui.add_space(space::M);
        visits_ui(&table, ui, out);
        lesion_ui(app, document, &table, ui, out);
    });
}

/// The picture in view is no visit yet: of whom shall it be one?
fn begin_ui(document: &Document, ui: &mut Ui, out: &mut Outbox) {
    let text = "Say whose picture this is: visits of one subject are compared";
    empty_state(ui, icon::CHART_LINE, "No visit yet", text);
    ui.add_space(space::M);
    ui.vertical_centered(|ui| {
        let mut ask = |subject| out.ask(Request::Case(Ask::Lesion(LesionAsk::Visit(subject))));
        let hint = "Studies of one patient are brought together by their files, where those say so";
        if ui.button("First visit of a new subject").on_hover_text(hint).clicked() {
            ask(None);
        }
        for subject in document.all::<Subject>() {
            if ui.button(format!("Next visit of {}", subject.pseudonym)).clicked() {
                ask(Some(subject.id));
            }
        }
    });
}

/// What the selected shape can be linked to.
fn link_ui(app: &App, document: &Document, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let Some(shape) = app.work.selected.and_then(|id| document.shape(id)) else {
        let text = "Select a measurement on the picture to follow it";
        ui.label(RichText::new(text).size(size::SMALL).color(c.weak));
        return;
    };
    let subject = app.subject_in_view();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("The selected {} is", name_of(&shape.form))).color(c.weak));
        for lesion in document.all::<Lesion>().filter(|lesion| Some(lesion.subject) == subject) {
            let on = lesion.stages.iter().any(|stage| stage.shapes.contains(&shape.id));
            if ui.add(Button::selectable(on, &lesion.name)).clicked() && !on {
                out.ask(Request::Case(Ask::Lesion(LesionAsk::Link(lesion.id))));
            }
        }
        if ui.button("a new lesion").clicked() {
            out.ask(Request::Case(Ask::Lesion(LesionAsk::New)));
        }
    });
}

fn table_ui(app: &App, table: &Table, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    if table.rows.is_empty() {
        let text = "Measure a lesion, select it and press Shift+L";
        return empty_state(ui, icon::TARGET, "No lesions yet", text);
    }
    let here = app.workspace.open().map(|open| open.image);
    Grid::new("lesions").striped(true).spacing(vec2(space::M, space::S)).show(ui, |ui| {
        let head = |ui: &mut Ui, text: &str, on: bool| {
            let text = RichText::new(text).size(size::SMALL);
            ui.label(if on { text.color(c.accent).strong() } else { text.color(c.weak) });
        };
        head(ui, "Lesion", false);
        for visit in &table.visits {
            head(ui, &visit.name, here.is_some_and(|image| visit.images.contains(&image)));
        }
        head(ui, "Nadir", false);
        ui.end_row();
        for row in &table.rows {
            row_ui(app, table, row, ui, out);
        }
        if table.rows.iter().filter(|row| row.is_target).count() > 1 {
            row_ui(app, table, &table.sum, ui, out);
        }
    });
}

fn row_ui(app: &App, table: &Table, row: &Row, ui: &mut Ui, out: &mut Outbox) {
    let on = row.lesion.is_some() && app.case.lesion == row.lesion;
    let Some(lesion) = row.lesion else {
        ui.label(RichText::new(&row.name).strong());
        cells_ui(table, row, ui, |_, _| {});
        return;
    };
    let name = if row.is_target { row.name.clone() } else { format!("{} (other)", row.name) };
    if ui.add(Button::selectable(on, name)).clicked() {
        out.ask(Request::Case(Ask::Lesion(LesionAsk::Select(lesion))));
    }
    cells_ui(table, row, ui, |n, cell| {
        let place = cell.and_then(|cell| cell.place);
        let image = place.map(|(image, _)| image).or_else(|| table.visits[n].images.first().copied());
        if let Some(image) = image {
            let shape = place.map(|(_, shape)| shape);
            out.ask(Request::Case(Ask::Lesion(LesionAsk::Jump { image, shape, lesion })));
        }
    });
}

fn cells_ui(table: &Table, row: &Row, ui: &mut Ui, mut jump: impl FnMut(usize, Option<&Cell>)) {
    let c = colours(ui.ctx());
    for n in 0..table.visits.len() {
        let cell = row.cells[n].as_ref();
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let words = cell.map_or_else(|| "–".to_owned(), |cell| size_words(&cell.size));
            if row.lesion.is_none() {
                ui.label(RichText::new(words).strong());
            } else if ui.add(Button::new(words).frame(false)).on_hover_text("Jump there").clicked() {
                jump(n, cell);
            }
            let change = change_words(&row.course, n);
            if let Some((words, ink)) = change.map(|(words, more)| (words, ink_of(more, c))) {
                let hint = "Change since the baseline; in brackets since the smallest size before";
                ui.label(RichText::new(words).size(size::TINY).color(ink)).on_hover_text(hint);
            }
        });
    }
    let nadir = row.course.nadir.map_or_else(String::new, |(n, value)| {
        let unit = row.cells[n].as_ref().map_or("", |cell| cell.size.unit.as_str()).to_owned();
        format!("{} at {}", size_words(&Size { value, across: None, unit }), table.visits[n].name.to_lowercase())
    });
    ui.label(RichText::new(nadir).size(size::SMALL).color(c.weak));
    ui.end_row();
}

fn ink_of(more: f64, c: &Colours) -> Color32 {
    if more > 0.5 {
        c.warning
    } else if more < -0.5 {
        c.good
    } else {
        c.weak
    }
}

fn size_words(size: &Size) -> String {
    match (size.unit.as_str(), size.across) {
        ("", _) => "0".into(),
        ("mm3", _) => format!("{:.2} ml", size.value / 1000.0),
        (unit, Some(across)) => format!("{:.1} × {across:.1} {unit}", size.value),
        (unit, None) => format!("{:.1} {unit}", size.value),
    }
}

fn change_words(course: &Course, n: usize) -> Option<(String, f64)> {
    let since = course.since_baseline.get(n).copied().flatten()?;
    let nadir = course.since_nadir.get(n).copied().flatten();
    let nadir = nadir.map_or_else(String::new, |percent| format!(" ({percent:+.0} %)"));
    Some((format!("{since:+.0} %{nadir}"), since))
}

/// The visits in their order, with the days between.
fn visits_ui(table: &Table, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    ui.label(RichText::new("Visits").size(size::SMALL).color(c.weak));
    for (n, visit) in table.visits.iter().enumerate() {
        ui.horizontal(|ui| {
            ui.label(&visit.name);
            let mut days = visit.days.unwrap_or(0);
            let field = ui.add(DragValue::new(&mut days).prefix("day ").speed(0.0).update_while_editing(false));
            if field.changed() {
                out.ask(Request::Case(Ask::Lesion(LesionAsk::Days(visit.study, Some(days)))));
            }
            let reason = (n == 0).then_some("It is the first already");
            let words = Words { name: "Earlier", hint: "Before the visit above", reason, ..Words::default() };
            if crate::widgets::small_icon_button(ui, icon::ARROW_UP, words, false).clicked() {
                out.ask(Request::Case(Ask::Lesion(LesionAsk::Earlier(visit.study))));
            }
        });
    }
}

/// The lesion in hand: its name, whether it counts, what became of it at the visit in view.
fn lesion_ui(app: &App, document: &Document, table: &Table, ui: &mut Ui, out: &mut Outbox) {
    let Some(lesion) = app.case.lesion.and_then(|id| document.get::<Lesion>(id)) else { return };
    ui.add_space(space::M);
    let mut ask = |ask| out.ask(Request::Case(Ask::Lesion(ask)));
    ui.horizontal(|ui| {
        let id = ui.scope_id().with(("name", lesion.id));
        let mut name = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_else(|| lesion.name.clone());
        let field = ui.add(line_edit(&mut name).desired_width(90.0));
        if field.has_focus() {
            ui.data_mut(|d| d.insert_temp(id, name));
        } else if ui.data_mut(|d| d.remove_temp::<String>(id)).is_some()
            && name != lesion.name
            && !name.trim().is_empty()
        {
            ask(LesionAsk::Rename(lesion.id, name));
        }
        let mut target = lesion.is_target;
        if tick(ui, &mut target, "Target").on_hover_text("Counts in the sum").changed() {
            ask(LesionAsk::Target(lesion.id, target));
        }
        let words = Words { name: "Delete lesion", hint: "Its measurements stay", ..Words::default() };
        if crate::widgets::small_icon_button(ui, icon::TRASH_2, words, false).clicked() {
            ask(LesionAsk::Delete(lesion.id));
        }
    });
    let here = app.workspace.open().map(|open| open.image);
    let visit = table.visits.iter().find(|visit| here.is_some_and(|image| visit.images.contains(&image)));
    let Some(visit) = visit else { return };
    let stage = lesion.stages.iter().find(|stage| stage.study == visit.study);
    ui.horizontal_wrapped(|ui| {
        ui.label(format!("At {}:", visit.name.to_lowercase()));
        for (trend, word) in TRENDS {
            let on = stage.is_some_and(|stage| stage.trend == Some(trend));
            if crate::widgets::pill(ui, word, None, on).clicked() {
                ask(LesionAsk::Trend(lesion.id, visit.study, (!on).then_some(trend)));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_changes_read_as_people_write_them() {
        let size = |value, across, unit: &str| size_words(&Size { value, across, unit: unit.into() });
        assert_eq!(size(12.34, Some(8.0), "mm"), "12.3 × 8.0 mm");
        assert_eq!(size(1500.0, None, "mm3"), "1.50 ml");
        assert_eq!(size(0.0, None, ""), "0");
        let course = Course {
            since_baseline: vec![None, Some(-50.0), Some(-20.0)],
            since_nadir: vec![None, Some(-50.0), Some(60.0)],
            ..Course::default()
        };
        assert_eq!(change_words(&course, 0), None);
        assert_eq!(change_words(&course, 2).unwrap().0, "-20 % (+60 %)");
    }
}
