//! Labels of one layer on the GPU: one number per voxel of the volume's grid, changed box by box.

use crate::bricks::{self, SIDE};
use crate::context::{CountedTexture, GpuContext};
use crate::error::{Error, Result};
use crate::upload;
use limner_imaging::VoxelBox;
use std::sync::atomic::{AtomicBool, Ordering};

pub struct LabelTexture {
    texture: CountedTexture,
    size: [usize; 3],
    /// Cubes that may hold a label: never false where there is one.
    occupied: Vec<AtomicBool>,
}

impl LabelTexture {
    /// An empty layer: every voxel is background (0).
    pub fn new(gpu: &GpuContext, size: [usize; 3]) -> Result<Self> {
        let texture = upload::texture_3d(gpu, "labels", size, wgpu::TextureFormat::R16Uint)?;
        let cubes = bricks::bricks_in(size).iter().product();
        Ok(Self { texture, size, occupied: (0..cubes).map(|_| AtomicBool::new(false)).collect() })
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
        self.note_bricks(at, labels);
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

    pub(crate) fn occupied_bricks(&self) -> impl Iterator<Item = bool> + '_ {
        self.occupied.iter().map(|flag| flag.load(Ordering::Relaxed))
    }

    /// Sets the flag of every cube that gets a label; clears it where a whole cube was written without one.
    fn note_bricks(&self, at: VoxelBox, labels: &[u16]) {
        let count = bricks::bricks_in(self.size);
        let cubes = VoxelBox::new(at.min.map(|n| n / SIDE), at.max.map(|n| n.div_ceil(SIDE)));
        for k in cubes.min[2]..cubes.max[2] {
            for j in cubes.min[1]..cubes.max[1] {
                for i in cubes.min[0]..cubes.max[0] {
                    let whole = VoxelBox::new([i, j, k].map(|n| n * SIDE), [i, j, k].map(|n| (n + 1) * SIDE))
                        .intersection(&VoxelBox::whole(self.size));
                    let written = whole.intersection(&at);
                    let flag = &self.occupied[(k * count[1] + j) * count[0] + i];
                    if holds_label(at, labels, written) {
                        flag.store(true, Ordering::Relaxed);
                    } else if written == whole {
                        flag.store(false, Ordering::Relaxed);
                    }
                }
            }
        }
    }

    pub(crate) const fn view(&self) -> &wgpu::TextureView {
        &self.texture.view
    }
}

fn holds_label(at: VoxelBox, labels: &[u16], part: VoxelBox) -> bool {
    let size = at.size();
    (part.min[2]..part.max[2]).any(|k| {
        (part.min[1]..part.max[1]).any(|j| {
            let start = ((k - at.min[2]) * size[1] + j - at.min[1]) * size[0] + part.min[0] - at.min[0];
            labels[start..start + part.max[0] - part.min[0]].iter().any(|&label| label != 0)
        })
    })
}
