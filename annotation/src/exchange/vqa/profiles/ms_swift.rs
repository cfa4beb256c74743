//! ms-swift: JSON lines with `messages`, `images` and `objects`. Boxes are pixels with the number of their picture, so the
//! trainer writes them for any model: the best single target there is.

use crate::error::{Error, Result};
use crate::exchange::Status;
use crate::exchange::vqa::profile::{
    Files, Profile, ProfileOptions, find_file, fitting, json_lines, number, numbers_of, read_json, rest_of, shortened,
    text_of, texts_of,
};
use crate::exchange::vqa::record::{Asked, Picture, PlaceKind, Records, Scene, Talk};
use crate::exchange::vqa::talk;
use crate::question::{BOX, Dialogue, DialogueId, Evidence, ImageSetId, REF, Speaker, Turn};
use serde_json::{Map, Value, json};

pub struct MsSwift;

impl Profile for MsSwift {
    fn name(&self) -> &'static str {
        "vqa:ms-swift"
    }

    fn title(&self) -> &'static str {
        "ms-swift conversations"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &["outlines", "rationale"]
    }

    fn refuses(&self, _: &Asked) -> Option<String> {
        None
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        let outlines = asked.scene.places.iter().any(|(_, place)| place.kind == PlaceKind::Outline);
        let rationale = !asked.question.rationale.is_empty();
        [(outlines, "outlines"), (rationale, "rationale")]
            .into_iter()
            .filter_map(|(is, name)| is.then_some(name))
            .collect()
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        let asked = fitting(self, records).map(|asked| talk::of_question(asked, options.style));
        let talks: Vec<Talk> = asked.chain(records.talks.iter().cloned()).collect();
        let lines = talks.iter().map(record).collect::<Result<Vec<_>>>()?;
        Ok(Files::from([(format!("{}.jsonl", options.split), json_lines(lines)?)]))
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, files: &Files) -> Result<Records> {
        let (path, bytes) = find_file(files, &[".jsonl", ".json"])?;
        let talks = read_json::<Value>(path, bytes)?.iter().map(talk_of).collect::<Result<_>>()?;
        Ok(Records { talks, ..Records::default() })
    }
}

const fn role(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::System => "system",
        Speaker::Human => "user",
        Speaker::Assistant => "assistant",
        Speaker::Tool => "tool_response",
        Speaker::Expert => "tool_call",
    }
}

fn speaker(role: &str) -> Result<Speaker> {
    let all = [Speaker::System, Speaker::Human, Speaker::Assistant, Speaker::Tool, Speaker::Expert];
    let found = all.into_iter().find(|speaker| self::role(*speaker) == role);
    found.ok_or_else(|| Error::refused(format!("a message has the unknown role \"{role}\"")))
}

/// `images` and `objects` of a dialogue: the markers of all turns, taken in order.
pub(super) fn objects(talk: &Talk) -> Map<String, Value> {
    let mut fields = Map::new();
    let paths: Vec<_> = talk.scene.pictures.iter().map(|picture| picture.path.as_str()).collect();
    fields.insert("images".into(), json!(paths));
    let evidence = || talk.dialogue.turns.iter().flat_map(|turn| &turn.evidence);
    let names: Vec<_> = evidence().map(|e| e.name.as_str()).filter(|name| !name.is_empty()).collect();
    let (mut boxes, mut image_ids) = (Vec::new(), Vec::new());
    for place in evidence().filter_map(|e| talk.scene.place(e)) {
        let numbers = if place.kind == PlaceKind::Point { &place.rect[..2] } else { &place.rect[..] };
        boxes.push(numbers.iter().map(|n| number(*n)).collect::<Vec<_>>());
        image_ids.push(place.picture);
    }
    if !boxes.is_empty() || !names.is_empty() {
        fields.insert("objects".into(), json!({"ref": names, "bbox": boxes, "image_id": image_ids}));
    }
    fields
}

pub(super) fn messages(turns: &[Turn]) -> Vec<Value> {
    turns.iter().map(|turn| json!({"role": role(turn.role), "content": turn.text})).collect()
}

fn record(talk: &Talk) -> Result<Value> {
    let mut fields = objects(talk);
    fields.insert("messages".into(), messages(&talk.dialogue.turns).into());
    fields.extend(talk.dialogue.ext.iter().map(|(key, value)| (key.clone(), value.clone())));
    check_markers(talk)?;
    Ok(Value::Object(fields))
}

/// The trainer takes markers in order and fails where their number is not that of the pictures, names and boxes.
pub(super) fn check_markers(talk: &Talk) -> Result<()> {
    let count = |marker: &str| talk.dialogue.turns.iter().map(|turn| turn.text.matches(marker).count()).sum::<usize>();
    let evidence = || talk.dialogue.turns.iter().flat_map(|turn| &turn.evidence);
    let names = evidence().filter(|e| !e.name.is_empty()).count();
    let wanted = [(talk::IMAGE, talk.scene.pictures.len()), (REF, names), (BOX, evidence().count())];
    match wanted.into_iter().find(|(marker, wanted)| count(marker) != *wanted) {
        Some((marker, wanted)) => Err(Error::refused(format!(
            "a dialogue has {} times {marker} where {wanted} are wanted: \"{}\"",
            count(marker),
            talk.dialogue.turns.first().map_or("", |turn| turn.text.as_str())
        ))),
        None => Ok(()),
    }
}

fn talk_of(record: &Value) -> Result<Talk> {
    let pictures = texts_of(record, "images").into_iter().map(|path| Picture { path, ..Picture::default() }).collect();
    let mut scene = Scene { pictures, places: Vec::new() };
    let objects = &record["objects"];
    let mut names = texts_of(objects, "ref").into_iter();
    let boxes = objects["bbox"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut boxes = boxes.iter().enumerate();
    let mut turns = Vec::new();
    for message in record["messages"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let mut turn = Turn::new(speaker(text_of(message, "role")?)?, text_of(message, "content")?);
        let mut evidence: Vec<Evidence> = Vec::new();
        let mut name = String::new();
        let text = turn.text.clone();
        let markers = text
            .match_indices('<')
            .filter_map(|(at, _)| [REF, BOX].into_iter().find(|marker| text[at..].starts_with(marker)));
        for marker in markers {
            if marker == REF {
                name = names.next().unwrap_or_default();
                continue;
            }
            let (n, rect) = boxes.next().ok_or_else(|| too_few(record))?;
            let rect = numbers_of(rect).and_then(|n| match n[..] {
                [x, y] => Some([x, y, x, y]),
                [x0, y0, x1, y1] => Some([x0, y0, x1, y1]),
                _ => None,
            });
            let picture = objects["image_id"][n].as_u64().unwrap_or(0) as usize;
            if picture >= scene.pictures.len() {
                return Err(Error::refused(format!(
                    "a box lies on a picture that is not listed: {}",
                    shortened(record)
                )));
            }
            let rect = rect.ok_or_else(|| {
                Error::refused(format!("a box has neither two nor four numbers: {}", shortened(record)))
            })?;
            evidence.push(scene.add(picture, rect, &std::mem::take(&mut name)));
        }
        turn.evidence = evidence;
        turns.push(turn);
    }
    if turns.is_empty() {
        return Err(Error::refused(format!("a record has no messages: {}", shortened(record))));
    }
    let dialogue = Dialogue {
        id: DialogueId::new(),
        image_set: ImageSetId::new(),
        turns,
        external_ids: std::collections::BTreeMap::new(),
        ext: rest_of(record, &["messages", "images", "objects"]),
    };
    Ok(Talk { scene, dialogue })
}

fn too_few(record: &Value) -> Error {
    Error::refused(format!("a record has more box markers than boxes: {}", shortened(record)))
}
