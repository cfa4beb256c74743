//! A solid from outlines drawn on parallel planes, oblique ones too. Between two outlines it is found by their signed
//! distances, which follows any shape, or by moving along the outline from point to point, which keeps a shape's width
//! where it slants.

use crate::error::{Error, Result};
use glam::DVec2;
use limner_imaging::{Geometry, Mask, Plane, Voxel, VoxelBox, World};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    #[default]
    SignedDistance,
    Contour,
}

/// An outline on a plane parallel to the first one's.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub outline: Vec<World>,
}

/// An outline in the plane's millimetres at a height over it.
struct Ring {
    height_mm: f64,
    points: Vec<DVec2>,
}

/// Points of an outline that is moved point by point.
const STEPS: usize = 128;

/// The voxels of the solid. Outlines may be given in any order.
pub fn solid(geometry: &Geometry, plane: &Plane, sections: &[Section], method: Method) -> Result<Mask> {
    let mut rings = sections.iter().map(|section| ring(plane, section)).collect::<Result<Vec<_>>>()?;
    if rings.len() < 2 {
        return Err(Error::refused("draw the outline on at least two planes"));
    }
    rings.sort_by(|a, b| a.height_mm.total_cmp(&b.height_mm));
    if method == Method::Contour {
        align(&mut rings);
    }
    // A voxel is as thick as its steps reach along the normal.
    let half = (0..3).map(|axis| geometry.step(axis).dot(plane.normal()).abs()).fold(0.0, f64::max) / 2.0;
    let bounds = bounds_of(geometry, plane, &rings, half);
    let size = bounds.size();
    let voxels: Vec<bool> = (0..bounds.len())
        .into_par_iter()
        .map(|n| {
            let offset = [n % size[0], n / size[0] % size[1], n / (size[0] * size[1])];
            let index = std::array::from_fn(|a| bounds.min[a] + offset[a]);
            let at = plane.mm_of(geometry.world(Voxel::centre(index)));
            is_inside(&rings, at.truncate(), at.z, half, method)
        })
        .collect();
    Ok(Mask::from_voxels(bounds, voxels).unwrap_or_else(|| Mask::empty(bounds)))
}

fn ring(plane: &Plane, section: &Section) -> Result<Ring> {
    let points: Vec<_> = section.outline.iter().map(|point| plane.mm_of(*point)).collect();
    if points.len() < 3 || points.iter().any(|point| !point.is_finite()) {
        return Err(Error::refused("an outline needs at least three points"));
    }
    let height_mm = points.iter().map(|point| point.z).sum::<f64>() / points.len() as f64;
    if points.iter().any(|point| (point.z - height_mm).abs() > 0.01) {
        return Err(Error::refused("the outlines must lie on parallel planes"));
    }
    Ok(Ring { height_mm, points: points.into_iter().map(glam::DVec3::truncate).collect() })
}

fn bounds_of(geometry: &Geometry, plane: &Plane, rings: &[Ring], half: f64) -> VoxelBox {
    let mut low = glam::DVec3::INFINITY;
    let mut high = glam::DVec3::NEG_INFINITY;
    for ring in rings {
        for point in &ring.points {
            for height in [ring.height_mm - half, ring.height_mm + half] {
                let in_plane = plane.at_mm(point.x, point.y);
                let at = geometry.voxel(World(in_plane.0 + plane.normal() * height)).0;
                (low, high) = (low.min(at), high.max(at));
            }
        }
    }
    let size = geometry.size();
    let min = std::array::from_fn(|a| (low[a].floor().max(0.0) as usize).min(size[a]));
    let max = std::array::from_fn(|a| ((high[a].ceil() + 1.0).max(0.0) as usize).min(size[a]).max(min[a]));
    VoxelBox::new(min, max)
}

fn is_inside(rings: &[Ring], at: DVec2, height: f64, half: f64, method: Method) -> bool {
    let (first, last) = (&rings[0], &rings[rings.len() - 1]);
    if height < first.height_mm - half || height > last.height_mm + half {
        return false;
    }
    let above = rings.partition_point(|ring| ring.height_mm <= height);
    if above == 0 || above == rings.len() {
        let end = if above == 0 { first } else { last };
        return contains(&end.points, at);
    }
    let (a, b) = (&rings[above - 1], &rings[above]);
    let share = (height - a.height_mm) / (b.height_mm - a.height_mm);
    match method {
        Method::SignedDistance => {
            // Moved with the centres, as between painted slices, so that what runs aslant stays one piece.
            let (ca, cb) = (centre(&a.points), centre(&b.points));
            let now = ca.lerp(cb, share);
            let near = signed_distance(&a.points, at - now + ca);
            let far = signed_distance(&b.points, at - now + cb);
            near + (far - near) * share <= 0.0
        }
        Method::Contour => {
            let between: Vec<DVec2> = a.points.iter().zip(&b.points).map(|(a, b)| a.lerp(*b, share)).collect();
            contains(&between, at)
        }
    }
}

/// As many points each, at equal distances along the outline, turning the same way and starting where the next one does.
fn align(rings: &mut [Ring]) {
    for ring in rings.iter_mut() {
        ring.points = resampled(&ring.points);
        if signed_area(&ring.points) < 0.0 {
            ring.points.reverse();
        }
    }
    for n in 1..rings.len() {
        let (before, rest) = rings.split_at_mut(n);
        let (from, to) = (&before[n - 1].points, &mut rest[0].points);
        let (ca, cb) = (centre(from), centre(to));
        let cost = |turn: usize| -> f64 {
            (0..STEPS).map(|i| (from[i] - ca).distance_squared(to[(i + turn) % STEPS] - cb)).sum()
        };
        let best = (0..STEPS).min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(0);
        to.rotate_left(best);
    }
}

fn resampled(points: &[DVec2]) -> Vec<DVec2> {
    let next = |n: usize| points[(n + 1) % points.len()];
    let whole: f64 = (0..points.len()).map(|n| points[n].distance(next(n))).sum();
    let mut found = Vec::with_capacity(STEPS);
    let (mut edge, mut walked) = (0, 0.0);
    for step in 0..STEPS {
        let goal = whole * step as f64 / STEPS as f64;
        while edge + 1 < points.len() && walked + points[edge].distance(next(edge)) <= goal {
            walked += points[edge].distance(next(edge));
            edge += 1;
        }
        let length = points[edge].distance(next(edge));
        let share = if length > 0.0 { ((goal - walked) / length).clamp(0.0, 1.0) } else { 0.0 };
        found.push(points[edge].lerp(next(edge), share));
    }
    found
}

fn signed_area(points: &[DVec2]) -> f64 {
    points.iter().zip(points.iter().cycle().skip(1)).map(|(p, q)| p.perp_dot(*q)).sum::<f64>() / 2.0
}

/// Of the outline by length, so that crowded points do not pull it.
fn centre(points: &[DVec2]) -> DVec2 {
    let (mut sum, mut length) = (DVec2::ZERO, 0.0);
    for (p, q) in points.iter().zip(points.iter().cycle().skip(1)) {
        let d = p.distance(*q);
        sum += (*p + *q) / 2.0 * d;
        length += d;
    }
    if length > 0.0 { sum / length } else { points[0] }
}

fn contains(points: &[DVec2], at: DVec2) -> bool {
    let crossed = points
        .iter()
        .zip(points.iter().cycle().skip(1))
        .filter(|(a, b)| (a.y <= at.y) != (b.y <= at.y) && at.x < a.x + (at.y - a.y) / (b.y - a.y) * (b.x - a.x));
    crossed.count() % 2 == 1
}

/// Millimetres to the outline, negative inside.
fn signed_distance(points: &[DVec2], at: DVec2) -> f64 {
    let squared = points.iter().zip(points.iter().cycle().skip(1)).map(|(a, b)| {
        let way = *b - *a;
        let length = way.length_squared();
        let along = if length > 0.0 { ((at - *a).dot(way) / length).clamp(0.0, 1.0) } else { 0.0 };
        at.distance_squared(*a + way * along)
    });
    let distance = squared.fold(f64::INFINITY, f64::min).sqrt();
    if contains(points, at) { -distance } else { distance }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;

    fn ellipse(plane: &Plane, height: f64, centre: DVec2, radii: DVec2) -> Section {
        let point = |n: u32| {
            let (sin, cos) = (f64::from(n) * std::f64::consts::TAU / 60.0).sin_cos();
            let at = centre + DVec2::new(cos, sin) * radii;
            World(plane.at_mm(at.x, at.y).0 + plane.normal() * height)
        };
        Section { outline: (0..60).map(point).collect() }
    }

    fn tilted() -> Geometry {
        let turn = glam::DMat3::from_axis_angle(DVec3::new(1.0, 2.0, 0.5).normalize(), 0.4);
        let directions = [turn * DVec3::X, turn * DVec3::Y, turn * DVec3::Z];
        Geometry::from_parts([60, 56, 48], World::new(-20.0, 5.0, 9.0), [0.9, 1.0, 1.1], directions).unwrap()
    }

    #[test]
    fn a_slanting_cone_on_an_oblique_plane_is_found_by_both_methods() {
        let g = tilted();
        let plane = Plane::oblique(g.centre(), DVec3::new(0.3, -0.4, 0.8)).unwrap();
        let sections = [
            ellipse(&plane, 10.0, DVec2::new(6.0, -2.0), DVec2::new(5.0, 4.0)),
            ellipse(&plane, -10.0, DVec2::new(-6.0, 2.0), DVec2::new(12.0, 8.0)),
        ];
        for method in [Method::SignedDistance, Method::Contour] {
            let mask = solid(&g, &plane, &sections, method).unwrap();
            let (mut wrong, mut inside) = (0, 0);
            for index in Mask::from_fn(VoxelBox::whole(g.size()), |_| true).indices() {
                let at = plane.mm_of(g.world(Voxel::centre(index)));
                if at.z.abs() > 9.5 {
                    continue;
                }
                let share = (at.z + 10.0) / 20.0;
                let centre = DVec2::new(-6.0, 2.0).lerp(DVec2::new(6.0, -2.0), share);
                let radii = DVec2::new(12.0, 8.0).lerp(DVec2::new(5.0, 4.0), share);
                let expected = ((at.truncate() - centre) / radii).length() <= 1.0;
                inside += usize::from(expected);
                wrong += usize::from(expected != mask.get(index));
            }
            assert!(inside > 2000 && wrong * 12 < inside, "{method:?}: {wrong} of {inside} wrong");
        }
    }

    #[test]
    fn outlines_that_do_not_fit_are_refused() {
        let g = tilted();
        let plane = Plane::oblique(g.centre(), DVec3::Z).unwrap();
        let one = ellipse(&plane, 0.0, DVec2::ZERO, DVec2::ONE);
        assert!(solid(&g, &plane, std::slice::from_ref(&one), Method::Contour).is_err());
        let mut aslant = ellipse(&plane, 4.0, DVec2::ZERO, DVec2::ONE);
        aslant.outline[0].0 += plane.normal();
        assert!(solid(&g, &plane, &[one.clone(), aslant], Method::Contour).is_err());
        let few = Section { outline: one.outline[..2].to_vec() };
        assert!(solid(&g, &plane, &[one, few], Method::SignedDistance).is_err());
    }
}
