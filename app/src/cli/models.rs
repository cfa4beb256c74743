//! `limner models`: which engines there are, and whether they work on this machine.

use super::progress::task;
use super::{exit, say, say_json};
use clap::Subcommand;
use limner_imaging::{Geometry, Samples, Volume, World};
use limner_segmentation::models::{self, Model};
use limner_segmentation::{Engine, Prompt, Request, remote, wire};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

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
    /// Ask every model one small question with a known answer, or say what a model folder or a server is and ask it once
    #[command(after_help = "Example: limner models check nnInteractive_v1.0/ --json\n\
         Example: limner models check http://room-7:1527")]
    Check {
        /// A model folder as nnU-Net and nnInteractive write it, or the address of a server (default: all models there are)
        model: Option<String>,
        /// What the server wants to be shown; better given as LIMNER_SERVER_KEY or NN_INTERACTIVE_API_KEY
        #[arg(long, requires = "model")]
        key: Option<String>,
        /// Of a folder or a server: one JSON object on stdout
        #[arg(long, requires = "model")]
        json: bool,
    },
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.what {
        What::List { json: true } => say_json(&json!({"schema": "limner.models/1", "models": models::all()}))?,
        What::List { json: false } => {
            for model in models::all() {
                let license = model.license.map_or_else(String::new, |license| format!(" ({license})"));
                say(format!("{:<12} {}: {}{license}", model.name, model.title, model.about));
            }
        }
        What::Check { model: Some(model), key, json } => return check_one(model, key.as_deref(), *json),
        What::Check { model: None, .. } => return check(),
    }
    Ok(ExitCode::SUCCESS)
}

fn check() -> anyhow::Result<ExitCode> {
    let picture = picture()?;
    let mut well = true;
    for model in models::all() {
        let answer = model.open().map_err(Into::into).and_then(|engine| ask(&*engine, &picture));
        let right = answer.and_then(|answer| {
            let Answer { seconds, voxels } = answer;
            anyhow::ensure!(answer.is_right(), "a cube of {CUBE_VOXELS} voxels came back as {voxels}");
            Ok(seconds)
        });
        well &= right.is_ok();
        match right {
            Ok(seconds) => say(format!("ok       {} ({seconds:.2} s)", model.name)),
            Err(error) => say(format!("failed   {}: {error:#}", model.name)),
        }
    }
    Ok(exit(well))
}

/// The model of a folder or a server, opened.
fn opened(name: &str, key: Option<&str>) -> anyhow::Result<(Model, Arc<dyn Engine>)> {
    if remote::is_address(name) {
        let key = key.map(str::to_owned).or_else(wire::key_of_environment).and_then(remote::Key::new);
        return Ok(models::at_address(name, key, &task())?);
    }
    let model = models::in_folder(Path::new(name));
    let engine = model.open()?;
    Ok((model, engine))
}

/// What a folder or a server is, and whether it answers. What its network was trained for is not ours to know, so a
/// wrong answer is said but is no failure.
fn check_one(name: &str, key: Option<&str>, as_json: bool) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let (model, engine) = opened(name, key)?;
    let opened = start.elapsed().as_secs_f64();
    let answer = ask(&*engine, &picture()?)?;
    let license = model.license.as_deref().unwrap_or_default();
    if as_json {
        say_json(&json!({"schema": "limner.models.check/1", "model": model.name, "about": model.about,
            "license": license, "device": engine.device(), "capabilities": engine.capabilities(),
            "seconds": {"open": opened, "answer": answer.seconds},
            "test": {"expected_voxels": CUBE_VOXELS, "voxels": answer.voxels}}))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(format!("ok       {}: {}", model.name, model.about));
    say(format!("licence  {license}"));
    say(format!("runs on  {}", engine.device()));
    say(format!("takes    {}", engine.capabilities().words().join(", ")));
    say(format!("opened   in {opened:.2} s"));
    let note = if answer.is_right() { "" } else { "; it was trained for something else, or is not trained" };
    say(format!(
        "answered in {:.2} s: {} of the test cube's {CUBE_VOXELS} voxels{note}",
        answer.seconds, answer.voxels
    ));
    Ok(ExitCode::SUCCESS)
}

const SIDE: usize = 32;
/// The bright cube in the middle of the test picture.
const INSIDE: std::ops::Range<usize> = 10..22;
const CUBE_VOXELS: usize = (INSIDE.end - INSIDE.start).pow(3);

fn picture() -> anyhow::Result<Volume> {
    let geometry = Geometry::axis_aligned([SIDE; 3], World::default(), [1.0; 3])?;
    let inside = |n: usize| [n % SIDE, n / SIDE % SIDE, n / SIDE / SIDE].iter().all(|x| INSIDE.contains(x));
    let samples = (0..SIDE * SIDE * SIDE).map(|n| if inside(n) { 200_i16 } else { 20 }).collect();
    Ok(Volume::new(geometry, Samples::I16(samples), 1)?)
}

#[derive(Clone, Copy)]
struct Answer {
    seconds: f64,
    voxels: usize,
}

impl Answer {
    fn is_right(self) -> bool {
        (self.voxels as f64 / CUBE_VOXELS as f64 - 1.0).abs() < 0.2
    }
}

fn ask(engine: &dyn Engine, picture: &Volume) -> anyhow::Result<Answer> {
    let prompts = [Prompt::point([SIDE / 2; 3], true)];
    let answer = engine.predict(&Request::new(picture, &prompts), &task())?;
    Ok(Answer { seconds: answer.seconds, voxels: answer.mask.count() })
}
