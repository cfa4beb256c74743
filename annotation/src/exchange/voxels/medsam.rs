//! MedSAM's training files: one `npz` per case with `imgs` and `gts` as 8 bits in slices, rows, columns, and `spacing`
//! in columns, rows, slices. Only slices with a label are kept; `slices.json` says which.

use super::maps::{self, SHAPES, TIME};
use super::nnunet::flattened;
use super::{grid, medsam_read};
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::case::Case;
use crate::exchange::filled::FILLED;
use crate::exchange::import::{Import, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder, names, npz};
use limner_imaging::{StackAxis, Volume, Window};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) struct MedSam;

const SLICES: &str = "slices without a label";
const GREYS: &str = "grey values beyond 8 bits";
const OVERLAP: &str = "overlapping labels";
const MANY: &str = "labels beyond the 255th";

impl Exchange for MedSam {
    fn name(&self) -> &'static str {
        "medsam-npz"
    }

    fn title(&self) -> &'static str {
        "MedSAM npz"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![FILLED, SLICES, GREYS, OVERLAP, MANY, SHAPES, TIME]
    }

    fn writes_pictures(&self) -> bool {
        true
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            let is_film = case.image.stack_axis == StackAxis::Time;
            let is_painted = grid::is_painted(contents, &case);
            maps::lose_time_and_shapes(&mut run, contents, &case, usize::from(is_painted && !is_film));
            match contents.label_map(case.image.id).filter(|_| is_painted) {
                None => {}
                Some(_) if is_film => run.lose(TIME, || maps::film_left_out(&case)),
                Some(map) => {
                    run.records += 1;
                    run.lose(GREYS, || format!("{}: the window decides what is seen", case.name));
                    run.lose(SLICES, || format!("{}: only slices with a label are kept", case.name));
                    if grid::painted_layers(map).len() > 1 {
                        run.lose(OVERLAP, || format!("{}: the upper layer hides the lower one", case.name));
                    }
                }
            }
        }
        if contents.labels().len() > 255 {
            run.lose(MANY, || "8 bits hold 255 labels".into());
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        let mut kept: serde_json::Map<String, Value> = serde_json::Map::new();
        let classes: Vec<u16> = job.contents.labels().iter().map(|label| label.value).collect();
        let cases = cases(job.contents, job.options);
        job.task.progress.begin("writing cases", cases.len() as u64);
        for case in &cases {
            job.task.cancel.check()?;
            let (name, slices, same) = write_case(job, case, &classes, out)?;
            check.pass &= same;
            kept.insert(name, json!({"slices": slices, "image": case.image.id}));
            job.task.progress.advance(1);
        }
        let labels: Vec<Value> =
            job.contents.labels().iter().zip(1..).map(|(label, n)| json!({"value": n, "name": label.name})).collect();
        folder::write_json(&out.join(medsam_read::LIST), &json!({"labels": labels, "cases": kept}))?;
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        medsam_read::read(reading)
    }
}

fn cases<'a>(contents: &'a Contents, options: &Options) -> Vec<Case<'a>> {
    let mut cases = options.cases(contents);
    cases.retain(|case| grid::is_painted(contents, case) && case.image.stack_axis != StackAxis::Time);
    cases
}

fn write_case(job: &Job<'_>, case: &Case<'_>, classes: &[u16], out: &Path) -> Result<(String, Vec<usize>, bool)> {
    let missing = || Error::Missing { key: case.image.id.into() };
    let map = job.contents.label_map(case.image.id).ok_or_else(missing)?;
    let volume = job.images.load(case.image, job.task)?;
    let [w, h, d] = map.size();
    let values = flattened(map);
    let class =
        |value: &u16| classes.iter().position(|v| v == value).and_then(|n| u8::try_from(n + 1).ok()).unwrap_or(0);
    let kept: Vec<usize> = (0..d).filter(|k| values[k * w * h..(k + 1) * w * h].iter().any(|v| *v != 0)).collect();
    let greys = greys(&volume, job.options.window);
    let take = |all: &[u8]| kept.iter().flat_map(|k| all[k * w * h..(k + 1) * w * h].to_vec()).collect::<Vec<u8>>();
    let labels: Vec<u8> = values.iter().map(class).collect();
    let (imgs, gts) = (take(&greys), take(&labels));
    let spacing: Vec<u8> = case.image.geometry.spacing_mm().iter().flat_map(|x| x.to_le_bytes()).collect();
    let shape = [kept.len(), h, w];
    let modality = names::plain(case.image.modality.as_deref().unwrap_or("unknown"));
    let name = format!("{modality}_limner_{}", case.name);
    let part = if case.part.as_deref() == Some("test") { "MedSAM_test" } else { "MedSAM_train" };
    let bytes = npz::file(&[
        ("imgs.npy", npz::array("|u1", &shape, &imgs)),
        ("gts.npy", npz::array("|u1", &shape, &gts)),
        ("spacing.npy", npz::array("<f8", &[3], &spacing)),
    ]);
    let path = out.join(part).join(format!("{name}.npz"));
    folder::write(&path, &bytes)?;
    let back = npz::member(&folder::read(&path)?, "gts.npy");
    Ok((name, kept, back.is_ok_and(|bytes| bytes == npz::array("|u1", &shape, &gts))))
}

/// CT through its window, others from the half percent to all but the half percent, as MedSAM's own script does.
fn greys(volume: &Volume, window: Option<Window>) -> Vec<u8> {
    let soft = Window::new(400.0, 40.0);
    let ct = volume.looks_like_ct().then_some(soft);
    let window = window.or(ct).unwrap_or_else(|| volume.default_window());
    let voxels = volume.samples().len() / volume.channels();
    let grey = |n: usize| window.grey(volume.value_map.value(volume.samples().get(n * volume.channels())));
    (0..voxels).map(|n| (grey(n) * 255.0).round() as u8).collect()
}
