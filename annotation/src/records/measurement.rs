//! A measurement that is kept: the number with its unit, the spacing it was made with, and how it is defined, so that it
//! can be made again. Without a scale it is in pixels, never in millimetres.

use crate::contents::Contents;
use crate::entity::{ImageId, LabelId, MeasurementId, Rules, ShapeId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::measure::{self, Measurement, Scale};
use crate::records::finite;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurementEntry {
    #[serde(default = "MeasurementId::new")]
    pub id: MeasurementId,
    pub image: ImageId,
    pub measured: Measurement,
    /// What is normal, in the unit of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal_range: Option<[f64; 2]>,
    #[serde(default)]
    pub definition: Definition,
    /// Drawn by hand, from a mask, from a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// What a number was made from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Definition {
    /// Lines, areas and landmark sets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<ShapeId>,
    /// Points of those landmark sets, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub landmarks: Vec<String>,
    /// The painted label that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<LabelId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}

impl MeasurementEntry {
    #[must_use]
    pub fn new(image: ImageId, measured: Measurement, definition: Definition) -> Self {
        let (normal_range, method) = (None, None);
        Self { id: MeasurementId::new(), image, measured, normal_range, definition, method }
    }

    /// Whether something it was made from has changed since.
    #[must_use]
    pub fn is_stale(&self, contents: &Contents) -> bool {
        let made = contents.origin(self.id).map(|origin| origin.modified.revision);
        let newest = self.definition.shapes.iter().filter_map(|id| contents.origin(*id)).map(|o| o.modified.revision);
        newest.max() > made
    }

    /// The same made again from its one shape as it is now; `None` where it was not made from one shape.
    #[must_use]
    pub fn again(&self, contents: &Contents) -> Option<Self> {
        let [shape] = self.definition.shapes.as_slice() else { return None };
        let found = measure::of_shape(contents.shape(*shape)?, contents.image(self.image)?);
        let measured = found.into_iter().find(|found| found.kind == self.measured.kind)?;
        Some(Self { measured, ..self.clone() })
    }
}

impl Rules for MeasurementEntry {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn image(&self) -> Option<ImageId> {
        Some(self.image)
    }

    fn mentions(&self) -> Vec<Key> {
        let shapes = self.definition.shapes.iter().map(|id| id.key());
        shapes.chain(self.definition.mask.map(Key::from)).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        let Measurement { value, unit, definition, scale, .. } = &self.measured;
        finite("a measured value", *value)?;
        if unit.trim().is_empty() || definition.trim().is_empty() {
            return Err(Error::refused("a measurement needs a unit and a definition"));
        }
        let in_mm = unit.starts_with("mm") || unit.starts_with("cm") || unit == "mL";
        let has_scale = match scale {
            Scale::Spacing(mm) => mm.iter().all(|mm| mm.is_finite() && *mm > 0.0),
            Scale::Calibration(mm) => mm.is_finite() && *mm > 0.0,
            Scale::Pixels => false,
        };
        if in_mm && !has_scale {
            return Err(Error::refused(format!("a value in {unit} needs the spacing it was made with")));
        }
        let image = contents.image(self.image).ok_or(Error::Missing { key: self.image.into() })?;
        if in_mm && !image.spacing_known && image.calibration_mm_per_px.is_none() {
            return Err(Error::refused("the image has no spacing; calibrate it, or measure in pixels"));
        }
        if self.normal_range.is_some_and(|[low, high]| !low.is_finite() || !high.is_finite() || low > high) {
            return Err(Error::refused("a normal range goes from a number to one that is not smaller"));
        }
        let points: BTreeSet<&String> = self
            .definition
            .shapes
            .iter()
            .filter_map(|id| match &contents.shape(*id)?.form {
                crate::shapes::Form::Landmarks { points } => Some(points.keys()),
                _ => None,
            })
            .flatten()
            .collect();
        match self.definition.landmarks.iter().find(|name| !points.contains(name)) {
            Some(name) => Err(Error::refused(format!("no landmark set of the measurement has a point \"{name}\""))),
            None => Ok(()),
        }
    }
}
