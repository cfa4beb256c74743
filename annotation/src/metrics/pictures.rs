//! Two pictures of the same thing, voxel by voxel, within a mask: what reconstruction and translation are scored by.

use crate::error::{Error, Result};
use limner_imaging::{Mask, Volume, VoxelBox};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureScores {
    pub mae: f64,
    /// In decibels; `None` where the pictures are equal.
    pub psnr: Option<f64>,
    /// Over the voxels whose window lies within the picture; `None` where there are none.
    pub ssim: Option<f64>,
}

/// Sides of the window structure is compared in.
const WINDOW: usize = 7;

/// `range` is from the darkest to the brightest value the pictures may have. Without a mask all voxels count.
pub fn picture_scores(reference: &Volume, other: &Volume, mask: Option<&Mask>, range: f64) -> Result<PictureScores> {
    if !reference.geometry.matches(&other.geometry, 1e-2) || reference.channels() != 1 || other.channels() != 1 {
        return Err(Error::refused("two grey pictures on one grid are needed"));
    }
    if !(range > 0.0 && range.is_finite()) {
        return Err(Error::refused("the range of values must be more than 0"));
    }
    let size = reference.size();
    let values =
        |v: &Volume| (0..v.samples().len()).map(|n| v.value_map.value(v.samples().get(n))).collect::<Vec<f64>>();
    let (a, b) = rayon::join(|| values(reference), || values(other));
    let whole = VoxelBox::whole(size);
    let all;
    let mask = match mask {
        Some(mask) => mask,
        None => {
            all = Mask::from_fn(whole, |_| true);
            &all
        }
    };
    let at = |index: [usize; 3]| reference.geometry.linear_index(index);
    let inside: Vec<usize> = mask.indices().filter(|index| whole.contains(*index)).map(at).collect();
    if inside.is_empty() {
        return Err(Error::refused("the mask is empty"));
    }
    let n = inside.len() as f64;
    let mae = inside.iter().map(|&n| (a[n] - b[n]).abs()).sum::<f64>() / n;
    let mse = inside.iter().map(|&n| (a[n] - b[n]).powi(2)).sum::<f64>() / n;
    let psnr = (mse > 0.0).then(|| 10.0 * (range * range / mse).log10());
    Ok(PictureScores { mae, psnr, ssim: ssim(&a, &b, size, mask, range) })
}

/// Structural similarity (Wang 2004) in windows of 7 a side with sample covariances, in slices where there are fewer than
/// seven of them.
fn ssim(a: &[f64], b: &[f64], size: [usize; 3], mask: &Mask, range: f64) -> Option<f64> {
    let sides: [usize; 3] = std::array::from_fn(|axis| if axis < 2 || size[2] >= WINDOW { WINDOW } else { 1 });
    if size[0] < WINDOW || size[1] < WINDOW {
        return None;
    }
    let products = |f: &(dyn Fn(f64, f64) -> f64 + Sync)| {
        let mut out: Vec<f64> = a.par_iter().zip(b).map(|(a, b)| f(*a, *b)).collect();
        window_sums(&mut out, size, sides);
        out
    };
    let all = [
        products(&|a, _| a),
        products(&|_, b| b),
        products(&|a, _| a * a),
        products(&|_, b| b * b),
        products(&|a, b| a * b),
    ];
    let count = sides.iter().product::<usize>() as f64;
    let (c1, c2) = ((0.01 * range).powi(2), (0.03 * range).powi(2));
    let one = |n: usize| {
        let [x, y, xx, yy, xy] = [0, 1, 2, 3, 4].map(|m: usize| all[m][n] / count);
        let sample = count / (count - 1.0);
        let (vx, vy, vxy) = (sample * (xx - x * x), sample * (yy - y * y), sample * (xy - x * y));
        ((2.0 * x * y + c1) * (2.0 * vxy + c2)) / ((x * x + y * y + c1) * (vx + vy + c2))
    };
    let half = sides.map(|side| side / 2);
    let fits = |index: &[usize; 3]| (0..3).all(|a| index[a] >= half[a] && index[a] + half[a] < size[a]);
    let (mut sum, mut found) = (0.0, 0_usize);
    for [i, j, k] in mask.indices().filter(fits) {
        sum += one((k * size[1] + j) * size[0] + i);
        found += 1;
    }
    super::share(sum, found as f64)
}

/// Sums over windows around each voxel, one axis after the other; only whole windows are right.
fn window_sums(values: &mut [f64], size: [usize; 3], sides: [usize; 3]) {
    let steps = [1, size[0], size[0] * size[1]];
    for axis in (0..3).filter(|axis| sides[*axis] > 1) {
        let (step, length, half) = (steps[axis], size[axis], sides[axis] / 2);
        // Everything that shares the axes above.
        values.par_chunks_mut(step * length).for_each(|block| {
            let mut line = vec![0.0; length];
            for start in 0..step {
                (0..length).for_each(|n| line[n] = block[start + n * step]);
                for n in half..length - half {
                    block[start + n * step] = line[n - half..=n + half].iter().sum();
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, World};

    #[test]
    fn equal_pictures_are_alike_and_shifted_grey_is_not() {
        let geometry = Geometry::axis_aligned([12, 11, 9], World::default(), [1.0; 3]).unwrap();
        let values: Vec<f32> = (0..geometry.voxel_count()).map(|n| (n * 37 % 101) as f32).collect();
        let brighter: Vec<f32> = values.iter().map(|v| v + 5.0).collect();
        let [a, b] = [values, brighter].map(|v| Volume::new(geometry, Samples::F32(v), 1).unwrap());
        let same = picture_scores(&a, &a, None, 100.0).unwrap();
        assert_eq!((same.mae, same.psnr), (0.0, None));
        assert!((same.ssim.unwrap() - 1.0).abs() < 1e-12);
        let off = picture_scores(&a, &b, None, 100.0).unwrap();
        assert!((off.mae - 5.0).abs() < 1e-9 && off.ssim.unwrap() < 1.0);
        assert!((off.psnr.unwrap() - 10.0 * 400.0_f64.log10()).abs() < 1e-9);
        assert!(picture_scores(&a, &b, Some(&Mask::empty(VoxelBox::default())), 100.0).is_err());
        assert!(picture_scores(&a, &b, None, 0.0).is_err());
    }
}
