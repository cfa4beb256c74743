//! Consensus of versions, and adjudication: what is taken from A or B.

use super::part_head;
use crate::action::Action;
use crate::app::App;
use crate::outbox::Outbox;
use crate::review::{Act, Combine, Side};
use crate::theme::space;
use crate::widgets::word_button;
use eframe::egui::{Ui, vec2};

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
}
