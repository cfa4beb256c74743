//! A cut through a label as it is seen in 3D: every voxel whose place on the screen lies inside (or outside) the line.

use super::path::Gather;
use super::{Makes, ToolInfo, lasso};
use glam::DVec2;
use limner_imaging::{Geometry, Mask, Voxel, World};

pub(super) const SCISSORS: ToolInfo = ToolInfo {
    name: "scissors",
    title: "Scissors",
    key: None,
    hint: "In the 3D view: draw around what goes; Ctrl keeps what is inside and takes away the rest",
    gather: Gather::Freehand,
    makes: Makes::Scissors,
};

/// The voxels of a label that go. `on_screen` says where a point of the patient is seen, in pixels from the corner of a
/// picture of `size`; what is seen outside the picture counts as outside the line.
#[must_use]
pub fn cut(
    label: &Mask,
    geometry: &Geometry,
    size: [usize; 2],
    line: &[DVec2],
    inside: bool,
    on_screen: impl Fn(World) -> DVec2,
) -> Mask {
    let [width, height] = size;
    let mut covered = vec![false; width * height];
    for (row, columns) in lasso::rows_inside(&[line.to_vec()], size) {
        covered[row * width..][columns].fill(true);
    }
    let is_covered = |at: DVec2| {
        let at = at.floor();
        let within = at.cmpge(DVec2::ZERO).all() && at.x < width as f64 && at.y < height as f64;
        within && covered[at.y as usize * width + at.x as usize]
    };
    let mut gone = Mask::empty(label.tight_box());
    for voxel in label.indices() {
        if is_covered(on_screen(geometry.world(Voxel::centre(voxel)))) == inside {
            gone.set(voxel, true);
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::VoxelBox;

    #[test]
    fn a_cut_goes_through_the_whole_depth_and_only_there() {
        let g = Geometry::axis_aligned([20, 16, 12], World::new(3.0, -4.0, 7.0), [1.0, 2.0, 3.0]).unwrap();
        let label = Mask::from_fn(VoxelBox::new([2, 2, 2], [18, 14, 10]), |v| (v[0] + v[1] + v[2]) % 5 != 0);
        // Seen from the patient's front: x to the right, -z down, 4 pixels a mm.
        let on_screen = |w: World| DVec2::new((w.0.x - 3.0) * 4.0, (40.0 - w.0.z) * 4.0);
        let line = [(20.0, 20.0), (44.0, 20.0), (44.0, 100.0), (20.0, 100.0)].map(DVec2::from);
        let expected = |v: [usize; 3]| {
            let (x, z) = (v[0] as f64 * 4.0, (33.0 - 3.0 * v[2] as f64) * 4.0);
            (20.0..44.0).contains(&x) && (20.0..100.0).contains(&z)
        };
        for inside in [true, false] {
            let gone = cut(&label, &g, [80, 200], &line, inside, on_screen);
            for voxel in label.indices() {
                assert_eq!(gone.get(voxel), expected(voxel) == inside, "{voxel:?}");
            }
        }
        assert!(cut(&label, &g, [80, 200], &line[..2], true, on_screen).is_empty());
    }
}
