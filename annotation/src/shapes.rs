//! Shapes drawn on an image.
//!
//! Positions on a slice are native pixels with corner origin and half-open boxes; positions in space are voxel indices
//! with centre origin (FORMATS 0.1). A shape belongs to exactly one image, and one on a slice to exactly one slice.

use crate::error::{Error, Result};
use crate::id::{ImageId, LabelId, ShapeId};
use crate::image_entry::ImageEntry;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    #[serde(default = "ShapeId::new")]
    pub id: ShapeId,
    pub image: ImageId,
    pub form: Form,
    #[serde(default)]
    pub label: Option<LabelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A slice of an image: the voxel axis that steps from slice to slice, and which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    pub axis: usize,
    pub index: usize,
}

impl Slice {
    /// The stored slice or frame with this number.
    #[must_use]
    pub const fn stored(index: usize) -> Self {
        Self { axis: 2, index }
    }

    /// The voxel axes that run along the slice's columns and rows.
    #[must_use]
    pub const fn axes_in_plane(self) -> [usize; 2] {
        match self.axis {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Form {
    Box2d {
        slice: Slice,
        min: [f64; 2],
        max: [f64; 2],
    },
    /// Turned about its centre, from columns towards rows.
    RotatedBox {
        slice: Slice,
        centre: [f64; 2],
        size: [f64; 2],
        degrees: f64,
    },
    Ellipse {
        slice: Slice,
        centre: [f64; 2],
        radii: [f64; 2],
        degrees: f64,
    },
    Polyline {
        slice: Slice,
        points: Vec<[f64; 2]>,
    },
    /// The area inside an odd number of rings: outlines and holes alike.
    Polygon {
        slice: Slice,
        rings: Vec<Vec<[f64; 2]>>,
    },
    Ruler {
        slice: Slice,
        ends: [[f64; 2]; 2],
    },
    /// The longest diameter and the longest across it.
    Bidirectional {
        slice: Slice,
        long: [[f64; 2]; 2],
        short: [[f64; 2]; 2],
    },
    /// The second point is the corner.
    Angle {
        slice: Slice,
        points: [[f64; 2]; 3],
    },
    /// Between two lines that need not meet.
    Cobb {
        slice: Slice,
        first: [[f64; 2]; 2],
        second: [[f64; 2]; 2],
    },
    Point {
        at: [f64; 3],
    },
    Landmarks {
        points: BTreeMap<String, [f64; 3]>,
    },
    /// Half-open, in voxel indices.
    Box3d {
        min: [f64; 3],
        max: [f64; 3],
    },
}

/// Corners that stand for an ellipse where a polygon is asked for; a hundredth of a radius off at most.
const ELLIPSE_CORNERS: u32 = 32;

impl Form {
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Box2d { .. } => "box",
            Self::RotatedBox { .. } => "rotated box",
            Self::Ellipse { .. } => "ellipse",
            Self::Polyline { .. } => "polyline",
            Self::Polygon { .. } => "polygon",
            Self::Ruler { .. } => "ruler",
            Self::Bidirectional { .. } => "pair of diameters",
            Self::Angle { .. } => "angle",
            Self::Cobb { .. } => "Cobb angle",
            Self::Point { .. } => "point",
            Self::Landmarks { .. } => "landmark set",
            Self::Box3d { .. } => "3D box",
        }
    }

    /// The slice it is drawn on; `None` for what lies in space.
    #[must_use]
    pub const fn slice(&self) -> Option<Slice> {
        match self {
            Self::Box2d { slice, .. }
            | Self::RotatedBox { slice, .. }
            | Self::Ellipse { slice, .. }
            | Self::Polyline { slice, .. }
            | Self::Polygon { slice, .. }
            | Self::Ruler { slice, .. }
            | Self::Bidirectional { slice, .. }
            | Self::Angle { slice, .. }
            | Self::Cobb { slice, .. } => Some(*slice),
            Self::Point { .. } | Self::Landmarks { .. } | Self::Box3d { .. } => None,
        }
    }

    /// The outline of what has an area on a slice, as rings of corners.
    #[must_use]
    pub fn rings(&self) -> Option<Vec<Vec<[f64; 2]>>> {
        let around = |centre: &[f64; 2], degrees: f64, corner: [f64; 2]| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            [centre[0] + corner[0] * cos - corner[1] * sin, centre[1] + corner[0] * sin + corner[1] * cos]
        };
        match self {
            Self::Box2d { min, max, .. } => Some(vec![vec![*min, [max[0], min[1]], *max, [min[0], max[1]]]]),
            Self::RotatedBox { centre, size: [w, h], degrees, .. } => {
                let corners = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]];
                Some(vec![corners.map(|[x, y]| around(centre, *degrees, [x * w, y * h])).to_vec()])
            }
            Self::Ellipse { centre, radii, degrees, .. } => {
                let corner = |n: u32| {
                    let (sin, cos) = (f64::from(n) * std::f64::consts::TAU / f64::from(ELLIPSE_CORNERS)).sin_cos();
                    around(centre, *degrees, [radii[0] * cos, radii[1] * sin])
                };
                Some(vec![(0..ELLIPSE_CORNERS).map(corner).collect()])
            }
            Self::Polygon { rings, .. } => Some(rings.clone()),
            _ => None,
        }
    }

    fn coordinates(&self) -> Vec<f64> {
        match self {
            Self::Box2d { min, max, .. } => [*min, *max].concat(),
            Self::RotatedBox { centre, size, degrees, .. } => [centre.as_slice(), size, &[*degrees]].concat(),
            Self::Ellipse { centre, radii, degrees, .. } => [centre.as_slice(), radii, &[*degrees]].concat(),
            Self::Polyline { points, .. } => points.concat(),
            Self::Polygon { rings, .. } => rings.iter().flatten().flatten().copied().collect(),
            Self::Ruler { ends, .. } => ends.concat(),
            Self::Bidirectional { long: first, short: second, .. } | Self::Cobb { first, second, .. } => {
                [*first, *second].concat().concat()
            }
            Self::Angle { points, .. } => points.concat(),
            Self::Point { at } => at.to_vec(),
            Self::Landmarks { points } => points.values().flatten().copied().collect(),
            Self::Box3d { min, max } => [*min, *max].concat(),
        }
    }

    /// Whether it has the extent that its name promises.
    fn is_whole(&self) -> bool {
        match self {
            Self::Box2d { min, max, .. } => (0..2).all(|a| min[a] < max[a]),
            Self::RotatedBox { size, .. } | Self::Ellipse { radii: size, .. } => size.iter().all(|s| *s > 0.0),
            Self::Polyline { points, .. } => points.len() >= 2,
            Self::Polygon { rings, .. } => !rings.is_empty() && rings.iter().all(|ring| ring.len() >= 3),
            Self::Ruler { ends, .. } => ends[0] != ends[1],
            Self::Bidirectional { long: first, short: second, .. } | Self::Cobb { first, second, .. } => {
                first[0] != first[1] && second[0] != second[1]
            }
            Self::Angle { points, .. } => points[0] != points[1] && points[2] != points[1],
            Self::Point { .. } => true,
            Self::Landmarks { points } => !points.is_empty(),
            Self::Box3d { min, max } => (0..3).all(|a| min[a] < max[a]),
        }
    }
}

impl Shape {
    #[must_use]
    pub fn new(image: ImageId, form: Form, label: Option<LabelId>) -> Self {
        Self { id: ShapeId::new(), image, form, label, text: None }
    }

    /// Refuses a shape that is not one, or does not lie on a slice of its image.
    pub(crate) fn check(&self, image: &ImageEntry) -> Result<()> {
        let name = self.form.name();
        if self.form.coordinates().iter().any(|x| !x.is_finite()) {
            return Err(Error::refused(format!("a {name} needs finite coordinates")));
        }
        if let Some(slice) = self.form.slice()
            && (slice.axis > 2 || slice.index >= image.size()[slice.axis])
        {
            return Err(Error::refused(format!(
                "the {name} is on slice {} of axis {}, which the image does not have",
                slice.index, slice.axis
            )));
        }
        if self.form.is_whole() { Ok(()) } else { Err(Error::refused(format!("the {name} has no extent"))) }
    }
}
