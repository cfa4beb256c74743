//! Two volumes in one picture: in register, each on its own grid, and each only where it belongs.

use crate::support::{draw, gpu, hard_geometry, phantom, rasters, scene, volume};
use glam::{DAffine3, DQuat, DVec3};
use limner_imaging::reslice::{Interpolation, Raster};
use limner_imaging::{Geometry, Samples, Volume, Window, World};
use limner_render::{GpuContext, HeatLayer, Renderer, Second, SecondMode, SliceScene, Target, Tone, VolumeTexture};

const SIZE: [usize; 3] = [23, 31, 17];

struct Bench {
    gpu: GpuContext,
    renderer: Renderer,
    first: Volume,
    first_texture: VolumeTexture,
}

fn bench() -> Option<Bench> {
    let gpu = gpu()?;
    let first = volume(SIZE, Samples::I16(phantom(SIZE, |v| (v * 1000.0) as i16)));
    let first_texture = VolumeTexture::new(&gpu, &first).unwrap();
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    Some(Bench { gpu, renderer, first, first_texture })
}

/// A smooth hill in the patient, sampled on any grid.
fn hill(geometry: Geometry, top: World) -> Volume {
    let [width, height, depth] = geometry.size();
    let mut samples = Vec::new();
    for k in 0..depth {
        for j in 0..height {
            for i in 0..width {
                let at = geometry.world(limner_imaging::Voxel::centre([i, j, k]));
                samples.push((1000.0 * (-at.0.distance_squared(top.0) / 60.0).exp()) as f32);
            }
        }
    }
    Volume::new(geometry, Samples::F32(samples), 1).unwrap()
}

impl Bench {
    fn scene(&self, raster: Raster) -> SliceScene<'_> {
        let mut scene = scene(&self.first_texture, raster, Window::from_range(0.0, 1000.0), Vec::new());
        scene.interpolation = Interpolation::Linear;
        scene
    }

    fn draw(&self, scene: &SliceScene<'_>) -> Vec<[u8; 3]> {
        draw(&self.gpu, &self.renderer, scene).chunks_exact(4).map(|p| [p[0], p[1], p[2]]).collect()
    }
}

/// The brightest place of the second volume lies where it lies in the patient, to a fraction of a voxel.
#[test]
fn fusion_is_in_register_whatever_the_second_grid() {
    let Some(bench) = bench() else { return };
    let geometry = bench.first.geometry;
    let top = geometry.centre();
    let other = Geometry::from_parts(
        [29, 25, 27],
        World(top.0 - DVec3::new(13.0, -12.0, 13.0)),
        [1.0, 1.1, 0.9],
        [DVec3::X, DVec3::NEG_Y, DVec3::Z],
    )
    .unwrap();
    // The second volume also has a frame of reference of its own.
    let moved = DAffine3::from_rotation_translation(DQuat::from_rotation_z(0.4), DVec3::new(3.0, -5.0, 8.0));
    let in_second = Geometry::new(other.size(), moved * other.world_from_voxel()).unwrap();
    let second = hill(in_second, World(moved.transform_point3(top.0)));
    let texture = VolumeTexture::new(&bench.gpu, &second).unwrap();
    for (name, raster) in rasters(&bench.first) {
        let raster =
            Raster { plane: raster.plane.through(World(raster.plane.origin.0 + depth_to(&raster, top))), ..raster };
        let mut scene = bench.scene(raster);
        let tone = Tone::new(Window::from_range(300.0, 1000.0));
        let mode = SecondMode::Fusion { opacity: 1.0, hides_low: true };
        scene.window = Window::from_range(5000.0, 6000.0);
        scene.background = [0; 3];
        scene.second = Some(Second { volume: &texture, moved, tone, mode });
        let drawn = bench.draw(&scene);
        let (mut sum, mut at) = (0.0, glam::DVec2::ZERO);
        for (n, pixel) in drawn.iter().enumerate() {
            let weight = f64::from(pixel[0]);
            sum += weight;
            at += weight * glam::DVec2::new((n % raster.size[0]) as f64 + 0.5, (n / raster.size[0]) as f64 + 0.5);
        }
        let (expected, _) = limner_render::pick::screen(&raster, top);
        let off_mm = (at / sum - expected.0).length() * raster.mm_per_pixel;
        assert!(sum > 1000.0, "{name}: nothing to see");
        assert!(off_mm < 0.2, "{name}: {off_mm} mm");
    }
}

/// From a raster's plane to a point, across.
fn depth_to(raster: &Raster, at: World) -> DVec3 {
    raster.plane.normal() * raster.plane.mm_of(at).z
}

#[test]
fn comparisons_show_each_volume_in_its_own_part() {
    let Some(bench) = bench() else { return };
    let second = Volume::new(hard_geometry(SIZE), Samples::U8(phantom(SIZE, |v| 255 - (v * 255.0) as u8)), 1).unwrap();
    let texture = VolumeTexture::new(&bench.gpu, &second).unwrap();
    let tone = Tone::new(Window::from_range(0.0, 255.0));
    let (_, raster) = rasters(&bench.first).remove(0);
    let alone = bench.draw(&bench.scene(raster));
    let mut other = scene(&texture, raster, tone.window, Vec::new());
    other.interpolation = Interpolation::Linear;
    let other = bench.draw(&other);
    type IsSecond = fn(usize, usize) -> bool;
    let is_second: [(SecondMode, IsSecond); 5] = [
        (SecondMode::Checkerboard { square_px: 16.0 }, |x, y| (x / 16 + y / 16) % 2 == 1),
        (SecondMode::SwipeRight { from_px: 50.0 }, |x, _| x >= 50),
        (SecondMode::SwipeDown { from_px: 30.0 }, |_, y| y >= 30),
        (SecondMode::Blend { share: 1.0 }, |_, _| true),
        (SecondMode::Blend { share: 0.0 }, |_, _| false),
    ];
    for (mode, is_second) in is_second {
        let mut scene = bench.scene(raster);
        scene.second = Some(Second { volume: &texture, moved: DAffine3::IDENTITY, tone, mode });
        for (n, pixel) in bench.draw(&scene).iter().enumerate() {
            let expected = if is_second(n % raster.size[0], n / raster.size[0]) { other[n] } else { alone[n] };
            assert_eq!(*pixel, expected, "{mode:?} at {n}");
        }
    }
    let mut scene = bench.scene(raster);
    let mode = SecondMode::Blend { share: 0.25 };
    scene.second = Some(Second { volume: &texture, moved: DAffine3::IDENTITY, tone, mode });
    for (n, pixel) in bench.draw(&scene).iter().enumerate() {
        let expected = f32::from(alone[n][0]) * 0.75 + f32::from(other[n][0]) * 0.25;
        assert!((f32::from(pixel[0]) - expected).abs() <= 1.5, "{n}: {pixel:?}, expected {expected}");
    }
}

#[test]
fn a_difference_is_signed_and_in_values() {
    let Some(bench) = bench() else { return };
    for (sign, samples) in [
        (1.0, Samples::F32(phantom(SIZE, |v| (v * 1000.0) as i16 as f32 + 50.0))),
        (-1.0, Samples::I16(phantom(SIZE, |v| (v * 1000.0) as i16 - 50))),
    ] {
        let texture = VolumeTexture::new(&bench.gpu, &volume(SIZE, samples)).unwrap();
        let (_, raster) = rasters(&bench.first).remove(3);
        let mut scene = bench.scene(raster);
        let tone = Tone::new(Window::from_range(0.0, 1.0));
        let mode = SecondMode::Difference { range: 100.0 };
        scene.second = Some(Second { volume: &texture, moved: DAffine3::IDENTITY, tone, mode });
        let map = limner_render::MapPreset::named("blue-white-red").unwrap().entries();
        let expected = map[(127.5 + sign * 63.75_f32 + 0.5) as usize];
        let drawn = bench.draw(&scene);
        let inside: Vec<_> = drawn.iter().filter(|&&p| p != scene.background).collect();
        assert!(inside.len() > 1000);
        for pixel in inside {
            assert!((0..3).all(|c| pixel[c].abs_diff(expected[c]) <= 2), "{sign}: {pixel:?}, expected {expected:?}");
        }
    }
}

/// What a field says little about stays as it is; where it says much its colour covers.
#[test]
fn heat_covers_by_its_own_value() {
    let Some(bench) = bench() else { return };
    let field = volume(SIZE, Samples::F32(phantom(SIZE, |v| v as f32)));
    let field_texture = VolumeTexture::new(&bench.gpu, &field).unwrap();
    let (_, raster) = rasters(&bench.first).remove(2);
    let window = Window::from_range(0.2, 0.7);
    let map = limner_render::ColourMap::new(&bench.gpu, &[[0, 200, 0]; 256]);
    let plain = bench.scene(raster);
    let below = bench.draw(&plain);
    let tone = Tone { colour_map: Some(&map), ..Tone::new(window) };
    let heat = HeatLayer { volume: &field_texture, tone, opacity: 0.8 };
    let drawn = bench.draw(&SliceScene { heat: vec![heat], ..plain });
    let values = limner_imaging::reslice::values(&field, &raster, Interpolation::Linear);
    let mut covered = 0;
    for (n, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let opacity = window.grey(*value) * 0.8;
        covered += usize::from(opacity > 0.4);
        for (channel, colour) in [(0, 0.0), (1, 200.0)] {
            let expected = f64::from(below[n][channel]) * (1.0 - opacity) + colour * opacity;
            assert!((f64::from(drawn[n][channel]) - expected).abs() <= 2.0, "{n}: {:?}, expected {expected}", drawn[n]);
        }
    }
    assert!(covered > 200);
}
