//! Shapes and measurements from the points of a path, in pixels of a slice.

use super::path::Gather;
use super::{Makes, ToolInfo};
use crate::shapes::{Form, Slice};
use glam::DVec2;

const fn shape(
    name: &'static str,
    title: &'static str,
    hint: &'static str,
    gather: Gather,
    make: fn(Slice, &[[f64; 2]]) -> Option<Form>,
) -> ToolInfo {
    ToolInfo { name, title, key: None, hint, gather, makes: Makes::Shape(make) }
}

pub(super) const RULER: ToolInfo = ToolInfo {
    key: Some('k'),
    ..shape("ruler", "Ruler", "Drag from end to end", Gather::exactly(2), |slice, points| {
        Some(Form::Ruler { slice, ends: points.try_into().ok()? })
    })
};

pub(super) const BIDIRECTIONAL: ToolInfo = shape(
    "bidirectional",
    "Bidirectional",
    "Drag the long diameter, then pull the ends of the short one into place",
    Gather::exactly(2),
    bidirectional,
);

pub(super) const ANGLE: ToolInfo = shape(
    "angle",
    "Angle",
    "Drag the first arm to the corner, then click the end of the second",
    Gather::exactly(3),
    |slice, points| Some(Form::Angle { slice, points: points.try_into().ok()? }),
);

pub(super) const COBB: ToolInfo = shape(
    "cobb",
    "Cobb angle",
    "Drag along the upper end plate, then along the lower one",
    Gather::exactly(4),
    |slice, points| {
        let [a, b, c, d] = points.try_into().ok()?;
        Some(Form::Cobb { slice, first: [a, b], second: [c, d] })
    },
);

pub(super) const RECTANGLE: ToolInfo =
    shape("rectangle", "Rectangle", "Drag from corner to corner: size and statistics", Gather::exactly(2), rectangle);

pub(super) const ELLIPSE: ToolInfo =
    shape("ellipse", "Ellipse", "Drag from corner to corner: area and statistics", Gather::exactly(2), ellipse);

pub(super) const OUTLINE: ToolInfo = shape(
    "outline",
    "Polygon",
    "Click the corners; a double click, Enter or the first corner closes it. Shift at the first corner makes a hole",
    Gather::RING,
    |slice, points| Some(Form::Polygon { slice, rings: vec![points.to_vec()] }),
);

pub(super) const POLYLINE: ToolInfo = shape(
    "polyline",
    "Polyline",
    "Click along a line; a double click or Enter ends it: its length",
    Gather::Corners { least: 2, most: usize::MAX },
    |slice, points| Some(Form::Polyline { slice, points: points.to_vec() }),
);

pub(super) const ROTATED_BOX: ToolInfo = shape(
    "rotated-box",
    "Rotated box",
    "Drag along one side, then click how far the other side is",
    Gather::exactly(3),
    rotated_box,
);

pub(super) const BOX_3D: ToolInfo = shape(
    "box-3d",
    "3D box",
    "Drag from corner to corner; its depth is set in the other planes",
    Gather::exactly(2),
    box_3d,
);

pub(super) const PROBE: ToolInfo =
    shape("probe", "Probe", "Click: the value at a voxel", Gather::CLICK, |slice, points| {
        let [a, b] = slice.axes_in_plane();
        let mut at = [0.0; 3];
        // From corner origin to centre origin.
        (at[a], at[b], at[slice.axis]) = (points.first()?[0] - 0.5, points[0][1] - 0.5, slice.index as f64);
        Some(Form::Point { at })
    });

/// Points by the names of a template; the window knows which comes next.
pub(super) const LANDMARKS: ToolInfo = ToolInfo {
    name: "landmarks",
    title: "Landmarks",
    hint: "Click the points of the template in their order; the Region panel shows where each goes",
    ..PROBE
};

/// Along the columns of a picture of a signal. Its seconds are columns here: the window knows how long one lasts.
pub(super) const INTERVAL: ToolInfo = shape(
    "interval",
    "Interval",
    "Drag over a stretch of time on a picture of a signal",
    Gather::exactly(2),
    |slice, points| {
        let [from, to] = corners(points)?;
        // What is dragged wholly before the picture begins is no stretch of it.
        let seconds = [from.x.max(0.0), to.x];
        (seconds[0] < seconds[1]).then_some(Form::Interval { slice, seconds, lead: None })
    },
);

/// The short diameter starts half as long, across the middle: its ends are pulled to where they belong.
fn bidirectional(slice: Slice, points: &[[f64; 2]]) -> Option<Form> {
    let [a, b]: [[f64; 2]; 2] = points.try_into().ok()?;
    let (from, to) = (DVec2::from(a), DVec2::from(b));
    let middle = from.midpoint(to);
    let across = (to - from).perp() / 4.0;
    Some(Form::Bidirectional { slice, long: [a, b], short: [(middle - across).into(), (middle + across).into()] })
}

fn corners(points: &[[f64; 2]]) -> Option<[DVec2; 2]> {
    let [a, b]: [[f64; 2]; 2] = points.try_into().ok()?;
    let (a, b) = (DVec2::from(a), DVec2::from(b));
    Some([a.min(b), a.max(b)])
}

fn rectangle(slice: Slice, points: &[[f64; 2]]) -> Option<Form> {
    let [min, max] = corners(points)?;
    Some(Form::Box2d { slice, min: min.into(), max: max.into() })
}

fn ellipse(slice: Slice, points: &[[f64; 2]]) -> Option<Form> {
    let [min, max] = corners(points)?;
    let (centre, radii) = (min.midpoint(max), (max - min) / 2.0);
    Some(Form::Ellipse { slice, centre: centre.into(), radii: radii.into(), degrees: 0.0 })
}

/// Two points of one side, and any point of the opposite one.
fn rotated_box(slice: Slice, points: &[[f64; 2]]) -> Option<Form> {
    let [a, b, c]: [[f64; 2]; 3] = points.try_into().ok()?;
    let (a, b, c) = (DVec2::from(a), DVec2::from(b), DVec2::from(c));
    let side = b - a;
    let along = side.try_normalize()?;
    let height = (c - a).dot(along.perp());
    let centre = a.midpoint(b) + along.perp() * height / 2.0;
    let degrees = along.y.atan2(along.x).to_degrees();
    Some(Form::RotatedBox { slice, centre: centre.into(), size: [side.length(), height.abs()], degrees })
}

/// Starts one slice deep.
fn box_3d(slice: Slice, points: &[[f64; 2]]) -> Option<Form> {
    let [low, high] = corners(points)?;
    let [a, b] = slice.axes_in_plane();
    let (mut min, mut max) = ([0.0; 3], [0.0; 3]);
    (min[a], min[b], min[slice.axis]) = (low.x.round(), low.y.round(), slice.index as f64);
    (max[a], max[b], max[slice.axis]) = (high.x.round(), high.y.round(), slice.index as f64 + 1.0);
    Some(Form::Box3d { min, max })
}
