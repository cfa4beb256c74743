//! What a question points at: picked by a click on any view, or by drawing it; and the way back, from the list to the
//! place in the picture.

use super::super::labels::{most_central, place_of, plane_of};
use super::super::meant::Meant;
use crate::app::App;
use crate::view_state::Pane;
use crate::work::asking::Slot;
use limner_annotation::measure;
use limner_annotation::question::{
    AnswerType, Dialogue, Evidence, Frame, ImageSet, ImageSetId, Item, Phrase, Quantity, Question, QuestionId, Region,
    Role, Tolerance,
};
use limner_annotation::{Command, Document, ImageEntry, ImageId, LabelId, Slice};
use limner_imaging::field::{Connectivity, components};
use limner_imaging::{Mask, StackAxis, View, Voxel};

impl App {
    pub(in crate::dispatch) fn bind_evidence(&mut self, image: ImageId, meant: Meant) {
        let region = match meant {
            Meant::Shape(shape) => Region::Shape { shape },
            Meant::Paint { label, around, slice } => Region::Painted { image, label, slice, around },
        };
        self.commit_typing();
        let Some(slot) = self.work.asking.pointing else { return };
        if let Slot::Turn(turn) = slot {
            return self.bind_turn(turn, &region);
        }
        let Some(document) = self.document() else { return };
        let shown = self.work.asking.question.and_then(|id| document.get::<Question>(id)).cloned();
        let Some(mut question) = shown else { return };
        let Some(set) = document.get::<ImageSet>(question.image_set) else { return };
        let Some((index, items)) = seen_on(document, set, &region) else { return };
        let evidence = Evidence::new(region.clone(), index, name_of(document, &region));
        let grown = items.len() > set.items.len();
        match slot {
            Slot::Grounding => push_new(&mut question.grounding, evidence.clone()),
            Slot::Answer => answer_with(&mut question, evidence.clone()),
            Slot::Choice(n) => {
                let Some(choice) = question.choices.get_mut(n) else { return };
                choice.region = Some(evidence.clone());
            }
            Slot::Step(n) => {
                let Some(step) = question.rationale.get_mut(n) else { return };
                push_new(&mut step.evidence, evidence.clone());
            }
            Slot::Phrase(span) => bind_phrase(&mut question, span, evidence.clone()),
            Slot::Hidden => question.hidden.get_or_insert_default().regions.push(region),
            Slot::Number => {
                let numbers = measured(document, &region);
                if numbers.is_empty() {
                    let why = "Click a ruler, an angle, an outline or a painted segment".into();
                    return self.notices.warning("This measures nothing", vec![why]);
                }
                question.answer.numbers = numbers;
                push_new(&mut question.grounding, evidence.clone());
            }
            Slot::Turn(_) => {}
        }
        let id = question.id;
        let commands = if grown {
            self.commands_for(question, items, Vec::new())
        } else {
            vec![Command::put(self.settled(question, false))]
        };
        if self.put_changed(id, "Point at evidence", commands) {
            // Several boxes are pointed at one after the other, until Esc.
            let more = slot == Slot::Answer && self.shown_type() == Some(AnswerType::Boxes);
            self.work.asking.pointing = self.work.asking.pointing.filter(|_| more);
            self.work.asking.marked = Some(evidence);
        }
    }

    fn shown_type(&self) -> Option<AnswerType> {
        self.work.asking.shown(self.document()?).map(|question| question.answer_type)
    }

    fn bind_turn(&mut self, turn: usize, region: &Region) {
        let Some(document) = self.document() else { return };
        let talk = self.work.asking.talk.and_then(|id| document.get::<Dialogue>(id)).cloned();
        let Some(mut talk) = talk else { return };
        let Some(set) = document.get::<ImageSet>(talk.image_set) else { return };
        let Some((index, items)) = seen_on(document, set, region) else { return };
        let evidence = Evidence::new(region.clone(), index, name_of(document, region));
        let mut commands = Vec::new();
        if items.len() > set.items.len() {
            commands.push(Command::put(ImageSet { items, ..set.clone() }));
        }
        let Some(turn) = talk.turns.get_mut(turn) else { return };
        push_new(&mut turn.evidence, evidence.clone());
        let gap = if turn.text.is_empty() || turn.text.ends_with(char::is_whitespace) { "" } else { " " };
        let (name, place) = (limner_annotation::question::REF, limner_annotation::question::BOX);
        turn.text = format!("{}{gap}{name} {place}", turn.text);
        commands.push(Command::put(talk));
        if self.put_all("Point at evidence", commands) {
            self.work.asking.pointing = None;
            self.work.asking.marked = Some(evidence);
        }
    }

    /// Shows a question, and the place that it points at first.
    pub(super) fn go_to_question(&mut self, id: QuestionId) {
        self.show_question(id);
        let question = self.document().and_then(|document| document.get::<Question>(id));
        let first = question.and_then(|q| first_evidence(q).map(|evidence| (evidence.clone(), q.image_set)));
        if let Some((evidence, set)) = first {
            self.jump_to_evidence(evidence, set);
        }
    }

    /// Marks a piece of evidence and takes the views to it; a picture that is not in view is opened first.
    pub(super) fn jump_to_evidence(&mut self, evidence: Evidence, set: ImageSetId) {
        let Some(document) = self.document() else { return };
        let Ok(image) = evidence.region.image(document.contents()) else { return };
        let shown = document.get::<ImageSet>(set).and_then(|set| set.items.get(evidence.image_index));
        let slice = shown.and_then(|item| item.frame.slice);
        self.work.asking.marked = Some(evidence.clone());
        let stage = &self.workspace.stage;
        let visible = stage.visible().into_iter().filter(|id| stage.get(*id).is_some_and(|v| v.image == Some(image)));
        let visible: Vec<_> = visible.collect();
        let best = visible.iter().find(|id| **id == stage.active_id()).or_else(|| visible.first()).copied();
        if let Some(best) = best {
            self.workspace.stage.activate(best);
            return self.go_to_region(image, &evidence.region, slice);
        }
        self.work.asking.jump = Some(evidence);
        self.open_image(image);
    }

    /// Once the picture that was asked for is in memory.
    pub(super) fn finish_jump(&mut self) {
        let Some(evidence) = self.work.asking.jump.clone() else { return };
        let image = self.document().and_then(|document| evidence.region.image(document.contents()).ok());
        if image.is_some() && image == self.workspace.open().map(|open| open.image) {
            self.work.asking.jump = None;
            self.go_to_region(image.unwrap_or_else(ImageId::new), &evidence.region, None);
        }
    }

    fn go_to_region(&mut self, image: ImageId, region: &Region, slice: Option<Slice>) {
        let Some(document) = self.document() else { return };
        let Some(open) = self.workspace.pictures.get(&image) else { return };
        let geometry = open.volume.geometry;
        let mut selected = None;
        let (slice, at) = match region {
            Region::Shape { shape } | Region::Landmark { shape, .. } => {
                let Some(shape) = document.shape(*shape) else { return };
                selected = Some(shape.id);
                if let Some(plane) = plane_of(&shape.form, &geometry) {
                    self.work.selected = selected;
                    let active = self.workspace.stage.active_id();
                    return self.look(active, |view, _| view.lie_on(plane));
                }
                place_of(&shape.form, &geometry)
            }
            Region::Painted { label, around, slice: own, .. } => {
                let Some(mask) = painted(document, image, *label, *around) else { return };
                let slice = own.or(slice).unwrap_or_else(|| Slice::stored(fullest(&mask)));
                let (mut min, mut max) = ([0; 3], open.volume.size());
                (min[slice.axis], max[slice.axis]) = (slice.index, slice.index + 1);
                let there = mask.within(mask.bounds().intersection(&limner_imaging::VoxelBox::new(min, max)));
                let mask = if there.is_empty() { mask } else { there };
                (slice, geometry.world(Voxel::centre(most_central(&mask))))
            }
        };
        self.work.selected = selected;
        let active = self.workspace.stage.active_id();
        let planes = self.workspace.stage.shows_planes();
        let pane = View::ALL.into_iter().find(|view| view.slice_axis(&geometry) == slice.axis).map(Pane::Slice);
        self.look(active, |view, open| {
            if let Some(pane) = pane.filter(|_| !planes && !view.is_solid()) {
                view.show_pane(pane);
            }
            view.go_to(&open.volume.geometry, at);
        });
    }
}

fn first_evidence(question: &Question) -> Option<&Evidence> {
    let phrases = question.answer.phrases.iter().flat_map(|phrase| &phrase.evidence);
    let steps = question.rationale.iter().flat_map(|step| &step.evidence);
    question.grounding.iter().chain(&question.answer.regions).chain(phrases).chain(steps).next()
}

/// All of a label on an image, or the part around a voxel.
pub(crate) fn painted(document: &Document, image: ImageId, label: LabelId, around: Option<[usize; 3]>) -> Option<Mask> {
    let map = document.label_map(image)?;
    let mask = map.mask_of(document.label(label)?.value);
    match around {
        None => Some(mask),
        Some(at) => {
            let parts = components(&mask, Connectivity::Corner26);
            parts.at(at).map(|part| parts.mask(part))
        }
    }
    .filter(|mask| !mask.is_empty())
}

/// The stored slice with most of a mask.
fn fullest(mask: &Mask) -> usize {
    let tight = mask.tight_box();
    let area = |k: usize| -> usize {
        (tight.min[1]..tight.max[1]).map(|j| mask.row(j, k).iter().filter(|inside| **inside).count()).sum()
    };
    (tight.min[2]..tight.max[2]).max_by_key(|k| area(*k)).unwrap_or(tight.min[2])
}

fn push_new(list: &mut Vec<Evidence>, evidence: Evidence) {
    if !list.iter().any(|known| known.region == evidence.region && known.image_index == evidence.image_index) {
        list.push(evidence);
    }
}

fn answer_with(question: &mut Question, evidence: Evidence) {
    if question.answer_type == AnswerType::Boxes || question.answer_type == AnswerType::Mask {
        push_new(&mut question.answer.regions, evidence);
    } else {
        question.answer.regions = vec![evidence];
    }
}

/// The words may already point somewhere: then they point at this too.
fn bind_phrase(question: &mut Question, span: [usize; 2], evidence: Evidence) {
    let length = question.answer.text.chars().count();
    let span = [span[0].min(length), span[1].min(length)];
    if span[0] >= span[1] {
        return;
    }
    match question.answer.phrases.iter_mut().find(|phrase| phrase.span == span) {
        Some(phrase) => push_new(&mut phrase.evidence, evidence),
        None => question.answer.phrases.push(Phrase { span, evidence: vec![evidence] }),
    }
    question.answer.phrases.sort_by_key(|phrase| phrase.span);
}

/// The picture of the set that shows a region, and the set with it; the picture joins the set where none does.
fn seen_on(document: &Document, set: &ImageSet, region: &Region) -> Option<(usize, Vec<Item>)> {
    let image = region.image(document.contents()).ok()?;
    let slice = region.slice(document.contents());
    let shows = |item: &Item| {
        let frame = item.frame;
        frame.image == image && (frame.slice.is_none() || slice.is_none() || frame.slice == slice)
    };
    let mut items = set.items.clone();
    if let Some(index) = items.iter().position(shows) {
        return Some((index, items));
    }
    let in_space = document.image(image)?.stack_axis == StackAxis::Space;
    let known = items.iter().any(|item| item.frame.image == image);
    let frame = match slice {
        Some(slice) if known || !in_space => Frame::on(image, slice),
        _ => Frame::whole(image),
    };
    items.push(Item::new(frame, Role::Main));
    Some((items.len() - 1, items))
}

/// What a text would call it: the shape's own name, its label's, or its kind.
fn name_of(document: &Document, region: &Region) -> String {
    let label = |id: LabelId| document.label(id).map(|label| label.name.clone());
    match region {
        Region::Shape { shape } => {
            let Some(shape) = document.shape(*shape) else { return String::new() };
            let own = shape.text.clone().or_else(|| shape.label.and_then(label));
            own.unwrap_or_else(|| shape.form.name().to_owned())
        }
        Region::Landmark { name, .. } => name.clone(),
        Region::Painted { label: id, .. } => label(*id).unwrap_or_default(),
    }
}

/// The numbers of a shape or a segment, with unit, scale, definition and what they were measured on.
fn measured(document: &Document, region: &Region) -> Vec<Quantity> {
    let Some(image) = region.image(document.contents()).ok().and_then(|id| document.image(id)) else {
        return Vec::new();
    };
    let found = match region {
        Region::Shape { shape } => document.shape(*shape).map(|shape| measure::of_shape(shape, image)),
        Region::Painted { image: id, label, around, .. } => {
            painted(document, *id, *label, *around).map(|mask| vec![size_of(&mask, image)])
        }
        Region::Landmark { .. } => None,
    };
    let found = found.unwrap_or_default();
    let several = found.len() > 1;
    let quantity = |m: measure::Measurement| Quantity {
        name: if several { m.definition.clone() } else { String::new() },
        tolerance: Some(if m.unit == "deg" { Tolerance::Absolute(2.0) } else { Tolerance::Relative(0.05) }),
        definition: m.definition.clone(),
        regions: vec![region.clone()],
        ..Quantity::new((m.value * 100.0).round() / 100.0, m.unit, m.scale)
    };
    found.into_iter().map(quantity).collect()
}

/// In millilitres, as radiologists say it.
fn size_of(mask: &Mask, image: &ImageEntry) -> measure::Measurement {
    let volume = measure::painted(mask, image);
    if volume.unit == "mm3" {
        measure::Measurement { value: volume.value / 1000.0, unit: "mL".into(), ..volume }
    } else {
        volume
    }
}
