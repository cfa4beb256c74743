//! Taking hold of what is drawn already: shapes and prompts are pulled by their handles or moved as a whole. What is
//! pulled is shown at once and becomes one step when the hand lets go.

use super::gesture::world_under;
use super::tools::is_prompt;
use crate::app::App;
use crate::outbox::Gesture;
use crate::view_state::ViewportId;
use crate::work::measures::Readout;
use crate::work::{Held, HeldThing, prompt_form};
use limner_annotation::oblique::Seen;
use limner_annotation::records::Track;
use limner_annotation::tools::handles::{self, Grip};
use limner_annotation::tools::{Makes, ToolId, place, snap};
use limner_annotation::{Command, Form, ImageId, Shape, ShapeId, Slice, StepInfo};
use limner_imaging::reslice::Raster;
use limner_imaging::reslice::{Interpolation, value_at};
use limner_imaging::{Geometry, Pixel, Volume, World};

/// How near the pointer must be to take hold, in screen pixels.
const REACH: f64 = 7.0;
/// How far a point looks for an edge, in pixels of the slice.
const SNAP: usize = 6;

/// What the pointer is over.
struct Under {
    what: HeldThing,
    grip: Grip,
    seen: Seen,
    form: Form,
    at: [f64; 2],
}

impl App {
    /// Takes hold of what is under the pointer, where the tool leaves it free to. False where nothing is there.
    pub(super) fn take_hold(&mut self, tool: ToolId, gesture: &Gesture) -> bool {
        match tool.info().makes {
            Makes::Shape(_) => self.take_shape(gesture),
            Makes::Prompt(_) => {
                let Some(under) = self.prompt_under(gesture.image, &gesture.raster, world_under(gesture)) else {
                    return false;
                };
                self.hold(under, gesture);
                true
            }
            _ => false,
        }
    }

    /// Takes hold of a shape: also with the tools that only look.
    pub(super) fn take_shape(&mut self, gesture: &Gesture) -> bool {
        let Some(under) = self.shape_under(gesture.image, &gesture.raster, world_under(gesture)) else { return false };
        let id = match under.what {
            HeldThing::Shape(id) => id,
            HeldThing::Track(id, _) => {
                self.case.track = Some(id);
                self.hold(under, gesture);
                return true;
            }
            HeldThing::Prompt(_) => return false,
        };
        self.work.selected = Some(id);
        if gesture.modifiers.command {
            self.change_corner(id, &under);
        } else {
            self.hold(under, gesture);
        }
        true
    }

    fn hold(&mut self, under: Under, gesture: &Gesture) {
        let Under { what, grip, seen, form, at } = under;
        let (viewport, image) = (gesture.viewport, gesture.image);
        self.work.held = Some(Held { what, grip, seen, now: form, from: at, viewport, image, is_moved: false });
    }

    /// Ctrl and a click: a corner more where the line is clicked, one less where a corner is.
    fn change_corner(&mut self, id: ShapeId, under: &Under) {
        let changed = match under.grip {
            Grip::Whole => handles::with_corner(&under.seen.section, under.at),
            Grip::Handle(n) => handles::without_corner(&under.seen.section, n),
        };
        if let Some(section) = changed {
            self.put_form(id, handles::with_section(&under.form, under.seen.slice, section), "Change corners");
        }
    }

    pub(super) fn pull(&mut self, gesture: &Gesture) {
        let Some(mut held) = self.work.held.take() else { return };
        if let Some(open) = self.workspace.pictures.get(&held.image).filter(|_| held.viewport == gesture.viewport) {
            let volume = open.volume.clone();
            let (grid, slice) = (held.seen.grid, held.seen.slice);
            let mut to = place::pixel_of(&grid, slice, world_under(gesture));
            if gesture.modifiers.alt && held.grip != Grip::Whole {
                to = snapped(&volume, &grid, slice, to);
            }
            let is_first = !held.is_moved;
            held.is_moved |= to != held.from;
            if held.is_moved {
                self.pull_to(&mut held, to, is_first, &volume);
            }
        }
        self.work.held = Some(held);
    }

    fn pull_to(&mut self, held: &mut Held, to: [f64; 2], is_first: bool, volume: &Volume) {
        let slice = held.seen.slice;
        let section = handles::dragged(&held.seen.section, held.grip, held.from, to);
        match held.what {
            HeldThing::Shape(id) => {
                held.now = handles::with_section(&held.now, slice, section);
                self.measure_again(id, &held.now, volume);
            }
            HeldThing::Track(..) => held.now = handles::with_section(&held.now, slice, section),
            HeldThing::Prompt(n) => {
                let Some(prompt) = self.assist.prompts().get(n) else { return };
                if let Some(moved) = prompt_form::with_section(prompt, slice, &section, volume.size()) {
                    self.move_prompt(n, moved, is_first);
                }
            }
        }
    }

    /// What was pulled goes back to where it was taken.
    pub(super) fn put_back(&mut self, held: &Held) {
        let volume = self.workspace.pictures.get(&held.image).map(|open| open.volume.clone());
        let shape = held.what.shape().and_then(|id| self.document()?.shape(id)).cloned();
        if let (Some(volume), Some(shape)) = (volume, shape) {
            self.measure_again(shape.id, &shape.form, &volume);
        }
    }

    /// What was pulled becomes one step.
    pub(super) fn let_go(&mut self) {
        let Some(held) = self.work.held.take().filter(|held| held.is_moved) else { return };
        match held.what {
            HeldThing::Shape(id) => self.put_form(id, held.now, "Move"),
            HeldThing::Track(id, frame) => self.put_track_form(id, frame, &held.now),
            HeldThing::Prompt(_) => self.show_talk(),
        }
    }

    fn put_form(&mut self, id: ShapeId, form: Form, verb: &str) {
        let Some(shape) = self.document().and_then(|document| document.shape(id)) else { return };
        let step = StepInfo::named(format!("{verb} {}", form.name()));
        let shape = Shape { form: self.undrawn(shape, form), ..shape.clone() };
        self.change("The change", |document| document.apply_step(step, vec![Command::EditShape { shape }]).map(|_| ()));
    }

    fn measure_again(&mut self, id: ShapeId, form: &Form, volume: &Volume) {
        let Some(document) = self.workspace.project.as_ref().map(limner_annotation::Project::document) else { return };
        if let Some(shape) = document.shape(id) {
            let shape = Shape { form: form.clone(), ..shape.clone() };
            self.work.measures.put(id, Readout::of(&shape, document, volume));
        }
    }

    /// The pointer moves: the next corner follows it, or what it is over is marked.
    pub(super) fn hover_things(&mut self, viewport: ViewportId, pixel: [f64; 2]) {
        let Some((view, open)) = self.workspace.shown_in(viewport) else { return };
        if view.is_solid() || self.work.held.is_some() {
            return;
        }
        let (raster, image) = (view.raster(&open.volume), open.image);
        let at = limner_render::pick::world(&raster, Pixel(pixel.into()));
        if self.work.draft.is_some() {
            return self.tool_hover(viewport, at);
        }
        let prompts = self.hand.tool.used().is_some_and(is_prompt);
        let prompt = if prompts { self.prompt_under(image, &raster, at) } else { None };
        let shape = if prompts { None } else { self.shape_under(image, &raster, at) };
        self.work.hovered_prompt = prompt.and_then(|under| under.what.prompt());
        self.work.hovered = shape.and_then(|under| under.what.shape());
    }

    /// Takes back the last corner of a path in hand; else the prompt or the shape under the pointer goes, else the
    /// shape picked last.
    pub(super) fn delete_thing(&mut self) {
        if self.step_back() {
            return;
        }
        if let Some(n) = self.work.hovered_prompt.take() {
            return self.remove_prompt(n);
        }
        if let Some(id) = self.work.hovered.take().or(self.work.selected.take()) {
            self.remove_shape(id);
        }
    }

    pub(super) fn remove_shape(&mut self, id: ShapeId) {
        let Some(name) = self.document().and_then(|d| d.shape(id)).map(|shape| shape.form.name()) else { return };
        let step = StepInfo::named(format!("Delete {name}"));
        self.change("The deletion", |document| {
            document.apply_step(step, vec![Command::RemoveShape { id }]).map(|_| ())
        });
    }

    /// The shape that a press is on.
    pub(super) fn shape_at(&self, gesture: &Gesture) -> Option<ShapeId> {
        self.shape_under(gesture.image, &gesture.raster, world_under(gesture))?.what.shape()
    }

    fn shape_under(&self, image: ImageId, raster: &Raster, at: World) -> Option<Under> {
        if !self.workspace.stage.show_labels {
            return None;
        }
        let document = self.document()?;
        let shapes =
            document.shapes_on(image).map(|shape| (HeldThing::Shape(shape.id), self.as_drawn(image, &shape.form)));
        let geometry = &self.workspace.pictures.get(&image)?.volume.geometry;
        let frame = place::slice_of(geometry, &raster.plane).filter(|slice| slice.axis == 2).map(|slice| slice.index);
        let tracks = document.on::<Track>(image).filter_map(|track| {
            let frame = frame?;
            Some((HeldThing::Track(track.id, frame), track.at(frame)?.0))
        });
        let seen = |form: &Form| Seen::of(form, geometry, &raster.plane);
        under(raster, at, shapes.chain(tracks), seen)
    }

    fn prompt_under(&self, image: ImageId, raster: &Raster, at: World) -> Option<Under> {
        let talk = self.assist.talk().filter(|talk| talk.image == image)?;
        let volume = &self.workspace.pictures.get(&image)?.volume;
        let slice = place::slice_of(&volume.geometry, &raster.plane)?;
        let sections = talk.prompts().iter().enumerate();
        let things = sections.filter_map(|(n, p)| Some((HeldThing::Prompt(n), prompt_form::section(p, slice)?)));
        let grid = volume.geometry;
        under(raster, at, things, |form| Some(Seen { grid, slice, section: form.clone() }))
    }
}

/// The nearest of some things within reach; of equals the one drawn first.
fn under(
    raster: &Raster,
    at: World,
    things: impl Iterator<Item = (HeldThing, Form)>,
    seen: impl Fn(&Form) -> Option<Seen>,
) -> Option<Under> {
    let found = things.filter_map(|(what, form)| {
        let seen = seen(&form)?;
        let at = place::pixel_of(&seen.grid, seen.slice, at);
        let spacing = seen.grid.spacing_mm();
        let finest = seen.slice.axes_in_plane().map(|axis| spacing[axis]).into_iter().fold(f64::INFINITY, f64::min);
        let reach = REACH * raster.mm_per_pixel / finest;
        let grip = handles::grip(&seen.section, at, reach)?;
        let apart = if grip == Grip::Whole { reach + handles::distance(&seen.section, at) } else { 0.0 };
        Some((apart * finest, Under { what, grip, seen, form, at }))
    });
    found.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, under)| under)
}

/// The strongest edge near a point of a slice of the volume, or of a plane through it.
pub(super) fn snapped(volume: &Volume, grid: &Geometry, slice: Slice, at: [f64; 2]) -> [f64; 2] {
    snap::to_edge(at, SNAP, |x, y| {
        let middle = place::world_of(grid, slice, [x as f64 + 0.5, y as f64 + 0.5]);
        value_at(volume, volume.geometry.voxel(middle), Interpolation::Linear)
    })
}
