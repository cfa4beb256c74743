//! Closed surfaces around masks, and masks inside closed surfaces.
//!
//! Marching cubes with its table worked out, not typed in: on each face of a cube every run of inside corners is cut off
//! for itself, which both cubes at the face do alike. So no surface has a hole, whatever the mask.

use glam::DVec3;
use limner_imaging::{Geometry, Mask, VoxelBox};
use std::sync::LazyLock;

/// Triangles in the patient, mm, LPS; seen from outside they run counter-clockwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Surface {
    pub points: Vec<DVec3>,
    pub triangles: Vec<[u32; 3]>,
}

/// Corners of a cube are numbered x + 2 y + 4 z; each face lists its own counter-clockwise as seen from outside.
const FACES: [[usize; 4]; 6] = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];

/// An edge of a cube: its lower corner and the axis it runs along.
type Edge = (usize, usize);

/// For each of the 256 cubes the closed loops of crossed edges.
static LOOPS: LazyLock<Vec<Vec<Vec<Edge>>>> = LazyLock::new(|| (0..256).map(loops).collect());

fn edge(a: usize, b: usize) -> Edge {
    (a.min(b), (a ^ b).trailing_zeros() as usize)
}

fn loops(inside: usize) -> Vec<Vec<Edge>> {
    let is_inside = |corner: usize| inside >> corner & 1 == 1;
    let mut steps: Vec<(Edge, Edge)> = Vec::new();
    for face in FACES {
        let count = face.iter().filter(|corner| is_inside(**corner)).count();
        if count == 0 || count == 4 {
            continue;
        }
        for n in 0..4 {
            // A run of inside corners starts here: from the edge before it to the edge after it.
            if is_inside(face[n]) && !is_inside(face[(n + 3) % 4]) {
                let last = (n..n + 4).take_while(|m| is_inside(face[m % 4])).last().unwrap_or(n);
                let entry = edge(face[(n + 3) % 4], face[n]);
                steps.push((entry, edge(face[last % 4], face[(last + 1) % 4])));
            }
        }
    }
    let mut all = Vec::new();
    while let Some((first, mut at)) = steps.pop() {
        let mut found = vec![first];
        while at != first {
            found.push(at);
            let Some(next) = steps.iter().position(|(from, _)| *from == at) else { break };
            at = steps.swap_remove(next).1;
        }
        all.push(found);
    }
    all
}

/// Whether two edges lie on one face: a line between them could then be the neighbour's too.
fn share_a_face(a: Edge, b: Edge) -> bool {
    let ends = |(corner, axis): Edge| [corner, corner | 1 << axis];
    FACES.iter().any(|face| ends(a).iter().chain(&ends(b)).all(|corner| face.contains(corner)))
}

impl Surface {
    /// Around the voxels of a mask, halfway between inside and outside.
    pub(crate) fn around(mask: &Mask, geometry: &Geometry) -> Self {
        let tight = mask.tight_box();
        if tight.is_empty() {
            return Self::default();
        }
        let mut marching = Marching::new(mask, tight);
        let [w, h, d] = tight.size();
        for z in 0..=d {
            for y in 0..=h {
                for x in 0..=w {
                    marching.cube([x, y, z]);
                }
            }
            marching.next_layer();
        }
        let to_world = geometry.world_from_voxel();
        let mirrored = to_world.matrix3.determinant() < 0.0;
        let points = marching.points.into_iter().map(|p| to_world.transform_point3(p)).collect();
        let turn = |[a, b, c]: [u32; 3]| if mirrored { [a, c, b] } else { [a, b, c] };
        Self { points, triangles: marching.triangles.into_iter().map(turn).collect() }
    }

    /// Smooths without shrinking (Taubin), then moves the surface so that it holds as much as it should.
    pub(crate) fn smooth(&mut self, rounds: usize, volume_mm3: f64) {
        const STEPS: [f64; 2] = [0.5, -0.53];
        let mut edges: Vec<(u32, u32)> =
            self.triangles.iter().flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)]).filter(|(a, b)| a < b).collect();
        edges.sort_unstable();
        edges.dedup();
        let mut degree = vec![0_u32; self.points.len()];
        for &(a, b) in &edges {
            degree[a as usize] += 1;
            degree[b as usize] += 1;
        }
        let mut sums = vec![DVec3::ZERO; self.points.len()];
        for step in (0..rounds).flat_map(|_| STEPS) {
            sums.fill(DVec3::ZERO);
            for &(a, b) in &edges {
                sums[a as usize] += self.points[b as usize];
                sums[b as usize] += self.points[a as usize];
            }
            for ((point, sum), degree) in self.points.iter_mut().zip(&sums).zip(&degree) {
                if *degree > 0 {
                    *point += step * (*sum / f64::from(*degree) - *point);
                }
            }
        }
        for _ in 0..3 {
            let missing = volume_mm3 - self.volume_mm3();
            self.grow(missing / self.area_mm2().max(f64::MIN_POSITIVE));
        }
    }

    /// Moves every point outwards.
    fn grow(&mut self, distance: f64) {
        let mut normals = vec![DVec3::ZERO; self.points.len()];
        for triangle in &self.triangles {
            let normal = self.normal(triangle);
            triangle.iter().for_each(|corner| normals[*corner as usize] += normal);
        }
        for (point, normal) in self.points.iter_mut().zip(normals) {
            *point += normal.normalize_or_zero() * distance;
        }
    }

    /// Twice the area, along the outward normal.
    fn normal(&self, triangle: &[u32; 3]) -> DVec3 {
        let [a, b, c] = triangle.map(|n| self.points[n as usize]);
        (b - a).cross(c - a)
    }

    pub(crate) fn area_mm2(&self) -> f64 {
        self.triangles.iter().map(|triangle| self.normal(triangle).length() / 2.0).sum()
    }

    pub(crate) fn volume_mm3(&self) -> f64 {
        let origin = self.points.first().copied().unwrap_or_default();
        let six = self.triangles.iter().map(|triangle| {
            let [a, b, c] = triangle.map(|n| self.points[n as usize] - origin);
            a.dot(b.cross(c))
        });
        six.sum::<f64>() / 6.0
    }

    /// The voxels of a grid whose centres lie inside.
    pub(crate) fn voxels(&self, geometry: &Geometry) -> Mask {
        let to_voxel = geometry.voxel_from_world();
        let points: Vec<DVec3> = self.points.iter().map(|p| to_voxel.transform_point3(*p)).collect();
        let low = points.iter().fold(DVec3::INFINITY, |a, b| a.min(*b));
        let high = points.iter().fold(DVec3::NEG_INFINITY, |a, b| a.max(*b));
        let size = geometry.size();
        let from = |a: usize| (low[a].ceil().max(0.0) as usize).min(size[a]);
        let to = |a: usize| ((high[a].floor() + 1.0).max(0.0) as usize).clamp(from(a), size[a]);
        let bounds = VoxelBox::new(std::array::from_fn(from), std::array::from_fn(to));
        let mut mask = Mask::empty(bounds);
        if bounds.is_empty() {
            return mask;
        }
        let [_, h, d] = bounds.size();
        let mut crossings: Vec<Vec<f64>> = vec![Vec::new(); h * d];
        for triangle in &self.triangles {
            cross(triangle.map(|n| points[n as usize]), &bounds, &mut crossings);
        }
        for (n, row) in crossings.iter_mut().enumerate() {
            row.sort_unstable_by(f64::total_cmp);
            let (j, k) = (bounds.min[1] + n % h, bounds.min[2] + n / h);
            for pair in row.chunks_exact(2) {
                let first = pair[0].ceil().max(0.0) as usize;
                let last = (pair[1].ceil().max(0.0) as usize).min(bounds.max[0]);
                (first..last).for_each(|i| mask.set([i, j, k], true));
            }
        }
        mask
    }
}

/// Where rows of voxels pass through a triangle. Sides belong to one of the two triangles at them.
fn cross(corners: [DVec3; 3], bounds: &VoxelBox, crossings: &mut [Vec<f64>]) {
    let (low, high) =
        (corners[0].z.min(corners[1].z).min(corners[2].z), corners[0].z.max(corners[1].z).max(corners[2].z));
    let first = (low.ceil().max(bounds.min[2] as f64)) as usize;
    for k in first..bounds.max[2] {
        let z = k as f64;
        if z > high {
            break;
        }
        let mut ends: Vec<(f64, f64)> = Vec::new();
        for n in 0..3 {
            let (mut a, mut b) = (corners[n], corners[(n + 1) % 3]);
            if (a.z <= z) != (b.z <= z) {
                // The same number for the same side, whichever triangle asks.
                if (b.z, b.y, b.x) < (a.z, a.y, a.x) {
                    std::mem::swap(&mut a, &mut b);
                }
                let share = (z - a.z) / (b.z - a.z);
                ends.push((a.y + share * (b.y - a.y), a.x + share * (b.x - a.x)));
            }
        }
        let [p, q] = ends[..] else { continue };
        let (p, q) = if p.0 <= q.0 { (p, q) } else { (q, p) };
        let start = p.0.ceil().max(bounds.min[1] as f64) as usize;
        for j in start..bounds.max[1] {
            let y = j as f64;
            if y >= q.0 {
                break;
            }
            let share = (y - p.0) / (q.0 - p.0);
            crossings[(k - bounds.min[2]) * bounds.size()[1] + j - bounds.min[1]].push(p.1 + share * (q.1 - p.1));
        }
    }
}

const NO_POINT: u32 = u32::MAX;

/// The walk through all cubes of a padded box, two layers of points at a time.
struct Marching<'a> {
    mask: &'a Mask,
    min: [usize; 3],
    stride: usize,
    /// Points on edges along x, y and z that start in the lower layer; along x and y in the upper one.
    lower: [Vec<u32>; 3],
    upper: [Vec<u32>; 2],
    points: Vec<DVec3>,
    triangles: Vec<[u32; 3]>,
}

impl<'a> Marching<'a> {
    fn new(mask: &'a Mask, tight: VoxelBox) -> Self {
        let stride = tight.size()[0] + 2;
        let layer = vec![NO_POINT; stride * (tight.size()[1] + 2)];
        Self {
            mask,
            min: tight.min,
            stride,
            lower: [layer.clone(), layer.clone(), layer.clone()],
            upper: [layer.clone(), layer],
            points: Vec::new(),
            triangles: Vec::new(),
        }
    }

    fn next_layer(&mut self) {
        let [x, y] = &mut self.upper;
        std::mem::swap(&mut self.lower[0], x);
        std::mem::swap(&mut self.lower[1], y);
        x.fill(NO_POINT);
        y.fill(NO_POINT);
        self.lower[2].fill(NO_POINT);
    }

    /// One voxel of padding lies before the box.
    fn inside(&self, at: [usize; 3]) -> bool {
        let voxel: [usize; 3] = std::array::from_fn(|a| (self.min[a] + at[a]).wrapping_sub(1));
        self.mask.get(voxel)
    }

    fn cube(&mut self, [x, y, z]: [usize; 3]) {
        let corner = |c: usize| [x + (c & 1), y + (c >> 1 & 1), z + (c >> 2)];
        let code = (0..8).filter(|c| self.inside(corner(*c))).fold(0, |code, c| code | 1 << c);
        if code == 0 || code == 255 {
            return;
        }
        for edges in &LOOPS[code] {
            let ring: Vec<u32> = edges.iter().map(|(c, axis)| self.point(corner(*c), *axis, z)).collect();
            match ring[..] {
                [a, b, c] => self.triangles.push([a, b, c]),
                [a, b, c, d] if !share_a_face(edges[0], edges[2]) => self.triangles.extend([[a, b, c], [a, c, d]]),
                [a, b, c, d] if !share_a_face(edges[1], edges[3]) => self.triangles.extend([[a, b, d], [b, c, d]]),
                _ => self.fan(&ring),
            }
        }
    }

    fn point(&mut self, at: [usize; 3], axis: usize, bottom: usize) -> u32 {
        let offset = at[1] * self.stride + at[0];
        let slot = if at[2] == bottom { &mut self.lower[axis][offset] } else { &mut self.upper[axis][offset] };
        if *slot == NO_POINT {
            *slot = self.points.len() as u32;
            let mut place: [f64; 3] = std::array::from_fn(|a| (self.min[a] + at[a]) as f64 - 1.0);
            place[axis] += 0.5;
            self.points.push(DVec3::from_array(place));
        }
        *slot
    }

    /// Around a point of their own in the middle.
    fn fan(&mut self, ring: &[u32]) {
        let sum: DVec3 = ring.iter().map(|n| self.points[*n as usize]).sum();
        let middle = self.points.len() as u32;
        self.points.push(sum / ring.len() as f64);
        let next = ring.iter().cycle().skip(1);
        self.triangles.extend(ring.iter().zip(next).map(|(a, b)| [*a, *b, middle]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::World;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn grid(size: [usize; 3]) -> Geometry {
        Geometry::axis_aligned(size, World::new(-3.0, 5.0, 9.0), [0.7, 0.9, 1.5]).unwrap()
    }

    /// Every side of a triangle must be the opposite side of exactly one other.
    fn is_closed(surface: &Surface) -> bool {
        let mut sides: BTreeMap<(u32, u32), i32> = BTreeMap::new();
        for &[a, b, c] in &surface.triangles {
            for side in [(a, b), (b, c), (c, a)] {
                *sides.entry(side).or_default() += 1;
            }
        }
        sides.iter().all(|((a, b), count)| *count == 1 && sides.get(&(*b, *a)) == Some(&1))
    }

    #[test]
    fn a_ball_is_closed_faces_outwards_and_holds_its_volume() {
        let geometry = grid([40, 40, 30]);
        let ball = |[i, j, k]: [usize; 3]| {
            let at = [(i as f64 - 19.0) * 0.7, (j as f64 - 20.0) * 0.9, (k as f64 - 14.0) * 1.5];
            at.iter().map(|x| x * x).sum::<f64>() < 100.0
        };
        let mask = Mask::from_fn(VoxelBox::whole([40, 40, 30]), ball);
        let volume = mask.count() as f64 * geometry.voxel_volume_mm3();
        let mut surface = Surface::around(&mask, &geometry);
        assert!(is_closed(&surface));
        assert_eq!(surface.voxels(&geometry).within(mask.bounds()), mask);
        surface.smooth(10, volume);
        assert!(is_closed(&surface));
        assert!((surface.volume_mm3() / volume - 1.0).abs() < 0.002, "{}", surface.volume_mm3() / volume);
        // A smooth ball of this volume has hardly less surface.
        let least = 4.835_976 * volume.powf(2.0 / 3.0);
        assert!(surface.area_mm2() < 1.03 * least, "{}", surface.area_mm2() / least);
    }

    proptest! {
        #[test]
        fn any_mask_has_a_closed_surface_that_fills_to_it(bits in prop::collection::vec(any::<bool>(), 60), mirrored: bool) {
            let bounds = VoxelBox::new([0; 3], [3, 4, 5]);
            let mask = Mask::from_voxels(bounds, bits).unwrap();
            let directions = if mirrored { [DVec3::NEG_X, DVec3::Y, DVec3::Z] } else { [DVec3::X, DVec3::Y, DVec3::Z] };
            let geometry = Geometry::from_parts([3, 4, 5], World::default(), [1.0, 2.0, 0.5], directions).unwrap();
            let surface = Surface::around(&mask, &geometry);
            prop_assert!(is_closed(&surface));
            prop_assert!(surface.triangles.is_empty() || surface.volume_mm3() > 0.0);
            prop_assert_eq!(surface.voxels(&geometry).within(bounds), mask);
        }
    }
}
