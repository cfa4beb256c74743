//! A dialogue: turns in order, each with who speaks, what is said, what it points at, and what was refused instead.

use super::evidence;
use super::sheet::{Field, Sheet, choose};
use crate::action::{Action, Ask};
use crate::app::App;
use crate::outbox::{AskAct, Outbox};
use crate::theme::{colours, icon, size};
use crate::widgets::word_button;
use crate::work::asking::{Part, Slot};
use eframe::egui::{Align, Label, Layout, RichText, ScrollArea, Ui};
use limner_annotation::Document;
use limner_annotation::question::{BOX, Dialogue, DialogueId, ImageSet, Question, QuestionId, REF, Speaker};

const SPEAKERS: [Speaker; 5] = [Speaker::System, Speaker::Human, Speaker::Assistant, Speaker::Tool, Speaker::Expert];

const fn title_of(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::System => "System",
        Speaker::Human => "Human",
        Speaker::Assistant => "Assistant",
        Speaker::Tool => "Tool",
        Speaker::Expert => "Expert",
    }
}

pub fn ui(app: &App, document: &Document, id: DialogueId, ui: &mut Ui, out: &mut Outbox) {
    let Some(shown) = app.work.asking.live::<Dialogue>(document, id) else { return };
    let Some(set) = document.get::<ImageSet>(shown.image_set) else { return };
    let mut talk = shown.clone();
    let mut sheet = Sheet::new(app, document, id.0, out);
    ui.horizontal(|ui| {
        word_button(app, Action::Ask(Ask::AddTurn), "Add turn", ui, sheet.out);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if sheet.mark(ui, icon::TRASH_2, "Delete dialogue", "", false) {
                sheet.ask(AskAct::RemoveTalk(id));
            }
        });
    });
    let text = format!("{REF} stands for the name and {BOX} for the place of what a turn points at, in order");
    ui.add(Label::new(RichText::new(text).size(size::TINY).color(colours(ui.ctx()).weak)).wrap());
    ScrollArea::vertical().id_salt(("dialogue", id)).auto_shrink([false, false]).show(ui, |ui| {
        let mut gone = None;
        for n in 0..talk.turns.len() {
            turn_ui(&mut sheet, &mut talk, set, n, &mut gone, ui);
        }
        if let Some(n) = gone.filter(|_| talk.turns.len() > 1) {
            talk.turns.remove(n);
            sheet.did("Remove turn");
        }
        ui.add_space(24.0);
    });
    sheet.finish(talk);
}

fn turn_ui(
    sheet: &mut Sheet<'_>,
    talk: &mut Dialogue,
    set: &ImageSet,
    n: usize,
    gone: &mut Option<usize>,
    ui: &mut Ui,
) {
    let many = talk.turns.len() > 1;
    let turn = &mut talk.turns[n];
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let name = format!("Speaker of turn {}", n + 1);
        if let Some(role) = choose(ui, &name, 96.0, turn.role, &SPEAKERS, |role| title_of(role).to_owned()) {
            turn.role = role;
            sheet.did("Change speaker");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if many && sheet.remove(ui, &format!("Remove turn {}", n + 1)) {
                *gone = Some(n);
            }
            let refused = turn.rejected.is_some();
            let hint = "What was said instead and refused, for preference sets";
            if sheet.mark(ui, icon::THUMBS_DOWN, &format!("Refused version of turn {}", n + 1), hint, refused) {
                turn.rejected = if refused { None } else { Some(String::new()) };
                sheet.did("Change refused version");
            }
            let on = sheet.app.work.asking.pointing == Some(Slot::Turn(n));
            if sheet.mark(ui, icon::TARGET, &format!("Evidence for turn {}", n + 1), "Point at what is meant", on) {
                sheet.ask(AskAct::Point(Slot::Turn(n)));
            }
            let questions: Vec<Option<QuestionId>> =
                std::iter::once(None).chain(sheet.app.work.asking.list.iter().copied().map(Some)).collect();
            let title = |id: Option<QuestionId>| {
                let stem = id.and_then(|id| sheet.document.get::<Question>(id)).map(|q| q.stem.clone());
                stem.unwrap_or_else(|| "no question".into())
            };
            let name = format!("Question of turn {}", n + 1);
            if let Some(question) = choose(ui, &name, 86.0, turn.question, &questions, title) {
                turn.question = question;
                sheet.did("Change question of turn");
            }
        });
    });
    let name = format!("Turn {}", n + 1);
    let field = Field { part: Part::Turn(n), name: &name, hint: "What is said", rows: 2, step: "Edit turn" };
    sheet.text(ui, field, &mut turn.text);
    if let Some(rejected) = &mut turn.rejected {
        let name = format!("Refused turn {}", n + 1);
        let field =
            Field { part: Part::Rejected(n), name: &name, hint: "What was refused", rows: 2, step: "Edit turn" };
        sheet.text(ui, field, rejected);
    }
    let before = turn.evidence.len();
    evidence::list_ui(sheet, &mut turn.evidence, set, (Part::TurnEvidence(n, 0), ""), ui);
    if turn.evidence.len() < before {
        turn.text = without_surplus(&turn.text, turn.evidence.len());
    }
}

/// A marker without something to stand for is none: those at the end go.
fn without_surplus(text: &str, evidence: usize) -> String {
    let mut text = text.to_owned();
    for marker in [REF, BOX] {
        while text.matches(marker).count() > evidence {
            let Some(at) = text.rfind(marker) else { break };
            text.replace_range(at..at + marker.len(), "");
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_marker_goes_with_what_it_stood_for() {
        let text = "The <ref-object> <bbox> and the <ref-object> <bbox>";
        assert_eq!(super::without_surplus(text, 1), "The <ref-object> <bbox> and the");
        assert_eq!(super::without_surplus(text, 2), text);
    }
}
