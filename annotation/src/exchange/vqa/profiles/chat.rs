//! Conversations as lists of `from` and `value`: ShareGPT for LLaMA-Factory, LLaVA, and two data sets that are laid out so.
//! Boxes are written into the text by the model's convention.

use crate::error::{Error, Result};
use crate::exchange::Status;
use crate::exchange::vqa::profile::{
    Files, Profile, ProfileOptions, find_file, fitting, json_file, json_lines, number, read_json, rest_of, shortened,
    text_of, texts_of,
};
use crate::exchange::vqa::record::{Asked, Picture, PlaceKind, Records, Scene, Talk};
use crate::exchange::vqa::talk;
use crate::question::{Dialogue, DialogueId, ImageSetId, Speaker};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What sets one layout apart from the others.
pub struct Chat {
    name: &'static str,
    title: &'static str,
    status: Status,
    convention: &'static str,
    /// One record a line instead of one list.
    lines: bool,
    /// A single picture stands in `image`.
    single: bool,
    /// `width` and `height` beside the picture.
    sizes: bool,
    /// A `dataset_info.json` for the trainer.
    registered: bool,
    /// Every picture has this size.
    fixed_size: Option<f64>,
    /// Boxes are cut to whole pixels of the picture as it is.
    file: Option<&'static str>,
}

pub const SHAREGPT: Chat = Chat {
    name: "vqa:sharegpt",
    title: "ShareGPT for LLaMA-Factory",
    status: Status::FromDescription,
    convention: "qwen2.5-vl",
    lines: false,
    single: false,
    sizes: false,
    registered: true,
    fixed_size: None,
    file: None,
};

pub const LLAVA: Chat =
    Chat { name: "vqa:llava", title: "LLaVA", convention: "unit", single: true, registered: false, ..SHAREGPT };

pub const MEDREGA: Chat = Chat {
    name: "vqa:medrega",
    title: "MedRegA (InternVL)",
    status: Status::Checked,
    convention: "medrega",
    lines: true,
    sizes: true,
    ..LLAVA
};

/// The training half of MedSG; its test half is a profile of its own.
pub const MEDSG_TRAIN: Chat = Chat {
    name: "vqa:medsg-train",
    title: "MedSG-188K (training)",
    status: Status::Checked,
    convention: "medsg",
    fixed_size: Some(336.0),
    file: Some("MedSG_train.json"),
    ..SHAREGPT
};

impl Profile for Chat {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn status(&self) -> Status {
        self.status
    }

    fn lossy(&self) -> &'static [&'static str] {
        &["outlines", "points", "rationale", "box precision"]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let unsized_box = asked.scene.places.iter().any(|(_, place)| asked.scene.size(place.picture).is_none());
        unsized_box.then(|| "the size of its picture is not known, so its boxes cannot be written".into())
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        let kinds = |kind: PlaceKind| asked.scene.places.iter().any(|(_, place)| place.kind == kind);
        let losses = [
            (kinds(PlaceKind::Outline), "outlines"),
            (kinds(PlaceKind::Point), "points"),
            (!asked.question.rationale.is_empty(), "rationale"),
            (!asked.scene.places.is_empty(), "box precision"),
        ];
        losses.into_iter().filter_map(|(is, name)| is.then_some(name)).collect()
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        let asked = fitting(self, records).map(|asked| talk::of_question(asked, options.style));
        let talks: Vec<Talk> = asked.chain(records.talks.iter().cloned()).collect();
        let values: Vec<_> = talks.iter().map(|talk| self.record(talk, options)).collect();
        let ending = if self.lines { "jsonl" } else { "json" };
        let path = self.file.map_or_else(|| format!("{}.{ending}", options.split), str::to_owned);
        let bytes = if self.lines { json_lines(values)? } else { json_file(&values)? };
        let mut files = Files::from([(path.clone(), bytes)]);
        if self.registered {
            let columns = json!({"messages": "conversations", "images": "images"});
            let info = json!({"limner": {"file_name": path, "formatting": "sharegpt", "columns": columns}});
            files.insert("dataset_info.json".into(), json_file(&info)?);
        }
        Ok(files)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, files: &Files) -> Result<Records> {
        let data = files.iter().filter(|(path, _)| !path.ends_with("dataset_info.json"));
        let data: Files = data.map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
        let (path, bytes) = find_file(&data, &[".jsonl", ".json"])?;
        let talks =
            read_json::<Value>(path, bytes)?.iter().map(|record| self.talk_of(record)).collect::<Result<_>>()?;
        Ok(Records { talks, ..Records::default() })
    }
}

const fn from(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::System => "system",
        Speaker::Human => "human",
        Speaker::Assistant => "gpt",
        Speaker::Tool => "observation",
        Speaker::Expert => "function_call",
    }
}

fn speaker(from: &str) -> Result<Speaker> {
    let all = [Speaker::System, Speaker::Human, Speaker::Assistant, Speaker::Tool, Speaker::Expert];
    let found = all.into_iter().find(|speaker| self::from(*speaker) == from);
    found.ok_or_else(|| Error::refused(format!("a turn comes from the unknown speaker \"{from}\"")))
}

impl Chat {
    fn record(&self, talk: &Talk, options: &ProfileOptions<'_>) -> Value {
        let convention = options.convention_or(self.convention);
        let mut fields = Map::new();
        fields.insert("id".into(), talk.dialogue.id.to_string().into());
        let pictures = &talk.scene.pictures;
        match pictures.as_slice() {
            [picture] if self.single => {
                fields.insert("image".into(), picture.path.as_str().into());
                if let Some([width, height]) = picture.size.filter(|_| self.sizes) {
                    fields.insert("width".into(), number(width));
                    fields.insert("height".into(), number(height));
                }
            }
            _ => {
                let paths: Vec<_> = pictures.iter().map(|picture| picture.path.as_str()).collect();
                fields.insert("images".into(), json!(paths));
            }
        }
        let turns = talk.dialogue.turns.iter();
        let said = |turn| json!({"from": from(turn_role(turn)), "value": talk::filled(turn, &talk.scene, convention)});
        fields.insert("conversations".into(), turns.map(said).collect());
        fields.extend(talk.dialogue.ext.iter().map(|(key, value)| (key.clone(), value.clone())));
        Value::Object(fields)
    }

    fn talk_of(&self, record: &Value) -> Result<Talk> {
        let mut paths = texts_of(record, "images");
        paths.extend(record["image"].as_str().map(str::to_owned));
        let stated = record["width"].as_f64().zip(record["height"].as_f64()).map(|(width, height)| [width, height]);
        let size = stated.or(self.fixed_size.map(|side| [side, side]));
        let pictures = paths.into_iter().map(|path| Picture { path, size, ..Picture::default() }).collect();
        let mut scene = Scene { pictures, places: Vec::new() };
        let convention = crate::exchange::vqa::boxes::named(self.convention);
        let mut turns = Vec::new();
        for turn in record["conversations"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let (role, text) = (speaker(text_of(turn, "from")?)?, text_of(turn, "value")?);
            // Without the picture's size the boxes stay words.
            turns.push(match size {
                Some(_) => talk::parsed(role, text, &mut scene, convention),
                None => crate::question::Turn::new(role, text),
            });
        }
        if turns.is_empty() {
            return Err(Error::refused(format!("a record has no conversation: {}", shortened(record))));
        }
        let id = match &record["id"] {
            Value::String(id) => id.clone(),
            id => id.to_string(),
        };
        let dialogue = Dialogue {
            id: DialogueId::new(),
            image_set: ImageSetId::new(),
            turns,
            external_ids: BTreeMap::from([("id".into(), id)]),
            ext: rest_of(record, &["conversations", "images", "image", "width", "height"]),
        };
        Ok(Talk { scene, dialogue })
    }
}

const fn turn_role(turn: &crate::question::Turn) -> Speaker {
    turn.role
}
