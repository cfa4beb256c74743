//! A mask as run lengths, for provenance: a box and how many voxels in turn are out, in, out, ...

use limner_imaging::{Mask, VoxelBox};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a stored mask may unpack to: a file must not be able to ask for all memory.
const MOST_VOXELS: usize = 1 << 31;

#[derive(Serialize, Deserialize)]
struct Packed {
    bounds: VoxelBox,
    runs: Vec<usize>,
}

pub fn serialize<S: Serializer>(mask: &Mask, serializer: S) -> Result<S::Ok, S::Error> {
    let mut runs = Vec::new();
    let (mut inside, mut length) = (false, 0);
    for &voxel in mask.voxels() {
        if voxel != inside {
            runs.push(length);
            (inside, length) = (voxel, 0);
        }
        length += 1;
    }
    runs.push(length);
    Packed { bounds: mask.bounds(), runs }.serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mask, D::Error> {
    let Packed { bounds, runs } = Packed::deserialize(deserializer)?;
    let size = bounds.size();
    let len = size[0].checked_mul(size[1]).and_then(|n| n.checked_mul(size[2])).filter(|&n| n <= MOST_VOXELS);
    let total = runs.iter().try_fold(0_usize, |sum, &run| sum.checked_add(run));
    if len.is_none() || total != len {
        return Err(D::Error::custom("the runs of the mask do not fill its box"));
    }
    let mut voxels = Vec::with_capacity(bounds.len());
    for (n, &run) in runs.iter().enumerate() {
        voxels.extend(std::iter::repeat_n(n % 2 == 1, run));
    }
    Mask::from_voxels(bounds, voxels).ok_or_else(|| D::Error::custom("the runs of the mask do not fill its box"))
}
