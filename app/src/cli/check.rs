//! `limner check`: is an exported folder still what its receipt says?

use super::{exit, say, say_json};
use limner_annotation::counted;
use limner_annotation::exchange::Receipt;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner check dataset/")]
pub struct Args {
    /// The exported folder
    folder: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (receipt, problems) = Receipt::check(&args.folder)?;
    let good = problems.is_empty() && receipt.self_check.pass;
    if args.json {
        say_json(&json!({
            "schema": "limner.check/1", "format": receipt.format, "files": receipt.files.len(), "pass": good,
            "self_check": receipt.self_check, "problems": problems,
        }))?;
    } else {
        problems.iter().for_each(say);
        say(format!("{} of the format {}: {}", counted(receipt.files.len(), "file"), receipt.format, verdict(good)));
    }
    Ok(exit(good))
}

const fn verdict(good: bool) -> &'static str {
    if good { "as exported" } else { "not as exported" }
}
