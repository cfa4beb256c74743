//! Lines, circles, handles, crosshair and scale bar as plain data in pixels of the picture. Text is the window's.
//!
//! A shape is cut into marks, and a mark is covered where a distance says so: the same arithmetic on the adapter
//! (pass/shapes.wgsl) and on the processor (host/shapes.rs), so edges are equally smooth on both.

use crate::context::GpuContext;
use crate::pick;
use crate::scene::Renderer;
use glam::{DVec2, DVec3, Vec2};
use limner_imaging::reslice::Raster;
use limner_imaging::{Pixel, Plane, World};

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    pub colour: [u8; 3],
    /// From 0 to 1.
    pub opacity: f32,
    pub width_px: f32,
    /// Length of a dash and of the gap after it; a solid line where there is none.
    pub dash_px: Option<f32>,
    /// A thin dark rim, so that the line is seen on bright ground too.
    pub has_rim: bool,
}

impl Stroke {
    #[must_use]
    pub const fn new(colour: [u8; 3], width_px: f32) -> Self {
        Self { colour, opacity: 1.0, width_px, dash_px: None, has_rim: false }
    }

    #[must_use]
    pub const fn dashed(self, dash_px: f32) -> Self {
        Self { dash_px: Some(dash_px), ..self }
    }

    #[must_use]
    pub const fn rimmed(self) -> Self {
        Self { has_rim: true, ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleForm {
    Round,
    Square,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Straight from point to point; `is_closed` joins the last to the first.
    Line {
        points: Vec<Pixel>,
        is_closed: bool,
        stroke: Stroke,
    },
    Circle {
        centre: Pixel,
        radius_px: f32,
        stroke: Stroke,
    },
    /// What a pointer takes hold of: filled, with a dark rim.
    Handle {
        at: Pixel,
        form: HandleForm,
        radius_px: f32,
        colour: [u8; 3],
    },
}

impl Shape {
    #[must_use]
    pub fn segment(from: Pixel, to: Pixel, stroke: Stroke) -> Self {
        Self::Line { points: vec![from, to], is_closed: false, stroke }
    }
}

/// Two lines right across the picture that meet over a point, with a gap around it so that it can be seen.
#[must_use]
pub fn crosshair(raster: &Raster, at: World, gap_px: f64, stroke: Stroke) -> Vec<Shape> {
    let (Pixel(middle), _) = pick::screen(raster, at);
    let [width, height] = raster.size.map(|n| n as f64);
    let horizontal = [(0.0, middle.x - gap_px), (middle.x + gap_px, width)];
    let vertical = [(0.0, middle.y - gap_px), (middle.y + gap_px, height)];
    let mut all = Vec::new();
    if (0.0..height).contains(&middle.y) {
        let pieces = horizontal.iter().filter(|(from, to)| from < to);
        all.extend(pieces.map(|&(from, to)| {
            Shape::segment(Pixel(DVec2::new(from, middle.y)), Pixel(DVec2::new(to, middle.y)), stroke)
        }));
    }
    if (0.0..width).contains(&middle.x) {
        let pieces = vertical.iter().filter(|(from, to)| from < to);
        all.extend(pieces.map(|&(from, to)| {
            Shape::segment(Pixel(DVec2::new(middle.x, from)), Pixel(DVec2::new(middle.x, to)), stroke)
        }));
    }
    all
}

/// Where another plane cuts the picture, from edge to edge; `None` where it does not.
#[must_use]
pub fn trace(raster: &Raster, other: &Plane) -> Option<[Pixel; 2]> {
    let normal = other.normal();
    let across = |direction: DVec3| normal.dot(direction) * raster.mm_per_pixel;
    let slope = DVec2::new(across(raster.plane.right), across(raster.plane.down));
    if slope.length() < 1e-6 * raster.mm_per_pixel {
        return None;
    }
    // A pixel lies on the line where slope · pixel = level.
    let level = normal.dot(other.origin.0 - raster.plane.origin.0);
    let nearest = slope * (level / slope.length_squared());
    let along = slope.perp().normalize();
    let (mut from, mut to) = (f64::NEG_INFINITY, f64::INFINITY);
    for axis in 0..2 {
        let edges = [0.0, raster.size[axis] as f64].map(|edge| (edge - nearest[axis]) / along[axis]);
        if along[axis].abs() > 1e-12 {
            from = from.max(edges[0].min(edges[1]));
            to = to.min(edges[0].max(edges[1]));
        } else if !(0.0..raster.size[axis] as f64).contains(&nearest[axis]) {
            return None;
        }
    }
    (from < to).then(|| [from, to].map(|t| Pixel(nearest + along * t)))
}

/// A length in the patient that reads well and fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleBar {
    pub length_mm: f64,
    pub length_px: f64,
}

impl ScaleBar {
    /// The longest of 1, 2, 5, 10, … mm (or parts of one) that is at most `most_px` long.
    #[must_use]
    pub fn fitting(mm_per_pixel: f64, most_px: f64) -> Option<Self> {
        let most_mm = mm_per_pixel * most_px;
        if !(most_mm.is_finite() && most_mm > 0.0) {
            return None;
        }
        let decade = 10.0_f64.powf(most_mm.log10().floor());
        let length_mm = [5.0, 2.0, 1.0].map(|n| n * decade).into_iter().find(|&mm| mm <= most_mm * (1.0 + 1e-9))?;
        Some(Self { length_mm, length_px: length_mm / mm_per_pixel })
    }

    /// A bar with a tick at either end that ends at `end` and runs up from there, as at the right edge of a view.
    #[must_use]
    pub fn upright(&self, end: Pixel, stroke: Stroke) -> Vec<Shape> {
        self.drawn(end, DVec2::NEG_Y, stroke)
    }

    /// A bar with a tick at either end that begins at `start` and runs to the right.
    #[must_use]
    pub fn lying(&self, start: Pixel, stroke: Stroke) -> Vec<Shape> {
        self.drawn(start, DVec2::X, stroke)
    }

    fn drawn(&self, from: Pixel, along: DVec2, stroke: Stroke) -> Vec<Shape> {
        const TICK_PX: f64 = 5.0;
        let to = from.0 + along * self.length_px;
        let tick = along.perp() * TICK_PX;
        let line = |a: DVec2, b: DVec2| Shape::segment(Pixel(a), Pixel(b), stroke);
        vec![line(from.0, to), line(from.0 - tick, from.0 + tick), line(to - tick, to + tick)]
    }
}

/// Draws shapes over whatever a target of our format holds: over a volume, say, which draws in parts.
pub fn encode(
    shapes: &[Shape],
    renderer: &Renderer,
    gpu: &GpuContext,
    encoder: &mut wgpu::CommandEncoder,
    target: &wgpu::TextureView,
) {
    let marks = marks(shapes);
    if !marks.is_empty() {
        let mut pass = crate::pass::begin(encoder, "shapes", target, wgpu::LoadOp::Load);
        let size = [target.texture().width() as usize, target.texture().height() as usize];
        renderer.draw_marks(gpu, &mut pass, &marks, size);
    }
}

/// The least that can be drawn. `Mark` of shapes.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Mark {
    pub from: [f32; 2],
    pub to: [f32; 2],
    pub colour: [f32; 4],
    pub half_width: f32,
    /// Of a ring, or half the side of a square.
    pub radius: f32,
    /// 0 for a solid line.
    pub dash: f32,
    /// Length of the line before this mark.
    pub before: f32,
    pub kind: u32,
}

impl Mark {
    /// A segment with round ends; a disc where both ends are one point.
    pub const CAPSULE: u32 = 0;
    pub const RING: u32 = 1;
    pub const SQUARE: u32 = 2;

    /// How much of a pixel with this centre is covered, from 0 to 1. `coverage` of shapes.wgsl.
    pub fn coverage(&self, pixel: Vec2) -> f32 {
        let from = Vec2::from_array(self.from);
        let offset = pixel - from;
        match self.kind {
            Self::RING => (0.5 - (offset.length() - self.radius).abs() + self.half_width).clamp(0.0, 1.0),
            Self::SQUARE => (0.5 - offset.abs().max_element() + self.radius).clamp(0.0, 1.0),
            _ => {
                let span = Vec2::from_array(self.to) - from;
                let length = span.length();
                let along = if length > 0.0 { offset.dot(span) / length } else { 0.0 };
                let nearest = if length > 0.0 { span / length * along.clamp(0.0, length) } else { Vec2::ZERO };
                let covered = (0.5 - offset.distance(nearest) + self.half_width).clamp(0.0, 1.0);
                covered * self.dashed(self.before + along)
            }
        }
    }

    fn dashed(&self, along: f32) -> f32 {
        if self.dash <= 0.0 {
            return 1.0;
        }
        let within = along - 2.0 * self.dash * ((along + 0.5 * self.dash) / (2.0 * self.dash)).floor();
        (within.min(self.dash - within) + 0.5).clamp(0.0, 1.0)
    }

    /// How far from its ends a mark can reach.
    pub fn reach(&self) -> f32 {
        let radius = if self.kind == Self::CAPSULE { 0.0 } else { self.radius };
        radius + self.half_width + 1.0
    }
}

const RIM: [u8; 3] = [0; 3];
const RIM_OPACITY: f32 = 0.65;
const RIM_PX: f32 = 1.0;

/// All marks of all shapes, from the bottom up.
pub(crate) fn marks(shapes: &[Shape]) -> Vec<Mark> {
    let mut all = Vec::new();
    for shape in shapes {
        match shape {
            Shape::Line { points, is_closed, stroke } => {
                each_stroke(*stroke, |stroke| line_marks(points, *is_closed, stroke, &mut all));
            }
            Shape::Circle { centre, radius_px, stroke } => {
                each_stroke(*stroke, |stroke| {
                    let radius = radius_px.max(0.0);
                    all.push(Mark { kind: Mark::RING, radius, ..mark(*centre, *centre, stroke) });
                });
            }
            Shape::Handle { at, form, radius_px, colour } => {
                for (colour, opacity, radius) in [(RIM, RIM_OPACITY, radius_px + RIM_PX), (*colour, 1.0, *radius_px)] {
                    let stroke = Stroke { opacity, ..Stroke::new(colour, 2.0 * radius) };
                    let round = mark(*at, *at, stroke);
                    all.push(match form {
                        HandleForm::Round => round,
                        HandleForm::Square => Mark { kind: Mark::SQUARE, radius, half_width: 0.0, ..round },
                    });
                }
            }
        }
    }
    // A shape that lies nowhere must not spoil the others.
    all.retain(|mark| mark.from.iter().chain(&mark.to).all(|x| x.is_finite()));
    all
}

/// The rim first, where there is one, then the line.
fn each_stroke(stroke: Stroke, mut draw: impl FnMut(Stroke)) {
    if stroke.has_rim {
        let opacity = stroke.opacity * RIM_OPACITY;
        draw(Stroke { colour: RIM, opacity, width_px: stroke.width_px + 2.0 * RIM_PX, ..stroke });
    }
    draw(stroke);
}

fn line_marks(points: &[Pixel], is_closed: bool, stroke: Stroke, all: &mut Vec<Mark>) {
    let closing = (is_closed && points.len() > 2).then(|| (points[points.len() - 1], points[0]));
    let mut before = 0.0;
    for (from, to) in points.windows(2).map(|pair| (pair[0], pair[1])).chain(closing) {
        all.push(Mark { before: before as f32, ..mark(from, to, stroke) });
        before += from.0.distance(to.0);
    }
}

fn mark(from: Pixel, to: Pixel, stroke: Stroke) -> Mark {
    let [r, g, b] = stroke.colour.map(|c| f32::from(c) / 255.0);
    Mark {
        from: from.0.as_vec2().to_array(),
        to: to.0.as_vec2().to_array(),
        colour: [r, g, b, stroke.opacity.clamp(0.0, 1.0)],
        half_width: (stroke.width_px / 2.0).max(0.25),
        radius: 0.0,
        dash: stroke.dash_px.map_or(0.0, |dash| dash.max(1.0)),
        before: 0.0,
        kind: Mark::CAPSULE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, View};

    fn raster() -> Raster {
        let geometry = Geometry::axis_aligned([40, 30, 20], World::new(3.0, 5.0, 7.0), [1.0; 3]).unwrap();
        let plane = Plane::of_view(&geometry, View::Axial, geometry.centre());
        Raster { plane: plane.through(plane.at_mm(-20.0, -15.0)), mm_per_pixel: 0.25, size: [160, 120] }
    }

    #[test]
    fn a_scale_bar_reads_well_and_fits() {
        for (mm_per_pixel, most_px, length_mm) in
            [(0.25, 200.0, 50.0), (0.3, 100.0, 20.0), (0.001, 100.0, 0.1), (7.0, 150.0, 1000.0), (0.5, 20.0, 10.0)]
        {
            let bar = ScaleBar::fitting(mm_per_pixel, most_px).unwrap();
            assert!((bar.length_mm - length_mm).abs() < 1e-9 * length_mm, "{bar:?}");
            assert!(bar.length_px <= most_px + 1e-6 && bar.length_px > most_px * 0.39, "{bar:?}");
        }
        assert_eq!(ScaleBar::fitting(f64::NAN, 100.0), None);
        assert_eq!(ScaleBar::fitting(0.0, 100.0), None);
    }

    #[test]
    fn a_crosshair_meets_at_its_point_and_leaves_it_free() {
        let raster = raster();
        let at = pick::world(&raster, Pixel(DVec2::new(50.0, 70.0)));
        let lines = crosshair(&raster, at, 6.0, Stroke::new([255; 3], 1.0));
        assert_eq!(lines.len(), 4);
        let marks = marks(&lines);
        let covered = |x: f32, y: f32| marks.iter().map(|m| m.coverage(Vec2::new(x, y))).fold(0.0, f32::max);
        assert_eq!(covered(50.0, 70.0), 0.0);
        assert!(covered(50.0, 60.0) > 0.9 && covered(20.0, 70.0) > 0.9 && covered(120.0, 70.0) > 0.9);
        assert_eq!(covered(20.0, 60.0), 0.0);
        let outside = pick::world(&raster, Pixel(DVec2::new(-50.0, 70.0)));
        assert_eq!(crosshair(&raster, outside, 6.0, Stroke::new([255; 3], 1.0)).len(), 1, "only the line across");
    }

    #[test]
    fn the_trace_of_a_plane_holds_points_of_both_planes() {
        let raster = raster();
        let middle = pick::world(&raster, Pixel(DVec2::new(90.0, 40.0)));
        let other = Plane::oblique(middle, DVec3::new(0.7, 0.4, 0.3)).unwrap();
        let ends = trace(&raster, &other).unwrap();
        for end in ends {
            let at = pick::world(&raster, end);
            assert!(other.mm_of(at).z.abs() < 1e-9, "{end:?}");
            let on_edge =
                [(end.0.x, 160.0), (end.0.y, 120.0)].iter().any(|(x, n)| x.abs() < 1e-6 || (x - n).abs() < 1e-6);
            assert!(on_edge, "{end:?}");
        }
        let parallel = raster.plane.through(World(raster.plane.origin.0 + raster.plane.normal()));
        assert_eq!(trace(&raster, &parallel), None);
        let far = Plane::oblique(World(middle.0 + DVec3::X * 5000.0), DVec3::X).unwrap();
        assert_eq!(trace(&raster, &far), None);
    }

    #[test]
    fn a_line_is_as_wide_as_asked_and_dashes_repeat() {
        let [from, to] = [DVec2::new(10.0, 20.5), DVec2::new(90.0, 20.5)].map(Pixel);
        let covered =
            |stroke: Stroke, x: f32, y: f32| marks(&[Shape::segment(from, to, stroke)])[0].coverage(Vec2::new(x, y));
        let stroke = Stroke::new([9; 3], 3.0);
        let column: f32 = (0..40).map(|y| covered(stroke, 50.5, y as f32 + 0.5)).sum();
        assert!((column - 3.0).abs() < 1e-3, "{column}");
        let row: f32 = (12..88).map(|x| covered(stroke.dashed(4.0), x as f32 + 0.5, 20.5)).sum();
        assert!((row / 76.0 - 0.5).abs() < 0.07, "{row}");
        let broken = Shape::segment(from, Pixel(DVec2::new(f64::NAN, 1.0)), stroke);
        assert!(marks(&[broken]).is_empty());
    }
}
