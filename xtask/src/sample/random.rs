//! Random numbers of our own, so that the sample study never changes with a dependency.

use super::maths;

/// Everything in the sample study follows from this number.
pub const SEED: u64 = 20_250_601;

/// SplitMix64: small, and good enough to draw a picture with.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A stream of its own for each purpose: what one part draws never shifts what another sees.
    pub fn stream(purpose: &str, index: u64) -> Self {
        let mut state = SEED ^ index.wrapping_mul(0xd134_2543_de82_ef95);
        for byte in purpose.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut random = Self { state };
        random.bits();
        random
    }

    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }

    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        maths::lerp(low, high, self.unit())
    }

    pub fn below(&mut self, count: usize) -> usize {
        (self.bits() % count.max(1) as u64) as usize
    }

    /// Mean 0, deviation 1. Four uniform numbers added: tails end at 3.5, which no picture shows.
    pub fn normal(&mut self) -> f32 {
        normal_of(self.bits())
    }
}

fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn normal_of(bits: u64) -> f32 {
    let sum: u32 = (0..4).map(|n| (bits >> (16 * n)) as u32 & 0xffff).sum();
    // Four of these have the variance 4/12 in units of 65536.
    (sum as f32 / 65_536.0 - 2.0) * 1.732_050_8
}

/// Random bits that belong to a place on a lattice.
pub fn hash(cell: [i32; 3], seed: u32) -> u32 {
    let mut h = seed.wrapping_mul(0x9e37_79b1);
    for c in cell {
        h = (h ^ c as u32).wrapping_mul(0x85eb_ca6b);
        h ^= h >> 13;
    }
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// A normal number that belongs to a place on a lattice.
pub fn normal_at(cell: [i32; 3], seed: u32) -> f32 {
    let low = u64::from(hash(cell, seed));
    let high = u64::from(hash(cell, seed ^ 0x5bd1_e995));
    normal_of(low | high << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let mut random = Random::stream("test", 0);
        let drawn: Vec<f32> = (0..40_000).map(|_| random.normal()).collect();
        let mean = drawn.iter().sum::<f32>() / drawn.len() as f32;
        let variance = drawn.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / drawn.len() as f32;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }

    #[test]
    fn streams_differ_by_purpose_and_index_and_repeat() {
        let first = |purpose, index| Random::stream(purpose, index).bits();
        assert_eq!(first("a", 1), first("a", 1));
        assert_ne!(first("a", 1), first("a", 2));
        assert_ne!(first("a", 1), first("b", 1));
    }
}
