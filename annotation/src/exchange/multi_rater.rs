//! Everybody's version of every image side by side, as multi-observer studies publish them: a label map per rater, their
//! boxes in one list told apart by `source`, the majority made from the maps, and how far each two agree. Whoever reads it
//! can make the majority and the agreement again from the maps.

use super::case::Case;
use super::import::{Import, Reading};
use super::multi_rater_read;
use super::voxels::grid;
use super::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, csv, folder};
use crate::consensus::Votes;
use crate::contents::Contents;
use crate::entity::{ImageId, Kind, LabelId, RaterId, ShapeId};
use crate::error::Result;
use crate::id::Key;
use crate::metrics::{LabelPair, Labels as RatedMap};
use crate::records::{Annotation, AnnotationState, Rater};
use crate::shapes::{Form, Shape};
use limner_imaging::{Volume, formats};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) struct MultiRater;

const OVERLAP: &str = "overlapping labels of one rater";
const OTHERS: &str = "shapes other than boxes";
const UNSIGNED: &str = "what nobody has signed as their version";
pub(super) const SCHEMA: &str = "limner.multi-rater/1";
pub(super) const RATERS: &str = "raters.json";
pub(super) const BOXES: &str = "boxes.jsonl";
const AGREEMENT: &str = "agreement.csv";
const HEADER: [&str; 5] = ["case", "label", "rater_a", "rater_b", "dice"];

/// One rater's version of an image.
#[derive(Default)]
struct Version<'a> {
    values: Vec<u16>,
    boxes: Vec<(u16, &'a Shape)>,
}

/// By rater, whose number is their name outside.
type Versions<'a> = BTreeMap<RaterId, Version<'a>>;

impl Exchange for MultiRater {
    fn name(&self) -> &'static str {
        "multi-rater"
    }

    fn title(&self) -> &'static str {
        "Multi-rater package"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![OVERLAP, OTHERS, UNSIGNED]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        let signed = signed(contents);
        for case in options.cases(contents) {
            let versions = versions(contents, &case, &signed, &mut run);
            run.records += versions.len();
            let mine = |value: &u16| versions.values().any(|version| version.values.contains(value));
            for _ in grid::painted_values(contents, &case).iter().filter(|&value| !mine(value)) {
                run.lose_drawn(UNSIGNED, "mask", || format!("on {}", case.name));
            }
            let stated = signed.get(&case.image.id).into_iter().flatten();
            let content: BTreeSet<Key> = stated.flat_map(|version| version.content.iter().copied()).collect();
            for shape in contents.shapes_on(case.image.id).filter(|shape| !content.contains(&Key::from(shape.id))) {
                run.lose_drawn(UNSIGNED, shape.form.name(), || format!("on {}", case.name));
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let signed = signed(job.contents);
        let names = rater_names(job.contents);
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        let mut boxes = Vec::new();
        let mut agreement = vec![HEADER.map(str::to_owned).to_vec()];
        job.task.progress.begin("writing versions", cases.len() as u64);
        for case in &cases {
            job.task.cancel.check()?;
            let versions = versions(job.contents, case, &signed, &mut DryRun::default());
            let (mut raters, mut maps) = (Vec::new(), Vec::new());
            for (rater, version) in &versions {
                let name = names[rater].as_str();
                boxes.extend(version.boxes.iter().filter_map(|(label, shape)| row(case, *label, shape, name)));
                if version.values.is_empty() {
                    continue;
                }
                let path = out.join("masks").join(&case.name).join(format!("{name}.nii.gz"));
                folder::make(path.parent().unwrap_or(out))?;
                let values = map_of(job.contents, case, version);
                grid::note(&mut check, case.image, grid::write_checked(case.image, values, &path, job.task, "")?);
                raters.push(name);
                maps.push(RatedMap::of(formats::open_single(&path, job.task)?)?);
            }
            agreement.extend(agreed(job.contents, case, &raters, &maps)?);
            if let Some(majority) = majority(&maps)? {
                let path = out.join("consensus").join(format!("{}_majority.nii.gz", case.name));
                folder::make(path.parent().unwrap_or(out))?;
                formats::write(&majority, &path)?;
                check.pass &= grid::moved_mm(&majority, &formats::open_single(&path, job.task)?).is_finite();
            }
            job.task.progress.advance(1);
        }
        folder::write_json_lines(&out.join(BOXES), boxes.into_iter())?;
        let text: String = agreement.iter().map(|line| csv::line(line)).collect();
        folder::write(&out.join(AGREEMENT), text.as_bytes())?;
        folder::write_json(&out.join(RATERS), &about(job, &cases, &names))?;
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        multi_rater_read::read(reading)
    }
}

/// What is signed as somebody's version and still stands, by image.
fn signed(contents: &Contents) -> BTreeMap<ImageId, Vec<&Annotation>> {
    let mut by_image: BTreeMap<ImageId, Vec<&Annotation>> = BTreeMap::new();
    for annotation in contents.all::<Annotation>() {
        if annotation.target.kind == Kind::Image && annotation.state != AnnotationState::Superseded {
            by_image.entry(ImageId(annotation.target.id)).or_default().push(annotation);
        }
    }
    by_image
}

fn versions<'a>(
    contents: &'a Contents,
    case: &Case<'_>,
    signed: &BTreeMap<ImageId, Vec<&Annotation>>,
    run: &mut DryRun,
) -> Versions<'a> {
    let mut versions = Versions::new();
    for annotation in signed.get(&case.image.id).into_iter().flatten() {
        let version = versions.entry(annotation.rater).or_default();
        for key in &annotation.content {
            match key.kind {
                Kind::Label => version.values.extend(contents.label(LabelId(key.id)).map(|label| label.value)),
                Kind::Shape => {
                    let Some(shape) = contents.shape(ShapeId(key.id)) else { continue };
                    let label = shape.label.and_then(|id| contents.label(id)).map_or(0, |label| label.value);
                    match shape.form {
                        Form::Box2d { .. } | Form::Box3d { .. } => version.boxes.push((label, shape)),
                        _ => run.lose_drawn(OTHERS, shape.form.name(), || format!("on {}", case.name)),
                    }
                }
                _ => {}
            }
        }
        version.values.sort_unstable();
        version.values.dedup();
    }
    if let Some(map) = contents.label_map(case.image.id) {
        for version in versions.values() {
            let count: u64 = version.values.iter().map(|value| map.count(*value)).sum();
            let painted = map_of(contents, case, version).iter().filter(|value| **value != 0).count() as u64;
            if painted < count {
                run.lose(OVERLAP, || format!("{}: the later label hides the earlier one", case.name));
            }
        }
    }
    versions
}

/// The kind of thing a label is: a rater's own label is an instance of the one that was asked for.
fn kind_of(contents: &Contents, value: u16) -> u16 {
    let kind = contents.label_of_value(value).and_then(|label| label.instance_of).and_then(|id| contents.label(id));
    kind.map_or(value, |label| label.value)
}

fn map_of(contents: &Contents, case: &Case<'_>, version: &Version<'_>) -> Vec<u16> {
    let mut values = vec![0; case.image.geometry.voxel_count()];
    let Some(map) = contents.label_map(case.image.id) else { return values };
    for value in &version.values {
        let kind = kind_of(contents, *value);
        for (below, inside) in values.iter_mut().zip(grid::one_hot(map, *value)) {
            if inside != 0 {
                *below = kind;
            }
        }
    }
    values
}

/// A box of the list, in pixels with corner origin; in space by its first voxel and how many.
fn row(case: &Case<'_>, label: u16, shape: &Shape, source: &str) -> Option<Value> {
    let place = match &shape.form {
        Form::Box2d { slice, min, max } => json!({
            "axis": slice.axis, "slice": slice.index, "x": min[0], "y": min[1],
            "width": max[0] - min[0], "height": max[1] - min[1],
        }),
        Form::Box3d { min, max } => json!({
            "x": min[0], "y": min[1], "z": min[2],
            "width": max[0] - min[0], "height": max[1] - min[1], "depth": max[2] - min[2],
        }),
        _ => return None,
    };
    Some(json!({"case": case.name, "label": label, "source": source, "box": place}))
}

/// What most raters say; `None` where fewer than two have painted.
fn majority(maps: &[RatedMap]) -> Result<Option<Volume>> {
    if maps.len() < 2 {
        return Ok(None);
    }
    let votes = Votes::of(maps)?;
    Ok(Some(votes.label_map(&votes.majority().labels)?))
}

/// Dice of each label between each two raters; 1 where both say that it is not there is no agreement worth a line.
fn agreed(contents: &Contents, case: &Case<'_>, raters: &[&str], maps: &[RatedMap]) -> Result<Vec<Vec<String>>> {
    let mut lines = Vec::new();
    for (n, (a, first)) in raters.iter().zip(maps).enumerate() {
        for (b, second) in raters.iter().zip(maps).skip(n + 1) {
            for (value, reach) in LabelPair::new(first, second)?.labels() {
                let label = u16::try_from(*value).ok().and_then(|value| contents.label_of_value(value));
                let name = label.map_or("unnamed", |label| label.name.as_str());
                let dice = reach.overlap.dice().to_string();
                lines.push([case.name.as_str(), name, a, b, &dice].map(str::to_owned).to_vec());
            }
        }
    }
    Ok(lines)
}

fn rater_names(contents: &Contents) -> BTreeMap<RaterId, String> {
    contents.all::<Rater>().zip(1..).map(|(rater, n)| (rater.id, format!("rater_{n:02}"))).collect()
}

/// Who the raters are, as far as that may be told, and what the values of the maps mean.
fn about(job: &Job<'_>, cases: &[Case<'_>], names: &BTreeMap<RaterId, String>) -> Value {
    let keep = job.options.keep_identity;
    let rater = |rater: &Rater| {
        json!({
            "name": names[&rater.id], "role": rater.role, "speciality": rater.speciality, "years": rater.years,
            "pseudonym": keep.then(|| rater.pseudonym.clone()), "country": rater.country.clone().filter(|_| keep),
        })
    };
    let labels = job.contents.labels();
    let kinds = labels.iter().filter(|label| label.instance_of.is_none());
    let label = |label: &&crate::Label| json!({"value": label.value, "name": label.name});
    let case = |case: &Case<'_>| json!({"name": case.name, "id": case.image.id, "sha256_samples": case.image.sha256});
    json!({
        "schema": SCHEMA,
        "raters": job.contents.all::<Rater>().map(rater).collect::<Vec<_>>(),
        "labels": kinds.map(label).collect::<Vec<_>>(),
        "cases": cases.iter().map(case).collect::<Vec<_>>(),
        "consensus": {"method": "majority", "ties": "background"},
    })
}
