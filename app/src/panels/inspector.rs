//! The panel at the right: labels, measurements, the model.

use super::{labels, measurements, model};
use crate::app::App;
use crate::outbox::Outbox;
use crate::theme::space;
use eframe::egui::{Panel, Ui};

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    // What lies below takes what it needs; the labels get the rest.
    let lower = Panel::bottom("inspector lower").resizable(false).frame(eframe::egui::Frame::NONE);
    lower.show(ui, |ui| {
        labels::look_ui(app, ui, out);
        measurements::ui(app, ui, out);
        model::ui(app, ui, out);
        ui.add_space(space::M);
    });
    labels::ui(app, ui, out);
}
