//! Consensus of versions, and adjudication: what is taken from A or B. Then what was decided in the whole project.

use super::part_head;
use crate::action::Action;
use crate::app::App;
use crate::outbox::Outbox;
use crate::review::{Act, Combine, Side};
use crate::theme::{colours, size, space};
use crate::widgets::word_button;
use eframe::egui::{RichText, Ui, vec2};
use limner_annotation::records::{Decision, Rater, Verdict};
use std::collections::BTreeMap;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    part_head(ui, "Consensus of all versions shown");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        let ways = [
            (Combine::Majority, "Majority"),
            (Combine::Staple, "STAPLE"),
            (Combine::StapleMulti, "STAPLE, all labels"),
        ];
        for (how, title) in ways {
            word_button(app, Action::Review(Act::Combine(how)), title, ui, out);
        }
    });
    part_head(ui, "Take into the project");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        for (side, part, label) in [(Side::A, "Part from A", "Label from A"), (Side::B, "Part from B", "Label from B")]
        {
            word_button(app, Action::Review(Act::TakePart(side)), part, ui, out);
            word_button(app, Action::Review(Act::TakeLabel(side)), label, ui, out);
        }
    });
    dashboard_ui(app, ui);
}

/// How often each reviewer gave each verdict.
fn dashboard_ui(app: &App, ui: &mut Ui) {
    let Some(project) = &app.workspace.project else { return };
    let document = project.document();
    let mut all: BTreeMap<String, BTreeMap<&'static str, usize>> = BTreeMap::new();
    for decision in document.all::<Decision>() {
        let by = document.get::<Rater>(decision.reviewer).map_or_else(String::new, |rater| rater.pseudonym.clone());
        *all.entry(by).or_default().entry(past(decision.verdict)).or_default() += 1;
    }
    if all.is_empty() {
        return;
    }
    part_head(ui, "Decisions in this project");
    for (by, verdicts) in all {
        let counts: Vec<String> = verdicts.into_iter().map(|(word, count)| format!("{count} {word}")).collect();
        let line = format!("{by}: {}", counts.join(", "));
        ui.label(RichText::new(line).size(size::SMALL).color(colours(ui.ctx()).text));
    }
}

const fn past(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => "accepted",
        Verdict::Edit => "edited",
        Verdict::Reject => "rejected",
        Verdict::Flag => "flagged",
        Verdict::Defer => "deferred",
    }
}
