//! Consensus of versions, and adjudication: what is taken from A or B.

use super::part_head;
use crate::action::Action;
use crate::app::App;
use crate::outbox::Outbox;
use crate::review::{Act, Combine, OWN, Side};
use crate::theme::space;
use crate::widgets::word_button;
use eframe::egui::{Ui, vec2};
use limner_annotation::review::said::Kind;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let has_maps = app.review.sources.iter().any(|source| source.id != OWN && source.has_maps());
    let has_boxes = app.review.rows_here().iter().any(|row| row.kind == Kind::Box);
    if !has_maps && !has_boxes {
        return;
    }
    part_head(ui, "Consensus of all versions shown");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        let ways = [
            (Combine::Majority, "Majority", has_maps),
            (Combine::Staple, "STAPLE", has_maps),
            (Combine::StapleMulti, "STAPLE, all labels", has_maps),
            (Combine::Boxes, "Boxes", has_boxes),
        ];
        for (how, title, _) in ways.into_iter().filter(|(.., is_there)| *is_there) {
            word_button(app, Action::Review(Act::Combine(how)), title, ui, out);
        }
    });
    if !has_maps {
        return;
    }
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
