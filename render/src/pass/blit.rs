//! A small picture stretched over a larger one: the first impression of a volume.

use super::PipelineRequest;
use crate::context::GpuContext;
use crate::target::Target;

pub(crate) struct BlitPass {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
}

pub(super) fn shader() -> String {
    [super::RASTER, include_str!("blit.wgsl")].concat()
}

impl BlitPass {
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let filtered = wgpu::TextureSampleType::Float { filterable: true };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("blit"),
            entries: &[
                super::uniform_entry(0),
                super::texture_entry(1, filtered, wgpu::TextureViewDimension::D2),
                super::sampler_entry(2),
            ],
        });
        let request =
            PipelineRequest { label: "blit", source: shader(), constants: &[], layout: &layout, format, blend: None };
        let pipeline = super::full_screen_pipeline(device, request);
        Self { pipeline, layout, sampler: super::linear_sampler(device) }
    }

    /// Fills `target`, `factor` pixels for each of `picture`'s.
    pub fn encode(
        &self,
        gpu: &GpuContext,
        encoder: &mut wgpu::CommandEncoder,
        picture: &Target,
        target: &wgpu::TextureView,
        factor: usize,
    ) {
        let [width, height] = picture.size();
        let uniform = super::uniform_buffer(&gpu.device, "blit", &[factor as f32, width as f32, height as f32, 0.0]);
        let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("blit"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
                super::texture_binding(1, picture.view()),
                wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::Sampler(&self.sampler) },
            ],
        });
        let mut pass = super::begin(encoder, "blit", target, wgpu::LoadOp::Clear(wgpu::Color::BLACK));
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &bind_group, &[]);
        pass.draw(0..3, 0..1);
    }
}
