//! `limner import`: a data set of another program into a project, as one step that can be undone.

use super::export::{find, image_named};
use super::{exit, note, progress, say, say_json, usage};
use limner_annotation::exchange::{Onto, Reading};
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
    /// For one mask picture: the image it was painted on, by id, title or the name of its case
    #[arg(long)]
    image: Option<String>,
    /// For one mask picture: the slice of that image, counted from 1
    #[arg(long, requires = "image", value_parser = clap::value_parser!(u32).range(1..))]
    slice: Option<u32>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let format = match &args.format {
        Some(name) => find(name)?,
        None => exchange::guess(&args.path, &progress::task())?,
    };
    let mut project = Project::open(&args.project)?;
    let onto = args.image.as_deref().map(|word| image_named(project.document(), word)).transpose()?;
    if onto.is_some() && exchange::by_name(format.name()).is_some() {
        let title = format.title();
        return Err(usage(format!("--image is for one mask picture; {title} says itself what it belongs to")));
    }
    let onto = onto.map(|image| Onto { image, slice: args.slice.map(|slice| slice as usize - 1) });
    let task = progress::task();
    let contents = project.document().contents();
    let reading = Reading { contents, path: &args.path, pictures: &project, task: &task };
    let read = exchange::read_onto(format, &reading, onto)?;
    let report = exchange::apply(format, project.document_mut(), read)?;
    project.close()?;
    if args.json {
        say_json(&report)?;
    } else {
        say(format!("{} read", counted(report.records, "record")));
        for note in &report.notes {
            say(note);
        }
    }
    report.warnings.iter().for_each(|warning| note(format!("limner: {}", warning.text)));
    Ok(exit(report.warnings.is_empty()))
}
