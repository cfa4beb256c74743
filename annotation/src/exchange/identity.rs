//! What may not leave: pictures that may show whose they are. A picture is held back until somebody has looked at it and
//! cleared it, or the part that names the patient is made black in everything that is written.

use super::case::Case;
use super::flat::rectangle;
use super::{Blocked, Exchange, Images, Options};
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::id::ImageId;
use crate::image_entry::ImageEntry;
use crate::series_facts::Identity;
use limner_imaging::{Task, Volume, with_samples};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Kinds of pictures that machines write names into.
const MAY_SHOW_TEXT: [&str; 8] = ["US", "ES", "XC", "SC", "OT", "IVUS", "GM", "OP"];

/// A rectangle of every slice of an image, half-open in native pixels, that is black in all that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blackened {
    pub image: ImageId,
    pub min: [usize; 2],
    pub max: [usize; 2],
}

impl Blackened {
    /// From `0,0,200,40`: columns and rows from, to.
    pub fn parse(image: ImageId, corners: &str) -> Result<Self> {
        let wrong = || Error::refused(format!("{corners:?} is no rectangle; write COLUMN,ROW,COLUMN,ROW: 0,0,200,40"));
        let [min, max] = rectangle(corners).ok_or_else(wrong)?;
        Ok(Self { image, min, max })
    }
}

/// The images whose pictures are held back, and why.
pub(super) fn blocked(exchange: &dyn Exchange, contents: &Contents, options: &Options) -> Vec<Blocked> {
    if !exchange.writes_pictures() || options.keep_identity {
        return Vec::new();
    }
    options.cases(contents).iter().filter_map(|case| held_back(case, options)).collect()
}

fn held_back(case: &Case<'_>, options: &Options) -> Option<Blocked> {
    let image = case.image;
    let blackened = options.blackened.iter().any(|one| one.image == image.id);
    if blackened || options.cleared.contains(&image.id) {
        return None;
    }
    let may_show = image.modality.as_deref().is_some_and(|m| MAY_SHOW_TEXT.contains(&m));
    let why = match image.facts.identity {
        Some(Identity::Seen) => "somebody saw in it whose it is; blacken that part, or clear the picture",
        None if may_show => {
            "pictures of this kind may have a name burned in; look at it, then clear it or blacken that part"
        }
        Some(Identity::Clean | Identity::Removed) | None => return None,
    };
    Some(Blocked { item: format!("{} ({})", case.name, image.id), why: why.into(), image: Some(image.id) })
}

/// Images with their rectangles made black, as they are loaded: no format sees what lies under them.
pub(super) struct Darkened<'a> {
    pub images: &'a dyn Images,
    pub options: &'a Options,
}

impl Images for Darkened<'_> {
    fn load(&self, image: &ImageEntry, task: &Task) -> Result<Volume> {
        let volume = self.images.load(image, task)?;
        let mine: Vec<&Blackened> = self.options.blackened.iter().filter(|one| one.image == image.id).collect();
        if mine.is_empty() { Ok(volume) } else { blacken(volume, &mine) }
    }

    fn files(&self, image: &ImageEntry, task: &Task) -> Result<Vec<PathBuf>> {
        self.images.files(image, task)
    }
}

fn blacken(volume: Volume, all: &[&Blackened]) -> Result<Volume> {
    let [w, h, d] = volume.size();
    if let Some(outside) = all.iter().find(|one| one.min[0] >= w || one.min[1] >= h) {
        let Blackened { min, max, .. } = outside;
        return Err(Error::refused(format!("the rectangle {min:?} to {max:?} lies outside of {w} x {h} pixels")));
    }
    let channels = volume.channels();
    let mut samples = volume.samples().clone();
    with_samples!(&mut samples, v => {
        // Where small values are bright, the largest is black.
        let darkest = v.iter().copied().reduce(|a, b| if (b < a) != volume.inverted { b } else { a });
        for one in all {
            for row in (0..d).flat_map(|k| (one.min[1]..one.max[1].min(h)).map(move |j| k * h + j)) {
                let (from, to) = ((row * w + one.min[0]) * channels, (row * w + one.max[0].min(w)) * channels);
                if let Some(darkest) = darkest {
                    v[from..to].fill(darkest);
                }
            }
        }
    });
    let mut dark = Volume::new(volume.geometry, samples, channels)?;
    dark.value_map = volume.value_map;
    dark.stack_axis = volume.stack_axis;
    dark.spacing_known = volume.spacing_known;
    dark.windows = volume.windows;
    dark.inverted = volume.inverted;
    dark.modality = volume.modality;
    dark.extras = volume.extras;
    dark.warnings = volume.warnings;
    Ok(dark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, World};

    #[test]
    fn a_rectangle_is_black_on_every_slice_and_nothing_else_is() {
        let geometry = Geometry::axis_aligned([4, 3, 2], World::default(), [1.0; 3]).unwrap();
        let mut volume = Volume::new(geometry, Samples::I16((1..25).collect()), 1).unwrap();
        let image = ImageEntry::of_volume(&volume, "a", "a");
        let one = Blackened::parse(image.id, "1,0,3,2").unwrap();
        let at = |volume: &Volume, n: usize| volume.samples().get(n);
        for (inverted, darkest) in [(false, 1.0), (true, 24.0)] {
            volume.inverted = inverted;
            let dark = blacken(volume.clone(), &[&one]).unwrap();
            for n in 0..24 {
                let inside = (1..3).contains(&(n % 4)) && n / 4 % 3 < 2;
                assert_eq!(at(&dark, n), if inside { darkest } else { at(&volume, n) }, "{n}");
            }
        }
        assert!(blacken(volume, &[&Blackened::parse(image.id, "4,0,9,9").unwrap()]).is_err());
        for bad in ["", "1,2,3", "3,0,1,2", "a,b,c,d", "-1,0,2,2"] {
            assert!(Blackened::parse(image.id, bad).is_err(), "{bad}");
        }
    }
}
