//! The case form: findings to go through, then the fields of the form in use. Everything can be answered by keys alone.

use crate::action::Action;
use crate::app::App;
use crate::case::Ask;
use crate::case::Errand;
use crate::case::focus::{Row, STATUSES, answer_of, finding_of};
use crate::outbox::{Outbox, Request};
use crate::panels::dialog::Purpose;
use crate::panels::region::certainty_ui;
use crate::theme::{colours, icon, radius, size, space};
use crate::widgets::{action_button, empty_state, line_edit, panel_head, pill, word_button};
use eframe::egui::{
    Align, Button, ComboBox, Frame, Id, Key, Label, Layout, Margin, RichText, Role, ScrollArea, Stroke, Ui, WidgetInfo,
    vec2,
};
use limner_annotation::form_file;
use limner_annotation::records::{About, CaseForm, Field, FieldKind, Finding, Severity, Status};
use limner_annotation::tags::Attribute;
use limner_annotation::{Document, ImageId};

/// How high the place for details of a finding is.
const DETAILS: f32 = 118.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Case form", |ui| drop(action_button(app, Action::Case(Errand::FillForm), ui, out)));
    let (Some(project), Some(open)) = (&app.workspace.project, app.workspace.open()) else {
        return empty_state(ui, icon::CLIPBOARD_LIST, "No picture", "Open one: the form is filled in about it");
    };
    let document = project.document();
    choice_ui(app, document, ui, out);
    let rows = app.form_rows();
    if rows.is_empty() {
        let text = "Choose a form above, or paint a label: each label can be a finding";
        return empty_state(ui, icon::CLIPBOARD_LIST, "Nothing is asked yet", text);
    }
    let missing = app.missing_answers(open.image).len();
    let c = colours(ui.ctx());
    // The line stays where nothing is missing any more: what stands below it does not move.
    if app.case_form().is_some() {
        let words = match missing {
            0 => "Nothing that is needed is missing".into(),
            1 => "1 answer is missing".into(),
            _ => format!("{missing} answers are missing"),
        };
        ui.label(RichText::new(words).size(size::SMALL).color(if missing > 0 { c.warning } else { c.weak }));
    }
    if app.case.focus.is_some() {
        let words = "Arrows: row   Digits: answer   P A U N: finding   Esc: end";
        ui.label(RichText::new(words).size(size::SMALL).color(c.accent));
    }
    let has_findings = rows.iter().any(|row| matches!(row, Row::Finding(_)));
    let done = ui.available_height() - 34.0 - if has_findings { DETAILS } else { 0.0 };
    ScrollArea::vertical().id_salt("form").max_height(done).auto_shrink([false, false]).show(ui, |ui| {
        for (n, row) in rows.iter().enumerate() {
            let is_study = matches!(row, Row::Field(field) if field.about == About::Study);
            let was_study = n > 0 && matches!(rows[n - 1], Row::Field(field) if field.about == About::Study);
            if is_study && !was_study {
                ui.add_space(space::S);
                ui.label(RichText::new("About the whole study").size(size::SMALL).color(c.weak));
            }
            row_ui(app, (n, row), (document, open.image), ui, out);
        }
    });
    if has_findings {
        details_ui(app, &rows, (document, open.image), ui, out);
    }
    word_button(app, Action::Case(Errand::FinishCase), "Case done, next", ui, out);
}

fn choice_ui(app: &App, document: &Document, ui: &mut Ui, out: &mut Outbox) {
    let now = app.case_form();
    let title = now.map_or("No form: labels as findings", |form| form.name.as_str());
    let choice = ComboBox::from_id_salt("form choice").selected_text(title).width(ui.available_width() - 8.0).show_ui(
        ui,
        |ui| {
            for form in document.all::<CaseForm>() {
                if ui.selectable_label(now.is_some_and(|now| now.id == form.id), &form.name).clicked() {
                    out.ask(Request::Case(Ask::UseForm(form.id)));
                }
            }
            for (name, _) in form_file::READY {
                let known = document.all::<CaseForm>().any(|form| form.name == name);
                if !known && ui.selectable_label(false, name).on_hover_text("A form that comes with Limner").clicked() {
                    out.ask(Request::Case(Ask::ReadyForm(name)));
                }
            }
            ui.separator();
            if ui.add(Button::new("Load a form file…").frame(false)).clicked() {
                out.ask(Request::AskPath(Purpose::LoadForm));
            }
        },
    );
    choice.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "Form"));
}

fn row_ui(app: &App, (n, row): (usize, &Row<'_>), about: (&Document, ImageId), ui: &mut Ui, out: &mut Outbox) {
    let focused = app.case.focus == Some(n);
    let c = colours(ui.ctx());
    let frame = Frame::new().inner_margin(Margin::symmetric(6, 4)).corner_radius(radius::M);
    let frame = if focused { frame.fill(c.raised).stroke(Stroke::new(1.0, c.accent)) } else { frame };
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        match *row {
            Row::Finding(name) => finding_ui(name, focused, about, ui, out),
            Row::Field(field) => field_ui(app, field, focused, about, ui, out),
        }
    });
    if focused {
        shown.response.scroll_to_me(None);
    }
}

fn finding_ui(name: &str, focused: bool, (document, image): (&Document, ImageId), ui: &mut Ui, out: &mut Outbox) {
    let known = finding_of(document, image, name);
    ui.label(RichText::new(name));
    ui.horizontal_wrapped(|ui| {
        for (n, (status, word, _)) in STATUSES.into_iter().enumerate() {
            let on = known.is_some_and(|known| known.status == status);
            let response = pill(ui, word, focused.then_some(n + 1), on);
            let full = format!("{name}: {}", word.to_lowercase());
            if response.on_hover_text(full).clicked() {
                ui.data_mut(|d| d.insert_temp(in_hand(), name.to_owned()));
                let status = (!on).then_some(status);
                out.ask(Request::Case(Ask::Finding { name: name.to_owned(), status }));
            }
        }
    });
}

/// The finding that was answered last.
fn in_hand() -> Id {
    Id::unique("finding in hand")
}

/// What is said of a finding more than its status has a place of its own, as high whatever was answered: the rows above do
/// not move under the hand.
fn details_ui(app: &App, rows: &[Row<'_>], about: (&Document, ImageId), ui: &mut Ui, out: &mut Outbox) {
    let size = vec2(ui.available_width(), DETAILS - ui.spacing().item_spacing.y);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
        ui.set_min_size(size);
        ui.separator();
        let answered = ui.data(|d| d.get_temp::<String>(in_hand()));
        let focused = app.case.focus.and_then(|n| rows.get(n));
        let name = if let Some(Row::Finding(name)) = focused { Some((*name).to_owned()) } else { answered };
        let known = name.and_then(|name| finding_of(about.0, about.1, &name).map(|known| (known, name)));
        match known.filter(|(known, _)| matches!(known.status, Status::Present | Status::Uncertain)) {
            Some((known, name)) => detail_ui(known, &name, ui, out),
            None => {
                let words = "How bad a finding is and how sure you are is said here, once it is present or uncertain";
                ui.label(RichText::new(words).size(size::SMALL).color(colours(ui.ctx()).weak));
            }
        }
    });
}

const SEVERITIES: [(Severity, &str); 3] =
    [(Severity::Mild, "Mild"), (Severity::Moderate, "Moderate"), (Severity::Severe, "Severe")];

/// How bad it is, and how sure the reader is: nobody is sure of anything before they say so.
fn detail_ui(known: &Finding, name: &str, ui: &mut Ui, out: &mut Outbox) {
    let mut ask = |severity, certainty| {
        out.ask(Request::Case(Ask::FindingDetail { id: known.id, severity, certainty }));
    };
    ui.add(Label::new(RichText::new(name).strong()).truncate());
    ui.horizontal_wrapped(|ui| {
        for (severity, word) in SEVERITIES {
            let on = known.severity == Some(severity);
            if pill(ui, word, None, on).clicked() {
                ask((!on).then_some(severity), known.certainty);
            }
        }
    });
    ui.label(RichText::new("How sure you are").size(size::SMALL).color(colours(ui.ctx()).weak));
    if let Some(certainty) = certainty_ui(known.certainty, ui) {
        ask(known.severity, certainty);
    }
}

fn field_ui(
    app: &App,
    field: &Field,
    focused: bool,
    (document, image): (&Document, ImageId),
    ui: &mut Ui,
    out: &mut Outbox,
) {
    let now = app.case_form().and_then(|form| answer_of(document, form, image, field));
    let c = colours(ui.ctx());
    ui.horizontal(|ui| {
        let title = ui.label(RichText::new(&field.question));
        if let Some(hint) = &field.hint {
            title.on_hover_text(hint);
        }
        if field.required && now.is_none() {
            ui.label(RichText::new("needed").size(size::TINY).color(c.warning));
        }
    });
    let mut answer = |value| out.ask(Request::Case(Ask::Answer { field: field.key.clone(), value }));
    match field.kind {
        FieldKind::One | FieldKind::Several => options_ui(field, now, focused, ui, &mut answer),
        FieldKind::Scale => {
            ui.horizontal_wrapped(|ui| {
                for (n, step) in field.steps().into_iter().enumerate() {
                    let on = now == Some(&Attribute::Number(step as f64));
                    if pill(ui, &step.to_string(), None, on).clicked() {
                        answer(field.pick(n, now));
                    }
                }
            });
        }
        FieldKind::Yes => {
            ui.horizontal(|ui| {
                for (n, word) in ["Yes", "No"].into_iter().enumerate() {
                    let on = now == Some(&Attribute::Yes(n == 0));
                    if pill(ui, word, focused.then_some(n + 1), on).clicked() {
                        answer(field.pick(n, now));
                    }
                }
            });
        }
        FieldKind::Number => number_ui(field, now, focused, ui, &mut answer),
        FieldKind::Text => text_ui(field, now, focused, ui, &mut answer),
    }
}

/// Pills, those of a finer level on lines of their own, further in.
fn options_ui(
    field: &Field,
    now: Option<&Attribute>,
    focused: bool,
    ui: &mut Ui,
    answer: &mut impl FnMut(Option<Attribute>),
) {
    let is_on = |key: &str| match now {
        Some(Attribute::Text(text)) => text == key,
        Some(Attribute::Several(keys)) => keys.iter().any(|other| other == key),
        _ => false,
    };
    let choices = field.choices();
    let mut n = 0;
    while n < choices.len() {
        let depth = choices[n].1;
        let end = (n..choices.len()).find(|m| choices[*m].1 != depth).unwrap_or(choices.len());
        ui.horizontal_wrapped(|ui| {
            ui.add_space(14.0 * depth as f32);
            for (place, (choice, _)) in choices.iter().enumerate().take(end).skip(n) {
                let digit = (focused && place < 9).then_some(place + 1);
                if pill(ui, &choice.name, digit, is_on(&choice.key)).clicked() {
                    answer(field.pick(place, now));
                }
            }
        });
        n = end;
    }
}

fn number_ui(
    field: &Field,
    now: Option<&Attribute>,
    focused: bool,
    ui: &mut Ui,
    answer: &mut impl FnMut(Option<Attribute>),
) {
    let before = if let Some(Attribute::Number(n)) = now { n.to_string() } else { String::new() };
    if let Some(text) = typed_ui(field, &before, focused, false, ui) {
        match text.trim().replace(',', ".").parse::<f64>() {
            Ok(n) => answer(Some(Attribute::Number(n))),
            Err(_) if text.trim().is_empty() => answer(None),
            Err(_) => {}
        }
    }
}

fn text_ui(
    field: &Field,
    now: Option<&Attribute>,
    focused: bool,
    ui: &mut Ui,
    answer: &mut impl FnMut(Option<Attribute>),
) {
    let before = if let Some(Attribute::Text(text)) = now { text.as_str() } else { "" };
    if let Some(text) = typed_ui(field, before, focused, true, ui) {
        answer((!text.trim().is_empty()).then(|| Attribute::Text(text.trim().to_owned())));
    }
}

/// A field of text; answers with what was typed once the hand leaves it. Enter goes into it while keys fill the form.
fn typed_ui(field: &Field, before: &str, focused: bool, wide: bool, ui: &mut Ui) -> Option<String> {
    let id = ui.scope_id().with(("typed", &field.key));
    let mut text = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_else(|| before.to_owned());
    let width = if wide { ui.available_width() } else { 90.0 };
    let response = ui
        .horizontal(|ui| {
            let response = ui.add(line_edit(&mut text).desired_width(width));
            if let Some(unit) = &field.unit {
                ui.label(unit);
            }
            response
        })
        .inner;
    response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::TextInput, true, &field.question));
    if focused && !response.has_focus() && ui.input(|i| i.key_pressed(Key::Enter)) && !response.lost_focus() {
        response.request_focus();
    }
    if response.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, text));
        return None;
    }
    let was = ui.data_mut(|d| d.remove_temp::<String>(id));
    let kept = !ui.input(|i| i.key_pressed(Key::Escape));
    was.filter(|_| kept).map(|_| text).filter(|text| text != before)
}
