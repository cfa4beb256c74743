//! NumPy's legacy random numbers (MT19937): judges draw with them, and what they draw decides which voxel is clicked
//! and which patch comes next.

const LENGTH: usize = 624;
const SHIFT: usize = 397;

pub struct Mersenne {
    state: [u32; LENGTH],
    next: usize,
}

impl Mersenne {
    /// As `numpy.random.seed(seed)`.
    pub fn seeded(seed: u32) -> Self {
        let mut state = [seed; LENGTH];
        for n in 1..LENGTH {
            let last = state[n - 1];
            state[n] = (last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(n as u32);
        }
        Self { state, next: LENGTH }
    }

    fn draw(&mut self) -> u32 {
        if self.next == LENGTH {
            for n in 0..LENGTH {
                let both = self.state[n] & 0x8000_0000 | self.state[(n + 1) % LENGTH] & 0x7fff_ffff;
                let odd = if both & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[n] = self.state[(n + SHIFT) % LENGTH] ^ (both >> 1) ^ odd;
            }
            self.next = 0;
        }
        let mut x = self.state[self.next];
        self.next += 1;
        x ^= x >> 11;
        x ^= x << 7 & 0x9d2c_5680;
        x ^= x << 15 & 0xefc6_0000;
        x ^ x >> 18
    }

    /// As `numpy.random.choice(count)`: bits masked to the range, too large ones drawn again.
    pub fn choice(&mut self, count: usize) -> usize {
        let last = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
        if last == 0 {
            return 0;
        }
        let mask = u32::MAX >> last.leading_zeros();
        loop {
            let drawn = self.draw() & mask;
            if drawn <= last {
                return drawn as usize;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_are_numpys() {
        // numpy.random.seed(42); numpy.random.choice(n)
        for (count, chosen) in [(1, 0), (2, 0), (3, 2), (4, 2), (10, 6), (100, 51), (1000, 102)] {
            assert_eq!(Mersenne::seeded(42).choice(count), chosen, "{count}");
        }
        // numpy.random.seed(0); [numpy.random.choice(1000) for _ in range(700)][-1] and the first three.
        let mut random = Mersenne::seeded(0);
        let drawn: Vec<usize> = (0..700).map(|_| random.choice(1000)).collect();
        assert_eq!(drawn[..3], [684, 559, 629]);
        assert_eq!(drawn[699], 185);
    }
}
