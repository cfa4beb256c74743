//! How what is painted lies in the body: the organ of a lesion, what holds a part, what is longest, widest and nearest.

use crate::question::generate::facts::{ImageFacts, Structure, convex_hull, longest};
use crate::question::generate::names;
use crate::shapes::Slice;
use limner_imaging::field::distance_to;
use limner_imaging::{Geometry, Mask, Voxel, VoxelBox};
use std::collections::BTreeSet;

/// Said wherever a host decides an answer.
pub(super) const HOST_RULE: &str = "the organ of a lesion is the label it stands under, else those whose name shares a \
                                    word with its name, else the one that most of its voxels lie in or touch";
/// Said wherever a place decides an answer.
pub(super) const PLACE_RULE: &str =
    "a part lies where its middle voxel lies, else where most of its voxels lie or touch";
/// The host by touch has this many times the contact of the next.
const PLAIN_CONTACT: f64 = 1.5;

/// What a lesion lies in: one structure, or a pair such as both kidneys.
pub(super) struct Host<'f, 'a> {
    pub name: String,
    pub members: Vec<&'f Structure<'a>>,
}

impl Host<'_, '_> {
    /// All members together.
    pub fn mask(&self) -> Mask {
        union(&self.members.iter().map(|member| &member.mask).collect::<Vec<_>>())
    }
}

/// Whole organs: neither findings nor vessels nor parts.
pub(super) fn organs<'f, 'a>(facts: &'f ImageFacts<'a>) -> impl Iterator<Item = &'f Structure<'a>> {
    facts.structures.iter().filter(|s| is_organ(s))
}

pub(super) fn is_organ(structure: &Structure<'_>) -> bool {
    let name = &structure.label.name;
    !structure.is_lesion && !names::is_vessel(name) && !names::is_part(name)
}

pub(super) fn lesions<'f, 'a>(facts: &'f ImageFacts<'a>) -> impl Iterator<Item = &'f Structure<'a>> {
    facts.structures.iter().filter(|structure| structure.is_lesion)
}

/// By `HOST_RULE`; none where it does not decide.
pub(super) fn host<'f, 'a>(facts: &'f ImageFacts<'a>, lesion: &Structure<'_>) -> Option<Host<'f, 'a>> {
    let one = |organ: &'f Structure<'a>| Host { name: organ.label.name.clone(), members: vec![organ] };
    if let Some(organ) = organs(facts).find(|organ| lesion.label.parent == Some(organ.label.id)) {
        return Some(one(organ));
    }
    let mut named: Vec<&Structure<'_>> =
        organs(facts).filter(|organ| names::share_organ(&lesion.label.name, &organ.label.name)).collect();
    if named.len() > 1 {
        let touched: Vec<_> = named.iter().copied().filter(|organ| contact(&lesion.mask, &organ.mask) > 0).collect();
        named = if touched.is_empty() { named } else { touched };
    }
    match named.as_slice() {
        [] => most(organs(facts).map(|organ| (contact(&lesion.mask, &organ.mask), organ))).map(one),
        [organ] => Some(one(organ)),
        [first, ..] => Some(Host { name: plural(&names::organ_of(&first.label.name)), members: named }),
    }
}

fn plural(name: &str) -> String {
    format!("{name}s")
}

/// The one with the most, where the next has plainly less.
fn most<T>(counted: impl Iterator<Item = (usize, T)>) -> Option<T> {
    let mut all: Vec<(usize, T)> = counted.filter(|(count, _)| *count > 0).collect();
    all.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let next = all.get(1).map_or(0, |(count, _)| *count);
    let (count, found) = all.into_iter().next()?;
    (count as f64 >= PLAIN_CONTACT * next as f64).then_some(found)
}

/// What parts of a lesion can be told by: segments of its organ, the sides of a pair, or organs where its name has none.
pub(super) fn places<'f, 'a>(facts: &'f ImageFacts<'a>, lesion: &Structure<'_>) -> Vec<&'f Structure<'a>> {
    let of_organ = |s: &&Structure<'_>| names::share_organ(&lesion.label.name, &s.label.name);
    let parts: Vec<_> = facts.structures.iter().filter(|s| !s.is_lesion && names::is_part(&s.label.name)).collect();
    let segments: Vec<_> = parts.into_iter().filter(of_organ).collect();
    if segments.len() > 1 {
        return segments;
    }
    let named: Vec<_> = organs(facts).filter(of_organ).collect();
    if named.is_empty() { organs(facts).collect() } else { named }
}

/// The place of one part by `PLACE_RULE`.
pub(super) fn place_of<'f, 'a>(part: &Mask, places: &[&'f Structure<'a>]) -> Option<&'f Structure<'a>> {
    let middle = middle(part);
    let mut holding = places.iter().filter(|place| place.mask.get(middle));
    if let (Some(only), None) = (holding.next(), holding.next()) {
        return Some(only);
    }
    most(places.iter().map(|place| (contact(part, &place.mask), *place)))
}

/// The voxel nearest to the mean of all.
fn middle(mask: &Mask) -> [usize; 3] {
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for index in mask.indices() {
        count += 1.0;
        for axis in 0..3 {
            sum[axis] += index[axis] as f64;
        }
    }
    sum.map(|n| (n / f64::max(count, 1.0)).round() as usize)
}

/// How many voxels of one lie in the other or touch it over a face, an edge or a corner.
pub(super) fn contact(part: &Mask, other: &Mask) -> usize {
    let other_bounds = other.bounds();
    let near = |n: usize, axis: usize| n + 1 >= other_bounds.min[axis] && n <= other_bounds.max[axis];
    let touches = |[i, j, k]: [usize; 3]| {
        let around = |n: usize| n.saturating_sub(1)..=n + 1;
        near(i, 0)
            && near(j, 1)
            && near(k, 2)
            && around(k).any(|k| around(j).any(|j| around(i).any(|i| other.get([i, j, k]))))
    };
    part.indices().filter(|index| touches(*index)).count()
}

pub(super) fn union(masks: &[&Mask]) -> Mask {
    let bounds = masks.iter().fold(VoxelBox::default(), |all, mask| all.union(&mask.bounds()));
    Mask::from_fn(bounds, |index| masks.iter().any(|mask| mask.get(index)))
}

/// What is of the one and of none of the others.
pub(super) fn without(mask: &Mask, others: &[&Mask]) -> Mask {
    Mask::from_fn(mask.bounds(), |index| mask.get(index) && !others.iter().any(|other| other.get(index)))
}

/// The longest distance between two voxel centres, in mm.
pub(super) fn length_mm(mask: &Mask, geometry: &Geometry) -> f64 {
    let points: Vec<glam::DVec3> = ends(mask)
        .into_iter()
        .map(|index| geometry.world(Voxel(glam::DVec3::from(index.map(|n| n as f64)))).0)
        .collect();
    let squared =
        points.iter().enumerate().flat_map(|(n, a)| points[..n].iter().map(move |b| (*a - *b).length_squared()));
    squared.fold(0.0, f64::max).sqrt()
}

/// Voxels that end a row in each of the three directions: the two farthest are among them.
fn ends(mask: &Mask) -> Vec<[usize; 3]> {
    let bounds = mask.bounds();
    let size = bounds.size();
    // For each axis the first and the last of each row along it.
    let mut rows: [Vec<(usize, usize)>; 3] =
        std::array::from_fn(|axis| vec![(usize::MAX, 0); size[(axis + 1) % 3] * size[(axis + 2) % 3]]);
    let row = |index: [usize; 3], axis: usize| {
        let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
        (index[b] - bounds.min[b]) * size[a] + index[a] - bounds.min[a]
    };
    for index in mask.indices() {
        for (axis, rows) in rows.iter_mut().enumerate() {
            let (first, last) = &mut rows[row(index, axis)];
            (*first, *last) = ((*first).min(index[axis]), (*last).max(index[axis]));
        }
    }
    let is_end = |index: &[usize; 3]| {
        (0..3).all(|axis| {
            let (first, last) = rows[axis][row(*index, axis)];
            index[axis] == first || index[axis] == last
        })
    };
    mask.indices().filter(is_end).collect()
}

/// The longest distance between two pixel centres on one stored slice, in mm, and the slice.
pub(super) fn widest_on_slice(mask: &Mask, geometry: &Geometry) -> (f64, usize) {
    let step = [geometry.step(0).length(), geometry.step(1).length()];
    let bounds = mask.bounds();
    let mut best = (0.0, bounds.min[2]);
    for k in bounds.min[2]..bounds.max[2] {
        let points = on_slice(mask, k).indices().map(|[i, j, _]| [i as f64 * step[0], j as f64 * step[1]]).collect();
        let (length, _) = longest(&convex_hull(points));
        if length > best.0 {
            best = (length, k);
        }
    }
    best
}

/// What of a mask lies on one stored slice.
fn on_slice(mask: &Mask, k: usize) -> Mask {
    mask.within(mask.bounds().slice(2, k))
}

/// Pixels of each stored slice from the first of the bounds on.
pub(super) fn pixels_per_slice(mask: &Mask) -> Vec<usize> {
    let bounds = mask.bounds();
    let mut counts = vec![0; bounds.size()[2]];
    mask.indices().for_each(|index| counts[index[2] - bounds.min[2]] += 1);
    counts
}

/// The diameter of the largest circle that fits into a mask on one stored slice, in mm, and the slice.
pub(super) fn calibre(structure: &Structure<'_>) -> (f64, usize) {
    let g = &structure.image.geometry;
    let step = [g.step(0).length(), g.step(1).length()];
    let pixel = f64::midpoint(step[0], step[1]);
    let mask = &structure.mask;
    let mut best = (0.0, mask.bounds().min[2]);
    for k in mask.bounds().min[2]..mask.bounds().max[2] {
        let inside: Vec<[i64; 2]> = on_slice(mask, k).indices().map(|[i, j, _]| [i as i64, j as i64]).collect();
        let outside = beside(&inside);
        let to_outside = |[i, j]: [i64; 2]| {
            let away = |[x, y]: &[i64; 2]| ((x - i) as f64 * step[0]).hypot((y - j) as f64 * step[1]);
            outside.iter().map(away).fold(f64::INFINITY, f64::min)
        };
        let radius = inside.iter().map(|at| to_outside(*at)).fold(0.0, f64::max);
        if 2.0 * radius - pixel > best.0 {
            best = (2.0 * radius - pixel, k);
        }
    }
    best
}

/// The pixels around a set that are not of it.
fn beside(inside: &[[i64; 2]]) -> BTreeSet<[i64; 2]> {
    let known: BTreeSet<[i64; 2]> = inside.iter().copied().collect();
    let around = inside.iter().flat_map(|[i, j]| (-1..=1).flat_map(move |x| (-1..=1).map(move |y| [i + x, j + y])));
    around.filter(|at| !known.contains(at)).collect()
}

/// The largest share of a vessel's outline on one stored slice that a tumour lies against, and the slice. The outline are
/// the pixels that have one outside beside them; one is lain against where a pixel around it is of the tumour.
pub(super) fn encasement(vessel: &Mask, tumour: &Mask) -> (f64, usize) {
    let mut best = (0.0, vessel.bounds().min[2]);
    for k in vessel.bounds().min[2]..vessel.bounds().max[2] {
        let (mut outline, mut met) = (0_usize, 0_usize);
        for [i, j, _] in on_slice(vessel, k).indices() {
            let beside = |(x, y): (isize, isize)| Some([i.checked_add_signed(x)?, j.checked_add_signed(y)?, k]);
            let inside = |at: (isize, isize)| beside(at).is_some_and(|at| vessel.get(at));
            if [(1, 0), (-1, 0), (0, 1), (0, -1)].into_iter().all(inside) {
                continue;
            }
            outline += 1;
            let mut around = (-1..=1).flat_map(|x| (-1..=1).map(move |y| (x, y)));
            met += usize::from(around.any(|at| beside(at).is_some_and(|at| tumour.get(at))));
        }
        let share = met as f64 / outline.max(1) as f64;
        if share > best.0 {
            best = (share, k);
        }
    }
    best
}

/// The stored slice that shows most of a mask.
pub(super) fn slice_of(mask: &Mask) -> Slice {
    let counts = pixels_per_slice(mask);
    let most = (0..counts.len()).max_by_key(|n| (counts[*n], std::cmp::Reverse(*n))).unwrap_or(0);
    Slice::stored(mask.bounds().min[2] + most)
}

/// The shortest way between a voxel centre of the one and one of the other, in mm.
pub(super) fn gap_mm(a: &Mask, b: &Mask, spacing_mm: [f64; 3]) -> f64 {
    // The nearest two are no farther apart than any two, and so lie near both boxes: most of large organs need no look.
    let most = apart_at_most(a, b, spacing_mm);
    if !most.is_finite() {
        return f64::INFINITY;
    }
    let margin = spacing_mm.map(|mm| (most / mm).ceil() as usize + 1);
    let near = |mask: &Mask| mask.bounds().grown(margin, [usize::MAX; 3]);
    let region = near(a).intersection(&near(b)).intersection(&a.bounds().union(&b.bounds()));
    let field = distance_to(&a.within(region), spacing_mm);
    let inside = b.within(region);
    inside.indices().filter_map(|index| field.get(index)).fold(f32::INFINITY, f32::min).into()
}

/// The shortest way between a few voxels of the one and a few of the other.
fn apart_at_most(a: &Mask, b: &Mask, spacing_mm: [f64; 3]) -> f64 {
    const LOOKED_AT: usize = 256;
    let [some, others] = [a, b].map(|mask| {
        let step = (mask.count() / LOOKED_AT).max(1);
        mask.indices().step_by(step).map(|index| index.map(|n| n as f64)).collect::<Vec<_>>()
    });
    let way = |from: &[f64; 3], to: &[f64; 3]| {
        (0..3).map(|axis| ((from[axis] - to[axis]) * spacing_mm[axis]).powi(2)).sum::<f64>().sqrt()
    };
    some.iter().flat_map(|from| others.iter().map(move |to| way(from, to))).fold(f64::INFINITY, f64::min)
}

/// No shorter than this is the way between two boxes of voxels, in mm.
pub(super) fn box_gap_mm(a: VoxelBox, b: VoxelBox, spacing_mm: [f64; 3]) -> f64 {
    let apart = |axis: usize| {
        let voxels = (a.min[axis] + 1).saturating_sub(b.max[axis]).max((b.min[axis] + 1).saturating_sub(a.max[axis]));
        voxels as f64 * spacing_mm[axis]
    };
    (0..3).map(|axis| apart(axis).powi(2)).sum::<f64>().sqrt()
}
