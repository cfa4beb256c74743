//! `limner segment`: a picture and a prompt file in, a label volume on the picture's own grid and a report out.

use crate::engine::Engine;
use crate::error::Result;
use crate::prompt::file::{self, ObjectPrompts};
use crate::session::{Overlap, Session};
use limner_imaging::{Samples, Task, Volume, VoxelBox, formats};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// `limner.segment/1`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub schema: &'static str,
    pub model: String,
    /// Of the model's weights; `None` for an engine without any.
    pub license: Option<String>,
    pub device: String,
    pub objects: Vec<ObjectReport>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ObjectReport {
    pub label: u16,
    pub rounds: Vec<RoundReport>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RoundReport {
    pub seconds: f64,
    pub voxels: usize,
    pub changed_box: VoxelBox,
}

/// Opens the picture and the prompts, and segments.
pub fn segment_file(image: &Path, prompts: &Path, engine: Arc<dyn Engine>, task: &Task) -> Result<(Volume, Report)> {
    let volume = formats::open_single(image, task)?;
    let objects = file::read(prompts, &volume.geometry, task)?;
    segment(&Arc::new(volume), objects, engine, task)
}

/// Each object's rounds in turn; where objects meet the higher probability wins.
pub fn segment(
    image: &Arc<Volume>,
    objects: Vec<ObjectPrompts>,
    engine: Arc<dyn Engine>,
    task: &Task,
) -> Result<(Volume, Report)> {
    let (model, license) = (engine.name().to_owned(), engine.license().map(str::to_owned));
    let device = engine.device().to_owned();
    let rounds: usize = objects.iter().map(|o| o.rounds.len()).sum();
    task.progress.begin("segmenting", rounds as u64);
    let mut session = Session::new(Arc::clone(image), engine);
    let mut reports = Vec::with_capacity(objects.len());
    for object in objects {
        session.select(object.label);
        let mut report = ObjectReport { label: object.label, rounds: Vec::with_capacity(object.rounds.len()) };
        for prompts in object.rounds {
            let prediction = session.add_all(prompts, task)?;
            report.rounds.push(RoundReport {
                seconds: prediction.seconds,
                voxels: prediction.mask.count(),
                changed_box: prediction.changed,
            });
            task.progress.advance(1);
        }
        reports.push(report);
    }
    let labels = label_volume(image, &session)?;
    let report = Report { schema: "limner.segment/1", model, license, device, objects: reports };
    Ok((labels, report))
}

fn label_volume(image: &Volume, session: &Session) -> Result<Volume> {
    let overlap = Overlap::of(session.objects());
    let bounds = overlap.bounds();
    let highest = session.objects().iter().map(|o| o.label).max().unwrap_or(0);
    let mut labels = vec![0_u16; image.geometry.voxel_count()];
    for k in bounds.min[2]..bounds.max[2] {
        for j in bounds.min[1]..bounds.max[1] {
            let start = image.geometry.linear_index([0, j, k]);
            for i in bounds.min[0]..bounds.max[0] {
                labels[start + i] = overlap.label_at([i, j, k]);
            }
        }
    }
    let samples = match u8::try_from(highest) {
        Ok(_) => Samples::U8(labels.iter().map(|&l| l as u8).collect()),
        Err(_) => Samples::U16(labels),
    };
    let mut volume = Volume::new(image.geometry, samples, 1)?;
    volume.stack_axis = image.stack_axis;
    volume.spacing_known = image.spacing_known;
    Ok(volume)
}
