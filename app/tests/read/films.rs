//! Films too long for memory: watched, painted on and asked about frame by frame.

#[path = "../../../imaging/tests/support/avi.rs"]
mod avi;

use crate::hand::Hand;
use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable as _;
use image::RgbImage;
use limner::action::Action;
use limner::app::{App, Start};
use limner::outbox::Request;
use limner::work::operation::Work;
use limner_annotation::sources;
use limner_imaging::{Mask, Task, VoxelBox, formats};
use std::path::Path;

const SIZE: [usize; 2] = [800, 600];
const FRAMES: usize = 200;

/// A square that wanders to the right on a ground that tells the number of the frame.
fn frame(n: usize) -> Vec<u8> {
    let [columns, rows] = SIZE;
    let ground = 20 + (n / 2) as u8;
    let square = |i: usize, j: usize| (200 + n..400 + n).contains(&i) && (200..400).contains(&j);
    let pixels: Vec<u8> =
        (0..columns * rows).map(|p| if square(p % columns, p / columns) { 220 } else { ground }).collect();
    avi::jpeg(&pixels, SIZE, 95)
}

fn write_film(path: &Path) {
    let frames: Vec<_> = (0..FRAMES).map(|n| avi::chunk(b"00dc", &frame(n))).collect();
    std::fs::write(path, avi::film(&[avi::pictures(SIZE, b"MJPG")], &frames)).unwrap();
}

fn shown(app: &App) -> usize {
    app.workspace.open().unwrap().volume.only_slice().expect("one frame is in memory")
}

/// Where the view stands, what is in memory, and the ground of it, all of one frame.
fn agrees(app: &App, n: usize) -> bool {
    let (viewport, open) = app.workspace.active().unwrap();
    let ground = open.volume.value([10, 10, n]);
    shown(app) == n && viewport.slice(&open.volume.geometry).0 == n && (ground - 20.0 - (n / 2) as f64).abs() <= 2.0
}

fn go_to(hand: &mut Hand, n: usize) {
    let active = hand.app().workspace.stage.active_id();
    hand.window.state_mut().carry_out(Request::Frame(active, n));
    hand.wait("the frame", |app| agrees(app, n));
}

/// What a view is saved as, at the middle of the square of frame `n`.
fn seen(hand: &mut Hand, n: usize) -> [u8; 3] {
    let path = hand.app().paths.data.join(format!("view {n}.png"));
    hand.window.state_mut().carry_out(Request::SaveView(path.clone()));
    hand.wait("the picture of the view", |_| image::open(&path).is_ok());
    let picture: RgbImage = image::open(&path).unwrap().to_rgb8();
    std::fs::remove_file(&path).unwrap();
    let (viewport, open) = hand.app().workspace.active().unwrap();
    let at = open.volume.geometry.world(limner_imaging::Voxel::centre([300 + n, 300, n]));
    let raster = viewport.raster(&open.volume);
    let pixel = limner_render::pick::screen(&raster, at).0.0 * (f64::from(picture.width()) / raster.size[0] as f64);
    picture.get_pixel(pixel.x as u32, pixel.y as u32).0
}

/// By key, by bar, by itself.
fn watch(hand: &mut Hand) {
    hand.wait("the first frame", |app| agrees(app, 0));
    assert!(hand.window.query_by_label("Frame").is_some(), "the line of frames is there");
    hand.key(Key::ArrowDown);
    hand.wait("the second frame", |app| agrees(app, 1));
    hand.chord(Modifiers::SHIFT, Key::ArrowLeft);
    hand.chord(Modifiers::SHIFT, Key::ArrowLeft);
    hand.wait("the last frame", |app| agrees(app, FRAMES - 1));
    go_to(hand, 150);
    hand.window.state_mut().act(Action::PlayCine);
    hand.wait("the film to go on", |app| (153..FRAMES).contains(&shown(app)));
    hand.window.state_mut().act(Action::PlayCine);
    hand.window.step();
    go_to(hand, 150);
    assert_eq!(seen(hand, 150), [220; 3]);
}

fn is_coloured([r, g, b]: [u8; 3]) -> bool {
    r.abs_diff(g) > 10 || g.abs_diff(b) > 10
}

/// The paint of the first label on the picture in view.
fn paint_of(hand: &Hand) -> Mask {
    let image = hand.app().workspace.open().unwrap().image;
    hand.document().label_map(image).unwrap().mask_of(hand.document().labels()[0].value)
}

/// Paint lies on its frame and on no other.
fn paint(hand: &mut Hand) {
    hand.key(Key::B);
    let at = hand.at_mm(50.0, 0.0);
    hand.drag(&[at, at + vec2(8.0, 0.0)]);
    let painted = paint_of(hand).tight_box();
    assert!(!painted.is_empty());
    assert_eq!((painted.min[2], painted.max[2]), (150, 151));
    assert!(is_coloured(seen(hand, 150)), "the paint is seen");
    go_to(hand, 149);
    assert!(!is_coloured(seen(hand, 149)), "and not on the frame before");
    go_to(hand, 150);
    assert!(is_coloured(seen(hand, 150)), "and again when the frame comes back");
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.voxels(), 0);
}

/// How well the paint agrees with the square of a frame.
fn dice(hand: &Hand, n: usize) -> f64 {
    let square = VoxelBox::new([200 + n, 200, n], [400 + n, 400, n + 1]);
    let on_frame: Vec<[usize; 3]> = paint_of(hand).indices().filter(|index| index[2] == n).collect();
    let inside = on_frame.iter().filter(|index| square.contains(**index)).count();
    2.0 * inside as f64 / (on_frame.len() + square.len()) as f64
}

/// A prompt about a frame, and the answer carried on to the end.
fn segment(hand: &mut Hand) {
    go_to(hand, 196);
    hand.key(Key::A);
    hand.click(hand.at_mm(96.0, 0.0));
    hand.wait_for_answer();
    hand.key(Key::Enter);
    assert!(dice(hand, 196) > 0.9, "Dice {}", dice(hand, 196));
    hand.window.state_mut().act(Action::Work(Work::Forwards));
    hand.wait("the last frames", |app| app.assist.operation().is_some_and(|preview| preview.mask.is_some()));
    hand.key(Key::Enter);
    for n in 197..FRAMES {
        assert!(dice(hand, n) > 0.85, "frame {}: Dice {}", n + 1, dice(hand, n));
    }
    go_to(hand, 198);
    assert!(is_coloured(seen(hand, 198)));
}

#[test]
fn a_long_film_is_watched_painted_and_segmented_one_frame_in_memory() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("film.avi");
    write_film(&path);
    let series = formats::scan(&path, &Task::default()).unwrap().series.remove(0);
    assert!(sources::is_long(&series), "{} bytes", series.bytes_in_memory());
    let mut hand = Hand::on(home.path(), Start::Path(path.clone()));
    watch(&mut hand);
    paint(&mut hand);
    segment(&mut hand);

    // It is known again by its file, and nothing is lost.
    let (painted, image) = (hand.voxels(), hand.app().workspace.open().unwrap().image);
    drop(hand);
    let mut hand = Hand::on(home.path(), Start::Continue);
    hand.wait("the film again", |app| app.workspace.open().is_some_and(|open| open.volume.only_slice().is_some()));
    assert_eq!((hand.voxels(), hand.app().workspace.open().unwrap().image), (painted, image));
    go_to(&mut hand, 198);
    assert!(is_coloured(seen(&mut hand, 198)));
}
