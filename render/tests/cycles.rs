//! Opening and closing leaves nothing behind, neither on the adapter nor in main memory. Alone in its process, so that
//! nobody else's memory is counted.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use limner_imaging::reslice::Raster;
use limner_imaging::{Geometry, Plane, Samples, View, Volume, VoxelBox, Window, World};
use limner_render::{
    Camera, FreeSpace, GpuContext, LabelLayer, LabelSurfaces, LabelTexture, Palette, Prepared, Progressive, Renderer,
    SliceScene, Target, TransferPreset, TransferTable, VolumeMode, VolumeScene, wgpu,
};
use std::io::Write as _;
use std::sync::Arc;

const CYCLES: usize = 1000;
/// Pools and caches fill up in the first cycles.
const SETTLED: usize = 200;
/// Every cycle puts a quarter of a megabyte on the adapter and as much into main memory.
const MOST_GROWTH_BYTES: u64 = 8 << 20;

fn gpu() -> Option<GpuContext> {
    match GpuContext::headless() {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            assert!(std::env::var_os("LIMNER_REQUIRE_GPU").is_none_or(|v| v != "1"), "{error}");
            let _ = writeln!(std::io::stdout(), "skipped: no adapter");
            None
        }
    }
}

/// What the process holds in main memory, where the system says so.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

/// A series as a window opens it: sent piece by piece, painted on, seen on a slice and in 3D, and closed.
fn open_and_close(gpu: &GpuContext, renderer: &Renderer, n: usize) -> u64 {
    let size = [48, 40, 32];
    let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]).unwrap();
    let samples = (0..geometry.voxel_count()).map(|voxel| ((voxel * 31 + n) % 1000) as i16).collect();
    let volume = Arc::new(Volume::new(geometry, Samples::I16(samples), 1).unwrap());
    let prepared = Prepared::new(gpu, Arc::clone(&volume), true).unwrap();
    let mut upload = prepared.begin_upload(gpu).unwrap();
    while !upload.advance(gpu, 1) {}
    let texture = upload.finish();
    let labels = LabelTexture::new(gpu, size).unwrap();
    let at = VoxelBox::new([5, 6, 7], [20, 30, 20]);
    labels.write_box(gpu, at, &vec![3; at.len()]).unwrap();
    let palette = Palette::new(gpu).unwrap();

    let raster = Raster::fitted(&Plane::of_view(&geometry, View::Axial, geometry.centre()), &volume, [64, 48]);
    let slice = SliceScene {
        labels: vec![LabelLayer::new(&labels, &palette)],
        ..SliceScene::new(&texture, raster, Window::from_range(0.0, 1000.0))
    };
    let target = Target::new(gpu, raster.size).unwrap();
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    slice.encode(renderer, gpu, &mut encoder, target.view());
    gpu.queue.submit([encoder.finish()]);

    let function = TransferPreset::named("mr").unwrap().function(Window::from_range(0.0, 1000.0));
    let transfer = TransferTable::new(gpu, function.clone());
    let free_space = FreeSpace::new(gpu, &texture, prepared.ranges().unwrap(), &function, [&labels]).unwrap();
    let camera = Camera::from_front(&geometry, [32, 24]);
    let mode = VolumeMode::Shaded { transfer: &transfer };
    let solid = VolumeScene {
        labels: vec![LabelSurfaces { texture: &labels, palette: &palette, opacity: 1.0 }],
        ..VolumeScene::new(&texture, &free_space, camera, [32, 24], mode)
    };
    let mut progressive = Progressive::new(gpu, [32, 24]).unwrap();
    progressive.advance(&solid, renderer, gpu);
    gpu.wait();
    gpu.bytes_in_use()
}

#[test]
fn a_thousand_openings_leave_nothing() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let at_rest = gpu.bytes_in_use();
    let held = open_and_close(&gpu, &renderer, 0);
    assert!(held > at_rest + 48 * 40 * 32 * 4, "samples and labels are counted");
    let mut settled = None;
    for n in 1..CYCLES {
        assert_eq!(open_and_close(&gpu, &renderer, n), held, "cycle {n}");
        assert_eq!(gpu.bytes_in_use(), at_rest, "cycle {n}");
        if n == SETTLED {
            settled = resident_bytes();
        }
    }
    if let Some((before, after)) = settled.zip(resident_bytes()) {
        let growth = after.saturating_sub(before);
        println!("{} KiB more after {} openings", growth >> 10, CYCLES - SETTLED);
        assert!(growth < MOST_GROWTH_BYTES, "{growth} bytes more in main memory");
    }
}
