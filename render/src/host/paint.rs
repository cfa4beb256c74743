//! From stored samples to pixels: window, inversion, gamma and colour map as one table (tone.wgsl).

use super::Pixel;
use crate::scene::Tone;
use limner_imaging::Volume;

pub(super) struct ToneTable {
    low: f32,
    /// Entries per unit of the stored sample.
    scale: f32,
    /// From the stored sample to a grey that may lie outside 0 to 1.
    grey_per_unit: f32,
    entries: Vec<Pixel>,
    /// Greys after inversion and gamma, beside the entries.
    levels: Vec<f32>,
}

impl ToneTable {
    /// `bias` is what was taken away from the stored samples.
    pub fn new(tone: &Tone<'_>, volume: &Volume, bias: f64) -> Self {
        let map = &volume.value_map;
        let is_bent = tone.gamma != 1.0 && tone.gamma > 0.0;
        // A bent curve is steep at its dark end.
        let count = if is_bent { 1 << 14 } else { 256 };
        let constant = (map.slope == 0.0).then(|| tone.window.grey(map.intercept) as f32);
        let level = |n: usize| {
            let grey = constant.unwrap_or(n as f32 / (count - 1) as f32);
            let grey = if tone.inverted { 1.0 - grey } else { grey };
            if is_bent { grey.powf(1.0 / tone.gamma) } else { grey }
        };
        let levels: Vec<f32> = (0..count).map(level).collect();
        let entries = levels.iter().map(|grey| {
            let level = (grey * 255.0).round() as u8;
            let [r, g, b] = tone.colour_map.map_or([level; 3], |map| map.entry(level));
            [r, g, b, 255]
        });
        let (low, per_unit) = match constant {
            Some(_) => (0.0, 0.0),
            None => ((tone.window.low() - map.intercept) / map.slope - bias, map.slope / tone.window.width),
        };
        let entries = entries.collect();
        let scale = per_unit * (count - 1) as f64;
        Self { low: low as f32, scale: scale as f32, grey_per_unit: per_unit as f32, entries, levels }
    }

    fn place(&self, stored: f32) -> usize {
        let last = (self.entries.len() - 1) as f32;
        // What is no number becomes 0.
        ((stored - self.low) * self.scale + 0.5).clamp(0.0, last) as usize
    }

    pub fn pixel(&self, stored: f32) -> Pixel {
        self.entries[self.place(stored)]
    }

    /// After inversion and gamma, from 0 to 1.
    pub fn level(&self, stored: f32) -> f32 {
        self.levels[self.place(stored)]
    }

    /// Before inversion and gamma; outside 0 to 1 where the value lies outside the window.
    pub fn raw_grey(&self, stored: f32) -> f32 {
        (stored - self.low) * self.grey_per_unit
    }

    pub fn pixels(&self, stored: &[f32], out: &mut [Pixel]) {
        let mut done = 0;
        #[cfg(target_arch = "x86_64")]
        if let Ok(entries) = bytemuck::try_cast_slice(&self.entries)
            && let Ok(out) = bytemuck::try_cast_slice_mut(out)
        {
            done = super::avx2::look_up(stored, self.low, self.scale, entries, out);
        }
        for (stored, pixel) in stored.iter().zip(out).skip(done) {
            *pixel = self.pixel(*stored);
        }
    }
}

/// Lays a colour over a pixel.
pub(super) fn blend(pixel: &mut Pixel, colour: [u8; 3], opacity: f32) {
    for (below, above) in pixel.iter_mut().zip(colour) {
        *below = (f32::from(*below) * (1.0 - opacity) + f32::from(above) * opacity + 0.5) as u8;
    }
}

/// Lays one colour over many pixels, whose own opacity stays.
pub(super) fn blend_run(pixels: &mut [Pixel], [r, g, b]: [u8; 3], opacity: f32) {
    /// In steps that a byte never sees.
    const ALL: u32 = 1 << 16;
    let part = (opacity.clamp(0.0, 1.0) * ALL as f32) as u32;
    if part == ALL {
        pixels.fill([r, g, b, 255]);
        return;
    }
    let above = [r, g, b, 255].map(|channel| u32::from(channel) * part + ALL / 2);
    for pixel in pixels {
        for (below, above) in pixel.iter_mut().zip(above) {
            *below = ((u32::from(*below) * (ALL - part) + above) >> 16) as u8;
        }
    }
}
