//! A prompt as a slice shows it, so that it is drawn and pulled like a shape.

use limner_annotation::tools::handles;
use limner_annotation::{Form, Slice};
use limner_imaging::{Voxel, VoxelBox};
use limner_segmentation::{Prompt, Shape};

/// A line counts as lying on a slice where no point is farther off than this, in voxels.
const ON_SLICE: f64 = 0.75;

/// What a slice shows of a prompt; `None` where it does not pass through.
pub fn section(prompt: &Prompt, slice: Slice) -> Option<Form> {
    let [a, b] = slice.axes_in_plane();
    let flat = |points: &[Voxel]| -> Option<Vec<[f64; 2]>> {
        let near = |at: &Voxel| (at.0[slice.axis] - slice.index as f64).abs() <= ON_SLICE;
        points.iter().all(near).then(|| points.iter().map(|at| [at.0[a] + 0.5, at.0[b] + 0.5]).collect())
    };
    match &prompt.shape {
        Shape::Point { at } => handles::section(&Form::Point { at: at.0.to_array() }, slice),
        Shape::Box { bounds } => handles::section(&box_form(bounds), slice),
        Shape::Scribble { points, .. } => Some(Form::Polyline { slice, points: flat(points)? }),
        Shape::Lasso { points, .. } => Some(Form::Polygon { slice, rings: vec![flat(points)?] }),
        Shape::Marks { .. } | Shape::Mask { .. } => None,
    }
}

/// The prompt with its section changed. What would leave the grid or lose its extent stays as it was.
pub fn with_section(prompt: &Prompt, slice: Slice, section: &Form, size: [usize; 3]) -> Option<Prompt> {
    let [a, b] = slice.axes_in_plane();
    let lift = |points: &[[f64; 2]]| -> Vec<Voxel> {
        let lifted = points.iter().map(|[x, y]| {
            let mut at = glam::DVec3::ZERO;
            (at[a], at[b], at[slice.axis]) = (x - 0.5, y - 0.5, slice.index as f64);
            Voxel(at)
        });
        lifted.collect()
    };
    let shape = match (&prompt.shape, section) {
        (Shape::Point { .. }, Form::Polyline { points, .. }) => Shape::Point { at: *lift(points).first()? },
        (Shape::Box { bounds }, section) => {
            let Form::Box3d { min, max } = handles::with_section(&box_form(bounds), slice, section.clone()) else {
                return None;
            };
            let whole = |edge: [f64; 3]| std::array::from_fn(|n| edge[n].clamp(0.0, size[n] as f64).round() as usize);
            let bounds = VoxelBox::new(whole(min), whole(max));
            (!bounds.is_empty()).then_some(Shape::Box { bounds })?
        }
        (Shape::Scribble { axis, .. }, Form::Polyline { points, .. }) => {
            Shape::Scribble { axis: *axis, points: lift(points) }
        }
        (Shape::Lasso { axis, .. }, Form::Polygon { rings, .. }) => {
            Shape::Lasso { axis: *axis, points: lift(rings.first()?) }
        }
        _ => return None,
    };
    let moved = Prompt { shape, positive: prompt.positive };
    moved.clamped(size, &limner_imaging::Warnings::default()).ok()
}

fn box_form(bounds: &VoxelBox) -> Form {
    Form::Box3d { min: bounds.min.map(|n| n as f64), max: bounds.max.map(|n| n as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_annotation::tools::handles::{Grip, dragged};

    const SIZE: [usize; 3] = [20, 16, 10];

    #[test]
    fn prompts_are_pulled_on_the_slices_that_show_them() {
        let bounds = VoxelBox::new([2, 3, 4], [9, 8, 7]);
        let at = |i, j| Voxel::new(i, j, 5.0);
        let prompts = [
            Shape::Point { at: at(4.0, 6.0) },
            Shape::Box { bounds },
            Shape::Scribble { axis: 2, points: vec![at(1.0, 2.0), at(3.0, 4.0)] },
            Shape::Lasso { axis: 2, points: vec![at(1.0, 2.0), at(3.0, 4.0), at(5.0, 1.0)] },
        ]
        .map(Prompt::positive);
        let slice = Slice { axis: 2, index: 5 };
        for prompt in &prompts {
            let seen = section(prompt, slice).unwrap();
            assert_eq!(with_section(prompt, slice, &seen, SIZE).as_ref(), Some(prompt));
            let moved = dragged(&seen, Grip::Whole, [0.0, 0.0], [2.0, 1.0]);
            let moved = with_section(prompt, slice, &moved, SIZE).unwrap();
            let (before, after) = (prompt.bounds(SIZE), moved.bounds(SIZE));
            assert_eq!(
                (after.min[0], after.min[1], after.min[2]),
                (before.min[0] + 2, before.min[1] + 1, before.min[2])
            );
            assert!(section(prompt, Slice { axis: 2, index: 9 }).is_none());
        }
        // The depth of a box is set in another plane.
        let across = Slice { axis: 0, index: 4 };
        let seen = section(&prompts[1], across).unwrap();
        let deeper = with_section(&prompts[1], across, &dragged(&seen, Grip::Handle(2), [0.0; 2], [8.0, 9.2]), SIZE);
        assert_eq!(deeper.unwrap().bounds(SIZE), VoxelBox::new([2, 3, 4], [9, 8, 9]));
    }
}
