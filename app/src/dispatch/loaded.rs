//! A series that has been read, off the frame: the picture, and everything about it that would keep a frame waiting.

use crate::curve::stored_window;
use anyhow::Context as _;
use limner_annotation::sources;
use limner_imaging::{Clock, Each, Kind, Sequence, Series, StackAxis, Task, Volume, Window, formats};
use limner_render::{GpuContext, Prepared};
use std::sync::Arc;

/// A picture that has been read, and how a project describes it.
pub(crate) struct Loaded {
    pub series: Series,
    pub volume: Arc<Volume>,
    /// As in `OpenPicture`.
    pub drawn: Arc<Volume>,
    pub sha256: String,
    /// Made here, off the frame.
    pub prepared: Arc<Prepared>,
    pub stored_window: Window,
    pub is_ct: bool,
    /// The space it shares with others, where it says so.
    pub space: Option<String>,
    pub clock: Option<Clock>,
    /// Of a 4D series, and of a long film.
    pub times: Option<Arc<Sequence>>,
}

impl Loaded {
    pub(super) fn read(series: Series, gpu: &GpuContext, task: &Task) -> anyhow::Result<Self> {
        if sources::is_long(&series) {
            let sha256 = sources::hash_of_files(&series, task)?;
            return Self::film(series, sha256, gpu, task);
        }
        let (volume, facts) = series.load_with_facts(task)?;
        Self::new(series, volume, facts.sha256_samples, gpu)
    }

    /// A film too long for memory: its first frame is decoded, the others when they are wanted.
    pub(super) fn film(series: Series, sha256: String, gpu: &GpuContext, task: &Task) -> anyhow::Result<Self> {
        let grid = series.geometry.context("the film has no grid")?;
        let sequence = Arc::new(series.sequence()?);
        let drawn = sequence.item(0, task)?;
        let volume = Arc::new(Volume::of_one_slice(grid, 0, &drawn)?);
        let clock = (volume.stack_axis == StackAxis::Time).then(|| sequence.clock().clone());
        let (stored_window, is_ct) = (stored_window(&drawn), drawn.looks_like_ct());
        let prepared = Arc::new(Prepared::new(gpu, Arc::clone(&drawn), false)?);
        let (space, times) = (space_of(&series, &volume), Some(sequence));
        Ok(Self { series, volume, drawn, sha256, prepared, stored_window, is_ct, space, clock, times })
    }

    pub(super) fn new(series: Series, volume: Volume, sha256: String, gpu: &GpuContext) -> anyhow::Result<Self> {
        let is_solid = !volume.is_colour() && volume.size()[2] > 1 && volume.stack_axis == StackAxis::Space;
        let space = space_of(&series, &volume);
        let (stored_window, is_ct) = (stored_window(&volume), volume.looks_like_ct());
        // What goes on in time has a clock; what cannot be opened as a sequence is shown as the volume it is.
        let goes_on = series.kind == Kind::Time4d && series.frames > 1
            || volume.stack_axis == StackAxis::Time && volume.size()[2] > 1;
        let sequence = goes_on.then(|| series.sequence().ok()).flatten();
        let clock = sequence.as_ref().map(|sequence| sequence.clock().clone());
        let times = sequence.filter(|sequence| sequence.each() == Each::Volume).map(Arc::new);
        let volume = Arc::new(volume);
        let prepared = Arc::new(Prepared::new(gpu, Arc::clone(&volume), is_solid)?);
        let drawn = Arc::clone(&volume);
        Ok(Self { series, volume, drawn, sha256, prepared, stored_window, is_ct, space, clock, times })
    }
}

/// DICOM names its frame of reference. Research formats have world coordinates that are meant to be shared, so what
/// is opened side by side is taken to lie in one space.
fn space_of(series: &Series, volume: &Volume) -> Option<String> {
    if volume.stack_axis != StackAxis::Space || !volume.spacing_known {
        return None;
    }
    match series.format {
        "dicom" => formats::dicom::owner(series.files.first()?).ok()?.frame_of_reference,
        "raster" => None,
        _ => Some("world".to_owned()),
    }
}

/// By transfer syntax, or by the kind of file.
pub(super) fn is_lossy(series: &Series) -> bool {
    /// JPEG baseline and extended, JPEG-LS near-lossless, JPEG 2000 and its part 2, JPEG XL.
    const LOSSY: [&str; 6] = ["50", "51", "81", "91", "93", "112"];
    let syntax = series.transfer_syntax.as_deref().and_then(|uid| uid.strip_prefix("1.2.840.10008.1.2.4."));
    let jpeg = series.path.extension().is_some_and(|e| ["jpg", "jpeg"].iter().any(|j| e.eq_ignore_ascii_case(j)));
    syntax.is_some_and(|code| LOSSY.contains(&code)) || series.format == "raster" && jpeg
}
