//! Disc and sphere brushes: the voxels within a radius of the way from one point to the next, in millimetres of the
//! patient, so that a round brush is round whatever the spacing.

use super::path::Gather;
use super::{Makes, Scene, ToolInfo};
use crate::command::PaintMode;
use crate::tools::sheet::Sheet;
use glam::{DVec2, DVec3};
use limner_imaging::{Geometry, Mask, Plane, Voxel, VoxelBox, World};

pub(super) const BRUSH: ToolInfo = ToolInfo {
    name: "brush",
    title: "Brush",
    key: Some('b'),
    hint: "Drag to paint; Ctrl erases, Shift+wheel or [ ] changes the size",
    gather: Gather::Stroke,
    makes: Makes::Dab { mode: PaintMode::Set, mask: dab },
};

pub(super) const ERASER: ToolInfo = ToolInfo {
    name: "eraser",
    title: "Eraser",
    key: Some('e'),
    hint: "Drag to erase the label in hand; Shift+wheel or [ ] changes the size",
    gather: Gather::Stroke,
    makes: Makes::Dab { mode: PaintMode::Erase, mask: dab },
};

/// The disc or ball of the settings.
pub(super) fn dab(scene: &Scene<'_>, from: World, to: World) -> Mask {
    let geometry = &scene.volume.geometry;
    if scene.settings.sphere {
        sphere(geometry, from, to, scene.settings.radius_mm)
    } else {
        disc(geometry, &scene.plane, from, to, scene.settings.radius_mm)
    }
}

/// The dab of a disc dragged over a plane, one voxel thick. The voxels under the pointer always belong, however small
/// the disc. Both points are taken as they are seen on the plane.
#[must_use]
pub fn disc(geometry: &Geometry, plane: &Plane, from: World, to: World, radius_mm: f64) -> Mask {
    let Some(sheet) = Sheet::new(geometry, plane).filter(|_| usable(from, to, radius_mm)) else {
        return Mask::empty(VoxelBox::default());
    };
    let (a, b) = (plane.mm_of(from).truncate(), plane.mm_of(to).truncate());
    let (start, end) = (sheet.column(from), sheet.column(to));
    let reach = sheet.reach(radius_mm);
    let low = start.min(end) - reach;
    let high = start.max(end) + reach;
    let columns = sheet.columns();
    let mut found = Vec::new();
    for c in span(low.y, high.y, columns[1]) {
        for b_column in span(low.x, high.x, columns[0]) {
            if distance_to_segment(sheet.mm(b_column, c), a, b) <= radius_mm {
                found.extend(sheet.voxel(b_column, c));
            }
        }
    }
    found.extend(line(start, end).filter_map(|at| {
        let nearest = (at + 0.5).floor();
        let inside = nearest.cmpge(DVec2::ZERO).all() && nearest.x < columns[0] as f64 && nearest.y < columns[1] as f64;
        if inside { sheet.voxel(nearest.x as usize, nearest.y as usize) } else { None }
    }));
    mask_of(&found)
}

/// The dab of a ball dragged through the volume.
#[must_use]
pub fn sphere(geometry: &Geometry, from: World, to: World, radius_mm: f64) -> Mask {
    if !usable(from, to, radius_mm) {
        return Mask::empty(VoxelBox::default());
    }
    let (start, end) = (geometry.voxel(from).0, geometry.voxel(to).0);
    let inverse = geometry.voxel_from_world().matrix3;
    let reach = DVec3::from_array(std::array::from_fn(|axis| inverse.row(axis).length() * radius_mm));
    let (low, high) = (start.min(end) - reach, start.max(end) + reach);
    let size = geometry.size();
    let spans: [std::ops::Range<usize>; 3] = std::array::from_fn(|axis| span(low[axis], high[axis], size[axis]));
    let centres = [from, to].into_iter().filter_map(|p| geometry.voxel(p).index_in(size));
    let under = centres.fold(VoxelBox::default(), |all, v| all.union(&VoxelBox::new(v, v.map(|n| n + 1))));
    let reached = VoxelBox::new(spans.clone().map(|s| s.start), spans.map(|s| s.end.max(s.start)));
    let mut mask = Mask::from_fn(reached.union(&under), |index| {
        let at = geometry.world(Voxel::centre(index)).0;
        let along = closest_part(at - from.0, to.0 - from.0);
        at.distance(from.0 + (to.0 - from.0) * along) <= radius_mm
    });
    for point in [from, to] {
        if let Some(index) = geometry.voxel(point).index_in(size) {
            mask.set(index, true);
        }
    }
    mask
}

fn usable(from: World, to: World, radius_mm: f64) -> bool {
    from.0.is_finite() && to.0.is_finite() && radius_mm.is_finite() && radius_mm > 0.0
}

/// The whole numbers from `low` to `high` among the first `count`.
fn span(low: f64, high: f64, count: usize) -> std::ops::Range<usize> {
    // Casts saturate, so what lies far outside ends at the edge.
    let first = (low.ceil().max(0.0) as usize).min(count);
    let end = if high < 0.0 { 0 } else { (high.floor() as usize).saturating_add(1).min(count) };
    first..end.max(first)
}

/// Points so close on the way that no voxel between them is jumped over.
fn line(from: DVec2, to: DVec2) -> impl Iterator<Item = DVec2> {
    let longest = (to - from).abs().max_element();
    // A way beyond any grid is not walked voxel by voxel.
    let steps = ((longest * 2.0).ceil() as usize).clamp(1, 1 << 16);
    (0..=steps).map(move |n| from.lerp(to, n as f64 / steps as f64))
}

fn distance_to_segment(at: DVec2, a: DVec2, b: DVec2) -> f64 {
    let along = closest_part((at - a).extend(0.0), (b - a).extend(0.0));
    at.distance(a + (b - a) * along)
}

/// Which part of the way is closest to an offset from its start.
fn closest_part(offset: DVec3, way: DVec3) -> f64 {
    let length_squared = way.length_squared();
    if length_squared == 0.0 { 0.0 } else { (offset.dot(way) / length_squared).clamp(0.0, 1.0) }
}

fn mask_of(indices: &[[usize; 3]]) -> Mask {
    let bounds = indices.iter().fold(VoxelBox::default(), |all, v| all.union(&VoxelBox::new(*v, v.map(|n| n + 1))));
    let mut mask = Mask::empty(bounds);
    indices.iter().for_each(|index| mask.set(*index, true));
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::View;

    fn tilted() -> Geometry {
        // Left-handed, anisotropic and turned about an axis that is none of the grid's.
        let turn = glam::DMat3::from_axis_angle(DVec3::new(1.0, 2.0, 0.5).normalize(), 0.6);
        let directions = [turn * DVec3::X, turn * DVec3::Y, turn * DVec3::NEG_Z];
        Geometry::from_parts([60, 50, 40], World::new(-20.0, 5.0, 9.0), [0.8, 1.1, 2.5], directions).unwrap()
    }

    #[test]
    fn a_disc_on_a_slice_is_round_in_millimetres() {
        let g = tilted();
        for view in View::ALL {
            let plane = Plane::of_view(&g, view, g.centre());
            let mask = disc(&g, &plane, g.centre(), g.centre(), 9.0);
            let axis = view.slice_axis(&g);
            assert_eq!(mask.bounds().size()[axis], 1, "one slice thick");
            // The grid has even counts, so its centre lies right between two slices; one of them it must be.
            let slice = mask.bounds().min[axis];
            let (mut wrong, mut inside) = (0, 0);
            for index in Mask::from_fn(VoxelBox::whole(g.size()), |v| v[axis] == slice).indices() {
                let mm = plane.mm_of(g.world(Voxel::centre(index)));
                let near = mm.truncate().length() <= 9.0;
                inside += usize::from(near);
                wrong += usize::from(near != mask.get(index));
            }
            assert!(inside > 50 && wrong == 0, "{view:?}: {wrong} of {inside} wrong");
        }
    }

    #[test]
    fn an_oblique_disc_has_no_gaps_and_hugs_the_plane() {
        let g = tilted();
        let plane = Plane::oblique(g.centre(), DVec3::new(0.5, -0.4, 0.7)).unwrap();
        let mask = disc(&g, &plane, plane.at_mm(-6.0, 0.0), plane.at_mm(6.0, 4.0), 5.0);
        let nearest = Sheet::new(&g, &plane).unwrap().axes[0];
        for index in mask.indices() {
            let mm = plane.mm_of(g.world(Voxel::centre(index)));
            assert!(mm.z.abs() <= g.step(nearest).length() / 2.0 + 1e-9);
        }
        // Every point of the disc is seen as painted.
        for n in 0..200 {
            let angle = f64::from(n) * 0.7;
            let at = plane.at_mm(6.0 + 4.0 * angle.cos(), 4.0 + 4.0 * angle.sin());
            let sheet = Sheet::new(&g, &plane).unwrap();
            let column = (sheet.column(at) + 0.5).floor();
            let index = sheet.voxel(column.x as usize, column.y as usize).unwrap();
            assert!(mask.get(index), "a hole at {index:?}");
        }
    }

    #[test]
    fn a_fast_thin_stroke_leaves_no_gap_and_paints_under_the_pointer() {
        let g = tilted();
        let plane = Plane::of_view(&g, View::Axial, g.centre());
        let (from, to) = (plane.at_mm(-15.0, -3.0), plane.at_mm(14.0, 11.0));
        let mask = disc(&g, &plane, from, to, 0.01);
        for n in 0..=300 {
            let at = g.voxel(World(from.0.lerp(to.0, f64::from(n) / 300.0))).index_in(g.size()).unwrap();
            // Where the way cuts a corner of a voxel, a neighbour is enough.
            let near = VoxelBox::new(at, at.map(|x| x + 1)).grown([usize::from(n % 300 != 0); 3], g.size());
            assert!(!mask.within(near).is_empty(), "a gap at {n}");
        }
    }

    #[test]
    fn a_sphere_holds_what_is_near() {
        let g = tilted();
        let (from, to) = (g.world(Voxel::new(20.0, 20.0, 15.0)), g.world(Voxel::new(30.0, 25.0, 18.0)));
        let mask = sphere(&g, from, to, 6.0);
        let expected = Mask::from_fn(VoxelBox::whole(g.size()), |v| {
            let at = g.world(Voxel::centre(v)).0;
            let part = ((at - from.0).dot(to.0 - from.0) / from.0.distance_squared(to.0)).clamp(0.0, 1.0);
            at.distance(from.0.lerp(to.0, part)) <= 6.0
        });
        assert_eq!(mask.within(VoxelBox::whole(g.size())), expected);
    }

    #[test]
    fn what_lies_outside_or_is_no_number_paints_nothing() {
        let g = tilted();
        let plane = Plane::of_view(&g, View::Axial, g.centre());
        let far = World::new(1e9, 0.0, 0.0);
        assert!(disc(&g, &plane, far, far, 5.0).is_empty());
        assert!(sphere(&g, far, far, 5.0).is_empty());
        let bad = World::new(f64::NAN, 0.0, 0.0);
        assert!(disc(&g, &plane, bad, g.centre(), 5.0).is_empty());
        assert!(disc(&g, &plane, g.centre(), g.centre(), -1.0).is_empty());
        assert!(sphere(&g, g.centre(), g.centre(), f64::INFINITY).is_empty());
    }
}
