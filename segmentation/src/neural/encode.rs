//! Prompts as a network was trained to see them: balls, bands and filled regions in channels of 16-bit floats, later
//! ones stronger than earlier ones.
//!
//! Nothing the size of the image is kept: a prompt stays as small as it was drawn and is inked into a patch when the
//! patch is built. Every rounding is nnInteractive's, so that its weights see what they were trained on.

use super::contract::Contract;
use super::window::Window;
use crate::error::{Error, Result};
use crate::half::rounded;
use crate::prompt::{Prompt, Shape};
use crate::raster;
use limner_imaging::{Mask, VoxelBox};

/// Where 16-bit floats end, and how far below prompts are put when they come there.
const LARGEST: f64 = 65504.0;
const ROOM: f64 = 10.0;

/// All prompts on an image, ready to be inked into patches.
pub struct Encoded {
    stamps: Vec<Stamp>,
    /// The strength of the latest prompt: what a patch is divided by.
    pub strength: f32,
    /// Where each prompt asks to look, a box around it included.
    pub asked: Vec<Asked>,
    /// The last prompt that is a mask to start from: its place among the prompts.
    pub start: Option<usize>,
}

/// Where the network looks first, and from how far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Focus {
    pub centre: [i64; 3],
    pub zoom: f64,
}

/// Where a prompt lies, and how to look at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    pub focus: Focus,
    pub bounds: VoxelBox,
}

struct Stamp {
    channel: usize,
    bounds: VoxelBox,
    ink: Ink,
    /// What a full voxel of it was stored as at first, and what all were multiplied by since.
    strength: f64,
    rescaled: Vec<f32>,
}

enum Ink {
    Solid,
    Ball { centre: [i64; 3] },
    Voxels(Vec<[usize; 3]>),
}

/// The values of one channel within a patch, as small as what is in it; in voxels of the window.
pub struct Field {
    pub bounds: VoxelBox,
    pub values: Vec<f32>,
}

/// What falls off from the middle of a point: one where it was clicked, zero outside the ball.
pub struct Ball {
    radius: i64,
    values: Vec<f64>,
}

impl Ball {
    pub fn new(radius: usize) -> Self {
        let radius = radius as i64;
        let inside = |p: [i64; 3]| p.iter().map(|x| x * x).sum::<i64>() <= radius * radius;
        let cube = || {
            let axis = -radius..=radius;
            axis.clone().flat_map(move |k| {
                let axis = -radius..=radius;
                axis.clone().flat_map(move |j| axis.clone().map(move |i| [i, j, k]))
            })
        };
        let outside: Vec<[i64; 3]> = cube().filter(|&p| !inside(p)).collect();
        let squared = |p: [i64; 3]| {
            let nearest = outside.iter().map(|q| (0..3).map(|a| (p[a] - q[a]).pow(2)).sum::<i64>()).min();
            if inside(p) { nearest.unwrap_or(1) } else { 0 }
        };
        let depths: Vec<i64> = cube().map(squared).collect();
        let deepest = depths.iter().copied().max().unwrap_or(1) as f64;
        Self { radius, values: depths.into_iter().map(|d| (d as f64).sqrt() / deepest.sqrt()).collect() }
    }

    fn at(&self, offset: [i64; 3]) -> f64 {
        let side = 2 * self.radius + 1;
        let [i, j, k] = offset.map(|x| x + self.radius);
        self.values[((k * side + j) * side + i) as usize]
    }
}

impl Encoded {
    /// The prompts, the last one in focus; each has passed `Prompt::clamped` for an image of `size`.
    pub fn new(prompts: &[Prompt], size: [usize; 3], patch: [usize; 3], contract: &Contract) -> Result<Self> {
        let start = prompts.iter().rposition(|p| matches!(p.shape, Shape::Mask { .. }));
        let mut encoded = Self { stamps: Vec::new(), strength: 1.0, asked: Vec::with_capacity(prompts.len()), start };
        let mut strength = 1.0;
        for (n, prompt) in prompts.iter().enumerate() {
            if start.is_some_and(|start| n <= start) {
                let bounds = prompt.bounds(size);
                encoded.asked.push(Asked { focus: Focus::on(bounds, patch), bounds });
                continue;
            }
            strength /= contract.decay;
            if strength > LARGEST {
                encoded.rescale((LARGEST / ROOM / strength) as f32);
                strength = LARGEST / ROOM;
            }
            encoded.add(prompt, strength, size, patch, contract)?;
        }
        encoded.strength = strength as f32;
        Ok(encoded)
    }

    fn rescale(&mut self, factor: f32) {
        self.stamps.iter_mut().for_each(|stamp| stamp.rescaled.push(factor));
    }

    fn add(
        &mut self,
        prompt: &Prompt,
        strength: f64,
        size: [usize; 3],
        patch: [usize; 3],
        contract: &Contract,
    ) -> Result<()> {
        let (pair, ink, bounds) = match &prompt.shape {
            Shape::Point { at } => {
                let centre = at.0.to_array().map(|x| x.round_ties_even() as i64);
                let reach = contract.point_radius;
                let ball = Window::centred(centre, [2 * reach + 1; 3]);
                (contract.point, Ink::Ball { centre }, ball.clipped(size))
            }
            Shape::Box { bounds } => {
                let flat = bounds.size().contains(&1);
                match contract.box_3d {
                    Some(pair) if !flat => (Some(pair), Ink::Solid, *bounds),
                    // A network that knows flat boxes only is told the middle slice of a solid one; one that sees
                    // single slices sees a flat box on each.
                    _ if patch[2] == 1 => (contract.box_2d.or(contract.box_3d), Ink::Solid, *bounds),
                    _ => (contract.box_2d.or(contract.box_3d), Ink::Solid, middle_slice(bounds)),
                }
            }
            Shape::Scribble { axis, points } => {
                let [slices, rows, columns] = contract.scribble_thickness;
                let voxels = raster::band(*axis, points, [columns, rows, slices], size);
                let bounds = raster::box_of(&voxels);
                (contract.scribble, Ink::Voxels(voxels), bounds)
            }
            Shape::Lasso { axis, points } => {
                let voxels = raster::filled(*axis, points, size);
                let bounds = raster::box_of(&voxels);
                (contract.lasso, Ink::Voxels(voxels), bounds)
            }
            Shape::Marks { mask, lasso } => {
                let channels = if *lasso { contract.lasso } else { contract.scribble };
                (channels, Ink::Voxels(mask.indices().collect()), mask.tight_box())
            }
            Shape::Mask { .. } => return Err(Error::session("a mask leaves no ink")),
        };
        let name = prompt.shape.name();
        let pair = pair.ok_or_else(|| Error::session(format!("the model does not understand this {name}")))?;
        let focus = match ink {
            Ink::Ball { centre } => Focus { centre, zoom: 1.0 },
            Ink::Solid => Focus::on(prompt.bounds(size), patch),
            Ink::Voxels(_) => Focus::on(bounds, patch),
        };
        self.asked.push(Asked { focus, bounds });
        let channel = pair[usize::from(!prompt.positive)];
        self.stamps.push(Stamp { channel, bounds, ink, strength, rescaled: Vec::new() });
        Ok(())
    }

    /// What a channel holds within a window, before division; `None` for an empty one.
    pub fn field(&self, channel: usize, window: &Window, size: [usize; 3], ball: &Ball) -> Option<Field> {
        let seen = window.clipped(size);
        let stamps = || self.stamps.iter().filter(|s| s.channel == channel && !s.bounds.intersection(&seen).is_empty());
        let bounds = stamps().map(|s| s.bounds.intersection(&seen)).fold(VoxelBox::default(), |all, b| all.union(&b));
        if bounds.is_empty() {
            return None;
        }
        let mut field = Field { bounds: window.local(&bounds), values: vec![0.0; bounds.len()] };
        for stamp in stamps() {
            stamp.ink(&mut field.values, &bounds, ball);
        }
        Some(field)
    }
}

/// The middle slice of a solid box; a flat one as it is.
pub fn middle_slice(bounds: &VoxelBox) -> VoxelBox {
    let mut slice = *bounds;
    if !bounds.size().contains(&1) {
        slice.min[2] = (bounds.min[2] + bounds.max[2]) / 2;
        slice.max[2] = slice.min[2] + 1;
    }
    slice
}

impl Focus {
    /// On a box, from so far that a third of a patch around it is seen.
    fn on(bounds: VoxelBox, patch: [usize; 3]) -> Self {
        let size = bounds.size();
        let middle = |a: usize| ((bounds.min[a] + bounds.max[a]) as f64 / 2.0).round_ties_even() as i64;
        let zoom = |a: usize| (size[a] + patch[a] / 3) as f64 / patch[a] as f64;
        let spatial = (0..3).filter(|&a| patch[a] > 1);
        Self { centre: std::array::from_fn(middle), zoom: spatial.map(zoom).fold(1.0, f64::max) }
    }
}

impl Stamp {
    /// What a voxel of this share of full is stored as.
    fn stored(&self, share: f64) -> f32 {
        let first = rounded((share * self.strength) as f32);
        self.rescaled.iter().fold(first, |value, &factor| rounded(value * factor))
    }

    /// Inks the values of a box of the image where they are weaker.
    fn ink(&self, values: &mut [f32], bounds: &VoxelBox, ball: &Ball) {
        let [width, height, _] = bounds.size();
        let offset = |at: [usize; 3]| {
            let [i, j, k]: [usize; 3] = std::array::from_fn(|a| at[a] - bounds.min[a]);
            (k * height + j) * width + i
        };
        let full = self.stored(1.0);
        let mut put = |at: [usize; 3], value: f32| {
            let held = &mut values[offset(at)];
            *held = held.max(value);
        };
        match &self.ink {
            Ink::Voxels(voxels) => {
                voxels.iter().filter(|&&at| bounds.contains(at)).for_each(|&at| put(at, full));
            }
            Ink::Solid => each(&self.bounds.intersection(bounds), |at| put(at, full)),
            Ink::Ball { centre } => each(&self.bounds.intersection(bounds), |at| {
                put(at, self.stored(ball.at(std::array::from_fn(|a| at[a] as i64 - centre[a]))));
            }),
        }
    }
}

/// Visits all voxels of a box, columns fastest.
pub fn each(bounds: &VoxelBox, mut visit: impl FnMut([usize; 3])) {
    for k in bounds.min[2]..bounds.max[2] {
        for j in bounds.min[1]..bounds.max[1] {
            (bounds.min[0]..bounds.max[0]).for_each(|i| visit([i, j, k]));
        }
    }
}

/// The mask of a prompt that is one.
pub const fn mask_of(prompt: &Prompt) -> Option<&Mask> {
    match &prompt.shape {
        Shape::Mask { mask, .. } => Some(mask),
        _ => None,
    }
}

/// Whether a prompt is a mask to be fitted to the picture.
pub const fn refines(prompt: &Prompt) -> bool {
    matches!(prompt.shape, Shape::Mask { refine: true, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 3] = [40, 30, 20];
    const PATCH: [usize; 3] = [24, 24, 12];

    fn encoded(prompts: &[Prompt]) -> Encoded {
        Encoded::new(prompts, SIZE, PATCH, &Contract::usual()).unwrap()
    }

    fn field(encoded: &Encoded, channel: usize, window: &Window) -> Option<Field> {
        encoded.field(channel, window, SIZE, &Ball::new(4))
    }

    #[test]
    fn a_ball_falls_off_to_its_rim() {
        let ball = Ball::new(4);
        assert_eq!(ball.at([0; 3]), 1.0);
        assert_eq!(ball.at([4, 0, 0]), 1.0 / 17.0_f64.sqrt());
        assert_eq!(ball.at([3, 3, 0]), 0.0);
    }

    #[test]
    fn the_newest_prompt_is_the_strongest_and_each_lies_in_its_own_channel() {
        let bounds = VoxelBox::new([2, 3, 5], [10, 9, 6]);
        let prompts = [
            Prompt::point([20, 15, 10], true),
            Prompt::negative(Shape::Box { bounds }),
            Prompt::point([20, 15, 10], false),
        ];
        let all = encoded(&prompts);
        let window = Window::centred([20, 15, 10], SIZE);
        let middle = |channel: usize| {
            let field = field(&all, channel, &window).unwrap();
            field.values.iter().copied().fold(0.0, f32::max)
        };
        let strength = |n: i32| rounded(0.98_f64.powi(-n) as f32);
        assert_eq!((middle(3), middle(2), middle(4)), (strength(1), strength(2), strength(3)));
        assert!([0, 1, 5, 6].into_iter().all(|channel| field(&all, channel, &window).is_none()));
        assert_eq!(field(&all, 2, &window).unwrap().bounds, bounds);
        // A window that begins inside the box sees the rest of it, in its own voxels.
        let half = Window { min: [6, 0, 0], size: [10, 10, 10] };
        assert_eq!(field(&all, 2, &half).unwrap().bounds, VoxelBox::new([0, 3, 5], [4, 9, 6]));
    }

    #[test]
    fn a_thousand_prompts_do_not_overflow_and_keep_their_order() {
        let prompts: Vec<Prompt> = (0..1000).map(|n| Prompt::point([n % 40, n / 40, 10], true)).collect();
        let all = encoded(&prompts);
        let window = Window::centred([20, 15, 10], SIZE);
        let values = field(&all, 3, &window).unwrap().values;
        assert!(values.iter().all(|v| v.is_finite() && *v <= LARGEST as f32));
        assert!(f64::from(all.strength) <= LARGEST);
    }

    #[test]
    fn the_focus_is_on_the_last_prompt_with_room_around_it() {
        let bounds = VoxelBox::new([0, 0, 5], [33, 9, 6]);
        let all = encoded(&[Prompt::point([20, 15, 10], true), Prompt::positive(Shape::Box { bounds })]);
        // 16.5 and 4.5 fall to the even neighbour.
        let wanted = [Focus { centre: [20, 15, 10], zoom: 1.0 }, Focus { centre: [16, 4, 6], zoom: 41.0 / 24.0 }];
        assert_eq!(all.asked.iter().map(|a| a.focus).collect::<Vec<_>>(), wanted);
        assert_eq!(all.asked[1].bounds, bounds);
    }

    #[test]
    fn a_mask_sets_aside_what_was_said_before() {
        let mask = Mask::from_fn(VoxelBox::new([4, 4, 4], [10, 10, 8]), |_| true);
        let start = Prompt::positive(Shape::Mask { mask, refine: true });
        let prompts = [Prompt::point([20, 15, 10], true), start, Prompt::point([20, 15, 10], false)];
        let all = encoded(&prompts);
        let window = Window::centred([20, 15, 10], SIZE);
        assert!(field(&all, 3, &window).is_none() && field(&all, 4, &window).is_some());
        assert_eq!(all.start, Some(1));
        assert_eq!(all.strength, (1.0 / 0.98) as f32);
    }

    #[test]
    fn a_solid_box_for_a_network_of_flat_ones_is_its_middle_slice() {
        let bounds = VoxelBox::new([10, 20, 3], [50, 40, 12]);
        let prompts = [Prompt::positive(Shape::Box { bounds })];
        let size = [64, 64, 16];
        let ink = |patch, contract: &Contract| {
            let encoded = Encoded::new(&prompts, size, patch, contract).unwrap();
            (encoded.stamps[0].bounds, encoded.asked[0].focus.zoom)
        };
        let usual = Contract::usual();
        let middle = VoxelBox::new([10, 20, 7], [50, 40, 8]);
        assert_eq!(ink([32, 32, 16], &usual), (middle, (40.0 + 10.0) / 32.0));
        assert_eq!(ink([32, 32, 1], &usual).0, bounds);
        assert_eq!(ink([32, 32, 16], &Contract { box_3d: usual.box_2d, ..usual.clone() }).0, bounds);
    }
}
