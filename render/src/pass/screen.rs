//! Finished pictures and grounds in a render pass of the host's.
//!
//! The shader of a toolkit can do whatever a widget may ask for, and on a software adapter every pixel pays for all of
//! it. What fills most of a window asks for nothing, and is drawn here.

use super::{PipelineGeometry, PipelineRequest};
use crate::context::GpuContext;
use crate::target::Target;

/// Makes what fills rectangles of a window.
pub struct Screen {
    picture: Filling,
    ground: Filling,
    nearest: wgpu::Sampler,
    linear: wgpu::Sampler,
}

struct Filling {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
}

/// Fills the rectangle that a render pass has as its viewport.
#[derive(Clone, Debug)]
pub struct Fill {
    pipeline: wgpu::RenderPipeline,
    bind_group: wgpu::BindGroup,
}

/// A fill of one colour, which can become another.
#[derive(Clone, Debug)]
pub struct Ground {
    pub fill: Fill,
    colour: wgpu::Buffer,
}

pub(super) fn picture_shader() -> String {
    [include_str!("screen.wgsl"), include_str!("screen_picture.wgsl")].concat()
}

pub(super) fn ground_shader() -> String {
    [include_str!("screen.wgsl"), include_str!("screen_ground.wgsl")].concat()
}

impl Screen {
    /// For render passes of this format, without depth and with one sample a pixel.
    #[must_use]
    pub fn new(gpu: &GpuContext, format: wgpu::TextureFormat) -> Self {
        let device = &gpu.device;
        let filtered = wgpu::TextureSampleType::Float { filterable: true };
        let picture = [super::texture_entry(0, filtered, wgpu::TextureViewDimension::D2), super::sampler_entry(1)];
        Self {
            picture: Filling::new(device, format, picture_shader(), &picture),
            ground: Filling::new(device, format, ground_shader(), &[super::uniform_entry(0)]),
            nearest: device.create_sampler(&wgpu::SamplerDescriptor { label: Some("nearest"), ..Default::default() }),
            linear: super::linear_sampler(device),
        }
    }

    /// A target, blurred or not where it is shown larger than it is.
    #[must_use]
    pub fn picture(&self, gpu: &GpuContext, target: &Target, is_smooth: bool) -> Fill {
        let sampler = if is_smooth { &self.linear } else { &self.nearest };
        let entries = [
            super::texture_binding(0, target.view()),
            wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Sampler(sampler) },
        ];
        self.picture.fill(&gpu.device, &entries)
    }

    #[must_use]
    pub fn ground(&self, gpu: &GpuContext) -> Ground {
        let colour = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("ground"),
            size: size_of::<[f32; 4]>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let entries = [wgpu::BindGroupEntry { binding: 0, resource: colour.as_entire_binding() }];
        Ground { fill: self.ground.fill(&gpu.device, &entries), colour }
    }
}

impl Filling {
    fn new(
        device: &wgpu::Device,
        format: wgpu::TextureFormat,
        source: String,
        entries: &[wgpu::BindGroupLayoutEntry],
    ) -> Self {
        let label = Some("screen");
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries });
        let constants = [("LINEAR", f64::from(u8::from(format.is_srgb())))];
        let request =
            PipelineRequest { label: "screen", source, constants: &constants, layout: &layout, format, blend: None };
        let geometry =
            PipelineGeometry { entry_point: "cover", buffers: &[], topology: wgpu::PrimitiveTopology::TriangleList };
        Self { pipeline: super::pipeline(device, request, &geometry), layout }
    }

    fn fill(&self, device: &wgpu::Device, entries: &[wgpu::BindGroupEntry<'_>]) -> Fill {
        let descriptor = wgpu::BindGroupDescriptor { label: Some("screen"), layout: &self.layout, entries };
        Fill { pipeline: self.pipeline.clone(), bind_group: device.create_bind_group(&descriptor) }
    }
}

impl Fill {
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bind_group, &[]);
        pass.draw(0..3, 0..1);
    }
}

impl Ground {
    /// The colour of the next frame, as it is meant to be seen.
    pub fn set(&self, queue: &wgpu::Queue, [red, green, blue]: [f32; 3]) {
        queue.write_buffer(&self.colour, 0, bytemuck::cast_slice(&[red, green, blue, 1.0]));
    }
}
