//! The passes a scene is drawn with: each one Rust file and one WGSL file, and what they share.
//!
//! A pass holds one pipeline for each combination of choices that is in use, made when it is first needed: a shader
//! never asks per pixel what holds for the whole picture.

pub(crate) mod blit;
pub(crate) mod difference;
mod finish;
pub(crate) mod labels;
pub(crate) mod raycast;
pub mod screen;
pub(crate) mod shapes;
pub(crate) mod slice;
mod tone;

pub(crate) use finish::{Finish, FinishKey};

use crate::volume_texture::TexelKind;
use glam::{DAffine3, DVec3};
use limner_imaging::Geometry;
use limner_imaging::reslice::{Interpolation, Raster};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use wgpu::util::DeviceExt as _;

const RASTER: &str = include_str!("raster.wgsl");
const SAMPLE: &str = include_str!("sample.wgsl");

/// `Raster` of raster.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct RasterUniform {
    pub origin: [f32; 4],
    pub right: [f32; 4],
    pub down: [f32; 4],
    pub size: [f32; 4],
}

impl RasterUniform {
    pub fn new(raster: &Raster, geometry: &Geometry, voxel_from_world: DAffine3) -> Self {
        let along = |direction: DVec3| voxel_from_world.transform_vector3(direction * raster.mm_per_pixel);
        Self {
            origin: four(voxel_from_world.transform_point3(raster.plane.origin.0)),
            right: four(along(raster.plane.right)),
            down: four(along(raster.plane.down)),
            size: four(DVec3::from_array(geometry.size().map(|n| n as f64))),
        }
    }
}

fn four(v: DVec3) -> [f32; 4] {
    [v.x as f32, v.y as f32, v.z as f32, 0.0]
}

fn texel_source(kind: TexelKind) -> &'static str {
    match kind {
        TexelKind::Float => include_str!("texel_float.wgsl"),
        TexelKind::Integer => include_str!("texel_integer.wgsl"),
        TexelKind::Colour => include_str!("texel_colour.wgsl"),
    }
}

/// The same source with every one of `names` under a name of its own, to stand beside the first in one shader.
fn renamed(source: &str, names: &[&str], prefix: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words = source.split_inclusive(|c: char| !is_part(c));
    let words = words.map(|word| {
        let name = word.trim_end_matches(|c: char| !is_part(c));
        if names.contains(&name) { format!("{prefix}{word}") } else { word.to_owned() }
    });
    words.collect()
}

/// The whole source of a shader that reads a volume.
fn volume_shader(kind: TexelKind, pass: &str) -> String {
    [RASTER, texel_source(kind), SAMPLE, pass].concat()
}

/// Every shader of the crate by name, for the test that validates them without a GPU.
#[must_use]
pub fn all_shaders() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        ("labels", labels::shader()),
        ("blit", blit::shader()),
        ("shapes", shapes::shader()),
        ("picture on a screen", screen::picture_shader()),
        ("ground on a screen", screen::ground_shader()),
    ]
    .map(|(name, source)| (name.to_owned(), source))
    .to_vec();
    for kind in TexelKind::ALL {
        for finish in FinishKey::ALL {
            for is_slab in [false, true] {
                let name = format!("slice {kind:?}, slab {is_slab}");
                all.push((name, slice::shader(kind, is_slab, finish.source())));
            }
        }
        for is_filtered in [false, true] {
            if is_filtered && kind != TexelKind::Float {
                continue;
            }
            let name = format!("{kind:?}, filtered {is_filtered}");
            all.push((format!("project {name}"), raycast::shader(kind, is_filtered, true, 0)));
            for layers in 0..=raycast::MOST_LAYERS {
                let name = format!("raycast {name}, {layers} layers of labels");
                all.push((name, raycast::shader(kind, is_filtered, false, layers)));
            }
        }
        for other in TexelKind::ALL {
            all.push((format!("difference {kind:?} {other:?}"), difference::shader(kind, other)));
        }
    }
    all
}

/// `INTERPOLATION` of sample.wgsl.
const fn interpolation_code(interpolation: Interpolation) -> u32 {
    match interpolation {
        Interpolation::Nearest => 0,
        Interpolation::Linear => 1,
        Interpolation::Cubic => 2,
    }
}

/// Pipelines by what they are specialised for.
pub(crate) struct Pipelines<K>(Mutex<HashMap<K, wgpu::RenderPipeline>>);

impl<K: Eq + Hash + Copy> Pipelines<K> {
    pub fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    pub fn get(&self, key: K, make: impl FnOnce() -> wgpu::RenderPipeline) -> wgpu::RenderPipeline {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(key).or_insert_with(make).clone()
    }
}

/// What a full-screen pipeline needs beyond what all of them share.
pub(crate) struct PipelineRequest<'a> {
    pub label: &'static str,
    pub source: String,
    pub constants: &'a [(&'a str, f64)],
    pub layout: &'a wgpu::BindGroupLayout,
    pub format: wgpu::TextureFormat,
    pub blend: Option<wgpu::BlendState>,
}

/// What a pipeline's triangles are.
pub(crate) struct PipelineGeometry<'a> {
    pub entry_point: &'a str,
    pub buffers: &'a [Option<wgpu::VertexBufferLayout<'a>>],
    pub topology: wgpu::PrimitiveTopology,
}

pub(crate) fn full_screen_pipeline(device: &wgpu::Device, request: PipelineRequest<'_>) -> wgpu::RenderPipeline {
    let geometry =
        PipelineGeometry { entry_point: "cover", buffers: &[], topology: wgpu::PrimitiveTopology::TriangleList };
    pipeline(device, request, &geometry)
}

pub(crate) fn pipeline(
    device: &wgpu::Device,
    request: PipelineRequest<'_>,
    geometry: &PipelineGeometry<'_>,
) -> wgpu::RenderPipeline {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(request.label),
        source: wgpu::ShaderSource::Wgsl(request.source.into()),
    });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(request.label),
        bind_group_layouts: &[Some(request.layout)],
        immediate_size: 0,
    });
    let target =
        wgpu::ColorTargetState { format: request.format, blend: request.blend, write_mask: wgpu::ColorWrites::ALL };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(request.label),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some(geometry.entry_point),
            buffers: geometry.buffers,
            compilation_options: wgpu::PipelineCompilationOptions::default(),
        },
        primitive: wgpu::PrimitiveState { topology: geometry.topology, ..Default::default() },
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("draw"),
            targets: &[Some(target)],
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: request.constants,
                ..Default::default()
            },
        }),
        multiview_mask: None,
        cache: None,
    })
}

pub(crate) const fn uniform_entry(binding: u32) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    }
}

pub(crate) const fn texture_entry(
    binding: u32,
    sample_type: wgpu::TextureSampleType,
    view_dimension: wgpu::TextureViewDimension,
) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Texture { sample_type, view_dimension, multisampled: false },
        count: None,
    }
}

/// How the texture of a volume is bound.
pub(crate) const fn volume_entry(binding: u32, kind: TexelKind) -> wgpu::BindGroupLayoutEntry {
    let sample_type = match kind {
        TexelKind::Integer => wgpu::TextureSampleType::Sint,
        TexelKind::Float | TexelKind::Colour => wgpu::TextureSampleType::Float { filterable: false },
    };
    texture_entry(binding, sample_type, wgpu::TextureViewDimension::D3)
}

/// How a colour map is bound.
pub(crate) const fn map_entry(binding: u32) -> wgpu::BindGroupLayoutEntry {
    let sample_type = wgpu::TextureSampleType::Float { filterable: false };
    texture_entry(binding, sample_type, wgpu::TextureViewDimension::D2)
}

pub(crate) const fn sampler_entry(binding: u32) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
        count: None,
    }
}

pub(crate) fn linear_sampler(device: &wgpu::Device) -> wgpu::Sampler {
    device.create_sampler(&wgpu::SamplerDescriptor {
        label: Some("linear"),
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        ..Default::default()
    })
}

/// A pass over one target.
pub(crate) fn begin<'a>(
    encoder: &'a mut wgpu::CommandEncoder,
    label: &str,
    target: &wgpu::TextureView,
    load: wgpu::LoadOp<wgpu::Color>,
) -> wgpu::RenderPass<'a> {
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some(label),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: target,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load, store: wgpu::StoreOp::Store },
        })],
        ..Default::default()
    })
}

pub(crate) fn uniform_buffer(device: &wgpu::Device, label: &str, content: &impl bytemuck::NoUninit) -> wgpu::Buffer {
    device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some(label),
        contents: bytemuck::bytes_of(content),
        usage: wgpu::BufferUsages::UNIFORM,
    })
}

pub(crate) const fn texture_binding(binding: u32, view: &wgpu::TextureView) -> wgpu::BindGroupEntry<'_> {
    wgpu::BindGroupEntry { binding, resource: wgpu::BindingResource::TextureView(view) }
}
