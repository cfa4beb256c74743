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
pub(crate) struct ViewUniform {
    pub raster: RasterUniform,
    pub tone: ToneUniform,
    pub background: [f32; 4],
    pub forward: [f32; 4],
    pub eye: [f32; 4],
    pub screen: [f32; 4],
    pub box_min: [f32; 4],
    pub box_max: [f32; 4],
    pub plane: [f32; 4],
    pub entry_from_texel: [f32; 4],
    pub mm_gradient: [[f32; 4]; 3],
    pub surface_opacity: [f32; 4],
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
    pub label_layers: usize,
}

/// Layers of labels in one ray: as many as opacities fit in a vector and textures in one binding group anywhere.
pub(super) const MOST_LAYERS: usize = 4;

pub(crate) struct RaycastPass {
    format: wgpu::TextureFormat,
    pipelines: Pipelines<Key>,
    sampler: wgpu::Sampler,
}

pub(super) fn shader(kind: TexelKind, is_filtered: bool, is_projection: bool, label_layers: usize) -> String {
    let soft = if is_filtered { include_str!("soft_filtered.wgsl") } else { include_str!("soft_computed.wgsl") };
    let tone = include_str!("tone.wgsl");
    let ray = include_str!("ray.wgsl");
    let parts = if is_projection {
        [soft, tone, ray, include_str!("project.wgsl")].concat()
    } else {
        let surfaces = surfaces(label_layers);
        [soft, tone, ray, include_str!("light.wgsl"), surfaces.as_str(), include_str!("raycast.wgsl")].concat()
    };
    super::volume_shader(kind, &parts)
}

/// surface.wgsl for every layer, and what a ray calls to meet all of them.
fn surfaces(layers: usize) -> String {
    const NAMES: [&str; 11] = [
        "LAYER",
        "VISIBLE",
        "label_before",
        "label_of_voxel",
        "style_of_label",
        "style_of",
        "has",
        "part_of",
        "shown_label",
        "surface",
        "meet",
    ];
    let source = include_str!("surface.wgsl");
    let mut all = String::new();
    let (mut meetings, mut forgetting) = (String::new(), String::new());
    for layer in 0..layers {
        let prefix = if layer == 0 { String::new() } else { format!("layer{layer}_") };
        let own = if layer == 0 { source.to_owned() } else { super::renamed(source, &NAMES, &prefix) };
        let [labels, styles] = label_bindings(layer);
        all += &own
            .replace("LAYER: u32 = 0u", &format!("LAYER: u32 = {layer}u"))
            .replace("@binding(7)", &format!("@binding({labels})"))
            .replace("@binding(8)", &format!("@binding({styles})"));
        meetings += &format!("    met = {prefix}meet(met, ray, before, here);\n");
        forgetting += &format!("    {prefix}label_before = 0u;\n");
    }
    all += "fn meet_labels(light: Light, ray: Ray, before: f32, here: f32) -> Light {\n    var met = light;\n";
    all + &meetings + "    return met;\n}\nfn forget_labels() {\n" + &forgetting + "}\n"
}

/// Where a layer's labels and styles are bound.
const fn label_bindings(layer: usize) -> [u32; 2] {
    [7 + 2 * layer as u32, 8 + 2 * layer as u32]
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
        if key.label_layers > 0 {
            for (layer, (labels, view)) in shown_layers(scene).enumerate() {
                let [of_labels, of_styles] = label_bindings(layer);
                entries.push(super::texture_binding(of_labels, view));
                entries.push(super::texture_binding(of_styles, labels.palette.view()));
            }
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
                source: shader(key.kind, key.is_filtered, key.projection.is_some(), key.label_layers),
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
            label_layers: if projection.is_none() { shown_layers(scene).count() } else { 0 },
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
        for layer in 0..self.label_layers {
            let [labels, styles] = label_bindings(layer);
            entries.push(super::texture_entry(labels, uint, deep));
            entries.push(super::texture_entry(styles, uint, flat));
        }
        entries
    }
}

/// Labels of another grid have no place in this ray.
fn shown_layers<'a>(
    scene: &'a VolumeScene<'_>,
) -> impl Iterator<Item = (&'a LabelSurfaces<'a>, &'a wgpu::TextureView)> + 'a {
    let size = scene.volume.geometry().size();
    let fitting = scene.labels.iter().filter(move |labels| labels.texture.solid_size() == size);
    fitting.map(|labels| (labels, labels.texture.view())).take(MOST_LAYERS)
}

pub(crate) fn uniform(scene: &VolumeScene<'_>) -> ViewUniform {
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
    let mut surface_opacity = [0.0; 4];
    for (opacity, (labels, _)) in surface_opacity.iter_mut().zip(shown_layers(scene)) {
        *opacity = labels.opacity.clamp(0.0, 1.0);
    }
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
        mm_gradient: [super::four(gradient.x_axis), super::four(gradient.y_axis), super::four(gradient.z_axis)],
        surface_opacity,
    }
}

/// A world plane's normal and offset for voxel positions.
fn plane(scene: &VolumeScene<'_>, voxel_from_world: DAffine3, volume: &VolumeTexture) -> [f32; 4] {
    let Some((point, normal)) = scene.clip.plane else { return [0.0, 0.0, 0.0, -1.0] };
    let in_voxels = volume.geometry().world_from_voxel().matrix3.transpose() * normal;
    let offset = in_voxels.dot(voxel_from_world.transform_point3(point.0));
    [in_voxels.x as f32, in_voxels.y as f32, in_voxels.z as f32, offset as f32]
}
