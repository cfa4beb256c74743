//! Flat drawings on a plane that lies any way in an image. The plane has pixels of its own, squares as fine as the image's
//! finest voxel side; a drawing on it is a form on the only slice of that picture. So whatever is known of forms on slices
//! (handles, lengths, areas, statistics) holds for it.

use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use crate::shapes::{Form, Slice};
use crate::tools::{handles, place};
use glam::{DAffine3, DMat3, DVec3};
use limner_imaging::reslice::{Interpolation, value_at};
use limner_imaging::{Geometry, Plane, Samples, StackAxis, ValueMap, Volume, Voxel, World};
use serde::{Deserialize, Serialize};

/// The slice of the plane's own picture that drawings lie on.
pub const SLICE: Slice = Slice::stored(0);
/// A plane this far out of a drawing's own shows it no more, in degrees.
const TURNED: f64 = 1.0;
/// Statistics look at no more pixels than this along a side.
const MOST_PIXELS: f64 = 2048.0;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oblique {
    /// The centre of the plane's first pixel, in voxel indices of the image.
    pub first: [f64; 3],
    /// From pixel to pixel along a row, in voxels.
    pub right: [f64; 3],
    /// From pixel to pixel down a column, in voxels.
    pub down: [f64; 3],
    pub drawn: Box<Form>,
}

impl Oblique {
    /// A drawing on a plane, by what makes it from the plane's own grid; `None` where that makes nothing.
    pub fn draw(image: &Geometry, plane: &Plane, make: impl FnOnce(&Geometry) -> Option<Form>) -> Option<Form> {
        let grid = grid_on(image, plane)?;
        let to_voxels = image.voxel_from_world();
        let step = |axis: usize| to_voxels.transform_vector3(grid.step(axis)).to_array();
        let drawn = Box::new(make(&grid)?);
        let first = image.voxel(plane.origin).0.to_array();
        Some(Form::Oblique { drawing: Self { first, right: step(0), down: step(1), drawn } })
    }

    /// Where the plane's pixels lie in the patient. `None` where the two ways do not span a plane.
    #[must_use]
    pub fn grid(&self, image: &Geometry) -> Option<Geometry> {
        let from_voxels = image.world_from_voxel();
        let way = |step: [f64; 3]| from_voxels.transform_vector3(step.into());
        grid(image.world(Voxel(self.first.into())).0, way(self.right), way(self.down))
    }

    /// Whether a plane of the screen shows the drawing: it lies along it, less than half a step away.
    #[must_use]
    pub fn is_on(&self, image: &Geometry, plane: &Plane) -> bool {
        let Some(grid) = self.grid(image) else { return false };
        let normal = plane.normal();
        let apart = grid.step(2).angle_between(normal).to_degrees();
        let step_mm = 1.0 / image.voxel_from_world().transform_vector3(normal).abs().max_element();
        let near = |at: [f64; 2]| plane.mm_of(place::world_of(&grid, SLICE, at)).z.abs() <= step_mm / 2.0;
        apart.min(180.0 - apart) <= TURNED && handles::handles(&self.drawn).into_iter().all(near)
    }

    /// The plane, through the middle of the drawing.
    #[must_use]
    pub fn plane(&self, image: &Geometry) -> Option<Plane> {
        let grid = self.grid(image)?;
        let points = handles::handles(&self.drawn);
        let count = points.len().max(1) as f64;
        let middle = std::array::from_fn(|a| points.iter().map(|point| point[a]).sum::<f64>() / count);
        let (right, down) = (grid.step(0).normalize(), grid.step(1).normalize());
        Some(Plane { origin: place::world_of(&grid, SLICE, middle), right, down })
    }

    /// The picture on the plane as an image of its own: what measures on slices measures there.
    #[must_use]
    pub fn entry(&self, image: &ImageEntry) -> Option<ImageEntry> {
        let geometry = self.grid(&image.geometry)?;
        let spacing_known = image.spacing_known && image.stack_axis == StackAxis::Space;
        let stack_axis = StackAxis::Space;
        Some(ImageEntry { geometry, spacing_known, stack_axis, calibration_mm_per_px: None, ..image.clone() })
    }

    /// The values under the drawing, as a picture of its own, and the drawing on it. What lies beyond the image has none.
    #[must_use]
    pub fn resliced(&self, volume: &Volume) -> Option<(Volume, Form)> {
        let grid = self.grid(&volume.geometry)?;
        let corners = self.drawn.rings()?.concat();
        let side = |a: usize| {
            let low = corners.iter().map(|c| c[a]).fold(f64::INFINITY, f64::min).floor();
            let high = corners.iter().map(|c| c[a]).fold(f64::NEG_INFINITY, f64::max).ceil();
            (high - low <= MOST_PIXELS).then_some((low, (high - low).max(1.0) as usize))
        };
        let ((left, width), (top, height)) = (side(0)?, side(1)?);
        let mut affine = grid.world_from_voxel();
        affine.translation = grid.world(Voxel(DVec3::new(left, top, 0.0))).0;
        let geometry = Geometry::new([width, height, 1], affine).ok()?;
        let value = |n: usize| {
            let at = volume.geometry.voxel(geometry.world(Voxel::centre([n % width, n / width, 0])));
            value_at(volume, at, Interpolation::Linear).map_or(f32::NAN, |value| value as f32)
        };
        let samples = Samples::F32((0..width * height).map(value).collect());
        let mut picture = Volume::new(geometry, samples, 1).ok()?;
        picture.value_map = ValueMap { unit: volume.value_map.unit.clone(), ..ValueMap::default() };
        picture.spacing_known = volume.spacing_known;
        Some((picture, handles::shifted(&self.drawn, [-left, -top])))
    }

    pub(crate) fn check(&self, image: &ImageEntry) -> Result<()> {
        let name = self.drawn.name();
        if image.stack_axis != StackAxis::Space {
            return Err(Error::refused(format!("the {name} lies across frames, where there is no plane")));
        }
        if self.first.iter().any(|x| !x.is_finite()) || self.grid(&image.geometry).is_none() {
            return Err(Error::refused(format!("the {name} is on a plane that is none")));
        }
        if self.drawn.slice() != Some(SLICE) || matches!(*self.drawn, Form::Interval { .. }) {
            return Err(Error::refused(format!("a {name} cannot be drawn on a turned plane")));
        }
        Ok(())
    }
}

/// What a plane of the screen shows of a form, and on which grid: a slice of the image, or a plane of the form's own.
#[derive(Clone, Debug)]
pub struct Seen {
    pub grid: Geometry,
    pub slice: Slice,
    pub section: Form,
}

impl Seen {
    #[must_use]
    pub fn of(form: &Form, image: &Geometry, plane: &Plane) -> Option<Self> {
        if let Form::Oblique { drawing } = form {
            let grid = drawing.grid(image).filter(|_| drawing.is_on(image, plane))?;
            return Some(Self { grid, slice: SLICE, section: (*drawing.drawn).clone() });
        }
        let slice = place::slice_of(image, plane)?;
        Some(Self { grid: *image, slice, section: handles::section(form, slice)? })
    }
}

/// A flat form through places of the patient: on the image's own slice where the plane is one, else on a turned plane.
pub fn form_on(
    image: &Geometry,
    plane: &Plane,
    places: &[World],
    make: impl FnOnce(Slice, &[[f64; 2]]) -> Option<Form>,
) -> Option<Form> {
    let flat = |grid: &Geometry, slice: Slice| {
        make(slice, &places.iter().map(|at| place::pixel_of(grid, slice, *at)).collect::<Vec<_>>())
    };
    match place::slice_of(image, plane) {
        Some(slice) => flat(image, slice),
        None => Oblique::draw(image, plane, |grid| flat(grid, SLICE)),
    }
}

/// The pixels of a plane through an image: squares as fine as its finest voxel side.
#[must_use]
pub fn grid_on(image: &Geometry, plane: &Plane) -> Option<Geometry> {
    let finest = image.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
    grid(plane.origin.0, plane.right * finest, plane.down * finest)
}

/// One layer of pixels; the third step leads out of it, as long as the first.
fn grid(first: DVec3, right: DVec3, down: DVec3) -> Option<Geometry> {
    let out = right.cross(down).try_normalize()? * right.length();
    Geometry::new([1; 3], DAffine3 { matrix3: DMat3::from_cols(right, down, out), translation: first }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::ImageId;
    use crate::measure::{self, Kind};
    use crate::shapes::Shape;

    /// Left-handed, anisotropic, turned about an axis that is none of the grid's; values rise by 2 a millimetre along S.
    fn picture() -> Volume {
        let turn = glam::DQuat::from_axis_angle(DVec3::new(0.3, -0.5, 0.8).normalize(), 0.7);
        let directions = [turn * DVec3::X, turn * DVec3::Y, turn * DVec3::NEG_Z];
        let g = Geometry::from_parts([40, 30, 20], World::new(-20.0, 5.0, 30.0), [0.7, 1.1, 2.5], directions).unwrap();
        let value = |n: usize| (g.world(Voxel::centre([n % 40, n / 40 % 30, n / 1200])).0.z * 2.0) as f32;
        Volume::new(g, Samples::F32((0..g.voxel_count()).map(value).collect()), 1).unwrap()
    }

    fn plane(volume: &Volume) -> Plane {
        Plane::oblique(volume.geometry.centre(), DVec3::new(0.4, -0.3, 0.8)).unwrap()
    }

    /// Drawn by places in the patient, as a hand does.
    fn drawn(volume: &Volume, mm: &[[f64; 2]], make: impl Fn(Vec<[f64; 2]>) -> Form) -> Form {
        let plane = plane(volume);
        let flat = |grid: &Geometry| {
            let at = |mm: &[f64; 2]| place::pixel_of(grid, SLICE, plane.at_mm(mm[0], mm[1]));
            Some(make(mm.iter().map(at).collect()))
        };
        Oblique::draw(&volume.geometry, &plane, flat).unwrap()
    }

    fn rectangle(volume: &Volume) -> Form {
        drawn(volume, &[[-6.0, -4.0], [6.0, 5.0]], |p| Form::Box2d { slice: SLICE, min: p[0], max: p[1] })
    }

    #[test]
    fn corners_stay_where_they_were_drawn_in_the_patient() {
        let volume = picture();
        let (plane, Form::Oblique { drawing }) = (plane(&volume), rectangle(&volume)) else { panic!("drawn aslant") };
        let grid = drawing.grid(&volume.geometry).unwrap();
        let corners = drawing.drawn.rings().unwrap().concat();
        let wanted = [[-6.0, -4.0], [6.0, -4.0], [6.0, 5.0], [-6.0, 5.0]];
        for (corner, [right, down]) in corners.into_iter().zip(wanted) {
            let apart = place::world_of(&grid, SLICE, corner).0.distance(plane.at_mm(right, down).0);
            assert!(apart < 1e-9, "{apart} mm off");
        }
        let own = drawing.plane(&volume.geometry).unwrap();
        assert!(own.origin.0.distance(plane.at_mm(0.0, 0.5).0) < 1e-9);
        assert!(own.normal().distance(plane.normal()) < 1e-9);
    }

    #[test]
    fn it_is_seen_on_its_plane_and_on_no_other() {
        let volume = picture();
        let (g, form, plane) = (volume.geometry, rectangle(&volume), plane(&volume));
        let seen = Seen::of(&form, &g, &plane).expect("on its own plane");
        assert_eq!((seen.slice, seen.section.name()), (SLICE, "box"));
        // The same plane, panned and turned within itself.
        let within = Plane { origin: plane.at_mm(9.0, -3.0), right: plane.down, down: -plane.right };
        assert!(Seen::of(&form, &g, &within).is_some());
        let step_mm = 1.0 / g.voxel_from_world().transform_vector3(plane.normal()).abs().max_element();
        let beside = |steps: f64| plane.through(World(plane.origin.0 + plane.normal() * steps * step_mm));
        assert!(Seen::of(&form, &g, &beside(0.4)).is_some());
        assert!(Seen::of(&form, &g, &beside(1.0)).is_none() && Seen::of(&form, &g, &beside(-1.0)).is_none());
        let tilted = Plane::oblique(plane.origin, DVec3::new(0.4, -0.25, 0.8)).unwrap();
        assert!(Seen::of(&form, &g, &tilted).is_none());
        assert!(Seen::of(&form, &g, &Plane::of_view(&g, limner_imaging::View::Axial, plane.origin)).is_none());
    }

    #[test]
    fn it_measures_millimetres_of_the_patient_and_the_values_under_it() {
        let volume = picture();
        let image = ImageEntry::of_volume(&volume, "a", "a");
        let shape = |form| Shape::new(ImageId::new(), form, None);
        let one = |form| measure::of_shape(&shape(form), &image).remove(0);
        let area = one(rectangle(&volume));
        assert!((area.value - 108.0).abs() < 1e-6 && area.unit == "mm2", "{area:?}");
        let line =
            drawn(&volume, &[[-6.0, 0.0], [0.0, 8.0], [0.0, 0.0]], |points| Form::Polyline { slice: SLICE, points });
        assert!((one(line).value - 18.0).abs() < 1e-6);
        let angle = drawn(&volume, &[[3.0, 0.0], [0.0, 0.0], [2.0, 2.0]], |p| Form::Angle {
            slice: SLICE,
            points: [p[0], p[1], p[2]],
        });
        assert!((one(angle).value - 45.0).abs() < 1e-6);
        // The middle of the rectangle is half a millimetre down from the plane's origin.
        let wanted = plane(&volume).at_mm(0.0, 0.5).0.z * 2.0;
        let (picture, mask) = measure::under(&shape(rectangle(&volume)), &volume).expect("it has an area");
        let found = measure::statistics(&picture, &mask);
        let mean = found.iter().find(|m| m.kind == Kind::Mean).expect("values lie under it").value;
        assert!((mean - wanted).abs() < 0.5, "{mean} is not {wanted}");
    }

    #[test]
    fn a_pulled_corner_is_where_the_hand_put_it() {
        let volume = picture();
        let (form, plane) = (rectangle(&volume), plane(&volume));
        let seen = Seen::of(&form, &volume.geometry, &plane).unwrap();
        let to = place::pixel_of(&seen.grid, seen.slice, plane.at_mm(9.0, 7.5));
        let moved = handles::with_section(&form, seen.slice, handles::pulled(&seen.section, 2, to));
        let seen = Seen::of(&moved, &volume.geometry, &plane).unwrap();
        let corner = place::world_of(&seen.grid, seen.slice, handles::handles(&seen.section)[2]);
        assert!(corner.0.distance(plane.at_mm(9.0, 7.5).0) < 1e-9);
    }

    #[test]
    fn what_is_no_plane_or_no_flat_drawing_is_refused() {
        let volume = picture();
        let image = ImageEntry::of_volume(&volume, "a", "a");
        let Form::Oblique { drawing } = rectangle(&volume) else { panic!("drawn aslant") };
        let refused = |drawing: Oblique| Form::Oblique { drawing }.check(&image).is_err();
        assert!(!refused(drawing.clone()));
        assert!(refused(Oblique { down: drawing.right, ..drawing.clone() }));
        assert!(refused(Oblique { first: [f64::NAN; 3], ..drawing.clone() }));
        assert!(refused(Oblique { drawn: Box::new(Form::Point { at: [0.0; 3] }), ..drawing.clone() }));
        let nested = Box::new(Form::Oblique { drawing: drawing.clone() });
        assert!(refused(Oblique { drawn: nested, ..drawing.clone() }));
        let frames = ImageEntry { stack_axis: StackAxis::Time, ..image.clone() };
        assert!(Form::Oblique { drawing }.check(&frames).is_err());
    }
}
