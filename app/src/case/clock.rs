//! How long a case has been worked on: time with the hands on it. A pause longer than a moment of thought is no work.

use limner_annotation::ImageId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Nobody looks at a picture for longer than this without moving the mouse.
pub const IDLE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct Clock {
    /// The case in front, and when a hand moved last.
    now: Option<(ImageId, Instant)>,
    /// Whether something was done to it since it came there.
    pub touched: bool,
    /// Worked but not yet written down.
    pending: BTreeMap<ImageId, Duration>,
}

/// A case that was left, and whether something was done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub image: ImageId,
    pub changed: bool,
}

impl Clock {
    /// A frame of the window: which case is in front, and whether a hand moved. Answers with the case that was left.
    pub fn tick(&mut self, image: Option<ImageId>, moved: bool, at: Instant) -> Option<Left> {
        let former = self.now;
        if let Some((former, last)) = former {
            let gap = at.saturating_duration_since(last);
            if moved && gap <= IDLE {
                *self.pending.entry(former).or_default() += gap;
            }
            if Some(former) == image {
                self.now = Some((former, if moved { at } else { last }));
                return None;
            }
        }
        self.now = image.map(|image| (image, at));
        let changed = std::mem::take(&mut self.touched);
        former.map(|(image, _)| Left { image, changed })
    }

    /// What was worked on a case since it was last written down.
    pub fn pending(&self, image: ImageId) -> Duration {
        self.pending.get(&image).copied().unwrap_or_default()
    }

    /// The same, and from now on it counts as written.
    pub fn take(&mut self, image: ImageId) -> Duration {
        self.pending.remove(&image).unwrap_or_default()
    }
}

/// As people say it: 45 s, 3:20 min, 1:05 h.
pub fn words(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{}:{:02} min", s / 60, s % 60),
        s => format!("{}:{:02} h", s / 3600, s / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_and_other_cases_do_not_count() {
        let mut clock = Clock::default();
        let (a, b) = (ImageId::new(), ImageId::new());
        let start = Instant::now();
        let at = |secs: u64| start + Duration::from_secs(secs);
        assert_eq!(clock.tick(Some(a), true, at(0)), None);
        for secs in [5, 10, 200, 204] {
            clock.tick(Some(a), true, at(secs));
        }
        // Five, five, a pause that is none, four.
        assert_eq!(clock.pending(a), Duration::from_secs(14));
        clock.touched = true;
        clock.tick(Some(a), false, at(210));
        let left = clock.tick(Some(b), true, at(212));
        assert_eq!(left, Some(Left { image: a, changed: true }));
        assert_eq!(clock.take(a), Duration::from_secs(22));
        assert_eq!(clock.pending(a), Duration::ZERO);
        clock.tick(Some(b), true, at(215));
        assert_eq!(clock.tick(None, false, at(216)), Some(Left { image: b, changed: false }));
        assert_eq!(clock.pending(b), Duration::from_secs(3));
        assert_eq!([59, 200, 3900].map(|s| words(Duration::from_secs(s))), ["59 s", "3:20 min", "1:05 h"]);
    }
}
