//! Laws every tool of the list obeys, whatever the hand does.

use super::*;
use crate::command::Command;
use crate::document::Document;
use crate::image_entry::ImageEntry;
use crate::shapes::Shape;
use glam::DVec3;
use limner_imaging::{Geometry, Samples, View, Voxel, VoxelBox};
use path::{Path, Step};
use place::{pixel_of, slice_of, world_of};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::collections::HashSet;

/// Left-handed, anisotropic, turned about an axis that is none of the grid's; a bright ball in a dark room.
fn picture() -> Volume {
    let turn = glam::DMat3::from_axis_angle(DVec3::new(1.0, 2.0, 0.5).normalize(), 0.5);
    let directions = [turn * DVec3::X, turn * DVec3::Y, turn * DVec3::NEG_Z];
    let size = [40, 36, 20];
    let geometry = Geometry::from_parts(size, World::new(-20.0, 5.0, 9.0), [0.8, 1.1, 2.5], directions).unwrap();
    let mut samples = Vec::new();
    for index in Mask::from_fn(VoxelBox::whole(size), |_| true).indices() {
        let noise = (index[0] * 7 + index[1] * 13 + index[2] * 5) % 9;
        samples.push(if is_ball(&geometry, index) { 300 + noise as i16 } else { -80 + noise as i16 });
    }
    Volume::new(geometry, Samples::I16(samples), 1).unwrap()
}

fn is_ball(geometry: &Geometry, index: [usize; 3]) -> bool {
    geometry.world(Voxel::centre(index)).0.distance(geometry.centre().0) <= 11.0
}

/// Runs `work` with the ball as the label 1, or with nothing painted.
fn with_scene<T>(volume: &Volume, plane: Plane, painted: bool, work: impl FnOnce(&Scene<'_>) -> T) -> T {
    let label = |index: [usize; 3]| u16::from(painted && is_ball(&volume.geometry, index));
    let mask = || Mask::from_fn(VoxelBox::whole(volume.size()), |index| label(index) == 1);
    let settings = Settings { radius_mm: 5.0, ..Settings::default() };
    work(&Scene { volume, plane, settings: &settings, painted: &label, label: 1, label_mask: &mask })
}

#[test]
fn names_and_keys_are_unique_and_hints_are_there() {
    let (mut names, mut keys) = (HashSet::new(), HashSet::new());
    for tool in TOOLS {
        assert!(names.insert(tool.name) && !tool.title.is_empty() && !tool.hint.is_empty(), "{}", tool.name);
        assert!(tool.key.is_none_or(|key| key.is_ascii_lowercase() && keys.insert(key)), "{}", tool.name);
    }
    for tool in ToolId::all() {
        let text = serde_json::to_string(&tool).unwrap();
        assert_eq!((text.as_str(), serde_json::from_str(&text).unwrap()), (&*format!("{:?}", tool.info().name), tool));
    }
}

#[test]
fn no_hand_breaks_a_tool_and_nothing_leaves_the_grid() {
    let volume = picture();
    let (geometry, whole) = (volume.geometry, VoxelBox::whole(volume.size()));
    let image = ImageEntry::of_volume(&volume, "a", "a");
    let mut document = Document::new("reader");
    document.apply("Start", vec![Command::AddImage { image: image.clone() }]).unwrap();
    let mut random = StdRng::seed_from_u64(11);
    for tool in TOOLS {
        for round in 0..60 {
            let view = View::ALL[round % 3];
            let centre = geometry.centre();
            let plane = if round % 5 == 4 {
                Plane::oblique(centre, DVec3::new(0.4, -0.3, 0.8)).unwrap()
            } else {
                Plane::of_view(&geometry, view, centre)
            };
            let mut path = Path::new(tool.gather, 0.5);
            let spread = if round % 7 == 6 { 200.0 } else { 14.0 };
            let mut at = || plane.at_mm(random.random_range(-spread..spread), random.random_range(-spread..spread));
            let mut done = false;
            for _ in 0..8 {
                done |= path.press(at()) == Step::Done;
                path.move_to(at());
                done |= path.release(at()) == Step::Done;
                if done {
                    break;
                }
            }
            done |= path.finish() == Step::Done;
            assert!(done, "{} never ends", tool.name);
            with_scene(&volume, plane, round % 2 == 0, |scene| match tool.makes {
                Makes::Dab { mask, .. } => {
                    for pair in path.points().windows(2) {
                        assert_eq!(mask(scene, pair[0], pair[1]).tight_box().union(&whole), whole, "{}", tool.name);
                    }
                }
                Makes::Area { mask, .. } => match mask(scene, path.points()) {
                    Ok(mask) => assert_eq!(mask.tight_box().union(&whole), whole, "{}", tool.name),
                    Err(reason) => assert!(!reason.ends_with('.'), "{reason}"),
                },
                Makes::Shape(make) => {
                    let Some(slice) = slice_of(&geometry, &plane) else { return };
                    let pixels: Vec<_> = path.points().iter().map(|at| pixel_of(&geometry, slice, *at)).collect();
                    if let Some(form) = make(slice, &pixels) {
                        let flat = slice.axes_in_plane().iter().any(|a| geometry.size()[*a] < 2);
                        let shape = Shape::new(image.id, form.clone(), None);
                        let whole = document.apply("Draw", vec![Command::AddShape { shape }]);
                        assert!(whole.is_ok() || flat || matches!(form, Form::Box3d { .. }), "{} {form:?}", tool.name);
                    }
                }
                Makes::Prompt(ask) => {
                    let placed = prompt::place(ask, &geometry, &plane, path.points());
                    if let Some(prompt::Place::Box(bounds)) = placed {
                        assert!(!bounds.is_empty() && bounds.union(&whole) == whole);
                    }
                }
                Makes::Scissors => {}
            });
        }
    }
}

#[test]
fn a_slice_pixel_is_where_its_voxel_is() {
    let geometry = picture().geometry;
    for view in View::ALL {
        let through = geometry.world(Voxel::new(12.0, 9.0, 7.0));
        let slice = slice_of(&geometry, &Plane::of_view(&geometry, view, through)).unwrap();
        assert_eq!((slice.axis, slice.index), (view.slice_axis(&geometry), [12, 9, 7][slice.axis]));
        let at = pixel_of(&geometry, slice, through);
        assert!(world_of(&geometry, slice, at).0.distance(through.0) < 1e-9);
        let voxel = [12.5, 9.5, 7.5];
        assert!((0..2).all(|a| (at[a] - voxel[slice.axes_in_plane()[a]]).abs() < 1e-9));
    }
    let aslant = Plane::oblique(geometry.centre(), DVec3::new(0.4, -0.3, 0.8)).unwrap();
    assert_eq!(slice_of(&geometry, &aslant), None);
}

#[test]
fn range_tools_stay_in_the_ball_they_touch() {
    let volume = picture();
    let geometry = volume.geometry;
    let plane = Plane::of_view(&geometry, View::Axial, geometry.centre());
    // Near the rim: a plain disc of this radius would reach far outside.
    let rim = plane.at_mm(8.5, 0.0);
    with_scene(&volume, plane, false, |scene| {
        for tool in [&range_brush::RANGE_BRUSH, &smart_brush::SMART_BRUSH] {
            let Makes::Dab { mask, .. } = tool.makes else { panic!() };
            let painted = mask(scene, rim, rim);
            assert!(painted.count() > 10, "{}", tool.name);
            assert!(painted.indices().all(|v| is_ball(&geometry, v)), "{} leaks", tool.name);
        }
        let Makes::Area { mask, .. } = grow::GROW.makes else { panic!() };
        let grown = mask(scene, &[rim]).unwrap();
        let ball = Mask::from_fn(VoxelBox::whole(volume.size()), |v| is_ball(&geometry, v));
        assert_eq!(grown.within(ball.bounds()), ball);
    });
}

#[test]
fn a_bucket_fills_the_hole_and_refuses_the_room() {
    let volume = picture();
    let geometry = volume.geometry;
    let plane = Plane::of_view(&geometry, View::Axial, geometry.centre());
    let slice = slice_of(&geometry, &plane).unwrap();
    // A ring three voxels wide.
    let painted = |v: [usize; 3]| {
        let apart = v[0].abs_diff(20).max(v[1].abs_diff(18));
        u16::from(v[slice.axis] == slice.index && (8..11).contains(&apart))
    };
    let settings = Settings::default();
    let label_mask = || Mask::from_fn(VoxelBox::whole(volume.size()), |v| painted(v) == 1);
    let scene =
        Scene { volume: &volume, plane, settings: &settings, painted: &painted, label: 1, label_mask: &label_mask };
    let Makes::Area { mask, .. } = fill::FILL.makes else { panic!() };
    let at = |i, j| geometry.world(Voxel::new(i, j, slice.index as f64));
    assert_eq!(mask(&scene, &[at(20.0, 18.0)]).unwrap().count(), 15 * 15);
    assert!(mask(&scene, &[at(2.0, 2.0)]).unwrap_err().contains("open"));
    assert!(mask(&scene, &[at(28.0, 18.0)]).unwrap_err().contains("already"));
    let Makes::Area { mask: remove, .. } = island::REMOVE_ISLAND.makes else { panic!() };
    assert_eq!(remove(&scene, &[at(28.0, 18.0)]).unwrap().count(), 21 * 21 - 15 * 15);
    let Makes::Area { mask: keep, .. } = island::KEEP_ISLAND.makes else { panic!() };
    assert!(keep(&scene, &[at(28.0, 18.0)]).is_err(), "there is nothing else");
}

const SLICE: Slice = Slice { axis: 1, index: 4 };

fn forms() -> Vec<Form> {
    let points = [[3.0, 4.0], [12.0, 5.0], [10.0, 14.0], [4.0, 11.0]];
    let mut all: Vec<Form> = TOOLS
        .iter()
        .filter_map(|tool| match (tool.makes, tool.gather) {
            (Makes::Shape(make), path::Gather::Corners { most, .. }) => make(SLICE, &points[..most.min(4)]),
            _ => None,
        })
        .collect();
    let landmarks = [("apex", [3.0, 4.0, 9.0]), ("base", [7.0, 4.2, 2.0]), ("else", [1.0, 9.0, 1.0])];
    all.push(Form::Landmarks { points: landmarks.map(|(name, at)| (name.to_owned(), at)).into() });
    all
}

#[test]
fn a_handle_goes_where_it_is_pulled_and_comes_back() {
    for form in forms() {
        let flat = handles::section(&form, SLICE).unwrap();
        assert_eq!(handles::with_section(&form, SLICE, flat.clone()), form);
        let first = handles::handles(&flat);
        for (n, home) in first.iter().enumerate() {
            let to = [home[0] + 1.25, home[1] - 0.75];
            let pulled = handles::pulled(&flat, n, to);
            let near = |a: &[f64; 2], b: &[f64; 2]| (0..2).all(|i| (a[i] - b[i]).abs() < 1e-6);
            let is_side = matches!(flat, Form::Box2d { .. }) && n > 3;
            let turns = matches!(flat, Form::RotatedBox { .. }) && n == 4;
            if !is_side && !turns {
                assert!(near(&handles::handles(&pulled)[n], &to), "{} handle {n}", form.name());
            }
            let back = handles::pulled(&pulled, n, *home);
            for (a, b) in handles::handles(&back).iter().zip(&first) {
                assert!(near(a, b), "{} handle {n} does not come back", form.name());
            }
            assert_eq!(handles::grip(&flat, *home, 0.5).map(|g| matches!(g, handles::Grip::Handle(_))), Some(true));
        }
        let moved = handles::handles(&handles::shifted(&flat, [2.0, -3.0]));
        assert!(moved.iter().zip(&first).all(|(a, b)| (a[0] - b[0] - 2.0).abs() + (a[1] - b[1] + 3.0).abs() < 1e-9));
        assert_eq!(handles::grip(&flat, [500.0, 500.0], 5.0), None);
        let other = Slice { axis: 1, index: 15 };
        assert!(handles::section(&form, other).is_none(), "{} is seen elsewhere", form.name());
    }
}

#[test]
fn corners_come_and_go() {
    let ring = vec![[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]];
    let hole = vec![[2.0, 2.0], [4.0, 2.0], [4.0, 4.0]];
    let form = Form::Polygon { slice: SLICE, rings: vec![ring, hole] };
    let more = handles::with_corner(&form, [8.5, 4.0]).unwrap();
    let Form::Polygon { rings, .. } = &more else { panic!() };
    assert_eq!(rings[0][2], [8.0, 4.0]);
    assert_eq!(handles::without_corner(&more, 2), Some(form.clone()));
    let Some(Form::Polygon { rings, .. }) = handles::without_corner(&form, 5) else { panic!() };
    assert_eq!(rings.len(), 1, "a hole of two corners is none");
    assert_eq!(handles::grip(&form, [0.2, 4.0], 0.5), Some(handles::Grip::Whole));
    let triangle = Form::Polygon { slice: SLICE, rings: vec![vec![[0.0, 0.0], [8.0, 0.0], [8.0, 8.0]]] };
    assert_eq!(handles::without_corner(&triangle, 0), None);
}
