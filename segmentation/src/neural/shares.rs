//! How sure the network is of each voxel it has seen: one byte, at least 128 where the voxel belongs.

use super::window::Window;
use crate::engine::Prediction;
use limner_imaging::{Mask, VoxelBox};

/// What belongs has at least this much.
pub const HALF: u8 = 128;

/// A box of the world with a share for each voxel, columns fastest; nothing belongs outside.
#[derive(Clone, Debug)]
pub struct Shares {
    pub window: Window,
    pub values: Vec<u8>,
}

impl Shares {
    pub fn nothing() -> Self {
        Self { window: Window { min: [0; 3], size: [0; 3] }, values: Vec::new() }
    }

    pub fn empty(window: Window) -> Self {
        Self { window, values: vec![0; window.len()] }
    }

    pub fn of_mask(mask: &Mask) -> Self {
        let values = mask.voxels().iter().map(|&inside| if inside { u8::MAX } else { 0 }).collect();
        Self { window: Window::of(&mask.bounds()), values }
    }

    /// Of an earlier answer, whose mask has the last word.
    pub fn of_prediction(prediction: &Prediction) -> Self {
        let mut shares = Self::of_mask(&prediction.mask);
        if let Some(probability) = &prediction.probability {
            for (value, &probability) in shares.values.iter_mut().zip(probability) {
                *value = if *value >= HALF { probability.max(HALF) } else { probability.min(HALF - 1) };
            }
        }
        shares
    }

    /// Puts what another holds in the place of what is here, as far as this window goes.
    pub fn paste(&mut self, other: &Self) {
        let values = &mut self.values;
        self.window.shared_rows(&other.window, |to, from, length| {
            values[to..to + length].copy_from_slice(&other.values[from..from + length]);
        });
    }

    /// The same, widened so that nothing of a box is lost.
    pub fn grown(self, bounds: &VoxelBox) -> Self {
        if bounds.is_empty() {
            return self;
        }
        let added = Window::of(bounds);
        let window = if self.values.is_empty() { added } else { self.window.union(&added) };
        if window == self.window {
            return self;
        }
        let mut wider = Self::empty(window);
        wider.paste(&self);
        wider
    }

    /// The part within a window.
    pub fn cut(&self, window: Window) -> Self {
        let mut part = Self::empty(window);
        part.paste(self);
        part
    }

    /// The part of a window that can hold anything, in its own voxels, and which voxels of it belong.
    pub fn part(&self, window: &Window) -> Option<(VoxelBox, Vec<bool>)> {
        let shared = window.shared(&self.window)?;
        let min = std::array::from_fn(|a| (shared.min[a] - window.min[a]) as usize);
        let max = std::array::from_fn(|a| min[a] + shared.size[a]);
        Some((VoxelBox { min, max }, self.inside(&shared)))
    }

    /// Whether each voxel of a window belongs.
    pub fn inside(&self, window: &Window) -> Vec<bool> {
        let mut inside = vec![false; window.len()];
        window.shared_rows(&self.window, |to, from, length| {
            for (inside, &value) in inside[to..to + length].iter_mut().zip(&self.values[from..from + length]) {
                *inside = value >= HALF;
            }
        });
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_in_and_comes_out_where_it_lay() {
        let bounds = VoxelBox::new([2, 3, 4], [5, 6, 7]);
        let mask = Mask::from_fn(bounds, |[i, j, k]| (i + j + k) % 2 == 0);
        let shares = Shares::of_mask(&mask).grown(&VoxelBox::new([0, 5, 5], [3, 9, 6]));
        assert_eq!((shares.window.min, shares.window.size), ([0, 3, 4], [5, 6, 3]));
        let window = Window { min: [-1, 2, 4], size: [6, 4, 2] };
        let wanted: Vec<bool> = (0..48_i64)
            .map(|n| [n % 6 - 1, n / 6 % 4 + 2, n / 24 + 4])
            .map(|at| at.iter().all(|&x| x >= 0) && mask.get(at.map(|x| x as usize)))
            .collect();
        assert_eq!(shares.inside(&window), wanted);
        assert_eq!(shares.cut(window).inside(&window), wanted);
    }

    #[test]
    fn the_mask_of_an_answer_outweighs_its_probability() {
        let mask = Mask::from_voxels(VoxelBox::whole([3, 1, 1]), vec![true, false, true]).unwrap();
        let probability = Some(vec![10, 250, 200]);
        let answer = Prediction { mask, probability, changed: VoxelBox::default(), seconds: 0.0 };
        assert_eq!(Shares::of_prediction(&answer).values, [128, 127, 200]);
    }
}
