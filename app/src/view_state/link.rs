//! What one viewport's change means for the others.
//!
//! The change is made in one viewport; the difference is then carried to those that are linked: the same point of the
//! patient where both pictures lie in one space, else the same way through each.

use super::stage::Stage;
use super::viewport::{Viewport, ViewportId};
use crate::workspace::OpenPicture;
use glam::DAffine3;
use limner_annotation::ImageId;
use limner_imaging::{Geometry, StackAxis, Voxel, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What viewports share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Slice and crosshair.
    pub place: bool,
    /// Zoom and pan, of planes that lie the same way.
    pub camera: bool,
    /// Of pictures of one kind.
    pub window: bool,
}

impl Default for Links {
    fn default() -> Self {
        Self { place: true, camera: true, window: true }
    }
}

pub type Pictures = BTreeMap<ImageId, OpenPicture>;

/// Planes whose normals differ by less than about eight degrees lie the same way.
const PARALLEL: f64 = 0.99;

/// Carries what changed in a viewport since `before` to the others.
pub fn follow(stage: &mut Stage, pictures: &Pictures, id: ViewportId, before: &Viewport) {
    let Some(now) = stage.get(id).cloned() else { return };
    let Some(picture) = now.image.and_then(|image| pictures.get(&image)) else { return };
    let links = stage.links;
    let leader = Leader { before, now: &now, picture };
    for (other_id, other) in stage.iter_mut() {
        let Some(theirs) = other.image.and_then(|image| pictures.get(&image)) else { continue };
        if other_id == id {
            continue;
        }
        if links.place && now.at != before.at {
            leader.lead_place(other, theirs);
        }
        if links.camera && now.camera != before.camera && before.pane == now.pane {
            leader.lead_camera(other, theirs);
        }
        if links.window && (now.window, now.inverted) != (before.window, before.inverted) {
            leader.lead_window(other, theirs);
        }
    }
}

struct Leader<'a> {
    before: &'a Viewport,
    now: &'a Viewport,
    picture: &'a OpenPicture,
}

impl Leader<'_> {
    fn lead_place(&self, other: &mut Viewport, theirs: &OpenPicture) {
        let (mine, others) = (&self.picture.volume, &theirs.volume);
        if let Some(moved) = shared_space(self.picture, theirs) {
            other.at = kept_inside(&others.geometry, World(moved.transform_point3(self.now.at.0)));
        } else if mine.stack_axis == StackAxis::Space && others.stack_axis == StackAxis::Space {
            // No common space: go the same way from where each is.
            other.at = kept_inside(&others.geometry, World(other.at.0 + (self.now.at.0 - self.before.at.0)));
        }
    }

    fn lead_camera(&self, other: &mut Viewport, theirs: &OpenPicture) {
        let (mine, others) = (&self.picture.volume, &theirs.volume);
        let comparable = mine.spacing_known == others.spacing_known;
        if self.now.is_solid() || other.is_solid() || !comparable {
            return;
        }
        let (a, b) = (self.now.plane(&mine.geometry), other.plane(&others.geometry));
        if a.right.dot(b.right) < PARALLEL || a.down.dot(b.down) < PARALLEL {
            return;
        }
        let mm_per_pixel = self.now.raster(mine).mm_per_pixel;
        match shared_space(self.picture, theirs) {
            Some(moved) => {
                let middle = World(moved.transform_point3(self.now.middle(mine).0));
                other.centre_on(others, middle, mm_per_pixel);
            }
            None => {
                let by = self.now.middle(mine).0 - self.before.middle(mine).0;
                let factor = self.now.camera.zoom / self.before.camera.zoom;
                let theirs_per_pixel = other.raster(others).mm_per_pixel / factor;
                other.centre_on(others, World(other.middle(others).0 + by), theirs_per_pixel);
            }
        }
    }

    fn lead_window(&self, other: &mut Viewport, theirs: &OpenPicture) {
        let kind = |picture: &OpenPicture| {
            (picture.volume.modality.clone(), picture.volume.value_map.unit.clone(), picture.volume.is_colour())
        };
        if self.picture.image == theirs.image || kind(self.picture) == kind(theirs) {
            (other.window, other.inverted) = (self.now.window, self.now.inverted);
        }
    }
}

/// From one picture's world to another's, where it is known.
pub fn shared_space(a: &OpenPicture, b: &OpenPicture) -> Option<DAffine3> {
    if let Some(found) = b.registered.filter(|r| r.fixed == a.image) {
        return Some(found.moving_from_fixed);
    }
    if let Some(found) = a.registered.filter(|r| r.fixed == b.image) {
        return Some(found.moving_from_fixed.inverse());
    }
    let one_space = a.space.is_some() && a.space == b.space;
    (a.image == b.image || one_space).then_some(DAffine3::IDENTITY)
}

fn kept_inside(geometry: &Geometry, at: World) -> World {
    let top = glam::DVec3::from_array(geometry.size().map(|n| n as f64 - 1.0));
    geometry.world(Voxel(geometry.voxel(at).0.clamp(glam::DVec3::ZERO, top)))
}
