//! Carries a mask from slice to slice, or from frame to frame: each takes over the last one's outline and the engine
//! fits it to what is seen there.

use crate::times::Frames;
use limner_annotation::operations::interpolate;
use limner_annotation::records::FrameMarks;
use limner_imaging::{Mask, Task, VoxelBox};
use limner_segmentation::{Engine, Prompt, Request, Shape, on_slice};

/// Where a mask is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    Forwards,
    Backwards,
    /// Into the gaps between slices that are painted.
    Between,
}

/// Less than this share of the area before, and the object has ended.
const LEAST_SHARE: f64 = 0.1;

/// The slices along `axis` that the way leads to, from the slice `from`, at most `count` of them.
pub fn slices(way: Way, mask: &Mask, axis: usize, from: usize, count: usize, size: usize) -> Vec<usize> {
    match way {
        Way::Forwards => (from + 1..size).take(count).collect(),
        Way::Backwards => (0..from).rev().take(count).collect(),
        Way::Between => {
            let tight = mask.tight_box();
            let empty = |n: &usize| mask.within(tight.slice(axis, *n)).is_empty();
            (tight.min[axis]..tight.max[axis]).filter(empty).collect()
        }
    }
}

/// The same without slices that a person has drawn or said to be empty: there and no further.
pub fn open_slices(
    way: Way,
    mask: &Mask,
    (axis, from): (usize, usize),
    size: usize,
    marks: Option<&FrameMarks>,
) -> Vec<usize> {
    let Some(marks) = marks else { return slices(way, mask, axis, from, usize::MAX, size) };
    match way {
        Way::Forwards => (from + 1..marks.next(from).unwrap_or(size)).collect(),
        Way::Backwards => (marks.previous(from).map_or(0, |before| before + 1)..from).rev().collect(),
        Way::Between => {
            let ends = marks.keyframes.first().zip(marks.keyframes.last());
            ends.map(|(a, b)| (*a..*b).filter(|n| !marks.is_said(*n)).collect()).unwrap_or_default()
        }
    }
}

/// What of a mask a propagation starts from: between keyframes only what was drawn on them, so that what was carried there
/// before does not hold it back.
pub fn known_part(mask: &Mask, axis: usize, way: Way, marks: Option<&FrameMarks>) -> Mask {
    match marks {
        Some(marks) if way == Way::Between => {
            Mask::from_fn(mask.bounds(), |index| marks.keyframes.contains(&index[axis]) && mask.get(index))
        }
        _ => mask.clone(),
    }
}

/// The masks of those slices together. Ends where the object ends.
pub fn carry(
    engine: &dyn Engine,
    frames: &Frames,
    mask: &Mask,
    (way, axis, from): (Way, usize, usize),
    slices: &[usize],
    task: &Task,
) -> anyhow::Result<Mask> {
    task.progress.begin("propagating", slices.len() as u64);
    let (whole, spacing_mm) = (VoxelBox::whole(frames.volume().size()), frames.volume().geometry.spacing_mm());
    let guesses = match way {
        Way::Between => Some(interpolate::between_slices(mask, axis, spacing_mm)?),
        Way::Forwards | Way::Backwards => None,
    };
    let mut last = mask.within(mask.bounds().slice(axis, from));
    let mut parts: Vec<Mask> = Vec::new();
    for &slice in slices {
        task.cancel.check()?;
        let guess = match &guesses {
            Some(guesses) => guesses.within(guesses.bounds().slice(axis, slice)),
            None => last.clone().moved_to(axis, slice),
        };
        if guess.is_empty() {
            task.progress.advance(1);
            continue;
        }
        let area = guess.count() as f64;
        let prompts = [Prompt::positive(Shape::Mask { mask: guess, refine: true })];
        let volume = frames.with(slice, task)?;
        let found = on_slice::predict(engine, &Request::new(&volume, &prompts), task)?;
        let found = found.mask.within(whole.slice(axis, slice));
        task.progress.advance(1);
        if (found.count() as f64) < LEAST_SHARE * area {
            if way == Way::Between {
                continue;
            }
            break;
        }
        let tight = found.tight_box();
        last = found.within(tight);
        parts.push(last.clone());
    }
    let bounds = parts.iter().fold(VoxelBox::default(), |all, part| all.union(&part.bounds()));
    let mut all = Mask::empty(bounds);
    parts.iter().flat_map(Mask::indices).for_each(|index| all.set(index, true));
    Ok(all)
}

/// A mask with what was found on some slices in place of what it had there.
pub fn replaced(mask: &Mask, found: &Mask, axis: usize, slices: &[usize]) -> Mask {
    let mut new = mask.within(mask.bounds().union(&found.bounds()));
    let there: std::collections::BTreeSet<usize> = slices.iter().copied().collect();
    mask.indices().filter(|index| there.contains(&index[axis])).for_each(|index| new.set(index, false));
    found.indices().for_each(|index| new.set(index, true));
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, StackAxis, Volume, World};
    use limner_segmentation::models;
    use std::sync::Arc;

    const SIZE: [usize; 3] = [64, 56, 14];

    /// A bright disc that wanders and grows from frame to frame, and is gone in the last ones.
    fn inside([i, j, k]: [usize; 3]) -> bool {
        let (x, y) = (24.0 + k as f64, 26.0 + 0.5 * k as f64);
        k < 12 && (i as f64 - x).hypot(j as f64 - y) <= 8.0 + 0.4 * k as f64
    }

    fn film() -> Frames {
        let whole = Mask::from_fn(VoxelBox::whole(SIZE), |_| true);
        let value = |v: [usize; 3]| if inside(v) { 180 } else { 60 } + ((v[0] * 31 + v[1] * 17 + v[2] * 7) % 11) as u8;
        let samples = whole.indices().map(value).collect();
        let geometry = Geometry::axis_aligned(SIZE, World::default(), [1.0; 3]).unwrap();
        let mut volume = Volume::new(geometry, Samples::U8(samples), 1).unwrap();
        volume.stack_axis = StackAxis::Time;
        Frames { volume: Arc::new(volume), film: None }
    }

    fn dice(a: &Mask, b: impl Fn([usize; 3]) -> bool, slice: usize) -> f64 {
        let bounds = VoxelBox::whole(SIZE).slice(2, slice);
        let truth = Mask::from_fn(bounds, b);
        let both = truth.indices().filter(|v| a.get(*v)).count() as f64;
        2.0 * both / (truth.count() + a.within(bounds).count()).max(1) as f64
    }

    #[test]
    fn a_wandering_disc_is_followed_until_it_is_gone() {
        let film = film();
        let engine = models::open("classical").unwrap();
        let start = Mask::from_fn(VoxelBox::whole(SIZE).slice(2, 0), inside);
        let there = slices(Way::Forwards, &start, 2, 0, usize::MAX, SIZE[2]);
        let task = Task::default();
        let found = carry(&*engine, &film, &start, (Way::Forwards, 2, 0), &there, &task).unwrap();
        for slice in 1..12 {
            assert!(dice(&found, inside, slice) > 0.9, "frame {slice}: {}", dice(&found, inside, slice));
        }
        assert_eq!(slices(Way::Backwards, &start, 2, 5, 3, SIZE[2]), [4, 3, 2]);
        task.cancel.cancel();
        assert!(carry(&*engine, &film, &start, (Way::Forwards, 2, 0), &there, &task).is_err());
    }

    #[test]
    fn gaps_between_keyframes_are_filled_and_keyframes_stay_out() {
        let film = film();
        let engine = models::open("classical").unwrap();
        let keys = Mask::from_fn(VoxelBox::whole(SIZE), |v| [1, 6, 10].contains(&v[2]) && inside(v));
        let gaps = slices(Way::Between, &keys, 2, 1, usize::MAX, SIZE[2]);
        assert_eq!(gaps, [2, 3, 4, 5, 7, 8, 9]);
        let found = carry(&*engine, &film, &keys, (Way::Between, 2, 1), &gaps, &Task::default()).unwrap();
        for slice in gaps {
            assert!(dice(&found, inside, slice) > 0.9, "frame {slice}");
        }
        assert!(found.within(VoxelBox::whole(SIZE).slice(2, 6)).is_empty());
    }

    #[test]
    fn what_a_person_said_of_a_frame_is_where_propagation_ends() {
        let (image, label) = (limner_annotation::ImageId::new(), limner_annotation::LabelId::new());
        let marks = FrameMarks::new(image, label, 2).drawn(0).drawn(5).empty_on(9).drawn(13);
        let mask = Mask::from_fn(VoxelBox::whole(SIZE), inside);
        let to = |way, from| open_slices(way, &mask, (2, from), SIZE[2], Some(&marks));
        assert_eq!(to(Way::Forwards, 5), [6, 7, 8]);
        assert_eq!(to(Way::Forwards, 13), Vec::<usize>::new());
        assert_eq!(to(Way::Backwards, 5), [4, 3, 2, 1]);
        assert_eq!(to(Way::Between, 0), [1, 2, 3, 4, 6, 7, 8, 10, 11, 12]);
        let known = known_part(&mask, 2, Way::Between, Some(&marks));
        assert!(known.indices().all(|index| [0, 5].contains(&index[2])) && !known.is_empty());
        assert_eq!(known_part(&mask, 2, Way::Forwards, Some(&marks)).count(), mask.count());
        assert_eq!(open_slices(Way::Backwards, &mask, (2, 3), SIZE[2], None), [2, 1, 0]);
    }
}
