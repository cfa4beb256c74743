//! `limner export`: a project's annotations as a dataset that other tools read.

use super::{exit, say, say_json, usage};
use anyhow::Context as _;
use limner_annotation::exchange::{self, Exchange, Options, Receipt};
use limner_annotation::{ImageEntry, Project};
use limner_imaging::Task;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner export study.limner --format coco-instances --out dataset/")]
pub struct Args {
    /// The project
    #[arg(required_unless_present = "list")]
    project: Option<PathBuf>,
    /// Which format (limner export --list)
    #[arg(long, required_unless_present = "list")]
    format: Option<String>,
    /// A new folder
    #[arg(long, required_unless_present_any = ["list", "dry_run"])]
    out: Option<PathBuf>,
    /// Say what would be lost, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Also write titles and paths of the sources, which may name a patient
    #[arg(long)]
    keep_identity: bool,
    /// List the formats
    #[arg(long)]
    list: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.list {
        return list(args.json);
    }
    let project = args.project.as_deref().context("name a project")?;
    let format = args.format.as_deref().context("name a format")?;
    let task = Task::default();
    let options = Options { keep_identity: args.keep_identity, ..Options::default() };
    let Some(out) = args.out.as_deref().filter(|_| !args.dry_run) else {
        let project = Project::open_read_only(project)?;
        say_json(&find(format)?.dry_run(project.document(), &options))?;
        return Ok(ExitCode::SUCCESS);
    };
    let receipt = export_project(project, format, out, &options, &task)?;
    if args.json {
        say_json(&receipt)?;
    } else {
        say(format!("{} files, read back and checked: {}", receipt.files.len(), out.display()));
    }
    Ok(exit(receipt.self_check.pass))
}

fn list(as_json: bool) -> anyhow::Result<ExitCode> {
    let formats = exchange::EXCHANGES;
    if as_json {
        let all: Vec<_> = formats
            .iter()
            .map(|f| json!({"name": f.name(), "kind": f.holds(), "lossy": f.lossy(), "status": f.status()}))
            .collect();
        say_json(&all)?;
    } else {
        formats.iter().for_each(|f| say(format!("{:<20} {}", f.name(), f.title())));
    }
    Ok(ExitCode::SUCCESS)
}

fn find(name: &str) -> anyhow::Result<&'static dyn Exchange> {
    match exchange::by_name(name) {
        Some(format) => Ok(format),
        None => {
            let known: Vec<&str> = exchange::EXCHANGES.iter().map(|f| f.name()).collect();
            Err(usage(format!("the format {name:?} is not known; choose one of {}", known.join(", "))))
        }
    }
}

/// Exports the project as it is on disk. The window and the command line both come here.
pub fn export_project(
    path: &Path,
    format: &str,
    out: &Path,
    options: &Options,
    task: &Task,
) -> anyhow::Result<Receipt> {
    let format = find(format)?;
    let project = Project::open_read_only(path)?;
    let images = |image: &ImageEntry, task: &Task| project.open_image(image, task);
    Ok(exchange::export(format, project.document(), &images, out, options, task)?)
}
