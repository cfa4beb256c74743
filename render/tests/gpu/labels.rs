//! Labels lie where their voxels lie, fill and outline as asked, and follow the palette.

use crate::support::{draw, gpu, is_on_border, rasters, scene, volume};
use limner_imaging::reslice::{Interpolation, Raster};
use limner_imaging::{Geometry, Plane, Samples, View, Volume, VoxelBox, Window, World};
use limner_render::{
    Error, GpuContext, LabelLayer, LabelStyle, LabelTexture, Palette, Renderer, SliceScene, Target, VolumeTexture,
};

const SIZE: [usize; 3] = [23, 31, 17];
const RED: [u8; 3] = [200, 0, 0];
const GREEN: [u8; 3] = [0, 160, 0];
const HIGH: u16 = 60_000;

struct Bench {
    gpu: GpuContext,
    renderer: Renderer,
    volume: Volume,
    texture: VolumeTexture,
    labels: LabelTexture,
    palette: Palette,
    map: Vec<u16>,
}

/// A dark volume with two boxes of labels that touch, neither in the middle.
fn bench() -> Option<Bench> {
    let gpu = gpu()?;
    let volume = volume(SIZE, Samples::U8(vec![0; SIZE.iter().product()]));
    let texture = VolumeTexture::new(&gpu, &volume).unwrap();
    let labels = LabelTexture::new(&gpu, SIZE).unwrap();
    let mut palette = Palette::new(&gpu).unwrap();
    palette.update(&gpu, [(3, LabelStyle::new(RED)), (HIGH, LabelStyle::new(GREEN))]);
    let mut map = vec![0; SIZE.iter().product()];
    for (at, label) in [(VoxelBox::new([4, 6, 2], [12, 22, 15]), 3), (VoxelBox::new([12, 9, 2], [18, 22, 11]), HIGH)] {
        labels.write_box(&gpu, at, &vec![label; at.len()]).unwrap();
        for k in at.min[2]..at.max[2] {
            for j in at.min[1]..at.max[1] {
                for i in at.min[0]..at.max[0] {
                    map[volume.geometry.linear_index([i, j, k])] = label;
                }
            }
        }
    }
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    Some(Bench { gpu, renderer, volume, texture, labels, palette, map })
}

impl Bench {
    fn picture(&self, raster: Raster, opacity: f32, outline_px: f32) -> Vec<[u8; 3]> {
        self.picture_of(raster, LabelLayer { opacity, outline_px, ..LabelLayer::new(&self.labels, &self.palette) })
    }

    fn picture_of(&self, raster: Raster, layer: LabelLayer<'_>) -> Vec<[u8; 3]> {
        let window = Window::from_range(0.0, 255.0);
        let mut scene = scene(&self.texture, raster, window, vec![layer]);
        scene.background = [0; 3];
        let by_shader = draw(&self.gpu, &self.renderer, &scene);
        scene.host = Some(&self.volume);
        let by_host = draw(&self.gpu, &self.renderer, &scene);
        let differing =
            by_shader.chunks(4).zip(by_host.chunks(4)).filter(|(a, b)| (0..3).any(|c| a[c].abs_diff(b[c]) > 1));
        // Pixels on a border between voxels may fall to either side.
        assert!(differing.count() * 200 < by_shader.len() / 4, "shaders and processor draw different pictures");
        by_shader.chunks_exact(4).map(|p| [p[0], p[1], p[2]]).collect()
    }

    fn label_at(&self, raster: &Raster, x: usize, y: usize) -> u16 {
        raster
            .voxel_of_pixel(&self.volume, x, y)
            .index_in(SIZE)
            .map_or(0, |index| self.map[self.volume.geometry.linear_index(index)])
    }

    fn colour(label: u16) -> [u8; 3] {
        match label {
            3 => RED,
            HIGH => GREEN,
            _ => [0; 3],
        }
    }
}

#[test]
fn a_layer_is_drawn_on_its_columns_alone_by_shaders_and_by_the_processor() {
    let Some(bench) = bench() else { return };
    for (_, raster) in rasters(&bench.volume) {
        let layer = |columns| LabelLayer {
            opacity: 0.5,
            outline_px: 2.0,
            columns,
            ..LabelLayer::new(&bench.labels, &bench.palette)
        };
        let whole = bench.picture_of(raster, layer([0, usize::MAX]));
        let part = bench.picture_of(raster, layer([40, 70]));
        for (n, (whole, part)) in whole.iter().zip(&part).enumerate() {
            let inside = (40..70).contains(&(n % raster.size[0]));
            assert_eq!(*part, if inside { *whole } else { [0; 3] }, "pixel {n}");
        }
        assert!(bench.picture_of(raster, layer([50, 30])).iter().all(|pixel| *pixel == [0; 3]));
    }
}

fn close(a: [u8; 3], b: [u8; 3]) -> bool {
    (0..3).all(|c| a[c].abs_diff(b[c]) <= 1)
}

#[test]
fn fills_lie_exactly_on_their_voxels() {
    let Some(bench) = bench() else { return };
    for (name, raster) in rasters(&bench.volume) {
        let drawn = bench.picture(raster, 0.5, 0.0);
        let mut seen = 0;
        for (n, pixel) in drawn.iter().enumerate() {
            let (x, y) = (n % raster.size[0], n / raster.size[0]);
            if is_on_border(&bench.volume, &raster, x, y, Interpolation::Nearest) {
                continue;
            }
            let label = bench.label_at(&raster, x, y);
            seen += usize::from(label != 0);
            let expected = Bench::colour(label).map(|c| c / 2);
            assert!(close(*pixel, expected), "{name} ({x}, {y}): {pixel:?}, expected {expected:?}");
        }
        assert!(seen > 500, "{name}: {seen}");
    }
}

/// The width of the outline is counted on the screen, whatever the zoom, and both sides of a shared border have one.
#[test]
fn outlines_have_the_same_width_at_every_zoom() {
    let Some(bench) = bench() else { return };
    let geometry = &bench.volume.geometry;
    let through = geometry.world(limner_imaging::Voxel::centre([8, 14, 6]));
    let plane = Plane::of_view(geometry, View::Axial, through);
    for (mm_per_pixel, outline_px) in [(0.2, 1.0), (0.2, 2.0), (0.05, 2.0), (0.05, 3.0)] {
        // The row of pixels through row 14 of the grid runs along its columns: label 3, then the other.
        let centred = plane.at_mm(-100.0 * mm_per_pixel, -4.5 * mm_per_pixel);
        let raster = Raster { plane: plane.through(centred), mm_per_pixel, size: [200, 9] };
        let solid = bench.picture(raster, 0.25, outline_px);
        let row = &solid[4 * 200..5 * 200];
        let labels: Vec<u16> = (0..200).map(|x| bench.label_at(&raster, x, 4)).collect();
        let mut borders = 0;
        for x in 10..190 {
            if labels[x] != labels[x + 1] {
                borders += 1;
                let width = outline_px as usize;
                for inside in [x + 1 - width..x + 1, x + 1..x + 1 + width] {
                    for x in inside {
                        assert!(close(row[x], Bench::colour(labels[x])), "outline at {x}: {:?}", row[x]);
                    }
                }
                for (beyond, label) in [(x - width, labels[x]), (x + 1 + width, labels[x + 1])] {
                    let fill = Bench::colour(label).map(|c| c / 4);
                    assert!(close(row[beyond], fill), "fill at {beyond}: {:?}, expected {fill:?}", row[beyond]);
                }
            }
        }
        assert!(borders >= 1, "{mm_per_pixel}");
    }
}

#[test]
fn the_palette_hides_and_selects() {
    let Some(mut bench) = bench() else { return };
    let (_, raster) = rasters(&bench.volume).remove(0);
    let count = |picture: &[[u8; 3]], colour| picture.iter().filter(|&&p| close(p, colour)).count();
    let before = bench.picture(raster, 0.0, 1.5);
    let green = count(&before, GREEN);
    assert!(green > 20);

    let selected = LabelStyle { selected: true, ..LabelStyle::new(GREEN) };
    bench.palette.update(&bench.gpu, [(HIGH, selected), (3, LabelStyle { visible: false, ..LabelStyle::new(RED) })]);
    assert_eq!(bench.palette.style(HIGH), selected);
    let after = bench.picture(raster, 0.0, 1.5);
    assert_eq!(count(&after, RED), 0);
    assert!(count(&after, GREEN) > green * 3 / 2, "a selected outline is wider");
}

#[test]
fn layers_over_each_other_both_show() {
    let Some(bench) = bench() else { return };
    let upper = LabelTexture::new(&bench.gpu, SIZE).unwrap();
    let at = VoxelBox::new([8, 10, 2], [16, 20, 15]);
    upper.write_box(&bench.gpu, at, &vec![9; at.len()]).unwrap();
    let mut palette = Palette::new(&bench.gpu).unwrap();
    palette.update(&bench.gpu, [(9, LabelStyle::new([0, 0, 240]))]);
    let (_, raster) = rasters(&bench.volume).remove(0);
    let layer = |texture, palette| LabelLayer { opacity: 0.5, outline_px: 0.0, ..LabelLayer::new(texture, palette) };
    let layers = vec![layer(&bench.labels, &bench.palette), layer(&upper, &palette)];
    let mut scene = scene(&bench.texture, raster, Window::from_range(0.0, 255.0), layers);
    scene.background = [0; 3];
    let drawn = draw(&bench.gpu, &bench.renderer, &scene);
    let has = |colour: [u8; 3]| drawn.chunks_exact(4).filter(|p| close([p[0], p[1], p[2]], colour)).count();
    assert!(has([50, 0, 120]) > 100, "red under blue");
    assert!(has([0, 40, 120]) > 100, "green under blue");
    assert!(has([100, 0, 0]) > 100, "red alone");
}

/// The lower layer's outline runs through the upper layer's fill without being dimmed by it.
#[test]
fn outlines_of_overlapping_layers_cross_undimmed() {
    let Some(bench) = bench() else { return };
    let upper = LabelTexture::new(&bench.gpu, SIZE).unwrap();
    let at = VoxelBox::new([8, 4, 2], [20, 26, 15]);
    upper.write_box(&bench.gpu, at, &vec![9; at.len()]).unwrap();
    let mut palette = Palette::new(&bench.gpu).unwrap();
    palette.update(&bench.gpu, [(9, LabelStyle::new([0, 0, 240]))]);
    for (name, raster) in rasters(&bench.volume) {
        let layer =
            |texture, palette, opacity| LabelLayer { opacity, outline_px: 2.0, ..LabelLayer::new(texture, palette) };
        let draw_with = |opacity: f32, host| {
            let layers = vec![layer(&bench.labels, &bench.palette, opacity), layer(&upper, &palette, opacity)];
            let scene = scene(&bench.texture, raster, Window::from_range(0.0, 255.0), layers);
            draw(&bench.gpu, &bench.renderer, &SliceScene { background: [0; 3], host, ..scene })
        };
        let lines = draw_with(0.0, None);
        for host in [None, Some(&bench.volume)] {
            let filled = draw_with(0.5, host);
            let (mut seen, mut differing) = ([0; 2], 0);
            for (line, both) in lines.chunks_exact(4).zip(filled.chunks_exact(4)) {
                if line[..3] != [0; 3] {
                    seen[usize::from(line[2] > 0)] += 1;
                    differing += usize::from(line != both);
                }
            }
            // Where the processor rounds to the other side of a border between voxels, an outline may move by one.
            let allowed = if host.is_some() { (seen[0] + seen[1]) / 50 } else { 0 };
            assert!(differing <= allowed, "{name}: {differing} of {seen:?}, host {}", host.is_some());
            assert!(seen[0] > 60 && seen[1] > 60, "{name}: {seen:?}");
        }
    }
}

/// Labels of another grid lie where that grid lies, on both paths.
#[test]
fn a_layer_on_a_grid_of_its_own_lies_where_that_grid_lies() {
    let Some(bench) = bench() else { return };
    let middle = bench.volume.geometry.centre();
    let grid = Geometry::axis_aligned([11, 9, 13], World(middle.0 - glam::DVec3::new(5.0, 5.6, 6.0)), [1.0, 1.4, 1.0]);
    let grid = grid.unwrap();
    let labels = LabelTexture::on_grid(&bench.gpu, grid).unwrap();
    labels.write_box(&bench.gpu, VoxelBox::whole(grid.size()), &vec![3; grid.voxel_count()]).unwrap();
    for (name, raster) in rasters(&bench.volume) {
        for host in [None, Some(&bench.volume)] {
            let layer = LabelLayer { opacity: 1.0, outline_px: 0.0, ..LabelLayer::new(&labels, &bench.palette) };
            let scene = scene(&bench.texture, raster, Window::from_range(0.0, 255.0), vec![layer]);
            let drawn = draw(&bench.gpu, &bench.renderer, &SliceScene { background: [0; 3], host, ..scene });
            let mut seen = 0;
            for (n, pixel) in drawn.chunks_exact(4).enumerate() {
                let centre = glam::DVec2::new((n % raster.size[0]) as f64 + 0.5, (n / raster.size[0]) as f64 + 0.5);
                let at = limner_render::pick::voxel(&raster, &grid, limner_imaging::Pixel(centre));
                let edges = (0..3).map(|a| (at.0[a] + 0.5).abs().min((at.0[a] + 0.5 - grid.size()[a] as f64).abs()));
                if edges.fold(f64::INFINITY, f64::min) < 1e-3 {
                    continue;
                }
                let expected = if at.index_in(grid.size()).is_some() { RED } else { [0; 3] };
                seen += usize::from(expected == RED);
                assert_eq!(pixel[..3], expected, "{name} {n}, host {}", host.is_some());
            }
            assert!(seen > 300, "{name}: {seen}");
        }
    }
}

/// The last of 65,535 labels has a colour of its own like every other.
#[test]
fn every_number_has_its_own_colour() {
    let Some(mut bench) = bench() else { return };
    let colour = |n: u16| [(n >> 8) as u8, (n & 255) as u8, 77];
    bench.palette.update(&bench.gpu, (1..=u16::MAX).map(|n| (n, LabelStyle::new(colour(n)))));
    let size = [256, 256, 1];
    let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]).unwrap();
    let volume = Volume::new(geometry, Samples::U8(vec![0; 1 << 16]), 1).unwrap();
    let texture = VolumeTexture::new(&bench.gpu, &volume).unwrap();
    let labels = LabelTexture::new(&bench.gpu, size).unwrap();
    let all: Vec<u16> = (0..=u16::MAX).collect();
    labels.write_box(&bench.gpu, VoxelBox::whole(size), &all).unwrap();
    let raster = Raster::fitted(&Plane::of_view(&geometry, View::Axial, geometry.centre()), &volume, [256, 256]);
    for host in [None, Some(&volume)] {
        let layer = LabelLayer { opacity: 1.0, outline_px: 0.0, ..LabelLayer::new(&labels, &bench.palette) };
        let scene = SliceScene {
            host,
            labels: vec![layer],
            ..SliceScene::new(&texture, raster, Window::from_range(0.0, 255.0))
        };
        let drawn = draw(&bench.gpu, &bench.renderer, &scene);
        for (n, pixel) in drawn.chunks_exact(4).enumerate().skip(1) {
            assert_eq!(pixel[..3], colour(n as u16), "label {n}");
        }
    }
}

/// Two labels of one colour are told apart by their stripes. The bench holds processor and shaders to the same picture.
#[test]
fn hatching_tells_labels_of_one_colour_apart() {
    let Some(mut bench) = bench() else { return };
    bench.palette.update(&bench.gpu, [(3, LabelStyle::new(RED)), (HIGH, LabelStyle::new(RED))]);
    bench.palette.set_hatched(true);
    let (_, raster) = rasters(&bench.volume).remove(0);
    let drawn = bench.picture(raster, 0.2, 0.0);
    // Label 3 has upright stripes, the other (a multiple of four) slanting ones.
    let is_stripe = |label: u16, x: usize, y: usize| if label == 3 { x % 8 < 3 } else { (x + y) % 8 < 3 };
    let mut seen = [0; 2];
    for (n, pixel) in drawn.iter().enumerate() {
        let (x, y) = (n % raster.size[0], n / raster.size[0]);
        let label = bench.label_at(&raster, x, y);
        if label == 0 || is_on_border(&bench.volume, &raster, x, y, Interpolation::Nearest) {
            continue;
        }
        let stripe = is_stripe(label, x, y);
        seen[usize::from(stripe)] += 1;
        let expected = if stripe { 120 } else { 20 };
        assert!(pixel[0].abs_diff(expected) <= 1, "label {label} at ({x}, {y}): {pixel:?}");
    }
    assert!(seen[0] > 200 && seen[1] > 200);
}

/// The bench holds processor and shaders to the same picture.
#[test]
fn what_is_offered_has_dashes_that_stand_out_from_its_own_colour() {
    const PALE: [u8; 3] = [250, 240, 160];
    let Some(mut bench) = bench() else { return };
    let dashed = |colour| LabelStyle { dashed: true, ..LabelStyle::new(colour) };
    bench.palette.update(&bench.gpu, [(3, dashed(RED)), (HIGH, dashed(PALE))]);
    assert!(bench.palette.style(3).dashed && !bench.palette.style(4).dashed);
    let (_, raster) = rasters(&bench.volume).remove(0);
    let drawn = bench.picture(raster, 0.5, 2.0);
    let mut seen = std::collections::BTreeMap::new();
    for (n, pixel) in drawn.iter().enumerate() {
        let (x, y) = (n % raster.size[0], n / raster.size[0]);
        let (colour, gap) = match bench.label_at(&raster, x, y) {
            0 => continue,
            3 => (RED, [255; 3]),
            _ => (PALE, [0; 3]),
        };
        let is_fill = close(*pixel, colour.map(|channel| channel / 2));
        let expected = if (x + y) % 10 < 5 { colour } else { gap };
        assert!(is_fill || *pixel == expected, "({x}, {y}): {pixel:?}");
        *seen.entry(if is_fill { colour.map(|channel| channel / 2) } else { expected }).or_insert(0) += 1;
    }
    assert!(seen.len() == 6 && seen.values().all(|count| *count > 10), "{seen:?}");
}

/// The bench holds processor and shaders to the same picture.
#[test]
fn a_label_may_be_an_outline_alone_and_a_part_of_no_body_has_no_outline() {
    let Some(mut bench) = bench() else { return };
    bench.palette.update(&bench.gpu, [(3, LabelStyle { filled: false, ..LabelStyle::new(RED) })]);
    // The high number does not have this bit.
    bench.palette.set_body_bits(1);
    let (_, raster) = rasters(&bench.volume).remove(0);
    let drawn = bench.picture(raster, 0.5, 2.0);
    let [mut outline, mut inside, mut fill] = [0; 3];
    for (n, pixel) in drawn.iter().enumerate() {
        let (x, y) = (n % raster.size[0], n / raster.size[0]);
        match bench.label_at(&raster, x, y) {
            0 => assert_eq!(*pixel, [0; 3], "({x}, {y})"),
            3 if *pixel == RED => outline += 1,
            3 => {
                assert_eq!(*pixel, [0; 3], "({x}, {y})");
                inside += 1;
            }
            _ => {
                assert!(pixel[1].abs_diff(GREEN[1] / 2) <= 1 && pixel[0] == 0, "({x}, {y}): {pixel:?}");
                fill += 1;
            }
        }
    }
    assert!(outline > 60 && inside > 60 && fill > 60, "{outline} {inside} {fill}");
}

#[test]
fn boxes_and_labels_that_do_not_fit_are_refused() {
    let Some(bench) = bench() else { return };
    let at = VoxelBox::new([0, 0, 0], [2, 2, 2]);
    assert!(matches!(bench.labels.write_box(&bench.gpu, at, &[1; 7]), Err(Error::LabelCount { .. })));
    let outside = VoxelBox::new([22, 0, 0], [24, 1, 1]);
    assert!(matches!(bench.labels.write_box(&bench.gpu, outside, &[1; 2]), Err(Error::BoxOutside { .. })));
    bench.labels.write_box(&bench.gpu, VoxelBox::default(), &[]).unwrap();
    assert!(matches!(LabelTexture::new(&bench.gpu, [5, 0, 5]), Err(Error::GridSize { .. })));
}
