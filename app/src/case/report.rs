//! The text in the hand: typed but not yet kept, and the words that the next clicks are bound to.

use limner_annotation::ImageId;
use limner_annotation::records::CaptionKind;
use std::time::{Duration, Instant};

/// A hand that rests for this long has ended a sentence.
const REST: Duration = Duration::from_millis(1500);

pub struct Draft {
    pub kind: CaptionKind,
    /// What was typed about which picture, and when the last letter came.
    pub typed: Option<(ImageId, String, Instant)>,
    /// Characters of the text that regions are being bound to.
    pub binding: Option<[usize; 2]>,
    /// The phrase that is pointed at in the list: its regions stand out on the picture.
    pub pointed: Option<usize>,
}

impl Default for Draft {
    fn default() -> Self {
        Self { kind: CaptionKind::Report, typed: None, binding: None, pointed: None }
    }
}

impl Draft {
    /// Whether what was typed should be kept now.
    pub fn is_at_rest(&self, now: Instant) -> bool {
        self.typed.as_ref().is_some_and(|(.., last)| now.saturating_duration_since(*last) >= REST)
    }
}

/// The kinds as they are offered.
pub const KINDS: [(CaptionKind, &str); 4] = [
    (CaptionKind::Caption, "Caption"),
    (CaptionKind::Findings, "Findings"),
    (CaptionKind::Impression, "Impression"),
    (CaptionKind::Report, "Report"),
];
