//! `limner anonymize`: copies without the patient, never over the original.

use super::{exit, note, say, usage};
use anyhow::Context as _;
use limner_imaging::Task;
use limner_imaging::deidentify::{self, Dates, Profile};
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
    let task = Task::default();
    let profile = Profile {
        key: key.trim().to_owned(),
        dates,
        keep_characteristics: args.keep_characteristics,
        blackouts: Vec::new(),
    };
    let report = deidentify::anonymize(&args.input, &args.output, &profile, &task)?;
    for warning in task.warnings.take() {
        note(format!("limner: warning: {}", warning.text));
    }
    for failure in &report.skipped {
        note(format!("limner: not copied: {}", failure.error));
    }
    say(format!("{} files written to {}", report.written.len(), args.output.display()));
    Ok(exit(report.skipped.is_empty()))
}
