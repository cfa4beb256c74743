//! Reads a package of several raters' versions: everybody keeps a version of their own, under labels that are instances of
//! the one that was asked for. The majority and the agreement are not read: they follow from the versions.

use super::folder;
use super::import::{Import, Labels, Painter, Reading};
use super::multi_rater::{BOXES, RATERS, SCHEMA};
use super::names;
use super::voxels::grid;
use crate::command::Command;
use crate::entity::{AnnotationId, ImageId, RaterId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::image_entry::ImageEntry;
use crate::records::{Annotation, AnnotationState, Rater, RaterRole};
use crate::shapes::{Form, Shape, Slice};
use limner_imaging::formats;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
struct About {
    schema: String,
    raters: Vec<AboutRater>,
    labels: Vec<AboutLabel>,
    #[serde(default)]
    cases: Vec<AboutCase>,
}

#[derive(Deserialize)]
struct AboutRater {
    name: String,
    role: RaterRole,
    speciality: Option<String>,
    years: Option<f64>,
    pseudonym: Option<String>,
    country: Option<String>,
}

#[derive(Deserialize)]
struct AboutLabel {
    value: u16,
    name: String,
}

#[derive(Deserialize)]
struct AboutCase {
    name: String,
    id: ImageId,
    sha256_samples: String,
}

#[derive(Deserialize)]
struct BoxRow {
    case: String,
    label: u16,
    source: String,
    #[serde(rename = "box")]
    place: Place,
}

#[derive(Deserialize)]
struct Place {
    axis: Option<usize>,
    slice: Option<usize>,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    z: Option<f64>,
    depth: Option<f64>,
}

impl Place {
    fn form(&self) -> Option<Form> {
        match (self.axis, self.slice, self.z, self.depth) {
            (Some(axis @ 0..=2), Some(index), None, None) => Some(Form::Box2d {
                slice: Slice { axis, index },
                min: [self.x, self.y],
                max: [self.x + self.width, self.y + self.height],
            }),
            (None, None, Some(z), Some(depth)) => Some(Form::Box3d {
                min: [self.x, self.y, z],
                max: [self.x + self.width, self.y + self.height, z + depth],
            }),
            _ => None,
        }
    }
}

/// What was read so far.
struct Package<'a> {
    reading: &'a Reading<'a>,
    about: About,
    raters: BTreeMap<String, Rater>,
    labels: Labels,
    painter: Painter<'a>,
    drawn: Vec<Command>,
    /// By image and rater.
    versions: BTreeMap<(ImageId, RaterId), Vec<Key>>,
    records: usize,
}

pub(super) fn read(reading: &Reading<'_>) -> Result<Import> {
    let root = if reading.path.is_dir() { reading.path } else { reading.path.parent().unwrap_or(reading.path) };
    let file = root.join(RATERS);
    let about: About = folder::read_json(&file)?;
    if about.schema != SCHEMA {
        return Err(Error::export(&file, format!("this is {}, not {SCHEMA}", about.schema)));
    }
    let raters = about.raters.iter().map(|one| (one.name.clone(), rater(reading, one))).collect();
    let mut package = Package {
        reading,
        about,
        raters,
        labels: Labels::of(reading.contents),
        painter: Painter::new(reading.contents),
        drawn: Vec::new(),
        versions: BTreeMap::new(),
        records: 0,
    };
    let mut import = Import::default();
    package.masks(root, &mut import)?;
    package.boxes(root, &mut import)?;
    package.finish(import)
}

/// The rater of the project that is called so, or a new one.
fn rater(reading: &Reading<'_>, about: &AboutRater) -> Rater {
    let pseudonym = about.pseudonym.clone().unwrap_or_else(|| about.name.clone());
    let known = reading.contents.all::<Rater>().find(|rater| rater.pseudonym == pseudonym);
    known.cloned().unwrap_or_else(|| Rater {
        speciality: about.speciality.clone(),
        years: about.years,
        country: about.country.clone(),
        ..Rater::new(pseudonym, about.role)
    })
}

impl<'a> Package<'a> {
    /// The image a case was drawn on: by its id, or by its voxels' checksum.
    fn image(&self, case: &str) -> Option<&'a ImageEntry> {
        let about = self.about.cases.iter().find(|about| about.name == case)?;
        let contents = self.reading.contents;
        let same = |image: &&ImageEntry| !image.sha256.is_empty() && image.sha256 == about.sha256_samples;
        contents.image(about.id).or_else(|| contents.images().find(same))
    }

    fn masks(&mut self, root: &Path, import: &mut Import) -> Result<()> {
        let folder = root.join("masks");
        let files = if folder.is_dir() { folder::files_under(&folder)? } else { Vec::new() };
        self.reading.task.progress.begin("reading versions", files.len() as u64);
        for file in files {
            self.reading.task.cancel.check()?;
            let named = file.parent().and_then(Path::file_name).zip(file.file_name());
            let Some((case, name)) = named.map(|(case, name)| (case.to_string_lossy(), name.to_string_lossy())) else {
                continue;
            };
            match name.split('.').next().and_then(|name| self.raters.get(name)).map(|rater| rater.id) {
                Some(rater) => self.mask(&case, rater, name.split('.').next().unwrap_or_default(), &file)?,
                None => {
                    import.warn("no_rater", format!("masks/{case}/{name} is of a rater that {RATERS} does not name"));
                }
            }
            self.reading.task.progress.advance(1);
        }
        Ok(())
    }

    fn mask(&mut self, case: &str, rater: RaterId, name: &str, file: &Path) -> Result<()> {
        let volume = formats::open_single(file, self.reading.task)?;
        let (image, way) = grid::placed(self.reading, self.image(case), &volume.geometry, file)?;
        let mut values = grid::values_on(image, &way, &volume, file)?;
        let mut own = BTreeMap::from([(0, 0)]);
        for value in &mut values {
            if !own.contains_key(value) {
                own.insert(*value, self.instance(*value, name)?);
            }
            *value = own[value];
        }
        own.remove(&0);
        for value in own.values() {
            let id = self.labels.id_of(*value).ok_or_else(|| Error::export(file, "a label was lost"))?;
            self.versions.entry((image.id, rater)).or_default().push(id.into());
        }
        self.records += 1;
        self.drawn.extend(self.painter.paint_map(image.id, image.size(), &values));
        Ok(())
    }

    /// The label of a rater's own for a value of the package.
    fn instance(&mut self, value: u16, rater: &str) -> Result<u16> {
        let kind = self.about.labels.iter().find(|label| label.value == value);
        let name = kind.map_or_else(|| format!("label {value}"), |label| label.name.clone());
        let kind = self.labels.want(&name, value, None)?;
        self.labels.instance(kind, &format!("{name} ({rater})"))
    }

    fn boxes(&mut self, root: &Path, import: &mut Import) -> Result<()> {
        let Some(file) = names::inside(root, BOXES).filter(|file| file.is_file()) else { return Ok(()) };
        for (n, line) in folder::read_text(&file)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let row: BoxRow =
                serde_json::from_str(line).map_err(|error| Error::export(&file, format!("line {}: {error}", n + 1)))?;
            let rater = self.raters.get(&row.source).map(|rater| rater.id);
            let (Some(image), Some(form), Some(rater)) = (self.image(&row.case), row.place.form(), rater) else {
                import.warn("no_place", format!("{BOXES}, line {}: no image, rater or place of that name", n + 1));
                continue;
            };
            let value = self.instance(row.label, &row.source)?;
            let shape = Shape::new(image.id, form, self.labels.id_of(value));
            self.versions.entry((image.id, rater)).or_default().push(shape.id.into());
            self.drawn.push(Command::AddShape { shape });
            self.records += 1;
        }
        Ok(())
    }

    fn finish(self, mut import: Import) -> Result<Import> {
        let known = |rater: &&Rater| self.reading.contents.get::<Rater>(rater.id).is_none();
        let new: Vec<Command> = self.raters.values().filter(known).cloned().map(Command::put).collect();
        let signed = self.versions.into_iter().map(|((image, rater), content)| {
            Command::put(Annotation {
                id: AnnotationId::new(),
                target: image.into(),
                content,
                rater,
                protocol: None,
                state: AnnotationState::Submitted,
                blinded_to: Vec::new(),
            })
        });
        import.records = self.records;
        import.commands.extend(new);
        import.commands.extend(self.labels.commands());
        import.commands.extend(self.drawn);
        import.commands.extend(signed);
        Ok(import)
    }
}
