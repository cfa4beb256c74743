//! Trees of NIfTI files for single programs: SAM-Med3D (one binary mask per structure) and BIDS derivatives.

use super::grid::{self, layer_values, one_hot, painted_layers, painted_values, write_checked};
use super::maps::{self, SHAPES, TIME};
use super::trees_read;
use crate::contents::Contents;
use crate::error::Result;
use crate::exchange::case::Case;
use crate::exchange::filled::FILLED;
use crate::exchange::import::{Import, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, csv, folder, names};
use limner_imaging::{StackAxis, formats};
use serde_json::json;
use std::path::Path;

pub(crate) struct Tree(Kind);

pub(crate) const SAM_MED3D: Tree = Tree(Kind::SamMed3d);
pub(crate) const BIDS: Tree = Tree(Kind::Bids);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    SamMed3d,
    Bids,
}

impl Exchange for Tree {
    fn name(&self) -> &'static str {
        if self.0 == Kind::SamMed3d { "sam-med3d" } else { "bids" }
    }

    fn title(&self) -> &'static str {
        if self.0 == Kind::SamMed3d { "SAM-Med3D tree" } else { "BIDS derivatives" }
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        // The standard's own validator judges the one; nothing but its readers knows the other.
        if self.0 == Kind::Bids { Status::Checked } else { Status::FromDescription }
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![FILLED, SHAPES, TIME]
    }

    fn writes_pictures(&self) -> bool {
        self.0 == Kind::SamMed3d
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in &options.cases(contents) {
            let is_film = case.image.stack_axis == StackAxis::Time;
            let records = match self.0 {
                _ if is_film => 0,
                Kind::SamMed3d => painted_values(contents, case).len(),
                Kind::Bids => contents.label_map(case.image.id).map(painted_layers).unwrap_or_default().len(),
            };
            run.records += records;
            maps::lose_time_and_shapes(&mut run, contents, case, records);
            if is_film && grid::is_painted(contents, case) {
                run.lose(TIME, || maps::film_left_out(case));
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        job.task.progress.begin("writing volumes", cases.len() as u64);
        if self.0 == Kind::Bids {
            folder::write_json(&out.join("dataset_description.json"), &description())?;
            // What is ours among the files of the standard.
            folder::write(&out.join(".bidsignore"), b"limner-receipt.json\n")?;
            folder::write(&out.join("README"), b"Label maps exported by Limner as BIDS derivatives.\n")?;
        }
        for case in cases.iter().filter(|case| case.image.stack_axis != StackAxis::Time) {
            job.task.cancel.check()?;
            match self.0 {
                Kind::SamMed3d => sam_med3d(job, case, out, &mut check)?,
                Kind::Bids => bids(job, case, out, &mut check)?,
            }
            job.task.progress.advance(1);
        }
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        match self.0 {
            Kind::SamMed3d => trees_read::sam_med3d(reading),
            Kind::Bids => trees_read::bids(reading),
        }
    }
}

/// `split/structure/modality_dataset/{imagesTr,labelsTr}/case.nii.gz`, the image once for each of its structures.
fn sam_med3d(job: &Job<'_>, case: &Case<'_>, out: &Path, check: &mut SelfCheck) -> Result<()> {
    let values = painted_values(job.contents, case);
    let Some(map) = job.contents.label_map(case.image.id).filter(|_| !values.is_empty()) else { return Ok(()) };
    let volume = job.images.load(case.image, job.task)?;
    let part = case.part.as_deref().unwrap_or("train");
    let modality = names::plain(case.image.modality.as_deref().unwrap_or("unknown")).to_lowercase();
    let mut unique = names::Unique::default();
    for value in values {
        job.task.cancel.check()?;
        let label = job.contents.label_of_value(value).map_or("", |label| label.name.as_str());
        let home = out.join(part).join(unique.plain(label)).join(format!("{modality}_limner"));
        for folder in ["imagesTr", "labelsTr"] {
            folder::make(&home.join(folder))?;
        }
        let file = format!("{}.nii.gz", case.name);
        formats::write(&volume, &home.join("imagesTr").join(&file))?;
        let path = home.join("labelsTr").join(&file);
        grid::note(check, case.image, write_checked(case.image, one_hot(map, value), &path, job.task, "")?);
    }
    Ok(())
}

fn description() -> serde_json::Value {
    json!({
        "Name": "Annotations made with Limner", "BIDSVersion": "1.10.0", "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "Limner", "Version": env!("CARGO_PKG_VERSION")}],
    })
}

/// `sub-*/anat/sub-*_desc-*_dseg.nii.gz` with a table of its values and what it was drawn on.
fn bids(job: &Job<'_>, case: &Case<'_>, out: &Path, check: &mut SelfCheck) -> Result<()> {
    let Some(map) = job.contents.label_map(case.image.id) else { return Ok(()) };
    for layer in painted_layers(map) {
        let subject = format!("sub-{:05}", case.number);
        let home = out.join(&subject).join("anat");
        folder::make(&home)?;
        let stem = format!("{subject}_space-orig_desc-layer{}_dseg", layer + 1);
        let values = layer_values(map, layer);
        let used: std::collections::BTreeSet<u16> = values.iter().copied().filter(|v| *v != 0).collect();
        let path = home.join(format!("{stem}.nii.gz"));
        grid::note(check, case.image, write_checked(case.image, values, &path, job.task, "")?);
        let mut table = "index\tname\tcolor\n".to_owned();
        for value in used {
            let label = job.contents.label_of_value(value);
            let name = label.map_or("unnamed", |label| label.name.as_str());
            let [r, g, b] = label.map_or([255, 0, 0], crate::Label::colour);
            let name = csv::line(&[name.replace(['\t', '\n', '\r'], " ")]);
            table.push_str(&format!("{value}\t{}\t#{r:02x}{g:02x}{b:02x}\n", name.trim_end()));
        }
        folder::write(&home.join(format!("{stem}.tsv")), table.as_bytes())?;
        let about = json!({
            "Description": "Labels drawn by hand or with a model, on the grid of the image they were drawn on",
            "SpatialReference": "orig", "Manual": true, "SourceSamplesSHA256": case.image.sha256,
        });
        folder::write_json(&home.join(format!("{stem}.json")), &about)?;
    }
    Ok(())
}
