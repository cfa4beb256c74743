//! The pictures a question is asked on. A set that other questions share is never changed under them: the question gets
//! one of its own.

use crate::app::App;
use crate::work::guides::Guide;
use crate::workspace::OpenPicture;
use limner_annotation::question::{Frame, ImageSet, ImageSetId, Item, Mark, Overlay, Question, RenderRecipe, Role};
use limner_annotation::tools::place;
use limner_annotation::{Command, Slice};
use limner_imaging::StackAxis;

impl App {
    /// The set of the question shown where the picture in view is in it, else a new one of that picture; whether it is new.
    pub(super) fn set_in_view(&self) -> Option<(ImageSet, bool)> {
        let document = self.document()?;
        let open = self.workspace.open()?;
        let shown = self.work.asking.shown(document).map(|question| question.image_set);
        let talk = self.work.asking.talk.and_then(|id| document.get(id));
        let talk: Option<&limner_annotation::question::Dialogue> = talk;
        let set = shown.or_else(|| talk.map(|talk| talk.image_set)).and_then(|id| document.get::<ImageSet>(id));
        let set = set.filter(|set| set.items.iter().any(|item| item.frame.image == open.image));
        match set {
            Some(set) => Some((set.clone(), false)),
            None => Some((ImageSet::single(self.frame_seen()?), true)),
        }
    }

    /// A volume as a whole; of frames in time the one that is seen.
    fn frame_seen(&self) -> Option<Frame> {
        let (viewport, open) = self.workspace.active()?;
        Some(frame_of(viewport.slice(&open.volume.geometry).0, open))
    }

    /// The pictures in view from left to right in the parts a form has for them; the open one where fewer are seen.
    pub(super) fn set_for_guide(&self, guide: &Guide) -> Option<ImageSet> {
        let mut frames = Vec::new();
        for id in self.workspace.stage.visible() {
            let Some((viewport, open)) = self.workspace.shown_in(id) else { continue };
            let frame = frame_of(viewport.slice(&open.volume.geometry).0, open);
            if !frames.contains(&frame) && frames.len() < guide.most {
                frames.push(frame);
            }
        }
        if frames.is_empty() {
            frames.extend(self.frame_seen());
        }
        let items: Vec<Item> =
            frames.into_iter().enumerate().map(|(n, frame)| Item::new(frame, guide.role_at(n))).collect();
        (!items.is_empty()).then(|| ImageSet::new(items))
    }

    pub(super) fn add_picture_in_view(&mut self) {
        let Some(frame) = self.frame_seen() else { return };
        let Some(document) = self.document() else { return };
        let shown = self.work.asking.shown(document);
        let Some(set) = shown.and_then(|question| document.get::<ImageSet>(question.image_set)) else { return };
        let guide = shown.and_then(crate::work::guides::of);
        let mut items = set.items.clone();
        // A volume that is there already is meant as the slice in view.
        let frame =
            if items.iter().any(|item| item.frame == frame) { self.slice_in_view().unwrap_or(frame) } else { frame };
        if items.iter().any(|item| item.frame == frame) {
            let why = "Go to another slice, or show another picture".into();
            return self.notices.warning("This picture is in the set already", vec![why]);
        }
        let role = guide.map_or(Role::Main, |guide| guide.role_at(items.len()));
        items.push(Item::new(frame, role));
        self.put_pictures(items);
    }

    fn slice_in_view(&self) -> Option<Frame> {
        let (viewport, open) = self.workspace.active()?;
        let slice = place::slice_of(&open.volume.geometry, &viewport.plane(&open.volume.geometry))?;
        Some(Frame::on(open.image, slice))
    }

    /// Gives the question shown these pictures.
    pub(super) fn put_pictures(&mut self, items: Vec<Item>) {
        let shown = self.document().and_then(|d| self.work.asking.shown(d)).cloned();
        let Some(question) = shown else { return };
        let id = question.id;
        let commands = self.commands_for(question, items, Vec::new());
        self.put_changed(id, "Change pictures", commands);
    }

    /// The commands that give a question pictures: its own set changed, or a new one where others share it.
    pub(super) fn commands_for(&self, mut question: Question, items: Vec<Item>, before: Vec<Command>) -> Vec<Command> {
        let mut commands = before;
        let Some(document) = self.document() else { return commands };
        let former = document.get::<ImageSet>(question.image_set);
        let shared = self.set_has_others(question.image_set, &[question.id]);
        // Pictures that only join leave all places as they are; else the question would point elsewhere for a moment,
        // which is refused: it gets a new set, and the former one goes.
        let joins = former.is_some_and(|set| items.starts_with(&set.items));
        let id = if shared || !joins { ImageSetId::new() } else { question.image_set };
        let gone = (id != question.image_set && !shared).then_some(question.image_set);
        let title = former.and_then(|set| set.title.clone());
        let (pictures, are_others) = (items.len(), former.is_none_or(|set| set.items != items));
        if let Some(former) = former {
            question.follow_pictures(|index| new_place(index, &former.items, &items));
        }
        commands.push(Command::put(ImageSet { id, items, title }));
        question.image_set = id;
        if question.answer_type == limner_annotation::question::AnswerType::ImageChoice {
            question.offer_pictures(pictures);
        }
        commands.push(Command::put(self.settled(question, are_others)));
        commands.extend(gone.map(Command::remove));
        commands
    }

    /// Draws what the question points at on a picture of its set.
    pub(super) fn put_visual_prompt(&mut self, place: usize, mark: Option<Mark>) {
        let Some(document) = self.document() else { return };
        let Some(question) = self.work.asking.shown(document).cloned() else { return };
        let Some(set) = document.get::<ImageSet>(question.image_set) else { return };
        let mut items = set.items.clone();
        let Some(item) = items.get_mut(place) else { return };
        let regions: Vec<_> =
            question.grounding.iter().filter(|e| e.image_index == place).map(|e| e.region.clone()).collect();
        if mark.is_some() && regions.is_empty() {
            let why = "Point at evidence on this picture first: that is what is drawn on it".into();
            return self.notices.warning("There is nothing to draw on the picture", vec![why]);
        }
        let former = item.recipe.and_then(|id| document.get::<RenderRecipe>(id)).cloned();
        let mut recipe = former.unwrap_or_else(|| RenderRecipe::plain(item.frame));
        // Another question may have the same picture plain.
        recipe.id = limner_annotation::question::RecipeId::new();
        recipe.overlays = mark
            .map(|mark| regions.into_iter().map(|region| Overlay { region, mark, colour: [255, 64, 64] }).collect())
            .unwrap_or_default();
        let before = if recipe.overlays.is_empty() {
            item.recipe = None;
            Vec::new()
        } else {
            item.recipe = Some(recipe.id);
            vec![Command::put(recipe)]
        };
        let id = question.id;
        let commands = self.commands_for(question, items, before);
        self.put_changed(id, "Change visual prompt", commands);
    }
}

fn frame_of(slice: usize, open: &OpenPicture) -> Frame {
    if open.volume.stack_axis == StackAxis::Space {
        Frame::whole(open.image)
    } else {
        Frame::on(open.image, Slice::stored(slice))
    }
}

/// Where a picture of the former set stands now; one whose slice was changed stays in its place.
fn new_place(index: usize, former: &[Item], now: &[Item]) -> usize {
    let frame = former.get(index).map(|item| item.frame);
    frame.and_then(|frame| now.iter().position(|item| item.frame == frame)).unwrap_or(index)
}
