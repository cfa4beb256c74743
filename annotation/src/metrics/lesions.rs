//! Lesion by lesion: what hangs together over corners is one. Two lesions are the same where their IoU is above a limit;
//! pairs are taken from the best down, each lesion once.

use limner_imaging::Mask;
use limner_imaging::field::{Connectivity, components};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Lesions found, missed and invented.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LesionScores {
    pub found: usize,
    pub missed: usize,
    pub invented: usize,
    /// The IoU of each pair.
    pub ious: Vec<f64>,
}

impl LesionScores {
    /// Two masks of one kind of lesion. `iou_above` 0 is any overlap, 0.5 the rule of panoptic quality.
    #[must_use]
    pub fn of(reference: &Mask, predicted: &Mask, iou_above: f64) -> Self {
        let bounds = reference.bounds().union(&predicted.bounds());
        let [a, b] = [reference, predicted].map(|mask| components(&mask.within(bounds), Connectivity::Corner26));
        let mut shared: HashMap<(u32, u32), usize> = HashMap::new();
        for (&one, &other) in a.labels().iter().zip(&b.labels()) {
            if one != 0 && other != 0 {
                *shared.entry((one - 1, other - 1)).or_default() += 1;
            }
        }
        let iou = |(&(one, other), &both): (&(u32, u32), &usize)| {
            let joined = a.parts()[one as usize].voxels + b.parts()[other as usize].voxels - both;
            (both as f64 / joined as f64, one as usize, other as usize)
        };
        Self::matched(shared.iter().map(iou).collect(), a.len(), b.len(), iou_above)
    }

    /// From the IoUs of pairs: (IoU, reference, prediction).
    #[must_use]
    pub fn matched(mut pairs: Vec<(f64, usize, usize)>, references: usize, predictions: usize, iou_above: f64) -> Self {
        pairs.retain(|(iou, ..)| *iou > iou_above);
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let (mut taken_a, mut taken_b) = (vec![false; references], vec![false; predictions]);
        let mut ious = Vec::new();
        for (iou, a, b) in pairs {
            if !taken_a[a] && !taken_b[b] {
                (taken_a[a], taken_b[b]) = (true, true);
                ious.push(iou);
            }
        }
        Self { found: ious.len(), missed: references - ious.len(), invented: predictions - ious.len(), ious }
    }

    /// Adds the lesions of another case.
    pub fn add(&mut self, other: &Self) {
        self.found += other.found;
        self.missed += other.missed;
        self.invented += other.invented;
        self.ious.extend(&other.ious);
    }

    /// 1 where there is nothing to find and nothing was found.
    #[must_use]
    pub fn f1(&self) -> f64 {
        super::share(2.0 * self.found as f64, (2 * self.found + self.missed + self.invented) as f64).unwrap_or(1.0)
    }

    /// `None` where there is nothing to find.
    #[must_use]
    pub fn sensitivity(&self) -> Option<f64> {
        super::share(self.found as f64, (self.found + self.missed) as f64)
    }

    /// `None` where nothing was predicted.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        super::share(self.found as f64, (self.found + self.invented) as f64)
    }

    /// The sum of the pairs' IoUs over pairs plus half of what has no pair; 1 where there is nothing on either side.
    #[must_use]
    pub fn panoptic_quality(&self) -> f64 {
        let all = self.found as f64 + (self.missed + self.invented) as f64 / 2.0;
        super::share(self.ious.iter().sum(), all).unwrap_or(1.0)
    }

    /// The mean IoU of the pairs.
    #[must_use]
    pub fn segmentation_quality(&self) -> Option<f64> {
        super::mean(&self.ious)
    }
}

/// A place a model points at, how sure it is, and which lesion of its case that hits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    pub score: f64,
    pub hits: Option<usize>,
}

/// One case of a detection study.
#[derive(Clone, Debug, Default)]
pub struct FrocCase {
    pub lesions: usize,
    pub candidates: Vec<Candidate>,
}

/// A point of the curve: at this score and above.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrocPoint {
    pub score: f64,
    pub false_per_case: f64,
    pub sensitivity: f64,
}

/// The free-response curve: a lesion counts from its best candidate on, further hits on it count neither way. Empty
/// where there is no case or no lesion.
#[must_use]
pub fn froc(cases: &[FrocCase]) -> Vec<FrocPoint> {
    let lesions: usize = cases.iter().map(|case| case.lesions).sum();
    if lesions == 0 {
        return Vec::new();
    }
    // Score and whether it is a lesion found.
    let mut marks: Vec<(f64, bool)> = Vec::new();
    for case in cases {
        let mut best: HashMap<usize, f64> = HashMap::new();
        for candidate in &case.candidates {
            match candidate.hits {
                Some(lesion) => {
                    let known = best.entry(lesion).or_insert(candidate.score);
                    *known = known.max(candidate.score);
                }
                None => marks.push((candidate.score, false)),
            }
        }
        marks.extend(best.into_values().map(|score| (score, true)));
    }
    marks.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut points: Vec<FrocPoint> = Vec::new();
    let (mut found, mut wrong) = (0, 0);
    for (n, &(score, is_lesion)) in marks.iter().enumerate() {
        if is_lesion {
            found += 1;
        } else {
            wrong += 1;
        }
        // Equal scores stand or fall together.
        if marks.get(n + 1).is_none_or(|next| next.0 != score) {
            let (false_per_case, sensitivity) =
                (f64::from(wrong) / cases.len() as f64, f64::from(found) / lesions as f64);
            points.push(FrocPoint { score, false_per_case, sensitivity });
        }
    }
    points
}

/// The false positives a case at which LUNA16 and others average the sensitivity.
pub const FROC_RATES: [f64; 7] = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0];

/// The best sensitivity that costs at most this many false positives a case.
#[must_use]
pub fn sensitivity_at(curve: &[FrocPoint], false_per_case: f64) -> f64 {
    let within = curve.iter().take_while(|point| point.false_per_case <= false_per_case);
    within.map(|point| point.sensitivity).fold(0.0, f64::max)
}

/// Mean sensitivity over `FROC_RATES`; `None` without a lesion.
#[must_use]
pub fn froc_score(curve: &[FrocPoint]) -> Option<f64> {
    let rates = FROC_RATES.map(|rate| sensitivity_at(curve, rate));
    (!curve.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::VoxelBox;

    fn blocks(list: &[([usize; 3], [usize; 3])]) -> Mask {
        Mask::from_fn(VoxelBox::whole([20, 20, 4]), |v| list.iter().any(|(a, b)| VoxelBox::new(*a, *b).contains(v)))
    }

    #[test]
    fn lesions_are_matched_once_and_the_best_first() {
        let reference = blocks(&[([0, 0, 0], [4, 4, 2]), ([10, 10, 0], [14, 14, 2]), ([0, 10, 0], [2, 12, 1])]);
        let predicted = blocks(&[([0, 0, 0], [4, 4, 2]), ([12, 10, 0], [16, 14, 2]), ([18, 0, 0], [20, 2, 1])]);
        let any = LesionScores::of(&reference, &predicted, 0.0);
        assert_eq!((any.found, any.missed, any.invented), (2, 1, 1));
        assert_eq!(any.ious, [1.0, 1.0 / 3.0]);
        assert!((any.f1() - 2.0 / 3.0).abs() < 1e-12);
        let half = LesionScores::of(&reference, &predicted, 0.5);
        assert_eq!((half.found, half.missed, half.invented), (1, 2, 2));
        assert!((half.panoptic_quality() - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_on_either_side_is_right() {
        let nothing = Mask::empty(VoxelBox::default());
        let scores = LesionScores::of(&nothing, &nothing, 0.5);
        assert_eq!((scores.f1(), scores.panoptic_quality(), scores.sensitivity()), (1.0, 1.0, None));
        let invented = LesionScores::of(&nothing, &blocks(&[([0, 0, 0], [2, 2, 2])]), 0.5);
        assert_eq!((invented.f1(), invented.panoptic_quality()), (0.0, 0.0));
    }

    #[test]
    fn the_curve_counts_a_lesion_once() {
        let hit = |score, lesion| Candidate { score, hits: Some(lesion) };
        let miss = |score| Candidate { score, hits: None };
        let cases = [
            FrocCase { lesions: 2, candidates: vec![hit(0.9, 0), hit(0.3, 0), miss(0.8)] },
            FrocCase { lesions: 1, candidates: vec![miss(0.7), hit(0.7, 0)] },
        ];
        let curve = froc(&cases);
        let flat: Vec<_> = curve.iter().map(|p| (p.false_per_case, p.sensitivity)).collect();
        assert_eq!(flat, [(0.0, 1.0 / 3.0), (0.5, 1.0 / 3.0), (1.0, 2.0 / 3.0)]);
        assert_eq!((sensitivity_at(&curve, 0.5), sensitivity_at(&curve, 8.0)), (1.0 / 3.0, 2.0 / 3.0));
        assert!(froc(&[FrocCase::default()]).is_empty() && froc_score(&[]).is_none());
    }
}
