//! Boxes of several raters that mean the same thing.

use crate::exchange::vqa::boxes::{Rect, iou};
use serde::{Deserialize, Serialize};

/// A box on a picture, by whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatedBox {
    pub rater: usize,
    pub category: String,
    pub rect: Rect,
    /// How sure; 1 for a person.
    pub weight: f64,
}

/// Boxes taken for one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoxCluster {
    pub category: String,
    /// The mean of its boxes by weight.
    pub rect: Rect,
    /// The places of its boxes in the list given.
    pub members: Vec<usize>,
    /// How many raters have a box in it.
    pub raters: usize,
}

/// Takes boxes from the surest down into the cluster they overlap most, at `iou_least` or more, at most one a rater;
/// others begin a new one. Keeps what at least `raters_least` raters drew.
#[must_use]
pub fn cluster(boxes: &[RatedBox], iou_least: f64, raters_least: usize) -> Vec<BoxCluster> {
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|&a, &b| boxes[b].weight.total_cmp(&boxes[a].weight));
    let mut clusters: Vec<BoxCluster> = Vec::new();
    for n in order {
        let this = &boxes[n];
        let open = |cluster: &BoxCluster| {
            cluster.category == this.category && cluster.members.iter().all(|m| boxes[*m].rater != this.rater)
        };
        let best = clusters
            .iter_mut()
            .filter(|cluster| open(cluster))
            .map(|cluster| (iou(cluster.rect, this.rect), cluster))
            .filter(|(iou, _)| *iou >= iou_least)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, cluster)) = best {
            cluster.members.push(n);
            cluster.raters += 1;
            cluster.rect = mean_rect(boxes, &cluster.members);
        } else {
            clusters.push(BoxCluster { category: this.category.clone(), rect: this.rect, members: vec![n], raters: 1 });
        }
    }
    clusters.retain(|cluster| cluster.raters >= raters_least);
    clusters
}

fn mean_rect(boxes: &[RatedBox], members: &[usize]) -> Rect {
    let total: f64 = members.iter().map(|m| boxes[*m].weight).sum();
    let even = total <= 0.0;
    let weight = |m: usize| if even { 1.0 / members.len() as f64 } else { boxes[m].weight / total };
    std::array::from_fn(|side| members.iter().map(|m| boxes[*m].rect[side] * weight(*m)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(rater: usize, rect: Rect) -> RatedBox {
        RatedBox { rater, category: "lesion".into(), rect, weight: 1.0 }
    }

    #[test]
    fn boxes_of_one_thing_come_together_once_a_rater() {
        let boxes = [
            rated(0, [10.0, 10.0, 20.0, 20.0]),
            rated(1, [12.0, 10.0, 22.0, 20.0]),
            rated(1, [11.0, 10.0, 21.0, 20.0]),
            rated(2, [50.0, 50.0, 60.0, 60.0]),
        ];
        let all = cluster(&boxes, 0.5, 1);
        assert_eq!(all.iter().map(|c| c.raters).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(all[0].rect, [11.0, 10.0, 21.0, 20.0]);
        assert_eq!(cluster(&boxes, 0.5, 2).len(), 1);
        assert!(cluster(&[], 0.5, 1).is_empty());
    }
}
