//! A picture as a volume in 3D: drag turns, wheel and right drag zoom, middle drag moves.

use super::{Shown, overlay_text, picture_ui, reviewed};
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::{over, size};
use crate::view_state::ViewportId;
use eframe::egui::{self, Align2, FontId, PointerButton, Pos2, Rect, Response, Stroke, Ui, vec2};

/// A wheel notch is about this many points; it zooms by a tenth.
const POINTS_PER_TENTH: f32 = 40.0;
const ZOOM_PER_POINT: f64 = 1.0 / 150.0;

pub fn ui(app: &App, shown: Shown<'_>, ui: &mut Ui, out: &mut Outbox) {
    let (viewport, _, open) = shown;
    let (rect, response) = picture_ui(app, shown, ui, out);
    out.ask(Request::Hover(viewport, response.hover_pos().map(|_| [0.0; 2])));
    // Pressed and let go within one frame is a click and no button that is down.
    if response.is_pointer_button_down_on() || response.clicked() || response.secondary_clicked() {
        out.ask(Request::Activate(viewport));
    }
    if !open.has_solid() {
        let why = "A single picture has no third dimension";
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, why, FontId::proportional(size::BODY), over::WEAK);
        return;
    }
    let scale = f64::from(ui.ctx().pixels_per_point());
    let moved = response.drag_delta();
    let pixels = [f64::from(moved.x) * scale, f64::from(moved.y) * scale];
    if app.hand.tool.cuts() {
        scissors_ui(viewport, rect, &response, ui, out);
    } else if response.dragged_by(PointerButton::Primary) {
        out.ask(Request::Turn(viewport, pixels));
    }
    if response.dragged_by(PointerButton::Middle) {
        out.ask(Request::Pan(viewport, pixels));
    }
    let mut factor = 1.0;
    if response.dragged_by(PointerButton::Secondary) {
        factor *= (-f64::from(moved.y) * ZOOM_PER_POINT).exp();
    }
    if response.hovered() {
        let wheel = ui.input(|i| i.smooth_scroll_delta().y);
        factor *= 1.1_f64.powf(f64::from(wheel / POINTS_PER_TENTH)) * f64::from(ui.input(egui::InputState::zoom_delta));
    }
    if factor != 1.0 {
        out.ask(Request::Zoom { viewport, pixel: [0.0; 2], factor });
    }
    reviewed::ui(app, shown, rect, ui, out);
    overlay_text::solid_ui(app, shown, rect, ui);
    let at = rect.min + vec2(8.0, 8.0);
    ui.painter().text(at, Align2::LEFT_TOP, "3D", FontId::proportional(size::SMALL), over::TEXT);
}

/// The line of the scissors while it is drawn; the cut is asked for when the hand lets go.
fn scissors_ui(viewport: ViewportId, rect: Rect, response: &Response, ui: &Ui, out: &mut Outbox) {
    let id = response.id.with("scissors");
    let mut line = ui.data(|d| d.get_temp::<Vec<Pos2>>(id)).unwrap_or_default();
    if response.drag_started_by(PointerButton::Primary) {
        line.clear();
    }
    if response.dragged_by(PointerButton::Primary) {
        line.extend(response.interact_pointer_pos());
    }
    if response.drag_stopped_by(PointerButton::Primary) {
        let scale = ui.ctx().pixels_per_point();
        let pixels = line.drain(..).map(|at| (at - rect.min) * scale);
        let line = pixels.map(|at| [f64::from(at.x), f64::from(at.y)]).collect();
        out.ask(Request::Cut { viewport, line, keep_inside: ui.input(|i| i.modifiers.command) });
    }
    ui.painter().with_clip_rect(rect).line(line.clone(), Stroke::new(2.0, over::NEGATIVE));
    ui.data_mut(|d| d.insert_temp(id, line));
}
