//! Taking out, round by round, what can be answered without a picture.

use crate::audit::item::Item;
use crate::audit::random::Random;
use crate::audit::shortcuts::{self, Plan};
use crate::error::Result;
use limner_imaging::Task;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pruning {
    /// Taken out at most, in all.
    pub budget: usize,
    /// Taken out in one round.
    pub batch: usize,
    /// Scores up to here are left alone.
    pub threshold: f64,
    /// Of each group and answer at least this many stay.
    pub keep_per_answer: usize,
}

impl Default for Pruning {
    fn default() -> Self {
        Self { budget: 100, batch: 20, threshold: 0.9, keep_per_answer: 1 }
    }
}

/// What was taken out, in order: the place of the question and the round, from 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pruned {
    pub removed: Vec<(usize, u32)>,
    /// The highest score left.
    pub highest_left: f64,
}

pub fn prune(items: &[Item], plan: Plan, pruning: Pruning, task: &Task) -> Result<Pruned> {
    let mut left: Vec<usize> = (0..items.len()).collect();
    let mut pruned = Pruned::default();
    for round in 1.. {
        let members: Vec<Item> = left.iter().map(|n| items[*n].clone()).collect();
        let plan = Plan { seed: plan.seed.wrapping_add(u64::from(round) * 1000), ..plan };
        let (_, scores) = shortcuts::run(&members, plan, task)?;
        pruned.highest_left = scores.iter().map(|scored| scored.score).fold(0.0, f64::max);
        let room = pruning.batch.min(pruning.budget.saturating_sub(pruned.removed.len()));
        if pruned.highest_left <= pruning.threshold || room == 0 {
            break;
        }
        let mut order: Vec<_> = scores.iter().filter(|scored| scored.score > pruning.threshold).collect();
        // Ties are broken by a sequence of their own, not by the order of the file.
        let mut random = Random::part(plan.seed, 7);
        let mut draws: Vec<u64> = (0..members.len()).map(|_| random.next()).collect();
        order.sort_by(|a, b| b.score.total_cmp(&a.score).then(draws[a.item].cmp(&draws[b.item])));
        let mut per_answer = answers(&members);
        let mut gone = Vec::new();
        for scored in order {
            let count = per_answer.entry(answer_of(&members[scored.item])).or_default();
            if gone.len() == room {
                break;
            }
            if *count > pruning.keep_per_answer {
                *count -= 1;
                gone.push(scored.item);
            }
        }
        draws.clear();
        if gone.is_empty() {
            break;
        }
        pruned.removed.extend(gone.iter().map(|n| (left[*n], round)));
        gone.sort_unstable();
        for n in gone.into_iter().rev() {
            left.remove(n);
        }
    }
    Ok(pruned)
}

fn answer_of(item: &Item) -> (u8, usize) {
    (item.group as u8, item.right_option().unwrap_or(usize::MAX))
}

fn answers(items: &[Item]) -> BTreeMap<(u8, usize), usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(answer_of(item)).or_default() += 1;
    }
    counts
}
