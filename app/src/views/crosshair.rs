//! Where the other planes of a picture cut this one, in their colours, open in the middle so that the point itself is
//! seen; and handles on the lines that turn those planes.

use super::slice::Frame;
use crate::action::Tool;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::over;
use crate::view_state::viewport::PlaneCamera;
use crate::view_state::{Viewport, ViewportId, link};
use crate::workspace::OpenPicture;
use eframe::egui::{CursorIcon, Pos2, Rect, Sense, Stroke, Ui, Vec2, vec2};
use limner_imaging::{Plane, View, Voxel, World};

/// Around the point, in points.
const OPEN: f32 = 14.0;
/// At the edges of the view, where the patient's sides are named.
const EDGE: f32 = 26.0;
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
    // The letters at the edges stay readable.
    let painter = ui.painter().with_clip_rect(frame.rect.shrink(EDGE));
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

/// The slices that views of other pictures show, each as the line along which it lies in this one and no longer.
pub fn reference_lines_ui(app: &App, frame: &Frame, ui: &Ui) {
    let Some(mine) = app.workspace.picture_in(frame.id).filter(|_| app.settings.look.reference_lines) else { return };
    let painter = ui.painter().with_clip_rect(frame.rect);
    for id in app.workspace.stage.visible() {
        let Some((other, open)) = app.workspace.shown_in(id) else { continue };
        let Some(moved) = link::shared_space(open, mine).filter(|_| open.image != frame.image && !other.is_solid())
        else {
            continue;
        };
        let corners = corners(other, open).map(|corner| World(moved.transform_point3(corner.0)));
        let Some([from, to]) = cut_through(&frame.raster.plane, &corners) else { continue };
        let line = [frame.screen(from), frame.screen(to)];
        painter.line_segment(line, Stroke::new(3.0, over::EDGE));
        painter.line_segment(line, Stroke::new(1.0, over::plane(other.view())));
    }
}

/// Of the slice a view shows, as far as its picture reaches.
fn corners(viewport: &Viewport, open: &OpenPicture) -> [World; 4] {
    let fitted = Viewport { camera: PlaneCamera::FITTED, ..viewport.clone() };
    let plane = fitted.plane(&open.volume.geometry);
    let (mut low, mut high) = (glam::DVec2::INFINITY, glam::DVec2::NEG_INFINITY);
    let top = open.volume.size().map(|n| n as f64 - 0.5);
    for corner in 0..8 {
        let at = [0, 1, 2].map(|axis| if corner >> axis & 1 == 0 { -0.5 } else { top[axis] });
        let mm = plane.mm_of(open.volume.geometry.world(Voxel::new(at[0], at[1], at[2]))).truncate();
        (low, high) = (low.min(mm), high.max(mm));
    }
    [[low.x, low.y], [high.x, low.y], [high.x, high.y], [low.x, high.y]].map(|[x, y]| plane.at_mm(x, y))
}

/// Where a flat outline goes through a plane; `None` where it lies in it, beside it or along it.
fn cut_through(plane: &Plane, outline: &[World]) -> Option<[World; 2]> {
    let depth = |at: World| plane.mm_of(at).z;
    let mut cuts = Vec::new();
    for (n, &from) in outline.iter().enumerate() {
        let to = outline[(n + 1) % outline.len()];
        let (a, b) = (depth(from), depth(to));
        if (a < 0.0) != (b < 0.0) {
            cuts.push(World(from.0.lerp(to.0, a / (a - b))));
        }
    }
    <[World; 2]>::try_from(cuts).ok()
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

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;

    #[test]
    fn a_reference_line_ends_where_the_other_picture_ends() {
        let plane = Plane { origin: World::new(0.0, 0.0, 5.0), right: DVec3::X, down: DVec3::Y };
        let outline = [[0.0, 0.0], [40.0, 0.0], [40.0, 30.0], [0.0, 30.0]];
        let sagittal = outline.map(|[y, z]| World::new(7.0, y, z - 10.0));
        let [a, b] = cut_through(&plane, &sagittal).unwrap();
        let mut ends = [a.0, b.0];
        ends.sort_by(|a, b| a.y.total_cmp(&b.y));
        assert!(
            ends[0].distance(DVec3::new(7.0, 0.0, 5.0)) < 1e-9 && ends[1].distance(DVec3::new(7.0, 40.0, 5.0)) < 1e-9
        );
        let beside = outline.map(|[y, z]| World::new(7.0, y, z + 6.0));
        assert!(cut_through(&plane, &beside).is_none(), "a slice that does not reach the plane has no line");
        let parallel = outline.map(|[x, y]| World::new(x, y, 9.0));
        assert!(cut_through(&plane, &parallel).is_none());
    }
}
