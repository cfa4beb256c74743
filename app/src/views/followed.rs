//! What is drawn over a plane beside shapes on its slice: tracks at the frame in view, names of landmarks, places on turned
//! planes, and what was said of the slice.

use super::drawn::Pen;
use crate::app::App;
use crate::theme::{over, radius, size};
use crate::work::HeldThing;
use crate::workspace::OpenPicture;
use eframe::egui::{Color32, FontId, Pos2, Rect, Stroke, StrokeKind, Vec2, pos2, vec2};
use limner_annotation::records::{FrameMarks, Track};
use limner_annotation::tools::handles;
use limner_annotation::{Contents, Form, LabelId, Shape};
use limner_imaging::Voxel;

/// Half of what a cross takes, beside which its name stands.
const ARM: f32 = 6.0;

pub(super) fn ui(app: &App, open: &OpenPicture, pen: &Pen<'_>) {
    let Some(project) = &app.workspace.project else { return };
    let document = project.document();
    tracks_ui(app, document, open, pen);
    places_ui(app, document, open, pen);
    said_ui(document, open, pen);
}

pub fn colour_of(document: &Contents, label: Option<LabelId>) -> Color32 {
    label.and_then(|id| document.label(id)).map_or(over::MEASURE, |label| {
        let [r, g, b] = label.colour();
        Color32::from_rgb(r, g, b)
    })
}

fn tracks_ui(app: &App, document: &Contents, open: &OpenPicture, pen: &Pen<'_>) {
    let Some(slice) = pen.slice.filter(|slice| slice.axis == 2) else { return };
    for track in document.on::<Track>(open.image) {
        let held = app.work.held.as_ref().filter(|held| held.what == HeldThing::Track(track.id, slice.index));
        let seen = track.at(slice.index);
        let Some((form, occluded)) = held.map(|held| (held.now.clone(), false)).or(seen) else { continue };
        let Some(section) = handles::section(&form, slice) else { continue };
        let label = track.label.and_then(|id| document.label(id));
        if label.is_some_and(|label| !label.visible) {
            continue;
        }
        let full = colour_of(document, track.label);
        let colour = if occluded { full.gamma_multiply(0.5) } else { full };
        let in_hand = app.case.track == Some(track.id);
        let is_key = track.keyframe(slice.index).is_some();
        // A keyframe is drawn with its handles, what lies between without.
        pen.form(slice, &section, if in_hand { 2.0 } else { 1.5 }, colour);
        if is_key || in_hand {
            pen.handles(slice, &section, if is_key { colour } else { over::WEAK });
        }
        let name = track.text.as_deref().or_else(|| label.map(|label| label.name.as_str()));
        let state = match (is_key, occluded) {
            (true, true) => "keyframe, hidden",
            (true, false) => "keyframe",
            (false, true) => "hidden",
            (false, false) => "",
        };
        let words = [name.unwrap_or_default(), state].into_iter().filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_owned).collect();
        // What is hidden is drawn paler; its words read like others.
        pen.text(&section, slice, &words, full);
    }
}

/// Points in space: on turned planes those that lie near, and names of landmarks everywhere.
fn places_ui(app: &App, document: &Contents, open: &OpenPicture, pen: &Pen<'_>) {
    if !app.workspace.stage.show_labels {
        return;
    }
    for shape in document.shapes_on(open.image) {
        let form = app.work.form_of(shape);
        let colour = colour_of(document, shape.label);
        match form {
            Form::Landmarks { points } => {
                for (name, at) in points {
                    if let Some(at) = seen(pen, at) {
                        pen.cross(at, colour);
                        name_ui(pen, at, name, colour);
                    }
                }
            }
            Form::Point { at } if pen.slice.is_none() => {
                if let Some(at) = seen(pen, at) {
                    pen.cross(at, colour);
                    readout_ui(app, shape, pen, at, colour);
                }
            }
            Form::Ruler3d { ends } => {
                let lines: Vec<Pos2> = ends.iter().map(|end| pen.screen(world(pen, end))).collect();
                // One that leaves the plane is seen as its shadow on it, paler.
                let flat = ends.iter().all(|end| seen(pen, end).is_some());
                let near = ends.iter().any(|end| seen(pen, end).is_some()) || crosses(pen, ends);
                if near {
                    pen.line(&lines, false, 1.5, if flat { colour } else { colour.gamma_multiply(0.55) });
                    for at in &lines {
                        pen.painter.circle_filled(*at, 3.5, colour);
                    }
                    readout_ui(app, shape, pen, lines[1], colour);
                }
            }
            _ => {}
        }
    }
}

fn world(pen: &Pen<'_>, at: &[f64; 3]) -> limner_imaging::World {
    pen.geometry.world(Voxel((*at).into()))
}

fn height_mm(pen: &Pen<'_>, at: &[f64; 3]) -> f64 {
    pen.ground.raster.plane.mm_of(world(pen, at)).z
}

/// Where a place is on the screen, if it is less than a voxel from the plane.
fn seen(pen: &Pen<'_>, at: &[f64; 3]) -> Option<Pos2> {
    let normal = pen.ground.raster.plane.normal();
    let step = (0..3).map(|a| pen.geometry.step(a).dot(normal).abs()).fold(0.0, f64::max);
    (height_mm(pen, at).abs() <= step / 2.0 + 1e-6).then(|| pen.screen(world(pen, at)))
}

fn crosses(pen: &Pen<'_>, ends: &[[f64; 3]; 2]) -> bool {
    height_mm(pen, &ends[0]) * height_mm(pen, &ends[1]) < 0.0
}

fn name_ui(pen: &Pen<'_>, at: Pos2, name: &str, colour: Color32) {
    let about = Rect::from_center_size(at, Vec2::splat(2.0 * ARM));
    pen.caption(name, colour, about, |plate| at + vec2(ARM, -plate.y));
}

fn readout_ui(app: &App, shape: &Shape, pen: &Pen<'_>, at: Pos2, colour: Color32) {
    let name = shape.text.clone().into_iter();
    let lines = app.work.measures.get(shape.id).map(|readout| readout.lines.clone()).unwrap_or_default();
    let words: Vec<String> = name.chain(lines).collect();
    if !words.is_empty() {
        name_ui(pen, at, &words.join(", "), colour);
    }
}

/// "No liver here", where that was recorded.
fn said_ui(document: &Contents, open: &OpenPicture, pen: &Pen<'_>) {
    let Some(slice) = pen.slice else { return };
    // Under the letter of the patient's side.
    let mut top = pen.ground.rect.top() + 40.0;
    for marks in document.on::<FrameMarks>(open.image).filter(|marks| marks.axis == slice.axis) {
        let Some(label) = document.label(marks.label).filter(|_| marks.absent.contains(&slice.index)) else { continue };
        let at = pos2(pen.ground.rect.center().x, top);
        let words = format!("No {} here", label.name);
        let colour = colour_of(document, Some(label.id));
        let ink = over::ink(colour);
        let galley = pen.painter.layout_no_wrap(words, FontId::proportional(size::SMALL), ink);
        let place = Rect::from_center_size(at, galley.size());
        let plate = place.expand2(vec2(8.0, 3.0));
        pen.painter.rect_filled(plate, radius::M, over::PLATE);
        pen.painter.rect_stroke(plate, radius::M, Stroke::new(1.0, colour), StrokeKind::Inside);
        pen.painter.galley(place.min, galley, ink);
        top += 24.0;
    }
}
