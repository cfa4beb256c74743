//! What a user says about an object: a point, a box, a scribble, a lasso or a mask to start from, for or against.
//!
//! Positions are in voxels of the image, so a prompt means nothing without it. A positive scribble says "all of this
//! is inside", a positive box or lasso "the object is somewhere in here". `clamped` is the gate: behind it every
//! number is finite and every prompt touches the image.

pub mod file;
pub(crate) mod packed;

use crate::error::{Error, Result};
use glam::DVec3;
use limner_imaging::{Mask, Voxel, VoxelBox, Warnings};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    pub shape: Shape,
    pub positive: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    Point {
        at: Voxel,
    },
    /// Flat (one voxel along one axis) or solid.
    Box {
        bounds: VoxelBox,
    },
    /// A line through points; `axis` is the voxel axis most nearly across the plane it was drawn on.
    Scribble {
        axis: usize,
        points: Vec<Voxel>,
    },
    /// A closed outline; `axis` as for a scribble. The plane may be oblique: the points say where it lies.
    Lasso {
        axis: usize,
        points: Vec<Voxel>,
    },
    /// Voxels marked one by one, as other programs send them: of a scribble, or all that a lasso encloses.
    Marks {
        #[serde(with = "packed")]
        mask: Mask,
        lasso: bool,
    },
    /// A mask to start from; with `refine` the engine fits it to the picture at once.
    Mask {
        #[serde(with = "packed")]
        mask: Mask,
        refine: bool,
    },
}

impl Shape {
    /// For messages.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Point { .. } => "point",
            Self::Box { .. } => "box",
            Self::Scribble { .. } | Self::Marks { lasso: false, .. } => "scribble",
            Self::Lasso { .. } | Self::Marks { lasso: true, .. } => "lasso",
            Self::Mask { .. } => "mask",
        }
    }
}

impl Prompt {
    #[must_use]
    pub const fn positive(shape: Shape) -> Self {
        Self { shape, positive: true }
    }

    #[must_use]
    pub const fn negative(shape: Shape) -> Self {
        Self { shape, positive: false }
    }

    #[must_use]
    pub const fn point(at: [usize; 3], positive: bool) -> Self {
        let at = Voxel(DVec3::new(at[0] as f64, at[1] as f64, at[2] as f64));
        Self { shape: Shape::Point { at }, positive }
    }

    /// The prompt cut to a grid of `size`. Cutting is a warning; a prompt wholly outside, or one with a number that
    /// is not finite, is an error.
    pub fn clamped(self, size: [usize; 3], warnings: &Warnings) -> Result<Self> {
        let shape = match self.shape {
            Shape::Point { at } => {
                finite(&[at])?;
                if at.index_in(size).is_none() {
                    return Err(outside("point", size));
                }
                Shape::Point { at }
            }
            Shape::Box { bounds } => {
                let kept = bounds.intersection(&VoxelBox::whole(size));
                if bounds.is_empty() {
                    return Err(Error::prompt(
                        "the box holds no voxel; its max is not inside, so it must be above min",
                    ));
                }
                if kept.is_empty() {
                    return Err(outside("box", size));
                }
                warn_if_cut("box", kept != bounds, warnings);
                Shape::Box { bounds: kept }
            }
            Shape::Scribble { axis, points } => Shape::Scribble {
                axis: checked_axis(axis)?,
                points: clamped_points("scribble", points, 1, size, warnings)?,
            },
            Shape::Lasso { axis, points } => {
                Shape::Lasso { axis: checked_axis(axis)?, points: clamped_points("lasso", points, 3, size, warnings)? }
            }
            Shape::Marks { mask, lasso } => {
                let what = if lasso { "lasso" } else { "scribble" };
                let mask = clamped_mask(what, &mask, size, warnings)?;
                if mask.is_empty() {
                    return Err(Error::prompt(format!("the {what} marks no voxel")));
                }
                Shape::Marks { mask, lasso }
            }
            Shape::Mask { mask, refine } => Shape::Mask { mask: clamped_mask("mask", &mask, size, warnings)?, refine },
        };
        Ok(Self { shape, positive: self.positive })
    }

    /// The smallest box of voxels that holds the prompt, within a grid of `size`.
    #[must_use]
    pub fn bounds(&self, size: [usize; 3]) -> VoxelBox {
        match &self.shape {
            Shape::Point { at } => box_around(std::slice::from_ref(at), size),
            Shape::Box { bounds } => *bounds,
            Shape::Scribble { points, .. } | Shape::Lasso { points, .. } => box_around(points, size),
            Shape::Mask { mask, .. } | Shape::Marks { mask, .. } => mask.tight_box(),
        }
    }
}

fn clamped_mask(what: &str, mask: &Mask, size: [usize; 3], warnings: &Warnings) -> Result<Mask> {
    let tight = mask.tight_box();
    let kept = tight.intersection(&VoxelBox::whole(size));
    if !tight.is_empty() && kept.is_empty() {
        return Err(outside(what, size));
    }
    warn_if_cut(what, kept != tight, warnings);
    Ok(mask.within(kept))
}

fn box_around(points: &[Voxel], size: [usize; 3]) -> VoxelBox {
    points
        .iter()
        .filter_map(|p| p.index_in(size))
        .fold(VoxelBox::default(), |all, index| all.union(&VoxelBox::new(index, index.map(|x| x + 1))))
}

fn finite(points: &[Voxel]) -> Result<()> {
    if points.iter().all(|p| p.0.is_finite()) {
        Ok(())
    } else {
        Err(Error::prompt("a prompt has a position that is not a number"))
    }
}

fn checked_axis(axis: usize) -> Result<usize> {
    if axis < 3 { Ok(axis) } else { Err(Error::prompt(format!("axis {axis} does not exist; use 0, 1 or 2"))) }
}

fn clamped_points(
    what: &str,
    points: Vec<Voxel>,
    least: usize,
    size: [usize; 3],
    warnings: &Warnings,
) -> Result<Vec<Voxel>> {
    if points.len() < least {
        return Err(Error::prompt(format!("the {what} has {} points; it needs at least {least}", points.len())));
    }
    finite(&points)?;
    let (low, high) = points.iter().fold((points[0].0, points[0].0), |(low, high), p| (low.min(p.0), high.max(p.0)));
    let last = DVec3::from_array(size.map(|n| n as f64 - 1.0));
    if (high + 0.5).min_element() < 0.0 || (low - last - 0.5).max_element() >= 0.0 {
        return Err(outside(what, size));
    }
    warn_if_cut(what, points.iter().any(|p| p.index_in(size).is_none()), warnings);
    Ok(points.into_iter().map(|p| Voxel(p.0.clamp(DVec3::ZERO, last))).collect())
}

fn outside(what: &str, [columns, rows, slices]: [usize; 3]) -> Error {
    Error::prompt(format!("the {what} lies outside the image of {columns} x {rows} x {slices} voxels"))
}

fn warn_if_cut(what: &str, cut: bool, warnings: &Warnings) {
    if cut {
        warnings.add("prompt_cut", format!("a {what} reached beyond the image and was cut at its edge"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 3] = [10, 8, 4];

    fn clamp(shape: Shape) -> (Result<Prompt>, usize) {
        let warnings = Warnings::default();
        let result = Prompt::positive(shape).clamped(SIZE, &warnings);
        (result, warnings.take().len())
    }

    #[test]
    fn what_crosses_the_edge_is_cut_with_a_warning() {
        let (cut, warned) = clamp(Shape::Box { bounds: VoxelBox::new([8, 2, 0], [14, 4, 1]) });
        assert_eq!(cut.unwrap().bounds(SIZE), VoxelBox::new([8, 2, 0], [10, 4, 1]));
        assert_eq!(warned, 1);
        let points = vec![Voxel::new(-3.0, 1.0, 0.0), Voxel::new(4.0, 1.0, 0.0)];
        let (cut, warned) = clamp(Shape::Scribble { axis: 2, points });
        assert_eq!(cut.unwrap().bounds(SIZE), VoxelBox::new([0, 1, 0], [5, 2, 1]));
        assert_eq!(warned, 1);
        let (kept, warned) = clamp(Shape::Point { at: Voxel::new(-0.5, 7.4, 3.0) });
        assert_eq!((kept.unwrap().bounds(SIZE).min, warned), ([0, 7, 3], 0));
    }

    #[test]
    fn what_says_nothing_about_the_image_is_refused() {
        let line = |points: &[[f64; 3]]| points.iter().map(|p| Voxel(DVec3::from_array(*p))).collect::<Vec<_>>();
        let bad = [
            Shape::Point { at: Voxel::new(f64::NAN, 0.0, 0.0) },
            Shape::Point { at: Voxel::new(10.0, 0.0, 0.0) },
            Shape::Box { bounds: VoxelBox::new([3, 3, 3], [3, 5, 5]) },
            Shape::Box { bounds: VoxelBox::new([30, 3, 3], [33, 5, 5]) },
            Shape::Scribble { axis: 3, points: line(&[[0.0, 0.0, 0.0]]) },
            Shape::Scribble { axis: 2, points: vec![] },
            Shape::Scribble { axis: 2, points: line(&[[1.0, f64::INFINITY, 0.0]]) },
            Shape::Lasso { axis: 2, points: line(&[[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]]) },
            Shape::Lasso { axis: 2, points: line(&[[0.0, 0.0, 9.0], [3.0, 0.0, 9.0], [3.0, 3.0, 9.0]]) },
        ];
        for shape in bad {
            let text = format!("{shape:?}");
            assert!(clamp(shape).0.is_err(), "{text}");
        }
    }

    #[test]
    fn every_shape_survives_json() {
        let bounds = VoxelBox::new([1, 2, 0], [6, 5, 3]);
        let mask = Mask::from_fn(bounds, |[i, j, k]| (i + 2 * j + k) % 3 == 0);
        for shape in [
            Shape::Point { at: Voxel::new(1.5, 2.0, 3.0) },
            Shape::Box { bounds },
            Shape::Lasso { axis: 1, points: vec![Voxel::default(); 3] },
            Shape::Marks { mask: mask.clone(), lasso: true },
            Shape::Mask { mask, refine: true },
        ] {
            let prompt = Prompt::negative(shape);
            let text = serde_json::to_string(&prompt).unwrap();
            assert_eq!(serde_json::from_str::<Prompt>(&text).unwrap(), prompt);
        }
    }
}
