//! Times what a reader waits for, on CT-like data with noise: slices with and without labels. One line per figure.
//!
//! `cargo run --release -p limner-render --example bench [slices]`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers")]

use glam::DVec3;
use limner_imaging::reslice::{Interpolation, Projection, Raster};
use limner_imaging::{Geometry, Plane, Samples, View, Volume, VoxelBox, Window, World};
use limner_render::{
    BrickRanges, Camera, FreeSpace, GpuContext, LabelLayer, LabelTexture, Palette, Renderer, SliceScene, Target, Tone,
    TransferPreset, TransferTable, VolumeMode, VolumeScene, VolumeTexture,
};
use std::time::Instant;

fn main() {
    let slices = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(300);
    let gpu = GpuContext::headless().unwrap();
    println!("{} ({:?})", gpu.adapter_name(), gpu.tier);
    let (volume, labels) = ct_like([512, 512, slices]);

    let start = Instant::now();
    let texture = VolumeTexture::new(&gpu, &volume).unwrap();
    gpu.wait();
    println!("upload of {} MiB: {:.1} ms", texture.bytes() >> 20, ms(start));

    let label_texture = LabelTexture::new(&gpu, volume.size()).unwrap();
    label_texture.write_box(&gpu, VoxelBox::whole(volume.size()), &labels).unwrap();
    let palette = Palette::new(&gpu).unwrap();
    let renderer = Renderer::new(&gpu, Target::FORMAT);

    volumes(&gpu, &renderer, &volume, &texture);
    let centre = volume.geometry.centre();
    let planes = [
        ("axial", Plane::of_view(&volume.geometry, View::Axial, centre)),
        ("coronal", Plane::of_view(&volume.geometry, View::Coronal, centre)),
        ("oblique", Plane::oblique(centre, DVec3::new(0.4, -0.5, 0.7)).unwrap()),
    ];
    for (name, plane) in planes {
        for interpolation in [Interpolation::Nearest, Interpolation::Linear] {
            for (with_labels, host) in [(false, None), (true, None), (false, Some(&volume)), (true, Some(&volume))] {
                let layer = LabelLayer { texture: &label_texture, palette: &palette, opacity: 0.3, outline_px: 1.5 };
                let scene = SliceScene {
                    interpolation,
                    host,
                    labels: if with_labels { vec![layer] } else { Vec::new() },
                    ..SliceScene::new(&texture, Raster::fitted(&plane, &volume, [1024, 1024]), Window::new(400.0, 40.0))
                };
                let target = Target::new(&gpu, scene.raster.size).unwrap();
                let median = median_ms(|| {
                    let mut encoder = gpu.device.create_command_encoder(&Default::default());
                    scene.encode(&renderer, &gpu, &mut encoder, target.view());
                    gpu.queue.submit([encoder.finish()]);
                    gpu.wait();
                });
                let labels = if with_labels { " with labels" } else { "" };
                let by = if host.is_some() { " by the processor" } else { "" };
                println!("1024² {name} {interpolation:?}{labels}{by}: {median:.2} ms");
            }
        }
    }
}

fn volumes(gpu: &GpuContext, renderer: &Renderer, volume: &Volume, texture: &VolumeTexture) {
    const SIZE: [usize; 2] = [512, 512];
    let start = Instant::now();
    let ranges = BrickRanges::measure(volume);
    println!("brick ranges: {:.1} ms", ms(start));
    let transfer =
        TransferTable::new(gpu, TransferPreset::named("ct-bone").unwrap().function(Window::new(400.0, 40.0)));
    let start = Instant::now();
    let free_space = FreeSpace::new(gpu, texture, &ranges, transfer.function(), None).unwrap();
    println!("free space: {:.1} ms", ms(start));
    let camera = Camera::from_front(&volume.geometry, SIZE).turned(0.5, 0.2).zoomed(1.4);
    let bone = Tone::new(Window::from_range(150.0, 900.0));
    let modes = [
        ("MIP", VolumeMode::Projected { projection: Projection::Maximum, tone: bone }),
        ("shaded bone", VolumeMode::Shaded { transfer: &transfer }),
    ];
    for (name, mode) in modes {
        let full = VolumeScene::new(texture, &free_space, camera, SIZE, mode);
        for (quality, scene) in [("full", full.clone()), ("coarse", full.coarse(4))] {
            let target = Target::new(gpu, scene.size).unwrap();
            let median = median_ms(|| {
                let mut encoder = gpu.device.create_command_encoder(&Default::default());
                scene.encode(renderer, gpu, &mut encoder, target.view());
                gpu.queue.submit([encoder.finish()]);
                gpu.wait();
            });
            println!("512² {name}, {quality}: {median:.1} ms");
            if let (Ok(folder), "full") = (std::env::var("BENCH_PICTURES"), quality) {
                let bytes = limner_render::readback::rgba(gpu, &target).unwrap();
                let path = std::path::Path::new(&folder).join(format!("{name}.raw"));
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

fn median_ms(mut work: impl FnMut()) -> f64 {
    work();
    let mut all: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            work();
            ms(start)
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// A body with lungs, a spine and noise, and three labels.
fn ct_like(size: [usize; 3]) -> (Volume, Vec<u16>) {
    let count = size.iter().product();
    let (mut samples, mut labels) = (vec![-1000_i16; count], vec![0_u16; count]);
    let mut n = 0;
    let mut noise = 12345_u32;
    for k in 0..size[2] {
        for j in 0..size[1] {
            for i in 0..size[0] {
                let p = [i, j, k].map(|x| x as f32);
                let p: [f32; 3] = std::array::from_fn(|a| p[a] / size[a] as f32);
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let grain = (noise >> 24) as i16 / 8 - 16;
                let (value, label) = tissue(p);
                samples[n] = value + grain;
                labels[n] = label;
                n += 1;
            }
        }
    }
    let geometry = Geometry::axis_aligned(size, World::default(), [0.7, 0.7, 1.0]).unwrap();
    (Volume::new(geometry, Samples::I16(samples), 1).unwrap(), labels)
}

fn tissue(p: [f32; 3]) -> (i16, u16) {
    let within =
        |centre: [f32; 3], radius: [f32; 3]| -> f32 { (0..3).map(|a| ((p[a] - centre[a]) / radius[a]).powi(2)).sum() };
    let body = within([0.5, 0.5, 0.5], [0.45, 0.33, 0.6]);
    if body >= 1.0 {
        return (-1000, 0);
    }
    if within([0.62, 0.42, 0.4], [0.04, 0.04, 0.06]) < 1.0 {
        return (120, 3);
    }
    if within([0.3, 0.45, 0.55], [0.13, 0.18, 0.35]) < 1.0 || within([0.7, 0.45, 0.55], [0.13, 0.18, 0.35]) < 1.0 {
        return (-850, 1);
    }
    if within([0.5, 0.7, p[2]], [0.06, 0.07, 1.0]) < 1.0 {
        return (700 + ((p[2] * 60.0).sin() * 300.0) as i16, 2);
    }
    if body > 0.86 && (p[2] * 20.0 + p[0]).fract() < 0.35 { (900, 0) } else { (40, 0) }
}
