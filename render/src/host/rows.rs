//! A raster on a grid, row by row: where its pixels lie and which of them lie inside.

use super::texel::Line;
use glam::{DAffine3, DVec3};
use limner_imaging::reslice::Raster;
use std::ops::Range;

#[derive(Clone, Copy)]
pub(super) struct Rows {
    origin: DVec3,
    right: DVec3,
    down: DVec3,
    pub size: [usize; 3],
}

impl Rows {
    pub fn new(raster: &Raster, voxel_from_world: DAffine3, size: [usize; 3]) -> Self {
        let along = |direction: DVec3| voxel_from_world.transform_vector3(direction * raster.mm_per_pixel);
        let origin = voxel_from_world.transform_point3(raster.plane.origin.0);
        Self { origin, right: along(raster.plane.right), down: along(raster.plane.down), size }
    }

    /// The same rows on a parallel plane this many voxels away.
    pub fn shifted(self, by: DVec3) -> Self {
        Self { origin: self.origin + by, ..self }
    }

    /// The centres of the pixels of a row: whole numbers are columns.
    pub fn row(&self, y: f64) -> Line {
        let start = self.origin + self.right * 0.5 + self.down * (y + 0.5);
        Line { start: start.as_vec3().to_array(), step: self.right.as_vec3().to_array() }
    }

    /// The pixels from `first` to `end` of a row that lie inside the grid.
    pub fn inside(&self, line: &Line, first: i64, end: i64) -> Range<i64> {
        let (mut low, mut high) = (first as f32, end as f32);
        for a in 0..3 {
            let edges = [-0.5, self.size[a] as f32 - 0.5];
            if line.step[a].abs() > 1e-12 {
                let [p, q] = edges.map(|edge| (edge - line.start[a]) / line.step[a]);
                low = low.max(p.min(q));
                high = high.min(p.max(q));
            } else if !(edges[0]..edges[1]).contains(&line.start[a]) {
                return first..first;
            }
        }
        if low >= high {
            return first..first;
        }
        // Rounding may be off by one at either end.
        let is_inside = |x: i64| {
            let at = line.at(x as f32);
            (0..3).all(|a| (-0.5..self.size[a] as f32 - 0.5).contains(&at[a]))
        };
        let (mut low, mut high) = (low.floor() as i64, high.ceil() as i64 + 1);
        (low, high) = (low.max(first), high.min(end));
        while low < high && !is_inside(low) {
            low += 1;
        }
        while low < high && !is_inside(high - 1) {
            high -= 1;
        }
        low..high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Plane, World};

    #[test]
    fn a_span_holds_exactly_the_pixels_inside() {
        let geometry = Geometry::axis_aligned([9, 8, 7], World::default(), [1.0; 3]).unwrap();
        let plane = Plane::oblique(geometry.centre(), DVec3::new(0.3, 0.5, 0.8)).unwrap();
        for mm_per_pixel in [0.07, 0.31, 2.0] {
            let raster = Raster { plane: plane.through(plane.at_mm(-7.0, -6.0)), mm_per_pixel, size: [60, 50] };
            let rows = Rows::new(&raster, geometry.voxel_from_world(), geometry.size());
            for y in 0..50 {
                let line = rows.row(f64::from(y));
                let span = rows.inside(&line, -3, 60);
                for x in -3..60_i64 {
                    let at = line.at(x as f32);
                    let inside = (0..3).all(|a| at[a] >= -0.5 && at[a] < geometry.size()[a] as f32 - 0.5);
                    assert_eq!(span.contains(&x), inside, "({x}, {y}) {mm_per_pixel}");
                }
            }
        }
    }
}
