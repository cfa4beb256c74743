//! From a grey between 0 and 1 to a colour.

use crate::context::{CountedTexture, GpuContext};

pub const ENTRIES: usize = 256;

/// A colour map of the list, as its corner points: position in 255ths and colour, straight lines between.
pub struct MapPreset {
    pub name: &'static str,
    points: &'static [(u8, [u8; 3])],
}

/// The maps every reader has. A new one is one entry here.
pub const COLOUR_MAPS: &[MapPreset] = &[
    MapPreset { name: "grey", points: &[(0, [0, 0, 0]), (255, [255, 255, 255])] },
    MapPreset {
        name: "hot",
        points: &[(0, [0, 0, 0]), (96, [255, 0, 0]), (192, [255, 255, 0]), (255, [255, 255, 255])],
    },
    MapPreset {
        name: "pet",
        points: &[
            (0, [0, 0, 0]),
            (64, [0, 48, 160]),
            (128, [176, 0, 144]),
            (192, [255, 144, 0]),
            (255, [255, 255, 255]),
        ],
    },
    MapPreset {
        name: "rainbow",
        points: &[(0, [0, 0, 255]), (64, [0, 255, 255]), (128, [0, 255, 0]), (192, [255, 255, 0]), (255, [255, 0, 0])],
    },
    // Safe for every kind of colour blindness: brightness rises all the way.
    MapPreset {
        name: "viridis",
        points: &[
            (0, [68, 1, 84]),
            (64, [59, 82, 139]),
            (128, [33, 145, 140]),
            (192, [94, 201, 98]),
            (255, [253, 231, 37]),
        ],
    },
    // For signed differences: the middle is neutral.
    MapPreset { name: "blue-white-red", points: &[(0, [0, 32, 200]), (128, [244, 244, 244]), (255, [200, 0, 16])] },
];

impl MapPreset {
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        COLOUR_MAPS.iter().find(|map| map.name.eq_ignore_ascii_case(name))
    }

    #[must_use]
    pub fn entries(&self) -> [[u8; 3]; ENTRIES] {
        std::array::from_fn(|n| {
            let above = self.points.iter().position(|p| usize::from(p.0) >= n).unwrap_or(self.points.len() - 1);
            let (end, end_colour) = self.points[above];
            let (start, start_colour) = self.points[above.saturating_sub(1)];
            let span = f32::from(end) - f32::from(start);
            let f = if span > 0.0 { (n as f32 - f32::from(start)) / span } else { 1.0 };
            std::array::from_fn(|c| {
                let (a, b) = (f32::from(start_colour[c]), f32::from(end_colour[c]));
                (a + (b - a) * f).round() as u8
            })
        })
    }
}

/// A colour map on the GPU.
pub struct ColourMap {
    texture: CountedTexture,
    entries: [[u8; 3]; ENTRIES],
}

impl ColourMap {
    #[must_use]
    pub fn new(gpu: &GpuContext, entries: &[[u8; 3]; ENTRIES]) -> Self {
        let size = wgpu::Extent3d { width: ENTRIES as u32, height: 1, depth_or_array_layers: 1 };
        let descriptor = wgpu::TextureDescriptor {
            label: Some("colour map"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        };
        let texture = gpu.small_texture(&descriptor);
        let bytes: Vec<u8> = entries.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * ENTRIES as u32), rows_per_image: None };
        gpu.queue.write_texture(texture.texture.as_image_copy(), &bytes, layout, size);
        Self { texture, entries: *entries }
    }

    pub(crate) const fn entry(&self, level: u8) -> [u8; 3] {
        self.entries[level as usize]
    }

    pub(crate) const fn view(&self) -> &wgpu::TextureView {
        &self.texture.view
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_runs_through_its_corner_points() {
        for map in COLOUR_MAPS {
            let entries = map.entries();
            assert_eq!(map.points.first().unwrap().0, 0, "{}", map.name);
            assert_eq!(map.points.last().unwrap().0, 255, "{}", map.name);
            for &(at, colour) in map.points {
                assert_eq!(entries[usize::from(at)], colour, "{} at {at}", map.name);
            }
        }
        assert_eq!(MapPreset::named("Grey").unwrap().entries()[77], [77; 3]);
    }
}
