//! What a network was trained to be told, and in which channels: nnInteractive's contract, as the files beside the
//! weights state it. Where they say nothing the first release's rules hold.

use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The channel for and the channel against.
pub type Pair = [usize; 2];

#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// Channels of prompts and of the previous mask.
    pub channels: usize,
    /// The one that holds the previous mask.
    pub previous: usize,
    pub point: Option<Pair>,
    pub box_2d: Option<Pair>,
    pub box_3d: Option<Pair>,
    pub lasso: Option<Pair>,
    pub scribble: Option<Pair>,
    pub mask: bool,
    /// In voxels.
    pub point_radius: usize,
    /// In voxels, along slices, rows and columns.
    pub scribble_thickness: [f64; 3],
    /// What is left of a prompt's weight when the next one comes.
    pub decay: f64,
    /// Beyond nnInteractive: a channel for each reach that says how much a voxel looks like what was marked.
    pub similarity: Vec<usize>,
    /// Beyond nnInteractive: looks from within the picture where that is possible, and never from further away than
    /// it takes to see all of it.
    pub stays_inside: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    supported_interactions: BTreeMap<String, bool>,
    channel_mapping: BTreeMap<String, Place>,
    interaction_channels: Option<usize>,
    supports_initial_label: Option<bool>,
    point_radius: Option<f64>,
    preferred_scribble_thickness: Option<Thickness>,
    interaction_decay: Option<f64>,
    pad_mode_image: Option<String>,
    inference_class: Option<String>,
    inference_class_min_version: Option<String>,
    similarity_reaches: Vec<usize>,
    stays_inside: bool,
}

/// A channel, or a pair of them; negative ones count from the end.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Place {
    One(i64),
    Two([i64; 2]),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Thickness {
    All(f64),
    Each([f64; 3]),
}

const KINDS: [&str; 5] = ["points", "bbox2d", "bbox3d", "lasso", "scribble"];

/// The version of nnInteractive whose rules this follows.
const VERSION: [u64; 2] = [2, 6];

/// Weight prompts lose in folders from before the rule was written down.
const FIRST_DECAY: f64 = 0.9;
const USUAL_DECAY: f64 = 0.98;

const MOST_CHANNELS: usize = 64;
const LARGEST_RADIUS: f64 = 64.0;
const LARGEST_REACH: usize = 16;
const MOST_REACHES: usize = 8;

impl Contract {
    /// The rules of nnInteractive's first release.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            channels: 7,
            previous: 0,
            point: Some([3, 4]),
            box_2d: Some([1, 2]),
            box_3d: None,
            lasso: Some([1, 2]),
            scribble: Some([5, 6]),
            mask: true,
            point_radius: 4,
            scribble_thickness: [2.0; 3],
            decay: USUAL_DECAY,
            similarity: Vec::new(),
            stays_inside: false,
        }
    }

    /// Channels a network takes besides the picture's own.
    pub const fn beside_picture(&self) -> usize {
        self.channels + self.similarity.len()
    }

    /// From `inference_info.json`, or the older `inference_session_class.json`.
    pub fn read(folder: &Path) -> Result<Self> {
        let unreadable = |path: &Path, source| Error::ReadModel { path: path.into(), source };
        let modern = folder.join("inference_info.json");
        if modern.is_file() {
            let text = std::fs::read_to_string(&modern).map_err(|e| unreadable(&modern, e))?;
            return Self::parse(&text, &modern);
        }
        let older = folder.join("inference_session_class.json");
        if older.is_file() {
            let text = std::fs::read_to_string(&older).map_err(|e| unreadable(&older, e))?;
            return Self::parse_older(&text, &older);
        }
        let reason = "the model folder holds neither inference_info.json nor inference_session_class.json";
        Err(Error::Model { path: folder.into(), reason: reason.into() })
    }

    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let broken = |reason: String| Error::Model { path: path.into(), reason };
        let info: Info =
            serde_json::from_str(text).map_err(|e| broken(format!("not a description of prompts: {e}")))?;
        from_info(&info).map_err(broken)
    }

    /// The older file names a class, or holds numbers but no channels.
    fn parse_older(text: &str, path: &Path) -> Result<Self> {
        if serde_json::from_str::<String>(text).is_ok() {
            return Ok(Self { decay: FIRST_DECAY, ..Self::usual() });
        }
        let numbers = Self::parse(text, path)?;
        Ok(Self {
            point_radius: numbers.point_radius,
            scribble_thickness: numbers.scribble_thickness,
            decay: numbers.decay,
            ..Self::usual()
        })
    }
}

fn from_info(info: &Info) -> std::result::Result<Contract, String> {
    let usual = Contract::usual();
    check_version(info)?;
    let known = |name: &&String| KINDS.contains(&name.as_str()) || name.as_str() == "prev_seg";
    if let Some(name) = info.supported_interactions.keys().chain(info.channel_mapping.keys()).find(|n| !known(n)) {
        return Err(format!("prompts of the kind {name:?} are unknown"));
    }
    let mapped = Mapped::of(info)?;
    let pair = |name: &str, usual: Option<Pair>| {
        let wanted = info.supported_interactions.get(name).copied().unwrap_or(usual.is_some());
        if wanted { mapped.pair(name).map(Some) } else { Ok(None) }
    };
    let radius = info.point_radius.unwrap_or(usual.point_radius as f64);
    if radius.fract() != 0.0 || !(1.0..=LARGEST_RADIUS).contains(&radius) {
        return Err(format!("points of radius {radius} are unknown; whole numbers to {LARGEST_RADIUS} are"));
    }
    let thickness = match info.preferred_scribble_thickness {
        Some(Thickness::All(n)) => [n; 3],
        Some(Thickness::Each(n)) => n,
        None => usual.scribble_thickness,
    };
    if thickness.iter().any(|t| !(1.0..=LARGEST_RADIUS).contains(t)) {
        return Err(format!("scribbles of thickness {thickness:?} are unknown"));
    }
    let decay = info.interaction_decay.unwrap_or(USUAL_DECAY);
    if !(decay > 0.0 && decay <= 1.0) {
        return Err(format!("a decay of {decay} is none; it lies above 0 and up to 1"));
    }
    let reaches = &info.similarity_reaches;
    if reaches.len() > MOST_REACHES || reaches.iter().any(|&reach| reach > LARGEST_REACH) {
        return Err(format!("similarity of reaches {reaches:?} is unknown"));
    }
    Ok(Contract {
        channels: mapped.channels,
        previous: mapped.previous()?,
        point: pair("points", usual.point)?,
        box_2d: pair("bbox2d", usual.box_2d)?,
        box_3d: pair("bbox3d", usual.box_3d)?,
        lasso: pair("lasso", usual.lasso)?,
        scribble: pair("scribble", usual.scribble)?,
        similarity: info.similarity_reaches.clone(),
        stays_inside: info.stays_inside,
        mask: info.supports_initial_label.unwrap_or(true),
        point_radius: radius as usize,
        scribble_thickness: thickness,
        decay,
    })
}

fn check_version(info: &Info) -> std::result::Result<(), String> {
    if let Some(class) = info.inference_class.as_ref().filter(|c| *c != "nnInteractiveInferenceSession") {
        return Err(format!("the model asks for a session of the class {class}, which is unknown"));
    }
    if let Some(mode) = info.pad_mode_image.as_ref().filter(|m| *m != "constant") {
        return Err(format!("the model asks for {mode} padding; only constant is known"));
    }
    let Some(least) = &info.inference_class_min_version else { return Ok(()) };
    let parts: Vec<u64> = least.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    if parts.get(..2).unwrap_or(&parts) > &VERSION[..] {
        return Err(format!("the model asks for nnInteractive {least}; this version follows 2.6"));
    }
    Ok(())
}

/// Channels by name, counted from the front.
struct Mapped {
    channels: usize,
    places: BTreeMap<String, Place>,
}

impl Mapped {
    fn of(info: &Info) -> std::result::Result<Self, String> {
        let two = |a, b| Place::Two([a, b]);
        let usual = [
            ("prev_seg", Place::One(0)),
            ("bbox2d", two(1, 2)),
            ("bbox3d", two(1, 2)),
            ("lasso", two(1, 2)),
            ("points", two(3, 4)),
            ("scribble", two(5, 6)),
        ];
        let mut places: BTreeMap<String, Place> = usual.into_iter().map(|(name, place)| (name.into(), place)).collect();
        places.extend(info.channel_mapping.iter().map(|(name, &place)| (name.clone(), place)));
        let numbers = places.values().flat_map(|place| match *place {
            Place::One(n) => vec![n],
            Place::Two(n) => n.to_vec(),
        });
        let needed = numbers.map(|n| if n >= 0 { n.saturating_add(1) } else { n.saturating_neg() }).max().unwrap_or(1);
        let channels = match info.interaction_channels {
            Some(n) => n.saturating_add(1),
            None => usize::try_from(needed).unwrap_or(usize::MAX),
        };
        if channels > MOST_CHANNELS {
            return Err(format!("{channels} channels of prompts are too many"));
        }
        Ok(Self { channels, places })
    }

    fn place(&self, n: i64) -> std::result::Result<usize, String> {
        let counted = if n < 0 { n.saturating_add(self.channels as i64) } else { n };
        usize::try_from(counted)
            .ok()
            .filter(|&n| n < self.channels)
            .ok_or_else(|| format!("there is no channel {n} among {}", self.channels))
    }

    fn previous(&self) -> std::result::Result<usize, String> {
        match self.places.get("prev_seg") {
            Some(&Place::One(n)) => self.place(n),
            _ => Err("prev_seg needs one channel".into()),
        }
    }

    fn pair(&self, name: &str) -> std::result::Result<Pair, String> {
        match self.places.get(name) {
            Some(&Place::Two([a, b])) => Ok([self.place(a)?, self.place(b)?]),
            _ => Err(format!("{name} needs a channel for and one against")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Contract> {
        Contract::parse(text, Path::new("inference_info.json"))
    }

    #[test]
    fn what_is_not_said_is_as_in_the_first_release() {
        assert_eq!(parse("{}").unwrap(), Contract::usual());
    }

    #[test]
    fn channels_count_from_either_end() {
        let text = r#"{"channel_mapping":{"prev_seg":-7,"points":[-2,-1],"scribble":[3,4]},"point_radius":3,
            "supported_interactions":{"bbox3d":true,"lasso":false},"preferred_scribble_thickness":3}"#;
        let found = parse(text).unwrap();
        assert_eq!((found.channels, found.previous, found.point), (7, 0, Some([5, 6])));
        assert_eq!((found.box_3d, found.lasso, found.scribble_thickness), (Some([1, 2]), None, [3.0; 3]));
    }

    #[test]
    fn the_older_file_keeps_the_older_decay() {
        let path = Path::new("inference_session_class.json");
        assert_eq!(Contract::parse_older("\"nnInteractiveInferenceSessionV3\"", path).unwrap().decay, 0.9);
        assert_eq!(Contract::parse_older("{\"point_radius\":5}", path).unwrap().point_radius, 5);
    }

    #[test]
    fn what_this_version_cannot_follow_is_refused() {
        for bad in [
            "[",
            r#"{"supported_interactions":{"gaze":true}}"#,
            r#"{"channel_mapping":{"points":[1]}}"#,
            r#"{"channel_mapping":{"points":[3,99]},"interaction_channels":6}"#,
            r#"{"channel_mapping":{"points":[3,9999999]}}"#,
            r#"{"interaction_decay":0}"#,
            r#"{"point_radius":2.5}"#,
            r#"{"pad_mode_image":"edge"}"#,
            r#"{"inference_class":"Another"}"#,
            r#"{"similarity_reaches":[0,99]}"#,
            r#"{"inference_class_min_version":"3.0"}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(r#"{"inference_class_min_version":"2.6.0"}"#).is_ok());
    }
}
