//! Captions and reports. A phrase may point at what it speaks of: a stretch of the text, in characters, and regions.

use crate::contents::Contents;
use crate::entity::{CaptionId, FindingId, Kind, Rules, ShapeId};
use crate::error::{Error, Result};
use crate::id::Key;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caption {
    #[serde(default = "CaptionId::new")]
    pub id: CaptionId,
    /// An image, a study, an image set or a shape.
    pub target: Key,
    pub kind: CaptionKind,
    pub text: String,
    #[serde(default = "english")]
    pub language: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<Grounding>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptionKind {
    Caption,
    Findings,
    Impression,
    Report,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grounding {
    /// Characters of the text, half-open.
    pub span: [usize; 2],
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<ShapeId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingId>,
}

fn english() -> String {
    "en".into()
}

impl Caption {
    /// The words that a phrase is.
    #[must_use]
    pub fn words(&self, phrase: &Grounding) -> String {
        let [start, end] = phrase.span;
        self.text.chars().skip(start).take(end.saturating_sub(start)).collect()
    }

    /// The same with another text. Phrases keep pointing at their words: what lies after a change moves with it, what was
    /// changed inside grows or shrinks, and a phrase that is gone is no longer bound.
    #[must_use]
    pub fn with_text(&self, text: &str) -> Self {
        let old: Vec<char> = self.text.chars().collect();
        let new: Vec<char> = text.chars().collect();
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let most = old.len().min(new.len()) - same;
        let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
        // Of the old text `same..changed` is gone.
        let changed = old.len() - tail;
        let from_end = |at: usize| at + new.len() - old.len();
        let moved = |phrase: &Grounding| {
            let [start, end] = phrase.span;
            let start = match start {
                start if start >= changed => from_end(start),
                start if start > same => same,
                start => start,
            };
            let end = match end {
                end if end >= changed && end > same => from_end(end),
                end if end > same => same,
                end => end,
            };
            (start < end).then(|| Grounding { span: [start, end], ..phrase.clone() })
        };
        let phrases = self.phrases.iter().filter_map(moved).collect();
        Self { text: text.into(), phrases, ..self.clone() }
    }

    /// The phrase that is exactly these characters.
    #[must_use]
    pub fn phrase(&self, span: [usize; 2]) -> Option<&Grounding> {
        self.phrases.iter().find(|phrase| phrase.span == span)
    }

    /// The same with a region bound to a phrase, or taken from it where it was bound. A phrase without one is let go.
    #[must_use]
    pub fn toggled(&self, span: [usize; 2], region: Region) -> Self {
        let mut new = self.clone();
        let known = new.phrases.iter().position(|phrase| phrase.span == span);
        let n = known.unwrap_or_else(|| {
            new.phrases.push(Grounding { span, shapes: Vec::new(), findings: Vec::new() });
            new.phrases.len() - 1
        });
        let phrase = &mut new.phrases[n];
        match region {
            Region::Shape(id) => toggle(&mut phrase.shapes, id),
            Region::Finding(id) => toggle(&mut phrase.findings, id),
        }
        new.phrases.retain(|phrase| !phrase.shapes.is_empty() || !phrase.findings.is_empty());
        new.phrases.sort_by_key(|phrase| phrase.span);
        new
    }
}

/// What a phrase can be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    Shape(ShapeId),
    Finding(FindingId),
}

fn toggle<T: PartialEq>(all: &mut Vec<T>, one: T) {
    let known = all.len();
    all.retain(|other| *other != one);
    if all.len() == known {
        all.push(one);
    }
}

impl Rules for Caption {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let mut keys = vec![self.target];
        for phrase in &self.phrases {
            keys.extend(phrase.shapes.iter().map(|id| id.key()));
            keys.extend(phrase.findings.iter().map(|id| id.key()));
        }
        keys
    }

    fn check(&self, _: &Contents) -> Result<()> {
        if !matches!(self.target.kind, Kind::Image | Kind::Study | Kind::ImageSet | Kind::Shape) {
            return Err(Error::refused("a caption is about an image, a study, an image set or a shape"));
        }
        let length = self.text.chars().count();
        for phrase in &self.phrases {
            let [start, end] = phrase.span;
            if start >= end || end > length {
                let text = format!("a phrase from {start} to {end} is not part of a text of {length} characters");
                return Err(Error::refused(text));
            }
            if phrase.shapes.is_empty() && phrase.findings.is_empty() {
                return Err(Error::refused("a grounded phrase needs a region or a finding"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::ImageId;

    fn caption(text: &str, spans: &[[usize; 2]]) -> Caption {
        let phrase = |span: &[usize; 2]| Grounding { span: *span, shapes: vec![ShapeId::new()], findings: Vec::new() };
        Caption {
            id: CaptionId::new(),
            target: ImageId::new().into(),
            kind: CaptionKind::Report,
            text: text.into(),
            language: english(),
            phrases: spans.iter().map(phrase).collect(),
        }
    }

    #[test]
    fn phrases_stay_with_their_words_while_the_text_changes() {
        let report = caption("A nodule in the größere left lobe.", &[[2, 8], [24, 33]]);
        let words = |caption: &Caption| caption.phrases.iter().map(|p| caption.words(p)).collect::<Vec<_>>();
        assert_eq!(words(&report), ["nodule", "left lobe"]);
        for (text, expected) in [
            ("There is a nodule in the größere left lobe.", vec!["nodule", "left lobe"]),
            ("A small nodule in the größere left lobe.", vec!["nodule", "left lobe"]),
            ("A nodxule in the größere left lobe.", vec!["nodxule", "left lobe"]),
            ("A nodule in the größere left lobe. More", vec!["nodule", "left lobe"]),
            ("A nodule.", vec!["nodule"]),
            ("", vec![]),
            ("Another text altogether!", vec![]),
        ] {
            let changed = report.with_text(text);
            assert_eq!(words(&changed), expected, "{text}");
            let length = text.chars().count();
            assert!(changed.phrases.iter().all(|p| p.span[0] < p.span[1] && p.span[1] <= length));
        }
    }

    #[test]
    fn a_second_click_takes_a_region_from_its_phrase() {
        let (a, b) = (ShapeId::new(), FindingId::new());
        let report = caption("Two things", &[]);
        let bound = report.toggled([4, 10], Region::Shape(a)).toggled([4, 10], Region::Finding(b));
        assert_eq!((bound.phrases.len(), bound.phrase([4, 10]).unwrap().shapes.as_slice()), (1, [a].as_slice()));
        let bare = bound.toggled([4, 10], Region::Shape(a)).toggled([4, 10], Region::Finding(b));
        assert!(bare.phrases.is_empty());
    }
}
