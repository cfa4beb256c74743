//! Where a grid of voxels lies in the patient.

use crate::error::{Error, Result};
use crate::space::{Voxel, World};
use glam::{DAffine3, DMat3, DMat4, DVec3};
use serde::{Deserialize, Serialize};

/// A grid and the affine that places its voxel centres in LPS millimetres.
///
/// Invariant: every size is at least 1 and the affine is finite and invertible; `new` is the only way in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    size: [usize; 3],
    world_from_voxel: DAffine3,
}

/// The share of a box of the same edges that a voxel must fill at least: what is flatter is rounding.
const FLATTEST: f64 = 1e-6;

impl Geometry {
    pub fn new(size: [usize; 3], world_from_voxel: DAffine3) -> Result<Self> {
        if size.contains(&0) {
            return Err(Error::geometry(format!("a grid of {size:?} voxels holds nothing")));
        }
        let determinant = world_from_voxel.matrix3.determinant();
        // Steps so long or short that 32 bits, which most formats have for them, cannot hold them are no spacing either.
        let steps: [f64; 3] = std::array::from_fn(|a| world_from_voxel.matrix3.col(a).length());
        let are_lengths = steps.iter().all(|&step| (step as f32).is_normal());
        let spans = determinant.is_normal() && (determinant / steps.iter().product::<f64>()).abs() > FLATTEST;
        let is_a_place = world_from_voxel.translation.as_vec3().is_finite();
        if !world_from_voxel.is_finite() || !spans || !are_lengths || !is_a_place {
            return Err(Error::geometry("the voxel axes do not span space (zero, infinite or missing spacing)"));
        }
        Ok(Self { size, world_from_voxel })
    }

    /// The grid of one slice, where it lies.
    pub fn slice(&self, k: usize) -> Result<Self> {
        let mut affine = self.world_from_voxel;
        affine.translation = self.world(Voxel::centre([0, 0, k])).0;
        Self::new([self.size[0], self.size[1], 1], affine)
    }

    /// From spacing and the unit directions of columns, rows and slices.
    pub fn from_parts(size: [usize; 3], origin: World, spacing_mm: [f64; 3], directions: [DVec3; 3]) -> Result<Self> {
        let matrix3 = DMat3::from_cols(
            directions[0] * spacing_mm[0],
            directions[1] * spacing_mm[1],
            directions[2] * spacing_mm[2],
        );
        Self::new(size, DAffine3 { matrix3, translation: origin.0 })
    }

    /// A grid with axes along L, P and S.
    pub fn axis_aligned(size: [usize; 3], origin: World, spacing_mm: [f64; 3]) -> Result<Self> {
        Self::from_parts(size, origin, spacing_mm, [DVec3::X, DVec3::Y, DVec3::Z])
    }

    #[must_use]
    pub const fn size(&self) -> [usize; 3] {
        self.size
    }

    #[must_use]
    pub fn voxel_count(&self) -> usize {
        self.size.iter().product()
    }

    #[must_use]
    pub const fn world_from_voxel(&self) -> DAffine3 {
        self.world_from_voxel
    }

    #[must_use]
    pub fn voxel_from_world(&self) -> DAffine3 {
        self.world_from_voxel.inverse()
    }

    #[must_use]
    pub fn world(&self, at: Voxel) -> World {
        World(self.world_from_voxel.transform_point3(at.0))
    }

    #[must_use]
    pub fn voxel(&self, at: World) -> Voxel {
        Voxel(self.voxel_from_world().transform_point3(at.0))
    }

    /// One step along a voxel axis, in mm.
    #[must_use]
    pub fn step(&self, axis: usize) -> DVec3 {
        self.world_from_voxel.matrix3.col(axis)
    }

    #[must_use]
    pub fn spacing_mm(&self) -> [f64; 3] {
        std::array::from_fn(|a| self.step(a).length())
    }

    #[must_use]
    pub fn voxel_volume_mm3(&self) -> f64 {
        self.world_from_voxel.matrix3.determinant().abs()
    }

    #[must_use]
    pub fn centre(&self) -> World {
        self.world(Voxel(DVec3::from_array(self.size.map(|n| (n as f64 - 1.0) / 2.0))))
    }

    /// The affine as rows, the way CLI.md prints it.
    #[must_use]
    pub fn affine_lps_rows(&self) -> [[f64; 4]; 4] {
        let columns = DMat4::from(self.world_from_voxel).transpose().to_cols_array_2d();
        columns.map(|row| row.map(|x| if x == 0.0 { 0.0 } else { x }))
    }

    /// For each patient axis (L, P, S) the voxel axis nearest to it; every voxel axis is used once.
    #[must_use]
    pub fn voxel_axis_of_patient_axis(&self) -> [usize; 3] {
        const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let alignment = |order: &[usize; 3]| -> f64 {
            (0..3).map(|patient| self.step(order[patient]).normalize_or_zero()[patient].abs()).sum()
        };
        let mut best = ORDERS[0];
        for order in ORDERS {
            if alignment(&order) > alignment(&best) + 1e-9 {
                best = order;
            }
        }
        best
    }

    /// True where both grids have the same size and every voxel centre agrees within `tolerance_mm`.
    #[must_use]
    pub fn matches(&self, other: &Self, tolerance_mm: f64) -> bool {
        self.size == other.size && self.corners().zip(other.corners()).all(|(a, b)| a.0.distance(b.0) <= tolerance_mm)
    }

    /// The eight corner voxel centres.
    pub fn corners(&self) -> impl Iterator<Item = World> + '_ {
        (0..8).map(|c| {
            self.world(Voxel(DVec3::from_array(std::array::from_fn(|a| {
                if c >> a & 1 == 1 { self.size[a] as f64 - 1.0 } else { 0.0 }
            }))))
        })
    }

    #[must_use]
    pub fn linear_index(&self, [i, j, k]: [usize; 3]) -> usize {
        (k * self.size[1] + j) * self.size[0] + i
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_vector_of_an_axial_slice() {
        // FORMATS F: spacing row 0.8, column 0.5, position (10, 20, 4), axial, slices 2 mm apart.
        let g = Geometry::axis_aligned([8, 8, 4], World::new(10.0, 20.0, 4.0), [0.5, 0.8, 2.0]).unwrap();
        assert_eq!(g.affine_lps_rows()[0], [0.5, 0.0, 0.0, 10.0]);
        assert_eq!(g.affine_lps_rows()[1], [0.0, 0.8, 0.0, 20.0]);
        assert_eq!(g.affine_lps_rows()[2], [0.0, 0.0, 2.0, 4.0]);
        // SCOORD (2.0, 1.0) counts from the corner of the first pixel.
        let at = g.world(Voxel::new(2.0 - 0.5, 1.0 - 0.5, 0.0));
        assert!((at.0 - DVec3::new(10.75, 20.4, 4.0)).length() < 1e-12);
    }

    #[test]
    fn world_and_voxel_are_inverse_on_a_tilted_left_handed_grid() {
        let directions =
            [DVec3::new(0.8, 0.6, 0.0), DVec3::new(-0.6, 0.8, 0.0), DVec3::new(0.0, 0.1, -1.0).normalize()];
        let g = Geometry::from_parts([5, 6, 7], World::new(-3.0, 2.0, 9.0), [0.5, 1.5, 3.0], directions).unwrap();
        let at = Voxel::new(1.25, 4.5, 6.0);
        assert!((g.voxel(g.world(at)).0 - at.0).length() < 1e-12);
        assert!((g.spacing_mm()[1] - 1.5).abs() < 1e-12);
    }

    #[test]
    fn each_patient_axis_gets_its_own_voxel_axis() {
        let sagittal = [DVec3::Y, DVec3::NEG_Z, DVec3::X];
        let g = Geometry::from_parts([5, 6, 7], World::default(), [1.0; 3], sagittal).unwrap();
        assert_eq!(g.voxel_axis_of_patient_axis(), [2, 0, 1]);
        let tilted = [DVec3::new(1.0, 1.0, 0.0).normalize(), DVec3::new(-1.0, 1.0, 0.0).normalize(), DVec3::Z];
        let g = Geometry::from_parts([5, 6, 7], World::default(), [1.0; 3], tilted).unwrap();
        let mut axes = g.voxel_axis_of_patient_axis();
        axes.sort_unstable();
        assert_eq!(axes, [0, 1, 2]);
    }

    #[test]
    fn a_flat_or_broken_grid_is_refused() {
        assert!(Geometry::axis_aligned([1, 1, 0], World::default(), [1.0; 3]).is_err());
        for spacing in [0.0, f64::NAN, f64::INFINITY, 6e204, 1e-200, 1e-110] {
            assert!(Geometry::axis_aligned([2, 2, 2], World::default(), [1.0, spacing, 1.0]).is_err());
        }
        assert!(Geometry::axis_aligned([2; 3], World::new(0.0, 1e60, 0.0), [1.0; 3]).is_err());
        let nearly_one = [DVec3::X, DVec3::Y, (DVec3::X + 1e-9 * DVec3::Z).normalize()];
        assert!(Geometry::from_parts([2; 3], World::default(), [1.0; 3], nearly_one).is_err());
    }
}
