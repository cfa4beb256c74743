//! `limner compare`: what models predicted against a reference, case by case, with figures, tests and one page.

use super::compare_records::{self, Wanted, is_records};
use super::progress::task;
use super::{exit, note, say, say_json, usage};
use anyhow::Context as _;
use limner_annotation::review::{self, Figure, Report, Rules, Study, Summary, page, study_plots, table};
use limner_imaging::Task;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner compare reference/ model_a/ model_b/ --html report.html")]
pub struct Args {
    /// Folder of reference label maps; or a file of reference boxes (COCO), classes (CSV) or answers (JSONL)
    reference: PathBuf,
    /// Folders or files of predictions, matched by file name without its ending
    #[arg(required = true)]
    predictions: Vec<PathBuf>,
    /// Surfaces this close agree, in mm
    #[arg(long, default_value_t = 2.0, allow_negative_numbers = true)]
    tolerance: f64,
    /// A label with a tolerance of its own: 3=1.5
    #[arg(long, value_name = "LABEL=MM")]
    tolerance_of: Vec<String>,
    /// Take labels apart into lesions, matched above this IoU
    #[arg(long, value_name = "IOU", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    lesions: Option<f64>,
    /// Compare centrelines too, for vessels
    #[arg(long)]
    centreline: bool,
    /// A CSV with the columns case, subject and perhaps group
    #[arg(long, value_name = "CSV")]
    subjects: Option<PathBuf>,
    /// How models write boxes in their answers: qwen2-vl, internvl, … (the names of limner vqa write --boxes)
    #[arg(long, value_name = "CONVENTION")]
    boxes: Option<String>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    /// A page with tables and plots
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// A folder for the plots as SVG
    #[arg(long, value_name = "FOLDER")]
    svg: Option<PathBuf>,
    /// The rows as a table
    #[arg(long, value_name = "OUT")]
    csv: Option<PathBuf>,
    /// The rows as a table
    #[arg(long, value_name = "OUT")]
    parquet: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if is_records(&args.reference) {
        let (html, svg) = (args.html.as_deref(), args.svg.as_deref());
        let wanted = Wanted { boxes: args.boxes.as_deref(), json: args.json, html, svg };
        return compare_records::run(&args.reference, &args.predictions, &wanted);
    }
    let rules = rules(args)?;
    let task = task();
    let study = study(args, rules, &task)?;
    let report = review::compare(&study, &task)?;
    for failure in &report.failed {
        note(format!("limner: {}: {}", failure.path.display(), failure.why));
    }
    let summary = review::summarise(&report.rows);
    let title = format!("Comparison of {}", models_in_words(&study));
    outputs(args, &report, &summary, &title)?;
    if args.json {
        say_json(&object(&report, &summary))?;
    } else {
        tell(&report, &summary);
    }
    Ok(exit(report.failed.is_empty() && !report.rows.is_empty()))
}

fn rules(args: &Args) -> anyhow::Result<Rules> {
    let is_length = |mm: f64| mm.is_finite() && mm >= 0.0;
    if !is_length(args.tolerance) {
        return Err(usage("--tolerance takes millimetres, 0 or more"));
    }
    let own = |text: &String| {
        let parsed = text.split_once('=').and_then(|(label, mm)| Some((label.parse().ok()?, mm.parse().ok()?)));
        parsed.filter(|(_, mm)| is_length(*mm)).ok_or_else(|| usage(format!("{text:?} is not LABEL=MM")))
    };
    if args.lesions.is_some_and(|iou| !(0.0..1.0).contains(&iou)) {
        return Err(usage("--lesions takes an IoU from 0 to below 1"));
    }
    let tolerance_of = args.tolerance_of.iter().map(own).collect::<anyhow::Result<BTreeMap<u32, f64>>>()?;
    Ok(Rules { tolerance_mm: args.tolerance, tolerance_of, lesions: args.lesions, centreline: args.centreline })
}

fn study(args: &Args, rules: Rules, task: &Task) -> anyhow::Result<Study> {
    let names = review::folder::names(&args.predictions);
    let models = names
        .into_iter()
        .zip(&args.predictions)
        .map(|(name, path)| Ok((name, review::maps_in(path, task)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let people = args.subjects.as_deref().map(review::folder::subjects).transpose()?.unwrap_or_default();
    let reference = review::maps_in(&args.reference, task)?;
    Ok(Study { models: review::folder::as_one_case(&reference, models), reference, people, rules })
}

fn models_in_words(study: &Study) -> String {
    let names: Vec<&str> = study.models.iter().map(|(name, _)| name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn outputs(args: &Args, report: &Report, summary: &Summary, title: &str) -> anyhow::Result<()> {
    if let Some(path) = &args.html {
        write(path, page::html(report, summary, title).as_bytes())?;
    }
    if let Some(path) = &args.csv {
        write(path, table::csv_text(&report.rows).as_bytes())?;
    }
    if let Some(path) = &args.parquet {
        write(path, &table::parquet_bytes(&report.rows)?)?;
    }
    if let Some(folder) = &args.svg {
        for plot in study_plots::plots(&report.rows, summary) {
            write(&folder.join(format!("{}.svg", plot.name)), plot.drawing.svg().as_bytes())?;
        }
    }
    Ok(())
}

/// Whole or not at all: a reader never meets half a file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    }
    let fresh = path.with_extension("part");
    std::fs::write(&fresh, bytes)
        .and_then(|()| std::fs::rename(&fresh, path))
        .with_context(|| format!("could not write {}", path.display()))
}

fn object(report: &Report, summary: &Summary) -> serde_json::Value {
    let seconds = report.seconds.iter().sum::<f64>() / report.seconds.len().max(1) as f64;
    json!({
        "schema": "limner.compare/1",
        "rows": report.rows,
        "unmatched": report.unmatched.iter().map(|one| &one.path).collect::<Vec<_>>(),
        "unmatched_why": report.unmatched,
        "failed": report.failed,
        "rule_empty": "both empty 1.0; one empty 0.0; distances null",
        "models": summary.models,
        "tests": summary.tests,
        "worst_first": summary.queue,
        "seed": summary.seed,
        "seconds_per_case": if report.seconds.is_empty() { None } else { Some(seconds) },
    })
}

fn tell(report: &Report, summary: &Summary) {
    for r in &report.rows {
        let hd95 = r.hd95_mm.map_or_else(|| "-".into(), |mm| format!("{mm:.2}"));
        say(format!(
            "{:<28} {:<14} {:>5}  Dice {:.4}  NSD {:.4}  HD95 {hd95} mm",
            r.case, r.model, r.label, r.dice, r.nsd
        ));
    }
    for model in &summary.models {
        let figure = |figure: Figure| {
            model
                .overall
                .get(&figure)
                .map_or_else(|| "-".into(), |i| format!("{:.4} [{:.4}, {:.4}]", i.value, i.low, i.high))
        };
        say(format!(
            "{}: {} cases, Dice {}, NSD {}",
            model.model,
            model.cases,
            figure(Figure::Dice),
            figure(Figure::Nsd)
        ));
    }
    report.unmatched.iter().for_each(|one| note(format!("limner: {}: {}", one.why, one.path.display())));
}
