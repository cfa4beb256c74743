//! Questions from masks and shapes: which kinds, how worded, on which pair of visits; then what came of it, to be looked at
//! before it goes to review.

use super::sheet::{Field, Sheet, choose, row, section};
use crate::action::{Action, Ask};
use crate::app::App;
use crate::outbox::{AskAct, Outbox};
use crate::theme::{colours, icon, size};
use crate::widgets::{sentence_case, tick, word_button};
use crate::work::asking::Part;
use eframe::egui::{Align, DragValue, Label, Layout, RichText, Role, ScrollArea, Ui, WidgetInfo};
use limner_annotation::question::generate::{GENERATORS, Generator, Plan};
use limner_annotation::question::{Book, Origin, Question, Template};
use limner_annotation::{Document, ImageId};
use std::collections::BTreeMap;

const ROW: f32 = 36.0;

pub fn ui(app: &App, document: &Document, ui: &mut Ui, out: &mut Outbox) {
    if let Some(book) = &app.work.asking.made {
        return made_ui(app, book, ui, out);
    }
    let mut plan = app.work.asking.plan.clone();
    ui.horizontal(|ui| {
        word_button(app, Action::Ask(Ask::Make), "Make questions", ui, out);
        if let Some(reason) = app.why_not(Action::Ask(Ask::Make)) {
            ui.label(RichText::new(reason).size(size::SMALL).color(colours(ui.ctx()).warning));
        } else if app.jobs.is_busy("questions") {
            ui.spinner();
        }
    });
    ScrollArea::vertical().id_salt("generators").auto_shrink([false, false]).show(ui, |ui| {
        numbers_ui(&mut plan, ui);
        pair_ui(document, &mut plan, ui);
        kinds_ui(document, &mut plan, ui, out);
        wordings_ui(app, document, ui, out);
    });
    let before = &app.work.asking.plan;
    let same = (before.seed, &before.only, before.most_of_each, &before.pairs)
        == (plan.seed, &plan.only, plan.most_of_each, &plan.pairs);
    if !same {
        out.about_questions(AskAct::Plan(plan));
    }
}

fn numbers_ui(plan: &mut Plan, ui: &mut Ui) {
    row(ui, "Seed", |ui| {
        let response = ui.add(DragValue::new(&mut plan.seed)).on_hover_text("The same seed makes the same questions");
        response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, "Seed"));
    });
    row(ui, "Of each kind", |ui| {
        let drag = DragValue::new(&mut plan.most_of_each).range(0..=100_000);
        let drag = drag.custom_formatter(|n, _| if n == 0.0 { "all".into() } else { format!("at most {n}") });
        let response = ui.add(drag);
        response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, "At most of each kind"));
    });
}

/// Two visits of a subject, for questions on change.
fn pair_ui(document: &Document, plan: &mut Plan, ui: &mut Ui) {
    let all: Vec<Option<ImageId>> = std::iter::once(None).chain(document.images().map(|i| Some(i.id))).collect();
    if all.len() < 3 {
        return;
    }
    let title = |id: Option<ImageId>| {
        id.and_then(|id| document.image(id)).map_or_else(|| "none".to_owned(), |image| image.title.clone())
    };
    let [mut prior, mut current] = plan.pairs.first().map_or([None, None], |pair| pair.map(Some));
    // Half a pair waits here until the other half is chosen.
    let id = ui.scope_id().with("half a pair");
    if plan.pairs.is_empty() {
        [prior, current] = ui.data(|data| data.get_temp(id)).unwrap_or([None, None]);
    }
    row(ui, "Prior", |ui| prior = choose(ui, "Prior image", 180.0, prior, &all, title).unwrap_or(prior));
    row(ui, "Current", |ui| current = choose(ui, "Current image", 180.0, current, &all, title).unwrap_or(current));
    ui.data_mut(|data| data.insert_temp(id, [prior, current]));
    plan.pairs = match (prior, current) {
        (Some(prior), Some(current)) if prior != current => vec![[prior, current]],
        _ => Vec::new(),
    };
}

/// All kinds where none is chosen.
fn kinds_ui(document: &Document, plan: &mut Plan, ui: &mut Ui, out: &mut Outbox) {
    let mut groups: BTreeMap<&str, Vec<&'static Generator>> = BTreeMap::new();
    for generator in GENERATORS {
        groups.entry(generator.path[0]).or_default().push(generator);
    }
    for (group, generators) in groups {
        let chosen = generators.iter().filter(|g| plan.only.iter().any(|name| name == g.name)).count();
        section(
            ui,
            &sentence_case(group),
            chosen,
            true,
            |_| {},
            |ui| {
                for generator in generators {
                    ui.horizontal(|ui| kind_ui(document, plan, generator, ui, out));
                }
            },
        );
    }
    let text =
        if plan.only.is_empty() { "All kinds are made where none is chosen" } else { "Only the chosen kinds are made" };
    ui.label(RichText::new(text).size(size::SMALL).color(colours(ui.ctx()).weak));
}

fn kind_ui(document: &Document, plan: &mut Plan, generator: &'static Generator, ui: &mut Ui, out: &mut Outbox) {
    let mut on = plan.only.iter().any(|name| name == generator.name);
    let text = RichText::new(sentence_case(generator.title)).size(size::SMALL);
    let template = generator.template();
    if tick(ui, &mut on, text).on_hover_text(&template.stem).changed() {
        plan.only.retain(|name| name != generator.name);
        if on {
            plan.only.push(generator.name.to_owned());
        }
    }
    let worded = document.all::<Template>().any(|t| t.generator.as_deref() == Some(generator.name));
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let name = format!("Own wording for {}", generator.title);
        let words = crate::widgets::Words { name: &name, hint: "Edit how it asks, below", ..Default::default() };
        if !worded && crate::widgets::small_icon_button(ui, icon::PENCIL, words, false).clicked() {
            out.about_questions(AskAct::Put(Box::new(template.into()), "Own wording"));
        }
    });
}

/// The project's own wordings of generators.
fn wordings_ui(app: &App, document: &Document, ui: &mut Ui, out: &mut Outbox) {
    let templates: Vec<&Template> = document.all::<Template>().filter(|t| t.generator.is_some()).collect();
    if templates.is_empty() {
        return;
    }
    section(
        ui,
        "Own wordings",
        templates.len(),
        true,
        |_| {},
        |ui| {
            for (n, template) in templates.into_iter().enumerate() {
                let mut changed = app.work.asking.live::<Template>(document, template.id).unwrap_or(template).clone();
                let mut sheet = Sheet::new(app, document, template.id.0, out);
                ui.horizontal(|ui| {
                    ui.label(RichText::new(sentence_case(&template.name)).size(size::SMALL));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        if sheet.remove(ui, &format!("Remove wording of {}", template.name)) {
                            sheet.ask(AskAct::RemoveTemplate(template.id));
                        }
                    });
                });
                let name = format!("Wording of {}", template.name);
                let field = Field { part: Part::Template(n), name: &name, hint: "", rows: 2, step: "Edit wording" };
                sheet.text(ui, field, &mut changed.stem);
                sheet.finish(changed);
            }
        },
    );
}

/// What was made: counts by kind, and every question with its answer.
fn made_ui(app: &App, book: &Book, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    ui.horizontal(|ui| {
        let count = book.questions.len();
        if count > 0 {
            word_button(app, Action::Ask(Ask::KeepMade), &format!("Send {count} to review"), ui, out);
        }
        if ui.button(if count > 0 { "Drop them" } else { "Back" }).clicked() {
            out.about_questions(AskAct::DropMade);
        }
    });
    if book.questions.is_empty() {
        let text =
            "Nothing new came of it: the masks and shapes give none of these questions, or they are in the project";
        ui.add(Label::new(RichText::new(text).size(size::SMALL).color(c.weak)).wrap());
        return;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for question in book.questions.values() {
        if let Origin::Generated { generator, .. } = &question.origin {
            *counts.entry(generator).or_default() += 1;
        }
    }
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    ui.add(Label::new(RichText::new(counts.join(", ")).size(size::SMALL).color(c.weak)).wrap());
    let questions: Vec<&Question> = book.questions.values().collect();
    ScrollArea::vertical().id_salt("made").auto_shrink([false, false]).show_rows(
        ui,
        ROW,
        questions.len(),
        |ui, rows| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for question in &questions[rows] {
                let (rect, response) =
                    ui.allocate_exact_size(eframe::egui::vec2(ui.available_width(), ROW), eframe::egui::Sense::hover());
                let answer = question.answer_in_words();
                response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &question.stem));
                for (dy, text, ink) in [(2.0, &question.stem, c.text), (18.0, &answer, c.weak)] {
                    let font = eframe::egui::FontId::proportional(size::SMALL);
                    let mut job = eframe::egui::text::LayoutJob::simple_singleline(text.replace('\n', " "), font, ink);
                    job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(rect.width() - 4.0);
                    let galley = ui.painter().layout_job(job);
                    ui.painter().galley(rect.min + eframe::egui::vec2(2.0, dy), galley, ink);
                }
                response.on_hover_text(format!("{}\n{answer}", question.stem));
            }
        },
    );
}
