//! Where the other planes of a picture cut this one, in their colours, open in the middle so that the point itself is
//! seen; and handles on the lines that turn those planes.

use super::slice::Frame;
use crate::action::Tool;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::over;
use crate::view_state::{Viewport, ViewportId};
use eframe::egui::{CursorIcon, Pos2, Rect, Sense, Stroke, Ui, Vec2, vec2};
use limner_imaging::{Plane, View};

/// Around the point, in points.
const OPEN: f32 = 14.0;
const HANDLE: f32 = 4.5;
/// Of the smaller side of the view, from the point.
const HANDLE_AT: f32 = 0.36;

/// Another plane: in which view it can be turned, where it is shown at all.
struct Cut {
    viewport: Option<ViewportId>,
    view: View,
    plane: Plane,
}

pub fn ui(app: &App, viewport: &Viewport, frame: &Frame, ui: &Ui, out: &mut Outbox) {
    let painter = ui.painter().with_clip_rect(frame.rect);
    let normal = frame.raster.plane.normal();
    for cut in cuts(app, viewport, frame) {
        let along = cut.plane.normal().cross(normal);
        let along = vec2(along.dot(frame.raster.plane.right) as f32, along.dot(frame.raster.plane.down) as f32);
        if along.length() < 0.1 {
            continue;
        }
        let along = along.normalized();
        let at = frame.screen(cut.plane.origin);
        let far = along * (frame.rect.width() + frame.rect.height());
        let stroke = Stroke::new(1.0, over::plane(cut.view));
        painter.line_segment([at + along * OPEN, at + far], stroke);
        painter.line_segment([at - along * OPEN, at - far], stroke);
        if app.hand.tool == Tool::Crosshair {
            handles_ui(frame, &cut, at, along, ui, out);
        }
    }
}

/// The other planes on screen of the same picture; alone, those that could be.
fn cuts(app: &App, viewport: &Viewport, frame: &Frame) -> Vec<Cut> {
    let visible = app.workspace.stage.visible().into_iter().filter(|&id| id != frame.id);
    let shown = visible.filter_map(|id| app.workspace.shown_in(id).map(|(other, open)| (id, other, open)));
    let same = shown.filter(|(_, other, open)| open.image == frame.image && !other.is_solid());
    let cuts: Vec<Cut> = same
        .map(|(id, other, open)| Cut {
            viewport: Some(id),
            view: other.view(),
            plane: other.plane(&open.volume.geometry),
        })
        .collect();
    if !cuts.is_empty() || app.hand.tool != Tool::Crosshair {
        return cuts;
    }
    let Some(open) = app.workspace.picture_in(frame.id) else { return cuts };
    let of = |view| {
        let plane = Plane::of_view(&open.volume.geometry, view, viewport.at);
        Cut { viewport: None, view, plane }
    };
    View::ALL.into_iter().filter(|&view| view != viewport.view()).map(of).collect()
}

/// A dot at each end of a line; dragged, it turns the plane the line stands for about this plane's normal.
fn handles_ui(frame: &Frame, cut: &Cut, at: Pos2, along: Vec2, ui: &Ui, out: &mut Outbox) {
    let Some(viewport) = cut.viewport else { return };
    let reach = frame.rect.width().min(frame.rect.height()) * HANDLE_AT;
    for end in [-1.0, 1.0] {
        let centre = at + along * reach * end;
        if !frame.rect.shrink(HANDLE).contains(centre) {
            continue;
        }
        let id = ui.scope_id().with(("turn", frame.id, viewport, end > 0.0));
        let grip = Rect::from_center_size(centre, Vec2::splat(HANDLE * 4.0));
        let response = ui.interact(grip, id, Sense::drag()).on_hover_and_drag_cursor(CursorIcon::Grab);
        let lit = response.hovered() || response.dragged();
        let painter = ui.painter().with_clip_rect(frame.rect);
        painter.circle_filled(centre, if lit { HANDLE + 1.5 } else { HANDLE }, over::plane(cut.view));
        painter.circle_stroke(centre, HANDLE + 1.0, Stroke::new(1.0, over::EDGE));
        let (Some(pointer), moved) = (response.interact_pointer_pos(), response.drag_delta()) else { continue };
        if response.dragged() && moved != Vec2::ZERO {
            let radians = f64::from((pointer - at).angle() - (pointer - moved - at).angle());
            // From just under half a turn to just over minus half a turn is a small step, not a large one.
            let radians = (radians + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU) - std::f64::consts::PI;
            out.ask(Request::Tilt { viewport, axis: frame.raster.plane.normal(), radians });
        }
    }
}
