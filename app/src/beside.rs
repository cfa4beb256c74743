//! The second native window: views for a second monitor, with the same keys. Where the desktop gives no second window it
//! is shown inside the first.

use crate::app::App;
use crate::outbox::Outbox;
use crate::views;
use eframe::egui::{CentralPanel, Context, Frame, Pos2, Rect, Ui, Vec2, ViewportBuilder, ViewportId};
use serde::{Deserialize, Serialize};

/// Where a window stood, in points: left, top, width, height of what is inside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place([f32; 4]);

impl Place {
    /// `None` for a place no window can have.
    pub fn new(corner: Pos2, size: Vec2) -> Option<Self> {
        let place = [corner.x, corner.y, size.x, size.y];
        let usable = place.iter().all(|x| x.is_finite() && x.abs() < 1e5) && size.min_elem() >= 100.0;
        usable.then_some(Self(place))
    }

    /// Where the window in hand stands now. The first window is opened before the text size is known, so its place is
    /// kept in the system's own points (`zoom` is the text size); later windows count in points of that size.
    pub fn of_window(ctx: &Context, zoom: f32) -> Option<Self> {
        let (outer, inner): (Option<Rect>, Option<Rect>) =
            ctx.input(|i| (i.viewport().outer_rect, i.viewport().inner_rect));
        Self::new(outer?.min * zoom, inner?.size() * zoom)
    }

    pub fn applied(self, builder: ViewportBuilder) -> ViewportBuilder {
        let [left, top, width, height] = self.0;
        match Self::new(Pos2::new(left, top), Vec2::new(width, height)) {
            Some(_) => builder.with_position([left, top]).with_inner_size([width, height]),
            None => builder,
        }
    }
}

/// Draws the second window where there is one; the answer is where it stands.
pub fn ui(app: &App, ctx: &Context, out: &mut Outbox) -> Option<Place> {
    let layout = app.workspace.stage.beside()?;
    let builder = ViewportBuilder::default()
        .with_title("Limner, second window")
        .with_app_id("limner")
        .with_inner_size([960.0, 720.0])
        .with_min_inner_size([320.0, 240.0]);
    let builder = app.beside_place.map_or(builder.clone(), |place| place.applied(builder));
    ctx.show_viewport_immediate(ViewportId::from_hash_of("beside"), builder, |ui, _| {
        keys(app, ui, out);
        CentralPanel::default().frame(Frame::NONE).show(ui, |ui| views::ui(app, layout, ui, out));
        if ui.ctx().input(|i| i.viewport().close_requested()) {
            out.act(crate::action::Action::SecondWindow);
        }
        Place::of_window(ui.ctx(), 1.0)
    })
}

/// The window in front gets the keys: each window hears only its own.
fn keys(app: &App, ui: &Ui, out: &mut Outbox) {
    if app.dialog.is_some() {
        return;
    }
    let typing = ui.ctx().egui_wants_keyboard_input();
    for action in app.keymap.pressed(ui.ctx(), app.mode(), typing, |action| app.why_not(action).is_none()) {
        out.act(action);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_without_a_size_or_out_of_this_world_is_not_remembered() {
        assert!(Place::new(Pos2::new(10.0, 20.0), Vec2::new(800.0, 600.0)).is_some());
        assert!(Place::new(Pos2::new(-1920.0, 0.0), Vec2::new(800.0, 600.0)).is_some(), "a monitor at the left");
        assert!(Place::new(Pos2::ZERO, Vec2::ZERO).is_none());
        assert!(Place::new(Pos2::new(f32::NAN, 0.0), Vec2::splat(500.0)).is_none());
    }
}
