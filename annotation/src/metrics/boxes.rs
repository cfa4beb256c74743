//! One box or point against one object: what grounding is scored by. Boxes of COCO results are in `coco`.

use crate::exchange::vqa::boxes::{Rect, iou};
use limner_imaging::Mask;
use serde::{Deserialize, Serialize};

/// One region asked for, and what was pointed at: a missing or unreadable box counts as one that hits nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grounded {
    /// Which picture of the set, and where on it.
    pub reference: (usize, Rect),
    pub predicted: Option<(usize, Rect)>,
}

impl Grounded {
    /// 0 where the box is missing or on another picture.
    #[must_use]
    pub fn iou(&self) -> f64 {
        match self.predicted {
            Some((picture, rect)) if picture == self.reference.0 => iou(self.reference.1, rect),
            _ => 0.0,
        }
    }

    /// What it would be if the picture were not looked at: the difference is boxes that are right on a wrong picture.
    #[must_use]
    pub fn iou_on_any_picture(&self) -> f64 {
        self.predicted.map_or(0.0, |(_, rect)| iou(self.reference.1, rect))
    }

    /// Whether the middle of the predicted box lies in the reference.
    #[must_use]
    pub fn points_inside(&self) -> bool {
        self.predicted.is_some_and(|(picture, [x0, y0, x1, y1])| {
            let (x, y) = (f64::midpoint(x0, x1), f64::midpoint(y0, y1));
            let [a0, b0, a1, b1] = self.reference.1;
            picture == self.reference.0 && (a0..=a1).contains(&x) && (b0..=b1).contains(&y)
        })
    }
}

/// Mean IoU; `None` of nothing.
#[must_use]
pub fn mean_iou(all: &[Grounded]) -> Option<f64> {
    super::mean(&all.iter().map(Grounded::iou).collect::<Vec<_>>())
}

/// The share whose IoU is at least `k`.
#[must_use]
pub fn iou_at(all: &[Grounded], k: f64) -> Option<f64> {
    super::share(all.iter().filter(|one| one.iou() >= k).count() as f64, all.len() as f64)
}

/// The share of boxes whose middle lies in the reference.
#[must_use]
pub fn pointing_accuracy(all: &[Grounded]) -> Option<f64> {
    super::share(all.iter().filter(|one| one.points_inside()).count() as f64, all.len() as f64)
}

/// Whether a pointed-at voxel belongs to the object (the pointing game). A point outside the grid misses.
#[must_use]
pub fn points_into(mask: &Mask, voxel: [f64; 3]) -> bool {
    let nearest = voxel.map(f64::round);
    nearest.iter().all(|n| *n >= 0.0) && mask.get(nearest.map(|n| n as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_on_a_wrong_picture_hits_nothing() {
        let rect = [10.0, 10.0, 20.0, 20.0];
        let right = Grounded { reference: (1, rect), predicted: Some((1, rect)) };
        let wrong = Grounded { predicted: Some((0, rect)), ..right };
        let none = Grounded { predicted: None, ..right };
        assert_eq!((right.iou(), wrong.iou(), none.iou()), (1.0, 0.0, 0.0));
        assert_eq!(wrong.iou_on_any_picture(), 1.0);
        let all = [right, wrong, none];
        assert_eq!((mean_iou(&all), iou_at(&all, 0.5)), (Some(1.0 / 3.0), Some(1.0 / 3.0)));
        assert_eq!((pointing_accuracy(&all), mean_iou(&[])), (Some(1.0 / 3.0), None));
    }
}
