//! What changed from one volume to another, in values and signed.

use super::{PipelineRequest, Pipelines, RasterUniform};
use crate::context::GpuContext;
use crate::scene::{Second, SliceScene};
use crate::volume_texture::TexelKind;
use std::sync::LazyLock;

/// `Difference` of difference.wgsl.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct DifferenceUniform {
    raster: RasterUniform,
    other_raster: RasterUniform,
    value_from_texel: [f32; 4],
    background: [f32; 4],
    range: [f32; 4],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    kind: TexelKind,
    other: TexelKind,
    interpolation: u32,
}

pub(crate) struct DifferencePass {
    format: wgpu::TextureFormat,
    pipelines: Pipelines<Key>,
}

/// The functions that read a volume, once more under other names.
fn other_volume(kind: TexelKind) -> String {
    const NAMES: [&str; 10] =
        ["Texel", "load", "as_rgb", "nearest", "blend", "linear", "cubic_weights", "cubic", "sampled", "volume"];
    let source = [super::texel_source(kind), SAMPLE_FUNCTIONS.as_str()].concat();
    super::renamed(&source, &NAMES, "other_").replace("@binding(1)", "@binding(3)")
}

/// sample.wgsl without its constant, which is declared once.
static SAMPLE_FUNCTIONS: LazyLock<String> = LazyLock::new(|| {
    super::SAMPLE.lines().filter(|line| !line.starts_with("override")).flat_map(|line| [line, "\n"]).collect()
});

pub(super) fn shader(kind: TexelKind, other: TexelKind) -> String {
    super::volume_shader(kind, &[other_volume(other).as_str(), include_str!("difference.wgsl")].concat())
}

impl DifferencePass {
    pub fn new(format: wgpu::TextureFormat) -> Self {
        Self { format, pipelines: Pipelines::new() }
    }

    pub fn draw(
        &self,
        gpu: &GpuContext,
        pass: &mut wgpu::RenderPass<'_>,
        scene: &SliceScene<'_>,
        second: &Second<'_>,
        range: f64,
        map: &wgpu::TextureView,
    ) {
        let (volume, other) = (scene.volume, second.volume);
        let key = Key {
            kind: volume.kind(),
            other: other.kind(),
            interpolation: super::interpolation_code(scene.interpolation),
        };
        let pipeline = self.pipelines.get(key, || self.pipeline(&gpu.device, key));
        let voxel_from_world = volume.geometry().voxel_from_world();
        let other_from_world = other.geometry().voxel_from_world() * second.moved;
        let ([a, b], [c, d]) = (volume.value_from_texel(), other.value_from_texel());
        let uniform = DifferenceUniform {
            raster: RasterUniform::new(&scene.raster, volume.geometry(), voxel_from_world),
            other_raster: RasterUniform::new(&scene.raster, other.geometry(), other_from_world),
            value_from_texel: [a, b, c, d],
            background: scene.background_rgba(),
            range: [(range as f32).max(f32::MIN_POSITIVE), 0.0, 0.0, 0.0],
        };
        let uniform = super::uniform_buffer(&gpu.device, "difference", &uniform);
        let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("difference"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
                super::texture_binding(1, volume.view()),
                super::texture_binding(2, map),
                super::texture_binding(3, other.view()),
            ],
        });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &bind_group, &[]);
        pass.draw(0..3, 0..1);
    }

    fn pipeline(&self, device: &wgpu::Device, key: Key) -> wgpu::RenderPipeline {
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("difference"),
            entries: &[
                super::uniform_entry(0),
                super::volume_entry(1, key.kind),
                super::map_entry(2),
                super::volume_entry(3, key.other),
            ],
        });
        super::full_screen_pipeline(
            device,
            PipelineRequest {
                label: "difference",
                source: shader(key.kind, key.other),
                constants: &[("INTERPOLATION", f64::from(key.interpolation))],
                layout: &layout,
                format: self.format,
                blend: None,
            },
        )
    }
}
