//! Records as predictions for pictures of a project: matched, read by their rule, right or wrong beside what the project says.

use limner_annotation::entity::{CaptionId, FindingId};
use limner_annotation::measure::Scale;
use limner_annotation::question::{
    AnswerType, Choice, Evidence, Frame, ImageSet, ImageSetId, Item, Quantity, Question, Region, Role, Tolerance,
};
use limner_annotation::records::{Caption, CaptionKind, Finding, Status};
use limner_annotation::review::opened::{ModelFiles, Picture, models_in};
use limner_annotation::review::records::Reading;
use limner_annotation::review::said::{About, Kind, Mark, Records, Row, Versions, compare};
use limner_annotation::{Command, Document, Form, ImageEntry, ImageId, Label, Shape, Slice};
use limner_imaging::{Geometry, Samples, Task, Volume, World};
use std::collections::BTreeMap;
use std::path::Path;

struct Study {
    document: Document,
    pictures: Vec<Picture<usize>>,
    images: BTreeMap<usize, ImageId>,
    questions: Vec<Question>,
}

fn image(name: &str, size: [usize; 3]) -> ImageEntry {
    let geometry = Geometry::axis_aligned(size, World::new(-7.0, 3.0, 11.0), [0.5, 0.75, 2.0]).unwrap();
    let fill = name.len() as u8;
    let volume = Volume::new(geometry, Samples::U8(vec![fill; size.iter().product()]), 1).unwrap();
    ImageEntry::of_volume(&volume, format!("{name}.png"), name)
}

/// A choice, a number and a place.
fn questions(image: &ImageEntry, rect: &Shape, commands: &mut Vec<Command>) -> Vec<Question> {
    let item = Item {
        frame: Frame { image: image.id, slice: None },
        role: Role::Main,
        name: None,
        caption: None,
        recipe: None,
    };
    let set = ImageSet { id: ImageSetId::new(), items: vec![item], title: None };
    let mut single = Question::new(set.id, AnswerType::Single, "What is it?");
    single.choices = vec![Choice::text("k1", "Mass"), Choice::text("k2", "Nodule")];
    single.answer.keys = vec!["k2".into()];
    let mut number = Question::new(set.id, AnswerType::Numeric, "How long is it?");
    let quantity = Quantity::new(20.0, "mm", Scale::Spacing([0.5, 0.75, 2.0]));
    number.answer.numbers = vec![Quantity { tolerance: Some(Tolerance::Relative(0.1)), ..quantity }];
    let mut place = Question::new(set.id, AnswerType::Box, "Where is it?");
    place.answer.regions = vec![Evidence::new(Region::Shape { shape: rect.id }, 0, "nodule")];
    let questions = vec![single, number, place];
    commands.push(Command::put(set));
    commands.extend(questions.iter().cloned().map(Command::put));
    questions
}

/// A flat picture with all kinds of things said about it, and a volume.
fn study() -> Study {
    let (flat, deep) = (image("chest", [100, 80, 1]), image("abdomen", [20, 30, 5]));
    let nodule = Label::new(4, "Nodule");
    let mut commands: Vec<Command> =
        [&flat, &deep].into_iter().map(|image| Command::AddImage { image: image.clone() }).collect();
    commands.push(Command::AddLabel { label: nodule.clone() });
    let drawn = |image: &ImageEntry, form: Form, text: Option<&str>| Shape {
        text: text.map(str::to_owned),
        ..Shape::new(image.id, form, Some(nodule.id))
    };
    let rect = drawn(&flat, Form::Box2d { slice: Slice::stored(0), min: [10.0, 20.0], max: [30.0, 40.0] }, None);
    let deep_rect = drawn(&deep, Form::Box2d { slice: Slice::stored(3), min: [2.0, 2.0], max: [8.0, 8.0] }, None);
    let apex = drawn(&flat, Form::Point { at: [40.0, 10.0, 0.0] }, Some("apex"));
    commands.extend([&rect, &deep_rect, &apex].map(|shape| Command::AddShape { shape: shape.clone() }));
    let questions = questions(&flat, &rect, &mut commands);
    let (text, language) = ("A small nodule in the left lobe.".to_owned(), "en".to_owned());
    let kind = CaptionKind::Report;
    commands.push(Command::put(Caption {
        id: CaptionId::new(),
        target: flat.id.into(),
        kind,
        text,
        language,
        phrases: vec![],
    }));
    commands.push(Command::put(Finding {
        id: FindingId::new(),
        images: vec![flat.id],
        study: None,
        label: nodule.id,
        status: Status::Present,
        severity: None,
        certainty: None,
        shapes: Vec::new(),
        measurements: Vec::new(),
        attributes: BTreeMap::new(),
        sentence: None,
    }));
    let mut document = Document::new("reader");
    document.apply("Start", commands).unwrap();
    let pictures = vec![
        Picture::in_project(0, &flat, Path::new("study/chest.png")),
        Picture::in_project(1, &deep, Path::new("study/abdomen.nii.gz")),
    ];
    Study { document, pictures, images: BTreeMap::from([(0, flat.id), (1, deep.id)]), questions }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

impl Study {
    fn models(&self, path: &Path) -> Vec<ModelFiles> {
        models_in(path, &self.pictures, &Task::default()).unwrap()
    }

    fn compared(&self, models: &[ModelFiles], reference: Option<usize>) -> Records<usize> {
        let versions: Vec<_> = models.iter().map(|model| model.records.clone()).enumerate().collect();
        let versions: &Versions = &versions;
        let about = About {
            contents: self.document.contents(),
            pictures: &self.pictures,
            images: &self.images,
            how: Reading::default(),
            reference,
        };
        compare(&about, versions, &Task::default()).unwrap()
    }
}

fn row<'a>(records: &'a Records<usize>, picture: usize, kind: Kind, title: &str) -> &'a Row {
    let found = records.rows[&picture].iter().find(|row| row.kind == kind && row.title.contains(title));
    found.unwrap_or_else(|| panic!("no {title}: {:#?}", records.rows[&picture]))
}

fn mark(row: &Row, version: usize) -> Option<Mark> {
    row.said[&version].mark
}

#[test]
fn records_of_a_folder_are_matched_read_and_marked_against_what_the_project_says() {
    let study = study();
    let home = tempfile::tempdir().unwrap();
    let model = home.path().join("net");
    let table = r#"{"images": [{"id": 7, "file_name": "png/chest.png", "width": 100, "height": 80},
        {"id": 8, "file_name": "abdomen_slice_00004.png", "width": 20, "height": 30},
        {"id": 9, "file_name": "chest.png", "width": 50, "height": 40}], "annotations": [],
        "categories": [{"id": 1, "name": "nodule"}]}"#;
    write(home.path(), "pictures.json", table);
    let boxes = r#"[{"image_id": 7, "category_id": 1, "bbox": [10, 20, 20, 18], "score": 0.9},
        {"image_id": 7, "category_id": 1, "bbox": [60, 60, 10, 10], "score": 0.4},
        {"image_id": 8, "category_id": 1, "bbox": [2, 2, 6, 6], "score": 0.8},
        {"image_id": 9, "category_id": 1, "bbox": [2, 2, 6, 6], "score": 0.8},
        {"image_id": 99, "category_id": 1, "bbox": [2, 2, 6, 6], "score": 0.8}]"#;
    write(&model, "boxes.json", boxes);
    write(&model, "classes.csv", "case,p_Nodule,p_Clear\nchest,0.3,0.7\nnobody,0.5,0.5\n");
    // The apex lies at voxel 40, 10: 13 mm, 10.5 mm, 11 mm.
    write(&model, "points.csv", "case,name,x,y,z\nchest,apex,13.0,11.5,11.0\nchest,base,0,0,11\n");
    let [single, number, place] = [0, 1, 2].map(|n| study.questions[n].id);
    let answers = format!(
        "{{\"id\": \"{single}\", \"output\": \"The answer is B.\"}}\n{{\"id\": \"{number}\", \"output\": \"about 25 mm\"}}\n\
         {{\"id\": \"{place}\", \"output\": \"I see nothing\"}}\n{{\"id\": \"q9\", \"output\": \"A\"}}\n\
         {{\"image\": \"chest.png\", \"output\": \"A large nodule in the left lobe.\"}}\n"
    );
    write(&model, "answers.jsonl", &answers);
    let models = study.models(&model);
    assert_eq!((models.len(), models[0].records.len(), models[0].broken.len()), (1, 4, 0));
    let records = study.compared(&models, None);
    let found = row(&records, 0, Kind::Box, "Nodule 1");
    assert_eq!((mark(found, 0), found.said[&0].words.as_str()), (Some(Mark::Right), "IoU 0.90"));
    assert_eq!(found.said[&0].sign, "nodule 0.90");
    let form = Form::Box2d { slice: Slice::stored(0), min: [10.0, 20.0], max: [30.0, 38.0] };
    assert_eq!(found.said[&0].form, Some(form));
    assert_eq!(mark(row(&records, 0, Kind::Box, "nodule 2"), 0), Some(Mark::Extra));
    assert_eq!(mark(row(&records, 1, Kind::Box, "slice 4"), 0), Some(Mark::Right), "the slice is in the file's name");
    let class = row(&records, 0, Kind::Class, "Class");
    assert_eq!((mark(class, 0), class.reference.as_ref().unwrap().words.as_str()), (Some(Mark::Wrong), "Nodule"));
    assert_eq!((class.said[&0].words.as_str(), class.said[&0].figure), ("Clear 0.70", Some(0.3)));
    let apex = row(&records, 0, Kind::Landmark, "apex");
    assert_eq!((mark(apex, 0), apex.said[&0].words.as_str()), (Some(Mark::Right), "1.0 mm"));
    assert_eq!(mark(row(&records, 0, Kind::Landmark, "base"), 0), Some(Mark::Extra));
    let chosen = row(&records, 0, Kind::Answer, "What is it?");
    assert_eq!((mark(chosen, 0), chosen.said[&0].words.as_str()), (Some(Mark::Right), "B Nodule"));
    let long = row(&records, 0, Kind::Answer, "How long");
    assert_eq!((mark(long, 0), long.said[&0].words.as_str()), (Some(Mark::Wrong), "25"));
    let lost = row(&records, 0, Kind::Answer, "Where");
    assert_eq!((mark(lost, 0), lost.said[&0].raw.as_str()), (Some(Mark::Unreadable), "I see nothing"));
    assert!(lost.reference.as_ref().unwrap().form.is_some());
    assert_eq!((records.unreadable.len(), records.unreadable[0].output.as_str()), (1, "I see nothing"));
    let report = row(&records, 0, Kind::Text, "Report");
    assert_eq!((mark(report, 0), report.said[&0].diff.len()), (Some(Mark::Differs), 4));
    let told: Vec<(&str, &str)> = records.left.iter().map(|left| (left.key.as_str(), left.why.as_str())).collect();
    for (key, why) in [("9", "100 × 80"), ("99", "no picture"), ("nobody", "no picture"), ("q9", "no question")] {
        assert!(told.iter().any(|(known, reason)| *known == key && reason.contains(why)), "{key} in {told:?}");
    }
    assert_eq!(told.len(), 4, "{told:?}");
}

#[test]
fn files_of_one_kind_are_models_and_a_file_that_says_what_is_right_is_what_they_are_compared_with() {
    let study = study();
    let home = tempfile::tempdir().unwrap();
    write(home.path(), "a.csv", "image,category,x1,y1,x2,y2,score,slice\nabdomen,Cyst,2,2,8,8,0.9,2\n");
    write(home.path(), "b.csv", "image,category,x1,y1,x2,y2,score\nabdomen,Cyst,2,2,8,8,0.7\n");
    let truth = "{\"id\": \"q1\", \"image\": \"chest.png\", \"type\": \"side\", \"question\": \"Which side?\", \"keys\": [\"L\"],\
                  \"choices\": {\"L\": \"left\", \"R\": \"right\"}}\n";
    write(home.path(), "truth.jsonl", truth);
    write(
        home.path(),
        "one.jsonl",
        "{\"id\": \"q1\", \"output\": \"left\"}\n{\"id\": \"q1\", \"output\": \"right\"}\n",
    );
    write(home.path(), "two.jsonl", "{\"id\": \"q1\", \"output\": \"Right.\"}\n");
    write(home.path(), "broken.jsonl", "{\"id\": \"q1\", \"output\": 5}\n");
    write(home.path(), "settings.json", "{\"epochs\": 5}");
    let models = study.models(home.path());
    let names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
    let broken: Vec<usize> = models.iter().map(|model| model.broken.len()).collect();
    assert_eq!((names.len(), broken.iter().sum::<usize>()), (6, 1), "{names:?}");
    let records = study.compared(&models, None);
    let of = |name: &str| names.iter().position(|known| *known == name).unwrap();
    let side = row(&records, 0, Kind::Answer, "Which side?");
    assert_eq!((mark(side, of("one")), mark(side, of("two"))), (Some(Mark::Right), Some(Mark::Wrong)));
    assert!(records.left.iter().any(|left| left.why.contains("the first answer counts")));
    assert!(
        records.left.iter().any(|left| left.version == of("b") && left.why.contains("5 slices")),
        "no slice, no place"
    );
    let cyst = row(&records, 1, Kind::Box, "Cyst 1, slice 2");
    assert_eq!((mark(cyst, of("a")), cyst.reference.is_none()), (Some(Mark::Extra), true));
    // The other model as reference: what it has is right.
    let records = study.compared(&models, Some(of("a")));
    let cyst = row(&records, 1, Kind::Box, "Cyst 1, slice 2");
    assert_eq!((mark(cyst, of("b")), cyst.reference.is_some()), (Some(Mark::Missing), true));
    let error = models_in(&home.path().join("settings.json"), &study.pictures, &Task::default()).unwrap_err();
    assert!(error.to_string().contains("no file of records"), "{error}");
}
