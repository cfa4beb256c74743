//! A file of the first version, laid down here byte by byte as that version wrote it, opens, is brought up, and undoes.

use limner_annotation::command::Command;
use limner_annotation::store::Loading;
use limner_annotation::{Contents, Error, Form, Kind, Project, Query, Shape, Slice};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::Path;
use uuid::Uuid;

/// The tables as they were; never to be changed.
const VERSION_1: &str = "
create table meta(key text primary key, value text not null) without rowid;
create table log(
    revision integer primary key, act text not null, of integer, at text not null, by text not null,
    command text not null, name text not null, tool text, model text, prompts text, summary text,
    payload blob, sum blob not null);
create table entity(
    kind text not null, id blob not null, image blob, layers integer not null, body text not null, sum blob not null,
    primary key(kind, id)) without rowid;
create index entity_by_image on entity(image) where image is not null;
create table brick(
    image blob not null, layer integer not null, number integer not null, body blob not null, sum blob not null,
    primary key(image, layer, number)) without rowid;
pragma application_id = 1281977710;
pragma user_version = 1;
";

const AT: &str = "2026-01-02T03:04:05Z";

fn sum(parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize()[..16].to_vec()
}

fn add_entity(file: &Connection, kind: &str, id: Uuid, image: Option<Uuid>, body: &str) {
    let sum = sum(&[kind.as_bytes(), id.as_bytes(), &1_i64.to_le_bytes(), body.as_bytes()]);
    let sql = "insert into entity(kind, id, image, layers, body, sum) values (?1, ?2, ?3, 1, ?4, ?5)";
    file.execute(sql, params![kind, id, image, body, sum]).unwrap();
}

fn add_step(file: &Connection, revision: i64, command: &str, payload: &str) {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(payload.as_bytes()).unwrap();
    let payload = encoder.finish().unwrap();
    let (by, name) = ("reader", "Start");
    let parts: [&[u8]; 12] = [
        &(revision as u64).to_le_bytes(),
        b"step",
        &0_u64.to_le_bytes(),
        command.as_bytes(),
        AT.as_bytes(),
        by.as_bytes(),
        name.as_bytes(),
        b"",
        b"",
        b"",
        b"",
        &payload,
    ];
    let sql = "insert into log(revision, act, at, by, command, name, payload, sum)
               values (?1, 'step', ?2, ?3, ?4, ?5, ?6, ?7)";
    file.execute(sql, params![revision, AT, by, command, name, payload, sum(&parts)]).unwrap();
}

/// An image with a brick of paint, a label and a shape with that label.
fn first_version(path: &Path) {
    let file = Connection::open(path).unwrap();
    file.execute_batch(VERSION_1).unwrap();
    for (key, value) in [
        ("id", Uuid::from_u128(1).to_string()),
        ("name", "old".into()),
        ("author", "reader".into()),
        ("created", AT.into()),
    ] {
        file.execute("insert into meta(key, value) values (?1, ?2)", params![key, value]).unwrap();
    }
    let [image, label, shape] = [2, 3, 4].map(Uuid::from_u128);
    let entry = format!(
        r#"{{"id":"{image}","path":"a.nii","sha256":"{}","geometry":{{"size":[4,3,1],"world_from_voxel":[1.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0]}},"title":"a","modality":null,"stack_axis":"space","spacing_known":true}}"#,
        "0".repeat(64)
    );
    let tag = format!(
        r#"{{"id":"{label}","value":1,"name":"organ","colour":null,"locked":false,"visible":true,"parent":null}}"#
    );
    let form = r#"{"type":"box2d","slice":{"axis":2,"index":0},"min":[0.0,0.0],"max":[2.0,2.0]}"#;
    let drawn = format!(r#"{{"id":"{shape}","image":"{image}","form":{form},"label":"{label}"}}"#);
    add_entity(&file, "image", image, None, &format!(r#"{{"image":{entry}}}"#));
    add_entity(&file, "label", label, None, &format!(r#"{{"label":{tag}}}"#));
    add_entity(&file, "shape", shape, Some(image), &format!(r#"{{"shape":{drawn}}}"#));
    // Runs of (count, value): two voxels of 1, ten of 0.
    let brick = [2_u8, 1, 10, 0];
    let brick_sum = sum(&[image.as_bytes(), &0_u32.to_le_bytes(), &0_u32.to_le_bytes(), &brick]);
    let sql = "insert into brick(image, layer, number, body, sum) values (?1, 0, 0, ?2, ?3)";
    file.execute(sql, params![image, brick.as_slice(), brick_sum]).unwrap();
    let mask = r#"{"min":[0,0,0],"max":[2,1,1],"counts":[0,2]}"#;
    let commands = format!(
        r#"[{{"command":"add_image","image":{entry}}},{{"command":"add_label","label":{tag}}},{{"command":"add_shape","shape":{drawn}}},{{"command":"paint","image":"{image}","layer":0,"label":1,"mask":{mask},"mode":"set","rule":"all"}}]"#
    );
    let gone =
        |kind: &str, id: Uuid| format!(r#"{{"edit":"entity","key":{{"kind":"{kind}","id":"{id}"}},"value":null}}"#);
    let patch = r#"{"min":[0,0,0],"max":[2,1,1],"runs":[[2,0]]}"#;
    let undo = format!(
        r#"[{},{},{},{{"edit":"voxels","image":"{image}","layer":0,"patch":{patch}}}]"#,
        gone("image", image),
        gone("label", label),
        gone("shape", shape)
    );
    let words = "add_image add_label add_shape paint";
    add_step(&file, 1, words, &format!(r#"{{"commands":{commands},"undo":{undo}}}"#));
}

#[test]
fn a_file_of_the_first_version_is_read_brought_up_and_undone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.limner");
    first_version(&path);
    let bytes = std::fs::read(&path).unwrap();
    let looking = Project::open_read_only(&path).unwrap();
    assert_eq!(looking.verify().unwrap(), Vec::<String>::new());
    let seen = looking.document().contents().clone();
    drop(looking);
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "looking changes nothing");
    let mut project = Project::open(&path).unwrap();
    assert_eq!(project.document().contents(), &seen);
    assert_eq!(project.verify().unwrap(), Vec::<String>::new());
    let document = project.document();
    let (image, label) = (document.images().next().unwrap().id, document.labels()[0].id);
    assert_eq!(document.label_map(image).unwrap().count(1), 2);
    assert_eq!(document.find(&Query::of(Kind::Shape).mentioning(label)).unwrap().len(), 1);
    assert!(document.origin(image).is_none(), "nobody wrote down who added it");
    assert_eq!(document.problems(), Vec::<String>::new());
    project.document_mut().undo().unwrap();
    assert_eq!(project.document().contents(), &Contents::default());
    project.document_mut().redo().unwrap();
    assert_eq!(project.document().contents(), &seen);
    project.document_mut().apply("Remove", vec![Command::remove(label)]).unwrap();
    assert_eq!(project.document().label_map(image).unwrap().count(1), 0);
    project.close().unwrap();
    let again = Project::open(&path).unwrap();
    assert!(again.document().find(&Query::of(Kind::Shape).mentioning(label)).unwrap().is_empty());
    assert_eq!(again.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_damaged_old_row_is_not_signed_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.limner");
    first_version(&path);
    Connection::open(&path).unwrap().execute("update entity set body = replace(body, 'organ', 'other')", []).unwrap();
    assert!(matches!(Project::open(&path), Err(Error::Damaged { .. })));
}

#[test]
fn a_file_of_the_future_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.limner");
    first_version(&path);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Project::open(&path), Err(Error::TooNew { found: 99, .. })));
}

#[test]
fn a_file_of_the_second_version_is_asked_by_author_once_it_is_brought_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("second.limner");
    let mut project = Project::create(&path, "second", "reader").unwrap();
    project.document_mut().apply("Start", crate::play::commands_to_begin_with()).unwrap();
    let image = project.document().images().next().unwrap().id;
    let label = project.document().labels()[0].id;
    let form = Form::Box2d { slice: Slice::stored(0), min: [1.0, 1.0], max: [5.0, 5.0] };
    project.document_mut().apply("Draw", vec![Command::put(Shape::new(image, form, Some(label)))]).unwrap();
    project.close().unwrap();
    let back = "drop index mention_by_touch; alter table mention drop column modified; pragma user_version = 2;";
    Connection::open(&path).unwrap().execute_batch(back).unwrap();
    for project in [Project::open_read_only(&path).unwrap(), Project::open_with(&path, Loading::OnDemand).unwrap()] {
        let by = |author: &str| {
            let query = Query::of(Kind::Shape).mentioning(label).by(author);
            project.document().find(&query).unwrap().len()
        };
        assert_eq!((by("reader"), by("nobody")), (1, 0));
        assert_eq!(project.verify().unwrap(), Vec::<String>::new());
    }
}
