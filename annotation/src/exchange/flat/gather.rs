//! From a project to sheets, and from sheets to pictures on disk.

use super::rle::Rle;
use super::{
    ACROSS, Body, Fit, Flat, Item, MEASURES, NO_LABEL, NOTES, OVERLAPS, Reframe, SOLIDS, Set, SetLabel, Sheet, Source,
    picture, reframe,
};
use crate::LabelId;
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::case::Case;
use crate::exchange::{DryRun, Job, Options, folder};
use crate::shapes::{Form, Shape, Slice};
use limner_imaging::{Volume, VoxelBox, formats};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Sheets and items are numbered in decimal places of their own, so that shards of an export can be joined.
const SHEETS_PER_CASE: u64 = 1_000_000;
pub(super) const ITEMS_PER_SHEET: u64 = 10_000;

/// All sheets of an export with the items as the format holds them; what is lost on the way goes into `run`.
pub(super) fn set(flat: &dyn Flat, contents: &Contents, options: &Options, run: &mut DryRun) -> Set {
    let cases = options.cases(contents);
    let gathered: Vec<(Vec<Sheet>, DryRun)> =
        cases.par_iter().map(|case| sheets(flat, contents, options, case)).collect();
    let mut set = Set { labels: labels(contents), sheets: Vec::new() };
    for (sheets, one) in gathered {
        run.join(one);
        set.sheets.extend(sheets);
    }
    set
}

pub(crate) fn labels(contents: &Contents) -> Vec<SetLabel> {
    let ancestors = |mut id: Option<LabelId>| {
        let mut names = Vec::new();
        while let Some(label) = id.and_then(|id| contents.label(id)) {
            names.insert(0, label.name.clone());
            id = label.parent;
        }
        names
    };
    let row = |label: &crate::labels::Label| SetLabel {
        value: label.value,
        name: label.name.clone(),
        ancestors: ancestors(label.parent),
        colour: Some(label.colour()),
    };
    contents.labels().into_iter().map(row).collect()
}

fn sheets(flat: &dyn Flat, contents: &Contents, options: &Options, case: &Case<'_>) -> (Vec<Sheet>, DryRun) {
    let mut run = DryRun::default();
    let mut by_slice = found_on(contents, case, &mut run);
    // An empty picture says "nothing here"; only who looked at all of them may say so.
    let keeps_empty = options.choice("empty") == Some("keep");
    if keeps_empty {
        for index in 0..case.image.size()[2] {
            by_slice.entry(index).or_default();
        }
    }
    let mut sheets = Vec::new();
    for (index, found) in by_slice {
        let Ok(reframe) = reframe_of(options, case, &found) else {
            run.block(case.name.clone(), "the part that is asked for lies outside of this picture");
            return (Vec::new(), run);
        };
        let items = fitted(flat, case, (index, found), reframe.as_ref(), &mut run);
        if items.is_empty() && !keeps_empty {
            continue;
        }
        let before = items.len();
        let (items, changed) = flat.settle(items);
        for _ in 0..changed {
            run.lose(OVERLAPS, || format!("slice {} of {}: the upper one hides the lower", index + 1, case.name));
        }
        run.records -= before - items.len();
        sheets.push(sheet(flat, case, index, items, reframe));
    }
    (sheets, run)
}

/// What is on a slice, with what it is called for people.
type Found = Vec<(Item, &'static str)>;

/// All that is painted and drawn, by slice; what lies on none goes into `run`.
fn found_on(contents: &Contents, case: &Case<'_>, run: &mut DryRun) -> BTreeMap<usize, Found> {
    let mut by_slice: BTreeMap<usize, Found> = BTreeMap::new();
    let size = case.image.size();
    for index in 0..size[2] {
        for (value, mask) in masks_on(contents, case, index) {
            let item = Item { label: Some(value), body: Body::Mask(mask), text: None };
            by_slice.entry(index).or_default().push((item, "mask"));
        }
    }
    for shape in contents.shapes_on(case.image.id) {
        let what = shape.form.name();
        for placed in on_slices(shape, size) {
            let label = shape.label.and_then(|id| contents.label(id)).map(|label| label.value);
            match placed {
                Ok(_) if label.is_none() => run.lose_drawn(NO_LABEL, what, || format!("on {}", case.name)),
                Ok((index, body)) => {
                    let item = Item { label, body, text: shape.text.clone() };
                    by_slice.entry(index).or_default().push((item, what));
                }
                Err(field) => run.lose_drawn(field, what, || format!("on {}", case.name)),
            }
        }
    }
    by_slice
}

/// How a picture is cut and scaled; none where it is written as it is. Fails where nothing of it is left.
fn reframe_of(options: &Options, case: &Case<'_>, found: &Found) -> Result<Option<Reframe>, ()> {
    if options.crop.is_none() && options.resize.is_none() {
        return Ok(None);
    }
    let [width, height, _] = case.image.size();
    let items: Vec<&Item> = found.iter().map(|(item, _)| item).collect();
    Reframe::of([width, height], &items, options.crop, options.resize).map(Some).ok_or(())
}

/// The items of a slice as the format holds them, in the pixels that are written.
fn fitted(
    flat: &dyn Flat,
    case: &Case<'_>,
    (index, found): (usize, Found),
    reframe: Option<&Reframe>,
    run: &mut DryRun,
) -> Vec<Item> {
    let [width, height, _] = case.image.size();
    let plane = reframe.map_or([width, height], Reframe::size);
    let mut items = Vec::new();
    for (item, what) in found {
        let place = |how: &str| format!("on slice {} of {}{how}", index + 1, case.name);
        let item = match reframe.map(|reframe| reframe.body(&item.body)) {
            None => item,
            Some(None) => {
                run.lose_drawn(reframe::CUT, what, || place(""));
                continue;
            }
            Some(Some((body, lost))) => {
                if let Some(field) = lost {
                    run.lose_drawn(field, what, || place(" changes its form"));
                }
                Item { body, ..item }
            }
        };
        let noted = item.text.is_some() && !flat.keeps_text();
        match flat.fit(&item, plane) {
            Fit::Lost(field) => {
                run.lose_drawn(field, what, || place(""));
                continue;
            }
            Fit::Kept(item) => items.push(item),
            Fit::Changed(item, field) => {
                run.lose_drawn(field, what, || place(" changes its form"));
                items.push(item);
            }
        }
        if noted {
            run.lose_drawn(NOTES, what, || place(" loses its note"));
        }
        run.records += 1;
    }
    items
}

fn sheet(flat: &dyn Flat, case: &Case<'_>, index: usize, items: Vec<Item>, reframe: Option<Reframe>) -> Sheet {
    let [width, height, _] = case.image.size();
    let spacing = case.image.geometry.spacing_mm();
    let scale = reframe.map_or([1.0; 2], |reframe| reframe.scale());
    let stem = format!("{}_slice_{:05}", case.name, index + 1);
    Sheet {
        file: flat.picture(&stem, case.part.as_deref()),
        size: reframe.map_or([width, height], |reframe| reframe.size()),
        number: case.number as u64 * SHEETS_PER_CASE + index as u64 + 1,
        part: case.part.clone(),
        source: Some(Source {
            image: case.image.id,
            slice: Slice::stored(index),
            sha256: case.image.sha256.clone(),
            step: (spacing[0] / scale[0]).max(spacing[1] / scale[1]),
            reframe,
        }),
        items,
    }
}

/// The first sheets of an export; no more images are looked at than they need.
pub(super) fn first_sheets(flat: &dyn Flat, contents: &Contents, options: &Options, most: usize) -> Set {
    let mut set = Set { labels: labels(contents), sheets: Vec::new() };
    for case in options.cases(contents) {
        if set.sheets.len() >= most {
            break;
        }
        set.sheets.extend(sheets(flat, contents, options, &case).0);
    }
    set.sheets.truncate(most);
    set
}

/// Where a shape is on stored slices: points of a set may lie on several.
fn on_slices(shape: &Shape, size: [usize; 3]) -> Vec<Result<(usize, Body), &'static str>> {
    let slice_of = |at: [f64; 3]| {
        let nearest = at[2].round();
        (nearest >= 0.0 && nearest < size[2] as f64).then_some(nearest as usize).ok_or(ACROSS)
    };
    match &shape.form {
        Form::Box3d { .. } | Form::ConfidenceMap { .. } => vec![Err(SOLIDS)],
        Form::Oblique { .. } => vec![Err(ACROSS)],
        Form::Point { at } => vec![slice_of(*at).map(|index| (index, Body::Point([at[0] + 0.5, at[1] + 0.5])))],
        Form::Landmarks { points } => {
            let mut by_slice: BTreeMap<Result<usize, &'static str>, BTreeMap<String, [f64; 2]>> = BTreeMap::new();
            for (name, at) in points {
                by_slice.entry(slice_of(*at)).or_default().insert(name.clone(), [at[0] + 0.5, at[1] + 0.5]);
            }
            by_slice.into_iter().map(|(slice, points)| slice.map(|index| (index, Body::Keypoints(points)))).collect()
        }
        form => vec![match (form.slice(), Body::of(form)) {
            (_, None) => Err(MEASURES),
            (Some(slice), Some(body)) if slice.axis == 2 => Ok((slice.index, body)),
            _ => Err(ACROSS),
        }],
    }
}

/// The painted labels of a stored slice, layers joined.
pub(crate) fn masks_on(contents: &Contents, case: &Case<'_>, index: usize) -> BTreeMap<u16, Rle> {
    let [width, height, _] = case.image.size();
    let Some(map) = contents.label_map(case.image.id) else { return BTreeMap::new() };
    let slice = VoxelBox::new([0, 0, index], [width, height, index + 1]);
    let mut all: BTreeMap<u16, Rle> = BTreeMap::new();
    for (n, layer) in map.layers().iter().enumerate() {
        if !layer.touches(slice) {
            continue;
        }
        for (value, mask) in Rle::of_values(&map.copy_box(n, slice), width, height) {
            let joined = all.get(&value).map(|other| other.union(&mask));
            all.insert(value, joined.unwrap_or(mask));
        }
    }
    all
}

/// Writes every picture of a set and says how each was made.
pub(super) fn write_pictures(set: &Set, job: &Job<'_>, out: &Path) -> Result<Value> {
    let mut by_image: Vec<(&Source, Vec<&Sheet>)> = Vec::new();
    for sheet in &set.sheets {
        let Some(source) = &sheet.source else { continue };
        if sheet.items.len() as u64 >= ITEMS_PER_SHEET {
            return Err(Error::export(Path::new(&sheet.file), "more than 9,999 objects on one picture; split them"));
        }
        match by_image.last_mut().filter(|(last, _)| last.image == source.image) {
            Some((_, sheets)) => sheets.push(sheet),
            None => by_image.push((source, vec![sheet])),
        }
        if let Some(folder) = out.join(&sheet.file).parent() {
            folder::make(folder)?;
        }
    }
    job.task.progress.begin("writing pictures", by_image.len() as u64);
    let recipes = by_image.par_iter().map(|(source, sheets)| {
        let files = || sheets.iter().map(|sheet| out.join(&sheet.file)).collect();
        job.once(&format!("pictures of {}", source.image), || Ok((write_case(source, sheets, job, out)?, files())))
    });
    let recipes: Vec<Vec<Value>> = recipes.collect::<Result<_>>()?;
    Ok(json!({"schema": "limner.recipes/1", "pictures": recipes.concat()}))
}

fn write_case(source: &Source, sheets: &[&Sheet], job: &Job<'_>, out: &Path) -> Result<Vec<Value>> {
    job.task.cancel.check()?;
    let volume = load(source, job)?;
    let mut recipes = Vec::new();
    for sheet in sheets {
        job.task.cancel.check()?;
        let Some(source) = &sheet.source else { continue };
        let (picture, recipe) = match &source.reframe {
            None => picture::of_slice(&volume, source.slice.index, job.options.window)?,
            Some(reframe) => picture::of_part(&volume, source, reframe, job)?,
        };
        formats::write(&picture, &out.join(&sheet.file))?;
        recipes.push(json!({
            "file": sheet.file, "image": source.image, "slice": source.slice, "size": sheet.size,
            "sha256_samples": source.sha256, "render": recipe,
        }));
    }
    job.task.progress.advance(1);
    Ok(recipes)
}

fn load(source: &Source, job: &Job<'_>) -> Result<Volume> {
    let missing = || Error::Missing { key: source.image.into() };
    let image = job.contents.image(source.image).ok_or_else(missing)?;
    let volume = job.images.load(image, job.task)?;
    if volume.size() != image.size() {
        let reason = format!("the picture now has {:?} voxels instead of {:?}; relink it", volume.size(), image.size());
        return Err(Error::refused(reason));
    }
    Ok(volume)
}
