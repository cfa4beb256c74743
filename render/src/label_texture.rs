//! Labels of one layer on the GPU: one number per voxel of the volume's grid, changed box by box.

use crate::bricks::{self, SIDE};
use crate::context::{CountedTexture, GpuContext, Tier};
use crate::error::{Error, Result};
use crate::{reduce, upload};
use limner_imaging::{Geometry, VoxelBox};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};

pub struct LabelTexture {
    /// None where the grid is larger than the adapter can hold: labels then show on slices drawn by the processor.
    texture: Option<CountedTexture>,
    size: [usize; 3],
    /// Where it lies, where that is not the grid of the volume it is drawn over.
    geometry: Option<Geometry>,
    /// Cubes that may hold a label: never false where there is one.
    occupied: Vec<AtomicBool>,
    /// Where the processor draws slices.
    host: Option<HostLabels>,
}

/// Labels in main memory. Written box by box while a picture may be drawn from them, as on an adapter.
pub(crate) struct HostLabels(Vec<AtomicU16>);

impl HostLabels {
    pub fn get(&self, index: usize) -> u16 {
        self.0[index].load(Ordering::Relaxed)
    }

    fn write_box(&self, size: [usize; 3], at: VoxelBox, labels: &[u16]) {
        let [width, height, _] = at.size();
        for (row, labels) in labels.chunks_exact(width).enumerate() {
            let (j, k) = (at.min[1] + row % height, at.min[2] + row / height);
            let start = (k * size[1] + j) * size[0] + at.min[0];
            for (place, label) in self.0[start..start + width].iter().zip(labels) {
                place.store(*label, Ordering::Relaxed);
            }
        }
    }
}

impl LabelTexture {
    /// An empty layer: every voxel is background (0).
    pub fn new(gpu: &GpuContext, size: [usize; 3]) -> Result<Self> {
        let texture = (size.contains(&0) || reduce::fits(gpu, size))
            .then(|| upload::texture_3d(gpu, "labels", size, wgpu::TextureFormat::R16Uint))
            .transpose()?;
        let cubes = bricks::bricks_in(size).iter().product();
        let host = (gpu.tier == Tier::Software || texture.is_none())
            .then(|| HostLabels((0..size.iter().product()).map(|_| AtomicU16::new(0)).collect()));
        let occupied = (0..cubes).map(|_| AtomicBool::new(false)).collect();
        Ok(Self { texture, size, geometry: None, occupied, host })
    }

    /// An empty layer on a grid of its own: labels of one series over slices of another. A grid that is registered
    /// to the scene's world comes with its own transform applied.
    pub fn on_grid(gpu: &GpuContext, geometry: Geometry) -> Result<Self> {
        Ok(Self { geometry: Some(geometry), ..Self::new(gpu, geometry.size())? })
    }

    pub(crate) const fn geometry(&self) -> Option<Geometry> {
        self.geometry
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
        if let Some(host) = &self.host {
            host.write_box(self.size, at, labels);
        }
        let Some(texture) = &self.texture else { return Ok(()) };
        let size = at.size();
        let mut rest = labels;
        for chunk in upload::chunks(size, size_of::<u16>()) {
            let (now, later) = rest.split_at(chunk.len());
            rest = later;
            let shifted = VoxelBox::new(
                std::array::from_fn(|a| at.min[a] + chunk.min[a]),
                std::array::from_fn(|a| at.min[a] + chunk.max[a]),
            );
            upload::write_box(gpu, &texture.texture, shifted, bytemuck::cast_slice(now));
            upload::flush(gpu);
        }
        Ok(())
    }

    #[must_use]
    pub const fn size(&self) -> [usize; 3] {
        self.size
    }

    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.texture.as_ref().map_or(0, |texture| texture.bytes)
    }

    pub(crate) const fn host(&self) -> Option<&HostLabels> {
        self.host.as_ref()
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

    pub(crate) fn view(&self) -> Option<&wgpu::TextureView> {
        self.texture.as_ref().map(|texture| &texture.view)
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
