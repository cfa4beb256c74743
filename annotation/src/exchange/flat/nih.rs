//! The box table of ChestX-ray8/14: one finding per row, x, y, width and height in pixels, under the header that the
//! original has, split brackets and all.

use super::body::Body;
use super::{CURVES, Fit, Flat, Item, OUTLINES, PIXELS, POINTS, Set, Sheet, TURNS};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::{Job, csv, folder};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) struct NihBoxes;

const FILE: &str = "BBox_List_2017.csv";
const HEADER: &str = "Image Index,Finding Label,Bbox [x,y,w,h],,,";

impl Flat for NihBoxes {
    fn name(&self) -> &'static str {
        "nih-bbox"
    }

    fn title(&self) -> &'static str {
        "NIH ChestX-ray boxes"
    }

    fn status(&self) -> crate::exchange::Status {
        crate::exchange::Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[PIXELS, OUTLINES, CURVES, TURNS, POINTS]
    }

    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit {
        super::yolo::DETECT.fit(item, size)
    }

    fn picture(&self, stem: &str, _: Option<&str>) -> String {
        format!("images/{stem}.png")
    }

    fn put(&self, set: &Set, out: &Path, _: &Job<'_>) -> Result<()> {
        let mut text = format!("{HEADER}\n");
        for sheet in &set.sheets {
            let name = sheet.file.rsplit('/').next().unwrap_or(&sheet.file);
            for item in &sheet.items {
                let Some([min, max]) = item.body.bounds() else { continue };
                let numbers = [min[0], min[1], max[0] - min[0], max[1] - min[1]].map(|x| x.to_string());
                let row =
                    [vec![name.to_owned(), set.name_of(item).to_owned()], numbers.to_vec(), vec![String::new(); 3]];
                text.push_str(&csv::line(&row.concat()));
            }
        }
        folder::write(&out.join(FILE), text.as_bytes())
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let file = if path.is_dir() { path.join(FILE) } else { path.to_path_buf() };
        let root = file.parent().unwrap_or(path).to_path_buf();
        let mut set = Set::default();
        let mut sheets: BTreeMap<String, Sheet> = BTreeMap::new();
        // The header splits its brackets over columns: what counts is the place of a column.
        for (n, row) in csv::rows(&folder::read_text(&file)?).into_iter().enumerate().skip(1) {
            let wrong = || Error::export(&file, format!("row {} has no box", n + 1));
            let [name, label, numbers @ ..] = row.as_slice() else { return Err(wrong()) };
            let numbers: Option<Vec<f64>> = numbers.iter().take(4).map(|word| word.trim().parse().ok()).collect();
            let Some([x, y, w, h]) = numbers.as_deref() else { return Err(wrong()) };
            if !sheets.contains_key(name) {
                let inside = format!("images/{name}");
                let picture = crate::exchange::names::inside(&root, &inside).filter(|picture| picture.is_file());
                // The original's pictures are all of this size.
                let size = picture.map_or(Ok([1024, 1024]), |picture| super::yolo::size_of(&picture, reading))?;
                let sheet = Sheet { file: inside, size, number: 0, part: None, source: None, items: Vec::new() };
                sheets.insert(name.clone(), sheet);
            }
            let label = Some(set.value_of(label));
            let body = Body::Box { min: [*x, *y], max: [x + w, y + h] };
            if let Some(sheet) = sheets.get_mut(name) {
                sheet.items.push(Item { label, body, text: None });
            }
        }
        set.sheets = sheets.into_values().collect();
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_the_original_one() {
        assert_eq!(csv::rows(HEADER)[0], ["Image Index", "Finding Label", "Bbox [x", "y", "w", "h]", "", "", ""]);
    }
}
