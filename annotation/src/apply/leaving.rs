//! What goes with an image: rows that cannot be without it, in an order in which they can be taken out, and rows that can
//! be but have to let go of it first.
//!
//! `RemoveImage` refuses while something points at the image or at what is on it, so that nothing goes that nobody asked
//! for. Who does ask gets all of it as one step here, knows beforehand what goes, and undoes it as one step.

use crate::command::Command;
use crate::contents::Contents;
use crate::entity::{Entity, ImageId, Kind};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::image_entry::ImageEntry;
use crate::records::{Caption, Finding, Grounding, Lesion, LesionStage, Study};
use crate::series_facts::SeriesFacts;
use std::collections::BTreeSet;

/// An image on its way out of a project.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// To be applied as one step.
    pub commands: Vec<Command>,
    /// The rows that go: the image, all that is on it, and all that cannot be without them.
    pub gone: BTreeSet<Key>,
}

impl Leaving {
    /// How many rows of a kind go.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.gone.iter().filter(|key| key.kind == kind).count()
    }
}

impl Contents {
    /// What has to be done to take an image out with everything that cannot be without it.
    pub fn leaving(&self, image: ImageId) -> Result<Leaving> {
        self.image(image).ok_or(Error::Missing { key: image.into() })?;
        let on_image: BTreeSet<Key> = self.sites.rows(image).into_iter().flat_map(crate::rows::Table::keys).collect();
        let mut gone = on_image.clone();
        gone.insert(image.into());
        let mut shrunk: BTreeSet<Key> = BTreeSet::new();
        let mut waiting: Vec<Key> = gone.iter().copied().collect();
        while let Some(key) = waiting.pop() {
            // Rows on the image point at each other, and go all the same.
            let pointing: Vec<Key> = if on_image.contains(&key) {
                self.pointing_from_project(key).collect()
            } else {
                self.pointing_at(key)?
            };
            for from in pointing {
                let Some(entity) = self.entity(from).filter(|_| !gone.contains(&from)) else { continue };
                if without(entity, &gone).is_some() {
                    shrunk.insert(from);
                } else {
                    shrunk.remove(&from);
                    gone.insert(from);
                    waiting.push(from);
                }
            }
        }
        let mut shrunk: Vec<Entity> = shrunk.into_iter().filter_map(|key| without(self.entity(key)?, &gone)).collect();
        shrunk.sort_by_key(|entity| turn(entity.kind()));
        let mut commands: Vec<Command> = shrunk.into_iter().map(Command::put).collect();
        let apart = gone.iter().copied().filter(|key| !on_image.contains(key) && *key != image.key()).collect();
        commands.extend(self.in_order_of_leaving(apart).into_iter().map(|key| Command::Remove { key }));
        commands.push(Command::RemoveImage { id: image });
        Ok(Leaving { commands, gone })
    }

    /// Rows in an order in which each can be taken out: those first that no other one of them points at.
    fn in_order_of_leaving(&self, mut left: Vec<Key>) -> Vec<Key> {
        let mut order = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let entities = left.iter().filter_map(|key| self.entity(*key));
            let mentioned: BTreeSet<Key> = entities.flat_map(|entity| entity.rules().mentions()).collect();
            let (free, rest): (Vec<Key>, Vec<Key>) = left.into_iter().partition(|key| !mentioned.contains(key));
            if free.is_empty() {
                // They point at each other in a circle; whoever takes them out is refused and told why.
                order.extend(rest);
                break;
            }
            order.extend(free);
            left = rest;
        }
        order
    }
}

/// When a row lets go: before what it would not fit any longer does.
const fn turn(kind: Kind) -> u8 {
    match kind {
        Kind::Caption => 0,
        Kind::Lesion => 1,
        Kind::Finding => 2,
        // What is said of a study lies on its images.
        Kind::Study => 3,
        _ => 4,
    }
}

/// A row without what is gone; `None` where it cannot be without it.
fn without(entity: &Entity, gone: &BTreeSet<Key>) -> Option<Entity> {
    Some(match entity {
        Entity::Image(image) => {
            let channel_of = image.facts.channel_of.filter(|main| !gone.contains(&main.key()));
            ImageEntry { facts: SeriesFacts { channel_of, ..image.facts.clone() }, ..ImageEntry::clone(image) }.into()
        }
        Entity::Study(study) => Study { images: left(&study.images, gone), ..Study::clone(study) }.into(),
        Entity::Finding(finding) => {
            let images = left(&finding.images, gone);
            if images.is_empty() && finding.study.is_none() {
                return None;
            }
            let (shapes, measurements) = (left(&finding.shapes, gone), left(&finding.measurements, gone));
            Finding { images, shapes, measurements, ..Finding::clone(finding) }.into()
        }
        Entity::Lesion(lesion) => {
            let stage = |stage: &LesionStage| LesionStage {
                finding: stage.finding.filter(|finding| !gone.contains(&finding.key())),
                shapes: left(&stage.shapes, gone),
                measurements: left(&stage.measurements, gone),
                ..stage.clone()
            };
            Lesion { stages: lesion.stages.iter().map(stage).collect(), ..Lesion::clone(lesion) }.into()
        }
        Entity::Caption(caption) if !gone.contains(&caption.target) => {
            let phrase = |phrase: &Grounding| {
                let (shapes, findings) = (left(&phrase.shapes, gone), left(&phrase.findings, gone));
                let is_bound = !shapes.is_empty() || !findings.is_empty();
                is_bound.then(|| Grounding { shapes, findings, ..phrase.clone() })
            };
            Caption { phrases: caption.phrases.iter().filter_map(phrase).collect(), ..Caption::clone(caption) }.into()
        }
        _ => return None,
    })
}

/// Those of some rows that stay.
fn left<T: Copy + Into<Key>>(all: &[T], gone: &BTreeSet<Key>) -> Vec<T> {
    all.iter().copied().filter(|one| !gone.contains(&(*one).into())).collect()
}
