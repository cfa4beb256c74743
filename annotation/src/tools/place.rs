//! Where a plane of the screen and a slice of a grid meet: from points of the patient to pixels of a slice and back.

use super::sheet::Sheet;
use crate::shapes::Slice;
use glam::DVec3;
use limner_imaging::{Geometry, Plane, Voxel, World};

/// The slice that a plane shows; `None` where it cuts through slices, or beside them.
#[must_use]
pub fn slice_of(geometry: &Geometry, plane: &Plane) -> Option<Slice> {
    let sheet = Sheet::new(geometry, plane)?;
    Some(Slice { axis: sheet.axes[0], index: sheet.slice()? })
}

/// A point as a position on a slice, in pixels from the corner. Only the part along the slice counts.
#[must_use]
pub fn pixel_of(geometry: &Geometry, slice: Slice, at: World) -> [f64; 2] {
    let voxel = geometry.voxel(at).0;
    slice.axes_in_plane().map(|axis| voxel[axis] + 0.5)
}

/// A position on a slice in the patient.
#[must_use]
pub fn world_of(geometry: &Geometry, slice: Slice, at: [f64; 2]) -> World {
    let [a, b] = slice.axes_in_plane();
    let mut voxel = DVec3::ZERO;
    (voxel[a], voxel[b], voxel[slice.axis]) = (at[0] - 0.5, at[1] - 0.5, slice.index as f64);
    geometry.world(Voxel(voxel))
}
