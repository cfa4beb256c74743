//! `limner models`: which engines there are, and whether they work on this machine.

use super::progress::task;
use super::{exit, say, say_json};
use clap::Subcommand;
use limner_imaging::{Geometry, Samples, Volume, World};
use limner_segmentation::models::{self, Model};
use limner_segmentation::{Prompt, Request};
use serde_json::json;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner models list --json")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// What can be chosen with --model
    #[command(after_help = "Example: limner models list")]
    List {
        #[arg(long)]
        json: bool,
    },
    /// Ask every model one small question with a known answer
    #[command(after_help = "Example: limner models check")]
    Check,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match args.what {
        What::List { json: true } => say_json(&json!({"schema": "limner.models/1", "models": models::all()}))?,
        What::List { json: false } => {
            for model in models::all() {
                let license = model.license.map_or_else(String::new, |license| format!(" ({license})"));
                say(format!("{:<12} {}: {}{license}", model.name, model.title, model.about));
            }
        }
        What::Check => return check(),
    }
    Ok(ExitCode::SUCCESS)
}

fn check() -> anyhow::Result<ExitCode> {
    let picture = picture()?;
    let mut well = true;
    for model in models::all() {
        let answer = ask(&model, &picture);
        well &= answer.is_ok();
        match answer {
            Ok(seconds) => say(format!("ok       {} ({seconds:.2} s)", model.name)),
            Err(error) => say(format!("failed   {}: {error:#}", model.name)),
        }
    }
    Ok(exit(well))
}

const SIDE: usize = 32;
/// The bright cube in the middle of the test picture.
const INSIDE: std::ops::Range<usize> = 10..22;

fn picture() -> anyhow::Result<Volume> {
    let geometry = Geometry::axis_aligned([SIDE; 3], World::default(), [1.0; 3])?;
    let inside = |n: usize| [n % SIDE, n / SIDE % SIDE, n / SIDE / SIDE].iter().all(|x| INSIDE.contains(x));
    let samples = (0..SIDE * SIDE * SIDE).map(|n| if inside(n) { 200_i16 } else { 20 }).collect();
    Ok(Volume::new(geometry, Samples::I16(samples), 1)?)
}

fn ask(model: &Model, picture: &Volume) -> anyhow::Result<f64> {
    let prompts = [Prompt::point([SIDE / 2; 3], true)];
    let request = Request::new(picture, &prompts);
    let answer = model.open()?.predict(&request, &task())?;
    let (wanted, found) = (INSIDE.len().pow(3) as f64, answer.mask.count() as f64);
    anyhow::ensure!((found / wanted - 1.0).abs() < 0.2, "a cube of {wanted} voxels came back as {found}");
    Ok(answer.seconds)
}
