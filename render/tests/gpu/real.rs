//! Real patients: left is left, front is front, up is up, and every slice is the CPU reference.

use crate::support::{assert_drawn, draw, gpu, rasters, scene};
use glam::DVec2;
use limner_imaging::reslice::{Interpolation, Raster};
use limner_imaging::{Plane, Task, View, Volume, VoxelBox, Window, World, formats};
use limner_render::{
    BrickRanges, Camera, FreeSpace, GpuContext, LabelLayer, LabelStyle, LabelSurfaces, LabelTexture, Palette, Renderer,
    SliceScene, Target, TransferFunction, TransferTable, VolumeMode, VolumeScene, VolumeTexture, readback,
};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

fn data() -> Option<PathBuf> {
    let given = std::env::var_os("LIMNER_TEST_DATA").map(PathBuf::from);
    let root = given.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")));
    if root.join("MANIFEST.json").is_file() {
        return Some(root);
    }
    assert!(std::env::var_os("LIMNER_REQUIRE_DATA").is_none_or(|v| v != "1"), "no test data in {}", root.display());
    let _ = writeln!(std::io::stdout(), "real-data suites not run: 1");
    None
}

const SPLEEN: u16 = 1;
const KIDNEY_RIGHT: u16 = 2;
const KIDNEY_LEFT: u16 = 3;
const LIVER: u16 = 5;
const LOW_VERTEBRA: u16 = 30;
const VERTEBRA: u16 = 31;
const HIGH_VERTEBRA: u16 = 32;
const STERNUM: u16 = 117;
const SHOWN: [u16; 8] = [SPLEEN, KIDNEY_RIGHT, KIDNEY_LEFT, LIVER, LOW_VERTEBRA, VERTEBRA, HIGH_VERTEBRA, STERNUM];

struct Abdomen {
    gpu: GpuContext,
    renderer: Renderer,
    volume: Arc<Volume>,
    textures: [VolumeTexture; 2],
    organs: Vec<u16>,
    labels: LabelTexture,
    palette: Palette,
}

fn abdomen() -> Option<Abdomen> {
    let (gpu, root) = (gpu()?, data()?.join("pairs/ct_abdomen_totalseg"));
    let open = |name: &str| formats::open_single(&root.join(name), &Task::default()).unwrap();
    let (volume, mask) = (Arc::new(open("image.nii.gz")), open("mask.nii.gz"));
    let organs: Vec<u16> = (0..mask.samples().len()).map(|n| mask.samples().get(n) as u16).collect();
    let labels = LabelTexture::new(&gpu, mask.size()).unwrap();
    labels.write_box(&gpu, VoxelBox::whole(mask.size()), &organs).unwrap();
    let mut palette = Palette::new(&gpu).unwrap();
    let hidden = |n| (n, LabelStyle { visible: false, ..LabelStyle::new([0; 3]) });
    palette.update(&gpu, (1..200).map(hidden));
    palette.update(&gpu, SHOWN.map(|n| (n, LabelStyle::new(colour(n)))));
    let bare = VolumeTexture::new(&gpu, &volume).unwrap();
    let at_hand = VolumeTexture::new(&gpu, &volume).unwrap().with_host(Arc::clone(&volume));
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    Some(Abdomen { gpu, renderer, volume, textures: [bare, at_hand], organs, labels, palette })
}

/// A colour for each label that no other has.
fn colour(label: u16) -> [u8; 3] {
    [240, label as u8 * 2, 255]
}

impl Abdomen {
    fn middle(&self, label: u16) -> World {
        let geometry = &self.volume.geometry;
        let [width, height, _] = geometry.size();
        let all = self.organs.iter().enumerate().filter(|(_, organ)| **organ == label);
        let index = |n: usize| [n % width, n / width % height, n / (width * height)];
        let all: Vec<_> = all.map(|(n, _)| geometry.world(limner_imaging::Voxel::centre(index(n))).0).collect();
        World(all.iter().sum::<glam::DVec3>() / all.len() as f64)
    }

    /// Where each label is seen on a slice, in pixels.
    fn seen(&self, view: View, through: World, texture: &VolumeTexture) -> BTreeMap<u16, DVec2> {
        let plane = Plane::of_view(&self.volume.geometry, view, through);
        let raster = Raster::fitted(&plane, &self.volume, [200, 200]);
        let layer = LabelLayer { opacity: 1.0, outline_px: 0.0, ..LabelLayer::new(&self.labels, &self.palette) };
        let scene = SliceScene { labels: vec![layer], ..SliceScene::new(texture, raster, Window::new(1e6, 1e6)) };
        let drawn = draw(&self.gpu, &self.renderer, &scene);
        let mut sums: BTreeMap<u16, (DVec2, f64)> = BTreeMap::new();
        for (n, pixel) in drawn.chunks_exact(4).enumerate() {
            if let Some(label) = SHOWN.into_iter().find(|&label| pixel[..3] == colour(label)) {
                let (sum, count) = sums.entry(label).or_default();
                *sum += DVec2::new((n % 200) as f64, (n / 200) as f64);
                *count += 1.0;
            }
        }
        sums.into_iter().filter(|(_, (_, count))| *count > 6.0).map(|(label, (sum, n))| (label, sum / n)).collect()
    }
}

#[test]
fn organs_are_on_their_side_of_every_slice() {
    let Some(abdomen) = abdomen() else { return };
    for texture in &abdomen.textures {
        // The reader looks from the feet and from the front: the patient's right is on the left of the screen.
        let axial = abdomen.seen(View::Axial, abdomen.middle(SPLEEN), texture);
        assert!(axial[&LIVER].x + 50.0 < axial[&SPLEEN].x, "{axial:?}");
        assert!(axial[&LIVER].y + 15.0 < axial[&HIGH_VERTEBRA].y, "the spine lies below: {axial:?}");
        assert!(axial[&STERNUM].y < axial[&LIVER].y, "the front is up: {axial:?}");
        let coronal = abdomen.seen(View::Coronal, abdomen.middle(KIDNEY_LEFT), texture);
        assert!(coronal[&KIDNEY_RIGHT].x + 50.0 < coronal[&KIDNEY_LEFT].x, "{coronal:?}");
        assert!(coronal[&SPLEEN].y + 10.0 < coronal[&KIDNEY_LEFT].y, "the head is up: {coronal:?}");
        let sagittal = abdomen.seen(View::Sagittal, abdomen.middle(VERTEBRA), texture);
        assert!(sagittal[&LIVER].x + 30.0 < sagittal[&VERTEBRA].x, "the front is left: {sagittal:?}");
        assert!(sagittal[&HIGH_VERTEBRA].y < sagittal[&VERTEBRA].y, "{sagittal:?}");
        assert!(sagittal[&VERTEBRA].y < sagittal[&LOW_VERTEBRA].y, "{sagittal:?}");
    }
}

/// In 3D from the front, as on a coronal slice; from behind, the other way round.
#[test]
fn organs_are_on_their_side_in_3d() {
    let Some(mut abdomen) = abdomen() else { return };
    let hidden = |n| (n, LabelStyle { visible: false, ..LabelStyle::new([0; 3]) });
    abdomen.palette.update(&abdomen.gpu, SHOWN.map(hidden));
    let shown = [(LIVER, LabelStyle::new([255, 0, 0])), (SPLEEN, LabelStyle::new([0, 0, 255]))];
    abdomen.palette.update(&abdomen.gpu, shown);
    let nothing = TransferFunction::new(Vec::new());
    let ranges = BrickRanges::measure(&abdomen.volume);
    for texture in &abdomen.textures {
        let free_space = FreeSpace::new(&abdomen.gpu, texture, &ranges, &nothing, Some(&abdomen.labels)).unwrap();
        let transfer = TransferTable::new(&abdomen.gpu, nothing.clone());
        let front = Camera::from_front(&abdomen.volume.geometry, [160, 160]);
        for (camera, sign) in [(front, 1.0), (front.turned(std::f64::consts::PI, 0.0), -1.0)] {
            let surfaces = LabelSurfaces { texture: &abdomen.labels, palette: &abdomen.palette, opacity: 1.0 };
            let mode = VolumeMode::Shaded { transfer: &transfer };
            let scene = VolumeScene {
                labels: vec![surfaces],
                ..VolumeScene::new(texture, &free_space, camera, [160, 160], mode)
            };
            let target = Target::new(&abdomen.gpu, scene.size).unwrap();
            let mut encoder = abdomen.gpu.device.create_command_encoder(&Default::default());
            scene.encode(&abdomen.renderer, &abdomen.gpu, &mut encoder, target.view());
            abdomen.gpu.queue.submit([encoder.finish()]);
            let drawn = readback::rgba(&abdomen.gpu, &target).unwrap();
            let middle = |channel: usize, other: usize| {
                let is_seen = |p: &[u8]| p[channel] > p[other].saturating_add(40);
                let seen: Vec<usize> =
                    drawn.chunks_exact(4).enumerate().filter(|(_, p)| is_seen(p)).map(|(n, _)| n % 160).collect();
                assert!(seen.len() > 50, "{} pixels of channel {channel}", seen.len());
                seen.iter().sum::<usize>() as f64 / seen.len() as f64
            };
            let (liver, spleen) = (middle(0, 2), middle(2, 0));
            assert!((spleen - liver) * sign > 20.0, "liver at {liver}, spleen at {spleen}, from {sign}");
        }
    }
}

/// By shader and by processor, in every plane.
#[test]
fn real_series_are_drawn_as_the_reference_says() {
    let Some((gpu, root)) = gpu().zip(data()) else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let series =
        ["pairs/ct_abdomen_totalseg/image.nii.gz", "nifti/niivue_images/CT_pitch.nii.gz", "series/ct_head_slicer"];
    for name in series {
        let volume = formats::open_single(&root.join(name), &Task::default()).unwrap();
        let texture = VolumeTexture::new(&gpu, &volume).unwrap();
        for (view, raster) in rasters(&volume) {
            let plain = scene(&texture, raster, volume.default_window(), Vec::new());
            let linear = SliceScene { interpolation: Interpolation::Linear, ..plain };
            assert_drawn(&format!("{name}, {view}"), &gpu, &renderer, &volume, &linear);
        }
    }
}
