//! The tool bar: what the left button does, which plane is shown, and the size of the brush.

use crate::action::{Action, Tool};
use crate::app::App;
use crate::keymap;
use crate::outbox::{Outbox, Request};
use eframe::egui::{Button, Slider, Ui};
use limner_imaging::View;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        for tool in Tool::ALL {
            button_ui(app, Action::Tool(tool), tool.title(), tool.hint(), ui, out);
        }
        ui.separator();
        for view in View::ALL {
            button_ui(app, Action::Show(view), view.name(), "Show this plane", ui, out);
        }
        button_ui(app, Action::ShowSolid, "3D", "Show the volume", ui, out);
        button_ui(app, Action::FourUp, "Four-up", "The three planes and the volume side by side", ui, out);
        ui.separator();
        button_ui(app, Action::Undo, "Undo", "Take back the last step", ui, out);
        button_ui(app, Action::Redo, "Redo", "Do the step again", ui, out);
        if app.hand.tool.paints() {
            ui.separator();
            let mut radius = app.hand.brush_radius_mm;
            let unit = if app.workspace.open().is_none_or(|o| o.volume.spacing_known) { " mm" } else { " px" };
            let slider = Slider::new(&mut radius, 0.5..=60.0).logarithmic(true).suffix(unit).text("Radius");
            if ui.add(slider).changed() {
                out.ask(Request::BrushRadius(radius));
            }
        }
        if app.hand.tool == Tool::Scribble {
            ui.separator();
            let title = if app.hand.positive { "Positive" } else { "Negative" };
            button_ui(app, Action::FlipSign, title, "Whether the next scribble says \"this\" or \"not this\"", ui, out);
            if app.assist.proposal().is_some() {
                button_ui(app, Action::Accept, "Accept", "Paint the proposed mask with the selected label", ui, out);
                button_ui(app, Action::Reject, "Reject", "Drop the proposed mask and its prompts", ui, out);
            }
        }
    });
}

fn button_ui(app: &App, action: Action, title: &str, hint: &str, ui: &mut Ui, out: &mut Outbox) {
    let keys = action.entry().and_then(|e| e.keys.first()).map(|k| keymap::name(ui.ctx(), k));
    let hint = keys.map_or_else(|| hint.to_owned(), |k| format!("{hint}  ({k})"));
    let reason = app.why_not(action);
    let response = ui.add_enabled(reason.is_none(), Button::selectable(app.is_on(action), title));
    if let Some(reason) = reason {
        response.on_disabled_hover_text(reason);
    } else if response.on_hover_text(hint).clicked() {
        out.act(action);
    }
}
