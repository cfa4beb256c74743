//! A picture on the GPU that a scene is drawn into, and that a window shows or a test reads back.
//!
//! The bytes are what is meant to be seen: grey levels exactly as the CPU reference rounds them. The format is
//! therefore plain `Rgba8Unorm`; the sRGB variant would bend every grey on its way in.

use crate::context::{CountedTexture, GpuContext};
use crate::error::{Error, Result};

pub struct Target {
    texture: CountedTexture,
}

impl Target {
    pub const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

    pub fn new(gpu: &GpuContext, size: [usize; 2]) -> Result<Self> {
        let limit = gpu.limits().max_texture_dimension_2d;
        let [width, height] = size;
        if size.iter().any(|&n| n == 0 || n > limit as usize) {
            return Err(Error::PictureSize { width, height, limit });
        }
        let descriptor = wgpu::TextureDescriptor {
            label: Some("target"),
            size: wgpu::Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: Self::FORMAT,
            usage: wgpu::TextureUsages::TEXTURE_BINDING
                | wgpu::TextureUsages::RENDER_ATTACHMENT
                | wgpu::TextureUsages::COPY_SRC
                | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        };
        Ok(Self { texture: gpu.texture("picture", &descriptor)? })
    }

    #[must_use]
    pub fn size(&self) -> [usize; 2] {
        [self.texture.texture.width() as usize, self.texture.texture.height() as usize]
    }

    #[must_use]
    pub const fn view(&self) -> &wgpu::TextureView {
        &self.texture.view
    }

    #[must_use]
    pub const fn texture(&self) -> &wgpu::Texture {
        &self.texture.texture
    }
}
