//! A click that says what is meant: evidence of a question, or the region that words of a report speak of. Whatever waits
//! for it, the click finds the same things: a shape, else what is painted and seen.

use super::gesture::world_under;
use crate::action::Tool;
use crate::app::App;
use crate::outbox::Gesture;
use limner_annotation::tools::{Makes, place};
use limner_annotation::{ImageId, LabelId, ShapeId, Slice};
use limner_imaging::StackAxis;

/// A hand that trembles less than this while it clicks has not dragged, in pixels.
const CLICK_REACH: f64 = 6.0;

/// What lies under a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    Shape(ShapeId),
    /// All that is painted with a label, or less: what is connected to a voxel, what lies on a slice.
    Paint {
        label: LabelId,
        around: Option<[usize; 3]>,
        slice: Option<Slice>,
    },
}

impl App {
    /// Where something waits to be pointed at, a click on a shape or on paint is for it. True where the click was: a tool
    /// that draws may then still draw what is meant, and one that only looks goes on looking.
    pub(super) fn point_at(&mut self, gesture: &Gesture) -> bool {
        if !self.waits_for_a_place() {
            return false;
        }
        let (draws, paints) = match self.hand.tool {
            Tool::Use(tool) if matches!(tool.info().makes, Makes::Shape(_)) => (true, false),
            Tool::Use(_) => (false, true),
            Tool::Window | Tool::Crosshair => (false, false),
        };
        let shape = self.shape_at(gesture).map(Meant::Shape);
        // With a tool that draws, what is not on a shape is the beginning of one.
        let meant = if draws { shape } else { shape.or_else(|| self.paint_under(gesture)) };
        self.work.asking.missed = meant.is_none() && !draws;
        match meant {
            None => paints,
            Some(meant) => {
                self.bind_meant(gesture.image, meant);
                true
            }
        }
    }

    fn waits_for_a_place(&self) -> bool {
        self.work.asking.pointing.is_some() || self.case.report.binding.is_some()
    }

    /// A tool that draws begins with a press, so only when the hand lets go it is known that this was a click: on paint
    /// it means the paint. What one click draws, a probe, is drawn.
    pub(super) fn point_at_clicked(&mut self, gesture: &Gesture) -> bool {
        let Some(draft) = self.work.draft.as_ref().filter(|_| self.waits_for_a_place()) else { return false };
        let (near, at) = (CLICK_REACH * gesture.raster.mm_per_pixel, world_under(gesture));
        let has_stayed = draft.path.points().iter().all(|point| point.0.distance(at.0) <= near);
        let draws = matches!(draft.tool.info().makes, Makes::Shape(_));
        if !draws || !has_stayed || draft.viewport != gesture.viewport {
            return false;
        }
        let Some(meant) = self.paint_under(gesture) else { return false };
        self.drop_draft();
        self.bind_meant(gesture.image, meant);
        true
    }

    /// A shape that was drawn while something waits is what is meant.
    pub(super) fn point_at_drawn(&mut self, image: ImageId, shape: ShapeId) {
        self.bind_meant(image, Meant::Shape(shape));
    }

    fn bind_meant(&mut self, image: ImageId, meant: Meant) {
        if self.work.asking.pointing.is_some() {
            self.bind_evidence(image, meant);
        } else if self.case.report.binding.is_some() {
            self.bind_words(image, meant);
        }
    }

    /// The topmost label that is painted under the pointer and seen; with Shift the connected part alone, with Ctrl this
    /// slice. Of what goes on in time it is always this frame.
    fn paint_under(&self, gesture: &Gesture) -> Option<Meant> {
        let open = self.workspace.pictures.get(&gesture.image)?;
        let document = self.document()?;
        let at = open.volume.geometry.voxel(world_under(gesture)).index_in(open.volume.size())?;
        let map = document.label_map(open.image)?;
        let values = map.layers().iter().rev().map(|layer| layer.get(at)).filter(|value| *value != 0);
        let mut labels = values.filter_map(|value| document.label_of_value(value)).filter(|label| label.visible);
        let label = labels.next()?.id;
        let slice = place::slice_of(&open.volume.geometry, &gesture.raster.plane);
        let in_time = open.volume.stack_axis != StackAxis::Space;
        let slice = slice.filter(|_| gesture.modifiers.command || in_time);
        Some(Meant::Paint { label, around: gesture.modifiers.shift.then_some(at), slice })
    }
}
