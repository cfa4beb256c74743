//! From files and frames to stacks: what belongs together, in which order, and where it lies.
//!
//! Order comes from where slices lie along the normal of their plane (row x column), ties from the instance number;
//! never from file names. What does not fit a regular grid is told with its place, not bent into one silently.

use super::file::warning;
use super::header::{FrameHeader, Header, Place};
use crate::error::Result;
use crate::geometry::Geometry;
use crate::series::Kind;
use crate::space::World;
use crate::task::Warning;
use crate::volume::StackAxis;
use glam::{DAffine3, DMat3, DVec3};

/// Two slices nearer than this are at the same place.
const SAME_PLACE_MM: f64 = 0.01;
/// How far a gap may be from the usual one: this share of it, and at least the rounding of decimal strings.
const EVEN_SHARE: f64 = 0.02;
/// Slices that lean more than this against their normal come from a tilted gantry.
const TILT_DEGREES: f64 = 0.5;

/// A stack in order: `order` lists what to take (position-major where there are several times at each position).
#[derive(Debug)]
pub struct Stack {
    pub order: Vec<usize>,
    pub geometry: Geometry,
    pub kind: Kind,
    pub times: usize,
    pub spacing_known: bool,
    pub warnings: Vec<Warning>,
}

impl Stack {
    pub const fn axis(kind: Kind) -> StackAxis {
        match kind {
            Kind::Cine => StackAxis::Time,
            Kind::Stack | Kind::Segmentation => StackAxis::Order,
            _ => StackAxis::Space,
        }
    }
}

/// True where two files may be slices of one stack.
pub fn belong_together(a: &Header, b: &Header) -> bool {
    let close = |a: Option<[f64; 2]>, b: Option<[f64; 2]>| match (a, b) {
        (Some(a), Some(b)) => a.iter().zip(b).all(|(x, y)| (x - y).abs() <= 1e-3 * x),
        (a, b) => a.is_none() && b.is_none(),
    };
    let same_home = a.series_uid.is_some() || a.path.parent() == b.path.parent();
    a.frames == 1
        && b.frames == 1
        && a.series_uid == b.series_uid
        && same_home
        && a.modality == b.modality
        && fit_one_type(a, b)
        && a.contrast == b.contrast
        && a.mosaic == b.mosaic
        && a.place.position.is_some() == b.place.position.is_some()
        && close_directions(a.place, b.place)
        && close(a.place.spacing, b.place.spacing)
}

fn fit_one_type(a: &Header, b: &Header) -> bool {
    match (&a.format, &b.format) {
        (Some(a), Some(b)) => a.fits_beside(b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Stacks one group of slices. Where some positions are taken more often than others, the surplus becomes stacks of
/// their own, so that every stack is one picture per position and time.
pub fn stack_files(headers: &[Header], size: [usize; 2]) -> Result<Vec<Stack>> {
    let places: Vec<Place> = headers.iter().map(|h| h.place).collect();
    let ties: Vec<i64> = headers.iter().map(|h| h.instance_number.unwrap_or(i64::MAX)).collect();
    let mut left: Vec<usize> = (0..headers.len()).collect();
    let mut stacks = Vec::new();
    while !left.is_empty() {
        let (stack, rest) = stack_some(&places, &ties, &left, size)?;
        stacks.push(stack);
        left = rest;
    }
    Ok(stacks)
}

/// Stacks the frames of one file by their places. Frames of another stack, plane or contrast are stacks of their own.
pub fn stack_frames(frames: &[FrameHeader], size: [usize; 2]) -> Result<Vec<Stack>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (n, frame) in frames.iter().enumerate() {
        match groups.iter_mut().find(|g| same_stack(&frames[g[0]], frame)) {
            Some(group) => group.push(n),
            None => groups.push(vec![n]),
        }
    }
    let all: Vec<usize> = (0..frames.len()).collect();
    // Frames that all differ are no stacks but a list: so many series of one picture help nobody.
    if groups.len() > 1 && groups.len() == frames.len() {
        groups = vec![all];
    }
    groups.iter().map(|group| one_stack_of_frames(frames, group, size)).collect()
}

fn same_stack(a: &FrameHeader, b: &FrameHeader) -> bool {
    a.stack == b.stack && a.contrast == b.contrast && close_directions(a.place, b.place)
}

fn one_stack_of_frames(frames: &[FrameHeader], members: &[usize], size: [usize; 2]) -> Result<Stack> {
    let places: Vec<Place> = frames.iter().map(|f| f.place).collect();
    let ties: Vec<i64> = (0..places.len() as i64).collect();
    let (stack, rest) = stack_some(&places, &ties, members, size)?;
    let one_plane = members.iter().all(|&m| close_directions(places[members[0]], places[m]));
    if rest.is_empty() && one_plane {
        return Ok(stack);
    }
    let mut stack = unplaced(places[members[0]], members.to_vec(), size)?;
    stack.warnings.push(warning("mixed_frames", "the frames form no regular stack; they are shown in stored order"));
    Ok(stack)
}

fn close_directions(a: Place, b: Place) -> bool {
    match (a.directions, b.directions) {
        (Some(a), Some(b)) => a.iter().zip(b).all(|(x, y)| x.distance(y) < 2e-3),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn stack_some(places: &[Place], ties: &[i64], members: &[usize], size: [usize; 2]) -> Result<(Stack, Vec<usize>)> {
    let first = places[members[0]];
    let Some(normal) = first.normal().filter(|_| members.iter().all(|&m| places[m].position.is_some())) else {
        let mut order = members.to_vec();
        order.sort_by_key(|&m| (ties[m], m));
        return Ok((unplaced(first, order, size)?, Vec::new()));
    };
    let along = |m: usize| places[m].position.unwrap_or_default().dot(normal);
    let mut order = members.to_vec();
    order.sort_by(|&a, &b| along(a).total_cmp(&along(b)));
    let mut levels: Vec<Vec<usize>> = Vec::new();
    for m in order {
        match levels.last_mut() {
            Some(level) if along(m) - along(level[0]) < SAME_PLACE_MM => level.push(m),
            _ => levels.push(vec![m]),
        }
    }
    for level in &mut levels {
        level.sort_by_key(|&m| (ties[m], m));
    }
    let times = levels.iter().map(Vec::len).min().unwrap_or(1);
    let uneven = levels.iter().any(|l| l.len() != times);
    let mut rest: Vec<usize> = Vec::new();
    let mut warnings = Vec::new();
    if uneven {
        let at = levels.iter().find(|l| l.len() > times).map_or(0.0, |l| along(l[0]));
        let text = format!(
            "some positions hold more than one slice, the first at {at:.2} mm; the surplus is a series of its own"
        );
        warnings.push(warning("duplicate_slice", text));
        for level in &mut levels {
            rest.extend(level.drain(times..));
        }
        rest.sort_unstable();
    }
    let mut stack = placed(places, &levels, times, normal, size)?;
    stack.warnings.extend(warnings);
    Ok((stack, rest))
}

fn placed(places: &[Place], levels: &[Vec<usize>], times: usize, normal: DVec3, size: [usize; 2]) -> Result<Stack> {
    let position = |level: &Vec<usize>| places[level[0]].position.unwrap_or_default();
    let first = places[levels[0][0]];
    let origin = position(&levels[0]);
    let mut warnings = Vec::new();
    let step = match levels.len() {
        1 => normal * first.between_slices.or(first.thickness).unwrap_or(1.0),
        n => (position(&levels[n - 1]) - origin) / (n as f64 - 1.0),
    };
    if levels.len() > 1 {
        let positions: Vec<DVec3> = levels.iter().map(position).collect();
        warnings.extend(spacing_warnings(&positions, normal));
        let lean = step.angle_between(normal).to_degrees();
        if lean > TILT_DEGREES {
            warnings.push(warning(
                "gantry_tilt",
                format!("the slices lean {lean:.1} degrees; the grid is sheared to match"),
            ));
        }
    }
    let kind = match (levels.len(), times) {
        (1, 1) => Kind::Image,
        (1, _) => Kind::Stack,
        (_, 1) => Kind::Volume,
        _ => Kind::Time4d,
    };
    let slices = if kind == Kind::Stack { times } else { levels.len() };
    Ok(Stack {
        order: levels.iter().flatten().copied().collect(),
        geometry: geometry(&first, origin, step, [size[0], size[1], slices])?,
        kind,
        times: if kind == Kind::Time4d { times } else { 1 },
        spacing_known: first.spacing.is_some(),
        warnings,
    })
}

/// A stack of pictures that lie nowhere in particular.
fn unplaced(first: Place, order: Vec<usize>, size: [usize; 2]) -> Result<Stack> {
    let depth = first.between_slices.or(first.thickness).unwrap_or(1.0);
    let kind = if order.len() == 1 { Kind::Image } else { Kind::Stack };
    let slices = order.len();
    let step = first.normal().unwrap_or(DVec3::Z) * depth;
    Ok(Stack {
        order,
        geometry: geometry(&first, first.position.unwrap_or_default(), step, [size[0], size[1], slices])?,
        kind,
        times: 1,
        spacing_known: first.spacing.is_some(),
        warnings: Vec::new(),
    })
}

/// The grid with its first pixel at `origin` and `step` from slice to slice.
pub fn geometry(place: &Place, origin: DVec3, step: DVec3, size: [usize; 3]) -> Result<Geometry> {
    let [row, column] = place.directions.unwrap_or([DVec3::X, DVec3::Y]);
    let [between_rows, between_columns] = place.spacing.unwrap_or([1.0; 2]);
    let matrix3 = DMat3::from_cols(row * between_columns, column * between_rows, step);
    Geometry::new(size, DAffine3 { matrix3, translation: World(origin).0 })
}

/// Says where slices are missing, or that their distances vary.
fn spacing_warnings(positions: &[DVec3], normal: DVec3) -> Vec<Warning> {
    let gaps: Vec<f64> = positions.windows(2).map(|p| (p[1] - p[0]).dot(normal)).collect();
    let mut sorted = gaps.clone();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted[sorted.len() / 2];
    let tolerance = (usual * EVEN_SHARE).max(2.0 * SAME_PLACE_MM);
    let mut out = Vec::new();
    for (n, gap) in gaps.iter().enumerate().filter(|(_, gap)| (**gap - usual).abs() > tolerance) {
        let (from, to) = (positions[n].dot(normal), positions[n + 1].dot(normal));
        let missing = (gap / usual).round() - 1.0;
        let whole = missing >= 1.0 && (gap - usual * (missing + 1.0)).abs() <= tolerance * (missing + 1.0);
        out.push(if whole {
            let text = format!(
                "{missing} missing between {from:.2} and {to:.2} mm along the stack (slices {} and {})",
                n + 1,
                n + 2
            );
            warning("missing_slice", text)
        } else {
            let text = format!("{gap:.2} mm between slices {} and {} where {usual:.2} mm is usual", n + 1, n + 2);
            warning("uneven_spacing", text)
        });
    }
    const SHOWN: usize = 20;
    if out.len() > SHOWN {
        let more = out.len() - SHOWN;
        out.truncate(SHOWN);
        out.push(warning("uneven_spacing", format!("{more} more gaps are not the usual one")));
    }
    if !out.is_empty() {
        out.push(warning(
            "irregular_grid",
            "slices are shown evenly spaced over the whole stack, so positions between them are off where gaps differ",
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::dicom::contrast::Contrast;

    fn at(z: f64) -> FrameHeader {
        let place = Place {
            position: Some(DVec3::new(1.0, 2.0, z)),
            directions: Some([DVec3::X, DVec3::Y]),
            spacing: Some([0.8, 0.5]),
            ..Place::default()
        };
        FrameHeader { place, stack: None, contrast: Contrast::default(), value_map: None }
    }

    fn stack_frames(frames: &[FrameHeader], size: [usize; 2]) -> Result<Stack> {
        super::stack_frames(frames, size).map(|mut stacks| {
            assert_eq!(stacks.len(), 1);
            stacks.remove(0)
        })
    }

    #[test]
    fn frames_of_other_stacks_and_planes_are_series_of_their_own() {
        let mut frames: Vec<FrameHeader> = [4.0, 0.0, 2.0, 1.0, 5.0].map(at).into();
        frames[3].stack = Some("2".into());
        frames[4].stack = Some("2".into());
        let stacks = super::stack_frames(&frames, [8, 6]).unwrap();
        assert_eq!(stacks.iter().map(|s| s.order.clone()).collect::<Vec<_>>(), [vec![1, 2, 0], vec![3, 4]]);
        let mut frames: Vec<FrameHeader> = [4.0, 0.0, 2.0].map(at).into();
        frames[1].place.directions = Some([DVec3::Y, DVec3::Z]);
        assert_eq!(super::stack_frames(&frames, [8, 6]).unwrap().len(), 2);
    }

    fn codes(stack: &Stack) -> Vec<&str> {
        stack.warnings.iter().map(|w| w.code.as_str()).collect()
    }

    #[test]
    fn slices_are_sorted_along_the_normal() {
        let stack = stack_frames(&[at(4.0), at(0.0), at(2.0)], [8, 6]).unwrap();
        assert_eq!((stack.order.as_slice(), stack.kind), ([1, 2, 0].as_slice(), Kind::Volume));
        assert_eq!(stack.geometry.affine_lps_rows()[0], [0.5, 0.0, 0.0, 1.0]);
        assert_eq!(stack.geometry.affine_lps_rows()[1], [0.0, 0.8, 0.0, 2.0]);
        assert_eq!(stack.geometry.affine_lps_rows()[2], [0.0, 0.0, 2.0, 0.0]);
        assert!(stack.warnings.is_empty());
    }

    #[test]
    fn a_missing_slice_is_named_with_its_place() {
        let stack = stack_frames(&[0.0, 2.0, 4.0, 8.0, 10.0].map(at), [8, 6]).unwrap();
        assert_eq!(codes(&stack), ["missing_slice", "irregular_grid"]);
        assert!(stack.warnings[0].text.starts_with("1 missing between 4.00 and 8.00 mm"));
    }

    #[test]
    fn equal_counts_at_every_position_are_times() {
        let stack = stack_frames(&[0.0, 2.0, 0.0, 2.0].map(at), [8, 6]).unwrap();
        assert_eq!((stack.kind, stack.times), (Kind::Time4d, 2));
        assert_eq!(stack.order, [0, 2, 1, 3]);
    }

    #[test]
    fn a_tilted_gantry_shears_the_grid() {
        let tilted = |z: f64| {
            let place = Place { position: Some(DVec3::new(0.0, 0.3 * z, z)), ..at(z).place };
            FrameHeader { place, ..at(z) }
        };
        let stack = stack_frames(&[0.0, 2.0, 4.0].map(tilted), [8, 6]).unwrap();
        assert_eq!(codes(&stack), ["gantry_tilt"]);
        assert!((stack.geometry.step(2) - DVec3::new(0.0, 0.6, 2.0)).length() < 1e-12);
    }
}
