//! What the tool in hand asks for: the size of the brush, the sign of a prompt, an answer to a proposal.

use crate::action::{Action, Tool};
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon_font, size};
use crate::widgets::word_button;
use eframe::egui::{Color32, FontId, Sense, Slider, Ui};

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let tool = app.hand.tool;
    painted(ui, tool.icon(), icon_font(size::ICON - 1.0), c.accent);
    painted(ui, tool.title(), FontId::proportional(size::BODY), c.text);
    if tool.paints() {
        let mut radius = app.hand.brush_radius_mm;
        let unit = if app.workspace.open().is_none_or(|o| o.volume.spacing_known) { " mm" } else { " px" };
        let slider = Slider::new(&mut radius, 0.5..=60.0).logarithmic(true).suffix(unit).text("Radius");
        if ui.add(slider).changed() {
            out.ask(Request::BrushRadius(radius));
        }
    }
    if tool == Tool::Scribble {
        let title = if app.hand.positive { "Positive" } else { "Negative" };
        word_button(app, Action::FlipSign, title, ui, out);
        if app.assist.proposal().is_some() {
            word_button(app, Action::Accept, "Accept", ui, out);
            word_button(app, Action::Reject, "Reject", ui, out);
        }
    }
}

/// Says what the rail says already: seen, but not read out a second time.
fn painted(ui: &mut Ui, text: &str, font: FontId, ink: Color32) {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, ink);
    let (rect, _) = ui.allocate_exact_size(galley.size(), Sense::hover());
    ui.painter().galley(rect.min, galley, ink);
}
