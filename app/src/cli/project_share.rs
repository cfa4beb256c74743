//! `limner project handout`, `collect` and `ontology`: what goes out of a project to people and comes back.

use super::progress::task;
use super::{exit, note, say, say_json};
use anyhow::Context as _;
use limner_annotation::records::Ontology;
use limner_annotation::share::{self, Collected};
use limner_annotation::{Command, Project, counted, ontology_file};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub fn handout(path: &Path, rater: &str, out: &Path, copy: bool) -> anyhow::Result<ExitCode> {
    let project = Project::open_read_only(path)?;
    let handed = share::handout(&project, rater, out, copy, &task())?;
    for warning in &handed.warnings {
        note(format!("limner: {}", warning.text));
    }
    let (assignments, images) = (counted(handed.assignments, "assignment"), counted(handed.images, "image"));
    say(format!("{assignments} on {images} for {rater}"));
    Ok(exit(handed.warnings.is_empty()))
}

pub fn collect(path: &Path, files: &[PathBuf], as_json: bool) -> anyhow::Result<ExitCode> {
    let mut project = Project::open(path)?;
    let (mut rows, mut done) = (Vec::new(), true);
    for file in files {
        match share::collect(&mut project, file) {
            Ok(collected) => {
                done &= collected.conflicts.is_empty();
                rows.push(json!({
                    "file": file,
                    "rater": collected.rater,
                    "added": collected.added,
                    "changed": collected.changed,
                    "removed": collected.removed,
                    "conflicts": collected.conflicts.iter()
                        .map(|c| json!({"kind": c.key.kind, "id": c.key.id, "what": c.what}))
                        .collect::<Vec<_>>(),
                }));
                if !as_json {
                    report(&collected);
                }
            }
            Err(error) => {
                note(format!("limner: {error}"));
                rows.push(json!({"file": file, "error": error.to_string()}));
                done = false;
            }
        }
    }
    project.close()?;
    if as_json {
        say_json(&json!({"schema": "limner.project-collect/1", "files": rows}))?;
    }
    Ok(exit(done))
}

fn report(collected: &Collected) {
    let Collected { rater, added, changed, removed, conflicts } = collected;
    say(format!(
        "{rater}: {added} added, {changed} changed, {removed} removed, {}",
        counted(conflicts.len(), "conflict")
    ));
    for conflict in conflicts {
        say(format!("    {}: {}", conflict.key, conflict.what));
    }
}

pub fn list_ontologies() -> anyhow::Result<ExitCode> {
    for (name, _) in ontology_file::READY {
        let ontology = ontology_file::ready(name)?;
        say(format!("{name}  {} nodes  {}", ontology.nodes.len(), ontology.name));
    }
    Ok(ExitCode::SUCCESS)
}

pub fn ontology(
    path: &Path,
    ready: Option<&str>,
    import: Option<&Path>,
    export: Option<(&str, &Path)>,
) -> anyhow::Result<ExitCode> {
    if let Some((name, out)) = export {
        let project = Project::open_read_only(path)?;
        let found = project.document().all::<Ontology>().find(|ontology| ontology.name == name).cloned();
        ontology_file::write(&found.with_context(|| format!("the project has no ontology \"{name}\""))?, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let added = match (ready, import) {
        (Some(name), _) => Some(ontology_file::ready(name)?),
        (None, Some(file)) => Some(ontology_file::read(file)?),
        (None, None) => None,
    };
    let Some(ontology) = added else {
        for ontology in Project::open_read_only(path)?.document().all::<Ontology>() {
            say(format!("{}  {} nodes  {}", ontology.id, ontology.nodes.len(), ontology.name));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let mut project = Project::open(path)?;
    say(ontology.id.to_string());
    project.document_mut().apply("Add ontology", vec![Command::put(ontology)])?;
    project.close()?;
    Ok(ExitCode::SUCCESS)
}
