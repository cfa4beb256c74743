//! `limner import`: a data set of another program into a project, as one step that can be undone.

use super::export::find;
use super::progress::task;
use super::{exit, note, say, say_json};
use limner_annotation::{Project, counted, exchange};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner import study.limner --format coco-instances dataset/annotations.json")]
pub struct Args {
    /// The project
    project: PathBuf,
    /// Which format (limner export --list); told from the contents where it is not given
    #[arg(long)]
    format: Option<String>,
    /// The file or folder to read
    path: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let format = match &args.format {
        Some(name) => find(name)?,
        None => exchange::guess(&args.path, &task())?,
    };
    let mut project = Project::open(&args.project)?;
    let report = exchange::import(format, &mut project, &args.path, &task())?;
    project.close()?;
    if args.json {
        say_json(&report)?;
    } else {
        say(format!("{} read", counted(report.records, "record")));
    }
    report.warnings.iter().for_each(|warning| note(format!("limner: {}", warning.text)));
    Ok(exit(report.warnings.is_empty()))
}
