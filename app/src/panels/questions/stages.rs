//! A question's place in a tree: what it follows, after which answer, and what follows it.

use super::list::icon_of;
use super::sheet::{Field, Sheet, choose, press_line, row, section};
use crate::action::{Action, Ask};
use crate::outbox::{AskAct, Outbox};
use crate::theme::colours;
use crate::widgets::action_button;
use crate::work::asking::Part;
use eframe::egui::Ui;
use limner_annotation::question::{AnswerType, Follows, Question, QuestionId, Stage, children};

pub fn ui(sheet: &mut Sheet<'_>, question: &mut Question, ui: &mut Ui) {
    let document = sheet.document;
    let app = sheet.app;
    let stages: Vec<&Question> = children(document.contents(), question.id).collect();
    if question.stage.is_none() && stages.is_empty() && question.answer_type != AnswerType::Staged {
        return;
    }
    let mut pressed = Outbox::default();
    let head = |ui: &mut Ui| {
        action_button(app, Action::Ask(Ask::NewStage), ui, &mut pressed);
    };
    section(ui, "Stages", stages.len(), true, head, |ui| {
        place_ui(sheet, question, ui);
        for stage in stages {
            let name = stage.stage.as_ref().map_or("", |stage| stage.stage.as_str());
            let after = stage.stage.as_ref().map_or_else(String::new, |stage| follows_title(&stage.follows));
            let text = format!("{name}, {after}: {}", stage.stem);
            let ink = colours(ui.ctx()).text;
            if press_line(ui, icon_of(stage.answer_type), &text, ink).clicked() {
                sheet.ask(AskAct::Show(stage.id));
            }
        }
    });
    pressed.drain().into_iter().for_each(|request| sheet.out.ask(request));
}

fn place_ui(sheet: &mut Sheet<'_>, question: &mut Question, ui: &mut Ui) {
    let own = question.id;
    let Some(stage) = &mut question.stage else { return };
    let field =
        Field { part: Part::StageName, name: "Stage", hint: "criteria, body part, final", rows: 1, step: "Name stage" };
    sheet.line(ui, "Stage", field, &mut stage.stage);
    let hint = "reason alone, guided, review";
    let field = Field { part: Part::StagePath, name: "Line of questions", hint, rows: 1, step: "Name line" };
    sheet.line(ui, "Line", field, &mut stage.path);
    let parent = stage.parent.and_then(|id| sheet.document.get::<Question>(id));
    if let Some(parent) = parent {
        let mut all = vec![Follows::Always, Follows::Correct, Follows::Wrong, Follows::Abstained];
        all.extend(parent.choices.iter().map(|choice| Follows::Key(choice.key.clone())));
        let places: Vec<usize> = (0..all.len()).collect();
        let now = all.iter().position(|follows| *follows == stage.follows).unwrap_or(0);
        let title = |n: usize| match &all[n] {
            Follows::Key(key) => format!("after \"{}\"", parent.choice(key).map_or(key.as_str(), |c| c.text.as_str())),
            other => follows_title(other),
        };
        row(ui, "Asked", |ui| {
            if let Some(n) = choose(ui, "Asked after", 170.0, now, &places, title) {
                stage.follows = all[n].clone();
                sheet.did("Change branch");
            }
        });
        let ink = colours(ui.ctx()).weak;
        if press_line(ui, crate::theme::icon::ARROW_UP, &format!("Follows: {}", parent.stem), ink).clicked() {
            sheet.ask(AskAct::Show(parent.id));
        }
    }
    review_ui(sheet, stage, own, ui);
}

/// The same stage asked again on another image.
fn review_ui(sheet: &mut Sheet<'_>, stage: &mut Stage, own: QuestionId, ui: &mut Ui) {
    let others: Vec<Option<QuestionId>> = std::iter::once(None)
        .chain(sheet.app.work.asking.list.iter().copied().filter(|id| *id != own).map(Some))
        .collect();
    let title = |id: Option<QuestionId>| {
        let stem = id.and_then(|id| sheet.document.get::<Question>(id)).map(|question| question.stem.clone());
        stem.unwrap_or_else(|| "nothing".into())
    };
    let mut chosen = None;
    row(ui, "Reviews", |ui| chosen = choose(ui, "Reviews", 170.0, stage.review_of, &others, title));
    if let Some(review_of) = chosen {
        stage.review_of = review_of;
        sheet.did("Change review");
    }
}

fn follows_title(follows: &Follows) -> String {
    match follows {
        Follows::Always => "always".into(),
        Follows::Correct => "after a right answer".into(),
        Follows::Wrong => "after a wrong answer".into(),
        Follows::Abstained => "after \"I don't know\"".into(),
        Follows::Key(key) => format!("after {key}"),
    }
}
