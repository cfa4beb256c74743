//! The way from picture to answer, one conclusion a step, each with its kind and evidence of its own.

use super::evidence;
use super::sheet::{Field, Sheet, choose, open_section, section};
use crate::action::{Action, Ask};
use crate::outbox::{AskAct, Outbox};
use crate::theme::icon;
use crate::widgets::action_button;
use crate::work::asking::{Part, Slot};
use eframe::egui::{Align, Layout, Ui};
use limner_annotation::question::{ImageSet, Question, StepKind};

enum Edit {
    Remove(usize),
    Move(usize, usize),
}

pub fn ui(sheet: &mut Sheet<'_>, question: &mut Question, set: &ImageSet, ui: &mut Ui) {
    let app = sheet.app;
    let mut pressed = Outbox::default();
    let count = question.rationale.len();
    let head = |ui: &mut Ui| {
        action_button(app, Action::Ask(Ask::AddStep), ui, &mut pressed);
    };
    if matches!(sheet.app.work.asking.wants, Some(Part::Step(_) | Part::StepEvidence(..))) {
        open_section(ui, "Reasoning");
    }
    section(ui, "Reasoning", count, count > 0, head, |ui| {
        let mut edit = None;
        for n in 0..question.rationale.len() {
            step_ui(sheet, question, set, n, &mut edit, ui);
        }
        match edit {
            Some(Edit::Remove(n)) => {
                question.rationale.remove(n);
                sheet.did("Remove reasoning step");
            }
            Some(Edit::Move(a, b)) if b < question.rationale.len() => {
                question.rationale.swap(a, b);
                sheet.did("Move reasoning step");
            }
            _ => {}
        }
        let hint = "The reason in one or two sentences";
        let field = Field { part: Part::Reason, name: "Reason", hint, rows: 2, step: "Edit reason" };
        sheet.text(ui, field, &mut question.reason);
    });
    pressed.drain().into_iter().for_each(|request| sheet.out.ask(request));
}

fn step_ui(
    sheet: &mut Sheet<'_>,
    question: &mut Question,
    set: &ImageSet,
    n: usize,
    edit: &mut Option<Edit>,
    ui: &mut Ui,
) {
    let step = &mut question.rationale[n];
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let name = format!("Kind of step {}", n + 1);
        if let Some(kind) = choose(ui, &name, 112.0, step.kind, &StepKind::ALL, |kind| kind.title().to_owned()) {
            step.kind = kind;
            sheet.did("Change kind of step");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if sheet.remove(ui, &format!("Remove step {}", n + 1)) {
                *edit = Some(Edit::Remove(n));
            }
            if sheet.mark(ui, icon::CHEVRON_DOWN, &format!("Move step {} down", n + 1), "", false) {
                *edit = Some(Edit::Move(n, n + 1));
            }
            if n > 0 && sheet.mark(ui, icon::CHEVRON_UP, &format!("Move step {} up", n + 1), "", false) {
                *edit = Some(Edit::Move(n, n - 1));
            }
            let pointing = sheet.app.work.asking.pointing == Some(Slot::Step(n));
            let hint = "Point at what this step looks at";
            if sheet.mark(ui, icon::TARGET, &format!("Evidence for step {}", n + 1), hint, pointing) {
                sheet.ask(AskAct::Point(Slot::Step(n)));
            }
            if set.items.len() > 1 {
                let title = |index: Option<usize>| index.map_or("any".to_owned(), |n| format!("image {}", n + 1));
                let all: Vec<Option<usize>> = std::iter::once(None).chain((0..set.items.len()).map(Some)).collect();
                let name = format!("Image of step {}", n + 1);
                if let Some(index) = choose(ui, &name, 72.0, step.image_index, &all, title) {
                    step.image_index = index;
                    sheet.did("Change image of step");
                }
            }
        });
    });
    let name = format!("Step {}", n + 1);
    let field =
        Field { part: Part::Step(n), name: &name, hint: "One conclusion", rows: 1, step: "Edit reasoning step" };
    sheet.text(ui, field, &mut step.text);
    evidence::list_ui(sheet, &mut step.evidence, set, (Part::StepEvidence(n, 0), ""), ui);
}
