//! On a phantom whose numbers are known by heart, on a grid turned about.

use glam::DVec3;
use limner_annotation::command::{Command, PaintMode, PaintRule};
use limner_annotation::question::generate::{GENERATORS, Plan, by_name, generate};
use limner_annotation::question::{Book, Lookup, Origin, Question, Status};
use limner_annotation::{Document, Form, ImageEntry, ImageId, Label, PackedMask, Result, Shape, Slice};
use limner_imaging::{Geometry, Mask, Samples, Task, ValueMap, Volume, VoxelBox, World};

const SIZE: [usize; 3] = [60, 50, 12];

/// Columns run to the patient's back, rows to the right: nothing is where a careless axis would look for it.
fn volume() -> Volume {
    let directions = [DVec3::Y, DVec3::NEG_X, DVec3::Z];
    let g = Geometry::from_parts(SIZE, World::new(10.0, 20.0, 30.0), [0.5, 0.8, 3.0], directions).unwrap();
    let samples = (0..g.voxel_count()).map(|n| (n % SIZE[0]) as i16 * 10).collect();
    let mut volume = Volume::new(g, Samples::I16(samples), 1).unwrap();
    volume.value_map = ValueMap { slope: 1.0, intercept: -100.0, unit: Some("HU".into()) };
    volume.modality = Some("CT".into());
    volume
}

fn inside(value: u16, [i, j, k]: [usize; 3]) -> bool {
    match value {
        // 20 x 30 x 4 voxels.
        1 => (5..25).contains(&i) && (10..40).contains(&j) && (2..6).contains(&k),
        // Beside it, touching.
        2 => (25..31).contains(&i) && (10..14).contains(&j) && (2..4).contains(&k),
        // Two parts far away, 6 x 3 x 2 and 2 x 2 x 1.
        3 => {
            ((45..51).contains(&i) && (20..23).contains(&j) && (8..10).contains(&k))
                || ((55..57).contains(&i) && (44..46).contains(&j) && k == 8)
        }
        _ => false,
    }
}

pub fn project() -> (Document, Vec<ImageId>) {
    let mut document = Document::new("reader");
    let labels = [(1, "liver"), (2, "kidney"), (3, "liver lesion")];
    let mut commands: Vec<_> =
        labels.into_iter().map(|(value, name)| Command::AddLabel { label: Label::new(value, name) }).collect();
    let mut images = Vec::new();
    for n in 0..2 {
        let image = ImageEntry::of_volume(&volume(), format!("{n}.nii"), "ct");
        let id = image.id;
        images.push(id);
        commands.push(Command::AddImage { image });
        for (value, _) in labels {
            // At the second time the lesion has one part only.
            let seen = |v: [usize; 3]| inside(value, v) && (n == 0 || v[0] < 52);
            let mask = PackedMask::pack(&Mask::from_fn(VoxelBox::whole(SIZE), seen));
            let (mode, rule) = (PaintMode::Set, PaintRule::All);
            commands.push(Command::Paint { image: id, layer: 0, label: value, mask, mode, rule });
        }
    }
    let ends = [[0.0, 0.0], [30.0, 0.0]];
    let ruler = Shape::new(images[0], Form::Ruler { slice: Slice::stored(3), ends }, None);
    commands.push(Command::AddShape { shape: ruler });
    let points = [("apex".to_owned(), [0.0, 0.0, 0.0]), ("base".to_owned(), [6.0, 0.0, 4.0])].into();
    commands.push(Command::AddShape { shape: Shape::new(images[0], Form::Landmarks { points }, None) });
    document.apply("Make", commands).unwrap();
    (document, images)
}

pub fn load(_: &ImageEntry, _: &Task) -> Result<Volume> {
    Ok(volume())
}

fn made(only: &[&str], seed: u64) -> (Document, Book) {
    let (document, images) = project();
    let only = only.iter().map(|name| (*name).to_owned()).collect();
    let plan = Plan { seed, only, pairs: vec![[images[0], images[1]]], ..Plan::default() };
    let book = generate(&document, Some(&load), &plan, &Task::default()).unwrap();
    (document, book)
}

fn questions_of<'b>(book: &'b Book, name: &str) -> Vec<&'b Question> {
    let of = |q: &&Question| matches!(&q.origin, Origin::Generated { generator, .. } if generator == name);
    book.questions().filter(of).collect()
}

/// The answers of a generator about the first image, by the words of the stem.
fn number(name: &str, words: &str) -> (f64, String) {
    let (document, book) = made(&[name], 1);
    let first = document.images().next().unwrap().id;
    let found = questions_of(&book, name)
        .into_iter()
        .find(|q| q.stem.contains(words) && book.image_sets[&q.image_set].items[0].frame.image == first);
    let found = found.unwrap_or_else(|| panic!("{name}: no question with \"{words}\""));
    (found.answer.numbers[0].value, found.answer.numbers[0].unit.clone())
}

fn near(found: &(f64, String), value: f64, unit: &str) {
    assert!((found.0 - value).abs() < 1e-9 && found.1 == unit, "{found:?}, not {value} {unit}");
}

#[test]
fn numbers_are_those_of_the_phantom() {
    near(&number("volume", "the liver in"), 2400.0 * 1.2 / 1000.0, "mL");
    near(&number("count", "of liver lesion"), 2.0, "1");
    near(&number("area", "kidney"), 24.0 * 0.4, "mm2");
    near(&number("box-size", "kidney"), 6.0 * 0.5, "mm");
    near(&number("largest-part", "liver lesion"), 36.0 * 1.2 / 1000.0, "mL");
    // Column i holds 10 i - 100.
    near(&number("intensity", "kidney"), 10.0 * 27.5 - 100.0, "HU");
    near(&number("ratio", "as the kidney is the liver by"), 50.0, "1");
    near(&number("length", "ruler"), 15.0, "mm");
    near(&number("landmark-distance", "apex"), 153.0_f64.sqrt(), "mm");
    // Liver 0.5 mm a column, 0.8 mm a row: corner to corner of 19 by 29 steps.
    near(&number("diameter", "liver on"), (9.5_f64.powi(2) + 23.2_f64.powi(2)).sqrt(), "mm");
    near(&number("change", "liver lesion"), -10.0, "%");
}

#[test]
fn sides_are_the_patients_and_neighbours_touch() {
    let (_, book) = made(&["laterality", "adjacency"], 1);
    // Rows run to the right: the kidney's rows are the lower ones, so it lies to the left of the liver's middle.
    let sides = questions_of(&book, "laterality");
    let kidney = sides
        .iter()
        .find(|q| q.stem.contains("does the kidney lie"))
        .or(sides.iter().find(|q| q.stem.contains("of the kidney")))
        .unwrap();
    let wanted = if kidney.stem.contains("does the kidney lie") { "Left" } else { "Right" };
    assert_eq!(kidney.correct_texts(), [wanted], "{}", kidney.stem);
    let touching: Vec<_> =
        questions_of(&book, "adjacency").iter().map(|q| (q.stem.clone(), q.answer.keys[0].clone())).collect();
    for (stem, answer) in touching {
        let apart = stem.contains("lesion");
        assert_eq!(answer, if apart { "no" } else { "yes" }, "{stem}");
    }
}

#[test]
fn everything_made_is_valid_waits_for_review_and_could_be_accepted() {
    let (document, book) = made(&[], 3);
    assert!(book.questions.len() > 40, "{}", book.questions.len());
    for question in book.questions.values() {
        question.validate(&document, &book).unwrap();
        assert_eq!(question.status, Status::Proposed);
        assert_eq!(question.missing(&book), [], "{}", question.stem);
        for number in &question.answer.numbers {
            assert!(number.tolerance.is_some() && !number.definition.is_empty(), "{}", question.stem);
        }
    }
    // What the others need is in the phantoms of anatomy.rs and recorded.rs.
    for generator in GENERATORS.iter().take_while(|generator| generator.name != "presence") {
        assert!(
            !questions_of(&book, generator.name).is_empty()
                || ["angle", "criterion", "appeared"].contains(&generator.name),
            "{}",
            generator.name
        );
    }
}

#[test]
fn the_seed_decides_all() {
    let ids = |book: &Book| book.questions.values().map(|q| (q.stem.clone(), q.choices.clone())).collect::<Vec<_>>();
    let (document, images) = project();
    let plan = |seed| Plan { seed, pairs: vec![[images[0], images[1]]], ..Plan::default() };
    let make = |seed| generate(&document, Some(&load), &plan(seed), &Task::default()).unwrap();
    assert_eq!(make(1), make(1));
    assert_ne!(ids(&make(1)), ids(&make(2)));
    let few = generate(&document, None, &Plan { most_of_each: 1, ..plan(1) }, &Task::default()).unwrap();
    assert!(questions_of(&few, "intensity").is_empty() && questions_of(&few, "denser").is_empty());
    for generator in GENERATORS {
        assert!(questions_of(&few, generator.name).len() <= 1);
    }
}

#[test]
fn yes_and_no_are_balanced_and_the_right_choice_has_no_favourite_place() {
    let (mut yes, mut no, mut places) = (0, 0, [0; 4]);
    for seed in 0..40 {
        let (_, book) = made(&["existence", "larger", "volume-above", "volume"], seed);
        for question in book.questions() {
            match question.answer.keys[0].as_str() {
                "yes" => yes += 1,
                "no" => no += 1,
                _ => places[question.choices.iter().position(|c| c.key == "right").unwrap()] += 1,
            }
        }
    }
    assert!((f64::from(yes) / f64::from(yes + no) - 0.5).abs() < 0.06, "{yes} {no}");
    let all: i32 = places.iter().sum();
    assert!(places.iter().all(|n| (f64::from(*n) / f64::from(all) - 0.25).abs() < 0.08), "{places:?}");
}

#[test]
fn wording_is_the_projects_own_where_it_has_one() {
    let (document, _) = project();
    let mut template = by_name("volume").unwrap().template();
    template.stem = "Volumen von {organ} ({unit})?".into();
    template.language = "de".into();
    let plan = Plan { only: vec!["volume".into()], templates: vec![template.clone()], ..Plan::default() };
    let book = generate(&document, None, &plan, &Task::default()).unwrap();
    let question = book.questions().next().unwrap();
    assert!(question.stem.starts_with("Volumen von "), "{}", question.stem);
    assert_eq!(question.facets.language, "de");
    template.stem = "{colour}".into();
    let plan = Plan { templates: vec![template], ..plan };
    assert!(generate(&document, None, &plan, &Task::default()).is_err());
    let unknown = Plan { only: vec!["hat".into()], ..Plan::default() };
    assert!(generate(&document, None, &unknown, &Task::default()).unwrap_err().to_string().contains("existence"));
}
