//! An audit as entries of the project: one of each kind that was looked for, also where nothing was found, so that it can
//! be shown later that it was made, of which revision and with which settings.

use crate::audit::report::Report;
use crate::command::Command;
use crate::document::Document;
use crate::entity::AuditRunId;
use crate::error::{Error, Result};
use crate::id::{Key, Kind, Revision};
use crate::records::{AuditKind, AuditRun, AuditScore};
use crate::step::StepInfo;
use crate::words::counted;
use serde::Serialize;
use std::collections::BTreeMap;

const KINDS: [AuditKind; 5] =
    [AuditKind::Tst, AuditKind::Leakage, AuditKind::Duplicate, AuditKind::Phi, AuditKind::Balance];

/// Keeps an audit of a revision of the project as one step. What the newest entry of its kind says already is not said
/// again; whether there was anything new.
pub fn record(document: &mut Document, report: &Report, revision: Revision) -> Result<bool> {
    let mut new = Vec::new();
    for kind in KINDS {
        let run = run_of(report, kind, revision)?;
        let newest = document.all::<AuditRun>().rfind(|known| known.kind == kind);
        let same = |known: &&AuditRun| AuditRun { id: run.id, revision, ..AuditRun::clone(known) } == run;
        if newest.filter(same).is_none() {
            new.push(Command::put(run));
        }
    }
    let (asked, doubts) = (counted(report.questions, "question"), counted(report.findings.len(), "doubt"));
    let summary = format!("{asked} audited, {doubts}");
    let step = StepInfo::named("Record an audit").with_tool("derive").with_summary(summary);
    Ok(document.apply_step(step, new)?.is_some())
}

fn run_of(report: &Report, kind: AuditKind, revision: Revision) -> Result<AuditRun> {
    let mut params = BTreeMap::from([("questions".to_owned(), report.questions.into())]);
    let findings: Vec<_> = report.findings.iter().filter(|finding| finding.doubt.kind() == kind).collect();
    let mut results = BTreeMap::from([("findings".to_owned(), json(&findings)?)]);
    let mut scores = Vec::new();
    match kind {
        AuditKind::Tst => {
            params.insert("plan".into(), json(&report.plan)?);
            results.insert("groups".into(), json(&report.groups)?);
            if let Some(pruning) = &report.pruning {
                results.insert("pruning".into(), json(pruning)?);
            }
            scores = report
                .scores
                .iter()
                .filter_map(|score| {
                    let item = Key { kind: Kind::Question, id: score.question.parse().ok()? };
                    Some(AuditScore { item, score: score.bias_score, removed_in: score.removed_at_iteration })
                })
                .collect();
        }
        AuditKind::Balance => drop(results.insert("answers".into(), json(&report.balance)?)),
        AuditKind::Leakage | AuditKind::Duplicate | AuditKind::Phi => {}
    }
    Ok(AuditRun { id: AuditRunId::new(), kind, revision, params, results, scores })
}

fn json(value: &impl Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(Error::json("could not write what the audit found"))
}
