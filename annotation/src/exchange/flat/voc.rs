//! Pascal VOC: one XML file per picture with upright boxes. The original counts pixels from 1 and includes the last one;
//! `--set origin=0` writes 0-based corners, as many tools do.

use super::body::Body;
use super::{CURVES, Fit, Flat, Item, OUTLINES, PIXELS, POINTS, Set, Sheet, TURNS};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::xml::{self, Element};
use crate::exchange::{Job, folder};
use std::path::Path;

pub(crate) struct Voc;

/// Says how the corners are counted, for our own files.
const SOURCE: &str = "Limner, corners from";

impl Flat for Voc {
    fn name(&self) -> &'static str {
        "voc"
    }

    fn title(&self) -> &'static str {
        "Pascal VOC"
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[PIXELS, OUTLINES, CURVES, TURNS, POINTS, FRACTIONS]
    }

    fn fit(&self, item: &Item, _: [usize; 2]) -> Fit {
        let word = match &item.body {
            Body::Mask(_) => PIXELS,
            Body::Ellipse { .. } => CURVES,
            Body::Turned { .. } => TURNS,
            Body::Box { .. } => FRACTIONS,
            _ => OUTLINES,
        };
        let Some([min, max]) = item.body.bounds().filter(|_| item.body.has_area()) else { return Fit::Lost(POINTS) };
        // Whole pixels: every pixel that the box touches by half or more, at least one.
        let low = min.map(f64::round);
        let high = [0, 1].map(|a| max[a].round().max(low[a] + 1.0));
        let whole = Body::Box { min: low, max: high };
        if whole == item.body {
            Fit::Kept(item.clone())
        } else {
            Fit::Changed(Item { body: whole, ..item.clone() }, word)
        }
    }

    fn picture(&self, stem: &str, _: Option<&str>) -> String {
        format!("JPEGImages/{stem}.png")
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        let origin = if job.options.choice("origin") == Some("0") { 0 } else { 1 };
        for sheet in &set.sheets {
            job.task.cancel.check()?;
            let path = out.join("Annotations").join(format!("{}.xml", sheet.stem()));
            folder::write(&path, annotation(set, sheet, origin).to_text().as_bytes())?;
        }
        let mut parts = job.options.part_names();
        if parts.is_empty() {
            parts.push("trainval");
        }
        for part in parts {
            let mine = set.sheets.iter().filter(|sheet| sheet.part.as_deref().unwrap_or("trainval") == part);
            let names: String = mine.map(|sheet| format!("{}\n", sheet.stem())).collect();
            folder::write(&out.join("ImageSets/Main").join(format!("{part}.txt")), names.as_bytes())?;
        }
        Ok(())
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let mut files = if path.is_dir() { folder::files_under(path)? } else { vec![path.to_path_buf()] };
        files.retain(|file| file.extension().is_some_and(|e| e.eq_ignore_ascii_case("xml")));
        let mut set = Set::default();
        for file in files {
            reading.task.cancel.check()?;
            let at = |error: Error| Error::export(&file, error.to_string());
            let root = xml::parse(&folder::read_text(&file)?).map_err(at)?;
            let sheet = sheet(&root, &mut set).map_err(at)?;
            set.sheets.push(sheet);
        }
        Ok(set)
    }
}

const FRACTIONS: &str = "fractions of a pixel";

fn annotation(set: &Set, sheet: &Sheet, origin: u8) -> Element {
    let from = f64::from(origin);
    let [width, height] = sheet.size;
    let name = sheet.file.rsplit('/').next().unwrap_or(&sheet.file);
    let mut root = Element::new("annotation")
        .leaf("folder", "JPEGImages")
        .leaf("filename", name)
        .child(Element::new("source").leaf("annotation", format!("{SOURCE} {origin}")))
        .child(Element::new("size").leaf("width", width).leaf("height", height).leaf("depth", 1))
        .leaf("segmented", 0);
    for item in &sheet.items {
        let Some([min, max]) = item.body.bounds() else { continue };
        // The last pixel inside, counted from the origin.
        let corners = Element::new("bndbox")
            .leaf("xmin", min[0] + from)
            .leaf("ymin", min[1] + from)
            .leaf("xmax", max[0] - 1.0 + from)
            .leaf("ymax", max[1] - 1.0 + from);
        let object = Element::new("object")
            .leaf("name", set.name_of(item))
            .leaf("pose", "Unspecified")
            .leaf("truncated", 0)
            .leaf("difficult", 0)
            .child(corners);
        root = root.child(object);
    }
    root
}

fn sheet(root: &Element, set: &mut Set) -> Result<Sheet> {
    let missing = |what: &str| Error::refused(format!("<{what}> is missing or no number"));
    let size = root.find("size").ok_or_else(|| missing("size"))?;
    let side = |name: &str| size.number(name).filter(|n| *n >= 1.0).map(|n| n as usize).ok_or_else(|| missing(name));
    let zero = root.find("source").and_then(|s| s.word("annotation")).is_some_and(|s| s == format!("{SOURCE} 0"));
    let from = if zero { 0.0 } else { 1.0 };
    let name = root.word("filename").ok_or_else(|| missing("filename"))?;
    let home = root.word("folder").filter(|folder| *folder == "JPEGImages");
    let mut items = Vec::new();
    for object in root.all("object") {
        let corners = object.find("bndbox").ok_or_else(|| missing("bndbox"))?;
        let at = |name: &str| corners.number(name).ok_or_else(|| missing(name));
        let min = [at("xmin")? - from, at("ymin")? - from];
        let max = [at("xmax")? + 1.0 - from, at("ymax")? + 1.0 - from];
        let label = set.value_of(object.word("name").unwrap_or("unnamed"));
        if min[0] < max[0] && min[1] < max[1] {
            items.push(Item { label: Some(label), body: Body::Box { min, max }, text: None });
        }
    }
    let file = home.map_or_else(|| name.to_owned(), |home| format!("{home}/{name}"));
    Ok(Sheet { file, size: [side("width")?, side("height")?], number: 0, part: None, source: None, items })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_box_counts_from_one_and_includes_its_last_pixel() {
        let mut set = Set::default();
        let label = Some(set.value_of("x"));
        let body = Body::Box { min: [100.0, 50.0], max: [300.0, 250.0] };
        let items = vec![Item { label, body, text: None }];
        let file = "JPEGImages/a.png".to_owned();
        let page = Sheet { file, size: [512, 400], number: 1, part: None, source: None, items };
        for (origin, golden) in [(1, [101.0, 51.0, 300.0, 250.0]), (0, [100.0, 50.0, 299.0, 249.0])] {
            let root = annotation(&set, &page, origin);
            let corners = root.find("object").and_then(|o| o.find("bndbox")).unwrap();
            assert_eq!(["xmin", "ymin", "xmax", "ymax"].map(|n| corners.number(n).unwrap()), golden);
            assert_eq!(sheet(&xml::parse(&root.to_text()).unwrap(), &mut set).unwrap().items, page.items);
        }
    }
}
