//! `limner project`: make, fill, inspect, edit, check and copy projects without a window.

use super::convert::find_one;
use super::progress::task;
use super::{exit, note, say, say_json};
use anyhow::Context as _;
use clap::Subcommand;
use limner_annotation::records::ProjectInfo;
use limner_annotation::step::LogEntry;
use limner_annotation::{Command, Error, Kind, Project, counted};
use limner_imaging::Task;
use serde_json::json;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner project new study.limner && limner project add study.limner ct.nii.gz")]
pub struct Args {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make an empty project
    #[command(after_help = "Example: limner project new study.limner --name \"Liver study\"")]
    New {
        project: PathBuf,
        #[arg(long, default_value = "Untitled")]
        name: String,
        /// The pseudonym the steps are signed with
        #[arg(long, default_value = "annotator")]
        author: String,
    },
    /// Add pictures to a project
    #[command(after_help = "Example: limner project add study.limner ct.nii.gz scans/")]
    Add {
        project: PathBuf,
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Say what a project holds
    #[command(after_help = "Example: limner project info study.limner --json")]
    Info {
        project: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// List every step, oldest first
    #[command(after_help = "Example: limner project log study.limner --json")]
    Log {
        project: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Apply commands from a file, one JSON object a line, as one step
    #[command(after_help = "Example: limner project edit study.limner --script steps.jsonl")]
    Edit {
        project: PathBuf,
        #[arg(long)]
        script: PathBuf,
    },
    /// Check that a project is whole and its pictures are where it expects them
    #[command(after_help = "Example: limner project verify study.limner")]
    Verify { project: PathBuf },
    /// Copy a project, also while it is open
    #[command(after_help = "Example: limner project backup study.limner copy.limner")]
    Backup { project: PathBuf, copy: PathBuf },
    /// Write a file that holds one rater's assignments and nothing else
    #[command(after_help = "Example: limner project handout study.limner --rater reader-2 -o reader-2.limner")]
    Handout {
        project: PathBuf,
        /// The rater's pseudonym
        #[arg(long)]
        rater: String,
        #[arg(short, long)]
        out: PathBuf,
        /// Do not copy the pictures under neutral names beside the file
        #[arg(long)]
        without_pictures: bool,
    },
    /// Merge files that raters bring back, by entity and revision
    #[command(after_help = "Example: limner project collect study.limner reader-1.limner reader-2.limner")]
    Collect {
        project: PathBuf,
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Add, export or list ontologies
    #[command(after_help = "Example: limner project ontology study.limner --ready ct-anatomy")]
    Ontology {
        #[arg(required_unless_present = "list")]
        project: Option<PathBuf>,
        /// Add one that comes with Limner
        #[arg(long, conflicts_with = "import")]
        ready: Option<String>,
        /// Add one from a .json or .csv file
        #[arg(long)]
        import: Option<PathBuf>,
        /// Write the project's ontology of this name to the file given by --out
        #[arg(long, requires = "out")]
        export: Option<String>,
        #[arg(short, long)]
        out: Option<PathBuf>,
        /// Say which ontologies come with Limner
        #[arg(long)]
        list: bool,
    },
    /// Give back the room of what was removed
    #[command(after_help = "Example: limner project compact study.limner")]
    Compact { project: PathBuf },
    /// Save what is sound of a damaged project into a new file, step by step from the first
    #[command(after_help = "Example: limner project recover damaged.limner saved.limner")]
    Recover { project: PathBuf, new: PathBuf },
    /// Find moved pictures again, by their content
    #[command(after_help = "Example: limner project relink study.limner /new/place")]
    Relink { project: PathBuf, folder: PathBuf },
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let outcome = carry_out(args.command);
    let damaged = |error: &anyhow::Error| matches!(error.downcast_ref(), Some(Error::Damaged { .. }));
    if outcome.as_ref().is_err_and(damaged) {
        note("limner: \"limner project recover DAMAGED NEW\" saves its sound steps; a backup may hold more");
    }
    outcome
}

fn carry_out(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::New { project, name, author } => {
            close(Project::create(&project, &name, &author)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Add { project, paths } => add(&project, &paths),
        Verb::Info { project, json } => info(&project, json),
        Verb::Log { project, json } => log(&project, json),
        Verb::Edit { project, script } => edit(&project, &script),
        Verb::Verify { project } => verify(&project),
        Verb::Backup { project, copy } => {
            Project::open_read_only(&project)?.backup(&copy)?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Relink { project, folder } => relink(&project, &folder),
        Verb::Recover { project, new } => recover(&project, &new),
        Verb::Handout { project, rater, out, without_pictures } => {
            super::project_share::handout(&project, &rater, &out, !without_pictures)
        }
        Verb::Collect { project, files, json } => super::project_share::collect(&project, &files, json),
        Verb::Ontology { list: true, .. } => super::project_share::list_ontologies(),
        Verb::Ontology { project, ready, import, export, out, .. } => {
            let project = project.context("name the project")?;
            super::project_share::ontology(
                &project,
                ready.as_deref(),
                import.as_deref(),
                export.as_deref().zip(out.as_deref()),
            )
        }
        Verb::Compact { project } => {
            let project = Project::open(&project)?;
            project.compact()?;
            close(project)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Waits for the disk, so that success means safe.
fn close(project: Project) -> anyhow::Result<()> {
    Ok(project.close()?)
}

fn add(path: &Path, paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut project = Project::open(path)?;
    let task = task();
    let mut done = true;
    // What cannot be read keeps nothing else out.
    let mut failed = |error: &dyn std::fmt::Display| {
        note(format!("limner: {error}"));
        done = false;
    };
    for picture in paths {
        task.cancel.check()?;
        let found = match limner_imaging::formats::scan(picture, &task) {
            Ok(found) => found,
            Err(error) => {
                failed(&error);
                continue;
            }
        };
        found.failed.iter().for_each(|failure| failed(&failure.error));
        for series in found.series {
            task.cancel.check()?;
            let entry = match project.entry_of(&series, &task) {
                Ok(entry) => entry,
                Err(error) => {
                    failed(&error);
                    continue;
                }
            };
            if project.document().images().any(|i| i.sha256 == entry.sha256 && i.geometry == entry.geometry) {
                note(format!("limner: {} is in the project already", series.path.display()));
                continue;
            }
            say(entry.id.to_string());
            project.document_mut().apply("Add image", vec![Command::AddImage { image: entry }])?;
        }
    }
    close(project)?;
    Ok(exit(done))
}

fn info(path: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let project = Project::open_read_only(path)?;
    let document = project.document();
    let labels = |image| {
        let map = document.label_map(image);
        let count = |value| map.map_or(0, |m| m.count(value));
        document
            .labels()
            .into_iter()
            .map(|l| json!({"value": l.value, "name": l.name, "voxels": count(l.value)}))
            .collect::<Vec<_>>()
    };
    if as_json {
        let mut entities = serde_json::Map::new();
        for kind in Kind::ALL {
            entities.insert(kind.name().into(), document.count(*kind)?.into());
        }
        let images: Vec<_> = document
            .images()
            .map(|i| json!({"id": i.id, "path": i.path, "title": i.title, "size": i.size(), "sha256_samples": i.sha256, "labels": labels(i.id)}))
            .collect();
        say_json(&json!({
            "schema": "limner.project-info/1",
            "name": project.meta().name,
            "about": document.all::<ProjectInfo>().next(),
            "revision": document.revision(),
            "images": images,
            "labels": document.labels(),
            "shapes": document.count(Kind::Shape)?,
            "entities": entities,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(format!("{}, revision {}", project.meta().name, document.revision()));
    for image in document.images() {
        say(format!("{}  {:?}  {}", image.id, image.size(), image.title));
        if let Some(map) = document.label_map(image.id) {
            for label in document.labels().iter().filter(|l| map.count(l.value) > 0) {
                say(format!("    {} {}: {} voxels", label.value, label.name, map.count(label.value)));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn log(path: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let project = Project::open_read_only(path)?;
    let entries = project.log()?;
    if as_json {
        say_json(&entries.iter().map(log_line).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    for entry in entries {
        say(format!("{}  {}  {}  {}", entry.revision, entry.info.at, entry.info.by, entry.in_words()));
    }
    Ok(ExitCode::SUCCESS)
}

/// One step in the words of CLI.md.
fn log_line(entry: &LogEntry) -> serde_json::Value {
    let info = &entry.info;
    json!({
        "revision": entry.revision,
        "at": info.at,
        "by": info.by,
        "command": entry.command,
        "tool": info.tool,
        "model": info.model,
        "prompts": info.prompts,
        "summary": info.told(),
    })
}

fn edit(path: &Path, script: &Path) -> anyhow::Result<ExitCode> {
    let file = std::fs::File::open(script).with_context(|| format!("could not open {}", script.display()))?;
    let mut project = Project::open(path)?;
    let document = project.document_mut();
    let name = "Edit script";
    document.begin(name)?;
    for (n, line) in std::io::BufReader::new(file).lines().enumerate() {
        let line = line.with_context(|| format!("could not read {}", script.display()))?;
        if line.trim().is_empty() {
            continue;
        }
        let staged = serde_json::from_str::<Command>(&line)
            .map_err(anyhow::Error::from)
            .and_then(|command| document.stage(command).map_err(anyhow::Error::from));
        if let Err(error) = staged {
            // Half a script is worse than none.
            document.abort()?;
            return Err(error.context(format!("{} line {}: nothing was changed", script.display(), n + 1)));
        }
    }
    document.commit()?;
    close(project)?;
    Ok(ExitCode::SUCCESS)
}

fn verify(path: &Path) -> anyhow::Result<ExitCode> {
    let project = Project::open_read_only(path)?;
    let problems = project.verify()?;
    problems.iter().for_each(|problem| say(format!("damaged  {problem}")));
    // Rows that are sound as bytes may still not fit each other.
    let unfit = project.document().problems();
    unfit.iter().for_each(|problem| say(format!("unfit    {problem}")));
    let mut done = problems.is_empty() && unfit.is_empty();
    let task = task();
    for entry in project.document().images() {
        let opened = project.open_image(entry, &task);
        // A picture that was not read to its end is not a missing one.
        task.cancel.check()?;
        match opened {
            Ok(_) => say(format!("ok       {}", entry.title)),
            Err(error) => {
                done = false;
                say(format!("missing  {}: {error}", entry.title));
            }
        }
    }
    Ok(exit(done))
}

fn relink(path: &Path, folder: &Path) -> anyhow::Result<ExitCode> {
    let mut project = Project::open(path)?;
    let count = project.relink(folder, &task())?;
    say(format!("{} found again", counted(count, "picture")));
    let lost = project.lost().count();
    if lost > 0 {
        note(format!("limner: not at their place still: {}", counted(lost, "picture")));
    }
    close(project)?;
    Ok(exit(lost == 0))
}

fn recover(damaged: &Path, new: &Path) -> anyhow::Result<ExitCode> {
    let recovered = Project::recover(damaged, new)?;
    say(format!("saved up to step {}: {}", recovered.revision, new.display()));
    if let Some(why) = &recovered.stopped_by {
        note(format!("limner: the steps after it could not be saved: {why}"));
    }
    Ok(exit(recovered.stopped_by.is_none()))
}

/// The series a project is to start with, for `demo`.
pub fn add_one(project: &mut Project, path: &Path, task: &Task) -> anyhow::Result<limner_annotation::ImageId> {
    let image = project.entry_of(&find_one(path, None, task)?, task)?;
    let id = image.id;
    project.document_mut().apply("Add image", vec![Command::AddImage { image }])?;
    Ok(id)
}
