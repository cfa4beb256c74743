//! The neural engine: any network that keeps nnInteractive's contract, behind `Engine`.
//!
//! Prompts become channels, the network looks at a patch around the last of them, and steps back while the object
//! goes on beyond (`zoom`). Everything is a function of the request, so an answer can be made again anywhere.

mod blend;
mod contract;
mod cover;
mod encode;
mod folder;
mod opening;
mod pair;
mod resample;
mod shares;
mod similarity;
mod view;
mod window;
mod zoom;

pub use contract::Contract;
pub(crate) use encode::middle_slice;
pub use folder::license;
pub use pair::{about, is_model, open, open_on};

use crate::engine::{Capabilities, Engine, Prediction, Request, Training};
use crate::error::{Error, Result};
use crate::intensities::{Channel, Intensities, Reader};
use crate::mersenne::Mersenne;
use crate::network::{Network, Plan};
use encode::{Asked, Ball, Encoded};
use limner_imaging::{Mask, Task, Volume, VoxelBox};
use shares::{HALF, Shares};
use std::time::Instant;
use view::Scene;
use zoom::Looking;

/// What computes: the processor, or something faster.
pub trait Runner: Send + Sync {
    fn plan(&self) -> &Plan;

    /// How sure the network is of each voxel of a patch of `size` (slices, rows, columns), from its channels one after
    /// another; at least 128 where the voxel belongs.
    fn run(&self, input: &[f32], size: [usize; 3], task: &Task) -> Result<Vec<u8>>;

    /// As `Engine::device`.
    fn device(&self) -> &str {
        "cpu"
    }

    /// As `Engine::computes`.
    fn computes(&self) -> crate::engine::Computes {
        crate::engine::Computes { on: self.device().to_owned(), ..Default::default() }
    }
}

impl Runner for Network {
    fn plan(&self) -> &Plan {
        Self::plan(self)
    }

    fn run(&self, input: &[f32], size: [usize; 3], task: &Task) -> Result<Vec<u8>> {
        let logits = Self::run(self, input, size, task)?;
        let [outside, inside] = &logits[..] else {
            return Err(Error::session(format!("the network answers with {} classes instead of 2", logits.len())));
        };
        Ok(outside.iter().zip(inside).map(|(&outside, &inside)| share(inside - outside)).collect())
    }
}

/// How sure a lead of one class over the other is.
fn share(lead: f32) -> u8 {
    let probability = 1.0 / (1.0 + (-lead).exp());
    let share = (probability * 255.0).round() as u8;
    if lead > 0.0 { share.max(HALF) } else { share.min(HALF - 1) }
}

pub struct Neural {
    name: String,
    license: Option<String>,
    contract: Contract,
    ball: Ball,
    runner: Box<dyn Runner>,
    /// Channels the network wants of the picture.
    pictures: usize,
}

impl Neural {
    /// `None` for the licence where nobody stated one.
    pub fn new(name: String, license: Option<String>, contract: Contract, runner: Box<dyn Runner>) -> Result<Self> {
        let plan = runner.plan();
        let channels = contract.beside_picture();
        let pictures = plan.inputs.checked_sub(channels).filter(|&n| n > 0).ok_or_else(|| {
            let inputs = plan.inputs;
            Error::session(format!("a network of {inputs} channels has no room for a picture beside {channels}"))
        })?;
        if plan.outputs != 2 {
            return Err(Error::session(format!("the network answers with {} classes instead of 2", plan.outputs)));
        }
        let ball = Ball::new(contract.point_radius);
        Ok(Self { name, license, contract, ball, runner, pictures })
    }

    #[must_use]
    pub fn plan(&self) -> &Plan {
        self.runner.plan()
    }

    /// The patch in the order of voxels: columns, rows, slices. A network that stays inside needs no more of it than a
    /// small picture fills.
    fn patch(&self, size: [usize; 3]) -> [usize; 3] {
        let plan = self.plan();
        std::array::from_fn(|axis| {
            let whole = plan.patch[2 - axis];
            if !self.contract.stays_inside || whole == 1 {
                return whole;
            }
            let steps = plan.strides.iter().map(|stride| stride[2 - axis]).product::<usize>();
            size[axis].next_multiple_of(steps).min(whole)
        })
    }

    fn readers<'a>(&self, image: &'a Volume) -> Result<Vec<Reader<'a>>> {
        let channels = image.channels();
        if channels == self.pictures {
            return Ok((0..channels).map(|c| Reader::new(image, Channel::Of(c))).collect());
        }
        // A colour picture for a grey network, or a grey picture for a colour network.
        if self.pictures == 1 || channels == 1 && self.pictures == 3 {
            return Ok(vec![Reader::first(image); self.pictures]);
        }
        let wanted = self.pictures;
        Err(Error::session(format!("the model {} takes {wanted} channels; this image has {channels}", self.name)))
    }

    /// What is known before the new prompts: the mask among them to start from, or the last answer.
    fn known(request: &Request, encoded: &Encoded) -> Shares {
        match encoded.start.filter(|&n| n >= request.answered) {
            Some(start) => encode::mask_of(&request.prompts[start]).map_or_else(Shares::nothing, Shares::of_mask),
            None => request.previous.map_or_else(Shares::nothing, Shares::of_prediction),
        }
    }

    fn looking<'a>(&'a self, request: &Request<'a>, encoded: &'a Encoded, task: &'a Task) -> Result<Looking<'a>> {
        let intensities = match request.intensities {
            Some(intensities) => intensities,
            None => Intensities::of(request.image, task)?,
        };
        let scene = Scene {
            size: request.image.size(),
            readers: self.readers(request.image)?,
            intensities,
            contract: &self.contract,
            ball: &self.ball,
            encoded,
        };
        Ok(Looking {
            scene,
            runner: &*self.runner,
            task,
            patch: self.patch(request.image.size()),
            random: Mersenne::seeded(0),
            steps_back: request.steps_back,
        })
    }

    /// What the network is shown of a request from a place and a distance, channel after channel: for comparing with
    /// other programs that keep the contract.
    pub fn shown(&self, request: &Request, centre: [i64; 3], zoom: f64, task: &Task) -> Result<Vec<f32>> {
        let size = request.image.size();
        let encoded = Encoded::new(request.prompts, size, self.patch(size), &self.contract)?;
        let looking = self.looking(request, &encoded, task)?;
        Ok(looking.view(centre, zoom, &Self::known(request, &encoded)).1.input)
    }

    fn answer(&self, request: &Request, task: &Task) -> Result<(Shares, VoxelBox)> {
        let size = request.image.size();
        let patch = self.patch(size);
        let encoded = Encoded::new(request.prompts, size, patch, &self.contract)?;
        let mut known = Self::known(request, &encoded);
        let mut changed = VoxelBox::default();
        let Some(last) = request.prompts.last().filter(|_| request.prompts.len() > request.answered) else {
            return Ok((known, changed));
        };
        // A mask to start from is taken as it is, unless it is to be refined; it may change everything.
        let start = encode::mask_of(last);
        if start.is_some() {
            changed = request.previous.map_or_else(VoxelBox::default, |p| p.mask.tight_box()).union(&last.bounds(size));
            if !encode::refines(last) || last.bounds(size).is_empty() {
                return Ok((known, changed));
            }
        }
        let mut looking = self.looking(request, &encoded, task)?;
        for asked in questions(&encoded.asked[request.answered..], patch) {
            let (answer, within) = looking.answer(&asked, known, start.is_some())?;
            known = answer;
            changed = changed.union(&within);
        }
        Ok((known, changed))
    }
}

/// What to look at for new prompts: the last of them. A network that sees one slice at a time looks at each slice
/// that was spoken of, as the last prompt on it asks.
fn questions(new: &[Asked], patch: [usize; 3]) -> Vec<Asked> {
    if patch[2] > 1 {
        return new.last().copied().into_iter().collect();
    }
    let all = new.iter().fold(VoxelBox::default(), |all, asked| all.union(&asked.bounds));
    (all.min[2]..all.max[2])
        .filter_map(|k| {
            let on_it = |asked: &&Asked| (asked.bounds.min[2]..asked.bounds.max[2]).contains(&k);
            let mut asked = *new.iter().rev().find(on_it)?;
            asked.focus.centre[2] = k as i64;
            Some(asked)
        })
        .collect()
}

impl Engine for Neural {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        let contract = &self.contract;
        Capabilities {
            point: contract.point.is_some(),
            box_2d: contract.box_2d.or(contract.box_3d).is_some(),
            box_3d: contract.box_3d.is_some(),
            box_3d_by_slice: contract.box_3d.is_none() && contract.box_2d.is_some(),
            scribble: contract.scribble.is_some(),
            lasso: contract.lasso.is_some(),
            mask: contract.mask,
            negative: true,
        }
    }

    fn license(&self) -> Option<&str> {
        self.license.as_deref()
    }

    fn device(&self) -> &str {
        self.runner.device()
    }

    fn computes(&self) -> crate::engine::Computes {
        self.runner.computes()
    }

    fn corrects(&self) -> bool {
        true
    }

    fn wants_intensities(&self) -> bool {
        true
    }

    fn training(&self) -> Option<Training<'_>> {
        Some(Training { contract: &self.contract, patch: self.plan().patch })
    }

    fn predict(&self, request: &Request, task: &Task) -> Result<Prediction> {
        let start = Instant::now();
        let (shares, changed) = self.answer(request, task)?;
        let (mask, probability) = settled(&shares, request);
        Ok(Prediction { mask, probability, changed, seconds: start.elapsed().as_secs_f64() })
    }
}

/// A mask no larger than it must be, without what belongs to others, and the shares of its box.
fn settled(shares: &Shares, request: &Request) -> (Mask, Option<Vec<u8>>) {
    let bounds = shares.window.clipped(request.image.size());
    let inside = shares.inside(&shares.window);
    let mut mask = Mask::from_voxels(bounds, inside).unwrap_or_else(|| Mask::empty(VoxelBox::default()));
    if request.forbidden.is_some() {
        mask = Mask::from_fn(bounds, |at| mask.get(at) && !request.is_forbidden(at));
    }
    let tight = mask.tight_box();
    let probability = Some(shares.cut(window::Window::of(&tight)).values);
    (mask.within(tight), probability)
}
