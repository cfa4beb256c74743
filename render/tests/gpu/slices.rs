//! What the GPU draws is what the CPU reference says, within one grey level.

use crate::support::{assert_drawn, draw, gpu, phantom, plain_gpu, rasters, scene, volume};
use limner_imaging::reslice::{Interpolation, Projection, Slab};
use limner_imaging::{Geometry, Plane, Samples, ValueMap, View, Volume, VoxelBox, Window, World};
use limner_render::{
    COLOUR_MAPS, ColourMap, GpuContext, LabelLayer, LabelTexture, Palette, Renderer, SliceScene, Target, VolumeTexture,
};

const SIZE: [usize; 3] = [23, 31, 17];

/// One volume of every sample type, with a window that cuts off both ends.
fn all_sample_types() -> Vec<(&'static str, Samples, ValueMap, Window)> {
    let plain = ValueMap::default();
    let hu = ValueMap { slope: 0.5, intercept: -1024.0, unit: Some("HU".into()) };
    let falling = ValueMap { slope: -2.0, intercept: 300.0, unit: None };
    let far = ValueMap { slope: 1.0, intercept: -1e9, unit: None };
    vec![
        ("u8", Samples::U8(phantom(SIZE, |v| (v * 255.0) as u8)), plain.clone(), Window::from_range(20.0, 190.0)),
        ("i8", Samples::I8(phantom(SIZE, |v| (v * 250.0 - 128.0) as i8)), falling, Window::from_range(150.0, 500.0)),
        ("u16", Samples::U16(phantom(SIZE, |v| (v * 65535.0) as u16)), hu.clone(), Window::from_range(2e3, 2.4e4)),
        ("i16", Samples::I16(phantom(SIZE, |v| (v * 4000.0) as i16)), hu, Window::from_range(-900.0, 300.0)),
        ("i16 full", Samples::I16(with_min()), plain.clone(), Window::from_range(-3e4, 2e4)),
        ("u32", Samples::U32(phantom(SIZE, |v| 4_000_000_000 + (v * 9e4) as u32)), plain.clone(), far_window(4e9)),
        ("i32", Samples::I32(phantom(SIZE, |v| (v * 9e4) as i32 + 1_000_000_000)), far, far_window(0.0)),
        (
            "u64",
            Samples::U64(phantom(SIZE, |v| (1 << 50) + (v * 5e4) as u64)),
            plain.clone(),
            far_window(2_f64.powi(50)),
        ),
        ("i64", Samples::I64(phantom(SIZE, |v| (v * 9e4) as i64 - 5_000_000)), plain.clone(), far_window(-5e6)),
        ("f32", Samples::F32(phantom(SIZE, |v| v as f32 * 3.0)), plain.clone(), Window::from_range(0.5, 2.0)),
        ("f64", Samples::F64(phantom(SIZE, |v| v + 5e8)), plain, Window::from_range(5e8 + 0.1, 5e8 + 0.8)),
    ]
}

fn with_min() -> Vec<i16> {
    let mut samples = phantom(SIZE, |v| (v * 65535.0 - 32768.0) as i16);
    samples[SIZE[0] * SIZE[1] * SIZE[2] / 2] = i16::MIN;
    samples
}

fn far_window(base: f64) -> Window {
    Window::from_range(base + 4e3, base + 4e4)
}

#[test]
fn every_sample_type_plane_and_interpolation_matches_the_reference() {
    for gpu in [gpu(), plain_gpu()].into_iter().flatten() {
        every_case_matches(&gpu);
    }
}

fn every_case_matches(gpu: &GpuContext) {
    let renderer = Renderer::new(gpu, Target::FORMAT);
    for (name, samples, value_map, window) in all_sample_types() {
        let mut volume = volume(SIZE, samples);
        volume.value_map = value_map;
        let texture = VolumeTexture::new(gpu, &volume).unwrap();
        for (plane, raster) in rasters(&volume) {
            for interpolation in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Cubic] {
                let mut scene = scene(&texture, raster, window, Vec::new());
                scene.interpolation = interpolation;
                let case = format!("{name} {plane} {interpolation:?}");
                assert_drawn(&case, gpu, &renderer, &volume, &scene);
            }
        }
    }
}

#[test]
fn slabs_match_the_reference() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    for slope in [0.5, -0.5] {
        let mut volume = volume(SIZE, Samples::I16(phantom(SIZE, |v| (v * 4000.0) as i16)));
        volume.value_map.slope = slope;
        let texture = VolumeTexture::new(&gpu, &volume).unwrap();
        let window = Window::from_range((slope * 200.0).min(slope * 3400.0), (slope * 200.0).max(slope * 3400.0));
        for (plane, raster) in rasters(&volume) {
            for projection in [Projection::Maximum, Projection::Minimum, Projection::Mean] {
                for thickness_mm in [0.0, 7.3, 60.0] {
                    let mut scene = scene(&texture, raster, window, Vec::new());
                    scene.slab = Some(Slab { projection, thickness_mm });
                    scene.interpolation = Interpolation::Linear;
                    let case = format!("{plane} {projection:?} {thickness_mm} mm, slope {slope}");
                    assert_drawn(&case, &gpu, &renderer, &volume, &scene);
                }
            }
        }
    }
}

#[test]
fn gamma_bends_and_colour_maps_colour() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let volume = volume(SIZE, Samples::U8(phantom(SIZE, |v| (v * 255.0) as u8)));
    let texture = VolumeTexture::new(&gpu, &volume).unwrap();
    let (plane, raster) = rasters(&volume).remove(0);
    let mut scene = scene(&texture, raster, Window::from_range(20.0, 190.0), Vec::new());
    for (gamma, inverted) in [(0.5, false), (2.2, false), (1.8, true)] {
        (scene.gamma, scene.inverted) = (gamma, inverted);
        assert_drawn(plane, &gpu, &renderer, &volume, &scene);
    }
    (scene.gamma, scene.inverted) = (1.0, false);
    let grey = draw(&gpu, &renderer, &scene);
    for map in COLOUR_MAPS {
        let entries = map.entries();
        let colour_map = ColourMap::new(&gpu, &entries);
        let mapped = draw(&gpu, &renderer, &SliceScene { colour_map: Some(&colour_map), ..scene.clone() });
        for (grey, colour) in grey.chunks_exact(4).zip(mapped.chunks_exact(4)) {
            if grey[..3] != scene.background {
                // A grey halfway between two levels may fall to either.
                let near = &entries[usize::from(grey[0].saturating_sub(1))..=usize::from(grey[0].saturating_add(1))];
                assert!(near.iter().any(|entry| colour[..3] == *entry), "{}: {grey:?} {colour:?}", map.name);
            }
        }
    }
}

#[test]
fn a_narrow_window_shows_every_step_of_an_interpolated_edge() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let volume = volume(SIZE, Samples::I16(phantom(SIZE, |v| if v > 0.4 { 3000 } else { -1000 })));
    let texture = VolumeTexture::new(&gpu, &volume).unwrap();
    for (plane, raster) in rasters(&volume) {
        let mut scene = scene(&texture, raster, Window::new(80.0, 1000.0), Vec::new());
        scene.interpolation = Interpolation::Linear;
        scene.inverted = true;
        assert_drawn(plane, &gpu, &renderer, &volume, &scene);
    }
}

#[test]
fn what_is_no_number_is_black_and_the_infinities_are_the_ends() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let cases: [(&[f32], Interpolation); 2] =
        [(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY], Interpolation::Nearest), (&[f32::NAN], Interpolation::Linear)];
    for (odd, interpolation) in cases {
        for slope in [1.0, -1.0] {
            let mut samples = phantom(SIZE, |v| v as f32);
            for n in 0..1200 {
                samples[n * 7919 % 12_000] = odd[n % odd.len()];
            }
            let mut volume = volume(SIZE, Samples::F32(samples));
            volume.value_map.slope = slope;
            let texture = VolumeTexture::new(&gpu, &volume).unwrap();
            let window = if slope > 0.0 { Window::from_range(0.1, 0.8) } else { Window::from_range(-0.8, -0.1) };
            for (plane, raster) in rasters(&volume) {
                let mut scene = scene(&texture, raster, window, Vec::new());
                scene.interpolation = interpolation;
                assert_drawn(plane, &gpu, &renderer, &volume, &scene);
            }
        }
    }
}

#[test]
fn a_value_map_without_slope_is_one_grey() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let mut volume = volume(SIZE, Samples::U8(phantom(SIZE, |v| (v * 255.0) as u8)));
    volume.value_map = ValueMap { slope: 0.0, intercept: 30.0, unit: None };
    let texture = VolumeTexture::new(&gpu, &volume).unwrap();
    let (plane, raster) = rasters(&volume).remove(0);
    let scene = scene(&texture, raster, Window::from_range(0.0, 100.0), Vec::new());
    assert_drawn(plane, &gpu, &renderer, &volume, &scene);
}

/// Colour keeps its channels apart, and what the value map and the window say holds for each.
#[test]
fn colour_is_shown_as_stored() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let size = [5, 4, 1];
    let bytes: Vec<u8> = (0..60_u8).map(|n| n.wrapping_mul(37).wrapping_add(n / 7)).collect();
    let wide: Vec<u16> = bytes.iter().map(|&b| u16::from(b) * 257).collect();
    for (samples, window) in [
        (Samples::U8(bytes.clone()), Window::from_range(0.0, 255.0)),
        (Samples::U16(wide), Window::from_range(0.0, 65535.0)),
    ] {
        let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, samples, 3).unwrap();
        let texture = VolumeTexture::new(&gpu, &volume).unwrap();
        let plane = Plane::of_view(&volume.geometry, View::Axial, volume.geometry.centre());
        let raster = limner_imaging::reslice::Raster::fitted(&plane, &volume, [10, 8]);
        let drawn = draw(&gpu, &renderer, &scene(&texture, raster, window, Vec::new()));
        for y in 0..8 {
            for x in 0..10 {
                let pixel = &drawn[(y * 10 + x) * 4..][..3];
                let voxel = &bytes[(y / 2 * 5 + x / 2) * 3..][..3];
                assert!((0..3).all(|c| pixel[c].abs_diff(voxel[c]) <= 1), "({x}, {y}): {pixel:?} {voxel:?}");
            }
        }
    }
}

/// More rows than any adapter holds along an axis: 3D gets a smaller volume, slices and their labels every voxel.
#[test]
fn a_volume_too_long_for_the_adapter_is_still_drawn_voxel_by_voxel() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let long = gpu.limits().max_texture_dimension_3d as usize + 100;
    let geometry = Geometry::axis_aligned([9, long, 1], World::default(), [1.0, 0.5, 2.0]).unwrap();
    let samples = (0..9 * long).map(|n| (n * 7919 % 1000) as i16).collect();
    let volume = Volume::new(geometry, Samples::I16(samples), 1).unwrap();
    let small = limner_render::reduce::to_fit(&gpu, &volume).unwrap().unwrap();
    let texture = VolumeTexture::new(&gpu, &small).unwrap();
    let labels = LabelTexture::new(&gpu, volume.size()).unwrap();
    labels.write_box(&gpu, VoxelBox::new([2, long - 40, 0], [5, long - 10, 1]), &[7; 90]).unwrap();
    let palette = Palette::new(&gpu).unwrap();
    let through = geometry.world(limner_imaging::Voxel::centre([4, long - 30, 0]));
    let plane = Plane::of_view(&geometry, View::Axial, through);
    let plane = plane.through(plane.at_mm(-10.03, -20.07));
    let raster = limner_imaging::reslice::Raster { plane, mm_per_pixel: 0.3, size: [64, 130] };
    let bare = scene(&texture, raster, Window::from_range(0.0, 1000.0), Vec::new());
    let bare = SliceScene { host: Some(&volume), ..bare };
    let drawn = draw(&gpu, &renderer, &bare);
    crate::support::assert_matches("long", &drawn, &volume, &bare);

    let layer = LabelLayer { opacity: 1.0, outline_px: 0.0, ..LabelLayer::new(&labels, &palette) };
    let labelled = draw(&gpu, &renderer, &SliceScene { labels: vec![layer], ..bare });
    let changed = drawn.chunks(4).zip(labelled.chunks(4)).filter(|(a, b)| a != b).count() as f64;
    let expected = 3.0 / 0.3 * (30.0 * 0.5 / 0.3);
    assert!((changed / expected - 1.0).abs() < 0.05, "{changed} pixels, expected {expected}");
}
