//! Named points: how far each version's are from where they belong.

use super::{About, Cell, Kind, Left, Lines, Mark, Records, Row, Versions, lines_of, reference_of};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::review::records::landmarks::LIMITS_MM;
use crate::shapes::Form;
use limner_imaging::{Geometry, Voxel, World};
use std::collections::{BTreeMap, BTreeSet};

/// A landmark is found within the least of the limits that shares are told at.
const RIGHT_MM: f64 = LIMITS_MM[0];

type Points = BTreeMap<String, World>;

#[derive(Default)]
struct OnPicture {
    image: Option<ImageId>,
    said: BTreeMap<usize, Points>,
}

pub(super) fn compare<K: Copy + Ord>(about: &About<'_, K>, versions: &Versions, records: &mut Records<K>) {
    let files = lines_of(versions, |file| match &file.lines {
        Lines::Landmarks(points) => Some(points),
        _ => None,
    });
    let chosen = reference_of(about.reference, versions, |file| matches!(file.lines, Lines::Landmarks(_)), true);
    let mut by_picture: BTreeMap<K, OnPicture> = BTreeMap::new();
    let mut speaking: BTreeSet<usize> = BTreeSet::new();
    for (version, points) in files {
        speaking.insert(version);
        for ((case, name), at) in points {
            match about.find(&[case]) {
                Ok(found) => {
                    let picture = by_picture.entry(found.key).or_default();
                    picture.image = found.image;
                    picture.said.entry(version).or_default().insert(name.clone(), *at);
                }
                Err(why) => records.left.push(Left { version, key: format!("{case}, {name}"), why }),
            }
        }
    }
    for (key, OnPicture { image, said }) in by_picture {
        let geometry = image.and_then(|image| about.contents.image(image)).map(|entry| entry.geometry);
        let truth = match chosen {
            Some(version) => said.get(&version).cloned().unwrap_or_default(),
            None => image.zip(geometry).map(|(image, grid)| own(about.contents, image, &grid)).unwrap_or_default(),
        };
        let shown: Vec<usize> = speaking.iter().copied().filter(|version| Some(*version) != chosen).collect();
        let names: BTreeSet<&String> = truth.keys().chain(said.values().flat_map(Points::keys)).collect();
        for name in names {
            let cells = shown.iter().map(|version| {
                let at = said.get(version).and_then(|points| points.get(name)).copied();
                (*version, cell(name, at, truth.get(name).copied(), truth.is_empty(), geometry.as_ref()))
            });
            let said = cells.collect();
            let reference =
                truth.get(name).map(|at| Cell { words: "drawn".into(), ..placed(name, *at, geometry.as_ref()) });
            let row =
                Row { kind: Kind::Landmark, title: name.clone(), part: Kind::Landmark.part().into(), reference, said };
            records.rows.entry(key).or_default().push(row);
        }
    }
}

fn placed(name: &str, at: World, geometry: Option<&Geometry>) -> Cell {
    let form = geometry.map(|geometry| Form::Point { at: geometry.voxel(at).0.to_array() });
    let [x, y, z] = at.0.to_array();
    Cell { raw: format!("{name} at {x:.2}, {y:.2}, {z:.2} mm"), form, sign: name.to_owned(), ..Cell::default() }
}

fn cell(name: &str, at: Option<World>, truth: Option<World>, no_truth: bool, geometry: Option<&Geometry>) -> Cell {
    match (at, truth) {
        (None, Some(_)) => {
            Cell { words: "–".into(), mark: Some(Mark::Missing), figure: Some(0.0), ..Cell::default() }
        }
        (None, None) => Cell { words: "–".into(), ..Cell::default() },
        (Some(at), None) if no_truth => Cell { words: "placed".into(), ..placed(name, at, geometry) },
        (Some(at), None) => {
            Cell { words: "placed".into(), mark: Some(Mark::Extra), figure: Some(0.0), ..placed(name, at, geometry) }
        }
        (Some(at), Some(truth)) => {
            let mm = at.0.distance(truth.0);
            let mark = if mm <= RIGHT_MM { Mark::Right } else { Mark::Wrong };
            let words = format!("{mm:.1} mm");
            let detail = format!("{mm:.2} mm from the reference; right within {RIGHT_MM} mm");
            let figure = if mm <= RIGHT_MM { 1.0 } else { RIGHT_MM / mm };
            let distance_mm = Some(mm);
            Cell { words, mark: Some(mark), figure: Some(figure), detail, distance_mm, ..placed(name, at, geometry) }
        }
    }
}

/// Points of the project by their names: of landmark sets, and single ones by their text or label.
fn own(contents: &Contents, image: ImageId, geometry: &Geometry) -> Points {
    let world = |at: &[f64; 3]| geometry.world(Voxel((*at).into()));
    let mut points = Points::new();
    for shape in contents.shapes_on(image) {
        match &shape.form {
            Form::Landmarks { points: named } => {
                points.extend(named.iter().map(|(name, at)| (name.clone(), world(at))));
            }
            Form::Point { at } => {
                let label = || shape.label.and_then(|id| contents.label(id)).map(|label| label.name.clone());
                if let Some(name) = shape.text.clone().or_else(label) {
                    points.entry(name).or_insert_with(|| world(at));
                }
            }
            _ => {}
        }
    }
    points
}
