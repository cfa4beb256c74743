//! One plane of the open picture: the cached texture, what lies over it, and the hand on it.

use super::{picture_ui, size_in_pixels};
use crate::action::Tool;
use crate::app::App;
use crate::outbox::{Button, Gesture, Outbox, Phase, Request};
use crate::theme::dark;
use crate::view_state::{Layout, Pane};
use crate::views::overlay_text;
use crate::workspace::OpenPicture;
use eframe::egui::{self, Event, PointerButton, Pos2, Rect, Response, Stroke, Ui, vec2};
use limner_imaging::reslice::Raster;
use limner_imaging::{View, World};

/// Points of wheel travel that make one slice; a notch of a mouse wheel is more than this on every platform.
const WHEEL_POINTS_PER_SLICE: f32 = 30.0;

pub fn ui(app: &App, open: &OpenPicture, view: View, ui: &mut Ui, out: &mut Outbox) {
    let (rect, response) = picture_ui(app, Pane::Slice(view), ui, out);
    let scale = ui.ctx().pixels_per_point();
    let raster = open.view.raster(&open.volume, view, size_in_pixels(rect, ui));
    let frame = Frame { rect, scale, view, raster };
    hand_ui(&frame, &response, ui, out);
    wheel_ui(&frame, &response, ui, out);
    crosshair_ui(app, open, &frame, ui);
    scribble_ui(app, &frame, ui);
    cursor_ui(app, &frame, &response, ui);
    overlay_text::ui(app, open, view, &frame.raster, rect, ui);
}

/// Where the view lies on the screen and what it shows.
struct Frame {
    rect: Rect,
    scale: f32,
    view: View,
    raster: Raster,
}

impl Frame {
    fn pixel(&self, at: Pos2) -> [f64; 2] {
        let offset = (at - self.rect.min) * self.scale;
        [f64::from(offset.x), f64::from(offset.y)]
    }

    /// Where a point of the patient is seen, in points.
    fn screen(&self, world: World) -> Pos2 {
        let (pixel, _) = limner_render::pick::screen(&self.raster, world);
        self.rect.min + vec2(pixel.0.x as f32, pixel.0.y as f32) / self.scale
    }
}

/// Every step of the pointer since the last frame, in order: a stroke is never cut short by a slow frame.
fn hand_ui(frame: &Frame, response: &Response, ui: &Ui, out: &mut Outbox) {
    let pane = Pane::Slice(frame.view);
    out.ask(Request::Hover(pane, response.hover_pos().map(|at| frame.pixel(at))));
    let mut down = response.is_pointer_button_down_on();
    let mut ask = |phase, at| {
        let gesture = Gesture { view: frame.view, phase, pixel: frame.pixel(at), raster: frame.raster };
        out.ask(Request::Gesture(gesture));
    };
    for event in ui.input(|i| i.events.clone()) {
        match event {
            Event::PointerMoved(at) if down => ask(Phase::Move, at),
            Event::PointerButton { pos, button, pressed: true, .. } => {
                let on_top = ui.ctx().layer_id_at(pos) == Some(ui.layer_id());
                if let Some(button) = button_of(button).filter(|_| on_top && frame.rect.contains(pos)) {
                    down = true;
                    ask(Phase::Press(button), pos);
                }
            }
            Event::PointerButton { pos, button, pressed: false, .. } => {
                // Also when the pointer left the view: a stroke that began here ends, wherever the hand is.
                if let Some(button) = button_of(button) {
                    ask(Phase::Release(button), pos);
                }
            }
            _ => {}
        }
    }
}

const fn button_of(button: PointerButton) -> Option<Button> {
    match button {
        PointerButton::Primary => Some(Button::Left),
        PointerButton::Middle => Some(Button::Middle),
        PointerButton::Secondary => Some(Button::Right),
        PointerButton::Extra1 | PointerButton::Extra2 => None,
    }
}

fn wheel_ui(frame: &Frame, response: &Response, ui: &Ui, out: &mut Outbox) {
    let Some(at) = response.hover_pos() else { return };
    let (wheel, zoom, shift) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta(), i.modifiers.shift));
    if zoom != 1.0 {
        out.ask(Request::Zoom { pane: Pane::Slice(frame.view), pixel: frame.pixel(at), factor: f64::from(zoom) });
        return;
    }
    let travel = if wheel.y == 0.0 && shift { wheel.x } else { wheel.y };
    if travel == 0.0 {
        return;
    }
    // Smooth scrolling arrives in small parts: what is less than a slice waits for the next part.
    let id = response.id.with("wheel");
    let gathered = ui.data(|d| d.get_temp::<f32>(id)).unwrap_or(0.0) - travel;
    let steps = (gathered / WHEEL_POINTS_PER_SLICE).trunc();
    ui.data_mut(|d| d.insert_temp(id, gathered - steps * WHEEL_POINTS_PER_SLICE));
    if shift {
        out.ask(Request::ResizeBrush(f64::from(travel)));
    } else if steps != 0.0 {
        out.ask(Request::Scroll { pane: Pane::Slice(frame.view), steps: steps as isize });
    }
}

/// Where the other planes cut this one, in their colours, open in the middle so that the point itself is seen.
fn crosshair_ui(app: &App, open: &OpenPicture, frame: &Frame, ui: &Ui) {
    if open.view.layout == Layout::One && app.hand.tool != Tool::Crosshair {
        return;
    }
    const OPEN: f32 = 14.0;
    let at = frame.screen(open.view.at);
    let painter = ui.painter().with_clip_rect(frame.rect);
    let normal = frame.raster.plane.normal();
    for view in View::ALL.into_iter().filter(|&view| view != frame.view) {
        let along = open.view.plane(&open.volume.geometry, view).normal().cross(normal);
        let along = vec2(along.dot(frame.raster.plane.right) as f32, along.dot(frame.raster.plane.down) as f32);
        let along = along.normalized() * (frame.rect.width() + frame.rect.height());
        let gap = along.normalized() * OPEN;
        let stroke = Stroke::new(1.0, dark::plane(view));
        painter.line_segment([at + gap, at + along], stroke);
        painter.line_segment([at - gap, at - along], stroke);
    }
}

/// The line under the hand, before anything is computed from it.
fn scribble_ui(app: &App, frame: &Frame, ui: &Ui) {
    let colour = if app.hand.positive { dark::POSITIVE } else { dark::NEGATIVE };
    if app.stroke.view() != Some(frame.view) {
        return;
    }
    let line: Vec<Pos2> = app.stroke.points().iter().map(|world| frame.screen(*world)).collect();
    if app.hand.tool == Tool::Scribble && !line.is_empty() {
        ui.painter().with_clip_rect(frame.rect).line(line, Stroke::new(3.0, colour));
    }
}

/// The brush's outline, at its true size.
fn cursor_ui(app: &App, frame: &Frame, response: &Response, ui: &Ui) {
    let Some(at) = response.hover_pos() else { return };
    if app.hand.tool.paints() {
        let radius = (app.hand.brush_radius_mm / frame.raster.mm_per_pixel) as f32 / frame.scale;
        let painter = ui.painter().with_clip_rect(frame.rect);
        painter.circle_stroke(at, radius, Stroke::new(2.5, dark::OVERLAY_EDGE));
        painter.circle_stroke(at, radius, Stroke::new(1.0, dark::OVERLAY));
    }
    if app.hand.tool != Tool::Window {
        ui.set_cursor_icon(egui::CursorIcon::Crosshair);
    }
}
