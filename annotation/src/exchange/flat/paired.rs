//! Pairs of pictures: `images/name.png` and `masks/name.png`, whose grey is the number of the label; `labels.csv` says
//! which. What HER-Seg, SAM-Med2D and most segmentation code read.

use super::body::Body;
use super::panoptic::{as_mask, flattened};
use super::rle::Rle;
use super::{Fit, Flat, Item, OUTLINES, OVERLAPS, POINTS, Set, Sheet};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::{Job, csv, folder};
use limner_imaging::{Geometry, Samples, Volume, World, formats};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) struct PairedPng;

const LABELS: &str = "labels.csv";

impl Flat for PairedPng {
    fn name(&self) -> &'static str {
        "paired-png"
    }

    fn title(&self) -> &'static str {
        "Paired PNG pictures and masks"
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[OUTLINES, POINTS, OVERLAPS]
    }

    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit {
        as_mask(item, size)
    }

    fn settle(&self, items: Vec<Item>) -> (Vec<Item>, usize) {
        let (items, hidden) = flattened(items);
        // One mask per label: the file knows no instances.
        let mut by_label: BTreeMap<Option<u16>, Item> = BTreeMap::new();
        for item in items {
            match by_label.get_mut(&item.label) {
                Some(known) => {
                    if let (Body::Mask(a), Body::Mask(b)) = (&known.body, &item.body) {
                        known.body = Body::Mask(a.union(b));
                    }
                }
                None => drop(by_label.insert(item.label, item)),
            }
        }
        (by_label.into_values().collect(), hidden)
    }

    fn nothing(&self) -> &'static str {
        "there is no pair in this folder: for every picture in images a mask of the same name is looked for in masks"
    }

    fn picture(&self, stem: &str, part: Option<&str>) -> String {
        part.map_or_else(|| format!("images/{stem}.png"), |part| format!("{part}/images/{stem}.png"))
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        let classes: BTreeMap<u16, usize> = set.labels.iter().zip(1..).map(|(label, n)| (label.value, n)).collect();
        let deep = classes.len() > 255;
        let mut text = "value,name\n0,background\n".to_owned();
        for (label, n) in set.labels.iter().zip(1..) {
            text.push_str(&csv::line(&[n.to_string(), label.name.clone()]));
        }
        folder::write(&out.join(LABELS), text.as_bytes())?;
        for sheet in &set.sheets {
            job.task.cancel.check()?;
            let [width, height] = sheet.size;
            let mut values = vec![0_u16; width * height];
            for item in &sheet.items {
                let (Body::Mask(mask), Some(class)) = (&item.body, item.label.and_then(|v| classes.get(&v))) else {
                    continue;
                };
                let inside = mask.pixels();
                values.iter_mut().zip(inside).filter(|(_, inside)| *inside).for_each(|(v, _)| *v = *class as u16);
            }
            let samples =
                if deep { Samples::U16(values) } else { Samples::U8(values.iter().map(|v| *v as u8).collect()) };
            let geometry = Geometry::axis_aligned([width, height, 1], World::default(), [1.0; 3])?;
            let path = out.join(mask_of(&sheet.file));
            folder::make(path.parent().unwrap_or(out))?;
            formats::write(&Volume::new(geometry, samples, 1)?, &path)?;
        }
        Ok(())
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        if path.is_file() {
            let reason = "a paired data set is a folder, with its pictures in images and their masks in masks; one mask \
                          alone is read without naming a format";
            return Err(Error::export(path, reason));
        }
        let mut set = Set::default();
        let mut names: BTreeMap<u32, String> = BTreeMap::new();
        let table = path.join(LABELS);
        if table.is_file() {
            for row in csv::rows(&folder::read_text(&table)?).into_iter().skip(1) {
                if let [value, name, ..] = row.as_slice()
                    && let Ok(value) = value.parse()
                {
                    names.insert(value, name.clone());
                }
            }
        }
        for file in folder::files_under(path)? {
            reading.task.cancel.check()?;
            let inside = file.strip_prefix(path).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            let mask = path.join(mask_of(&inside));
            if !inside.contains("images/") || !mask.is_file() {
                continue;
            }
            let picture = formats::open_single(&mask, reading.task)?;
            let size = [picture.size()[0], picture.size()[1]];
            let values: Option<Vec<u16>> = (0..size[0] * size[1])
                .map(|n| picture.samples().get(n * picture.channels()))
                .map(|v| (v.fract() == 0.0 && (0.0..65536.0).contains(&v)).then_some(v as u16))
                .collect();
            let values = values.ok_or_else(|| Error::export(&mask, "a mask holds whole numbers"))?;
            let mut items = Vec::new();
            for (value, mask) in Rle::of_values(&values, size[0], size[1]) {
                let name = names.get(&u32::from(value)).cloned().unwrap_or_else(|| format!("label {value}"));
                items.push(Item { label: Some(set.value_of(&name)), body: Body::Mask(mask), text: None });
            }
            set.sheets.push(Sheet { file: inside, size, number: 0, part: None, source: None, items });
        }
        Ok(set)
    }
}

fn mask_of(picture: &str) -> String {
    match picture.rsplit_once("images/") {
        Some((before, name)) => format!("{before}masks/{name}"),
        None => format!("masks/{picture}"),
    }
}
