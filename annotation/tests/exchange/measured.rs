//! The table of measurements says what the window says beside a shape.

use limner_annotation::exchange::{Images, Options, by_name, export};
use limner_annotation::measure::{self, Kind};
use limner_annotation::{
    Command, Document, Error, Form, ImageEntry, Label, PackedMask, PaintMode, PaintRule, Result, Shape, Slice,
};
use limner_imaging::{Geometry, Mask, Samples, StackAxis, Task, Volume, VoxelBox, World};
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
    cells(out)
        .into_iter()
        .map(|cells| (cells[7].clone(), cells[8].parse().unwrap_or(f64::NAN), cells[9].clone()))
        .collect()
}

/// The lines below the first.
fn cells(out: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(out.join("measurements.csv")).unwrap();
    assert_eq!(text.lines().next(), Some("case,kind,id,name,label,plane,slice,quantity,value,unit,method"));
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
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

/// A document with a label painted on a volume, and two rulers of the same slice.
fn painted(volume: &Volume, bounds: VoxelBox) -> Document {
    let image = ImageEntry::of_volume(volume, "a", "a");
    let label = Label::new(1, "Spleen");
    let mask = PackedMask::pack(&Mask::from_fn(bounds, |_| true));
    let (mode, rule) = (PaintMode::Set, PaintRule::All);
    let ruler = |row: f64, text: Option<&str>| {
        let form = Form::Ruler { slice: Slice::stored(0), ends: [[1.0, row], [5.0, row]] };
        Command::AddShape { shape: Shape { text: text.map(str::to_owned), ..Shape::new(image.id, form, None) } }
    };
    let commands = vec![
        Command::AddImage { image: image.clone() },
        Command::AddLabel { label },
        Command::Paint { image: image.id, layer: 0, label: 1, mask, mode, rule },
        ruler(2.0, Some("Vertebra AP")),
        ruler(4.0, None),
    ];
    let mut document = Document::new("reader");
    document.apply("Paint", commands).unwrap();
    document
}

fn of_label(rows: &[Vec<String>]) -> Vec<[String; 4]> {
    let sizes = ["voxels", "volume", "surface", "pixels", "area", "centre_column", "centre_row"];
    let labels = rows.iter().filter(|cells| cells[1] == "label" && sizes.contains(&cells[7].as_str()));
    labels.map(|cells| [6, 7, 8, 9].map(|n| cells[n].clone())).collect()
}

#[test]
fn a_single_picture_has_an_area_and_frames_one_each_and_neither_a_volume() {
    let home = tempfile::tempdir().unwrap();
    let flat = Geometry::axis_aligned([40, 30, 1], World::default(), [0.5, 0.8, 1.0]).unwrap();
    let picture = Volume::new(flat, Samples::U8(vec![7; 1200]), 1).unwrap();
    let document = painted(&picture, VoxelBox::new([10, 5, 0], [14, 8, 1]));
    let load = move |_: &ImageEntry, _: &Task| -> Result<Volume> { Ok(picture.clone()) };
    table(&document, &home.path().join("picture"), &load);
    let rows = cells(&home.path().join("picture"));
    let text = |row: [&str; 4]| row.map(str::to_owned);
    let area = (12.0 * 0.5 * 0.8_f64).to_string();
    let expected = [["1", "pixels", "12", "1"], ["1", "area", &area, "mm2"]];
    assert_eq!(of_label(&rows)[..2], expected.map(text));
    assert_eq!(of_label(&rows)[2..].iter().map(|row| row[2].as_str()).collect::<Vec<_>>(), ["11.5", "6"]);
    assert!(rows.iter().any(|cells| cells[7] == "mean" && cells[8] == "7"), "what lies under it is told");

    let rulers: Vec<&Vec<String>> = rows.iter().filter(|cells| cells[1] == "ruler").collect();
    assert_eq!(rulers.iter().map(|cells| cells[3].as_str()).collect::<Vec<_>>(), ["Vertebra AP", ""]);
    assert!(rulers[0][2] != rulers[1][2] && rulers.iter().all(|cells| cells[5] == "stored" && cells[6] == "1"));

    let long = Geometry::axis_aligned([40, 30, 3], World::default(), [0.5, 0.8, 1.0]).unwrap();
    let mut cine = Volume::new(long, Samples::U8(vec![7; 3600]), 1).unwrap();
    cine.stack_axis = StackAxis::Time;
    let document = painted(&cine, VoxelBox::new([10, 5, 1], [14, 8, 3]));
    let load = move |_: &ImageEntry, _: &Task| -> Result<Volume> { Ok(cine.clone()) };
    table(&document, &home.path().join("cine"), &load);
    let sizes = of_label(&cells(&home.path().join("cine")));
    let areas: Vec<&[String; 4]> = sizes.iter().filter(|row| row[1] == "area").collect();
    assert_eq!(areas.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["2", "3"], "frames are counted from 1");
    assert!(areas.iter().all(|row| row[2] == area && row[3] == "mm2"));
    assert!(!sizes.iter().any(|row| row[1] == "volume"), "frames add up to nothing");
}
