//! One volume on one plane, thin or as a slab, as the lowest layer or over another one.
//!
//! The sources say how to read a texel, how to sample between voxels, what a slab shows and how the result is
//! finished; a pipeline is one choice of each.

use super::tone::{ToneKey, ToneUniform};
use super::{Finish, PipelineRequest, Pipelines, RasterUniform};
use crate::context::GpuContext;
use crate::scene::Tone;
use crate::volume_texture::{TexelKind, VolumeTexture};
use glam::DAffine3;
use limner_imaging::reslice::{Interpolation, Projection, Raster, Slab};

/// `Layer` of layer.wgsl.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct LayerUniform {
    raster: RasterUniform,
    tone: ToneUniform,
    background: [f32; 4],
    slab_start: [f32; 4],
    slab_step: [f32; 4],
    finish: [f32; 4],
}

/// What is drawn: borrowed from a scene.
pub(crate) struct Layer<'a> {
    pub volume: &'a VolumeTexture,
    pub raster: &'a Raster,
    /// From the scene's world to the world of this volume.
    pub moved: DAffine3,
    pub tone: Tone<'a>,
    pub interpolation: Interpolation,
    pub slab: Option<Slab>,
    pub finish: Finish,
    pub background: [f32; 4],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    kind: TexelKind,
    interpolation: u32,
    tone: ToneKey,
    projection: Option<u32>,
    finish: super::FinishKey,
}

pub(crate) struct SlicePass {
    format: wgpu::TextureFormat,
    pipelines: Pipelines<Key>,
}

pub(super) fn shader(kind: TexelKind, is_slab: bool, finish: &str) -> String {
    let draw = if is_slab { include_str!("slab.wgsl") } else { include_str!("slice.wgsl") };
    let parts = [include_str!("tone.wgsl"), include_str!("layer.wgsl"), finish, draw].concat();
    super::volume_shader(kind, &parts)
}

impl SlicePass {
    pub fn new(format: wgpu::TextureFormat) -> Self {
        Self { format, pipelines: Pipelines::new() }
    }

    /// `unused_map` is bound where the tone has no colour map.
    pub fn draw(
        &self,
        gpu: &GpuContext,
        pass: &mut wgpu::RenderPass<'_>,
        layer: &Layer<'_>,
        unused_map: &wgpu::TextureView,
    ) {
        let volume = layer.volume;
        let key = Key {
            kind: volume.kind(),
            interpolation: super::interpolation_code(layer.interpolation),
            tone: ToneKey::new(&layer.tone, volume.kind()),
            projection: layer.slab.map(|slab| projection_code(slab.projection, volume.is_falling())),
            finish: layer.finish.key(),
        };
        let pipeline = self.pipelines.get(key, || self.pipeline(&gpu.device, key));
        let uniform = super::uniform_buffer(&gpu.device, "slice", &layer.uniform());
        let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("slice"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
                super::texture_binding(1, volume.view()),
                super::texture_binding(2, super::tone::map_view(&layer.tone, unused_map)),
            ],
        });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &bind_group, &[]);
        pass.draw(0..3, 0..1);
    }

    fn pipeline(&self, device: &wgpu::Device, key: Key) -> wgpu::RenderPipeline {
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("slice"),
            entries: &[super::uniform_entry(0), super::volume_entry(1, key.kind), super::map_entry(2)],
        });
        let mut constants = vec![("INTERPOLATION", f64::from(key.interpolation))];
        constants.extend(key.tone.constants());
        constants.extend(key.projection.map(|projection| ("PROJECTION", f64::from(projection))));
        constants.extend(key.finish.constant());
        super::full_screen_pipeline(
            device,
            PipelineRequest {
                label: "slice",
                source: shader(key.kind, key.projection.is_some(), key.finish.source()),
                constants: &constants,
                layout: &layout,
                format: self.format,
                blend: key.finish.blend(),
            },
        )
    }
}

impl Layer<'_> {
    fn uniform(&self) -> LayerUniform {
        let geometry = self.volume.geometry();
        let voxel_from_world = geometry.voxel_from_world() * self.moved;
        let (mut slab_start, mut slab_step) = ([0.0; 4], [0.0; 4]);
        if let Some(slab) = self.slab {
            let offsets = slab.offsets_mm(geometry, &self.raster.plane);
            let normal = voxel_from_world.transform_vector3(self.raster.plane.normal());
            slab_start = super::four(normal * offsets[0]);
            slab_step = super::four(normal * (offsets.get(1).copied().unwrap_or(0.0) - offsets[0]));
            slab_step[3] = offsets.len() as f32;
        }
        LayerUniform {
            raster: RasterUniform::new(self.raster, geometry, voxel_from_world),
            tone: ToneUniform::new(&self.tone, self.volume),
            background: self.background,
            slab_start,
            slab_step,
            finish: self.finish.parameters(),
        }
    }
}

/// `PROJECTION` of slab.wgsl, which compares texels and not values.
pub(crate) const fn projection_code(projection: Projection, is_falling: bool) -> u32 {
    match (projection, is_falling) {
        (Projection::Maximum, false) | (Projection::Minimum, true) => 0,
        (Projection::Minimum, false) | (Projection::Maximum, true) => 1,
        (Projection::Mean, _) => 2,
    }
}
