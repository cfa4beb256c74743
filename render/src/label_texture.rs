//! Labels of one layer on the GPU: one number per voxel of the volume's grid, changed box by box.

use crate::bricks::{self, SIDE};
use crate::context::{CountedTexture, GpuContext, Tier};
use crate::error::{Error, Result};
use crate::host_labels::HostLabels;
use crate::{reduce, upload};
use limner_imaging::{Geometry, VoxelBox};
use std::sync::atomic::{AtomicBool, Ordering};

pub struct LabelTexture {
    size: [usize; 3],
    /// Where it lies, where that is not the grid of the volume it is drawn over.
    geometry: Option<Geometry>,
    /// Voxels along each axis that share a texel: 1, or more where the grid is larger than the adapter can hold.
    factor: [usize; 3],
    /// Every voxel, where the processor draws slices.
    host: Option<HostLabels>,
    solid: Solid,
}

/// What 3D shows: every voxel, or as many as the adapter can hold.
struct Solid {
    texture: CountedTexture,
    size: [usize; 3],
    /// Cubes that may hold a label: never false where there is one.
    occupied: Vec<AtomicBool>,
    /// Where the processor draws 3D and the grid is not the whole one.
    host: Option<HostLabels>,
}

impl LabelTexture {
    /// An empty layer: every voxel is background (0).
    pub fn new(gpu: &GpuContext, size: [usize; 3]) -> Result<Self> {
        let factor = if size.contains(&0) { [1; 3] } else { reduce::factor(gpu, size) };
        let is_reduced = factor != [1; 3];
        let is_drawn_here = gpu.tier == Tier::Software;
        let solid_size = reduce::size(size, factor);
        let solid = Solid {
            texture: upload::texture_3d(gpu, "labels", solid_size, wgpu::TextureFormat::R16Uint)?,
            size: solid_size,
            occupied: (0..bricks::bricks_in(solid_size).iter().product()).map(|_| AtomicBool::new(false)).collect(),
            host: (is_drawn_here && is_reduced).then(|| HostLabels::new(solid_size)),
        };
        let host = (is_drawn_here || is_reduced).then(|| HostLabels::new(size));
        Ok(Self { size, geometry: None, factor, host, solid })
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
        if let Some(host) = &self.host {
            host.write_box(at, labels);
        }
        match &self.host {
            Some(host) if self.is_reduced() => {
                let texels = VoxelBox::new(
                    std::array::from_fn(|a| at.min[a] / self.factor[a]),
                    std::array::from_fn(|a| at.max[a].div_ceil(self.factor[a])),
                );
                let reduced = reduce::labels(|voxel| host.get(voxel), self.size, self.factor, texels);
                self.solid.write_box(gpu, texels, &reduced);
            }
            _ => self.solid.write_box(gpu, at, labels),
        }
        Ok(())
    }

    #[must_use]
    pub const fn size(&self) -> [usize; 3] {
        self.size
    }

    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.solid.texture.bytes
    }

    /// True where 3D shows fewer voxels than there are. Slices show them all.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        self.factor != [1; 3]
    }

    pub(crate) const fn host(&self) -> Option<&HostLabels> {
        self.host.as_ref()
    }

    /// Of what 3D shows.
    pub(crate) const fn solid_size(&self) -> [usize; 3] {
        self.solid.size
    }

    pub(crate) fn solid_host(&self) -> Option<&HostLabels> {
        if self.is_reduced() { self.solid.host.as_ref() } else { self.host.as_ref() }
    }

    pub(crate) fn occupied_bricks(&self) -> impl Iterator<Item = bool> + '_ {
        self.solid.occupied.iter().map(|flag| flag.load(Ordering::Relaxed))
    }

    pub(crate) const fn view(&self) -> &wgpu::TextureView {
        &self.solid.texture.view
    }

    /// The grid of the texels, where the voxels lie on `grid`.
    pub(crate) fn grid_on_adapter(&self, grid: &Geometry) -> Geometry {
        if self.is_reduced() { reduce::grid(grid, self.factor).unwrap_or(*grid) } else { *grid }
    }
}

impl Solid {
    fn write_box(&self, gpu: &GpuContext, at: VoxelBox, labels: &[u16]) {
        self.note_bricks(at, labels);
        if let Some(host) = &self.host {
            host.write_box(at, labels);
        }
        let mut rest = labels;
        for chunk in upload::chunks(at.size(), size_of::<u16>()) {
            let (now, later) = rest.split_at(chunk.len());
            rest = later;
            let shifted = VoxelBox::new(
                std::array::from_fn(|a| at.min[a] + chunk.min[a]),
                std::array::from_fn(|a| at.min[a] + chunk.max[a]),
            );
            upload::write_box(gpu, &self.texture.texture, shifted, bytemuck::cast_slice(now));
            upload::flush(gpu);
        }
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
