//! Notices, over the lower edge of the pictures where they hide no control: headline, causes, a button to dismiss.

use crate::app::App;
use crate::notices::Severity;
use crate::outbox::{Outbox, Request};
use crate::theme::dark;
use eframe::egui::{Align2, Area, Context, Frame, Id, Order, RichText, Stroke, vec2};

pub fn ui(app: &App, ctx: &Context, out: &mut Outbox) {
    if app.notices.shown().is_empty() {
        return;
    }
    let area =
        Area::new(Id::unique("notices")).order(Order::Foreground).anchor(Align2::CENTER_BOTTOM, vec2(0.0, -44.0));
    area.show(ctx, |ui| {
        ui.set_max_width(420.0);
        for (n, notice) in app.notices.shown().iter().enumerate() {
            let colour = match notice.severity {
                Severity::Done => dark::GOOD,
                Severity::Warning => dark::WARNING,
                Severity::Error => dark::ERROR,
            };
            let frame = Frame::window(ui.style()).stroke(Stroke::new(1.0, colour));
            frame.show(ui, |ui| {
                ui.label(RichText::new(&notice.headline).strong().color(colour));
                for cause in &notice.causes {
                    ui.label(cause);
                }
                if ui.small_button("Dismiss").clicked() {
                    out.ask(Request::DismissNotice(n));
                }
            });
        }
    });
}
