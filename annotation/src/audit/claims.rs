//! The MI-CLAIM-GEN sheet, filled in where the project knows the answer. What only people know is left open and says so.

use crate::audit::report::Report;
use crate::exchange::vqa::record::Records;
use crate::question::{Origin, Status};
use std::collections::{BTreeMap, BTreeSet};

const OPEN: &str = "*to be filled in by the authors*";

/// The sheet as Markdown: section, item, what is known.
#[must_use]
pub fn sheet(records: &Records, report: Option<&Report>) -> String {
    let mut text = String::from("# MI-CLAIM-GEN\n\n| section | item | answer |\n| --- | --- | --- |\n");
    for (section, item, answer) in rows(records, report) {
        text.push_str(&format!("| {section} | {item} | {} |\n", answer.replace('|', "\\|").replace('\n', " ")));
    }
    text
}

fn rows(records: &Records, report: Option<&Report>) -> Vec<(&'static str, &'static str, String)> {
    const STUDY: &str = "Study design";
    const RESOURCES: &str = "Resources";
    const PERFORMANCE: &str = "Performance";
    const EXAMINATION: &str = "Examination";
    const REPRODUCIBILITY: &str = "Reproducibility";
    let open = || OPEN.to_owned();
    vec![
        (STUDY, "Clinical problem and question", open()),
        (STUDY, "Reproducible selection of the cohort", open()),
        (STUDY, "How labels were made", origins(records)),
        (STUDY, "Guidelines, experience of the annotators, agreement between them", open()),
        (STUDY, "Type of output", output_types(records)),
        (STUDY, "Characteristics of the cohort", cohort(records)),
        (RESOURCES, "Base, embedding, retrieval and auxiliary models", models(records)),
        (RESOURCES, "Origin and original format of all data", open()),
        (RESOURCES, "Preprocessing", "Every picture has a render recipe with its transform from native pixels".into()),
        (RESOURCES, "Independence of the splits at patient level", splits(report)),
        (PERFORMANCE, "Baseline", baseline(report)),
        (PERFORMANCE, "Comparison with statistics, choice of metrics", open()),
        (PERFORMANCE, "Guidelines of human evaluation, experience of the evaluators, agreement", open()),
        (EXAMINATION, "Interpretability and error analysis", grounding(records)),
        (EXAMINATION, "Bias, privacy and security", doubts(report)),
        (EXAMINATION, "Risks, distribution shift, evaluation after deployment", open()),
        (REPRODUCIBILITY, "Tier", open()),
        (REPRODUCIBILITY, "Seeds and settings", seeds(records, report)),
        (REPRODUCIBILITY, "Clinical model card, weights", open()),
    ]
}

/// Counts by name, the most first.
fn counted(names: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let listed: Vec<_> = counts.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    if listed.is_empty() { "none".into() } else { listed.join(", ") }
}

fn origins(records: &Records) -> String {
    let name = |origin: &Origin| match origin {
        Origin::Human => "written by people".to_owned(),
        Origin::Generated { .. } => "computed from masks and shapes".into(),
        Origin::Model { .. } => "drafted by a model".into(),
        Origin::Imported { profile } => format!("imported from {profile}"),
    };
    let accepted = records.asked.iter().filter(|asked| asked.question.status == Status::Accepted).count();
    let origins = counted(records.asked.iter().map(|asked| name(&asked.question.origin)));
    format!("{origins}; {accepted} of {} accepted by a reviewer", records.asked.len())
}

fn output_types(records: &Records) -> String {
    counted(records.asked.iter().map(|asked| asked.question.answer_type.title().to_lowercase()))
}

fn cohort(records: &Records) -> String {
    let pictures = || records.asked.iter().flat_map(|asked| &asked.scene.pictures);
    let cases: BTreeSet<&str> = pictures().map(|picture| picture.source.case.as_str()).collect();
    let modalities =
        counted(pictures().map(|picture| picture.source.modality.clone().unwrap_or_else(|| "unknown".into())));
    format!("{} images; pictures by modality: {modalities}", cases.len())
}

fn models(records: &Records) -> String {
    counted(records.asked.iter().filter_map(|asked| match &asked.question.origin {
        Origin::Model { name, version } => Some(format!("{name} {version}")),
        _ => None,
    }))
}

fn grounding(records: &Records) -> String {
    let grounded = records.asked.iter().filter(|asked| !asked.scene.places.is_empty()).count();
    let steps = records.asked.iter().filter(|asked| !asked.question.rationale.is_empty()).count();
    format!("{grounded} of {} questions point at evidence, {steps} have reasoning steps", records.asked.len())
}

fn splits(report: Option<&Report>) -> String {
    use crate::audit::findings::Doubt;
    match report {
        Some(report) if report.has(Doubt::SubjectAcrossSplits) => {
            "Violated: a subject is in more than one split".into()
        }
        Some(_) => "No subject is in more than one split".into(),
        None => "Not audited".into(),
    }
}

fn baseline(report: Option<&Report>) -> String {
    let Some(report) = report else { return "Not audited".into() };
    let of_group = |group: &crate::audit::shortcuts::GroupReport| {
        let floor = 100.0 * group.chance.max(group.majority);
        format!("{:?}: {:.1} % from text alone, {floor:.1} % by guessing", group.group, 100.0 * group.score)
    };
    let groups: Vec<_> = report.groups.iter().map(of_group).collect();
    if groups.is_empty() { "Too few questions to audit".into() } else { groups.join("; ") }
}

fn doubts(report: Option<&Report>) -> String {
    match report {
        None => "Not audited".into(),
        Some(report) if report.is_clean() => "The audit found nothing".into(),
        Some(report) => counted(report.findings.iter().map(|finding| finding.doubt.title().to_owned())),
    }
}

fn seeds(records: &Records, report: Option<&Report>) -> String {
    let seeds: BTreeSet<u64> = records
        .asked
        .iter()
        .filter_map(|asked| match asked.question.origin {
            Origin::Generated { seed, .. } => Some(seed),
            _ => None,
        })
        .collect();
    let seeds: Vec<_> = seeds.iter().map(u64::to_string).collect();
    let audit = report.map_or_else(String::new, |report| {
        format!("; audit seed {}, {} folds, {} trees", report.plan.seed, report.plan.folds, report.plan.trees)
    });
    format!("generator seeds: {}{audit}", if seeds.is_empty() { "none".into() } else { seeds.join(", ") })
}
