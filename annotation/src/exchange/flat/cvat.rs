//! CVAT's XML 1.1 for images: boxes (turned ones too), polygons, lines, points, ellipses and masks, which are run
//! lengths row after row inside their own box.

use super::body::Body;
use super::rle::Rle;
use super::{Fit, Flat, HOLES, Item, Set, Sheet};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::xml::{self, Element};
use crate::exchange::{Job, folder};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) struct Cvat;

const FILE: &str = "annotations.xml";

impl Flat for Cvat {
    fn name(&self) -> &'static str {
        "cvat"
    }

    fn title(&self) -> &'static str {
        "CVAT XML 1.1"
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[HOLES]
    }

    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit {
        match &item.body {
            Body::Rings(rings) if rings.len() > 1 => {
                Fit::Changed(Item { body: Body::Mask(item.body.mask(size)), ..item.clone() }, HOLES)
            }
            _ => Fit::Kept(item.clone()),
        }
    }

    fn keeps_text(&self) -> bool {
        true
    }

    fn picture(&self, stem: &str, _: Option<&str>) -> String {
        format!("images/{stem}.png")
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        let mut root = Element::new("annotations").leaf("version", "1.1").child(meta(set));
        for (n, sheet) in set.sheets.iter().enumerate() {
            job.task.cancel.check()?;
            let mut image = Element::new("image")
                .with("id", n)
                .with("name", &sheet.file)
                .with("width", sheet.size[0])
                .with("height", sheet.size[1]);
            if let Some(part) = &sheet.part {
                image = image.with("subset", part);
            }
            for item in &sheet.items {
                image.children.push(shape(set, item));
            }
            root.children.push(image);
        }
        folder::write(&out.join(FILE), root.to_text().as_bytes())
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let file = if path.is_dir() { path.join(FILE) } else { path.to_path_buf() };
        let at = |error: Error| Error::export(&file, error.to_string());
        let root = xml::parse(&folder::read_text(&file)?).map_err(at)?;
        if root.find("track").is_some() {
            reading.task.warnings.add("tracks", "tracks of a CVAT video task are not read; its images are");
        }
        let mut set = Set::default();
        for image in root.all("image") {
            reading.task.cancel.check()?;
            let side = |name: &str| image.number_of(name).filter(|n| *n >= 1.0).map(|n| n as usize);
            let (Some(name), Some(width), Some(height)) = (image.attribute("name"), side("width"), side("height"))
            else {
                return Err(at(Error::refused("an image has no name or size")));
            };
            let size = [width, height];
            let mut items = Vec::new();
            for shape in &image.children {
                if shape.name == "tag" {
                    continue;
                }
                let wrong = || at(Error::refused(format!("a {} on {name} cannot be read", shape.name)));
                let body = body(shape, size).ok_or_else(wrong)?;
                let label = Some(set.value_of(shape.attribute("label").unwrap_or("unnamed")));
                let note = shape.all("attribute").find(|a| a.attribute("name") == Some("note"));
                items.push(Item { label, body, text: note.map(|note| note.text.clone()) });
            }
            set.sheets.push(Sheet { file: name.into(), size, number: 0, part: None, source: None, items });
        }
        Ok(set)
    }
}

fn meta(set: &Set) -> Element {
    let mut labels = Element::new("labels");
    for label in &set.labels {
        let [r, g, b] = label.colour.unwrap_or([255, 0, 0]);
        labels.children.push(
            Element::new("label")
                .leaf("name", &label.name)
                .leaf("color", format!("#{r:02x}{g:02x}{b:02x}"))
                .leaf("type", "any")
                .child(Element::new("attributes")),
        );
    }
    let task = Element::new("task").leaf("name", "Limner").leaf("size", set.sheets.len()).leaf("mode", "annotation");
    Element::new("meta").child(task.child(labels))
}

fn points_text(points: &[[f64; 2]]) -> String {
    points.iter().map(|[x, y]| format!("{x},{y}")).collect::<Vec<_>>().join(";")
}

fn shape(set: &Set, item: &Item) -> Element {
    let named =
        |kind: &str| Element::new(kind).with("label", set.name_of(item)).with("source", "manual").with("occluded", 0);
    let boxed = |kind: &str, [min, max]: [[f64; 2]; 2]| {
        named(kind).with("xtl", min[0]).with("ytl", min[1]).with("xbr", max[0]).with("ybr", max[1])
    };
    let mut element = match &item.body {
        Body::Box { min, max } => boxed("box", [*min, *max]),
        Body::Turned { centre, size, degrees } => {
            let half = size.map(|s| s / 2.0);
            let upright = [[centre[0] - half[0], centre[1] - half[1]], [centre[0] + half[0], centre[1] + half[1]]];
            boxed("box", upright).with("rotation", degrees.rem_euclid(360.0))
        }
        Body::Ellipse { centre, radii, degrees } => named("ellipse")
            .with("cx", centre[0])
            .with("cy", centre[1])
            .with("rx", radii[0])
            .with("ry", radii[1])
            .with("rotation", degrees.rem_euclid(360.0)),
        Body::Line(points) => named("polyline").with("points", points_text(points)),
        Body::Point(at) => named("points").with("points", points_text(&[*at])),
        Body::Keypoints(points) => {
            let mut skeleton = named("skeleton");
            for (name, at) in points {
                let point = Element::new("points").with("label", name).with("outside", 0).with("occluded", 0);
                skeleton.children.push(point.with("points", points_text(&[*at])));
            }
            skeleton
        }
        Body::Mask(mask) => {
            let [left, top, width, height] = mask.bbox();
            let runs = crop_runs(mask).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            named("mask")
                .with("rle", runs)
                .with("left", left)
                .with("top", top)
                .with("width", width)
                .with("height", height)
        }
        Body::Rings(rings) => named("polygon").with("points", points_text(rings.first().map_or(&[], Vec::as_slice))),
    };
    element = element.with("z_order", 0);
    if let Some(text) = &item.text {
        element.children.push(Element { text: text.clone(), ..Element::new("attribute").with("name", "note") });
    }
    element
}

/// Runs inside the mask's own box, row after row, first those outside.
pub(super) fn crop_runs(mask: &Rle) -> Vec<usize> {
    let [left, top, width, height] = mask.bbox();
    let pixels = mask.pixels();
    let mut runs = vec![0];
    let mut inside = false;
    for y in top..top + height {
        for x in left..left + width {
            if pixels[y * mask.width + x] != inside {
                inside = !inside;
                runs.push(0);
            }
            if let Some(last) = runs.last_mut() {
                *last += 1;
            }
        }
    }
    runs
}

/// The mask of a crop in its picture; `None` where the runs do not fill it or it lies outside.
pub(super) fn from_crop(runs: &[usize], [left, top, width, height]: [usize; 4], size: [usize; 2]) -> Option<Rle> {
    let total = runs.iter().try_fold(0_usize, |sum, run| sum.checked_add(*run))?;
    let fits = left.checked_add(width)? <= size[0] && top.checked_add(height)? <= size[1];
    if !fits || total != width.checked_mul(height)? {
        return None;
    }
    let mut values = vec![0_u16; size[0] * size[1]];
    let mut at = 0;
    for (n, run) in runs.iter().enumerate() {
        if n % 2 == 1 {
            (at..at + run).for_each(|p| values[(top + p / width) * size[0] + left + p % width] = 1);
        }
        at += run;
    }
    Rle::of_values(&values, size[0], size[1]).remove(&1)
}

fn points_of(text: &str) -> Option<Vec<[f64; 2]>> {
    let point = |pair: &str| {
        let (x, y) = pair.split_once(',')?;
        let at = [x.trim().parse::<f64>().ok()?, y.trim().parse::<f64>().ok()?];
        at.iter().all(|x| x.is_finite()).then_some(at)
    };
    text.split(';').map(point).collect()
}

fn body(shape: &Element, size: [usize; 2]) -> Option<Body> {
    let number = |name: &str| shape.number_of(name);
    let points = || points_of(shape.attribute("points")?);
    let degrees = number("rotation").unwrap_or(0.0);
    Some(match shape.name.as_str() {
        "box" => {
            let (min, max) = ([number("xtl")?, number("ytl")?], [number("xbr")?, number("ybr")?]);
            if degrees == 0.0 {
                return Some(Body::Box { min, max });
            }
            let centre = [0, 1].map(|a| f64::midpoint(min[a], max[a]));
            Body::Turned { centre, size: [max[0] - min[0], max[1] - min[1]], degrees }
        }
        "ellipse" => {
            Body::Ellipse { centre: [number("cx")?, number("cy")?], radii: [number("rx")?, number("ry")?], degrees }
        }
        "polygon" => Body::Rings(vec![points()?]).having(3)?,
        "polyline" => Body::Line(points()?).having(2)?,
        "points" => match points()?.as_slice() {
            [one] => Body::Point(*one),
            several => Body::Keypoints(several.iter().enumerate().map(|(n, p)| (format!("{}", n + 1), *p)).collect()),
        },
        "skeleton" => {
            let seen = shape.all("points").filter(|p| p.attribute("outside") != Some("1"));
            let named =
                |p: &Element| Some((p.attribute("label")?.to_owned(), *points_of(p.attribute("points")?)?.first()?));
            let points: BTreeMap<_, _> = seen.map(named).collect::<Option<_>>()?;
            Body::Keypoints(points)
        }
        "mask" => {
            let place = ["left", "top", "width", "height"].map(|name| number(name).filter(|n| *n >= 0.0));
            let place = [place[0]?, place[1]?, place[2]?, place[3]?].map(|n| n as usize);
            let runs: Option<Vec<usize>> = shape.attribute("rle")?.split(',').map(|n| n.trim().parse().ok()).collect();
            Body::Mask(from_crop(&runs?, place, size)?)
        }
        _ => return None,
    })
}

impl Body {
    /// `None` where an outline has fewer corners than it needs.
    fn having(self, corners: usize) -> Option<Self> {
        let enough = match &self {
            Self::Rings(rings) => rings.iter().all(|ring| ring.len() >= corners),
            Self::Line(points) => points.len() >= corners,
            _ => true,
        };
        enough.then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_run_row_after_row_inside_their_box() {
        let mask =
            Rle::of_values(&[0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1], 5, 4).remove(&1).unwrap();
        // The box is columns 1 to 4, all rows.
        let runs = crop_runs(&mask);
        assert_eq!(runs, [1, 2, 1, 3, 2, 1, 5, 1]);
        assert_eq!(from_crop(&runs, mask.bbox(), [5, 4]), Some(mask));
        assert_eq!(from_crop(&[1, 2], [4, 0, 3, 1], [5, 4]), None, "beyond the picture");
        assert_eq!(from_crop(&[usize::MAX, 2], [0, 0, 3, 1], [5, 4]), None);
    }
}
