//! Tracks as TAP-Vid has them, one `npz` a film and nothing pickled: `video` (frames, rows, columns, 3) in 8 bits, `points`
//! (tracks, frames, 2) as x and y from 0 to 1 of width and height, `occluded` (tracks, frames). A thing with an extent is
//! followed by its middle. Where it is out of the picture it counts as occluded, at the place where it was last known.
//! `tracks.json` says what the tracks are of and on which frames a hand has drawn them.

use super::case::Case;
use super::flat::picture;
use super::import::{Import, Reading};
use super::voxels::grid;
use super::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder, npz, tracks_read};
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::records::Track;
use crate::shapes::Form;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) struct TapVid;

/// Says what the tracks are of.
pub(super) const ABOUT: &str = "tracks.json";
const EXTENT: &str = "the extent of what is followed";
const GREYS: &str = "grey values beyond 8 bits";
const OUTSIDE: &str = "whether a thing is hidden or out of the picture";
const NEVER_SEEN: &str = "tracks that are never seen";
const OTHERS: &str = "masks and shapes of single frames";

impl Exchange for TapVid {
    fn name(&self) -> &'static str {
        "tracks-tapvid"
    }

    fn title(&self) -> &'static str {
        "Tracks (TAP-Vid npz)"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![EXTENT, GREYS, OUTSIDE, NEVER_SEEN, OTHERS]
    }

    fn keeps_tracks(&self) -> bool {
        true
    }

    fn writes_pictures(&self) -> bool {
        true
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            let frames = case.image.size()[2];
            let mut seen = 0;
            for track in contents.on::<Track>(case.image.id) {
                if places(track, frames).is_none() {
                    run.lose(NEVER_SEEN, || case.name.clone());
                    continue;
                }
                seen += 1;
                if track.keyframes.iter().any(|key| !matches!(key.form, Form::Point { .. })) {
                    run.lose(EXTENT, || format!("{}: its middle is followed", case.name));
                }
                if track.keyframes.iter().any(|key| key.outside) {
                    run.lose(OUTSIDE, || case.name.clone());
                }
            }
            if seen > 0 {
                run.records += 1;
                run.lose(GREYS, || format!("{}: the window decides what is seen", case.name));
            }
            for _ in grid::painted_values(contents, &case) {
                run.lose_drawn(OTHERS, "mask", || format!("on {}", case.name));
            }
            for shape in contents.shapes_on(case.image.id) {
                run.lose_drawn(OTHERS, shape.form.name(), || format!("on {}", case.name));
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        let cases = job.options.cases(job.contents);
        job.task.progress.begin("writing films", cases.len() as u64);
        let mut films = Vec::new();
        for case in &cases {
            job.task.cancel.check()?;
            if let Some(film) = write_film(job, case, out, &mut check)? {
                films.push(film);
            }
            job.task.progress.advance(1);
        }
        folder::write_json(&out.join(ABOUT), &json!({ "films": films }))?;
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        tracks_read::read(reading)
    }
}

/// The middle of a form, in pixels from the corner of its picture.
fn middle(form: &Form) -> Option<[f64; 2]> {
    if let Form::Point { at } = form {
        return Some([at[0] + 0.5, at[1] + 0.5]);
    }
    let corners = match form {
        Form::Polyline { points, .. } => points.clone(),
        Form::Ruler { ends, .. } => ends.to_vec(),
        form => form.rings()?.concat(),
    };
    let ends = |pick: fn(f64, f64) -> f64, n: usize| corners.iter().map(|corner| corner[n]).reduce(pick);
    let middle = |n: usize| Some(f64::midpoint(ends(f64::min, n)?, ends(f64::max, n)?));
    Some([middle(0)?, middle(1)?])
}

/// Where a thing is on one frame, in pixels, and whether it is seen there.
type Spot = ([f64; 2], bool);

/// Where a track is on each frame; none where it is never seen.
fn places(track: &Track, frames: usize) -> Option<Vec<Spot>> {
    let found: Vec<Option<Spot>> = (0..frames)
        .map(|frame| track.at(frame).and_then(|(form, occluded)| Some((middle(&form)?, !occluded))))
        .collect();
    // Before it comes it is where it will first be.
    let mut last = found.iter().flatten().next()?.0;
    let known = found.into_iter().map(|place| {
        let (at, seen) = place.unwrap_or((last, false));
        last = at;
        (at, seen)
    });
    let known: Vec<_> = known.collect();
    known.iter().any(|(_, seen)| *seen).then_some(known)
}

fn write_film(job: &Job<'_>, case: &Case<'_>, out: &Path, check: &mut SelfCheck) -> Result<Option<Value>> {
    let [width, height, frames] = case.image.size();
    let tracks: Vec<&Track> = job.contents.on::<Track>(case.image.id).collect();
    let known: Vec<(&Track, Vec<Spot>)> =
        tracks.into_iter().filter_map(|track| Some((track, places(track, frames)?))).collect();
    if known.is_empty() {
        return Ok(None);
    }
    let video = film(job, case)?;
    if video.len() as u64 > u64::from(u32::MAX) {
        return Err(Error::export(out, format!("{} is too long for one file; export a part of it", case.name)));
    }
    let size = [width as f64, height as f64];
    let (mut points, mut occluded) = (Vec::new(), Vec::new());
    for (at, seen) in known.iter().flat_map(|(_, places)| places) {
        for n in 0..2 {
            let share = (at[n] / size[n]) as f32;
            points.extend(share.to_le_bytes());
            let step = case.image.geometry.step(n).length();
            check.max_mm = check.max_mm.max((f64::from(share) * size[n] - at[n]).abs() * step);
        }
        occluded.push(u8::from(!seen));
    }
    let points = npz::array("<f4", &[known.len(), frames, 2], &points);
    let occluded = npz::array("|b1", &[known.len(), frames], &occluded);
    let members = [
        ("video.npy", npz::array("|u1", &[frames, height, width, 3], &video)),
        ("points.npy", points.clone()),
        ("occluded.npy", occluded.clone()),
    ];
    let inside = case.part.iter().map(|part| format!("{part}/")).collect::<String>();
    let file = format!("{inside}{}.npz", case.name);
    let path = out.join(&file);
    folder::write(&path, &npz::file(&members))?;
    let back = folder::read(&path)?;
    check.pass &= npz::member(&back, "points.npy") == Ok(points);
    check.pass &= npz::member(&back, "occluded.npy") == Ok(occluded);
    let about = known.iter().map(|(track, _)| about(job.contents, track)).collect::<Vec<_>>();
    Ok(Some(json!({"file": file, "image": case.image.id, "tracks": about})))
}

fn about(contents: &Contents, track: &Track) -> Value {
    let label = track.label.and_then(|id| contents.label(id)).map(|label| &label.name);
    let drawn: Vec<usize> = track.keyframes.iter().map(|key| key.frame).collect();
    json!({"id": track.id, "label": label, "text": track.text, "drawn": drawn})
}

/// All frames in red, green and blue.
fn film(job: &Job<'_>, case: &Case<'_>) -> Result<Vec<u8>> {
    let volume = job.images.load(case.image, job.task)?;
    let mut video = Vec::new();
    for frame in 0..case.image.size()[2] {
        job.task.cancel.check()?;
        let (shown, _) = picture::of_slice(&volume, frame, job.options.window)?;
        let value = |n: usize| shown.samples().get(n) as u8;
        let count = shown.samples().len() / shown.channels();
        match shown.channels() {
            1 => video.extend((0..count).flat_map(|n| [value(n); 3])),
            channels => video.extend((0..count).flat_map(|n| [0, 1, 2].map(|c| value(n * channels + c)))),
        }
    }
    Ok(video)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::TrackId;
    use crate::records::Keyframe;
    use crate::shapes::Slice;
    use crate::tags::Tags;
    use crate::{Command, Document, ImageEntry, ImageId, Label};
    use limner_imaging::{Geometry, Samples, StackAxis, Task, Volume, World};

    fn film_of() -> Volume {
        let geometry = Geometry::axis_aligned([8, 4, 5], World::default(), [0.5, 0.25, 1.0]).unwrap();
        let samples = Samples::U8((0..160).map(|n| n as u8).collect());
        let mut film = Volume::new(geometry, samples, 1).unwrap();
        film.stack_axis = StackAxis::Time;
        film
    }

    fn key(frame: usize, form: Form) -> Keyframe {
        Keyframe { frame, form, occluded: false, outside: false, interpolated: true }
    }

    fn track(image: ImageId, keyframes: Vec<Keyframe>) -> Track {
        Track { id: TrackId::new(), image, label: None, text: None, keyframes, tags: Tags::default() }
    }

    #[test]
    fn points_are_shares_of_the_picture_and_what_is_gone_is_occluded() {
        let image = ImageEntry::of_volume(&film_of(), "a.avi", "a");
        let label = Label::new(1, "valve");
        let point = |frame: usize, x: f64| key(frame, Form::Point { at: [x, 0.5, frame as f64] });
        let mut leaving = track(image.id, vec![point(1, 1.5), point(3, 5.5), point(4, 5.5)]);
        leaving.keyframes[0].occluded = true;
        leaving.keyframes[2].outside = true;
        leaving.label = Some(label.id);
        let boxed = key(2, Form::Box2d { slice: Slice::stored(2), min: [2.0, 1.0], max: [4.0, 3.0] });
        let mut hidden = track(image.id, vec![point(0, 2.0)]);
        hidden.keyframes[0].occluded = true;
        let mut document = Document::new("reader");
        let rows = [leaving, track(image.id, vec![boxed]), hidden].map(Command::put);
        let commands = [Command::put(image.clone()), Command::put(label)].into_iter().chain(rows).collect();
        document.apply("Start", commands).unwrap();

        let options = Options::default();
        let run = TapVid.dry_run(&document, &options);
        assert_eq!(run.records, 1);
        let lost: Vec<&str> = run.lossy.iter().map(|lossy| lossy.field.as_str()).collect();
        assert_eq!(lost, [OUTSIDE, NEVER_SEEN, EXTENT, GREYS]);
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("tracks");
        let images = |_: &ImageEntry, _: &Task| Ok(film_of());
        super::super::export(&TapVid, &document, &images, &out, &options, &Task::default()).unwrap();

        let file = std::fs::read(out.join("case_00001.npz")).unwrap();
        let array = |name: &str, bytes: usize| {
            let array = npz::member(&file, name).unwrap();
            array[array.len() - bytes..].to_vec()
        };
        let numbers: Vec<f32> = array("points.npy", 2 * 5 * 2 * 4)
            .chunks(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let x = |track: usize| (0..5).map(|frame| numbers[(track * 5 + frame) * 2]).collect::<Vec<_>>();
        assert_eq!(x(0), [0.25, 0.25, 0.5, 0.75, 0.75]);
        assert_eq!((x(1), numbers[1], numbers[11]), (vec![0.375; 5], 0.25, 0.5));
        assert_eq!(array("occluded.npy", 10), [1, 1, 1, 0, 1, 1, 1, 0, 0, 0]);
        let video = array("video.npy", 480);
        assert!(video.chunks(3).all(|rgb| rgb[0] == rgb[1] && rgb[1] == rgb[2]));
        let about: Value = serde_json::from_slice(&std::fs::read(out.join("tracks.json")).unwrap()).unwrap();
        assert_eq!(about["films"][0]["tracks"][0]["label"], "valve");
        assert_eq!(about["films"][0]["tracks"][0]["drawn"], json!([1, 3, 4]));
        come_back(&document, &out);
    }

    /// On every frame a track is where it was and seen as it was; what followed a box follows its middle.
    fn come_back(document: &Document, out: &Path) {
        let film = document.images().next().unwrap().clone();
        let none = |path: &Path, _: &Task| Err(Error::export(path, "not asked for"));
        let task = Task::default();
        // Also without the list: there is only one film it can be.
        for listed in [true, false] {
            if !listed {
                std::fs::remove_file(out.join(ABOUT)).unwrap();
            }
            let mut filled = Document::new("importer");
            filled.apply("Start", vec![Command::put(film.clone())]).unwrap();
            let reading = Reading { contents: filled.contents(), path: out, pictures: &none, task: &task };
            let found = super::super::import::read(&TapVid, &reading).unwrap();
            assert_eq!(found.records, 2);
            super::super::import::apply(&TapVid, &mut filled, found).unwrap();
            let back: Vec<&Track> = filled.on::<Track>(film.id).collect();
            let named = back.iter().filter(|track| track.label.is_some()).count();
            assert_eq!(named, usize::from(listed));
            for before in document.on::<Track>(film.id) {
                let Some(places) = places(before, 5) else { continue };
                let same = |track: &&&Track| super::places(track, 5) == Some(places.clone());
                assert!(back.iter().any(|track| same(&track)), "{places:?}");
            }
        }
    }
}
