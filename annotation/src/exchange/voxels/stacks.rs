//! Stacks of pictures with their label maps: a TIFF of many pages each, samples as they are stored, or with `--set type=png`
//! one PNG a slice. `stacks.json` says where the slices lie in the patient and what the values mean, which neither can.

use super::grid::{self, layer_values, painted_layers};
use super::maps::{self, SHAPES};
use crate::ImageId;
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::case::Case;
use crate::exchange::filled::FILLED;
use crate::exchange::import::{Import, Labels, Painter, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder, names};
use crate::labels::Label;
use limner_imaging::{Geometry, Samples, Task, Volume, World, formats};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

pub(crate) struct Stacks;

pub(crate) const STACKS: Stacks = Stacks;

const ABOUT: &str = "stacks.json";
/// PNG holds 8 and 16 bits without a sign; of all else it gets what a window shows.
const GREYS: &str = "grey values beyond the window";

#[derive(Serialize, Deserialize)]
struct About {
    schema: String,
    labels: Vec<Label>,
    stacks: Vec<Stack>,
}

#[derive(Serialize, Deserialize)]
struct Stack {
    name: String,
    image: ImageId,
    sha256_samples: String,
    part: Option<String>,
    /// In stack order.
    pictures: Vec<String>,
    /// For each layer of labels, in stack order.
    labels: Vec<Vec<String>>,
    /// Columns, rows, slices.
    size: [usize; 3],
    affine_lps: [[f64; 4]; 4],
    spacing_known: bool,
    /// From stored samples to values; not set where the pictures show a window.
    slope_intercept: Option<[f64; 2]>,
    unit: Option<String>,
}

fn as_png(options: &Options) -> bool {
    options.choice("type") == Some("png")
}

impl Exchange for Stacks {
    fn name(&self) -> &'static str {
        "stacks"
    }

    fn title(&self) -> &'static str {
        "TIFF or PNG stacks"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![FILLED, SHAPES, GREYS]
    }

    fn writes_pictures(&self) -> bool {
        true
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            maps::lose_time_and_shapes(&mut run, contents, &case, 0);
            if !grid::is_painted(contents, &case) {
                continue;
            }
            run.records += 1;
            if as_png(options) {
                run.lose(GREYS, || format!("{}, where it has more than 8 or 16 bits without a sign", case.name));
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = painted(job.contents, job.options);
        job.task.progress.begin("writing stacks", cases.len() as u64);
        let mut stacks = Vec::new();
        for case in &cases {
            job.task.cancel.check()?;
            stacks.push(job.once(&case.name, || write_case(job, case, out))?);
            job.task.progress.advance(1);
        }
        let labels = job.contents.labels().into_iter().cloned().collect();
        let about = About { schema: "limner.stacks/1".into(), labels, stacks };
        folder::write_json(&out.join(ABOUT), &about)?;
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        for (case, stack) in cases.iter().zip(&about.stacks) {
            let Some(map) = job.contents.label_map(case.image.id) else { continue };
            for (layer, files) in painted_layers(map).into_iter().zip(&stack.labels) {
                check.pass &= values_of(out, files, stack.size, job.task)? == layer_values(map, layer);
            }
        }
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        let root = reading.path;
        let about: About = folder::read_json(&root.join(ABOUT))?;
        let mut labels = Labels::of(reading.contents);
        let mut painter = Painter::new(reading.contents);
        let mut painted = Import::default();
        for stack in &about.stacks {
            reading.task.cancel.check()?;
            let same = |image: &&crate::ImageEntry| image.sha256 == stack.sha256_samples && image.size() == stack.size;
            let image = reading.contents.image(stack.image).or_else(|| reading.contents.images().find(same));
            let Some(image) = image.filter(|image| image.size() == stack.size) else {
                painted.warn("picture_not_found", format!("{}: its image is not in the project", stack.name));
                continue;
            };
            let rename = |value: u16| {
                let label = about.labels.iter().find(|label| label.value == value);
                label.map_or_else(|| (format!("label {value}"), None), |label| (label.name.clone(), label.colour))
            };
            for files in &stack.labels {
                let values = values_of(root, files, stack.size, reading.task)?;
                grid::paint_values(image, values, (&mut labels, &mut painter), &rename, &mut painted)?;
            }
        }
        let commands = labels.commands().chain(std::mem::take(&mut painted.commands)).collect();
        Ok(Import { commands, ..painted })
    }
}

fn painted<'a>(contents: &'a Contents, options: &Options) -> Vec<Case<'a>> {
    let mut cases = options.cases(contents);
    cases.retain(|case| grid::is_painted(contents, case));
    cases
}

fn write_case(job: &Job<'_>, case: &Case<'_>, out: &Path) -> Result<(Stack, Vec<PathBuf>)> {
    let missing = || Error::Missing { key: case.image.id.into() };
    let map = job.contents.label_map(case.image.id).ok_or_else(missing)?;
    let volume = job.images.load(case.image, job.task)?;
    let png = as_png(job.options);
    let shown = matches!(volume.samples(), Samples::U8(_) | Samples::U16(_));
    let windowed = png && !shown;
    let samples = if windowed {
        volume.windowed(job.options.window.unwrap_or_else(|| volume.default_window()))?.into_samples()
    } else {
        volume.samples().clone()
    };
    let home = case.part.clone().unwrap_or_default();
    let place = |kind: &str, name: &str| out.join(&home).join(kind).join(&case.name).join(name);
    let mut files = Vec::new();
    let mut put = |samples: Samples, channels: usize, path: PathBuf| -> Result<Vec<String>> {
        let path = path.with_extension(if png { "png" } else { "tif" });
        let folder = path.parent().unwrap_or(out);
        folder::make(folder)?;
        let plain = Geometry::axis_aligned(volume.size(), World::default(), [1.0; 3])?;
        formats::write(&Volume::new(plain, samples, channels)?, &path)?;
        let written = folder::files_under(folder)?;
        files.extend(written.iter().cloned());
        let inside = |file: &PathBuf| file.strip_prefix(out).unwrap_or(file).to_string_lossy().replace('\\', "/");
        Ok(written.iter().map(inside).collect())
    };
    let channels = if windowed { samples.len() / volume.geometry.voxel_count() } else { volume.channels() };
    let pictures = put(samples, channels, place("images", &case.name))?;
    let mut labels = Vec::new();
    for (n, layer) in painted_layers(map).into_iter().enumerate() {
        let values = grid::label_volume(case.image, layer_values(map, layer))?.into_samples();
        let name = format!("{}_layer_{}", case.name, n + 1);
        labels.push(put(values, 1, place(&format!("labels_{}", n + 1), &name))?);
    }
    let stack = Stack {
        name: case.name.clone(),
        image: case.image.id,
        sha256_samples: case.image.sha256.clone(),
        part: case.part.clone(),
        pictures,
        labels,
        size: volume.size(),
        affine_lps: case.image.geometry.affine_lps_rows(),
        spacing_known: case.image.spacing_known,
        slope_intercept: (!windowed).then_some([volume.value_map.slope, volume.value_map.intercept]),
        unit: volume.value_map.unit.clone().filter(|_| !windowed),
    };
    Ok((stack, files))
}

/// The values of a label map, slice after slice.
fn values_of(root: &Path, files: &[String], size: [usize; 3], task: &Task) -> Result<Vec<u16>> {
    let mut values = Vec::new();
    for file in files {
        let outside = || Error::export(root, "a file outside of the folder is named");
        let path = names::inside(root, file).ok_or_else(outside)?;
        let volume = formats::open_single(&path, task)?;
        let whole = (0..volume.samples().len()).map(|n| volume.samples().get(n));
        values.extend(whole.map(|value| value as u16));
    }
    let expected: usize = size.iter().product();
    if values.len() != expected {
        let reason = format!("the label map has {} voxels, its image {expected}", values.len());
        return Err(Error::export(root, reason));
    }
    Ok(values)
}
