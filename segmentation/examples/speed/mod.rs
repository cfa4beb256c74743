//! What the programs that time a network share: the folder they are given, and numbers to feed it.

use limner_segmentation::network::{Plan, Weights};
use std::path::Path;

/// A folder as `segmentation/bench/network_folder.py` writes it.
pub fn opened(folder: &Path) -> Result<(Plan, Weights), Box<dyn std::error::Error>> {
    let path = folder.join("plans.json");
    let plan = Plan::parse(&std::fs::read_to_string(&path)?, &path, None, 8, 2)?;
    Ok((plan, Weights::read(&folder.join("weights.safetensors"))?))
}

/// Eight channels of numbers between -1 and 1, the same every time.
pub fn input(size: [usize; 3]) -> Vec<f32> {
    let mut state = 1_u32;
    (0..8 * size.iter().product::<usize>())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}
