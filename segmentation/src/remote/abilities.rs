//! What a server says it understands.

use super::line::{Body, Call, Line, SHORT, Trouble};
use crate::engine::Capabilities;
use crate::wire::path;
use limner_imaging::Cancel;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const TIME: Duration = Duration::from_secs(20);
/// Of the protocol.
const VERSION: &str = "2";
/// What servers say where nobody stated a licence.
const NO_LICENSE: &str = "!!MISSING!!";

pub struct Abilities {
    pub can: Capabilities,
    pub license: Option<String>,
    pub device: String,
    /// For people.
    pub about: String,
    /// In voxels, along slices, rows and columns.
    pub scribble_thickness: [f64; 3],
    /// A server of ours takes colours, and is told of what a stack is made.
    pub is_limner: bool,
}

pub fn ask(line: &Arc<Line>, cancel: &Cancel) -> Result<Abilities, Trouble> {
    let call = Call { path: path::CAPABILITIES, body: Body::Get, lease: None, time: TIME, most: SHORT };
    let reply = line.ask(call, cancel)?;
    let said: Value =
        serde_json::from_slice(&reply.body).map_err(|_| Trouble::Stranger("it answers without JSON".into()))?;
    Abilities::read(&said)
}

/// A short text without anything that could upset a terminal.
fn text(said: &Value) -> Option<String> {
    const MOST: usize = 200;
    let text: String = said.as_str()?.chars().filter(|c| !c.is_control()).take(MOST).collect();
    Some(text).filter(|text| !text.is_empty())
}

impl Abilities {
    fn read(said: &Value) -> Result<Self, Trouble> {
        let kinds = said["supported_interactions"].as_object();
        let kinds = kinds.ok_or_else(|| Trouble::Stranger("it does not say which prompts it takes".into()))?;
        let version = text(&said["inference_session_version"]).unwrap_or_default();
        if version.split('.').next() != Some(VERSION) {
            return Err(Trouble::Stranger(format!("it speaks version {version:?}")));
        }
        let can = |kind: &str| kinds.get(kind).and_then(Value::as_bool).unwrap_or(false);
        let (flat, solid) = (can("bbox2d"), can("bbox3d"));
        let server = text(&said["server"]).unwrap_or_else(|| format!("nnInteractive {version}"));
        let about = match text(&said["model"]) {
            Some(model) => format!("{server}, model {model}"),
            None => server.clone(),
        };
        Ok(Self {
            can: Capabilities {
                point: can("points"),
                box_2d: flat || solid,
                box_3d: solid,
                box_3d_by_slice: flat && !solid,
                scribble: can("scribble"),
                lasso: can("lasso"),
                mask: said["supports_initial_label"].as_bool().unwrap_or(false),
                negative: true,
            },
            license: text(&said["license"]).filter(|license| license != NO_LICENSE),
            device: text(&said["device"]).map_or_else(|| "server".into(), |device| format!("server ({device})")),
            about,
            scribble_thickness: thickness(&said["preferred_scribble_thickness"]),
            is_limner: server.starts_with("limner "),
        })
    }
}

/// One number, or one for each axis; the usual where it makes no sense.
fn thickness(said: &Value) -> [f64; 3] {
    const USUAL: f64 = 2.0;
    const POSSIBLE: std::ops::RangeInclusive<f64> = 1.0..=64.0;
    let number = |said: &Value| said.as_f64().filter(|n| POSSIBLE.contains(n));
    match said.as_array() {
        Some(list) if list.len() == 3 => [0, 1, 2].map(|n: usize| number(&list[n]).unwrap_or(USUAL)),
        _ => [number(said).unwrap_or(USUAL); 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_server_says_is_taken_with_care() {
        let said = json!({"supported_interactions": {"points": true, "bbox2d": true, "bbox3d": false, "lasso": 1},
            "supports_initial_label": true, "preferred_scribble_thickness": [3, 0, 2.5],
            "inference_session_version": "2.6.0", "license": "!!MISSING!!", "model": "a\u{1b}[2Jb"});
        let read = Abilities::read(&said).unwrap();
        assert!(read.can.point && read.can.box_3d_by_slice && !read.can.lasso && !read.can.scribble);
        assert_eq!((read.license, read.scribble_thickness), (None, [3.0, 2.0, 2.5]));
        assert_eq!((&read.about[..], &read.device[..]), ("nnInteractive 2.6.0, model a[2Jb", "server"));
        for (said, word) in [
            (json!([]), "prompts"),
            (json!({"supported_interactions": {}, "inference_session_version": "3.1"}), "3.1"),
            (json!({"supported_interactions": {}}), "version"),
        ] {
            let Err(trouble) = Abilities::read(&said) else { panic!("{said} was taken") };
            assert!(trouble.to_string().contains(word), "{trouble}");
        }
    }
}
