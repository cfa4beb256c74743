//! A device that is gone takes nothing with it, and volumes no device can hold are shown all the same.

use crate::support::{draw, gpu, phantom, rasters, scene, volume};
use limner_imaging::reslice::{Interpolation, Raster};
use limner_imaging::{Geometry, Plane, Samples, View, Volume, VoxelBox, Window, World};
use limner_render::{
    Camera, FreeSpace, GpuContext, LabelLayer, LabelTexture, Palette, Prepared, Progressive, Renderer, SliceScene,
    Target, TransferPreset, TransferTable, VolumeMode, VolumeScene, VolumeTexture,
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

/// Whatever a picture takes on the adapter is given back when it is closed, however often.
#[test]
fn all_that_is_opened_is_given_back() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let at_rest = gpu.bytes_in_use();
    let volume = Arc::new(volume(SIZE, Samples::I16(phantom(SIZE, |v| (v * 1000.0) as i16))));
    let prepared = Prepared::new(&gpu, Arc::clone(&volume), true).unwrap();
    let function = TransferPreset::named("mr").unwrap().function(Window::from_range(0.0, 1000.0));
    let mut most = 0;
    for cycle in 0..50 {
        let texture = prepared.upload(&gpu).unwrap();
        let labels = LabelTexture::new(&gpu, SIZE).unwrap();
        let transfer = TransferTable::new(&gpu, function.clone());
        let free_space = FreeSpace::new(&gpu, &texture, prepared.ranges().unwrap(), &function, [&labels]).unwrap();
        let camera = Camera::from_front(&volume.geometry, [64, 48]);
        let mode = VolumeMode::Shaded { transfer: &transfer };
        let scene = VolumeScene::new(&texture, &free_space, camera, [64, 48], mode);
        let mut progressive = Progressive::new(&gpu, [64, 48]).unwrap();
        progressive.advance(&scene, &renderer, &gpu);
        gpu.wait();
        most = if cycle == 0 { gpu.bytes_in_use() } else { most };
        assert_eq!(gpu.bytes_in_use(), most, "cycle {cycle}");
        assert!(most > at_rest + texture.bytes() + labels.bytes());
    }
    assert_eq!(gpu.bytes_in_use(), at_rest);
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
    // The texture is only a stand-in here: 3D is reduced in `reduce.rs`, slices must not look at it.
    let small = Geometry::axis_aligned([1; 3], World::default(), [1.0; 3]).unwrap();
    let small = Volume::new(small, Samples::U8(vec![0]), 1).unwrap();
    let texture = VolumeTexture::new(&gpu, &small).unwrap();
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    for mark in marks {
        let centre = geometry.world(limner_imaging::Voxel::centre(mark));
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
