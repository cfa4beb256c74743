//! `limner consensus`: label maps of several raters brought together, with how far they agree.

use super::progress::task;
use super::{exit, note, say, say_json, usage};
use limner_annotation::review::agree::{Method, consense};
use limner_annotation::review::folder;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner consensus reader_1/ reader_2/ reader_3/ --method staple -o consensus/")]
pub struct Args {
    /// One folder of label maps a rater, matched by file name without its ending
    #[arg(required = true, num_args = 2..)]
    raters: Vec<PathBuf>,
    /// majority, staple, staple-multi or soft-mean
    #[arg(long, default_value = "majority")]
    method: String,
    /// A new folder; the raters' own are never written to
    #[arg(short, long, value_name = "FOLDER")]
    out: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(method) = Method::parse(&args.method) else {
        let known: Vec<&str> = Method::ALL.iter().map(|(name, _)| *name).collect();
        return Err(usage(format!("{:?} is no method; choose one of {}", args.method, known.join(", "))));
    };
    let raters: Vec<(String, PathBuf)> = folder::names(&args.raters).into_iter().zip(args.raters.clone()).collect();
    let consensus = consense(&raters, method, &args.out, &task())?;
    for failure in &consensus.failed {
        note(format!("limner: {}: {}", failure.path.display(), failure.why));
    }
    if args.json {
        say_json(&json!({
            "schema": "limner.consensus/1",
            "method": args.method,
            "raters": raters.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "cases": consensus.cases,
            "unmatched": consensus.unmatched,
            "failed": consensus.failed,
            "rule_undecided": "a voxel on which no label wins is background",
        }))?;
    } else {
        for case in &consensus.cases {
            let dice: Vec<String> = case.pairwise_dice.iter().map(|(label, d)| format!("{label}: {d:.3}")).collect();
            let (name, share) = (&case.case, 100.0 * case.disagreement);
            say(format!("{name:<28} {share:5.1} % of labelled voxels disagreed  Dice of pairs {}", dice.join(", ")));
        }
        consensus.unmatched.iter().for_each(|one| note(format!("limner: {}: {}", one.why, one.path.display())));
    }
    Ok(exit(consensus.failed.is_empty() && !consensus.cases.is_empty()))
}
