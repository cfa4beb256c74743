//! Questions about a film too long for memory. The frame at hand is asked about as a picture of its own, and the answer is
//! moved to where the frame lies in the film, so that no engine has to know of films.

use crate::engine::{Engine, Prediction, Request};
use crate::error::{Error, Result};
use crate::prompt::{Prompt, Shape};
use limner_imaging::{Mask, Task, Voxel, VoxelBox};

/// Voxels of a box around answers about several slices that are kept at once.
const MOST_JOINED: usize = 1 << 26;

/// Asks an engine about a picture of which all or one slice is in memory. Prompts on other slices than that one are left out.
pub fn predict(engine: &dyn Engine, request: &Request<'_>, task: &Task) -> Result<Prediction> {
    let Some(k) = request.image.only_slice() else { return engine.predict(request, task) };
    let picture = request.image.slice(k)?;
    let prompts: Vec<Prompt> = request.prompts.iter().filter_map(|prompt| on_slice(prompt, k)).collect();
    if !prompts.iter().any(|prompt| prompt.positive) {
        return Err(Error::prompt(format!("no prompt lies on frame {}: go to the frame it was drawn on", k + 1)));
    }
    let forbidden = |[i, j, _]: [usize; 3]| request.is_forbidden([i, j, k]);
    let mut asked = Request::new(&picture, &prompts);
    asked.steps_back = request.steps_back;
    if request.forbidden.is_some() {
        asked.forbidden = Some(&forbidden);
    }
    let answer = engine.predict(&asked, task)?;
    let (mask, changed) = (answer.mask.moved_to(2, k), answer.changed.slice(2, k));
    joined(Prediction { mask, changed, ..answer }, request.previous, k)
}

/// With what was answered before about other slices.
fn joined(answer: Prediction, previous: Option<&Prediction>, k: usize) -> Result<Prediction> {
    let elsewhere = |index: [usize; 3]| index[2] != k && previous.is_some_and(|previous| previous.mask.get(index));
    let others = previous.map_or(VoxelBox::default(), |previous| previous.mask.tight_box());
    let bounds = answer.mask.bounds().union(&others);
    if !all(others).any(elsewhere) {
        return Ok(answer);
    }
    if bounds.len() > MOST_JOINED {
        let far = "what is offered on other frames lies too far from this one: accept it first (Enter)";
        return Err(Error::prompt(far));
    }
    let share = |index: [usize; 3]| {
        if elsewhere(index) { u8::MAX } else { (answer.probability_at(index) * 255.0).round() as u8 }
    };
    let probability = answer.probability.is_some().then(|| all(bounds).map(share).collect());
    let mask = Mask::from_fn(bounds, |index| answer.mask.get(index) || elsewhere(index));
    Ok(Prediction { mask, probability, ..answer })
}

/// The voxels of a box, columns fastest.
fn all(bounds: VoxelBox) -> impl Iterator<Item = [usize; 3]> {
    let [columns, rows, _] = bounds.size();
    let at = move |n: usize| [n % columns, n / columns % rows, n / columns / rows];
    (0..bounds.len()).map(move |n| std::array::from_fn(|axis| bounds.min[axis] + at(n)[axis]))
}

/// What a prompt says about one slice, as said of a picture of that slice alone.
fn on_slice(prompt: &Prompt, k: usize) -> Option<Prompt> {
    let flat = |points: &[Voxel]| -> Option<Vec<Voxel>> {
        let on = |at: &Voxel| (at.0.z - k as f64).abs() <= 0.5;
        points.iter().all(on).then(|| points.iter().map(|at| Voxel::new(at.0.x, at.0.y, 0.0)).collect())
    };
    let cut = |mask: &Mask| {
        let mask = mask.within(mask.bounds().slice(2, k));
        (!mask.is_empty()).then(|| mask.moved_to(2, 0))
    };
    let shape = match &prompt.shape {
        Shape::Point { at } => Shape::Point { at: flat(std::slice::from_ref(at))?[0] },
        Shape::Box { bounds } => {
            let [i, j, _] = bounds.min;
            let [right, bottom, _] = bounds.max;
            let reaches = (bounds.min[2]..bounds.max[2]).contains(&k);
            Shape::Box { bounds: reaches.then_some(VoxelBox::new([i, j, 0], [right, bottom, 1]))? }
        }
        Shape::Scribble { axis, points } => Shape::Scribble { axis: *axis, points: flat(points)? },
        Shape::Lasso { axis, points } => Shape::Lasso { axis: *axis, points: flat(points)? },
        Shape::Marks { mask, lasso } => Shape::Marks { mask: cut(mask)?, lasso: *lasso },
        Shape::Mask { mask, refine } => Shape::Mask { mask: cut(mask)?, refine: *refine },
    };
    Some(Prompt { shape, positive: prompt.positive })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;
    use limner_imaging::{Geometry, Samples, StackAxis, Volume, World};

    const SIDE: usize = 48;
    const FRAMES: usize = 6;

    /// A bright square that wanders to the right from frame to frame.
    fn film() -> Volume {
        let grid = Geometry::axis_aligned([SIDE, SIDE, FRAMES], World::default(), [1.0; 3]).unwrap();
        let bright = |n: usize| {
            let (i, j, k) = (n % SIDE, n / SIDE % SIDE, n / SIDE / SIDE);
            (8 + 2 * k..24 + 2 * k).contains(&i) && (12..30).contains(&j)
        };
        let samples: Vec<u8> = (0..grid.voxel_count()).map(|n| if bright(n) { 200 } else { 30 }).collect();
        let mut film = Volume::new(grid, Samples::U8(samples), 1).unwrap();
        film.stack_axis = StackAxis::Time;
        film
    }

    #[test]
    fn an_answer_about_a_frame_lies_where_the_frame_lies_in_the_film() {
        let (film, engine) = (film(), models::open("classical").unwrap());
        let at = |k: usize| Volume::of_one_slice(film.geometry, k, &film.slice(k).unwrap()).unwrap();
        let prompts = [
            Prompt::point([20, 20, 4], true),
            Prompt::point([2, 2, 4], false),
            // Said on another frame.
            Prompt::point([40, 40, 1], true),
        ];
        let frame = at(4);
        let answer = predict(&*engine, &Request::new(&frame, &prompts), &Task::default()).unwrap();
        assert_eq!((answer.mask.tight_box().min[2], answer.mask.tight_box().max[2]), (4, 5));
        let square = VoxelBox::new([16, 12, 4], [32, 30, 5]);
        let hit = answer.mask.indices().filter(|index| square.contains(*index)).count();
        assert!(
            hit * 10 > square.len() * 9 && answer.mask.count() < square.len() * 11 / 10,
            "{hit} of {}",
            square.len()
        );
        let next = at(5);
        let told = [Prompt::point([22, 20, 5], true)];
        let request = Request { previous: Some(&answer), ..Request::new(&next, &told) };
        let both = predict(&*engine, &request, &Task::default()).unwrap();
        assert_eq!(
            both.mask.within(answer.mask.bounds()).indices().filter(|index| index[2] == 4).count(),
            answer.mask.count()
        );
        assert!(both.mask.get([30, 20, 5]) && both.probability_at([20, 20, 4]) == 1.0);
        let error = predict(&*engine, &Request::new(&at(3), &prompts), &Task::default()).err().unwrap().to_string();
        assert!(error.contains("frame 4"), "{error}");
    }

    #[test]
    fn what_is_kept_from_the_engine_is_kept_on_its_own_frame() {
        let (film, engine) = (film(), models::open("classical").unwrap());
        let frame = Volume::of_one_slice(film.geometry, 2, &film.slice(2).unwrap()).unwrap();
        let prompts = [Prompt::point([20, 20, 2], true)];
        let left = |index: [usize; 3]| index[2] == 2 && index[0] < 18;
        let request = Request { forbidden: Some(&left), ..Request::new(&frame, &prompts) };
        let answer = predict(&*engine, &request, &Task::default()).unwrap();
        assert!(!answer.mask.is_empty() && answer.mask.indices().all(|index| index[0] >= 18 && index[2] == 2));
    }
}
