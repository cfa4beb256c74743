//! The classical engine on pictures whose answer is known.

use crate::common::{bright, colour, dice, mm_from, noise, predict, truth, volume};
use limner_imaging::{Mask, StackAxis, Task, Voxel, VoxelBox};
use limner_segmentation::classical::Classical;
use limner_segmentation::{Engine, Prompt, Request, Shape};

const SIZE: [usize; 3] = [64, 60, 48];

/// A ball of 11 voxels at this place, value 80 on 20, with a touching ball of value 60 and noise of 6.
const BALL: [f64; 3] = [30.0, 26.0, 22.0];
const TWIN: [f64; 3] = [49.0, 26.0, 22.0];

fn in_ball(index: [usize; 3]) -> bool {
    mm_from(index, BALL, [1.0; 3]) <= 11.0
}

fn touching_twins() -> limner_imaging::Volume {
    volume(SIZE, [1.0; 3], |index| {
        let twin = mm_from(index, TWIN, [1.0; 3]) <= 9.0;
        let value = if in_ball(index) {
            80.0
        } else if twin {
            55.0
        } else {
            20.0
        };
        value + 6.0 * noise(index)
    })
}

fn scribble(points: &[[f64; 3]], axis: usize, positive: bool) -> Prompt {
    let points = points.iter().map(|p| Voxel::new(p[0], p[1], p[2])).collect();
    Prompt { shape: Shape::Scribble { axis, points }, positive }
}

#[test]
fn any_single_prompt_finds_the_ball_and_not_its_twin() {
    let image = touching_twins();
    let truth = truth(SIZE, in_ball);
    let square = [[18.0, 14.0, 22.0], [42.0, 14.0, 22.0], [42.0, 38.0, 22.0], [18.0, 38.0, 22.0]];
    let lasso = square.iter().map(|p| Voxel::new(p[0], p[1], p[2])).collect();
    let prompts = [
        Prompt::point([30, 26, 22], true),
        Prompt::point([27, 29, 20], true),
        scribble(&[[24.0, 26.0, 22.0], [36.0, 28.0, 22.0]], 2, true),
        scribble(&[[30.0, 20.0, 18.0], [30.0, 30.0, 26.0]], 0, true),
        Prompt::positive(Shape::Box { bounds: VoxelBox::new([17, 13, 22], [43, 39, 23]) }),
        Prompt::positive(Shape::Box { bounds: VoxelBox::new([17, 13, 9], [43, 39, 35]) }),
        Prompt::positive(Shape::Lasso { axis: 2, points: lasso }),
    ];
    for prompt in prompts {
        let found = predict(&image, std::slice::from_ref(&prompt));
        let dice = dice(&found.mask, &truth);
        assert!(dice > 0.9, "{prompt:?}: Dice {dice:.3}");
    }
}

#[test]
fn the_value_map_changes_nothing() {
    let mut image = touching_twins();
    let prompts = [Prompt::point([30, 26, 22], true)];
    let before = predict(&image, &prompts);
    image.value_map.slope = -0.25;
    image.value_map.intercept = 1000.0;
    assert!(dice(&before.mask, &predict(&image, &prompts).mask) > 0.999);
}

#[test]
fn a_thin_tube_is_followed_from_one_scribble() {
    let size = [72, 40, 40];
    let on_tube = |[i, j, k]: [usize; 3]| {
        let x = i as f64 / 71.0 * 6.0;
        let (y, z) = (20.0 + 8.0 * x.sin(), 20.0 + 6.0 * x.cos());
        (j as f64 - y).hypot(k as f64 - z) <= 2.2
    };
    let image = volume(size, [1.0; 3], |index| bright(on_tube(index), 100.0, 10.0) + 5.0 * noise(index));
    let truth = truth(size, on_tube);
    let middle = |i: f64| {
        let x: f64 = i / 71.0 * 6.0;
        [i, 20.0 + 8.0 * x.sin(), 20.0 + 6.0 * x.cos()]
    };
    let found = predict(&image, &[scribble(&[middle(28.0), middle(33.0), middle(38.0)], 2, true)]);
    assert!(dice(&found.mask, &truth) > 0.75, "{:.3}", dice(&found.mask, &truth));
}

#[test]
fn thick_slices_are_thick() {
    let spacing = [0.8, 0.8, 4.0];
    let size = [70, 70, 14];
    let centre = [35.0, 35.0, 7.0];
    let inside = |index| mm_from(index, centre, spacing) <= 13.0;
    let image = volume(size, spacing, |index| bright(inside(index), 300.0, 100.0) + 25.0 * noise(index));
    let found = predict(&image, &[Prompt::point([35, 35, 7], true)]);
    assert!(dice(&found.mask, &truth(size, inside)) > 0.9);
}

#[test]
fn colours_of_the_same_brightness_are_told_apart() {
    let size = [90, 80, 1];
    let inside = |index| mm_from(index, [40.0, 38.0, 0.0], [1.0; 3]) <= 17.0;
    let image = colour(size, |index| {
        let wobble = (8.0 * noise(index)) as i16;
        let base: [i16; 3] = if inside(index) { [160, 90, 90] } else { [90, 160, 90] };
        base.map(|c| (c + wobble) as u8)
    });
    let found = predict(&image, &[Prompt::point([40, 38, 0], true)]);
    assert!(dice(&found.mask, &truth(size, inside)) > 0.95);
}

#[test]
fn a_frame_in_time_is_a_picture_of_its_own() {
    let size = [60, 60, 5];
    let inside = |index: [usize; 3]| mm_from([index[0], index[1], 0], [30.0, 30.0, 0.0], [1.0; 3]) <= 12.0;
    let mut image = volume(size, [1.0; 3], |index| if inside(index) { 90.0 } else { 10.0 });
    let prompts = [Prompt::point([30, 30, 2], true)];
    assert_eq!(predict(&image, &prompts).mask.tight_box().size()[2], 5);
    for axis in [StackAxis::Time, StackAxis::Order] {
        image.stack_axis = axis;
        let found = predict(&image, &prompts);
        assert_eq!((found.mask.tight_box().min[2], found.mask.tight_box().max[2]), (2, 3));
        assert!(dice(&found.mask, &truth(size, |index| index[2] == 2 && inside(index))) > 0.95);
    }
}

#[test]
fn a_correction_takes_away_what_it_points_at() {
    let image = volume(SIZE, [1.0; 3], |index| {
        let both = in_ball(index) || mm_from(index, TWIN, [1.0; 3]) <= 9.0;
        bright(both, 80.0, 20.0) + 4.0 * noise(index)
    });
    let prompts = [Prompt::point([30, 26, 22], true), Prompt::point([51, 26, 22], false)];
    let found = predict(&image, &prompts);
    assert!(!found.mask.get([51, 26, 22]) && found.mask.get([30, 26, 22]));
    assert!(dice(&found.mask, &truth(SIZE, in_ball)) > 0.85, "{:.3}", dice(&found.mask, &truth(SIZE, in_ball)));
}

#[test]
fn a_mask_is_kept_as_it_is_fitted_or_corrected() {
    let image = touching_twins();
    let sloppy = truth(SIZE, |index| mm_from(index, BALL, [1.0; 3]) <= 9.0);
    let start = |refine| Prompt::positive(Shape::Mask { mask: sloppy.clone(), refine });
    assert!(dice(&predict(&image, &[start(false)]).mask, &sloppy) > 0.999);
    let truth = truth(SIZE, in_ball);
    let fitted = dice(&predict(&image, &[start(true)]).mask, &truth);
    assert!(fitted > 0.97 && fitted > dice(&sloppy, &truth), "{fitted:.3}");
    let corrected = predict(&image, &[start(false), Prompt::point([50, 26, 22], true)]).mask;
    assert!(corrected.get([50, 26, 22]) && sloppy.indices().all(|index| corrected.get(index)));
}

#[test]
fn locked_voxels_are_never_taken() {
    let image = touching_twins();
    let locked = |[i, _, _]: [usize; 3]| i >= 33;
    for prompt in [
        Prompt::point([30, 26, 22], true),
        Prompt::positive(Shape::Box { bounds: VoxelBox::new([17, 13, 22], [43, 39, 23]) }),
        Prompt::positive(Shape::Mask { mask: truth(SIZE, in_ball), refine: true }),
    ] {
        let prompts = [prompt];
        let request = Request { forbidden: Some(&locked), ..Request::new(&image, &prompts) };
        let found = Classical::default().predict(&request, &Task::default()).unwrap();
        assert!(found.mask.count() > 1000 && !found.mask.indices().any(locked));
    }
}

#[test]
fn prompts_at_the_very_corner_work() {
    let image = touching_twins();
    for corner in [[0, 0, 0], [63, 59, 47]] {
        let found = predict(&image, &[Prompt::point(corner, true)]);
        assert!(found.mask.get(corner));
    }
}

#[test]
fn flat_grey_and_not_a_number_pictures_do_no_harm() {
    let flat = volume([20, 20, 8], [1.0; 3], |_| 7.0);
    assert!(predict(&flat, &[Prompt::point([10, 10, 4], true)]).mask.get([10, 10, 4]));
    let geometry = flat.geometry;
    let samples = limner_imaging::Samples::F32(vec![f32::NAN; geometry.voxel_count()]);
    let empty = limner_imaging::Volume::new(geometry, samples, 1).unwrap();
    assert!(predict(&empty, &[Prompt::point([10, 10, 4], true)]).mask.get([10, 10, 4]));
}

#[test]
fn only_negative_prompts_find_nothing() {
    let found = predict(&touching_twins(), &[Prompt::point([30, 26, 22], false)]);
    assert!(found.mask.is_empty());
}

#[test]
fn the_same_question_gets_the_same_answer_on_any_number_of_threads() {
    let image = touching_twins();
    let prompts = [Prompt::point([30, 26, 22], true), Prompt::point([49, 26, 22], false)];
    let ask = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| predict(&image, &prompts));
        (found.mask, found.probability)
    };
    assert_eq!(ask(1), ask(4));
}

#[test]
fn cancel_stops_it() {
    let image = touching_twins();
    let prompts = [Prompt::point([30, 26, 22], true)];
    let request = Request::new(&image, &prompts);
    let task = Task::default();
    task.cancel.cancel();
    let error = Classical::default().predict(&request, &task).unwrap_err();
    assert!(error.is_cancelled());
}

#[test]
fn the_changed_box_holds_every_change_and_no_more() {
    let image = touching_twins();
    let first = predict(&image, &[Prompt::point([30, 26, 22], true)]);
    let prompts = [Prompt::point([30, 26, 22], true), Prompt::point([49, 26, 22], true)];
    let request = Request { previous: Some(&first), ..Request::new(&image, &prompts) };
    let second = Classical::default().predict(&request, &Task::default()).unwrap();
    let differs = |index: &[usize; 3]| first.mask.get(*index) != second.mask.get(*index);
    let seen = crate::common::voxels(SIZE)
        .filter(differs)
        .fold(VoxelBox::default(), |all, index| all.union(&VoxelBox::new(index, index.map(|x| x + 1))));
    assert_eq!(second.changed, seen);
    assert_eq!(first.changed, first.mask.tight_box());
}

#[test]
fn a_large_object_in_a_large_volume_is_found_on_a_coarser_lattice_and_settled_on_voxels() {
    let size = [160, 160, 120];
    let inside = |index| mm_from(index, [80.0, 76.0, 60.0], [1.0; 3]) <= 48.0;
    let image = volume(size, [1.0; 3], |index| bright(inside(index), 60.0, 20.0) + 5.0 * noise(index));
    let found = predict(&image, &[Prompt::point([80, 76, 60], true)]);
    assert!(dice(&found.mask, &truth(size, inside)) > 0.96, "{:.3}", dice(&found.mask, &truth(size, inside)));
    let bounds = found.mask.bounds();
    assert!(Mask::empty(bounds).voxels().len() < 110 * 110 * 110);
}

#[test]
fn a_box_on_one_slice_holds_on_that_slice_and_a_click_beyond_says_that_the_object_is_larger() {
    // Two legs that are one body farther up.
    let in_leg = |[i, j, k]: [usize; 3], middle: f64| k < 40 && (i as f64 - middle).hypot(j as f64 - 30.0) <= 7.0;
    let in_arch = |[i, j, k]: [usize; 3]| (32..42).contains(&k) && (9..55).contains(&i) && (24..37).contains(&j);
    let inside = |at| in_leg(at, 16.0) || in_leg(at, 48.0) || in_arch(at);
    let image = volume(SIZE, [1.0; 3], |index| bright(inside(index), 80.0, 20.0) + 5.0 * noise(index));
    let bounds = VoxelBox::new([7, 21, 12], [26, 40, 13]);
    let around_one = Prompt::positive(Shape::Box { bounds });
    let found = predict(&image, std::slice::from_ref(&around_one)).mask;
    let leg = truth(SIZE, |at| in_leg(at, 16.0) && at[2] < 30);
    assert!(leg.indices().filter(|at| found.get(*at)).count() as f64 > 0.9 * leg.count() as f64, "the leg is there");
    assert!(found.indices().all(|at| at[2] != 12 || bounds.contains(at)), "it comes back beside the box");
    assert!(found.indices().all(|[i, ..]| i < 26 + 12), "nor is it anywhere far beyond");
    let both = predict(&image, &[around_one, Prompt::point([48, 30, 6], true)]).mask;
    let other = truth(SIZE, |at| in_leg(at, 48.0) && at[2] < 30);
    assert!(other.indices().filter(|at| both.get(*at)).count() as f64 > 0.9 * other.count() as f64);
}
