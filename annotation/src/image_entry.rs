//! An image of the project: where its file lies, how to know it again, and the grid that labels are painted on.

use crate::contents::Contents;
use crate::entity::{Entity, ImageId, Rules};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::series_facts::SeriesFacts;
use limner_imaging::{Geometry, StackAxis, Volume};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// More voxels than this cannot be labelled; also keeps every index and brick number well inside its type.
const MAX_VOXELS: usize = 1 << 36;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageEntry {
    #[serde(default = "ImageId::new")]
    pub id: ImageId,
    /// From the project's folder, with forward slashes; absolute where no relative path exists.
    pub path: String,
    /// Names one series where the path holds several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_uid: Option<String>,
    /// Of the stored samples, as `limner info` prints it.
    pub sha256: String,
    pub geometry: Geometry,
    /// For lists; free of patient text.
    pub title: String,
    #[serde(default)]
    pub modality: Option<String>,
    #[serde(default)]
    pub stack_axis: StackAxis,
    /// False where lengths are px, never mm.
    #[serde(default = "yes")]
    pub spacing_known: bool,
    /// Millimetres per pixel as measured by hand on a thing of known length, where the file names no spacing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration_mm_per_px: Option<f64>,
    /// How time runs along the columns of a picture of a signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<SignalScale>,
    #[serde(default, skip_serializing_if = "SeriesFacts::is_empty")]
    pub facts: SeriesFacts,
}

/// From columns of a picture to seconds of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalScale {
    pub seconds_per_column: f64,
    /// The column where the signal begins.
    #[serde(default)]
    pub first_column: f64,
}

impl SignalScale {
    #[must_use]
    pub fn seconds(&self, column: f64) -> f64 {
        (column - self.first_column) * self.seconds_per_column
    }

    #[must_use]
    pub fn column(&self, seconds: f64) -> f64 {
        seconds / self.seconds_per_column + self.first_column
    }
}

const fn yes() -> bool {
    true
}

impl ImageEntry {
    /// Describes a loaded picture; reads every sample for the hash.
    #[must_use]
    pub fn of_volume(volume: &Volume, path: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: ImageId::new(),
            path: path.into(),
            series_uid: None,
            sha256: volume.samples().sha256_hex(),
            geometry: volume.geometry,
            title: title.into(),
            modality: volume.modality.clone(),
            stack_axis: volume.stack_axis,
            spacing_known: volume.spacing_known,
            calibration_mm_per_px: None,
            signal: None,
            facts: SeriesFacts::default(),
        }
    }

    #[must_use]
    pub const fn size(&self) -> [usize; 3] {
        self.geometry.size()
    }

    fn check_grid(&self) -> Result<()> {
        // The geometry may come from a script, past its own gate.
        Geometry::new(self.geometry.size(), self.geometry.world_from_voxel())?;
        let [columns, rows, slices] = self.size();
        let voxels = columns.checked_mul(rows).and_then(|n| n.checked_mul(slices));
        if voxels.is_none_or(|n| n > MAX_VOXELS) {
            return Err(Error::refused(format!("a grid of {:?} voxels is too large to label", self.size())));
        }
        if self.calibration_mm_per_px.is_some_and(|mm| !mm.is_finite() || mm <= 0.0) {
            return Err(Error::refused("a calibration is a positive number of millimetres per pixel"));
        }
        let sound = |scale: SignalScale| {
            scale.seconds_per_column.is_finite() && scale.seconds_per_column > 0.0 && scale.first_column.is_finite()
        };
        if self.signal.is_some_and(|scale| !sound(scale)) {
            return Err(Error::refused("a signal has a positive number of seconds per column"));
        }
        if self.path.is_empty() {
            return Err(Error::refused("an image needs the path of its file"));
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::refused("the hash of an image is 64 hexadecimal digits"));
        }
        Ok(())
    }
}

impl Rules for ImageEntry {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        self.facts.channel_of.map(Key::from).into_iter().collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        self.check_grid()?;
        self.facts.check(self, contents)
    }

    fn check_change(&self, former: &Entity) -> Result<()> {
        match former {
            Entity::Image(former) if former.geometry != self.geometry => {
                Err(Error::refused("the grid of an image cannot change under its labels; add it as a new image"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Samples, World};

    #[test]
    fn an_entry_comes_back_from_text_exactly() {
        let geometry = Geometry::axis_aligned([3, 4, 5], World::new(0.1, -1.0 / 3.0, 7e-9), [0.7, 0.3, 1.1]).unwrap();
        let volume = Volume::new(geometry, Samples::U8(vec![1; 60]), 1).unwrap();
        let entry = ImageEntry::of_volume(&volume, "ct/a.nii.gz", "ct");
        assert!(entry.check_grid().is_ok());
        let back: ImageEntry = serde_json::from_str(&serde_json::to_string(&entry).unwrap()).unwrap();
        assert_eq!(back, entry);
    }

    #[test]
    fn a_grid_that_holds_nothing_or_too_much_is_refused() {
        let geometry = Geometry::axis_aligned([3, 4, 5], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::U8(vec![1; 60]), 1).unwrap();
        let good = serde_json::to_string(&ImageEntry::of_volume(&volume, "a", "a")).unwrap();
        for size in ["[0,4,5]", "[18446744073709551615,4,5]", "[1000000,1000000,5]"] {
            let bad: ImageEntry = serde_json::from_str(&good.replace("[3,4,5]", size)).unwrap();
            assert!(bad.check_grid().is_err(), "{size}");
        }
    }
}
