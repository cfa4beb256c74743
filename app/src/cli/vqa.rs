//! `limner vqa`: make questions from what is painted and drawn, audit them, check them, write them by a profile.

use super::progress::task;
use super::{exit, note, say, say_json, usage};
use anyhow::Context as _;
use clap::Subcommand;
use limner_annotation::audit::{self, Plan as AuditPlan, Pruning};
use limner_annotation::exchange::vqa::boxes;
use limner_annotation::exchange::vqa::collect::{Collected, Selection, collect};
use limner_annotation::exchange::vqa::export::{Writing, write_new};
use limner_annotation::exchange::vqa::profile::{self, Profile, ProfileOptions};
use limner_annotation::exchange::vqa::talk::Style;
use limner_annotation::question::generate::{self, GENERATORS, Plan};
use limner_annotation::question::{Book, ImageSet, Lookup, Question, Status, Template};
use limner_annotation::step::StepInfo;
use limner_annotation::{Command, Contents, Error, ImageEntry, ImageId, Project, counted};
use limner_imaging::Task;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner vqa generate study.limner --seed 7")]
pub struct Args {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make questions from masks, shapes and time points
    #[command(after_help = "Example: limner vqa generate study.limner --only volume,larger --seed 7")]
    Generate(Generate),
    /// Look for shortcuts, leaks, copies and identifiers
    #[command(after_help = "Example: limner vqa audit study.limner --out audit/")]
    Audit(Audit),
    /// Say what is missing or wrong, question by question
    #[command(after_help = "Example: limner vqa check study.limner --profile gemex --json")]
    Check(Check),
    /// Fill in the MI-CLAIM-GEN sheet with what the project knows
    #[command(after_help = "Example: limner vqa sheet study.limner --out MI-CLAIM-GEN.md")]
    Sheet(Sheet),
    /// Write questions and their pictures in the layout of a data set
    #[command(after_help = "Example: limner vqa write study.limner --questions q.json --profile gemex --out set/")]
    Write(Write),
}

#[derive(clap::Args)]
struct Write {
    #[command(flatten)]
    source: Source,
    /// Which layout, like gemex or ms-swift
    #[arg(long)]
    profile: String,
    /// How boxes are written, where the layout leaves it open
    #[arg(long)]
    boxes: Option<String>,
    /// Reasoning before the answer, in tags
    #[arg(long)]
    thinking: bool,
    /// A new folder
    #[arg(long)]
    out: PathBuf,
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Generate {
    #[arg(required_unless_present = "list")]
    project: Option<PathBuf>,
    /// The same seed makes the same questions
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these generators, by comma
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// At most this many of each generator; 0 for all
    #[arg(long, default_value_t = 0)]
    most: usize,
    /// Two images of a subject as PRIOR:CURRENT, by their number in the project from 1
    #[arg(long = "pair", value_name = "PRIOR:CURRENT")]
    pairs: Vec<String>,
    /// A file for the questions instead of the project
    #[arg(long)]
    out: Option<PathBuf>,
    /// List the generators
    #[arg(long)]
    list: bool,
    #[arg(long)]
    json: bool,
}

/// Where questions come from: the project, or a file that `generate` wrote.
#[derive(clap::Args)]
struct Source {
    project: PathBuf,
    /// A file of questions instead of the project's own
    #[arg(long)]
    questions: Option<PathBuf>,
    /// Also those that no reviewer has accepted
    #[arg(long)]
    unreviewed: bool,
}

#[derive(clap::Args)]
struct Audit {
    #[command(flatten)]
    source: Source,
    /// A folder for audit.json, audit.html, bias_scores.csv and removed_ids.txt
    #[arg(long)]
    out: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// Take out up to this many questions that need no picture
    #[arg(long)]
    prune: Option<usize>,
    /// Bias scores up to here are left alone
    #[arg(long, default_value_t = 0.9)]
    threshold: f64,
    /// Do not keep the audit in the project
    #[arg(long)]
    no_record: bool,
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Sheet {
    #[command(flatten)]
    source: Source,
    /// A Markdown file; printed where not given
    #[arg(long)]
    out: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(clap::Args)]
struct Check {
    #[command(flatten)]
    source: Source,
    /// Also whether a profile has room for them
    #[arg(long)]
    profile: Option<String>,
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Verb::Generate(args) => run_generate(args),
        Verb::Audit(args) => run_audit(args),
        Verb::Check(args) => run_check(args),
        Verb::Sheet(args) => run_sheet(args),
        Verb::Write(args) => run_write(args),
    }
}

fn run_generate(args: &Generate) -> anyhow::Result<ExitCode> {
    if args.list {
        GENERATORS.iter().for_each(|g| say(format!("{:<20} {}", g.name, g.title)));
        return Ok(ExitCode::SUCCESS);
    }
    let path = args.project.as_deref().unwrap_or_else(|| Path::new(""));
    let stores = args.out.is_none();
    let mut project = if stores { Project::open(path)? } else { Project::open_read_only(path)? };
    let pairs = args.pairs.iter().map(|pair| parse_pair(project.document(), pair)).collect::<anyhow::Result<_>>()?;
    let plan = Plan { seed: args.seed, only: args.only.clone(), most_of_each: args.most, pairs, ..Plan::default() };
    let book = generate(&project, &plan, &task())?;
    if let Some(out) = &args.out {
        let text = serde_json::to_vec_pretty(&book)?;
        std::fs::write(out, text).with_context(|| format!("could not write {}", out.display()))?;
    }
    let counts = counts(&book);
    if stores {
        store(&mut project, &book)?;
        project.close()?;
    }
    if args.json {
        say_json(&json!({
            "schema": "limner.vqa-generate/1", "questions": book.questions.len(), "by_generator": counts,
            "seed": args.seed, "out": args.out,
        }))?;
    } else {
        counts.iter().for_each(|(name, count)| say(format!("{name:<20} {count}")));
        say(format!("{} to review", counted(book.questions.len(), "question")));
    }
    Ok(exit(!book.questions.is_empty()))
}

/// The questions of a plan about a project; templates are the project's own.
pub fn generate(project: &Project, plan: &Plan, task: &Task) -> anyhow::Result<Book> {
    let images = |image: &ImageEntry, task: &Task| project.open_image(image, task);
    let templates = project.document().all::<Template>().cloned().collect();
    let plan = Plan { templates, ..plan.clone() };
    Ok(generate::generate(project.document(), Some(&images), &plan, task)?)
}

/// Puts questions into the project as one step. What was made before by the same seed stays as its reviewer left it.
pub fn store(project: &mut Project, book: &Book) -> anyhow::Result<()> {
    let document = project.document_mut();
    let sets = book.image_sets.values().filter(|set| document.get::<ImageSet>(set.id).is_none());
    let questions = book.questions.values().filter(|question| document.get::<Question>(question.id).is_none());
    let commands: Vec<Command> = sets.cloned().map(Command::put).chain(questions.cloned().map(Command::put)).collect();
    let summary = format!("{} made from masks and shapes", counted(book.questions.len(), "question"));
    let step = StepInfo::named("Generate questions").with_tool("derive").with_summary(summary);
    document.apply_step(step, commands)?;
    Ok(())
}

fn counts(book: &Book) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for question in book.questions.values() {
        if let limner_annotation::question::Origin::Generated { generator, .. } = &question.origin {
            *counts.entry(generator.clone()).or_default() += 1;
        }
    }
    counts
}

fn parse_pair(contents: &Contents, text: &str) -> anyhow::Result<[ImageId; 2]> {
    let wrong = || usage(format!("\"{text}\" is no pair; write the numbers of two images of the project, like 1:2"));
    let (prior, current) = text.split_once(':').ok_or_else(wrong)?;
    let image = |number: &str| -> anyhow::Result<ImageId> {
        let number: usize = number.trim().parse().map_err(|_| wrong())?;
        let found = number.checked_sub(1).and_then(|n| contents.images().nth(n)).map(|image| image.id);
        found.ok_or_else(|| usage(format!("the project has no image {number}")))
    };
    Ok([image(prior)?, image(current)?])
}

/// The questions a command works on: those of a file, or the project's own.
struct Questions<'a> {
    project: &'a Project,
    file: Option<Book>,
}

impl<'a> Questions<'a> {
    fn of(project: &'a Project, source: &Source) -> anyhow::Result<Self> {
        Ok(Self { project, file: source.questions.as_deref().map(read_book).transpose()? })
    }

    fn book(&self) -> &dyn Lookup {
        match &self.file {
            Some(book) => book,
            None => self.project.document().contents(),
        }
    }
}

fn read_book(path: &Path) -> anyhow::Result<Book> {
    let text = std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} holds no questions of Limner", path.display()))
}

fn collected(project: &Project, book: &dyn Lookup, unreviewed: bool) -> anyhow::Result<Collected> {
    let selection = Selection { unreviewed, ..Selection::default() };
    Ok(collect(project.document(), book, &selection, &task())?)
}

fn run_audit(args: &Audit) -> anyhow::Result<ExitCode> {
    // What is asked in a file is not the project's.
    let mut project = open_to_audit(&args.source.project, args.source.questions.is_none() && !args.no_record)?;
    let questions = Questions::of(&project, &args.source)?;
    let collected = collected(&project, questions.book(), args.source.unreviewed)?;
    let plan = AuditPlan { seed: args.seed, folds: args.folds, ..AuditPlan::default() };
    let pruning = args.prune.map(|budget| Pruning { budget, threshold: args.threshold, ..Pruning::default() });
    let report = audit::run(&collected.records, plan, pruning, &task())?;
    if !project.is_read_only() {
        let revision = project.document().revision();
        audit::record(project.document_mut(), &report, revision)?;
        project.close()?;
    }
    if let Some(out) = &args.out {
        report.write(out)?;
    }
    if args.json {
        say_json(&report)?;
    } else {
        for group in &report.groups {
            let floor = group.chance.max(group.majority);
            let (score, floor) = (100.0 * group.score, 100.0 * floor);
            say(format!("{:?}: {score:.1} % right from text alone, guessing gets {floor:.1} %", group.group));
        }
        for finding in &report.findings {
            say(format!("{}: {}. {}", finding.doubt.title(), finding.text, finding.doubt.remedy()));
        }
        let doubts = counted(report.findings.len(), "doubt");
        say(format!("{} audited, {doubts}", counted(report.questions, "question")));
    }
    Ok(exit(report.is_clean()))
}

/// Opens a project to write where the audit is to be kept, and to look where that cannot be.
fn open_to_audit(path: &Path, keeps: bool) -> anyhow::Result<Project> {
    if !keeps {
        return Ok(Project::open_read_only(path)?);
    }
    match Project::open(path) {
        Err(error @ (Error::InUse { .. } | Error::Io { .. } | Error::Store { .. })) => {
            let project = Project::open_read_only(path)?;
            note(format!("limner: the audit is not kept in the project: {error}"));
            Ok(project)
        }
        opened => Ok(opened?),
    }
}

/// The sheet says what the audit found, so it is made with one.
fn run_sheet(args: &Sheet) -> anyhow::Result<ExitCode> {
    let project = Project::open_read_only(&args.source.project)?;
    let questions = Questions::of(&project, &args.source)?;
    let collected = collected(&project, questions.book(), args.source.unreviewed)?;
    let plan = AuditPlan { seed: args.seed, ..AuditPlan::default() };
    let report = audit::run(&collected.records, plan, None, &task())?;
    let sheet = audit::sheet(&collected.records, Some(&report));
    match &args.out {
        Some(out) => {
            std::fs::write(out, sheet).with_context(|| format!("could not write {}", out.display()))?;
            say(format!("What only people know is left open in {}", out.display()));
        }
        None => say(sheet.trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

fn run_check(args: &Check) -> anyhow::Result<ExitCode> {
    let project = Project::open_read_only(&args.source.project)?;
    let questions = Questions::of(&project, &args.source)?;
    let book = questions.book();
    let mut problems = Vec::new();
    let (mut count, mut accepted) = (0, 0);
    for question in book.questions() {
        count += 1;
        accepted += usize::from(question.status == Status::Accepted);
        let mut texts: Vec<String> = question.missing(book).into_iter().map(|missing| missing.text).collect();
        texts.extend(question.validate(project.document(), book).err().map(|error| error.to_string()));
        if !texts.is_empty() {
            problems.push(json!({"question": question.id, "stem": question.stem, "problems": texts}));
        }
    }
    let dry_run = match &args.profile {
        Some(name) => {
            let profile = find(name)?;
            let records = collected(&project, book, args.source.unreviewed)?.records;
            Some(profile::dry_run(profile, &records))
        }
        None => None,
    };
    if args.json {
        say_json(&json!({
            "schema": "limner.vqa-check/1", "questions": count, "accepted": accepted, "problems": problems,
            "profile": dry_run,
        }))?;
    } else {
        for problem in &problems {
            say(format!("{}: {}", problem["stem"], problem["problems"]));
        }
        if let Some(run) = &dry_run {
            say(format!("{}, {} blocked", counted(run.records, "record"), run.blocked.len()));
            run.lossy.iter().for_each(|loss| say(loss.to_string()));
        }
        say(format!("{}, {accepted} accepted, {} with problems", counted(count, "question"), problems.len()));
    }
    Ok(exit(problems.is_empty()))
}

fn find(name: &str) -> anyhow::Result<&'static dyn Profile> {
    profile::by_name(name).ok_or_else(|| {
        let names: Vec<_> = profile::PROFILES.iter().map(|profile| profile.name()).collect();
        usage(format!("the profile {name:?} is not known; choose one of {}", names.join(", ")))
    })
}

fn run_write(args: &Write) -> anyhow::Result<ExitCode> {
    let profile = find(&args.profile)?;
    let convention = args.boxes.as_deref().map(|name| {
        let names = || boxes::CONVENTIONS.iter().map(|convention| convention.name).collect::<Vec<_>>().join(", ");
        boxes::by_name(name)
            .ok_or_else(|| usage(format!("boxes cannot be written as {name:?}; choose one of {}", names())))
    });
    let project = Project::open_read_only(&args.source.project)?;
    let questions = Questions::of(&project, &args.source)?;
    let images = |image: &ImageEntry, task: &Task| project.open_image(image, task);
    let style = Style { thinking: args.thinking, ..Style::default() };
    let writing = Writing {
        contents: project.document(),
        book: questions.book(),
        images: &images,
        selection: Selection { unreviewed: args.source.unreviewed, ..Selection::default() },
        options: ProfileOptions { convention: convention.transpose()?, style, ..ProfileOptions::default() },
        task: &task(),
    };
    let records = write_new(profile, &writing, &args.out)?;
    if args.json {
        say_json(
            &json!({"schema": "limner.vqa-write/1", "profile": profile.name(), "records": records, "out": args.out}),
        )?;
    } else {
        say(format!("{}, read back and checked: {}", counted(records, "record"), args.out.display()));
    }
    Ok(ExitCode::SUCCESS)
}
