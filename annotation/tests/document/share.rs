//! Two people, two files, one project: a handout holds nothing its reader must not know, and collecting loses nothing.

use crate::play::{commands_to_begin_with, image};
use limner_annotation::command::{Command, PaintMode, PaintRule};
use limner_annotation::entity::{AssignmentId, JudgementId, PredictionId};
use limner_annotation::records::{
    Assignment, AssignmentStatus, Blinding, Judgement, Payload, Prediction, PredictionModel, Protocol, ProtocolKind,
    Rater, RaterRole, TuringVerdict,
};
use limner_annotation::share::{self, Collected};
use limner_annotation::{Form, Key, Label, LabelId, PackedMask, Project, Shape, ShapeId, Slice};
use limner_imaging::{Geometry, Mask, Samples, Task, Volume, VoxelBox, World, formats};
use std::path::{Path, PathBuf};

pub fn rater(pseudonym: &str) -> Rater {
    Rater { consent: true, ..Rater::new(pseudonym, RaterRole::Reader) }
}

pub fn assignment(protocol: &Protocol, rater: &Rater, item: impl Into<Key>, order: u32) -> Assignment {
    Assignment {
        id: AssignmentId::new(),
        protocol: protocol.id,
        rater: rater.id,
        item: item.into(),
        order,
        status: AssignmentStatus::Open,
        started: None,
        ended: None,
        active_ms: 0,
    }
}

fn boxed(image: &limner_annotation::ImageEntry, text: &str) -> Shape {
    let form = Form::Box2d { slice: Slice::stored(0), min: [1.0, 1.0], max: [5.0, 6.0] };
    Shape { text: Some(text.into()), ..Shape::new(image.id, form, None) }
}

struct Team {
    path: PathBuf,
    images: Vec<limner_annotation::ImageEntry>,
    predictions: Vec<Prediction>,
    shapes: Vec<Shape>,
}

const SECRETS: [&str; 9] = [
    "SecretNet",
    "SECRET-ANSWER",
    "source-file-name",
    "reader-two",
    "MysteryRun",
    "two saw this",
    "leader",
    "ground truth",
    "1.2.840.99999",
];

/// Two readers judge shapes of two models, blinded and in random order.
fn team(folder: &Path) -> Team {
    let path = folder.join("main.limner");
    let mut project = Project::create(&path, "ground truth", "leader").unwrap();
    let mut commands = commands_to_begin_with();
    let images: Vec<_> = (0..6)
        .map(|n| {
            let entry = image([20, 20, 4], &format!("source-file-name {n}"));
            limner_annotation::ImageEntry { series_uid: Some(format!("1.2.840.99999.{n}")), ..entry }
        })
        .collect();
    commands.extend(images.iter().cloned().map(Command::put));
    let (one, two) = (rater("reader-one"), rater("reader-two"));
    commands.extend([one.clone(), two.clone()].map(Command::put));
    let blinding = Blinding { source_hidden: true, order_random: true, seed: 7, shown_labels: Vec::new() };
    let protocol = Protocol { blinding, raters_per_item: 2, ..Protocol::new("which is real", ProtocolKind::Turing) };
    commands.push(Command::put(protocol.clone()));
    let shapes: Vec<_> = images.iter().map(|image| boxed(image, "")).collect();
    commands.extend(shapes.iter().cloned().map(Command::put));
    // What nobody may see: a reader's own drawing on the same image.
    commands.push(Command::put(boxed(&images[0], "two saw this")));
    let predictions: Vec<_> = images
        .iter()
        .zip(&shapes)
        .map(|(image, shape)| Prediction {
            id: PredictionId::new(),
            model: PredictionModel { name: "SecretNet".into(), version: Some("3".into()), sha256: None },
            run: Some("MysteryRun".into()),
            target: image.id.into(),
            raw_output: "I, SecretNet, see".into(),
            keys: Vec::new(),
            answer: Some("here".into()),
            content: vec![shape.id.into()],
            scores: [("SECRET-ANSWER".to_owned(), 1.0)].into(),
            parse_error: None,
        })
        .collect();
    commands.extend(predictions.iter().cloned().map(Command::put));
    for person in [&one, &two] {
        let mine = (0..).zip(&predictions).map(|(n, one)| assignment(&protocol, person, one.id, n));
        commands.extend(mine.map(Command::put));
    }
    project.document_mut().apply("Set up", commands).unwrap();
    project.close().unwrap();
    Team { path, images, predictions, shapes }
}

fn hand_out(team: &Team, rater: &str, to: &Path) {
    let project = Project::open_read_only(&team.path).unwrap();
    let handed = share::handout(&project, rater, to, false, &Task::default()).unwrap();
    assert_eq!((handed.assignments, handed.images), (6, 6));
}

fn collect(team: &Team, file: &Path) -> Collected {
    let mut project = Project::open(&team.path).unwrap();
    let collected = share::collect(&mut project, file).unwrap();
    assert_eq!(project.document().problems(), Vec::<String>::new());
    project.close().unwrap();
    collected
}

fn in_order(path: &Path) -> Vec<Assignment> {
    let project = Project::open_read_only(path).unwrap();
    let mut all: Vec<_> = project.document().all::<Assignment>().cloned().collect();
    all.sort_by_key(|assignment| assignment.order);
    all
}

#[test]
fn a_handout_holds_no_word_its_reader_must_not_see() {
    let folder = tempfile::tempdir().unwrap();
    let team = team(folder.path());
    let to = folder.path().join("one.limner");
    hand_out(&team, "reader-one", &to);
    let main = std::fs::read(&team.path).unwrap();
    let bytes = std::fs::read(&to).unwrap();
    for secret in SECRETS {
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(holds(&main) || secret == "SECRET-ANSWER", "{secret} is in the project");
        assert!(!holds(&bytes), "{secret} is in the handout");
    }
    let opened = Project::open_read_only(&to).unwrap();
    assert_eq!(opened.verify().unwrap(), Vec::<String>::new());
    assert_eq!(opened.document().problems(), Vec::<String>::new());
    // Steps of the log are compressed: look inside.
    for entry in opened.log().unwrap() {
        let text = format!("{entry:?}");
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
    }
    let text = format!("{:?}", opened.document().contents());
    assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
    assert_eq!(opened.document().all::<Rater>().len(), 1);
    let titles: Vec<_> = opened.document().images().map(|image| image.title.clone()).collect();
    assert!(titles.iter().all(|title| title.starts_with("image 000")), "{titles:?}");
}

#[test]
fn the_order_is_of_the_rater_and_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let team = team(folder.path());
    let path = |name: &str| folder.path().join(name);
    hand_out(&team, "reader-one", &path("a.limner"));
    hand_out(&team, "reader-one", &path("b.limner"));
    hand_out(&team, "reader-two", &path("c.limner"));
    let items = |name: &str| in_order(&path(name)).iter().map(|one| one.item).collect::<Vec<_>>();
    assert_eq!(items("a.limner"), items("b.limner"));
    assert_ne!(items("a.limner"), items("c.limner"));
    let given: Vec<Key> = team.predictions.iter().map(|one| one.id.into()).collect();
    assert!(items("a.limner") != given || items("c.limner") != given, "nothing was shuffled");
    let project = Project::open_read_only(&team.path).unwrap();
    let error = share::handout(&project, "nobody", &path("d.limner"), false, &Task::default()).unwrap_err();
    assert!(error.to_string().contains("nobody"));
}

/// The rater judges, draws and paints.
fn work(path: &Path, verdict: TuringVerdict) -> ShapeId {
    let first = in_order(path).remove(0);
    let mut project = Project::open(path).unwrap();
    let document = project.document_mut();
    let image = document.images().next().unwrap().clone();
    let payload = Payload::Turing { verdict, confidence: 0.8 };
    let judgement = Judgement { id: JudgementId::new(), assignment: first.id, payload };
    let done = Assignment { status: AssignmentStatus::Submitted, active_ms: 1200, ..first };
    let shape = boxed(&image, "drawn by the rater");
    let mask = PackedMask::full(VoxelBox::new([2, 2, 1], [6, 5, 3]));
    let (layer, mode, rule) = (0, PaintMode::Set, PaintRule::All);
    let paint = Command::Paint { image: image.id, layer, label: 1, mask, mode, rule };
    let commands = vec![Command::put(judgement), Command::put(done), Command::put(shape.clone()), paint];
    document.apply("Judge", commands).unwrap();
    project.close().unwrap();
    shape.id
}

#[test]
fn what_raters_bring_back_is_added_with_their_names_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let team = team(folder.path());
    let (one, two) = (folder.path().join("one.limner"), folder.path().join("two.limner"));
    hand_out(&team, "reader-one", &one);
    hand_out(&team, "reader-two", &two);
    let drawn = work(&one, TuringVerdict::Synthetic);
    work(&two, TuringVerdict::Real);
    // The leader goes on as well.
    let mut project = Project::open(&team.path).unwrap();
    let added = boxed(&team.images[3], "by the leader");
    project.document_mut().apply("More", vec![Command::put(added.clone())]).unwrap();
    project.close().unwrap();
    for file in [&one, &two] {
        let collected = collect(&team, file);
        assert_eq!((collected.conflicts.len(), collected.added, collected.changed), (0, 3, 1), "{collected:?}");
    }
    let project = Project::open(&team.path).unwrap();
    let document = project.document();
    assert_eq!(document.all::<Judgement>().len(), 2);
    assert!(document.shape(added.id).is_some());
    let origin = document.origin(drawn).unwrap();
    assert_eq!(origin.created.by, "reader-one");
    // Both painted the same voxels under the same label; each has their own.
    let names: Vec<_> = document.labels().iter().map(|label| label.name.clone()).collect();
    assert!(
        names.contains(&"label 1 (reader-one)".into()) && names.contains(&"label 1 (reader-two)".into()),
        "{names:?}"
    );
    for label in document.labels().iter().filter(|label| label.instance_of.is_some()) {
        let counts: u64 = document.images().map(|i| document.label_map(i.id).unwrap().count(label.value)).sum();
        assert_eq!(counts, 4 * 3 * 2, "{}", label.name);
    }
    let revision = document.revision();
    drop(project);
    let again = collect(&team, &one);
    assert_eq!((again.added, again.changed, again.removed, again.conflicts.len()), (0, 0, 0, 0));
    assert_eq!(Project::open_read_only(&team.path).unwrap().document().revision(), revision, "nothing was written");
}

/// The leader paints a first version of one label for the readers to correct, and another one that they must not see.
fn paint_for_readers(team: &Team) -> (LabelId, LabelId) {
    let mut project = Project::open(&team.path).unwrap();
    let document = project.document_mut();
    let labels: Vec<Label> = document.labels().into_iter().cloned().collect();
    let (shown, hidden) = (labels[0].clone(), labels[1].clone());
    let protocol = document.all::<Protocol>().next().unwrap().clone();
    let blinding = Blinding { shown_labels: vec![shown.id], ..protocol.blinding.clone() };
    let mut commands = vec![Command::put(Protocol { blinding, ..protocol })];
    for image in &team.images {
        let first = PackedMask::full(VoxelBox::new([0, 0, 0], [8, 8, 2]));
        let second = PackedMask::full(VoxelBox::new([10, 10, 0], [14, 14, 2]));
        commands.push(paint(image.id, 0, hidden.value, second));
        commands.push(paint(image.id, 1, shown.value, first));
    }
    // Locked labels are handed out as well, and locked.
    commands.push(Command::EditLabel { label: Label { locked: true, ..shown.clone() } });
    document.apply("Paint", commands).unwrap();
    project.close().unwrap();
    (shown.id, hidden.id)
}

fn paint(image: limner_annotation::ImageId, layer: usize, label: u16, mask: PackedMask) -> Command {
    Command::Paint { image, layer, label, mask, mode: PaintMode::Set, rule: PaintRule::All }
}

#[test]
fn paint_that_may_be_seen_is_handed_out_and_comes_back_only_where_it_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let team = team(folder.path());
    let (shown, hidden) = paint_for_readers(&team);
    let one = folder.path().join("one.limner");
    hand_out(&team, "reader-one", &one);
    let mut handout = Project::open(&one).unwrap();
    let document = handout.document_mut();
    assert_eq!(document.problems(), Vec::<String>::new());
    let (label, other) = (document.label(shown).unwrap().clone(), document.label(hidden).unwrap().value);
    assert!(label.locked);
    for image in &team.images {
        let map = document.label_map(image.id).unwrap();
        assert_eq!((map.count(label.value), map.count(other), map.layers().len()), (8 * 8 * 2, 0, 1));
    }
    // One is made smaller, one is taken away, the others stay.
    let erase = |image: usize, mask: VoxelBox| Command::Paint {
        image: team.images[image].id,
        layer: 0,
        label: label.value,
        mask: PackedMask::full(mask),
        mode: PaintMode::Erase,
        rule: PaintRule::All,
    };
    let commands = vec![
        Command::EditLabel { label: Label { locked: false, ..label.clone() } },
        erase(0, VoxelBox::new([0, 0, 0], [4, 8, 2])),
        erase(1, VoxelBox::new([0, 0, 0], [8, 8, 2])),
        Command::EditLabel { label: label.clone() },
    ];
    document.apply("Correct", commands).unwrap();
    handout.close().unwrap();
    let collected = collect(&team, &one);
    assert_eq!((collected.added, collected.conflicts.len()), (2, 0), "{collected:?}");
    let project = Project::open_read_only(&team.path).unwrap();
    let document = project.document();
    let theirs: Vec<_> = document.labels().into_iter().filter(|one| one.instance_of == Some(shown)).collect();
    let mut counts: Vec<u64> = theirs
        .iter()
        .map(|one| team.images.iter().map(|image| document.label_map(image.id).unwrap().count(one.value)).sum())
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 4 * 8 * 2]);
    assert_eq!(document.label_map(team.images[0].id).unwrap().count(label.value), 128, "the first version stays");
    drop(project);
    let again = collect(&team, &one);
    assert_eq!((again.added, again.changed, again.conflicts.len()), (0, 0, 0));
    // Back to what was handed out: that is a change too.
    let mut handout = Project::open(&one).unwrap();
    handout.document_mut().undo().unwrap();
    handout.close().unwrap();
    let collected = collect(&team, &one);
    assert_eq!((collected.added, collected.conflicts.len()), (2, 0), "{collected:?}");
}

#[test]
fn what_one_reader_painted_is_not_in_the_next_ones_handout() {
    let folder = tempfile::tempdir().unwrap();
    let team = team(folder.path());
    let (one, two) = (folder.path().join("one.limner"), folder.path().join("two.limner"));
    hand_out(&team, "reader-two", &two);
    work(&two, TuringVerdict::Real);
    collect(&team, &two);
    hand_out(&team, "reader-one", &one);
    let opened = Project::open_read_only(&one).unwrap();
    let text = format!("{:?}", opened.document().contents());
    assert!(!text.contains("reader-two"), "a label says who painted with it");
    assert!(opened.document().images().all(|image| opened.document().label_map(image.id).unwrap().is_empty()));
    // A place where the rater found the pictures is of no concern to the project.
    drop(opened);
    let mut handout = Project::open(&one).unwrap();
    let image = handout.document().images().next().unwrap().clone();
    let found = limner_annotation::ImageEntry { path: "elsewhere/a.nii".into(), ..image };
    handout.document_mut().apply("Relink", vec![Command::EditImage { image: found }]).unwrap();
    handout.close().unwrap();
    assert_eq!(collect(&team, &one), Collected { rater: "reader-one".into(), ..Collected::default() });
}

#[test]
fn pictures_in_a_handout_open_and_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(&folder.path().join("main.limner"), "main", "leader").unwrap();
    let geometry = Geometry::axis_aligned([12, 9, 5], World::new(-4.0, 6.0, 11.0), [0.7, 0.9, 2.5]).unwrap();
    // A mask as one byte a voxel, and values behind a slope: what a copy may store in other bytes.
    let mut scaled = Volume::new(geometry, Samples::I16((0..540).collect()), 1).unwrap();
    scaled.value_map.slope = 0.5;
    let plain = Volume::new(geometry, Samples::U8((0..540).map(|n| (n % 7) as u8).collect()), 1).unwrap();
    let picture = Volume::new(
        Geometry::axis_aligned([8, 6, 1], World::default(), [1.0; 3]).unwrap(),
        Samples::U8((0..144).map(|n| n as u8).collect()),
        3,
    )
    .unwrap();
    let one = rater("reader-one");
    let protocol = Protocol::new("outline", ProtocolKind::Annotation);
    let mut commands = vec![Command::put(one.clone()), Command::put(protocol.clone())];
    let task = Task::default();
    for (n, (name, volume)) in (0..).zip([("a.nii.gz", &scaled), ("b.mha", &plain), ("c.png", &picture)]) {
        let file = folder.path().join(name);
        formats::write(volume, &file).unwrap();
        for series in formats::scan(&file, &task).unwrap().series {
            let entry = project.entry_of(&series, &task).unwrap();
            commands.extend([Command::put(entry.clone()), Command::put(assignment(&protocol, &one, entry.id, n))]);
        }
    }
    project.document_mut().apply("Start", commands).unwrap();
    let to = folder.path().join("one.limner");
    let handed = share::handout(&project, "reader-one", &to, true, &task).unwrap();
    assert_eq!((handed.images, handed.warnings.len()), (3, 0), "{handed:?}");
    let handout = Project::open_read_only(&to).unwrap();
    for entry in project.document().images() {
        let theirs = handout.document().image(entry.id).unwrap();
        let (ours, theirs) = (project.open_image(entry, &task).unwrap(), handout.open_image(theirs, &task).unwrap());
        assert_eq!(ours.size(), theirs.size());
        for index in Mask::from_fn(VoxelBox::whole(ours.size()), |_| true).indices() {
            assert_eq!(ours.value(index), theirs.value(index), "{} {index:?}", entry.title);
        }
    }
}

#[test]
fn edits_on_both_sides_are_conflicts_and_neither_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let team = team(folder.path());
    let one = folder.path().join("one.limner");
    hand_out(&team, "reader-one", &one);
    let drawn = work(&one, TuringVerdict::Unsure);
    collect(&team, &one);
    // The rater goes on in the same file; the leader changes what was collected.
    let mut handout = Project::open(&one).unwrap();
    let shape = handout.document().shape(drawn).unwrap().clone();
    let theirs = Shape { text: Some("rater's second thought".into()), ..shape.clone() };
    let handed = handout.document().shape(team.shapes[1].id).unwrap().clone();
    let moved = Shape { text: Some("rater changed the model's".into()), ..handed };
    handout.document_mut().apply("Again", vec![Command::put(theirs), Command::put(moved)]).unwrap();
    handout.close().unwrap();
    let mut project = Project::open(&team.path).unwrap();
    let ours = Shape { text: Some("leader's correction".into()), ..shape };
    project.document_mut().apply("Correct", vec![Command::put(ours)]).unwrap();
    project.close().unwrap();
    let collected = collect(&team, &one);
    assert_eq!((collected.conflicts.len(), collected.changed), (2, 0), "{collected:?}");
    let project = Project::open_read_only(&team.path).unwrap();
    assert_eq!(project.document().shape(drawn).unwrap().text.as_deref(), Some("leader's correction"));
    let beside = |id: ShapeId| format!("{:?}", project.document().origin(id).unwrap().ext);
    assert!(beside(drawn).contains("rater's second thought"));
    assert!(beside(team.shapes[1].id).contains("rater changed the model's"));
}

#[test]
fn a_row_the_rater_changed_or_took_out_later_follows() {
    let folder = tempfile::tempdir().unwrap();
    let team = team(folder.path());
    let one = folder.path().join("one.limner");
    hand_out(&team, "reader-one", &one);
    let drawn = work(&one, TuringVerdict::Unsure);
    collect(&team, &one);
    let mut handout = Project::open(&one).unwrap();
    let shape = handout.document().shape(drawn).unwrap().clone();
    let better = Shape { text: Some("better".into()), ..shape };
    let second = Label::new(77, "new word");
    handout.document_mut().apply("Better", vec![Command::put(better), Command::put(second)]).unwrap();
    handout.close().unwrap();
    let collected = collect(&team, &one);
    assert_eq!((collected.added, collected.changed, collected.conflicts.len()), (1, 1, 0), "{collected:?}");
    let mut handout = Project::open(&one).unwrap();
    handout.document_mut().apply("Out", vec![Command::remove(drawn)]).unwrap();
    handout.close().unwrap();
    let collected = collect(&team, &one);
    assert_eq!((collected.removed, collected.conflicts.len()), (1, 0), "{collected:?}");
    assert!(Project::open_read_only(&team.path).unwrap().document().shape(drawn).is_none());
}

#[test]
fn files_of_other_projects_and_files_that_are_no_handouts_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let team_one = team(folder.path());
    let elsewhere = tempfile::tempdir().unwrap();
    let other = team(elsewhere.path());
    let file = folder.path().join("one.limner");
    hand_out(&other, "reader-one", &file);
    let mut project = Project::open(&team_one.path).unwrap();
    let error = share::collect(&mut project, &file).unwrap_err().to_string();
    assert!(error.contains("another project"), "{error}");
    let error = share::collect(&mut project, &other.path).unwrap_err().to_string();
    assert!(error.contains("not a handout"), "{error}");
    assert!(!project.document().is_step_open());
}
