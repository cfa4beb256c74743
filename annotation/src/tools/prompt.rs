//! What is said to an engine about an object: where the points of a prompt lie on the grid. The engine's own type is
//! made of this in the window, because tools know no engines.

use super::path::Gather;
use super::sheet::Sheet;
use super::{Makes, ToolInfo};
use limner_imaging::{Geometry, Plane, Voxel, VoxelBox, World};

/// The kinds of prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Point,
    Scribble,
    Lasso,
    Box,
    Box3d,
}

pub(super) const POINT: ToolInfo = ToolInfo {
    name: "point",
    title: "Point",
    key: Some('a'),
    hint: "Click inside the object; Ctrl or Shift for \"not this\"",
    gather: Gather::CLICK,
    makes: Makes::Prompt(Ask::Point),
};

pub(super) const SCRIBBLE: ToolInfo = ToolInfo {
    name: "scribble",
    title: "Scribble",
    key: Some('s'),
    hint: "Draw through the object; Ctrl or Shift for \"not this\"",
    gather: Gather::Freehand,
    makes: Makes::Prompt(Ask::Scribble),
};

pub(super) const LASSO: ToolInfo = ToolInfo {
    name: "prompt-lasso",
    title: "Lasso",
    key: Some('d'),
    hint: "Draw around the object; Ctrl or Shift for \"not this\"",
    gather: Gather::Freehand,
    makes: Makes::Prompt(Ask::Lasso),
};

pub(super) const BOX: ToolInfo = ToolInfo {
    name: "prompt-box",
    title: "Box",
    key: Some('f'),
    hint: "Drag a box around the object on this slice; Ctrl or Shift for \"not this\"",
    gather: Gather::exactly(2),
    makes: Makes::Prompt(Ask::Box),
};

pub(super) const BOX_3D: ToolInfo = ToolInfo {
    name: "prompt-box-3d",
    title: "Box in 3D",
    key: None,
    hint: "Drag a box around the object; it goes as deep as it is wide, and its sides can be moved in the other planes",
    gather: Gather::exactly(2),
    makes: Makes::Prompt(Ask::Box3d),
};

/// A prompt's place on a grid.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Point(Voxel),
    /// Points of a line, or of an outline that closes itself.
    Line {
        axis: usize,
        points: Vec<Voxel>,
    },
    Box(VoxelBox),
}

/// Where the points of a finished path lie on the grid; `None` where none of it meets the picture.
#[must_use]
pub fn place(ask: Ask, geometry: &Geometry, plane: &Plane, points: &[World]) -> Option<Place> {
    let size = geometry.size();
    let sheet = Sheet::new(geometry, plane)?;
    let axis = sheet.axes[0];
    match ask {
        Ask::Point => {
            let at = geometry.voxel(*points.first()?);
            at.index_in(size).map(|_| Place::Point(at))
        }
        Ask::Scribble | Ask::Lasso => {
            let points: Vec<Voxel> = points.iter().map(|at| geometry.voxel(*at)).collect();
            let enough = points.len() >= if ask == Ask::Lasso { 3 } else { 1 };
            let meets = points.iter().any(|at| at.index_in(size).is_some());
            (enough && meets).then_some(Place::Line { axis, points })
        }
        Ask::Box | Ask::Box3d => {
            let [a, b] = [*points.first()?, *points.get(1)?].map(|at| geometry.voxel(at).0);
            let bounds = boxed(a.min(b).to_array(), a.max(b).to_array(), size, axis)?;
            Some(Place::Box(if ask == Ask::Box3d { deepened(bounds, axis, geometry) } else { bounds }))
        }
    }
}

/// The voxels between two corners, one thick along `axis`.
fn boxed(low: [f64; 3], high: [f64; 3], size: [usize; 3], axis: usize) -> Option<VoxelBox> {
    let mut bounds = VoxelBox::default();
    for a in 0..3 {
        let last = size[a] as f64 - 1.0;
        if !low[a].is_finite() || high[a] < -0.5 || low[a] > last + 0.5 {
            return None;
        }
        let middle = f64::midpoint(low[a], high[a]);
        let (from, to) = if a == axis { (middle, middle) } else { (low[a], high[a]) };
        bounds.min[a] = (from + 0.5).floor().clamp(0.0, last) as usize;
        bounds.max[a] = (to + 0.5).floor().clamp(0.0, last) as usize + 1;
    }
    Some(bounds)
}

/// As deep, in mm, as it is wide and tall in the mean.
fn deepened(mut bounds: VoxelBox, axis: usize, geometry: &Geometry) -> VoxelBox {
    let (spacing, size) = (geometry.spacing_mm(), bounds.size());
    let sides: f64 = (0..3).filter(|a| *a != axis).map(|a| size[a] as f64 * spacing[a]).sum();
    let half = (sides / 4.0 / spacing[axis]).round() as usize;
    bounds.min[axis] = bounds.min[axis].saturating_sub(half);
    bounds.max[axis] = (bounds.max[axis] + half).min(geometry.size()[axis]);
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::View;

    #[test]
    fn a_box_is_flat_on_its_slice_and_deep_on_request() {
        let g = Geometry::axis_aligned([40, 30, 20], World::new(5.0, -3.0, 8.0), [1.0, 1.0, 2.0]).unwrap();
        let at = |i, j| g.world(Voxel::new(i, j, 9.0));
        for view in View::ALL {
            let plane = Plane::of_view(&g, view, at(12.0, 10.0));
            let axis = view.slice_axis(&g);
            let corners = [plane.at_mm(-4.0, -6.0), plane.at_mm(4.0, 6.0)];
            let Some(Place::Box(flat)) = place(Ask::Box, &g, &plane, &corners) else { panic!("no box") };
            assert_eq!(flat.size()[axis], 1, "{view:?}");
            let Some(Place::Box(deep)) = place(Ask::Box3d, &g, &plane, &corners) else { panic!("no box") };
            assert!(deep.size()[axis] > 4 && deep.intersection(&flat) == flat);
        }
        let plane = Plane::of_view(&g, View::Axial, at(12.0, 10.0));
        let Some(Place::Box(bounds)) = place(Ask::Box, &g, &plane, &[at(14.4, 3.6), at(10.0, 12.0)]) else { panic!() };
        assert_eq!(bounds, VoxelBox::new([10, 4, 9], [15, 13, 10]));
    }

    #[test]
    fn what_misses_the_picture_is_no_prompt() {
        let g = Geometry::axis_aligned([40, 30, 20], World::default(), [1.0; 3]).unwrap();
        let plane = Plane::of_view(&g, View::Axial, g.centre());
        let far = [World::new(900.0, 0.0, 9.0), World::new(950.0, 9.0, 9.0), World::new(990.0, 9.0, 9.0)];
        for ask in [Ask::Point, Ask::Scribble, Ask::Lasso, Ask::Box, Ask::Box3d] {
            assert_eq!(place(ask, &g, &plane, &far), None, "{ask:?}");
            assert_eq!(place(ask, &g, &plane, &[]), None, "{ask:?}");
        }
        assert_eq!(place(Ask::Lasso, &g, &plane, &[g.centre(); 2]), None);
    }
}
