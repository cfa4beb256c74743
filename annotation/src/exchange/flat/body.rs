//! The forms an item can have on a picture, and the ways from one to another.

use super::outline;
use super::rle::Rle;
use crate::shapes::{Form, Slice};
use crate::tools::lasso::rows_inside;
use glam::DVec2;
use std::collections::BTreeMap;

pub(crate) type Ring = Vec<[f64; 2]>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Mask(Rle),
    Box {
        min: [f64; 2],
        max: [f64; 2],
    },
    Turned {
        centre: [f64; 2],
        size: [f64; 2],
        degrees: f64,
    },
    Ellipse {
        centre: [f64; 2],
        radii: [f64; 2],
        degrees: f64,
    },
    /// Inside an odd number of rings.
    Rings(Vec<Ring>),
    Line(Ring),
    Point([f64; 2]),
    Keypoints(BTreeMap<String, [f64; 2]>),
}

impl Body {
    /// What a form is on its slice; `None` for measurements and what lies in space.
    pub(crate) fn of(form: &Form) -> Option<Self> {
        Some(match form {
            Form::Box2d { min, max, .. } => Self::Box { min: *min, max: *max },
            Form::RotatedBox { centre, size, degrees, .. } => {
                Self::Turned { centre: *centre, size: *size, degrees: *degrees }
            }
            Form::Ellipse { centre, radii, degrees, .. } => {
                Self::Ellipse { centre: *centre, radii: *radii, degrees: *degrees }
            }
            Form::Polyline { points, .. } => Self::Line(points.clone()),
            Form::Polygon { rings, .. } => Self::Rings(rings.clone()),
            Form::Lasso { points, .. } => Self::Rings(vec![points.clone()]),
            Form::Point { at } => Self::Point([at[0] + 0.5, at[1] + 0.5]),
            _ => return None,
        })
    }

    /// The form on a slice; `None` for masks, which are painted.
    pub(crate) fn form(&self, slice: Slice) -> Option<Form> {
        let in_space = |p: &[f64; 2]| {
            let mut at = [slice.index as f64; 3];
            let [x, y] = slice.axes_in_plane();
            (at[x], at[y]) = (p[0] - 0.5, p[1] - 0.5);
            at
        };
        Some(match self {
            Self::Mask(_) => return None,
            Self::Box { min, max } => Form::Box2d { slice, min: *min, max: *max },
            Self::Turned { centre, size, degrees } => {
                Form::RotatedBox { slice, centre: *centre, size: *size, degrees: *degrees }
            }
            Self::Ellipse { centre, radii, degrees } => {
                Form::Ellipse { slice, centre: *centre, radii: *radii, degrees: *degrees }
            }
            Self::Rings(rings) => Form::Polygon { slice, rings: rings.clone() },
            Self::Line(points) => Form::Polyline { slice, points: points.clone() },
            Self::Point(at) => Form::Point { at: in_space(at) },
            Self::Keypoints(points) => {
                Form::Landmarks { points: points.iter().map(|(name, at)| (name.clone(), in_space(at))).collect() }
            }
        })
    }

    /// For people.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Mask(_) => "mask",
            Self::Box { .. } => "box",
            Self::Turned { .. } => "turned box",
            Self::Ellipse { .. } => "ellipse",
            Self::Rings(_) => "outline",
            Self::Line(_) => "line",
            Self::Point(_) => "point",
            Self::Keypoints(_) => "keypoints",
        }
    }

    pub(crate) fn has_area(&self) -> bool {
        !matches!(self, Self::Line(_) | Self::Point(_) | Self::Keypoints(_))
    }

    pub(crate) fn is_curved(&self) -> bool {
        matches!(self, Self::Ellipse { .. })
    }

    /// Rings around what belongs: of a mask along the edges of its pixels, so that filling them gives it back.
    pub(crate) fn rings(&self) -> Vec<Ring> {
        match self {
            Self::Mask(mask) => outline::rings(mask),
            Self::Line(_) | Self::Point(_) | Self::Keypoints(_) => Vec::new(),
            other => other.form(Slice::stored(0)).and_then(|form| form.rings()).unwrap_or_default(),
        }
    }

    /// The largest outline alone, and what was dropped: holes, other parts.
    pub(crate) fn single_ring(&self) -> Option<(Ring, bool, bool)> {
        let rings = self.rings();
        let areas: Vec<f64> = rings.iter().map(|ring| outline::signed_area(ring)).collect();
        let largest = (0..rings.len()).max_by(|a, b| areas[*a].abs().total_cmp(&areas[*b].abs()))?;
        let same_way = |n: &usize| (areas[*n] > 0.0) == (areas[largest] > 0.0);
        let outer = &rings[largest];
        // A ring inside the largest one is a hole in it, whichever way it runs.
        let inside = |n: &usize| rings[*n].first().is_some_and(|p| outline::contains(outer, nudged(&rings[*n], *p)));
        let others: Vec<usize> = (0..rings.len()).filter(|n| *n != largest).collect();
        let holes = others.iter().any(&inside);
        let parts = others.iter().any(|n| !inside(n) && (same_way(n) || !matches!(self, Self::Mask(_))));
        Some((outer.clone(), holes, parts))
    }

    pub(crate) fn mask(&self, [width, height]: [usize; 2]) -> Rle {
        if let Self::Mask(mask) = self {
            return mask.clone();
        }
        let points: Vec<Vec<DVec2>> =
            self.rings().iter().map(|ring| ring.iter().copied().map(DVec2::from).collect()).collect();
        Rle::of_rows(rows_inside(&points, [width, height]), width, height)
    }

    /// The tight upright box; `None` where nothing belongs.
    pub(crate) fn bounds(&self) -> Option<[[f64; 2]; 2]> {
        if let Self::Mask(mask) = self {
            let [x, y, w, h] = mask.bbox().map(|n| n as f64);
            return (w > 0.0).then_some([[x, y], [x + w, y + h]]);
        }
        if let Self::Ellipse { centre, radii, degrees } = self {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let half = [(radii[0] * cos).hypot(radii[1] * sin), (radii[0] * sin).hypot(radii[1] * cos)];
            return Some([[centre[0] - half[0], centre[1] - half[1]], [centre[0] + half[0], centre[1] + half[1]]]);
        }
        let points: Vec<[f64; 2]> = match self {
            Self::Line(points) => points.clone(),
            Self::Point(at) => vec![*at],
            Self::Keypoints(points) => points.values().copied().collect(),
            other => other.rings().concat(),
        };
        let low = |a: usize| points.iter().map(|p| p[a]).fold(f64::INFINITY, f64::min);
        let high = |a: usize| points.iter().map(|p| p[a]).fold(f64::NEG_INFINITY, f64::max);
        (!points.is_empty()).then(|| [[low(0), low(1)], [high(0), high(1)]])
    }

    /// A box turned so that it holds the body with the least area; of a turned box itself.
    pub(crate) fn turned_box(&self) -> Option<([f64; 2], [f64; 2], f64)> {
        match self {
            Self::Turned { centre, size, degrees } => Some((*centre, *size, *degrees)),
            Self::Ellipse { centre, radii, degrees } => Some((*centre, radii.map(|r| 2.0 * r), *degrees)),
            Self::Box { min, max } => Some((
                [f64::midpoint(min[0], max[0]), f64::midpoint(min[1], max[1])],
                [max[0] - min[0], max[1] - min[1]],
                0.0,
            )),
            _ => outline::least_box(&self.rings().concat()),
        }
    }
}

/// A point of a ring, moved a little towards its inside, so that rings that touch are told apart.
fn nudged(ring: &Ring, at: [f64; 2]) -> [f64; 2] {
    let count = ring.len() as f64;
    let centre = [0, 1].map(|a| ring.iter().map(|p| p[a]).sum::<f64>() / count);
    [0, 1].map(|a| at[a] + (centre[a] - at[a]) * 1e-3)
}
