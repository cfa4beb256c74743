//! Numbers of what is painted and drawn, as a table in CSV and in Parquet: volumes, surfaces and grey values of labels, sizes of shapes.

use super::case::Case;
use super::mesh::surface::Surface;
use super::parquet::{self, Cell, Field, Type};
use super::voxels::grid;
use super::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, csv, folder};
use crate::contents::Contents;
use crate::error::Result;
use crate::image_entry::ImageEntry;
use crate::measure::{self, Kind};
use crate::shapes::{Form, Shape, Slice};
use glam::DVec3;
use limner_imaging::{Geometry, Mask, StackAxis, Volume, Voxel};
use std::path::Path;

pub(crate) struct Measurements;

const FILE: &str = "measurements.csv";
const PARQUET: &str = "measurements.parquet";
const HEADER: [&str; 11] =
    ["case", "kind", "id", "name", "label", "plane", "slice", "quantity", "value", "unit", "method"];
/// The plane in which a picture is stored.
const STORED: &str = "stored";
const OUTLINES: &str = "outlines: only their numbers are written";

/// What is measured, and where it lies.
#[derive(Clone)]
struct Thing {
    kind: &'static str,
    /// Of the label or shape in the project: two rulers of one slice are told apart by it.
    id: String,
    /// What a shape is called, where it is.
    name: String,
    label: String,
    plane: String,
    /// Counted from 1.
    slice: String,
}

struct Row {
    thing: Thing,
    quantity: &'static str,
    value: f64,
    unit: String,
    method: String,
}

impl Exchange for Measurements {
    fn name(&self) -> &'static str {
        "measurements-csv"
    }

    fn title(&self) -> &'static str {
        "Measurements (CSV and Parquet)"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![OUTLINES]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            let count = grid::painted_values(contents, &case).len() + contents.shapes_on(case.image.id).count();
            run.records += count;
            (0..count).for_each(|_| run.lose(OUTLINES, || case.name.clone()));
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let mut lines = vec![HEADER.map(str::to_owned).to_vec()];
        job.task.progress.begin("measuring", cases.len() as u64);
        for case in &cases {
            job.task.cancel.check()?;
            for row in rows(job, case)? {
                let value = if row.value.is_finite() { row.value.to_string() } else { String::new() };
                let Row { thing, quantity, unit, method, .. } = &row;
                let Thing { kind, id, name, label, plane, slice } = thing;
                let cells = [&case.name, *kind, id, name, label, plane, slice, *quantity, &value, unit, method];
                lines.push(cells.map(str::to_owned).to_vec());
            }
            job.task.progress.advance(1);
        }
        let text: String = lines.iter().map(|line| csv::line(line)).collect();
        folder::write(&out.join(FILE), text.as_bytes())?;
        let mut pass = csv::rows(&folder::read_text(&out.join(FILE))?) == lines;
        // The same rows for programs that want types: written always, because nobody is hurt by it.
        let (fields, cells) = columns(&lines);
        parquet::write(&out.join(PARQUET), &fields, &cells, &[])?;
        pass &= parquet::read(&out.join(PARQUET), &fields)? == cells;
        Ok(SelfCheck { pass, max_mm: 0.0 })
    }
}

/// The lines below the first as columns of words and one of numbers.
fn columns(lines: &[Vec<String>]) -> (Vec<Field>, Vec<Vec<Cell>>) {
    let is_number = |name: &str| name == "value";
    let field = |name: &&str| Field::leaf(name, if is_number(name) { Type::Double } else { Type::Text });
    let cell = |(name, text): (&&str, &String)| match text.parse() {
        Ok(number) if is_number(name) => Cell::Double(number),
        Err(_) if is_number(name) => Cell::Null,
        _ => Cell::Text(text.clone()),
    };
    let cells = lines.iter().skip(1).map(|line| HEADER.iter().zip(line).map(cell).collect());
    (HEADER.iter().map(field).collect(), cells.collect())
}

fn rows(job: &Job<'_>, case: &Case<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let values = grid::painted_values(job.contents, case);
    let volume = picture(job, case, !values.is_empty())?;
    if let (Some(map), Some(volume)) = (job.contents.label_map(case.image.id), &volume) {
        for value in values {
            job.task.cancel.check()?;
            let mask = map.mask_of(value);
            let label = job.contents.label_of_value(value);
            let thing = Thing {
                kind: "label",
                id: label.map_or_else(String::new, |label| label.id.to_string()),
                name: String::new(),
                label: label.map_or_else(String::new, |label| label.name.clone()),
                plane: String::new(),
                slice: String::new(),
            };
            label_rows(&thing, &mask, volume, case.image, &mut rows);
        }
    }
    for shape in job.contents.shapes_on(case.image.id) {
        job.task.cancel.check()?;
        let label = shape.label.and_then(|id| job.contents.label(id)).map_or_else(String::new, |l| l.name.clone());
        shape_rows(shape, case.image, &label, volume.as_ref(), &mut rows);
    }
    Ok(rows)
}

/// The picture of a case, where something is measured on its values. What is painted cannot be measured without it; shapes
/// keep their sizes, which need no picture.
fn picture(job: &Job<'_>, case: &Case<'_>, is_painted: bool) -> Result<Option<Volume>> {
    if is_painted {
        return job.images.load(case.image, job.task).map(Some);
    }
    let has_inside = |shape: &Shape| shape.form.flat().rings().is_some();
    if !job.contents.shapes_on(case.image.id).any(has_inside) {
        return Ok(None);
    }
    let volume = job.images.load(case.image, job.task).ok();
    job.task.cancel.check()?;
    Ok(volume)
}

fn unit(known: bool, power: u8) -> String {
    let length = if known { "mm" } else { "px" };
    if power == 1 { length.to_owned() } else { format!("{length}{power}") }
}

fn label_rows(thing: &Thing, mask: &Mask, volume: &Volume, image: &ImageEntry, rows: &mut Vec<Row>) {
    let is_stack = image.size()[2] > 1 && image.stack_axis == StackAxis::Space;
    if is_stack {
        solid_rows(thing, mask, &volume.geometry, image.spacing_known, rows);
    } else {
        flat_rows(thing, mask, image, rows);
    }
    if !volume.is_colour() {
        grey_rows(thing, mask, volume, rows);
    }
}

/// The size and place of a body.
fn solid_rows(thing: &Thing, mask: &Mask, geometry: &Geometry, known: bool, rows: &mut Vec<Row>) {
    let count = mask.count() as f64;
    let surface = Surface::around(mask, geometry);
    let (volume_mm3, area_mm2) = (count * geometry.voxel_volume_mm3(), surface.area_mm2());
    let sphericity = (36.0 * std::f64::consts::PI * volume_mm3 * volume_mm3).cbrt() / area_mm2;
    let centre = mask.indices().fold(DVec3::ZERO, |sum, v| sum + geometry.world(Voxel::centre(v)).0) / count;
    let sizes = [
        ("voxels", count, "1".to_owned(), "counted"),
        ("volume", volume_mm3, unit(known, 3), "voxels times voxel volume"),
        ("surface", area_mm2, unit(known, 2), "marching cubes at one half"),
        ("sphericity", sphericity, "1".to_owned(), "surface of a ball of this volume over the surface"),
        ("centre_l", centre.x, unit(known, 1), "mean of voxel centres, LPS"),
        ("centre_p", centre.y, unit(known, 1), "mean of voxel centres, LPS"),
        ("centre_s", centre.z, unit(known, 1), "mean of voxel centres, LPS"),
    ];
    rows.extend(sizes.map(|(quantity, value, unit, method)| row(thing, quantity, value, unit, method)));
}

/// Areas: pictures and frames lie in no space that has a third side, and frames add up to nothing.
fn flat_rows(thing: &Thing, mask: &Mask, image: &ImageEntry, rows: &mut Vec<Row>) {
    let bounds = mask.tight_box();
    for k in bounds.min[2]..bounds.max[2] {
        let frame = mask.within(bounds.slice(2, k));
        let pixels = frame.count() as f64;
        if pixels == 0.0 {
            continue;
        }
        let thing = Thing { plane: STORED.into(), slice: (k + 1).to_string(), ..thing.clone() };
        let area = measure::area_of(pixels, image, Slice::stored(k));
        let centre = frame.indices().fold(DVec3::ZERO, |sum, v| sum + Voxel::centre(v).0) / pixels;
        rows.extend([
            row(&thing, "pixels", pixels, "1".to_owned(), "counted"),
            row(&thing, quantity(area.kind), area.value, area.unit, &area.definition),
            row(&thing, "centre_column", centre.x, "px".to_owned(), "mean of pixel centres, the first is 0"),
            row(&thing, "centre_row", centre.y, "px".to_owned(), "mean of pixel centres, the first is 0"),
        ]);
    }
}

/// What lies under a label.
fn grey_rows(thing: &Thing, mask: &Mask, volume: &Volume, rows: &mut Vec<Row>) {
    let mut values: Vec<f64> = mask.indices().map(|v| volume.value(v)).filter(|value| value.is_finite()).collect();
    if values.is_empty() {
        return;
    }
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let rank = |share: f64| values.get(((n - 1.0) * share).round().max(0.0) as usize).copied().unwrap_or(f64::NAN);
    let moment = |power: i32| values.iter().map(|v| ((v - mean) / spread).powi(power)).sum::<f64>() / n;
    let grey = volume.value_map.unit.clone().unwrap_or_default();
    let first_order = [
        ("mean", mean, "voxels inside"),
        ("standard_deviation", spread, "voxels inside, divided by their number"),
        ("minimum", rank(0.0), "voxels inside"),
        ("percentile_10", rank(0.1), "nearest rank"),
        ("median", rank(0.5), "nearest rank"),
        ("percentile_90", rank(0.9), "nearest rank"),
        ("maximum", rank(1.0), "voxels inside"),
    ];
    let shape_of_grey =
        [("skewness", moment(3), "third moment"), ("kurtosis", moment(4), "fourth moment, 3 for a bell curve")];
    rows.extend(first_order.map(|(quantity, value, method)| row(thing, quantity, value, grey.clone(), method)));
    rows.extend(shape_of_grey.map(|(quantity, value, method)| row(thing, quantity, value, "1".to_owned(), method)));
}

fn row(thing: &Thing, quantity: &'static str, value: f64, unit: String, method: &str) -> Row {
    Row { thing: thing.clone(), quantity, value, unit, method: method.to_owned() }
}

/// What a shape measures, in the numbers that stand beside it in the window.
fn shape_rows(shape: &Shape, image: &ImageEntry, label: &str, volume: Option<&Volume>, rows: &mut Vec<Row>) {
    let (plane, slice) = match (&shape.form, shape.form.slice()) {
        (Form::Oblique { .. }, _) => ("turned".to_owned(), String::new()),
        (_, Some(slice)) if slice.axis == 2 => (STORED.to_owned(), (slice.index + 1).to_string()),
        (_, Some(slice)) => (format!("axis {}", slice.axis), (slice.index + 1).to_string()),
        (_, None) => (String::new(), String::new()),
    };
    let thing = Thing {
        kind: shape.form.name(),
        id: shape.id.to_string(),
        name: shape.text.clone().unwrap_or_default(),
        label: label.to_owned(),
        plane,
        slice,
    };
    let row = |quantity, value, unit, method: String| row(&thing, quantity, value, unit, &method);
    let sizes = measure::of_shape(shape, image).into_iter();
    rows.extend(sizes.map(|found| row(quantity(found.kind), found.value, found.unit, found.definition)));
    // One number a pixel: colours have no mean.
    let Some(volume) = volume.filter(|volume| !volume.is_colour()) else { return };
    let Some((picture, mask)) = measure::under(shape, volume) else { return };
    let grey = volume.value_map.unit.clone().unwrap_or_default();
    let values = measure::statistics(&picture, &mask).into_iter();
    rows.extend(values.map(|found| row(quantity(found.kind), found.value, grey.clone(), found.definition)));
}

const fn quantity(kind: Kind) -> &'static str {
    match kind {
        Kind::Length => "length",
        Kind::LongDiameter => "long_diameter",
        Kind::ShortDiameter => "short_diameter",
        Kind::Angle => "angle",
        Kind::Area => "area",
        Kind::Volume => "volume",
        Kind::Mean => "mean",
        Kind::StandardDeviation => "standard_deviation",
        Kind::Minimum => "minimum",
        Kind::Maximum => "maximum",
        Kind::Time => "time",
        Kind::Count => "count",
        Kind::Ratio => "ratio",
    }
}
