//! Hugging Face data sets of pictures: an ImageFolder (`metadata.jsonl` beside the pictures of each part) or Parquet
//! files with the pictures inside; with a data card and a Croissant description either way.
//!
//! Types never change from record to record: lists are lists even when empty, numbers are doubles.

use super::body::Body;
use super::card;
use super::rle::Rle;
use super::{Fit, Flat, Item, OUTLINES, POINTS, Set, Sheet, TURNS};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::parquet::{self, Cell, Field, Type};
use crate::exchange::{Job, folder, names};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Folder,
    Parquet,
}

pub(crate) struct Hub(Layout);

pub(crate) const IMAGE_FOLDER: Hub = Hub(Layout::Folder);
pub(crate) const PARQUET: Hub = Hub(Layout::Parquet);

/// Pictures in one Parquet file; more make another file.
const FILE_BYTES: usize = 400 << 20;

/// One record of `metadata.jsonl`.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    pub file_name: String,
    pub width: f64,
    pub height: f64,
    pub objects: Objects,
}

/// Parallel lists, as the hub's viewers expect them.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Objects {
    pub bbox: Vec<[f64; 4]>,
    pub categories: Vec<String>,
    /// COCO's compressed run lengths; empty for a plain box.
    #[serde(default)]
    pub rle: Vec<String>,
}

impl Flat for Hub {
    fn name(&self) -> &'static str {
        if self.0 == Layout::Folder { "hf-imagefolder" } else { "hf-parquet" }
    }

    fn title(&self) -> &'static str {
        if self.0 == Layout::Folder { "Hugging Face image folder" } else { "Hugging Face Parquet" }
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[OUTLINES, TURNS, POINTS]
    }

    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit {
        match &item.body {
            Body::Mask(_) | Body::Box { .. } => Fit::Kept(item.clone()),
            body if body.has_area() => {
                let mask = body.mask(size);
                let word = if matches!(body, Body::Turned { .. }) { TURNS } else { OUTLINES };
                if mask.area() == 0 {
                    Fit::Lost(word)
                } else {
                    Fit::Changed(Item { body: Body::Mask(mask), ..item.clone() }, word)
                }
            }
            _ => Fit::Lost(POINTS),
        }
    }

    fn picture(&self, stem: &str, part: Option<&str>) -> String {
        format!("{}/{stem}.png", part.unwrap_or("train"))
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        let mut data_files = Vec::new();
        for part in parts(set) {
            let sheets: Vec<&Sheet> = set.sheets.iter().filter(|sheet| part_of(sheet) == part).collect();
            match self.0 {
                Layout::Folder => {
                    let lines = sheets.iter().map(|sheet| json!(record(set, sheet)));
                    folder::write_json_lines(&out.join(part).join("metadata.jsonl"), lines)?;
                    data_files.push((part.to_owned(), format!("{part}/**")));
                }
                Layout::Parquet => {
                    write_parquet(set, &sheets, part, out, job)?;
                    data_files.push((part.to_owned(), format!("data/{part}-*.parquet")));
                }
            }
        }
        let kind = if self.0 == Layout::Folder { card::Kind::Folder } else { card::Kind::Parquet };
        card::write(kind, set, &data_files, out, job)
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let mut set = Set::default();
        if self.0 == Layout::Parquet {
            for file in files_named(path, ".parquet")? {
                reading.task.cancel.check()?;
                for (name, record) in parquet_records(&file)? {
                    let sheet = sheet_of(name, record, &mut set, &file)?;
                    set.sheets.push(sheet);
                }
            }
            return Ok(set);
        }
        for file in files_named(path, "metadata.jsonl")? {
            let home = file.parent().unwrap_or(path);
            let root = if path.is_file() { home } else { path };
            let before = home.strip_prefix(root).unwrap_or(home).to_string_lossy().replace('\\', "/");
            for (n, line) in folder::read_text(&file)?.lines().enumerate() {
                let record: Record = serde_json::from_str(line)
                    .map_err(|error| Error::export(&file, format!("line {} cannot be read: {error}", n + 1)))?;
                let name =
                    if before.is_empty() { record.file_name.clone() } else { format!("{before}/{}", record.file_name) };
                let sheet = sheet_of(name, record, &mut set, &file)?;
                set.sheets.push(sheet);
            }
        }
        Ok(set)
    }
}

fn part_of(sheet: &Sheet) -> &str {
    sheet.part.as_deref().unwrap_or("train")
}

pub(super) fn parts(set: &Set) -> Vec<&str> {
    set.sheets.iter().map(part_of).collect::<BTreeSet<_>>().into_iter().collect()
}

fn files_named(path: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = folder::files_under(path)?;
    files.retain(|file| file.to_string_lossy().ends_with(ending));
    if files.is_empty() {
        return Err(Error::export(path, format!("no {ending} was found")));
    }
    Ok(files)
}

pub(super) fn record(set: &Set, sheet: &Sheet) -> Record {
    let name = sheet.file.rsplit('/').next().unwrap_or(&sheet.file);
    let mut objects = Objects::default();
    for item in &sheet.items {
        let [low, high] = item.body.bounds().unwrap_or_default();
        objects.bbox.push([low[0], low[1], high[0] - low[0], high[1] - low[1]]);
        objects.categories.push(set.name_of(item).to_owned());
        objects.rle.push(if let Body::Mask(mask) = &item.body { mask.text() } else { String::new() });
    }
    Record { file_name: name.into(), width: sheet.size[0] as f64, height: sheet.size[1] as f64, objects }
}

pub(super) fn sheet_of(file: String, record: Record, set: &mut Set, path: &Path) -> Result<Sheet> {
    let size = [record.width, record.height].map(|n| n.max(0.0) as usize);
    let wrong = |what: &str| Error::export(path, format!("{file}: {what}"));
    let objects = record.objects;
    if objects.bbox.len() != objects.categories.len() {
        return Err(wrong("there are not as many boxes as categories"));
    }
    let mut items = Vec::new();
    for (n, (bbox, category)) in objects.bbox.iter().zip(&objects.categories).enumerate() {
        let [x, y, w, h] = *bbox;
        let body = match objects.rle.get(n).filter(|text| !text.is_empty()) {
            Some(text) => Body::Mask(Rle::from_text(text, size[0], size[1]).ok_or_else(|| wrong("a mask is broken"))?),
            None => Body::Box { min: [x, y], max: [x + w, y + h] },
        };
        items.push(Item { label: Some(set.value_of(category)), body, text: None });
    }
    Ok(Sheet { file, size, number: 0, part: None, source: None, items })
}

fn fields() -> Vec<Field> {
    let image = Field::Struct("image".into(), vec![Field::leaf("bytes", Type::Bytes), Field::leaf("path", Type::Text)]);
    let objects = Field::Struct(
        "objects".into(),
        vec![
            Field::list(Field::list(Field::leaf("bbox", Type::Double))),
            Field::list(Field::leaf("categories", Type::Text)),
            Field::list(Field::leaf("rle", Type::Text)),
        ],
    );
    vec![image, Field::leaf("width", Type::Double), Field::leaf("height", Type::Double), objects]
}

/// Says which columns are what; a plain struct of bytes would stay a struct.
pub(super) fn features() -> Value {
    let of = |dtype: &str| json!({"dtype": dtype, "_type": "Value"});
    let list = |feature: Value| json!({"feature": feature, "_type": "List"});
    json!({
        "image": {"_type": "Image"}, "width": of("float64"), "height": of("float64"),
        "objects": {"bbox": list(list(of("float64"))), "categories": list(of("string")), "rle": list(of("string"))},
    })
}

fn write_parquet(set: &Set, sheets: &[&Sheet], part: &str, out: &Path, job: &Job<'_>) -> Result<()> {
    let mut files: Vec<Vec<Vec<Cell>>> = vec![Vec::new()];
    let mut size = 0;
    for sheet in sheets {
        job.task.cancel.check()?;
        let path = out.join(&sheet.file);
        let bytes = folder::read(&path)?;
        // The picture lives inside the table from now on.
        std::fs::remove_file(&path).map_err(Error::io(&path, "could not remove the loose picture"))?;
        size += bytes.len();
        if size > FILE_BYTES {
            files.push(Vec::new());
            size = bytes.len();
        }
        let row = row(&record(set, sheet), bytes, &sheet.file);
        if let Some(rows) = files.last_mut() {
            rows.push(row);
        }
    }
    let loose = out.join(part);
    if loose.is_dir() {
        std::fs::remove_dir(&loose).map_err(Error::io(&loose, "could not remove the empty folder"))?;
    }
    let metadata = [("huggingface", json!({"info": {"features": features()}}).to_string())];
    let count = files.len();
    for (n, rows) in files.iter().enumerate() {
        let path = out.join(format!("data/{part}-{n:05}-of-{count:05}.parquet"));
        parquet::write(&path, &fields(), rows, &metadata)?;
    }
    Ok(())
}

fn row(record: &Record, bytes: Vec<u8>, file: &str) -> Vec<Cell> {
    let text = |text: &String| Cell::Text(text.clone());
    let bbox = |b: &[f64; 4]| Cell::List(b.iter().map(|x| Cell::Double(*x)).collect());
    let objects = Cell::Struct(vec![
        Cell::List(record.objects.bbox.iter().map(bbox).collect()),
        Cell::List(record.objects.categories.iter().map(text).collect()),
        Cell::List(record.objects.rle.iter().map(text).collect()),
    ]);
    let image = Cell::Struct(vec![Cell::Bytes(bytes), Cell::Text(file.to_owned())]);
    vec![image, Cell::Double(record.width), Cell::Double(record.height), objects]
}

/// The records of a file of our own, each with the path of its picture.
fn parquet_records(path: &Path) -> Result<Vec<(String, Record)>> {
    let broken =
        || Error::export(path, "this Parquet file is not laid out as Limner writes it; read it as an image folder");
    let rows = parquet::read(path, &fields())?;
    let mut records = Vec::new();
    for row in rows {
        let [Cell::Struct(image), Cell::Double(width), Cell::Double(height), Cell::Struct(objects)] = &row[..] else {
            return Err(broken());
        };
        let (Some(Cell::Text(name)), [Cell::List(boxes), Cell::List(categories), Cell::List(rle)]) =
            (image.get(1), &objects[..])
        else {
            return Err(broken());
        };
        let texts = |cells: &[Cell]| -> Option<Vec<String>> {
            cells.iter().map(|cell| if let Cell::Text(t) = cell { Some(t.clone()) } else { None }).collect()
        };
        let number = |cell: &Cell| if let Cell::Double(x) = cell { Some(*x) } else { None };
        let bbox = |cell: &Cell| -> Option<[f64; 4]> {
            let Cell::List(cells) = cell else { return None };
            cells.iter().map(number).collect::<Option<Vec<_>>>()?.try_into().ok()
        };
        let objects = Objects {
            bbox: boxes.iter().map(bbox).collect::<Option<_>>().ok_or_else(broken)?,
            categories: texts(categories).ok_or_else(broken)?,
            rle: texts(rle).ok_or_else(broken)?,
        };
        let file_name = name.rsplit('/').next().unwrap_or(name).to_owned();
        names::inside(Path::new("."), name).ok_or_else(broken)?;
        records.push((name.clone(), Record { file_name, width: *width, height: *height, objects }));
    }
    Ok(records)
}

/// How many pictures and objects each part has.
pub(super) fn counts(set: &Set) -> BTreeMap<&str, (usize, usize)> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for sheet in &set.sheets {
        let count = counts.entry(part_of(sheet)).or_default();
        *count = (count.0 + 1, count.1 + sheet.items.len());
    }
    counts
}
