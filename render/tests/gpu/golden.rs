//! Small pictures of phantoms, drawn on the software rasteriser and looked at once by a person. They catch what no
//! arithmetic asks for: a lamp on the wrong side, a colour map turned round, a layer lost.
//!
//! `LIMNER_WRITE_GOLDEN=1 cargo test -p limner-render golden` draws them anew; look at them before committing.

use crate::support::{draw, gpu, hard_geometry, phantom, volume};
use glam::{DAffine3, DVec2, DVec3};
use limner_imaging::reslice::{Interpolation, Projection, Raster, Slab};
use limner_imaging::{Geometry, Pixel, Plane, Samples, View, Volume, Voxel, VoxelBox, Window, World};
use limner_render::{
    BrickRanges, Camera, Clip, ColourMap, FreeSpace, GpuContext, HandleForm, HeatLayer, LabelLayer, LabelStyle,
    LabelSurfaces, LabelTexture, MapPreset, Palette, Renderer, ScaleBar, Second, SecondMode, Shape, SliceScene, Stroke,
    Target, Tier, Tone, TransferPreset, TransferTable, VolumeMode, VolumeScene, VolumeTexture, readback, shapes,
};
use std::path::PathBuf;
use std::sync::Arc;

/// The one tolerance of all golden pictures: so much may a channel be off, in so many pixels more.
const LEVELS: u8 = 2;
const PIXELS: usize = 10;

const SIZE: [usize; 3] = [40, 32, 24];
const PICTURE: [usize; 2] = [96, 80];

struct Studio {
    gpu: GpuContext,
    renderer: Renderer,
    head: VolumeTexture,
    other: VolumeTexture,
    volume: Arc<Volume>,
    lower: LabelTexture,
    upper: LabelTexture,
    palette: Palette,
}

/// A skull with a brain, a mark on the patient's left and a tilted, anisotropic, left-handed grid.
fn head() -> Volume {
    let geometry = hard_geometry(SIZE);
    let value = |n: usize| {
        let index = [n % SIZE[0], n / SIZE[0] % SIZE[1], n / (SIZE[0] * SIZE[1])];
        let p: [f64; 3] = std::array::from_fn(|a| (index[a] as f64 + 0.5) / SIZE[a] as f64 - 0.5);
        let radius = (p[0].powi(2) + 1.2 * p[1].powi(2) + p[2].powi(2)).sqrt();
        let mark = (p[0] - 0.2).powi(2) + (p[1] + 0.1).powi(2) + (p[2] - 0.1).powi(2) < 0.006;
        match radius {
            _ if mark => 300,
            r if r > 0.46 => -1000,
            r if r > 0.38 => 900,
            _ => 30 + ((index[0] * 7 + index[1] * 13 + index[2] * 5) % 11) as i16,
        }
    };
    Volume::new(geometry, Samples::I16((0..geometry.voxel_count()).map(value).collect()), 1).unwrap()
}

/// Warm towards one corner, on a grid of its own.
fn warmth(head: &Geometry) -> Volume {
    let size = [20, 22, 18];
    let corner = World(head.centre().0 - DVec3::new(15.0, 17.0, 30.0));
    let geometry = Geometry::axis_aligned(size, corner, [1.6, 1.5, 3.4]).unwrap();
    let hot = head.world(Voxel::new(28.0, 10.0, 15.0)).0;
    let value = |n: usize| {
        let at = geometry.world(Voxel::centre([n % 20, n / 20 % 22, n / 440])).0;
        (-at.distance_squared(hot) / 120.0).exp() as f32
    };
    Volume::new(geometry, Samples::F32((0..geometry.voxel_count()).map(value).collect()), 1).unwrap()
}

fn studio(gpu: GpuContext) -> Studio {
    let volume = Arc::new(head());
    let other = Arc::new(warmth(&volume.geometry));
    let labels = |boxes: &[(VoxelBox, u16)]| {
        let texture = LabelTexture::new(&gpu, SIZE).unwrap();
        for &(at, label) in boxes {
            texture.write_box(&gpu, at, &vec![label; at.len()]).unwrap();
        }
        texture
    };
    let lower = labels(&[(VoxelBox::new([10, 8, 6], [22, 20, 18]), 1), (VoxelBox::new([22, 12, 6], [30, 20, 18]), 2)]);
    let upper = labels(&[(VoxelBox::new([16, 14, 8], [26, 26, 16]), 3)]);
    let mut palette = Palette::new(&gpu).unwrap();
    let styles = [([220, 60, 60], false), ([60, 200, 90], true), ([80, 120, 255], false)];
    let styles = styles.map(|(colour, selected)| LabelStyle { selected, ..LabelStyle::new(colour) });
    palette.update(&gpu, (1..).zip(styles));
    let texture = |volume: &Arc<Volume>| VolumeTexture::new(&gpu, volume).unwrap().with_host(Arc::clone(volume));
    let (head, other) = (texture(&volume), texture(&other));
    Studio { renderer: Renderer::new(&gpu, Target::FORMAT), gpu, head, other, volume, lower, upper, palette }
}

impl Studio {
    fn slice(&self, view: View) -> SliceScene<'_> {
        let plane = Plane::of_view(&self.volume.geometry, view, self.volume.geometry.centre());
        let raster = Raster::fitted(&plane, &self.volume, PICTURE);
        SliceScene::new(&self.head, raster, Window::new(1600.0, 200.0))
    }

    fn second<'a>(&'a self, mode: SecondMode, map: Option<&'a ColourMap>) -> Option<Second<'a>> {
        let tone = Tone { colour_map: map, ..Tone::new(Window::from_range(0.1, 1.0)) };
        Some(Second { volume: &self.other, moved: DAffine3::IDENTITY, tone, mode })
    }

    fn layers(&self) -> Vec<LabelLayer<'_>> {
        [&self.lower, &self.upper].map(|texture| LabelLayer::new(texture, &self.palette)).to_vec()
    }

    fn solid<'a>(&'a self, free_space: &'a FreeSpace, mode: VolumeMode<'a>) -> VolumeScene<'a> {
        let camera = Camera::from_front(&self.volume.geometry, PICTURE).turned(0.6, 0.3).zoomed(1.4);
        VolumeScene { background: [12, 14, 20], ..VolumeScene::new(&self.head, free_space, camera, PICTURE, mode) }
    }

    fn draw_solid(&self, scene: &VolumeScene<'_>) -> Vec<u8> {
        let target = Target::new(&self.gpu, PICTURE).unwrap();
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        scene.encode(&self.renderer, &self.gpu, &mut encoder, target.view());
        self.gpu.queue.submit([encoder.finish()]);
        readback::rgba(&self.gpu, &target).unwrap()
    }

    /// By shader and, where the adapter is a software one, by processor: both must be the golden picture.
    fn check_slice(&self, name: &str, scene: &SliceScene<'_>) {
        let by_processor = draw(&self.gpu, &self.renderer, scene);
        check(name, &by_processor);
        let bare = VolumeTexture::new(&self.gpu, &self.volume).unwrap();
        let by_shader = SliceScene { volume: &bare, ..scene.clone() };
        check(name, &draw(&self.gpu, &self.renderer, &by_shader));
    }
}

fn check(name: &str, drawn: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.png"));
    let [width, height] = PICTURE.map(|n| n as u32);
    let drawn = image::RgbaImage::from_raw(width, height, drawn.to_vec()).unwrap();
    if std::env::var_os("LIMNER_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        drawn.save(&path).unwrap();
    }
    let golden = image::open(&path).unwrap().to_rgba8();
    let is_off = |(a, b): &(&image::Rgba<u8>, &image::Rgba<u8>)| (0..4).any(|c| a.0[c].abs_diff(b.0[c]) > LEVELS);
    let off = drawn.pixels().zip(golden.pixels()).filter(is_off).count();
    if off > PIXELS {
        let seen = std::env::temp_dir().join(format!("limner-golden-{name}.png"));
        drawn.save(&seen).unwrap();
        panic!("{name}: {off} pixels are not the golden picture's; what was drawn lies at {}", seen.display());
    }
}

/// The pictures were made on the software rasteriser; other adapters are held to arithmetic by the other tests.
fn software_studio() -> Option<Studio> {
    gpu().filter(|gpu| gpu.tier == Tier::Software).map(studio)
}

#[test]
fn golden_slices() {
    let Some(studio) = software_studio() else { return };
    for view in View::ALL {
        studio.check_slice(&format!("slice-{}", view.name().to_lowercase()), &studio.slice(view));
    }
    let pet = ColourMap::new(&studio.gpu, &MapPreset::named("pet").unwrap().entries());
    let plane = Plane::oblique(studio.volume.geometry.centre(), DVec3::new(0.5, -0.6, 0.4)).unwrap();
    let oblique = SliceScene {
        raster: Raster::fitted(&plane, &studio.volume, PICTURE),
        interpolation: Interpolation::Cubic,
        colour_map: Some(&pet),
        gamma: 1.4,
        ..studio.slice(View::Axial)
    };
    studio.check_slice("oblique-cubic-coloured", &oblique);
    for (name, projection) in [("slab-maximum", Projection::Maximum), ("slab-mean", Projection::Mean)] {
        let slab = Some(Slab { projection, thickness_mm: 20.0 });
        studio.check_slice(name, &SliceScene { slab, inverted: true, ..studio.slice(View::Coronal) });
    }
}

#[test]
fn golden_labels_and_shapes() {
    let Some(mut studio) = software_studio() else { return };
    studio.check_slice("labels", &SliceScene { labels: studio.layers(), ..studio.slice(View::Axial) });
    studio.palette.set_hatched(true);
    studio.check_slice("labels-hatched", &SliceScene { labels: studio.layers(), ..studio.slice(View::Coronal) });
    let scene = studio.slice(View::Sagittal);
    let yellow = Stroke::new([255, 220, 0], 1.5).rimmed();
    let at = |x, y| Pixel(DVec2::new(x, y));
    let mut drawn = shapes::crosshair(&scene.raster, studio.volume.geometry.centre(), 5.0, yellow.dashed(4.0));
    drawn.extend(ScaleBar::fitting(scene.raster.mm_per_pixel, 40.0).unwrap().lying(at(6.0, 72.0), yellow));
    drawn.push(Shape::Circle { centre: at(60.0, 30.0), radius_px: 14.0, stroke: yellow });
    drawn.push(Shape::Handle { at: at(74.0, 30.0), form: HandleForm::Square, radius_px: 3.0, colour: [255; 3] });
    drawn.push(Shape::Handle { at: at(46.0, 30.0), form: HandleForm::Round, radius_px: 3.0, colour: [255; 3] });
    studio.check_slice("shapes", &SliceScene { shapes: drawn, ..scene });
}

#[test]
fn golden_pairs() {
    let Some(studio) = software_studio() else { return };
    let hot = ColourMap::new(&studio.gpu, &MapPreset::named("hot").unwrap().entries());
    let modes = [
        ("fusion", SecondMode::Fusion { opacity: 0.6, hides_low: true }),
        ("checkerboard", SecondMode::Checkerboard { square_px: 16.0 }),
        ("swipe", SecondMode::SwipeRight { from_px: 50.0 }),
        ("blend", SecondMode::Blend { share: 0.4 }),
    ];
    for (name, mode) in modes {
        let scene = SliceScene { second: studio.second(mode, Some(&hot)), ..studio.slice(View::Coronal) };
        studio.check_slice(name, &scene);
    }
    let scene = SliceScene {
        second: studio.second(SecondMode::Difference { range: 1000.0 }, None),
        ..studio.slice(View::Axial)
    };
    studio.check_slice("difference", &scene);
    let tone = Tone { colour_map: Some(&hot), ..Tone::new(Window::from_range(0.0, 1.0)) };
    let heat = HeatLayer { volume: &studio.other, tone, opacity: 0.8 };
    studio.check_slice("heat", &SliceScene { heat: vec![heat], ..studio.slice(View::Axial) });
}

#[test]
fn golden_solids() {
    let Some(studio) = software_studio() else { return };
    let ranges = BrickRanges::measure(&studio.volume);
    let surfaces = [&studio.lower, &studio.upper];
    let surfaces = surfaces.map(|texture| LabelSurfaces { texture, palette: &studio.palette, opacity: 0.9 });
    for preset in ["ct-bone", "ct-soft"] {
        let transfer =
            TransferTable::new(&studio.gpu, TransferPreset::named(preset).unwrap().function(Window::new(400.0, 40.0)));
        let layers = surfaces.iter().map(|surface| surface.texture);
        let free_space = FreeSpace::new(&studio.gpu, &studio.head, &ranges, transfer.function(), layers).unwrap();
        let scene = studio.solid(&free_space, VolumeMode::Shaded { transfer: &transfer });
        let middle = studio.volume.geometry.centre();
        let open = Clip { voxels: None, plane: Some((middle, DVec3::new(0.3, 1.0, 0.2))) };
        for (way, by_processor) in [("", true), ("-by-shader", false)] {
            let bare = VolumeTexture::new(&studio.gpu, &studio.volume).unwrap();
            let volume = if by_processor { &studio.head } else { &bare };
            let scene = VolumeScene { volume, ..scene.clone() };
            check(&format!("solid-{preset}{way}"), &studio.draw_solid(&scene));
            let labelled = VolumeScene { clip: open, labels: surfaces.to_vec(), ..scene };
            check(&format!("solid-{preset}-open{way}"), &studio.draw_solid(&labelled));
        }
    }
    let field = volume(SIZE, Samples::U8(phantom(SIZE, |v| (v * 255.0) as u8)));
    let texture = VolumeTexture::new(&studio.gpu, &field).unwrap().with_host(Arc::new(field.clone()));
    let function = TransferPreset::named("mr").unwrap().function(Window::from_range(0.0, 255.0));
    let free_space = FreeSpace::new(&studio.gpu, &texture, &BrickRanges::measure(&field), &function, None).unwrap();
    let tone = Tone::new(Window::from_range(60.0, 200.0));
    let mode = VolumeMode::Projected { projection: Projection::Maximum, tone };
    let scene = VolumeScene { volume: &texture, ..studio.solid(&free_space, mode) };
    check("solid-maximum", &studio.draw_solid(&scene));
}
