//! The outlines of a flat mask as a patient hand would click them: the pixel edges, with only the corners that matter.

use limner_imaging::Mask;
use limner_imaging::field::{Connectivity, components};
use std::collections::HashMap;

/// How far a side may be from the edge it stands for, in pixels.
const CARELESSNESS: f64 = 0.8;
/// Islands smaller than this are not worth a hand's time.
const LEAST_PIXELS: usize = 6;

/// One ring of corners for each island of a slice, holes left out; in pixels with corner origin.
pub fn of(mask: &Mask, slice: usize) -> Vec<Vec<[f64; 2]>> {
    let parts = components(mask, Connectivity::Slice4);
    let worth = (0..parts.len()).filter(|n| parts.parts()[*n].voxels >= LEAST_PIXELS);
    let rings = worth.map(|n| simplified(&ring(&parts.mask(n), slice)));
    rings.filter(|ring| ring.len() >= 3).collect()
}

/// Follows the edges between inside and outside, with the inside on the right, from the topmost.
fn ring(mask: &Mask, slice: usize) -> Vec<[i64; 2]> {
    let inside = |x: i64, y: i64| x >= 0 && y >= 0 && mask.get([x as usize, y as usize, slice]);
    // For each corner the edges that leave it.
    let mut leaving: HashMap<[i64; 2], Vec<[i64; 2]>> = HashMap::new();
    let mut first = None;
    for [i, j, _] in mask.indices() {
        let (x, y) = (i as i64, j as i64);
        let sides = [
            ((x, y - 1), [x, y], [x + 1, y]),
            ((x + 1, y), [x + 1, y], [x + 1, y + 1]),
            ((x, y + 1), [x + 1, y + 1], [x, y + 1]),
            ((x - 1, y), [x, y + 1], [x, y]),
        ];
        for ((beyond_x, beyond_y), from, to) in sides {
            if !inside(beyond_x, beyond_y) {
                leaving.entry(from).or_default().push(to);
                first = first.or(Some(from));
            }
        }
    }
    let Some(start) = first else { return Vec::new() };
    let mut at = start;
    let mut ring = Vec::new();
    while let Some(next) = leaving.get_mut(&at).and_then(Vec::pop) {
        ring.push(at);
        at = next;
        if at == start {
            break;
        }
    }
    ring
}

/// Douglas and Peucker's corners of a closed line.
fn simplified(ring: &[[i64; 2]]) -> Vec<[f64; 2]> {
    let points: Vec<[f64; 2]> = ring.iter().map(|p| p.map(|n| n as f64)).collect();
    if points.len() < 4 {
        return points;
    }
    let apart = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let far = (0..points.len()).max_by(|a, b| apart(points[0], points[*a]).total_cmp(&apart(points[0], points[*b])));
    let far = far.unwrap_or(0);
    let mut closed = points;
    closed.push(closed[0]);
    let mut kept = half(&closed[..=far]);
    kept.pop();
    kept.extend(half(&closed[far..]));
    kept.pop();
    kept
}

fn half(line: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let (a, b) = (line[0], line[line.len() - 1]);
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length = dx.hypot(dy).max(1e-9);
    let off = |p: &[f64; 2]| ((p[0] - a[0]) * dy - (p[1] - a[1]) * dx).abs() / length;
    let worst = (1..line.len().saturating_sub(1)).max_by(|m, n| off(&line[*m]).total_cmp(&off(&line[*n])));
    match worst.filter(|n| off(&line[*n]) > CARELESSNESS) {
        Some(n) => {
            let mut kept = half(&line[..=n]);
            kept.pop();
            kept.extend(half(&line[n..]));
            kept
        }
        None => vec![a, b],
    }
}
