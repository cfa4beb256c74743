//! What an import would add to labels that are painted already. Two readings of one organ are two labels: joined they would
//! be neither, and nobody could take them apart again.

use crate::command::{Command, PaintMode, PaintRule};
use crate::contents::Contents;
use crate::entity::{Entity, ImageId};
use crate::error::{Error, Result};
use crate::exchange::import::{Import, Painter};
use crate::id::Key;
use crate::label_map::LabelMap;
use crate::labels::Label;
use crate::packed::PackedMask;
use limner_imaging::{Mask, VoxelBox};
use std::collections::{BTreeMap, BTreeSet};

/// What is painted with one label on one picture.
type Place = (ImageId, u16);

#[derive(Clone, Copy)]
enum Fate {
    /// The same voxels are there already.
    Same,
    /// It gets a label of its own, with this value.
    Own(u16),
}

/// Gives what comes in under the name of a label that has paint on that picture a label of its own. What is the same voxel
/// for voxel is left out.
pub(super) fn keep_apart(contents: &Contents, import: &mut Import) -> Result<()> {
    let places = meeting(contents, &import.commands);
    if places.is_empty() {
        return Ok(());
    }
    let mut added = Added::of(contents, &import.commands);
    let mut fates: BTreeMap<Place, Fate> = BTreeMap::new();
    let mut notes = Vec::new();
    for ((image, value), masks) in &places {
        let (fate, note) = added.fate(*image, *value, masks)?;
        fates.insert((*image, *value), fate);
        notes.push(note);
    }
    drop(places);
    let renamed: BTreeMap<(Key, Key), Key> = added.renamed(&fates);
    let mut painter = Painter::new(contents);
    let mut commands: Vec<Command> = added.new.into_iter().map(|label| Command::AddLabel { label }).collect();
    for command in std::mem::take(&mut import.commands) {
        match command {
            Command::Paint { image, label, mask, mode: PaintMode::Set, rule: PaintRule::All, .. }
                if contents.label_map(image).is_some() =>
            {
                let value = match fates.get(&(image, label)) {
                    Some(Fate::Same) => {
                        import.records = import.records.saturating_sub(1);
                        continue;
                    }
                    Some(Fate::Own(value)) => *value,
                    None => label,
                };
                // Layers were chosen for the old label, which its own paint leaves room for.
                let size = contents.label_map(image).map_or([0; 3], LabelMap::size);
                commands.push(painter.paint(image, size, value, &mask.unpack()));
            }
            Command::Put { mut entity, parents, ext, origin } => {
                rename(&mut entity, &renamed);
                commands.push(Command::Put { entity, parents, ext, origin });
            }
            other => commands.push(other),
        }
    }
    import.commands = commands;
    import.notes.extend(notes);
    Ok(())
}

/// A version of a rater names the labels that it was painted with.
fn rename(entity: &mut Entity, renamed: &BTreeMap<(Key, Key), Key>) {
    if let Entity::Annotation(version) = entity {
        let target = version.target;
        for key in &mut version.content {
            *key = renamed.get(&(target, *key)).copied().unwrap_or(*key);
        }
    }
}

/// The masks that come in for labels that have paint on the same picture.
fn meeting<'a>(contents: &Contents, commands: &'a [Command]) -> BTreeMap<Place, Vec<&'a PackedMask>> {
    let mut places: BTreeMap<Place, Vec<&PackedMask>> = BTreeMap::new();
    for command in commands {
        if let Command::Paint { image, label, mask, mode: PaintMode::Set, rule: PaintRule::All, .. } = command
            && contents.label_map(*image).is_some_and(|map| map.layers().iter().any(|layer| layer.count(*label) > 0))
        {
            places.entry((*image, *label)).or_default().push(mask);
        }
    }
    places
}

/// Labels that an import adds, those it brings and those it needs to stay apart.
struct Added<'a> {
    contents: &'a Contents,
    brought: Vec<Label>,
    new: Vec<Label>,
}

impl<'a> Added<'a> {
    fn of(contents: &'a Contents, commands: &[Command]) -> Self {
        let label = |command: &Command| match command {
            Command::AddLabel { label } => Some(label.clone()),
            _ => None,
        };
        Self { contents, brought: commands.iter().filter_map(label).collect(), new: Vec::new() }
    }

    fn named(&self, name: &str) -> Option<Label> {
        let mut all = self.contents.labels().into_iter().chain(&self.new);
        all.find(|label| label.name == name).cloned()
    }

    fn free_value(&self) -> Result<u16> {
        let known = self.contents.labels().into_iter().chain(&self.brought).chain(&self.new);
        let used: BTreeSet<u16> = known.map(|label| label.value).collect();
        let free = (1..=u16::MAX).find(|value| !used.contains(value));
        free.ok_or_else(|| Error::refused("there are more labels than 65,535"))
    }

    /// From an image and a label on it to the label that what came in has now.
    fn renamed(&self, fates: &BTreeMap<Place, Fate>) -> BTreeMap<(Key, Key), Key> {
        let id = |value: u16| {
            let known = self.contents.label_of_value(value).map(|label| label.id);
            known.or_else(|| self.brought.iter().chain(&self.new).find(|label| label.value == value).map(|l| l.id))
        };
        let moved = fates.iter().filter_map(|((image, value), fate)| match fate {
            Fate::Own(own) => Some(((Key::from(*image), Key::from(id(*value)?)), Key::from(id(*own)?))),
            Fate::Same => None,
        });
        moved.collect()
    }

    /// What becomes of what comes in for a label on a picture, and how that is told.
    fn fate(&mut self, image: ImageId, value: u16, masks: &[&PackedMask]) -> Result<(Fate, String)> {
        let contents = self.contents;
        let label = contents.label_of_value(value);
        let label = label.ok_or_else(|| Error::refused(format!("no label has the value {value}")))?;
        let title = contents.image(image).map_or("", |image| image.title.as_str());
        let same = |name: &str| {
            (Fate::Same, format!("{name} is painted on {title} with the very same voxels; nothing was added to it"))
        };
        if self.has_exactly(image, value, masks) {
            return Ok(same(&label.name));
        }
        for n in 1..=u16::MAX {
            let end = if n == 1 { "imported".to_owned() } else { format!("imported {n}") };
            let name = format!("{} ({end})", label.name);
            // A label that the data set itself calls so is another one.
            if self.brought.iter().any(|label| label.name == name) {
                continue;
            }
            let told = format!("{} is painted on {title} already; what came in is called {name}", label.name);
            let Some(known) = self.named(&name) else {
                let value = self.free_value()?;
                let (parent, instance_of, codes) = (label.parent, label.instance_of, label.codes.clone());
                self.new.push(Label { parent, instance_of, codes, ..Label::new(value, name) });
                return Ok((Fate::Own(value), told));
            };
            if self.has_exactly(image, known.value, masks) {
                return Ok(same(&name));
            }
            let is_free = contents.label_map(image).is_none_or(|map| map.count(known.value) == 0);
            if is_free && !known.locked {
                return Ok((Fate::Own(known.value), told));
            }
        }
        Err(Error::refused(format!("there are too many labels called {}", label.name)))
    }

    /// Whether the voxels of a label on a picture are those that come in.
    fn has_exactly(&self, image: ImageId, value: u16, masks: &[&PackedMask]) -> bool {
        let Some(map) = self.contents.label_map(image) else { return false };
        let old = map.mask_of(value);
        let bounds = masks.iter().fold(VoxelBox::default(), |all, mask| all.union(&mask.bounds()));
        if old.is_empty() || old.tight_box() != bounds {
            return false;
        }
        let mut new = Mask::empty(bounds);
        masks.iter().for_each(|mask| mask.add_to(&mut new));
        old.within(bounds).voxels() == new.voxels()
    }
}
