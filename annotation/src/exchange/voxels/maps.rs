//! Label maps as NIfTI, MetaImage or Slicer's segmentation NRRD: one volume of label values per image and layer, on the
//! image's own grid, and `labels.json` that says what the values mean. With `--set layout=one-hot` one volume of zeros
//! and ones per label instead.

use super::grid::{self, layer_values, one_hot, painted_layers, painted_values, write_checked};
use crate::ImageId;
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::case::Case;
use crate::exchange::filled::FILLED;
use crate::exchange::import::{Import, Labels, Painter, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder, names};
use crate::labels::Label;
use crate::operations::outlines::is_outline;
use crate::series_facts::SeriesKind;
use limner_imaging::StackAxis;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Label maps in one of the formats of volumes.
pub(crate) struct Maps {
    name: &'static str,
    title: &'static str,
    ending: &'static str,
    read: &'static [&'static str],
}

pub(crate) const NIFTI: Maps =
    Maps { name: "nifti", title: "NIfTI label maps", ending: ".nii.gz", read: &[".nii.gz", ".nii", ".hdr"] };
pub(crate) const META_IMAGE: Maps =
    Maps { name: "metaimage", title: "MetaImage label maps", ending: ".mha", read: &[".mha", ".mhd"] };
pub(crate) const SEG_NRRD: Maps =
    Maps { name: "seg-nrrd", title: "Slicer segmentation (NRRD)", ending: SEG_ENDING, read: &[SEG_ENDING, ".nrrd"] };

const SEG_ENDING: &str = ".seg.nrrd";

pub(crate) const TIME: &str = "time of frames";
pub(crate) const SHAPES: &str = "shapes";
const ABOUT: &str = "labels.json";

impl Exchange for Maps {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![FILLED, SHAPES, TIME]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            let records = files_of(contents, &case, options, self.ending).len();
            run.records += records;
            lose_time_and_shapes(&mut run, contents, &case, records);
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        job.task.progress.begin("writing label maps", cases.len() as u64);
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        let mut listed = Vec::new();
        for case in &cases {
            job.task.cancel.check()?;
            let Some(map) = job.contents.label_map(case.image.id) else { continue };
            let mut files = Vec::new();
            for file in files_of(job.contents, case, job.options, self.ending) {
                let path = out.join(&file.path);
                folder::make(path.parent().unwrap_or(out))?;
                let values = match file.holds {
                    Hold::Layer(layer) => layer_values(map, layer),
                    Hold::Label(value) => one_hot(map, value),
                };
                let segments = self.segments(job.contents, &values, file.holds);
                grid::note(&mut check, case.image, write_checked(case.image, values, &path, job.task, &segments)?);
                files.push(match file.holds {
                    Hold::Layer(layer) => json!({"path": file.path, "layer": layer}),
                    Hold::Label(value) => json!({"path": file.path, "label": value}),
                });
            }
            if !files.is_empty() {
                listed.push(description(case, &files, job.options));
            }
            job.task.progress.advance(1);
        }
        let labels: Vec<Value> = job.contents.labels().into_iter().map(|label| json!(label)).collect();
        let about = json!({"schema": "limner.labels/1", "labels": labels, "images": listed});
        folder::write_json(&out.join(ABOUT), &about)?;
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        read_maps(reading, self.read)
    }
}

impl Maps {
    /// What Slicer wants to know of each segment, as lines of the header.
    fn segments(&self, contents: &Contents, values: &[u16], holds: Hold) -> String {
        let mut text = String::new();
        if self.ending != SEG_ENDING {
            return text;
        }
        let used: std::collections::BTreeSet<u16> = values.iter().copied().filter(|value| *value != 0).collect();
        for (n, value) in used.into_iter().enumerate() {
            let label = match holds {
                Hold::Layer(_) => contents.label_of_value(value),
                Hold::Label(label) => contents.label_of_value(label),
            };
            let name = label.map_or_else(|| format!("label {value}"), |label| label.name.replace(['\n', '\r'], " "));
            let colour = label.map_or([255, 0, 0], Label::colour).map(|c| format!("{:.6}", f64::from(c) / 255.0));
            let _ = write!(
                text,
                "Segment{n}_ID:=Segment_{n}\nSegment{n}_Name:={name}\nSegment{n}_LabelValue:={value}\nSegment{n}_Layer:=0\n\
                 Segment{n}_Color:={}\nSegment{n}_NameAutoGenerated:=0\nSegment{n}_ColorAutoGenerated:=0\n",
                colour.join(" ")
            );
        }
        text
    }
}

/// The names of a Slicer segmentation's values, from its header.
fn slicer_names(path: &Path) -> std::collections::BTreeMap<u16, (String, Option<[u8; 3]>)> {
    let mut names = std::collections::BTreeMap::new();
    let Ok(bytes) = folder::read(path) else { return names };
    let end = bytes.windows(2).position(|w| w == b"\n\n").unwrap_or(0);
    let head = String::from_utf8_lossy(&bytes[..end]);
    let field = |n: usize, name: &str| {
        let key = format!("Segment{n}_{name}:=");
        head.lines().find_map(|line| line.strip_prefix(&key)).map(|value| value.trim().to_owned())
    };
    for n in 0.. {
        let Some(value) = field(n, "LabelValue").and_then(|value| value.parse().ok()) else { break };
        let shares: Option<Vec<f64>> =
            field(n, "Color").and_then(|c| c.split_whitespace().map(|x| x.parse().ok()).collect());
        let colour = shares.and_then(|shares| <[f64; 3]>::try_from(shares).ok());
        let colour = colour.map(|c| c.map(|x| (x * 255.0).round().clamp(0.0, 255.0) as u8));
        names.insert(value, (field(n, "Name").unwrap_or_else(|| format!("label {value}")), colour));
    }
    names
}

pub(crate) fn lose_time_and_shapes(run: &mut DryRun, contents: &Contents, case: &Case<'_>, records: usize) {
    if case.image.stack_axis == StackAxis::Time && records > 0 {
        run.lose(TIME, || format!("{}: frames become slices", case.name));
    }
    if case.image.facts.kind == Some(SeriesKind::Volumes) && records > 0 {
        run.lose(TIME, || format!("{}: the first time is written, the others are not", case.name));
    }
    for shape in contents.shapes_on(case.image.id) {
        let field = if is_outline(shape) { FILLED } else { SHAPES };
        run.lose_drawn(field, shape.form.name(), || format!("on {}", case.name));
    }
}

/// The example of a loss, for formats that know volumes alone.
pub(crate) fn film_left_out(case: &Case<'_>) -> String {
    format!("{}: a film is left out", case.name)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    Layer(usize),
    Label(u16),
}

struct MapFile {
    path: String,
    holds: Hold,
}

fn files_of(contents: &Contents, case: &Case<'_>, options: &Options, ending: &str) -> Vec<MapFile> {
    let Some(map) = contents.label_map(case.image.id) else { return Vec::new() };
    let folder = case.part.as_ref().map_or("labels".to_owned(), |part| format!("labels/{part}"));
    if options.choice("layout") == Some("one-hot") {
        let mut unique = names::Unique::default();
        let file = |value: u16| {
            let name = unique.plain(contents.label_of_value(value).map_or("", |label| label.name.as_str()));
            MapFile { path: format!("{folder}/{}/{name}{ending}", case.name), holds: Hold::Label(value) }
        };
        return painted_values(contents, case).into_iter().map(file).collect();
    }
    let file = |layer: usize| {
        let suffix = if layer == 0 { String::new() } else { format!("_layer_{}", layer + 1) };
        MapFile { path: format!("{folder}/{}{suffix}{ending}", case.name), holds: Hold::Layer(layer) }
    };
    painted_layers(map).into_iter().map(file).collect()
}

fn description(case: &Case<'_>, files: &[Value], options: &Options) -> Value {
    let image = case.image;
    let mut about = json!({
        "name": case.name, "id": image.id, "files": files, "sha256_samples": image.sha256,
        "size": image.size(), "affine_lps": image.geometry.affine_lps_rows(), "spacing_known": image.spacing_known,
    });
    if options.keep_identity {
        about["title"] = json!(image.title);
        about["source"] = json!(image.path);
    }
    about
}

#[derive(Deserialize, Default)]
struct About {
    labels: Vec<Label>,
    images: Vec<AboutImage>,
}

#[derive(Deserialize)]
struct AboutImage {
    id: ImageId,
    files: Vec<AboutFile>,
}

#[derive(Deserialize)]
struct AboutFile {
    path: String,
    #[serde(default)]
    label: Option<u16>,
}

fn stem_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.split('.').next().unwrap_or(&name).to_owned()
}

/// Label maps from a file, a folder of our own or a folder of another program.
pub(super) fn read_maps(reading: &Reading<'_>, endings: &[&str]) -> Result<Import> {
    let root = reading.path;
    let about_file = root.join(ABOUT);
    let ours = root.is_dir() && about_file.is_file();
    let about: About = if ours { folder::read_json(&about_file)? } else { About::default() };
    let mut files: Vec<(PathBuf, Option<ImageId>, Option<u16>)> = Vec::new();
    for image in &about.images {
        for file in &image.files {
            let outside = || Error::export(&about_file, "a file outside of the folder is named");
            files.push((names::inside(root, &file.path).ok_or_else(outside)?, Some(image.id), file.label));
        }
    }
    if !ours {
        let all = if root.is_dir() { folder::files_under(root)? } else { vec![root.to_path_buf()] };
        let wanted = |path: &PathBuf| endings.iter().any(|end| path.to_string_lossy().to_lowercase().ends_with(end));
        files.extend(all.into_iter().filter(|path| root.is_file() || wanted(path)).map(|path| (path, None, None)));
    }
    let mut import = Import::default();
    let mut labels = Labels::of(reading.contents);
    let mut painter = Painter::new(reading.contents);
    let mut painted = Import::default();
    reading.task.progress.begin("reading label maps", files.len() as u64);
    let several = files.len() > 1;
    for (path, image, only) in files {
        reading.task.cancel.check()?;
        let named = if ours { std::collections::BTreeMap::new() } else { slicer_names(&path) };
        let rename = |value: u16| {
            if let Some(found) = named.get(&value) {
                return found.clone();
            }
            let value = only.filter(|_| value == 1).unwrap_or(value);
            let label = about.labels.iter().find(|label| label.value == value);
            // One mask a file is called after its file.
            if !ours && several && value == 1 {
                return (stem_of(&path), None);
            }
            let in_project = reading.contents.label_of_value(value).filter(|_| !ours);
            label.or(in_project).map_or_else(|| (format!("label {value}"), None), |l| (l.name.clone(), l.colour))
        };
        grid::read_map(reading, &path, image, (&mut labels, &mut painter), &rename, &mut painted)?;
        reading.task.progress.advance(1);
    }
    import.commands.extend(labels.commands());
    import.commands.extend(painted.commands);
    import.records = painted.records;
    import.warnings.extend(painted.warnings);
    Ok(import)
}
