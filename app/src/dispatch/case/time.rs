//! Things followed through frames: tracks with keyframes, and what is said of a painted label frame by frame.

use crate::app::App;
use crate::case::ask::TimeAsk;
use crate::case::{Errand, Page};
use limner_annotation::entity::TrackId;
use limner_annotation::operations::{self, Target};
use limner_annotation::records::{FrameMarks, Keyframe, Track};
use limner_annotation::{Command, Form, ImageId, LabelId, PaintRule, Slice, StepInfo};

impl App {
    pub(super) fn run_time_errand(&mut self, errand: Errand) {
        match errand {
            // It takes paint away, which has to be seen.
            Errand::NothingHere if self.refuses_label() => {}
            Errand::NothingHere => self.say_nothing_here(),
            Errand::Track => self.track_selected(),
            Errand::Keyframe => self.toggle_keyframe(),
            Errand::Outside => self.change_keyframe("Track leaves or returns", |key| key.outside = !key.outside),
            Errand::Occluded => self.change_keyframe("Track hidden or seen", |key| key.occluded = !key.occluded),
            Errand::NextKeyframe => self.go_to_keyframe(true),
            Errand::PreviousKeyframe => self.go_to_keyframe(false),
            _ => {}
        }
    }

    pub(super) fn ask_time(&mut self, ask: TimeAsk) {
        match ask {
            TimeAsk::Select(id) => {
                self.case.track = Some(id);
                let first = self.track(id).and_then(|track| Some((track.image, track.keyframes.first()?.frame)));
                let here = self.frame_in_view().filter(|(image, frame)| {
                    self.track(id).is_some_and(|track| track.image == *image && track.at(*frame).is_some())
                });
                if let (Some((_, frame)), None) = (first, here) {
                    self.go_to_slice(frame);
                }
            }
            TimeAsk::Delete(id) => {
                self.change_from("The deletion", "Delete track", |_| Ok(vec![Command::remove(id)]));
            }
            TimeAsk::GoTo(frame) => self.go_to_slice(frame),
            TimeAsk::Interpolated(on) => self.change_keyframe("Interpolate track", |key| key.interpolated = on),
            TimeAsk::Label(id, label) => {
                self.change_track(id, "Label track", |track| Some(Track { label, ..track.clone() }));
            }
            TimeAsk::Unsay => self.unsay(),
        }
    }

    pub fn track(&self, id: TrackId) -> Option<&Track> {
        self.workspace.project.as_ref()?.document().get::<Track>(id)
    }

    /// The track in hand, on the picture and the frame in view.
    pub fn track_in_hand(&self) -> Option<(&Track, usize)> {
        let (image, frame) = self.frame_in_view()?;
        let track = self.track(self.case.track?)?;
        (track.image == image).then_some((track, frame))
    }

    /// The label in hand with what is said of it, frame by frame, on the picture in view.
    pub fn marks_in_view(&self) -> Option<&FrameMarks> {
        let (viewport, open) = self.workspace.active()?;
        let axis = viewport.view().slice_axis(&open.volume.geometry);
        FrameMarks::of(self.workspace.project.as_ref()?.document(), open.image, self.label?, axis)
    }

    fn change_track(&mut self, id: TrackId, step: &str, change: impl FnOnce(&Track) -> Option<Track>) {
        self.change_from("The track", step, |document| {
            let Some(track) = document.get::<Track>(id) else { return Ok(Vec::new()) };
            Ok(vec![change(track).map_or_else(|| Command::remove(id), Command::put)])
        });
    }

    /// The selected shape becomes a track with its first keyframe.
    fn track_selected(&mut self) {
        let Some(shape) = self.work.selected.and_then(|id| self.document()?.shape(id)).cloned() else { return };
        let frame = match &shape.form {
            Form::Point { at } => at[2].round().max(0.0) as usize,
            form => match form.slice() {
                Some(slice) if slice.axis == 2 => slice.index,
                _ => {
                    let cause = "Draw it on a stored frame: what lies across frames cannot move through them".into();
                    return self.notices.warning("This shape cannot be tracked", vec![cause]);
                }
            },
        };
        let form = match shape.form.clone() {
            Form::Point { at } => Form::Point { at: [at[0], at[1], frame as f64] },
            form => form,
        };
        let key = Keyframe { frame, form, occluded: shape.tags.occluded, outside: false, interpolated: true };
        let (id, image, label, text, tags) =
            (TrackId::new(), shape.image, shape.label.or(self.label), shape.text, shape.tags);
        let track = Track { id, image, label, text, keyframes: vec![key], tags };
        let commands = vec![Command::put(track), Command::RemoveShape { id: shape.id }];
        if self.change_by("The track", StepInfo::named("Begin track"), commands) {
            self.case.track = Some(id);
            self.work.selected = None;
            self.case.page = Page::Time;
        }
    }

    fn toggle_keyframe(&mut self) {
        let Some((track, frame)) = self.track_in_hand() else { return };
        let (id, has) = (track.id, track.keyframe(frame).is_some());
        if has && track.keyframes.len() == 1 {
            let cause = "It is the only one: delete the track instead".into();
            return self.notices.warning("The keyframe stays", vec![cause]);
        }
        let step = if has { "Remove keyframe" } else { "Set keyframe" };
        self.change_track(id, step, |track| {
            if has { track.without_keyframe(frame) } else { Some(track.changed(frame, |_| {})) }
        });
    }

    fn change_keyframe(&mut self, step: &str, change: impl FnOnce(&mut Keyframe)) {
        let Some((track, frame)) = self.track_in_hand() else { return };
        // A track that has left comes back as it is here.
        let is_away = track.at(frame).is_none() && track.keyframes.first().is_some_and(|key| key.frame <= frame);
        self.change_track(track.id, step, |track| {
            Some(track.changed(frame, |key| {
                key.outside |= is_away;
                change(key);
            }))
        });
    }

    /// What was pulled on a frame becomes a keyframe there.
    pub(in crate::dispatch) fn put_track_form(&mut self, id: TrackId, frame: usize, form: &Form) {
        self.change_track(id, "Move track", |track| Some(track.drawn(frame, form)));
    }

    fn go_to_keyframe(&mut self, onwards: bool) {
        let next = match self.track_in_hand() {
            Some((track, frame)) => track.neighbour(frame, onwards),
            None => self.marks_in_view().and_then(|marks| {
                let (viewport, open) = self.workspace.active()?;
                let here = viewport.slice(&open.volume.geometry).0;
                if onwards { marks.next(here) } else { marks.previous(here) }
            }),
        };
        if let Some(next) = next {
            self.go_to_slice(next);
        }
    }

    /// The slice in view of the picture in view, with the label in hand.
    fn slice_of_label(&self) -> Option<(ImageId, LabelId, Slice)> {
        let (viewport, open) = self.workspace.active()?;
        let axis = viewport.view().slice_axis(&open.volume.geometry);
        let index = viewport.slice(&open.volume.geometry).0;
        (!viewport.is_oblique() && !viewport.is_solid()).then_some((open.image, self.label?, Slice { axis, index }))
    }

    /// Records that there is nothing of the label here, and takes away what was painted.
    fn say_nothing_here(&mut self) {
        let Some((image, label, slice)) = self.slice_of_label() else { return };
        let Ok(value) = self.label_value(label) else { return };
        let layer = self.layer_of(image, value);
        let name = self.document().and_then(|d| d.label(label)).map_or_else(String::new, |label| label.name.clone());
        self.change_from("The statement", format!("No {name} here"), |document| {
            let marks = FrameMarks::of(document, image, label, slice.axis).cloned();
            let marks = marks.unwrap_or_else(|| FrameMarks::new(image, label, slice.axis)).empty_on(slice.index);
            let mut commands = vec![Command::put(marks)];
            let map = document.label_map(image);
            let mask = map.map(|map| map.mask_on(layer, value));
            if let Some(mask) = mask.filter(|mask| !mask.is_empty()) {
                let here = mask.bounds().slice(slice.axis, slice.index);
                let mut rest = mask.clone();
                mask.within(here).indices().for_each(|index| rest.set(index, false));
                let target = Target { image, layer, label: value };
                commands.extend(operations::replacing(document, target, &rest, PaintRule::All)?);
            }
            Ok(commands)
        });
    }

    fn unsay(&mut self) {
        let Some((_, _, slice)) = self.slice_of_label() else { return };
        let Some(marks) = self.marks_in_view().cloned() else { return };
        self.change_from("The statement", "Say nothing of this frame", |_| {
            let (id, marks) = (marks.id, marks.unsaid(slice.index));
            let is_bare = marks.keyframes.is_empty() && marks.absent.is_empty();
            Ok(vec![if is_bare { Command::remove(id) } else { Command::put(marks) }])
        });
    }

    /// The command that makes frames keyframes because a hand has painted on them; none while nothing is followed.
    pub(in crate::dispatch) fn keyframe_of_paint(&self, image: ImageId, slice: Option<Slice>) -> Option<Command> {
        let (slice, label) = (slice?, self.label?);
        let marks = FrameMarks::of(self.document()?, image, label, slice.axis)?;
        let known = marks.keyframes.contains(&slice.index);
        (!known).then(|| Command::put(marks.clone().drawn(slice.index)))
    }
}
