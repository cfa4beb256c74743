//! Shapes drawn on an image.
//!
//! Positions on a slice are native pixels with corner origin and half-open boxes; positions in space are voxel indices
//! with centre origin (FORMATS 0.1). A shape belongs to exactly one image, and one on a slice to exactly one slice.

use crate::confidence::ConfidenceMap;
use crate::contents::Contents;
use crate::entity::{ImageId, LabelId, Rules, ShapeId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::image_entry::ImageEntry;
use crate::oblique::Oblique;
use crate::tags::Tags;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

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
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
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
    /// A freehand outline, closed from the last point to the first.
    Lasso {
        slice: Slice,
        points: Vec<[f64; 2]>,
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
    /// A ruler that need not lie on a slice: drawn on an oblique plane or through the volume.
    Ruler3d {
        ends: [[f64; 3]; 2],
    },
    Landmarks {
        points: BTreeMap<String, [f64; 3]>,
    },
    /// Half-open, in voxel indices.
    Box3d {
        min: [f64; 3],
        max: [f64; 3],
    },
    /// A stretch of time on a picture of a signal, half-open, in seconds from its start; on one lead or on all.
    Interval {
        slice: Slice,
        seconds: [f64; 2],
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lead: Option<String>,
    },
    /// How sure somebody is, voxel by voxel, that it belongs; flat where it was drawn on one slice.
    ConfidenceMap {
        map: ConfidenceMap,
    },
    /// A flat form on a plane that lies any way in the volume.
    Oblique {
        drawing: Oblique,
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
            Self::Lasso { .. } => "lasso",
            Self::Ruler { .. } | Self::Ruler3d { .. } => "ruler",
            Self::Bidirectional { .. } => "pair of diameters",
            Self::Angle { .. } => "angle",
            Self::Cobb { .. } => "Cobb angle",
            Self::Point { .. } => "point",
            Self::Landmarks { .. } => "landmark set",
            Self::Box3d { .. } => "3D box",
            Self::Interval { .. } => "interval",
            Self::ConfidenceMap { .. } => "confidence map",
            Self::Oblique { drawing } => drawing.drawn.name(),
        }
    }

    /// What is drawn, whatever plane it lies on.
    #[must_use]
    pub const fn flat(&self) -> &Self {
        if let Self::Oblique { drawing } = self { &drawing.drawn } else { self }
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
            | Self::Lasso { slice, .. }
            | Self::Interval { slice, .. }
            | Self::Ruler { slice, .. }
            | Self::Bidirectional { slice, .. }
            | Self::Angle { slice, .. }
            | Self::Cobb { slice, .. } => Some(*slice),
            Self::Point { .. }
            | Self::Ruler3d { .. }
            | Self::Landmarks { .. }
            | Self::Box3d { .. }
            | Self::ConfidenceMap { .. }
            | Self::Oblique { .. } => None,
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
            Self::Lasso { points, .. } => Some(vec![points.clone()]),
            _ => None,
        }
    }

    /// The same on another slice.
    #[must_use]
    pub(crate) fn on_slice(&self, to: Slice) -> Self {
        let mut moved = self.clone();
        if let Self::Box2d { slice, .. }
        | Self::RotatedBox { slice, .. }
        | Self::Ellipse { slice, .. }
        | Self::Polyline { slice, .. }
        | Self::Polygon { slice, .. }
        | Self::Lasso { slice, .. }
        | Self::Interval { slice, .. }
        | Self::Ruler { slice, .. }
        | Self::Bidirectional { slice, .. }
        | Self::Angle { slice, .. }
        | Self::Cobb { slice, .. } = &mut moved
        {
            *slice = to;
        }
        if let Self::Point { at } = &mut moved {
            at[to.axis] = to.index as f64;
        }
        moved
    }

    /// Part of the way to a form of the same kind with as many points; `None` where there is no such way.
    #[must_use]
    pub(crate) fn blended(&self, to: &Self, share: f64) -> Option<Self> {
        let mut blended = self.clone();
        let mut to = to.clone();
        if let (
            Self::RotatedBox { degrees: from, .. } | Self::Ellipse { degrees: from, .. },
            Self::RotatedBox { degrees, .. } | Self::Ellipse { degrees, .. },
        ) = (self, &mut to)
        {
            // Both look the same half a turn on: the shorter way is taken.
            *degrees = from + (*degrees - from + 90.0).rem_euclid(180.0) - 90.0;
        }
        let ends = to.coordinates();
        let same_kind = std::mem::discriminant(self) == std::mem::discriminant(&to);
        let same_rings = self.rings().map(|r| r.iter().map(Vec::len).collect::<Vec<_>>())
            == to.rings().map(|r| r.iter().map(Vec::len).collect());
        let mut numbers = blended.coordinates_mut();
        if !same_kind || !same_rings || numbers.len() != ends.len() {
            return None;
        }
        for (from, to) in numbers.iter_mut().zip(ends) {
            **from += (to - **from) * share;
        }
        Some(blended)
    }

    fn coordinates(&self) -> Vec<f64> {
        self.clone().coordinates_mut().into_iter().map(|x| *x).collect()
    }

    /// Every number that places it, always in the same order.
    pub(crate) fn coordinates_mut(&mut self) -> Vec<&mut f64> {
        match self {
            Self::Box2d { min: a, max: b, .. } => a.iter_mut().chain(b).collect(),
            Self::RotatedBox { centre, size, degrees, .. } | Self::Ellipse { centre, radii: size, degrees, .. } => {
                centre.iter_mut().chain(size).chain([degrees]).collect()
            }
            Self::Polyline { points, .. } | Self::Lasso { points, .. } => points.iter_mut().flatten().collect(),
            Self::Polygon { rings, .. } => rings.iter_mut().flatten().flatten().collect(),
            Self::Ruler { ends, .. } => ends.iter_mut().flatten().collect(),
            Self::Bidirectional { long: first, short: second, .. } | Self::Cobb { first, second, .. } => {
                first.iter_mut().chain(second).flatten().collect()
            }
            Self::Angle { points, .. } => points.iter_mut().flatten().collect(),
            Self::Point { at } => at.iter_mut().collect(),
            Self::Ruler3d { ends } => ends.iter_mut().flatten().collect(),
            Self::Landmarks { points } => points.values_mut().flatten().collect(),
            Self::Box3d { min, max } => min.iter_mut().chain(max).collect(),
            Self::Interval { seconds, .. } => seconds.iter_mut().collect(),
            // It lies where its voxels are.
            Self::ConfidenceMap { .. } => Vec::new(),
            Self::Oblique { drawing } => drawing.drawn.coordinates_mut(),
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
            Self::Lasso { points, .. } => points.len() >= 3,
            Self::Ruler3d { ends } => ends[0] != ends[1],
            Self::Interval { seconds, .. } => seconds[0] >= 0.0 && seconds[0] < seconds[1],
            Self::Landmarks { points } => !points.is_empty(),
            Self::Box3d { min, max } => (0..3).all(|a| min[a] < max[a]),
            Self::ConfidenceMap { map } => map.says_something(),
            Self::Oblique { drawing } => drawing.drawn.is_whole(),
        }
    }
}

impl Shape {
    #[must_use]
    pub fn new(image: ImageId, form: Form, label: Option<LabelId>) -> Self {
        Self { id: ShapeId::new(), image, form, label, text: None, tags: Tags::default() }
    }
}

impl Form {
    /// Refuses a form that is not one, or does not lie on a slice of its image.
    pub(crate) fn check(&self, image: &ImageEntry) -> Result<()> {
        let name = self.name();
        if self.coordinates().iter().any(|x| !x.is_finite()) {
            return Err(Error::refused(format!("a {name} needs finite coordinates")));
        }
        if let Some(slice) = self.slice()
            && (slice.axis > 2 || slice.index >= image.size()[slice.axis])
        {
            return Err(Error::refused(format!(
                "the {name} is on slice {} of axis {}, which the image does not have",
                slice.index, slice.axis
            )));
        }
        match self {
            Self::ConfidenceMap { map } => map.check(image.size())?,
            Self::Oblique { drawing } => drawing.check(image)?,
            _ => {}
        }
        if self.is_whole() { Ok(()) } else { Err(Error::refused(format!("the {name} has no extent"))) }
    }
}

impl Rules for Shape {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn image(&self) -> Option<ImageId> {
        Some(self.image)
    }

    fn mentions(&self) -> Vec<Key> {
        self.label.map(Key::from).into_iter().chain(self.tags.mentions()).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        let image = contents.image(self.image).ok_or(Error::Missing { key: self.image.into() })?;
        self.form.check(image)?;
        self.tags.check(contents)
    }
}
