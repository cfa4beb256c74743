//! One thing followed through the frames of an image: drawn on keyframes, in between by interpolation, with what of it can
//! be seen.

use crate::contents::Contents;
use crate::entity::{ImageId, LabelId, Rules, TrackId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::shapes::{Form, Slice};
use crate::tags::Tags;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    #[serde(default = "TrackId::new")]
    pub id: TrackId,
    pub image: ImageId,
    #[serde(default)]
    pub label: Option<LabelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// In the order of frames.
    pub keyframes: Vec<Keyframe>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyframe {
    pub frame: usize,
    pub form: Form,
    /// Behind something else, but its place is known.
    #[serde(default)]
    pub occluded: bool,
    /// Out of the picture from this frame to the next keyframe.
    #[serde(default)]
    pub outside: bool,
    /// Whether the frames to the next keyframe are interpolated; otherwise the form stays as it is.
    #[serde(default = "super::yes")]
    pub interpolated: bool,
}

impl Track {
    /// The thing on a frame: its form and whether it is occluded. `None` before the first keyframe and while it is outside.
    #[must_use]
    pub fn at(&self, frame: usize) -> Option<(Form, bool)> {
        let after = self.keyframes.partition_point(|key| key.frame <= frame);
        let from = self.keyframes[..after].last().filter(|key| !key.outside)?;
        let moved = |form: &Form| form.on_slice(Slice::stored(frame));
        let Some(to) = self.keyframes.get(after).filter(|to| from.interpolated && !to.outside) else {
            return Some((moved(&from.form), from.occluded));
        };
        let share = (frame - from.frame) as f64 / (to.frame - from.frame) as f64;
        // Forms that cannot be blended jump at the next keyframe.
        let form = from.form.blended(&to.form, share).unwrap_or_else(|| from.form.clone());
        Some((moved(&form), from.occluded))
    }

    /// What is said of a frame by a keyframe of its own.
    #[must_use]
    pub fn keyframe(&self, frame: usize) -> Option<&Keyframe> {
        self.keyframes.iter().find(|key| key.frame == frame)
    }

    /// The same with a form drawn on a frame: the keyframe there is changed, or one is made that goes on as the one
    /// before it did.
    #[must_use]
    pub fn drawn(&self, frame: usize, form: &Form) -> Self {
        let form = form.on_slice(Slice::stored(frame));
        self.changed(frame, |key| key.form = form)
    }

    /// The same with a keyframe changed; one is made where there is none.
    #[must_use]
    pub fn changed(&self, frame: usize, change: impl FnOnce(&mut Keyframe)) -> Self {
        let mut new = self.clone();
        let place = new.keyframes.partition_point(|key| key.frame < frame);
        if new.keyframes.get(place).is_none_or(|key| key.frame != frame) {
            let before = place.checked_sub(1).map(|n| &self.keyframes[n]);
            // Before the first keyframe it looks as it does there.
            let Some(like) = before.or_else(|| self.keyframes.first()) else { return new };
            let form = self.at(frame).map_or_else(|| like.form.on_slice(Slice::stored(frame)), |(form, _)| form);
            let (occluded, interpolated) = (like.occluded, like.interpolated);
            new.keyframes.insert(place, Keyframe { frame, form, occluded, outside: false, interpolated });
        }
        change(&mut new.keyframes[place]);
        new
    }

    /// The same without the keyframe of a frame; `None` where it was the only one.
    #[must_use]
    pub fn without_keyframe(&self, frame: usize) -> Option<Self> {
        let keyframes: Vec<_> = self.keyframes.iter().filter(|key| key.frame != frame).cloned().collect();
        (!keyframes.is_empty()).then(|| Self { keyframes, ..self.clone() })
    }

    /// The keyframe after a frame, or before it.
    #[must_use]
    pub fn neighbour(&self, frame: usize, onwards: bool) -> Option<usize> {
        let frames = || self.keyframes.iter().map(|key| key.frame);
        if onwards { frames().find(|key| *key > frame) } else { frames().rev().find(|key| *key < frame) }
    }

    /// The frames between the first keyframe and the last that it is seen on.
    pub fn frames(&self) -> impl Iterator<Item = usize> + '_ {
        let ends = self.keyframes.first().zip(self.keyframes.last()).map(|(a, b)| a.frame..b.frame + 1);
        ends.unwrap_or_default().filter(|frame| self.at(*frame).is_some())
    }
}

impl Rules for Track {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn image(&self) -> Option<ImageId> {
        Some(self.image)
    }

    fn mentions(&self) -> Vec<Key> {
        self.label.map(Key::from).into_iter().chain(self.tags.mentions()).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        let image = contents.image(self.image).ok_or(Error::Missing { key: self.image.into() })?;
        if self.keyframes.is_empty() {
            return Err(Error::refused("a track needs a keyframe"));
        }
        if self.keyframes.windows(2).any(|pair| pair[0].frame >= pair[1].frame) {
            return Err(Error::refused("the keyframes of a track are in order, one a frame"));
        }
        for key in &self.keyframes {
            if !lies_on(&key.form, key.frame) {
                return Err(Error::refused(format!("the form on frame {} is not drawn on that frame", key.frame)));
            }
            key.form.check(image)?;
        }
        self.tags.check(contents)
    }
}

fn lies_on(form: &Form, frame: usize) -> bool {
    match form {
        Form::Point { at } => at[2] == frame as f64,
        form => form.slice() == Some(Slice::stored(frame)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(frame: usize, x: f64) -> Keyframe {
        let form = Form::Box2d { slice: Slice::stored(frame), min: [x, 2.0], max: [x + 10.0, 6.0] };
        Keyframe { frame, form, occluded: false, outside: false, interpolated: true }
    }

    #[test]
    fn a_track_moves_between_keyframes_and_hides_where_it_is_outside() {
        let mut track = Track {
            id: TrackId::new(),
            image: ImageId::new(),
            label: None,
            text: None,
            keyframes: vec![boxed(2, 10.0), boxed(6, 30.0), boxed(9, 0.0), boxed(12, 5.0)],
            tags: Tags::default(),
        };
        track.keyframes[2].outside = true;
        track.keyframes[0].occluded = true;
        assert_eq!(track.at(1), None);
        let (form, occluded) = track.at(3).unwrap();
        assert_eq!(form, Form::Box2d { slice: Slice::stored(3), min: [15.0, 2.0], max: [25.0, 6.0] });
        assert!(occluded && !track.at(6).unwrap().1);
        // Before it leaves it stays where it was last seen.
        assert_eq!(track.at(8).unwrap().0, Form::Box2d { slice: Slice::stored(8), min: [30.0, 2.0], max: [40.0, 6.0] });
        assert_eq!(track.at(10), None);
        assert_eq!(
            track.at(40).unwrap().0,
            Form::Box2d { slice: Slice::stored(40), min: [5.0, 2.0], max: [15.0, 6.0] }
        );
        assert_eq!(track.frames().collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8, 12]);
        let turned = |degrees| Form::Ellipse { slice: Slice::stored(0), centre: [9.0; 2], radii: [4.0, 2.0], degrees };
        assert_eq!(turned(170.0).blended(&turned(10.0), 0.5), Some(turned(180.0)));
        assert_eq!(turned(0.0).blended(&track.keyframes[0].form, 0.5), None);
    }

    #[test]
    fn keyframes_are_made_changed_and_taken_out_and_points_move_too() {
        let point = |frame: usize, x: f64| Form::Point { at: [x, 4.0, frame as f64] };
        let key = Keyframe { frame: 4, form: point(4, 10.0), occluded: true, outside: false, interpolated: true };
        let (id, image) = (TrackId::new(), ImageId::new());
        let track = Track { id, image, label: None, text: None, keyframes: vec![key], tags: Tags::default() };
        let track = track.drawn(8, &point(0, 20.0));
        assert_eq!(track.at(6).unwrap(), (point(6, 15.0), true), "it goes on occluded");
        assert!(track.keyframes.iter().all(|key| lies_on(&key.form, key.frame)));
        let gone = track.changed(6, |key| key.outside = true);
        assert_eq!((gone.at(7), gone.at(8).map(|(form, _)| form)), (None, Some(point(8, 20.0))));
        assert_eq!(gone.keyframe(6).map(|key| &key.form), Some(&point(6, 15.0)), "its place is kept");
        let early = track.changed(1, |_| {});
        assert_eq!(early.at(1).map(|(form, _)| form), Some(point(1, 10.0)));
        assert_eq!(
            (gone.neighbour(6, true), gone.neighbour(6, false), gone.neighbour(8, true)),
            (Some(8), Some(4), None)
        );
        let one = track.without_keyframe(4).unwrap();
        assert_eq!((one.keyframes.len(), one.without_keyframe(8)), (1, None));
    }
}
