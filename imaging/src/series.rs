//! A series as found on disk: what a header scan knows, enough to list it and to load it later.

use crate::error::Result;
use crate::formats::{self, Format};
use crate::geometry::Geometry;
use crate::task::{Task, Warning};
use crate::volume::{Facts, ValueMap, Volume};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Kind {
    #[serde(rename = "image")]
    Image,
    #[serde(rename = "stack")]
    Stack,
    #[serde(rename = "volume")]
    Volume,
    #[serde(rename = "cine")]
    Cine,
    #[serde(rename = "4d")]
    Time4d,
    #[serde(rename = "segmentation")]
    Segmentation,
    #[serde(rename = "other")]
    Other,
}

/// One thing a user can open.
#[derive(Clone, Debug)]
pub struct Series {
    /// The file, or the folder that holds the files.
    pub path: PathBuf,
    /// All files, in stack order.
    pub files: Vec<PathBuf>,
    /// Which entry of `FORMATS` reads it.
    pub format: &'static str,
    pub kind: Kind,
    pub modality: Option<String>,
    pub transfer_syntax: Option<String>,
    pub size: [usize; 3],
    pub frames: usize,
    pub channels: usize,
    pub dtype: &'static str,
    /// `None` where the file holds no picture that lies anywhere.
    pub geometry: Option<Geometry>,
    pub value_map: ValueMap,
    /// A short name for lists, free of patient text.
    pub title: String,
    /// DICOM Series Instance UID, where there is one.
    pub uid: Option<String>,
    pub warnings: Vec<Warning>,
}

impl Series {
    pub fn format(&self) -> Option<&'static dyn Format> {
        formats::FORMATS.iter().copied().find(|f| f.name() == self.format)
    }

    /// Reads all samples. Warnings met on the way are in the volume and in `task`.
    pub fn load(&self, task: &Task) -> Result<Volume> {
        self.reader()?.load(self, task)
    }

    /// Reads one of several times (0 up to `frames`) of a 4D series.
    pub fn load_time(&self, time: usize, task: &Task) -> Result<Volume> {
        self.reader()?.load_time(self, time, task)
    }

    /// Statistics and the hash of the samples as stored.
    pub fn facts(&self, task: &Task) -> Result<Facts> {
        self.reader()?.facts(self, task)
    }

    fn reader(&self) -> Result<&'static dyn Format> {
        let unknown =
            || crate::Error::unsupported(&self.path, format!("the format {}", self.format), "open another series");
        self.format().ok_or_else(unknown)
    }
}
