//! The live wire: between two corners the line follows the edges of the picture.
//!
//! The way is the cheapest over the pixels of the slice, where a step is cheap on a strong edge and dear on flat
//! ground. The tree of ways from a corner is grown once, so that following the pointer costs only a walk back.

use super::path::Gather;
use super::{Makes, ToolInfo, lasso};
use crate::command::PaintMode;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(super) const LIVE_WIRE: ToolInfo = ToolInfo {
    name: "live-wire",
    title: "Live wire",
    key: Some('j'),
    hint: "Click along an edge, the line follows it; a double click, Enter or the first corner paints the area",
    gather: Gather::RING,
    makes: Makes::Area { mode: PaintMode::Set, mask: lasso::area },
};

/// How far from its corner a wire follows edges, in pixels; beyond that it is straight.
const REACH: usize = 192;

/// The steepness of a slice, ready for wires.
#[derive(Clone, Debug)]
pub struct Ground {
    size: [usize; 2],
    /// What a step onto a pixel costs: 1 on the strongest edge, up to 65.
    costs: Vec<u8>,
}

impl Ground {
    /// From the values of a slice, rows one after the other. What is no number counts as the lowest value.
    #[must_use]
    pub fn new(size: [usize; 2], values: &[f32]) -> Self {
        let [width, height] = size;
        let at = |x: usize, y: usize| {
            let value = values[y.min(height - 1) * width + x.min(width - 1)];
            if value.is_finite() { value } else { f32::MIN / 4.0 }
        };
        let steepness: Vec<f32> = (0..width * height)
            .map(|n| {
                let (x, y) = (n % width, n / width);
                let (left, up) = (x.saturating_sub(1), y.saturating_sub(1));
                // Sobel: an edge is as steep as its neighbourhood says, not as one noisy pixel.
                let across = (at(x + 1, up) + 2.0 * at(x + 1, y) + at(x + 1, y + 1))
                    - (at(left, up) + 2.0 * at(left, y) + at(left, y + 1));
                let down = (at(left, y + 1) + 2.0 * at(x, y + 1) + at(x + 1, y + 1))
                    - (at(left, up) + 2.0 * at(x, up) + at(x + 1, up));
                across.hypot(down)
            })
            .collect();
        let strong = percentile(&steepness, 0.98).max(f32::MIN_POSITIVE);
        let costs = steepness.iter().map(|s| 1 + (64.0 * (1.0 - (s / strong).min(1.0)).powi(2)) as u8).collect();
        Self { size, costs }
    }

    #[must_use]
    pub const fn size(&self) -> [usize; 2] {
        self.size
    }

    /// The tree of cheapest ways from a pixel.
    #[must_use]
    pub fn wire(&self, from: [usize; 2]) -> Wire {
        let from = [from[0].min(self.size[0] - 1), from[1].min(self.size[1] - 1)];
        let low = from.map(|n| n.saturating_sub(REACH));
        let high: [usize; 2] = std::array::from_fn(|a| (from[a] + REACH + 1).min(self.size[a]));
        let (width, height) = (high[0] - low[0], high[1] - low[1]);
        let mut wire = Wire { low, size: [width, height], from, back: vec![NONE; width * height] };
        let mut least = vec![u32::MAX; width * height];
        let start = wire.place(from).unwrap_or(0);
        least[start] = 0;
        let mut waiting = BinaryHeap::from([Reverse((0_u32, start as u32))]);
        while let Some(Reverse((cost, at))) = waiting.pop() {
            let at = at as usize;
            if cost > least[at] {
                continue;
            }
            let (x, y) = (at % width, at / width);
            for (direction, (dx, dy)) in STEPS.iter().enumerate() {
                let (nx, ny) = (x.wrapping_add_signed(*dx), y.wrapping_add_signed(*dy));
                if nx >= width || ny >= height {
                    continue;
                }
                let next = ny * width + nx;
                let step = u32::from(self.costs[(low[1] + ny) * self.size[0] + low[0] + nx]);
                // Five and seven: a diagonal step is longer by the root of two.
                let cost = cost + step * if *dx != 0 && *dy != 0 { 7 } else { 5 };
                if cost < least[next] {
                    least[next] = cost;
                    wire.back[next] = direction as u8;
                    waiting.push(Reverse((cost, next as u32)));
                }
            }
        }
        wire
    }
}

const STEPS: [(isize, isize); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];
const NONE: u8 = u8::MAX;

/// The cheapest ways from one corner.
#[derive(Clone, Debug)]
pub struct Wire {
    low: [usize; 2],
    size: [usize; 2],
    from: [usize; 2],
    /// For each pixel the step that led onto it.
    back: Vec<u8>,
}

impl Wire {
    /// The pixels from the corner to `to`, both included. Straight where `to` is out of reach.
    #[must_use]
    pub fn way(&self, to: [usize; 2]) -> Vec<[usize; 2]> {
        let Some(mut at) = self.place(to) else { return vec![self.from, to] };
        let mut way = vec![to];
        while self.back[at] != NONE {
            let (dx, dy) = STEPS[self.back[at] as usize];
            let (x, y) = ((at % self.size[0]).wrapping_add_signed(-dx), (at / self.size[0]).wrapping_add_signed(-dy));
            at = y * self.size[0] + x;
            way.push([self.low[0] + x, self.low[1] + y]);
        }
        way.reverse();
        way
    }

    fn place(&self, [x, y]: [usize; 2]) -> Option<usize> {
        let (x, y) = (x.checked_sub(self.low[0])?, y.checked_sub(self.low[1])?);
        (x < self.size[0] && y < self.size[1]).then(|| y * self.size[0] + x)
    }
}

fn percentile(values: &[f32], share: f64) -> f32 {
    let mut sorted = values.to_vec();
    let n = ((sorted.len() as f64 - 1.0) * share).max(0.0) as usize;
    if sorted.is_empty() { 0.0 } else { *sorted.select_nth_unstable_by(n, f32::total_cmp).1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_follows_a_circle_and_not_its_chord() {
        let size = [120, 100];
        let values: Vec<f32> = (0..size[0] * size[1])
            .map(|n| {
                let (x, y) = ((n % size[0]) as f32 - 60.0, (n / size[0]) as f32 - 50.0);
                let noise = ((n * 7919) % 13) as f32;
                if x.hypot(y) < 35.0 { 200.0 + noise } else { 50.0 + noise }
            })
            .collect();
        let wire = Ground::new(size, &values).wire([60, 15]);
        let way = wire.way([95, 50]);
        assert_eq!((way[0], way[way.len() - 1]), ([60, 15], [95, 50]));
        for pair in way.windows(2) {
            assert!((0..2).all(|a| pair[0][a].abs_diff(pair[1][a]) <= 1), "a jump");
        }
        for [x, y] in way {
            let radius = (x as f32 - 60.0).hypot(y as f32 - 50.0);
            assert!((radius - 35.0).abs() < 2.5, "off the edge at {x} {y}");
        }
    }

    #[test]
    fn out_of_reach_it_is_straight_and_at_home_it_is_a_point() {
        let ground = Ground::new([500, 3], &[1.0; 1500]);
        let wire = ground.wire([0, 0]);
        assert_eq!(wire.way([499, 1]), [[0, 0], [499, 1]]);
        assert_eq!(wire.way([0, 0]), [[0, 0]]);
        assert_eq!(Ground::new([2, 2], &[f32::NAN; 4]).wire([9, 9]).way([0, 0]).len(), 2);
    }
}
