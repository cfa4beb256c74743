//! A device that is gone takes nothing with it, and volumes no device can hold are shown all the same.

use crate::support::{draw, gpu, phantom, rasters, scene, volume};
use limner_imaging::reslice::{Interpolation, Raster};
use limner_imaging::{Geometry, Pixel, Plane, Samples, View, Volume, Voxel, VoxelBox, Window, World};
use limner_render::{
    Camera, FreeSpace, GpuContext, LabelLayer, LabelStyle, LabelSurfaces, LabelTexture, Palette, Prepared, Renderer,
    SliceScene, Target, TransferFunction, TransferTable, VolumeMode, VolumeScene, VolumeTexture, readback, reduce,
};
use std::sync::Arc;

const SIZE: [usize; 3] = [23, 31, 17];

/// What a window keeps in main memory, put on a device and drawn.
fn picture(gpu: &GpuContext, prepared: &Prepared, raster: Raster, at: VoxelBox) -> Vec<u8> {
    let renderer = Renderer::new(gpu, Target::FORMAT);
    let texture = prepared.upload(gpu).unwrap();
    let labels = LabelTexture::new(gpu, SIZE).unwrap();
    labels.write_box(gpu, at, &vec![7; at.len()]).unwrap();
    let palette = Palette::new(gpu).unwrap();
    let window = Window::from_range(0.0, 1000.0);
    draw(gpu, &renderer, &scene(&texture, raster, window, vec![LabelLayer::new(&labels, &palette)]))
}

#[test]
fn after_a_lost_device_the_same_picture_is_drawn_by_a_new_one() {
    let Some(first) = gpu() else { return };
    let volume = volume(SIZE, Samples::I16(phantom(SIZE, |v| (v * 1000.0) as i16)));
    let (_, raster) = rasters(&volume).remove(3);
    let prepared = Prepared::new(&first, Arc::new(volume), false).unwrap();
    let at = VoxelBox::new([4, 6, 2], [12, 22, 15]);
    let before = picture(&first, &prepared, raster, at);
    assert!(!first.is_lost());
    first.device.destroy();
    first.wait();
    assert!(first.is_lost(), "whoever holds the context can see that it is of no use any more");
    let second = GpuContext::headless().unwrap();
    assert!(!second.is_lost());
    assert_eq!(picture(&second, &prepared, raster, at), before);
}

/// While a volume is on its way, and on every kind of adapter, its slices already show all of it.
#[test]
fn slices_are_whole_from_the_first_frame_of_an_upload() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let size = [512, 512, 40];
    let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]).unwrap();
    let samples = (0..geometry.voxel_count()).map(|n| (n / 512 % 512) as i16).collect();
    let volume = Arc::new(Volume::new(geometry, Samples::I16(samples), 1).unwrap());
    let prepared = Prepared::new(&gpu, Arc::clone(&volume), true).unwrap();
    assert!(prepared.ranges().is_some() && !prepared.is_reduced());
    let raster = Raster::fitted(&Plane::of_view(&geometry, View::Coronal, geometry.centre()), &volume, [64, 20]);
    let mut upload = prepared.begin_upload(&gpu).unwrap();
    let shown = |texture: &VolumeTexture| {
        draw(&gpu, &renderer, &scene(texture, raster, Window::from_range(0.0, 511.0), Vec::new()))
    };
    let at_first = shown(upload.texture());
    while !upload.advance(&gpu, 1) {
        assert!(upload.progress() < 1.0);
    }
    assert_eq!(at_first, shown(&upload.finish()));
    assert!(at_first.chunks(4).any(|p| p[0] > 100));
}

/// Longer than a software adapter's textures may be: slices and their labels keep every voxel, and 3D shows volume and
/// labels, both reduced, where they lie.
#[test]
fn labels_of_an_oversize_volume_stay_in_place_on_slices_and_in_3d() {
    let Some(gpu) = gpu() else { return };
    let size = [24, 20, 3000];
    if gpu.limits().max_texture_dimension_3d >= 3000 {
        println!("skipped: this adapter holds the volume as it is");
        return;
    }
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let geometry = Geometry::axis_aligned(size, World::new(-5.0, 3.0, 40.0), [1.0, 1.0, 0.1]).unwrap();
    let volume = Arc::new(Volume::new(geometry, Samples::U8(vec![0; geometry.voxel_count()]), 1).unwrap());
    let prepared = Prepared::new(&gpu, Arc::clone(&volume), true).unwrap();
    assert!(prepared.is_reduced());
    let texture = prepared.upload(&gpu).unwrap();
    let labels = LabelTexture::new(&gpu, size).unwrap();
    let at = VoxelBox::new([3, 4, 1801], [11, 9, 2206]);
    labels.write_box(&gpu, at, &vec![7; at.len()]).unwrap();
    let mut palette = Palette::new(&gpu).unwrap();
    palette.update(&gpu, [(7, LabelStyle::new([255, 0, 0]))]);
    let middle = World((geometry.world(Voxel::centre(at.min)).0 + geometry.world(Voxel::centre(at.max)).0) / 2.0);

    let plane = Plane::of_view(&geometry, View::Coronal, geometry.world(Voxel::centre([5, 5, 2000])));
    let raster = Raster { plane: plane.through(plane.at_mm(-15.0, -30.0)), mm_per_pixel: 0.05, size: [600, 1200] };
    let layer = LabelLayer { opacity: 1.0, outline_px: 0.0, ..LabelLayer::new(&labels, &palette) };
    let drawn = draw(&gpu, &renderer, &scene(&texture, raster, Window::from_range(0.0, 255.0), vec![layer]));
    for (n, pixel) in drawn.chunks_exact(4).enumerate() {
        let at_pixel = Pixel(glam::DVec2::new((n % 600) as f64 + 0.5, (n / 600) as f64 + 0.5));
        let is_in = limner_render::pick::voxel_index(&raster, &geometry, at_pixel)
            .is_some_and(|voxel| (0..3).all(|a| (at.min[a]..at.max[a]).contains(&voxel[a])));
        assert_eq!(pixel[..3] == [255, 0, 0], is_in, "pixel {n}");
    }

    let nothing = TransferFunction::new(Vec::new());
    let transfer = TransferTable::new(&gpu, nothing.clone());
    let free_space = FreeSpace::new(&gpu, &texture, prepared.ranges().unwrap(), &nothing, [&labels]).unwrap();
    // Without the volume at hand the shaders draw it.
    let bare = VolumeTexture::new(&gpu, &reduce::to_fit(&gpu, &volume).unwrap().unwrap()).unwrap();
    let picture = [80, 200];
    for texture in [&texture, &bare] {
        let camera = Camera { target: middle, mm_per_pixel: 0.4, ..Camera::from_front(&geometry, picture) };
        let scene = VolumeScene {
            labels: vec![LabelSurfaces { texture: &labels, palette: &palette, opacity: 1.0 }],
            ..VolumeScene::new(texture, &free_space, camera, picture, VolumeMode::Shaded { transfer: &transfer })
        };
        let target = Target::new(&gpu, picture).unwrap();
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        scene.encode(&renderer, &gpu, &mut encoder, target.view());
        gpu.queue.submit([encoder.finish()]);
        let drawn = readback::rgba(&gpu, &target).unwrap();
        let red: Vec<[usize; 2]> = (0..80 * 200).filter(|n| drawn[n * 4] > 60).map(|n| [n % 80, n / 80]).collect();
        let span = |a: usize| {
            let ends = red.iter().map(|p| p[a]).min().zip(red.iter().map(|p| p[a]).max()).expect("labels are seen");
            [ends.0 as f64, ends.1 as f64 + 1.0]
        };
        // Half a pixel, and the smooth surface of a reduced label is off by less than a reduced voxel.
        let near = |span: [f64; 2], mm: f64, middle: f64| {
            ((span[1] - span[0]) * 0.4 - mm).abs() < 1.0 && (f64::midpoint(span[0], span[1]) - middle).abs() < 1.5
        };
        let (across, down) = (span(0), span(1));
        assert!(near(across, 8.0, 40.0) && near(down, 40.5, 100.0), "{across:?} {down:?}");
    }
}

/// 12 GB of voxels of which hardly any are touched: the system gives memory only to pages that are written.
#[test]
fn a_volume_larger_than_any_adapter_shows_every_voxel_on_its_slices() {
    let Some(gpu) = gpu() else { return };
    let size = [2000, 2000, 3000];
    let geometry = Geometry::axis_aligned(size, World::new(-50.0, 30.0, 7.0), [0.1, 0.1, 0.1]).unwrap();
    let mut samples = vec![0_u8; geometry.voxel_count()];
    let marks = [[1999, 1999, 2999], [1234, 567, 2891], [3, 1801, 2891], [0, 0, 0]];
    for mark in marks {
        samples[geometry.linear_index(mark)] = 255;
    }
    let volume = Volume::new(geometry, Samples::U8(samples), 1).unwrap();
    // The texture is only a stand-in: slices must not look at it. (Reducing 12 GB takes too long here.)
    let small = Geometry::axis_aligned([1; 3], World::default(), [1.0; 3]).unwrap();
    let small = Volume::new(small, Samples::U8(vec![0]), 1).unwrap();
    let texture = VolumeTexture::new(&gpu, &small).unwrap();
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    for mark in marks {
        let centre = geometry.world(Voxel::centre(mark));
        for plane in View::ALL.map(|view| Plane::of_view(&geometry, view, centre)) {
            let mm_per_pixel = 0.05;
            let raster = Raster { plane: plane.through(plane.at_mm(-0.5, -0.5)), mm_per_pixel, size: [20, 20] };
            let scene = SliceScene {
                host: Some(&volume),
                interpolation: Interpolation::Nearest,
                ..SliceScene::new(&texture, raster, Window::from_range(0.0, 255.0))
            };
            let drawn = draw(&gpu, &renderer, &scene);
            let lit: Vec<usize> = (0..400).filter(|n| drawn[n * 4] == 255).collect();
            // One voxel is two pixels across, around the middle.
            assert_eq!(lit, [189, 190, 209, 210], "{mark:?}");
        }
    }
}
