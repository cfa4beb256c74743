//! `limner report`: a page from a comparison made before, or from the judgements of a project.

use super::compare::write;
use super::{say_json, usage};
use anyhow::Context as _;
use limner_annotation::Project;
use limner_annotation::review::{self, Report, Row, judged, judged_page, page, study_plots};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner report study.limner --html agreement.html")]
pub struct Args {
    /// A project with judgements, or what limner compare --json said
    source: PathBuf,
    /// A page with tables and plots
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// A folder for the plots as SVG
    #[arg(long, value_name = "FOLDER")]
    svg: Option<PathBuf>,
    /// The title of the page
    #[arg(long)]
    title: Option<String>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Compared {
    schema: String,
    rows: Vec<Row>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.html.is_none() && args.svg.is_none() && !args.json {
        return Err(usage("say what is wanted: --html, --svg or --json"));
    }
    if args.source.extension().is_some_and(|e| e == "limner") {
        return of_project(args);
    }
    let text = std::fs::read(&args.source).with_context(|| format!("could not read {}", args.source.display()))?;
    let compared: Compared = serde_json::from_slice(&text).with_context(|| {
        format!("{} is no comparison of label maps by limner compare --json", args.source.display())
    })?;
    anyhow::ensure!(compared.schema == "limner.compare/1", "{} is another kind of JSON", args.source.display());
    let report = Report { rows: compared.rows, ..Report::default() };
    let summary = review::summarise(&report.rows);
    if let Some(path) = &args.html {
        let title = args.title.as_deref().unwrap_or("Comparison");
        write(path, page::html(&report, &summary, title).as_bytes())?;
    }
    if let Some(folder) = &args.svg {
        for plot in study_plots::plots(&report.rows, &summary) {
            write(&folder.join(format!("{}.svg", plot.name)), plot.drawing.svg().as_bytes())?;
        }
    }
    if args.json {
        say_json(&serde_json::json!({"schema": "limner.report/1", "summary": summary}))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn of_project(args: &Args) -> anyhow::Result<ExitCode> {
    let project = Project::open_read_only(&args.source)?;
    let judged = judged::judged(project.document().contents());
    if let Some(path) = &args.html {
        let title = args.title.as_deref().unwrap_or("Judgements");
        write(path, judged_page::html(&judged, title).as_bytes())?;
    }
    if args.json {
        say_json(&serde_json::json!({"schema": "limner.report/1", "judged": judged}))?;
    }
    Ok(ExitCode::SUCCESS)
}
