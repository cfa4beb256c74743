//! The numbers of a form by their names, for those who type where others drag.

use crate::shapes::Form;

impl Form {
    /// Every number that places it, with what it is called: pixels of its slice, voxels in space, degrees, seconds.
    pub fn numbers(&mut self) -> Vec<(String, &mut f64)> {
        let names = self.number_names();
        names.into_iter().zip(self.coordinates_mut()).collect()
    }

    fn number_names(&self) -> Vec<String> {
        let named = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let ends = |names: &[&str]| names.iter().flat_map(|name| [format!("{name} x"), format!("{name} y")]).collect();
        let corners = |count: usize| (1..=count).flat_map(|n| [format!("{n} x"), format!("{n} y")]).collect();
        match self {
            Self::Box2d { .. } => named(&["Left", "Top", "Right", "Bottom"]),
            Self::RotatedBox { .. } => named(&["Centre x", "Centre y", "Width", "Height", "Degrees"]),
            Self::Ellipse { .. } => named(&["Centre x", "Centre y", "Radius", "Radius across", "Degrees"]),
            Self::Ruler { .. } => ends(&["From", "To"]),
            Self::Bidirectional { .. } => ends(&["Long from", "Long to", "Short from", "Short to"]),
            Self::Cobb { .. } => ends(&["First from", "First to", "Second from", "Second to"]),
            Self::Angle { .. } => ends(&["From", "Corner", "To"]),
            Self::Polyline { points, .. } | Self::Lasso { points, .. } => corners(points.len()),
            Self::Polygon { rings, .. } => corners(rings.iter().map(Vec::len).sum()),
            Self::Point { .. } => named(&["Column", "Row", "Slice"]),
            Self::Ruler3d { .. } => {
                named(&["From column", "From row", "From slice", "To column", "To row", "To slice"])
            }
            Self::Landmarks { points } => {
                let of = |name: &String| ["column", "row", "slice"].map(|axis| format!("{name}, {axis}"));
                points.keys().flat_map(of).collect()
            }
            Self::Box3d { .. } => {
                named(&["First column", "First row", "First slice", "End column", "End row", "End slice"])
            }
            Self::Interval { .. } => named(&["From", "To"]),
            Self::ConfidenceMap { .. } => Vec::new(),
            Self::Oblique { drawing } => drawing.drawn.number_names(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::Slice;

    #[test]
    fn every_number_has_a_name_and_reaches_its_place() {
        let slice = Slice::stored(0);
        let points: Vec<[f64; 2]> = vec![[0.0, 1.0], [4.0, 2.0], [3.0, 9.0]];
        let two = [[0.0, 1.0], [4.0, 2.0]];
        let forms = [
            Form::Box2d { slice, min: [1.0, 2.0], max: [3.0, 4.0] },
            Form::RotatedBox { slice, centre: [1.0; 2], size: [2.0; 2], degrees: 0.0 },
            Form::Ellipse { slice, centre: [1.0; 2], radii: [2.0; 2], degrees: 0.0 },
            Form::Polyline { slice, points: points.clone() },
            Form::Polygon { slice, rings: vec![points.clone(), points.clone()] },
            Form::Lasso { slice, points },
            Form::Ruler { slice, ends: two },
            Form::Bidirectional { slice, long: two, short: two },
            Form::Angle { slice, points: [[0.0; 2], [1.0; 2], [2.0; 2]] },
            Form::Cobb { slice, first: two, second: two },
            Form::Point { at: [1.0; 3] },
            Form::Ruler3d { ends: [[0.0; 3], [1.0; 3]] },
            Form::Landmarks { points: [("a".to_owned(), [0.0; 3])].into() },
            Form::Box3d { min: [0.0; 3], max: [1.0; 3] },
            Form::Interval { slice, seconds: [0.0, 1.0], lead: None },
        ];
        for mut form in forms {
            let count = form.coordinates_mut().len();
            assert_eq!(form.number_names().len(), count, "{}", form.name());
        }
        let mut form = Form::Box2d { slice, min: [1.0, 2.0], max: [3.0, 4.0] };
        for (name, number) in form.numbers() {
            if name == "Right" {
                *number = 9.0;
            }
        }
        assert_eq!(form, Form::Box2d { slice, min: [1.0, 2.0], max: [9.0, 4.0] });
    }
}
