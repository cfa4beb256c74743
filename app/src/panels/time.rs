//! Frames and tracks: what is followed through the picture in view, a strip of its keyframes, and what is said of a painted
//! label frame by frame.

use crate::action::Action;
use crate::app::App;
use crate::case::Errand;
use crate::case::ask::{Ask, TimeAsk};
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, radius, size, space};
use crate::widgets::{Words, action_button, empty_state, focus_ring, panel_head, small_icon_button};
use crate::work::measures::name_of;
use crate::work::operation::Work;
use eframe::egui::{
    Align2, Color32, FontId, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};
use limner_annotation::records::{FrameMarks, Track};
use limner_annotation::{Document, ImageId, LabelId, LabelMap, Revision, counted};
use std::sync::Arc;

const STRIP: f32 = 22.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Frames and tracks", |_| {});
    let (Some(project), Some((viewport, open))) = (&app.workspace.project, app.workspace.active()) else {
        return empty_state(ui, icon::FILM, "No picture", "Open a clip or a volume");
    };
    let document = project.document();
    let (frame, frames) = viewport.slice(&open.volume.geometry);
    let c = colours(ui.ctx());
    ui.label(RichText::new(format!("Frame {} of {frames}", frame + 1)).color(c.weak));
    marks_ui(app, document, (frame, frames), ui, out);
    ui.add_space(space::M);
    ui.label(RichText::new("Tracks").strong());
    ui.horizontal(|ui| {
        for errand in [Errand::Track, Errand::Keyframe, Errand::Outside, Errand::Occluded] {
            action_button(app, Action::Case(errand), ui, out);
        }
        for errand in [Errand::PreviousKeyframe, Errand::NextKeyframe] {
            action_button(app, Action::Case(errand), ui, out);
        }
    });
    let tracks: Vec<&Track> = document.on::<Track>(open.image).collect();
    if tracks.is_empty() {
        let text = "Draw a rectangle, an ellipse, a polygon or a probe on a frame, then Shift+T: it becomes a track";
        return empty_state(ui, icon::ROUTE, "Nothing is tracked", text);
    }
    ScrollArea::vertical().id_salt("tracks").auto_shrink([false, false]).show(ui, |ui| {
        for track in tracks {
            ui.push_id(track.id, |ui| track_ui(app, document, track, (frame, frames), ui, out));
        }
    });
}

/// What is said of the label in hand on each frame, and how to carry it on.
fn marks_ui(app: &App, document: &Document, (frame, frames): (usize, usize), ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let Some(label) = app.label.and_then(|id| document.label(id)) else {
        ui.label(RichText::new("Pick a label to carry it through frames").color(c.weak));
        return;
    };
    ui.label(RichText::new(&label.name).strong());
    let Some((viewport, open)) = app.workspace.active() else { return };
    let axis = viewport.view().slice_axis(&open.volume.geometry);
    let map = document.label_map(open.image);
    let marks = FrameMarks::of(document, open.image, label.id, axis);
    let [r, g, b] = label.colour();
    let strip = Strip { frame, frames, colour: Color32::from_rgb(r, g, b) };
    // Worked out anew only when something has changed: a label may have millions of voxels.
    let id = ui.scope_id().with("painted frames");
    let key = (open.image, label.id, axis, project_revision(app));
    let known = ui.data(|d| d.get_temp::<(PaintedKey, Arc<Vec<bool>>)>(id)).filter(|(of, _)| *of == key);
    let painted =
        known.map_or_else(|| Arc::new(painted_frames(map, label.value, axis, frames)), |(_, painted)| painted);
    ui.data_mut(|d| d.insert_temp(id, (key, painted.clone())));
    let response = strip.ui(&format!("Frames of {}", label.name), ui, |n| {
        let absent = marks.is_some_and(|marks| marks.absent.contains(&n));
        let key = marks.is_some_and(|marks| marks.keyframes.contains(&n));
        Seen { there: painted[n], key, absent, dim: false }
    });
    strip.click(&response, out);
    ui.horizontal(|ui| {
        for work in [Work::Backwards, Work::Between, Work::Forwards] {
            let action = Action::Work(work);
            let sign = match work {
                Work::Backwards => icon::ARROW_LEFT,
                Work::Forwards => icon::ARROW_RIGHT,
                _ => icon::ARROW_LEFT_RIGHT,
            };
            let words = Words {
                name: action.title(),
                hint: "Stops at frames that were drawn by hand or said to be empty",
                keys: &app.keys_of(action),
                reason: app.why_not(action),
            };
            if crate::widgets::icon_button(ui, sign, words, false).clicked() {
                out.act(action);
            }
        }
        action_button(app, Action::Case(Errand::NothingHere), ui, out);
        let said = marks.is_some_and(|marks| marks.is_said(frame));
        let reason = (!said).then_some("Nothing was said of this frame");
        let hint = "Neither drawn by hand nor empty: propagation may paint it";
        let words = Words { name: "Forget what was said here", hint, keys: "", reason };
        if crate::widgets::icon_button(ui, icon::UNDO_2, words, false).clicked() {
            out.ask(Request::Case(Ask::Time(TimeAsk::Unsay)));
        }
    });
    let words = match marks {
        Some(marks) if marks.absent.contains(&frame) => "Nothing here: recorded",
        Some(marks) if marks.keyframes.contains(&frame) => "Drawn by hand",
        _ if painted[frame] => "Propagated or painted",
        _ => "Nothing said",
    };
    ui.label(RichText::new(words).size(size::SMALL).color(c.weak));
}

type PaintedKey = (ImageId, LabelId, usize, Option<Revision>);

fn project_revision(app: &App) -> Option<Revision> {
    app.workspace.project.as_ref().map(|project| project.document().revision())
}

fn painted_frames(map: Option<&LabelMap>, value: u16, axis: usize, frames: usize) -> Vec<bool> {
    let mut painted = vec![false; frames];
    let mask = map.map(|map| map.mask_of(value));
    for index in mask.iter().flat_map(limner_imaging::Mask::indices) {
        if let Some(there) = painted.get_mut(index[axis]) {
            *there = true;
        }
    }
    painted
}

/// All frames from left to right.
struct Strip {
    frame: usize,
    frames: usize,
    colour: Color32,
}

#[derive(Clone, Copy)]
struct Seen {
    there: bool,
    key: bool,
    absent: bool,
    dim: bool,
}

impl Strip {
    fn x(&self, rect: Rect, n: f32) -> f32 {
        rect.left() + rect.width() * n / self.frames.max(1) as f32
    }

    fn ui(&self, name: &str, ui: &mut Ui, seen: impl Fn(usize) -> Seen) -> Response {
        let c = colours(ui.ctx());
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), STRIP), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, name));
        let painter = ui.painter().with_clip_rect(rect);
        painter.rect_filled(rect, radius::S, c.ground);
        let bar = rect.shrink2(vec2(0.0, 7.0));
        for n in 0..self.frames {
            let Seen { there, key, absent, dim } = seen(n);
            let (left, right) = (self.x(rect, n as f32), self.x(rect, n as f32 + 1.0));
            let cell = Rect::from_min_max(pos2(left, bar.top()), pos2(right, bar.bottom()));
            if there {
                painter.rect_filled(cell, 0.0, self.colour.gamma_multiply(if dim { 0.35 } else { 0.8 }));
            }
            let middle = cell.center();
            if key {
                let half = (cell.width() / 2.0).clamp(2.0, 4.5);
                let mark = Rect::from_center_size(middle, vec2(2.0 * half, 12.0));
                painter.rect(mark, radius::S, self.colour, Stroke::new(1.0, c.text), StrokeKind::Inside);
            }
            if absent {
                painter.circle_stroke(middle, 3.5, Stroke::new(1.5, c.text));
            }
        }
        let here = self.x(rect, self.frame as f32 + 0.5);
        painter.vline(here, rect.y_range(), Stroke::new(1.5, c.accent));
        response
    }

    fn click(&self, response: &Response, out: &mut Outbox) {
        if let Some(at) = response.interact_pointer_pos() {
            let share = (at.x - response.rect.left()) / response.rect.width().max(1.0);
            let n = (share * self.frames as f32).floor().clamp(0.0, self.frames.saturating_sub(1) as f32);
            out.ask(Request::Case(Ask::Time(TimeAsk::GoTo(n as usize))));
        }
    }
}

fn track_ui(
    app: &App,
    document: &Document,
    track: &Track,
    (frame, frames): (usize, usize),
    ui: &mut Ui,
    out: &mut Outbox,
) {
    let c = colours(ui.ctx());
    let label = track.label.and_then(|id| document.label(id));
    let kind = track.keyframes.first().map_or("track", |key| name_of(&key.form));
    let name = track.text.clone().or_else(|| label.map(|label| label.name.clone())).unwrap_or_else(|| kind.to_owned());
    let on = app.case.track == Some(track.id);
    let colour = label.map_or(crate::theme::over::MEASURE, |label| {
        let [r, g, b] = label.colour();
        Color32::from_rgb(r, g, b)
    });
    ui.horizontal(|ui| {
        let width = ui.available_width() - 28.0;
        let (rect, response) = ui.allocate_exact_size(vec2(width, 22.0), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, &name));
        if on || response.hovered() {
            ui.painter().rect_filled(rect, radius::S, if on { c.accent_ground } else { c.hovered });
        }
        focus_ring(ui, &response, rect, f32::from(radius::S));
        let at = rect.left_center() + vec2(6.0, 0.0);
        ui.painter().circle_filled(at + vec2(3.0, 0.0), 4.0, colour);
        let words = format!("{name}, {}", counted(track.keyframes.len(), "keyframe"));
        let body = FontId::proportional(size::SMALL);
        ui.painter().with_clip_rect(rect).text(at + vec2(14.0, 0.0), Align2::LEFT_CENTER, words, body, c.text);
        if response.clicked() {
            out.ask(Request::Case(Ask::Time(TimeAsk::Select(track.id))));
        }
        response.context_menu(|ui| {
            for label in document.labels() {
                if ui.button(format!("Label {}", label.name)).clicked() {
                    out.ask(Request::Case(Ask::Time(TimeAsk::Label(track.id, Some(label.id)))));
                    ui.close();
                }
            }
        });
        let words = Words { name: "Delete track", ..Words::default() };
        if small_icon_button(ui, icon::TRASH_2, words, false).clicked() {
            out.ask(Request::Case(Ask::Time(TimeAsk::Delete(track.id))));
        }
    });
    let strip = Strip { frame, frames, colour };
    let response = strip.ui(&format!("Keyframes of {name}"), ui, |n| {
        let seen = track.at(n);
        let key = track.keyframe(n);
        let absent = key.is_some_and(|key| key.outside);
        Seen {
            there: seen.is_some(),
            key: key.is_some() && !absent,
            absent,
            dim: seen.is_some_and(|(_, hidden)| hidden),
        }
    });
    strip.click(&response, out);
    if on {
        interpolated_ui(track, frame, ui, out);
    }
    ui.add_space(space::S);
}

/// Whether what lies between the last keyframe and the next is worked out.
fn interpolated_ui(track: &Track, frame: usize, ui: &mut Ui, out: &mut Outbox) {
    let here = track.keyframes.iter().rev().find(|key| key.frame <= frame);
    let mut interpolated = here.is_none_or(|key| key.interpolated);
    let checkbox = ui.add_enabled(here.is_some(), eframe::egui::Checkbox::new(&mut interpolated, "Interpolated"));
    if checkbox.on_hover_text("From this keyframe to the next; otherwise it stays as it is").changed() {
        out.ask(Request::Case(Ask::Time(TimeAsk::Interpolated(interpolated))));
    }
}
