//! Numbers of a measurement report, kept as measurements of the shape they belong to: as they stand in the report, with
//! its unit, where the shape does not say the same by itself.

use super::Read;
use crate::Command;
use crate::image_entry::ImageEntry;
use crate::labels::Code;
use crate::measure::{self, Kind, Measurement, Scale};
use crate::records::{Definition, MeasurementEntry};
use crate::shapes::Shape;
use dicom_dictionary_std::tags;

/// What a shape measures by itself may differ by rounding and by how a pixel's corner is counted.
const SAME: f64 = 0.005;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    name: Code,
    /// Mean, minimum and so on.
    derivation: Option<Code>,
    value: f64,
    /// UCUM.
    unit: String,
}

impl Number {
    /// A numeric item of a content tree with a value in it.
    pub(super) fn of(item: Read<'_>) -> Option<Self> {
        if item.text(tags::VALUE_TYPE).as_deref() != Some("NUM") {
            return None;
        }
        let measured = item.first(tags::MEASURED_VALUE_SEQUENCE)?;
        let derivation = item.items(tags::CONTENT_SEQUENCE).find_map(|child| {
            let name = child.code(tags::CONCEPT_NAME_CODE_SEQUENCE)?;
            (name.value == "121401").then(|| child.code(tags::CONCEPT_CODE_SEQUENCE)).flatten()
        });
        Some(Self {
            name: item.code(tags::CONCEPT_NAME_CODE_SEQUENCE)?,
            derivation,
            value: measured.number(tags::NUMERIC_VALUE)?,
            unit: measured.code(tags::MEASUREMENT_UNITS_CODE_SEQUENCE)?.value,
        })
    }

    /// The command that keeps it with a shape; `None` where the shape says it, or where nothing can hold it.
    pub(super) fn kept(&self, shape: &Shape, image: &ImageEntry) -> Option<Command> {
        let kind = self.kind()?;
        let known = measure::of_shape(shape, image);
        if known.iter().any(|known| known.kind == kind && self.is(known)) {
            return None;
        }
        let scale = match image.calibration_mm_per_px {
            _ if image.spacing_known => Scale::Spacing(image.geometry.spacing_mm()),
            Some(mm) => Scale::Calibration(mm),
            None => Scale::Pixels,
        };
        let in_mm = self.unit.starts_with("mm") || self.unit.starts_with("cm");
        if in_mm && scale == Scale::Pixels {
            return None;
        }
        let name = self.derivation.as_ref().map_or_else(
            || self.name.meaning.clone(),
            |derivation| format!("{}, {}", self.name.meaning, derivation.meaning.to_lowercase()),
        );
        let unit = if self.unit == "ml" { "mL".into() } else { self.unit.clone() };
        let measured = Measurement { kind, value: self.value, unit, definition: name, scale };
        let definition = Definition { shapes: vec![shape.id], ..Definition::default() };
        let mut entry = MeasurementEntry::new(image.id, measured, definition);
        entry.method = Some("read from a DICOM report".into());
        Some(Command::put(entry))
    }

    fn kind(&self) -> Option<Kind> {
        let derived = self.derivation.as_ref().map(|code| code.meaning.to_lowercase());
        Some(match (self.unit.as_str(), derived.as_deref()) {
            (_, Some("mean")) => Kind::Mean,
            (_, Some("minimum")) => Kind::Minimum,
            (_, Some("maximum")) => Kind::Maximum,
            (_, Some("standard deviation")) => Kind::StandardDeviation,
            ("mm2" | "cm2", _) => Kind::Area,
            ("mm3" | "cm3" | "ml" | "mL", _) => Kind::Volume,
            ("mm" | "cm", _) => Kind::Length,
            ("deg", _) => Kind::Angle,
            ("s" | "ms", _) => Kind::Time,
            ("1" | "%" | "{ratio}", _) => Kind::Ratio,
            _ => return None,
        })
    }

    fn is(&self, known: &Measurement) -> bool {
        let of_unit = |unit: &str| match unit {
            "cm" => Some(("mm", 10.0)),
            "cm2" => Some(("mm2", 100.0)),
            "cm3" | "ml" | "mL" => Some(("mm3", 1000.0)),
            _ => None,
        };
        let plain = |value: f64, unit: &str| match of_unit(unit) {
            Some((unit, factor)) => (value * factor, unit.to_owned()),
            None => (value, unit.to_owned()),
        };
        let (here, there) = (plain(self.value, &self.unit), plain(known.value, &known.unit));
        here.1 == there.1 && (here.0 - there.0).abs() <= SAME * here.0.abs().max(there.0.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Entity;
    use crate::shapes::{Form, Slice};
    use limner_imaging::{Geometry, Samples, Volume, World};

    #[test]
    fn a_number_is_kept_where_its_shape_does_not_say_it_with_the_unit_it_has() {
        let geometry = Geometry::axis_aligned([40, 30, 2], World::default(), [0.5, 0.5, 3.0]).unwrap();
        let image = ImageEntry::of_volume(&Volume::new(geometry, Samples::U8(vec![0; 2400]), 1).unwrap(), "a", "a");
        // 10 by 10 mm.
        let form = Form::Box2d { slice: Slice::stored(1), min: [2.0, 3.0], max: [22.0, 23.0] };
        let shape = Shape::new(image.id, form, None);
        let code = |meaning: &str| Code { value: "1".into(), scheme: "99X".into(), meaning: meaning.into() };
        let number = |value: f64, unit: &str, derivation: Option<&str>| Number {
            name: code("Uptake"),
            derivation: derivation.map(code),
            value,
            unit: unit.into(),
        };
        assert!(number(1.0, "cm2", None).kept(&shape, &image).is_none(), "the box measures a square centimetre");
        let Some(Command::Put { entity, .. }) = number(1.2, "cm2", None).kept(&shape, &image) else {
            panic!("it is lost")
        };
        let Entity::Measurement(entry) = *entity else { panic!("{entity:?} is no measurement") };
        assert_eq!((entry.measured.value, entry.measured.unit.as_str(), entry.measured.kind), (1.2, "cm2", Kind::Area));
        assert_eq!(entry.definition.shapes, [shape.id]);
        let Some(Command::Put { entity, .. }) = number(6.0, "g/ml", Some("Mean")).kept(&shape, &image) else {
            panic!("it is lost")
        };
        let Entity::Measurement(entry) = *entity else { panic!("{entity:?} is no measurement") };
        assert_eq!((entry.measured.definition.as_str(), entry.measured.kind), ("Uptake, mean", Kind::Mean));
        assert!(number(3.0, "g", None).kept(&shape, &image).is_none(), "nothing holds a mass");
    }
}
