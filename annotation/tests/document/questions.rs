//! Questions as entities of a project: what they rest on stays, and a reader who answers them gets no key.

use crate::play::{commands_to_begin_with, image};
use crate::share::rater;
use limner_annotation::command::Command;
use limner_annotation::entity::AssignmentId;
use limner_annotation::question::{AnswerType, Choice, Evidence, Frame, ImageSet, Item, Question, Region, Role};
use limner_annotation::records::{Assignment, AssignmentStatus, Protocol, ProtocolKind};
use limner_annotation::{Form, Project, Shape, Slice, share};
use limner_imaging::Task;
use std::path::Path;

fn asked(path: &Path) -> (Project, ImageSet, Question, Shape) {
    let mut project = Project::create(path, "questions", "author").unwrap();
    let images = [image([20, 20, 2], "first"), image([20, 20, 2], "second")];
    let form = Form::Box2d { slice: Slice::stored(0), min: [1.0, 1.0], max: [5.0, 6.0] };
    let shape = Shape::new(images[1].id, form, None);
    let item = |n: usize, role| Item::new(Frame::on(images[n].id, Slice::stored(0)), role);
    let set = ImageSet::new(vec![item(0, Role::Prior), item(1, Role::Current)]);
    let mut question = Question::new(set.id, AnswerType::Single, "Which image shows the effusion?");
    question.choices = vec![Choice::text("A", "The first"), Choice::text("B", "The second")];
    question.answer.keys = vec!["B".into()];
    question.grounding = vec![Evidence::new(Region::Shape { shape: shape.id }, 1, "left lower zone")];
    question.reason = "New blunting of the angle".into();
    let mut commands = commands_to_begin_with();
    commands.extend(images.map(Command::put));
    commands.extend([Command::put(shape.clone()), Command::put(set.clone()), Command::put(question.clone())]);
    project.document_mut().apply("Ask", commands).unwrap();
    (project, set, question, shape)
}

#[test]
fn what_a_question_rests_on_stays_as_it_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.limner");
    let (mut project, set, question, shape) = asked(&path);
    let document = project.document_mut();
    assert!(document.apply("Remove", vec![Command::remove(shape.id)]).is_err());
    assert!(document.apply("Remove", vec![Command::remove(set.id)]).is_err());
    let shorter = ImageSet { items: set.items[..1].to_vec(), ..set.clone() };
    let error = document.apply("Shorten", vec![Command::put(shorter)]).unwrap_err().to_string();
    assert!(error.contains("depends on it"), "{error}");
    let mut beyond = question.clone();
    beyond.grounding[0].image_index = 2;
    assert!(document.apply("Beyond", vec![Command::put(beyond)]).is_err());
    let mut twice = question.clone();
    twice.choices[1].key = "A".into();
    assert!(document.apply("Twice", vec![Command::put(twice)]).is_err());
    project.close().unwrap();
    let project = Project::open(&path).unwrap();
    assert_eq!(project.document().get::<Question>(question.id), Some(&question));
}

#[test]
fn who_answers_a_question_gets_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.limner");
    let (mut project, _, question, _) = asked(&path);
    let rater = rater("reader-one");
    let protocol = Protocol::new("reader study", ProtocolKind::ReaderStudy);
    let assignment = Assignment {
        id: AssignmentId::new(),
        protocol: protocol.id,
        rater: rater.id,
        item: question.id.into(),
        order: 0,
        status: AssignmentStatus::Open,
        started: None,
        ended: None,
        active_ms: 0,
    };
    let commands = vec![Command::put(rater), Command::put(protocol), Command::put(assignment)];
    project.document_mut().apply("Assign", commands).unwrap();
    let to = folder.path().join("one.limner");
    share::handout(&project, "reader-one", &to, false, &Task::default()).unwrap();
    let handout = Project::open_read_only(&to).unwrap();
    let seen = handout.document().get::<Question>(question.id).unwrap();
    assert_eq!((&seen.stem, &seen.choices), (&question.stem, &question.choices));
    let text = format!("{:?}", handout.document().contents());
    for secret in ["blunting", "left lower zone", "\"B\"]"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(seen.answer.keys.is_empty() && seen.grounding.is_empty());
    assert_eq!(handout.document().shapes().count(), 0, "the evidence is the answer");
}
