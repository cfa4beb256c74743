//! How labels look: a colour each, whether they are shown, filled or an outline alone, whether they are selected.
//!
//! A label nobody has styled still gets a colour of its own and is shown: what is painted is never invisible by
//! accident. Label 0 is background and is never drawn.

use crate::context::{CountedTexture, GpuContext};
use crate::error::Result;

/// Side of the square texture that holds one texel for each of the 65,536 numbers.
const SIDE: u32 = 256;
const VISIBLE: u8 = 1;
const SELECTED: u8 = 2;
const OUTLINED: u8 = 4;
const DASHED: u8 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelStyle {
    pub colour: [u8; 3],
    pub visible: bool,
    pub selected: bool,
    /// Else its outline alone is drawn on slices; in 3D it is a surface as ever.
    pub filled: bool,
    /// Every other bit of the outline is white, or black beside a pale colour: what is offered is told from what is there.
    pub dashed: bool,
}

impl LabelStyle {
    #[must_use]
    pub const fn new(colour: [u8; 3]) -> Self {
        Self { colour, visible: true, selected: false, filled: true, dashed: false }
    }

    /// The look of a label nobody has styled: neighbouring numbers get hues far apart.
    #[must_use]
    pub fn of_label(label: u16) -> Self {
        const GOLDEN_RATIO: f32 = 0.618_034;
        let hue = (f32::from(label) * GOLDEN_RATIO).fract() * 6.0;
        let channel = |shift: f32| {
            let distance = ((hue + shift) % 6.0 - 3.0).abs() - 1.0;
            (80.0 + 175.0 * distance.clamp(0.0, 1.0)) as u8
        };
        Self::new([channel(0.0), channel(4.0), channel(2.0)])
    }

    fn texel(self) -> [u8; 4] {
        let [r, g, b] = self.colour;
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        let kind = flag(!self.filled, OUTLINED) | flag(self.dashed, DASHED);
        [r, g, b, flag(self.visible, VISIBLE) | flag(self.selected, SELECTED) | kind]
    }
}

pub struct Palette {
    texture: CountedTexture,
    texels: Vec<[u8; 4]>,
    is_hatched: bool,
    body_bits: u16,
}

impl Palette {
    /// Every label in its own colour, shown, not selected.
    pub fn new(gpu: &GpuContext) -> Result<Self> {
        let descriptor = wgpu::TextureDescriptor {
            label: Some("palette"),
            size: wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Uint,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        };
        let texture = gpu.texture("palette", &descriptor)?;
        let texels = (0..=u16::MAX).map(|label| LabelStyle::of_label(label).texel()).collect();
        let palette = Self { texture, texels, is_hatched: false, body_bits: u16::MAX };
        palette.upload(gpu, 0, SIDE);
        Ok(palette)
    }

    /// Sets the look of the labels named; all others keep theirs.
    pub fn update(&mut self, gpu: &GpuContext, styles: impl IntoIterator<Item = (u16, LabelStyle)>) {
        let mut rows: Option<(u32, u32)> = None;
        for (label, style) in styles {
            let texel = &mut self.texels[usize::from(label)];
            if *texel != style.texel() {
                *texel = style.texel();
                let row = u32::from(label) / SIDE;
                let (first, last) = rows.unwrap_or((row, row));
                rows = Some((first.min(row), last.max(row)));
            }
        }
        if let Some((first, last)) = rows {
            self.upload(gpu, first, last + 1);
        }
    }

    /// Stripes in one of four directions by label number, for eyes that cannot tell the colours apart.
    pub const fn set_hatched(&mut self, is_hatched: bool) {
        self.is_hatched = is_hatched;
    }

    /// Which bits of a label's number say what body it is part of. Outlines go around bodies and not between the parts of
    /// one; what has none of these bits has no outline. All bits at first: each label is a body.
    pub const fn set_body_bits(&mut self, bits: u16) {
        self.body_bits = bits;
    }

    pub(crate) const fn body_bits(&self) -> u16 {
        self.body_bits
    }

    #[must_use]
    pub const fn is_hatched(&self) -> bool {
        self.is_hatched
    }

    #[must_use]
    pub fn style(&self, label: u16) -> LabelStyle {
        let [r, g, b, flags] = self.texels[usize::from(label)];
        LabelStyle {
            colour: [r, g, b],
            visible: flags & VISIBLE != 0,
            selected: flags & SELECTED != 0,
            filled: flags & OUTLINED == 0,
            dashed: flags & DASHED != 0,
        }
    }

    pub(crate) const fn view(&self) -> &wgpu::TextureView {
        &self.texture.view
    }

    fn upload(&self, gpu: &GpuContext, first_row: u32, end_row: u32) {
        let side = SIDE as usize;
        let rows = &self.texels[first_row as usize * side..end_row as usize * side];
        gpu.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture: &self.texture.texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x: 0, y: first_row, z: 0 },
                aspect: wgpu::TextureAspect::All,
            },
            bytemuck::cast_slice(rows),
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(SIDE * 4), rows_per_image: None },
            wgpu::Extent3d { width: SIDE, height: end_row - first_row, depth_or_array_layers: 1 },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_labels_look_different() {
        for label in 1..200_u16 {
            let (a, b) = (LabelStyle::of_label(label).colour, LabelStyle::of_label(label + 1).colour);
            let distance: u32 = (0..3).map(|c| u32::from(a[c].abs_diff(b[c]))).sum();
            assert!(distance > 100, "{label}: {a:?} {b:?}");
        }
    }
}
