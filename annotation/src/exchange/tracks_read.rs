//! Tracks of TAP-Vid's files back onto the films of a project: a keyframe on every frame, for the file has a place on
//! every frame and does not say which of them a hand has drawn.

use super::import::{Import, Labels, Reading};
use super::{folder, npz, tracks};
use crate::entity::TrackId;
use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use crate::records::{Keyframe, Track};
use crate::shapes::Form;
use crate::tags::Tags;
use crate::{Command, ImageId};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What an export of ours says beside the films.
#[derive(Deserialize, Default)]
pub(crate) struct Films {
    #[serde(default)]
    films: Vec<Film>,
    /// The folder that the list lies in.
    #[serde(skip)]
    home: PathBuf,
}

#[derive(Deserialize)]
pub(crate) struct Film {
    file: String,
    pub image: ImageId,
    #[serde(default)]
    pub tracks: Vec<About>,
}

#[derive(Deserialize, Default)]
pub(crate) struct About {
    pub id: Option<String>,
    pub label: Option<String>,
    pub text: Option<String>,
}

impl Films {
    /// What is said of a file.
    pub fn of(&self, path: &Path) -> Option<&Film> {
        self.films.iter().find(|film| self.home.join(&film.file) == path)
    }
}

/// The list in a folder, or in one of the two above it; empty where there is none.
pub(crate) fn beside(root: &Path) -> Result<Films> {
    let list = root.ancestors().take(3).map(|folder| folder.join(tracks::ABOUT)).find(|list| list.is_file());
    let Some(list) = list else { return Ok(Films::default()) };
    let films: Films = folder::read_json(&list)?;
    Ok(Films { home: list.parent().unwrap_or(root).to_path_buf(), ..films })
}

/// The tracks of one film as the file has them: shares of width and height, track by track and frame by frame.
pub(crate) struct Arrays {
    pub count: usize,
    pub frames: usize,
    pub points: Vec<f64>,
    pub occluded: Vec<bool>,
}

impl Arrays {
    pub fn read(bytes: &[u8]) -> std::result::Result<Self, String> {
        let (shape, points) = npz::reals(bytes, "points.npy")?;
        let occluded = npz::whole_numbers(bytes, "occluded.npy")?;
        let &[count, frames, 2] = shape.as_slice() else {
            return Err("points has not the axes tracks, frames, x and y".into());
        };
        if occluded.shape != [count, frames] {
            return Err("occluded is not as long as points".into());
        }
        Ok(Self { count, frames, points, occluded: occluded.values.into_iter().map(|value| value != 0).collect() })
    }
}

pub(super) fn read(reading: &Reading<'_>) -> Result<Import> {
    let root = reading.path;
    let (files, _) = folder::arrays_and_list(root, tracks::ABOUT)?;
    let films = beside(root)?;
    let mut import = Import::default();
    let mut labels = Labels::of(reading.contents);
    let mut rows = Vec::new();
    reading.task.progress.begin("reading tracks", files.len() as u64);
    for path in files {
        reading.task.cancel.check()?;
        for track in tracks_of(reading, &path, films.of(&path), &mut labels)? {
            import.records += 1;
            rows.push(Command::put(track));
        }
        reading.task.progress.advance(1);
    }
    import.commands.extend(labels.commands());
    import.commands.extend(rows);
    Ok(import)
}

fn tracks_of(reading: &Reading<'_>, path: &Path, known: Option<&Film>, labels: &mut Labels) -> Result<Vec<Track>> {
    let bytes = folder::read(path)?;
    let failed = |reason: String| Error::export(path, reason);
    let Arrays { count, frames, points, occluded } = Arrays::read(&bytes).map_err(failed)?;
    let image = film_of(reading, &bytes, frames, known).map_err(failed)?;
    let [width, height, _] = image.size().map(|n| n as f64);
    let mut found = Vec::new();
    for n in 0..count {
        let keyframes = (0..frames).map(|frame| {
            let at = (n * frames + frame) * 2;
            let place = [points[at] * width - 0.5, points[at + 1] * height - 0.5, frame as f64];
            let hidden = occluded[n * frames + frame];
            Keyframe { frame, form: Form::Point { at: place }, occluded: hidden, outside: false, interpolated: true }
        });
        let about = known.and_then(|film| film.tracks.get(n));
        let named = about.and_then(|about| about.label.as_deref());
        let value = named.map(|name| labels.want(name, 0, None)).transpose()?;
        found.push(Track {
            id: TrackId::new(),
            image: image.id,
            label: value.and_then(|value| labels.id_of(value)),
            text: about.and_then(|about| about.text.clone()),
            keyframes: keyframes.collect(),
            tags: Tags::default(),
        });
    }
    Ok(found)
}

/// The film that is named, or the only one of its size.
fn film_of<'a>(
    reading: &Reading<'a>,
    bytes: &[u8],
    frames: usize,
    known: Option<&Film>,
) -> std::result::Result<&'a ImageEntry, String> {
    if let Some(named) = known.and_then(|film| reading.contents.image(film.image)) {
        let fits = named.size()[2] == frames;
        return fits.then_some(named).ok_or_else(|| format!("the film has {} frames, not {frames}", named.size()[2]));
    }
    let video = npz::shape(bytes, "video.npy")?;
    let &[_, height, width, _] = video.as_slice() else {
        return Err("video has not the axes frames, rows, columns and colours".into());
    };
    let mut fitting = reading.contents.images().filter(|image| image.size() == [width, height, frames]);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(format!("no film of the project has {frames} frames of {width} x {height}; add it first")),
        (Some(_), Some(_)) => Err(format!(
            "several films have {frames} frames of {width} x {height}, and the file does not say which is meant"
        )),
    }
}
