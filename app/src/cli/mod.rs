//! The command line scripts and judges rely on: CLI.md to the letter.
//!
//! Exit codes: 0 all done; 1 something asked for failed, the rest was done; 2 wrong usage (clap's own); 130 stopped by
//! Ctrl+C.
//! With `--json` stdout holds one JSON object and nothing else.

mod anonymize;
mod check;
mod compare;
pub(crate) use compare::write as write_whole;
mod compare_records;
mod consensus;
mod convert;
mod demo;
mod doctor;
mod evaluate;
mod export;
pub use export::export_project;
mod import;
mod info;
mod models;
mod progress;
mod project;
mod project_share;
mod render;
mod report;
mod segment;
mod serve;
pub(crate) mod vqa;

use crate::app::Start;
use clap::{Parser, Subcommand};
use limner_segmentation::gpu::{self, Wish};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "limner",
    version,
    about = "Annotate and review medical images",
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Open the window on the sample study
    #[arg(long)]
    sample: bool,
    /// A picture, a folder of pictures or a .limner project to open in the window
    path: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Say what series lie under a path
    Info(info::Args),
    /// Read a picture in any format and write it in another
    Convert(convert::Args),
    /// Draw a view of a volume into a PNG, as the window shows it
    Render(render::Args),
    /// Turn prompts into a mask on the image's own grid
    Segment(segment::Args),
    /// Make, inspect and edit projects
    Project(project::Args),
    /// Write a project's annotations as a dataset
    Export(export::Args),
    /// Read a data set of another program into a project
    Import(import::Args),
    /// Compare an exported folder with its receipt
    Check(check::Args),
    /// Make questions from what is painted, audit and check them
    Vqa(vqa::Args),
    /// Copy DICOM files without the patient's identity
    Anonymize(anonymize::Args),
    /// Score what models predicted against a reference
    Compare(compare::Args),
    /// Bring label maps of several raters together
    Consensus(consensus::Args),
    /// Make a page from a comparison or from the judgements of a project
    Report(report::Args),
    /// Score an engine with a simulated user
    Evaluate(evaluate::Args),
    /// List and check the engines
    Models(models::Args),
    /// Answer other programs' prompts, as nnInteractive's server does
    Serve(serve::Args),
    /// Do the whole job on the sample study without a window
    Demo(demo::Args),
    /// Say what this machine offers and what is missing
    Doctor(doctor::Args),
}

/// Runs the command asked for; without one the answer is what the window is to start with.
pub fn run() -> Result<ExitCode, Start> {
    let cli = Cli::parse();
    let Some(command) = cli.command else {
        return match cli.path {
            _ if cli.sample => Err(Start::Sample),
            Some(path) if path.exists() => Err(Start::Path(path)),
            Some(path) => {
                note(format!(
                    "limner: there is no command and no file named {}; limner --help lists the commands",
                    path.display()
                ));
                Ok(ExitCode::from(WRONG_USAGE))
            }
            None => Err(Start::Continue),
        };
    };
    let outcome = progress::watched(|| match command {
        Command::Info(args) => info::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Render(args) => render::run(&args),
        Command::Segment(args) => segment::run(&args),
        Command::Project(args) => project::run(args),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Vqa(args) => vqa::run(&args),
        Command::Anonymize(args) => anonymize::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Consensus(args) => consensus::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Models(args) => models::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Demo(args) => demo::run(&args),
        Command::Doctor(args) => doctor::run(&args),
    });
    let code = outcome.unwrap_or_else(|error| {
        say_error(&error);
        ExitCode::from(if error.is::<Usage>() { WRONG_USAGE } else { 1 })
    });
    // A session at a server is given back, for whoever waits for it.
    limner_segmentation::remote::farewell(FAREWELL);
    // What was finished in spite of it is a success.
    let stopped = code != ExitCode::SUCCESS && progress::was_interrupted();
    Ok(if stopped { ExitCode::from(progress::INTERRUPTED) } else { code })
}

const WRONG_USAGE: u8 = 2;
/// How long the end of a command waits for servers.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(3);

/// The command line was wrong: nothing was done, and doing it again would not help.
#[derive(Debug)]
struct Usage(String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

fn usage(text: impl Into<String>) -> anyhow::Error {
    Usage(text.into()).into()
}

/// Networks opened from now on run where `--device` says.
fn prefer_device(word: &str) -> anyhow::Result<()> {
    let wish =
        Wish::parse(word).ok_or_else(|| usage(format!("{word:?} is no device; choose one of cpu, gpu, auto")))?;
    gpu::prefer(wish);
    Ok(())
}

/// One line on stdout. A reader that went away (`| head`) is not our failure.
fn say(text: impl AsRef<str>) {
    progress::make_room();
    let _ = writeln!(std::io::stdout(), "{}", text.as_ref());
}

/// One line on stderr: what a person should know while stdout is for scripts.
fn note(text: impl AsRef<str>) {
    progress::make_room();
    let _ = writeln!(std::io::stderr(), "{}", text.as_ref());
}

fn say_error(error: &anyhow::Error) {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    note(format!("limner: {}", causes.join(": ")));
}

fn say_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    say(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// 0 where nothing failed, else 1.
fn exit(all_done: bool) -> ExitCode {
    ExitCode::from(u8::from(!all_done))
}
