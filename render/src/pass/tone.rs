//! How values become colours: what `Tone` of tone.wgsl holds and which of its choices a pipeline is made for.

use crate::colour_map::ColourMap;
use crate::scene::Tone;
use crate::volume_texture::{TexelKind, VolumeTexture};

/// `Tone` of tone.wgsl.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct ToneUniform {
    grey_from_texel: [f32; 4],
    gamma: [f32; 4],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ToneKey {
    is_inverted: bool,
    is_bent: bool,
    is_mapped: bool,
}

impl ToneUniform {
    pub fn new(tone: &Tone<'_>, volume: &VolumeTexture) -> Self {
        let exponent = if tone.gamma > 0.0 { 1.0 / tone.gamma } else { 1.0 };
        Self { grey_from_texel: volume.grey_from_texel(tone.window), gamma: [exponent, 0.0, 0.0, 0.0] }
    }
}

impl ToneKey {
    pub fn new(tone: &Tone<'_>, kind: TexelKind) -> Self {
        Self {
            is_inverted: tone.inverted,
            is_bent: tone.gamma != 1.0,
            // Colour has its own colours.
            is_mapped: tone.colour_map.is_some() && kind != TexelKind::Colour,
        }
    }

    pub fn constants(self) -> [(&'static str, f64); 3] {
        [
            ("INVERTED", f64::from(self.is_inverted)),
            ("BENT", f64::from(self.is_bent)),
            ("MAPPED", f64::from(self.is_mapped)),
        ]
    }
}

/// The map to bind: the tone's own, or any other that will not be read.
pub(crate) fn map_view<'a>(tone: &Tone<'a>, fallback: &'a wgpu::TextureView) -> &'a wgpu::TextureView {
    tone.colour_map.map_or(fallback, ColourMap::view)
}
