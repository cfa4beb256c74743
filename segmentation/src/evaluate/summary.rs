//! Many cases in a few numbers.

use super::{CaseReport, Round};
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub cases: usize,
    pub mean_dice: Vec<f64>,
    pub mean_nsd: Vec<f64>,
    pub dsc_auc: Option<f64>,
    pub nsd_auc: Option<f64>,
    pub dsc_final: Option<f64>,
    pub nsd_final: Option<f64>,
    pub to_dice_80: Reached,
    pub to_dice_90: Reached,
    pub median_seconds: Option<f64>,
}

/// How many cases came to a Dice, and after how many prompts those did on average.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Reached {
    pub cases: usize,
    pub mean_prompts: Option<f64>,
}

#[must_use]
pub fn summary(cases: &[CaseReport]) -> Summary {
    let rounds = cases.iter().map(|c| c.rounds.len()).max().unwrap_or(0);
    let of_round =
        |n: usize, of: fn(&Round) -> f64| mean(cases.iter().filter_map(|c| c.rounds.get(n)).map(of)).unwrap_or(0.0);
    let last = |of: fn(&Round) -> f64| mean(cases.iter().filter_map(|c| c.rounds.last()).map(of));
    let mut seconds: Vec<f64> = cases.iter().flat_map(|c| &c.rounds).map(|r| r.seconds).filter(|&s| s > 0.0).collect();
    seconds.sort_unstable_by(f64::total_cmp);
    Summary {
        cases: cases.len(),
        mean_dice: (0..rounds).map(|n| of_round(n, |r| r.dice)).collect(),
        mean_nsd: (0..rounds).map(|n| of_round(n, |r| r.nsd)).collect(),
        dsc_auc: mean(cases.iter().filter_map(|c| c.dsc_auc)),
        nsd_auc: mean(cases.iter().filter_map(|c| c.nsd_auc)),
        dsc_final: last(|r| r.dice),
        nsd_final: last(|r| r.nsd),
        to_dice_80: reached(cases, 0.8),
        to_dice_90: reached(cases, 0.9),
        median_seconds: seconds.get(seconds.len() / 2).copied(),
    }
}

fn reached(cases: &[CaseReport], dice: f64) -> Reached {
    let prompts: Vec<f64> = cases
        .iter()
        .filter_map(|c| c.rounds.iter().find(|r| r.dice >= dice))
        .map(|round| round.prompts as f64)
        .collect();
    Reached { cases: prompts.len(), mean_prompts: mean(prompts.iter().copied()) }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}
