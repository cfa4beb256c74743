//! Bytes into 3D textures, in pieces small enough that staging memory stays bounded.

use crate::context::{CountedTexture, GpuContext};
use crate::error::{Error, Result};
use limner_imaging::VoxelBox;

/// No single copy is larger, save for one row of voxels.
const CHUNK_BYTES: usize = 8 << 20;

/// A 3D texture that shaders read and we write.
pub(crate) fn texture_3d(
    gpu: &GpuContext,
    what: &'static str,
    size: [usize; 3],
    format: wgpu::TextureFormat,
) -> Result<CountedTexture> {
    let limit = gpu.limits().max_texture_dimension_3d;
    if size.iter().any(|&n| n == 0 || n > limit as usize) {
        return Err(Error::GridSize { size, limit });
    }
    let descriptor = wgpu::TextureDescriptor {
        label: Some(what),
        size: extent(size),
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D3,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    };
    gpu.texture(what, &descriptor)
}

/// The pieces of a grid, in stored order: slabs of whole slices, or rows of one slice where a slice is too large.
pub(crate) fn chunks(size: [usize; 3], texel_bytes: usize) -> Vec<VoxelBox> {
    let [width, height, depth] = size;
    let row = width * texel_bytes;
    let slices = CHUNK_BYTES / (row * height);
    if slices > 0 {
        return (0..depth)
            .step_by(slices)
            .map(|k| VoxelBox::new([0, 0, k], [width, height, (k + slices).min(depth)]))
            .collect();
    }
    let rows = (CHUNK_BYTES / row).max(1);
    (0..depth)
        .flat_map(|k| {
            (0..height).step_by(rows).map(move |j| VoxelBox::new([0, j, k], [width, (j + rows).min(height), k + 1]))
        })
        .collect()
}

/// Writes one box, columns fastest, without gaps. The caller vouches that box and bytes fit.
pub(crate) fn write_box(gpu: &GpuContext, texture: &wgpu::Texture, at: VoxelBox, bytes: &[u8]) {
    let size = at.size();
    let texel_bytes = bytes.len() / at.len();
    gpu.queue.write_texture(
        wgpu::TexelCopyTextureInfo {
            texture,
            mip_level: 0,
            origin: wgpu::Origin3d { x: at.min[0] as u32, y: at.min[1] as u32, z: at.min[2] as u32 },
            aspect: wgpu::TextureAspect::All,
        },
        bytes,
        wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some((size[0] * texel_bytes) as u32),
            rows_per_image: Some(size[1] as u32),
        },
        extent(size),
    );
}

/// Hands the copies queued so far to the device, so that their staging memory can be used again.
pub(crate) fn flush(gpu: &GpuContext) {
    gpu.queue.submit([]);
}

const fn extent(size: [usize; 3]) -> wgpu::Extent3d {
    wgpu::Extent3d { width: size[0] as u32, height: size[1] as u32, depth_or_array_layers: size[2] as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_the_grid_once_in_stored_order() {
        for (size, texel_bytes) in [([5, 4, 3], 2), ([512, 512, 100], 2), ([4000, 3000, 2], 4), ([2048, 9000, 1], 4)] {
            let all = chunks(size, texel_bytes);
            let mut next = 0;
            for chunk in &all {
                let start = (chunk.min[2] * size[1] + chunk.min[1]) * size[0] + chunk.min[0];
                assert_eq!(start, next, "{size:?}");
                assert!(chunk.len() * texel_bytes <= CHUNK_BYTES);
                next = start + chunk.len();
            }
            assert_eq!(next, size.iter().product::<usize>(), "{size:?}");
        }
    }
}
