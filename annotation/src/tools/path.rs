//! How a tool gathers points from the hand: a small state machine that knows press, move, release and finish.
//!
//! Corners can be clicked one by one or pulled out by a drag, whatever the tool: a ruler is one drag or two clicks.

use limner_imaging::World;

/// Which points a tool waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gather {
    /// Every point of a drag, each used at once.
    Stroke,
    /// Every point of a drag, used together at its end.
    Freehand,
    /// Corners, complete at `most`; earlier by a double click, Enter or a click on the first, where that is allowed.
    Corners { least: usize, most: usize },
}

impl Gather {
    /// One click.
    pub const CLICK: Self = Self::exactly(1);
    /// As many corners as one likes.
    pub const RING: Self = Self::Corners { least: 3, most: usize::MAX };

    #[must_use]
    pub const fn exactly(count: usize) -> Self {
        Self::Corners { least: count, most: count }
    }
}

/// What the hand has given so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    gather: Gather,
    /// Two places nearer than this are one, in mm.
    near_mm: f64,
    points: Vec<World>,
    /// Where the next corner would be.
    hover: Option<World>,
    held: bool,
    pulled: bool,
}

/// Whether the tool has what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Going,
    Done,
}

impl Path {
    #[must_use]
    pub const fn new(gather: Gather, near_mm: f64) -> Self {
        Self { gather, near_mm, points: Vec::new(), hover: None, held: false, pulled: false }
    }

    #[must_use]
    pub const fn gather(&self) -> Gather {
        self.gather
    }

    #[must_use]
    pub fn points(&self) -> &[World] {
        &self.points
    }

    /// The points with the one under the pointer: what is drawn while it grows.
    #[must_use]
    pub fn with_hover(&self) -> Vec<World> {
        let open = matches!(self.gather, Gather::Corners { most, .. } if self.points.len() < most);
        let next = self.hover.filter(|at| open && self.points.last().is_some_and(|last| last != at));
        self.points.iter().copied().chain(next).collect()
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held
    }

    pub fn press(&mut self, at: World) -> Step {
        self.held = true;
        self.pulled = false;
        self.hover = Some(at);
        let Gather::Corners { least, most } = self.gather else {
            self.points.push(at);
            return Step::Going;
        };
        let closes = self.points.len() >= least && most > least && self.is_near(self.points[0], at);
        if closes {
            return Step::Done;
        }
        if self.points.last().is_none_or(|last| !self.is_near(*last, at)) {
            self.points.push(at);
        }
        self.when_complete(most)
    }

    pub fn move_to(&mut self, at: World) -> Step {
        self.hover = Some(at);
        if !self.held {
            return Step::Going;
        }
        match self.gather {
            Gather::Stroke | Gather::Freehand => {
                if self.points.last() != Some(&at) {
                    self.points.push(at);
                }
            }
            Gather::Corners { .. } => {
                self.pulled |= self.points.last().is_some_and(|last| !self.is_near(*last, at));
            }
        }
        Step::Going
    }

    pub fn release(&mut self, at: World) -> Step {
        let held = std::mem::replace(&mut self.held, false);
        self.hover = Some(at);
        if !held {
            return Step::Going;
        }
        let Gather::Corners { most, .. } = self.gather else { return Step::Done };
        let apart = self.points.last().is_some_and(|last| !self.is_near(*last, at));
        if std::mem::replace(&mut self.pulled, false) && apart && self.points.len() < most {
            self.points.push(at);
        }
        self.when_complete(most)
    }

    /// A double click or Enter: done where there are enough corners.
    pub fn finish(&mut self) -> Step {
        self.held = false;
        match self.gather {
            Gather::Corners { least, .. } if self.points.len() >= least => Step::Done,
            Gather::Freehand | Gather::Stroke if !self.points.is_empty() => Step::Done,
            _ => Step::Going,
        }
    }

    /// Takes the last corner back; false where none is left.
    pub fn step_back(&mut self) -> bool {
        self.points.pop();
        !self.points.is_empty()
    }

    /// Puts points in place of the last one: a live wire fills the way to a corner with the edge it followed.
    pub fn replace_last(&mut self, way: impl IntoIterator<Item = World>) {
        self.points.pop();
        self.points.extend(way);
    }

    fn when_complete(&self, most: usize) -> Step {
        // A press that pulls the last corner out is complete when the hand lets go.
        if self.points.len() >= most && (!self.held || most == 1) { Step::Done } else { Step::Going }
    }

    fn is_near(&self, a: World, b: World) -> bool {
        a.0.distance(b.0) <= self.near_mm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64) -> World {
        World::new(x, 2.0 * x, 1.0)
    }

    #[test]
    fn a_ruler_is_one_drag_or_two_clicks() {
        let mut drag = Path::new(Gather::exactly(2), 0.5);
        assert_eq!(drag.press(at(0.0)), Step::Going);
        drag.move_to(at(3.0));
        assert_eq!(drag.with_hover(), [at(0.0), at(3.0)]);
        assert_eq!(drag.release(at(5.0)), Step::Done);
        let mut clicks = Path::new(Gather::exactly(2), 0.5);
        clicks.press(at(0.0));
        assert_eq!(clicks.release(at(0.1)), Step::Going, "a hand that trembles has not pulled");
        clicks.move_to(at(4.0));
        assert_eq!(clicks.press(at(5.0)), Step::Going);
        assert_eq!(clicks.release(at(5.0)), Step::Done);
        assert_eq!(drag.points(), clicks.points());
    }

    #[test]
    fn a_ring_closes_on_its_first_corner_or_when_told() {
        let mut ring = Path::new(Gather::RING, 0.5);
        assert_eq!(ring.finish(), Step::Going, "nothing is no ring");
        for x in [0.0, 4.0, 9.0] {
            ring.press(at(x));
            assert_eq!(ring.release(at(x)), Step::Going);
        }
        assert_eq!(ring.clone().finish(), Step::Done);
        assert_eq!(ring.press(at(0.1)), Step::Done);
        assert_eq!(ring.points().len(), 3, "the closing click is no corner");
        assert!(ring.step_back() && ring.step_back() && !ring.step_back());
    }

    #[test]
    fn a_stroke_keeps_every_point_once() {
        for gather in [Gather::Stroke, Gather::Freehand] {
            let mut path = Path::new(gather, 0.5);
            path.move_to(at(-1.0));
            path.press(at(0.0));
            for x in [0.0, 0.1, 0.1, 0.2] {
                path.move_to(at(x));
            }
            assert_eq!(path.release(at(0.2)), Step::Done);
            assert_eq!(path.points(), [at(0.0), at(0.1), at(0.2)]);
        }
    }

    #[test]
    fn a_click_is_done_at_once() {
        assert_eq!(Path::new(Gather::CLICK, 0.5).press(at(1.0)), Step::Done);
    }
}
