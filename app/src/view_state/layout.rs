//! How viewports share the space: rows and columns within each other, with seams a hand can move.

use super::viewport::ViewportId;
use eframe::egui::{Rect, pos2};
use serde::{Deserialize, Serialize};

/// Between two viewports, in points.
pub const SEAM: f32 = 2.0;
/// No part gets smaller than this share of its row or column.
const LEAST: f32 = 0.05;

/// Ways to share the space that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrangement {
    Grid {
        rows: u8,
        columns: u8,
    },
    /// The three planes and the volume of one picture.
    Planes,
}

impl Arrangement {
    pub const ONE: Self = Self::grid(1, 1);

    pub const fn grid(rows: u8, columns: u8) -> Self {
        Self::Grid { rows, columns }
    }

    pub const fn rows_and_columns(self) -> (u8, u8) {
        match self {
            Self::Grid { rows, columns } => (rows, columns),
            Self::Planes => (2, 2),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Along {
    /// Side by side.
    Across,
    /// One above the other.
    Down,
}

/// One viewport, or parts that share its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    View(ViewportId),
    Split {
        along: Along,
        /// Each with its share; all together make 1.
        parts: Vec<(f32, Self)>,
    },
}

/// The line between two parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Seam {
    /// Which split, from the root, and after which of its parts.
    pub path: Vec<usize>,
    pub after: usize,
    pub along: Along,
    pub rect: Rect,
    /// Of the split the seam belongs to, in points.
    pub length: f32,
}

impl Node {
    /// `ids` in reading order.
    pub fn grid(columns: usize, ids: &[ViewportId]) -> Self {
        let row = |ids: &[ViewportId]| Self::even(Along::Across, ids.iter().map(|&id| Self::View(id)).collect());
        Self::even(Along::Down, ids.chunks(columns.max(1)).map(row).collect())
    }

    fn even(along: Along, mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let share = 1.0 / parts.len() as f32;
        Self::Split { along, parts: parts.into_iter().map(|part| (share, part)).collect() }
    }

    /// In reading order.
    pub fn ids(&self) -> Vec<ViewportId> {
        match self {
            Self::View(id) => vec![*id],
            Self::Split { parts, .. } => parts.iter().flat_map(|(_, part)| part.ids()).collect(),
        }
    }

    /// Where each viewport lies.
    pub fn places(&self, whole: Rect) -> Vec<(ViewportId, Rect)> {
        match self {
            Self::View(id) => vec![(*id, whole)],
            Self::Split { along, parts } => {
                let rects = split_rect(*along, parts, whole);
                parts.iter().zip(rects).flat_map(|((_, part), rect)| part.places(rect)).collect()
            }
        }
    }

    pub fn seams(&self, whole: Rect) -> Vec<Seam> {
        let mut seams = Vec::new();
        self.gather_seams(whole, &mut Vec::new(), &mut seams);
        seams
    }

    fn gather_seams(&self, whole: Rect, path: &mut Vec<usize>, seams: &mut Vec<Seam>) {
        let Self::Split { along, parts } = self else { return };
        let rects = split_rect(*along, parts, whole);
        for after in 0..rects.len() - 1 {
            let (before, behind) = (rects[after], rects[after + 1]);
            let (rect, length) = match along {
                Along::Across => (
                    Rect::from_min_max(pos2(before.right(), whole.top()), pos2(behind.left(), whole.bottom())),
                    whole.width(),
                ),
                Along::Down => (
                    Rect::from_min_max(pos2(whole.left(), before.bottom()), pos2(whole.right(), behind.top())),
                    whole.height(),
                ),
            };
            seams.push(Seam { path: path.clone(), after, along: *along, rect, length });
        }
        for (n, ((_, part), rect)) in parts.iter().zip(rects).enumerate() {
            path.push(n);
            part.gather_seams(rect, path, seams);
            path.pop();
        }
    }

    /// Moves a seam by a share of its split.
    pub fn move_seam(&mut self, path: &[usize], after: usize, by: f32) {
        let Self::Split { parts, .. } = self else { return };
        if let Some((first, rest)) = path.split_first() {
            if let Some((_, part)) = parts.get_mut(*first) {
                part.move_seam(rest, after, by);
            }
            return;
        }
        if after + 1 >= parts.len() {
            return;
        }
        let both = parts[after].0 + parts[after + 1].0;
        let least = LEAST.min(both / 2.0);
        parts[after].0 = (parts[after].0 + by).clamp(least, both - least);
        parts[after + 1].0 = both - parts[after].0;
    }

    /// Gives half of a viewport's place to a new one, to its right or below it.
    pub fn split(&mut self, id: ViewportId, along: Along, new: ViewportId) {
        match self {
            Self::View(here) if *here == id => {
                *self = Self::Split { along, parts: vec![(0.5, Self::View(id)), (0.5, Self::View(new))] };
            }
            Self::View(_) => {}
            Self::Split { parts, .. } => parts.iter_mut().for_each(|(_, part)| part.split(id, along, new)),
        }
    }

    /// Takes a viewport out; its neighbours get its place. The last one stays.
    pub fn close(&mut self, id: ViewportId) {
        let Self::Split { parts, .. } = self else { return };
        parts.retain(|(_, part)| *part != Self::View(id));
        parts.iter_mut().for_each(|(_, part)| part.close(id));
        let sum: f32 = parts.iter().map(|(share, _)| share).sum();
        parts.iter_mut().for_each(|(share, _)| *share /= sum);
        if parts.len() == 1 {
            *self = parts.remove(0).1;
        }
    }
}

/// The parts of a rectangle, seams left out.
fn split_rect(along: Along, parts: &[(f32, Node)], whole: Rect) -> Vec<Rect> {
    let seams = SEAM * (parts.len() as f32 - 1.0);
    let (start, length) = match along {
        Along::Across => (whole.left(), whole.width()),
        Along::Down => (whole.top(), whole.height()),
    };
    let room = (length - seams).max(0.0);
    let mut at = start;
    let place = |(share, _): &(f32, Node)| {
        // Whole points keep the textures pixel for pixel.
        let end = (at + share * room).round().min(start + length);
        let rect = match along {
            Along::Across => Rect::from_min_max(pos2(at, whole.top()), pos2(end, whole.bottom())),
            Along::Down => Rect::from_min_max(pos2(whole.left(), at), pos2(whole.right(), end)),
        };
        at = end + SEAM;
        rect
    };
    parts.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(count: u32) -> Vec<ViewportId> {
        (0..count).map(ViewportId).collect()
    }

    const WHOLE: Rect = Rect { min: pos2(10.0, 20.0), max: pos2(810.0, 620.0) };

    #[test]
    fn every_grid_up_to_four_by_four_fills_the_space_without_overlap() {
        for rows in 1..=4_u32 {
            for columns in 1..=4_u32 {
                let grid = Node::grid(columns as usize, &ids(rows * columns));
                let places = grid.places(WHOLE);
                assert_eq!(grid.ids(), ids(rows * columns));
                let area: f32 = places.iter().map(|(_, r)| r.area()).sum();
                assert!(area > 0.97 * WHOLE.area() && area <= WHOLE.area());
                for (n, (_, a)) in places.iter().enumerate() {
                    assert!(WHOLE.contains_rect(*a));
                    assert!(places[n + 1..].iter().all(|(_, b)| !a.intersect(*b).is_positive()));
                }
                assert_eq!(grid.seams(WHOLE).len() as u32, rows - 1 + rows * (columns - 1));
            }
        }
    }

    #[test]
    fn a_split_gives_half_and_closing_gives_it_back() {
        let mut node = Node::grid(2, &ids(2));
        let before = node.clone();
        node.split(ViewportId(1), Along::Down, ViewportId(7));
        assert_eq!(node.ids(), [ViewportId(0), ViewportId(1), ViewportId(7)]);
        let places = node.places(WHOLE);
        assert!((places[1].1.height() - places[2].1.height()).abs() <= 2.0 && places[1].1.left() == places[2].1.left());
        node.close(ViewportId(7));
        assert_eq!(node, before);
        node.close(ViewportId(0));
        node.close(ViewportId(1));
        assert_eq!(node, Node::View(ViewportId(1)), "the last viewport stays");
    }

    #[test]
    fn a_seam_moves_its_two_neighbours_only_and_never_closes_one() {
        let mut node = Node::grid(3, &ids(6));
        let before = node.places(WHOLE);
        let seams = node.seams(WHOLE);
        let inner = seams.iter().find(|s| s.along == Along::Across && s.path == [1] && s.after == 1).unwrap();
        node.move_seam(&inner.path, inner.after, 0.1);
        let after = node.places(WHOLE);
        assert_eq!(before[..4], after[..4]);
        assert!(after[4].1.width() > before[4].1.width() + 70.0);
        node.move_seam(&[1], 1, 5.0);
        assert!(node.places(WHOLE).iter().all(|(_, r)| r.width() > 10.0));
    }
}
