//! `limner info`: what series lie under a path, as a table or as `limner.info/1`.

use super::progress::task;
use super::{exit, note, say, say_json};
use limner_imaging::formats::{self, Failure};
use limner_imaging::volume::Facts;
use limner_imaging::{Error, Series};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner info scans/ --json --stats")]
pub struct Args {
    /// Files or folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Read all samples too: statistics and the hash of the samples
    #[arg(long)]
    stats: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (mut series, mut failed) = (Vec::new(), Vec::new());
    for path in &args.paths {
        match formats::scan(path, &task()) {
            Ok(found) => {
                if found.series.is_empty() && found.failed.is_empty() {
                    failed.push(Failure { path: path.clone(), error: Error::NoPicture { path: path.clone() } });
                }
                failed.extend(found.failed);
                for one in found.series {
                    describe(one, args.stats, &mut series, &mut failed);
                }
            }
            Err(error) => failed.push(Failure { path: path.clone(), error }),
        }
    }
    task().cancel.check()?;
    let done = failed.is_empty();
    if args.json {
        let failed: Vec<Value> = failed
            .iter()
            .map(|f| json!({"path": f.path, "code": f.error.code(), "error": f.error.to_string()}))
            .collect();
        say_json(
            &json!({"schema": "limner.info/1", "series": series.iter().map(as_json).collect::<Vec<_>>(), "failed": failed}),
        )?;
    } else {
        series.iter().for_each(|s| say(as_line(s)));
        failed.iter().for_each(|f| note(format!("limner: {}", f.error)));
    }
    Ok(exit(done))
}

struct Described {
    series: Series,
    facts: Option<Facts>,
}

fn describe(mut series: Series, read: bool, out: &mut Vec<Described>, failed: &mut Vec<Failure>) {
    let task = task();
    let facts = read.then(|| series.facts(&task)).transpose();
    for warning in task.warnings.take() {
        if !series.warnings.contains(&warning) {
            series.warnings.push(warning);
        }
    }
    match facts {
        Ok(facts) => out.push(Described { series, facts }),
        Err(error) => failed.push(Failure { path: series.path, error }),
    }
}

fn as_json(described: &Described) -> Value {
    let s = &described.series;
    json!({
        "path": s.path,
        "files": s.files,
        "format": s.format,
        "kind": s.kind,
        "modality": s.modality,
        "transfer_syntax": s.transfer_syntax,
        "size": s.size,
        "frames": s.frames,
        "channels": s.channels,
        "dtype": s.dtype,
        "spacing_mm": s.geometry.map(|g| g.spacing_mm()),
        "affine_lps": s.geometry.map(|g| g.affine_lps_rows()),
        "value_map": s.value_map,
        "stats": described.facts.as_ref().map(|f| f.stats),
        "sha256_samples": described.facts.as_ref().map(|f| &f.sha256_samples),
        "warnings": s.warnings,
    })
}

fn as_line(described: &Described) -> String {
    let s = &described.series;
    let [columns, rows, slices] = s.size;
    let modality = s.modality.as_deref().unwrap_or("-");
    let mut line =
        format!("{}  {}  {modality}  {columns} x {rows} x {slices}  {}", s.path.display(), s.format, s.dtype);
    if let Some(stats) = described.facts.as_ref().and_then(|f| f.stats) {
        line += &format!("  {:.6} to {:.6}, mean {:.6}", stats.min, stats.max, stats.mean);
    }
    for warning in &s.warnings {
        line += &format!("\n  warning: {}", warning.text);
    }
    line
}
