//! One layer of labels over a slice. Where layers lie over each other all fills come before all outlines, so that no
//! fill dims the outline of another layer.

use super::{PipelineRequest, Pipelines, RasterUniform};
use crate::context::GpuContext;
use crate::scene::LabelLayer;
use limner_imaging::Geometry;
use limner_imaging::reslice::Raster;

/// `Labels` of labels.wgsl.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct LabelsUniform {
    raster: RasterUniform,
    opacity: f32,
    outline_px: f32,
    /// 1 for stripes.
    hatched: f32,
    /// Of the label's number.
    body_bits: u32,
}

/// What of a layer is drawn. `PART` of labels.wgsl.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LabelPart {
    Whole = 0,
    Fill = 1,
    Outline = 2,
}

pub(crate) struct LabelsPass {
    pipelines: Pipelines<LabelPart>,
    layout: wgpu::BindGroupLayout,
    format: wgpu::TextureFormat,
}

pub(super) fn shader() -> String {
    [super::RASTER, include_str!("labels.wgsl")].concat()
}

impl LabelsPass {
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let labels = super::texture_entry(1, wgpu::TextureSampleType::Uint, wgpu::TextureViewDimension::D3);
        let styles = super::texture_entry(2, wgpu::TextureSampleType::Uint, wgpu::TextureViewDimension::D2);
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("labels"),
            entries: &[super::uniform_entry(0), labels, styles],
        });
        Self { pipelines: Pipelines::new(), layout, format }
    }

    fn pipeline(&self, device: &wgpu::Device, part: LabelPart) -> wgpu::RenderPipeline {
        super::full_screen_pipeline(
            device,
            PipelineRequest {
                label: "labels",
                source: shader(),
                constants: &[("PART", f64::from(part as u32))],
                layout: &self.layout,
                format: self.format,
                blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
            },
        )
    }

    /// Draws a layer that lies on the grid of `geometry`.
    pub fn draw(
        &self,
        gpu: &GpuContext,
        pass: &mut wgpu::RenderPass<'_>,
        layer: &LabelLayer<'_>,
        raster: &Raster,
        geometry: &Geometry,
        part: LabelPart,
    ) {
        let [width, height] = raster.size;
        let [from, to] = layer.columns_of(width);
        if from == to {
            return;
        }
        let grid = layer.texture.grid_on_adapter(geometry);
        let uniform = LabelsUniform {
            raster: RasterUniform::new(raster, &grid, grid.voxel_from_world()),
            opacity: layer.opacity.clamp(0.0, 1.0),
            outline_px: layer.outline_width() as f32,
            hatched: f32::from(u8::from(layer.palette.is_hatched())),
            body_bits: layer.palette.body_bits().into(),
        };
        let uniform = super::uniform_buffer(&gpu.device, "labels", &uniform);
        let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("labels"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
                super::texture_binding(1, layer.texture.view()),
                super::texture_binding(2, layer.palette.view()),
            ],
        });
        pass.set_pipeline(&self.pipelines.get(part, || self.pipeline(&gpu.device, part)));
        pass.set_bind_group(0, &bind_group, &[]);
        pass.set_scissor_rect(from as u32, 0, (to - from) as u32, height as u32);
        pass.draw(0..3, 0..1);
        pass.set_scissor_rect(0, 0, width as u32, height as u32);
    }
}
