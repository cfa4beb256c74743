//! A drag on a picture: to the tool in hand, or to the view itself.

use crate::action::Tool;
use crate::app::App;
use crate::outbox::{Button, Gesture, Phase};
use limner_imaging::{Pixel, World};

/// Window width and centre change by this share of the width for a pixel of drag.
const WINDOW_PER_PIXEL: f64 = 1.0 / 400.0;
const ZOOM_PER_PIXEL: f64 = 1.0 / 250.0;

impl App {
    pub(super) fn gesture(&mut self, gesture: &Gesture) {
        let mine = self.stroke.is_held() && self.stroke.viewport() == Some(gesture.viewport);
        match gesture.phase {
            Phase::Press(_) if self.stroke.is_held() => {}
            Phase::Press(button) => {
                self.workspace.stage.activate(gesture.viewport);
                self.stroke.begin(button, gesture.viewport, gesture.pixel);
                if button == Button::Left {
                    self.press(gesture);
                }
            }
            Phase::Move if mine => self.drag(gesture),
            Phase::Release(button) if mine && self.stroke.held() == Some(button) => {
                self.stroke.end();
                if button == Button::Left && !self.point_at_clicked(gesture) {
                    self.tool_release(Some(world_under(gesture)));
                }
            }
            Phase::Move | Phase::Release(_) => {}
        }
    }

    fn press(&mut self, gesture: &Gesture) {
        if self.point_at(gesture) {
            return;
        }
        // Also a tool that only looks takes hold of a shape by its handles.
        if !self.hand.tool.annotates() && (self.take_shape(gesture) || self.take_place(gesture)) {
            return;
        }
        match self.hand.tool {
            Tool::Use(tool) => self.tool_press(tool, gesture),
            Tool::Window => {}
            Tool::Crosshair => self.put_crosshair(gesture),
        }
    }

    fn drag(&mut self, gesture: &Gesture) {
        let moved = self.stroke.moved_to(gesture.pixel);
        let [across, down] = moved;
        let Some(button) = self.stroke.held() else { return };
        match (button, self.hand.tool) {
            (Button::Left, _) if self.work.held.is_some() => self.pull(gesture),
            (Button::Left, _) if self.work.held_place.is_some() => self.pull_place(gesture),
            (Button::Left, Tool::Use(_)) => self.tool_move(gesture),
            (Button::Middle, _) => self.look(gesture.viewport, |view, open| view.pan(&open.volume, moved)),
            (Button::Right, _) => {
                self.zoom_about(gesture.viewport, gesture.pixel, (-down * ZOOM_PER_PIXEL).exp());
            }
            (Button::Left, Tool::Crosshair) => self.put_crosshair(gesture),
            (Button::Left, Tool::Window) => self.look(gesture.viewport, |view, _| {
                let window = &mut view.window;
                let step = window.width.max(1e-6) * WINDOW_PER_PIXEL;
                window.width = (window.width + across * step).max(1e-6);
                window.centre += down * step;
            }),
        }
    }

    fn put_crosshair(&mut self, gesture: &Gesture) {
        let at = world_under(gesture);
        self.look(gesture.viewport, |view, open| view.go_to(&open.volume.geometry, at));
    }

    /// Finishes whatever the hand is in the middle of: the stroke is committed, never dropped.
    pub(crate) fn end_stroke(&mut self) {
        if self.stroke.held() == Some(Button::Left) {
            self.tool_release(None);
        }
        self.stroke.end();
    }
}

pub(super) fn world_under(gesture: &Gesture) -> World {
    limner_render::pick::world(&gesture.raster, Pixel(gesture.pixel.into()))
}
