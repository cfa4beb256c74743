//! A volume in 3D as plain data, and how it is drawn: whole, or row by row where a frame has no time for all of it.

use crate::bricks::FreeSpace;
use crate::camera::Camera;
use crate::context::GpuContext;
use crate::host;
use crate::label_texture::LabelTexture;
use crate::palette::Palette;
use crate::scene::{Renderer, Tone};
use crate::transfer::TransferTable;
use crate::volume_texture::VolumeTexture;
use glam::DVec3;
use limner_imaging::reslice::Projection;
use limner_imaging::{Volume, VoxelBox, World};
use std::ops::Range;

#[derive(Clone)]
pub enum VolumeMode<'a> {
    /// Colour and opacity by value, lit by slope.
    Shaded { transfer: &'a TransferTable },
    /// Maximum, minimum or mean along each ray.
    Projected { projection: Projection, tone: Tone<'a> },
}

/// The surfaces of one layer of labels, on the volume's grid. Seen in shaded volumes.
#[derive(Clone, Copy)]
pub struct LabelSurfaces<'a> {
    pub texture: &'a LabelTexture,
    pub palette: &'a Palette,
    pub opacity: f32,
}

/// What is cut away.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clip {
    /// Only these voxels are shown.
    pub voxels: Option<VoxelBox>,
    /// Only the side of this point that the normal points to is shown.
    pub plane: Option<(World, DVec3)>,
}

impl Clip {
    /// What is shown as voxel positions, edges included. Never reaches beyond the grid.
    pub(crate) fn voxel_box(&self, size: [usize; 3]) -> (DVec3, DVec3) {
        let whole = VoxelBox::whole(size);
        let shown = self.voxels.map_or(whole, |voxels| voxels.intersection(&whole));
        // A hair inside, so that no sample at the edge rounds to a voxel that does not exist.
        let edge = |corner: [usize; 3], inwards: f64| DVec3::from_array(corner.map(|n| n as f64 - 0.5 + inwards));
        (edge(shown.min, 1e-3), edge(shown.max, -1e-3))
    }
}

/// Start from `new` and change what differs.
#[derive(Clone)]
pub struct VolumeScene<'a> {
    pub volume: &'a VolumeTexture,
    /// As in `SliceScene`.
    pub host: Option<&'a Volume>,
    pub free_space: &'a FreeSpace,
    pub camera: Camera,
    /// Of the target, in pixels.
    pub size: [usize; 2],
    pub mode: VolumeMode<'a>,
    /// Up to four layers are seen by an adapter.
    pub labels: Vec<LabelSurfaces<'a>>,
    pub clip: Clip,
    /// From sample to sample along a ray, in the smallest spacing of the grid.
    pub step: f64,
    pub background: [u8; 3],
}

impl<'a> VolumeScene<'a> {
    /// All of a volume in full quality on black.
    #[must_use]
    pub fn new(
        volume: &'a VolumeTexture,
        free_space: &'a FreeSpace,
        camera: Camera,
        size: [usize; 2],
        mode: VolumeMode<'a>,
    ) -> Self {
        Self {
            volume,
            host: None,
            free_space,
            camera,
            size,
            mode,
            labels: Vec::new(),
            clip: Clip::default(),
            step: 0.75,
            background: [0; 3],
        }
    }

    /// The same picture with fewer pixels and longer steps, for a first impression.
    #[must_use]
    pub fn coarse(&self, factor: usize) -> Self {
        let factor = factor.max(1);
        let camera = Camera { mm_per_pixel: self.camera.mm_per_pixel * factor as f64, ..self.camera };
        let size = self.size.map(|n| n.div_ceil(factor));
        Self { camera, size, step: self.step * 2.0, ..self.clone() }
    }

    /// Draws the whole picture over whatever `target` held. The target has the scene's size.
    pub fn encode(
        &self,
        renderer: &Renderer,
        gpu: &GpuContext,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
    ) {
        self.encode_rows(renderer, gpu, encoder, target, 0..self.size[1]);
    }

    /// What the texture holds, in main memory.
    pub(crate) fn host_volume(&self) -> Option<&Volume> {
        let all = [self.host, self.volume.reduced(), self.volume.host()];
        all.into_iter().flatten().find(|volume| volume.size() == self.volume.geometry().size())
    }

    /// Draws some rows of the picture and leaves the others as they are.
    pub fn encode_rows(
        &self,
        renderer: &Renderer,
        gpu: &GpuContext,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
        rows: Range<usize>,
    ) {
        let rows = rows.start.min(self.size[1])..rows.end.min(self.size[1]);
        if rows.is_empty() {
            return;
        }
        if host::takes_copies(target.texture(), self.size)
            && let Some(pixels) = host::draw_volume(self, gpu, rows.clone())
        {
            host::copy(gpu, encoder, &pixels, target.texture(), rows.start);
            gpu.staging().give_back(pixels);
            return;
        }
        let mut pass = crate::pass::begin(encoder, "volume scene", target, wgpu::LoadOp::Load);
        pass.set_scissor_rect(0, rows.start as u32, self.size[0] as u32, rows.len() as u32);
        renderer.draw_volume(gpu, &mut pass, self);
    }
}
