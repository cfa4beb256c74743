//! One plane of the open picture: the cached texture, what lies over it, and the hand on it.

use crate::action::Tool;
use crate::app::App;
use crate::outbox::{Button, Gesture, Outbox, Phase, Request};
use crate::theme::dark;
use crate::views::overlay_text;
use crate::workspace::OpenPicture;
use eframe::egui::{self, Color32, PointerButton, Pos2, Rect, Response, Sense, Stroke, Ui, pos2, vec2};
use limner_imaging::reslice::Raster;

/// Points of wheel travel that make one slice; a notch of a mouse wheel is more than this on every platform.
const WHEEL_POINTS_PER_SLICE: f32 = 30.0;

pub fn ui(app: &App, open: &OpenPicture, ui: &mut Ui, out: &mut Outbox) {
    let rect = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    let name = format!("{} view", open.view.view.name());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, &name));
    let scale = ui.ctx().pixels_per_point();
    let size = [(rect.width() * scale).round().max(1.0) as usize, (rect.height() * scale).round().max(1.0) as usize];
    out.ask(Request::ViewResized(size));

    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().rect_filled(rect, 0.0, dark::VIEW);
    ui.painter().image(app.gpu.texture_id(), rect, whole, Color32::WHITE);
    let frame = Frame { rect, scale, raster: open.view.raster(&open.volume, size) };
    hand_ui(&frame, &response, ui, out);
    wheel_ui(&frame, &response, ui, out);
    scribble_ui(app, &frame, ui);
    cursor_ui(app, &frame, &response, ui);
    overlay_text::ui(app, open, rect, ui);
}

/// Where the view lies on the screen and what it shows.
struct Frame {
    rect: Rect,
    scale: f32,
    raster: Raster,
}

impl Frame {
    fn pixel(&self, at: Pos2) -> [f64; 2] {
        let offset = (at - self.rect.min) * self.scale;
        [f64::from(offset.x), f64::from(offset.y)]
    }

    fn point(&self, pixel: [f64; 2]) -> Pos2 {
        self.rect.min + vec2(pixel[0] as f32, pixel[1] as f32) / self.scale
    }
}

fn hand_ui(frame: &Frame, response: &Response, ui: &Ui, out: &mut Outbox) {
    out.ask(Request::Hover(response.hover_pos().map(|at| frame.pixel(at))));
    let buttons = [
        (Button::Left, PointerButton::Primary),
        (Button::Middle, PointerButton::Middle),
        (Button::Right, PointerButton::Secondary),
    ];
    for (button, pointer) in buttons {
        let (pressed, down, released) = ui.input(|i| {
            (i.pointer.button_pressed(pointer), i.pointer.button_down(pointer), i.pointer.button_released(pointer))
        });
        let mine = response.is_pointer_button_down_on() || response.drag_stopped() || response.clicked_by(pointer);
        let Some(at) = response.interact_pointer_pos().or_else(|| ui.input(|i| i.pointer.latest_pos())) else {
            continue;
        };
        let moved = ui.input(|i| i.pointer.delta()) * frame.scale;
        let gesture = |phase| {
            let moved = [f64::from(moved.x), f64::from(moved.y)];
            Request::Gesture(Gesture { phase, button, pixel: frame.pixel(at), moved, raster: frame.raster })
        };
        if pressed && response.contains_pointer() {
            out.ask(gesture(Phase::Press));
        } else if down && mine && moved != egui::Vec2::ZERO {
            out.ask(gesture(Phase::Move));
        }
        if released {
            // Also when the pointer left the view: a stroke that began here ends, wherever the hand is.
            out.ask(gesture(Phase::Release));
        }
    }
}

fn wheel_ui(frame: &Frame, response: &Response, ui: &Ui, out: &mut Outbox) {
    let Some(at) = response.hover_pos() else { return };
    let (wheel, zoom, shift) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta(), i.modifiers.shift));
    if zoom != 1.0 {
        out.ask(Request::Zoom { pixel: frame.pixel(at), factor: f64::from(zoom) });
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
        out.ask(Request::Scroll(steps as isize));
    }
}

/// The line under the hand, before anything is computed from it.
fn scribble_ui(app: &App, frame: &Frame, ui: &Ui) {
    let colour = if app.hand.positive { dark::POSITIVE } else { dark::NEGATIVE };
    let on_screen = |world: &limner_imaging::World| {
        let mm = frame.raster.plane.mm_of(*world);
        frame.point([mm.x / frame.raster.mm_per_pixel, mm.y / frame.raster.mm_per_pixel])
    };
    let line: Vec<Pos2> = app.stroke.points().iter().map(on_screen).collect();
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
