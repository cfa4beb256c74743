//! Taking hold of a shape: where its handles are, what becomes of it when one is pulled, and how far a point is from its
//! line. All in pixels of a slice; what lies in space is seen there as its section.

use crate::oblique::Oblique;
use crate::shapes::{Form, Slice};
use glam::DVec2;

pub type Point = [f64; 2];

/// Lines to draw, and whether the last point joins the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub points: Vec<Point>,
    pub closed: bool,
}

impl Line {
    const fn open(points: Vec<Point>) -> Self {
        Self { points, closed: false }
    }

    const fn ring(points: Vec<Point>) -> Self {
        Self { points, closed: true }
    }

    /// The pieces from point to point.
    pub fn pieces(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        let closing = self.closed && self.points.len() > 2;
        let last = closing.then(|| (self.points[self.points.len() - 1], self.points[0]));
        self.points.windows(2).map(|pair| (pair[0], pair[1])).chain(last)
    }
}

/// What a slice shows of a form: the form itself where it lies on the slice, the rectangle of a 3D box that passes
/// through, the points that lie on it (as a polyline). `None` where it shows nothing.
#[must_use]
pub fn section(form: &Form, slice: Slice) -> Option<Form> {
    let [a, b] = slice.axes_in_plane();
    let on_it = |at: &[f64; 3]| at[slice.axis].round() == slice.index as f64;
    // From centre origin to corner origin.
    let flat = |at: &[f64; 3]| [at[a] + 0.5, at[b] + 0.5];
    match form {
        Form::Box3d { min, max } => {
            let through = min[slice.axis] < slice.index as f64 + 1.0 && slice.index as f64 <= max[slice.axis] - 0.5;
            through.then_some(Form::Box2d { slice, min: [min[a], min[b]], max: [max[a], max[b]] })
        }
        Form::Point { at } => on_it(at).then(|| Form::Polyline { slice, points: vec![flat(at)] }),
        Form::Landmarks { points } => {
            let points: Vec<Point> = points.values().filter(|at| on_it(at)).map(flat).collect();
            (!points.is_empty()).then_some(Form::Polyline { slice, points })
        }
        Form::ConfidenceMap { map } => map.outline(slice),
        form => (form.slice() == Some(slice)).then(|| form.clone()),
    }
}

/// The middle of the handles of what lies on a slice, or of a point.
#[must_use]
pub fn middle(form: &Form) -> Option<Point> {
    if let Form::Point { at } = form {
        return Some([at[0] + 0.5, at[1] + 0.5]);
    }
    let points = handles(form);
    let count = points.len() as f64;
    (count > 0.0).then(|| std::array::from_fn(|a| points.iter().map(|point| point[a]).sum::<f64>() / count))
}

/// Puts a changed section back into its form.
#[must_use]
pub fn with_section(form: &Form, slice: Slice, section: Form) -> Form {
    let [a, b] = slice.axes_in_plane();
    let set = |at: &[f64; 3], [x, y]: Point| {
        let mut at = *at;
        (at[a], at[b]) = (x - 0.5, y - 0.5);
        at
    };
    match (form, section) {
        (Form::Box3d { min, max }, Form::Box2d { min: low, max: high, .. }) => {
            let (mut min, mut max) = (*min, *max);
            (min[a], min[b], max[a], max[b]) = (low[0].round(), low[1].round(), high[0].round(), high[1].round());
            Form::Box3d { min, max }
        }
        (Form::Point { at }, Form::Polyline { points, .. }) => Form::Point { at: set(at, points[0]) },
        (Form::Landmarks { points: all }, Form::Polyline { points, .. }) => {
            let mut all = all.clone();
            let seen = all.values_mut().filter(|at| at[slice.axis].round() == slice.index as f64);
            seen.zip(points).for_each(|(at, moved)| *at = set(at, moved));
            Form::Landmarks { points: all }
        }
        (Form::Oblique { drawing }, section) => {
            Form::Oblique { drawing: Oblique { drawn: Box::new(section), ..drawing.clone() } }
        }
        // What is seen of it is an outline, which says less than the map.
        (Form::ConfidenceMap { .. }, _) => form.clone(),
        (_, section) => section,
    }
}

/// The lines of a section.
#[must_use]
pub fn lines(form: &Form) -> Vec<Line> {
    match form {
        Form::Ruler { ends, .. } => vec![Line::open(ends.to_vec())],
        Form::Polyline { points, .. } => vec![Line::open(points.clone())],
        Form::Angle { points, .. } => vec![Line::open(points.to_vec())],
        Form::Bidirectional { long: a, short: b, .. } | Form::Cobb { first: a, second: b, .. } => {
            vec![Line::open(a.to_vec()), Line::open(b.to_vec())]
        }
        form => form.rings().unwrap_or_default().into_iter().map(Line::ring).collect(),
    }
}

/// Where a section can be taken hold of, in a fixed order.
#[must_use]
pub fn handles(form: &Form) -> Vec<Point> {
    match form {
        Form::Box2d { min: [l, t], max: [r, b], .. } => {
            let (x, y) = (f64::midpoint(*l, *r), f64::midpoint(*t, *b));
            vec![[*l, *t], [*r, *t], [*r, *b], [*l, *b], [x, *t], [*r, y], [x, *b], [*l, y]]
        }
        Form::RotatedBox { centre, size: [w, h], degrees, .. } => {
            let mut all = form.rings().unwrap_or_default().concat();
            // A handle beyond the side turns it.
            all.push(turned(centre, *degrees, [0.0, -h / 2.0 - w.max(*h) / 4.0]));
            all
        }
        Form::Ellipse { centre, radii: [a, b], degrees, .. } => {
            [[*a, 0.0], [0.0, *b], [-a, 0.0], [0.0, -b]].map(|p| turned(centre, *degrees, p)).to_vec()
        }
        form => lines(form).into_iter().flat_map(|line| line.points).collect(),
    }
}

/// The section with one of its handles pulled to a point.
#[must_use]
pub fn pulled(form: &Form, handle: usize, to: Point) -> Form {
    let mut form = form.clone();
    match &mut form {
        Form::Box2d { min, max, .. } => {
            let (left, top) = (matches!(handle, 0 | 3 | 7), matches!(handle, 0 | 1 | 4));
            let (right, bottom) = (matches!(handle, 1 | 2 | 5), matches!(handle, 2 | 3 | 6));
            let [x, y] = to;
            if left {
                min[0] = x;
            } else if right {
                max[0] = x;
            }
            if top {
                min[1] = y;
            } else if bottom {
                max[1] = y;
            }
            // Pulled over the other side, the sides change their names.
            for a in 0..2 {
                if min[a] > max[a] {
                    std::mem::swap(&mut min[a], &mut max[a]);
                }
            }
        }
        Form::RotatedBox { centre, size, degrees, .. } => pull_rotated((centre, size, degrees), handle, to),
        Form::Ellipse { centre, radii, degrees, .. } => {
            let out = DVec2::from(to) - DVec2::from(*centre);
            let along = handle % 2;
            radii[along] = out.length().max(1e-3);
            let quarter = handle as f64 * 90.0;
            *degrees = (out.y.atan2(out.x).to_degrees() - quarter).rem_euclid(360.0);
        }
        Form::Polyline { points, .. } | Form::Lasso { points, .. } => set(points, handle, to),
        Form::Ruler { ends, .. } => set(ends, handle, to),
        Form::Angle { points, .. } => set(points, handle, to),
        Form::Bidirectional { long: a, short: b, .. } | Form::Cobb { first: a, second: b, .. } => {
            if handle < 2 {
                set(a, handle, to);
            } else {
                set(b, handle - 2, to);
            }
        }
        Form::Polygon { rings, .. } => {
            if let Some(point) = rings.iter_mut().flatten().nth(handle) {
                *point = to;
            }
        }
        Form::Point { .. }
        | Form::Landmarks { .. }
        | Form::Box3d { .. }
        | Form::Ruler3d { .. }
        | Form::Interval { .. }
        | Form::ConfidenceMap { .. }
        | Form::Oblique { .. } => {}
    }
    form
}

fn set(points: &mut [Point], n: usize, to: Point) {
    if let Some(point) = points.get_mut(n) {
        *point = to;
    }
}

/// The corner across stays; the last handle turns the box.
fn pull_rotated((centre, size, degrees): (&mut Point, &mut Point, &mut f64), handle: usize, to: Point) {
    let (to, middle) = (DVec2::from(to), DVec2::from(*centre));
    if handle == 4 {
        let out = to - middle;
        *degrees = (out.y.atan2(out.x).to_degrees() + 90.0).rem_euclid(360.0);
        return;
    }
    let along = DVec2::from_angle(degrees.to_radians());
    let signs = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]][handle.min(3)];
    let fixed = middle - along * signs[0] * size[0] - along.perp() * signs[1] * size[1];
    let across = to - fixed;
    *size = [across.dot(along).abs().max(1e-3), across.dot(along.perp()).abs().max(1e-3)];
    *centre = fixed.midpoint(to).into();
}

/// The section moved as a whole.
#[must_use]
pub fn shifted(form: &Form, by: Point) -> Form {
    let mut form = form.clone();
    let shift = |point: &mut Point| *point = [point[0] + by[0], point[1] + by[1]];
    match &mut form {
        Form::Box2d { min, max, .. } => [min, max].into_iter().for_each(shift),
        Form::RotatedBox { centre, .. } | Form::Ellipse { centre, .. } => shift(centre),
        Form::Polyline { points, .. } | Form::Lasso { points, .. } => points.iter_mut().for_each(shift),
        Form::Polygon { rings, .. } => rings.iter_mut().flatten().for_each(shift),
        Form::Ruler { ends, .. } => ends.iter_mut().for_each(shift),
        Form::Angle { points, .. } => points.iter_mut().for_each(shift),
        Form::Bidirectional { long: a, short: b, .. } | Form::Cobb { first: a, second: b, .. } => {
            a.iter_mut().chain(b).for_each(shift);
        }
        Form::Point { .. }
        | Form::Landmarks { .. }
        | Form::Box3d { .. }
        | Form::Ruler3d { .. }
        | Form::Interval { .. }
        | Form::ConfidenceMap { .. }
        | Form::Oblique { .. } => {}
    }
    form
}

/// How far a point is from the nearest line of a section.
#[must_use]
pub fn distance(form: &Form, at: Point) -> f64 {
    let lines = lines(form);
    let pieces = lines.iter().flat_map(|line| {
        let single = (line.points.len() == 1).then(|| (line.points[0], line.points[0]));
        line.pieces().chain(single).collect::<Vec<_>>()
    });
    pieces.map(|(a, b)| to_piece(at, a, b).0).fold(f64::INFINITY, f64::min)
}

/// What a press takes hold of, within `reach` pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grip {
    Handle(usize),
    Whole,
}

/// Handles win over lines, near ones over far ones.
#[must_use]
pub fn grip(form: &Form, at: Point, reach: f64) -> Option<Grip> {
    let here = DVec2::from(at);
    let handles = handles(form);
    let near = handles.iter().map(|h| here.distance(DVec2::from(*h))).enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((n, _)) = near.filter(|(_, apart)| *apart <= reach) {
        return Some(Grip::Handle(n));
    }
    (distance(form, at) <= reach).then_some(Grip::Whole)
}

/// The form after a pull from one point to another.
#[must_use]
pub fn dragged(form: &Form, grip: Grip, from: Point, to: Point) -> Form {
    match grip {
        Grip::Handle(n) => pulled(form, n, to),
        Grip::Whole => shifted(form, [to[0] - from[0], to[1] - from[1]]),
    }
}

/// A corner added where a line is clicked: to polygons and polylines.
#[must_use]
pub fn with_corner(form: &Form, at: Point) -> Option<Form> {
    let mut form = form.clone();
    let place = |points: &[Point], closed: bool| {
        let line = Line { points: points.to_vec(), closed };
        let near = line.pieces().map(|(a, b)| to_piece(at, a, b)).enumerate();
        near.min_by(|a, b| a.1.0.total_cmp(&b.1.0)).map(|(n, (apart, on_it))| (n + 1, apart, on_it))
    };
    match &mut form {
        Form::Polyline { points, .. } => {
            let (n, _, on_it) = place(points, false)?;
            points.insert(n, on_it);
        }
        Form::Polygon { rings, .. } => {
            let found = rings.iter().enumerate().filter_map(|(r, ring)| Some((r, place(ring, true)?)));
            let (r, (n, _, on_it)) = found.min_by(|a, b| a.1.1.total_cmp(&b.1.1))?;
            rings[r].insert(n, on_it);
        }
        _ => return None,
    }
    Some(form)
}

/// A corner taken away, where enough are left.
#[must_use]
pub fn without_corner(form: &Form, handle: usize) -> Option<Form> {
    let mut form = form.clone();
    match &mut form {
        Form::Polyline { points, .. } if points.len() > 2 && handle < points.len() => drop(points.remove(handle)),
        Form::Polygon { rings, .. } => {
            let mut n = handle;
            let r = rings.iter().position(|ring| {
                let inside = n < ring.len();
                n -= if inside { 0 } else { ring.len() };
                inside
            })?;
            if rings[r].len() > 3 {
                rings[r].remove(n);
            } else if rings.len() > 1 {
                rings.remove(r);
            } else {
                return None;
            }
        }
        _ => return None,
    }
    Some(form)
}

/// How far a point is from a piece of line, and the nearest point on it.
fn to_piece(at: Point, a: Point, b: Point) -> (f64, Point) {
    let (at, a, b) = (DVec2::from(at), DVec2::from(a), DVec2::from(b));
    let way = b - a;
    let part =
        if way.length_squared() == 0.0 { 0.0 } else { ((at - a).dot(way) / way.length_squared()).clamp(0.0, 1.0) };
    let nearest = a + way * part;
    (at.distance(nearest), nearest.into())
}

fn turned(centre: &Point, degrees: f64, [x, y]: Point) -> Point {
    let (sin, cos) = degrees.to_radians().sin_cos();
    [centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos]
}
