//! What is said of one region beside its place: numbers typed in, certainty, attributes, further labels.

use crate::app::App;
use crate::case::ask::RegionAsk;
use limner_annotation::records::{Progress, SegmentState};
use limner_annotation::tags::Attribute;
use limner_annotation::{Command, Document, ImageId, LabelId, PackedMask, PaintMode, PaintRule, Shape};

impl App {
    pub(super) fn ask_region(&mut self, ask: RegionAsk) {
        match ask {
            RegionAsk::Form(id, form) => {
                self.change_from("The numbers", "Type numbers", |document| {
                    let shape = document.shape(id).map(|shape| Shape { form, ..shape.clone() });
                    Ok(shape.map(|shape| Command::EditShape { shape }).into_iter().collect())
                });
            }
            RegionAsk::Tags(id, tags) => {
                self.change_from("The attributes", "Describe shape", |document| {
                    let shape = document.shape(id).map(|shape| Shape { tags: *tags, ..shape.clone() });
                    Ok(shape.map(|shape| Command::EditShape { shape }).into_iter().collect())
                });
            }
            RegionAsk::Segment { label, certainty, note } => {
                self.change_segment(label, |state| (state.certainty, state.note) = (certainty, note));
            }
            RegionAsk::SegmentAttribute { label, name, value } => self.change_segment(label, |state| match value {
                Some(value) => drop(state.attributes.insert(name, value)),
                None => drop(state.attributes.remove(&name)),
            }),
            RegionAsk::TimeScale(ruler, seconds) => self.set_time_scale(ruler, seconds),
            RegionAsk::AlsoLabel { label, also } => self.label_also(label, also),
        }
    }

    fn change_segment(&mut self, label: LabelId, change: impl FnOnce(&mut SegmentState)) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        self.change_from("The description", "Describe segment", |document| {
            let mut state = segment(document, image, label);
            change(&mut state);
            Ok(vec![Command::put(state)])
        });
    }

    /// Everything that has a label on the picture in view gets another one too, on a layer where both can lie.
    fn label_also(&mut self, label: LabelId, also: LabelId) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        self.change_from("The second label", "Give a second label", |document| {
            let (Some(from), Some(to), Some(map)) =
                (document.label(label), document.label(also), document.label_map(image))
            else {
                return Ok(Vec::new());
            };
            let mask = map.mask_of(from.value);
            let free = |n: &usize| {
                let layer = &map.layers()[*n];
                mask.indices().all(|index| [0, to.value].contains(&layer.get(index)))
            };
            let layer = (0..map.layers().len()).find(free).unwrap_or(map.layers().len());
            let (label, mode, rule) = (to.value, PaintMode::Set, PaintRule::All);
            let mask = PackedMask::pack(&mask);
            Ok(vec![Command::Paint { image, layer, label, mask, mode, rule }])
        });
    }
}

fn segment(document: &Document, image: ImageId, label: LabelId) -> SegmentState {
    let known = document.on::<SegmentState>(image).find(|state| state.label == label).cloned();
    known.unwrap_or_else(|| SegmentState::new(image, label, Progress::InProgress))
}

/// A typed value as what it most likely is: a number, yes or no, else words.
pub fn attribute_of(text: &str) -> Attribute {
    let text = text.trim();
    match text.to_lowercase().as_str() {
        "yes" | "true" => Attribute::Yes(true),
        "no" | "false" => Attribute::Yes(false),
        _ => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Attribute::Number(number),
            _ => Attribute::Text(text.to_owned()),
        },
    }
}
