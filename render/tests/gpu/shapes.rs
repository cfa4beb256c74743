//! Shapes are where they should be, smooth at their edges, and the same by shader and by processor.

use crate::support::{draw, gpu, rasters, scene, volume};
use glam::DVec2;
use limner_imaging::{Pixel, Samples, Window, World};
use limner_render::{
    HandleForm, Renderer, ScaleBar, Shape, SliceScene, Stroke, Target, VolumeTexture, pick, readback, shapes,
};

const SIZE: [usize; 3] = [23, 31, 17];
const YELLOW: [u8; 3] = [255, 220, 0];

fn at(x: f64, y: f64) -> Pixel {
    Pixel(DVec2::new(x, y))
}

fn some_of_each() -> Vec<Shape> {
    let thick = Stroke::new(YELLOW, 3.0).rimmed();
    let bar = ScaleBar::fitting(0.5, 60.0).unwrap();
    let mut all = vec![
        Shape::segment(at(10.3, 80.1), at(110.7, 12.4), thick),
        Shape::Line {
            points: vec![at(20.0, 20.0), at(60.0, 25.0), at(45.0, 60.0)],
            is_closed: true,
            stroke: Stroke::new([0, 255, 0], 1.0).dashed(5.0),
        },
        Shape::Circle { centre: at(80.0, 60.0), radius_px: 17.5, stroke: Stroke { opacity: 0.5, ..thick } },
        Shape::Handle { at: at(20.0, 20.0), form: HandleForm::Square, radius_px: 4.0, colour: [255; 3] },
        Shape::Handle { at: at(110.7, 12.4), form: HandleForm::Round, radius_px: 5.0, colour: YELLOW },
        // Beyond every edge: nothing may break.
        Shape::segment(at(-500.0, 40.0), at(900.0, 70.0), Stroke::new([255, 0, 0], 2.0)),
        Shape::Handle { at: at(-30.0, 500.0), form: HandleForm::Round, radius_px: 5.0, colour: YELLOW },
    ];
    all.extend(bar.upright(at(118.0, 90.0), thick));
    all
}

#[test]
fn shader_and_processor_draw_the_same_shapes() {
    let Some(gpu) = gpu() else { return };
    let volume = volume(SIZE, Samples::U8(vec![60; SIZE.iter().product()]));
    let texture = VolumeTexture::new(&gpu, &volume).unwrap();
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let (_, raster) = rasters(&volume).remove(0);
    let scene = scene(&texture, raster, Window::from_range(0.0, 255.0), Vec::new());
    let plain = SliceScene { shapes: some_of_each(), ..scene };
    let by_shader = draw(&gpu, &renderer, &plain);
    let by_host = draw(&gpu, &renderer, &SliceScene { host: Some(&volume), ..plain.clone() });
    let bare = draw(&gpu, &renderer, &SliceScene { shapes: Vec::new(), ..plain });
    let mut changed = 0;
    for (n, ((a, b), ground)) in by_shader.iter().zip(&by_host).zip(&bare).enumerate() {
        assert!(a.abs_diff(*b) <= 3, "byte {n}: {a} and {b}");
        changed += usize::from(a != ground);
    }
    assert!(changed > 2000, "{changed} bytes show shapes");
}

/// A line between two pixel rows covers half of each; one along a row covers that row alone.
#[test]
fn edges_are_smooth_and_widths_exact() {
    let Some(gpu) = gpu() else { return };
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    let target = Target::new(&gpu, [40, 20]).unwrap();
    let lines = [
        Shape::segment(at(5.0, 6.0), at(35.0, 6.0), Stroke::new([200; 3], 1.0)),
        Shape::segment(at(5.0, 12.5), at(35.0, 12.5), Stroke::new([200; 3], 1.0)),
    ];
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    shapes::encode(&lines, &renderer, &gpu, &mut encoder, target.view());
    gpu.queue.submit([encoder.finish()]);
    let bytes = readback::rgba(&gpu, &target).unwrap();
    let level = |y: usize| bytes[(y * 40 + 20) * 4];
    let rows: Vec<u8> = (0..20).map(level).collect();
    let mut expected = [0_u8; 20];
    (expected[5], expected[6], expected[12]) = (100, 100, 200);
    for (y, (row, expected)) in rows.iter().zip(expected).enumerate() {
        assert!(row.abs_diff(expected) <= 1, "row {y}: {rows:?}");
    }
}

/// What is marked at a point of the patient is drawn on the pixel that shows the point.
#[test]
fn a_handle_at_a_point_of_the_patient_covers_its_pixel() {
    let Some(gpu) = gpu() else { return };
    let volume = volume(SIZE, Samples::U8(vec![60; SIZE.iter().product()]));
    let texture = VolumeTexture::new(&gpu, &volume).unwrap();
    let renderer = Renderer::new(&gpu, Target::FORMAT);
    for (name, raster) in rasters(&volume) {
        let point = World(volume.geometry.centre().0 + raster.plane.right * 4.0 - raster.plane.down * 3.0);
        let (on_screen, _) = pick::screen(&raster, point);
        let handle = Shape::Handle { at: on_screen, form: HandleForm::Square, radius_px: 2.0, colour: YELLOW };
        for host in [None, Some(&volume)] {
            let scene = scene(&texture, raster, Window::from_range(0.0, 255.0), Vec::new());
            let scene = SliceScene { shapes: vec![handle.clone()], host, ..scene };
            let drawn = draw(&gpu, &renderer, &scene);
            let [x, y] = [on_screen.0.x as usize, on_screen.0.y as usize];
            assert_eq!(drawn[(y * raster.size[0] + x) * 4..][..3], YELLOW, "{name}, host {}", host.is_some());
        }
    }
}
