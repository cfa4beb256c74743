//! A plane through the patient, and the three planes every reader knows.
//!
//! Axial, coronal and sagittal follow the volume's own voxel planes nearest to the patient's (so that what is painted
//! on a voxel is seen as a voxel), turned the radiological way: the patient's right and front on the screen's left,
//! the head up. A plane that is wanted in exact patient directions is `Plane::oblique`.

use crate::geometry::Geometry;
use crate::space::{Voxel, World};
use glam::DVec3;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    Axial,
    Coronal,
    Sagittal,
}

impl View {
    pub const ALL: [Self; 3] = [Self::Axial, Self::Coronal, Self::Sagittal];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Axial => "Axial",
            Self::Coronal => "Coronal",
            Self::Sagittal => "Sagittal",
        }
    }

    /// The patient axes (L = 0, P = 1, S = 2) and signs that point right and down on the screen, and the axis across.
    const fn screen(self) -> ((usize, f64), (usize, f64), usize) {
        match self {
            Self::Axial => ((0, 1.0), (1, 1.0), 2),
            Self::Coronal => ((0, 1.0), (2, -1.0), 1),
            Self::Sagittal => ((1, 1.0), (2, -1.0), 0),
        }
    }

    /// The voxel axis that steps from slice to slice in this view.
    #[must_use]
    pub fn slice_axis(self, geometry: &Geometry) -> usize {
        geometry.voxel_axis_of_patient_axis()[self.screen().2]
    }

    /// The view in which the stored slices lie flat: what a single picture or a cine is shown in.
    #[must_use]
    pub fn of_stored_slices(geometry: &Geometry) -> Self {
        Self::ALL.into_iter().find(|view| view.slice_axis(geometry) == 2).unwrap_or(Self::Axial)
    }
}

/// A plane with its directions on the screen. `right` and `down` are unit vectors at right angles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plane {
    pub origin: World,
    pub right: DVec3,
    pub down: DVec3,
}

/// A side of the patient, for the letters at the edge of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
    Posterior,
    Anterior,
    Superior,
    Inferior,
}

impl Side {
    pub const ALL: [Self; 6] =
        [Self::Superior, Self::Inferior, Self::Anterior, Self::Posterior, Self::Right, Self::Left];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Posterior => "posterior",
            Self::Anterior => "anterior",
            Self::Superior => "superior",
            Self::Inferior => "inferior",
        }
    }

    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
            Self::Posterior => Self::Anterior,
            Self::Anterior => Self::Posterior,
            Self::Superior => Self::Inferior,
            Self::Inferior => Self::Superior,
        }
    }

    /// Which way it lies, in patient space.
    #[must_use]
    pub const fn direction(self) -> DVec3 {
        match self {
            Self::Left => DVec3::X,
            Self::Right => DVec3::NEG_X,
            Self::Posterior => DVec3::Y,
            Self::Anterior => DVec3::NEG_Y,
            Self::Superior => DVec3::Z,
            Self::Inferior => DVec3::NEG_Z,
        }
    }

    /// The side a direction points to most.
    #[must_use]
    pub fn nearest(direction: DVec3) -> Self {
        let along = |side: &Self| direction.dot(side.direction());
        Self::ALL.into_iter().max_by(|a, b| along(a).total_cmp(&along(b))).unwrap_or(Self::Superior)
    }

    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Left => 'L',
            Self::Right => 'R',
            Self::Posterior => 'P',
            Self::Anterior => 'A',
            Self::Superior => 'S',
            Self::Inferior => 'I',
        }
    }
}

impl Plane {
    /// The voxel plane nearest to `view` through `through`.
    #[must_use]
    pub fn of_view(geometry: &Geometry, view: View, through: World) -> Self {
        let axes = geometry.voxel_axis_of_patient_axis();
        let towards = |(patient, sign): (usize, f64)| -> DVec3 {
            let step = geometry.step(axes[patient]).normalize();
            if step[patient] * sign < 0.0 { -step } else { step }
        };
        let (right, down, _) = view.screen();
        let right = towards(right);
        // A sheared grid (gantry tilt) has axes that are not square; the screen's are.
        let down = towards(down);
        let down = (down - right * down.dot(right)).normalize();
        Self { origin: through, right, down }
    }

    /// The plane across `normal`, head up (or front up where the normal points along the body).
    #[must_use]
    pub fn oblique(through: World, normal: DVec3) -> Option<Self> {
        let normal = normal.try_normalize()?;
        let up = if normal.z.abs() < 0.9 { DVec3::Z } else { DVec3::NEG_Y };
        let down = -(up - normal * up.dot(normal)).normalize();
        let right = down.cross(normal).normalize();
        // Of the two mirror images the one seen from the patient's feet, front or left is the radiological one.
        Some(Self { origin: through, right, down })
    }

    /// Points away from the viewer's eye, into the screen.
    #[must_use]
    pub fn normal(&self) -> DVec3 {
        self.right.cross(self.down)
    }

    /// The point at (right, down) millimetres from the origin.
    #[must_use]
    pub fn at_mm(&self, right_mm: f64, down_mm: f64) -> World {
        World(self.origin.0 + self.right * right_mm + self.down * down_mm)
    }

    /// Millimetres right, down and across from the origin.
    #[must_use]
    pub fn mm_of(&self, at: World) -> DVec3 {
        let offset = at.0 - self.origin.0;
        DVec3::new(offset.dot(self.right), offset.dot(self.down), offset.dot(self.normal()))
    }

    /// The same plane through another point.
    #[must_use]
    pub const fn through(self, origin: World) -> Self {
        Self { origin, ..self }
    }

    /// The sides of the patient at the left, right, top and bottom of the screen.
    #[must_use]
    pub fn screen_sides(&self) -> [Side; 4] {
        [side_towards(-self.right), side_towards(self.right), side_towards(-self.down), side_towards(self.down)]
    }

    /// The smallest (right, down) rectangle in mm, relative to the origin, that holds the whole grid, voxel edges included.
    #[must_use]
    pub fn extent_mm(&self, geometry: &Geometry) -> [[f64; 2]; 2] {
        let size = geometry.size();
        let mut extent = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
        for corner in 0..8 {
            let edge = std::array::from_fn(|a| if corner >> a & 1 == 1 { size[a] as f64 - 0.5 } else { -0.5 });
            let mm = self.mm_of(geometry.world(Voxel(DVec3::from_array(edge))));
            for (axis, value) in [mm.x, mm.y].into_iter().enumerate() {
                extent[0][axis] = extent[0][axis].min(value);
                extent[1][axis] = extent[1][axis].max(value);
            }
        }
        extent
    }
}

fn side_towards(direction: DVec3) -> Side {
    let a = direction.abs();
    if a.x >= a.y && a.x >= a.z {
        if direction.x > 0.0 { Side::Left } else { Side::Right }
    } else if a.y >= a.z {
        if direction.y > 0.0 { Side::Posterior } else { Side::Anterior }
    } else if direction.z > 0.0 {
        Side::Superior
    } else {
        Side::Inferior
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(plane: &Plane) -> String {
        plane.screen_sides().map(Side::letter).iter().collect()
    }

    #[test]
    fn every_stored_order_is_shown_the_radiological_way() {
        let orders = [
            [DVec3::X, DVec3::Y, DVec3::Z],
            [DVec3::NEG_X, DVec3::NEG_Y, DVec3::Z],
            [DVec3::Y, DVec3::NEG_Z, DVec3::X],
            [DVec3::X, DVec3::NEG_Z, DVec3::NEG_Y],
        ];
        for directions in orders {
            let g = Geometry::from_parts([5, 6, 7], World::default(), [1.0, 2.0, 3.0], directions).unwrap();
            let letters_of = |view| letters(&Plane::of_view(&g, view, g.centre()));
            assert_eq!(letters_of(View::Axial), "RLAP");
            assert_eq!(letters_of(View::Coronal), "RLSI");
            assert_eq!(letters_of(View::Sagittal), "APSI");
        }
    }

    #[test]
    fn oblique_planes_stand_upright_and_match_the_named_ones() {
        let at = World::new(1.0, 2.0, 3.0);
        assert_eq!(letters(&Plane::oblique(at, DVec3::Z).unwrap()), "RLAP");
        assert_eq!(letters(&Plane::oblique(at, DVec3::Y).unwrap()), "RLSI");
        assert_eq!(letters(&Plane::oblique(at, DVec3::NEG_X).unwrap()), "APSI");
        assert!(Plane::oblique(at, DVec3::ZERO).is_none());
        let plane = Plane::oblique(at, DVec3::new(0.3, -0.5, 0.8)).unwrap();
        assert!(plane.right.dot(plane.down).abs() < 1e-12);
        assert!((plane.normal() - DVec3::new(0.3, -0.5, 0.8).normalize()).length() < 1e-12);
    }

    #[test]
    fn a_tilted_gantry_still_gives_square_screen_axes() {
        let tilted = [DVec3::X, DVec3::Y, DVec3::new(0.0, 0.3, 1.0)];
        let g = Geometry::from_parts([5, 6, 7], World::default(), [1.0, 1.0, 3.0], tilted).unwrap();
        let plane = Plane::of_view(&g, View::Sagittal, g.centre());
        assert!(plane.right.dot(plane.down).abs() < 1e-12);
        assert_eq!(letters(&plane), "APSI");
    }
}
