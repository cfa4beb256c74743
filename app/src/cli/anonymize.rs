//! `limner anonymize`: copies without the patient, never over the original.

use super::progress::task;
use super::{exit, note, say, usage};
use anyhow::Context as _;
use limner_annotation::counted;
use limner_imaging::deidentify::{self, Blackout, Dates, Profile};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner anonymize scans/ clean/ --dates shift --key-file secret.txt")]
pub struct Args {
    /// A DICOM file or folder
    input: PathBuf,
    /// A folder for the copies
    output: PathBuf,
    /// remove, or shift: all dates of a patient by the same number of days
    #[arg(long, default_value = "remove")]
    dates: String,
    /// Keep sex, age, size and weight
    #[arg(long)]
    keep_characteristics: bool,
    /// Keep private elements known to hold measures only
    #[arg(long)]
    keep_safe_private: bool,
    /// Keep UIDs as they are
    #[arg(long)]
    keep_uids: bool,
    /// Keep what names the device
    #[arg(long)]
    keep_device: bool,
    /// A JSON file of rectangles to blacken, for a series or for a device at one picture size:
    /// [{"device":"MODEL","size":[1024,768],"rectangles":[{"columns":[0,300],"rows":[0,40]}]}]
    #[arg(long)]
    rectangles: Option<PathBuf>,
    /// A file with a secret: the same secret gives the same pseudonyms again. Without one they are never repeated.
    #[arg(long)]
    key_file: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let dates = match args.dates.as_str() {
        "remove" => Dates::Remove,
        "shift" => Dates::Shift,
        other => return Err(usage(format!("{other:?} is no way to treat dates; choose remove or shift"))),
    };
    let key = match &args.key_file {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?,
        None => uuid::Uuid::new_v4().to_string(),
    };
    let blackouts: Vec<Blackout> = match &args.rectangles {
        Some(path) => {
            let text = std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
            serde_json::from_slice(&text).with_context(|| format!("{} lists no rectangles", path.display()))?
        }
        None => Vec::new(),
    };
    let task = task();
    let profile = Profile {
        key: key.trim().to_owned(),
        dates,
        keep_characteristics: args.keep_characteristics,
        keep_safe_private: args.keep_safe_private,
        keep_uids: args.keep_uids,
        keep_device: args.keep_device,
        blackouts,
    };
    let report = deidentify::anonymize(&args.input, &args.output, &profile, &task)?;
    for warning in task.warnings.take() {
        note(format!("limner: warning: {}", warning.text));
    }
    for failure in &report.skipped {
        note(format!("limner: not copied: {}", failure.error));
    }
    say(format!("{} written to {}", counted(report.written.len(), "file"), args.output.display()));
    Ok(exit(report.skipped.is_empty()))
}
