//! From values to colour and opacity in 3D: corner points a user can move, presets to start from, a table for the GPU.

use crate::context::{CountedTexture, GpuContext};
use limner_imaging::Window;
use serde::{Deserialize, Serialize};

const ENTRIES: u32 = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferPoint {
    pub value: f64,
    pub colour: [u8; 3],
    /// What one millimetre of this value hides of what lies behind it, from 0 to 1.
    pub opacity_per_mm: f32,
}

/// Straight lines between points in rising order of value; the first and last go on outwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<TransferPoint>", into = "Vec<TransferPoint>")]
pub struct TransferFunction {
    points: Vec<TransferPoint>,
}

impl From<Vec<TransferPoint>> for TransferFunction {
    fn from(points: Vec<TransferPoint>) -> Self {
        Self::new(points)
    }
}

impl From<TransferFunction> for Vec<TransferPoint> {
    fn from(function: TransferFunction) -> Self {
        function.points
    }
}

impl TransferFunction {
    /// Sorts the points; those whose value is no number are dropped.
    #[must_use]
    pub fn new(mut points: Vec<TransferPoint>) -> Self {
        points.retain(|point| point.value.is_finite());
        points.sort_by(|a, b| a.value.total_cmp(&b.value));
        Self { points }
    }

    #[must_use]
    pub fn points(&self) -> &[TransferPoint] {
        &self.points
    }

    /// With one point more.
    #[must_use]
    pub fn with(&self, point: TransferPoint) -> Self {
        Self::new(self.points.iter().copied().chain([point]).collect())
    }

    /// Without a point. The last one stays: a function of none shows nothing and cannot be taken hold of.
    #[must_use]
    pub fn without(&self, index: usize) -> Self {
        let mut points = self.points.clone();
        if points.len() > 1 && index < points.len() {
            points.remove(index);
        }
        Self { points }
    }

    /// With a point elsewhere; it stays between its neighbours.
    #[must_use]
    pub fn moved(&self, index: usize, value: f64, opacity_per_mm: f32) -> Self {
        let mut points = self.points.clone();
        let low = index.checked_sub(1).and_then(|n| points.get(n)).map_or(f64::NEG_INFINITY, |point| point.value);
        let high = points.get(index + 1).map_or(f64::INFINITY, |point| point.value);
        if let Some(point) = points.get_mut(index)
            && value.is_finite()
        {
            point.value = value.clamp(low, high);
            point.opacity_per_mm = opacity_per_mm.clamp(0.0, 1.0);
        }
        Self { points }
    }

    /// With a point in another colour.
    #[must_use]
    pub fn coloured(&self, index: usize, colour: [u8; 3]) -> Self {
        let mut points = self.points.clone();
        if let Some(point) = points.get_mut(index) {
            point.colour = colour;
        }
        Self { points }
    }

    /// All of it towards higher (or lower) values: one drag finds the threshold of another scanner.
    #[must_use]
    pub fn shifted(&self, by: f64) -> Self {
        Self::new(self.points.iter().map(|point| TransferPoint { value: point.value + by, ..*point }).collect())
    }

    /// Thinner below 1, thicker above.
    #[must_use]
    pub fn with_opacity(&self, factor: f32) -> Self {
        let opacity = |of: f32| (of * factor.max(0.0)).clamp(0.0, 1.0);
        let points = self.points.iter().map(|p| TransferPoint { opacity_per_mm: opacity(p.opacity_per_mm), ..*p });
        Self { points: points.collect() }
    }

    /// Colour from 0 to 1 and opacity per mm at a value. Without points everything is clear.
    #[must_use]
    pub fn at(&self, value: f64) -> [f32; 4] {
        let above = self.points.partition_point(|point| point.value < value);
        let Some(end) = self.points.get(above).or(self.points.last()) else { return [0.0; 4] };
        let start = if above == 0 { end } else { &self.points[above - 1] };
        let span = end.value - start.value;
        let f = if span > 0.0 { ((value - start.value) / span).clamp(0.0, 1.0) as f32 } else { 1.0 };
        let mix = |a: f32, b: f32| a + (b - a) * f;
        let colour = |c: usize| mix(f32::from(start.colour[c]), f32::from(end.colour[c])) / 255.0;
        [colour(0), colour(1), colour(2), mix(start.opacity_per_mm, end.opacity_per_mm).clamp(0.0, 1.0)]
    }

    /// True where nothing from `low` to `high` can be seen.
    #[must_use]
    pub fn is_clear(&self, low: f64, high: f64) -> bool {
        let inner = self.points.iter().filter(|point| (low..=high).contains(&point.value));
        self.at(low)[3] == 0.0 && self.at(high)[3] == 0.0 && inner.into_iter().all(|point| point.opacity_per_mm <= 0.0)
    }

    /// The values between which the function changes.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let low = self.points.first().map_or(0.0, |point| point.value);
        let high = self.points.last().map_or(1.0, |point| point.value);
        (low, high.max(low + 1e-9 + low.abs() * 1e-9))
    }
}

/// A transfer function to start from.
pub struct TransferPreset {
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// Values are parts of the window and not of the picture's unit.
    is_of_window: bool,
    points: &'static [(f64, [u8; 3], f32)],
}

/// The presets of the list. A new one is one entry here.
pub const TRANSFER_PRESETS: &[TransferPreset] = &[
    TransferPreset {
        name: "ct-bone",
        title: "CT bone",
        is_of_window: false,
        points: &[
            (140.0, [140, 70, 50], 0.0),
            (280.0, [230, 180, 130], 0.12),
            (600.0, [250, 238, 212], 0.5),
            (1500.0, [255, 255, 255], 0.9),
        ],
    },
    TransferPreset {
        name: "ct-soft",
        title: "CT soft tissue",
        is_of_window: false,
        points: &[
            (-120.0, [190, 110, 80], 0.0),
            (-20.0, [205, 125, 95], 0.05),
            (60.0, [220, 130, 110], 0.2),
            (160.0, [240, 190, 160], 0.3),
            (400.0, [255, 246, 230], 0.8),
        ],
    },
    TransferPreset {
        name: "ct-lung",
        title: "CT lung",
        is_of_window: false,
        points: &[
            (-980.0, [70, 100, 180], 0.0),
            (-850.0, [110, 150, 220], 0.008),
            (-600.0, [220, 170, 160], 0.06),
            (-420.0, [230, 190, 170], 0.08),
            (-300.0, [230, 190, 170], 0.0),
        ],
    },
    TransferPreset {
        name: "ct-vessels",
        title: "CT vessels",
        is_of_window: false,
        points: &[
            (110.0, [150, 10, 10], 0.0),
            (180.0, [200, 40, 30], 0.2),
            (320.0, [250, 130, 90], 0.55),
            (700.0, [255, 235, 210], 0.8),
        ],
    },
    TransferPreset {
        name: "mr",
        title: "MR",
        is_of_window: true,
        points: &[
            (0.15, [90, 60, 50], 0.0),
            (0.4, [170, 120, 100], 0.04),
            (0.7, [225, 205, 185], 0.2),
            (1.0, [255, 255, 255], 0.5),
        ],
    },
];

impl TransferPreset {
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TRANSFER_PRESETS.iter().find(|preset| preset.name.eq_ignore_ascii_case(name))
    }

    /// `window` is the picture's: presets for pictures without a unit of their own lie within it.
    #[must_use]
    pub fn function(&self, window: Window) -> TransferFunction {
        let value = |v: f64| if self.is_of_window { window.low() + v * window.width } else { v };
        let points = self.points.iter().map(|&(at, colour, opacity_per_mm)| {
            let value = value(at);
            TransferPoint { value, colour, opacity_per_mm }
        });
        TransferFunction::new(points.collect())
    }
}

/// A transfer function on the GPU: colour, and what is absorbed per mm.
pub struct TransferTable {
    texture: CountedTexture,
    function: TransferFunction,
    entries: Vec<[f32; 4]>,
}

impl TransferTable {
    #[must_use]
    pub fn new(gpu: &GpuContext, function: TransferFunction) -> Self {
        let size = wgpu::Extent3d { width: ENTRIES, height: 1, depth_or_array_layers: 1 };
        let texture = gpu.small_texture(&wgpu::TextureDescriptor {
            label: Some("transfer function"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba32Float,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let (low, high) = function.range();
        let entries: Vec<[f32; 4]> = (0..ENTRIES)
            .map(|n| {
                let [r, g, b, opacity] = function.at(low + (high - low) * f64::from(n) / f64::from(ENTRIES - 1));
                [r, g, b, -(1.0 - opacity.min(0.9999)).ln()]
            })
            .collect();
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(ENTRIES * 16), rows_per_image: None };
        gpu.queue.write_texture(texture.texture.as_image_copy(), bytemuck::cast_slice(&entries), layout, size);
        Self { texture, function, entries }
    }

    #[must_use]
    pub const fn function(&self) -> &TransferFunction {
        &self.function
    }

    pub(crate) const fn view(&self) -> &wgpu::TextureView {
        &self.texture.view
    }

    /// Colour, and what is absorbed per mm, from the function's first point to its last.
    pub(crate) fn entries(&self) -> &[[f32; 4]] {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_points_runs_a_straight_line_and_the_ends_go_on() {
        let point = |value, grey, opacity_per_mm| TransferPoint { value, colour: [grey; 3], opacity_per_mm };
        let function = TransferFunction::new(vec![point(100.0, 255, 0.5), point(0.0, 0, 0.0), point(f64::NAN, 9, 1.0)]);
        assert_eq!(function.points().len(), 2);
        assert_eq!(function.at(50.0), [0.5, 0.5, 0.5, 0.25]);
        assert_eq!(function.at(-1e9)[3], 0.0);
        assert_eq!(function.at(1e9)[3], 0.5);
        assert!(function.is_clear(-10.0, 0.0));
        assert!(!function.is_clear(-10.0, 1.0));
        let peak = TransferFunction::new(vec![point(0.0, 0, 0.0), point(5.0, 0, 1.0), point(10.0, 0, 0.0)]);
        assert!(!peak.is_clear(-5.0, 15.0), "a peak between two clear ends is seen");
        assert_eq!(TransferFunction::new(Vec::new()).at(3.0), [0.0; 4]);
    }

    #[test]
    fn a_function_can_be_edited_point_by_point() {
        let point = |value, opacity_per_mm| TransferPoint { value, colour: [200; 3], opacity_per_mm };
        let function = TransferFunction::new(vec![point(0.0, 0.0), point(100.0, 0.5)]);
        let values = |f: &TransferFunction| f.points().iter().map(|p| p.value).collect::<Vec<_>>();
        let more = function.with(point(40.0, 0.1));
        assert_eq!(values(&more), [0.0, 40.0, 100.0]);
        assert_eq!(values(&more.moved(1, 500.0, 2.0)), [0.0, 100.0, 100.0], "stays between its neighbours");
        assert_eq!(more.moved(1, 50.0, 2.0).points()[1].opacity_per_mm, 1.0);
        assert_eq!(more.moved(9, 50.0, 2.0), more);
        assert_eq!(more.moved(1, f64::NAN, 0.5), more);
        assert_eq!(values(&more.without(0)), [40.0, 100.0]);
        assert_eq!(more.without(0).without(0).without(0).points().len(), 1);
        assert_eq!(values(&function.shifted(-30.0)), [-30.0, 70.0]);
        assert_eq!(function.with_opacity(0.5).points()[1].opacity_per_mm, 0.25);
    }

    #[test]
    fn presets_start_clear_and_are_found_by_name() {
        for preset in TRANSFER_PRESETS {
            let function = preset.function(Window::new(400.0, 40.0));
            assert_eq!(function.at(-1e6)[3], 0.0, "{}", preset.name);
            assert!(!function.is_clear(-1e6, 1e6), "{}", preset.name);
        }
        assert!(TransferPreset::named("CT-Bone").is_some() && TransferPreset::named("x").is_none());
    }
}
