//! What shapes and masks measure. Every number carries its unit and how it came about; where an image has no spacing it is
//! px, never mm, until somebody calibrates it by hand.

use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use crate::shapes::{Form, Shape, Slice};
use glam::{DVec2, DVec3};
use limner_imaging::{Mask, StackAxis, Volume, Voxel};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A number with its unit (UCUM; px and voxel where there is no scale) and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub kind: Kind,
    pub value: f64,
    pub unit: String,
    /// In words: which lines, which formula.
    pub definition: String,
    pub scale: Scale,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Length,
    LongDiameter,
    ShortDiameter,
    Angle,
    Area,
    Volume,
    Mean,
    StandardDeviation,
    Minimum,
    Maximum,
    Time,
    Count,
    Ratio,
}

/// What turned grid into patient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// The image's own spacing, millimetres.
    Spacing([f64; 3]),
    /// Measured by hand, millimetres per pixel.
    Calibration(f64),
    /// None: pixels and voxels.
    Pixels,
}

/// A slice's pixels in millimetres, or as they are.
struct Ground {
    across: DVec3,
    down: DVec3,
    scale: Scale,
}

impl Ground {
    fn of(image: &ImageEntry, slice: Slice) -> Self {
        let g = &image.geometry;
        let [a, b] = slice.axes_in_plane();
        // Along frames there are no millimetres.
        let in_space = image.stack_axis == StackAxis::Space || slice.axis == 2;
        match (image.spacing_known && in_space, image.calibration_mm_per_px) {
            (true, _) => Self { across: g.step(a), down: g.step(b), scale: Scale::Spacing(g.spacing_mm()) },
            (false, Some(mm)) if in_space => {
                Self { across: DVec3::X * mm, down: DVec3::Y * mm, scale: Scale::Calibration(mm) }
            }
            _ => Self { across: DVec3::X, down: DVec3::Y, scale: Scale::Pixels },
        }
    }

    fn unit(&self, in_mm: &str, in_px: &str) -> String {
        if self.scale == Scale::Pixels { in_px.into() } else { in_mm.into() }
    }

    fn vector(&self, from: [f64; 2], to: [f64; 2]) -> DVec3 {
        self.across * (to[0] - from[0]) + self.down * (to[1] - from[1])
    }

    fn length(&self, [from, to]: [[f64; 2]; 2]) -> f64 {
        self.vector(from, to).length()
    }

    fn made(&self, kind: Kind, value: f64, definition: &str) -> Measurement {
        let unit = match kind {
            Kind::Angle => "deg".into(),
            Kind::Area => self.unit("mm2", "px2"),
            _ => self.unit("mm", "px"),
        };
        Measurement { kind, value, unit, definition: definition.into(), scale: self.scale }
    }
}

/// What a shape measures; nothing for those that only mark a place.
#[must_use]
pub fn of_shape(shape: &Shape, image: &ImageEntry) -> Vec<Measurement> {
    if let Form::Oblique { drawing } = &shape.form {
        let flat = |plane| of_shape(&Shape { form: (*drawing.drawn).clone(), ..shape.clone() }, &plane);
        return drawing.entry(image).map(flat).unwrap_or_default();
    }
    let Some(slice) = shape.form.slice() else { return of_space(&shape.form, image) };
    let ground = Ground::of(image, slice);
    match &shape.form {
        Form::Ruler { ends, .. } => vec![ground.made(Kind::Length, ground.length(*ends), "distance of the two ends")],
        Form::Polyline { points, .. } => {
            let sum = points.windows(2).map(|pair| ground.length([pair[0], pair[1]])).sum();
            vec![ground.made(Kind::Length, sum, "sum of the distances from point to point")]
        }
        Form::Bidirectional { long, short, .. } => {
            // Whichever was drawn first, the longer one is the long one.
            let (a, b) = (ground.length(*long), ground.length(*short));
            vec![
                ground.made(Kind::LongDiameter, a.max(b), "the longer of the two lines"),
                ground.made(Kind::ShortDiameter, a.min(b), "the shorter of the two lines"),
            ]
        }
        Form::Angle { points: [a, corner, b], .. } => {
            let angle = ground.vector(*corner, *a).angle_between(ground.vector(*corner, *b)).to_degrees();
            vec![ground.made(Kind::Angle, angle, "at the second point, between the first and the third")]
        }
        Form::Cobb { first, second, .. } => {
            let angle = ground.vector(first[0], first[1]).angle_between(ground.vector(second[0], second[1]));
            let degrees = angle.to_degrees();
            // Lines have no direction.
            vec![ground.made(Kind::Angle, degrees.min(180.0 - degrees), "between the two lines, at most 90 degrees")]
        }
        Form::Interval { seconds, .. } => vec![Measurement {
            kind: Kind::Time,
            value: seconds[1] - seconds[0],
            unit: "s".into(),
            definition: "from the start to the end of the interval".into(),
            scale: ground.scale,
        }],
        Form::Ellipse { radii, .. } => {
            let area = std::f64::consts::PI * radii[0] * radii[1] * ground.across.cross(ground.down).length();
            vec![ground.made(Kind::Area, area, "pi times the two radii")]
        }
        form => {
            let area = form.rings().map(|rings| area_px(&rings) * ground.across.cross(ground.down).length());
            area.map(|area| ground.made(Kind::Area, area, "inside an odd number of outlines")).into_iter().collect()
        }
    }
}

fn of_space(form: &Form, image: &ImageEntry) -> Vec<Measurement> {
    if let Form::Ruler3d { ends } = form {
        return vec![space_length(*ends, image)];
    }
    if let Form::ConfidenceMap { map } = form {
        return vec![volume_of(map.expected_voxels(), image, "the voxels of the map, each as far as it is sure")];
    }
    let Form::Box3d { min, max } = form else { return Vec::new() };
    let voxels = (0..3).map(|a| max[a] - min[a]).product::<f64>();
    vec![volume_of(voxels, image, "the voxels of the box, parts counted as parts")]
}

fn space_length([from, to]: [[f64; 3]; 2], image: &ImageEntry) -> Measurement {
    let way = DVec3::from(to) - DVec3::from(from);
    let in_space = image.stack_axis == StackAxis::Space || way.z == 0.0;
    let (length, unit, scale) = match (image.spacing_known, image.calibration_mm_per_px) {
        (true, _) if in_space => {
            let mm = image.geometry.world_from_voxel().transform_vector3(way).length();
            (mm, "mm", Scale::Spacing(image.geometry.spacing_mm()))
        }
        (false, Some(mm)) if way.z == 0.0 => (way.length() * mm, "mm", Scale::Calibration(mm)),
        _ => (way.length(), "px", Scale::Pixels),
    };
    let definition = "distance of the two ends in space".into();
    Measurement { kind: Kind::Length, value: length, unit: unit.into(), definition, scale }
}

/// How much is painted: a volume in a stack of slices; a single picture has no third side, so that there it is an area.
#[must_use]
pub fn painted(mask: &Mask, image: &ImageEntry) -> Measurement {
    let count = mask.count() as f64;
    if image.size()[2] > 1 {
        return volume_of(count, image, "voxels times the size of a voxel");
    }
    area_of(count, image, Slice::stored(0))
}

/// So many pixels of a stored slice or frame.
pub(crate) fn area_of(pixels: f64, image: &ImageEntry, slice: Slice) -> Measurement {
    let ground = Ground::of(image, slice);
    let area = pixels * ground.across.cross(ground.down).length();
    ground.made(Kind::Area, area, "pixels times the size of a pixel")
}

fn volume_of(voxels: f64, image: &ImageEntry, definition: &str) -> Measurement {
    let known = image.spacing_known && image.stack_axis == StackAxis::Space;
    let (value, unit, scale) = if known {
        let spacing = Scale::Spacing(image.geometry.spacing_mm());
        (voxels * image.geometry.voxel_volume_mm3(), "mm3", spacing)
    } else {
        (voxels, "voxel", Scale::Pixels)
    };
    Measurement { kind: Kind::Volume, value, unit: unit.into(), definition: definition.into(), scale }
}

/// Mean, standard deviation, minimum and maximum of a picture's values (after rescale) under a mask. Empty where no
/// finite value lies under it.
#[must_use]
pub fn statistics(volume: &Volume, mask: &Mask) -> Vec<Measurement> {
    let size = volume.size();
    let inside = mask.indices().filter(|index| (0..3).all(|a| index[a] < size[a]));
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in inside.map(|index| volume.value(index)).filter(|value| value.is_finite()) {
        // Welford: exact also far from zero.
        count += 1.0;
        let step = value - mean;
        mean += step / count;
        squares += step * (value - mean);
        (low, high) = (low.min(value), high.max(value));
    }
    if count == 0.0 {
        return Vec::new();
    }
    let unit = volume.value_map.unit.clone().unwrap_or_else(|| "1".into());
    let made = |kind, value, definition: &str| {
        let scale = Scale::Spacing(volume.geometry.spacing_mm());
        let scale = if volume.spacing_known { scale } else { Scale::Pixels };
        Measurement { kind, value, unit: unit.clone(), definition: definition.into(), scale }
    };
    vec![
        made(Kind::Mean, mean, "mean of the values under the mask"),
        made(Kind::StandardDeviation, (squares / count).sqrt(), "square root of the mean squared deviation"),
        made(Kind::Minimum, low, "smallest value under the mask"),
        made(Kind::Maximum, high, "largest value under the mask"),
    ]
}

/// The values under a shape that has an area: which picture holds them, and which of its pixels. The image itself, or for
/// a drawing on a turned plane the image as that plane cuts it.
#[must_use]
pub fn under<'a>(shape: &Shape, volume: &'a Volume) -> Option<(Cow<'a, Volume>, Mask)> {
    if let Form::Oblique { drawing } = &shape.form {
        let (picture, drawn) = drawing.resliced(volume)?;
        let mask = inside(&drawn, picture.size())?;
        return Some((Cow::Owned(picture), mask));
    }
    Some((Cow::Borrowed(volume), inside(&shape.form, volume.size())?))
}

/// The pixels of a slice whose centres lie inside a shape, as a mask on the image's grid: for statistics and painting.
#[must_use]
pub fn mask_of(shape: &Shape, image: &ImageEntry) -> Option<Mask> {
    inside(&shape.form, image.size())
}

fn inside(form: &Form, size: [usize; 3]) -> Option<Mask> {
    let (slice, rings) = (form.slice()?, form.rings()?);
    let [a, b] = slice.axes_in_plane();
    let rings: Vec<Vec<DVec2>> = rings.iter().map(|r| r.iter().copied().map(DVec2::from).collect()).collect();
    let (mut min, mut max) = ([0; 3], size);
    (min[slice.axis], max[slice.axis]) = (slice.index, slice.index + 1);
    let mut mask = Mask::empty(limner_imaging::VoxelBox::new(min, max));
    for (row, columns) in crate::tools::lasso::rows_inside(&rings, [size[a], size[b]]) {
        for column in columns {
            let mut index = min;
            (index[a], index[b]) = (column, row);
            mask.set(index, true);
        }
    }
    Some(mask)
}

/// The calibration that a ruler of a known length gives: millimetres per pixel of its slice. Refused where the picture has
/// a spacing of its own, which a hand does not overrule, and where pixels have no one size.
pub fn calibrated(image: &ImageEntry, ruler: &Form, length_mm: f64) -> Result<ImageEntry> {
    let Form::Ruler { slice, ends } = ruler else {
        return Err(Error::refused("draw a ruler along something of known length to calibrate the image"));
    };
    if image.spacing_known {
        return Err(Error::refused("the image has a spacing of its own; calibration is for images without one"));
    }
    if slice.axis != 2 && image.stack_axis != StackAxis::Space {
        return Err(Error::refused("a ruler across frames has no length in millimetres"));
    }
    let px = DVec2::from(ends[0]).distance(DVec2::from(ends[1]));
    let mm_per_px = length_mm / px;
    if length_mm <= 0.0 || !mm_per_px.is_finite() || mm_per_px <= 0.0 {
        return Err(Error::refused("the known length must be a positive number of millimetres"));
    }
    Ok(ImageEntry { calibration_mm_per_px: Some(mm_per_px), ..image.clone() })
}

/// The place of a pixel position of a slice in the patient.
#[must_use]
pub fn world_of(image: &ImageEntry, slice: Slice, at: [f64; 2]) -> limner_imaging::World {
    let [a, b] = slice.axes_in_plane();
    let mut voxel = DVec3::ZERO;
    voxel[slice.axis] = slice.index as f64;
    // From corner origin to centre origin.
    voxel[a] = at[0] - 0.5;
    voxel[b] = at[1] - 0.5;
    image.geometry.world(Voxel(voxel))
}

/// The area inside an odd number of rings that do not cross: a ring inside one other is a hole, in two an island.
fn area_px(rings: &[Vec<[f64; 2]>]) -> f64 {
    let signed = |ring: &[[f64; 2]]| -> f64 {
        let next = ring.iter().cycle().skip(1);
        ring.iter().zip(next).map(|(p, q)| p[0] * q[1] - q[0] * p[1]).sum::<f64>() / 2.0
    };
    let depth = |n: usize| rings.iter().enumerate().filter(|(m, ring)| *m != n && contains(ring, rings[n][0])).count();
    rings.iter().enumerate().map(|(n, ring)| signed(ring).abs() * if depth(n) % 2 == 0 { 1.0 } else { -1.0 }).sum()
}

fn contains(ring: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
    let edges = ring.iter().zip(ring.iter().cycle().skip(1));
    let crossed =
        edges.filter(|([ax, ay], [bx, by])| (*ay <= y) != (*by <= y) && x < ax + (y - ay) / (by - ay) * (bx - ax));
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::ImageId;
    use limner_imaging::{Geometry, Samples, ValueMap, World};

    const SLICE: Slice = Slice::stored(1);

    fn volume_and_image() -> (Volume, ImageEntry) {
        let directions = [DVec3::new(0.0, 1.0, 0.0), DVec3::new(-0.6, 0.0, 0.8), DVec3::new(0.8, 0.0, 0.6)];
        let g = Geometry::from_parts([20, 10, 3], World::new(5.0, 6.0, 7.0), [0.5, 2.0, 3.0], directions).unwrap();
        let mut volume = Volume::new(g, Samples::I16((0..600).collect()), 1).unwrap();
        volume.value_map = ValueMap { slope: 2.0, intercept: -1000.0, unit: Some("HU".into()) };
        let image = ImageEntry::of_volume(&volume, "a", "a");
        (volume, image)
    }

    fn measured(form: Form, image: &ImageEntry) -> Vec<(Kind, f64, String)> {
        let rounded = |m: Measurement| (m.kind, (m.value * 1e9).round() / 1e9, m.unit);
        of_shape(&Shape::new(ImageId::new(), form, None), image).into_iter().map(rounded).collect()
    }

    #[test]
    fn lengths_and_angles_are_of_the_patient() {
        let (_, image) = volume_and_image();
        let ends = [[2.0, 1.0], [8.0, 3.0]];
        assert_eq!(measured(Form::Ruler { slice: SLICE, ends }, &image), [(Kind::Length, 5.0, "mm".into())]);
        let pair =
            Form::Bidirectional { slice: SLICE, long: [[0.0, 0.0], [4.0, 0.0]], short: [[0.0, 0.0], [0.0, 2.0]] };
        let found = measured(pair, &image);
        assert_eq!(found[0], (Kind::LongDiameter, 4.0, "mm".into()));
        assert_eq!(found[1], (Kind::ShortDiameter, 2.0, "mm".into()));
        // On the grid 45 degrees would be one to one; in the patient it is four columns to a row.
        let angle = Form::Angle { slice: SLICE, points: [[4.0, 0.0], [0.0, 0.0], [4.0, 1.0]] };
        assert_eq!(measured(angle, &image), [(Kind::Angle, 45.0, "deg".into())]);
        let cobb = Form::Cobb { slice: SLICE, first: [[4.0, 1.0], [0.0, 0.0]], second: [[0.0, 0.0], [9.0, 0.0]] };
        assert_eq!(measured(cobb, &image), [(Kind::Angle, 45.0, "deg".into())]);
        let across = Slice { axis: 0, index: 3 };
        let ruler = Form::Ruler { slice: across, ends: [[1.0, 0.0], [3.0, 1.0]] };
        assert_eq!(measured(ruler, &image), [(Kind::Length, 5.0, "mm".into())]);
    }

    #[test]
    fn areas_leave_holes_out() {
        let (_, image) = volume_and_image();
        let square = |low: f64, high: f64| vec![[low, low], [high, low], [high, high], [low, high]];
        let rings = vec![square(0.0, 8.0), square(2.0, 6.0), square(3.0, 5.0)];
        let form = Form::Polygon { slice: SLICE, rings };
        assert_eq!(measured(form, &image), [(Kind::Area, 52.0, "mm2".into())]);
        let turned = Form::RotatedBox { slice: SLICE, centre: [5.0, 5.0], size: [4.0, 2.0], degrees: 30.0 };
        assert_eq!(measured(turned, &image), [(Kind::Area, 8.0, "mm2".into())]);
        let ellipse = Form::Ellipse { slice: SLICE, centre: [5.0, 5.0], radii: [4.0, 2.0], degrees: 30.0 };
        assert!((measured(ellipse, &image)[0].1 - 8.0 * std::f64::consts::PI).abs() < 1e-6);
    }

    #[test]
    fn without_a_scale_it_is_never_millimetres() {
        let (volume, mut image) = volume_and_image();
        image.spacing_known = false;
        let ruler = Form::Ruler { slice: SLICE, ends: [[0.0, 0.0], [3.0, 4.0]] };
        assert_eq!(measured(ruler.clone(), &image), [(Kind::Length, 5.0, "px".into())]);
        let mask = Mask::from_fn(limner_imaging::VoxelBox::whole(image.size()), |v| v[0] == 1);
        assert_eq!(super::painted(&mask, &image).unit, "voxel");
        image.calibration_mm_per_px = Some(0.2);
        assert_eq!(measured(ruler.clone(), &image), [(Kind::Length, 1.0, "mm".into())]);
        image = ImageEntry { spacing_known: true, stack_axis: StackAxis::Time, ..image };
        let through_time = Form::Ruler { slice: Slice { axis: 0, index: 0 }, ends: [[0.0, 0.0], [0.0, 2.0]] };
        assert_eq!(measured(through_time, &image), [(Kind::Length, 2.0, "px".into())]);
        assert_eq!(measured(ruler, &image)[0].2, "mm");
        assert_eq!(super::painted(&mask, &image).unit, "voxel");
        assert!(statistics(&volume, &Mask::empty(mask.bounds())).is_empty());
    }

    #[test]
    fn a_ruler_of_known_length_calibrates_and_a_spacing_is_not_overruled() {
        let (_, mut image) = volume_and_image();
        let ruler = Form::Ruler { slice: SLICE, ends: [[0.0, 0.0], [3.0, 4.0]] };
        assert!(calibrated(&image, &ruler, 10.0).is_err());
        image.spacing_known = false;
        for length_mm in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(calibrated(&image, &ruler, length_mm).is_err(), "{length_mm}");
        }
        assert!(calibrated(&image, &Form::Point { at: [0.0; 3] }, 10.0).is_err());
        let image = calibrated(&image, &ruler, 10.0).unwrap();
        assert_eq!(measured(ruler, &image), [(Kind::Length, 10.0, "mm".into())]);
    }

    #[test]
    fn a_ruler_through_space_is_of_the_patient() {
        let (_, mut image) = volume_and_image();
        let ruler = Form::Ruler3d { ends: [[0.0, 0.0, 0.0], [8.0, 0.0, 1.0]] };
        assert_eq!(measured(ruler.clone(), &image), [(Kind::Length, 5.0, "mm".into())]);
        image.spacing_known = false;
        assert_eq!(measured(ruler, &image)[0].2, "px");
    }

    #[test]
    fn statistics_are_of_the_pixels_inside() {
        let (volume, image) = volume_and_image();
        let form = Form::Box2d { slice: SLICE, min: [2.0, 3.0], max: [4.0, 5.0] };
        let mask = mask_of(&Shape::new(image.id, form, None), &image).unwrap();
        // Stored 262, 263, 282, 283.
        assert_eq!(mask.indices().collect::<Vec<_>>(), [[2, 3, 1], [3, 3, 1], [2, 4, 1], [3, 4, 1]]);
        let found = statistics(&volume, &mask);
        assert_eq!((found[0].value, found[0].unit.as_str()), (2.0 * 272.5 - 1000.0, "HU"));
        assert!((found[1].value - 2.0 * (100.25_f64).sqrt()).abs() < 1e-9);
        assert_eq!((found[2].value, found[3].value), (-476.0, -434.0));
        assert!((super::painted(&mask, &image).value - 4.0 * 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_pixel_corner_is_half_a_step_from_its_centre() {
        let (_, image) = volume_and_image();
        let at = world_of(&image, SLICE, [3.5, 2.5]);
        assert!(at.0.distance(image.geometry.world(Voxel::new(3.0, 2.0, 1.0)).0) < 1e-12);
    }
}
