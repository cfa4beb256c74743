//! How much is known of which way a patient lies in a picture.

use crate::geometry::Geometry;
use crate::plane::{Plane, Side};
use glam::DVec3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// By where the picture lies in the patient.
    #[default]
    Placed,
    /// It lies nowhere: a film, a photo. At most the sides are named that its rows run towards, and its columns; world
    /// coordinates are then those of the picture alone.
    Named([Option<Side>; 2]),
}

impl Orientation {
    /// Of a picture that says nothing.
    pub const UNKNOWN: Self = Self::Named([None; 2]);

    /// From DICOM's Patient Orientation, `L\F` or `PR\H`: the first letter of each part is the side it runs towards most.
    #[must_use]
    pub fn named(text: &str) -> Self {
        let mut parts = text.split('\\').map(|part| part.trim().chars().next().and_then(side));
        let mut next = || parts.next().flatten();
        Self::Named([next(), next()])
    }

    #[must_use]
    pub const fn is_placed(self) -> bool {
        matches!(self, Self::Placed)
    }

    /// The sides of the patient at the left, right, top and bottom of the screen, as far as they are known.
    #[must_use]
    pub fn screen_sides(self, plane: &Plane, geometry: &Geometry) -> [Option<Side>; 4] {
        match self {
            Self::Placed => plane.screen_sides().map(Some),
            Self::Named(sides) => {
                let towards = |direction: DVec3| {
                    let known = sides.iter().enumerate().filter_map(|(axis, side)| Some((axis, (*side)?)));
                    let along = |axis: usize| geometry.step(axis).normalize_or_zero().dot(direction);
                    let mut found = known.filter(|(axis, _)| along(*axis).abs() > NEARLY_ALONG);
                    found.next().map(|(axis, side)| if along(axis) > 0.0 { side } else { side.opposite() })
                };
                [towards(-plane.right), towards(plane.right), towards(-plane.down), towards(plane.down)]
            }
        }
    }
}

/// The cosine above which a direction of the screen is that of a row or a column.
const NEARLY_ALONG: f64 = 0.9;

const fn side(letter: char) -> Option<Side> {
    Some(match letter {
        'L' => Side::Left,
        'R' => Side::Right,
        'P' => Side::Posterior,
        'A' => Side::Anterior,
        'H' => Side::Superior,
        'F' => Side::Inferior,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::View;
    use crate::space::World;

    #[test]
    fn a_film_has_the_letters_its_file_names_and_no_others() {
        let geometry = Geometry::axis_aligned([40, 30, 1], World::default(), [0.2, 0.2, 1.0]).unwrap();
        let plane = Plane::of_view(&geometry, View::of_stored_slices(&geometry), geometry.centre());
        let letters = |orientation: Orientation| {
            orientation
                .screen_sides(&plane, &geometry)
                .map(|side| side.map_or('-', Side::letter))
                .iter()
                .collect::<String>()
        };
        assert_eq!(letters(Orientation::named("L\\F")), "RLSI");
        assert_eq!(letters(Orientation::named("AR\\HL")), "PAIS");
        assert_eq!(letters(Orientation::named("P")), "AP--");
        assert_eq!(letters(Orientation::named("")), "----");
        assert_eq!(letters(Orientation::UNKNOWN), "----");
        assert_eq!(letters(Orientation::Placed), "RLAP");
        let turned = Plane { right: -plane.right, ..plane };
        let sides = Orientation::named("L\\F").screen_sides(&turned, &geometry);
        assert_eq!(sides[..2], [Some(Side::Left), Some(Side::Right)], "a picture turned over takes its letters along");
    }
}
