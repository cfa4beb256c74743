//! Labels of one layer on the GPU: one number per voxel of the volume's grid, changed box by box.

use crate::context::{CountedTexture, GpuContext};
use crate::error::{Error, Result};
use crate::upload;
use limner_imaging::VoxelBox;

pub struct LabelTexture {
    texture: CountedTexture,
    size: [usize; 3],
}

impl LabelTexture {
    /// An empty layer: every voxel is background (0).
    pub fn new(gpu: &GpuContext, size: [usize; 3]) -> Result<Self> {
        let texture = upload::texture_3d(gpu, "labels", size, wgpu::TextureFormat::R16Uint)?;
        Ok(Self { texture, size })
    }

    /// Replaces the labels of a box, columns fastest. An empty box changes nothing.
    pub fn write_box(&self, gpu: &GpuContext, at: VoxelBox, labels: &[u16]) -> Result<()> {
        if labels.len() != at.len() {
            return Err(Error::LabelCount { given: labels.len(), expected: at.len() });
        }
        if at.is_empty() {
            return Ok(());
        }
        if (0..3).any(|axis| at.max[axis] > self.size[axis]) {
            return Err(Error::BoxOutside { min: at.min, max: at.max, size: self.size });
        }
        let size = at.size();
        let mut rest = labels;
        for chunk in upload::chunks(size, size_of::<u16>()) {
            let (now, later) = rest.split_at(chunk.len());
            rest = later;
            let shifted = VoxelBox::new(
                std::array::from_fn(|a| at.min[a] + chunk.min[a]),
                std::array::from_fn(|a| at.min[a] + chunk.max[a]),
            );
            upload::write_box(gpu, &self.texture.texture, shifted, bytemuck::cast_slice(now));
            upload::flush(gpu);
        }
        Ok(())
    }

    #[must_use]
    pub const fn size(&self) -> [usize; 3] {
        self.size
    }

    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.texture.bytes
    }

    pub(crate) const fn view(&self) -> &wgpu::TextureView {
        &self.texture.view
    }
}
