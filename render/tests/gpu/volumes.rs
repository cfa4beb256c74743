//! 3D: things are where they are in the patient, the nearer hides the farther, and leaping over nothing changes nothing.

use crate::support::{gpu, hard_geometry, plain_gpu};
use glam::{DVec2, DVec3};
use limner_imaging::reslice::{self, Interpolation, Projection};
use limner_imaging::{Geometry, Samples, Volume, Voxel, VoxelBox, Window, World};
use limner_render::{
    BrickRanges, Camera, Clip, FreeSpace, GpuContext, LabelStyle, LabelSurfaces, LabelTexture, Palette, Progressive,
    Renderer, Target, Tone, TransferFunction, TransferPoint, TransferTable, VolumeMode, VolumeScene, VolumeTexture,
    pick, readback,
};
use std::sync::Arc;

const SIZE: [usize; 3] = [37, 29, 15];
const PICTURE: [usize; 2] = [120, 90];
const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];

/// Soft balls: value by distance in mm from a centre. Red ones are above zero and blue ones below, so that neither
/// has the other's colour in its rim.
fn balls(geometry: Geometry, all: &[(World, f64, f64)]) -> Volume {
    let mut samples = Vec::with_capacity(geometry.voxel_count());
    for n in 0..geometry.voxel_count() {
        let index = [n % SIZE[0], n / SIZE[0] % SIZE[1], n / (SIZE[0] * SIZE[1])];
        let at = geometry.world(Voxel::centre(index)).0;
        let value = |&(centre, radius_mm, top): &(World, f64, f64)| {
            top * (1.5 - at.distance(centre.0) / radius_mm).clamp(0.0, 1.0)
        };
        samples.push(all.iter().map(value).sum::<f64>() as i16);
    }
    Volume::new(geometry, Samples::I16(samples), 1).unwrap()
}

fn point(value: f64, colour: [u8; 3], opacity_per_mm: f32) -> TransferPoint {
    TransferPoint { value, colour, opacity_per_mm }
}

const RED_VALUE: f64 = 900.0;
const BLUE_VALUE: f64 = -900.0;

fn red_and_blue() -> TransferFunction {
    let points = [(-500.0, BLUE, 0.9), (-400.0, BLUE, 0.0), (400.0, RED, 0.0), (500.0, RED, 0.9)];
    TransferFunction::new(points.map(|(value, colour, opacity)| point(value, colour, opacity)).to_vec())
}

struct Bench {
    gpu: GpuContext,
    renderer: Renderer,
    volume: Volume,
    texture: VolumeTexture,
    transfer: TransferTable,
    free_space: FreeSpace,
}

fn bench(gpu: GpuContext, volume: Volume) -> Bench {
    let texture = VolumeTexture::new(&gpu, &volume).unwrap();
    let transfer = TransferTable::new(&gpu, red_and_blue());
    let ranges = BrickRanges::measure(&volume);
    let free_space = FreeSpace::new(&gpu, &texture, &ranges, transfer.function(), None).unwrap();
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    Bench { gpu, renderer, volume, texture, transfer, free_space }
}

/// The same volume drawn by shaders and, on a machine without graphics hardware, by the processor.
fn benches(gpu: &GpuContext, volume: &Volume) -> [Bench; 2] {
    let mut by_processor = bench(gpu.clone(), volume.clone());
    by_processor.texture = by_processor.texture.with_host(Arc::new(volume.clone()));
    [bench(gpu.clone(), volume.clone()), by_processor]
}

impl Bench {
    fn shaded(&self, camera: Camera) -> VolumeScene<'_> {
        let mode = VolumeMode::Shaded { transfer: &self.transfer };
        VolumeScene::new(&self.texture, &self.free_space, camera, PICTURE, mode)
    }

    fn projected(&self, camera: Camera, projection: Projection) -> VolumeScene<'_> {
        let mode = VolumeMode::Projected { projection, tone: Tone::new(Window::from_range(-1000.0, 1000.0)) };
        VolumeScene::new(&self.texture, &self.free_space, camera, PICTURE, mode)
    }

    fn draw(&self, scene: &VolumeScene<'_>) -> Vec<[u8; 3]> {
        let target = Target::new(&self.gpu, scene.size).unwrap();
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        scene.encode(&self.renderer, &self.gpu, &mut encoder, target.view());
        self.gpu.queue.submit([encoder.finish()]);
        let bytes = readback::rgba(&self.gpu, &target).unwrap();
        bytes.chunks_exact(4).map(|p| [p[0], p[1], p[2]]).collect()
    }

    fn cameras(&self) -> Vec<Camera> {
        let front = Camera::from_front(&self.volume.geometry, PICTURE);
        let turned = front.turned(0.9, 0.4);
        let behind = front.turned(3.0, -0.3).zoomed(1.3);
        let close = Camera { eye_mm: Some(90.0), ..front.turned(-0.8, 0.9) };
        vec![front, turned, behind, close]
    }
}

/// The middle of all pixels a colour dominates, and how many there are.
fn middle(picture: &[[u8; 3]], channel: usize) -> (DVec2, usize) {
    let other = 2 - channel;
    let (mut sum, mut count) = (DVec2::ZERO, 0);
    for (n, pixel) in picture.iter().enumerate() {
        if pixel[channel] > 60 && pixel[channel] > pixel[other].saturating_mul(2) {
            sum += DVec2::new((n % PICTURE[0]) as f64 + 0.5, (n / PICTURE[0]) as f64 + 0.5);
            count += 1;
        }
    }
    (sum / count.max(1) as f64, count)
}

/// Where a camera sees a point: nearer things are larger where the rays meet in an eye.
fn seen_at(camera: &Camera, at: World) -> DVec2 {
    let (on_plane, depth_mm) = pick::screen(&camera.raster(PICTURE), at);
    let half = DVec2::new(PICTURE[0] as f64, PICTURE[1] as f64) / 2.0;
    let scale = camera.eye_mm.map_or(1.0, |eye_mm| eye_mm / (eye_mm + depth_mm));
    half + (on_plane.0 - half) * scale
}

fn off_centre(geometry: &Geometry, part: [f64; 3]) -> World {
    geometry.world(Voxel(DVec3::from_array(std::array::from_fn(|a| SIZE[a] as f64 * part[a]))))
}

#[test]
fn a_ball_is_seen_where_it_lies() {
    for gpu in [gpu(), plain_gpu()].into_iter().flatten() {
        let geometry = hard_geometry(SIZE);
        let (red, blue) = (off_centre(&geometry, [0.25, 0.3, 0.7]), off_centre(&geometry, [0.75, 0.7, 0.3]));
        let benches = benches(&gpu, &balls(geometry, &[(red, 4.0, RED_VALUE), (blue, 3.5, BLUE_VALUE)]));
        for (bench, camera) in benches.iter().flat_map(|bench| bench.cameras().into_iter().map(move |c| (bench, c))) {
            let picture = bench.draw(&bench.shaded(camera));
            for (channel, ball) in [(0, red), (2, blue)] {
                let (at, count) = middle(&picture, channel);
                let expected = seen_at(&camera, ball);
                assert!(count > 60, "{camera:?}: {count} pixels of channel {channel}");
                assert!((at - expected).length() < 1.6, "{camera:?}: channel {channel} at {at}, expected {expected}");
            }
            for (projection, ball, is_seen) in [
                (Projection::Maximum, red, (|p| p > 200) as fn(u8) -> bool),
                (Projection::Minimum, blue, |p| (1..55).contains(&p)),
            ] {
                let mut scene = bench.projected(camera, projection);
                scene.background = [100; 3];
                let (mut at, mut count) = (DVec2::ZERO, 0.0);
                for (n, _) in bench.draw(&scene).iter().enumerate().filter(|(_, p)| is_seen(p[0])) {
                    at += DVec2::new((n % PICTURE[0]) as f64 + 0.5, (n / PICTURE[0]) as f64 + 0.5);
                    count += 1.0;
                }
                let expected = seen_at(&camera, ball);
                assert!((at / count - expected).length() < 1.5, "{camera:?}: {} expected {expected}", at / count);
            }
        }
    }
}

#[test]
fn the_nearer_ball_hides_the_farther() {
    let Some(gpu) = gpu() else { return };
    let geometry = hard_geometry(SIZE);
    let (first, last) = (off_centre(&geometry, [0.5, 0.2, 0.5]), off_centre(&geometry, [0.5, 0.85, 0.5]));
    for bench in benches(&gpu, &balls(geometry, &[(first, 4.0, BLUE_VALUE), (last, 4.0, RED_VALUE)])) {
        let along = (last.0 - first.0).normalize();
        for (forward, front_channel) in [(along, 2), (-along, 0)] {
            let plane = limner_imaging::Plane::oblique(geometry.centre(), forward).unwrap();
            let camera = Camera::framing(&geometry, &plane, PICTURE);
            assert!(camera.forward().dot(forward) > 0.999);
            let picture = bench.draw(&bench.shaded(camera));
            let at = seen_at(&camera, first);
            let pixel = picture[at.y as usize * PICTURE[0] + at.x as usize];
            assert!(pixel[front_channel] > 150 && pixel[2 - front_channel] < 100, "{forward}: {pixel:?}");
        }
    }
}

#[test]
fn leaping_over_free_space_changes_nothing() {
    let Some(gpu) = gpu() else { return };
    let geometry = hard_geometry(SIZE);
    let centres = [
        (off_centre(&geometry, [0.2, 0.3, 0.7]), 3.0, RED_VALUE),
        (off_centre(&geometry, [0.8, 0.7, 0.3]), 5.0, BLUE_VALUE),
    ];
    for mut bench in benches(&gpu, &balls(geometry, &centres)) {
        let leaping: Vec<_> = bench.cameras().iter().map(|&camera| bench.draw(&bench.shaded(camera))).collect();
        let never_clear = TransferFunction::new(vec![point(0.0, RED, 1.0)]);
        let ranges = BrickRanges::measure(&bench.volume);
        bench.free_space = FreeSpace::new(&bench.gpu, &bench.texture, &ranges, &never_clear, None).unwrap();
        for (camera, leaping) in bench.cameras().into_iter().zip(leaping) {
            let slow = bench.draw(&bench.shaded(camera));
            let differing = slow.iter().zip(&leaping).filter(|(a, b)| (0..3).any(|c| a[c].abs_diff(b[c]) > 2)).count();
            assert!(differing * 500 < slow.len(), "{camera:?}: {differing} pixels");
        }
    }
}

/// Every projection against rays on the CPU with very short steps.
#[test]
fn projections_match_rays_on_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let geometry = hard_geometry(SIZE);
    let centres =
        [(off_centre(&geometry, [0.3, 0.3, 0.6]), 6.0, 700.0), (off_centre(&geometry, [0.7, 0.6, 0.3]), 8.0, 900.0)];
    for bench in benches(&gpu, &balls(geometry, &centres)) {
        let camera = bench.cameras()[1];
        let raster = camera.raster(PICTURE);
        for projection in [Projection::Maximum, Projection::Minimum, Projection::Mean] {
            let drawn = bench.draw(&bench.projected(camera, projection));
            let (mut off, mut checked) = (0, 0);
            for (n, pixel) in drawn.iter().enumerate() {
                let at = pick::world(
                    &raster,
                    limner_imaging::Pixel(DVec2::new((n % 120) as f64 + 0.5, (n / 120) as f64 + 0.5)),
                );
                let along =
                    (-450..450).map(|step| geometry.voxel(World(at.0 + camera.forward() * f64::from(step) * 0.1)));
                let values: Vec<f64> =
                    along.filter_map(|at| reslice::value_at(&bench.volume, at, Interpolation::Linear)).collect();
                // A chord shorter than a few steps holds too few samples to say anything.
                if values.len() < 30 {
                    continue;
                }
                checked += 1;
                let value = match projection {
                    Projection::Maximum => values.iter().copied().reduce(f64::max),
                    Projection::Minimum => values.iter().copied().reduce(f64::min),
                    Projection::Mean => {
                        values.iter().copied().reduce(|a, b| a + b).map(|sum| sum / values.len() as f64)
                    }
                };
                let Some(value) = value else { continue };
                let expected = (Window::from_range(-1000.0, 1000.0).grey(value) * 255.0).round() as i32;
                off += usize::from((i32::from(pixel[0]) - expected).abs() > 6);
            }
            assert!(checked > 300 && off * 100 < checked, "{projection:?}: {off} of {checked} pixels off");
        }
    }
}

#[test]
fn what_is_cut_away_is_not_seen() {
    let Some(gpu) = gpu() else { return };
    let geometry = hard_geometry(SIZE);
    let (red, blue) = (off_centre(&geometry, [0.25, 0.5, 0.5]), off_centre(&geometry, [0.75, 0.5, 0.5]));
    for bench in benches(&gpu, &balls(geometry, &[(red, 4.0, RED_VALUE), (blue, 4.0, BLUE_VALUE)])) {
        let blue_half = VoxelBox::new([SIZE[0] / 2, 0, 0], SIZE);
        let towards_blue = (geometry.centre(), blue.0 - red.0);
        for clip in [Clip { voxels: Some(blue_half), plane: None }, Clip { voxels: None, plane: Some(towards_blue) }] {
            for camera in bench.cameras() {
                let picture = bench.draw(&VolumeScene { clip, ..bench.shaded(camera) });
                assert_eq!(middle(&picture, 0).1, 0, "{clip:?} {camera:?}: the red ball is gone");
                let (at, count) = middle(&picture, 2);
                assert!(
                    count > 60 && (at - seen_at(&camera, blue)).length() < 1.6,
                    "{clip:?} {camera:?}: the blue one stays"
                );
            }
        }
        let nothing = Clip { voxels: Some(VoxelBox::default()), plane: None };
        let picture = bench.draw(&VolumeScene { clip: nothing, ..bench.shaded(bench.cameras()[0]) });
        assert!(picture.iter().all(|&p| p == [0; 3]));
    }
}

#[test]
fn labels_have_lit_surfaces_of_their_colour() {
    let Some(gpu) = gpu() else { return };
    let geometry = hard_geometry(SIZE);
    for mut bench in benches(&gpu, &Volume::new(geometry, Samples::I16(vec![0; geometry.voxel_count()]), 1).unwrap()) {
        let centre = off_centre(&geometry, [0.4, 0.6, 0.5]);
        let radius_mm = 7.0;
        let labels = LabelTexture::new(&bench.gpu, SIZE).unwrap();
        let map: Vec<u16> = (0..geometry.voxel_count())
            .map(|n| {
                let index = [n % SIZE[0], n / SIZE[0] % SIZE[1], n / (SIZE[0] * SIZE[1])];
                u16::from(geometry.world(Voxel::centre(index)).0.distance(centre.0) < radius_mm) * 40_000
            })
            .collect();
        labels.write_box(&bench.gpu, VoxelBox::whole(SIZE), &map).unwrap();
        let mut palette = Palette::new(&bench.gpu).unwrap();
        palette.update(&bench.gpu, [(40_000, LabelStyle::new(BLUE))]);
        let ranges = BrickRanges::measure(&bench.volume);
        bench.free_space =
            FreeSpace::new(&bench.gpu, &bench.texture, &ranges, bench.transfer.function(), Some(&labels)).unwrap();
        for camera in bench.cameras() {
            let surfaces = LabelSurfaces { texture: &labels, palette: &palette, opacity: 1.0 };
            let picture = bench.draw(&VolumeScene { labels: vec![surfaces], ..bench.shaded(camera) });
            let (at, count) = middle(&picture, 2);
            assert!((at - seen_at(&camera, centre)).length() < 1.5, "{camera:?}: {at} {}", seen_at(&camera, centre));
            if camera.eye_mm.is_none() {
                let expected = std::f64::consts::PI * (radius_mm / camera.mm_per_pixel).powi(2);
                assert!(
                    (count as f64 / expected - 1.0).abs() < 0.15,
                    "{camera:?}: {count} pixels, expected {expected}"
                );
            }
            let pixel = |at: DVec2| picture[at.y as usize * PICTURE[0] + at.x as usize][2];
            let rim = at + DVec2::new(radius_mm / camera.mm_per_pixel * 0.85, 0.0);
            assert!(
                pixel(at) > pixel(rim) + 40,
                "{camera:?}: lit in the middle {} and at the rim {}",
                pixel(at),
                pixel(rim)
            );
        }
        palette.update(&bench.gpu, [(40_000, LabelStyle { visible: false, ..LabelStyle::new(BLUE) })]);
        let surfaces = LabelSurfaces { texture: &labels, palette: &palette, opacity: 1.0 };
        let picture = bench.draw(&VolumeScene { labels: vec![surfaces], ..bench.shaded(bench.cameras()[0]) });
        assert!(picture.iter().all(|&p| p == [0; 3]));
    }
}

/// What is drawn bit by bit ends as what is drawn at once, and looks alike from the first part on.
#[test]
fn a_picture_drawn_in_parts_ends_the_same() {
    let Some(gpu) = gpu() else { return };
    let geometry = hard_geometry(SIZE);
    let ball = off_centre(&geometry, [0.3, 0.3, 0.6]);
    for bench in benches(&gpu, &balls(geometry, &[(ball, 6.0, RED_VALUE)])) {
        let scene = bench.shaded(bench.cameras()[1]);
        let whole = bench.draw(&scene);
        let mut progressive = Progressive::new(&bench.gpu, PICTURE).unwrap();
        let read = |progressive: &Progressive| -> Vec<[u8; 3]> {
            let bytes = readback::rgba(&bench.gpu, progressive.target()).unwrap();
            bytes.chunks_exact(4).map(|p| [p[0], p[1], p[2]]).collect()
        };
        for _ in 0..2 {
            assert!(progressive.advance(&scene, &bench.renderer, &bench.gpu));
            bench.gpu.wait();
            let (at, count) = middle(&read(&progressive), 0);
            assert!(
                count > 60 && (at - seen_at(&scene.camera, ball)).length() < 2.5,
                "first impression: {count} at {at}"
            );
            let mut calls = 0;
            while !progressive.is_done() {
                progressive.advance(&scene, &bench.renderer, &bench.gpu);
                bench.gpu.wait();
                calls += 1;
                assert!(calls < 100);
            }
            assert_eq!(read(&progressive), whole);
            progressive.restart();
        }
    }
}
