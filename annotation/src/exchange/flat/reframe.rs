//! A part of a picture, at another size: where its pixels come from and where everything on it goes.
//!
//! What must hold: pictures and items go through the same transform; what lies outside is cut off and counted.

use super::body::{Body, Ring};
use super::rle::Rle;
use super::{Item, outline};
use crate::error::{Error, Result};
use crate::question::{MAX_SIDE, Transform};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Which part of a picture leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crop {
    /// The same part of every picture: columns and rows from, to.
    Fixed([[u32; 2]; 2]),
    /// The box around all that is on a picture, with this many pixels around it.
    Around(u32),
}

impl Crop {
    /// From `10,20,300,200` or `around=16`.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            let how = "write COLUMN,ROW,COLUMN,ROW for a part, or around=16 for what is annotated with a margin";
            Error::refused(format!("{text:?} is no part of a picture; {how}"))
        };
        if let Some(margin) = text.strip_prefix("around=") {
            return margin.parse().map(Self::Around).map_err(|_| wrong());
        }
        rectangle(text).map(Self::Fixed).ok_or_else(wrong)
    }
}

/// The size that pictures are scaled to, from `512x512`: columns and rows.
pub fn picture_size(text: &str) -> Result<[u32; 2]> {
    let sides = text.split_once('x').and_then(|(w, h)| Some([w.trim().parse().ok()?, h.trim().parse().ok()?]));
    let fits = |sides: &[u32; 2]| sides.iter().all(|side| (1..=MAX_SIDE).contains(side));
    sides
        .filter(fits)
        .ok_or_else(|| Error::refused(format!("{text:?} is no size; write COLUMNSxROWS up to {MAX_SIDE}: 512x512")))
}

/// From `0,0,200,40`: columns and rows from, to.
pub(crate) fn rectangle<N: FromStr + PartialOrd + Copy>(text: &str) -> Option<[[N; 2]; 2]> {
    let numbers: Option<Vec<N>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    match numbers?[..] {
        [x0, y0, x1, y1] if x0 < x1 && y0 < y1 => Some([[x0, y0], [x1, y1]]),
        _ => None,
    }
}

pub(super) const CUT: &str = "what a crop cuts off";
pub(super) const SCALED: &str = "pixels of masks, by scaling";

/// The way from the native pixels of a picture to those that are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reframe {
    /// Columns and rows from, to.
    pub crop: [[u32; 2]; 2],
    pub transform: Transform,
}

impl Reframe {
    /// `None` where nothing of the picture is left.
    pub(super) fn of(size: [usize; 2], items: &[&Item], crop: Option<Crop>, resize: Option<[u32; 2]>) -> Option<Self> {
        let whole = [[0, 0], size.map(|n| n as u32)];
        let [min, max] = match crop {
            None => whole,
            Some(Crop::Fixed([min, max])) => [min, [max[0].min(whole[1][0]), max[1].min(whole[1][1])]],
            Some(Crop::Around(margin)) => around(items, f64::from(margin), size).unwrap_or(whole),
        };
        if min[0] >= max[0] || min[1] >= max[1] {
            return None;
        }
        let moved = Transform {
            rows: [[1.0, 0.0, -f64::from(min[0])], [0.0, 1.0, -f64::from(min[1])]],
            size: [f64::from(max[0] - min[0]), f64::from(max[1] - min[1])],
        };
        let transform = resize.map_or(moved, |to| moved.resized(to.map(f64::from)));
        Some(Self { crop: [min, max], transform })
    }

    pub(crate) fn size(&self) -> [usize; 2] {
        self.transform.size.map(|side| side.round() as usize)
    }

    pub(super) fn scale(&self) -> [f64; 2] {
        [self.transform.rows[0][0], self.transform.rows[1][1]]
    }

    /// As a 3 x 3 matrix, native to written.
    pub(crate) fn matrix(&self) -> [[f64; 3]; 3] {
        [self.transform.rows[0], self.transform.rows[1], [0.0, 0.0, 1.0]]
    }

    /// The way from a matrix that a recipe holds back to a native picture; `None` where it is another kind of transform.
    pub(super) fn back(matrix: &[[f64; 3]; 3], native: [usize; 2]) -> Option<Self> {
        let [[a, b, c], [d, e, f], last] = *matrix;
        if b != 0.0 || d != 0.0 || !(a > 0.0 && e > 0.0) || last != [0.0, 0.0, 1.0] || !c.is_finite() || !f.is_finite()
        {
            return None;
        }
        let size = native.map(|n| n as f64);
        let rows = [[1.0 / a, 0.0, -c / a], [0.0, 1.0 / e, -f / e]];
        Some(Self { crop: [[0, 0], native.map(|n| n as u32)], transform: Transform { rows, size } })
    }

    /// Where a body goes and what it loses; `None` where nothing of it is left.
    pub(super) fn body(&self, body: &Body) -> Option<(Body, Option<&'static str>)> {
        let [width, height] = self.transform.size;
        let inside = |[x, y]: [f64; 2]| (0.0..=width).contains(&x) && (0.0..=height).contains(&y);
        let go = |point: &[f64; 2]| self.transform.point(*point);
        let whole = |points: &[[f64; 2]]| points.iter().all(|point| inside(*point));
        match body {
            Body::Mask(mask) => self.mask(mask),
            Body::Box { min, max } => {
                let cut = self.transform.rectangle([min[0], min[1], max[0], max[1]]);
                let lost = !whole(&[go(min), go(max)]);
                let left = cut[0] < cut[2] && cut[1] < cut[3];
                left.then(|| (Body::Box { min: [cut[0], cut[1]], max: [cut[2], cut[3]] }, lost.then_some(CUT)))
            }
            Body::Turned { .. } | Body::Ellipse { .. } => self.turned(body),
            Body::Rings(rings) => {
                let moved: Vec<Ring> = rings.iter().map(|ring| ring.iter().map(go).collect()).collect();
                if moved.iter().all(|ring| whole(ring)) {
                    return Some((Body::Rings(moved), None));
                }
                let cut: Vec<Ring> = moved.iter().map(|ring| clipped(ring, [width, height])).collect();
                let cut: Vec<Ring> = cut.into_iter().filter(|ring| outline::signed_area(ring).abs() > 0.0).collect();
                (!cut.is_empty()).then_some((Body::Rings(cut), Some(CUT)))
            }
            Body::Line(points) => {
                let moved: Ring = points.iter().map(go).collect();
                whole(&moved).then_some((Body::Line(moved), None))
            }
            Body::Point(at) => Some(go(at)).filter(|at| inside(*at)).map(|at| (Body::Point(at), None)),
            Body::Keypoints(points) => {
                let moved = points.iter().map(|(name, at)| (name.clone(), go(at)));
                let left: std::collections::BTreeMap<_, _> = moved.filter(|(_, at)| inside(*at)).collect();
                let lost = left.len() < points.len();
                (!left.is_empty()).then(|| (Body::Keypoints(left), lost.then_some(CUT)))
            }
        }
    }

    /// Keeps its kind where both directions are scaled alike and nothing is cut; otherwise it becomes its outline.
    fn turned(&self, body: &Body) -> Option<(Body, Option<&'static str>)> {
        let [sx, sy] = self.scale();
        let [min, max] = body.bounds()?;
        let [low, high] = [self.transform.point(min), self.transform.point(max)];
        let inside = low.iter().all(|n| *n >= 0.0) && (0..2).all(|a| high[a] <= self.transform.size[a]);
        if !inside || (sx - sy).abs() > 1e-12 * sx {
            return self.body(&Body::Rings(body.rings()));
        }
        Some(match body {
            Body::Turned { centre, size, degrees } => {
                let centre = self.transform.point(*centre);
                (Body::Turned { centre, size: size.map(|n| n * sx), degrees: *degrees }, None)
            }
            Body::Ellipse { centre, radii, degrees } => {
                let centre = self.transform.point(*centre);
                (Body::Ellipse { centre, radii: radii.map(|n| n * sx), degrees: *degrees }, None)
            }
            other => (other.clone(), None),
        })
    }

    /// A pixel belongs where the native pixel under its centre does.
    fn mask(&self, mask: &Rle) -> Option<(Body, Option<&'static str>)> {
        let pixels = mask.pixels();
        let [width, height] = self.size();
        let from = |at: f64, axis: usize| {
            let row = self.transform.rows[axis];
            let native = (at + 0.5 - row[2]) / row[axis];
            let limit = [mask.width, mask.height][axis];
            (native >= 0.0 && native < limit as f64).then_some(native as usize)
        };
        let columns: Vec<Option<usize>> = (0..width).map(|x| from(x as f64, 0)).collect();
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            let row = from(y as f64, 1);
            values.extend(columns.iter().map(|x| match (x, row) {
                (Some(x), Some(y)) => u16::from(pixels[y * mask.width + x]),
                _ => 0,
            }));
        }
        let moved = Rle::of_values(&values, width, height).remove(&1)?;
        let lost = match self.scale() {
            [1.0, 1.0] => (moved.area() < mask.area()).then_some(CUT),
            _ => Some(SCALED),
        };
        Some((Body::Mask(moved), lost))
    }
}

/// The box around all items with a margin, in whole pixels of the picture.
fn around(items: &[&Item], margin: f64, size: [usize; 2]) -> Option<[[u32; 2]; 2]> {
    let all: Vec<[[f64; 2]; 2]> = items.iter().filter_map(|item| item.body.bounds()).collect();
    let edge = |value: f64, axis: usize| value.clamp(0.0, size[axis] as f64) as u32;
    let low = |a: usize| all.iter().map(|b| b[0][a]).fold(f64::INFINITY, f64::min);
    let high = |a: usize| all.iter().map(|b| b[1][a]).fold(f64::NEG_INFINITY, f64::max);
    let min = [0, 1].map(|a| edge((low(a) - margin).floor(), a));
    let max = [0, 1].map(|a| edge((high(a) + margin).ceil(), a));
    (!all.is_empty() && min[0] < max[0] && min[1] < max[1]).then_some([min, max])
}

/// The part of a ring inside a picture, side after side (Sutherland and Hodgman).
fn clipped(ring: &Ring, size: [f64; 2]) -> Ring {
    let mut ring = ring.clone();
    for (axis, edge, keep_above) in [(0, 0.0, true), (0, size[0], false), (1, 0.0, true), (1, size[1], false)] {
        let inside = |p: &[f64; 2]| if keep_above { p[axis] >= edge } else { p[axis] <= edge };
        let mut cut = Ring::new();
        for (n, b) in ring.iter().enumerate() {
            let a = &ring[(n + ring.len() - 1) % ring.len()];
            if inside(a) != inside(b) {
                let share = (edge - a[axis]) / (b[axis] - a[axis]);
                cut.push([0, 1].map(|c| if c == axis { edge } else { a[c] + share * (b[c] - a[c]) }));
            }
            if inside(b) {
                cut.push(*b);
            }
        }
        ring = cut;
    }
    ring
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outside_is_cut_and_the_rest_lies_where_its_pixels_lie() {
        let frame = Reframe::of([20, 10], &[], Some(Crop::Fixed([[4, 2], [14, 8]])), Some([20, 6])).unwrap();
        assert_eq!((frame.size(), frame.matrix()[0]), ([20, 6], [2.0, 0.0, -8.0]));
        let (body, lost) = frame.body(&Body::Box { min: [2.0, 3.0], max: [8.0, 6.0] }).unwrap();
        assert_eq!((body, lost), (Body::Box { min: [0.0, 1.0], max: [8.0, 4.0] }, Some(CUT)));
        assert!(frame.body(&Body::Point([3.0, 3.0])).is_none());
        let ring = Body::Rings(vec![vec![[0.0, 0.0], [9.0, 0.0], [9.0, 5.0], [0.0, 5.0]]]);
        let Some((Body::Rings(rings), Some(CUT))) = frame.body(&ring) else { panic!("a ring is cut") };
        assert_eq!(outline::signed_area(&rings[0]).abs(), 10.0 * 3.0);
        let mask = Rle::of_rows((3..6).map(|row| (row, 2..8)), 20, 10);
        let Some((Body::Mask(mask), Some(SCALED))) = frame.body(&Body::Mask(mask)) else { panic!("a mask is scaled") };
        assert_eq!((mask.bbox(), mask.area()), ([0, 1, 8, 3], 24));
        assert!(Reframe::of([20, 10], &[], Some(Crop::Fixed([[20, 0], [30, 8]])), None).is_none());
    }

    #[test]
    fn a_crop_comes_back_exactly() {
        let frame = Reframe::of([20, 10], &[], Some(Crop::Fixed([[4, 2], [14, 8]])), None).unwrap();
        let back = Reframe::back(&frame.matrix(), [20, 10]).unwrap();
        let mask = Body::Mask(Rle::of_rows((3..6).map(|row| (row, 5..9)), 20, 10));
        let (there, lost) = frame.body(&mask).unwrap();
        assert_eq!((back.body(&there).unwrap(), lost), ((mask, None), None));
        let ring = Body::Rings(vec![vec![[5.25, 3.0], [9.5, 3.0], [9.0, 7.75]]]);
        let (there, _) = frame.body(&ring).unwrap();
        assert_eq!(back.body(&there).unwrap().0, ring);
        assert!(Reframe::back(&[[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [20, 10]).is_none());
    }

    #[test]
    fn the_box_around_everything_has_a_margin_inside_the_picture() {
        let item = Item { label: None, body: Body::Box { min: [3.5, 1.0], max: [8.0, 4.2] }, text: None };
        let frame = Reframe::of([20, 10], &[&item], Some(Crop::Around(2)), None).unwrap();
        assert_eq!(frame.crop, [[1, 0], [10, 7]]);
        assert_eq!(Crop::parse("around=16").unwrap(), Crop::Around(16));
        assert!(["", "1,2,3", "5,5,5,9", "around=x", "-1,0,2,2"].iter().all(|bad| Crop::parse(bad).is_err()));
    }
}
