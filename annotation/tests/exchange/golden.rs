//! The golden vectors of FORMATS F that go through a whole export: one box, two squares and a point whose places in pixels,
//! shares and millimetres are known. The others stand beside the code they test (`rle`, `brush`, `seg`, `vqa`).

use limner_annotation::exchange::{Options, by_name, export};
use limner_annotation::{Command, Document, Form, ImageEntry, Label, Result, Shape, Slice};
use limner_imaging::{Geometry, Samples, Task, Volume, World, formats};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// 512 columns, 400 rows, rows 0.8 mm and columns 0.5 mm apart, the first voxel's centre at (10, 20, 4).
fn geometry() -> Geometry {
    Geometry::axis_aligned([512, 400, 2], World::new(10.0, 20.0, 4.0), [0.5, 0.8, 2.0]).unwrap()
}

fn load(image: &ImageEntry, _: &Task) -> Result<Volume> {
    Ok(Volume::new(image.geometry, Samples::U8(vec![7; image.geometry.voxel_count()]), 1)?)
}

fn document(forms: &[Form]) -> Document {
    let volume = Volume::new(geometry(), Samples::U8(vec![7; geometry().voxel_count()]), 1).unwrap();
    let image = ImageEntry::of_volume(&volume, "a", "a");
    let label = Label::new(1, "thing");
    let shapes =
        forms.iter().map(|form| Command::AddShape { shape: Shape::new(image.id, form.clone(), Some(label.id)) });
    let shapes: Vec<_> = shapes.collect();
    let mut document = Document::new("reader");
    let start = vec![Command::AddLabel { label }, Command::AddImage { image }];
    document.apply("Draw", start.into_iter().chain(shapes).collect()).unwrap();
    document
}

fn put(name: &str, document: &Document, home: &Path) -> PathBuf {
    let out = home.join(name);
    let options = Options { key: "key".into(), ..Options::default() };
    export(by_name(name).unwrap(), document, &load, &out, &options, &Task::default()).unwrap();
    out
}

fn text(folder: &Path, ending: &str) -> String {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.to_string_lossy().ends_with(ending) => return std::fs::read_to_string(path).unwrap(),
                _ => {}
            }
        }
    }
    panic!("there is no {ending} under {}", folder.display())
}

#[test]
fn the_canonical_box_is_written_as_each_format_counts() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let canonical = Form::Box2d { slice: Slice::stored(0), min: [100.0, 50.0], max: [300.0, 250.0] };
    let document = document(&[canonical]);
    let coco: Value = serde_json::from_str(&text(&put("coco-instances", &document, home), "annotations.json")).unwrap();
    assert_eq!(coco["annotations"][0]["bbox"], json!([100.0, 50.0, 200.0, 200.0]));
    let voc = text(&put("voc", &document, home), ".xml");
    for corner in ["<xmin>101</xmin>", "<ymin>51</ymin>", "<xmax>300</xmax>", "<ymax>250</ymax>"] {
        assert!(voc.contains(corner), "{corner}: {voc}");
    }
    assert_eq!(text(&put("yolo-detect", &document, home), "slice_00001.txt"), "0 0.390625 0.375 0.390625 0.5\n");
    let nih = text(&put("nih-bbox", &document, home), ".csv");
    assert!(nih.lines().nth(1).is_some_and(|line| line.contains(",100,50,200,200")), "{nih}");
    let studio: Value = serde_json::from_str(&text(&put("label-studio", &document, home), "tasks.json")).unwrap();
    let value = &studio[0]["annotations"][0]["result"][0]["value"];
    let percent = ["x", "y", "width", "height"].map(|key| value[key].as_f64().unwrap());
    assert!(percent.iter().zip([19.53, 12.5, 39.06, 50.0]).all(|(a, b)| (a - b).abs() < 0.005), "{percent:?}");
}

#[test]
fn squares_fill_the_pixels_whose_centres_they_hold() {
    let square = |low: f64, high: f64, index: usize| Form::Polygon {
        slice: Slice::stored(index),
        rings: vec![vec![[low, low], [high, low], [high, high], [low, high]]],
    };
    let home = tempfile::tempdir().unwrap();
    let out = put("paired-png", &document(&[square(1.0, 3.0, 0), square(0.5, 2.5, 1)]), home.path());
    for slice in [1, 2] {
        let mask = out.join(format!("masks/case_00001_slice_{slice:05}.png"));
        let mask = formats::open_single(&mask, &Task::default()).unwrap();
        let inside: Vec<[usize; 2]> =
            (0..512 * 400).filter(|n| mask.samples().get(*n) > 0.0).map(|n| [n % 512, n / 512]).collect();
        assert_eq!(inside.len(), 4, "{inside:?}");
        // The square from one half to two and a half touches the centres of rows and columns 0 to 2: a rule must decide, and
        // the reference library's gives rows and columns 1 and 2 for the whole pixels.
        if slice == 1 {
            assert_eq!(inside, [[1, 1], [2, 1], [1, 2], [2, 2]]);
        }
    }
}

#[test]
fn pixels_and_millimetres_are_those_of_the_standard() {
    let home = tempfile::tempdir().unwrap();
    let ring = vec![vec![[2.0, 1.0], [6.0, 1.0], [6.0, 5.0]]];
    let document = document(&[Form::Polygon { slice: Slice::stored(0), rings: ring }]);
    assert_eq!(
        geometry().affine_lps_rows(),
        [[0.5, 0.0, 0.0, 10.0], [0.0, 0.8, 0.0, 20.0], [0.0, 0.0, 2.0, 4.0], [0.0, 0.0, 0.0, 1.0]]
    );
    // A corner in pixels with corner origin lies half a pixel from the centre that the image position names.
    let out = put("rtstruct", &document, home.path());
    let bytes = std::fs::read(out.join("case_00001_rtstruct.dcm")).unwrap();
    let golden = b"10.75\\20.4\\4";
    assert!(bytes.windows(golden.len()).any(|w| w == golden), "the corner (2, 1) is not at (10.75, 20.4, 4)");
}
