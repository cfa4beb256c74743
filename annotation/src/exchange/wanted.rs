//! Which images an export takes, asked by what is on them, who drew it and how they were taken.

use crate::contents::Contents;
use crate::entity::{Home, ImageId, Kind, LabelId};
use crate::error::{Error, Result};
use crate::label_map::LabelMap;
use crate::query::Query;
use crate::records::Rater;
use std::collections::BTreeSet;

/// Every part that is set must hold; of several words in one part, one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Something with a label of this name is painted or drawn on it.
    pub with: Vec<String>,
    /// Somebody with this pseudonym changed something on it last.
    pub by: Vec<String>,
    pub modality: Vec<String>,
}

impl Wanted {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The images, in the project's order. A label or a reader that is not there is refused: it is misspelt.
    pub fn images(&self, contents: &Contents) -> Result<Vec<ImageId>> {
        let mut labelled = BTreeSet::new();
        for name in &self.with {
            let label = contents.labels().into_iter().find(|label| label.name == *name);
            let label = label.ok_or_else(|| no_label(contents, name))?;
            labelled.extend(bearing(contents, label.id, label.value)?);
        }
        let mut changed = BTreeSet::new();
        for name in &self.by {
            if !is_known(contents, name)? {
                let reason = format!("nobody called \"{name}\" has changed anything; limner project log says who has");
                return Err(Error::refused(reason));
            }
            for kind in Kind::ALL.iter().filter(|kind| kind.home() == Home::Image) {
                changed.extend(places(contents, &Query::of(*kind).by(name.as_str()))?);
            }
        }
        let fits = |part_is_set: bool, found: &BTreeSet<ImageId>, id: ImageId| !part_is_set || found.contains(&id);
        let taken = |modality: &Option<String>| {
            let same =
                |wanted: &String| modality.as_ref().is_some_and(|modality| modality.eq_ignore_ascii_case(wanted));
            self.modality.is_empty() || self.modality.iter().any(same)
        };
        let all = contents.images().filter(|image| {
            taken(&image.modality)
                && fits(!self.with.is_empty(), &labelled, image.id)
                && fits(!self.by.is_empty(), &changed, image.id)
        });
        Ok(all.map(|image| image.id).collect())
    }
}

fn no_label(contents: &Contents, name: &str) -> Error {
    let names: Vec<String> = contents.labels().iter().map(|label| format!("\"{}\"", label.name)).collect();
    let has = if names.is_empty() { "none at all".to_owned() } else { names.join(", ") };
    Error::refused(format!("the project has no label \"{name}\"; it has {has}"))
}

/// Whether somebody with this pseudonym is a reader of the project or changed something last.
fn is_known(contents: &Contents, name: &str) -> Result<bool> {
    if contents.all::<Rater>().any(|rater| rater.pseudonym == name) {
        return Ok(true);
    }
    for kind in Kind::ALL {
        if !contents.find(&Query::of(*kind).by(name))?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where rows lie that a query finds.
fn places(contents: &Contents, query: &Query) -> Result<BTreeSet<ImageId>> {
    Ok(contents.find(query)?.into_iter().filter_map(|key| contents.sites.home(key)).collect())
}

/// The images that something with a label is painted or drawn on.
fn bearing(contents: &Contents, label: LabelId, value: u16) -> Result<BTreeSet<ImageId>> {
    let mut found = BTreeSet::new();
    for kind in [Kind::Shape, Kind::Track] {
        found.extend(places(contents, &Query::of(kind).mentioning(label))?);
    }
    let is_painted = |map: &LabelMap| map.count(value) > 0;
    let painted = contents.images().filter(|image| contents.label_map(image.id).is_some_and(is_painted));
    found.extend(painted.map(|image| image.id));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Document, Form, ImageEntry, Label, PackedMask, PaintMode, PaintRule, Shape};
    use limner_imaging::{Geometry, Mask, Samples, Volume, VoxelBox, World};

    #[test]
    fn images_are_found_by_label_author_and_modality() {
        let geometry = Geometry::axis_aligned([4, 3, 2], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::U8(vec![0; 24]), 1).unwrap();
        let image = |modality: &str| ImageEntry {
            modality: Some(modality.into()),
            ..ImageEntry::of_volume(&volume, "a.nii", modality)
        };
        let images = [image("CT"), image("CT"), image("MR"), image("US")];
        let (liver, kidney) = (Label::new(1, "liver"), Label::new(2, "kidney"));
        let mut document = Document::new("reader 1");
        let labels = [&liver, &kidney].map(|label| Command::put(label.clone()));
        let commands = images.iter().cloned().map(Command::put).chain(labels).collect();
        document.apply("Start", commands).unwrap();
        let point = |n: usize| Shape::new(images[n].id, Form::Point { at: [1.0; 3] }, Some(liver.id));
        document.apply("Draw", vec![Command::put(point(1))]).unwrap();
        document.set_author("reader 2");
        let mask = PackedMask::pack(&Mask::from_fn(VoxelBox::whole([4, 3, 2]), |v| v[0] == 1));
        let (mode, rule) = (PaintMode::Set, PaintRule::All);
        let paint = Command::Paint { image: images[2].id, layer: 0, label: 1, mask, mode, rule };
        document.apply("Draw", vec![Command::put(point(0)), paint]).unwrap();

        let found = |with: &[&str], by: &[&str], modality: &[&str]| {
            let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            let found = Wanted { with: words(with), by: words(by), modality: words(modality) }.images(&document);
            let place = |id: ImageId| images.iter().position(|image| image.id == id).unwrap();
            found.map(|ids| ids.into_iter().map(place).collect::<Vec<_>>())
        };
        assert_eq!(found(&[], &[], &[]).unwrap(), [0, 1, 2, 3]);
        assert_eq!(found(&["liver"], &[], &[]).unwrap(), [0, 1, 2]);
        assert_eq!(found(&["liver"], &["reader 1"], &[]).unwrap(), [1]);
        assert_eq!(found(&["liver"], &[], &["MR", "US"]).unwrap(), [2]);
        assert_eq!(found(&[], &["reader 2"], &["ct"]).unwrap(), [0]);
        assert!(found(&[], &["reader 3"], &[]).unwrap_err().to_string().contains("reader 3"));
        assert!(found(&["kidney"], &[], &[]).unwrap().is_empty());
        assert!(found(&["lever"], &[], &[]).unwrap_err().to_string().contains("\"liver\", \"kidney\""));
    }
}
