//! How the network finds an object it cannot see whole: it looks closely first, from further away while its answer
//! changes at the rim, and then goes over the change closely again, patch after patch, each seeing what those before
//! it found.

use super::Runner;
use super::cover;
use super::encode::{Asked, Focus};
use super::opening::opened;
use super::resample::Spread;
use super::shares::{HALF, Shares};
use super::view::{Scene, View};
use super::window::Window;
use crate::error::Result;
use crate::mersenne::Mersenne;
use limner_imaging::{Task, VoxelBox};

/// From no further than this many times the patch.
const FURTHEST: f64 = 4.0;
const STEP_BACK: f64 = 1.5;

/// So many changed pixels on one face of the patch, or fewer if the object grows or shrinks there by a share.
const MANY_CHANGED: usize = 1500;
const SOME_CHANGED: usize = 100;
const GROWN_BY: f64 = 0.2;

/// One question under way.
pub struct Looking<'a> {
    pub scene: Scene<'a>,
    pub runner: &'a dyn Runner,
    pub task: &'a Task,
    /// Columns, rows, slices.
    pub patch: [usize; 3],
    pub random: Mersenne,
    /// Whether it may look from further away than it was asked to.
    pub steps_back: bool,
}

/// What a look found: the shares of the patch, and which voxels belonged before.
struct Found {
    window: Window,
    zoom: f64,
    shares: Vec<u8>,
    before: Vec<bool>,
}

impl Looking<'_> {
    /// Answers a prompt on top of what is known, and names the box it may have changed. With `all` the whole of what
    /// is known is gone over again.
    pub fn answer(&mut self, asked: &Asked, known: Shares, all: bool) -> Result<(Shares, VoxelBox)> {
        let Focus { centre, zoom } = asked.focus;
        let furthest = self.furthest();
        let mut found = self.look(centre, zoom.min(furthest), &known)?;
        while self.steps_back && found.zoom < furthest && changes_at_rim(&found, self.patch) {
            found = self.look(centre, (found.zoom * STEP_BACK).min(furthest), &known)?;
        }
        if found.zoom > 1.0 {
            return self.refine(&found, centre, known, all);
        }
        let changed = found.window.clipped(self.scene.size);
        let mut known = known.grown(&changed);
        known.paste(&Shares { window: found.window, values: found.shares });
        Ok((known, changed))
    }

    /// From how far it is worth looking.
    fn furthest(&self) -> f64 {
        if !self.scene.contract.stays_inside {
            return FURTHEST;
        }
        let needed = |axis: usize| self.scene.size[axis] as f64 / self.patch[axis] as f64;
        (0..3).filter(|&axis| self.patch[axis] > 1).map(needed).fold(1.0, f64::max).min(FURTHEST)
    }

    fn placed(&self, window: Window) -> Window {
        if self.scene.contract.stays_inside { window.moved_inside(self.scene.size) } else { window }
    }

    /// What the network sees from a distance, and the window it sees.
    pub fn view(&self, centre: [i64; 3], zoom: f64, known: &Shares) -> (Window, View) {
        let patch = self.patch;
        let wide = |n: usize| if n > 1 { (n as f64 * zoom).round_ties_even() as usize } else { 1 };
        let window = self.placed(Window::centred(centre, patch.map(wide)));
        let view = if window.size == patch {
            self.scene.close(&window, known)
        } else {
            self.scene.far(&window, patch, zoom, known)
        };
        (window, view)
    }

    fn run(&self, view: &View) -> Result<Vec<u8>> {
        let [columns, rows, slices] = self.patch;
        self.runner.run(&view.input, [slices, rows, columns], self.task)
    }

    fn look(&self, centre: [i64; 3], zoom: f64, known: &Shares) -> Result<Found> {
        let (window, view) = self.view(centre, zoom, known);
        let shares = self.run(&view)?;
        Ok(Found { window, zoom, shares, before: view.before })
    }

    /// Goes over what changed, closely.
    fn refine(&mut self, found: &Found, centre: [i64; 3], mut known: Shares, all: bool) -> Result<(Shares, VoxelBox)> {
        let size = self.scene.size;
        let inside: Vec<bool> = found.shares.iter().map(|&share| share >= HALF).collect();
        let coarse = Spread::new(&inside, self.patch, &found.window, size);
        let seen = Window::of(&found.window.clipped(size));
        let boxes = self.plan(&coarse, &seen, centre, &known, all);
        let hull = boxes.iter().skip(1).fold(boxes[0], |hull, next| hull.union(next));
        // What the network is told of the whole stays in here: only what it has seen closely gets out.
        let mut draft = known.cut(hull);
        if let Some(told) = seen.shared(&hull) {
            let mut guess = Shares::empty(told);
            guess.window.shared_rows(&coarse.window, |to, from, length| {
                for (value, &inside) in guess.values[to..to + length].iter_mut().zip(&coarse.voxels[from..]) {
                    *value = if inside { u8::MAX } else { 0 };
                }
            });
            draft.paste(&guess);
        }
        for window in &boxes {
            let view = self.scene.close(window, &draft);
            let shares = self.run(&view)?;
            draft.paste(&Shares { window: *window, values: shares });
        }
        let changed = hull.clipped(size);
        for window in &boxes {
            let within = window.clipped(size);
            if !within.is_empty() {
                known = known.grown(&within);
                known.paste(&draft.cut(Window::of(&within)));
            }
        }
        Ok((known, changed))
    }

    /// The patches to go over: those that cover the change, or the one around the prompt where there is next to none.
    fn plan(&mut self, coarse: &Spread, seen: &Window, centre: [i64; 3], known: &Shares, all: bool) -> Vec<Window> {
        let patch = self.patch;
        let (mut region, mut changed) = difference(coarse, seen, known);
        let reach = patch.map(|n| if n > 1 { 2 } else { 0 });
        changed = opened(changed, &region, seen, reach);
        if all {
            (region, changed) = with_known(&region, &changed, known);
        }
        let corners = cover::boxes(changed, region.size, patch, &mut self.random);
        if corners.is_empty() {
            return vec![self.placed(Window::centred(centre, patch))];
        }
        let place = |corner: [i64; 3]| {
            self.placed(Window { min: std::array::from_fn(|a| region.min[a] + corner[a]), size: patch })
        };
        corners.into_iter().map(place).collect()
    }
}

/// Where a coarse answer differs from what is known, in the part of what was seen that can.
fn difference(coarse: &Spread, seen: &Window, known: &Shares) -> (Window, Vec<bool>) {
    let parts = [coarse.window, known.window];
    let spoken = parts.iter().filter(|w| w.len() > 0).filter_map(|w| w.shared(seen)).reduce(|a, b| a.union(&b));
    let Some(region) = spoken else { return (Window { min: seen.min, size: [0; 3] }, Vec::new()) };
    let mut changed = known.inside(&region);
    region.shared_rows(&coarse.window, |to, from, length| {
        for (changed, &inside) in changed[to..to + length].iter_mut().zip(&coarse.voxels[from..from + length]) {
            *changed ^= inside;
        }
    });
    (region, changed)
}

/// The change and all that is known besides.
fn with_known(region: &Window, changed: &[bool], known: &Shares) -> (Window, Vec<bool>) {
    let whole = match (region.len(), known.window.len()) {
        (_, 0) => *region,
        (0, _) => known.window,
        _ => region.union(&known.window),
    };
    let mut all = known.inside(&whole);
    whole.shared_rows(region, |to, from, length| {
        for (all, &changed) in all[to..to + length].iter_mut().zip(&changed[from..from + length]) {
            *all |= changed;
        }
    });
    (whole, all)
}

/// Whether the answer changes enough on some face of the patch to mean that the object goes on beyond.
fn changes_at_rim(found: &Found, patch: [usize; 3]) -> bool {
    let steps = [1, patch[0], patch[0] * patch[1]];
    (0..3).flat_map(|axis| [(axis, 0), (axis, patch[axis] - 1)]).any(|(axis, at)| {
        let (u, v) = crate::raster::across(axis);
        let (mut before, mut after, mut changed) = (0_usize, 0_usize, 0_usize);
        for b in 0..patch[v] {
            for a in 0..patch[u] {
                let n = at * steps[axis] + a * steps[u] + b * steps[v];
                let (was, is) = (found.before[n], found.shares[n] >= HALF);
                before += usize::from(was);
                after += usize::from(is);
                changed += usize::from(was != is);
            }
        }
        let (less, more) = (before.min(after) as f64, before.max(after) as f64);
        let grown = more / less.max(1e-5) - 1.0;
        changed > MANY_CHANGED || changed > SOME_CHANGED && grown > GROWN_BY
    })
}
