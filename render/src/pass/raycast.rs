//! A volume in 3D: shaded by a transfer function, or projected along rays, with the surfaces of labels.

use super::tone::{ToneKey, ToneUniform};
use super::{PipelineRequest, Pipelines, RasterUniform};
use crate::context::GpuContext;
use crate::scene::Tone;
use crate::volume_scene::{LabelSurfaces, VolumeMode, VolumeScene};
use crate::volume_texture::{TexelKind, VolumeTexture};
use glam::{DAffine3, DVec3};

/// `View` of ray.wgsl.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct ViewUniform {
    raster: RasterUniform,
    tone: ToneUniform,
    background: [f32; 4],
    forward: [f32; 4],
    eye: [f32; 4],
    screen: [f32; 4],
    box_min: [f32; 4],
    box_max: [f32; 4],
    plane: [f32; 4],
    entry_from_texel: [f32; 4],
    mm_gradient: [[f32; 4]; 3],
}

/// What a pipeline is made for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub kind: TexelKind,
    pub is_filtered: bool,
    pub is_perspective: bool,
    pub tone: Option<ToneKey>,
    /// Shaded where there is none.
    pub projection: Option<u32>,
    pub has_labels: bool,
}

pub(crate) struct RaycastPass {
    format: wgpu::TextureFormat,
    pipelines: Pipelines<Key>,
    sampler: wgpu::Sampler,
}

pub(super) fn shader(kind: TexelKind, is_filtered: bool, is_projection: bool, has_labels: bool) -> String {
    let soft = if is_filtered { include_str!("soft_filtered.wgsl") } else { include_str!("soft_computed.wgsl") };
    let surface = if has_labels { include_str!("surface.wgsl") } else { include_str!("no_surface.wgsl") };
    let tone = include_str!("tone.wgsl");
    let ray = include_str!("ray.wgsl");
    let parts = if is_projection {
        [soft, tone, ray, include_str!("project.wgsl")].concat()
    } else {
        [soft, tone, ray, include_str!("light.wgsl"), surface, include_str!("raycast.wgsl")].concat()
    };
    super::volume_shader(kind, &parts)
}

impl RaycastPass {
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        Self { format, pipelines: Pipelines::new(), sampler: super::linear_sampler(device) }
    }

    pub fn draw(
        &self,
        gpu: &GpuContext,
        pass: &mut wgpu::RenderPass<'_>,
        scene: &VolumeScene<'_>,
        unused_map: &wgpu::TextureView,
    ) {
        let key = Key::of(scene);
        let pipeline = self.pipelines.get(key, || self.pipeline(&gpu.device, key));
        let uniform = super::uniform_buffer(&gpu.device, "raycast", &uniform(scene));
        let map = match &scene.mode {
            VolumeMode::Projected { tone, .. } => super::tone::map_view(tone, unused_map),
            VolumeMode::Shaded { .. } => unused_map,
        };
        let mut entries = vec![
            wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
            super::texture_binding(1, scene.volume.view()),
            super::texture_binding(2, map),
            super::texture_binding(3, &scene.free_space.distances.view),
            super::texture_binding(4, &scene.free_space.ranges.view),
        ];
        if let VolumeMode::Shaded { transfer } = &scene.mode {
            entries.push(super::texture_binding(5, transfer.view()));
        }
        if key.is_filtered {
            entries.push(wgpu::BindGroupEntry { binding: 6, resource: wgpu::BindingResource::Sampler(&self.sampler) });
        }
        if let (true, Some(labels)) = (key.has_labels, &scene.labels)
            && let Some(view) = labels.texture.view()
        {
            entries.push(super::texture_binding(7, view));
            entries.push(super::texture_binding(8, labels.palette.view()));
        }
        let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("raycast"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &bind_group, &[]);
        pass.draw(0..3, 0..1);
    }

    fn pipeline(&self, device: &wgpu::Device, key: Key) -> wgpu::RenderPipeline {
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("raycast"),
            entries: &key.layout(),
        });
        let mut constants = vec![("PERSPECTIVE", f64::from(key.is_perspective))];
        constants.extend(key.projection.map(|projection| ("PROJECTION", f64::from(projection))));
        constants.extend(key.tone.into_iter().flat_map(ToneKey::constants));
        super::full_screen_pipeline(
            device,
            PipelineRequest {
                label: "raycast",
                source: shader(key.kind, key.is_filtered, key.projection.is_some(), key.has_labels),
                constants: &constants,
                layout: &layout,
                format: self.format,
                blend: None,
            },
        )
    }
}

impl Key {
    fn of(scene: &VolumeScene<'_>) -> Self {
        let volume = scene.volume;
        let (tone, projection) = match &scene.mode {
            VolumeMode::Shaded { .. } => (None, None),
            VolumeMode::Projected { projection, tone } => {
                let code = super::slice::projection_code(*projection, volume.is_falling());
                (Some(ToneKey::new(tone, volume.kind())), Some(code))
            }
        };
        Self {
            kind: volume.kind(),
            is_filtered: volume.is_filterable(),
            is_perspective: scene.camera.eye_mm.is_some(),
            tone,
            projection,
            has_labels: projection.is_none() && scene.labels.as_ref().is_some_and(|labels| shares_grid(labels, volume)),
        }
    }

    fn layout(self) -> Vec<wgpu::BindGroupLayoutEntry> {
        let float = wgpu::TextureSampleType::Float { filterable: false };
        let uint = wgpu::TextureSampleType::Uint;
        let [flat, deep] = [wgpu::TextureViewDimension::D2, wgpu::TextureViewDimension::D3];
        let mut entries = vec![
            super::uniform_entry(0),
            super::volume_entry(1, self.kind),
            super::map_entry(2),
            super::texture_entry(3, uint, deep),
            super::texture_entry(4, float, deep),
        ];
        if self.projection.is_none() {
            entries.push(super::texture_entry(5, float, flat));
        }
        if self.is_filtered {
            entries[1] = super::texture_entry(1, wgpu::TextureSampleType::Float { filterable: true }, deep);
            entries.push(super::sampler_entry(6));
        }
        if self.has_labels {
            entries.push(super::texture_entry(7, uint, deep));
            entries.push(super::texture_entry(8, uint, flat));
        }
        entries
    }
}

/// Labels of another grid, or of one too large for the adapter, have no place in this ray.
fn shares_grid(labels: &LabelSurfaces<'_>, volume: &VolumeTexture) -> bool {
    labels.texture.view().is_some() && labels.texture.size() == volume.geometry().size()
}

fn uniform(scene: &VolumeScene<'_>) -> ViewUniform {
    let geometry = scene.volume.geometry();
    let voxel_from_world = geometry.voxel_from_world();
    let camera = &scene.camera;
    let forward = voxel_from_world.transform_vector3(camera.forward());
    let smallest_mm = geometry.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
    let eye_mm = camera.eye_mm.unwrap_or(0.0);
    let eye = voxel_from_world.transform_point3(camera.target.0 - camera.forward() * eye_mm);
    let (box_min, box_max) = scene.clip.voxel_box(geometry.size());
    let with_w = |v: DVec3, w: f64| [v.x as f32, v.y as f32, v.z as f32, w as f32];
    let gradient = voxel_from_world.matrix3.transpose();
    let (tone, entry_from_texel) = match &scene.mode {
        VolumeMode::Shaded { transfer } => {
            let (low, high) = transfer.function().range();
            let entries = scene.volume.entry_from_texel(low, high, 1023.0);
            (ToneUniform::new(&Tone::new(limner_imaging::Window::from_range(0.0, 1.0)), scene.volume), entries)
        }
        VolumeMode::Projected { tone, .. } => (ToneUniform::new(tone, scene.volume), [0.0; 4]),
    };
    let [r, g, b] = scene.background.map(|c| f32::from(c) / 255.0);
    let half = scene.size.map(|n| n as f32 / 2.0);
    ViewUniform {
        raster: RasterUniform::new(&camera.raster(scene.size), geometry, voxel_from_world),
        tone,
        background: [r, g, b, 1.0],
        forward: with_w(forward, smallest_mm * scene.step.max(0.05)),
        eye: with_w(eye, eye_mm),
        screen: [half[0], half[1], camera.mm_per_pixel as f32, 0.0],
        box_min: super::four(box_min),
        box_max: super::four(box_max),
        plane: plane(scene, voxel_from_world, scene.volume),
        entry_from_texel,
        mm_gradient: [
            with_w(gradient.x_axis, f64::from(scene.labels.as_ref().map_or(0.0, |l| l.opacity.clamp(0.0, 1.0)))),
            with_w(gradient.y_axis, 0.0),
            with_w(gradient.z_axis, 0.0),
        ],
    }
}

/// A world plane's normal and offset for voxel positions.
fn plane(scene: &VolumeScene<'_>, voxel_from_world: DAffine3, volume: &VolumeTexture) -> [f32; 4] {
    let Some((point, normal)) = scene.clip.plane else { return [0.0, 0.0, 0.0, -1.0] };
    let in_voxels = volume.geometry().world_from_voxel().matrix3.transpose() * normal;
    let offset = in_voxels.dot(voxel_from_world.transform_point3(point.0));
    [in_voxels.x as f32, in_voxels.y as f32, in_voxels.z as f32, offset as f32]
}
