//! The question in hand, from its words to where it stands in a taxonomy.

use super::sheet::{Field, Sheet};
use super::{answer, details, evidence, flags, pictures, stages, steps};
use crate::action::{Action, Ask};
use crate::app::App;
use crate::outbox::Outbox;
use crate::theme::{colours, icon, radius, size, space};
use crate::widgets::{Words, chip, icon_button, word_button};
use crate::work::asking::{Page, Part};
use crate::work::guides;
use eframe::egui::{
    Align, CollapsingHeader, ComboBox, Frame, Label, Layout, Margin, Popup, RichText, Role, TextStyle, Ui, WidgetInfo,
};
use limner_annotation::Document;
use limner_annotation::question::{AnswerType, ImageSet, Question, Status};

pub fn ui(app: &App, document: &Document, shown: &Question, ui: &mut Ui, out: &mut Outbox) {
    let mut question = shown.clone();
    let mut sheet = Sheet::new(app, document, shown.id.0, out);
    let Some(set) = document.get::<ImageSet>(question.image_set) else { return };
    ui.spacing_mut().item_spacing.y = space::S - 1.0;
    head_ui(&mut sheet, &question, ui);
    if app.work.asking.is_elsewhere(set) {
        ui.colored_label(colours(ui.ctx()).warning, "About a picture that is not in view");
    }
    guide_ui(&question, ui);
    let field = Field { part: Part::Stem, name: "Question", hint: "What is asked", rows: 2, step: "Edit question" };
    sheet.text(ui, field, &mut question.stem);
    draft_ui(&mut sheet, &mut question, ui);
    answer::ui(&mut sheet, &mut question, set, ui);
    evidence::grounding_ui(&mut sheet, &mut question, set, ui);
    // Below what is clicked: a line that comes or goes must not move a choice under the pointer.
    flags::ui(&mut sheet, &question, ui);
    steps::ui(&mut sheet, &mut question, set, ui);
    stages::ui(&mut sheet, &mut question, ui);
    details::ui(&mut sheet, &mut question, ui);
    sheet.finish(question);
    pictures::ui(app, document, shown, set, ui, out);
    ui.add_space(space::XXL);
}

/// Type, state, and what is done with the whole question.
fn head_ui(sheet: &mut Sheet<'_>, question: &Question, ui: &mut Ui) {
    let c = colours(ui.ctx());
    ui.horizontal(|ui| {
        let now = question.answer_type;
        let response = ComboBox::from_id_salt("question type")
            .selected_text(RichText::new(now.title()).text_style(TextStyle::Small))
            .width(140.0)
            .height(420.0)
            .show_ui(ui, |ui| {
                for kind in AnswerType::ALL {
                    if ui.selectable_label(kind == now, kind.title()).clicked() {
                        sheet.out.act(Action::Ask(Ask::Type(kind)));
                    }
                }
            })
            .response;
        response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "Type of question"));
        let ink = match question.status {
            Status::Accepted => c.good,
            Status::Proposed => c.accent,
            Status::Draft | Status::Rejected => c.weak,
        };
        chip(ui, question.status.title(), ink);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let response =
                icon_button(ui, icon::ELLIPSIS, Words { name: "More about this question", ..Words::default() }, false);
            Popup::menu(&response).show(|ui| {
                for ask in [Ask::Duplicate, Ask::SaveTemplate, Ask::NewStage, Ask::Reopen, Ask::Reject, Ask::Delete] {
                    let action = Action::Ask(ask);
                    if word_button(sheet.app, action, action.title(), ui, sheet.out).clicked() {
                        ui.close();
                    }
                }
            });
            // The review has the button above.
            if question.status != Status::Accepted && sheet.app.work.asking.page != Page::Review {
                word_button(sheet.app, Action::Ask(Ask::Accept), "Accept", ui, sheet.out);
            }
        });
    });
}

/// What the task of a guided form still wants, in order.
fn guide_ui(question: &Question, ui: &mut Ui) {
    let Some(guide) = guides::of(question) else { return };
    let c = colours(ui.ctx());
    let frame = Frame::new().fill(c.raised).corner_radius(radius::M).inner_margin(Margin::symmetric(8, 5));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 1.0;
        CollapsingHeader::new(RichText::new(guide.title).size(size::SMALL)).default_open(true).show_unindented(
            ui,
            |ui| {
                for (n, step) in guide.steps.iter().enumerate() {
                    let text = RichText::new(format!("{}. {step}", n + 1)).size(size::SMALL).color(c.weak);
                    ui.add(Label::new(text).wrap());
                }
            },
        );
    });
}

/// What a machine said, beside what stands here now.
fn draft_ui(sheet: &mut Sheet<'_>, question: &mut Question, ui: &mut Ui) {
    let Some(draft) = question.draft.clone() else { return };
    let c = colours(ui.ctx());
    let title =
        if draft.model.is_empty() { "Machine draft".to_owned() } else { format!("Machine draft ({})", draft.model) };
    let frame = Frame::new().fill(c.raised).corner_radius(radius::M).inner_margin(Margin::symmetric(8, 5));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        CollapsingHeader::new(RichText::new(title).size(size::SMALL)).default_open(true).show_unindented(ui, |ui| {
            let line = |ui: &mut Ui, text: &str| {
                ui.add(Label::new(RichText::new(text).size(size::SMALL).color(c.weak)).wrap());
            };
            line(ui, &draft.stem);
            if !draft.answer.is_empty() {
                line(ui, &format!("Answer: {}", draft.answer));
            }
            let differs = draft.stem != question.stem
                || question
                    .choices
                    .iter()
                    .any(|choice| draft.choices.get(&choice.key).is_some_and(|t| *t != choice.text));
            if differs && ui.small_button("Take the draft's words").clicked() {
                question.stem.clone_from(&draft.stem);
                for choice in &mut question.choices {
                    if let Some(text) = draft.choices.get(&choice.key) {
                        choice.text.clone_from(text);
                    }
                }
                sheet.did("Take the draft's words");
            }
        });
    });
}
