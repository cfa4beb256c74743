//! Notices, over the lower edge of the pictures where they hide no control: headline, causes, a button to dismiss.

use crate::app::App;
use crate::notices::Severity;
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, icon_font, radius, size, strong};
use crate::widgets::{Words, small_icon_button};
use eframe::egui::{Align, Align2, Area, Context, Frame, Id, Layout, Margin, Order, RichText, vec2};

pub fn ui(app: &App, ctx: &Context, out: &mut Outbox) {
    if app.notices.shown().is_empty() {
        return;
    }
    // Above the bars at the bottom, and above the letter and the scale of the pictures.
    let bars = if super::timebar::is_needed(app) { 2.0 * size::BAR_HEIGHT } else { size::BAR_HEIGHT };
    let area = Area::new(Id::unique("notices"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -bars - 34.0));
    area.show(ctx, |ui| {
        let c = colours(ctx);
        ui.set_max_width(440.0);
        for (n, notice) in app.notices.shown().iter().enumerate() {
            let (colour, sign) = match notice.severity {
                Severity::Done => (c.good, icon::CIRCLE_CHECK),
                Severity::Warning => (c.warning, icon::TRIANGLE_ALERT),
                Severity::Error => (c.error, icon::OCTAGON_ALERT),
            };
            let frame = Frame::window(ui.style()).inner_margin(Margin::symmetric(12, 8)).corner_radius(radius::M);
            frame.show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.label(RichText::new(sign).font(icon_font(size::ICON)).color(colour));
                    ui.label(RichText::new(&notice.headline).font(strong(size::BODY)).color(c.text));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let words = Words { name: "Dismiss", hint: "Esc dismisses all", ..Words::default() };
                        if small_icon_button(ui, icon::X, words, false).clicked() {
                            out.ask(Request::DismissNotice(n));
                        }
                    });
                });
                for cause in &notice.causes {
                    ui.label(RichText::new(cause).color(c.weak));
                }
                if let Some(offer) = &notice.offer
                    && ui.button(offer.title).clicked()
                {
                    out.ask(Request::DismissNotice(n));
                    out.ask(offer.request.clone());
                }
            });
        }
    });
}
