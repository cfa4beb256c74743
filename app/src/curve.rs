//! The grey curve a file proposes in place of a window (VOI LUT), as a window and a map of greys over it: what is drawn
//! while the window is the curve's own. Whoever drags the window leaves the curve.

use limner_imaging::{Volume, Window, window};

pub const ENTRIES: usize = 256;

#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The part of the values over which the grey changes.
    pub window: Window,
    /// Grey from black to white, from the window's low end to its high end.
    pub greys: [u8; ENTRIES],
}

impl Curve {
    /// `None` where the file has none, or one that is flat.
    pub fn of(volume: &Volume) -> Option<Self> {
        let curve = volume.extras.grey_curves.first()?;
        let (first, last) = (curve.range().low(), curve.range().high());
        let count = (last - first).max(0.0) as usize;
        let at = |n: usize| first + n as f64;
        let (low_grey, high_grey) = (curve.grey(first), curve.grey(last));
        let low = (0..=count).find(|&n| curve.grey(at(n)) != low_grey)?.saturating_sub(1);
        let high = (0..=count).rev().find(|&n| curve.grey(at(n)) != high_grey).map_or(count, |n| (n + 1).min(count));
        let window = Window::from_range(at(low), at(high));
        let value = |n: usize| at(low) + (at(high) - at(low)) * n as f64 / (ENTRIES - 1) as f64;
        let greys = std::array::from_fn(|n| (curve.grey(value(n)).clamp(0.0, 1.0) * 255.0).round() as u8);
        Some(Self { window, greys })
    }

    pub fn entries(&self, inverted: bool) -> [[u8; 3]; ENTRIES] {
        self.greys.map(|grey| [if inverted { 255 - grey } else { grey }; 3])
    }
}

/// The window a picture is first shown in: its file's, its file's curve, or one that fits its values.
pub fn stored_window(volume: &Volume) -> Window {
    match Curve::of(volume).filter(|_| volume.windows.is_empty()) {
        Some(curve) => curve.window,
        // A CT that was saved without its rescale has no Hounsfield units, so that the window for them shows nothing.
        None if volume.windows.is_empty() && volume.looks_like_ct() && volume.value_map.unit.is_none() => {
            let own = window::from_percentiles(volume, 0.01, 0.995);
            if own.low() < 0.0 { volume.default_window() } else { own }
        }
        None => volume.default_window(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::extras::GreyCurve;
    use limner_imaging::{Geometry, Samples, World};

    #[test]
    fn a_curve_is_kept_where_it_changes_however_long_it_is() {
        let geometry = Geometry::axis_aligned([2, 2, 1], World::default(), [1.0; 3]).unwrap();
        let mut volume = Volume::new(geometry, Samples::I16(vec![0; 4]), 1).unwrap();
        assert!(Curve::of(&volume).is_none());
        // Flat for 1000 values, then a bent rise over 200, then flat for 3000.
        let grey = |n: usize| (n.saturating_sub(1000) as f32 / 200.0).min(1.0).powi(2);
        volume.extras.grey_curves = vec![GreyCurve::new(-500.0, (0..4200).map(grey).collect()).unwrap()];
        let curve = Curve::of(&volume).unwrap();
        assert_eq!((curve.window.low(), curve.window.high()), (500.0, 700.0));
        assert_eq!((curve.greys[0], curve.greys[255]), (0, 255));
        let middle = f64::from(curve.greys[128]) / 255.0;
        assert!((middle - 0.25).abs() < 0.01, "bent: {middle}");
        assert_eq!(curve.entries(true)[0], [255; 3]);
        assert_eq!(stored_window(&volume), curve.window);
        volume.windows = vec![Window::new(400.0, 40.0)];
        assert_eq!(stored_window(&volume), volume.windows[0], "a file's window comes before its curve");
    }
}
