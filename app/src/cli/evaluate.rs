//! `limner evaluate segmentation`: how good an engine is with a simulated user at the mouse.

use super::progress::task;
use super::{exit, note, say, say_json, usage};
use anyhow::{Context as _, bail};
use clap::Subcommand;
use limner_segmentation::evaluate::{self, Options, Protocol, Report};
use limner_segmentation::models;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner evaluate segmentation cases/ --protocol cvpr --json")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Play prompts against reference masks
    #[command(after_help = "Example: limner evaluate segmentation cases/ --protocol human")]
    Segmentation {
        /// One folder a case: image.*, mask*.*, perhaps `scribble_*.png`
        cases: PathBuf,
        /// cvpr, clicks, scribbles, lasso or human
        #[arg(long, default_value = "cvpr")]
        protocol: String,
        /// Which model answers: a name from limner models list, or a model folder (default: the best there is)
        #[arg(long)]
        model: Option<String>,
        /// Rounds of prompts (default: the protocol's own)
        #[arg(long)]
        rounds: Option<usize>,
        /// Clicks off centre, as a hand would
        #[arg(long)]
        jitter: bool,
        /// One JSON object on stdout
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let What::Segmentation { cases, protocol, model, rounds, jitter, json } = args.what;
    let Some(protocol) = Protocol::parse(&protocol) else {
        let known: Vec<&str> = Protocol::ALL.into_iter().map(Protocol::name).collect();
        return Err(usage(format!("{protocol:?} is no protocol; choose one of {}", known.join(", "))));
    };
    let task = task();
    let engine = models::open_or_best(model.as_deref())?;
    let found = evaluate::read(&cases, &task)?;
    for (path, error) in &found.failed {
        note(format!("limner: {}: {error}", path.display()));
    }
    if found.cases.is_empty() {
        bail!("{} holds no case: a folder with image.* and mask*.*", cases.display());
    }
    let options = Options { protocol, rounds: rounds.unwrap_or(protocol.usual_rounds()), jitter };
    let report = evaluate::evaluate(&found.cases, &engine, options, &task).context("the evaluation stopped")?;
    if json {
        say_json(&report)?;
    } else {
        table(&report);
    }
    Ok(exit(found.failed.is_empty()))
}

fn table(report: &Report) {
    for case in &report.cases {
        let last = case.rounds.last();
        let dice = last.map_or(0.0, |round| round.dice);
        let auc = case.dsc_auc.map_or_else(String::new, |auc| format!("  AUC {auc:.3}"));
        say(format!("{:<44} label {:>3}  Dice {dice:.3}{auc}", case.case, case.label));
    }
    let count = report.cases.len();
    let mean = report.cases.iter().filter_map(|c| c.rounds.last()).map(|r| r.dice).sum::<f64>() / count.max(1) as f64;
    say(format!("{count} objects, mean Dice at the end {mean:.3} ({}, {})", report.model, report.protocol.name()));
}
