//! An audit from end to end, and what it leaves: JSON, a list of scores, and one page to read.

use crate::audit::findings::{self, Doubt, Finding};
use crate::audit::item::Item;
use crate::audit::page;
use crate::audit::prune::{self, Pruning};
use crate::audit::shortcuts::{self, GroupReport, Plan};
use crate::error::{Error, Result};
use crate::exchange::vqa::record::Records;
use limner_imaging::Task;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The forest must be this many standard errors better than guessing, and by five in a hundred.
const ALARM: f64 = 3.9;
const ALARM_MARGIN: f64 = 0.05;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub schema: &'static str,
    pub questions: usize,
    /// Those with a right option or a number.
    pub scored: usize,
    pub plan: Plan,
    pub groups: Vec<GroupReport>,
    pub findings: Vec<Finding>,
    pub balance: Vec<Balance>,
    pub scores: Vec<Score>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pruning: Option<PruningReport>,
}

/// How often each answer is right.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Balance {
    pub group: String,
    pub answers: BTreeMap<String, usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    pub question: String,
    pub bias_score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_at_iteration: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PruningReport {
    #[serde(flatten)]
    pub settings: Pruning,
    pub removed: usize,
    pub highest_left: f64,
}

/// Audits a data set. The same records, plan and version give the same report.
pub fn run(records: &Records, plan: Plan, pruning: Option<Pruning>, task: &Task) -> Result<Report> {
    let items: Vec<Item> = records.asked.iter().filter_map(Item::of).collect();
    let mut report = run_items(&items, plan, pruning, task)?;
    report.questions = records.asked.len();
    report.findings.extend(findings::of_records(&records.asked));
    report.findings.sort_by(|a, b| a.doubt.cmp(&b.doubt).then_with(|| a.text.cmp(&b.text)));
    Ok(report)
}

/// Audits questions that are no records of a project: features alone.
pub fn run_items(items: &[Item], plan: Plan, pruning: Option<Pruning>, task: &Task) -> Result<Report> {
    if plan.folds < 2 || plan.trees == 0 || plan.repeats == 0 {
        return Err(Error::refused("an audit needs at least 2 folds, 1 tree and 1 repeat"));
    }
    let (groups, scored) = shortcuts::run(items, plan, task)?;
    let mut found = findings::of_items(items);
    for group in &groups {
        let floor = group.chance.max(group.majority);
        if group.excess > ALARM && group.score - floor > ALARM_MARGIN {
            let name = format!("{:?}", group.group).to_lowercase();
            let text = format!(
                "{name}: {:.1} % right from text alone, where guessing gets {:.1} %",
                100.0 * group.score,
                100.0 * floor
            );
            found.push(Finding::new(Doubt::TextAlone, text, Vec::new(), Some(group.excess)));
        }
    }
    let pruned = pruning.map(|settings| prune::prune(items, plan, settings, task)).transpose()?;
    let removed: BTreeMap<usize, u32> = pruned.iter().flat_map(|pruned| pruned.removed.iter().copied()).collect();
    let scores = scored.iter().map(|scored| Score {
        question: items[scored.item].id.clone(),
        bias_score: scored.score,
        removed_at_iteration: removed.get(&scored.item).copied(),
    });
    Ok(Report {
        schema: "limner.audit/1",
        questions: items.len(),
        scored: items.len(),
        plan,
        groups,
        findings: found,
        balance: balance(items),
        scores: scores.collect(),
        pruning: pruning.zip(pruned).map(|(settings, pruned)| PruningReport {
            settings,
            removed: pruned.removed.len(),
            highest_left: pruned.highest_left,
        }),
    })
}

fn balance(items: &[Item]) -> Vec<Balance> {
    let mut all: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for item in items {
        let Some(place) = item.right_option() else { continue };
        let answer = match item.group {
            crate::audit::item::Group::YesNo => item.options[place].clone(),
            _ => crate::exchange::vqa::record::letter(place),
        };
        let group = format!("{:?}, {} options", item.group, item.options.len());
        *all.entry(group).or_default().entry(answer).or_default() += 1;
    }
    all.into_iter().map(|(group, answers)| Balance { group, answers }).collect()
}

impl Report {
    /// Whether there is nothing to mend.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    #[must_use]
    pub fn has(&self, doubt: Doubt) -> bool {
        self.findings.iter().any(|finding| finding.doubt == doubt)
    }

    /// Writes `audit.json`, `bias_scores.csv`, `removed_ids.txt` and `audit.html`.
    pub fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder, "could not make the folder"))?;
        let mut json = serde_json::to_vec_pretty(self).map_err(Error::json("could not write JSON"))?;
        json.push(b'\n');
        let mut csv = String::from("question,bias_score,removed_at_iteration\n");
        for score in &self.scores {
            let removed = score.removed_at_iteration.map_or_else(String::new, |round| round.to_string());
            csv.push_str(&format!("{},{:.6},{removed}\n", score.question, score.bias_score));
        }
        let removed = self.scores.iter().filter(|score| score.removed_at_iteration.is_some());
        let ids: String = removed.map(|score| format!("{}\n", score.question)).collect();
        let files: [(&str, Vec<u8>); 4] = [
            ("audit.json", json),
            ("bias_scores.csv", csv.into_bytes()),
            ("removed_ids.txt", ids.into_bytes()),
            ("audit.html", page::html(self).into_bytes()),
        ];
        for (name, bytes) in files {
            let path = folder.join(name);
            std::fs::write(&path, bytes).map_err(Error::io(&path, "could not write the file"))?;
        }
        Ok(())
    }
}
