//! Random work with every other kind of entity, for the laws; and the rules that only several together can break.

use crate::share::rater;
use limner_annotation::command::Command;
use limner_annotation::records::{
    Annotation, AnnotationState, AuditKind, AuditRun, AuditScore, Consensus, ConsensusMethod, Definition, Finding,
    Guideline, Keyframe, MeasurementEntry, Progress, ProjectInfo, Rater, Registration, Release, ReleasedFile,
    ReleasedSet, SegmentState, Split, Status, Study, Subject, Track,
};
use limner_annotation::{
    Contents, Document, Entity, Form, ImageId, Key, Kind, LabelId, Origin, PackedMask, Record, Revision, Shape,
    ShapeId, Slice, Source, StepInfo, Tags, measure,
};
use limner_imaging::VoxelBox;
use rand::Rng;
use rand::rngs::StdRng;

fn pick<T>(rng: &mut StdRng, mut all: Vec<T>) -> Option<T> {
    (!all.is_empty()).then(|| all.swap_remove(rng.random_range(0..all.len())))
}

fn any_key(rng: &mut StdRng, contents: &Contents) -> Option<Key> {
    let kinds = Kind::ALL.iter().copied().filter(|kind| !matches!(kind, Kind::Image | Kind::Label));
    let keys = kinds.flat_map(|kind| contents.find(&limner_annotation::Query::of(kind)).unwrap()).collect();
    pick(rng, keys)
}

fn track(rng: &mut StdRng, image: ImageId, label: Option<LabelId>) -> Track {
    let key = |frame, x: f64| Keyframe {
        frame,
        form: Form::Box2d { slice: Slice::stored(frame), min: [x, 1.0], max: [x + 3.0, 4.0] },
        occluded: false,
        outside: false,
        interpolated: true,
    };
    let x = rng.random_range(0.0..9.0);
    let (id, text, tags) = (limner_annotation::entity::TrackId::new(), None, Tags::default());
    Track { id, image, label, text, keyframes: vec![key(0, x), key(2, x + 1.0)], tags }
}

fn finding(rng: &mut StdRng, contents: &Contents, image: ImageId, label: LabelId) -> Finding {
    let shapes = pick(rng, contents.shapes_on(image).map(|shape| shape.id).collect()).into_iter().collect();
    Finding {
        id: limner_annotation::entity::FindingId::new(),
        images: vec![image],
        study: None,
        label,
        status: if rng.random_bool(0.7) { Status::Present } else { Status::NotAssessed },
        severity: None,
        certainty: Some(0.5),
        shapes,
        measurements: Vec::new(),
        attributes: Default::default(),
        sentence: Some("as seen".into()),
    }
}

fn measurement(contents: &Contents, shape: &Shape) -> Option<MeasurementEntry> {
    let measured = measure::of_shape(shape, contents.image(shape.image)?).pop()?;
    let definition = Definition { shapes: vec![shape.id], ..Definition::default() };
    Some(MeasurementEntry::new(shape.image, measured, definition))
}

fn study(rng: &mut StdRng, contents: &Contents, image: ImageId) -> Option<Study> {
    let subject = pick(rng, contents.all::<Subject>().map(|subject| subject.id).collect())?;
    let id = limner_annotation::entity::StudyId::new();
    let (indication, history, diagnosis) = (None, None, None);
    Some(Study { id, subject, images: vec![image], time_point: Some(0), days: None, indication, history, diagnosis })
}

/// A command on a random kind; what it asks for may be refused.
pub fn command(rng: &mut StdRng, contents: &Contents) -> Option<Command> {
    let image = pick(rng, contents.images().map(|image| image.id).collect())?;
    let label = pick(rng, contents.labels().iter().map(|label| label.id).collect());
    Some(match rng.random_range(0..12) {
        0 | 1 => Command::remove(any_key(rng, contents)?),
        2 => Command::put(track(rng, image, label)),
        3 => Command::put(SegmentState::new(image, label?, Progress::InProgress)),
        4 => Command::put(finding(rng, contents, image, label?)),
        5 => Command::put(measurement(contents, pick(rng, contents.shapes_on(image).collect())?)?),
        6 => Command::put(subject(&format!("s{}", rng.random_range(0..6)))),
        7 => Command::put(study(rng, contents, image)?),
        8 => Command::put(info(rng)),
        9 => Command::put(audit_run(any_key(rng, contents)?, rng.random_range(0.0..1.0))),
        10 => Command::put(release(&format!("1.{}", rng.random_range(0..4)), any_key(rng, contents)?)),
        _ => match contents.entity(any_key(rng, contents)?)?.clone() {
            Entity::Finding(finding) => {
                Command::put(Finding { certainty: Some(rng.random_range(0.0..1.0)), ..*finding })
            }
            Entity::SegmentState(state) => Command::put(SegmentState { progress: Progress::Flagged, ..*state }),
            other => Command::Put {
                entity: Box::new(other),
                parents: Vec::new(),
                ext: [("org.example".to_owned(), rng.random_range(0..9).into())].into(),
                origin: None,
            },
        },
    })
}

/// The same or another description, so that adding, changing and being refused all come up.
fn info(rng: &mut StdRng) -> ProjectInfo {
    let id = limner_annotation::entity::ProjectInfoId(uuid::Uuid::from_u128(rng.random_range(1..3)));
    let (version, text) = (format!("{}", rng.random_range(0..3)), format!("text {}", rng.random_range(0..2)));
    let guideline = Some(Guideline { version, text, attachments: Vec::new() });
    ProjectInfo { id, guideline, ..ProjectInfo::titled("Livers") }
}

fn audit_run(item: Key, score: f64) -> AuditRun {
    let id = limner_annotation::entity::AuditRunId::new();
    let scores = vec![AuditScore { item, score, removed_in: Some(2) }];
    let params = [("folds".to_owned(), 5.into())].into();
    AuditRun { id, kind: AuditKind::Tst, revision: Revision(1), params, results: Default::default(), scores }
}

fn release(version: &str, item: Key) -> Release {
    let file = ReleasedFile { path: "data/a.json".into(), sha256: "0f".repeat(32) };
    Release {
        id: limner_annotation::entity::ReleaseId::new(),
        version: version.into(),
        revision: Revision(1),
        split: None,
        items: vec![item],
        sets: vec![ReleasedSet { format: "native".into(), options: serde_json::Value::Null, files: vec![file] }],
        cards: Default::default(),
    }
}

fn subject(pseudonym: &str) -> Subject {
    let id = limner_annotation::entity::SubjectId::new();
    Subject { id, pseudonym: pseudonym.into(), sex: None, age: None, attributes: Default::default() }
}

fn with_a_box() -> (Document, Shape) {
    let mut document = Document::new("reader-1");
    document.apply("Start", crate::play::commands_to_begin_with()).unwrap();
    let image = document.images().next().unwrap().id;
    let form = Form::Box2d { slice: Slice::stored(1), min: [1.0, 2.0], max: [5.0, 9.0] };
    let shape = Shape::new(image, form, Some(document.labels()[0].id));
    document.apply("Draw", vec![Command::put(shape.clone())]).unwrap();
    (document, shape)
}

fn origin<T: Record>(document: &Document, id: T::Id) -> Origin {
    document.origin(id).expect("every change has an author").clone()
}

#[test]
fn every_row_says_who_made_it_and_who_changed_it() {
    let (mut document, shape) = with_a_box();
    let made = origin::<Shape>(&document, shape.id);
    assert_eq!((made.created.by.as_str(), made.created.source), ("reader-1", Source::Human));
    assert_eq!(made.created.revision, document.revision());
    document.set_author("reader-2");
    let info = StepInfo::named("Name").with_model("embedded 1").with_tool("point");
    let named = Shape { text: Some("cyst".into()), ..shape.clone() };
    document.apply_step(info, vec![Command::put(named)]).unwrap();
    let changed = origin::<Shape>(&document, shape.id);
    assert_eq!(changed.created, made.created);
    assert_eq!((changed.modified.by.as_str(), changed.modified.source), ("reader-2", Source::Model));
    assert_eq!(changed.modified.model.as_deref(), Some("embedded 1"));
    document.undo().unwrap();
    assert_eq!(origin::<Shape>(&document, shape.id), made);
    document.redo().unwrap();
    assert_eq!(origin::<Shape>(&document, shape.id), changed);
}

#[test]
fn what_is_pointed_at_stays_until_nothing_does() {
    let (mut document, shape) = with_a_box();
    let entry = measurement(&document, &shape).unwrap();
    document.apply("Measure", vec![Command::put(entry.clone())]).unwrap();
    let error = document.apply("Remove", vec![Command::remove(shape.id)]).unwrap_err();
    assert!(error.to_string().contains("points at the shape"), "{error}");
    assert!(!entry.is_stale(&document));
    let form = Form::Box2d { slice: Slice::stored(1), min: [1.0, 2.0], max: [6.0, 9.0] };
    document.apply("Move", vec![Command::put(Shape { form, ..shape.clone() })]).unwrap();
    assert!(entry.is_stale(&document));
    let again = entry.again(&document).unwrap();
    assert!((again.measured.value / entry.measured.value - 5.0 / 4.0).abs() < 1e-9);
    document.apply("Both", vec![Command::remove(entry.id), Command::remove(shape.id)]).unwrap();
    assert_eq!(document.shapes().count(), 0);
    let nothing =
        MeasurementEntry { definition: Definition { shapes: vec![ShapeId::new()], ..entry.definition }, ..again };
    assert!(document.apply("Nothing", vec![Command::put(nothing)]).is_err());
}

#[test]
fn an_image_goes_with_all_that_is_on_it_unless_others_need_it() {
    let (mut document, shape) = with_a_box();
    let entry = measurement(&document, &shape).unwrap();
    let state = SegmentState::new(shape.image, shape.label.unwrap(), Progress::Done);
    let person = subject("s1");
    let mut rng = <StdRng as rand::SeedableRng>::seed_from_u64(1);
    document.apply("More", vec![Command::put(entry), Command::put(state), Command::put(person)]).unwrap();
    let study = study(&mut rng, &document, shape.image).unwrap();
    document.apply("Study", vec![Command::put(study.clone())]).unwrap();
    let other = Study { id: limner_annotation::entity::StudyId::new(), ..study.clone() };
    assert!(document.apply("Other", vec![Command::put(other)]).is_err(), "an image is in one study");
    let before = document.contents().clone();
    assert!(document.apply("Remove", vec![Command::remove(shape.image)]).is_err());
    document.apply("Remove", vec![Command::remove(study.id), Command::remove(shape.image)]).unwrap();
    assert_eq!(document.count(Kind::Measurement).unwrap(), 0);
    document.undo().unwrap();
    assert_eq!(document.contents(), &before);
}

/// Two images that much else points at: what must go with the first one, what can be without it.
#[test]
fn an_image_leaves_with_all_that_cannot_be_without_it_and_comes_back_whole() {
    use limner_annotation::entity::FindingId;
    use limner_annotation::question::{AnswerType, Choice, Frame, ImageSet, Item, Question, Role};
    let (mut document, shape) = with_a_box();
    let images: Vec<ImageId> = document.images().map(|image| image.id).collect();
    let mask = PackedMask::full(VoxelBox::new([1, 1, 0], [4, 3, 2]));
    let (mode, rule) = Default::default();
    let paint = Command::Paint { image: shape.image, layer: 0, label: 1, mask, mode, rule };
    let entry = measurement(&document, &shape).unwrap();
    document.apply("More", vec![paint, Command::put(entry), Command::put(subject("s1"))]).unwrap();
    let mut rng = <StdRng as rand::SeedableRng>::seed_from_u64(1);
    let seen = finding(&mut rng, &document, shape.image, shape.label.unwrap());
    let on_one = Finding { status: Status::Present, shapes: vec![shape.id], ..seen };
    let on_both = Finding { id: FindingId::new(), images: images.clone(), ..on_one.clone() };
    let study = Study { images: images.clone(), ..study(&mut rng, &document, shape.image).unwrap() };
    let registration = Registration::new(images[0], images[1], glam::DAffine3::IDENTITY, None);
    let items = images.iter().map(|image| Item::new(Frame::on(*image, Slice::stored(0)), Role::Main));
    let set = ImageSet::new(items.collect());
    let mut question = Question::new(set.id, AnswerType::Single, "Which image shows it?");
    question.choices = vec![Choice::text("A", "The first"), Choice::text("B", "The second")];
    question.answer.keys = vec!["B".into()];
    let mut commands = vec![Command::put(study.clone()), Command::put(registration), Command::put(set)];
    commands.extend([Command::put(on_one), Command::put(on_both.clone()), Command::put(question)]);
    document.apply("Say", commands).unwrap();

    let before = document.contents().clone();
    let leaving = document.leaving(shape.image).unwrap();
    let gone = [Kind::Shape, Kind::Measurement, Kind::Finding, Kind::Registration, Kind::ImageSet, Kind::Question];
    assert_eq!(gone.map(|kind| leaving.count(kind)), [1; 6], "{:?}", leaving.gone);
    assert_eq!([Kind::Image, Kind::Study, Kind::Subject, Kind::Label].map(|kind| leaving.count(kind)), [1, 0, 0, 0]);
    assert_eq!(document.contents(), &before, "to look is to change nothing");
    document.apply("Take out", leaving.commands).unwrap();
    let taken_out = document.contents().clone();
    assert_eq!(document.images().map(|image| image.id).collect::<Vec<_>>(), [images[1]]);
    assert_eq!(document.get::<Study>(study.id).unwrap().images, [images[1]]);
    let left = document.get::<Finding>(on_both.id).unwrap();
    assert_eq!((left.images.as_slice(), left.shapes.len()), ([images[1]].as_slice(), 0));
    assert_eq!(document.problems(), Vec::<String>::new());
    document.undo().unwrap();
    assert_eq!(document.contents(), &before, "one step back");
    document.redo().unwrap();
    assert_eq!(document.contents(), &taken_out);
    assert!(document.leaving(shape.image).is_err(), "what is not there leaves no more");
}

#[test]
fn a_consensus_stands_beside_its_inputs() {
    let (mut document, shape) = with_a_box();
    let image: Key = shape.image.into();
    let (a, b) = (rater("r1"), rater("r2"));
    let mut commands = vec![Command::put(a.clone()), Command::put(b.clone())];
    assert!(document.apply("Twice", vec![Command::put(rater("r1")), Command::put(rater("r1"))]).is_err());
    let annotation = |rater: &Rater, content| Annotation {
        id: limner_annotation::entity::AnnotationId::new(),
        target: image,
        content: vec![content],
        rater: rater.id,
        protocol: None,
        state: AnnotationState::Submitted,
        blinded_to: Vec::new(),
    };
    let second = Shape { id: ShapeId::new(), ..shape.clone() };
    let joint = Shape { id: ShapeId::new(), ..shape.clone() };
    let inputs = [annotation(&a, shape.id.into()), annotation(&b, second.id.into())];
    commands.extend([second, joint.clone()].map(Command::put));
    commands.extend(inputs.clone().map(Command::put));
    document.apply("Raters", commands).unwrap();
    let consensus = |output: ShapeId| Consensus {
        id: limner_annotation::entity::ConsensusId::new(),
        target: image,
        method: ConsensusMethod::Adjudicated,
        inputs: inputs.iter().map(|input| input.id).collect(),
        params: Default::default(),
        per_rater: Default::default(),
        output: vec![output.into()],
    };
    assert!(document.apply("Replace", vec![Command::put(consensus(shape.id))]).is_err());
    let good = consensus(joint.id);
    document.apply("Consensus", vec![Command::put(good.clone())]).unwrap();
    assert!(document.apply("Drop", vec![Command::remove(inputs[0].id)]).is_err());
    let fewer = Consensus { inputs: vec![inputs[0].id], ..good };
    assert!(document.apply("Fewer", vec![Command::put(fewer)]).is_err());
    // Drawing the consensus into an input would undo their being apart.
    let theft = Annotation { content: vec![joint.id.into()], ..inputs[0].clone() };
    assert!(document.apply("Theft", vec![Command::put(theft)]).is_err());
}

#[test]
fn a_split_never_cuts_through_a_subject() {
    let mut document = Document::new("reader");
    let (a, b) = (subject("a"), subject("b"));
    document.apply("Subjects", vec![Command::put(a.clone()), Command::put(b.clone())]).unwrap();
    let split = |parts: [(&str, Vec<_>); 2]| Split {
        id: limner_annotation::entity::SplitId::new(),
        name: "main".into(),
        seed: 3,
        parts: parts.into_iter().map(|(name, subjects)| (name.to_owned(), subjects)).collect(),
    };
    assert!(
        document
            .apply("Split", vec![Command::put(split([("train", vec![a.id, b.id]), ("test", vec![b.id])]))])
            .is_err()
    );
    document.apply("Split", vec![Command::put(split([("train", vec![a.id]), ("test", vec![b.id])]))]).unwrap();
    assert!(document.apply("Remove", vec![Command::remove(a.id)]).is_err());
}

#[test]
fn a_project_has_one_description_and_guidelines_keep_their_versions() {
    let mut document = Document::new("reader");
    let guideline = |version: &str, text: &str| {
        Some(Guideline { version: version.into(), text: text.into(), attachments: Vec::new() })
    };
    let first = ProjectInfo {
        licence: Some("CC-BY-4.0".into()),
        guideline: guideline("1", "Outline every lesion"),
        ..ProjectInfo::titled("Livers")
    };
    document.apply("Describe", vec![Command::put(first.clone())]).unwrap();
    assert!(document.apply("Twice", vec![Command::put(ProjectInfo::titled("Kidneys"))]).is_err());
    let silent = ProjectInfo { guideline: guideline("1", "Outline lesions over 5 mm"), ..first.clone() };
    assert!(document.apply("Change", vec![Command::put(silent)]).is_err(), "the version says what was asked");
    let open = ProjectInfo { guideline: guideline("2", "Outline lesions over 5 mm"), ..first.clone() };
    document.apply("Change", vec![Command::put(open.clone())]).unwrap();
    assert_eq!(document.all::<ProjectInfo>().next(), Some(&open));
    document.undo().unwrap();
    assert_eq!(document.all::<ProjectInfo>().next(), Some(&first));
    let line = r#"{"command":"put","entity":{"project_info":{"title":"Livers","licence":"CC0-1.0"}}}"#;
    assert!(serde_json::from_str::<Command>(line).is_ok());
}

#[test]
fn audits_and_releases_say_what_was_and_hold_nothing_back() {
    let (mut document, shape) = with_a_box();
    let item: Key = shape.id.into();
    let (run, given) = (audit_run(item, 0.25), release("1.0", item));
    document.apply("Keep", vec![Command::put(run.clone()), Command::put(given.clone())]).unwrap();
    let other = AuditRun { kind: AuditKind::Phi, ..run.clone() };
    assert!(document.apply("Rewrite", vec![Command::put(other)]).is_err());
    let other = Release { items: Vec::new(), ..given.clone() };
    assert!(document.apply("Rewrite", vec![Command::put(other)]).is_err());
    assert!(document.apply("Again", vec![Command::put(release("1.0", item))]).is_err(), "a version is given out once");
    let twice = AuditRun { scores: [run.scores.clone(), run.scores.clone()].concat(), ..audit_run(item, 0.5) };
    assert!(document.apply("Twice", vec![Command::put(twice)]).is_err());
    let mut bad = release("1.1", item);
    bad.sets[0].files[0].sha256 = "none".into();
    assert!(document.apply("Bad", vec![Command::put(bad)]).is_err());
    // What was audited and released can go; the record of it stays.
    document.apply("Remove", vec![Command::remove(shape.id)]).unwrap();
    assert_eq!((document.all::<AuditRun>().len(), document.all::<Release>().len()), (1, 1));
}

#[test]
fn absent_and_not_assessed_have_nothing_to_show() {
    let (mut document, shape) = with_a_box();
    let mut rng = <StdRng as rand::SeedableRng>::seed_from_u64(1);
    let seen = finding(&mut rng, &document, shape.image, shape.label.unwrap());
    for status in [Status::Absent, Status::NotAssessed] {
        let wrong = Finding { status, shapes: vec![shape.id], ..seen.clone() };
        assert!(document.apply("Finding", vec![Command::put(wrong)]).is_err(), "{status:?}");
        let right =
            Finding { id: limner_annotation::entity::FindingId::new(), status, shapes: Vec::new(), ..seen.clone() };
        document.apply("Finding", vec![Command::put(right)]).unwrap();
    }
    let elsewhere = document.images().nth(1).unwrap().id;
    let wrong = Finding { status: Status::Present, images: vec![elsewhere], shapes: vec![shape.id], ..seen };
    assert!(document.apply("Finding", vec![Command::put(wrong)]).is_err(), "the region is on another image");
}

#[test]
fn commands_on_any_kind_read_as_lines_of_a_script() {
    let (document, shape) = with_a_box();
    for command in [Command::put(measurement(&document, &shape).unwrap()), Command::remove(shape.id)] {
        let line = serde_json::to_string(&command).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&line).unwrap(), command);
    }
    let line = r#"{"command":"put","entity":{"subject":{"pseudonym":"s1"}}}"#;
    assert!(serde_json::from_str::<Command>(line).is_ok());
    let typo = r#"{"command":"put","entity":{"subject":{"pseudonym":"s1","hat":1}}}"#;
    assert!(serde_json::from_str::<Command>(typo).is_err());
}

#[test]
fn a_registration_turns_and_moves_only_and_there_is_one_a_pair() {
    use glam::{DAffine3, DQuat, DVec3};
    let (mut document, _) = with_a_box();
    let images: Vec<ImageId> = document.images().map(|image| image.id).collect();
    let moved = DAffine3::from_rotation_translation(DQuat::from_rotation_z(0.3), DVec3::new(4.0, -7.5, 12.0));
    let found = Registration::new(images[0], images[1], moved, Some(1.2));
    assert!(found.moving_from_fixed().abs_diff_eq(moved, 1e-12));
    document.apply("Register", vec![Command::put(found.clone())]).unwrap();
    let line = serde_json::to_string(&Command::put(found.clone())).unwrap();
    assert_eq!(serde_json::from_str::<Command>(&line).unwrap(), Command::put(found.clone()));
    let again = Registration::new(images[0], images[1], DAffine3::IDENTITY, None);
    assert!(document.apply("Twice", vec![Command::put(again)]).is_err());
    let by_hand = Registration { score: None, ..found.clone().with(DAffine3::from_translation(DVec3::X)) };
    document.apply("Adjust", vec![Command::put(by_hand)]).unwrap();
    document.undo().unwrap();
    assert_eq!(document.all::<Registration>().next(), Some(&found));
    for wrong in [DAffine3::from_scale(DVec3::splat(1.1)), DAffine3::from_scale(DVec3::new(-1.0, 1.0, 1.0))] {
        assert!(document.apply("Stretch", vec![Command::put(found.clone().with(wrong))]).is_err());
    }
    let itself = Registration::new(images[0], images[0], moved, None);
    assert!(document.apply("Itself", vec![Command::put(itself)]).is_err());
    assert!(document.apply("Remove", vec![Command::RemoveImage { id: images[1] }]).is_err(), "it is pointed at");
}
