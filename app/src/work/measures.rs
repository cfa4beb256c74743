//! What the shapes of open pictures measure, worked out when a shape changes and not when it is drawn.

use limner_annotation::measure::{self, Kind, Measurement};
use limner_annotation::tools::histogram::{self, Histogram};
use limner_annotation::{Change, Document, Form, ImageEntry, ImageId, Key, Shape, ShapeId};
use limner_imaging::{StackAxis, Volume, Voxel};
use std::collections::BTreeMap;

const BINS: usize = 48;

#[derive(Default)]
pub struct Measures(BTreeMap<ShapeId, Readout>);

/// What is written beside a shape and in the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readout {
    pub lines: Vec<String>,
    pub histogram: Option<Histogram>,
}

impl Readout {
    pub fn of(shape: &Shape, document: &Document, volume: &Volume) -> Self {
        let Some(image) = document.image(shape.image) else { return Self::default() };
        let mut lines = Self::lengths(shape, image);
        if let Form::Point { at } = shape.form {
            lines.extend(value_at(volume, Voxel(at.into())));
        }
        if let Form::Landmarks { points } = &shape.form {
            lines.push(if points.len() == 1 { "1 point".into() } else { format!("{} points", points.len()) });
        }
        let under = measure::under(shape, volume).filter(|_| !volume.is_colour());
        let histogram = under.as_ref().and_then(|(picture, mask)| histogram::of(picture, mask, BINS));
        if let Some((picture, mask)) = &under {
            let statistics = measure::statistics(picture, mask);
            let find = |kind| statistics.iter().find(|m| m.kind == kind);
            if let (Some(mean), Some(deviation)) = (find(Kind::Mean), find(Kind::StandardDeviation)) {
                lines.push(format!("Mean {} ± {} {}", short(mean.value), short(deviation.value), unit(&mean.unit)));
            }
            if let (Some(low), Some(high)) = (find(Kind::Minimum), find(Kind::Maximum)) {
                lines.push(format!("Range {} to {}", short(low.value), short(high.value)));
            }
        }
        Self { lines, histogram }
    }

    /// What needs no voxels: quick enough for every frame.
    pub fn lengths(shape: &Shape, image: &ImageEntry) -> Vec<String> {
        measure::of_shape(shape, image).iter().map(text).collect()
    }

    /// All of it on one line.
    pub fn summary(&self) -> String {
        self.lines.join(", ")
    }
}

impl Measures {
    pub fn get(&self, shape: ShapeId) -> Option<&Readout> {
        self.0.get(&shape)
    }

    pub fn put(&mut self, shape: ShapeId, readout: Readout) {
        self.0.insert(shape, readout);
    }

    /// Works out again what the changes touched; pictures that are not open wait until they are.
    pub fn follow(&mut self, document: &Document, changes: &[Change], pictures: &[(ImageId, &Volume)]) {
        for change in changes {
            let Change::Entity(key) = change else { continue };
            self.0.retain(|id, _| Key::from(*id) != *key);
            for (image, volume) in pictures {
                for shape in document.shapes_on(*image).filter(|shape| Key::from(shape.id) == *key) {
                    self.0.insert(shape.id, Readout::of(shape, document, volume));
                }
            }
        }
    }

    /// Works out all shapes of a picture that was opened. On frames that are not in memory they keep what was known of them.
    pub fn add_picture(&mut self, document: &Document, image: ImageId, volume: &Volume) {
        for shape in document.shapes_on(image) {
            let is_away = shape.form.slice().is_some_and(|slice| slice.axis == 2)
                && volume.only_slice().is_some_and(|k| shape.form.slice().is_none_or(|slice| slice.index != k));
            if !is_away || !self.0.contains_key(&shape.id) {
                self.0.insert(shape.id, Readout::of(shape, document, volume));
            }
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// A measurement as it is written on a picture.
pub fn text(measurement: &Measurement) -> String {
    let name = match measurement.kind {
        Kind::Length | Kind::Angle | Kind::Time | Kind::Ratio => "",
        Kind::Count => "Count ",
        Kind::LongDiameter => "Long ",
        Kind::ShortDiameter => "Short ",
        Kind::Area => "Area ",
        Kind::Volume => "Volume ",
        Kind::Mean => "Mean ",
        Kind::StandardDeviation => "Deviation ",
        Kind::Minimum => "Minimum ",
        Kind::Maximum => "Maximum ",
    };
    let (value, unit_text) = match measurement.unit.as_str() {
        "mm2" if measurement.value >= 1000.0 => (measurement.value / 100.0, "cm²"),
        "mm3" if measurement.value >= 100.0 => (measurement.value / 1000.0, "ml"),
        other => (measurement.value, unit(other)),
    };
    let gap = if unit_text == "°" { "" } else { " " };
    format!("{name}{}{gap}{unit_text}", short(value))
}

fn unit(ucum: &str) -> &str {
    match ucum {
        "mm2" => "mm²",
        "mm3" => "mm³",
        "px2" => "px²",
        "deg" => "°",
        "1" => "",
        other => other,
    }
}

/// As many digits as such a measurement is good for.
fn short(value: f64) -> String {
    let places = if value.abs() >= 1000.0 { 0 } else { 1 };
    format!("{value:.places$}")
}

fn value_at(volume: &Volume, at: Voxel) -> Option<String> {
    let index = at.index_in(volume.size())?;
    if volume.is_colour() {
        let first = volume.sample_at(index)?;
        let channels: Vec<_> = (0..volume.channels()).map(|c| volume.samples().get(first + c).to_string()).collect();
        return Some(format!("RGB {}", channels.join(", ")));
    }
    let unit = volume.value_map.unit.as_deref().unwrap_or("");
    let frames = volume.stack_axis != StackAxis::Space && volume.size()[2] > 1;
    let frame = if frames { format!(" (frame {})", index[2] + 1) } else { String::new() };
    Some(format!("{} {unit}{frame}", short(volume.value(index))).replace("  ", " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_annotation::measure::Scale;

    #[test]
    fn units_read_as_people_write_them() {
        let of = |kind, value, unit: &str| {
            text(&Measurement { kind, value, unit: unit.into(), definition: String::new(), scale: Scale::Pixels })
        };
        assert_eq!(of(Kind::Length, 12.345, "mm"), "12.3 mm");
        assert_eq!(of(Kind::Length, 12.345, "px"), "12.3 px");
        assert_eq!(of(Kind::Angle, 45.06, "deg"), "45.1°");
        assert_eq!(of(Kind::Area, 250.0, "mm2"), "Area 250.0 mm²");
        assert_eq!(of(Kind::Area, 2500.0, "mm2"), "Area 25.0 cm²");
        assert_eq!(of(Kind::Area, 2500.0, "px2"), "Area 2500 px²");
        assert_eq!(of(Kind::Volume, 1500.0, "mm3"), "Volume 1.5 ml");
        assert_eq!(of(Kind::LongDiameter, 7.0, "mm"), "Long 7.0 mm");
    }
}
