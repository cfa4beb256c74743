//! Times what a reader waits for, on CT-like data with noise: slices with and without labels, volumes. One line per
//! figure: a name, a tab, milliseconds, a tab, milliseconds of all processors' time.
//!
//! `cargo run --release -p limner-render --example bench [slices] [folder] [processor]`. With a folder the job is
//! written there for a peer to be timed on (`render/bench/beside_vtk.sh`), and the volumes' pictures beside it. The word
//! `processor` leaves out what shaders draw.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers")]

use glam::DVec3;
use limner_imaging::reslice::{Interpolation, Projection, Raster};
use limner_imaging::{Geometry, Plane, Samples, View, Volume, VoxelBox, Window, World};
use limner_render::{
    BrickRanges, Camera, FreeSpace, GpuContext, LabelLayer, LabelTexture, Palette, Progressive, Renderer, SliceScene,
    Target, Tone, TransferFunction, TransferPreset, TransferTable, VolumeMode, VolumeScene, VolumeTexture,
};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

struct Bench {
    gpu: GpuContext,
    renderer: Renderer,
    volume: Arc<Volume>,
    /// For the shaders alone, and with the volume at hand for the processor.
    textures: [VolumeTexture; 2],
    only_processor: bool,
}

const WAYS: [&str; 2] = [" by shader", ""];
const PICTURE: [usize; 2] = [1024, 1024];
const SOLID: [usize; 2] = [512, 512];
const BONE_WINDOW: (f64, f64) = (150.0, 900.0);

fn main() {
    let slices = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(300);
    let folder = std::env::args().nth(2);
    let only_processor = std::env::args().nth(3).is_some_and(|word| word == "processor");
    let gpu = GpuContext::headless().unwrap();
    println!("{} ({:?}), {} threads", gpu.adapter_name(), gpu.tier, rayon::current_num_threads());
    let (volume, labels) = ct_like([512, 512, slices]);
    let start = Stopwatch::start();
    let texture = VolumeTexture::new(&gpu, &volume).unwrap();
    gpu.wait();
    start.tell(&format!("upload of {} MiB", texture.bytes() >> 20));
    let volume = Arc::new(volume);
    let at_hand = VolumeTexture::new(&gpu, &volume).unwrap().with_host(Arc::clone(&volume));
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let bench = Bench { gpu, renderer, volume, textures: [texture, at_hand], only_processor };
    let transfer = TransferPreset::named("ct-bone").unwrap().function(Window::new(400.0, 40.0));
    if let Some(folder) = &folder {
        bench.write_job(Path::new(folder), &transfer);
    }
    bench.slices(&labels);
    bench.volumes(&transfer, folder.as_deref().map(Path::new));
}

impl Bench {
    fn planes(&self) -> [(&'static str, Plane); 3] {
        let geometry = &self.volume.geometry;
        let centre = geometry.centre();
        [
            ("axial", Plane::of_view(geometry, View::Axial, centre)),
            ("coronal", Plane::of_view(geometry, View::Coronal, centre)),
            ("oblique", Plane::oblique(centre, DVec3::new(0.4, -0.5, 0.7)).unwrap()),
        ]
    }

    fn camera(&self) -> Camera {
        Camera::from_front(&self.volume.geometry, SOLID).turned(0.5, 0.2).zoomed(1.4)
    }

    /// Times a picture as far as it is drawn, and until the adapter has it.
    fn timed(&self, name: &str, scene: impl Fn(&mut limner_render::wgpu::CommandEncoder)) {
        let (mut drawn, mut shown) = (Vec::new(), Vec::new());
        for _ in 0..12 {
            let start = Stopwatch::start();
            let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
            scene(&mut encoder);
            drawn.push(start.stop());
            self.gpu.queue.submit([encoder.finish()]);
            self.gpu.wait();
            shown.push(start.stop());
        }
        // The first ones compile shaders and touch fresh pages.
        for (what, figures) in [("", &mut drawn), (" shown", &mut shown)] {
            if !(what.is_empty() && name.ends_with("by shader")) {
                let [wall, processors] = median(&mut figures[3..]);
                println!("{name}{what}\t{wall:.2}\t{processors:.2}");
            }
        }
    }

    fn ways(&self) -> impl Iterator<Item = (&VolumeTexture, &'static str)> {
        self.textures.iter().zip(WAYS).skip(usize::from(self.only_processor))
    }

    fn slices(&self, labels: &[u16]) {
        let label_texture = LabelTexture::new(&self.gpu, self.volume.size()).unwrap();
        label_texture.write_box(&self.gpu, VoxelBox::whole(self.volume.size()), labels).unwrap();
        let palette = Palette::new(&self.gpu).unwrap();
        let layer = LabelLayer { outline_px: 1.5, ..LabelLayer::new(&label_texture, &palette) };
        let target = Target::new(&self.gpu, PICTURE).unwrap();
        for (texture, way) in self.ways() {
            for (name, plane) in self.planes() {
                for (interpolation, how) in [(Interpolation::Nearest, "nearest"), (Interpolation::Linear, "linear")] {
                    for (labels, with) in [(Vec::new(), ""), (vec![layer], " labels")] {
                        let raster = Raster::fitted(&plane, &self.volume, PICTURE);
                        let plain = SliceScene::new(texture, raster, Window::new(400.0, 40.0));
                        let scene = SliceScene { interpolation, labels, ..plain };
                        self.timed(&format!("{name} 1024 {how}{with}{way}"), |encoder| {
                            scene.encode(&self.renderer, &self.gpu, encoder, target.view());
                        });
                    }
                }
            }
        }
    }

    fn volumes(&self, function: &TransferFunction, folder: Option<&Path>) {
        let start = Stopwatch::start();
        let ranges = BrickRanges::measure(&self.volume);
        start.tell("brick ranges");
        let transfer = TransferTable::new(&self.gpu, function.clone());
        let start = Stopwatch::start();
        let free_space = FreeSpace::new(&self.gpu, &self.textures[0], &ranges, function, None).unwrap();
        start.tell("free space");
        let bone = Tone::new(Window::from_range(BONE_WINDOW.0, BONE_WINDOW.1));
        let modes = [
            ("MIP 512", VolumeMode::Projected { projection: Projection::Maximum, tone: bone }),
            ("shaded 512", VolumeMode::Shaded { transfer: &transfer }),
        ];
        for (texture, way) in self.ways() {
            for (name, mode) in &modes {
                let full = VolumeScene::new(texture, &free_space, self.camera(), SOLID, mode.clone());
                let target = Target::new(&self.gpu, SOLID).unwrap();
                self.timed(&format!("{name}{way}"), |encoder| {
                    full.encode(&self.renderer, &self.gpu, encoder, target.view());
                });
                if let Some(folder) = folder {
                    let bytes = limner_render::readback::rgba(&self.gpu, &target).unwrap();
                    std::fs::write(folder.join(format!("{name}{way}.raw")), bytes).unwrap();
                }
                let start = Stopwatch::start();
                let mut progressive = Progressive::new(&self.gpu, SOLID).unwrap();
                progressive.advance(&full, &self.renderer, &self.gpu);
                self.gpu.wait();
                start.tell(&format!("{name} first{way}"));
            }
        }
    }

    fn write_job(&self, folder: &Path, transfer: &TransferFunction) {
        let Samples::I16(samples) = self.volume.samples() else { return };
        let bytes: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(folder.join("volume.raw"), bytes).unwrap();
        let three = |v: DVec3| format!("{:?}", v.to_array());
        let mut planes = String::new();
        for (name, plane) in self.planes() {
            let Raster { plane, mm_per_pixel, size } = Raster::fitted(&plane, &self.volume, PICTURE);
            let (origin, right, down) = (three(plane.origin.0), three(plane.right), three(plane.down));
            let comma = if planes.is_empty() { "" } else { "," };
            write!(
                planes,
                r#"{comma}"{name}":{{"origin":{origin},"right":{right},"down":{down},"mm_per_pixel":{mm_per_pixel},"pixels":{size:?}}}"#
            )
            .unwrap();
        }
        let camera = self.camera();
        let (target, right, down) = (three(camera.target.0), three(camera.right), three(camera.down));
        let points: Vec<_> =
            transfer.points().iter().map(|p| format!("[{},{:?},{}]", p.value, p.colour, p.opacity_per_mm)).collect();
        let spacing = self.volume.geometry.spacing_mm();
        let step_mm = 0.75 * spacing.iter().copied().fold(f64::INFINITY, f64::min);
        let json = format!(
            r#"{{"size":{:?},"spacing":{spacing:?},"planes":{{{planes}}},"camera":{{"target":{target},"right":{right},"down":{down},"mm_per_pixel":{}}},"transfer":[{}],"window":[{},{}],"step_mm":{step_mm}}}"#,
            self.volume.size(),
            camera.mm_per_pixel,
            points.join(","),
            BONE_WINDOW.0,
            BONE_WINDOW.1,
        );
        std::fs::write(folder.join("job.json"), json).unwrap();
    }
}

/// The time on the wall and that of all threads.
#[derive(Clone, Copy)]
struct Stopwatch {
    wall: Instant,
    processors: f64,
}

impl Stopwatch {
    fn start() -> Self {
        Self { wall: Instant::now(), processors: processors_ms() }
    }

    fn stop(self) -> [f64; 2] {
        [self.wall.elapsed().as_secs_f64() * 1e3, processors_ms() - self.processors]
    }

    fn tell(self, name: &str) {
        let [wall, processors] = self.stop();
        println!("{name}\t{wall:.1}\t{processors:.1}");
    }
}

/// Of all threads so far, where the system tells: what other programs take away does not count.
fn processors_ms() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let of_task = |task: std::fs::DirEntry| -> Option<f64> {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse().ok()
    };
    tasks.flatten().filter_map(of_task).sum::<f64>() / 1e6
}

fn median(figures: &mut [[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|n| {
        figures.sort_by(|a, b| a[n].total_cmp(&b[n]));
        figures[figures.len() / 2][n]
    })
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
