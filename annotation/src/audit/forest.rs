//! A random forest on a table of numbers: bootstrapped trees, a few features looked at in each node, split where impurity
//! falls most. Values are sorted into at most 255 bins first, so that a node of many rows is read in one pass.
//!
//! The same table, seed and settings give the same forest on any number of threads: each tree has a random sequence of its
//! own.

use crate::audit::random::Random;
use crate::audit::tally::{ClassTally, Tally, ValueTally};
use rayon::prelude::*;

/// Rows of a node below which sorting is quicker than clearing bins.
const SMALL_NODE: usize = 160;
const MOST_BINS: usize = 255;

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
enum Node {
    /// Goes left where the value is at most the limit.
    Split { feature: u32, limit: f32, left: u32, right: u32 },
    /// Where its prediction begins.
    Leaf(u32),
}

#[derive(Clone, Debug)]
struct Tree {
    nodes: Vec<Node>,
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
    width: usize,
    settings: Settings,
    random: Random,
    histogram: Vec<T>,
    sorted: Vec<(u8, u32)>,
    features: Vec<u32>,
    tree: Tree,
}

impl<'a, T: Tally> Grower<'a, T> {
    fn new(table: &'a Binned, labels: &'a [T::Label], width: usize, settings: Settings, number: usize) -> Self {
        let features = table.bins.len();
        Self {
            table,
            labels,
            width,
            settings,
            random: Random::part(settings.seed, number as u64),
            histogram: vec![T::new(width); MOST_BINS + 1],
            sorted: Vec::new(),
            features: (0..features as u32).collect(),
            tree: Tree { nodes: Vec::new(), leaves: Vec::new(), gains: vec![0.0; features] },
        }
    }

    fn grow(mut self) -> Tree {
        let mut rows: Vec<u32> = (0..self.table.rows).map(|_| self.random.below(self.table.rows) as u32).collect();
        // In order, so that columns are read forwards.
        rows.sort_unstable();
        self.tree.nodes.push(Node::Leaf(0));
        let mut open = vec![(0_usize, 0_usize, rows.len())];
        while let Some((node, from, to)) = open.pop() {
            let mut whole = T::new(self.width);
            for row in &rows[from..to] {
                whole.add(self.labels[*row as usize]);
            }
            let Some(cut) = self.best_cut(&rows[from..to], &whole) else {
                self.tree.nodes[node] = Node::Leaf(self.tree.leaves.len() as u32);
                whole.write(&mut self.tree.leaves);
                continue;
            };
            let bins = &self.table.bins[cut.feature];
            let middle = from + partition(&mut rows[from..to], |row| bins[row as usize] <= cut.bin);
            self.tree.gains[cut.feature] += cut.gain;
            let left = self.tree.nodes.len();
            self.tree.nodes.extend([Node::Leaf(0), Node::Leaf(0)]);
            let limit = self.table.limits[cut.feature][usize::from(cut.bin)];
            let (feature, left_node) = (cut.feature as u32, left as u32);
            self.tree.nodes[node] = Node::Split { feature, limit, left: left_node, right: left_node + 1 };
            open.push((left, from, middle));
            open.push((left + 1, middle, to));
        }
        self.tree
    }

    /// Looks at a few features, and at further ones while none of those can be cut.
    fn best_cut(&mut self, rows: &[u32], whole: &T) -> Option<Cut> {
        let impurity = whole.impurity();
        if rows.len() < 2 * self.settings.leaf_rows || impurity <= 1e-9 * whole.rows() {
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
            let found = if rows.len() < SMALL_NODE {
                self.cut_sorted(rows, whole, feature)
            } else {
                self.cut_binned(rows, whole, feature)
            };
            if let Some((bin, left)) = found {
                let gain = impurity - left;
                if best.as_ref().is_none_or(|best| gain > best.gain) {
                    best = Some(Cut { feature, bin, gain });
                }
            }
        }
        best
    }

    /// The bin to cut after, and what impurity is left then.
    fn cut_binned(&mut self, rows: &[u32], whole: &T, feature: usize) -> Option<(u8, f64)> {
        let bins = &self.table.bins[feature];
        let used = self.table.limits[feature].len() + 1;
        if used < 2 {
            return None;
        }
        for tally in &mut self.histogram[..used] {
            tally.clear();
        }
        for row in rows {
            self.histogram[usize::from(bins[*row as usize])].add(self.labels[*row as usize]);
        }
        let mut sweep = Sweep::new(whole, self.width, self.settings.leaf_rows);
        for (bin, tally) in self.histogram[..used - 1].iter().enumerate().filter(|(_, tally)| tally.rows() > 0.0) {
            sweep.left.join(tally);
            sweep.look(bin as u8);
        }
        sweep.best
    }

    fn cut_sorted(&mut self, rows: &[u32], whole: &T, feature: usize) -> Option<(u8, f64)> {
        let bins = &self.table.bins[feature];
        self.sorted.clear();
        self.sorted.extend(rows.iter().map(|row| (bins[*row as usize], *row)));
        self.sorted.sort_unstable();
        let mut sweep = Sweep::new(whole, self.width, self.settings.leaf_rows);
        for (n, (bin, row)) in self.sorted.iter().enumerate() {
            sweep.left.add(self.labels[*row as usize]);
            if self.sorted.get(n + 1).is_some_and(|(next, _)| next != bin) {
                sweep.look(*bin);
            }
        }
        sweep.best
    }
}

/// Moves a limit upwards and keeps where it parts best.
struct Sweep<'a, T: Tally> {
    whole: &'a T,
    left: T,
    right: T,
    leaf_rows: f64,
    best: Option<(u8, f64)>,
}

impl<'a, T: Tally> Sweep<'a, T> {
    fn new(whole: &'a T, width: usize, leaf_rows: usize) -> Self {
        Self { whole, left: T::new(width), right: T::new(width), leaf_rows: leaf_rows as f64, best: None }
    }

    fn look(&mut self, bin: u8) {
        self.whole.rest(&self.left, &mut self.right);
        if self.left.rows() < self.leaf_rows || self.right.rows() < self.leaf_rows {
            return;
        }
        let left = self.left.impurity() + self.right.impurity();
        if self.best.is_none_or(|(_, best)| left < best) {
            self.best = Some((bin, left));
        }
    }
}

/// Puts the rows that fit first, each side in its order; how many they are.
fn partition(rows: &mut [u32], fits: impl Fn(u32) -> bool) -> usize {
    let mut others = Vec::with_capacity(rows.len());
    let mut kept = 0;
    for n in 0..rows.len() {
        let row = rows[n];
        if fits(row) {
            rows[kept] = row;
            kept += 1;
        } else {
            others.push(row);
        }
    }
    rows[kept..].copy_from_slice(&others);
    kept
}

impl Tree {
    /// Where the prediction for a row begins.
    fn leaf(&self, columns: &[Vec<f32>], row: usize) -> usize {
        let mut at = 0;
        loop {
            match self.nodes[at] {
                Node::Leaf(leaf) => return leaf as usize,
                Node::Split { feature, limit, left, right } => {
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
        let of_row = |row: usize| {
            let mut sums = vec![0.0; self.width];
            for tree in &self.trees {
                let leaf = tree.leaf(&table.columns, row);
                for (sum, value) in sums.iter_mut().zip(&tree.leaves[leaf..leaf + self.width]) {
                    *sum += value * share;
                }
            }
            sums
        };
        (0..rows).into_par_iter().map(of_row).collect()
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
