//! Axes: numbers to shares of their length, ticks at round numbers.

#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A name cut to fit, its middle left out: beginnings and ends tell names apart.
#[must_use]
pub fn shortened(text: &str, letters: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= letters {
        return text.to_owned();
    }
    let half = (letters - 1) / 2;
    let (start, end) = (&all[..letters - 1 - half], &all[all.len() - half..]);
    start.iter().chain(&['…']).chain(end).collect()
}

/// A range of numbers with its title and ticks.
#[derive(Clone, Debug)]
pub struct Axis {
    pub title: String,
    pub low: f64,
    pub high: f64,
    ticks: Vec<f64>,
}

impl Axis {
    /// Around all values, out to the next round number; within `limits` where there are some.
    #[must_use]
    pub fn around(title: &str, values: impl Iterator<Item = f64>, limits: Option<[f64; 2]>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            [low, high] = limits.filter(|[_, most]| *most < 1e12).unwrap_or([0.0, 1.0]);
        }
        if high - low < 1e-9 {
            (low, high) = (low - 0.05, high + 0.05);
        }
        let step = round_step((high - low) / 5.0);
        (low, high) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        if let Some([least, most]) = limits {
            (low, high) = (low.max(least), high.min(most));
        }
        Self::fixed(title, low, high)
    }

    #[must_use]
    pub fn fixed(title: &str, low: f64, high: f64) -> Self {
        let step = round_step((high - low) / 5.0);
        let first = (low / step - 1e-9).ceil();
        let ticks = (0..12).map(|n| (first + f64::from(n)) * step).take_while(|t| *t <= high + step * 1e-6).collect();
        Self { title: title.to_owned(), low, high, ticks }
    }

    /// The same range without its title, which stands elsewhere.
    #[must_use]
    pub fn untitled(&self) -> Self {
        Self { title: String::new(), ..self.clone() }
    }

    pub(super) fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    pub(super) fn ticks(&self) -> &[f64] {
        &self.ticks
    }

    /// From tick to tick.
    pub(super) fn step(&self) -> f64 {
        self.ticks.get(1).map_or(self.high - self.low, |tick| tick - self.ticks[0])
    }
}

/// 1, 2 or 5 times a power of ten.
fn round_step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.max(1e-12).log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= wanted * 0.999);
    times.unwrap_or(10.0) * power
}

/// As few places as the steps need.
#[must_use]
pub fn tick_text(value: f64, step: f64) -> String {
    let places = (-step.abs().max(1e-9).log10().floor()).clamp(0.0, 6.0) as usize;
    let value = if value.abs() < step.abs() * 1e-6 { 0.0 } else { value };
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers_and_within_their_limits() {
        let axis = Axis::around("", [0.513, 0.987].into_iter(), Some([0.0, 1.0]));
        assert_eq!((axis.low, axis.high), (0.5, 1.0));
        assert_eq!(
            axis.ticks.iter().map(|t| tick_text(*t, 0.1)).collect::<Vec<_>>(),
            ["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]
        );
        let none = Axis::around("", std::iter::empty(), None);
        assert!(none.low < none.high);
        let same = Axis::around("", [3.0, 3.0].into_iter(), None);
        assert!(same.low < 3.0 && same.high > 3.0);
        assert_eq!((round_step(0.03), round_step(7.0), round_step(100.0)), (0.05, 10.0, 100.0));
        assert_eq!(shortened("a_very_long_model_name", 11), "a_ver…_name");
    }
}
