//! A series as found on disk: what a header scan knows, enough to list it and to load it later.

use crate::error::Result;
use crate::formats::{self, Format, Reader};
use crate::geometry::Geometry;
use crate::memory;
use crate::sequence::Sequence;
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
    /// Which frames of the one file this series is, in stack order; `None` for all of it, or for several files.
    pub frame_order: Option<Vec<usize>>,
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

    /// Opens the series: headers now, samples when they are asked for.
    pub fn open(&self) -> Result<Box<dyn Reader>> {
        let unknown =
            || crate::Error::unsupported(&self.path, format!("the format {}", self.format), "open another series");
        self.format().ok_or_else(unknown)?.open(self)
    }

    /// Reads all samples; of several times the first, with a warning. Warnings are in the volume and in `task`.
    pub fn load(&self, task: &Task) -> Result<Volume> {
        self.check_memory()?;
        Ok(self.first_time_only(self.open()?.volume(0, task)?, task))
    }

    /// Reads one of several times (0 up to `frames`) of a 4D series.
    pub fn load_time(&self, time: usize, task: &Task) -> Result<Volume> {
        self.check_memory()?;
        self.open()?.volume(time, task)
    }

    /// Statistics and the hash of the samples as stored.
    pub fn facts(&self, task: &Task) -> Result<Facts> {
        self.open()?.facts(task)
    }

    /// What `load` and `facts` answer, from one reading of the samples wherever that is possible.
    pub fn load_with_facts(&self, task: &Task) -> Result<(Volume, Facts)> {
        self.check_memory()?;
        let (volume, facts) = self.open()?.volume_and_facts(task)?;
        Ok((self.first_time_only(volume, task), facts))
    }

    /// A picture of the series to show before the rest is there: one slice, from as little of the files as possible.
    pub fn first_picture(&self, task: &Task) -> Result<Volume> {
        let reader = self.open()?;
        reader.picture(reader.first_of(self.size[2]), task)
    }

    /// Refuses what memory has no room for. Where the files are too small for what the header claims, whoever reads them says
    /// so.
    fn check_memory(&self) -> Result<()> {
        /// No packing of samples without loss does better than deflate on zeros.
        const MOST_PACKED: u64 = 1032;
        let bytes = self.bytes_in_memory();
        let held: u64 = self.files.iter().filter_map(|path| Some(path.metadata().ok()?.len())).sum();
        if bytes as u64 / MOST_PACKED > held { Ok(()) } else { memory::check(&self.path, bytes) }
    }

    /// Bytes of one time in memory, by what its header says.
    #[must_use]
    pub fn bytes_in_memory(&self) -> usize {
        let sample =
            self.dtype.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse::<usize>().unwrap_or(64) / 8;
        self.size.into_iter().chain([self.channels.max(1), sample.max(1)]).fold(1, usize::saturating_mul)
    }

    /// Frames (or times) decoded one by one.
    pub fn sequence(&self) -> Result<Sequence> {
        Sequence::open(self)
    }

    fn first_time_only(&self, mut volume: Volume, task: &Task) -> Volume {
        if self.frames > 1 {
            let text = format!("the first of {} times is shown", self.frames);
            task.warnings.add("first_time_only", &text);
            volume.warnings.push(Warning { code: "first_time_only".into(), text });
        }
        volume
    }
}
