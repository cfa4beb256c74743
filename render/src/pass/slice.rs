//! A plane through a volume as grey or colour.

use super::{PipelineRequest, Pipelines, RasterUniform};
use crate::context::GpuContext;
use crate::scene::SliceScene;
use crate::volume_texture::TexelKind;
use limner_imaging::reslice::Interpolation;

/// `Slice` of slice.wgsl.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct SliceUniform {
    raster: RasterUniform,
    grey_from_texel: [f32; 4],
    background: [f32; 4],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    kind: TexelKind,
    is_linear: bool,
    is_inverted: bool,
}

pub(crate) struct SlicePass {
    format: wgpu::TextureFormat,
    pipelines: Pipelines<Key>,
}

pub(super) fn shader(kind: TexelKind) -> String {
    super::volume_shader(kind, include_str!("slice.wgsl"))
}

impl SlicePass {
    pub fn new(format: wgpu::TextureFormat) -> Self {
        Self { format, pipelines: Pipelines::new() }
    }

    pub fn draw(&self, gpu: &GpuContext, pass: &mut wgpu::RenderPass<'_>, scene: &SliceScene<'_>) {
        let volume = scene.volume;
        let key = Key {
            kind: volume.kind(),
            is_linear: scene.interpolation == Interpolation::Linear,
            is_inverted: scene.inverted,
        };
        let pipeline = self.pipelines.get(key, || self.pipeline(&gpu.device, key));
        let [r, g, b] = scene.background.map(|c| f32::from(c) / 255.0);
        let uniform = SliceUniform {
            raster: RasterUniform::new(&scene.raster, volume.geometry()),
            grey_from_texel: volume.grey_from_texel(scene.window),
            background: [r, g, b, 1.0],
        };
        let uniform = super::uniform_buffer(&gpu.device, "slice", &uniform);
        let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("slice"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
                super::texture_binding(1, volume.view()),
            ],
        });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &bind_group, &[]);
        pass.draw(0..3, 0..1);
    }

    fn pipeline(&self, device: &wgpu::Device, key: Key) -> wgpu::RenderPipeline {
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("slice"),
            entries: &[super::uniform_entry(0), super::volume_entry(1, key.kind)],
        });
        let constants = [("LINEAR", f64::from(key.is_linear)), ("INVERTED", f64::from(key.is_inverted))];
        super::full_screen_pipeline(
            device,
            PipelineRequest {
                label: "slice",
                source: shader(key.kind),
                constants: &constants,
                layout: &layout,
                format: self.format,
                blend: None,
            },
        )
    }
}
