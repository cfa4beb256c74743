//! The invariants, one by one, on the worked example: two pictures, a single choice, an effusion on the second.

use limner_annotation::command::Command;
use limner_annotation::measure::Scale;
use limner_annotation::question::*;
use limner_annotation::{Document, Error, Form, ImageEntry, Label, Shape, ShapeId, Slice};
use limner_imaging::{Geometry, Samples, Volume, World};

const SLICE: Slice = Slice::stored(0);

struct Worked {
    document: Document,
    book: Book,
    question: Question,
    shape: ShapeId,
}

fn image(title: &str) -> ImageEntry {
    let geometry = Geometry::axis_aligned([512, 400, 1], World::default(), [0.2, 0.2, 1.0]).unwrap();
    let volume = Volume::new(geometry, Samples::U8(vec![0; 512 * 400]), 1).unwrap();
    ImageEntry::of_volume(&volume, format!("{title}.png"), title)
}

fn worked() -> Worked {
    let mut document = Document::new("reader");
    let images = [image("prior"), image("current")];
    let form = Form::Box2d { slice: SLICE, min: [100.0, 50.0], max: [300.0, 250.0] };
    let effusion = Shape::new(images[1].id, form, None);
    let shape = effusion.id;
    let frames = [Role::Prior, Role::Current];
    let items = images.iter().zip(frames).map(|(image, role)| Item::new(Frame::on(image.id, SLICE), role)).collect();
    let set = ImageSet::new(items);
    let mut question = Question::new(set.id, AnswerType::Single, "Which image shows the effusion and where?");
    question.choices = vec![Choice::text("A", "First"), Choice::text("B", "Second")];
    question.answer = Answer { keys: vec!["B".into()], image_index: Some(1), ..Answer::default() };
    question.grounding = vec![Evidence::new(Region::Shape { shape }, 1, "left lower lung zone")];
    question.reason = "New blunting of the left costophrenic angle.".into();
    question.status = Status::Accepted;
    let mut commands: Vec<_> = images.into_iter().map(|image| Command::AddImage { image }).collect();
    commands.push(Command::AddShape { shape: effusion });
    commands.push(Command::AddLabel { label: Label::new(1, "effusion") });
    document.apply("Make", commands).unwrap();
    let mut book = Book::default();
    book.image_sets.insert(set.id, set);
    book.questions.insert(question.id, question.clone());
    Worked { document, book, question, shape }
}

fn refusal(change: impl FnOnce(&mut Worked)) -> String {
    let mut worked = worked();
    change(&mut worked);
    match worked.question.validate(&worked.document, &worked.book) {
        Err(Error::Refused { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_worked_example_is_valid_and_comes_back_from_text() {
    let Worked { document, book, question, .. } = worked();
    question.validate(&document, &book).unwrap();
    assert!(question.missing(&book).is_empty());
    let set = &book.image_sets[&question.image_set];
    set.validate(&document, &book).unwrap();
    let text = serde_json::to_string(&book).unwrap();
    assert_eq!(serde_json::from_str::<Book>(&text).unwrap(), book);
}

#[test]
fn evidence_stays_on_its_picture() {
    assert!(refusal(|w| w.question.grounding[0].image_index = 2).contains("picture 3, but the set has 2"));
    assert!(refusal(|w| w.question.grounding[0].image_index = 0).contains("another image"));
    assert!(refusal(|w| w.question.answer.image_index = Some(2)).contains("picture 3"));
    let elsewhere = |w: &mut Worked| {
        let set = w.book.image_sets.get_mut(&w.question.image_set).unwrap();
        set.items[1].frame.slice = Some(Slice { axis: 0, index: 3 });
    };
    assert!(refusal(elsewhere).contains("shows slice 3"));
    let mut gone = worked();
    gone.document.apply("Remove", vec![Command::RemoveShape { id: gone.shape }]).unwrap();
    assert!(matches!(gone.question.validate(&gone.document, &gone.book), Err(Error::Missing { .. })));
}

#[test]
fn painted_regions_are_checked_against_their_image() {
    let worked = worked();
    let image = worked.book.image_sets[&worked.question.image_set].items[1].frame.image;
    let label = worked.document.labels()[0].id;
    let painted = |around, slice| Region::Painted { image, label, slice, around };
    assert_eq!(painted(None, None).image(&worked.document).unwrap(), image);
    assert!(painted(Some([511, 399, 0]), Some(SLICE)).image(&worked.document).is_ok());
    assert!(painted(Some([512, 0, 0]), None).image(&worked.document).is_err());
    assert!(painted(None, Some(Slice::stored(1))).image(&worked.document).is_err());
    let box_shape = Region::Landmark { shape: worked.shape, name: "tip".into() };
    assert!(box_shape.image(&worked.document).is_err());
}

#[test]
fn keys_are_unique_and_the_answer_is_among_them() {
    assert!(refusal(|w| w.question.choices[1].key = "A".into()).contains("two choices have the key"));
    assert!(refusal(|w| w.question.answer.keys = vec!["C".into()]).contains("does not offer"));
    assert!(refusal(|w| w.question.answer.keys = vec!["A".into(), "B".into()]).contains("one right choice"));
    assert!(refusal(|w| w.question.choices[0].image_index = Some(9)).contains("picture that the set"));
    // An explicit "none of these" is a right answer like any other.
    let mut worked = worked();
    worked.question.choices.push(Choice { kind: ChoiceKind::None, ..Choice::text("C", "None of these") });
    worked.question.answer.keys = vec!["C".into()];
    worked.question.validate(&worked.document, &worked.book).unwrap();
}

#[test]
fn numbers_have_unit_and_scale() {
    let numeric = |unit: &str, scale: Scale| {
        let (unit, value) = (unit.to_owned(), 12.5);
        move |w: &mut Worked| {
            w.question.answer_type = AnswerType::Numeric;
            w.question.answer = Answer { numbers: vec![Quantity::new(value, unit, scale)], ..Answer::default() };
        }
    };
    let spacing = Scale::Spacing([0.2, 0.2, 1.0]);
    assert!(refusal(numeric("", spacing)).contains("unit"));
    assert!(refusal(numeric("mm2", Scale::Pixels)).contains("calibrate"));
    let mut good = worked();
    numeric("mm", spacing)(&mut good);
    good.question.validate(&good.document, &good.book).unwrap();
    good.question.answer.numbers[0].tolerance = Some(Tolerance::Relative(0.1));
    assert!(good.question.answer.numbers[0].accepts(13.7) && !good.question.answer.numbers[0].accepts(13.8));
    good.question.answer.numbers[0].range = Some([3.0, 2.0]);
    assert!(good.question.validate(&good.document, &good.book).is_err());
    // Unit and scale cannot be left out in a file either.
    assert!(serde_json::from_str::<Quantity>(r#"{"value":1,"unit":"mm"}"#).is_err());
}

#[test]
fn what_is_accepted_is_complete() {
    assert!(refusal(|w| w.question.answer = Answer::default()).contains("Mark the right choice"));
    assert!(refusal(|w| w.question.stem = " ".into()).contains("Write the question"));
    assert!(refusal(|w| w.question.choices[0].text.clear()).contains("empty choice"));
    assert!(refusal(|w| w.question.choices[0].text = "second ".into()).contains("read the same"));
    for kind in AnswerType::ALL {
        let mut worked = worked();
        worked.question = Question::new(worked.question.image_set, kind, "What?");
        worked.question.validate(&worked.document, &worked.book).unwrap();
        assert!(!worked.question.missing(&worked.book).is_empty(), "{kind:?}");
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}

#[test]
fn a_tree_of_stages_has_no_circle() {
    let staged = |w: &mut Worked, parent: QuestionId, follows: Follows| {
        let stage =
            Stage { parent: Some(parent), path: String::new(), stage: "final".into(), follows, review_of: None };
        w.question.stage = Some(stage);
    };
    assert!(refusal(|w| staged(w, w.question.id, Follows::Always)).contains("follow itself"));
    assert!(refusal(|w| staged(w, QuestionId::new(), Follows::Always)).contains("no question"));
    let mut worked = worked();
    let root = worked.question.clone();
    let child = Question { id: QuestionId::new(), ..root.clone() };
    worked.question = child;
    staged(&mut worked, root.id, Follows::Key("B".into()));
    worked.question.validate(&worked.document, &worked.book).unwrap();
    worked.book.questions.insert(worked.question.id, worked.question.clone());
    assert_eq!(children(&worked.book, root.id).map(|q| q.id).collect::<Vec<_>>(), [worked.question.id]);
    let circle = Stage { parent: Some(worked.question.id), ..worked.question.stage.clone().unwrap() };
    let root = Question { stage: Some(circle), ..root };
    worked.book.questions.insert(root.id, root.clone());
    assert!(root.validate(&worked.document, &worked.book).is_err());
    staged(&mut worked, root.id, Follows::Key("Z".into()));
    assert!(worked.question.validate(&worked.document, &worked.book).is_err());
}

#[test]
fn a_dialogue_has_a_region_for_each_marker() {
    let worked = worked();
    let evidence = worked.question.grounding.clone();
    let mut turn = Turn::new(Speaker::Assistant, "B. <ref-object> <bbox>");
    let dialogue = |turn: &Turn| Dialogue {
        id: DialogueId::new(),
        image_set: worked.question.image_set,
        turns: vec![turn.clone()],
        external_ids: Default::default(),
        ext: Default::default(),
    };
    assert!(dialogue(&turn).validate(&worked.document, &worked.book).is_err());
    turn.evidence = evidence;
    dialogue(&turn).validate(&worked.document, &worked.book).unwrap();
    turn.evidence[0].name.clear();
    assert!(dialogue(&turn).validate(&worked.document, &worked.book).is_err());
}

#[test]
fn a_taxonomy_lists_what_it_places() {
    let entry =
        |path: &[&str]| TaxonomyEntry { path: path.iter().map(|p| (*p).into()).collect(), flags: Default::default() };
    let mut taxonomy = Taxonomy {
        id: TaxonomyId::new(),
        name: "skills".into(),
        levels: vec!["type".into(), "subtype".into()],
        entries: vec![entry(&["measurement", "volume"])],
    };
    taxonomy.validate().unwrap();
    let place =
        |id, path: &[&str]| Some(Placement { taxonomy: Some(id), path: path.iter().map(|p| (*p).into()).collect() });
    let id = taxonomy.id;
    let listed = taxonomy.clone();
    let elsewhere = refusal(move |w| {
        w.book.taxonomies.insert(id, listed);
        w.question.placement = place(id, &["recognition"]);
    });
    assert!(elsewhere.contains("does not list"));
    taxonomy.entries.push(entry(&["measurement", "volume"]));
    assert!(taxonomy.validate().is_err());
    taxonomy.entries = vec![entry(&["a", "b", "c"])];
    assert!(taxonomy.validate().is_err());
}
