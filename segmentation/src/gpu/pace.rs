//! How much is submitted at once: as much as the adapter does while nobody would notice.

use std::time::Duration;

/// A window that draws sixty times a second waits no longer than this for a submission, and two are on their way.
pub const BUDGET: Duration = Duration::from_millis(4);

/// Products a second to begin with, until something has been measured.
const OF_A_PROCESSOR: f64 = 5e9;
const OF_AN_ADAPTER: f64 = 1e11;

/// No dispatch is cut smaller than this.
const LEAST: f64 = 5e6;

/// What an adapter has been seen to do.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    products_a_second: f64,
    /// The longest submission so far.
    longest: Duration,
}

impl Pace {
    pub const fn new(kind: wgpu::DeviceType) -> Self {
        let products_a_second = if matches!(kind, wgpu::DeviceType::Cpu) { OF_A_PROCESSOR } else { OF_AN_ADAPTER };
        Self { products_a_second, longest: Duration::ZERO }
    }

    /// Products that fit into the budget.
    pub fn products(&self) -> f64 {
        (self.products_a_second * BUDGET.as_secs_f64()).max(LEAST)
    }

    /// What was submitted took so long. One surprise does not change much.
    pub fn saw(&mut self, products: f64, took: Duration) {
        self.longest = self.longest.max(took);
        let seen = products / took.as_secs_f64().max(1e-6);
        let known = self.products_a_second;
        self.products_a_second = known + (seen.clamp(known / 4.0, known * 4.0) - known) / 4.0;
    }

    pub const fn longest(&self) -> Duration {
        self.longest
    }

    pub const fn forget_longest(&mut self) {
        self.longest = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submissions_come_to_last_as_long_as_they_may() {
        for (kind, truth) in [(wgpu::DeviceType::DiscreteGpu, 8e12), (wgpu::DeviceType::IntegratedGpu, 2e10)] {
            let mut pace = Pace::new(kind);
            for _ in 0..60 {
                let products = pace.products();
                pace.saw(products, Duration::from_secs_f64(products / truth));
            }
            assert!((pace.products() / truth / BUDGET.as_secs_f64() - 1.0).abs() < 0.05, "{pace:?}");
        }
    }
}
