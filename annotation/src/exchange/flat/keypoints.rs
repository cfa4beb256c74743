//! COCO keypoints: named points as `[x, y, v]`, in the order that the category lists them; v is 2 for a point that is
//! there and 0 for one that is not.

use super::body::Body;
use super::coco::{self, Annotation, Told};
use super::{Fit, Flat, Item, OUTLINES, POINTS, Set, Sheet};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::{Job, folder};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) struct Keypoints;

impl Flat for Keypoints {
    fn name(&self) -> &'static str {
        "coco-keypoints"
    }

    fn title(&self) -> &'static str {
        "COCO keypoints"
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[OUTLINES, POINTS]
    }

    fn fit(&self, item: &Item, _: [usize; 2]) -> Fit {
        match &item.body {
            Body::Keypoints(_) => Fit::Kept(item.clone()),
            Body::Point(_) | Body::Line(_) => Fit::Lost(POINTS),
            _ => Fit::Lost(OUTLINES),
        }
    }

    fn picture(&self, stem: &str, _: Option<&str>) -> String {
        format!("images/{stem}.png")
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        for (name, part) in coco::parts(job.options.part_names()) {
            let mut file = coco::file_of(set, part, |item, size| tell(set, item, size));
            for category in &mut file.categories {
                category.keypoints = names_of(set, u16::try_from(category.id).ok());
            }
            folder::write_json(&out.join(name), &file)?;
        }
        Ok(())
    }

    fn get(&self, path: &Path, _: &Reading<'_>) -> Result<Set> {
        let mut set = Set::default();
        for file in coco::annotation_files(path)? {
            let named: coco::File = folder::read_json(&file)?;
            coco::read(&file, &mut set, &|annotation, _| body_of(&named, annotation))?;
        }
        Ok(set)
    }
}

/// The points that any item with this label has, in order.
fn names_of(set: &Set, label: Option<u16>) -> Vec<String> {
    let items = set.sheets.iter().flat_map(|sheet: &Sheet| &sheet.items).filter(|item| item.label == label);
    let points =
        items.filter_map(|item| if let Body::Keypoints(points) = &item.body { Some(points.keys()) } else { None });
    points.flatten().collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

fn tell(set: &Set, item: &Item, _: [usize; 2]) -> Told {
    let [low, high] = item.body.bounds().unwrap_or_default();
    let bbox = [low[0], low[1], high[0] - low[0], high[1] - low[1]];
    let Body::Keypoints(points) = &item.body else {
        return Told { bbox, area: 0.0, segmentation: None, keypoints: None };
    };
    let number = |name: &String| points.get(name).map_or([0.0; 3], |[x, y]| [*x, *y, 2.0]);
    let keypoints = Some(names_of(set, item.label).iter().flat_map(number).collect());
    Told { bbox, area: bbox[2] * bbox[3], segmentation: None, keypoints }
}

fn body_of(file: &coco::File, annotation: &Annotation) -> Result<Option<Body>> {
    let Some(numbers) = &annotation.keypoints else { return Ok(None) };
    let category = file.categories.iter().find(|category| Some(category.id) == annotation.category_id);
    let names: &[String] = category.map_or(&[], |category| &category.keypoints);
    let (triples, rest) = numbers.as_chunks::<3>();
    if !rest.is_empty() || numbers.iter().any(|x| !x.is_finite()) {
        return Err(Error::refused("keypoints come in threes"));
    }
    let name = |n: usize| names.get(n).cloned().unwrap_or_else(|| format!("point {}", n + 1));
    let seen = triples.iter().enumerate().filter(|(_, [.., v])| *v > 0.0);
    let points: std::collections::BTreeMap<_, _> = seen.map(|(n, [x, y, _])| (name(n), [*x, *y])).collect();
    Ok((!points.is_empty()).then_some(Body::Keypoints(points)))
}
