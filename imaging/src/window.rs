//! From values to grey: window centre and width, presets, and a sensible start where the file names none.

use crate::volume::Volume;
use crate::with_samples;
use serde::{Deserialize, Serialize};

/// A linear window in value units. `width` is positive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    pub centre: f64,
    pub width: f64,
}

impl Window {
    #[must_use]
    pub const fn new(width: f64, centre: f64) -> Self {
        Self { centre, width }
    }

    #[must_use]
    pub fn from_range(low: f64, high: f64) -> Self {
        Self { centre: f64::midpoint(low, high), width: (high - low).max(f64::MIN_POSITIVE) }
    }

    #[must_use]
    pub fn low(&self) -> f64 {
        self.centre - self.width / 2.0
    }

    #[must_use]
    pub fn high(&self) -> f64 {
        self.centre + self.width / 2.0
    }

    /// Grey from 0 to 1; what is not a number is black.
    #[must_use]
    pub fn grey(&self, value: f64) -> f64 {
        let grey = (value - self.low()) / self.width;
        if grey.is_nan() { 0.0 } else { grey.clamp(0.0, 1.0) }
    }

    /// A preset by name, or "WIDTH,LEVEL".
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(preset) = CT_PRESETS.iter().find(|p| p.name.eq_ignore_ascii_case(text)) {
            return Some(preset.window);
        }
        let (width, level) = text.split_once(',')?;
        let (width, centre): (f64, f64) = (width.trim().parse().ok()?, level.trim().parse().ok()?);
        (width.is_finite() && width > 0.0 && centre.is_finite()).then_some(Self { centre, width })
    }
}

pub struct Preset {
    pub name: &'static str,
    pub window: Window,
}

/// CT presets with OHIF's values (PEERS 4): no two tools agree, so this is a table a user may edit later.
pub const CT_PRESETS: &[Preset] = &[
    Preset { name: "soft", window: Window::new(400.0, 40.0) },
    Preset { name: "lung", window: Window::new(1500.0, -600.0) },
    Preset { name: "liver", window: Window::new(150.0, 90.0) },
    Preset { name: "bone", window: Window::new(2500.0, 480.0) },
    Preset { name: "brain", window: Window::new(80.0, 40.0) },
];

/// The window from one quantile of the values to another, judged on at most about a million samples.
#[must_use]
#[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
pub fn from_percentiles(volume: &Volume, low: f64, high: f64) -> Window {
    if volume.is_colour() {
        return Window::from_range(0.0, 255.0);
    }
    let stride = (volume.samples().len() / 1_000_000).max(1);
    let mut values: Vec<f64> = with_samples!(volume.samples(), v => {
        v.iter().step_by(stride).map(|&x| x as f64).filter(|x| x.is_finite()).collect()
    });
    if values.is_empty() {
        return Window::from_range(0.0, 1.0);
    }
    values.sort_unstable_by(f64::total_cmp);
    let at = |q: f64| volume.value_map.value(values[((values.len() - 1) as f64 * q).round() as usize]);
    let (a, b) = (at(low), at(high));
    if a == b {
        // Sparse pictures (a label map, a mask) have one value almost everywhere: show their whole range.
        let (first, last) = (at(0.0), at(1.0));
        return Window::from_range(first.min(last), first.max(last).max(first.min(last) + 1.0));
    }
    Window::from_range(a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_and_pairs_parse() {
        assert_eq!(Window::parse("Lung"), Some(Window::new(1500.0, -600.0)));
        assert_eq!(Window::parse("350, 40"), Some(Window::new(350.0, 40.0)));
        for bad in ["", "bone,", "0,40", "-5,1", "nan,1", "1,inf"] {
            assert_eq!(Window::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn grey_is_linear_between_the_ends() {
        let w = Window::new(400.0, 40.0);
        assert_eq!((w.grey(-160.0), w.grey(40.0), w.grey(240.0)), (0.0, 0.5, 1.0));
        assert_eq!(w.grey(f64::NAN), 0.0);
    }
}
