//! The panel at the right: one page at a time, chosen by the row of icons at its top.

use super::{case_form, cases, follow_up, labels, measurements, model, region, report, review, time};
use crate::action::Action;
use crate::app::App;
use crate::case::{Errand, Page};
use crate::outbox::Outbox;
use crate::theme::space;
use crate::widgets::action_button;
use eframe::egui::{Panel, Ui, vec2};

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        // All pages in one row of the narrowest panel.
        ui.spacing_mut().item_spacing = vec2(space::XS / 2.0, space::XS);
        for page in Page::ALL {
            action_button(app, Action::Case(Errand::Page(page)), ui, out);
        }
    });
    ui.separator();
    match app.case.page {
        Page::Labels => labels_ui(app, ui, out),
        Page::Region => region::ui(app, ui, out),
        Page::Case => case_form::ui(app, ui, out),
        Page::Report => report::ui(app, ui, out),
        Page::Time => time::ui(app, ui, out),
        Page::FollowUp => follow_up::ui(app, ui, out),
        Page::Cases => cases::ui(app, ui, out),
        Page::Review => review::ui(app, ui, out),
    }
}

fn labels_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
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
