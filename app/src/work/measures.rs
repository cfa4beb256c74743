//! What the shapes of open pictures measure, worked out when a shape changes and not when it is drawn.

use limner_annotation::measure::{self, Kind, Measurement};
use limner_annotation::tools::histogram::{self, Histogram};
use limner_annotation::{Change, Document, Form, ImageEntry, ImageId, Key, Shape, ShapeId, counted};
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
            lines.push(counted(points.len(), "point"));
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

/// What a shape is called, as the menu calls the tool that draws it.
pub const fn name_of(form: &Form) -> &'static str {
    match form.flat() {
        Form::Box2d { .. } => "rectangle",
        Form::Bidirectional { .. } => "bidirectional",
        Form::Point { .. } => "probe",
        other => other.name(),
    }
}

/// What shows bodies, whatever it shows of them.
const OF_BODIES: [&str; 10] = ["CT", "MR", "PT", "NM", "MG", "CR", "DX", "RF", "XA", "IO"];

/// Whether a picture may be one of a signal, whose columns are moments: a trace, an M-mode, a spectrum.
pub fn may_show_a_signal(image: &ImageEntry) -> bool {
    let is_volume = image.stack_axis == StackAxis::Space && image.size()[2] > 1;
    let shows_a_body = image.modality.as_deref().is_some_and(|modality| OF_BODIES.contains(&modality));
    image.signal.is_some() || !(is_volume || shows_a_body)
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
    let amount = match measurement.unit.as_str() {
        "mm3" => millilitres(measurement.value),
        "deg" => format!("{}°", short(measurement.value)),
        other => format!("{} {}", short(measurement.value), unit(other)),
    };
    format!("{name}{}", amount.trim_end())
}

/// One unit for volumes of every size, as for areas: rows of a list can be compared.
fn millilitres(mm3: f64) -> String {
    let ml = mm3 / 1000.0;
    if ml < 1.0 { format!("{ml:.3} ml") } else { format!("{} ml", short(ml)) }
}

fn unit(ucum: &str) -> &str {
    match ucum {
        "mm2" => "mm²",
        "px2" => "px²",
        "voxel" => "voxels",
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
    use crate::widgets::sentence_case;
    use limner_annotation::Slice;
    use limner_annotation::measure::Scale;
    use limner_annotation::tools::{Makes, ToolId};
    use limner_imaging::{Geometry, Samples};

    #[test]
    fn units_read_as_people_write_them() {
        let of = |kind, value, unit: &str| {
            text(&Measurement { kind, value, unit: unit.into(), definition: String::new(), scale: Scale::Pixels })
        };
        assert_eq!(of(Kind::Length, 12.345, "mm"), "12.3 mm");
        assert_eq!(of(Kind::Length, 12.345, "px"), "12.3 px");
        assert_eq!(of(Kind::Angle, 45.06, "deg"), "45.1°");
        // One unit, however large: small and large stand under each other in one list.
        assert_eq!(of(Kind::Area, 250.0, "mm2"), "Area 250.0 mm²");
        assert_eq!(of(Kind::Area, 2500.0, "mm2"), "Area 2500 mm²");
        assert_eq!(of(Kind::Area, 2500.0, "px2"), "Area 2500 px²");
        assert_eq!(of(Kind::Volume, 1500.0, "mm3"), "Volume 1.5 ml");
        assert_eq!(of(Kind::Volume, 12.0, "mm3"), "Volume 0.012 ml");
        assert_eq!(of(Kind::Ratio, 0.5, "1"), "0.5");
        assert_eq!(of(Kind::LongDiameter, 7.0, "mm"), "Long 7.0 mm");
    }

    #[test]
    fn shapes_are_called_as_the_menu_calls_their_tools() {
        let points = [[10.0, 10.0], [30.0, 12.0], [28.0, 40.0], [12.0, 30.0]];
        for info in ToolId::all().map(ToolId::info) {
            let Makes::Shape(make) = info.makes else { continue };
            // Each landmark is one point of a set.
            if info.name != "landmarks" {
                let form = (1..=points.len()).find_map(|count| make(Slice::stored(0), &points[..count])).unwrap();
                assert_eq!(sentence_case(name_of(&form)), info.title);
            }
        }
    }

    #[test]
    fn a_ct_is_no_picture_of_a_signal_and_a_plain_picture_may_be_one() {
        let entry = |size: [usize; 3], modality: Option<&str>| {
            let geometry = Geometry::new(size, glam::DAffine3::IDENTITY).unwrap();
            let volume = Volume::new(geometry, Samples::U8(vec![0; size.iter().product()]), 1).unwrap();
            ImageEntry { modality: modality.map(str::to_owned), ..ImageEntry::of_volume(&volume, "a.png", "a") }
        };
        assert!(may_show_a_signal(&entry([4, 3, 1], None)) && may_show_a_signal(&entry([4, 3, 1], Some("US"))));
        for (size, modality) in [([4, 3, 5], Some("CT")), ([4, 3, 1], Some("CT")), ([4, 3, 5], None)] {
            assert!(!may_show_a_signal(&entry(size, modality)), "{size:?} {modality:?}");
        }
    }
}
