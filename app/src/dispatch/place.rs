//! Shapes that are more than points on a slice: landmarks by template, holes in polygons, times on a picture of a signal,
//! places on planes that lie any way.

use super::gesture::world_under;
use super::handles::snapped;
use crate::app::App;
use crate::outbox::Gesture;
use crate::work::{Draft, HeldPlace};
use glam::DVec2;
use limner_annotation::oblique::{self, Seen};
use limner_annotation::tools::{Makes, handles, place};
use limner_annotation::{Command, Form, ImageEntry, ImageId, Shape, ShapeId, SignalScale, Slice, StepInfo};
use limner_imaging::{Voxel, World};
use std::collections::BTreeMap;

/// How near the pointer must be to take hold of a point, in screen pixels.
const REACH: f64 = 7.0;

impl App {
    /// Where a shape's next corner goes: on the nearest edge while Alt is held.
    pub(super) fn place_under(&self, gesture: &Gesture) -> World {
        let at = world_under(gesture);
        let shapes = self.hand.tool.used().is_some_and(|tool| matches!(tool.info().makes, Makes::Shape(_)));
        let open = self.workspace.pictures.get(&gesture.image).filter(|_| shapes && gesture.modifiers.alt);
        let Some(open) = open else { return at };
        let (geometry, plane) = (&open.volume.geometry, &gesture.raster.plane);
        let (grid, slice) = match place::slice_of(geometry, plane) {
            Some(slice) => (*geometry, slice),
            None => match oblique::grid_on(geometry, plane) {
                Some(grid) => (grid, oblique::SLICE),
                None => return at,
            },
        };
        place::world_of(&grid, slice, snapped(&open.volume, &grid, slice, place::pixel_of(&grid, slice, at)))
    }

    /// On a plane that lies across the slices a ruler and a probe are places in space.
    pub(super) fn form_in_space(&self, draft: &Draft) -> Option<Form> {
        if self.slice_of(draft).is_some() {
            return None;
        }
        let geometry = &self.workspace.pictures.get(&draft.image)?.volume.geometry;
        let places: Vec<[f64; 3]> = draft.path.points().iter().map(|at| geometry.voxel(*at).0.to_array()).collect();
        match (draft.tool.info().name, places.as_slice()) {
            ("ruler", [from, to]) => Some(Form::Ruler3d { ends: [*from, *to] }),
            ("probe", [at]) => Some(Form::Point { at: *at }),
            _ => None,
        }
    }

    /// The points of the landmark set in hand.
    pub fn landmarks_in_hand(&self) -> Option<&BTreeMap<String, [f64; 3]>> {
        let image = self.workspace.open()?.image;
        let shape = self.work.selected.and_then(|id| self.workspace.project.as_ref()?.document().shape(id))?;
        match &shape.form {
            Form::Landmarks { points } if shape.image == image => Some(points),
            _ => None,
        }
    }

    /// The next point of the template, into the set in hand or a new one.
    pub(super) fn place_landmark(&mut self, draft: &Draft) {
        let Some(open) = self.workspace.pictures.get(&draft.image) else { return };
        let Some(at) = draft.path.points().first().map(|at| open.volume.geometry.voxel(*at)) else { return };
        let mut points = self.landmarks_in_hand().cloned().unwrap_or_default();
        let template = self.case.template.and_then(|n| self.case.templates.get(n));
        let next = match template {
            Some(template) => template.points.iter().map(|place| place.name.clone()).find(|n| !points.contains_key(n)),
            None => (1..).map(|n: u32| n.to_string()).find(|name| !points.contains_key(name)),
        };
        let known = self.work.selected.filter(|_| !points.is_empty());
        let Some(name) = next else {
            // All are placed: the next click begins another set.
            self.work.selected = None;
            return self.place_landmark(draft);
        };
        let step = StepInfo::named(format!("Place {name}")).with_tool("landmarks");
        points.insert(name, at.0.to_array());
        let form = Form::Landmarks { points };
        let shape = known.and_then(|id| self.document()?.shape(id)).cloned();
        let shape = match shape {
            Some(shape) => Shape { form, ..shape },
            None => Shape { text: template.map(|t| t.name.clone()), ..Shape::new(draft.image, form, None) },
        };
        let id = shape.id;
        let command = if known.is_some() { Command::EditShape { shape } } else { Command::AddShape { shape } };
        if self.change("The landmark", |document| document.apply_step(step, vec![command]).map(|_| ())).is_some() {
            self.work.selected = Some(id);
        }
    }

    /// A ring inside a polygon is a hole of it.
    pub(super) fn cut_hole(&mut self, draft: &Draft) {
        let Some(open) = self.workspace.pictures.get(&draft.image) else { return };
        let geometry = &open.volume.geometry;
        let with_hole = |shape: &Shape| {
            let Seen { grid, slice, section } = Seen::of(&shape.form, geometry, &draft.raster.plane)?;
            let Form::Polygon { mut rings, .. } = section else { return None };
            let ring: Vec<_> = draft.path.points().iter().map(|at| place::pixel_of(&grid, slice, *at)).collect();
            ring.iter().all(|corner| is_inside(*corner, &rings)).then(|| rings.push(ring))?;
            let form = handles::with_section(&shape.form, slice, Form::Polygon { slice, rings });
            Some(Shape { form, ..shape.clone() })
        };
        let found = self.document().and_then(|document| document.shapes_on(draft.image).find_map(with_hole));
        let Some(shape) = found else {
            let cause = "Draw it inside a polygon on this plane".into();
            return self.notices.warning("There is nothing to make a hole in", vec![cause]);
        };
        self.work.selected = Some(shape.id);
        let step = StepInfo::named("Cut a hole").with_tool("outline");
        self.change("The hole", |document| document.apply_step(step, vec![Command::EditShape { shape }]).map(|_| ()));
    }

    fn signal_of(&self, image: ImageId) -> Option<SignalScale> {
        self.workspace.project.as_ref()?.document().image(image)?.signal
    }

    /// An interval drawn in columns, in the seconds of its picture.
    pub(super) fn in_seconds(&self, image: ImageId, form: Form) -> Form {
        match (form, self.signal_of(image)) {
            (Form::Interval { slice, seconds, lead }, Some(scale)) => {
                Form::Interval { slice, seconds: seconds.map(|column| scale.seconds(column).max(0.0)), lead }
            }
            (form, _) => form,
        }
    }

    /// An interval is seen as a band over all rows; everything else as it is.
    pub fn as_drawn(&self, image: ImageId, form: &Form) -> Form {
        let rows = |slice: Slice| {
            let size = self.workspace.pictures.get(&image).map(|open| open.volume.size());
            size.map_or(1.0, |size| size[slice.axes_in_plane()[1]] as f64)
        };
        match (form, self.signal_of(image)) {
            (Form::Interval { slice, seconds: [from, to], .. }, Some(scale)) => {
                Form::Box2d { slice: *slice, min: [scale.column(*from), 0.0], max: [scale.column(*to), rows(*slice)] }
            }
            (form, _) => form.clone(),
        }
    }

    /// The other way: what a pulled band says of its interval.
    pub(super) fn undrawn(&self, shape: &Shape, form: Form) -> Form {
        match (&shape.form, form, self.signal_of(shape.image)) {
            (Form::Interval { slice, lead, .. }, Form::Box2d { min, max, .. }, Some(scale)) => {
                let seconds = [scale.seconds(min[0]).max(0.0), scale.seconds(max[0])];
                Form::Interval { slice: *slice, seconds, lead: lead.clone() }
            }
            (_, form, _) => form,
        }
    }

    /// The ruler lasts so long: that is how time runs on its picture.
    pub(super) fn set_time_scale(&mut self, ruler: ShapeId, seconds: f64) {
        let Some(document) = self.document() else { return };
        let Some(shape) = document.shape(ruler) else { return };
        let Form::Ruler { ends: [a, b], .. } = shape.form else { return };
        let columns = (b[0] - a[0]).abs();
        let Some(image) = document.image(shape.image).cloned().filter(|_| columns > 0.0 && seconds > 0.0) else {
            let cause = "The ruler has to run along the picture, and to last longer than nothing".into();
            return self.notices.warning("The time scale was not set", vec![cause]);
        };
        let signal = Some(SignalScale { seconds_per_column: seconds / columns, first_column: 0.0 });
        let image = ImageEntry { signal, ..image };
        let step = StepInfo::named("Set time scale");
        self.change("The time scale", |document| {
            document.apply_step(step, vec![Command::EditImage { image }]).map(|_| ())
        });
    }

    /// Takes hold of a point in space on whatever plane is in view.
    pub(super) fn take_place(&mut self, gesture: &Gesture) -> bool {
        let Some(open) = self.workspace.pictures.get(&gesture.image) else { return false };
        let (geometry, at) = (&open.volume.geometry, world_under(gesture));
        let flat = place::slice_of(geometry, &gesture.raster.plane).is_some();
        let reach_mm = REACH * gesture.raster.mm_per_pixel;
        let near = |place: &[f64; 3]| geometry.world(Voxel((*place).into())).0.distance(at.0);
        let Some(document) = self.document() else { return false };
        let points = document.shapes_on(gesture.image).flat_map(|shape| {
            // On stored slices everything but rulers through space is taken by its section.
            let here = !flat || matches!(shape.form, Form::Ruler3d { .. });
            let places = if here { places_of(&shape.form) } else { Vec::new() };
            places.into_iter().enumerate().map(move |(n, place)| (shape, n, place))
        });
        let found = points.map(|(shape, n, place)| (near(&place), shape, n)).filter(|(apart, ..)| *apart <= reach_mm);
        let Some((_, shape, point)) = found.min_by(|a, b| a.0.total_cmp(&b.0)) else { return false };
        let (now, id) = (shape.form.clone(), shape.id);
        let (viewport, image) = (gesture.viewport, gesture.image);
        self.work.held_place = Some(HeldPlace { shape: id, point, now, viewport, image, is_moved: false });
        self.work.selected = Some(id);
        true
    }

    pub(super) fn pull_place(&mut self, gesture: &Gesture) {
        let Some(open) = self.workspace.pictures.get(&gesture.image) else { return };
        let to = open.volume.geometry.voxel(world_under(gesture)).0.to_array();
        let Some(held) = self.work.held_place.as_mut().filter(|held| held.viewport == gesture.viewport) else { return };
        if let Some(place) = places_mut(&mut held.now).into_iter().nth(held.point) {
            held.is_moved |= *place != to;
            *place = to;
        }
    }

    pub(super) fn let_place_go(&mut self) {
        let Some(held) = self.work.held_place.take().filter(|held| held.is_moved) else { return };
        let Some(shape) = self.document().and_then(|document| document.shape(held.shape)).cloned() else { return };
        let step = StepInfo::named(format!("Move {}", shape.form.name()));
        let shape = Shape { form: held.now, ..shape };
        self.change("The change", |document| document.apply_step(step, vec![Command::EditShape { shape }]).map(|_| ()));
    }
}

/// The points of a form that lies in space.
pub fn places_of(form: &Form) -> Vec<[f64; 3]> {
    match form {
        Form::Point { at } => vec![*at],
        Form::Ruler3d { ends } => ends.to_vec(),
        Form::Landmarks { points } => points.values().copied().collect(),
        _ => Vec::new(),
    }
}

fn places_mut(form: &mut Form) -> Vec<&mut [f64; 3]> {
    match form {
        Form::Point { at } => vec![at],
        Form::Ruler3d { ends } => ends.iter_mut().collect(),
        Form::Landmarks { points } => points.values_mut().collect(),
        _ => Vec::new(),
    }
}

/// Inside an odd number of rings.
fn is_inside(at: [f64; 2], rings: &[Vec<[f64; 2]>]) -> bool {
    let at = DVec2::from(at);
    let mut inside = false;
    for ring in rings {
        for (n, b) in ring.iter().enumerate() {
            let (a, b) = (DVec2::from(ring[(n + ring.len() - 1) % ring.len()]), DVec2::from(*b));
            let crosses = (a.y > at.y) != (b.y > at.y);
            inside ^= crosses && at.x < a.x + (at.y - a.y) / (b.y - a.y) * (b.x - a.x);
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_is_inside_an_odd_number_of_rings() {
        let square = |a: f64, b: f64| vec![[a, a], [b, a], [b, b], [a, b]];
        let rings = [square(0.0, 10.0), square(4.0, 6.0)];
        assert!(is_inside([2.0, 2.0], &rings));
        assert!(!is_inside([5.0, 5.0], &rings) && !is_inside([11.0, 5.0], &rings));
    }
}
