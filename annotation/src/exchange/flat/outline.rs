//! From pixels to outlines and from outlines to boxes.

use super::body::Ring;
use super::rle::Rle;

/// Right, down, left, up.
const STEPS: [[isize; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];

/// The borders of a mask along the edges of its pixels: outlines clockwise on the screen, holes the other way. Pixels
/// that touch at a corner only are apart.
pub(crate) fn rings(mask: &Rle) -> Vec<Ring> {
    let [x0, y0, w, h] = mask.bbox();
    if w == 0 {
        return Vec::new();
    }
    let pixels = mask.pixels();
    let inside = |x: usize, y: usize| {
        // One pixel of margin, so that every border has two sides.
        (1..=w).contains(&x) && (1..=h).contains(&y) && pixels[(y0 + y - 1) * mask.width + x0 + x - 1]
    };
    let stride = w + 2;
    let mut leaving = vec![0_u8; stride * (h + 2)];
    for y in 1..=h + 1 {
        for x in 1..=w + 1 {
            let here = inside(x, y);
            let (above, left) = (inside(x, y - 1), inside(x - 1, y));
            if here && !above {
                leaving[y * stride + x] |= 1;
            }
            if above && !here {
                leaving[y * stride + x + 1] |= 4;
            }
            if here && !left {
                leaving[(y + 1) * stride + x] |= 8;
            }
            if left && !here {
                leaving[y * stride + x] |= 2;
            }
        }
    }
    let mut found = Vec::new();
    for start in 0..leaving.len() {
        while leaving[start] != 0 {
            let direction = leaving[start].trailing_zeros() as usize;
            let ring = follow(&mut leaving, stride, start, direction);
            let place = |at: usize| [(x0 + at % stride - 1) as f64, (y0 + at / stride - 1) as f64];
            found.push(ring.into_iter().map(place).collect());
        }
    }
    found
}

/// Walks a border back to its start and gives its corners.
fn follow(leaving: &mut [u8], stride: usize, start: usize, direction: usize) -> Vec<usize> {
    let mut corners = Vec::new();
    let (mut at, mut heading) = (start, direction);
    leaving[at] &= !(1 << heading);
    corners.push(at);
    loop {
        let [dx, dy] = STEPS[heading];
        at = at.wrapping_add_signed(dx + dy * stride as isize);
        // To the right first: that stays with the pixel walked around.
        let turns = [(heading + 1) % 4, heading, (heading + 3) % 4];
        // The edge the walk began with is taken already; to come to it again is the end.
        let is_first = |d: usize| at == start && d == direction;
        let next = turns.into_iter().find(|d| is_first(*d) || leaving[at] & 1 << d != 0);
        let Some(next) = next.filter(|d| !is_first(*d)) else {
            // A straight line through the start makes it no corner.
            if heading == direction {
                corners.remove(0);
            }
            return corners;
        };
        leaving[at] &= !(1 << next);
        if next != heading {
            corners.push(at);
        }
        heading = next;
    }
}

/// Positive where the ring runs clockwise on the screen.
pub(crate) fn signed_area(ring: &[[f64; 2]]) -> f64 {
    let twice = (0..ring.len()).map(|n| {
        let (a, b) = (ring[n], ring[(n + 1) % ring.len()]);
        a[0] * b[1] - b[0] * a[1]
    });
    twice.sum::<f64>() / 2.0
}

pub(crate) fn contains(ring: &[[f64; 2]], at: [f64; 2]) -> bool {
    let crosses = |n: &usize| {
        let (a, b) = (ring[*n], ring[(*n + 1) % ring.len()]);
        (a[1] <= at[1]) != (b[1] <= at[1]) && at[0] < a[0] + (at[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
    };
    (0..ring.len()).filter(crosses).count() % 2 == 1
}

/// The convex hull, clockwise on the screen.
fn hull(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    sorted.dedup();
    let half = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut chain: Vec<[f64; 2]> = Vec::new();
        for p in points {
            while let [.., a, b] = chain[..] {
                if (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0.0 {
                    break;
                }
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut all = half(&mut sorted.iter().copied());
    all.extend(half(&mut sorted.iter().rev().copied()));
    all
}

/// The turned box of least area around points: centre, size, degrees from columns towards rows. One of its sides lies
/// on a side of the hull.
pub(crate) fn least_box(points: &[[f64; 2]]) -> Option<([f64; 2], [f64; 2], f64)> {
    let hull = hull(points);
    if hull.len() < 3 {
        return None;
    }
    let mut best: Option<(f64, [f64; 2], [f64; 2], f64)> = None;
    for n in 0..hull.len() {
        let (a, b) = (hull[n], hull[(n + 1) % hull.len()]);
        let angle = (b[1] - a[1]).atan2(b[0] - a[0]);
        let (sin, cos) = angle.sin_cos();
        let turned = hull.iter().map(|p| [p[0] * cos + p[1] * sin, p[1] * cos - p[0] * sin]);
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for p in turned {
            for axis in 0..2 {
                low[axis] = low[axis].min(p[axis]);
                high[axis] = high[axis].max(p[axis]);
            }
        }
        let size = [high[0] - low[0], high[1] - low[1]];
        if best.is_none_or(|(area, ..)| size[0] * size[1] < area - 1e-9) {
            let middle = [f64::midpoint(low[0], high[0]), f64::midpoint(low[1], high[1])];
            let centre = [middle[0] * cos - middle[1] * sin, middle[0] * sin + middle[1] * cos];
            best = Some((size[0] * size[1], centre, size, angle.to_degrees()));
        }
    }
    best.map(|(_, centre, size, degrees)| (centre, size, degrees))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::flat::Body;
    use proptest::prelude::*;

    fn mask(rows: &[&str]) -> Rle {
        let values: Vec<u16> = rows.iter().flat_map(|r| r.bytes().map(|b| u16::from(b == b'#'))).collect();
        Rle::of_values(&values, rows[0].len(), rows.len()).remove(&1).unwrap()
    }

    #[test]
    fn a_square_with_a_hole_has_two_rings() {
        let rings = rings(&mask(&["####", "#..#", "####"]));
        assert_eq!(rings[0], [[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 3.0]]);
        assert_eq!(rings.len(), 2);
        assert_eq!((signed_area(&rings[0]), signed_area(&rings[1])), (12.0, -2.0));
        assert!(contains(&rings[0], [0.5, 0.5]) && !contains(&rings[1], [0.5, 0.5]));
    }

    #[test]
    fn what_a_single_outline_drops_is_told() {
        let told =
            |rows: &[&str]| Body::Mask(mask(rows)).single_ring().map(|(_, holes, parts)| (holes, parts)).unwrap();
        assert_eq!(told(&["####", "#..#", "####"]), (true, false));
        assert_eq!(told(&["##..", "...#", "##.#"]), (false, true));
        assert_eq!(told(&["##..", "..##"]), (false, true));
        assert_eq!(told(&["##..", ".###"]), (false, false));
    }

    #[test]
    fn the_least_box_of_a_turned_rectangle_is_that_rectangle() {
        let turned = Body::Turned { centre: [20.0, 30.0], size: [16.0, 6.0], degrees: 25.0 };
        let (centre, size, degrees) = least_box(&turned.rings().concat()).unwrap();
        assert!((centre[0] - 20.0).abs() < 1e-9 && (centre[1] - 30.0).abs() < 1e-9);
        let mut sides = size;
        sides.sort_by(f64::total_cmp);
        assert!((sides[0] - 6.0).abs() < 1e-9 && (sides[1] - 16.0).abs() < 1e-9);
        assert!(((degrees - 25.0) / 90.0 - ((degrees - 25.0) / 90.0).round()).abs() < 1e-9);
        assert_eq!(least_box(&[[1.0, 1.0], [2.0, 2.0]]), None);
    }

    proptest! {
        #[test]
        fn filling_the_rings_gives_the_mask_back(width in 1_usize..14, height in 1_usize..14, seed: u64) {
            let values: Vec<u16> = (0..width * height).map(|n| ((seed.rotate_left((n * 13 % 64) as u32)) & 1) as u16).collect();
            if let Some(mask) = Rle::of_values(&values, width, height).remove(&1) {
                let rings = rings(&mask);
                let area: f64 = rings.iter().map(|ring| signed_area(ring)).sum();
                prop_assert_eq!(area, mask.area() as f64);
                prop_assert_eq!(Body::Rings(rings).mask([width, height]), mask);
            }
        }
    }
}
