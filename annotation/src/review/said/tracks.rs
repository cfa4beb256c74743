//! Tracks: how far each version follows a thing through the frames of its film, and which it lost or invented.
//!
//! A track is known by its name, else by the one it follows best. Points are scored as TAP-Vid scores them, boxes by their
//! mean IoU over the frames that either has; the frame a thing is first seen on is given and does not count.

use super::{About, Cell, Kind, Left, Lines, Mark, Records, Row, Versions, lines_of, reference_of};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::exchange::vqa::boxes::iou;
use crate::image_entry::ImageEntry;
use crate::metrics::landmarks::{TrackScores, Tracked, track_scores};
use crate::metrics::mean;
use crate::records::Track;
use crate::review::records::RecordFile;
use crate::review::records::tracks::{Spot, TrackLine};
use crate::shapes::{Form, Slice};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Better than this is right.
const RIGHT: f64 = 0.5;
/// TAP-Vid's distances are on pictures of this size.
const SIDE: f64 = 256.0;

/// By frame: what is there, and whether it is hidden.
pub type Path = BTreeMap<usize, (Form, bool)>;

#[derive(Clone, Debug)]
struct Followed {
    names: Vec<String>,
    class: String,
    path: Arc<Path>,
}

/// Columns, rows and frames.
type Size = [usize; 3];

#[derive(Default)]
struct OnFilm {
    image: Option<ImageId>,
    said: BTreeMap<usize, Vec<Followed>>,
}

pub(super) fn compare<K: Copy + Ord>(about: &About<'_, K>, versions: &Versions, records: &mut Records<K>) {
    let has = |file: &RecordFile| matches!(file.lines, Lines::Tracks(_));
    let files = lines_of(versions, |file| match &file.lines {
        Lines::Tracks(lines) => Some(lines),
        _ => None,
    });
    let speaking: BTreeSet<usize> = files.iter().map(|(version, _)| *version).collect();
    let mut by_film: BTreeMap<K, OnFilm> = BTreeMap::new();
    for (version, line) in files.into_iter().flat_map(|(version, lines)| lines.iter().map(move |line| (version, line)))
    {
        let names: Vec<&str> = line.film.iter().map(String::as_str).collect();
        let placed = about.find(&names).and_then(|found| {
            let size = found.image.and_then(|image| about.contents.image(image)).map(ImageEntry::size);
            Ok((found, size.map(|size| followed(line, size)).transpose()?))
        });
        match placed {
            // A film that is not in the project yet is looked at when it is opened.
            Ok((found, followed)) => {
                let film = by_film.entry(found.key).or_default();
                film.image = found.image;
                film.said.entry(version).or_default().extend(followed);
            }
            Err(why) => {
                let key = format!("{}, {}", line.film.last().map_or("", String::as_str), line.names.join(", "));
                records.left.push(Left { version, key, why });
            }
        }
    }
    for (key, OnFilm { image, mut said }) in by_film {
        let Some((image, size)) = image.and_then(|image| Some((image, about.contents.image(image)?.size()))) else {
            continue;
        };
        let own = own(about.contents, image, size);
        let chosen = reference_of(about.reference, versions, has, !own.is_empty());
        let truth = match chosen {
            Some(version) => said.remove(&version).unwrap_or_default(),
            None => own,
        };
        let shown: Vec<usize> = speaking.iter().copied().filter(|version| Some(*version) != chosen).collect();
        records.rows.entry(key).or_default().extend(rows(&truth, &shown, &said, size));
    }
}

/// A line in pixels of its film, or why it is not about it.
fn followed(line: &TrackLine, [columns, rows, frames]: Size) -> Result<Followed, String> {
    if line.length.is_some_and(|length| length != frames) {
        return Err(format!("it is of {} frames, its film has {frames}", line.length.unwrap_or_default()));
    }
    if let Some((last, _)) = line.frames.last_key_value().filter(|(last, _)| **last >= frames) {
        return Err(format!("its film has no frame {}", last + 1));
    }
    let scale = if line.is_share { [columns as f64, rows as f64] } else { [1.0; 2] };
    let form = |(frame, (spot, hidden)): (&usize, &(Spot, bool))| {
        let form = match *spot {
            Spot::Point([x, y]) => Form::Point { at: [x * scale[0] - 0.5, y * scale[1] - 0.5, *frame as f64] },
            Spot::Box([x0, y0, x1, y1]) => Form::Box2d { slice: Slice::stored(*frame), min: [x0, y0], max: [x1, y1] },
        };
        (*frame, (form, *hidden))
    };
    let path = Arc::new(line.frames.iter().map(form).collect());
    Ok(Followed { names: line.names.clone(), class: line.class.clone(), path })
}

/// The project's own tracks, frame by frame.
fn own(contents: &Contents, image: ImageId, [.., frames]: Size) -> Vec<Followed> {
    let one = |track: &Track| {
        let label = track.label.and_then(|id| contents.label(id)).map(|label| label.name.clone());
        let names = [Some(track.id.to_string()), track.text.clone(), label.clone()];
        let path: Path = (0..frames).filter_map(|frame| Some((frame, track.at(frame)?))).collect();
        let class = label.or_else(|| track.text.clone()).unwrap_or_default();
        Followed { names: names.into_iter().flatten().collect(), class, path: Arc::new(path) }
    };
    contents.on::<Track>(image).map(one).collect()
}

/// How well one follows the other.
struct Fit {
    figure: f64,
    words: String,
    detail: String,
    /// The frame they are farthest apart on.
    worst: usize,
}

/// The middle of a form, from the corner of the picture, and its extent where it has one.
fn extent(form: &Form) -> ([f64; 2], Option<[f64; 4]>) {
    match form {
        Form::Point { at } => ([at[0] + 0.5, at[1] + 0.5], None),
        form => {
            let corners = crate::tools::handles::lines(form).into_iter().flat_map(|line| line.points);
            let around = corners.fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |r, [x, y]| {
                [r[0].min(x), r[1].min(y), r[2].max(x), r[3].max(y)]
            });
            ([f64::midpoint(around[0], around[2]), f64::midpoint(around[1], around[3])], Some(around))
        }
    }
}

fn fit(truth: &Path, said: &Path, size: Size) -> Option<Fit> {
    let first = truth.iter().find(|(_, (_, hidden))| !hidden).map(|(frame, _)| *frame)?;
    let boxed = |path: &Path| path.values().next().is_some_and(|(form, _)| extent(form).1.is_some());
    if boxed(truth) && boxed(said) { fit_of_boxes(truth, said, first) } else { fit_of_points(truth, said, first, size) }
}

fn fit_of_boxes(truth: &Path, said: &Path, first: usize) -> Option<Fit> {
    let frames: BTreeSet<usize> = truth.keys().chain(said.keys()).copied().filter(|frame| *frame != first).collect();
    let rect = |path: &Path, frame: usize| path.get(&frame).and_then(|(form, _)| extent(form).1);
    let overlap = |frame: &usize| match (rect(truth, *frame), rect(said, *frame)) {
        (Some(a), Some(b)) => iou(a, b),
        _ => 0.0,
    };
    let overlaps: Vec<(usize, f64)> = frames.iter().map(|frame| (*frame, overlap(frame))).collect();
    let figure = mean(&overlaps.iter().map(|(_, iou)| *iou).collect::<Vec<_>>())?;
    let (worst, least) = overlaps.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let detail = format!("mean IoU {figure:.3} over {} frames, {least:.2} on frame {}", overlaps.len(), worst + 1);
    Some(Fit { figure, words: format!("IoU {figure:.2}"), detail, worst })
}

fn fit_of_points(truth: &Path, said: &Path, first: usize, [columns, rows, frames]: Size) -> Option<Fit> {
    // Where nothing was ever said it is nowhere.
    let tracked = |path: &Path, frame: usize| {
        let before = path.range(..=frame).next_back().or_else(|| path.iter().next());
        let at = before.map_or([f64::NAN; 2], |(_, (form, _))| extent(form).0);
        let visible = path.get(&frame).is_some_and(|(_, hidden)| !hidden);
        Tracked { at: [at[0] * SIDE / columns as f64, at[1] * SIDE / rows as f64], visible }
    };
    let pairs: Vec<(usize, (Tracked, Tracked))> =
        (first + 1..frames).map(|frame| (frame, (tracked(truth, frame), tracked(said, frame)))).collect();
    let scores: TrackScores = track_scores(&pairs.iter().map(|(_, pair)| *pair).collect::<Vec<_>>());
    let figure = scores.average_jaccard?;
    let far = |(a, b): &(Tracked, Tracked)| {
        if !a.visible {
            return if b.visible { SIDE } else { 0.0 };
        }
        let gap = (a.at[0] - b.at[0]).hypot(a.at[1] - b.at[1]);
        if b.visible && gap.is_finite() { gap } else { 2.0 * SIDE }
    };
    let worst = pairs.iter().max_by(|a, b| far(&a.1).total_cmp(&far(&b.1)).then(b.0.cmp(&a.0)))?.0;
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    let detail = format!(
        "average Jaccard {figure:.3}, within 1 to 16 pixels {}, seen and hidden told apart {}; farthest off on frame {}",
        share(scores.position_accuracy),
        share(scores.occlusion_accuracy),
        worst + 1
    );
    Some(Fit { figure, words: format!("AJ {figure:.2}"), detail, worst })
}

/// A thing, or what somebody took for one, and who followed it.
struct Anchor {
    followed: Followed,
    is_true: bool,
    said: BTreeMap<usize, (Followed, Option<Fit>)>,
}

fn is_known_as(a: &Followed, b: &Followed) -> bool {
    a.names.iter().any(|name| b.names.iter().any(|other| name.trim().eq_ignore_ascii_case(other.trim())))
}

fn rows(truth: &[Followed], shown: &[usize], said: &BTreeMap<usize, Vec<Followed>>, size: Size) -> Vec<Row> {
    let anchor = |followed: &Followed, is_true| Anchor { followed: followed.clone(), is_true, said: BTreeMap::new() };
    let mut anchors: Vec<Anchor> = truth.iter().map(|followed| anchor(followed, true)).collect();
    for version in shown {
        let mut open: Vec<&Followed> = said.get(version).into_iter().flatten().collect();
        take_named(&mut anchors, *version, &mut open, size);
        take_best(&mut anchors, *version, &mut open, size);
        for followed in open {
            let mut new = anchor(followed, false);
            new.said.insert(*version, (followed.clone(), None));
            anchors.push(new);
        }
    }
    let compared = !truth.is_empty();
    anchors.iter().enumerate().map(|(n, anchor)| row(anchor, n + 1, shown, compared)).collect()
}

/// By a name that one thing alone has: what others invented has none.
fn take_named(anchors: &mut [Anchor], version: usize, open: &mut Vec<&Followed>, size: Size) {
    open.retain(|followed| {
        let named: Vec<usize> = (0..anchors.len())
            .filter(|n| anchors[*n].is_true && !anchors[*n].said.contains_key(&version))
            .filter(|n| is_known_as(&anchors[*n].followed, followed))
            .collect();
        let [one] = named.as_slice() else { return true };
        let fit = fit(&anchors[*one].followed.path, &followed.path, size);
        anchors[*one].said.insert(version, ((*followed).clone(), fit));
        false
    });
}

/// What is there first, then the best pair, each thing once; what is not half right follows nothing.
fn take_best(anchors: &mut [Anchor], version: usize, open: &mut Vec<&Followed>, size: Size) {
    let mut pairs: Vec<(Fit, usize, usize)> = Vec::new();
    for (n, anchor) in anchors.iter().enumerate().filter(|(_, anchor)| !anchor.said.contains_key(&version)) {
        let fits = open.iter().enumerate().filter_map(|(m, followed)| {
            let fit = fit(&anchor.followed.path, &followed.path, size)?;
            (fit.figure >= RIGHT).then_some((fit, n, m))
        });
        pairs.extend(fits);
    }
    let is_true = |n: usize| anchors[n].is_true;
    pairs.sort_by(|a, b| is_true(b.1).cmp(&is_true(a.1)).then(b.0.figure.total_cmp(&a.0.figure)));
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for (fit, n, m) in pairs {
        if !taken.contains(&m) && !anchors[n].said.contains_key(&version) {
            taken.insert(m);
            anchors[n].said.insert(version, (open[m].clone(), Some(fit)));
        }
    }
    let mut place = 0..;
    open.retain(|_| place.next().is_none_or(|m| !taken.contains(&m)));
}

fn row(anchor: &Anchor, number: usize, shown: &[usize], compared: bool) -> Row {
    let cell = |version: &usize| {
        let cell = match anchor.said.get(version) {
            Some((followed, fit)) => said_cell(followed, fit.as_ref(), anchor, compared),
            None if anchor.is_true => {
                Cell { words: "–".into(), mark: Some(Mark::Missing), figure: Some(0.0), ..Cell::default() }
            }
            None => Cell { words: "–".into(), ..Cell::default() },
        };
        (*version, cell)
    };
    let class = &anchor.followed.class;
    let title = if class.is_empty() { format!("Track {number}") } else { format!("{class}, track {number}") };
    let reference = anchor.is_true.then(|| Cell { words: "drawn".into(), ..on_film(&anchor.followed) });
    let part = if class.is_empty() { Kind::Track.part().to_owned() } else { class.clone() };
    Row { kind: Kind::Track, title, part, reference, said: shown.iter().map(cell).collect() }
}

fn on_film(followed: &Followed) -> Cell {
    let path = &followed.path;
    let ends = path.first_key_value().zip(path.last_key_value());
    let ends = ends.map_or_else(String::new, |((a, _), (b, _))| format!("frames {} to {}", a + 1, b + 1));
    let hidden = path.values().filter(|(_, hidden)| *hidden).count();
    let name = followed.names.first().map_or("", String::as_str);
    let name = if followed.class.is_empty() { name } else { &followed.class };
    let raw = format!("{name}: {ends}, {} given, hidden on {hidden}", path.len());
    Cell { raw, path: Some(path.clone()), sign: followed.class.clone(), ..Cell::default() }
}

fn said_cell(followed: &Followed, fit: Option<&Fit>, anchor: &Anchor, compared: bool) -> Cell {
    let cell = on_film(followed);
    let frames = format!("{} frames", followed.path.len());
    let form_on = |path: &Path, frame: usize| path.get(&frame).map(|(form, _)| form.clone());
    match fit {
        Some(fit) if anchor.is_true => {
            let mark = if fit.figure >= RIGHT { Mark::Right } else { Mark::Wrong };
            let form = form_on(&anchor.followed.path, fit.worst).or_else(|| form_on(&followed.path, fit.worst));
            let (words, detail) = (fit.words.clone(), fit.detail.clone());
            Cell { words, mark: Some(mark), figure: Some(fit.figure), detail, form, ..cell }
        }
        // A thing that is never seen, or on its first frame alone, has nothing to be followed.
        None if anchor.is_true => Cell { words: frames, detail: "there is nothing to follow".into(), ..cell },
        _ => {
            let form = followed.path.values().next().map(|(form, _)| form.clone());
            let (mark, figure) = (compared.then_some(Mark::Extra), compared.then_some(0.0));
            Cell { words: frames, mark, figure, form, ..cell }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, frames: &[(usize, [f64; 2], bool)]) -> TrackLine {
        TrackLine {
            film: vec!["film".into()],
            names: vec![name.into()],
            class: String::new(),
            length: None,
            is_share: false,
            frames: frames.iter().map(|(frame, at, hidden)| (*frame, (Spot::Point(*at), *hidden))).collect(),
        }
    }

    const SIZE: Size = [256, 256, 6];

    fn moving(name: &str, from: f64) -> Followed {
        let frames: Vec<_> = (0..6).map(|n| (n, [from + 4.0 * n as f64, 20.0], false)).collect();
        followed(&line(name, &frames), SIZE).unwrap()
    }

    #[test]
    fn a_track_is_known_by_its_name_else_by_what_it_follows_and_each_thing_is_followed_once() {
        let truth = [moving("valve", 10.0), moving("tip", 100.0)];
        // The name says which is meant, however far off it is.
        let a = vec![moving("Valve", 180.0), moving("7", 100.5)];
        let b = vec![moving("1", 10.5), moving("2", 11.0), moving("3", 220.0)];
        let rows = rows(&truth, &[3, 5], &BTreeMap::from([(3, a), (5, b)]), SIZE);
        let marks = |n: usize| [3, 5].map(|version| rows[n].said[&version].mark);
        assert_eq!(marks(0), [Some(Mark::Wrong), Some(Mark::Right)]);
        assert_eq!((rows[0].said[&3].figure, rows[0].said[&5].figure), (Some(0.0), Some(1.0)));
        assert_eq!(marks(1), [Some(Mark::Right), Some(Mark::Missing)]);
        assert_eq!(rows.len(), 4, "two were invented");
        assert!(rows[2..].iter().all(|row| row.said[&5].mark == Some(Mark::Extra) && row.reference.is_none()));
    }

    #[test]
    fn the_given_frame_does_not_count_and_the_worst_one_is_gone_to() {
        let truth = moving("valve", 10.0);
        let mut frames: Vec<_> = (0..6).map(|n| (n, [10.0 + 4.0 * n as f64, 20.0], false)).collect();
        frames[0].1 = [200.0, 200.0];
        frames[4].1 = [60.0, 20.0];
        let said = followed(&line("valve", &frames), SIZE).unwrap();
        let found = fit(&truth.path, &said.path, SIZE).unwrap();
        // Four of five frames are right at every distance, one at none.
        let expected = 4.0 / (5.0 + 1.0);
        assert!((found.figure - expected).abs() < 1e-12, "{}", found.figure);
        assert_eq!(found.worst, 4);
        let once = followed(&line("valve", &[(2, [1.0, 1.0], false)]), SIZE).unwrap();
        assert!(fit(&once.path, &said.path, [256, 256, 3]).is_none(), "nothing is left to follow");
        assert_eq!(followed(&line("valve", &frames), [256, 256, 5]).unwrap_err(), "its film has no frame 6");
    }

    #[test]
    fn boxes_are_followed_by_their_overlap_on_frames_that_either_has() {
        let boxed = |frames: &[(usize, f64)]| {
            let spot = |x: f64| Spot::Box([x, 0.0, x + 10.0, 10.0]);
            let frames = frames.iter().map(|(frame, x)| (*frame, (spot(*x), false))).collect();
            followed(&TrackLine { frames, ..line("a", &[]) }, SIZE).unwrap()
        };
        let truth = boxed(&[(0, 0.0), (1, 0.0), (2, 0.0)]);
        let said = boxed(&[(0, 50.0), (1, 0.0), (2, 5.0), (3, 0.0)]);
        let found = fit(&truth.path, &said.path, SIZE).unwrap();
        assert!((found.figure - (1.0 + 1.0 / 3.0 + 0.0) / 3.0).abs() < 1e-12);
        assert_eq!(found.worst, 3, "it is followed after it is gone");
    }
}
