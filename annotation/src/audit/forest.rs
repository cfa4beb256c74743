//! A random forest on a table of numbers: bootstrapped trees, a few features looked at in each node, split where impurity
//! falls most. Values are sorted into at most 255 bins first, so that a node of many rows is read in one pass.
//!
//! The same table, seed and settings give the same forest on any number of threads: each tree has a random sequence of its
//! own.

use crate::audit::random::Random;
use crate::audit::tally::{self, ClassTally, Tally, ValueTally};
use rayon::prelude::*;

const MOST_BINS: usize = 255;
/// Rows that are asked of one tree after another: enough that a tree stays near while they are.
const ASKED_AT_ONCE: usize = 2048;

/// Numbers by column. All columns have the same length.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub columns: Vec<Vec<f32>>,
}

/// What is to be foretold of each row.
#[derive(Clone, Debug)]
pub enum Target {
    /// The number of each row's class, below `classes`.
    Classes {
        of_row: Vec<u32>,
        classes: usize,
    },
    Values(Vec<f32>),
}

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub trees: usize,
    pub seed: u64,
    /// Rows a leaf has at least.
    pub leaf_rows: usize,
}

impl Settings {
    #[must_use]
    pub const fn new(trees: usize, seed: u64) -> Self {
        Self { trees, seed, leaf_rows: 1 }
    }
}

#[derive(Clone, Debug)]
enum Branch {
    /// Goes left where the value is at most the limit.
    Split { feature: u32, limit: f32, left: u32, right: u32 },
    /// Where its prediction begins.
    Leaf(u32),
}

#[derive(Clone, Debug)]
struct Tree {
    branches: Vec<Branch>,
    leaves: Vec<f32>,
    /// How much each feature lowered impurity, weighted by rows.
    gains: Vec<f64>,
}

#[derive(Clone, Debug)]
pub struct Forest {
    trees: Vec<Tree>,
    width: usize,
    features: usize,
}

/// A table in bins, with the limits between them.
struct Binned {
    rows: usize,
    bins: Vec<Vec<u8>>,
    limits: Vec<Vec<f32>>,
}

impl Binned {
    fn of(table: &Table) -> Self {
        let binned: Vec<(Vec<u8>, Vec<f32>)> = table.columns.par_iter().map(|column| bin(column)).collect();
        let rows = table.columns.first().map_or(0, Vec::len);
        let (bins, limits) = binned.into_iter().unzip();
        Self { rows, bins, limits }
    }
}

/// Limits half way between neighbouring values, at quantiles where there are too many.
fn bin(column: &[f32]) -> (Vec<u8>, Vec<f32>) {
    let mut sorted = column.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let between = |pair: &[f32]| pair[0] + (pair[1] - pair[0]) / 2.0;
    let mut limits: Vec<f32> = if distinct.len() <= MOST_BINS {
        distinct.windows(2).map(between).collect()
    } else {
        let at = |n: usize| n * sorted.len() / MOST_BINS;
        (1..MOST_BINS).map(|n| between(&[sorted[at(n) - 1], sorted[at(n)]])).collect()
    };
    limits.dedup();
    let bins = column.iter().map(|value| limits.partition_point(|limit| limit < value) as u8).collect();
    (bins, limits)
}

/// The best cut found in a node.
struct Cut {
    feature: usize,
    bin: u8,
    gain: f64,
}

/// Grows one tree; holds the room it works in.
struct Grower<'a, T: Tally> {
    table: &'a Binned,
    labels: &'a [T::Label],
    settings: Settings,
    random: Random,
    features: Vec<u32>,
    /// How often each row was drawn.
    weights: Vec<f64>,
    node: Node<T>,
    aside: Vec<u32>,
    tree: Tree,
}

impl<'a, T: Tally> Grower<'a, T> {
    fn new(table: &'a Binned, labels: &'a [T::Label], classes: usize, settings: Settings, number: usize) -> Self {
        let features = table.bins.len();
        Self {
            table,
            labels,
            settings,
            random: Random::part(settings.seed, number as u64),
            features: (0..features as u32).collect(),
            weights: vec![0.0; table.rows],
            node: Node::new(T::width(classes), settings.leaf_rows),
            aside: Vec::new(),
            tree: Tree { branches: Vec::new(), leaves: Vec::new(), gains: vec![0.0; features] },
        }
    }

    fn grow(mut self) -> Tree {
        for _ in 0..self.table.rows {
            self.weights[self.random.below(self.table.rows)] += 1.0;
        }
        // In order, so that columns are read forwards.
        let mut rows: Vec<u32> = (0..self.table.rows as u32).filter(|row| self.weights[*row as usize] > 0.0).collect();
        self.tree.branches.push(Branch::Leaf(0));
        let mut open = vec![(0_usize, 0_usize, rows.len())];
        while let Some((at, from, to)) = open.pop() {
            self.node.enter(&rows[from..to], self.labels, &self.weights);
            let Some(cut) = self.best_cut(&rows[from..to]) else {
                self.tree.branches[at] = Branch::Leaf(self.tree.leaves.len() as u32);
                T::write(&self.node.whole, &mut self.tree.leaves);
                continue;
            };
            let bins = &self.table.bins[cut.feature];
            let middle = from + partition(&mut rows[from..to], &mut self.aside, |row| bins[row as usize] <= cut.bin);
            self.tree.gains[cut.feature] += cut.gain;
            let left = self.tree.branches.len();
            self.tree.branches.extend([Branch::Leaf(0), Branch::Leaf(0)]);
            let limit = self.table.limits[cut.feature][usize::from(cut.bin)];
            let (feature, left_branch) = (cut.feature as u32, left as u32);
            self.tree.branches[at] = Branch::Split { feature, limit, left: left_branch, right: left_branch + 1 };
            open.push((left, from, middle));
            open.push((left + 1, middle, to));
        }
        self.tree
    }

    /// Looks at a few features, and at further ones while none of those can be cut.
    fn best_cut(&mut self, rows: &[u32]) -> Option<Cut> {
        let impurity = T::impurity(&self.node.whole);
        let count = tally::rows(&self.node.whole);
        if count < 2.0 * self.settings.leaf_rows as f64 || impurity <= 1e-9 * count {
            return None;
        }
        let all = self.features.len();
        let few = ((all as f64).sqrt() as usize).max(1);
        let mut best: Option<Cut> = None;
        for looked in 0..all {
            if looked >= few && best.is_some() {
                break;
            }
            let place = looked + self.random.below(all - looked);
            self.features.swap(looked, place);
            let feature = self.features[looked] as usize;
            if self.table.limits[feature].is_empty() {
                continue;
            }
            if let Some((bin, left)) = self.node.cut(rows, &self.table.bins[feature]) {
                let gain = impurity - left;
                if best.as_ref().is_none_or(|best| gain > best.gain) {
                    best = Some(Cut { feature, bin, gain });
                }
            }
        }
        best
    }
}

/// The node that is looked at, and room to sweep it: labels and weights are gathered once for all features.
struct Node<T: Tally> {
    width: usize,
    leaf_rows: f64,
    drawn: Vec<(T::Label, f64)>,
    whole: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
    /// A tally for each bin; all zero between two cuts.
    histogram: Vec<f64>,
    /// A bit for each bin that has rows, so that a small node does not pay for empty bins.
    used: [u64; 4],
}

impl<T: Tally> Node<T> {
    fn new(width: usize, leaf_rows: usize) -> Self {
        let empty = || vec![0.0; width];
        Self {
            width,
            leaf_rows: leaf_rows as f64,
            drawn: Vec::new(),
            whole: empty(),
            left: empty(),
            right: empty(),
            histogram: vec![0.0; width * (MOST_BINS + 1)],
            used: [0; 4],
        }
    }

    fn enter(&mut self, rows: &[u32], labels: &[T::Label], weights: &[f64]) {
        self.whole.fill(0.0);
        self.drawn.clear();
        for row in rows {
            let (label, weight) = (labels[*row as usize], weights[*row as usize]);
            T::add(&mut self.whole, label, weight);
            self.drawn.push((label, weight));
        }
    }

    /// The bin to cut after, and what impurity is left then.
    fn cut(&mut self, rows: &[u32], bins: &[u8]) -> Option<(u8, f64)> {
        for (row, (label, weight)) in rows.iter().zip(&self.drawn) {
            let bin = usize::from(bins[*row as usize]);
            T::add(&mut self.histogram[bin * self.width..][..self.width], *label, *weight);
            self.used[bin / 64] |= 1 << (bin % 64);
        }
        self.left.fill(0.0);
        let mut best: Option<(u8, f64)> = None;
        for word in 0..self.used.len() {
            while self.used[word] != 0 {
                let bin = word * 64 + self.used[word].trailing_zeros() as usize;
                self.used[word] &= self.used[word] - 1;
                let tally = &mut self.histogram[bin * self.width..][..self.width];
                tally::join(&mut self.left, tally);
                tally.fill(0.0);
                tally::rest(&self.whole, &self.left, &mut self.right);
                if tally::rows(&self.left).min(tally::rows(&self.right)) >= self.leaf_rows {
                    let left = T::impurity(&self.left) + T::impurity(&self.right);
                    if best.is_none_or(|(_, best)| left < best) {
                        best = Some((bin as u8, left));
                    }
                }
            }
        }
        best
    }
}

/// Puts the rows that fit first, each side in its order; how many they are.
fn partition(rows: &mut [u32], aside: &mut Vec<u32>, fits: impl Fn(u32) -> bool) -> usize {
    aside.clear();
    let mut kept = 0;
    for n in 0..rows.len() {
        let row = rows[n];
        if fits(row) {
            rows[kept] = row;
            kept += 1;
        } else {
            aside.push(row);
        }
    }
    rows[kept..].copy_from_slice(aside);
    kept
}

impl Tree {
    /// Where the prediction for a row begins.
    fn leaf(&self, columns: &[Vec<f32>], row: usize) -> usize {
        let mut at = 0;
        loop {
            match self.branches[at] {
                Branch::Leaf(leaf) => return leaf as usize,
                Branch::Split { feature, limit, left, right } => {
                    at = if columns[feature as usize][row] <= limit { left } else { right } as usize;
                }
            }
        }
    }
}

impl Forest {
    /// Grows the trees on all rows. An empty table gives a forest that foretells nothing.
    #[must_use]
    pub fn grow(table: &Table, target: &Target, settings: Settings) -> Self {
        let binned = Binned::of(table);
        let (width, features) = (target.width(), table.columns.len());
        let numbers = if binned.rows == 0 { 0 } else { settings.trees };
        let trees = (0..numbers).into_par_iter();
        let trees = match target {
            Target::Classes { of_row, classes } => {
                trees.map(|n| Grower::<ClassTally>::new(&binned, of_row, *classes, settings, n).grow()).collect()
            }
            Target::Values(values) => {
                trees.map(|n| Grower::<ValueTally>::new(&binned, values, 1, settings, n).grow()).collect()
            }
        };
        Self { trees, width, features }
    }

    /// For each row the probability of each class, or the value foretold.
    #[must_use]
    pub fn predict(&self, table: &Table) -> Vec<Vec<f32>> {
        let rows = table.columns.first().map_or(0, Vec::len);
        let share = 1.0 / self.trees.len().max(1) as f32;
        let mut all = vec![vec![0.0; self.width]; rows];
        all.par_chunks_mut(ASKED_AT_ONCE).enumerate().for_each(|(chunk, sums)| {
            for tree in &self.trees {
                for (n, sums) in sums.iter_mut().enumerate() {
                    let leaf = tree.leaf(&table.columns, chunk * ASKED_AT_ONCE + n);
                    for (sum, value) in sums.iter_mut().zip(&tree.leaves[leaf..leaf + self.width]) {
                        *sum += value * share;
                    }
                }
            }
        });
        all
    }

    /// The share of each feature in what the trees gained; sums to one where anything was gained.
    #[must_use]
    pub fn importances(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.features];
        for tree in &self.trees {
            let total: f64 = tree.gains.iter().sum();
            for (sum, gain) in sums.iter_mut().zip(&tree.gains).filter(|_| total > 0.0) {
                *sum += gain / total;
            }
        }
        let total: f64 = sums.iter().sum();
        if total > 0.0 { sums.into_iter().map(|sum| sum / total).collect() } else { sums }
    }
}

impl Target {
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes { of_row, .. } => of_row.len(),
            Self::Values(values) => values.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    const fn width(&self) -> usize {
        match self {
            Self::Classes { classes, .. } => *classes,
            Self::Values(_) => 1,
        }
    }

    /// Some of the rows.
    #[must_use]
    pub fn rows(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes { of_row, classes } => {
                Self::Classes { of_row: rows.iter().map(|row| of_row[*row]).collect(), classes: *classes }
            }
            Self::Values(values) => Self::Values(rows.iter().map(|row| values[*row]).collect()),
        }
    }
}

impl Table {
    /// Some of the rows.
    #[must_use]
    pub fn rows(&self, rows: &[usize]) -> Self {
        let of_column = |column: &Vec<f32>| rows.iter().map(|row| column[*row]).collect();
        Self { columns: self.columns.par_iter().map(of_column).collect() }
    }
}
