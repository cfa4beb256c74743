//! What the tests of this crate share: a context or a skip in words, a phantom no flip can hide in, and the picture
//! of a scene as bytes.

use glam::DVec3;
use limner_imaging::reslice::{self, Interpolation, Raster};
use limner_imaging::{Geometry, Plane, Samples, View, Volume, Window, World};
use limner_render::wgpu;
use limner_render::{GpuContext, LabelLayer, Renderer, SliceScene, Target, VolumeTexture, readback};

/// As on an adapter without normalised 16-bit textures.
pub fn plain_gpu() -> Option<GpuContext> {
    gpu()?;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).unwrap();
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).unwrap();
    Some(GpuContext::from_host(&adapter, device, queue))
}

pub fn gpu() -> Option<GpuContext> {
    match GpuContext::headless() {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            assert!(std::env::var_os("LIMNER_REQUIRE_GPU").is_none_or(|v| v != "1"), "{error}");
            println!("skipped: no adapter");
            None
        }
    }
}

/// Anisotropic, tilted about two axes, and left-handed.
pub fn hard_geometry(size: [usize; 3]) -> Geometry {
    let turn = glam::DQuat::from_rotation_z(0.3) * glam::DQuat::from_rotation_x(0.2);
    let directions = [turn * DVec3::NEG_X, turn * DVec3::Y, turn * DVec3::Z];
    let geometry = Geometry::from_parts(size, World::new(-31.0, 12.5, 207.0), [0.7, 1.1, 2.9], directions).unwrap();
    assert!(geometry.world_from_voxel().matrix3.determinant() < 0.0);
    geometry
}

/// From 0 to 1: a slope along every axis, a bump off every axis of symmetry, and noise.
pub fn phantom_value([i, j, k]: [usize; 3], size: [usize; 3]) -> f64 {
    let p: [f64; 3] = [i as f64 / size[0] as f64, j as f64 / size[1] as f64, k as f64 / size[2] as f64];
    let slope = 0.15 * p[0] + 0.25 * p[1] + 0.1 * p[2];
    let bump = (-40.0 * ((p[0] - 0.3).powi(2) + (p[1] - 0.7).powi(2) + (p[2] - 0.6).powi(2))).exp() * 0.3;
    let hash = ((i * 374_761_393) ^ (j * 668_265_263) ^ (k * 2_147_483_647)).wrapping_mul(1_274_126_177) >> 8 & 255;
    slope + bump + hash as f64 / 255.0 * 0.2
}

pub fn phantom<T>(size: [usize; 3], sample: impl Fn(f64) -> T) -> Vec<T> {
    let mut all = Vec::with_capacity(size.iter().product());
    for k in 0..size[2] {
        for j in 0..size[1] {
            all.extend((0..size[0]).map(|i| sample(phantom_value([i, j, k], size))));
        }
    }
    all
}

pub fn volume(size: [usize; 3], samples: Samples) -> Volume {
    Volume::new(hard_geometry(size), samples, 1).unwrap()
}

/// The three named planes and an oblique one, off voxel centres, as rasters that reach beyond the volume.
pub fn rasters(volume: &Volume) -> Vec<(&'static str, Raster)> {
    let geometry = &volume.geometry;
    let at = World(geometry.centre().0 + DVec3::new(0.83, -0.67, 1.31));
    let mut planes: Vec<(&str, Plane)> =
        View::ALL.into_iter().map(|view| (view.name(), Plane::of_view(geometry, view, at))).collect();
    planes.push(("Oblique", Plane::oblique(at, DVec3::new(0.5, -0.6, 0.4)).unwrap()));
    planes.into_iter().map(|(name, plane)| (name, Raster::fitted(&plane, volume, [123, 97]))).collect()
}

pub fn draw(gpu: &GpuContext, renderer: &Renderer, scene: &SliceScene<'_>) -> Vec<u8> {
    let target = Target::new(gpu, scene.raster.size).unwrap();
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    scene.encode(renderer, gpu, &mut encoder, target.view());
    gpu.queue.submit([encoder.finish()]);
    readback::rgba(gpu, &target).unwrap()
}

pub fn scene<'a>(
    volume: &'a VolumeTexture,
    raster: Raster,
    window: Window,
    labels: Vec<LabelLayer<'a>>,
) -> SliceScene<'a> {
    SliceScene {
        interpolation: Interpolation::Nearest,
        labels,
        background: [10, 20, 30],
        ..SliceScene::new(volume, raster, window)
    }
}

/// Pixels whose centre lies so close to the border between two voxels (or to the edge of the grid) that one step of
/// f32 decides: there the reference has no say.
pub fn is_on_border(volume: &Volume, raster: &Raster, x: usize, y: usize, interpolation: Interpolation) -> bool {
    const STEP: f64 = 2e-4;
    let at = raster.voxel_of_pixel(volume, x, y).0;
    let size = volume.size();
    (0..3).any(|a| {
        let from_border = (at[a] + 0.5 - (at[a] + 0.5).round()).abs();
        let from_edge = (at[a] + 0.5).abs().min((at[a] + 0.5 - size[a] as f64).abs());
        if interpolation == Interpolation::Nearest { from_border < STEP } else { from_edge < STEP }
    })
}

/// Pixels so close to a row of voxel centres that one step of f32 decides whether the next row weighs anything: of
/// consequence only where a row may hold NaN.
fn is_on_centre(volume: &Volume, raster: &Raster, x: usize, y: usize) -> bool {
    let at = raster.voxel_of_pixel(volume, x, y).0;
    (at - at.round()).abs().min_element() < 2e-4
}

/// Draws a scene by shaders, and by the processor where that can draw it; both must be the reference.
pub fn assert_drawn(name: &str, gpu: &GpuContext, renderer: &Renderer, volume: &Volume, scene: &SliceScene<'_>) {
    assert_matches(name, &draw(gpu, renderer, scene), volume, scene);
    let on_host = SliceScene { host: Some(volume), ..scene.clone() };
    assert_matches(&format!("{name}, host"), &draw(gpu, renderer, &on_host), volume, scene);
}

/// Asserts that a drawn picture is the CPU reference within one grey level, and that there was something to see.
pub fn assert_matches(name: &str, drawn: &[u8], volume: &Volume, scene: &SliceScene<'_>) {
    let raster = &scene.raster;
    let expected = match scene.slab {
        Some(slab) => reslice::slab_values(volume, raster, slab, scene.interpolation),
        None => reslice::values(volume, raster, scene.interpolation),
    };
    let linear = scene.interpolation == Interpolation::Linear;
    let has_nan = linear && expected.iter().flatten().any(|value| value.is_nan());
    let (mut inside, mut on_border) = (0, 0);
    for (n, (pixel, expected)) in drawn.chunks_exact(4).zip(&expected).enumerate() {
        let (x, y) = (n % raster.size[0], n / raster.size[0]);
        if is_on_border(volume, raster, x, y, scene.interpolation) || has_nan && is_on_centre(volume, raster, x, y) {
            on_border += 1;
            continue;
        }
        let wanted = match expected {
            None => scene.background,
            Some(value) => {
                inside += 1;
                let grey = scene.window.grey(*value);
                let grey = if scene.inverted { 1.0 - grey } else { grey };
                [(grey.powf(1.0 / f64::from(scene.gamma)) * 255.0).round() as u8; 3]
            }
        };
        for channel in 0..3 {
            let off = pixel[channel].abs_diff(wanted[channel]);
            assert!(off <= 1, "{name} at ({x}, {y}): drawn {pixel:?}, expected {wanted:?}");
        }
        assert_eq!(pixel[3], 255, "{name} at ({x}, {y})");
    }
    assert!(inside > expected.len() / 8, "{name}: only {inside} pixels show the volume");
    assert!(on_border < expected.len() / 40, "{name}: {on_border} pixels lie on a border");
}
