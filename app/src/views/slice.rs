//! One plane of a picture: the cached texture, what lies over it, and the hand on it.

use super::{Shown, picture_ui, size_in_pixels};
use crate::action::Tool;
use crate::app::App;
use crate::outbox::{Button, Gesture, Outbox, Phase, Request};
use crate::theme::over;
use crate::view_state::{Viewport, ViewportId};
use crate::views::{crosshair, drawn, overlay_text, pointed, reviewed, said};
use eframe::egui::{self, Event, MouseWheelUnit, PointerButton, Pos2, Rect, Response, Stroke, TouchPhase, Ui, vec2};
use limner_annotation::ImageId;
use limner_imaging::World;
use limner_imaging::reslice::Raster;

/// Points that fingers travel on a touch pad for one slice.
const POINTS_PER_SLICE: f32 = 30.0;

pub fn ui(app: &App, shown: Shown<'_>, ui: &mut Ui, out: &mut Outbox) {
    let (id, viewport, open) = shown;
    let (rect, response) = picture_ui(app, shown, ui, out);
    let scale = ui.ctx().pixels_per_point();
    let viewport = Viewport { size: size_in_pixels(rect, ui), ..viewport.clone() };
    let raster = viewport.raster(&open.volume);
    let frame = Frame { rect, scale, id, image: open.image, raster };
    hand_ui(app, &frame, &response, ui, out);
    wheel_ui(&frame, &response, ui, out);
    crosshair::reference_lines_ui(app, &frame, ui);
    crosshair::ui(app, &viewport, &frame, ui, out);
    let ground = drawn::Ground { viewport: id, raster: &frame.raster, rect, scale };
    drawn::ui(app, open, ground, ui);
    said::ui(app, (id, &viewport, open), ground, ui);
    pointed::ui(app, open, ground, ui);
    if let Some(at) = response.hover_pos() {
        drawn::sign_at_pointer_ui(app, at, ground, ui);
    }
    cursor_ui(app, &frame, &response, ui);
    reviewed::ui(app, (id, &viewport, open), rect, ui, out);
    overlay_text::ui(app, (id, &viewport, open), &frame.raster, rect, ui);
}

/// Where a viewport lies on the screen and what it shows.
pub struct Frame {
    pub rect: Rect,
    /// Pixels in a point.
    pub scale: f32,
    pub id: ViewportId,
    pub image: ImageId,
    pub raster: Raster,
}

impl Frame {
    pub fn pixel(&self, at: Pos2) -> [f64; 2] {
        let offset = (at - self.rect.min) * self.scale;
        [f64::from(offset.x), f64::from(offset.y)]
    }

    /// Where a point of the patient is seen, in points.
    pub fn screen(&self, world: World) -> Pos2 {
        let (pixel, _) = limner_render::pick::screen(&self.raster, world);
        self.rect.min + vec2(pixel.0.x as f32, pixel.0.y as f32) / self.scale
    }
}

/// Every step of the pointer since the last frame, in order: a stroke is never cut short by a slow frame.
fn hand_ui(app: &App, frame: &Frame, response: &Response, ui: &Ui, out: &mut Outbox) {
    out.ask(Request::Hover(frame.id, response.hover_pos().map(|at| frame.pixel(at))));
    let left_handed = app.settings.look.left_handed;
    let held = |button| button_of(button, left_handed);
    let mut down = response.is_pointer_button_down_on();
    let modifiers = ui.input(|i| i.modifiers);
    let pressure = pressure(ui);
    let mut ask = |phase, at| {
        let (viewport, image, raster) = (frame.id, frame.image, frame.raster);
        let gesture = Gesture { viewport, image, phase, pixel: frame.pixel(at), raster, modifiers, pressure };
        out.ask(Request::Gesture(gesture));
    };
    for event in ui.input(|i| i.events.clone()) {
        match event {
            Event::PointerMoved(at) if down => ask(Phase::Move, at),
            Event::PointerButton { pos, button, pressed: true, .. } => {
                // Handles that turn planes lie over the picture while the crosshair is in hand.
                let free = app.hand.tool != Tool::Crosshair || response.hovered();
                let on_top = free && ui.ctx().layer_id_at(pos) == Some(ui.layer_id());
                if let Some(button) = held(button).filter(|_| on_top && frame.rect.contains(pos)) {
                    down = true;
                    ask(Phase::Press(button), pos);
                }
            }
            Event::PointerButton { pos, button, pressed: false, .. } => {
                // Also when the pointer left the view: a stroke that began here ends, wherever the hand is.
                if let Some(button) = held(button) {
                    ask(Phase::Release(button), pos);
                }
            }
            _ => {}
        }
    }
}

/// Of the pen or finger that is down. What it says may come a frame before what it presses.
fn pressure(ui: &Ui) -> Option<f32> {
    let id = egui::Id::unique("force of the pen");
    let told = ui.input(|input| {
        input.events.iter().rev().find_map(|event| match event {
            Event::Touch { phase: TouchPhase::End | TouchPhase::Cancel, .. } => Some(None),
            Event::Touch { force, .. } => Some(*force),
            _ => None,
        })
    });
    let known: Option<f32> = ui.data(|data| data.get_temp(id)).flatten();
    if let Some(force) = told {
        ui.data_mut(|data| data.insert_temp::<Option<f32>>(id, force));
    }
    told.flatten().or(known)
}

const fn button_of(button: PointerButton, left_handed: bool) -> Option<Button> {
    match (button, left_handed) {
        (PointerButton::Primary, false) | (PointerButton::Secondary, true) => Some(Button::Left),
        (PointerButton::Secondary, false) | (PointerButton::Primary, true) => Some(Button::Right),
        (PointerButton::Middle, _) => Some(Button::Middle),
        (PointerButton::Extra1 | PointerButton::Extra2, _) => None,
    }
}

fn wheel_ui(frame: &Frame, response: &Response, ui: &Ui, out: &mut Outbox) {
    let Some(at) = response.hover_pos() else { return };
    let (wheel, zoom, shift) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta(), i.modifiers.shift));
    if zoom != 1.0 {
        out.ask(Request::Zoom { viewport: frame.id, pixel: frame.pixel(at), factor: f64::from(zoom) });
        return;
    }
    if shift {
        let travel = if wheel.y == 0.0 { wheel.x } else { wheel.y };
        if travel != 0.0 {
            out.ask(Request::ResizeBrush(f64::from(travel)));
        }
        return;
    }
    // What is less than a slice waits for the next part.
    let id = response.id.with("wheel");
    let gathered = ui.data(|d| d.get_temp::<f32>(id)).unwrap_or(0.0) - slices_scrolled(ui, frame.rect.height());
    let steps = gathered.trunc();
    ui.data_mut(|d| d.insert_temp(id, gathered - steps));
    if steps != 0.0 {
        out.ask(Request::Scroll { viewport: frame.id, steps: steps as isize });
    }
}

/// Slices that the wheel was turned by in this frame: a notch is one, always; a touch pad gives points.
fn slices_scrolled(ui: &Ui, page: f32) -> f32 {
    let by = |event: &Event| match event {
        Event::MouseWheel { unit: MouseWheelUnit::Line, delta, .. } => delta.y,
        Event::MouseWheel { unit: MouseWheelUnit::Point, delta, .. } => delta.y / POINTS_PER_SLICE,
        Event::MouseWheel { unit: MouseWheelUnit::Page, delta, .. } => delta.y * page / POINTS_PER_SLICE,
        _ => 0.0,
    };
    ui.input(|input| input.events.iter().map(by).sum())
}

/// The brush's outline, at its true size.
fn cursor_ui(app: &App, frame: &Frame, response: &Response, ui: &Ui) {
    let Some(at) = response.hover_pos() else { return };
    if app.hand.tool.has_tip() {
        let radius = (app.hand.settings.radius_mm / frame.raster.mm_per_pixel) as f32 / frame.scale;
        let painter = ui.painter().with_clip_rect(frame.rect);
        painter.circle_stroke(at, radius, Stroke::new(2.5, over::EDGE));
        painter.circle_stroke(at, radius, Stroke::new(1.0, over::TEXT));
    }
    if app.hand.tool != Tool::Window {
        ui.set_cursor_icon(egui::CursorIcon::Crosshair);
    }
}
