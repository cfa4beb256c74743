//! `limner segment`: a picture and prompts in, a label map on the picture's own grid out.

use super::progress::task;
use super::{note, prefer_device, say, say_json};
use limner_imaging::formats;
use limner_segmentation::{models, run as engine_run};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner segment ct.nii.gz --prompts prompts.json -o mask.nii.gz --json")]
pub struct Args {
    /// The picture
    image: PathBuf,
    /// Prompts, limner.prompts/1
    #[arg(long)]
    prompts: PathBuf,
    /// The label map to write
    #[arg(short, long)]
    output: PathBuf,
    /// Which model answers: a name from limner models list, a model folder, or the address of a server (default: the best there is)
    #[arg(long)]
    model: Option<String>,
    /// cpu, gpu, or auto: the graphics adapter where it is hardware, right and faster
    #[arg(long, default_value = "auto")]
    device: String,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    prefer_device(&args.device)?;
    let task = task();
    let engine = models::open_or_best(args.model.as_deref())?;
    let (labels, report) = engine_run::segment_file(&args.image, &args.prompts, engine, &task)?;
    for warning in task.warnings.take() {
        note(format!("limner: warning: {}", warning.text));
    }
    formats::write_with(&labels, &args.output, &task)?;
    if args.json {
        say_json(&report)?;
    } else {
        for object in &report.objects {
            let last = object.rounds.last();
            let voxels = last.map_or(0, |round| round.voxels);
            let seconds: f64 = object.rounds.iter().map(|round| round.seconds).sum();
            say(format!("label {}: {voxels} voxels in {seconds:.2} s", object.label));
        }
        say(format!("written to {}", args.output.display()));
    }
    Ok(ExitCode::SUCCESS)
}
