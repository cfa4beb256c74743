//! What a file says besides its samples: grey curves, drawings laid over the pixels, calibrated regions, uptake.

use crate::mask::Mask;
use crate::window::Window;
use std::sync::Arc;

/// All of it, for whoever shows or measures. Empty for most pictures.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// Instead of a window; the first is the default.
    pub grey_curves: Vec<GreyCurve>,
    /// In the order of the slices they lie on.
    pub overlays: Vec<Overlay>,
    /// Parts of a picture with a scale of their own (ultrasound), in columns and rows.
    pub regions: Vec<Region>,
    /// What a value in Bq/ml is multiplied by to give the standardised uptake by body weight, in g/ml.
    pub suv_factor: Option<f64>,
}

/// From values to grey by a table (VOI LUT).
#[derive(Clone, Debug, PartialEq)]
pub struct GreyCurve {
    /// The value the first entry belongs to; each further entry belongs to the next whole value.
    pub first: f64,
    /// Grey from 0 to 1, at least one entry.
    table: Arc<[f32]>,
}

impl GreyCurve {
    /// `None` for a table without entries.
    #[must_use]
    pub fn new(first: f64, table: Vec<f32>) -> Option<Self> {
        (!table.is_empty() && first.is_finite()).then(|| Self { first, table: table.into() })
    }

    /// Values beside the table take its ends; what is not a number is black.
    #[must_use]
    pub fn grey(&self, value: f64) -> f32 {
        if value.is_nan() {
            return 0.0;
        }
        let at = (value - self.first).round().clamp(0.0, (self.table.len() - 1) as f64);
        self.table[at as usize]
    }

    /// The range of values the table spans, for interfaces that only know windows.
    #[must_use]
    pub fn range(&self) -> Window {
        Window::from_range(self.first, self.first + (self.table.len() - 1) as f64)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayKind {
    /// Lines, arrows, text.
    Graphics,
    RegionOfInterest,
}

/// A plane of single bits a file lays over one slice.
#[derive(Clone, Debug)]
pub struct Overlay {
    pub kind: OverlayKind,
    /// Flat: one slice thick, cut to the picture.
    pub mask: Mask,
}

/// A calibrated part of a picture. Columns and rows are half-open.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    pub columns: [usize; 2],
    pub rows: [usize; 2],
    pub kind: RegionKind,
    /// One step right and one step down.
    pub step: [Scale; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    Tissue,
    ColourFlow,
    MMode,
    Spectrum,
    Other,
}

/// A physical step per pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    Millimetres(f64),
    Milliseconds(f64),
    CentimetresPerSecond(f64),
    Unknown,
}

impl Extras {
    /// The region a pixel lies in; of several the last, which is drawn on top.
    #[must_use]
    pub fn region_at(&self, column: usize, row: usize) -> Option<&Region> {
        let inside = |range: [usize; 2], x: usize| (range[0]..range[1]).contains(&x);
        self.regions.iter().rev().find(|r| inside(r.columns, column) && inside(r.rows, row))
    }

    /// What holds for one slice alone, its overlays now lying on slice 0.
    #[must_use]
    pub fn of_slice(&self, k: usize) -> Self {
        let on_slice = |o: &&Overlay| o.mask.bounds().min[2] == k;
        let moved = |o: &Overlay| Overlay { kind: o.kind, mask: o.mask.on_slice(0) };
        Self { overlays: self.overlays.iter().filter(on_slice).map(moved).collect(), ..self.clone_without_overlays() }
    }

    fn clone_without_overlays(&self) -> Self {
        Self {
            grey_curves: self.grey_curves.clone(),
            overlays: Vec::new(),
            regions: self.regions.clone(),
            suv_factor: self.suv_factor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_holds_its_ends() {
        let curve = GreyCurve::new(-2.0, vec![0.0, 0.25, 1.0]).unwrap();
        assert_eq!(
            [-9.0, -2.0, -1.4, -0.6, 0.0, 7.0, f64::NAN].map(|v| curve.grey(v)),
            [0.0, 0.0, 0.25, 0.25, 1.0, 1.0, 0.0]
        );
        assert_eq!((curve.range().low(), curve.range().high()), (-2.0, 0.0));
        assert!(GreyCurve::new(0.0, Vec::new()).is_none());
    }

    #[test]
    fn the_region_on_top_counts() {
        let region = |columns, kind| Region { columns, rows: [0, 10], kind, step: [Scale::Millimetres(0.2); 2] };
        let regions = vec![region([0, 10], RegionKind::Tissue), region([5, 8], RegionKind::ColourFlow)];
        let extras = Extras { regions, ..Extras::default() };
        assert_eq!(extras.region_at(6, 3).unwrap().kind, RegionKind::ColourFlow);
        assert_eq!(extras.region_at(9, 3).unwrap().kind, RegionKind::Tissue);
        assert!(extras.region_at(10, 3).is_none());
    }
}
