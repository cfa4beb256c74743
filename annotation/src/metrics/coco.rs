//! Average precision as COCO counts it: boxes are matched from the surest down, each to the reference it overlaps most;
//! precision is made monotone and read at 101 recalls. Equal to pycocotools, crowds and size ranges included.

use crate::exchange::vqa::boxes::Rect;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub image: u64,
    pub category: u64,
    pub rect: Rect,
    /// As the file says; of a box its own area.
    pub area: f64,
    /// Many in one: a detection in it is neither right nor wrong.
    pub crowd: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    pub image: u64,
    pub category: u64,
    pub rect: Rect,
    pub score: f64,
}

/// COCO's summary; `None` where no reference has the size.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CocoScores {
    /// Over IoU 0.50 to 0.95.
    pub ap: Option<f64>,
    pub ap50: Option<f64>,
    pub ap75: Option<f64>,
    pub ap_small: Option<f64>,
    pub ap_medium: Option<f64>,
    pub ap_large: Option<f64>,
    /// Recall with at most 1, 10 and 100 detections an image.
    pub ar: [Option<f64>; 3],
    /// AP over all IoUs, by category.
    pub by_category: BTreeMap<u64, f64>,
}

const MOST: usize = 100;
const SMALL: f64 = 32.0 * 32.0;
const LARGE: f64 = 96.0 * 96.0;
const ANY_SIZE: [f64; 2] = [0.0, 1e10];

/// The ten limits of COCO.
#[must_use]
pub fn coco_limits() -> Vec<f64> {
    (0..10).map(|n| f64::from(n).mul_add(0.05, 0.5)).collect()
}

#[must_use]
pub fn coco_scores(truths: &[Truth], detections: &[Detection]) -> CocoScores {
    let sorted = Sorted::new(truths, detections);
    let limits = coco_limits();
    let mean_ap = |limits: &[f64], sizes: [f64; 2]| {
        let all: Vec<f64> =
            sorted.categories.iter().flat_map(|&c| sorted.curves(c, limits, sizes, MOST)).map(|c| c.ap).collect();
        super::mean(&all)
    };
    let recall = |most: usize| {
        let all: Vec<f64> = sorted
            .categories
            .iter()
            .flat_map(|&c| sorted.curves(c, &limits, ANY_SIZE, most))
            .map(|c| c.recall)
            .collect();
        super::mean(&all)
    };
    let one = |category: u64| {
        let all: Vec<f64> = sorted.curves(category, &limits, ANY_SIZE, MOST).iter().map(|c| c.ap).collect();
        super::mean(&all).map(|ap| (category, ap))
    };
    CocoScores {
        ap: mean_ap(&limits, ANY_SIZE),
        ap50: mean_ap(&[0.5], ANY_SIZE),
        ap75: mean_ap(&[0.75], ANY_SIZE),
        ap_small: mean_ap(&limits, [0.0, SMALL]),
        ap_medium: mean_ap(&limits, [SMALL, LARGE]),
        ap_large: mean_ap(&limits, [LARGE, 1e10]),
        ar: [1, 10, MOST].map(recall),
        by_category: sorted.categories.iter().filter_map(|&category| one(category)).collect(),
    }
}

/// AP at one IoU over all categories; `None` without a reference.
#[must_use]
pub fn average_precision(truths: &[Truth], detections: &[Detection], iou: f64) -> Option<f64> {
    let sorted = Sorted::new(truths, detections);
    let all: Vec<f64> =
        sorted.categories.iter().flat_map(|&c| sorted.curves(c, &[iou], ANY_SIZE, MOST)).map(|c| c.ap).collect();
    super::mean(&all)
}

struct Curve {
    ap: f64,
    recall: f64,
}

struct Sorted<'a> {
    categories: BTreeSet<u64>,
    images: BTreeSet<u64>,
    truths: BTreeMap<(u64, u64), Vec<&'a Truth>>,
    /// Surest first.
    detections: BTreeMap<(u64, u64), Vec<&'a Detection>>,
}

impl<'a> Sorted<'a> {
    fn new(truths: &'a [Truth], detections: &'a [Detection]) -> Self {
        let mut all = Self {
            categories: truths.iter().map(|t| t.category).collect(),
            images: truths.iter().map(|t| t.image).chain(detections.iter().map(|d| d.image)).collect(),
            truths: BTreeMap::new(),
            detections: BTreeMap::new(),
        };
        truths.iter().for_each(|t| all.truths.entry((t.image, t.category)).or_default().push(t));
        detections.iter().for_each(|d| all.detections.entry((d.image, d.category)).or_default().push(d));
        all.detections.values_mut().for_each(|list| list.sort_by(|a, b| b.score.total_cmp(&a.score)));
        all
    }

    /// One curve a limit; none where no reference counts.
    fn curves(&self, category: u64, limits: &[f64], sizes: [f64; 2], most: usize) -> Vec<Curve> {
        let mut counted = 0;
        let mut marks: Vec<Vec<Mark>> = vec![Vec::new(); limits.len()];
        for &image in &self.images {
            let truths = self.truths.get(&(image, category)).map(Vec::as_slice).unwrap_or_default();
            let detections = self.detections.get(&(image, category)).map(Vec::as_slice).unwrap_or_default();
            let matching = Matching::new(truths, &detections[..detections.len().min(most)], sizes);
            counted += matching.counted();
            for (marks, limit) in marks.iter_mut().zip(limits) {
                marks.extend(matching.marks(*limit));
            }
        }
        if counted == 0 {
            return Vec::new();
        }
        marks.into_iter().map(|marks| curve(marks, counted)).collect()
    }
}

/// A detection that counts: how sure, and whether it is right.
#[derive(Clone, Copy)]
struct Mark {
    score: f64,
    right: bool,
}

fn curve(mut marks: Vec<Mark>, counted: usize) -> Curve {
    marks.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (mut right, mut wrong) = (0.0, 0.0);
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(marks.len());
    for mark in &marks {
        if mark.right {
            right += 1.0;
        } else {
            wrong += 1.0;
        }
        points.push((right / counted as f64, right / (right + wrong)));
    }
    for n in (1..points.len()).rev() {
        points[n - 1].1 = points[n - 1].1.max(points[n].1);
    }
    let at = |recall: f64| points.get(points.partition_point(|p| p.0 < recall)).map_or(0.0, |p| p.1);
    // The recalls as NumPy's linspace has them, so that ties fall the same way.
    let ap = (0..=100).map(|n| at(f64::from(n) * 0.01)).sum::<f64>() / 101.0;
    Curve { ap, recall: points.last().map_or(0.0, |p| p.0) }
}

/// References and detections of one category on one image.
struct Matching<'a> {
    /// Those that count first.
    truths: Vec<&'a Truth>,
    ignored: Vec<bool>,
    detections: &'a [&'a Detection],
    sizes: [f64; 2],
    ious: Vec<Vec<f64>>,
}

impl<'a> Matching<'a> {
    fn new(truths: &[&'a Truth], detections: &'a [&'a Detection], sizes: [f64; 2]) -> Self {
        let outside = |t: &Truth| t.crowd || t.area < sizes[0] || t.area > sizes[1];
        let mut truths = truths.to_vec();
        truths.sort_by_key(|t| outside(t));
        let ignored = truths.iter().map(|t| outside(t)).collect();
        let ious = detections.iter().map(|d| truths.iter().map(|t| overlap(d.rect, t)).collect()).collect();
        Self { truths, ignored, detections, sizes, ious }
    }

    fn counted(&self) -> usize {
        self.ignored.iter().filter(|ignored| !**ignored).count()
    }

    fn marks(&self, limit: f64) -> Vec<Mark> {
        let mut taken = vec![false; self.truths.len()];
        let mut marks = Vec::new();
        for (detection, ious) in self.detections.iter().zip(&self.ious) {
            let mut best = limit.min(1.0 - 1e-10);
            let mut hit: Option<usize> = None;
            for (n, &iou) in ious.iter().enumerate() {
                if taken[n] && !self.truths[n].crowd {
                    continue;
                }
                // What counts is preferred to what is passed over.
                if hit.is_some_and(|hit| !self.ignored[hit]) && self.ignored[n] {
                    break;
                }
                if iou >= best {
                    (best, hit) = (iou, Some(n));
                }
            }
            if let Some(hit) = hit {
                taken[hit] = true;
                if !self.ignored[hit] {
                    marks.push(Mark { score: detection.score, right: true });
                }
            } else if (self.sizes[0]..=self.sizes[1]).contains(&area(detection.rect)) {
                marks.push(Mark { score: detection.score, right: false });
            }
        }
        marks
    }
}

fn area(rect: Rect) -> f64 {
    (rect[2] - rect[0]) * (rect[3] - rect[1])
}

/// IoU; with a crowd the share of the detection that lies in it.
fn overlap(rect: Rect, truth: &Truth) -> f64 {
    let side = |a: usize| (rect[a + 2].min(truth.rect[a + 2]) - rect[a].max(truth.rect[a])).max(0.0);
    let both = side(0) * side(1);
    let whole = if truth.crowd { area(rect) } else { area(rect) + area(truth.rect) - both };
    super::share(both, whole).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(image: u64, rect: Rect) -> Truth {
        Truth { image, category: 1, rect, area: area(rect), crowd: false }
    }

    fn detection(image: u64, rect: Rect, score: f64) -> Detection {
        Detection { image, category: 1, rect, score }
    }

    #[test]
    fn a_perfect_model_scores_one_and_a_blind_one_nothing() {
        let rect = [10.0, 10.0, 60.0, 60.0];
        let truths = [truth(1, rect), truth(2, rect)];
        let right = [detection(1, rect, 0.9), detection(2, rect, 0.8)];
        let scores = coco_scores(&truths, &right);
        assert_eq!((scores.ap, scores.ap_medium, scores.ap_small), (Some(1.0), Some(1.0), None));
        assert_eq!(coco_scores(&truths, &[]).ap, Some(0.0));
        assert_eq!(coco_scores(&[], &right), CocoScores::default());
        let half = average_precision(&truths, &right[..1], 0.5).unwrap();
        assert!((half - 51.0 / 101.0).abs() < 1e-12);
    }
}
