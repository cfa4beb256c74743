//! `limner export`: a project's annotations as a dataset that other tools read.

use super::progress::task;
use super::{exit, say, say_json, usage};
use anyhow::Context as _;
use limner_annotation::exchange::{self, Exchange, Options, Receipt, Shard, Split, Wanted};
use limner_annotation::{Project, counted};
use limner_imaging::{Task, Window};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner export study.limner --format coco-instances --out dataset/")]
pub struct Args {
    /// The project
    #[arg(required_unless_present_any = ["list", "merge"])]
    project: Option<PathBuf>,
    /// Which format (limner export --list)
    #[arg(long, required_unless_present_any = ["list", "merge"])]
    format: Option<String>,
    /// A new folder
    #[arg(long, required_unless_present_any = ["list", "dry_run"])]
    out: Option<PathBuf>,
    /// Say what would be lost, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep titles, paths and identifiers of the sources, which may name a patient
    #[arg(long)]
    keep_identity: bool,
    /// Deal subjects out to parts by their shares: train=0.8,val=0.1,test=0.1
    #[arg(long)]
    split: Option<String>,
    /// Another number deals the subjects out otherwise
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Only one of several equal shares of the work: 3/16 is the third of sixteen jobs
    #[arg(long)]
    shard: Option<String>,
    /// Join the folders of all shards into one
    #[arg(long, num_args = 1.., value_name = "SHARD", conflicts_with_all = ["project", "format", "shard", "dry_run"])]
    merge: Vec<PathBuf>,
    /// Only these images, by id
    #[arg(long)]
    image: Vec<limner_annotation::ImageId>,
    /// Only images with this label painted or drawn on them
    #[arg(long, value_name = "LABEL")]
    with: Vec<String>,
    /// Only images on which this reader changed something last
    #[arg(long, value_name = "PSEUDONYM")]
    by: Vec<String>,
    /// Only images of this kind: CT, MR, US
    #[arg(long)]
    modality: Vec<String>,
    /// The window pictures are written in: WIDTH,LEVEL or a preset
    #[arg(long)]
    window: Option<String>,
    /// An image that may have text burned in, looked at and found free of it; by id
    #[arg(long)]
    cleared: Vec<limner_annotation::ImageId>,
    /// A choice of the format: --set layout=one-hot
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Keep what was written as this version of the data in the project: 1.0.0
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["list", "merge", "dry_run", "shard"])]
    release: Option<String>,
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
    if let (false, Some(out)) = (args.merge.is_empty(), &args.out) {
        return tell(&exchange::merge(&args.merge, out, &task())?, out, args.json);
    }
    let project = args.project.as_deref().context("name a project")?;
    let format = args.format.as_deref().context("name a format")?;
    let task = task();
    let mut options = options(args)?;
    let wanted = Wanted { with: args.with.clone(), by: args.by.clone(), modality: args.modality.clone() };
    if !wanted.is_empty() {
        let mut images = wanted.images(Project::open_read_only(project)?.document())?;
        images.retain(|image| options.images.as_ref().is_none_or(|only| only.contains(image)));
        options.images = Some(images);
    }
    let Some(out) = args.out.as_deref().filter(|_| !args.dry_run) else {
        let project = Project::open_read_only(project)?;
        let run = exchange::dry_run(find(format)?, project.document(), &options);
        say_json(&run)?;
        return Ok(exit(run.blocked.is_empty()));
    };
    let Some(version) = &args.release else {
        return tell(&export_project(project, format, out, &options, &task)?, out, args.json);
    };
    // Open to write from the start, so that nobody else gives out the same version meanwhile.
    let mut kept = Project::open(project)?;
    exchange::check_version(kept.document(), version)?;
    let receipt = export_project(project, format, out, &options, &task)?;
    exchange::record_release(kept.document_mut(), version, &receipt, out)?;
    kept.close()?;
    tell(&receipt, out, args.json)
}

fn tell(receipt: &Receipt, out: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        say_json(receipt)?;
    } else {
        say(format!("{}, read back and checked: {}", counted(receipt.files.len(), "file"), out.display()));
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

pub(super) fn find(name: &str) -> anyhow::Result<&'static dyn Exchange> {
    match exchange::by_name(name) {
        Some(format) => Ok(format),
        None => {
            let known: Vec<&str> = exchange::EXCHANGES.iter().map(|f| f.name()).collect();
            Err(usage(format!("the format {name:?} is not known; choose one of {}", known.join(", "))))
        }
    }
}

fn options(args: &Args) -> anyhow::Result<Options> {
    let wrong = |error: limner_annotation::Error| usage(error.to_string());
    let window = args.window.as_deref().map(|text| {
        Window::parse(text).ok_or_else(|| usage(format!("{text:?} is no window; write WIDTH,LEVEL or a preset")))
    });
    let choice = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| usage(format!("{text:?} is not NAME=VALUE")))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    Ok(Options {
        images: (!args.image.is_empty()).then(|| args.image.clone()),
        window: window.transpose()?,
        keep_identity: args.keep_identity,
        split: args.split.as_deref().map(|text| Split::parse(text, args.seed)).transpose().map_err(wrong)?,
        shard: args.shard.as_deref().map(Shard::parse).transpose().map_err(wrong)?,
        cleared: args.cleared.clone(),
        set: args.set.iter().map(choice).collect::<anyhow::Result<_>>()?,
        ..Options::default()
    })
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
    // Stand-ins for identifiers are the same in every export of a project, and nobody without it can go back.
    let options = Options { key: project.meta().id.to_string(), ..options.clone() };
    Ok(exchange::export(format, project.document(), &project, out, &options, task)?)
}
