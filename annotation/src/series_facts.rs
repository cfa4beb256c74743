//! What a reader must know of a series beside its grid: what it is a picture of, how it was taken, and how it stands to the
//! other series of its study.

use crate::contents::Contents;
use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use limner_imaging::series;
use serde::{Deserialize, Serialize};

/// Longer texts are no names of sequences or views.
const LONGEST_NAME: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeriesFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SeriesKind>,
    /// Of MR, or the phase of a cycle: "T1", "FLAIR", "ED".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// "PA", "MLO", "A4C".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub laterality: Option<Laterality>,
    /// The UID that series in one space share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_of_reference: Option<String>,
    /// The image of which this is another channel, on the same grid: FLAIR beside T1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_of: Option<ImageId>,
    /// Images that lie over each other share it, also where their grids differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aligned_group: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesKind {
    #[serde(rename = "2d")]
    Flat,
    /// Slices without a common grid.
    Stack,
    Volume,
    /// Frames in time.
    Cine,
    /// Volumes in time.
    #[serde(rename = "4d")]
    Volumes,
    /// A slide under the microscope.
    Wsi,
    /// A picture of a signal, such as an ECG.
    Signal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Laterality {
    Left,
    Right,
    Both,
}

/// Whether the pixels may say whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Somebody saw a name, a number or a face.
    Seen,
    /// Somebody looked and found nothing.
    Clean,
    /// It was there and was blackened or cut off.
    Removed,
}

impl SeriesKind {
    /// As the reader of the file found it.
    #[must_use]
    pub const fn of(kind: series::Kind) -> Option<Self> {
        match kind {
            series::Kind::Image => Some(Self::Flat),
            series::Kind::Stack => Some(Self::Stack),
            series::Kind::Volume => Some(Self::Volume),
            series::Kind::Cine => Some(Self::Cine),
            series::Kind::Time4d => Some(Self::Volumes),
            _ => None,
        }
    }
}

impl SeriesFacts {
    /// What the reader of a file knows.
    #[must_use]
    pub fn of_file(kind: series::Kind) -> Self {
        Self { kind: SeriesKind::of(kind), ..Self::default() }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What may leave the house: nothing that names the source or says who looked at it.
    #[must_use]
    pub fn without_source(self) -> Self {
        Self { frame_of_reference: None, identity: None, ..self }
    }

    pub(crate) fn check(&self, of: &ImageEntry, contents: &Contents) -> Result<()> {
        for (what, name) in [("sequence", &self.sequence), ("view", &self.view)] {
            let Some(name) = name else { continue };
            if name.trim().is_empty() || name.len() > LONGEST_NAME {
                return Err(Error::refused(format!("a {what} is named by 1 to {LONGEST_NAME} letters")));
            }
        }
        let Some(main) = self.channel_of else { return Ok(()) };
        if main == of.id {
            return Err(Error::refused("an image is not a channel of itself"));
        }
        let main = contents.image(main).ok_or(Error::Missing { key: main.into() })?;
        if main.facts.channel_of.is_some() {
            return Err(Error::refused("an image that is a channel itself has no channels; name the first image"));
        }
        if !contents.pointing_at_from::<ImageEntry>(of.id.key()).is_empty() {
            return Err(Error::refused("an image that has channels is not a channel itself"));
        }
        if main.geometry.matches(&of.geometry, 1e-3) {
            return Ok(());
        }
        Err(Error::refused("a channel lies on the grid of its image; resample it, or put both into an aligned group"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Document};
    use limner_imaging::{Geometry, Samples, Volume, World};

    fn image(size: [usize; 3], facts: SeriesFacts) -> ImageEntry {
        let geometry = Geometry::axis_aligned(size, World::new(3.0, -2.0, 5.0), [0.5, 2.0, 3.0]).unwrap();
        let samples = Samples::U8(vec![0; size.iter().product()]);
        let volume = Volume::new(geometry, samples, 1).unwrap();
        ImageEntry { facts, ..ImageEntry::of_volume(&volume, "a.nii", "a") }
    }

    #[test]
    fn a_channel_lies_on_the_grid_of_its_image_and_goes_before_it() {
        let t1 = image([4, 3, 2], SeriesFacts { sequence: Some("T1".into()), ..SeriesFacts::default() });
        let of = |main: ImageId| SeriesFacts { channel_of: Some(main), ..SeriesFacts::default() };
        let flair = image([4, 3, 2], of(t1.id));
        let mut document = Document::new("reader");
        let mut put = |image: &ImageEntry| document.apply("Add", vec![Command::put(image.clone())]);
        assert!(put(&flair).is_err(), "its image is not there yet");
        put(&t1).unwrap();
        put(&flair).unwrap();
        for (wrong, facts) in [
            (image([4, 3, 1], SeriesFacts::default()), of(t1.id)),
            (image([4, 3, 2], SeriesFacts::default()), of(flair.id)),
            (t1.clone(), of(t1.id)),
            (t1.clone(), of(flair.id)),
            (t1.clone(), SeriesFacts { view: Some(" ".into()), ..SeriesFacts::default() }),
        ] {
            assert!(put(&ImageEntry { facts: facts.clone(), ..wrong }).is_err(), "{facts:?}");
        }
        assert!(document.apply("Remove", vec![Command::RemoveImage { id: t1.id }]).is_err());
        document.apply("Remove", vec![Command::RemoveImage { id: flair.id }]).unwrap();
        document.apply("Remove", vec![Command::RemoveImage { id: t1.id }]).unwrap();
    }

    #[test]
    fn facts_come_back_from_text_and_none_take_no_room() {
        let facts = SeriesFacts {
            kind: Some(SeriesKind::Volumes),
            view: Some("A4C".into()),
            laterality: Some(Laterality::Left),
            aligned_group: Some(3),
            identity: Some(Identity::Clean),
            frame_of_reference: Some("1.2.3".into()),
            ..SeriesFacts::default()
        };
        let entry = image([2, 2, 2], facts.clone());
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<ImageEntry>(&text).unwrap(), entry);
        let bare = serde_json::to_string(&image([2, 2, 2], SeriesFacts::default())).unwrap();
        assert!(!bare.contains("facts"), "{bare}");
        let left = facts.without_source();
        assert_eq!((left.frame_of_reference, left.identity, left.aligned_group), (None, None, Some(3)));
    }
}
