//! The second native window: views for a second monitor, with the same keys. Where the desktop gives no second window it
//! is shown inside the first.

use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::panels::browser::CarriedSeries;
use crate::theme;
use crate::views;
use eframe::egui::{
    CentralPanel, Context, DragAndDrop, Event, Frame, Pos2, Rect, Ui, Vec2, ViewportBuilder, ViewportId,
};
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
    let let_go = let_go_outside(ctx);
    ctx.show_viewport_immediate(ViewportId::from_hash_of("beside"), builder, |ui, _| {
        keys(app, ui, out);
        let at = let_go.and_then(|at| on_desktop(ui.ctx()).map(|here| here.point(at)));
        let places = layout.places(ui.ctx().content_rect());
        if let Some((id, _)) = places.into_iter().find(|(_, rect)| at.is_some_and(|at| rect.contains(at)))
            && let Some(series) = DragAndDrop::take_payload::<CarriedSeries>(ui.ctx())
        {
            out.ask(Request::OpenSeries(series.0, Some(id)));
        }
        let frame = Frame::NONE.fill(theme::colours(ui.ctx()).ground);
        CentralPanel::default().frame(frame).show(ui, |ui| views::ui(app, layout, ui, out));
        if ui.ctx().input(|i| i.viewport().close_requested()) {
            out.act(crate::action::Action::SecondWindow);
        }
        Place::of_window(ui.ctx(), 1.0)
    })
}

/// A window's content on the desktop: its corner in its own points, and pixels a point. Desktops that do not say where
/// windows stand have none.
#[derive(Clone, Copy)]
struct Desktop {
    corner: Pos2,
    scale: f32,
}

impl Desktop {
    fn pixel(self, point: Pos2) -> Pos2 {
        ((self.corner + point.to_vec2()).to_vec2() * self.scale).to_pos2()
    }

    fn point(self, pixel: Pos2) -> Pos2 {
        (pixel.to_vec2() / self.scale).to_pos2() - self.corner.to_vec2()
    }
}

fn on_desktop(ctx: &Context) -> Option<Desktop> {
    let corner = ctx.input(|input| input.viewport().inner_rect)?.min;
    Some(Desktop { corner, scale: ctx.pixels_per_point() })
}

/// Where on the desktop something carried was let go beyond the window in hand. Only the window it was taken up in hears
/// of it.
fn let_go_outside(ctx: &Context) -> Option<Pos2> {
    let whole = ctx.content_rect();
    let let_go = |event: &Event| match event {
        Event::PointerButton { pos, pressed: false, .. } if !whole.contains(*pos) => Some(*pos),
        _ => None,
    };
    let at = ctx.input(|input| input.events.iter().find_map(let_go))?;
    on_desktop(ctx).map(|here| here.pixel(at))
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
    fn a_place_beyond_one_window_is_found_in_the_other_also_where_that_has_other_points() {
        let first = Desktop { corner: Pos2::new(100.0, 50.0), scale: 1.0 };
        let second = Desktop { corner: Pos2::new(1400.0 / 2.0, 40.0 / 2.0), scale: 2.0 };
        assert_eq!(second.point(first.pixel(Pos2::new(1500.0, 90.0))), Pos2::new(100.0, 50.0));
    }

    #[test]
    fn a_window_without_a_size_or_out_of_this_world_is_not_remembered() {
        assert!(Place::new(Pos2::new(10.0, 20.0), Vec2::new(800.0, 600.0)).is_some());
        assert!(Place::new(Pos2::new(-1920.0, 0.0), Vec2::new(800.0, 600.0)).is_some(), "a monitor at the left");
        assert!(Place::new(Pos2::ZERO, Vec2::ZERO).is_none());
        assert!(Place::new(Pos2::new(f32::NAN, 0.0), Vec2::splat(500.0)).is_none());
    }
}
