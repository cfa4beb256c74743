//! What the hand is in the middle of, and what it has hold of. The document knows nothing of it until it is done.

pub mod asking;
pub mod concepts;
pub mod guides;
pub mod measures;
pub mod operation;
pub mod prompt_form;
pub mod propagate;
pub mod recent;
pub mod wire;

use crate::view_state::ViewportId;
use limner_annotation::entity::TrackId;
use limner_annotation::oblique::Seen;
use limner_annotation::tools::ToolId;
use limner_annotation::tools::handles::Grip;
use limner_annotation::tools::path::Path;
use limner_annotation::{Form, ImageId, Shape, ShapeId};
use limner_imaging::VoxelBox;
use limner_imaging::reslice::Raster;
use wire::LiveWire;

#[derive(Default)]
pub struct Work {
    pub draft: Option<Draft>,
    pub held: Option<Held>,
    pub held_place: Option<HeldPlace>,
    /// The shape the pointer is over, and the one picked last.
    pub hovered: Option<ShapeId>,
    pub selected: Option<ShapeId>,
    /// The picture that the threshold brush took its range from.
    pub range_of: Option<ImageId>,
    /// The prompt the pointer is over.
    pub hovered_prompt: Option<usize>,
    /// Where a proposal stands on the screen.
    pub shown_proposal: Option<(ImageId, VoxelBox)>,
    /// What was last said of an adapter that failed a network.
    pub adapter_fault: Option<String>,
    /// Where the last change painted.
    pub painted_last: Vec<ImageId>,
    pub measures: measures::Measures,
    pub recent: recent::Recent,
    pub asking: asking::Asking,
}

/// A path that is not complete.
pub struct Draft {
    pub tool: ToolId,
    pub path: Path,
    pub viewport: ViewportId,
    pub image: ImageId,
    /// What the viewport showed when it was begun: the path lies on this plane.
    pub raster: Raster,
    /// Whether the sign or the mode is the other one: a modifier was held at the first press.
    pub is_opposite: bool,
    pub wire: Option<LiveWire>,
}

/// A shape or a prompt that is being pulled.
pub struct Held {
    pub what: HeldThing,
    pub grip: Grip,
    /// The slice it is seen on, and the section as it was when it was taken.
    /// What was seen of it when it was taken.
    pub seen: Seen,
    /// The whole form as it is now.
    pub now: Form,
    pub from: [f64; 2],
    pub viewport: ViewportId,
    pub image: ImageId,
    /// Whether it has been pulled at all: a click alone changes nothing.
    pub is_moved: bool,
}

/// A point in space that is being pulled along the plane in view, whatever way that lies.
pub struct HeldPlace {
    pub shape: ShapeId,
    /// Which of its points.
    pub point: usize,
    pub now: Form,
    pub viewport: ViewportId,
    pub image: ImageId,
    pub is_moved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldThing {
    Shape(ShapeId),
    /// On a frame.
    Track(TrackId, usize),
    Prompt(usize),
}

impl HeldThing {
    pub const fn shape(self) -> Option<ShapeId> {
        if let Self::Shape(id) = self { Some(id) } else { None }
    }

    pub const fn prompt(self) -> Option<usize> {
        if let Self::Prompt(n) = self { Some(n) } else { None }
    }
}

impl Work {
    /// A shape's form as the hand has it now.
    pub fn form_of<'a>(&'a self, shape: &'a Shape) -> &'a Form {
        match &self.held {
            Some(held) if held.what == HeldThing::Shape(shape.id) => &held.now,
            _ => match &self.held_place {
                Some(held) if held.shape == shape.id => &held.now,
                _ => &shape.form,
            },
        }
    }

    /// Whether the hand is in the middle of something that can be dropped.
    pub fn is_busy(&self) -> bool {
        self.draft.is_some() || self.held.is_some() || self.held_place.is_some()
    }

    /// Whether there is something that a key can delete.
    pub fn has_thing(&self) -> bool {
        let thing = self.hovered.or(self.selected).is_some();
        self.draft.is_some() || self.hovered_prompt.is_some() || thing
    }

    /// Whether a path waits for more.
    pub fn is_drafting(&self) -> bool {
        self.draft.is_some()
    }
}
