//! Lines, rings and handles over a picture, all marks in one call.

use crate::context::GpuContext;
use crate::shapes::Mark;
use wgpu::util::DeviceExt as _;

pub(crate) struct ShapesPass {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
}

pub(super) fn shader() -> String {
    include_str!("shapes.wgsl").to_owned()
}

const ATTRIBUTES: [wgpu::VertexAttribute; 4] =
    wgpu::vertex_attr_array![0 => Float32x4, 1 => Float32x4, 2 => Float32x4, 3 => Uint32];

impl ShapesPass {
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let uniform = wgpu::BindGroupLayoutEntry { visibility: wgpu::ShaderStages::VERTEX, ..super::uniform_entry(0) };
        let layout = device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("shapes"), entries: &[uniform] });
        let request = super::PipelineRequest {
            label: "shapes",
            source: shader(),
            constants: &[],
            layout: &layout,
            format,
            blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
        };
        let marks = wgpu::VertexBufferLayout {
            array_stride: size_of::<Mark>() as u64,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &ATTRIBUTES,
        };
        let geometry = super::PipelineGeometry {
            entry_point: "surround",
            buffers: &[Some(marks)],
            topology: wgpu::PrimitiveTopology::TriangleStrip,
        };
        let pipeline = super::pipeline(device, request, &geometry);
        Self { pipeline, layout }
    }

    /// From the bottom up, over what the pass holds.
    pub fn draw(&self, gpu: &GpuContext, pass: &mut wgpu::RenderPass<'_>, marks: &[Mark], size: [usize; 2]) {
        let size = [size[0] as f32, size[1] as f32, 0.0, 0.0];
        let uniform = super::uniform_buffer(&gpu.device, "shapes", &size);
        let buffer = gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("marks"),
            contents: bytemuck::cast_slice(marks),
            usage: wgpu::BufferUsages::VERTEX,
        });
        let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("shapes"),
            layout: &self.layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() }],
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &bind_group, &[]);
        pass.set_vertex_buffer(0, buffer.slice(..));
        pass.draw(0..4, 0..marks.len() as u32);
    }
}
