//! The table of measurements says what the window says beside a shape.

use limner_annotation::exchange::{Images, Options, by_name, export};
use limner_annotation::measure::{self, Kind};
use limner_annotation::{Command, Document, Error, Form, ImageEntry, Result, Shape, Slice};
use limner_imaging::{Geometry, Samples, Task, Volume, World};
use std::path::Path;

fn volume() -> Volume {
    let geometry = Geometry::axis_aligned([40, 30, 2], World::new(1.0, 2.0, 3.0), [0.5, 0.8, 2.0]).unwrap();
    Volume::new(geometry, Samples::I16((0..2400).map(|n| (n * 7 % 301) as i16).collect()), 1).unwrap()
}

fn load(_: &ImageEntry, _: &Task) -> Result<Volume> {
    Ok(volume())
}

/// The rows of an export as quantity, value and unit.
fn table(document: &Document, out: &Path, images: &dyn Images) -> Vec<(String, f64, String)> {
    let format = by_name("measurements-csv").unwrap();
    export(format, document, images, out, &Options::default(), &Task::default()).unwrap();
    let text = std::fs::read_to_string(out.join("measurements.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[4].to_owned(), cells[5].parse().unwrap(), cells[6].to_owned())
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn an_ellipse_has_the_area_and_the_values_that_the_window_shows() {
    let image = ImageEntry::of_volume(&volume(), "a", "a");
    let form = Form::Ellipse { slice: Slice::stored(1), centre: [20.0, 15.0], radii: [9.0, 6.0], degrees: 20.0 };
    let shape = Shape::new(image.id, form, None);
    let mut document = Document::new("reader");
    let commands = vec![Command::AddImage { image: image.clone() }, Command::AddShape { shape: shape.clone() }];
    document.apply("Draw", commands).unwrap();
    let home = tempfile::tempdir().unwrap();

    let rows = table(&document, &home.path().join("read"), &load);
    let area = std::f64::consts::PI * 9.0 * 6.0 * 0.5 * 0.8;
    assert_eq!(rows[0].0, "area");
    assert!((rows[0].1 - area).abs() < 1e-9 && rows[0].2 == "mm2", "{rows:?}");
    assert_eq!(rows[0].1, measure::of_shape(&shape, &image)[0].value);
    let pixels = volume();
    let (picture, mask) = measure::under(&shape, &pixels).unwrap();
    let shown = measure::statistics(&picture, &mask);
    let quantities = [
        ("mean", Kind::Mean),
        ("standard_deviation", Kind::StandardDeviation),
        ("minimum", Kind::Minimum),
        ("maximum", Kind::Maximum),
    ];
    for (name, kind) in quantities {
        let meant = shown.iter().find(|found| found.kind == kind).unwrap().value;
        let written = rows.iter().find(|row| row.0 == name).unwrap().1;
        assert_eq!(written, meant, "{name}");
    }

    // A picture that is away takes the values along, not the sizes.
    let away = |_: &ImageEntry, _: &Task| -> Result<Volume> { Err(Error::refused("gone")) };
    let rows = table(&document, &home.path().join("away"), &away);
    assert_eq!(rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), ["area"]);
}
