//! Tracks: points and boxes followed through the frames of a film. TAP-Vid's `npz`, one a film, or a CSV with image, track,
//! frame (counted from 1) and either x and y or x1, y1, x2 and y2 in pixels, perhaps category and occluded.

use super::{Table, cell, number};
use crate::error::{Error, Result};
use crate::exchange::tracks_read::{Arrays, Films, beside};
use crate::exchange::vqa::boxes::Rect;
use crate::exchange::{folder, npz};
use crate::review::folder::stem;
use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Where a thing is on a frame, from the corner of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::review) enum Spot {
    Point([f64; 2]),
    Box(Rect),
}

/// A thing that a file follows.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::review) struct TrackLine {
    /// What its film may be known by, the surest first.
    pub film: Vec<String>,
    /// What it may be known by: an id, a label, what is written of it, its number.
    pub names: Vec<String>,
    pub class: String,
    /// Frames of the film, where the file says so.
    pub length: Option<usize>,
    /// Places are shares of width and height.
    pub is_share: bool,
    /// By frame, counted from 0: where, and whether it is hidden there.
    pub frames: BTreeMap<usize, (Spot, bool)>,
}

/// How much of the end of an archive holds the list of its members.
const LIST_BYTES: u64 = 1 << 16;

/// Whether an archive has tracks: others that lie beside label maps hold probabilities and are large.
fn holds_tracks(path: &Path) -> Result<bool> {
    let failed = Error::io(path, "could not read the file");
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LIST_BYTES)))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        Ok(end)
    };
    let end = read().map_err(failed)?;
    let has = |name: &[u8]| end.windows(name.len()).any(|part| part == name);
    Ok(has(b"points.npy") && has(b"occluded.npy"))
}

/// The tracks of a film; none where the archive holds something else.
pub(in crate::review) fn film(path: &Path) -> Result<Option<Vec<TrackLine>>> {
    if !holds_tracks(path)? {
        return Ok(None);
    }
    let bytes = folder::read(path)?;
    let Arrays { count, frames, points, occluded } = Arrays::read(&bytes).map_err(|why| Error::export(path, why))?;
    let films: Films = beside(path.parent().unwrap_or(path))?;
    let known = films.of(path);
    let mut names = Vec::new();
    names.extend(known.map(|film| film.image.to_string()));
    names.push(stem(path));
    if let Ok(shape) = npz::shape(&bytes, "video.npy")
        && shape.first() != Some(&frames)
    {
        return Err(Error::export(path, "points and video have another number of frames"));
    }
    let one = |n: usize| {
        let about = known.and_then(|film| film.tracks.get(n));
        let said = about.map(|about| [about.id.clone(), about.text.clone(), about.label.clone()]);
        let place = |frame: usize| {
            let at = n * frames + frame;
            (frame, (Spot::Point([points[2 * at], points[2 * at + 1]]), occluded[at]))
        };
        TrackLine {
            film: names.clone(),
            names: said.into_iter().flatten().flatten().chain([(n + 1).to_string()]).collect(),
            class: about.and_then(|about| about.label.clone()).unwrap_or_default(),
            length: Some(frames),
            is_share: true,
            frames: (0..frames).map(place).collect(),
        }
    };
    Ok(Some((0..count).map(one).collect()))
}

/// A CSV of points or boxes, frame by frame.
pub(in crate::review) fn rows(path: &Path, table: &Table) -> Result<Vec<TrackLine>> {
    let [image, track, frame] = ["image", "track", "frame"].map(|name| table.needed(path, name));
    let (image, track, frame) = (image?, track?, frame?);
    let is_box = table.column("x1").is_some();
    let sides: &[&str] = if is_box { &["x1", "y1", "x2", "y2"] } else { &["x", "y"] };
    let sides = sides.iter().map(|name| table.needed(path, name)).collect::<Result<Vec<usize>>>()?;
    let (category, occluded) = (table.column("category"), table.column("occluded"));
    let mut tracks: BTreeMap<(String, String), TrackLine> = BTreeMap::new();
    for (n, row) in table.rows.iter().enumerate() {
        let at = sides.iter().map(|side| number(path, n, cell(row, *side))).collect::<Result<Vec<f64>>>()?;
        let spot = if is_box { Spot::Box([at[0], at[1], at[2], at[3]]) } else { Spot::Point([at[0], at[1]]) };
        let frame = number(path, n, cell(row, frame))?;
        if frame < 1.0 {
            return Err(Error::export(path, format!("line {}: frames are counted from 1", n + 2)));
        }
        let hidden = occluded.is_some_and(|column| matches!(cell(row, column), "1" | "true" | "True"));
        let key = (cell(row, image).to_owned(), cell(row, track).to_owned());
        let line = tracks.entry(key.clone()).or_insert_with(|| TrackLine {
            film: vec![key.0],
            // Numbers are the tracker's own: another counts otherwise.
            names: Some(key.1).filter(|name| name.parse::<f64>().is_err()).into_iter().collect(),
            class: category.map_or("", |column| cell(row, column)).to_owned(),
            length: None,
            is_share: false,
            frames: BTreeMap::new(),
        });
        line.frames.insert(frame.round() as usize - 1, (spot, hidden));
    }
    Ok(tracks.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageId;

    fn archive(tracks: usize, frames: usize) -> Vec<u8> {
        let shares: Vec<u8> = (0..tracks * frames * 2).flat_map(|n| (n as f32 / 100.0).to_le_bytes()).collect();
        let hidden: Vec<u8> = (0..tracks * frames).map(|n| u8::from(n % frames == 1)).collect();
        npz::file(&[
            ("points.npy", npz::array("<f4", &[tracks, frames, 2], &shares)),
            ("occluded.npy", npz::array("|b1", &[tracks, frames], &hidden)),
        ])
    }

    #[test]
    fn a_film_is_known_by_the_list_beside_it_and_other_archives_are_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("clip.npz");
        std::fs::write(&path, archive(2, 3)).unwrap();
        let bare = film(&path).unwrap().expect("it has tracks");
        assert_eq!((bare[0].film.clone(), bare[1].names.clone()), (vec!["clip".to_owned()], vec!["2".to_owned()]));
        let image = ImageId::new();
        let list = format!(
            "{{\"films\": [{{\"file\": \"clip.npz\", \"image\": \"{image}\", \"tracks\": [{{\"id\": \"t1\", \"label\": \"valve\"}}]}}]}}"
        );
        std::fs::write(home.path().join("tracks.json"), list).unwrap();
        let tracks = film(&path).unwrap().expect("it has tracks");
        assert_eq!(tracks[0].film, [image.to_string(), "clip".to_owned()]);
        assert_eq!(
            (tracks[0].names.clone(), tracks[0].class.as_str()),
            (vec!["t1".into(), "valve".into(), "1".into()], "valve")
        );
        let (Spot::Point([x, y]), hidden) = tracks[1].frames[&1] else { panic!("a point") };
        assert!((x - 0.08).abs() < 1e-6 && (y - 0.09).abs() < 1e-6 && hidden && !tracks[1].frames[&2].1);
        let soft = npz::file(&[("probabilities.npy", npz::array("<f4", &[1], &[0; 4]))]);
        std::fs::write(&path, soft).unwrap();
        assert_eq!(film(&path).unwrap(), None);
    }

    #[test]
    fn a_table_has_points_or_boxes_by_film_track_and_frame() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("tracks.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            rows(&path, &Table::read(&path).unwrap())
        };
        let lines = "image,track,frame,x,y,occluded\na,1,1,5,6,0\na,1,3,7,8,1\na,2,1,0,0,0\nb,1,1,1,1,0\n";
        let points = read(lines).unwrap();
        assert_eq!(points.len(), 3);
        assert!(points.iter().all(|line| line.names.is_empty()), "numbers are no names");
        assert_eq!(
            points[0].frames,
            BTreeMap::from([(0, (Spot::Point([5.0, 6.0]), false)), (2, (Spot::Point([7.0, 8.0]), true))])
        );
        let boxes = read("image,track,frame,category,x1,y1,x2,y2\na,left hand,2,tool,1,2,3,4\n").unwrap();
        assert_eq!(boxes[0].names, ["left hand"]);
        assert_eq!((boxes[0].class.as_str(), boxes[0].frames[&1]), ("tool", (Spot::Box([1.0, 2.0, 3.0, 4.0]), false)));
        assert!(read("image,track,frame,x,y\na,1,0,5,6\n").unwrap_err().to_string().contains("counted from 1"));
    }
}
