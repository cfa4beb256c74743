//! Ultralytics' YOLO: one text file per picture, one object a line, coordinates as shares of the picture's size, and
//! `data.yaml` that names the classes. An empty file says "looked at, nothing there".

use super::body::Body;
use super::{CURVES, Fit, Flat, HOLES, Item, OUTLINES, PARTS, PIXELS, POINTS, Set, Sheet, TURNS};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::{Job, folder};
use limner_imaging::formats;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Detect,
    Segment,
    Obb,
    Pose,
}

pub(crate) struct Yolo(Task);

pub(crate) const DETECT: Yolo = Yolo(Task::Detect);
pub(crate) const SEGMENT: Yolo = Yolo(Task::Segment);
pub(crate) const OBB: Yolo = Yolo(Task::Obb);
pub(crate) const POSE: Yolo = Yolo(Task::Pose);

impl Flat for Yolo {
    fn name(&self) -> &'static str {
        match self.0 {
            Task::Detect => "yolo-detect",
            Task::Segment => "yolo-segment",
            Task::Obb => "yolo-obb",
            Task::Pose => "yolo-pose",
        }
    }

    fn title(&self) -> &'static str {
        match self.0 {
            Task::Detect => "YOLO boxes",
            Task::Segment => "YOLO outlines",
            Task::Obb => "YOLO turned boxes",
            Task::Pose => "YOLO keypoints",
        }
    }

    fn lossy(&self) -> &'static [&'static str] {
        match self.0 {
            Task::Detect | Task::Pose => &[PIXELS, OUTLINES, CURVES, TURNS, POINTS],
            Task::Segment => &[HOLES, PARTS, CURVES, TURNS, POINTS],
            Task::Obb => &[PIXELS, OUTLINES, CURVES, POINTS],
        }
    }

    fn fit(&self, item: &Item, _: [usize; 2]) -> Fit {
        let with = |body| Item { body, ..item.clone() };
        let word = match &item.body {
            Body::Mask(_) => PIXELS,
            Body::Ellipse { .. } => CURVES,
            Body::Turned { .. } => TURNS,
            _ => OUTLINES,
        };
        if self.0 == Task::Pose {
            return match &item.body {
                Body::Keypoints(_) => Fit::Kept(item.clone()),
                Body::Point(_) | Body::Line(_) => Fit::Lost(POINTS),
                _ => Fit::Lost(word),
            };
        }
        if !item.body.has_area() {
            return Fit::Lost(POINTS);
        }
        match (self.0, &item.body) {
            (Task::Detect, Body::Box { .. }) | (Task::Obb, Body::Turned { .. }) => Fit::Kept(item.clone()),
            (Task::Detect, body) => match body.bounds() {
                Some([min, max]) => Fit::Changed(with(Body::Box { min, max }), word),
                None => Fit::Lost(word),
            },
            (Task::Obb, body) => match body.turned_box() {
                Some((centre, size, degrees)) => {
                    let turned = with(Body::Turned { centre, size, degrees });
                    if matches!(body, Body::Box { .. }) { Fit::Kept(turned) } else { Fit::Changed(turned, word) }
                }
                None => Fit::Lost(word),
            },
            (_, body) => match body.single_ring() {
                Some((ring, holes, parts)) => {
                    let ringed = with(Body::Rings(vec![ring]));
                    match (parts, holes, body) {
                        (true, ..) => Fit::Changed(ringed, PARTS),
                        (_, true, _) => Fit::Changed(ringed, HOLES),
                        (.., Body::Ellipse { .. }) => Fit::Changed(ringed, CURVES),
                        // The outline of pixels, of a box or of a turned box is all of it.
                        _ => Fit::Kept(ringed),
                    }
                }
                None => Fit::Lost(PARTS),
            },
        }
    }

    fn picture(&self, stem: &str, part: Option<&str>) -> String {
        format!("images/{}/{stem}.png", part.unwrap_or("train"))
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        let points = point_names(set);
        for sheet in &set.sheets {
            job.task.cancel.check()?;
            let mut text = String::new();
            for item in &sheet.items {
                let class = item.label.and_then(|v| set.labels.iter().position(|l| l.value == v)).unwrap_or(0);
                let _ = write!(text, "{class}");
                for number in self.numbers(&item.body, sheet.size, &points) {
                    let _ = write!(text, " {number}");
                }
                text.push('\n');
            }
            folder::write(&label_path(out, &sheet.file), text.as_bytes())?;
        }
        folder::write(&out.join("data.yaml"), self.data(set, job, &points).as_bytes())
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let data = if path.is_dir() { path.join("data.yaml") } else { path.to_path_buf() };
        let root = data.parent().unwrap_or(path).to_path_buf();
        let data = Data::read(&data)?;
        let mut set = Set::default();
        let classes: BTreeMap<usize, u16> = data.names.iter().map(|(n, name)| (*n, set.value_of(name))).collect();
        for file in pictures(&root)? {
            reading.task.cancel.check()?;
            let inside = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            let labels = label_path(&root, &inside);
            if !labels.is_file() {
                continue;
            }
            let size = size_of(&file, reading)?;
            let mut sheet = Sheet { file: inside, size, number: 0, part: None, source: None, items: Vec::new() };
            let wrong = |n: usize| Error::export(&labels, format!("line {} is no {} line", n + 1, self.name()));
            for (n, line) in folder::read_text(&labels)?.lines().enumerate() {
                let words: Option<Vec<f64>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
                let words = words.filter(|w| w.iter().all(|x| x.is_finite())).ok_or_else(|| wrong(n))?;
                let Some((class, numbers)) = words.split_first() else { continue };
                let body = self.body(numbers, size, &data).ok_or_else(|| wrong(n))?;
                let class = *class as usize;
                let label = classes.get(&class).copied().unwrap_or_else(|| set.value_of(&format!("class {class}")));
                sheet.items.push(Item { label: Some(label), body, text: None });
            }
            set.sheets.push(sheet);
        }
        Ok(set)
    }

    fn tolerance(&self, size: [usize; 2]) -> f64 {
        // A share and back, in 64 bits.
        1e-9 * size[0].max(size[1]) as f64
    }
}

/// The shape of the numbers in a data set: class names, and for poses the order of the points.
#[derive(Default)]
struct Data {
    names: BTreeMap<usize, String>,
    points: Vec<String>,
    /// Numbers per point: 2, or 3 with the visibility.
    per_point: usize,
}

impl Data {
    /// Reads the few lines that matter of a `data.yaml`, in block or flow style.
    fn read(path: &Path) -> Result<Self> {
        let text = folder::read_text(path)?;
        let mut data = Self { per_point: 3, ..Self::default() };
        let mut section = "";
        for line in text.lines() {
            let bare = line.split(" #").next().unwrap_or(line);
            if bare.trim().is_empty() || bare.trim_start().starts_with('#') {
                continue;
            }
            let (key, value) = bare.split_once(':').map_or((bare.trim(), ""), |(k, v)| (k.trim(), v.trim()));
            if !bare.starts_with([' ', '-']) {
                section = match key {
                    "names" => "names",
                    "kpt_names" => "kpt_names",
                    "kpt_shape" => "kpt_shape",
                    _ => "",
                };
            }
            let list = value.strip_prefix('[').and_then(|v| v.strip_suffix(']'));
            let listed = list.map(|list| list.split(',').map(unquoted).collect::<Vec<_>>());
            match (section, listed) {
                ("names", Some(names)) => data.names.extend(names.into_iter().enumerate()),
                ("names", None) => {
                    if let Ok(number) = key.parse() {
                        data.names.insert(number, unquoted(value));
                    } else if let Some(name) = bare.trim().strip_prefix("- ") {
                        data.names.insert(data.names.len(), unquoted(name));
                    }
                }
                ("kpt_names", Some(names)) => data.points = names,
                ("kpt_shape", Some(shape)) => {
                    let numbers: Vec<usize> = shape.iter().filter_map(|n| n.parse().ok()).collect();
                    if let [count, per_point] = numbers[..] {
                        data.per_point = per_point;
                        let missing = data.points.len()..count;
                        data.points.extend(missing.map(|n| format!("point {}", n + 1)));
                    }
                }
                _ => {}
            }
        }
        Ok(data)
    }
}

/// A YAML scalar without its quotes.
fn unquoted(text: &str) -> String {
    let text = text.trim();
    match serde_json::from_str::<String>(text) {
        Ok(plain) => plain,
        Err(_) => text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).unwrap_or(text).replace("''", "'"),
    }
}

impl Yolo {
    fn numbers(&self, body: &Body, [width, height]: [usize; 2], points: &[String]) -> Vec<f64> {
        let (w, h) = (width as f64, height as f64);
        let share = |p: &[f64; 2]| [p[0] / w, p[1] / h];
        match (self.0, body) {
            (Task::Detect, Body::Box { min, max }) => boxed(share(min), share(max)),
            (Task::Pose, Body::Keypoints(found)) => {
                let [min, max] = body.bounds().unwrap_or_default();
                let mut numbers = boxed(share(&min), share(&max));
                for name in points {
                    let point = found.get(name).map(share);
                    numbers.extend(point.map_or([0.0; 3], |[x, y]| [x, y, 2.0]));
                }
                numbers
            }
            (_, body) => body.rings().first().map(|ring| ring.iter().flat_map(share).collect()).unwrap_or_default(),
        }
    }

    fn body(&self, numbers: &[f64], [width, height]: [usize; 2], data: &Data) -> Option<Body> {
        let (w, h) = (width as f64, height as f64);
        let place = |p: &[f64; 2]| [p[0] * w, p[1] * h];
        match (self.0, numbers) {
            (Task::Detect, [cx, cy, bw, bh]) => Some(Body::Box {
                min: place(&[cx - bw / 2.0, cy - bh / 2.0]),
                max: place(&[cx + bw / 2.0, cy + bh / 2.0]),
            }),
            (Task::Obb, [x0, y0, x1, y1, x2, y2, x3, y3]) => {
                let [a, b, c, d] = [[*x0, *y0], [*x1, *y1], [*x2, *y2], [*x3, *y3]].map(|p| place(&p));
                let length = |a: [f64; 2], b: [f64; 2]| (b[0] - a[0]).hypot(b[1] - a[1]);
                let centre = [(a[0] + b[0] + c[0] + d[0]) / 4.0, (a[1] + b[1] + c[1] + d[1]) / 4.0];
                let degrees = (b[1] - a[1]).atan2(b[0] - a[0]).to_degrees();
                Some(Body::Turned { centre, size: [length(a, b), length(b, c)], degrees })
            }
            (Task::Segment, numbers) if numbers.len() >= 6 && numbers.len().is_multiple_of(2) => {
                Some(Body::Rings(vec![numbers.as_chunks::<2>().0.iter().map(place).collect()]))
            }
            (Task::Pose, numbers) if numbers.len() == 4 + data.points.len() * data.per_point => {
                let seen = |p: &[f64]| data.per_point < 3 || p[2] > 0.0;
                let found = numbers[4..].chunks_exact(data.per_point.max(2)).zip(&data.points);
                let found = found.filter(|(p, _)| seen(p)).map(|(p, name)| (name.clone(), place(&[p[0], p[1]])));
                Some(Body::Keypoints(found.collect()))
            }
            _ => None,
        }
    }

    fn data(&self, set: &Set, job: &Job<'_>, points: &[String]) -> String {
        // Without a path the parts lie beside this file; with "path: ." Ultralytics looks where it was started.
        let mut text = String::new();
        let parts = job.options.part_names();
        let trained = parts.iter().find(|p| **p == "train").or(parts.first()).copied().unwrap_or("train");
        let validated = parts.iter().find(|p| **p == "val").copied().unwrap_or(trained);
        let _ = write!(text, "train: images/{trained}\nval: images/{validated}\n");
        for part in parts.iter().filter(|part| **part != trained && **part != validated) {
            let _ = writeln!(text, "{part}: images/{part}");
        }
        if self.0 == Task::Pose {
            let quoted: Vec<String> =
                points.iter().map(|name| serde_json::Value::from(name.as_str()).to_string()).collect();
            let _ = writeln!(text, "kpt_names: [{}]\nkpt_shape: [{}, 3]", quoted.join(", "), points.len());
        }
        text.push_str("names:\n");
        for (n, label) in set.labels.iter().enumerate() {
            // JSON strings are YAML strings.
            let _ = writeln!(text, "  {n}: {}", serde_json::Value::from(label.name.as_str()));
        }
        text
    }
}

fn boxed(min: [f64; 2], max: [f64; 2]) -> Vec<f64> {
    vec![f64::midpoint(min[0], max[0]), f64::midpoint(min[1], max[1]), max[0] - min[0], max[1] - min[1]]
}

fn point_names(set: &Set) -> Vec<String> {
    let all: BTreeSet<&String> = set
        .sheets
        .iter()
        .flat_map(|sheet| &sheet.items)
        .filter_map(|item| if let Body::Keypoints(points) = &item.body { Some(points.keys()) } else { None })
        .flatten()
        .collect();
    all.into_iter().cloned().collect()
}

/// The label file that belongs to a picture: `images` becomes `labels` and the ending `.txt`.
fn label_path(root: &Path, picture: &str) -> PathBuf {
    let stem = picture.rsplit_once('.').map_or(picture, |(stem, _)| stem);
    let labels = match stem.rsplit_once("images/") {
        Some((before, after)) => format!("{before}labels/{after}"),
        None => stem.to_owned(),
    };
    root.join(format!("{labels}.txt"))
}

fn pictures(root: &Path) -> Result<Vec<PathBuf>> {
    const ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp"];
    let mut files = folder::files_under(root)?;
    files.retain(|file| file.extension().is_some_and(|e| ENDINGS.iter().any(|x| e.eq_ignore_ascii_case(x))));
    Ok(files)
}

/// The size of a picture file, from its header.
pub(super) fn size_of(file: &Path, reading: &Reading<'_>) -> Result<[usize; 2]> {
    let found = formats::scan(file, reading.task)?;
    let unreadable = || Error::export(file, "this picture cannot be read");
    let series = found.series.into_iter().next().ok_or_else(unreadable)?;
    Ok([series.size[0], series.size[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_box_is_written_and_read_exactly() {
        let golden = Body::Box { min: [100.0, 50.0], max: [300.0, 250.0] };
        let numbers = DETECT.numbers(&golden, [512, 400], &[]);
        assert_eq!(numbers, [0.390_625, 0.375, 0.390_625, 0.5]);
        assert_eq!(DETECT.body(&numbers, [512, 400], &Data::default()), Some(golden));
    }

    #[test]
    fn names_are_read_in_every_style_people_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.yaml");
        let styles = [
            "train: images\nnames:\n  0: \"left: lung\"\n  1: 'it''s'\n",
            "names: [\"left: lung\", it's]\n",
            "# c\nnames:\n  - \"left: lung\"\n  - it's # second\nnc: 2\n",
        ];
        for text in styles {
            std::fs::write(&path, text).unwrap();
            let names: Vec<_> = Data::read(&path).unwrap().names.into_values().collect();
            assert_eq!(names, ["left: lung", "it's"], "{text}");
        }
    }

    #[test]
    fn label_files_lie_beside_their_pictures() {
        let root = Path::new("r");
        assert_eq!(label_path(root, "images/train/a.b.png"), root.join("labels/train/a.b.txt"));
        assert_eq!(label_path(root, "train/images/a.png"), root.join("train/labels/a.txt"));
    }
}
