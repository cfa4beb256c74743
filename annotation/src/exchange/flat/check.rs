//! Reads a data set of pictures back as another program would and compares it with what was meant.

use super::{Body, Flat, Item, Set, Sheet};
use crate::error::Result;
use crate::exchange::import::Reading;
use crate::exchange::{Job, SelfCheck};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn compare(flat: &dyn Flat, meant: &Set, out: &Path, job: &Job<'_>) -> Result<SelfCheck> {
    let back = flat.get(out, &Reading { contents: job.contents, path: out, pictures: &NoPictures, task: job.task })?;
    let by_file: BTreeMap<&str, &Sheet> = back.sheets.iter().map(|sheet| (sheet.file.as_str(), sheet)).collect();
    let mut check = SelfCheck { pass: back.sheets.len() == by_file.len(), max_mm: 0.0 };
    let mut items = 0;
    for sheet in &meant.sheets {
        let found = by_file.get(sheet.file.as_str());
        let found_items = found.map_or(&[] as &[Item], |found| &found.items);
        items += found_items.len();
        let Some(off) = distance((meant, sheet), (&back, found_items)) else {
            check.pass = false;
            check.max_mm = f64::INFINITY;
            job.task.warnings.add("self_check", format!("{} came back otherwise", sheet.file));
            continue;
        };
        check.pass &= off <= flat.tolerance(sheet.size) && found.is_none_or(|found| found.size == sheet.size);
        let step = sheet.source.as_ref().map_or(1.0, |source| source.step);
        check.max_mm = check.max_mm.max(off * step);
    }
    // Nothing may be there that was not meant.
    check.pass &= items == back.sheets.iter().map(|sheet| sheet.items.len()).sum::<usize>();
    Ok(check)
}

/// How far apart two sheets are at most, in pixels; `None` where they say different things.
fn distance((meant, sheet): (&Set, &Sheet), (back, found): (&Set, &[Item])) -> Option<f64> {
    if sheet.items.len() != found.len() {
        return None;
    }
    let mut farthest: f64 = 0.0;
    for (a, b) in sheet.items.iter().zip(found) {
        if meant.name_of(a) != back.name_of(b) {
            return None;
        }
        farthest = farthest.max(apart(&a.body, &b.body)?);
    }
    Some(farthest)
}

fn apart(a: &Body, b: &Body) -> Option<f64> {
    let points = |a: &[[f64; 2]], b: &[[f64; 2]]| {
        let both = a.iter().zip(b).flat_map(|(a, b)| [(a[0] - b[0]).abs(), (a[1] - b[1]).abs()]);
        (a.len() == b.len()).then(|| both.fold(0.0, f64::max))
    };
    match (a, b) {
        (Body::Mask(a), Body::Mask(b)) => (a == b).then_some(0.0),
        (Body::Box { min, max }, Body::Box { min: low, max: high }) => points(&[*min, *max], &[*low, *high]),
        (Body::Turned { .. }, Body::Turned { .. }) => points(&a.rings().concat(), &b.rings().concat()),
        (
            Body::Ellipse { centre, radii, degrees },
            Body::Ellipse { centre: other, radii: other_radii, degrees: other_degrees },
        ) => points(&[*centre, *radii, [*degrees, 0.0]], &[*other, *other_radii, [*other_degrees, 0.0]]),
        (Body::Rings(a), Body::Rings(b)) if a.len() == b.len() => {
            a.iter().zip(b).map(|(a, b)| points(a, b)).try_fold(0.0, |most: f64, one| Some(most.max(one?)))
        }
        (Body::Line(a), Body::Line(b)) => points(a, b),
        (Body::Point(a), Body::Point(b)) => points(&[*a], &[*b]),
        (Body::Keypoints(a), Body::Keypoints(b)) if a.keys().eq(b.keys()) => {
            let (a, b): (Vec<_>, Vec<_>) = (a.values().copied().collect(), b.values().copied().collect());
            points(&a, &b)
        }
        _ => None,
    }
}

/// Reading back needs no picture.
struct NoPictures;

impl crate::exchange::import::Pictures for NoPictures {
    fn entry_of(&self, path: &Path, _: &limner_imaging::Task) -> Result<crate::ImageEntry> {
        Err(crate::Error::export(path, "a self-check adds no picture"))
    }
}
