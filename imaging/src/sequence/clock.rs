//! When each frame of a sequence is shown, and for how long: the true times, which need not be even.

/// Start and duration of every frame in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    /// One more than there are frames: the last is the end.
    starts_ms: Vec<f64>,
    known: bool,
}

/// What a film without times is shown at.
const USUAL_MS: f64 = 1000.0 / 25.0;
/// Shorter frames cannot be told apart; a file that asks for 0 ms means "as fast as you like".
const SHORTEST_MS: f64 = 1.0;
/// A frame that stays longer than an hour is a fault of the file.
const LONGEST_MS: f64 = 3_600_000.0;

impl Clock {
    /// Frames of these durations; one that is no duration gets the usual one.
    #[must_use]
    pub fn from_durations(durations_ms: &[f64]) -> Self {
        let mut starts_ms = Vec::with_capacity(durations_ms.len() + 1);
        let mut at = 0.0;
        starts_ms.push(at);
        for &duration in durations_ms {
            let usable = duration.is_finite() && duration > 0.0;
            at += if usable { duration.clamp(SHORTEST_MS, LONGEST_MS) } else { USUAL_MS };
            starts_ms.push(at);
        }
        Self { starts_ms, known: true }
    }

    /// All frames equally long.
    #[must_use]
    pub fn even(frames: usize, duration_ms: f64) -> Self {
        Self::from_durations(&vec![duration_ms; frames])
    }

    /// From the time of each frame; the last stays as long as the one before it. `None` where times run backwards.
    #[must_use]
    pub fn from_times(times_ms: &[f64]) -> Option<Self> {
        let mut durations: Vec<f64> = times_ms.windows(2).map(|t| t[1] - t[0]).collect();
        let last = *durations.last()?;
        durations.push(last);
        durations.iter().all(|d| d.is_finite() && *d > 0.0).then(|| Self::from_durations(&durations))
    }

    /// For frames whose file names no times: 25 a second, and said to be assumed.
    #[must_use]
    pub fn assumed(frames: usize) -> Self {
        Self { known: false, ..Self::even(frames, USUAL_MS) }
    }

    /// False where the times are assumed.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.known
    }

    #[must_use]
    pub fn frames(&self) -> usize {
        self.starts_ms.len() - 1
    }

    #[must_use]
    pub fn total_ms(&self) -> f64 {
        self.starts_ms.last().copied().unwrap_or_default()
    }

    /// When a frame begins; of one past the last, when the sequence ends.
    #[must_use]
    pub fn start_ms(&self, frame: usize) -> f64 {
        self.starts_ms.get(frame).copied().unwrap_or_else(|| self.total_ms())
    }

    #[must_use]
    pub fn duration_ms(&self, frame: usize) -> f64 {
        self.start_ms(frame + 1) - self.start_ms(frame)
    }

    /// The frame shown at a time; before the beginning the first, after the end the last.
    #[must_use]
    pub fn frame_at(&self, ms: f64) -> usize {
        let begun = self.starts_ms.partition_point(|&start| start <= ms);
        begun.saturating_sub(1).min(self.frames().saturating_sub(1))
    }

    /// The same for a sequence that starts over at its end.
    #[must_use]
    pub fn frame_at_looped(&self, ms: f64) -> usize {
        let total = self.total_ms();
        self.frame_at(if total > 0.0 { ms.rem_euclid(total) } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_by_their_true_times() {
        let clock = Clock::from_durations(&[10.0, 30.0, f64::NAN, 5.0]);
        assert_eq!((clock.frames(), clock.total_ms()), (4, 85.0));
        assert_eq!(
            [-1.0, 0.0, 9.9, 10.0, 39.9, 40.0, 84.9, 1e9].map(|ms| clock.frame_at(ms)),
            [0, 0, 0, 1, 1, 2, 3, 3]
        );
        assert_eq!([85.0, 95.0, -1.0].map(|ms| clock.frame_at_looped(ms)), [0, 1, 3]);
        assert_eq!((clock.start_ms(2), clock.duration_ms(1)), (40.0, 30.0));
    }

    #[test]
    fn times_must_run_forwards() {
        assert_eq!(Clock::from_times(&[5.0, 15.0, 35.0]).unwrap().total_ms(), 50.0);
        assert!(Clock::from_times(&[5.0, 5.0]).is_none());
        assert!(Clock::from_times(&[5.0]).is_none());
        assert!(!Clock::assumed(3).is_known());
        assert_eq!(Clock::even(0, 1.0).frame_at_looped(3.0), 0);
    }
}
