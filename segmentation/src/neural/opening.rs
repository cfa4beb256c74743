//! Drops what is thinner than a few voxels from a change, so that noise at a boundary asks for no patches.

use super::window::Window;
use rayon::prelude::*;

/// Morphological opening by a box of `reach` to each side. The region lies in `limit`: within the limit all around it
/// is false, and beyond the limit nothing is known and nothing is lost.
pub fn opened(mut values: Vec<bool>, region: &Window, limit: &Window, reach: [usize; 3]) -> Vec<bool> {
    if values.is_empty() {
        return values;
    }
    for (axis, &reach) in reach.iter().enumerate() {
        let open = [region.min[axis] == limit.min[axis], region.max(axis) == limit.max(axis)];
        values = filtered(&values, region.size, axis, reach, |[any, all], cut| {
            any && all && (!cut[0] || open[0]) && (!cut[1] || open[1])
        });
    }
    for (axis, &reach) in reach.iter().enumerate() {
        values = filtered(&values, region.size, axis, reach, |[any, _], _| any);
    }
    values
}

/// One value from whether any and all of its neighbours along an axis are true, and whether they were cut off at either
/// end.
fn filtered(
    values: &[bool],
    size: [usize; 3],
    axis: usize,
    reach: usize,
    of: impl Fn([bool; 2], [bool; 2]) -> bool + Sync,
) -> Vec<bool> {
    if reach == 0 {
        return values.to_vec();
    }
    let step = [1, size[0], size[0] * size[1]][axis];
    let mut out = vec![false; values.len()];
    out.par_chunks_mut(size[0]).enumerate().for_each(|(row, out)| {
        for (i, out) in out.iter_mut().enumerate() {
            let at = [i, row % size[1], row / size[1]][axis];
            let (low, high) = (at.saturating_sub(reach), (at + reach).min(size[axis] - 1));
            let start = row * size[0] + i - at * step;
            let count = (low..=high).filter(|n| values[start + n * step]).count();
            *out = of([count > 0, count == high + 1 - low], [at < reach, at + reach >= size[axis]]);
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(width: usize, region: std::ops::Range<i64>, limit: std::ops::Range<i64>) -> usize {
        let window =
            |r: &std::ops::Range<i64>| Window { min: [0, 0, r.start], size: [9, 9, (r.end - r.start) as usize] };
        let (region, limit) = (window(&region), window(&limit));
        let values = (0..region.len()).map(|n| n / 81 < width).collect();
        opened(values, &region, &limit, [2; 3]).into_iter().filter(|&v| v).count() / 81
    }

    #[test]
    fn thin_layers_go_and_thick_ones_stay_whole() {
        assert_eq!(kept(4, 5..12, 0..20), 0);
        assert_eq!(kept(5, 5..12, 0..20), 5);
        // At the edge of what was seen a layer may go on beyond.
        assert_eq!(kept(3, 5..12, 5..20), 3);
        assert_eq!(kept(2, 5..12, 5..20), 0);
    }
}
