//! Points against points: landmarks in millimetres, and tracks as TAP-Vid scores them.

use limner_imaging::World;
use serde::{Deserialize, Serialize};

/// One named landmark in both versions; `None` where the model did not give it.
pub type LandmarkPair = (World, Option<World>);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LandmarkScores {
    /// Of those that were given.
    pub mean_error_mm: Option<f64>,
    pub median_error_mm: Option<f64>,
    pub missing: usize,
    /// The share of all landmarks within each limit; a missing one is within none.
    pub within_mm: Vec<(f64, f64)>,
}

#[must_use]
pub fn landmark_scores(pairs: &[LandmarkPair], limits_mm: &[f64]) -> LandmarkScores {
    let errors: Vec<f64> = pairs.iter().filter_map(|(a, b)| b.map(|b| a.0.distance(b.0))).collect();
    let within = |limit: f64| {
        let near = errors.iter().filter(|mm| **mm <= limit).count();
        super::share(near as f64, pairs.len() as f64).map(|share| (limit, share))
    };
    LandmarkScores {
        mean_error_mm: super::mean(&errors),
        median_error_mm: super::statistics::quantile(&errors, 0.5),
        missing: pairs.len() - errors.len(),
        within_mm: limits_mm.iter().filter_map(|limit| within(*limit)).collect(),
    }
}

/// A point in one frame: where, and whether it can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracked {
    pub at: [f64; 2],
    pub visible: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackScores {
    /// Of the visible points, the share within 1, 2, 4, 8 and 16 pixels, averaged.
    pub position_accuracy: Option<f64>,
    /// How often visible and hidden are told apart.
    pub occlusion_accuracy: Option<f64>,
    /// Right and visible over right, missed and wrong, averaged over the same distances.
    pub average_jaccard: Option<f64>,
}

/// The distances in pixels of a picture of 256 by 256 that TAP-Vid counts at.
pub const TRACK_LIMITS: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

/// Tracks frame by frame, reference and prediction. The frame of the question is left out by the caller.
#[must_use]
pub fn track_scores(points: &[(Tracked, Tracked)]) -> TrackScores {
    let near = |limit: f64, (a, b): &(Tracked, Tracked)| {
        (a.at[0] - b.at[0]).powi(2) + (a.at[1] - b.at[1]).powi(2) < limit * limit
    };
    let count = |wanted: &dyn Fn(&(Tracked, Tracked)) -> bool| points.iter().filter(|p| wanted(p)).count() as f64;
    let visible = count(&|(a, _)| a.visible);
    let average = |values: Vec<Option<f64>>| {
        let values: Option<Vec<f64>> = values.into_iter().collect();
        values.and_then(|values| super::mean(&values))
    };
    let within = |limit: f64| super::share(count(&|p| p.0.visible && near(limit, p)), visible);
    let jaccard = |limit: f64| {
        let right = count(&|p| p.0.visible && p.1.visible && near(limit, p));
        let wrong = count(&|p| p.1.visible && (!p.0.visible || !near(limit, p)));
        super::share(right, visible + wrong)
    };
    TrackScores {
        position_accuracy: average(TRACK_LIMITS.map(within).to_vec()),
        occlusion_accuracy: super::share(count(&|(a, b)| a.visible == b.visible), points.len() as f64),
        average_jaccard: average(TRACK_LIMITS.map(jaccard).to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_landmark_is_within_no_limit() {
        let at = |x: f64| World::new(x, 0.0, 0.0);
        let scores =
            landmark_scores(&[(at(0.0), Some(at(1.0))), (at(5.0), Some(at(8.0))), (at(9.0), None)], &[2.0, 4.0]);
        assert_eq!((scores.mean_error_mm, scores.missing), (Some(2.0), 1));
        assert_eq!(scores.within_mm, [(2.0, 1.0 / 3.0), (4.0, 2.0 / 3.0)]);
        assert_eq!(landmark_scores(&[], &[1.0]), LandmarkScores::default());
    }

    #[test]
    fn tracks_are_scored_as_tap_vid_does() {
        let point = |x: f64, visible| Tracked { at: [x, 0.0], visible };
        let points = [
            (point(0.0, true), point(0.5, true)),
            (point(0.0, true), point(3.0, true)),
            (point(0.0, false), point(0.0, true)),
            (point(0.0, true), point(0.0, false)),
        ];
        let scores = track_scores(&points);
        assert_eq!(scores.occlusion_accuracy, Some(0.5));
        // Within 1 and 2: two of three; from 4 on all.
        assert!((scores.position_accuracy.unwrap() - (2.0 * 2.0 / 3.0 + 3.0) / 5.0).abs() < 1e-12);
        // Within 1 and 2: one right, three visible, two wrong; from 4 on: two right, three visible, one wrong.
        assert!((scores.average_jaccard.unwrap() - (2.0 * 0.2 + 3.0 * 0.5) / 5.0).abs() < 1e-12);
    }
}
