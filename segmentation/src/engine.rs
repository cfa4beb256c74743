//! What every engine offers, whatever it is made of: prompts and a picture in, one object's mask out.

use crate::error::Result;
use crate::gpu::Checked;
use crate::intensities::Intensities;
use crate::neural::Contract;
use crate::prompt::{Prompt, Shape};
use limner_imaging::{Mask, Task, Volume, VoxelBox};
use serde::Serialize;

/// Says of a voxel that it belongs to somebody else and must not be taken.
pub type Forbidden<'a> = &'a (dyn Fn([usize; 3]) -> bool + Sync);

/// One question to an engine: everything the user has said about one object so far.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub image: &'a Volume,
    /// In the order they were given; each has passed `Prompt::clamped` for this image.
    pub prompts: &'a [Prompt],
    /// What the engine answered to the first `answered` prompts.
    pub previous: Option<&'a Prediction>,
    pub answered: usize,
    pub forbidden: Option<Forbidden<'a>>,
    /// The image's mean and spread where somebody has measured them already.
    pub intensities: Option<Intensities>,
    /// Whether a network may step back from where it was asked to look, to see an object whole.
    pub steps_back: bool,
}

impl<'a> Request<'a> {
    /// A first question: nothing answered before, nothing forbidden.
    #[must_use]
    pub const fn new(image: &'a Volume, prompts: &'a [Prompt]) -> Self {
        Self { image, prompts, previous: None, answered: 0, forbidden: None, intensities: None, steps_back: true }
    }

    pub(crate) fn is_forbidden(&self, index: [usize; 3]) -> bool {
        self.forbidden.is_some_and(|forbidden| forbidden(index))
    }
}

/// The answer: which voxels belong, and how sure the engine is.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    pub mask: Mask,
    /// For each voxel of `mask.bounds()`, columns fastest, the probability that it belongs: 0 to 255.
    pub probability: Option<Vec<u8>>,
    /// Outside this box nothing differs from the request's `previous`.
    pub changed: VoxelBox,
    pub seconds: f64,
}

impl Prediction {
    /// The probability at a voxel, 0 outside the bounds. Without probabilities the mask counts as certain.
    #[must_use]
    pub fn probability_at(&self, index: [usize; 3]) -> f32 {
        let bounds = self.mask.bounds();
        match &self.probability {
            Some(probability) if bounds.contains(index) => {
                let size = bounds.size();
                let [i, j, k]: [usize; 3] = std::array::from_fn(|a| index[a] - bounds.min[a]);
                f32::from(probability[(k * size[1] + j) * size[0] + i]) / 255.0
            }
            Some(_) => 0.0,
            None => f32::from(u8::from(self.mask.get(index))),
        }
    }
}

/// What an engine computes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Computes {
    /// As `Engine::device` says it.
    pub on: String,
    /// Why it is not the graphics adapter, where that was wished for.
    pub reason: Option<String>,
    /// Whether something is wrong with the adapter.
    pub fault: bool,
    /// What the adapter showed when it was tried.
    pub checked: Option<Checked>,
}

/// Which prompts an engine understands, so that tools it cannot serve are greyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    pub point: bool,
    pub box_2d: bool,
    pub box_3d: bool,
    /// Of a solid box it is told the middle slice, and looks at all of it.
    pub box_3d_by_slice: bool,
    pub scribble: bool,
    pub lasso: bool,
    pub mask: bool,
    pub negative: bool,
}

impl Capabilities {
    pub const ALL: Self = Self {
        point: true,
        box_2d: true,
        box_3d: true,
        box_3d_by_slice: false,
        scribble: true,
        lasso: true,
        mask: true,
        negative: true,
    };

    /// What two engines of one model both understand.
    #[must_use]
    pub const fn both(a: &Self, b: &Self) -> Self {
        let box_3d = a.box_3d && b.box_3d;
        Self {
            point: a.point && b.point,
            box_2d: a.box_2d && b.box_2d,
            box_3d,
            box_3d_by_slice: !box_3d && (a.box_3d || a.box_3d_by_slice) && (b.box_3d || b.box_3d_by_slice),
            scribble: a.scribble && b.scribble,
            lasso: a.lasso && b.lasso,
            mask: a.mask && b.mask,
            negative: a.negative && b.negative,
        }
    }

    /// Whether a solid box may be sent, whatever becomes of it.
    #[must_use]
    pub const fn takes_solid_boxes(&self) -> bool {
        self.box_3d || self.box_3d_by_slice
    }

    /// What prompts these are, in words.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        let all = [
            (self.point, "points"),
            (self.scribble, "scribbles"),
            (self.lasso, "lassos"),
            (self.box_2d, "boxes"),
            (self.box_3d, "3D boxes"),
            (self.box_3d_by_slice, "3D boxes by their middle slice"),
            (self.negative, "negative prompts"),
        ];
        all.into_iter().filter(|(can, _)| *can).map(|(_, word)| word).collect()
    }

    #[must_use]
    pub fn understands(&self, prompt: &Prompt) -> bool {
        let shape = match &prompt.shape {
            Shape::Point { .. } => self.point,
            Shape::Box { bounds } => {
                if bounds.size().contains(&1) {
                    self.box_2d
                } else {
                    self.takes_solid_boxes()
                }
            }
            Shape::Scribble { .. } | Shape::Marks { lasso: false, .. } => self.scribble,
            Shape::Lasso { .. } | Shape::Marks { .. } => self.lasso,
            Shape::Mask { .. } => self.mask,
        };
        shape && (prompt.positive || self.negative)
    }
}

/// How a network was trained, for clients of a server that draw prompts themselves.
#[derive(Clone, Copy)]
pub struct Training<'a> {
    pub contract: &'a Contract,
    /// Slices, rows, columns.
    pub patch: [usize; 3],
}

pub trait Engine: Send + Sync {
    /// The word in reports and provenance: `classical`, or the model's name.
    fn name(&self) -> &str;

    fn capabilities(&self) -> Capabilities;

    /// Under which licence its weights are, where it has any.
    fn license(&self) -> Option<&str> {
        None
    }

    /// What computes at this moment, and why nothing faster.
    fn computes(&self) -> Computes {
        Computes { on: self.device().to_owned(), ..Computes::default() }
    }

    /// Whether an answer depends on the answer before it, so that prompts must be asked about in the order of their
    /// rounds.
    fn corrects(&self) -> bool {
        false
    }

    /// Whether `Request::intensities` saves it work.
    fn wants_intensities(&self) -> bool {
        false
    }

    /// What computes: `cpu`, or a name for people.
    fn device(&self) -> &str {
        "cpu"
    }

    /// What its network was trained to be told, and the patch (slices, rows, columns) it sees; nothing where there is
    /// no network.
    fn training(&self) -> Option<Training<'_>> {
        None
    }

    /// Segments one object. The same request gives the same mask, on any number of threads.
    fn predict(&self, request: &Request, task: &Task) -> Result<Prediction>;
}

/// The box within which two masks differ; empty where they are the same.
#[must_use]
pub fn changed_box(before: Option<&Mask>, after: &Mask) -> VoxelBox {
    let Some(before) = before else { return after.tight_box() };
    let both = before.bounds().union(&after.bounds());
    let (before, after) = (before.within(both), after.within(both));
    let mut difference = before;
    for (voxel, &other) in difference.voxels_mut().iter_mut().zip(after.voxels()) {
        *voxel ^= other;
    }
    difference.tight_box()
}
